package enginetest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strings"

	"wand/compiler/meter"
	"wand/compiler/wasm"
	"wand/hostfuncs"
	"wand/runtime/engine"
)

// Compare meters a generated module (see Generate), runs it on each engine with a few arguments, on little and on much fuel and with slices of several
// sizes, and returns how the engines differ: in results, traps, fuel, memory or globals. No difference is nil. ran is how many calls were compared.
func Compare(bin []byte, engines []engine.Engine) (ran int, err error) {
	m, err := wasm.Decode(bin, wasm.Limits{})
	if err != nil {
		return 0, fmt.Errorf("the generator made what is not valid: %w", err)
	}
	metered, err := meter.Rewrite(m, meter.Options{MaxCallDepth: 500}) // the interpreter has 2,000 frames
	if err != nil {
		return 0, err
	}
	base := metered.Base()
	var compiled []engine.Code
	for _, e := range engines {
		code, err := e.Compile(context.Background(), base, meterHost(), "")
		if err != nil {
			return 0, fmt.Errorf("%s: %w", e.Name(), err)
		}
		defer code.Close(context.Background())
		compiled = append(compiled, code)
	}
	calls := []struct {
		args        [4]uint64
		fuel, slice int64
	}{
		{[4]uint64{0, 0, 0, 0}, 20_000, 1_000_000},
		{[4]uint64{7, 1 << 40, uint64(math.Float32bits(1.5)), math.Float64bits(-0.1)}, 300_000, 777},
		{[4]uint64{math.MaxUint32, math.MaxUint64, uint64(math.Float32bits(float32(math.Inf(1)))), math.Float64bits(1e300)}, 3_000, 1},
	}
	for _, c := range calls {
		var first string
		for n, code := range compiled {
			got, err := outcome(code, metered.Info, c.args, c.fuel, c.slice)
			if err != nil {
				return ran, fmt.Errorf("%s: %w", engines[n].Name(), err)
			}
			if n == 0 {
				first = got
			} else if got != first {
				return ran, fmt.Errorf("run(%v) with %d of fuel in slices of %d\n%s: %s\n%s: %s", c.args, c.fuel, c.slice, engines[0].Name(), first, engines[n].Name(), got)
			}
		}
		ran++
	}
	return ran, nil
}

// account is what the meter's functions need to know of a run.
type account struct{ granted, limit, slice int64 }

type accountKey struct{}

func meterHost() []hostfuncs.Func {
	i32, i64 := []hostfuncs.ValueType{hostfuncs.I32}, []hostfuncs.ValueType{hostfuncs.I64}
	return []hostfuncs.Func{
		{Module: meter.Module, Name: meter.ImportRefill, Params: i64, Results: i64, Call: func(ctx context.Context, _ []byte, stack []uint64) {
			a := ctx.Value(accountKey{}).(*account)
			charged := a.granted - int64(stack[0])
			if charged > a.limit {
				panic(&hostfuncs.Stop{Kind: hostfuncs.KindFuel, Used: charged, Limit: a.limit})
			}
			next := min(a.slice, a.limit-charged)
			a.granted = charged + next
			stack[0] = uint64(next)
		}},
		{Module: meter.Module, Name: meter.ImportGrow, Params: i32, Results: i32, Call: func(context.Context, []byte, []uint64) {}},
		{Module: meter.Module, Name: meter.ImportOverflow, Call: func(context.Context, []byte, []uint64) {
			panic(&hostfuncs.Stop{Kind: hostfuncs.KindCallDepth})
		}},
	}
}

// outcome runs the function run in a new instance and tells everything that must not depend on the engine.
func outcome(code engine.Code, info meter.Info, args [4]uint64, fuel, slice int64) (string, error) {
	i, err := code.Instantiate(context.Background(), engine.InstanceConfig{MaxMemory: 3 * engine.PageSize})
	if err != nil {
		return "", err
	}
	defer i.Close(context.Background())
	return outcomeOf(i, info, args, fuel, slice)
}

// outcomeOf is outcome of an instance that is there.
func outcomeOf(i engine.Instance, info meter.Info, args [4]uint64, fuel, slice int64) (string, error) {
	a := &account{limit: fuel, slice: slice}
	counter := i.Global(meter.GlobalFuel)
	counter.Set(0)
	if depth := i.Global(meter.GlobalDepth); depth != nil {
		depth.Set(0)
	}
	stack := args[:]
	var text strings.Builder
	err := i.Call(context.WithValue(context.Background(), accountKey{}, a), "run", stack)
	var stop *hostfuncs.Stop
	var trap *engine.Trap
	switch {
	case err == nil:
		fmt.Fprintf(&text, "results %#x, ", stack)
	case errors.As(err, &stop):
		fmt.Fprintf(&text, "stop %v, ", stop)
	case errors.As(err, &trap):
		fmt.Fprintf(&text, "%v, ", trap)
	default:
		return "", err
	}
	if stop == nil { // which says itself what was used
		fmt.Fprintf(&text, "fuel %d, ", a.granted-int64(counter.Get()))
	}
	memory := sha256.Sum256(i.Memory())
	fmt.Fprintf(&text, "memory of %d bytes %s, globals", len(i.Memory()), hex.EncodeToString(memory[:8]))
	for _, g := range info.Globals {
		fmt.Fprintf(&text, " %#x", i.Global(g.Export).Get())
	}
	return text.String(), nil
}
