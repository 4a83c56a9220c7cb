package runtime_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	goruntime "runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"wand/compiler"
	"wand/runtime"
	"wand/runtime/store"
)

// soakMemory is what the process may hold while it soaks, in bytes: what Go is told to keep to (debug.SetMemoryLimit, which counts Go's own memory) and what
// the system may count (the memory of guests, too). The race detector's shadow comes to it.
const (
	soakMemory     = 512 << 20
	soakRaceMemory = 1 << 30
)

// footprint is what a process could leak.
type footprint struct {
	goroutines, files, maps int
	resident                int64
}

func footprintNow() footprint {
	for range 3 {
		goruntime.GC()
		time.Sleep(50 * time.Millisecond)
	}
	debug.FreeOSMemory()
	maps, _ := os.ReadFile("/proc/self/maps")
	return footprint{goruntime.NumGoroutine(), openFiles(), bytes.Count(maps, []byte("\n")), resident()}
}

func (f footprint) String() string {
	return fmt.Sprintf("%d goroutines, %d files, %d mappings, %d MiB resident", f.goroutines, f.files, f.maps, f.resident>>20)
}

// TestSoak forks sessions and takes turns of the forks, side by side, for as long as WAND_SOAK says (make soak) and ten thousand times at the least; then
// everything that a process can leak is back to where it was.
func TestSoak(t *testing.T) {
	text := os.Getenv("WAND_SOAK")
	if text == "" {
		t.Skip("WAND_SOAK does not say for how long; make soak")
	}
	lasts, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	needGuests(t)
	limit := int64(soakMemory)
	if raceDetector {
		limit = soakRaceMemory
	}
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(soakMemory))
	ctx := context.Background()
	rt, err := runtime.New(ctx, runtime.Config{SnapshotKey: storeKey})
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close(ctx)
	s := &soak{t: t, rt: rt, disk: storeDir(t)}
	before := resident()
	s.round(400, 0)
	s.round(400, 0) // what caches and pools hold is there now
	begin := footprintNow()
	s.forks.Store(0)
	s.turns.Store(0)
	started := time.Now()
	var peak atomic.Int64
	watching, stop := context.WithCancel(ctx)
	var watcher sync.WaitGroup
	watcher.Go(func() {
		for watching.Err() == nil {
			peak.Store(max(peak.Load(), resident()))
			time.Sleep(20 * time.Millisecond)
		}
	})
	s.round(10_000, lasts)
	took := time.Since(started)
	idle := s.idle(10_000)
	stop()
	watcher.Wait()
	end := footprintNow()
	for range 20 {
		if end.goroutines <= begin.goroutines {
			break
		}
		end = footprintNow()
	}
	t.Logf("%d forks and %d turns in %v, race detector: %v; resident at most %d MiB of %d, %d before anything; 10,000 idle forks of one session: %d KiB",
		s.forks.Load(), s.turns.Load(), took.Round(time.Second), raceDetector, peak.Load()>>20, limit>>20, before>>20, idle>>10)
	t.Logf("begin: %v", begin)
	t.Logf("end:   %v", end)
	if s.forks.Load() < 10_000 {
		t.Errorf("only %d forks", s.forks.Load())
	}
	if peak.Load() > limit {
		t.Errorf("%d MiB resident", peak.Load()>>20)
	}
	if end.goroutines > begin.goroutines {
		t.Errorf("goroutines: %d, %d at the beginning", end.goroutines, begin.goroutines)
	}
	if end.files > begin.files {
		t.Errorf("files: %d, %d at the beginning", end.files, begin.files)
	}
	if end.maps > begin.maps+40 { // Go's own heap has some more or fewer
		t.Errorf("mappings: %d, %d at the beginning", end.maps, begin.maps)
	}
	if end.resident > begin.resident+48<<20+begin.resident/10 {
		t.Errorf("resident: %d MiB, %d at the beginning", end.resident>>20, begin.resident>>20)
	}
}

type soak struct {
	t            *testing.T
	rt           *runtime.Runtime
	disk         *store.Dir
	forks, turns atomic.Int64
}

// round has four workers fork, run, park, reset, store, restore and close until there were so many forks and so much time has passed.
func (s *soak) round(forks int64, lasts time.Duration) {
	ctx := context.Background()
	until, goal := time.Now().Add(lasts), s.forks.Load()+forks
	var roots [2]*runtime.Session
	for i, language := range []compiler.Language{compiler.Python, compiler.JavaScript} {
		root, err := s.rt.NewSession(ctx, runtime.SessionOptions{Language: language, Budget: runtime.Budget{Turns: 1 << 40, Fuel: 1 << 60}})
		if err != nil {
			s.t.Fatal(err)
		}
		defer root.Close()
		s.turn(root, [2]string{"pad = list(range(20000)); f = open('f', 'w+')", "let pad = Array.from({length: 20000}, (_, i) => i)"}[i])
		roots[i] = root
	}
	var workers sync.WaitGroup
	for w := range 4 {
		workers.Go(func() {
			random := rand.New(rand.NewPCG(7, uint64(w)))
			for s.forks.Load() < goal || time.Now().Before(until) {
				s.life(random, roots[random.IntN(2)], w)
			}
		})
	}
	workers.Wait()
}

// life is that of one fork.
func (s *soak) life(random *rand.Rand, root *runtime.Session, worker int) {
	ctx := context.Background()
	fork, err := root.Fork()
	if err != nil {
		s.t.Error(err)
		return
	}
	s.forks.Add(1)
	// What Source says is the language of the session.
	python := fork.Source("").Language == compiler.Python
	pick := func(python_, javascript string) string {
		if python {
			return python_
		}
		return javascript
	}
	defer func() { fork.Close() }()
	for range 1 + random.IntN(2) {
		switch random.IntN(100) { // what forces the disk or burns fuel is rare: this is about how often

		case 0, 1, 2, 3, 4:
			s.turn(fork, pick("1/0", "null.x"))
		case 5:
			s.turn(fork, pick("while True: pass", "for (;;);"))
		case 6, 7, 8, 9, 10:
			fork.Park()
		case 11, 12, 13, 14:
			if err := fork.Reset(ctx); err != nil {
				s.t.Error(err)
			}
		case 15, 16, 17:
			snapshot, err := fork.Snapshot()
			if err != nil {
				s.t.Error(err)
				return
			}
			again, err := s.rt.Restore(ctx, snapshot, runtime.SessionOptions{})
			if err != nil {
				s.t.Error(err)
				return
			}
			fork.Close()
			fork = again
		case 18:
			name := fmt.Sprintf("w%d", worker)
			if err := fork.Save(ctx, s.disk, name, runtime.SaveOptions{Key: storeKey, Replace: true}); err != nil {
				s.t.Error(err)
				return
			}
			again, err := s.rt.Open(ctx, s.disk, name, storeKey, runtime.SessionOptions{})
			if err != nil {
				s.t.Error(err)
				return
			}
			fork.Close()
			fork = again
		case 19:
			cancelled, cancel := context.WithTimeout(ctx, 2*time.Millisecond)
			m, _, err := compiler.Compile(ctx, fork.Source(pick("import time; time.sleep(9)", "for (;;);")))
			if err != nil {
				s.t.Error(err)
			} else if _, err := fork.Run(cancelled, m, runtime.TurnOptions{}); err != nil && cancelled.Err() == nil {
				s.t.Error(err)
			}
			cancel()
		case 20, 21, 22, 23, 24:
			m, _, err := compiler.Compile(ctx, fork.Source(pick("print(1)", "console.log(1)")))
			if err != nil {
				s.t.Error(err)
			} else if _, err := s.rt.Run(ctx, m, runtime.Options{}); err != nil {
				s.t.Error(err)
			}
		default:
			s.turn(fork, pick("x = [0] * 5000; open('g', 'w').write('text'); print(len(x))", "globalThis.x = new Array(5000).fill(0); console.log(x.length)"))
		}
	}
}

func (s *soak) turn(session *runtime.Session, text string) {
	m, _, err := compiler.Compile(context.Background(), session.Source(text))
	if err != nil {
		s.t.Error(err)
		return
	}
	r, err := session.Run(context.Background(), m, runtime.TurnOptions{Limits: runtime.Limits{Fuel: 20_000_000}})
	if err != nil || r.Status == runtime.Fault {
		s.t.Error(err, r)
	}
	s.turns.Add(1)
}

// idle says how much memory so many forks of one session take while they wait, together.
func (s *soak) idle(count int) int64 {
	root, err := s.rt.NewSession(context.Background(), runtime.SessionOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	defer root.Close()
	s.turn(root, "x = list(range(100000))")
	goruntime.GC()
	debug.FreeOSMemory()
	before := resident()
	forks := make([]*runtime.Session, count)
	for i := range forks {
		if forks[i], err = root.Fork(); err != nil {
			s.t.Fatal(err)
		}
	}
	s.forks.Add(int64(count))
	goruntime.GC()
	debug.FreeOSMemory()
	after := resident()
	for _, f := range forks {
		f.Close()
	}
	return after - before
}
