package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"wand/compiler"
	"wand/hostfuncs"
	"wand/runtime"
)

const sessionRunDescription = `Takes a turn: runs one program where the turns before have left off, and stores the session again. Options, output and exit codes are those of
wand run. What did not complete has not happened, unless --keep-failed says otherwise; what it used is used.

Another turn of the same session that is under way, in this process or another, is waited for.

EXAMPLES:
   wand session run notes -c 'x = 41'
   wand session run notes -c 'x + 1'
   wand session run notes step.py --feedback -- argument
   wand session run notes --file data.csv --policy analyst.yaml load.py
   wand session run notes - < answer.md`

func (a *app) sessionRunCommand() *cli.Command {
	limits := &limitFlags{}
	flags := []cli.Flag{
		storeFlag(),
		&cli.StringFlag{Name: "c", Aliases: []string{"code"}, Usage: "the program itself, as `CODE`"},
		&cli.StringFlag{Name: "input", Usage: "`JSON` value, or @FILE that holds one; the program sees it as INPUT"},
		&cli.StringSliceFlag{Name: "file", Usage: "put a file or folder into the session's filesystem: `SRC[:DST]` (repeatable)"},
		&cli.BoolFlag{Name: "keep-failed", DisableDefaultText: true, Usage: "keep what a turn did that ended with an error of its own"},
		engineFlag(),
	}
	flags = append(append(flags, limits.flags()...), authorityFlags()...)
	return &cli.Command{
		Name: "run", Usage: "take a turn of a session", UsageText: "wand session run [options] NAME FILE|-|-c CODE [-- ARGUMENTS]", Description: sessionRunDescription,
		Flags: append(flags, outcomeFlags()...), HideHelpCommand: true, OnUsageError: onUsageError,
		Action: func(c *cli.Context) error { return a.sessionRun(c, limits) },
	}
}

// sessionRun is wand session run.
func (a *app) sessionRun(c *cli.Context, flags *limitFlags) error {
	view, err := a.newVerdict(c)
	if err != nil {
		return err
	}
	if c.NArg() == 0 {
		return usage("wand session run wants the name of a session and a program, as in: wand session run notes step.py")
	}
	name, program := c.Args().First(), c.Args().Tail()
	limits, err := flags.limits()
	if err != nil {
		return err
	}
	source, err := a.sourceOf(c, program)
	if err != nil {
		return err
	}
	st, err := openSessions(c)
	if err != nil {
		return err
	}
	ctx, release := interruptible(c.Context)
	defer release()
	if _, err := st.Read(ctx, name); err != nil {
		return st.wrong(err)
	}
	unlock, err := a.await(ctx, st, name)
	if err != nil {
		return err
	}
	defer unlock()
	_, note, err := st.read(ctx, name)
	if err != nil {
		return err
	}
	granted, err := note.granted(c)
	if err != nil {
		return err
	}
	limits = limitsOf(granted.engine.Policy().Limits, limits)
	options, err := a.options(c, limits)
	if err != nil {
		return err
	}
	if options.Stdin = a.stdin; len(program) > 0 && program[0] == "-" {
		options.Stdin = nil
	}
	view.progress = newProgress(a.stderr)
	defer view.progress.end()
	view.limits, view.engine = limits, granted.engine
	view.connect(&options)
	if view.trail, err = a.openTrail(c, view.human()); err != nil {
		return err
	}
	defer view.trail.close()
	if c.IsSet("principal") {
		note.Principal = c.String("principal")
	}
	o := runtime.SessionOptions{Policy: granted.policy, Principal: note.Principal, DryRun: c.Bool("dry-run"), Observe: options.Observe}
	options.Policy, options.Principal = o.Policy, o.Principal
	var record func(hostfuncs.Call) error // of the audit file, known when the turn begins
	o.Record = func(call hostfuncs.Call) error {
		if record == nil {
			return nil
		}
		return record(call)
	}
	if o.Approve, err = approver(c.String("approve"), view.progress.end); err != nil {
		return err
	}
	if o.Packages, err = readPackages(note.Packages); err != nil {
		return err
	}
	if view.human() {
		showPolicyFindings(a.stderr, colours(a.stderr), policyFindings(compiler.SeverityWarning, granted.engine.Warnings()))
		for _, note := range limitNotes(flags, granted.engine.Policy().Limits) {
			fmt.Fprintf(a.stderr, "wand: %s\n", printable(note))
		}
	}
	rt, err := a.newRuntime(ctx, c, granted, view.progress)
	if err != nil {
		return err
	}
	defer rt.Close(context.WithoutCancel(ctx))
	s, err := rt.Open(ctx, st, name, st.key, o)
	if err != nil {
		return st.wrong(fmt.Errorf("session %s: %w", name, err))
	}
	view.run = func(ctx context.Context, m *compiler.Module, o runtime.Options) (*runtime.Report, error) {
		record = o.Record
		return s.Run(ctx, m, runtime.TurnOptions{
			Args: o.Args, Input: o.Input, Stdin: o.Stdin, Stdout: o.Stdout, Stderr: o.Stderr, Files: o.Files, Limits: o.Limits,
			KeepFailed: c.Bool("keep-failed"), KeepOutput: o.KeepOutput, SpillDir: o.SpillDir,
		})
	}
	report, err := a.execute(ctx, rt, s.Source(string(source.Text)), options, view)
	view.progress.end()
	var limit *runtime.LimitError
	if errors.As(err, &limit) {
		return usage("--%s: %s", limitFlag(limit.Name), limitMessage(limit))
	}
	if err != nil {
		return err
	}
	note.add(source.Text, report)
	// What was used is stored too when somebody has interrupted the turn.
	unsaved := s.Save(context.WithoutCancel(ctx), st, name, runtime.SaveOptions{Key: st.key, Note: note.text()})
	told := view.conclude(report)
	if unsaved != nil {
		return fmt.Errorf("session %s is as it was before this turn: %w", name, unsaved)
	}
	return told
}

// await locks a session, and says so when that takes long.
func (a *app) await(ctx context.Context, st *sessions, name string) (func() error, error) {
	late := time.AfterFunc(progressAfter, func() {
		fmt.Fprintf(a.stderr, "wand: session %s is in use by another process; waiting\n", name)
	})
	defer late.Stop()
	unlock, err := st.Lock(ctx, name)
	if err != nil && ctx.Err() != nil {
		return nil, exitStatus(exitCancelled)
	}
	return unlock, st.wrong(err)
}
