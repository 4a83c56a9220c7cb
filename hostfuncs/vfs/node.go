package vfs

import "slices"

// Kind is the type of an inode; its numbers are WASI's file types.
type Kind uint8

// Kinds.
const (
	KindUnknown   Kind = 0
	KindDevice    Kind = 2 // of which there is one, /dev/null
	KindDirectory Kind = 3
	KindFile      Kind = 4
	KindLink      Kind = 7
)

// attributes are what an inode is, beside its place in a tree. What is not of its kind is zero.
type attributes struct {
	ino      uint64
	kind     Kind
	readOnly bool // no guest may change it, nor make entries in it
	mount    bool // where something was mounted: it cannot be moved or removed
	links    uint32
	changed  uint64 // generation of the last change of content

	atime, mtime, ctime int64 // nanoseconds since 1970

	data   content   // file
	target string    // link; of a mounted file or tree the path at which the host mounted it
	tree   *treeNode // what a mounted tree's node stands for
}

// key is a node's number in FS.base and FS.live. It is the inode number where that is small.
func (a *attributes) key() uint64 {
	if a.tree != nil {
		return a.tree.base
	}
	return a.ino
}

// node is an inode in use by one FS.
type node struct {
	attributes
	removed bool // a folder that is still open after rmdir
	opens   uint32
	stored  bool // FS.base has a record of it, maybe an older one
	dirtyAt int  // its place in FS.dirty, from 1; 0: it is as its record says
	dir     *directory
	host    *hostNode // what a node of a mounted host folder stands for
}

// directory is the part that only folders have. Entries keep the order in which they were made, and a position in that
// order survives every change, so that a program may remove files while it lists them.
type directory struct {
	parent *node
	name   string
	below  int // upper bound of the length of the longest path below it; it never shrinks
	byName map[string]*entry
	list   []*entry // ascending seq; removed ones stay until the next compaction
	live   int
	next   uint64
}

type entry struct {
	name    string
	ino     uint64
	key     uint64 // of the node; see attributes.key
	seq     uint64
	changed uint64 // generation in which it came here
	node    *node  // nil until somebody asks for it, in an FS that was cloned; see FS.child
	kind    Kind
	stored  bool // the folder's record in FS.base has it
	removed bool
}

// firstCookie is the position of the first entry; "." and ".." come before it.
const firstCookie = 2

func (f *FS) newNode(kind Kind, now int64) *node {
	f.lastIno++
	return &node{attributes: attributes{ino: f.lastIno, kind: kind, atime: now, mtime: now, ctime: now}}
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
	if child.tree == nil || child.mount { // what is looked at in a mounted tree changes nothing
		f.generation++
	}
	e := &entry{name: name, ino: child.ino, key: child.key(), kind: child.kind, node: child, seq: d.next, changed: f.generation}
	d.next++
	d.live++
	d.byName[name] = e
	d.list = append(d.list, e)
	child.links++
	f.mark(dir)
	f.mark(child)
	length := 1 + len(name)
	if child.dir != nil {
		child.dir.parent, child.dir.name = dir, name
		length += child.dir.below
	}
	for p := dir; p.dir.below < length; p = p.dir.parent {
		p.dir.below = length
		f.mark(p)
		length += 1 + len(p.dir.name)
		if p == f.root {
			break
		}
	}
}

// unlink removes an entry, whose node the caller has looked up, and accounts for it.
func (f *FS) unlink(dir *node, name string) *entry {
	d := dir.dir
	e := d.byName[name]
	e.node.links--
	f.mark(e.node)
	f.mark(dir)
	e.node, e.removed = nil, true
	delete(d.byName, name)
	d.live--
	f.generation++
	if d.live == 0 {
		// Go's maps never shrink: an empty folder gives its memory back.
		d.list, d.byName = nil, nil
	} else if len(d.list) > 64 && d.live < len(d.list)/2 {
		d.compact()
		f.effort += int64(d.live)
		byName := make(map[string]*entry, d.live)
		for _, e := range d.list {
			byName[e.name] = e
		}
		d.byName = byName
	}
	return e
}

// compact forgets removed entries.
func (d *directory) compact() {
	d.list = slices.DeleteFunc(slices.Clone(d.list), func(e *entry) bool { return e.removed })
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
	f.mark(n)
	f.generation++
	n.changed = f.generation
	n.mtime = f.now()
	n.ctime = n.mtime
}

// release gives back an inode that has neither entries nor open files. One that is still open is noted.
func (f *FS) release(n *node) {
	if n.links > 0 || n.mount || n.tree != nil || n.host != nil {
		return
	}
	if n.opens > 0 {
		if f.orphans == nil {
			f.orphans = make(map[*node]struct{})
		}
		f.orphans[n] = struct{}{}
		return
	}
	f.truncate(n, 0, nil, "")
	size := InodeBytes + int64(len(n.target))
	f.take(-size, nil, "")
	f.letGo(size, n.stored)
	f.files--
	f.forget(n)
}
