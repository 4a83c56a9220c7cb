//go:build unix

package group

import (
	"os/exec"
	"syscall"
)

type leader struct{ cmd *exec.Cmd }

func (g *Group) signal(kill bool) {
	s := syscall.SIGTERM
	if kill {
		s = syscall.SIGKILL
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.reaped {
		_ = syscall.Kill(-g.cmd.Process.Pid, s) // nobody left is what was wanted
	}
}
