package meter_test

import (
	"testing"

	"wand/compiler/meter"
	"wand/compiler/wasm"
)

// TestComparisonsAreKeptApart looks at where the rewrite puts an `or`: enginetest runs such comparisons on every engine.
func TestComparisonsAreKeptApart(t *testing.T) {
	const and = "local.get 0 local.get 1 i32.and " // local 2 is not set
	for _, c := range []struct {
		body  string
		apart int
	}{
		{"i32.const 0 " + and + "i32.ge_s", 1},
		{"i32.const 0 " + and + "i32.lt_u", 1},
		{and + "i32.const 0 i32.lt_u", 1}, // for arm64
		{and + "i32.const 0 i32.lt_s", 0},
		{"i32.const 0 " + and + "i32.eq", 0},
		{"i32.const 1 " + and + "i32.ge_s", 0},
		{"local.get 0 i32.const 1 i32.add " + and + "i32.ge_s", 0},
		{"local.get 2 " + and + "i32.ge_s", 1},
		{"i32.const 5 local.tee 2 " + and + "i32.ge_s", 0},
		{"global.get 0 " + and + "i32.ge_s", 1},
		{and + "local.set 2 i32.const 0 local.get 2 i32.ge_s", 1},
		{and + "local.set 2 block end i32.const 0 local.get 2 i32.ge_s", 0}, // in another basic block
		{and + "local.set 2 local.get 0 i32.const 0 i32.store i32.const 0 local.get 2 i32.ge_s", 0},
		{"i32.const 0 " + and + "i32.const 32 i32.shl i32.ge_s", 1},
		{"i32.const 0 " + and + "i32.const 1 i32.shl i32.ge_s", 0},
		{"i32.const 0 " + and + "nop i32.ge_s", 1},
		{"i32.const 0 " + and + "local.get 0 drop i32.ge_s", 1},
		{"i32.const 0 " + and + "local.get 0 memory.grow drop i32.ge_s", 1}, // not followed: taken for anything
	} {
		bin := module([]fn{{export: "f", params: "i32 i32", results: "i32", locals: "i32", body: c.body}}, withMemory(1, 1), func(m *wasm.Module) {
			m.Globals = []wasm.Global{{Type: wasm.GlobalType{Type: wasm.I32, Mutable: true}, Init: []byte{0x41, 0, 0x0b}}}
		})
		m, err := wasm.Decode(bin, wasm.Limits{})
		if err != nil {
			t.Fatalf("%s: %v", c.body, err)
		}
		metered, err := meter.Rewrite(m, meter.Options{})
		if err != nil {
			t.Fatal(err)
		}
		out, err := wasm.Decode(metered.Base(), wasm.Limits{})
		if err != nil {
			t.Fatalf("%s: %v", c.body, err)
		}
		ors := 0
		var in wasm.Instr
		for it := wasm.NewIterator(out.Codes[0].Body, 0); it.Next(&in); {
			if in.Op == wasm.OpI32Or {
				ors++
			}
		}
		if ors != c.apart {
			t.Errorf("%s: %d times kept apart, want %d", c.body, ors, c.apart)
		}
	}
}
