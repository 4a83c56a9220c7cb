package wasi_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"wand/hostfuncs"
	"wand/hostfuncs/vfs"
	"wand/hostfuncs/wasi"
)

var le = binary.LittleEndian

// guest calls the functions as an engine would, over a memory of its own.
type guest struct {
	t     testing.TB
	ctx   context.Context
	s     *wasi.State
	mem   []byte
	funcs map[string]hostfuncs.Func
	fuel  int64
}

func newGuest(t testing.TB, s *wasi.State) *guest {
	g := &guest{t: t, s: s, mem: make([]byte, 64<<10), funcs: map[string]hostfuncs.Func{}}
	if s.FS == nil {
		s.FS = vfs.New(vfs.Options{MaxBytes: 1 << 20})
	}
	if s.Charge == nil {
		s.Charge = func(fuel int64) {
			if fuel < 0 {
				t.Errorf("charged %d", fuel)
			}
			g.fuel += fuel
		}
	}
	g.ctx = wasi.With(context.Background(), s)
	for _, f := range wasi.Funcs() {
		g.funcs[f.Name] = f
	}
	return g
}

// call returns the error number.
func (g *guest) call(name string, args ...uint64) vfs.Errno {
	g.t.Helper()
	f, ok := g.funcs[name]
	if !ok || len(args) != len(f.Params) {
		g.t.Fatalf("%s with %d arguments", name, len(args))
	}
	stack := append(args, 0)
	f.Call(g.ctx, g.mem, stack)
	return vfs.Errno(stack[0])
}

func (g *guest) want(want vfs.Errno, name string, args ...uint64) {
	g.t.Helper()
	if got := g.call(name, args...); got != want {
		g.t.Errorf("%s%v: %v, want %v", name, args, got, want)
	}
}

// stops returns the Stop that a call ends with.
func (g *guest) stops(name string, args ...uint64) (stop *hostfuncs.Stop) {
	g.t.Helper()
	defer func() {
		if r := recover(); r != nil {
			stop = r.(*hostfuncs.Stop)
		}
	}()
	g.t.Errorf("%s returned %v", name, g.call(name, args...))
	return nil
}

func (g *guest) u32(at uint64) uint64 { return uint64(le.Uint32(g.mem[at:])) }
func (g *guest) u64(at uint64) uint64 { return le.Uint64(g.mem[at:]) }

// Places in the guest's memory.
const (
	result  = 0
	vector  = 64
	path1   = 1024
	path2   = 8192
	buffer  = 16 << 10
	size    = 64 << 10
	outside = size - 1
	allOnes = 1<<30 - 1
	canRead = 1 << 1
	canBoth = 1<<1 | 1<<6
)

// str puts a string somewhere and returns pointer and length.
func (g *guest) str(at uint64, s string) (uint64, uint64) {
	copy(g.mem[at:], s)
	return at, uint64(len(s))
}

// iov puts a list of buffers at vector.
func (g *guest) iov(pairs ...uint64) (uint64, uint64) {
	for i, v := range pairs {
		le.PutUint32(g.mem[vector+4*i:], uint32(v))
	}
	return vector, uint64(len(pairs) / 2)
}

func (g *guest) open(path string, oflags, rights, fdflags uint64) uint64 {
	g.t.Helper()
	p, n := g.str(path1, path)
	if e := g.call("path_open", 3, 1, p, n, oflags, rights, allOnes, fdflags, result); e != vfs.OK {
		g.t.Fatalf("open %s: %v", path, e)
	}
	return g.u32(result)
}

func (g *guest) write(fd uint64, text string) vfs.Errno {
	p, n := g.str(buffer, text)
	v, count := g.iov(p, n)
	return g.call("fd_write", fd, v, count, result)
}

func (g *guest) read(fd uint64, most uint64) (string, vfs.Errno) {
	v, count := g.iov(buffer, most)
	e := g.call("fd_read", fd, v, count, result)
	if e != vfs.OK {
		return "", e
	}
	return string(g.mem[buffer : buffer+g.u32(result)]), e
}

func TestEveryFunctionIsThere(t *testing.T) {
	g := newGuest(t, &wasi.State{})
	if len(g.funcs) != 46 {
		t.Errorf("%d functions", len(g.funcs))
	}
	for name, f := range g.funcs {
		if f.Module != "wasi_snapshot_preview1" || (len(f.Results) != 1) != (name == "proc_exit") {
			t.Errorf("%+v", f)
		}
	}
}

// TestHostilePointers passes every function pointers that end or begin outside the memory, in every position, with no memory at all, and
// with lengths whose sum wraps in 32 bits.
func TestHostilePointers(t *testing.T) {
	pointers := map[string][]int{
		"args_get": {1}, "args_sizes_get": {0, 1}, "environ_get": {1}, "environ_sizes_get": {0, 1},
		"clock_res_get": {1}, "clock_time_get": {2}, "fd_fdstat_get": {1}, "fd_filestat_get": {1}, "fd_pread": {1, 4},
		"fd_prestat_get": {1}, "fd_prestat_dir_name": {1}, "fd_pwrite": {1, 4}, "fd_read": {1, 3}, "fd_readdir": {1, 4},
		"fd_seek": {3}, "fd_tell": {1}, "fd_write": {1, 3}, "path_create_directory": {1}, "path_filestat_get": {2, 4},
		"path_filestat_set_times": {2}, "path_link": {2, 5}, "path_open": {2, 8}, "path_readlink": {1, 3, 5},
		"path_remove_directory": {1}, "path_rename": {1, 4}, "path_symlink": {0, 3}, "path_unlink_file": {1},
		"poll_oneoff": {0, 1, 3}, "random_get": {0},
	}
	good := func(g *guest, name string) []uint64 {
		file := g.open("work/f", 1, canBoth, 0)
		p, n := g.str(path1, "work/f")
		q, m := g.str(path2, "work/q")
		v, count := g.iov(buffer, 10)
		le.PutUint32(g.mem[buffer+16:], 1)
		return map[string][]uint64{
			"args_get": {buffer, buffer}, "args_sizes_get": {0, 8}, "environ_get": {buffer, buffer}, "environ_sizes_get": {0, 8},
			"clock_res_get": {0, 0}, "clock_time_get": {0, 0, 0}, "fd_fdstat_get": {file, 0}, "fd_filestat_get": {file, 0},
			"fd_pread": {file, v, count, 0, 0}, "fd_prestat_get": {3, 0}, "fd_prestat_dir_name": {3, buffer, 1},
			"fd_pwrite": {file, v, count, 0, 0}, "fd_read": {file, v, count, 0}, "fd_readdir": {3, buffer, 100, 0, 0},
			"fd_seek": {file, 0, 0, 0}, "fd_tell": {file, 0}, "fd_write": {file, v, count, 0},
			"path_create_directory": {3, q, m}, "path_filestat_get": {3, 0, p, n, 0}, "path_filestat_set_times": {3, 0, p, n, 0, 0, 15 & 5},
			"path_link": {3, 0, p, n, 3, q, m}, "path_open": {3, 0, p, n, 0, canRead, 0, 0, 0},
			"path_readlink": {3, p, n, buffer, 100, 0}, "path_remove_directory": {3, p, n}, "path_rename": {3, p, n, 3, q, m},
			"path_symlink": {p, n, 3, q, m}, "path_unlink_file": {3, p, n}, "poll_oneoff": {buffer, buffer + 1000, 1, 0}, "random_get": {buffer, 10},
		}[name]
	}
	for name, positions := range pointers {
		for _, position := range positions {
			for _, bad := range []uint64{outside, size, size + 1, 1 << 31, math.MaxUint32, math.MaxUint32 - 3} {
				if name == "fd_prestat_dir_name" && bad == outside {
					continue // its one byte fits there
				}
				g := newGuest(t, &wasi.State{Args: []string{"a", "b"}, Env: []string{"A=1", "B=2"}})
				args := good(g, name)
				args[position] = bad
				before := bytes.Clone(g.mem)
				g.want(vfs.EFAULT, name, args...)
				if !bytes.Equal(before, g.mem) {
					t.Errorf("%s wrote before it failed", name)
				}
			}
		}
		g := newGuest(t, &wasi.State{Args: []string{"a"}, Env: []string{"A=1"}})
		args := good(g, name)
		g.mem = nil
		g.want(vfs.EFAULT, name, args...)
	}
	// A length that ends outside.
	for name, position := range map[string]int{
		"fd_readdir": 2, "path_create_directory": 2, "path_filestat_get": 3, "path_filestat_set_times": 3, "path_link": 6,
		"path_open": 3, "path_readlink": 4, "path_remove_directory": 2, "path_rename": 5, "path_symlink": 1, "path_unlink_file": 2, "random_get": 1,
	} {
		for _, bad := range []uint64{size, math.MaxUint32, math.MaxUint32 - path1} {
			g := newGuest(t, &wasi.State{})
			args := good(g, name)
			args[position] = bad
			g.want(vfs.EFAULT, name, args...)
		}
	}
}

func TestHostileVectors(t *testing.T) {
	g := newGuest(t, &wasi.State{Stdin: strings.NewReader("input"), Stdout: io.Discard})
	fd := g.open("work/f", 1, canBoth, 0)
	for _, c := range []struct {
		list  []uint64
		count uint64
		want  vfs.Errno
	}{
		{nil, 1 << 30, vfs.EINVAL},
		{nil, math.MaxUint32, vfs.EINVAL},
		{nil, 1025, vfs.EINVAL},
		{[]uint64{0, size}, 1, vfs.OK},
		{[]uint64{1, size}, 1, vfs.EFAULT},
		{[]uint64{outside, 2}, 1, vfs.EFAULT},
		{[]uint64{math.MaxUint32, math.MaxUint32}, 1, vfs.EFAULT},
		{[]uint64{buffer, 4, math.MaxUint32, 1}, 2, vfs.EFAULT},
		{[]uint64{size, 0}, 1, vfs.OK},
		{[]uint64{}, 0, vfs.OK},
	} {
		for _, fn := range []string{"fd_read", "fd_write"} {
			for _, fd := range []uint64{fd, map[string]uint64{"fd_read": 0, "fd_write": 1}[fn]} {
				v, _ := g.iov(c.list...)
				g.want(c.want, fn, fd, v, c.count, result)
			}
		}
		v, _ := g.iov(c.list...)
		g.want(c.want, "fd_pread", fd, v, c.count, 0, result)
		v, _ = g.iov(c.list...)
		g.want(c.want, "fd_pwrite", fd, v, c.count, 0, result)
	}
	g.want(vfs.EINVAL, "fd_pread", fd, vector, 0, 1<<63, result)
	g.want(vfs.EINVAL, "fd_pwrite", fd, vector, 0, 1<<63, result)

	// A thousand overlapping buffers add up to more than the memory; only the storage limit ends that.
	for i := range uint64(1000) {
		le.PutUint32(g.mem[buffer+8*i:], 0)
		le.PutUint32(g.mem[buffer+8*i+4:], size)
	}
	if stop := g.stops("fd_write", fd, buffer, 1000, result); stop == nil || stop.Kind != hostfuncs.KindStorage {
		t.Errorf("stopped with %v", stop)
	}
	// The list may be overwritten by what is read: the second buffer is then elsewhere, but never outside.
	g = newGuest(t, &wasi.State{})
	fd = g.open("work/g", 1, canBoth, 0)
	g.write(fd, strings.Repeat("\xff", 100))
	g.want(vfs.OK, "fd_seek", fd, 0, 0, result)
	v, n := g.iov(vector+8, 8, buffer, 10)
	g.want(vfs.OK, "fd_read", fd, v, n, result)
}

func TestFiles(t *testing.T) {
	when := time.Unix(100, 5)
	g := newGuest(t, &wasi.State{FS: vfs.New(vfs.Options{Now: func() time.Time { return when }}), Clock: &fakeClock{now: when}})
	fd := g.open("work/f", 1|4, canBoth, 0)
	if fd != 4 {
		t.Errorf("the first descriptor is %d", fd)
	}
	if e := g.write(fd, "hello world"); e != vfs.OK || g.u32(result) != 11 {
		t.Fatalf("write: %v, %d", e, g.u32(result))
	}
	g.want(vfs.OK, "fd_tell", fd, result)
	if g.u64(result) != 11 {
		t.Errorf("tell %d", g.u64(result))
	}
	for _, c := range []struct {
		off    int64
		whence uint64
		want   vfs.Errno
		pos    uint64
	}{
		{0, 0, vfs.OK, 0}, {5, 1, vfs.OK, 5}, {-1, 2, vfs.OK, 10}, {-11, 1, vfs.EINVAL, 0}, {0, 3, vfs.EINVAL, 0},
		{math.MinInt64, 2, vfs.EINVAL, 0}, {math.MaxInt64, 1, vfs.EOVERFLOW, 0}, {0, math.MaxUint32, vfs.EINVAL, 0}, {0, 256, vfs.EINVAL, 0}, {6, 0, vfs.OK, 6},
	} {
		g.want(c.want, "fd_seek", fd, uint64(c.off), c.whence, result)
		if c.want == vfs.OK && g.u64(result) != c.pos {
			t.Errorf("seek %+v: at %d", c, g.u64(result))
		}
	}
	if got, e := g.read(fd, 100); got != "world" || e != vfs.OK {
		t.Errorf("read %q, %v", got, e)
	}
	v, n := g.iov(buffer, 3, buffer+10, 0, buffer+3, 20)
	g.want(vfs.OK, "fd_pread", fd, v, n, 2, result)
	if got := string(g.mem[buffer : buffer+g.u32(result)]); got != "llo world" {
		t.Errorf("pread %q", got)
	}
	g.str(buffer, "HELLO")
	v, n = g.iov(buffer, 2, buffer+2, 3)
	g.want(vfs.OK, "fd_pwrite", fd, v, n, 0, result)
	g.want(vfs.OK, "fd_allocate", fd, 0, 20)
	g.want(vfs.EINVAL, "fd_allocate", fd, 1<<63, 20)
	g.want(vfs.EINVAL, "fd_allocate", fd, 0, 0)
	g.want(vfs.OK, "fd_filestat_get", fd, result)
	if g.mem[result+16] != 4 || g.u64(result+32) != 20 || g.u64(result+24) != 1 || g.u64(result+48) != uint64(when.UnixNano()) {
		t.Errorf("filestat % x", g.mem[result:result+64])
	}
	g.want(vfs.OK, "fd_filestat_set_size", fd, 5)
	g.want(vfs.EINVAL, "fd_filestat_set_size", fd, 1<<63)
	g.want(vfs.OK, "fd_seek", fd, 0, 0, result)
	if got, _ := g.read(fd, 100); got != "HELLO" {
		t.Errorf("after set_size %q", got)
	}
	g.want(vfs.OK, "fd_filestat_set_times", fd, 1, 2, 1|4)
	g.want(vfs.OK, "fd_filestat_set_times", fd, 1, 3, 4)
	g.want(vfs.OK, "fd_filestat_get", fd, result)
	if g.u64(result+40) != 1 || g.u64(result+48) != 3 {
		t.Errorf("times %d %d", g.u64(result+40), g.u64(result+48))
	}
	g.want(vfs.OK, "fd_filestat_set_times", fd, 0, 0, 2|8)
	g.want(vfs.EINVAL, "fd_filestat_set_times", fd, 0, 0, 1|2)
	g.want(vfs.EINVAL, "fd_filestat_set_times", fd, 0, 0, 16)
	g.want(vfs.EINVAL, "fd_filestat_set_times", fd, 1<<63, 0, 1)
	g.want(vfs.OK, "fd_fdstat_get", fd, result)
	if g.mem[result] != 4 || g.u64(result+8)&canBoth != canBoth {
		t.Errorf("fdstat % x", g.mem[result:result+24])
	}
	g.want(vfs.OK, "fd_fdstat_set_flags", fd, 1)
	g.want(vfs.EINVAL, "fd_fdstat_set_flags", fd, 32)
	g.want(vfs.OK, "fd_seek", fd, 0, 0, result)
	g.write(fd, "+")
	g.want(vfs.OK, "fd_fdstat_get", fd, result)
	if g.mem[result+2] != 1 {
		t.Error("append is not reported")
	}
	for _, fn := range []string{"fd_sync", "fd_datasync"} {
		g.want(vfs.OK, fn, fd)
	}
	g.want(vfs.OK, "fd_advise", fd, 0, 0, 5)
	g.want(vfs.EINVAL, "fd_advise", fd, 0, 0, 6)
	g.want(vfs.EINVAL, "fd_advise", fd, 1<<63, 0, 0)
	g.want(vfs.ENOTCAPABLE, "fd_fdstat_set_rights", fd, math.MaxUint64, 0)
	g.want(vfs.OK, "fd_fdstat_set_rights", fd, canRead, 0)
	if e := g.write(fd, "no"); e != vfs.EBADF {
		t.Errorf("write without the right: %v", e)
	}
	g.want(vfs.OK, "fd_fdstat_get", fd, result)
	if g.u64(result+8)&canBoth != canRead {
		t.Errorf("rights %x", g.u64(result+8))
	}
	g.want(vfs.OK, "fd_close", fd)
	g.want(vfs.EBADF, "fd_close", fd)
	got, _ := g.s.FS.ReadFile("f")
	if string(got) != "HELLO+" {
		t.Errorf("the file is %q", got)
	}
	// Opening for appending.
	fd = g.open("work/f", 0, canBoth, 1)
	g.write(fd, "!")
	got, _ = g.s.FS.ReadFile("f")
	if string(got) != "HELLO+!" {
		t.Errorf("the file is %q", got)
	}
	if g.fuel <= 0 {
		t.Error("nothing was charged")
	}
}

func TestPathFunctions(t *testing.T) {
	g := newGuest(t, &wasi.State{})
	p := func(s string) (uint64, uint64) { return g.str(path1, s) }
	q := func(s string) (uint64, uint64) { return g.str(path2, s) }
	one := func(want vfs.Errno, fn, path string) {
		t.Helper()
		ptr, n := p(path)
		g.want(want, fn, 3, ptr, n)
	}
	two := func(want vfs.Errno, fn, a, b string) {
		t.Helper()
		pa, na := p(a)
		pb, nb := q(b)
		switch fn {
		case "path_rename":
			g.want(want, fn, 3, pa, na, 3, pb, nb)
		case "path_symlink":
			g.want(want, fn, pa, na, 3, pb, nb)
		case "path_link":
			g.want(want, fn, 3, 0, pa, na, 3, pb, nb)
		}
	}
	one(vfs.OK, "path_create_directory", "work/d")
	one(vfs.EEXIST, "path_create_directory", "work/d")
	one(vfs.EROFS, "path_create_directory", "etc")
	one(vfs.ENOENT, "path_create_directory", "")
	one(vfs.ENAMETOOLONG, "path_create_directory", strings.Repeat("a/", 2049))
	one(vfs.EILSEQ, "path_create_directory", "work/\xff")
	one(vfs.EINVAL, "path_create_directory", "work/\x00")
	g.write(g.open("work/f", 1, canBoth, 0), "12345")
	two(vfs.OK, "path_symlink", "../f", "work/d/link")
	two(vfs.EEXIST, "path_symlink", "../f", "work/d/link")
	two(vfs.OK, "path_link", "work/f", "work/hard")
	two(vfs.EPERM, "path_link", "work/d", "work/hard2")
	two(vfs.OK, "path_rename", "work/hard", "work/moved")
	two(vfs.ENOENT, "path_rename", "work/hard", "work/moved")
	ptr, n := p("work/d/link")
	g.want(vfs.OK, "path_readlink", 3, ptr, n, buffer, 100, result)
	if got := string(g.mem[buffer : buffer+g.u32(result)]); got != "../f" {
		t.Errorf("readlink %q", got)
	}
	g.want(vfs.OK, "path_readlink", 3, ptr, n, buffer, 2, result)
	if g.u32(result) != 2 {
		t.Error("readlink does not cut")
	}
	g.want(vfs.OK, "path_filestat_get", 3, 0, ptr, n, result)
	if g.mem[result+16] != 7 {
		t.Errorf("type %d of a link", g.mem[result+16])
	}
	g.want(vfs.OK, "path_filestat_get", 3, 1, ptr, n, result)
	if g.mem[result+16] != 4 || g.u64(result+32) != 5 || g.u64(result+24) != 2 {
		t.Errorf("filestat % x", g.mem[result:result+64])
	}
	g.want(vfs.OK, "path_filestat_set_times", 3, 1, ptr, n, 7, 8, 5)
	g.want(vfs.EINVAL, "path_filestat_set_times", 3, 1, ptr, n, 7, 8, 3)
	g.want(vfs.OK, "path_filestat_get", 3, 1, ptr, n, result)
	if g.u64(result+40) != 7 || g.u64(result+48) != 8 {
		t.Error("times")
	}
	one(vfs.EISDIR, "path_unlink_file", "work/d")
	one(vfs.ENOTEMPTY, "path_remove_directory", "work/d")
	one(vfs.ENOTDIR, "path_remove_directory", "work/f")
	one(vfs.OK, "path_unlink_file", "work/d/link")
	one(vfs.OK, "path_remove_directory", "work/d")
	one(vfs.ENOENT, "path_remove_directory", "work/d")

	// Wrong descriptors: none, a stream, a file, a huge number.
	file := g.open("work/f", 0, canRead, 0)
	ptr, n = p("work/x")
	for fd, want := range map[uint64]vfs.Errno{99: vfs.EBADF, 1: vfs.ENOTDIR, file: vfs.ENOTDIR, math.MaxUint32: vfs.EBADF} {
		g.want(want, "path_create_directory", fd, ptr, n)
		g.want(want, "path_open", fd, 0, ptr, n, 1, canBoth, 0, 0, result)
		g.want(want, "path_symlink", ptr, n, fd, ptr, n)
		g.want(want, "path_rename", 3, ptr, n, fd, ptr, n)
	}
	// Flags of path_open.
	for _, c := range []struct {
		path                            string
		lookup, oflags, rights, fdflags uint64
		want                            vfs.Errno
	}{
		{"work/f", 1, 16, canRead, 0, vfs.EINVAL},
		{"work/f", 1, 0, canRead, 32, vfs.EINVAL},
		{"work/f", 2, 0, canRead, 0, vfs.EINVAL},
		{"work/f", 1, 5, canRead, 0, vfs.EEXIST},
		{"work/f", 1, 2, canRead, 0, vfs.ENOTDIR},
		{"work/new", 1, 3, canRead, 0, vfs.EINVAL},
		{"work", 1, 2, allOnes, 0, vfs.OK},
		{"work", 1, 0, canBoth, 0, vfs.EISDIR},
		{"/work/f", 1, 0, 0, 0, vfs.OK},
		{"../../work/f", 1, 0, canRead, 0, vfs.OK},
	} {
		ptr, n := p(c.path)
		g.want(c.want, "path_open", 3, c.lookup, ptr, n, c.oflags, c.rights, 0, c.fdflags, result)
	}
}

func TestReaddir(t *testing.T) {
	g := newGuest(t, &wasi.State{})
	for i := range 50 {
		g.s.FS.WriteFile(fmt.Sprintf("file-%02d", i), nil)
	}
	dir := g.open("work", 2, canRead, 0)
	for _, room := range []uint64{24 + 1, 31, 100, 1000, 5000} {
		var names []string
		var cookie uint64
		for {
			g.want(vfs.OK, "fd_readdir", dir, buffer, room, cookie, result)
			used := g.u32(result)
			list := g.mem[buffer : buffer+used]
			whole := 0
			for len(list) >= 24 {
				n := uint64(le.Uint32(list[16:]))
				if uint64(len(list)) < 24+n {
					break
				}
				cookie = le.Uint64(list)
				names = append(names, string(list[24:24+n]))
				list = list[24+n:]
				whole++
			}
			if used < room {
				break
			}
			if whole == 0 {
				if room >= 31 {
					t.Fatalf("no progress with %d bytes", room)
				}
				break
			}
		}
		if room >= 31 && (len(names) != 52 || names[0] != "." || names[1] != ".." || names[51] != "file-49") {
			t.Errorf("%d bytes: %q", room, names)
		}
	}
	for _, cookie := range []uint64{1 << 32, math.MaxUint64, 1<<63 - 1} {
		g.want(vfs.OK, "fd_readdir", dir, buffer, 1000, cookie, result)
		if g.u32(result) != 0 {
			t.Errorf("cookie %d: %d bytes", cookie, g.u32(result))
		}
	}
	g.want(vfs.OK, "fd_readdir", dir, buffer, 0, 0, result)
	g.want(vfs.ENOTDIR, "fd_readdir", 1, buffer, 100, 0, result)
	g.want(vfs.ENOTDIR, "fd_readdir", g.open("work/file-00", 0, canRead, 0), buffer, 100, 0, result)
	g.want(vfs.EBADF, "fd_readdir", 77, buffer, 100, 0, result)
}

func TestDescriptors(t *testing.T) {
	g := newGuest(t, &wasi.State{MaxOpenFiles: 20})
	g.want(vfs.OK, "fd_prestat_get", 3, result)
	if g.mem[result] != 0 || g.u32(result+4) != 1 {
		t.Error("prestat")
	}
	g.want(vfs.EBADF, "fd_prestat_get", 4, result)
	g.want(vfs.EBADF, "fd_prestat_get", 0, result)
	g.want(vfs.OK, "fd_prestat_dir_name", 3, buffer, 1)
	g.want(vfs.OK, "fd_prestat_dir_name", 3, buffer, 100)
	g.want(vfs.ENAMETOOLONG, "fd_prestat_dir_name", 3, buffer, 0)
	g.want(vfs.EBADF, "fd_prestat_dir_name", 2, buffer, 1)
	if g.mem[buffer] != '/' {
		t.Error("preopen name")
	}
	for i := uint64(4); i < 20; i++ {
		if fd := g.open("work/f", 1, canBoth, 0); fd != i {
			t.Fatalf("descriptor %d, want %d", fd, i)
		}
	}
	p, n := g.str(path1, "work/never")
	g.want(vfs.EMFILE, "path_open", 3, 1, p, n, 1, canBoth, 0, 0, result)
	if _, e := g.s.FS.Stat(nil, "/work/never", true); e != vfs.ENOENT {
		t.Error("a file was created without a descriptor for it")
	}
	g.want(vfs.OK, "fd_close", 7)
	g.want(vfs.OK, "fd_close", 5)
	if fd := g.open("work/f", 0, canRead, 0); fd != 5 {
		t.Errorf("the lowest free descriptor is 5, not %d", fd)
	}
	g.write(6, "six")
	g.want(vfs.OK, "fd_renumber", 6, 8)
	g.want(vfs.EBADF, "fd_tell", 6, result)
	g.want(vfs.OK, "fd_tell", 8, result)
	if g.u64(result) != 3 {
		t.Error("renumber did not move the position")
	}
	g.want(vfs.OK, "fd_renumber", 8, 8)
	g.want(vfs.OK, "fd_renumber", 8, 1)
	g.write(1, " to stdout")
	if got, _ := g.s.FS.ReadFile("f"); string(got) != "six to stdout" {
		t.Errorf("a file over stdout: %q", got)
	}
	g.want(vfs.ENOTSUP, "fd_renumber", 3, 9)
	g.want(vfs.ENOTSUP, "fd_renumber", 9, 3)
	for _, bad := range []uint64{20, 1 << 20, math.MaxUint32} {
		g.want(vfs.EBADF, "fd_renumber", 9, bad)
		g.want(vfs.EBADF, "fd_renumber", bad, 9)
		for _, fn := range []string{"fd_close", "fd_sync", "fd_datasync"} {
			g.want(vfs.EBADF, fn, bad)
		}
		for _, fn := range []string{"fd_fdstat_get", "fd_filestat_get", "fd_tell", "fd_prestat_get", "fd_fdstat_set_flags", "sock_shutdown"} {
			g.want(vfs.EBADF, fn, bad, 0)
		}
		g.want(vfs.EBADF, "fd_read", bad, vector, 0, result)
		g.want(vfs.EBADF, "fd_write", bad, vector, 0, result)
		g.want(vfs.EBADF, "fd_seek", bad, 0, 0, result)
		g.want(vfs.EBADF, "fd_filestat_set_size", bad, 0)
		g.want(vfs.EBADF, "fd_filestat_set_times", bad, 0, 0, 0)
		g.want(vfs.EBADF, "fd_fdstat_set_rights", bad, 0, 0)
		g.want(vfs.EBADF, "fd_allocate", bad, 0, 1)
		g.want(vfs.EBADF, "fd_advise", bad, 0, 0, 0)
	}
	// The preopened folder may be closed; then there are no files.
	g.want(vfs.OK, "fd_close", 3)
	g.want(vfs.EBADF, "path_unlink_file", 3, p, n)
	g.want(vfs.ENOTSOCK, "sock_accept", 0, 0, result)
	g.want(vfs.ENOTSOCK, "sock_recv", 0, vector, 0, 0, result, result)
	g.want(vfs.ENOTSOCK, "sock_send", 0, vector, 0, 0, result)
	g.want(vfs.ENOTSOCK, "sock_shutdown", 0, 0)
}

func TestStreams(t *testing.T) {
	var stdout countingWriter
	g := newGuest(t, &wasi.State{Stdin: strings.NewReader("one\ntwo"), Stdout: &stdout, Terminal: [3]bool{false, true, false}})
	g.str(buffer, "Hello, world")
	v, n := g.iov(buffer, 5, buffer+5, 2, buffer+7, 5)
	g.want(vfs.OK, "fd_write", 1, v, n, result)
	if stdout.String() != "Hello, world" || stdout.calls != 1 || g.u32(result) != 12 {
		t.Errorf("stdout %q in %d writes", stdout.String(), stdout.calls)
	}
	if e := g.write(2, "discarded"); e != vfs.OK || g.u32(result) != 9 {
		t.Errorf("no stderr: %v", e)
	}
	if e := g.write(0, "x"); e != vfs.EBADF {
		t.Errorf("write to stdin: %v", e)
	}
	if got, e := g.read(0, 5); got != "one\nt" || e != vfs.OK {
		t.Errorf("stdin %q %v", got, e)
	}
	if got, e := g.read(0, 5); got != "wo" || e != vfs.OK {
		t.Errorf("stdin %q %v", got, e)
	}
	if got, e := g.read(0, 5); got != "" || e != vfs.OK {
		t.Errorf("end of stdin %q %v", got, e)
	}
	if _, e := g.read(1, 5); e != vfs.EBADF {
		t.Errorf("read of stdout: %v", e)
	}
	for fd, filetype := range []byte{0, 2, 0} {
		g.want(vfs.OK, "fd_fdstat_get", uint64(fd), result)
		if g.mem[result] != filetype || g.u64(result+8)&(1<<2|1<<5) != 0 {
			t.Errorf("fdstat of %d: % x", fd, g.mem[result:result+24])
		}
		g.want(vfs.OK, "fd_filestat_get", uint64(fd), result)
		if g.mem[result+16] != filetype {
			t.Errorf("filestat of %d", fd)
		}
		g.want(vfs.ESPIPE, "fd_seek", uint64(fd), 0, 1, result)
		g.want(vfs.ESPIPE, "fd_tell", uint64(fd), result)
		g.want(vfs.ESPIPE, "fd_pread", uint64(fd), vector, 0, 0, result)
		g.want(vfs.ESPIPE, "fd_pwrite", uint64(fd), vector, 0, 0, result)
		g.want(vfs.EINVAL, "fd_filestat_set_size", uint64(fd), 0)
		g.want(vfs.OK, "fd_sync", uint64(fd))
		g.want(vfs.OK, "fd_fdstat_set_flags", uint64(fd), 4)
	}
	for want, err := range map[vfs.Errno]error{vfs.EPIPE: syscall.EPIPE, vfs.EIO: errors.New("disk")} {
		g := newGuest(t, &wasi.State{Stdout: failing{err}, Stdin: io.MultiReader(failing{errors.New("gone")})})
		if e := g.write(1, "x"); e != want {
			t.Errorf("%v: %v", err, e)
		}
		if _, e := g.read(0, 1); e != vfs.EIO {
			t.Errorf("failing stdin: %v", e)
		}
	}
	g = newGuest(t, &wasi.State{Stdout: failing{&hostfuncs.Stop{Kind: hostfuncs.KindOutput}}})
	v, n = g.iov(buffer, 5)
	if stop := g.stops("fd_write", 1, v, n, result); stop.Kind != hostfuncs.KindOutput {
		t.Errorf("output limit: %v", stop)
	}
}

type countingWriter struct {
	bytes.Buffer
	calls int
}

func (w *countingWriter) Write(p []byte) (int, error) { w.calls++; return w.Buffer.Write(p) }

// failing panics with a Stop and returns any other error.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
func (f failing) Write([]byte) (int, error) {
	if stop, ok := f.err.(*hostfuncs.Stop); ok {
		panic(stop)
	}
	return 0, f.err
}

func TestBlockingStdin(t *testing.T) {
	r, w := io.Pipe()
	input := wasi.NewInput(r)
	ctx, cancel := context.WithCancelCause(context.Background())
	g := newGuest(t, &wasi.State{Stdin: input})
	g.ctx = wasi.With(ctx, g.s)
	reason := &hostfuncs.Stop{Kind: hostfuncs.KindDeadline, Used: 2, Limit: 1}
	time.AfterFunc(10*time.Millisecond, func() { cancel(reason) })
	v, n := g.iov(buffer, 5)
	if stop := g.stops("fd_read", 0, v, n, result); stop != reason {
		t.Errorf("stopped with %v", stop)
	}
	// The next run gets what the first one waited for.
	next := newGuest(t, &wasi.State{Stdin: input})
	go func() { w.Write([]byte("late")); w.Close() }()
	if got, e := next.read(0, 2); got != "la" || e != vfs.OK {
		t.Errorf("%q %v", got, e)
	}
	if got, e := next.read(0, 10); got != "te" || e != vfs.OK {
		t.Errorf("%q %v", got, e)
	}
	for range 3 {
		if got, e := next.read(0, 10); got != "" || e != vfs.OK {
			t.Errorf("at the end %q %v", got, e)
		}
	}
	// A reader without a context of its own works too.
	plain := newGuest(t, &wasi.State{Stdin: io.MultiReader(strings.NewReader("ab"))})
	if got, e := plain.read(0, 1); got != "a" || e != vfs.OK {
		t.Errorf("%q %v", got, e)
	}
}

func TestArguments(t *testing.T) {
	g := newGuest(t, &wasi.State{Args: []string{"main.py", "", "naïve"}, Env: []string{"A=1"}})
	g.want(vfs.OK, "args_sizes_get", 0, 4)
	if g.u32(0) != 3 || g.u32(4) != 8+1+7 {
		t.Errorf("sizes %d %d", g.u32(0), g.u32(4))
	}
	g.want(vfs.OK, "args_get", 100, 200)
	for i, want := range g.s.Args {
		at := g.u32(uint64(100 + 4*i))
		if got, _, _ := strings.Cut(string(g.mem[at:at+20]), "\x00"); got != want {
			t.Errorf("argument %d: %q", i, got)
		}
	}
	g.want(vfs.OK, "environ_sizes_get", 0, 4)
	g.want(vfs.OK, "environ_get", 100, 200)
	if g.u32(0) != 1 || string(g.mem[200:204]) != "A=1\x00" {
		t.Error("environment")
	}
	g.want(vfs.EFAULT, "args_get", 100, size-15)
	g.want(vfs.OK, "args_get", 100, size-16)
	g.want(vfs.EFAULT, "args_get", size-11, 100)
}

// fakeClock sleeps by adding.
type fakeClock struct {
	now   time.Time
	mono  time.Duration
	slept []time.Duration
	err   error
}

func (c *fakeClock) Now() time.Time           { return c.now }
func (c *fakeClock) Monotonic() time.Duration { return c.mono }
func (c *fakeClock) Sleep(ctx context.Context, d time.Duration) error {
	c.slept = append(c.slept, d)
	c.mono += d
	c.now = c.now.Add(d)
	return c.err
}

// subscribe puts a subscription at buffer.
func (g *guest) subscribe(i int, user uint64, kind byte, id uint32, timeout uint64, flags uint16) {
	at := g.mem[buffer+48*i:][:48]
	clear(at)
	le.PutUint64(at, user)
	at[8] = kind
	le.PutUint32(at[16:], id)
	le.PutUint64(at[24:], timeout)
	le.PutUint16(at[40:], flags)
}

func TestClockAndPoll(t *testing.T) {
	const events = buffer + 20_000
	clock := &fakeClock{now: time.Unix(1000, 7), mono: 5}
	g := newGuest(t, &wasi.State{Clock: clock})
	for id := range uint64(4) {
		g.want(vfs.OK, "clock_res_get", id, result)
		if g.u64(result) == 0 {
			t.Error("resolution")
		}
		g.want(vfs.OK, "clock_time_get", id, 0, result)
		if want := map[bool]uint64{true: 1000_000_000_007, false: 5}[id == 0]; g.u64(result) != want {
			t.Errorf("clock %d: %d", id, g.u64(result))
		}
	}
	for _, id := range []uint64{4, math.MaxUint32} {
		g.want(vfs.EINVAL, "clock_res_get", id, result)
		g.want(vfs.EINVAL, "clock_time_get", id, 0, result)
	}
	poll := func(count uint64) []string {
		t.Helper()
		clock.slept = nil
		g.want(vfs.OK, "poll_oneoff", buffer, events, count, result)
		var out []string
		for i := range g.u32(result) {
			ev := g.mem[events+32*i:]
			out = append(out, fmt.Sprintf("%d/%v/%d", le.Uint64(ev), vfs.Errno(le.Uint16(ev[8:])), ev[10]))
		}
		return out
	}
	check := func(got []string, slept time.Duration, want ...string) {
		t.Helper()
		if strings.Join(got, " ") != strings.Join(want, " ") || len(clock.slept) != 1 || clock.slept[0] != slept {
			t.Errorf("events %q after %v, want %q after %v", got, clock.slept, want, slept)
		}
	}
	g.subscribe(0, 11, 0, 1, 500, 0)
	check(poll(1), 500, "11/success/0")
	g.subscribe(0, 11, 0, 0, uint64(clock.now.UnixNano())+300, 1)
	check(poll(1), 300, "11/success/0")
	g.subscribe(0, 11, 0, 1, 1, 1) // long past
	check(poll(1), 0, "11/success/0")
	g.subscribe(0, 11, 0, 1, 500, 0)
	g.subscribe(1, 12, 0, 1, 100, 0)
	g.subscribe(2, 13, 0, 0, math.MaxUint64, 0)
	check(poll(3), 100, "12/success/0")
	g.subscribe(1, 12, 1, 0, 0, 0) // stdin
	check(poll(2), 0, "12/success/1")
	g.subscribe(1, 12, 2, 99, 0, 0)
	check(poll(2), 0, "12/bad file descriptor/2")
	g.subscribe(1, 12, 0, 9, 0, 0)
	check(poll(2), 0, "12/invalid argument/0")
	g.subscribe(1, 12, 0, 1, 0, 2)
	check(poll(2), 0, "12/invalid argument/0")
	g.subscribe(0, 11, 0, 1, math.MaxUint64, 1)
	clock.mono = 5
	check(poll(1), math.MaxInt64-5, "11/success/0")

	g.want(vfs.EINVAL, "poll_oneoff", buffer, events, 0, result)
	g.want(vfs.EINVAL, "poll_oneoff", buffer, events, 4097, result)
	g.want(vfs.EINVAL, "poll_oneoff", buffer, events, math.MaxUint32, result)
	g.want(vfs.EFAULT, "poll_oneoff", buffer, events, 4096, result)
	g.subscribe(0, 11, 3, 1, 0, 0)
	g.want(vfs.EINVAL, "poll_oneoff", buffer, events, 1, result)

	// A context that ends ends the run, with its cause when that is one of ours.
	for _, c := range []struct {
		cause error
		want  hostfuncs.Kind
	}{
		{&hostfuncs.Stop{Kind: hostfuncs.KindFuel}, hostfuncs.KindFuel},
		{fmt.Errorf("wrapped: %w", &hostfuncs.Stop{Kind: hostfuncs.KindDeadline}), hostfuncs.KindDeadline},
		{errors.New("user"), hostfuncs.KindCancelled},
		{context.DeadlineExceeded, hostfuncs.KindDeadline},
	} {
		ctx, cancel := context.WithCancelCause(context.Background())
		g := newGuest(t, &wasi.State{})
		g.ctx = wasi.With(ctx, g.s)
		g.subscribe(0, 1, 0, 1, uint64(time.Hour), 0)
		time.AfterFunc(5*time.Millisecond, func() { cancel(c.cause) })
		start := time.Now()
		if stop := g.stops("poll_oneoff", buffer, events, 1, result); stop.Kind != c.want {
			t.Errorf("%v: %v", c.cause, stop)
		}
		if time.Since(start) > 2*time.Second {
			t.Error("slept on")
		}
	}
	before := g.fuel
	g.subscribe(0, 1, 0, 1, uint64(time.Hour), 0)
	g.want(vfs.OK, "poll_oneoff", buffer, events, 1, result)
	if g.fuel-before > 1000 {
		t.Errorf("an hour of sleep burned %d units", g.fuel-before)
	}
}

func TestProcess(t *testing.T) {
	g := newGuest(t, &wasi.State{Random: bytes.NewReader(bytes.Repeat([]byte("random"), 10))})
	g.want(vfs.OK, "sched_yield")
	g.want(vfs.OK, "random_get", buffer, 12)
	if string(g.mem[buffer:buffer+12]) != "randomrandom" {
		t.Error("randomness comes from elsewhere")
	}
	g.want(vfs.EIO, "random_get", buffer, 1000)
	g.want(vfs.OK, "random_get", size, 0)
	if stop := g.stops("proc_exit", 3); stop.Kind != hostfuncs.KindExit || stop.ExitCode != 3 {
		t.Errorf("exit: %v", stop)
	}
	g.want(vfs.OK, "proc_raise", 0)
	g.want(vfs.OK, "proc_raise", 16)
	g.want(vfs.ENOTSUP, "proc_raise", 18)
	g.want(vfs.EINVAL, "proc_raise", 31)
	if stop := g.stops("proc_raise", 6); stop.ExitCode != 134 {
		t.Errorf("abort: %v", stop)
	}
	real := newGuest(t, &wasi.State{})
	real.want(vfs.OK, "random_get", buffer, 32)
	if bytes.Equal(real.mem[buffer:buffer+32], make([]byte, 32)) {
		t.Error("no randomness by default")
	}
	func() {
		defer func() {
			if stop, ok := recover().(*hostfuncs.Stop); !ok || stop.Kind != hostfuncs.KindInternal {
				t.Errorf("without a state: %v", stop)
			}
		}()
		real.ctx = context.Background()
		real.call("sched_yield")
	}()
	// A limit of the runtime stops any call.
	g.s.Charge = func(int64) { panic(&hostfuncs.Stop{Kind: hostfuncs.KindFuel}) }
	if stop := g.stops("sched_yield"); stop.Kind != hostfuncs.KindFuel {
		t.Errorf("fuel: %v", stop)
	}
}

// FuzzCalls makes random calls with random arguments over random memory.
func FuzzCalls(f *testing.F) {
	f.Add(uint64(1), []byte("work/file\x00../tmp/x"))
	f.Add(uint64(2), bytes.Repeat([]byte{0xff}, 200))
	f.Add(uint64(3), bytes.Repeat([]byte{3, 0, 0, 0, 0x10, 0, 0, 0}, 50))
	for i := range uint64(30) {
		f.Add(i*7919, fmt.Appendf(nil, "work/%d\x00link/../%d", i, i))
	}
	funcs := wasi.Funcs()
	f.Fuzz(func(t *testing.T, seed uint64, memory []byte) {
		const storage = 1 << 18
		var held, most int64
		g := newGuest(t, &wasi.State{
			FS:   vfs.New(vfs.Options{MaxBytes: storage, Charge: func(d int64) { held += d; most = max(most, held) }}),
			Args: []string{"a"}, Env: []string{"B=c"}, Stdin: strings.NewReader("input"), Stdout: io.Discard, Clock: &fakeClock{}, MaxOpenFiles: 16,
		})
		g.s.FS.WriteFile("file", []byte("content"))
		g.s.FS.MountFile("/lib/fixed", []byte("fixed"), time.Unix(0, 0))
		g.mem = make([]byte, 1<<16)
		for i := 0; len(memory) > 0 && i < len(g.mem); i += len(memory) {
			copy(g.mem[i:], memory)
		}
		next := func(n uint64) uint64 {
			seed = seed*6364136223846793005 + 1442695040888963407
			return seed >> 33 % n
		}
		names := []string{"work/file", "work", "tmp/x", "work/l", "/", "..", "work/d/../file", "lib/fixed", "work/d/e", "work/d"}
		value := func() uint64 {
			switch next(12) {
			case 0:
				return math.MaxUint32 - next(64)
			case 1:
				return math.MaxUint64 - next(64)
			case 2:
				return next(1 << 16)
			case 3:
				return 1<<next(63) - next(2)
			case 4, 5, 6:
				return 8 * next(40) // near where the names are
			case 7:
				return 1<<16 - next(64)
			}
			return next(17)
		}
		for range 300 {
			fn := funcs[next(uint64(len(funcs)))]
			stack := make([]uint64, len(fn.Params)+1)
			for i, kind := range fn.Params {
				stack[i] = value()
				if kind == hostfuncs.I32 {
					stack[i] = uint64(uint32(stack[i]))
				}
			}
			// Half of the paths are real ones, with the length they have.
			if strings.HasPrefix(fn.Name, "path_") && next(2) == 0 {
				stack[0] = 3
				for i := 1; i+1 < len(fn.Params); i++ {
					if next(3) == 0 {
						name := names[next(uint64(len(names)))]
						at := 8 * next(1000)
						copy(g.mem[at:], name)
						stack[i], stack[i+1] = at, uint64(len(name))
					}
				}
			}
			func() {
				defer func() {
					if r := recover(); r != nil {
						if _, ok := r.(*hostfuncs.Stop); !ok {
							panic(fmt.Sprintf("%s%v: %v", fn.Name, stack, r))
						}
					}
				}()
				fn.Call(g.ctx, g.mem, stack)
				if stack[0] > 76 {
					t.Fatalf("%s: error number %d", fn.Name, stack[0])
				}
			}()
		}
		if u := g.s.FS.Usage(); u.StorageBytes > storage || u.MemoryBytes != held {
			t.Fatalf("usage %+v, charged %d", u, held)
		}
		if most > 3*storage {
			t.Fatalf("%d bytes of memory for %d of storage", most, storage)
		}
	})
}

func BenchmarkWriteLine(b *testing.B) {
	g := newGuest(b, &wasi.State{Stdout: io.Discard})
	call := g.funcs["fd_write"].Call
	p, n := g.str(buffer, "one short line of output\n")
	v, count := g.iov(p, n)
	stack := make([]uint64, 4)
	b.ReportAllocs()
	for b.Loop() {
		stack[0], stack[1], stack[2], stack[3] = 1, v, count, result
		call(g.ctx, g.mem, stack)
	}
}

func BenchmarkOpenReadClose(b *testing.B) {
	g := newGuest(b, &wasi.State{})
	g.s.FS.WriteFile("file", []byte("hello"))
	open, read, close := g.funcs["path_open"].Call, g.funcs["fd_read"].Call, g.funcs["fd_close"].Call
	p, n := g.str(path1, "work/file")
	v, count := g.iov(buffer, 100)
	stack := make([]uint64, 9)
	b.ReportAllocs()
	for b.Loop() {
		copy(stack, []uint64{3, 1, p, n, 0, canRead, 0, 0, result})
		open(g.ctx, g.mem, stack)
		copy(stack, []uint64{4, v, count, result + 8})
		read(g.ctx, g.mem, stack)
		stack[0] = 4
		close(g.ctx, g.mem, stack)
	}
	if g.u32(result+8) != 5 {
		b.Fatal("nothing was read")
	}
}

func BenchmarkNewPerRun(b *testing.B) {
	ctx := context.Background()
	zip := make([]byte, 1<<20)
	when := time.Unix(0, 0)
	b.ReportAllocs()
	for b.Loop() {
		files := vfs.New(vfs.Options{})
		files.MountFile("/usr/lib/python313.zip", zip, when)
		wasi.With(ctx, &wasi.State{FS: files})
	}
}

// BenchmarkFuel reports what a unit of fuel costs the host, in nanoseconds, for calls that ask for as much as they can: a guest that only
// makes expensive calls must not run much longer than one that computes (about 1 ns for a unit).
func BenchmarkFuel(b *testing.B) {
	long := func(name string, n int) string { return strings.Repeat(name, n/len(name)) }
	for _, c := range []struct {
		name  string
		setup func(g *guest)
		call  string
		args  func(g *guest) []uint64
	}{
		{"link chain", func(g *guest) {
			files := g.s.FS
			files.Mkdir(nil, "/work/a")
			for i := range vfs.MaxLinks - 1 {
				files.Symlink(long("a/../", 4000)+fmt.Sprint("l", i+1), nil, fmt.Sprint("/work/l", i))
			}
		}, "path_filestat_get", func(g *guest) []uint64 { p, n := g.str(path1, "work/l0"); return []uint64{3, 1, p, n, result} }},
		{"slashes", nil, "path_filestat_get", func(g *guest) []uint64 {
			p, n := g.str(path1, "work"+long("/", 4000))
			return []uint64{3, 1, p, n, result}
		}},
		{"missing", nil, "path_filestat_get", func(g *guest) []uint64 { p, n := g.str(path1, "work/x"); return []uint64{3, 1, p, n, result} }},
		{"create existing", func(g *guest) { g.s.FS.Mkdir(nil, "/work/d") }, "path_create_directory", func(g *guest) []uint64 {
			p, n := g.str(path1, "work/d")
			return []uint64{3, p, n}
		}},
		{"rename deep", func(g *guest) {
			g.s.FS.MkdirAll("/work/" + long("d/", 3000))
			g.s.FS.WriteFile("/work/"+long("d/", 3000)+"f", nil)
		}, "path_rename", func(g *guest) []uint64 {
			p, n := g.str(path1, "work/"+long("d/", 3000)+"f")
			return []uint64{3, p, n, 3, p, n}
		}},
		{"list", func(g *guest) {
			for i := range 500 {
				g.s.FS.WriteFile(fmt.Sprint(i), nil)
			}
			g.open("work", 2, canRead, 0)
		}, "fd_readdir", func(g *guest) []uint64 { return []uint64{4, buffer, 30000, 0, result} }},
		{"write 1", func(g *guest) { g.open("work/f", 1, canBoth, 0) }, "fd_pwrite", func(g *guest) []uint64 {
			v, n := g.iov(buffer, 1)
			return []uint64{4, v, n, 0, result}
		}},
		{"write 32K", func(g *guest) { g.open("work/f", 1, canBoth, 0) }, "fd_pwrite", func(g *guest) []uint64 {
			v, n := g.iov(buffer, 32<<10)
			return []uint64{4, v, n, 0, result}
		}},
		{"1024 buffers", func(g *guest) { g.open("work/f", 1, canBoth, 0) }, "fd_pwrite", func(g *guest) []uint64 {
			for i := range 1024 {
				le.PutUint32(g.mem[buffer+8*i:], buffer)
				le.PutUint32(g.mem[buffer+8*i+4:], 1)
			}
			return []uint64{4, buffer, 1024, 0, result}
		}},
		{"1024 empty buffers", func(g *guest) { g.open("work/f", 1, canBoth, 0) }, "fd_pwrite", func(g *guest) []uint64 {
			return []uint64{4, buffer, 1024, 0, result}
		}},
		{"poll", nil, "poll_oneoff", func(g *guest) []uint64 {
			for i := range 500 {
				g.subscribe(i, 1, eventRead, 0, 0, 0)
			}
			return []uint64{buffer, buffer, 500, result}
		}},
		{"set size", func(g *guest) { g.open("work/f", 1, canBoth, 0) }, "fd_filestat_set_size", func(g *guest) []uint64 { return []uint64{4, 1000} }},
		{"mount stat", mountFiles, "path_filestat_get", func(g *guest) []uint64 { p, n := g.str(path1, "host/d/f0"); return []uint64{3, 1, p, n, result} }},
		{"mount read 32K", func(g *guest) { mountFiles(g); g.open("host/d/f0", 0, canRead, 0) }, "fd_pread", func(g *guest) []uint64 {
			v, n := g.iov(buffer, 32<<10)
			return []uint64{4, v, n, 0, result}
		}},
		{"mount write 32K", func(g *guest) { mountFiles(g); g.open("host/d/f0", 0, canBoth, 0) }, "fd_pwrite", func(g *guest) []uint64 {
			v, n := g.iov(buffer, 32<<10)
			return []uint64{4, v, n, 0, result}
		}},
		{"mount list", func(g *guest) { mountFiles(g); g.open("host/d", 2, canRead, 0) }, "fd_readdir", func(g *guest) []uint64 { return []uint64{4, buffer, 30000, 0, result} }},
		{"random", nil, "random_get", func(g *guest) []uint64 { return []uint64{buffer, 32 << 10} }},
		{"clock", nil, "clock_time_get", func(g *guest) []uint64 { return []uint64{0, 0, result} }},
	} {
		b.Run(c.name, func(b *testing.B) {
			g := newGuest(b, &wasi.State{})
			if c.setup != nil {
				c.setup(g)
			}
			args := append(c.args(g), 0)
			stack := make([]uint64, len(args))
			call := g.funcs[c.call].Call
			g.fuel = 0
			n := 0
			for b.Loop() {
				copy(stack, args)
				call(g.ctx, g.mem, stack)
				n++
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(max(g.fuel, 1)), "ns/fuel")
			b.ReportMetric(float64(g.fuel)/float64(n), "fuel/op")
		})
	}
}

const eventRead = 1

// mountFiles mounts a folder of the host with 200 files at /host.
func mountFiles(g *guest) {
	folder := filepath.Join(g.t.TempDir(), "d")
	if err := os.Mkdir(folder, 0o755); err != nil {
		g.t.Fatal(err)
	}
	for i := range 200 {
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprint("f", i)), make([]byte, 32<<10), 0o644); err != nil {
			g.t.Fatal(err)
		}
	}
	if err := g.s.FS.MountHost("/host", vfs.Mount{Host: filepath.Dir(folder), Access: vfs.AccessWrite}); err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() { g.s.FS.Close() })
}
