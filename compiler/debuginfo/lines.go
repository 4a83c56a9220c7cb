package debuginfo

// lineTable is the files of a unit's line table.
type lineTable struct {
	version int
	compDir string
	dirs    []string
	files   []file
	lineStr []byte
	str     []byte
}

type file struct {
	name []byte
	dir  uint64
}

// row of a line table: the source of the instructions from its address to that of the next row.
type row struct {
	address            uint64
	file, line, column int
}

// file is the folder and the name of a file by its number.
func (t *lineTable) file(_ *unit, number int) (dir, name string) {
	if t == nil {
		return "", ""
	}
	if t.version < 5 {
		number--
	}
	if number < 0 || number >= len(t.files) {
		return "", ""
	}
	const longest = 4096
	f := &t.files[number]
	dir = t.compDir
	index := f.dir
	if t.version < 5 {
		if index > 0 && index <= uint64(len(t.dirs)) {
			dir = t.dirs[index-1]
		}
	} else if index < uint64(len(t.dirs)) {
		dir = t.dirs[index]
	}
	if dir != "" && dir[0] != '/' && !(len(dir) > 1 && dir[1] == ':') && t.compDir != "" {
		dir = t.compDir + "/" + dir
	}
	return join(dir, string(f.name[:min(len(f.name), longest)]))
}

// rows finds the row of each place in a unit's line table, and returns the table's files; nil when it is malformed.
func (i *Info) rows(u *unit, places []place) *lineTable {
	if !u.root.stmtList.set || u.root.stmtList.number > uint64(len(i.line)) {
		return nil
	}
	c := cursor{b: i.line, at: int(u.root.stmtList.number)}
	length := c.fixed(4)
	if c.bad || length >= 0xfffffff0 || length > uint64(len(i.line)-c.at) {
		return nil
	}
	c.b = i.line[:c.at+int(length)]
	p := lineProgram{info: i, places: places, addressSize: u.addressSize}
	t := &lineTable{version: int(c.fixed(2)), compDir: clipped(i.text(u, u.root.compDir)), lineStr: i.lineStr, str: i.str}
	if t.version < 2 || t.version > 5 {
		return nil
	}
	if t.version >= 5 {
		p.addressSize = int(c.fixed(1))
		c.fixed(1) // size of segment selectors
	}
	headerLength := c.fixed(4)
	if c.bad || headerLength > uint64(len(c.b)-c.at) || p.addressSize > 8 {
		return nil
	}
	begin := c.at + int(headerLength)
	p.minInstruction = c.fixed(1)
	if t.version >= 4 {
		c.fixed(1) // operations in an instruction
	}
	c.fixed(1) // whether rows are statements: all count
	p.lineBase, p.lineRange, p.opcodeBase = int8(c.fixed(1)), c.fixed(1), c.fixed(1)
	if c.bad || p.lineRange == 0 || p.opcodeBase == 0 {
		return nil
	}
	p.lengths = c.take(p.opcodeBase - 1)
	header := cursor{b: c.b[:begin], at: c.at, bad: c.bad}
	read := i.files
	if t.version >= 5 {
		read = i.files5
	}
	if !read(u, t, &header) {
		t.files, t.dirs = nil, nil
	}
	c.at = begin
	p.run(&c)
	return t
}

func clipped(b []byte) string { return string(b[:min(len(b), 4096)]) }

// files reads the folders and files of a line table before version 5.
func (i *Info) files(_ *unit, t *lineTable, c *cursor) bool {
	for {
		dir := c.text()
		if c.bad || len(t.dirs) == maxFiles || !i.spend(4) {
			return false
		}
		if len(dir) == 0 {
			break
		}
		t.dirs = append(t.dirs, clipped(dir))
	}
	for {
		name := c.text()
		if c.bad || len(t.files) == maxFiles || !i.spend(4) {
			return false
		}
		if len(name) == 0 {
			return true
		}
		t.files = append(t.files, file{name, c.uleb()})
		c.uleb() // time
		c.uleb() // size
	}
}

// files5 reads those of version 5, which says itself how they are laid out.
func (i *Info) files5(u *unit, t *lineTable, c *cursor) bool {
	const path, directory = 1, 2
	list := func(add func(name []byte, dir uint64)) bool {
		type format struct{ content, form uint64 }
		formats := make([]format, c.fixed(1))
		for n := range formats {
			formats[n] = format{c.uleb(), c.uleb()}
		}
		count := c.uleb()
		if c.bad || count > maxFiles || count > 0 && len(formats) == 0 {
			return false
		}
		for range count {
			var name []byte
			var dir uint64
			for _, f := range formats {
				v := u.value(c, f.form, 0)
				switch f.content {
				case path:
					name = i.text(u, v)
				case directory:
					dir = v.number
				}
			}
			if c.bad || !i.spend(4+len(formats)) {
				return false
			}
			add(name, dir)
		}
		return true
	}
	total := 0
	return list(func(name []byte, _ uint64) {
		// One long name can be referred to many times.
		if total += min(len(name), 4096); total < 16<<20 {
			t.dirs = append(t.dirs, clipped(name))
		} else {
			t.dirs = append(t.dirs, "")
		}
	}) && list(func(name []byte, dir uint64) { t.files = append(t.files, file{name, dir}) })
}

// lineProgram runs the program that a line table is written as.
type lineProgram struct {
	info           *Info
	places         []place
	minInstruction uint64
	lineBase       int8
	lineRange      uint64
	opcodeBase     uint64
	lengths        []byte
	addressSize    int

	begun bool // prev is a row of the sequence
	dead  bool // the linker removed the code of the sequence
	prev  row
	named row // the last row that has a line
}

func (p *lineProgram) run(c *cursor) {
	const copyRow, advancePC, advanceLine, setFile, setColumn, constAddPC, fixedAdvance = 1, 2, 3, 4, 5, 8, 9
	const endSequence, setAddress = 1, 2
	fresh := row{file: 1, line: 1}
	r := fresh
	for !c.bad && c.at < len(c.b) && p.info.spend(1) {
		op := c.fixed(1)
		switch {
		case op >= p.opcodeBase:
			op -= p.opcodeBase
			r.address += op / p.lineRange * p.minInstruction
			r.line += int(p.lineBase) + int(op%p.lineRange)
			p.add(r)
		case op == 0:
			length := c.uleb()
			body := cursor{b: c.take(length)}
			if c.bad || length == 0 {
				return
			}
			switch body.fixed(1) {
			case endSequence:
				p.end(r)
				r = fresh
			case setAddress:
				r.address = body.fixed(min(len(body.b)-1, 8))
			}
		case op == copyRow:
			p.add(r)
		case op == advancePC:
			r.address += c.uleb() * p.minInstruction
		case op == advanceLine:
			r.line += int(int32(c.sleb()))
		case op == setFile:
			r.file = int(int32(c.uleb()))
		case op == setColumn:
			r.column = int(int32(c.uleb()))
		case op == constAddPC:
			r.address += (255 - p.opcodeBase) / p.lineRange * p.minInstruction
		case op == fixedAdvance:
			r.address += c.fixed(2)
		default:
			for range p.lengths[op-1] {
				c.uleb()
			}
		}
	}
}

// add adds a row to the sequence under way: what lies between the row before and this one belongs to the former.
func (p *lineProgram) add(r row) {
	if !p.begun {
		p.dead = r.address == 0 || r.address >= 0xfffffffe
		p.begun, p.named = true, row{}
	} else {
		p.match(r.address)
	}
	p.prev = r
	if r.line > 0 {
		p.named = r
	}
}

func (p *lineProgram) end(r row) {
	if p.begun {
		p.match(r.address)
	}
	p.begun = false
}

// match gives the places between the row before and an address that row, or where it has no line the last one that had.
func (p *lineProgram) match(until uint64) {
	if p.dead || p.prev.address >= until {
		return
	}
	for n := range p.places {
		q := &p.places[n]
		if q.address < p.prev.address || q.address >= until {
			continue
		}
		if q.row = p.prev; q.row.line <= 0 {
			q.row = p.named
		}
		q.known = q.row.line > 0
	}
}
