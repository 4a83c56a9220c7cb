package runtime

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// limitSelf sets the system's limits for a process that compiles. What may be reserved but not touched costs nothing and is not limited; the limit of private
// writable memory stands well above that of resident memory, which is watched, for the moment between two looks. goOnly says that there is no such memory but
// Go's: wasmtime's threads reserve stacks of half a gigabyte, the race detector terabytes.
func limitSelf(l CompileLimits, goOnly bool) error {
	signal.Ignore(syscall.SIGXFSZ) // a write beyond the limit is an error that says so
	// If the machine itself runs out of memory, this process is the one to go. It may not be told (no /proc), and then nothing is lost.
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0)
	seconds := uint64(l.Time/time.Second) + 2
	limits := map[int]uint64{
		unix.RLIMIT_CPU: 2 * seconds, unix.RLIMIT_FSIZE: uint64(l.Output), unix.RLIMIT_CORE: 0, unix.RLIMIT_NOFILE: 64,
	}
	if goOnly {
		limits[unix.RLIMIT_DATA] = uint64(l.Memory) + 512<<20
	}
	var errs []error
	for which, most := range limits {
		var now unix.Rlimit
		if err := unix.Getrlimit(which, &now); err != nil {
			errs = append(errs, err)
			continue
		}
		most = min(most, now.Max)
		if err := unix.Setrlimit(which, &unix.Rlimit{Cur: most, Max: most}); err != nil {
			errs = append(errs, fmt.Errorf("setting a limit of the system: %w", err))
		}
	}
	return errors.Join(errs...)
}

// ownGroup keeps a terminal's Ctrl-C from the process: who waits for it hears of that, and ends it.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// resident is how much memory of a process is resident, in bytes; 0 when it cannot be told.
func resident(pid int) int64 {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/statm")
	if err != nil {
		return 0
	}
	fields := bytes.Fields(text)
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(string(fields[1]), 10, 64)
	return pages * int64(os.Getpagesize())
}

// peakResident is the most that this process had resident, in bytes; what wait4 says of a process that has ended begins with its parent's.
func peakResident() int64 {
	text, _ := os.ReadFile("/proc/self/status")
	_, rest, _ := bytes.Cut(text, []byte("VmHWM:"))
	fields := bytes.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	kilobytes, _ := strconv.ParseInt(string(fields[0]), 10, 64)
	return kilobytes << 10
}

// killedForTime says whether the system ended the process because of its processor time.
func killedForTime(p *os.ProcessState) bool {
	status, ok := p.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGXCPU
}
