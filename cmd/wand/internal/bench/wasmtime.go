//go:build wasmtime && cgo

package main

import (
	"context"
	"errors"
	"fmt"

	wasmtimego "github.com/bytecodealliance/wasmtime-go/v39"

	"wand/runtime/engine"
	"wand/runtime/engine/wasmtime"
)

var errNoWasmtime = errors.New("this bench was built without wasmtime")

func newWasmtime() (engine.Engine, error) { return wasmtime.New() }

// wasmtimeByItself is a kernel in wasmtime as it comes, with its own fuel or without any.
func wasmtimeByItself(bin []byte, fuel bool) (kernelRun, func(), error) {
	config := wasmtimego.NewConfig()
	config.SetConsumeFuel(fuel)
	e := wasmtimego.NewEngineWithConfig(config)
	store := wasmtimego.NewStore(e)
	done := func() { store.Close(); e.Close() }
	module, err := wasmtimego.NewModule(e, bin)
	if err != nil {
		done()
		return nil, nil, err
	}
	refuel := func() error {
		if fuel {
			return store.SetFuel(1 << 60)
		}
		return nil
	}
	if err := refuel(); err != nil {
		done()
		return nil, nil, err
	}
	instance, err := wasmtimego.NewInstance(store, module, nil)
	if err != nil {
		done()
		return nil, nil, err
	}
	kernel := instance.GetFunc(store, "kernel")
	if kernel == nil {
		done()
		return nil, nil, errors.New("it exports no function kernel")
	}
	return func(_ context.Context, n uint64) (int64, error) {
		if err := refuel(); err != nil {
			return 0, err
		}
		got, err := kernel.Call(store, int32(n))
		if err != nil {
			return 0, err
		}
		value, ok := got.(int64)
		if !ok {
			return 0, fmt.Errorf("it returned a %T", got)
		}
		return value, nil
	}, done, nil
}
