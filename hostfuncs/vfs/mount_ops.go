package vfs

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"time"
)

// place is where an operation works in a mount.
type place struct {
	m    *mount
	rel  string
	node *node // nil when there is nothing
}

// host says whether a spot is in a mount. What may not be changed because it is where something is mounted has node.mount.
func (s *spot) host() bool {
	return s.node != nil && s.node.host != nil || s.node == nil && s.dir.host != nil
}

// place completes a spot in a mount. The walk has asked.
func (f *FS) place(s *spot) (place, Errno) {
	n := s.node
	f.usedHost = true
	if n == nil {
		return place{m: s.dir.host.m, rel: join(s.dir.host.path, s.name)}, OK
	}
	p := place{n.host.m, n.host.path, n}
	if n.mount && n.kind == KindFile {
		var e Errno
		p.node, e = f.fresh(n)
		return p, e
	}
	return p, OK
}

// need is what an open asks for.
func (flags Flags) need() Access {
	var a Access
	if flags&Read != 0 || flags&(Write|Truncate|Create) == 0 {
		a = AccessRead
	}
	switch {
	case flags&Truncate != 0:
		a |= AccessWrite
	case flags&(Write|Append) == Write|Append:
		a |= AccessAppend
	case flags&(Write|Create) != 0:
		a |= AccessWrite
	}
	return a
}

// handle is the part of an open File that only those of mounts have.
type handle struct {
	m        *mount
	rel      string
	file     *os.File // nil for a folder
	p        *pending
	info     fs.FileInfo // of the file when it was opened in place
	append   bool        // nothing but appending
	list     *listing
	chain    int64 // memory of what a folder keeps
	held     int64
	hostUsed int // against MaxHostFiles
}

// pending is a file that is written beside its place, until the last handle is closed.
type pending struct {
	m         *mount
	rel       string
	folder    *os.Root // where it is; of its own, so that it can be cleaned up whatever happened to the path
	temp      string
	file      *os.File
	handles   int
	exclusive bool
	done      bool // in its place, or dropped
	dropped   bool
	failed    Errno // of the first write that did not succeed
}

// mayOpen counts host descriptors and memory of a new handle, before anything is opened.
func (f *FS) mayOpen(h *handle, files int) Errno {
	if f.hostFiles+files > MaxHostFiles {
		return EMFILE
	}
	held := HandleBytes + int64(len(h.rel)) + h.chain
	f.hold(held)
	h.held += held
	f.hostFiles += files
	h.hostUsed += files
	if f.handles == nil {
		f.handles = map[*handle]struct{}{}
	}
	f.handles[h] = struct{}{}
	return OK
}

// gone gives back what mayOpen counted.
func (f *FS) gone(h *handle) {
	f.hold(-h.held)
	f.hostFiles -= h.hostUsed
	h.held, h.hostUsed = 0, 0
	delete(f.handles, h)
}

// openHost is Open in a mount.
func (f *FS) openHost(s *spot, flags Flags) (*File, Errno) {
	if n := s.node; n != nil && n.mount && n.kind == KindDirectory {
		// The walk asks about what is below a mount.
		if e := f.ask(n.host.m, flags.need(), "."); e != OK {
			return nil, e
		}
	}
	at, e := f.place(s)
	if e != OK {
		return nil, e
	}
	n := at.node
	switch {
	case n == nil && flags&Create == 0:
		return nil, ENOENT
	case n == nil && s.slash:
		return nil, EISDIR
	case n == nil:
		if e := mayName(at.rel); e != OK {
			return nil, e
		}
	case flags&(Create|Exclusive) == Create|Exclusive:
		return nil, EEXIST
	case n.kind == KindLink:
		return nil, ELOOP
	case n.kind == KindDirectory && flags&(Write|Create|Truncate) != 0:
		return nil, EISDIR
	case n.kind == KindFile && flags&Directory != 0:
		return nil, ENOTDIR
	}
	h := &handle{m: at.m, rel: at.rel}
	out := &File{fs: f, node: n, flags: flags, host: h}
	if n == nil {
		out.node = f.hostNode(at.m, at.rel, nil, nil)
	}
	switch {
	case n != nil && n.kind == KindDirectory:
		// It keeps the folders above it, for the way back.
		for up := n; up.host != nil && !up.mount; up = up.dir.parent {
			h.chain += InodeBytes + int64(len(up.host.path))
		}
		e = f.mayOpen(h, 0)
	case n != nil && n.host.p != nil:
		e = f.joinPending(h, n.host.p, flags)
	case flags&Truncate != 0, n == nil && flags&Append == 0:
		e = f.openPending(h, n, flags)
	default:
		e = f.openInPlace(h, n, flags)
	}
	if e != OK {
		f.gone(h)
		return nil, e
	}
	return out, OK
}

// mayName refuses names that no guest may give a file.
func mayName(rel string) Errno {
	if _, name := splitRel(rel); reserved(name) {
		return EPERM
	}
	return OK
}

// openInPlace opens a file as it is; with Append it may be a new one.
func (f *FS) openInPlace(h *handle, n *node, flags Flags) Errno {
	if e := f.mayOpen(h, 1); e != OK {
		return e
	}
	if flags&Write != 0 {
		f.writing(h.m, h.rel)
	}
	above, name := splitRel(h.rel)
	root, e := f.folder(h.m, above)
	if e != OK {
		return e
	}
	mode := os.O_RDONLY
	switch flags & (Read | Write) {
	case Write:
		mode = os.O_WRONLY
	case Read | Write:
		mode = os.O_RDWR
	}
	if flags&(Write|Append) == Write|Append {
		mode |= os.O_APPEND
		h.append = true
	}
	f.effort += 2 * systemCall
	if n == nil {
		f.effort += diskCall
		if e := f.grow(h.m, newEntry(name)); e != OK {
			return e
		}
		h.file, e = openFile(root, name, mode|os.O_CREATE|os.O_EXCL, 0o666)
		if e != OK {
			f.shrink(h.m, newEntry(name))
			return e
		}
		h.m.written[h.rel] = true
		h.info, e = regular(h.file)
	} else {
		h.file, h.info, e = sameFile(root, name, mode, n.host.info)
	}
	if e != OK && h.file != nil {
		h.file.Close()
		h.file = nil
	}
	return e
}

func newEntry(name string) int64 { return InodeBytes + entryCost(name) }

// openFile opens a name in a folder; never through a link, for the caller compares, or creates.
func openFile(root *os.Root, name string, mode int, perm fs.FileMode) (*os.File, Errno) {
	file, err := root.OpenFile(name, mode|openFlags, perm)
	if err != nil {
		return nil, errnoOf(err)
	}
	return file, OK
}

// regular refuses everything that is not a plain file, before anything is read.
func regular(file *os.File) (fs.FileInfo, Errno) {
	info, err := file.Stat()
	switch {
	case err != nil:
		return nil, errnoOf(err)
	case !info.Mode().IsRegular():
		return nil, EACCES
	}
	return info, OK
}

// sameFile opens the regular file of a name that was described before. Whoever replaces a file by renaming may come in between, so it is tried again.
func sameFile(root *os.Root, name string, mode int, before fs.FileInfo) (*os.File, fs.FileInfo, Errno) {
	for range 8 {
		file, e := openFile(root, name, mode, 0)
		if e != OK {
			return nil, nil, e
		}
		info, e := regular(file)
		if e == OK && os.SameFile(before, info) {
			return file, info, OK
		}
		file.Close()
		if e != OK {
			return nil, nil, e
		}
		var err error
		if before, err = root.Lstat(name); err != nil {
			return nil, nil, errnoOf(err)
		}
		if !before.Mode().IsRegular() {
			return nil, nil, EACCES
		}
	}
	return nil, nil, EBUSY
}

// openPending begins a new content for a file that may exist.
func (f *FS) openPending(h *handle, n *node, flags Flags) Errno {
	if e := f.mayOpen(h, 2); e != OK {
		return e
	}
	f.writing(h.m, h.rel)
	above, name := splitRel(h.rel)
	root, e := f.folder(h.m, above)
	if e != OK {
		return e
	}
	perm := fs.FileMode(0o666)
	f.effort += 4*systemCall + diskCall
	if n != nil {
		// Who may not write the old file does not replace it either.
		old, info, e := sameFile(root, name, os.O_WRONLY, n.host.info)
		if e != OK {
			return e
		}
		old.Close()
		perm &= info.Mode().Perm()
	}
	if e := f.grow(h.m, newEntry(name)); e != OK {
		return e
	}
	p := &pending{m: h.m, rel: h.rel, handles: 1, exclusive: flags&Exclusive != 0}
	if p.folder, e = own(root); e == OK {
		p.temp = temporary()
		if p.file, e = openFile(p.folder, p.temp, os.O_RDWR|os.O_CREATE|os.O_EXCL, perm); e != OK {
			p.folder.Close()
		}
	}
	if e != OK {
		f.shrink(h.m, newEntry(name))
		return e
	}
	h.m.pending[h.rel] = p
	h.p, h.file = p, p.file
	return OK
}

func own(root *os.Root) (*os.Root, Errno) {
	r, err := root.OpenRoot(".")
	if err != nil {
		return nil, errnoOf(err)
	}
	return r, OK
}

func temporary() string {
	var b [10]byte
	rand.Read(b[:])
	return reservedPrefix + hex.EncodeToString(b[:]) + reservedSuffix
}

// joinPending opens a file once more that is being written.
func (f *FS) joinPending(h *handle, p *pending, flags Flags) Errno {
	if e := f.mayOpen(h, 0); e != OK {
		return e
	}
	if flags&Truncate != 0 {
		if e := f.resize(p.m, p.file, 0); e != OK {
			return e
		}
		p.failed = OK
	}
	p.handles++
	h.p, h.file, h.append = p, p.file, flags&(Write|Append|Truncate) == Write|Append
	return OK
}

// close ends a handle, and with the last one the writing of its file.
func (f *FS) closeHandle(h *handle) Errno {
	f.usedHost = true
	e := OK
	if p := h.p; p != nil {
		if p.handles--; p.handles == 0 {
			// Its descriptors belong to the first handle, which may be closed already.
			e = p.failed
			if !p.done {
				e = f.settle(p)
			}
			p.file.Close()
			if p.dropped {
				p.folder.Remove(p.temp) // some systems do not remove a file while it is open
			}
			p.folder.Close()
			f.hostFiles -= 2
		}
		h.hostUsed = 0
	} else if h.file != nil {
		h.file.Close()
	}
	if h.list != nil {
		h.list.close(f)
	}
	f.gone(h)
	return e
}

// settle puts a pending file in its place, or removes it when a write to it failed.
func (f *FS) settle(p *pending) Errno {
	e := p.failed
	if e == OK {
		e = f.replace(p)
	}
	if e != OK {
		f.drop(p)
	}
	p.done = true
	delete(p.m.pending, p.rel)
	return e
}

// drop removes a pending file.
func (f *FS) drop(p *pending) {
	_, name := splitRel(p.rel)
	if info, err := p.folder.Lstat(p.temp); err == nil {
		f.shrink(p.m, info.Size())
	}
	f.shrink(p.m, newEntry(name))
	if p.handles == 0 {
		p.file.Close()
	}
	p.folder.Remove(p.temp)
	p.done, p.dropped = true, true
	delete(p.m.pending, p.rel)
}

func (f *FS) replace(p *pending) Errno {
	above, name := splitRel(p.rel)
	root, e := f.folder(p.m, above)
	if e != OK {
		return e
	}
	f.effort += 6*systemCall + diskCall
	here, err := root.Stat(".")
	if err != nil {
		return errnoOf(err)
	}
	there, err := p.folder.Stat(".")
	if err != nil {
		return errnoOf(err)
	}
	if !os.SameFile(here, there) {
		return ENOENT // the folder was moved away, or replaced
	}
	if p.handles == 0 {
		if err := p.file.Close(); err != nil {
			return errnoOf(err)
		}
	}
	old, err := root.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		old = nil
	case err != nil:
		return errnoOf(err)
	case old.IsDir():
		return EISDIR
	case !old.Mode().IsRegular():
		return EACCES
	case p.exclusive:
		return EEXIST
	}
	if p.exclusive {
		// A link does not replace what came into being meanwhile; where there are no links, renaming has to do.
		if err = root.Link(p.temp, name); err == nil {
			root.Remove(p.temp)
		} else if errors.Is(err, fs.ErrExist) {
			return EEXIST
		} else {
			err = root.Rename(p.temp, name)
		}
	} else {
		err = root.Rename(p.temp, name)
	}
	if err != nil {
		return errnoOf(err)
	}
	if old != nil {
		f.shrink(p.m, old.Size()+newEntry(name))
	}
	p.m.written[p.rel] = true
	return OK
}

// grow counts bytes against the quota.
func (f *FS) grow(m *mount, n int64) Errno {
	if n > m.quota-m.used {
		return EDQUOT
	}
	m.used += n
	return OK
}

func (f *FS) shrink(m *mount, n int64) { m.used = max(0, m.used-n) }

// resize truncates or extends.
func (f *FS) resize(m *mount, file *os.File, size int64) Errno {
	f.effort += 2 * systemCall
	info, err := file.Stat()
	if err != nil {
		return errnoOf(err)
	}
	more := size - info.Size()
	if more > 0 {
		if e := f.grow(m, more); e != OK {
			return e
		}
	}
	if err := file.Truncate(size); err != nil {
		if more > 0 {
			f.shrink(m, more)
		}
		return errnoOf(err)
	}
	if more < 0 {
		f.shrink(m, -more)
	}
	return OK
}

// writing makes room for a path in the list of what was written.
func (f *FS) writing(m *mount, rel string) {
	if _, there := m.written[rel]; there || len(m.written) >= maxMountWritten {
		return
	}
	f.hold(EntryBytes + int64(len(rel)))
	m.written[rel] = false
}

func (h *handle) wrote() {
	if h.p == nil || h.p.done {
		if _, there := h.m.written[h.rel]; there {
			h.m.written[h.rel] = true
		}
	}
}

func (h *handle) read(f *FS, p []byte, off int64) (int, Errno) {
	f.usedHost = true
	f.effort += systemCall + int64(len(p)>>8)
	n, err := h.file.ReadAt(p, off)
	if n == 0 && err != nil && err != io.EOF {
		return 0, errnoOf(err)
	}
	return n, OK
}

// write writes at an offset, or at the end, and returns where it ended.
func (h *handle) write(f *FS, p []byte, off int64, atEnd bool) (n int, end int64, e Errno) {
	f.usedHost = true
	f.effort += 2*systemCall + int64(len(p)>>7)
	info, err := h.file.Stat()
	if err != nil {
		return 0, off, h.fail(errnoOf(err))
	}
	size := info.Size()
	if atEnd || h.append {
		off = size
	}
	if len(p) == 0 {
		return 0, off, OK
	}
	more := max(0, off+int64(len(p))-size)
	if e := f.grow(h.m, more); e != OK {
		return 0, off, h.fail(e)
	}
	if h.append && h.p == nil {
		n, err = h.file.Write(p)
	} else {
		n, err = h.file.WriteAt(p, off)
	}
	if n < len(p) {
		f.shrink(h.m, more-max(0, off+int64(n)-size))
	}
	if n > 0 {
		h.wrote()
	}
	if err != nil && h.fail(errnoOf(err)) != OK && n == 0 {
		return 0, off, errnoOf(err)
	}
	return n, off + int64(n), OK
}

// fail remembers that a new content is not complete.
func (h *handle) fail(e Errno) Errno {
	if h.p != nil && h.p.failed == OK {
		h.p.failed = e
	}
	return e
}

func (h *handle) setSize(f *FS, size int64) Errno {
	f.usedHost = true
	if h.append {
		return EPERM
	}
	e := f.resize(h.m, h.file, size)
	if e == OK {
		h.wrote()
		if h.p != nil && size == 0 {
			h.p.failed = OK // the program begins again
		}
	}
	return e
}

// statHost describes what a walk found, and statHandle what is open.
func (f *FS) statHost(n *node) (Stat, Errno) {
	f.usedHost = true
	h := n.host
	switch {
	case n.mount && n.kind == KindDirectory:
		// The guest knows that it is there; nothing else is told without asking.
		return Stat{Ino: n.ino, Kind: KindDirectory, Links: 1, Size: 4096, Atime: n.atime, Mtime: n.mtime, Ctime: n.ctime}, OK
	case n.mount:
		fresh, e := f.fresh(n)
		if e != OK {
			return Stat{}, e
		}
		if fresh == nil {
			return Stat{}, ENOENT
		}
		return f.statHost(fresh)
	case h.p != nil:
		return f.statOpen(n, h.p.file)
	}
	return statOf(n, h.info), OK
}

func (f *FS) statOpen(n *node, file *os.File) (Stat, Errno) {
	f.effort += systemCall
	info, err := file.Stat()
	if err != nil {
		return Stat{}, errnoOf(err)
	}
	return statOf(n, info), OK
}

func statOf(n *node, info fs.FileInfo) Stat {
	when := info.ModTime().UnixNano()
	st := Stat{Ino: n.ino, Kind: n.kind, Links: 1, Size: info.Size(), Atime: when, Mtime: when, Ctime: when}
	switch n.kind {
	case KindDirectory:
		st.Size = 4096
	case KindLink:
		st.Size = int64(len(n.target))
	}
	return st
}

func (f *FS) statHandle(h *File) (Stat, Errno) {
	f.usedHost = true
	if h.host.file != nil {
		return f.statOpen(h.node, h.host.file)
	}
	if h.node.mount {
		return f.statHost(h.node)
	}
	above, name := splitRel(h.host.rel)
	root, e := f.folder(h.host.m, above)
	if e != OK {
		return Stat{}, e
	}
	info, e := f.entry(root, name)
	switch {
	case e != OK:
		return Stat{}, e
	case info == nil, !info.IsDir():
		return Stat{}, ENOENT
	}
	return statOf(h.node, info), OK
}

func (f *FS) mkdirHost(s *spot) Errno {
	if s.node != nil {
		return EEXIST
	}
	at, e := f.place(s)
	if e != OK {
		return e
	}
	above, name := splitRel(at.rel)
	if e := mayName(at.rel); e != OK {
		return e
	}
	root, e := f.folder(at.m, above)
	if e != OK {
		return e
	}
	if e := f.grow(at.m, newEntry(name)); e != OK {
		return e
	}
	f.effort += diskCall
	if err := root.Mkdir(name, 0o777); err != nil {
		f.shrink(at.m, newEntry(name))
		return errnoOf(err)
	}
	return OK
}

// removeHost is Unlink, or with folder Rmdir.
func (f *FS) removeHost(s *spot, folder bool) Errno {
	switch {
	case s.node == nil:
		return ENOENT
	case folder && s.node.kind != KindDirectory:
		return ENOTDIR
	case !folder && s.node.kind == KindDirectory:
		return EISDIR
	case !folder && s.slash:
		return ENOTDIR
	case s.name == ".":
		return EINVAL
	case s.name == "..":
		return ENOTEMPTY
	case s.node.mount || s.nameless():
		return EBUSY
	}
	at, e := f.place(s)
	if e != OK {
		return e
	}
	if folder && at.m.holds(at.rel, false) {
		return EBUSY
	}
	if folder && at.m.holds(at.rel, true) {
		return ENOTEMPTY
	}
	above, name := splitRel(at.rel)
	root, e := f.folder(at.m, above)
	if e != OK {
		return e
	}
	f.effort += systemCall + diskCall
	info, err := root.Lstat(name)
	if at.node.host.p != nil {
		f.drop(at.node.host.p)
		if errors.Is(err, fs.ErrNotExist) {
			return OK
		}
	}
	if err != nil {
		return errnoOf(err)
	}
	if e := fileOrLink(info, folder); e != OK {
		return e
	}
	if err := root.Remove(name); err != nil {
		return errnoOf(err)
	}
	f.shrink(at.m, newEntry(name))
	if info.Mode().IsRegular() {
		f.shrink(at.m, info.Size())
	}
	if _, there := at.m.written[at.rel]; there {
		at.m.written[at.rel] = false
	}
	return OK
}

// fileOrLink refuses to remove or replace what a guest cannot use.
func fileOrLink(info fs.FileInfo, folder bool) Errno {
	switch kindOf(info.Mode()) {
	case KindDirectory:
		if !folder {
			return EISDIR
		}
	case KindFile, KindLink:
		if folder {
			return ENOTDIR
		}
	default:
		return EACCES
	}
	return OK
}

// renameHost is Rename when one of both places is in a mount.
func (f *FS) renameHost(from, to *spot) Errno {
	switch {
	case from.node == nil:
		return ENOENT
	case from.nameless() || to.nameless(), from.node.mount || to.node != nil && to.node.mount:
		return EBUSY
	case !from.host() || !to.host():
		return EXDEV
	}
	old, e := f.place(from)
	if e != OK {
		return e
	}
	new, e := f.place(to)
	if e != OK {
		return e
	}
	folder := from.node.kind == KindDirectory
	switch {
	case old.m != new.m:
		return EXDEV
	case (from.slash || to.slash) && !folder:
		return ENOTDIR
	case old.rel == new.rel:
		return OK
	case folder && within(old.rel, new.rel):
		return EINVAL
	case to.node != nil && folder && to.node.kind != KindDirectory:
		return ENOTDIR
	case to.node != nil && !folder && to.node.kind == KindDirectory:
		return EISDIR
	}
	if e := mayName(new.rel); e != OK {
		return e
	}
	if folder {
		if old.m.holds(old.rel, true) || old.m.holds(new.rel, true) {
			return EBUSY
		}
		if e := f.askBelow(old.m, old.rel, new.rel); e != OK {
			return e
		}
	}
	f.writing(old.m, new.rel)
	if p := old.node.host.p; p != nil {
		if e := f.settle(p); e != OK {
			return e
		}
	}
	if new.node != nil && new.node.host.p != nil {
		f.drop(new.node.host.p)
	}
	oldAbove, oldName := splitRel(old.rel)
	newAbove, newName := splitRel(new.rel)
	oldRoot, e := f.folder(old.m, oldAbove)
	if e != OK {
		return e
	}
	f.pinned = oldRoot
	newRoot, e := f.folder(new.m, newAbove)
	if e != OK {
		return e
	}
	f.effort += 4*systemCall + diskCall
	replaced, err := newRoot.Lstat(newName)
	if err == nil {
		if e := fileOrLink(replaced, folder); e != OK {
			return e
		}
		if folder { // package os does not replace one, not even an empty one
			if err := newRoot.Remove(newName); err != nil {
				return errnoOf(err)
			}
		}
	}
	if oldAbove == newAbove {
		err = oldRoot.Rename(oldName, newName)
	} else {
		err = old.m.root.Rename(old.rel, new.rel)
	}
	if err != nil {
		return errnoOf(err)
	}
	if replaced != nil {
		f.shrink(old.m, newEntry(newName))
		if replaced.Mode().IsRegular() {
			f.shrink(old.m, replaced.Size())
		}
	}
	f.moved(old.m, old.rel, new.rel, folder)
	return OK
}

// moved keeps the list of what was written in step.
func (f *FS) moved(m *mount, from, to string, folder bool) {
	if !folder {
		if _, there := m.written[from]; there {
			m.written[from] = false
		}
		if _, there := m.written[to]; there {
			m.written[to] = true
		}
		return
	}
	var names []string
	for rel, wrote := range m.written {
		if wrote && within(from, rel) {
			names = append(names, rel)
		}
	}
	for _, rel := range names {
		m.written[rel] = false
		f.writing(m, to+rel[len(from):])
		if _, there := m.written[to+rel[len(from):]]; there {
			m.written[to+rel[len(from):]] = true
		}
	}
}

// maxMovedEntries is how large a folder may be that is renamed under an owner who decides by path; a larger one has to be moved by its files (EXDEV).
const maxMovedEntries = 10_000

// askBelow asks about everything in a folder that is renamed, because a rule about a file must not be escaped by moving the folder above it.
func (f *FS) askBelow(m *mount, from, to string) Errno {
	if m.authorize == nil {
		return OK
	}
	left := maxMovedEntries
	var below func(rel string, depth int) Errno
	below = func(rel string, depth int) Errno {
		if depth > MaxMountDepth {
			return EXDEV
		}
		root, e := f.folder(m, rel)
		if e != OK {
			return e
		}
		list, err := root.OpenFile(".", os.O_RDONLY|openFlags, 0)
		if err != nil {
			return errnoOf(err)
		}
		names, err := list.Readdirnames(left + 1)
		list.Close()
		if err != nil && err != io.EOF {
			return errnoOf(err)
		}
		if left -= len(names); left < 0 {
			return EXDEV
		}
		var folders []string
		for _, name := range names {
			child := rel + "/" + name
			if e := f.ask(m, AccessRead|AccessWrite, child); e != OK {
				return e
			}
			if e := f.ask(m, AccessWrite, to+child[len(from):]); e != OK {
				return e
			}
			f.effort += systemCall
			if info, err := root.Lstat(name); err == nil && info.IsDir() {
				folders = append(folders, child)
			}
		}
		for _, child := range folders {
			if e := below(child, depth+1); e != OK {
				return e
			}
		}
		return OK
	}
	return below(from, 0)
}

// setTimesHost changes the times of a file or folder by its name; a link's own are not to be changed.
func (f *FS) setTimesHost(at place, atime, mtime *int64) Errno {
	n := at.node
	switch {
	case n == nil:
		return ENOENT
	case n.kind == KindLink, n.mount && n.kind == KindDirectory:
		return EPERM
	}
	above, name := splitRel(at.rel)
	root, e := f.folder(at.m, above)
	if e != OK {
		return e
	}
	if n.host.p != nil {
		root, name = n.host.p.folder, n.host.p.temp
	}
	f.effort += systemCall
	if err := root.Chtimes(name, timeOf(atime), timeOf(mtime)); err != nil {
		return errnoOf(err)
	}
	return OK
}

// timeOf is a time for Chtimes, which takes the zero one for none.
func timeOf(t *int64) time.Time {
	if t == nil {
		return time.Time{}
	}
	return time.Unix(0, *t)
}

// setTimesHandle does the same to what is open, as long as its name is still its own.
func (f *FS) setTimesHandle(h *File, atime, mtime *int64) Errno {
	f.usedHost = true
	o := h.host
	if o.file == nil || h.flags&Write == 0 || o.append {
		return EPERM
	}
	if o.p != nil && !o.p.done {
		return f.setTimesHost(place{o.m, o.rel, f.hostNode(o.m, o.rel, nil, o.p)}, atime, mtime)
	}
	above, name := splitRel(o.rel)
	root, e := f.folder(o.m, above)
	if e != OK {
		return e
	}
	named, err := root.Lstat(name)
	if err != nil {
		return errnoOf(err)
	}
	opened, err := o.file.Stat()
	if err != nil {
		return errnoOf(err)
	}
	if !os.SameFile(named, opened) {
		return ENOENT
	}
	return f.setTimesHost(place{o.m, o.rel, f.hostNode(o.m, o.rel, named, nil)}, atime, mtime)
}

// listing is how far a folder was read.
type listing struct {
	file   *os.File // nil at the end
	first  uint64   // position of the window's first entry
	window []DirEntry
	done   bool
	held   int64
}

const listingWindow = 128

func (l *listing) close(f *FS) {
	if l.file != nil {
		l.file.Close()
		l.file = nil
		f.hostFiles--
	}
	f.hold(-l.held)
	l.held = 0
}

// readDirHost lists a folder of a mount in pieces, in the host's order. A position before the present piece begins again from the start.
func (f *FS) readDirHost(h *File, cookie uint64, yield func(DirEntry) bool) Errno {
	f.usedHost = true
	o := h.host
	at := cookie - firstCookie
	if o.list == nil || at < o.list.first {
		if e := f.ask(o.m, AccessRead, o.rel); e != OK {
			return e
		}
		if o.list != nil {
			o.list.close(f)
			o.list = nil
		}
		if f.hostFiles >= MaxHostFiles {
			return EMFILE
		}
		root, e := f.folder(o.m, o.rel)
		if e != OK {
			return e
		}
		const held = listingWindow*(EntryBytes+64) + 8<<10
		f.hold(held)
		f.effort += 2 * systemCall
		file, err := root.OpenFile(".", os.O_RDONLY|openFlags, 0)
		if err != nil {
			f.hold(-held)
			return errnoOf(err)
		}
		f.hostFiles++
		o.list = &listing{file: file, held: held}
	}
	l := o.list
	for {
		for at >= l.first+uint64(len(l.window)) {
			if l.done {
				return OK
			}
			if e := f.nextEntries(o, l); e != OK {
				return e
			}
		}
		entry := l.window[at-l.first]
		f.effort++
		at++
		entry.Next = at + firstCookie
		if !yield(entry) {
			return OK
		}
	}
}

func (f *FS) nextEntries(o *handle, l *listing) Errno {
	l.first += uint64(len(l.window))
	l.window = l.window[:0]
	root, e := f.folder(o.m, o.rel)
	if e != OK {
		return e
	}
	f.effort += systemCall
	names, err := l.file.Readdirnames(listingWindow)
	if err != nil && err != io.EOF {
		return errnoOf(err)
	}
	if len(names) > 0 {
		for _, name := range names {
			rel := join(o.rel, name)
			if len(name) > NameBytes || checkPath(name) != OK || checkHostName(name) != OK || reserved(name) || o.m.over[rel] != nil {
				continue
			}
			f.effort += systemCall
			info, err := root.Lstat(name)
			if err != nil {
				continue
			}
			if n := f.hostNode(o.m, rel, info, nil); n.kind != KindUnknown {
				l.window = append(l.window, DirEntry{Ino: n.ino, Kind: n.kind, Name: name})
			}
		}
		return OK
	}
	l.done = true
	l.file.Close()
	l.file = nil
	f.hostFiles--
	// What only the guest sees: mounts in this folder, and files that it is still writing.
	for rel, n := range o.m.over {
		if above, name := splitRel(rel); above == o.rel {
			l.window = append(l.window, DirEntry{Ino: n.ino, Kind: n.kind, Name: name})
		}
	}
	for rel, p := range o.m.pending {
		above, name := splitRel(rel)
		if above != o.rel {
			continue
		}
		f.effort += systemCall
		if _, err := root.Lstat(name); errors.Is(err, fs.ErrNotExist) {
			n := f.hostNode(o.m, rel, nil, p)
			l.window = append(l.window, DirEntry{Ino: n.ino, Kind: n.kind, Name: name})
		}
	}
	return OK
}

// closeMounts drops what is not in its place yet and closes everything of the host.
func (f *FS) closeMounts() {
	for h := range f.handles {
		if p := h.p; p != nil {
			p.file.Close()
			if !p.done || p.dropped {
				p.folder.Remove(p.temp)
			}
			p.done = true
			p.folder.Close()
		} else if h.file != nil {
			h.file.Close()
		}
		if h.list != nil && h.list.file != nil {
			h.list.file.Close()
		}
		f.hold(-h.held)
		h.held = 0
	}
	f.handles, f.hostFiles = nil, 0
	for _, m := range f.mounts {
		if m.owned && m.root != nil {
			m.root.Close()
		}
		m.root = nil
	}
	f.closed = true
}

// ErrUnwritten is about a file that was opened for a new content, got none, and was never closed.
var ErrUnwritten = errors.New("it was never closed, and nothing had been written to it yet: the old content stays")

// Commit puts every file that is still open for a new content in its place, as the end of a process that did not close it would. Call it when a program
// has ended by itself, and not when it was stopped: Close then leaves what was there before. A file that would become empty keeps its old
// content (ErrUnwritten), for what it was to hold is most likely still in a buffer of the program. Errors are *fs.PathError with paths of the
// guest's tree, joined.
func (f *FS) Commit() error {
	f.mu.Lock()
	defer f.unlock()
	var errs []error
	for _, m := range f.mounts {
		for _, rel := range slices.Sorted(maps.Keys(m.pending)) {
			p := m.pending[rel]
			if f.unwritten(p) {
				f.drop(p)
				errs = append(errs, &fs.PathError{Op: "write", Path: m.guestPath(rel), Err: ErrUnwritten})
				continue
			}
			errs = append(errs, pathError("write", m.guestPath(rel), f.settle(p)))
		}
	}
	return errors.Join(errs...)
}

// unwritten says whether a file would be replaced by nothing.
func (f *FS) unwritten(p *pending) bool {
	info, err := p.file.Stat()
	if err != nil || info.Size() > 0 {
		return false
	}
	_, name := splitRel(p.rel)
	old, err := p.folder.Lstat(name)
	return err == nil && old.Size() > 0
}

// Written is a file of a mount that the guest made or changed, as it is now.
type Written struct {
	Path   string // in the guest's tree
	Size   int64  // bytes
	SHA256 string // in hexadecimal; empty when the file is larger than what was to be hashed
}

// Written lists the files of mounts that were made or changed and are still there, by path, at most 10,000 of each mount. It reads at most hashBytes of them to
// hash. What is not in its place yet is not listed.
func (f *FS) Written(hashBytes int64) []Written {
	f.mu.Lock()
	defer f.unlock()
	var out []Written
	effort := f.effort
	for _, m := range f.mounts {
		for _, rel := range slices.Sorted(maps.Keys(m.written)) {
			if !m.written[rel] {
				continue
			}
			file, info, e := f.openWritten(m, rel)
			if e != OK {
				continue
			}
			w := Written{Path: m.guestPath(rel), Size: info.Size()}
			if info.Size() <= hashBytes {
				sum := sha256.New()
				if n, err := io.Copy(sum, io.LimitReader(file, info.Size())); err == nil && n == info.Size() {
					w.SHA256 = hex.EncodeToString(sum.Sum(nil))
				}
				hashBytes -= info.Size()
			}
			file.Close()
			out = append(out, w)
		}
	}
	f.effort = effort
	slices.SortFunc(out, func(a, b Written) int { return cmp.Compare(a.Path, b.Path) })
	return out
}

func (f *FS) openWritten(m *mount, rel string) (*os.File, fs.FileInfo, Errno) {
	above, name := splitRel(rel)
	root, e := f.folder(m, above)
	if e != OK {
		return nil, nil, e
	}
	info, err := root.Lstat(name)
	if err != nil {
		return nil, nil, errnoOf(err)
	}
	if !info.Mode().IsRegular() {
		return nil, nil, EACCES
	}
	return sameFile(root, name, os.O_RDONLY, info)
}

// readHost reads a whole file for the host.
func (f *FS) readHost(s *spot) ([]byte, Errno) {
	at, e := f.place(s)
	switch {
	case e != OK:
		return nil, e
	case at.node == nil:
		return nil, ENOENT
	}
	file := (*os.File)(nil)
	if p := at.node.host.p; p != nil {
		file = p.file
	} else {
		file, _, e = f.openWritten(at.m, at.rel)
		if e != OK {
			return nil, e
		}
		defer file.Close()
	}
	info, err := file.Stat()
	if err != nil {
		return nil, errnoOf(err)
	}
	data := make([]byte, info.Size())
	n, err := file.ReadAt(data, 0)
	if err != nil && err != io.EOF {
		return nil, errnoOf(err)
	}
	return data[:n], OK
}
