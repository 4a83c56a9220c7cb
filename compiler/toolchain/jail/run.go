package jail

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// runTrusted runs a command without confinement. Time, output and, on Linux, memory, processes and disk are bounded all the same.
func runTrusted(ctx context.Context, c Command) (*Result, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	began := time.Now()
	out := newOutputs(c.Limits.Output)
	cmd := exec.CommandContext(ctx, c.path())
	cmd.Args = c.Argv
	if c.Stdin != nil { // else what is nil there would be a file here
		cmd.Stdin = c.Stdin
	}
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = c.Env, c.Dir, out.stream(0), out.stream(1), time.Second
	ownGroup(cmd)
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	w := watch(ctx, c, newTree(cmd.Process.Pid), out, cancel)
	err := cmd.Wait()
	stopped := w.end()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay) && stopped == StopNone {
		return nil, err
	}
	if stopped == StopNone && context.Cause(ctx) != nil {
		return nil, context.Cause(ctx)
	}
	r := ended(cmd.ProcessState.Sys())
	r.Stopped, r.Wall, r.Peak = stopped, time.Since(began), w.peak
	r.Stdout, r.Stderr = out.text(0), out.text(1)
	return r, nil
}

// ended reads a wait status.
func ended(state any) *Result {
	status, ok := state.(syscall.WaitStatus)
	switch {
	case !ok:
		return &Result{ExitCode: -1}
	case status.Signaled():
		return &Result{ExitCode: -1, Signal: status.Signal()}
	}
	return &Result{ExitCode: status.ExitStatus()}
}

var errDirectory = errors.New("the working directory of a jail is an absolute path")

// check refuses what a caller got wrong.
func (c *Command) check() error {
	if len(c.Argv) == 0 {
		return errors.New("no command")
	}
	info, err := os.Stat(c.Dir)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return errDirectory
	}
	return nil
}
