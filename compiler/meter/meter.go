// Package meter rewrites a WebAssembly module so that whoever runs it can bound it: how much it computes, how deep it calls,
// how much memory and how many table entries it takes. The rewrite is the same on every engine, and so is what it counts.
//
// The metered module imports three functions from Module and exports two globals:
//
//   - GlobalFuel is what is left of the current slice. Code charges it as it goes (cost.go) and calls ImportRefill with it
//     whenever it finds it negative: at function entries that a recursion must pass, at loop headers, at bulk operations. Refill
//     returns the new counter, or stops the run by never returning. A run is thus exhausted at the first check at which all that it
//     charged exceeds all that it was granted, whatever the slices were.
//   - GlobalDepth is the weight of the frames on the stack, of those that a recursion must pass. Above Options.MaxCallDepth the code
//     calls ImportOverflow, which must not return. An exported function leaves it as it found it.
//   - ImportGrow hears of every memory.grow before it happens and returns by how many pages it may happen.
//
// What is charged never falls short of what is executed: every instruction is charged before it runs, in one sum for the code
// around it. It may exceed it a little, where a short conditional stretch is charged with the code before it.
//
// The package imports compiler/wasm only. Its input is a validated module, which may still be hostile: the rewrite takes linear
// time and its output is at most 32 times the input and a constant.
package meter

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"wand/compiler/wasm"
)

// Version changes whenever the same module is metered differently; it belongs into keys of caches.
const Version = 4

// Names that the rewrite adds to a module. A module that imports from Module, or exports a name that begins with Prefix, is refused.
const (
	Module         = "wand_meter"
	ImportRefill   = "refill"   // (i64) -> (i64)
	ImportGrow     = "grow"     // (i32) -> (i32)
	ImportOverflow = "overflow" // () -> ()

	Prefix      = "wand_meter."
	GlobalFuel  = Prefix + "fuel"  // mutable i64
	GlobalDepth = Prefix + "depth" // mutable i32
	Start       = Prefix + "start" // the module's start function, if it has one: () -> ()
	// Memory is the memory of a module that exports none: not every engine lets the host see a memory that is not exported, and what cannot be seen is not
	// counted.
	Memory = Prefix + "memory"
)

// Options of a rewrite.
type Options struct {
	// MaxCallDepth is the largest weight of the frames on the stack; a small frame weighs 1. Default 20,000. Engines have limits of
	// their own, which must be further away: wazero's compiler stops at 400 MB of stack, its interpreter at 2,000 frames.
	MaxCallDepth uint32
	// MaxTableEntries bounds the tables of an instance, all together. Default 1,000,000.
	MaxTableEntries uint32
	// Positions makes the traces of engines tell where in the code each call was, for Locate, instead of the names of functions. Nothing else of the module
	// is different for it. Default: no.
	Positions bool
}

func (o Options) withDefaults() Options {
	if o.MaxCallDepth == 0 {
		o.MaxCallDepth = 20_000
	}
	o.MaxCallDepth = min(o.MaxCallDepth, 1<<30)
	if o.MaxTableEntries == 0 {
		o.MaxTableEntries = 1_000_000
	}
	return o
}

// Metered is a rewritten module. It is immutable.
type Metered struct {
	Info   Info
	module wasm.Module
}

// Info is what a runtime needs to know of a metered module.
type Info struct {
	HasMemory bool
	// MemoryMin and MemoryMax are what the module declares, in pages; MemoryMax is 65,536 when it declares none.
	MemoryMin, MemoryMax uint32
	// HasStart says that Start is exported and must be called before anything else.
	HasStart bool
	// ElementsDoNotFit says that an active element segment has more entries than its table: to instantiate the module is a trap, whatever an engine makes of
	// it (wazero leaves such a segment out).
	ElementsDoNotFit bool
	// Globals are the module's own mutable globals, all exported: with the memory they are the state of an instance.
	Globals []Global
	// SnapshotError says why memory and globals are not the whole state of an instance; nil when they are.
	SnapshotError error
	// Functions counts what the rewrite did, for reports and benchmarks.
	Functions Counts
}

// Counts of functions by the way they are metered, and of the code that was added.
type Counts struct {
	Total   int // defined functions
	Tracked int // those that check fuel and depth on entry
	Silent  int // those that their callers pay for
	Charges int // places that charge
	Loops   int // places that check because of a loop
}

// Global is one mutable global of the original module.
type Global struct {
	Export string
	Index  uint32
	Type   wasm.ValType
}

// Base returns the metered module. Its start function is an export; the host calls it when the meter is set.
func (m *Metered) Base() []byte { return m.module.Encode() }

// Shell returns the metered module without its code: every body is a trap, everything else is as in Base. An engine that has native code of Base needs no more.
func (m *Metered) Shell() []byte {
	shell := m.module
	shell.Codes = make([]wasm.Code, len(shell.Codes))
	for i := range shell.Codes {
		shell.Codes[i] = wasm.Code{Body: []byte{byte(wasm.OpUnreachable), byte(wasm.OpEnd)}}
	}
	return shell.Encode()
}

// Fork returns the module for instances that begin as a snapshot of an instance of Base with a memory of the given number of
// pages: nothing is written into memory or run at instantiation. Code is the same, byte for byte, as that of Base.
func (m *Metered) Fork(pages uint32) ([]byte, error) {
	if m.Info.SnapshotError != nil {
		return nil, m.Info.SnapshotError
	}
	if !m.Info.HasMemory && pages > 0 || pages > m.Info.MemoryMax || pages < m.Info.MemoryMin {
		return nil, fmt.Errorf("meter: a snapshot of %d pages, of a module with a memory of %d to %d", pages, m.Info.MemoryMin, m.Info.MemoryMax)
	}
	fork := m.module
	fork.Memories = slices.Clone(fork.Memories)
	for i := range fork.Memories {
		fork.Memories[i].Size.Min = pages
	}
	// An active segment counts as dropped once it was applied, which is what an empty passive one behaves like.
	fork.Data = slices.Clone(fork.Data)
	for i := range fork.Data {
		if fork.Data[i].Mode == wasm.Active {
			fork.Data[i] = wasm.Data{Mode: wasm.Passive}
		}
	}
	return fork.Encode(), nil
}

// Rewrite meters a module that wasm.Decode accepted. The module is not changed, but the result shares its slices. The error is a
// *wasm.Error.
func Rewrite(m *wasm.Module, o Options) (*Metered, error) {
	o = o.withDefaults()
	if err := accept(m, o); err != nil {
		return nil, err
	}
	r := newRewriter(m, o)
	if err := r.scan(); err != nil {
		return nil, err
	}
	r.plan()
	if err := r.rewrite(); err != nil {
		return nil, err
	}
	r.info.SnapshotError = r.snapshotError()
	return &Metered{Info: r.info, module: r.out}, nil
}

func refuse(feature, format string, args ...any) error {
	return &wasm.Error{Feature: feature, Message: fmt.Sprintf(format, args...)}
}

// accept refuses modules that cannot be metered: whatever is imported except functions belongs to somebody who is not.
func accept(m *wasm.Module, o Options) error {
	for i := range m.Imports {
		im := &m.Imports[i]
		if im.Kind != wasm.ExternFunc {
			return refuse("imported "+im.Kind.String(), "%q.%q: a module must define its own %s", im.Module, im.Name, im.Kind)
		}
		if im.Module == Module {
			return refuse("reserved name", "the import module %q belongs to the meter", Module)
		}
	}
	for i := range m.Exports {
		if strings.HasPrefix(m.Exports[i].Name, Prefix) {
			return refuse("reserved name", "the export %q begins with %q, which belongs to the meter", m.Exports[i].Name, Prefix)
		}
	}
	entries := uint64(0)
	for i := range m.Tables {
		entries += uint64(m.Tables[i].Size.Min)
	}
	if entries > uint64(o.MaxTableEntries) {
		return refuse(wasm.FeatureLimit, "tables of %d entries, at most %d are accepted", entries, o.MaxTableEntries)
	}
	return nil
}

// Reasons why a module cannot be snapshotted.
var (
	errMutatesTables = errors.New("meter: no snapshot: the module changes its tables at run time")
	errDrops         = errors.New("meter: no snapshot: the module drops segments at run time")
)

func (r *rewriter) snapshotError() error {
	switch {
	case r.mutatesTables:
		return errMutatesTables
	case r.dropsSegments:
		return errDrops
	}
	for _, g := range r.info.Globals {
		if g.Type.IsRef() || g.Type == wasm.V128 {
			return fmt.Errorf("meter: no snapshot: global %d is mutable and holds a %s", g.Index, g.Type)
		}
	}
	return nil
}
