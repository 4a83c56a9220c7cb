package vfs

import "slices"

// Kind is the type of an inode; its numbers are WASI's file types.
type Kind uint8

// Kinds.
const (
	KindUnknown   Kind = 0
	KindDirectory Kind = 3
	KindFile      Kind = 4
	KindLink      Kind = 7
)

// node is an inode. What is not of its kind is zero.
type node struct {
	ino      uint64
	kind     Kind
	readOnly bool // no guest may change it, nor make entries in it
	mount    bool // where something was mounted: it cannot be moved or removed
	removed  bool // a folder that is still open after rmdir
	links    uint32
	opens    uint32
	changed  uint64 // generation of the last change of content

	atime, mtime, ctime int64 // nanoseconds since 1970

	data   content    // file
	target string     // link
	dir    *directory // folder
	tree   *treeNode  // what a mounted tree's node stands for
	host   *hostNode  // what a node of a mounted host folder stands for
}

// directory is the part that only folders have. Entries keep the order in which they were made, and a position in that
// order survives every change, so that a program may remove files while it lists them.
type directory struct {
	parent *node
	name   string
	below  int // upper bound of the length of the longest path below it; it never shrinks
	byName map[string]*entry
	list   []*entry // ascending seq; removed ones have no node until the next compaction
	live   int
	next   uint64
}

type entry struct {
	name    string
	node    *node
	seq     uint64
	changed uint64 // generation in which it came here
}

// firstCookie is the position of the first entry; "." and ".." come before it.
const firstCookie = 2

func (f *FS) newNode(kind Kind, now int64) *node {
	f.lastIno++
	return &node{ino: f.lastIno, kind: kind, atime: now, mtime: now, ctime: now}
}

// fits says whether an entry of this name in dir keeps every path below it within PathBytes.
func (f *FS) fits(dir *node, name string, child *node) bool {
	length := 1 + len(name)
	if child != nil && child.dir != nil {
		length += child.dir.below
	}
	for d := dir; d != f.root; d = d.dir.parent {
		length += 1 + len(d.dir.name)
		f.effort++
	}
	return length <= PathBytes
}

// link makes an entry. The caller has checked that there is none, that it fits, and has paid.
func (f *FS) link(dir *node, name string, child *node) {
	d := dir.dir
	if d.byName == nil {
		d.byName = make(map[string]*entry)
	}
	if d.next == 0 {
		d.next = firstCookie
	}
	f.generation++
	e := &entry{name: name, node: child, seq: d.next, changed: f.generation}
	d.next++
	d.live++
	d.byName[name] = e
	d.list = append(d.list, e)
	child.links++
	length := 1 + len(name)
	if child.dir != nil {
		child.dir.parent, child.dir.name = dir, name
		length += child.dir.below
	}
	for p := dir; p.dir.below < length; p = p.dir.parent {
		p.dir.below = length
		length += 1 + len(p.dir.name)
		if p == f.root {
			break
		}
	}
}

// unlink removes an entry; the caller accounts for it.
func (f *FS) unlink(dir *node, name string) {
	d := dir.dir
	e := d.byName[name]
	e.node.links--
	e.node = nil
	delete(d.byName, name)
	d.live--
	f.generation++
	if d.live == 0 {
		// Go's maps never shrink: an empty folder gives its memory back.
		d.list, d.byName = nil, nil
	} else if len(d.list) > 64 && d.live < len(d.list)/2 {
		d.list = slices.DeleteFunc(slices.Clone(d.list), func(e *entry) bool { return e.node == nil })
		f.effort += int64(d.live)
		byName := make(map[string]*entry, d.live)
		for _, e := range d.list {
			byName[e.name] = e
		}
		d.byName = byName
	}
}

// at is the index of the first entry at or after a position.
func (d *directory) at(cookie uint64) int {
	i, _ := slices.BinarySearchFunc(d.list, cookie, func(e *entry, c uint64) int {
		switch {
		case e.seq < c:
			return -1
		case e.seq > c:
			return 1
		}
		return 0
	})
	return i
}

// touch marks a change of a node's content.
func (f *FS) touch(n *node) {
	f.generation++
	n.changed = f.generation
	n.mtime = f.now()
	n.ctime = n.mtime
}

// release gives back an inode that has neither entries nor open files.
func (f *FS) release(n *node) {
	if n.links > 0 || n.opens > 0 || n.mount || n.tree != nil || n.host != nil {
		return
	}
	f.truncate(n, 0, nil, "")
	f.account(-InodeBytes-int64(len(n.target)), nil, "")
	f.files--
}
