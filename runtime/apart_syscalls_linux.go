package runtime

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// limitSelf sets the system's limits for a process that compiles. What may be reserved but not touched costs nothing and is not limited; the limit of private
// writable memory stands well above that of resident memory, which is watched, for the moment between two looks. goOnly says that there is no such memory but
// Go's: wasmtime's threads reserve stacks of half a gigabyte, the race detector terabytes.
func limitSelf(l CompileLimits, goOnly bool) error {
	signal.Ignore(syscall.SIGXFSZ) // a write beyond the limit is an error that says so
	// If the machine itself runs out of memory, this process is the one to go. In its jail somebody else has said so, and without /proc nothing is lost.
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0)
	limits := map[int]uint64{
		unix.RLIMIT_CPU: 4 * (uint64(l.Time/time.Second) + 1), unix.RLIMIT_FSIZE: uint64(l.Output), unix.RLIMIT_CORE: 0, unix.RLIMIT_NOFILE: 64,
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

// librariesOfThis are the files that this program consists of beside its own: the process that compiles is the same program.
func librariesOfThis() []string {
	list := []string{"/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache"}
	maps, _ := os.ReadFile("/proc/self/maps")
	for line := range strings.Lines(string(maps)) {
		fields := strings.Fields(line)
		if len(fields) == 6 && strings.Contains(fields[1], "x") && strings.HasPrefix(fields[5], "/") && !slices.Contains(list, fields[5]) {
			list = append(list, fields[5])
		}
	}
	return list
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
