package meter

import "wand/compiler/wasm"

// wazero's compiler (1.12.0) makes one TEST of an `and` that is compared to the constant 0 when a branch is all that depends on it. The flags are those of
// "and ? 0", also when the code says "0 ? and": an ordering comparison then branches the wrong way. On arm64, where ANDS clears the carry, an unsigned one
// does in either order. So the operands of such comparisons are kept apart: the right one is made an `or` with 0, which that compiler does not look through,
// and which is charged nothing.
//
// origin is what an operand may be in the eyes of that compiler, which follows values through locals, globals and shifts by nothing: constants wherever they
// come from, an `and` up to the next branch, call or store. What is not known is assumed.
type origin uint8

const (
	originZero  origin = 1 << iota // the constant 0
	originStill                    // a constant by which a shift does not shift
	originAnd                      // of an `and`

	// originAway is anything that was there before the last branch, call or store.
	originAway = originZero | originStill
	originAny  = originAway | originAnd
)

// origins follows the operands of one function after the other, in time that is linear in its code.
type origins struct {
	stack  []origin // of the uppermost operands
	below  origin   // of the others
	locals []localOrigin
	since  uint32 // the last branch, call or store
}

// localOrigin is what a local was set to, unless that was before the last branch, call or store.
type localOrigin struct {
	since uint32
	is    origin
}

func (o *origins) begin() { o.forget(originAway) }

// forget drops what is known of all operands, and of locals unless the operands can still be of an `and`.
func (o *origins) forget(below origin) {
	if o.stack, o.below = o.stack[:0], below; below == originAway {
		o.since++
	}
}

func (o *origins) push(is origin) { o.stack = append(o.stack, is) }

func (o *origins) pop() origin {
	top := len(o.stack) - 1
	if top < 0 {
		return o.below
	}
	is := o.stack[top]
	o.stack = o.stack[:top]
	return is
}

func (o *origins) set(local uint32, is origin) {
	for int(local) >= len(o.locals) { // as many as a function may have, at most
		o.locals = append(o.locals, localOrigin{})
	}
	o.locals[local] = localOrigin{o.since, is}
}

// next goes over an instruction and says whether it is a comparison whose operands must be kept apart.
func (o *origins) next(in *wasm.Instr) bool {
	switch op := in.Op; {
	case op == wasm.OpLocalGet:
		is := originAway
		if int(in.Index) < len(o.locals) && o.locals[in.Index].since == o.since {
			is = o.locals[in.Index].is
		}
		o.push(is)
	case op == wasm.OpLocalSet:
		o.set(in.Index, o.pop())
	case op == wasm.OpLocalTee:
		is := o.pop()
		o.set(in.Index, is)
		o.push(is)
	case op == wasm.OpI32Const || op == wasm.OpI64Const:
		var is origin
		if in.Value == 0 {
			is = originZero
		}
		if in.Value%32 == 0 {
			is |= originStill
		}
		o.push(is)
	case op == wasm.OpGlobalGet:
		o.push(originAway) // what it was set to, by a store
	case op == wasm.OpF32Const || op == wasm.OpF64Const || op == wasm.OpMemorySize:
		o.push(0)
	case op == wasm.OpDrop || op == wasm.OpGlobalSet:
		o.pop()
	case op == wasm.OpNop || op == wasm.OpBlock:
	case op == wasm.OpI32And || op == wasm.OpI64And:
		o.pop()
		o.pop()
		o.push(originAnd)
	case op >= wasm.OpI32Shl && op <= wasm.OpI32ShrU || op >= wasm.OpI64Shl && op <= wasm.OpI64ShrU:
		still, is := o.pop()&originStill != 0, o.pop()
		if !still {
			is = 0
		}
		o.push(is)
	case op >= wasm.OpI32LtS && op <= wasm.OpI32GeU || op >= wasm.OpI64LtS && op <= wasm.OpI64GeU:
		right, left := o.pop(), o.pop()
		o.push(0)
		return left&originZero != 0 && right&originAnd != 0 || left&originAnd != 0 && right&originZero != 0 && unsigned(op)
	case op >= firstLoad && op <= lastLoad || unary(op):
		o.pop()
		o.push(0)
	case op >= firstNumeric && op <= lastNumeric:
		o.pop()
		o.pop()
		o.push(0)
	case op == wasm.OpSelect || op == wasm.OpSelectTyped:
		o.pop()
		o.pop()
		o.pop()
		o.push(0)
	case op <= wasm.OpReturnCallIndirect || op >= firstStore && op <= lastStore:
		o.forget(originAway)
	default:
		o.forget(originAny)
	}
	return false
}

// Ranges of opcodes.
const (
	firstLoad    wasm.Opcode = 0x28
	lastLoad     wasm.Opcode = 0x35
	firstStore   wasm.Opcode = 0x36
	lastStore    wasm.Opcode = 0x3e
	firstNumeric wasm.Opcode = 0x45
	lastNumeric  wasm.Opcode = 0xc4
)

// unary says whether a numeric instruction has one operand.
func unary(op wasm.Opcode) bool {
	switch {
	case op == 0x45, op == 0x50, // eqz
		op >= 0x67 && op <= 0x69, op >= 0x79 && op <= 0x7b, // clz, ctz, popcnt
		op >= 0x8b && op <= 0x91, op >= 0x99 && op <= 0x9f, // abs to sqrt
		op >= 0xa7 && op <= lastNumeric: // conversions and extensions
		return true
	}
	return false
}

// unsigned says so of an ordering comparison: they come in pairs.
func unsigned(op wasm.Opcode) bool {
	if op <= wasm.OpI32GeU {
		return (op-wasm.OpI32LtS)%2 != 0
	}
	return (op-wasm.OpI64LtS)%2 != 0
}

// apart writes what keeps the right operand of a comparison from being taken for an `and` or a constant.
func (e *emitter) apart(comparison wasm.Opcode) {
	if comparison <= wasm.OpI32GeU {
		e.i32(0)
		e.op(wasm.OpI32Or)
		return
	}
	e.i64(0)
	e.op(wasm.OpI64Or)
}
