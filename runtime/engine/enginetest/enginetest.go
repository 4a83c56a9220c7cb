// Package enginetest is the suite that every engine passes: how calls end, what forks share, what a reset leaves, growing, captured state,
// concurrency, and a stop from outside. An engine's own test is
//
//	func TestEngine(t *testing.T) { enginetest.Run(t, myengine.New()) }
//
// The modules are made here, byte by byte, so that the suite needs no assembler.
package enginetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	goruntime "runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"wand/compiler/meter"
	"wand/compiler/wasm"
	"wand/hostfuncs"
	"wand/runtime/engine"
)

// Run runs the suite. The engine is not closed.
func Run(t *testing.T, e engine.Engine) {
	for _, c := range []struct {
		name string
		test func(*testing.T, engine.Engine)
	}{
		{"CallsEndInTypedErrors", callsEndInTypedErrors},
		{"NumbersPassUnchanged", numbersPassUnchanged},
		{"HostFunctionsMayCallBack", hostFunctionsMayCallBack},
		{"MissingImportIsNamed", missingImportIsNamed},
		{"NothingRunsAtInstantiation", nothingRunsAtInstantiation},
		{"ForksShareAnImageAndNothingElse", forksShareAnImageAndNothingElse},
		{"ResetIsTheImageAgain", resetIsTheImageAgain},
		{"MemoryGrowsUpToItsBound", memoryGrowsUpToItsBound},
		{"DeltaCarriesAGuestOn", deltaCarriesAGuestOn},
		{"CacheIsUsed", cacheIsUsed},
		{"CloseGivesBack", closeGivesBack},
		{"InstancesRunSideBySide", instancesRunSideBySide},
		{"ABusyGuestIsStopped", aBusyGuestIsStopped},
		{"DeepRecursionEnds", deepRecursionEnds},
		{"BranchesOnAndGoRight", branchesOnAndGoRight},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, e) })
	}
}

// Exports of the suite's module; the index space begins with the imports poke and refill.
var functions = []string{"load", "trap", "wild", "poke", "grow", "recurse", "divide", "convert", "indirect", "wrongType", "nothing", "mirror", "spin", "deep"}

// module is a small module: a memory of one to four pages, two mutable globals, a table, and functions that exercise each way a call can end.
func module() []byte {
	i32, i64, f32, f64 := wasm.I32, wasm.I64, wasm.F32, wasm.F64
	one := []wasm.ValType{i32}
	all := []wasm.ValType{i32, i64, f32, f64}
	m := &wasm.Module{
		Types: []wasm.FuncType{
			0: {}, 1: {Params: one, Results: one}, 2: {Params: []wasm.ValType{i64}, Results: []wasm.ValType{i64}},
			3: {Params: all, Results: all}, 4: {Params: []wasm.ValType{f64}, Results: one},
			5: {Params: slices.Repeat([]wasm.ValType{i64}, deepParams), Results: []wasm.ValType{i64}},
		},
		Imports: []wasm.Import{
			{Module: "host", Name: "poke", Kind: wasm.ExternFunc, Func: 1}, {Module: "host", Name: "refill", Kind: wasm.ExternFunc, Func: 2},
			{Module: "host", Name: "mirror", Kind: wasm.ExternFunc, Func: 3},
		},
		Functions: []uint32{1, 0, 0, 1, 1, 0, 1, 4, 1, 1, 0, 3, 0, 5},
		Tables:    []wasm.TableType{{Elem: wasm.FuncRef, Size: wasm.Size{Min: 3, Max: 3, HasMax: true}}},
		Memories:  []wasm.MemoryType{{Size: wasm.Size{Min: 1, Max: 4, HasMax: true}}},
		Globals: []wasm.Global{
			{Type: wasm.GlobalType{Type: i32, Mutable: true}, Init: []byte{0x41, 7, 0x0b}},
			{Type: wasm.GlobalType{Type: f64, Mutable: true}, Init: []byte{0x44, 0, 0, 0, 0, 0, 0, 0, 0, 0x0b}},
		},
		Exports: []wasm.Export{{Name: "memory", Kind: wasm.ExternMemory}, {Name: "g", Kind: wasm.ExternGlobal}, {Name: "f", Kind: wasm.ExternGlobal, Index: 1}},
		Codes: []wasm.Code{
			{Body: []byte{0x20, 0, 0x28, 2, 0, 0x0b}},                                     // load: i32.load
			{Body: []byte{0x00, 0x0b}},                                                    // trap: unreachable
			{Body: []byte{0x41, 0x7f, 0x28, 2, 0, 0x1a, 0x0b}},                            // wild: i32.load of -1
			{Body: []byte{0x20, 0, 0x10, 0, 0x0b}},                                        // poke
			{Body: []byte{0x20, 0, 0x40, 0, 0x0b}},                                        // grow: memory.grow
			{Body: recurse()},                                                             // recurse: deep of zeros
			{Body: []byte{0x41, 1, 0x20, 0, 0x6d, 0x0b}},                                  // divide: i32.div_s of 1
			{Body: []byte{0x20, 0, 0xaa, 0x0b}},                                           // convert: i32.trunc_f64_s
			{Body: []byte{0x41, 9, 0x20, 0, 0x11, 1, 0, 0x0b}},                            // indirect: call_indirect of type 1
			{Body: []byte{0x20, 0, 0x11, 0, 0, 0x41, 0, 0x0b}},                            // wrongType: call_indirect of type 0
			{Body: []byte{0x0b}},                                                          // nothing
			{Body: []byte{0x20, 0, 0x20, 1, 0x20, 2, 0x20, 3, 0x10, 2, 0x0b}},             // mirror
			{Body: []byte{0x03, 0x40, 0x42, 0, 0x10, 1, 0x1a, 0x0c, 0, 0x0b, 0x00, 0x0b}}, // spin: loop { refill(0) }
			{Body: deep()},
		},
		Elements: []wasm.Element{{Mode: wasm.Active, Type: wasm.FuncRef, Offset: []byte{0x41, 0, 0x0b}, Items: []wasm.ElementItem{{Op: wasm.OpRefFunc, Index: 6}}}},
	}
	for i, name := range functions {
		m.Exports = append(m.Exports, wasm.Export{Name: name, Index: uint32(3 + i)})
	}
	return m.Encode()
}

// deepParams make the frame of deep a large one, so that a stack of hundreds of megabytes ends after a million frames and not after many.
const deepParams = 16

func recurse() (body []byte) {
	for range deepParams {
		body = append(body, 0x42, 0)
	}
	return append(body, 0x10, 16, 0x1a, 0x0b)
}

// deep calls itself with its parameters in another order, and adds all of them to what comes back.
func deep() (body []byte) {
	for i := range deepParams {
		body = append(body, 0x20, byte((i+1)%deepParams))
	}
	body = append(body, 0x10, 16)
	for i := range deepParams {
		body = append(body, 0x20, byte(i), 0x7c)
	}
	return append(body, 0x0b)
}

var errPlain = errors.New("a plain error")

type refillKey struct{}

// hosts are the functions that the module imports. What refill does is in the context.
func hosts() []hostfuncs.Func {
	i32, i64 := []hostfuncs.ValueType{hostfuncs.I32}, []hostfuncs.ValueType{hostfuncs.I64}
	all := []hostfuncs.ValueType{hostfuncs.I32, hostfuncs.I64, hostfuncs.F32, hostfuncs.F64}
	return []hostfuncs.Func{
		{Module: "host", Name: "poke", Params: i32, Results: i32, Call: func(ctx context.Context, memory []byte, stack []uint64) {
			switch uint32(stack[0]) {
			case 1:
				panic(&hostfuncs.Stop{Kind: hostfuncs.KindFuel, Used: 2, Limit: 1})
			case 2:
				panic(&engine.Trap{Reason: engine.TrapMemory})
			case 3:
				var none []int
				_ = none[len(memory)]
			case 4:
				panic(errPlain)
			case 5:
				ctx.Value(refillKey{}).(func())()
			}
			memory[100] = byte(stack[0])
			stack[0] = uint64(len(memory))
		}},
		{Module: "host", Name: "refill", Params: i64, Results: i64, Call: func(ctx context.Context, _ []byte, stack []uint64) {
			ctx.Value(refillKey{}).(func())()
		}},
		{Module: "host", Name: "mirror", Params: all, Results: all, Call: func(context.Context, []byte, []uint64) {}},
	}
}

// with is a context in which refill calls a function.
func with(f func()) context.Context { return context.WithValue(context.Background(), refillKey{}, f) }

func compile(t *testing.T, e engine.Engine) engine.Code {
	t.Helper()
	code, err := e.Compile(context.Background(), module(), hosts(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { code.Close(context.Background()) })
	return code
}

func instantiate(t *testing.T, code engine.Code, image *engine.Image) engine.Instance {
	t.Helper()
	i, err := code.Instantiate(context.Background(), engine.InstanceConfig{Image: image, MaxMemory: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { i.Close(context.Background()) })
	return i
}

// frozen is an image of two pages with 42 at 100 and 99 in g.
func frozen(t *testing.T) *engine.Image {
	t.Helper()
	image, err := engine.NewImage(2*engine.PageSize, []engine.Extent{{Offset: 100, Data: []byte{42}}}, map[string]uint64{"g": 99, "f": math.Float64bits(1.5)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { image.Close() })
	return image
}

func call(t *testing.T, i engine.Instance, name string, argument uint64) uint64 {
	t.Helper()
	stack := []uint64{argument}
	if err := i.Call(context.Background(), name, stack); err != nil {
		t.Fatal(err)
	}
	return stack[0]
}

func reason(err error) string {
	var trap *engine.Trap
	if errors.As(err, &trap) {
		return trap.Reason
	}
	return fmt.Sprint("no trap: ", err)
}

func callsEndInTypedErrors(t *testing.T, e engine.Engine) {
	code, ctx := compile(t, e), context.Background()
	for _, c := range []struct {
		function string
		argument uint64
		want     string
	}{
		{"trap", 0, engine.TrapUnreachable}, {"wild", 0, engine.TrapMemory}, {"recurse", 0, engine.TrapStack}, {"poke", 2, engine.TrapMemory},
		{"load", engine.PageSize - 3, engine.TrapMemory}, {"divide", 0, engine.TrapDivideByZero}, {"convert", math.Float64bits(math.NaN()), engine.TrapConversion},
		{"convert", math.Float64bits(1e300), engine.TrapIntegerOverflow}, {"indirect", 3, engine.TrapTable}, {"indirect", 1, engine.TrapTable},
		{"wrongType", 0, engine.TrapIndirectType},
	} {
		if got := reason(instantiate(t, code, nil).Call(ctx, c.function, []uint64{c.argument})); got != c.want {
			t.Errorf("%s(%d): %s, expected %s", c.function, c.argument, got, c.want)
		}
	}
	var stop *hostfuncs.Stop
	if err := instantiate(t, code, nil).Call(ctx, "poke", []uint64{1}); !errors.As(err, &stop) || stop.Kind != hostfuncs.KindFuel || stop.Limit != 1 {
		t.Error(err)
	}
	var fault goruntime.Error
	if err := instantiate(t, code, nil).Call(ctx, "poke", []uint64{3}); !errors.As(err, &fault) {
		t.Errorf("a bug of the host must not look like the guest's doing: %v", err)
	}
	if err := instantiate(t, code, nil).Call(ctx, "poke", []uint64{4}); !errors.Is(err, errPlain) {
		t.Error(err)
	}
	i := instantiate(t, code, nil)
	if err := i.Call(ctx, "absent", nil); err == nil || !strings.Contains(err.Error(), "absent") {
		t.Error(err)
	}
	if i.HasFunction("absent") || i.HasFunction("memory") || !i.HasFunction("load") || i.Global("memory") != nil || i.Global("absent") != nil {
		t.Error("what is exported is not what is said to be")
	}
	if call(t, i, "indirect", 0) != engine.PageSize {
		t.Error("a function of the table was not called")
	}
}

func numbersPassUnchanged(t *testing.T, e engine.Engine) {
	i := instantiate(t, compile(t, e), nil)
	for _, v := range []uint64{0, 1, math.MaxUint64, 1 << 63, math.Float64bits(math.Copysign(0, -1)), math.Float64bits(math.Inf(-1)), 0x7ff8_0000_0000_0001} {
		stack := []uint64{v & math.MaxUint32, v, v >> 32, v}
		want := bytes.Clone(fmt.Append(nil, stack))
		if err := i.Call(context.Background(), "mirror", stack); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Append(nil, stack); !bytes.Equal(got, want) {
			t.Errorf("%s came back as %s", want, got)
		}
	}
	g := i.Global("f")
	g.Set(math.Float64bits(-2.25))
	if g.Get() != math.Float64bits(-2.25) || i.Global("f").Get() != math.Float64bits(-2.25) || i.Global("g").Get() != 7 {
		t.Error("a global does not keep what it is set to")
	}
}

// hostFunctionsMayCallBack: a host function looks at what the guest has, and calls it, in the middle of a call.
func hostFunctionsMayCallBack(t *testing.T, e engine.Engine) {
	i := instantiate(t, compile(t, e), frozen(t))
	var loaded, global uint64
	inner := func() {
		stack := []uint64{100}
		if err := i.Call(context.Background(), "load", stack); err != nil {
			t.Error(err)
		}
		loaded, global = stack[0], i.Global("g").Get()
		i.Global("g").Set(12)
	}
	stack := []uint64{5}
	if err := i.Call(with(inner), "poke", stack); err != nil {
		t.Fatal(err)
	}
	if loaded != 42 || global != 99 || i.Global("g").Get() != 12 || stack[0] != 2*engine.PageSize || call(t, i, "load", 100) != 5 {
		t.Errorf("loaded %d, g %d, then %d, result %d", loaded, global, i.Global("g").Get(), stack[0])
	}
}

func missingImportIsNamed(t *testing.T, e engine.Engine) {
	ctx := context.Background()
	if _, err := e.Compile(ctx, module(), hosts()[1:], ""); !errors.Is(err, engine.ErrMissingImport) || !strings.Contains(err.Error(), "host.poke") {
		t.Error(err)
	}
	wrong := hosts()
	wrong[0].Params = nil
	if _, err := e.Compile(ctx, module(), wrong, ""); !errors.Is(err, engine.ErrMissingImport) {
		t.Error(err)
	}
	if _, err := e.Compile(ctx, []byte("\x00asm\x01\x00\x00\x00\xff"), hosts(), ""); err == nil {
		t.Error("a malformed module was compiled")
	}
}

// nothingRunsAtInstantiation: the meter makes a start function an export, because nothing may run before the meter is set.
func nothingRunsAtInstantiation(t *testing.T, e engine.Engine) {
	start := uint32(0)
	m, err := wasm.Decode((&wasm.Module{
		Types: []wasm.FuncType{{}}, Functions: []uint32{0}, Start: &start,
		Globals: []wasm.Global{{Type: wasm.GlobalType{Type: wasm.I32, Mutable: true}, Init: []byte{0x41, 0, 0x0b}}},
		Exports: []wasm.Export{{Name: "ran", Kind: wasm.ExternGlobal}},
		Codes:   []wasm.Code{{Body: []byte{0x41, 1, 0x24, 0, 0x0b}}},
	}).Encode(), wasm.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	metered, err := meter.Rewrite(m, meter.Options{})
	if err != nil {
		t.Fatal(err)
	}
	never := func(context.Context, []byte, []uint64) { t.Error("the meter was asked") }
	i64, i32 := []hostfuncs.ValueType{hostfuncs.I64}, []hostfuncs.ValueType{hostfuncs.I32}
	code, err := e.Compile(context.Background(), metered.Base(), []hostfuncs.Func{
		{Module: meter.Module, Name: meter.ImportRefill, Params: i64, Results: i64, Call: func(context.Context, []byte, []uint64) {}},
		{Module: meter.Module, Name: meter.ImportGrow, Params: i32, Results: i32, Call: never},
		{Module: meter.Module, Name: meter.ImportOverflow, Call: never},
	}, "")
	if err != nil {
		t.Fatal(err)
	}
	defer code.Close(context.Background())
	i := instantiate(t, code, nil)
	if i.Global("ran").Get() != 0 {
		t.Error("the start function ran at instantiation")
	}
	if err := i.Call(context.Background(), meter.Start, nil); err != nil || i.Global("ran").Get() != 1 {
		t.Error("the start function does not run when it is called", err)
	}
}

func forksShareAnImageAndNothingElse(t *testing.T, e engine.Engine) {
	code, image := compile(t, e), frozen(t)
	a, b := instantiate(t, code, image), instantiate(t, code, image)
	if call(t, a, "load", 100) != 42 || a.Global("g").Get() != 99 || a.Global("f").Get() != math.Float64bits(1.5) || len(a.Memory()) != 2*engine.PageSize || a.Image() != image {
		t.Error("not the image")
	}
	call(t, a, "poke", 7)
	a.Global("g").Set(5)
	if call(t, a, "load", 100) != 7 || call(t, b, "load", 100) != 42 || b.Global("g").Get() != 99 || call(t, instantiate(t, code, image), "load", 100) != 42 {
		t.Error("what one fork wrote shows in another")
	}
}

func resetIsTheImageAgain(t *testing.T, e engine.Engine) {
	code, image := compile(t, e), frozen(t)
	i := instantiate(t, code, image)
	memory := i.Memory()
	memory[100], memory[engine.PageSize+5000] = 7, 8
	i.Global("g").Set(1)
	if !i.Reset() {
		t.Skip("this engine has no reset here")
	}
	want := make([]byte, 2*engine.PageSize)
	want[100] = 42
	if !bytes.Equal(i.Memory(), want) || i.Global("g").Get() != 99 {
		t.Error("something of the first use is left")
	}
	// A memory that has grown shrinks again, for the guest too, and what is beyond its end is forgotten; or the engine says that it cannot.
	for round := range 3 {
		if got := call(t, i, "grow", 1); got != 2 {
			t.Fatalf("round %d: grew from %d pages", round, got)
		}
		grown := i.Memory()
		if !bytes.Equal(grown, append(bytes.Clone(want), make([]byte, engine.PageSize)...)) {
			t.Fatalf("round %d: something of the last use is left", round)
		}
		for at := range grown {
			grown[at] = 0xee
		}
		if !i.Reset() {
			t.Log("this engine does not reset a memory that has grown")
			return
		}
		if !bytes.Equal(i.Memory(), want) {
			t.Fatalf("round %d: %d bytes, not the image", round, len(i.Memory()))
		}
	}
	if got := reason(i.Call(context.Background(), "load", []uint64{2 * engine.PageSize})); got != engine.TrapMemory {
		t.Errorf("the guest reads beyond the end of a memory that has shrunk: %s", got)
	}
	if instantiate(t, code, nil).Reset() {
		t.Error("an instance without an image was called reset")
	}
}

func memoryGrowsUpToItsBound(t *testing.T, e engine.Engine) {
	i, err := compile(t, e).Instantiate(context.Background(), engine.InstanceConfig{MaxMemory: 3 * engine.PageSize})
	if err != nil {
		t.Fatal(err)
	}
	defer i.Close(context.Background())
	for _, step := range []struct {
		pages uint64
		want  int32
	}{{1, 1}, {0, 2}, {2, -1}, {1, 2}, {1, -1}} {
		if got := int32(call(t, i, "grow", step.pages)); got != step.want {
			t.Errorf("grow by %d gave %d, expected %d", step.pages, got, step.want)
		}
	}
	if len(i.Memory()) != 3*engine.PageSize {
		t.Errorf("%d bytes", len(i.Memory()))
	}
	for _, most := range []uint64{0, engine.MaxMemory + 1} {
		if _, err := compile(t, e).Instantiate(context.Background(), engine.InstanceConfig{MaxMemory: most}); err == nil {
			t.Errorf("a bound of %d bytes was accepted", most)
		}
	}
}

// deltaCarriesAGuestOn: what a guest has done to one instance, memory.grow and globals included, goes on in another.
func deltaCarriesAGuestOn(t *testing.T, e engine.Engine) {
	code, image := compile(t, e), frozen(t)
	a, b := instantiate(t, code, image), instantiate(t, code, image)
	call(t, a, "poke", 7)
	call(t, a, "grow", 1)
	a.Global("g").Set(5)
	a.Memory()[2*engine.PageSize+9] = 3
	delta, err := engine.Capture(a, nil)
	if err != nil {
		t.Fatal(err)
	}
	if delta.Pages() != 2 || delta.Size() != 3*engine.PageSize {
		t.Errorf("%d pages differ in a memory of %d bytes", delta.Pages(), delta.Size())
	}
	if err := delta.Apply(b); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a.Memory(), b.Memory()) || b.Global("g").Get() != 5 {
		t.Error("not the same state")
	}
	for at, want := range map[uint64]uint64{100: 7, 2*engine.PageSize + 9: 3} {
		if got := call(t, b, "load", at); got != want {
			t.Errorf("the guest reads %d at %d", got, at)
		}
	}
	if err := delta.Apply(b); !errors.Is(err, engine.ErrNotPristine) {
		t.Errorf("applied to what has grown: %v", err)
	}
	if b.Grow(5*engine.PageSize) || b.Grow(3*engine.PageSize+1) || !b.Grow(engine.PageSize) || len(b.Memory()) != 3*engine.PageSize {
		t.Error("growing does not keep to its bound")
	}
}

// cacheIsUsed: what an engine keeps in the folder serves the next compilation, and is not written anew.
func cacheIsUsed(t *testing.T, e engine.Engine) {
	dir := t.TempDir()
	kept := func() map[string]os.FileInfo {
		found := map[string]os.FileInfo{}
		filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
			if err == nil && !info.IsDir() {
				found[path] = info
			}
			return err
		})
		return found
	}
	var before map[string]os.FileInfo
	for round := range 2 {
		code, err := e.Compile(context.Background(), module(), hosts(), dir)
		if err != nil {
			t.Fatal(err)
		}
		i := instantiate(t, code, nil)
		if call(t, i, "poke", 9) != engine.PageSize {
			t.Error("not the module")
		}
		after := kept()
		if round > 0 {
			if len(after) != len(before) {
				t.Errorf("%d files where there were %d", len(after), len(before))
			}
			for path, info := range before {
				if now := after[path]; now == nil || !os.SameFile(info, now) || !info.ModTime().Equal(now.ModTime()) {
					t.Error("native code was written again")
				}
			}
		}
		before = after
		t.Cleanup(func() { code.Close(context.Background()) })
	}
}

func closeGivesBack(t *testing.T, e engine.Engine) {
	if goruntime.GOOS != "linux" {
		t.Skip("counts the mappings in /proc")
	}
	code, ctx := compile(t, e), context.Background()
	count := func() (images, files int) {
		text, _ := os.ReadFile("/proc/self/maps")
		entries, _ := os.ReadDir("/proc/self/fd")
		return strings.Count(string(text), "wand-image"), len(entries)
	}
	imagesBefore, filesBefore := count()
	image, err := engine.NewImage(engine.PageSize, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		i, err := code.Instantiate(ctx, engine.InstanceConfig{Image: image, MaxMemory: 1 << 20})
		if err != nil {
			t.Fatal(err)
		}
		i.Close(ctx)
	}
	image.Close()
	if images, files := count(); images != imagesBefore || files != filesBefore {
		t.Errorf("%d mappings where there were %d, %d descriptors where there were %d", images, imagesBefore, files, filesBefore)
	}
}

func instancesRunSideBySide(t *testing.T, e engine.Engine) {
	code, image := compile(t, e), frozen(t)
	var group sync.WaitGroup
	var problems atomic.Int64
	for worker := range 8 {
		group.Go(func() {
			for round := range 50 {
				i, err := code.Instantiate(context.Background(), engine.InstanceConfig{Image: image, MaxMemory: 1 << 20})
				if err != nil {
					t.Error(err)
					return
				}
				stack := []uint64{uint64(10 + worker)}
				loaded := []uint64{100}
				if i.Call(context.Background(), "poke", stack) != nil || i.Call(context.Background(), "load", loaded) != nil || loaded[0] != uint64(10+worker) {
					problems.Add(1)
				}
				if round%3 == 0 && reason(i.Call(context.Background(), "trap", nil)) != engine.TrapUnreachable {
					problems.Add(1)
				}
				i.Close(context.Background())
			}
		})
	}
	group.Wait()
	if problems.Load() > 0 {
		t.Errorf("%d calls went wrong", problems.Load())
	}
}

// aBusyGuestIsStopped: the host function that a busy guest meets ends it, and others of the same code do not notice.
func aBusyGuestIsStopped(t *testing.T, e engine.Engine) {
	code := compile(t, e)
	other := instantiate(t, code, frozen(t))
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(20*time.Millisecond, cancel)
	rounds := 0
	err := instantiate(t, code, nil).Call(with(func() {
		if rounds++; ctx.Err() != nil {
			panic(&hostfuncs.Stop{Kind: hostfuncs.KindCancelled})
		}
		goruntime.Gosched()
	}), "spin", nil)
	var stop *hostfuncs.Stop
	if !errors.As(err, &stop) || stop.Kind != hostfuncs.KindCancelled || rounds == 0 {
		t.Errorf("after %d rounds: %v", rounds, err)
	}
	if call(t, other, "load", 100) != 42 {
		t.Error("the other instance was harmed")
	}
}

// deepRecursionEnds: again and again, and the process is none the worse.
func deepRecursionEnds(t *testing.T, e engine.Engine) {
	code := compile(t, e)
	for range 3 {
		if got := reason(instantiate(t, code, nil).Call(context.Background(), "recurse", nil)); got != engine.TrapStack {
			t.Fatal(got)
		}
	}
	if call(t, instantiate(t, code, nil), "poke", 8) != engine.PageSize {
		t.Error("the next instance was harmed")
	}
}
