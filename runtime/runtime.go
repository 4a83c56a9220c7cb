// Package runtime runs programs that a language model wrote. A Runtime holds the engine and the interpreters, started once and
// frozen; each Run forks one, gives it a program and an empty filesystem, meters it, and returns a Report of what happened.
//
//	rt, err := runtime.New(ctx, runtime.Config{})
//	module, diagnostics, err := rt.Compile(ctx, compiler.Source{Text: code})
//	report, err := rt.Run(ctx, module, runtime.Options{})
//	fmt.Print(report.Feedback(0))
//
// A Go error means that the sandbox failed; whatever the program did is in the Report. The package shadows the standard library's
// runtime on purpose (it is what embedders import); import that one as goruntime.
package runtime

import (
	"cmp"
	"container/list"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"wand/compiler"
	"wand/compiler/toolchain"
	"wand/hostfuncs"
	"wand/hostfuncs/wasi"
	"wand/modules"
	"wand/policies"
	"wand/runtime/engine"
	"wand/runtime/engine/wazero"
)

// ErrClosed is returned by calls on a Runtime after Close.
var ErrClosed = errors.New("the runtime is closed")

// ErrBadOption says that a field of Options has a value that no program can be given; the message says which.
var ErrBadOption = errors.New("unusable option")

// Config configures a Runtime. The zero value is what most want.
type Config struct {
	// Engine runs the modules. Default: wazero's compiler. The Runtime closes it.
	Engine engine.Engine
	// Limits for runs that say nothing themselves. Fields that are zero: DefaultLimits.
	Limits Limits
	// CacheDir is a private folder for prepared guests and native code. Default: "prepared" below modules.CacheDir. NoCache: nothing is
	// kept between processes, so that every process prepares its guests anew (seconds).
	CacheDir string
	NoCache  bool
	// Guest opens an interpreter by name. Default: modules.Find.
	Guest func(name string) (*modules.Guest, error)
	// Toolchains compile the languages that become modules of their own: Go, C, C++, Rust, AssemblyScript, WebAssembly text. Default: the compilers that
	// are found on this machine, each in a jail.
	Toolchains compiler.Builder
	// Progress hears of work that takes long, such as preparing a guest for the first time. Default: nobody does.
	Progress func(message string)
	// Overlays are an organisation's policies: what they forbid and the limits they set hold for every run, whatever its own policy says.
	Overlays []*policies.Overlay
	// Packages is where runs find the packages that their policies list. Default: none, and a run under such a policy is an error.
	Packages PackageStore
	// Problem hears of what goes wrong beside the runs and is the owner's to know, such as an MCP server that ended. It must not block. Default: nobody
	// does.
	Problem func(error)
	// LookupEnv finds the host's environment variables that policies name. Default: os.LookupEnv.
	LookupEnv func(name string) (value string, ok bool)
	// SnapshotKey authenticates the snapshots of sessions, 16 bytes or more. A machine that is to restore what another one wrote needs the same one.
	// Default: a key of the user's cache.
	SnapshotKey []byte
	// CompileLimits bound the process that compiles a module which somebody brought (one that is small is compiled in this one). Fields that are zero:
	// DefaultCompileLimits.
	CompileLimits CompileLimits
	// CompileInProcess compiles every module in this process, where no other can be started: its time and memory then have no bound but the estimate
	// that refuses a module beforehand. Default: a module that cannot be compiled in a process of its own does not run.
	CompileInProcess bool
	// FuelSlice is how much fuel a program burns between two looks at its deadline. It changes no result. Default 1,000,000.
	FuelSlice int64
}

// Runtime runs programs. It is safe for concurrent use.
type Runtime struct {
	config Config
	vault  *vault
	// CacheError is why nothing is kept between processes although it should be; nil when all is well.
	cacheError error
	hasScience func() bool // whether the science guest is built

	mu          sync.Mutex
	closed      bool
	guests      map[string]*guestSlot
	baked       map[string]*guestSlot   // by name
	retired     []*guestSlot            // baked guests that were replaced or removed
	packages    map[string]*packageTree // by digest
	authorities map[*policies.Policy]*authoritySlot
	joined      map[[2]*hostfuncs.Registry]*hostfuncs.Registry
	liveAt      map[*Session]*list.Element // sessions that have an instance, in the order in which they took a turn
	liveOrder   *list.List
	used        int64      // grows with every use of a package
	compilers   turn       // as many as may compile apart at a time
	compiled    *compiling // the last one, for tests
	// compilesOpenly: modules are compiled in a process without a jail, because it cannot begin in one here.
	compilesOpenly atomic.Bool
	active         sync.WaitGroup
	base           context.Context
	shutdown       context.CancelCauseFunc
}

// guestSlot makes sure that a guest is prepared once, by whoever comes first. Who waits for it stops waiting when its own context ends, and
// tries for itself when the one who came first was cancelled.
type guestSlot struct {
	turn  turn
	ready *program
}

// turn is a lock that a context can stop waiting for.
type turn chan struct{}

func newTurn() turn { return make(turn, 1) }

func (t turn) take(ctx context.Context) error {
	select {
	case t <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (t turn) give() { <-t }

// New returns a Runtime. Guests are prepared when they are first needed; Prepare does it ahead of time.
func New(ctx context.Context, c Config) (*Runtime, error) {
	if err := c.Limits.check(); err != nil {
		return nil, err
	}
	c.Limits = c.Limits.or(DefaultLimits())
	if err := c.CompileLimits.check(); err != nil {
		return nil, err
	}
	c.CompileLimits = c.CompileLimits.or(DefaultCompileLimits())
	if c.Engine == nil {
		c.Engine = wazero.New()
	}
	if c.Guest == nil {
		c.Guest = modules.Find
	}
	if c.Progress == nil {
		c.Progress = func(string) {}
	}
	if c.LookupEnv == nil {
		c.LookupEnv = os.LookupEnv
	}
	if c.FuelSlice <= 0 {
		c.FuelSlice = defaultSlice
	}
	if c.Toolchains == nil {
		c.Toolchains = toolchain.New(toolchain.Options{Cache: cacheRoot(c), NoCache: c.NoCache, Progress: c.Progress})
	}
	rt := &Runtime{config: c, guests: map[string]*guestSlot{}, baked: map[string]*guestSlot{}, packages: map[string]*packageTree{},
		authorities: map[*policies.Policy]*authoritySlot{}, joined: map[[2]*hostfuncs.Registry]*hostfuncs.Registry{},
		liveAt: map[*Session]*list.Element{}, liveOrder: list.New(), compilers: make(turn, 2)}
	rt.hasScience = sync.OnceValue(func() bool {
		_, err := c.Guest(ScienceGuest)
		return err == nil
	})
	rt.base, rt.shutdown = context.WithCancelCause(context.WithoutCancel(ctx))
	if !c.NoCache {
		rt.vault, rt.cacheError = openCache(c.CacheDir)
	}
	return rt, nil
}

// cacheRoot is the folder of everything that wand keeps for this user; empty when there is none.
func cacheRoot(c Config) string {
	if c.CacheDir != "" {
		return filepath.Dir(c.CacheDir)
	}
	dir, err := modules.CacheDir()
	if err != nil {
		return ""
	}
	return dir
}

func openCache(dir string) (*vault, error) {
	if dir == "" {
		base, err := modules.CacheDir()
		if err != nil {
			return nil, err
		}
		dir = filepath.Join(base, "prepared")
	}
	return openVault(dir)
}

// CacheError says why the cache is not used although it should be, or nil. Everything works without it, only each process starts slower.
func (rt *Runtime) CacheError() error {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	return rt.cacheError
}

func (rt *Runtime) noteCacheError(err error) {
	if err != nil {
		rt.mu.Lock()
		rt.cacheError = err
		rt.mu.Unlock()
	}
}

// Close waits for the runs that are under way, or cancels them when ctx is done, and frees everything.
func (rt *Runtime) Close(ctx context.Context) error {
	rt.mu.Lock()
	if rt.closed {
		rt.mu.Unlock()
		return nil
	}
	rt.closed = true
	rt.mu.Unlock()
	done := make(chan struct{})
	go func() {
		rt.active.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
		rt.shutdown(&hostfuncs.Stop{Kind: hostfuncs.KindCancelled, Detail: "the runtime was closed"})
		<-done
	}
	rt.shutdown(nil)
	rt.mu.Lock()
	sessions := slices.Collect(maps.Keys(rt.liveAt))
	rt.mu.Unlock()
	for _, s := range sessions {
		s.Close()
	}
	var errs []error
	for _, slot := range rt.authorities {
		if slot.ready != nil {
			errs = append(errs, slot.ready.kit.Close())
		}
	}
	for _, slot := range slices.Concat(rt.retired, slices.Collect(maps.Values(rt.baked)), slices.Collect(maps.Values(rt.guests))) { // who borrows code comes first
		if slot.ready != nil {
			errs = append(errs, slot.ready.close(ctx))
		}
	}
	return errors.Join(append(errs, rt.config.Engine.Close(ctx))...)
}

// enter registers a use of the runtime; leave ends it.
func (rt *Runtime) enter() error {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	if rt.closed {
		return ErrClosed
	}
	rt.active.Add(1)
	return nil
}

func (rt *Runtime) leave() { rt.active.Done() }

// until is ctx, ending also when the runtime is closed in haste.
func (rt *Runtime) until(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(rt.base, func() { cancel(context.Cause(rt.base)) })
	return ctx, func() { stop(); cancel(nil) }
}

// Options are the inputs of one run, beside the program. The zero value runs it with nothing.
type Options struct {
	// Limits of this run; fields that are zero take the Runtime's.
	Limits Limits
	// Guest is what the run forks: the name of a baked guest (Runtime.Bake), ScienceGuest, or that of an interpreter as it is, such as "python". Default: the
	// interpreter of the program's language; of a Python program that imports numpy or pandas the science guest, where it is built.
	Guest string
	// Args are the program's arguments, its own name excluded.
	Args []string
	// Env is the program's whole environment. Nothing of the host's is passed on.
	Env map[string]string
	// Input is any JSON value; the program sees it as the global INPUT.
	Input json.RawMessage
	// Stdin is the program's standard input. Default: empty. Runs that share a reader which may block take one wasi.Input over it.
	Stdin io.Reader
	// Stdout and Stderr get the program's output as it is written, beside the report. Default: nobody does. A writer that blocks holds the
	// run up, beyond its deadline too. One that fails gets no more.
	Stdout, Stderr io.Writer
	// Files are put into the run's filesystem before it starts; relative names are below /work, the working directory.
	Files []File
	// Packages can be imported by a Python program.
	Packages []Package
	// Policy says what the program may reach, and bounds its limits further. It must not change once it was used. Default: nothing is granted.
	Policy *policies.Policy
	// Principal names the program or agent in requests to the policy. Default "run".
	Principal string
	// Tools are tools of the embedder's own, beside the built-in ones. Policy has to grant them as it has to grant those.
	Tools *hostfuncs.Registry
	// Approve is asked where the policy wants somebody to agree to a call. Default: such calls are refused.
	Approve hostfuncs.Approver
	// Record hears of every call when it has ended; an error of it ends the run. It is what an audit file hangs on.
	Record func(hostfuncs.Call) error
	// Observe hears of every decision of the policy, from which policies.Learn makes a policy.
	Observe func(policies.Request, policies.Decision)
	// DryRun does not call tools that would change something; the report says what they would have done.
	DryRun bool
	// Trace gets one line of JSON for each step of a Python or JavaScript program: lines, calls, returns, exceptions, and what has changed (see
	// TraceEvent). A traced program burns more fuel, and its limits hold for that too. A writer that fails gets no more. Default: nobody does.
	Trace io.Writer
	// TraceEvents bounds the trace; what comes after is counted. Default DefaultTraceEvents.
	TraceEvents int64
	// Coverage has the report say which lines of a Python or JavaScript program ran, and how often. It costs less than a trace.
	Coverage bool
	// Strict fails a program whose import fails. Without it an import that nothing uses and that comes first in the program is left out, with a
	// warning, when its module does not exist: models import out of habit.
	Strict bool
	// Clock is the program's time. Default: the real one.
	Clock wasi.Clock
	// Seed seeds the generators of the interpreter. Default: random.
	Seed *[32]byte
	// KeepOutput is how many bytes of each output stream the report holds. Default 64 KiB.
	KeepOutput int
	// SpillDir is where output goes that the report has no room for. Default: the system's folder for temporary files.
	SpillDir string

	// Recording gets a recording of the run, which Replay repeats. Default: nothing is recorded. Turns of sessions have one too; runs that a program
	// starts are part of its own.
	Recording io.Writer
	// RecordLimit is how large the events of a recording may be, in bytes before compression; reaching it ends the run. Default DefaultRecordLimit; most 512 MiB.
	RecordLimit int64
	// SuspendDir is a folder where the run keeps what it needs to go on in another process. A call that has to be approved when Approve returns
	// hostfuncs.ErrSuspend, or nobody is there to ask, and a tool that returns ErrSuspend, then end the run as suspended, with a token for Resume in the report;
	// and a run whose process was killed can be resumed too. Default: such calls are refused.
	SuspendDir string
	// SuspendNote is kept beside the state, for whoever lists what waits.
	SuspendNote json.RawMessage
	// SuspendHold is told the token of a run that has ended and is not suspended, whose state then stays: for a caller that has to keep the outcome somewhere
	// else first, and calls Forget then. Until that Resume repeats the run to its end, without making a call again. Default: the state goes when the run ends.
	SuspendHold func(token string)

	child  *child       // when a program started this one
	turn   *sessionTurn // of a session
	script *script      // to repeat
	state  *state       // of a run that goes on
	answer *answered    // to what it waited for
	// freeze, when not nil, gets the instance of a run that ended in order, before it is reset.
	freeze func(engine.Instance, *wasi.State) error
	build  *buildRequest // of the operation build
}

// File is an input file of a run.
type File struct {
	Path string // in the guest's filesystem
	Data []byte
}

const (
	workDir           = "/work"
	defaultKeepOutput = 64 << 10
)

// Compile turns source text into a module (see compiler.Compile) and has the guest check its syntax, or a toolchain of this machine compile it.
func (rt *Runtime) Compile(ctx context.Context, source compiler.Source) (*compiler.Module, []compiler.Diagnostic, error) {
	return (&compiler.Compiler{Checker: rt, Toolchains: rt.config.Toolchains}).Compile(ctx, source)
}

// Toolchains are Config.Toolchains, for a compiler.Compiler of one's own.
func (rt *Runtime) Toolchains() compiler.Builder { return rt.config.Toolchains }

// Check has the guest check the syntax of a program without running it. It implements compiler.Checker.
func (rt *Runtime) Check(ctx context.Context, m *compiler.Module) ([]compiler.Diagnostic, error) {
	if m.Guest == "" {
		return nil, nil // decoding has validated it
	}
	report, err := rt.execute(ctx, m, Options{}, "check")
	if err != nil {
		return nil, err
	}
	switch report.Status {
	case Cancelled:
		return nil, fmt.Errorf("the check was cancelled: %w", cmp.Or(context.Cause(ctx), ErrClosed))
	case Fault:
		return nil, fmt.Errorf("the check failed: %s", report.Error.Message)
	}
	var found []compiler.Diagnostic
	for _, w := range report.Warnings {
		found = append(found, compiler.Diagnostic{Severity: compiler.SeverityWarning, Message: w.Message, File: m.Name, Line: w.Line, LineText: compiler.LineText(m.Program, w.Line)})
	}
	if e := report.Error; e != nil {
		d := compiler.Diagnostic{Severity: compiler.SeverityError, Type: e.Type, Message: e.Message, File: m.Name, Hint: e.Hint}
		if l := e.Location; l != nil {
			d.Line, d.Column, d.LineText = l.Line, l.Column, l.LineText
			if l.EndLine == 0 || l.EndLine == l.Line {
				d.EndColumn = l.EndColumn
			}
		}
		found = append(found, d)
	}
	return found, nil
}

// Run runs a module to its end, or until a limit, the deadline or ctx stops it, and reports. The error is not nil only when the sandbox
// itself failed (a guest that is not built, no memory left on the host); the report then is nil or says fault.
func (rt *Runtime) Run(ctx context.Context, m *compiler.Module, o Options) (*Report, error) {
	return rt.execute(ctx, m, o, "run")
}

func (rt *Runtime) execute(ctx context.Context, m *compiler.Module, o Options, op string) (*Report, error) {
	if err := rt.enter(); err != nil {
		return nil, err
	}
	defer rt.leave()
	watch := startWatch(ctx)
	ctx, end := rt.until(ctx)
	defer end()
	limits := o.Limits
	if err := limits.check(); err != nil {
		return nil, err
	}
	limits = limits.or(rt.config.Limits)
	authority, done, err := rt.authority(ctx, o.Policy)
	if err != nil {
		return nil, err
	}
	defer done()
	limits = authority.bound(limits)
	if op == "run" && o.turn == nil && o.script == nil && o.child.lets(policies.ActionPackage) {
		granted, err := rt.grantedPackages(ctx, authority, m.Guest, o.Principal, o.Observe)
		if err != nil {
			return nil, err
		}
		o.Packages = withPackages(o.Packages, granted)
	}
	if o.Guest == "" && op == "run" && o.turn == nil && o.script == nil { // what is repeated has the guest that it had
		o.Guest = rt.pick(m)
	}
	j := &job{rt: rt, module: m, options: o, op: op, authority: authority}
	j.settings()
	for _, p := range o.Packages {
		if m.Guest != "python" {
			return nil, fmt.Errorf("%w %s: packages are Python's, this program is %s", ErrBadPackage, p.Name, m.Language)
		}
		tree, err := rt.packageTree(ctx, m.Guest, p)
		if err != nil {
			return nil, err
		}
		j.packages = append(j.packages, tree)
	}
	p, release, err := rt.fork(ctx, m, o.Guest)
	if errors.Is(err, ErrUnsupported) && m.Guest == "" {
		return j.refused(limits, err), nil
	}
	if err != nil {
		return nil, err
	}
	defer release()
	j.program, j.started = p, time.Now()
	j.run.limits, j.run.slice, j.run.maxPages, j.run.language = limits, rt.config.FuelSlice, p.maxPages, m.Guest
	j.run.input = o.Input
	if op == "run" && (o.Recording != nil || o.SuspendDir != "" || o.script != nil) {
		j.run.tape = j.newTape()
	}
	j.run.inOrder = j.clockName == "virtual"
	if err := j.openGate(); err != nil {
		return nil, err
	}
	if j.run.tape != nil {
		if err := j.run.tape.prepare(); err != nil {
			return nil, err
		}
	}
	if o.child == nil && o.turn == nil {
		defer j.kit.Close()
	}
	j.watch = watch
	j.watch.lap(PhaseSettings)
	return j.do(ctx)
}
