package jail

import (
	"context"
	"os/exec"
	"syscall"
)

// Supported says whether the kernel can confine a compiler: nil, or an *UnsupportedError that names what is missing.
func Supported() error { return &UnsupportedError{Missing: []string{"this version cannot confine"}} }

func run(ctx context.Context, c Command) (*Result, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	return runTrusted(ctx, c)
}

// ownGroup makes a command the leader of a group that is killed as a whole, and that dies with this process.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
