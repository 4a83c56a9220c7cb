package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"

	"wand/compiler"
	"wand/policies/units"
	"wand/runtime"
)

const runDescription = `Runs one program in the sandbox. FILE may hold the program itself or a model's answer with the program in a Markdown code block.
The program's output passes through as it comes; then two lines on standard error say how it ended and what it used. Relative names
of files are below /work, which the program sees as its working directory; nothing of this machine is visible to it.

Sizes: 64MiB, 64M (both 1024-based), 1.5GB (1000-based), 65536. Fuel: 500M, 2G, 1_000_000. Times: 5s, 500ms, 1m30s, 30 (seconds).

EXAMPLES:
   wand run main.py
   wand run main.py --fuel 500M --timeout 5s
   wand run -c 'console.log(process.argv)' --lang js -- first second
   wand run --input '{"n": 3}' -c 'INPUT["n"] ** 2'
   wand run --file data.csv --file ./images:/data --out results report.py
   wand run --package six-1.17.0-py2.py3-none-any.whl main.py
   wand run --feedback - < answer.md

EXIT CODES:
   0 completed, 1 failed, 2 usage, 3 invalid (it never started), 4 exhausted (a limit stopped it), 5 denied, 6 suspended,
   70 fault (wand itself failed), 130 cancelled`

func (a *app) runCommand() *cli.Command {
	limits := &limitFlags{}
	flags := append(sourceFlags(), limits.flags()...)
	flags = append(flags,
		&cli.StringFlag{Name: "input", Usage: "`JSON` value, or @FILE that holds one; the program sees it as INPUT"},
		&cli.StringSliceFlag{Name: "file", Usage: "put a file or folder into the run's filesystem: `SRC[:DST]` (repeatable)"},
		&cli.StringFlag{Name: "out", Usage: "write the files that the program made to `DIR`"},
		&cli.StringSliceFlag{Name: "package", Usage: "let the program import a wheel, zip file or folder: `PATH` (repeatable)"},
		&cli.BoolFlag{Name: "json", DisableDefaultText: true, Usage: "print the report as JSON instead of the program's output"},
		&cli.BoolFlag{Name: "feedback", DisableDefaultText: true, Usage: "print what a model should be told instead of the program's output"},
		&cli.IntFlag{Name: "feedback-tokens", Value: runtime.DefaultFeedback, Usage: "most tokens, `N`, that --feedback may take"},
	)
	return &cli.Command{
		Name: "run", Usage: "run a program in the sandbox", UsageText: "wand run [options] FILE|-|-c CODE [-- ARGUMENTS]", Description: runDescription,
		Flags: flags, HideHelpCommand: true, OnUsageError: onUsageError,
		Action: func(c *cli.Context) error { return a.run(c, limits) },
	}
}

// run is wand run.
func (a *app) run(c *cli.Context, flags *limitFlags) error {
	limits, err := flags.limits()
	if err != nil {
		return err
	}
	if c.Bool("json") && c.Bool("feedback") {
		return usage("--json and --feedback exclude each other")
	}
	if c.Int("feedback-tokens") < 1 {
		return usage("--feedback-tokens: %d is too few; the default is %d", c.Int("feedback-tokens"), runtime.DefaultFeedback)
	}
	source, err := a.source(c)
	if err != nil {
		return err
	}
	options, err := a.options(c, limits)
	if err != nil {
		return err
	}
	ctx, release := interruptible(c.Context)
	defer release()
	progress := newProgress(a.stderr)
	defer progress.end()
	rt, err := runtime.New(ctx, runtime.Config{Progress: progress.begin})
	if err != nil {
		return err
	}
	defer rt.Close(context.WithoutCancel(ctx))

	view := &verdict{app: a, options: c, progress: progress, limits: limits}
	view.connect(&options)
	report, err := a.execute(ctx, rt, source, options, view)
	progress.end()
	if err != nil {
		return err
	}
	if err := rt.CacheError(); err != nil {
		fmt.Fprintf(a.stderr, "wand: nothing is kept between runs, so each starts slowly: %s\n", printable(err.Error()))
	}
	var unsaved error
	if dir := c.String("out"); dir != "" {
		view.saved, unsaved = writeOut(dir, report.Files)
	}
	if err := errors.Join(view.show(report), unsaved); err != nil {
		return err
	}
	return status(report)
}

// execute compiles and runs. A program that does not compile, and a cancellation before there is a report, become a report too.
func (a *app) execute(ctx context.Context, rt *runtime.Runtime, source compiler.Source, options runtime.Options, view *verdict) (*runtime.Report, error) {
	start := time.Now()
	// The guest checks the syntax when it runs; a check of its own would only cost a second fork.
	module, diagnostics, err := compiler.Compile(ctx, source)
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
		return view.invalid(nil, start, errorOf(diagnostics)), nil
	}
	report, err := rt.Run(ctx, module, options)
	if err != nil && report == nil {
		if ctx.Err() != nil {
			return view.cancelled(module, start), nil
		}
		return nil, err
	}
	for _, d := range diagnostics {
		report.Warnings = append(report.Warnings, runtime.Warning{Message: d.Message, Line: d.Line})
	}
	return report, nil
}

func (a *app) options(c *cli.Context, limits runtime.Limits) (o runtime.Options, err error) {
	o.Limits, o.Args = limits, a.programArgs
	if c.IsSet("input") {
		if o.Input, err = readInput(c.String("input")); err != nil {
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
	progress    *progress
	limits      runtime.Limits
	diagnostics []compiler.Diagnostic
	stdout      *live
	stderr      *live
	saved       int // files written to --out
}

// human says that a person reads along.
func (v *verdict) human() bool { return !v.options.Bool("json") && !v.options.Bool("feedback") }

// connect passes the program's output on as it comes, unless something else is printed in its place.
func (v *verdict) connect(o *runtime.Options) {
	v.stdout = &live{to: v.app.stdout, terminal: isTerminal(v.app.stdout), before: v.progress.end}
	v.stderr = &live{to: v.app.stderr, terminal: isTerminal(v.app.stderr), before: v.progress.end}
	if v.human() {
		o.Stdout, o.Stderr = v.stdout, v.stderr
	}
}

// show prints the outcome.
func (v *verdict) show(r *runtime.Report) error {
	var err error
	switch {
	case v.options.Bool("json"):
		_, err = v.app.stdout.Write(r.JSON())
	case v.options.Bool("feedback"):
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
		return fmt.Errorf("cannot write to standard output: %w", err)
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
	if (v.stdout.open && v.stdout.terminal || v.stderr.open) && isTerminal(w) || v.stderr.open {
		fmt.Fprintln(w)
	}
	showDiagnostics(w, on, v.diagnostics)
	fmt.Fprintf(w, "wand: %s\n", v.headline(r, on))
	fmt.Fprintf(w, "%s\n", colour(on, grey, "wand: "+v.spent(r)))
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

func (v *verdict) spent(r *runtime.Report) string {
	u := r.Usage
	parts := []string{
		fmt.Sprintf("fuel %s of %s", units.Count(u.Fuel.Used), units.Count(u.Fuel.Limit)),
		fmt.Sprintf("memory %s of %s", units.Bytes(u.Memory.PeakBytes), units.Bytes(u.Memory.LimitBytes)),
		fmt.Sprintf("time %s of %s", milliseconds(u.WallMS), milliseconds(u.DeadlineMS)),
		fmt.Sprintf("output %s of %s", units.Bytes(u.OutputBytes), units.Bytes(u.OutputLimit)),
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
		r.Module.Language, r.Module.Digest = string(m.Language), m.Digest
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
