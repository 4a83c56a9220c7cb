package meter

import "wand/compiler/wasm"

// class says how a function takes part in metering.
type class uint8

const (
	// tracked functions check fuel and depth on entry. Every recursion passes one, and so does everything whose cost is unknown.
	tracked class = iota
	// bounded functions charge what they cost, but need no check: they and all they call are small and call nothing unknown.
	bounded
	// silent functions charge nothing: their callers do. Nobody but code that calls them directly can reach them.
	silent
)

// function is what the rewrite learns about a defined function before it rewrites any.
type function struct {
	class   class
	loops   bool
	dynamic bool  // charges by size, or calls what is not a defined function
	unknown bool  // calls through a table or out of the module
	shared  bool  // can be reached otherwise than by a direct call
	local   bool  // keeps the counter in a local
	pending int32 // direct calls of functions that are not known to be bounded
	cost    int64 // of all its instructions and, when bounded, of all that it calls
	weight  int64 // of its frame
	below   int64 // of the frames below it, when bounded
}

// rewriter holds one rewrite.
type rewriter struct {
	m        *wasm.Module
	o        Options
	imported uint32 // functions that the original imports
	info     Info
	out      wasm.Module

	functions []function
	edges     []edge

	mutatesTables, dropsSegments, grows, chargesTables bool

	// Indices in the new module.
	refill, growImport, overflow               uint32
	slow, slowLocal, growHelper, tableHelper   uint32
	globalFuel, globalDepth                    uint32
	typeVoid, typeRefill, typeGrow, nextHelper uint32
	wrappers                                   map[uint32]uint32
}

type edge struct{ caller, callee int32 }

// added is how many imports the rewrite appends: by so much the indices of defined functions move.
const added = 3

func newRewriter(m *wasm.Module, o Options) *rewriter {
	return &rewriter{m: m, o: o, imported: uint32(len(m.Imports)), functions: make([]function, len(m.Functions)), wrappers: map[uint32]uint32{}}
}

func (r *rewriter) share(index uint32) {
	if index >= r.imported {
		r.functions[index-r.imported].shared = true
	}
}

// scan walks over all code once: who calls whom, what loops, what each function costs.
func (r *rewriter) scan() error {
	m := r.m
	for i := range m.Exports {
		if e := &m.Exports[i]; e.Kind == wasm.ExternFunc {
			r.share(e.Index)
		}
	}
	if m.Start != nil {
		r.share(*m.Start)
	}
	for i := range m.Elements {
		for _, item := range m.Elements[i].Items {
			if item.Op == wasm.OpRefFunc {
				r.share(item.Index)
			}
		}
	}
	var in wasm.Instr
	for i := range m.Globals {
		for it := wasm.NewIterator(m.Globals[i].Init, 0); it.Next(&in); {
			if in.Op == wasm.OpRefFunc {
				r.share(in.Index)
			}
		}
	}
	var shape loopShape
	for i := range m.Codes {
		c := &m.Codes[i]
		f := &r.functions[i]
		locals := 0
		for _, g := range c.Locals {
			locals += int(g.Count)
		}
		f.weight = weight(len(m.Types[m.Functions[i]].Params), locals, c.MaxStack, len(c.Body))
		f.cost = int64(locals / localsPerUnit)
		shape.begin()
		it := wasm.NewIterator(c.Body, c.Offset)
		for it.Next(&in) {
			f.cost += cost(in.Op)
			shape.next(in.Op)
			switch in.Op {
			case wasm.OpLoop:
				f.loops = true
			case wasm.OpCall, wasm.OpReturnCall:
				if in.Index < r.imported {
					f.unknown, f.dynamic = true, true
					continue
				}
				f.dynamic = f.dynamic || in.Op == wasm.OpReturnCall
				r.edges = append(r.edges, edge{int32(i), int32(in.Index - r.imported)})
			case wasm.OpCallIndirect, wasm.OpReturnCallIndirect:
				f.unknown, f.dynamic = true, true
			case wasm.OpRefFunc:
				r.share(in.Index)
			case wasm.OpMemoryGrow:
				f.dynamic, r.grows = true, true
			case wasm.OpMemoryFill, wasm.OpMemoryCopy, wasm.OpMemoryInit:
				f.dynamic = true
			case wasm.OpTableSet:
				r.mutatesTables = true
			case wasm.OpTableGrow, wasm.OpTableFill, wasm.OpTableCopy, wasm.OpTableInit:
				r.mutatesTables, r.chargesTables, f.dynamic = true, true, true
			case wasm.OpDataDrop, wasm.OpElemDrop:
				r.dropsSegments = true
			}
		}
		if err := it.Err(); err != nil {
			return err
		}
		f.local = f.loops && shape.calls <= callsPerFreeLoop*shape.free
	}
	return nil
}

// plan sorts functions into classes, callees first. Those that are never reached are on a cycle or above something unknown.
func (r *rewriter) plan() {
	first := make([]int32, len(r.functions)+1)
	for _, e := range r.edges {
		first[e.callee+1]++
		r.functions[e.caller].pending++
	}
	for i := 1; i < len(first); i++ {
		first[i] += first[i-1]
	}
	callers := make([]int32, len(r.edges))
	next := append([]int32(nil), first[:len(r.functions)]...)
	for _, e := range r.edges {
		callers[next[e.callee]] = e.caller
		next[e.callee]++
	}
	r.edges = nil

	queue := make([]int32, 0, len(r.functions))
	settle := func(i int32) {
		if f := &r.functions[i]; f.pending == 0 && !f.unknown {
			queue = append(queue, i)
		}
	}
	for i := range r.functions {
		settle(int32(i))
	}
	// A function is silent only when all that it calls is: then dynamic, which a caller inherits, stays false.
	for len(queue) > 0 {
		i := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		f := &r.functions[i]
		if f.cost > boundedCost || f.weight+f.below > boundedWeight {
			continue
		}
		f.class = bounded
		if !f.loops && !f.dynamic && !f.shared && f.cost <= silentCost {
			f.class = silent
		}
		for _, c := range callers[first[i]:first[i+1]] {
			caller := &r.functions[c]
			caller.cost = min(caller.cost+f.cost, 1<<40)
			caller.below = max(caller.below, f.weight+f.below)
			caller.dynamic = caller.dynamic || f.class != silent
			caller.pending--
			settle(c)
		}
	}
	for i := range r.functions {
		switch r.functions[i].class {
		case tracked:
			r.info.Functions.Tracked++
		case silent:
			r.info.Functions.Silent++
		}
	}
	r.info.Functions.Total = len(r.functions)
}

// loopShape tells functions that loop over calls from those that loop without: around every call a counter in a local must be
// stored and loaded, while in a loop without calls a counter in memory is what the loop waits for.
type loopShape struct {
	open  []int32 // blocks: of a loop, the calls before it; of another block, -1
	loops int     // open loops
	calls int32   // in loops
	free  int32   // loops without calls
}

func (s *loopShape) begin() { *s = loopShape{open: append(s.open[:0], -1)} }

func (s *loopShape) next(op wasm.Opcode) {
	switch op {
	case wasm.OpBlock, wasm.OpIf:
		s.open = append(s.open, -1)
	case wasm.OpLoop:
		s.open = append(s.open, s.calls)
		s.loops++
	case wasm.OpEnd:
		top := s.open[len(s.open)-1]
		s.open = s.open[:len(s.open)-1]
		if top >= 0 {
			s.loops--
			if top == s.calls {
				s.free++
			}
		}
	case wasm.OpCall, wasm.OpCallIndirect:
		if s.loops > 0 {
			s.calls++
		}
	}
}
