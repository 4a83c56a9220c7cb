package toolchain_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"wand/compiler"
	"wand/compiler/toolchain"
	"wand/compiler/toolchain/jail"
	"wand/compiler/wasm"
	"wand/modules"
)

// newSet is the compilers of this machine with the user's cache, where the toolchain is that make guests fetched. What is built goes elsewhere.
func newSet(t *testing.T, language compiler.Language) *toolchain.Set {
	t.Helper()
	if err := jail.Supported(); err != nil {
		t.Skip(err)
	}
	cache, err := modules.CacheDir()
	if err != nil {
		t.Skip(err)
	}
	set := toolchain.New(toolchain.Options{Cache: cache, NoCache: true, Progress: func(message string) { t.Log(message) }})
	if _, _, err := set.Find(t.Context(), language); err != nil {
		var missing *compiler.MissingToolchainError
		if !errors.As(err, &missing) {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	return set
}

func build(t *testing.T, set *toolchain.Set, language compiler.Language, name, source string) compiler.Build {
	t.Helper()
	built, err := set.Build(t.Context(), language, name, source)
	if err != nil {
		t.Fatal(err)
	}
	if len(built.Wasm) > 0 {
		if _, err := wasm.Decode(built.Wasm, wasm.Limits{}); err != nil {
			t.Errorf("what the compiler made is refused: %v", err)
		}
	}
	return built
}

// finding is a program with the first error that its compiler has to find.
type finding struct {
	source, message, kind string
	line, column, end     int
	hint                  string
}

func (f finding) check(t *testing.T, set *toolchain.Set, language compiler.Language, name string) {
	t.Helper()
	built := build(t, set, language, name, f.source)
	if len(built.Wasm) > 0 || len(built.Diagnostics) == 0 {
		t.Fatalf("%d bytes, %+v", len(built.Wasm), built.Diagnostics)
	}
	var d compiler.Diagnostic
	for _, d = range built.Diagnostics {
		if d.Severity == compiler.SeverityError {
			break
		}
	}
	if d.Severity != compiler.SeverityError || !strings.Contains(d.Message, f.message) || d.Type != f.kind || d.File != name || d.Line != f.line || d.Column != f.column || d.EndColumn != f.end || !strings.Contains(d.Hint, f.hint) {
		t.Errorf("got %+v\nwant %+v", built.Diagnostics, f)
	}
}

// noHostPaths fails when a module names folders of this machine.
func noHostPaths(t *testing.T, built compiler.Build) {
	t.Helper()
	home, _ := os.UserHomeDir()
	cache, _ := modules.CacheDir()
	root, _ := exec.Command("go", "env", "GOROOT").Output()
	for _, path := range []string{os.TempDir() + "/wand", home + "/", cache + "/", strings.TrimSpace(string(root)) + "/src"} {
		if len(path) > 4 && bytes.Contains(built.Wasm, []byte(path)) {
			at := bytes.Index(built.Wasm, []byte(path))
			t.Errorf("the module names %s: %q", path, built.Wasm[max(0, at-40):min(at+100, len(built.Wasm))])
		}
	}
}

// On a machine with nothing each language says what to install.
func TestNothingInstalled(t *testing.T) {
	set := toolchain.New(toolchain.Options{Cache: t.TempDir(), LookPath: func(string) (string, error) { return "", exec.ErrNotFound }, Getenv: func(string) string { return "" }})
	for _, language := range toolchain.Languages() {
		_, err := set.Build(t.Context(), language, "x", "x")
		var missing *compiler.MissingToolchainError
		if !errors.As(err, &missing) || missing.Language != language || len(missing.Want) == 0 || missing.Install == "" {
			t.Errorf("%s: %v", language, err)
		}
		if _, _, again := set.Find(t.Context(), language); again == nil || again.Error() != err.Error() {
			t.Errorf("%s: %v and %v", language, err, again)
		}
	}
}

// Programs that are compiled at the same time do not meet.
func TestBuildTogether(t *testing.T) {
	set := newSet(t, compiler.Go)
	var all sync.WaitGroup
	for i := range 6 {
		all.Go(func() {
			source := fmt.Sprintf("package main\n\nfunc main() { println(\"number-%d-of-many\") }\n", i)
			built, err := set.Build(t.Context(), compiler.Go, "main.go", source)
			if err != nil || !bytes.Contains(built.Wasm, []byte(fmt.Sprintf("number-%d-of-many", i))) {
				t.Errorf("%d: %d bytes, %v, %+v", i, len(built.Wasm), err, built.Diagnostics)
			}
		})
	}
	all.Wait()
}

// A build that is given up leaves no folder and no process.
func TestBuildCancel(t *testing.T) {
	set := newSet(t, compiler.Go)
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	source := "package main\n\nfunc main() { println(" + strings.Repeat("(", 90_000) + "1" + strings.Repeat(")", 90_000) + ") }\n" + strings.Repeat("// and more\n", 100_000)
	began := time.Now()
	if _, err := set.Build(ctx, compiler.Go, "main.go", source); err == nil {
		t.Skip("compiled too fast")
	} else if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if took := time.Since(began); took > 15*time.Second {
		t.Errorf("took %v", took)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
