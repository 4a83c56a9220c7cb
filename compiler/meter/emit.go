package meter

import (
	"slices"

	"wand/compiler/wasm"
)

// functionIndex is the new index of a function.
func (r *rewriter) functionIndex(i uint32) uint32 {
	if i >= r.imported {
		return i + added
	}
	return i
}

// typeIndex returns the index of a type in the new module, adding it if need be.
func (r *rewriter) typeIndex(params, results []wasm.ValType) uint32 {
	for i := range r.out.Types {
		if slices.Equal(r.out.Types[i].Params, params) && slices.Equal(r.out.Types[i].Results, results) {
			return uint32(i)
		}
	}
	r.out.Types = append(r.out.Types, wasm.FuncType{Params: params, Results: results})
	return uint32(len(r.out.Types) - 1)
}

// rewrite builds the new module.
func (r *rewriter) rewrite() error {
	m := r.m
	r.out = *m
	out := &r.out
	out.Types = slices.Clone(m.Types)
	out.Customs = nil
	r.typeVoid = r.typeIndex(nil, nil)
	r.typeRefill = r.typeIndex([]wasm.ValType{wasm.I64}, []wasm.ValType{wasm.I64})
	r.typeGrow = r.typeIndex([]wasm.ValType{wasm.I32}, []wasm.ValType{wasm.I32})

	r.refill, r.growImport, r.overflow = r.imported, r.imported+1, r.imported+2
	out.Imports = append(slices.Clone(m.Imports),
		wasm.Import{Module: Module, Name: ImportRefill, Func: r.typeRefill},
		wasm.Import{Module: Module, Name: ImportGrow, Func: r.typeGrow},
		wasm.Import{Module: Module, Name: ImportOverflow, Func: r.typeVoid})
	r.nextHelper = r.imported + added + uint32(len(m.Functions))
	out.Functions = slices.Clone(m.Functions)

	r.globals()
	r.tables()
	r.elements()
	r.memory()

	r.slow = r.reserve(r.typeVoid)
	r.slowLocal = r.reserve(r.typeRefill)
	if r.grows {
		r.growHelper = r.reserve(r.typeGrow)
	}
	if r.chargesTables {
		r.tableHelper = r.reserve(r.typeGrow)
	}

	r.code()
	r.helpers()
	if err := r.exports(); err != nil {
		return err
	}
	if out.Customs = r.names(); r.o.Positions {
		out.Customs = wholeCode()
	}
	return nil
}

// fits notes an active segment that its table has no room for. Where segments begin is known here: they cannot use a global that is imported.
func (r *rewriter) fits(e *wasm.Element) {
	if e.Mode != wasm.Active || int(e.Table) >= len(r.m.Tables) {
		return
	}
	if offset, ok := constantOf(e.Offset); ok && uint64(offset)+uint64(len(e.Items)) > uint64(r.m.Tables[e.Table].Size.Min) {
		r.info.ElementsDoNotFit = true
	}
}

// constantOf evaluates a constant expression of i32 numbers.
func constantOf(expression []byte) (uint32, bool) {
	var stack []uint32
	var in wasm.Instr
	for it := wasm.NewIterator(expression, 0); it.Next(&in); {
		n := len(stack)
		switch {
		case in.Op == wasm.OpI32Const:
			stack = append(stack, uint32(in.Value))
		case in.Op == wasm.OpEnd:
			if n != 1 {
				return 0, false
			}
			return stack[0], true
		case n < 2:
			return 0, false
		default:
			a, b := stack[n-2], stack[n-1]
			stack = stack[:n-2]
			switch in.Op {
			case wasm.OpI32Add:
				stack = append(stack, a+b)
			case wasm.OpI32Sub:
				stack = append(stack, a-b)
			case wasm.OpI32Mul:
				stack = append(stack, a*b)
			default:
				return 0, false
			}
		}
	}
	return 0, false
}

// reserve adds a function of the given type; its code follows in the same order.
func (r *rewriter) reserve(typ uint32) uint32 {
	r.out.Functions = append(r.out.Functions, typ)
	r.nextHelper++
	return r.nextHelper - 1
}

func (r *rewriter) globals() {
	m, out := r.m, &r.out
	out.Globals = make([]wasm.Global, 0, len(m.Globals)+2)
	for i, g := range m.Globals {
		var in wasm.Instr
		if it := wasm.NewIterator(g.Init, 0); it.Next(&in) && in.Op == wasm.OpRefFunc {
			g.Init = append(wasm.AppendU32([]byte{byte(wasm.OpRefFunc)}, r.functionIndex(in.Index)), byte(wasm.OpEnd))
		}
		if g.Type.Mutable {
			r.info.Globals = append(r.info.Globals, Global{Export: globalExport(i), Index: uint32(i), Type: g.Type.Type})
		}
		out.Globals = append(out.Globals, g)
	}
	r.globalFuel = uint32(len(out.Globals))
	r.globalDepth = r.globalFuel + 1
	out.Globals = append(out.Globals,
		wasm.Global{Type: wasm.GlobalType{Type: wasm.I64, Mutable: true}, Init: []byte{byte(wasm.OpI64Const), 0, byte(wasm.OpEnd)}},
		wasm.Global{Type: wasm.GlobalType{Type: wasm.I32, Mutable: true}, Init: []byte{byte(wasm.OpI32Const), 0, byte(wasm.OpEnd)}})
}

// tables clamps what tables may grow to: what the minimum sizes leave of the budget is shared evenly.
func (r *rewriter) tables() {
	out := &r.out
	out.Tables = slices.Clone(out.Tables)
	left := r.o.MaxTableEntries
	for i := range out.Tables {
		left -= out.Tables[i].Size.Min
	}
	for i := range out.Tables {
		s := &out.Tables[i].Size
		most := s.Min + left/uint32(len(out.Tables))
		if !s.HasMax || s.Max > most {
			s.Max, s.HasMax = most, true
		}
	}
}

func (r *rewriter) elements() {
	out := &r.out
	out.Elements = slices.Clone(out.Elements)
	for i := range out.Elements {
		items := slices.Clone(out.Elements[i].Items)
		for j := range items {
			if items[j].Op == wasm.OpRefFunc {
				items[j].Index = r.functionIndex(items[j].Index)
			}
		}
		out.Elements[i].Items = items
		r.fits(&out.Elements[i])
	}
}

func (r *rewriter) memory() {
	if len(r.m.Memories) == 0 {
		return
	}
	s := r.m.Memories[0].Size
	r.info.HasMemory = true
	r.info.MemoryMin, r.info.MemoryMax = s.Min, 65536
	if s.HasMax {
		r.info.MemoryMax = s.Max
	}
}

func (r *rewriter) exports() error {
	m, out := r.m, &r.out
	out.Exports = make([]wasm.Export, 0, len(m.Exports)+len(r.info.Globals)+4)
	room := 1_000_000
	for i := range m.Codes {
		room += len(m.Codes[i].Body)
	}
	for _, e := range m.Exports {
		if e.Kind == wasm.ExternFunc {
			var ok bool
			if e.Index, ok = r.entry(e.Index, &room); !ok {
				return refuse(wasm.FeatureLimit, "the exported functions have too many parameters for the size of the module")
			}
		}
		out.Exports = append(out.Exports, e)
	}
	if m.Start != nil {
		index, _ := r.entry(*m.Start, &room)
		out.Start = nil
		out.Exports = append(out.Exports, wasm.Export{Name: Start, Kind: wasm.ExternFunc, Index: index})
		r.info.HasStart = true
	}
	out.Exports = append(out.Exports,
		wasm.Export{Name: GlobalFuel, Kind: wasm.ExternGlobal, Index: r.globalFuel},
		wasm.Export{Name: GlobalDepth, Kind: wasm.ExternGlobal, Index: r.globalDepth})
	if len(m.Memories) > 0 && !slices.ContainsFunc(m.Exports, func(e wasm.Export) bool { return e.Kind == wasm.ExternMemory }) {
		out.Exports = append(out.Exports, wasm.Export{Name: Memory, Kind: wasm.ExternMemory})
	}
	for _, g := range r.info.Globals {
		out.Exports = append(out.Exports, wasm.Export{Name: g.Export, Kind: wasm.ExternGlobal, Index: g.Index})
	}
	return nil
}

// entry returns the function that the host calls in place of an exported one. Tracked functions leave the depth of their last call
// behind, because they set it before every call and need not restore it after: the entry does, once. room bounds what entries
// with many parameters may add to the module.
func (r *rewriter) entry(index uint32, room *int) (uint32, bool) {
	moved := r.functionIndex(index)
	if index < r.imported || r.functions[index-r.imported].class != tracked {
		return moved, true
	}
	if w, ok := r.wrappers[index]; ok {
		return w, true
	}
	typ := r.m.Functions[index-r.imported]
	params := len(r.m.Types[typ].Params)
	if *room -= 4 * params; *room < 0 {
		return 0, false
	}
	e := emitter{r: r}
	saved := uint32(params)
	e.index(wasm.OpGlobalGet, r.globalDepth)
	e.index(wasm.OpLocalSet, saved)
	for p := range params {
		e.index(wasm.OpLocalGet, uint32(p))
	}
	e.index(wasm.OpCall, moved)
	e.index(wasm.OpLocalGet, saved)
	e.index(wasm.OpGlobalSet, r.globalDepth)
	e.op(wasm.OpEnd)
	w := r.reserve(typ)
	r.out.Codes = append(r.out.Codes, wasm.Code{Locals: []wasm.LocalGroup{{Count: 1, Type: wasm.I32}}, Body: e.out})
	r.wrappers[index] = w
	return w, true
}

// code rewrites all functions into one buffer.
func (r *rewriter) code() {
	m := r.m
	size := 0
	for i := range m.Codes {
		size += len(m.Codes[i].Body)
	}
	e := &emitter{r: r, out: make([]byte, 0, size+size/2+1024)}
	r.out.Codes = make([]wasm.Code, len(m.Codes), len(m.Codes)+8)
	for i := range m.Codes {
		start := len(e.out)
		locals := e.function(i)
		r.out.Codes[i] = wasm.Code{Locals: locals, Body: e.out[start:len(e.out):len(e.out)]}
	}
}

// emitter writes the code of one function after the other.
type emitter struct {
	r      *rewriter
	a      analysis
	out    []byte
	groups []wasm.LocalGroup
	places []place // where what stands comes from; nil when nobody asks

	local  bool // the counter lives in a local
	track  bool
	fuel   uint32 // local: the counter
	depth  uint32 // local: depth with this frame
	size   uint32 // local: operand of a bulk operation
	weight int64  // of this frame
}

func (e *emitter) op(ops ...wasm.Opcode) {
	for _, op := range ops {
		e.out = append(e.out, byte(op))
	}
}

func (e *emitter) index(op wasm.Opcode, index uint32) {
	e.out = wasm.AppendU32(append(e.out, byte(op)), index)
}

func (e *emitter) i32(v int64) { e.out = wasm.AppendS64(append(e.out, byte(wasm.OpI32Const)), v) }
func (e *emitter) i64(v int64) { e.out = wasm.AppendS64(append(e.out, byte(wasm.OpI64Const)), v) }

// emptyIf begins an if without parameters and results.
func (e *emitter) emptyIf() { e.out = append(e.out, byte(wasm.OpIf), 0x40) }

// negative leaves on the stack whether the counter that is on it is negative.
func (e *emitter) negative() {
	e.i64(0)
	e.op(wasm.OpI64LtS)
}

func (e *emitter) spill() {
	if e.local {
		e.index(wasm.OpLocalGet, e.fuel)
		e.index(wasm.OpGlobalSet, e.r.globalFuel)
	}
}

func (e *emitter) reload() {
	if e.local {
		e.index(wasm.OpGlobalGet, e.r.globalFuel)
		e.index(wasm.OpLocalSet, e.fuel)
	}
}

func (e *emitter) getFuel() {
	if e.local {
		e.index(wasm.OpLocalGet, e.fuel)
	} else {
		e.index(wasm.OpGlobalGet, e.r.globalFuel)
	}
}

func (e *emitter) setFuel() {
	if e.local {
		e.index(wasm.OpLocalSet, e.fuel)
	} else {
		e.index(wasm.OpGlobalSet, e.r.globalFuel)
	}
}

// check calls the host when the counter, which is on the stack, is negative.
func (e *emitter) check() {
	e.negative()
	e.emptyIf()
	e.callSlow()
	e.op(wasm.OpEnd)
}

func (e *emitter) callSlow() {
	if e.local {
		e.index(wasm.OpLocalGet, e.fuel)
		e.index(wasm.OpCall, e.r.slowLocal)
		e.index(wasm.OpLocalSet, e.fuel)
	} else {
		e.index(wasm.OpCall, e.r.slow)
	}
}

func (e *emitter) charge(n int64) {
	if n == 0 {
		return
	}
	e.r.info.Functions.Charges++
	e.getFuel()
	e.i64(n)
	e.op(wasm.OpI64Sub)
	e.setFuel()
}

// function writes the new code of defined function i and returns its locals.
func (e *emitter) function(i int) []wasm.LocalGroup {
	r := e.r
	f := &r.functions[i]
	c := &r.m.Codes[i]
	typ := &r.m.Types[r.m.Functions[i]]
	params := len(typ.Params)
	count := 0
	for _, g := range c.Locals {
		count += int(g.Count)
	}
	e.a.r = r
	e.a.run(c, count, len(typ.Results))

	groups := len(e.groups)
	e.groups = append(e.groups, c.Locals...)
	next := uint32(params + count)
	local := func(t wasm.ValType) uint32 {
		e.groups = append(e.groups, wasm.LocalGroup{Count: 1, Type: t})
		next++
		return next - 1
	}
	e.local, e.track, e.weight = f.local, f.class == tracked, f.weight
	if e.local || e.track {
		e.fuel = local(wasm.I64)
	}
	if e.track {
		e.depth = local(wasm.I32)
	}
	if e.a.bulk {
		e.size = local(wasm.I32)
	}

	if f.class != silent {
		e.entry()
	}
	e.body(c.Body, f.class == silent)
	return e.groups[groups:len(e.groups):len(e.groups)]
}

// entry counts the frame, loads and charges the counter, and checks both.
func (e *emitter) entry() {
	r := e.r
	n := e.a.segments[0].cost
	if !e.track {
		if e.local {
			e.reload()
		}
		e.charge(n)
		return
	}
	e.index(wasm.OpGlobalGet, r.globalDepth)
	e.i32(e.weight)
	e.op(wasm.OpI32Add)
	e.index(wasm.OpLocalTee, e.depth)
	e.i32(int64(r.o.MaxCallDepth))
	e.op(wasm.OpI32GtU)
	e.emptyIf()
	e.index(wasm.OpCall, r.overflow)
	e.op(wasm.OpUnreachable, wasm.OpEnd)

	r.info.Functions.Charges++
	e.index(wasm.OpGlobalGet, r.globalFuel)
	e.i64(n)
	e.op(wasm.OpI64Sub)
	e.index(wasm.OpLocalTee, e.fuel)
	if !e.local {
		e.index(wasm.OpGlobalSet, r.globalFuel)
		e.index(wasm.OpLocalGet, e.fuel)
	}
	e.check()
}

// body copies the code, with the edits.
func (e *emitter) body(body []byte, quiet bool) {
	r := e.r
	at := int32(0)
	for i := range e.a.edits {
		d := &e.a.edits[i]
		e.note(at, true)
		e.out = append(e.out, body[at:d.start]...)
		at = d.end
		if d.kind == editLoop && d.index > 0 {
			e.note(int32(d.index), false) // for a debugger the way back is the line of the loop, its header that of what is before
		} else {
			e.note(d.start, false)
		}
		original := body[d.start:d.end]
		if quiet {
			switch d.kind {
			case editCall, editRefFunc:
				e.index(d.op, d.index)
			case editApart:
				e.apart(d.op)
			default:
				e.out = append(e.out, original...)
			}
			continue
		}
		switch d.kind {
		case editCharge:
			e.charge(e.a.segments[d.segment].cost)
		case editLoop:
			e.loop(original, d.carries)
		case editLoopEnd:
			e.op(wasm.OpEnd, wasm.OpEnd)
		case editBranch:
			if d.outer {
				e.spill()
			}
			e.index(d.op, d.index)
		case editBranchIf:
			e.branchIf(d.index + 1)
		case editTable:
			if d.outer {
				e.spill()
			}
			e.table(original, d.index)
		case editReturn:
			e.spill()
			e.out = append(e.out, original...)
		case editCall:
			e.call(d.index)
		case editIndirect:
			e.setDepth(0)
			e.spill()
			e.out = append(e.out, original...)
			e.reload()
		case editTail:
			e.setDepth(e.weight)
			e.spill()
			e.index(wasm.OpReturnCall, d.index)
		case editTailIndirect:
			e.setDepth(e.weight)
			e.spill()
			e.out = append(e.out, original...)
		case editRefFunc:
			e.index(wasm.OpRefFunc, d.index)
		case editMemory:
			e.memory()
			e.out = append(e.out, original...)
		case editEntries:
			e.spill()
			e.index(wasm.OpCall, r.tableHelper)
			e.reload()
			e.out = append(e.out, original...)
		case editGrow:
			e.spill()
			e.index(wasm.OpCall, r.growHelper)
			e.reload()
		case editFinal:
			e.spill()
			e.op(wasm.OpEnd)
		case editApart:
			e.apart(d.op)
		}
	}
	e.note(at, true)
	e.out = append(e.out, body[at:]...)
}

// loop writes a loop around the original one. Its header is where the host is called, so that what lives across that call is moved
// out of registers there, once a slice, and not in every round of the original loop, whose header only tests and jumps out.
func (e *emitter) loop(original []byte, carries bool) {
	e.r.info.Functions.Loops++
	e.out = append(e.out, original...)
	e.getFuel()
	e.check()
	e.out = append(e.out, original...)
	e.getFuel()
	e.negative()
	if carries {
		e.index(wasm.OpBrIf, 1)
	} else {
		e.branchIf(2)
	}
}

// branchIf takes a branch back to a loop, without operands, if the number on the stack is not zero; label counts the if. wazero
// compiles this to a comparison and a jump, where for br_if it first makes a number of the comparison. For branches forward the gain
// is lost again: they would put a jump into the way of the code that goes on.
func (e *emitter) branchIf(label uint32) {
	e.emptyIf()
	e.index(wasm.OpBr, label)
	e.op(wasm.OpEnd)
}

func (e *emitter) table(original []byte, first uint32) {
	var in wasm.Instr
	wasm.NewIterator(original, 0).Next(&in)
	e.index(wasm.OpBrTable, in.Index)
	for _, label := range e.a.labels[first : first+in.Index+1] {
		e.out = wasm.AppendU32(e.out, label)
	}
}

// setDepth tells a callee the depth of its caller, less what the caller no longer takes.
func (e *emitter) setDepth(less int64) {
	if !e.track {
		return
	}
	e.index(wasm.OpLocalGet, e.depth)
	if less != 0 {
		e.i32(less)
		e.op(wasm.OpI32Sub)
	}
	e.index(wasm.OpGlobalSet, e.r.globalDepth)
}

func (e *emitter) call(index uint32) {
	r := e.r
	c := tracked
	if index >= r.imported+added {
		c = r.functions[index-r.imported-added].class
	}
	if c == tracked {
		e.setDepth(0)
	}
	if c != silent {
		e.spill()
	}
	e.index(wasm.OpCall, index)
	if c != silent {
		e.reload()
	}
}

// memory charges a bulk operation on memory by its size, which is on the stack, and checks.
func (e *emitter) memory() {
	e.r.info.Functions.Charges++
	e.index(wasm.OpLocalSet, e.size)
	e.getFuel()
	e.index(wasm.OpLocalGet, e.size)
	e.op(wasm.OpI64ExtendI32U)
	e.i64(bytesPerUnit - 1)
	e.op(wasm.OpI64Add)
	e.i64(bytesShift)
	e.op(wasm.OpI64ShrU, wasm.OpI64Sub)
	e.setFuel()
	e.getFuel()
	e.check()
	e.index(wasm.OpLocalGet, e.size)
}

// helpers writes the functions that the added code calls.
func (r *rewriter) helpers() {
	add := func(e *emitter, locals ...wasm.ValType) {
		e.op(wasm.OpEnd)
		var groups []wasm.LocalGroup
		for _, t := range locals {
			groups = append(groups, wasm.LocalGroup{Count: 1, Type: t})
		}
		r.out.Codes = append(r.out.Codes, wasm.Code{Locals: groups, Body: e.out})
	}

	e := &emitter{r: r}
	e.index(wasm.OpGlobalGet, r.globalFuel)
	e.index(wasm.OpCall, r.refill)
	e.index(wasm.OpGlobalSet, r.globalFuel)
	add(e)

	// The global gets the counter for the call, so that the host finds it there when the call does not return. Afterwards it is
	// again what was last spilled, plus what was granted: should the code trap, then what it used up is the same for all slices.
	e = &emitter{r: r}
	counter, before := uint32(0), uint32(1)
	e.index(wasm.OpGlobalGet, r.globalFuel)
	e.index(wasm.OpLocalGet, counter)
	e.op(wasm.OpI64Sub)
	e.index(wasm.OpLocalSet, before)
	e.index(wasm.OpLocalGet, counter)
	e.index(wasm.OpGlobalSet, r.globalFuel)
	e.index(wasm.OpLocalGet, counter)
	e.index(wasm.OpCall, r.refill)
	e.index(wasm.OpLocalTee, counter)
	e.index(wasm.OpLocalGet, before)
	e.op(wasm.OpI64Add)
	e.index(wasm.OpGlobalSet, r.globalFuel)
	e.index(wasm.OpLocalGet, counter)
	add(e, wasm.I64)

	if r.grows {
		add(r.growCode(), wasm.I32)
	}
	if r.chargesTables {
		e = &emitter{r: r}
		e.index(wasm.OpGlobalGet, r.globalFuel)
		e.index(wasm.OpLocalGet, 0)
		e.op(wasm.OpI64ExtendI32U, wasm.OpI64Sub)
		e.setFuel()
		e.getFuel()
		e.check()
		e.index(wasm.OpLocalGet, 0)
		add(e)
	}
}

// growCode charges for the pages when there is room for them in the address space, asks the host, and grows.
func (r *rewriter) growCode() *emitter {
	e := &emitter{r: r}
	const delta = 0
	e.index(wasm.OpLocalGet, delta)
	e.i32(65536)
	e.index(wasm.OpMemorySize, 0)
	e.op(wasm.OpI32Sub, wasm.OpI32GtU)
	e.emptyIf()
	e.op(wasm.OpElse)
	e.index(wasm.OpGlobalGet, r.globalFuel)
	e.index(wasm.OpLocalGet, delta)
	e.op(wasm.OpI64ExtendI32U)
	e.i64(unitsPerPage)
	e.op(wasm.OpI64Mul, wasm.OpI64Sub)
	e.setFuel()
	e.getFuel()
	e.check()
	e.op(wasm.OpEnd)
	e.index(wasm.OpLocalGet, delta)
	e.index(wasm.OpCall, r.growImport)
	e.index(wasm.OpMemoryGrow, 0)
	return e
}
