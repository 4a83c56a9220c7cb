package meter

import (
	"math"

	"wand/compiler/wasm"
)

// A segment is a place where a charge may stand, and the sum of what it pays for. Every instruction belongs to the segment that
// precedes it on every path. A segment can give its cost to its dominator, an earlier one that runs before it in the same round of
// the same loop: then it needs no charge of its own.
type segment struct {
	cost      int64
	dominator int32 // index, -1 for none
	give      give
	ahead     int32 // what it has taken over although it may not run
}

// give says when a segment may give its cost away.
type give uint8

const (
	giveNever give = iota // a loop's round, or what follows a jump back
	giveShort             // it may not run: only when short
	giveExit              // it runs in all rounds but the last: unless very long
	giveAll               // it runs whenever its dominator does
)

// edit is a place in the code where the rewrite changes something.
type edit struct {
	start, end int32 // the original instruction; equal for an insertion
	kind       editKind
	outer      bool   // a branch to the function's own label: it returns
	carries    bool   // a loop with parameters
	index      uint32 // the new function index or label; a constant size; the first label of a br_table; of a loop where the last branch back to it is
	segment    int32
	op         wasm.Opcode
}

type editKind uint8

const (
	editCharge editKind = iota
	editLoop
	editLoopEnd
	editBranch
	editBranchIf // a br_if that carries no operands back to a loop
	editTable
	editReturn
	editCall
	editIndirect
	editTail
	editTailIndirect
	editRefFunc
	editMemory // bulk operation on memory
	editEntries
	editGrow
	editApart // before a comparison, see origin
	editFinal
)

// frame is a block of the original code while it is analysed.
type frame struct {
	op       wasm.Opcode
	segment  int32 // current when the block began, -1 in dead code
	loops    int32 // loops among this frame and those around it
	target   int32 // outermost frame that a branch inside goes to
	targeted bool
	live     bool  // the first arm of an if reaches the end
	carries  bool  // a branch to it carries operands
	edit     int32 // of a loop
	back     int32 // of a loop: where the last branch to it is, 0 when there is none
}

// analysis of one function; its slices are reused.
type analysis struct {
	r        *rewriter
	segments []segment
	edits    []edit
	frames   []frame
	labels   []uint32 // of all br_table instructions, already renumbered
	origins  origins
	current  int32
	bulk     bool // some operation needs a temporary for its size
}

func (a *analysis) run(c *wasm.Code, locals, results int) {
	a.segments = append(a.segments[:0], segment{dominator: -1, cost: int64(locals / localsPerUnit)})
	a.edits = a.edits[:0]
	a.frames = append(a.frames[:0], frame{op: wasm.OpBlock, target: math.MaxInt32, carries: results > 0})
	a.labels = a.labels[:0]
	a.current = 0
	a.bulk = false
	a.origins.begin()

	var in wasm.Instr
	constant := int64(-1) // value of the preceding instruction when it is an i32.const
	for it := wasm.NewIterator(c.Body, c.Offset); it.Next(&in); {
		a.charge(cost(in.Op))
		if a.origins.next(&in) {
			a.edits = append(a.edits, edit{start: int32(in.Start), end: int32(in.Start), kind: editApart, op: in.Op})
		}
		size := constant
		constant = -1
		switch in.Op {
		case wasm.OpI32Const:
			constant = int64(uint32(in.Value))
		case wasm.OpBlock:
			a.enter(&in)
		case wasm.OpIf:
			a.enter(&in)
			a.follow(in.End, a.current, giveShort)
		case wasm.OpLoop:
			a.enter(&in)
			a.change(&in, editLoop, 0)
			a.top().edit = int32(len(a.edits) - 1)
			a.edits[len(a.edits)-1].carries = a.top().carries
			a.follow(in.End, a.current, giveNever)
		case wasm.OpElse:
			top := a.top()
			top.live = a.current >= 0
			top.op = wasm.OpElse
			a.follow(in.End, top.segment, giveShort)
		case wasm.OpEnd:
			a.leave(&in)
		case wasm.OpBr, wasm.OpBrIf:
			a.branch(&in)
		case wasm.OpBrTable:
			a.table(&in, c.Body)
		case wasm.OpReturn:
			a.top().target = 0
			a.change(&in, editReturn, 0)
			a.current = -1
		case wasm.OpUnreachable:
			a.current = -1
		case wasm.OpCall, wasm.OpReturnCall:
			a.call(&in)
		case wasm.OpCallIndirect:
			a.change(&in, editIndirect, 0)
		case wasm.OpReturnCallIndirect:
			a.top().target = 0
			a.change(&in, editTailIndirect, 0)
			a.current = -1
		case wasm.OpRefFunc:
			a.change(&in, editRefFunc, a.r.functionIndex(in.Index))
		case wasm.OpMemoryGrow:
			a.change(&in, editGrow, 0)
		case wasm.OpMemoryFill, wasm.OpMemoryCopy, wasm.OpMemoryInit:
			if size >= 0 && size <= constBytes {
				a.charge((size + bytesPerUnit - 1) / bytesPerUnit)
			} else {
				a.change(&in, editMemory, 0)
				a.bulk = true
			}
		case wasm.OpTableFill, wasm.OpTableCopy, wasm.OpTableInit, wasm.OpTableGrow:
			a.change(&in, editEntries, 0)
		}
	}
	a.settle()
}

func (a *analysis) top() *frame { return &a.frames[len(a.frames)-1] }

func (a *analysis) charge(n int64) {
	if a.current >= 0 {
		a.segments[a.current].cost += n
	}
}

func (a *analysis) change(in *wasm.Instr, kind editKind, index uint32) {
	a.edits = append(a.edits, edit{start: int32(in.Start), end: int32(in.End), kind: kind, index: index, op: in.Op})
}

// follow begins a new segment at offset at, unless the code there is dead because its dominator is.
func (a *analysis) follow(at int, dominator int32, g give) {
	if dominator < 0 {
		a.current = -1
		return
	}
	a.current = int32(len(a.segments))
	a.segments = append(a.segments, segment{dominator: dominator, give: g})
	a.edits = append(a.edits, edit{start: int32(at), end: int32(at), kind: editCharge, segment: a.current})
}

func (a *analysis) enter(in *wasm.Instr) {
	loops := a.top().loops
	if in.Op == wasm.OpLoop {
		loops++
	}
	a.frames = append(a.frames, frame{op: in.Op, segment: a.current, loops: loops, target: math.MaxInt32, carries: a.carries(in)})
}

// carries says whether branches to the block that in begins carry operands.
func (a *analysis) carries(in *wasm.Instr) bool {
	if in.Value < 0 {
		return in.Value != wasm.BlockEmpty && in.Op != wasm.OpLoop
	}
	t := &a.r.m.Types[in.Value]
	if in.Op == wasm.OpLoop {
		return len(t.Params) > 0
	}
	return len(t.Results) > 0
}

func (a *analysis) leave(in *wasm.Instr) {
	f := *a.top()
	index := int32(len(a.frames) - 1)
	a.frames = a.frames[:index]
	if index == 0 {
		a.change(in, editFinal, 0)
		return
	}
	up := a.top()
	up.target = min(up.target, f.target)
	g := giveAll
	if f.target < index {
		g = giveShort
	}
	switch f.op {
	case wasm.OpLoop:
		a.edits[f.edit].index = uint32(f.back)
		a.change(in, editLoopEnd, 0)
		if a.current >= 0 {
			a.follow(in.End, f.segment, g)
		}
	case wasm.OpIf:
		a.follow(in.End, f.segment, g)
	case wasm.OpElse:
		if a.current >= 0 || f.live || f.targeted {
			a.follow(in.End, f.segment, g)
		}
	default:
		if f.targeted {
			a.follow(in.End, f.segment, g)
		}
	}
}

// aim notes a branch to a label and returns its frame's index and the label's number in the new code, where every loop is two blocks.
func (a *analysis) aim(label uint32) (target int32, renumbered uint32) {
	top := a.top()
	target = int32(len(a.frames)-1) - int32(label)
	t := &a.frames[target]
	t.targeted = true
	top.target = min(top.target, target)
	return target, label + uint32(top.loops-t.loops)
}

func (a *analysis) branch(in *wasm.Instr) {
	target, label := a.aim(in.Index)
	a.frames[target].back = int32(in.Start)
	switch {
	case in.Op == wasm.OpBrIf && !a.frames[target].carries && a.frames[target].op == wasm.OpLoop:
		a.change(in, editBranchIf, label)
	case target == 0 || label != in.Index:
		a.change(in, editBranch, label)
	}
	if target == 0 {
		a.edits[len(a.edits)-1].outer = true
	}
	if in.Op == wasm.OpBr {
		a.current = -1
		return
	}
	switch t := &a.frames[target]; {
	case t.op == wasm.OpLoop:
		a.follow(in.End, a.current, giveNever)
	case t.loops < a.top().loops:
		a.follow(in.End, a.current, giveExit)
	default:
		a.follow(in.End, a.current, giveShort)
	}
}

func (a *analysis) table(in *wasm.Instr, body []byte) {
	first := len(a.labels)
	a.labels = in.Labels(body, a.labels)
	changed, outer := false, false
	for i := first; i < len(a.labels); i++ {
		target, label := a.aim(a.labels[i])
		a.frames[target].back = int32(in.Start)
		changed = changed || label != a.labels[i]
		outer = outer || target == 0
		a.labels[i] = label
	}
	if changed || outer {
		a.change(in, editTable, uint32(first))
		a.edits[len(a.edits)-1].outer = outer
	} else {
		a.labels = a.labels[:first]
	}
	a.current = -1
}

func (a *analysis) call(in *wasm.Instr) {
	kind := editCall
	if in.Op == wasm.OpReturnCall {
		kind = editTail
		a.top().target = 0
	}
	if in.Index >= a.r.imported {
		if f := &a.r.functions[in.Index-a.r.imported]; f.class == silent {
			a.charge(f.cost)
		}
	}
	a.change(in, kind, a.r.functionIndex(in.Index))
	if kind == editTail {
		a.current = -1
	}
}

// settle decides which segments give their cost away, the last first: those that a segment dominates come after it.
func (a *analysis) settle() {
	for i := len(a.segments) - 1; i > 0; i-- {
		s := &a.segments[i]
		d := &a.segments[s.dominator]
		switch s.give {
		case giveNever:
			continue
		case giveShort:
			if s.cost > speculate || int64(d.ahead)+s.cost > speculateAll {
				continue
			}
			d.ahead += int32(s.cost)
		case giveExit:
			if s.cost > speculateExit {
				continue
			}
		}
		d.cost += s.cost
		s.cost = 0
	}
}
