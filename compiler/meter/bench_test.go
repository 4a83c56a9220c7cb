package meter_test

import (
	"testing"
	"time"

	"wand/compiler/meter"
	"wand/compiler/wasm"
)

// kernels are short programs that show one cost each; the first parameter is how much to do.
func kernels() []byte {
	return module([]fn{
		// The shortest loop there is: nothing to hide a charge behind.
		{export: "tight", params: "i32", results: "i32", locals: "i32 i32", body: `
			loop
				local.get 1 i32.const 1664525 i32.mul i32.const 1013904223 i32.add local.set 1
				local.get 2 i32.const 1 i32.add local.tee 2 local.get 0 i32.lt_s br_if 0
			end local.get 1`},
		// Nothing but calls: the worst case.
		{export: "fib", params: "i32", results: "i32", body: `
			local.get 0 i32.const 2 i32.lt_s if i32 local.get 0 else
			local.get 0 i32.const 1 i32.sub call 1 local.get 0 i32.const 2 i32.sub call 1 i32.add end`},
		// Loops in loops over memory.
		{export: "sieve", params: "i32", results: "i32", locals: "i32 i32 i32", body: `
			i32.const 0 i32.const 1 local.get 0 memory.fill
			i32.const 2 local.set 1
			loop
				local.get 1 i32.load8_u if
					local.get 3 i32.const 1 i32.add local.set 3
					block
						local.get 1 i32.const 1 i32.shl local.tee 2 local.get 0 i32.ge_s br_if 0
						loop
							local.get 2 i32.const 0 i32.store8
							local.get 2 local.get 1 i32.add local.tee 2 local.get 0 i32.lt_s br_if 0
						end
					end
				end
				local.get 1 i32.const 1 i32.add local.tee 1 local.get 0 i32.lt_s br_if 0
			end local.get 3`},
		// Loads, stores and a short condition.
		{export: "sum", params: "i32", results: "i32", locals: "i32 i32 i32", body: `
			loop
				local.get 1 i32.const 1023 i32.and i32.const 2 i32.shl local.tee 3 i32.load local.get 2 i32.add local.set 2
				local.get 3 local.get 2 local.get 1 i32.xor i32.store
				local.get 2 i32.const 3 i32.and if local.get 2 i32.const 7 i32.add local.set 2 end
				local.get 1 i32.const 1 i32.add local.tee 1 local.get 0 i32.lt_s br_if 0
			end local.get 2`},
		// A small function called from a loop.
		{export: "calls", params: "i32", results: "i32", locals: "i32 i32", body: `
			loop
				local.get 2 local.get 1 call 5 local.set 2
				local.get 1 i32.const 1 i32.add local.tee 1 local.get 0 i32.lt_s br_if 0
			end local.get 2`},
		{params: "i32 i32", results: "i32", body: `local.get 0 local.get 1 i32.xor i32.const 31 i32.mul local.get 0 i32.const 16 i32.shr_u i32.add`},
		// The same through a table.
		{export: "indirect", params: "i32", results: "i32", locals: "i32 i32", body: `
			loop
				local.get 2 local.get 1 i32.const 0 call_indirect 5 0 local.set 2
				local.get 1 i32.const 1 i32.add local.tee 1 local.get 0 i32.lt_s br_if 0
			end local.get 2`},
		{params: "i32 i32", results: "i32", body: "local.get 0 local.get 1 i32.xor i32.const 31 i32.mul"},
	}, withMemory(200, 200), func(m *wasm.Module) {
		m.Tables = []wasm.TableType{{Elem: wasm.FuncRef, Size: wasm.Size{Min: 1}}}
		m.Elements = []wasm.Element{{Type: wasm.FuncRef, Offset: asm("i32.const 0"), Items: []wasm.ElementItem{{Op: wasm.OpRefFunc, Index: 7}}}}
	})
}

// BenchmarkOverhead runs each kernel metered and not, in turns, and reports the ratio of the fastest times.
func BenchmarkOverhead(b *testing.B) {
	bin := kernels()
	plain := instantiate(b, engines()[0], bin, nil)
	metered := instantiate(b, engines()[0], metered(b, bin, meter.Options{}).Base(), newHost())
	for _, k := range []struct {
		name string
		arg  uint64
	}{{"tight", 5_000_000}, {"fib", 27}, {"sieve", 2_000_000}, {"sum", 3_000_000}, {"calls", 5_000_000}, {"indirect", 3_000_000}} {
		b.Run(k.name, func(b *testing.B) {
			fastest := [2]time.Duration{time.Hour, time.Hour}
			for b.Loop() {
				var results [2]uint64
				for i, in := range []*instance{plain, metered} {
					start := time.Now()
					results[i] = in.mustCall(k.name, k.arg)[0]
					fastest[i] = min(fastest[i], time.Since(start))
				}
				if uint32(results[0]) != uint32(results[1]) {
					b.Fatalf("metered %d, unmetered %d", results[1], results[0])
				}
			}
			b.ReportMetric(float64(fastest[1])/float64(fastest[0]), "metered/unmetered")
		})
	}
}
