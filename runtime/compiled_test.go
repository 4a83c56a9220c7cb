package runtime_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"wand/compiler"
	"wand/runtime"
)

// speaker is a module that does what body says; $say responds with the text at 1024, of n bytes.
func speaker(t *testing.T, say, body string) string {
	t.Helper()
	var data strings.Builder
	for _, b := range []byte(say) {
		fmt.Fprintf(&data, `\%02x`, b)
	}
	return wat(t, fmt.Sprintf(`(module
  (import "wand" "respond" (func $respond (param i32 i32)))
  (import "wand" "input" (func $input (result i32)))
  (import "wand" "take" (func $take (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 2)
  (data (i32.const 1024) "%s")
  (func $say (call $respond (i32.const 1024) (i32.const %d)))
  (func (export "_start") %s))`, data.String(), len(say), body))
}

func runWasm(t *testing.T, module string, o runtime.Options) *runtime.Report {
	t.Helper()
	return start(t, sharedRuntime(t), compiler.Wasm, module, o)
}

// What a compiled program says of itself counts, and what else ended it counts more.
func TestCompiledProgramAnswers(t *testing.T) {
	value := `{"status": "completed", "result": {"value": {"n": 3}}}`
	failed := `{"status": "failed", "error": {"kind": "exception", "type": "Panic", "message": "no such row", "location": {"file": "main.wasm", "line": 7}}}`
	for name, c := range map[string]struct {
		say, body, want string
		limits          runtime.Limits
	}{
		"a value":                         {value, "(call $say)", `completed {"n":3}`, runtime.Limits{}},
		"a value, then exit 0":            {value, "(call $say) (call $exit (i32.const 0))", `completed {"n":3}`, runtime.Limits{}},
		"the last value counts":           {value, "(call $say) (call $say)", `completed {"n":3}`, runtime.Limits{}},
		"a value, then exit 3":            {value, "(call $say) (call $exit (i32.const 3))", "failed exit the program exited with code 3", runtime.Limits{}},
		"a value, then a trap":            {value, "(call $say) unreachable", "failed trap unreachable executed", runtime.Limits{}},
		"a value, then no fuel":           {value, "(call $say) (loop br 0)", "exhausted fuel the program used up its fuel of 1M units", runtime.Limits{Fuel: 1_000_000}},
		"a failure":                       {failed, "(call $say)", "failed exception no such row", runtime.Limits{}},
		"a failure, then a trap":          {failed, "(call $say) unreachable", "failed exception no such row", runtime.Limits{}},
		"a failure, then exit 1":          {failed, "(call $say) (call $exit (i32.const 1))", "failed exception no such row", runtime.Limits{}},
		"a failure, then no fuel":         {failed, "(call $say) (loop br 0)", "exhausted fuel the program used up its fuel of 1M units", runtime.Limits{Fuel: 1_000_000}},
		"nothing":                         {"", "", "completed", runtime.Limits{}},
		"no JSON":                         {"42", "(call $say)", "completed warned", runtime.Limits{}},
		"no status":                       {`{"status": "denied"}`, "(call $say)", "completed warned", runtime.Limits{}},
		"a limit of its own making":       {strings.Replace(failed, "exception", "fuel", 1), "(call $say)", "failed exception no such row", runtime.Limits{}},
		"a fault of its own making":       {strings.Replace(failed, "exception", "internal", 1), "(call $say)", "failed exception no such row", runtime.Limits{}},
		"a failure that gives no reason":  {`{"status": "failed"}`, "(call $say)", "failed exception the program failed and gave no reason", runtime.Limits{}},
		"a failure that gives no message": {`{"status": "failed", "error": {"kind": "exception", "type": "E"}}`, "(call $say)", "failed exception the program failed with E and no message", runtime.Limits{}},
	} {
		t.Run(name, func(t *testing.T) {
			r := runWasm(t, speaker(t, c.say, c.body), runtime.Options{Limits: c.limits})
			got := string(r.Status)
			switch {
			case r.Error != nil:
				got += " " + string(r.Error.Kind) + " " + r.Error.Message
			case r.Result != nil:
				var compact any
				json.Unmarshal(r.Result, &compact)
				text, _ := json.Marshal(compact)
				got += " " + string(text)
			case len(r.Warnings) > 0:
				got += " warned"
			}
			if got != c.want {
				t.Errorf("%s, want %s\n%s", got, c.want, r.JSON())
			}
			if r.Error != nil && c.say == failed && r.Error.Kind == runtime.KindException && (r.Error.Location == nil || r.Error.Location.Line != 7) {
				t.Errorf("location %v", r.Error.Location)
			}
			if !json.Valid(r.JSON()) {
				t.Error("the report is not JSON")
			}
		})
	}
}

// The input of a compiled program is there as often as it asks, whole or in part, and its memory counts.
func TestCompiledProgramInput(t *testing.T) {
	// It responds with what it took, behind a prefix and before a suffix that make a response of it.
	const prefix, suffix = `{"status":"completed","result":{"value":`, `}}`
	echo := wat(t, fmt.Sprintf(`(module
  (import "wand" "respond" (func $respond (param i32 i32)))
  (import "wand" "input" (func $input (result i32)))
  (import "wand" "take" (func $take (param i32 i32) (result i32)))
  (memory (export "memory") 2)
  (data (i32.const 0) %q)
  (data (i32.const 8) %q)
  (func (export "_start") (local $n i32)
    (drop (call $input)) (drop (call $take (i32.const 1024) (i32.const 3)))
    (local.set $n (call $input))
    (if (i32.ne (call $take (i32.const %[3]d) (local.get $n)) (local.get $n)) (then unreachable))
    (if (call $take (i32.const 0) (i32.const 100)) (then unreachable))
    (memory.copy (i32.add (i32.const %[3]d) (local.get $n)) (i32.const 8) (i32.const 2))
    (memory.copy (i32.const %[4]d) (i32.const 16) (i32.const 0))
    (call $respond (i32.const %[4]d) (i32.add (local.get $n) (i32.const %[5]d))))
  (data (i32.const %[4]d) %[6]q))`, "unused", suffix, 2000+len(prefix), 2000, len(prefix)+len(suffix), prefix))
	input := json.RawMessage(`{"numbers":[1,2,3]}`)
	r := runWasm(t, echo, runtime.Options{Input: input})
	if r.Status != runtime.Completed || string(r.Result) != string(input) {
		t.Fatalf("%s", r.JSON())
	}
	if r := runWasm(t, echo, runtime.Options{}); r.Status != runtime.Completed || r.Result != nil || len(r.Warnings) != 1 {
		t.Errorf("without input: %s", r.JSON())
	}
	large := json.RawMessage(`"` + strings.Repeat("x", 2<<20) + `"`)
	asks := speaker(t, "", "(drop (call $input))")
	r = runWasm(t, asks, runtime.Options{Input: large, Limits: runtime.Limits{Memory: 1 << 20}})
	if r.Status != runtime.Exhausted || r.Error.Kind != runtime.KindMemory {
		t.Errorf("an input of 2 MiB within 1 MiB: %s", r.JSON())
	}
	// Taking nothing, a thousand times: the input is held once.
	floods := speaker(t, "", "(local $i i32) (loop (drop (call $input)) (local.set $i (i32.add (local.get $i) (i32.const 1))) (br_if 0 (i32.lt_u (local.get $i) (i32.const 1000))))")
	r = runWasm(t, floods, runtime.Options{Input: large, Limits: runtime.Limits{Memory: 8 << 20}})
	if r.Status != runtime.Completed || r.Usage.Fuel.Used < 1000*(2<<20)/16 {
		t.Errorf("a thousand inputs of 2 MiB: %s", r.JSON())
	}
}
