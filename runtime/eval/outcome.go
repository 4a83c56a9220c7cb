package eval

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"wand/runtime"
)

// Outcome is how a candidate, or one of its tests, ended.
type Outcome string

// Outcomes.
const (
	Passed    Outcome = "passed"
	Failed    Outcome = "failed"    // a test's assertion did not hold, or the value is another one
	Errored   Outcome = "error"     // it raised something else, or ended before the tests did
	Exhausted Outcome = "exhausted" // a limit stopped it
	Denied    Outcome = "denied"    // the policy refused what it asked for
	Invalid   Outcome = "invalid"   // it is no program
	Untested  Outcome = "untested"  // it ran to its end, and nothing decides about it
)

// Outcomes lists all of them, best first.
func Outcomes() []Outcome {
	return []Outcome{Passed, Untested, Failed, Errored, Exhausted, Denied, Invalid}
}

// letter stands for an outcome in a matrix.
func (o Outcome) letter() byte {
	switch o {
	case Passed, Untested:
		return '.'
	case Failed:
		return 'F'
	case Exhausted:
		return 'X'
	case Denied:
		return 'D'
	case Invalid:
		return 'I'
	}
	return 'E'
}

// Scale turns outcomes into rewards. The order invalid < error < failed < passed is what training needs; the numbers are those of CodeRL (Le et
// al., 2022), whose three lower steps are filled in by the fraction of the tests that passed.
type Scale struct {
	Invalid float64 `json:"invalid"` // no program
	Error   float64 `json:"error"`   // it raised, was stopped by a limit or refused by the policy
	Failed  float64 `json:"failed"`  // it ran and gave wrong answers
	Passed  float64 `json:"passed"`
}

// DefaultScale is -1, -0.6, -0.3, 1.
func DefaultScale() Scale { return Scale{Invalid: -1, Error: -0.6, Failed: -0.3, Passed: 1} }

// Check reports a scale that does not grow from step to step.
func (s Scale) Check() error {
	if !(s.Invalid < s.Error && s.Error < s.Failed && s.Failed < s.Passed) || math.IsInf(s.Invalid, 0) || math.IsInf(s.Passed, 0) {
		return fmt.Errorf("rewards have to grow from invalid over error and failed to passed, and these do not: %v, %v, %v, %v", s.Invalid, s.Error, s.Failed, s.Passed)
	}
	return nil
}

// Reward is the reward of a candidate that passed some of its tests. Between two steps it grows with the fraction of the tests and stays below the upper
// one: a candidate that failed is never rewarded like one that passed, whatever the number of tests.
func (s Scale) Reward(o Outcome, passed, total int) float64 {
	from, to := s.Error, s.Failed
	switch o {
	case Passed:
		return s.Passed
	case Invalid:
		return s.Invalid
	case Untested:
		return s.Failed // it ran; nobody knows more
	case Failed:
		from, to = s.Failed, s.Passed
	}
	if total < 1 {
		return from
	}
	// One that passes every test alone and not all together stays below one that passed.
	fraction := min(float64(passed), float64(total)-0.5) / float64(total)
	return math.Round((from+(to-from)*fraction)*1e6) / 1e6
}

// Failure is what ended a run that did not pass.
type Failure struct {
	Kind    runtime.ErrorKind `json:"kind" jsonschema:"as in a report: syntax, exception, assertion, exit, fuel, memory, deadline, ...; value when the program's value is another one than expected"`
	Type    string            `json:"type,omitempty" jsonschema:"the language's own name for it, such as ValueError"`
	Message string            `json:"message,omitempty" jsonschema:"at most 300 bytes of it"`
	Line    int               `json:"line,omitempty" jsonschema:"in the program: the candidate with its tests behind it"`
}

// kindValue says that a program gave another value than it had to.
const kindValue runtime.ErrorKind = "value"

// judge says how a run of a program ended, which is the report's word unless the program ended before its tests did.
func (p program) judge(r *runtime.Report) (Outcome, *Failure) {
	switch r.Status {
	case runtime.Completed:
		if string(r.Result) == `"`+p.token+`"` {
			return Passed, nil
		}
		return Errored, &Failure{Kind: runtime.KindExit, Message: "the program ended before its tests did, with exit code 0"}
	case runtime.Invalid:
		return Invalid, failure(r.Error)
	case runtime.Exhausted:
		return Exhausted, failure(r.Error)
	case runtime.Denied, runtime.Suspended:
		return Denied, failure(r.Error)
	}
	if p.asserted(r.Error) {
		return Failed, failure(r.Error)
	}
	return Errored, failure(r.Error)
}

// asserted says whether an error is an assertion of the tests, not one of the candidate's own.
func (p program) asserted(e *runtime.Error) bool {
	if e == nil || e.Kind != runtime.KindAssertion && !(e.Kind == runtime.KindException && e.Type == "AssertionError") {
		return false
	}
	return e.Location == nil || e.Location.Line >= p.tests
}

func failure(e *runtime.Error) *Failure {
	if e == nil {
		return nil
	}
	f := &Failure{Kind: e.Kind, Type: e.Type, Message: short(e.Message, 300)}
	if e.Location != nil {
		f.Line = e.Location.Line
	}
	return f
}

// text is a failure in a few words.
func (f *Failure) text() string {
	if f == nil {
		return ""
	}
	switch f.Kind {
	case runtime.KindFuel, runtime.KindMemory, runtime.KindDeadline, runtime.KindOutput, runtime.KindStorage, runtime.KindHostCalls, runtime.KindCallDepth:
		return "was stopped: " + f.Message
	}
	switch {
	case f.Type == "":
		return f.Message
	case f.Message == "":
		return "raised " + f.Type
	}
	return "raised " + f.Type + ": " + f.Message
}

func short(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n-3], "") + "..."
}

// sameValue compares a program's value with the expected one: numbers by their value, to within 1e-3 or 1e-9 of their size, as programs that compute
// in floating point have to be compared (PAL, Gao et al. 2022, uses 1e-3); everything else as JSON.
func sameValue(got, want json.RawMessage) bool {
	a, b := number(got), number(want)
	if a == nil || b == nil {
		return canonical(got) == canonical(want)
	}
	d := math.Abs(*a - *b)
	return *a == *b || d < 1e-3 || d <= 1e-9*math.Abs(*b)
}

// number reads a JSON number, or one that was tagged because JSON has none like it.
func number(raw json.RawMessage) *float64 {
	var n float64
	if json.Unmarshal(raw, &n) == nil && len(raw) > 0 && raw[0] != 'n' {
		return &n
	}
	var tagged struct {
		Type  string      `json:"$type"`
		Value json.Number `json:"value"`
	}
	if json.Unmarshal(raw, &tagged) == nil && (tagged.Type == "int" || tagged.Type == "decimal") {
		if n, err := tagged.Value.Float64(); err == nil {
			return &n
		}
	}
	return nil
}

// canonical is a value in the form in which two are compared: objects with their keys in order, numbers by their value.
func canonical(raw json.RawMessage) string {
	var v any
	if json.Unmarshal(raw, &v) != nil {
		return string(raw)
	}
	text, err := json.Marshal(v)
	if err != nil {
		return string(raw)
	}
	return string(text)
}
