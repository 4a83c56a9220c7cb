// Package wazero runs metered modules in wazero: its compiler by default, its interpreter where there is no native back end or
// on request. It is the default engine and needs no C compiler.
package wazero

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"wand/compiler/meter"
	"wand/hostfuncs"
	"wand/runtime/engine"
)

var (
	_ engine.Engine   = (*wazeroEngine)(nil)
	_ engine.Code     = (*code)(nil)
	_ engine.Instance = (*instance)(nil)
)

// New returns the engine that compiles to native code (or interprets, on an architecture that wazero has no compiler for).
func New() engine.Engine { return &wazeroEngine{name: "wazero", config: wazero.NewRuntimeConfig()} }

// NewInterpreter returns the engine that interprets: slow, with the same results and the same fuel. Its call stack ends at 2,000 frames.
func NewInterpreter() engine.Engine {
	return &wazeroEngine{name: "wazero-interpreter", config: wazero.NewRuntimeConfigInterpreter()}
}

type wazeroEngine struct {
	name   string
	config wazero.RuntimeConfig
}

func (e *wazeroEngine) Name() string                { return e.name }
func (e *wazeroEngine) Close(context.Context) error { return nil }

// Compile gives each module a wazero runtime of its own: modules then share nothing, and each has a cache directory of its own
// that can be verified and thrown away by itself.
func (e *wazeroEngine) Compile(ctx context.Context, wasm []byte, host []hostfuncs.Func, cacheDir string) (engine.Code, error) {
	config := e.config.
		WithCoreFeatures(api.CoreFeaturesV2 | experimental.CoreFeaturesTailCall | experimental.CoreFeaturesExtendedConst).
		// A metered module has no debugging information but what makes a trace tell offsets (meter.Options.Positions).
		WithDebugInfoEnabled(true).
		// Close-on-context-done is slow and leaky; the meter's refill is where a run is stopped.
		WithCloseOnContextDone(false)
	c := &code{}
	if cacheDir != "" {
		cache, err := wazero.NewCompilationCacheWithDir(cacheDir)
		if err != nil {
			return nil, fmt.Errorf("compilation cache: %w", err)
		}
		c.cache = cache
		config = config.WithCompilationCache(cache)
	}
	c.runtime = wazero.NewRuntimeWithConfig(ctx, config)
	if err := c.compile(ctx, wasm, host); err != nil {
		c.Close(ctx)
		return nil, err
	}
	return c, nil
}

type code struct {
	runtime  wazero.Runtime
	cache    wazero.CompilationCache
	compiled wazero.CompiledModule
	config   wazero.ModuleConfig
}

func (c *code) compile(ctx context.Context, wasm []byte, host []hostfuncs.Func) (err error) {
	defer func() {
		// wazero is written not to panic on a valid module; a module comes from outside, so a fault in it must not end the process.
		if r := recover(); r != nil {
			err = fmt.Errorf("wazero failed to compile the module: %v", r)
		}
	}()
	if c.compiled, err = c.runtime.CompileModule(ctx, wasm); err != nil {
		return err
	}
	provided := map[[2]string]hostfuncs.Func{}
	for _, f := range host {
		provided[[2]string{f.Module, f.Name}] = f
	}
	builders := map[string]wazero.HostModuleBuilder{}
	done := map[[2]string]bool{}
	for _, d := range c.compiled.ImportedFunctions() {
		module, name, _ := d.Import()
		key := [2]string{module, name}
		f, ok := provided[key]
		if !ok {
			return engine.MissingImportError(module, name)
		}
		if !sameTypes(f.Params, d.ParamTypes()) || !sameTypes(f.Results, d.ResultTypes()) {
			return fmt.Errorf("%w: with this signature", engine.MissingImportError(module, name))
		}
		if done[key] {
			continue
		}
		done[key] = true
		b := builders[module]
		if b == nil {
			b = c.runtime.NewHostModuleBuilder(module)
			builders[module] = b
		}
		b.NewFunctionBuilder().WithGoModuleFunction(adapter(f), d.ParamTypes(), d.ResultTypes()).Export(name)
	}
	for _, b := range builders {
		if _, err := b.Instantiate(ctx); err != nil {
			return err
		}
	}
	c.config = wazero.NewModuleConfig().WithName("").WithStartFunctions()
	return nil
}

func adapter(f hostfuncs.Func) api.GoModuleFunc {
	call := f.Call
	return func(ctx context.Context, m api.Module, stack []uint64) {
		call(ctx, memoryOf(m), stack)
	}
}

func memoryOf(m api.Module) []byte {
	memory := m.Memory()
	if memory == nil || reflect.ValueOf(memory).IsNil() { // wazero wraps a nil pointer where a module has no memory
		return nil
	}
	b, _ := memory.Read(0, memory.Size())
	return b
}

func sameTypes(ours []hostfuncs.ValueType, theirs []api.ValueType) bool {
	if len(ours) != len(theirs) {
		return false
	}
	for i := range ours {
		if byte(ours[i]) != theirs[i] {
			return false
		}
	}
	return true
}

// Instantiate implements engine.Code.
func (c *code) Instantiate(ctx context.Context, config engine.InstanceConfig) (engine.Instance, error) {
	if config.MaxMemory == 0 || config.MaxMemory > engine.MaxMemory {
		return nil, fmt.Errorf("memory bound of %d bytes is out of range", config.MaxMemory)
	}
	a := &allocator{config: config}
	m, err := c.instantiate(experimental.WithMemoryAllocator(ctx, a))
	if err != nil {
		if a.memory != nil && m == nil {
			a.memory.Free()
		}
		if a.err != nil {
			return nil, a.err
		}
		if strings.HasSuffix(err.Error(), "out of bounds memory access") {
			return nil, &engine.Trap{Reason: engine.TrapMemory} // an active data segment, the only thing of the guest's that happens here
		}
		return nil, err
	}
	i := &instance{module: m, image: config.Image, allocator: a, memory: a.memory, functions: map[string]api.Function{}}
	i.restoreGlobals()
	return i, nil
}

func (c *code) instantiate(ctx context.Context) (m api.Module, err error) {
	defer func() {
		// A memory that cannot be had surfaces as a panic: an allocator has no other way to say so.
		if r := recover(); r != nil {
			m, err = nil, fmt.Errorf("wazero failed to instantiate the module: %v", r)
		}
	}()
	return c.runtime.InstantiateModule(ctx, c.compiled, c.config)
}

// Close implements engine.Code.
func (c *code) Close(ctx context.Context) error {
	err := c.runtime.Close(ctx)
	if c.cache != nil {
		err = errors.Join(err, c.cache.Close(ctx))
	}
	return err
}

// allocator hands wazero an engine.Memory.
type allocator struct {
	config engine.InstanceConfig
	memory *engine.Memory
	err    error
	reset  bool // the memory was reset and is smaller than wazero knows
}

func (a *allocator) Allocate(_, max uint64) experimental.LinearMemory {
	a.memory, a.err = engine.NewMemory(min(max, a.config.MaxMemory), a.config.Image)
	if a.err != nil {
		panic(a.err)
	}
	return a
}

func (a *allocator) Reallocate(size uint64) []byte {
	if a.reset {
		return a.memory.Bytes()
	}
	return a.memory.Resize(size)
}

func (a *allocator) Free() { a.memory.Free() }

type instance struct {
	module    api.Module
	image     *engine.Image
	allocator *allocator
	memory    *engine.Memory // nil when the module has none
	functions map[string]api.Function
}

func (i *instance) HasFunction(name string) bool {
	return i.module.ExportedFunction(name) != nil
}

func (i *instance) Call(ctx context.Context, name string, stack []uint64) error {
	f := i.functions[name]
	if f == nil {
		if f = i.module.ExportedFunction(name); f == nil {
			return fmt.Errorf("the module exports no function %q", name)
		}
		i.functions[name] = f
	}
	return translate(f.CallWithStack(ctx, stack))
}

func (i *instance) Memory() []byte { return memoryOf(i.module) }

func (i *instance) Global(name string) engine.Global {
	g, ok := i.module.ExportedGlobal(name).(api.MutableGlobal)
	if !ok {
		return nil
	}
	return g
}

func (i *instance) restoreGlobals() {
	if i.image == nil {
		return
	}
	for name, value := range i.image.Globals {
		if g := i.Global(name); g != nil {
			g.Set(value)
		}
	}
}

func (i *instance) Image() *engine.Image { return i.image }

func (i *instance) Grow(size uint64) bool {
	have := uint64(len(i.Memory()))
	if size <= have {
		return true
	}
	if i.memory == nil || size%engine.PageSize != 0 || size > engine.MaxMemory {
		return false
	}
	_, ok := i.module.Memory().Grow(uint32((size - have) / engine.PageSize))
	return ok
}

func (i *instance) Written(spans []engine.Span) []engine.Span {
	if i.memory == nil {
		return spans
	}
	return i.memory.Written(spans)
}

func (i *instance) Reset() bool {
	if i.image == nil {
		return false
	}
	if i.memory != nil && !i.resetMemory() {
		return false
	}
	i.restoreGlobals()
	return true
}

// resetMemory makes the memory its image again. wazero has no word for a memory that shrinks, but it takes what the allocator returns for the
// memory, whatever the size that it asked for, and tells its compiled code; so it is made to ask.
func (i *instance) resetMemory() bool {
	grown := uint64(len(i.Memory())) != i.image.Size()
	if !i.memory.Reset() {
		return false
	}
	if !grown {
		return true
	}
	i.allocator.reset = true
	defer func() { i.allocator.reset = false }()
	_, ok := i.module.Memory().Grow(1)
	return ok && uint64(len(i.Memory())) == i.image.Size()
}

func (i *instance) Close(ctx context.Context) error { return i.module.Close(ctx) }

// reasons maps wazero's words for a trap to ours; its error type is internal, so the text is all there is to go by.
var reasons = map[string]string{
	"unreachable":                   engine.TrapUnreachable,
	"out of bounds memory access":   engine.TrapMemory,
	"invalid table access":          engine.TrapTable,
	"indirect call type mismatch":   engine.TrapIndirectType,
	"integer overflow":              engine.TrapIntegerOverflow,
	"integer divide by zero":        engine.TrapDivideByZero,
	"invalid conversion to integer": engine.TrapConversion,
	"stack overflow":                engine.TrapStack,
}

// translate turns wazero's error into a Stop or a Trap, without the host's stack.
func translate(err error) error {
	if err == nil {
		return nil
	}
	var stop *hostfuncs.Stop
	text, trace, _ := strings.Cut(err.Error(), traceHead)
	if errors.As(err, &stop) {
		return &engine.Stopped{Stop: stop, Frames: frames(trace)}
	}
	var trap *engine.Trap
	if errors.As(err, &trap) { // from a host function that was handed a bad pointer
		return &engine.Trap{Reason: trap.Reason, Frames: frames(trace)}
	}
	if reason, ok := strings.CutPrefix(text, "wasm error: "); ok {
		if known, ok := reasons[reason]; ok {
			reason = known
		}
		return &engine.Trap{Reason: reason, Frames: frames(trace)}
	}
	if text == "stack overflow" {
		return &engine.Trap{Reason: engine.TrapStack}
	}
	return err
}

const traceHead = "\nwasm stack trace:\n\t"

// frames reads a trace: of each function a line with its name, and where the module has debugging information one with its offset in the code section,
// indented further. Host functions have the name of their module before the dot, the guest's have none.
func frames(trace string) []engine.Frame {
	var found []engine.Frame
	guest := false
	for line := range strings.SplitSeq(trace, "\n\t") {
		if number, ok := strings.CutPrefix(line, "\t0x"); ok {
			number, _, _ = strings.Cut(number, ":")
			if offset, err := strconv.ParseInt(number, 16, 32); err == nil && guest {
				found[len(found)-1].Position.Offset = int(offset)
			}
			continue
		}
		name, _, ok := strings.Cut(line, "(")
		if name, guest = strings.CutPrefix(name, "."); guest && ok {
			found = append(found, engine.Frame{Name: name, Position: meter.Position{Function: -1}})
		}
		guest = guest && ok
	}
	return found
}
