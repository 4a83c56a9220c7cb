//go:build unix && !linux

package group

import "syscall"

func (g *Group) start(Limits) error {
	g.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return g.cmd.Start()
}

// wait kills the others a moment after the leader is gone: there is no way here to look at a dead process without giving its number free.
func (g *Group) wait() {
	g.err = g.cmd.Wait()
	g.signal(true)
	g.mu.Lock()
	g.reaped = true
	g.mu.Unlock()
}
