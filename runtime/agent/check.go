package agent

import (
	"context"
	"fmt"
	"strings"

	"wand/compiler"
	"wand/runtime"
)

// Check judges a final answer. It may run programs in the candidate's session, which is a fork that nobody else sees. An error ends the conversation.
type Check func(ctx context.Context, c *Candidate) (*Verdict, error)

// Candidate is a final answer with what led to it.
type Candidate struct {
	Runtime *runtime.Runtime
	Answer  string
	Program string          // the last one that completed; may be empty
	Report  *runtime.Report // of Program; may be nil
	Session *runtime.Session
}

// Verdict is what a Check says.
type Verdict struct {
	Passed bool    `json:"passed"`
	Score  float64 `json:"score" jsonschema:"from 0 to 1, by which answers are compared"`
	// Message is what the model is told of an answer that did not pass. Default: that it is wrong.
	Message string `json:"message,omitempty"`
}

// HiddenTests passes an answer when each program completes in the candidate's session, one after the other, each in a fork of its own. The model hears how
// many failed and nothing else. Programs see the answer as INPUT.
func HiddenTests(programs ...string) Check { return tests(programs, false) }

// VisibleTests is HiddenTests whose model is shown the first test that failed, and how.
func VisibleTests(programs ...string) Check { return tests(programs, true) }

func tests(programs []string, visible bool) Check {
	return func(ctx context.Context, c *Candidate) (*Verdict, error) {
		v := &Verdict{}
		passed, shown := 0, ""
		for _, program := range programs {
			report, err := c.Run(ctx, program)
			if err != nil {
				return nil, err
			}
			if report.Status == runtime.Completed {
				passed++
			} else if shown == "" {
				shown = fmt.Sprintf("This test fails:\n%s\n%s", strings.TrimSpace(program), strings.TrimSpace(report.Feedback(300)))
			}
		}
		v.Passed = passed == len(programs)
		if len(programs) > 0 {
			v.Score = float64(passed) / float64(len(programs))
		}
		switch {
		case v.Passed:
		case visible:
			v.Message = fmt.Sprintf("%d of %d tests fail. %s", len(programs)-passed, len(programs), shown)
		default:
			v.Message = fmt.Sprintf("%d of %d hidden tests fail.", len(programs)-passed, len(programs))
		}
		return v, nil
	}
}

// Run runs a program in a fork of the candidate's session, with the answer as INPUT.
func (c *Candidate) Run(ctx context.Context, program string) (*runtime.Report, error) {
	s, err := c.Session.Fork()
	if err != nil {
		return nil, err
	}
	defer s.Close()
	m, diagnostics, err := compiler.Compile(ctx, s.Source(program))
	if err != nil {
		return nil, err
	}
	if m == nil {
		return runtime.InvalidReport(nil, s.Limits(), diagnostics), nil
	}
	return s.Run(ctx, m, runtime.TurnOptions{Input: quoted(c.Answer)})
}
