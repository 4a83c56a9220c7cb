package runtime

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// limitSelf sets the system's limits for a process that compiles. What may be reserved but not touched costs nothing and is not limited; the limit of private
// writable memory stands well above that of resident memory, which is watched, for the moment between two looks.
func limitSelf(l CompileLimits) error {
	signal.Ignore(syscall.SIGXFSZ) // a write beyond the limit is an error that says so
	seconds := uint64(l.Time/time.Second) + 2
	limits := map[int]uint64{
		unix.RLIMIT_CPU: 2 * seconds, unix.RLIMIT_FSIZE: uint64(l.Output), unix.RLIMIT_CORE: 0, unix.RLIMIT_NOFILE: 64,
	}
	if !raceDetectorOn {
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

// peakResident is the most that a process which has ended had resident, in bytes.
func peakResident(p *os.ProcessState) int64 {
	if p == nil {
		return 0
	}
	if usage, ok := p.SysUsage().(*syscall.Rusage); ok {
		return usage.Maxrss << 10
	}
	return 0
}

// killedForTime says whether the system ended the process because of its processor time.
func killedForTime(p *os.ProcessState) bool {
	status, ok := p.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGXCPU
}
