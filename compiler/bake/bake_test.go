package bake_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
	"github.com/tetratelabs/wazero/sys"

	"wand/compiler/bake"
	"wand/compiler/wasm"
)

const (
	call, end, drop  = 0x10, 0x0b, 0x1a
	i32const, store  = 0x41, 0x36
	ref, indirect    = 0xd2, 0x11
	wasi, wandModule = "wasi_snapshot_preview1", "wand"
)

func param(types ...wasm.ValType) []wasm.ValType { return types }

// command is a module with a memory whose _start is body, after imports with these names; types are those of the imports, then that of _start.
func command(body []byte, imports ...wasm.Import) *wasm.Module {
	m := &wasm.Module{Imports: imports, Memories: []wasm.MemoryType{{Size: wasm.Size{Min: 1}}}}
	for i := range m.Imports {
		m.Types = append(m.Types, typeOf(m.Imports[i].Name))
		m.Imports[i].Func = uint32(i)
	}
	m.Types = append(m.Types, wasm.FuncType{})
	m.Functions = []uint32{uint32(len(imports))}
	m.Codes = []wasm.Code{{Locals: []wasm.LocalGroup{{Count: 4, Type: wasm.I32}, {Count: 2, Type: wasm.I64}}, Body: append(body, end)}}
	m.Exports = []wasm.Export{{Name: "_start", Index: uint32(len(imports))}, {Name: "memory", Kind: wasm.ExternMemory}, {Name: "other", Index: uint32(len(imports))}}
	return m
}

func typeOf(name string) wasm.FuncType {
	i32, i64 := wasm.I32, wasm.I64
	switch name {
	case "proc_exit":
		return wasm.FuncType{Params: param(i32)}
	case "fd_write", "call", "start":
		return wasm.FuncType{Params: param(i32, i32, i32, i32), Results: param(i32)}
	case "take", "describe", "trace":
		return wasm.FuncType{Params: param(i32, i32), Results: param(i32)}
	case "respond", "cover":
		return wasm.FuncType{Params: param(i32, i32)}
	case "wait":
		return wasm.FuncType{Params: param(i64), Results: param(i64)}
	case "input":
		return wasm.FuncType{Results: param(i32)}
	}
	return wasm.FuncType{}
}

func decoded(t *testing.T, m *wasm.Module) *wasm.Module {
	t.Helper()
	d, err := wasm.Decode(m.Encode(), wasm.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// start runs a module in wazero as it comes and returns its exit code, standard error and the beginning of its memory.
func start(t *testing.T, bin []byte) (code uint32, stderr string, memory []byte) {
	t.Helper()
	ctx := context.Background()
	rt := wazero.NewRuntime(ctx)
	defer rt.Close(ctx)
	wasi_snapshot_preview1.MustInstantiate(ctx, rt)
	var text bytes.Buffer
	m, err := rt.InstantiateWithConfig(ctx, bin, wazero.NewModuleConfig().WithStderr(&text).WithStartFunctions())
	if err != nil {
		t.Fatal(err)
	}
	_, err = m.ExportedFunction("_start").Call(ctx)
	var exit *sys.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if exit != nil {
		code = exit.ExitCode()
	} else if m.Memory() != nil {
		memory, _ = m.Memory().Read(0, 1024)
	}
	return code, text.String(), slices.Clone(memory)
}

// TestToolsAnswer: what only wand has is answered inside, so that a program finds that there are no tools rather than no program.
func TestToolsAnswer(t *testing.T) {
	names := []string{"call", "take", "describe", "start", "wait", "trace", "input", "respond", "cover"}
	var imports []wasm.Import
	for _, name := range names {
		imports = append(imports, wasm.Import{Module: wandModule, Name: name})
	}
	number := func(n int) byte { return byte(n) }
	var body []byte
	add := func(b ...byte) { body = append(body, b...) }
	four := []byte{i32const, 0, i32const, 0, i32const, 0, i32const, 0}
	keep := func(at int, what ...byte) { // memory[at] = what
		add(i32const, number(at))
		add(what...)
		add(store, 2, 0)
	}
	keep(0, append(four, call, 0)...)                                         // call -> length
	keep(4, i32const, 0xc0, 0, i32const, 20, call, 1)                         // take(64, 20)
	keep(8, i32const, 0, i32const, 0, call, 1)                                // take again: nothing is left
	keep(12, i32const, 0, i32const, 0, call, 2)                               // describe -> length
	keep(16, i32const, 0x80, 1, i32const, 0xe4, 0, call, 1)                   // take(128, 100)
	keep(20, append(four, call, 3)...)                                        // start -> 1
	keep(24, append(four, call, 3)...)                                        // start -> 2
	keep(28, 0x42, 0x7f, call, 4, 0x42, 32, 0x88, 0xa7)                       // wait >> 32 -> 1
	keep(32, 0x42, 0x7f, call, 4, 0xa7)                                       // wait -> its length
	keep(36, i32const, 0x80, 2, i32const, 0x80, 0x80, 1, call, 1)             // take(256, more than there is)
	keep(40, 0x42, 0x7f, call, 4, 0xa7)                                       // wait: none is under way
	keep(44, i32const, 0, i32const, 0, call, 5)                               // trace -> 0
	keep(48, call, 6)                                                         // input -> 0
	add(i32const, 0, i32const, 0, call, 7, i32const, 0, i32const, 0, call, 8) // respond, cover
	built, err := bake.Standalone(decoded(t, command(body, imports...)), bake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	if len(built.Imports) != 0 || !slices.Equal(built.Answered, names) {
		t.Fatalf("imports %v, answered %v", built.Imports, built.Answered)
	}
	_, _, memory := start(t, built.Wasm)
	at := func(i int) int32 {
		return int32(uint32(memory[i]) | uint32(memory[i+1])<<8 | uint32(memory[i+2])<<16 | uint32(memory[i+3])<<24)
	}
	length := at(0)
	if text := string(memory[64:84]); at(4) != 20 || text != `{"error": {"type": "` {
		t.Errorf("call gave %d bytes: %q", at(4), text)
	}
	if text := string(memory[128:141]); at(12) != 13 || at(16) != 13 || text != `{"tools": []}` {
		t.Errorf("describe gave %d and %d bytes: %q", at(12), at(16), text)
	}
	if at(8) != 0 || at(20) != 1 || at(24) != 2 || at(28) != 1 || at(32) != length || at(36) != length || at(40) != -1 || at(44) != 0 || at(48) != 0 {
		t.Errorf("memory begins with %v", memory[:52])
	}
	if text := string(memory[256 : 256+length]); !strings.HasPrefix(text, `{"error"`) || !strings.HasSuffix(text, "}}") {
		t.Errorf("the result of a started call is %q", text)
	}
}

// TestUnreachable: what nothing can call goes, imports included; what a table holds stays when something calls its type.
func TestUnreachable(t *testing.T) {
	m := command([]byte{i32const, 0, indirect, 2, 0, drop}, wasm.Import{Module: wasi, Name: "proc_exit"}, wasm.Import{Module: wasi, Name: "fd_write"})
	// Types: 0 proc_exit, 1 fd_write, 2 () -> i32 of what is called through the table, 3 _start, 4 the same as 2, 5 of what is never called.
	m.Types = []wasm.FuncType{m.Types[0], m.Types[1], {Results: param(wasm.I32)}, {}, {Results: param(wasm.I32)}, {Results: param(wasm.I64)}}
	m.Functions = []uint32{3, 4, 5, 3}
	m.Codes = append(m.Codes, wasm.Code{Body: []byte{i32const, 7, call, 0, i32const, 1, end}}, // exits with 7
		wasm.Code{Body: []byte{i32const, 1, i32const, 1, i32const, 1, i32const, 1, call, 1, drop, 0x42, 1, end}}, wasm.Code{Body: []byte{end}})
	m.Tables = []wasm.TableType{{Elem: wasm.FuncRef, Size: wasm.Size{Min: 2}}}
	m.Elements = []wasm.Element{{Type: wasm.FuncRef, Offset: []byte{i32const, 0, end}, Items: []wasm.ElementItem{{Op: ref, Index: 3}, {Op: ref, Index: 4}}}}
	m.Customs = []wasm.Custom{{Name: "producers", Bytes: []byte{0}, After: wasm.SectionData}}
	m.Exports[0].Index, m.Exports[2].Index = 2, 5
	built, err := bake.Standalone(decoded(t, m), bake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	// _start, what it calls, and one that traps in place of what nothing calls.
	if built.Functions != 3 || built.Dropped != 2 || !slices.Equal(built.Imports, []string{"proc_exit"}) {
		t.Errorf("%d functions, %d dropped, imports %v", built.Functions, built.Dropped, built.Imports)
	}
	out, err := wasm.Decode(built.Wasm, wasm.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Exports) != 2 || len(out.Customs) != 0 {
		t.Errorf("exports %v, %d custom sections", out.Exports, len(out.Customs))
	}
	if code, _, _ := start(t, built.Wasm); code != 7 {
		t.Errorf("exit code %d, want 7", code)
	}
}

// TestBudget: the fuel that is built in ends a loop, an exit and a return alike, whatever the module imports itself.
func TestBudget(t *testing.T) {
	exit := wasm.Import{Module: wasi, Name: "proc_exit"}
	loop := []byte{0x03, 0x40, 0x0c, 0, end}
	many := bytes.Repeat([]byte{i32const, 1, drop}, 100)
	for _, c := range []struct {
		name    string
		body    []byte
		imports []wasm.Import
		fuel    int64
		code    uint32
	}{
		{"endless", loop, nil, 1000, 4},
		{"endless with an import", loop, []wasm.Import{exit}, 1000, 4},
		{"more than there is", many, nil, 50, 4},
		{"exit with more than there is", append(slices.Clone(many), i32const, 9, call, 0), []wasm.Import{exit}, 50, 4},
		{"enough", many, nil, 1000, 0},
		{"exit with enough", append(slices.Clone(many), i32const, 9, call, 0), []wasm.Import{exit}, 1000, 9},
	} {
		built, err := bake.Standalone(decoded(t, command(c.body, c.imports...)), bake.Options{Fuel: c.fuel})
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		code, stderr, _ := start(t, built.Wasm)
		if code != c.code || (c.code == 4) != strings.Contains(stderr, "fuel limit") {
			t.Errorf("%s: exit code %d, want %d; standard error %q", c.name, code, c.code, stderr)
		}
	}
	// Recursion without end is stopped by depth.
	m := command([]byte{call, 0})
	built, err := bake.Standalone(decoded(t, m), bake.Options{Fuel: 1 << 40, MaxCallDepth: 1000})
	if err != nil {
		t.Fatal(err)
	}
	if code, stderr, _ := start(t, built.Wasm); code != 4 || !strings.Contains(stderr, "call depth") {
		t.Errorf("recursion: exit code %d, standard error %q", code, stderr)
	}
	// Without a memory there is nothing to write from.
	m = command(loop)
	m.Memories, m.Exports = nil, m.Exports[:1]
	if built, err = bake.Standalone(decoded(t, m), bake.Options{Fuel: 1000}); err != nil {
		t.Fatal(err)
	}
	if code, stderr, _ := start(t, built.Wasm); code != 4 || stderr != "" {
		t.Errorf("without memory: exit code %d, standard error %q", code, stderr)
	}
}

// TestRefused: each is refused with its reason.
func TestRefused(t *testing.T) {
	for _, c := range []struct {
		name, want string
		module     *wasm.Module
	}{
		{"nothing to start", "neither _start nor _initialize", &wasm.Module{}},
		{"an import of nobody", `imports "f" from "env"`, command(nil, wasm.Import{Module: "env", Name: "f"})},
		{"an import that WASI has not", `imports "fd_dream"`, command(nil, wasm.Import{Module: wasi, Name: "fd_dream"})},
		{"an import that wand has not", `imports "fly" from "wand"`, command(nil, wasm.Import{Module: wandModule, Name: "fly"})},
		{"an imported memory", `imports "memory"`, &wasm.Module{Imports: []wasm.Import{{Module: "wand", Name: "memory", Kind: wasm.ExternMemory, Memory: wasm.MemoryType{Size: wasm.Size{Min: 1}}}},
			Types: []wasm.FuncType{{}}, Functions: []uint32{0}, Codes: []wasm.Code{{Body: []byte{end}}}, Exports: []wasm.Export{{Name: "_start"}}}},
	} {
		_, err := bake.Standalone(decoded(t, c.module), bake.Options{})
		if !errors.Is(err, bake.ErrUnsupported) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q", c.name, err, c.want)
		}
	}
	m := command(nil, wasm.Import{Module: wandModule, Name: "call"})
	m.Types[0] = wasm.FuncType{}
	if _, err := bake.Standalone(decoded(t, m), bake.Options{}); !errors.Is(err, bake.ErrUnsupported) || !strings.Contains(err.Error(), "type of its own") {
		t.Errorf("an import of another type: %v", err)
	}
	if _, err := bake.Standalone(decoded(t, command(nil)), bake.Options{Entry: "main"}); !errors.Is(err, bake.ErrUnsupported) {
		t.Errorf("another entry: %v", err)
	}
}

// TestFreezeRefuses: a state that memory and globals do not hold, and one of another module.
func TestFreezeRefuses(t *testing.T) {
	page := make([]byte, 1<<16)
	for name, body := range map[string][]byte{"data.drop": {0xfc, 9, 0}, "elem.drop": {0xfc, 13, 0}, "table.set": {i32const, 0, 0xd0, 0x70, 0x26, 0}} {
		m := command(body)
		m.Data, m.HasDataCount = []wasm.Data{{Mode: wasm.Passive, Init: []byte{1}}}, true
		m.Tables = []wasm.TableType{{Elem: wasm.FuncRef, Size: wasm.Size{Min: 1}}}
		m.Elements = []wasm.Element{{Mode: wasm.Passive, Type: wasm.FuncRef, Items: []wasm.ElementItem{{Op: ref, Index: 0}}}}
		if _, err := bake.Freeze(decoded(t, m), bake.State{Memory: page}); !errors.Is(err, bake.ErrUnsupported) {
			t.Errorf("%s: %v", name, err)
		}
	}
	m := decoded(t, command(nil))
	for name, s := range map[string]bake.State{"too small": {}, "half a page": {Memory: page[:100]}} {
		if _, err := bake.Freeze(m, s); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	g := command(nil)
	g.Globals = []wasm.Global{{Type: wasm.GlobalType{Type: wasm.I64, Mutable: true}, Init: []byte{0x42, 1, end}}}
	if _, err := bake.Freeze(decoded(t, g), bake.State{Memory: page}); err == nil {
		t.Error("a state without the global's value was taken")
	}
}

// TestFreezeStack: what earlier calls left on a stack that is empty now goes; what may be data stays.
func TestFreezeStack(t *testing.T) {
	m := command(nil)
	m.Globals = []wasm.Global{{Type: wasm.GlobalType{Type: wasm.I32, Mutable: true}, Init: []byte{i32const, 0x80, 0x20, end}}} // 4096
	m.Data = []wasm.Data{{Mode: wasm.Active, Offset: []byte{i32const, 0x80, 0x20, end}, Init: []byte{1}}}
	memory := make([]byte, 1<<16)
	for i := range memory {
		memory[i] = 5
	}
	bytesOf := func(pointer uint64) (n int) {
		t.Helper()
		frozen, err := bake.Freeze(decoded(t, m), bake.State{Memory: memory, Globals: map[uint32]uint64{0: pointer}})
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range frozen.Data {
			n += len(d.Init)
		}
		return n
	}
	if n := bytesOf(4096); n != 1<<16-4096 {
		t.Errorf("an empty stack: %d bytes of data", n)
	}
	if n := bytesOf(4000); n != 1<<16 {
		t.Errorf("a stack with something on it: %d bytes of data", n)
	}
	if memory[0] != 5 {
		t.Error("Freeze changed the memory that it was given")
	}
	m.Data[0].Offset = []byte{i32const, 16, end}
	if n := bytesOf(4096); n != 1<<16 {
		t.Errorf("data below the pointer: %d bytes of data", n)
	}
}

// TestFreezeMemory: what is not zero is in data segments, few and small.
func TestFreezeMemory(t *testing.T) {
	memory := make([]byte, 2<<16)
	memory[0], memory[100], memory[101], memory[1<<16], memory[2<<16-1] = 1, 2, 3, 4, 5
	for i := 5000; i < 6000; i += 40 {
		memory[i] = 9 // near enough to be one segment
	}
	frozen, err := bake.Freeze(decoded(t, command(nil)), bake.State{Memory: memory})
	if err != nil {
		t.Fatal(err)
	}
	if frozen.Memories[0].Size.Min != 2 || len(frozen.Data) != 5 {
		t.Errorf("%d pages, %d segments", frozen.Memories[0].Size.Min, len(frozen.Data))
	}
	built, err := bake.Standalone(frozen, bake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	rt := wazero.NewRuntime(ctx)
	defer rt.Close(ctx)
	m, err := rt.Instantiate(ctx, built.Wasm)
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := m.Memory().Read(0, 2<<16); !bytes.Equal(got, memory) {
		t.Error("the memory of the frozen module is another one")
	}
}

// TestFreezeSparse: a memory with very many islands becomes few segments all the same.
func TestFreezeSparse(t *testing.T) {
	memory := make([]byte, 128<<16)
	for i := 0; i < len(memory); i += 100 {
		memory[i] = 1
	}
	frozen, err := bake.Freeze(decoded(t, command(nil)), bake.State{Memory: memory})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(frozen.Data); n > 20_000 {
		t.Errorf("%d segments", n)
	}
	at := make([]byte, len(memory))
	for _, d := range frozen.Data {
		offset := wasm.NewIterator(d.Offset, 0)
		var in wasm.Instr
		offset.Next(&in)
		copy(at[in.Value:], d.Init)
	}
	if !bytes.Equal(at, memory) {
		t.Error("the segments hold another memory")
	}
}
