package vfs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	goruntime "runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// random is a small generator whose sequence does not depend on the Go release.
type random struct{ state uint64 }

func newRandom(seed uint64) *random { return &random{seed*2862933555777941757 + 3037000493} }

func (r *random) below(n int) int {
	r.state = r.state*6364136223846793005 + 1442695040888963407
	return int(r.state >> 33 % uint64(n))
}

// nameless reports whether path ends in "." or "..".
func nameless(path string) bool {
	last := path[strings.LastIndexByte(path, '/')+1:]
	return last == "." || last == ".."
}

// FuzzNative does the same things to an FS and to a folder of the host, through os.Root, and compares what comes back.
func FuzzNative(f *testing.F) {
	if goruntime.GOOS != "linux" {
		f.Skip("compares with Linux")
	}
	for seed := range uint64(40) {
		r := newRandom(seed)
		program := make([]byte, 600)
		for i := range program {
			program[i] = byte(r.below(256))
		}
		f.Add(program)
	}
	f.Fuzz(func(t *testing.T, program []byte) {
		if len(program) > 4000 {
			return
		}
		root, err := os.OpenRoot(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		defer root.Close()
		files := New(Options{})
		at, _ := files.Open(nil, "/work", Read|Directory)
		defer at.Close()
		next := func() int {
			if len(program) == 0 {
				return 0
			}
			b := program[0]
			program = program[1:]
			return int(b)
		}
		path := func() string {
			names := []string{"a", "b", "c", "d", "e", ".", ".."}
			parts := make([]string, 1+next()%4)
			for i := range parts {
				parts[i] = names[next()%len(names)]
			}
			return strings.Join(parts, "/")
		}
		for step := 0; len(program) > 0; step++ {
			// The host goes first: what would leave its folder is not tried in the FS.
			var what string
			var native error
			var mine func() Errno
			switch next() % 10 {
			case 0, 1:
				p, text := path(), strings.Repeat("x", next())
				what = "write " + p
				native = root.WriteFile(p, []byte(text), 0o600)
				mine = func() Errno {
					h, e := files.Open(at, p, Write|Create|Truncate)
					if e == OK {
						h.Write([]byte(text))
						h.Close()
					}
					return e
				}
			case 2:
				p := path()
				what = "mkdir " + p
				native = root.Mkdir(p, 0o700)
				mine = func() Errno { return files.Mkdir(at, p) }
			case 3:
				p := path()
				what = "remove " + p
				native = root.Remove(p)
				mine = func() Errno {
					if e := files.Unlink(at, p); e != EISDIR {
						return e
					}
					return files.Rmdir(at, p)
				}
			case 4, 5:
				from, to := path(), path()
				if nameless(from) || nameless(to) {
					continue // the system refuses it, package os resolves it first
				}
				what = "rename " + from + " " + to
				native = root.Rename(from, to)
				mine = func() Errno { return files.Rename(at, from, at, to) }
			case 6:
				target, p := path(), path()
				what = "symlink " + target + " " + p
				native = root.Symlink(target, p)
				mine = func() Errno { return files.Symlink(target, at, p) }
			case 7:
				from, to := path(), path()
				what = "link " + from + " " + to
				native = root.Link(from, to)
				mine = func() Errno { return files.Link(at, from, false, at, to) }
			case 8:
				p := path()
				what = "read " + p
				var data, got []byte
				data, native = root.ReadFile(p)
				mine = func() Errno {
					h, e := files.Open(at, p, Read)
					if e != OK {
						return e
					}
					defer h.Close()
					got = make([]byte, 1000)
					n, e := h.Read(got)
					if string(got[:n]) != string(data) {
						t.Fatalf("step %d: %s differs", step, what)
					}
					return e
				}
			default:
				p, follow := path(), next()%2 == 0
				what = fmt.Sprint("stat ", p, " ", follow)
				var info fs.FileInfo
				if follow {
					info, native = root.Stat(p)
				} else {
					info, native = root.Lstat(p)
				}
				mine = func() Errno {
					st, e := files.Stat(at, p, follow)
					if e == OK && native == nil {
						same := st.Kind == KindDirectory && info.IsDir() || st.Kind == KindLink && info.Mode()&fs.ModeSymlink != 0 ||
							st.Kind == KindFile && info.Mode().IsRegular() && st.Size == info.Size()
						if !same {
							t.Fatalf("step %d: %s: %+v, native %v %d", step, what, st, info.Mode(), info.Size())
						}
					}
					return e
				}
			}
			if native != nil && strings.Contains(native.Error(), "escapes") || errors.Is(native, syscall.ELOOP) {
				continue // package os follows fewer links than the system does
			}
			two := strings.HasPrefix(what, "rename ") || strings.HasPrefix(what, "link ")
			if two && errors.Is(native, fs.ErrExist) {
				continue // package os refuses more than the system does
			}
			if e := mine(); (e == OK) != (native == nil) {
				t.Fatalf("step %d: %s: %v, native %v", step, what, e, native)
			} else if e == ENOENT && !two && !errors.Is(native, fs.ErrNotExist) {
				t.Fatalf("step %d: %s: %v, native %v", step, what, e, native)
			}
		}
		at.Close()
		verify(t, files)
	})
}

// FuzzTree looks up paths in a mounted tree that has links of every kind.
func FuzzTree(f *testing.F) {
	dir := f.TempDir()
	for _, d := range []string{"a/b/c", "d"} {
		if err := os.MkdirAll(dir+"/"+d, 0o755); err != nil {
			f.Fatal(err)
		}
	}
	for link, to := range map[string]string{"a/up": "..", "a/b/root": "/", "d/loop": "loop", "d/host": "/etc/passwd", "d/far": "../../../../etc/passwd", "a/abs": dir} {
		if err := os.Symlink(to, dir+"/"+link); err != nil {
			f.Skip(err)
		}
	}
	if err := os.WriteFile(dir+"/a/b/file", []byte("inside"), 0o644); err != nil {
		f.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		f.Fatal(err)
	}
	defer root.Close()
	tree := NewTree(root.FS())
	f.Add("a/up/a/b/file")
	f.Add("d/host")
	f.Add("a/b/root/packages/0/d/far")
	f.Fuzz(func(t *testing.T, path string) {
		files := New(Options{Now: func() time.Time { return time.Unix(0, 0) }})
		if err := files.MountTree("/packages/0", tree); err != nil {
			t.Fatal(err)
		}
		at, _ := files.Open(nil, "/packages/0", Read|Directory)
		h, e := files.Open(at, path, Read)
		if e == OK && h.Kind() == KindFile {
			buffer := make([]byte, 100)
			if n, e := h.Read(buffer); e != OK || string(buffer[:n]) != "inside" {
				t.Errorf("%q: %q, %v", path, buffer[:n], e)
			}
		}
		if _, e := files.Open(at, path, Write|Create); e == OK && !strings.Contains(path, "/") {
			t.Errorf("%q was opened for writing", path)
		}
	})
}

var _ io.WriterTo = Entry{}
