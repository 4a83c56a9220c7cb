package vfs

import (
	"fmt"
	"slices"
	"strings"

	"wand/hostfuncs"
)

// How clones share. An FS works on nodes of its own. Clone makes a record of each node that changed since the last Clone, and puts it into a
// table (FS.base) that never changes; the original and the clone then have the same table. The clone begins with nothing but that: it makes
// a node from its record when somebody gets there. Content is shared by chunk, and a chunk that a record has is copied before it is
// written. So a clone costs what changed since the last one, and a folder costs what it has in it when the clone first looks into it.
//
// Nothing that two FS can reach is ever written, so clones need no lock between them and may be used in different goroutines.
//
// Memory. A clone is charged for all that it holds as if it were its own. Beside that, an FS is charged for what only its table still has: the
// old content of a chunk that was written, and what was removed. Its next Clone makes a new table and gives that back. All charges
// together are never less than what is held.

// record is a node as it was at a Clone. It never changes.
type record struct {
	attributes
	folder *folderRecord
}

// folderRecord is what a record has of a folder.
type folderRecord struct {
	parent uint64
	name   string
	below  int
	next   uint64
	list   []entry // without nodes
}

// Clone returns an FS that is equal to this one now, and independent of it from now on. No guest uses the FS meanwhile; several Clones at a time are fine. What it costs
// does not depend on how many bytes and files there are, but on how many files changed since the last Clone.
//
// The clone has Options of its own; when the tree is larger than they allow, or Charge refuses it, the error is the *hostfuncs.Stop that a
// guest would have ended with, and nothing stays charged. Entries, inode numbers, link counts, times, positions in folders, read-only folders and Marks are
// those of the original. Files (MountFile) and trees (MountTree) stay mounted. Folders of the host (MountHost) do not: mount them again, at the same path;
// what is still to be put in its place there stays with the original.
//
// Of the open files, Clone returns a counterpart for each one of files: with its position and flags, for a removed file with its own copy of
// it. It is nil for nil, for a closed file, and for one in a folder of the host. A removed file that is not among them is not in the clone.
func (f *FS) Clone(o Options, files []*File) (*FS, []*File, error) {
	f.mu.Lock()
	defer f.unlock()
	for _, h := range files {
		if h != nil && h.fs != f {
			return nil, nil, fmt.Errorf("cloning a file of another FS (%s): %w", h.name, EBADF)
		}
	}
	if err := stopped(f.freeze); err != nil {
		return nil, nil, fmt.Errorf("cloning the files: %w", err)
	}
	c := o.empty()
	c.base, c.baseGeneration = f.base, f.baseGeneration
	c.lastIno, c.generation = f.lastIno, f.generation
	var opened []*File
	err := stopped(func() {
		used, count, scratch := f.used, f.files, f.scratch
		for _, n := range f.strays(files) {
			stored, held := n.cost()
			used, count, scratch = used-stored, count-1, scratch-held
		}
		c.occupy(used, count, scratch)
		c.root = c.at(f.root.key())
		opened = c.adopt(files)
	})
	if err != nil {
		c.Discard()
		return nil, nil, fmt.Errorf("cloning the files: %w", err)
	}
	return c, opened, nil
}

// stopped returns the Stop that do ended with.
func stopped(do func()) (err error) {
	defer func() {
		switch v := recover().(type) {
		case nil:
		case *hostfuncs.Stop:
			err = v
		default:
			panic(v)
		}
	}()
	do()
	return nil
}

// occupy counts a tree that is there already.
func (f *FS) occupy(used, files, scratch int64) {
	if files > f.maxFiles {
		panic(&hostfuncs.Stop{Kind: hostfuncs.KindStorage, Used: files, Limit: f.maxFiles, Detail: "number of files"})
	}
	if used > f.maxBytes {
		panic(&hostfuncs.Stop{Kind: hostfuncs.KindStorage, Used: used, Limit: f.maxBytes, Detail: "taking over files"})
	}
	f.files, f.used, f.peak = files, used, used
	f.store(scratch)
}

// mark notes that a node is not as its record says. What has no record of its own, such as a file in a mounted tree, is not noted.
func (f *FS) mark(n *node) {
	if n.dirtyAt == 0 && n.host == nil && (n.tree == nil || n.mount) {
		f.dirty = append(f.dirty, n)
		n.dirtyAt = len(f.dirty)
	}
}

// forget is told that nothing is left of a node.
func (f *FS) forget(n *node) {
	if i := n.dirtyAt; i > 0 {
		last := len(f.dirty) - 1
		f.dirty[i-1] = f.dirty[last]
		f.dirty[i-1].dirtyAt = i
		f.dirty[last] = nil
		f.dirty = f.dirty[:last]
		if cap(f.dirty) > 64 && last < cap(f.dirty)/4 {
			f.dirty = slices.Clone(f.dirty)
		}
		n.dirtyAt = 0
	}
	if n.stored {
		f.deleted = append(f.deleted, n.key())
		n.stored = false
	}
	delete(f.live, n.key())
	delete(f.orphans, n)
}

// freeze brings base up to date.
func (f *FS) freeze() {
	if len(f.dirty) == 0 && len(f.deleted) == 0 {
		f.baseGeneration = f.generation
		return
	}
	by := &batch{}
	for _, n := range f.dirty {
		if n.links == 0 {
			f.setRecord(n.key(), nil, by)
			n.stored = false
			continue
		}
		f.setRecord(n.key(), n.record(), by)
		n.stored = true
	}
	for _, key := range f.deleted {
		f.setRecord(key, nil, by)
	}
	for _, n := range f.dirty {
		n.dirtyAt = 0
	}
	f.dirty, f.deleted = nil, nil
	f.baseGeneration = f.generation
	f.hold(-f.kept)
	f.kept = 0
}

func (f *FS) setRecord(key uint64, r *record, by *batch) {
	before := f.base.bytes
	f.base = f.base.set(key, r, by)
	f.store(f.base.bytes - before)
}

// record returns a record of a node, which shares its content from now on.
func (n *node) record() *record {
	r := &record{attributes: n.attributes}
	r.data = n.data.share()
	switch {
	case n.dir == nil:
	case n.tree != nil: // what is in it comes from the tree
		r.folder = &folderRecord{parent: n.dir.parent.key(), name: n.dir.name}
	default:
		d := n.dir
		if d.live < len(d.list) {
			d.compact()
		}
		r.folder = &folderRecord{parent: d.parent.key(), name: d.name, below: d.below, next: d.next, list: make([]entry, 0, d.live)}
		for _, e := range d.list {
			if e.node != nil && e.node.host != nil {
				continue
			}
			e.stored = true
			copied := *e
			copied.node = nil
			r.folder.list = append(r.folder.list, copied)
		}
	}
	return r
}

// share returns the content for somebody else, and copies nothing.
func (c *content) share() content {
	if !c.shared && c.chunks != nil {
		for i := range c.chunks {
			c.chunks[i].shared = true
		}
		c.shared = true
	}
	return *c
}

// child returns the node of an entry.
func (f *FS) child(dir *node, e *entry) *node {
	if e.node == nil {
		if e.node = f.live[e.key]; e.node == nil {
			e.node = f.thaw(f.base.get(e.key))
		}
		if e.node.dir != nil {
			e.node.dir.parent = dir
		}
	}
	return e.node
}

// thaw makes a node from its record.
func (f *FS) thaw(r *record) *node {
	n := &node{attributes: r.attributes, stored: true}
	if r.folder != nil {
		n.dir = r.folder.open()
	}
	if f.live == nil {
		f.live = make(map[uint64]*node)
	}
	f.live[n.key()] = n
	return n
}

func (r *folderRecord) open() *directory {
	d := &directory{name: r.name, below: r.below, next: r.next, live: len(r.list)}
	if len(r.list) == 0 {
		return d
	}
	entries := make([]entry, len(r.list))
	copy(entries, r.list)
	d.list = make([]*entry, len(entries))
	d.byName = make(map[string]*entry, len(entries))
	for i := range entries {
		e := &entries[i]
		d.list[i], d.byName[e.name] = e, e
	}
	return d
}

// at returns the node of an inode that has entries or is the root; nil when there is none. It brings the folders above it along.
func (f *FS) at(key uint64) *node {
	if n := f.live[key]; n != nil {
		return n
	}
	r := f.base.get(key)
	if r == nil {
		return nil
	}
	n := f.thaw(r)
	if r.folder != nil {
		n.dir.parent = f.at(r.folder.parent)
	}
	return n
}

// strays are the removed files and folders that are open, but not among files.
func (f *FS) strays(files []*File) []*node {
	if len(f.orphans) == 0 {
		return nil
	}
	among := make(map[*node]bool, len(files))
	for _, h := range files {
		if h != nil {
			among[h.node] = true
		}
	}
	var out []*node
	for n := range f.orphans {
		if !among[n] {
			out = append(out, n)
		}
	}
	return out
}

// cost is what a node without entries takes of the storage limit and of the host's memory.
func (n *node) cost() (used, held int64) {
	used = InodeBytes + int64(len(n.target))
	held = used + n.data.memory()
	return used + n.data.size, held
}

// adopt opens in a new clone what is open in the original.
func (f *FS) adopt(files []*File) []*File {
	out := make([]*File, len(files))
	for i, h := range files {
		if h == nil || !h.Carried() {
			continue
		}
		n := f.counterpart(h.node, true)
		if n == nil {
			continue
		}
		if n.opens++; n.links == 0 && n.tree == nil {
			if f.orphans == nil {
				f.orphans = make(map[*node]struct{})
			}
			f.orphans[n] = struct{}{}
		}
		out[i] = &File{fs: f, node: n, name: h.name, flags: h.flags, pos: h.pos}
	}
	for i, h := range files {
		if out[i] != nil && h.dir != nil {
			out[i].dir = f.counterpart(h.dir, false)
		}
	}
	return out
}

// counterpart returns the node of a clone for a node of the original. Of one that was removed it makes a copy when it is to; nil when there is none.
func (f *FS) counterpart(n *node, copy bool) *node {
	if n.tree != nil && !n.mount {
		return f.inTree(n.tree.base, n.tree.path)
	}
	if n.links > 0 {
		return f.at(n.key())
	}
	c := f.live[n.key()]
	if c != nil || !copy {
		return c
	}
	c = &node{attributes: n.attributes, removed: n.removed}
	c.data = n.data.share()
	if f.live == nil {
		f.live = make(map[uint64]*node)
	}
	f.live[n.key()] = c
	if n.dir != nil {
		// The way back from a removed folder leads through those that it was in, which may be removed as well, and are then not counted.
		c.dir = &directory{name: n.dir.name, below: n.dir.below, next: n.dir.next, parent: f.counterpart(n.dir.parent, true)}
	}
	return c
}

// inTree returns a node of a mounted tree; nil when it cannot be found.
func (f *FS) inTree(base uint64, path string) *node {
	n := f.at(base)
	for name := range strings.SplitSeq(path, "/") {
		if n == nil || n.tree == nil || n.kind != KindDirectory {
			return nil
		}
		n, _ = f.lookup(n, name)
	}
	return n
}

// Carried says whether Clone and AppendBinary take an open file along: not when it is closed or in a folder of the host.
func (h *File) Carried() bool { return h.node != nil && h.host == nil }
