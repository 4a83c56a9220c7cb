package enginetest

import (
	"context"
	"errors"
	"fmt"
	"math"

	"wand/compiler/bake"
	"wand/compiler/meter"
	"wand/compiler/wasm"
	"wand/runtime/engine"
)

// CompareBaked runs a generated module (see Generate), freezes the instance as it is then into a module of its own, and returns how an instance of that differs from the one that was
// frozen when both go on: in results, traps, fuel, memory or globals. No difference is nil. frozen says whether there was a state to freeze: a module that ran into a limit or a trap,
// or that keeps state elsewhere, has none.
func CompareBaked(bin []byte, e engine.Engine) (frozen bool, err error) {
	m, err := wasm.Decode(bin, wasm.Limits{})
	if err != nil {
		return false, fmt.Errorf("the generator made what is not valid: %w", err)
	}
	original, info, done, err := instanceOf(m, e)
	if err != nil {
		return false, err
	}
	defer done()
	first := [4]uint64{3, 5, uint64(math.Float32bits(2.5)), math.Float64bits(-7)}
	if _, err := outcomeOf(original, info, first, 300_000, 1_000_000); err != nil {
		return false, err
	}
	state := bake.State{Memory: append([]byte(nil), original.Memory()...), Globals: map[uint32]uint64{}}
	for _, g := range info.Globals {
		state.Globals[g.Index] = original.Global(g.Export).Get()
	}
	out, err := bake.Freeze(m, state)
	switch {
	case errors.Is(err, bake.ErrUnsupported) && info.SnapshotError != nil:
		return false, nil
	case err != nil:
		return false, err
	case info.SnapshotError != nil:
		return false, fmt.Errorf("a module was frozen that has no snapshot: %w", info.SnapshotError)
	}
	if out, err = wasm.Decode(out.Encode(), wasm.Limits{}); err != nil {
		return false, fmt.Errorf("the frozen module is not valid: %w", err)
	}
	copied, copiedInfo, doneToo, err := instanceOf(out, e)
	if err != nil {
		return false, err
	}
	defer doneToo()
	for _, args := range [][4]uint64{{0, 0, 0, 0}, {7, 1 << 40, uint64(math.Float32bits(1.5)), math.Float64bits(-0.1)}} {
		want, err := outcomeOf(original, info, args, 200_000, 1_000_000)
		if err != nil {
			return true, err
		}
		got, err := outcomeOf(copied, copiedInfo, args, 200_000, 1_000_000)
		if err != nil {
			return true, err
		}
		if got != want {
			return true, fmt.Errorf("run(%v)\nthe instance:  %s\nthe baked one: %s", args, want, got)
		}
	}
	return true, nil
}

// instanceOf meters a module and makes an instance of it.
func instanceOf(m *wasm.Module, e engine.Engine) (engine.Instance, meter.Info, func(), error) {
	metered, err := meter.Rewrite(m, meter.Options{MaxCallDepth: 500})
	if err != nil {
		return nil, meter.Info{}, nil, err
	}
	ctx := context.Background()
	code, err := e.Compile(ctx, metered.Base(), meterHost(), "")
	if err != nil {
		return nil, meter.Info{}, nil, err
	}
	i, err := code.Instantiate(ctx, engine.InstanceConfig{MaxMemory: 3 * engine.PageSize})
	if err != nil {
		return nil, meter.Info{}, nil, errors.Join(err, code.Close(ctx))
	}
	return i, metered.Info, func() {
		i.Close(ctx)
		code.Close(ctx)
	}, nil
}
