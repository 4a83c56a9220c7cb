package vfs

import "math"

// File is an open file or folder with its position.
type File struct {
	fs    *FS
	node  *node  // nil after Close
	dir   *node  // where it was opened, for messages
	name  string //
	flags Flags
	pos   int64
	host  *handle // when it is in a mount of the host
}

// Kind is the type of what is open.
func (h *File) Kind() Kind {
	if h.node == nil {
		return KindUnknown
	}
	return h.node.kind
}

// Flags are those of Open, as SetFlags left them.
func (h *File) Flags() Flags { return h.flags }

// SetAppend turns on or off that every write goes to the end. What was opened to append in a mount of the host stays so (EPERM).
func (h *File) SetAppend(on bool) Errno {
	if h.host != nil && h.host.append && !on {
		return EPERM
	}
	h.flags &^= Append
	if on {
		h.flags |= Append
	}
	return OK
}

// Forbid takes away Read or Write.
func (h *File) Forbid(flags Flags) { h.flags &^= flags & (Read | Write) }

// Close ends the use of the file.
func (h *File) Close() Errno {
	h.fs.mu.Lock()
	defer h.fs.unlock()
	n := h.node
	if n == nil {
		return EBADF
	}
	h.node = nil
	if h.host != nil {
		return h.fs.closeHandle(h.host)
	}
	n.opens--
	h.fs.release(n)
	return OK
}

// Read reads at the position and moves it. 0 at the end.
func (h *File) Read(p []byte) (int, Errno) {
	n, e := h.ReadAt(p, h.pos)
	h.pos += int64(n)
	return n, e
}

// ReadAt reads at an offset.
func (h *File) ReadAt(p []byte, off int64) (int, Errno) {
	h.fs.mu.Lock()
	defer h.fs.unlock()
	switch {
	case h.node == nil:
		return 0, EBADF
	case h.node.kind == KindDirectory:
		return 0, EISDIR
	case h.flags&Read == 0:
		return 0, EBADF
	case off < 0:
		return 0, EINVAL
	case h.host != nil:
		return h.host.read(h.fs, p, off)
	case h.node.tree != nil:
		return h.fs.readTree(h.node, p, off)
	case h.node.kind == KindDevice:
		return 0, OK
	}
	return h.fs.read(h.node, p, off), OK
}

// Write writes at the position, or at the end with Append, and moves it. It writes everything or ends the run.
func (h *File) Write(p []byte) (int, Errno) {
	h.fs.mu.Lock()
	defer h.fs.unlock()
	if h.host != nil {
		if e := h.mayWrite(p, h.pos); e != OK {
			return 0, e
		}
		n, end, e := h.host.write(h.fs, p, h.pos, h.flags&Append != 0)
		h.pos = end
		return n, e
	}
	if h.node != nil && h.flags&Append != 0 {
		h.pos = h.node.data.size
	}
	n, e := h.writeAt(p, h.pos)
	if h.node != nil && h.node.kind != KindDevice {
		h.pos += int64(n)
	}
	return n, e
}

// WriteAt writes at an offset, whatever Append says.
func (h *File) WriteAt(p []byte, off int64) (int, Errno) {
	h.fs.mu.Lock()
	defer h.fs.unlock()
	return h.writeAt(p, off)
}

func (h *File) mayWrite(p []byte, off int64) Errno {
	switch {
	case h.node == nil:
		return EBADF
	case h.node.kind == KindDirectory:
		return EISDIR
	case h.flags&Write == 0:
		return EBADF
	case off < 0:
		return EINVAL
	case off > math.MaxInt64-chunkBytes-int64(len(p)):
		return EFBIG
	}
	return OK
}

func (h *File) writeAt(p []byte, off int64) (int, Errno) {
	if e := h.mayWrite(p, off); e != OK {
		return 0, e
	}
	if h.host != nil {
		if h.host.append {
			return 0, EPERM
		}
		n, _, e := h.host.write(h.fs, p, off, false)
		return n, e
	}
	if h.node.kind == KindDevice {
		return len(p), OK
	}
	h.fs.write(h.node, p, off, h.dir, h.name)
	return len(p), OK
}

// Whence says what an offset of SeekTo counts from, in WASI's numbers.
type Whence uint8

// Origins of SeekTo.
const (
	FromStart   Whence = 0
	FromCurrent Whence = 1
	FromEnd     Whence = 2
)

// SeekTo moves the position, also beyond the end, and returns it. That of a device is 0.
func (h *File) SeekTo(offset int64, whence Whence) (int64, Errno) {
	h.fs.mu.Lock()
	defer h.fs.unlock()
	if h.node == nil {
		return 0, EBADF
	}
	if h.node.kind == KindDirectory {
		// Going back to the start does nothing: a listing's position is the guest's own. Nothing else has a meaning.
		if offset != 0 || whence > FromCurrent {
			return 0, EINVAL
		}
		return 0, OK
	}
	base := int64(0)
	switch whence {
	case FromStart:
	case FromCurrent:
		base = h.pos
	case FromEnd:
		st, e := h.stat()
		if e != OK {
			return 0, e
		}
		base = st.Size
	default:
		return 0, EINVAL
	}
	if offset > 0 && base > math.MaxInt64-offset {
		return 0, EOVERFLOW
	}
	if base+offset < 0 {
		return 0, EINVAL
	}
	if h.node.kind == KindDevice {
		return 0, OK
	}
	h.pos = base + offset
	return h.pos, OK
}

// Stat describes the open inode.
func (h *File) Stat() (Stat, Errno) {
	h.fs.mu.Lock()
	defer h.fs.unlock()
	if h.node == nil {
		return Stat{}, EBADF
	}
	return h.stat()
}

func (h *File) stat() (Stat, Errno) {
	if h.host != nil {
		return h.fs.statHandle(h)
	}
	return h.fs.stat(h.node)
}

// Sync waits until the host has written to its disk what the file of a mount holds. There is nothing to wait for elsewhere.
func (h *File) Sync() Errno {
	h.fs.mu.Lock()
	defer h.fs.unlock()
	switch {
	case h.node == nil:
		return EBADF
	case h.host == nil || h.host.file == nil:
		return OK
	}
	h.fs.effort += 100 * systemCall
	if err := h.host.file.Sync(); err != nil {
		return h.host.fail(errnoOf(err))
	}
	return OK
}

// SetSize truncates or extends; what is new reads as zeros.
func (h *File) SetSize(size int64) Errno {
	h.fs.mu.Lock()
	defer h.fs.unlock()
	switch {
	case h.node == nil:
		return EBADF
	case h.node.kind == KindDirectory:
		return EISDIR
	case h.flags&Write == 0, h.node.kind == KindDevice:
		return EINVAL
	case size < 0:
		return EINVAL
	case size > math.MaxInt64-chunkBytes:
		return EFBIG
	}
	if h.host != nil {
		return h.host.setSize(h.fs, size)
	}
	h.fs.truncate(h.node, size, h.dir, h.name)
	h.fs.touch(h.node)
	return OK
}

// Allocate extends the file to hold length bytes at an offset; it never shortens it.
func (h *File) Allocate(offset, length int64) Errno {
	h.fs.mu.Lock()
	defer h.fs.unlock()
	switch {
	case h.node == nil, h.node.kind == KindDirectory, h.flags&Write == 0:
		return EBADF
	case offset < 0 || length <= 0, h.node.kind == KindDevice:
		return EINVAL
	case offset > math.MaxInt64-chunkBytes-length:
		return EFBIG
	}
	if h.host != nil {
		st, e := h.stat()
		if e == OK && offset+length > st.Size {
			e = h.host.setSize(h.fs, offset+length)
		}
		return e
	}
	if end := offset + length; end > h.node.data.size {
		h.fs.truncate(h.node, end, h.dir, h.name)
		h.fs.touch(h.node)
	}
	return OK
}

// SetTimes sets access and modification time in nanoseconds since 1970; nil leaves one as it is.
func (h *File) SetTimes(atime, mtime *int64) Errno {
	h.fs.mu.Lock()
	defer h.fs.unlock()
	if h.node == nil {
		return EBADF
	}
	if h.host != nil {
		return h.fs.setTimesHandle(h, atime, mtime)
	}
	return h.fs.setTimes(h.node, atime, mtime)
}

// DirEntry is an entry of a folder.
type DirEntry struct {
	Next uint64 // the cookie of what follows
	Ino  uint64
	Kind Kind
	Name string
}

// ReadDir calls yield with the entries from a cookie on (0 is the start), "." and ".." first, until yield returns false. The order is
// that of creation, in a mounted tree that of the names. Entries may come and go between two calls; a cookie stays good. yield
// must not use the FS.
func (h *File) ReadDir(cookie uint64, yield func(DirEntry) bool) Errno {
	h.fs.mu.Lock()
	defer h.fs.unlock()
	n := h.node
	if n == nil {
		return EBADF
	}
	if n.kind != KindDirectory {
		return ENOTDIR
	}
	if n.removed {
		return ENOENT
	}
	if cookie == 0 {
		cookie++
		if !yield(DirEntry{cookie, n.ino, KindDirectory, "."}) {
			return OK
		}
	}
	if cookie == 1 {
		cookie++
		if !yield(DirEntry{cookie, n.dir.parent.ino, KindDirectory, ".."}) {
			return OK
		}
	}
	if h.host != nil {
		return h.fs.readDirHost(h, cookie, yield)
	}
	if n.tree != nil {
		return h.fs.readDirTree(n, cookie, yield)
	}
	list := n.dir.list
	for i := n.dir.at(cookie); i < len(list); i++ {
		h.fs.effort++
		e := list[i]
		if !e.removed && !yield(DirEntry{e.seq + 1, e.ino, e.kind, e.name}) {
			break
		}
	}
	return OK
}
