package modules

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// A guest's name becomes a folder's: in the cache, and in that of prepared guests.
func TestNamesThatLeadElsewhere(t *testing.T) {
	for _, name := range []string{"", ".", "..", "../python", "a/b", `a\b`, "c:"} {
		if _, err := Find(name); !errors.Is(err, ErrNoGuest) {
			t.Errorf("Find(%q): %v", name, err)
		}
		dir := t.TempDir()
		manifest := fmt.Appendf(nil, `{"abi": %d, "name": %q}`, ABI, name)
		if err := os.WriteFile(filepath.Join(dir, "manifest.json"), manifest, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(dir); !errors.Is(err, ErrBadGuest) {
			t.Errorf("a manifest that names %q: %v", name, err)
		}
	}
}
