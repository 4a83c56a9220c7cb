package runtime_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	goruntime "runtime"
	"strings"
	"testing"
	"time"

	"wand/compiler"
	"wand/runtime"
)

// A program can get hold of its interpreter's voice: in Python by a private module, elsewhere by an exploit. What it may then say is any
// bytes at all, and a report must come of it that is small, valid and printable.

// speak has a program respond with a text that Python builds.
func speak(t *testing.T, expression string, o runtime.Options) *runtime.Report {
	t.Helper()
	return start(t, sharedRuntime(t), compiler.Python, "import _wand\nsay = _wand.respond\n_wand.respond = lambda text: None\nsay("+expression+")\n"+"#"+strings.Repeat("x", 300)+"\n", o)
}

func TestVoiceOfAnInterpreter(t *testing.T) {
	for name, expression := range map[string]string{
		"result of any depth":    `b'{"status":"completed","result":{"value":' + b'['*9000 + b'1,'*400000 + b'1' + b']'*9000 + b'}}'`,
		"result too large":       `b'{"status":"completed","result":{"value":[' + b'1,'*4000000 + b'1]}}'`,
		"result not UTF-8":       `b'{"status":"completed","result":{"value":"\xff\xfe"}}'`,
		"positions that wrap":    `b'{"status":"failed","error":{"kind":"exception","type":"E","message":"m","location":{"file":"main.py","line":5,"column":-9223372036854775808,"end_line":5,"end_column":9223372036854775807}}}'`,
		"positions far away":     `b'{"status":"failed","error":{"kind":"exception","type":"E","message":"m","location":{"file":"main.py","line":9223372036854775807,"column":9223372036854775807},"frames":[{"file":"main.py","line":-1,"column":999999999999}]}}'`,
		"a million frames":       `b'{"status":"failed","error":{"kind":"exception","frames":[' + b'0,'*4000000 + b'0]}}'`,
		"a million warnings":     `b'{"status":"completed","warnings":[' + b'{},'*4000000 + b'{}]}'`,
		"a chain without end":    `b'{"status":"failed","error":' + b'{"cause":'*9000 + b'{}' + b'}'*9000 + b'}'`,
		"a message of megabytes": `b'{"status":"failed","error":{"kind":"exception","message":"' + b'x'*20000000 + b'"}}'`,
	} {
		t.Run(name, func(t *testing.T) {
			var before, after goruntime.MemStats
			goruntime.ReadMemStats(&before)
			r := speak(t, expression, runtime.Options{})
			text := r.JSON()
			feedback := r.Feedback(0)
			goruntime.ReadMemStats(&after)
			t.Log(r.Status, len(text), (after.TotalAlloc-before.TotalAlloc)>>20)
			if !json.Valid(text) || strings.ToValidUTF8(string(text), "") != string(text) {
				t.Errorf("the report is not JSON in UTF-8")
			}
			if len(text) > 16<<20 {
				t.Errorf("the report has %d bytes", len(text))
			}
			if grown := (after.TotalAlloc - before.TotalAlloc) >> 20; grown > 200 {
				t.Errorf("the host allocated %d MiB", grown)
			}
			if len(feedback) > 4*runtime.DefaultFeedback {
				t.Errorf("feedback of %d bytes", len(feedback))
			}
		})
	}
}

func TestCallsOfAnyShapeAreReported(t *testing.T) {
	deep := json.RawMessage(strings.Repeat("[", 9999) + strings.Repeat("]", 9999))
	tools := map[string]toolFunc{
		"deep": func(context.Context, json.RawMessage) (json.RawMessage, error) { return deep, nil },
		"nan":  func(context.Context, json.RawMessage) (json.RawMessage, error) { return json.RawMessage("NaN"), nil },
		"echo": func(_ context.Context, args json.RawMessage) (json.RawMessage, error) { return args, nil },
		"fail": func(context.Context, json.RawMessage) (json.RawMessage, error) { return nil, fmt.Errorf("\xff\x00 no") },
	}
	program := `import _wand
for name in "deep", "nan", "fail", "echo", "unknown":
    for args in b"{}", b"not JSON", b"", b'"\xff"', b"[" * 9999 + b"]" * 9999, b"[" * 20000:
        _wand.call(name, args)
`
	r := start(t, sharedRuntime(t), compiler.Python, program, runtime.Options{Tools: registry(t, tools), Policy: everyTool})
	if len(r.Calls) != 30 {
		t.Errorf("%d calls: %s", len(r.Calls), r.Feedback(0))
	}
	if text := r.JSON(); !json.Valid(text) || strings.ToValidUTF8(string(text), "") != string(text) {
		t.Error("the report is not JSON in UTF-8")
	}
	r.Feedback(0)
}

// A tool of the embedder's may do anything; the run ends at its deadline all the same, and the process goes on.
func TestToolsThatMisbehave(t *testing.T) {
	rt := sharedRuntime(t)
	never := make(chan struct{})
	defer close(never)
	deadline := 200 * time.Millisecond
	run := func(tool toolFunc) (*runtime.Report, error) {
		return attempt(t, rt, compiler.Source{Name: "main.py", Text: []byte("import tools\ntools.call('t')\n")}, runtime.Options{
			Tools: registry(t, map[string]toolFunc{"t": tool}), Policy: everyTool, Limits: runtime.Limits{Deadline: deadline},
		})
	}
	began := time.Now()
	r, err := run(func(context.Context, json.RawMessage) (json.RawMessage, error) { <-never; return nil, nil })
	if err != nil || r.Status != runtime.Exhausted || r.Error.Kind != runtime.KindDeadline {
		t.Errorf("blocks: %v %v", r, err)
	}
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("a tool that blocks held the run for %v", took)
	}
	deadline = 20 * time.Second // what follows ends by itself, however busy the machine is
	r, err = run(func(context.Context, json.RawMessage) (json.RawMessage, error) { panic("secret of the host") })
	if err == nil || r.Status != runtime.Fault || strings.Contains(string(r.JSON()), "secret") {
		t.Errorf("panics: %v %s", err, r.JSON())
	}
	r, err = run(func(context.Context, json.RawMessage) (json.RawMessage, error) { goruntime.Goexit(); return nil, nil })
	if err != nil || r.Status != runtime.Failed {
		t.Errorf("exits: %v %v", r, err)
	}
	r, err = run(func(context.Context, json.RawMessage) (json.RawMessage, error) {
		return bytes.Repeat([]byte("1"), 40<<20), nil
	})
	if err != nil || r.Status != runtime.Failed || r.Error.Kind != runtime.KindTool || !strings.Contains(r.Error.Message, "at most") {
		t.Errorf("returns 40 MB: %v %v", r, err)
	}
	r, err = run(func(ctx context.Context, _ json.RawMessage) (json.RawMessage, error) {
		inner, err := attempt(t, rt, compiler.Source{Name: "main.py", Text: []byte("6 * 7")}, runtime.Options{})
		return inner.Result, err
	})
	if err != nil || r.Status != runtime.Completed || string(r.Calls[0].Result) != "42" {
		t.Errorf("runs a program itself: %v %v", r, err)
	}
}
