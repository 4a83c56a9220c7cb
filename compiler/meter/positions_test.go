package meter_test

import (
	"slices"
	"testing"

	"wand/compiler/meter"
	"wand/compiler/wasm"
)

// stops says whether an engine may stop at an instruction: it traps, or calls what does.
func stops(op wasm.Opcode) bool {
	switch op {
	case wasm.OpUnreachable, wasm.OpCall, wasm.OpCallIndirect:
		return true
	}
	const load, store, divide32, remainder32, divide64, remainder64 = 0x28, 0x3e, 0x6d, 0x70, 0x7f, 0x82
	return op >= load && op <= store || op >= divide32 && op <= remainder32 || op >= divide64 && op <= remainder64
}

func decode(t testing.TB, bin []byte) *wasm.Module {
	t.Helper()
	m, err := wasm.Decode(bin, wasm.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestLocate: whatever may stop in the metered code is located at the instruction that it is a copy of, and all of those are found, in order.
func TestLocate(t *testing.T) {
	checked := 0
	for seed := range uint64(150) {
		bin := generate(seed)
		m := decode(t, bin)
		o := meter.Options{Positions: true}
		rewritten, err := meter.Rewrite(m, o)
		if err != nil {
			t.Fatal(err)
		}
		metered := decode(t, rewritten.Base())
		imported := len(m.Imports)
		const added = 3

		var want [][2]int // function and offset of what may stop in the original
		at := map[[2]int]wasm.Instr{}
		for i := range m.Codes {
			var in wasm.Instr
			for it := wasm.NewIterator(m.Codes[i].Body, 0); it.Next(&in); {
				place := [2]int{imported + i, m.Codes[i].Offset - m.CodeOffset + in.Start}
				if at[place] = in; stops(in.Op) {
					want = append(want, place)
				}
			}
		}
		starts := metered.CodeStarts()
		var questions, relative []meter.Position
		var asked []wasm.Instr
		for i := range metered.Codes {
			var in wasm.Instr
			c := &metered.Codes[i]
			for it := wasm.NewIterator(c.Body, 0); it.Next(&in); {
				if !stops(in.Op) {
					continue
				}
				offset := c.Offset - metered.CodeOffset + in.Start
				questions = append(questions, meter.Position{Function: -1, Offset: offset})
				relative = append(relative, meter.Position{Function: len(metered.Imports) + i, Offset: offset - starts[i]})
				asked = append(asked, in)
			}
		}
		found, err := meter.Locate(m, o, questions)
		if err != nil {
			t.Fatal(err)
		}
		again, err := meter.Locate(m, o, relative)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(found, again) {
			t.Fatalf("seed %d: an offset in a function is located elsewhere than the same in the code section", seed)
		}
		var got [][2]int
		for n, p := range found {
			if p.Function < 0 {
				continue // a function of the meter's own
			}
			place := [2]int{p.Function, p.Offset}
			original, ok := at[place]
			if !ok {
				t.Fatalf("seed %d: %v is no instruction", seed, p)
			}
			in := asked[n]
			switch {
			case in.Op == wasm.OpCall && int(in.Index) >= imported+added && int(in.Index) < imported+added+len(m.Functions):
				if original.Op != wasm.OpCall || original.Index != in.Index-added {
					t.Fatalf("seed %d: a call of %d is located at %v %d", seed, in.Index-added, original.Op, original.Index)
				}
			case in.Op == wasm.OpCall && int(in.Index) >= imported:
				continue // a check
			case in.Op == wasm.OpUnreachable && original.Op != wasm.OpUnreachable:
				continue // after the call that does not return when calls nest too deep
			case original.Op != in.Op:
				t.Fatalf("seed %d: %v is located at %v", seed, in.Op, original.Op)
			}
			got = append(got, place)
			checked++
		}
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d: located\n%v\nwant\n%v", seed, got, want)
		}
	}
	if checked < 1000 {
		t.Errorf("only %d instructions were located", checked)
	}
}

func TestLocateNothing(t *testing.T) {
	m := decode(t, generate(1))
	for _, p := range []meter.Position{{Function: -1}, {Function: -1, Offset: 1 << 30}, {Function: 0, Offset: 0}, {Function: 1 << 20}, {Function: 4, Offset: -1}, {Function: 4, Offset: 1 << 30}} {
		found, err := meter.Locate(m, meter.Options{Positions: true}, []meter.Position{p})
		if err != nil {
			t.Fatal(err)
		}
		if p.Function == 4 && p.Offset < 0 || p.Offset > 1<<20 || p.Function > 100 || p.Offset == 0 && p.Function < 4 {
			if found[0].Function != -1 {
				t.Errorf("%v is located at %v", p, found[0])
			}
		}
	}
}

// TestPositionsChangeNoCode: what makes traces tell positions is beside the code.
func TestPositionsChangeNoCode(t *testing.T) {
	m := decode(t, generate(7))
	var codes [2][]wasm.Code
	for i, positions := range []bool{false, true} {
		rewritten, err := meter.Rewrite(m, meter.Options{Positions: positions})
		if err != nil {
			t.Fatal(err)
		}
		metered := decode(t, rewritten.Base())
		codes[i] = metered.Codes
		if has := len(metered.Customs) > 0 && metered.Customs[0].Name == ".debug_abbrev"; has != positions {
			t.Errorf("debugging information: %v, want %v", has, positions)
		}
	}
	for i := range codes[0] {
		if !slices.Equal(codes[0][i].Body, codes[1][i].Body) {
			t.Fatalf("function %d is different", i)
		}
	}
}
