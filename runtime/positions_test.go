package runtime_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"wand/compiler"
	"wand/compiler/debuginfo/dwarftest"
	"wand/compiler/wasm"
	"wand/runtime"
	"wand/runtime/engine/wazero"
)

// placed is a program that fails, and what its report has to say of it.
type placed struct {
	name, source string // of the file
	wasm         func(t *testing.T, p *placed) []byte
	args         []string

	kind      runtime.ErrorKind
	line      int      // of the location
	functions []string // of the program's own frames, outermost first
	message   string   // part of it
	hint      string   // part of it
}

// handmade is what dwarftest makes, under the name that it says it has.
func handmade(only string) func(*testing.T, *placed) []byte {
	return func(*testing.T, *placed) []byte { return dwarftest.Module(only) }
}

// zig compiles C and C++ with the compiler that make guests has fetched.
func zig(flags ...string) func(*testing.T, *placed) []byte {
	return func(t *testing.T, p *placed) []byte {
		t.Helper()
		home, _ := os.UserCacheDir()
		found, _ := filepath.Glob(filepath.Join(home, "wand/toolchain/zig-*/ziglang/zig"))
		if len(found) == 0 {
			t.Skip("make guests has fetched no compiler")
		}
		dir := t.TempDir()
		out := filepath.Join(dir, "out.wasm")
		if err := os.WriteFile(filepath.Join(dir, p.name), []byte(p.source), 0o600); err != nil {
			t.Fatal(err)
		}
		c := exec.Command(found[len(found)-1], append([]string{"cc", "-target", "wasm32-wasi", "-g", "-O1", "-UNDEBUG", "-fno-sanitize=all", "-o", out, p.name}, flags...)...)
		c.Dir = dir
		if text, err := c.CombinedOutput(); err != nil {
			t.Skipf("the compiler does not work here: %v\n%s", err, text)
		}
		bin, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		return bin
	}
}

func (p *placed) module(t *testing.T, name string, bin []byte) *compiler.Module {
	t.Helper()
	m, diagnostics, err := compiler.Compile(context.Background(), compiler.Source{Name: name, Text: bin})
	if err != nil || m == nil {
		t.Fatal(err, diagnostics)
	}
	return m
}

var placedPrograms = []placed{
	{
		name: "main.c", source: dwarftest.Source, wasm: handmade(""), kind: runtime.KindTrap, line: 2, functions: []string{"_start", "crash", "divide"},
		message: "integer divide by zero", hint: "test the divisor",
	},
	{
		name: "main.c", source: dwarftest.Source, wasm: handmade(dwarftest.Spin), kind: runtime.KindFuel, line: 10, functions: []string{"spin"},
		message: "fuel", hint: "a loop that does not end",
	},
	{
		name: "divide.c", wasm: zig(), kind: runtime.KindTrap, line: 5, functions: []string{"main", "middle", "divide"}, message: "integer divide by zero",
		source: `#include <stdio.h>

static int divide(int a, int b) {
  volatile int d = b;
  return a / d;
}

__attribute__((noinline)) int middle(int *values, int n) {
  int sum = 0;
  for (int i = 0; i < n; i++) {
    sum += divide(values[i], n - 3);
  }
  return sum;
}

int main(void) {
  int values[3] = {1, 2, 3};
  puts("start");
  return middle(values, 3);
}
`,
	},
	{
		name: "bounds.c", wasm: zig(), kind: runtime.KindTrap, line: 2, functions: []string{"main", "read"}, message: "out of bounds memory access", hint: "pointers",
		source: `__attribute__((noinline)) static int read(volatile int *p) {
  return *p;
}
int main(void) {
  return read((int *)0xfffffff0) + 1;
}
`,
	},
	{
		name: "abort.c", wasm: zig(), kind: runtime.KindTrap, line: 4, functions: []string{"main", "give_up"}, message: "unreachable executed", hint: "aborted",
		source: `#include <stdlib.h>
__attribute__((noinline)) static void give_up(int n) {
  if (n > 0)
    abort();
}
int main(int argc, char **argv) {
  give_up(argc);
}
`,
	},
	{
		name: "assert.c", wasm: zig(), kind: runtime.KindAssertion, line: 3, functions: []string{"main", "check"}, message: "x > 3", hint: "the asserted condition is false",
		source: `#include <assert.h>
__attribute__((noinline)) int check(int x) {
  assert(x > 3);
  return x;
}
int main(int argc, char **argv) { return check(argc); }
`,
	},
	{
		name: "type.c", wasm: zig(), kind: runtime.KindTrap, line: 6, functions: []string{"main", "apply"}, message: "indirect call type mismatch", hint: "signature",
		source: `typedef double (*number)(double);
static int one(int x) { return x + 1; }
int (*volatile keep)(int) = one;
__attribute__((noinline)) static double apply(volatile number *f) {
  // not what it points to
  return (*f)(2.5) + 1;
}
int main(void) {
  volatile number f = (number)keep;
  return (int)apply(&f);
}
`,
	},
	{
		name: "null.c", wasm: zig(), kind: runtime.KindTrap, line: 2, functions: []string{"main", "call"}, message: "out of bounds table access", hint: "function pointer",
		source: `__attribute__((noinline)) static int call(int (*volatile *f)(int)) {
  return (*f)(1) + 1;
}
int main(void) {
  int (*volatile f)(int) = (int (*)(int))100000;
  return call(&f);
}
`,
	},
	{
		name: "deep.c", wasm: zig("-Wl,-z,stack-size=65536"), kind: runtime.KindTrap, line: 3, message: "out of bounds memory access", hint: "down calls itself without an end",
		source: `static int down(int n, volatile int *from) {
  volatile int x[64];
  x[n % 64] = n + from[0];
  return down(n + 1, x) + x[0];
}
int main(void) { volatile int x = 0; return down(1, &x); }
`,
	},
	{
		name: "calls.c", wasm: zig(), kind: runtime.KindCallDepth, line: 1, message: "calls nested too deep", hint: "down calls itself without an end",
		source: `__attribute__((noinline)) static int down(int n, int (*volatile *f)(int)) {
  int r = n > 0 ? down(n + 1, f) + 1 : 0;
  return r * 3 + n;
}
int main(int argc, char **argv) { return down(argc, 0); }
`,
	},
	{
		name: "fuel.c", wasm: zig(), kind: runtime.KindFuel, line: 4, functions: []string{"main", "search"}, message: "fuel", hint: "the loop at line 4",
		source: `static volatile unsigned sink;
__attribute__((noinline)) static void search(unsigned n) {
  sink = 1;
  while (n != 0) {
    sink += n;
    sink ^= n << 3;
  }
}
int main(void) {
  search(3);
}
`,
	},
	{
		name: "memory.c", wasm: zig(), kind: runtime.KindMemory, line: 7, functions: []string{"main", "collect"}, message: "memory", hint: "the loop at line 6",
		source: `#include <stdlib.h>
#include <string.h>
static char *volatile kept;
__attribute__((noinline)) static long collect(long step) {
  long total = 0;
  for (int i = 0; ; i++) {
    kept = malloc(step);
    memset(kept, i, step);
    total += kept[5];
  }
  return total;
}
int main(void) {
  return collect(1 << 20);
}
`,
	},
	{
		name: "output.c", wasm: zig(), kind: runtime.KindOutput, line: 4, functions: []string{"main"}, message: "output limit", hint: "the loop at line 3",
		source: `#include <stdio.h>
int main(void) {
  for (int i = 0; i >= 0; i++)
    printf("%d\n", i);
}
`,
	},
	{
		name: "box.cpp", wasm: zig("-fno-exceptions", "-xc++", "-lc++"), kind: runtime.KindTrap, line: 7, functions: []string{"main", "apply<int>", "shop::Box::get"}, message: "out of bounds memory access",
		source: `#include <vector>
#include <cstdint>
namespace shop {
struct Box {
  std::vector<int> items;
  __attribute__((noinline)) int get(int i) const {
    return *(volatile int *)(uintptr_t)(0xfffffff0u + i * items[0]);
  }
};
}
template <typename T> __attribute__((noinline)) T apply(const shop::Box &b, T i) {
  return b.get(i) + 1;
}
int main() {
  shop::Box b{{1, 2, 3}};
  return apply<int>(b, 2);
}
`,
	},
}

// TestPlaces runs programs that fail, as a module of the user's own and as one that was compiled from its source, on wazero's compiler and interpreter.
func TestPlaces(t *testing.T) {
	ctx := context.Background()
	compiled, err := runtime.New(ctx, runtime.Config{CacheDir: t.TempDir()}) // a larger module is compiled apart, and comes out of the cache the second time
	if err != nil {
		t.Fatal(err)
	}
	defer compiled.Close(ctx)
	interpreted, err := runtime.New(ctx, runtime.Config{NoCache: true, Engine: wazero.NewInterpreter()})
	if err != nil {
		t.Fatal(err)
	}
	defer interpreted.Close(ctx)
	eachPlace(t, compiled, interpreted)
}

// eachPlace checks what two runtimes report of each program, which has to be the same.
func eachPlace(t *testing.T, a, b *runtime.Runtime) {
	for i := range placedPrograms {
		p := &placedPrograms[i]
		t.Run(p.name+" "+string(p.kind), func(t *testing.T) {
			bin := p.wasm(t, p)
			own := p.module(t, "x.wasm", bin)
			translated := *own
			translated.Name, translated.Source, translated.Language = p.name, p.source, "c"
			first := p.run(t, a, &translated)
			p.check(t, first, true)
			p.check(t, p.run(t, a, own), false)
			if p.kind == runtime.KindCallDepth && strings.Contains(t.Name(), "TestPlaces") {
				return // the interpreter's own stack ends before
			}
			if second := p.run(t, b, &translated); shown(t, first) != shown(t, second) {
				t.Errorf("one engine:\n%s\nthe other:\n%s", shown(t, first), shown(t, second))
			}
		})
	}
}

func shown(t *testing.T, r *runtime.Report) string {
	text, err := json.MarshalIndent(map[string]any{"status": r.Status, "error": r.Error, "fuel": r.Usage.Fuel.Used}, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func (p *placed) run(t *testing.T, rt *runtime.Runtime, m *compiler.Module) *runtime.Report {
	t.Helper()
	limits := runtime.Limits{Fuel: 20_000_000, Memory: 64 << 20, Output: 10_000, Deadline: time.Minute}
	r, err := rt.Run(context.Background(), m, runtime.Options{Args: p.args, Limits: limits, SpillDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (p *placed) check(t *testing.T, r *runtime.Report, withSource bool) {
	t.Helper()
	e := r.Error
	if e == nil || e.Kind != p.kind || e.Location == nil || e.Location.Line != p.line || e.Location.File != p.name || !strings.Contains(e.Message, p.message) {
		t.Fatalf("want %s at line %d: %s", p.kind, p.line, shown(t, r))
	}
	var functions []string
	for _, f := range e.Frames {
		if !f.Library {
			functions = append(functions, f.Function)
		}
		if strings.ContainsAny(f.File, `/\`) {
			t.Errorf("the name of a folder is shown: %s", f.File)
		}
	}
	if p.functions != nil && strings.Join(functions, " ") != strings.Join(p.functions, " ") {
		t.Errorf("functions %q, want %q", functions, p.functions)
	}
	if withSource {
		if want := compiler.LineText(p.source, p.line); e.Location.LineText != want {
			t.Errorf("line %q, want %q", e.Location.LineText, want)
		}
		if !strings.Contains(e.Hint, p.hint) {
			t.Errorf("hint %q, want %q in it", e.Hint, p.hint)
		}
	}
	if text := string(r.JSON()) + r.Feedback(0); strings.Contains(text, "/ziglang/") || strings.Contains(text, "/tmp/") || strings.Contains(text, "secret") {
		t.Errorf("something of the machine is shown: %s", text)
	}
}

// TestHostileDebuggingInformation: a module whose debugging information lies is reported on all the same, soon and without places.
func TestHostileDebuggingInformation(t *testing.T) {
	rt := plainRuntime(t)
	for name, change := range map[string]func(name string, b []byte) []byte{
		"cut":    func(_ string, b []byte) []byte { return b[:len(b)/2] },
		"ones":   func(_ string, b []byte) []byte { return bytes.Repeat([]byte{0xff}, len(b)) },
		"zeros":  func(_ string, b []byte) []byte { return make([]byte, len(b)) },
		"repeat": func(_ string, b []byte) []byte { return bytes.Repeat(b, 1000) },
		"none":   func(string, []byte) []byte { return nil },
		"huge": func(name string, b []byte) []byte { // right, and more than is looked at
			if name == ".debug_str" {
				return append(slices.Clone(b), make([]byte, 33<<20)...)
			}
			return b
		},
	} {
		t.Run(name, func(t *testing.T) {
			decoded, err := wasm.Decode(dwarftest.Module(""), wasm.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			for i := range decoded.Customs {
				c := &decoded.Customs[i]
				c.Bytes = change(c.Name, c.Bytes)
			}
			m, _, err := compiler.Compile(context.Background(), compiler.Source{Text: decoded.Encode()})
			if err != nil {
				t.Fatal(err)
			}
			started := time.Now()
			r, err := rt.Run(context.Background(), m, runtime.Options{})
			if err != nil || r.Status != runtime.Failed || r.Error.Kind != runtime.KindTrap || r.Error.Message != "integer divide by zero" {
				t.Fatalf("%v %s", err, shown(t, r))
			}
			if name == "huge" && r.Error.Location != nil {
				t.Errorf("33 MiB were read for %v", r.Error.Location)
			}
			if d := time.Since(started); d > 20*time.Second {
				t.Errorf("it took %s", d)
			}
		})
	}
}
