package wasm

import (
	"fmt"
	"slices"
)

// unknown is the type of an operand in unreachable code.
const unknown ValType = 0

// frame is one entry of the control stack.
type frame struct {
	op              Opcode
	unreachable     bool
	height          int // of the operand stack below the block's parameters
	params, results []ValType
}

// labels returns what a branch to the frame carries.
func (f *frame) labels() []ValType {
	if f.op == OpLoop {
		return f.params
	}
	return f.results
}

// validator checks function bodies; one serves all functions of a module so that its stacks are allocated once.
type validator struct {
	m         *Module
	lim       *Limits
	functions []uint32 // type index by function index
	globals   []GlobalType
	tables    []TableType
	hasMemory bool
	declared  []uint64 // bit set of the functions that ref.func may name in a body
	// work counts the operands that block types, calls and branches move; it is bounded so that short instructions with long
	// types cannot make validation much slower than reading.
	work, maxWork int

	locals   []ValType
	stack    []ValType
	control  []frame
	maxStack int
	at       int // offset in the module of the current instruction
	err      *Error
}

// workPerByte is how many operands an instruction byte may move on average. Compiled programs stay below 3.
const workPerByte = 32

func (d *decoder) validate() error {
	m := d.m
	v := &validator{m: m, lim: &d.lim, maxWork: 1_000_000 + d.size*workPerByte}
	refuse := func(at int, format string, args ...any) error {
		return &Error{Offset: at, Message: fmt.Sprintf(format, args...)}
	}

	imported := 0
	for i := range m.Imports {
		im := &m.Imports[i]
		switch im.Kind {
		case ExternFunc:
			if int64(im.Func) >= int64(len(m.Types)) {
				return refuse(d.importAt[i], "unknown type %d", im.Func)
			}
			v.functions = append(v.functions, im.Func)
		case ExternTable:
			v.tables = append(v.tables, im.Table)
		case ExternMemory:
			v.hasMemory = true
		case ExternGlobal:
			v.globals = append(v.globals, im.Global)
			imported++
		}
	}
	for i, t := range m.Functions {
		if int64(t) >= int64(len(m.Types)) {
			return refuse(d.functionAt[i], "unknown type %d", t)
		}
		v.functions = append(v.functions, t)
	}
	v.tables = append(v.tables, m.Tables...)
	v.hasMemory = v.hasMemory || len(m.Memories) > 0
	v.declared = make([]uint64, len(v.functions)/64+1)

	// A global's initial value may only name imported globals, so the list is extended after the loop.
	for i := range m.Globals {
		g := &m.Globals[i]
		if err := v.constant(g.Init, d.globalAt[i], g.Type.Type); err != nil {
			return err
		}
	}
	for i := range m.Globals {
		v.globals = append(v.globals, m.Globals[i].Type)
	}
	imports := v.globals[:imported:imported]
	all := v.globals

	names := make(map[string]struct{}, len(m.Exports))
	for i := range m.Exports {
		e := &m.Exports[i]
		n := 0
		switch e.Kind {
		case ExternFunc:
			n = len(v.functions)
			v.declare(e.Index)
		case ExternTable:
			n = len(v.tables)
		case ExternMemory:
			if v.hasMemory {
				n = 1
			}
		case ExternGlobal:
			n = len(v.globals)
		}
		if int64(e.Index) >= int64(n) {
			return refuse(d.exportAt[i], "unknown %s %d", e.Kind, e.Index)
		}
		if _, twice := names[e.Name]; twice {
			return refuse(d.exportAt[i], "duplicate export name %q", e.Name)
		}
		names[e.Name] = struct{}{}
	}

	if m.Start != nil {
		if int64(*m.Start) >= int64(len(v.functions)) {
			return refuse(d.startAt, "unknown function %d", *m.Start)
		}
		if t := &m.Types[v.functions[*m.Start]]; len(t.Params) != 0 || len(t.Results) != 0 {
			return refuse(d.startAt, "the start function must have no parameters and no results")
		}
	}

	v.globals = imports
	for i := range m.Elements {
		if err := v.element(&m.Elements[i], d.elementAt[i]); err != nil {
			return err
		}
	}
	for i := range m.Data {
		s := &m.Data[i]
		if s.Mode != Active {
			continue
		}
		if !v.hasMemory {
			return refuse(d.dataAt[i], "unknown memory 0")
		}
		if err := v.constant(s.Offset, d.dataAt[i], I32); err != nil {
			return err
		}
	}
	v.globals = all

	for i := range m.Codes {
		if err := v.function(&m.Types[m.Functions[i]], &m.Codes[i]); err != nil {
			return err
		}
	}
	return nil
}

func (v *validator) declare(f uint32) {
	if int64(f) < int64(len(v.functions)) {
		v.declared[f/64] |= 1 << (f % 64)
	}
}

func (v *validator) element(e *Element, at int) error {
	if e.Mode == Active {
		if int64(e.Table) >= int64(len(v.tables)) {
			return &Error{Offset: at, Message: fmt.Sprintf("unknown table %d", e.Table)}
		}
		if v.tables[e.Table].Elem != e.Type {
			return &Error{Offset: at, Message: fmt.Sprintf("type mismatch: %s segment for a table of %s", e.Type, v.tables[e.Table].Elem)}
		}
		if err := v.constant(e.Offset, at, I32); err != nil {
			return err
		}
	}
	for _, item := range e.Items {
		t := FuncRef
		switch item.Op {
		case OpRefFunc:
			if int64(item.Index) >= int64(len(v.functions)) {
				return &Error{Offset: at, Message: fmt.Sprintf("unknown function %d", item.Index)}
			}
			v.declare(item.Index)
		case OpRefNull:
			t = ValType(item.Index)
		case OpGlobalGet:
			if int64(item.Index) >= int64(len(v.globals)) {
				return &Error{Offset: at, Message: fmt.Sprintf("unknown global %d", item.Index)}
			}
			if v.globals[item.Index].Mutable {
				return &Error{Offset: at, Message: "constant expression required: the global is mutable"}
			}
			t = v.globals[item.Index].Type
		}
		if t != e.Type {
			return &Error{Offset: at, Message: fmt.Sprintf("type mismatch: %s in a segment of %s", t, e.Type)}
		}
	}
	return nil
}

// constant checks a constant expression that must give one value of type want.
func (v *validator) constant(expr []byte, at int, want ValType) error {
	it := NewIterator(expr, at)
	v.begin(nil, []ValType{want})
	var in Instr
	for {
		sig := it.next(&in)
		if sig == nil {
			break
		}
		v.at = at + in.Start
		switch in.Op {
		case OpGlobalGet:
			if int64(in.Index) >= int64(len(v.globals)) {
				v.fail("unknown global %d", in.Index)
			} else if g := v.globals[in.Index]; g.Mutable {
				v.fail("constant expression required: global %d is mutable", in.Index)
			} else {
				v.push(g.Type)
			}
		case OpRefNull:
			v.push(ValType(in.Index))
		case OpRefFunc:
			if int64(in.Index) >= int64(len(v.functions)) {
				v.fail("unknown function %d", in.Index)
			}
			v.declare(in.Index)
			v.push(FuncRef)
		case OpEnd:
			v.end()
		default:
			v.apply(sig)
		}
		if v.err != nil {
			return v.err
		}
	}
	if it.r.err != nil {
		return it.r.err
	}
	if len(v.control) != 0 {
		return &Error{Offset: at, Message: "constant expression without end"}
	}
	return nil
}

// begin resets the stacks for a new expression.
func (v *validator) begin(params, results []ValType) {
	v.stack = v.stack[:0]
	v.control = append(v.control[:0], frame{op: OpBlock, params: params, results: results})
	v.maxStack = 0
	v.err = nil
}

func (v *validator) function(t *FuncType, c *Code) error {
	v.locals = append(v.locals[:0], t.Params...)
	for _, g := range c.Locals {
		for i := uint32(0); i < g.Count; i++ {
			v.locals = append(v.locals, g.Type)
		}
	}
	v.begin(nil, t.Results)
	it := Iterator{r: reader{b: c.Body, base: c.Offset}}
	var in Instr
	for {
		sig := it.next(&in)
		if sig == nil {
			break
		}
		v.at = c.Offset + in.Start
		if len(v.control) == 0 {
			return &Error{Offset: v.at, Message: "unexpected instruction after the end of the function: END opcode expected last"}
		}
		if sig.imm == immNone && sig.n != 0 {
			v.apply(sig)
		} else {
			v.instruction(&in, sig, c.Body)
		}
		if v.err != nil {
			return v.err
		}
	}
	if it.r.err != nil {
		return it.r.err
	}
	if len(v.control) != 0 {
		return &Error{Offset: c.Offset + len(c.Body), Message: "unexpected end of a function: END opcode expected"}
	}
	c.MaxStack = v.maxStack
	return nil
}

func (v *validator) fail(format string, args ...any) {
	if v.err == nil {
		v.err = &Error{Offset: v.at, Message: fmt.Sprintf(format, args...)}
	}
}

func (v *validator) limit(format string, args ...any) {
	if v.err == nil {
		v.fail(format, args...)
		v.err.Feature = FeatureLimit
	}
}

func (v *validator) push(t ValType) {
	v.stack = append(v.stack, t)
	if len(v.stack) > v.maxStack {
		v.maxStack = len(v.stack)
	}
}

// pop takes an operand of type want, or any when want is unknown, and returns its type.
func (v *validator) pop(want ValType) ValType {
	f := &v.control[len(v.control)-1]
	n := len(v.stack)
	if n == f.height {
		if !f.unreachable {
			v.fail("type mismatch: expected %s, the stack is empty", want)
		}
		return want
	}
	got := v.stack[n-1]
	v.stack = v.stack[:n-1]
	if got == want || want == unknown {
		return got
	}
	if got != unknown {
		v.fail("type mismatch: expected %s, found %s", want, got)
	}
	return want
}

func (v *validator) pushAll(types []ValType) {
	v.spend(len(types))
	for _, t := range types {
		v.push(t)
	}
}

func (v *validator) popAll(types []ValType) {
	v.spend(len(types))
	for i := len(types) - 1; i >= 0 && v.err == nil; i-- {
		v.pop(types[i])
	}
}

func (v *validator) spend(n int) {
	if v.work += n; v.work > v.maxWork {
		v.limit("the types of blocks, calls and branches are too long for the size of the code")
	}
}

// apply types an instruction by its signature.
func (v *validator) apply(sig *signature) {
	for i := int(sig.n) - 1; i >= 0; i-- {
		v.pop(sig.in[i])
	}
	if sig.out != 0 {
		v.push(sig.out)
	}
}

func (v *validator) unreachable() {
	f := &v.control[len(v.control)-1]
	v.stack = v.stack[:f.height]
	f.unreachable = true
}

func (v *validator) enter(op Opcode, params, results []ValType) {
	if len(v.control) > v.lim.Nesting {
		v.limit("blocks nest deeper than %d", v.lim.Nesting)
		return
	}
	v.control = append(v.control, frame{op: op, height: len(v.stack), params: params, results: results})
	v.pushAll(params)
}

// leave checks that the innermost block ends with its results and closes it.
func (v *validator) leave() frame {
	f := v.control[len(v.control)-1]
	v.popAll(f.results)
	if len(v.stack) != f.height {
		v.fail("type mismatch: %d operands left at the end of a block", len(v.stack)-f.height)
	}
	v.control = v.control[:len(v.control)-1]
	return f
}

func (v *validator) end() {
	f := v.leave()
	if v.err != nil {
		return
	}
	if f.op == OpIf && !slices.Equal(f.params, f.results) {
		v.fail("type mismatch: an if without else must give back its parameters")
		return
	}
	v.pushAll(f.results)
}

// oneType are the results of block types that name a single value type.
var oneType = [...][]ValType{{I32}, {I64}, {F32}, {F64}, {V128}}

func (v *validator) blockType(value int64) (params, results []ValType) {
	switch {
	case value >= 0:
		if value >= int64(len(v.m.Types)) {
			v.fail("unknown type %d", value)
			return nil, nil
		}
		t := &v.m.Types[value]
		return t.Params, t.Results
	case value == BlockEmpty:
		return nil, nil
	}
	c := byte(value & 0x7f)
	if value < -64 || !isValType(c) {
		v.fail("malformed block type %d", value)
		v.err.Feature = typeFeature(c)
		return nil, nil
	}
	if c >= byte(V128) {
		return nil, oneType[byte(I32)-c]
	}
	return nil, []ValType{ValType(c)}
}

// label returns the frame that a branch to depth targets, nil when there is none.
func (v *validator) label(depth uint32) *frame {
	if int64(depth) >= int64(len(v.control)) {
		v.fail("unknown label %d", depth)
		return nil
	}
	return &v.control[len(v.control)-1-int(depth)]
}

func (v *validator) needMemory() {
	if !v.hasMemory {
		v.fail("unknown memory 0")
	}
}

func (v *validator) table(i uint32) ValType {
	if int64(i) >= int64(len(v.tables)) {
		v.fail("unknown table %d", i)
		return FuncRef
	}
	return v.tables[i].Elem
}

func (v *validator) elements(i uint32) ValType {
	if int64(i) >= int64(len(v.m.Elements)) {
		v.fail("unknown element segment %d", i)
		return FuncRef
	}
	return v.m.Elements[i].Type
}

func (v *validator) segment(i uint32) {
	if !v.m.HasDataCount {
		v.fail("data count section required")
	} else if int64(i) >= int64(len(v.m.Data)) {
		v.fail("unknown data segment %d", i)
	}
}

// call types a call of a function of type t; a tail call must return what the caller returns.
func (v *validator) call(t *FuncType, tail bool) {
	v.popAll(t.Params)
	if !tail {
		v.pushAll(t.Results)
		return
	}
	if !slices.Equal(t.Results, v.control[0].results) {
		v.fail("type mismatch: a tail call must have the results of its caller")
	}
	v.spend(len(t.Results))
	v.unreachable()
}

// instruction types the instructions that a signature alone cannot.
func (v *validator) instruction(in *Instr, sig *signature, body []byte) {
	switch in.Op {
	case OpNop:
	case OpUnreachable:
		v.unreachable()
	case OpBlock, OpLoop:
		params, results := v.blockType(in.Value)
		v.popAll(params)
		v.enter(in.Op, params, results)
	case OpIf:
		params, results := v.blockType(in.Value)
		v.pop(I32)
		v.popAll(params)
		v.enter(in.Op, params, results)
	case OpElse:
		if v.control[len(v.control)-1].op != OpIf {
			v.fail("else without if")
			return
		}
		f := v.leave()
		v.enter(OpElse, f.params, f.results)
	case OpEnd:
		v.end()
	case OpBr:
		if f := v.label(in.Index); f != nil {
			v.popAll(f.labels())
			v.unreachable()
		}
	case OpBrIf:
		v.pop(I32)
		if f := v.label(in.Index); f != nil {
			types := f.labels()
			v.popAll(types)
			v.pushAll(types)
		}
	case OpBrTable:
		v.branchTable(in, body)
	case OpReturn:
		v.popAll(v.control[0].results)
		v.unreachable()
	case OpCall, OpReturnCall:
		if int64(in.Index) >= int64(len(v.functions)) {
			v.fail("unknown function %d", in.Index)
			return
		}
		v.call(&v.m.Types[v.functions[in.Index]], in.Op == OpReturnCall)
	case OpCallIndirect, OpReturnCallIndirect:
		if v.table(in.Index2) != FuncRef {
			v.fail("type mismatch: call_indirect needs a table of funcref")
		}
		if int64(in.Index) >= int64(len(v.m.Types)) {
			v.fail("unknown type %d", in.Index)
			return
		}
		v.pop(I32)
		v.call(&v.m.Types[in.Index], in.Op == OpReturnCallIndirect)
	case OpDrop:
		v.pop(unknown)
	case OpSelect:
		v.pop(I32)
		a, b := v.pop(unknown), v.pop(unknown)
		if a.IsRef() || b.IsRef() {
			v.fail("type mismatch: select without a type needs numbers or vectors")
		}
		if a != b && a != unknown && b != unknown {
			v.fail("type mismatch: select between %s and %s", b, a)
		}
		if a == unknown {
			a = b
		}
		v.push(a)
	case OpSelectTyped:
		t := ValType(in.Index)
		v.pop(I32)
		v.pop(t)
		v.pop(t)
		v.push(t)
	case OpLocalGet:
		v.push(v.local(in.Index))
	case OpLocalSet:
		v.pop(v.local(in.Index))
	case OpLocalTee:
		t := v.local(in.Index)
		v.pop(t)
		v.push(t)
	case OpGlobalGet, OpGlobalSet:
		if int64(in.Index) >= int64(len(v.globals)) {
			v.fail("unknown global %d", in.Index)
			return
		}
		g := v.globals[in.Index]
		if in.Op == OpGlobalGet {
			v.push(g.Type)
			return
		}
		if !g.Mutable {
			v.fail("global %d is immutable", in.Index)
		}
		v.pop(g.Type)
	case OpTableGet:
		t := v.table(in.Index)
		v.pop(I32)
		v.push(t)
	case OpTableSet:
		v.pop(v.table(in.Index))
		v.pop(I32)
	case OpMemorySize:
		v.needMemory()
		v.push(I32)
	case OpMemoryGrow:
		v.needMemory()
		v.pop(I32)
		v.push(I32)
	case OpRefNull:
		v.push(ValType(in.Index))
	case OpRefIsNull:
		if t := v.pop(unknown); t != unknown && !t.IsRef() {
			v.fail("type mismatch: ref.is_null of %s", t)
		}
		v.push(I32)
	case OpRefFunc:
		if int64(in.Index) >= int64(len(v.functions)) {
			v.fail("unknown function %d", in.Index)
		} else if v.declared[in.Index/64]&(1<<(in.Index%64)) == 0 {
			v.fail("undeclared function reference %d", in.Index)
		}
		v.push(FuncRef)
	case OpMemoryInit:
		v.needMemory()
		v.segment(in.Index)
		v.apply(sig)
	case OpDataDrop:
		v.segment(in.Index)
	case OpMemoryCopy, OpMemoryFill:
		v.needMemory()
		v.apply(sig)
	case OpTableInit:
		if v.elements(in.Index) != v.table(in.Index2) {
			v.fail("type mismatch: table.init between different types")
		}
		v.popI32(3)
	case OpElemDrop:
		v.elements(in.Index)
	case OpTableCopy:
		if v.table(in.Index) != v.table(in.Index2) {
			v.fail("type mismatch: table.copy between different types")
		}
		v.popI32(3)
	case OpTableGrow:
		t := v.table(in.Index)
		v.pop(I32)
		v.pop(t)
		v.push(I32)
	case OpTableSize:
		v.table(in.Index)
		v.push(I32)
	case OpTableFill:
		t := v.table(in.Index)
		v.pop(I32)
		v.pop(t)
		v.pop(I32)
	default:
		if sig.mem != 0 {
			v.needMemory()
			if in.Index >= uint32(sig.mem) {
				v.fail("alignment must not be larger than natural: 2^%d", in.Index)
			}
		}
		v.apply(sig)
	}
}

func (v *validator) popI32(n int) {
	for range n {
		v.pop(I32)
	}
}

func (v *validator) local(i uint32) ValType {
	if int64(i) >= int64(len(v.locals)) {
		v.fail("unknown local %d", i)
		return unknown
	}
	return v.locals[i]
}

// branchTable checks every target against the operands. Consecutive targets of the same frame cost nothing more.
func (v *validator) branchTable(in *Instr, body []byte) {
	if int(in.Index) > v.lim.BranchTargets {
		v.limit("%d targets in a br_table, at most %d are accepted", in.Index, v.lim.BranchTargets)
		return
	}
	v.pop(I32)
	labels := reader{b: body, p: in.Imm}
	n := labels.u32()
	var arity, last int
	for i := uint32(0); i <= n && v.err == nil; i++ {
		depth := labels.u32()
		f := v.label(depth)
		if f == nil {
			return
		}
		types := f.labels()
		if i == 0 {
			arity = len(types)
		} else if len(types) != arity {
			v.fail("type mismatch: targets of a br_table carry %d and %d operands", arity, len(types))
			return
		}
		if i == 0 || int(depth) != last {
			v.peekAll(types)
		}
		last = int(depth)
		if i == n {
			v.popAll(types)
		}
	}
	v.unreachable()
}

// peekAll checks that the stack ends with types, and leaves it as it is.
func (v *validator) peekAll(types []ValType) {
	v.spend(len(types))
	f := &v.control[len(v.control)-1]
	p := len(v.stack)
	for i := len(types) - 1; i >= 0; i-- {
		if p == f.height {
			if !f.unreachable {
				v.fail("type mismatch: expected %s, the stack is empty", types[i])
			}
			return
		}
		p--
		if got := v.stack[p]; got != types[i] && got != unknown {
			v.fail("type mismatch: expected %s, found %s", types[i], got)
			return
		}
	}
}
