// Package engine is what the runtime needs from a WebAssembly engine, and no more: compile a metered module, make instances
// of it, call them, snapshot them. Each engine is a room below this one; enginetest holds the suite that all of them pass.
//
// An engine knows nothing of fuel, limits or policies: the rewrite (compiler/meter) puts those into the module, and the runtime
// answers through host functions. What an engine must promise is in the comments of the interfaces.
package engine

import (
	"context"
	"errors"
	"fmt"

	"wand/compiler/meter"
	"wand/hostfuncs"
)

// PageSize is the size of a WebAssembly page in bytes.
const PageSize = 64 << 10

// MaxMemory is the largest linear memory that an instance may have, in bytes: one page less than 4 GiB, so that a size always fits 32 bits.
const MaxMemory = 4<<30 - PageSize

// Engine compiles modules. It is safe for concurrent use.
type Engine interface {
	// Name is stable and goes into reports and cache keys.
	Name() string
	// Compile compiles one metered module and links it with the given host functions, of which it may use any subset; an import that
	// none of them provides is an error that wraps ErrMissingImport. cacheDir, when not empty, is a private directory for native code of
	// this module alone, whose content the caller has verified.
	Compile(ctx context.Context, wasm []byte, host []hostfuncs.Func, cacheDir string) (Code, error)
	Close(ctx context.Context) error
}

// Code is a compiled module. It is safe for concurrent use.
type Code interface {
	// Instantiate makes an instance. Nothing of the guest runs: neither start functions nor constructors.
	Instantiate(ctx context.Context, config InstanceConfig) (Instance, error)
	Close(ctx context.Context) error
}

// InstanceConfig says how an instance starts.
type InstanceConfig struct {
	// Image, when not nil, becomes the memory and the globals of the instance, copy-on-write. Code must be the fork variant of
	// the module that the image was taken from.
	Image *Image
	// MaxMemory bounds the linear memory in bytes; memory.grow beyond it fails. Required; at most MaxMemory.
	MaxMemory uint64
}

// Instance is one instantiated module. It is used by one goroutine at a time.
type Instance interface {
	// Call calls an exported function: arguments are read from stack, results written to it. Host functions get ctx. A *hostfuncs.Stop that
	// a host function panics with, and a *Trap of the guest, come back as (wrapped) errors; after either the instance must only be closed.
	Call(ctx context.Context, function string, stack []uint64) error
	// HasFunction reports whether a function of that name is exported.
	HasFunction(name string) bool
	// Memory is the live linear memory, nil when there is none; valid until the guest runs again.
	Memory() []byte
	// Global is an exported mutable number global, or nil.
	Global(name string) Global
	// Image is what the instance was made from, or nil.
	Image() *Image
	// Grow makes the memory at least size bytes, a multiple of PageSize, as if the guest had done it; false when that is more than it may have.
	Grow(size uint64) bool
	// Written appends to spans, in order and in whole steps of DeltaPage, the parts of the memory outside which it is still that of the
	// image, and zeros beyond the image's end. An engine that cannot tell gives all of the memory.
	Written(spans []Span) []Span
	// Reset makes the instance what it was when it was made from its image: memory and globals, which by the meter's word are all of
	// its state. It returns false when it cannot (no image, an engine or a system without a way to do it); the instance must then be
	// closed. Only an instance none of whose calls returned an error may be reset.
	Reset() bool
	// Close frees the instance. It may be called once, when no call is running.
	Close(ctx context.Context) error
}

// Global is a handle on a mutable global of an instance, valid until the instance is closed.
type Global interface {
	Get() uint64
	Set(uint64)
}

// ErrMissingImport says that a module imports what nothing provides.
var ErrMissingImport = errors.New("import not provided")

// Trap is a fault that WebAssembly defines: the guest did what no program may do.
type Trap struct {
	// Reason is one of the Trap constants, the same words on every engine.
	Reason string
	// Frames are the guest's stack, innermost first, as far as the engine tells: at most MaxFrames.
	Frames []Frame
}

// MaxFrames is how many frames, the innermost ones, a Trap or a Stopped has at most.
const MaxFrames = 30

// Frame is a call on the guest's stack. Of a module that was metered with meter.Options.Positions it tells where, of any other by which name.
type Frame struct {
	// Name of the function, when the module names it.
	Name string
	// Position is where in the module's code the frame was; its Function is -1 and its Offset 0 when that is not known.
	Position meter.Position
}

// Stopped is a *hostfuncs.Stop with the guest's stack at the time.
type Stopped struct {
	Stop   *hostfuncs.Stop
	Frames []Frame
}

// Error implements error.
func (s *Stopped) Error() string { return s.Stop.Error() }

// Unwrap returns the Stop.
func (s *Stopped) Unwrap() error { return s.Stop }

// FramesOf returns the stack that an error of Call tells of, innermost first.
func FramesOf(err error) []Frame {
	var stopped *Stopped
	if errors.As(err, &stopped) {
		return stopped.Frames
	}
	var trap *Trap
	if errors.As(err, &trap) {
		return trap.Frames
	}
	return nil
}

// Reasons of a trap.
const (
	TrapUnreachable     = "unreachable executed"
	TrapMemory          = "out of bounds memory access"
	TrapTable           = "out of bounds table access"
	TrapIndirectNull    = "uninitialized element"
	TrapIndirectType    = "indirect call type mismatch"
	TrapIntegerOverflow = "integer overflow"
	TrapDivideByZero    = "integer divide by zero"
	TrapConversion      = "invalid conversion to integer"
	TrapStack           = "call stack exhausted"
)

// Error implements error.
func (t *Trap) Error() string { return "trap: " + t.Reason }

// MissingImportError wraps ErrMissingImport with its name.
func MissingImportError(module, name string) error {
	return fmt.Errorf("%w: %s.%s", ErrMissingImport, module, name)
}
