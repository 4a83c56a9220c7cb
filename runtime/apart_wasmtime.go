//go:build wasmtime && cgo

package runtime

import "wand/runtime/engine/wasmtime"

func init() { compileEngines["wasmtime"] = wasmtime.New }
