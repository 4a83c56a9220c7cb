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
	// described says that it is known what they compare, as far as it can be known.
	described bool
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

// prepare finds out how many tests problems have. What a scan of the text does not tell for sure, the planner does, several problems in one run.
func (e *Evaluator) prepare(ctx context.Context, problems []*Problem) error {
	var unsure []*Problem
	for _, p := range problems {
		switch {
		case p.found.Load() != nil:
		case p.Test == "" && len(p.Tests) == 0:
			p.found.Store(&plan{described: true})
		case p.Language != compiler.Python:
			p.found.Store(planScript(p))
		case len(p.Tests) > 0:
			p.found.Store(&plan{})
		default:
			if tests, ok := scanTests(p.Test); ok {
				p.found.Store(&plan{tests: tests})
			} else {
				unsure = append(unsure, p)
			}
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	for len(unsure) > 0 {
		n := min(planBatch, len(unsure))
		batch := unsure[:n]
		unsure = unsure[n:]
		group.Go(func() error { return e.describeAll(ctx, batch) })
	}
	return group.Wait()
}

// describe finds out what the tests of a problem compare, once.
func (e *Evaluator) describe(ctx context.Context, p *Problem) error {
	if found := p.found.Load(); found != nil && found.described {
		return nil
	}
	p.describing.Lock()
	defer p.describing.Unlock()
	if found := p.found.Load(); found != nil && found.described {
		return nil
	}
	return e.describeAll(ctx, []*Problem{p})
}

// describeAll has the planner look at problems. It runs in the sandbox, because the parser of Python is there and what a data set calls a test may be anything.
func (e *Evaluator) describeAll(ctx context.Context, problems []*Problem) error {
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
				if err := e.describeAll(ctx, []*Problem{p}); err != nil {
					return err
				}
			}
			return nil
		}
		problems[0].found.Store(&plan{tests: problems[0].planned(), described: true}) // nobody knows more of it
		return nil
	}
	for i, p := range problems {
		if plans[i].Error != "" {
			return fmt.Errorf("%w: the test of problem %s is no Python: %s", ErrTests, p.TaskID, plans[i].Error)
		}
		p.learn(plans[i].Tests)
	}
	return nil
}

// learn takes over what the planner says of tests. Those that a scan has found stay the ones there are: results may have been told of them already.
func (p *Problem) learn(tests []plannedTest) {
	for i := range tests {
		t := &tests[i]
		if p.EntryPoint != "" && t.Line > 0 {
			t.Text, t.Want = candidateName.ReplaceAllString(t.Text, p.EntryPoint), candidateName.ReplaceAllString(t.Want, p.EntryPoint)
		}
	}
	if scanned := p.planned(); len(scanned) > 0 && p.Test != "" {
		byLine := map[int]plannedTest{}
		for _, t := range tests {
			byLine[t.Line] = t
		}
		tests = append([]plannedTest(nil), scanned...)
		for i, t := range tests {
			if d, ok := byLine[t.Line]; ok && d.End == t.End {
				tests[i] = d
			}
		}
	}
	p.found.Store(&plan{tests: tests, described: true})
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
