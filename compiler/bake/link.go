package bake

import (
	"fmt"
	"slices"

	"wand/compiler/wasm"
)

// linker makes a new module of an old one and functions of ours: imports are replaced by functions, and functions that nothing can reach are left out. Bodies, old and new, name
// functions by their old indices; new functions have those after the last.
type linker struct {
	m        *wasm.Module
	out      wasm.Module
	imported uint32
	defined  uint32
	added    []addition
	// redirect is what an old body's calls of a function mean. New bodies mean what they say.
	redirect map[uint32]uint32
	keepAll  bool
	dropped  int

	entry    uint32
	exported []wasm.Export // beside _start

	reached  []bool
	pending  []uint32
	called   []bool   // by type: whether call_indirect names it
	shape    []uint32 // by type: the first type that is the same
	inspects bool     // a table's entries are looked at other than by calling them
	index    []uint32 // the new index of a function
	dead     uint32   // new index: what a table has in place of functions that it cannot call
}

// addition is a new function, or a new import.
type addition struct {
	typ    uint32
	locals []wasm.LocalGroup
	body   []byte
	wasi   string // the name of the import; then there is no body
}

func newLinker(m *wasm.Module) *linker {
	l := &linker{m: m, out: *m, imported: uint32(m.ImportedFuncs()), defined: uint32(len(m.Functions)), redirect: map[uint32]uint32{}}
	l.out.Types = slices.Clone(m.Types)
	l.out.Globals = slices.Clone(m.Globals)
	l.out.Data = slices.Clone(m.Data)
	l.out.Customs = nil
	return l
}

// typeIndex is the index of a type, added if need be.
func (l *linker) typeIndex(params, results []wasm.ValType) uint32 {
	for i := range l.out.Types {
		if slices.Equal(l.out.Types[i].Params, params) && slices.Equal(l.out.Types[i].Results, results) {
			return uint32(i)
		}
	}
	l.out.Types = append(l.out.Types, wasm.FuncType{Params: params, Results: results})
	return uint32(len(l.out.Types) - 1)
}

// add adds a function and returns its index.
func (l *linker) add(params, results []wasm.ValType, body code, locals ...wasm.LocalGroup) uint32 {
	body.op(wasm.OpEnd)
	l.added = append(l.added, addition{typ: l.typeIndex(params, results), locals: locals, body: body.out})
	return l.imported + l.defined + uint32(len(l.added)) - 1
}

// wasi returns the index of a function of WASI, which is imported if need be.
func (l *linker) wasi(name string, params, results []wasm.ValType) (uint32, error) {
	if index, ok := l.imports(wasiModule, name); ok {
		if t := typeOf(l.m, index); !slices.Equal(t.Params, params) || !slices.Equal(t.Results, results) {
			return 0, fmt.Errorf("%w: it imports %s.%s with a type of its own", ErrUnsupported, wasiModule, name)
		}
		return index, nil
	}
	l.added = append(l.added, addition{typ: l.typeIndex(params, results), wasi: name})
	return l.imported + l.defined + uint32(len(l.added)) - 1, nil
}

// global adds a mutable global and returns its index.
func (l *linker) global(t wasm.ValType, value int64) uint32 {
	var c code
	if t == wasm.I64 {
		c.i64(value)
	} else {
		c.i32(int32(value))
	}
	c.op(wasm.OpEnd)
	l.out.Globals = append(l.out.Globals, wasm.Global{Type: wasm.GlobalType{Type: t, Mutable: true}, Init: c.out})
	return uint32(len(l.out.Globals)-1) + uint32(l.m.ImportedGlobals())
}

// text adds a passive data segment and returns its index.
func (l *linker) text(s string) uint32 {
	l.out.Data = append(l.out.Data, wasm.Data{Mode: wasm.Passive, Init: []byte(s)})
	l.out.HasDataCount = true
	return uint32(len(l.out.Data) - 1)
}

// imports returns the index of a function that the old module imports.
func (l *linker) imports(module, name string) (uint32, bool) {
	index := uint32(0)
	for i := range l.m.Imports {
		im := &l.m.Imports[i]
		if im.Kind != wasm.ExternFunc {
			continue
		}
		if im.Module == module && im.Name == name {
			return index, true
		}
		index++
	}
	return 0, false
}

// exports says what the new module exports: its memory, and the entry as _start.
func (l *linker) exports(entry uint32) {
	l.entry, l.exported = entry, nil
	if len(l.m.Memories) > 0 {
		l.exported = append(l.exported, wasm.Export{Name: "memory", Kind: wasm.ExternMemory})
	}
}

// link makes the new module.
func (l *linker) link() (*wasm.Module, error) {
	if err := l.reach(); err != nil {
		return nil, err
	}
	l.number()
	l.functions()
	l.elements()
	l.globals()
	l.out.Exports = append(l.exported, wasm.Export{Name: "_start", Kind: wasm.ExternFunc, Index: l.index[l.target(l.entry)]})
	if l.out.Start != nil {
		start := l.index[l.target(*l.out.Start)]
		l.out.Start = &start
	}
	return &l.out, nil
}

// target is what an old body means by a function.
func (l *linker) target(index uint32) uint32 {
	if to, ok := l.redirect[index]; ok {
		return to
	}
	return index
}

// body is the code of a function and whether it is an old one.
func (l *linker) body(index uint32) (body []byte, old bool) {
	if index < l.imported+l.defined {
		return l.m.Codes[index-l.imported].Body, true
	}
	return l.added[index-l.imported-l.defined].body, false
}

func (l *linker) typeAt(index uint32) uint32 {
	switch {
	case index < l.imported:
		n := uint32(0)
		for i := range l.m.Imports {
			if l.m.Imports[i].Kind == wasm.ExternFunc {
				if n == index {
					return l.m.Imports[i].Func
				}
				n++
			}
		}
		panic("no such import")
	case index < l.imported+l.defined:
		return l.m.Functions[index-l.imported]
	}
	return l.added[index-l.imported-l.defined].typ
}

// reach finds what can be called. A table's functions can be when some reachable code makes an indirect call of their type: an engine compares types.
func (l *linker) reach() error {
	total := l.imported + l.defined + uint32(len(l.added))
	l.reached = make([]bool, total)
	l.called = make([]bool, len(l.out.Types))
	l.shapes()
	if l.keepAll {
		for i := range l.defined {
			l.mark(l.imported + i)
		}
	}
	l.mark(l.target(l.entry))
	if l.out.Start != nil {
		l.mark(l.target(*l.out.Start))
	}
	for i := range l.m.Globals {
		if index, ok := function(l.m.Globals[i].Init); ok {
			l.mark(l.target(index))
		}
	}
	inTables := l.tableFunctions()
	for {
		if err := l.drain(); err != nil {
			return err
		}
		// Each round marks functions or is the last; a function is in the list of its type once, so that the rounds together look at each a few times.
		rest := inTables[:0]
		for _, index := range inTables {
			switch {
			case l.reached[index]:
			case l.inspects || l.called[l.shape[l.typeAt(index)]]:
				l.mark(index)
			default:
				rest = append(rest, index)
			}
		}
		inTables = rest
		if len(l.pending) == 0 {
			return nil
		}
	}
}

// shapes numbers types by what they are: an indirect call does not tell equal ones apart.
func (l *linker) shapes() {
	seen := map[string]uint32{}
	l.shape = make([]uint32, len(l.out.Types))
	for i, t := range l.out.Types {
		key := fmt.Sprint(t.Params, t.Results)
		first, ok := seen[key]
		if !ok {
			first = uint32(i)
			seen[key] = first
		}
		l.shape[i] = first
	}
}

func (l *linker) mark(index uint32) {
	if !l.reached[index] {
		l.reached[index] = true
		if !l.isImport(index) {
			l.pending = append(l.pending, index)
		}
	}
}

func (l *linker) isImport(index uint32) bool {
	return index < l.imported || index >= l.imported+l.defined && l.added[index-l.imported-l.defined].wasi != ""
}

func (l *linker) drain() error {
	var in wasm.Instr
	for len(l.pending) > 0 {
		index := l.pending[len(l.pending)-1]
		l.pending = l.pending[:len(l.pending)-1]
		body, old := l.body(index)
		it := wasm.NewIterator(body, 0)
		for it.Next(&in) {
			switch in.Op {
			case wasm.OpCall, wasm.OpReturnCall, wasm.OpRefFunc:
				if old {
					l.mark(l.target(in.Index))
				} else {
					l.mark(in.Index)
				}
			case wasm.OpCallIndirect, wasm.OpReturnCallIndirect:
				l.called[l.shape[in.Index]] = true
			case wasm.OpTableGet, wasm.OpTableCopy, wasm.OpTableInit:
				l.inspects = true
			}
		}
		if err := it.Err(); err != nil {
			return err
		}
	}
	return nil
}

// function is the function that a constant expression refers to.
func function(expression []byte) (uint32, bool) {
	var in wasm.Instr
	if it := wasm.NewIterator(expression, 0); it.Next(&in) && in.Op == wasm.OpRefFunc {
		return in.Index, true
	}
	return 0, false
}

// tableFunctions are the functions that are in element segments, each once.
func (l *linker) tableFunctions() []uint32 {
	seen := make([]bool, len(l.reached))
	var list []uint32
	for i := range l.m.Elements {
		for _, item := range l.m.Elements[i].Items {
			if item.Op != wasm.OpRefFunc {
				continue
			}
			if index := l.target(item.Index); !seen[index] {
				seen[index] = true
				list = append(list, index)
			}
		}
	}
	return list
}

// number gives functions their new indices, imports first. A function in a table that nothing can call becomes one that traps, of a type that nothing calls either.
func (l *linker) number() {
	l.index = make([]uint32, len(l.reached))
	next := uint32(0)
	for _, imports := range []bool{true, false} {
		for i, reached := range l.reached {
			if reached && l.isImport(uint32(i)) == imports {
				l.index[i] = next
				next++
			}
		}
	}
	l.dead = next
}

func (l *linker) functions() {
	var imports []wasm.Import
	n := uint32(0)
	for _, im := range l.m.Imports {
		if im.Kind == wasm.ExternFunc {
			n++
			if !l.reached[n-1] {
				continue
			}
		}
		imports = append(imports, im)
	}
	for i, a := range l.added {
		if a.wasi != "" && l.reached[l.imported+l.defined+uint32(i)] {
			imports = append(imports, wasm.Import{Module: wasiModule, Name: a.wasi, Kind: wasm.ExternFunc, Func: a.typ})
		}
	}
	l.out.Imports, l.out.Functions, l.out.Codes = imports, nil, nil
	size := 0
	for i := range l.m.Codes {
		size += len(l.m.Codes[i].Body)
	}
	buffer := make([]byte, 0, size+1024)
	for i := l.imported; i < uint32(len(l.reached)); i++ {
		if l.isImport(i) {
			continue
		}
		if !l.reached[i] {
			if i < l.imported+l.defined {
				l.dropped++
			}
			continue
		}
		var c wasm.Code
		if i < l.imported+l.defined {
			c.Locals = l.m.Codes[i-l.imported].Locals
		} else {
			c.Locals = l.added[i-l.imported-l.defined].locals
		}
		start := len(buffer)
		buffer = l.renumber(buffer, i)
		c.Body = buffer[start:len(buffer):len(buffer)]
		l.out.Functions = append(l.out.Functions, l.typeAt(i))
		l.out.Codes = append(l.out.Codes, c)
	}
}

// renumber appends a body with new indices.
func (l *linker) renumber(out []byte, index uint32) []byte {
	body, old := l.body(index)
	var in wasm.Instr
	done := 0
	for it := wasm.NewIterator(body, 0); it.Next(&in); {
		if in.Op != wasm.OpCall && in.Op != wasm.OpReturnCall && in.Op != wasm.OpRefFunc {
			continue
		}
		to := in.Index
		if old {
			to = l.target(to)
		}
		out = append(out, body[done:in.Imm]...)
		out = wasm.AppendU32(out, l.index[to])
		done = in.End
	}
	return append(out, body[done:]...)
}

func (l *linker) elements() {
	l.out.Elements = slices.Clone(l.m.Elements)
	needed := false
	for i := range l.out.Elements {
		e := &l.out.Elements[i]
		e.Items = slices.Clone(e.Items)
		for j := range e.Items {
			item := &e.Items[j]
			if item.Op != wasm.OpRefFunc {
				continue
			}
			index := l.target(item.Index)
			if l.reached[index] {
				item.Index = l.index[index]
				continue
			}
			if !needed {
				needed = true
				l.out.Functions = append(l.out.Functions, l.typeAt(index))
				l.out.Codes = append(l.out.Codes, wasm.Code{Body: []byte{byte(wasm.OpUnreachable), byte(wasm.OpEnd)}})
			}
			item.Index = l.dead
		}
	}
}

func (l *linker) globals() {
	for i := range l.out.Globals {
		g := &l.out.Globals[i]
		if index, ok := function(g.Init); ok {
			g.Init = append(wasm.AppendU32([]byte{byte(wasm.OpRefFunc)}, l.index[l.target(index)]), byte(wasm.OpEnd))
		}
	}
}
