package agent

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"

	"wand/hostfuncs"
	"wand/runtime"
)

// maxMalformed is how many messages in a row may make no sense.
const maxMalformed = 4

// conversation is one branch: its messages and its session.
type conversation struct {
	*running
	branch      string
	prompt      []Message
	temperature *float64
	turns       []turn
	proposals   int
	most        int // messages of the model; 0: as many as the account has

	session  *runtime.Session
	snapshot string // file with the session's state; empty before the first program
	ran      int    // programs
	kept     bool   // what one of them did
	last     *runtime.Report
	program  string // that last is of

	stepMu sync.Mutex
	step   string // of the program under way
}

func (r *running) conversation(branch string, notes []string, temperature *float64) *conversation {
	task := "Task:\n" + r.task
	if len(notes) > 0 {
		task += "\n\nYou have tried this before, and failed. What you noted then:\n- " + strings.Join(notes, "\n- ")
	}
	return &conversation{
		running: r, branch: branch, temperature: temperature,
		prompt: []Message{{Role: RoleSystem, Content: r.start.System}, {Role: RoleUser, Content: task}},
	}
}

// errBudget is what ask returns when the budget has no room for the answer, with what ran out behind it.
var errBudget = errors.New("the budget")

// errWall ends the wait for an answer when the time of the conversation is over.
var errWall = errors.New("its time was over before the model had answered")

// talk takes the conversation to its end. The outcome is not nil.
func (c *conversation) talk(ctx context.Context) (*Outcome, error) {
	malformed, talked := 0, false
	for {
		if why := c.account.over(); why != "" {
			return c.outcome(Exhausted, "the budget: "+why), nil
		}
		if c.most > 0 && len(c.turns) >= c.most {
			return c.outcome(Exhausted, fmt.Sprintf("no answer within the %d messages of one attempt", c.most)), nil
		}
		t := turn{number: len(c.turns) + 1}
		step := fmt.Sprintf("%s.%d", c.branch, t.number)
		answer, err := c.ask(ctx, step, trim(c.prompt, c.turns, c.contextBytes()), !c.agent.config.NoFunctions)
		switch {
		case errors.Is(err, errBudget):
			return c.outcome(Exhausted, err.Error()), nil
		case err != nil:
			return c.outcome(Stopped, err.Error()), err
		}
		var action Action
		action, t.said = read(answer, c.agent.config.Format, c.agent.config.Language)
		if action.Talk && talked { // it insists: this is what it has to say
			action = Action{Final: strings.TrimSpace(answer.Content), Done: true}
		}
		talked = action.Talk
		if action.Problem != "" {
			if malformed++; malformed == maxMalformed {
				return c.outcome(Malformed, fmt.Sprintf("the model's last %d messages held neither a program nor an answer; the last one: %s", malformed, action.Problem)), nil
			}
			t.failed, t.brief = true, "malformed message"
			hint := c.agent.config.Format.Instructions(c.agent.config.Language)
			if err := c.tell(step, &t, action.Problem+"\n"+hint); err != nil {
				return nil, err
			}
			continue
		}
		malformed = 0
		if action.Done {
			o, err := c.propose(ctx, step, &t, action.Final)
			if o != nil || err != nil {
				return o, err
			}
			continue
		}
		o, err := c.try(ctx, step, &t, action)
		if o != nil || err != nil {
			return o, err
		}
	}
}

// contextBytes is how long the messages may be together.
func (c *conversation) contextBytes() int { return 4 * c.agent.config.ContextTokens }

// ask asks the model, unless an earlier process did.
func (c *conversation) ask(ctx context.Context, step string, messages []Message, functions bool) (*Answer, error) {
	if e := c.journal.recorded(EventAnswer, step); e != nil && e.Answer != nil {
		c.account.spend(Spent{Turns: 1, Tokens: e.Answer.Usage})
		return e.Answer, nil
	}
	config := &c.agent.config
	bytes := messageBytes(messages)
	prompt := estimate(bytes)
	room := c.account.reserve(prompt, int64(config.AnswerTokens))
	if room == 0 {
		return nil, fmt.Errorf("%w: too few tokens are left for another answer: about %d are needed for the question alone", errBudget, prompt)
	}
	defer c.account.hold(-(prompt + room))
	text, err := json.Marshal(messages)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(text)
	ask := &Ask{Messages: len(messages), Bytes: bytes, Digest: hex.EncodeToString(sum[:]), MaxTokens: int(room), Temperature: c.temperature}
	if err := c.journal.add(&Event{Kind: EventAsk, Step: step, Ask: ask}); err != nil {
		return nil, err
	}
	q := &Request{Messages: messages, Tools: functions, MaxTokens: int(room), Temperature: c.temperature}
	if config.OnText != nil {
		q.OnText = func(delta string) { config.OnText(c.branch, delta) }
	}
	q.OnRetry = func(_ int, why error) { c.journal.add(&Event{Kind: EventRetry, Step: step, Retry: why.Error()}) }
	_, _, wall := c.account.left()
	within, cancel := context.WithTimeoutCause(ctx, max(wall, 0), errWall)
	defer cancel()
	answer, err := config.Model.Answer(within, q)
	if err != nil {
		var failed *ModelError
		if errors.As(err, &failed) {
			c.account.spend(Spent{Tokens: failed.Spent})
			c.journal.add(&Event{Kind: EventRetry, Step: step, Retry: err.Error(), Answer: &Answer{Attempts: failed.Attempts, Usage: failed.Spent}})
		}
		if ctx.Err() == nil && context.Cause(within) == errWall {
			return nil, fmt.Errorf("%w: %s", errBudget, cmp.Or(c.account.over(), errWall.Error()))
		}
		return nil, err
	}
	c.account.spend(Spent{Turns: 1, Tokens: answer.Usage})
	return answer, c.journal.add(&Event{Kind: EventAnswer, Step: step, Answer: answer})
}

// tell replies to the model, and takes the turn into the conversation.
func (c *conversation) tell(step string, t *turn, text string) error {
	if e := c.journal.recorded(EventTold, step); e != nil {
		text = e.Told // what it was told then, whatever it would be told now
	} else if err := c.journal.add(&Event{Kind: EventTold, Step: step, Told: text}); err != nil {
		return err
	}
	t.told = replies(t.said, text)
	c.turns = append(c.turns, *t)
	return nil
}

// try runs a program and tells the model what happened. The outcome is not nil when the conversation ends here.
func (c *conversation) try(ctx context.Context, step string, t *turn, action Action) (*Outcome, error) {
	report, err := c.run(ctx, step, action.Program)
	if err != nil {
		return c.outcome(Stopped, err.Error()), err
	}
	if report.Status == runtime.Suspended {
		return c.suspended(step, report)
	}
	t.program, t.failed = true, report.Status != runtime.Completed
	if !t.failed {
		c.last, c.program = report, action.Program
	}
	text := c.agent.config.Feedback(report)
	t.brief, _, _ = strings.Cut(text, "\n")
	if action.Note != "" {
		text += "\n" + action.Note
	}
	if t.failed && c.agent.config.Strategy.Explain {
		text += "\n" + explainText
	}
	return nil, c.tell(step, t, text)
}

// propose has a final answer judged. The outcome is not nil when it is taken, or was the last.
func (c *conversation) propose(ctx context.Context, step string, t *turn, final string) (*Outcome, error) {
	c.proposals++
	o := c.outcome(Answered, "")
	o.Answer, o.Turns = final, t.number
	if c.agent.config.Check == nil {
		return o, nil
	}
	v, err := c.judge(ctx, step, final)
	if err != nil {
		return c.outcome(Stopped, err.Error()), err
	}
	o.Verdict = v
	if v.Passed {
		return o, nil
	}
	if c.proposals >= c.agent.config.Proposals {
		o.Status, o.Reason = Wrong, fmt.Sprintf("none of %d answers passed the check", c.proposals)
		return o, nil
	}
	text := v.Message
	if text == "" {
		text = "Your answer is wrong."
	}
	t.failed, t.brief = true, "a wrong answer"
	return nil, c.tell(step, t, text)
}

// judge asks Check, unless an earlier process did.
func (c *conversation) judge(ctx context.Context, step, final string) (*Verdict, error) {
	if e := c.journal.recorded(EventVerdict, step); e != nil && e.Verdict != nil {
		return e.Verdict, nil
	}
	candidate := &Candidate{Runtime: c.agent.config.Runtime, Answer: final, Program: c.program, Report: c.last}
	s, err := c.live(ctx)
	if err != nil {
		return nil, err
	}
	if candidate.Session, err = s.Fork(); err != nil {
		return nil, err
	}
	defer candidate.Session.Close()
	v, err := c.agent.config.Check(ctx, candidate)
	if err != nil {
		return nil, fmt.Errorf("the check failed: %w", err)
	}
	return v, c.journal.add(&Event{Kind: EventVerdict, Step: step, Verdict: v})
}

// run runs a program, unless an earlier process did. One that an earlier process began and did not end goes on where that stood: no call that ended is
// made again.
func (c *conversation) run(ctx context.Context, step, program string) (*runtime.Report, error) {
	if e := c.journal.recorded(EventReport, step); e != nil && e.Report != nil {
		c.snapshot = e.Snapshot
		c.took(e.Report)
		return e.Report, nil
	}
	c.stepMu.Lock()
	c.step = step
	c.stepMu.Unlock()
	ctx = context.WithValue(ctx, conversationKey{}, c)
	p := &passage{conversation: c, step: step}
	defer p.close()
	report, err := p.goOn(ctx)
	if report == nil && err == nil {
		report, err = p.begin(ctx, program)
	}
	if err != nil {
		return nil, err
	}
	switch report.Status {
	case runtime.Cancelled:
		return nil, fmt.Errorf("a program was cancelled: %w", context.Cause(ctx))
	case runtime.Suspended:
		return report, nil
	}
	c.took(report)
	return report, p.settle(report)
}

// took notes that a program has come through.
func (c *conversation) took(r *runtime.Report) {
	c.ran++
	c.kept = c.kept || r.Session != nil && r.Session.Kept
	c.spend(r)
}

func (c *conversation) spend(r *runtime.Report) {
	c.account.spend(Spent{Fuel: r.Usage.Fuel.Used, HostCalls: r.Usage.HostCalls.Used})
}

// live is the conversation's session, made or brought back when it is first needed.
func (c *conversation) live(ctx context.Context) (*runtime.Session, error) {
	if c.session != nil {
		return c.session, nil
	}
	config := &c.agent.config
	options := c.agent.sessionOptions(c, c.start.Seed)
	var err error
	switch {
	case c.snapshot != "":
		data, problem := c.journal.kept(c.snapshot)
		if problem != nil {
			return nil, fmt.Errorf("the session cannot be brought back: %w", problem)
		}
		c.session, err = config.Runtime.Restore(ctx, data, options)
	case config.From != nil:
		// Not by a fork, which would keep that session's authority and its own ears.
		data, problem := config.From.Snapshot()
		if problem != nil {
			return nil, problem
		}
		c.session, err = config.Runtime.Restore(ctx, data, options)
	default:
		c.session, err = config.Runtime.NewSession(ctx, options)
	}
	return c.session, err
}

func (c *conversation) close() {
	if c.session != nil {
		c.session.Close()
		c.session = nil
	}
}

// record tells the caller of a call that has ended. What a program that is interrupted needs to go on is kept elsewhere (passage).
func (c *conversation) record(call hostfuncs.Call) error {
	c.stepMu.Lock()
	step := c.step
	c.stepMu.Unlock()
	return c.agent.config.Record(step, call)
}

// outcome is how things stand.
func (c *conversation) outcome(status OutcomeStatus, reason string) *Outcome {
	o := &Outcome{Status: status, Reason: reason, Branch: c.branch, Turns: len(c.turns), Program: c.program}
	if c.last != nil {
		o.Value = c.last.Result
	}
	return o
}

type conversationKey struct{}
