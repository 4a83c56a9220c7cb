package vfs

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// hostFolder makes a folder with files of these contents; a name that ends in a slash is a folder.
func hostFolder(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		p := filepath.Join(dir, filepath.FromSlash(name))
		if strings.HasSuffix(name, "/") {
			must(t, os.MkdirAll(p, 0o755))
			continue
		}
		must(t, os.MkdirAll(filepath.Dir(p), 0o755))
		must(t, os.WriteFile(p, []byte(text), 0o644))
	}
	return dir
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// mounted returns an FS that has dir at /data.
func mounted(t testing.TB, dir string, m Mount) *FS {
	t.Helper()
	f := New(Options{})
	m.Host = dir
	must(t, f.MountHost("/data", m))
	t.Cleanup(func() { f.Close() })
	return f
}

// get reads a file as a guest does.
func get(t testing.TB, f *FS, path string) (string, Errno) {
	t.Helper()
	h, e := f.Open(nil, path, Read)
	if e != OK {
		return "", e
	}
	defer h.Close()
	var out []byte
	buffer := make([]byte, 1000)
	for {
		n, e := h.Read(buffer)
		if e != OK || n == 0 {
			return string(out), e
		}
		out = append(out, buffer[:n]...)
	}
}

func wantText(t testing.TB, f *FS, path, text string) {
	t.Helper()
	if got, e := get(t, f, path); e != OK || got != text {
		t.Errorf("%s: %q, %v, want %q", path, got, e, text)
	}
}

// onHost is what a file of the host holds; "-" when there is none.
func onHost(t testing.TB, elements ...string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(elements...))
	if errors.Is(err, os.ErrNotExist) {
		return "-"
	}
	must(t, err)
	return string(b)
}

func names(t testing.TB, f *FS, path string) []string {
	t.Helper()
	h, e := f.Open(nil, path, Read|Directory)
	if e != OK {
		t.Fatalf("open %s: %v", path, e)
	}
	defer h.Close()
	var out []string
	if e := h.ReadDir(firstCookie, func(d DirEntry) bool {
		out = append(out, fmt.Sprint(d.Name, " ", d.Kind))
		return true
	}); e != OK {
		t.Fatalf("list %s: %v", path, e)
	}
	slices.Sort(out)
	return out
}

func TestMountRead(t *testing.T) {
	dir := hostFolder(t, map[string]string{"a.csv": "1,2", "sub/b": "deep"})
	f := mounted(t, dir, Mount{Access: AccessRead})
	wantText(t, f, "/data/a.csv", "1,2")
	wantText(t, f, "/data/sub/../sub/b", "deep")
	must(t, os.WriteFile(filepath.Join(dir, "late"), []byte("live"), 0o600))
	wantText(t, f, "/data/late", "live")
	if got := names(t, f, "/data"); !slices.Equal(got, []string{"a.csv 4", "late 4", "sub 3"}) {
		t.Errorf("listed %v", got)
	}
	st, e := f.Stat(nil, "/data/a.csv", true)
	if e != OK || st.Size != 3 || st.Kind != KindFile {
		t.Errorf("%+v, %v", st, e)
	}
	for what, e := range map[string]Errno{
		"mkdir":    f.Mkdir(nil, "/data/new"),
		"unlink":   f.Unlink(nil, "/data/a.csv"),
		"rmdir":    f.Rmdir(nil, "/data/sub"),
		"rename":   f.Rename(nil, "/data/a.csv", nil, "/data/b"),
		"symlink":  f.Symlink("a.csv", nil, "/data/link"),
		"times":    f.SetTimes(nil, "/data/a.csv", true, new(int64), nil),
		"hardlink": f.Link(nil, "/work", false, nil, "/data/x"),
	} {
		want(t, what, e, EACCES)
	}
	for _, flags := range []Flags{Write, Write | Append, Write | Create, Read | Create, Read | Truncate, Read | Write} {
		for _, path := range []string{"/data/a.csv", "/data/new"} {
			_, e := f.Open(nil, path, flags)
			want(t, fmt.Sprint("open ", path, flags), e, EACCES)
		}
	}
	want(t, "rename out", f.Rename(nil, "/data/a.csv", nil, "/work/a"), EACCES)
	want(t, "link out", f.Link(nil, "/data/a.csv", false, nil, "/work/a"), EXDEV)
	if got := onHost(t, dir, "a.csv"); got != "1,2" {
		t.Errorf("the file became %q", got)
	}
}

func TestMountWrite(t *testing.T) {
	dir := hostFolder(t, map[string]string{"old": "before", "sub/": ""})
	f := mounted(t, dir, Mount{Access: AccessWrite})
	h, e := f.Open(nil, "/data/old", Write|Create|Truncate)
	want(t, "open", e, OK)
	h.Write([]byte("after"))
	if got := onHost(t, dir, "old"); got != "before" {
		t.Errorf("while it is written, the host sees %q", got)
	}
	wantText(t, f, "/data/old", "after")
	st, _ := f.Stat(nil, "/data/old", true)
	if st.Size != 5 {
		t.Errorf("while it is written, the guest sees %d bytes", st.Size)
	}
	if got := names(t, f, "/data"); !slices.Equal(got, []string{"old 4", "sub 3"}) {
		t.Errorf("listed %v", got)
	}
	want(t, "close", h.Close(), OK)
	if got := onHost(t, dir, "old"); got != "after" {
		t.Errorf("then the host sees %q", got)
	}

	put(t, f, "/data/sub/new", "content")
	h, e = f.Open(nil, "/data/sub/new", Read|Write)
	want(t, "open", e, OK)
	h.WriteAt([]byte("C"), 0)
	if got := onHost(t, dir, "sub/new"); got != "Content" {
		t.Errorf("in place: %q", got)
	}
	want(t, "close", h.Close(), OK)
	h, _ = f.Open(nil, "/data/sub/log", Write|Create|Append)
	h.Write([]byte("one"))
	h.Write([]byte("two"))
	if got := onHost(t, dir, "sub/log"); got != "onetwo" {
		t.Errorf("appended: %q", got)
	}
	h.Close()

	want(t, "mkdir", f.Mkdir(nil, "/data/folder"), OK)
	want(t, "rename", f.Rename(nil, "/data/sub/new", nil, "/data/folder/moved"), OK)
	wantText(t, f, "/data/folder/moved", "Content")
	want(t, "rename folder", f.Rename(nil, "/data/folder", nil, "/data/other"), OK)
	wantText(t, f, "/data/other/moved", "Content")
	want(t, "rmdir full", f.Rmdir(nil, "/data/other"), ENOTEMPTY)
	var listed []string
	for _, w := range f.Written(1 << 20) {
		listed = append(listed, w.Path)
	}
	if !slices.Equal(listed, []string{"/data/old", "/data/other/moved", "/data/sub/log"}) {
		t.Errorf("written: %v", listed)
	}
	want(t, "unlink", f.Unlink(nil, "/data/other/moved"), OK)
	want(t, "rmdir", f.Rmdir(nil, "/data/other"), OK)
	want(t, "unlink mount", f.Rmdir(nil, "/data"), EBUSY)
	want(t, "rename mount", f.Rename(nil, "/data", nil, "/work/x"), EBUSY)
	want(t, "symlink", f.Symlink("old", nil, "/data/link"), EPERM)
	want(t, "link", f.Link(nil, "/data/old", false, nil, "/data/link"), EPERM)
	put(t, f, "/work/x", "x")
	want(t, "link in", f.Link(nil, "/work/x", false, nil, "/data/link"), EPERM)
	want(t, "rename in", f.Rename(nil, "/work/x", nil, "/data/x"), EXDEV)
	want(t, "rename out", f.Rename(nil, "/data/old", nil, "/work/y"), EXDEV)
}

func TestMountAppend(t *testing.T) {
	dir := hostFolder(t, map[string]string{"log": "1"})
	f := mounted(t, dir, Mount{Access: AccessAppend})
	for _, path := range []string{"/data/log", "/data/new"} {
		h, e := f.Open(nil, path, Write|Append|Create)
		if e != OK {
			t.Fatalf("%s: %v", path, e)
		}
		h.Write([]byte("2"))
		_, e = h.WriteAt([]byte("x"), 0)
		want(t, "write at", e, EPERM)
		want(t, "truncate", h.SetSize(0), EPERM)
		want(t, "allocate", h.Allocate(0, 100), EPERM)
		want(t, "no append", h.SetAppend(false), EPERM)
		want(t, "times", h.SetTimes(new(int64), nil), EPERM)
		_, e = h.ReadAt(make([]byte, 1), 0)
		want(t, "read", e, EBADF)
		h.SeekTo(0, FromStart)
		h.Write([]byte("3"))
		if n, e := h.SeekTo(0, FromEnd); e != OK || n < 2 {
			t.Errorf("the end is at %d, %v", n, e)
		}
		want(t, "close", h.Close(), OK)
	}
	for _, flags := range []Flags{Read, Write, Read | Write | Append, Write | Append | Truncate, Write | Append | Create | Truncate, Write | Create, Create, Append, Directory} {
		_, e := f.Open(nil, "/data/log", flags)
		want(t, fmt.Sprint("open ", flags), e, EACCES)
	}
	_, e := f.Stat(nil, "/data/log", true)
	want(t, "stat", e, EACCES)
	want(t, "unlink", f.Unlink(nil, "/data/log"), EACCES)
	want(t, "rename over", f.Rename(nil, "/data/new", nil, "/data/log"), EACCES)
	want(t, "mkdir", f.Mkdir(nil, "/data/x"), EACCES)
	_, e = f.Open(nil, "/data", Read|Directory)
	want(t, "list", e, EACCES)
	if st, e := f.Stat(nil, "/data", true); e != OK || st.Kind != KindDirectory {
		t.Errorf("the mount itself: %+v, %v", st, e)
	}
	if got := onHost(t, dir, "log") + " " + onHost(t, dir, "new"); got != "123 23" {
		t.Errorf("the files hold %s", got)
	}
}

// TestMountAppendIsForGood says that opening to append gives no more than that where writing was granted, for a rule may allow one and not the other.
func TestMountAppendIsForGood(t *testing.T) {
	dir := hostFolder(t, map[string]string{"log": "1"})
	f := mounted(t, dir, Mount{Access: AccessWrite, Authorize: func(a Access, path string) error {
		if a != AccessAppend {
			return errors.New("append only")
		}
		return nil
	}})
	h, e := f.Open(nil, "/data/log", Write|Append)
	want(t, "open", e, OK)
	want(t, "truncate", h.SetSize(0), EPERM)
	want(t, "no append", h.SetAppend(false), EPERM)
	_, e = h.WriteAt([]byte("x"), 0)
	want(t, "write at", e, EPERM)
	want(t, "close", h.Close(), OK)
}

func TestMountOfOneFile(t *testing.T) {
	dir := hostFolder(t, map[string]string{"in.txt": "in", "secret": "s", "f": "old"})
	f := New(Options{})
	defer f.Close()
	must(t, f.MountHost("/in/data.txt", Mount{Host: filepath.Join(dir, "in.txt"), Access: AccessRead}))
	must(t, f.MountHost("/in/f", Mount{Host: filepath.Join(dir, "f"), Access: AccessWrite}))
	wantText(t, f, "/in/data.txt", "in")
	if got := names(t, f, "/in"); !slices.Equal(got, []string{"data.txt 4", "f 4"}) {
		t.Errorf("listed %v", got)
	}
	for _, path := range []string{"/in/secret", "/in/data.txt/../secret", "/in/data.txt/secret", "/in/in.txt"} {
		if _, e := get(t, f, path); e == OK {
			t.Errorf("%s can be read", path)
		}
	}
	_, e := f.Open(nil, "/in/data.txt", Write)
	want(t, "write to a read-only file", e, EACCES)
	_, e = f.Open(nil, "/in/other", Write|Create)
	want(t, "another file", e, EROFS)
	put(t, f, "/in/f", "new")
	if got := onHost(t, dir, "f"); got != "new" {
		t.Errorf("the host has %q", got)
	}
	want(t, "unlink", f.Unlink(nil, "/in/f"), EBUSY)
	want(t, "rename", f.Rename(nil, "/in/f", nil, "/in/g"), EBUSY)

	must(t, os.Remove(filepath.Join(dir, "in.txt")))
	_, e = get(t, f, "/in/data.txt")
	want(t, "after it went away", e, ENOENT)
	if err := os.Symlink("secret", filepath.Join(dir, "in.txt")); err == nil {
		_, e = get(t, f, "/in/data.txt")
		want(t, "a link to a neighbour", e, EACCES)
	}
	must(t, os.Remove(filepath.Join(dir, "f")))
	put(t, f, "/in/f", "again")
	if got := onHost(t, dir, "f"); got != "again" {
		t.Errorf("the host has %q", got)
	}
}

func TestMountInMount(t *testing.T) {
	dir := hostFolder(t, map[string]string{"a": "outer", "out/old": "hidden", "sub/": "", "sub/x": "x"})
	out := hostFolder(t, map[string]string{"b": "inner"})
	f := mounted(t, dir, Mount{Access: AccessRead})
	must(t, f.MountHost("/data/out", Mount{Host: out, Access: AccessWrite}))
	must(t, f.MountHost("/data/sub/deep", Mount{Host: out, Access: AccessRead}))
	wantText(t, f, "/data/out/b", "inner")
	wantText(t, f, "/data/sub/deep/../../out/../a", "outer")
	wantText(t, f, "/data/sub/deep/b", "inner")
	put(t, f, "/data/out/c", "c")
	if got := onHost(t, out, "c"); got != "c" {
		t.Errorf("%q", got)
	}
	_, e := f.Open(nil, "/data/c", Write|Create)
	want(t, "outside it", e, EACCES)
	_, e = f.Open(nil, "/data/out/../c", Write|Create)
	want(t, "outside it", e, EACCES)
	_, e = f.Open(nil, "/data/sub/deep/c", Write|Create|Truncate)
	want(t, "the same folder, only to read", e, EACCES)
	_, e = f.Open(nil, "/data/out/old", Read)
	want(t, "what it covers", e, ENOENT)
	if got := names(t, f, "/data"); !slices.Equal(got, []string{"a 4", "out 3", "sub 3"}) {
		t.Errorf("listed %v", got)
	}
	if got := names(t, f, "/data/sub"); !slices.Equal(got, []string{"deep 3", "x 4"}) {
		t.Errorf("listed %v", got)
	}
	if err := f.MountHost("/data/out", Mount{Host: out, Access: AccessRead}); !errors.Is(err, EEXIST) {
		t.Errorf("a second mount: %v", err)
	}
	if err := f.MountHost("/data/none/x", Mount{Host: out, Access: AccessRead}); !errors.Is(err, ENOENT) {
		t.Errorf("a mount in no folder: %v", err)
	}
	must(t, f.MountHost("/work/sub/w", Mount{Host: dir, Access: AccessWrite}))
	must(t, f.MountHost("/work/sub/w/out", Mount{Host: out, Access: AccessWrite}))
	want(t, "rename a folder with a mount", f.Rename(nil, "/work/sub/w/out", nil, "/work/sub/w/o"), EBUSY)
	must(t, f.MountHost("/work/sub/w/sub/m", Mount{Host: out, Access: AccessWrite}))
	want(t, "rename a folder above a mount", f.Rename(nil, "/work/sub/w/sub", nil, "/work/sub/w/o"), EBUSY)
	want(t, "remove a folder above a mount", f.Rmdir(nil, "/work/sub/w/sub"), EBUSY)
}

func TestMountErrors(t *testing.T) {
	dir := hostFolder(t, map[string]string{"a": ""})
	root, err := os.OpenRoot(dir)
	must(t, err)
	defer root.Close()
	f := New(Options{})
	for _, m := range []Mount{{}, {Host: dir}, {Access: AccessRead}, {Host: dir, Root: root, Access: AccessRead}, {Host: dir + "/none", Access: AccessRead}, {Host: os.DevNull, Access: AccessRead}} {
		if err := f.MountHost("/data", m); err == nil {
			t.Errorf("%+v was mounted", m)
		}
	}
	for _, path := range []string{"/", "", "/work", "/a/../..", "/data\x00"} {
		if err := f.MountHost(path, Mount{Host: dir, Access: AccessRead}); err == nil {
			t.Errorf("mounted at %q", path)
		}
	}
	for i := range MaxMounts {
		must(t, f.MountHost(fmt.Sprint("/m", i), Mount{Root: root, Access: AccessRead}))
	}
	if err := f.MountHost("/more", Mount{Host: dir, Access: AccessRead}); !errors.Is(err, EMFILE) {
		t.Errorf("one too many: %v", err)
	}
	if err := f.WriteFile("/m0/a", nil); !errors.Is(err, EROFS) {
		t.Errorf("written by the host: %v", err)
	}
	f.Close()
	_, e := f.Open(nil, "/m0/a", Read)
	want(t, "after Close", e, EBADF)
	if _, err := root.Stat("a"); err != nil {
		t.Errorf("a Root of the caller's was closed: %v", err)
	}
}

func temporaries(t testing.TB, dir string) (n int) {
	t.Helper()
	list, err := os.ReadDir(dir)
	must(t, err)
	for _, e := range list {
		if reserved(e.Name()) {
			n++
		}
	}
	return n
}

func TestMountIsAtomic(t *testing.T) {
	begin := func(t *testing.T, m Mount) (string, *FS, *File) {
		dir := hostFolder(t, map[string]string{"f": "old"})
		m.Access = AccessWrite
		f := mounted(t, dir, m)
		h, e := f.Open(nil, "/data/f", Write|Create|Truncate)
		want(t, "open", e, OK)
		h.Write([]byte("half"))
		if temporaries(t, dir) != 1 {
			t.Error("there is no temporary file")
		}
		return dir, f, h
	}
	check := func(t *testing.T, dir, text string) {
		t.Helper()
		if got := onHost(t, dir, "f"); got != text || temporaries(t, dir) != 0 {
			t.Errorf("the host has %q and %d temporary files, want %q", got, temporaries(t, dir), text)
		}
	}
	t.Run("stopped", func(t *testing.T) {
		dir, f, h := begin(t, Mount{})
		f.Close()
		check(t, dir, "old")
		h.Close()
		check(t, dir, "old")
	})
	t.Run("ended", func(t *testing.T) {
		dir, f, h := begin(t, Mount{})
		must(t, f.Commit())
		check(t, dir, "half")
		h.Write([]byte(" and more"))
		h.Close()
		check(t, dir, "half and more")
		f.Close()
		check(t, dir, "half and more")
	})
	t.Run("ended, with nothing written", func(t *testing.T) {
		dir := hostFolder(t, map[string]string{"f": "old"})
		f := mounted(t, dir, Mount{Access: AccessWrite})
		for _, path := range []string{"/data/f", "/data/new"} {
			if _, e := f.Open(nil, path, Write|Create|Truncate); e != OK {
				t.Fatal(e)
			}
		}
		if err := f.Commit(); !errors.Is(err, ErrUnwritten) || !strings.Contains(err.Error(), "/data/f") {
			t.Errorf("commit: %v", err)
		}
		check(t, dir, "old")
		if got := onHost(t, dir, "new"); got != "" {
			t.Errorf("a new file has %q", got)
		}
	})
	t.Run("quota", func(t *testing.T) {
		dir, f, h := begin(t, Mount{Quota: 1000})
		_, e := h.Write(make([]byte, 1000))
		want(t, "write", e, EDQUOT)
		want(t, "close", h.Close(), EDQUOT)
		check(t, dir, "old")
		if f.mounts[0].used != 0 {
			t.Errorf("%d bytes stay counted", f.mounts[0].used)
		}
	})
	t.Run("quota, and begun again", func(t *testing.T) {
		dir, _, h := begin(t, Mount{Quota: 1000})
		_, e := h.Write(make([]byte, 1000))
		want(t, "write", e, EDQUOT)
		want(t, "truncate", h.SetSize(0), OK)
		h.SeekTo(0, FromStart)
		h.Write([]byte("short"))
		want(t, "close", h.Close(), OK)
		check(t, dir, "short")
	})
	t.Run("appended to meanwhile", func(t *testing.T) {
		dir, f, h := begin(t, Mount{})
		g, e := f.Open(nil, "/data/f", Write|Append)
		want(t, "open", e, OK)
		g.SeekTo(0, FromStart)
		g.Write([]byte(" and"))
		want(t, "no append", g.SetAppend(false), EPERM)
		want(t, "truncate", g.SetSize(0), EPERM)
		h.Write([]byte("HALF"))
		g.Write([]byte("."))
		h.Close()
		g.Close()
		check(t, dir, "halfHALF.")
	})
	t.Run("unlinked", func(t *testing.T) {
		dir, f, h := begin(t, Mount{})
		want(t, "unlink", f.Unlink(nil, "/data/f"), OK)
		h.Write([]byte("x"))
		want(t, "close", h.Close(), OK)
		check(t, dir, "-")
	})
	t.Run("unlinked and made again", func(t *testing.T) {
		dir, f, h := begin(t, Mount{})
		want(t, "unlink", f.Unlink(nil, "/data/f"), OK)
		put(t, f, "/data/f", "second")
		want(t, "close", h.Close(), OK)
		check(t, dir, "second")
	})
	t.Run("renamed", func(t *testing.T) {
		dir, f, h := begin(t, Mount{})
		want(t, "rename", f.Rename(nil, "/data/f", nil, "/data/g"), OK)
		h.Write([]byte("s"))
		want(t, "close", h.Close(), OK)
		check(t, dir, "-")
		if got := onHost(t, dir, "g"); got != "halfs" {
			t.Errorf("the new name has %q", got)
		}
	})
	t.Run("renamed over", func(t *testing.T) {
		dir, f, h := begin(t, Mount{})
		put(t, f, "/data/g", "other")
		want(t, "rename", f.Rename(nil, "/data/g", nil, "/data/f"), OK)
		want(t, "close", h.Close(), OK)
		check(t, dir, "other")
	})
	t.Run("its folder renamed", func(t *testing.T) {
		_, f, h := begin(t, Mount{})
		want(t, "mkdir", f.Mkdir(nil, "/data/d"), OK)
		g, e := f.Open(nil, "/data/d/x", Write|Create)
		want(t, "open", e, OK)
		want(t, "rename", f.Rename(nil, "/data/d", nil, "/data/e"), EBUSY)
		want(t, "rmdir", f.Rmdir(nil, "/data/d"), ENOTEMPTY)
		g.Close()
		h.Close()
	})
	t.Run("exclusive", func(t *testing.T) {
		dir, f, h := begin(t, Mount{})
		g, e := f.Open(nil, "/data/new", Write|Create|Exclusive)
		want(t, "open", e, OK)
		_, e = f.Open(nil, "/data/new", Write|Create|Exclusive)
		want(t, "again", e, EEXIST)
		must(t, os.WriteFile(filepath.Join(dir, "new"), []byte("of the host"), 0o600))
		want(t, "close", g.Close(), EEXIST)
		h.Close()
		check(t, dir, "half")
		if got := onHost(t, dir, "new"); got != "of the host" {
			t.Errorf("it was replaced by %q", got)
		}
	})
	t.Run("several handles", func(t *testing.T) {
		dir, f, h := begin(t, Mount{})
		g, e := f.Open(nil, "/data/f", Read|Write)
		want(t, "open", e, OK)
		h.Close()
		if got := onHost(t, dir, "f"); got != "old" {
			t.Errorf("it is in place while one handle is open: %q", got)
		}
		g.WriteAt([]byte("H"), 0)
		g.Close()
		check(t, dir, "Half")
		if f.hostFiles != 0 || len(f.handles) != 0 {
			t.Errorf("%d host files and %d handles are left", f.hostFiles, len(f.handles))
		}
	})
	t.Run("the folder swapped", func(t *testing.T) {
		dir, f, h := begin(t, Mount{})
		want(t, "mkdir", f.Mkdir(nil, "/data/d"), OK)
		g, e := f.Open(nil, "/data/d/x", Write|Create)
		want(t, "open", e, OK)
		outside := t.TempDir()
		must(t, os.Rename(filepath.Join(dir, "d"), filepath.Join(outside, "d")))
		must(t, os.Mkdir(filepath.Join(dir, "d"), 0o700))
		want(t, "close", g.Close(), ENOENT)
		if list, _ := os.ReadDir(filepath.Join(outside, "d")); len(list) != 0 {
			t.Errorf("%v was left in the folder that moved out", list)
		}
		h.Close()
	})
	t.Run("reserved names", func(t *testing.T) {
		dir, f, h := begin(t, Mount{})
		list, _ := os.ReadDir(dir)
		name := "/data/" + list[slices.IndexFunc(list, func(e os.DirEntry) bool { return reserved(e.Name()) })].Name()
		_, e := f.Open(nil, name, Read)
		want(t, "open", e, ENOENT)
		want(t, "unlink", f.Unlink(nil, name), ENOENT)
		want(t, "rename", f.Rename(nil, name, nil, "/data/x"), ENOENT)
		_, e = f.Open(nil, name, Write|Create)
		want(t, "create", e, EPERM)
		want(t, "mkdir", f.Mkdir(nil, "/data/"+strings.ToUpper(name[6:12])+name[12:]), EPERM)
		want(t, "rename to", f.Rename(nil, "/data/f", nil, name), EPERM)
		if got := names(t, f, "/data"); !slices.Equal(got, []string{"f 4"}) {
			t.Errorf("listed %v", got)
		}
		h.Close()
		check(t, dir, "half")
	})
}

func TestMountQuota(t *testing.T) {
	dir := hostFolder(t, map[string]string{"f": strings.Repeat("x", 5000)})
	entry := newEntry("a")
	f := mounted(t, dir, Mount{Access: AccessWrite, Quota: 10*entry + 100})
	m := f.mounts[0]
	for range 100 { // what is replaced is given back
		put(t, f, "/data/a", strings.Repeat("y", 90))
	}
	if m.used != entry+90 {
		t.Errorf("%d used, want %d", m.used, entry+90)
	}
	h, _ := f.Open(nil, "/data/a", Read|Write)
	_, e := h.WriteAt([]byte("z"), 1<<40)
	want(t, "a hole", e, EDQUOT)
	want(t, "set size", h.SetSize(1<<40), EDQUOT)
	want(t, "allocate", h.Allocate(0, 1<<40), EDQUOT)
	_, e = h.WriteAt([]byte("zz"), 0)
	want(t, "overwrite", e, OK)
	want(t, "shorter", h.SetSize(0), OK)
	h.Close()
	if m.used != entry {
		t.Errorf("%d used, want %d", m.used, entry)
	}
	made := 0
	for ; made < 100; made++ {
		if e := f.Mkdir(nil, fmt.Sprint("/data/", made)); e != OK {
			want(t, "mkdir", e, EDQUOT)
			break
		}
	}
	if made != 9 {
		t.Errorf("%d folders were made", made)
	}
	want(t, "unlink", f.Unlink(nil, "/data/f"), OK)
	if m.used != 4*entry+entry-entry && m.used > 10*entry {
		t.Errorf("%d used", m.used)
	}
	_, e = f.Open(nil, "/data/log", Write|Append|Create)
	want(t, "append", e, OK)
}

func TestMountAuthorize(t *testing.T) {
	dir := hostFolder(t, map[string]string{"pub/a": "a", "secret/s": "s", "b": "b"})
	links := os.Symlink("../secret/s", filepath.Join(dir, "pub/link")) == nil
	var asked []string
	deny := "secret"
	f := mounted(t, dir, Mount{Access: AccessWrite, Authorize: func(a Access, path string) error {
		asked = append(asked, a.String()+" "+path)
		if strings.Contains(path, deny) {
			return errors.New("no")
		}
		return nil
	}})
	expect := func(what string, list ...string) {
		t.Helper()
		if !slices.Equal(asked, list) {
			t.Errorf("%s: asked %q, want %q", what, asked, list)
		}
		asked = nil
	}
	wantText(t, f, "/data/pub/a", "a")
	expect("read", "read /data/pub/a")
	wantText(t, f, "/data/./pub//a", "a")
	expect("read", "read /data/pub/a")
	f.Stat(nil, "/data/pub", true)
	expect("stat", "read /data/pub")
	put(t, f, "/data/b", "c")
	expect("write", "write /data/b")
	h, _ := f.Open(nil, "/data/b", Write|Append|Create)
	h.Close()
	expect("append", "append /data/b")
	h, _ = f.Open(nil, "/data/b", Read|Write)
	h.Close()
	expect("update", "read /data/b", "write /data/b")
	at, e := f.Open(nil, "/data/pub", Read|Directory)
	want(t, "open", e, OK)
	expect("open folder", "read /data/pub")
	f.Stat(at, "a", true)
	expect("relative", "read /data/pub/a")
	f.Stat(at, ".", true)
	expect("itself", "read /data/pub")
	f.Open(at, "../b", Read)
	expect("up", "read /data/b")
	f.Open(nil, "/data/pub/../b", Read)
	expect("up", "read /data/b", "read /data/pub", "read /data/b")
	f.Mkdir(nil, "/data/d")
	expect("mkdir", "write /data/d")
	f.Rename(nil, "/data/d", nil, "/data/e")
	expect("rename", "read /data/d", "write /data/d", "write /data/e")
	f.Rmdir(nil, "/data/e")
	expect("rmdir", "write /data/e")
	f.Mkdir(nil, "/data/../data/pub/../x")
	if len(asked) == 0 || asked[0] != "write /data/x" {
		t.Errorf("asked %q", asked)
	}
	asked = nil

	for _, path := range []string{"/data/secret/s", "/data/secret/none", "/data/secret", "/data/secret/../b", "/data/pub/../secret/s", "/data/secret/none/../../b", "/data/secret/s/"} {
		_, e := f.Stat(nil, path, true)
		want(t, path, e, EACCES)
		_, e = f.Open(nil, path, Read)
		want(t, path, e, EACCES)
	}
	if links {
		asked = nil
		_, e := f.Open(nil, "/data/pub/link", Read)
		want(t, "through a link", e, EACCES)
		expect("link", "read /data/pub/link", "read /data/secret/s")
	}
	want(t, "rename the folder", f.Rename(nil, "/data/secret", nil, "/data/open"), EACCES)
	deny = "secret/"
	want(t, "rename the folder", f.Rename(nil, "/data/secret", nil, "/data/open"), EACCES)
	want(t, "rename a folder above", f.Rename(nil, "/data/pub", nil, "/data/secret/"), EACCES)
	deny = "nothing"

	f.mounts[0].authorize = func(Access, string) error { panic("stopped") }
	func() {
		defer func() { recover() }()
		f.Open(nil, "/data/b", Read)
	}()
	f.mounts[0].authorize = nil
	wantText(t, f, "/data/b", "c")
}

func TestMountNames(t *testing.T) {
	dir := hostFolder(t, map[string]string{"secret.txt": "s", "ä": "umlaut", "日本": "kanji"})
	f := mounted(t, dir, Mount{Access: AccessWrite})
	for path, e := range map[string]Errno{
		"/data/a\x00b":                           EINVAL,
		"/data/secret.txt\x00.csv":               EINVAL,
		"/data/a\\b":                             EINVAL,
		"/data/..\\secret.txt":                   EINVAL,
		"/data/\xff":                             EILSEQ,
		"/data/\xc0\xaf":                         EILSEQ,
		"/data/" + strings.Repeat("a", 256):      ENAMETOOLONG,
		"/data/" + strings.Repeat("a/", 2045):    ENOENT,
		"/data/" + strings.Repeat("../", 30):     ENOENT,
		"/data/../etc/passwd":                    ENOENT,
		"/data/..":                               ENOENT,
		"/../../../etc/passwd":                   ENOENT,
		"/data/．．/etc":                           ENOENT,
		"/data/.\u2024/etc":                      ENOENT,
		"/data/secret.txt/":                      ENOTDIR,
		"/data/secret.txt/..":                    ENOTDIR,
		"/data/" + strings.Repeat("x", 300) + "": ENAMETOOLONG,
	} {
		if path == "/data/.." || path == "/data/"+strings.Repeat("../", 30) {
			e = EISDIR
		}
		_, got := f.Open(nil, path, Write|Create)
		if got == OK {
			t.Errorf("%.40q was opened", path)
		} else if got != e && e != ENOENT {
			t.Errorf("%.40q: %v, want %v", path, got, e)
		}
	}
	put(t, f, "/data/..\u2215..\u2215x", "a name like any other")
	if got := onHost(t, dir, "..\u2215..\u2215x"); got != "a name like any other" {
		t.Errorf("%q", got)
	}
	wantText(t, f, "/data/ä", "umlaut")
	wantText(t, f, "/data/日本", "kanji")
	// Names that some other host takes for the same: here they are others, and never the secret one's content.
	for _, name := range []string{"SECRET.TXT", "Secret.txt", "secret.txt.", "secret.txt ", "SECRET~1.TXT", "secret.txt:x", "secret.txt::$DATA", "ſecret.txt", "a\u0308", "A\u0308"} {
		if text, e := get(t, f, "/data/"+name); e == OK {
			t.Errorf("%s: %q", name, text)
		}
	}
	deep := strings.TrimSuffix(strings.Repeat("d/", MaxMountDepth+1), "/")
	must(t, os.MkdirAll(filepath.Join(dir, deep), 0o755))
	if _, e := f.Stat(nil, "/data/"+deep[2:], true); e != OK {
		t.Errorf("%d folders deep: %v", MaxMountDepth, e)
	}
	_, e := f.Stat(nil, "/data/"+deep, true)
	want(t, "too deep", e, ENAMETOOLONG)
	_, e = f.Stat(nil, "/data/"+deep[2:]+"/../../../d/d/d", true)
	want(t, "up and down", e, OK)
	if len(f.folders) != 0 {
		t.Errorf("%d folders stay open", len(f.folders))
	}
}

// TestMountExactNames plays a filesystem that does not tell case apart by making the two names one file.
func TestMountExactNames(t *testing.T) {
	dir := hostFolder(t, map[string]string{"secret": "s"})
	if err := os.Link(filepath.Join(dir, "secret"), filepath.Join(dir, "SECRET")); err != nil {
		t.Skip(err)
	}
	f := mounted(t, dir, Mount{Access: AccessWrite})
	wantText(t, f, "/data/secret", "s") // both names are there
	wantText(t, f, "/data/SECRET", "s")
	root := f.mounts[0].root
	info, err := root.Lstat("secret")
	must(t, err)
	must(t, os.Remove(filepath.Join(dir, "SECRET")))
	want(t, "an odd name that the folder has not", f.exactName(root, "secre~1", info), EACCES)
	want(t, "one that it has", f.exactName(root, "secret", info), OK)
	for name, odd := range map[string]bool{"a": false, "A.b": false, "ä": false, "1.": true, "1 ": true, "a~1": true, "a:b": true, "日": true, "1": false} {
		if oddName(name) != odd {
			t.Errorf("%q: %v", name, !odd)
		}
	}
}

func TestMountManyFiles(t *testing.T) {
	dir := hostFolder(t, map[string]string{"f": "x"})
	f := New(Options{})
	must(t, f.MountHost("/data", Mount{Host: dir, Access: AccessWrite}))
	before := f.Usage().MemoryBytes
	for _, c := range []struct {
		flags Flags
		most  int
	}{{Read, MaxHostFiles}, {Write | Create | Truncate, MaxHostFiles / 2}} {
		var open []*File
		for i := range 10_000 {
			path := "/data/f"
			if c.flags&Create != 0 {
				path = fmt.Sprint("/data/new", i)
			}
			h, e := f.Open(nil, path, c.flags)
			if e != OK {
				want(t, "open", e, EMFILE)
				continue
			}
			open = append(open, h)
		}
		if len(open) != c.most {
			t.Errorf("%d files were opened, want %d", len(open), c.most)
		}
		if held := f.Usage().MemoryBytes - before; held < int64(len(open))*HandleBytes {
			t.Errorf("%d bytes are charged", held)
		}
		at, e := f.Open(nil, "/data", Read|Directory)
		want(t, "open folder", e, OK)
		if e := at.ReadDir(0, func(DirEntry) bool { return true }); e != OK && e != EMFILE {
			t.Error(e)
		}
		at.Close()
		for _, h := range open {
			want(t, "close", h.Close(), OK)
		}
		if f.hostFiles != 0 || len(f.handles) != 0 {
			t.Errorf("%d host files and %d handles are left", f.hostFiles, len(f.handles))
		}
	}
	wantText(t, f, "/data/f", "x")
	f.Close()
}

func TestMountList(t *testing.T) {
	const count = 3000
	dir := t.TempDir()
	for i := range count {
		must(t, os.WriteFile(filepath.Join(dir, fmt.Sprint("file", i)), nil, 0o600))
	}
	f := mounted(t, dir, Mount{Access: AccessRead})
	before := f.Usage().MemoryBytes
	h, e := f.Open(nil, "/data", Read|Directory)
	want(t, "open", e, OK)
	seen := map[string]uint64{}
	cookie := uint64(0)
	for {
		// As fd_readdir does: a few entries, the last one of them cut and asked for again.
		n := 0
		var last uint64
		e := h.ReadDir(cookie, func(d DirEntry) bool {
			if n++; n == 40 {
				return false
			}
			if _, again := seen[d.Name]; again {
				t.Errorf("%s twice", d.Name)
			}
			seen[d.Name] = d.Next
			last = d.Next
			return true
		})
		want(t, "list", e, OK)
		if held := f.Usage().MemoryBytes - before; held > 64<<10 {
			t.Fatalf("%d bytes are held", held)
		}
		if n < 40 {
			break
		}
		cookie = last
	}
	if len(seen) != count+2 {
		t.Errorf("%d entries", len(seen))
	}
	if f.hostFiles != 0 {
		t.Errorf("the listing's file stays open at the end")
	}
	// Back to the start, to the middle, and far beyond the end.
	for _, c := range []uint64{0, 1, firstCookie, 1500, 10, 1 << 63, math.MaxUint64} {
		want(t, "list", h.ReadDir(c, func(d DirEntry) bool {
			if seen[d.Name] != d.Next {
				t.Errorf("at %d: %s is at %d, was at %d", c, d.Name, d.Next, seen[d.Name])
			}
			return false
		}), OK)
	}
	want(t, "close", h.Close(), OK)
	if f.hostFiles != 0 || f.Usage().MemoryBytes != before {
		t.Errorf("%d host files, %d bytes are left", f.hostFiles, f.Usage().MemoryBytes-before)
	}
}

// TestMountFolderMemory: an open folder keeps those above it, and pays for them.
func TestMountFolderMemory(t *testing.T) {
	dir := t.TempDir()
	deep := strings.TrimSuffix(strings.Repeat(strings.Repeat("n", 50)+"/", 40), "/")
	must(t, os.MkdirAll(filepath.Join(dir, deep), 0o755))
	f := mounted(t, dir, Mount{Access: AccessRead})
	before := f.Usage().MemoryBytes
	h, e := f.Open(nil, "/data/"+deep, Read|Directory)
	want(t, "open", e, OK)
	if held := f.Usage().MemoryBytes - before; held < 40*40/2*51 {
		t.Errorf("%d bytes are charged", held)
	}
	if _, e := f.Stat(h, "../../"+strings.Repeat("n", 50), true); e != OK {
		t.Errorf("going up: %v", e)
	}
	h.Close()
	if left := f.Usage().MemoryBytes - before; left != 0 {
		t.Errorf("%d bytes are left", left)
	}
}

// TestMountTogether lets tools work beside the guest.
func TestMountTogether(t *testing.T) {
	dir := hostFolder(t, map[string]string{"f": strings.Repeat("0", 100)})
	f := mounted(t, dir, Mount{Access: AccessWrite})
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			text := strings.Repeat(fmt.Sprint(worker), 100)
			for range 50 {
				h, e := f.Open(nil, "/data/f", Write|Create|Truncate)
				if e != OK {
					t.Error(e)
					return
				}
				h.Write([]byte(text))
				h.Close()
				b, err := os.ReadFile(filepath.Join(dir, "f"))
				if err != nil || len(b) != 100 && len(b) != 200 {
					t.Errorf("a reader on the host saw %d bytes, %v", len(b), err)
				}
			}
		})
	}
	wg.Wait()
	if f.hostFiles != 0 || temporaries(t, dir) != 0 {
		t.Errorf("%d files open, %d temporary files", f.hostFiles, temporaries(t, dir))
	}
}

// BenchmarkMount measures what a mount adds to the host's own calls: opening, reading and closing a file three folders down, and writing one.
func BenchmarkMount(b *testing.B) {
	dir := hostFolder(b, map[string]string{"a/b/file": "content"})
	root, err := os.OpenRoot(dir)
	must(b, err)
	defer root.Close()
	buffer := make([]byte, 100)
	b.Run("read/native", func(b *testing.B) {
		for b.Loop() {
			h, err := root.Open("a/b/file")
			must(b, err)
			h.ReadAt(buffer, 0)
			h.Close()
		}
	})
	f := mounted(b, dir, Mount{Access: AccessWrite})
	b.Run("read/mount", func(b *testing.B) {
		for b.Loop() {
			h, e := f.Open(nil, "/data/a/b/file", Read)
			if e != OK {
				b.Fatal(e)
			}
			h.Read(buffer)
			h.Close()
		}
	})
	b.Run("write/native", func(b *testing.B) {
		for b.Loop() {
			must(b, root.WriteFile("a/b/new", buffer, 0o644))
		}
	})
	b.Run("write/mount", func(b *testing.B) {
		for b.Loop() {
			put(b, f, "/data/a/b/new", "content")
		}
	})
	b.Run("stat/mount", func(b *testing.B) {
		f.Effort()
		for b.Loop() {
			f.Stat(nil, "/data/a/b/file", true)
		}
		b.ReportMetric(float64(f.Effort())/float64(b.N), "steps/op")
	})
}
