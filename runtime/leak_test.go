package runtime_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	goruntime "runtime"
	"runtime/debug"
	"strconv"
	"sync"
	"testing"
	"time"

	"wand/compiler"
	"wand/runtime"
)

type brokenWriter struct{ panics bool }

func (w brokenWriter) Write([]byte) (int, error) {
	if w.panics {
		panic("a writer that panics")
	}
	return 0, errors.New("broken")
}

// TestRunsLeaveNothingBehind: after many runs that ended in every way, side by side, there are as many goroutines, open files and bytes
// in use as after a few.
func TestRunsLeaveNothingBehind(t *testing.T) {
	if testing.Short() {
		t.Skip("2,000 runs")
	}
	rt := sharedRuntime(t)
	spill := t.TempDir()
	echo := map[string]toolFunc{"t": func(_ context.Context, args json.RawMessage) (json.RawMessage, error) { return args, nil }}
	panics := map[string]toolFunc{"t": func(context.Context, json.RawMessage) (json.RawMessage, error) { panic("no") }}
	kinds := []struct {
		language compiler.Language
		text     string
		o        runtime.Options
	}{
		{compiler.Python, "print(1)\n[1]\n", runtime.Options{}},
		{compiler.Python, "1/0\n", runtime.Options{}},
		{compiler.Python, "raise SystemExit(3)\n", runtime.Options{}},
		{compiler.Python, "import os; os._exit(1)\n", runtime.Options{}},
		{compiler.Python, "x = bytearray(40 << 20)\n", runtime.Options{}},
		{compiler.Python, "while True: pass\n", runtime.Options{Limits: runtime.Limits{Fuel: 3_000_000}}},
		{compiler.Python, "print('x' * 200000)\n", runtime.Options{SpillDir: spill}},
		{compiler.Python, "print('x' * 200000)\n", runtime.Options{SpillDir: spill + "/none"}},
		{compiler.Python, "print(1)\n", runtime.Options{Stdout: brokenWriter{}}},
		{compiler.Python, "print(1)\n", runtime.Options{Stdout: brokenWriter{panics: true}}},
		{compiler.Python, "input()\n", runtime.Options{Stdin: bytes.NewReader(nil)}},
		{compiler.Python, "import tools\ntools.call('t', a=1)\n", runtime.Options{Tools: registry(t, echo), Policy: everyTool}},
		{compiler.Python, "import tools\ntools.call('t', a=1)\n", runtime.Options{Tools: registry(t, panics), Policy: everyTool}},
		{compiler.Python, "import time; time.sleep(9)\n", runtime.Options{Limits: runtime.Limits{Deadline: 5 * time.Millisecond}}},
		{compiler.JavaScript, "console.log(1); [1]\n", runtime.Options{}},
		{compiler.JavaScript, "null.x\n", runtime.Options{}},
		{compiler.JavaScript, "for (;;);\n", runtime.Options{Limits: runtime.Limits{Fuel: 3_000_000}}},
		{compiler.JavaScript, "1\n", runtime.Options{Limits: runtime.Limits{Memory: 1 << 20}}},
	}
	var programs []*compiler.Module
	for _, k := range kinds {
		m, _, err := compiler.Compile(context.Background(), compiler.Source{Language: k.language, Text: []byte(k.text)})
		if err != nil {
			t.Fatal(err)
		}
		programs = append(programs, m)
	}
	round := func(runs int) {
		var wait sync.WaitGroup
		for worker := range 4 {
			wait.Add(1)
			go func() {
				defer wait.Done()
				for i := worker; i < runs; i += 4 {
					ctx, cancel := context.WithCancel(context.Background())
					if i%7 == 3 {
						time.AfterFunc(time.Millisecond, cancel)
					}
					k := i % len(kinds)
					if r, _ := rt.Run(ctx, programs[k], kinds[k].o); r != nil {
						io.Discard.Write(r.JSON())
						if r.Truncated != nil && r.Truncated.StdoutPath != "" {
							os.Remove(r.Truncated.StdoutPath)
						}
					}
					cancel()
				}
			}()
		}
		wait.Wait()
		debug.FreeOSMemory()
	}
	round(200)
	goroutines, files, memory := goruntime.NumGoroutine(), openFiles(), resident()
	round(2000)
	for range 50 {
		if goruntime.NumGoroutine() <= goroutines+2 {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Logf("goroutines %d, then %d; files %d, then %d; memory %d MiB, then %d", goroutines, goruntime.NumGoroutine(), files, openFiles(), memory>>20, resident()>>20)
	if n := goruntime.NumGoroutine(); n > goroutines+2 {
		t.Errorf("%d goroutines, %d before", n, goroutines)
	}
	if n := openFiles(); n > files+2 {
		t.Errorf("%d open files, %d before", n, files)
	}
	if n := resident(); n > memory+(48<<20) {
		t.Errorf("%d MiB in use, %d before", n>>20, memory>>20)
	}
}

// openFiles and resident are 0 where the system does not say.
func openFiles() int {
	entries, _ := os.ReadDir("/proc/self/fd")
	return len(entries)
}

func resident() int64 {
	text, _ := os.ReadFile("/proc/self/statm")
	if fields := bytes.Fields(text); len(fields) > 1 {
		pages, _ := strconv.ParseInt(string(fields[1]), 10, 64)
		return pages * int64(os.Getpagesize())
	}
	return 0
}
