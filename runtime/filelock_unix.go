//go:build unix

package runtime

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// errLocked says that another process has a file.
var errLocked = errors.New("another process has it")

// lockFile takes a file for this process, or fails with errLocked. Closing it gives it back.
func lockFile(f *os.File) error {
	for {
		switch err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err {
		case nil:
			return nil
		case unix.EINTR:
		case unix.EWOULDBLOCK:
			return errLocked
		default:
			return err
		}
	}
}

// syncFolder makes the names in a folder durable.
func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}
