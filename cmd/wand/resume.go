package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/urfave/cli/v2"

	"wand/compiler"
	"wand/hostfuncs"
	"wand/policies"
	"wand/runtime"
)

const resumeDescription = `Continues a run that wand run --suspend left waiting, or whose process was killed: with the answer to the call that waits. Without a TOKEN it lists
what waits. The run goes on where it stood; no call that ended is made again. A call that was under way when the process was killed is reported to the
program as of unknown outcome, unless its tool is marked idempotent or read-only. The program's output is printed from the beginning.

The policy is the one of the run, from the same file or preset; one that grants something else by now is refused. The deadline counts anew.

EXAMPLES:
   wand run --suspend --policy mail.yaml main.py
   wand resume
   wand resume --json
   wand resume wand_5f0c91... --allow
   wand resume wand_5f0c91... --deny --reason 'not on a Sunday'
   wand resume wand_5f0c91... --result '{"temperature": 21.5}'
   wand resume wand_5f0c91... --forget

EXIT CODES:
   those of wand run: 0 completed, 1 failed, 2 usage, 4 exhausted, 5 denied, 6 suspended again, 70 fault, 130 cancelled`

func (a *app) resumeCommand() *cli.Command {
	return &cli.Command{
		Name: "resume", Usage: "go on with a suspended run, or list what waits", UsageText: "wand resume [options] [TOKEN]", Description: resumeDescription,
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "suspend-dir", Usage: "look in `DIR`; default: wand/suspended in the user's data folder"},
			&cli.BoolFlag{Name: "allow", Category: "answer", DisableDefaultText: true, Usage: "the call may go ahead"},
			&cli.BoolFlag{Name: "deny", Category: "answer", DisableDefaultText: true, Usage: "the call may not go ahead; the program hears of it"},
			&cli.StringFlag{Name: "reason", Category: "answer", Usage: "why not, `TEXT` for the program"},
			&cli.StringFlag{Name: "result", Category: "answer", Usage: "the result that the tool had not yet: `JSON`, or @FILE that holds it"},
			&cli.StringFlag{Name: "error", Category: "answer", Usage: "the tool failed, with this `TEXT`"},
			&cli.BoolFlag{Name: "forget", DisableDefaultText: true, Usage: "remove the run instead of going on with it"},
			&cli.StringFlag{Name: "policy", Category: "authority", Usage: "the policy `FILE` of the run, where it is by now"},
			overlayFlag(),
			&cli.StringFlag{Name: "approve", Category: "authority", DefaultText: approveAsk, Usage: "who approves further calls, `MODE`: ask on the terminal, or never"},
			&cli.StringFlag{Name: "audit", Category: "authority", Usage: "append every call and decision from here on to `FILE`"},
			&cli.StringFlag{Name: "audit-key", Category: "authority", Usage: "`FILE` with a key, without which nobody can write the audit file anew"},
			&cli.StringFlag{Name: "record", Usage: "when the run is over, or suspended again, put a recording of all of it into `FILE`"},
			engineFlag(),
		}, outcomeFlags()...),
		HideHelpCommand: true, OnUsageError: onUsageError, Action: a.resume,
	}
}

// suspendedDir is where suspended runs are kept.
func suspendedDir(c *cli.Context) (string, error) {
	if dir := c.String("suspend-dir"); dir != "" {
		return dir, nil
	}
	dir, err := dataDir()
	if err != nil {
		return "", usage("there is no folder for suspended runs; name one with --suspend-dir DIR")
	}
	return filepath.Join(dir, "wand", "suspended"), nil
}

// noteOf is what a command line says of authority.
func noteOf(c *cli.Context) suspendNote {
	n := suspendNote{Policy: policyName(c), Allow: c.StringSlice("allow"), Principal: c.String("principal")}
	if file, err := filepath.Abs(n.Policy); err == nil && !slices.Contains(policies.Presets(), n.Policy) {
		n.Policy = file
	}
	for _, o := range c.StringSlice("overlay") {
		if file, err := filepath.Abs(o); err == nil {
			o = file
		}
		n.Overlays = append(n.Overlays, o)
	}
	return n
}

// resume is wand resume.
func (a *app) resume(c *cli.Context) error {
	if c.NArg() > 1 || len(a.programArgs) > 0 {
		return usage("wand resume wants one token, or none to list what waits")
	}
	answer, err := answerOfFlags(c)
	if err != nil {
		return err
	}
	dir, err := suspendedDir(c)
	if err != nil {
		return err
	}
	view, err := a.newVerdict(c)
	if err != nil {
		return err
	}
	ctx, release := interruptible(c.Context)
	defer release()
	view.progress = newProgress(a.stderr)
	defer view.progress.end()
	lister, err := a.newRuntime(ctx, c, nil, view.progress)
	if err != nil {
		return err
	}
	defer lister.Close(context.WithoutCancel(ctx))
	if c.NArg() == 0 {
		if answer != nil || c.Bool("forget") {
			return usage("there is no token; wand resume lists those that wait")
		}
		return a.listWaiting(lister, dir, view.json)
	}
	token := c.Args().First()
	if c.Bool("forget") {
		if answer != nil {
			return usage("--forget and an answer exclude each other")
		}
		return unusable(lister.Forget(dir, token))
	}
	note, waits, err := noteFor(lister, dir, token)
	if err != nil {
		return unusable(err)
	}
	if waits != nil && answer == nil {
		return usage("%s; it needs an answer: %s", oneLine(waits.Why), answersTo(waits))
	}
	if c.IsSet("policy") {
		note.Policy = c.String("policy")
	}
	granted, err := grant(note.Policy, note.Allow, append(note.Overlays, c.StringSlice("overlay")...))
	if err != nil {
		return err
	}
	if lacking := unmet(granted.engine.Policy()); len(lacking) > 0 {
		return &unmetError{lacking}
	}
	return a.goOn(ctx, c, view, granted, dir, token, answer)
}

// goOn continues a run under its policy.
func (a *app) goOn(ctx context.Context, c *cli.Context, view *verdict, granted *authority, dir, token string, answer *runtime.Answered) error {
	o := runtime.Options{Policy: granted.policy, Stdin: a.stdin}
	view.engine = granted.engine
	view.connect(&o)
	ask, err := approver(c.String("approve"), view.progress.end)
	if err != nil {
		return err
	}
	o.Approve = orLater(ask)
	if view.trail, err = a.openTrail(c, view.human()); err != nil {
		return err
	}
	defer view.trail.close()
	record, err := a.openRecord(c, &o)
	if err != nil {
		return err
	}
	o.SuspendDir, o.SuspendNote = "", nil // they are those of the state
	if err := view.trail.begin(&compiler.Module{Name: "resumed " + token[:min(len(token), 13)]}, &o); err != nil {
		return errors.Join(err, record.close())
	}
	rt, err := a.newRuntime(ctx, c, granted, view.progress)
	if err != nil {
		return errors.Join(err, record.close())
	}
	defer rt.Close(context.WithoutCancel(ctx))
	report, err := rt.Resume(ctx, dir, token, answer, o)
	view.progress.end()
	view.unsaved = record.close()
	how := runtime.Fault
	if ctx.Err() != nil {
		how = runtime.Cancelled
	}
	if unwritten := view.trail.end(report, how); unwritten != nil && err == nil {
		return unwritten
	}
	if report == nil {
		return unusable(err)
	}
	return view.conclude(report)
}

// noteFor finds what is kept beside the state of a token.
func noteFor(rt *runtime.Runtime, dir, token string) (n suspendNote, waits *runtime.Suspension, err error) {
	n.Policy = defaultPolicy // a run of the library has no note, and whatever is wrong with the token, going on says it
	list, err := rt.Waiting(dir)
	for _, w := range list {
		if w.Token != token {
			continue
		}
		if len(w.Note) > 0 {
			err = json.Unmarshal(w.Note, &n)
		}
		return n, w.Suspension, err
	}
	return n, nil, err
}

// answersTo are the options that answer what a run waits for.
func answersTo(s *runtime.Suspension) string {
	if s.Waits == hostfuncs.WaitsForResult {
		return "--result JSON, or --error TEXT"
	}
	return "--allow, or --deny --reason TEXT"
}

// answerOfFlags is the answer of a command line; nil when there is none.
func answerOfFlags(c *cli.Context) (*runtime.Answered, error) {
	given := 0
	for _, name := range []string{"allow", "deny", "result", "error"} {
		if c.IsSet(name) {
			given++
		}
	}
	switch {
	case given > 1:
		return nil, usage("--allow, --deny, --result and --error exclude each other")
	case c.IsSet("reason") && !c.Bool("deny"):
		return nil, usage("--reason belongs to --deny")
	case c.Bool("allow"):
		return &runtime.Answered{Approval: &hostfuncs.Answer{Allowed: true}}, nil
	case c.Bool("deny"):
		return &runtime.Answered{Approval: &hostfuncs.Answer{Reason: c.String("reason")}}, nil
	case c.IsSet("result"):
		result, err := readJSON("result", c.String("result"))
		return &runtime.Answered{Result: result}, err
	case c.IsSet("error"):
		return &runtime.Answered{Error: &hostfuncs.Error{Type: hostfuncs.ToolError, Message: c.String("error")}}, nil
	}
	return nil, nil
}

// waitingJSON is one line of wand resume --json.
type waitingJSON struct {
	Token   string          `json:"token"`
	State   string          `json:"state"` // suspended, interrupted, running, unreadable
	Since   time.Time       `json:"since"`
	Program string          `json:"program,omitempty"`
	Policy  string          `json:"policy,omitempty"`
	Session bool            `json:"session,omitempty"`
	Waits   string          `json:"waits,omitempty"` // approval or result
	Tool    string          `json:"tool,omitempty"`
	Args    json.RawMessage `json:"args,omitempty"`
	Preview string          `json:"preview,omitempty"`
	Rule    string          `json:"rule,omitempty"`
	Others  int             `json:"others,omitempty"`
	Problem string          `json:"problem,omitempty"`
}

// listWaiting prints what waits.
func (a *app) listWaiting(rt *runtime.Runtime, dir string, asJSON bool) error {
	list, err := rt.Waiting(dir)
	if err != nil {
		return usage("--suspend-dir: %v", err)
	}
	if asJSON {
		out := struct {
			Schema  string        `json:"schema"`
			Waiting []waitingJSON `json:"waiting"`
		}{"wand.waiting/v1", []waitingJSON{}}
		for _, w := range list {
			j := waitingJSON{Token: w.Token, State: w.State, Since: w.Since.UTC(), Program: w.Program, Session: w.Session}
			if w.Policy != nil {
				j.Policy = w.Policy.Name
			}
			if s := w.Suspension; s != nil {
				j.Waits, j.Tool, j.Args, j.Preview, j.Rule, j.Others = s.Waits, s.Tool, s.Args, s.Preview, s.Rule, s.Others
			}
			if w.Err != nil {
				j.Problem = w.Err.Error()
			}
			out.Waiting = append(out.Waiting, j)
		}
		text, err := json.MarshalIndent(out, "", "  ")
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(a.stdout, "%s\n", text)
		return err
	}
	if len(list) == 0 {
		fmt.Fprintln(a.stderr, "wand: nothing waits")
	}
	for _, w := range list {
		if w.Err != nil {
			fmt.Fprintf(a.stdout, "(no token)  %s  %s: %s\n", w.Since.Format(time.DateTime), w.State, oneLine(w.Err.Error()))
			continue
		}
		fmt.Fprintf(a.stdout, "%s  %s  %s  %s\n", w.Token, w.Since.Format(time.DateTime), w.State, unambiguous(w.Program))
		if s := w.Suspension; s != nil {
			fmt.Fprintf(a.stdout, "    %s waits for %s: %s\n", unambiguous(s.Tool), map[string]string{hostfuncs.WaitsForApproval: "an approval", hostfuncs.WaitsForResult: "a result"}[s.Waits], clip(unambiguous(s.Preview), shownArgs))
			fmt.Fprintf(a.stdout, "    arguments  %s\n", clip(unambiguous(string(s.Args)), shownArgs))
			if s.Rule != "" {
				fmt.Fprintf(a.stdout, "    rule       %s\n", unambiguous(s.Rule))
			}
		}
	}
	return nil
}
