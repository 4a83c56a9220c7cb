package vfs

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"wand/hostfuncs"
)

// machine is an FS with what a program has open in it and the clock that it sees.
type machine struct {
	fs    *FS
	files [6]*File
	clock int64
	small bool // it writes little, for seeds of a fuzz target
}

var sharedTree = fstest.MapFS{
	"pkg/one.py":     {Data: []byte("one"), ModTime: time.Unix(10, 0)},
	"pkg/sub/two.py": {Data: []byte("twotwo"), ModTime: time.Unix(20, 0)},
	"top":            {Data: bytes.Repeat([]byte("t"), 100_000), ModTime: time.Unix(30, 0)},
}

func newMachine(t testing.TB, tree *Tree, library *Data) *machine {
	m := &machine{}
	m.fs = New(m.options())
	if err := errors.Join(m.fs.MountTree("/lib/tree", tree), m.fs.MountData("/usr/lib/x.zip", library, time.Unix(5, 0)), m.fs.WriteFile("/work/input", []byte("given"))); err != nil {
		t.Fatal(err)
	}
	return m
}

func (m *machine) options() Options {
	return Options{MaxBytes: 8 << 20, Now: func() time.Time { m.clock++; return time.Unix(0, m.clock) }}
}

// clone has everything of the machine.
func (m *machine) clone(t testing.TB) *machine {
	c := &machine{clock: m.clock}
	var files []*File
	var err error
	if c.fs, files, err = m.fs.Clone(c.options(), m.files[:]); err != nil {
		t.Fatal(err)
	}
	copy(c.files[:], files)
	return c
}

// reload has everything of the machine, by way of bytes.
func (m *machine) reload(t testing.TB, tree *Tree, library *Data) *machine {
	c := &machine{clock: m.clock}
	data, err := m.fs.AppendBinary(nil, m.files[:])
	if err != nil {
		t.Fatal(err)
	}
	var files []*File
	if c.fs, files, err = DecodeFS(data, c.options(), func(w Mounted) (Content, error) {
		if w.Tree {
			return Content{Tree: tree}, nil
		}
		return Content{Data: library}, nil
	}); err != nil {
		t.Fatal(err)
	}
	copy(c.files[:], files)
	again, err := c.fs.AppendBinary(nil, c.files[:])
	if err != nil || !bytes.Equal(data, again) {
		t.Fatalf("decoding and encoding changed the bytes: %d became %d, %v", len(data), len(again), err)
	}
	return c
}

// step is one operation of a program; the same number does the same on any machine. What the program sees is returned.
func (m *machine) step(seed uint64) (seen string) {
	r := rand.New(rand.NewPCG(seed*0x9e3779b97f4a7c15, seed)) // seeds that follow one another are to have nothing in common
	path := func() string {
		p := []string{"/tmp", "", "..", "/lib/tree/pkg", "/usr/lib", "/work"}[min(r.IntN(25), 5)]
		for range 1 + r.IntN(10)/6 + r.IntN(10)/9 {
			p += "/" + []string{"a", "b", "c"}[r.IntN(3)]
		}
		switch r.IntN(40) {
		case 0:
			return "/lib/tree/pkg/one.py"
		case 1:
			return "/lib/tree/pkg/sub"
		case 2:
			return "/usr/lib/x.zip"
		case 3:
			return "/work/input"
		case 4:
			return "/"
		}
		return p
	}
	slot := r.IntN(len(m.files))
	h := m.files[slot]
	if h != nil && h.Kind() == KindUnknown {
		h = nil // closed; a clone has nothing in its place
	}
	var at *File
	if h != nil && h.Kind() == KindDirectory && r.IntN(2) == 0 {
		at = h
	}
	bytesOf := func() []byte {
		sizes := []int{1, 10, 700, 5000, 70_000, 140_000}
		if m.small {
			sizes = sizes[:2]
		}
		b := make([]byte, sizes[r.IntN(len(sizes))])
		for i := range b {
			b[i] = byte(seed) + byte(i>>9)
		}
		return b
	}
	offset := func() int64 { return []int64{0, 1, 600, 65_536, 65_530, 131_072, 200_000}[r.IntN(7)] }
	switch r.IntN(24) {
	case 0, 1, 2:
		if h != nil {
			h.Close()
		}
		flags := Flags(r.IntN(8)) | Read
		if r.IntN(2) == 0 {
			flags |= Create | Write
		}
		if r.IntN(6) == 0 {
			flags |= Truncate | Write
		}
		f, e := m.fs.Open(at, path(), flags)
		m.files[slot] = f
		return fmt.Sprint("open ", e)
	case 3:
		f, e := m.fs.Open(at, path(), Read|Directory)
		if e == OK {
			if h != nil {
				h.Close()
			}
			m.files[slot] = f
		}
		return fmt.Sprint("opendir ", e)
	case 4, 7, 13:
		return fmt.Sprint("mkdir ", m.fs.Mkdir(at, path()))
	case 5:
		return fmt.Sprint("rmdir ", m.fs.Rmdir(at, path()))
	case 6:
		return fmt.Sprint("unlink ", m.fs.Unlink(at, path()))
	case 8:
		return fmt.Sprint("rename ", m.fs.Rename(at, path(), nil, path()))
	case 9:
		return fmt.Sprint("link ", m.fs.Link(at, path(), r.IntN(2) == 0, nil, path()))
	case 10:
		return fmt.Sprint("symlink ", m.fs.Symlink(path(), at, path()))
	case 11:
		t := r.Int64N(1000)
		return fmt.Sprint("times ", m.fs.SetTimes(at, path(), true, &t, nil))
	case 12, 14:
		return fmt.Sprint("write file ", m.fs.WriteFile(path(), bytesOf()) == nil)
	}
	if h == nil {
		return "nothing open"
	}
	switch r.IntN(8) {
	case 0, 1:
		n, e := h.Write(bytesOf())
		return fmt.Sprint("write ", n, e)
	case 2:
		n, e := h.WriteAt(bytesOf(), offset())
		return fmt.Sprint("pwrite ", n, e)
	case 3:
		b := make([]byte, 70_000)
		n, e := h.Read(b)
		return fmt.Sprint("read ", n, e, b[:n])
	case 4:
		return fmt.Sprint("size ", h.SetSize(offset()))
	case 5:
		n, e := h.SeekTo(offset(), Whence(r.IntN(3)))
		return fmt.Sprint("seek ", n, e)
	case 6:
		return fmt.Sprint("close ", h.Close())
	}
	return "list " + list(h, uint64(r.IntN(6)))
}

func list(h *File, cookie uint64) string {
	var b strings.Builder
	e := h.ReadDir(cookie, func(d DirEntry) bool {
		fmt.Fprintln(&b, d)
		return true
	})
	return fmt.Sprint(b.String(), e)
}

// look is everything that a program or the host can see of a machine. It does not move the clock.
func (m *machine) look(t testing.TB) string {
	clock := m.clock
	defer func() { m.clock = clock }()
	var b strings.Builder
	var folder func(path string)
	folder = func(path string) {
		h, e := m.fs.Open(nil, path, Read|Directory)
		if e != OK {
			t.Fatalf("open %s: %v", path, e)
		}
		defer h.Close()
		fmt.Fprintln(&b, path, list(h, 0))
		h.ReadDir(2, func(d DirEntry) bool { return true })
		var names []string
		h.ReadDir(2, func(d DirEntry) bool { names = append(names, d.Name); return true })
		for _, name := range names {
			below := strings.TrimSuffix(path, "/") + "/" + name
			st, e := m.fs.Stat(nil, below, false)
			fmt.Fprintln(&b, below, st, e)
			switch st.Kind {
			case KindDirectory:
				folder(below)
			case KindFile:
				data, err := m.fs.ReadFile(below)
				fmt.Fprintln(&b, len(data), crc32.ChecksumIEEE(data), err)
			case KindLink:
				target, e := m.fs.ReadLink(nil, below)
				fmt.Fprintln(&b, target, e)
			}
		}
	}
	folder("/")
	for i, h := range m.files {
		if h == nil || h.Kind() == KindUnknown {
			fmt.Fprintln(&b, i, "closed")
			continue
		}
		st, e := h.Stat()
		pos, _ := h.SeekTo(0, FromCurrent)
		fmt.Fprintln(&b, i, st, e, pos, h.Flags())
		if h.Kind() == KindDirectory {
			fmt.Fprintln(&b, list(h, 0))
			up, e := m.fs.Stat(h, "..", true)
			fmt.Fprintln(&b, up, e)
		} else {
			data := make([]byte, st.Size)
			n, e := h.ReadAt(data, 0)
			fmt.Fprintln(&b, n, e, crc32.ChecksumIEEE(data))
		}
	}
	for e := range m.fs.Walk() {
		fmt.Fprintln(&b, e.Path, e.Kind, e.Size, e.Target, e.ModTime.UnixNano())
	}
	u := m.fs.Usage()
	fmt.Fprintln(&b, u.StorageBytes, u.Files)
	return b.String()
}

// TestClonesAreLikeCopies runs random programs on a family of clones. Beside each stands a machine that was never cloned: it did, from the start, what the
// clone and those that it came from did. Both must look the same at all times.
func TestClonesAreLikeCopies(t *testing.T) {
	type pair struct {
		m     *machine
		model *machine
		log   []uint64
	}
	tree, library := NewTree(sharedTree), NewData([]byte("library"))
	rounds := uint64(150)
	if testing.Short() {
		rounds = 20
	}
	for seed := range rounds {
		r := rand.New(rand.NewPCG(seed, 1))
		replay := func(log []uint64) *machine {
			m := newMachine(t, tree, library)
			for _, s := range log {
				m.step(s)
			}
			return m
		}
		family := []*pair{{m: newMachine(t, tree, library), model: replay(nil)}}
		compare := func(p *pair, after string) {
			t.Helper()
			// First, for looking brings all nodes into being.
			if p.m.fs.Mark() > 0 {
				since := Mark(r.Uint64N(uint64(p.m.fs.Mark()) + 1))
				if got := paths(p.m.fs, since); got != paths(p.model.fs, since) {
					t.Fatalf("seed %d: since %d of %d:\n%s\nwant\n%s", seed, since, p.m.fs.generation, got, paths(p.model.fs, since))
				}
			}
			if got, want := p.m.look(t), p.model.look(t); got != want {
				t.Fatalf("seed %d, after %s:\n%s", seed, after, difference(got, want))
			}
			verify(t, p.m.fs)
		}
		for range 200 {
			i := r.IntN(len(family))
			p := family[i]
			switch n := r.IntN(24); {
			case n == 0 && len(family) < 5: // fork
				family = append(family, &pair{m: p.m.clone(t), model: replay(p.log), log: slices.Clone(p.log)})
			case n == 1: // a turn that succeeds: the clone goes on
				p.m = p.m.clone(t)
			case n == 2: // a turn that fails
				failed := p.m.clone(t)
				for range 10 {
					failed.step(r.Uint64())
				}
			case n == 3:
				p.m = p.m.reload(t, tree, library)
			case n == 4 && len(family) > 1:
				family = slices.Delete(family, i, i+1)
			case n == 5:
				compare(p, "looking")
			default:
				s := r.Uint64()
				p.log = append(p.log, s)
				if got, want := p.m.step(s), p.model.step(s); got != want {
					t.Fatalf("seed %d: step %d shows %.300s, want %.300s", seed, s, got, want)
				}
			}
		}
		for _, p := range family {
			compare(p, "the end")
		}
	}
}

func paths(f *FS, since Mark) string {
	var b strings.Builder
	for e := range f.Changed(since) {
		fmt.Fprintln(&b, e.Path)
	}
	return b.String()
}

// difference is the lines that only one has.
func difference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	var b strings.Builder
	for i := 0; i < max(len(g), len(w)) && b.Len() < 2000; i++ {
		var x, y string
		if i < len(g) {
			x = g[i]
		}
		if i < len(w) {
			y = w[i]
		}
		if x != y {
			fmt.Fprintf(&b, "got  %s\nwant %s\n", x, y)
		}
	}
	return b.String()
}

func TestCloneLimits(t *testing.T) {
	f := New(Options{})
	put(t, f, "/work/f", strings.Repeat("x", 100_000))
	put(t, f, "/work/g", "y")
	for name, o := range map[string]Options{"storage": {MaxBytes: 50_000}, "files": {MaxFiles: 1}} {
		var charged int64
		o.Charge = func(d int64) { charged += d }
		var stop *hostfuncs.Stop
		if _, _, err := f.Clone(o, nil); !errors.As(err, &stop) || stop.Kind != hostfuncs.KindStorage {
			t.Errorf("%s: %v", name, err)
		}
		if charged != 0 {
			t.Errorf("%s: %d bytes stayed charged", name, charged)
		}
	}
	refuse := func(d int64) {
		if d > 0 {
			panic(&hostfuncs.Stop{Kind: hostfuncs.KindMemory})
		}
	}
	var stop *hostfuncs.Stop
	if _, _, err := f.Clone(Options{Charge: refuse}, nil); !errors.As(err, &stop) || stop.Kind != hostfuncs.KindMemory {
		t.Errorf("memory: %v", err)
	}
	c, _, err := f.Clone(Options{MaxBytes: 102_000}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if stopOf(t, func() { put(t, c, "/work/h", strings.Repeat("z", 2000)) }) == nil {
		t.Error("the clone has the limit of the original")
	}
	if _, _, err := f.Clone(Options{}, []*File{c.OpenRoot()}); !errors.Is(err, EBADF) {
		t.Errorf("a file of another FS: %v", err)
	}
}

// TestCloneCharges checks that what only the shared table still has is counted until the next Clone, and no longer.
func TestCloneCharges(t *testing.T) {
	const size = 1 << 20
	var charged int64
	f := New(Options{Charge: func(d int64) { charged += d }})
	if _, _, err := f.Clone(Options{}, nil); err != nil {
		t.Fatal(err)
	}
	empty := charged // what the table takes
	put(t, f, "/work/f", strings.Repeat("x", size))
	before := charged
	if _, _, err := f.Clone(Options{}, nil); err != nil {
		t.Fatal(err)
	}
	if charged != before {
		t.Errorf("being cloned costs %d", charged-before)
	}
	put(t, f, "/work/f", strings.Repeat("y", size))
	if charged < before+size {
		t.Errorf("%d charged for two contents of %d", charged, size)
	}
	for range 3 {
		if _, _, err := f.Clone(Options{}, nil); err != nil {
			t.Fatal(err)
		}
		if charged != before {
			t.Errorf("%d charged, want %d: one content", charged, before)
		}
	}
	want(t, "unlink", f.Unlink(nil, "/work/f"), OK)
	if charged < size {
		t.Errorf("%d charged while the table still has the content", charged)
	}
	c, _, err := f.Clone(Options{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if charged != empty || c.Usage() != (Usage{MemoryBytes: empty}) {
		t.Errorf("%d charged for nothing, %+v", charged, c.Usage())
	}
	// A file that is made, shared and removed again and again leaves nothing.
	for i := range 1000 {
		put(t, f, fmt.Sprint("/work/", i), "x")
		if _, _, err := f.Clone(Options{}, nil); err != nil {
			t.Fatal(err)
		}
		want(t, "unlink", f.Unlink(nil, fmt.Sprint("/work/", i)), OK)
	}
	if _, _, err := f.Clone(Options{}, nil); err != nil || charged > empty+levelBytes { // the table is higher, for the numbers that came meanwhile
		t.Errorf("%d charged at the end, %v", charged, err)
	}
}

// TestClonesInParallel lets relatives write to what they share, each in a goroutine of its own; the race detector watches.
func TestClonesInParallel(t *testing.T) {
	first := New(Options{})
	for i := range 40 {
		put(t, first, fmt.Sprintf("/work/%d", i), strings.Repeat("shared", 20_000))
	}
	open, e := first.Open(nil, "/work/0", Read|Write)
	want(t, "open", e, OK)
	var all sync.WaitGroup
	run := func(f *FS, h *File, id int) {
		defer all.Done()
		secret := fmt.Sprintf("secret of %d;", id)
		for i := range 40 {
			path := fmt.Sprintf("/work/%d", i)
			g, e := f.Open(nil, path, Read|Write)
			if e != OK {
				t.Errorf("open %s: %v", path, e)
				return
			}
			g.WriteAt([]byte(secret), int64(i*997))
			g.Close()
		}
		h.WriteAt([]byte(secret), 66_000)
		if err := f.WriteFile("/work/mine", []byte(secret)); err != nil {
			t.Error(err)
		}
		f.Rename(nil, "/work/1", nil, "/work/moved")
		f.Unlink(nil, "/work/2")
		c, _, err := f.Clone(Options{}, nil)
		if err != nil {
			t.Error(err)
			return
		}
		for _, one := range []*FS{f, c} {
			for e := range one.Walk() {
				var b bytes.Buffer
				e.WriteTo(&b)
				text := strings.ReplaceAll(b.String(), secret, "")
				if strings.Contains(text, "secret") {
					t.Errorf("%s of %d has the secret of another clone", e.Path, id)
				}
			}
		}
	}
	for id := range 6 {
		c, files, err := first.Clone(Options{}, []*File{open})
		if err != nil {
			t.Fatal(err)
		}
		all.Add(1)
		go run(c, files[0], id)
	}
	all.Add(1)
	go run(first, open, 99)
	all.Wait()
}

// filled is an FS with 100 files of 100 KB.
func filled(t testing.TB) *FS {
	f := New(Options{})
	for i := range 100 {
		put(t, f, fmt.Sprintf("/work/%d", i), strings.Repeat("x", 100_000))
	}
	return f
}

func BenchmarkClone(b *testing.B) {
	for _, bench := range []struct {
		name  string
		touch func(*FS)
	}{
		{"untouched", func(*FS) {}},
		{"read one", func(f *FS) { f.Stat(nil, "/work/50", true) }},
		{"write one", func(f *FS) {
			h, _ := f.Open(nil, "/work/50", Write)
			h.WriteAt([]byte("y"), 70_000)
			h.Close()
		}},
		{"make one", func(f *FS) {
			h, _ := f.Open(nil, "/work/new", Write|Create)
			h.WriteAt([]byte("y"), 0)
			h.Close()
		}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			f := filled(b)
			b.ReportAllocs()
			for b.Loop() {
				c, _, err := f.Clone(Options{}, nil)
				if err != nil {
					b.Fatal(err)
				}
				bench.touch(c)
				if bench.name != "untouched" { // the turn after it
					if _, _, err := c.Clone(Options{}, nil); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

// TestCloneChargesNames does the same for entries, which the table has too.
func TestCloneChargesNames(t *testing.T) {
	var charged int64
	f := New(Options{Charge: func(d int64) { charged += d }})
	name := func(i int) string { return fmt.Sprintf("/work/%0200d", i) }
	for i := range 100 {
		put(t, f, name(i), "x")
	}
	clone := func() {
		t.Helper()
		if _, _, err := f.Clone(Options{}, nil); err != nil {
			t.Fatal(err)
		}
	}
	clone()
	before := charged
	for i := range 50 {
		want(t, "rename", f.Rename(nil, name(i), nil, fmt.Sprint("/tmp/", i)), OK)
	}
	if charged < before+50*EntryBytes {
		t.Errorf("%d charged for 50 entries that were moved and are also where they were, %d before", charged, before)
	}
	for i := range 50 {
		want(t, "unlink", f.Unlink(nil, name(50+i)), OK)
	}
	if charged < before+50*EntryBytes {
		t.Errorf("%d charged while the table has all entries, %d before", charged, before)
	}
	verify(t, f)
	clone()
	verify(t, f)
	if charged >= before {
		t.Errorf("%d charged for half of what took %d", charged, before)
	}
}

// TestDecodedContentIsShared writes to what was decoded while a clone has it too.
func TestDecodedContentIsShared(t *testing.T) {
	f := New(Options{})
	put(t, f, "/work/f", "before")
	data, err := f.AppendBinary(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	d, _, err := DecodeFS(data, Options{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	c, _, err := d.Clone(Options{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	h, e := d.Open(nil, "/work/f", Write)
	want(t, "open", e, OK)
	h.Write([]byte("SECRET"))
	h.Close()
	if got, err := c.ReadFile("/work/f"); string(got) != "before" {
		t.Errorf("the clone has %q, %v", got, err)
	}
}

// TestManyForksAtOnce clones one committed state from several goroutines, as forks of a session do.
func TestManyForksAtOnce(t *testing.T) {
	f := New(Options{})
	put(t, f, "/work/f", "committed")
	h, _ := f.Open(nil, "/work/f", Read|Write)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			c, files, err := f.Clone(Options{}, []*File{h})
			if err != nil {
				t.Error(err)
				return
			}
			files[0].Write([]byte("changed"))
			if got, err := c.ReadFile("/work/f"); string(got) != "changeded" {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
	all.Wait()
	if got, err := f.ReadFile("/work/f"); string(got) != "committed" {
		t.Errorf("%q, %v", got, err)
	}
}
