//go:build !wasmtime || !cgo

package main

import (
	"errors"

	"wand/runtime/engine"
)

var errNoWasmtime = errors.New("this bench was built without wasmtime, which needs a C compiler (go run -tags wasmtime)")

func newWasmtime() (engine.Engine, error) { return nil, errNoWasmtime }

func wasmtimeByItself([]byte, bool) (kernelRun, func(), error) { return nil, nil, errNoWasmtime }
