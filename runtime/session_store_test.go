package runtime_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wand/compiler"
	"wand/runtime"
	"wand/runtime/store"
)

var storeKey = []byte("the key of the stores of tests..")

func storeDir(t testing.TB) *store.Dir {
	t.Helper()
	d, err := store.OpenDir(filepath.Join(t.TempDir(), "store"))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func save(t testing.TB, s *runtime.Session, d store.Store, name string) {
	t.Helper()
	if err := s.Save(context.Background(), d, name, runtime.SaveOptions{Key: storeKey}); err != nil {
		t.Fatal(err)
	}
}

func reopen(t testing.TB, d store.Store, name string, o runtime.SessionOptions) *runtime.Session {
	t.Helper()
	s, err := sharedRuntime(t).Open(context.Background(), d, name, storeKey, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// size is what a store takes, in bytes.
func size(t testing.TB, d *store.Dir) (bytes int64) {
	t.Helper()
	err := filepath.WalkDir(d.Path(), func(_ string, e fs.DirEntry, err error) error {
		if info, gone := e.Info(); gone == nil && !e.IsDir() {
			bytes += info.Size()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return bytes
}

// TestStoredTurnCostsWhatItTouched: a session that holds megabytes is stored turn by turn, and what a small turn adds is small.
func TestStoredTurnCostsWhatItTouched(t *testing.T) {
	for language, turns := range map[compiler.Language][3]string{
		compiler.Python: {
			"import random\nrandom.seed(1)\nblob = random.randbytes(8 << 20)\nopen('f', 'wb').write(blob[:4 << 20])\nn = 0", "n += 1", "print(n, len(blob))\nf = open('f', 'rb'); print(f.read() == blob[:4 << 20])",
		},
		compiler.JavaScript: {
			"let n = 0, x = 1; const blob = new Uint32Array(2 << 20).map(() => x = Math.imul(x, 1664525) + 1013904223); require('fs').writeFileSync('f', blob.subarray(0, 1 << 20))", "n += 1", "console.log(n, blob.byteLength)\nconsole.log(require('fs').statSync('f').size === 4 << 20)",
		},
	} {
		d := storeDir(t)
		s := session(t, runtime.SessionOptions{Language: language})
		says(t, s, turns[0], "")
		save(t, s, d, "a")
		first := size(t, d)
		var most int64
		for i := range 20 {
			if i%5 == 4 { // another process goes on with it
				s = reopen(t, d, "a", runtime.SessionOptions{})
			}
			take(t, s, turns[1], runtime.TurnOptions{})
			before := size(t, d)
			save(t, s, d, "a")
			most = max(most, size(t, d)-before)
		}
		t.Logf("%s: %d KiB, then at most %d KiB for a turn", language, first>>10, most>>10)
		if first < 10<<20 || most > 512<<10 {
			t.Errorf("%s: a session of %d bytes takes up to %d more for a small turn", language, first, most)
		}
		says(t, reopen(t, d, "a", runtime.SessionOptions{}), turns[2], map[compiler.Language]string{compiler.Python: "20 8388608\nTrue\n", compiler.JavaScript: "20 8388608\ntrue\n"}[language])
	}
}

// TestStoredForks: branches in a store share what they have in common, and go their own ways.
func TestStoredForks(t *testing.T) {
	d := storeDir(t)
	s := session(t, runtime.SessionOptions{})
	says(t, s, "import random\nrandom.seed(2)\nblob = random.randbytes(4 << 20)\nlog = []", "")
	save(t, s, d, "root")
	before := size(t, d)
	for i := range 5 {
		b, err := s.Fork()
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		says(t, b, fmt.Sprintf("log.append(%d)", i), "")
		save(t, b, d, fmt.Sprintf("b%d", i))
	}
	if more := size(t, d) - before; more > 1<<20 {
		t.Errorf("five branches of a session of %d bytes take %d more", before, more)
	}
	for i := range 5 {
		says(t, reopen(t, d, fmt.Sprintf("b%d", i), runtime.SessionOptions{}), "print(log, len(blob))", fmt.Sprintf("[%d] 4194304\n", i))
	}
	says(t, reopen(t, d, "root", runtime.SessionOptions{}), "print(log)", "[]\n")
	if err := s.Save(context.Background(), d, "b1", runtime.SaveOptions{Key: storeKey}); !errors.Is(err, store.ErrChanged) {
		t.Errorf("over another session: %v", err)
	}
	if err := s.Save(context.Background(), d, "b1", runtime.SaveOptions{Key: storeKey, Replace: true}); err != nil {
		t.Error(err)
	}
	says(t, reopen(t, d, "b1", runtime.SessionOptions{}), "print(log)", "[]\n")
}

// TestStoredBudgets: what a session has spent, may spend, and what its rules have counted goes with it.
func TestStoredBudgets(t *testing.T) {
	ctx := context.Background()
	d := storeDir(t)
	policy := policyOf(t, "tools: [{name: clock.now, max_calls: 3}, {name: random.bytes, rate: 1/1h}]\n")
	o := runtime.SessionOptions{Policy: policy, Budget: runtime.Budget{Storage: 1 << 20, HostCalls: 50}, Limits: runtime.Limits{Fuel: 3_000_000_000}}
	s := session(t, o)
	says(t, s, "import tools; tools.clock.now(); tools.random.bytes(n=3); open('a', 'wb').write(bytes(100_000)); x = 1", "")
	note := json.RawMessage(`{"policy":"p.yaml"}`)
	if err := s.Save(ctx, d, "a", runtime.SaveOptions{Key: storeKey, Note: note}); err != nil {
		t.Fatal(err)
	}
	spent := s.Usage().Spent
	info, err := sharedRuntime(t).Inspect(ctx, d, "a", storeKey)
	if err != nil || info.Spent != spent || info.Budget.Storage != 1<<20 || info.Limits.Fuel != 3_000_000_000 || !bytes.Equal(info.Note, note) || info.Turns != 1 || info.Language != compiler.Python {
		t.Errorf("%+v, %v", info, err)
	}
	if spent.Storage < 100_000 || spent.Storage > 110_000 || spent.HostCalls != 2 || spent.Turns != 1 {
		t.Errorf("%+v", spent)
	}
	for turn := range 2 {
		s = reopen(t, d, "a", runtime.SessionOptions{Policy: policy})
		if u := s.Usage(); u.Budget.HostCalls != 50 || u.Spent.Turns != int64(turn+1) {
			t.Errorf("%+v", u)
		}
		says(t, s, "import tools; tools.clock.now() and None", "")
		save(t, s, d, "a")
	}
	s = reopen(t, d, "a", runtime.SessionOptions{Policy: policy})
	wants(t, take(t, s, "tools.clock.now()", runtime.TurnOptions{}), "denied policy")
	wants(t, take(t, s, "tools.random.bytes(n=3)", runtime.TurnOptions{}), "denied policy")
	// Files that were removed have used storage all the same.
	for range 8 {
		says(t, s, "import os\nopen('b', 'wb').write(bytes(100_000)); os.remove('b')", "")
	}
	r := take(t, s, "print(1, flush=True); open('b', 'wb').write(bytes(200_000))", runtime.TurnOptions{})
	wants(t, r, "exhausted storage")
	if r.Session.Spent.Storage <= 900_000 || r.Session.Spent.Storage > 1<<20+1000 {
		t.Errorf("%+v", r.Session)
	}
	says(t, s, "print(x + 1)", "2\n")
	checkSchemaOf(t, r)
}

// TestDamagedStore: what is wrong with a stored session is named, and nothing of it is used.
func TestDamagedStore(t *testing.T) {
	ctx := context.Background()
	d := storeDir(t)
	s := session(t, runtime.SessionOptions{})
	says(t, s, "x = list(range(10**5))\nopen('f', 'w').write('hello' * 10**5)", "")
	save(t, s, d, "a")
	rt := sharedRuntime(t)
	refused := func(what string, reason runtime.SnapshotReason) {
		t.Helper()
		var e *runtime.SnapshotError
		if _, err := rt.Open(ctx, d, "a", storeKey, runtime.SessionOptions{}); !errors.As(err, &e) || e.Reason != reason {
			t.Errorf("%s: %v, want %s", what, err, reason)
		}
	}
	if _, err := rt.Open(ctx, d, "b", storeKey, runtime.SessionOptions{}); !errors.Is(err, store.ErrNotFound) {
		t.Error(err)
	}
	if _, err := rt.Open(ctx, d, "a", []byte("short"), runtime.SessionOptions{}); !errors.Is(err, runtime.ErrBadOption) {
		t.Error(err)
	}
	var e *runtime.SnapshotError
	if _, err := rt.Open(ctx, d, "a", []byte("another key than the one of it.."), runtime.SessionOptions{}); !errors.As(err, &e) || e.Reason != runtime.SnapshotTampered {
		t.Error(err)
	}
	record, err := d.Read(ctx, "a")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rt.Import(ctx, record.Data, storeKey, runtime.SessionOptions{}); !errors.As(err, &e) || e.Reason != runtime.SnapshotDamaged {
		t.Errorf("a record as a snapshot: %v", err)
	}
	chunks, err := filepath.Glob(filepath.Join(d.Path(), "chunks", "*"))
	if err != nil || len(chunks) < 2 {
		t.Fatal(chunks, err)
	}
	for _, chunk := range chunks {
		text, err := os.ReadFile(chunk)
		if err != nil {
			t.Fatal(err)
		}
		for what, change := range map[string]func() error{
			"a bit":     func() error { c := bytes.Clone(text); c[len(c)/2] ^= 1; return os.WriteFile(chunk, c, 0o600) },
			"a cut":     func() error { return os.WriteFile(chunk, text[:len(text)-1], 0o600) },
			"a longer":  func() error { return os.WriteFile(chunk, append(bytes.Clone(text), 0), 0o600) },
			"an empty":  func() error { return os.WriteFile(chunk, nil, 0o600) },
			"a missing": func() error { return os.Remove(chunk) },
		} {
			if err := change(); err != nil {
				t.Fatal(err)
			}
			reason := runtime.SnapshotTampered
			if what == "a missing" {
				reason = runtime.SnapshotTruncated
			}
			refused(what+" chunk", reason)
			if err := os.WriteFile(chunk, text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	file := filepath.Join(d.Path(), "sessions", "a")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(text, []byte("wandsnp"))
	for _, bad := range []struct {
		change int
		reason runtime.SnapshotReason
	}{{at, runtime.SnapshotForeign}, {at + 7, runtime.SnapshotVersion}, {at + 100, runtime.SnapshotTampered}, {len(text) - 1, runtime.SnapshotTampered}, {len(text) - 40, runtime.SnapshotTampered}} {
		c := bytes.Clone(text)
		c[bad.change] ^= 4
		if err := os.WriteFile(file, c, 0o600); err != nil {
			t.Fatal(err)
		}
		refused(fmt.Sprintf("byte %d of the record", bad.change), bad.reason)
	}
	if err := os.WriteFile(file, text[:len(text)-1], 0o600); err != nil {
		t.Fatal(err)
	}
	refused("a cut record", runtime.SnapshotTruncated)
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	says(t, reopen(t, d, "a", runtime.SessionOptions{}), "print(len(x), len(open('f').read()))", "100000 500000\n")
}

// TestExport: a snapshot under a key of its own is verified with that key alone.
func TestExport(t *testing.T) {
	ctx := context.Background()
	rt := sharedRuntime(t)
	s := session(t, runtime.SessionOptions{Language: compiler.JavaScript})
	says(t, s, "let x = 41", "")
	key := []byte("0123456789abcdef")
	out, err := s.Export(key, json.RawMessage(`"note"`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Export(key[:15], nil); !errors.Is(err, runtime.ErrBadOption) {
		t.Error(err)
	}
	var e *runtime.SnapshotError
	if _, err := rt.Restore(ctx, out, runtime.SessionOptions{}); !errors.As(err, &e) || e.Reason != runtime.SnapshotTampered {
		t.Errorf("under another key: %v", err)
	}
	if info, err := runtime.InspectSnapshot(out, key); err != nil || string(info.Note) != `"note"` || info.Language != compiler.JavaScript || !strings.HasPrefix(info.Guest, "javascript") {
		t.Errorf("%+v, %v", info, err)
	}
	in, err := rt.Import(ctx, out, key, runtime.SessionOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	says(t, in, "console.log(x + 1)", "42\n")
	if files := in.Files(); len(files) == 0 {
		t.Error("no files")
	}
}

// BenchmarkStore: a session that touched 1 MB is stored in a folder, forced to the disk, and opened again; the turn is what both stand beside.
func BenchmarkStore(b *testing.B) {
	ctx := context.Background()
	d := storeDir(b)
	s := session(b, runtime.SessionOptions{Budget: runtime.Budget{Turns: 1 << 40, Fuel: 1 << 60}})
	take(b, s, "pages = [bytearray(4096) for _ in range(256)]; n = 0", runtime.TurnOptions{})
	touch := "n += 1\nfor p in pages: p[:] = n.to_bytes(2) * 2048"
	b.Run("turn", func(b *testing.B) {
		for b.Loop() {
			take(b, s, touch, runtime.TurnOptions{})
		}
	})
	b.Run("turn and save", func(b *testing.B) {
		for b.Loop() {
			take(b, s, touch, runtime.TurnOptions{})
			save(b, s, d, "a")
		}
	})
	b.Run("small turn and save", func(b *testing.B) {
		for b.Loop() {
			take(b, s, "n += 1", runtime.TurnOptions{})
			save(b, s, d, "a")
		}
	})
	b.Run("open", func(b *testing.B) {
		for b.Loop() {
			o, err := sharedRuntime(b).Open(ctx, d, "a", storeKey, runtime.SessionOptions{})
			if err != nil {
				b.Fatal(err)
			}
			o.Close()
		}
	})
}
