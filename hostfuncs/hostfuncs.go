// Package hostfuncs holds what a guest can reach outside its own memory: the functions that the host puts behind its
// imports. This package defines the engine-neutral shape of such a function and the one way to stop a run from inside it;
// each room below it implements one import module or one tool. It may import compiler and policies, never runtime.
package hostfuncs

import (
	"context"
	"fmt"
)

// ValueType is a WebAssembly number type, encoded as in the binary format.
type ValueType byte

// The number types that host functions exchange.
const (
	I32 ValueType = 0x7f
	I64 ValueType = 0x7e
	F32 ValueType = 0x7d
	F64 ValueType = 0x7c
)

// Func is one host function as every engine registers it.
type Func struct {
	Module, Name    string
	Params, Results []ValueType
	// Call reads its arguments from stack[i] and writes its results there, each as 64 raw bits (an i32 in the low half).
	// memory is the calling guest's whole linear memory, nil when it has none: it is valid only until Call returns, and every
	// offset that comes from the guest must be checked against its length. What belongs to the run comes through ctx.
	Call func(ctx context.Context, memory []byte, stack []uint64)
}

// Kind names the limit or event that stopped a run; the values are those of error.kind in the report (DESIGN.md section 7).
type Kind string

// Reasons for which the host stops a guest.
const (
	KindFuel      Kind = "fuel"
	KindMemory    Kind = "memory"
	KindDeadline  Kind = "deadline"
	KindOutput    Kind = "output"
	KindStorage   Kind = "storage"
	KindHostCalls Kind = "host_calls"
	KindCallDepth Kind = "call_depth"
	KindCancelled Kind = "cancelled"
	KindExit      Kind = "exit"
	KindInternal  Kind = "internal"
	KindSuspended Kind = "suspended" // the run waits for an answer; see Suspension
)

// Stop ends the run from inside a host function: panic(&Stop{...}). Engines carry it out of the guest as the error of the call,
// where errors.As finds it. The guest cannot observe it, and its instance is discarded.
type Stop struct {
	Kind Kind
	// Used and Limit are in the kind's own unit (fuel units, bytes, calls, frames, nanoseconds); Limit 0 means not applicable.
	Used, Limit int64
	// ExitCode is the program's own, for KindExit.
	ExitCode uint32
	// Detail completes the message, for instance which file was being written. It never names anything of the host.
	Detail string
	// Suspension is what the run waits for, for KindSuspended.
	Suspension *Suspension
}

// Error implements error.
func (s *Stop) Error() string {
	switch {
	case s.Kind == KindExit:
		return fmt.Sprintf("exit code %d", s.ExitCode)
	case s.Limit > 0 && s.Detail != "":
		return fmt.Sprintf("%s limit reached: used %d of %d (%s)", s.Kind, s.Used, s.Limit, s.Detail)
	case s.Limit > 0:
		return fmt.Sprintf("%s limit reached: used %d of %d", s.Kind, s.Used, s.Limit)
	case s.Detail != "":
		return fmt.Sprintf("%s: %s", s.Kind, s.Detail)
	}
	return string(s.Kind)
}
