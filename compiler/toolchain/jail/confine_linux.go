package jail

import (
	"errors"
	"fmt"
	"math"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"unsafe"

	seccomp "github.com/elastic/go-seccomp-bpf"
	"github.com/elastic/go-seccomp-bpf/arch"
	"golang.org/x/sys/unix"
)

// minLandlock is the oldest Landlock that compilers can work under: its ABI 2 (Linux 5.19) lets them move files between folders.
const minLandlock = 2

// truncateLandlock is the first Landlock that keeps files from being cut off (Linux 6.2). Before it the filter of system calls does.
const truncateLandlock = 3

// Supported says whether the kernel can confine a compiler: nil, or an *UnsupportedError that names what is missing.
func Supported() error {
	var missing []string
	switch abi := landlockABI(); {
	case abi == 0:
		missing = append(missing, "the kernel has no Landlock, or it is switched off (it wants Linux 5.19, and landlock among the names of the boot option lsm=)")
	case abi < minLandlock:
		missing = append(missing, fmt.Sprintf("the kernel's Landlock is ABI %d, and %d is needed (Linux 5.19)", abi, minLandlock))
	}
	if !seccomp.Supported() {
		missing = append(missing, "the kernel has no seccomp filters")
	}
	if _, err := arch.GetInfo(""); err != nil {
		missing = append(missing, "no seccomp filter is known for "+runtime.GOARCH)
	}
	if _, err := os.Stat("/proc/thread-self/children"); err != nil {
		missing = append(missing, "no /proc, or one that does not list the children of processes, so that their memory cannot be watched")
	}
	if len(missing) > 0 {
		return &UnsupportedError{Missing: missing}
	}
	return nil
}

// landlock is the ABI that a command is confined with.
func (c *Command) landlock() int {
	if c.abi > 0 {
		return c.abi
	}
	return landlockABI()
}

func landlockABI() int {
	abi, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		return 0
	}
	return int(abi)
}

// Rights to files, in Landlock's terms.
const (
	readFile  = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_EXECUTE
	readTree  = readFile | unix.LANDLOCK_ACCESS_FS_READ_DIR
	writeTree = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_READ_DIR | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_TRUNCATE |
		unix.LANDLOCK_ACCESS_FS_REMOVE_DIR | unix.LANDLOCK_ACCESS_FS_REMOVE_FILE | unix.LANDLOCK_ACCESS_FS_MAKE_DIR | unix.LANDLOCK_ACCESS_FS_MAKE_REG |
		unix.LANDLOCK_ACCESS_FS_MAKE_SYM | unix.LANDLOCK_ACCESS_FS_REFER
)

// handled are all rights that an ABI knows: what is handled and not granted is denied.
func handled(abi int) unix.LandlockRulesetAttr {
	a := unix.LandlockRulesetAttr{Handled_access_fs: unix.LANDLOCK_ACCESS_FS_TRUNCATE<<1 - 1}
	if abi < truncateLandlock {
		a.Handled_access_fs &^= unix.LANDLOCK_ACCESS_FS_TRUNCATE
	}
	if abi >= 4 {
		a.Handled_access_net = unix.LANDLOCK_ACCESS_NET_BIND_TCP | unix.LANDLOCK_ACCESS_NET_CONNECT_TCP
	}
	if abi >= 5 {
		a.Handled_access_fs |= unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
	}
	if abi >= 6 {
		a.Scoped = unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | unix.LANDLOCK_SCOPE_SIGNAL
	}
	return a
}

// newRuleset says what a command may do with files: read what its Read names, write its folder, and use /dev/null.
func newRuleset(c Command) (fd int, err error) {
	attr := handled(c.landlock())
	// Later kernels know more fields than the first three, which are zero here.
	got, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attr)), unsafe.Offsetof(attr.Quiet_access_fs), 0)
	if errno != 0 {
		return -1, fmt.Errorf("landlock: create a ruleset: %w", errno)
	}
	fd = int(got)
	defer func() {
		if err != nil {
			unix.Close(fd)
		}
	}()
	add := func(path string, file, tree uint64) {
		if err != nil {
			return
		}
		err = addRule(fd, path, file&attr.Handled_access_fs, tree&attr.Handled_access_fs)
	}
	add(c.Dir, 0, writeTree)
	add(c.path(), readFile, 0)
	for _, path := range c.Read {
		add(path, readFile, readTree)
	}
	add("/dev/null", unix.LANDLOCK_ACCESS_FS_READ_FILE|unix.LANDLOCK_ACCESS_FS_WRITE_FILE|unix.LANDLOCK_ACCESS_FS_TRUNCATE, 0)
	return fd, err
}

// addRule grants rights to what a path leads to: those of a file, or those of a tree where it is a folder. What does not exist is left out.
func addRule(ruleset int, path string, file, tree uint64) error {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("landlock: %s: %w", path, err)
	}
	defer unix.Close(fd)
	var stat unix.Stat_t
	if err := unix.Fstat(fd, &stat); err != nil {
		return err
	}
	rule := unix.LandlockPathBeneathAttr{Parent_fd: int32(fd), Allowed_access: file}
	if stat.Mode&unix.S_IFMT == unix.S_IFDIR {
		rule.Allowed_access = tree
	}
	if rule.Allowed_access == 0 {
		return nil
	}
	if _, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(ruleset), unix.LANDLOCK_RULE_PATH_BENEATH, uintptr(unsafe.Pointer(&rule)), 0, 0, 0); errno != 0 {
		return fmt.Errorf("landlock: %s: %w", path, errno)
	}
	return nil
}

// onThreadOfItsOwn runs f on a thread that ends with it. It must not be the process's first thread, which cannot end and which the rest of the process
// is seen through.
func onThreadOfItsOwn(f func()) {
	go func() {
		runtime.LockOSThread() // and never unlock
		if unix.Gettid() != unix.Getpid() {
			f()
			return
		}
		another := make(chan struct{})
		go func() {
			runtime.LockOSThread() // the first thread is taken, so this is another
			close(another)
			f()
		}()
		<-another
		runtime.UnlockOSThread()
	}()
}

// confine restricts the calling thread, and what it starts, for good. The listener is -1 where the kernel does not ask before it makes a process.
func confine(ruleset int, namespaces uintptr, c *Command, t ticket, needed ...*os.File) (listener int, err error) {
	keep := []int{ruleset}
	for _, f := range needed {
		keep = append(keep, int(f.Fd()))
	}
	if err := seccomp.SetNoNewPrivs(); err != nil {
		return -1, fmt.Errorf("cannot give up privileges: %w", err)
	}
	// While the table of open files is still the process's.
	listener, err = listen(t)
	if err != nil {
		listener = -1 // what looks every few milliseconds has to do
	}
	fail := func(err error) (int, error) {
		elsewhere(func() { unix.Close(listener) })
		return -1, err
	}
	if err := ownFiles(keep); err != nil {
		return fail(fmt.Errorf("cannot keep files from the compiler: %w", err))
	}
	if listener >= 0 {
		unix.Close(listener) // in this table
	}
	if err := dropCapabilities(); err != nil {
		return fail(fmt.Errorf("cannot give up capabilities: %w", err))
	}
	if _, _, errno := unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, uintptr(ruleset), 0, 0); errno != 0 {
		return fail(fmt.Errorf("landlock: %w", errno))
	}
	policy, err := filter(namespaces, c, t)
	if err != nil {
		return fail(err)
	}
	// Without FilterFlagTSync it holds for this thread alone.
	if err := seccomp.LoadFilter(seccomp.Filter{Policy: policy}); err != nil {
		return fail(fmt.Errorf("seccomp: %w", err))
	}
	return listener, nil
}

// ownFiles gives the thread a table of open files of its own, in which nothing survives an exec: files that this process was started with, or that a
// library opened, may be without that mark. What the thread does not need is closed in it, or a pipe or connection that the process closes would stay open for
// as long as the compiler runs. What the Go runtime waits with (epoll and its like) it may need on any thread.
func ownFiles(keep []int) error {
	if err := unix.Unshare(unix.CLONE_FILES); err != nil {
		return err
	}
	if err := unix.CloseRange(3, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC); err != nil {
		return err
	}
	entries, err := os.ReadDir("/proc/thread-self/fd")
	if err != nil {
		return nil // no /proc: they are closed when the thread ends
	}
	for _, e := range entries {
		fd, err := strconv.Atoi(e.Name())
		if err != nil || fd < 3 || slices.Contains(keep, fd) {
			continue
		}
		target, err := os.Readlink("/proc/thread-self/fd/" + e.Name())
		if err == nil && !strings.HasPrefix(target, "anon_inode:") {
			unix.Close(fd)
		}
	}
	return nil
}

// dropCapabilities takes all capabilities from the thread and from what it executes, which matters when this process is root's.
func dropCapabilities() error {
	const last = 63
	for c := uintptr(0); c <= last; c++ {
		// Not allowed to: there is nothing to drop. No such capability: all were.
		if err := unix.Prctl(unix.PR_CAPBSET_DROP, c, 0, 0, 0); err != nil {
			break
		}
	}
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var none [2]unix.CapUserData
	return unix.Capset(&header, &none[0])
}

// known are the system calls that this machine has: not every one has every call.
func known(names ...string) []string {
	info, err := arch.GetInfo("")
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { _, ok := info.SyscallNames[name]; return !ok })
}

// errno makes a system call fail with an error of choice.
func errno(e unix.Errno) seccomp.Action { return seccomp.ActionErrno | seccomp.Action(e) }

// filter lists the system calls that compilers need. Everything else fails with EPERM, or with ENOSYS where programs have another way then. In particular there
// is no socket, no mount, no module, no key, no bpf, no io_uring, no userfaultfd, no setns, and no look into other processes.
func filter(namespaces uintptr, c *Command, t ticket) (seccomp.Policy, error) {
	abi := c.landlock()
	info, err := arch.GetInfo("")
	if err != nil {
		return seccomp.Policy{}, err
	}
	var some []seccomp.NameWithConditions
	when := func(name string, conditions ...seccomp.Condition) {
		if _, ok := info.SyscallNames[name]; ok {
			some = append(some, seccomp.NameWithConditions{Name: name, Conditions: conditions})
		}
	}
	is := func(argument uint32, value uint64) seccomp.Condition {
		return seccomp.Condition{Argument: argument, Operation: seccomp.Equal, Value: value}
	}
	allowed := known(allowedCalls...)
	// The fork itself: with namespaces of its own, or as a parent that waits for its child's exec.
	ours := namespaces | uintptr(unix.SIGCHLD)
	if namespaces == 0 {
		ours |= unix.CLONE_VM | unix.CLONE_VFORK
	}
	when("clone", is(0, uint64(t.on(ours))))
	// Other than that no new namespaces.
	own := []seccomp.Condition{{Argument: 0, Operation: seccomp.BitsNotSet, Value: anyNamespace}}
	if c.Limits.Processes == 1 { // threads, and nothing more
		own = append(own, seccomp.Condition{Argument: 0, Operation: seccomp.BitsSet, Value: unix.CLONE_THREAD})
		allowed = slices.DeleteFunc(allowed, func(name string) bool { return name == "fork" || name == "vfork" })
	}
	when("clone", own...)
	// The fork asks to be traced, and is let go.
	when("ptrace", is(0, unix.PTRACE_TRACEME))
	when("ptrace", is(0, unix.PTRACE_DETACH))
	// Its own limits only, and they can only get tighter.
	when("prlimit64", is(0, 0))
	when("setpgid", is(0, 0), is(1, 0))
	for _, option := range []uint64{unix.PR_SET_PDEATHSIG, unix.PR_GET_PDEATHSIG, unix.PR_GET_DUMPABLE, unix.PR_SET_NAME, unix.PR_GET_NAME, unix.PR_SET_NO_NEW_PRIVS,
		unix.PR_GET_NO_NEW_PRIVS, unix.PR_CAPBSET_READ, unix.PR_SET_VMA, unix.PR_SET_THP_DISABLE, unix.PR_GET_THP_DISABLE, unix.PR_SET_TIMERSLACK} {
		when("prctl", is(0, option))
	}
	if abi < truncateLandlock {
		// A Landlock that knows only reading and writing lets a file be cut off by its name, and by opening it for reading alone or for nothing.
		allowed = slices.DeleteFunc(allowed, func(name string) bool { return name == "truncate" || name == "open" || name == "openat" })
		opening := func(name string, flags uint32) {
			set := func(bit uint64) seccomp.Condition {
				return seccomp.Condition{Argument: flags, Operation: seccomp.BitsSet, Value: bit}
			}
			clear := func(bit uint64) seccomp.Condition {
				return seccomp.Condition{Argument: flags, Operation: seccomp.BitsNotSet, Value: bit}
			}
			when(name, clear(unix.O_TRUNC))
			when(name, set(unix.O_WRONLY), clear(unix.O_RDWR))
			when(name, set(unix.O_RDWR), clear(unix.O_WRONLY))
		}
		opening("open", 1)
		opening("openat", 2)
	}
	if namespaces == 0 && abi < 6 {
		allowed = slices.DeleteFunc(allowed, func(name string) bool { return name == "kill" || name == "tkill" || name == "tgkill" })
	}
	return seccomp.Policy{
		DefaultAction: seccomp.ActionErrno,
		Syscalls: []seccomp.SyscallGroup{
			{Names: allowed, Action: seccomp.ActionAllow},
			{NamesWithCondtions: some, Action: seccomp.ActionAllow},
			{Names: known(absentCalls...), Action: errno(unix.ENOSYS)},
		},
	}, nil
}

const anyNamespace = unix.CLONE_NEWUSER | unix.CLONE_NEWPID | unix.CLONE_NEWNET | unix.CLONE_NEWIPC | unix.CLONE_NEWNS | unix.CLONE_NEWUTS | unix.CLONE_NEWCGROUP | unix.CLONE_NEWTIME

// absentCalls do not exist in the jail. Their flags are behind pointers, where a filter cannot look, or nobody misses them.
var absentCalls = []string{"clone3", "openat2", "io_uring_setup", "memfd_create", "memfd_secret", "pidfd_open", "pidfd_send_signal", "execveat", "map_shadow_stack", "userfaultfd"}

var allowedCalls = []string{
	// files
	"read", "write", "open", "openat", "creat", "close", "close_range", "stat", "fstat", "lstat", "newfstatat", "statx", "statfs", "fstatfs", "access", "faccessat", "faccessat2",
	"lseek", "pread64", "pwrite64", "readv", "writev", "preadv", "pwritev", "preadv2", "pwritev2", "sendfile", "copy_file_range", "ioctl", "fcntl", "flock", "fsync", "fdatasync",
	"truncate", "ftruncate", "fallocate", "fadvise64", "readahead", "getdents", "getdents64", "getcwd", "chdir", "fchdir", "rename", "renameat", "renameat2", "mkdir", "mkdirat",
	"rmdir", "link", "linkat", "unlink", "unlinkat", "symlink", "symlinkat", "readlink", "readlinkat", "chmod", "fchmod", "fchmodat", "fchmodat2", "umask", "utime", "utimes",
	"utimensat", "futimesat", "dup", "dup2", "dup3", "pipe", "pipe2", "poll", "ppoll", "select", "pselect6", "epoll_create", "epoll_create1", "epoll_ctl", "epoll_wait",
	"epoll_pwait", "epoll_pwait2", "eventfd", "eventfd2",
	// memory
	"mmap", "mprotect", "munmap", "mremap", "msync", "mincore", "madvise", "mlock", "munlock", "brk", "membarrier", "pkey_alloc", "pkey_free", "pkey_mprotect",
	// processes, threads and signals
	"execve", "exit", "exit_group", "fork", "vfork", "wait4", "waitid", "kill", "tkill", "tgkill", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigpending", "rt_sigtimedwait",
	"rt_sigsuspend", "sigaltstack", "restart_syscall", "pause", "futex", "futex_wait", "futex_wake", "futex_requeue", "futex_waitv", "set_robust_list", "get_robust_list",
	"set_tid_address", "rseq", "arch_prctl", "sched_yield", "sched_getaffinity", "sched_setaffinity", "sched_getparam", "sched_getscheduler", "sched_get_priority_max",
	"sched_get_priority_min", "getpriority", "getpid", "gettid", "getppid", "getpgrp", "getpgid", "getsid", "getuid", "geteuid", "getgid", "getegid", "getresuid", "getresgid",
	"getgroups", "capget", "getrlimit", "setrlimit", "getrusage", "getcpu",
	// time, and what else there is
	"nanosleep", "clock_nanosleep", "clock_gettime", "clock_getres", "gettimeofday", "time", "times", "getitimer", "setitimer", "alarm", "timer_create", "timer_settime",
	"timer_gettime", "timer_getoverrun", "timer_delete", "timerfd_create", "timerfd_settime", "timerfd_gettime", "uname", "sysinfo", "getrandom",
}
