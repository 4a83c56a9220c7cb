package eval

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"golang.org/x/sync/errgroup"

	"wand/compiler"
	"wand/runtime"
)

// plan is how a problem's tests fall into single ones.
type plan struct {
	tests []plannedTest
}

// plannedTest is one test of a problem.
type plannedTest struct {
	// Line, End and Indent say where it stands in Problem.Test, counted from 1; 0 for an entry of Problem.Tests.
	Line, End, Indent int
	// Text is its source, Want what it expects, as it is written there.
	Text, Want string
	// Left says that what the candidate returned is the left side of the comparison; Truth that it is only looked at as true or false.
	Left, Truth bool
	// rewritten is the test in JavaScript with both sides of its comparison to be told; empty where it is no such thing.
	rewritten string
}

//go:embed plan.py
var planner string

// planBatch is how many problems one run of the planner looks at.
const planBatch = 16

// prepare finds the tests of problems that were not looked at before. It runs in the sandbox, because the parser of Python is there and what a data set
// calls a test may be anything.
func (e *Evaluator) prepare(ctx context.Context, problems []*Problem) error {
	e.planning.Lock()
	defer e.planning.Unlock()
	var python []*Problem
	for _, p := range problems {
		switch {
		case p.found.Load() != nil:
		case p.Test == "" && len(p.Tests) == 0:
			p.found.Store(&plan{})
		case p.Language != compiler.Python:
			p.found.Store(planScript(p))
		default:
			python = append(python, p)
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	for len(python) > 0 {
		n := min(planBatch, len(python))
		batch := python[:n]
		python = python[n:]
		group.Go(func() error { return e.planPython(ctx, batch) })
	}
	return group.Wait()
}

func (e *Evaluator) planPython(ctx context.Context, problems []*Problem) error {
	type item struct {
		Test string   `json:"test,omitempty"`
		List []string `json:"list,omitempty"`
	}
	items := make([]item, len(problems))
	for i, p := range problems {
		items[i] = item{p.Test, p.Tests}
	}
	input, err := json.Marshal(items)
	if err != nil {
		return err
	}
	var plans []struct {
		Tests []plannedTest
		Error string
	}
	report, err := e.run(ctx, newModule(compiler.Python, planner), runtime.Options{Input: input, Limits: runtime.Limits{Output: 64 << 20}})
	if err != nil {
		return err
	}
	if report.Status != runtime.Completed || json.Unmarshal(report.Result, &plans) != nil || len(plans) != len(problems) {
		if len(problems) > 1 { // one of them was too much
			for _, p := range problems {
				if err := e.planPython(ctx, []*Problem{p}); err != nil {
					return err
				}
			}
			return nil
		}
		problems[0].found.Store(&plan{}) // it has tests that cannot be told apart
		return nil
	}
	for i, p := range problems {
		if plans[i].Error != "" {
			return fmt.Errorf("%w: the test of problem %s is no Python: %s", ErrTests, p.TaskID, plans[i].Error)
		}
		tests := plans[i].Tests
		for k := range tests {
			t := &tests[k]
			if p.EntryPoint != "" && t.Line > 0 {
				t.Text, t.Want = candidateName.ReplaceAllString(t.Text, p.EntryPoint), candidateName.ReplaceAllString(t.Want, p.EntryPoint)
			}
		}
		p.found.Store(&plan{tests})
	}
	return nil
}

var candidateName = regexp.MustCompile(`\bcandidate\b`)

// count is how many tests a problem has.
func (p *Problem) count() int {
	switch {
	case len(p.Tests) > 0:
		return len(p.Tests)
	case len(p.planned()) > 1:
		return len(p.planned())
	case p.Tested():
		return 1 // the whole
	}
	return 0
}

// splits says whether the tests can be run one by one.
func (p *Problem) splits() bool { return p.count() > 1 }

// only is the text of Problem.Test with every test but number i taken out, each line staying where it is.
func (p *Problem) only(i int) string {
	lines := strings.Split(p.Test, "\n")
	for k, t := range p.planned() {
		if t.Line < 1 || t.End > len(lines) || k == i && t.rewritten == "" {
			continue
		}
		if k == i {
			copy(lines[t.Line-1:t.End], strings.Split(strings.Repeat(" ", t.Indent)+t.rewritten+";", "\n"))
			continue
		}
		for n := t.Line; n <= t.End; n++ {
			lines[n-1] = ""
		}
		filler := "pass"
		if p.Language != compiler.Python {
			filler = ";"
		}
		lines[t.Line-1] = strings.Repeat(" ", max(t.Indent, 0)) + filler
	}
	return strings.Join(lines, "\n")
}

// planned are the tests that were found; none before anybody looked.
func (p *Problem) planned() []plannedTest {
	if found := p.found.Load(); found != nil {
		return found.tests
	}
	return nil
}

// test is what is known of test i.
func (p *Problem) test(i int) plannedTest {
	switch tests := p.planned(); {
	case i < len(tests):
		return tests[i]
	case i < len(p.Tests):
		return plannedTest{Text: p.Tests[i]}
	}
	return plannedTest{}
}
