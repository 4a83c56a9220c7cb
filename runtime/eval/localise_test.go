package eval_test

import (
	"strings"
	"testing"

	"wand/compiler"
	"wand/runtime/eval"
)

// The line with the fault is the most suspicious one: the tests that run it fail, and the others pass.
func TestSuspiciousLines(t *testing.T) {
	for language, c := range map[compiler.Language]struct{ code, test, fault string }{
		compiler.Python: {
			"def grade(n):\n    if n >= 90:\n        return 'A'\n    if n >= 80:\n        return 'C'\n    return 'F'\n",
			"assert grade(%) == '$'", "return 'C'",
		},
		compiler.JavaScript: {
			"function grade(n) {\n  if (n >= 90)\n    return 'A'\n  if (n >= 80)\n    return 'C'\n  return 'F'\n}\n",
			"console.assert(grade(%) === '$')", "return 'C'",
		},
	} {
		t.Run(string(language), func(t *testing.T) {
			p := &eval.Problem{TaskID: "g", Language: language}
			for _, pair := range []string{"95A", "85B", "81B", "70F", "10F", "90A"} {
				p.Tests = append(p.Tests, strings.NewReplacer("%", pair[:2], "$", pair[2:]).Replace(c.test))
			}
			set, err := eval.NewSet([]*eval.Problem{p}, []*eval.Sample{{TaskID: "g", Solution: c.code}})
			if err != nil {
				t.Fatal(err)
			}
			r := judge(t, evaluator(t, eval.Config{Coverage: true}), set)[0]
			if r.Tests.Matrix != ".FF..." || len(r.Tests.Coverage) != 6 {
				t.Fatalf("%+v\n%s", r.Tests, r.Feedback)
			}
			if len(r.Suspicious) == 0 || r.Suspicious[0].Text != c.fault || r.Suspicious[0].Score != 1 {
				t.Errorf("suspicious: %+v, of %q", r.Suspicious, r.Tests.Coverage)
			}
			if strings.Contains(r.Feedback, ".same(") || !strings.Contains(r.Feedback, strings.TrimSuffix(p.Tests[1], ")")) {
				t.Errorf("the feedback does not show the test as it stands:\n%s", r.Feedback)
			}
			if f := r.Tests.Failed[0]; !strings.Contains(f.Got, "C") || !strings.Contains(f.Want, "B") {
				t.Errorf("%+v", f)
			}
		})
	}
}

// A candidate that never ends costs the fuel of a few runs, however many tests there are, and the same each time.
func TestEndlessCandidate(t *testing.T) {
	p := &eval.Problem{TaskID: "e", Language: compiler.Python, EntryPoint: "f", Test: "def check(candidate):\n    assert candidate(1) == 1\n" +
		strings.Repeat("    assert candidate(0) == 0\n", 40)}
	set, err := eval.NewSet([]*eval.Problem{p}, []*eval.Sample{{TaskID: "e", Solution: "def f(n):\n    while n < 1: pass\n    return 1\n"}})
	if err != nil {
		t.Fatal(err)
	}
	c := eval.Config{Jobs: 3}
	c.Options.Limits.Fuel = 50_000_000
	first := judge(t, evaluator(t, c), set)[0]
	again := judge(t, evaluator(t, c), set)[0]
	if first.Tests.Matrix != "."+strings.Repeat("X", 40) || first.Fuel != again.Fuel || first.Feedback != again.Feedback {
		t.Errorf("%s with %d, then %s with %d", first.Tests.Matrix, first.Fuel, again.Tests.Matrix, again.Fuel)
	}
	if most := int64(6 * 50_000_000); first.Fuel > most {
		t.Errorf("%d units of fuel, of at most %d", first.Fuel, most)
	}
	if !strings.Contains(first.Feedback, "1 of 41 tests pass") {
		t.Error(first.Feedback)
	}
}
