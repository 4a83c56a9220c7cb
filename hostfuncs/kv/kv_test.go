package kv_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"wand/hostfuncs"
	"wand/hostfuncs/internal/tooltest"
	"wand/hostfuncs/kv"
)

func open(t testing.TB, c kv.Config) *kv.Store {
	t.Helper()
	s, err := kv.Open(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// both runs a test over a store in memory and over one in a file.
func both(t *testing.T, test func(t *testing.T, c kv.Config)) {
	t.Run("memory", func(t *testing.T) { test(t, kv.Config{}) })
	t.Run("file", func(t *testing.T) { test(t, kv.Config{File: filepath.Join(t.TempDir(), "agent.db")}) })
}

func TestTools(t *testing.T) {
	both(t, func(t *testing.T, c kv.Config) {
		run := tooltest.New(t, nil, open(t, c).Tools()...)
		for _, c := range []struct{ tool, args, want string }{
			{"get", `["a"]`, `null`},
			{"get", `{"key": "a", "default": {"x": 1.0}}`, `{"x": 1.0}`},
			{"list", `{}`, `{"keys":[],"more":false}`},
			{"delete", `["a"]`, `false`},
			{"set", `["a", {"x": [1, null, "é"]}]`, `null`},
			{"set", `{"key": "b", "value": 1.50}`, `null`},
			{"set", `{"key": "b/c", "value": null}`, `null`},
			{"set", `{"key": "b/<d>", "value": 9007199254740993}`, `null`},
			{"get", `["a"]`, `{"x":[1,null,"é"]}`},
			{"get", `["b"]`, `1.50`},
			{"get", `["b/c", 7]`, `null`},
			{"get", `["b/<d>"]`, `9007199254740993`},
			{"list", `{}`, `{"keys":["a","b","b/<d>","b/c"],"more":false}`},
			{"list", `["b/"]`, `{"keys":["b/<d>","b/c"],"more":false}`},
			{"list", `["", 2]`, `{"keys":["a","b"],"more":true}`},
			{"list", `["", 2, "b"]`, `{"keys":["b/<d>","b/c"],"more":false}`},
			{"list", `["b/", 1, "a"]`, `{"keys":["b/<d>"],"more":true}`},
			{"list", `["b/", 1, "z"]`, `{"keys":[],"more":false}`},
			{"list", `["zz"]`, `{"keys":[],"more":false}`},
			{"delete", `["b"]`, `true`},
			{"get", `["b"]`, `null`},
			{"increment", `["n"]`, `1`},
			{"increment", `["n", -3]`, `-2`},
			{"get", `["n"]`, `-2`},
			{"set", `["\u0000 é\n", true]`, `null`},
			{"get", `["\u0000 é\n"]`, `true`},
		} {
			if got := run.Call("kv."+c.tool, c.args); got != c.want {
				t.Errorf("%s(%s) = %s, want %s", c.tool, c.args, got, c.want)
			}
		}
	})
}

func TestWhatThePolicyIsAsked(t *testing.T) {
	run := tooltest.New(t, nil, open(t, kv.Config{}).Tools()...)
	run.Call("kv.get", `["a"]`)
	run.Call("kv.list", `["user/"]`)
	run.Call("kv.set", `["a", 1]`)
	run.Call("kv.increment", `["a"]`)
	run.Call("kv.delete", `["a"]`)
	want := []string{"kv.get Key a", "kv.get Key user/", "kv.set Key a", "kv.set Key a", "kv.set Key a"}
	if got := run.Asked(); !slices.Equal(got, want) {
		t.Errorf("asked %q, want %q", got, want)
	}
}

func TestBadArguments(t *testing.T) {
	both(t, func(t *testing.T, c kv.Config) {
		s := open(t, c)
		run := tooltest.New(t, nil, s.Tools()...)
		run.Call("kv.set", `["text", "1"]`)
		run.Call("kv.set", `["most", 9007199254740991]`)
		long := strings.Repeat("k", kv.MaxKeyBytes)
		run.Call("kv.set", fmt.Sprintf(`[%q, 1]`, long))
		before, _ := s.Used(t.Context())
		for _, c := range [][2]string{
			{"set", `["", 1]`}, {"get", `[""]`}, {"delete", `[""]`}, {"increment", `[""]`},
			{"set", fmt.Sprintf(`["%sk", 1]`, long)}, {"get", fmt.Sprintf(`["%sk"]`, long)},
			{"set", `["a"]`}, {"set", `[1, 1]`}, {"set", `{"key": "a", "value": 1, "x": 1}`},
			{"set", `["a", 1, 0]`}, {"set", `["a", 1, -1]`}, {"set", `["a", 1, 1e12]`}, {"set", `["a", 1, "1"]`},
			{"set", `["a", {"$type": "float", "value": "nan"}]`},
			{"set", fmt.Sprintf(`["a", %q]`, strings.Repeat("v", kv.MaxValueBytes-1))},
			{"set", fmt.Sprintf(`["a", %s]`, strings.Repeat("[", 300)+strings.Repeat("]", 300))},
			{"list", `["", 0]`}, {"list", `["", 1001]`}, {"list", `[1]`},
			{"increment", `["text"]`}, {"increment", `["most"]`}, {"increment", `["a", 1.5]`}, {"increment", `["a", 9007199254740992]`},
		} {
			if err := run.Fail("kv."+c[0], c[1]); err.Type != hostfuncs.ArgumentError {
				t.Errorf("%s(%.80s): %+v", c[0], c[1], err)
			}
		}
		if after, _ := s.Used(t.Context()); after != before {
			t.Errorf("calls that failed changed what the store holds: %d bytes, then %d", before, after)
		}
	})
}

func TestQuotaIsExact(t *testing.T) {
	both(t, func(t *testing.T, c kv.Config) {
		c.Quota = 1000
		s := open(t, c)
		run := tooltest.New(t, nil, s.Tools()...)
		set := func(key string, bytes int) (string, *hostfuncs.Error) {
			return run.Try(t.Context(), "kv.set", fmt.Sprintf(`[%q, "%s"]`, key, strings.Repeat("v", bytes-2)))
		}
		if _, err := set("ab", 998); err != nil {
			t.Fatalf("as much as the quota: %+v", err)
		}
		if _, err := set("ab", 999); err == nil || err.Type != hostfuncs.ToolError || !strings.Contains(err.Message, "1001 bytes of 1000") {
			t.Fatalf("one byte more: %+v", err)
		}
		if _, err := set("c", 2); err == nil {
			t.Fatal("a second key went over the quota")
		}
		if got := run.Call("kv.get", `["ab"]`); len(got) != 998 {
			t.Errorf("a refused value replaced the old one: %d bytes", len(got))
		}
		if _, err := set("ab", 100); err != nil {
			t.Fatalf("a smaller value: %+v", err)
		}
		if _, err := set("c", 897); err != nil {
			t.Fatalf("what that gave back: %+v", err)
		}
		run.Call("kv.delete", `["ab"]`)
		if used, err := s.Used(t.Context()); used != 898 || err != nil {
			t.Errorf("used %d, %v; want 898", used, err)
		}
		run.Call("kv.delete", `["c"]`)
		if used, err := s.Used(t.Context()); used != 0 || err != nil {
			t.Errorf("an empty store uses %d, %v", used, err)
		}
	})
}

// TestQuotaAgainstModel does random things and counts again.
func TestQuotaAgainstModel(t *testing.T) {
	both(t, func(t *testing.T, c kv.Config) {
		now := time.UnixMilli(1000)
		c.Quota, c.Now = 300, func() time.Time { return now }
		s := open(t, c)
		r := rand.New(rand.NewPCG(1, 2))
		for i := range 300 {
			key := strings.Repeat("k", 1+r.IntN(12))
			switch r.IntN(5) {
			case 0:
				s.Delete(t.Context(), key)
			case 1:
				now = now.Add(time.Second)
			case 2:
				s.Increment(t.Context(), key, 999)
			default:
				s.Set(t.Context(), key, json.RawMessage(strings.Repeat("1", 1+r.IntN(90))), time.Duration(r.IntN(3))*time.Second)
			}
			used, err := s.Used(t.Context())
			keys, _, _ := s.List(t.Context(), "", 100, "")
			var live int64
			for _, k := range keys {
				v, _ := s.Get(t.Context(), k)
				live += int64(len(k) + len(v))
			}
			if err != nil || used < live || used > 300 {
				t.Fatalf("step %d: %d bytes counted, %d live, quota 300, %v", i, used, live, err)
			}
		}
		// When nothing is dead, the count is exact.
		keys, _, _ := s.List(t.Context(), "", 100, "")
		for _, k := range keys {
			s.Delete(t.Context(), k)
		}
		now = now.Add(time.Hour)
		if err := s.Set(t.Context(), "k", json.RawMessage(strings.Repeat("1", 299)), 0); err != nil {
			t.Errorf("all that the quota allows, after everything else is gone: %v", err)
		}
	})
}

func TestTimeToLive(t *testing.T) {
	both(t, func(t *testing.T, c kv.Config) {
		now := time.UnixMilli(1_000_000)
		c.Quota, c.Now = 10, func() time.Time { return now }
		s := open(t, c)
		run := tooltest.New(t, nil, s.Tools()...)
		run.Call("kv.set", `["n", 41, 10]`)
		now = now.Add(9999 * time.Millisecond)
		run.Call("kv.increment", `["n"]`)
		if got := run.Call("kv.get", `["n"]`); got != "42" {
			t.Errorf("before its time is over: %s", got)
		}
		now = now.Add(time.Millisecond)
		if got := run.Call("kv.get", `["n"]`) + run.Call("kv.list", `{}`) + run.Call("kv.delete", `["n"]`); got != `null{"keys":[],"more":false}false` {
			t.Errorf("after: %s", got)
		}
		run.Call("kv.set", `["n", 1234567, 1]`)
		run.Fail("kv.set", `["m", 1234567]`)
		now = now.Add(time.Second)
		run.Call("kv.set", `["m", 123456789]`) // sweeps n away
		if got := run.Call("kv.list", `{}`); got != `{"keys":["m"],"more":false}` {
			t.Errorf("list: %s", got)
		}
		run.Call("kv.set", `["m", 1, 5]`)
		run.Call("kv.set", `["m", 1]`)
		now = now.Add(time.Hour)
		if got := run.Call("kv.get", `["m"]`); got != "1" {
			t.Errorf("a value that was set again without ttl: %s", got)
		}
	})
}

func TestNamespaces(t *testing.T) {
	path := filepath.Join(t.TempDir(), "agent.db")
	a, b := open(t, kv.Config{File: path, Namespace: "a"}), open(t, kv.Config{File: path, Namespace: "b", Quota: 5})
	if err := a.Set(t.Context(), "key", json.RawMessage(`"of a"`), 0); err != nil {
		t.Fatal(err)
	}
	if v, err := b.Get(t.Context(), "key"); v != nil || err != nil {
		t.Errorf("b sees %s, %v", v, err)
	}
	if err := b.Set(t.Context(), "key", json.RawMessage(`12`), 0); err != nil {
		t.Errorf("a's bytes count against b: %v", err)
	}
	if v, _ := open(t, kv.Config{File: path, Namespace: "a"}).Get(t.Context(), "key"); string(v) != `"of a"` {
		t.Errorf("a, opened again: %s", v)
	}
}

func TestStoreOfTheRun(t *testing.T) {
	shared, own := open(t, kv.Config{}), open(t, kv.Config{})
	run := tooltest.New(t, func(ctx context.Context) context.Context { return kv.With(ctx, own) }, shared.Tools()...)
	run.Call("kv.set", `["a", 1]`)
	if v, _ := shared.Get(t.Context(), "a"); v != nil {
		t.Errorf("one run's value is in the store of all: %s", v)
	}
	own.Close()
	if err := run.Fail("kv.get", `["a"]`); !strings.Contains(err.Message, "closed") {
		t.Errorf("after Close: %+v", err)
	}
}

func TestIncrementSideBySide(t *testing.T) {
	both(t, func(t *testing.T, c kv.Config) {
		s := open(t, c)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 10 {
					if _, err := s.Increment(context.Background(), "n", 1); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if v, _ := s.Get(t.Context(), "n"); string(v) != "40" {
			t.Errorf("40 increments gave %s", v)
		}
	})
}

// TestTwoProcesses has another process write to the same file.
func TestTwoProcesses(t *testing.T) {
	const times = 15
	if path := os.Getenv("WAND_KV_TEST_FILE"); path != "" {
		s := open(t, kv.Config{File: path})
		for range times {
			if _, err := s.Increment(t.Context(), "n", 1); err != nil {
				t.Fatal(err)
			}
		}
		return
	}
	path := filepath.Join(t.TempDir(), "agent.db")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	other := exec.Command(self, "-test.run=^TestTwoProcesses$")
	other.Env = append(os.Environ(), "WAND_KV_TEST_FILE="+path)
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	s := open(t, kv.Config{File: path, Wait: time.Minute})
	for range times {
		if _, err := s.Increment(t.Context(), "n", 1); err != nil {
			t.Error(err)
		}
	}
	if err := other.Wait(); err != nil {
		t.Error(err)
	}
	if v, _ := s.Get(t.Context(), "n"); string(v) != fmt.Sprint(2*times) {
		t.Errorf("two processes counted to %s", v)
	}
}

func TestInUse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "agent.db")
	s := open(t, kv.Config{File: path, Wait: 10 * time.Millisecond})
	run := tooltest.New(t, nil, s.Tools()...)
	run.Call("kv.set", `["a", 1]`)
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Fail("kv.get", `["a"]`); !strings.Contains(err.Message, "in use by another process") {
		t.Errorf("read: %+v", err)
	}
	if err := run.Fail("kv.set", `["a", 2]`); !strings.Contains(err.Message, "in use by another process") {
		t.Errorf("write: %+v", err)
	}
	if _, err := kv.Open(kv.Config{File: path, Wait: 10 * time.Millisecond}); !errors.Is(err, kv.ErrBusy) {
		t.Errorf("open: %v", err)
	}
	db.Close()
	if got := run.Call("kv.get", `["a"]`); got != "1" {
		t.Errorf("afterwards: %s", got)
	}
}

func TestDamagedFiles(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "agent.db")
	s := open(t, kv.Config{File: path})
	for i := range 40 {
		if err := s.Set(t.Context(), fmt.Sprintf("key %d", i), json.RawMessage(`"`+strings.Repeat("v", 400)+`"`), 0); err != nil {
			t.Fatal(err)
		}
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// use does everything with a file, and says whether any of it failed. Nothing may panic, hang or name the file.
	use := func(t *testing.T, text []byte) (failed bool) {
		path := filepath.Join(t.TempDir(), "damaged.db")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := kv.Open(kv.Config{File: path, Wait: 10 * time.Millisecond}); err != nil {
			failed = true
			if errors.Is(err, kv.ErrBusy) {
				t.Errorf("open: %v", err)
			}
		}
		// A store whose file went bad after it was opened.
		os.Remove(path)
		s := open(t, kv.Config{File: path, Wait: 10 * time.Millisecond})
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		run := tooltest.New(t, nil, s.Tools()...)
		for _, c := range [][2]string{{"get", `["key 1"]`}, {"list", `{}`}, {"set", `["key 7", 1]`}, {"delete", `["key 39"]`}, {"increment", `["n"]`}, {"get", `["n"]`}} {
			if _, err := run.Try(t.Context(), "kv."+c[0], c[1]); err != nil {
				failed = true
				if strings.Contains(err.Message+err.Hint, dir) || strings.Contains(err.Message, ".db") || strings.Contains(err.Message, "in use") {
					t.Errorf("%s: %+v", c[0], err)
				}
			}
		}
		return failed
	}
	for name, text := range map[string][]byte{
		"another format": []byte(strings.Repeat("SQLite format 3\x00", 1000)),
		"short":          []byte("x"),
		"half":           good[:len(good)/2],
		"two pages":      good[:2*os.Getpagesize()],
		"zeros":          make([]byte, len(good)),
		"odd length":     good[:2*os.Getpagesize()+100],
	} {
		t.Run(name, func(t *testing.T) {
			if !use(t, text) {
				t.Error("nobody noticed")
			}
		})
	}
	if use(t, good) {
		t.Error("the good file failed too")
	}
	t.Run("noise", func(t *testing.T) {
		r := rand.New(rand.NewPCG(3, 4))
		for range 20 {
			text := slices.Clone(good)
			for range 1 + r.IntN(40) {
				at := r.IntN(len(text))
				if r.IntN(2) == 0 {
					at = at / os.Getpagesize() * os.Getpagesize() // headers of pages are where it hurts
					at = min(at+r.IntN(64), len(text)-1)
				}
				text[at] = byte(r.Uint32())
			}
			use(t, text)
		}
	})
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []kv.Config{
		{File: dir}, {File: filepath.Join(dir, "no", "such.db")}, {Quota: -1}, {Namespace: strings.Repeat("n", 2000)},
	} {
		if _, err := kv.Open(c); err == nil {
			t.Errorf("%.80v was opened", c)
		}
	}
	path := filepath.Join(dir, "empty.db")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	run := tooltest.New(t, nil, open(t, kv.Config{File: path}).Tools()...)
	if got := run.Call("kv.get", `["a"]`) + run.Call("kv.set", `["a", 1]`) + run.Call("kv.get", `["a"]`); got != "nullnull1" {
		t.Errorf("an empty file: %s", got)
	}
}

func TestEndOfTheRun(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	both(t, func(t *testing.T, c kv.Config) {
		s := open(t, c)
		if err := s.Set(ctx, "a", json.RawMessage("1"), 0); !errors.Is(err, context.Canceled) {
			t.Errorf("set: %v", err)
		}
		if v, err := s.Get(t.Context(), "a"); v != nil || err != nil {
			t.Errorf("it was written all the same: %s, %v", v, err)
		}
	})
}

func BenchmarkFile(b *testing.B) {
	s := open(b, kv.Config{File: filepath.Join(b.TempDir(), "agent.db")})
	value := json.RawMessage(`{"a": 1}`)
	if err := s.Set(b.Context(), "a", value, 0); err != nil {
		b.Fatal(err)
	}
	b.Run("get", func(b *testing.B) {
		for b.Loop() {
			s.Get(b.Context(), "a")
		}
	})
	b.Run("set", func(b *testing.B) {
		for b.Loop() {
			s.Set(b.Context(), "a", value, 0)
		}
	})
}
