//go:build wasmtime && cgo

package wasmtime

import (
	"math"

	"github.com/bytecodealliance/wasmtime-go/v39"
)

// bits is a number as engines exchange it: 64 raw bits, an i32 in the low half.
func bits(v wasmtime.Val) uint64 {
	switch v.Kind() {
	case wasmtime.KindI32:
		return uint64(uint32(v.I32()))
	case wasmtime.KindI64:
		return uint64(v.I64())
	case wasmtime.KindF32:
		return uint64(math.Float32bits(v.F32()))
	}
	return math.Float64bits(v.F64())
}

func value(kind wasmtime.ValKind, bits uint64) wasmtime.Val {
	switch kind {
	case wasmtime.KindI32:
		return wasmtime.ValI32(int32(uint32(bits)))
	case wasmtime.KindI64:
		return wasmtime.ValI64(int64(bits))
	case wasmtime.KindF32:
		return wasmtime.ValF32(math.Float32frombits(uint32(bits)))
	}
	return wasmtime.ValF64(math.Float64frombits(bits))
}

func floatBits(v any) uint64 {
	if f, ok := v.(float32); ok {
		return uint64(math.Float32bits(f))
	}
	f, _ := v.(float64)
	return math.Float64bits(f)
}
