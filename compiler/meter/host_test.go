package meter_test

import (
	"context"
	"errors"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"wand/compiler/meter"
	"wand/compiler/wasm"
)

// features are all that wazero knows, so that what is refused is refused by us.
const features = api.CoreFeaturesV2 | experimental.CoreFeaturesTailCall | experimental.CoreFeaturesExtendedConst |
	experimental.CoreFeaturesThreads | experimental.CoreFeaturesExceptionHandling | experimental.CoreFeaturesTypedFunctionReferences

var (
	errFuel     = errors.New("fuel")
	errOverflow = errors.New("overflow")
	errGrow     = errors.New("grow")
)

// host answers the imports of metered modules and keeps the account of one instance.
type host struct {
	slice   int64
	limit   int64 // of fuel
	granted int64
	refills int
	pages   uint32 // most that grow allows; 0 means all
}

func newHost() *host { return &host{slice: 1_000_000, limit: 1 << 60} }

func (h *host) refill(left int64) int64 {
	h.refills++
	charged := h.granted - left
	if charged > h.limit {
		panic(errFuel)
	}
	next := min(h.slice, h.limit-charged)
	h.granted = charged + next
	return next
}

// used is the fuel charged so far by an instance that is not running.
func (h *host) used(m api.Module) int64 {
	return h.granted - int64(m.ExportedGlobal(meter.GlobalFuel).Get())
}

func (h *host) install(ctx context.Context, t testing.TB, rt wazero.Runtime) {
	t.Helper()
	_, err := rt.NewHostModuleBuilder(meter.Module).
		NewFunctionBuilder().WithGoFunction(api.GoFunc(func(_ context.Context, stack []uint64) {
		stack[0] = uint64(h.refill(int64(stack[0])))
	}), []api.ValueType{api.ValueTypeI64}, []api.ValueType{api.ValueTypeI64}).Export(meter.ImportRefill).
		NewFunctionBuilder().WithGoModuleFunction(api.GoModuleFunc(func(_ context.Context, m api.Module, stack []uint64) {
		if h.pages != 0 && uint64(m.Memory().Size()>>16)+uint64(uint32(stack[0])) > uint64(h.pages) {
			panic(errGrow)
		}
	}), []api.ValueType{api.ValueTypeI32}, []api.ValueType{api.ValueTypeI32}).Export(meter.ImportGrow).
		NewFunctionBuilder().WithGoFunction(api.GoFunc(func(context.Context, []uint64) { panic(errOverflow) }), nil, nil).Export(meter.ImportOverflow).
		Instantiate(ctx)
	if err != nil {
		t.Fatal(err)
	}
}

type engine struct {
	name   string
	config func() wazero.RuntimeConfig
}

func engines() []engine {
	return []engine{
		{"compiler", wazero.NewRuntimeConfigCompiler},
		{"interpreter", wazero.NewRuntimeConfigInterpreter},
	}
}

func metered(t testing.TB, bin []byte, o meter.Options) *meter.Metered {
	t.Helper()
	m, err := wasm.Decode(bin, wasm.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := meter.Rewrite(m, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
