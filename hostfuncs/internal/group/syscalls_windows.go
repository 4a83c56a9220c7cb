package group

import (
	"os/exec"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// leader is a process and its job. Closing a job ends the processes in it, so they end with the host's process too.
type leader struct {
	cmd *exec.Cmd
	job windows.Handle
}

// start puts the process into a job right after it began. What it starts before that stays outside.
func (g *Group) start(Limits) error {
	g.cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: windows.CREATE_NEW_PROCESS_GROUP, HideWindow: true}
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return err
	}
	info := windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION{BasicLimitInformation: windows.JOBOBJECT_BASIC_LIMIT_INFORMATION{LimitFlags: windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE}}
	if _, err = windows.SetInformationJobObject(job, windows.JobObjectExtendedLimitInformation, uintptr(unsafe.Pointer(&info)), uint32(unsafe.Sizeof(info))); err == nil {
		err = g.cmd.Start()
	}
	if err != nil {
		windows.CloseHandle(job)
		return err
	}
	process, err := windows.OpenProcess(windows.PROCESS_SET_QUOTA|windows.PROCESS_TERMINATE, false, uint32(g.cmd.Process.Pid))
	if err == nil {
		err = windows.AssignProcessToJobObject(job, process)
		windows.CloseHandle(process)
	}
	if err != nil {
		_ = g.cmd.Process.Kill()
		_ = g.cmd.Wait()
		windows.CloseHandle(job)
		return err
	}
	g.job = job
	return nil
}

func (g *Group) signal(kill bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if kill && !g.reaped {
		_ = windows.TerminateJobObject(g.job, 1)
	}
}

func (g *Group) wait() {
	g.err = g.cmd.Wait()
	g.signal(true)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.reaped = true
	windows.CloseHandle(g.job)
}
