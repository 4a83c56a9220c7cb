package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"wand/compiler"
	"wand/hostfuncs"
	"wand/policies/units"
	"wand/runtime"
)

const replDescription = `A prompt at which programs go on from turn to turn, in the sandbox: Python's or JavaScript's own, with its limits and its policy. What does not
complete has not happened. Ctrl-C stops a turn, not the session; Ctrl-D ends it. With NAME it goes on with a stored session, and :save stores it again.

Without a terminal it takes what standard input says, turn by turn, prints no prompts, goes on after errors, and ends with the exit code of the first turn
that did not complete. Programs cannot read standard input here: it is the prompt's.

` + replCommands + `

EXAMPLES:
   wand repl
   wand repl --lang js --fuel 1G
   wand repl --policy analyst.yaml
   wand repl notes
   wand repl < script.py`

const replCommands = `COMMANDS at the prompt:
   :help            this list
   :fork [NAME]     keep this state as a branch; without a name: list the branches
   :back [N|NAME]   go back by N turns (1), or to a branch
   :save [NAME]     store the session, for wand session and wand repl NAME
   :usage           what it has used, and of what
   :files           the files that it has
   :reset           begin anew; :back undoes it
   :quit            end (Ctrl-D)`

func (a *app) replCommand() *cli.Command {
	limits, budget := &limitFlags{}, &budgetFlags{}
	flags := append([]cli.Flag{
		storeFlag(), langFlag(), engineFlag(),
		guestFlag(),
		&cli.StringSliceFlag{Name: "package", Usage: "let the programs import an added package (wand packages), wheel, zip file or folder: `NAME` or path (repeatable)"},
		&cli.BoolFlag{Name: "keep-failed", DisableDefaultText: true, Usage: "keep what a turn did that ended with an error of its own"},
		&cli.StringFlag{Name: "history", DefaultText: "wand/history in the user's data folder", Usage: "remember what was typed in `FILE`; '' for nowhere"},
	}, limits.flags()...)
	flags = append(append(flags, budget.flags()...), authorityFlags()...)
	return &cli.Command{
		Name: "repl", Usage: "a prompt in the sandbox", UsageText: "wand repl [options] [NAME]", Description: replDescription,
		Flags: flags, HideHelpCommand: true, OnUsageError: onUsageError,
		Action: func(c *cli.Context) error { return a.repl(c, limits, budget) },
	}
}

// repl is a prompt and its session.
type repl struct {
	app     *app
	options *cli.Context
	input   lineReader
	rt      *runtime.Runtime
	session *runtime.Session
	granted *authority
	note    sessionNote
	record  func(hostfuncs.Call) error // of the audit file, during a turn
	before  func()                     // ends the progress line of the turn

	store    *sessions       // nil until it is needed
	stored   string          // the name under which :save stores it
	saved    map[string]bool // names under which this prompt has stored
	past     []*runtime.Session
	branches map[string]*runtime.Session
	pending  *string // a line that ended the input before it, and begins the next
	status   error   // of the first turn that did not complete
}

// maxPast is how many turns :back can go back.
const maxPast = 1000

// repl is wand repl.
func (a *app) repl(c *cli.Context, limitFlags *limitFlags, budgetFlags *budgetFlags) error {
	if c.NArg() > 1 || len(a.programArgs) > 0 {
		return usage("wand repl takes the name of a stored session at most, as in: wand repl notes")
	}
	r := &repl{app: a, options: c, stored: c.Args().First(), saved: map[string]bool{}, branches: map[string]*runtime.Session{}}
	if err := r.open(limitFlags, budgetFlags); err != nil {
		return err
	}
	defer r.rt.Close(context.WithoutCancel(c.Context))
	var err error
	if r.input, err = a.newLineReader(c, r.language()); err != nil {
		return err
	}
	defer r.input.close()
	if r.input.terminal() {
		fmt.Fprintf(a.stdout, "%s in the sandbox, policy %s; :help lists commands\n", r.language(), printable(r.note.Policy))
	}
	return r.loop()
}

// open begins the session, or goes on with a stored one.
func (r *repl) open(limitFlags *limitFlags, budgetFlags *budgetFlags) (err error) {
	a, c := r.app, r.options
	ctx, release := stoppable(c.Context)
	defer release()
	o := runtime.SessionOptions{Guest: c.String("guest"), Principal: c.String("principal"), DryRun: c.Bool("dry-run")}
	if o.Language, err = languageOf(c); err != nil {
		return err
	}
	if o.Limits, err = limitFlags.limits(); err != nil {
		return err
	}
	if o.Budget, err = budgetFlags.budget(); err != nil {
		return err
	}
	if r.stored != "" {
		if r.store, err = openSessions(c); err != nil {
			return err
		}
		info, note, err := r.store.read(ctx, r.stored)
		if err != nil {
			return err
		}
		if c.IsSet("lang") && info.Language != o.Language {
			return usage("--lang: session %s is in %s", r.stored, info.Language)
		}
		r.note, o.Language = note, info.Language
	}
	if r.granted, err = r.note.granted(c); err != nil {
		return err
	}
	r.note.Principal = cmp.Or(o.Principal, r.note.Principal)
	o.Policy, o.Principal = r.granted.policy, r.note.Principal
	if packages := c.StringSlice("package"); r.stored == "" {
		if r.note.Packages, err = absolute(packages); err != nil {
			return err
		}
	}
	if o.Packages, err = readPackages(r.note.Packages); err != nil {
		return err
	}
	o.Record = func(call hostfuncs.Call) error {
		if r.record == nil {
			return nil
		}
		return r.record(call)
	}
	if o.Approve, err = approver(c.String("approve"), func() { r.before() }); err != nil {
		return err
	}
	progress := newProgress(a.stderr)
	defer progress.end()
	if r.rt, err = a.newRuntime(ctx, c, r.granted, progress); err != nil {
		return err
	}
	if r.stored != "" {
		r.session, err = r.rt.Open(ctx, r.store, r.stored, r.store.key, o)
	} else {
		r.session, err = r.rt.NewSession(ctx, o)
	}
	if err != nil {
		r.rt.Close(context.WithoutCancel(ctx))
	}
	return guestError(c, err)
}

func (r *repl) language() compiler.Language { return r.session.Source("").Language }

// loop takes turns until there is nothing more to read.
func (r *repl) loop() error {
	for {
		text, err := r.read()
		switch {
		case errors.Is(err, errAborted):
			continue
		case err == io.EOF && strings.TrimSpace(text) == "":
			return r.status
		case err != nil && err != io.EOF:
			return err
		}
		if command, ok := strings.CutPrefix(strings.TrimSpace(text), ":"); ok {
			if quit := r.command(command); quit {
				return r.status
			}
			continue
		}
		if err := r.take(text); err != nil {
			return err
		}
	}
}

// take runs one input as a turn and shows what came of it.
func (r *repl) take(text string) error {
	a, c := r.app, r.options
	before, err := r.session.Fork()
	if err != nil {
		return err
	}
	ctx, release := stoppable(c.Context)
	defer release()
	defer r.input.during()()
	view := &verdict{app: a, options: c, progress: newProgress(a.stderr), engine: r.granted.engine}
	defer view.progress.end()
	r.before = view.progress.end
	var options runtime.Options
	view.connect(&options)
	options.Policy, options.Principal = r.granted.policy, r.note.Principal
	if view.trail, err = a.openTrail(c, false); err != nil {
		return err
	}
	defer view.trail.close()
	view.run = func(ctx context.Context, m *compiler.Module, o runtime.Options) (*runtime.Report, error) {
		r.record = o.Record
		return r.session.Run(ctx, m, runtime.TurnOptions{Stdout: o.Stdout, Stderr: o.Stderr, KeepFailed: c.Bool("keep-failed")})
	}
	report, err := a.execute(ctx, r.rt, r.session.Source(text), options, view)
	r.record = nil
	view.progress.end()
	var input *compiler.InputError
	if errors.As(err, &input) {
		fmt.Fprintf(a.stderr, "wand: invalid: %s\n", printable(input.Error()))
		return nil
	}
	if err != nil {
		return err
	}
	if t := report.Truncated; t != nil { // all of it has passed through
		for _, file := range []string{t.StdoutPath, t.StderrPath} {
			if file != "" {
				os.Remove(file)
			}
		}
	}
	r.note.add([]byte(text), report)
	if report.Session != nil && report.Session.Kept {
		r.remember(before)
	}
	if report.Status == runtime.Completed {
		view.endLine()
		r.show(ctx, text, report)
		return nil
	}
	r.tell(view, report)
	if r.status == nil && !r.input.terminal() {
		r.status = status(report)
	}
	return nil
}

// endLine ends a line that the program has left open, so that what follows begins with one of its own.
func (v *verdict) endLine() {
	if v.stdout.open || v.stderr.open {
		fmt.Fprintln(v.app.stdout)
	}
}

// tell says how a turn ended that did not complete, where the program's traceback does not.
func (r *repl) tell(view *verdict, report *runtime.Report) {
	w := r.app.stderr
	view.endLine()
	showDiagnostics(w, colours(w), view.diagnostics)
	switch report.Status {
	case runtime.Cancelled:
		fmt.Fprintln(w, "wand: interrupted; the session is as it was before this turn")
		return
	case runtime.Failed, runtime.Invalid:
		if report.Error != nil && report.Error.Kind != runtime.KindExit && report.Stderr != "" || len(view.diagnostics) > 0 {
			return
		}
	}
	fmt.Fprintf(w, "wand: %s\n", view.headline(report, colours(w)))
	view.why(w, report)
}

// remember keeps where the session stood.
func (r *repl) remember(before *runtime.Session) {
	r.past = append(r.past, before)
	r.past = slices.Delete(r.past, 0, max(0, len(r.past)-maxPast))
}

// command obeys a line that begins with a colon.
func (r *repl) command(line string) (quit bool) {
	name, arg, _ := strings.Cut(line, " ")
	arg = strings.TrimSpace(arg)
	ctx, release := stoppable(r.options.Context)
	defer release()
	var err error
	switch name {
	case "help", "h", "?":
		fmt.Fprintln(r.app.stdout, replCommands)
	case "quit", "q", "exit":
		return true
	case "fork":
		err = r.fork(arg)
	case "back":
		err = r.back(ctx, arg)
	case "save":
		err = r.save(ctx, arg)
	case "usage":
		u := r.session.Usage()
		fmt.Fprintf(r.app.stdout, "%s, state %s\n", strings.Join(budgetLines(u.Spent, u.Budget), ", "), units.Bytes(u.StateBytes))
	case "files":
		fmt.Fprint(r.app.stdout, filesText(listFiles(r.session)))
	case "reset":
		var before *runtime.Session
		if before, err = r.session.Fork(); err == nil {
			if err = r.session.Reset(ctx); err == nil {
				r.remember(before)
			}
		}
	default:
		err = usage("there is no command :%s; :help lists them", name)
	}
	if err != nil {
		fmt.Fprintf(r.app.stderr, "wand: %s\n", printable(err.Error()))
		if r.status == nil && !r.input.terminal() {
			r.status = exitStatus(exitUsage)
		}
	}
	return false
}

func (r *repl) fork(name string) error {
	if name == "" {
		for _, name := range slices.Sorted(maps.Keys(r.branches)) {
			fmt.Fprintln(r.app.stdout, printable(name))
		}
		return nil
	}
	if _, err := strconv.Atoi(name); err == nil {
		return usage("a branch needs a name that is no number")
	}
	branch, err := r.session.Fork()
	if err == nil {
		r.branches[name] = branch
	}
	return err
}

func (r *repl) back(ctx context.Context, arg string) error {
	if branch := r.branches[arg]; branch != nil {
		before, err := r.session.Fork()
		if err != nil {
			return err
		}
		if err := r.session.Return(ctx, branch); err != nil {
			return err
		}
		r.remember(before)
		return nil
	}
	n := 1
	if arg != "" {
		var err error
		if n, err = strconv.Atoi(arg); err != nil {
			return usage("there is no branch %s; :fork lists them", arg)
		}
	}
	if n < 1 || n > len(r.past) {
		return usage("there are %d turns to go back by", len(r.past))
	}
	if err := r.session.Return(ctx, r.past[len(r.past)-n]); err != nil {
		return err
	}
	r.past = r.past[:len(r.past)-n]
	return nil
}

func (r *repl) save(ctx context.Context, name string) error {
	if name == "" {
		name = r.stored
	}
	if name == "" {
		return usage("the session needs a name, as in: :save notes")
	}
	if r.store == nil {
		var err error
		if r.store, err = openSessions(r.options); err != nil {
			return err
		}
	}
	if err := r.session.Save(ctx, r.store, name, runtime.SaveOptions{Key: r.store.key, Note: r.note.text(), Replace: r.saved[name]}); err != nil {
		return err
	}
	r.saved[name], r.stored = true, name
	fmt.Fprintf(r.app.stdout, "saved as %s\n", name)
	return nil
}

// stoppable gives a context that Ctrl-C cancels, however often it is pressed: the process goes on.
func stoppable(parent context.Context) (context.Context, func()) {
	return signal.NotifyContext(parent, os.Interrupt)
}
