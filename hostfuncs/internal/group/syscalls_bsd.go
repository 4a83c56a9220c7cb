//go:build unix && !linux

package group

import (
	"os"
	"strconv"
	"syscall"
)

func (g *Group) start(Limits) error {
	// Go opens files so that no child has them; the host's process may have been given others by whoever started it.
	if files, err := os.ReadDir("/dev/fd"); err == nil {
		for _, f := range files {
			if n, err := strconv.Atoi(f.Name()); err == nil && n > 2 {
				syscall.CloseOnExec(n)
			}
		}
	}
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
