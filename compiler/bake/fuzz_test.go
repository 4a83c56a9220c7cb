package bake_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"wand/compiler/bake"
	"wand/compiler/wasm"
)

// FuzzFreeze: a module that was frozen in a state has that state when it begins, in an engine that knows nothing of wand.
func FuzzFreeze(f *testing.F) {
	f.Add([]byte("a little"), uint32(70_000), uint8(2), uint64(5))
	f.Add([]byte{}, uint32(0), uint8(0), uint64(0))
	f.Add(bytes.Repeat([]byte{1, 2, 0, 0}, 3000), uint32(65_530), uint8(3), ^uint64(0))
	f.Fuzz(func(t *testing.T, content []byte, at uint32, pages uint8, number uint64) {
		m := command(nil)
		m.Memories[0].Size = wasm.Size{Min: 1}
		types := []wasm.ValType{wasm.I32, wasm.I64, wasm.F32, wasm.F64}
		values := map[uint32]uint64{}
		for i, typ := range types {
			init := map[wasm.ValType][]byte{wasm.I32: {i32const, 0}, wasm.I64: {0x42, 0}, wasm.F32: {0x43, 0, 0, 0, 0}, wasm.F64: append([]byte{0x44}, make([]byte, 8)...)}[typ]
			m.Globals = append(m.Globals, wasm.Global{Type: wasm.GlobalType{Type: typ, Mutable: true}, Init: append(init, end)})
			m.Exports = append(m.Exports, wasm.Export{Name: "g" + string(rune('0'+i)), Kind: wasm.ExternGlobal, Index: uint32(i)})
			if values[uint32(i)] = number + uint64(i); typ == wasm.I32 || typ == wasm.F32 {
				values[uint32(i)] = uint64(uint32(number + uint64(i)))
			}
		}
		// Something at the very beginning, so that what lies there is no dead stack.
		m.Data = []wasm.Data{{Mode: wasm.Active, Offset: []byte{i32const, 0, end}, Init: []byte{1}}}
		memory := make([]byte, (1+int(pages%4))<<16)
		copy(memory[int(at)%len(memory):], content)
		frozen, err := bake.Freeze(decoded(t, m), bake.State{Memory: memory, Globals: values})
		if err != nil {
			t.Fatal(err)
		}
		text := frozen.Encode()
		if _, err := wasm.Decode(text, wasm.Limits{}); err != nil {
			t.Fatal(err)
		}
		ctx := context.Background()
		rt := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter())
		defer rt.Close(ctx)
		i, err := rt.InstantiateWithConfig(ctx, text, wazero.NewModuleConfig().WithStartFunctions())
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := i.Memory().Read(0, uint32(len(memory))); !ok || !bytes.Equal(got, memory) || int(i.Memory().Size()) != len(memory) {
			t.Fatal("the memory is another one")
		}
		for n, typ := range types {
			got := i.ExportedGlobal("g" + string(rune('0'+n))).Get()
			if typ == wasm.I32 || typ == wasm.F32 {
				got = uint64(uint32(got))
			}
			if got != values[uint32(n)] {
				t.Fatalf("global %d is %#x, not %#x", n, got, values[uint32(n)])
			}
		}
	})
}

// FuzzStandalone: whatever comes in, what comes out is a valid module that begins with _start and wants WASI only.
func FuzzStandalone(f *testing.F) {
	f.Add(command(nil).Encode(), int64(0))
	f.Add(command([]byte{i32const, 5, 0x1a}).Encode(), int64(1000))
	f.Add(binary.LittleEndian.AppendUint32([]byte("\x00asm"), 1), int64(0))
	f.Fuzz(func(t *testing.T, bin []byte, fuel int64) {
		m, err := wasm.Decode(bin, wasm.Limits{ModuleBytes: 1 << 20, LocalsPerFunction: 1000})
		if err != nil {
			return
		}
		built, err := bake.Standalone(m, bake.Options{Fuel: max(0, fuel)})
		if err != nil {
			var refused *wasm.Error
			if !errors.Is(err, bake.ErrUnsupported) && !errors.As(err, &refused) {
				t.Fatalf("%v is neither the module's fault nor a limit", err)
			}
			return
		}
		again, err := wasm.Decode(built.Wasm, wasm.Limits{})
		if err != nil {
			t.Fatalf("it is not valid: %v", err)
		}
		for _, im := range again.Imports {
			if im.Module != "wasi_snapshot_preview1" {
				t.Fatalf("it imports %s.%s", im.Module, im.Name)
			}
		}
		ctx := context.Background()
		rt := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter().WithCoreFeatures(api.CoreFeaturesV2))
		defer rt.Close(ctx)
		if compiled, err := rt.CompileModule(ctx, built.Wasm); err == nil && compiled.ExportedFunctions()["_start"] == nil {
			t.Fatal("it has no _start")
		}
	})
}
