package wazero_test

import (
	"context"
	"testing"

	"wand/runtime/engine"
	"wand/runtime/engine/enginetest"
	"wand/runtime/engine/wazero"
)

func TestCompiler(t *testing.T)    { enginetest.Run(t, wazero.New()) }
func TestInterpreter(t *testing.T) { enginetest.Run(t, wazero.NewInterpreter()) }

// TestSpec runs the specification's suite, as enginetest runs it on every engine.
func TestSpec(t *testing.T) {
	enginetest.CompareSpec(t, "../enginetest", enginetest.Spec(t, wazero.New()))
}

// FuzzEngines: on random modules the compiler and the interpreter do the same, to the last unit of fuel.
func FuzzEngines(f *testing.F) {
	engines := []engine.Engine{wazero.New(), wazero.NewInterpreter()}
	f.Cleanup(func() { engines[0].Close(context.Background()); engines[1].Close(context.Background()) })
	for seed := range uint64(20) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		if _, err := enginetest.Compare(enginetest.Generate(seed), engines); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzBaked: an instance that was frozen into a module of its own goes on as the one that was frozen.
func FuzzBaked(f *testing.F) {
	e := wazero.NewInterpreter()
	f.Cleanup(func() { e.Close(context.Background()) })
	for seed := range uint64(20) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		if _, err := enginetest.CompareBaked(enginetest.Generate(seed), e); err != nil {
			t.Fatal(err)
		}
	})
}
