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

// TestSpec runs the specification's suite as on wazero: every assertion holds, the counts are the same, and so is the fuel of each.
func TestSpec(t *testing.T) {
	e, err := wasmtime.New()
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close(context.Background())
	var ours, theirs *enginetest.SpecReport
	t.Run("wasmtime", func(t *testing.T) { ours = enginetest.Spec(t, e) })
	t.Run("wazero", func(t *testing.T) { theirs = enginetest.Spec(t, wazero.New()) })
	if ours == nil || theirs == nil {
		t.SkipNow()
	}
	enginetest.CompareSpec(t, "../enginetest", ours)
	if len(ours.Outcomes) != len(theirs.Outcomes) {
		t.Fatalf("%d assertions, wazero %d", len(ours.Outcomes), len(theirs.Outcomes))
	}
	differ := 0
	for i := range ours.Outcomes {
		if ours.Outcomes[i] != theirs.Outcomes[i] {
			if differ++; differ < 10 {
				t.Errorf("%s\nwazero: %s", ours.Outcomes[i], theirs.Outcomes[i])
			}
		}
	}
	t.Logf("%d assertions end the same with the same fuel, %d do not", len(ours.Outcomes)-differ, differ)
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
