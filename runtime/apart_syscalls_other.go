//go:build !linux

package runtime

import (
	"os"
	"os/exec"
)

// limitSelf: beyond Linux a process that compiles has the portable limits: what watchSelf sees, and the parent's clock.
func limitSelf(CompileLimits, bool) error { return nil }

func ownGroup(*exec.Cmd) {}

func resident(int) int64 { return 0 }

func peakResident() int64 { return 0 }

func killedForTime(*os.ProcessState) bool { return false }
