package debuginfo

import (
	"bytes"
	"encoding/binary"
	"math"
	"sort"
)

// Tags, attributes and forms of DWARF that are looked at; all other forms only have to be skipped.
const (
	tagCompileUnit = 0x11
	tagInlined     = 0x1d
	tagSubprogram  = 0x2e

	attrName           = 0x03
	attrStmtList       = 0x10
	attrLowPC          = 0x11
	attrHighPC         = 0x12
	attrCompDir        = 0x1b
	attrAbstractOrigin = 0x31
	attrSpecification  = 0x47
	attrRanges         = 0x55
	attrCallColumn     = 0x57
	attrCallFile       = 0x58
	attrCallLine       = 0x59
	attrLinkageName    = 0x6e
	attrStrOffsetsBase = 0x72
	attrAddrBase       = 0x73
	attrRnglistsBase   = 0x74
	attrMIPSLinkage    = 0x2007
)

const (
	formAddr        = 0x01
	formBlock2      = 0x03
	formBlock4      = 0x04
	formData2       = 0x05
	formData4       = 0x06
	formData8       = 0x07
	formString      = 0x08
	formBlock       = 0x09
	formBlock1      = 0x0a
	formData1       = 0x0b
	formFlag        = 0x0c
	formSdata       = 0x0d
	formStrp        = 0x0e
	formUdata       = 0x0f
	formRefAddr     = 0x10
	formRef1        = 0x11
	formRef2        = 0x12
	formRef4        = 0x13
	formRef8        = 0x14
	formRefUdata    = 0x15
	formIndirect    = 0x16
	formSecOffset   = 0x17
	formExprloc     = 0x18
	formFlagPresent = 0x19
	formStrx        = 0x1a
	formAddrx       = 0x1b
	formRefSup4     = 0x1c
	formStrpSup     = 0x1d
	formData16      = 0x1e
	formLineStrp    = 0x1f
	formRefSig8     = 0x20
	formImplicit    = 0x21
	formLoclistx    = 0x22
	formRnglistx    = 0x23
	formRefSup8     = 0x24
	formStrx1       = 0x25
	formStrx2       = 0x26
	formStrx3       = 0x27
	formStrx4       = 0x28
	formAddrx1      = 0x29
	formAddrx2      = 0x2a
	formAddrx3      = 0x2b
	formAddrx4      = 0x2c
)

// cursor reads a section. Beyond the end it is bad, and gives zeros.
type cursor struct {
	b   []byte
	at  int
	bad bool
}

func (c *cursor) take(n uint64) []byte {
	if c.bad || n > uint64(len(c.b)-c.at) {
		c.bad = true
		return nil
	}
	b := c.b[c.at : c.at+int(n)]
	c.at += int(n)
	return b
}

// fixed reads a little-endian number of 1 to 8 bytes.
func (c *cursor) fixed(size int) uint64 {
	var b [8]byte
	copy(b[:], c.take(uint64(size)))
	return binary.LittleEndian.Uint64(b[:])
}

func (c *cursor) uleb() (v uint64) {
	for shift := 0; shift < 70; shift += 7 {
		b := c.fixed(1)
		if shift < 64 {
			v |= b & 0x7f << shift
		}
		if b < 0x80 {
			return v
		}
	}
	c.bad = true
	return 0
}

func (c *cursor) sleb() (v int64) {
	for shift := 0; shift < 70; shift += 7 {
		b := c.fixed(1)
		if shift < 64 {
			v |= int64(b&0x7f) << shift
		}
		if b < 0x80 {
			if b&0x40 != 0 && shift+7 < 64 {
				v |= -1 << (shift + 7)
			}
			return v
		}
	}
	c.bad = true
	return 0
}

// text reads a string that ends with a zero, without it.
func (c *cursor) text() []byte {
	if c.bad {
		return nil
	}
	n := bytes.IndexByte(c.b[c.at:], 0)
	if n < 0 {
		c.bad = true
		return nil
	}
	s := c.b[c.at : c.at+n]
	c.at += n + 1
	return s
}

// textAt is the string at an offset of a section.
func textAt(section []byte, offset uint64) []byte {
	if offset >= uint64(len(section)) {
		return nil
	}
	c := cursor{b: section, at: int(offset)}
	return c.text()
}

// unit is what one source file was compiled to.
type unit struct {
	start, first, children, end int // offsets in .debug_info: the header, the unit's own entry, what is below it, the next unit
	version, addressSize        int
	table                       int // offset in .debug_abbrev
	abbrevs                     abbrevs
	root                        *entry // once it is open
	opened, usable              bool

	base, strBase, addrBase, rngBase uint64 // base is the address that range lists begin from
}

// readUnits reads the headers of all units. Those of other kinds than compilation units, and of 64 bits, are passed over or end it.
func (i *Info) readUnits() {
	c := cursor{b: i.info}
	for c.at < len(i.info) && i.spend(unitWork) {
		u := unit{start: c.at}
		length := c.fixed(4)
		if c.bad || length >= 0xfffffff0 || length > uint64(len(i.info)-c.at) {
			return
		}
		u.end = c.at + int(length)
		h := cursor{b: i.info[:u.end], at: c.at}
		c.at = u.end
		u.version = int(h.fixed(2))
		kind := uint64(1)
		if u.version >= 5 {
			kind = h.fixed(1)
			u.addressSize = int(h.fixed(1))
			u.table = int(h.fixed(4))
		} else {
			u.table = int(h.fixed(4))
			u.addressSize = int(h.fixed(1))
		}
		u.first = h.at
		if h.bad || u.version < 2 || u.version > 5 || kind != 1 && kind != 3 || u.addressSize != 4 && u.addressSize != 8 {
			continue
		}
		i.units = append(i.units, u)
	}
}

// open reads a unit's own entry, once.
func (i *Info) open(u *unit) bool {
	if u.opened {
		return u.usable
	}
	u.opened = true
	if u.abbrevs = i.abbrevsAt(u.table); u.abbrevs == nil {
		return false
	}
	c := cursor{b: i.info[:u.end], at: u.first}
	root, ok := i.entry(u, &c)
	if !ok || root.tag == 0 || !root.children {
		return false
	}
	u.children = c.at
	u.strBase, u.addrBase, u.rngBase = root.strBase.number, root.addrBase.number, root.rngBase.number
	u.root = &root
	u.base, _ = i.address(u, root.low)
	u.usable = true
	return true
}

// unitAt is the unit that an offset of .debug_info lies in.
func (i *Info) unitAt(offset uint64) *unit {
	n := sort.Search(len(i.units), func(n int) bool { return uint64(i.units[n].end) > offset })
	if n == len(i.units) || offset < uint64(i.units[n].first) {
		return nil
	}
	return &i.units[n]
}

// abbrevs say how the entries of a unit are laid out, by code.
type abbrevs map[uint64]*abbrev

type abbrev struct {
	tag      uint64
	children bool
	specs    []spec
}

type spec struct {
	attr, form uint64
	implicit   int64
}

// abbrevsAt is the table at an offset of .debug_abbrev; nil when it is malformed.
func (i *Info) abbrevsAt(offset int) abbrevs {
	if t, ok := i.tables[offset]; ok {
		return t
	}
	i.tables[offset] = nil
	if offset < 0 || offset > len(i.abbrev) {
		return nil
	}
	t := abbrevs{}
	c := cursor{b: i.abbrev, at: offset}
	for {
		code := c.uleb()
		if c.bad || !i.spend(abbrevWork) {
			return nil
		}
		if code == 0 {
			i.tables[offset] = t
			return t
		}
		a := &abbrev{tag: c.uleb(), children: c.fixed(1) != 0}
		for {
			s := spec{attr: c.uleb(), form: c.uleb()}
			if s.form == formImplicit {
				s.implicit = c.sleb()
			}
			if c.bad || !i.spend(abbrevWork/8) {
				return nil
			}
			if s.attr == 0 && s.form == 0 {
				break
			}
			a.specs = append(a.specs, s)
		}
		t[code] = a
	}
}

// value is an attribute's value: a number of whatever meaning its form has, or a text.
type value struct {
	form   uint64
	number uint64
	text   []byte
	set    bool
}

// entry is an entry of .debug_info: the attributes of it that matter here. The zero tag ends the children of another entry.
type entry struct {
	tag      uint64
	children bool

	name, linkage, origin, specification value
	low, high, ranges                    value
	callFile, callLine, callColumn       value
	stmtList, compDir                    value
	strBase, addrBase, rngBase           value
}

// entry reads the entry at the cursor.
func (i *Info) entry(u *unit, c *cursor) (e entry, ok bool) {
	code := c.uleb()
	if c.bad || !i.spend(1) {
		return e, false
	}
	if code == 0 {
		return e, true
	}
	a := u.abbrevs[code]
	if a == nil || !i.spend(len(a.specs)) {
		return e, false
	}
	e.tag, e.children = a.tag, a.children
	for n := range a.specs {
		s := &a.specs[n]
		v := u.value(c, s.form, s.implicit)
		if c.bad {
			return e, false
		}
		if to := e.attribute(s.attr); to != nil {
			*to = v
		}
	}
	return e, true
}

// attribute is where the value of an attribute goes, or nil.
func (e *entry) attribute(attr uint64) *value {
	switch attr {
	case attrName:
		return &e.name
	case attrLinkageName, attrMIPSLinkage:
		return &e.linkage
	case attrAbstractOrigin:
		return &e.origin
	case attrSpecification:
		return &e.specification
	case attrLowPC:
		return &e.low
	case attrHighPC:
		return &e.high
	case attrRanges:
		return &e.ranges
	case attrCallFile:
		return &e.callFile
	case attrCallLine:
		return &e.callLine
	case attrCallColumn:
		return &e.callColumn
	case attrStmtList:
		return &e.stmtList
	case attrCompDir:
		return &e.compDir
	case attrStrOffsetsBase:
		return &e.strBase
	case attrAddrBase:
		return &e.addrBase
	case attrRnglistsBase:
		return &e.rngBase
	}
	return nil
}

// value reads a value of a form. A form that is not known makes the cursor bad: what follows it cannot be found.
func (u *unit) value(c *cursor, form uint64, implicit int64) value {
	if form == formIndirect {
		if form = c.uleb(); form == formIndirect || form == formImplicit {
			c.bad = true
		}
	}
	v := value{form: form, set: true}
	switch form {
	case formAddr:
		v.number = c.fixed(u.addressSize)
	case formData1, formFlag, formRef1, formStrx1, formAddrx1:
		v.number = c.fixed(1)
	case formData2, formRef2, formStrx2, formAddrx2:
		v.number = c.fixed(2)
	case formStrx3, formAddrx3:
		v.number = c.fixed(3)
	case formData4, formRef4, formStrp, formLineStrp, formSecOffset, formStrx4, formAddrx4, formRefSup4, formStrpSup:
		v.number = c.fixed(4)
	case formData8, formRef8, formRefSig8, formRefSup8:
		v.number = c.fixed(8)
	case formData16:
		c.take(16)
	case formRefAddr:
		if v.number = 0; u.version == 2 {
			v.number = c.fixed(u.addressSize)
		} else {
			v.number = c.fixed(4)
		}
	case formSdata:
		v.number = uint64(c.sleb())
	case formUdata, formRefUdata, formStrx, formAddrx, formLoclistx, formRnglistx:
		v.number = c.uleb()
	case formString:
		v.text = c.text()
	case formBlock1:
		c.take(c.fixed(1))
	case formBlock2:
		c.take(c.fixed(2))
	case formBlock4:
		c.take(c.fixed(4))
	case formBlock, formExprloc:
		c.take(c.uleb())
	case formFlagPresent:
		v.number = 1
	case formImplicit:
		v.number = uint64(implicit)
	default:
		c.bad = true
	}
	return v
}

// text is the text of an attribute.
func (i *Info) text(u *unit, v value) []byte {
	switch v.form {
	case formString:
		return v.text
	case formStrp:
		return textAt(i.str, v.number)
	case formLineStrp:
		return textAt(i.lineStr, v.number)
	case formStrx, formStrx1, formStrx2, formStrx3, formStrx4:
		if at, ok := indexed(i.strOffsets, u.strBase, v.number, 4); ok {
			return textAt(i.str, at)
		}
	}
	return nil
}

// indexed reads a number of a table.
func indexed(section []byte, base, index uint64, size int) (uint64, bool) {
	if base > uint64(len(section)) || index > uint64(len(section)) {
		return 0, false
	}
	at := base + index*uint64(size)
	if at > uint64(len(section)) {
		return 0, false
	}
	c := cursor{b: section, at: int(at)}
	v := c.fixed(size)
	return v, !c.bad
}

// address is the address of an attribute.
func (i *Info) address(u *unit, v value) (uint64, bool) {
	switch v.form {
	case formAddr:
		return v.number, v.set
	case formAddrx, formAddrx1, formAddrx2, formAddrx3, formAddrx4:
		return indexed(i.addr, u.addrBase, v.number, u.addressSize)
	}
	return 0, false
}

// name is the name of a function. An inlined or specialised one has it from where it was declared.
func (i *Info) name(u *unit, e *entry, hops int) string {
	const most, longest = 8, 4096
	if b := i.text(u, e.linkage); len(b) > 0 {
		return string(b[:min(len(b), longest)])
	}
	for _, v := range []value{e.origin, e.specification} {
		if !v.set || hops == most {
			continue
		}
		at, of := v.number, u
		switch v.form {
		case formRefAddr:
			if of = i.unitAt(at); of == nil {
				continue
			}
		case formRef1, formRef2, formRef4, formRef8, formRefUdata:
			at += uint64(u.start)
		default:
			continue
		}
		if at < uint64(of.first) || at >= uint64(of.end) || !i.open(of) {
			continue
		}
		c := cursor{b: i.info[:of.end], at: int(at)}
		if origin, ok := i.entry(of, &c); ok && origin.tag != 0 {
			if name := i.name(of, &origin, hops+1); name != "" {
				return name
			}
		}
	}
	b := i.text(u, e.name)
	return string(b[:min(len(b), longest)])
}

// eachRange calls f for each range of addresses that an entry says it has. Linkers set the addresses of what they removed to 0 or to the largest ones.
func (i *Info) eachRange(u *unit, e *entry, f func(low, high uint64)) {
	emit := func(low, high uint64) {
		if low > 0 && low < high && high < 0xfffffffe {
			f(low, high)
		}
	}
	if e.ranges.set {
		if u.version >= 5 {
			i.eachRnglist(u, e.ranges, emit)
		} else {
			i.eachRangePair(u, e.ranges.number, emit)
		}
		return
	}
	low, ok := i.address(u, e.low)
	if !ok || !e.high.set {
		return
	}
	if high, ok := i.address(u, e.high); ok {
		emit(low, high)
	} else if e.high.number < math.MaxUint32 {
		emit(low, low+e.high.number)
	}
}

// eachRangePair reads a list of .debug_ranges.
func (i *Info) eachRangePair(u *unit, offset uint64, emit func(low, high uint64)) {
	if offset > uint64(len(i.ranges)) {
		return
	}
	c := cursor{b: i.ranges, at: int(offset)}
	base, most := u.base, uint64(1)<<(8*u.addressSize)-1
	for i.spend(1) {
		low, high := c.fixed(u.addressSize), c.fixed(u.addressSize)
		switch {
		case c.bad || low == 0 && high == 0:
			return
		case low == most:
			base = high
		default:
			emit(base+low, base+high)
		}
	}
}

// eachRnglist reads a list of .debug_rnglists.
func (i *Info) eachRnglist(u *unit, v value, emit func(low, high uint64)) {
	offset := v.number
	if v.form == formRnglistx {
		relative, ok := indexed(i.rnglists, u.rngBase, v.number, 4)
		if !ok {
			return
		}
		offset = u.rngBase + relative
	}
	if offset > uint64(len(i.rnglists)) {
		return
	}
	c := cursor{b: i.rnglists, at: int(offset)}
	base := u.base
	at := func() uint64 { a, _ := indexed(i.addr, u.addrBase, c.uleb(), u.addressSize); return a }
	for i.spend(1) {
		kind := c.fixed(1)
		if c.bad {
			return
		}
		switch kind {
		case 0: // end of list
			return
		case 1: // base, by index
			base = at()
		case 2: // start and end, by index
			low := at()
			emit(low, at())
		case 3: // start by index, length
			low := at()
			emit(low, low+c.uleb())
		case 4: // two offsets
			low := base + c.uleb()
			emit(low, base+c.uleb())
		case 5: // base
			base = c.fixed(u.addressSize)
		case 6: // start and end
			low := c.fixed(u.addressSize)
			emit(low, c.fixed(u.addressSize))
		case 7: // start and length
			low := c.fixed(u.addressSize)
			emit(low, low+c.uleb())
		default:
			return
		}
	}
}
