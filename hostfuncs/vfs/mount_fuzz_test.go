package vfs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	goruntime "runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// FuzzMount does the same things to a mount and to a folder of the host, through os.Root, and compares what comes back and, at the end, what is there.
// Both start with the same files and links. Where package os and the system part ways (what they do with a path that ends in dots or in a slash, how
// many links they follow) the step is left out, as are steps that a mount refuses on purpose.
func FuzzMount(f *testing.F) {
	if goruntime.GOOS != "linux" {
		f.Skip("compares with Linux")
	}
	for seed := range uint64(40) {
		r := newRandom(seed)
		program := make([]byte, 400)
		for i := range program {
			program[i] = byte(r.below(256))
		}
		f.Add(program)
	}
	f.Fuzz(func(t *testing.T, program []byte) {
		if len(program) > 2000 {
			return
		}
		furnish := func() string {
			dir := t.TempDir()
			must(t, os.MkdirAll(dir+"/a/b", 0o755))
			must(t, os.WriteFile(dir+"/c", []byte("content"), 0o644))
			must(t, os.WriteFile(dir+"/a/d", []byte("deep"), 0o644))
			must(t, os.Symlink("a/b", dir+"/e"))
			must(t, os.Symlink("../c", dir+"/a/e"))
			must(t, os.Symlink("../../..", dir+"/a/b/e"))
			return dir
		}
		nativeDir, dir := furnish(), furnish()
		root, err := os.OpenRoot(nativeDir)
		must(t, err)
		defer root.Close()
		files := New(Options{})
		defer files.Close()
		must(t, files.MountHost("/data", Mount{Host: dir, Access: AccessWrite}))
		next := func() int {
			if len(program) == 0 {
				return 0
			}
			b := program[0]
			program = program[1:]
			return int(b)
		}
		path := func() string {
			names := []string{"a", "b", "c", "d", "e", "f", ".", ".."}
			parts := make([]string, 1+next()%4)
			for i := range parts {
				parts[i] = names[next()%len(names)]
			}
			return strings.Join(parts, "/")
		}
		for step := 0; len(program) > 0; step++ {
			var what string
			var native error
			var mine func() Errno
			p := path()
			switch next() % 8 {
			case 0, 1:
				text := strings.Repeat("x", next())
				what = "write " + p
				native = root.WriteFile(p, []byte(text), 0o644)
				mine = func() Errno {
					h, e := files.Open(nil, "/data/"+p, Write|Create|Truncate)
					if e == OK {
						h.Write([]byte(text))
						e = h.Close()
					}
					return e
				}
			case 2:
				what = "append " + p
				h, err := root.OpenFile(p, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
				if native = err; err == nil {
					h.WriteString("more")
					h.Close()
				}
				mine = func() Errno {
					h, e := files.Open(nil, "/data/"+p, Write|Create|Append)
					if e == OK {
						h.Write([]byte("more"))
						e = h.Close()
					}
					return e
				}
			case 3:
				what = "update " + p
				at := int64(next() % 20)
				h, err := root.OpenFile(p, os.O_RDWR, 0)
				if native = err; err == nil {
					h.WriteAt([]byte("UP"), at)
					h.Truncate(at + 1)
					h.Close()
				}
				mine = func() Errno {
					h, e := files.Open(nil, "/data/"+p, Read|Write)
					if e == OK {
						h.WriteAt([]byte("UP"), at)
						h.SetSize(at + 1)
						e = h.Close()
					}
					return e
				}
			case 4:
				what = "mkdir " + p
				native = root.Mkdir(p, 0o755)
				mine = func() Errno { return files.Mkdir(nil, "/data/"+p) }
			case 5:
				what = "remove " + p
				native = root.Remove(p)
				mine = func() Errno {
					if e := files.Unlink(nil, "/data/"+p); e != EISDIR {
						return e
					}
					return files.Rmdir(nil, "/data/"+p)
				}
			case 6:
				to := path()
				if nameless(p) || nameless(to) {
					continue
				}
				what = "rename " + p + " " + to
				native = root.Rename(p, to)
				mine = func() Errno { return files.Rename(nil, "/data/"+p, nil, "/data/"+to) }
			default:
				what = "read " + p
				var data []byte
				data, native = root.ReadFile(p)
				mine = func() Errno {
					got, e := get(t, files, "/data/"+p)
					if e == OK && native == nil && got != string(data) {
						t.Fatalf("step %d: %s: %q, native %q", step, what, got, data)
					}
					return e
				}
			}
			escapes := native != nil && (strings.Contains(native.Error(), "escapes") || errors.Is(native, syscall.ELOOP))
			if escapes {
				// The same step must fail in the mount too, or stay in the guest's own tree, which is above it.
				if !strings.Contains(what, "..") {
					if e := mine(); e == OK {
						t.Fatalf("step %d: %s: succeeded, native %v", step, what, native)
					}
				}
				continue
			}
			if strings.HasPrefix(what, "rename ") && errors.Is(native, fs.ErrExist) {
				continue // package os refuses more than the system does
			}
			if e := mine(); (e == OK) != (native == nil) {
				t.Fatalf("step %d: %s: %v, native %v", step, what, e, native)
			}
		}
		if want, got := inventory(t, nativeDir), inventory(t, dir); !slices.Equal(want, got) {
			t.Fatalf("the mount has\n%s\nthe native folder\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if files.hostFiles != 0 || len(files.handles) != 0 || files.mounts[0].used > 1<<20 {
			t.Fatalf("%d host files, %d handles, %d bytes of quota", files.hostFiles, len(files.handles), files.mounts[0].used)
		}
	})
}

// inventory is everything in a folder: kind, mode, content.
func inventory(t testing.TB, dir string) (list []string) {
	t.Helper()
	must(t, filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || p == dir {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		line := fmt.Sprint(strings.TrimPrefix(p, dir), " ", info.Mode())
		switch {
		case info.Mode().IsRegular():
			b, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			line += " " + string(b)
		case info.Mode()&fs.ModeSymlink != 0:
			to, err := os.Readlink(p)
			if err != nil {
				return err
			}
			line += " " + to
		}
		list = append(list, line)
		return nil
	}))
	return list
}
