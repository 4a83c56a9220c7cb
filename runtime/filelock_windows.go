package runtime

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// errLocked says that another process has a file.
var errLocked = errors.New("another process has it")

// lockFile takes a file for this process, or fails with errLocked. The byte it locks lies beyond any content: readers are not kept away.
func lockFile(f *os.File) error {
	at := &windows.Overlapped{OffsetHigh: 1 << 30}
	err := windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, at)
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return errLocked
	}
	return err
}

// syncFolder does nothing: Windows keeps names durable by itself.
func syncFolder(string) error { return nil }
