package wasi_test

import (
	"os"
	"path/filepath"
	"testing"

	"wand/hostfuncs/vfs"
	"wand/hostfuncs/wasi"
)

// TestMounts takes what a mount of the host enforces through the calls by which a guest would try to get around it.
func TestMounts(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{"log": "old\n", "data": "data"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	files := vfs.New(vfs.Options{})
	defer files.Close()
	for path, access := range map[string]vfs.Access{"/log": vfs.AccessAppend, "/data": vfs.AccessRead, "/out": vfs.AccessWrite} {
		if err := files.MountHost(path, vfs.Mount{Host: folder, Access: access, Quota: 100_000}); err != nil {
			t.Fatal(err)
		}
	}
	g := newGuest(t, &wasi.State{FS: files})
	const creat, trunc, appendFlag, reading, writing, setSize = 1, 8, 1, 1 << 1, 1 << 6, 1 << 22
	on := func(want vfs.Errno, path string, oflags, rights, fdflags uint64) {
		t.Helper()
		p, n := g.str(1000, path)
		g.want(want, "path_open", 3, 1, p, n, oflags, rights, rights, fdflags, 500)
	}
	on(vfs.EACCES, "log/log", 0, reading, 0)
	on(vfs.EACCES, "log/log", 0, writing, 0)
	on(vfs.EACCES, "log/log", trunc, writing, appendFlag)
	on(vfs.EACCES, "log/log", trunc, setSize, 0)
	on(vfs.EACCES, "data/data", 0, writing, 0)
	on(vfs.EACCES, "data/data", trunc, 0, 0)
	on(vfs.EACCES, "data/data", 0, writing, appendFlag)
	on(vfs.EACCES, "data/new", creat, reading, 0)

	fd := g.open("log/log", 0, writing|setSize, appendFlag)
	g.want(vfs.EPERM, "fd_fdstat_set_flags", fd, 0)
	if e := g.write(fd, "new\n"); e != vfs.OK {
		t.Error(e)
	}
	iovs, count := g.iov(3000, 4)
	g.want(vfs.EPERM, "fd_pwrite", fd, iovs, count, 0, 500)
	g.want(vfs.EPERM, "fd_filestat_set_size", fd, 0)
	g.want(vfs.EPERM, "fd_allocate", fd, 0, 1000)
	g.want(vfs.EPERM, "fd_filestat_set_times", fd, 0, 0, 5)
	g.want(vfs.OK, "fd_sync", fd)
	g.want(vfs.OK, "fd_datasync", fd)
	if _, e := g.read(fd, 10); e != vfs.EBADF {
		t.Error(e)
	}
	g.want(vfs.OK, "fd_close", fd)
	if got, _ := os.ReadFile(filepath.Join(folder, "log")); string(got) != "old\nnew\n" {
		t.Errorf("the log has %q", got)
	}

	// A descriptor that is moved over another one closes what was there, and with it its file is in its place.
	out, data := g.open("out/f", creat|trunc, writing, 0), g.open("data/data", 0, reading, 0)
	g.write(out, "x")
	if _, err := os.Stat(filepath.Join(folder, "f")); err == nil {
		t.Error("it is in its place before it is closed")
	}
	g.want(vfs.OK, "fd_renumber", data, out)
	if got, _ := os.ReadFile(filepath.Join(folder, "f")); string(got) != "x" {
		t.Errorf("it has %q", got)
	}
	if text, e := g.read(out, 10); text != "data" || e != vfs.OK {
		t.Errorf("%q, %v", text, e)
	}
	// A file costs fuel for what the host does, and every descriptor of the host is given back.
	before := g.fuel
	for range 1000 {
		g.want(vfs.OK, "fd_close", g.open("data/data", 0, reading, 0))
	}
	if each := (g.fuel - before) / 1000; each < 1000 {
		t.Errorf("opening a file of the host costs %d fuel", each)
	}
	big := g.open("out/big", creat, writing, 0)
	g.want(vfs.EDQUOT, "fd_filestat_set_size", big, 1<<40)
	g.want(vfs.EDQUOT, "fd_allocate", big, 0, 1<<40)
	g.want(vfs.OK, "fd_close", big)
}
