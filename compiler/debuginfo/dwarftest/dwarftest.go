// Package dwarftest makes a module with debugging information for tests, so that they need no compiler: what LLVM would write, in DWARF 5 with its indexed
// forms (compilers for WebAssembly still write version 4, which the tests with a compiler see).
package dwarftest

import (
	"encoding/binary"

	"wand/compiler/wasm"
)

// Source is what the module would have been compiled from, as main.c in /home/somebody/secret.
const Source = `static int divide(int a, int b) {
  return a / b;
}

int zero;
int crash(void) {
  return divide(1, zero);
}

void spin(void) { for (;;) ; }
void _start(void) {
  crash();
}
`

// What the module exports.
const (
	Start = "_start" // calls crash, which divides by zero at line 2, inlined at line 7, called at line 12
	Spin  = "spin"   // loops at line 10
)

// Offsets in the code section of the division and of the call that leads to it.
const (
	Division = 7
	Call     = 20
)

// Module returns the module; with only set, just one function is exported, as _start.
func Module(only string) []byte {
	m := &wasm.Module{
		Types:     []wasm.FuncType{{}},
		Functions: []uint32{0, 0, 0},
		Codes: []wasm.Code{
			{Body: []byte{0x41, 1, 0x41, 0, 0x6d, 0x1a, 0x0b}}, // crash
			{Body: []byte{0x03, 0x40, 0x0c, 0, 0x0b, 0x0b}},    // spin
			{Body: []byte{0x10, 0, 0x0b}},                      // _start
		},
		Exports: []wasm.Export{{Name: Start, Kind: wasm.ExternFunc, Index: 2}, {Name: Spin, Kind: wasm.ExternFunc, Index: 1}},
	}
	if only == Spin {
		m.Exports = []wasm.Export{{Name: Start, Kind: wasm.ExternFunc, Index: 1}}
	}
	starts := m.CodeStarts()
	crash, spin, start := uint32(starts[0]), uint32(starts[1]), uint32(starts[2])
	m.Customs = sections(crash, spin, start)
	return m.Encode()
}

func u16(b []byte, v uint16) []byte { return binary.LittleEndian.AppendUint16(b, v) }
func u32(b []byte, v uint32) []byte { return binary.LittleEndian.AppendUint32(b, v) }

// sized puts its length before a unit.
func sized(b []byte) []byte { return append(u32(nil, uint32(len(b))), b...) }

func sections(crash, spin, start uint32) []wasm.Custom {
	texts := []string{"main.c", "/home/somebody/secret", "divide", "crash", "spin", "_start"}
	var str, offsets []byte
	offsets = u16(u16(nil, 5), 0)
	for _, t := range texts {
		offsets = u32(offsets, uint32(len(str)))
		str = append(append(str, t...), 0)
	}
	addresses := u32(u32(u32(u32([]byte{5, 0, 4, 0}, crash), crash+1), spin), start)
	lists := append(u16(nil, 5), 4, 0)
	lists = u32(lists, 1) // one list, whose offset is counted from here
	lists = append(u32(lists, 4), 3, 0, 9, 3, 2, 7, 3, 3, 4, 0)

	abbreviations := []byte{
		1, 0x11, 1, 0x03, 0x25, 0x1b, 0x25, 0x72, 0x17, 0x73, 0x17, 0x74, 0x17, 0x10, 0x17, 0x55, 0x23, 0, 0, // compile unit
		2, 0x2e, 0, 0x03, 0x25, 0x20, 0x21, 1, 0, 0, // divide, which is inlined: an implicit constant says so
		3, 0x2e, 1, 0x03, 0x25, 0x11, 0x1b, 0x12, 0x06, 0, 0, // a function with something in it
		4, 0x1d, 0, 0x31, 0x13, 0x11, 0x1b, 0x12, 0x06, 0x58, 0x0b, 0x59, 0x0b, 0x57, 0x0b, 0, 0, // an inlined call
		5, 0x2e, 0, 0x03, 0x25, 0x11, 0x1b, 0x12, 0x06, 0, 0,
		0,
	}
	unit := append(u16(nil, 5), 1, 4)
	unit = u32(unit, 0)
	unit = append(unit, 1, 0, 1)
	unit = u32(u32(u32(u32(unit, 8), 8), 12), 0) // the bases of texts, addresses and ranges; the line table
	unit = append(unit, 0)
	divide := uint32(len(unit) + 4)
	unit = append(unit, 2, 2)
	unit = u32(append(unit, 3, 3, 0), 8)
	unit = u32(append(unit, 4), divide)
	unit = append(u32(append(unit, 1), 6), 0, 7, 10)
	unit = append(unit, 0)
	unit = u32(append(unit, 5, 4, 2), 7)
	unit = u32(append(unit, 5, 5, 3), 4)
	unit = append(unit, 0)

	header := []byte{1, 1, 1, 0xfb, 14, 13, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1,
		1, 1, 0x1f, 1} // one folder: a path in .debug_line_str
	header = u32(header, 0)
	header = append(header, 2, 1, 0x1f, 2, 0x0b, 1) // one file: a path, and the number of a folder
	header = append(u32(header, uint32(len(texts[1])+1)), 0)
	lineStr := append(append([]byte(texts[1]), 0), append([]byte(texts[0]), 0)...)
	var program []byte
	at := func(address uint32, file, line, column byte) {
		program = u32(append(program, 0, 5, 2), address)
		program = append(program, 4, file, 5, column, 3, line, 1)
	}
	end := func(address uint32) { program = append(u32(append(program, 0, 5, 2), address), 0, 1, 1) }
	at(crash, 0, 5, 0)       // line 6
	at(crash+1, 0, 0x7c, 12) // line 2
	at(crash+6, 0, 6, 1)     // line 8
	end(crash + 8)
	at(spin, 0, 9, 0) // line 10
	at(spin+1, 0, 0, 19)
	end(spin + 7)
	at(start, 0, 10, 0)  // line 11
	at(start+1, 0, 1, 3) // line 12
	at(start+3, 0, 1, 1)
	end(start + 4)
	lines := append(u16(nil, 5), 4, 0)
	lines = u32(lines, uint32(len(header)))
	lines = append(append(lines, header...), program...)

	var all []wasm.Custom
	for _, s := range []struct {
		name  string
		bytes []byte
	}{
		{".debug_abbrev", abbreviations}, {".debug_info", sized(unit)}, {".debug_line", sized(lines)}, {".debug_line_str", lineStr},
		{".debug_str", str}, {".debug_str_offsets", sized(offsets)}, {".debug_addr", sized(addresses)}, {".debug_rnglists", sized(lists)},
	} {
		all = append(all, wasm.Custom{Name: s.name, Bytes: s.bytes, After: wasm.SectionData})
	}
	return all
}
