// Package agent is the loop with a model: code is the action. The model gets a task, the tools that a policy grants and the limits; it answers with a
// program; the program runs in a session of the sandbox; what happened goes back to it; until it gives a final answer or a budget ends the conversation.
// Everything that takes effect is written to a transcript before and after, so that a conversation whose process was killed goes on where it was, and can
// be re-executed and compared (Replay). Embedders and the command call it; it imports the runtime and what that imports.
//
//	model, err := agent.NewOpenAI(agent.OpenAIConfig{BaseURL: "http://localhost:11434/v1", Model: "qwen3"})
//	a, err := agent.New(ctx, agent.Config{Runtime: rt, Model: model, Policy: policy, Files: files})
//	outcome, err := a.Run(ctx, "Which customer spent most in March?")
//	fmt.Println(outcome.Answer)
package agent

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"wand/compiler"
	"wand/hostfuncs"
	"wand/policies"
	"wand/runtime"
	"wand/runtime/skills"
)

// Defaults of a Config.
const (
	DefaultAnswerTokens  = 4096
	DefaultContextTokens = 32_000
	DefaultProposals     = 3
)

// ErrConfig says that a Config makes no sense; the message says why.
var ErrConfig = errors.New("unusable configuration")

// Config is what an agent works with. Runtime and Model are required.
type Config struct {
	Runtime *runtime.Runtime
	Model   Model
	// Language of the programs: Python (the default), JavaScript or TypeScript.
	Language compiler.Language
	// Format is how the model writes programs. Default Fenced.
	Format Format
	// NoFunctions does not offer run_code and final_answer as functions, for servers that know none.
	NoFunctions bool
	// Strategy is what is done beside talking. The zero value is one conversation.
	Strategy Strategy
	// Check judges final answers, such as by tests that the model does not see. Default: every answer counts.
	Check Check
	// Proposals is how many final answers the model may give as long as Check does not take one. Default 3.
	Proposals int

	// The following are as in runtime.SessionOptions.
	Guest     string
	Policy    *policies.Policy
	Principal string
	Tools     *hostfuncs.Registry
	Approve   hostfuncs.Approver
	Observe   func(policies.Request, policies.Decision)
	DryRun    bool
	Env       map[string]string
	Files     []runtime.File
	Packages  []runtime.Package
	// Record hears of every call of a program when it has ended; an error of it ends the program. step is that of the program's events.
	Record func(step string, c hostfuncs.Call) error
	// Skills can be used by the programs as far as Policy grants them (skills.NAME); the model is told of those that suit the task.
	Skills *skills.Store
	// Input is the global INPUT of the programs.
	Input json.RawMessage
	// Limits of each program.
	Limits runtime.Limits
	// KeepFailed keeps what a program did before it raised an exception, as a notebook does. Default: a program that fails leaves everything as it was.
	KeepFailed bool
	// From is a session with whose variables and files the programs begin, under this agent's own policy. It stays as it is. Default: a new one. Files are
	// not put in again.
	From *runtime.Session

	// Account is what pays, for conversations that share a budget. Default: one of their own, with Budget and Prices.
	Account *Account
	Budget  Budget
	Prices  Prices
	// AnswerTokens is the most of one answer of the model, ContextTokens of what it is sent, FeedbackTokens of what it is told about one program. Defaults
	// 4,096, 32,000 and runtime.DefaultFeedback.
	AnswerTokens, ContextTokens, FeedbackTokens int
	// Feedback is what the model is told of a report. Default: Report.Feedback.
	Feedback func(*runtime.Report) string
	// Extra is said at the end of the system prompt, System in place of all of it.
	Extra, System string

	// Answer is what a suspended conversation waits for, when it goes on in its Dir. Without one, Approve is asked; without both it stays suspended.
	// Approvals that nobody is there to give suspend a conversation that has a Dir and no Approve, as do tools that return hostfuncs.ErrSuspend.
	Answer *runtime.Answered

	// Dir is a folder for the transcript and the session, private to this conversation. Running the same task in it again goes on where the last process
	// stopped. Default: nothing is kept.
	Dir string
	// OnEvent hears of every event when it is written; an error of it ends the conversation. OnText hears what the model says as it comes. They must not
	// block.
	OnEvent func(*Event) error
	OnText  func(branch, delta string)
}

// Agent runs conversations about tasks. Each Run is one; it is safe for concurrent use when Dir is empty.
type Agent struct {
	config Config
	limits runtime.Limits
	policy string
	stubs  *hostfuncs.Stubs
	// science says that programs have numpy and pandas.
	science bool
}

// New checks a configuration and opens what its policy grants, so that what is missing shows here. Nothing is asked of the model.
func New(ctx context.Context, c Config) (*Agent, error) {
	switch {
	case c.Runtime == nil:
		return nil, fmt.Errorf("%w: an agent needs a Runtime", ErrConfig)
	case c.Model == nil:
		return nil, fmt.Errorf("%w: an agent needs a Model", ErrConfig)
	}
	c.Language = cmp.Or(c.Language, compiler.Python)
	if c.Format == nil {
		c.Format = Fenced{}
	}
	for _, d := range []struct {
		v *int
		d int
	}{{&c.AnswerTokens, DefaultAnswerTokens}, {&c.ContextTokens, DefaultContextTokens}, {&c.FeedbackTokens, runtime.DefaultFeedback}, {&c.Proposals, DefaultProposals}} {
		if *d.v <= 0 {
			*d.v = d.d
		}
	}
	if c.Feedback == nil {
		tokens := c.FeedbackTokens
		c.Feedback = func(r *runtime.Report) string { return strings.TrimRight(r.Feedback(tokens), "\n") }
	}
	a := &Agent{config: c}
	if err := a.config.Strategy.check(&a.config); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	if err := a.addTools(); err != nil {
		return nil, err
	}
	s, err := c.Runtime.NewSession(ctx, a.sessionOptions(nil, ""))
	if err != nil {
		return nil, err
	}
	defer s.Close()
	a.limits, a.science = s.Limits(), s.Guest() == runtime.ScienceGuest
	if c.From != nil {
		a.science = c.From.Guest() == runtime.ScienceGuest
	}
	if a.stubs, err = c.Runtime.Stubs(ctx, a.config.Policy, a.config.Tools); err != nil {
		return nil, err
	}
	if p := c.Policy; p != nil {
		sum := sha256.Sum256(p.YAML())
		a.policy = strings.TrimSpace(p.Name + " sha256:" + hex.EncodeToString(sum[:]))
	}
	return a, nil
}

// SystemPrompt is what the model is told before a task.
func (a *Agent) SystemPrompt(task string) (string, error) { return a.system(task, a.account()) }

func (a *Agent) system(task string, account *Account) (string, error) {
	if a.config.System != "" {
		return a.config.System, nil
	}
	text := systemPrompt(&a.config, a.limits, a.science, a.stubs, account.budget)
	if a.config.Skills == nil {
		return text, nil
	}
	suited, err := a.config.Skills.Prompt(task, 0)
	if suited != "" {
		text += "\n" + suited
	}
	return text, err
}

func (a *Agent) account() *Account {
	if a.config.Account != nil {
		return a.config.Account
	}
	return NewAccount(a.config.Budget, a.config.Prices)
}

func (a *Agent) sessionOptions(c *conversation, seed string) runtime.SessionOptions {
	o := &a.config
	options := runtime.SessionOptions{
		Language: o.Language, Guest: o.Guest, Limits: o.Limits, Policy: o.Policy, Principal: o.Principal, Tools: o.Tools, Approve: o.Approve, Observe: o.Observe,
		DryRun: o.DryRun, Env: o.Env, Files: o.Files, Packages: o.Packages,
	}
	if c != nil {
		if o.Record != nil {
			options.Record = c.record
		}
		sum := sha256.Sum256([]byte(seed + " " + c.branch))
		options.Seed = &sum
	}
	return options
}

// OutcomeStatus is how a conversation ended.
type OutcomeStatus string

// Statuses of an outcome.
const (
	Answered  OutcomeStatus = "answered"  // with a final answer, which Check has taken where there is one
	Exhausted OutcomeStatus = "exhausted" // a budget ended it
	Wrong     OutcomeStatus = "wrong"     // Check took none of the answers
	Malformed OutcomeStatus = "malformed" // the model's messages made no sense
	Suspended OutcomeStatus = "suspended" // it waits for somebody; running it again in its folder goes on
	Stopped   OutcomeStatus = "stopped"   // the model's server failed, or the caller cancelled it; running it again in its folder goes on
)

// Outcome is how a conversation ended. Its JSON form is part of the transcript's schema.
type Outcome struct {
	ID     string        `json:"id" jsonschema:"of the conversation"`
	Status OutcomeStatus `json:"status" jsonschema:"answered, exhausted, wrong, malformed, suspended or stopped"`
	Reason string        `json:"reason,omitempty" jsonschema:"in words, unless it was answered"`
	Answer string        `json:"answer,omitempty" jsonschema:"the final answer"`
	// Value is that of the last program that completed.
	Value   json.RawMessage `json:"value,omitempty"`
	Program string          `json:"program,omitempty" jsonschema:"the last program that completed"`
	Verdict *Verdict        `json:"verdict,omitempty" jsonschema:"of the check"`
	Branch  string          `json:"branch" jsonschema:"which of the conversations it is"`
	Turns   int             `json:"turns" jsonschema:"messages of the model in that one"`
	// Branches are all conversations, when there were several.
	Branches []BranchOutcome     `json:"branches,omitempty"`
	Votes    int                 `json:"votes,omitempty" jsonschema:"how many of them agree, of a vote"`
	Suspend  *runtime.Suspension `json:"suspend,omitempty"`
	Spent    Spent               `json:"spent"`
	Budget   Budget              `json:"budget"`

	// Session stands where the conversation ended; nil when no program ran. Close it.
	Session *runtime.Session `json:"-"`
}

// BranchOutcome is one of several conversations.
type BranchOutcome struct {
	Branch  string          `json:"branch"`
	Status  OutcomeStatus   `json:"status"`
	Reason  string          `json:"reason,omitempty"`
	Answer  string          `json:"answer,omitempty"`
	Value   json.RawMessage `json:"value,omitempty"`
	Verdict *Verdict        `json:"verdict,omitempty"`
	Turns   int             `json:"turns"`
}

// Close closes the outcome's session.
func (o *Outcome) Close() error {
	if o.Session == nil {
		return nil
	}
	return o.Session.Close()
}

// running is a Run under way.
type running struct {
	agent   *Agent
	journal *journal
	account *Account
	start   *Start
	task    string

	mu     sync.Mutex
	answer *runtime.Answered // to the first suspension that is met
}

// takeAnswer returns what the caller has to say to a suspension, once.
func (r *running) takeAnswer() *runtime.Answered {
	r.mu.Lock()
	defer r.mu.Unlock()
	answer := r.answer
	r.answer = nil
	return answer
}

// Run works on a task until it is answered or a budget ends it. In a Dir that holds an earlier conversation about the same task it goes on with that; an
// empty task means the one that is there.
//
// The error is not nil when there could be no outcome in order: a *ModelError when the model's server did not answer, what cancelled ctx, ErrTranscript,
// ErrBusy, a failure of the sandbox. There may be an outcome beside it, of status stopped, that says what was spent.
func (a *Agent) Run(ctx context.Context, task string) (*Outcome, error) {
	j, err := openJournal(a.config.Dir, a.config.OnEvent)
	if err != nil {
		return nil, err
	}
	defer j.close()
	r := &running{agent: a, journal: j, account: a.account(), task: task, answer: a.config.Answer}
	if err := r.begin(); err != nil {
		return nil, err
	}
	if o := j.ended(); o != nil && o.Status == Answered {
		return o, nil
	}
	r.account.spend(Spent{Wall: j.lastWall(), Tokens: j.lost()})
	r.account.enter()
	defer r.account.leave()
	j.wall = func() float64 { return float64(r.account.Spent().Wall.Microseconds()) / 1000 }
	if j.seq > 1 {
		if err := j.add(&Event{Kind: EventResume}); err != nil {
			return nil, err
		}
	}
	o, err := a.config.Strategy.run(ctx, r)
	if o == nil {
		o = &Outcome{Status: Stopped, Branch: "1"}
	}
	if err != nil {
		o.Status, o.Reason = Stopped, err.Error()
	}
	o.ID, o.Spent, o.Budget = r.start.ID, r.account.Spent(), r.account.Budget()
	if err != nil {
		return o, err
	}
	return o, j.add(&Event{Kind: EventEnd, End: o})
}

// begin writes the first event, or compares with the one that is there.
func (r *running) begin() error {
	a := r.agent
	c := &a.config
	if r.start = r.journal.start(); r.start != nil {
		return r.same()
	}
	if strings.TrimSpace(r.task) == "" {
		return errors.New("there is no task")
	}
	system, err := a.system(r.task, r.account)
	if err != nil {
		return err
	}
	random := make([]byte, 44)
	rand.Read(random)
	r.start = &Start{
		Schema: TranscriptSchema, ID: "agent_" + hex.EncodeToString(random[:12]), Task: r.task, System: system, Model: c.Model.Name(), Language: c.Language,
		Strategy: c.Strategy.String(), Format: formatName(c.Format), Policy: a.policy, Seed: hex.EncodeToString(random[12:]), Limits: a.limits,
		Budget: r.account.Budget(), Prices: r.account.prices, Keep: c.KeepFailed, Input: c.Input,
	}
	for _, f := range c.Files {
		sum := sha256.Sum256(f.Data)
		r.start.Files = append(r.start.Files, FileInfo{f.Path, len(f.Data), hex.EncodeToString(sum[:])})
	}
	return r.journal.add(&Event{Kind: EventStart, Start: r.start})
}

// same refuses to go on with a conversation that was begun in another way. The budget may change: that is how one that was exhausted goes on.
func (r *running) same() error {
	s, c := r.start, &r.agent.config
	if r.task == "" {
		r.task = s.Task
	}
	for _, f := range []struct{ what, was, is string }{
		{"task", s.Task, r.task}, {"language", string(s.Language), string(c.Language)}, {"strategy", s.Strategy, c.Strategy.String()},
		{"format", s.Format, formatName(c.Format)}, {"policy", s.Policy, r.agent.policy},
	} {
		if f.was != f.is {
			return fmt.Errorf("%w: the conversation in %s has another %s: %q, not %q; go on with that, or take another folder", ErrTranscript, c.Dir, f.what, clip(f.was, 200), clip(f.is, 200))
		}
	}
	return nil
}

func formatName(f Format) string {
	switch f.(type) {
	case Fenced:
		return "fenced"
	case Tags:
		return "tags"
	}
	return fmt.Sprintf("%T", f)
}

// branch is an outcome as one among others.
func (o *Outcome) branch() BranchOutcome {
	return BranchOutcome{o.Branch, o.Status, o.Reason, o.Answer, o.Value, o.Verdict, o.Turns}
}

func wallLeft(limit, left time.Duration) time.Duration {
	return max(min(limit, left), time.Millisecond)
}

func quoted(s string) json.RawMessage {
	text, _ := json.Marshal(s)
	return text
}
