package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"

	"wand/compiler"
	"wand/hostfuncs"
	"wand/policies"
	"wand/policies/units"
	"wand/runtime"
)

const runDescription = `Runs one program in the sandbox. FILE may hold the program itself or a model's answer with the program in a Markdown code block.
The program's output passes through as it comes; then two lines on standard error say how it ended and what it used. Relative names
of files are below /work, which the program sees as its working directory.

Go, C, C++, Rust, AssemblyScript and WebAssembly text are compiled first, by this machine's compilers; wand doctor says which are there. A compiler
of source that nobody has read runs in a jail: it reads itself and the program, writes a folder that is thrown away, and reaches neither
network nor processes. What was compiled before is kept.

What of this machine and the network it may reach says a policy: a file, or the name of a preset; wand policy presets lists them. What the
policy does not grant is refused. Where it wants somebody to approve a call, the question appears on the terminal; waiting for the answer
counts towards --timeout.

Sizes: 64MiB, 64M (both 1024-based), 1.5GB (1000-based), 65536. Fuel: 500M, 2G, 1_000_000. Times: 5s, 500ms, 1m30s, 30 (seconds).

EXAMPLES:
   wand run main.py
   wand run main.py --fuel 500M --timeout 5s
   wand run main.go
   wand run -c 'console.log(process.argv)' --lang js -- first second
   wand run --input '{"n": 3}' -c 'INPUT["n"] ** 2'
   wand run --file data.csv --file ./images:/data --out results report.py
   wand run --package sympy --package six-1.17.0-py2.py3-none-any.whl main.py
   wand run --guest sympy main.py
   wand run --feedback - < answer.md
   wand run --trace steps.jsonl main.py
   wand run --coverage --feedback main.py
   wand run --policy policy.yaml --audit calls.jsonl main.py
   wand run --policy web-reader --dry-run main.py
   wand run --allow kv --allow http:api.example.com main.py
   wand run --record run.wandrec main.py
   wand run --suspend --policy mail.yaml main.py

` + allowHelp + `

EXIT CODES:
   0 completed, 1 failed, 2 usage, 3 invalid (it never started), 4 exhausted (a limit stopped it), 5 denied, 6 suspended,
   70 fault (wand itself failed), 130 cancelled`

func (a *app) runCommand() *cli.Command {
	limits := &limitFlags{}
	return &cli.Command{
		Name: "run", Usage: "run a program in the sandbox", UsageText: "wand run [options] FILE|-|-c CODE [-- ARGUMENTS]", Description: runDescription,
		Flags:           slices.Concat(runFlags(limits), traceFlags(), recordFlags(), outcomeFlags()),
		HideHelpCommand: true, OnUsageError: onUsageError,
		Action: func(c *cli.Context) error { return a.run(c, limits) },
	}
}

// outcomeFlags say what becomes of the outcome.
func outcomeFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "out", Usage: "write the files that the program made to `DIR`"},
		&cli.BoolFlag{Name: "json", DisableDefaultText: true, Usage: "print the report as JSON instead of the program's output"},
		&cli.BoolFlag{Name: "feedback", DisableDefaultText: true, Usage: "print what a model should be told instead of the program's output"},
		&cli.IntFlag{Name: "feedback-tokens", Value: runtime.DefaultFeedback, Usage: "most tokens, `N`, that --feedback may take"},
	}
}

// runFlags are the options of every command that runs a program.
func runFlags(limits *limitFlags) []cli.Flag {
	flags := append(sourceFlags(), limits.flags()...)
	flags = append(flags, authorityFlags()...)
	return append(flags,
		&cli.StringFlag{Name: "input", Usage: "`JSON` value, or @FILE that holds one; the program sees it as INPUT"},
		&cli.StringSliceFlag{Name: "file", Usage: "put a file or folder into the run's filesystem: `SRC[:DST]` (repeatable)"},
		guestFlag(),
		&cli.StringSliceFlag{Name: "package", Usage: "let the program import an added package (wand packages), wheel, zip file or folder: `NAME` or path (repeatable)"},
		&cli.BoolFlag{Name: "strict", DisableDefaultText: true, Usage: "fail on an import of a module that does not exist even where nothing uses it, instead of leaving it out with a warning"},
		skillsFlag(), engineFlag(),
	)
}

func guestFlag() cli.Flag {
	return &cli.StringFlag{Name: "guest", Usage: "fork the guest `NAME`: science (numpy and pandas), python, or one that was baked, whose modules are loaded already (wand guests bake)"}
}

// guestError is an error of the sandbox, as a mistake of the command line where --guest is one.
func guestError(c *cli.Context, err error) error {
	if c.IsSet("guest") && (errors.Is(err, runtime.ErrNoBaked) || errors.Is(err, runtime.ErrStaleBaked) || errors.Is(err, runtime.ErrBadOption)) {
		return usage("--guest: %v", err)
	}
	return err
}

// run is wand run.
func (a *app) run(c *cli.Context, flags *limitFlags) error {
	view, err := a.newVerdict(c)
	if err != nil {
		return err
	}
	var trace *traceFile
	var record *recordFile
	report, err := a.perform(c, flags, view, func(_ *authority, o *runtime.Options) (err error) {
		if trace, err = a.openTrace(c, o); err == nil {
			record, err = a.openRecord(c, o)
		}
		return err
	})
	view.unsaved = errors.Join(trace.close(), record.close())
	if err != nil {
		return err
	}
	view.notes = trace.notes(report)
	return view.conclude(report)
}

// newVerdict reads how the outcome is to be told.
func (a *app) newVerdict(c *cli.Context) (*verdict, error) {
	if c.Bool("json") && c.Bool("feedback") {
		return nil, usage("--json and --feedback exclude each other")
	}
	if c.Int("feedback-tokens") < 1 {
		return nil, usage("--feedback-tokens: %d is too few; the default is %d", c.Int("feedback-tokens"), runtime.DefaultFeedback)
	}
	return &verdict{app: a, options: c, json: c.Bool("json"), feedback: c.Bool("feedback")}, nil
}

// conclude stores the program's files where --out says, tells the outcome and ends the command with its exit code.
func (view *verdict) conclude(report *runtime.Report) error {
	if dir := view.options.String("out"); dir != "" {
		saved, err := writeOut(dir, report.Files)
		view.saved, view.unsaved = saved, errors.Join(view.unsaved, err)
	}
	if err := errors.Join(view.show(report), view.unsaved); err != nil {
		return err
	}
	return status(report)
}

// perform runs the program of a command line under a policy. adapt, which may be nil, has the last word about the options.
func (a *app) perform(c *cli.Context, flags *limitFlags, view *verdict, adapt func(*authority, *runtime.Options) error) (*runtime.Report, error) {
	limits, err := flags.limits()
	if err != nil {
		return nil, err
	}
	source, err := a.source(c)
	if err != nil {
		return nil, err
	}
	view.program = string(source.Text)
	granted, err := a.authority(c, policyName(c))
	if err != nil {
		return nil, err
	}
	if lacking := unmet(granted.engine.Policy()); len(lacking) > 0 {
		return nil, &unmetError{lacking}
	}
	limits = limitsOf(granted.engine.Policy().Limits, limits)
	options, err := a.options(c, limits)
	if err != nil {
		return nil, err
	}
	ctx, release := interruptible(c.Context)
	defer release()
	view.progress = newProgress(a.stderr)
	defer view.progress.end()
	view.limits, view.engine = limits, granted.engine
	view.connect(&options)
	options.Policy, options.Principal, options.DryRun = granted.policy, c.String("principal"), c.Bool("dry-run")
	if options.Approve, err = approver(c.String("approve"), view.progress.end); err != nil {
		return nil, err
	}
	if view.trail, err = a.openTrail(c, view.human()); err != nil {
		return nil, err
	}
	defer view.trail.close()
	if adapt != nil {
		if err := adapt(granted, &options); err != nil {
			return nil, err
		}
	}
	if view.human() {
		showPolicyFindings(a.stderr, colours(a.stderr), policyFindings(compiler.SeverityWarning, granted.engine.Warnings()))
		for _, note := range limitNotes(flags, granted.engine.Policy().Limits) {
			fmt.Fprintf(a.stderr, "wand: %s\n", printable(note))
		}
	}
	rt, err := a.newRuntime(ctx, c, granted, view.progress)
	if err != nil {
		return nil, err
	}
	defer rt.Close(context.WithoutCancel(ctx))
	// What the policy grants is opened here, and kept for the run, so that something that is not there is the command line's mistake.
	if _, err := rt.Stubs(ctx, options.Policy, nil); err != nil && ctx.Err() == nil {
		return nil, usage("%v", err)
	}
	report, err := a.execute(ctx, rt, source, options, view)
	view.progress.end()
	var limit *runtime.LimitError
	if errors.As(err, &limit) && !c.IsSet(limitFlag(limit.Name)) {
		return nil, usage("limits.%s of the policy: %s", limit.Name, limitMessage(limit))
	}
	if err != nil {
		return nil, guestError(c, err)
	}
	if err := rt.CacheError(); err != nil {
		fmt.Fprintf(a.stderr, "wand: nothing is kept between runs, so each starts slowly: %s\n", printable(err.Error()))
	}
	return report, nil
}

// execute compiles and runs. A program that does not compile, and a cancellation before there is a report, become a report too.
func (a *app) execute(ctx context.Context, rt *runtime.Runtime, source compiler.Source, options runtime.Options, view *verdict) (*runtime.Report, error) {
	start := time.Now()
	// The guest checks the syntax when it runs; a check of its own would only cost a second fork.
	module, diagnostics, err := (&compiler.Compiler{Toolchains: rt.Toolchains()}).Compile(ctx, source)
	var input *compiler.InputError
	switch {
	case errors.As(err, &input):
		view.diagnostics = []compiler.Diagnostic{{Severity: compiler.SeverityError, Message: input.Error(), File: source.Name, Line: input.Line}}
		if !view.human() {
			return view.invalid(nil, start, &runtime.Error{Kind: runtime.KindUnsupported, Message: input.Error()}), nil
		}
		return nil, err
	case err != nil && ctx.Err() != nil:
		return view.cancelled(module, start), nil
	case err != nil:
		return nil, err
	}
	view.diagnostics = diagnostics
	if module == nil {
		return view.invalid(&compiler.Module{Language: compiler.Detect(source)}, start, errorOf(diagnostics)), nil
	}
	var library []runtime.Package
	if options.Tools, library, err = useSkills(view.options, rt, options.Tools, module.Guest == "python"); err != nil {
		return nil, err
	}
	options.Packages = append(library, options.Packages...) // first: no package with a module of that name stands before the skills
	if err := view.trail.begin(module, &options); err != nil {
		return nil, err
	}
	run := rt.Run
	if view.run != nil {
		run = view.run
	}
	report, err := run(ctx, module, options)
	status := runtime.Fault
	if ctx.Err() != nil {
		status = runtime.Cancelled
	}
	if unwritten := view.trail.end(report, status); unwritten != nil && err == nil {
		return nil, unwritten
	}
	switch {
	case errors.Is(err, runtime.ErrBadOption) && report != nil:
		return nil, usage("%v", err)
	case err != nil && report == nil:
		if ctx.Err() != nil {
			return view.cancelled(module, start), nil
		}
		return nil, err
	case err != nil: // a fault's cause is nothing for the report, which models read
		a.problem(err)
	}
	for _, d := range diagnostics {
		report.Warnings = append(report.Warnings, runtime.Warning{Message: d.Message, Line: d.Line})
	}
	return report, nil
}

func (a *app) options(c *cli.Context, limits runtime.Limits) (o runtime.Options, err error) {
	o.Limits, o.Args, o.Guest, o.Strict = limits, a.programArgs, c.String("guest"), c.Bool("strict")
	if c.IsSet("input") {
		if o.Input, err = readJSON("input", c.String("input")); err != nil {
			return o, err
		}
	}
	storage := limits.Storage
	if storage == 0 {
		storage = runtime.DefaultLimits().Storage
	}
	if o.Files, err = readFiles(c.StringSlice("file"), storage); err != nil {
		return o, err
	}
	if o.Packages, err = readPackages(c.StringSlice("package")); err != nil {
		return o, err
	}
	if c.Args().First() != "-" {
		o.Stdin = a.stdin
	}
	return o, nil
}

// interruptible gives a context that Ctrl-C cancels; a second Ctrl-C ends the process.
func interruptible(parent context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancel(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	done := make(chan struct{})
	go func() {
		select {
		case <-signals:
			cancel()
		case <-done:
			return
		}
		select {
		case <-signals:
			os.Exit(exitCancelled)
		case <-done:
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(done)
		cancel()
	}
}

// status is the exit code of a report.
func status(r *runtime.Report) error {
	code := exitFault
	switch r.Status {
	case runtime.Completed:
		return nil
	case runtime.Failed:
		code = exitFailed
	case runtime.Invalid:
		code = exitInvalid
	case runtime.Exhausted:
		code = exitExhausted
	case runtime.Denied:
		code = exitDenied
	case runtime.Suspended:
		code = exitSuspended
	case runtime.Cancelled:
		code = exitCancelled
	}
	return exitStatus(code)
}

// verdict shows a run to whoever asked for it.
type verdict struct {
	app         *app
	options     *cli.Context
	json        bool // print the report
	feedback    bool // print what a model should be told
	progress    *progress
	limits      runtime.Limits
	program     string // its text
	diagnostics []compiler.Diagnostic
	stdout      *live
	stderr      *live
	saved       int       // files written to --out
	notes       []string  // about what was asked for beside the run
	unsaved     error     // why not all of it could be written
	trail       *trail    // nil without --audit
	out         io.Writer // where the program's output goes; nil for standard output
	// run is what is done with the compiled program; nil: Runtime.Run.
	run func(context.Context, *compiler.Module, runtime.Options) (*runtime.Report, error)

	engine *policies.Engine // what decides
	mu     sync.Mutex
	denied map[string]policies.Request // what the policy denied, by the reason and by accessKey
}

// human says that a person reads along.
func (v *verdict) human() bool { return !v.json && !v.feedback }

// connect passes the program's output on as it comes, unless something else is printed in its place.
func (v *verdict) connect(o *runtime.Options) {
	if v.out == nil {
		v.out = v.app.stdout
	}
	v.stdout = &live{to: v.out, terminal: isTerminal(v.out), before: v.progress.end}
	v.stderr = &live{to: v.app.stderr, terminal: isTerminal(v.app.stderr), before: v.progress.end}
	if v.human() {
		o.Stdout, o.Stderr = v.stdout, v.stderr
		o.Observe = v.observe
	}
}

// maxDenied is how many denied requests are remembered, the latest: a program can make any number of them.
const maxDenied = 64

// observe remembers what was denied, so that it can be explained. The journal has no room for that.
func (v *verdict) observe(r policies.Request, d policies.Decision) {
	if d.Allowed {
		return
	}
	r, _ = remembered(r)
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.denied == nil || len(v.denied) >= 2*maxDenied {
		v.denied = map[string]policies.Request{}
	}
	v.denied[d.Reason] = r
	v.denied[accessKey(r.Action, string(r.Resource.Type)+" "+r.Resource.ID)] = r
}

// show prints the outcome.
func (v *verdict) show(r *runtime.Report) error {
	var err error
	switch {
	case v.json:
		_, err = v.app.stdout.Write(r.JSON())
	case v.feedback:
		_, err = fmt.Fprintln(v.app.stdout, strings.TrimRight(r.Feedback(v.options.Int("feedback-tokens")), "\n"))
		if t := r.Truncated; t != nil && err == nil {
			for _, path := range []string{t.StdoutPath, t.StderrPath} {
				if path != "" {
					fmt.Fprintf(v.app.stderr, "wand: all of the output is in %s\n", path)
				}
			}
		}
	default:
		v.lines(r)
	}
	if err != nil {
		return cannotWrite(err)
	}
	return nil
}

// lines prints the two lines for people. The program's own output and traceback stand above them.
func (v *verdict) lines(r *runtime.Report) {
	if t := r.Truncated; t != nil {
		// All of it has passed through; the copies have served.
		for _, path := range []string{t.StdoutPath, t.StderrPath} {
			if path != "" {
				os.Remove(path)
			}
		}
	}
	w := v.app.stderr
	on := colours(w)
	v.separate()
	showDiagnostics(w, on, v.diagnostics)
	for i := range r.Calls {
		if c := &r.Calls[i]; c.Decision == hostfuncs.DecisionDryRun {
			fmt.Fprintf(w, "wand: dry run: %s: %s\n", oneLine(c.Tool), clip(oneLine(c.Would), 300))
		}
	}
	for _, warning := range r.Warnings {
		// The others a person sees, or does not miss.
		if warning.Kind == runtime.WarnUnusedImport || warning.Kind == runtime.WarnSwallowed || warning.Kind == runtime.WarnTestFailed {
			fmt.Fprintf(w, "wand: warning: line %d: %s\n", warning.Line, clip(oneLine(warning.Message), 300))
		}
	}
	fmt.Fprintf(w, "wand: %s\n", v.headline(r, on))
	v.why(w, r)
	v.waits(w, r)
	for _, note := range v.notes {
		fmt.Fprintf(w, "wand: %s\n", note)
	}
	fmt.Fprintf(w, "%s\n", colour(on, grey, "wand: "+v.spent(r)))
}

// separate ends a line that the program left open, so that ours begin with one of their own.
func (v *verdict) separate() {
	w := v.app.stderr
	if (v.stdout.open && v.stdout.terminal || v.stderr.open) && isTerminal(w) || v.stderr.open {
		fmt.Fprintln(w)
	}
}

func (v *verdict) headline(r *runtime.Report, on bool) string {
	code := red
	switch r.Status {
	case runtime.Completed:
		code = green
	case runtime.Exhausted, runtime.Denied, runtime.Suspended, runtime.Cancelled:
		code = yellow
	}
	line := colour(on, code, string(r.Status))
	if r.Status == runtime.Completed {
		if len(r.Result) > 0 {
			line += ", result " + clip(oneLine(string(r.Result)), 200)
		}
		return line
	}
	if e := r.Error; e != nil {
		message := e.Message
		if e.Type != "" && e.Type != message {
			message = strings.TrimSuffix(e.Type+": "+message, ": ")
		}
		if l := e.Location; l != nil {
			// Python's own text of a SyntaxError ends in the position, which follows here in any case.
			message = strings.TrimSuffix(message, fmt.Sprintf(" (%s, line %d)", l.File, l.Line))
		}
		line += ": " + clip(oneLine(message), 300)
		if l := e.Location; l != nil && l.Line > 0 {
			line += fmt.Sprintf(" (%s:%d)", oneLine(l.File), l.Line)
		}
		if r.Status == runtime.Exhausted && e.Hint != "" {
			line += "; " + oneLine(e.Hint)
		}
	}
	return line
}

// accessKey finds what was denied to a program that called no tool, such as opening a file.
func accessKey(action, resource string) string { return action + "\x00" + resource }

// why says which rule refused what ended the program, and what would allow it.
func (v *verdict) why(w io.Writer, r *runtime.Report) {
	if r.Status != runtime.Denied || r.Error == nil {
		return
	}
	for _, x := range slices.Backward(r.Accesses) {
		if x.Decision == hostfuncs.DecisionDenied && x.Reason != "" && strings.HasSuffix(r.Error.Message, x.Reason) {
			fmt.Fprintf(w, "    refused: %s of %s\n", oneLine(x.Action), clip(oneLine(x.Resource), 200))
			v.explain(w, x.Policy, accessKey(x.Action, x.Resource))
			return
		}
	}
	var call *hostfuncs.Call
	for i := range r.Calls {
		c := &r.Calls[i]
		if c.Decision == hostfuncs.DecisionDenied && (call == nil || mentions(r.Error, c.Error)) {
			call = c
		}
	}
	if call != nil {
		v.explain(w, call.Policy, call.Error)
	}
}

// mentions says whether an error of the program, or one that it was raised from, tells of a failed call.
func mentions(e *runtime.Error, call string) bool {
	for ; e != nil; e = e.Cause {
		if strings.Contains(e.Message, call) {
			return true
		}
	}
	return false
}

// explain says of one denial which rule it was and what would allow it.
func (v *verdict) explain(w io.Writer, rule, key string) {
	v.mu.Lock()
	request, known := v.denied[key]
	v.mu.Unlock()
	var x policies.Explanation
	if known {
		x = policies.Explain(v.engine, request)
		if x.Decision.Position != "" {
			rule = x.Decision.Rule + " at " + x.Decision.Position
		}
	}
	if rule != "" {
		fmt.Fprintf(w, "    rule: %s\n", oneLine(rule))
	}
	if x.Decision.Hint != "" && len(x.Change) == 0 { // the changes say it better
		fmt.Fprintf(w, "    hint: %s\n", oneLine(x.Decision.Hint))
	}
	for _, change := range x.Change {
		fmt.Fprintf(w, "    to allow it: %s\n", oneLine(change))
	}
}

// waits says how a suspended run goes on.
func (v *verdict) waits(w io.Writer, r *runtime.Report) {
	s := r.Suspension
	if r.Status != runtime.Suspended || s == nil || s.Token == "" {
		return
	}
	dir := ""
	if name := v.options.String("suspend-dir"); name != "" {
		dir = " --suspend-dir " + name
	}
	fmt.Fprintf(w, "    %s\n", clip(oneLine(s.Preview), 300))
	if s.Rule != "" {
		fmt.Fprintf(w, "    rule: %s\n", oneLine(s.Rule))
	}
	fmt.Fprintf(w, "    to go on: wand resume%s %s %s\n", printable(dir), s.Token, answersTo(s))
}

// denials counts what was refused among calls, and among what the program did without calling a tool.
func denials(r *runtime.Report) (calls, accesses int) {
	for i := range r.Calls {
		switch r.Calls[i].Decision {
		case hostfuncs.DecisionDenied, hostfuncs.DecisionUnknown:
			calls++
		}
	}
	for _, access := range r.Accesses {
		if access.Decision == hostfuncs.DecisionDenied {
			accesses += access.Count
		}
	}
	return calls, accesses
}

func (v *verdict) spent(r *runtime.Report) string {
	u := r.Usage
	parts := []string{
		fmt.Sprintf("fuel %s of %s", units.Count(u.Fuel.Used), units.Count(u.Fuel.Limit)),
		fmt.Sprintf("memory %s of %s", units.Bytes(u.Memory.PeakBytes), units.Bytes(u.Memory.LimitBytes)),
		fmt.Sprintf("time %s of %s", milliseconds(u.WallMS), milliseconds(u.DeadlineMS)),
		fmt.Sprintf("output %s of %s", units.Bytes(u.OutputBytes), units.Bytes(u.OutputLimit)),
	}
	calls, accesses := denials(r)
	if len(r.Calls) > 0 {
		part := fmt.Sprintf("calls %d", len(r.Calls))
		if calls > 0 {
			part += fmt.Sprintf(" (%d denied)", calls)
		}
		parts = append(parts, part)
	}
	if accesses > 0 {
		parts = append(parts, fmt.Sprintf("file accesses denied %d", accesses))
	}
	switch {
	case v.saved > 0:
		parts = append(parts, fmt.Sprintf("files %d in %s", v.saved, printable(v.options.String("out"))))
	case len(r.Files) > 0:
		parts = append(parts, fmt.Sprintf("files %d (--out DIR keeps them)", len(r.Files)))
	}
	return strings.Join(parts, ", ")
}

// invalid is the report of a program that never reached the sandbox.
func (v *verdict) invalid(m *compiler.Module, start time.Time, e *runtime.Error) *runtime.Report {
	l := v.limits
	d := runtime.DefaultLimits()
	for _, f := range []struct {
		limit *int64
		value int64
	}{{&l.Fuel, d.Fuel}, {&l.Memory, d.Memory}, {(*int64)(&l.Deadline), int64(d.Deadline)}, {&l.Output, d.Output}, {&l.Storage, d.Storage}, {&l.HostCalls, d.HostCalls}} {
		if *f.limit == 0 {
			*f.limit = f.value
		}
	}
	r := &runtime.Report{Schema: runtime.ReportSchema, ID: "run_" + randomHex(12), Status: runtime.Invalid, Error: e}
	r.Usage = runtime.Usage{
		Fuel: runtime.FuelUsage{Limit: l.Fuel}, Memory: runtime.MemoryUsage{LimitBytes: l.Memory}, HostCalls: runtime.CountUsage{Limit: l.HostCalls},
		OutputLimit: l.Output, StorageCap: l.Storage, DeadlineMS: float64(l.Deadline) / 1e6, WallMS: float64(time.Since(start).Microseconds()) / 1000,
	}
	r.Replay = runtime.Replay{Seed: strings.Repeat("0", 64), Clock: "real"}
	r.Module.Engine = "none"
	if m != nil {
		r.Module.Language, r.Module.Digest, r.Module.Toolchain = string(m.Language), m.Digest, m.Toolchain
	}
	for _, d := range v.diagnostics {
		if d.Severity == compiler.SeverityWarning {
			r.Warnings = append(r.Warnings, runtime.Warning{Message: d.Message, Line: d.Line})
		}
	}
	return r
}

func (v *verdict) cancelled(m *compiler.Module, start time.Time) *runtime.Report {
	r := v.invalid(m, start, &runtime.Error{Kind: runtime.KindCancelled, Message: "the run was cancelled before it began"})
	r.Status = runtime.Cancelled
	return r
}

// errorOf turns the first error among the findings into a report's.
func errorOf(diagnostics []compiler.Diagnostic) *runtime.Error {
	for _, d := range diagnostics {
		if d.Severity != compiler.SeverityError {
			continue
		}
		e := &runtime.Error{Kind: runtime.KindSyntax, Type: d.Type, Message: d.Message, Hint: d.Hint}
		if d.Type == "Unsupported" {
			e.Kind = runtime.KindUnsupported
		}
		if d.Line > 0 {
			e.Location = &runtime.Location{File: d.File, Line: d.Line, Column: d.Column, EndColumn: d.EndColumn, LineText: d.LineText}
		}
		return e
	}
	return &runtime.Error{Kind: runtime.KindInternal, Message: "the program was refused without a reason"}
}

func randomHex(n int) string {
	b := make([]byte, n)
	rand.Read(b)
	return hex.EncodeToString(b)
}

func milliseconds(ms float64) string {
	return units.Duration(ms * float64(time.Millisecond)).String()
}

// oneLine makes program text fit to stand in a line of ours.
func oneLine(s string) string { return printable(strings.Join(strings.Fields(s), " ")) }

func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n]) + "…"
	}
	return s
}
