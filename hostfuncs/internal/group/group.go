// Package group starts a host process together with whatever it starts in turn, and ends them together: nothing that a tool started outlives it.
// hostfuncs/mcp and hostfuncs/command use it. It imports nothing of ours.
//
// On Linux and other Unix systems the process leads a process group of its own, on Windows it is put into a job. A process that leaves its group on
// purpose (setsid, a service manager) is out of reach; a sandbox for the host's own programs is not what this is. Where the host's own process ends without
// having ended a group (SIGKILL, no memory left), Linux kills the leader and Windows all of the job.
package group

import (
	"os"
	"os/exec"
	"runtime"
	"sync"
	"time"
)

// Group is a started process and its descendants.
type Group struct {
	leader
	done chan struct{}
	err  error

	mu     sync.Mutex
	reaped bool // its number may mean another process by now
}

// pipeGrace is how long the output of a process that has ended is still read, when something else holds its other end.
const pipeGrace = time.Second

// Start starts a command as the leader of a group. Its SysProcAttr and WaitDelay are set here. When the leader ends, the others are killed.
func Start(cmd *exec.Cmd, limits Limits) (*Group, error) {
	cmd.WaitDelay = pipeGrace
	g := &Group{leader: leader{cmd: cmd}, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		// What ties the leader to this process ties it to the thread that started it, so that thread has to stay.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := g.start(limits)
		started <- err
		if err == nil {
			g.wait()
			close(g.done)
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return g, nil
}

// Limits bound one process, and each of its descendants for itself. Zero: what the host's own process has. Only Linux enforces them.
type Limits struct {
	CPU          time.Duration // of processor time, in whole seconds, rounded up; then SIGKILL
	AddressSpace int64         // bytes
	FileSize     int64         // bytes of any file that it writes
	OpenFiles    int
}

// Done is closed when the leader has ended, the others were killed and the output has been read.
func (g *Group) Done() <-chan struct{} { return g.done }

// Outcome returns what exec.Cmd.Wait returned. It waits for Done.
func (g *Group) Outcome() (*os.ProcessState, error) {
	<-g.done
	return g.cmd.ProcessState, g.err
}

// Terminate asks all processes of the group to end. On Windows it does nothing: there is no such request.
func (g *Group) Terminate() { g.signal(false) }

// Kill ends all processes of the group.
func (g *Group) Kill() { g.signal(true) }

// End waits for the group to end by itself for one grace, asks it to for another, and kills it. It returns when nothing is left.
func (g *Group) End(grace time.Duration) {
	if g.ended(grace) {
		return
	}
	g.Terminate()
	if g.ended(grace) {
		return
	}
	g.Kill()
	<-g.done
}

func (g *Group) ended(within time.Duration) bool {
	t := time.NewTimer(within)
	defer t.Stop()
	select {
	case <-g.done:
		return true
	case <-t.C:
		return false
	}
}
