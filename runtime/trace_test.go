package runtime_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/jsonschema-go/jsonschema"

	"wand/compiler"
	"wand/runtime"
)

// traceSchema is the schema of one line of a trace.
func traceSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	line := &jsonschema.Schema{Schema: "https://json-schema.org/draft/2020-12/schema", Title: runtime.TraceSchema, Description: "one line of a trace: first a header, then events, last the end"}
	for _, one := range []func(*jsonschema.ForOptions) (*jsonschema.Schema, error){jsonschema.For[runtime.TraceHeader], jsonschema.For[runtime.TraceEvent], jsonschema.For[runtime.TraceEnd]} {
		schema, err := one(nil)
		if err != nil {
			t.Fatal(err)
		}
		neverNull(schema)
		line.OneOf = append(line.OneOf, schema)
	}
	return line
}

// TestTraceSchema keeps trace.schema.json, the published contract, and the Go types one.
func TestTraceSchema(t *testing.T) {
	got, err := json.MarshalIndent(traceSchema(t), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "trace.schema.json", append(got, '\n'))
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is another; if the change is meant: go test ./runtime -run Trace -update\n%s", name, got)
	}
}

// readTrace takes a trace to pieces, and checks that it is one.
func readTrace(t *testing.T, text []byte) (events []runtime.TraceEvent, end runtime.TraceEnd) {
	t.Helper()
	schema, err := traceSchema(t).Resolve(nil)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 1<<20)
	for n := 0; lines.Scan(); n++ {
		var value any
		if err := json.Unmarshal(lines.Bytes(), &value); err != nil {
			t.Fatalf("line %d is no JSON: %v", n+1, err)
		}
		if n < 2000 {
			if err := schema.Validate(value); err != nil {
				t.Fatalf("line %d does not follow the schema: %v\n%s", n+1, err, lines.Bytes())
			}
		}
		if n == 0 {
			continue
		}
		var e runtime.TraceEvent
		if json.Unmarshal(lines.Bytes(), &e); e.Seq == 0 {
			if err := json.Unmarshal(lines.Bytes(), &end); err != nil || lines.Scan() {
				t.Fatalf("line %d is no event, and not the end: %v", n+1, err)
			}
			break
		}
		if e.Seq != int64(n) {
			t.Fatalf("line %d has the number %d", n+1, e.Seq)
		}
		if len(lines.Bytes()) > 16<<10 || len(e.Changed) > 16 {
			t.Errorf("line %d is too large", n+1)
		}
		for name, value := range e.Changed {
			if len(value) > 90 || len(name) > 90 {
				t.Errorf("variable %q of line %d is too long", name, n+1)
			}
		}
		events = append(events, e)
	}
	if end.Status == "" || end.Events != int64(len(events)) {
		t.Fatalf("the trace ends with %+v after %d events", end, len(events))
	}
	return events, end
}

// trace runs a program and returns its trace.
func trace(t *testing.T, rt *runtime.Runtime, language compiler.Language, text string, o runtime.Options) (*runtime.Report, []runtime.TraceEvent, runtime.TraceEnd) {
	t.Helper()
	var to bytes.Buffer
	o.Trace = &to
	r := start(t, rt, language, text, o)
	events, end := readTrace(t, to.Bytes())
	if r.Trace == nil || r.Trace.Events != end.Events || r.Trace.Dropped != end.Dropped || end.Status != r.Status {
		t.Errorf("the report says %+v of a trace that ends with %+v", r.Trace, end)
	}
	return r, events, end
}

// TestTraces compares the traces of the programs in testdata/traces with those beside them.
func TestTraces(t *testing.T) {
	rt := sharedRuntime(t)
	files, err := filepath.Glob("../testdata/traces/*.??")
	if err != nil || len(files) < 10 {
		t.Fatal("no programs", err)
	}
	for _, file := range files {
		if filepath.Ext(file) == ".md" {
			continue
		}
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var to bytes.Buffer
			r, err := attempt(t, rt, compiler.Source{Name: filepath.Base(file), Text: text}, runtime.Options{Trace: &to, Coverage: true})
			if err != nil {
				t.Fatal(err)
			}
			checkSchemaOf(t, r)
			events, _ := readTrace(t, to.Bytes())
			// What the trace and the coverage say of lines is the same.
			counts := map[int]int64{}
			for _, e := range events {
				if e.Event == "line" {
					counts[e.Line]++
				}
			}
			for _, l := range r.Coverage.Lines {
				if l.Count != counts[l.Line] {
					t.Errorf("line %d ran %d times, and the trace has it %d times", l.Line, l.Count, counts[l.Line])
				}
				delete(counts, l.Line)
			}
			if len(counts) > 0 {
				t.Errorf("lines of the trace that did not run: %v", counts)
			}
			if r.Error != nil && strings.Contains(r.Error.Message, "the trace ran my code") {
				t.Error(r.Error.Message)
			}
			to.WriteString(fmt.Sprintf("missed %v\n", r.Coverage.Missed))
			golden(t, file+".trace", to.Bytes())
		})
	}
}

// TestTraceChangesNothing: the programs of testdata/cases end traced as they do otherwise.
func TestTraceChangesNothing(t *testing.T) {
	rt := sharedRuntime(t)
	files, err := filepath.Glob("../testdata/cases/*/*.*")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		comment := map[string]string{".py": "#", ".js": "//", ".mjs": "//", ".ts": "//", ".tsx": "//"}[filepath.Ext(file)]
		if comment == "" {
			continue
		}
		t.Run(filepath.Base(filepath.Dir(file))+"/"+filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			e := parseCase(t, string(text), comment)
			var to bytes.Buffer
			e.options.Trace, e.options.TraceEvents, e.options.Coverage = &to, 5000, true
			r, err := attempt(t, rt, compiler.Source{Name: filepath.Base(file), Text: text}, e.options)
			if err != nil {
				t.Fatal(err)
			}
			if wrong := e.compare(r); wrong != nil {
				t.Errorf("%s\n%s", strings.Join(wrong, "\n"), r.Feedback(0))
			}
			readTrace(t, to.Bytes())
		})
	}
}

// TestTraceOfHostilePrograms: the corpus of hostile programs ends traced as it does otherwise, or earlier by its fuel.
func TestTraceOfHostilePrograms(t *testing.T) {
	needGuests(t)
	rt, err := runtime.New(context.Background(), runtime.Config{Limits: attackLimits})
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close(context.Background())
	for _, folder := range []string{"python", "javascript"} {
		for _, a := range readAttacks(t, folder) {
			t.Run(folder+"/"+a.name, func(t *testing.T) {
				var to bytes.Buffer
				source := compiler.Source{Name: "main" + extension(a.language), Language: a.language, Text: a.text}
				r, refused := attempt(t, rt, source, runtime.Options{Limits: a.limits, SpillDir: t.TempDir(), Trace: &to, TraceEvents: 2000, Coverage: true})
				got := outcome(r, refused)
				if got != "exhausted fuel" && got != "exhausted deadline" && !slices.ContainsFunc(a.expect, func(want string) bool { return got == want || strings.HasPrefix(got, want+" ") }) {
					t.Errorf("%s\nended as %q\nwant     %s", a.about, got, strings.Join(a.expect, " | "))
				}
				if refused == nil {
					readTrace(t, to.Bytes())
					if r.Usage.Memory.PeakBytes > r.Usage.Memory.LimitBytes {
						t.Errorf("used more than a limit: %+v", r.Usage)
					}
				}
			})
		}
	}
}

// TestTraceIsBounded: a loop that never ends has a trace of the length that was asked for, and ends with its fuel.
func TestTraceIsBounded(t *testing.T) {
	t.Parallel()
	rt := sharedRuntime(t)
	for language, text := range map[compiler.Language]string{
		compiler.Python:     "i = 0\nwhile True:\n    i += 1\n",
		compiler.JavaScript: "let i = 0;\nwhile (true) {\n  i += 1;\n}\n",
	} {
		r, events, end := trace(t, rt, language, text, runtime.Options{TraceEvents: 1000, Limits: runtime.Limits{Fuel: 200_000_000}, Coverage: true})
		wants(t, r, "exhausted fuel")
		if len(events) != 1000 || end.Dropped < 1000 {
			t.Errorf("%s: %d events, %d dropped", language, len(events), end.Dropped)
		}
		if l := r.Coverage.Lines[len(r.Coverage.Lines)-1]; l.Line != 3 || l.Count < 1000 {
			t.Errorf("%s: coverage %+v", language, r.Coverage)
		}
		var total int64
		for _, l := range r.Coverage.Lines {
			total += l.Count
		}
		if got := end.Events + end.Dropped; got != total && got != total+1 { // the call of the program itself
			t.Errorf("%s: %d events in all, and %d lines ran", language, got, total)
		}
		if len(r.Profile) == 0 {
			t.Errorf("%s: no profile", language)
		}
	}
	// Wide: many and large variables.
	r, events, _ := trace(t, rt, compiler.Python, "for i in range(500): exec(f'v{i} = \"x\" * {i}000')\na = 'y' * 10**7\nb = list(range(10**6))\nc = {i: b for i in range(1000)}\nc[0] = c\nd = 1 << 10**6\nd\n", runtime.Options{})
	wants(t, r, "completed")
	if last := events[len(events)-1]; last.Event != "return" || last.Depth != 1 {
		t.Errorf("the last event is %+v", last)
	}
	var wide bytes.Buffer
	r = start(t, rt, compiler.Python, "a = b = c = d = e = f = g = h = 'x' * 100\nwhile True:\n    a, b, c, d, e, f, g, h = h + 'x', a, b, c, d, e, f, g\n    a = a[1:]\n", runtime.Options{
		Trace: &wide, TraceEvents: 1 << 40, Limits: runtime.Limits{Fuel: 400_000_000_000, Deadline: 2 * time.Second}})
	if wide.Len() > runtime.MaxTraceBytes+1<<10 {
		t.Errorf("a trace of %d bytes", wide.Len())
	}
	wants(t, r, "exhausted deadline")
}

// TestTraceIsDeterministic: two runs with the same inputs have the same trace and burn the same, whatever the slices are.
func TestTraceIsDeterministic(t *testing.T) {
	t.Parallel()
	needGuests(t)
	for _, file := range []string{"generators.py", "exceptions.py", "generators.js", "typed.ts"} {
		text, err := os.ReadFile("../testdata/traces/" + file)
		if err != nil {
			t.Fatal(err)
		}
		var want string
		for _, slice := range []int64{0, 30_000} {
			rt, err := runtime.New(context.Background(), runtime.Config{FuelSlice: slice})
			if err != nil {
				t.Fatal(err)
			}
			var to bytes.Buffer
			r, err := attempt(t, rt, compiler.Source{Name: file, Text: text}, runtime.Options{Trace: &to, Seed: new([32]byte)})
			if err != nil {
				t.Fatal(err)
			}
			got := fmt.Sprint(r.Usage.Fuel.Used, to.String())
			if want == "" {
				want = got
			}
			if got != want {
				t.Errorf("%s: %s\nwant %s", file, got, want)
			}
			rt.Close(context.Background())
		}
	}
}

// TestTraceOffIsFree: a run that asks for nothing burns the same after a traced one as before, and a little is all that coverage costs.
func TestTraceOffIsFree(t *testing.T) {
	t.Parallel()
	rt := sharedRuntime(t)
	for language, text := range map[compiler.Language]string{
		compiler.Python:     "def f(n):\n    return n if n < 2 else f(n - 1) + f(n - 2)\nf(15)\n",
		compiler.JavaScript: "function f(n) {\n  return n < 2 ? n : f(n - 1) + f(n - 2);\n}\nf(15)\n",
	} {
		o := runtime.Options{Seed: new([32]byte)}
		before := start(t, rt, language, text, o).Usage.Fuel.Used
		traced, _, _ := trace(t, rt, language, text, o)
		if after := start(t, rt, language, text, o).Usage.Fuel.Used; after != before {
			t.Errorf("%s: %d units of fuel after a traced run, %d before", language, after, before)
		}
		o.Coverage = true
		covered := start(t, rt, language, text, o).Usage.Fuel.Used
		t.Logf("%s: %d units of fuel, with coverage %.2f times as many, traced %.1f times", language, before, float64(covered)/float64(before), float64(traced.Usage.Fuel.Used)/float64(before))
		if covered >= traced.Usage.Fuel.Used {
			t.Errorf("%s: coverage costs %d, a trace %d", language, covered, traced.Usage.Fuel.Used)
		}
	}
}

// TestTraceCannotBeForged: a program can neither give events, nor stop those that there are, nor keep its own tracing from working.
func TestTraceCannotBeForged(t *testing.T) {
	t.Parallel()
	rt := sharedRuntime(t)
	for name, text := range map[string]string{
		"the import": "import _wand\nassert not hasattr(_wand, 'trace') and not hasattr(_wand, 'cover')\nx = 1\n",
		"the tool": `
import sys
m = sys.monitoring
for f, args in [(m.free_tool_id, (5,)), (m.register_callback, (5, m.events.LINE, None)), (m.set_events, (5, 0)), (m.use_tool_id, (5, 'mine')),
                (m.set_local_events, (5, (lambda: 1).__code__, 0)), (m.free_tool_id, (True + 4,))]:
    try:
        f(*args)
        raise SystemExit(f'{f} took it')
    except ValueError:
        pass
x = 1
`,
		"the callbacks": `
import gc
gc.unfreeze()
for o in gc.get_objects():
    if type(o) is type(len) and o.__name__ in ('line', 'start', 'return', 'raise') and o.__self__ is None:
        raise SystemExit(f'found {o}')
x = 1
`,
		"settrace": `
import sys
lines = []
def tracer(frame, event, arg):
    lines.append((event, frame.f_lineno))
    return tracer
def f():
    a = 1
    return a
sys.settrace(tracer)
f()
sys.settrace(None)
assert [e for e, _ in lines] == ['call', 'line', 'line', 'return'], lines
calls = []
sys.setprofile(lambda frame, event, arg: calls.append(event))
f()
sys.setprofile(None)
assert calls[:2] == ['call', 'return'], calls
m = sys.monitoring
seen = []
m.use_tool_id(2, 'mine')
m.register_callback(2, m.events.LINE, lambda code, line: seen.append(line))
m.set_events(2, m.events.LINE)
f()
m.set_events(2, 0)
m.free_tool_id(2)
assert len(seen) >= 2, seen
x = 1
`,
		"a module that raises in every method": `
class Evil:
    def __getattribute__(self, name): raise SystemExit('touched')
    def __repr__(self): raise SystemExit('touched')
    def __str__(self): raise SystemExit('touched')
    def __hash__(self): raise SystemExit('touched')
    def __eq__(self, other): raise SystemExit('touched')
    def __len__(self): raise SystemExit('touched')
    def __iter__(self): raise SystemExit('touched')
    def __bool__(self): raise SystemExit('touched')
class EvilInt(int):
    def __repr__(self):
        while True: pass
class EvilDict(dict):
    def items(self): raise SystemExit('touched')
    def __iter__(self): raise SystemExit('touched')
class Meta(type):
    def __repr__(cls): raise SystemExit('touched')
    def __getattribute__(cls, name): raise SystemExit('touched')
class EvilClass(metaclass=Meta): pass
class EvilError(Exception):
    def __str__(self): raise SystemExit('touched')
e = Evil()
many = [e, (e, {1: e})]
i = EvilInt(3)
d = EvilDict(a=e)
c = EvilClass
try:
    raise EvilError(e, 'q')
except EvilError as caught:
    pass
x = 1
`,
		"repr that deletes": `
class Evil:
    def __repr__(self):
        globals().clear()
        return 'gone'
for k in range(20):
    e = Evil()
    l = [e] * 5
x = 1
`,
	} {
		t.Run(name, func(t *testing.T) {
			r, events, _ := trace(t, rt, compiler.Python, text, runtime.Options{})
			if r.Status != runtime.Completed {
				t.Fatalf("%s", r.Feedback(0))
			}
			if last := events[len(events)-1]; last.Changed["x"] != "1" {
				t.Errorf("the last event is %+v", last)
			}
		})
	}
	r, events, _ := trace(t, rt, compiler.JavaScript, `
const touched = () => { throw new Error('touched'); };
const trap = new Proxy({}, { get: touched, has: touched, ownKeys: touched, getOwnPropertyDescriptor: touched, getPrototypeOf: touched });
const getters = { get a() { touched(); }, toString: touched, toJSON: touched, [Symbol.toPrimitive]: touched, get [Symbol.toStringTag]() { touched(); } };
class Evil { get name() { touched(); } static get name() { touched(); } }
const instance = new Evil();
const nested = [trap, { getters, instance }, new Map([[trap, getters]]), new Set([instance])];
Object.setPrototypeOf(getters, trap);
const inherits = Object.create(trap);
Object.defineProperty(Array.prototype, 0, { get: touched, set() {}, configurable: true });
Object.defineProperty(Object.prototype, 'message', { get: touched, configurable: true });
try { throw trap; } catch (e) {}
try { throw new (class extends Error { get message() { touched(); } })(); } catch (e) {}
delete Object.prototype.message;
const x = 1;
`, runtime.Options{})
	if r.Status != runtime.Completed {
		t.Fatalf("%s", r.Feedback(0))
	}
	if last := events[len(events)-1]; last.Changed["x"] != "1" {
		t.Errorf("the last event is %+v", last)
	}
}

type failingWriter struct{ room int }

func (w *failingWriter) Write(p []byte) (int, error) {
	if w.room -= len(p); w.room < 0 {
		return 0, errors.New("no space left")
	}
	return len(p), nil
}

// TestTraceThatCannotBeWritten: the program goes on, and the report says what is missing.
func TestTraceThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	r := start(t, sharedRuntime(t), compiler.Python, "for i in range(1000):\n    pass\ni\n", runtime.Options{Trace: &failingWriter{room: 500}})
	wants(t, r, "completed")
	if r.Trace == nil || !strings.Contains(r.Trace.Lost, "no space left") || r.Trace.Dropped == 0 {
		t.Errorf("the report says %+v", r.Trace)
	}
}

// TestTraceOfTurns: a session's turns are traced by themselves.
func TestTraceOfTurns(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	rt := sharedRuntime(t)
	for _, c := range []struct {
		language compiler.Language
		turns    []string
	}{
		{compiler.Python, []string{"a = 1\ndef f(n):\n    return n + a\n", "b = f(2)\na = 5\n", "c = b + f(1)\n"}},
		{compiler.JavaScript, []string{"let a = 1;\nfunction f(n) {\n  return n + a;\n}\n", "var b = f(2);\na = 5;\n", "const c = b + f(1);\n"}},
	} {
		s, err := rt.NewSession(ctx, runtime.SessionOptions{Language: c.language})
		if err != nil {
			t.Fatal(err)
		}
		for i, text := range c.turns {
			m, _, err := rt.Compile(ctx, s.Source(text))
			if err != nil {
				t.Fatal(err)
			}
			var to bytes.Buffer
			o := runtime.TurnOptions{Trace: &to, Coverage: true}
			if i == 1 {
				o = runtime.TurnOptions{}
			}
			r, err := s.Run(ctx, m, o)
			if err != nil || r.Status != runtime.Completed {
				t.Fatalf("%v %s", err, r.Feedback(0))
			}
			if i == 1 {
				if r.Trace != nil || r.Coverage != nil || to.Len() > 0 {
					t.Errorf("%s: a turn that asked for nothing was traced: %+v", c.language, r.Trace)
				}
				continue
			}
			events, _ := readTrace(t, to.Bytes())
			last := events[len(events)-1]
			if want := map[int]string{0: "1", 2: "9"}[i]; i == 2 && last.Changed["c"] != want {
				t.Errorf("%s: turn %d ends with %+v, want c = %s", c.language, i+1, last, want)
			}
			if len(r.Coverage.Lines) == 0 {
				t.Errorf("%s: turn %d has no coverage", c.language, i+1)
			}
		}
		s.Close()
	}
}

// TestCoverageOfBranches: which lines ran, and which did not.
func TestCoverageOfBranches(t *testing.T) {
	t.Parallel()
	rt := sharedRuntime(t)
	for language, text := range map[compiler.Language]string{
		compiler.Python:     "def f(x):\n    if x > 0:\n        return 1\n    return 2\nfor i in range(3):\n    f(1)\n",
		compiler.JavaScript: "function f(x) {\n  if (x > 0)\n    return 1;\n  return 2;\n}\nfor (const i of [1, 2, 3])\n  f(1);\n",
		compiler.TypeScript: "interface A {\n  x: number\n}\nfunction f(x: number): number {\n  if (x > 0)\n    return 1;\n  return 2;\n}\nfor (const i of [1, 2, 3]) f(1);\n",
	} {
		r := start(t, rt, language, text, runtime.Options{Coverage: true})
		want := map[compiler.Language]string{compiler.Python: "[4]", compiler.JavaScript: "[4]", compiler.TypeScript: "[7]"}[language]
		if got := fmt.Sprint(r.Coverage.Missed); got != want {
			t.Errorf("%s: missed %s, want %s; ran %v", language, got, want, r.Coverage.Lines)
		}
		ran := map[compiler.Language]int{compiler.Python: 3, compiler.JavaScript: 3, compiler.TypeScript: 6}[language]
		if i := slices.IndexFunc(r.Coverage.Lines, func(l runtime.LineCount) bool { return l.Line == ran }); i < 0 || r.Coverage.Lines[i].Count != 3 {
			t.Errorf("%s: ran %v, want line %d three times", language, r.Coverage.Lines, ran)
		}
	}
	// However a run ends, what it did until then is there.
	r := start(t, rt, compiler.Python, "import time\nx = 1\ntime.sleep(60)\ny = 2\n", runtime.Options{Coverage: true, Limits: runtime.Limits{Deadline: 300 * time.Millisecond}})
	if r.Status != runtime.Exhausted || fmt.Sprint(r.Coverage.Missed) != "[4]" {
		t.Errorf("%s, coverage %+v", r.Status, r.Coverage)
	}
}

var _ io.Writer = (*failingWriter)(nil)

// TestTraceOfARecording: what was recorded with its trace burns the same when it is repeated, and has the same trace, even where the first could not be
// written.
func TestTraceOfARecording(t *testing.T) {
	t.Parallel()
	rt := sharedRuntime(t)
	for language, text := range map[compiler.Language]string{
		compiler.Python:     "import random, time\nx = [random.random() for _ in range(5)]\nt = time.time()\nfor i in range(50):\n    x.append(i)\nprint(x[0], t)\n",
		compiler.JavaScript: "const x = [Math.random(), Date.now()];\nfor (let i = 0; i < 50; i++) {\n  x.push(i);\n}\nconsole.log(x[0]);\n",
	} {
		var first bytes.Buffer
		o := runtime.Options{Trace: &first, TraceEvents: 80, Coverage: true}
		r, recording := recorded(t, rt, compiled(t, language, text), o)
		same(t, r, repeated(t, rt, recording).Report)
		var again bytes.Buffer
		if _, err := rt.Replay(context.Background(), bytes.NewReader(recording), runtime.ReplayOptions{Trace: &again}); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first.Bytes(), again.Bytes()) {
			t.Errorf("%s: another trace:\n%s\nrecorded:\n%s", language, again.Bytes(), first.Bytes())
		}
		o.Trace = &failingWriter{room: 1000}
		r, recording = recorded(t, rt, compiled(t, language, text), o)
		if r.Trace.Lost == "" || repeated(t, rt, recording).Report.Usage.Fuel != r.Usage.Fuel {
			t.Errorf("%s: %+v", language, r.Trace)
		}
	}
}

// TestCoverageAgreesWithSettrace: the counts are those of CPython's own way to follow lines, wherever both mean the same: a loop within one line is one
// event here, and one for each round there.
func TestCoverageAgreesWithSettrace(t *testing.T) {
	t.Parallel()
	rt := sharedRuntime(t)
	const text = `import json
class P:
    rate = 2
    def __init__(self, n): self.n = n
    @property
    def double(self):
        return self.n * self.rate
def numbers(n):
    for i in range(n):
        if i % 3 == 0:
            continue
        yield i
def risky(n):
    try:
        return 10 // n
    except ZeroDivisionError:
        return None
    finally:
        n += 1
seen = []
for v in numbers(10):
    seen.append(risky(v - 2))
while seen:
    seen.pop()
else:
    done = True
square = lambda x: x * x
ordered = sorted([3, 1, 2], key=square)
for n in range(3):
    p = P(n); p.double
with open('f', 'w') as f:
    f.write('x')
match ordered:
    case [1, *rest]:
        first = 1
    case _:
        first = 0
json.dumps(ordered)
`
	source, _ := json.Marshal(text)
	counted := start(t, rt, compiler.Python, `
import sys
counts = {}
def follow(frame, event, arg):
    if frame.f_code.co_filename != 'followed.py':
        return None
    if event == 'line':
        counts[frame.f_lineno] = counts.get(frame.f_lineno, 0) + 1
    return follow
code = compile(`+string(source)+`, 'followed.py', 'exec')
sys.settrace(follow)
exec(code, {'__name__': '__main__'})
sys.settrace(None)
[[line, counts[line]] for line in sorted(counts)]
`, runtime.Options{})
	var want [][2]int64
	if err := json.Unmarshal(counted.Result, &want); err != nil || len(want) < 25 {
		t.Fatalf("%v %s", err, counted.Feedback(0))
	}
	r := start(t, rt, compiler.Python, text, runtime.Options{Coverage: true})
	var got [][2]int64
	for _, l := range r.Coverage.Lines {
		got = append(got, [2]int64{int64(l.Line), l.Count})
	}
	if fmt.Sprint(got) != fmt.Sprint(want) || fmt.Sprint(r.Coverage.Missed) != "[36 37]" {
		t.Errorf("%v, sys.settrace says %v; missed %v", got, want, r.Coverage.Missed)
	}
}
