//go:build !wasmtime || !cgo

package runtime

import "wand/runtime/engine"

const withWasmtime = false

func newWasmtime() (engine.Engine, error) { return nil, errNoEngine }
