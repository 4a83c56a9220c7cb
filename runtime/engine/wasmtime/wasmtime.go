//go:build wasmtime && cgo

// Package wasmtime runs metered modules in wasmtime, behind the build tag of that name: it needs cgo, and is the engine to check the default one
// against. The modules are the same, byte for byte, and so are their fuel, their limits and their images.
package wasmtime

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"unsafe"

	"github.com/bytecodealliance/wasmtime-go/v39"

	"wand/compiler/meter"
	"wand/hostfuncs"
	"wand/runtime/engine"
)

var (
	_ engine.Engine   = (*wasmtimeEngine)(nil)
	_ engine.Code     = (*code)(nil)
	_ engine.Instance = (*instance)(nil)
)

// New returns the engine. An error says that the system has no threads with the stacks that the meter's call depth needs.
func New() (engine.Engine, error) {
	threads, err := newThreads()
	if err != nil {
		return nil, err
	}
	c := wasmtime.NewConfig()
	c.SetMaxWasmStack(threads.usable)
	// What compiler/wasm accepts, and nothing else. The meter is where a run is bounded: neither wasmtime's fuel nor its epochs are used.
	c.SetWasmSIMD(true)
	c.SetWasmBulkMemory(true)
	c.SetWasmMultiValue(true)
	c.SetWasmReferenceTypes(true)
	c.SetWasmTailCall(true)
	c.SetWasmRelaxedSIMD(false)
	c.SetWasmThreads(false)
	c.SetWasmMultiMemory(false)
	c.SetWasmMemory64(false)
	return &wasmtimeEngine{engine: wasmtime.NewEngineWithConfig(c), threads: threads}, nil
}

type wasmtimeEngine struct {
	engine  *wasmtime.Engine
	threads *threads
}

func (e *wasmtimeEngine) Name() string { return "wasmtime" }

func (e *wasmtimeEngine) Close(context.Context) error {
	e.threads.close()
	e.engine.Close()
	return nil
}

// compiledFile is the native code of a module in its cache folder.
const compiledFile = "module.cwasm"

// Compile implements engine.Engine. The content of cacheDir is native code, which its caller has verified.
func (e *wasmtimeEngine) Compile(_ context.Context, wasm []byte, host []hostfuncs.Func, cacheDir string) (engine.Code, error) {
	module, err := e.module(wasm, cacheDir)
	if err != nil {
		return nil, err
	}
	c := &code{engine: e, module: module, linker: wasmtime.NewLinker(e.engine)}
	if err := c.link(host); err != nil {
		c.Close(context.Background())
		return nil, err
	}
	return c, nil
}

func (e *wasmtimeEngine) module(wasm []byte, cacheDir string) (*wasmtime.Module, error) {
	if cacheDir == "" {
		return wasmtime.NewModule(e.engine, wasm)
	}
	name := filepath.Join(cacheDir, compiledFile)
	if _, err := os.Stat(name); err == nil {
		return wasmtime.NewModuleDeserializeFile(e.engine, name)
	}
	module, err := wasmtime.NewModule(e.engine, wasm)
	if err != nil {
		return nil, err
	}
	native, err := module.Serialize()
	if err == nil {
		err = os.MkdirAll(cacheDir, 0o700)
	}
	if err == nil {
		err = os.WriteFile(name, native, 0o600)
	}
	if err != nil {
		module.Close()
		return nil, fmt.Errorf("compilation cache: %w", err)
	}
	return module, nil
}

type code struct {
	engine *wasmtimeEngine
	module *wasmtime.Module
	linker *wasmtime.Linker
}

// link registers the host functions that the module imports.
func (c *code) link(host []hostfuncs.Func) error {
	provided := map[[2]string]hostfuncs.Func{}
	for _, f := range host {
		provided[[2]string{f.Module, f.Name}] = f
	}
	done := map[[2]string]bool{}
	for _, i := range c.module.Imports() {
		key := [2]string{i.Module(), *i.Name()}
		f, ok := provided[key]
		t := i.Type().FuncType()
		switch {
		case !ok || t == nil:
			return engine.MissingImportError(key[0], key[1])
		case !sameTypes(f.Params, t.Params()) || !sameTypes(f.Results, t.Results()):
			return fmt.Errorf("%w: with this signature", engine.MissingImportError(key[0], key[1]))
		case done[key]:
			continue
		}
		done[key] = true
		if err := c.linker.FuncNew(f.Module, f.Name, t, adapter(f)); err != nil {
			return err
		}
	}
	return nil
}

var kinds = map[hostfuncs.ValueType]wasmtime.ValKind{
	hostfuncs.I32: wasmtime.KindI32, hostfuncs.I64: wasmtime.KindI64, hostfuncs.F32: wasmtime.KindF32, hostfuncs.F64: wasmtime.KindF64,
}

func sameTypes(ours []hostfuncs.ValueType, theirs []*wasmtime.ValType) bool {
	if len(ours) != len(theirs) {
		return false
	}
	for i := range ours {
		if kinds[ours[i]] != theirs[i].Kind() {
			return false
		}
	}
	return true
}

func adapter(f hostfuncs.Func) func(*wasmtime.Caller, []wasmtime.Val) ([]wasmtime.Val, *wasmtime.Trap) {
	return func(caller *wasmtime.Caller, args []wasmtime.Val) ([]wasmtime.Val, *wasmtime.Trap) {
		i := caller.Data().(*instance)
		stack := make([]uint64, max(len(args), len(f.Results)))
		for n, v := range args {
			stack[n] = bits(v)
		}
		if i.failure = call(i.ctx, f, i.Memory(), stack); i.failure != nil {
			return nil, wasmtime.NewTrap("stopped") // it comes back with the guest's stack
		}
		results := make([]wasmtime.Val, len(f.Results))
		for n, t := range f.Results {
			results[n] = value(kinds[t], stack[n])
		}
		return results, nil
	}
}

// call calls a host function, and returns the Stop or Trap that it ends the guest with.
func call(ctx context.Context, f hostfuncs.Func, memory []byte, stack []uint64) (failure error) {
	defer func() {
		switch v := recover().(type) {
		case nil:
		case *hostfuncs.Stop:
			failure = v
		case *engine.Trap:
			failure = v
		default:
			panic(v)
		}
	}()
	f.Call(ctx, memory, stack)
	return nil
}

// Instantiate implements engine.Code.
func (c *code) Instantiate(_ context.Context, config engine.InstanceConfig) (engine.Instance, error) {
	if config.MaxMemory == 0 || config.MaxMemory > engine.MaxMemory {
		return nil, fmt.Errorf("memory bound of %d bytes is out of range", config.MaxMemory)
	}
	i := &instance{code: c, image: config.Image, functions: map[string]*function{}, globals: map[string]*global{}}
	i.store = wasmtime.NewStoreWithData(c.engine.engine, i)
	i.store.Limiter(int64(config.MaxMemory), -1, -1, -1, -1)
	if err := i.instantiate(config.MaxMemory); err != nil {
		i.store.Close()
		return nil, err
	}
	return i, nil
}

// Close implements engine.Code.
func (c *code) Close(context.Context) error {
	c.linker.Close()
	c.module.Close()
	return nil
}

type instance struct {
	code      *code
	image     *engine.Image
	store     *wasmtime.Store
	instance  *wasmtime.Instance
	memory    *wasmtime.Memory
	base      unsafe.Pointer // of the memory, which wasmtime reserves 4 GiB for and never moves
	functions map[string]*function
	globals   map[string]*global
	ctx       context.Context // of the call under way
	inside    int             // calls under way, one within the other
	failure   error           // what a host function ended the guest with
}

type function struct {
	f               *wasmtime.Func
	params, results []wasmtime.ValKind
}

func (i *instance) instantiate(most uint64) error {
	err := i.code.engine.threads.do(func() (err error) {
		i.instance, err = i.code.linker.Instantiate(i.store, i.code.module)
		return err
	})
	if err != nil {
		return translate(err)
	}
	for _, e := range i.code.module.Exports() {
		if e.Type().MemoryType() != nil {
			i.memory = i.instance.GetExport(i.store, e.Name()).Memory()
			i.base = i.memory.Data(i.store)
			break
		}
	}
	if i.image == nil {
		return nil
	}
	if i.memory != nil {
		if !i.Grow(i.image.Size()) {
			return fmt.Errorf("%w: a memory of %d bytes for the image", engine.ErrNoMemory, i.image.Size())
		}
		if err := i.image.Lay(i.Memory()); err != nil {
			return err
		}
	}
	i.restoreGlobals()
	return nil
}

func (i *instance) HasFunction(name string) bool { return i.function(name) != nil }

func (i *instance) function(name string) *function {
	if f, ok := i.functions[name]; ok {
		return f
	}
	e := i.instance.GetExport(i.store, name)
	if e == nil || e.Func() == nil {
		i.functions[name] = nil
		return nil
	}
	f := &function{f: e.Func()}
	t := f.f.Type(i.store)
	for _, p := range t.Params() {
		f.params = append(f.params, p.Kind())
	}
	for _, r := range t.Results() {
		f.results = append(f.results, r.Kind())
	}
	i.functions[name] = f
	return f
}

// Call implements engine.Instance. A host function may call its own instance again.
func (i *instance) Call(ctx context.Context, name string, stack []uint64) error {
	f := i.function(name)
	if f == nil {
		return fmt.Errorf("the module exports no function %q", name)
	}
	if len(stack) < max(len(f.params), len(f.results)) {
		return fmt.Errorf("%s takes %d values and gives %d; the stack has room for %d", name, len(f.params), len(f.results), len(stack))
	}
	args := make([]any, len(f.params))
	for n, k := range f.params {
		args[n] = value(k, stack[n])
	}
	outer := i.ctx
	i.ctx = ctx
	i.inside++
	defer func() { i.ctx = outer; i.inside-- }()
	var got any
	call := func() (err error) {
		got, err = i.call(f.f, args)
		return err
	}
	var err error
	if i.inside > 1 {
		err = call() // on the thread that the outer call has
	} else {
		err = i.code.engine.threads.do(call)
	}
	if err != nil {
		failure := i.failure
		i.failure = nil
		return ended(failure, err)
	}
	switch v := got.(type) {
	case nil:
	case []wasmtime.Val:
		for n := range v {
			stack[n] = bits(v[n])
		}
	case int32:
		stack[0] = uint64(uint32(v))
	case int64:
		stack[0] = uint64(v)
	default:
		stack[0] = floatBits(v)
	}
	return nil
}

// call calls a function and returns what a host function panicked with as an error.
func (i *instance) call(f *wasmtime.Func, args []any) (got any, err error) {
	defer func() {
		switch v := recover().(type) {
		case nil:
		case error:
			err = v
		default:
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	return f.Call(i.store, args...)
}

func (i *instance) Memory() []byte {
	if i.memory == nil {
		return nil
	}
	return unsafe.Slice((*byte)(i.base), i.memory.DataSize(i.store))
}

// global is an engine.Global.
type global struct {
	i    *instance
	g    *wasmtime.Global
	kind wasmtime.ValKind
}

func (g *global) Get() uint64 { return bits(g.g.Get(g.i.store)) }

func (g *global) Set(v uint64) {
	// Only a wrong type or an immutable global is an error, and Global has looked at both.
	_ = g.g.Set(g.i.store, value(g.kind, v))
}

func (i *instance) Global(name string) engine.Global {
	if g := i.global(name); g != nil {
		return g
	}
	return nil
}

func (i *instance) global(name string) *global {
	if g, ok := i.globals[name]; ok {
		return g
	}
	var found *global
	if e := i.instance.GetExport(i.store, name); e != nil && e.Global() != nil {
		t := e.Global().Type(i.store)
		switch kind := t.Content().Kind(); kind {
		case wasmtime.KindI32, wasmtime.KindI64, wasmtime.KindF32, wasmtime.KindF64:
			if t.Mutable() {
				found = &global{i, e.Global(), kind}
			}
		}
	}
	i.globals[name] = found
	return found
}

func (i *instance) restoreGlobals() {
	for name, value := range i.image.Globals {
		if g := i.global(name); g != nil {
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
	_, err := i.memory.Grow(i.store, (size-have)/engine.PageSize)
	return err == nil
}

func (i *instance) Written(spans []engine.Span) []engine.Span {
	memory := i.Memory()
	if len(memory) == 0 {
		return spans
	}
	if i.image != nil {
		if found, ok := i.image.Written(spans, memory); ok {
			return found
		}
	}
	return append(spans, engine.Span{Start: 0, End: len(memory)})
}

// Reset implements engine.Instance. wasmtime has no word for a memory that shrinks: an instance whose memory has grown is not used again.
func (i *instance) Reset() bool {
	if i.image == nil {
		return false
	}
	if i.memory != nil {
		if memory := i.Memory(); uint64(len(memory)) != i.image.Size() || !i.image.Restore(memory) {
			return false
		}
	}
	i.restoreGlobals()
	return true
}

func (i *instance) Close(context.Context) error {
	i.store.Close()
	return nil
}

// reasons are the words for wasmtime's codes of traps. A null in a table is an access to the table that failed: wazero does not tell the two apart.
var reasons = map[wasmtime.TrapCode]string{
	wasmtime.StackOverflow:          engine.TrapStack,
	wasmtime.MemoryOutOfBounds:      engine.TrapMemory,
	wasmtime.TableOutOfBounds:       engine.TrapTable,
	wasmtime.IndirectCallToNull:     engine.TrapTable,
	wasmtime.BadSignature:           engine.TrapIndirectType,
	wasmtime.IntegerOverflow:        engine.TrapIntegerOverflow,
	wasmtime.IntegerDivisionByZero:  engine.TrapDivideByZero,
	wasmtime.BadConversionToInteger: engine.TrapConversion,
	wasmtime.UnreachableCodeReached: engine.TrapUnreachable,
}

// translate turns wasmtime's error into a Stop or a Trap, without the host's stack.
func translate(err error) error {
	var stop *hostfuncs.Stop
	if errors.As(err, &stop) {
		return stop
	}
	var ours *engine.Trap
	if errors.As(err, &ours) {
		return ours
	}
	var trap *wasmtime.Trap
	if !errors.As(err, &trap) {
		return err
	}
	defer runtime.KeepAlive(trap)
	found := &engine.Trap{Reason: trap.Message()}
	if first, _, ok := strings.Cut(found.Reason, "\n"); ok {
		found.Reason = first
	}
	if c := trap.Code(); c != nil {
		if reason, ok := reasons[*c]; ok {
			found.Reason = reason
		}
	}
	if found.Reason == engine.TrapStack {
		return found // its frames are many, and all the same
	}
	frames := trap.Frames()
	for _, f := range frames[:min(len(frames), engine.MaxFrames)] {
		name := ""
		if n := f.FuncName(); n != nil {
			name = *n
		}
		found.Frames = append(found.Frames, frame(name, int(f.FuncIndex()), int(f.FuncOffset())))
	}
	return found
}

// frame is a frame by its function, which may have no name, and by the offset in it.
func frame(name string, function, offset int) engine.Frame {
	if name == "" {
		name = fmt.Sprintf("$%d", function)
	}
	return engine.Frame{Name: name, Position: meter.Position{Function: function, Offset: offset}}
}

// ended is how a call ended that a host function may have ended: what it did that with gets the stack that wasmtime's own error has.
func ended(failure, err error) error {
	switch f := failure.(type) {
	case *hostfuncs.Stop:
		return &engine.Stopped{Stop: f, Frames: framesOfError(err)}
	case *engine.Trap:
		return &engine.Trap{Reason: f.Reason, Frames: framesOfError(err)}
	}
	return translate(err)
}
