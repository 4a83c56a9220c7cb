package eval

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
)

// Format is a kind of training data.
type Format string

// Formats.
const (
	FormatSFT        Format = "sft"        // what passed, to imitate
	FormatPreference Format = "preference" // pairs of one that passed and one that did not
	FormatReward     Format = "reward"     // every sample with its reward
)

// Formats lists all of them.
func Formats() []Format { return []Format{FormatSFT, FormatPreference, FormatReward} }

// DefaultPairs is how many pairs of a task are exported at most.
const DefaultPairs = 8

// Example is one line of training data. Which fields it has depends on the format; whatever it claims can be found out again from it and the problems (ReadClaims).
type Example struct {
	TaskID   string `json:"task_id"`
	Language string `json:"language"`
	Prompt   string `json:"prompt"` // code, or words
	// Whole says that completions are whole programs, not to be put behind the prompt.
	Whole bool `json:"whole,omitempty"`

	SampleID    string  `json:"sample_id,omitempty"`
	Completion  *string `json:"completion,omitempty"`
	Outcome     Outcome `json:"outcome,omitempty"`
	TestsPassed int     `json:"tests_passed,omitempty"`
	TestsTotal  int     `json:"tests_total,omitempty"`
	Feedback    string  `json:"feedback,omitempty"`

	Chosen         *string  `json:"chosen,omitempty"`
	Rejected       *string  `json:"rejected,omitempty"`
	Reward         *float64 `json:"reward,omitempty"`
	ChosenReward   *float64 `json:"chosen_reward,omitempty"`
	RejectedReward *float64 `json:"rejected_reward,omitempty"`
}

// Export writes results as training data, JSON lines, and returns how many. A program that several samples of a task hold is taken once. pairs bounds the pairs of
// a task for FormatPreference (0: DefaultPairs): the best of what failed first, each beside another one that passed.
func Export(w io.Writer, f Format, problem func(taskID string) *Problem, results []*Result, pairs int) (n int, err error) {
	if !slices.Contains(Formats(), f) {
		return 0, fmt.Errorf("there is no format %q; there are %v", f, Formats())
	}
	if pairs <= 0 {
		pairs = DefaultPairs
	}
	for _, t := range Summarise(results).Tasks {
		p := problem(t.TaskID)
		if p == nil {
			return n, fmt.Errorf("%w: %s", ErrNoProblem, t.TaskID)
		}
		for _, example := range t.examples(f, p, pairs) {
			if err := writeLine(w, example); err != nil {
				return n, err
			}
			n++
		}
	}
	return n, nil
}

func (t *Task) examples(f Format, p *Problem, pairs int) []Example {
	var passed, others []*Result
	seen := map[string]bool{}
	for _, r := range t.Results {
		if text := r.Solution + "\x00" + r.Completion; !seen[text] {
			seen[text] = true
			if r.Passed {
				passed = append(passed, r)
			} else {
				others = append(others, r)
			}
		}
	}
	var list []Example
	switch f {
	case FormatSFT:
		for _, r := range passed {
			list = append(list, lone(p, r))
		}
	case FormatReward:
		for _, r := range append(passed, others...) {
			e := lone(p, r)
			e.Outcome, e.Feedback = r.Outcome, r.Feedback
			if r.Tests != nil {
				e.TestsPassed, e.TestsTotal = r.Tests.Passed, r.Tests.Total
			}
			list = append(list, e)
		}
	case FormatPreference:
		slices.SortStableFunc(others, func(a, b *Result) int { return cmp.Compare(b.Reward, a.Reward) })
		for i, r := range others {
			if len(passed) == 0 || i == pairs {
				break
			}
			good := passed[i%len(passed)]
			if (good.Solution != "") != (r.Solution != "") {
				continue // one goes on with the prompt and the other does not
			}
			e := example(p, r)
			e.Chosen, e.Rejected, e.ChosenReward, e.RejectedReward = text(good), text(r), &good.Reward, &r.Reward
			list = append(list, e)
		}
	}
	return list
}

func example(p *Problem, r *Result) Example {
	return Example{TaskID: p.TaskID, Language: string(p.Language), Prompt: p.Text, Whole: r.Solution != ""}
}

func lone(p *Problem, r *Result) Example {
	e := example(p, r)
	e.SampleID, e.Completion, e.Reward = r.SampleID, text(r), &r.Reward
	return e
}

func text(r *Result) *string {
	if r.Solution != "" {
		return &r.Solution
	}
	return &r.Completion
}

// Claim is what a line of results or of training data says of a program.
type Claim struct {
	Sample  Sample
	Reward  float64
	Outcome Outcome // empty where nothing is said
	Matrix  string
	Line    int
}

// Differs says what a result has otherwise than the claim, or nothing.
func (c *Claim) Differs(r *Result) string {
	switch {
	case c.Outcome != "" && c.Outcome != r.Outcome:
		return fmt.Sprintf("it is %s, not %s", r.Outcome, c.Outcome)
	case math.Abs(c.Reward-r.Reward) > 1e-6:
		return fmt.Sprintf("its reward is %v, not %v", r.Reward, c.Reward)
	case c.Matrix != "" && r.Tests != nil && c.Matrix != r.Tests.Matrix:
		return fmt.Sprintf("its tests are %s, not %s", short(r.Tests.Matrix, 80), short(c.Matrix, 80))
	}
	return ""
}

// ReadClaims reads what results or training data say of programs, so that it can be found out again. The header is nil for training data.
func ReadClaims(file string, in io.Reader) (*Header, []*Claim, error) {
	var h *Header
	var claims []*Claim
	var bad lineErrors
	first := true
	err := readLines(file, in, func(line int, text []byte) error {
		if text == nil {
			bad.add(file, line, "%s", tooLong())
			return nil
		}
		if first {
			first = false
			var maybe Header
			if json.Unmarshal(text, &maybe) == nil && maybe.Schema == Schema && maybe.Kind == "header" {
				h = &maybe
				return nil
			}
		}
		found, err := claimsOf(text, h != nil)
		if err != nil {
			bad.add(file, line, "%v", err)
		}
		for _, c := range found {
			c.Line, c.Sample.Line = line, line
			c.Sample.ID = fmt.Sprint(len(claims))
			claims = append(claims, c)
		}
		return nil
	})
	if err == nil {
		err = bad.err()
	}
	if err == nil && len(claims) == 0 {
		err = fmt.Errorf("%s: there is nothing in it that could be found out again", file)
	}
	return h, claims, err
}

func claimsOf(line []byte, results bool) ([]*Claim, error) {
	if results {
		var r Result
		if err := json.Unmarshal(line, &r); err != nil {
			return nil, fmt.Errorf("it is no result: %w", err)
		}
		c := &Claim{Sample: Sample{TaskID: r.TaskID, Completion: r.Completion, Solution: r.Solution}, Reward: r.Reward, Outcome: r.Outcome}
		if r.Tests != nil {
			c.Matrix = r.Tests.Matrix
		}
		return []*Claim{c}, nil
	}
	var e Example
	if err := json.Unmarshal(line, &e); err != nil {
		return nil, fmt.Errorf("it is no training data: %w", err)
	}
	claim := func(text *string, reward *float64) *Claim {
		c := &Claim{Sample: Sample{TaskID: e.TaskID}, Reward: *reward, Outcome: e.Outcome}
		if e.Whole {
			c.Sample.Solution = *text
		} else {
			c.Sample.Completion = *text
		}
		return c
	}
	switch {
	case e.TaskID == "":
		return nil, errors.New("it has no task_id")
	case e.Chosen != nil && e.Rejected != nil && e.ChosenReward != nil && e.RejectedReward != nil:
		return []*Claim{claim(e.Chosen, e.ChosenReward), claim(e.Rejected, e.RejectedReward)}, nil
	case e.Completion != nil && e.Reward != nil:
		return []*Claim{claim(e.Completion, e.Reward)}, nil
	}
	return nil, errors.New("it has neither a completion with its reward nor a pair with both rewards")
}
