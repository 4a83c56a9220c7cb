package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/urfave/cli/v2"

	"wand/hostfuncs"
	"wand/runtime"
)

// Exit codes of wand replay, beside that of the run.
const (
	exitDiverged = 7
	exitCut      = 8
)

const replayDescription = `Runs a program again from a recording that wand run --record made: without its tools, folders, network and clock, with what they gave then. The
program prints what it printed, and burns the same fuel; if something goes differently, the first place where it does is shown. Nothing outside is
touched. A recording holds the program, its inputs and everything that it got from outside, but no secret that a policy granted.

A recording can be replayed where it was made, or with the same key: it is authenticated with the key of the user's cache. One that was cut off, because
the process was killed, is replayed as far as it goes.

EXAMPLES:
   wand run --record run.wandrec main.py
   wand replay run.wandrec
   wand replay --json run.wandrec

EXIT CODES:
   that of the recorded run when everything was as recorded (see wand run --help), 2 the recording cannot be used, 7 something was different,
   8 the recording was cut off and everything in it was as recorded`

func (a *app) replayCommand() *cli.Command {
	return &cli.Command{
		Name: "replay", Usage: "run a recorded program again", UsageText: "wand replay [options] FILE|-", Description: replayDescription,
		Flags:           []cli.Flag{engineFlag(), &cli.BoolFlag{Name: "json", DisableDefaultText: true, Usage: "print what came of it as JSON instead of the program's output"}},
		HideHelpCommand: true, OnUsageError: onUsageError, Action: a.replay,
	}
}

// replayed is the JSON of wand replay.
type replayed struct {
	Schema     string              `json:"schema"` // wand.replay/v1
	Equal      bool                `json:"equal"`
	Cut        bool                `json:"cut"`
	Events     int                 `json:"events"`
	Divergence *runtime.Divergence `json:"divergence,omitempty"`
	Report     json.RawMessage     `json:"report"` // of this time
}

// replay is wand replay.
func (a *app) replay(c *cli.Context) error {
	if c.NArg() != 1 || len(a.programArgs) > 0 {
		return usage("wand replay wants one recording, as in: wand replay run.wandrec")
	}
	in := a.stdin
	if name := c.Args().First(); name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return cannotRead(name, err)
		}
		defer f.Close()
		in = f
	}
	ctx, release := interruptible(c.Context)
	defer release()
	view := &verdict{app: a, options: c, json: c.Bool("json"), progress: newProgress(a.stderr)}
	defer view.progress.end()
	var o runtime.Options
	view.connect(&o)
	rt, err := a.newRuntime(ctx, c, nil, view.progress)
	if err != nil {
		return err
	}
	defer rt.Close(context.WithoutCancel(ctx))
	r, err := rt.Replay(ctx, in, runtime.ReplayOptions{Stdout: o.Stdout, Stderr: o.Stderr})
	view.progress.end()
	switch {
	case err != nil && ctx.Err() != nil:
		return exitStatus(exitCancelled)
	case err != nil:
		return unusable(err)
	}
	if view.json {
		text, err := json.Marshal(replayed{"wand.replay/v1", r.Divergence == nil && !r.Cut, r.Cut, r.Events, r.Divergence, r.Report.JSON()})
		if err != nil {
			return err
		}
		if _, err := a.stdout.Write(append(text, '\n')); err != nil {
			return cannotWrite(err)
		}
	} else {
		a.tellReplayed(view, r)
	}
	switch {
	case r.Divergence != nil:
		return exitStatus(exitDiverged)
	case r.Cut:
		return exitStatus(exitCut)
	}
	return status(r.Report)
}

// tellReplayed prints what came of a replay below the program's output.
func (a *app) tellReplayed(view *verdict, r *runtime.Replayed) {
	on := colours(a.stderr)
	switch d := r.Divergence; {
	case d != nil:
		view.separate()
		fmt.Fprintf(a.stderr, "wand: %s at event %d, at %d units of fuel: %s\n", colour(on, red, "diverged"), d.Event, d.Fuel, oneLine(d.What))
		fmt.Fprintf(a.stderr, "    recorded:  %s\n    this time: %s\n", oneLine(d.Recorded), oneLine(d.Instead))
	case r.Cut:
		view.separate()
		fmt.Fprintf(a.stderr, "wand: %s: the recording ends after %d events, before the run did; everything in it was as recorded\n", colour(on, yellow, "cut off"), r.Events)
	default:
		view.lines(r.Report)
		fmt.Fprintf(a.stderr, "%s\n", colour(on, grey, fmt.Sprintf("wand: as recorded, %d events", r.Events)))
	}
}

// unusable turns what is the fault of a recording, a token or an answer into an error of the command line.
func unusable(err error) error {
	var recording *runtime.RecordingError
	var snapshot *runtime.SnapshotError
	var token *runtime.TokenError
	if errors.As(err, &recording) || errors.As(err, &snapshot) || errors.As(err, &token) {
		return usage("%v", err)
	}
	return err
}

// recordFlags are the options by which a run can be replayed or resumed.
func recordFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "record", Usage: "record the run to `FILE`, which wand replay repeats"},
		&cli.BoolFlag{Name: "suspend", DisableDefaultText: true, Usage: "when somebody has to approve a call and nobody is there to ask, end as suspended; wand resume goes on"},
		&cli.StringFlag{Name: "suspend-dir", Usage: "keep what suspended runs need in `DIR`, and suspend; default: wand/suspended in the user's data folder"},
	}
}

// suspendNote is what the command keeps beside the state of a run, so that it need not be said again.
type suspendNote struct {
	Policy    string   `json:"policy"`
	Allow     []string `json:"allow,omitempty"`
	Overlays  []string `json:"overlays,omitempty"`
	Principal string   `json:"principal,omitempty"`
}

// recordFile is where a recording goes.
type recordFile struct {
	name string
	file *os.File
	err  error
}

// Write implements io.Writer. It remembers why it failed: the report does not say.
func (r *recordFile) Write(p []byte) (int, error) {
	n, err := r.file.Write(p)
	if err != nil && r.err == nil {
		r.err = cannotWriteFile(r.name, err)
	}
	return n, err
}

// close ends the file. The error is why not all of the recording is in it.
func (r *recordFile) close() error {
	if r == nil {
		return nil
	}
	if err := r.file.Close(); err != nil && r.err == nil {
		r.err = cannotWriteFile(r.name, err)
	}
	return r.err
}

// openRecord opens what --record and --suspend name.
func (a *app) openRecord(c *cli.Context, o *runtime.Options) (r *recordFile, err error) {
	if c.Bool("suspend") || c.IsSet("suspend-dir") {
		if o.SuspendDir, err = suspendedDir(c); err != nil {
			return nil, err
		}
		if o.SuspendNote, err = json.Marshal(noteOf(c)); err != nil {
			return nil, err
		}
		o.Approve = orLater(o.Approve)
	}
	name := c.String("record")
	if name == "" {
		return nil, nil
	}
	if name == "-" {
		return nil, usage("--record: standard output is the program's; give a file")
	}
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, cannotWriteFile(name, err)
	}
	r = &recordFile{name: name, file: file}
	o.Recording = r
	return r, nil
}

// orLater suspends a run where next cannot ask anybody.
func orLater(next hostfuncs.Approver) hostfuncs.Approver {
	return func(ctx context.Context, q hostfuncs.Approval) (hostfuncs.Answer, error) {
		answer, err := next(ctx, q)
		if errors.Is(err, errUnasked) {
			return answer, hostfuncs.ErrSuspend
		}
		return answer, err
	}
}

var _ io.Writer = (*recordFile)(nil)
