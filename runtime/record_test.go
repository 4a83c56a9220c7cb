package runtime_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	nethttp "net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"wand/compiler"
	"wand/hostfuncs"
	"wand/runtime"
)

// contents is everything that a recording holds, unpacked.
func contents(t testing.TB, recording []byte) []byte {
	t.Helper()
	unpack, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer unpack.Close()
	var out []byte
	for rest := recording[8:]; len(rest) > 0; {
		size := int(binary.LittleEndian.Uint32(rest[5:]))
		if out, err = unpack.DecodeAll(rest[9:9+size], out); err != nil {
			t.Fatal(err)
		}
		rest = rest[9+size+32:]
	}
	return out
}

func replayOf(t testing.TB, rt *runtime.Runtime, recording []byte) (*runtime.Replayed, error) {
	t.Helper()
	return rt.Replay(context.Background(), bytes.NewReader(recording), runtime.ReplayOptions{})
}

// sample is a recording of some size, with all that can be in one.
func sample(t testing.TB, rt *runtime.Runtime) []byte {
	t.Helper()
	var calls atomic.Int64
	_, recording := recorded(t, rt, compiled(t, compiler.Python, "import time, tools, os\nfor i in range(5):\n    print(time.time(), tools.lookup(str(i)), os.urandom(20000).hex()[:4])\n"),
		runtime.Options{Tools: slowTools(t, &calls), Policy: allowing(t, "version: 1\ntools: [{name: lookup}]\n")})
	return recording
}

// small is one that a fuzzer replays often in a second.
func small(t testing.TB, rt *runtime.Runtime) []byte {
	t.Helper()
	var calls atomic.Int64
	_, recording := recorded(t, rt, compiled(t, compiler.JavaScript, "console.log(Date.now(), await Promise.all([tools.lookup({key: 'a'}), tools.fs.write({path: 'x', content: 'y'})]))"),
		runtime.Options{Tools: slowTools(t, &calls), Policy: allowing(t, "version: 1\ntools: [{name: lookup}]\n")})
	return recording
}

func TestRecordingIsRefusedByName(t *testing.T) {
	rt := sharedRuntime(t)
	good := sample(t, rt)
	reason := func(in []byte) runtime.RecordingReason {
		t.Helper()
		r, err := replayOf(t, rt, in)
		var e *runtime.RecordingError
		if !errors.As(err, &e) {
			t.Errorf("%d bytes of %d: %v, %+v", len(in), len(good), err, r)
			return ""
		}
		return e.Reason
	}
	changed := func(at int, to byte) []byte {
		b := bytes.Clone(good)
		b[at] = to
		return b
	}
	for name, x := range map[string]struct {
		in   []byte
		want runtime.RecordingReason
	}{
		"nothing":            {nil, runtime.RecordingTruncated},
		"another file":       {[]byte("#!/bin/sh\necho no\n"), runtime.RecordingForeign},
		"another version":    {changed(7, 9), runtime.RecordingVersion},
		"half a magic":       {good[:4], runtime.RecordingTruncated},
		"half a header":      {good[:100], runtime.RecordingTruncated},
		"no frame":           {good[:8], runtime.RecordingTruncated},
		"a changed byte":     {changed(len(good)/2, good[len(good)/2]^1), runtime.RecordingTampered},
		"a changed code":     {changed(len(good)-1, good[len(good)-1]^1), runtime.RecordingTampered},
		"a changed kind":     {changed(8, 'E'), runtime.RecordingTampered},
		"an absurd length":   {changed(12, 0xff), runtime.RecordingTampered},
		"more after the end": {append(bytes.Clone(good), 0), runtime.RecordingTampered},
		"twice":              {append(bytes.Clone(good), good[8:]...), runtime.RecordingTampered},
	} {
		if got := reason(x.in); got != x.want {
			t.Errorf("%s is refused as %q, want %q", name, got, x.want)
		}
	}
	other, err := runtime.New(context.Background(), runtime.Config{SnapshotKey: bytes.Repeat([]byte("k"), 32)})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close(context.Background())
	var e *runtime.RecordingError
	if _, err := replayOf(t, other, good); !errors.As(err, &e) || e.Reason != runtime.RecordingTampered {
		t.Errorf("another key: %v", err)
	}
}

// TestRecordingCutOff repeats what there is of a recording whose process was killed, wherever that was.
func TestRecordingCutOff(t *testing.T) {
	rt := sharedRuntime(t)
	good := sample(t, rt)
	cut, events := 0, -1
	for n := len(good) - 1; n > 0; n -= max(1, len(good)/40) {
		r, err := replayOf(t, rt, good[:n])
		var e *runtime.RecordingError
		switch {
		case errors.As(err, &e) && e.Reason == runtime.RecordingTruncated:
		case err != nil || r.Divergence != nil:
			t.Errorf("%d bytes of %d: %v %v", n, len(good), err, r)
		case r.Recorded != nil:
			t.Errorf("%d bytes of %d have an end", n, len(good))
		default:
			if events >= 0 && r.Events > events {
				t.Errorf("%d bytes hold more events than a longer beginning: %d and %d", n, r.Events, events)
			}
			events = r.Events
			cut++
		}
	}
	if cut < 3 {
		t.Errorf("%d beginnings could be replayed", cut)
	}
}

// TestReplayDiverges has another runtime than the one that recorded: what it does differently is found where it happens.
func TestReplayDiverges(t *testing.T) {
	rt := sharedRuntime(t)
	var b bytes.Buffer
	program := "import time\nprint('start')\nx = time.time()\nprint('end', x)\n"
	if _, err := rt.Run(context.Background(), compiled(t, compiler.Python, program), runtime.Options{Recording: &b}); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	if _, err := rt.Run(context.Background(), compiled(t, compiler.Python, "print(INPUT, flush=True)"), runtime.Options{Input: json.RawMessage(`"abc"`), Recording: &said}); err != nil {
		t.Fatal(err)
	}
	if r, err := replayOf(t, rt, runtime.WithInput(t, rt, said.Bytes(), `"abd"`)); err != nil || r.Divergence == nil || r.Divergence.What != "writing output" || !strings.Contains(r.Divergence.Instead, "abd") {
		t.Errorf("other output: %v %+v", err, r)
	}
	for name, x := range map[string]struct {
		old, new string
		what     string
	}{
		"order":  {"x = time.time()\nprint('end', x)", "import os; os.urandom(4); x = 1\nprint('e')", ""},
		"fuel":   {"x = time.time()", "x = abs(time.time())", ""},
		"end":    {"print('end', x)", "print('end', x); time.time()", ""},
		"result": {"print('end', x)\n", "print('end', x)\n7", ""},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := replayOf(t, rt, runtime.WithProgram(t, rt, b.Bytes(), strings.Replace(program, x.old, x.new, 1)))
			if err != nil {
				t.Fatal(err)
			}
			d := r.Divergence
			if d == nil || d.Event < 1 || d.Recorded == "" || d.Instead == "" || d.Recorded == d.Instead || x.what != "" && d.What != x.what {
				t.Errorf("%+v", d)
			}
			t.Log(d)
		})
	}
}

// failing is a disk that is full after so many bytes.
type failing struct{ left int }

var errFull = errors.New("no space left on device")

func (f *failing) Write(p []byte) (int, error) {
	if len(p) > f.left {
		n := f.left
		f.left = 0
		return n, errFull
	}
	f.left -= len(p)
	return len(p), nil
}

func TestRecordingOnAFullDisk(t *testing.T) {
	rt := sharedRuntime(t)
	size := len(sample(t, rt))
	var calls atomic.Int64
	m := compiled(t, compiler.Python, "import time, tools, os\nfor i in range(5):\n    print(time.time(), tools.lookup(str(i)), os.urandom(20000).hex()[:4])\n")
	for _, room := range []int{0, 10, 600, size / 2, size - 2000, size - 300} {
		r, err := rt.Run(context.Background(), m, runtime.Options{Tools: slowTools(t, &calls), Policy: allowing(t, "version: 1\ntools: [{name: lookup}]\n"), Recording: &failing{room}})
		if !errors.Is(err, errFull) || r == nil || r.Status != runtime.Fault {
			t.Errorf("room for %d of %d bytes: %v %v", room, size, err, r)
		}
	}
}

// TestRecordingIsBounded ends a run that would record more than it may, says so, and leaves a recording that replays to that place.
func TestRecordingIsBounded(t *testing.T) {
	rt := sharedRuntime(t)
	var b bytes.Buffer
	r, err := rt.Run(context.Background(), compiled(t, compiler.Python, "import os\nwhile True: os.urandom(1000)"), runtime.Options{Recording: &b, RecordLimit: 100_000})
	if err != nil || r.Status != runtime.Exhausted || r.Error.Kind != runtime.KindStorage || !strings.Contains(r.Error.Message, "recording") {
		t.Fatalf("%v %s", err, r.JSON())
	}
	if b.Len() > 200_000 {
		t.Errorf("%d bytes", b.Len())
	}
	same(t, r, repeated(t, rt, b.Bytes()).Report)
}

// TestRecordingCounts: the memory that recording takes is the run's.
func TestRecordingCounts(t *testing.T) {
	rt := sharedRuntime(t)
	m := compiled(t, compiler.Python, "1")
	plain, err := rt.Run(context.Background(), m, runtime.Options{})
	if err != nil {
		t.Fatal(err)
	}
	with, _ := recorded(t, rt, m, runtime.Options{})
	if more := with.Usage.Memory.PeakBytes - plain.Usage.Memory.PeakBytes; more < 1<<20 {
		t.Errorf("recording takes %d bytes", more)
	}
	if with.Usage.Fuel.Used != plain.Usage.Fuel.Used {
		t.Errorf("recording costs fuel: %d and %d", with.Usage.Fuel.Used, plain.Usage.Fuel.Used)
	}
}

// TestRecordingHoldsNoSecret: a secret that the policy granted stands in no recording and in no state of a suspended run, although the server sends it back
// and the program guesses it.
func TestRecordingHoldsNoSecret(t *testing.T) {
	const secret = "tok/4f9a+Zebra=77"
	s := newSite(t, func(w nethttp.ResponseWriter, r *nethttp.Request) {
		token := r.Header.Get("Authorization")
		w.Header().Set("X-Echo", token)
		if r.URL.Path == "/base64" {
			io.WriteString(w, base64.StdEncoding.EncodeToString([]byte(token)))
			return
		}
		json.NewEncoder(w).Encode(map[string]any{"headers": r.Header})
	})
	rt, err := runtime.New(context.Background(), runtime.Config{LookupEnv: func(name string) (string, bool) { return secret, name == "API_TOKEN" }})
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close(context.Background())
	policy := allowing(t, fmt.Sprintf("version: 1\nnetwork:\n  - host: 127.0.0.1:%d\n    schemes: [http]\n    private: true\n    secrets: {Authorization: \"Bearer ${API_TOKEN}\"}\ntools: [{name: send, approve: true}]\n", s.port()))
	dir := t.TempDir()
	o := runtime.Options{Policy: policy, Tools: ledger(t, filepath.Join(dir, "book")), SuspendDir: filepath.Join(dir, "waiting"), Input: json.RawMessage(`"` + s.URL + `"`)}
	m := compiled(t, compiler.Python, "import requests, tools\nfor path in ['/json', '/base64']:\n    r = requests.get(INPUT + path)\n    print(r.status_code, dict(r.headers), r.text)\ntools.send('x')\n")
	first, err := rt.Run(context.Background(), m, o)
	if err != nil || first.Status != runtime.Suspended {
		t.Fatalf("%v %s", err, first.JSON())
	}
	states, _ := filepath.Glob(filepath.Join(dir, "waiting", "*"))
	if len(states) != 1 {
		t.Fatal(states)
	}
	state, err := os.ReadFile(states[0])
	if err != nil {
		t.Fatal(err)
	}
	var recording bytes.Buffer
	resumed := o
	resumed.SuspendDir, resumed.Recording = "", &recording
	last, err := rt.Resume(context.Background(), o.SuspendDir, first.Suspension.Token, yes(), resumed)
	if err != nil || last.Status != runtime.Completed {
		t.Fatalf("%v %s", err, last.JSON())
	}
	for name, b := range map[string][]byte{"state": contents(t, state), "recording": contents(t, recording.Bytes())} {
		for _, form := range []string{secret, base64.StdEncoding.EncodeToString([]byte("Bearer " + secret))[4:24], "tok%2F4f9a"} {
			if bytes.Contains(b, []byte(form)) {
				t.Errorf("the secret is in the %s as %s", name, form)
			}
		}
		if !bytes.Contains(b, []byte("[secret API_TOKEN]")) {
			t.Errorf("the %s does not say where a secret was", name)
		}
	}
	requests := len(s.seen)
	if r := repeated(t, rt, recording.Bytes()); r.Report.Stdout != last.Stdout || len(s.seen) != requests {
		t.Errorf("%d requests, %s", len(s.seen), r.Report.Stdout)
	}
}

// TestVirtualRunsAreTheSame has calls side by side that end in another order each time: in virtual time nothing of that shows.
func TestVirtualRunsAreTheSame(t *testing.T) {
	rt := sharedRuntime(t)
	var n atomic.Int64
	delay := hostfuncs.Tool("delay", "Waits.", func(_ context.Context, in struct {
		Name string `json:"name"`
	}) (string, error) {
		if n.Add(1)%3 == 0 {
			busy := 0
			for i := range 2_000_000 {
				busy += i
			}
			_ = busy
		}
		return in.Name, nil
	})
	tools, err := hostfuncs.NewRegistry(delay)
	if err != nil {
		t.Fatal(err)
	}
	o := runtime.Options{Tools: tools, Policy: allowing(t, "version: 1\nclock: virtual\nrandom: seeded\ntools: [{name: delay}, {name: random.*}, {name: clock.*}]\n")}
	for language, program := range map[compiler.Language]string{
		compiler.Python: `
import asyncio, os, random, tempfile, time, tools, uuid
async def one(name):
    x = await tools.aio.delay(name)
    print(x, time.time())
    return x
async def main():
    return await asyncio.gather(*[one(str(i)) for i in range(12)], asyncio.sleep(0.5))
print(asyncio.run(main()), random.random(), uuid.uuid4(), os.urandom(3), tempfile.mkdtemp(), hash("a"), tools.random.integer(1, 10**9))
time.time()
`,
		compiler.JavaScript: `
console.log(await Promise.all([...Array(12).keys()].map(async i => { const x = await tools.delay({name: String(i)}); console.log(x, Date.now()); return x })), Math.random(), crypto.randomUUID());
await new Promise(r => setTimeout(r, 1000)); Date.now()
`,
	} {
		t.Run(string(language), func(t *testing.T) {
			m := compiled(t, language, program)
			var first map[string]any
			for i := range 6 {
				r, err := rt.Run(context.Background(), m, o)
				if err != nil || r.Status != runtime.Completed {
					t.Fatalf("%v %s", err, r.JSON())
				}
				if got := stripped(t, r); i == 0 {
					first = got
				} else if d := cmp.Diff(first, got); d != "" {
					t.Fatalf("run %d differs from the first one:\n%s", i+1, d)
				}
			}
		})
	}
}

func TestRecordedTurn(t *testing.T) {
	rt := sharedRuntime(t)
	ctx := context.Background()
	session, err := rt.NewSession(ctx, runtime.SessionOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	for i, text := range []string{"import random, time\nx = [random.random(), time.time()]", "y = random.random()\nopen('f', 'w').write(str(y))\nprint(x, y, time.time())\ny"} {
		m, _, err := rt.Compile(ctx, session.Source(text))
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		r, err := session.Run(ctx, m, runtime.TurnOptions{Recording: &b})
		if err != nil || r.Status != runtime.Completed {
			t.Fatalf("turn %d: %v %s", i+1, err, r.JSON())
		}
		again := repeated(t, rt, b.Bytes())
		if again.Report.Stdout != r.Stdout || !bytes.Equal(again.Report.Result, r.Result) || again.Report.Usage.Fuel != r.Usage.Fuel {
			t.Errorf("turn %d: %s", i+1, again.Report.JSON())
		}
	}
}

// FuzzRecording: whatever a file holds, it is refused with a reason or repeated; real recordings and their beginnings are the seeds.
func FuzzRecording(f *testing.F) {
	rt := sharedRuntime(f)
	good := small(f, rt)
	f.Add(good)
	f.Add(good[:len(good)/2])
	f.Add(good[:9])
	f.Fuzz(func(t *testing.T, in []byte) {
		err := runtime.ReadRecording(rt, in) // all that Replay does before anything runs
		var e *runtime.RecordingError
		if err != nil && (!errors.As(err, &e) || e.Reason == "" || e.Detail == "") {
			t.Errorf("refused without a reason: %v", err)
		}
	})
}

// FuzzResealed is FuzzRecording behind the seal: events that their author wrote wrongly.
func FuzzResealed(f *testing.F) {
	rt := sharedRuntime(f)
	good := small(f, rt)
	for _, events := range runtime.EventsOf(f, rt, good) {
		f.Add(events)
	}
	f.Fuzz(func(t *testing.T, events []byte) {
		r, err := replayOf(t, rt, runtime.WithEvents(t, rt, good, events))
		var e *runtime.RecordingError
		if err != nil && !errors.As(err, &e) {
			t.Errorf("neither refused nor a divergence: %v", err)
		}
		if err == nil && r.Report == nil {
			t.Error("no report")
		}
	})
}

// FuzzToken: every text is refused with its reason, but for the tokens of runs.
func FuzzToken(f *testing.F) {
	s := newSuspending(f)
	token := s.waits(s.run(compiler.Python, "import tools\ntools.send('b')"), "send")
	f.Add(token)
	f.Add(token[:20])
	f.Add(strings.ToUpper(token))
	f.Add("wand_" + strings.Repeat("0", 52))
	f.Add("../../etc/passwd")
	f.Fuzz(func(t *testing.T, in string) {
		_, err := s.rt.Resume(context.Background(), s.dir, in, nil, s.o)
		var e *runtime.TokenError
		if !errors.As(err, &e) || e.Reason == "" || e.Detail == "" {
			t.Errorf("%q: %v", in, err)
		}
		if strings.TrimSpace(in) != token && (e.Reason == runtime.TokenAnswer || e.Reason == runtime.TokenAnswered) {
			t.Errorf("%q was taken for another token: %v", in, err)
		}
	})
}
