// Package wasi implements WASI preview 1 (the import module wasi_snapshot_preview1, all 46 functions) for guests, over a vfs.FS
// and whatever clock, randomness and streams the runtime gives a run. It knows no engine: Funcs returns plain functions over a
// []byte and a []uint64. It imports only hostfuncs and vfs.
//
// A guest has no sockets and no processes here, sees one preopened folder ("/", descriptor 3), and reaches no file of the host.
// Its pointers, lengths and counts are hostile: each is checked in 64 bits against the memory before anything happens, and a bad
// one is EFAULT. What would end the run instead of being an error (exit, a limit, the run's context) is a panic with a *hostfuncs.Stop.
//
// Streams. Descriptors 0, 1 and 2 say that they are of unknown type, as a pipe is: C's and Python's stdout are then buffered in
// blocks and flushed at exit, and input is not echoed by an editor. State.Terminal makes them character devices, and with them
// stdout line by line.
package wasi

import (
	"context"
	"crypto/rand"
	"errors"
	"io"

	"wand/hostfuncs"
	"wand/hostfuncs/vfs"
)

// Module is the import module's name.
const Module = "wasi_snapshot_preview1"

// What host work costs in fuel, chosen so that no call takes much more than a nanosecond for a unit (BenchmarkFuel measures it), as
// the guest's own instructions do.
const (
	callFuel     = 100 // per call
	bytesPerFuel = 16  // bytes copied for one unit
	vectorFuel   = 40  // per buffer of a read or write
	effortFuel   = 20  // per step of vfs.FS.Effort, and per subscription of a poll
)

// Bounds that are errors, not the end of the run.
const (
	DefaultOpenFiles = 1024
	maxVectors       = 1024       // buffers of one read or write, as on Linux
	maxTransfer      = 0x7ffff000 // bytes of one read or write, as on Linux; more is a short count
	maxSubscriptions = 4096       // of one poll
)

// State is what belongs to one run. The zero value is a run with no files, no arguments, an empty stdin and discarded output. It is used
// by one guest at a time and holds its descriptors; do not copy it after With.
type State struct {
	FS   *vfs.FS
	Args []string
	Env  []string // KEY=value
	// Stdin is read as it is when it is a *bytes.Reader, *bytes.Buffer or *strings.Reader, through ReadContext when it
	// has that (see Input), and through an Input of the State's own otherwise.
	Stdin io.Reader
	// Stdout and Stderr may panic with a *hostfuncs.Stop. They get the guest's memory and must not keep it.
	Stdout, Stderr io.Writer
	// Terminal says which of descriptors 0 to 2 are character devices to the guest.
	Terminal [3]bool
	Clock    Clock            // default: NewRealClock at With
	Random   io.Reader        // default: crypto/rand
	Charge   func(fuel int64) // hears what each call costs; may panic with a *hostfuncs.Stop. Default: nobody
	// Tap sees what the guest does to folders of the host. Default: nobody does.
	Tap Tap
	// MaxOpenFiles bounds the descriptors, streams included; one more is EMFILE. Default: DefaultOpenFiles.
	MaxOpenFiles int

	opened  bool // the table has been filled
	table   []descriptor
	small   [8]descriptor
	input   ContextReader
	inputOf io.Reader // the Stdin that input reads
	scratch []byte
	watch   watch
}

type stateKey struct{}

// With returns a context that carries a run's state to the functions. A State keeps its descriptors when it is passed again, as a
// session does with every turn; every exported field but FS may be set anew before, when no guest runs. What a Stdin of
// the last turn was asked for too much is not given to another one.
func With(ctx context.Context, s *State) context.Context {
	if s.Clock == nil {
		s.Clock = NewRealClock()
	}
	if s.Random == nil {
		s.Random = rand.Reader
	}
	if s.MaxOpenFiles <= 0 {
		s.MaxOpenFiles = DefaultOpenFiles
	}
	if s.input != nil && !sameReader(s.Stdin, s.inputOf) {
		s.input, s.inputOf = nil, nil
	}
	if !s.opened {
		s.opened = true
		s.table = s.small[:3]
		for i := range s.table {
			s.table[i].kind = stdinKind + descriptorKind(i)
		}
		if s.FS != nil {
			s.table = s.small[:4]
			s.table[3] = descriptor{kind: fileKind, preopen: true, file: s.FS.OpenRoot()}
		}
	}
	return context.WithValue(ctx, stateKey{}, s)
}

// call is one call of one function: its arguments, and what belongs to the run.
type call struct {
	ctx context.Context
	s   *State
	mem []byte
	arg []uint64
}

// Funcs returns the functions of the module.
func Funcs() []hostfuncs.Func {
	return []hostfuncs.Func{
		function("args_get", "ii", argsGet),
		function("args_sizes_get", "ii", argsSizesGet),
		function("environ_get", "ii", environGet),
		function("environ_sizes_get", "ii", environSizesGet),
		function("clock_res_get", "ii", clockResGet),
		function("clock_time_get", "iIi", clockTimeGet),
		function("fd_advise", "iIIi", fdAdvise),
		function("fd_allocate", "iII", fdAllocate),
		function("fd_close", "i", fdClose),
		function("fd_datasync", "i", fdSync),
		function("fd_fdstat_get", "ii", fdFdstatGet),
		function("fd_fdstat_set_flags", "ii", fdFdstatSetFlags),
		function("fd_fdstat_set_rights", "iII", fdFdstatSetRights),
		function("fd_filestat_get", "ii", fdFilestatGet),
		function("fd_filestat_set_size", "iI", fdFilestatSetSize),
		function("fd_filestat_set_times", "iIIi", fdFilestatSetTimes),
		function("fd_pread", "iiiIi", fdPread),
		function("fd_prestat_get", "ii", fdPrestatGet),
		function("fd_prestat_dir_name", "iii", fdPrestatDirName),
		function("fd_pwrite", "iiiIi", fdPwrite),
		function("fd_read", "iiii", fdRead),
		function("fd_readdir", "iiiIi", fdReaddir),
		function("fd_renumber", "ii", fdRenumber),
		function("fd_seek", "iIii", fdSeek),
		function("fd_sync", "i", fdSync),
		function("fd_tell", "ii", fdTell),
		function("fd_write", "iiii", fdWrite),
		function("path_create_directory", "iii", pathCreateDirectory),
		function("path_filestat_get", "iiiii", pathFilestatGet),
		function("path_filestat_set_times", "iiiiIIi", pathFilestatSetTimes),
		function("path_link", "iiiiiii", pathLink),
		function("path_open", "iiiiiIIii", pathOpen),
		function("path_readlink", "iiiiii", pathReadlink),
		function("path_remove_directory", "iii", pathRemoveDirectory),
		function("path_rename", "iiiiii", pathRename),
		function("path_symlink", "iiiii", pathSymlink),
		function("path_unlink_file", "iii", pathUnlinkFile),
		function("poll_oneoff", "iiii", pollOneoff),
		{Module: Module, Name: "proc_exit", Params: []hostfuncs.ValueType{hostfuncs.I32}, Call: procExit},
		function("proc_raise", "i", procRaise),
		function("random_get", "ii", randomGet),
		function("sched_yield", "", schedYield),
		function("sock_accept", "iii", noSocket),
		function("sock_recv", "iiiiii", noSocket),
		function("sock_send", "iiiii", noSocket),
		function("sock_shutdown", "ii", noSocket),
	}
}

// function wraps a function that returns an error number. In params, i is an i32 and I an i64.
func function(name, params string, do func(call) vfs.Errno) hostfuncs.Func {
	f := hostfuncs.Func{Module: Module, Name: name, Results: []hostfuncs.ValueType{hostfuncs.I32}}
	for _, p := range params {
		if p == 'I' {
			f.Params = append(f.Params, hostfuncs.I64)
		} else {
			f.Params = append(f.Params, hostfuncs.I32)
		}
	}
	f.Call = func(ctx context.Context, memory []byte, stack []uint64) {
		s := stateOf(ctx)
		s.charge(callFuel)
		c := call{ctx, s, memory, stack}
		if s.Tap != nil {
			stack[0] = uint64(s.tapped(&f, do, c))
			return
		}
		e := do(c)
		s.chargeEffort()
		stack[0] = uint64(e)
	}
	return f
}

// chargeEffort charges for what the filesystem did.
func (s *State) chargeEffort() {
	if s.FS != nil {
		if steps := s.FS.Effort(); steps > 0 {
			s.charge(steps * effortFuel)
		}
	}
}

func stateOf(ctx context.Context) *State {
	s, _ := ctx.Value(stateKey{}).(*State)
	if s == nil {
		panic(&hostfuncs.Stop{Kind: hostfuncs.KindInternal, Detail: "a WASI function was called without wasi.With"})
	}
	return s
}

func (s *State) charge(fuel int64) {
	if s.watch.on {
		s.watch.fuel += fuel
	}
	if s.Charge != nil {
		s.Charge(fuel)
	}
}

// chargeBytes charges for bytes that are about to be, or were, copied.
func (s *State) chargeBytes(n int) { s.charge(int64(n / bytesPerFuel)) }

// stopFor is how a run ends whose context has ended, or whose clock refused to sleep with err.
func stopFor(ctx context.Context, err error) *hostfuncs.Stop {
	cause := context.Cause(ctx)
	var stop *hostfuncs.Stop
	switch {
	case errors.As(cause, &stop), errors.As(err, &stop):
		return stop
	case errors.Is(cause, context.DeadlineExceeded):
		return &hostfuncs.Stop{Kind: hostfuncs.KindDeadline}
	}
	return &hostfuncs.Stop{Kind: hostfuncs.KindCancelled}
}
