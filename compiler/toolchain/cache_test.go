package toolchain

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wand/compiler"
	"wand/compiler/private"
)

// A build is found again as it was; one that was changed, cut, or put in another's place is removed instead.
func TestBuildCache(t *testing.T) {
	dir := t.TempDir()
	s := New(Options{Cache: dir})
	built := compiler.Build{Wasm: []byte("\x00asm module"), Diagnostics: []compiler.Diagnostic{{Severity: compiler.SeverityWarning, Message: "unused", Line: 3}}}
	s.keep("a", built)
	again, ok := New(Options{Cache: dir}).kept("a")
	if !ok || !bytes.Equal(again.Wasm, built.Wasm) || len(again.Diagnostics) != 1 || again.Diagnostics[0] != built.Diagnostics[0] {
		t.Fatalf("%v %+v", ok, again)
	}
	if _, ok := s.kept("b"); ok {
		t.Error("found what was never kept")
	}
	path := s.buildPath("a")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(){
		"changed": func() {
			c := bytes.Clone(whole)
			c[len(c)-1] ^= 1
			os.WriteFile(path, c, 0o600)
		},
		"cut":      func() { os.WriteFile(path, whole[:len(whole)-1], 0o600) },
		"empty":    func() { os.WriteFile(path, nil, 0o600) },
		"a header": func() { c := bytes.Clone(whole); c[34] ^= 0xff; os.WriteFile(path, c, 0o600) },
		"lost key": func() { os.WriteFile(filepath.Join(dir, buildsDir, private.KeyFile), []byte("short"), 0o600) },
		"other key": func() {
			os.WriteFile(filepath.Join(dir, buildsDir, private.KeyFile), bytes.Repeat([]byte{1}, 32), 0o600)
		},
	} {
		os.WriteFile(path, whole, 0o600)
		change()
		if _, ok := s.kept("a"); ok {
			t.Errorf("%s: found", name)
		}
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s: still there", name)
		}
	}
	s.keep("a", built)
	if err := os.Rename(path, s.buildPath("b")); err != nil {
		t.Fatal(err)
	}
	if _, ok := s.kept("b"); ok {
		t.Error("found another's build")
	}
	if info, err := os.Stat(filepath.Join(dir, buildsDir)); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info, err)
	}
}

func TestBuildCacheIsBounded(t *testing.T) {
	s := New(Options{Cache: t.TempDir()})
	large := make([]byte, maxBuilds/10)
	for i := range 15 {
		key := strings.Repeat("k", i+1)
		s.keep(key, compiler.Build{Wasm: large})
		then := time.Now().Add(time.Duration(i-100) * time.Minute)
		os.Chtimes(s.buildPath(key), then, then)
	}
	files, _ := filepath.Glob(filepath.Join(s.options.Cache, buildsDir, "*"+buildFile))
	var total int64
	for _, f := range files {
		info, _ := os.Stat(f)
		total += info.Size()
	}
	if total > maxBuilds || len(files) < 8 {
		t.Errorf("%d files, %d bytes", len(files), total)
	}
	if _, err := os.Stat(s.buildPath("k")); err == nil {
		t.Error("the oldest is still there")
	}
}

func TestBuildKey(t *testing.T) {
	base := program{language: compiler.C, name: "x.c", file: "x.c", source: "int main;", dir: "/tmp/1"}
	todo := func(dir string) plan {
		return plan{steps: []step{{argv: []string{"cc", "-map=" + dir + "=."}}}, output: "o"}
	}
	key := buildKey(&tool{name: "cc 1", id: "1"}, base, todo(base.dir))
	elsewhere := base
	elsewhere.dir = "/tmp/2"
	if buildKey(&tool{name: "cc 1", id: "1"}, elsewhere, todo(elsewhere.dir)) != key {
		t.Error("the private folder decides the key")
	}
	source, name, language := base, base, base
	source.source, name.name, language.language = "int main ;", "y.c", compiler.Cpp
	flags := todo(base.dir)
	flags.steps[0].argv = append(flags.steps[0].argv, "-O0")
	files := todo(base.dir)
	files.files = map[string]string{"wand.h": "x"}
	for what, other := range map[string]string{
		"source": buildKey(&tool{name: "cc 1", id: "1"}, source, todo(base.dir)), "name": buildKey(&tool{name: "cc 1", id: "1"}, name, todo(base.dir)),
		"language": buildKey(&tool{name: "cc 1", id: "1"}, language, todo(base.dir)), "flags": buildKey(&tool{name: "cc 1", id: "1"}, base, flags),
		"SDK": buildKey(&tool{name: "cc 1", id: "1"}, base, files), "version": buildKey(&tool{name: "cc 2", id: "1"}, base, todo(base.dir)),
		"compiler": buildKey(&tool{name: "cc 1", id: "2"}, base, todo(base.dir)),
	} {
		if other == key {
			t.Errorf("the %s does not decide the key", what)
		}
	}
}
