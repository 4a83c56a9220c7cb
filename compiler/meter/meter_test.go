package meter_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"wand/compiler/meter"
	"wand/compiler/wasm"
	"wand/compiler/wasm/spectest"
)

// instance is a running module with its host.
type instance struct {
	api.Module
	*host
	t  testing.TB
	rt wazero.Runtime
}

func instantiate(t testing.TB, e engine, bin []byte, h *host) *instance {
	t.Helper()
	ctx := context.Background()
	rt := wazero.NewRuntimeWithConfig(ctx, e.config().WithCoreFeatures(features))
	t.Cleanup(func() { rt.Close(ctx) })
	if h != nil {
		h.install(ctx, t, rt)
	}
	m, err := rt.InstantiateWithConfig(ctx, bin, wazero.NewModuleConfig())
	if err != nil {
		t.Fatal(err)
	}
	return &instance{Module: m, host: h, t: t, rt: rt}
}

func (in *instance) call(name string, args ...uint64) ([]uint64, error) {
	in.t.Helper()
	f := in.ExportedFunction(name)
	if f == nil {
		in.t.Fatalf("no export %q", name)
	}
	return f.Call(context.Background(), args...)
}

func (in *instance) mustCall(name string, args ...uint64) []uint64 {
	in.t.Helper()
	r, err := in.call(name, args...)
	if err != nil {
		in.t.Fatalf("%s: %v", name, err)
	}
	return r
}

// run meters a module, calls an export and returns what it gave and the fuel it took.
func run(t testing.TB, e engine, bin []byte, h *host, name string, args ...uint64) ([]uint64, int64, error) {
	t.Helper()
	// wazero's interpreter gives up at 2,000 frames, whatever they are.
	in := instantiate(t, e, metered(t, bin, meter.Options{MaxCallDepth: 1900}).Base(), h)
	r, err := in.call(name, args...)
	return r, h.used(in), err
}

func mustRefuse(t *testing.T, bin []byte, o meter.Options, feature string) {
	t.Helper()
	m, err := wasm.Decode(bin, wasm.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = meter.Rewrite(m, o)
	var e *wasm.Error
	if !errors.As(err, &e) || e.Feature != feature {
		t.Errorf("%v, want feature %q", err, feature)
	}
}

func TestRefusesReservedNamesAndImports(t *testing.T) {
	one := []fn{{export: "f", body: ""}}
	imported := func(im wasm.Import) func(*wasm.Module) {
		return func(m *wasm.Module) {
			m.Imports = append(m.Imports, im)
			m.Exports = nil
		}
	}
	mustRefuse(t, module(one, imported(wasm.Import{Module: meter.Module, Name: "anything"})), meter.Options{}, "reserved name")
	mustRefuse(t, module([]fn{{export: "wand_meter.fuel"}}), meter.Options{}, "reserved name")
	mustRefuse(t, module([]fn{{export: "wand_meter."}}), meter.Options{}, "reserved name")
	mustRefuse(t, module(one, imported(wasm.Import{Kind: wasm.ExternMemory})), meter.Options{}, "imported memory")
	mustRefuse(t, module(one, imported(wasm.Import{Kind: wasm.ExternTable, Table: wasm.TableType{Elem: wasm.FuncRef}})), meter.Options{}, "imported table")
	mustRefuse(t, module(one, imported(wasm.Import{Kind: wasm.ExternGlobal, Global: wasm.GlobalType{Type: wasm.I32}})), meter.Options{}, "imported global")
	metered(t, module([]fn{{export: "wand_meter"}}), meter.Options{}) // not the prefix
}

// TestFuelIsTheDocumentedCount compares with the walker: exactly where no code is short and conditional.
func TestFuelIsTheDocumentedCount(t *testing.T) {
	for _, c := range []struct {
		name string
		fns  []fn
		arg  int32
	}{
		{"constant", []fn{{export: "run", params: "i32", results: "i32", body: "i32.const 1"}}, 0},
		{"free instructions", []fn{{export: "run", params: "i32", results: "i32", body: "nop block nop end local.get 0 drop i32.const 1"}}, 0},
		{"locals", []fn{{export: "run", params: "i32", results: "i32", locals: strings.Repeat("i32 ", 100), body: "i32.const 1"}}, 0},
		{"loop", []fn{{export: "run", params: "i32", results: "i32", locals: "i32", body: `
			loop local.get 1 i32.const 3 i32.mul local.set 1 local.get 0 i32.const 1 i32.sub local.tee 0 br_if 0 end local.get 1`}}, 1000},
		{"nested loops", []fn{{export: "run", params: "i32", results: "i32", locals: "i32 i32", body: `
			loop
				i32.const 10 local.set 1
				loop local.get 2 i32.const 7 i32.add local.set 2 local.get 1 i32.const 1 i32.sub local.tee 1 br_if 0 end
				local.get 0 i32.const 1 i32.sub local.tee 0 br_if 0
			end local.get 2`}}, 100},
		{"calls in a loop", []fn{{export: "run", params: "i32", results: "i32", locals: "i32", body: `
			loop local.get 1 local.get 0 call 1 local.set 1 local.get 0 i32.const 1 i32.sub local.tee 0 br_if 0 end local.get 1`},
			{params: "i32 i32", results: "i32", body: "local.get 0 local.get 1 call 2 i32.const 31 i32.mul"},
			{params: "i32 i32", results: "i32", body: "local.get 0 local.get 1 i32.xor"}}, 1000},
		{"memory", []fn{{export: "run", params: "i32", results: "i32", body: `
			i32.const 5 i32.const 1 local.get 0 memory.fill i32.const 5 i32.const 1 i32.const 17 memory.fill i32.const 6 i32.load8_u`}}, 1000},
	} {
		bin := module(c.fns, withMemory(1, 1))
		decoded, err := wasm.Decode(bin, wasm.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		w := newWalker(decoded, 1<<40)
		want, err := w.call(0, c.arg)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range engines() {
			got, used, err := run(t, e, bin, newHost(), "run", uint64(c.arg))
			if err != nil || int32(got[0]) != want[0] {
				t.Errorf("%s, %s: %v, %v, want %d", c.name, e.name, got, err, want)
			}
			if used != w.count {
				t.Errorf("%s, %s: used %d, counted %d", c.name, e.name, used, w.count)
			}
		}
	}
}

// TestGeneratedPrograms runs random programs: metered on both engines and with several slices they do what the walker does, always
// use the same fuel, and never less than the walker counts.
func TestGeneratedPrograms(t *testing.T) {
	n := 300
	if testing.Short() {
		n = 60
	}
	const limit = 50_000
	ended, stopped := 0, 0
	var counted, charged int64
	for seed := range uint64(n) {
		bin := generate(seed)
		decoded, err := wasm.Decode(bin, wasm.Limits{})
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		w := newWalker(decoded, limit)
		want, wantErr := w.call(0, 7)

		var first int64
		var firstResult string
		for _, e := range engines() {
			for i, slice := range []int64{1_000_000, 1000, 7, 1} {
				h := newHost()
				h.slice, h.limit = slice, limit
				got, used, err := run(t, e, bin, h, "run", 7)
				result := fmt.Sprint(got, reason(err))
				if e.name == "compiler" && i == 0 {
					first, firstResult = used, result
				} else if used != first || result != firstResult {
					t.Errorf("seed %d, %s, slices of %d: fuel %d, %s; at first %d, %s", seed, e.name, slice, used, result, first, firstResult)
				}
				if errors.Is(err, errFuel) {
					continue
				}
				switch {
				case errors.Is(wantErr, errWalkTrap):
					if err == nil || errors.Is(err, errOverflow) {
						t.Errorf("seed %d: %v, want a trap", seed, err)
					}
				case wantErr == nil:
					if err != nil || int32(got[0]) != want[0] {
						t.Errorf("seed %d: %v %v, want %d", seed, got, err, want)
					}
					if used < w.count {
						t.Errorf("seed %d: used %d, executed %d", seed, used, w.count)
					}
				case errors.Is(wantErr, errWalkLimit):
					if w.count > limit {
						t.Errorf("seed %d: executed more than %d and was not stopped: %v", seed, limit, err)
					}
				}
			}
		}
		if wantErr == nil && first <= limit {
			ended++
			counted += w.count
			charged += first
		} else {
			stopped++
		}
	}
	t.Logf("%d programs ended, %d trapped or were stopped; of those that ended, fuel is %.3f of what was executed", ended, stopped, float64(charged)/float64(counted))
	if ended < n/4 || stopped < n/20 {
		t.Errorf("the programs are not varied enough: %d ended, %d did not", ended, stopped)
	}
}

func TestExhaustionIsTheSameForEverySlice(t *testing.T) {
	bin := module([]fn{{export: "run", params: "i32", results: "i32", locals: "i32", body: `
		loop local.get 1 local.get 0 call 1 local.set 1 br 0 end unreachable`},
		{params: "i32 i32", results: "i32", body: "local.get 0 if local.get 1 i32.eqz if i32.const 5 return end end local.get 0 local.get 1 i32.xor"}})
	for _, limit := range []int64{0, 1, 100, 12_345} {
		var first int64 = -1
		for _, e := range engines() {
			for _, slice := range []int64{1, 7, 1000, 1_000_000} {
				h := newHost()
				h.slice, h.limit = slice, limit
				_, used, err := run(t, e, bin, h, "run", 3)
				if !errors.Is(err, errFuel) {
					t.Fatalf("%v, want fuel", err)
				}
				if first < 0 {
					first = used
				}
				if used != first || used <= limit || used > limit+100 {
					t.Errorf("limit %d, %s, slice %d: used %d, at first %d", limit, e.name, slice, used, first)
				}
			}
		}
	}
}

func TestTrapUsesTheSameFuelForEverySlice(t *testing.T) {
	bin := module([]fn{{export: "run", params: "i32", results: "i32", body: `
		loop local.get 0 i32.const 1 i32.sub local.tee 0 i32.eqz if i32.const 1 i32.const 0 i32.div_s drop end br 0 end unreachable`}})
	var first int64 = -1
	for _, e := range engines() {
		for _, slice := range []int64{1, 7, 1000, 1_000_000} {
			h := newHost()
			h.slice = slice
			_, used, err := run(t, e, bin, h, "run", 5000)
			if err == nil || !strings.Contains(err.Error(), "divide by zero") {
				t.Fatal(err)
			}
			if first < 0 {
				first = used
			}
			if used != first {
				t.Errorf("%s, slice %d: used %d, at first %d", e.name, slice, used, first)
			}
		}
	}
}

// TestLoopFreeRecursion is exponential without any loop: fuel must stop it all the same.
func TestLoopFreeRecursion(t *testing.T) {
	// A ladder of functions that call the next twice, with no cycle: 2^40 calls.
	var ladder []fn
	for i := range 40 {
		ladder = append(ladder, fn{body: fmt.Sprintf("call %d call %d", i+1, i+1)})
	}
	ladder = append(ladder, fn{body: "nop"})
	ladder[0].export = "run"
	for name, bin := range map[string][]byte{
		"recursion": module([]fn{{export: "run", params: "i32", body: "local.get 0 if local.get 0 i32.const 1 i32.sub call 0 local.get 0 i32.const 1 i32.sub call 0 end"}}),
		"ladder":    module(ladder),
		"indirect": module([]fn{{export: "run", body: "i32.const 0 call_indirect 0 0 i32.const 0 call_indirect 0 0"}}, func(m *wasm.Module) {
			m.Tables = []wasm.TableType{{Elem: wasm.FuncRef, Size: wasm.Size{Min: 1}}}
			m.Elements = []wasm.Element{{Type: wasm.FuncRef, Offset: asm("i32.const 0"), Items: []wasm.ElementItem{{Op: wasm.OpRefFunc}}}}
		}),
		"tail": module([]fn{{export: "run", body: "return_call 0"}}),
	} {
		h := newHost()
		h.limit = 100_000
		var args []uint64
		if name == "recursion" {
			args = []uint64{1000}
		}
		start := time.Now()
		_, used, err := run(t, engines()[0], bin, h, "run", args...)
		if name == "indirect" && errors.Is(err, errOverflow) {
			continue // depth comes before fuel
		}
		if !errors.Is(err, errFuel) || used > h.limit+20_000 {
			t.Errorf("%s: %v after %d", name, err, used)
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%s: took %v", name, took)
		}
	}
}

func TestCallDepth(t *testing.T) {
	table := func(indices ...uint32) func(*wasm.Module) {
		return func(m *wasm.Module) {
			m.Tables = []wasm.TableType{{Elem: wasm.FuncRef, Size: wasm.Size{Min: uint32(len(indices))}}}
			e := wasm.Element{Type: wasm.FuncRef, Offset: asm("i32.const 0")}
			for _, i := range indices {
				e.Items = append(e.Items, wasm.ElementItem{Op: wasm.OpRefFunc, Index: i})
			}
			m.Elements = []wasm.Element{e}
		}
	}
	// Every function recurses as deep as its parameter says; run calls it.
	const down = "local.get 0 i32.const 1 i32.sub"
	for name, bin := range map[string][]byte{
		"plain":  module([]fn{{export: "run", params: "i32", results: "i32", body: "local.get 0 i32.eqz if i32.const 0 return end " + down + " call 0"}}),
		"branch": module([]fn{{export: "run", params: "i32", results: "i32", body: "i32.const 0 local.get 0 i32.eqz br_if 0 drop " + down + " call 0"}}),
		"br_table": module([]fn{{export: "run", params: "i32", results: "i32", body: "block i32.const 0 local.get 0 br_table 1 1 0 drop end " + down + " call 0"}}, func(m *wasm.Module) {
			m.Codes[0].Body = append(asmOpen("block i32.const 0 local.get 0 i32.eqz br_if 1 drop end "+down+" call 0"), 0x0b)
		}),
		"mutual": module([]fn{{export: "run", params: "i32", results: "i32", body: "local.get 0 i32.eqz if i32.const 0 return end " + down + " call 1"},
			{params: "i32", results: "i32", body: "local.get 0 i32.eqz if i32.const 0 return end " + down + " call 0"}}),
		"indirect": module([]fn{{export: "run", params: "i32", results: "i32", body: "local.get 0 i32.eqz if i32.const 0 return end " + down + " i32.const 0 call_indirect 0 0"}}, table(0)),
		"loop":     module([]fn{{export: "run", params: "i32", results: "i32", body: "loop local.get 0 i32.eqz if i32.const 0 return end " + down + " call 0 drop i32.const 0 return end unreachable"}}),
	} {
		for _, e := range engines() {
			o := meter.Options{MaxCallDepth: 1000}
			in := instantiate(t, e, metered(t, bin, o).Base(), newHost())
			for range 3 { // the depth must be what it was after every call
				in.mustCall("run", 990)
			}
			if d := in.ExportedGlobal(meter.GlobalDepth).Get(); d != 0 {
				t.Errorf("%s, %s: depth %d after a call", name, e.name, d)
			}
			if _, err := in.call("run", 1100); !errors.Is(err, errOverflow) {
				t.Errorf("%s, %s: %v, want overflow", name, e.name, err)
			}
		}
	}
}

// asmOpen is asm without the final end.
func asmOpen(text string) []byte {
	b := asm(text)
	return b[:len(b)-1]
}

func TestCallDepthOfSiblings(t *testing.T) {
	// Calls one after the other do not add up, however deep the ones before went.
	bin := module([]fn{
		{export: "run", params: "i32", results: "i32", locals: "i32", body: `
			loop i32.const 900 call 1 local.set 1 local.get 0 i32.const 1 i32.sub local.tee 0 br_if 0 end
			i32.const 900 call 1 i32.const 900 call 1 i32.add`},
		{params: "i32", results: "i32", body: "local.get 0 i32.eqz if i32.const 0 return end local.get 0 i32.const 1 i32.sub call 1 i32.const 1 i32.add"},
	})
	in := instantiate(t, engines()[0], metered(t, bin, meter.Options{MaxCallDepth: 1000}).Base(), newHost())
	if r := in.mustCall("run", 50); r[0] != 1800 {
		t.Errorf("%d, want 1800", r[0])
	}
}

func TestCallDepthWithManyResults(t *testing.T) {
	bin := module([]fn{{export: "run", params: "i32", results: "i32 i64 i32", body: `
		local.get 0 i32.eqz if i32.const 1 i64.const 2 i32.const 3 return end
		local.get 0 i32.const 1 i32.sub call 0`}})
	in := instantiate(t, engines()[0], metered(t, bin, meter.Options{MaxCallDepth: 500}).Base(), newHost())
	if r := in.mustCall("run", 490); !slices.Equal(r, []uint64{1, 2, 3}) {
		t.Errorf("%v", r)
	}
	if _, err := in.call("run", 510); !errors.Is(err, errOverflow) {
		t.Errorf("%v, want overflow", err)
	}
}

func TestTailCallsDoNotDeepen(t *testing.T) {
	for name, bin := range map[string][]byte{
		"direct": module([]fn{{export: "run", params: "i32", results: "i32", body: "local.get 0 i32.eqz if i32.const 42 return end local.get 0 i32.const 1 i32.sub return_call 0"}}),
		"indirect": module([]fn{{export: "run", params: "i32", results: "i32", body: "local.get 0 i32.eqz if i32.const 42 return end local.get 0 i32.const 1 i32.sub i32.const 0 return_call_indirect 0 0"}}, func(m *wasm.Module) {
			m.Tables = []wasm.TableType{{Elem: wasm.FuncRef, Size: wasm.Size{Min: 1}}}
			m.Elements = []wasm.Element{{Type: wasm.FuncRef, Offset: asm("i32.const 0"), Items: []wasm.ElementItem{{Op: wasm.OpRefFunc}}}}
		}),
	} {
		for _, e := range engines() {
			in := instantiate(t, e, metered(t, bin, meter.Options{MaxCallDepth: 10}).Base(), newHost())
			if r := in.mustCall("run", 100_000); r[0] != 42 {
				t.Errorf("%s, %s: %v", name, e.name, r)
			}
		}
	}
}

func TestHugeFramesCountMore(t *testing.T) {
	recurse := "local.get 0 if local.get 0 i32.const 1 i32.sub call 0 end"
	small := module([]fn{{export: "run", params: "i32", body: recurse}})
	huge := module([]fn{{export: "run", params: "i32", locals: strings.Repeat("i64 ", 16_000), body: recurse}})
	deepest := func(bin []byte) uint64 {
		low, high := uint64(0), uint64(2000)
		for low < high {
			mid := (low + high + 1) / 2
			in := instantiate(t, engines()[0], metered(t, bin, meter.Options{MaxCallDepth: 2000}).Base(), newHost())
			if _, err := in.call("run", mid); err == nil {
				low = mid
			} else {
				high = mid - 1
			}
		}
		return low
	}
	if d := deepest(small); d < 1990 {
		t.Errorf("small frames: %d deep", d)
	}
	if d := deepest(huge); d > 2 {
		t.Errorf("huge frames: %d deep", d)
	}
}

func TestMemoryGrow(t *testing.T) {
	bin := module([]fn{{export: "run", params: "i32", results: "i32", body: "local.get 0 memory.grow"}}, withMemory(1, 1000))
	for _, e := range engines() {
		h := newHost()
		h.pages = 100
		in := instantiate(t, e, metered(t, bin, meter.Options{}).Base(), h)
		if r := in.mustCall("run", 10); r[0] != 1 {
			t.Errorf("grow by 10: %d", r[0])
		}
		before := h.used(in)
		if before < 10*4096 || before > 10*4096+50 {
			t.Errorf("growing by 10 pages cost %d", before)
		}
		if r := in.mustCall("run", 0); r[0] != 11 {
			t.Errorf("size %d", r[0])
		}
		if _, err := in.call("run", 90); !errors.Is(err, errGrow) {
			t.Errorf("%v, want the host's decision", err)
		}
	}
	// What cannot fit is not charged for; the host hears of it unsigned.
	h := newHost()
	in := instantiate(t, engines()[0], metered(t, bin, meter.Options{}).Base(), h)
	for _, pages := range []uint64{65_536, 0xffff_ffff, 0x8000_0000} {
		if r := in.mustCall("run", pages); uint32(r[0]) != 0xffff_ffff {
			t.Errorf("growing by %d: %d", pages, r[0])
		}
	}
	if used := h.used(in); used > 100 {
		t.Errorf("growths that cannot succeed cost %d", used)
	}
	// More fuel than there is: stopped before it grows.
	h = newHost()
	h.limit = 4096 * 500
	in = instantiate(t, engines()[0], metered(t, bin, meter.Options{}).Base(), h)
	if _, err := in.call("run", 900); !errors.Is(err, errFuel) || in.Memory().Size() != 65536 {
		t.Errorf("%v with a memory of %d", err, in.Memory().Size())
	}
}

func TestBulkOperationsAreChargedBySizeBeforehand(t *testing.T) {
	withTables := func(m *wasm.Module) {
		m.Tables = []wasm.TableType{{Elem: wasm.FuncRef, Size: wasm.Size{Min: 100_000}}}
		m.Elements = []wasm.Element{{Mode: wasm.Passive, Type: wasm.FuncRef, Items: make([]wasm.ElementItem, 2)}}
		for i := range m.Elements[0].Items {
			m.Elements[0].Items[i].Op = wasm.OpRefFunc
		}
		m.HasDataCount = true
		m.Data = []wasm.Data{{Mode: wasm.Passive, Init: make([]byte, 60_000)}}
	}
	for _, c := range []struct {
		name, body string
		n          uint64
		cost       int64
	}{
		{"memory.fill", "i32.const 0 i32.const 1 local.get 0 memory.fill", 60_001, 3751},
		{"memory.copy", "i32.const 0 i32.const 1 local.get 0 memory.copy", 60_000, 3750},
		{"memory.init", "i32.const 0 i32.const 0 local.get 0 memory.init 0", 16, 1},
		{"memory.fill constant", "i32.const 0 i32.const 1 i32.const 1000 memory.fill", 0, 63},
		{"memory.fill in a loop", "loop i32.const 0 i32.const 1 local.get 0 memory.fill end", 17, 2},
		{"table.fill", "i32.const 0 ref.null 0x70 local.get 0 table.fill 0", 50_000, 50_000},
		{"table.copy", "i32.const 0 i32.const 1 local.get 0 table.copy 0 0", 50_000, 50_000},
		{"table.init", "i32.const 0 i32.const 0 local.get 0 table.init 0 0", 2, 2},
		{"table.grow", "ref.null 0x70 local.get 0 table.grow 0 drop", 5000, 5000},
	} {
		bin := module([]fn{{export: "run", params: "i32", body: c.body}}, withMemory(1, 1), withTables)
		for _, e := range engines() {
			_, used, err := run(t, e, bin, newHost(), "run", c.n)
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			if used < c.cost || used > c.cost+8 {
				t.Errorf("%s, %s: used %d for %d", c.name, e.name, used, c.cost)
			}
		}
		if c.cost < 100 {
			continue
		}
		h := newHost()
		h.limit = c.cost - 100
		if _, _, err := run(t, engines()[0], bin, h, "run", c.n); !errors.Is(err, errFuel) {
			t.Errorf("%s: %v, want fuel", c.name, err)
		}
		// A size that is negative when signed.
		h.limit = 1 << 26
		if _, _, err := run(t, engines()[0], bin, h, "run", 0xffff_ffff); !errors.Is(err, errFuel) {
			t.Errorf("%s with the largest size: %v, want fuel", c.name, err)
		}
	}
}

func TestTablesAreClamped(t *testing.T) {
	table := func(sizes ...wasm.Size) []byte {
		return module([]fn{{export: "grow", params: "i32", results: "i32", body: "ref.null 0x70 local.get 0 table.grow 0"}}, func(m *wasm.Module) {
			for _, s := range sizes {
				m.Tables = append(m.Tables, wasm.TableType{Elem: wasm.FuncRef, Size: s})
			}
		})
	}
	o := meter.Options{MaxTableEntries: 1000}
	in := instantiate(t, engines()[0], metered(t, table(wasm.Size{Min: 100}, wasm.Size{Min: 100}), o).Base(), newHost())
	if r := in.mustCall("grow", 401); int32(r[0]) != -1 {
		t.Errorf("grew by more than its share: %d", int32(r[0]))
	}
	if r := in.mustCall("grow", 400); r[0] != 100 {
		t.Errorf("growing by its share: %d", int32(r[0]))
	}
	mustRefuse(t, table(wasm.Size{Min: 600}, wasm.Size{Min: 600}), o, wasm.FeatureLimit)
	in = instantiate(t, engines()[0], metered(t, table(wasm.Size{Min: 1, Max: 5, HasMax: true}), o).Base(), newHost())
	if r := in.mustCall("grow", 5); int32(r[0]) != -1 {
		t.Errorf("grew beyond its own maximum: %d", int32(r[0]))
	}
}

func TestStartIsAnExport(t *testing.T) {
	bin := module([]fn{{body: "i32.const 0 i32.const 42 i32.store"}, {export: "get", results: "i32", body: "i32.const 0 i32.load"}}, withMemory(1, 1), func(m *wasm.Module) {
		m.Start = new(uint32)
	})
	r := metered(t, bin, meter.Options{})
	if !r.Info.HasStart {
		t.Error("HasStart is false")
	}
	in := instantiate(t, engines()[0], r.Base(), newHost())
	if got := in.mustCall("get"); got[0] != 0 {
		t.Errorf("the start function ran at instantiation")
	}
	in.mustCall(meter.Start)
	if got := in.mustCall("get"); got[0] != 42 {
		t.Errorf("after start: %d", got[0])
	}
}

// counterModule keeps state in memory, in data segments and in a private global.
func counterModule() []byte {
	return module([]fn{{export: "next", results: "i32", body: `
		global.get 0 i32.const 1 i32.add global.set 0
		i32.const 100 i32.const 100 i32.load global.get 0 i32.add i32.store
		i32.const 100 i32.load i32.const 8 i32.load i32.add`}}, withMemory(1, 10), func(m *wasm.Module) {
		m.Globals = []wasm.Global{
			{Type: wasm.GlobalType{Type: wasm.I32, Mutable: true}, Init: asm("i32.const 5")},
			{Type: wasm.GlobalType{Type: wasm.I64}, Init: asm("i64.const 5")},
			{Type: wasm.GlobalType{Type: wasm.F64, Mutable: true}, Init: append([]byte{0x44, 0, 0, 0, 0, 0, 0, 0, 0}, 0x0b)},
		}
		m.Data = []wasm.Data{{Offset: asm("i32.const 8"), Init: []byte{1, 2, 3, 4}}}
	})
}

func TestForkContinuesFromASnapshot(t *testing.T) {
	r := metered(t, counterModule(), meter.Options{})
	if r.Info.SnapshotError != nil {
		t.Fatal(r.Info.SnapshotError)
	}
	if want := "[{wand_meter.g0 0 i32} {wand_meter.g2 2 f64}]"; fmt.Sprint(r.Info.Globals) != want {
		t.Errorf("globals %v, want %s", r.Info.Globals, want)
	}
	for _, e := range engines() {
		base := instantiate(t, e, r.Base(), newHost())
		base.mustCall("next")
		base.mustCall("next")
		memory, _ := base.Memory().Read(0, base.Memory().Size())
		memory = append(slices.Clone(memory), make([]byte, 2*65536)...) // as if it had grown

		bin, err := r.Fork(3)
		if err != nil {
			t.Fatal(err)
		}
		fork := instantiate(t, e, bin, newHost())
		if fork.Memory().Size() != 3*65536 {
			t.Fatalf("the fork has %d bytes of memory", fork.Memory().Size())
		}
		if b, _ := fork.Memory().Read(0, 3*65536); !bytes.Equal(b, make([]byte, 3*65536)) {
			t.Error("the fork's memory is not empty")
		}
		fork.Memory().Write(0, memory)
		for _, g := range r.Info.Globals {
			fork.ExportedGlobal(g.Export).(api.MutableGlobal).Set(base.ExportedGlobal(g.Export).Get())
		}
		for range 3 {
			if a, b := base.mustCall("next"), fork.mustCall("next"); a[0] != b[0] {
				t.Errorf("%s: base %d, fork %d", e.name, a[0], b[0])
			}
		}
	}
}

func TestForkHasTheSameCode(t *testing.T) {
	r := metered(t, counterModule(), meter.Options{})
	bin, err := r.Fork(1)
	if err != nil {
		t.Fatal(err)
	}
	code := func(bin []byte) string {
		m, err := wasm.Decode(bin, wasm.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		var b []byte
		for _, c := range m.Codes {
			b = append(b, c.Body...)
		}
		return hex.EncodeToString(b)
	}
	if code(r.Base()) != code(bin) {
		t.Error("the code differs")
	}
	for _, pages := range []uint32{0, 11} {
		if _, err := r.Fork(pages); err == nil {
			t.Errorf("a fork of %d pages was accepted", pages)
		}
	}
}

func TestNoSnapshot(t *testing.T) {
	table := func(m *wasm.Module) {
		m.Tables = []wasm.TableType{{Elem: wasm.FuncRef, Size: wasm.Size{Min: 10}}}
		m.Elements = []wasm.Element{{Mode: wasm.Passive, Type: wasm.FuncRef, Items: []wasm.ElementItem{{Op: wasm.OpRefFunc}}}}
		m.HasDataCount = true
		m.Data = []wasm.Data{{Mode: wasm.Passive}}
	}
	for name, bin := range map[string][]byte{
		"table.set":  module([]fn{{body: "i32.const 0 ref.null 0x70 table.set 0"}}, table, withMemory(1, 1)),
		"table.grow": module([]fn{{body: "ref.null 0x70 i32.const 0 table.grow 0 drop"}}, table, withMemory(1, 1)),
		"table.init": module([]fn{{body: "i32.const 0 i32.const 0 i32.const 0 table.init 0 0"}}, table, withMemory(1, 1)),
		"elem.drop":  module([]fn{{body: "elem.drop 0"}}, table, withMemory(1, 1)),
		"data.drop":  module([]fn{{body: "data.drop 0"}}, table, withMemory(1, 1)),
		"reference": module([]fn{{}}, func(m *wasm.Module) {
			m.Globals = []wasm.Global{{Type: wasm.GlobalType{Type: wasm.ExternRef, Mutable: true}, Init: []byte{0xd0, 0x6f, 0x0b}}}
		}),
	} {
		r := metered(t, bin, meter.Options{})
		if r.Info.SnapshotError == nil {
			t.Errorf("%s: no SnapshotError", name)
		}
		if _, err := r.Fork(1); err == nil {
			t.Errorf("%s: forked", name)
		}
	}
}

func TestNamesMoveWithTheirFunctions(t *testing.T) {
	names := "\x00\x02\x01m" + "\x01\x0b\x02\x00\x03imp\x01\x03own"
	bin := module([]fn{{export: "run", body: "call 0 unreachable"}}, func(m *wasm.Module) {
		m.Imports = []wasm.Import{{Module: "env", Name: "imp"}}
		m.Exports[0].Index = 1
		m.Customs = []wasm.Custom{{Name: "name", Bytes: []byte(names), After: wasm.SectionCode}, {Name: ".debug_info", Bytes: []byte("stale")}}
	})
	ctx := context.Background()
	rt := wazero.NewRuntime(ctx)
	defer rt.Close(ctx)
	newHost().install(ctx, t, rt)
	rt.NewHostModuleBuilder("env").NewFunctionBuilder().WithFunc(func() {}).Export("imp").Instantiate(ctx)
	base := metered(t, bin, meter.Options{}).Base()
	m, err := rt.Instantiate(ctx, base)
	if err != nil {
		t.Fatal(err)
	}
	_, err = m.ExportedFunction("run").Call(ctx)
	if err == nil || !strings.Contains(err.Error(), ".own()") {
		t.Errorf("the trace does not name the function: %v", err)
	}
	if bytes.Contains(base, []byte("stale")) {
		t.Error("a custom section about the old code was kept")
	}
	// Damaged names are dropped, not a reason to refuse.
	for _, damaged := range []string{"\x01", "\x01\xff\xff\xff\xff\x0f", "\x01\x03\xff\xff\x03", "\x01\x04\x01\x09\x01a", "\x01\x05\x01\x00\x02\xff\xff",
		"\x00\x02\x01\xff", "\x00\x03\x01mm", "\x00\x02\x01m\x00\x02\x01m", "\x01\x04\x01\x00\x01a\x01\x04\x01\x00\x01a"} {
		bin := module([]fn{{export: "run"}}, func(m *wasm.Module) { m.Customs = []wasm.Custom{{Name: "name", Bytes: []byte(damaged)}} })
		instantiate(t, engines()[1], metered(t, bin, meter.Options{}).Base(), newHost())
	}
}

func TestRewriteDoesNotChangeItsInput(t *testing.T) {
	m, err := wasm.Decode(counterModule(), wasm.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	before := m.Encode()
	for range 2 {
		if _, err := meter.Rewrite(m, meter.Options{}); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(m.Encode(), before) {
		t.Error("the module changed")
	}
}

// TestHostileModules checks the size of the output and the time for modules that are made of what grows most.
func TestHostileModules(t *testing.T) {
	repeat := strings.Repeat
	wide := func(m *wasm.Module) {
		m.Types[0].Params = slices.Repeat([]wasm.ValType{wasm.I32}, 1000)
	}
	for name, bin := range map[string][]byte{
		"loops":            module([]fn{{export: "f", body: repeat("loop end ", 200_000)}}),
		"live loops":       module([]fn{{export: "f", body: repeat("loop i32.const 0 br_if 0 end ", 100_000)}}),
		"nested loops":     module([]fn{{export: "f", body: repeat("loop ", 9_000) + repeat("i32.const 0 br_if 8999 ", 50_000) + repeat("end ", 9_000)}}),
		"tables in loops":  module([]fn{{export: "f", body: repeat("loop ", 9_000) + repeat("i32.const 0 br_table 3 100 100 100 8999 ", 1) + repeat("end ", 9_000)}}),
		"fills":            module([]fn{{export: "f", params: "i32", body: repeat("local.get 0 local.get 0 local.get 0 memory.fill ", 100_000)}}, withMemory(1, 1)),
		"dead fills":       module([]fn{{export: "f", params: "i32", body: "unreachable " + repeat("memory.fill ", 100_000)}}, withMemory(1, 1)),
		"dead grows":       module([]fn{{export: "f", body: "unreachable " + repeat("memory.grow ", 100_000) + "drop"}}, withMemory(1, 1)),
		"calls":            module([]fn{{export: "f", body: repeat("call 0 ", 200_000)}}),
		"returns":          module([]fn{{export: "f", body: "loop end " + repeat("return ", 200_000)}}),
		"branches out":     module([]fn{{export: "f", body: "loop end " + repeat("i32.const 0 br_if 0 ", 200_000)}}),
		"ifs":              module([]fn{{export: "f", body: repeat("i32.const 0 if nop else nop end ", 200_000)}}),
		"wide entry":       module([]fn{{export: "f", body: "unreachable call 0"}}, wide),
		"many wide":        module(slices.Repeat([]fn{{body: "unreachable call 0"}}, 900), wide, manyExports),
		"many tiny":        module(slices.Repeat([]fn{{body: ""}}, 50_000)),
		"a call chain":     module(chain(20_000)),
		"everyone calls 0": module(slices.Repeat([]fn{{body: "call 0 call 0 call 0"}}, 20_000)),
	} {
		t.Run(name, func(t *testing.T) {
			m, err := wasm.Decode(bin, wasm.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			r, err := meter.Rewrite(m, meter.Options{})
			if name == "many wide" {
				var e *wasm.Error
				if !errors.As(err, &e) || e.Feature != wasm.FeatureLimit {
					t.Errorf("%v, want a limit", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			out := r.Base()
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("took %v", took)
			}
			if len(out) > 32*len(bin)+4<<20 {
				t.Errorf("%d bytes became %d", len(bin), len(out))
			}
			if _, err := wasm.Decode(out, wasm.Limits{LocalsPerFunction: 50_010, FunctionBytes: 1 << 30, Nesting: 20_010}); err != nil {
				t.Errorf("the output is not valid: %v", err)
			}
		})
	}
}

func manyExports(m *wasm.Module) {
	for i := range m.Functions {
		m.Functions[i] = 0
		m.Exports = append(m.Exports, wasm.Export{Name: fmt.Sprint(i), Kind: wasm.ExternFunc, Index: uint32(i)})
	}
	m.Types = m.Types[:1]
}

func chain(n int) []fn {
	var fns []fn
	for i := range n {
		fns = append(fns, fn{body: fmt.Sprintf("call %d", min(i+1, n-1))})
	}
	return fns
}

// realModules returns what compilers produced, by name.
func realModules(t testing.TB) map[string][]byte {
	modules := map[string][]byte{}
	for _, p := range []string{"imports/wasi_snapshot_preview1/testdata/*/*.wasm", "imports/wasi_snapshot_preview1/example/testdata/*/*.wasm", "examples/*/testdata/*.wasm"} {
		files, err := filepath.Glob(filepath.Join(spectest.WazeroDir(t), filepath.FromSlash(p)))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			modules[filepath.Base(filepath.Dir(f))+"/"+filepath.Base(f)] = b
		}
	}
	return modules
}

// FuzzRewrite checks that what the decoder and the meter accept is accepted by the engine, and that exported functions give the same
// metered and not, or are stopped.
func FuzzRewrite(f *testing.F) {
	for _, b := range realModules(f) {
		if len(b) < 64<<10 {
			f.Add(b)
		}
	}
	for seed := range uint64(30) {
		f.Add(generate(seed))
	}
	scripts, err := filepath.Glob(filepath.Join(spectest.Root(f), "v2", "testdata", "*.0.wasm"))
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range scripts {
		if b, err := os.ReadFile(file); err == nil && len(b) < 4<<10 {
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, bin []byte) {
		decoded, err := wasm.Decode(bin, wasm.Limits{ModuleBytes: 1 << 20, LocalsPerFunction: 1000})
		if err != nil {
			return
		}
		r, err := meter.Rewrite(decoded, meter.Options{MaxCallDepth: 500, MaxTableEntries: 10_000})
		if err != nil {
			return
		}
		decoded.Customs = nil // the engine refuses damaged names, which the meter drops
		bin = decoded.Encode()
		ctx := context.Background()
		open := func() (wazero.Runtime, *host) {
			rt := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter().WithCoreFeatures(features).WithMemoryLimitPages(16))
			h := newHost()
			h.limit, h.pages = 20_000, 16
			h.install(ctx, t, rt)
			return rt, h
		}
		if r.Info.MemoryMin > 16 {
			return
		}
		rt, h := open()
		defer rt.Close(ctx)
		if _, err := rt.CompileModule(ctx, r.Base()); err != nil {
			plain, _ := open()
			defer plain.Close(ctx)
			if _, errPlain := plain.CompileModule(ctx, bin); errPlain == nil {
				t.Fatalf("the engine refuses the metered module: %v", err)
			}
			return
		}
		if len(decoded.Imports) > 0 || decoded.Start != nil {
			return
		}
		m, err := rt.Instantiate(ctx, r.Base())
		if err != nil {
			return
		}
		plainRuntime, _ := open()
		defer plainRuntime.Close(ctx)
		plain, err := plainRuntime.Instantiate(ctx, bin)
		if err != nil {
			t.Fatalf("the original does not start: %v", err)
		}
		for _, e := range decoded.Exports[:min(len(decoded.Exports), 8)] {
			if e.Kind != wasm.ExternFunc {
				continue
			}
			f := m.ExportedFunction(e.Name)
			args := make([]uint64, 2*len(f.Definition().ParamTypes())) // a v128 takes two
			n := 0
			for _, p := range f.Definition().ParamTypes() {
				if n++; p == api.ValueType(wasm.V128) {
					n++
				}
			}
			got, err := f.Call(ctx, args[:n]...)
			if errors.Is(err, errFuel) || errors.Is(err, errOverflow) || errors.Is(err, errGrow) {
				return
			}
			want, wantErr := plain.ExportedFunction(e.Name).Call(ctx, args[:n]...)
			if reason(err) != reason(wantErr) {
				t.Fatalf("%s: %q, unmetered %q", e.Name, reason(err), reason(wantErr))
			}
			for i, typ := range f.Definition().ResultTypes() {
				if wasm.ValType(typ).IsRef() || i >= len(got) || wasm.ValType(typ) == wasm.V128 {
					break
				}
				if got[i] != want[i] && uint32(got[i]) != uint32(want[i]) {
					t.Fatalf("%s: %#x, unmetered %#x", e.Name, got, want)
				}
			}
		}
		if h.used(m) < 0 {
			t.Fatalf("used %d", h.used(m))
		}
	})
}

func BenchmarkRewrite(b *testing.B) {
	modules := realModules(b)
	largest := ""
	for name, bin := range modules {
		if len(bin) > len(modules[largest]) {
			largest = name
		}
	}
	modules = map[string][]byte{"cargo": modules[largest]}
	if path := os.Getenv("WAND_BENCH_MODULE"); path != "" {
		bin, err := os.ReadFile(path)
		if err != nil {
			b.Fatal(err)
		}
		modules[filepath.Base(path)] = bin
	}
	for name, bin := range modules {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(bin)))
			b.ReportAllocs()
			for b.Loop() {
				m, err := wasm.Decode(bin, wasm.Limits{})
				if err != nil {
					b.Fatal(err)
				}
				r, err := meter.Rewrite(m, meter.Options{})
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(len(r.Base()))/float64(len(bin)), "size-ratio")
			}
		})
	}
}
