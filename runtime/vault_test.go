package runtime

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"wand/compiler/private"
)

func entryWith(t *testing.T, v *vault, key string) string {
	t.Helper()
	dir, err := v.create()
	if err != nil {
		t.Fatal(err)
	}
	os.Mkdir(filepath.Join(dir, "native"), 0o700)
	os.WriteFile(filepath.Join(dir, "native", "code"), []byte("native code"), 0o600)
	os.WriteFile(filepath.Join(dir, "snapshot"), []byte("memory"), 0o600)
	if err := v.publish(dir, key); err != nil {
		t.Fatal(err)
	}
	return v.entry(key)
}

func TestVaultRefusesWhatWasChanged(t *testing.T) {
	changes := map[string]func(dir string) error{
		"a bit flipped": func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "native", "code"), []byte("native codf"), 0o600)
		},
		"truncated":    func(dir string) error { return os.Truncate(filepath.Join(dir, "snapshot"), 3) },
		"emptied":      func(dir string) error { return os.Truncate(filepath.Join(dir, "snapshot"), 0) },
		"removed":      func(dir string) error { return os.Remove(filepath.Join(dir, "snapshot")) },
		"added":        func(dir string) error { return os.WriteFile(filepath.Join(dir, "native", "more"), nil, 0o600) },
		"a link added": func(dir string) error { return os.Symlink("/etc/hosts", filepath.Join(dir, "native", "more")) },
		"swapped": func(dir string) error {
			a, b, c := filepath.Join(dir, "snapshot"), filepath.Join(dir, "native", "code"), filepath.Join(dir, "c")
			os.Rename(a, c)
			os.Rename(b, a)
			return os.Rename(c, b)
		},
		"tags cut":  func(dir string) error { return os.Truncate(filepath.Join(dir, vaultTags), 10) },
		"tags gone": func(dir string) error { return os.Remove(filepath.Join(dir, vaultTags)) },
		"tags empty": func(dir string) error {
			return os.WriteFile(filepath.Join(dir, vaultTags), []byte(`{"snapshot":"","native/code":""}`), 0o600)
		},
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			v, err := openVault(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			dir := entryWith(t, v, "guest")
			if _, ok := v.verified("guest"); !ok {
				t.Fatal("a fresh entry does not verify")
			}
			if err := change(dir); err != nil {
				t.Fatal(err)
			}
			if _, ok := v.verified("guest"); ok {
				t.Error("accepted")
			}
			if _, err := os.Stat(dir); err == nil {
				t.Error("the bad entry is still there")
			}
		})
	}
}

func TestVaultEntryIsBoundToItsKey(t *testing.T) {
	v, _ := openVault(t.TempDir())
	dir := entryWith(t, v, "one")
	if err := os.Rename(dir, v.entry("two")); err != nil {
		t.Fatal(err)
	}
	if _, ok := v.verified("two"); ok {
		t.Error("an entry was accepted under another name")
	}
}

func TestVaultKey(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "vault")
	v, err := openVault(dir)
	if err != nil {
		t.Fatal(err)
	}
	again, err := openVault(dir)
	if err != nil || string(again.key) != string(v.key) {
		t.Fatalf("the key changed: %v", err)
	}
	if info, _ := os.Stat(filepath.Join(dir, private.KeyFile)); info.Mode().Perm() != 0o600 {
		t.Errorf("the key is readable by others: %v", info.Mode())
	}
	entryWith(t, v, "guest")
	os.Truncate(filepath.Join(dir, private.KeyFile), 5)
	healed, err := openVault(dir)
	if err != nil || len(healed.key) != 32 {
		t.Fatalf("a short key was not replaced: %v", err)
	}
	if _, ok := healed.verified("guest"); ok {
		t.Error("an entry verifies under another key")
	}
}

func TestVaultClosesItselfToOthers(t *testing.T) {
	dir := t.TempDir()
	os.Chmod(dir, 0o755)
	if _, err := openVault(dir); err != nil {
		t.Fatal(err)
	}
	if info, _ := os.Stat(dir); info.Mode().Perm() != 0o700 {
		t.Errorf("mode %v", info.Mode())
	}
}

func TestVaultPrunesWhatIsNoLongerUsed(t *testing.T) {
	v, _ := openVault(t.TempDir())
	for i := range 7 {
		dir := entryWith(t, v, fmt.Sprintf("python-%d", i))
		used := time.Now().Add(time.Duration(i) * time.Minute)
		os.Chtimes(dir, used, used)
	}
	entryWith(t, v, "javascript-0")
	const science = "python-science-0" // another guest's
	os.Chtimes(entryWith(t, v, science), time.Time{}, time.Unix(1, 0))
	v.prune("python", keptEntries)
	left, _ := filepath.Glob(filepath.Join(v.dir, "*-*"))
	if len(left) != keptEntries+2 {
		t.Errorf("left: %v", left)
	}
	for _, key := range []string{"python-3", "python-6", "javascript-0", science} {
		if _, ok := v.verified(key); !ok {
			t.Errorf("%s is gone", key)
		}
	}
}

// TestVaultMakesRoom: what was used last stays, as much of it as there is room for; entries of other names are nobody's to remove.
func TestVaultMakesRoom(t *testing.T) {
	v, err := openVault(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for i, key := range []string{"module-1", "module-2", "module-3", "python-1"} {
		dir, err := v.create()
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "native"), make([]byte, 1000), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := v.publish(dir, key); err != nil {
			t.Fatal(err)
		}
		used := time.Now().Add(time.Duration(i-10) * time.Hour)
		if err := os.Chtimes(v.entry(key), used, used); err != nil {
			t.Fatal(err)
		}
	}
	v.touch("module-1")
	v.pruneBytes("module", 2500) // each has its tags as well
	for key, want := range map[string]bool{"module-1": true, "module-2": false, "module-3": true, "python-1": true} {
		if _, ok := v.verified(key); ok != want {
			t.Errorf("%s: there is %v, expected %v", key, ok, want)
		}
	}
}
