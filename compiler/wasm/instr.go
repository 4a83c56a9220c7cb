package wasm

// Instr is one decoded instruction.
type Instr struct {
	Op Opcode
	// Start, Imm and End are offsets into the body: of the opcode, of what follows it, of the next instruction.
	Start, Imm, End int
	// Index is the first index immediate: local, global, function, type, label, table or segment; the number of labels of br_table
	// without the default; the alignment exponent of a memory access; the lane; the type of select and ref.null.
	Index uint32
	// Index2 is the second index immediate, the offset of a memory access, or the lane of a memory access with both.
	Index2 uint32
	// Value is an integer constant, or a block type: a type index, or the negative number that encodes a value type or "empty".
	Value int64
}

// BlockEmpty is the Value of a block without parameters and results.
const BlockEmpty = -64

// Iterator walks over the instructions of a body. It checks their encoding, not their types.
type Iterator struct {
	r reader
}

// NewIterator starts at the first instruction of body, whose offset in the module is only used in errors.
func NewIterator(body []byte, offset int) *Iterator {
	return &Iterator{r: reader{b: body, base: offset}}
}

// Err returns what stopped the iterator, nil at the end of the body.
func (it *Iterator) Err() error {
	if it.r.err == nil {
		return nil
	}
	return it.r.err
}

// Next decodes one instruction into in; false at the end and at an error.
func (it *Iterator) Next(in *Instr) bool {
	return it.next(in) != nil
}

// next is Next, returning the signature of the instruction.
func (it *Iterator) next(in *Instr) *signature {
	r := &it.r
	if r.p >= len(r.b) {
		return nil
	}
	in.Start = r.p
	c := r.b[r.p]
	r.p++
	in.Op = Opcode(c)
	sig := &signatures.plain[c]
	if sig.imm == immInvalid {
		if sig = it.prefixed(in, c); sig == nil {
			return nil
		}
	}
	in.Imm = r.p
	switch sig.imm {
	case immNone:
	case immIndex:
		in.Index = r.u32()
	case immBlock:
		in.Value = r.signed(33)
	case immI32:
		in.Value = r.signed(32)
	case immI64:
		in.Value = r.signed(64)
	case immMem:
		it.memarg(in)
	case immIndex2:
		in.Index = r.u32()
		in.Index2 = r.u32()
	case immTable:
		n := r.count("branch targets", 1<<30, 1)
		in.Index = uint32(n)
		for i := 0; i <= n && r.err == nil; i++ {
			r.u32()
		}
	case immSelect:
		if n := r.u32(); n != 1 {
			r.failAt(in.Imm, "", "invalid result arity: select names %d types", n)
		}
		in.Index = uint32(r.valType())
	case immZero:
		it.zero()
	case immInitMem:
		in.Index = r.u32()
		it.zero()
	case immCopyMem:
		it.zero()
		it.zero()
	case imm4:
		r.bytes(4)
	case imm8:
		r.bytes(8)
	case imm16:
		for _, lane := range r.bytes(16) {
			if sig.lanes != 0 && lane >= sig.lanes {
				r.failAt(in.Imm, "", "invalid lane index %d", lane)
			}
		}
	case immLane:
		in.Index = uint32(r.byte())
		it.lane(in.Index, sig)
	case immMemLane:
		it.memarg(in)
		it.lane(uint32(r.byte()), sig)
	case immRefType:
		in.Index = uint32(r.refType())
	}
	if r.err != nil {
		return nil
	}
	in.End = r.p
	return sig
}

// prefixed decodes the rest of an opcode that is not a supported single byte.
func (it *Iterator) prefixed(in *Instr, c byte) *signature {
	r := &it.r
	var sub uint32
	if c >= 0xfb && c <= 0xfe {
		sub = r.u32()
		if r.err != nil {
			return nil
		}
		if sub < 256 {
			in.Op = Opcode(c)<<8 | Opcode(sub)
			if c == 0xfc && signatures.misc[sub].imm != immInvalid {
				return &signatures.misc[sub]
			}
			if c == 0xfd && signatures.simd[sub].imm != immInvalid {
				return &signatures.simd[sub]
			}
		}
		r.failAt(in.Start, featureOf(c, sub), "illegal opcode %#x %#x", c, sub)
		return nil
	}
	r.failAt(in.Start, featureOf(c, 0), "illegal opcode %#x", c)
	return nil
}

func (it *Iterator) zero() {
	r := &it.r
	if c := r.byte(); c != 0 && r.err == nil {
		r.failAt(r.p-1, featureMultiMemory, "zero byte expected, found %#x", c)
	}
}

func (it *Iterator) memarg(in *Instr) {
	r := &it.r
	start := r.p
	in.Index = r.u32()
	if in.Index >= 32 && r.err == nil {
		feature := ""
		if in.Index >= 64 && in.Index < 128 {
			feature = featureMultiMemory
		}
		r.failAt(start, feature, "malformed memop flags %#x", in.Index)
	}
	in.Index2 = r.u32()
}

func (it *Iterator) lane(lane uint32, sig *signature) {
	if r := &it.r; r.err == nil && lane >= uint32(sig.lanes) {
		r.failAt(r.p-1, "", "invalid lane index %d", lane)
	}
}

// Labels appends the labels of a br_table instruction that Next decoded from body, the default last.
func (in *Instr) Labels(body []byte, labels []uint32) []uint32 {
	r := reader{b: body, p: in.Imm}
	n := r.u32()
	for i := uint64(0); i <= uint64(n) && r.err == nil; i++ {
		labels = append(labels, r.u32())
	}
	return labels
}
