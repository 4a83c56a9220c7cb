// Package vfs is a run's filesystem. It lives in host memory, belongs to one run, and is thrown away with it: nothing that a
// guest writes reaches the host's disk, but for what goes to a folder that was granted (MountHost). The wasi package turns a guest's calls into the methods of FS and File; the runtime
// makes one FS per run, mounts what the guest may read, puts input files in, and lists afterwards what changed. It imports
// only hostfuncs, for the Stop that ends a run at its storage limit.
//
// The tree starts with "/", read-only, the two writable folders /work and /tmp, and /dev/null, which swallows what is written and reads as empty. Read-only content is mounted, not copied:
// a file is a []byte that every run may share, a folder is a Tree that every run may share. Folders of the host that a policy grants are live
// mounts, which a guest may also write to within their own quota; mount.go says what holds for them.
//
// Limits. Every inode costs InodeBytes, every directory entry EntryBytes and its name, every symbolic link its target, and
// every file its length, holes included. When the sum would pass Options.MaxBytes the run ends: the method panics with a
// *hostfuncs.Stop, which a guest cannot catch. So a flood of bytes, of empty files and of long names all end at one number. Path
// lengths, name lengths, link loops and open files are ordinary errors instead, as on any system.
//
// Differences from Linux, on purpose: a path counted from "/" never exceeds PathBytes, even when it was made step by step through
// open folders; reading does not change access times; a folder's link count is 1.
package vfs

import (
	"io/fs"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"

	"wand/hostfuncs"
)

// Limits of names, and what each thing costs against the storage limit and the run's memory, in bytes.
const (
	NameBytes    = 255  // longest name
	PathBytes    = 4096 // longest path, from "/"
	MaxLinks     = 40   // symbolic links followed in one path
	InodeBytes   = 384  // a file, folder or link
	EntryBytes   = 128  // an entry of a folder, beside its name
	DefaultBytes = 64 << 20
	DefaultFiles = 100_000
)

// Options of an FS. The zero value is usable.
type Options struct {
	// MaxBytes is the storage limit in bytes; what counts is in the package comment. Default: DefaultBytes.
	MaxBytes int64
	// MaxFiles bounds files, folders and links. Default: DefaultFiles.
	MaxFiles int64
	// Charge hears of every change of the host memory that the FS holds, in bytes, before it is allocated or after it was
	// given back. It may panic with a *hostfuncs.Stop. It must not call the FS. Default: nobody is told.
	Charge func(delta int64)
	// Now gives the times of files. Default: time.Now.
	Now func() time.Time
}

// FS is one run's filesystem. One guest uses it at a time; the host's methods may be called from other goroutines.
type FS struct {
	mu       sync.Mutex
	maxBytes int64
	maxFiles int64
	charge   func(int64)
	clock    func() time.Time

	root *node

	// What clones share; see clone.go.
	base           table
	baseGeneration uint64             // what generation was when base was made
	live           map[uint64]*node   // those that came from base, by key
	dirty          []*node            // those that are not as base says
	deleted        []uint64           // keys in base of which nothing is left
	orphans        map[*node]struct{} // removed but open
	scratch        int64              // bytes of held that a clone holds too
	kept           int64              // bytes of held that only base still has

	lastIno    uint64
	generation uint64 // grows with every change; Mark returns it
	used       int64  // bytes against maxBytes
	peak       int64
	files      int64 // against maxFiles
	held       int64 // bytes of host memory told to charge
	effort     int64 // see Effort
	open       []hostFile

	mounts    []*mount
	folders   []openFolder // of mounts, for the length of one operation
	pinned    *os.Root     // one of them that must stay open
	handles   map[*handle]struct{}
	hostFiles int // against MaxHostFiles
	usedHost  bool
	closed    bool
}

// New returns an FS with "/", "/work", "/tmp" and "/dev/null". It costs about a microsecond.
func New(o Options) *FS {
	f := o.empty()
	now := f.now()
	f.root = f.newNode(KindDirectory, now)
	f.root.readOnly = true
	f.root.links = 1 // no entry leads to it, and it never goes
	f.root.dir = &directory{parent: f.root}
	f.mark(f.root)
	for _, name := range [...]string{"work", "tmp", "dev"} {
		n := f.newNode(KindDirectory, now)
		n.dir = &directory{}
		n.readOnly = name == "dev"
		f.link(f.root, name, n)
		if n.readOnly {
			null := f.newNode(KindDevice, now)
			null.readOnly = true // in all but being written to
			f.link(n, "null", null)
		}
	}
	return f
}

// empty returns an FS without a root.
func (o Options) empty() *FS {
	f := &FS{maxBytes: o.MaxBytes, maxFiles: o.MaxFiles, charge: o.Charge, clock: o.Now}
	if f.maxBytes <= 0 {
		f.maxBytes = DefaultBytes
	}
	if f.maxFiles <= 0 {
		f.maxFiles = DefaultFiles
	}
	if f.clock == nil {
		f.clock = time.Now
	}
	return f
}

// Usage is what an FS holds.
type Usage struct {
	StorageBytes     int64 // against Options.MaxBytes
	PeakStorageBytes int64
	Files            int64 // against Options.MaxFiles
	MemoryBytes      int64 // host memory told to Options.Charge
}

// Usage returns what the FS holds now.
func (f *FS) Usage() Usage {
	f.mu.Lock()
	defer f.mu.Unlock()
	return Usage{StorageBytes: f.used, PeakStorageBytes: f.peak, Files: f.files, MemoryBytes: f.held}
}

// Effort returns how many steps (path components, directory entries, chunks of 64 KiB) the FS has taken since the last call.
// Whoever meters the guest charges for them, since a short path can lead through many links.
func (f *FS) Effort() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := f.effort
	f.effort = 0
	return n
}

// Close closes what the FS has open on the host. Mounted folders of the host come to their end: files that are not in their place yet (see
// MountHost) are dropped. The rest stays readable, mounted trees included, which are opened again when needed.
func (f *FS) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, h := range f.open {
		h.close()
	}
	f.open = nil
	f.closeMounts()
	return nil
}

// Discard is Close for an FS that nobody uses any more: Charge is told that all its memory is given back.
func (f *FS) Discard() {
	f.Close()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hold(-f.held)
}

func (f *FS) now() int64 { return f.clock().UnixNano() }

// hold tells the runtime of host memory. A positive delta comes before the allocation, because telling may end the run.
func (f *FS) hold(delta int64) {
	if delta == 0 {
		return
	}
	if f.charge != nil {
		f.charge(delta)
	}
	f.held += delta
}

// take counts bytes against the storage limit, and ends the run when they are too many.
func (f *FS) take(delta int64, dir *node, name string) {
	if delta > 0 && delta > f.maxBytes-f.used {
		used := f.maxBytes
		if sum := f.used + delta; sum > used {
			used = sum
		} // otherwise the sum overflowed
		panic(&hostfuncs.Stop{Kind: hostfuncs.KindStorage, Used: used, Limit: f.maxBytes, Detail: "writing " + f.describe(dir, name)})
	}
	f.used += delta
	if f.used > f.peak {
		f.peak = f.used
	}
}

// store tells of memory of the tree itself, which a clone will hold too.
func (f *FS) store(delta int64) {
	f.hold(delta)
	f.scratch += delta
}

// letGo is told that the tree has no use for memory any more. What base has stays, and stays counted, until the next Clone.
func (f *FS) letGo(n int64, stored bool) {
	if stored {
		f.scratch -= n
		f.kept += n
		return
	}
	f.store(-n)
}

// account counts something that costs as much memory as storage.
func (f *FS) account(delta int64, dir *node, name string) {
	f.take(delta, dir, name)
	f.store(delta)
}

// accountInode is called before a new inode is made for an entry.
func (f *FS) accountInode(extra int64, dir *node, name string) {
	if f.files >= f.maxFiles {
		panic(&hostfuncs.Stop{Kind: hostfuncs.KindStorage, Used: f.files + 1, Limit: f.maxFiles,
			Detail: "number of files, creating " + f.describe(dir, name)})
	}
	f.account(InodeBytes+entryCost(name)+extra, dir, name)
	f.files++
}

func entryCost(name string) int64 { return EntryBytes + int64(len(name)) }

// describe is a guest path for a message: one line, of bounded length, printable.
func (f *FS) describe(dir *node, name string) string {
	if dir == nil {
		return "a file"
	}
	p := f.path(dir, name)
	const most = 200
	if len(p) > most {
		p = "..." + strings.ToValidUTF8(p[len(p)-most:], "")
	}
	if strings.ContainsFunc(p, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(p)
	}
	return p
}

// path is where name in dir is, counted from "/".
func (f *FS) path(dir *node, name string) string {
	parts := make([]string, 0, 16)
	if name != "" {
		parts = append(parts, name)
	}
	for d := dir; d != f.root && d != nil; d = d.dir.parent {
		parts = append(parts, d.dir.name)
	}
	var b strings.Builder
	for i := len(parts) - 1; i >= 0; i-- {
		b.WriteByte('/')
		b.WriteString(parts[i])
	}
	if b.Len() == 0 {
		return "/"
	}
	return b.String()
}

func pathError(op, path string, e Errno) error {
	if e == OK {
		return nil
	}
	return &fs.PathError{Op: op, Path: path, Err: e}
}
