//go:build wasmtime && cgo

package runtime_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"wand/compiler"
	"wand/policies"
	"wand/runtime"
	"wand/runtime/engine/wasmtime"
	"wand/runtime/engine/wazero"
)

var onWasmtime struct {
	once sync.Once
	rt   *runtime.Runtime
	err  error
}

// wasmtimeRuntime is a runtime on the other engine, for all tests.
func wasmtimeRuntime(t testing.TB) *runtime.Runtime {
	t.Helper()
	needGuests(t)
	onWasmtime.once.Do(func() {
		e, err := wasmtime.New()
		if err != nil {
			onWasmtime.err = err
			return
		}
		onWasmtime.rt, onWasmtime.err = runtime.New(context.Background(), runtime.Config{Engine: e})
	})
	if onWasmtime.err != nil {
		t.Fatal(onWasmtime.err)
	}
	return onWasmtime.rt
}

// TestEnginesAgree runs every case, and every hostile program that a deadline does not have to end, on both engines: what a program prints, its result, its
// error, its files and its fuel are the same to the last unit.
func TestEnginesAgree(t *testing.T) {
	a, b := sharedRuntime(t), wasmtimeRuntime(t)
	var names []string
	for _, pattern := range []string{"cases/*/*", "adversarial/python/*", "adversarial/javascript/*"} {
		found, err := filepath.Glob(filepath.Join("../testdata", pattern))
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, found...)
	}
	compared := 0
	for _, name := range names {
		comment := map[string]string{".py": "#", ".js": "//", ".mjs": "//", ".ts": "//", ".tsx": "//"}[filepath.Ext(name)]
		if comment == "" {
			continue
		}
		t.Run(strings.TrimPrefix(name, "../testdata/"), func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			m, diagnostics, err := compiler.Compile(context.Background(), compiler.Source{Name: filepath.Base(name), Text: text})
			if err != nil || m == nil {
				t.Skip("it is never run: ", err, diagnostics)
			}
			compared++
			first, second := outcomeOn(t, a, m, string(text), comment), outcomeOn(t, b, m, string(text), comment)
			if first != second {
				t.Errorf("wazero:\n%s\nwasmtime:\n%s", first, second)
			}
		})
	}
	if compared < 100 {
		t.Errorf("only %d programs were compared", compared)
	}
}

// TestEnginesAgreeOnHostileModules runs the hostile modules on both engines: each is refused for the same reason, or ends the same way with the same fuel. A
// deadline, and how large native code may get, are no matters of the program's.
func TestEnginesAgreeOnHostileModules(t *testing.T) {
	ctx := context.Background()
	first, err := runtime.New(ctx, runtime.Config{Limits: attackLimits, CacheDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close(ctx)
	e, err := wasmtime.New()
	if err != nil {
		t.Fatal(err)
	}
	second, err := runtime.New(ctx, runtime.Config{Engine: e, Limits: attackLimits, CacheDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close(ctx)
	for _, a := range readAttacks(t, "wat") {
		t.Run(a.name, func(t *testing.T) {
			if len(a.expect) > 1 || a.expect[0] == "exhausted deadline" {
				t.Skip("how it ends is left open: ", a.expect)
			}
			source := compiler.Source{Name: "main.wasm", Language: compiler.Wasm, Text: a.text}
			limits := a.limits
			limits.Deadline = time.Minute
			one := func(rt *runtime.Runtime) string {
				r, refused := attempt(t, rt, source, runtime.Options{Limits: limits, SpillDir: t.TempDir(), Seed: &[32]byte{1},
					Policy: &policies.Policy{Version: 1, Clock: "virtual", Random: "seeded"}})
				if r == nil {
					return fmt.Sprint(refused)
				}
				said := ""
				if r.Error != nil {
					said = r.Error.Message
				}
				apart, peak := rt.LastCompile()
				rt.ForgetCompile()
				t.Logf("%-10s %-24s compiled apart in %5.0f ms %6.1f MiB  %.90s", r.Module.Engine, outcome(r, nil), apart.Seconds()*1000, float64(peak)/(1<<20), said)
				return fmt.Sprintf("%s %q fuel %d memory %d output %q", outcome(r, nil), said, r.Usage.Fuel.Used, r.Usage.Memory.PeakBytes, r.Stdout)
			}
			if a, b := one(first), one(second); a != b {
				t.Errorf("\nwazero:   %s\nwasmtime: %s", a, b)
			}
		})
	}
}

// outcomeOn is what a run does that must not depend on the engine.
func outcomeOn(t *testing.T, rt *runtime.Runtime, m *compiler.Module, text, comment string) string {
	t.Helper()
	o := parseCase(t, text, comment).options
	o.Policy = &policies.Policy{Version: 1, Clock: "virtual", Random: "seeded"}
	o.Seed = &[32]byte{1, 2, 3}
	// Far from any deadline, and little enough that a busy program ends soon.
	o.Limits = runtime.Limits{Fuel: 300_000_000, Deadline: 5 * time.Minute}
	r, err := rt.Run(context.Background(), m, o)
	if err != nil {
		t.Fatal(err)
	}
	if r.Status == runtime.Fault {
		t.Fatal(r.Error)
	}
	shown, err := json.MarshalIndent(map[string]any{
		"status": r.Status, "result": r.Result, "stdout": r.Stdout, "stderr": r.Stderr, "error": r.Error, "files": r.Files, "fuel": r.Usage.Fuel,
		"memory": r.Usage.Memory, "output": r.Usage.OutputBytes, "storage": r.Usage.Storage,
	}, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(shown)
}

// TestSnapshotsMoveBetweenEngines: the images that sessions differ from are the same, so a session begun on one engine goes on on the other.
func TestSnapshotsMoveBetweenEngines(t *testing.T) {
	needGuests(t)
	ctx, key := context.Background(), []byte("a key of the two runtimes")
	other, err := wasmtime.New()
	if err != nil {
		t.Fatal(err)
	}
	first, err := runtime.New(ctx, runtime.Config{SnapshotKey: key})
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close(ctx)
	second, err := runtime.New(ctx, runtime.Config{SnapshotKey: key, Engine: other})
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close(ctx)
	for language, turns := range map[compiler.Language][2]string{
		compiler.Python: {"x = [1, 2]\ndef f(): return sum(x)", "x.append(4); f()"}, compiler.JavaScript: {"let x = [1, 2]; const f = () => x.reduce((a, b) => a + b)", "x.push(4); f()"},
	} {
		a, err := first.NewSession(ctx, runtime.SessionOptions{Language: language})
		if err != nil {
			t.Fatal(err)
		}
		take := func(s *runtime.Session, text string) string {
			t.Helper()
			m, _, err := compiler.Compile(ctx, s.Source(text))
			if err != nil {
				t.Fatal(err)
			}
			r, err := s.Run(ctx, m, runtime.TurnOptions{})
			if err != nil || r.Status != runtime.Completed {
				t.Fatal(err, r)
			}
			return string(r.Result)
		}
		take(a, turns[0])
		snapshot, err := a.Snapshot()
		if err != nil {
			t.Fatal(err)
		}
		b, err := second.Restore(ctx, snapshot, runtime.SessionOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if got := take(b, turns[1]); got != "7" {
			t.Errorf("%s: the other engine says %s", language, got)
		}
	}
}

// TestEnginesAgreeOnPlaces: a program that traps or is stopped has the same report on both, with its lines and frames.
func TestEnginesAgreeOnPlaces(t *testing.T) {
	ctx := context.Background()
	other, err := wasmtime.New()
	if err != nil {
		t.Fatal(err)
	}
	a, err := runtime.New(ctx, runtime.Config{NoCache: true})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close(ctx)
	b, err := runtime.New(ctx, runtime.Config{NoCache: true, Engine: other})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close(ctx)
	eachPlace(t, a, b)
}

// TestInterpreterAgrees is the same with wazero's interpreter, which is slow, for the programs that it can be waited for.
func TestInterpreterAgrees(t *testing.T) {
	a := sharedRuntime(t)
	b, err := runtime.New(context.Background(), runtime.Config{Engine: wazero.NewInterpreter()})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close(context.Background())
	for _, code := range []string{"print(sum(i * i for i in range(1000)))", "import json; json.loads('{\"a\": [1, 2.5]}')", "{}['x']"} {
		m, _, err := compiler.Compile(context.Background(), compiler.Source{Name: "main.py", Text: []byte(code)})
		if err != nil {
			t.Fatal(err)
		}
		if first, second := outcomeOn(t, a, m, code, "#"), outcomeOn(t, b, m, code, "#"); first != second {
			t.Errorf("compiler:\n%s\ninterpreter:\n%s", first, second)
		}
	}
}
