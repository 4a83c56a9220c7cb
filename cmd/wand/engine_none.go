//go:build !wasmtime || !cgo

package main

import "wand/runtime/engine"

const withWasmtime = false

func newWasmtime() (engine.Engine, error) { return nil, errNoWasmtime }
