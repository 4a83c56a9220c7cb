// Package eval judges programs that models wrote by running them: many candidates by many tests, each in a fork of its own, on all cores.
//
//	loader := eval.Loader{}
//	err := loader.Problems("HumanEval.jsonl", problems)
//	err = loader.Samples("samples.jsonl", samples)
//	set, err := loader.Set()
//	e, err := eval.New(ctx, eval.Config{Runtime: rt})
//	err = e.Run(ctx, set, nil, func(r *eval.Result) error { results = append(results, r); return nil })
//	fmt.Println(eval.Summarise(results).PassAt(1))
//
// A candidate passes when its program, with the data set's tests behind it, runs to its end, as the data sets' own harnesses have it. For one that does not
// pass, the tests run one by one: which of them hold makes the per-test matrix, the reward, the groups of candidates that behave alike, and the lines that
// are suspicious. Runs are deterministic: the clock is virtual and the randomness seeded, unless Config.Options says otherwise.
//
// A candidate that sets out to cheat shares its interpreter with the tests, as with every harness that runs both in one process. Exiting early does not
// help, and neither does a limit or an exception that is swallowed; a value whose == is always true does. What must not be cheated compares values on the
// host: Problem.Expected.
//
// The package imports runtime and durable; cmd/wand and embedders call it.
package eval

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	goruntime "runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"wand/compiler"
	"wand/hostfuncs/wasi"
	"wand/modules"
	"wand/policies"
	"wand/runtime"
)

// Detail says whose tests are run one by one.
type Detail string

// Details.
const (
	DetailFailing Detail = "failing" // those of candidates that do not pass as a whole; of the others every test passed
	DetailAll     Detail = "all"     // everybody's
	DetailNone    Detail = "none"    // nobody's: a candidate passes or not
)

// Config configures an Evaluator. Only Runtime has to be set.
type Config struct {
	Runtime *runtime.Runtime
	// Options of every run: limits, policy, tools, files. All of them but Tools and packages in folders belong to the settings. Default clock and seed are such
	// that two runs are the same. KeepOutput, Input, Stdin and the writers are the evaluator's own.
	Options runtime.Options
	// Overlays of Runtime, which change what is allowed and so belong to the settings. Default: none.
	Overlays []*policies.Overlay
	// Jobs is how many programs run side by side. Default: one per core.
	Jobs int
	// Detail says whose tests are run one by one. Default DetailFailing.
	Detail Detail
	// Coverage notes which lines of a candidate each of its tests runs, where they run one by one, and from that which lines are suspicious. It costs fuel,
	// some percent of what a test burns.
	Coverage bool
	// Scale of the rewards. Default DefaultScale.
	Scale Scale
	// FeedbackTokens bounds Result.Feedback, 4 bytes a token. Default 400; -1: no feedback.
	FeedbackTokens int
}

// Evaluator judges candidates. It is safe for concurrent use.
type Evaluator struct {
	config   Config
	settings Settings
	slots    chan struct{}
}

// Settings are what results depend on beside the sample and the problem. Results with other settings are other results.
type Settings struct {
	Format   string            `json:"format" jsonschema:"how programs are put together; changes when results would"`
	Limits   runtime.Limits    `json:"limits" jsonschema:"of every run"`
	Policy   string            `json:"policy,omitempty" jsonschema:"sha256 of the effective policy"`
	Inputs   string            `json:"inputs,omitempty" jsonschema:"sha256 of what else every run gets: files, packages, arguments, environment, principal; absent when there is none"`
	Clock    string            `json:"clock" jsonschema:"virtual, or what Options or the policy says"`
	Guests   map[string]string `json:"guests" jsonschema:"digest of each interpreter"`
	Detail   Detail            `json:"detail" jsonschema:"whose tests are run one by one: failing, all or none"`
	Coverage bool              `json:"coverage" jsonschema:"whether lines were counted where tests ran one by one"`
	Scale    Scale             `json:"scale" jsonschema:"of the rewards"`
	Feedback int               `json:"feedback_tokens" jsonschema:"room of the feedback"`
}

// format changes whenever the same sample and problem would give another result.
const format = "1"

// Digest identifies settings.
func (s Settings) Digest() string { return digestOf(s) }

func digestOf(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic("wand: " + err.Error()) // of our own types
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// ErrConfig says what is wrong with a Config.
var ErrConfig = errors.New("unusable configuration of an evaluation")

// New returns an Evaluator.
func New(_ context.Context, c Config) (*Evaluator, error) {
	if c.Runtime == nil {
		return nil, fmt.Errorf("%w: it has no Runtime", ErrConfig)
	}
	if c.Jobs <= 0 {
		c.Jobs = goruntime.GOMAXPROCS(0)
	}
	if c.Detail == "" {
		c.Detail = DetailFailing
	}
	if !slices.Contains([]Detail{DetailFailing, DetailAll, DetailNone}, c.Detail) {
		return nil, fmt.Errorf("%w: detail %q is none of failing, all and none", ErrConfig, c.Detail)
	}
	if c.Scale == (Scale{}) {
		c.Scale = DefaultScale()
	}
	if err := c.Scale.Check(); err != nil {
		return nil, fmt.Errorf("%w: %v", ErrConfig, err)
	}
	if c.FeedbackTokens == 0 {
		c.FeedbackTokens = defaultFeedback
	}
	e := &Evaluator{config: c, slots: make(chan struct{}, c.Jobs)}
	s := &e.settings
	s.Format, s.Detail, s.Coverage, s.Scale, s.Feedback = format, c.Detail, c.Coverage, c.Scale, c.FeedbackTokens
	s.Guests, s.Clock, s.Limits = map[string]string{}, "virtual", orDefault(c.Options.Limits)
	s.Inputs = inputs(&c.Options)
	if c.Options.Clock != nil {
		s.Clock = "given"
	}
	if p := c.Options.Policy; p != nil {
		engine, err := policies.Compile(p, c.Overlays...)
		if err != nil {
			return nil, err
		}
		s.Policy = digestOf([]string{string(engine.Policy().YAML()), withoutComments(engine.Cedar())})
		if p.Clock != "" {
			s.Clock = p.Clock
		}
	}
	return e, nil
}

const defaultFeedback = 400

// inputs identifies what Options give to every run beside limits and policy. Tools of an embedder's own have nothing to be told apart by.
func inputs(o *runtime.Options) string {
	type input struct {
		Name string
		Data []byte
	}
	var list []input
	for _, f := range o.Files {
		list = append(list, input{f.Path, f.Data})
	}
	for _, p := range o.Packages {
		list = append(list, input{p.Name, append([]byte(p.Digest), p.Data...)})
	}
	if len(list)+len(o.Args)+len(o.Env) == 0 && o.Principal == "" && o.Seed == nil && !o.DryRun {
		return ""
	}
	return digestOf([]any{list, o.Args, o.Env, o.Principal, o.Seed, o.DryRun})
}

// withoutComments is a set of Cedar rules without the places where they stand.
func withoutComments(cedar string) string {
	var b strings.Builder
	for line := range strings.Lines(cedar) {
		if !strings.HasPrefix(line, "//") {
			b.WriteString(line)
		}
	}
	return b.String()
}

// Settings returns what the results depend on, the interpreters of a set's languages included.
func (e *Evaluator) Settings(set *Set) (Settings, error) {
	s := e.settings
	s.Guests = map[string]string{}
	for _, p := range set.Problems {
		guest := guestOf(p.Language)
		if s.Guests[guest] != "" {
			continue
		}
		g, err := modules.Find(guest)
		if err != nil {
			return s, err
		}
		s.Guests[guest] = g.Digest
	}
	return s, nil
}

func guestOf(l compiler.Language) string {
	if l == compiler.Python {
		return "python"
	}
	return "javascript"
}

// run runs one program when there is a core for it.
func (e *Evaluator) run(ctx context.Context, m *compiler.Module, o runtime.Options) (*runtime.Report, error) {
	select {
	case e.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	defer func() { <-e.slots }()
	report, err := e.config.Runtime.Run(ctx, m, o)
	switch {
	case err != nil:
		return nil, err
	case report.Status == runtime.Cancelled && ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case report.Status == runtime.Cancelled:
		return nil, errors.New("the run was cancelled")
	case report.Status == runtime.Fault:
		return nil, fmt.Errorf("the sandbox failed: %s", report.Error.Message)
	}
	return report, nil
}

// try runs a candidate's program. coverage has its lines counted.
func (e *Evaluator) try(ctx context.Context, p *Problem, text string, coverage bool) (*runtime.Report, error) {
	m := newModule(p.Language, text)
	if p.Language == compiler.TypeScript {
		var found []compiler.Diagnostic
		var err error
		if m, found, err = compiler.Compile(ctx, compiler.Source{Language: p.Language, Text: []byte(text)}); err != nil || m == nil {
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			return notCompiled(found, err), nil
		}
	}
	o := e.options(m)
	o.Coverage = coverage
	return e.run(ctx, m, o)
}

// options are those of one run of a candidate.
func (e *Evaluator) options(m *compiler.Module) runtime.Options {
	o := e.config.Options
	// All of the output stays in memory, which its limit bounds: spilled files would outlive the run.
	o.KeepOutput = int(e.settings.Limits.Output)
	o.Input, o.Stdin, o.Stdout, o.Stderr = nil, nil, nil, nil
	if o.Clock == nil && (o.Policy == nil || o.Policy.Clock == "") {
		o.Clock = wasi.NewVirtualClock(wasi.VirtualEpoch)
	}
	if o.Seed == nil && (o.Policy == nil || o.Policy.Random == "") {
		seed := sha256.Sum256([]byte("wand eval seed\x00" + m.Digest))
		o.Seed = &seed
	}
	return o
}

// notCompiled is the report of a program that its translator refused.
func notCompiled(found []compiler.Diagnostic, err error) *runtime.Report {
	e := &runtime.Error{Kind: runtime.KindSyntax, Message: "the program cannot be translated"}
	if err != nil {
		e = &runtime.Error{Kind: runtime.KindUnsupported, Message: err.Error()}
	}
	for _, d := range found {
		if d.Severity == compiler.SeverityError {
			e.Type, e.Message = d.Type, d.Message
			e.Location = &runtime.Location{File: d.File, Line: d.Line, Column: d.Column, EndColumn: d.EndColumn, LineText: d.LineText}
			break
		}
	}
	return &runtime.Report{Status: runtime.Invalid, Error: e}
}

// Evaluate judges one sample. A Go error means that the sandbox failed, or that the problem's own tests cannot be used.
func (e *Evaluator) Evaluate(ctx context.Context, p *Problem, s *Sample) (*Result, error) {
	if s.TaskID != p.TaskID {
		return nil, fmt.Errorf("%w: the sample is of %s, the problem is %s", ErrNoProblem, s.TaskID, p.TaskID)
	}
	if err := e.prepare(ctx, []*Problem{p}); err != nil {
		return nil, err
	}
	started := time.Now()
	r, err := e.judge(ctx, p, p.candidate(s))
	if err != nil {
		return nil, err
	}
	r.identify(p, s)
	r.WallMS = milliseconds(time.Since(started))
	return r, nil
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// judge runs a candidate, as a whole and where it is wanted test by test.
func (e *Evaluator) judge(ctx context.Context, p *Problem, candidate string) (*Result, error) {
	r := &Result{Schema: Schema, Language: p.Language}
	if p.Test == "" && len(p.Tests) == 0 {
		return r, e.judgeValue(ctx, p, candidate, r)
	}
	whole := p.compose(candidate, -1)
	report, err := e.try(ctx, p, whole.text, false)
	if err != nil {
		return nil, err
	}
	r.Outcome, r.Error = whole.judge(report)
	r.use(report)
	if r.Outcome != Passed && (r.Outcome != Invalid || r.Error != nil && r.Error.Line >= whole.tests) {
		// Of a text that is no program the fault may be the test's own.
		if err := e.describe(ctx, p); err != nil {
			return nil, err
		}
	}
	total := p.count()
	single := e.config.Detail == DetailAll || e.config.Detail == DetailFailing && r.Outcome != Passed
	if !p.splits() || !single || r.Outcome == Invalid {
		r.Tests = uniform(r.Outcome, total)
		if e.config.Detail == DetailNone && r.Outcome != Passed {
			r.Tests = nil // nobody looked
		} else if r.Outcome != Passed && total == 1 {
			e.noteValues(p, 0, r, report)
		}
		r.finish(e, p, report)
		return r, nil
	}
	first, err := e.judgeTests(ctx, p, candidate, r)
	if err != nil {
		return nil, err
	}
	if first == nil {
		first = report
	}
	r.finish(e, p, first)
	return r, nil
}

// testBudget is how much fuel the tests of a candidate may burn one by one, in multiples of the limit of one run: a candidate that never ends would otherwise
// cost as many limits as there are tests. Tests beyond it count as exhausted.
const testBudget = 4

// single is a test that ran by itself.
type single struct {
	outcome Outcome
	failed  *Failure
	report  *runtime.Report
	ran     spectrum
}

// cost is the fuel that a test counts for: one that ran into its deadline took as long as a run may.
func (s *single) cost(limit int64) int64 {
	if s.failed != nil && s.failed.Kind == runtime.KindDeadline {
		return limit
	}
	return s.report.Usage.Fuel.Used
}

// judgeTests runs the tests of a candidate one by one and returns the report of the first that did not pass.
func (e *Evaluator) judgeTests(ctx context.Context, p *Problem, candidate string, r *Result) (*runtime.Report, error) {
	list := make([]*single, p.count())
	limit := e.settings.Limits.Fuel
	var mu sync.Mutex
	// spent says that the tests before number n have used up the budget. The answer does not depend on which of them have ended: once it is yes it stays.
	spent := func(n int) bool {
		var sum int64
		for _, s := range list[:n] {
			if s != nil {
				sum += s.cost(limit)
			}
		}
		return sum >= testBudget*limit
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(2 * cap(e.slots))
	for i := range list {
		group.Go(func() error {
			mu.Lock()
			over := spent(i)
			mu.Unlock()
			if over {
				return nil
			}
			one := p.compose(candidate, i)
			report, err := e.try(ctx, p, one.text, e.config.Coverage)
			if err != nil {
				return err
			}
			s := &single{report: report}
			s.outcome, s.failed = one.judge(report)
			p.restore(i, one, report.Error)
			s.ran = newSpectrum(report, one.tests, s.outcome == Passed)
			if s.outcome == Passed {
				s.report = &runtime.Report{Usage: report.Usage} // the rest is not needed
			}
			mu.Lock()
			defer mu.Unlock()
			list[i] = s
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	r.Tests = &Tests{Total: len(list)}
	matrix := make([]byte, len(list))
	var first *runtime.Report
	var ran []spectrum
	for i, s := range list {
		if spent(i) { // whether or not it ran meanwhile
			s = &single{outcome: Exhausted, failed: &Failure{Kind: runtime.KindFuel, Message: fmt.Sprintf("the tests before used up the fuel of %d runs; this one did not run", testBudget)}, report: &runtime.Report{}}
		} else {
			ran = append(ran, s.ran)
		}
		matrix[i] = s.outcome.letter()
		r.Fuel += s.report.Usage.Fuel.Used
		if s.outcome == Passed {
			r.Tests.Passed++
			continue
		}
		if first == nil {
			first = s.report
		}
		if len(r.Tests.Failed) < maxFailedTests {
			r.Tests.Failed = append(r.Tests.Failed, newTestFailure(p, i, s.outcome, s.failed, s.report.Error))
		}
	}
	r.Tests.Matrix = string(matrix)
	if e.config.Coverage {
		r.localise(p, candidate, ran)
	}
	return first, nil
}

// judgeValue judges a candidate by its value.
func (e *Evaluator) judgeValue(ctx context.Context, p *Problem, candidate string, r *Result) error {
	report, err := e.try(ctx, p, candidate, false)
	if err != nil {
		return err
	}
	r.use(report)
	r.Outcome, r.Error = program{tests: 1 << 30}.judge(report)
	if report.Status == runtime.Completed {
		r.Outcome, r.Error, r.Value = Untested, nil, report.Result
		if len(r.Value) > maxValue {
			sum := sha256.Sum256([]byte(canonical(r.Value)))
			r.Value, _ = json.Marshal(map[string]any{"$type": "truncated", "sha256": hex.EncodeToString(sum[:]), "bytes": len(report.Result)})
		}
	}
	if len(p.Expected) > 0 {
		switch {
		case r.Outcome != Untested:
		case sameValue(report.Result, p.Expected):
			r.Outcome = Passed
		default:
			r.Outcome, r.Error = Failed, &Failure{Kind: kindValue, Message: fmt.Sprintf("the value is %s", short(orNone(report.Result), 300))}
		}
		r.Tests = uniform(r.Outcome, 1)
	}
	r.finish(e, p, report)
	return nil
}

func orNone(raw json.RawMessage) string {
	if len(raw) == 0 {
		return "none"
	}
	return compactJSON(raw)
}

// Bounds of what one result holds.
const (
	maxFailedTests = 20       // tests that are told of one by one
	maxValue       = 16 << 10 // bytes of a value
)

func uniform(o Outcome, total int) *Tests {
	t := &Tests{Total: total, Matrix: strings.Repeat(string(o.letter()), total)}
	if o == Passed {
		t.Passed = total
	}
	return t
}

// noteValues tells of the one test there is.
func (e *Evaluator) noteValues(p *Problem, i int, r *Result, report *runtime.Report) {
	if i < len(p.planned()) {
		r.Tests.Failed = append(r.Tests.Failed, newTestFailure(p, i, r.Outcome, r.Error, report.Error))
	}
}

// Run judges the samples of a set side by side and hands each result to take, one at a time, in the order in which they end. known is asked first, if it is
// not nil: a sample whose key it knows is left out. The same program is run once, however many samples hold it. It stops at the first error of ours or of take.
func (e *Evaluator) Run(ctx context.Context, set *Set, known func(key string) bool, take func(*Result) error) error {
	settings, err := e.Settings(set)
	if err != nil {
		return err
	}
	digest := settings.Digest()
	var todo []*Result
	wanted := map[*Problem]bool{}
	for i, s := range set.Samples {
		p := set.Problem(s.TaskID)
		r := &Result{Key: key(digest, p, s), Index: i}
		if known == nil || !known(r.Key) {
			todo = append(todo, r)
			wanted[p] = true
		}
	}
	var problems []*Problem
	for _, p := range set.Problems {
		if wanted[p] {
			problems = append(problems, p)
		}
	}
	if err := e.prepare(ctx, problems); err != nil {
		return err
	}
	var mu sync.Mutex
	shared := newOnce()
	outer := ctx
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(2 * cap(e.slots))
	for _, place := range todo {
		if ctx.Err() != nil {
			break
		}
		group.Go(func() error {
			s := set.Samples[place.Index]
			p := set.Problem(s.TaskID)
			started := time.Now()
			candidate := p.candidate(s)
			judged, err := shared.do(ctx, p.TaskID+"\x00"+candidate, func() (*Result, error) { return e.judge(ctx, p, candidate) })
			if err != nil {
				return err
			}
			r := *judged
			r.Key, r.Index = place.Key, place.Index
			r.identify(p, s)
			r.WallMS = milliseconds(time.Since(started))
			mu.Lock()
			defer mu.Unlock()
			if err := ctx.Err(); err != nil {
				return context.Cause(ctx)
			}
			return take(&r)
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return context.Cause(outer)
}

// once makes sure that equal programs run once.
type once struct {
	mu   sync.Mutex
	runs map[[sha256.Size]byte]*shared
}

type shared struct {
	done   chan struct{}
	result *Result
	err    error
}

func newOnce() *once { return &once{runs: map[[sha256.Size]byte]*shared{}} }

func (o *once) do(ctx context.Context, program string, f func() (*Result, error)) (*Result, error) {
	sum := sha256.Sum256([]byte(program))
	o.mu.Lock()
	s := o.runs[sum]
	if s == nil {
		s = &shared{done: make(chan struct{})}
		o.runs[sum] = s
		o.mu.Unlock()
		s.result, s.err = f()
		close(s.done)
		return s.result, s.err
	}
	o.mu.Unlock()
	select {
	case <-s.done:
		return s.result, s.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// key identifies a result: what was judged, by what, and how.
func key(settings string, p *Problem, s *Sample) string {
	return digestOf([]any{settings, p.digest(), s.TaskID, s.ID, s.Completion, s.Solution})
}

// digest identifies what a problem's results depend on.
func (p *Problem) digest() string {
	return digestOf([]any{p.TaskID, p.Language, p.Prompt, p.EntryPoint, p.Test, p.Setup, p.Tests, compactJSON(p.Expected)})
}

func orDefault(l runtime.Limits) runtime.Limits {
	d := runtime.DefaultLimits()
	for _, f := range []struct{ to, from *int64 }{
		{&l.Fuel, &d.Fuel}, {&l.Memory, &d.Memory}, {(*int64)(&l.Deadline), (*int64)(&d.Deadline)}, {&l.Output, &d.Output}, {&l.Storage, &d.Storage},
		{&l.HostCalls, &d.HostCalls}, {&l.CallDepth, &d.CallDepth},
	} {
		if *f.to == 0 {
			*f.to = *f.from
		}
	}
	return l
}
