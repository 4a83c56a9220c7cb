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
	"sync/atomic"
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
	// Stages hears of each call while it happens. With it a call for which ErrSuspend was returned waits (see Pending.Suspended) where Suspend is set; else it is
	// refused.
	Stages  Stages
	Suspend bool
	// DryRun calls only tools that are read-only; of the others the journal says what they would have done.
	DryRun bool
	// Values are put into the context of each call, for built-in tools that work on something of the run.
	Values func(context.Context) context.Context
	// Reserve accounts for memory that the host holds for the run: the arguments of calls under way, and results until Pending.Release. It is asked with
	// the number of bytes before they are kept, and told with a negative number when they are not any more, from any goroutine. When it says no the call
	// fails with an error that the program can act on. Default: everything is granted.
	Reserve func(bytes int64) bool
	// Now is the clock of rates and durations. Default time.Now.
	Now func() time.Time
	// Parent is the gate of the run that started this one: its rules count the calls of both, and what somebody always agrees to holds for both.
	Parent *Gate
}

// Approver asks somebody whether a call may go ahead. It may take as long as ctx lasts. ErrSuspend says that the answer comes later.
type Approver func(ctx context.Context, q Approval) (Answer, error)

// Approval is what an Approver is asked.
type Approval struct {
	Tool    string
	Args    json.RawMessage
	Preview string // what the call would do, in one sentence
	Rule    string // the rule that wants it
	Seq     int    // the call's number in its run, from 1; 0: no call, the program opens a mounted file
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
	options   GateOptions
	slots     chan struct{} // calls at work
	over      chan struct{} // closed by Close
	jobs      chan job      // for workers that have nothing to do
	idle      atomic.Int32  // such workers
	recording sync.Mutex    // calls are recorded one by one
	view      view
	tally     *tally

	mu       sync.Mutex
	closed   bool
	atWork   map[*call]struct{}
	watching bool // watch is going to look at them
	calls    []*Call
	seq      int
	written  int64 // bytes of the journal's texts
	skipped  int   // calls that the journal leaves out
	accesses []Access
	accessAt map[Access]int
	noted    []NotedAccess // for Stages, until they are taken
	omitted  int
	handles  map[string]kept
	held     int64 // bytes reserved
}

// parallel is how many calls of one run are at work at a time; others that it starts wait for their turn, as many as underWay in all.
const (
	parallel = 64
	underWay = 4096
)

// idlers is how many goroutines wait for the next call: one whose stack has grown once spares each call that.
const idlers = 4

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
	if o.Now == nil {
		o.Now = time.Now
	}
	g := &Gate{options: o, slots: make(chan struct{}, parallel), over: make(chan struct{}), jobs: make(chan job)}
	if o.Parent != nil {
		g.tally = o.Parent.tally
	} else {
		g.tally = &tally{now: o.Now, began: o.Now(), asking: make(chan struct{}, 1), counts: map[string]int{}, times: map[string][]time.Duration{}, agreed: map[string]bool{}}
	}
	return g
}

// Close ends the run: it cancels calls that are still at work, waits a second for their tools, ends those that do not listen as failed, closes the values
// of handles and gives back what was reserved. Calls that start later are refused.
func (g *Gate) Close() {
	g.mu.Lock()
	if g.closed {
		g.mu.Unlock()
		return
	}
	g.closed = true
	close(g.over)
	var late []*call
	for c := range g.atWork {
		late = append(late, c)
		if c.cancel != nil {
			c.cancel()
		}
	}
	g.mu.Unlock()
	slices.SortFunc(late, func(a, b *call) int { return a.record.Seq - b.record.Seq })
	if len(late) > 0 {
		patience := time.NewTimer(toolGrace)
		defer patience.Stop()
	wait:
		for _, c := range late {
			select {
			case <-c.done:
			case <-patience.C:
				break wait
			}
		}
		for _, c := range late {
			c.end(outcome{err: c.tool.runOver()})
			<-c.done // whoever ends it may be about to
		}
	}
	g.mu.Lock()
	handles, held := g.handles, g.held
	g.handles, g.held = nil, 0
	g.mu.Unlock()
	for _, k := range handles {
		k.close()
	}
	if held > 0 && g.options.Reserve != nil {
		g.options.Reserve(-held)
	}
}

// runOver is the error of a call that the end of the run cut off.
func (t *tool) runOver() *Error {
	return &Error{Type: TimeoutError, Message: t.Name + ": the run ended before the call did"}
}

// hold reserves memory of the run; giveBack returns it. Close has returned all there was.
func (g *Gate) hold(bytes int64) bool {
	if g.options.Reserve == nil || bytes == 0 {
		return true
	}
	if !g.options.Reserve(bytes) {
		return false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.held += bytes
	return true
}

func (g *Gate) giveBack(bytes int64) {
	if g.options.Reserve == nil || bytes == 0 {
		return
	}
	g.mu.Lock()
	bytes = min(bytes, g.held)
	g.held -= bytes
	g.mu.Unlock()
	if bytes > 0 {
		g.options.Reserve(-bytes)
	}
}

// Pending is a call under way.
type Pending struct {
	done chan struct{}
	outcome
	gate *Gate
	seq  int
	held int64 // bytes of the result that are reserved, until Release; behind the gate's mu
}

// outcome is how a call ended.
type outcome struct {
	result json.RawMessage
	err    *Error
	fatal  error
	stop   *Stop

	suspended *Suspension
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

// Release says that the host does not hold the result any more, and gives back what was reserved for it. It can be called any number of times.
func (p *Pending) Release() {
	if p.gate == nil {
		return
	}
	p.gate.mu.Lock()
	held := p.held
	p.held = 0
	p.gate.mu.Unlock()
	p.gate.giveBack(held)
}

// Call is Start and the wait for its end.
func (g *Gate) Call(ctx context.Context, name string, args []byte) (result json.RawMessage, err *Error, fatal error) {
	p := g.Start(ctx, name, args)
	<-p.done
	defer p.Release()
	return p.Outcome()
}

// Start begins a call: it is checked, decided and counted before Start returns, in the order of the calls; then the tool works beside the caller, until
// ctx is done. name and args come from the guest; they are not kept.
func (g *Gate) Start(ctx context.Context, name string, args []byte) (p *Pending) {
	return g.start(ctx, name, args, 0)
}

// start is Start for a call that has its number, or gets the next one.
func (g *Gate) start(ctx context.Context, name string, args []byte, seq int) (p *Pending) {
	c := &call{gate: g, record: &Call{Started: g.options.Now(), Seq: seq}}
	c.done = make(chan struct{})
	c.Pending.gate = g
	c.tool = g.options.Tools.lookup(name)
	defer func() {
		// A policy, or a tool that says what it asks of one, broke down: nothing is allowed, and the host hears of it.
		if v := recover(); v != nil {
			e := &Error{Type: ToolError, Message: c.record.Tool + ": the call could not be decided"}
			p = g.refuse(c, DecisionDenied, policies.Decision{}, e, fmt.Errorf("deciding about a call of %s: panic: %v\n%s", c.record.Tool, v, debug.Stack()))
		}
	}()
	t := c.tool
	if t == nil {
		c.record.Tool = g.options.Secrets.RedactString(printable(name))
		c.record.Args = g.shown(args)
		return g.refuse(c, DecisionUnknown, policies.Decision{}, g.unknown(name, c.record.Tool), nil)
	}
	c.record.Tool = t.Name
	if most := t.maxArgs(); int64(len(args)) > most {
		c.record.Args = g.shown(args)
		return g.refuse(c, DecisionInvalid, policies.Decision{}, t.wrong(fmt.Sprintf("the arguments have %d bytes; at most %d are taken", len(args), most), "send less at a time"), nil)
	}
	text, decoded, problem := t.arguments(args)
	if problem != nil {
		c.record.Args = g.shown(args)
		return g.refuse(c, DecisionInvalid, policies.Decision{}, problem, nil)
	}
	c.record.Args = g.shownValid(args)
	c.args = text
	requests, err := t.requests(g.options.Principal, text, decoded)
	if err != nil {
		return g.refuse(c, DecisionInvalid, policies.Decision{}, failure(err), nil)
	}
	var terms []policies.Terms
	for i, q := range requests {
		if q.Context == nil {
			q.Context = map[string]any{}
		}
		if _, has := q.Context["args"]; !has {
			q.Context["args"] = decoded
		}
		d := g.decide(t.Name, q)
		if i == 0 || !d.Allowed {
			c.decision = d
			c.record.Resource = g.resource(q)
		}
		if !d.Allowed {
			return g.refuse(c, DecisionDenied, d, refusal(d), nil)
		}
		if i == 0 {
			terms = slices.Clip(d.Terms)
		} else {
			terms = append(terms, d.Terms...)
		}
	}
	if !g.hold(int64(len(text))) {
		return g.refuse(c, DecisionDenied, c.decision, t.noRoom("the arguments have", int64(len(text))), nil)
	}
	c.reserved = int64(len(text))
	c.terms = terms
	c.record.decided(DecisionAllowed, c.decision)
	if problem := g.begin(c, terms); problem != nil {
		g.giveBack(c.reserved)
		return g.refuse(c, DecisionDenied, c.decision, problem, nil)
	}
	select {
	case g.jobs <- job{c, ctx}:
	default:
		go g.worker(job{c, ctx})
	}
	return &c.Pending
}

// job is a call that can be taken to its end.
type job struct {
	call *call
	ctx  context.Context
}

// worker takes calls to their ends, one after the other, until there is enough to take the next ones.
func (g *Gate) worker(j job) {
	for {
		j.call.work(j.ctx)
		j = job{} // keeps nothing alive
		if g.idle.Add(1) > idlers {
			g.idle.Add(-1)
			return
		}
		select {
		case j = <-g.jobs:
			g.idle.Add(-1)
		case <-g.over:
			return
		}
	}
}

// noRoom is the error of a call for which the run has no memory.
func (t *tool) noRoom(what string, bytes int64) *Error {
	return &Error{Type: ToolError, Message: fmt.Sprintf("%s: %s %d bytes, for which the run has no memory left", t.Name, what, bytes), Hint: "take the results of calls under way first, or ask for less at a time"}
}

// resource is what a request is about, as the journal names it.
func (g *Gate) resource(q policies.Request) string {
	return g.options.Secrets.RedactString(string(q.Resource.Type) + " " + strings.ToValidUTF8(clip(q.Resource.ID, 1000), "\uFFFD"))
}

// printable is a name from the guest as it can be shown.
func printable(name string) string {
	if checkName(name) == nil {
		return name
	}
	return quote(name)
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

// decide asks the policy for a tool. Rules see which one as context.tool: several tools can ask about the same action.
func (g *Gate) decide(tool string, q policies.Request) policies.Decision {
	if q.Principal == "" {
		q.Principal = g.options.Principal
	}
	if q.Context == nil {
		q.Context = map[string]any{}
	}
	q.Context["tool"] = tool
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

// begin counts a call and writes it into the journal, in one step, or says why it cannot be.
func (g *Gate) begin(c *call, terms []policies.Terms) *Error {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.closed:
		return c.tool.runOver()
	case len(g.atWork) >= underWay:
		return &Error{Type: ToolError, Message: fmt.Sprintf("%s: %d calls are under way, which is the most", c.tool.Name, underWay), Hint: "wait for some of them first"}
	}
	if t := c.tool; t.MaxCalls > 0 || t.Rate.Calls > 0 {
		// The zero byte keeps it apart from rules of a document.
		terms = append(slices.Clip(terms), policies.Terms{Rule: "\x00" + t.Name, MaxCalls: t.MaxCalls, Rate: t.Rate})
	}
	if problem := g.tally.count(c.tool.Name, &c.counted, terms); problem != nil {
		return problem
	}
	g.enter(c.record)
	c.seq = c.record.Seq
	if g.atWork == nil {
		g.atWork = map[*call]struct{}{}
	}
	g.atWork[c] = struct{}{}
	if !g.watching {
		g.watching = true
		time.AfterFunc(toolGrace/graceLooks, g.watch)
	}
	return nil
}

// watch ends calls that are over and whose tools do not listen to their context. It looks from time to time for as long as calls are at work, which
// costs a call less than a timer of its own.
func (g *Gate) watch() {
	g.mu.Lock()
	var deaf []*call
	for c := range g.atWork {
		if c.ctx == nil || c.ctx.Err() == nil {
			continue
		}
		if c.looks++; c.looks > graceLooks {
			deaf = append(deaf, c)
		}
	}
	g.mu.Unlock()
	for _, c := range deaf {
		c.end(outcome{err: c.cutOff(c.ctx)})
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.watching = len(g.atWork) > 0; g.watching {
		time.AfterFunc(toolGrace/graceLooks, g.watch)
	}
}

// tally is what the rules have counted, of a run and of those that it started. It is safe for concurrent use.
type tally struct {
	now    func() time.Time
	began  time.Time
	asking chan struct{} // one question to a person at a time

	mu     sync.Mutex
	counts map[string]int
	times  map[string][]time.Duration // since began
	agreed map[string]bool
}

// counted is what a call took from a rule.
type counted struct {
	rule string
	at   time.Duration // of a rate; -1: none
}

// count takes one call of a tool from what rules allow and notes it, or says which of them has none left.
func (y *tally) count(tool string, note *[]counted, terms []policies.Terms) *Error {
	y.mu.Lock()
	defer y.mu.Unlock()
	now := y.now().Sub(y.began)
	for _, k := range terms {
		if k.MaxCalls > 0 && y.counts[k.Rule] >= k.MaxCalls {
			return &Error{Type: PermissionError, Message: fmt.Sprintf("%s: all %d calls that this run may make are used up", tool, k.MaxCalls), Hint: "go on with what the earlier calls returned"}
		}
		if k.Rate.Calls <= 0 {
			continue
		}
		recent := y.times[k.Rule]
		for len(recent) > 0 && now-recent[0] >= k.Rate.Per {
			recent = recent[1:]
		}
		y.times[k.Rule] = recent
		if len(recent) >= k.Rate.Calls {
			// As many as still count must have left the window, less one.
			wait := k.Rate.Per - (now - recent[len(recent)-k.Rate.Calls])
			wait = (wait + time.Millisecond - 1).Truncate(time.Millisecond)
			return &Error{Type: PermissionError, Message: fmt.Sprintf("%s: at most %d calls in %v; the next is possible in %v", tool, k.Rate.Calls, k.Rate.Per, wait), Hint: "wait that long, or make fewer calls"}
		}
	}
	first := len(*note)
	for _, k := range terms {
		// Two requests of one call under one rule are one call.
		at := slices.IndexFunc((*note)[first:], func(x counted) bool { return x.rule == k.Rule })
		if at < 0 {
			y.counts[k.Rule]++
			at = len(*note) - first
			*note = append(*note, counted{k.Rule, -1})
		}
		if entry := &(*note)[first+at]; k.Rate.Calls > 0 && entry.at < 0 {
			entry.at = now
			y.times[k.Rule] = append(y.times[k.Rule], now)
		}
	}
	return nil
}

// uncount gives back what a call took that did not come to pass.
func (y *tally) uncount(note []counted) {
	y.mu.Lock()
	defer y.mu.Unlock()
	for _, k := range note {
		y.counts[k.rule]--
		if times := y.times[k.rule]; k.at >= 0 {
			if i := slices.Index(times, k.at); i >= 0 {
				y.times[k.rule] = slices.Delete(slices.Clone(times), i, i+1)
			}
		}
	}
}

// isAgreed says whether somebody has agreed to what a key stands for: a rule, or one thing under it.
func (y *tally) isAgreed(keys ...string) bool {
	y.mu.Lock()
	defer y.mu.Unlock()
	return slices.ContainsFunc(keys, func(k string) bool { return y.agreed[k] })
}

func (y *tally) agree(key string) {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.agreed[key] = true
}

func (g *Gate) unknown(name, shown string) *Error {
	visible := g.visible()
	if len(visible) == 0 {
		return &Error{Type: PermissionError, Message: "no tool named " + shown + ": this run has no tools"}
	}
	e := &Error{Type: PermissionError, Message: "no tool named " + shown}
	if len(name) > maxName {
		return e
	}
	names := make([]string, len(visible))
	var below []string
	for i, t := range visible {
		names[i] = t.Name
		if strings.HasPrefix(t.Name, name+".") {
			below = append(below, t.Name)
		}
	}
	if below != nil {
		e.Hint = "the tools of that beginning are " + listed(below)
	} else if best := nearest.Name(name, names); best != "" {
		e.Hint = "did you mean " + best + "?"
	}
	return e
}

// call is one call at work; tools find it in their context.
type call struct {
	Pending
	gate     *Gate
	tool     *tool
	args     json.RawMessage
	decision policies.Decision
	reserved int64            // bytes of args
	terms    []policies.Terms // on which it was allowed
	late     late
	inner    callContext

	// Behind the gate's mu.
	record  *Call
	ctx     context.Context // of the tool, once it works
	cancel  context.CancelFunc
	looks   int // how often watch saw it at work when it was over
	ended   bool
	counted []counted
	rules   map[string]bool // that counted this call while it worked, beside those of terms
	state   DecisionKind
	would   string
}

// knows says whether a rule has counted the call, or somebody approved it under that rule. It is called with the gate's mu.
func (c *call) knows(rule string) bool {
	return c.rules[rule] || slices.ContainsFunc(c.terms, func(k policies.Terms) bool { return k.Rule == rule })
}

type callKey struct{}

// callContext is what a tool is given.
type callContext struct {
	context.Context
	call *call
}

// Value implements context.Context.
func (c *callContext) Value(key any) any {
	if _, ok := key.(callKey); ok {
		return c.call
	}
	return c.Context.Value(key)
}

// late is why a call's context is done when its time is up.
type late struct {
	tool    string
	timeout time.Duration
}

// Error implements error.
func (l *late) Error() string { return l.Unwrap().Error() }

// Unwrap gives the error as the program sees it.
func (l *late) Unwrap() error {
	return &Error{Type: TimeoutError, Message: fmt.Sprintf("%s: no answer within %v", l.tool, l.timeout), Hint: "ask for less, or go on without it"}
}

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

// Authorize asks the policy about something that a tool finds out only while it works: where a redirect leads, which address a name has. It is
// noted beside the call, counted by the rules that come new to it, and approved where they want that. The timeouts of its terms are the tool's to
// keep. The error is what to return to the program.
func Authorize(ctx context.Context, q policies.Request) (policies.Decision, error) {
	c := callOf(ctx)
	if c == nil {
		return policies.Decision{}, errors.New("only a call can be authorized")
	}
	g := c.gate
	d := g.decide(c.tool.Name, q)
	resource := g.resource(q)
	g.mu.Lock()
	if c.ended {
		g.mu.Unlock()
		return policies.Decision{Rule: d.Rule, Reason: "the call is over"}, errors.New("the call is over")
	}
	if j := c.record; len(j.Checks) < maxChecks {
		j.Checks = append(j.Checks, Check{Resource: resource, Allowed: d.Allowed, Rule: d.Rule})
	}
	var problem *Error
	var fresh []policies.Terms
	if d.Allowed {
		for _, k := range d.Terms {
			if !c.knows(k.Rule) {
				fresh = append(fresh, k)
			}
		}
		if problem = g.tally.count(c.tool.Name, &c.counted, fresh); problem == nil && fresh != nil {
			if c.rules == nil {
				c.rules = map[string]bool{}
			}
			for _, k := range fresh {
				c.rules[k.Rule] = true
			}
		}
	} else {
		c.record.decided(DecisionDenied, d)
	}
	g.mu.Unlock()
	if !d.Allowed {
		return d, refusal(d)
	}
	if problem == nil {
		problem = g.approved(ctx, c.question(), fresh)
	}
	if problem != nil {
		d.Allowed = false
		return d, problem
	}
	return d, nil
}

// work takes a call to its end: it asks who has to agree, waits for the call's turn, and calls the tool. A tool that does not listen to its context
// is left behind, with its slot, when its time is up: the call ends, and what works on can be no more than the slots.
func (c *call) work(ctx context.Context) {
	g, t, terms := c.gate, c.tool, c.terms
	answered := false
	defer func() {
		switch v := recover(); {
		case v != nil:
			o := outcome{err: &Error{Type: ToolError, Message: t.Name + ": the tool broke down"}}
			if stop, ok := v.(*Stop); ok {
				if stop.Suspension != nil && c.gate.options.Suspend {
					s := *stop.Suspension
					s.Seq = c.record.Seq
					c.paused(&s)
					return
				}
				o.stop = stop
			} else {
				o.fatal = fmt.Errorf("tool %s panicked: %v\n%s", t.Name, v, debug.Stack())
			}
			c.end(o)
		case !answered: // runtime.Goexit
			c.end(outcome{err: &Error{Type: ToolError, Message: t.Name + ": the tool ended without an answer"}})
		}
	}()
	if slices.ContainsFunc(terms, func(k policies.Terms) bool { return k.Approve }) {
		err, later := g.approvedOr(ctx, c.question(), terms)
		if later != nil {
			answered = true
			c.paused(later)
			return
		}
		if err != nil {
			answered = true
			c.uncount()
			c.become(DecisionDenied, "")
			c.end(outcome{err: err})
			return
		}
	}
	if g.options.DryRun && t.effect(c.args) != ReadOnly {
		answered = true
		c.become(DecisionDryRun, t.preview(c.args))
		c.end(outcome{result: json.RawMessage("null")})
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
	if err := c.turn(ctx, timeout); err != nil {
		answered = true
		c.uncount()
		c.end(outcome{err: err})
		return
	}
	defer func() { <-g.slots }()
	c.late = late{t.Name, timeout}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, &c.late)
	defer cancel()
	g.mu.Lock()
	c.ctx = ctx
	if c.cancel = cancel; g.closed {
		cancel()
	}
	g.mu.Unlock()
	c.inner = callContext{ctx, c}
	if g.options.Values != nil {
		c.inner.Context = g.options.Values(ctx)
	}
	if s := g.options.Stages; s != nil {
		if err := s.Began(c.record.Seq, t.Name, t.repeatable(c.args)); err != nil {
			answered = true
			c.end(outcome{err: t.runOver(), fatal: err})
			return
		}
	}
	result, err := t.Call(&c.inner, c.args)
	answered = true
	if err != nil && g.options.Suspend && errors.Is(err, ErrSuspend) {
		c.paused(c.waits())
		return
	}
	c.end(c.answer(ctx, result, err))
}

// uncount gives back what the call took from its rules.
func (c *call) uncount() {
	c.gate.mu.Lock()
	note := c.counted
	c.counted = nil
	c.gate.mu.Unlock()
	c.gate.tally.uncount(note)
}

// cutOff is the error of a call whose context is done: its time was up, or the run's.
func (c *call) cutOff(ctx context.Context) *Error {
	if cause := context.Cause(ctx); cause == error(&c.late) {
		return failure(cause)
	}
	return c.tool.runOver()
}

// answer makes an outcome of what a tool returned.
func (c *call) answer(ctx context.Context, result json.RawMessage, err error) outcome {
	g, t := c.gate, c.tool
	if err != nil {
		if ctx.Err() != nil {
			return outcome{err: c.cutOff(ctx)}
		}
		return outcome{err: g.redacted(failure(err))}
	}
	most := t.maxResult()
	if size := int64(len(result)); size > most {
		e := tooLarge(size, most)
		e.Message = t.Name + ": " + e.Message
		return outcome{err: e}
	}
	if result, err = valid(result); err == nil {
		if result, err = t.result(g.options.Secrets.redactJSON(result), most); err == nil && int64(len(result)) > most {
			err = tooLarge(int64(len(result)), most)
		}
	}
	if err != nil {
		return outcome{err: g.redacted(&Error{Type: ToolError, Message: t.Name + ": " + err.Error()})}
	}
	return outcome{result: result}
}

// turn waits until fewer than parallel calls of the run are at work.
func (c *call) turn(ctx context.Context, timeout time.Duration) *Error {
	g := c.gate
	select {
	case g.slots <- struct{}{}:
		return nil
	default:
	}
	patience := time.NewTimer(timeout)
	defer patience.Stop()
	select {
	case g.slots <- struct{}{}:
		return nil
	case <-patience.C:
		return &Error{Type: TimeoutError, Message: fmt.Sprintf("%s: %d other calls are at work, and none ended within %v", c.tool.Name, parallel, timeout), Hint: "start fewer calls at a time"}
	case <-g.over:
	case <-ctx.Done():
	}
	return c.tool.runOver()
}

// become says in the journal what the call turned into.
func (c *call) become(state DecisionKind, would string) {
	c.gate.mu.Lock()
	defer c.gate.mu.Unlock()
	c.state, c.would = state, would
}

// end ends a call, once, whoever comes first: the tool, its timeout or the end of the run.
func (c *call) end(o outcome) {
	g := c.gate
	size := int64(len(o.result))
	if !g.hold(size) {
		o, size = outcome{err: c.tool.noRoom("the result has", size)}, 0
	}
	shown := json.RawMessage(nil)
	if o.err == nil {
		shown = g.shownResult(o.result)
	}
	g.mu.Lock()
	if c.ended {
		g.mu.Unlock()
		g.giveBack(size)
		return
	}
	c.ended = true
	delete(g.atWork, c)
	record := g.leave(c, o.err, shown)
	note := c.counted
	c.held = size
	g.mu.Unlock()
	if err := g.record(record); err != nil && o.fatal == nil {
		o.fatal = err
	}
	if err := g.tellEnded(record, o, note); err != nil && o.fatal == nil {
		o.fatal = err
	}
	c.outcome = o
	close(c.done)
	g.giveBack(c.reserved)
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

// question is what somebody is asked to agree to.
type question struct {
	tool    string
	args    json.RawMessage
	preview func() string
	seq     int
	// once, when it is not empty, is what an answer holds for beyond this question.
	once string
}

func (c *call) question() question {
	return question{tool: c.tool.Name, args: c.args, seq: c.record.Seq, preview: func() string { return c.tool.preview(c.args) }}
}

// approved asks somebody, where terms want that, one question at a time, and says why not. An answer that comes later is none.
func (g *Gate) approved(ctx context.Context, q question, terms []policies.Terms) *Error {
	problem, later := g.approvedOr(ctx, q, terms)
	if later != nil {
		return &Error{Type: PermissionError, Message: q.tool + ": somebody was asked to approve this call, and has not answered yet", Hint: "do without it for now"}
	}
	return problem
}

// approvedOr is approved, or says that the answer comes later.
func (g *Gate) approvedOr(ctx context.Context, q question, terms []policies.Terms) (*Error, *Suspension) {
	for _, k := range terms {
		if !k.Approve || g.tally.isAgreed(k.Rule, k.Rule+q.once) {
			continue
		}
		if g.options.Approve == nil {
			return &Error{Type: PermissionError, Message: q.tool + ": somebody has to approve this call, and nobody is there to ask", Hint: "do without it, or have the program run where it can be approved"}, nil
		}
		if problem, later := g.ask(ctx, q, k); problem != nil || later != nil {
			return problem, later
		}
	}
	return nil, nil
}

func (g *Gate) ask(ctx context.Context, q question, k policies.Terms) (*Error, *Suspension) {
	late := &Error{Type: TimeoutError, Message: q.tool + ": nobody approved the call in time"}
	select {
	case g.tally.asking <- struct{}{}:
		defer func() { <-g.tally.asking }()
	case <-g.over:
		return late, nil
	case <-ctx.Done():
		return late, nil
	}
	if g.tally.isAgreed(k.Rule, k.Rule+q.once) {
		return nil, nil // somebody said Always while this question waited
	}
	answer, err := g.options.Approve(ctx, Approval{Tool: q.tool, Args: q.args, Preview: q.preview(), Rule: k.Rule, Seq: q.seq})
	var said *Error
	switch {
	case ctx.Err() != nil:
		return late, nil
	case errors.Is(err, ErrSuspend):
		if g.options.Suspend {
			return nil, g.suspension(q, k.Rule)
		}
		return &Error{Type: PermissionError, Message: q.tool + ": somebody was asked to approve this call, and has not answered yet", Hint: "do without it for now"}, nil
	case errors.As(err, &said):
		return g.redacted(said), nil
	case err != nil:
		return &Error{Type: PermissionError, Message: q.tool + ": somebody has to approve this call, and could not be asked"}, nil
	case !answer.Allowed:
		message := q.tool + ": somebody was asked and refused this call"
		if answer.Reason != "" {
			message += ": " + clip(answer.Reason, 500)
		}
		return g.redacted(&Error{Type: PermissionError, Message: message, Hint: "do it another way, or without it"}), nil
	case answer.Always:
		return g.agree(k.Rule), nil
	case q.once != "":
		return g.agree(k.Rule + q.once), nil
	}
	return nil, nil
}

// agree notes that somebody agreed to what a key stands for.
func (g *Gate) agree(key string) *Error {
	g.tally.agree(key)
	if s := g.options.Stages; s != nil && s.Agreed(key) != nil {
		return &Error{Type: PermissionError, Message: "the approval could not be recorded"}
	}
	return nil
}

// toolGrace is how long a call that is over waits for a tool that does not listen to its context, before it leaves it to itself.
const toolGrace = time.Second

// graceLooks is how often watch looks within that time.
const graceLooks = 4

// redacted is an error without secrets, and of a length that a model reads.
func (g *Gate) redacted(e *Error) *Error {
	const most = 8 << 10
	return &Error{Type: e.Type, Message: clip(g.options.Secrets.RedactString(e.Message), most), Hint: clip(g.options.Secrets.RedactString(e.Hint), most)}
}

// Permit decides about something that a program does without calling a tool, such as opening a mounted file: it counts and is approved as a call
// is, except that somebody who agreed is not asked about the same thing again. It is noted among the accesses. The error is an *Error.
func (g *Gate) Permit(ctx context.Context, q policies.Request) error {
	d := g.decide(q.Action, q)
	var problem *Error
	var later *Suspension
	var note []counted
	switch {
	case !d.Allowed:
		problem = refusal(d)
	case g.options.DryRun && q.Action != policies.ActionFileRead:
		problem = &Error{Type: PermissionError, Message: "this is a dry run, which changes no file", Hint: "the policy allows it: run it for real"}
	case len(d.Terms) > 0:
		args, _ := encode(map[string]string{"path": q.Resource.ID})
		ask := question{
			tool: q.Action, args: args, once: "\x00" + q.Action + "\x00" + q.Resource.ID,
			preview: func() string { return clip(q.Action+" of "+g.resource(q), journalText) },
		}
		terms := slices.Clone(d.Terms)
		for i := range terms {
			// The fs tools end here too, after they were counted as calls: what this counts is every operation, whoever asks for it.
			terms[i].Rule += "\x00operations"
		}
		if problem = g.tally.count(q.Action, &note, terms); problem == nil {
			problem, later = g.approvedOr(ctx, ask, d.Terms)
		}
	}
	if later != nil {
		g.tally.uncount(note)
		panic(&Stop{Kind: KindSuspended, Suspension: later})
	}
	g.access(q, d, problem, rulesOf(note))
	if problem != nil {
		return problem
	}
	return nil
}
