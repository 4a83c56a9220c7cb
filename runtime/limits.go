package runtime

import (
	"fmt"
	"time"

	"wand/policies/units"
	"wand/runtime/engine"
)

// Limits bound one run. A field that is zero takes its default: there is no way to say "unlimited". All of them are hard: the guest
// cannot catch, delay or observe reaching one, and its instance is discarded.
type Limits struct {
	// Fuel is how many units the program may burn: about one per WebAssembly instruction, more for bulk operations and host
	// calls by their size. Exact and the same on every machine and engine. Default 20e9, some two to five seconds of computing.
	Fuel int64 `json:"fuel"`
	// Memory in bytes: the guest's linear memory plus what the host holds for the run (files, kept output, results of host calls).
	// Default 256 MiB. A guest's own image counts.
	Memory int64 `json:"memory_bytes"`
	// Deadline is the wall-clock time of the whole run, waiting included. It begins when the module is compiled and the packages are
	// prepared; what that takes, only the context of the call bounds. Default 30 s.
	Deadline time.Duration `json:"deadline_ns"`
	// Output is how many bytes standard output and standard error may carry together, and how large the result value may be. Default 1 MiB.
	Output int64 `json:"output_bytes"`
	// Storage is how many bytes the in-memory filesystem may hold, the overhead of each file included. Default 64 MiB.
	Storage int64 `json:"storage_bytes"`
	// HostCalls is how many calls of host functions (tools) a program may make. Default 1,000.
	HostCalls int64 `json:"host_calls"`
	// CallDepth is how deep WebAssembly calls may nest, in frames of up to 16 values (a larger frame counts for more). Default and
	// maximum: MaxCallDepth. A program in a guest meets its interpreter's own recursion limit, an ordinary exception, long before.
	CallDepth int64 `json:"call_depth"`
}

// MaxCallDepth is the most that Limits.CallDepth may be. It bounds the host's memory for the call stack of one run.
const MaxCallDepth = 200_000

// DefaultLimits returns the limits that hold where nothing is said.
func DefaultLimits() Limits {
	return Limits{
		Fuel:      20_000_000_000,
		Memory:    256 << 20,
		Deadline:  30 * time.Second,
		Output:    1 << 20,
		Storage:   64 << 20,
		HostCalls: 1000,
		CallDepth: MaxCallDepth,
	}
}

// LimitError says which limit has a value that makes no sense.
type LimitError struct {
	Name   string
	Value  int64
	Reason string
}

// Error implements error.
func (e *LimitError) Error() string {
	return fmt.Sprintf("limit %s: %d %s", e.Name, e.Value, e.Reason)
}

// or fills the fields that are zero from d.
func (l Limits) or(d Limits) Limits {
	pick := func(v *int64, d int64) {
		if *v == 0 {
			*v = d
		}
	}
	pick(&l.Fuel, d.Fuel)
	pick(&l.Memory, d.Memory)
	pick((*int64)(&l.Deadline), int64(d.Deadline))
	pick(&l.Output, d.Output)
	pick(&l.Storage, d.Storage)
	pick(&l.HostCalls, d.HostCalls)
	pick(&l.CallDepth, d.CallDepth)
	return l
}

// check reports the first field that no run could have.
func (l Limits) check() error {
	fields := []struct {
		name  string
		value int64
		most  int64
	}{
		{"fuel", l.Fuel, 1 << 60},
		{"memory", l.Memory, engine.MaxMemory},
		{"deadline", int64(l.Deadline), int64(24 * time.Hour)},
		{"output", l.Output, 1 << 40},
		{"storage", l.Storage, engine.MaxMemory},
		{"host_calls", l.HostCalls, 1 << 40},
		{"call_depth", l.CallDepth, MaxCallDepth},
	}
	for _, f := range fields {
		if f.value < 0 {
			return &LimitError{f.name, f.value, "is negative"}
		}
		if f.value > f.most {
			return &LimitError{f.name, f.value, "is more than the most that can be enforced, " + limitText(f.name, f.most)}
		}
	}
	return nil
}

// limitText writes a limit's value in its unit.
func limitText(name string, value int64) string {
	switch name {
	case "memory", "storage", "output":
		return fmt.Sprintf("%s (%d bytes)", units.Bytes(value), value)
	case "deadline":
		return units.Duration(value).String()
	}
	return fmt.Sprint(value)
}
