package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"wand/hostfuncs"
)

var testKey = []byte("a key of at least 16 bytes")

func open(t testing.TB, path string, o Options) *Log {
	t.Helper()
	l, err := Open(path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func call(i int) hostfuncs.Call {
	return hostfuncs.Call{Seq: i, Tool: "kv.set", Args: json.RawMessage(`{"key": "a<b", "value": 1}`), Result: json.RawMessage("null"), Decision: hostfuncs.DecisionAllowed, DurationMS: 0.5}
}

// write makes a file with two runs, one after the other: 2 × 5 lines.
func write(t testing.TB, o Options) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "audit.jsonl")
	l := open(t, path, o)
	for range 2 {
		r, err := l.Begin(Info{Language: "python", Labels: map[string]string{"a": "b"}})
		if err != nil {
			t.Fatal(err)
		}
		denied := call(2)
		denied.Decision = hostfuncs.DecisionDenied
		err = errors.Join(r.Record(call(1)), r.Record(denied), r.Access(hostfuncs.Access{Action: "fs.read", Resource: "Path /a", Decision: "allowed", Count: 3}), r.End("ok"))
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t testing.TB, path string) [][]byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.SplitAfter(bytes.TrimSuffix(text, []byte("\n")), []byte("\n"))
}

func join(lines ...[]byte) io.Reader {
	var b bytes.Buffer
	for _, l := range lines {
		b.Write(bytes.TrimSuffix(l, []byte("\n")))
		b.WriteByte('\n')
	}
	return &b
}

func TestVerify(t *testing.T) {
	for _, key := range [][]byte{nil, testKey} {
		path := write(t, Options{Key: key})
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		s, err := Verify(f, VerifyOptions{Key: key})
		if err != nil || s.Lines != 10 || s.Runs != 2 || s.Calls != 4 || s.Denied != 2 || len(s.Head) != 64 || s.First.IsZero() || s.Last.Before(s.First) {
			t.Errorf("%+v, %v", s, err)
		}
		if info, _ := f.Stat(); info.Mode().Perm()&0o077 != 0 && os.PathSeparator == '/' {
			t.Errorf("others can read the file: %v", info.Mode())
		}
	}
	if s, err := Verify(strings.NewReader(""), VerifyOptions{}); err != nil || s.Lines != 0 {
		t.Errorf("an empty file: %+v, %v", s, err)
	}
}

// check expects damage of a kind at a line.
func check(t *testing.T, what string, r io.Reader, o VerifyOptions, line int64, kinds ...Kind) {
	t.Helper()
	_, err := Verify(r, o)
	var e *Error
	if !errors.As(err, &e) {
		t.Errorf("%s: %v is no *Error", what, err)
		return
	}
	for _, k := range kinds {
		if e.Kind == k && e.Line == line {
			return
		}
	}
	t.Errorf("%s: %v; want line %d, %v", what, err, line, kinds)
}

func TestEveryChangeShows(t *testing.T) {
	for _, key := range [][]byte{nil, testKey} {
		o := VerifyOptions{Key: key}
		lines := read(t, write(t, Options{Key: key}))
		n := len(lines)
		for i := range lines {
			at := int64(i + 1)
			for j := 0; j < len(lines[i])-1; j += 7 {
				edited := bytes.Clone(lines[i])
				edited[j] ^= 1
				if edited[j] == '\n' {
					continue
				}
				changed := append(append([][]byte{}, lines[:i]...), edited)
				kinds := []Kind{Edited}
				if j > len(edited)-80 {
					kinds = append(kinds, KeyNeeded)
				}
				check(t, fmt.Sprintf("byte %d of line %d", j, at), join(append(changed, lines[i+1:]...)...), o, at, kinds...)
			}
			if i < n-1 {
				check(t, fmt.Sprintf("without line %d", at), join(append(append([][]byte{}, lines[:i]...), lines[i+1:]...)...), o, at, Removed)
				swapped := append([][]byte{}, lines...)
				swapped[i], swapped[i+1] = swapped[i+1], swapped[i]
				check(t, fmt.Sprintf("lines %d and %d swapped", at, at+1), join(swapped...), o, at, Reordered)
			}
			for k := range lines {
				doubled := append(append(append([][]byte{}, lines[:i+1]...), lines[k]), lines[i+1:]...)
				where := at + 1
				if k == i+1 {
					where++ // of two equal lines it is the second that should not be there
				}
				check(t, fmt.Sprintf("line %d again after line %d", k+1, at), join(doubled...), o, where, Inserted, Reordered)
			}
			foreign := append(append(append([][]byte{}, lines[:i]...), []byte("{}")), lines[i:]...)
			check(t, fmt.Sprintf("a line before line %d", at), join(foreign...), o, at, Edited)
			if i != 4 && i != 9 {
				check(t, fmt.Sprintf("cut after line %d", at), join(lines[:i+1]...), o, at+1, Truncated)
			}
			whole, _ := io.ReadAll(join(lines[:i+1]...))
			check(t, fmt.Sprintf("cut within line %d", at), bytes.NewReader(whole[:len(whole)-10]), o, at, Truncated)
		}
		last, err := parse(bytes.TrimSpace(lines[n-1]), key)
		if err != nil {
			t.Fatal(err)
		}
		o.Head = last.sum
		if _, err := Verify(join(lines...), o); err != nil {
			t.Error(err)
		}
		if s, err := Verify(join(lines[:5]...), VerifyOptions{Key: key}); err != nil || s.Runs != 1 {
			t.Errorf("a run cut off the end cannot show by itself: %v", err)
		}
		check(t, "a run cut off, against a kept head", join(lines[:5]...), o, 6, Truncated)
	}
}

// rewrite is what somebody does who knows the format: the lines anew, with right hashes.
func rewrite(lines [][]byte, from int, key []byte, change func(string) string) [][]byte {
	out := append([][]byte{}, lines[:from]...)
	l := &Log{key: key}
	prev, _ := parse(bytes.TrimSpace(lines[from]), nil)
	head := prev.Prev
	for i, text := range lines[from:] {
		var e event
		if json.Unmarshal(bytes.TrimSpace(text), &e) != nil {
			panic("no event")
		}
		e.Prev = head
		if i == 0 {
			e.Run = change(e.Run)
		}
		var line []byte
		line, head, _ = l.line(e)
		out = append(out, line)
	}
	return out
}

func TestChangedTogetherWithHashes(t *testing.T) {
	lines := read(t, write(t, Options{}))
	anew := rewrite(lines, 2, nil, func(run string) string { return run })
	only := append(append(append([][]byte{}, lines[:2]...), rewrite(lines[:3], 2, nil, func(run string) string { return run + "x" })[2]), lines[3:]...)
	check(t, "line 3 with a new hash", join(only...), VerifyOptions{}, 3, Edited)
	if _, err := Verify(join(anew...), VerifyOptions{}); err != nil {
		t.Errorf("the test does not write lines as the package does: %v", err)
	}
	check(t, "without a key where one is needed", join(lines...), VerifyOptions{Key: testKey}, 1, KeyNeeded)
	keyed := read(t, write(t, Options{Key: testKey}))
	check(t, "a key that nobody gave", join(keyed...), VerifyOptions{}, 1, KeyNeeded)
	check(t, "another key", join(keyed...), VerifyOptions{Key: []byte("another key of 16 bytes and more")}, 1, Edited)
	// Without the key the whole file can be written anew, and against the key it shows.
	check(t, "written anew without the key", join(rewrite(lines, 0, []byte("the key of somebody else"), func(run string) string { return run })...), VerifyOptions{Key: testKey}, 1, Edited)
}

func TestInsertedWithHash(t *testing.T) {
	lines := read(t, write(t, Options{}))
	forged := rewrite(lines[:3], 2, nil, func(run string) string { return run + "x" })[2]
	check(t, "a forged line before line 3", join(append(append(append([][]byte{}, lines[:2]...), forged), lines[2:]...)...), VerifyOptions{}, 3, Edited, Inserted)
	same := rewrite(lines[:3], 2, nil, func(run string) string { return run })[2]
	same = bytes.Replace(same, []byte(`"kv.set"`), []byte(`"kv.get"`), 1)
	body := same[:len(same)-len(`,"hash":""}`)-64-1]
	same = fmt.Appendf(nil, `%s,"hash":"%s"}`, body, digest(append(bytes.Clone(body), '}'), nil))
	check(t, "a forged call before line 3", join(append(append(append([][]byte{}, lines[:2]...), same), lines[2:]...)...), VerifyOptions{}, 3, Inserted)
}

func TestGoesOn(t *testing.T) {
	path := write(t, Options{})
	l := open(t, path, Options{})
	if seq, head := l.Head(); seq != 10 || len(head) != 64 || l.Recovered() != "" {
		t.Errorf("%d %s %s", seq, head, l.Recovered())
	}
	r, _ := l.Begin(Info{ID: "third"})
	if err := r.End("ok"); err != nil {
		t.Fatal(err)
	}
	if r.End("again") != nil || r.Record(call(1)) == nil {
		t.Error("a run goes on after its end")
	}
	l.Close()
	if _, err := l.Begin(Info{}); err == nil {
		t.Error("a closed log takes a run")
	}
	if s, err := Verify(join(read(t, path)...), VerifyOptions{}); err != nil || s.Lines != 12 {
		t.Errorf("%+v, %v", s, err)
	}
	if _, err := Open(path, Options{Key: testKey}); !errors.Is(err, ErrBroken) {
		t.Errorf("a key for a file without one: %v", err)
	}
	text, _ := os.ReadFile(path)
	text[len(text)-100] ^= 1
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path, Options{}); !errors.Is(err, ErrBroken) {
		t.Errorf("a last line that was changed: %v", err)
	}
}

func TestReadKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	for text, want := range map[string]string{"0123456789abcdef\n": "0123456789abcdef", "short\n": "", "": "", strings.Repeat("x", 5000): ""} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if key, err := ReadKey(path); string(key) != want || (err == nil) != (want != "") {
			t.Errorf("%.20q: %q, %v", text, key, err)
		}
	}
	if _, err := Open(path, Options{Key: []byte("short")}); err == nil {
		t.Error("a short key is taken")
	}
}

func TestCrash(t *testing.T) {
	lines := read(t, write(t, Options{}))
	for _, test := range []struct {
		name        string
		text        []byte
		lines, runs int64
		interrupted int
		partial     bool
	}{
		{"within a line", append(bytes.Join(lines[:2], nil), lines[2][:50]...), 5, 2, 1, true},
		{"between lines", bytes.Join(lines[:2], nil), 5, 2, 1, false},
		{"within the first line", lines[0][:50], 2, 1, 0, true},
		{"within the first line of a run", append(bytes.Join(lines[:5], nil), lines[5][:50]...), 8, 2, 0, true},
	} {
		path := filepath.Join(t.TempDir(), "audit.jsonl")
		if err := os.WriteFile(path, test.text, 0o600); err != nil {
			t.Fatal(err)
		}
		l := open(t, path, Options{})
		r, err := l.Begin(Info{})
		if err := errors.Join(err, r.End("ok")); err != nil {
			t.Fatal(err)
		}
		l.Close()
		s, err := Verify(join(read(t, path)...), VerifyOptions{})
		if err != nil || s.Lines != test.lines || s.Runs != test.runs || len(s.Interrupted) != test.interrupted {
			t.Errorf("%s: %+v, %v", test.name, s, err)
		}
		aside, err := os.ReadFile(path + ".partial")
		if test.partial != (err == nil) || test.partial != (l.Recovered() != "") || test.partial && len(aside) != 51 {
			t.Errorf("%s: aside %d bytes, %v; %q", test.name, len(aside), err, l.Recovered())
		}
	}
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	if err := os.WriteFile(path, bytes.Repeat([]byte("x"), 3<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path, Options{}); !errors.Is(err, ErrBroken) {
		t.Errorf("a file of something else: %v", err)
	}
	if _, err := Open(t.TempDir(), Options{}); err == nil {
		t.Error("a folder can be opened")
	}
}

// fullDisk takes so many bytes and no more.
type fullDisk struct {
	file
	room int64
}

func (d *fullDisk) WriteAt(p []byte, at int64) (int, error) {
	if most := d.room - at; int64(len(p)) > most {
		n, _ := d.file.WriteAt(p[:max(0, most)], at)
		return n, syscall.ENOSPC
	}
	return d.file.WriteAt(p, at)
}

func TestFullDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	l := open(t, path, Options{})
	disk := &fullDisk{file: l.file, room: 1000}
	l.file = disk
	r, err := l.Begin(Info{ID: "a"})
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; err == nil; i++ {
		err = r.Record(call(i))
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	check(t, "the file after the disk was full", join(read(t, path)...), VerifyOptions{}, int64(len(read(t, path))+1), Truncated)
	disk.room = 1 << 20
	if err := r.Record(call(9)); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("a run whose record has a hole goes on: %v", err)
	}
	if err := r.End("ok"); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("a run whose record has a hole ends: %v", err)
	}
	if r, err := l.Begin(Info{}); err != nil || r.End("ok") != nil {
		t.Errorf("another run, once there is room: %v", err)
	}
	l.Close()
	l = open(t, path, Options{})
	l.Close()
	if s, err := Verify(join(read(t, path)...), VerifyOptions{}); err != nil || len(s.Interrupted) != 1 {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestSomebodyElseWrites(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	l := open(t, path, Options{})
	r, _ := l.Begin(Info{})
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(f, "{}")
	f.Close()
	if err := r.Record(call(1)); err == nil || !strings.Contains(err.Error(), "something else changed it") {
		t.Error(err)
	}
}

func TestManyRunsAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	l := open(t, path, Options{})
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			r, err := l.Begin(Info{})
			if err != nil {
				t.Error(err)
				return
			}
			var calls sync.WaitGroup
			for i := range 20 {
				calls.Go(func() {
					if err := r.Record(call(i)); err != nil {
						t.Error(err)
					}
				})
			}
			calls.Wait()
			if err := r.End("ok"); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	l.Close()
	if s, err := Verify(join(read(t, path)...), VerifyOptions{}); err != nil || s.Runs != 8 || s.Calls != 160 || s.Lines != 176 {
		t.Errorf("%+v, %v", s, err)
	}
}

// TestMain is another process that writes, when it is told to.
func TestMain(m *testing.M) {
	path := os.Getenv("AUDIT_TEST_WRITE")
	if path == "" {
		os.Exit(m.Run())
	}
	l, err := Open(path, Options{Wait: 30 * time.Second})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	r, err := l.Begin(Info{})
	for i := range 20 {
		err = errors.Join(err, r.Record(call(i)))
	}
	if os.Getenv("AUDIT_TEST_KILLED") != "" {
		os.Exit(0)
	}
	if err := errors.Join(err, r.End("ok"), l.Close()); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func TestProcesses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	l := open(t, path, Options{})
	if _, err := Open(path, Options{}); !errors.Is(err, ErrLocked) {
		t.Errorf("a file that is open: %v", err)
	}
	var all sync.WaitGroup
	for i := range 4 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "AUDIT_TEST_WRITE="+path)
		if i == 1 {
			cmd.Env = append(cmd.Env, "AUDIT_TEST_KILLED=1")
		}
		all.Go(func() {
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	r, _ := l.Begin(Info{})
	if err := errors.Join(r.Record(call(1)), r.End("ok"), l.Close()); err != nil {
		t.Fatal(err)
	}
	all.Wait()
	open(t, path, Options{}).Close()
	if s, err := Verify(join(read(t, path)...), VerifyOptions{}); err != nil || s.Runs != 5 || s.Calls != 81 || len(s.Interrupted) != 1 {
		t.Errorf("%+v, %v", s, err)
	}
}

// endless gives so many bytes of one line.
type endless struct{ left int }

func (e *endless) Read(p []byte) (int, error) {
	if e.left <= 0 {
		return 0, io.EOF
	}
	n := min(len(p), e.left)
	for i := range p[:n] {
		p[i] = 'x'
	}
	e.left -= n
	return n, nil
}

func TestLargeLines(t *testing.T) {
	allocated := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, err := Verify(&endless{left: 1 << 30}, VerifyOptions{})
			var e *Error
			if !errors.As(err, &e) || e.Kind != Edited || e.Line != 1 {
				b.Fatal(err)
			}
		}
	}).AllocedBytesPerOp()
	if allocated > 16<<20 {
		t.Errorf("a line of 1 GiB costs %d bytes", allocated)
	}
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	l := open(t, path, Options{})
	r, _ := l.Begin(Info{})
	c := call(1)
	c.Args, _ = json.Marshal(strings.Repeat("<", 300_000)) // six bytes each
	c.Error = strings.Repeat("e", 2<<20)
	if err := errors.Join(r.Record(c), r.End(strings.Repeat("s", 1<<20)), l.Close()); err != nil {
		t.Fatal(err)
	}
	if s, err := Verify(join(read(t, path)...), VerifyOptions{}); err != nil || s.Calls != 1 {
		t.Errorf("%+v, %v", s, err)
	}
}

func FuzzVerify(f *testing.F) {
	for _, key := range [][]byte{nil, testKey} {
		text, err := os.ReadFile(write(f, Options{Key: key}))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text, 0, 0, byte(0), len(key) > 0)
		f.Add(text, 100, 1000, byte('x'), len(key) > 0)
	}
	f.Fuzz(func(t *testing.T, text []byte, cut, at int, with byte, keyed bool) {
		o := VerifyOptions{}
		if keyed {
			o.Key = testKey
		}
		s, err := Verify(bytes.NewReader(text), o)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Line < 1 || e.Line > s.Lines+1 {
				t.Fatalf("%+v, %v", s, err)
			}
			return
		}
		// What is whole is no more when a byte is another one, or the end of the last line is missing.
		if len(text) == 0 {
			return
		}
		changed := bytes.Clone(text)
		if i := (at%len(text) + len(text)) % len(text); changed[i] != with {
			changed[i] = with
			if _, err := Verify(bytes.NewReader(changed), o); err == nil {
				t.Errorf("byte %d became %q, and it does not show", i, with)
			}
		}
		if _, err := Verify(bytes.NewReader(text[:len(text)-1]), o); err == nil {
			t.Error("the last line is incomplete, and it does not show")
		}
	})
}

func BenchmarkRecord(b *testing.B) {
	l := open(b, filepath.Join(b.TempDir(), "audit.jsonl"), Options{})
	r, err := l.Begin(Info{})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := r.Record(call(1)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	path := filepath.Join(b.TempDir(), "audit.jsonl")
	l := open(b, path, Options{})
	r, _ := l.Begin(Info{})
	for i := range 1000 {
		if err := r.Record(call(i)); err != nil {
			b.Fatal(err)
		}
	}
	if err := r.End("ok"); err != nil {
		b.Fatal(err)
	}
	text, _ := os.ReadFile(path)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := Verify(bytes.NewReader(text), VerifyOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}
