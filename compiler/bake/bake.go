// Package bake makes a module that starts by itself, in any WASI preview 1 runtime, of a module that wants wand around it: of the state in which an instance
// was stopped (Freeze), or of a compiled program as it is. What only wand provides is answered inside, what cannot be reached is left out, and a
// fuel budget can be built in (Options.Fuel). It is all one pass over index spaces: no code is compiled or run here, and the same input gives the same bytes.
//
// The runtime's Build and the command's wand build call it. It imports compiler/wasm and compiler/meter only. Its input is a module that wasm.Decode accepted,
// which may be hostile: everything takes linear time.
package bake

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"wand/compiler/meter"
	"wand/compiler/wasm"
)

// ErrUnsupported says that a module cannot be made to start by itself; the message says why.
var ErrUnsupported = errors.New("cannot be built into a file of its own")

// ExitExhausted is what a module with a fuel budget of its own exits with when a limit has stopped it, as wand run does.
const ExitExhausted = 4

// Options of Standalone.
type Options struct {
	// Entry is the exported function, without parameters and results, that _start becomes. Default: _start, or _initialize where there is none.
	Entry string
	// Fuel is the budget that is built in: units, 0 for none. Code then counts what it executes as in the sandbox, but nothing for what the host does for it.
	Fuel int64
	// MaxCallDepth bounds the frames of a module with Fuel; see meter.Options.
	MaxCallDepth uint32
	// Limit is how the messages name the budget. Default: the number.
	Limit string
	// KeepUnreachable leaves code in that nothing can call. It is there to measure what leaving it out gains.
	KeepUnreachable bool
}

// Built is a module that starts by itself.
type Built struct {
	Wasm []byte
	// Functions is how many functions it has, Dropped how many nothing could call.
	Functions, Dropped int
	// CodeBytes and DataBytes are the sizes of its code and its data.
	CodeBytes, DataBytes int
	// MemoryBytes is the memory that it starts with.
	MemoryBytes int64
	// Imports are the names of what it imports, all of them of wasi_snapshot_preview1.
	Imports []string
	// Answered are the functions of wand that it imported, and that now answer that there are no tools.
	Answered []string
}

// Standalone makes a module that exports memory and _start and imports WASI only. The module is not changed, but the result may share its slices. The error
// wraps ErrUnsupported when the module is at fault.
func Standalone(m *wasm.Module, o Options) (*Built, error) {
	entry, err := entryOf(m, o.Entry)
	if err != nil {
		return nil, err
	}
	if err := checkImports(m); err != nil {
		return nil, err
	}
	l := newLinker(m)
	answered, err := l.answer()
	if err != nil {
		return nil, err
	}
	l.keepAll = o.KeepUnreachable
	l.exports(entry)
	out, err := l.link()
	if err != nil {
		return nil, err
	}
	dropped := l.dropped
	if o.Fuel > 0 {
		if out, err = metered(out, o); err != nil {
			return nil, err
		}
	}
	b := &Built{Wasm: out.Encode(), Functions: len(out.Functions), Dropped: dropped, Answered: answered}
	for i := range out.Codes {
		b.CodeBytes += len(out.Codes[i].Body)
	}
	for i := range out.Data {
		b.DataBytes += len(out.Data[i].Init)
	}
	if len(out.Memories) > 0 {
		b.MemoryBytes = int64(out.Memories[0].Size.Min) << 16
	}
	for i := range out.Imports {
		b.Imports = append(b.Imports, out.Imports[i].Name)
	}
	slices.Sort(b.Imports)
	return b, nil
}

// entryOf is the function that the module begins with.
func entryOf(m *wasm.Module, name string) (uint32, error) {
	names := []string{name}
	if name == "" {
		names = []string{"_start", "_initialize"}
	}
	for _, name := range names {
		for _, e := range m.Exports {
			if e.Kind != wasm.ExternFunc || e.Name != name {
				continue
			}
			if t := typeOf(m, e.Index); len(t.Params)+len(t.Results) > 0 {
				return 0, fmt.Errorf("%w: its %s has parameters or results", ErrUnsupported, name)
			}
			return e.Index, nil
		}
	}
	if name == "" {
		return 0, fmt.Errorf("%w: it exports neither _start nor _initialize, so there is nothing to start; a program has one", ErrUnsupported)
	}
	return 0, fmt.Errorf("%w: it does not export %s", ErrUnsupported, name)
}

// typeOf is the type of a function, imported or defined.
func typeOf(m *wasm.Module, index uint32) *wasm.FuncType {
	for i := range m.Imports {
		if m.Imports[i].Kind != wasm.ExternFunc {
			continue
		}
		if index == 0 {
			return &m.Types[m.Imports[i].Func]
		}
		index--
	}
	return &m.Types[m.Functions[index]]
}

// metered builds a fuel budget into a module that starts by itself.
func metered(m *wasm.Module, o Options) (*wasm.Module, error) {
	// The meter needs what only decoding finds out.
	decoded, err := wasm.Decode(m.Encode(), wasm.Limits{})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnsupported, err)
	}
	rewritten, err := meter.Rewrite(decoded, meter.Options{MaxCallDepth: o.MaxCallDepth})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnsupported, err)
	}
	// What the meter adds may be beyond what a program may have of its own.
	large := wasm.Limits{ModuleBytes: 1 << 30, Functions: 1 << 20, FunctionBytes: 1 << 28, Imports: 1 << 20, LocalsPerFunction: 1 << 20, Nesting: 1 << 20, Exports: 1 << 20}
	if decoded, err = wasm.Decode(rewritten.Base(), large); err != nil {
		return nil, fmt.Errorf("the metered module is not valid: %w", err)
	}
	l := newLinker(decoded)
	l.keepAll = true
	if err := l.budget(o); err != nil {
		return nil, err
	}
	return l.link()
}

// State is what an instance of a module is between two calls of its functions.
type State struct {
	// Memory is all of its memory: a multiple of 64 KiB.
	Memory []byte
	// Globals are the values of its mutable globals by index; floats as their bits.
	Globals map[uint32]uint64
}

// Freeze returns the module whose new instances are in this state: nothing has to run before. Where it is a linker's C stack that memory begins with and nothing is on it, what
// earlier calls left there goes. The error wraps ErrUnsupported when memory and globals are not the whole state of an instance.
func Freeze(m *wasm.Module, s State) (*wasm.Module, error) {
	uses, err := frozenUses(m)
	if err != nil {
		return nil, err
	}
	out := *m
	if err := freezeGlobals(&out, s.Globals); err != nil {
		return nil, err
	}
	const page = 1 << 16
	pages := len(s.Memory) / page
	switch {
	case len(m.Memories) == 0 && pages > 0, len(s.Memory)%page != 0:
		return nil, fmt.Errorf("a state with %d bytes of memory is none of this module", len(s.Memory))
	case len(m.Memories) > 0:
		size := m.Memories[0].Size
		if pages < int(size.Min) || size.HasMax && pages > int(size.Max) {
			return nil, fmt.Errorf("a state with %d pages of memory is none of this module", pages)
		}
		size.Min = uint32(pages)
		out.Memories = []wasm.MemoryType{{Size: size}}
	}
	memory := s.Memory
	if dead := deadStack(m, s); dead > 0 {
		memory = slices.Clone(memory)
		clear(memory[:dead])
	}
	out.Start = nil
	out.Data = nil
	if uses {
		// An active segment counts as dropped once it was applied, which is what an empty passive one behaves like.
		out.Data = slices.Clone(m.Data)
		for i := range out.Data {
			if out.Data[i].Mode == wasm.Active {
				out.Data[i] = wasm.Data{Mode: wasm.Passive}
			}
		}
	}
	out.Data = append(out.Data, segments(memory)...)
	out.HasDataCount = out.HasDataCount && uses
	return &out, nil
}

// frozenUses says whether code names data segments, and refuses a module whose instances have a state beside memory and globals.
func frozenUses(m *wasm.Module) (uses bool, err error) {
	var in wasm.Instr
	for i := range m.Codes {
		for it := wasm.NewIterator(m.Codes[i].Body, 0); it.Next(&in); {
			switch in.Op {
			case wasm.OpMemoryInit:
				uses = true
			case wasm.OpDataDrop, wasm.OpElemDrop:
				return false, fmt.Errorf("%w: it drops segments at run time, which no snapshot has", ErrUnsupported)
			case wasm.OpTableSet, wasm.OpTableInit, wasm.OpTableCopy, wasm.OpTableGrow, wasm.OpTableFill:
				return false, fmt.Errorf("%w: it changes its tables at run time, which no snapshot has", ErrUnsupported)
			}
		}
	}
	return uses, nil
}

func freezeGlobals(m *wasm.Module, values map[uint32]uint64) error {
	if m.ImportedGlobals() > 0 {
		return fmt.Errorf("%w: it imports globals", ErrUnsupported)
	}
	m.Globals = slices.Clone(m.Globals)
	for i := range m.Globals {
		g := &m.Globals[i]
		if !g.Type.Mutable {
			continue
		}
		value, ok := values[uint32(i)]
		if !ok {
			return fmt.Errorf("the state has no value of global %d", i)
		}
		var c code
		switch g.Type.Type {
		case wasm.I32:
			c.i32(int32(value))
		case wasm.I64:
			c.i64(int64(value))
		case wasm.F32:
			c.raw(byte(wasm.OpF32Const), byte(value), byte(value>>8), byte(value>>16), byte(value>>24))
		case wasm.F64:
			c.raw(byte(wasm.OpF64Const))
			for shift := 0; shift < 64; shift += 8 {
				c.raw(byte(value >> shift))
			}
		default:
			return fmt.Errorf("%w: global %d is mutable and holds a %s", ErrUnsupported, i, g.Type.Type)
		}
		c.op(wasm.OpEnd)
		g.Init = c.out
	}
	return nil
}

// deadStack is how many bytes at the beginning of memory are a C stack with nothing on it: wasm-ld puts it first when it is told to, and data right behind. The one mutable
// global is then its pointer, back where it began.
func deadStack(m *wasm.Module, s State) uint64 {
	pointer := -1
	for i := range m.Globals {
		if t := m.Globals[i].Type; t.Mutable && t.Type == wasm.I32 {
			if pointer >= 0 {
				return 0
			}
			pointer = i
		}
	}
	if pointer < 0 {
		return 0
	}
	began, ok := constant(m.Globals[pointer].Init)
	if !ok || uint64(began) != s.Globals[uint32(pointer)] || uint64(began) > uint64(len(s.Memory)) {
		return 0
	}
	active := false
	for i := range m.Data {
		if m.Data[i].Mode != wasm.Active {
			continue
		}
		if at, ok := constant(m.Data[i].Offset); !ok || at < began {
			return 0
		}
		active = true
	}
	if !active {
		return 0
	}
	return uint64(began)
}

// constant is the value of an expression i32.const N.
func constant(expression []byte) (uint32, bool) {
	var in wasm.Instr
	it := wasm.NewIterator(expression, 0)
	if !it.Next(&in) || in.Op != wasm.OpI32Const || in.End != len(expression)-1 {
		return 0, false
	}
	return uint32(in.Value), true
}

// maxGap is how many zeros a data segment may hold in a row: a segment of its own costs some ten bytes, and a little when the module starts. Where that would make more than maxSegments,
// of which engines take 100,000 at the most, it is more.
const (
	maxGap      = 48
	maxSegments = 20_000
)

// segments are data segments for what is not zero in a memory.
func segments(memory []byte) []wasm.Data {
	for gap := maxGap; ; gap *= 8 {
		if found := segmentsWithin(memory, gap); len(found) <= maxSegments {
			return found
		}
	}
}

// segmentsWithin are the segments with at most gap zeros in a row; more of them than maxSegments are not looked for.
func segmentsWithin(memory []byte, gap int) []wasm.Data {
	var found []wasm.Data
	var zeros [maxGap + 1]byte
	for at := 0; at < len(memory) && len(found) <= maxSegments; {
		// Zeros by the block first: most of a memory is.
		if len(memory)-at >= len(zeros) && bytes.Equal(memory[at:at+len(zeros)], zeros[:]) {
			at += len(zeros)
			continue
		}
		if memory[at] == 0 {
			at++
			continue
		}
		start, end := at, at+1
		for at = end; at < len(memory) && at-end <= gap; at++ {
			if memory[at] != 0 {
				end = at + 1
			}
		}
		var c code
		c.i32(int32(start))
		c.op(wasm.OpEnd)
		found = append(found, wasm.Data{Mode: wasm.Active, Offset: c.out, Init: memory[start:end:end]})
		at = end
	}
	return found
}
