package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"

	"wand/compiler"
	"wand/runtime"
)

// Strategy is what is done beside talking. The zero value does nothing more; the parts can be combined.
type Strategy struct {
	// Explain is self-debugging: of a program that failed the model is asked to explain first what it does and where that departs from what was wanted.
	// (Chen et al., Teaching Large Language Models to Self-Debug, 2023.)
	Explain bool
	// Attempts is reflexion: after an attempt whose answer did not pass the Check, or that ran out of messages, the model notes what it has learnt, and
	// begins anew with its notes. At most so many attempts. It never sees the Check. (Shinn et al., Reflexion, 2023.)
	Attempts int
	// AttemptTurns is how many messages of the model one attempt may take. Default 10.
	AttemptTurns int
	// Samples is best of n: so many conversations, of which the one whose answer scores best is taken; without a Check the first with an answer.
	Samples int
	// Vote takes the answer on which most of the samples agree, by the value of their last program, else by the text of their answer.
	Vote bool
	// Undefined is chain of code: a call of a function that nobody has defined is answered by the model, and the program goes on. Python only.
	// (Li et al., Chain of Code, 2023.)
	Undefined bool
	// Temperature of samples. Default 0.8.
	Temperature float64
	// Parallel is how many samples are worked on at a time. Default 4.
	Parallel int
}

// Strategies are the names that ParseStrategy knows.
func Strategies() []string {
	return []string{"self-debug", "reflexion", "best-of-n", "vote", "chain-of-code"}
}

// ParseStrategy reads names of strategies, such as self-debug or best-of-5.
func ParseStrategy(names ...string) (s Strategy, err error) {
	for _, name := range names {
		head, n := name, 0
		if at := strings.LastIndexByte(name, '-'); at > 0 {
			if v, err := strconv.Atoi(name[at+1:]); err == nil && v > 0 {
				head, n = name[:at], v
			}
		}
		switch head {
		case "self-debug":
			s.Explain = true
		case "reflexion":
			s.Attempts = max(n, 0)
			if n == 0 {
				s.Attempts = 3
			}
		case "best-of", "best-of-n", "vote":
			if s.Samples = n; n == 0 {
				s.Samples = 5
			}
			s.Vote = s.Vote || head == "vote"
		case "chain-of-code":
			s.Undefined = true
		default:
			return s, fmt.Errorf("%q is no strategy; there are %s, best-of-n, reflexion and vote with a number in place of or after the name, as in best-of-5, reflexion-3, vote-7", name, strings.Join(Strategies(), ", "))
		}
	}
	return s, nil
}

// String names the parts.
func (s Strategy) String() string {
	var parts []string
	if s.Explain {
		parts = append(parts, "self-debug")
	}
	if s.Attempts > 1 {
		parts = append(parts, fmt.Sprintf("reflexion-%d", s.Attempts))
	}
	switch {
	case s.Samples > 1 && s.Vote:
		parts = append(parts, fmt.Sprintf("vote-%d", s.Samples))
	case s.Samples > 1:
		parts = append(parts, fmt.Sprintf("best-of-%d", s.Samples))
	}
	if s.Undefined {
		parts = append(parts, "chain-of-code")
	}
	if parts == nil {
		return "none"
	}
	return strings.Join(parts, ", ")
}

// maxSamples bounds what one command may ask for.
const maxSamples = 1000

func (s *Strategy) check(c *Config) error {
	switch {
	case s.Samples < 0 || s.Samples > maxSamples || s.Attempts < 0 || s.Attempts > maxSamples:
		return fmt.Errorf("a strategy has at most %d samples and attempts", maxSamples)
	case s.Vote && s.Samples < 2:
		return errors.New("a vote needs at least two samples")
	case s.Undefined && c.Language != compiler.Python:
		return fmt.Errorf("chain-of-code works with Python, and the language is %s", c.Language)
	}
	if s.AttemptTurns <= 0 {
		s.AttemptTurns = 10
	}
	if s.Temperature <= 0 {
		s.Temperature = 0.8
	}
	if s.Parallel <= 0 {
		s.Parallel = 4
	}
	return nil
}

// What models are asked to do.
const (
	explainText = "Before you write the next program, explain in a few lines what this one does, step by step, and where that departs from what was wanted."
	reflectText = "This attempt has failed: %s\nIn at most four sentences: what was wrong with the approach, and what will you do differently next time? Write no program."
)

// run follows the strategy to an outcome.
func (s *Strategy) run(ctx context.Context, r *running) (*Outcome, error) {
	if s.Samples < 2 {
		return s.attempts(ctx, r, "1", nil)
	}
	outcomes := make([]*Outcome, s.Samples)
	errs := make([]error, s.Samples)
	turns := make(chan struct{}, s.Parallel)
	var all sync.WaitGroup
	for i := range outcomes {
		turns <- struct{}{}
		all.Go(func() {
			defer func() { <-turns }()
			outcomes[i], errs[i] = s.attempts(ctx, r, strconv.Itoa(i+1), &s.Temperature)
		})
	}
	all.Wait()
	best, votes := s.choose(outcomes)
	chosen := outcomes[best]
	if chosen == nil {
		return nil, errors.Join(errs...)
	}
	for i, o := range outcomes {
		if o == nil {
			continue
		}
		chosen.Branches = append(chosen.Branches, o.branch())
		if i != best {
			o.Close()
			o.Session = nil
		}
	}
	chosen.Votes = votes
	// One sample that failed is no reason to throw the others away; all of them are.
	if chosen.Status == Stopped {
		return chosen, errors.Join(errs...)
	}
	return chosen, nil
}

// attempts is one sample: a conversation, or with reflexion one after the other.
func (s *Strategy) attempts(ctx context.Context, r *running, branch string, temperature *float64) (*Outcome, error) {
	if s.Attempts < 2 {
		return r.converse(ctx, r.conversation(branch, nil, temperature))
	}
	var notes []string
	var o *Outcome
	for n := 1; ; n++ {
		c := r.conversation(fmt.Sprintf("%s/%d", branch, n), notes, temperature)
		c.most = s.AttemptTurns
		if o != nil {
			o.Close()
		}
		var err error
		if o, err = r.converse(ctx, c); err != nil || o.Status == Answered || o.Status == Suspended || n == s.Attempts || r.account.over() != "" {
			return o, err
		}
		messages := append(trim(c.prompt, c.turns, c.contextBytes()), Message{Role: RoleUser, Content: fmt.Sprintf(reflectText, o.Reason)})
		answer, err := c.ask(ctx, c.branch+".reflect", messages, false)
		switch {
		case errors.Is(err, errBudget):
			return o, nil
		case err != nil:
			return o, err
		}
		notes = append(notes, clip(strings.TrimSpace(answer.Content), 2000))
	}
}

// converse takes a conversation to its end, and its session with it.
func (r *running) converse(ctx context.Context, c *conversation) (*Outcome, error) {
	o, err := c.talk(ctx)
	if o == nil || err != nil || c.ran == 0 {
		c.close()
		return o, err
	}
	o.Session, err = c.live(ctx)
	return o, err
}

// choose picks an outcome: by vote, else by what the check says, else the first that has an answer. votes is how many agree.
func (s *Strategy) choose(outcomes []*Outcome) (best, votes int) {
	if s.Vote {
		counts := map[string]int{}
		for _, o := range outcomes {
			if o != nil && o.Status == Answered {
				counts[ballot(o)]++
			}
		}
		best = -1
		for i, o := range outcomes {
			if o != nil && o.Status == Answered && (best < 0 || counts[ballot(o)] > counts[ballot(outcomes[best])]) {
				best = i
			}
		}
		if best >= 0 {
			return best, counts[ballot(outcomes[best])]
		}
	}
	best = 0
	for i, o := range outcomes {
		if outcomes[best] == nil || o != nil && rank(o) > rank(outcomes[best]) {
			best = i
		}
	}
	return best, 0
}

// rank orders outcomes: those that were answered, by their score, before those that were not.
func rank(o *Outcome) float64 {
	score := 0.0
	if o.Verdict != nil {
		score = o.Verdict.Score
	}
	switch {
	case o.Status == Answered:
		return 3 + score
	case o.Status == Stopped:
		return -1
	case o.Verdict != nil:
		return 1 + score
	case o.Program != "":
		return 0.5
	}
	return 0
}

// ballot is what an outcome votes for.
func ballot(o *Outcome) string {
	if len(o.Value) > 0 && string(o.Value) != "null" {
		if text, err := canonical(o.Value); err == nil {
			return "value " + text
		}
	}
	answer := strings.TrimRight(strings.ToLower(strings.Join(strings.Fields(o.Answer), " ")), ".!")
	if text, err := canonical([]byte(answer)); err == nil {
		return "value " + text
	}
	return "text " + answer
}

// canonical is a JSON value in one spelling: keys sorted, and a whole number as one however it was computed.
func canonical(text []byte) (string, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil || d.More() {
		return "", errors.Join(err, errors.New("it is no single value"))
	}
	out, err := json.Marshal(plain(v))
	return string(out), err
}

func plain(v any) any {
	switch v := v.(type) {
	case json.Number:
		if f, err := v.Float64(); err == nil && f == math.Trunc(f) && math.Abs(f) < 1<<53 {
			return int64(f)
		}
	case []any:
		for i := range v {
			v[i] = plain(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = plain(v[k])
		}
	}
	return v
}

// suspended ends the conversation for now.
func (c *conversation) suspended(step string, report *runtime.Report) (*Outcome, error) {
	o := c.outcome(Suspended, "a call waits")
	if o.Suspend = report.Suspension; o.Suspend != nil {
		o.Reason = o.Suspend.Why
	}
	return o, c.journal.add(&Event{Kind: EventSuspend, Step: step, Suspend: o.Suspend})
}
