package toolchain

import (
	"encoding/binary"
	"path"
	"slices"

	"wand/compiler/wasm"
)

// Where a trap comes from, the runtime finds in a module's DWARF. Compilers that write none, but know the lines, get one here: that is one form for all languages.

// sourceRow says where the code from an offset on comes from, until the next row of its function.
type sourceRow struct {
	offset       int // in the module
	file         string
	line, column int // from 1; the column in bytes, 0 when it is not known
}

// withLines appends line information to a module that has none. A module that cannot be read stays as it is: the compiler package says what is wrong with it.
func withLines(module []byte, rows []sourceRow) []byte {
	code, ok := codeSection(module)
	decoded, err := wasm.Decode(module, wasm.Limits{})
	if err != nil || !ok || len(rows) == 0 || len(decoded.Codes) == 0 {
		return module
	}
	slices.SortStableFunc(rows, func(a, b sourceRow) int { return a.offset - b.offset })
	t := lineTable{code: code, files: map[string]uint32{}}
	begin, end := decoded.Codes[0].Offset-code, 0 // not 0, which stands for code that a linker left out
	for _, c := range decoded.Codes {
		from, _ := slices.BinarySearchFunc(rows, c.Offset, func(r sourceRow, at int) int { return r.offset - at })
		to, _ := slices.BinarySearchFunc(rows, c.Offset+len(c.Body), func(r sourceRow, at int) int { return r.offset - at })
		t.function(rows[from:to], c.Offset+len(c.Body))
		end = c.Offset + len(c.Body) - code
	}
	// One compilation unit for all of it. What DWARF calls an address is an offset into the code section.
	abbreviation := []byte{1, dwTagCompileUnit, 1, dwAtName, dwFormString, dwAtStmtList, dwFormSecOffset, dwAtLowPC, dwFormAddr, dwAtHighPC, dwFormData4, 0, 0, 0}
	unit := binary.LittleEndian.AppendUint16(nil, 4) // the version
	unit = binary.LittleEndian.AppendUint32(unit, 0) // of .debug_abbrev
	unit = append(unit, 4, 1)                        // bytes of an address; the abbreviation
	unit = append(append(unit, rows[0].file...), 0)  // the name
	unit = binary.LittleEndian.AppendUint32(unit, 0) // of .debug_line
	unit = binary.LittleEndian.AppendUint32(unit, uint32(begin))
	unit = binary.LittleEndian.AppendUint32(unit, uint32(end-begin)) // how long it is
	unit = append(unit, 0)                                           // no functions: the name section has them
	module = appendCustom(module, ".debug_abbrev", abbreviation)
	module = appendCustom(module, ".debug_info", withLength(unit))
	return appendCustom(module, ".debug_line", withLength(t.table()))
}

// Numbers of DWARF 4 that are used here.
const (
	dwTagCompileUnit = 0x11
	dwAtName         = 0x03
	dwAtStmtList     = 0x10
	dwAtLowPC        = 0x11
	dwAtHighPC       = 0x12
	dwFormAddr       = 0x01
	dwFormData4      = 0x06
	dwFormString     = 0x08
	dwFormSecOffset  = 0x17

	dwLnsCopy        = 1
	dwLnsAdvancePC   = 2
	dwLnsAdvanceLine = 3
	dwLnsSetFile     = 4
	dwLnsSetColumn   = 5
	dwLneEndSequence = 1
	dwLneSetAddress  = 2
)

// lineTable is a line number program in the making.
type lineTable struct {
	code    int // where the content of the code section begins
	files   map[string]uint32
	names   []string
	program []byte
}

// function adds the rows of one function, which ends before end, as a sequence of its own.
func (t *lineTable) function(rows []sourceRow, end int) {
	if len(rows) == 0 {
		return
	}
	address, file, line, column := rows[0].offset, uint32(1), 1, 0
	t.program = append(t.program, 0, 5, dwLneSetAddress)
	t.program = binary.LittleEndian.AppendUint32(t.program, uint32(address-t.code))
	for _, r := range rows {
		t.advance(r.offset - address)
		if f := t.file(r.file); f != file {
			t.program = wasm.AppendU32(append(t.program, dwLnsSetFile), f)
			file = f
		}
		if r.line != line {
			t.program = wasm.AppendS64(append(t.program, dwLnsAdvanceLine), int64(r.line-line))
		}
		if r.column != column {
			t.program = wasm.AppendU32(append(t.program, dwLnsSetColumn), uint32(r.column))
		}
		t.program = append(t.program, dwLnsCopy)
		address, line, column = r.offset, r.line, r.column
	}
	t.advance(end - address)
	t.program = append(t.program, 0, 1, dwLneEndSequence)
}

func (t *lineTable) advance(by int) {
	if by > 0 {
		t.program = wasm.AppendU32(append(t.program, dwLnsAdvancePC), uint32(by))
	}
}

// file is the number of a file, from 1.
func (t *lineTable) file(name string) uint32 {
	number, known := t.files[name]
	if !known {
		t.names = append(t.names, name)
		number = uint32(len(t.names))
		t.files[name] = number
	}
	return number
}

// table is the line number program with its header, without its length.
func (t *lineTable) table() []byte {
	var dirs []string
	var files []byte
	for _, name := range t.names {
		dir, base := path.Split(name)
		number := 0
		if dir = path.Clean(dir); dir != "." {
			if number = slices.Index(dirs, dir) + 1; number == 0 {
				dirs = append(dirs, dir)
				number = len(dirs)
			}
		}
		files = append(append(files, base...), 0)
		files = append(wasm.AppendU32(files, uint32(number)), 0, 0)
	}
	// An instruction is a byte or more; lines are statements; no special opcodes; how many operands each standard opcode has.
	rest := []byte{1, 1, 1, 0xfb, 14, 13, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1}
	for _, dir := range dirs {
		rest = append(append(rest, dir...), 0)
	}
	rest = append(append(append(rest, 0), files...), 0)
	header := binary.LittleEndian.AppendUint16(nil, 4) // the version
	header = binary.LittleEndian.AppendUint32(header, uint32(len(rest)))
	return slices.Concat(header, rest, t.program)
}

// withLength puts the length of a unit before it.
func withLength(unit []byte) []byte {
	return append(binary.LittleEndian.AppendUint32(nil, uint32(len(unit))), unit...)
}

// appendCustom appends a custom section.
func appendCustom(module []byte, name string, content []byte) []byte {
	section := append(wasm.AppendU32(nil, uint32(len(name))), name...)
	section = append(section, content...)
	module = wasm.AppendU32(append(module, 0), uint32(len(section)))
	return append(module, section...)
}

// codeSection is where the content of a module's code section begins.
func codeSection(module []byte) (at int, ok bool) {
	const header, code = 8, 10
	for at = header; at < len(module); {
		id := module[at]
		size, n := binary.Uvarint(module[at+1:])
		if n <= 0 || size > uint64(len(module)-at-1-n) {
			return 0, false
		}
		at += 1 + n
		if id == code {
			return at, true
		}
		at += int(size)
	}
	return 0, false
}
