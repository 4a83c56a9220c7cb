package wasm

import (
	"fmt"
	"slices"
)

// SectionSize is how much of a module one section takes.
type SectionSize struct {
	Name  string // of a custom section its own, after "custom "
	Bytes int    // with its header
}

// sectionNames are the specification's names, by id.
var sectionNames = [...]string{"custom", "type", "import", "function", "table", "memory", "global", "export", "start", "element", "code", "data", "datacount", "tag"}

// Sections lists the sections of a module that Decode accepted, in their order.
func Sections(bin []byte) []SectionSize {
	var list []SectionSize
	r := &reader{b: bin, p: 8}
	for !r.done() && r.err == nil {
		at := r.p
		id := r.byte()
		body := &reader{b: r.bytes(r.u32())}
		if r.err != nil {
			break
		}
		name := fmt.Sprintf("section %d", id)
		if int(id) < len(sectionNames) {
			name = sectionNames[id]
		}
		if SectionID(id) == SectionCustom {
			name += " " + body.name(100_000)
		}
		list = append(list, SectionSize{name, r.p - at})
	}
	return list
}

// Features lists, sorted, the proposals beyond the first version of WebAssembly that a module makes use of.
func (m *Module) Features() []string {
	found := map[string]bool{}
	for _, t := range m.Types {
		if len(t.Results) > 1 {
			found["multi-value"] = true
		}
		for _, v := range slices.Concat(t.Params, t.Results) {
			noteType(found, v)
		}
	}
	for _, g := range m.Globals {
		noteType(found, g.Type.Type)
		if extended(g.Init) {
			found["extended-const"] = true
		}
	}
	if len(m.Tables) > 1 {
		found["reference-types"] = true
	}
	for _, e := range m.Elements {
		if e.Mode != Active {
			found["bulk-memory"] = true
		}
		if extended(e.Offset) {
			found["extended-const"] = true
		}
	}
	for _, d := range m.Data {
		if d.Mode != Active {
			found["bulk-memory"] = true
		}
		if extended(d.Offset) {
			found["extended-const"] = true
		}
	}
	for _, i := range m.Imports {
		if i.Kind == ExternGlobal && i.Global.Mutable {
			found["mutable-globals"] = true
		}
	}
	for _, e := range m.Exports {
		if own := int(e.Index) - m.ImportedGlobals(); e.Kind == ExternGlobal && own >= 0 && m.Globals[own].Type.Mutable {
			found["mutable-globals"] = true
		}
	}
	var in Instr
	for i := range m.Codes {
		for _, g := range m.Codes[i].Locals {
			noteType(found, g.Type)
		}
		for it := NewIterator(m.Codes[i].Body, 0); it.Next(&in); {
			if name := proposalOf(&in); name != "" {
				found[name] = true
			}
		}
	}
	var names []string
	for name := range found {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func noteType(found map[string]bool, t ValType) {
	switch {
	case t == V128:
		found["simd"] = true
	case t.IsRef():
		found["reference-types"] = true
	}
}

// proposalOf names the proposal that an instruction is of; empty for one of the first version.
func proposalOf(in *Instr) string {
	switch op := in.Op; {
	case op>>8 == 0xfd:
		return "simd"
	case op >= 0xfc00 && op <= 0xfc07:
		return "nontrapping-fptoint"
	case op == OpTableGrow, op == OpTableSize, op == OpTableFill, op == OpTableGet, op == OpTableSet, op == OpRefNull, op == OpRefIsNull, op == OpRefFunc, op == OpSelectTyped:
		return "reference-types"
	case op>>8 == 0xfc:
		return "bulk-memory"
	case op >= 0xc0 && op <= 0xc4:
		return "sign-extension"
	case op == OpReturnCall, op == OpReturnCallIndirect:
		return "tail-call"
	case (op == OpBlock || op == OpLoop || op == OpIf) && in.Value >= 0:
		return "multi-value"
	}
	return ""
}

// extended says whether a constant expression is more than one instruction and its end.
func extended(expression []byte) bool {
	var in Instr
	n := 0
	for it := NewIterator(expression, 0); it.Next(&in); n++ {
	}
	return n > 2
}
