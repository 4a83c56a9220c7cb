//go:build unix

package main

import (
	"time"

	"golang.org/x/sys/unix"
)

// usedResources is what this process has used so far.
func usedResources() resources { return resourcesOf(unix.RUSAGE_SELF) }

// childResources is what the processes have used that this one has waited for.
func childResources() resources { return resourcesOf(unix.RUSAGE_CHILDREN) }

func resourcesOf(who int) resources {
	var u unix.Rusage
	if unix.Getrusage(who, &u) != nil {
		return resources{}
	}
	return resources{faults: int64(u.Minflt) + int64(u.Majflt), user: time.Duration(u.Utime.Nano()), system: time.Duration(u.Stime.Nano())}
}
