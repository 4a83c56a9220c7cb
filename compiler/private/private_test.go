package private_test

import (
	"bytes"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"wand/compiler/private"
)

func TestKey(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	var all sync.WaitGroup
	keys := make([][]byte, 8)
	for i := range keys {
		all.Go(func() {
			var err error
			if keys[i], err = private.Key(dir); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for _, k := range keys {
		if len(k) != private.KeyBytes || !bytes.Equal(k, keys[0]) {
			t.Fatalf("those who come together have different keys: %x, %x", k, keys[0])
		}
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if again, err := private.Key(dir); err != nil || !bytes.Equal(again, keys[0]) {
		t.Errorf("another key: %v", err)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder is open: %v, %v", info, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "key"), keys[0][:7], 0o600); err != nil {
		t.Fatal(err)
	}
	if other, err := private.Key(dir); err != nil || len(other) != private.KeyBytes || bytes.Equal(other, keys[0]) {
		t.Errorf("a key that was cut short: %x, %v", other, err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".key-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
