//go:build wasmtime && cgo

package runtime

import (
	"wand/runtime/engine"
	"wand/runtime/engine/wasmtime"
)

const withWasmtime = true

func newWasmtime() (engine.Engine, error) { return wasmtime.New() }
