package vfs

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/bits"
	"strings"
	"unicode/utf8"

	"wand/hostfuncs"
)

// ErrEncoding is wrapped by every error of DecodeFS that comes from the bytes: they are cut, damaged, of another version, or were not made by AppendBinary.
var ErrEncoding = errors.New("not a filesystem's encoding")

// DecodeFS returns the FS and the open files that AppendBinary wrote. It is meant for bytes that the caller has authenticated, and safe for any others:
// everything is checked, memory is allocated for what is there and never for what a number promises, and the limits of o hold meanwhile. find returns the
// content of a mount; it must have the digest, and a file the size, that Mounted says. find may be nil when nothing is mounted.
//
// Errors: ErrEncoding, with what is wrong; find's own; the *hostfuncs.Stop of a limit. What was charged until then is given back.
func DecodeFS(data []byte, o Options, find func(Mounted) (Content, error)) (*FS, []*File, error) {
	d := decoder{rest: data, size: len(data), fs: o.empty(), find: find}
	err := stopped(d.decode)
	if err == nil {
		err = d.err
	}
	if err != nil {
		d.fs.Discard()
		return nil, nil, fmt.Errorf("decoding the files: %w", err)
	}
	return d.fs, d.files, nil
}

type decoder struct {
	rest    []byte
	size    int
	err     error // the first one; nothing is read after it
	fs      *FS
	find    func(Mounted) (Content, error)
	tree    []*record
	removed []*node
	files   []*File
	entered int // inodes of the tree that an entry has named
	costs   int64
}

// mountsBytes is by how much the entries and inodes of a tree may exceed the storage limit: mounts are among them, which do not count.
const mountsBytes = 16 << 20

func (d *decoder) fail(format string, args ...any) {
	if d.err == nil {
		d.err = fmt.Errorf("%w: %s (near byte %d of %d)", ErrEncoding, fmt.Sprintf(format, args...), d.size-len(d.rest), d.size)
		d.rest = nil
	}
}

// uint reads a number up to limit.
func (d *decoder) uint(limit uint64, what string) uint64 {
	v, n := binary.Uvarint(d.rest)
	switch {
	case d.err != nil:
		return 0
	case n <= 0:
		d.fail("there is no %s", what)
		return 0
	case v > limit:
		d.fail("%s is %d, the limit is %d", what, v, limit)
		return 0
	}
	d.rest = d.rest[n:]
	return v
}

func (d *decoder) int(what string) int64 {
	v, n := binary.Varint(d.rest)
	if n <= 0 {
		d.fail("there is no %s", what)
		return 0
	}
	d.rest = d.rest[n:]
	return v
}

// bytes are those of the input: copy what is to stay.
func (d *decoder) bytes(limit int, what string) []byte {
	n := d.uint(uint64(limit), "length of "+what)
	if n > uint64(len(d.rest)) {
		d.fail("%s has %d bytes, but %d are left", what, n, len(d.rest))
		return nil
	}
	b := d.rest[:n]
	d.rest = d.rest[n:]
	return b
}

// spend ends the run at the storage limit before the tree is known.
func (d *decoder) spend(n int64) {
	if d.costs += n; d.costs > mountsBytes && d.costs-mountsBytes > d.fs.maxBytes {
		panic(&hostfuncs.Stop{Kind: hostfuncs.KindStorage, Used: d.costs, Limit: d.fs.maxBytes, Detail: "restoring files"})
	}
}

func (d *decoder) decode() {
	f := d.fs
	if !strings.HasPrefix(string(d.rest[:min(len(d.rest), len(encodedMagic))]), encodedMagic) {
		d.fail("it does not begin with %q", encodedMagic)
		return
	}
	d.rest = d.rest[len(encodedMagic):]
	if v := d.uint(math.MaxUint64, "version"); d.err == nil && v != encodedVersion {
		d.fail("it has version %d, this program reads %d", v, encodedVersion)
	}
	f.lastIno = d.uint(maxNumber, "last inode number")
	f.generation = d.uint(maxNumber, "generation")
	f.baseGeneration = f.generation
	d.readTree()
	if d.err == nil {
		d.plant()
	}
	if d.err != nil {
		return
	}
	f.root = f.at(d.tree[0].key())
	d.readRemoved()
	d.readFiles()
	if d.err == nil && len(d.rest) > 0 {
		d.fail("something follows")
	}
}

// readTree reads the inodes. Until plant, the key of an entry is the index of an inode.
func (d *decoder) readTree() {
	count := d.uint(math.MaxUint32, "number of inodes")
	d.entered = 1
	for i := uint64(0); i < count && d.err == nil; i++ {
		if i >= uint64(d.entered) {
			d.fail("inode %d is in no folder", i)
			return
		}
		d.spend(InodeBytes)
		r := &record{attributes: d.attributes()}
		if r.kind == KindDirectory {
			r.folder = &folderRecord{}
			if r.tree == nil {
				d.folder(r.folder)
			}
		}
		d.tree = append(d.tree, r)
	}
	if d.err == nil && (count == 0 || uint64(d.entered) != count) {
		d.fail("there are %d inodes, and entries of %d", count, d.entered)
	}
}

func (d *decoder) folder(r *folderRecord) {
	r.below = int(d.uint(PathBytes, "length of paths in a folder"))
	r.next = d.uint(maxNumber, "next position in a folder")
	count := d.uint(uint64(len(d.rest)), "number of entries")
	names := make(map[string]struct{})
	last := uint64(firstCookie - 1)
	for ; count > 0 && d.err == nil; count-- {
		name := string(d.bytes(NameBytes, "name"))
		e := entry{name: name, seq: d.uint(maxNumber, "position of an entry"), changed: d.uint(d.fs.generation, "generation of an entry"), stored: true}
		e.key = d.uint(uint64(d.entered), "inode of an entry")
		if d.err != nil {
			return
		}
		if e := checkName(name); e != "" {
			d.fail("the name %q %s", name, e)
			return
		}
		if _, twice := names[name]; twice {
			d.fail("a folder has %q twice", name)
			return
		}
		if e.seq <= last || e.seq >= r.next {
			d.fail("entry %q has position %d, after %d and before %d", name, e.seq, last, r.next)
			return
		}
		if e.key == uint64(d.entered) {
			d.entered++
		}
		d.spend(entryCost(name))
		last = e.seq
		names[name] = struct{}{}
		r.list = append(r.list, e)
	}
}

// checkName says what is wrong with the name of an entry.
func checkName(name string) string {
	switch {
	case name == "" || name == "." || name == "..":
		return "is no entry's"
	case strings.ContainsAny(name, "/\x00"):
		return "has a slash or NUL in it"
	case !utf8.ValidString(name):
		return "is not UTF-8"
	}
	return ""
}

// attributes reads an inode, and counts its content.
func (d *decoder) attributes() (a attributes) {
	f := d.fs
	a.kind = Kind(d.uint(uint64(KindLink), "kind of an inode"))
	flags := d.uint(encodedReadOnly|encodedMount|encodedTree, "flags of an inode")
	a.readOnly, a.mount = flags&encodedReadOnly != 0, flags&encodedMount != 0
	key := d.uint(f.lastIno, "inode number")
	a.ino = key
	a.changed = d.uint(f.generation, "generation of an inode")
	a.atime, a.mtime, a.ctime = d.int("access time"), d.int("modification time"), d.int("change time")
	switch {
	case d.err != nil:
	case a.kind != KindDirectory && a.kind != KindFile && a.kind != KindLink && (a.kind != KindDevice || flags != encodedReadOnly):
		d.fail("an inode has kind %d", a.kind)
	case key == 0:
		d.fail("an inode has number 0")
	case flags&encodedTree != 0 && (a.kind != KindDirectory || !a.mount), a.mount && (!a.readOnly || a.kind == KindLink || a.kind == KindDirectory && flags&encodedTree == 0):
		d.fail("an inode of kind %d has flags %d", a.kind, flags)
	case a.mount:
		d.mounted(&a, flags&encodedTree != 0)
	case a.kind == KindLink:
		a.target = string(d.bytes(PathBytes, "target of a symbolic link"))
		if d.err == nil && checkPath(a.target) != OK {
			d.fail("a symbolic link leads to %q", a.target)
		}
	case a.kind == KindFile:
		d.content(&a.data)
	}
	return a
}

func (d *decoder) mounted(a *attributes, tree bool) {
	m := Mounted{Tree: tree, Path: string(d.bytes(PathBytes, "path of a mount"))}
	if !tree {
		m.Size = int64(d.uint(math.MaxInt64, "size of a mounted file"))
	}
	m.Digest = string(d.bytes(1<<10, "digest of a mount"))
	if d.err == nil && d.find == nil {
		d.err = fmt.Errorf("%s is mounted: say with what", m.Path)
	}
	if d.err != nil {
		return
	}
	c, err := d.find(m)
	switch {
	case err != nil:
		d.err = fmt.Errorf("what is mounted at %s: %w", m.Path, err)
	case tree && c.Tree == nil, !tree && c.Data == nil:
		d.err = fmt.Errorf("what is mounted at %s is missing or of the other kind", m.Path)
	case tree && c.Tree.Digest != m.Digest:
		d.err = fmt.Errorf("what is mounted at %s has digest %q, but was %q", m.Path, c.Tree.Digest, m.Digest)
	case !tree && (int64(len(c.Data.bytes)) != m.Size || c.Data.Digest() != m.Digest):
		d.err = fmt.Errorf("what is mounted at %s has %d bytes and digest %s, but had %d and %s", m.Path, len(c.Data.bytes), c.Data.Digest(), m.Size, m.Digest)
	case tree:
		a.tree = &treeNode{c.Tree, c.Tree.root, a.ino}
		a.ino = treeIno(a.ino, c.Tree.root)
	default:
		a.data = content{size: m.Size, fixed: c.Data}
	}
	a.target = m.Path
}

func (d *decoder) content(c *content) {
	f := d.fs
	size := d.uint(math.MaxInt64-chunkBytes, "size of a file")
	f.take(int64(size), nil, "")
	c.size = int64(size)
	most := (size + chunkBytes - 1) / chunkBytes
	count := d.uint(most, "number of chunks")
	for least := uint64(0); count > 0 && d.err == nil; count-- {
		i := d.uint(most-1, "chunk")
		data := d.bytes(chunkBytes, "chunk")
		switch {
		case d.err != nil:
			return
		case i < least:
			d.fail("chunk %d comes after %d", i, least-1)
			return
		case len(data) == 0 || uint64(len(data)) > size-i*chunkBytes:
			d.fail("chunk %d of a file of %d bytes has %d", i, size, len(data))
			return
		}
		least = i + 1
		f.slots(c, int(i)+1)
		room := max(smallestChunk, 1<<bits.Len(uint(len(data)-1)))
		f.store(int64(room))
		own := make([]byte, room)
		copy(own, data)
		c.chunks[i] = chunk{data: own, shared: true}
	}
	c.shared = c.chunks != nil
}

// plant checks the tree as a whole, counts what is in it, and makes the table.
func (d *decoder) plant() {
	f, by := d.fs, &batch{}
	root := d.tree[0]
	if root.kind != KindDirectory || root.mount || !root.readOnly {
		d.fail("/ is not a read-only folder")
		return
	}
	root.links = 1
	root.folder.parent = root.key()
	base := 0
	var devices *record               // /dev; those of other versions of this program have none
	depth := make([]int, len(d.tree)) // of the folder, in bytes of its path
	for i, r := range d.tree {
		if f.base.get(r.key()) != nil {
			d.fail("two inodes have number %d", r.key())
			return
		}
		f.setRecord(r.key(), r, by)
		if r.folder == nil || r.tree != nil {
			continue
		}
		for j := range r.folder.list {
			e := &r.folder.list[j]
			child := d.tree[e.key]
			length := 1 + len(e.name)
			switch {
			case child.links > 0 && (child.kind == KindDirectory || child.mount || child.links == 1<<16):
				d.fail("%q is one entry too many of what it names", e.name)
				return
			case depth[i]+length > PathBytes:
				d.fail("the path of %q is longer than %d bytes", e.name, PathBytes)
				return
			case child.folder != nil && r.folder.below < length+child.folder.below, r.folder.below < length:
				d.fail("the folder of %q says that paths in it have at most %d bytes", e.name, r.folder.below)
				return
			}
			child.links++
			if child.folder != nil {
				child.folder.parent, child.folder.name = r.key(), e.name
				depth[e.key] = depth[i] + length
			}
			e.ino, e.kind, e.key = child.ino, child.kind, child.key()
			switch first := i == 0 && child.kind == KindDirectory && !child.mount; {
			case first && (e.name == "work" || e.name == "tmp"):
				base++
			case first && e.name == "dev" && child.readOnly:
				devices = child
			case child.mount, r == devices && e.name == "null" && child.kind == KindDevice:
			case child.links == 1:
				f.accountInode(int64(len(child.target)), nil, e.name)
			default:
				f.account(entryCost(e.name), nil, "")
			}
		}
	}
	if base != 2 {
		d.fail("there is no /work or no /tmp")
	}
}

// readRemoved reads inodes that only open files have. They count when one is opened; see file.
func (d *decoder) readRemoved() {
	f := d.fs
	count := d.uint(math.MaxUint32, "number of removed inodes")
	for ; count > 0 && d.err == nil; count-- {
		d.spend(InodeBytes)
		n := &node{attributes: d.attributes()}
		if d.err != nil {
			return
		}
		if n.kind == KindLink || n.kind == KindDevice || n.mount || f.base.get(n.key()) != nil || f.live[n.key()] != nil {
			d.fail("inode %d cannot have been removed", n.ino)
			return
		}
		if n.kind == KindDirectory {
			n.removed = true
			n.dir = &directory{name: string(d.bytes(NameBytes, "name")), below: int(d.uint(PathBytes, "length of paths in a folder")), next: d.uint(maxNumber, "next position in a folder")}
			n.dir.parent = d.place()
			if d.err == nil && (n.dir.parent == nil || n.dir.parent.kind != KindDirectory || n.dir.parent.tree != nil) {
				d.fail("removed folder %d was in no folder", n.ino)
			}
			if wrong := checkName(n.dir.name); d.err == nil && wrong != "" {
				d.fail("the name %q %s", n.dir.name, wrong)
			}
		}
		f.live[n.key()] = n
		d.removed = append(d.removed, n)
	}
}

// place returns a node; nil when the encoding says that there is none.
func (d *decoder) place() *node {
	switch d.uint(placeMounted, "kind of place") {
	case placeTree:
		if i := d.uint(uint64(len(d.tree)-1), "inode"); d.err == nil {
			return d.fs.at(d.tree[i].key())
		}
	case placeRemoved:
		if i := d.uint(math.MaxUint32, "removed inode"); d.err == nil && i < uint64(len(d.removed)) {
			return d.removed[i]
		}
		d.fail("there is no such removed inode")
	case placeMounted:
		i := d.uint(uint64(len(d.tree)-1), "mount")
		path := string(d.bytes(PathBytes, "path in a mount"))
		if d.err != nil {
			return nil
		}
		if !fs.ValidPath(path) || path == "." {
			d.fail("%q is no path in a mount", path)
			return nil
		}
		n := d.fs.inTree(d.tree[i].key(), path)
		if n == nil && d.err == nil {
			d.err = fmt.Errorf("%s is not in the tree that is mounted at %s", path, d.tree[i].target)
		}
		return n
	}
	return nil
}

func (d *decoder) readFiles() {
	count := d.uint(1<<20, "number of open files")
	for ; count > 0 && d.err == nil; count-- {
		d.file()
	}
	used := make(map[*node]bool, len(d.removed))
	for i := len(d.removed) - 1; i >= 0 && d.err == nil; i-- {
		n := d.removed[i]
		if n.opens == 0 && !used[n] {
			d.fail("inode %d was removed and is not open", n.ino)
		}
		if n.dir != nil {
			used[n.dir.parent] = true
		}
	}
}

func (d *decoder) file() {
	f := d.fs
	n := d.place()
	if n == nil {
		d.files = append(d.files, nil)
		return
	}
	h := &File{fs: f, node: n}
	h.flags = Flags(d.uint(2*uint64(NoFollow)-1, "flags of an open file"))
	h.pos = int64(d.uint(math.MaxInt64, "position in a file"))
	h.dir = d.place()
	h.name = string(d.bytes(PathBytes, "name of an open file"))
	switch {
	case d.err != nil:
		return
	case n.kind == KindLink, h.flags&Write != 0 && (n.readOnly && n.kind != KindDevice || n.kind == KindDirectory):
		d.fail("inode %d of kind %d is open with flags %#x", n.ino, n.kind, h.flags)
		return
	case h.dir != nil && h.dir.kind != KindDirectory:
		d.fail("inode %d was opened in what is not a folder", n.ino)
		return
	}
	if n.links == 0 && n.tree == nil && n.opens == 0 {
		f.accountInode(-entryCost(""), nil, "")
		if f.orphans == nil {
			f.orphans = make(map[*node]struct{})
		}
		f.orphans[n] = struct{}{}
	}
	n.opens++
	d.files = append(d.files, h)
}
