// Package jail runs a compiler on source text that nobody has read, as a child process that the kernel confines: it reads its own folders, writes one
// folder that is thrown away, and reaches no network, no other process and nothing else of this machine. It never looks at what is compiled. Package
// toolchain calls it.
package jail

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"
)

// Command is one run of a compiler.
type Command struct {
	// Argv is the program, by its absolute path, and its arguments.
	Argv []string
	// Path is the program where the first of Argv is a name of another kind. Default: that.
	Path string
	// Env is the whole environment; nothing of this process is added.
	Env []string
	// Dir is the working directory, by its absolute path: the one folder that may be written. The caller makes and removes it.
	Dir string
	// Read are files and folders that may be read and executed from as well. Those that do not exist are left out.
	Read []string
	// Stdin is what the command reads. Default: nothing.
	Stdin *os.File
	// Nice is how far behind this process the command stands when both want the processor, from 0 to 19.
	Nice int
	// Limits; fields that are zero: DefaultLimits.
	Limits Limits
	// Trust runs the command without the kernel's confinement, with this user's authority. The limits hold all the same.
	Trust bool

	abi int // of Landlock, for tests; 0: the kernel's
}

// Limits of a command with everything that it starts.
type Limits struct {
	Time         time.Duration // wall clock
	Memory       int64         // resident bytes of all of its processes together
	AddressSpace int64         // bytes that each process may reserve
	Disk         int64         // bytes in Dir
	Files        int           // files and folders in Dir
	Output       int64         // bytes of standard output and standard error together; what the result keeps is less
	Processes    int           // processes at a time
}

// DefaultLimits are what a compiler of one program should never need: 60 s, 2 GiB of memory, 8 GiB of address space, 512 MiB and 20,000 files on disk,
// 64 MiB of output, 32 processes.
func DefaultLimits() Limits {
	return Limits{Time: time.Minute, Memory: 2 << 30, AddressSpace: 8 << 30, Disk: 512 << 20, Files: 20_000, Output: 64 << 20, Processes: 32}
}

// or fills the fields that are zero.
func (l Limits) or(d Limits) Limits {
	fill := func(v *int64, d int64) {
		if *v <= 0 {
			*v = d
		}
	}
	fill((*int64)(&l.Time), int64(d.Time))
	fill(&l.Memory, d.Memory)
	fill(&l.AddressSpace, d.AddressSpace)
	fill(&l.Disk, d.Disk)
	fill(&l.Output, d.Output)
	if l.Files <= 0 {
		l.Files = d.Files
	}
	if l.Processes <= 0 {
		l.Processes = d.Processes
	}
	return l
}

// Stop is the limit that ended a command.
type Stop string

// Stops.
const (
	StopNone      Stop = ""
	StopTime      Stop = "time"
	StopMemory    Stop = "memory"
	StopDisk      Stop = "disk"
	StopOutput    Stop = "output"
	StopProcesses Stop = "processes"
)

// Result is how a command ended.
type Result struct {
	ExitCode int            // -1 when a signal ended it
	Signal   syscall.Signal // 0 when it exited
	Stopped  Stop
	// Stdout and Stderr hold head and tail, at most 256 KiB of each.
	Stdout, Stderr string
	Wall           time.Duration
	// Peak is the most memory that the command was seen to have, in bytes: it is looked at every 20 ms.
	Peak int64
}

// path is the file that is executed.
func (c *Command) path() string { return cmp.Or(c.Path, c.Argv[0]) }

// OK says that the command did what it was told.
func (r *Result) OK() bool { return r.ExitCode == 0 && r.Stopped == StopNone }

// UnsupportedError says that this machine cannot confine a compiler, and why.
type UnsupportedError struct{ Missing []string }

// Error implements error.
func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("this machine cannot confine a compiler: %s; run it with your own rights, on source that you trust, with --trust-toolchain", strings.Join(e.Missing, "; "))
}

// Run runs a command to its end, or until a limit or ctx ends it with everything that it started. An error means that it could not be run: an
// *UnsupportedError where the kernel lacks what confines it, ctx's where that ended.
func Run(ctx context.Context, c Command) (*Result, error) {
	c.Limits = c.Limits.or(DefaultLimits())
	if !c.Trust {
		if err := Supported(); err != nil {
			return nil, err
		}
	}
	return run(ctx, c)
}
