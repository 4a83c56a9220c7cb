// Package private makes a folder that only this user may look into, with a key that authenticates what lies in it. The cache of builds and the vault of native
// code call it; it imports nothing of ours.
package private

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// KeyFile is the name of the key in its folder.
const KeyFile = "key"

// KeyBytes is how long a key is.
const KeyBytes = 32

// Key makes a folder private, and makes it when it is missing, and returns the key in it. The first one to come makes that, of two processes that start
// together as well; one that a crash or a full disk cut short is made anew, and then nothing that lies there can be verified any more.
func Key(dir string) ([]byte, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	info, err := os.Stat(dir)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		if err := os.Chmod(dir, 0o700); err != nil {
			return nil, fmt.Errorf("%s is open to other users and cannot be closed to them: %w", dir, err)
		}
	}
	path := filepath.Join(dir, KeyFile)
	for range 3 {
		key, err := os.ReadFile(path)
		switch {
		case err == nil && len(key) == KeyBytes:
			return key, nil
		case err == nil:
			if err := os.Remove(path); err != nil {
				return nil, err
			}
		case !errors.Is(err, fs.ErrNotExist):
			return nil, err
		}
		if err := writeKey(dir, path); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
	}
	return nil, fmt.Errorf("%s keeps changing", path)
}

// writeKey creates a key in one step, so that of two processes both end up with the same one.
func writeKey(dir, path string) error {
	key := make([]byte, KeyBytes)
	rand.Read(key)
	f, err := os.CreateTemp(dir, ".key-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(key)
	if err := errors.Join(err, f.Chmod(0o600), f.Close()); err != nil {
		return err
	}
	return os.Link(f.Name(), path)
}
