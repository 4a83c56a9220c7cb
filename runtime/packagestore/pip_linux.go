package packagestore

import (
	"os/exec"
	"runtime"
	"syscall"
)

// runTied runs a command, which the kernel ends when this process ends without having done so (SIGKILL, no memory left).
func runTied(cmd *exec.Cmd) error {
	runtime.LockOSThread() // the tie is to the thread
	defer runtime.UnlockOSThread()
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd.Run()
}
