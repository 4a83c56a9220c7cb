package meter

import (
	"strconv"
	"unicode/utf8"

	"wand/compiler/wasm"
)

func globalExport(i int) string { return Prefix + "g" + strconv.Itoa(i) }

// names returns the custom sections of the new module: the names of its functions, for traces. All others describe code offsets or
// tools, and would be wrong or useless. A name section that is malformed is dropped, as the specification demands.
func (r *rewriter) names() []wasm.Custom {
	for _, c := range r.m.Customs {
		if c.Name != "name" {
			continue
		}
		if b, ok := r.functionNames(c.Bytes); ok {
			return []wasm.Custom{{Name: "name", Bytes: b, After: wasm.SectionData}}
		}
		break
	}
	return nil
}

// nameReader reads the parts of a name section.
type nameReader struct {
	b   []byte
	bad bool
}

func (n *nameReader) u32() uint32 {
	var v uint32
	for s := 0; s < 35 && len(n.b) > 0; s += 7 {
		c := n.b[0]
		n.b = n.b[1:]
		v |= uint32(c&0x7f) << s
		if c < 0x80 {
			return v
		}
	}
	n.bad = true
	return 0
}

func (n *nameReader) take() []byte {
	size := n.u32()
	if n.bad || uint64(size) > uint64(len(n.b)) {
		n.bad = true
		return nil
	}
	b := n.b[:size]
	n.b = n.b[size:]
	return b
}

const (
	namesModule    = 0
	namesFunctions = 1
)

func (r *rewriter) functionNames(section []byte) ([]byte, bool) {
	in := nameReader{b: section}
	var out []byte
	last := -1
	for len(in.b) > 0 && !in.bad {
		id := in.b[0]
		in.b = in.b[1:]
		part := in.take()
		if int(id) <= last {
			return nil, false
		}
		last = int(id)
		switch id {
		case namesModule:
			name := nameReader{b: part}
			if !utf8.Valid(name.take()) || name.bad || len(name.b) > 0 {
				return nil, false
			}
			out = append(out, id)
			out = wasm.AppendU32(out, uint32(len(part)))
			out = append(out, part...)
		case namesFunctions:
			names, ok := r.renumber(part)
			if !ok {
				return nil, false
			}
			out = append(out, id)
			out = wasm.AppendU32(out, uint32(len(names)))
			out = append(out, names...)
		}
	}
	return out, !in.bad && len(out) > 0
}

// renumber moves the names of defined functions to their new indices.
func (r *rewriter) renumber(part []byte) ([]byte, bool) {
	in := nameReader{b: part}
	n := in.u32()
	if uint64(n)*2 > uint64(len(in.b)) {
		return nil, false
	}
	out := wasm.AppendU32(make([]byte, 0, len(part)+int(n)), n)
	last := int64(-1)
	for range n {
		index, name := in.u32(), in.take()
		if in.bad || int64(index) <= last || uint64(index) >= uint64(r.imported)+uint64(len(r.functions)) || !utf8.Valid(name) {
			return nil, false
		}
		last = int64(index)
		out = wasm.AppendU32(out, r.functionIndex(index))
		out = wasm.AppendU32(out, uint32(len(name)))
		out = append(out, name...)
	}
	return out, len(in.b) == 0
}
