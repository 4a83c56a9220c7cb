//go:build unix

package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

func chunksOf(texts ...string) (chunks []Chunk) {
	for _, text := range texts {
		chunks = append(chunks, Chunk{Digest([]byte(text)), func() []byte { return []byte(text) }})
	}
	return chunks
}

func openDir(t testing.TB, path string) *Dir {
	t.Helper()
	d, err := OpenDir(path)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// holds checks that a session has a record and all chunks that the record, which is their texts, names.
func holds(t testing.TB, d *Dir, name string, texts ...string) {
	t.Helper()
	r, err := d.Read(context.Background(), name)
	if err != nil || string(r.Data) != strings.Join(texts, " ") {
		t.Errorf("%s: %q, %v; want %q", name, r.Data, err, texts)
	}
	for _, text := range strings.Fields(string(r.Data)) {
		if got, err := d.Chunk(context.Background(), Digest([]byte(text))); err != nil || string(got) != text {
			t.Errorf("%s: chunk %q: %q, %v", name, text, got, err)
		}
	}
}

func write(d *Dir, name, after string, texts ...string) (string, error) {
	return d.Write(context.Background(), name, Write{After: after, Data: []byte(strings.Join(texts, " ")), Chunks: chunksOf(texts...)})
}

func TestDir(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "store")
	d := openDir(t, path)
	if _, err := d.Read(ctx, "a"); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	one, err := write(d, "a", "", "x", "y")
	if err != nil {
		t.Fatal(err)
	}
	holds(t, d, "a", "x", "y")
	if _, err := write(d, "a", "", "z"); !errors.Is(err, ErrChanged) {
		t.Errorf("a name that is taken: %v", err)
	}
	two, err := write(d, "a", one, "y", "z")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := write(d, "a", one, "w"); !errors.Is(err, ErrChanged) {
		t.Errorf("an old version: %v", err)
	}
	holds(t, d, "a", "y", "z")
	if _, err := d.Chunk(ctx, Digest([]byte("x"))); !errors.Is(err, ErrNotFound) {
		t.Errorf("what nobody needs is still there: %v", err)
	}
	// The store has y: nobody needs to bring it. It has no q.
	if _, err := d.Write(ctx, "b", Write{Data: []byte("y"), Chunks: []Chunk{{Digest: Digest([]byte("y"))}}}); err != nil {
		t.Error(err)
	}
	if _, err := d.Write(ctx, "c", Write{Data: []byte("q"), Chunks: []Chunk{{Digest: Digest([]byte("q"))}}}); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	if err := d.Remove(ctx, "a"); err != nil {
		t.Error(err)
	}
	if err := d.Remove(ctx, "a"); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	holds(t, openDir(t, path), "b", "y")
	if _, err := d.Chunk(ctx, Digest([]byte("z"))); !errors.Is(err, ErrNotFound) {
		t.Errorf("what only a removed session needed is still there: %v", err)
	}
	if names, err := d.List(ctx); err != nil || len(names) != 1 || names[0] != "b" {
		t.Error(names, err)
	}
	if _, err := write(d, "b", two, "y"); !errors.Is(err, ErrChanged) {
		t.Error(err)
	}
	key, err := d.Key()
	if again, err2 := openDir(t, path).Key(); err != nil || err2 != nil || len(key) != keyBytes || !bytes.Equal(key, again) {
		t.Error(key, again, err, err2)
	}
	for _, name := range []string{"", ".", "..", "../x", "a/b", "a\x00", "-x", strings.Repeat("n", 65), "ä"} {
		if _, err := d.Read(ctx, name); !errors.Is(err, ErrBadName) {
			t.Errorf("%q: %v", name, err)
		}
	}
	// Nothing of it is for others' eyes.
	filepath.WalkDir(path, func(file string, e fs.DirEntry, err error) error {
		if info, err := e.Info(); err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", file, info.Mode())
		}
		return err
	})
	other := t.TempDir()
	if err := os.WriteFile(filepath.Join(other, "thesis.tex"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenDir(other); err == nil {
		t.Error("a store in a folder that holds something else")
	}
}

// TestDamagedDir: what is wrong in the folder is an error, and nothing is removed because of it.
func TestDamagedDir(t *testing.T) {
	ctx := context.Background()
	d := openDir(t, t.TempDir())
	for _, name := range []string{"a", "b"} {
		if _, err := write(d, name, "", name+"1", "both"); err != nil {
			t.Fatal(err)
		}
	}
	file, _ := d.chunk(Digest([]byte("a1")))
	if err := os.WriteFile(file, []byte("a2"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Chunk(ctx, Digest([]byte("a1"))); !errors.Is(err, ErrDamaged) {
		t.Error(err)
	}
	for _, text := range []string{"", "wandrec", recordMagic, recordMagic + "\x01\x00\x00\x00", recordMagic + "\xff\xff\xff\xff", "something else entirely"} {
		if err := os.WriteFile(d.at("sessions", "a"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Read(ctx, "a"); !errors.Is(err, ErrDamaged) {
			t.Errorf("%q: %v", text, err)
		}
		if err := d.collect(); !errors.Is(err, ErrDamaged) {
			t.Errorf("a collection among the damage: %v", err)
		}
	}
	holds(t, d, "b", "b1", "both")
	if err := os.WriteFile(d.at("format"), []byte("wand sessions, version 9\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenDir(d.path); err == nil || !strings.Contains(err.Error(), "version") {
		t.Error(err)
	}
}

// TestFullDisk: whatever operation the disk has no room for, the session is what it was, and can be written once there is room again.
func TestFullDisk(t *testing.T) {
	failures := 0
	for n := 0; ; n++ {
		d := openDir(t, t.TempDir())
		version, err := write(d, "a", "", "old", "kept")
		if err != nil {
			t.Fatal(err)
		}
		steps := 0
		d.step = func(what, path string) error {
			if steps++; steps > n {
				return fmt.Errorf("%s %s: %w", what, path, syscall.ENOSPC)
			}
			return nil
		}
		_, err = write(d, "a", version, "new", "kept")
		d.step = nil
		if err == nil {
			break
		}
		failures++
		if !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("step %d: %v", n, err)
		}
		r, err := d.Read(context.Background(), "a")
		if err != nil {
			t.Fatal(err)
		}
		// Only forcing the folder to the disk comes after the new record has its place.
		if !strings.HasPrefix(string(r.Data), "old ") && !strings.HasPrefix(string(r.Data), "new ") {
			t.Errorf("step %d: %q", n, r.Data)
		}
		holds(t, d, "a", strings.Fields(string(r.Data))...)
		if left, _ := os.ReadDir(d.at("new")); len(left) > 0 {
			t.Errorf("step %d leaves %v", n, left)
		}
		if _, err := write(d, "a", r.Version, "newer", "kept"); err != nil {
			t.Errorf("step %d, later: %v", n, err)
		}
		holds(t, d, "a", "newer", "kept")
	}
	if failures < 10 {
		t.Errorf("only %d operations could fail", failures)
	}
}

// TestCrash: a process that ends at any step leaves the state from before or after, whole. It runs itself to end there.
func TestCrash(t *testing.T) {
	if path := os.Getenv("WAND_STORE_TEST_CRASH"); path != "" {
		d := openDir(t, path)
		n, _ := strconv.Atoi(os.Getenv("WAND_STORE_TEST_STEP"))
		r, err := d.Read(context.Background(), "a")
		if err != nil {
			t.Fatal(err)
		}
		d.step = func(string, string) error {
			if n--; n < 0 {
				syscall.Kill(os.Getpid(), syscall.SIGKILL)
				time.Sleep(time.Minute)
			}
			return nil
		}
		if _, err := write(d, "a", r.Version, "new", "kept"); err != nil {
			t.Fatal(err)
		}
		return
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	crashes := 0
	for n := 0; ; n++ {
		path := t.TempDir()
		d := openDir(t, path)
		if _, err := write(d, "a", "", "old", "kept"); err != nil {
			t.Fatal(err)
		}
		child := exec.Command(self, "-test.run=^TestCrash$")
		child.Env = append(os.Environ(), "WAND_STORE_TEST_CRASH="+path, "WAND_STORE_TEST_STEP="+strconv.Itoa(n))
		out, err := child.CombinedOutput()
		if err == nil {
			break
		}
		crashes++
		if n > 100 {
			t.Fatalf("%s", out)
		}
		r, err := d.Read(context.Background(), "a")
		if err != nil {
			t.Fatalf("after a crash at step %d: %v", n, err)
		}
		holds(t, d, "a", strings.Fields(string(r.Data))...)
		if _, err := write(d, "a", r.Version, "newer", "kept"); err != nil {
			t.Errorf("after a crash at step %d: %v", n, err)
		}
		holds(t, d, "a", "newer", "kept")
	}
	if crashes < 10 {
		t.Errorf("only %d steps to crash at", crashes)
	}
}

// TestTwoProcesses: processes that write, remove and collect at the same time lose nothing and see nothing by halves. It runs itself as the other ones.
func TestTwoProcesses(t *testing.T) {
	const each = 60
	work := func(d *Dir, who string) error {
		ctx := context.Background()
		for i := range each {
			unlock, err := d.Lock(ctx, "counter")
			if err != nil {
				return err
			}
			r, err := d.Read(ctx, "counter")
			if err != nil {
				return err
			}
			texts := strings.Fields(string(r.Data))
			for _, text := range texts {
				if _, err := d.Chunk(ctx, Digest([]byte(text))); err != nil {
					return fmt.Errorf("round %d: %w", i, err)
				}
			}
			if _, err := write(d, "counter", r.Version, append(texts, fmt.Sprintf("%s.%d", who, i))...); err != nil {
				return err
			}
			if err := unlock(); err != nil {
				return err
			}
			own := "own-" + who
			if _, err := write(d, own, "", who, "shared"); err != nil {
				return err
			}
			if _, err := d.Chunk(ctx, Digest([]byte("shared"))); err != nil {
				return fmt.Errorf("a chunk of one's own session: %w", err)
			}
			if err := d.Remove(ctx, own); err != nil { // it collects
				return err
			}
		}
		return nil
	}
	if path := os.Getenv("WAND_STORE_TEST_PATH"); path != "" {
		if err := work(openDir(t, path), os.Getenv("WAND_STORE_TEST_WHO")); err != nil {
			t.Fatal(err)
		}
		return
	}
	path := t.TempDir()
	d := openDir(t, path)
	if _, err := write(d, "counter", "", "begin"); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for _, who := range []string{"p", "q"} {
		all.Go(func() {
			child := exec.Command(self, "-test.run=^TestTwoProcesses$")
			child.Env = append(os.Environ(), "WAND_STORE_TEST_PATH="+path, "WAND_STORE_TEST_WHO="+who)
			if out, err := child.CombinedOutput(); err != nil {
				t.Errorf("%s: %v\n%s", who, err, out)
			}
		})
	}
	all.Go(func() {
		if err := work(d, "r"); err != nil {
			t.Error(err)
		}
	})
	all.Wait()
	r, err := d.Read(context.Background(), "counter")
	if texts := strings.Fields(string(r.Data)); err != nil || len(texts) != 3*each+1 {
		t.Errorf("%d entries instead of %d, %v", len(texts), 3*each+1, err)
	} else {
		holds(t, d, "counter", texts...)
	}
}

// TestLock: a lock is waited for, a removed session's too, and a context ends the waiting.
func TestLock(t *testing.T) {
	d := openDir(t, t.TempDir())
	if _, err := write(d, "a", "", "x"); err != nil {
		t.Fatal(err)
	}
	unlock, err := d.Lock(context.Background(), "a")
	if err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(context.Background(), 30*time.Millisecond)
	defer cancel()
	if _, err := d.Lock(short, "a"); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	if err := d.Remove(context.Background(), "a"); err != nil {
		t.Fatal(err)
	}
	got := make(chan error, 1)
	go func() {
		again, err := d.Lock(context.Background(), "a")
		if err == nil {
			err = again()
		}
		got <- err
	}()
	if err := errors.Join(<-got, unlock()); err != nil {
		t.Error(err)
	}
}
