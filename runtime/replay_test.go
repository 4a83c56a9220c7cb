package runtime_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wand/compiler"
	"wand/hostfuncs"
	"wand/policies"
	"wand/runtime"
)

func compiled(t testing.TB, language compiler.Language, text string) *compiler.Module {
	t.Helper()
	m, diagnostics, err := compiler.Compile(context.Background(), compiler.Source{Language: language, Text: []byte(text)})
	if err != nil || m == nil {
		t.Fatalf("compile: %v %v", err, diagnostics)
	}
	return m
}

// recorded runs a program and returns its report with the recording.
func recorded(t testing.TB, rt *runtime.Runtime, m *compiler.Module, o runtime.Options) (*runtime.Report, []byte) {
	t.Helper()
	var b bytes.Buffer
	o.Recording = &b
	report, err := rt.Run(context.Background(), m, o)
	if err != nil {
		t.Fatal(err)
	}
	return report, b.Bytes()
}

// repeated replays a recording, which has to go as recorded.
func repeated(t testing.TB, rt *runtime.Runtime, recording []byte) *runtime.Replayed {
	t.Helper()
	r, err := rt.Replay(context.Background(), bytes.NewReader(recording), runtime.ReplayOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Divergence != nil {
		t.Fatalf("it diverged: %v", r.Divergence)
	}
	return r
}

// same compares what two reports say of the program.
func same(t testing.TB, a, b *runtime.Report) {
	t.Helper()
	if d := cmp.Diff(stripped(t, a), stripped(t, b)); d != "" {
		t.Errorf("the reports differ (-recorded +repeated):\n%s", d)
	}
}

// stripped is a report as JSON without its id and its times.
func stripped(t testing.TB, r *runtime.Report) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(r.JSON(), &m); err != nil {
		t.Fatal(err)
	}
	delete(m, "id")
	usage := m["usage"].(map[string]any)
	delete(usage, "wall_ms")
	delete(usage, "startup_us")
	if calls, ok := m["calls"].([]any); ok {
		for _, c := range calls {
			delete(c.(map[string]any), "duration_ms")
		}
	}
	return m
}

// outside is what a program can learn that no program holds.
const outsidePython = `
import os, random, secrets, sys, time, uuid
print(time.time(), time.monotonic(), time.perf_counter(), random.random(), secrets.token_hex(8), uuid.uuid4())
started = time.monotonic()
time.sleep(0.01)
print(time.monotonic() - started, file=sys.stderr)
print(sys.stdin.readline(), sys.argv[1:], os.environ["WHO"], INPUT, open("data.txt").read())
open("made.txt", "w").write(str(time.time()))
os.stat("made.txt").st_mtime_ns + len(sys.stdin.read())
`

func TestReplayRepeatsWhatComesFromOutside(t *testing.T) {
	rt := sharedRuntime(t)
	o := runtime.Options{
		Args: []string{"a", "b"}, Env: map[string]string{"WHO": "me"}, Input: json.RawMessage(`{"n": 3}`), Stdin: strings.NewReader("first\nsecond\nthird"),
		Files: []runtime.File{{Path: "data.txt", Data: []byte("data")}},
	}
	report, recording := recorded(t, rt, compiled(t, compiler.Python, outsidePython), o)
	if report.Status != runtime.Completed {
		t.Fatal(report.Feedback(0))
	}
	r := repeated(t, rt, recording)
	same(t, report, r.Report)
	same(t, report, r.Recorded)
	if r.Events < 10 {
		t.Errorf("%d events", r.Events)
	}
}

func TestReplayJavaScript(t *testing.T) {
	rt := sharedRuntime(t)
	report, recording := recorded(t, rt, compiled(t, compiler.TypeScript, `
const when: number = Date.now()
console.log(when, performance.now(), Math.random(), crypto.randomUUID())
await new Promise(done => setTimeout(done, 5))
console.error(Date.now() - when > 1)
`), runtime.Options{})
	if report.Status != runtime.Completed {
		t.Fatal(report.Feedback(0))
	}
	same(t, report, repeated(t, rt, recording).Report)
}

// slowTools are tools that take their time, and count.
func slowTools(t testing.TB, calls *atomic.Int64) *hostfuncs.Registry {
	t.Helper()
	lookup := hostfuncs.Tool("lookup", "Looks something up.", func(_ context.Context, in struct {
		Key string `json:"key"`
		MS  int    `json:"ms" default:"0"`
	}) (string, error) {
		calls.Add(1)
		time.Sleep(time.Duration(in.MS) * time.Millisecond)
		if in.Key == "bad" {
			return "", errors.New("no such key")
		}
		return fmt.Sprintf("%s at %d", in.Key, time.Now().UnixNano()), nil
	})
	tools, err := hostfuncs.NewRegistry(lookup)
	if err != nil {
		t.Fatal(err)
	}
	return tools
}

func allowing(t testing.TB, text string) *policies.Policy {
	t.Helper()
	p, err := policies.Parse("policy.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestReplayCallsNoTool(t *testing.T) {
	rt := sharedRuntime(t)
	var calls atomic.Int64
	o := runtime.Options{Tools: slowTools(t, &calls), Policy: allowing(t, "version: 1\ntools: [{name: lookup}, {name: kv.*}, {name: log.*}, {name: clock.*}, {name: run}]\nkv: {namespace: a}\nrun: {max_depth: 1}\n")}
	for name, program := range map[string]string{
		"python": `
import asyncio, time
import tools
print(tools.lookup("one"))
try:
    tools.lookup("bad")
except Exception as e:
    print(type(e), e)
try:
    tools.forbidden(x=1)
except Exception as e:
    print(type(e), e)
async def main():
    print(await asyncio.gather(tools.aio.lookup("a", 30), tools.aio.lookup("b", 5), tools.aio.lookup("c", 1)))
    done, pending = await asyncio.wait([asyncio.create_task(tools.aio.lookup("slow", 80)), asyncio.create_task(tools.aio.lookup("fast", 1))], timeout=0.02)
    print(len(done), len(pending))
asyncio.run(main())
tools.fs.write("note.txt", "by a tool")
tools.kv.set("k", 1)
tools.log.info("hello")
print(open("note.txt").read(), tools.kv.get("k"), tools.fs.stat("note.txt"))
tools.run("print(1)\nsum(range(1000))")["fuel"]
`,
		"javascript": `
console.log(await tools.lookup({key: 'one'}))
console.log(await Promise.all([tools.lookup({key: 'a', ms: 20}), tools.lookup({key: 'b', ms: 1})]))
try { await tools.lookup({key: 'bad'}) } catch (e) { console.log(e.message) }
console.log(await Promise.race([tools.lookup({key: 'slow', ms: 50}), tools.lookup({key: 'fast', ms: 1})]))
`,
	} {
		t.Run(name, func(t *testing.T) {
			calls.Store(0)
			report, recording := recorded(t, rt, compiled(t, compiler.Language(name), program), o)
			if report.Status != runtime.Completed {
				t.Fatal(report.Feedback(0))
			}
			made := calls.Load()
			r := repeated(t, rt, recording)
			if calls.Load() != made || made < 4 {
				t.Errorf("%d calls when it was recorded, %d with the replay", made, calls.Load())
			}
			got, want := stripped(t, r.Report), stripped(t, report)
			// What the host held at a time depends on when tools ended.
			delete(got["usage"].(map[string]any), "memory")
			delete(want["usage"].(map[string]any), "memory")
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestReplayNeedsNoMount(t *testing.T) {
	rt := sharedRuntime(t)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "in.txt"), []byte("one\ntwo\nthree\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := allowing(t, fmt.Sprintf("version: 1\nfiles: [{host: %s, guest: /data, access: write}]\n", dir))
	report, recording := recorded(t, rt, compiled(t, compiler.Python, `
import os, shutil
import tools
print(os.listdir("/"), sorted(os.listdir("/data")), os.stat("/data/in.txt").st_size, os.path.exists("/data/none"))
with open("/data/in.txt") as f:
    print(f.readline(), f.tell(), f.read())
with open("/data/out.txt", "w") as f:
    f.write("x" * 100_000)
os.rename("/data/out.txt", "/data/moved.txt")
with open("/data/moved.txt", "a+") as f:
    f.write("more")
    f.seek(0)
    print(len(f.read()))
shutil.copy("/data/in.txt", "/work/copy.txt")
print(open("/work/copy.txt").read(), tools.fs.read("/data/in.txt"), tools.fs.write("/data/tool.txt", "t"))
try:
    os.mkdir("/data/in.txt")
except OSError as e:
    print(e)
os.makedirs("/data/a/b")
os.walk("/data")
open("/data/../work/round.txt", "w").write("about")
print(open("/work/round.txt").read())
for root, folders, files in os.walk("/data"):
    print(root, sorted(folders), sorted(files))
`), runtime.Options{Policy: p})
	if report.Status != runtime.Completed {
		t.Fatal(report.Feedback(0), report.Stderr)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	r := repeated(t, rt, recording)
	got, want := stripped(t, r.Report), stripped(t, report)
	delete(got["usage"].(map[string]any), "memory") // of open files on the host
	delete(want["usage"].(map[string]any), "memory")
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestReplayStopsWhereTheRunDid(t *testing.T) {
	rt := sharedRuntime(t)
	for name, x := range map[string]struct {
		program string
		limits  runtime.Limits
		status  runtime.Status
	}{
		"fuel":                {"while True: pass", runtime.Limits{Fuel: 300_000_000}, runtime.Exhausted},
		"deadline, computing": {"import time\nprint(time.time())\nwhile True: pass", runtime.Limits{Deadline: 300 * time.Millisecond, Fuel: 1 << 50}, runtime.Exhausted},
		"deadline, sleeping":  {"import time\ntime.sleep(60)", runtime.Limits{Deadline: 200 * time.Millisecond}, runtime.Exhausted},
		"memory":              {"x = []\nwhile True: x.append('a' * 1_000_000 + str(len(x)))", runtime.Limits{Memory: 64 << 20}, runtime.Exhausted},
		"output":              {"while True: print('x' * 1000)", runtime.Limits{Output: 50_000}, runtime.Exhausted},
		"exception":           {"import time\n1 / (time.time() * 0)", runtime.Limits{}, runtime.Failed},
		"exit":                {"import sys\nsys.exit(3)", runtime.Limits{}, runtime.Failed},
		"syntax":              {"def (", runtime.Limits{}, runtime.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report, recording := recorded(t, rt, compiled(t, compiler.Python, x.program), runtime.Options{Limits: x.limits})
			if report.Status != x.status {
				t.Fatal(report.Feedback(0))
			}
			same(t, report, repeated(t, rt, recording).Report)
		})
	}
}

func TestReplayOfACommand(t *testing.T) {
	rt := sharedRuntime(t)
	m := compiled(t, compiler.Wasm, wat(t, `(module
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\10\00\00\00\08\00\00\00")
  (func (export "_start") (drop (call $random (i32.const 16) (i32.const 8))) (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 12)))))`))
	report, recording := recorded(t, rt, m, runtime.Options{})
	if report.Status != runtime.Completed || report.Stdout == "" {
		t.Fatal(report.Feedback(0))
	}
	same(t, report, repeated(t, rt, recording).Report)
}

// TestHumanEvalReplay is the promise that recordings are for.
func TestHumanEvalReplay(t *testing.T) {
	rows := dataset(t, "humaneval/HumanEval.jsonl.gz")
	rt := sharedRuntime(t)
	var mu sync.Mutex
	events, bytes, fuel := 0, 0, int64(0)
	passed := each(t, rows, func(_ int, row map[string]any) error {
		m, _, err := compiler.Compile(context.Background(), compiler.Source{Language: compiler.Python, Text: fmt.Appendf(nil, "%s%s\n%s\ncheck(%s)\n", row["prompt"], row["canonical_solution"], row["test"], row["entry_point"])})
		if err != nil {
			return err
		}
		report, recording := recorded(t, rt, m, runtime.Options{})
		r := repeated(t, rt, recording)
		same(t, report, r.Report)
		mu.Lock()
		defer mu.Unlock()
		events, bytes, fuel = events+r.Events, bytes+len(recording), fuel+r.Report.Usage.Fuel.Used
		if report.Status != runtime.Completed {
			return errors.New(report.Feedback(0))
		}
		return nil
	})
	t.Logf("%d of %d programs recorded and replayed: %d events, %d bytes of recordings, %d units of fuel", passed, len(rows), events, bytes, fuel)
}

// TestHumanEvalTwiceLive is the promise of virtual time and seeded randomness.
func TestHumanEvalTwiceLive(t *testing.T) {
	rows := dataset(t, "humaneval/HumanEval.jsonl.gz")
	rt := sharedRuntime(t)
	o := runtime.Options{Policy: allowing(t, "version: 1\nclock: virtual\nrandom: seeded\n")}
	passed := each(t, rows, func(_ int, row map[string]any) error {
		m, _, err := compiler.Compile(context.Background(), compiler.Source{Language: compiler.Python, Text: fmt.Appendf(nil, "%s%s\n%s\nimport random, time, os\nprint(random.random(), time.time(), os.urandom(4))\ncheck(%s)\n", row["prompt"], row["canonical_solution"], row["test"], row["entry_point"])})
		if err != nil {
			return err
		}
		var reports [2]*runtime.Report
		for i := range reports {
			if reports[i], err = rt.Run(context.Background(), m, o); err != nil {
				return err
			}
		}
		same(t, reports[0], reports[1])
		return nil
	})
	t.Logf("%d of %d programs twice: identical reports", passed, len(rows))
}
