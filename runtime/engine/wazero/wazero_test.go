package wazero_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"runtime"
	"strings"
	"testing"

	"wand/compiler/wasm"
	"wand/hostfuncs"
	"wand/runtime/engine"
	"wand/runtime/engine/wazero"
)

// module is a small module: a memory of one to four pages, a mutable global, and functions that exercise each way a call can end.
func module() []byte {
	void := wasm.FuncType{}
	i32 := []wasm.ValType{wasm.I32}
	m := &wasm.Module{
		Types:   []wasm.FuncType{void, {Params: i32, Results: i32}, {Results: i32}},
		Imports: []wasm.Import{{Module: "host", Name: "poke", Kind: wasm.ExternFunc, Func: 1}},
		// 1 load, 2 trap, 3 wild, 4 poke, 5 grow, 6 recurse
		Functions: []uint32{1, 0, 0, 1, 1, 0},
		Memories:  []wasm.MemoryType{{Size: wasm.Size{Min: 1, Max: 4, HasMax: true}}},
		Globals:   []wasm.Global{{Type: wasm.GlobalType{Type: wasm.I32, Mutable: true}, Init: []byte{0x41, 7, 0x0b}}},
		Exports: []wasm.Export{
			{Name: "memory", Kind: wasm.ExternMemory}, {Name: "g", Kind: wasm.ExternGlobal},
			{Name: "load", Index: 1}, {Name: "trap", Index: 2}, {Name: "wild", Index: 3}, {Name: "poke", Index: 4}, {Name: "grow", Index: 5},
			{Name: "recurse", Index: 6},
		},
		Codes: []wasm.Code{
			{Body: []byte{0x20, 0, 0x28, 2, 0, 0x0b}},
			{Body: []byte{0x00, 0x0b}},
			{Body: []byte{0x41, 0x7f, 0x28, 2, 0, 0x1a, 0x0b}},
			{Body: []byte{0x20, 0, 0x10, 0, 0x0b}},
			{Body: []byte{0x20, 0, 0x40, 0, 0x0b}},
			{Body: []byte{0x10, 6, 0x0b}},
		},
	}
	return m.Encode()
}

var errPlain = errors.New("a plain error")

func hosts() []hostfuncs.Func {
	i32 := []hostfuncs.ValueType{hostfuncs.I32}
	return []hostfuncs.Func{{Module: "host", Name: "poke", Params: i32, Results: i32, Call: func(_ context.Context, memory []byte, stack []uint64) {
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
		}
		memory[100] = byte(stack[0])
		stack[0] = uint64(len(memory))
	}}}
}

func engines(t *testing.T, f func(t *testing.T, code engine.Code)) {
	for name, e := range map[string]engine.Engine{"compiler": wazero.New(), "interpreter": wazero.NewInterpreter()} {
		t.Run(name, func(t *testing.T) {
			ctx := context.Background()
			code, err := e.Compile(ctx, module(), hosts(), "")
			if err != nil {
				t.Fatal(err)
			}
			defer code.Close(ctx)
			f(t, code)
		})
	}
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

func TestCallsEndInTypedErrors(t *testing.T) {
	engines(t, func(t *testing.T, code engine.Code) {
		ctx := context.Background()
		trap := func(err error) string {
			var trap *engine.Trap
			if errors.As(err, &trap) {
				return trap.Reason
			}
			return "no trap"
		}
		if got := trap(instantiate(t, code, nil).Call(ctx, "trap", nil)); got != engine.TrapUnreachable {
			t.Error(got)
		}
		if got := trap(instantiate(t, code, nil).Call(ctx, "wild", nil)); got != engine.TrapMemory {
			t.Error(got)
		}
		if got := trap(instantiate(t, code, nil).Call(ctx, "recurse", nil)); got != engine.TrapStack {
			t.Error(got)
		}
		if got := trap(instantiate(t, code, nil).Call(ctx, "poke", []uint64{2})); got != engine.TrapMemory {
			t.Error(got)
		}
		var stop *hostfuncs.Stop
		if err := instantiate(t, code, nil).Call(ctx, "poke", []uint64{1}); !errors.As(err, &stop) || stop.Kind != hostfuncs.KindFuel {
			t.Error(err)
		}
		var fault runtime.Error
		if err := instantiate(t, code, nil).Call(ctx, "poke", []uint64{3}); !errors.As(err, &fault) {
			t.Errorf("a bug of the host must not look like the guest's doing: %v", err)
		}
		if err := instantiate(t, code, nil).Call(ctx, "poke", []uint64{4}); !errors.Is(err, errPlain) {
			t.Error(err)
		}
		if err := instantiate(t, code, nil).Call(ctx, "absent", nil); err == nil || !strings.Contains(err.Error(), "absent") {
			t.Error(err)
		}
	})
}

func TestForksShareAnImageAndNothingElse(t *testing.T) {
	engines(t, func(t *testing.T, code engine.Code) {
		ctx := context.Background()
		image, err := engine.NewImage(2*engine.PageSize, []engine.Extent{{Offset: 100, Data: []byte{42}}}, map[string]uint64{"g": 99})
		if err != nil {
			t.Fatal(err)
		}
		defer image.Close()
		a, b := instantiate(t, code, image), instantiate(t, code, image)
		load := func(i engine.Instance) byte {
			stack := []uint64{100}
			if err := i.Call(ctx, "load", stack); err != nil {
				t.Fatal(err)
			}
			return byte(stack[0])
		}
		if load(a) != 42 || a.Global("g").Get() != 99 || len(a.Memory()) != 2*engine.PageSize {
			t.Errorf("not the image: %d, g %d, %d bytes", load(a), a.Global("g").Get(), len(a.Memory()))
		}
		stack := []uint64{7}
		if err := a.Call(ctx, "poke", stack); err != nil {
			t.Fatal(err)
		}
		a.Global("g").Set(5)
		if load(a) != 7 || load(b) != 42 || b.Global("g").Get() != 99 || load(instantiate(t, code, image)) != 42 {
			t.Error("what one fork wrote shows in another")
		}
	})
}

func TestResetIsTheImageAgain(t *testing.T) {
	engines(t, func(t *testing.T, code engine.Code) {
		ctx := context.Background()
		image, err := engine.NewImage(2*engine.PageSize, []engine.Extent{{Offset: 100, Data: []byte{42}}}, map[string]uint64{"g": 99})
		if err != nil {
			t.Fatal(err)
		}
		defer image.Close()
		i := instantiate(t, code, image)
		memory := i.Memory()
		memory[100], memory[engine.PageSize+5000] = 7, 8
		i.Global("g").Set(1)
		if !i.Reset() {
			t.Skip("this system has no reset")
		}
		want := make([]byte, 2*engine.PageSize)
		want[100] = 42
		if !bytes.Equal(i.Memory(), want) || i.Global("g").Get() != 99 {
			t.Error("something of the first use is left")
		}
		// A memory that has grown shrinks again, for the guest too, and what is beyond its end is forgotten.
		for round := range 3 {
			stack := []uint64{1}
			if err := i.Call(ctx, "grow", stack); err != nil || stack[0] != 2 {
				t.Fatalf("round %d: grew from %d pages: %v", round, stack[0], err)
			}
			grown := i.Memory()
			if !bytes.Equal(grown, append(bytes.Clone(want), make([]byte, engine.PageSize)...)) {
				t.Fatalf("round %d: something of the last use is left", round)
			}
			for at := range grown {
				grown[at] = 0xee
			}
			if !i.Reset() {
				t.Fatal("a memory that has grown was not reset")
			}
			if !bytes.Equal(i.Memory(), want) {
				t.Fatalf("round %d: %d bytes, not the image", round, len(i.Memory()))
			}
		}
		stack := []uint64{2 * engine.PageSize}
		var trap *engine.Trap
		if err := i.Call(ctx, "load", stack); !errors.As(err, &trap) || trap.Reason != engine.TrapMemory {
			t.Errorf("the guest reads beyond the end of a memory that has shrunk: %v", err)
		}
		if instantiate(t, code, nil).Reset() {
			t.Error("an instance without an image was called reset")
		}
	})
}

func TestMemoryGrowsInPlaceUpToItsBound(t *testing.T) {
	engines(t, func(t *testing.T, code engine.Code) {
		ctx := context.Background()
		i, err := code.Instantiate(ctx, engine.InstanceConfig{MaxMemory: 3 * engine.PageSize})
		if err != nil {
			t.Fatal(err)
		}
		defer i.Close(ctx)
		for _, step := range []struct {
			pages uint64
			want  int32
		}{{1, 1}, {0, 2}, {2, -1}, {1, 2}, {1, -1}} {
			stack := []uint64{step.pages}
			if err := i.Call(ctx, "grow", stack); err != nil {
				t.Fatal(err)
			}
			if int32(stack[0]) != step.want {
				t.Errorf("grow by %d gave %d, expected %d", step.pages, int32(stack[0]), step.want)
			}
		}
		if len(i.Memory()) != 3*engine.PageSize {
			t.Errorf("%d bytes", len(i.Memory()))
		}
	})
}

func TestMissingImportIsNamed(t *testing.T) {
	_, err := wazero.New().Compile(context.Background(), module(), nil, "")
	if !errors.Is(err, engine.ErrMissingImport) || !strings.Contains(err.Error(), "host.poke") {
		t.Error(err)
	}
	wrong := hosts()
	wrong[0].Params = nil
	if _, err := wazero.New().Compile(context.Background(), module(), wrong, ""); !errors.Is(err, engine.ErrMissingImport) {
		t.Error(err)
	}
}

func TestCloseGivesMemoryAndDescriptorsBack(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("counts the mappings in /proc")
	}
	ctx := context.Background()
	code, err := wazero.New().Compile(ctx, module(), hosts(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer code.Close(ctx)
	count := func() (maps, files int) {
		text, _ := os.ReadFile("/proc/self/maps")
		entries, _ := os.ReadDir("/proc/self/fd")
		return strings.Count(string(text), "wand-image"), len(entries)
	}
	_, filesBefore := count()
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
	if maps, files := count(); maps != 0 || files != filesBefore {
		t.Errorf("%d mappings left, %d descriptors where there were %d", maps, files, filesBefore)
	}
}

// TestDeltaCarriesAGuestOn: what a guest has done to one instance, memory.grow and globals included, goes on in another.
func TestDeltaCarriesAGuestOn(t *testing.T) {
	engines(t, func(t *testing.T, code engine.Code) {
		ctx := context.Background()
		image, err := engine.NewImage(2*engine.PageSize, []engine.Extent{{Offset: 100, Data: []byte{42}}}, map[string]uint64{"g": 99})
		if err != nil {
			t.Fatal(err)
		}
		defer image.Close()
		a, b := instantiate(t, code, image), instantiate(t, code, image)
		for _, call := range []struct {
			name     string
			argument uint64
		}{{"poke", 7}, {"grow", 1}} {
			if err := a.Call(ctx, call.name, []uint64{call.argument}); err != nil {
				t.Fatal(err)
			}
		}
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
			stack := []uint64{at}
			if err := b.Call(ctx, "load", stack); err != nil || stack[0] != want {
				t.Errorf("the guest reads %d at %d: %v", stack[0], at, err)
			}
		}
		if err := delta.Apply(b); !errors.Is(err, engine.ErrNotPristine) {
			t.Errorf("applied to what has grown: %v", err)
		}
		if b.Grow(5*engine.PageSize) || b.Grow(3*engine.PageSize+1) || !b.Grow(engine.PageSize) || len(b.Memory()) != 3*engine.PageSize {
			t.Error("growing does not keep to its bound")
		}
	})
}
