package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"wand/compiler"
	"wand/runtime"
)

// passage is one program on its way through the sandbox, such that it comes through once, whatever becomes of the process: its state is kept in a folder
// (runtime.TurnOptions.SuspendDir) until its report and the session behind it are.
type passage struct {
	*conversation
	step      string
	token     string   // of the state that is to be forgotten
	recording *os.File // beside the transcript
}

const (
	underWay      = "running" // folder of programs under way, in that of the conversation
	spilled       = "output"  // folder of output that reports have no room for
	recordingTail = ".wandrec"
)

func (p *passage) dir() string { return filepath.Join(p.journal.dir, underWay) }

// file is the name of a file of this program beside the transcript.
func (p *passage) file(kind, tail string) string {
	return kind + "-" + strings.ReplaceAll(p.step, "/", "_") + tail
}

// options are those of the turn.
func (p *passage) options(limits runtime.Limits) (o runtime.TurnOptions, err error) {
	o = runtime.TurnOptions{Limits: limits, KeepFailed: p.agent.config.KeepFailed}
	if p.journal.dir == "" {
		return o, nil
	}
	if p.recording, err = os.OpenFile(filepath.Join(p.journal.dir, p.file("program", recordingTail)), os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600); err != nil {
		return o, err
	}
	o.SpillDir = filepath.Join(p.journal.dir, spilled)
	if err := os.MkdirAll(o.SpillDir, 0o700); err != nil {
		return o, err
	}
	o.Recording = io.Writer(p.recording)
	o.SuspendDir, o.SuspendNote = p.dir(), quoted(p.step)
	o.SuspendHold = func(token string) { p.token = token }
	return o, nil
}

// begin runs the program from its start.
func (p *passage) begin(ctx context.Context, program string) (*runtime.Report, error) {
	s, err := p.live(ctx)
	if err != nil {
		return nil, err
	}
	fuel, calls, wall := p.account.left()
	limits := p.agent.limits
	limits.Fuel, limits.HostCalls, limits.Deadline = max(min(limits.Fuel, fuel), 1), max(min(limits.HostCalls, calls), 1), wallLeft(limits.Deadline, wall)
	if err := p.journal.add(&Event{Kind: EventRun, Step: p.step, Run: &Run{Program: program, Fuel: limits.Fuel}}); err != nil {
		return nil, err
	}
	if err := p.provide(ctx, s, program); err != nil {
		return nil, err
	}
	module, diagnostics, err := compiler.Compile(ctx, s.Source(program))
	var input *compiler.InputError
	switch {
	case errors.As(err, &input):
		return runtime.InvalidReport(nil, limits, []compiler.Diagnostic{{Severity: compiler.SeverityError, Message: input.Error(), Line: input.Line}}), nil
	case err != nil:
		return nil, err
	case module == nil:
		return runtime.InvalidReport(nil, limits, diagnostics), nil
	}
	o, err := p.options(limits)
	if err != nil {
		return nil, err
	}
	if !p.kept { // a program that was taken back took INPUT with it
		o.Input = p.agent.config.Input
	}
	report, err := s.Run(ctx, module, o)
	if err != nil && report == nil {
		return nil, err
	}
	for _, d := range diagnostics {
		report.Warnings = append(report.Warnings, runtime.Warning{Message: d.Message, Line: d.Line})
	}
	return report, err
}

// goOn continues the program when an earlier process began it, or it was suspended; nil: there is nothing to go on with.
func (p *passage) goOn(ctx context.Context) (*runtime.Report, error) {
	if p.journal.dir == "" || p.journal.recorded(EventRun, p.step) == nil {
		return nil, nil
	}
	config := &p.agent.config
	waiting, err := config.Runtime.Waiting(p.dir())
	if err != nil {
		return nil, err
	}
	var found *runtime.WaitingRun
	for i := range waiting {
		var step string
		if json.Unmarshal(waiting[i].Note, &step) == nil && step == p.step {
			found = &waiting[i]
		}
	}
	if found == nil {
		return nil, nil
	}
	var answer *runtime.Answered
	if found.State == "suspended" {
		if answer = p.takeAnswer(); answer == nil && config.Approve == nil {
			return &runtime.Report{Status: runtime.Suspended, Suspension: found.Suspension}, nil
		}
	}
	o, err := p.options(runtime.Limits{})
	if err != nil {
		return nil, err
	}
	s, report, err := config.Runtime.ResumeTurn(ctx, p.dir(), found.Token, answer, p.agent.sessionOptions(p.conversation, p.start.Seed), o)
	if err != nil && report == nil {
		return nil, fmt.Errorf("the program of step %s cannot go on: %w", p.step, err)
	}
	if p.session != nil {
		p.session.Close()
	}
	p.session = s
	return report, err
}

// close ends what the passage has open.
func (p *passage) close() {
	if p.recording != nil {
		p.recording.Close()
	}
}

// settle keeps where the session stands, then that the program has ended, and only then forgets its state.
func (p *passage) settle(report *runtime.Report) error {
	e := &Event{Kind: EventReport, Step: p.step, Report: report}
	if p.journal.dir == "" {
		forgetOutput(report)
		return p.journal.add(e)
	}
	if p.recording != nil {
		e.Recording = filepath.Base(p.recording.Name())
		if err := p.recording.Sync(); err != nil {
			return fmt.Errorf("the recording cannot be kept: %w", err)
		}
	}
	data, err := p.session.Snapshot()
	if err != nil {
		return fmt.Errorf("the session cannot be kept: %w", err)
	}
	e.Snapshot = p.file("session", ".snapshot")
	if err := p.journal.keep(e.Snapshot, data); err != nil {
		return fmt.Errorf("the session cannot be kept: %w", err)
	}
	if err := p.journal.add(e); err != nil {
		return err
	}
	if p.token != "" {
		if err := p.agent.config.Runtime.Forget(p.dir(), p.token); err != nil {
			return err
		}
	}
	p.journal.drop(p.snapshot)
	p.snapshot = e.Snapshot
	return nil
}

// forgetOutput removes what a report has no room for, of a conversation that keeps nothing.
func forgetOutput(r *runtime.Report) {
	t := r.Truncated
	if t == nil {
		return
	}
	for _, path := range []*string{&t.StdoutPath, &t.StderrPath} {
		if *path != "" {
			os.Remove(*path)
			*path = ""
		}
	}
}
