package jail_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"wand/compiler/toolchain/jail"
)

// The test binary is the hostile compiler as well: told a probe's name, it tries that and prints what came of it.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "probe" {
		if err := probe(os.Args[2], os.Args[3:]); err != nil {
			fmt.Println("refused:", err)
			os.Exit(1)
		}
		fmt.Println("done")
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func probe(what string, args []string) error {
	switch what {
	case "nothing":
		return nil
	case "read":
		text, err := os.ReadFile(args[0])
		if err == nil {
			fmt.Printf("%s", text)
		}
		return err
	case "list":
		_, err := os.ReadDir(args[0])
		return err
	case "write":
		return os.WriteFile(args[0], []byte("x"), 0o600)
	case "truncate":
		return os.Truncate(args[0], 0)
	case "open-truncate": // for what the flags say
		flags, err := strconv.Atoi(args[1])
		if err != nil {
			return err
		}
		fd, err := unix.Open(args[0], flags|unix.O_TRUNC, 0)
		if err == nil {
			unix.Close(fd)
		}
		return err
	case "remove":
		return os.Remove(args[0])
	case "link": // a name inside for a file outside
		return os.Link(args[0], "link")
	case "rename":
		return os.Rename("inside", args[0])
	case "through-link":
		if err := os.Symlink(args[0], "symlink"); err != nil {
			return err
		}
		_, err := os.ReadFile("symlink")
		return err
	case "connect":
		return connect(args[0])
	case "socket":
		domain, _ := strconv.Atoi(args[0])
		_, err := unix.Socket(domain, unix.SOCK_DGRAM, 0)
		return err
	case "kill":
		pid, _ := strconv.Atoi(args[0])
		return syscall.Kill(pid, syscall.SIGTERM)
	case "ptrace":
		pid, _ := strconv.Atoi(args[0])
		return syscall.PtraceAttach(pid)
	case "seize":
		pid, _ := strconv.Atoi(args[0])
		_, _, errno := unix.Syscall6(unix.SYS_PTRACE, unix.PTRACE_SEIZE, uintptr(pid), 0, 0, 0, 0)
		return none(errno)
	case "process_vm_readv":
		_, err := unix.ProcessVMReadv(os.Getppid(), nil, nil, 0)
		return err
	case "mount":
		return unix.Mount("none", ".", "tmpfs", 0, "")
	case "unshare":
		return unix.Unshare(unix.CLONE_NEWUSER)
	case "namespace":
		return (&exec.Cmd{Path: os.Args[0], Args: []string{"x", "probe", "nothing"}, SysProcAttr: &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWUSER | unix.CLONE_NEWTIME}}).Run()
	case "syscall":
		n, _ := strconv.Atoi(args[0])
		_, _, errno := unix.Syscall6(uintptr(n), 0, 0, 0, 0, 0, 0)
		return none(errno)
	case "limit": // higher than it is
		var l unix.Rlimit
		if err := unix.Getrlimit(unix.RLIMIT_AS, &l); err != nil {
			return err
		}
		return unix.Setrlimit(unix.RLIMIT_AS, &unix.Rlimit{Cur: l.Max + 1<<30, Max: l.Max + 1<<30})
	case "execute":
		return exec.Command(args[0]).Run()
	case "execute-own":
		self, err := os.ReadFile(os.Args[0])
		if err == nil {
			err = os.WriteFile("own", self, 0o700)
		}
		if err != nil {
			return nil // that is not what is tried
		}
		return exec.Command("./own", "probe", "nothing").Run()
	case "environment":
		fmt.Println(strings.Join(os.Environ(), "\n"))
		return nil
	case "files":
		for fd := 3; fd < 256; fd++ {
			var s unix.Stat_t
			if unix.Fstat(fd, &s) == nil {
				if target, _ := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd)); !strings.HasPrefix(target, "anon_inode:") {
					fmt.Println("open:", fd, target)
				}
			}
		}
		return nil
	case "namespaces-of-the-fork": // the flags that our own fork has
		_, _, errno := unix.RawSyscall6(unix.SYS_CLONE, unix.CLONE_NEWUSER|unix.CLONE_NEWPID|unix.CLONE_NEWNET|unix.CLONE_NEWIPC|unix.CLONE_NEWNS|unix.CLONE_NEWUTS|uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
		return none(errno)
	case "threads":
		for i := range 5000 {
			go func() {
				runtime.LockOSThread()
				os.WriteFile(fmt.Sprintf("thread-%d", i), nil, 0o600)
				unix.Nanosleep(&unix.Timespec{Sec: 3600}, nil)
			}()
		}
		time.Sleep(time.Hour)
	case "fork": // a bomb of 1,365 processes: one without an end would take the machine from the tests beside it where root is not limited
		os.WriteFile(fmt.Sprintf("process-%d", os.Getpid()), nil, 0o600)
		const generations, children = 5, 4
		generation := 0
		if len(args) > 0 {
			generation, _ = strconv.Atoi(args[0])
		}
		for range children {
			if generation < generations {
				_ = exec.Command(os.Args[0], "probe", "fork", strconv.Itoa(generation+1)).Start()
			}
		}
		time.Sleep(time.Hour)
	case "leave": // a child that outlives its parent and its session
		cmd := exec.Command(os.Args[0], "probe", "sleep")
		cmd.SysProcAttr = &syscall.SysProcAttr{}
		cmd.Env = []string{"MARK=" + args[0]}
		if err := cmd.Start(); err != nil {
			return err
		}
		return nil
	case "sleep":
		time.Sleep(time.Hour)
	case "spin":
		for {
			runtime.Gosched()
		}
	case "memory":
		var hold [][]byte
		for {
			b := make([]byte, 16<<20)
			for i := 0; i < len(b); i += 4096 {
				b[i] = 1
			}
			hold = append(hold, b)
			runtime.KeepAlive(hold)
		}
	case "memory-together": // each process by itself has little
		for range 6 {
			if err := exec.Command(os.Args[0], "probe", "memory-some").Start(); err != nil {
				return err
			}
		}
		time.Sleep(time.Hour)
	case "memory-some":
		b := make([]byte, 100<<20)
		for i := 0; i < len(b); i += 4096 {
			b[i] = 1
		}
		time.Sleep(time.Hour)
		runtime.KeepAlive(b)
	case "disk":
		for i := 0; ; i++ {
			if err := os.WriteFile(fmt.Sprintf("f%d", i), make([]byte, 8<<20), 0o600); err != nil {
				return err
			}
		}
	case "file":
		f, err := os.Create("large")
		if err != nil {
			return err
		}
		for {
			if _, err := f.Write(make([]byte, 1<<20)); err != nil {
				return err
			}
		}
	case "many":
		for i := 0; ; i++ {
			if err := os.WriteFile(fmt.Sprintf("f%d", i), nil, 0o600); err != nil {
				return err
			}
		}
	case "output":
		for {
			os.Stdout.Write(make([]byte, 1<<20))
		}
	case "output-some":
		fmt.Print("begin", strings.Repeat("x", 1<<20), "end")
		return nil
	case "crash":
		unix.Kill(os.Getpid(), unix.SIGSEGV)
		*(*int)(nil) = 1
	}
	return errors.New("no such probe")
}

func none(errno unix.Errno) error {
	if errno == 0 {
		return nil
	}
	return errno
}

func connect(port string) error {
	n, _ := strconv.Atoi(port)
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		return err
	}
	return unix.Connect(fd, &unix.SockaddrInet4{Port: n, Addr: [4]byte{127, 0, 0, 1}})
}

// runner is jail.Run, or it in one of its two forms.
type runner func(context.Context, jail.Command) (*jail.Result, error)

// inEachJail runs a test with the namespaces of the kernel, where this user gets any, and without.
func inEachJail(t *testing.T, test func(t *testing.T, run runner)) {
	if err := jail.Supported(); err != nil {
		t.Skip(err)
	}
	t.Run("namespaces", func(t *testing.T) {
		if _, err := jail.RunWithNamespaces(t.Context(), command(t, jail.Limits{}, "nothing")); errors.Is(err, jail.ErrNoNamespaces) {
			t.Skip("this user gets none")
		}
		test(t, jail.RunWithNamespaces)
	})
	t.Run("no namespaces", func(t *testing.T) { test(t, jail.RunWithoutNamespaces) })
	t.Run("old Landlock", func(t *testing.T) { test(t, jail.RunWithOldLandlock) })
}

// in runs a probe in a jail with the given limits.
func (run runner) in(t *testing.T, l jail.Limits, args ...string) *jail.Result {
	t.Helper()
	r, err := run(t.Context(), command(t, l, args...))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func command(t *testing.T, l jail.Limits, args ...string) jail.Command {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "inside"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	// A test binary that imports package net may be linked dynamically.
	return jail.Command{Argv: append([]string{self, "probe"}, args...), Env: []string{"HOME=" + dir}, Dir: dir, Limits: l, Read: []string{"/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache"}}
}
