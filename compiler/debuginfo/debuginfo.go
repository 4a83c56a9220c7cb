// Package debuginfo finds the source lines behind instructions of a WebAssembly module, from the DWARF sections (versions 2 to 5, of 32 bits) that
// compilers leave in it. The runtime asks it when a program has trapped or was stopped; nothing is read before.
//
// Debugging information comes with the module, so it is as hostile as the rest: no input makes the package panic, hang or allocate more than a small
// multiple of it. All work is paid from one budget, and what is beyond it stays unknown. That is why this is not debug/dwarf, which reads what its caller built:
// it makes a list as long as a number in the file says, and copies a string for each reference to it. A test compares the two on real modules.
//
// It imports compiler/wasm only.
package debuginfo

import (
	"path"
	"slices"
	"strings"

	"wand/compiler/wasm"
)

// Frame is a function call in the source text, which may have been inlined into the code of another.
type Frame struct {
	// Function as the linker knows it, which may be mangled; empty when it is not known.
	Function string
	// Dir and File are the name of the source file as the compiler wrote it; Dir is empty when that is not known.
	Dir, File string
	// Line and Column count from 1, columns in bytes; 0 when not known.
	Line, Column int
}

// budget is the work of all lookups in one module: entries, attributes, rows and ranges looked at. Two dozen places in two megabytes of Rust take half a million.
const budget = 10_000_000

// What is kept is dearer than what is only looked at: a unit, the layout of an entry.
const (
	unitWork   = 100
	abbrevWork = 64
)

// maxFiles is how many files and folders of a line table are looked at.
const maxFiles = 1 << 16

// Info is the debugging information of a module. It is not for concurrent use.
type Info struct {
	info, abbrev, line, str, lineStr, strOffsets, addr, ranges, rnglists []byte

	left   int // of the budget
	units  []unit
	tables map[int]abbrevs // by offset
}

// Has says whether a module has debugging information.
func Has(m *wasm.Module) bool {
	return slices.ContainsFunc(m.Customs, func(c wasm.Custom) bool { return c.Name == ".debug_info" }) &&
		slices.ContainsFunc(m.Customs, func(c wasm.Custom) bool { return c.Name == ".debug_line" })
}

// Open returns the debugging information of a module, or nil when it has none. The module keeps being pointed into.
func Open(m *wasm.Module) *Info {
	if !Has(m) {
		return nil
	}
	i := &Info{left: budget, tables: map[int]abbrevs{}}
	for _, c := range m.Customs {
		switch c.Name {
		case ".debug_info":
			i.info = c.Bytes
		case ".debug_abbrev":
			i.abbrev = c.Bytes
		case ".debug_line":
			i.line = c.Bytes
		case ".debug_str":
			i.str = c.Bytes
		case ".debug_line_str":
			i.lineStr = c.Bytes
		case ".debug_str_offsets":
			i.strOffsets = c.Bytes
		case ".debug_addr":
			i.addr = c.Bytes
		case ".debug_ranges":
			i.ranges = c.Bytes
		case ".debug_rnglists":
			i.rnglists = c.Bytes
		}
	}
	i.readUnits()
	return i
}

// spend takes work from the budget; false when there is none left.
func (i *Info) spend(n int) bool {
	i.left -= n
	return i.left > 0
}

// Frames finds the calls that are under way at each of the given instructions: the innermost first, then those that it was inlined into. Offsets are
// in bytes from the beginning of the code section's content. An instruction of which nothing is known has no frames.
func (i *Info) Frames(offsets []int) [][]Frame {
	found := make([][]Frame, len(offsets))
	if i == nil {
		return found
	}
	places := make([]place, 0, len(offsets))
	for n, at := range offsets {
		if at > 0 {
			places = append(places, place{address: uint64(at), index: n})
		}
	}
	for n := range i.units {
		if len(places) == 0 || !i.spend(1) {
			break
		}
		u := &i.units[n]
		// A unit has its places; the others remain for those that follow.
		mine, others := i.inside(u, places)
		places = others
		if len(mine) == 0 {
			continue
		}
		i.scopes(u, mine)
		table := i.rows(u, mine)
		for _, p := range mine {
			found[p.index] = i.frames(u, table, p)
		}
	}
	return found
}

// place is an address that somebody asks about, with what is known of it.
type place struct {
	address uint64
	index   int
	scopes  []scope // functions around it, the outermost first
	row     row
	known   bool // row is
}

// scope is a function, or an inlined call of one.
type scope struct {
	entry entry
	depth int
}

// inside divides places into those that lie in a unit and the others.
func (i *Info) inside(u *unit, places []place) (mine, others []place) {
	if !i.open(u) {
		return nil, places
	}
	in := make([]bool, len(places))
	i.eachRange(u, u.root, func(low, high uint64) {
		for n := range places {
			in[n] = in[n] || low <= places[n].address && places[n].address < high
		}
	})
	for n, p := range places {
		if in[n] {
			mine = append(mine, p)
		} else {
			others = append(others, p)
		}
	}
	return mine, others
}

// scopes finds the functions around each place.
func (i *Info) scopes(u *unit, places []place) {
	c := cursor{b: i.info[:u.end], at: u.children}
	depth := 1
	for depth > 0 && !c.bad && c.at < u.end {
		e, ok := i.entry(u, &c)
		if !ok {
			return
		}
		if e.tag == 0 {
			depth--
			continue
		}
		if e.tag == tagSubprogram || e.tag == tagInlined {
			i.eachRange(u, &e, func(low, high uint64) {
				for n := range places {
					p := &places[n]
					if p.address < low || p.address >= high {
						continue
					}
					for len(p.scopes) > 0 && p.scopes[len(p.scopes)-1].depth >= depth {
						p.scopes = p.scopes[:len(p.scopes)-1]
					}
					if len(p.scopes) < 64 {
						p.scopes = append(p.scopes, scope{e, depth})
					}
				}
			})
		}
		if e.children {
			depth++
		}
	}
}

// frames are the calls at a place, the innermost first: its row of the line table is in the innermost function, and each inlined function says where it was called.
func (i *Info) frames(u *unit, t *lineTable, p place) []Frame {
	if !p.known && len(p.scopes) == 0 {
		return nil
	}
	var frames []Frame
	at := Frame{}
	if p.known {
		at.Dir, at.File = t.file(u, p.row.file)
		at.Line, at.Column = p.row.line, p.row.column
	}
	for n := len(p.scopes) - 1; n >= 0; n-- {
		s := &p.scopes[n]
		at.Function = i.name(u, &s.entry, 0)
		frames = append(frames, at)
		if s.entry.tag != tagInlined {
			return frames // a function inside another's code: what is around it did not call it
		}
		at = Frame{Line: number(s.entry.callLine), Column: number(s.entry.callColumn)}
		if t != nil && s.entry.callFile.set {
			at.Dir, at.File = t.file(u, number(s.entry.callFile))
		}
	}
	return append(frames, at)
}

// number is an attribute's value as a small number, or 0.
func number(v value) int {
	if !v.set || v.number > 1<<31 {
		return 0
	}
	return int(v.number)
}

// join is the name of a file in a folder, both as a compiler wrote them: on whatever system it ran.
func join(dir, name string) (string, string) {
	name = strings.ReplaceAll(name, `\`, "/")
	dir = strings.ReplaceAll(dir, `\`, "/")
	own, base := path.Split(name)
	switch {
	case own == "":
	case path.IsAbs(name) || len(name) > 1 && name[1] == ':' || dir == "":
		dir = path.Clean(own)
	default:
		dir = path.Join(dir, own)
	}
	return dir, base
}
