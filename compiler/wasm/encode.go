package wasm

import (
	"math/bits"
	"slices"
)

// Encode writes the module in the binary format, with integers in their shortest form and without empty sections.
func (m *Module) Encode() []byte {
	size := 1 << 10
	for i := range m.Codes {
		size += len(m.Codes[i].Body) + 8 + 6*len(m.Codes[i].Locals)
	}
	for i := range m.Data {
		size += len(m.Data[i].Init) + 16
	}
	e := &encoder{out: make([]byte, 0, size+size/16)}
	e.out = append(e.out, "\x00asm\x01\x00\x00\x00"...)
	e.customs(m, 0)
	for _, id := range []SectionID{SectionType, SectionImport, SectionFunction, SectionTable, SectionMemory, SectionGlobal, SectionExport,
		SectionStart, SectionElement, SectionDataCount, SectionCode, SectionData} {
		if n := m.items(id); n > 0 {
			e.section(m, id, n)
		}
		e.customs(m, id)
	}
	return e.out
}

// items returns how many items a section has; a section without any is left out.
func (m *Module) items(id SectionID) int {
	switch id {
	case SectionType:
		return len(m.Types)
	case SectionImport:
		return len(m.Imports)
	case SectionFunction:
		return len(m.Functions)
	case SectionTable:
		return len(m.Tables)
	case SectionMemory:
		return len(m.Memories)
	case SectionGlobal:
		return len(m.Globals)
	case SectionExport:
		return len(m.Exports)
	case SectionElement:
		return len(m.Elements)
	case SectionCode:
		return len(m.Codes)
	case SectionData:
		return len(m.Data)
	case SectionStart:
		if m.Start != nil {
			return 1
		}
	case SectionDataCount:
		if m.HasDataCount {
			return 1
		}
	}
	return 0
}

type encoder struct {
	out []byte
}

func (e *encoder) byte(b byte)    { e.out = append(e.out, b) }
func (e *encoder) bytes(b []byte) { e.out = append(e.out, b...) }
func (e *encoder) u32(v uint32)   { e.out = AppendU32(e.out, v) }

func (e *encoder) name(s string) {
	e.u32(uint32(len(s)))
	e.out = append(e.out, s...)
}

func (e *encoder) types(types []ValType) {
	e.u32(uint32(len(types)))
	for _, t := range types {
		e.byte(byte(t))
	}
}

func (e *encoder) size(s Size) {
	if !s.HasMax {
		e.byte(0)
		e.u32(s.Min)
		return
	}
	e.byte(1)
	e.u32(s.Min)
	e.u32(s.Max)
}

func (e *encoder) table(t TableType) {
	e.byte(byte(t.Elem))
	e.size(t.Size)
}

func (e *encoder) global(t GlobalType) {
	e.byte(byte(t.Type))
	if t.Mutable {
		e.byte(1)
	} else {
		e.byte(0)
	}
}

// customs writes the custom sections that follow section id. There are few, so walking over all of them is cheap.
func (e *encoder) customs(m *Module, id SectionID) {
	for i := range m.Customs {
		c := &m.Customs[i]
		if c.After != id {
			continue
		}
		e.byte(byte(SectionCustom))
		e.u32(uint32(sizeU32(uint32(len(c.Name))) + len(c.Name) + len(c.Bytes)))
		e.name(c.Name)
		e.bytes(c.Bytes)
	}
}

// section writes a section with room for the longest length and moves the body when the length turns out shorter.
func (e *encoder) section(m *Module, id SectionID, n int) {
	e.byte(byte(id))
	start := len(e.out)
	e.bytes([]byte{0, 0, 0, 0, 0})
	switch id {
	case SectionStart:
		e.u32(*m.Start)
	case SectionDataCount:
		e.u32(uint32(len(m.Data)))
	default:
		e.u32(uint32(n))
		for i := range n {
			e.item(m, id, i)
		}
	}
	size := len(e.out) - start - 5
	head := AppendU32(e.out[:start], uint32(size))
	copy(e.out[len(head):], e.out[start+5:])
	e.out = e.out[:len(head)+size]
}

func (e *encoder) item(m *Module, id SectionID, i int) {
	switch id {
	case SectionType:
		e.byte(0x60)
		e.types(m.Types[i].Params)
		e.types(m.Types[i].Results)
	case SectionImport:
		im := &m.Imports[i]
		e.name(im.Module)
		e.name(im.Name)
		e.byte(byte(im.Kind))
		switch im.Kind {
		case ExternFunc:
			e.u32(im.Func)
		case ExternTable:
			e.table(im.Table)
		case ExternMemory:
			e.size(im.Memory.Size)
		case ExternGlobal:
			e.global(im.Global)
		}
	case SectionFunction:
		e.u32(m.Functions[i])
	case SectionTable:
		e.table(m.Tables[i])
	case SectionMemory:
		e.size(m.Memories[i].Size)
	case SectionGlobal:
		e.global(m.Globals[i].Type)
		e.bytes(m.Globals[i].Init)
	case SectionExport:
		x := &m.Exports[i]
		e.name(x.Name)
		e.byte(byte(x.Kind))
		e.u32(x.Index)
	case SectionElement:
		e.element(&m.Elements[i])
	case SectionCode:
		e.code(&m.Codes[i])
	case SectionData:
		s := &m.Data[i]
		e.byte(byte(s.Mode))
		e.bytes(s.Offset)
		e.u32(uint32(len(s.Init)))
		e.bytes(s.Init)
	}
}

func (e *encoder) element(s *Element) {
	flags := uint32(0)
	exprs := s.Exprs || s.Type != FuncRef || slices.ContainsFunc(s.Items, func(item ElementItem) bool { return item.Op != OpRefFunc }) // indices cannot say it
	if exprs {
		flags = 4
	}
	explicit := s.Table != 0 || s.Type != FuncRef
	switch s.Mode {
	case Active:
		if explicit {
			flags |= 2
		}
	case Passive:
		flags |= 1
	case Declarative:
		flags |= 3
	}
	e.u32(flags)
	if s.Mode == Active {
		if explicit {
			e.u32(s.Table)
		}
		e.bytes(s.Offset)
	}
	if flags&3 != 0 {
		if exprs {
			e.byte(byte(s.Type))
		} else {
			e.byte(0)
		}
	}
	e.u32(uint32(len(s.Items)))
	for _, item := range s.Items {
		if exprs {
			e.byte(byte(item.Op))
		}
		e.u32(item.Index)
		if exprs {
			e.byte(byte(OpEnd))
		}
	}
}

func (e *encoder) code(c *Code) {
	e.u32(uint32(LocalsSize(c.Locals) + len(c.Body)))
	e.u32(uint32(len(c.Locals)))
	for _, g := range c.Locals {
		e.u32(g.Count)
		e.byte(byte(g.Type))
	}
	e.bytes(c.Body)
}

// LocalsSize is how many bytes the declarations of a function's locals take, as Encode writes them.
func LocalsSize(locals []LocalGroup) int {
	size := sizeU32(uint32(len(locals)))
	for _, g := range locals {
		size += sizeU32(g.Count) + 1
	}
	return size
}

// CodeStarts lists where each defined function begins in the content of the code section that Encode writes: where its locals are declared.
func (m *Module) CodeStarts() []int {
	starts := make([]int, len(m.Codes))
	at := sizeU32(uint32(len(m.Codes)))
	for i := range m.Codes {
		size := LocalsSize(m.Codes[i].Locals) + len(m.Codes[i].Body)
		starts[i] = at + sizeU32(uint32(size))
		at = starts[i] + size
	}
	return starts
}

// AppendU32 appends v as unsigned LEB128.
func AppendU32(b []byte, v uint32) []byte {
	for v >= 0x80 {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v))
}

// AppendS64 appends v as signed LEB128.
func AppendS64(b []byte, v int64) []byte {
	for {
		c := byte(v & 0x7f)
		v >>= 7
		if v == 0 && c&0x40 == 0 || v == -1 && c&0x40 != 0 {
			return append(b, c)
		}
		b = append(b, c|0x80)
	}
}

// sizeU32 is the length of v as unsigned LEB128.
func sizeU32(v uint32) int { return (bits.Len32(v|1) + 6) / 7 }
