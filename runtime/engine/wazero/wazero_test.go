package wazero_test

import (
	"testing"

	"wand/runtime/engine/enginetest"
	"wand/runtime/engine/wazero"
)

func TestCompiler(t *testing.T)    { enginetest.Run(t, wazero.New()) }
func TestInterpreter(t *testing.T) { enginetest.Run(t, wazero.NewInterpreter()) }
