package runtime_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"wand/compiler"
	"wand/runtime"
)

func session(t testing.TB, o runtime.SessionOptions) *runtime.Session {
	t.Helper()
	s, err := sharedRuntime(t).NewSession(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func take(t testing.TB, s *runtime.Session, text string, o runtime.TurnOptions) *runtime.Report {
	t.Helper()
	m, diagnostics, err := compiler.Compile(context.Background(), s.Source(text))
	if err != nil || m == nil {
		t.Fatal(err, diagnostics)
	}
	r, err := s.Run(context.Background(), m, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// says takes a turn that has to complete and print want.
func says(t testing.TB, s *runtime.Session, text, want string) {
	t.Helper()
	if r := take(t, s, text, runtime.TurnOptions{}); r.Status != runtime.Completed || r.Stdout != want {
		t.Errorf("%s\nsays %q, want %q\n%s", text, r.Stdout, want, r.Feedback(0))
	}
}

func TestSessionGoesOn(t *testing.T) {
	for language, turns := range map[compiler.Language][][2]string{
		compiler.Python: {
			{"import math\nx = 1\ndef double(v): return v * 2\nf = open('/work/a.txt', 'w+'); f.write('one\\n')\nimport random; random.seed(7)", ""},
			{"x += 1\nprint(double(x), math.pi > 3)\nf.write('two\\n'); f.seek(0); print(f.read(), end='')", "4 True\none\ntwo\n"},
			{"f.close(); print(len(open('a.txt').read()), round(random.random(), 6))", "8 0.323833\n"},
		},
		compiler.JavaScript: {
			{"const fs = require('fs'); let x = 1; function double(v) { return v * 2 }\nfs.writeFileSync('/work/a.txt', 'one')", ""},
			{"x += 1; console.log(double(x)); class C { get y() { return x } }", "4\n"},
			{"console.log(new C().y, fs.readFileSync('/work/a.txt', 'utf8'))", "2 one\n"},
		},
		compiler.TypeScript: {
			{"let n: number = 20", ""},
			{"const m: number = n + 1; console.log(m)", "21\n"},
		},
	} {
		t.Run(string(language), func(t *testing.T) {
			live, parked := session(t, runtime.SessionOptions{Language: language}), session(t, runtime.SessionOptions{Language: language})
			for _, turn := range turns {
				says(t, live, turn[0], turn[1])
				parked.Park()
				says(t, parked, turn[0], turn[1])
			}
		})
	}
}

// TestSessionRollback: what did not complete has not happened.
func TestSessionRollback(t *testing.T) {
	s := session(t, runtime.SessionOptions{Policy: policyOf(t, "kv: {}\n")})
	says(t, s, "import tools\nx = [1]\nopen('a', 'w').write('1')\ntools.kv.set(key='k', value=1)", "")
	for _, bad := range []string{"1/0", "while True: pass", "import sys; sys.exit(3)", "tools.mail.send()", "bytes(1 << 30)", "import os; os.abort()"} {
		r := take(t, s, "x.append(2)\nopen('a', 'w').write('2')\nopen('b', 'w').write('2')\ny = 1\ntools.kv.set(key='k', value=2)\n"+bad, runtime.TurnOptions{Limits: runtime.Limits{Fuel: 300_000_000}})
		if r.Status == runtime.Completed || r.Session == nil || r.Session.Kept {
			t.Errorf("%s: %s %+v", bad, r.Status, r.Session)
		}
		says(t, s, "import os\nprint(x, open('a').read(), os.path.exists('b'), 'y' in globals(), tools.kv.get(key='k'))", "[1] 1 False False 1\n")
	}
	if r := take(t, s, "x.append(3)\n1/0", runtime.TurnOptions{KeepFailed: true}); r.Status != runtime.Failed || !r.Session.Kept {
		t.Errorf("%s %+v", r.Status, r.Session)
	}
	says(t, s, "print(x)", "[1, 3]\n")
	if err := s.Reset(context.Background()); err != nil {
		t.Fatal(err)
	}
	says(t, s, "print('x' in globals())", "False\n")
}

// TestSessionForks: branches share their past and nothing else.
func TestSessionForks(t *testing.T) {
	root := session(t, runtime.SessionOptions{})
	says(t, root, "import random\nrandom.seed(1)\nlog = ['root']\nf = open('f', 'w+'); f.write('root')", "")
	var branches []*runtime.Session
	for range 8 {
		b, err := root.Fork()
		if err != nil {
			t.Fatal(err)
		}
		branches = append(branches, b)
	}
	var all sync.WaitGroup
	for i, b := range branches {
		all.Go(func() {
			for j := range 5 {
				says(t, b, fmt.Sprintf("log.append('%d.%d'); f.write('|%d.%d'); print(len(log))", i, j, i, j), fmt.Sprintln(j+2))
			}
		})
	}
	says(t, root, "print(log); f.seek(0); print(f.read())", "['root']\nroot\n")
	all.Wait()
	for i, b := range branches {
		says(t, b, "f.seek(0); print(log[-1], f.read().count('|'), f.read().count('root'))", fmt.Sprintf("%d.4 5 0\n", i))
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := branches[0].Fork(); !errors.Is(err, runtime.ErrSessionClosed) {
		t.Error(err)
	}
	says(t, root, "print(log)", "['root']\n")
}

// TestSessionReturns: a session goes back to where a fork of it stands, and on from there; what was spent stays spent.
func TestSessionReturns(t *testing.T) {
	ctx := context.Background()
	s := session(t, runtime.SessionOptions{})
	says(t, s, "x = [1]; open('f', 'w').write('1')", "")
	before, err := s.Fork()
	if err != nil {
		t.Fatal(err)
	}
	says(t, s, "x.append(2); open('f', 'w').write('2')", "")
	spent := s.Usage().Spent
	for range 2 {
		if err := s.Return(ctx, before); err != nil {
			t.Fatal(err)
		}
		if got := s.Usage().Spent; got != spent {
			t.Errorf("%+v, %+v before", got, spent)
		}
		says(t, s, "print(x, open('f').read()); x.append(3)", "[1] 1\n")
		spent = s.Usage().Spent
	}
	says(t, before, "print(x)", "[1]\n")
	if err := s.Return(ctx, session(t, runtime.SessionOptions{Language: compiler.JavaScript})); !errors.Is(err, runtime.ErrBadOption) {
		t.Error(err)
	}
	before.Close()
	if err := s.Return(ctx, before); !errors.Is(err, runtime.ErrSessionClosed) {
		t.Error(err)
	}
	says(t, s, "print(x)", "[1, 3]\n")
}

func TestSessionBudget(t *testing.T) {
	s := session(t, runtime.SessionOptions{Budget: runtime.Budget{Fuel: 200_000_000, Turns: 3}})
	says(t, s, "x = 1", "")
	wants(t, take(t, s, "while True: pass", runtime.TurnOptions{}), "exhausted fuel")
	r := take(t, s, "print(x)", runtime.TurnOptions{})
	if r.Status != runtime.Exhausted || !strings.Contains(r.Error.Message, "session") || r.Session.Spent.Fuel < 200_000_000 {
		t.Errorf("%s", r.JSON())
	}
	s = session(t, runtime.SessionOptions{Budget: runtime.Budget{Turns: 1}})
	says(t, s, "x = 1", "")
	wants(t, take(t, s, "print(x)", runtime.TurnOptions{}), "exhausted host_calls")
	// Rules count over the whole session.
	counted := policyOf(t, "tools: [{name: clock.now, max_calls: 2}]\n")
	s = session(t, runtime.SessionOptions{Policy: counted})
	for range 2 {
		says(t, s, "import tools; tools.clock.now() and None", "")
	}
	wants(t, take(t, s, "tools.clock.now()", runtime.TurnOptions{}), "denied policy")
}

// TestSessionErrors: a traceback through an earlier turn names the turn and its line.
func TestSessionErrors(t *testing.T) {
	s := session(t, runtime.SessionOptions{})
	says(t, s, "def half(v):\n    return v / 0\n", "")
	r := take(t, s, "y = 1\nhalf(2)\n", runtime.TurnOptions{})
	if r.Status != runtime.Failed || len(r.Error.Frames) != 2 || r.Error.Frames[1].File != "turn 1" || r.Error.Frames[1].Line != 2 || r.Error.Frames[1].LineText != "    return v / 0" || r.Error.Frames[0].File != "turn 2" {
		t.Errorf("%s", r.JSON())
	}
	_, err := sharedRuntime(t).NewSession(context.Background(), runtime.SessionOptions{Language: compiler.Wasm})
	if !errors.Is(err, runtime.ErrBadOption) {
		t.Error(err)
	}
}

// TestManySessions: sessions that wait give up their instances, and go on all the same.
func TestManySessions(t *testing.T) {
	var sessions []*runtime.Session
	for i := range 100 {
		s := session(t, runtime.SessionOptions{})
		says(t, s, fmt.Sprintf("n = %d; pad = list(range(1000))", i), "")
		sessions = append(sessions, s)
	}
	for i, s := range sessions {
		says(t, s, "print(n, sum(pad))", fmt.Sprintf("%d 499500\n", i))
	}
	if u := sessions[0].Usage(); u.StateBytes > 600<<10 {
		t.Errorf("a small session takes %d bytes", u.StateBytes)
	}
}

// TestSnapshot: a session goes on where its snapshot was taken, in another runtime too, and what is wrong with a snapshot is named.
func TestSnapshot(t *testing.T) {
	needGuests(t)
	ctx := context.Background()
	key := []byte("a key of more than sixteen bytes")
	var runtimes [2]*runtime.Runtime
	for i := range runtimes {
		rt, err := runtime.New(ctx, runtime.Config{SnapshotKey: key})
		if err != nil {
			t.Fatal(err)
		}
		defer rt.Close(ctx)
		runtimes[i] = rt
	}
	for language, turns := range map[compiler.Language][3]string{
		compiler.Python:     {"import random\nrandom.seed(3)\nx = list(range(10**5))\nf = open('a.txt', 'w+'); f.write('hello')", "print(len(x), round(random.random(), 6)); f.seek(0); print(f.read())", "100000 0.237965\nhello\n"},
		compiler.JavaScript: {"let x = Array.from({length: 1e5}, (_, i) => i); function f() { return x.length }", "console.log(f(), x[99999])", "100000 99999\n"},
	} {
		s, err := runtimes[0].NewSession(ctx, runtime.SessionOptions{Language: language})
		if err != nil {
			t.Fatal(err)
		}
		empty, err := s.Snapshot()
		if err != nil {
			t.Fatal(err)
		}
		says(t, s, turns[0], "")
		snapshot, err := s.Snapshot()
		if err != nil {
			t.Fatal(err)
		}
		says(t, s, turns[1], turns[2])
		for _, rt := range runtimes {
			r, err := rt.Restore(ctx, snapshot, runtime.SessionOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if u := r.Usage(); u.Spent.Turns != 1 || u.Spent.Fuel == 0 {
				t.Errorf("%+v", u)
			}
			says(t, r, turns[1], turns[2])
			if r, err = rt.Restore(ctx, empty, runtime.SessionOptions{Language: language}); err != nil {
				t.Fatal(err)
			}
			says(t, r, turns[0], "")
		}
		change := func(at int) []byte {
			c := bytes.Clone(snapshot)
			c[at] ^= 1
			return c
		}
		for _, bad := range []struct {
			snapshot []byte
			reason   runtime.SnapshotReason
		}{
			{nil, runtime.SnapshotTruncated}, {snapshot[:5], runtime.SnapshotTruncated}, {snapshot[:len(snapshot)-1], runtime.SnapshotTruncated},
			{append(bytes.Clone(snapshot), 0), runtime.SnapshotTampered}, {change(7), runtime.SnapshotVersion}, {change(0), runtime.SnapshotForeign},
			{change(40), runtime.SnapshotTampered}, {change(len(snapshot) / 2), runtime.SnapshotTampered}, {change(len(snapshot) - 1), runtime.SnapshotTampered},
			{change(15), runtime.SnapshotTampered}, {[]byte("something else"), runtime.SnapshotForeign},
		} {
			var refused *runtime.SnapshotError
			if _, err := runtimes[1].Restore(ctx, bad.snapshot, runtime.SessionOptions{}); !errors.As(err, &refused) || refused.Reason != bad.reason {
				t.Errorf("%v, want %s", err, bad.reason)
			}
		}
		var refused *runtime.SnapshotError
		if _, err := sharedRuntime(t).Restore(ctx, snapshot, runtime.SessionOptions{}); !errors.As(err, &refused) || refused.Reason != runtime.SnapshotTampered {
			t.Errorf("under another key: %v", err)
		}
		if _, err := runtimes[1].Restore(ctx, snapshot, runtime.SessionOptions{Limits: runtime.Limits{Memory: 1 << 20}}); !errors.As(err, &refused) || refused.Reason != runtime.SnapshotLimits {
			t.Errorf("with less memory: %v", err)
		}
	}
}

// TestSessionOfAClosedRuntime: a session that outlives its runtime answers with an error; the image that it is a difference to is gone.
func TestSessionOfAClosedRuntime(t *testing.T) {
	needGuests(t)
	ctx := context.Background()
	rt, err := runtime.New(ctx, runtime.Config{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := rt.NewSession(ctx, runtime.SessionOptions{})
	if err != nil {
		t.Fatal(err)
	}
	says(t, s, "x = 1", "")
	parked, err := s.Fork()
	if err != nil {
		t.Fatal(err)
	}
	if err := rt.Close(ctx); err != nil {
		t.Fatal(err)
	}
	m, _, err := compiler.Compile(ctx, parked.Source("x"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parked.Run(ctx, m, runtime.TurnOptions{}); !errors.Is(err, runtime.ErrClosed) {
		t.Error(err)
	}
	if _, err := parked.Snapshot(); !errors.Is(err, runtime.ErrClosed) {
		t.Error(err)
	}
	s.Park()
	if err := errors.Join(s.Close(), parked.Close()); err != nil {
		t.Error(err)
	}
}

// TestImpossibleFiles: a turn's input file at a place where there can be none is the caller's mistake, and the session stays as it was.
func TestImpossibleFiles(t *testing.T) {
	s := session(t, runtime.SessionOptions{})
	says(t, s, "import os; os.mkdir('made')", "")
	m, _, err := compiler.Compile(context.Background(), s.Source("open('made')"))
	if err != nil {
		t.Fatal(err)
	}
	for _, place := range []string{"made", "made/../..", "/dev/null", strings.Repeat("n", 256)} {
		if _, err := s.Run(context.Background(), m, runtime.TurnOptions{Files: []runtime.File{{Path: place}}}); !errors.Is(err, runtime.ErrBadOption) {
			t.Errorf("%.20s: %v", place, err)
		}
	}
	says(t, s, "print(os.listdir())", "['made']\n")
}
