package runtime

import (
	"fmt"

	"wand/compiler/wasm"
)

// Compiling to native code cannot be cancelled, and no deadline holds for it, so what it may cost is bounded beforehand. Most of wazero's
// compiler is linear in the size of a function; these four things are not, and a module of 100 KB can keep it busy for hours with
// them (testdata/adversarial/wat/compile_*). The bounds are on sums of squares over all functions: generous to many functions of any
// ordinary shape, strict with a single one that is extreme. CPython, for comparison, comes to a tenth of each or less; at a bound a module
// compiles for some ten seconds.
const (
	maxBlockEffort  = 1e9  // basic blocks: the compiler walks up from each to the first
	maxBranchEffort = 4e9  // targets of br_table: each is compared with those before it
	maxLoopEffort   = 1e11 // loops by locals: a merge point of every local in every loop
	maxMergeEffort  = 1e13 // basic blocks by locals: the same where conditions meet
)

// effort is what compiling costs of each of the four things.
type effort struct{ block, branch, loop, merge float64 }

func (e *effort) add(s shape) {
	e.block += s.blocks * s.blocks
	e.branch += s.targets * s.targets
	e.loop += s.loops * s.locals * s.loops * s.locals
	e.merge += s.blocks * s.locals * s.blocks * s.locals
}

// within says whether it is no more than a part of what is allowed.
func (e *effort) within(part float64) bool {
	return e.block <= part*maxBlockEffort && e.branch <= part*maxBranchEffort && e.loop <= part*maxLoopEffort && e.merge <= part*maxMergeEffort
}

func effortOf(m *wasm.Module) *effort {
	var sum effort
	for i := range m.Codes {
		sum.add(shapeOf(m, i))
	}
	return &sum
}

// checkEffort refuses a module that could take too long to compile.
func checkEffort(m *wasm.Module) error {
	var sum effort
	for i := range m.Codes {
		s := shapeOf(m, i)
		sum.add(s)
		what := ""
		switch {
		case sum.block > maxBlockEffort:
			what = fmt.Sprintf("%.0f basic blocks", s.blocks)
		case sum.branch > maxBranchEffort:
			what = fmt.Sprintf("%.0f branch targets", s.targets)
		case sum.loop > maxLoopEffort:
			what = fmt.Sprintf("%.0f loops and %.0f locals", s.loops, s.locals)
		case sum.merge > maxMergeEffort:
			what = fmt.Sprintf("%.0f basic blocks and %.0f locals", s.blocks, s.locals)
		default:
			continue
		}
		return fmt.Errorf("%w: it would take too long to compile: function %d has %s; split up the largest functions", ErrUnsupported, m.ImportedFuncs()+i, what)
	}
	return nil
}

// shape is what the compiler's effort for a function depends on.
type shape struct{ blocks, targets, loops, locals float64 }

func shapeOf(m *wasm.Module, function int) shape {
	var s shape
	accesses := 0.0
	var in wasm.Instr
	for it := wasm.NewIterator(m.Codes[function].Body, 0); it.Next(&in); {
		switch in.Op {
		case wasm.OpBlock, wasm.OpBrIf:
			s.blocks++
		case wasm.OpIf:
			s.blocks += 3
		case wasm.OpLoop:
			s.blocks += 2
			s.loops++
		case wasm.OpBrTable:
			s.targets += float64(in.Index) + 1
		case wasm.OpLocalGet, wasm.OpLocalSet, wasm.OpLocalTee:
			accesses++
		}
	}
	s.locals = float64(len(m.Types[m.Functions[function]].Params))
	for _, l := range m.Codes[function].Locals {
		s.locals += float64(l.Count)
	}
	s.locals = min(s.locals, accesses) // a local that is never used costs nothing here
	return s
}
