package vfs

import (
	"os"
	"path/filepath"
	goruntime "runtime"
	"testing"
)

// TestMountWazeroCases are the cases of wazero's own host filesystem (internal/sysfs: dirfs_test.go, rename_test.go, unlink_test.go, open_file_test.go, and
// imports/wasi_snapshot_preview1/fs_test.go), as far as they concern a mount. Not here: chmod, which WASI has not; a mount that is not there, which is an
// error of MountHost; names with a backslash and the making of links, which a mount refuses.
func TestMountWazeroCases(t *testing.T) {
	open := func(path string, flags Flags) func(*FS) Errno {
		return func(f *FS) Errno {
			h, e := f.Open(nil, "/data/"+path, flags)
			if e == OK {
				e = h.Close()
			}
			return e
		}
	}
	with := func(path string, flags Flags, do func(*File) Errno) func(*FS) Errno {
		return func(f *FS) Errno {
			h, e := f.Open(nil, "/data/"+path, flags)
			if e != OK {
				return e
			}
			defer h.Close()
			return do(h)
		}
	}
	rename := func(from, to string) func(*FS) Errno {
		return func(f *FS) Errno { return f.Rename(nil, "/data/"+from, nil, "/data/"+to) }
	}
	mkdir := func(path string) func(*FS) Errno { return func(f *FS) Errno { return f.Mkdir(nil, "/data/"+path) } }
	rmdir := func(path string) func(*FS) Errno { return func(f *FS) Errno { return f.Rmdir(nil, "/data/"+path) } }
	unlink := func(path string) func(*FS) Errno { return func(f *FS) Errno { return f.Unlink(nil, "/data/"+path) } }
	write := func(h *File) Errno { _, e := h.Write([]byte("1234")); return e }
	read := func(h *File) Errno { _, e := h.Read(make([]byte, 4)); return e }

	// The folder before: f is a file, d an empty folder, full one with a file x; link leads to d, dangling nowhere.
	for _, c := range []struct {
		name string
		do   func(*FS) Errno
		want Errno
		// then must be on the host afterwards: text of a file, "/" for a folder, "-" for nothing.
		path, then string
	}{
		{"mkdir: doesn't exist", mkdir("new"), OK, "new", "/"},
		{"mkdir: dir exists", mkdir("d"), EEXIST, "d", "/"},
		{"mkdir: file exists", mkdir("f"), EEXIST, "f", "text"},
		{"mkdir: below nothing", mkdir("none/x"), ENOENT, "none", "-"},
		{"mkdir: below a file", mkdir("f/x"), ENOTDIR, "f", "text"},
		{"mkdir: trailing slash", mkdir("new/"), OK, "new", "/"},
		{"rename: from doesn't exist", rename("none", "f"), ENOENT, "f", "text"},
		{"rename: file to non-exist", rename("f", "new"), OK, "new", "text"},
		{"rename: dir to non-exist", rename("full", "new"), OK, "new/x", "in"},
		{"rename: dir to file", rename("d", "f"), ENOTDIR, "f", "text"},
		{"rename: file to dir", rename("f", "d"), EISDIR, "f", "text"},
		{"rename: dir to empty dir should be fine", rename("full", "d"), OK, "d/x", "in"},
		{"rename: dir to non empty dir", rename("d", "full"), ENOTEMPTY, "full/x", "in"},
		{"rename: file to file", rename("full/x", "f"), OK, "f", "in"},
		{"rename: dir to itself", rename("d", "d"), OK, "d", "/"},
		{"rename: file to itself", rename("f", "f"), OK, "f", "text"},
		{"rename: dir into itself", rename("full", "full/y"), EINVAL, "full/x", "in"},
		{"rename: to below nothing", rename("f", "none/x"), ENOENT, "f", "text"},
		{"rename: file with a slash", rename("f/", "new"), ENOTDIR, "f", "text"},
		{"rename: into a folder above", rename("full/x", "full/../x"), OK, "x", "in"},
		{"rmdir: doesn't exist", rmdir("none"), ENOENT, "none", "-"},
		{"rmdir: dir not empty", rmdir("full"), ENOTEMPTY, "full/x", "in"},
		{"rmdir: dir empty", rmdir("d"), OK, "d", "-"},
		{"rmdir: not directory", rmdir("f"), ENOTDIR, "f", "text"},
		{"rmdir: not directory, with a slash", rmdir("f/"), ENOTDIR, "f", "text"},
		{"rmdir: dir previously not empty", func(f *FS) Errno { unlink("full/x")(f); return rmdir("full")(f) }, OK, "full", "-"},
		{"rmdir: dir empty while open", func(f *FS) Errno {
			return with("d", Read|Directory, func(h *File) Errno {
				if e := rmdir("d")(f); e != OK {
					return e
				}
				return h.ReadDir(0, func(DirEntry) bool { return true })
			})(f)
		}, ENOENT, "d", "-"},
		{"unlink: doesn't exist", unlink("none"), ENOENT, "none", "-"},
		{"unlink: dir", unlink("d"), EISDIR, "d", "/"},
		{"unlink: symlink to dir", unlink("link"), OK, "d", "/"},
		{"unlink: file exists", unlink("f"), OK, "f", "-"},
		{"unlink: file with a slash", unlink("f/"), ENOTDIR, "f", "text"},
		{"open: directory with a trailing slash", open("d/", Read), OK, "d", "/"},
		{"open: file with a trailing slash is ENOTDIR", open("f/", Read), ENOTDIR, "f", "text"},
		{"open: not found must be ENOENT", open("none", Read), ENOENT, "none", "-"},
		{"open: creating on existing file must be EEXIST", open("f", Read|Write|Create|Exclusive), EEXIST, "f", "text"},
		{"open: writing to a read-only file is EBADF", with("f", Read, write), EBADF, "f", "text"},
		{"open: reading a write-only file is EBADF", with("f", Write, read), EBADF, "f", "text"},
		{"open: writing to a directory is EISDIR", with("d", Read, write), EISDIR, "d", "/"},
		{"open: dangling symlink as a directory", open("dangling", Directory|NoFollow), ELOOP, "none", "-"},
		{"open: dangling symlink", open("dangling", Read|NoFollow), ELOOP, "none", "-"},
		{"open: dangling symlink followed", open("dangling", Read), ENOENT, "none", "-"},
		{"open: creating through a dangling symlink", open("dangling", Write|Create), OK, "none", ""},
		{"open: creating exclusively on a dangling symlink", open("dangling", Write|Create|Exclusive), EEXIST, "none", "-"},
		{"open: a directory for writing is EISDIR", open("d", Write|Directory), EISDIR, "d", "/"},
		{"open: O_CREAT", open("new", Write|Create), OK, "new", ""},
		{"open: O_CREAT on a file", open("f", Write|Create), OK, "f", "text"},
		{"open: O_CREAT O_TRUNC", open("full/new", Write|Create|Truncate), OK, "full/new", ""},
		{"open: O_TRUNC", open("f", Write|Truncate), OK, "f", ""},
		{"open: O_DIRECTORY", open("d", Read|Directory), OK, "d", "/"},
		{"open: O_DIRECTORY, but not a directory", open("f", Read|Directory), ENOTDIR, "f", "text"},
		{"open: O_DIRECTORY and O_CREAT", open("new", Directory|Create), EINVAL, "new", "-"},
		{"open: FD_APPEND", with("f", Write|Append, write), OK, "f", "text1234"},
		{"open: read and write", with("f", Read|Write, func(h *File) Errno {
			if e := read(h); e != OK {
				return e
			}
			return write(h)
		}), OK, "f", "text1234"},
		{"open: empty path", func(f *FS) Errno { _, e := f.Open(nil, "", Read); return e }, ENOENT, "f", "text"},
		{"size: truncate", with("f", Write, func(h *File) Errno { return h.SetSize(2) }), OK, "f", "te"},
		{"size: truncate to zero", with("f", Write, func(h *File) Errno { return h.SetSize(0) }), OK, "f", ""},
		{"size: truncate to expand", with("f", Write, func(h *File) Errno { return h.SetSize(6) }), OK, "f", "text\x00\x00"},
		{"size: negative", with("f", Write, func(h *File) Errno { return h.SetSize(-1) }), EINVAL, "f", "text"},
		{"pread: offset 2", with("f", Read, func(h *File) Errno {
			b := make([]byte, 10)
			if n, e := h.ReadAt(b, 2); e != OK || string(b[:n]) != "xt" {
				return EIO
			}
			return OK
		}), OK, "f", "text"},
		{"pread: offset negative", with("f", Read, func(h *File) Errno { _, e := h.ReadAt(make([]byte, 1), -1); return e }), EINVAL, "f", "text"},
		{"pwrite: offset 2", with("f", Write, func(h *File) Errno { _, e := h.WriteAt([]byte("XT!"), 2); return e }), OK, "f", "teXT!"},
		{"pwrite: offset negative", with("f", Write, func(h *File) Errno { _, e := h.WriteAt([]byte("x"), -1); return e }), EINVAL, "f", "text"},
		{"stat: sees files written after open", func(f *FS) Errno {
			return with("f", Read, func(h *File) Errno {
				if e := with("f", Write|Append, write)(f); e != OK {
					return e
				}
				st, e := h.Stat()
				if e == OK && st.Size != 8 {
					e = EIO
				}
				return e
			})(f)
		}, OK, "f", "text1234"},
		{"readdir: not a directory", with("f", Read, func(h *File) Errno { return h.ReadDir(0, func(DirEntry) bool { return true }) }), ENOTDIR, "f", "text"},
		{"readdir: deleted while reading", func(f *FS) Errno {
			return with("full", Read|Directory, func(h *File) Errno {
				e := h.ReadDir(0, func(DirEntry) bool { return false })
				if e == OK {
					e = unlink("full/x")(f)
				}
				if e == OK {
					e = h.ReadDir(firstCookie, func(d DirEntry) bool { return true })
				}
				return e
			})(f)
		}, OK, "full/x", "-"},
		{"times: set", func(f *FS) Errno {
			when := int64(1234567890_000000000)
			if e := f.SetTimes(nil, "/data/f", true, &when, &when); e != OK {
				return e
			}
			st, e := f.Stat(nil, "/data/f", true)
			if e == OK && st.Mtime != when {
				e = EIO
			}
			return e
		}, OK, "f", "text"},
		{"times: not found", func(f *FS) Errno { return f.SetTimes(nil, "/data/none", true, nil, nil) }, ENOENT, "none", "-"},
		{"times: through the open file", with("f", Write, func(h *File) Errno {
			when := int64(1234567890_000000000)
			if e := h.SetTimes(nil, &when); e != OK {
				return e
			}
			st, e := h.Stat()
			if e == OK && st.Mtime != when {
				e = EIO
			}
			return e
		}), OK, "f", "text"},
		{"lstat: symlink", func(f *FS) Errno {
			st, e := f.Stat(nil, "/data/link", false)
			if e == OK && st.Kind != KindLink {
				e = EIO
			}
			return e
		}, OK, "d", "/"},
		{"stat: symlink", func(f *FS) Errno {
			st, e := f.Stat(nil, "/data/link", true)
			if e == OK && st.Kind != KindDirectory {
				e = EIO
			}
			return e
		}, OK, "d", "/"},
		{"stat: path outside root", func(f *FS) Errno { _, e := f.Stat(nil, "/data/../../f", true); return e }, ENOENT, "f", "text"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := hostFolder(t, map[string]string{"f": "text", "d/": "", "full/x": "in"})
			if os.Symlink("d", filepath.Join(dir, "link")) != nil || os.Symlink("none", filepath.Join(dir, "dangling")) != nil {
				t.Skip("no symbolic links on " + goruntime.GOOS)
			}
			f := mounted(t, dir, Mount{Access: AccessWrite})
			want(t, "result", c.do(f), c.want)
			got := "/"
			if info, err := os.Stat(filepath.Join(dir, c.path)); err != nil || !info.IsDir() {
				got = onHost(t, dir, c.path)
			}
			if got != c.then {
				t.Errorf("then the host has %q at %s, want %q", got, c.path, c.then)
			}
			if len(f.handles) != 0 || temporaries(t, dir) != 0 {
				t.Errorf("%d handles and %d temporary files are left", len(f.handles), temporaries(t, dir))
			}
		})
	}
}
