//go:build wasmtime

package wasmtime_test

import (
	"context"
	"testing"

	"wand/runtime/engine/enginetest"
	"wand/runtime/engine/wasmtime"
)

func TestEngine(t *testing.T) {
	e, err := wasmtime.New()
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close(context.Background())
	enginetest.Run(t, e)
}
