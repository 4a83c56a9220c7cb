package wand

import "unsafe"

//go:wasmimport wand input
func abiInput() int32

//go:wasmimport wand call
func abiCall(name unsafe.Pointer, nameLen uint32, args unsafe.Pointer, argsLen uint32) int32

//go:wasmimport wand start
func abiStart(name unsafe.Pointer, nameLen uint32, args unsafe.Pointer, argsLen uint32) int32

//go:wasmimport wand wait
func abiWait(nanoseconds int64) int64

//go:wasmimport wand take
func abiTake(to unsafe.Pointer, room uint32) int32

//go:wasmimport wand respond
func abiRespond(text unsafe.Pointer, length uint32)

// taken is what the host keeps of the last import.
func taken(length int32) []byte {
	if length <= 0 {
		return nil
	}
	text := make([]byte, length)
	return text[:abiTake(unsafe.Pointer(unsafe.SliceData(text)), uint32(length))]
}

func input() ([]byte, error) { return taken(abiInput()), nil }

func call(name string, args []byte) ([]byte, error) {
	return taken(abiCall(unsafe.Pointer(unsafe.StringData(name)), uint32(len(name)), unsafe.Pointer(unsafe.SliceData(args)), uint32(len(args)))), nil
}

func start(name string, args []byte) (int32, error) {
	return abiStart(unsafe.Pointer(unsafe.StringData(name)), uint32(len(name)), unsafe.Pointer(unsafe.SliceData(args)), uint32(len(args))), nil
}

func wait() (int32, []byte, error) {
	ended := abiWait(-1)
	if ended <= 0 {
		return 0, nil, nil
	}
	return int32(ended >> 32), taken(int32(ended)), nil
}

func deliver(text []byte) error {
	abiRespond(unsafe.Pointer(unsafe.SliceData(text)), uint32(len(text)))
	return nil
}
