package jail_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	goruntime "runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"wand/compiler/toolchain/jail"
)

// Whatever a hostile compiler tries outside of its folder fails, with the kernel's own word for it.
func TestJailRefuses(t *testing.T) { inEachJail(t, testJailRefuses) }

func testJailRefuses(t *testing.T, run runner) {
	outside := t.TempDir()
	secret := filepath.Join(outside, "secret")
	if err := os.WriteFile(secret, []byte("canary-7f3a"), 0o644); err != nil {
		t.Fatal(err)
	}
	home, err := os.UserHomeDir()
	if err != nil {
		home = "/root"
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	port := strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)
	self := strconv.Itoa(os.Getpid())
	tests := map[string][]string{
		"read a file":             {"read", secret},
		"read through a link":     {"through-link", secret},
		"read /etc/passwd":        {"read", "/etc/passwd"},
		"read /proc/self/environ": {"read", "/proc/self/environ"},
		"read the parent's":       {"read", "/proc/" + self + "/environ"},
		"read a device":           {"read", "/dev/full"},
		"read without an end":     {"read", "/dev/zero"},
		"list the home folder":    {"list", home},
		"list /":                  {"list", "/"},
		"list processes":          {"list", "/proc"},
		"write a file":            {"write", filepath.Join(outside, "new")},
		"write over a file":       {"write", secret},
		"truncate a file":         {"truncate", secret},
		"remove a file":           {"remove", secret},
		"link a file":             {"link", secret},
		"move a file out":         {"rename", filepath.Join(outside, "moved")},
		"connect to loopback":     {"connect", port},
		"a local socket":          {"socket", strconv.Itoa(unix.AF_UNIX)},
		"a netlink socket":        {"socket", strconv.Itoa(unix.AF_NETLINK)},
		"a socket of the host":    {"socket", strconv.Itoa(unix.AF_VSOCK)},
		"kill the parent":         {"kill", self},
		"trace the parent":        {"ptrace", self},
		"seize the parent":        {"seize", self},
		"read other memory":       {"process_vm_readv"},
		"mount":                   {"mount"},
		"unshare":                 {"unshare"},
		"other namespaces":        {"namespace"},
		"namespaces of the fork":  {"namespaces-of-the-fork"},
		"raise a limit":           {"limit"},
		"execute a program":       {"execute", "/bin/sh"},
		"execute its own":         {"execute-own"},
	}
	for name, n := range map[string]int{"bpf": unix.SYS_BPF, "keyctl": unix.SYS_KEYCTL, "add_key": unix.SYS_ADD_KEY, "io_uring": unix.SYS_IO_URING_SETUP, "userfaultfd": unix.SYS_USERFAULTFD,
		"perf_event_open": unix.SYS_PERF_EVENT_OPEN, "setns": unix.SYS_SETNS, "pivot_root": unix.SYS_PIVOT_ROOT, "chroot": unix.SYS_CHROOT, "init_module": unix.SYS_INIT_MODULE,
		"memfd_create": unix.SYS_MEMFD_CREATE, "open_by_handle_at": unix.SYS_OPEN_BY_HANDLE_AT, "shmget": unix.SYS_SHMGET, "socketpair": unix.SYS_SOCKETPAIR, "setuid": unix.SYS_SETUID,
		"process_vm_writev": unix.SYS_PROCESS_VM_WRITEV, "pidfd_getfd": unix.SYS_PIDFD_GETFD, "clone3": unix.SYS_CLONE3, "mknod": unix.SYS_MKNODAT, "quotactl": unix.SYS_QUOTACTL,
		"an unknown call": 999} {
		tests["call "+name] = []string{"syscall", strconv.Itoa(n)}
	}
	for name, args := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := run.in(t, jail.Limits{Time: 20 * time.Second}, args...)
			said := r.Stdout + r.Stderr
			// Gone is as good: the process would have to be visible to be refused.
			words := []string{"permission denied", "not permitted", "not implemented", "no such process", "invalid cross-device link"}
			refused := false
			for _, w := range words {
				refused = refused || strings.Contains(said, w)
			}
			if r.OK() || !strings.Contains(said, "refused: ") || !refused {
				t.Errorf("got %+v", r)
			}
			if strings.Contains(said, "canary") || strings.Contains(said, "root:x:") {
				t.Errorf("it read %q", said)
			}
		})
	}
	t.Cleanup(func() {
		if text, err := os.ReadFile(secret); string(text) != "canary-7f3a" {
			t.Errorf("the file outside is %q, %v", text, err)
		}
		if entries, _ := os.ReadDir(outside); len(entries) != 1 {
			t.Errorf("outside are %v", entries)
		}
	})
}

// A file that may be read cannot be cut off, in any of the ways that need no writing.
func TestJailCutsNothing(t *testing.T) { inEachJail(t, testJailCutsNothing) }

func testJailCutsNothing(t *testing.T, run runner) {
	library := filepath.Join(t.TempDir(), "library")
	if err := os.WriteFile(library, []byte("canary-7f3a"), 0o666); err != nil {
		t.Fatal(err)
	}
	try := func(args ...string) *jail.Result {
		c := command(t, jail.Limits{}, args...)
		c.Read = append(c.Read, library)
		r, err := run(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	for _, flags := range []int{unix.O_RDONLY, unix.O_WRONLY, unix.O_RDWR, unix.O_WRONLY | unix.O_RDWR} {
		if r := try("open-truncate", library, strconv.Itoa(flags)); r.OK() || !strings.Contains(r.Stdout, "refused: ") {
			t.Errorf("flags %#x: %+v", flags, r)
		}
	}
	if r := try("truncate", library); r.OK() || !strings.Contains(r.Stdout, "refused: ") {
		t.Errorf("%+v", r)
	}
	if text, err := os.ReadFile(library); string(text) != "canary-7f3a" {
		t.Errorf("the file is %q, %v", text, err)
	}
	if r := try("open-truncate", "inside", strconv.Itoa(unix.O_WRONLY)); !r.OK() {
		t.Errorf("its own file: %+v", r)
	}
}

// What goes beyond a limit is stopped within it, and says which it was.
func TestJailLimits(t *testing.T) { inEachJail(t, testJailLimits) }

func testJailLimits(t *testing.T, run runner) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	small := jail.Limits{Time: 30 * time.Second, Memory: 256 << 20, AddressSpace: 4 << 30, Disk: 64 << 20, Files: 1000, Output: 4 << 20, Processes: 16}
	with := func(adapt func(*jail.Limits)) jail.Limits { l := small; adapt(&l); return l }
	second := func(l *jail.Limits) { l.Time = time.Second }
	for _, test := range []struct {
		probe  string
		limits jail.Limits
		want   jail.Stop
	}{
		{"sleep", with(second), jail.StopTime},
		{"spin", with(second), jail.StopTime},
		{"memory", small, jail.StopMemory},
		{"memory-together", small, jail.StopMemory},
		{"disk", small, jail.StopDisk},
		{"many", small, jail.StopDisk},
		{"output", small, jail.StopOutput},
		{"fork", small, jail.StopProcesses},
	} {
		t.Run(test.probe, func(t *testing.T) {
			c := command(t, test.limits, test.probe)
			before := time.Now()
			r, err := run(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			if r.Stopped != test.want {
				t.Errorf("stopped by %q, want %q: %+v", r.Stopped, test.want, r)
			}
			if took := time.Since(before); took > 2*time.Minute {
				t.Errorf("took %v", took)
			}
			waitForNone(t, c.Dir)
		})
	}
	t.Run("one file", func(t *testing.T) {
		if r := run.in(t, small, "file"); r.OK() {
			t.Errorf("got %+v", r)
		}
	})
	t.Run("address space", func(t *testing.T) {
		r := run.in(t, with(func(l *jail.Limits) { l.Memory, l.AddressSpace = 8<<30, 1<<30 }), "memory")
		if r.OK() || r.Stopped == jail.StopTime {
			t.Errorf("got %+v", r)
		}
	})
}

// TestJailCountsWhatBegins: a fork bomb has no more processes than it may, for root neither, and one process at most means one.
func TestJailCountsWhatBegins(t *testing.T) { inEachJail(t, testJailCountsWhatBegins) }

func testJailCountsWhatBegins(t *testing.T, run runner) {
	for _, test := range []struct {
		probe    string
		limits   jail.Limits
		most     int // of the files that they leave
		want     jail.Stop
		anything bool // it may end as it will
	}{
		{"fork", jail.Limits{Time: time.Minute, Processes: 16}, 16, jail.StopProcesses, false},
		{"threads", jail.Limits{Time: time.Minute, Processes: 2, AddressSpace: 1 << 42}, 2 * (32 + 2*goruntime.NumCPU()), jail.StopProcesses, true},
		{"fork", jail.Limits{Time: time.Second, Processes: 1}, 1, jail.StopTime, false},
	} {
		c := command(t, test.limits, test.probe)
		r, err := run(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		if r.Stopped != test.want && !test.anything || r.OK() {
			t.Errorf("%s: stopped by %q, want %q: %+v", test.probe, r.Stopped, test.want, r)
		}
		left, _ := filepath.Glob(filepath.Join(c.Dir, "[pt]*-*"))
		t.Logf("%s: %d left a file, stopped by %q after %v", test.probe, len(left), r.Stopped, r.Wall)
		if len(left) == 0 || len(left) > test.most {
			t.Errorf("%s: %d left a file", test.probe, len(left))
		}
		waitForNone(t, c.Dir)
	}
}

// waitForNone fails when a process still has the folder of a jail that has ended as its working directory.
func waitForNone(t *testing.T, dir string) {
	t.Helper()
	dir, _ = filepath.EvalSymlinks(dir)
	var left []string
	for range 3000 {
		left = nil
		all, _ := filepath.Glob("/proc/[0-9]*/cwd")
		for _, link := range all {
			if target, err := os.Readlink(link); err == nil && target == dir {
				left = append(left, link)
			}
		}
		if len(left) == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("still there: %v", left)
}

// A process that its parent leaves behind ends with the jail.
func TestJailLeavesNothing(t *testing.T) { inEachJail(t, testJailLeavesNothing) }

func testJailLeavesNothing(t *testing.T, run runner) {
	c := command(t, jail.Limits{}, "leave", "x")
	r, err := run(t.Context(), c)
	if err != nil || !r.OK() {
		t.Fatalf("%+v, %v", r, err)
	}
	waitForNone(t, c.Dir)
}

func TestJailCancel(t *testing.T) { inEachJail(t, testJailCancel) }

func testJailCancel(t *testing.T, run runner) {
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(200*time.Millisecond, cancel)
	c := command(t, jail.Limits{}, "sleep")
	began := time.Now()
	if _, err := run(ctx, c); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if took := time.Since(began); took > time.Minute {
		t.Errorf("took %v", took)
	}
	waitForNone(t, c.Dir)
}

// Nothing of this process goes along: no variable, no open file, even one that is not marked.
func TestJailInheritsNothing(t *testing.T) { inEachJail(t, testJailInheritsNothing) }

func testJailInheritsNothing(t *testing.T, run runner) {
	t.Setenv("WAND_TEST_SECRET", "canary-7f3a")
	var leak [2]int
	if err := syscall.Pipe(leak[:]); err != nil { // without O_CLOEXEC
		t.Fatal(err)
	}
	defer syscall.Close(leak[0])
	defer syscall.Close(leak[1])
	if r := run.in(t, jail.Limits{}, "environment"); !r.OK() || strings.Contains(r.Stdout, "canary") {
		t.Errorf("got %+v", r)
	}
	if r := run.in(t, jail.Limits{}, "files"); !r.OK() || strings.Contains(r.Stdout, "open:") {
		t.Errorf("got %+v", r)
	}
}

func TestJailOutput(t *testing.T) { inEachJail(t, testJailOutput) }

func testJailOutput(t *testing.T, run runner) {
	r := run.in(t, jail.Limits{}, "output-some")
	if !r.OK() || !strings.HasPrefix(r.Stdout, "beginxxx") || !strings.HasSuffix(r.Stdout, "xxxenddone\n") || !strings.Contains(r.Stdout, "bytes left out") || len(r.Stdout) > 300<<10 {
		t.Errorf("%d bytes, %+v", len(r.Stdout), r.OK())
	}
	if r := run.in(t, jail.Limits{}, "crash"); r.OK() || r.Signal == 0 && r.ExitCode != 2 {
		t.Errorf("got %+v", r)
	}
}

// The process itself stays as it was: the restriction is the thread's, and the thread is gone.
func TestJailLeavesThisProcessAlone(t *testing.T) { inEachJail(t, testJailLeavesThisProcessAlone) }

func testJailLeavesThisProcessAlone(t *testing.T, run runner) {
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			c := command(t, jail.Limits{}, "nothing")
			if r, err := run(context.Background(), c); err != nil || !r.OK() {
				t.Errorf("%+v, %v", r, err)
			}
		})
	}
	all.Wait()
	run.in(t, jail.Limits{}, "kill", "-1") // says that all is well when it was allowed nothing; this process is still there
	threads, err := filepath.Glob("/proc/self/task/*/status")
	if err != nil || len(threads) == 0 {
		t.Skip("no /proc")
	}
	for range 100 {
		restricted := ""
		for _, file := range threads {
			if text, err := os.ReadFile(file); err == nil && strings.Contains(string(text), "NoNewPrivs:\t1") {
				restricted = fmt.Sprint(file)
			}
		}
		if restricted == "" {
			break
		}
		time.Sleep(10 * time.Millisecond)
		threads, _ = filepath.Glob("/proc/self/task/*/status")
	}
	for _, file := range threads {
		if text, err := os.ReadFile(file); err == nil && strings.Contains(string(text), "NoNewPrivs:\t1") {
			t.Errorf("%s is restricted", file)
		}
	}
	if _, err := os.ReadFile("/proc/self/environ"); err != nil {
		t.Error(err)
	}
	if l, err := net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Error(err)
	} else {
		l.Close()
	}
}

func TestTrusted(t *testing.T) {
	c := command(t, jail.Limits{Time: time.Second, Memory: 256 << 20}, "read", "/etc/hostname")
	c.Trust = true
	if r, err := jail.Run(t.Context(), c); err != nil || !r.OK() {
		t.Errorf("%+v, %v", r, err)
	}
	for probe, want := range map[string]jail.Stop{"sleep": jail.StopTime, "memory": jail.StopMemory} {
		c := command(t, jail.Limits{Time: 2 * time.Second, Memory: 256 << 20}, probe)
		c.Trust = true
		if r, err := jail.Run(t.Context(), c); err != nil || r.Stopped != want {
			t.Errorf("%s: %+v, %v", probe, r, err)
		}
		waitForNone(t, c.Dir)
	}
}

// While a compiler runs, a pipe that this process closes is closed.
func TestJailHoldsNothingOpen(t *testing.T) { inEachJail(t, jailHoldsNothingOpen) }

func jailHoldsNothingOpen(t *testing.T, run runner) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c := command(t, jail.Limits{}, "sleep")
	ended := make(chan error, 1)
	go func() {
		_, err := run(ctx, c)
		ended <- err
	}()
	time.Sleep(300 * time.Millisecond)
	w.Close()
	r.SetReadDeadline(time.Now().Add(5 * time.Second))
	if n, err := r.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("the other end of the pipe is still open: %v", err)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
