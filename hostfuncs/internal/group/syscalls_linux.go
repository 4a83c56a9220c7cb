package group

import (
	"errors"
	"math"
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// start starts the command, with its limits in force before its first instruction: it begins as a traced process, which the kernel stops when it has
// loaded the program; then the limits are set, and it is let go. Setting them on a running process would leave it a moment, and whatever it starts in
// that moment, without them. Where tracing is forbidden that moment is what remains.
func (g *Group) start(limits Limits) error {
	// Go opens files so that no child has them; the host's process may have been given others by whoever started it.
	_ = unix.CloseRange(3, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC) // Linux before 5.11 has no such thing
	g.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if limits == (Limits{}) {
		return g.cmd.Start()
	}
	plain := *g.cmd
	g.cmd.SysProcAttr.Ptrace = true
	err := g.cmd.Start()
	traced := err == nil
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOSYS) {
		// A command cannot be started twice.
		retry := exec.Cmd{Path: plain.Path, Args: plain.Args, Env: plain.Env, Dir: plain.Dir, Stdin: plain.Stdin, Stdout: plain.Stdout, Stderr: plain.Stderr, WaitDelay: plain.WaitDelay,
			SysProcAttr: &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}}
		g.cmd = &retry
		err = g.cmd.Start()
	}
	if err != nil {
		return err
	}
	pid := g.cmd.Process.Pid
	if traced {
		var status unix.WaitStatus
		for {
			_, err = unix.Wait4(pid, &status, 0, nil)
			if err != unix.EINTR {
				break
			}
		}
		if err == nil && !status.Stopped() {
			err = errors.New("it did not wait for its limits")
		}
	}
	if err == nil {
		err = limits.set(pid)
	}
	if err == nil && traced {
		err = unix.PtraceDetach(pid)
	}
	if err != nil {
		_ = syscall.Kill(-pid, syscall.SIGKILL)
		_ = g.cmd.Wait()
		return errors.Join(errors.New("its limits cannot be set"), err)
	}
	return nil
}

// set gives a process its limits. A limit above what the host's process itself may have is lowered to that.
func (l Limits) set(pid int) error {
	cpu := uint64((l.CPU + time.Second - 1) / time.Second)
	for _, r := range []struct {
		which int
		value uint64
		use   bool
	}{
		{unix.RLIMIT_CORE, 0, true},
		{unix.RLIMIT_CPU, cpu, l.CPU > 0},
		{unix.RLIMIT_AS, uint64(l.AddressSpace), l.AddressSpace > 0},
		{unix.RLIMIT_FSIZE, uint64(l.FileSize), l.FileSize > 0},
		{unix.RLIMIT_NOFILE, uint64(l.OpenFiles), l.OpenFiles > 0},
	} {
		if !r.use {
			continue
		}
		var old unix.Rlimit
		if err := unix.Prlimit(pid, r.which, nil, &old); err != nil {
			return err
		}
		v := min(r.value, old.Max)
		if err := unix.Prlimit(pid, r.which, &unix.Rlimit{Cur: v, Max: v}, nil); err != nil {
			return err
		}
	}
	return nil
}

// wait kills the others while the dead leader still holds the group's number, so that it cannot mean anybody else.
func (g *Group) wait() {
	for unix.Waitid(unix.P_PID, g.cmd.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil) == unix.EINTR {
	}
	g.signal(true)
	g.mu.Lock()
	g.reaped = true
	g.mu.Unlock()
	g.err = g.cmd.Wait()
}
