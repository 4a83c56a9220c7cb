//go:build wasmtime && cgo

package wasmtime_test

import (
	"context"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"wand/runtime/engine"
	"wand/runtime/engine/enginetest"
	"wand/runtime/engine/wasmtime"
	"wand/runtime/engine/wazero"
)

func TestEngine(t *testing.T) {
	e, err := wasmtime.New()
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close(context.Background())
	enginetest.Run(t, e)
}

// TestEnginesAgreeOnGeneratedModules compares wazero's compiler, its interpreter and wasmtime on random modules, for 20 seconds or as long as WAND_DIFFER says
// ("2m", "1h"; make differ). A seed that it names finds the same module again.
func TestEnginesAgreeOnGeneratedModules(t *testing.T) {
	length := 20 * time.Second
	if text := os.Getenv("WAND_DIFFER"); text != "" {
		var err error
		if length, err = time.ParseDuration(text); err != nil {
			t.Fatal("WAND_DIFFER: ", err)
		}
	}
	e, err := wasmtime.New()
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close(context.Background())
	engines := []engine.Engine{wazero.New(), wazero.NewInterpreter(), e}
	end := time.Now().Add(length)
	var seed, modules, calls atomic.Int64
	// Short runs begin with the same seeds, so that they repeat; a long one goes on where they end.
	var group sync.WaitGroup
	for range 2 {
		group.Go(func() {
			for time.Now().Before(end) && !t.Failed() {
				n := seed.Add(1)
				ran, err := enginetest.Compare(enginetest.Generate(uint64(n)), engines)
				if err != nil {
					t.Errorf("seed %d: %v", n, err)
				}
				modules.Add(1)
				calls.Add(int64(ran))
			}
		})
	}
	group.Wait()
	t.Logf("%d modules, %d calls of each, on three engines", modules.Load(), calls.Load())
}
