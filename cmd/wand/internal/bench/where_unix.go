//go:build unix

package main

import (
	"time"

	"golang.org/x/sys/unix"
)

// usedResources is what this process has used so far.
func usedResources() resources {
	var u unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &u) != nil {
		return resources{}
	}
	return resources{faults: int64(u.Minflt) + int64(u.Majflt), user: time.Duration(u.Utime.Nano()), system: time.Duration(u.Stime.Nano())}
}
