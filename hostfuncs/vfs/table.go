package vfs

// table finds the records of inodes by number. It never changes: set makes another one, which shares with the first whatever
// is not on the way to what was set. It is a tree that takes five bits of a number at each level.
type table struct {
	root   *level
	height int   // of root above the lowest levels
	bytes  int64 // what its levels take, and its folders beyond what a node does
}

const (
	tableBits = 5
	tableWide = 1 << tableBits
	// levelBytes is what a level takes.
	levelBytes = 64 + 8*tableWide
	// folderBytes is what the record of a folder takes, beside what InodeBytes and EntryBytes have room for.
	folderBytes = 320
)

// level has records when it is a lowest one, and levels below it otherwise.
type level struct {
	below   []*level
	records []*record
	count   int    // of those that are not nil
	by      *batch // who may still change it in place
}

// batch lets several sets in a row share the levels that the first of them made. It ends when nobody has it any more.
type batch struct{ _ byte }

func (t table) get(ino uint64) *record {
	if !t.covers(ino) {
		return nil
	}
	l := t.root
	for h := t.height; h > 0 && l != nil; h-- {
		l = l.below[ino>>(tableBits*h)%tableWide]
	}
	if l == nil {
		return nil
	}
	return l.records[ino%tableWide]
}

// covers says whether a number can be in the table as high as it is.
func (t table) covers(ino uint64) bool { return t.root != nil && ino>>(tableBits*(t.height+1)) == 0 }

// set returns a table in which an inode has this record; nil is none.
func (t table) set(ino uint64, r *record, by *batch) table {
	if r == nil && t.get(ino) == nil {
		return t
	}
	if t.root == nil {
		t.root, t.height = newLevel(0, by), 0
		t.bytes += levelBytes
	}
	for !t.covers(ino) {
		up := newLevel(t.height+1, by)
		up.below[0], up.count = t.root, 1
		t.root, t.height, t.bytes = up, t.height+1, t.bytes+levelBytes
	}
	t.root = t.root.set(t.height, ino, r, by, &t.bytes)
	return t
}

func newLevel(height int, by *batch) *level {
	l := &level{by: by}
	if height == 0 {
		l.records = make([]*record, tableWide)
	} else {
		l.below = make([]*level, tableWide)
	}
	return l
}

// set returns a level with the change, or nil when nothing is left in it. It keeps count of bytes.
func (l *level) set(height int, ino uint64, r *record, by *batch, bytes *int64) *level {
	switch {
	case l == nil:
		l = newLevel(height, by)
		*bytes += levelBytes
	case l.by != by:
		own := newLevel(height, by)
		copy(own.records, l.records)
		copy(own.below, l.below)
		own.count = l.count
		l = own
	}
	i := ino >> (tableBits * height) % tableWide
	var before, after bool
	if height == 0 {
		before, after = l.records[i] != nil, r != nil
		if before && l.records[i].folder != nil {
			*bytes -= folderBytes
		}
		if after && r.folder != nil {
			*bytes += folderBytes
		}
		l.records[i] = r
	} else {
		before = l.below[i] != nil
		l.below[i] = l.below[i].set(height-1, ino, r, by, bytes)
		after = l.below[i] != nil
	}
	switch {
	case after && !before:
		l.count++
	case before && !after:
		if l.count--; l.count == 0 {
			*bytes -= levelBytes
			return nil
		}
	}
	return l
}
