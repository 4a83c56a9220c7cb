package vfs

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	goruntime "runtime"
	"strings"
	"testing"
	"time"

	"wand/hostfuncs"
)

// mounts is where DecodeFS finds content in these tests.
type mounts struct {
	tree    *Tree
	library *Data
}

func newMounts() mounts { return mounts{NewTree(sharedTree), NewData([]byte("library"))} }

func (m mounts) find(w Mounted) (Content, error) {
	if w.Tree {
		return Content{Tree: m.tree}, nil
	}
	return Content{Data: m.library}, nil
}

// worked is a machine after a random program.
func (m mounts) worked(t testing.TB, seed, steps uint64) *machine {
	w := newMachine(t, m.tree, m.library)
	for i := range steps {
		w.step(seed<<32 + i)
	}
	return w
}

// TestEqualTreesHaveEqualBytes takes two ways to the same tree: chunks of other sizes, holes and written zeros, removed files, other clones before.
func TestEqualTreesHaveEqualBytes(t *testing.T) {
	frozen := func() time.Time { return time.Unix(1, 0) }
	one, two := New(Options{Now: frozen}), New(Options{Now: frozen})
	put(t, one, "/work/f", strings.Repeat("x", 1000))
	h, _ := one.Open(nil, "/work/g", Create|Write)
	h.SetSize(200_000)
	h.WriteAt([]byte("y"), 70_000)
	h.Close()

	h, _ = two.Open(nil, "/work/f", Create|Write)
	h.Write([]byte(strings.Repeat("x", 500)))
	if _, _, err := two.Clone(Options{}, nil); err != nil {
		t.Fatal(err)
	}
	h.Write([]byte(strings.Repeat("x", 500)))
	h.Close()
	h, _ = two.Open(nil, "/work/g", Create|Write)
	h.Write(make([]byte, 200_000))
	h.WriteAt([]byte("y"), 70_000)
	h.Close()
	// Numbers of changes are part of a tree: Changed goes by them.
	one.generation = two.generation
	for _, f := range []*FS{one, two} {
		for _, name := range []string{"/work", "/work/f", "/work/g"} {
			s, _ := f.walk(f.root, name, keepLast, 0)
			s.node.changed = 1
			f.mark(s.node)
		}
		s, _ := f.walk(f.root, "/work", keepLast, 0)
		for _, e := range s.node.dir.list {
			e.changed = 1
		}
	}
	a, err := one.AppendBinary(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := two.AppendBinary(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a, b) {
		t.Errorf("%d bytes and %d bytes that differ", len(a), len(b))
	}
	if len(a) > 6000 {
		t.Errorf("%d bytes for a tree that is mostly holes", len(a))
	}
}

// TestDamagedEncoding cuts and changes real encodings at random places.
func TestDamagedEncoding(t *testing.T) {
	m := newMounts()
	for seed := range uint64(2) {
		w := m.worked(t, seed, 120)
		good, err := w.fs.AppendBinary(nil, w.files[:])
		if err != nil {
			t.Fatal(err)
		}
		step := 1 + len(good)/100
		for i := 0; i < len(good); i += step {
			if _, err := m.try(t, good[:i]); !errors.Is(err, ErrEncoding) {
				t.Fatalf("the first %d of %d bytes: %v", i, len(good), err)
			}
			bad := bytes.Clone(good)
			bad[i] ^= 1 << (i % 8)
			m.try(t, bad)
		}
	}
}

// try decodes what may be damaged. What comes back has to be in order.
func (m mounts) try(t testing.TB, data []byte) (*FS, error) {
	var charged int64
	o := Options{MaxBytes: 4 << 20, MaxFiles: 1000, Charge: func(d int64) { charged += d }, Now: func() time.Time { return time.Unix(0, 0) }}
	f, files, err := DecodeFS(data, o, m.find)
	if err != nil {
		if charged != 0 {
			t.Fatalf("%d bytes stayed charged after %v", charged, err)
		}
		return nil, err
	}
	if charged != f.Usage().MemoryBytes {
		t.Fatalf("charged %d, usage %d", charged, f.Usage().MemoryBytes)
	}
	verifyWith(t, f, files)
	// It can be used, and what it says of itself can be read again.
	w := &machine{fs: f}
	for i, h := range files {
		if i < len(w.files) {
			w.files[i] = h
		}
	}
	again, err := f.AppendBinary(nil, files)
	if err != nil {
		t.Fatal(err)
	}
	g, others, err := DecodeFS(again, o, m.find)
	if err != nil {
		t.Fatalf("decoded once, but not twice: %v", err)
	}
	twice, err := g.AppendBinary(nil, others)
	if err != nil || !bytes.Equal(again, twice) {
		t.Fatalf("decoding changed the bytes, %v", err)
	}
	if stop := stopOf(t, func() {
		w.look(t)
		for i := range uint64(30) {
			w.step(i)
		}
	}); stop != nil && stop.Kind != hostfuncs.KindStorage {
		t.Fatal(stop)
	}
	return f, nil
}

// verifyWith is verify while files are open.
func verifyWith(t testing.TB, f *FS, files []*File) {
	t.Helper()
	for _, h := range files {
		if h != nil && h.node.opens == 0 {
			t.Fatal("a file is open whose inode is not")
		}
	}
	verify(t, f)
}

func FuzzDecodeFS(f *testing.F) {
	m := newMounts()
	for seed := range uint64(4) {
		w := newMachine(f, m.tree, m.library)
		w.small = true
		for i := range 60 + seed*60 {
			w.step(seed<<32 + i)
		}
		data, err := w.fs.AppendBinary(nil, w.files[:])
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	empty, err := New(Options{}).AppendBinary(nil, nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(empty)
	f.Fuzz(func(t *testing.T, data []byte) { m.try(t, data) })
}

// forge writes encodings that AppendBinary never would.
type forge struct{ b []byte }

func (f *forge) uints(v ...uint64) {
	for _, x := range v {
		f.b = binary.AppendUvarint(f.b, x)
	}
}

func (f *forge) text(s string) { f.uints(uint64(len(s))); f.b = append(f.b, s...) }

// inode is kind, flags, number, and no changes nor times.
func (f *forge) inode(kind Kind, flags, number uint64) {
	f.uints(uint64(kind), flags, number, 0, 0, 0, 0)
}

func (f *forge) entry(name string, seq, index uint64) {
	f.text(name)
	f.uints(seq, 0, index)
}

// forged is an encoding with a tree of so many inodes: "/", /work, /tmp, and what the rest says. extra are entries of /work, which index from 3.
func forged(inodes uint64, work func(*forge), rest func(*forge), after func(*forge)) []byte {
	f := &forge{b: []byte(encodedMagic)}
	f.uints(encodedVersion, 100, 100, inodes)
	f.inode(KindDirectory, encodedReadOnly, 1)
	f.uints(PathBytes, 4, 2)
	f.entry("work", 2, 1)
	f.entry("tmp", 3, 2)
	f.inode(KindDirectory, 0, 2)
	work(f)
	f.inode(KindDirectory, 0, 3)
	f.uints(0, 2, 0)
	rest(f)
	if after == nil {
		f.uints(0, 0)
	} else {
		after(f)
	}
	return f.b
}

func TestForgedEncodings(t *testing.T) {
	nothing := func(*forge) {}
	entries := func(list ...string) func(*forge) {
		return func(f *forge) {
			f.uints(4000, 100, uint64(len(list)))
			for i, name := range list {
				f.entry(name, uint64(2+i), uint64(3+i))
			}
		}
	}
	file := func(size uint64, chunks ...uint64) func(*forge) {
		return func(f *forge) {
			f.inode(KindFile, 0, 4)
			f.uints(size)
			f.uints(chunks...)
		}
	}
	folder := func(number uint64, list func(*forge)) func(*forge) {
		return func(f *forge) { f.inode(KindDirectory, 0, number); list(f) }
	}
	all := func(parts ...func(*forge)) func(*forge) {
		return func(f *forge) {
			for _, p := range parts {
				p(f)
			}
		}
	}
	open := func(place, flags, pos uint64) func(*forge) {
		return func(f *forge) {
			f.uints(0, 1, placeTree, place, flags, pos, placeNone)
			f.text("f")
		}
	}
	one := entries("f")
	m := newMounts()
	if _, err := m.try(t, forged(4, one, file(3, 1, 0, 1, 'x'), open(3, uint64(Read|Write), 7))); err != nil {
		t.Fatalf("a good one: %v", err)
	}
	elsewhere := forged(4, one, func(f *forge) { f.inode(KindDevice, encodedReadOnly, 4) }, nil)
	m.try(t, elsewhere)
	if f, _, err := DecodeFS(elsewhere, Options{}, nil); err != nil || f.Usage().Files != 1 {
		t.Fatalf("a device that is not where it should be has to count: %v", err)
	}
	for name, c := range map[string]struct {
		data []byte
		says string
	}{
		"empty":                    {nil, "does not begin"},
		"version":                  {append([]byte(encodedMagic), 2), "version 2"},
		"something follows":        {append(forged(3, entries(), nothing, nil), 0), "follows"},
		"slash":                    {forged(4, entries("a/b"), file(0, 0), nil), "slash"},
		"NUL":                      {forged(4, entries("a\x00"), file(0, 0), nil), "NUL"},
		"dots":                     {forged(4, entries(".."), file(0, 0), nil), "no entry's"},
		"no name":                  {forged(4, entries(""), file(0, 0), nil), "no entry's"},
		"not UTF-8":                {forged(4, entries("\xff"), file(0, 0), nil), "UTF-8"},
		"long name":                {forged(4, entries(strings.Repeat("x", 256)), file(0, 0), nil), "256"},
		"name twice":               {forged(5, entries("f", "f"), file(0, 0), nil), "twice"},
		"same position":            {forged(5, func(f *forge) { f.uints(10, 100, 2); f.entry("a", 2, 3); f.entry("b", 2, 4) }, file(0, 0), nil), "position"},
		"position of a dot":        {forged(4, func(f *forge) { f.uints(10, 100, 1); f.entry("a", 1, 3) }, file(0, 0), nil), "position"},
		"number twice":             {forged(5, entries("f", "g"), all(file(0, 0), file(0, 0)), nil), "number 4"},
		"number beyond the last":   {forged(4, one, func(f *forge) { f.inode(KindFile, 0, 101) }, nil), "inode number is 101"},
		"number 0":                 {forged(4, one, func(f *forge) { f.inode(KindFile, 0, 0) }, nil), "number 0"},
		"kind":                     {forged(4, one, func(f *forge) { f.inode(5, 0, 4) }, nil), "kind 5"},
		"cycle":                    {forged(4, entries("d"), folder(4, func(f *forge) { f.uints(10, 100, 1); f.entry("up", 2, 1) }), nil), "too many"},
		"root in a folder":         {forged(4, entries("d"), folder(4, func(f *forge) { f.uints(10, 100, 1); f.entry("up", 2, 0) }), nil), "too many"},
		"folder in itself":         {forged(4, entries("d"), folder(4, func(f *forge) { f.uints(10, 100, 1); f.entry("d", 2, 3) }), nil), "too many"},
		"folder with two names":    {forged(4, func(f *forge) { f.uints(10, 100, 2); f.entry("a", 2, 3); f.entry("b", 3, 3) }, folder(4, func(f *forge) { f.uints(0, 2, 0) }), nil), "too many"},
		"entry of nothing":         {forged(4, func(f *forge) { f.uints(10, 100, 1); f.entry("a", 2, 5) }, file(0, 0), nil), "inode of an entry is 5"},
		"inode in no folder":       {forged(4, entries(), file(0, 0), nil), "in no folder"},
		"more inodes than entries": {forged(1<<31, one, file(0, 0), nil), "in no folder"},
		"fewer inodes":             {forged(3, one, nothing, nil), "entries of 4"},
		"paths too short":          {forged(4, func(f *forge) { f.uints(3, 100, 1); f.entry("long", 2, 3) }, file(0, 0), nil), "at most 3"},
		"absurd count of entries":  {forged(4, func(f *forge) { f.uints(10, 100, 1<<40) }, nothing, nil), "number of entries"},
		"chunk beyond the end":     {forged(4, one, file(3, 1, 1, 1, 'x'), nil), "chunk is 1"},
		"chunk too long":           {forged(4, one, file(1, 1, 0, 2, 'x', 'x'), nil), "of 1 bytes has 2"},
		"chunk too large":          {forged(4, one, file(1<<20, 1, 0, 1<<17), nil), "limit is 65536"},
		"chunks of an empty file":  {forged(4, one, file(0, 1, 0, 1, 'x'), nil), "number of chunks"},
		"chunks in disorder":       {forged(4, one, file(1<<20, 2, 1, 1, 'x', 0, 1, 'x'), nil), "comes after"},
		"negative size":            {forged(4, one, file(1<<63, 0), nil), "size of a file"},
		"link to nothing":          {forged(4, one, func(f *forge) { f.inode(KindLink, 0, 4); f.text("") }, nil), "leads to"},
		"mounted and writable":     {forged(4, one, func(f *forge) { f.inode(KindFile, encodedMount, 4) }, nil), "flags 2"},
		"writable device":          {forged(4, one, func(f *forge) { f.inode(KindDevice, 0, 4) }, nil), "kind 2"},
		"mounted link":             {forged(4, one, func(f *forge) { f.inode(KindLink, encodedMount|encodedReadOnly, 4) }, nil), "flags 3"},
		"plain tree":               {forged(4, one, func(f *forge) { f.inode(KindDirectory, encodedTree|encodedReadOnly, 4) }, nil), "flags 5"},
		"other library": {forged(4, one, func(f *forge) {
			f.inode(KindFile, encodedMount|encodedReadOnly, 4)
			f.text("/x")
			f.uints(7)
			f.text("00")
		}, nil), "had 7 and 00"},
		"other size": {forged(4, one, func(f *forge) {
			f.inode(KindFile, encodedMount|encodedReadOnly, 4)
			f.text("/x")
			f.uints(1 << 60)
			f.text(m.library.Digest())
		}, nil), "has 7 bytes"},
		"other tree": {forged(4, one, func(f *forge) {
			f.inode(KindDirectory, encodedMount|encodedReadOnly|encodedTree, 4)
			f.text("/x")
			f.text("00")
		}, nil), `was "00"`},
		"folder open for writing": {forged(3, entries(), nothing, open(1, uint64(Write), 0)), "flags 0x2"},
		"read-only and written":   {forged(4, one, func(f *forge) { f.inode(KindFile, encodedReadOnly, 4); f.uints(0, 0) }, open(3, uint64(Write), 0)), "flags 0x2"},
		"flags":                   {forged(3, entries(), nothing, open(1, 1<<8, 0)), "flags of an open file"},
		"negative position":       {forged(3, entries(), nothing, open(1, 1, 1<<63)), "position"},
		"open nothing":            {forged(3, entries(), nothing, open(7, 1, 0)), "inode is 7"},
		"not in a mount":          {forged(3, entries(), nothing, func(f *forge) { f.uints(0, 1, placeMounted, 1); f.text("a") }), "not in the tree"},
		"out of a mount":          {forged(3, entries(), nothing, func(f *forge) { f.uints(0, 1, placeMounted, 1); f.text("../a") }), "no path"},
		"removed and not open":    {forged(3, entries(), nothing, func(f *forge) { f.uints(1); file(0, 0)(f); f.uints(0) }), "not open"},
		"removed and there":       {forged(3, entries(), nothing, func(f *forge) { f.uints(1); f.inode(KindFile, 0, 2); f.uints(0, 0, 0) }), "cannot have been"},
		"removed from nowhere":    {forged(3, entries(), nothing, func(f *forge) { f.uints(1); f.inode(KindDirectory, 0, 9); f.text("d"); f.uints(0, 2, placeRemoved, 0) }), "no such removed"},
		"removed in itself":       {forged(3, entries(), nothing, func(f *forge) { f.uints(1); f.inode(KindDirectory, 0, 9); f.text("d"); f.uints(0, 2, placeNone) }), "in no folder"},
		"many open files":         {forged(3, entries(), nothing, func(f *forge) { f.uints(0, 1<<50) }), "number of open files"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := m.try(t, c.data)
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, want %q", err, c.says)
			}
		})
	}
	for name, data := range map[string][]byte{
		"size of a file": forged(4, one, file(5<<20, 0), nil),
		"hard links": forged(4, func(f *forge) {
			f.uints(10, 1<<20, 40_000)
			for i := range uint64(40_000) {
				f.entry(fmt.Sprint(i), 2+i, 3)
			}
		}, file(0, 0), nil),
	} {
		var stop *hostfuncs.Stop
		if _, err := m.try(t, data); !errors.As(err, &stop) || stop.Kind != hostfuncs.KindStorage {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := DecodeFS(forged(4, one, func(f *forge) {
		f.inode(KindFile, encodedMount|encodedReadOnly, 4)
		f.text("/x")
		f.uints(0)
		f.text("")
	}, nil), Options{}, nil); err == nil ||
		!strings.Contains(err.Error(), "say with what") {
		t.Errorf("a mount without find: %v", err)
	}
}

// TestDecodingAllocatesWhatIsThere measures what a small input with large promises makes the host allocate.
func TestDecodingAllocatesWhatIsThere(t *testing.T) {
	data := forged(1<<32-1, func(f *forge) { f.uints(4000, 1<<47, 30); f.entry("f", 2, 3) }, func(*forge) {}, nil)
	data = append(data, bytes.Repeat([]byte{0xff}, 1000)...)
	var before, after goruntime.MemStats
	goruntime.ReadMemStats(&before)
	for range 100 {
		DecodeFS(data, Options{}, nil)
	}
	goruntime.ReadMemStats(&after)
	if per := (after.TotalAlloc - before.TotalAlloc) / 100; per > 64<<10 {
		t.Errorf("%d bytes allocated for an input of %d", per, len(data))
	}
}

// TestHostFoldersStayBehind clones and encodes an FS with a folder of the host, which the clone gets again from its owner.
func TestHostFoldersStayBehind(t *testing.T) {
	host := t.TempDir()
	f := New(Options{})
	defer f.Close()
	mount := func(f *FS) {
		t.Helper()
		if err := f.MountHost("/work/data/host", Mount{Host: host, Access: AccessWrite}); err != nil {
			t.Fatal(err)
		}
	}
	mount(f)
	put(t, f, "/work/data/own", "own")
	pending, e := f.Open(nil, "/work/data/host/new", Create|Write)
	want(t, "open", e, OK)
	pending.Write([]byte("pending"))
	c, files, err := f.Clone(Options{}, []*File{pending, nil})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if files[0] != nil || files[1] != nil {
		t.Error("a file of the host is open in the clone")
	}
	_, e = c.Stat(nil, "/work/data/host", true)
	want(t, "the mount in the clone", e, ENOENT)
	mount(c)
	_, e = c.Stat(nil, "/work/data/host/new", true)
	want(t, "what is pending in the original", e, ENOENT)
	want(t, "close", pending.Close(), OK)
	_, e = c.Stat(nil, "/work/data/host/new", true)
	want(t, "what is in its place", e, OK)
	data, err := c.AppendBinary(nil, nil)
	if err != nil || bytes.Contains(data, []byte("host")) || bytes.Contains(data, []byte("pending")) {
		t.Errorf("%q, %v", data, err)
	}
	d, _, err := DecodeFS(data, Options{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	mount(d)
	if text, err := d.ReadFile("/work/data/own"); string(text) != "own" {
		t.Errorf("%q, %v", text, err)
	}
}

// TestRemovedFilesThatNobodyTakes are not in a clone, and not counted.
func TestRemovedFilesThatNobodyTakes(t *testing.T) {
	f := New(Options{})
	put(t, f, "/work/f", strings.Repeat("x", 100_000))
	h, _ := f.Open(nil, "/work/f", Read)
	want(t, "unlink", f.Unlink(nil, "/work/f"), OK)
	for range 2 { // with and without a record of it
		c, _, err := f.Clone(Options{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		verify(t, c)
		if u := c.Usage(); u.StorageBytes != 0 || u.Files != 0 || u.MemoryBytes > 2000 {
			t.Errorf("%+v", u)
		}
		c, files, err := f.Clone(Options{}, []*File{h, h})
		if err != nil {
			t.Fatal(err)
		}
		verify(t, c)
		if u := c.Usage(); u.StorageBytes != 100_000+InodeBytes || u.Files != 1 {
			t.Errorf("%+v", u)
		}
		files[0].Close()
		verify(t, c)
		files[1].Close()
		verify(t, c)
		if u := c.Usage(); u.StorageBytes != 0 || u.Files != 0 {
			t.Errorf("after the last close: %+v", u)
		}
	}
	verify(t, f)
}

func BenchmarkEncode(b *testing.B) {
	f := filled(b)
	data, err := f.AppendBinary(nil, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("encode", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			if data, err = f.AppendBinary(data[:0], nil); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("decode", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			if _, _, err := DecodeFS(data, Options{}, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
}
