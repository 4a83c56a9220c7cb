package enginetest_test

import (
	"testing"

	"wand/compiler/wasm"
	"wand/runtime/engine"
	"wand/runtime/engine/enginetest"
	"wand/runtime/engine/wazero"
)

func TestGeneratedModulesAreValid(t *testing.T) {
	for seed := range uint64(2000) {
		if _, err := wasm.Decode(enginetest.Generate(seed), wasm.Limits{}); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

// TestCompilerAndInterpreterAgree on generated modules. With the build tag wasmtime, the test beside that engine compares all three.
func TestCompilerAndInterpreterAgree(t *testing.T) {
	engines := []engine.Engine{wazero.New(), wazero.NewInterpreter()}
	for seed := range uint64(300) {
		if _, err := enginetest.Compare(enginetest.Generate(seed), engines); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}
