package vfs

import "strings"

// Flags of Open.
type Flags uint16

// Flags of Open.
const (
	Read      Flags = 1 << iota // reading is allowed
	Write                       // writing is allowed
	Append                      // every write goes to the end
	Create                      // make the file when there is none
	Exclusive                   // with Create: fail when there is one
	Truncate                    // empty the file
	Directory                   // fail unless it is a folder
	NoFollow                    // fail when the path ends in a symbolic link
)

// Stat is what is known of an inode. Times are nanoseconds since 1970.
type Stat struct {
	Ino                 uint64
	Kind                Kind
	Links               uint64
	Size                int64
	Atime, Mtime, Ctime int64
}

// OpenRoot opens "/".
func (f *FS) OpenRoot() *File {
	f.mu.Lock()
	defer f.unlock()
	f.root.opens++
	return &File{fs: f, node: f.root, dir: f.root, flags: Read | Directory}
}

// Open opens a file or folder. Paths are relative to at, an open folder, or absolute in the guest's tree; nil is "/".
func (f *FS) Open(at *File, path string, flags Flags) (*File, Errno) {
	f.mu.Lock()
	defer f.unlock()
	start, e := f.start(at)
	if e != OK {
		return nil, e
	}
	last := followLast
	if flags&NoFollow != 0 || flags&(Create|Exclusive) == Create|Exclusive {
		last = keepLast
	}
	if flags&(Create|Directory) == Create|Directory {
		return nil, EINVAL
	}
	s, e := f.walk(start, path, last, flags.need())
	if e != OK {
		return nil, e
	}
	if s.host() {
		return f.openHost(&s, flags)
	}
	n := s.node
	if n == nil {
		if flags&Create == 0 {
			return nil, ENOENT
		}
		if s.slash {
			return nil, EISDIR
		}
		if e := f.mayLink(&s, nil); e != OK {
			return nil, e
		}
		f.accountInode(0, s.dir, s.name)
		n = f.newNode(KindFile, f.now())
		f.enter(&s, n)
		n.changed = f.generation
	} else {
		switch {
		case flags&(Create|Exclusive) == Create|Exclusive:
			return nil, EEXIST
		case n.kind == KindLink:
			return nil, ELOOP
		case n.kind == KindDirectory:
			if flags&(Write|Create|Truncate) != 0 {
				return nil, EISDIR
			}
		case flags&Directory != 0:
			return nil, ENOTDIR
		case n.readOnly && n.kind != KindDevice && flags&(Write|Truncate) != 0:
			return nil, EROFS
		}
		if flags&Truncate != 0 && n.kind == KindFile {
			f.truncate(n, 0, s.dir, s.name)
			f.touch(n)
		}
	}
	n.opens++
	return &File{fs: f, node: n, dir: s.dir, name: s.name, flags: flags}, OK
}

// Mkdir makes a folder.
func (f *FS) Mkdir(at *File, path string) Errno {
	f.mu.Lock()
	defer f.unlock()
	start, e := f.start(at)
	if e != OK {
		return e
	}
	s, e := f.walk(start, path, entryLast, AccessWrite)
	if e != OK {
		return e
	}
	if s.host() {
		return f.mkdirHost(&s)
	}
	if s.node != nil {
		return EEXIST
	}
	if e := f.mayLink(&s, nil); e != OK {
		return e
	}
	f.mkdir(&s)
	return OK
}

func (f *FS) mkdir(s *spot) *node {
	f.accountInode(0, s.dir, s.name)
	n := f.newNode(KindDirectory, f.now())
	n.dir = &directory{}
	f.enter(s, n)
	return n
}

// Stat describes what a path leads to, or with follow false the symbolic link itself.
func (f *FS) Stat(at *File, path string, follow bool) (Stat, Errno) {
	f.mu.Lock()
	defer f.unlock()
	s, e := f.find(at, path, follow, AccessRead)
	if e != OK {
		return Stat{}, e
	}
	return f.stat(s.node)
}

// SetTimes sets access and modification time in nanoseconds since 1970; nil leaves one as it is.
func (f *FS) SetTimes(at *File, path string, follow bool, atime, mtime *int64) Errno {
	f.mu.Lock()
	defer f.unlock()
	s, e := f.find(at, path, follow, AccessWrite)
	if e != OK {
		return e
	}
	if s.host() {
		where, e := f.place(&s)
		if e != OK {
			return e
		}
		return f.setTimesHost(where, atime, mtime)
	}
	return f.setTimes(s.node, atime, mtime)
}

// ReadLink returns the target of a symbolic link.
func (f *FS) ReadLink(at *File, path string) (string, Errno) {
	f.mu.Lock()
	defer f.unlock()
	s, e := f.find(at, path, false, AccessRead)
	if e != OK {
		return "", e
	}
	if s.node.kind != KindLink {
		return "", EINVAL
	}
	if s.node.host != nil && s.node.target == "" {
		return "", EACCES
	}
	return s.node.target, OK
}

// Symlink makes a symbolic link; the target need not exist.
func (f *FS) Symlink(target string, at *File, path string) Errno {
	f.mu.Lock()
	defer f.unlock()
	if e := checkPath(target); e != OK {
		return e
	}
	start, e := f.start(at)
	if e != OK {
		return e
	}
	s, e := f.walk(start, path, entryLast, AccessWrite)
	switch {
	case e != OK:
		return e
	case s.node != nil:
		return EEXIST
	case s.slash:
		return ENOENT
	case s.host():
		return EPERM
	}
	if e := f.mayLink(&s, nil); e != OK {
		return e
	}
	f.accountInode(int64(len(target)), s.dir, s.name)
	n := f.newNode(KindLink, f.now())
	n.target = strings.Clone(target)
	f.enter(&s, n)
	n.changed = f.generation
	return OK
}

// Link makes a hard link to a file.
func (f *FS) Link(oldAt *File, oldPath string, follow bool, newAt *File, newPath string) Errno {
	f.mu.Lock()
	defer f.unlock()
	old, e := f.find(oldAt, oldPath, follow, AccessRead)
	if e != OK {
		return e
	}
	start, e := f.start(newAt)
	if e != OK {
		return e
	}
	s, e := f.walk(start, newPath, entryLast, AccessWrite)
	switch {
	case e != OK:
		return e
	case old.node.kind == KindDirectory:
		return EPERM
	case s.node != nil:
		return EEXIST
	case s.slash:
		return ENOENT
	case s.host():
		return EPERM
	case old.node.readOnly:
		return EXDEV
	case old.node.links >= 1<<16:
		return EMLINK
	}
	if e := f.mayLink(&s, nil); e != OK {
		return e
	}
	f.account(entryCost(s.name), s.dir, s.name)
	f.enter(&s, old.node)
	old.node.ctime = f.now()
	f.mark(old.node)
	return OK
}

// Unlink removes a file or symbolic link. An open file stays usable, and counts, until its last Close.
func (f *FS) Unlink(at *File, path string) Errno {
	f.mu.Lock()
	defer f.unlock()
	start, e := f.start(at)
	if e != OK {
		return e
	}
	s, e := f.walk(start, path, entryLast, AccessWrite)
	switch {
	case e != OK:
		return e
	case s.host():
		return f.removeHost(&s, false)
	case s.node == nil:
		return ENOENT
	case s.node.kind == KindDirectory:
		return EISDIR
	case s.slash:
		return ENOTDIR
	case s.dir.readOnly:
		return EROFS
	case s.node.mount:
		return EBUSY
	}
	f.remove(&s)
	return OK
}

// Rmdir removes an empty folder.
func (f *FS) Rmdir(at *File, path string) Errno {
	f.mu.Lock()
	defer f.unlock()
	start, e := f.start(at)
	if e != OK {
		return e
	}
	s, e := f.walk(start, path, entryLast, AccessWrite)
	switch {
	case e != OK:
		return e
	case s.host():
		return f.removeHost(&s, true)
	case s.node == nil:
		return ENOENT
	case s.node.kind != KindDirectory:
		return ENOTDIR
	case s.name == ".":
		return EINVAL
	case s.name == "..":
		return ENOTEMPTY
	case s.nameless():
		return EBUSY
	case s.dir.readOnly:
		return EROFS
	case s.node.mount:
		return EBUSY
	case s.node.dir.live > 0:
		return ENOTEMPTY
	}
	s.node.removed = true
	f.remove(&s)
	return OK
}

// Rename moves an entry, replacing what is at the new path as POSIX says.
func (f *FS) Rename(oldAt *File, oldPath string, newAt *File, newPath string) Errno {
	f.mu.Lock()
	defer f.unlock()
	oldStart, e := f.start(oldAt)
	if e != OK {
		return e
	}
	newStart, e := f.start(newAt)
	if e != OK {
		return e
	}
	from, e := f.walk(oldStart, oldPath, entryLast, AccessRead|AccessWrite)
	if e != OK {
		return e
	}
	to, e := f.walk(newStart, newPath, entryLast, AccessWrite)
	if e != OK {
		return e
	}
	if from.host() || to.host() {
		return f.renameHost(&from, &to)
	}
	n := from.node
	switch {
	case n == nil:
		return ENOENT
	case from.nameless() || to.nameless():
		return EBUSY
	case from.slash && n.kind != KindDirectory, to.slash && n.kind != KindDirectory:
		return ENOTDIR
	case from.dir.readOnly || to.dir.readOnly:
		return EROFS
	case n.mount || to.node != nil && to.node.mount:
		return EBUSY
	case to.node == n:
		return OK
	}
	if n.kind == KindDirectory {
		for d := to.dir; ; d = d.dir.parent {
			f.effort++
			if d == n {
				return EINVAL
			}
			if d == f.root {
				break
			}
		}
	}
	if to.node != nil {
		switch {
		case n.kind == KindDirectory && to.node.kind != KindDirectory:
			return ENOTDIR
		case n.kind != KindDirectory && to.node.kind == KindDirectory:
			return EISDIR
		case to.node.kind == KindDirectory && to.node.dir.live > 0:
			return ENOTEMPTY
		}
	}
	if e := f.mayLink(&to, n); e != OK {
		return e
	}
	f.account(int64(len(to.name)-len(from.name)), to.dir, to.name)
	if to.node != nil {
		if to.node.kind == KindDirectory {
			to.node.removed = true
		}
		f.remove(&to)
	}
	if e := f.unlink(from.dir, from.name); e.stored {
		f.hold(entryCost(from.name))
		f.kept += entryCost(from.name)
	}
	f.enter(&to, n)
	now := f.now()
	n.ctime, from.dir.mtime, from.dir.ctime = now, now, now
	return OK
}

// start is the folder that a path is relative to.
func (f *FS) start(at *File) (*node, Errno) {
	switch {
	case at == nil:
		return f.root, OK
	case at.node == nil:
		return nil, EBADF
	case at.node.kind != KindDirectory:
		return nil, ENOTDIR
	}
	return at.node, OK
}

// find resolves a path that has to exist.
func (f *FS) find(at *File, path string, follow bool, need Access) (spot, Errno) {
	start, e := f.start(at)
	if e != OK {
		return spot{}, e
	}
	last := keepLast
	if follow {
		last = followLast
	}
	s, e := f.walk(start, path, last, need)
	if e == OK && s.node == nil {
		e = ENOENT
	}
	return s, e
}

// mayLink says whether a guest may make this entry.
func (f *FS) mayLink(s *spot, child *node) Errno {
	switch {
	case s.dir.removed:
		return ENOENT
	case s.dir.readOnly:
		return EROFS
	case !f.fits(s.dir, s.name, child):
		return ENAMETOOLONG
	}
	return OK
}

// enter makes the entry of a spot; its cost has been counted.
func (f *FS) enter(s *spot, n *node) {
	f.link(s.dir, strings.Clone(s.name), n)
	s.dir.mtime = f.now()
	s.dir.ctime = s.dir.mtime
}

// remove takes away the entry of a spot, and the inode when that was the last of it.
func (f *FS) remove(s *spot) {
	e := f.unlink(s.dir, s.name)
	f.take(-entryCost(s.name), nil, "")
	f.letGo(entryCost(s.name), e.stored)
	now := f.now()
	s.dir.mtime, s.dir.ctime, s.node.ctime = now, now, now
	f.release(s.node)
}

func (f *FS) stat(n *node) (Stat, Errno) {
	switch {
	case n.host != nil:
		return f.statHost(n)
	case n.tree != nil:
		return f.statTree(n)
	}
	st := Stat{Ino: n.ino, Kind: n.kind, Links: uint64(n.links), Size: n.data.size, Atime: n.atime, Mtime: n.mtime, Ctime: n.ctime}
	switch n.kind {
	case KindLink:
		st.Size = int64(len(n.target))
	case KindDirectory:
		st.Links = 1
		st.Size = 4096
	}
	return st, OK
}

func (f *FS) setTimes(n *node, atime, mtime *int64) Errno {
	if n.readOnly {
		return EROFS
	}
	if atime != nil {
		n.atime = *atime
	}
	if mtime != nil {
		n.mtime = *mtime
	}
	n.ctime = f.now()
	f.mark(n)
	return OK
}
