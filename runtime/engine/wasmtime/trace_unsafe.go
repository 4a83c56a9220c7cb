//go:build wasmtime && cgo

package wasmtime

/*
#include <stddef.h>
#include <stdint.h>

// Of wasmtime's C interface, what wasmtime-go has no words for: the trace of an error. The library is linked by wasmtime-go.
typedef struct { size_t size; void **data; } wand_frames;
typedef struct { size_t size; char *data; } wand_name;
extern void wasmtime_error_wasm_trace(const void *, wand_frames *);
extern void wasm_frame_vec_delete(wand_frames *);
extern uint32_t wasm_frame_func_index(const void *);
extern size_t wasm_frame_func_offset(const void *);
extern const wand_name *wasmtime_frame_func_name(const void *);
*/
import "C"

import (
	"errors"
	"reflect"
	"runtime"
	"unsafe"

	"github.com/bytecodealliance/wasmtime-go/v39"

	"wand/runtime/engine"
)

// framesOfError are the guest's frames, innermost first, of an error that a host function ended it with. wasmtime tells those of its own traps only as a
// Trap; for all other errors they are behind the pointer that a wasmtime.Error wraps.
func framesOfError(err error) []engine.Frame {
	var wrapped *wasmtime.Error
	if !errors.As(err, &wrapped) {
		return nil
	}
	defer runtime.KeepAlive(wrapped)
	pointer := reflect.ValueOf(wrapped).Elem().FieldByName("_ptr")
	if pointer.Kind() != reflect.Pointer || pointer.IsNil() {
		return nil
	}
	var list C.wand_frames
	C.wasmtime_error_wasm_trace(pointer.UnsafePointer(), &list)
	defer C.wasm_frame_vec_delete(&list)
	var frames []engine.Frame
	for _, f := range unsafe.Slice(list.data, min(int(list.size), engine.MaxFrames)) {
		name := ""
		if n := C.wasmtime_frame_func_name(f); n != nil {
			name = C.GoStringN(n.data, C.int(n.size))
		}
		frames = append(frames, frame(name, int(C.wasm_frame_func_index(f)), int(C.wasm_frame_func_offset(f))))
	}
	return frames
}
