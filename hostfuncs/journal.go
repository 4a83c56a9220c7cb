package hostfuncs

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"wand/policies"
)

// DecisionKind is what became of a call at the gate.
type DecisionKind string

// Decisions in the journal.
const (
	DecisionAllowed DecisionKind = "allowed"
	DecisionDenied  DecisionKind = "denied"
	DecisionUnknown DecisionKind = "unknown" // there is no such tool
	DecisionInvalid DecisionKind = "invalid" // the arguments do not fit
	DecisionDryRun  DecisionKind = "dry_run" // allowed, but not done

	DecisionSuspended DecisionKind = "suspended" // it waits for an answer
)

// Call is one host call of a program, as reports and audit files tell it.
type Call struct {
	Seq        int             `json:"seq" jsonschema:"from 1, in the order in which the calls began"`
	Tool       string          `json:"tool"`
	Resource   string          `json:"resource,omitempty" jsonschema:"what the policy was asked about, such as Host api.example.com"`
	Args       json.RawMessage `json:"args,omitempty" jsonschema:"as the program sent them; the beginning as a text when they are long"`
	Result     json.RawMessage `json:"result,omitempty"`
	Error      string          `json:"error,omitempty"`
	Decision   DecisionKind    `json:"decision" jsonschema:"allowed, denied, unknown, invalid, dry_run or suspended"`
	Policy     string          `json:"policy,omitempty" jsonschema:"the rule that decided, and where it stands"`
	Checks     []Check         `json:"checks,omitempty" jsonschema:"what was asked of the policy while the tool worked, such as redirects"`
	Would      string          `json:"would,omitempty" jsonschema:"what a dry run left undone"`
	DurationMS float64         `json:"duration_ms"`
	Started    time.Time       `json:"-"`
}

// Check is a decision that a tool asked for while it worked.
type Check struct {
	Resource string `json:"resource"`
	Allowed  bool   `json:"allowed"`
	Rule     string `json:"rule"`
}

// Access is a decision about something that a program did without calling a tool.
type Access struct {
	Action   string       `json:"action"`
	Resource string       `json:"resource"`
	Decision DecisionKind `json:"decision"`
	Policy   string       `json:"policy,omitempty"`
	Reason   string       `json:"reason,omitempty" jsonschema:"why it was denied"`
	Hint     string       `json:"hint,omitempty" jsonschema:"what would help"`
	Count    int          `json:"count" jsonschema:"how many times"`
}

// What the journal keeps of one text, in bytes; of one call's checks; of all accesses.
const (
	journalText = 8 << 10
	maxChecks   = 32
	maxAccesses = 1000
)

// What it keeps of all calls: journalBytes of texts, beyond which each is cut to a beginning, and journalCalls entries. Record hears of every call.
const (
	journalBytes = 16 << 20
	journalBrief = 200
	journalCalls = 50_000
)

func (c *Call) decided(kind DecisionKind, d policies.Decision) {
	c.Decision, c.Policy = kind, ruleOf(d)
}

// ruleOf names the rule of a decision, and where it stands.
func ruleOf(d policies.Decision) string {
	if d.Position == "" {
		return d.Rule
	}
	return d.Rule + " at " + d.Position
}

// shown is a text as the journal holds it, which has to be JSON in UTF-8 of a depth that every parser takes, without secrets: the text itself, or the
// beginning of it as a string.
func (g *Gate) shown(text []byte) json.RawMessage {
	if len(text) <= journalText && json.Valid(text) && utf8.Valid(text) && JSONDepth(text) <= maxDepth {
		return g.shownValid(text)
	}
	return beginning(g.options.Secrets.Redact(text), journalText)
}

// shownValid is shown for a text that is known to be of that kind, however long it is.
func (g *Gate) shownValid(text []byte) json.RawMessage {
	if len(text) <= journalText {
		if text := g.options.Secrets.redactJSON(text); len(text) <= journalText {
			return slices.Clone(text)
		}
	}
	return beginning(g.options.Secrets.Redact(text), journalText)
}

// shownResult is shown for a result, which has passed all of that. The program holds it too: nobody writes to it.
func (g *Gate) shownResult(text json.RawMessage) json.RawMessage {
	if len(text) <= journalText {
		return text
	}
	return beginning(text, journalText)
}

// beginning is the first n bytes of a text as a JSON string.
func beginning(text []byte, n int) json.RawMessage {
	head := strings.ToValidUTF8(string(text[:min(len(text), n)]), "")
	if len(text) > n {
		head += fmt.Sprintf("… (%d bytes)", len(text))
	}
	quoted, _ := encode(head)
	return quoted
}

// enter gives a call its number and writes it into the journal. It is called with mu.
func (g *Gate) enter(record *Call) {
	if record.Seq == 0 {
		g.seq++
		record.Seq = g.seq
	}
	g.keep(record)
}

// keep writes a call into the journal. It is called with mu.
func (g *Gate) keep(record *Call) {
	record.Args = g.cap(record.Args)
	if len(g.calls) >= journalCalls {
		g.skipped++
		return
	}
	g.calls = append(g.calls, record)
}

// cap cuts a text short when the journal is full. It is called with mu.
func (g *Gate) cap(text json.RawMessage) json.RawMessage {
	if g.written+int64(len(text)) > journalBytes && len(text) > journalBrief {
		text = beginning(text, journalBrief)
	}
	g.written += int64(len(text))
	return text
}

// refuse journals a call that never began. fatal is what broke, if something did.
func (g *Gate) refuse(c *call, kind DecisionKind, d policies.Decision, e *Error, fatal error) *Pending {
	e = g.redacted(e)
	g.mu.Lock()
	j := c.record
	j.decided(kind, d)
	j.Error = e.Message
	j.DurationMS = g.since(j.Started)
	g.enter(j)
	record := *j
	c.ended = true
	g.mu.Unlock()
	if err := g.record(record); err != nil && fatal == nil {
		fatal = err
	}
	c.seq = record.Seq
	if err := g.tellEnded(record, outcome{err: e}, nil); err != nil && fatal == nil {
		fatal = err
	}
	c.outcome = outcome{err: e, fatal: fatal}
	close(c.done)
	return &c.Pending
}

// leave completes the journal when a call has ended, and returns the entry. It is called with mu.
func (g *Gate) leave(c *call, e *Error, shown json.RawMessage) Call {
	j := c.record
	j.DurationMS = g.since(j.Started)
	if c.state != "" {
		j.Decision, j.Would = c.state, clip(g.options.Secrets.RedactString(c.would), journalText)
	}
	if e != nil {
		j.Error = e.Message
		if e.Type == PermissionError {
			j.Decision = DecisionDenied // the tool refused, on the terms of its grant
		}
	} else {
		j.Result = g.cap(shown)
	}
	record := *j
	record.Checks = slices.Clone(j.Checks)
	return record
}

func (g *Gate) record(c Call) error {
	if g.options.Record == nil {
		return nil
	}
	g.recording.Lock()
	defer g.recording.Unlock()
	if err := g.options.Record(c); err != nil {
		return fmt.Errorf("the call of %s could not be recorded, so the run was ended: %w", c.Tool, err)
	}
	return nil
}

// tellEnded tells of a call that has ended. One that the end of the run cut off has not: what it did is not known.
func (g *Gate) tellEnded(record Call, o outcome, note []counted) error {
	s := g.options.Stages
	if s == nil || o.fatal != nil || o.stop != nil {
		return nil
	}
	return s.Ended(EndedCall{Call: record, Result: o.result, Err: o.err, Counted: rulesOf(note)})
}

// access notes a decision about something that is no call; problem is why it was refused.
func (g *Gate) access(q policies.Request, d policies.Decision, problem *Error, rules []string) {
	a := Access{Action: q.Action, Resource: g.resource(q), Decision: DecisionAllowed, Policy: ruleOf(d)}
	if problem != nil {
		a.Decision, a.Reason, a.Hint = DecisionDenied, clip(problem.Message, 500), clip(problem.Hint, 500)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.options.Stages != nil {
		g.noted = append(g.noted, NotedAccess{a, rules})
	}
	g.noteAccess(a)
}

// noteAccess is called with mu.
func (g *Gate) noteAccess(a Access) {
	a.Count = 0
	if g.accessAt == nil {
		g.accessAt = map[Access]int{}
	}
	if i, ok := g.accessAt[a]; ok {
		g.accesses[i].Count++
		return
	}
	if len(g.accesses) >= maxAccesses {
		g.omitted++
		return
	}
	g.accessAt[a] = len(g.accesses)
	a.Count = 1
	g.accesses = append(g.accesses, a)
}

// Calls returns the journal: every call so far, in the order in which they began, the first 50,000 of them. A call that has not ended says so as its error.
func (g *Gate) Calls() []Call {
	g.mu.Lock()
	defer g.mu.Unlock()
	open := map[*Call]bool{}
	for c := range g.atWork {
		open[c.record] = true
	}
	calls := make([]Call, len(g.calls))
	for i, j := range g.calls {
		calls[i] = *j
		calls[i].Checks = slices.Clone(j.Checks)
		if open[j] {
			calls[i].Error = "the run ended before the call did"
			calls[i].DurationMS = g.since(j.Started)
		}
	}
	slices.SortStableFunc(calls, func(a, b Call) int { return a.Seq - b.Seq }) // calls of an earlier process may come later
	return calls
}

// Omitted is how many calls beyond those of Calls there were.
func (g *Gate) Omitted() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.skipped
}

// Accesses returns the decisions about what the program did without calling a tool, each kind once, and how many kinds beyond 1,000 are left out.
func (g *Gate) Accesses() (list []Access, omitted int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.accesses), g.omitted
}

// since is milliseconds, to the microsecond.
func (g *Gate) since(start time.Time) float64 {
	return float64(g.options.Now().Sub(start).Microseconds()) / 1000
}
