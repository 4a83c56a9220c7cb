package wazero_test

import (
	"testing"

	"wand/runtime/engine/enginetest"
	"wand/runtime/engine/wazero"
)

func TestCompiler(t *testing.T)    { enginetest.Run(t, wazero.New()) }
func TestInterpreter(t *testing.T) { enginetest.Run(t, wazero.NewInterpreter()) }

// TestSpec runs the specification's suite, as enginetest runs it on every engine.
func TestSpec(t *testing.T) {
	enginetest.CompareSpec(t, "../enginetest", enginetest.Spec(t, wazero.New()))
}
