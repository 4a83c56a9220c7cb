package meter_test

import (
	"errors"
	"fmt"

	"wand/compiler/wasm"
)

// walker runs i32 programs one instruction at a time and counts their cost by the table in the package's documentation. It shares
// nothing with the rewrite: what the rewrite charges is checked against it.
type walker struct {
	m      *wasm.Module
	code   []walkCode
	memory []byte
	count  int64
	limit  int64 // of count, so that it ends
	depth  int
}

type walkCode struct {
	instrs []wasm.Instr
	match  map[int]int // block, loop, if: its end; if: -index-1 of its else, when it has one
	labels map[int][]uint32
	locals int
}

var (
	errWalkTrap  = errors.New("trap")
	errWalkLimit = errors.New("walked too far")
)

func newWalker(m *wasm.Module, limit int64) *walker {
	w := &walker{m: m, limit: limit}
	if len(m.Memories) > 0 {
		w.memory = make([]byte, m.Memories[0].Size.Min<<16)
	}
	for i := range m.Codes {
		c := walkCode{match: map[int]int{}, labels: map[int][]uint32{}}
		for _, g := range m.Codes[i].Locals {
			c.locals += int(g.Count)
		}
		var open []int
		var in wasm.Instr
		for it := wasm.NewIterator(m.Codes[i].Body, 0); it.Next(&in); {
			at := len(c.instrs)
			switch in.Op {
			case wasm.OpBlock, wasm.OpLoop, wasm.OpIf:
				open = append(open, at)
			case wasm.OpElse:
				c.match[-open[len(open)-1]-1] = at
			case wasm.OpEnd:
				if len(open) > 0 {
					c.match[open[len(open)-1]] = at
					open = open[:len(open)-1]
				}
			case wasm.OpBrTable:
				c.labels[at] = in.Labels(m.Codes[i].Body, nil)
			}
			c.instrs = append(c.instrs, in)
		}
		w.code = append(w.code, c)
	}
	return w
}

type walkLabel struct {
	next   int // instruction to go on with after a branch
	height int
	arity  int
}

func (w *walker) arity(in *wasm.Instr) int {
	if in.Value == wasm.BlockEmpty || in.Op == wasm.OpLoop {
		return 0
	}
	return 1
}

func free(op wasm.Opcode) bool {
	switch op {
	case wasm.OpBlock, wasm.OpLoop, wasm.OpElse, wasm.OpEnd, wasm.OpNop, wasm.OpDrop, wasm.OpUnreachable:
		return true
	}
	return false
}

func (w *walker) call(f int, args ...int32) (result []int32, err error) {
	c := &w.code[f]
	typ := &w.m.Types[w.m.Functions[f]]
	if w.depth++; w.depth > 500 {
		return nil, errWalkLimit
	}
	defer func() { w.depth-- }()
	locals := append(append([]int32(nil), args...), make([]int32, c.locals)...)
	w.count += int64(c.locals / 8)
	var stack []int32
	labels := []walkLabel{{next: len(c.instrs), arity: len(typ.Results)}}
	push := func(v int32) { stack = append(stack, v) }
	pop := func() int32 {
		v := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		return v
	}
	pc := 0
	branch := func(depth uint32) {
		l := labels[len(labels)-1-int(depth)]
		carried := stack[len(stack)-l.arity:]
		stack = append(stack[:l.height], carried...)
		labels = labels[:len(labels)-int(depth)]
		if l.next < len(c.instrs) && c.instrs[l.next].Op == wasm.OpLoop {
			pc = l.next + 1 // the label stays
			return
		}
		labels = labels[:len(labels)-1]
		pc = l.next
	}
	bool32 := func(b bool) int32 {
		if b {
			return 1
		}
		return 0
	}
	for pc < len(c.instrs) {
		in := &c.instrs[pc]
		if !free(in.Op) {
			w.count++
		}
		if w.count > w.limit {
			return nil, errWalkLimit
		}
		pc++
		switch in.Op {
		case wasm.OpNop:
		case wasm.OpUnreachable:
			return nil, errWalkTrap
		case wasm.OpBlock:
			labels = append(labels, walkLabel{c.match[pc-1] + 1, len(stack), w.arity(in)})
		case wasm.OpLoop:
			labels = append(labels, walkLabel{pc - 1, len(stack), 0})
		case wasm.OpIf:
			cond := pop()
			end := c.match[pc-1]
			other, hasElse := c.match[-(pc-1)-1]
			if cond == 0 && !hasElse {
				pc = end + 1
				continue
			}
			labels = append(labels, walkLabel{end + 1, len(stack), w.arity(in)})
			if cond == 0 {
				pc = other + 1
			}
		case wasm.OpElse:
			branch(0)
		case wasm.OpEnd:
			labels = labels[:len(labels)-1]
		case wasm.OpBr:
			branch(in.Index)
		case wasm.OpBrIf:
			if pop() != 0 {
				branch(in.Index)
			}
		case wasm.OpBrTable:
			targets := c.labels[pc-1]
			i := uint32(pop())
			branch(targets[min(i, uint32(len(targets)-1))])
		case wasm.OpReturn:
			branch(uint32(len(labels) - 1))
		case wasm.OpCall, wasm.OpCallIndirect:
			callee := int(in.Index)
			if in.Op == wasm.OpCallIndirect {
				i := uint32(pop())
				items := w.m.Elements[0].Items
				if int(i) >= len(items) {
					return nil, errWalkTrap
				}
				callee = int(items[i].Index)
				a, b := w.m.Types[w.m.Functions[callee]], w.m.Types[in.Index]
				if fmt.Sprint(a) != fmt.Sprint(b) {
					return nil, errWalkTrap
				}
			}
			n := len(w.m.Types[w.m.Functions[callee]].Params)
			results, err := w.call(callee, stack[len(stack)-n:]...)
			if err != nil {
				return nil, err
			}
			stack = append(stack[:len(stack)-n], results...)
		case wasm.OpDrop:
			pop()
		case wasm.OpLocalGet:
			push(locals[in.Index])
		case wasm.OpLocalSet:
			locals[in.Index] = pop()
		case wasm.OpLocalTee:
			locals[in.Index] = stack[len(stack)-1]
		case wasm.OpI32Const:
			push(int32(in.Value))
		case 0x2d: // i32.load8_u
			a := uint32(pop())
			if int(a) >= len(w.memory) {
				return nil, errWalkTrap
			}
			push(int32(w.memory[a]))
		case 0x3a: // i32.store8
			v, a := pop(), uint32(pop())
			if int(a) >= len(w.memory) {
				return nil, errWalkTrap
			}
			w.memory[a] = byte(v)
		case wasm.OpMemoryFill:
			n, v, a := uint32(pop()), pop(), uint32(pop())
			w.count += (int64(n) + 15) / 16
			if uint64(a)+uint64(n) > uint64(len(w.memory)) {
				return nil, errWalkTrap
			}
			for i := range n {
				w.memory[a+i] = byte(v)
			}
		case 0x45:
			push(bool32(pop() == 0))
		default:
			b, a := pop(), pop()
			switch in.Op {
			case 0x46:
				push(bool32(a == b))
			case 0x47:
				push(bool32(a != b))
			case 0x48:
				push(bool32(a < b))
			case 0x49:
				push(bool32(uint32(a) < uint32(b)))
			case 0x4e:
				push(bool32(a >= b))
			case 0x6a:
				push(a + b)
			case 0x6b:
				push(a - b)
			case 0x6c:
				push(a * b)
			case 0x70:
				if b == 0 {
					return nil, errWalkTrap
				}
				push(int32(uint32(a) % uint32(b)))
			case 0x71:
				push(a & b)
			case 0x72:
				push(a | b)
			case 0x73:
				push(a ^ b)
			default:
				return nil, fmt.Errorf("the walker does not know %#x", in.Op)
			}
		}
	}
	return stack[len(stack)-len(typ.Results):], nil
}
