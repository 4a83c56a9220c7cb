package jail

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// The confinement needs no cooperation of the program that this package is part of: a thread that does nothing else restricts itself for good, with
// Landlock, seccomp and without capabilities, and starts the compiler, which inherits all of it. The compiler stops at its first instruction (ptrace), gets its
// resource limits from outside, and goes on. Namespaces of its own come with the fork where the kernel gives them.

func run(ctx context.Context, c Command) (*Result, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	if c.Trust {
		return runTrusted(ctx, c)
	}
	if c.Limits.Processes == 1 { // there is nothing that namespaces would have to end or keep apart, and they cost some milliseconds
		return runConfined(ctx, c, 0)
	}
	r, err := runConfined(ctx, c, namespaceFlags)
	if errors.Is(err, errNoNamespaces) {
		r, err = runConfined(ctx, c, 0)
	}
	return r, err
}

// namespaceFlags give the compiler users, processes, networks and mounts of its own: it has no capability, sees no process, and one kill ends all of it.
const namespaceFlags = unix.CLONE_NEWUSER | unix.CLONE_NEWPID | unix.CLONE_NEWNET | unix.CLONE_NEWIPC | unix.CLONE_NEWNS | unix.CLONE_NEWUTS

// errNoNamespaces says that this user gets no namespaces here, as in many containers. Landlock and seccomp hold without them.
var errNoNamespaces = errors.New("no namespaces")

func runConfined(ctx context.Context, c Command, namespaces uintptr) (*Result, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	ruleset, err := newRuleset(c)
	if err != nil {
		return nil, err
	}
	defer unix.Close(ruleset)
	stdin := c.Stdin
	if stdin == nil {
		if stdin, err = os.Open(os.DevNull); err != nil {
			return nil, err
		}
		defer stdin.Close()
	}
	out := newOutputs(c.Limits.Output)
	pipes, err := newPipes(out)
	if err != nil {
		return nil, err
	}
	defer pipes.close()

	began := time.Now()
	p := &process{namespaces: namespaces, listener: -1, reported: make(chan error, 1), goOn: make(chan bool, 1), ended: make(chan syscall.WaitStatus, 1)}
	onThreadOfItsOwn(func() { p.live(c, ruleset, stdin, pipes) })
	if err := <-p.reported; err != nil {
		unix.Close(p.listener)
		return nil, err
	}
	t := newTree(p.pid)
	s := newCensus(p.listener, c, p, t)
	defer s.close()
	pipes.closeWriters()
	if err := setLimits(p.pid, c, namespaces != 0); err != nil {
		p.goOn <- false
		<-p.ended
		return nil, fmt.Errorf("cannot limit the compiler's resources: %w", err)
	}
	p.goOn <- true
	w := watch(ctx, c, t, out, p.kill)
	status := <-p.ended
	stopped := w.end()
	s.close()
	p.killRest(t)
	pipes.drain()
	if stopped == StopNone && s.tooMany() {
		stopped = StopProcesses
	}
	if stopped == StopNone && ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if stopped == StopNone && out.exceeded() {
		stopped = StopOutput
	}
	r := ended(status)
	if stopped == StopNone {
		stopped = stopOf(r, &p.usage, c.Limits)
	}
	r.Stopped, r.Wall, r.Peak = stopped, time.Since(began), w.peak
	r.Stdout, r.Stderr = out.text(0), out.text(1)
	return r, nil
}

// stopOf reads limits of the kernel's off the signal that it sends.
func stopOf(r *Result, used *syscall.Rusage, l Limits) Stop {
	switch r.Signal {
	case syscall.SIGXCPU:
		return StopTime
	case syscall.SIGXFSZ:
		return StopDisk
	case syscall.SIGKILL: // nobody here sent it: its time was over, or the machine ran out of memory
		if time.Duration(used.Utime.Nano()+used.Stime.Nano()) >= time.Duration(cpuSeconds(l))*time.Second {
			return StopTime
		}
		return StopMemory
	}
	return StopNone
}

// cpuSeconds is how much time all threads of a process may take together.
func cpuSeconds(l Limits) uint64 { return 4 * (uint64(l.Time/time.Second) + 1) }

// process is a confined command. The thread that started it waits for it: it is its tracer, and with it the command would die.
type process struct {
	namespaces uintptr
	pid        int
	listener   int        // of the kernel's questions, or -1
	reported   chan error // once: whether it stands at its first instruction
	goOn       chan bool  // false: kill it instead
	ended      chan syscall.WaitStatus
	usage      syscall.Rusage // once it ended

	mu   sync.Mutex
	gone bool // its number may be somebody else's
}

// live is the life of a command, on a thread that is good for nothing else afterwards.
func (p *process) live(c Command, ruleset int, stdin *os.File, pipes *pipes) {
	ticket := newTicket()
	var err error
	if p.listener, err = confine(ruleset, p.namespaces, &c, ticket, stdin, pipes.writers[0], pipes.writers[1]); err != nil {
		p.reported <- err
		return
	}
	pid, err := syscall.ForkExec(c.path(), c.Argv, &syscall.ProcAttr{
		Dir: c.Dir, Env: c.Env, Files: []uintptr{stdin.Fd(), pipes.writers[0].Fd(), pipes.writers[1].Fd()},
		Sys: &syscall.SysProcAttr{Cloneflags: ticket.on(p.namespaces), Pdeathsig: syscall.SIGKILL, Ptrace: true, Setpgid: true},
	})
	if err != nil {
		if p.namespaces != 0 && (errors.Is(err, unix.EPERM) || errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EUSERS) || errors.Is(err, unix.ENOSYS)) {
			err = errNoNamespaces
		} else {
			err = fmt.Errorf("cannot start %s: %w", c.path(), err)
		}
		p.reported <- err
		return
	}
	p.pid = pid
	var status syscall.WaitStatus
	if _, err := wait4(pid, &status, nil); err != nil || !status.Stopped() {
		elsewhere(func() { syscall.Kill(pid, syscall.SIGKILL) })
		wait4(pid, &status, nil)
		p.reported <- fmt.Errorf("cannot hold %s at its start: %v, status %#x", c.path(), err, status)
		return
	}
	p.reported <- nil
	if !<-p.goOn {
		elsewhere(p.kill)
	}
	if err := syscall.PtraceDetach(pid); err != nil {
		elsewhere(p.kill)
	}
	// The process stays a zombie, and its number its own, until nobody can kill it any more.
	for {
		var info unix.Siginfo
		if err := unix.Waitid(unix.P_PID, pid, &info, unix.WEXITED|unix.WNOWAIT, nil); err != unix.EINTR {
			break
		}
	}
	if p.namespaces == 0 { // its group outlives it, and is nobody else's as long as it is a zombie
		elsewhere(func() { syscall.Kill(-pid, syscall.SIGKILL) })
	}
	p.mu.Lock()
	p.gone = true
	wait4(pid, &status, &p.usage)
	p.mu.Unlock()
	p.ended <- status
}

// elsewhere runs f on another thread: the one that started the command is confined as that is, and may not be allowed to send a signal.
func elsewhere(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	<-done
}

func wait4(pid int, status *syscall.WaitStatus, usage *syscall.Rusage) (int, error) {
	for {
		got, err := syscall.Wait4(pid, status, 0, usage)
		if err != syscall.EINTR {
			return got, err
		}
	}
}

// kill ends the command: with a process namespace everything in it, else its group.
func (p *process) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.gone {
		return
	}
	syscall.Kill(-p.pid, syscall.SIGKILL)
	syscall.Kill(p.pid, syscall.SIGKILL)
}

// killRest ends what a command without a process namespace left behind, beyond its group: what was seen of its descendants. One that left the group, and whose
// parents all ended between two looks, is not found; it stays as confined as it was.
func (p *process) killRest(t *tree) {
	if p.namespaces != 0 {
		return
	}
	for range 1000 {
		rest := t.processes(10_000)
		if len(rest) == 0 {
			return
		}
		for _, pid := range rest {
			syscall.Kill(pid, syscall.SIGKILL)
		}
		time.Sleep(time.Millisecond)
	}
}

// pipes carry what a command prints.
type pipes struct {
	readers, writers [2]*os.File
	copies           sync.WaitGroup
}

func newPipes(out *outputs) (*pipes, error) {
	p := &pipes{}
	for i := range 2 {
		r, w, err := os.Pipe()
		if err != nil {
			p.close()
			return nil, err
		}
		p.readers[i], p.writers[i] = r, w
	}
	for i := range 2 {
		p.copies.Go(func() {
			buffer := make([]byte, 32<<10)
			for {
				n, err := p.readers[i].Read(buffer)
				out.stream(i).Write(buffer[:n])
				if err != nil {
					return
				}
			}
		})
	}
	return p, nil
}

func (p *pipes) closeWriters() {
	for _, w := range p.writers {
		if w != nil {
			w.Close()
		}
	}
}

// drain waits for what was written before the command ended, and not for what holds its pipes open beyond that.
func (p *pipes) drain() {
	for _, r := range p.readers {
		r.SetReadDeadline(time.Now().Add(time.Second))
	}
	p.copies.Wait()
}

func (p *pipes) close() {
	p.closeWriters()
	for _, r := range p.readers {
		if r != nil {
			r.Close()
		}
	}
	p.copies.Wait()
}

// setLimits gives a process its resource limits. Those that the kernel counts for a user, not for a process, need a user namespace.
func setLimits(pid int, c Command, ownUsers bool) error {
	l := c.Limits
	limits := map[int]uint64{
		unix.RLIMIT_AS:       uint64(l.AddressSpace),
		unix.RLIMIT_CPU:      cpuSeconds(l),
		unix.RLIMIT_FSIZE:    uint64(l.Disk),
		unix.RLIMIT_NOFILE:   512,
		unix.RLIMIT_CORE:     0,
		unix.RLIMIT_MEMLOCK:  0,
		unix.RLIMIT_MSGQUEUE: 0,
	}
	if ownUsers {
		limits[unix.RLIMIT_NPROC] = uint64(l.threads())
	}
	if c.Nice > 0 {
		if err := unix.Setpriority(unix.PRIO_PROCESS, pid, c.Nice); err != nil {
			return err
		}
	}
	// If the machine itself runs out of memory, this process is the one to go. Where /proc cannot say so, nothing is lost.
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/oom_score_adj", pid), []byte("1000"), 0)
	for resource, most := range limits {
		var now unix.Rlimit
		if err := unix.Prlimit(pid, resource, nil, &now); err != nil {
			return err
		}
		most = min(most, now.Max)
		if err := unix.Prlimit(pid, resource, &unix.Rlimit{Cur: most, Max: most}, nil); err != nil {
			return err
		}
	}
	return nil
}

// threads is how many threads all processes may have together: what a program of one thread for each processor starts, and some.
func (l Limits) threads() int { return l.Processes * (32 + 2*runtime.NumCPU()) }

// ownGroup makes a command the leader of a group that is killed as a whole.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
