package runtime_test

import (
	"context"
	"os"
	"os/exec"
	goruntime "runtime"
	"sync"
	"testing"
	"time"

	"wand/compiler"
	"wand/runtime"
)

// TestBusyGuestsLeaveTheHostResponsive: beside twice as many busy guests as there are processors, a timer of the host fires within 20 ms and a
// garbage collection takes less than 50 ms. Native code without metering made both wait for hundreds of milliseconds. A machine that is busy with
// something else can spoil a round, so the best of forty counts. It runs in a process of its own: what other tests have left on the heap makes a collection
// longer, and is not the guests' doing.
func TestBusyGuestsLeaveTheHostResponsive(t *testing.T) {
	needGuests(t)
	const alone = "WAND_TEST_ALONE"
	if os.Getenv(alone) == "" {
		c := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
		c.Env = append(os.Environ(), alone+"=1")
		out, err := c.CombinedOutput()
		if t.Logf("%s", out); err != nil {
			t.Fatal(err)
		}
		return
	}
	rt := sharedRuntime(t)
	if err := rt.Prepare(context.Background(), "python"); err != nil {
		t.Fatal(err)
	}
	defer goruntime.GOMAXPROCS(goruntime.GOMAXPROCS(2))
	ctx, stop := context.WithCancel(context.Background())
	var guests sync.WaitGroup
	defer func() { stop(); guests.Wait() }()
	for range 4 {
		guests.Add(1)
		go func() {
			defer guests.Done()
			m, _, err := compiler.Compile(ctx, compiler.Source{Language: compiler.Python, Text: []byte("while True: pass\n")})
			if err != nil {
				t.Error(err)
				return
			}
			r, err := rt.Run(ctx, m, runtime.Options{Limits: runtime.Limits{Fuel: 1 << 50, Deadline: time.Minute}})
			if err != nil || r.Status != runtime.Cancelled {
				t.Errorf("%v %v", r, err)
			}
		}()
	}
	time.Sleep(100 * time.Millisecond)
	var late, collection time.Duration
	for round := range 40 {
		late, collection = 0, 0
		for end := time.Now().Add(400 * time.Millisecond); time.Now().Before(end); {
			start := time.Now()
			<-time.After(time.Millisecond)
			late = max(late, time.Since(start)-time.Millisecond)
		}
		for range 5 {
			start := time.Now()
			goruntime.GC()
			collection = max(collection, time.Since(start))
		}
		t.Logf("round %d: a 1 ms timer was at most %v late, a collection took at most %v", round, late, collection)
		if late <= 20*time.Millisecond && collection <= 50*time.Millisecond {
			return
		}
	}
	t.Errorf("a 1 ms timer was %v late, a collection took %v", late, collection)
}

// TestCancelIsPrompt: a cancelled run ends within a slice of fuel, wherever it is.
func TestCancelIsPrompt(t *testing.T) {
	rt := sharedRuntime(t)
	for name, program := range map[string]string{
		"computing": "while True: pass\n",
		"sleeping":  "import time\ntime.sleep(3600)\n",
		"printing":  "while True: print(end='')\n",
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(context.Background())
			var cancelled time.Time
			time.AfterFunc(200*time.Millisecond, func() { cancelled = time.Now(); cancel() })
			m, _, err := compiler.Compile(ctx, compiler.Source{Language: compiler.Python, Text: []byte(program)})
			if err != nil {
				t.Fatal(err)
			}
			r, err := rt.Run(ctx, m, runtime.Options{Limits: runtime.Limits{Fuel: 1 << 50, Deadline: time.Minute}})
			if err != nil {
				t.Fatal(err)
			}
			if r.Status != runtime.Cancelled || r.Error.Kind != runtime.KindCancelled {
				t.Errorf("%s", r.JSON())
			}
			if took := time.Since(cancelled); took > 2*time.Second {
				t.Errorf("ended %v after it was cancelled", took)
			}
		})
	}
}

// TestCloseCancelsWhatRuns: Close waits while its context lasts, then stops the runs.
func TestCloseCancelsWhatRuns(t *testing.T) {
	needGuests(t)
	rt, err := runtime.New(context.Background(), runtime.Config{})
	if err != nil {
		t.Fatal(err)
	}
	m, _, err := compiler.Compile(context.Background(), compiler.Source{Language: compiler.JavaScript, Text: []byte("for (;;) {}")})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan *runtime.Report, 1)
	if err := rt.Prepare(context.Background(), "javascript"); err != nil {
		t.Fatal(err)
	}
	go func() {
		r, _ := rt.Run(context.Background(), m, runtime.Options{Limits: runtime.Limits{Fuel: 1 << 50, Deadline: time.Minute}})
		ended <- r
	}()
	time.Sleep(50 * time.Millisecond)
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := rt.Close(ctx); err != nil {
		t.Error(err)
	}
	if r := <-ended; r == nil || r.Status != runtime.Cancelled {
		t.Errorf("%+v", r)
	}
	if _, err := rt.Run(context.Background(), m, runtime.Options{}); err != runtime.ErrClosed {
		t.Error(err)
	}
}
