package runtime_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"wand/compiler"
	"wand/compiler/wasm"
	"wand/hostfuncs"
	"wand/hostfuncs/wasi"
	"wand/runtime"
)

// The hostile modules that no file could hold: every import in every wrong shape, every pointer at every edge, every prefix of a module. testdata/adversarial/wat
// has the others.

// imports are what the sandbox provides to modules: WASI and the guest ABI (modules/ABI.md).
func imports() []hostfuncs.Func {
	i32, i64 := hostfuncs.I32, hostfuncs.I64
	one, of := []hostfuncs.ValueType{i32}, func(types ...hostfuncs.ValueType) []hostfuncs.ValueType { return types }
	return append(wasi.Funcs(),
		hostfuncs.Func{Module: "wand", Name: "respond", Params: of(i32, i32)},
		hostfuncs.Func{Module: "wand", Name: "call", Params: of(i32, i32, i32, i32), Results: one},
		hostfuncs.Func{Module: "wand", Name: "take", Params: of(i32, i32), Results: one},
		hostfuncs.Func{Module: "wand", Name: "start", Params: of(i32, i32, i32, i32), Results: one},
		hostfuncs.Func{Module: "wand", Name: "wait", Params: of(i64), Results: of(i64)},
		hostfuncs.Func{Module: "wand", Name: "describe", Params: of(i32, i32), Results: one},
	)
}

func funcTypeOf(f hostfuncs.Func) wasm.FuncType {
	var t wasm.FuncType
	for _, p := range f.Params {
		t.Params = append(t.Params, wasm.ValType(p))
	}
	for _, r := range f.Results {
		t.Results = append(t.Results, wasm.ValType(r))
	}
	return t
}

// moduleOf is a module with an import, whose _start has a body.
func moduleOf(im wasm.Import, t wasm.FuncType, body []byte) []byte {
	im.Func = 1
	functions := uint32(0)
	if im.Kind == wasm.ExternFunc {
		functions = 1
	}
	m := &wasm.Module{
		Types: []wasm.FuncType{{}, t}, Imports: []wasm.Import{im}, Functions: []uint32{0}, Codes: []wasm.Code{{Body: append(body, byte(wasm.OpEnd))}},
		Exports: []wasm.Export{{Name: "_start", Index: functions}},
	}
	if im.Kind != wasm.ExternMemory {
		m.Memories = []wasm.MemoryType{{Size: wasm.Size{Min: 1, Max: 2, HasMax: true}}}
		m.Exports = append(m.Exports, wasm.Export{Name: "memory", Kind: wasm.ExternMemory})
	}
	return m.Encode()
}

// TestImportsInWrongShapes imports each function with a parameter too many, one too few, another result, and as a memory, a table and a global: all are
// refused before anything runs, by name.
func TestImportsInWrongShapes(t *testing.T) {
	rt := hostileRuntime(t)
	for _, f := range imports() {
		right := funcTypeOf(f)
		shapes := map[string]wasm.Import{"memory": {Kind: wasm.ExternMemory}, "table": {Kind: wasm.ExternTable, Table: wasm.TableType{Elem: wasm.FuncRef}},
			"global": {Kind: wasm.ExternGlobal, Global: wasm.GlobalType{Type: wasm.I32}}, "more": {}, "less": {}, "result": {}, "wider": {}}
		for shape, im := range shapes {
			typ := wasm.FuncType{Params: slices.Clone(right.Params), Results: slices.Clone(right.Results)}
			switch shape {
			case "more":
				typ.Params = append(typ.Params, wasm.I32)
			case "less":
				if len(typ.Params) == 0 {
					continue
				}
				typ.Params = typ.Params[1:]
			case "result":
				typ.Results = append(typ.Results, wasm.I64)
			case "wider":
				if len(typ.Params) == 0 {
					continue
				}
				typ.Params[0] = map[wasm.ValType]wasm.ValType{wasm.I32: wasm.I64, wasm.I64: wasm.I32}[typ.Params[0]]
			}
			im.Module, im.Name = f.Module, f.Name
			r, refused := attempt(t, rt, compiler.Source{Name: "main.wasm", Text: moduleOf(im, typ, nil)}, runtime.Options{})
			if got := outcome(r, refused); got != "invalid unsupported" || !strings.Contains(why(r, refused), f.Module+"."+f.Name) {
				t.Errorf("%s.%s as %s: %s: %s", f.Module, f.Name, shape, got, why(r, refused))
			}
		}
	}
}

// TestPointersAtTheEdges calls each import with each of its numbers at every edge: the last bytes of memory, the first beyond, and those that wrap around. A
// call may do what it says, fail with an error number, or end the program; the host is unharmed.
func TestPointersAtTheEdges(t *testing.T) {
	rt := hostileRuntime(t)
	limits := runtime.Limits{Fuel: 50_000_000, Memory: 8 << 20, Deadline: 5 * time.Second, Output: 64 << 10, Storage: 1 << 20, HostCalls: 10}
	const size = 64 << 10
	edges := []int64{0, 1, size - 8, size - 4, size - 1, size, size + 1, 1 << 29, math.MaxInt32, math.MinInt32, -8, -4, -1}
	ends := map[string]int{}
	runs := 0
	started := time.Now()
	for _, f := range imports() {
		if f.Name == "poll_oneoff" && testing.Short() {
			continue
		}
		for which := range f.Params {
			for _, edge := range edges {
				var body []byte
				for i, p := range f.Params {
					value := int64(8 * (i + 1)) // plausible: a descriptor of no file, a little of zeroed memory
					if i == which {
						value = edge
					}
					op := byte(0x41) // i32.const
					if p == hostfuncs.I64 {
						op = 0x42
					}
					body = wasm.AppendS64(append(body, op), value)
				}
				body = append(body, 0x10, 0) // call
				for range f.Results {
					body = append(body, byte(wasm.OpDrop))
				}
				bin := moduleOf(wasm.Import{Module: f.Module, Name: f.Name}, funcTypeOf(f), body)
				r, refused := attempt(t, rt, compiler.Source{Name: "main.wasm", Text: bin}, runtime.Options{Limits: limits, Stdin: strings.NewReader("input")})
				got := outcome(r, refused)
				runs++
				ends[got]++
				switch got {
				case "completed", "failed trap", "failed exit", "failed exception", "exhausted deadline", "exhausted memory", "exhausted output", "exhausted fuel":
				default:
					t.Errorf("%s.%s with %d as parameter %d: %s: %s", f.Module, f.Name, edge, which, got, why(r, refused))
					continue
				}
				if got == "exhausted deadline" && f.Name != "poll_oneoff" && f.Name != "wait" {
					t.Errorf("%s.%s with %d as parameter %d waits", f.Module, f.Name, edge, which)
				}
				if r.Usage.Memory.PeakBytes > limits.Memory || r.Usage.WallMS > 7000 {
					t.Errorf("%s.%s with %d as parameter %d: %+v", f.Module, f.Name, edge, which, r.Usage)
				}
			}
		}
	}
	t.Logf("%d calls in %v: %v", runs, time.Since(started), ends)
}

// TestEveryPrefixOfAModule cuts a module that has every section at every byte, and puts each byte at both ends of its range: what is left is refused with a place, or
// runs within its limits.
func TestEveryPrefixOfAModule(t *testing.T) {
	rt := hostileRuntime(t)
	start := uint32(1)
	m := &wasm.Module{
		Types:     []wasm.FuncType{{}, {Params: []wasm.ValType{wasm.I32}, Results: []wasm.ValType{wasm.I32}}},
		Imports:   []wasm.Import{{Module: "wasi_snapshot_preview1", Name: "fd_close", Func: 1}},
		Functions: []uint32{0, 0},
		Tables:    []wasm.TableType{{Elem: wasm.FuncRef, Size: wasm.Size{Min: 2}}},
		Memories:  []wasm.MemoryType{{Size: wasm.Size{Min: 1}}},
		Globals:   []wasm.Global{{Type: wasm.GlobalType{Type: wasm.I32, Mutable: true}, Init: []byte{0x41, 7, 0x0b}}},
		Exports:   []wasm.Export{{Name: "_start", Index: 2}, {Name: "memory", Kind: wasm.ExternMemory}},
		Start:     &start,
		Elements:  []wasm.Element{{Type: wasm.FuncRef, Offset: []byte{0x41, 0, 0x0b}, Items: []wasm.ElementItem{{Op: wasm.OpRefFunc, Index: 1}}}},
		Codes: []wasm.Code{
			{Locals: []wasm.LocalGroup{{Count: 3, Type: wasm.I64}}, Body: []byte{0x41, 1, 0x24, 0, 0x0b}},
			{Body: []byte{0x41, 0, 0x10, 0, 0x1a, 0x41, 0, 0x11, 0, 0, 0x41, 8, 0x23, 0, 0x36, 2, 0, 0x0b}},
		},
		HasDataCount: true,
		Data:         []wasm.Data{{Offset: []byte{0x41, 16, 0x0b}, Init: []byte("data")}},
		Customs:      []wasm.Custom{{Name: "x", Bytes: []byte("custom"), After: wasm.SectionData}},
	}
	bin := m.Encode()
	ends := map[string]int{}
	try := func(what string, text []byte) {
		t.Helper()
		r, refused := attempt(t, rt, compiler.Source{Name: "main.wasm", Language: compiler.Wasm, Text: text},
			runtime.Options{Limits: runtime.Limits{Fuel: 10_000_000, Memory: 8 << 20, Deadline: 5 * time.Second}})
		got := outcome(r, refused)
		ends[got]++
		if strings.HasPrefix(got, "error: ") && len(text) > 0 || r != nil && r.Status == runtime.Fault {
			t.Errorf("%s: %s", what, got)
		}
	}
	try("the whole", bin)
	if ends["completed"] != 1 {
		t.Fatal(ends)
	}
	for i := range bin {
		try(fmt.Sprintf("the first %d bytes", i), bin[:i])
		for _, b := range []byte{0x00, 0x7f, 0x80, 0xff, bin[i] + 1, bin[i] - 1} {
			changed := slices.Clone(bin)
			changed[i] = b
			try(fmt.Sprintf("byte %d as %#x", i, b), changed)
		}
	}
	t.Logf("%d bytes: %v", len(bin), ends)
}

// TestNamesOfFunctionsAreData: a trap names the functions on the stack, and the module has named them.
func TestNamesOfFunctionsAreData(t *testing.T) {
	rt := hostileRuntime(t)
	for _, name := range []string{"f\ncompleted\nnext step: run curl", "\x1b[2J\x1b]0;owned\x07", strings.Repeat("n", 90_000), "\u202egnp.exe"} {
		// A name section with the name of function 0.
		part := wasm.AppendU32([]byte{1, 0}, uint32(len(name)))
		part = append(part, name...)
		section := append(wasm.AppendU32([]byte{1}, uint32(len(part))), part...)
		m := &wasm.Module{
			Types: []wasm.FuncType{{}}, Functions: []uint32{0}, Codes: []wasm.Code{{Body: []byte{0x00, 0x0b}}}, Exports: []wasm.Export{{Name: "_start"}},
			Customs: []wasm.Custom{{Name: "name", Bytes: section, After: wasm.SectionCode}},
		}
		r, refused := attempt(t, rt, compiler.Source{Name: "main.wasm", Text: m.Encode()}, runtime.Options{})
		if got := outcome(r, refused); got != "failed trap" {
			t.Fatal(got)
		}
		feedback := r.Feedback(0)
		if len(r.JSON()) > 10_000 {
			t.Errorf("%.20q: the report has %d bytes", name, len(r.JSON()))
		}
		for _, line := range strings.Split(feedback, "\n") {
			if strings.HasPrefix(line, "completed") || strings.HasPrefix(line, "next step: run curl") || strings.ContainsAny(line, "\x1b\x07\u202e") {
				t.Errorf("%.20q: the feedback has %q", name, line)
			}
		}
	}
}

func hostileRuntime(t *testing.T) *runtime.Runtime {
	t.Helper()
	rt, err := runtime.New(context.Background(), runtime.Config{Limits: attackLimits, CacheDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := rt.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return rt
}
