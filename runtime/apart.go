package runtime

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	goruntime "runtime"
	"strings"
	"sync"
	"time"

	"wand/compiler/meter"
	"wand/compiler/toolchain/jail"
	"wand/compiler/wasm"
	"wand/policies/units"
)

// A module that somebody brought is compiled apart: in a process of its own, which is this same executable again (apart_child.go). An engine's compiler is
// large, cannot be cancelled, and answers to no limit of a run; a process can be watched and killed. What it leaves in a folder, the module without its code,
// what the meter says of it, and native code, is loaded here and kept in the vault.
//
// The process is there for what compiling costs. Where the kernel can, it is confined as compilers of source text are, so that a fault in an engine's compiler
// has none of our files and no network by itself. It is no barrier for what the compiler makes: native code is trusted as the engine is (SECURITY.md).

// CompileLimits bound the process that compiles a module which is not one of the guests. A field that is zero takes its default.
type CompileLimits struct {
	// Time is the wall clock's. Default 60 s.
	Time time.Duration
	// Memory is what the process may have resident, in bytes, its own start included. Default 1 GiB.
	Memory int64
	// Output is how large a file that it writes may be, in bytes; native code is three to ten times the module. Default 512 MiB.
	Output int64
}

// DefaultCompileLimits returns the limits that hold where nothing is said.
func DefaultCompileLimits() CompileLimits {
	return CompileLimits{Time: time.Minute, Memory: 1 << 30, Output: 512 << 20}
}

func (l CompileLimits) or(d CompileLimits) CompileLimits {
	return CompileLimits{Time: cmp.Or(l.Time, d.Time), Memory: cmp.Or(l.Memory, d.Memory), Output: cmp.Or(l.Output, d.Output)}
}

// check reports the first field with which nothing could be compiled.
func (l CompileLimits) check() error {
	for _, f := range []struct {
		name        string
		value, most int64
	}{{"compile time", int64(l.Time), int64(24 * time.Hour)}, {"compile memory", l.Memory, 1 << 40}, {"compile output", l.Output, 1 << 40}} {
		if f.value < 0 {
			return &LimitError{f.name, f.value, "is negative"}
		}
		if f.value > f.most {
			return &LimitError{f.name, f.value, fmt.Sprintf("is more than the most that makes sense, %d", f.most)}
		}
	}
	return nil
}

// Files that the process leaves in its folder, beside those of a prepared guest.
const (
	apartStarted = "started"      // our code was reached
	apartInfo    = "info.json"    // what the meter says
	apartOutcome = "outcome.json" // written last
)

// moduleEntry is the name of all modules in the vault, keptModules how many of them stay, and keptModuleBytes how much they may take together: who sends module
// after module must not fill the disk.
const (
	moduleEntry     = "module"
	keptModules     = 64
	keptModuleBytes = 1 << 30
)

// module returns the program of a module that somebody brought: out of the vault, compiled here when it is small, else compiled apart. discard is called when
// it is closed.
func (rt *Runtime) module(ctx context.Context, bin []byte) (l *linked, discard func(), err error) {
	nothing := func() {}
	if rt.config.CompileInProcess || !canCompileApart(rt.config.Engine.Name()) || isSmall(bin) {
		l, err = rt.link(ctx, bin, false, "")
		return l, nothing, err
	}
	key := rt.moduleKey(bin)
	if l := rt.keptModule(ctx, key); l != nil {
		return l, nothing, nil
	}
	if err := rt.compilers.take(ctx); err != nil {
		return nil, nil, fmt.Errorf("waiting to compile the module: %w", err)
	}
	defer rt.compilers.give()
	if l := rt.keptModule(ctx, key); l != nil { // who was waited for had the same module
		return l, nothing, nil
	}
	dir, kept, err := rt.moduleDir()
	if err != nil {
		return nil, nil, err
	}
	remove := func() { os.RemoveAll(dir) }
	defer func() {
		if err != nil {
			remove()
		}
	}()
	if err := rt.compileApart(ctx, bin, dir); err != nil {
		return nil, nil, err
	}
	if kept {
		if err := rt.keepModule(dir, key); err != nil {
			rt.noteCacheError(err)
		} else if found, ok := rt.vault.verified(key); ok {
			dir, remove = found, nothing
		} else {
			return nil, nil, errors.New("the compiled module left the cache before it could be loaded: another process made room there, or the disk is full; run it again")
		}
	}
	if l, err = rt.loadModule(ctx, dir); err != nil {
		return nil, nil, fmt.Errorf("loading the compiled module: %w", err)
	}
	return l, remove, nil
}

// keptModule is a module out of the vault, or nil.
func (rt *Runtime) keptModule(ctx context.Context, key string) *linked {
	if rt.vault == nil {
		return nil
	}
	if _, err := os.Stat(rt.vault.entry(key)); err != nil {
		return nil
	}
	dir, ok := rt.vault.verified(key)
	if !ok {
		return nil
	}
	l, err := rt.loadModule(ctx, dir)
	if err != nil {
		os.RemoveAll(dir)
		return nil
	}
	rt.vault.touch(key)
	return l
}

// moduleDir makes the folder that a module is compiled into; kept says that it is the vault's.
func (rt *Runtime) moduleDir() (dir string, kept bool, err error) {
	if rt.vault != nil {
		if dir, err = rt.vault.create(); err == nil {
			return dir, true, nil
		}
		rt.noteCacheError(err)
	}
	if dir, err = os.MkdirTemp("", "wand-module-"); err != nil {
		return "", false, err
	}
	return dir, false, nil
}

func (rt *Runtime) keepModule(dir, key string) error {
	for _, name := range []string{apartStarted, apartOutcome} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	if err := rt.vault.publish(dir, key); err != nil {
		return err
	}
	rt.vault.prune(moduleEntry, keptModules)
	rt.vault.pruneBytes(moduleEntry, keptModuleBytes)
	return nil
}

// moduleFormat changes whenever what is kept of the same module would come out differently.
const moduleFormat = 2

func (rt *Runtime) moduleKey(bin []byte) string {
	module := sha256.Sum256(bin)
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %d %x %s %s %s %d %d", moduleFormat, preparedFormat, module, rt.config.Engine.Name(), engineVersion(), goruntime.GOARCH, meter.Version, MaxCallDepth))
	return moduleEntry + "-" + hex.EncodeToString(sum[:16])
}

// moduleInfo is meter.Info as a file.
type moduleInfo struct {
	meter.Info
	SnapshotError string
}

// loadModule makes a module that was compiled apart ready. The engine must find its native code there: this process does not compile it.
func (rt *Runtime) loadModule(ctx context.Context, dir string) (*linked, error) {
	if _, err := filesBelow(dir); err != nil { // there is nothing but files
		return nil, err
	}
	var info moduleInfo
	text, err := os.ReadFile(filepath.Join(dir, apartInfo))
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &info); err != nil {
		return nil, err
	}
	if info.SnapshotError != "" {
		info.Info.SnapshotError = errors.New(info.SnapshotError)
	}
	stub, err := os.ReadFile(filepath.Join(dir, preparedWasm))
	if err != nil {
		return nil, err
	}
	l := newLinked(info.Info)
	native := filepath.Join(dir, preparedNative)
	err = usedAsIs(native, func() (err error) {
		l.code, err = rt.config.Engine.Compile(ctx, stub, hostFuncs(), native)
		return err
	})
	if err != nil {
		return nil, errors.Join(err, l.close(context.WithoutCancel(ctx)))
	}
	return l, nil
}

// Why the process was killed, as the reader of a report should have it.
var (
	errApartTime   = errors.New("compiling it takes too long")
	errApartMemory = errors.New("compiling it takes too much memory")
	errApartOutput = errors.New("its native code is larger than a module's may be")
)

// compileApart has a process compile a module into a folder. What the module is to blame for wraps ErrUnsupported.
func (rt *Runtime) compileApart(ctx context.Context, bin []byte, dir string) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	patience := time.AfterFunc(2*time.Second, func() { rt.config.Progress("compiling the module to native code (once for each module)") })
	defer patience.Stop()
	header, err := json.Marshal(apartRequest{Engine: rt.config.Engine.Name(), Dir: dir, Bytes: len(bin), Procs: goruntime.GOMAXPROCS(0), Limits: rt.config.CompileLimits})
	if err != nil {
		return err
	}
	c := &compiling{limits: rt.config.CompileLimits, dir: dir, header: append(header, '\n'), module: bin, started: time.Now()}
	open := rt.compilesOpenly.Load()
	err = c.run(ctx, open)
	if !open && c.failedBefore(ctx) {
		confined := err
		if err == nil {
			confined = c.outcome()
		}
		err = c.run(ctx, true)
		if c.begun && !rt.compilesOpenly.Swap(true) && jail.Supported() == nil && rt.config.Problem != nil {
			rt.config.Problem(fmt.Errorf("modules are compiled in a process that is not confined, because it cannot begin where it is: %w", confined))
		}
	}
	c.wall = time.Since(c.started)
	rt.mu.Lock()
	rt.compiled = c
	rt.mu.Unlock()
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("compiling the module: %w", context.Cause(ctx))
	case err != nil:
		return &notStarted{err}
	}
	return c.outcome()
}

// compiling is one process that compiles.
type compiling struct {
	limits         CompileLimits
	dir            string
	header, module []byte
	started        time.Time
	begun          bool         // it was given the module
	result         *jail.Result // how it ended; nil when it never ran
	wall           time.Duration
	peak           int64 // of its memory, in bytes, as far as it was seen
}

// run starts the process, gives it its work and waits for its end: confined by the kernel (package jail) or open, with this user's rights.
func (c *compiling) run(ctx context.Context, open bool) error {
	c.begun, c.result = false, nil
	self, err := executable()
	if err != nil {
		return err
	}
	stdin, in, err := os.Pipe()
	if err != nil {
		return err
	}
	token := rand.Text()
	var beside sync.WaitGroup
	done := make(chan struct{})
	beside.Go(func() { c.tell(in, done) })
	c.result, err = jail.Run(ctx, jail.Command{
		Path: self, Argv: []string{apartArg, token}, Env: []string{apartEnv + "=" + token}, // and nothing of ours
		Dir: c.dir, Read: librariesOfThis(), Stdin: stdin, Trust: open,
		Limits: jail.Limits{Time: c.limits.Time, Memory: c.limits.Memory, AddressSpace: math.MaxInt64, // what is reserved costs nothing
			Disk: 2*c.limits.Output + 64<<20, Files: 1000, Output: 1 << 20, Processes: 1},
	})
	close(done)
	in.Close()
	stdin.Close()
	beside.Wait()
	if c.result != nil {
		c.peak = max(c.peak, c.result.Peak)
	}
	return err
}

// tell gives the process its work. It gets the module once it says that it is there: until then it has seen nothing that is not ours.
func (c *compiling) tell(in *os.File, done <-chan struct{}) {
	if _, err := in.Write(c.header); err != nil {
		return // it has ended, and its end says why
	}
	for !c.left(apartStarted) {
		select {
		case <-done:
			return
		case <-time.After(time.Millisecond):
		}
	}
	c.begun = true
	// The pipe stays open: its end tells the process that nobody waits for it any more.
	_, _ = in.Write(c.module)
}

// left says whether the process left a file.
func (c *compiling) left(name string) bool {
	_, err := os.Stat(filepath.Join(c.dir, name))
	return err == nil
}

// failedBefore says that the process ended before it had seen the module, by itself, or that there was none. Only then may it be tried with less around it.
func (c *compiling) failedBefore(ctx context.Context) bool {
	return !c.begun && ctx.Err() == nil && (c.result == nil || c.result.Stopped == jail.StopNone)
}

// notStarted says that there is no process to compile in.
type notStarted struct{ err error }

func (e *notStarted) Error() string {
	return fmt.Sprintf("a module is compiled in a process of its own, and none can be started: %v (where that must be, Config.CompileInProcess compiles without)", e.err)
}

func (e *notStarted) Unwrap() error { return e.err }

// outcome says how the process ended.
func (c *compiling) outcome() error {
	r := c.result
	text, err := os.ReadFile(filepath.Join(c.dir, apartOutcome))
	if err == nil && r.OK() {
		var o apartResult
		if err := json.Unmarshal(text, &o); err != nil {
			return fmt.Errorf("the process that compiled a module said nothing that can be read: %w", err)
		}
		c.peak = max(c.peak, o.Peak)
		switch {
		case o.Unsupported != "":
			return fmt.Errorf("%w: %s", ErrUnsupported, o.Unsupported)
		case o.Failed != "":
			return fmt.Errorf("compiling a module: %s", o.Failed)
		}
		return nil
	}
	said := strings.TrimSpace(r.Stderr)
	said = said[:min(len(said), 4<<10)] // a crash of Go begins with its reason
	switch {
	case r.Stopped == jail.StopTime, strings.Contains(said, "SIGXCPU"):
		return fmt.Errorf("%w: %w, more than %s; make it smaller, or split up its largest functions", ErrUnsupported, errApartTime, units.Duration(c.limits.Time))
	case r.Stopped == jail.StopMemory && r.Peak > c.limits.Memory, r.ExitCode == apartMemoryExit, outOfMemory(said):
		return fmt.Errorf("%w: %w, more than %s; make it smaller, or split up its largest functions", ErrUnsupported, errApartMemory, units.Bytes(c.limits.Memory))
	case r.Stopped == jail.StopDisk:
		return fmt.Errorf("%w: %w", ErrUnsupported, errApartOutput)
	case !c.begun:
		return fmt.Errorf("the process that was to compile a module ended before it began: %s: %s (does a package of this program end it while it is initialised?)", c.end(), said)
	}
	return fmt.Errorf("%w: the engine's compiler did not survive it (%s)", ErrUnsupported, c.end())
}

// end says by what the process ended.
func (c *compiling) end() string {
	if c.result.Signal != 0 {
		return "signal: " + c.result.Signal.String()
	}
	return fmt.Sprintf("exit status %d", c.result.ExitCode)
}

// outOfMemory says whether those are the last words of a process that got no more memory: Go's, and Rust's for wasmtime.
func outOfMemory(said string) bool {
	for _, words := range []string{"out of memory", "cannot allocate memory", "memory allocation of", "stack exceeds"} {
		if strings.Contains(said, words) {
			return true
		}
	}
	return false
}

// executable is the file of this process, also when it was replaced or removed since.
func executable() (string, error) {
	const own = "/proc/self/exe"
	if goruntime.GOOS == "linux" {
		if _, err := os.Stat(own); err == nil {
			return own, nil
		}
	}
	path, err := os.Executable()
	if err != nil {
		return "", &notStarted{err}
	}
	return path, nil
}

// What is compiled in this process after all: a module whose cost no process is worth. At these bounds a module compiles for some milliseconds, which is what
// starting the process takes; RATIONALE.md has the measurement.
const (
	smallBytes  = 32 << 10
	smallLocals = 20_000
	smallEffort = 1.0 / 2000 // of what checkEffort allows
)

// isSmall says whether a module is cheap to compile. One that is not valid is cheap, too: it is refused.
func isSmall(bin []byte) bool {
	if len(bin) > smallBytes {
		return false
	}
	m, err := wasm.Decode(bin, wasm.Limits{})
	if err != nil {
		return true
	}
	locals := 0
	for _, c := range m.Codes {
		for _, l := range c.Locals {
			locals += int(l.Count)
		}
	}
	return locals <= smallLocals && effortOf(m).within(smallEffort)
}
