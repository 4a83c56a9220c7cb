package runtime

import (
	"bytes"
	"context"
	"errors"
	goruntime "runtime"
	"testing"
	"time"

	"wand/compiler"
	"wand/compiler/meter"
	"wand/modules"
	"wand/runtime/engine"
)

// TestResetIsComplete: an instance that a run has left is, byte by byte, what a new one is, whatever the program did with it.
func TestResetIsComplete(t *testing.T) {
	if _, err := modules.Find("python"); errors.Is(err, modules.ErrNoGuest) {
		t.Skip(err)
	}
	ctx := context.Background()
	rt, err := New(ctx, Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close(ctx)
	programs := map[string][]string{
		"python": {
			"1\n", "1/0\n", "x = [i for i in range(100)]\nx\n", "raise SystemExit(2)\n",
			"import sys\ndef f(n): return f(n + 1)\ntry: f(0)\nexcept RecursionError: 'deep'\n",
			"import builtins, json\nbuiltins.open = None\njson.dumps = None\ndel builtins.len\n",
			"import random, asyncio, sqlite3\nrandom.seed(1)\nopen('f', 'w')\nasync def g(): await asyncio.sleep(0)\nasyncio.run(g())\n",
			"import gc\ngc.collect()\nb = bytes(1 << 20)\n", "def f(:\n",
		},
		"javascript": {"1", "null.x", "Array.prototype.map = null; globalThis.y = [1, 2]; y", "function f() { f() } try { f() } catch (e) { 1 }", "await Promise.resolve(1)"},
	}
	for guest, texts := range programs {
		if err := rt.Prepare(ctx, guest); err != nil {
			t.Fatal(err)
		}
		p := rt.guests[guest].ready
		fresh, err := p.code.Instantiate(ctx, engine.InstanceConfig{Image: p.image, MaxMemory: 256 << 20})
		if err != nil {
			t.Fatal(err)
		}
		reused := 0
		for _, text := range texts {
			m := &compiler.Module{Name: "main", Language: compiler.Language(guest), Guest: guest, Program: text, Source: text}
			if _, err := rt.Run(ctx, m, Options{}); err != nil {
				t.Fatal(err)
			}
			left := p.ready.take(256 << 20)
			if left == nil {
				continue // thrown away, which is always right
			}
			reused++
			if !bytes.Equal(left.Memory(), fresh.Memory()) {
				t.Errorf("%s: memory differs after %q", guest, text)
			}
			for name, want := range p.image.Globals {
				if got := left.Global(name).Get(); got != want {
					t.Errorf("%s: global %s is %d after %q, was %d", guest, name, got, text, want)
				}
			}
			if left.Global(meter.GlobalDepth) == nil || p.ready.put(left, 256<<20) != nil {
				t.Errorf("%s: the instance cannot go back", guest)
			}
		}
		if reused == 0 {
			t.Errorf("%s: no instance was ever kept", guest)
		}
		t.Logf("%s: %d of %d kept, %d globals", guest, reused, len(texts), len(p.image.Globals))
		fresh.Close(ctx)
	}
}

// TestCloseWhilePreparing: closing in haste does not wait for a preparation longer than its present step, and leaves nothing running.
func TestCloseWhilePreparing(t *testing.T) {
	if _, err := modules.Find("javascript"); errors.Is(err, modules.ErrNoGuest) {
		t.Skip(err)
	}
	began := make(chan struct{}, 2)
	rt, err := New(context.Background(), Config{NoCache: true, Progress: func(string) { began <- struct{}{} }})
	if err != nil {
		t.Fatal(err)
	}
	prepared := make(chan error, 1)
	go func() { prepared <- rt.Prepare(context.Background(), "javascript") }()
	<-began
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	at := time.Now()
	if err := rt.Close(ctx); err != nil {
		t.Error(err)
	}
	t.Logf("closed after %v; the preparation: %v", time.Since(at), <-prepared)
	if err := rt.Prepare(context.Background(), "javascript"); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

// TestReadyInstancesOfOtherBounds: instances with bounds that nobody asks for any more make room for those that somebody does.
func TestReadyInstancesOfOtherBounds(t *testing.T) {
	if _, err := modules.Find("javascript"); errors.Is(err, modules.ErrNoGuest) {
		t.Skip(err)
	}
	ctx := context.Background()
	rt, err := New(ctx, Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close(ctx)
	m := &compiler.Module{Name: "main.js", Language: compiler.JavaScript, Guest: "javascript", Program: "1", Source: "1"}
	for bound := range int64(100) {
		if _, err := rt.Run(ctx, m, Options{Limits: Limits{Memory: 64<<20 + bound}}); err != nil {
			t.Fatal(err)
		}
	}
	ready := &rt.guests["javascript"].ready.ready
	if n := len(ready.list); n > 2*goruntime.GOMAXPROCS(0) {
		t.Errorf("%d instances wait", n)
	}
	if instance := ready.take(64<<20 + 99); instance == nil {
		t.Error("the last bound's instance was not kept")
	} else {
		instance.Close(ctx)
	}
}
