package vfs

import (
	"cmp"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// Bounds of what is read from a mounted tree.
const (
	MaxTreeEntries = 200_000 // of one Tree; a folder that would bring in more cannot be read (EIO)
	MaxTreeFile    = 64 << 20
	openTreeFiles  = 8
)

// Tree is a read-only folder of the host, such as a Python package, that any number of FS may mount. Folders are listed and files
// described when they are first needed, once per Tree, so it must not change while it is in use; contents are read by every run
// anew. Symbolic links are followed inside the guest's tree, never on the host.
//
// Make the fs.FS with os.Root.FS, or from an archive. os.DirFS would follow a link that appears behind our back.
type Tree struct {
	// Digest names what the tree holds, for snapshots of an FS that has it mounted. Whoever makes the tree sets it before it is used; it is not looked at
	// otherwise. Default: empty.
	Digest string

	fsys    fs.FS
	mu      sync.Mutex
	root    *treeEntry
	entries int
}

// FS is what the tree was made of.
func (t *Tree) FS() fs.FS { return t.fsys }

type treeEntry struct {
	path string // as fs.FS names it
	name string
	kind Kind
	hash uint64 // for inode numbers that do not depend on what was looked at first

	// Guarded by Tree.mu.
	listed    bool
	described bool
	list      []*treeEntry
	byName    map[string]*treeEntry
	size      int64
	mtime     int64
	target    string
}

// NewTree returns a Tree of everything in fsys that is a file, a folder or a symbolic link.
func NewTree(fsys fs.FS) *Tree {
	return &Tree{fsys: fsys, root: &treeEntry{path: ".", kind: KindDirectory, hash: 14695981039346656037}}
}

// children lists a folder. The caller holds no lock.
func (t *Tree) children(d *treeEntry) ([]*treeEntry, map[string]*treeEntry, Errno) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !d.listed {
		if e := t.readFolder(d); e != OK {
			return nil, nil, e
		}
		d.listed = true
	}
	return d.list, d.byName, OK
}

func (t *Tree) readFolder(d *treeEntry) Errno {
	file, err := t.fsys.Open(d.path)
	if err != nil {
		return errnoOf(err)
	}
	defer file.Close()
	folder, ok := file.(fs.ReadDirFile)
	if !ok {
		return ENOTDIR
	}
	byName := make(map[string]*treeEntry)
	for {
		found, err := folder.ReadDir(512)
		for _, e := range found {
			if child := newTreeEntry(d, e); child != nil {
				byName[child.name] = child
			}
		}
		if t.entries+len(byName) > MaxTreeEntries {
			return EIO
		}
		if err == io.EOF || err == nil && len(found) == 0 {
			break
		}
		if err != nil {
			return errnoOf(err)
		}
	}
	t.entries += len(byName)
	list := make([]*treeEntry, 0, len(byName))
	for _, e := range byName {
		list = append(list, e)
	}
	slices.SortFunc(list, func(a, b *treeEntry) int { return cmp.Compare(a.name, b.name) })
	d.list, d.byName = list, byName
	return OK
}

// newTreeEntry returns nil for what a guest cannot use: devices, pipes, sockets, names that are no names here.
func newTreeEntry(d *treeEntry, e fs.DirEntry) *treeEntry {
	name := e.Name()
	if name == "" || name == "." || name == ".." || len(name) > NameBytes || !utf8.ValidString(name) || strings.ContainsAny(name, "/\x00") {
		return nil
	}
	child := &treeEntry{name: name, path: name}
	if d.path != "." {
		child.path = d.path + "/" + name
	}
	switch {
	case e.IsDir():
		child.kind = KindDirectory
	case e.Type().IsRegular():
		child.kind = KindFile
	case e.Type()&fs.ModeType == fs.ModeSymlink:
		child.kind = KindLink
	default:
		return nil
	}
	child.hash = d.hash
	for _, c := range []byte(name + "/") {
		child.hash = (child.hash ^ uint64(c)) * 1099511628211
	}
	return child
}

// describe fills in size, time and link target.
func (t *Tree) describe(e *treeEntry) Errno {
	t.mu.Lock()
	defer t.mu.Unlock()
	if e.described {
		return OK
	}
	info, err := fs.Lstat(t.fsys, e.path)
	if err != nil {
		return errnoOf(err)
	}
	e.size, e.mtime = info.Size(), info.ModTime().UnixNano()
	if e.kind == KindLink {
		e.target, err = fs.ReadLink(t.fsys, e.path)
		if err != nil {
			return errnoOf(err)
		}
		if checkPath(e.target) != OK {
			e.target = ""
		}
		e.size = int64(len(e.target))
	} else if e.kind == KindDirectory {
		e.size = 4096
	}
	e.described = true
	return OK
}

// lookupTree returns the node that stands for an entry of a tree in this FS; it is made when first looked at.
func (f *FS) lookupTree(dir *node, name string) (*node, Errno) {
	t := dir.tree.tree
	_, byName, e := t.children(dir.tree.treeEntry)
	if e != OK {
		return nil, e
	}
	found := byName[name]
	if found == nil {
		return nil, OK
	}
	if found.kind == KindLink {
		if e := t.describe(found); e != OK {
			return nil, e
		}
	}
	// Paths stay within PathBytes here too, so that whoever adds up paths knows how long they get.
	if !f.fits(dir, name, nil) {
		return nil, ENAMETOOLONG
	}
	f.hold(InodeBytes + entryCost(name)) // a clone looks it up again, and pays then
	n := f.treeNode(dir.tree.tree, found, dir.tree.base)
	f.link(dir, found.name, n)
	return n, OK
}

func (f *FS) treeNode(t *Tree, e *treeEntry, base uint64) *node {
	n := &node{attributes: attributes{ino: treeIno(base, e), kind: e.kind, readOnly: true, target: e.target, tree: &treeNode{t, e, base}}}
	if e.kind == KindDirectory {
		n.dir = &directory{}
	}
	return n
}

// treeIno is an inode number that depends only on the path and the order of mounts.
func treeIno(base uint64, e *treeEntry) uint64 {
	return 1<<63 | (e.hash^base*0x9e3779b97f4a7c15)>>1
}

// treeNode is what a node of a mounted tree knows besides.
type treeNode struct {
	tree *Tree
	*treeEntry
	base uint64 // differs for every mount
}

func (f *FS) statTree(n *node) (Stat, Errno) {
	e := n.tree.treeEntry
	if err := n.tree.tree.describe(e); err != OK {
		return Stat{}, err
	}
	return Stat{Ino: n.ino, Kind: n.kind, Links: 1, Size: e.size, Atime: e.mtime, Mtime: e.mtime, Ctime: e.mtime}, OK
}

func (f *FS) readDirTree(n *node, cookie uint64, yield func(DirEntry) bool) Errno {
	list, _, e := n.tree.tree.children(n.tree.treeEntry)
	if e != OK {
		return e
	}
	for i := cookie - firstCookie; i < uint64(len(list)); i++ {
		f.effort++
		if !yield(DirEntry{i + firstCookie + 1, treeIno(n.tree.base, list[i]), list[i].kind, list[i].name}) {
			break
		}
	}
	return OK
}

// hostFile is an open file of a tree. An FS keeps a few, however many a guest has open, because the host's are scarce.
type hostFile struct {
	node  *node
	at    io.ReaderAt
	close func()
}

func (f *FS) readTree(n *node, p []byte, off int64) (int, Errno) {
	at, e := f.hostFile(n)
	if e != OK {
		return 0, e
	}
	f.effort += 1 + int64(len(p)/chunkBytes)
	got, err := at.ReadAt(p, off)
	if got == 0 && err != nil && err != io.EOF {
		return 0, errnoOf(err)
	}
	return got, OK
}

func (f *FS) hostFile(n *node) (io.ReaderAt, Errno) {
	for i, h := range f.open {
		if h.node == n {
			copy(f.open[1:i+1], f.open[:i])
			f.open[0] = h
			return h.at, OK
		}
	}
	f.effort += 400 // several system calls
	file, err := n.tree.tree.fsys.Open(n.tree.path)
	if err != nil {
		return nil, errnoOf(err)
	}
	h := hostFile{node: n, close: func() { file.Close() }}
	if at, ok := file.(io.ReaderAt); ok {
		h.at = at
	} else {
		data, e := f.slurp(file)
		file.Close()
		if e != OK {
			return nil, e
		}
		h.at = strings.NewReader(data)
		h.close = func() { f.hold(-int64(len(data))) }
	}
	if len(f.open) == openTreeFiles {
		f.open[openTreeFiles-1].close()
		f.open = f.open[:openTreeFiles-1]
	}
	f.open = slices.Insert(f.open, 0, h)
	return h.at, OK
}

// slurp reads a file of a kind that cannot be read at an offset, such as a compressed one; it counts as the run's memory.
func (f *FS) slurp(file fs.File) (string, Errno) {
	info, err := file.Stat()
	if err != nil {
		return "", errnoOf(err)
	}
	size := info.Size()
	if size > MaxTreeFile {
		return "", EFBIG
	}
	f.hold(size)
	f.effort += size / 16 // it may have to be decompressed
	var b strings.Builder
	b.Grow(int(size))
	got, err := io.Copy(&b, io.LimitReader(file, size))
	f.hold(got - size)
	if err != nil {
		f.hold(-got)
		return "", errnoOf(err)
	}
	return b.String(), OK
}
