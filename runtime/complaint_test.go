package runtime_test

import (
	"context"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"wand/compiler"
	"wand/compiler/wasm"
	"wand/runtime"
)

// complaining is a module that writes a text to standard error and then gives up: with exit code, or with a trap when that is 0.
func complaining(text string, code byte) []byte {
	i32 := []wasm.ValType{wasm.I32}
	head := binary.LittleEndian.AppendUint32(nil, 16)
	head = binary.LittleEndian.AppendUint32(head, uint32(len(text)))
	body := []byte{0x41, 2, 0x41, 0, 0x41, 1, 0x41, 8, 0x10, 0, 0x1a}
	if code != 0 {
		body = append(body, 0x41, code, 0x10, 1)
	}
	m := &wasm.Module{
		Types:     []wasm.FuncType{{}, {Params: []wasm.ValType{wasm.I32, wasm.I32, wasm.I32, wasm.I32}, Results: i32}, {Params: i32}},
		Imports:   []wasm.Import{{Module: "wasi_snapshot_preview1", Name: "fd_write", Func: 1}, {Module: "wasi_snapshot_preview1", Name: "proc_exit", Func: 2}},
		Functions: []uint32{0}, Codes: []wasm.Code{{Body: append(body, 0, 0x0b)}},
		Memories: []wasm.MemoryType{{Size: wasm.Size{Min: 1}}},
		Exports:  []wasm.Export{{Name: "_start", Kind: wasm.ExternFunc, Index: 2}, {Name: "memory", Kind: wasm.ExternMemory}},
		Data:     []wasm.Data{{Mode: wasm.Active, Offset: []byte{0x41, 0, 0x0b}, Init: head}, {Mode: wasm.Active, Offset: []byte{0x41, 16, 0x0b}, Init: []byte(text)}},
	}
	return m.Encode()
}

// TestComplaints: what languages write when they give up becomes the report's error, with the line in the program's own source.
func TestComplaints(t *testing.T) {
	rt := plainRuntime(t)
	const source = "line one\nline two\nline three\nline four\n"
	for name, c := range map[string]struct {
		file, text string
		code       byte
		want       runtime.Error
	}{
		"Go": {"main.go", `panic: runtime error: index out of range [5] with length 3

goroutine 1 [running]:
main.f(...)
	/home/somebody/secret/main.go:2
main.(*T).Get(0xc000014060, {0x1, 0x2})
	/home/somebody/secret/main.go:3 +0x5d
strings.Map(0x1)
	/usr/local/go/src/strings/strings.go:500 +0x5
main.main()
	/home/somebody/secret/main.go:4 +0x21

goroutine 7 [select]:
main.other()
	/home/somebody/secret/main.go:1 +0x2
`, 2, runtime.Error{Kind: runtime.KindException, Type: "runtime error", Message: "index out of range [5] with length 3",
			Location: &runtime.Location{File: "main.go", Line: 2, LineText: "line two"},
			Frames: []runtime.Frame{
				{Function: "main.main", Location: runtime.Location{File: "main.go", Line: 4, LineText: "line four"}},
				{Function: "strings.Map", Location: runtime.Location{File: "strings.go", Line: 500}, Library: true},
				{Function: "main.(*T).Get", Location: runtime.Location{File: "main.go", Line: 3, LineText: "line three"}},
				{Function: "main.f", Location: runtime.Location{File: "main.go", Line: 2, LineText: "line two"}},
			}}},
		"Go deadlock": {"main.go", "fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 [chan receive]:\nmain.main()\n\t/x/main.go:3 +0x3\n", 2,
			runtime.Error{Kind: runtime.KindException, Type: "fatal error", Message: "all goroutines are asleep - deadlock!",
				Location: &runtime.Location{File: "main.go", Line: 3, LineText: "line three"},
				Frames:   []runtime.Frame{{Function: "main.main", Location: runtime.Location{File: "main.go", Line: 3, LineText: "line three"}}}}},
		"Go error value": {"main.go", "panic: main.failure{Code:3}\n\ngoroutine 1 [running]:\nmain.main()\n\tmain.go:1 +0x3\nexit status 2\n", 2,
			runtime.Error{Kind: runtime.KindException, Type: "panic", Message: "main.failure{Code:3}",
				Location: &runtime.Location{File: "main.go", Line: 1, LineText: "line one"},
				Frames:   []runtime.Frame{{Function: "main.main", Location: runtime.Location{File: "main.go", Line: 1, LineText: "line one"}}}}},
		"Rust": {"main.rs", "\nthread 'main' panicked at main.rs:3:5:\ncalled `Option::unwrap()` on a `None` value\nnote: run with `RUST_BACKTRACE=1` environment variable to display a backtrace\n", 0,
			runtime.Error{Kind: runtime.KindException, Type: "panic", Message: "called `Option::unwrap()` on a `None` value",
				Location: &runtime.Location{File: "main.rs", Line: 3, Column: 5, LineText: "line three"}}},
		"Rust assertion": {"main.rs", "\nthread 'main' (1) panicked at src/main.rs:2:1:\nassertion `left == right` failed: doubling\n  left: 4\n right: 5\n", 0,
			runtime.Error{Kind: runtime.KindAssertion, Type: "panic", Message: "assertion `left == right` failed: doubling", Values: map[string]string{"left": "4", "right": "5"},
				Location: &runtime.Location{File: "main.rs", Line: 2, Column: 1, LineText: "line two"}}},
		"Rust library": {"main.rs", "\nthread 'main' panicked at /rustc/abc/library/core/src/cell.rs:9:1:\nalready borrowed\n", 0,
			runtime.Error{Kind: runtime.KindException, Type: "panic", Message: "already borrowed", Location: &runtime.Location{File: "cell.rs", Line: 9, Column: 1}}},
		"C": {"main.c", "Assertion failed: x > (1) (main.c: check: 4)\n", 0,
			runtime.Error{Kind: runtime.KindAssertion, Type: "assert", Message: "x > (1)", Location: &runtime.Location{File: "main.c", Line: 4, LineText: "line four"}}},
		"C++": {"main.cpp", "libc++abi: terminating due to uncaught exception of type std::runtime_error: no such book: 3\n", 0,
			runtime.Error{Kind: runtime.KindException, Type: "std::runtime_error", Message: "no such book: 3"}},
		"AssemblyScript": {"main.ts", "abort: Index out of range in main.ts(2:7)\n", 255,
			runtime.Error{Kind: runtime.KindException, Type: "abort", Message: "Index out of range", Location: &runtime.Location{File: "main.ts", Line: 2, Column: 7, LineText: "line two"}}},
		"nothing":      {"main.c", "something else\n", 3, runtime.Error{Kind: runtime.KindExit, ExitCode: 3, Message: "the program exited with code 3"}},
		"half a panic": {"main.go", "panic: well\nno goroutine follows\n", 2, runtime.Error{Kind: runtime.KindExit, ExitCode: 2, Message: "the program exited with code 2"}},
	} {
		t.Run(name, func(t *testing.T) {
			m, _, err := compiler.Compile(context.Background(), compiler.Source{Text: complaining(c.text, c.code)})
			if err != nil {
				t.Fatal(err)
			}
			m.Name, m.Source, m.Language = c.file, source, "c"
			r, err := rt.Run(context.Background(), m, runtime.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if r.Status != runtime.Failed || r.Error.Hint == "" {
				t.Errorf("%s, hint %q", r.Status, r.Error.Hint)
			}
			got := *r.Error
			got.Hint = ""
			if c.want.Frames == nil {
				got.Frames = nil
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got  %+v %+v\nwant %+v %+v", got, got.Location, c.want, c.want.Location)
			}
		})
	}
}

// TestGoPanics is the same with a program that Go compiles.
func TestGoPanics(t *testing.T) {
	tool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("there is no go command")
	}
	dir := t.TempDir()
	const source = `package main

import "fmt"

type shelf struct{ books []string }

//go:noinline
func (s *shelf) at(i int) string {
	return s.books[i]
}

func main() {
	s := &shelf{books: []string{"a", "b"}}
	fmt.Println(s.at(len(s.books)))
}
`
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.Command(tool, "build", "-o", "out.wasm", "main.go")
	c.Dir, c.Env = dir, append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOFLAGS=", "GO111MODULE=off")
	if text, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	bin, err := os.ReadFile(filepath.Join(dir, "out.wasm"))
	if err != nil {
		t.Fatal(err)
	}
	m, _, err := compiler.Compile(context.Background(), compiler.Source{Text: bin})
	if err != nil {
		t.Fatal(err)
	}
	m.Name, m.Source, m.Language = "main.go", source, "go"
	r, err := plainRuntime(t).Run(context.Background(), m, runtime.Options{})
	if err != nil {
		t.Fatal(err)
	}
	e := r.Error
	if e == nil || e.Kind != runtime.KindException || e.Location == nil || e.Location.Line != 9 || e.Location.LineText != "\treturn s.books[i]" || !strings.Contains(e.Message, "index out of range [2] with length 2") {
		t.Fatalf("%s", r.JSON())
	}
	if n := len(e.Frames); n < 2 || e.Frames[n-2].Function != "main.main" || e.Frames[n-2].Line != 14 {
		t.Errorf("frames %+v", e.Frames)
	}
}

// plainRuntime is a runtime for modules of their own.
func plainRuntime(t *testing.T) *runtime.Runtime {
	t.Helper()
	rt, err := runtime.New(context.Background(), runtime.Config{NoCache: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { rt.Close(context.Background()) })
	return rt
}
