package bake

import "wand/compiler/wasm"

// code is a body, or a constant expression, that is being written.
type code struct{ out []byte }

func (c *code) raw(b ...byte) { c.out = append(c.out, b...) }

func (c *code) op(ops ...wasm.Opcode) {
	for _, op := range ops {
		if op > 0xff {
			c.out = wasm.AppendU32(append(c.out, byte(op>>8)), uint32(op&0xff))
		} else {
			c.out = append(c.out, byte(op))
		}
	}
}

func (c *code) index(op wasm.Opcode, index uint32) {
	c.op(op)
	c.out = wasm.AppendU32(c.out, index)
}

func (c *code) i32(v int32) { c.out = wasm.AppendS64(append(c.out, byte(wasm.OpI32Const)), int64(v)) }
func (c *code) i64(v int64) { c.out = wasm.AppendS64(append(c.out, byte(wasm.OpI64Const)), v) }

// when begins an if without parameters and results.
func (c *code) when() { c.raw(byte(wasm.OpIf), 0x40) }

// store writes a constant to a constant address.
func (c *code) store(address, value int32) {
	const i32Store = 0x36
	c.i32(address)
	c.i32(value)
	c.raw(i32Store, 2, 0)
}

// load copies a passive data segment to the address that is on the stack; its length is a constant.
func (c *code) load(segment uint32, length int32) {
	c.i32(0)
	c.i32(length)
	c.init(segment)
}

// init is memory.init: address, offset and length are on the stack.
func (c *code) init(segment uint32) {
	c.index(wasm.OpMemoryInit, segment)
	c.raw(0)
}
