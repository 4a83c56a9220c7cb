package runtime

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	goruntime "runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"wand/compiler"
	"wand/compiler/meter"
	"wand/hostfuncs"
	"wand/hostfuncs/vfs"
	"wand/hostfuncs/wasi"
	"wand/modules"
	"wand/policies/units"
	"wand/runtime/engine"
)

// program is a module that is ready to run: compiled, with the image that every instance starts from. For a guest that is the
// snapshot after wand_init.
type program struct {
	code     engine.Code
	image    *engine.Image // nil for a module of its own: its data segments are written at instantiation
	minPages uint32
	maxPages uint32
	start    string // export to call first, if any
	// trapsAtOnce says that an instance cannot be had: an element segment does not fit.
	trapsAtOnce bool
	label       string // for reports: the guest's name and version
	digest      string // of the guest's module
	library     []mount
	packages    []*vfs.Tree // that every run finds, of a baked guest
	baked       *Baked      // nil for an interpreter as it is
	borrowed    bool        // the code is another program's
	ready       readyInstances

	baseOnce sync.Once
	baseSum  string
}

// mount is a read-only file that every run of a guest sees.
type mount struct {
	path string
	data *vfs.Data
}

func (p *program) mount(f *vfs.FS) error {
	for _, m := range p.library {
		if err := f.MountData(m.path, m.data, time.Time{}); err != nil {
			return fmt.Errorf("mounting %s: %w", m.path, err)
		}
	}
	for i, tree := range p.packages {
		if err := f.MountTree(packagePath(i), tree); err != nil {
			return fmt.Errorf("package %s: %w", p.baked.Packages[i].Name, err)
		}
	}
	return nil
}

func (p *program) close(ctx context.Context) error {
	p.ready.close(ctx)
	var err error
	if p.code != nil && !p.borrowed {
		err = p.code.Close(ctx)
	}
	if p.image != nil {
		err = errors.Join(err, p.image.Close())
	}
	return err
}

// instance returns an instance for a run, one that an earlier run has left in order or a new one, with the run's accounts connected to it.
func (p *program) instance(ctx context.Context, r *run) (engine.Instance, error) {
	r.linear.Store(int64(p.minPages) * engine.PageSize)
	if p.image != nil {
		r.linear.Store(int64(p.image.Size()))
	}
	r.account("loading the program")
	if p.trapsAtOnce {
		return nil, &engine.Trap{Reason: engine.TrapTable}
	}
	instance := p.ready.take(uint64(r.limits.Memory))
	if instance == nil {
		var err error
		if instance, err = p.code.Instantiate(ctx, engine.InstanceConfig{Image: p.image, MaxMemory: uint64(r.limits.Memory)}); err != nil {
			return nil, err
		}
	}
	p.connect(instance, r)
	return instance, nil
}

// connect connects the accounts of a run to an instance.
func (p *program) connect(instance engine.Instance, r *run) {
	r.linear.Store(int64(len(instance.Memory())))
	r.fuel = instance.Global(meter.GlobalFuel)
	r.granted.Store(0)
	r.fuel.Set(0)
	if depth := instance.Global(meter.GlobalDepth); depth != nil {
		depth.Set(uint64(MaxCallDepth - r.limits.CallDepth))
	}
}

// done takes an instance back. One that ended in order is reset and kept for a later run; any other is thrown away.
func (p *program) done(ctx context.Context, instance engine.Instance, r *run, inOrder bool) {
	if inOrder && p.image != nil && instance.Reset() {
		instance = p.ready.put(instance, uint64(r.limits.Memory))
	}
	if instance != nil {
		instance.Close(context.WithoutCancel(ctx))
	}
}

// readyInstances are reset instances. What one costs while it waits is address space and its native stack.
type readyInstances struct {
	mu   sync.Mutex
	list []readyInstance
}

type readyInstance struct {
	instance  engine.Instance
	maxMemory uint64
}

// take returns an instance with exactly this memory bound, or nil: a bound is fixed when an instance is made.
func (l *readyInstances) take(maxMemory uint64) engine.Instance {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := len(l.list) - 1; i >= 0; i-- {
		if found := l.list[i]; found.maxMemory == maxMemory {
			l.list = slices.Delete(l.list, i, i+1)
			return found.instance
		}
	}
	return nil
}

// put keeps an instance and returns the one that has to go for it, which is the one that waited longest: of a memory bound that nobody asks
// for any more, it would wait for ever.
func (l *readyInstances) put(instance engine.Instance, maxMemory uint64) (surplus engine.Instance) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.list) >= 2*goruntime.GOMAXPROCS(0) {
		surplus = l.list[0].instance
		l.list = slices.Delete(l.list, 0, 1)
	}
	l.list = append(l.list, readyInstance{instance, maxMemory})
	return surplus
}

func (l *readyInstances) close(ctx context.Context) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range l.list {
		r.instance.Close(ctx)
	}
	l.list = nil
}

// program returns the program of a module, prepared, and what to call when it is no longer needed.
func (rt *Runtime) program(ctx context.Context, m *compiler.Module) (*program, func(), error) {
	if m.Guest == "" {
		l, discard, err := rt.module(ctx, m.Wasm)
		if err != nil {
			return nil, nil, err
		}
		return &l.program, func() { l.close(context.WithoutCancel(ctx)); discard() }, nil
	}
	rt.mu.Lock()
	slot := rt.guests[m.Guest]
	if slot == nil {
		slot = &guestSlot{turn: newTurn()}
		rt.guests[m.Guest] = slot
	}
	rt.mu.Unlock()
	if err := slot.turn.take(ctx); err != nil {
		return nil, nil, fmt.Errorf("waiting for the %s guest: %w", m.Guest, err)
	}
	defer slot.turn.give()
	if slot.ready == nil {
		p, err := rt.guest(ctx, m.Guest)
		if err != nil {
			return nil, nil, err
		}
		slot.ready = p
	}
	return slot.ready, func() {}, nil
}

// Prepare gets a guest ready ahead of its first run: milliseconds from the cache, seconds without.
func (rt *Runtime) Prepare(ctx context.Context, guest string) error {
	if err := rt.enter(); err != nil {
		return err
	}
	defer rt.leave()
	ctx, end := rt.until(ctx)
	defer end()
	_, release, err := rt.program(ctx, &compiler.Module{Guest: guest})
	if err != nil {
		return err
	}
	release()
	return nil
}

// Files of a prepared guest in the vault, and the folder that holds the engine's native code.
const (
	preparedWasm     = "stub.wasm"
	preparedSnapshot = "snapshot"
	preparedNative   = "native"
)

// preparedFormat changes whenever what is prepared would come out differently from the same guest.
const preparedFormat = 3

// guest returns the interpreter's program: from the vault, or made and put there.
func (rt *Runtime) guest(ctx context.Context, name string) (*program, error) {
	g, err := rt.config.Guest(name)
	if err != nil {
		return nil, err
	}
	key := rt.preparedKey(g)
	if rt.vault != nil {
		if p, err := rt.load(ctx, g, key); err == nil {
			return p, nil
		} else if ctx.Err() != nil || errors.Is(err, modules.ErrBadGuest) {
			return nil, err
		}
		os.RemoveAll(rt.vault.entry(key))
	}
	rt.config.Progress(fmt.Sprintf("preparing the %s guest: compiling to native code (once per version, some seconds)", name))
	started := time.Now()
	p, err := rt.prepare(ctx, g, key)
	if err != nil && ctx.Err() != nil {
		return nil, fmt.Errorf("preparing the %s guest: %w", name, context.Cause(ctx))
	}
	if err == nil {
		rt.config.Progress(fmt.Sprintf("prepared the %s guest in %s", name, units.Duration(time.Since(started))))
	}
	return p, err
}

func (rt *Runtime) preparedKey(g *modules.Guest) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %s %s %s %s %d %d", preparedFormat, g.Digest, rt.config.Engine.Name(), engineVersion(), goruntime.GOARCH, meter.Version, MaxCallDepth))
	return g.Manifest.Name + "-" + hex.EncodeToString(sum[:16])
}

// engineVersion is the versions of the engines as they were linked: native code is only good for the engine that made it.
func engineVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	var versions []string
	for _, m := range info.Deps {
		if m.Path == "github.com/tetratelabs/wazero" || strings.HasPrefix(m.Path, "github.com/bytecodealliance/wasmtime-go/") {
			versions = append(versions, m.Version)
		}
	}
	return strings.Join(versions, " ")
}

// load takes a prepared guest from the vault. Its parts are read and made ready side by side; nothing of the guest runs before the
// vault has verified all of them.
func (rt *Runtime) load(ctx context.Context, g *modules.Guest, key string) (*program, error) {
	dir := rt.vault.entry(key)
	if _, err := os.Stat(dir); err != nil {
		return nil, err
	}
	p := &program{label: label(g), digest: g.Digest}
	var parts errgroup.Group
	parts.Go(func() error {
		metered, err := os.ReadFile(filepath.Join(dir, preparedWasm))
		if err == nil {
			native := filepath.Join(dir, preparedNative)
			err = usedAsIs(native, func() (err error) {
				p.code, err = rt.config.Engine.Compile(ctx, metered, hostFuncs(), native)
				return err
			})
		}
		return err
	})
	parts.Go(func() error {
		text, err := os.ReadFile(filepath.Join(dir, preparedSnapshot))
		if err == nil {
			p.image, p.maxPages, err = decodeSnapshot(text)
		}
		return err
	})
	parts.Go(func() (err error) {
		p.library, err = library(g)
		return err
	})
	parts.Go(func() error { return rt.vault.check(dir, key) })
	if err := parts.Wait(); err != nil {
		return nil, errors.Join(err, p.close(context.WithoutCancel(ctx)))
	}
	rt.vault.touch(key)
	return p, nil
}

func label(g *modules.Guest) string { return g.Manifest.Name + " " + g.Manifest.Version }

// library lists the files of a guest beside its module (its licences, in a folder, are for people): each is mounted in /usr/lib.
func library(g *modules.Guest) ([]mount, error) {
	var mounts []mount
	for _, f := range g.Manifest.Files {
		if f.Name == g.Manifest.Name+".wasm" || strings.Contains(f.Name, "/") {
			continue
		}
		content, err := g.File(f.Name)
		if err != nil {
			return nil, err
		}
		mounts = append(mounts, mount{"/usr/lib/" + f.Name, vfs.NewData(content)})
	}
	return mounts, nil
}

// hostFuncs are all functions that a module can import.
func hostFuncs() []hostfuncs.Func {
	return slices.Concat(meterFuncs(), wandFuncs(), []hostfuncs.Func{inputFunc()}, traceFuncs(), wasi.Funcs())
}

// prepare compiles a guest, starts it, freezes it, and puts the result into the vault. The vault is an optimisation: when it cannot be
// written, the guest works all the same and CacheError says why.
func (rt *Runtime) prepare(ctx context.Context, g *modules.Guest, key string) (*program, error) {
	var dir, native string
	if rt.vault != nil {
		var err error
		if dir, err = rt.vault.create(); err != nil {
			rt.noteCacheError(err)
		} else {
			defer os.RemoveAll(dir) // gone already when it was published
			native = filepath.Join(dir, preparedNative)
		}
	}
	wasm, err := g.Wasm()
	if err != nil {
		return nil, err
	}
	files, err := library(g)
	if err != nil {
		return nil, err
	}
	l, err := rt.link(ctx, wasm, true, native)
	if err != nil && native != "" && ctx.Err() == nil {
		// The engine could not write its code (a full disk): once more without the cache.
		rt.noteCacheError(err)
		os.RemoveAll(dir)
		dir = ""
		l, err = rt.link(ctx, wasm, true, "")
	}
	if err != nil {
		return nil, fmt.Errorf("the %s guest: %w", g.Manifest.Name, err)
	}
	l.label, l.digest, l.library = label(g), g.Digest, files
	image, snapshot, err := rt.boot(ctx, l)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("starting the %s guest: %w", g.Manifest.Name, err), l.close(ctx))
	}
	l.image.Close()
	l.image = image
	if dir != "" {
		stub, err := shellOf(l.metered, native)
		if err == nil && !interprets(native) {
			err = rehouse(ctx, rt.config.Engine, stub, native)
		}
		if err == nil {
			err = rt.publish(g.Manifest.Name, dir, key, stub, snapshot)
		}
		rt.noteCacheError(err)
	}
	return &l.program, nil
}

func (rt *Runtime) publish(guest, dir, key string, metered, snapshot []byte) error {
	if err := os.WriteFile(filepath.Join(dir, preparedWasm), metered, 0o600); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, preparedSnapshot), snapshot, 0o600); err != nil {
		return err
	}
	if err := rt.vault.publish(dir, key); err != nil {
		return err
	}
	rt.vault.prune(guest, keptEntries)
	return nil
}
