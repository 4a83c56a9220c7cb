package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// kernelFindings tries out what the sandbox uses, or could use, of the kernel.
func kernelFindings(ctx context.Context) []finding {
	const area = "kernel"
	list := []finding{{Area: area, Name: "release", Status: info, Detail: release()}}
	add := func(name string, err error, detail, absent, hint string) {
		f := finding{Area: area, Name: name, Status: ok, Detail: detail}
		if err != nil {
			f.Status, f.Detail, f.Hint = absent, err.Error(), hint
		}
		list = append(list, f)
	}
	slower := "forks copy the whole memory instead of sharing it"
	add("memfd", tryMemfd(0), "memfd_create works", degraded, slower)
	add("seals", tryMemfd(unix.F_SEAL_WRITE|unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_SEAL), "a snapshot can be sealed", degraded, slower)
	add("private maps", tryPrivateMap(), "a sealed snapshot can be mapped copy-on-write", degraded, slower)
	add("address space", tryReserve(), "16 GiB can be reserved", degraded, "raise ulimit -v, or vm.overcommit_memory: memory is reserved before it is used")
	abi, err := landlock()
	add("Landlock", err, fmt.Sprintf("ABI %d", abi), info, "")
	add("seccomp", trySeccomp(), "filters are available", info, "")
	add("user namespaces", tryUserNamespace(ctx), "an unprivileged process can have one", info, "")
	return list
}

// discardInput forgets what was typed on a terminal and not read yet.
func discardInput(terminal *os.File) {
	// Not through Fd, which would make the file block and reads of it impossible to cancel.
	if raw, err := terminal.SyscallConn(); err == nil {
		raw.Control(func(fd uintptr) { unix.IoctlSetInt(int(fd), unix.TCFLSH, unix.TCIFLUSH) })
	}
}

func release() string {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return err.Error()
	}
	return unix.ByteSliceToString(u.Sysname[:]) + " " + unix.ByteSliceToString(u.Release[:])
}

func tryMemfd(seals int) error {
	f, err := sealed(seals)
	if err == nil {
		f.Close()
	}
	return err
}

// sealed makes one page of shared memory and seals it.
func sealed(seals int) (*os.File, error) {
	fd, err := unix.MemfdCreate("wand-doctor", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, fmt.Errorf("memfd_create: %w", err)
	}
	f := os.NewFile(uintptr(fd), "wand-doctor")
	if err := f.Truncate(int64(os.Getpagesize())); err != nil {
		f.Close()
		return nil, err
	}
	if seals != 0 {
		if _, err := unix.FcntlInt(f.Fd(), unix.F_ADD_SEALS, seals); err != nil {
			f.Close()
			return nil, fmt.Errorf("adding seals: %w", err)
		}
	}
	return f, nil
}

func tryPrivateMap() error {
	f, err := sealed(unix.F_SEAL_WRITE | unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_SEAL)
	if err != nil {
		return err
	}
	defer f.Close()
	m, err := unix.Mmap(int(f.Fd()), 0, os.Getpagesize(), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE)
	if err != nil {
		return fmt.Errorf("mmap of a sealed file: %w", err)
	}
	defer unix.Munmap(m)
	m[0] = 1
	var back [1]byte
	if _, err := f.ReadAt(back[:], 0); err != nil || back[0] != 0 {
		return errors.New("a private write reached the shared file")
	}
	return nil
}

func tryReserve() error {
	m, err := unix.Mmap(-1, 0, 16<<30, unix.PROT_NONE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_NORESERVE)
	if err != nil {
		return fmt.Errorf("reserving 16 GiB: %w", err)
	}
	return unix.Munmap(m)
}

func landlock() (abi int, err error) {
	n, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		return 0, fmt.Errorf("not available: %w", errno)
	}
	return int(n), nil
}

func trySeccomp() error {
	action := uint32(unix.SECCOMP_RET_KILL_PROCESS)
	if _, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_GET_ACTION_AVAIL, 0, uintptr(unsafe.Pointer(&action))); errno != 0 {
		return fmt.Errorf("not available: %w", errno)
	}
	return nil
}

// tryUserNamespace starts this very command in a namespace of its own.
func tryUserNamespace(ctx context.Context) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	c := exec.CommandContext(ctx, self, "version")
	c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER}
	if err := c.Run(); err != nil {
		return errors.New("not available: " + strings.TrimPrefix(err.Error(), "fork/exec "+self+": "))
	}
	return nil
}

// freeSpace is what this user may still write below dir, in bytes.
func freeSpace(dir string) (int64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, err
	}
	return int64(s.Bavail) * s.Bsize, nil
}
