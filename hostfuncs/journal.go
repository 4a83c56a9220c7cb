package hostfuncs

import (
	"encoding/json"
	"fmt"
	"slices"
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
)

// Call is one host call of a program, as reports and audit files tell it.
type Call struct {
	Seq        int             `json:"seq" jsonschema:"from 1, in the order in which the calls began"`
	Tool       string          `json:"tool"`
	Resource   string          `json:"resource,omitempty" jsonschema:"what the policy was asked about, such as Host api.example.com"`
	Args       json.RawMessage `json:"args,omitempty" jsonschema:"as the program sent them; the beginning as a text when they are long"`
	Result     json.RawMessage `json:"result,omitempty"`
	Error      string          `json:"error,omitempty"`
	Decision   DecisionKind    `json:"decision" jsonschema:"allowed, denied, unknown, invalid or dry_run"`
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
	Count    int          `json:"count" jsonschema:"how many times"`
}

// What the journal keeps of one text, in bytes; of one call's checks; of all accesses.
const (
	journalText = 8 << 10
	maxChecks   = 32
	maxAccesses = 1000
)

func (c *Call) decided(kind DecisionKind, d policies.Decision) {
	c.Decision, c.Policy = kind, d.Rule
	if d.Position != "" {
		c.Policy += " at " + d.Position
	}
}

// shown is a text as the journal holds it, which has to be JSON in UTF-8 of a depth that every parser takes, without secrets: the text itself, or the
// beginning of it as a string.
func (g *Gate) shown(text []byte) json.RawMessage {
	text = g.options.Secrets.Redact(text)
	if len(text) <= journalText && json.Valid(text) && utf8.Valid(text) && depth(text) <= maxDepth {
		return slices.Clone(text)
	}
	head := string(text[:min(len(text), journalText)])
	if len(text) > journalText {
		head += fmt.Sprintf("… (%d bytes)", len(text))
	}
	quoted, _ := encode(head)
	return quoted
}

// enter writes a call into the journal and returns where.
func (g *Gate) enter(record *Call) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	record.Seq = len(g.calls) + 1
	g.calls = append(g.calls, *record)
	return len(g.calls) - 1
}

// refuse journals a call that never began.
func (g *Gate) refuse(record Call, kind DecisionKind, d policies.Decision, e *Error) *Pending {
	e = g.redacted(e)
	record.decided(kind, d)
	record.Resource = g.options.Secrets.RedactString(record.Resource)
	record.Error = e.Message
	record.DurationMS = since(record.Started)
	g.enter(&record)
	p := ended(e)
	p.fatal = g.record(record)
	return p
}

// leave completes the journal when a call has ended.
func (g *Gate) leave(c *call, p *Pending) {
	g.mu.Lock()
	j := &g.calls[c.index]
	j.Resource = g.options.Secrets.RedactString(j.Resource)
	j.DurationMS = since(j.Started)
	if c.state != "" {
		j.Decision, j.Would = c.state, g.options.Secrets.RedactString(c.would)
	}
	if p.err != nil {
		j.Error = p.err.Message
		if p.err.Type == PermissionError {
			j.Decision = DecisionDenied // the tool refused, on the terms of its grant
		}
	} else {
		j.Result = g.shown(p.result)
	}
	record := *j
	record.Checks = slices.Clone(j.Checks)
	g.mu.Unlock()
	if err := g.record(record); err != nil && p.fatal == nil {
		p.fatal = err
	}
}

func (g *Gate) record(c Call) error {
	if g.options.Record == nil {
		return nil
	}
	if err := g.options.Record(c); err != nil {
		return fmt.Errorf("the call of %s could not be recorded, so the run was ended: %w", c.Tool, err)
	}
	return nil
}

func (g *Gate) access(q policies.Request, d policies.Decision) {
	a := Access{Action: q.Action, Resource: g.options.Secrets.RedactString(string(q.Resource.Type) + " " + clip(q.Resource.ID, 1000)), Decision: DecisionAllowed, Policy: d.Rule}
	if !d.Allowed {
		a.Decision = DecisionDenied
	}
	g.mu.Lock()
	defer g.mu.Unlock()
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

// Calls returns the journal: every call so far, in the order in which they began. A call that has not ended says so as its error.
func (g *Gate) Calls() []Call {
	g.mu.Lock()
	defer g.mu.Unlock()
	calls := slices.Clone(g.calls)
	for i := range calls {
		c := &calls[i]
		c.Checks = slices.Clone(c.Checks)
		if c.Result == nil && c.Error == "" && c.Decision != DecisionDryRun {
			c.Error = "the run ended before the call did"
			c.DurationMS = since(c.Started)
		}
	}
	return calls
}

// Accesses returns the decisions about what the program did without calling a tool, each kind once, and how many kinds beyond 1,000 are left out.
func (g *Gate) Accesses() (list []Access, omitted int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.accesses), g.omitted
}

func since(start time.Time) float64 { return float64(time.Since(start).Microseconds()) / 1000 }
