package runtime_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wand/compiler"
	"wand/runtime"
	"wand/runtime/engine/wazero"
)

// Each limit has here: its default in force with nothing said, a value of the caller's, its exact boundary, and programs that try to
// catch it. What else stops a hostile program is in adversarial_test.go.

// start runs a program and wants a report.
func start(t *testing.T, rt *runtime.Runtime, language compiler.Language, text string, o runtime.Options) *runtime.Report {
	t.Helper()
	r, err := attempt(t, rt, compiler.Source{Name: "main" + extension(language), Language: language, Text: []byte(text)}, o)
	if err != nil {
		t.Fatalf("%s: %v", text[:min(len(text), 200)], err)
	}
	return r
}

// wants checks how a run ended, in the words of the corpus.
func wants(t *testing.T, r *runtime.Report, want string) {
	t.Helper()
	if got := outcome(r, nil); got != want {
		t.Errorf("ended as %q, want %q\n%.2000s", got, want, r.JSON())
	}
}

// wat assembles a module.
func wat(t *testing.T, text string) string {
	t.Helper()
	if assemble == nil {
		t.Skip("the text format needs wasmtime's assembler, thus a build with cgo")
	}
	b, err := assemble(text)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

const (
	// countdown is a loop of INPUT rounds.
	countdownPython     = "n = INPUT\nwhile n:\n    n -= 1\n"
	countdownJavaScript = "let n = INPUT;\nwhile (n) n--;\n"
	// callTool calls the tool named t as often as INPUT says.
	callToolPython     = "import tools\nfor i in range(INPUT):\n    tools.call('t', i=i)\n"
	callToolJavaScript = "for (let i = 0; i < INPUT; i++) await tools.t({ i });\n"
)

// countdownWat loops n times.
func countdownWat(t *testing.T, n int) string {
	return wat(t, fmt.Sprintf(`(module (func (export "_start") (local i32) (local.set 0 (i32.const %d))
		(loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))`, n))
}

// nested calls itself n times, then returns.
func nested(t *testing.T, n int) string {
	return wat(t, fmt.Sprintf(`(module (func $f (param i32) (if (local.get 0) (then (call $f (i32.sub (local.get 0) (i32.const 1))) (nop))))
		(func (export "_start") (call $f (i32.const %d)) (nop)))`, n))
}

// echo is a tool that answers with its arguments.
func echo(_ context.Context, args json.RawMessage) (json.RawMessage, error) { return args, nil }

func TestLimitsDefault(t *testing.T) {
	rt := sharedRuntime(t)
	d := runtime.DefaultLimits()
	r := start(t, rt, compiler.Python, "1\n", runtime.Options{})
	wants(t, r, "completed")
	u := r.Usage
	got := runtime.Limits{Fuel: u.Fuel.Limit, Memory: u.Memory.LimitBytes, Deadline: time.Duration(u.DeadlineMS * float64(time.Millisecond)),
		Output: u.OutputLimit, Storage: u.StorageCap, HostCalls: u.HostCalls.Limit, CallDepth: runtime.MaxCallDepth}
	if got != d {
		t.Errorf("in force: %+v, the defaults are %+v", got, d)
	}
	// Those that are met soon are met. Fuel and deadline would take seconds: that they are in force is seen above.
	for _, c := range []struct{ want, program string }{
		{"exhausted memory", fmt.Sprintf("bytearray(%d)\n", d.Memory)},
		{"exhausted output", fmt.Sprintf("print('x' * %d)\n", d.Output)},
		{"exhausted storage", fmt.Sprintf("f = open('f', 'wb')\nfor i in range(%d): f.write(bytes(1 << 20))\n", d.Storage>>20)},
		{"exhausted host_calls", fmt.Sprintf("INPUT = %d\n%s", d.HostCalls+1, callToolPython)},
	} {
		t.Run(c.want, func(t *testing.T) {
			r := start(t, rt, compiler.Python, c.program, runtime.Options{Tools: registry(t, map[string]toolFunc{"t": echo}), Policy: everyTool, SpillDir: t.TempDir()})
			wants(t, r, c.want)
		})
	}
	t.Run("exhausted call_depth", func(t *testing.T) {
		wants(t, start(t, rt, compiler.Wasm, nested(t, runtime.MaxCallDepth+1), runtime.Options{}), "exhausted call_depth")
		wants(t, start(t, rt, compiler.Wasm, nested(t, runtime.MaxCallDepth/2), runtime.Options{}), "completed")
	})
}

// TestLimitsLayers: a run's own limits come before the runtime's, and those before the defaults.
func TestLimitsLayers(t *testing.T) {
	t.Parallel()
	needGuests(t)
	rt, err := runtime.New(context.Background(), runtime.Config{Limits: runtime.Limits{Output: 5000}})
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close(context.Background())
	program := "print('x' * INPUT, end='')\n"
	for _, c := range []struct {
		input, own int64
		want       string
	}{{5000, 0, "completed"}, {5001, 0, "exhausted output"}, {5001, 6000, "completed"}, {101, 100, "exhausted output"}} {
		r := start(t, rt, compiler.Python, program, runtime.Options{Limits: runtime.Limits{Output: c.own}, Input: fmt.Append(nil, c.input)})
		wants(t, r, c.want)
		if r.Usage.StorageCap != runtime.DefaultLimits().Storage {
			t.Errorf("%+v", r.Usage)
		}
	}
}

func TestLimitsRefused(t *testing.T) {
	t.Parallel()
	for _, l := range []runtime.Limits{
		{Fuel: -1}, {Memory: -1}, {Deadline: -1}, {Output: -1}, {Storage: -1}, {HostCalls: -1}, {CallDepth: -1},
		{Fuel: 1<<60 + 1}, {Memory: 1 << 32}, {CallDepth: runtime.MaxCallDepth + 1}, {Deadline: 25 * time.Hour},
	} {
		var limit *runtime.LimitError
		if _, err := runtime.New(context.Background(), runtime.Config{Limits: l}); !errors.As(err, &limit) {
			t.Errorf("%+v: %v", l, err)
		}
	}
}

// TestLimitFuelExact: a program that used N units completes with N and is stopped with N-1, wherever its last check is.
func TestLimitFuelExact(t *testing.T) {
	rt := sharedRuntime(t)
	for name, c := range map[string]struct {
		language compiler.Language
		text     string
	}{
		"python":     {compiler.Python, countdownPython},
		"javascript": {compiler.JavaScript, countdownJavaScript},
		"wasm":       {compiler.Wasm, "countdown"},
		"straight":   {compiler.Wasm, "straight"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := c.text
			switch text {
			case "countdown":
				text = countdownWat(t, 1000)
			case "straight": // no loop, no call: nothing but what is charged once
				text = wat(t, `(module (func (export "_start") (local i32)`+strings.Repeat("(local.set 0 (i32.add (local.get 0) (i32.const 1)))", 100)+`))`)
			}
			run := func(fuel int64) *runtime.Report {
				return start(t, rt, c.language, text, runtime.Options{Limits: runtime.Limits{Fuel: fuel}, Seed: new([32]byte), Input: json.RawMessage("1000")})
			}
			free := run(0)
			wants(t, free, "completed")
			n := free.Usage.Fuel.Used
			for _, fuel := range []int64{n, n + 1} {
				r := run(fuel)
				wants(t, r, "completed")
				if r.Usage.Fuel.Used != n {
					t.Errorf("used %d with a limit of %d, %d without", r.Usage.Fuel.Used, fuel, n)
				}
			}
			for _, fuel := range []int64{n - 1, n / 2, 1} {
				r := run(fuel)
				wants(t, r, "exhausted fuel")
				if r.Usage.Fuel.Used <= fuel || r.Error != nil && (r.Error.Used != r.Usage.Fuel.Used || r.Error.Limit != fuel) {
					t.Errorf("with a limit of %d: %+v %+v", fuel, r.Usage.Fuel, r.Error)
				}
			}
		})
	}
}

// TestLimitFuelIsDeterministic: the same program burns the same fuel 100 times over, whatever the slice, on wazero's compiler and on its interpreter,
// and is stopped at the same unit.
func TestLimitFuelIsDeterministic(t *testing.T) {
	t.Parallel()
	needGuests(t)
	type subject struct {
		name     string
		language compiler.Language
		text     string
		fuel     int64
	}
	subjects := []subject{
		{"python", compiler.Python, "import json, random, re\nd = {str(i): [i, i * 1.5] for i in range(50)}\nrandom.shuffle(l := list(d))\nprint(len(json.dumps(d)), re.findall('1.', ' '.join(sorted(l)))[:3], l[0])\nopen('f', 'w').write('x')\n", 0},
		{"python stopped", compiler.Python, "s = {object() for _ in range(100)}\nwhile True:\n    s = {hash(str(x)) for x in s}\n", 20_000_000},
		{"javascript", compiler.JavaScript, "const m = new Map(); for (let i = 0; i < 100; i++) m.set(`k${i}`, Math.random() < 2); console.log(m.size, [...m.keys()].sort()[5]);\n", 0},
		{"javascript stopped", compiler.JavaScript, "for (;;) /(a|aa)+$/.test('a'.repeat(12) + 'b');\n", 20_000_000},
	}
	if assemble != nil {
		subjects = append(subjects, subject{"wasm", compiler.Wasm, countdownWat(t, 10000), 0}, subject{"wasm stopped", compiler.Wasm, wat(t, `(module (memory 1 8)
			(func $f (param i32) (result i32) (if (result i32) (local.get 0)
				(then (i32.add (call $f (i32.sub (local.get 0) (i32.const 1))) (call $f (i32.sub (local.get 0) (i32.const 1))))) (else (memory.fill (i32.const 0) (i32.const 1) (i32.const 999)) (i32.const 1))))
			(func (export "_start") (drop (memory.grow (i32.const 1))) (drop (call $f (i32.const 30)))))`), 777_777})
	}
	fuel := map[string]int64{}
	measure := func(rt *runtime.Runtime, where string, s subject) {
		r := start(t, rt, s.language, s.text, runtime.Options{Seed: new([32]byte), Limits: runtime.Limits{Fuel: s.fuel, Deadline: 5 * time.Minute}})
		want := "completed"
		if s.fuel > 0 {
			want = "exhausted fuel"
		}
		wants(t, r, want)
		if first, ok := fuel[s.name]; !ok {
			fuel[s.name] = r.Usage.Fuel.Used
		} else if r.Usage.Fuel.Used != first {
			t.Errorf("%s, %s: %d units, %d at first", s.name, where, r.Usage.Fuel.Used, first)
		}
	}
	shared := sharedRuntime(t)
	for _, s := range subjects {
		for range 100 {
			measure(shared, "repeated", s)
		}
	}
	for _, slice := range []int64{1, 1000, 1_000_000, 1 << 40} {
		rt, err := runtime.New(context.Background(), runtime.Config{FuelSlice: slice})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range subjects {
			measure(rt, fmt.Sprintf("slice %d", slice), s)
		}
		if err := rt.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}
	if testing.Short() {
		return // the interpreter takes seconds for a guest's start
	}
	rt, err := runtime.New(context.Background(), runtime.Config{Engine: wazero.NewInterpreter()})
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close(context.Background())
	for _, s := range subjects {
		began := time.Now()
		measure(rt, "interpreter", s)
		t.Logf("%s: %d units; the interpreter took %v", s.name, fuel[s.name], time.Since(began).Round(time.Millisecond))
	}
}

// TestLimitMemoryExact: a run that peaked at N bytes fits a limit of N and not one of N-1.
func TestLimitMemoryExact(t *testing.T) {
	rt := sharedRuntime(t)
	text := wat(t, `(module (memory 1) (func (export "_start") (drop (memory.grow (i32.const 9)))))`)
	for _, c := range []struct {
		limit int64
		want  string
	}{{10 << 16, "completed"}, {10<<16 - 1, "exhausted memory"}, {1 << 16, "exhausted memory"}, {1, "exhausted memory"}} {
		wants(t, start(t, rt, compiler.Wasm, text, runtime.Options{Limits: runtime.Limits{Memory: c.limit}}), c.want)
	}
	for language, program := range map[compiler.Language]string{
		compiler.Python:     "x = bytearray(32 << 20)\nprint(len(x))\nopen('f', 'wb').write(bytes(1000000))\n",
		compiler.JavaScript: "const x = new Uint8Array(32 << 20);\nconsole.log(x.length);\n",
	} {
		t.Run(string(language), func(t *testing.T) {
			run := func(memory int64) *runtime.Report {
				return start(t, rt, language, program, runtime.Options{Limits: runtime.Limits{Memory: memory}, Seed: new([32]byte)})
			}
			free := run(0)
			wants(t, free, "completed")
			peak := free.Usage.Memory.PeakBytes
			if peak < 32<<20 || peak > runtime.DefaultLimits().Memory {
				t.Errorf("peak of %d bytes", peak)
			}
			exact := run(peak)
			wants(t, exact, "completed")
			if exact.Usage.Memory.PeakBytes != peak {
				t.Errorf("peaks of %d and %d bytes", exact.Usage.Memory.PeakBytes, peak)
			}
			wants(t, run(peak-1), "exhausted memory")
			// Less than the guest itself takes: said so, before anything runs.
			wants(t, run(1<<20), "exhausted memory")
		})
	}
}

// TestLimitMemoryCountsWhatTheHostHolds: files, kept output and results of host calls are memory too.
func TestLimitMemoryCountsWhatTheHostHolds(t *testing.T) {
	t.Parallel()
	rt := sharedRuntime(t)
	limits := runtime.Limits{Memory: 64 << 20, Storage: 512 << 20, Output: 512 << 20}
	t.Run("files", func(t *testing.T) {
		program := "b = bytes(1 << 20)\nfor i in range(100):\n    open(f'f{i}', 'wb').write(b)\n"
		wants(t, start(t, rt, compiler.Python, program, runtime.Options{Limits: limits, SpillDir: t.TempDir()}), "exhausted memory")
	})
	t.Run("results of calls", func(t *testing.T) {
		peak := func(size int) int64 {
			tool := func(context.Context, json.RawMessage) (json.RawMessage, error) {
				return json.RawMessage(`"` + strings.Repeat("x", size) + `"`), nil
			}
			o := runtime.Options{Tools: registry(t, map[string]toolFunc{"t": tool}), Policy: everyTool}
			r := start(t, rt, compiler.Python, "import _wand\n_wand.call('t', b'{}') and None\n", o)
			wants(t, r, "completed")
			o.Limits.Memory = r.Usage.Memory.PeakBytes - 1
			wants(t, start(t, rt, compiler.Python, "import _wand\n_wand.call('t', b'{}') and None\n", o), "exhausted memory")
			return r.Usage.Memory.PeakBytes
		}
		const size = 4 << 20
		if small, large := peak(1), peak(size); large-small < 2*size { // on the host and in the guest
			t.Errorf("a result of %d bytes takes %d", size, large-small)
		}
	})
	t.Run("kept output", func(t *testing.T) {
		o := runtime.Options{Limits: limits, KeepOutput: 100 << 20, SpillDir: t.TempDir()}
		wants(t, start(t, rt, compiler.Python, "import os\nb = bytes(1 << 20)\nfor i in range(100):\n    os.write(1, b)\n", o), "exhausted memory")
	})
	t.Run("input files", func(t *testing.T) {
		o := runtime.Options{Limits: limits, Files: []runtime.File{{Path: "f", Data: make([]byte, 65<<20)}}}
		wants(t, start(t, rt, compiler.Python, "1\n", o), "exhausted memory")
	})
}

// TestLimitOutputExact: N bytes pass, of both streams together; one more stops the run, and what fitted is kept.
func TestLimitOutputExact(t *testing.T) {
	t.Parallel()
	rt := sharedRuntime(t)
	for _, c := range []struct {
		language compiler.Language
		program  string
	}{
		{compiler.Python, "import sys\nsys.stdout.write('o' * 600)\nsys.stderr.write('e' * INPUT)\n"},
		{compiler.JavaScript, "process.stdout.write('o'.repeat(600));\nprocess.stderr.write('e'.repeat(INPUT));\nundefined;\n"},
	} {
		for _, d := range []struct {
			errors int
			want   string
		}{{400, "completed"}, {401, "exhausted output"}, {5000, "exhausted output"}} {
			r := start(t, rt, c.language, c.program, runtime.Options{Limits: runtime.Limits{Output: 1000}, Input: fmt.Append(nil, d.errors)})
			wants(t, r, d.want)
			if len(r.Stdout) != 600 || len(r.Stderr) != 400 || r.Usage.OutputBytes != 1000 {
				t.Errorf("%d bytes of standard output, %d of standard error, %d counted", len(r.Stdout), len(r.Stderr), r.Usage.OutputBytes)
			}
		}
	}
}

// TestLimitOutputSpills: below the limit nothing is lost; what the report has no room for is in a file.
func TestLimitOutputSpills(t *testing.T) {
	t.Parallel()
	rt := sharedRuntime(t)
	dir := t.TempDir()
	r := start(t, rt, compiler.Python, "for i in range(20000):\n    print(i)\n", runtime.Options{SpillDir: dir, KeepOutput: 1000})
	wants(t, r, "completed")
	if r.Truncated == nil || filepath.Dir(r.Truncated.StdoutPath) != dir || !strings.HasPrefix(r.Stdout, "0\n1\n") || !strings.HasSuffix(r.Stdout, "19999\n") {
		t.Fatalf("%s", r.JSON())
	}
	all, err := os.ReadFile(r.Truncated.StdoutPath)
	if err != nil || strings.Count(string(all), "\n") != 20000 {
		t.Errorf("the spill file has %d lines, %v", strings.Count(string(all), "\n"), err)
	}
}

// TestLimitStorageExact: a run that stored N bytes fits a limit of N and not one of N-1.
func TestLimitStorageExact(t *testing.T) {
	t.Parallel()
	rt := sharedRuntime(t)
	program := "import os\nos.mkdir('d')\nfor i in range(10):\n    with open(f'd/f{i}', 'wb') as f: f.write(bytes(12345))\n"
	run := func(storage int64) *runtime.Report {
		return start(t, rt, compiler.Python, program, runtime.Options{Limits: runtime.Limits{Storage: storage}})
	}
	free := run(0)
	wants(t, free, "completed")
	n := free.Usage.Storage
	if n < 123450 {
		t.Errorf("%d bytes stored", n)
	}
	exact := run(n)
	wants(t, exact, "completed")
	if exact.Usage.Storage != n {
		t.Errorf("%d bytes, then %d", n, exact.Usage.Storage)
	}
	wants(t, run(n-1), "exhausted storage")
}

// TestLimitHostCallsExact: N calls pass, also those that fail; one more stops the run before it is made.
func TestLimitHostCallsExact(t *testing.T) {
	t.Parallel()
	rt := sharedRuntime(t)
	for language, program := range map[compiler.Language]string{compiler.Python: callToolPython, compiler.JavaScript: callToolJavaScript} {
		for _, c := range []struct {
			calls int
			want  string
		}{{7, "completed"}, {8, "exhausted host_calls"}, {500, "exhausted host_calls"}} {
			made := 0
			tool := func(ctx context.Context, args json.RawMessage) (json.RawMessage, error) { made++; return args, nil }
			r := start(t, rt, language, program, runtime.Options{
				Limits: runtime.Limits{HostCalls: 7}, Tools: registry(t, map[string]toolFunc{"t": tool}), Policy: everyTool, Input: fmt.Append(nil, c.calls),
			})
			wants(t, r, c.want)
			if made != 7 || len(r.Calls) != 7 {
				t.Errorf("%s: %d calls were made, %d are in the report", language, made, len(r.Calls))
			}
		}
	}
	failing := "import tools\nfor i in range(8):\n    try:\n        tools.call('no-such-tool')\n    except Exception:\n        pass\n"
	wants(t, start(t, rt, compiler.Python, failing, runtime.Options{Limits: runtime.Limits{HostCalls: 7}}), "exhausted host_calls")
}

// TestLimitCallDepthExact: there is one depth at which a program passes, and one less stops it.
func TestLimitCallDepthExact(t *testing.T) {
	rt := sharedRuntime(t)
	text := nested(t, 50)
	passes := func(depth int64) bool {
		r := start(t, rt, compiler.Wasm, text, runtime.Options{Limits: runtime.Limits{CallDepth: depth}})
		if r.Status != runtime.Completed {
			wants(t, r, "exhausted call_depth")
			if r.Error.Limit != depth {
				t.Errorf("the report says the limit is %d, it is %d", r.Error.Limit, depth)
			}
		}
		return r.Status == runtime.Completed
	}
	least := int64(0)
	for depth := int64(40); depth <= 80; depth++ {
		switch ok := passes(depth); {
		case ok && least == 0:
			least = depth
		case !ok && least != 0:
			t.Errorf("passes with %d, not with %d", least, depth)
		}
	}
	if least < 50 || least > 53 {
		t.Errorf("51 nested calls pass with a limit of %d", least)
	}
}

// TestLimitDeadlineExact: what ends before the deadline passes; what does not is stopped close to it, asleep or busy, in the guest or in a tool.
func TestLimitDeadlineExact(t *testing.T) {
	t.Parallel()
	rt := sharedRuntime(t)
	slow := func(ctx context.Context, _ json.RawMessage) (json.RawMessage, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	const deadline = 300 * time.Millisecond
	limits := runtime.Limits{Deadline: deadline, Fuel: 1 << 50}
	for name, program := range map[string]string{
		"asleep": "import time\ntime.sleep(60)\n",
		"busy":   "while True: pass\n",
		"tool":   "import tools\ntools.call('slow')\n",
		"caught": "import tools\nwhile True:\n    try:\n        tools.call('slow')\n    except BaseException:\n        pass\n",
		"asyncio": "import asyncio\nasync def f():\n    while True:\n        await asyncio.sleep(0.001)\n" +
			"async def main():\n    await asyncio.gather(f(), f(), f())\nasyncio.run(main())\n",
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			r := start(t, rt, compiler.Python, program, runtime.Options{Limits: limits, Tools: registry(t, map[string]toolFunc{"slow": slow}), Policy: everyTool})
			wants(t, r, "exhausted deadline")
			if took := time.Since(began); took < deadline || took > deadline+attackGrace {
				t.Errorf("stopped after %v, the deadline was %v", took, deadline)
			}
		})
	}
	r := start(t, rt, compiler.Python, "import time\ntime.sleep(0.1)\n", runtime.Options{Limits: runtime.Limits{Deadline: 20 * time.Second}})
	wants(t, r, "completed")
	if r.Usage.WallMS < 100 {
		t.Errorf("a sleep of 100 ms took %v ms", r.Usage.WallMS)
	}
}

// TestLimitsCannotBeCaught: whatever a language has to catch an end or to run code after it, a limit passes by: nothing that stands behind it runs.
func TestLimitsCannotBeCaught(t *testing.T) {
	t.Parallel()
	rt := sharedRuntime(t)
	limits := runtime.Limits{Fuel: 2_000_000_000, Memory: 96 << 20, Deadline: 400 * time.Millisecond, Output: 10_000, Storage: 1 << 20, HostCalls: 5}
	// What a wrapper does when it has caught something: it writes a file, so that the report shows it.
	const python = `
import atexit, sys, weakref
def caught(*a):
    try:
        open("caught", "w").write("x")
    except BaseException:
        pass
atexit.register(caught)
sys.excepthook = sys.unraisablehook = caught
class Guard:
    def __enter__(self): pass
    def __exit__(self, *a):
        caught()
        return True
    __del__ = caught
guard = Guard()
weakref.finalize(guard, caught)
def generator():
    try:
        yield
    except BaseException:
        caught()
    finally:
        caught()
g = generator()
next(g)
def attack():
    %s
try:
    with guard:
        try:
            attack()
        except BaseException:
            caught()
        else:
            caught()
        finally:
            caught()
finally:
    caught()
`
	const javascript = `
import fs from 'fs';
function caught() { try { fs.writeFileSync('caught', 'x'); } catch { /* even so */ } }
for (const e of ['exit', 'beforeExit', 'uncaughtException', 'unhandledRejection']) process.on(e, caught);
function* generator() { try { yield; } finally { caught(); } }
const g = generator();
g.next();
async function attack() {
  %s
}
try {
  const p = attack();
  p.then(caught, caught).finally(caught);
  await p;
} catch { caught(); } finally { caught(); }
`
	attacks := map[string][2]string{
		"fuel":       {"while True: pass", "for (;;);"},
		"memory":     {"x = bytearray()\n    while True: x.extend(bytes(1 << 20))", "const x = []; for (;;) x.push(new Uint8Array(1 << 20));"},
		"deadline":   {"import time; time.sleep(60)", "const end = Date.now() + 60000; while (Date.now() < end) fs.existsSync('x');"},
		"output":     {"while True: print('x' * 100)", "for (;;) console.log('x'.repeat(100));"},
		"storage":    {"f = open('f', 'wb')\n    while True: f.write(bytes(10000))", "for (let i = 0; ; i++) fs.writeFileSync(`f${i}`, new Uint8Array(10000));"},
		"host_calls": {"import tools\n    while True: tools.call('t')", "for (;;) await tools.t({});"},
	}
	for kind, a := range attacks {
		t.Run(kind, func(t *testing.T) {
			limits := limits
			if kind == "deadline" {
				limits.Fuel = 1 << 50
			}
			if kind != "deadline" {
				limits.Deadline = time.Minute
			}
			for i, language := range []compiler.Language{compiler.Python, compiler.JavaScript} {
				program := fmt.Sprintf([]string{python, javascript}[i], a[i])
				r := start(t, rt, language, program, runtime.Options{Limits: limits, Tools: registry(t, map[string]toolFunc{"t": echo}), Policy: everyTool, SpillDir: t.TempDir()})
				wants(t, r, "exhausted "+kind)
				for _, f := range r.Files {
					if strings.HasSuffix(f.Path, "caught") {
						t.Errorf("%s caught the end of its %s", language, kind)
					}
				}
			}
		})
	}
}

// TestLimitsAreMentioned: the feedback of every limit names it, what it was, and one next step.
func TestLimitsAreMentioned(t *testing.T) {
	t.Parallel()
	rt := sharedRuntime(t)
	for _, c := range []struct {
		program string
		limits  runtime.Limits
		words   []string
	}{
		{"while True: pass\n", runtime.Limits{Fuel: 50_000_000}, []string{"fuel limit", "50M"}},
		{"x = 'x' * 10**9\n", runtime.Limits{Memory: 80 << 20}, []string{"memory limit", "80 MiB"}},
		{"import time\ntime.sleep(9)\n", runtime.Limits{Deadline: 250 * time.Millisecond}, []string{"deadline limit", "250 ms"}},
		{"print('x' * 9999)\n", runtime.Limits{Output: 2048}, []string{"output limit", "2 KiB"}},
		{"open('f', 'wb').write(bytes(9999999))\n", runtime.Limits{Storage: 1 << 20}, []string{"storage limit", "1 MiB"}},
		{"import tools\nwhile True: tools.call('t')\n", runtime.Limits{HostCalls: 3}, []string{"host calls limit", "3"}},
	} {
		r := start(t, rt, compiler.Python, c.program, runtime.Options{Limits: c.limits, Tools: registry(t, map[string]toolFunc{"t": echo}), Policy: everyTool, SpillDir: t.TempDir()})
		text := r.Feedback(0)
		for _, w := range append(c.words, "stopped: ", "next step: ") {
			if !strings.Contains(text, w) {
				t.Errorf("%q is not in the feedback of %q:\n%s", w, c.program, text)
			}
		}
	}
}
