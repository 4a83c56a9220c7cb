package wasm

import (
	"bytes"
	"fmt"
)

// Decode reads a module and checks all of it. The error is a *Error. The module keeps pointing into bin.
func Decode(bin []byte, limits Limits) (*Module, error) {
	d := &decoder{lim: limits.withDefaults(), m: &Module{}, size: len(bin)}
	if err := d.module(bin); err != nil {
		return nil, err
	}
	if err := d.validate(); err != nil {
		return nil, err
	}
	return d.m, nil
}

type decoder struct {
	lim Limits
	m   *Module
	// Offsets of what validation wants to point at.
	importAt, functionAt, globalAt, exportAt, elementAt, dataAt []int
	startAt, codeAt                                             int
	dataCount                                                   int
	items, locals                                               int
	memories, tables                                            int
	size                                                        int // of the module, in bytes
	groups                                                      []LocalGroup
}

// order is the position of every section in a module.
func (id SectionID) order() int {
	switch id {
	case SectionType, SectionImport, SectionFunction, SectionTable, SectionMemory:
		return int(id)
	case SectionGlobal, SectionExport, SectionStart, SectionElement:
		return int(id) + 1
	case sectionTag:
		return 6
	case SectionDataCount:
		return 11
	case SectionCode:
		return 12
	case SectionData:
		return 13
	}
	return 0
}

func (d *decoder) module(bin []byte) error {
	if len(bin) > d.lim.ModuleBytes {
		return &Error{Feature: FeatureLimit, Message: fmt.Sprintf("the module has %d bytes, at most %d are accepted", len(bin), d.lim.ModuleBytes)}
	}
	if len(bin) < 4 || !bytes.Equal(bin[:4], []byte("\x00asm")) {
		return &Error{Message: "magic header not detected"}
	}
	if len(bin) < 8 || !bytes.Equal(bin[4:8], []byte{1, 0, 0, 0}) {
		e := &Error{Offset: 4, Message: "unknown binary version"}
		if len(bin) >= 8 && bin[6] == 1 && bin[7] == 0 {
			e.Feature = featureComponents
		}
		return e
	}
	r := &reader{b: bin, p: 8}
	last, written := SectionID(0), SectionID(0) // written: the last that Encode will not leave out
	for !r.done() {
		at := r.p
		id := SectionID(r.byte())
		n := r.u32()
		start := r.p
		body := r.bytes(n)
		if r.err != nil {
			return r.err
		}
		s := &reader{b: body, base: start}
		if id == SectionCustom {
			d.custom(s, written)
		} else {
			if id > sectionTag {
				return &Error{Offset: at, Message: fmt.Sprintf("malformed section id %d", id)}
			}
			if id.order() <= last.order() {
				return &Error{Offset: at, Message: fmt.Sprintf("unexpected content after last section: section %d after section %d", id, last)}
			}
			last = id
			d.section(id, s)
			if d.m.items(id) > 0 {
				written = id
			}
		}
		if s.err != nil {
			return s.err
		}
		if !s.done() {
			return &Error{Offset: start + s.p, Message: fmt.Sprintf("section size mismatch: %d bytes left in section %d", len(body)-s.p, id)}
		}
	}
	if len(d.m.Functions) != len(d.m.Codes) {
		return &Error{Offset: d.codeAt, Message: fmt.Sprintf("function and code section have inconsistent lengths: %d and %d", len(d.m.Functions), len(d.m.Codes))}
	}
	if d.m.HasDataCount && d.dataCount != len(d.m.Data) {
		return &Error{Offset: len(bin), Message: fmt.Sprintf("data count and data section have inconsistent lengths: %d and %d", d.dataCount, len(d.m.Data))}
	}
	return nil
}

func (d *decoder) custom(r *reader, after SectionID) {
	if len(d.m.Customs) >= d.lim.Customs {
		r.failAt(0, FeatureLimit, "more than %d custom sections", d.lim.Customs)
		return
	}
	name := r.name(d.lim.NameBytes)
	d.m.Customs = append(d.m.Customs, Custom{Name: name, Bytes: r.bytes(uint32(len(r.b) - r.p)), After: after})
}

func (d *decoder) section(id SectionID, r *reader) {
	m := d.m
	switch id {
	case SectionType:
		n := r.count("types", d.lim.Types, 3)
		m.Types = make([]FuncType, 0, n)
		for i := 0; i < n && r.err == nil; i++ {
			m.Types = append(m.Types, d.funcType(r))
		}
	case SectionImport:
		n := r.count("imports", d.lim.Imports, 4)
		m.Imports = make([]Import, 0, n)
		d.importAt = make([]int, 0, n)
		for i := 0; i < n && r.err == nil; i++ {
			d.importAt = append(d.importAt, r.base+r.p)
			m.Imports = append(m.Imports, d.imported(r))
		}
	case SectionFunction:
		n := r.count("functions", d.lim.Functions, 1)
		m.Functions = make([]uint32, 0, n)
		d.functionAt = make([]int, 0, n)
		for i := 0; i < n && r.err == nil; i++ {
			d.functionAt = append(d.functionAt, r.base+r.p)
			m.Functions = append(m.Functions, r.u32())
		}
	case SectionTable:
		n := r.count("tables", d.lim.Tables, 3)
		for i := 0; i < n && r.err == nil; i++ {
			if !r.done() && r.b[r.p] == 0x40 {
				r.refuse(featureFuncRefs, "table with an initial value")
				return
			}
			m.Tables = append(m.Tables, d.tableType(r))
		}
	case SectionMemory:
		n := r.count("memories", 1<<20, 2)
		for i := 0; i < n && r.err == nil; i++ {
			m.Memories = append(m.Memories, d.memoryType(r))
		}
	case sectionTag:
		r.failAt(0, featureExceptions, "tag section")
	case SectionGlobal:
		n := r.count("globals", d.lim.Globals, 4)
		m.Globals = make([]Global, 0, n)
		d.globalAt = make([]int, 0, n)
		for i := 0; i < n && r.err == nil; i++ {
			t := d.globalType(r)
			d.globalAt = append(d.globalAt, r.base+r.p)
			m.Globals = append(m.Globals, Global{Type: t, Init: d.constExpr(r)})
		}
	case SectionExport:
		n := r.count("exports", d.lim.Exports, 3)
		m.Exports = make([]Export, 0, n)
		d.exportAt = make([]int, 0, n)
		for i := 0; i < n && r.err == nil; i++ {
			d.exportAt = append(d.exportAt, r.base+r.p)
			e := Export{Name: r.name(d.lim.NameBytes), Kind: d.kind(r)}
			e.Index = r.u32()
			m.Exports = append(m.Exports, e)
		}
	case SectionStart:
		d.startAt = r.base
		f := r.u32()
		m.Start = &f
	case SectionElement:
		n := r.count("element segments", d.lim.ElementSegments, 2)
		m.Elements = make([]Element, 0, n)
		d.elementAt = make([]int, 0, n)
		for i := 0; i < n && r.err == nil; i++ {
			d.elementAt = append(d.elementAt, r.base+r.p)
			m.Elements = append(m.Elements, d.element(r))
		}
	case SectionDataCount:
		d.dataCount = int(r.u32())
		m.HasDataCount = true
	case SectionCode:
		d.codeAt, m.CodeOffset = r.base, r.base
		n := r.count("function bodies", d.lim.Functions, 3)
		m.Codes = make([]Code, 0, n)
		for i := 0; i < n && r.err == nil; i++ {
			m.Codes = append(m.Codes, d.code(r))
		}
	case SectionData:
		n := r.count("data segments", d.lim.DataSegments, 2)
		m.Data = make([]Data, 0, n)
		d.dataAt = make([]int, 0, n)
		for i := 0; i < n && r.err == nil; i++ {
			d.dataAt = append(d.dataAt, r.base+r.p)
			m.Data = append(m.Data, d.data(r))
		}
	}
}

func (d *decoder) funcType(r *reader) FuncType {
	start := r.p
	if c := r.byte(); c != 0x60 && r.err == nil {
		feature := ""
		switch c {
		case 0x4d, 0x4e, 0x4f, 0x50, 0x5e, 0x5f:
			feature = featureGC
		case 0x5c, 0x5d:
			feature = featureStackSwitch
		}
		r.failAt(start, feature, "type form %#x", c)
	}
	return FuncType{Params: d.valTypes(r, "parameters", d.lim.Params), Results: d.valTypes(r, "results", d.lim.Results)}
}

// valTypes reads a vector of types without copying it where it can: a ValType is its byte.
func (d *decoder) valTypes(r *reader, what string, limit int) []ValType {
	n := r.count(what, limit, 1)
	if n == 0 {
		return nil
	}
	types := make([]ValType, 0, n)
	for i := 0; i < n && r.err == nil; i++ {
		types = append(types, r.valType())
	}
	return types
}

func (d *decoder) kind(r *reader) ExternKind {
	c := r.byte()
	if c > 3 && r.err == nil {
		feature := ""
		if c == 4 {
			feature = featureExceptions
		}
		r.failAt(r.p-1, feature, "malformed import or export kind %#x", c)
	}
	return ExternKind(c)
}

func (d *decoder) imported(r *reader) Import {
	im := Import{Module: r.name(d.lim.NameBytes), Name: r.name(d.lim.NameBytes), Kind: d.kind(r)}
	if r.err != nil {
		return im
	}
	switch im.Kind {
	case ExternFunc:
		im.Func = r.u32()
	case ExternTable:
		im.Table = d.tableType(r)
	case ExternMemory:
		im.Memory = d.memoryType(r)
	case ExternGlobal:
		im.Global = d.globalType(r)
	}
	return im
}

// size reads limits; the bits of the flag byte beyond the lowest belong to proposals.
func (d *decoder) sizeOf(r *reader, table bool) Size {
	start := r.p
	flags := r.byte()
	if flags > 1 && r.err == nil {
		feature := ""
		switch {
		case flags&4 != 0 && flags < 16:
			feature = featureMemory64
		case flags&8 != 0 && flags < 16 && !table:
			feature = featurePageSizes
		case flags&2 != 0 && flags < 16 && !table:
			feature = featureThreads
		}
		r.failAt(start, feature, "integer too large: malformed limits flags %#x", flags)
	}
	s := Size{Min: r.u32(), HasMax: flags&1 != 0}
	if s.HasMax {
		s.Max = r.u32()
		if r.err == nil && s.Max < s.Min {
			r.failAt(start, "", "size minimum must not be greater than maximum: %d and %d", s.Min, s.Max)
		}
	}
	return s
}

func (d *decoder) tableType(r *reader) TableType {
	start := r.p
	t := TableType{Elem: r.refType(), Size: d.sizeOf(r, true)}
	if d.tables++; d.tables > d.lim.Tables && r.err == nil {
		r.failAt(start, FeatureLimit, "more than %d tables", d.lim.Tables)
	}
	if t.Size.Min > uint32(min(d.lim.TableEntries, 1<<31)) && r.err == nil {
		r.failAt(start, FeatureLimit, "a table of %d entries, at most %d are accepted", t.Size.Min, d.lim.TableEntries)
	}
	return t
}

// maxPages is the size of a 32-bit address space.
const maxPages = 65536

func (d *decoder) memoryType(r *reader) MemoryType {
	start := r.p
	s := d.sizeOf(r, false)
	if r.err == nil && (s.Min > maxPages || s.HasMax && s.Max > maxPages) {
		r.failAt(start, "", "memory size must be at most 65536 pages (4GiB)")
	}
	if d.memories++; d.memories > 1 && r.err == nil {
		r.failAt(start, featureMultiMemory, "multiple memories")
	}
	return MemoryType{Size: s}
}

func (d *decoder) globalType(r *reader) GlobalType {
	t := GlobalType{Type: r.valType()}
	c := r.byte()
	if c > 1 && r.err == nil {
		r.failAt(r.p-1, "", "malformed mutability %#x", c)
	}
	t.Mutable = c == 1
	return t
}

// constExpr finds the end of a constant expression; validation looks at what is in it.
func (d *decoder) constExpr(r *reader) []byte {
	start := r.p
	it := Iterator{r: reader{b: r.b, p: r.p, base: r.base}}
	var in Instr
	for it.Next(&in) {
		switch in.Op {
		case OpEnd:
			r.p = in.End
			return r.b[start:r.p:r.p]
		case OpI32Const, OpI64Const, OpF32Const, OpF64Const, OpV128Const, OpGlobalGet, OpRefNull, OpRefFunc,
			OpI32Add, OpI32Sub, OpI32Mul, OpI64Add, OpI64Sub, OpI64Mul:
		default:
			r.failAt(in.Start, "", "constant expression required: opcode %#x", in.Op)
			return nil
		}
	}
	if it.r.err != nil {
		r.err = it.r.err
	} else {
		r.fail("unexpected end of a constant expression")
	}
	r.p = len(r.b)
	return nil
}

func (d *decoder) element(r *reader) Element {
	start := r.p
	flags := r.u32()
	if flags > 7 && r.err == nil {
		r.failAt(start, "", "malformed element segment kind %d", flags)
	}
	e := Element{Type: FuncRef, Exprs: flags&4 != 0}
	switch {
	case flags&1 == 0:
		e.Mode = Active
	case flags&2 == 0:
		e.Mode = Passive
	default:
		e.Mode = Declarative
	}
	if e.Mode == Active {
		if flags&2 != 0 {
			e.Table = r.u32()
		}
		e.Offset = d.constExpr(r)
	}
	if flags&3 != 0 {
		if e.Exprs {
			e.Type = r.refType()
		} else if c := r.byte(); c != 0 && r.err == nil {
			r.failAt(r.p-1, "", "malformed element kind %#x", c)
		}
	}
	size := 1
	if e.Exprs {
		size = 2
	}
	n := r.count("elements", d.lim.ElementItems-d.items, size)
	d.items += n
	e.Items = make([]ElementItem, 0, n)
	for i := 0; i < n && r.err == nil; i++ {
		if e.Exprs {
			e.Items = append(e.Items, d.item(r))
		} else {
			e.Items = append(e.Items, ElementItem{OpRefFunc, r.u32()})
		}
	}
	return e
}

// item reads an element expression: no supported operator takes references, so a valid one has a single instruction.
func (d *decoder) item(r *reader) ElementItem {
	start := r.p
	b := d.constExpr(r)
	if r.err != nil {
		return ElementItem{}
	}
	it := NewIterator(b, r.base+start)
	var in, end Instr
	if !it.Next(&in) || in.Op == OpEnd || !it.Next(&end) || end.Op != OpEnd {
		r.failAt(start, "", "type mismatch: an element expression must have one instruction")
		return ElementItem{}
	}
	switch in.Op {
	case OpRefFunc, OpRefNull, OpGlobalGet:
		return ElementItem{in.Op, in.Index}
	}
	r.failAt(start, "", "type mismatch: an element expression must give a reference")
	return ElementItem{}
}

func (d *decoder) code(r *reader) Code {
	n := r.u32()
	if r.err == nil && int(n) > d.lim.FunctionBytes {
		r.refuse(FeatureLimit, "a function of %d bytes, at most %d are accepted", n, d.lim.FunctionBytes)
	}
	base := r.base + r.p
	b := r.bytes(n)
	if r.err != nil {
		return Code{}
	}
	f := &reader{b: b, base: base}
	groups := f.count("local groups", 1<<30, 2)
	total := 0
	first := len(d.groups)
	for i := 0; i < groups && f.err == nil; i++ {
		at := f.p
		c := f.u32()
		t := f.valType()
		if f.err != nil {
			break
		}
		// More than 2^32-1 locals are malformed; every smaller excess is a limit of ours.
		if uint64(total)+uint64(c) > 1<<32-1 {
			f.failAt(at, "", "too many locals: %d", uint64(total)+uint64(c))
			break
		}
		if total += int(c); total > d.lim.LocalsPerFunction {
			f.failAt(at, FeatureLimit, "%d locals in a function, at most %d are accepted", total, d.lim.LocalsPerFunction)
			break
		}
		d.groups = append(d.groups, LocalGroup{Count: c, Type: t})
	}
	if d.locals += total; d.locals > d.lim.Locals && f.err == nil {
		f.failAt(0, FeatureLimit, "%d locals in all functions, at most %d are accepted", d.locals, d.lim.Locals)
	}
	if f.err != nil {
		r.err = f.err
		r.p = len(r.b)
		return Code{}
	}
	return Code{Locals: d.groups[first:len(d.groups):len(d.groups)], Body: b[f.p:], Offset: base + f.p}
}

func (d *decoder) data(r *reader) Data {
	start := r.p
	var s Data
	switch flags := r.u32(); flags {
	case 0:
		s.Offset = d.constExpr(r)
	case 1:
		s.Mode = Passive
	case 2:
		if mem := r.u32(); mem != 0 && r.err == nil {
			r.failAt(start, featureMultiMemory, "unknown memory %d", mem)
		}
		s.Offset = d.constExpr(r)
	default:
		if r.err == nil {
			r.failAt(start, "", "malformed data segment kind %d", flags)
		}
	}
	n := r.u32()
	s.Init = r.bytes(n)
	return s
}
