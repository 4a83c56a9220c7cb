package vfs

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	goruntime "runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"wand/hostfuncs"
)

// stopOf returns the Stop that do ends with.
func stopOf(t testing.TB, do func()) (stop *hostfuncs.Stop) {
	t.Helper()
	defer func() {
		if r := recover(); r != nil {
			var ok bool
			if stop, ok = r.(*hostfuncs.Stop); !ok {
				panic(r)
			}
		}
	}()
	do()
	return nil
}

// put writes a file as a guest does.
func put(t testing.TB, f *FS, path, text string) {
	t.Helper()
	h, e := f.Open(nil, path, Create|Truncate|Write)
	if e != OK {
		t.Fatalf("open %s: %v", path, e)
	}
	if n, e := h.Write([]byte(text)); n != len(text) || e != OK {
		t.Fatalf("write %s: %d, %v", path, n, e)
	}
	if e := h.Close(); e != OK {
		t.Fatalf("close %s: %v", path, e)
	}
}

func want(t testing.TB, what string, got, want Errno) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// verify counts again what an FS holds and compares.
func verify(t testing.TB, f *FS) {
	t.Helper()
	var used, held, files int64
	seen := map[*node]bool{}
	var count func(d *node, path int) int
	count = func(d *node, path int) int {
		below, live := 0, 0
		for _, e := range d.dir.list {
			if e.removed {
				continue
			}
			live++
			n := f.child(d, e)
			if e.ino != n.ino || e.kind != n.kind || e.key != n.key() {
				t.Fatalf("the entry of %s says %d, %d, and its node %d, %d", e.name, e.ino, e.kind, n.ino, n.kind)
			}
			if d.dir.byName[e.name] != e {
				t.Fatalf("%s is in the list but not in the map", e.name)
			}
			length := 1 + len(e.name)
			if path+length > PathBytes {
				t.Fatalf("a path has %d bytes", path+length)
			}
			if n.dir != nil {
				if n.dir.parent != d || n.dir.name != e.name {
					t.Fatalf("folder %s does not know where it is", e.name)
				}
				length += count(n, path+length)
			}
			below = max(below, length)
			base := d == f.root && (e.name == "work" || e.name == "tmp" || e.name == "dev" && n.readOnly) || n.kind == KindDevice && f.path(d, e.name) == "/dev/null"
			if n.mount || base {
				continue
			}
			held += entryCost(e.name)
			if n.tree != nil {
				held += InodeBytes
				continue
			}
			used += entryCost(e.name)
			if seen[n] {
				continue
			}
			seen[n] = true
			files++
			used += InodeBytes + int64(len(n.target)) + n.data.size
			held += InodeBytes + int64(len(n.target)) + n.data.memory()
		}
		if live != d.dir.live || live != len(d.dir.byName) {
			t.Fatalf("a folder counts %d entries, has %d, and %d names", d.dir.live, live, len(d.dir.byName))
		}
		if below > d.dir.below {
			t.Fatalf("a folder says that paths below it have at most %d bytes, but one has %d", d.dir.below, below)
		}
		return below
	}
	count(f.root, 0)
	for n := range f.orphans {
		stored, memory := n.cost()
		used, held, files = used+stored, held+memory, files+1
	}
	held += f.kept + f.base.bytes
	if got := f.Usage(); got.StorageBytes != used || got.MemoryBytes != held || got.Files != files {
		t.Fatalf("usage %+v, counted storage %d, memory %d, files %d", got, used, held, files)
	}
}

func TestPaths(t *testing.T) {
	f := New(Options{})
	put(t, f, "/work/file", "x")
	want(t, "mkdir", f.Mkdir(nil, "/work/d"), OK)
	want(t, "symlink", f.Symlink("d", nil, "/work/to-d"), OK)
	want(t, "symlink", f.Symlink("/work/d/", nil, "/work/to-d-slash"), OK)
	want(t, "symlink", f.Symlink("file/", nil, "/work/to-file-slash"), OK)
	want(t, "symlink", f.Symlink("self", nil, "/work/self"), OK)
	want(t, "symlink", f.Symlink("/", nil, "/work/to-root"), OK)
	put(t, f, "/work/d/inner", "x")
	long := strings.Repeat("n", NameBytes)
	for _, c := range []struct {
		path   string
		follow bool
		want   Errno
	}{
		{"", true, ENOENT},
		{"/", true, OK},
		{"//", true, OK},
		{".", true, OK},
		{"/..", true, OK},
		{"/../../work/../work/file", true, OK},
		{"work//./file", true, OK},
		{"work/file/", true, ENOTDIR},
		{"work/file/.", true, ENOTDIR},
		{"work/file/..", true, ENOTDIR},
		{"work/none/..", true, ENOENT},
		{"work/none/", true, ENOENT},
		{"work/to-d", false, OK},
		{"work/to-d/", false, OK},
		{"work/to-d/../file", true, OK},
		{"work/to-d/inner", true, OK},
		{"work/to-d-slash/inner", true, OK},
		{"work/to-file-slash", true, ENOTDIR},
		{"work/to-file-slash", false, OK},
		{"work/self", true, ELOOP},
		{"work/self", false, OK},
		{"work/self/x", false, ELOOP},
		{"work/to-root/work/to-root/work/file", true, OK},
		{strings.Repeat("work/to-root/", MaxLinks) + "work/file", true, OK},
		{strings.Repeat("work/to-root/", MaxLinks+1) + "work/file", true, ELOOP},
		{"work/" + long, true, ENOENT},
		{"work/" + long + "n", true, ENAMETOOLONG},
		{strings.Repeat("./", PathBytes/2), true, OK},
		{strings.Repeat("./", PathBytes/2) + ".", true, ENAMETOOLONG},
		{"work/a\x00b", true, EINVAL},
		{"work/\xff", true, EILSEQ},
		{"work/\xed\xa0\x80", true, EILSEQ},
	} {
		_, e := f.Stat(nil, c.path, c.follow)
		want(t, fmt.Sprintf("stat %.60q", c.path), e, c.want)
	}
	want(t, "symlink to NUL", f.Symlink("a\x00", nil, "/work/nul"), EINVAL)
	want(t, "symlink to nothing", f.Symlink("", nil, "/work/nul"), ENOENT)
	for _, c := range []struct {
		path string
		want Errno
	}{
		{"/", EBUSY}, {"/work/d/.", EINVAL}, {"/work/d/..", ENOTEMPTY}, {"/work/d", ENOTEMPTY}, {"/work", EROFS},
		{"/work/to-d/", ENOTDIR}, {"/work/to-root", ENOTDIR},
	} {
		want(t, "rmdir "+c.path, f.Rmdir(nil, c.path), c.want)
	}
	for _, c := range []struct {
		from, to string
		want     Errno
	}{
		{"/work/d/.", "/work/e", EBUSY}, {"/work/d", "/work/d/..", EBUSY}, {"/", "/work/x", EBUSY},
		{"/work/d", "/work/d/e", EINVAL}, {"/work", "/tmp/work", EROFS}, {"/work/file", "/file", EROFS},
		{"/work/file", "/work/x/", ENOTDIR}, {"/work/file", "/work/d", EISDIR}, {"/work/d", "/work/file", ENOTDIR},
	} {
		want(t, "rename "+c.from+" "+c.to, f.Rename(nil, c.from, nil, c.to), c.want)
	}
	for _, path := range []string{"/", "/work/..", "/work/d/.", "/work/to-d/", "/work/self"} {
		want(t, "mkdir "+path, f.Mkdir(nil, path), EEXIST)
	}
	want(t, "mkdir in /", f.Mkdir(nil, "/etc"), EROFS)
	verify(t, f)
}

func TestOpenFlags(t *testing.T) {
	f := New(Options{})
	put(t, f, "/work/file", "text")
	want(t, "link", f.Symlink("file", nil, "/work/link"), OK)
	want(t, "dangling", f.Symlink("none", nil, "/work/dangling"), OK)
	for _, c := range []struct {
		path  string
		flags Flags
		want  Errno
	}{
		{"/work/file", Read, OK},
		{"/work/file", Read | Directory, ENOTDIR},
		{"/work/file", Create | Exclusive, EEXIST},
		{"/work/link", Create | Exclusive, EEXIST},
		{"/work/dangling", Create | Exclusive, EEXIST},
		{"/work/link", Read | NoFollow, ELOOP},
		{"/work", Write, EISDIR},
		{"/work", Truncate, EISDIR},
		{"/work", Create, EISDIR},
		{"/work", Read, OK},
		{"/work/new", Create | Directory, EINVAL},
		{"/work/new/", Create, EISDIR},
		{"/work/none", Read, ENOENT},
		{"/new", Create, EROFS},
		{"/work/dangling", Create | Write, OK},
	} {
		h, e := f.Open(nil, c.path, c.flags)
		want(t, fmt.Sprintf("open %s %b", c.path, c.flags), e, c.want)
		if e == OK {
			want(t, "close", h.Close(), OK)
			want(t, "close again", h.Close(), EBADF)
			_, e := h.Read(nil)
			want(t, "read after close", e, EBADF)
		}
	}
	if _, e := f.Stat(nil, "/work/none", false); e != OK {
		t.Error("creating through a dangling link did not make its target")
	}
	h, _ := f.Open(nil, "/work/file", Read)
	_, e := f.Open(h, "x", Read)
	want(t, "open below a file", e, ENOTDIR)
	_, e = h.Write([]byte("x"))
	want(t, "write", e, EBADF)
	want(t, "set size", h.SetSize(0), EINVAL)
	want(t, "allocate", h.Allocate(0, 1), EBADF)
	h.Close()
	_, e = f.Open(h, "x", Read)
	want(t, "open below a closed file", e, EBADF)
	verify(t, f)
}

// TestNullDevice checks that what is written to /dev/null is nowhere, and that the device can be neither changed, moved nor removed.
func TestNullDevice(t *testing.T) {
	f := New(Options{MaxBytes: 1 << 20})
	mark := f.Mark()
	start := f.Usage()
	h, e := f.Open(nil, "/dev/null", Create|Truncate|Read|Write)
	want(t, "open", e, OK)
	big := make([]byte, 2<<20)
	for range 3 {
		if n, e := h.Write(big); n != len(big) || e != OK {
			t.Fatalf("write: %d, %v", n, e)
		}
	}
	if n, e := h.WriteAt(big, math.MaxInt64/2); n != len(big) || e != OK {
		t.Fatalf("write far away: %d, %v", n, e)
	}
	if n, e := h.Read(big); n != 0 || e != OK {
		t.Errorf("read: %d, %v", n, e)
	}
	for _, from := range []Whence{FromStart, FromCurrent, FromEnd} {
		if at, e := h.SeekTo(5, from); at != 0 || e != OK {
			t.Errorf("seek from %d: %d, %v", from, at, e)
		}
	}
	st, e := h.Stat()
	if want(t, "stat", e, OK); st.Kind != KindDevice || st.Size != 0 {
		t.Errorf("stat: %+v", st)
	}
	now := int64(1)
	want(t, "set size", h.SetSize(5), EINVAL)
	want(t, "allocate", h.Allocate(0, 5), EINVAL)
	want(t, "times", h.SetTimes(&now, &now), EROFS)
	want(t, "sync", h.Sync(), OK)
	want(t, "append", h.SetAppend(true), OK)
	if n, e := h.Write([]byte("x")); n != 1 || e != OK {
		t.Errorf("append: %d, %v", n, e)
	}
	want(t, "unlink", f.Unlink(nil, "/dev/null"), EROFS)
	want(t, "rename", f.Rename(nil, "/dev/null", nil, "/work/null"), EROFS)
	put(t, f, "/work/f", "")
	want(t, "replace", f.Rename(nil, "/work/f", nil, "/dev/null"), EROFS)
	want(t, "link", f.Link(nil, "/dev/null", false, nil, "/work/null"), EXDEV)
	want(t, "rmdir", f.Rmdir(nil, "/dev"), EROFS)
	want(t, "unlink", f.Unlink(nil, "/work/f"), OK)
	_, e = f.Open(nil, "/dev/null", Directory)
	want(t, "as a folder", e, ENOTDIR)
	_, e = f.Open(nil, "/dev/null/x", Read)
	want(t, "below it", e, ENOTDIR)
	_, e = f.Open(nil, "/dev/zero", Create|Write)
	want(t, "another device", e, EROFS)
	reader, _ := f.Open(nil, "/dev/null", Read)
	_, e = reader.Write([]byte("x"))
	want(t, "write without the right", e, EBADF)
	reader.Close()
	if err := f.WriteFile("/dev/null", []byte("x")); !errors.Is(err, EROFS) {
		t.Errorf("the host wrote a file over it: %v", err)
	}
	verify(t, f)
	if used := f.Usage(); used.StorageBytes != start.StorageBytes || used.MemoryBytes != start.MemoryBytes {
		t.Errorf("usage %+v, before %+v", used, start)
	}

	// It is in clones and in what is stored, open as it was.
	b, err := f.AppendBinary(nil, []*File{h})
	if err != nil {
		t.Fatal(err)
	}
	stored, files, err := DecodeFS(b, Options{MaxBytes: 1 << 20}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if n, e := files[0].Write(big); n != len(big) || e != OK {
		t.Errorf("write after decoding: %d, %v", n, e)
	}
	if used := stored.Usage(); used.StorageBytes != start.StorageBytes || used.Files != start.Files {
		t.Errorf("usage after decoding %+v, before %+v", used, start)
	}
	verify(t, stored)
	h.Close()
	for e := range f.Changed(mark) {
		t.Errorf("changed: %+v", e)
	}
}

// TestOffsets uses every offset that arithmetic could get wrong.
func TestOffsets(t *testing.T) {
	f := New(Options{})
	h, _ := f.Open(nil, "/work/f", Create|Read|Write)
	for _, off := range []int64{-1, math.MinInt64} {
		_, e := h.ReadAt(make([]byte, 1), off)
		want(t, "read", e, EINVAL)
		_, e = h.WriteAt(make([]byte, 1), off)
		want(t, "write", e, EINVAL)
		want(t, "size", h.SetSize(off), EINVAL)
		want(t, "allocate", h.Allocate(off, 1), EINVAL)
	}
	if n, e := h.ReadAt(make([]byte, 1), math.MaxInt64); n != 0 || e != OK {
		t.Errorf("read at the last offset: %d, %v", n, e)
	}
	_, e := h.WriteAt([]byte{1}, math.MaxInt64)
	want(t, "write", e, EFBIG)
	want(t, "size", h.SetSize(math.MaxInt64), EFBIG)
	want(t, "allocate", h.Allocate(math.MaxInt64, math.MaxInt64), EFBIG)
	want(t, "allocate nothing", h.Allocate(0, 0), EINVAL)
	_, e = h.SeekTo(math.MaxInt64, FromStart)
	want(t, "seek", e, OK)
	_, e = h.SeekTo(1, FromCurrent)
	want(t, "seek beyond", e, EOVERFLOW)
	_, e = h.SeekTo(math.MinInt64, FromEnd)
	want(t, "seek before", e, EINVAL)
	_, e = h.SeekTo(0, 3)
	want(t, "seek from nowhere", e, EINVAL)
	_, e = h.Write([]byte("x"))
	want(t, "write there", e, EFBIG)
	h.Close()
	verify(t, f)
}

// TestContent compares random writes and truncations with a plain slice.
func TestContent(t *testing.T) {
	f := New(Options{})
	h, _ := f.Open(nil, "/work/f", Create|Read|Write)
	var model []byte
	random := newRandom(1)
	for i := range 3000 {
		off := random.below(5 * chunkBytes)
		switch random.below(4) {
		case 0:
			size := random.below(5 * chunkBytes)
			want(t, "size", h.SetSize(int64(size)), OK)
			if size < len(model) {
				model = model[:size]
			} else {
				model = append(model, make([]byte, size-len(model))...)
			}
		case 1:
			n := random.below(3 * chunkBytes)
			got := make([]byte, n)
			k, _ := h.ReadAt(got, int64(off))
			if off <= len(model) && !bytes.Equal(got[:k], model[off:min(off+n, len(model))]) {
				t.Fatalf("step %d: reading %d at %d differs", i, n, off)
			}
		default:
			p := bytes.Repeat([]byte{byte(i | 1)}, random.below([]int{10, 3 * chunkBytes}[i%2]))
			h.WriteAt(p, int64(off))
			if end := off + len(p); len(p) > 0 && end > len(model) {
				model = append(model, make([]byte, end-len(model))...)
			}
			copy(model[min(off, len(model)):], p)
		}
	}
	h.Close()
	got, err := f.ReadFile("f")
	if err != nil || !bytes.Equal(got, model) {
		t.Fatalf("the file differs: %v", err)
	}
	verify(t, f)
	want(t, "unlink", f.Unlink(nil, "/work/f"), OK)
	if u := f.Usage(); u.MemoryBytes != 0 || u.StorageBytes != 0 {
		t.Errorf("left over: %+v", u)
	}
}

func TestStorageLimit(t *testing.T) {
	const limit = 1 << 20
	fresh := func() *FS { return New(Options{MaxBytes: limit}) }
	flood := map[string]func(f *FS){
		"bytes": func(f *FS) {
			h, _ := f.Open(nil, "/work/big", Create|Write)
			for {
				h.Write(make([]byte, 4096))
			}
		},
		"one write":    func(f *FS) { h, _ := f.Open(nil, "/work/big", Create|Write); h.Write(make([]byte, limit+1)) },
		"far write":    func(f *FS) { h, _ := f.Open(nil, "/work/big", Create|Write); h.WriteAt([]byte{1}, 1<<40) },
		"furthest":     func(f *FS) { h, _ := f.Open(nil, "/work/big", Create|Write); h.WriteAt([]byte{1}, 1<<62) },
		"set size":     func(f *FS) { h, _ := f.Open(nil, "/work/big", Create|Write); h.SetSize(1 << 40) },
		"largest size": func(f *FS) { h, _ := f.Open(nil, "/work/big", Create|Write); h.SetSize(math.MaxInt64 - chunkBytes) },
		"allocate":     func(f *FS) { h, _ := f.Open(nil, "/work/big", Create|Write); h.Allocate(1<<40, 1<<40) },
		"empty files": func(f *FS) {
			for i := 0; ; i++ {
				h, _ := f.Open(nil, fmt.Sprint("/work/", i), Create|Write)
				h.Close()
			}
		},
		"folders": func(f *FS) {
			for i := 0; ; i++ {
				f.Mkdir(nil, fmt.Sprint("/tmp/", i))
			}
		},
		"long names": func(f *FS) {
			for i := 0; ; i++ {
				f.Mkdir(nil, fmt.Sprintf("/tmp/%0255d", i))
			}
		},
		"links": func(f *FS) {
			for i := 0; ; i++ {
				f.Symlink(strings.Repeat("t", PathBytes), nil, fmt.Sprint("/tmp/", i))
			}
		},
		"hard links": func(f *FS) {
			put(t, f, "/work/f", "")
			for i := 0; ; i++ {
				f.Link(nil, "/work/f", false, nil, fmt.Sprint("/tmp/", i))
			}
		},
		"unlinked but open": func(f *FS) {
			for {
				h, _ := f.Open(nil, "/work/x", Create|Write)
				h.Write(make([]byte, 10_000))
				f.Unlink(nil, "/work/x")
			}
		},
	}
	for name, do := range flood {
		t.Run(name, func(t *testing.T) {
			f := fresh()
			stop := stopOf(t, func() { do(f) })
			if stop == nil || stop.Kind != hostfuncs.KindStorage || stop.Limit != limit || stop.Used <= limit {
				t.Fatalf("stopped with %+v", stop)
			}
			if !strings.Contains(stop.Detail, "/work/") && !strings.Contains(stop.Detail, "/tmp/") && !strings.Contains(stop.Detail, "...0000") {
				t.Errorf("detail %q does not name the file", stop.Detail)
			}
			if u := f.Usage(); u.StorageBytes > limit || u.MemoryBytes > 2*limit {
				t.Errorf("holds %+v", u)
			}
		})
	}
	t.Run("count", func(t *testing.T) {
		f := New(Options{MaxFiles: 3})
		stop := stopOf(t, func() {
			for i := range 4 {
				f.Mkdir(nil, fmt.Sprint("/work/", i))
			}
		})
		if stop == nil || stop.Kind != hostfuncs.KindStorage || stop.Used != 4 || stop.Limit != 3 {
			t.Errorf("stopped with %+v", stop)
		}
	})
	t.Run("given back", func(t *testing.T) {
		f := fresh()
		for range 100 {
			put(t, f, "/work/a", strings.Repeat("x", limit/2))
			want(t, "rename", f.Rename(nil, "/work/a", nil, "/work/b"), OK)
			want(t, "unlink", f.Unlink(nil, "/work/b"), OK)
		}
		verify(t, f)
	})
	t.Run("printable", func(t *testing.T) {
		f := fresh()
		h, _ := f.Open(nil, "/work/\x1b[31m\nred", Create|Write)
		stop := stopOf(t, func() { h.SetSize(1 << 40) })
		if strings.ContainsAny(stop.Detail, "\x1b\n") {
			t.Errorf("detail %q reaches a terminal as it is", stop.Detail)
		}
	})
}

// TestMemory measures that what Charge hears is no less than what the host allocates.
// Closing "/" once gave back an inode each time, so that a guest could lift its own limits.
func TestOpeningTheRootIsFree(t *testing.T) {
	f := New(Options{})
	before := f.Usage()
	for range 10 {
		h, e := f.Open(nil, "/", Read|Directory)
		want(t, "open /", e, OK)
		want(t, "close /", h.Close(), OK)
		want(t, "close what OpenRoot opened", f.OpenRoot().Close(), OK)
	}
	if after := f.Usage(); after != before {
		t.Errorf("usage was %+v, and is %+v", before, after)
	}
}

func TestMemory(t *testing.T) {
	heap := func() uint64 {
		goruntime.GC()
		goruntime.GC()
		var m goruntime.MemStats
		goruntime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	for name, do := range map[string]func(f *FS){
		"empty files": func(f *FS) {
			for i := range 50_000 {
				put(t, f, fmt.Sprint("/work/", i), "")
			}
		},
		"tiny files": func(f *FS) {
			for i := range 50_000 {
				put(t, f, fmt.Sprint("/work/", i), "x")
			}
		},
		"folders": func(f *FS) {
			for i := range 30_000 {
				f.Mkdir(nil, fmt.Sprint("/work/", i))
			}
		},
		"folders with one file": func(f *FS) {
			for i := range 30_000 {
				f.Mkdir(nil, fmt.Sprint("/work/", i))
				put(t, f, fmt.Sprint("/work/", i, "/f"), "")
			}
		},
		"long names": func(f *FS) {
			for i := range 20_000 {
				f.Mkdir(nil, fmt.Sprintf("/work/%0255d", i))
			}
		},
		"large file": func(f *FS) { put(t, f, "/work/f", strings.Repeat("x", 32<<20)) },
		"sparse file": func(f *FS) {
			h, _ := f.Open(nil, "/work/f", Create|Write)
			for i := range int64(1000) {
				h.WriteAt([]byte{1}, i*chunkBytes)
			}
			h.Close()
		},
		"made and removed": func(f *FS) {
			for i := range 20_000 {
				put(t, f, fmt.Sprint("/work/", i), "x")
			}
			for i := range 19_990 {
				f.Unlink(nil, fmt.Sprint("/work/", i))
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			var charged, peak int64
			before := heap()
			f := New(Options{MaxBytes: 1 << 30, MaxFiles: 1 << 30, Charge: func(d int64) { charged += d; peak = max(peak, charged) }})
			do(f)
			real := int64(heap() - before)
			verify(t, f)
			goruntime.KeepAlive(f)
			t.Logf("charged %d, heap grew by %d", charged, real)
			if charged != f.Usage().MemoryBytes {
				t.Errorf("charged %d, usage %d", charged, f.Usage().MemoryBytes)
			}
			if real > charged+charged/10+64<<10 {
				t.Errorf("charged %d, but the heap grew by %d", charged, real)
			}
			// Now with the table that a clone leaves, and a clone that looks at everything.
			for range 2 {
				c, _, err := f.Clone(Options{MaxBytes: 1 << 30, MaxFiles: 1 << 30}, nil)
				if err != nil {
					t.Fatal(err)
				}
				real = int64(heap() - before)
				goruntime.KeepAlive(c)
				t.Logf("charged %d and %d, heap grew by %d", charged, c.Usage().MemoryBytes, real)
				if real > charged+charged/10+64<<10 {
					t.Errorf("charged %d, but with a table the heap grew by %d", charged, real)
				}
				verify(t, c)
				real = int64(heap() - before)
				both := charged + c.Usage().MemoryBytes
				goruntime.KeepAlive(f)
				if goruntime.KeepAlive(c); real > both+both/10+64<<10 {
					t.Errorf("charged %d, but with a clone the heap grew by %d", both, real)
				}
			}
		})
	}
}

// TestChargeStops ends the run at every possible charge of a busy program; the FS must stay consistent for the host.
func TestChargeStops(t *testing.T) {
	busy := func(f *FS) {
		for i := range 20 {
			put(t, f, fmt.Sprint("/work/", i%7), strings.Repeat("x", i*5000))
			f.Mkdir(nil, fmt.Sprint("/tmp/d", i))
			f.Rename(nil, fmt.Sprint("/work/", i%7), nil, fmt.Sprint("/tmp/d", i, "/moved"))
			f.Symlink("target", nil, fmt.Sprint("/work/l", i))
			f.Unlink(nil, fmt.Sprint("/work/l", i))
		}
	}
	for at := 1; ; at++ {
		count := 0
		f := New(Options{Charge: func(delta int64) {
			if count++; count == at && delta > 0 {
				panic(&hostfuncs.Stop{Kind: hostfuncs.KindMemory})
			}
		}})
		stop := stopOf(t, func() { busy(f) })
		for e := range f.Walk() {
			if _, err := e.WriteTo(&bytes.Buffer{}); err != nil {
				t.Fatal(err)
			}
		}
		f.Usage()
		if stop == nil && count < at {
			t.Logf("%d charges", count)
			return
		}
	}
}

func TestReadDir(t *testing.T) {
	f := New(Options{})
	for i := range 500 {
		put(t, f, fmt.Sprintf("/work/%03d", i), "")
	}
	h, _ := f.Open(nil, "/work", Read|Directory)
	var names []string
	var cookie uint64
	for step := 0; ; step++ {
		n := 0
		h.ReadDir(cookie, func(e DirEntry) bool {
			names = append(names, e.Name)
			cookie = e.Next
			n++
			return n < 3
		})
		if n == 0 {
			break
		}
		// Everything seen goes, and something new comes.
		for _, name := range names[len(names)-n:] {
			if name != "." && name != ".." {
				want(t, "unlink", f.Unlink(nil, "/work/"+name), OK)
			}
		}
		if step < 10 {
			put(t, f, fmt.Sprint("/work/new", step), "")
		}
	}
	if len(names) != 512 || !slices.IsSorted(names[2:502]) {
		t.Errorf("%d names: %q", len(names), names)
	}
	for _, hostile := range []uint64{1 << 40, math.MaxUint64, math.MaxUint64 - 1} {
		want(t, "readdir", h.ReadDir(hostile, func(DirEntry) bool { t.Error("an entry"); return true }), OK)
	}
	h.Close()
	want(t, "readdir after close", h.ReadDir(0, nil), EBADF)
	verify(t, f)
}

// TestDepth makes a path too long step by step, and by moving a long one deeper.
func TestDepth(t *testing.T) {
	f := New(Options{})
	at, _ := f.Open(nil, "/work", Read|Directory)
	depth := 0
	for ; ; depth++ {
		if e := f.Mkdir(at, "a"); e != OK {
			want(t, "mkdir", e, ENAMETOOLONG)
			break
		}
		next, _ := f.Open(at, "a", Read|Directory)
		at.Close()
		at = next
	}
	at.Close()
	if want := (PathBytes - len("/work")) / 2; depth != want {
		t.Errorf("%d levels, want %d", depth, want)
	}
	f.Mkdir(nil, "/tmp/abcdef")
	want(t, "rename", f.Rename(nil, "/work/a", nil, "/tmp/abcdef/a"), ENAMETOOLONG)
	want(t, "rename", f.Rename(nil, "/work/a", nil, "/tmp/a"), OK)
	longest := 0
	for e := range f.Walk() {
		longest = max(longest, len(e.Path))
	}
	if longest > PathBytes || longest < PathBytes-4 {
		t.Errorf("longest path %d", longest)
	}
	verify(t, f)
}

func TestMountFile(t *testing.T) {
	f := New(Options{})
	data := []byte("zip archive")
	when := time.Unix(1000, 0)
	if err := f.MountFile("/usr/lib/python.zip", data, when); err != nil {
		t.Fatal(err)
	}
	if err := f.MountFile("/usr/lib/python.zip", data, when); !errors.Is(err, fs.ErrExist) {
		t.Errorf("mounted twice: %v", err)
	}
	if err := f.MountFile("input.bin", data, when); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/usr/lib/python.zip", "/work/input.bin"} {
		if got, err := f.ReadFile(path); err != nil || string(got) != "zip archive" {
			t.Errorf("%s: %q, %v", path, got, err)
		}
		for _, flags := range []Flags{Write, Read | Truncate, Create | Write} {
			_, e := f.Open(nil, path, flags)
			want(t, path, e, EROFS)
		}
		a := int64(1)
		want(t, "times", f.SetTimes(nil, path, true, &a, &a), EROFS)
		want(t, "hard link", f.Link(nil, path, true, nil, "/work/hard"), EXDEV)
	}
	want(t, "unlink", f.Unlink(nil, "/usr/lib/python.zip"), EROFS)
	want(t, "rmdir", f.Rmdir(nil, "/usr/lib"), EROFS)
	want(t, "mkdir", f.Mkdir(nil, "/usr/lib/x"), EROFS)
	want(t, "unlink a mount", f.Unlink(nil, "/work/input.bin"), EBUSY)
	want(t, "move a mount", f.Rename(nil, "/work/input.bin", nil, "/work/x"), EBUSY)
	put(t, f, "/work/y", "y")
	want(t, "replace a mount", f.Rename(nil, "/work/y", nil, "/work/input.bin"), EBUSY)
	if u := f.Usage(); u.MemoryBytes > 4096 {
		t.Errorf("a mount is charged: %+v", u)
	}
	verify(t, f)
}

// unseekable hides that a file could be read at an offset, as an archive's file cannot.
type unseekable struct{ fs.FS }

func (u unseekable) Open(name string) (fs.File, error) {
	file, err := u.FS.Open(name)
	if err != nil {
		return nil, err
	}
	if dir, ok := file.(fs.ReadDirFile); ok {
		return dir, nil
	}
	return struct{ fs.File }{file}, nil
}

func TestMountTree(t *testing.T) {
	dir := t.TempDir()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.MkdirAll(filepath.Join(dir, "pkg/sub"), 0o755))
	must(os.WriteFile(filepath.Join(dir, "pkg/a.py"), []byte("a = 1"), 0o644))
	must(os.WriteFile(filepath.Join(dir, "pkg/sub/b.py"), bytes.Repeat([]byte("b"), 200_000), 0o644))
	outside := filepath.Join(t.TempDir(), "secret")
	must(os.WriteFile(outside, []byte("secret"), 0o600))
	linked := os.Symlink("a.py", filepath.Join(dir, "pkg/link.py")) == nil
	if linked {
		must(os.Symlink(outside, filepath.Join(dir, "pkg/out")))
		must(os.Symlink(strings.Repeat("../", 20)+strings.TrimPrefix(outside, "/"), filepath.Join(dir, "pkg/out2")))
		must(os.Symlink("sub", filepath.Join(dir, "pkg/to-sub")))
		must(os.Symlink("/work/mine", filepath.Join(dir, "pkg/to-work")))
	}
	root, err := os.OpenRoot(dir)
	must(err)
	defer root.Close()
	for name, fsys := range map[string]fs.FS{"root": root.FS(), "unseekable": unseekable{fstest.MapFS{
		"pkg/a.py":     {Data: []byte("a = 1"), Mode: 0o644},
		"pkg/sub/b.py": {Data: bytes.Repeat([]byte("b"), 200_000), Mode: 0o644},
		"pkg/pipe":     {Mode: fs.ModeNamedPipe},
	}}} {
		t.Run(name, func(t *testing.T) {
			tree := NewTree(fsys)
			for range 2 { // two runs share it
				f := New(Options{})
				must(f.MountTree("/packages/0", tree))
				put(t, f, "/work/mine", "mine")
				read := func(path string) string {
					h, e := f.Open(nil, path, Read)
					if e != OK {
						return e.Error()
					}
					defer h.Close()
					var all []byte
					buffer := make([]byte, 70_000)
					for {
						n, e := h.Read(buffer)
						if e != OK {
							return e.Error()
						}
						if n == 0 {
							return string(all)
						}
						all = append(all, buffer[:n]...)
					}
				}
				if got := read("/packages/0/pkg/a.py"); got != "a = 1" {
					t.Errorf("a.py: %q", got)
				}
				if got := read("/packages/0/pkg/sub/../sub/b.py"); got != strings.Repeat("b", 200_000) {
					t.Errorf("b.py: %d bytes", len(got))
				}
				if got := read("/packages/0/pkg/none"); got != ENOENT.Error() {
					t.Errorf("none: %q", got)
				}
				if name == "root" && linked {
					for path, want := range map[string]string{
						"link.py": "a = 1", "to-work": "mine", "out": ENOENT.Error(), "out2": ENOENT.Error(),
						"to-sub/../a.py": "a = 1",
					} {
						if got := read("/packages/0/pkg/" + path); got != want {
							t.Errorf("%s: %q, want %q", path, got, want)
						}
					}
				}
				h, e := f.Open(nil, "/packages/0/pkg", Read|Directory)
				want(t, "open", e, OK)
				var names []string
				var entries []DirEntry
				h.ReadDir(0, func(e DirEntry) bool {
					names = append(names, e.Name)
					entries = append(entries, e)
					return true
				})
				for _, e := range entries[2:] {
					st, errno := f.Stat(h, e.Name, false)
					if errno != OK || st.Ino != e.Ino || st.Kind != e.Kind {
						t.Errorf("%s: entry %+v, stat %+v, %v", e.Name, e, st, errno)
					}
				}
				wantNames := []string{".", "..", "a.py", "sub"}
				if name == "root" && linked {
					wantNames = []string{".", "..", "a.py", "link.py", "out", "out2", "sub", "to-sub", "to-work"}
				}
				if !slices.Equal(names, wantNames) {
					t.Errorf("names %q", names)
				}
				_, e = f.Open(h, "a.py", Write)
				want(t, "write", e, EROFS)
				_, e = f.Open(h, "new", Create|Write)
				want(t, "create", e, EROFS)
				want(t, "unlink", f.Unlink(h, "a.py"), EROFS)
				want(t, "rmdir", f.Rmdir(h, "sub"), EROFS)
				want(t, "rename", f.Rename(h, "a.py", nil, "/work/a.py"), EROFS)
				want(t, "rename in", f.Rename(nil, "/work/mine", h, "mine"), EROFS)
				want(t, "link", f.Link(h, "a.py", true, nil, "/work/a.py"), EXDEV)
				want(t, "symlink", f.Symlink("x", h, "x"), EROFS)
				h.Close()
				for range f.Changed(0) {
				}
				must(f.Close())
				verify(t, f)
			}
		})
	}
}

// TestTreeIsShared lets many runs discover one tree at the same time.
func TestTreeIsShared(t *testing.T) {
	content := fstest.MapFS{}
	for i := range 200 {
		content[fmt.Sprintf("d%d/f%d", i%10, i)] = &fstest.MapFile{Data: fmt.Appendf(nil, "content %d", i), Mode: 0o644}
	}
	tree := NewTree(content)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			f := New(Options{})
			if err := f.MountTree("/packages/0", tree); err != nil {
				t.Error(err)
			}
			for i := range 200 {
				h, e := f.Open(nil, fmt.Sprintf("/packages/0/d%d/f%d", i%10, i), Read)
				if e != OK {
					t.Error(e)
					return
				}
				buffer := make([]byte, 20)
				if n, e := h.Read(buffer); e != OK || string(buffer[:n]) != fmt.Sprint("content ", i) {
					t.Errorf("%d: %q, %v", i, buffer[:n], e)
				}
				h.Close()
			}
			f.Close()
		})
	}
	group.Wait()
}

func TestChanged(t *testing.T) {
	f := New(Options{})
	for path, text := range map[string]string{"kept": "1", "changed": "2", "d/moved": "3", "/data/input": "4", "gone": "5"} {
		if err := f.WriteFile(path, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	mark := f.Mark()
	for range f.Changed(mark) {
		t.Error("nothing changed yet")
	}
	put(t, f, "/work/changed", "22")
	put(t, f, "/tmp/new", "new")
	want(t, "rename", f.Rename(nil, "/work/d", nil, "/work/e"), OK)
	want(t, "unlink", f.Unlink(nil, "/work/gone"), OK)
	want(t, "symlink", f.Symlink("kept", nil, "/work/link"), OK)
	put(t, f, "/work/temporary", "x")
	want(t, "unlink", f.Unlink(nil, "/work/temporary"), OK)
	_, e := f.Open(nil, "/data/input", Write)
	want(t, "write to what the host put outside /work", e, EROFS)
	var got []string
	for e := range f.Changed(mark) {
		var b bytes.Buffer
		if _, err := e.WriteTo(&b); err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%s %d %d %s%s", e.Path, e.Kind, e.Size, b.String(), e.Target))
	}
	slices.Sort(got)
	wanted := []string{"/tmp/new 4 3 new", "/work/changed 4 2 22", "/work/e 3 0 ", "/work/e/moved 4 1 3", "/work/link 7 4 kept"}
	slices.Sort(wanted)
	if !slices.Equal(got, wanted) {
		t.Errorf("changed:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(wanted, "\n"))
	}
	verify(t, f)
}

func TestHostErrors(t *testing.T) {
	f := New(Options{MaxBytes: 10_000})
	err := f.WriteFile("big", make([]byte, 20_000))
	var stop *hostfuncs.Stop
	if !errors.As(err, &stop) || stop.Kind != hostfuncs.KindStorage {
		t.Errorf("over the limit: %v", err)
	}
	if _, err := f.ReadFile("none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing: %v", err)
	}
	if err := f.WriteFile("/work", nil); !errors.Is(err, EISDIR) {
		t.Errorf("folder: %v", err)
	}
	if err := f.WriteFile("a/", nil); err == nil {
		t.Error("a name is missing")
	}
	if err := f.MkdirAll("x/../../y"); err != nil {
		t.Error(err)
	}
	if _, e := f.Stat(nil, "/y", true); e != OK {
		t.Error("dots")
	}
	if err := f.WriteFile("nul\x00", nil); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("NUL: %v", err)
	}
	verify(t, f)
}

func BenchmarkNew(b *testing.B) {
	zip := make([]byte, 1<<20)
	tree := NewTree(fstest.MapFS{})
	when := time.Unix(0, 0)
	b.ReportAllocs()
	for b.Loop() {
		f := New(Options{})
		f.MountFile("/usr/lib/python313.zip", zip, when)
		f.MountTree("/packages/0", tree)
	}
}

func BenchmarkSmallFile(b *testing.B) {
	f := New(Options{})
	text := []byte("hello")
	b.ReportAllocs()
	for b.Loop() {
		h, _ := f.Open(nil, "/work/file", Create|Write|Truncate)
		h.Write(text)
		h.Close()
	}
}
