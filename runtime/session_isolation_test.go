package runtime

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wand/compiler"
	"wand/hostfuncs/vfs"
	"wand/modules"
	"wand/policies"
	"wand/runtime/store"
)

// isolationRuntime is one whose instances the test can look into.
func isolationRuntime(t testing.TB, c Config) *Runtime {
	t.Helper()
	for _, name := range []string{"python", "javascript"} {
		if _, err := modules.Find(name); errors.Is(err, modules.ErrNoGuest) {
			t.Skip(err)
		}
	}
	c.SnapshotKey = []byte("the key of the isolation's tests")
	rt, err := New(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { rt.Close(context.Background()) })
	return rt
}

func isolationTurn(t testing.TB, s *Session, text string, o TurnOptions) *Report {
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

// memoryOf is the whole linear memory of the instance that a session has; nil when it has none.
func memoryOf(s *Session) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.live == nil {
		return nil
	}
	return bytes.Clone(s.live.Memory())
}

// readyMemories are those of the instances that wait to be used again, after their reset in place.
func readyMemories(rt *Runtime, guest string) (memories [][]byte) {
	ready := &rt.guests[guest].ready.ready
	ready.mu.Lock()
	defer ready.mu.Unlock()
	for _, r := range ready.list {
		memories = append(memories, bytes.Clone(r.instance.Memory()))
	}
	return memories
}

// newSecret is one that nothing else has, as a program gets it.
func newSecret() (secret string, input json.RawMessage) {
	b := make([]byte, 12)
	rand.Read(b)
	secret = "secret-" + hex.EncodeToString(b)
	return secret, json.RawMessage(`"` + secret + `"`)
}

// holding are turns that have a secret, which is INPUT, everywhere that a program can put it.
var holding = map[compiler.Language]string{
	compiler.Python: `
import os, sys, json, random, sqlite3
held = [INPUT, INPUT.encode(), {INPUT: INPUT}]
os.environ["HELD"] = INPUT
open("held.txt", "w").write(INPUT)
handle = open("open.txt", "w+"); handle.write(INPUT)
db = sqlite3.connect(":memory:"); db.execute("CREATE TABLE t (x)"); db.execute("INSERT INTO t VALUES (?)", (INPUT,))
lost = [INPUT + str(i) for i in range(1000)]
del lost
def f(x=INPUT): return x
sys.modules["held"] = INPUT
random.seed(INPUT)
print(json.dumps(held[0]), sys.argv)
`,
	compiler.JavaScript: `
const fs = require('fs');
globalThis.held = [INPUT, Buffer.from(INPUT), { [INPUT]: INPUT }];
process.env.HELD = INPUT;
fs.writeFileSync('held.txt', INPUT);
let lost = Array.from({ length: 1000 }, (_, i) => INPUT + i);
lost = null;
function f(x = INPUT) { return x }
Array.prototype.held = INPUT;
console.log(JSON.stringify(held[0]), process.argv);
`,
}

// TestNothingOfASiblingIsThere: the whole memory of a fork, of a session, of an instance that was reset in place and of a new run has nothing of a secret that
// a sibling held, and neither has what is stored of them.
func TestNothingOfASiblingIsThere(t *testing.T) {
	rt := isolationRuntime(t, Config{})
	ctx := context.Background()
	for language, hold := range holding {
		t.Run(string(language), func(t *testing.T) {
			secret, input := newSecret()
			guest := string(language)
			absent := func(where string, memory []byte) {
				t.Helper()
				if at := bytes.Index(memory, []byte(secret)); at >= 0 {
					t.Errorf("the secret is in %s, at %d of %d bytes", where, at, len(memory))
				}
			}
			root, err := rt.NewSession(ctx, SessionOptions{Language: language})
			if err != nil {
				t.Fatal(err)
			}
			defer root.Close()
			isolationTurn(t, root, "1", TurnOptions{})
			a, _ := root.Fork()
			b, _ := root.Fork()
			defer b.Close()
			isolationTurn(t, b, "2", TurnOptions{})
			if r := isolationTurn(t, a, hold, TurnOptions{Input: input, Args: []string{secret}}); r.Status != Completed || !strings.Contains(r.Stdout, secret) {
				t.Fatalf("%s", r.JSON())
			}
			// The scan finds what is there.
			if memory := memoryOf(a); bytes.Count(memory, []byte(secret)) < 10 {
				t.Fatalf("the secret is %d times in the memory of the session that holds it", bytes.Count(memory, []byte(secret)))
			}
			if snapshot := opened(t, a); !bytes.Contains(snapshot, []byte(secret)) {
				t.Error("the secret is not in the snapshot of the session that holds it")
			}
			isolationTurn(t, b, "3", TurnOptions{})
			absent("the memory of a live sibling", memoryOf(b))
			absent("the snapshot of a sibling", opened(t, b))
			// A turn that is taken back.
			if r := isolationTurn(t, b, hold+"\nnull.x", TurnOptions{Input: input}); r.Status == Completed {
				t.Fatalf("%s", r.JSON())
			}
			isolationTurn(t, b, "4", TurnOptions{})
			absent("a session whose turn was taken back", memoryOf(b))
			absent("its snapshot", opened(t, b))
			// The holder begins anew; it and its siblings get its instance, reset in place.
			a.Park()
			waiting := readyMemories(rt, guest)
			if len(waiting) == 0 {
				t.Error("no instance was kept for later")
			}
			for _, memory := range waiting {
				absent("an instance that was reset in place", memory)
			}
			if err := a.Reset(ctx); err != nil {
				t.Fatal(err)
			}
			isolationTurn(t, a, "5", TurnOptions{})
			absent("a session that was reset", memoryOf(a))
			absent("its snapshot", opened(t, a))
			for i := range 4 {
				fork, _ := root.Fork()
				isolationTurn(t, fork, "6", TurnOptions{})
				absent(fmt.Sprintf("fork %d made later", i), memoryOf(fork))
				fork.Close()
			}
			// Runs, which use the same instances.
			for range 3 {
				m, _, err := compiler.Compile(ctx, compiler.Source{Language: language, Text: []byte(hold)})
				if err != nil {
					t.Fatal(err)
				}
				if r, err := rt.Run(ctx, m, Options{Input: input}); err != nil || r.Status != Completed {
					t.Fatal(err, string(r.JSON()))
				}
				for _, memory := range readyMemories(rt, guest) {
					absent("an instance that a run has left", memory)
				}
				fork, _ := root.Fork()
				isolationTurn(t, fork, "7", TurnOptions{})
				absent("a fork after a run", memoryOf(fork))
				fork.Close()
			}
		})
	}
}

// opened is all that a snapshot holds, not compressed.
func opened(t testing.TB, s *Session) []byte {
	t.Helper()
	snapshot, err := s.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	header, compressed, err := openSnapshot(snapshot, s.rt.config.SnapshotKey)
	if err != nil {
		t.Fatal(err)
	}
	body, err := decompress(compressed, maxSnapshot)
	if err != nil {
		t.Fatal(err)
	}
	text, _ := json.Marshal(header)
	return append(body, text...)
}

// TestNothingIsTheSameTwice: what should be of one run only is: random numbers, ids, the environment. Forks continue their past, generators included, but
// what the host gives (os.urandom, crypto) is each one's own.
func TestNothingIsTheSameTwice(t *testing.T) {
	rt := isolationRuntime(t, Config{})
	ctx := context.Background()
	for language, programs := range map[compiler.Language][3]string{
		compiler.Python: {
			"import random, os, uuid, secrets, tempfile\nprint(random.random(), random.SystemRandom().random(), os.urandom(8).hex(), uuid.uuid4(), secrets.token_hex(8), sep='\\n')",
			"import os, secrets, uuid\nprint(os.urandom(8).hex(), secrets.token_hex(8), sep='\\n')", "import os\nprint(dict(os.environ), 'A' in globals(), os.path.exists('a'))",
		},
		compiler.JavaScript: {
			"const c = require('crypto'); console.log(Math.random() + '\\n' + c.randomUUID() + '\\n' + c.randomBytes(8).toString('hex'))",
			"console.log(require('crypto').randomBytes(8).toString('hex'))", "console.log(JSON.stringify(process.env), typeof A, require('fs').existsSync('a'))",
		},
	} {
		seen := map[string]int{}
		ids := map[string]bool{}
		note := func(who int, r *Report) {
			t.Helper()
			if r.Status != Completed || ids[r.ID] {
				t.Fatalf("%s", r.JSON())
			}
			ids[r.ID] = true
			for line := range strings.Lines(r.Stdout) {
				if by, again := seen[line]; again {
					t.Errorf("%s: %d and %d both say %s", language, by, who, line)
				}
				seen[line] = who
			}
		}
		m, _, err := compiler.Compile(ctx, compiler.Source{Language: language, Text: []byte(programs[0])})
		if err != nil {
			t.Fatal(err)
		}
		var root *Session
		for who := range 6 {
			r, err := rt.Run(ctx, m, Options{})
			if err != nil {
				t.Fatal(err)
			}
			note(who, r)
			if root, err = rt.NewSession(ctx, SessionOptions{Language: language}); err != nil {
				t.Fatal(err)
			}
			defer root.Close()
			note(10+who, isolationTurn(t, root, programs[0], TurnOptions{}))
		}
		for who := range 6 {
			fork, _ := root.Fork()
			note(20+who, isolationTurn(t, fork, programs[1], TurnOptions{}))
			isolationTurn(t, fork, map[compiler.Language]string{
				compiler.Python: "import os\nos.environ['X'] = '1'; A = 1; open('a', 'w').write('1')", compiler.JavaScript: "process.env.X = '1'; var A = 1; require('fs').writeFileSync('a', '1')",
			}[language], TurnOptions{})
			other, _ := root.Fork()
			if r := isolationTurn(t, other, programs[2], TurnOptions{}); r.Stdout != map[compiler.Language]string{compiler.Python: "{'HOME': '/work'} False False\n", compiler.JavaScript: "{} undefined false\n"}[language] {
				t.Errorf("%s: a sibling says %q", language, r.Stdout)
			}
			fork.Close()
			other.Close()
		}
	}
}

// TestSecretIsInNoSession: a secret that a policy granted, and that the granted host got, is in no snapshot, export or stored session.
func TestSecretIsInNoSession(t *testing.T) {
	const secret, marker = "tok/4f9a+Zebra=77", "marker-6c1d"
	got := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token := r.Header.Get("Authorization")
		if token == "Bearer "+secret {
			got++
		}
		w.Header().Set("X-Echo", token)
		w.Header().Set("Set-Cookie", "t="+url.QueryEscape(token))
		fmt.Fprintf(w, "%s %s %s", marker, token, base64.StdEncoding.EncodeToString([]byte(token)))
	}))
	defer server.Close()
	at, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	policy, err := policies.Parse("policy.yaml", fmt.Appendf(nil, "version: 1\nenvironment: [MODE]\nnetwork:\n  - host: 127.0.0.1:%s\n    schemes: [http]\n    private: true\n    secrets: {Authorization: 'Bearer ${API_TOKEN}'}\n", at.Port()))
	if err != nil {
		t.Fatal(err)
	}
	rt := isolationRuntime(t, Config{LookupEnv: func(name string) (string, bool) {
		return map[string]string{"API_TOKEN": secret, "MODE": "test"}[name], name == "API_TOKEN" || name == "MODE"
	}})
	ctx := context.Background()
	d, err := store.OpenDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	input, _ := json.Marshal(server.URL + "/x")
	for language, text := range map[compiler.Language]string{
		compiler.Python:     "import requests\nr = requests.get(INPUT); kept = [r.text, dict(r.headers), r]\nopen('kept', 'w').write(r.text)",
		compiler.JavaScript: "const r = await fetch(INPUT); globalThis.kept = [await r.text(), [...r.headers]]; require('fs').writeFileSync('kept', kept[0])",
	} {
		before := got
		s, err := rt.NewSession(ctx, SessionOptions{Language: language, Policy: policy})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if r := isolationTurn(t, s, text, TurnOptions{Input: input}); r.Status != Completed || got != before+1 {
			t.Fatalf("%s", r.JSON())
		}
		if err := s.Save(ctx, d, string(language), SaveOptions{}); err != nil {
			t.Fatal(err)
		}
		places := map[string][]byte{"snapshot": opened(t, s), "memory": memoryOf(s)}
		err = filepath.WalkDir(d.Path(), func(file string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			data, err := os.ReadFile(file)
			places[file] = data
			if plain, wrong := decompress(data, maxSnapshot); wrong == nil && strings.Contains(file, "chunks") {
				places[file+" (decompressed)"] = plain
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		forms := [][]byte{[]byte(secret), []byte(url.QueryEscape(secret)), []byte(hex.EncodeToString([]byte(secret)))}
		for offset := range 3 {
			text := base64.StdEncoding.EncodeToString(append(bytes.Repeat([]byte(" "), offset), secret...))
			forms = append(forms, []byte(text[4:20]))
		}
		marked := 0
		for place, data := range places {
			if bytes.Contains(data, []byte(marker)) {
				marked++
			}
			for _, form := range forms {
				if bytes.Contains(data, form) {
					t.Errorf("%s: the secret is in the %s, as %q", language, place, form)
				}
			}
		}
		// Snapshot, memory, and the chunks of memory and files have what else the server sent.
		if marked < 4 {
			t.Errorf("%s: what the server sent is in %d of %d places", language, marked, len(places))
		}
	}
}

// FuzzSnapshot: no snapshot that nobody has made makes a session, and each is refused with its reason.
func FuzzSnapshot(f *testing.F) {
	_, snapshot := fuzzedSession(f)
	for _, cut := range []int{0, 1, 8, 24, 100, len(snapshot) / 2, len(snapshot) - 32, len(snapshot) - 1, len(snapshot)} {
		f.Add(snapshot[:cut], 0, byte(0))
	}
	for _, at := range []int{0, 7, 8, 15, 16, 23, 30, len(snapshot) / 2, len(snapshot) - 1} {
		f.Add(snapshot, at, byte(0x80))
	}
	f.Fuzz(func(t *testing.T, in []byte, at int, flip byte) {
		in = bytes.Clone(in)
		if at >= 0 && at < len(in) {
			in[at] ^= flip
		}
		_, _, err := openSnapshot(in, fuzzKey)
		// The fuzzer's processes make a snapshot each, so a whole one need not be this one's.
		if body := len(in) - sha256.Size; body > 0 && err == nil {
			sum := hmac.New(sha256.New, fuzzKey)
			sum.Write(in[:body])
			if !hmac.Equal(sum.Sum(nil), in[body:]) {
				t.Fatal("what nobody has sealed was opened")
			}
			return
		}
		if bytes.Equal(in, snapshot) {
			t.Fatal(err)
		}
		var refused *SnapshotError
		if !errors.As(err, &refused) || refused.Reason == "" || refused.Detail == "" {
			t.Fatalf("%v", err)
		}
	})
}

var fuzzKey = []byte("the key of snapshots that are fuzzed")

func fuzzedSession(f *testing.F) (*Runtime, []byte) {
	rt := isolationRuntime(f, Config{})
	s, err := rt.NewSession(context.Background(), SessionOptions{Language: compiler.JavaScript})
	if err != nil {
		f.Fatal(err)
	}
	isolationTurn(f, s, "let x = [1, 2, 3]; require('fs').writeFileSync('a.txt', 'hello')", TurnOptions{})
	snapshot, err := s.Export(fuzzKey, json.RawMessage(`{"n": 1}`))
	if err != nil {
		f.Fatal(err)
	}
	return rt, snapshot
}

// FuzzSealedSnapshot: what somebody with the key has sealed, whatever it is, is refused with its reason or makes a session that can take a turn or be
// told that it cannot.
func FuzzSealedSnapshot(f *testing.F) {
	rt, snapshot := fuzzedSession(f)
	header, compressed, err := openSnapshot(snapshot, fuzzKey)
	if err != nil {
		f.Fatal(err)
	}
	text, _ := json.Marshal(header)
	body, err := decompress(compressed, maxSnapshot)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text, body, 0, byte(0))
	for _, at := range []int{0, 7, 8, 12, 20, 100, len(body) / 2, len(body) - 200, len(body) - 1} {
		f.Add(text, body, at, byte(0xff))
		f.Add(text, body[:at], 0, byte(0))
	}
	for _, change := range [][2]string{
		{`"turns":1`, `"turns":0`}, {`"turns":1`, `"turns":-1`}, {`"seed":"`, `"seed":"zz`}, {`"language":"javascript"`, `"language":"python"`},
		{`"language":"javascript"`, `"language":"cobol"`}, {`"memory_bytes":268435456`, `"memory_bytes":-1`}, {`"base":"sha256:`, `"base":"sha256:0`},
		{`"fuel":`, `"fuel":-`}, {`"tally":{`, `"memory":["00"],"tally":{`}, {`{`, `[`},
	} {
		f.Add(bytes.Replace(text, []byte(change[0]), []byte(change[1]), 1), body, 0, byte(0))
	}
	m, _, err := compiler.Compile(context.Background(), compiler.Source{Name: "turn", Language: compiler.JavaScript, Text: []byte("1")})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, header, body []byte, at int, flip byte) {
		body = bytes.Clone(body)
		if at >= 0 && at < len(body) {
			body[at] ^= flip
		}
		var h snapshotHeader
		if json.Unmarshal(header, &h) != nil {
			return
		}
		sealed, err := sealSnapshot(&h, body, fuzzKey)
		if err != nil {
			return
		}
		s, err := rt.Import(context.Background(), sealed, fuzzKey, SessionOptions{})
		if err != nil {
			var refused *SnapshotError
			var limit *LimitError
			if !errors.As(err, &refused) && !errors.As(err, &limit) && !errors.Is(err, ErrBadOption) {
				t.Fatalf("%v", err)
			}
			return
		}
		defer s.Close()
		for _, file := range s.Files() {
			if file.Kind == vfs.KindFile && file.Size < 0 {
				t.Errorf("%+v", file)
			}
		}
		// Whatever the memory says, the sandbox holds.
		if r, err := s.Run(context.Background(), m, TurnOptions{Limits: Limits{Fuel: 10_000_000}, Stdout: io.Discard}); err == nil && r.Status == Fault && r.Error == nil {
			t.Errorf("%s", r.JSON())
		}
	})
}
