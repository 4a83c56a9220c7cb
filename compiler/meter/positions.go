package meter

import (
	"encoding/binary"
	"sort"

	"wand/compiler/wasm"
)

// wholeCode are custom sections with which engines that print source positions in their traces print the offset of the instruction: debugging
// information (DWARF 4) of one compilation unit of one line, which is all of the code section. The names of functions are left out then; whoever wants
// them has the original module, and traces cannot be made up by a name with line breaks in it.
func wholeCode() []wasm.Custom {
	const first, last = 1, 0x7fffff00 // readers take 0 and the largest addresses for code that the linker has removed
	u16, u32 := binary.LittleEndian.AppendUint16, binary.LittleEndian.AppendUint32
	sized := func(body []byte) []byte { return append(u32(nil, uint32(len(body))), body...) }

	abbreviations := []byte{1, 0x11, 0, 0x11, 1, 0x12, 1, 0x10, 0x17, 0, 0, 0} // a compile unit: low_pc, high_pc, stmt_list
	unit := append(u32(u16(nil, 4), 0), 4, 1)
	unit = u32(u32(u32(unit, first), last), 0)

	header := []byte{1, 1, 1, 0xfb, 14, 10, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 'x', 0, 0, 0, 0, 0}
	program := u32([]byte{0, 5, 2}, first)
	program = append(program, 1, 0, 5, 2) // a row, and the next address
	program = append(u32(program, last), 0, 1, 1)
	lines := u32(u16(nil, 4), uint32(len(header)))
	lines = append(append(lines, header...), program...)

	return []wasm.Custom{
		{Name: ".debug_abbrev", Bytes: abbreviations, After: wasm.SectionData},
		{Name: ".debug_info", Bytes: sized(unit), After: wasm.SectionData},
		{Name: ".debug_line", Bytes: sized(lines), After: wasm.SectionData},
	}
}

// Position is a place in the code of a module. As an argument of Locate it is one of the metered module, as its result one of the original.
type Position struct {
	// Function is the index of the function, imports counted; of an argument -1 when it is not known.
	Function int
	// Offset of an instruction in bytes: from the beginning of the function, which is where its locals are declared, or from the beginning of the
	// code section's content when Function is -1. In a result it is always the latter.
	Offset int
}

// Locate finds the instructions of the original module that instructions of the metered one come from, for traces. It rewrites the module again, so that
// nothing has to be kept for the case that somebody asks; module and options must be the same. What the rewrite added counts as the instruction that it was
// added for; the check of a loop as the last branch back to it. A function that the rewrite added, and an offset outside the code, become the Function -1.
func Locate(m *wasm.Module, o Options, metered []Position) ([]Position, error) {
	o = o.withDefaults()
	if err := accept(m, o); err != nil {
		return nil, err
	}
	r := newRewriter(m, o)
	if err := r.scan(); err != nil {
		return nil, err
	}
	r.plan()
	if err := r.rewrite(); err != nil {
		return nil, err
	}
	starts := r.out.CodeStarts()
	found := make([]Position, len(metered))
	for i, p := range metered {
		found[i] = r.locate(p, starts)
	}
	return found, nil
}

func (r *rewriter) locate(p Position, starts []int) Position {
	unknown := Position{Function: -1}
	function := p.Function - int(r.imported) - added
	if p.Function < 0 {
		function = sort.SearchInts(starts, p.Offset+1) - 1
		if function >= 0 {
			p.Offset -= starts[function]
		}
	}
	if function < 0 || function >= len(r.functions) {
		return unknown
	}
	e := &emitter{r: r, places: []place{}}
	locals := e.function(function)
	at := p.Offset - wasm.LocalsSize(locals)
	if p.Offset < 0 || at >= len(e.out) {
		return unknown
	}
	c := &r.m.Codes[function]
	// The last place that begins at or before the offset. What comes before the first is the frame's own code.
	i := sort.Search(len(e.places), func(i int) bool { return int(e.places[i].out) > at }) - 1
	in := 0
	if i >= 0 {
		if in = int(e.places[i].in); e.places[i].copied {
			in += at - int(e.places[i].out)
		}
	}
	return Position{Function: function + int(r.imported), Offset: c.Offset - r.m.CodeOffset + in}
}

// place is where in the new code of a function something stands that comes from the original code at in: a copy, or what an edit put there.
type place struct {
	out, in int32
	copied  bool
}

// note records a place, when somebody wants to know.
func (e *emitter) note(in int32, copied bool) {
	if e.places != nil {
		e.places = append(e.places, place{int32(len(e.out)), in, copied})
	}
}

// Original is the index that a function of the metered module has in the original; false when the rewrite added it.
func Original(m *wasm.Module, function int) (int, bool) {
	imported := len(m.Imports)
	switch {
	case function < imported:
		return function, true
	case function < imported+added || function >= imported+added+len(m.Functions):
		return 0, false
	}
	return function - added, true
}
