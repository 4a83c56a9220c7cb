package vfs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	goruntime "runtime"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of host folders. Host descriptors of one FS never exceed 256: MaxHostFiles, MaxMounts, the folders of the path that is being
// walked, and a few of trees.
const (
	MaxMounts         = 32
	MaxHostFiles      = 192 // open files and listings of all mounts together; a file that is being replaced counts twice. One more is EMFILE
	MaxMountDepth     = 64  // folders below a mount; deeper is ENAMETOOLONG
	HandleBytes       = 1024
	DefaultMountQuota = 64 << 20
	maxMountWritten   = 10_000 // files that Written lists, of one mount
	walkedFolders     = 16
	// systemCall is what asking the host takes, in steps of Effort, and diskCall what changing a folder does: making, renaming or removing a file.
	systemCall = 50
	diskCall   = 10 * systemCall
)

// Access is what may be done below a mount, and what an operation needs.
type Access uint8

// Kinds of access. AccessWrite of a Mount includes the other two.
const (
	AccessRead   Access = 1 << iota // open for reading, list, stat, read a link
	AccessWrite                     // create, overwrite, truncate, rename, remove, make a folder, set times
	AccessAppend                    // open an existing or new file for writing at its end only
)

// String returns read, write or append.
func (a Access) String() string {
	switch a {
	case AccessRead:
		return "read"
	case AccessWrite:
		return "write"
	case AccessAppend:
		return "append"
	}
	return fmt.Sprintf("access %d", uint8(a))
}

// Mount is a folder or a file of the host that a guest may use while it changes. Name it by Host or by Root.
type Mount struct {
	// Host is the path of a folder or of one regular file. It is resolved once, symbolic links included; the FS holds it open until Close.
	Host string
	// Root is a folder that the caller has open and closes after the FS.
	Root *os.Root
	// Access is what the mount allows at most.
	Access Access
	// Quota is by how many bytes the mount may grow; a new file or folder takes InodeBytes, EntryBytes and its name beside its content, and what
	// is removed or replaced is given back as far as something was taken. One byte more is EDQUOT. Default: DefaultMountQuota.
	Quota int64
	// Authorize is asked before the host is touched, with a clean path of the guest's tree: once for what the guest named, and again for what
	// symbolic links made of it. An error is EACCES to the guest. It may panic with a *hostfuncs.Stop, and must not call the FS. Default: Access
	// alone decides.
	Authorize func(need Access, path string) error
}

// mount is a Mount in use. Paths below it are relative, with slashes, and "." for itself.
type mount struct {
	guest     string
	root      *os.Root
	owned     bool
	single    string // name of the only file, when it is one
	access    Access
	quota     int64
	used      int64
	authorize func(Access, string) error
	salt      uint64              // of inode numbers
	pending   map[string]*pending // files that are being written, by path
	over      map[string]*node    // mounts inside this one, by path
	written   map[string]bool     // paths opened for writing; true when something was
}

// hostNode is what a node of a mount knows besides. All nodes but a mount's own are made anew by each walk.
type hostNode struct {
	m    *mount
	path string
	info fs.FileInfo // as the walk found it; nil for a mount and for a pending file
	p    *pending
}

// MountHost shows a folder or file of the host, live. Missing folders above it are made; a mount inside another one needs the folder above
// it to exist there, so mount outer ones first.
//
// What a guest reaches. Only regular files, folders, and symbolic links that stay inside: an absolute link, one that leaves, a device, a pipe
// and a socket are EACCES. Each operation starts from the mount's open root (os.Root) and opens folder by folder, none of which may be a
// link, so that no change on the host leads elsewhere; a guest makes no links here, symbolic (EPERM) or hard (EPERM, EXDEV). Hard links that
// exist are the owner's: writing in place through one changes the file wherever else it is named. Names with a backslash are EINVAL; a name
// that the host only takes for a differently written one (upper and lower case, normalisation, trailing dots) is EACCES, since a decision
// about one path must not open another. New files get mode 0666 less the umask, or that of the file they replace less its executable bits.
//
// Writing. A file that is created or truncated is written beside its place under a name that starts with .wand-, and renamed over it when the
// guest closes it: no reader on the host sees half of it, and a run that is stopped leaves what was there before (see Commit, Close). The guest
// itself sees its new content at once. When a write fails, for the quota or the disk, closing fails too and the old content stays. What is opened
// to change in part or to append is changed in place, as the program asked; so is a new file that is opened to append. It is durable when
// the guest syncs it, not before. A process that is killed can leave a .wand- file behind; guests never see those.
//
// What is opened to append, whoever allows more, is only ever appended to: no write at an offset, no truncation, no reading unless it was opened
// for both.
//
// A call to the host's filesystem cannot be taken back: one that never answers (a dead network share) holds the run beyond its deadline. Do not mount
// such a folder. Pipes and devices, which block by design, are not opened.
func (f *FS) MountHost(path string, m Mount) error {
	mounted, err := m.open()
	if err != nil {
		return fmt.Errorf("mounting %s: %w", path, err)
	}
	err = f.mountAt(path, mounted)
	if err != nil && mounted.owned {
		mounted.root.Close()
	}
	return err
}

// mountAt enters a mount into the tree.
func (f *FS) mountAt(path string, mounted *mount) error {
	return f.host("mount", path, func() Errno {
		if f.closed {
			return EBADF
		}
		if len(f.mounts) == MaxMounts {
			return EMFILE
		}
		s, e := f.vacant(strings.TrimRight(path, "/"))
		if e != OK {
			return e
		}
		kind := KindDirectory
		if mounted.single != "" {
			kind = KindFile
		}
		n := f.newNode(kind, f.now())
		n.mount, n.readOnly = true, true
		n.host = &hostNode{m: mounted, path: "."}
		if kind == KindDirectory {
			n.dir = &directory{}
		} else {
			n.host.path = mounted.single
		}
		mounted.guest, mounted.salt = f.path(s.dir, s.name), uint64(len(f.mounts)+1)
		if s.dir.host != nil {
			if n.dir != nil {
				n.dir.parent, n.dir.name = s.dir, s.name
			}
			s.dir.host.m.over[join(s.dir.host.path, s.name)] = n
		} else {
			f.enter(&s, n)
		}
		f.mounts = append(f.mounts, mounted)
		return OK
	})
}

func (m Mount) open() (*mount, error) {
	out := &mount{root: m.Root, access: m.Access, quota: m.Quota, authorize: m.Authorize,
		pending: map[string]*pending{}, over: map[string]*node{}, written: map[string]bool{}}
	if out.access&AccessWrite != 0 {
		out.access |= AccessRead | AccessAppend
	}
	if out.quota <= 0 {
		out.quota = DefaultMountQuota
	}
	switch {
	case out.access == 0:
		return nil, errors.New("it grants nothing: set Access")
	case (m.Root == nil) == (m.Host == ""):
		return nil, errors.New("set one of Host and Root")
	case m.Root != nil:
		return out, nil
	}
	real, err := filepath.EvalSymlinks(m.Host)
	if err != nil {
		return nil, err
	}
	info, err := os.Lstat(real)
	if err != nil {
		return nil, err
	}
	out.owned = true
	switch {
	case info.IsDir():
	case info.Mode().IsRegular():
		real, out.single = filepath.Split(real)
		if real == "" {
			real = "."
		}
	default:
		return nil, fmt.Errorf("%s is neither a folder nor a regular file", m.Host)
	}
	out.root, err = os.OpenRoot(real)
	return out, err
}

// guestPath is where a path of the mount is in the guest's tree. It stays the same when a guest moves a folder that the mount is in.
func (m *mount) guestPath(rel string) string {
	if rel == "." || m.single != "" {
		return m.guest
	}
	return m.guest + "/" + rel
}

// ask says whether the mount and its owner allow something. need has one bit or more.
func (f *FS) ask(m *mount, need Access, rel string) Errno {
	f.usedHost = true
	for _, a := range [...]Access{AccessRead, AccessWrite, AccessAppend} {
		if need&a == 0 {
			continue
		}
		if m.authorize != nil && m.authorize(a, m.guestPath(rel)) != nil || m.access&a == 0 {
			return EACCES
		}
	}
	return OK
}

// askRest asks about what the rest of a path names below cur when no link intervenes, and says whether it has ".." in it. Where it leaves the mount or
// enters another one, nobody is asked here.
func (f *FS) askRest(cur *node, rest string, pending []detour, need Access) (dots bool, e Errno) {
	m := cur.host.m
	var clean []string
	if cur.host.path != "." {
		clean = strings.Split(cur.host.path, "/")
	}
	outside := false
	for i := len(pending); ; i-- {
		f.effort += int64(len(rest) >> 4)
		for name := range strings.SplitSeq(rest, "/") {
			switch {
			case name == "" || name == ".":
			case name != "..":
				clean = append(clean, name)
			case len(clean) == 0:
				dots, outside = true, true
			default:
				dots = true
				clean = clean[:len(clean)-1]
			}
		}
		if i == 0 {
			break
		}
		rest = pending[i-1].rest
	}
	rel := "."
	if len(clean) > 0 {
		rel = strings.Join(clean, "/")
	}
	if outside || m.inOther(rel) {
		return dots, OK
	}
	return dots, f.ask(m, need, rel)
}

// inOther says whether a path belongs to a mount inside this one.
func (m *mount) inOther(rel string) bool {
	for at := range m.over {
		if within(at, rel) {
			return true
		}
	}
	return false
}

// holds says whether there is a mount, or with files a pending file, at or below a path.
func (m *mount) holds(rel string, files bool) bool {
	for at := range m.over {
		if within(rel, at) {
			return true
		}
	}
	if files {
		for at := range m.pending {
			if within(rel, at) {
				return true
			}
		}
	}
	return false
}

// within says whether a path is at or below another one.
func within(above, rel string) bool {
	return above == "." || rel == above || len(rel) > len(above) && rel[len(above)] == '/' && rel[:len(above)] == above
}

// lookupHost finds a name in a folder of a mount.
func (f *FS) lookupHost(dir *node, name string) (*node, Errno) {
	m := dir.host.m
	f.usedHost = true
	rel := join(dir.host.path, name)
	if over := m.over[rel]; over != nil {
		return over, OK
	}
	if e := checkHostName(name); e != OK {
		return nil, e
	}
	if strings.Count(rel, "/") >= MaxMountDepth || !f.fits(dir, name, nil) {
		return nil, ENAMETOOLONG
	}
	if reserved(name) {
		return nil, OK
	}
	if p := m.pending[rel]; p != nil {
		return f.hostNode(m, rel, nil, p), OK
	}
	root, e := f.folder(m, dir.host.path)
	if e != OK {
		return nil, e
	}
	info, e := f.entry(root, name)
	if info == nil || e != OK {
		return nil, e
	}
	n := f.hostNode(m, rel, info, nil)
	switch n.kind {
	case KindUnknown:
		return nil, EACCES
	case KindDirectory:
		n.dir = &directory{parent: dir, name: name}
	case KindLink:
		f.effort += systemCall
		target, err := root.Readlink(name)
		if err != nil {
			return nil, errnoOf(err)
		}
		if staysInside(dir.host.path, target) {
			n.target = target
		}
	}
	return n, OK
}

// entry describes what has exactly this name in a folder; nil when there is nothing.
func (f *FS) entry(root *os.Root, name string) (fs.FileInfo, Errno) {
	f.effort += systemCall
	info, err := root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, OK
	}
	if err != nil {
		return nil, errnoOf(err)
	}
	return info, f.exactName(root, name, info)
}

// exactName refuses a name that is not spelled as the folder has it. On systems that tell case apart one more call says so, for most names.
func (f *FS) exactName(root *os.Root, name string, info fs.FileInfo) Errno {
	if !folds && !oddName(name) {
		other := strings.Map(swapCase, name)
		if other == name {
			return OK
		}
		f.effort += systemCall
		twin, err := root.Lstat(other)
		if err != nil || !os.SameFile(info, twin) {
			return OK
		}
	}
	f.effort += systemCall
	folder, err := root.OpenFile(".", os.O_RDONLY|openFlags, 0)
	if err != nil {
		return errnoOf(err)
	}
	defer folder.Close()
	for {
		names, err := folder.Readdirnames(1024)
		f.effort += int64(len(names)) * 8
		for _, n := range names {
			if n == name {
				return OK
			}
		}
		if err != nil || len(names) == 0 {
			return EACCES
		}
	}
}

// folds says that the host's filesystems usually take differently written names for the same one.
const folds = goruntime.GOOS == "windows" || goruntime.GOOS == "darwin" || goruntime.GOOS == "ios"

// oddName says that some filesystem may know a file by this name that has another one: by a short name, a stream, without its last dots, in
// another normalisation. Where letters have two cases, swapCase tells.
func oddName(name string) bool {
	if strings.ContainsAny(name, "~:") || strings.HasSuffix(name, ".") || strings.HasSuffix(name, " ") {
		return true
	}
	ascii, cased := true, false
	for _, r := range name {
		ascii = ascii && r < utf8.RuneSelf
		cased = cased || swapCase(r) != r
	}
	return !ascii && !cased
}

func swapCase(r rune) rune {
	if u := unicode.ToUpper(r); u != r {
		return u
	}
	return unicode.ToLower(r)
}

func (f *FS) hostNode(m *mount, rel string, info fs.FileInfo, p *pending) *node {
	n := &node{attributes: attributes{kind: KindFile, readOnly: true}, host: &hostNode{m: m, path: rel, info: info, p: p}}
	// Not the host's: a number that says nothing but that two paths differ.
	sum := uint64(14695981039346656037) ^ m.salt
	for i := range len(rel) {
		sum = (sum ^ uint64(rel[i])) * 1099511628211
	}
	n.ino = 1<<62 | sum>>2
	if info != nil {
		n.kind = kindOf(info.Mode())
	}
	return n
}

func kindOf(mode fs.FileMode) Kind {
	switch {
	case mode.IsDir():
		return KindDirectory
	case mode.IsRegular():
		return KindFile
	case mode.Type() == fs.ModeSymlink:
		return KindLink
	}
	return KindUnknown
}

// fresh describes the file of a mount of one file as it is now; nil when there is none.
func (f *FS) fresh(n *node) (*node, Errno) {
	m := n.host.m
	f.usedHost = true
	if p := m.pending[m.single]; p != nil {
		return f.hostNode(m, m.single, nil, p), OK
	}
	root, e := f.folder(m, ".")
	if e != OK {
		return nil, e
	}
	f.effort += systemCall
	info, err := root.Lstat(m.single)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, OK
	case err != nil:
		return nil, errnoOf(err)
	case !info.Mode().IsRegular():
		return nil, EACCES
	}
	return f.hostNode(m, m.single, info, nil), OK
}

// openFolder is a folder that the present operation has open.
type openFolder struct {
	m    *mount
	rel  string
	root *os.Root
}

// folder opens a folder of a mount for the present operation; unlock closes it. Every component must be a folder, not a link to one: what was
// described and what was opened are compared, so that nobody puts a link in between.
func (f *FS) folder(m *mount, rel string) (*os.Root, Errno) {
	f.usedHost = true
	if m.root == nil {
		return nil, EBADF
	}
	if rel == "." {
		return m.root, OK
	}
	for _, o := range f.folders {
		if o.m == m && o.rel == rel {
			return o.root, OK
		}
	}
	above, name := splitRel(rel)
	parent, e := f.folder(m, above)
	if e != OK {
		return nil, e
	}
	f.effort += 4 * systemCall
	info, err := parent.Lstat(name)
	switch {
	case err != nil:
		return nil, errnoOf(err)
	case kindOf(info.Mode()) == KindLink:
		return nil, EACCES
	case !info.IsDir():
		return nil, ENOTDIR
	}
	// With the dot the name is opened as a folder or not at all: a pipe in its place would block.
	root, err := parent.OpenRoot(name + "/.")
	if err != nil {
		return nil, errnoOf(err)
	}
	opened, err := root.Stat(".")
	if err != nil || !os.SameFile(info, opened) {
		root.Close()
		return nil, ENOENT
	}
	for i := 0; len(f.folders) >= walkedFolders; i++ {
		if f.folders[i].root != f.pinned {
			f.folders[i].root.Close()
			f.folders = append(f.folders[:i], f.folders[i+1:]...)
			break
		}
	}
	f.folders = append(f.folders, openFolder{m, rel, root})
	return root, OK
}

// unlock ends an operation.
func (f *FS) unlock() {
	for _, o := range f.folders {
		o.root.Close()
	}
	f.folders, f.pinned = f.folders[:0], nil
	f.mu.Unlock()
}

// checkHostName refuses names that mean something else to some host.
func checkHostName(name string) Errno {
	if strings.ContainsRune(name, '\\') {
		return EINVAL
	}
	if goruntime.GOOS == "windows" && (strings.ContainsAny(name, `:*?"<>|`) || strings.HasSuffix(name, ".") || strings.HasSuffix(name, " ") || !filepath.IsLocal(name)) {
		return EINVAL
	}
	return OK
}

// Names of files that are not in their place yet.
const reservedPrefix, reservedSuffix = ".wand-", ".tmp"

// reserved says whether a name is one of those, in any case. Guests neither see nor make them.
func reserved(name string) bool {
	return len(name) > len(reservedPrefix)+len(reservedSuffix) && strings.EqualFold(name[:len(reservedPrefix)], reservedPrefix) &&
		strings.EqualFold(name[len(name)-len(reservedSuffix):], reservedSuffix)
}

// staysInside says whether a link's target, taken from a folder, is a relative path that does not climb out of the mount.
func staysInside(folder, target string) bool {
	if target == "" || target[0] == '/' || checkPath(target) != OK || strings.ContainsRune(target, '\\') || filepath.IsAbs(target) || filepath.VolumeName(target) != "" {
		return false
	}
	depth := 0
	if folder != "." {
		depth = 1 + strings.Count(folder, "/")
	}
	for name := range strings.SplitSeq(target, "/") {
		switch name {
		case "", ".":
		case "..":
			if depth--; depth < 0 {
				return false
			}
		default:
			depth++
		}
	}
	return true
}

func join(folder, name string) string {
	if folder == "." {
		return name
	}
	return folder + "/" + name
}

// splitRel parts a path below a mount, which is not ".", into folder and name.
func splitRel(rel string) (folder, name string) {
	if i := strings.LastIndexByte(rel, '/'); i >= 0 {
		return rel[:i], rel[i+1:]
	}
	return ".", rel
}
