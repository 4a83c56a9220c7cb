package eval

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"wand/compiler"
	"wand/policies/units"
	"wand/runtime"
)

// Schema is the value of Result.Schema and Header.Schema.
const Schema = "wand.eval/v1"

// Result is what came of one sample. Its JSON form is a published contract (result.schema.json), one line each.
type Result struct {
	Schema     string            `json:"schema" jsonschema:"always wand.eval/v1"`
	Key        string            `json:"key" jsonschema:"sha256 of the sample, its problem and the settings: what was judged, by what and how"`
	TaskID     string            `json:"task_id"`
	SampleID   string            `json:"sample_id" jsonschema:"tells the samples of a task apart"`
	Index      int               `json:"index" jsonschema:"place among the samples, from 0"`
	Language   compiler.Language `json:"language"`
	Completion string            `json:"completion,omitempty" jsonschema:"the sample, where it goes on with the prompt"`
	Solution   string            `json:"solution,omitempty" jsonschema:"the sample, where it is a whole program"`
	Outcome    Outcome           `json:"outcome" jsonschema:"passed, failed, error, exhausted, denied, invalid or untested"`
	Passed     bool              `json:"passed"`
	Reward     float64           `json:"reward" jsonschema:"on the scale of the settings"`
	Tests      *Tests            `json:"tests,omitempty" jsonschema:"absent when there are none, or when nobody looked at them one by one"`
	Error      *Failure          `json:"error,omitempty" jsonschema:"what ended the program with all tests behind it"`
	Value      json.RawMessage   `json:"value,omitempty" jsonschema:"of a program that is judged by its value, or voted on"`
	Suspicious []SuspiciousLine  `json:"suspicious,omitempty" jsonschema:"lines of the candidate by how much failing tests run them, most suspicious first"`
	Feedback   string            `json:"feedback,omitempty" jsonschema:"what a model should be told"`
	Fuel       int64             `json:"fuel" jsonschema:"of all runs for this sample; the same in every run of the same settings"`
	PeakBytes  int64             `json:"peak_bytes" jsonschema:"most memory that the run with all tests held"`
	WallMS     float64           `json:"wall_ms" jsonschema:"from the sample's turn to its result, waiting for a core included"`
}

// Tests are how the tests of a problem went.
type Tests struct {
	Total  int           `json:"total"`
	Passed int           `json:"passed"`
	Matrix string        `json:"matrix" jsonschema:"one letter for each test: . passed, F failed, E error, X exhausted, D denied, I invalid"`
	Failed []TestFailure `json:"failed,omitempty" jsonschema:"the first 20 that did not pass"`
	// Coverage is which lines of the candidate each test that ran by itself executed.
	Coverage []string `json:"coverage,omitempty" jsonschema:"for each test that ran by itself, the lines of the program before its tests that it executed, as in 1-3,7; absent for more than 200 tests"`
}

// TestFailure is a test that did not pass.
type TestFailure struct {
	Test    int     `json:"test" jsonschema:"number of the test, from 1"`
	Text    string  `json:"text,omitempty" jsonschema:"its source, at most 400 bytes"`
	Outcome Outcome `json:"outcome"`
	Got     string  `json:"got" jsonschema:"what the candidate gave: a value, or how it ended"`
	Want    string  `json:"want,omitempty" jsonschema:"what the test expects"`
	Line    int     `json:"line,omitempty" jsonschema:"where it ended, in the program: the candidate with the tests behind it"`
}

// SuspiciousLine is a line of the candidate that failing tests run more than passing ones do.
type SuspiciousLine struct {
	Line  int     `json:"line"`
	Score float64 `json:"score" jsonschema:"Ochiai's coefficient, 0 to 1"`
	Text  string  `json:"text,omitempty" jsonschema:"the line, at most 160 bytes"`
}

// newTestFailure tells what a test wanted and what it got.
func newTestFailure(p *Problem, i int, o Outcome, f *Failure, e *runtime.Error) TestFailure {
	t := TestFailure{Test: i + 1, Outcome: o, Got: short(f.text(), 300)}
	planned := p.test(i)
	if f != nil {
		t.Line = f.Line
	}
	t.Text, t.Want = short(planned.Text, 400), short(planned.Want, 300)
	if o != Failed || e == nil {
		return t
	}
	left, right := e.Values["left"], e.Values["right"]
	switch {
	case left != "" && right != "" && planned.Want == "": // a comparison of some other kind
		t.Got, t.Want = "left side "+left, "right side "+right
	case left != "" && right != "" && planned.Left:
		t.Got, t.Want = left, right
	case left != "" && right != "" && !planned.Truth:
		t.Got, t.Want = right, left
	case planned.Truth && planned.Want == "a true value":
		t.Got = "a false value"
	case planned.Truth:
		t.Got = "a true value"
	}
	if left == "" && !planned.Truth {
		t.Got = "the assertion does not hold"
		if e.Message != "" && e.Message != "Assertion failed" {
			t.Got += ": " + short(e.Message, 200)
		}
	}
	return t
}

// identify fills in which sample it was.
func (r *Result) identify(p *Problem, s *Sample) {
	r.TaskID, r.SampleID, r.Completion, r.Solution = p.TaskID, s.ID, s.Completion, s.Solution
}

// use adds what a run used.
func (r *Result) use(report *runtime.Report) {
	r.Fuel += report.Usage.Fuel.Used
	r.PeakBytes = max(r.PeakBytes, report.Usage.Memory.PeakBytes)
}

// finish fills in what follows from the outcomes. report is of the run that a model should hear of.
func (r *Result) finish(e *Evaluator, p *Problem, report *runtime.Report) {
	r.Passed = r.Outcome == Passed
	passed, total := 0, 0
	if r.Tests != nil {
		passed, total = r.Tests.Passed, r.Tests.Total
		if r.Outcome == Errored && r.failsOnly() {
			// As a whole it ended at the first test that raised; one by one, others ran and gave wrong values.
			r.Outcome = Failed
		}
	}
	r.Reward = e.config.Scale.Reward(r.Outcome, passed, total)
	if r.Outcome != Passed && r.Outcome != Untested && e.config.FeedbackTokens > 0 {
		r.Feedback = r.feedback(report, 4*e.config.FeedbackTokens)
	}
}

// failsOnly says that some tests failed and none ended in another way.
func (r *Result) failsOnly() bool {
	return strings.Contains(r.Tests.Matrix, "F") && strings.Trim(r.Tests.Matrix, ".F") == ""
}

// feedback is what a model should be told: how many tests hold, what the first failing ones got and wanted, and the report of the first.
func (r *Result) feedback(report *runtime.Report, room int) string {
	var b strings.Builder
	if t := r.Tests; t != nil && t.Total > 1 && r.Outcome != Invalid {
		fmt.Fprintf(&b, "%d of %d tests pass\n", t.Passed, t.Total)
		if t.Passed == t.Total {
			b.WriteString("each test passes when it runs alone, but not all of them one after the other: something is kept from call to call, or all together take too long\n")
		}
	}
	if t := r.Tests; t != nil {
		for i, f := range t.Failed {
			lines := fmt.Sprintf("test %d: %s\n  got:  %s\n", f.Test, oneLine(f.Text), f.Got)
			if f.Want != "" {
				lines += fmt.Sprintf("  want: %s\n", f.Want)
			}
			if i > 0 && b.Len()+len(lines) > room/2 {
				fmt.Fprintf(&b, "and %d failing tests more\n", t.Total-t.Passed-i)
				break
			}
			b.WriteString(lines)
		}
	}
	if len(r.Suspicious) > 0 && r.Suspicious[0].Score < 1 || len(r.Suspicious) == 1 {
		b.WriteString("failing tests run these lines more than passing ones do:\n")
		for _, s := range r.Suspicious {
			fmt.Fprintf(&b, "  line %d: %s\n", s.Line, s.Text)
		}
	}
	if left := room - b.Len(); left > 200 && report.Status != runtime.Completed {
		// How long it took is no property of the candidate, and would make every evaluation another one.
		took := ", " + units.Duration(time.Duration(report.Usage.WallMS*float64(time.Millisecond))).String() + ")"
		b.WriteString(strings.Replace(report.Feedback(left/4), took, ")", 1))
	}
	return short(b.String(), room)
}

// oneLine is a text without its line breaks.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
