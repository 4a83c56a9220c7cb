package vfs

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// The form of an FS in bytes. Numbers are varints (encoding/binary), those that may be negative zigzag; a text is its length and its bytes.
//
//	magic, version
//	lastIno, generation
//	inodes of the tree, breadth first from "/": what an entry names comes next, unless it has been named before (a hard link)
//	removed ones, open or above an open one: a folder after the one that it was in
//	open files
//
// Each list is a count and its elements. See encoder for what an element has.
const (
	encodedMagic   = "wand vfs"
	encodedVersion = 1
	// maxNumber bounds inode numbers, generations and positions in folders, so that adding one to each for ever does not overflow.
	maxNumber = 1 << 48
)

// Mounted is content that an encoding only names.
type Mounted struct {
	Path   string // where the host mounted it
	Tree   bool   // MountTree, otherwise MountFile or MountData
	Size   int64  // of a file, in bytes
	Digest string // Data.Digest or Tree.Digest
}

// Content is what is mounted: one of the two.
type Content struct {
	Data *Data
	Tree *Tree
}

// AppendBinary appends the FS and the open files to b: what Clone would copy, which is also what is not in it (folders of the host; other files that were
// removed). Equal FS give equal bytes, whatever their history and however their content is laid out in memory. Of mounted files and trees there is only
// what Mounted says. The bytes carry no digest of their own: who stores them authenticates them, and may compress them. The FS must not be in use. An
// error is a file of another FS, or the *hostfuncs.Stop of Charge.
func (f *FS) AppendBinary(b []byte, files []*File) ([]byte, error) {
	f.mu.Lock()
	defer f.unlock()
	for _, h := range files {
		if h != nil && h.fs != f {
			return nil, fmt.Errorf("encoding a file of another FS (%s): %w", h.name, EBADF)
		}
	}
	if err := stopped(f.freeze); err != nil {
		return nil, fmt.Errorf("encoding the files: %w", err)
	}
	e := encoder{fs: f, b: append(b, encodedMagic...), index: map[uint64]int{}, removed: map[*node]int{}}
	e.uint(encodedVersion)
	e.uint(f.lastIno)
	e.uint(f.generation)
	e.tree()
	e.strays(files)
	e.uint(uint64(len(files)))
	for _, h := range files {
		e.file(h)
	}
	return e.b, nil
}

type encoder struct {
	fs      *FS
	b       []byte
	index   map[uint64]int // of inodes of the tree, by key
	removed map[*node]int
}

func (e *encoder) uint(v uint64) { e.b = binary.AppendUvarint(e.b, v) }
func (e *encoder) int(v int64)   { e.b = binary.AppendVarint(e.b, v) }
func (e *encoder) text(s string) {
	e.uint(uint64(len(s)))
	e.b = append(e.b, s...)
}

// Bits of an inode's flags.
const (
	encodedReadOnly = 1 << iota
	encodedMount
	encodedTree
)

func (e *encoder) tree() {
	root := e.fs.base.get(e.fs.root.key())
	queue := []*record{root}
	e.index[root.key()] = 0
	for i := 0; i < len(queue); i++ {
		if r := queue[i]; r.folder != nil {
			for _, entry := range r.folder.list {
				if _, known := e.index[entry.key]; !known {
					e.index[entry.key] = len(queue)
					queue = append(queue, e.fs.base.get(entry.key))
				}
			}
		}
	}
	e.uint(uint64(len(queue)))
	for _, r := range queue {
		e.attributes(&r.attributes)
		if r.kind != KindDirectory || r.tree != nil {
			continue
		}
		e.uint(uint64(r.folder.below))
		e.uint(r.folder.next)
		e.uint(uint64(len(r.folder.list)))
		for _, entry := range r.folder.list {
			e.text(entry.name)
			e.uint(entry.seq)
			e.uint(entry.changed)
			e.uint(uint64(e.index[entry.key]))
		}
	}
}

// attributes has no link count: the entries tell.
func (e *encoder) attributes(a *attributes) {
	var flags uint64
	if a.readOnly {
		flags |= encodedReadOnly
	}
	if a.mount {
		flags |= encodedMount
	}
	if a.tree != nil {
		flags |= encodedTree
	}
	e.uint(uint64(a.kind))
	e.uint(flags)
	e.uint(a.key())
	e.uint(a.changed)
	e.int(a.atime)
	e.int(a.mtime)
	e.int(a.ctime)
	switch {
	case a.tree != nil:
		e.text(a.target)
		e.text(a.tree.tree.Digest)
	case a.mount:
		e.text(a.target)
		e.uint(uint64(a.data.size))
		e.text(a.data.fixed.Digest())
	case a.kind == KindLink:
		e.text(a.target)
	case a.kind == KindFile:
		e.content(&a.data)
	}
}

// content leaves out the zeros at the end of a chunk, and chunks with nothing else.
func (e *encoder) content(c *content) {
	e.uint(uint64(c.size))
	count := 0
	for i := range c.chunks {
		if len(trimmed(c.chunks[i].data)) > 0 {
			count++
		}
	}
	e.uint(uint64(count))
	for i := range c.chunks {
		if data := trimmed(c.chunks[i].data); len(data) > 0 {
			e.uint(uint64(i))
			e.uint(uint64(len(data)))
			e.b = append(e.b, data...)
		}
	}
}

func trimmed(data []byte) []byte { return bytes.TrimRight(data, "\x00") }

// strays writes what was removed and is still open, and the folders on the way back from there.
func (e *encoder) strays(files []*File) {
	var list []*node
	var add func(n *node)
	add = func(n *node) {
		if _, known := e.removed[n]; known || n.links > 0 || n.tree != nil {
			return
		}
		if n.dir != nil {
			add(n.dir.parent)
		}
		e.removed[n] = len(list)
		list = append(list, n)
	}
	for _, h := range files {
		if h != nil && h.Carried() {
			add(h.node)
		}
	}
	e.uint(uint64(len(list)))
	for _, n := range list {
		e.attributes(&n.attributes)
		if n.dir != nil {
			e.text(n.dir.name)
			e.uint(uint64(n.dir.below))
			e.uint(n.dir.next)
			e.place(n.dir.parent)
		}
	}
}

// How an encoding says where a node is.
const (
	placeNone    = iota
	placeTree    // index in the tree
	placeRemoved // index of what was removed
	placeMounted // index of the mount, path in it
)

func (e *encoder) place(n *node) {
	if n == nil {
		e.uint(placeNone)
		return
	}
	if n.tree != nil && !n.mount {
		e.uint(placeMounted)
		e.uint(uint64(e.index[n.tree.base]))
		e.text(n.tree.path)
		return
	}
	if i, ok := e.index[n.key()]; ok && n.links > 0 {
		e.uint(placeTree)
		e.uint(uint64(i))
		return
	}
	if i, ok := e.removed[n]; ok {
		e.uint(placeRemoved)
		e.uint(uint64(i))
		return
	}
	e.uint(placeNone)
}

func (e *encoder) file(h *File) {
	if h == nil || !h.Carried() {
		e.uint(placeNone)
		return
	}
	e.place(h.node)
	e.uint(uint64(h.flags))
	e.uint(uint64(h.pos))
	e.place(h.dir)
	e.text(h.name)
}
