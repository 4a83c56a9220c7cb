package hostfuncs

import (
	"context"
	"encoding/json"
	"slices"
)

// Stages hears of what becomes of each call while it happens, so that a run can be recorded, and can go on after its process has died without repeating
// what was done. Its methods are called from any goroutine and may not call the gate.
type Stages interface {
	// Began is told that a tool is about to be called. repeatable: calling it once more does no harm. The tool is not called when there is an error, and the
	// run ends.
	Began(seq int, tool string, repeatable bool) error
	// Ended is told how a call ended, refused ones included, before the program is. An error ends the run.
	Ended(EndedCall) error
	// Paused is told that a call waits for an answer that comes later.
	Paused(Suspension) error
	// Agreed is told that somebody agreed to all that a key stands for, a rule or one thing under it.
	Agreed(key string) error
}

// EndedCall is a call that has ended, as Restore takes it.
type EndedCall struct {
	Call    Call            `json:"call"`
	Result  json.RawMessage `json:"result,omitempty"`
	Err     *Error          `json:"err,omitempty"`
	Counted []string        `json:"counted,omitempty"` // the rules that count it
}

// Kinds of Suspension.
const (
	WaitsForApproval = "approval" // somebody has to agree
	WaitsForResult   = "result"   // the tool has no answer yet
)

// Suspension is a call that waits for an answer that comes later: its tool, or an Approver, returned ErrSuspend.
type Suspension struct {
	Waits   string          `json:"waits" jsonschema:"approval: somebody has to agree to the call; result: the tool has no answer yet"`
	Seq     int             `json:"seq,omitempty" jsonschema:"the number of the call; absent when the program opened a mounted file"`
	Tool    string          `json:"tool"`
	Args    json.RawMessage `json:"args,omitempty"`
	Preview string          `json:"preview,omitempty" jsonschema:"what the call would do"`
	Rule    string          `json:"rule,omitempty" jsonschema:"the policy's rule that wants somebody to agree"`
	Why     string          `json:"why" jsonschema:"what the run waits for, in a sentence"`
}

// Error implements error.
func (s *Suspension) Error() string { return s.Why }

// suspension describes a question that nobody answers now.
func (g *Gate) suspension(q question, rule string) *Suspension {
	args := q.args
	if len(args) > 0 {
		args = g.shown(args)
	}
	return &Suspension{
		Waits: WaitsForApproval, Seq: q.seq, Tool: q.tool, Args: args, Preview: g.options.Secrets.RedactString(q.preview()), Rule: rule,
		Why: q.tool + " waits until somebody approves it",
	}
}

// paused ends a call as one that waits: nothing is counted, and whoever waits for it finds Suspended.
func (c *call) paused(s *Suspension) {
	g := c.gate
	c.uncount()
	g.mu.Lock()
	if c.ended {
		g.mu.Unlock()
		return
	}
	c.ended = true
	delete(g.atWork, c)
	j := c.record
	j.Decision, j.DurationMS = DecisionSuspended, g.since(j.Started)
	g.mu.Unlock()
	c.outcome = outcome{suspended: s}
	if err := g.options.Stages.Paused(*s); err != nil {
		c.outcome = outcome{fatal: err}
	}
	close(c.done)
	g.giveBack(c.reserved)
}

// waits says that the tool has no answer yet.
func (c *call) waits() *Suspension {
	return &Suspension{
		Waits: WaitsForResult, Seq: c.record.Seq, Tool: c.tool.Name, Args: c.record.Args, Preview: c.gate.options.Secrets.RedactString(c.tool.preview(c.args)),
		Why: c.tool.Name + " has no answer yet",
	}
}

// Suspended says what a call that has ended waits for; nil when it has an outcome.
func (p *Pending) Suspended() *Suspension { return p.suspended }

// Seq is the call's number, from 1 in the order in which the calls of a run began.
func (p *Pending) Seq() int { return p.seq }

// Ended is a call with a known outcome.
func Ended(seq int, result json.RawMessage, err *Error) *Pending {
	p := &Pending{done: make(chan struct{}), outcome: outcome{result: result, err: err}, seq: seq}
	close(p.done)
	return p
}

// Restore puts a call that ended earlier, in another process perhaps, into the journal and has its rules count it.
func (g *Gate) Restore(e EndedCall) {
	g.tally.restore(e.Counted)
	g.mu.Lock()
	defer g.mu.Unlock()
	record := e.Call
	g.seq = max(g.seq, record.Seq)
	g.keep(&record)
}

// RestoreAgreed notes that somebody agreed earlier.
func (g *Gate) RestoreAgreed(key string) { g.tally.agree(key) }

// RestoreAccess notes a decision about something that was no call.
func (g *Gate) RestoreAccess(a NotedAccess) {
	g.tally.restore(a.Counted)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.noteAccess(a.Access)
}

// NotedAccess is an access as RestoreAccess takes it.
type NotedAccess struct {
	Access  Access   `json:"access"`
	Counted []string `json:"counted,omitempty"`
}

// TakeAccesses returns the accesses since it was asked last. It is kept only with GateOptions.Stages.
func (g *Gate) TakeAccesses() []NotedAccess {
	g.mu.Lock()
	defer g.mu.Unlock()
	list := g.noted
	g.noted = nil
	return list
}

// Again is Start for a call that began earlier and has no outcome: it keeps its number.
func (g *Gate) Again(ctx context.Context, seq int, name string, args []byte) *Pending {
	g.mu.Lock()
	g.seq = max(g.seq, seq)
	g.mu.Unlock()
	return g.start(ctx, name, args, seq)
}

// Conclude is the end of a call whose outcome comes from somewhere else than its tool.
func (g *Gate) Conclude(e EndedCall) (*Pending, error) {
	if e.Err != nil {
		e.Err = g.redacted(e.Err)
		e.Call.Error = e.Err.Message
	} else {
		e.Result = g.options.Secrets.redactJSON(e.Result)
		e.Call.Result = g.shownResult(e.Result)
	}
	g.Restore(e)
	if err := g.options.Stages.Ended(e); err != nil {
		return nil, err
	}
	return Ended(e.Call.Seq, e.Result, e.Err), g.record(e.Call)
}

// restore counts what was counted earlier; of a rate as if it had been now.
func (y *tally) restore(rules []string) {
	y.mu.Lock()
	defer y.mu.Unlock()
	for _, rule := range rules {
		y.counts[rule]++
		y.times[rule] = append(y.times[rule], max(y.now().Sub(y.began), 0))
	}
}

// rulesOf are the rules of what was counted.
func rulesOf(note []counted) []string {
	var rules []string
	for _, k := range note {
		if !slices.Contains(rules, k.rule) {
			rules = append(rules, k.rule)
		}
	}
	return rules
}

// StillPaused is a call that waited when its run was suspended, and waits on.
func (g *Gate) StillPaused(s Suspension) *Pending {
	g.mu.Lock()
	g.seq = max(g.seq, s.Seq)
	g.keep(&Call{Seq: s.Seq, Tool: s.Tool, Args: s.Args, Decision: DecisionSuspended, Policy: s.Rule, Started: g.options.Now()})
	g.mu.Unlock()
	p := Ended(s.Seq, nil, nil)
	p.suspended = &s
	return p
}

// repeatable says whether calling the tool once more does no harm. What a child run does is up to its program.
func (t *tool) repeatable(args json.RawMessage) bool {
	return !t.Starts && t.effect(args) != Destructive
}

// SeqOf is the number of the call that a tool works on; 0 outside of one.
func SeqOf(ctx context.Context) int {
	if c := callOf(ctx); c != nil {
		return c.record.Seq
	}
	return 0
}
