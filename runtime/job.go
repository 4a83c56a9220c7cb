package runtime

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"wand/compiler"
	"wand/compiler/meter"
	"wand/hostfuncs"
	"wand/hostfuncs/builtin"
	"wand/hostfuncs/vfs"
	"wand/hostfuncs/wasi"
	"wand/policies"
	"wand/runtime/engine"
)

// job is one run from its inputs to its report.
type job struct {
	rt        *Runtime
	program   *program
	module    *compiler.Module
	options   Options
	op        string
	authority *authority
	kit       *builtin.Run
	clockName string
	random    io.Reader
	fixedSeed bool  // the same program gets the same random numbers again
	reads     reads // of clock and randomness
	started   time.Time
	startup   time.Duration
	watch     stopwatch

	run  run
	fs   *vfs.FS
	mark vfs.Mark

	packages []*vfs.Tree
	written  []vfs.Written // in mounts
	unsaved  []Warning     // what could not be written there
	over     bool          // the program has ended
	stack    []Frame       // where the program was when a limit stopped it
	profile  *profiler
	coverage *Coverage
}

func (j *job) do(ctx context.Context) (*Report, error) {
	r := &j.run
	deadline := &hostfuncs.Stop{Kind: hostfuncs.KindDeadline, Limit: int64(r.limits.Deadline), Used: int64(r.limits.Deadline)}
	until := j.started.Add(r.limits.Deadline)
	if r.tape.replaying() {
		until = j.started.Add(maxReplay) // it is told where the deadline was
	}
	ctx, cancel := context.WithDeadlineCause(ctx, until, deadline)
	defer cancel()
	r.ctx = ctx

	keep := j.options.KeepOutput
	if keep <= 0 {
		keep = defaultKeepOutput
	}
	r.out = newOutput(r.limits.Output, keep, j.options.SpillDir, j.options.Stdout, j.options.Stderr, r.hold)
	defer r.out.stdout.close()
	defer r.out.stderr.close()
	ended := r.settled(j.guarded(ctx))
	j.over = true
	cancel()
	r.gate.Close()
	defer j.watch.lap(PhaseReport)
	if r.tape == nil {
		return j.report(ended)
	}
	ended = r.tape.finish(ended)
	rep, err := j.report(ended)
	if problem := r.tape.close(rep, ended); problem != nil && err == nil {
		rep.unrecorded()
		err = problem
	}
	return rep, err
}

// settled makes the fuel limit exact: a program that ended by itself, after its last check, with more charged than there was, has exhausted its
// fuel all the same.
func (r *run) settled(err error) error {
	if used := r.charged + r.lent.fuel.Load(); byItself(err) && used > r.limits.Fuel {
		return &hostfuncs.Stop{Kind: hostfuncs.KindFuel, Used: used, Limit: r.limits.Fuel}
	}
	return err
}

// byItself says whether a guest ended on its own: it returned, exited or trapped.
func byItself(err error) bool {
	var stop *hostfuncs.Stop
	var trap *engine.Trap
	return err == nil || errors.As(err, &trap) || errors.As(err, &stop) && stop.Kind == hostfuncs.KindExit
}

// guarded runs the guest and returns how it ended; what a limit says before the guest even started comes the same way.
func (j *job) guarded(ctx context.Context) (err error) {
	defer func() {
		switch v := recover().(type) {
		case nil:
		case *hostfuncs.Stop:
			err = v
		case *engine.Trap:
			err = v
		default:
			panic(v)
		}
	}()
	state, err := j.prepareFiles()
	if err != nil {
		return err
	}
	j.watch.lap(PhaseFiles)
	t := j.options.turn
	if t == nil {
		defer j.fs.Close()
	}
	r := &j.run
	instance, err := j.instance(ctx)
	if err != nil {
		return err
	}
	inOrder := false
	defer func() {
		if r.charged == 0 {
			r.charged = r.used()
		}
		if t != nil && inOrder {
			t.left = instance
			return
		}
		j.program.done(ctx, instance, r, inOrder)
		j.watch.lap(PhaseReset)
	}()
	j.watch.lap(PhaseFork)
	j.startup = time.Since(j.started)
	guest := wasi.With(&runContext{Context: ctx, run: r}, state)
	if j.module.Guest == "" {
		err = j.runCommand(guest, instance)
	} else {
		r.profile = newProfiler(instance, r.limits.Fuel)
		if j.op == "run" {
			r.trace = newTracer(j.module, &j.options)
		}
		err = j.runGuest(guest, instance)
		j.profile, r.profile = r.profile, nil
		if j.options.Coverage && j.op == "run" {
			j.coverage = r.cover.take(instance.Memory(), j.module)
		}
		if err != nil {
			r.tape.guestEnded()
			j.where(guest, instance, err)
		}
	}
	r.tape.guestEnded()
	inOrder = err == nil && j.module.Guest != ""
	if f := j.options.freeze; f != nil && inOrder {
		err = f(instance, state)
	}
	j.settleMounts(byItself(err))
	j.watch.lap(PhaseGuest)
	return err
}

func (j *job) instance(ctx context.Context) (engine.Instance, error) {
	if t := j.options.turn; t != nil {
		return t.instance(ctx, j.program, &j.run)
	}
	return j.program.instance(ctx, &j.run)
}

// charge is what the filesystem tells of the memory that it takes. When the run is over nobody has to pay any more.
func (j *job) charge(delta int64) {
	if !j.over {
		j.run.hold(delta)
	}
}

// settleMounts puts files of mounts in place that the program left open, unless it was stopped, and notes what it wrote there.
func (j *job) settleMounts(commit bool) {
	if len(j.authority.engine.Policy().Files) == 0 {
		return
	}
	if commit {
		if err := j.fs.Commit(); err != nil {
			for line := range strings.SplitSeq(err.Error(), "\n") {
				j.unsaved = append(j.unsaved, Warning{Message: line})
			}
		}
	}
	j.written = j.fs.Written(j.run.limits.Storage)
}

// where asks a guest that a limit stopped for the program's frames. What it answers is the guest's word, as all of a report's positions are.
func (j *job) where(ctx context.Context, instance engine.Instance, err error) {
	const fuel = 20_000_000
	r := &j.run
	var stop *hostfuncs.Stop
	if !errors.As(err, &stop) || stop.Kind == hostfuncs.KindExit || stop.Kind == hostfuncs.KindInternal || !instance.HasFunction("wand_where") {
		return
	}
	charged, limits, calls, output := r.used(), r.limits, r.callCount.Load(), r.out.limit
	defer func() {
		// The question is ours: the program does not pay for it.
		r.limits, r.out.limit = limits, output
		r.callCount.Store(calls)
		r.granted.Store(charged)
		r.fuel = nil
	}()
	r.charged = charged
	r.granted.Store(0)
	r.fuel.Set(0)
	r.limits.Fuel = fuel + r.lent.fuel.Load()
	// A guest that is no longer itself may do more than answer: calls and output are over for this run.
	r.limits.HostCalls, r.out.limit = 0, r.out.used
	r.ctx = context.WithoutCancel(ctx)
	if depth := instance.Global(meter.GlobalDepth); depth != nil {
		depth.Set(0)
	}
	stack := []uint64{0}
	if instance.Call(ctx, "wand_where", stack) != nil || uint32(stack[0]) == 0 {
		return
	}
	memory := instance.Memory()
	if uint64(uint32(stack[0])) >= uint64(len(memory)) {
		return
	}
	text := memory[uint32(stack[0]):]
	text = text[:min(len(text), 32<<10)]
	if end := bytes.IndexByte(text, 0); end >= 0 {
		json.Unmarshal(text[:end], &j.stack)
	}
}

func (j *job) prepareFiles() (*wasi.State, error) {
	r, o := &j.run, &j.options
	if err := o.check(); err != nil {
		return nil, err
	}
	if r.tape != nil {
		r.hold(recordingMemory)
	}
	state, err := j.files()
	if err != nil {
		return nil, err
	}
	j.fs = state.FS
	if err := j.mount(); err != nil {
		return nil, err
	}
	j.mark = j.fs.Mark()
	env := make([]string, 0, len(o.Env))
	for k, v := range o.Env {
		env = append(env, k+"="+v)
	}
	slices.Sort(env)
	state.Args, state.Env = append([]string{j.module.Name}, o.Args...), env
	state.Stdin, state.Stdout, state.Stderr = o.Stdin, &r.out.stdout, &r.out.stderr
	state.Clock, state.Random, state.Charge = o.Clock, j.random, r.burn
	if r.tape != nil {
		r.tape.connect(state)
	}
	state.Clock, state.Random = countedClock{state.Clock, &j.reads}, countedRandom{state.Random, &j.reads}
	return state, nil
}

// mount shows what the policy grants of the host, or where it was in a run that is repeated.
func (j *job) mount() error {
	r := &j.run
	if r.tape != nil {
		if there, err := r.tape.mount(); there || err != nil {
			return err
		}
	}
	ctx := r.ctx
	permit := func(q policies.Request) error { return r.gate.Permit(ctx, q) }
	if r.tape != nil {
		permit = r.tape.permit(permit)
	}
	if err := j.kit.Mount(j.fs, permit); err != nil || r.tape == nil {
		return badPlace(err)
	}
	return r.tape.open()
}

// files makes the filesystem that the program finds: its library, the packages and the input files; in a session what the turns before have left.
func (j *job) files() (*wasi.State, error) {
	r, o := &j.run, &j.options
	config := vfs.Options{MaxBytes: r.limits.Storage, Charge: j.charge, Now: o.Clock.Now}
	if r.tape != nil {
		config.Now = r.tape.clock.Now
	}
	if t := o.turn; t != nil {
		t.job = j
		if t.later() {
			state, err := t.base.host.Clone(config)
			if t.host = state; err != nil {
				return nil, err
			}
			return state, putFiles(state.FS, o.Files)
		}
	}
	files := vfs.New(config)
	state := &wasi.State{FS: files}
	if o.turn != nil {
		o.turn.host = state
	}
	if err := j.program.mount(files); err != nil {
		return nil, err
	}
	for i, tree := range j.packages {
		if err := files.MountTree(packagePath(len(j.program.packages)+i), tree); err != nil {
			return nil, fmt.Errorf("package %s: %w", o.Packages[i].Name, err)
		}
	}
	return state, putFiles(files, o.Files)
}

// putFiles makes the input files. One at a place where none can be (a folder, below the library) is ErrBadOption.
func putFiles(to *vfs.FS, files []File) error {
	put := func(name string, data []byte) error {
		if err := to.MkdirAll(path.Dir(name)); err != nil {
			return err
		}
		return to.WriteFile(name, data)
	}
	for _, f := range files {
		name := f.Path
		if !path.IsAbs(name) {
			name = path.Join(workDir, name)
		}
		if err := badPlace(put(name, f.Data)); err != nil {
			return fmt.Errorf("file %s: %w", f.Path, err)
		}
	}
	return nil
}

// badPlace marks an error of the filesystem that is the caller's mistake: something is there already, or nothing can be.
func badPlace(err error) error {
	if impossible := vfs.Errno(0); errors.As(err, &impossible) {
		return fmt.Errorf("%w: %w", ErrBadOption, err)
	}
	return err
}

// check refuses what a program could not be given as it is: a C string ends at NUL, a variable's name at the first =.
func (o *Options) check() error {
	for _, a := range o.Args {
		if strings.IndexByte(a, 0) >= 0 {
			return fmt.Errorf("%w: argument %q has a NUL in it", ErrBadOption, a)
		}
	}
	for k, v := range o.Env {
		if k == "" || strings.ContainsAny(k, "=\x00") || strings.IndexByte(v, 0) >= 0 {
			return fmt.Errorf("%w: environment variable %q is empty, or has a NUL or = where there can be none", ErrBadOption, k)
		}
	}
	return nil
}

func packagePath(i int) string { return fmt.Sprintf("/packages/%d", i) }

// request is what the guest is asked (modules/ABI.md).
type request struct {
	Op          string            `json:"op"`
	Language    compiler.Language `json:"language"`
	Source      string            `json:"source"`
	Filename    string            `json:"filename"`
	Argv        []string          `json:"argv"`
	Input       json.RawMessage   `json:"input,omitempty"`
	Path        []string          `json:"path"`
	Paths       []string          `json:"paths,omitempty"`
	Imports     []string          `json:"imports,omitempty"`
	Include     []string          `json:"include,omitempty"`
	Sources     *bool             `json:"sources,omitempty"`
	Translation *translation      `json:"translation,omitempty"`
	Seed        string            `json:"seed,omitempty"`
	Traceback   string            `json:"traceback,omitempty"`
	ResultBytes int64             `json:"result_bytes"`
	Session     bool              `json:"session,omitempty"`
	Trace       bool              `json:"trace,omitempty"`
	Coverage    bool              `json:"coverage,omitempty"`
	Strict      bool              `json:"strict,omitempty"`
}

func (j *job) runGuest(ctx context.Context, instance engine.Instance) error {
	o := &j.options
	q := request{
		Op: j.op, Language: compiler.Language(j.module.Guest), Source: j.module.Program, Filename: j.module.Name,
		Argv: append([]string{j.module.Name}, o.Args...), Input: o.Input, Path: []string{},
		Seed: hex.EncodeToString(o.Seed[:]), ResultBytes: resultBytes(j.run.limits), Session: o.turn != nil, Strict: o.Strict,
		Trace: j.run.trace != nil, Coverage: o.Coverage && j.op == "run",
	}
	if o.turn.later() {
		q.Seed = ""
	}
	for i := range o.Packages {
		q.Path = append(q.Path, packagePath(len(j.program.packages)+i))
	}
	switch j.op {
	case "bytecode":
		q.Paths = []string{workDir}
	case "bake":
		q.Imports, q.Source = strings.Fields(q.Source), ""
	case "build":
		q.Include, q.Sources, q.Translation = o.build.include, &o.build.sources, o.build.translation
	}
	if j.translated() {
		q.Traceback = "none"
	}
	text, err := json.Marshal(q)
	if err != nil {
		return fmt.Errorf("%w: the input is not JSON: %w", ErrBadOption, err)
	}
	stack := []uint64{uint64(len(text))}
	if err := instance.Call(ctx, "wand_alloc", stack); err != nil {
		return err
	}
	at := uint32(stack[0])
	if at == 0 {
		r := &j.run
		return &hostfuncs.Stop{Kind: hostfuncs.KindMemory, Used: r.linear.Load() + int64(len(text)), Limit: r.limits.Memory, Detail: "loading the program"}
	}
	copy(view(instance.Memory(), at, uint32(len(text))), text)
	j.watch.lap(PhaseRequest)
	stack = []uint64{uint64(at), uint64(len(text))}
	if err := instance.Call(ctx, "wand_run", stack); err != nil {
		return err
	}
	if int32(stack[0]) != 0 {
		return &hostfuncs.Stop{Kind: hostfuncs.KindInternal, Detail: fmt.Sprintf("the interpreter failed with code %d", int32(stack[0]))}
	}
	return nil
}

// runCommand runs a module of its own: a WASI command, or a reactor that has main work in no exported function.
func (j *job) runCommand(ctx context.Context, instance engine.Instance) error {
	if j.program.start != "" {
		if err := instance.Call(ctx, j.program.start, nil); err != nil {
			return err
		}
	}
	for _, name := range []string{"_initialize", "_start"} {
		if instance.HasFunction(name) {
			if err := instance.Call(ctx, name, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// report collects what happened. The error is the sandbox's own.
func (j *job) report(ended error) (*Report, error) {
	r := &j.run
	rep := &Report{
		Schema: ReportSchema, ID: newID(), Usage: usage(r.limits),
		Module: ModuleInfo{Language: string(j.module.Language), Digest: j.module.Digest, Guest: j.program.label, Toolchain: j.module.Toolchain, Engine: j.rt.config.Engine.Name()},
		Replay: Replay{Seed: hex.EncodeToString(j.options.Seed[:]), Clock: j.clockName}, Policy: j.authority.info,
	}
	err := rep.settle(j.module, ended, r.response)
	rep.answered(j.module, r.response)
	rep.stoppedAt(j.module, j.stack)
	rep.place(j.module, ended)
	rep.takeProfile(j.module, j.profile, ended)
	if j.op == "run" { // Check answers in positions of what was checked; the compiler maps those
		rep.mapPositions(j.module)
	}
	if j.translated() {
		j.writeTraceback(rep)
	}
	rep.Coverage, rep.Trace = j.coverage, r.trace.end(rep.Status)
	rep.takeCalls(r.gate)
	rep.refusedImport(j)
	rep.scienceElsewhere(j)
	if j.options.child == nil { // what a child logs is in its parent's report
		rep.Log, rep.LogDropped = j.kit.Log.Entries(), j.kit.Log.Dropped()
	}
	rep.Warnings = append(rep.Warnings, j.unsaved...)
	for _, w := range j.written {
		rep.Written = append(rep.Written, MountedFile(w))
	}
	rep.takeOutput(r.out)
	rep.complaint(j.module)
	if j.fs != nil {
		rep.Usage.Storage = j.fs.Usage().PeakStorageBytes
		rep.takeFiles(j.fs, j.mark)
	}
	u := &rep.Usage
	u.Fuel.Used, u.Memory.PeakBytes, u.HostCalls.Used, u.StartupUS = r.charged+r.lent.fuel.Load(), r.peak.Load(), r.callCount.Load()+r.lent.calls.Load(), j.startup.Microseconds()
	u.WallMS = milliseconds(time.Since(j.started))
	if j.op == "run" {
		j.warn(rep)
		rep.advise(j.module)
	}
	return rep, err
}

// translated says whether the program that ran is not the text that the model wrote, so that positions have to be mapped back.
func (j *job) translated() bool { return j.module.SourceMap != nil && j.op == "run" }

// writeTraceback writes what the guest of a translated program leaves to the host: the traceback, in positions of the source.
func (j *job) writeTraceback(rep *Report) {
	if rep.Status != Failed && rep.Status != Invalid || rep.Error.Kind == KindExit || rep.Error.Kind == KindTrap {
		return
	}
	defer func() {
		// The output limit may be reached just here; the run ended for another reason, and the report says what that is.
		if _, ok := recover().(*hostfuncs.Stop); ok {
			return
		}
	}()
	io.WriteString(&j.run.out.stderr, traceback(rep.Error))
}

func (r *Report) takeOutput(o *output) {
	var t Truncated
	r.Stdout, t.StdoutBytes = o.stdout.text()
	r.Stderr, t.StderrBytes = o.stderr.text()
	t.StdoutPath, t.StderrPath = o.stdout.path, o.stderr.path
	if err := errors.Join(o.stdout.err, o.stderr.err); err != nil {
		t.Lost = err.Error()
	}
	if t != (Truncated{}) {
		r.Truncated = &t
	}
	r.Usage.OutputBytes = o.used
}

// maxFileChanges is how many files a report lists: a flood of files is one finding, not a hundred thousand.
const maxFileChanges = 1000

func (r *Report) takeFiles(f *vfs.FS, since vfs.Mark) {
	// All files together are no larger than the storage limit, but a file can have many names: a thousand links to one of 64 MiB would
	// take a minute to hash.
	room := r.Usage.StorageCap
	for e := range f.Changed(since) {
		if e.Kind != vfs.KindFile {
			continue
		}
		if len(r.Files) == maxFileChanges || e.Size > room {
			r.FilesOmitted++
			continue
		}
		room -= e.Size
		sum := sha256.New()
		e.WriteTo(sum)
		r.Files = append(r.Files, FileChange{Path: e.Path, Size: e.Size, SHA256: hex.EncodeToString(sum.Sum(nil)), entry: e})
	}
}

// refused reports a module that the sandbox does not run.
func (j *job) refused(limits Limits, why error) *Report {
	return &Report{
		Schema: ReportSchema, ID: newID(), Status: Invalid,
		Error:  &Error{Kind: KindUnsupported, Message: why.Error(), Hint: unsupportedHint},
		Usage:  usage(limits),
		Module: ModuleInfo{Language: string(j.module.Language), Digest: j.module.Digest, Toolchain: j.module.Toolchain, Engine: j.rt.config.Engine.Name()},
		Replay: Replay{Seed: hex.EncodeToString(j.options.Seed[:]), Clock: j.clockName}, Policy: j.authority.info,
	}
}

// usage is nothing used, beside the limits.
func usage(l Limits) Usage {
	return Usage{
		Fuel: FuelUsage{Limit: l.Fuel}, Memory: MemoryUsage{LimitBytes: l.Memory}, HostCalls: CountUsage{Limit: l.HostCalls},
		OutputLimit: l.Output, StorageCap: l.Storage, DeadlineMS: milliseconds(l.Deadline),
	}
}

func newID() string {
	id := make([]byte, 12)
	rand.Read(id)
	return "run_" + hex.EncodeToString(id)
}
