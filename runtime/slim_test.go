package runtime

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"wand/compiler"
	"wand/modules"
)

func TestNativeCodeMustBeUsedAsItIs(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "code")
	write := func(text string) {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := usedAsIs(filepath.Join(dir, "absent"), func() error { return nil }); err == nil {
		t.Error("an absent folder passes")
	}
	write("native")
	if err := usedAsIs(dir, func() error { return nil }); err != nil {
		t.Error(err)
	}
	old := time.Now().Add(-time.Hour)
	os.Chtimes(name, old, old)
	for what, change := range map[string]func() error{
		"written again": func() error { write("native"); return nil },
		"gone":          func() error { return os.Remove(name) },
		"two files":     func() error { return os.WriteFile(filepath.Join(dir, "more"), nil, 0o600) },
	} {
		write("native")
		os.Chtimes(name, old, old)
		os.Remove(filepath.Join(dir, "more"))
		if err := usedAsIs(dir, change); !errors.Is(err, errCompiledAgain) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestPreparedGuestKeepsNoCode checks that a second process gets by with the native code and a module without code, and that it prepares
// anew where the native code is gone.
func TestPreparedGuestKeepsNoCode(t *testing.T) {
	if _, err := modules.Find("javascript"); err != nil {
		t.Skip(err)
	}
	dir, ctx := t.TempDir(), context.Background()
	start := func() (prepared bool) {
		rt, err := New(ctx, Config{CacheDir: dir, Progress: func(string) { prepared = true }})
		if err != nil {
			t.Fatal(err)
		}
		defer rt.Close(ctx)
		report, err := rt.Run(ctx, &compiler.Module{Name: "main.js", Language: compiler.JavaScript, Guest: "javascript", Program: "console.log(6*7)"}, Options{})
		if err != nil || report.Stdout != "42\n" {
			t.Fatal(err, report)
		}
		if err := rt.CacheError(); err != nil {
			t.Fatal(err)
		}
		return prepared
	}
	if !start() {
		t.Fatal("an empty cache holds a guest")
	}
	if start() {
		t.Error("the guest was prepared twice")
	}
	stubs, _ := filepath.Glob(filepath.Join(dir, "*", preparedWasm))
	if len(stubs) != 1 {
		t.Fatal(stubs)
	}
	if info, err := os.Stat(stubs[0]); err != nil || info.Size() > 64<<10 {
		t.Errorf("the module without code: %v, %v", info, err)
	}
	native, err := onlyFile(filepath.Join(filepath.Dir(stubs[0]), preparedNative))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(native); err != nil {
		t.Fatal(err)
	}
	if !start() {
		t.Error("without its native code the guest was not prepared anew")
	}
	if start() {
		t.Error("the guest prepared anew was not kept")
	}
}
