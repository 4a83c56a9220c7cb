package runtime

import (
	"context"
	"errors"
	"fmt"
	"time"

	"wand/compiler/meter"
	"wand/compiler/wasm"
	"wand/hostfuncs"
	"wand/hostfuncs/vfs"
	"wand/hostfuncs/wasi"
	"wand/modules"
	"wand/runtime/engine"
)

// ErrUnsupported says that a module is valid WebAssembly but nothing that this sandbox runs: the message names the feature or import.
var ErrUnsupported = errors.New("unsupported module")

// linked is a metered and compiled module before it has an image.
type linked struct {
	program
	info    meter.Info
	metered []byte // what was compiled, when that is the fork variant
}

// link meters and compiles a module. With fork set, what is compiled is the variant without data segments: every instance, the first
// included, starts from an image, so that a guest is compiled once and not twice. native is the folder for native code, or empty.
func (rt *Runtime) link(ctx context.Context, bin []byte, fork bool, native string) (*linked, error) {
	decoded, metered, err := rewrite(bin, fork)
	if err != nil {
		return nil, err
	}
	if !fork { // what a guest costs to compile is known
		if err := checkEffort(decoded); err != nil {
			return nil, err
		}
	}
	l := newLinked(metered.Info)
	text := []byte(nil)
	if fork {
		if text, err = metered.Fork(l.info.MemoryMin); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrUnsupported, err)
		}
		l.metered = text
		if l.image, err = initialImage(decoded, l.info.MemoryMin); err != nil {
			return nil, err
		}
	} else {
		text = metered.Base()
	}
	if l.code, err = rt.config.Engine.Compile(ctx, text, hostFuncs(), native); err != nil {
		if errors.Is(err, engine.ErrMissingImport) {
			err = fmt.Errorf("%w: %w", ErrUnsupported, err)
		}
		if l.image != nil {
			l.image.Close()
		}
		return nil, err
	}
	return l, nil
}

// rewrite decodes and meters a module, a guest or somebody's own, and refuses what nothing here could run.
func rewrite(bin []byte, guest bool) (*wasm.Module, *meter.Metered, error) {
	decoded, err := wasm.Decode(bin, wasm.Limits{})
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrUnsupported, err)
	}
	if err := checkEntry(decoded); err != nil {
		return nil, nil, err
	}
	if err := checkImports(decoded); err != nil {
		return nil, nil, err
	}
	metered, err := meter.Rewrite(decoded, meterOptions(decoded, guest))
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrUnsupported, err)
	}
	return decoded, metered, nil
}

func newLinked(info meter.Info) *linked {
	l := &linked{info: info}
	l.minPages, l.maxPages, l.trapsAtOnce = info.MemoryMin, info.MemoryMax, info.ElementsDoNotFit
	if info.HasStart {
		l.start = meter.Start
	}
	return l
}

// checkEntry refuses a module whose entry points want what a caller would have to make up.
func checkEntry(m *wasm.Module) error {
	for _, e := range m.Exports {
		if e.Kind != wasm.ExternFunc || e.Name != "_start" && e.Name != "_initialize" {
			continue
		}
		if t := m.Types[functionType(m, e.Index)]; len(t.Params)+len(t.Results) > 0 {
			return fmt.Errorf("%w: %s has parameters or results; the entry point of a WASI program has neither", ErrUnsupported, e.Name)
		}
	}
	return nil
}

// functionType is the type index of a function, imported or defined, of a validated module.
func functionType(m *wasm.Module, index uint32) uint32 {
	for _, i := range m.Imports {
		if i.Kind != wasm.ExternFunc {
			continue
		}
		if index == 0 {
			return i.Func
		}
		index--
	}
	return m.Functions[index]
}

// initialImage is the memory that a module's active data segments describe.
func initialImage(m *wasm.Module, pages uint32) (*engine.Image, error) {
	size := uint64(pages) * engine.PageSize
	var extents []engine.Extent
	for i, d := range m.Data {
		if d.Mode != wasm.Active {
			continue
		}
		offset, ok := constant(d.Offset)
		if !ok {
			return nil, fmt.Errorf("%w: the offset of data segment %d is not a plain constant", ErrUnsupported, i)
		}
		extents = append(extents, engine.Extent{Offset: uint64(offset), Data: d.Init})
	}
	return engine.NewImage(size, extents, nil)
}

// constant evaluates the expression i32.const N, the only one that linkers write for a segment of a module that is not relocatable.
func constant(expression []byte) (uint32, bool) {
	const i32Const, end = 0x41, 0x0b
	if len(expression) < 3 || expression[0] != i32Const {
		return 0, false
	}
	var value int64
	shift := 0
	for i, b := range expression[1:] {
		value |= int64(b&0x7f) << shift
		shift += 7
		if b < 0x80 {
			if b&0x40 != 0 && shift < 64 {
				value |= -1 << shift
			}
			return uint32(value), len(expression) == i+3 && expression[i+2] == end
		}
		if shift > 28 {
			break
		}
	}
	return 0, false
}

// boot starts a guest: its constructors and wand_init, metered and bounded like any program, on an image of its data segments. It
// returns the frozen result, for the runtime and in the form that the vault keeps.
func (rt *Runtime) boot(ctx context.Context, p *linked) (image *engine.Image, frozen []byte, err error) {
	limits := DefaultLimits()
	j := &job{rt: rt, program: &p.program}
	r := &j.run
	r.limits, r.slice, r.maxPages, r.ctx = limits, rt.config.FuelSlice, p.maxPages, ctx
	r.out = newOutput(limits.Output, defaultKeepOutput, "", nil, nil, r.hold)
	defer func() {
		switch v := recover().(type) {
		case nil:
		case *hostfuncs.Stop:
			err = v
		default:
			panic(v)
		}
	}()
	clock := wasi.NewFrozenClock(bootTime)
	j.fs = vfs.New(vfs.Options{Charge: r.hold, Now: clock.Now})
	if err := p.mount(j.fs); err != nil {
		return nil, nil, err
	}
	instance, err := p.instance(ctx, r)
	if err != nil {
		return nil, nil, err
	}
	defer instance.Close(context.WithoutCancel(ctx))
	// Whatever a guest reads at this stage is the same for every run, so it reads nothing: no arguments, no environment.
	state := &wasi.State{FS: j.fs, Stdout: &r.out.stdout, Stderr: &r.out.stderr, Clock: clock, Random: zeros{}, Charge: r.burn}
	gctx := wasi.With(&runContext{Context: ctx, run: r}, state)
	said := func(err error) error {
		text, _ := r.out.stderr.text()
		return fmt.Errorf("%w %s", err, text)
	}
	for _, name := range []string{p.start, "_initialize"} {
		if name != "" && instance.HasFunction(name) {
			if err := instance.Call(gctx, name, nil); err != nil {
				return nil, nil, said(err)
			}
		}
	}
	stack := []uint64{0}
	if err := instance.Call(gctx, "wand_abi", stack); err != nil {
		return nil, nil, said(err)
	}
	if abi := int32(stack[0]); abi != modules.ABI {
		return nil, nil, fmt.Errorf("%w: it speaks ABI %d, this program %d", modules.ErrBadGuest, abi, modules.ABI)
	}
	if err := instance.Call(gctx, "wand_init", stack); err != nil {
		return nil, nil, said(err)
	}
	if code := int32(stack[0]); code != 0 {
		return nil, nil, said(fmt.Errorf("wand_init returned %d", code))
	}
	globals := map[string]uint64{}
	for _, g := range p.info.Globals {
		if handle := instance.Global(g.Export); handle != nil {
			globals[g.Export] = handle.Get()
		}
	}
	memory := instance.Memory()
	extents := engine.Extents(memory)
	if image, err = engine.NewImage(uint64(len(memory)), extents, globals); err != nil {
		return nil, nil, err
	}
	return image, encodeSnapshot(uint64(len(memory)), p.maxPages, extents, globals), nil
}

// bootTime is the time while a guest starts, the same for every image: what an interpreter remembers of its start must not tell one machine's image from
// another's, to which a snapshot is a difference.
var bootTime = time.Unix(1_735_689_600, 0) // the first day of 2025, UTC, as the guests' own build

// zeros is the random source while a guest starts: what it draws then would be the same in every fork anyway, and a guest that is built
// twice should come out the same twice. Each run reseeds.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
