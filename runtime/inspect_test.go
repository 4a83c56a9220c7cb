package runtime_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"wand/compiler"
	"wand/compiler/wasm"
	"wand/modules"
	"wand/runtime"
)

func TestInspectAGuest(t *testing.T) {
	needGuests(t)
	g, err := modules.Find("javascript")
	if err != nil {
		t.Fatal(err)
	}
	bin, err := g.Wasm()
	if err != nil {
		t.Fatal(err)
	}
	i, err := runtime.Inspect(bin)
	if err != nil {
		t.Fatal(err)
	}
	if i.Kind != "guest" || len(i.Refused) > 0 || i.Metered == nil || i.Metered.Snapshot != "" || i.Metered.Charges == 0 || i.Memory == nil || i.Functions == 0 {
		t.Errorf("%+v", i)
	}
	sum := 8
	for _, s := range i.Sections {
		sum += s.Bytes
	}
	if sum != i.Bytes || i.Bytes != len(bin) {
		t.Errorf("the sections have %d bytes of %d", sum, i.Bytes)
	}
}

// TestImportsAreRefusedByName: by wand inspect and before anything runs.
func TestImportsAreRefusedByName(t *testing.T) {
	needGuests(t)
	module := func(imports ...wasm.Import) []byte {
		return (&wasm.Module{Types: []wasm.FuncType{{}, {Params: []wasm.ValType{wasm.I32}}}, Imports: imports, Functions: []uint32{0},
			Exports: []wasm.Export{{Name: "_start", Index: uint32(len(imports))}}, Codes: []wasm.Code{{Body: []byte{0x0b}}}}).Encode()
	}
	for _, c := range []struct {
		imports []wasm.Import
		want    string
	}{
		{[]wasm.Import{{Module: "mail", Name: "send"}}, "mail.send: nothing grants it; functions of the host are tools"},
		{[]wasm.Import{{Module: "wasi_snapshot_preview1", Name: "sock_open"}}, "there are no sockets"},
		{[]wasm.Import{{Module: "wasi_snapshot_preview1", Name: "proc_exit"}}, "it has another type here: (i32) -> ()"},
		{[]wasm.Import{{Module: "wasi:cli/run@0.2.0", Name: "run"}}, "only WASI preview 1 is provided"},
		{[]wasm.Import{{Module: "env", Name: "__cxa_throw"}}, "the toolchain left it to the host"},
		{[]wasm.Import{{Module: "wand", Name: "fly"}}, "the guest ABI has no such function"},
		{[]wasm.Import{{Module: "a", Name: "b"}, {Module: "a", Name: "c"}, {Module: "a", Name: "d"}, {Module: "a", Name: "e"}}, "and 1 more"},
	} {
		bin := module(c.imports...)
		m, _, err := compiler.Compile(context.Background(), compiler.Source{Text: bin})
		if err != nil {
			t.Fatal(err)
		}
		r, err := sharedRuntime(t).Run(context.Background(), m, runtime.Options{})
		if err != nil || r.Status != runtime.Invalid || !strings.Contains(r.Error.Message, c.want) {
			t.Errorf("%v: %v, expected %q", r, err, c.want)
		}
		i, err := runtime.Inspect(bin)
		if err != nil || len(i.Refused) != len(c.imports) || len(c.imports) == 1 && !strings.Contains(i.Refused[0], c.want) {
			t.Errorf("%v: %v, expected %q", i.Refused, err, c.want)
		}
	}
	if i, err := runtime.Inspect(module(wasm.Import{Module: "wasi_snapshot_preview1", Name: "proc_exit", Func: 1})); err != nil || len(i.Refused) > 0 || i.Kind != "command" {
		t.Error(i, err)
	}
}

func TestInspectFeatures(t *testing.T) {
	bin := (&wasm.Module{
		Types: []wasm.FuncType{{}, {Results: []wasm.ValType{wasm.I32, wasm.I32}}}, Functions: []uint32{0},
		Memories: []wasm.MemoryType{{Size: wasm.Size{Min: 1}}}, Data: []wasm.Data{{Mode: wasm.Passive, Init: []byte("x")}}, HasDataCount: true,
		Codes: []wasm.Code{{Body: []byte{0x41, 0, 0xc0, 0x1a, 0x43, 0, 0, 0, 0, 0xfc, 0, 0x1a, 0x12, 0, 0x0b}}},
	}).Encode()
	i, err := runtime.Inspect(bin)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"bulk-memory", "multi-value", "nontrapping-fptoint", "sign-extension", "tail-call"}; !slices.Equal(i.Features, want) {
		t.Errorf("%v, expected %v", i.Features, want)
	}
	if i.Memory.MaxBytes != 4<<30 || i.DataBytes != 1 {
		t.Errorf("%+v", i)
	}
	if _, err := runtime.Inspect([]byte("\x00asm\x0d\x00\x01\x00")); err == nil || !strings.Contains(err.Error(), "component-model") {
		t.Error(err)
	}
}
