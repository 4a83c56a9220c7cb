package wasi_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wand/hostfuncs"
	"wand/hostfuncs/vfs"
	"wand/hostfuncs/wasi"
)

// beginSession opens all kinds of descriptors. What it returns are their numbers.
func beginSession(t testing.TB) (g *guest, log, gone, folder uint64) {
	host := t.TempDir()
	if err := os.WriteFile(filepath.Join(host, "f"), []byte("host"), 0o644); err != nil {
		t.Fatal(err)
	}
	files := vfs.New(vfs.Options{MaxBytes: 1 << 20})
	t.Cleanup(func() { files.Close() })
	if err := errors.Join(files.MountHost("/data", vfs.Mount{Host: host, Access: vfs.AccessRead}), files.MountFile("/lib/x", []byte("library"), wasi.VirtualEpoch)); err != nil {
		t.Fatal(err)
	}
	g = newGuest(t, &wasi.State{FS: files, Terminal: [3]bool{false, true, false}})
	log = g.open("work/log", 1, canBoth, 1)
	gone = g.open("work/gone", 1, canBoth, 0)
	g.open("data/f", 0, canRead, 0)        // 6
	folder = g.open("work", 2, allOnes, 0) // 7
	g.open("lib/x", 0, canRead, 0)         // 8
	g.want(vfs.OK, "fd_renumber", 0, 9)    // stdin has another number
	g.want(vfs.OK, "fd_close", 2)          // and stderr none
	g.want(vfs.OK, "fd_write", iov(g, log, "one")...)
	g.want(vfs.OK, "fd_write", iov(g, gone, "abcdef")...)
	g.want(vfs.OK, "fd_seek", gone, 2, 0, result)
	p, n := g.str(path1, "work/gone")
	g.want(vfs.OK, "path_unlink_file", 3, p, n)
	if got, e := g.read(8, 3); got != "lib" || e != vfs.OK {
		t.Fatalf("%q, %v", got, e)
	}
	return g, log, gone, folder
}

func iov(g *guest, fd uint64, text string) []uint64 {
	p, n := g.str(buffer, text)
	v, count := g.iov(p, n)
	return []uint64{fd, v, count, result}
}

// TestCloneKeepsDescriptors continues a program on a clone, and on what was restored from bytes.
func TestCloneKeepsDescriptors(t *testing.T) {
	for name, follow := range map[string]func(*testing.T, *wasi.State) *wasi.State{
		"clone": func(t *testing.T, s *wasi.State) *wasi.State {
			c, err := s.Clone(vfs.Options{MaxBytes: 1 << 20})
			if err != nil {
				t.Fatal(err)
			}
			return c
		},
		"snapshot": func(t *testing.T, s *wasi.State) *wasi.State {
			b, err := s.AppendBinary([]byte("before"))
			if err != nil {
				t.Fatal(err)
			}
			c, err := wasi.DecodeState(b[len("before"):], 0, vfs.Options{MaxBytes: 1 << 20}, library)
			if err != nil {
				t.Fatal(err)
			}
			return c
		},
	} {
		t.Run(name, func(t *testing.T) {
			first, log, gone, folder := beginSession(t)
			next := follow(t, first.s)
			var stdout bytes.Buffer
			next.Stdin, next.Stdout, next.Args = strings.NewReader("second turn"), &stdout, []string{"again"}
			g := newGuest(t, next)
			if got, e := g.read(9, 100); got != "second turn" || e != vfs.OK {
				t.Errorf("stdin: %q, %v", got, e)
			}
			g.want(vfs.EBADF, "fd_fdstat_get", 0, buffer)
			g.want(vfs.EBADF, "fd_fdstat_get", 2, buffer)
			g.want(vfs.EBADF, "fd_fdstat_get", 6, buffer) // of a folder of the host
			g.want(vfs.OK, "fd_write", iov(g, 1, "out")...)
			g.want(vfs.OK, "fd_fdstat_get", 1, buffer)
			if stdout.String() != "out" || g.mem[buffer] != 2 {
				t.Errorf("stdout got %q, and has type %d", stdout.String(), g.mem[buffer])
			}
			g.want(vfs.OK, "fd_prestat_get", 3, buffer)
			g.want(vfs.EBADF, "fd_prestat_get", folder, buffer)
			// It appends, whatever the position is.
			g.want(vfs.OK, "fd_write", iov(g, log, "two")...)
			if data, err := next.FS.ReadFile("log"); string(data) != "onetwo" {
				t.Errorf("the log has %q, %v", data, err)
			}
			if got, e := g.read(gone, 100); got != "cdef" || e != vfs.OK {
				t.Errorf("the removed file: %q, %v", got, e)
			}
			if got, e := g.read(8, 100); got != "rary" || e != vfs.OK {
				t.Errorf("the library: %q, %v", got, e)
			}
			p, n := g.str(path1, "log")
			g.want(vfs.OK, "path_filestat_get", folder, 0, p, n, buffer)
			// The lowest free number is next.
			if fd := g.open("work/log", 0, canRead, 0); fd != 0 {
				t.Errorf("the next descriptor is %d", fd)
			}
			g.want(vfs.OK, "fd_close", gone)

			// The first one has seen nothing of it, and has its folder of the host.
			if data, _ := first.s.FS.ReadFile("log"); string(data) != "one" {
				t.Errorf("the first log has %q", data)
			}
			if got, e := first.read(gone, 100); got != "cdef" || e != vfs.OK {
				t.Errorf("the first's removed file: %q, %v", got, e)
			}
			if got, e := first.read(6, 100); got != "host" || e != vfs.OK {
				t.Errorf("the first's folder of the host: %q, %v", got, e)
			}
		})
	}
}

func library(m vfs.Mounted) (vfs.Content, error) {
	if m.Path != "/lib/x" || m.Tree {
		return vfs.Content{}, errors.New("unexpected mount " + m.Path)
	}
	return vfs.Content{Data: vfs.NewData([]byte("library"))}, nil
}

func TestStateBytesAreDeterministic(t *testing.T) {
	g, _, _, _ := beginSession(t)
	a, err := g.s.AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	c, err := g.s.Clone(vfs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := c.AppendBinary(nil)
	if err != nil || !bytes.Equal(a, b) {
		t.Errorf("a clone has other bytes, %v", err)
	}
	d, err := wasi.DecodeState(a, 0, vfs.Options{}, library)
	if err != nil {
		t.Fatal(err)
	}
	if b, err = d.AppendBinary(nil); err != nil || !bytes.Equal(a, b) {
		t.Errorf("what was decoded has other bytes, %v", err)
	}
	for _, s := range []*wasi.State{{}, {FS: vfs.New(vfs.Options{})}} {
		for range 2 { // the second time it has a table
			b, err := s.AppendBinary(nil)
			if err != nil {
				t.Fatal(err)
			}
			d, err := wasi.DecodeState(b, 0, vfs.Options{}, nil)
			if err != nil {
				t.Fatal(err)
			}
			again, err := d.AppendBinary(nil)
			if err != nil || !bytes.Equal(b, again) {
				t.Errorf("%q became %q, %v", b, again, err)
			}
			wasi.With(context.Background(), s)
		}
	}
}

// TestDamagedState cuts the bytes everywhere and changes each of them: an error, or a State that works, and nothing stays charged.
func TestDamagedState(t *testing.T) {
	g, _, _, _ := beginSession(t)
	good, err := g.s.AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	decode := func(b []byte) (*wasi.State, error) {
		var charged int64
		s, err := wasi.DecodeState(b, 0, vfs.Options{MaxBytes: 1 << 20, Charge: func(d int64) { charged += d }}, library)
		if err != nil && charged != 0 {
			t.Fatalf("%d bytes stayed charged after %v", charged, err)
		}
		return s, err
	}
	for i := range good {
		if _, err := decode(good[:i]); !errors.Is(err, wasi.ErrEncoding) && !errors.Is(err, vfs.ErrEncoding) {
			t.Errorf("the first %d bytes: %v", i, err)
		}
		for _, change := range []byte{1, 2, 4, 8, 16, 32, 64, 128, 255} {
			bad := bytes.Clone(good)
			bad[i] ^= change
			if s, err := decode(bad); err == nil {
				if _, err := s.AppendBinary(nil); err != nil {
					t.Errorf("byte %d changed by %d: %v", i, change, err)
				}
			}
		}
	}
	if _, err := decode(append(bytes.Clone(good), 0)); !errors.Is(err, vfs.ErrEncoding) {
		t.Errorf("with one byte more: %v", err)
	}
	if _, err := wasi.DecodeState(good, 9, vfs.Options{}, library); !errors.Is(err, wasi.ErrEncoding) {
		t.Errorf("more descriptors than allowed: %v", err)
	}
	var stop *hostfuncs.Stop
	if _, err := wasi.DecodeState(good, 0, vfs.Options{MaxBytes: 500}, library); !errors.As(err, &stop) {
		t.Errorf("more files than allowed: %v", err)
	}
}

// TestNextTurn gives a State other streams between two turns. What the first stdin had read ahead does not come from the second one.
func TestNextTurn(t *testing.T) {
	s := &wasi.State{Stdin: readerOnly{strings.NewReader("first")}}
	g := newGuest(t, s)
	if got, e := g.read(0, 2); got != "fi" || e != vfs.OK {
		t.Fatalf("%q, %v", got, e)
	}
	fd := g.open("work/f", 1, canBoth, 0)
	g.ctx = wasi.With(context.Background(), s)
	if got, e := g.read(0, 1); got != "r" || e != vfs.OK {
		t.Errorf("the same stdin in the next turn: %q, %v", got, e)
	}
	s.Stdin, s.Clock, s.Random = readerOnly{strings.NewReader("second")}, nil, nil
	g.ctx = wasi.With(context.Background(), s)
	if got, e := g.read(0, 100); got != "second" || e != vfs.OK {
		t.Errorf("another stdin: %q, %v", got, e)
	}
	s.Stdin = uncomparable{strings.NewReader("third")}
	g.ctx = wasi.With(context.Background(), s)
	if got, e := g.read(0, 100); got != "third" || e != vfs.OK {
		t.Errorf("a stdin that cannot be compared: %q, %v", got, e)
	}
	g.want(vfs.OK, "fd_fdstat_get", fd, buffer)
	g.want(vfs.OK, "clock_time_get", 1, 0, buffer)
	g.want(vfs.OK, "random_get", buffer, 8)
}

type readerOnly struct{ r *strings.Reader }

func (r readerOnly) Read(p []byte) (int, error) { return r.r.Read(p) }

type uncomparable []*strings.Reader

func (r uncomparable) Read(p []byte) (int, error) { return r[0].Read(p) }
