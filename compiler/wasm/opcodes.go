package wasm

// Opcode identifies an instruction: its byte, or prefix<<8 | number for those behind the prefixes 0xfc and 0xfd.
type Opcode uint16

// Instructions that a rewrite needs to know by name.
const (
	OpUnreachable        Opcode = 0x00
	OpNop                Opcode = 0x01
	OpBlock              Opcode = 0x02
	OpLoop               Opcode = 0x03
	OpIf                 Opcode = 0x04
	OpElse               Opcode = 0x05
	OpEnd                Opcode = 0x0b
	OpBr                 Opcode = 0x0c
	OpBrIf               Opcode = 0x0d
	OpBrTable            Opcode = 0x0e
	OpReturn             Opcode = 0x0f
	OpCall               Opcode = 0x10
	OpCallIndirect       Opcode = 0x11
	OpReturnCall         Opcode = 0x12
	OpReturnCallIndirect Opcode = 0x13
	OpDrop               Opcode = 0x1a
	OpSelect             Opcode = 0x1b
	OpSelectTyped        Opcode = 0x1c
	OpLocalGet           Opcode = 0x20
	OpLocalSet           Opcode = 0x21
	OpLocalTee           Opcode = 0x22
	OpGlobalGet          Opcode = 0x23
	OpGlobalSet          Opcode = 0x24
	OpTableGet           Opcode = 0x25
	OpTableSet           Opcode = 0x26
	OpMemorySize         Opcode = 0x3f
	OpMemoryGrow         Opcode = 0x40
	OpI32Const           Opcode = 0x41
	OpI64Const           Opcode = 0x42
	OpF32Const           Opcode = 0x43
	OpF64Const           Opcode = 0x44
	OpI32LtS             Opcode = 0x48
	OpI32LtU             Opcode = 0x49
	OpI32GtU             Opcode = 0x4b
	OpI32GeU             Opcode = 0x4f
	OpI64LtS             Opcode = 0x53
	OpI64GeU             Opcode = 0x5a
	OpI32Add             Opcode = 0x6a
	OpI32Sub             Opcode = 0x6b
	OpI32Mul             Opcode = 0x6c
	OpI32And             Opcode = 0x71
	OpI32Or              Opcode = 0x72
	OpI32Shl             Opcode = 0x74
	OpI32ShrU            Opcode = 0x76
	OpI64Add             Opcode = 0x7c
	OpI64Sub             Opcode = 0x7d
	OpI64Mul             Opcode = 0x7e
	OpI64And             Opcode = 0x83
	OpI64Or              Opcode = 0x84
	OpI64Shl             Opcode = 0x86
	OpI64ShrU            Opcode = 0x88
	OpI64ExtendI32U      Opcode = 0xad
	OpRefNull            Opcode = 0xd0
	OpRefIsNull          Opcode = 0xd1
	OpRefFunc            Opcode = 0xd2
	OpMemoryInit         Opcode = 0xfc08
	OpDataDrop           Opcode = 0xfc09
	OpMemoryCopy         Opcode = 0xfc0a
	OpMemoryFill         Opcode = 0xfc0b
	OpTableInit          Opcode = 0xfc0c
	OpElemDrop           Opcode = 0xfc0d
	OpTableCopy          Opcode = 0xfc0e
	OpTableGrow          Opcode = 0xfc0f
	OpTableSize          Opcode = 0xfc10
	OpTableFill          Opcode = 0xfc11
	OpV128Const          Opcode = 0xfd0c
)

// immediate is the shape of what follows an opcode.
type immediate byte

const (
	immInvalid immediate = iota
	immNone
	immBlock   // block type
	immIndex   // one index
	immIndex2  // two indices
	immTable   // br_table
	immSelect  // vector of types
	immMem     // alignment and offset
	immZero    // one zero byte
	immI32     // constants
	immI64     //
	imm4       // raw bytes
	imm8       //
	imm16      //
	immLane    // one lane number
	immMemLane // alignment, offset, lane
	immRefType
	immInitMem // data segment index, zero byte
	immCopyMem // two zero bytes
)

// signature types one instruction: what it pops (the last of in is the top of the stack) and what it pushes (0 for
// nothing). mem is the natural alignment of a memory access plus 1, lanes the number of lanes that an immediate may name.
type signature struct {
	imm   immediate
	n     uint8
	in    [3]ValType
	out   ValType
	mem   uint8
	lanes uint8
}

// signatureTable holds the signatures of all instructions, one table for each prefix.
type signatureTable struct {
	plain, misc, simd [256]signature
}

// signatures is built once and never written again.
var signatures = buildSignatures()

func buildSignatures() *signatureTable {
	t := &signatureTable{}

	// Instructions that the validator types one by one.
	for _, e := range []struct {
		imm immediate
		ops []byte
	}{
		{immNone, []byte{0x00, 0x01, 0x05, 0x0b, 0x0f, 0x1a, 0x1b, 0xd1}},
		{immBlock, []byte{0x02, 0x03, 0x04}},
		{immIndex, []byte{0x0c, 0x0d, 0x10, 0x12, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0xd2}},
		{immTable, []byte{0x0e}},
		{immIndex2, []byte{0x11, 0x13}},
		{immSelect, []byte{0x1c}},
		{immZero, []byte{0x3f, 0x40}},
		{immRefType, []byte{0xd0}},
	} {
		for _, op := range e.ops {
			t.plain[op].imm = e.imm
		}
	}

	set := func(table *[256]signature, from, to int, out ValType, in ...ValType) {
		for op := from; op <= to; op++ {
			s := &table[op]
			s.imm, s.out, s.n = immNone, out, uint8(len(in))
			copy(s.in[:], in)
		}
	}
	access := func(table *[256]signature, op int, align uint8, out ValType, in ...ValType) {
		set(table, op, op, out, in...)
		table[op].imm, table[op].mem = immMem, align+1
	}

	p := &t.plain
	for op, align := range map[int]uint8{0x28: 2, 0x2c: 0, 0x2d: 0, 0x2e: 1, 0x2f: 1} {
		access(p, op, align, I32, I32)
	}
	for op, align := range map[int]uint8{0x29: 3, 0x30: 0, 0x31: 0, 0x32: 1, 0x33: 1, 0x34: 2, 0x35: 2} {
		access(p, op, align, I64, I32)
	}
	access(p, 0x2a, 2, F32, I32)
	access(p, 0x2b, 3, F64, I32)
	for op, align := range map[int]uint8{0x36: 2, 0x3a: 0, 0x3b: 1} {
		access(p, op, align, 0, I32, I32)
	}
	for op, align := range map[int]uint8{0x37: 3, 0x3c: 0, 0x3d: 1, 0x3e: 2} {
		access(p, op, align, 0, I32, I64)
	}
	access(p, 0x38, 2, 0, I32, F32)
	access(p, 0x39, 3, 0, I32, F64)

	set(p, 0x41, 0x41, I32)
	p[0x41].imm = immI32
	set(p, 0x42, 0x42, I64)
	p[0x42].imm = immI64
	set(p, 0x43, 0x43, F32)
	p[0x43].imm = imm4
	set(p, 0x44, 0x44, F64)
	p[0x44].imm = imm8

	set(p, 0x45, 0x45, I32, I32)
	set(p, 0x46, 0x4f, I32, I32, I32)
	set(p, 0x50, 0x50, I32, I64)
	set(p, 0x51, 0x5a, I32, I64, I64)
	set(p, 0x5b, 0x60, I32, F32, F32)
	set(p, 0x61, 0x66, I32, F64, F64)
	set(p, 0x67, 0x69, I32, I32)
	set(p, 0x6a, 0x78, I32, I32, I32)
	set(p, 0x79, 0x7b, I64, I64)
	set(p, 0x7c, 0x8a, I64, I64, I64)
	set(p, 0x8b, 0x91, F32, F32)
	set(p, 0x92, 0x98, F32, F32, F32)
	set(p, 0x99, 0x9f, F64, F64)
	set(p, 0xa0, 0xa6, F64, F64, F64)
	set(p, 0xa7, 0xa7, I32, I64)
	set(p, 0xa8, 0xa9, I32, F32)
	set(p, 0xaa, 0xab, I32, F64)
	set(p, 0xac, 0xad, I64, I32)
	set(p, 0xae, 0xaf, I64, F32)
	set(p, 0xb0, 0xb1, I64, F64)
	set(p, 0xb2, 0xb3, F32, I32)
	set(p, 0xb4, 0xb5, F32, I64)
	set(p, 0xb6, 0xb6, F32, F64)
	set(p, 0xb7, 0xb8, F64, I32)
	set(p, 0xb9, 0xba, F64, I64)
	set(p, 0xbb, 0xbb, F64, F32)
	set(p, 0xbc, 0xbc, I32, F32)
	set(p, 0xbd, 0xbd, I64, F64)
	set(p, 0xbe, 0xbe, F32, I32)
	set(p, 0xbf, 0xbf, F64, I64)
	set(p, 0xc0, 0xc1, I32, I32)
	set(p, 0xc2, 0xc4, I64, I64)

	m := &t.misc
	set(m, 0, 1, I32, F32)
	set(m, 2, 3, I32, F64)
	set(m, 4, 5, I64, F32)
	set(m, 6, 7, I64, F64)
	set(m, 8, 8, 0, I32, I32, I32)
	m[8].imm = immInitMem
	m[9].imm = immIndex
	set(m, 10, 10, 0, I32, I32, I32)
	m[10].imm = immCopyMem
	set(m, 11, 11, 0, I32, I32, I32)
	m[11].imm = immZero
	for op, imm := range map[int]immediate{12: immIndex2, 13: immIndex, 14: immIndex2, 15: immIndex, 16: immIndex, 17: immIndex} {
		m[op].imm = imm
	}

	v := &t.simd
	for op, align := range map[int]uint8{0x00: 4, 0x01: 3, 0x02: 3, 0x03: 3, 0x04: 3, 0x05: 3, 0x06: 3, 0x07: 0, 0x08: 1, 0x09: 2, 0x0a: 3, 0x5c: 2, 0x5d: 3} {
		access(v, op, align, V128, I32)
	}
	access(v, 0x0b, 4, 0, I32, V128)
	set(v, 0x0c, 0x0c, V128)
	v[0x0c].imm = imm16
	set(v, 0x0d, 0x0d, V128, V128, V128)
	v[0x0d].imm, v[0x0d].lanes = imm16, 32
	set(v, 0x0e, 0x0e, V128, V128, V128)
	for op, in := range map[int]ValType{0x0f: I32, 0x10: I32, 0x11: I32, 0x12: I64, 0x13: F32, 0x14: F64} {
		set(v, op, op, V128, in)
	}
	lane := func(op int, lanes uint8, out ValType, in ...ValType) {
		set(v, op, op, out, in...)
		v[op].imm, v[op].lanes = immLane, lanes
	}
	lane(0x15, 16, I32, V128)
	lane(0x16, 16, I32, V128)
	lane(0x17, 16, V128, V128, I32)
	lane(0x18, 8, I32, V128)
	lane(0x19, 8, I32, V128)
	lane(0x1a, 8, V128, V128, I32)
	lane(0x1b, 4, I32, V128)
	lane(0x1c, 4, V128, V128, I32)
	lane(0x1d, 2, I64, V128)
	lane(0x1e, 2, V128, V128, I64)
	lane(0x1f, 4, F32, V128)
	lane(0x20, 4, V128, V128, F32)
	lane(0x21, 2, F64, V128)
	lane(0x22, 2, V128, V128, F64)
	for i, lanes := range []uint8{16, 8, 4, 2} {
		access(v, 0x54+i, uint8(i), V128, I32, V128)
		access(v, 0x58+i, uint8(i), 0, I32, V128)
		for _, op := range []int{0x54 + i, 0x58 + i} {
			v[op].imm, v[op].lanes = immMemLane, lanes
		}
	}
	set(v, 0x23, 0x4c, V128, V128, V128)       // comparisons
	set(v, 0x4d, 0x4d, V128, V128)             // not
	set(v, 0x4e, 0x51, V128, V128, V128)       // and, andnot, or, xor
	set(v, 0x52, 0x52, V128, V128, V128, V128) // bitselect
	set(v, 0x53, 0x53, I32, V128)              // any_true
	set(v, 0x5e, 0x62, V128, V128)             // demote, promote, i8x16 abs, neg, popcnt
	set(v, 0x65, 0x66, V128, V128, V128)       // narrow
	set(v, 0x67, 0x6a, V128, V128)             // f32x4 rounding
	set(v, 0x6e, 0x73, V128, V128, V128)       // i8x16 add, sub
	set(v, 0x74, 0x75, V128, V128)             // f64x2 ceil, floor
	set(v, 0x76, 0x79, V128, V128, V128)       // min, max
	set(v, 0x7a, 0x7a, V128, V128)             // f64x2.trunc
	set(v, 0x7b, 0x7b, V128, V128, V128)       // avgr
	set(v, 0x7c, 0x81, V128, V128)             // extadd_pairwise, i16x8 abs, neg
	set(v, 0x82, 0x82, V128, V128, V128)       // q15mulr
	set(v, 0x85, 0x86, V128, V128, V128)       // narrow
	set(v, 0x87, 0x8a, V128, V128)             // extend
	set(v, 0x8e, 0x93, V128, V128, V128)       // i16x8 add, sub
	set(v, 0x94, 0x94, V128, V128)             // f64x2.nearest
	set(v, 0x95, 0x99, V128, V128, V128)       // mul, min, max
	set(v, 0x9b, 0x9f, V128, V128, V128)       // avgr, extmul
	set(v, 0xa0, 0xa1, V128, V128)             // i32x4 abs, neg
	set(v, 0xa7, 0xaa, V128, V128)             // extend
	set(v, 0xae, 0xae, V128, V128, V128)       // add
	set(v, 0xb1, 0xb1, V128, V128, V128)       // sub
	set(v, 0xb5, 0xba, V128, V128, V128)       // mul, min, max, dot
	set(v, 0xbc, 0xbf, V128, V128, V128)       // extmul
	set(v, 0xc0, 0xc1, V128, V128)             // i64x2 abs, neg
	set(v, 0xc7, 0xca, V128, V128)             // extend
	set(v, 0xce, 0xce, V128, V128, V128)       // add
	set(v, 0xd1, 0xd1, V128, V128, V128)       // sub
	set(v, 0xd5, 0xdf, V128, V128, V128)       // mul, comparisons, extmul
	set(v, 0xe0, 0xe1, V128, V128)             // f32x4 abs, neg
	set(v, 0xe3, 0xe3, V128, V128)             // sqrt
	set(v, 0xe4, 0xeb, V128, V128, V128)       // f32x4 arithmetic
	set(v, 0xec, 0xed, V128, V128)             // f64x2 abs, neg
	set(v, 0xef, 0xef, V128, V128)             // sqrt
	set(v, 0xf0, 0xf7, V128, V128, V128)       // f64x2 arithmetic
	set(v, 0xf8, 0xff, V128, V128)             // conversions
	for _, base := range []int{0x60, 0x80, 0xa0, 0xc0} {
		set(v, base+0x3, base+0x4, I32, V128)       // all_true, bitmask
		set(v, base+0xb, base+0xd, V128, V128, I32) // shifts
	}
	return t
}

// featureOf names the proposal of an instruction that is not supported.
func featureOf(prefix byte, sub uint32) string {
	switch prefix {
	case 0xfb:
		return featureGC
	case 0xfe:
		return featureThreads
	case 0xfd:
		if sub >= 0x100 && sub <= 0x12f {
			return featureRelaxedSIMD
		}
	case 0xfc:
		if sub >= 19 && sub <= 22 {
			return featureWide
		}
	case 0x06, 0x07, 0x08, 0x09, 0x0a, 0x18, 0x19, 0x1f:
		return featureExceptions
	case 0x14, 0x15, 0xd4, 0xd5, 0xd6:
		return featureFuncRefs
	case 0xd3:
		return featureGC
	case 0xe0, 0xe1, 0xe2, 0xe3, 0xe4, 0xe5, 0xe6:
		return featureStackSwitch
	}
	return ""
}
