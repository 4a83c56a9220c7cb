package enginetest

import (
	"context"
	"fmt"
	"testing"

	"wand/compiler/meter"
	"wand/compiler/wasm"
	"wand/runtime/engine"
)

// branchesOnAndGoRight: a metered module branches as WebAssembly says on the comparison of an `and` with 0. wazero's compiler (1.12.0) alone does not
// (wand/compiler/meter: origin). The smallest module that shows it, found in the one of seed 30202, is
//
//	(func (export "run") (result i32)
//	  (if (result i32) (i32.ge_s (i32.const 0) (i32.and (i32.const 1) (i32.const 1)))
//	    (then (i32.const 1)) (else (i32.const 0))))
//
// which returns 1 there, and 0 elsewhere. Here are all ordering comparisons, in both orders, with the operands made in all ways that the compiler looks through.
func branchesOnAndGoRight(t *testing.T, e engine.Engine) {
	const x, y, none, masked, counted, wide, wideNone, wideMasked = 0, 1, 2, 3, 4, 5, 6, 7 // locals; x and y are parameters, none and wideNone stay 0
	get := func(local byte) []byte { return []byte{0x20, local} }
	join := func(parts ...[]byte) (all []byte) {
		for _, p := range parts {
			all = append(all, p...)
		}
		return all
	}
	and32 := []byte{0x20, x, 0x20, y, 0x71}
	and64 := []byte{0x20, x, 0xac, 0x20, y, 0xac, 0x83}
	// Each way is for i32 and i64; first what stands before both operands, then the operand.
	type way struct{ before, operand [2][]byte }
	plain := func(i32, i64 []byte) way { return way{operand: [2][]byte{i32, i64}} }
	zeros := []way{
		plain([]byte{0x41, 0}, []byte{0x42, 0}),
		plain(get(none), get(wideNone)),
		plain([]byte{0x41, 0, 0x41, 32, 0x74}, []byte{0x42, 0, 0x42, 0xc0, 0, 0x88}), // shifted by the width
		plain([]byte{0x41, 0, 0x22, counted}, []byte{0x42, 0, 0x22, wide}),
		plain([]byte{0x02, 0x7f, 0x41, 0, 0x0b}, []byte{0x02, 0x7e, 0x42, 0, 0x0b}),          // of a block
		{[2][]byte{{0x41, 0, 0x24, 0}, {0x42, 0, 0x24, 1}}, [2][]byte{{0x23, 0}, {0x23, 1}}}, // of a global
	}
	masks := []way{
		plain(and32, and64),
		plain(join(and32, []byte{0x01}), join(and64, []byte{0x20, x, 0x1a})),                                                            // nop; drop of something else
		plain(join(and32, []byte{0x41, 0, 0x75}), join(and64, []byte{0x42, 0, 0x86})),                                                   // shifted by nothing
		plain(join(and32, []byte{0x20, none, 0x76}), join(and64, []byte{0x20, wideNone, 0x87})),                                         // by a local
		plain(join(and32, []byte{0x22, masked}), join(and64, []byte{0x22, wideMasked})),                                                 // tee
		{[2][]byte{join(and32, []byte{0x21, masked}), join(and64, []byte{0x21, wideMasked})}, [2][]byte{get(masked), get(wideMasked)}},  // set before
		plain(join(and32, []byte{0xfd, 0x11, 0xfd, 0x1b, 0, 0x1a}, and32), join(and64, []byte{0xfd, 0x12, 0xfd, 0x1d, 0, 0x1a}, and64)), // after SIMD
	}

	m := &wasm.Module{
		Types: []wasm.FuncType{{Params: []wasm.ValType{wasm.I32, wasm.I32}, Results: []wasm.ValType{wasm.I64}}},
		Globals: []wasm.Global{
			{Type: wasm.GlobalType{Type: wasm.I32, Mutable: true}, Init: []byte{0x41, 0, 0x0b}},
			{Type: wasm.GlobalType{Type: wasm.I64, Mutable: true}, Init: []byte{0x42, 0, 0x0b}},
		},
	}
	const result = 8
	var reversed []bool
	for _, zero := range zeros {
		for _, mask := range masks {
			for kind := range 4 {
				first, second := zero, mask
				if kind%2 == 1 {
					first, second = mask, zero
				}
				var body []byte
				for bit := range 16 {
					width := bit / 8
					op := [2]byte{0x48, 0x53}[width] + byte(bit%8)
					condition := join(first.before[width], second.before[width], first.operand[width], second.operand[width], []byte{op})
					note := join(get(result), wasm.AppendS64([]byte{0x42}, 1<<bit), []byte{0x84, 0x21, result})
					if kind < 2 {
						body = join(body, condition, []byte{0x04, 0x40}, note, []byte{0x0b})
					} else {
						body = join(body, []byte{0x02, 0x40, 0x02, 0x40}, condition, []byte{0x0d, 0, 0x0c, 1, 0x0b}, note, []byte{0x0b})
					}
				}
				m.Exports = append(m.Exports, wasm.Export{Name: fmt.Sprintf("f%d", len(m.Functions)), Index: uint32(len(m.Functions))})
				m.Functions = append(m.Functions, 0)
				m.Codes = append(m.Codes, wasm.Code{
					Locals: []wasm.LocalGroup{{Count: 3, Type: wasm.I32}, {Count: 4, Type: wasm.I64}},
					Body:   append(body, 0x20, result, 0x0b),
				})
				reversed = append(reversed, kind%2 == 1)
			}
		}
	}
	decoded, err := wasm.Decode(m.Encode(), wasm.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	metered, err := meter.Rewrite(decoded, meter.Options{})
	if err != nil {
		t.Fatal(err)
	}
	code, err := e.Compile(context.Background(), metered.Base(), meterHost(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer code.Close(context.Background())
	i, err := code.Instantiate(context.Background(), engine.InstanceConfig{MaxMemory: engine.PageSize})
	if err != nil {
		t.Fatal(err)
	}
	defer i.Close(context.Background())
	for f := range m.Functions {
		for _, arguments := range [][2]int32{{1, 2}, {3, 1}, {-8, -3}} { // their and: 0, 1, -8
			ctx := context.WithValue(context.Background(), accountKey{}, &account{limit: 1 << 20, slice: 1 << 20})
			stack := []uint64{uint64(uint32(arguments[0])), uint64(uint32(arguments[1]))}
			if err := i.Call(ctx, fmt.Sprintf("f%d", f), stack); err != nil {
				t.Fatal(err)
			}
			left, right := int64(0), int64(arguments[0]&arguments[1])
			if reversed[f] {
				left, right = right, left
			}
			if want := comparisons(left, right); stack[0] != want {
				t.Errorf("function %d, %#x of %v: the comparisons that held are %016b, want %016b", f, left, arguments, stack[0], want)
			}
		}
	}
}

// comparisons is a bit for each of lt_s, lt_u, gt_s, gt_u, le_s, le_u, ge_s, ge_u, first of i32, then of i64: both are the same for numbers of 32 bits.
func comparisons(a, b int64) (bits uint64) {
	for n, holds := range []bool{a < b, uint64(a) < uint64(b), a > b, uint64(a) > uint64(b), a <= b, uint64(a) <= uint64(b), a >= b, uint64(a) >= uint64(b)} {
		if holds {
			bits |= 0x101 << n
		}
	}
	return bits
}
