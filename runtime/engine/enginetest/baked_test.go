package enginetest_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"testing"

	wazeroapi "github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
	"github.com/tetratelabs/wazero/sys"

	"wand/compiler/bake"
	"wand/compiler/meter"
	"wand/compiler/wasm"
	"wand/runtime/engine/enginetest"
	"wand/runtime/engine/wazero"
)

// TestBakedIsFork: an instance of a frozen module goes on as the instance that was frozen.
func TestBakedIsFork(t *testing.T) {
	e := wazero.NewInterpreter()
	frozen := 0
	for seed := range uint64(400) {
		ok, err := enginetest.CompareBaked(enginetest.Generate(seed), e)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if ok {
			frozen++
		}
	}
	if frozen < 50 {
		t.Errorf("only %d of 400 modules had a state to freeze: the test has hardly seen anything", frozen)
	}
}

func FuzzBaked(f *testing.F) {
	for seed := range uint64(8) {
		f.Add(seed)
	}
	e := wazero.NewInterpreter()
	f.Fuzz(func(t *testing.T, seed uint64) {
		if _, err := enginetest.CompareBaked(enginetest.Generate(seed), e); err != nil {
			t.Fatal(err)
		}
	})
}

// withStart gives a generated module a _start that calls run and keeps the results in memory.
func withStart(t *testing.T, bin []byte) []byte {
	t.Helper()
	m, err := wasm.Decode(bin, wasm.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	m.Types = append(m.Types, wasm.FuncType{})
	m.Functions = append(m.Functions, uint32(len(m.Types)-1))
	body := []byte{0x41, 9, 0x42, 77, 0x43, 0, 0, 128, 63, 0x44, 0, 0, 0, 0, 0, 0, 240, 63, 0x10, 0} // call run
	body = append(body, 0x21, 3, 0x21, 2, 0x21, 1, 0x21, 0)                                          // into locals
	for i, store := range []byte{0x36, 0x37, 0x38, 0x39} {
		body = append(body, 0x41, byte(8*i), 0x20, byte(i), store, 0, 0)
	}
	m.Codes = append(m.Codes, wasm.Code{
		Locals: []wasm.LocalGroup{{Count: 1, Type: wasm.I32}, {Count: 1, Type: wasm.I64}, {Count: 1, Type: wasm.F32}, {Count: 1, Type: wasm.F64}}, Body: append(body, 0x0b)})
	m.Exports = append(m.Exports, wasm.Export{Name: "_start", Index: uint32(len(m.Functions) - 1)})
	return m.Encode()
}

// TestStandaloneAgrees: a module that starts by itself does what it did before code was left out of it, and its own fuel budget ends it where the meter's does.
func TestStandaloneAgrees(t *testing.T) {
	ctx := context.Background()
	const fuel, depth = 100_000, 500
	ends := map[string]int{}
	dropped := 0
	for seed := range uint64(250) {
		bin := withStart(t, enginetest.Generate(seed))
		m, err := wasm.Decode(bin, wasm.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		var outcomes []string
		for _, keep := range []bool{true, false} {
			built, err := bake.Standalone(m, bake.Options{Fuel: fuel, MaxCallDepth: depth, KeepUnreachable: keep})
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			if _, err := wasm.Decode(built.Wasm, wasm.Limits{}); err != nil {
				t.Fatalf("seed %d: not valid: %v", seed, err)
			}
			if !keep {
				dropped += built.Dropped
			}
			outcomes = append(outcomes, startStock(t, ctx, built.Wasm))
		}
		metered, err := meter.Rewrite(m, meter.Options{MaxCallDepth: depth})
		if err != nil {
			t.Fatal(err)
		}
		want := startMetered(t, ctx, metered.Base(), fuel)
		ends[want[:4]]++
		for _, got := range outcomes {
			if got != want {
				t.Fatalf("seed %d:\nthe metered module: %s\nas a file:          %s", seed, want, got)
			}
		}
	}
	t.Logf("%v, %d functions dropped", ends, dropped)
	if len(ends) < 3 || dropped == 0 {
		t.Errorf("the modules ended only as %v, and %d functions were dropped: the test has hardly seen anything", ends, dropped)
	}
}

// stock is wazero with what a generated module may use.
func stock() wazeroapi.RuntimeConfig {
	return wazeroapi.NewRuntimeConfigInterpreter().WithCoreFeatures(api.CoreFeaturesV2 | experimental.CoreFeaturesTailCall)
}

// startStock runs a module in wazero as it comes, with its own WASI.
func startStock(t *testing.T, ctx context.Context, bin []byte) string {
	t.Helper()
	rt := wazeroapi.NewRuntimeWithConfig(ctx, stock())
	defer rt.Close(ctx)
	wasi_snapshot_preview1.MustInstantiate(ctx, rt)
	m, err := rt.InstantiateWithConfig(ctx, bin, wazeroapi.NewModuleConfig().WithStartFunctions())
	if err != nil {
		t.Fatal(err)
	}
	memory := m.Memory()
	_, err = m.ExportedFunction("_start").Call(ctx)
	return ending(t, err, func() []byte { b, _ := memory.Read(0, memory.Size()); return b })
}

// startMetered runs _start of a metered module on one grant of fuel.
func startMetered(t *testing.T, ctx context.Context, bin []byte, fuel int64) string {
	t.Helper()
	rt := wazeroapi.NewRuntimeWithConfig(ctx, stock())
	defer rt.Close(ctx)
	stop := func() { panic(errExhausted) }
	_, err := rt.NewHostModuleBuilder(meter.Module).
		NewFunctionBuilder().WithFunc(func(int64) int64 { stop(); return 0 }).Export(meter.ImportRefill).
		NewFunctionBuilder().WithFunc(func(n int32) int32 { return n }).Export(meter.ImportGrow).
		NewFunctionBuilder().WithFunc(stop).Export(meter.ImportOverflow).Instantiate(ctx)
	if err != nil {
		t.Fatal(err)
	}
	m, err := rt.InstantiateWithConfig(ctx, bin, wazeroapi.NewModuleConfig().WithStartFunctions())
	if err != nil {
		t.Fatal(err)
	}
	left := m.ExportedGlobal(meter.GlobalFuel).(interface {
		Get() uint64
		Set(uint64)
	})
	left.Set(uint64(fuel))
	_, err = m.ExportedFunction("_start").Call(ctx)
	if err == nil && int64(left.Get()) < 0 {
		err = errExhausted
	}
	return ending(t, err, func() []byte { b, _ := m.Memory().Read(0, m.Memory().Size()); return b })
}

var errExhausted = errors.New("exhausted")

func ending(t *testing.T, err error, memory func() []byte) string {
	t.Helper()
	var exit *sys.ExitError
	switch {
	case errors.Is(err, errExhausted), errors.As(err, &exit) && exit.ExitCode() == bake.ExitExhausted:
		return "exhausted"
	case errors.As(err, &exit):
		t.Fatalf("exit code %d", exit.ExitCode())
	case err != nil:
		return fmt.Sprintf("trap, memory %x", sha256.Sum256(memory()))
	}
	return fmt.Sprintf("done, memory %x", sha256.Sum256(memory()))
}
