package main

import (
	"time"

	"golang.org/x/sys/unix"
)

// threadTime is how long the calling thread has run, whatever else the machine does: differences of it are what work costs, as long as the goroutine
// stays on its thread (runtime.LockOSThread).
func threadTime() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		panic(err) // the clock is there since Linux 2.6
	}
	return time.Duration(t.Nano())
}
