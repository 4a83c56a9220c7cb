package runtime_test

import (
	"fmt"
	"strings"
	"testing"

	"wand/runtime"
)

// What is dropped first is what is of least use: with every token less, nothing of a lower rank comes back, and the failing line, the next step and both sides
// of the comparison are the last to go.
func TestFeedbackDropsTheLeastUsefulFirst(t *testing.T) {
	r := &runtime.Report{
		Status: runtime.Failed, Stdout: strings.Repeat("printed\n", 40),
		Error: &runtime.Error{
			Kind: runtime.KindAssertion, Type: "AssertionError", Message: "sums differ",
			Location: &runtime.Location{File: "main.py", Line: 7, Column: 12, EndColumn: 20, LineText: "    assert total(rows) == 5"},
			Values:   map[string]string{"left": "3", "right": "5"}, Hint: "fix total",
			Cause: &runtime.Error{Type: "ValueError", Message: "no row", Location: &runtime.Location{File: "main.py", Line: 3, LineText: "raise ValueError('no row')"}},
		},
		Warnings: []runtime.Warning{{Kind: runtime.WarnSwallowed, Message: "swallowed one", Line: 2}, {Kind: runtime.WarnNondeterministic, Message: "used the clock"}},
		Files:    []runtime.FileChange{{Path: "/work/out.txt", Size: 3}},
	}
	for i := range 11 {
		r.Error.Values[fmt.Sprintf("variable%02d", i)] = strings.Repeat("v", 60)
	}
	for i := range 6 {
		r.Error.Frames = append(r.Error.Frames, runtime.Frame{Location: runtime.Location{File: "main.py", Line: 20 + i, LineText: "caller()"}, Function: fmt.Sprintf("f%d", i)})
	}
	order := []string{ // the most useful first
		"failed: AssertionError", "assert total(rows) == 5", "next step: fix total", "left = 3", "caused by ValueError", "called from line 24", "swallowed one",
		"variable00", "called from line 21", "printed", "wrote /work/out.txt", "used the clock",
	}
	present := func(tokens int) []bool {
		text := r.Feedback(tokens)
		if len(text) > 4*tokens {
			t.Errorf("%d bytes for %d tokens", len(text), tokens)
		}
		found := make([]bool, len(order))
		for i, part := range order {
			found[i] = strings.Contains(text, part)
		}
		return found
	}
	for i, found := range present(2000) {
		if !found {
			t.Errorf("with room for everything, %q is missing", order[i])
		}
	}
	for tokens := 600; tokens >= 60; tokens-- {
		found := present(tokens)
		for i := range found[:4] {
			if !found[i] {
				t.Errorf("%d tokens: %q is missing\n%s", tokens, order[i], r.Feedback(tokens))
			}
		}
		// Once something does not fit, nothing of a lower rank is there but what is cut to the room that is left.
		gone := false
		for i, is := range found {
			if gone && is && i > 7 {
				t.Errorf("%d tokens: %q is there although more useful parts are not\n%s", tokens, order[i], r.Feedback(tokens))
			}
			gone = gone || !is && i >= 7
		}
		if t.Failed() {
			return
		}
	}
}

// A report may hold anything that a guest says; its text stays within its budget and never fails.
func FuzzFeedback(f *testing.F) {
	f.Add("ValueError", "message\nof two lines", "line", 3, 1, "left", "1", 100)
	f.Add("", "", "", -1, 1<<30, "value", strings.Repeat("x", 5000), 1)
	f.Fuzz(func(t *testing.T, kind, message, line string, number, column int, name, value string, tokens int) {
		r := &runtime.Report{Status: runtime.Failed, Stdout: value, Stderr: message, Error: &runtime.Error{
			Kind: runtime.ErrorKind(kind), Type: kind, Message: message, Hint: value, Values: map[string]string{name: value, "left": message},
			Location: &runtime.Location{File: name, Line: number, Column: column, EndColumn: column + 7, LineText: line},
			Frames:   []runtime.Frame{{Location: runtime.Location{Line: column}, Function: name}, {Function: kind}},
		}, Warnings: []runtime.Warning{{Message: message, Line: number}}}
		text := r.Feedback(tokens)
		if tokens <= 0 {
			tokens = runtime.DefaultFeedback
		}
		if len(text) > 4*min(tokens, 1<<28) {
			t.Errorf("%d bytes for %d tokens", len(text), tokens)
		}
	})
}
