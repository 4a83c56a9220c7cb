package vfs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
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
