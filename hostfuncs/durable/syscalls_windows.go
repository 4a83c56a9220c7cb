package durable

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// Lock takes the file for this process, or fails with ErrLocked at once. It lasts until the file is closed or the process ends, however it does. The byte it
// locks lies beyond any content: readers are not kept away.
func Lock(f *os.File) error {
	at := &windows.Overlapped{OffsetHigh: 1 << 30}
	err := windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, at)
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return ErrLocked
	}
	return err
}

// SyncFolder does nothing: Windows keeps names durable by itself.
func SyncFolder(string) error { return nil }
