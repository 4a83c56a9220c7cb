//go:build !linux

package main

import (
	"context"
	"errors"
	"os"
	"runtime"
)

// kernelFindings says what the sandbox does without on this system.
func kernelFindings(context.Context) []finding {
	return []finding{{Area: "kernel", Name: runtime.GOOS, Status: degraded, Detail: "no shared snapshots", Hint: "forks copy the whole memory instead of sharing it, as on Linux"}}
}

func freeSpace(string) (int64, error) { return 0, errors.New("unknown") }

// discardInput forgets what was typed on a terminal and not read yet, where that can be done.
func discardInput(*os.File) {}
