//go:build unix

package command_test

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// inherit makes a file one that children get, such as those that a shell opened for the host's process.
func inherit(t *testing.T, f *os.File) {
	t.Helper()
	if _, err := unix.FcntlInt(f.Fd(), unix.F_SETFD, 0); err != nil {
		t.Fatal(err)
	}
}
