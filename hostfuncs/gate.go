package hostfuncs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"wand/policies"
	"wand/policies/nearest"
)

// GateOptions are what one run may reach. The zero value reaches nothing.
type GateOptions struct {
	// Tools are the tools there are. Which of them the run may call, and how, Policy says; nil denies everything.
	Tools  *Registry
	Policy policies.Decider
	// Principal names the program in requests. Default "run".
	Principal string
	// Secrets are kept out of results and of the journal.
	Secrets *Secrets
	// Approve is asked where a rule wants somebody to agree. Default: nobody is there, and the call is refused.
	Approve Approver
	// Record hears of every call when it has ended, in the order of their ends. An error ends the run: what cannot be recorded does not happen unseen.
	Record func(Call) error
	// DryRun calls only tools that are read-only; of the others the journal says what they would have done.
	DryRun bool
	// Values are put into the context of each call, for built-in tools that work on something of the run.
	Values func(context.Context) context.Context
}

// Approver asks somebody whether a call may go ahead. It may take as long as ctx lasts. ErrSuspend says that the answer comes later.
type Approver func(ctx context.Context, q Approval) (Answer, error)

// Approval is what an Approver is asked.
type Approval struct {
	Tool    string
	Args    json.RawMessage
	Preview string // what the call would do, in one sentence
	Rule    string // the rule that wants it
}

// Answer is what somebody said.
type Answer struct {
	Allowed bool
	Reason  string // why not, for the program; may be empty
	// Always means that the same rule need not ask again in this run.
	Always bool
}

// Gate is the one way from a run to its tools: it finds the tool, checks the arguments, asks the policy, counts, calls, checks the result and writes
// the journal. It belongs to one run and is safe for concurrent use.
type Gate struct {
	options GateOptions
	slots   chan struct{} // calls at work

	mu       sync.Mutex
	closed   bool
	calls    []Call
	accesses []Access
	accessAt map[Access]int
	omitted  int
	counts   map[string]int
	times    map[string][]time.Time
	agreed   map[string]bool
	handles  map[string]kept
	working  sync.WaitGroup
}

// parallel is how many calls of one run are at work at a time; others that it starts wait for their turn.
const parallel = 64

// defaultTimeout ends a call whose tool and rules say nothing, defaultArgs and defaultResult bound what it takes and gives.
const (
	defaultTimeout = 30 * time.Second
	defaultArgs    = 1 << 20
	defaultResult  = 16 << 20
)

// NewGate returns the gate of one run. Close ends it.
func NewGate(o GateOptions) *Gate {
	if o.Principal == "" {
		o.Principal = "run"
	}
	return &Gate{options: o, slots: make(chan struct{}, parallel)}
}

// Close forgets the run's handles. Calls that are still at work lose their answers.
func (g *Gate) Close() {
	g.mu.Lock()
	handles := g.handles
	g.handles, g.closed = nil, true
	g.mu.Unlock()
	for _, k := range handles {
		k.close()
	}
}

// Pending is a call under way.
type Pending struct {
	done   chan struct{}
	result json.RawMessage
	err    *Error
	fatal  error
	stop   *Stop
}

// Done is closed when the call has ended.
func (p *Pending) Done() <-chan struct{} { return p.done }

// Outcome returns the result of a call that has ended, or its error. fatal is not nil when the host itself failed: a tool that panicked, a journal
// that cannot be written. A *Stop with which a tool ended the run is panicked again.
func (p *Pending) Outcome() (result json.RawMessage, err *Error, fatal error) {
	if p.stop != nil {
		panic(p.stop)
	}
	return p.result, p.err, p.fatal
}

func ended(err *Error) *Pending {
	p := &Pending{done: make(chan struct{}), err: err}
	close(p.done)
	return p
}

// Start begins a call: it is checked, decided and counted before Start returns, in the order of the calls; then the tool works beside the caller, until
// ctx is done. name and args come from the guest; they are not kept.
func (g *Gate) Start(ctx context.Context, name string, args []byte) *Pending {
	t := g.options.Tools.lookup(name)
	record := Call{Tool: clip(strings.ToValidUTF8(name, "\uFFFD"), maxName), Args: g.shown(args), Started: time.Now()}
	if t == nil {
		return g.refuse(record, DecisionUnknown, policies.Decision{}, g.unknown(name, record.Tool))
	}
	most := t.MaxArgs
	if most <= 0 {
		most = defaultArgs
	}
	if int64(len(args)) > most {
		return g.refuse(record, DecisionInvalid, policies.Decision{}, t.wrong(fmt.Sprintf("the arguments have %d bytes; at most %d are taken", len(args), most), "send less at a time"))
	}
	text, decoded, problem := t.arguments(args)
	if problem != nil {
		return g.refuse(record, DecisionInvalid, policies.Decision{}, problem)
	}
	requests, err := t.requests(g.options.Principal, text, decoded)
	if err != nil {
		return g.refuse(record, DecisionInvalid, policies.Decision{}, failure(err))
	}
	c := &call{gate: g, tool: t, args: text}
	var terms []policies.Terms
	for i, q := range requests {
		if q.Principal == "" {
			q.Principal = g.options.Principal
		}
		if q.Context == nil {
			q.Context = map[string]any{"args": decoded}
		} else if _, has := q.Context["args"]; !has {
			q.Context["args"] = decoded
		}
		d := g.decide(q)
		if i == 0 || !d.Allowed {
			c.decision = d
			record.Resource = string(q.Resource.Type) + " " + q.Resource.ID
		}
		if !d.Allowed {
			return g.refuse(record, DecisionDenied, d, refusal(d))
		}
		terms = append(terms, d.Terms...)
	}
	c.rules = rules(terms)
	if problem := g.count(t, append(slices.Clip(terms), policies.Terms{Rule: "tool " + t.Name, MaxCalls: t.MaxCalls, Rate: t.Rate})); problem != nil {
		return g.refuse(record, DecisionDenied, c.decision, problem)
	}
	record.decided(DecisionAllowed, c.decision)
	c.index = g.enter(&record)
	p := &Pending{done: make(chan struct{})}
	g.working.Add(1)
	go func() {
		defer g.working.Done()
		defer close(p.done)
		select {
		case g.slots <- struct{}{}:
			defer func() { <-g.slots }()
			c.run(ctx, p, terms)
		case <-ctx.Done():
			p.err = &Error{Type: TimeoutError, Message: record.Tool + ": the run ended before the call's turn came"}
		}
		g.leave(c, p)
	}()
	return p
}

// requests is what a call asks of the policy.
func (t *tool) requests(principal string, args json.RawMessage, decoded map[string]any) ([]policies.Request, error) {
	if t.Requests == nil {
		return []policies.Request{{Principal: principal, Action: t.Name, Resource: policies.Resource{Type: policies.ResourceTool, ID: t.Name}, Context: map[string]any{"args": decoded}}}, nil
	}
	requests, err := t.Requests(args)
	if err == nil && len(requests) == 0 {
		err = errors.New("the tool asks nothing of the policy, so nothing allows it")
	}
	return requests, err
}

func (g *Gate) decide(q policies.Request) policies.Decision {
	if g.options.Policy == nil {
		return policies.Decision{Rule: "default", Reason: "this run has no policy that grants anything"}
	}
	return g.options.Policy.Decide(q)
}

// refusal is a decision against a request as the program sees it.
func refusal(d policies.Decision) *Error {
	reason := d.Reason
	if reason == "" {
		reason = "the policy does not allow it"
	}
	return &Error{Type: PermissionError, Message: reason, Hint: d.Hint}
}

// count takes one call from what the tool and the rules allow, or says which of them has none left.
func (g *Gate) count(t *tool, terms []policies.Terms) *Error {
	now := time.Now()
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, k := range terms {
		if k.MaxCalls > 0 && g.counts[k.Rule] >= k.MaxCalls {
			return &Error{Type: PermissionError, Message: fmt.Sprintf("%s: all %d calls that this run may make are used up", t.Name, k.MaxCalls), Hint: "go on with what the earlier calls returned"}
		}
		if k.Rate.Calls > 0 {
			recent := g.times[k.Rule]
			for len(recent) > 0 && now.Sub(recent[0]) >= k.Rate.Per {
				recent = recent[1:]
			}
			if g.times == nil {
				g.times = map[string][]time.Time{}
			}
			g.times[k.Rule] = recent
			if len(recent) >= k.Rate.Calls {
				wait := k.Rate.Per - now.Sub(recent[0])
				return &Error{Type: PermissionError, Message: fmt.Sprintf("%s: at most %d calls in %v; the next is possible in %v", t.Name, k.Rate.Calls, k.Rate.Per, wait.Round(time.Millisecond)), Hint: "wait that long, or make fewer calls"}
			}
		}
	}
	if g.counts == nil {
		g.counts = map[string]int{}
	}
	seen := map[string]bool{}
	for _, k := range terms {
		if seen[k.Rule] {
			continue // two requests of one call under one rule are one call
		}
		seen[k.Rule] = true
		g.counts[k.Rule]++
		if k.Rate.Calls > 0 {
			g.times[k.Rule] = append(g.times[k.Rule], now)
		}
	}
	return nil
}

func (g *Gate) unknown(name, shown string) *Error {
	names := g.options.Tools.Names()
	if len(names) == 0 {
		return &Error{Type: PermissionError, Message: "no tool named " + shown + ": this run has no tools"}
	}
	e := &Error{Type: PermissionError, Message: "no tool named " + shown}
	if best := nearest.Name(name, names); best != "" {
		e.Hint = "did you mean " + best + "?"
	}
	return e
}

// call is one call at work; tools find it in their context.
type call struct {
	gate     *Gate
	tool     *tool
	args     json.RawMessage
	decision policies.Decision
	index    int             // in the journal
	rules    map[string]bool // that count this call, or that somebody approved it under; behind the gate's mu

	state DecisionKind
	would string
}

type callKey struct{}

func callOf(ctx context.Context) *call {
	c, _ := ctx.Value(callKey{}).(*call)
	return c
}

// DecisionOf returns the decision that allowed the call, with the grant that it rests on.
func DecisionOf(ctx context.Context) policies.Decision {
	if c := callOf(ctx); c != nil {
		return c.decision
	}
	return policies.Decision{}
}

// rules is the set of rules that terms belong to.
func rules(terms []policies.Terms) map[string]bool {
	set := make(map[string]bool, len(terms))
	for _, k := range terms {
		set[k.Rule] = true
	}
	return set
}

// Authorize asks the policy about something that a tool finds out only while it works: where a redirect leads, which address a name has. It is
// noted beside the call, counted by the rules that come new to it, and approved where they want that. The timeouts of its terms are the tool's to
// keep. The error is what to return to the program.
func Authorize(ctx context.Context, q policies.Request) (policies.Decision, error) {
	c := callOf(ctx)
	if c == nil {
		return policies.Decision{}, errors.New("only a call can be authorized")
	}
	g := c.gate
	if q.Principal == "" {
		q.Principal = g.options.Principal
	}
	d := g.decide(q)
	g.mu.Lock()
	if j := &g.calls[c.index]; len(j.Checks) < maxChecks {
		j.Checks = append(j.Checks, Check{Resource: g.options.Secrets.RedactString(string(q.Resource.Type) + " " + q.Resource.ID), Allowed: d.Allowed, Rule: d.Rule})
		if !d.Allowed {
			j.decided(DecisionDenied, d)
		}
	}
	var fresh []policies.Terms
	if d.Allowed {
		fresh = slices.DeleteFunc(slices.Clone(d.Terms), func(k policies.Terms) bool { return c.rules[k.Rule] })
		for _, k := range fresh {
			c.rules[k.Rule] = true
		}
	}
	g.mu.Unlock()
	if !d.Allowed {
		return d, refusal(d)
	}
	if problem := g.count(c.tool, fresh); problem != nil {
		return d, problem
	}
	if problem := g.approved(ctx, c.tool, c.args, fresh); problem != nil {
		return d, problem
	}
	return d, nil
}

// run asks who has to agree, and calls the tool.
func (c *call) run(ctx context.Context, p *Pending, terms []policies.Terms) {
	g, t := c.gate, c.tool
	if p.err = g.approved(ctx, t, c.args, terms); p.err != nil {
		c.state = DecisionDenied
		return
	}
	if g.options.DryRun && t.effect(c.args) != ReadOnly {
		c.state, c.would = DecisionDryRun, t.preview(c.args)
		p.result = json.RawMessage("null")
		return
	}
	timeout := t.Timeout
	if timeout <= 0 {
		timeout = defaultTimeout
	}
	for _, k := range terms {
		if k.Timeout > 0 {
			timeout = min(timeout, k.Timeout)
		}
	}
	late := &Error{Type: TimeoutError, Message: fmt.Sprintf("%s: no answer within %v", t.Name, timeout), Hint: "ask for less, or go on without it"}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, late)
	defer cancel()
	if g.options.Values != nil {
		ctx = g.options.Values(ctx)
	}
	p.result, p.err = c.invoke(context.WithValue(ctx, callKey{}, c), p, late)
}

func (t *tool) effect(args json.RawMessage) Effect {
	if t.EffectOf != nil {
		return t.EffectOf(args)
	}
	return t.Effect
}

func (t *tool) preview(args json.RawMessage) string {
	if t.Preview != nil {
		return clip(t.Preview(args), journalText)
	}
	return clip("would call "+t.Name+" with "+string(args), journalText)
}

func (g *Gate) approved(ctx context.Context, t *tool, args json.RawMessage, terms []policies.Terms) *Error {
	for _, k := range terms {
		g.mu.Lock()
		agreed := !k.Approve || g.agreed[k.Rule]
		g.mu.Unlock()
		if agreed {
			continue
		}
		if g.options.Approve == nil {
			return &Error{Type: PermissionError, Message: t.Name + ": somebody has to approve this call, and nobody is there to ask", Hint: "do without it, or have the program run where it can be approved"}
		}
		answer, err := g.options.Approve(ctx, Approval{Tool: t.Name, Args: args, Preview: t.preview(args), Rule: k.Rule})
		switch {
		case ctx.Err() != nil:
			return &Error{Type: TimeoutError, Message: t.Name + ": nobody approved the call in time"}
		case err != nil:
			return &Error{Type: PermissionError, Message: t.Name + ": the call was not approved: " + err.Error()}
		case !answer.Allowed:
			message := t.Name + ": somebody was asked and refused this call"
			if answer.Reason != "" {
				message += ": " + clip(answer.Reason, 500)
			}
			return &Error{Type: PermissionError, Message: message, Hint: "do it another way, or without it"}
		case answer.Always:
			g.mu.Lock()
			if g.agreed == nil {
				g.agreed = map[string]bool{}
			}
			g.agreed[k.Rule] = true
			g.mu.Unlock()
		}
	}
	return nil
}

// invoke calls the function, in a goroutine of its own: a tool that does not listen to its context is left behind.
func (c *call) invoke(ctx context.Context, p *Pending, late *Error) (json.RawMessage, *Error) {
	type answer struct {
		result json.RawMessage
		err    error
		fatal  error
		stop   *Stop
	}
	answers := make(chan answer, 1)
	t := c.tool
	go func() {
		a := answer{err: errors.New("the tool ended without an answer")} // runtime.Goexit
		defer func() {
			if v := recover(); v != nil {
				if stop, ok := v.(*Stop); ok {
					a.stop = stop
				} else {
					a.fatal = fmt.Errorf("tool %s panicked: %v\n%s", t.Name, v, debug.Stack())
				}
			}
			answers <- a
		}()
		a.result, a.err = t.Call(ctx, c.args)
	}()
	var a answer
	select {
	case a = <-answers:
	case <-ctx.Done():
		select {
		case a = <-answers:
		case <-time.After(toolGrace):
			a.err = late
		}
	}
	p.fatal, p.stop = a.fatal, a.stop
	switch {
	case a.fatal != nil || a.stop != nil:
		return nil, &Error{Type: ToolError, Message: t.Name + ": the tool broke down"}
	case a.err != nil && ctx.Err() != nil && context.Cause(ctx) == error(late):
		return nil, late
	case a.err != nil:
		return nil, c.gate.redacted(failure(a.err))
	}
	most := t.MaxResult
	if most <= 0 {
		most = defaultResult
	}
	if int64(len(a.result)) > most {
		return nil, &Error{Type: ToolError, Message: fmt.Sprintf("%s: the result has %d bytes; at most %d are passed on", t.Name, len(a.result), most), Hint: "ask for less at a time"}
	}
	result, err := t.result(c.gate.options.Secrets.Redact(a.result))
	if err != nil {
		return nil, &Error{Type: ToolError, Message: t.Name + ": " + err.Error()}
	}
	return result, nil
}

// toolGrace is how long a call that is over waits for a tool that does not listen to its context, before it leaves it to itself.
const toolGrace = time.Second

// redacted is an error without secrets, and of a length that a model reads.
func (g *Gate) redacted(e *Error) *Error {
	const most = 8 << 10
	return &Error{Type: e.Type, Message: clip(g.options.Secrets.RedactString(e.Message), most), Hint: clip(g.options.Secrets.RedactString(e.Hint), most)}
}

// Permit decides about something that a program does without calling a tool, such as opening a mounted file. It is noted among the accesses.
func (g *Gate) Permit(ctx context.Context, q policies.Request) error {
	if q.Principal == "" {
		q.Principal = g.options.Principal
	}
	d := g.decide(q)
	g.access(q, d)
	if !d.Allowed {
		return refusal(d)
	}
	return nil
}
