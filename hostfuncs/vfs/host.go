package vfs

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"iter"
	"strings"
	"sync"
	"time"

	"wand/hostfuncs"
)

// Errors of the host's methods are *fs.PathError with an Errno, or the *hostfuncs.Stop of a limit. A path that does not begin with a slash counts
// from /work.

// Data is content that any number of files in any number of FS show without a copy.
type Data struct {
	bytes []byte
	once  sync.Once
	sum   string
}

// NewData returns a Data of bytes that nobody changes any more.
func NewData(bytes []byte) *Data { return &Data{bytes: bytes} }

// Digest is the SHA-256 of the content, in hexadecimal. It is computed once.
func (d *Data) Digest() string {
	d.once.Do(func() {
		sum := sha256.Sum256(d.bytes)
		d.sum = hex.EncodeToString(sum[:])
	})
	return d.sum
}

// MountFile shows data, which is shared and never changed, as a read-only file. Missing folders above it are made. A zero modTime is now.
func (f *FS) MountFile(path string, data []byte, modTime time.Time) error {
	return f.MountData(path, NewData(data), modTime)
}

// MountData is MountFile for what is mounted more than once: a snapshot needs the digest, which is then computed once.
func (f *FS) MountData(path string, data *Data, modTime time.Time) error {
	return f.host("mount", path, func() Errno {
		s, e := f.vacant(path)
		if e != OK {
			return e
		}
		when := f.now()
		if !modTime.IsZero() {
			when = modTime.UnixNano()
		}
		n := f.newNode(KindFile, when)
		n.readOnly, n.mount = true, true
		n.data, n.target = content{size: int64(len(data.bytes)), fixed: data}, absolute(path)
		f.enter(&s, n)
		return OK
	})
}

// MountTree shows a tree as a read-only folder. Missing folders above it are made. It reads nothing yet.
func (f *FS) MountTree(path string, tree *Tree) error {
	return f.host("mount", path, func() Errno {
		s, e := f.vacant(path)
		if e != OK {
			return e
		}
		f.lastIno++
		n := f.treeNode(tree, tree.root, f.lastIno)
		n.mount, n.target = true, absolute(path)
		f.enter(&s, n)
		return OK
	})
}

// MkdirAll makes a folder and those above it. Below /work and /tmp the guest may write to them, elsewhere only read.
func (f *FS) MkdirAll(path string) error {
	return f.host("mkdir", path, func() Errno {
		_, e := f.mkdirAll(path)
		return e
	})
}

// WriteFile makes or replaces a file, and the folders above it. Below /work and /tmp the guest may change it, elsewhere only
// read it. It counts against the storage limit.
func (f *FS) WriteFile(path string, data []byte) error {
	return f.host("write", path, func() Errno {
		dir, name := split(path)
		d, e := f.mkdirAll(dir)
		if e != OK {
			return e
		}
		s, e := f.walk(d, name, followLast, 0)
		switch {
		case e != OK:
			return e
		case s.host(), s.node == nil && s.dir.tree != nil:
			return EROFS
		case s.node == nil:
			if !f.fits(s.dir, s.name, nil) {
				return ENAMETOOLONG
			}
			f.accountInode(0, s.dir, s.name)
			s.node = f.newNode(KindFile, f.now())
			s.node.readOnly = s.dir.readOnly
			f.enter(&s, s.node)
		case s.node.kind == KindDirectory:
			return EISDIR
		case s.node.kind != KindFile, s.node.mount || s.node.tree != nil:
			return EROFS
		}
		f.truncate(s.node, 0, s.dir, s.name)
		f.write(s.node, data, 0, s.dir, s.name)
		f.touch(s.node)
		return OK
	})
}

// ReadFile returns a copy of a file's content.
func (f *FS) ReadFile(path string) ([]byte, error) {
	var data []byte
	err := f.host("read", path, func() Errno {
		s, e := f.find(nil, absolute(path), true, 0)
		if e != OK {
			return e
		}
		if s.node.kind != KindFile {
			return EISDIR
		}
		if s.host() {
			data, e = f.readHost(&s)
			return e
		}
		st, e := f.stat(s.node)
		if e != OK {
			return e
		}
		data = make([]byte, st.Size)
		n := 0
		if s.node.tree != nil {
			n, e = f.readTree(s.node, data, 0)
		} else {
			n = f.read(s.node, data, 0)
		}
		data = data[:n]
		return e
	})
	if err != nil {
		return nil, err
	}
	return data, nil
}

// Mark is a moment in the life of an FS, for Changed.
type Mark uint64

// Mark returns the present moment.
func (f *FS) Mark() Mark {
	f.mu.Lock()
	defer f.mu.Unlock()
	return Mark(f.generation)
}

// Entry is one thing in an FS.
type Entry struct {
	Path    string // from "/"
	Kind    Kind
	Size    int64  // bytes
	Target  string // of a symbolic link
	ModTime time.Time
	fs      *FS
	node    *node
}

// WriteTo writes the content of a file as it is now.
func (e Entry) WriteTo(w io.Writer) (int64, error) {
	var total int64
	buffer := make([]byte, min(max(e.Size, smallestChunk), chunkBytes))
	for e.Kind == KindFile {
		e.fs.mu.Lock()
		effort := e.fs.effort
		n := e.fs.read(e.node, buffer, total)
		e.fs.effort = effort
		e.fs.mu.Unlock()
		if n == 0 {
			break
		}
		written, err := w.Write(buffer[:n])
		total += int64(written)
		if err != nil {
			return total, err
		}
	}
	return total, nil
}

// Walk lists everything that is not mounted, in the order of creation, folders before what is in them.
func (f *FS) Walk() iter.Seq[Entry] { return f.changed(nil) }

// Changed lists what was made, written to or moved since a mark: files, links and folders. Everything in a folder that was moved
// counts. What was only removed is not there to be listed.
func (f *FS) Changed(since Mark) iter.Seq[Entry] { return f.changed(&since) }

func (f *FS) changed(since *Mark) iter.Seq[Entry] {
	return func(yield func(Entry) bool) {
		type folder struct {
			node *node
			path string
			all  bool
		}
		// One folder is copied at a time, so that yield may use the FS.
		stack := []folder{{f.root, "", since == nil}}
		for len(stack) > 0 {
			d := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			f.mu.Lock()
			found := make([]entry, 0, d.node.dir.live)
			for _, e := range d.node.dir.list {
				switch {
				case e.removed:
				case e.node == nil && !d.all && e.changed <= uint64(*since) && f.baseGeneration <= uint64(*since) && f.live[e.key] == nil:
					// Nobody has looked at it in this FS, and what it came from was made before the mark.
				default:
					f.child(d.node, e)
					found = append(found, *e)
				}
			}
			f.mu.Unlock()
			first := len(stack)
			for _, e := range found {
				n := e.node
				if n.tree != nil || n.mount {
					continue
				}
				path := d.path + "/" + e.name
				isNew := d.all || e.changed > uint64(*since)
				if isNew || n.changed > uint64(*since) {
					out := Entry{Path: path, Kind: n.kind, Size: n.data.size + int64(len(n.target)), Target: n.target, ModTime: time.Unix(0, n.mtime), fs: f, node: n}
					if !yield(out) {
						return
					}
				}
				if n.kind == KindDirectory {
					stack = append(stack, folder{n, path, isNew})
				}
			}
			for i, j := first, len(stack)-1; i < j; i, j = i+1, j-1 {
				stack[i], stack[j] = stack[j], stack[i]
			}
		}
	}
}

// host runs a method of the host: locked, and with a limit as an error.
func (f *FS) host(op, path string, do func() Errno) (err error) {
	f.mu.Lock()
	defer f.unlock()
	effort := f.effort
	defer func() {
		f.effort = effort // the guest does not pay for the host's own work
		if r := recover(); r != nil {
			stop, ok := r.(*hostfuncs.Stop)
			if !ok {
				panic(r)
			}
			err = &fs.PathError{Op: op, Path: path, Err: stop}
		}
	}()
	return pathError(op, path, do())
}

// vacant is a place for a mount.
func (f *FS) vacant(path string) (spot, Errno) {
	dir, name := split(path)
	d, e := f.mkdirAll(dir)
	if e != OK {
		return spot{}, e
	}
	s, e := f.walk(d, name, keepLast, 0)
	switch {
	case e != OK:
		return s, e
	case s.node != nil && (s.node.host == nil || s.node.mount):
		return s, EEXIST
	case d.tree != nil:
		return s, EROFS
	case !f.fits(s.dir, s.name, nil):
		return s, ENAMETOOLONG
	}
	return s, OK
}

func (f *FS) mkdirAll(path string) (*node, Errno) {
	if len(path) > PathBytes {
		return nil, ENAMETOOLONG
	}
	cur := f.root
	for name := range strings.SplitSeq(absolute(path), "/") {
		if name == "" {
			continue
		}
		s, e := f.walk(cur, name, followLast, 0)
		if e != OK {
			return nil, e
		}
		switch {
		case s.node == nil && s.dir.tree != nil:
			return nil, EROFS
		case s.node == nil && s.host():
			return nil, ENOENT
		case s.node == nil && !f.fits(s.dir, s.name, nil):
			return nil, ENAMETOOLONG
		case s.node == nil:
			s.node = f.mkdir(&s)
			s.node.readOnly = s.dir.readOnly
		case s.node.kind != KindDirectory:
			return nil, ENOTDIR
		}
		cur = s.node
	}
	return cur, OK
}

func absolute(path string) string {
	if strings.HasPrefix(path, "/") {
		return path
	}
	return "/work/" + path
}

// split parts a path into a folder and a name.
func split(path string) (dir, name string) {
	path = absolute(path)
	i := strings.LastIndexByte(path, '/')
	return path[:i+1], path[i+1:]
}
