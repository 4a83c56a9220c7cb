package runtime_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	goruntime "runtime"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"wand/compiler"
	"wand/runtime"
)

// What an embedder may do wrong, or do at the same time.

// TestTinyLimits: no limit, however small, means none, and none ends in anything but a report.
func TestTinyLimits(t *testing.T) {
	t.Parallel()
	rt := sharedRuntime(t)
	program := "import tools, os\nopen('a', 'w').write('x' * 5)\nprint('hello')\ntry:\n    tools.call('x')\nexcept Exception:\n    pass\nsum(range(10**7))\n"
	for n := range int64(3) {
		for kind, l := range map[runtime.ErrorKind]runtime.Limits{
			runtime.KindFuel: {Fuel: n + 1}, runtime.KindMemory: {Memory: n + 1}, runtime.KindDeadline: {Deadline: time.Duration(n + 1)},
			runtime.KindOutput: {Output: n + 1}, runtime.KindStorage: {Storage: n + 1}, runtime.KindCallDepth: {CallDepth: n + 1},
		} {
			r := start(t, rt, compiler.Python, program, runtime.Options{Limits: l})
			if r.Status != runtime.Exhausted || r.Error.Kind != kind {
				t.Errorf("%s limit of %d: %s", kind, n+1, r.Feedback(0))
			}
			r.JSON()
		}
	}
}

func TestOptionsThatNoProgramCanBeGiven(t *testing.T) {
	t.Parallel()
	rt := sharedRuntime(t)
	source := compiler.Source{Name: "main.py", Text: []byte("1\n")}
	for name, o := range map[string]runtime.Options{
		"NUL in an argument":    {Args: []string{"a\x00b"}},
		"NUL in a value":        {Env: map[string]string{"A": "\x00"}},
		"no name":               {Env: map[string]string{"": "x"}},
		"= in a name":           {Env: map[string]string{"A=B": "x"}},
		"input that is no JSON": {Input: []byte("{")},
		"a file without name":   {Files: []runtime.File{{}}},
		"NUL in a path":         {Files: []runtime.File{{Path: "a\x00"}}},
		"a file as folder":      {Files: []runtime.File{{Path: "a"}, {Path: "a/b"}}},
		"a file that is /":      {Files: []runtime.File{{Path: "/"}}},
		"the working folder":    {Files: []runtime.File{{Path: "../work"}}},
		"a device":              {Files: []runtime.File{{Path: "/dev/null"}}},
		"below a device":        {Files: []runtime.File{{Path: "/dev/null/x"}}},
		"a longer name":         {Files: []runtime.File{{Path: strings.Repeat("n", 256)}}},
	} {
		if _, err := attempt(t, rt, source, o); !errors.Is(err, runtime.ErrBadOption) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Paths stay inside, output that is hardly kept is still all there.
	r, err := attempt(t, rt, compiler.Source{Name: "main.py", Text: []byte("print(open('/etc/x').read())\n")}, runtime.Options{
		Files: []runtime.File{{Path: "../../../etc/x", Data: []byte("inside")}}, KeepOutput: 1, SpillDir: t.TempDir(),
	})
	if err != nil || r.Status != runtime.Completed || r.Truncated == nil {
		t.Fatal(err, r)
	}
	if all, err := os.ReadFile(r.Truncated.StdoutPath); err != nil || string(all) != "inside\n" {
		t.Errorf("%q %v", all, err)
	}
}

// TestOneFileOfManyNames: what the report says of files costs no more than the storage limit allows files.
func TestOneFileOfManyNames(t *testing.T) {
	t.Parallel()
	r := start(t, sharedRuntime(t), compiler.Python, "import os\nopen('a', 'wb').truncate(60 << 20)\nfor i in range(900): os.link('a', f'b{i}')\n", runtime.Options{})
	if r.Status != runtime.Completed {
		t.Fatal(r.Feedback(0))
	}
	if len(r.Files)+r.FilesOmitted != 901 || len(r.Files) != 1 || r.Usage.WallMS > 5000 {
		t.Errorf("%d files, %d omitted, after %v ms", len(r.Files), r.FilesOmitted, r.Usage.WallMS)
	}
}

func TestCheckThatIsCancelledIsNoDiagnostic(t *testing.T) {
	t.Parallel()
	rt := sharedRuntime(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	m := &compiler.Module{Name: "main.py", Language: compiler.Python, Guest: "python", Program: "1\n"}
	if found, err := rt.Check(ctx, m); !errors.Is(err, context.Canceled) {
		t.Errorf("%v %v", found, err)
	}
}

// TestPreparationCancelled: whoever waits for a guest can stop waiting, and a caller who is cancelled while preparing fails nobody else.
func TestPreparationCancelled(t *testing.T) {
	needGuests(t)
	began := make(chan struct{})
	var once sync.Once
	rt, err := runtime.New(context.Background(), runtime.Config{NoCache: true, Progress: func(string) { once.Do(func() { close(began) }) }})
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close(context.Background())
	first, cancelFirst := context.WithCancel(context.Background())
	results := make(chan error, 2)
	go func() { results <- rt.Prepare(first, "javascript") }()
	<-began
	waiting, cancelWaiting := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancelWaiting()
	at := time.Now()
	if err := rt.Prepare(waiting, "javascript"); !errors.Is(err, context.DeadlineExceeded) || time.Since(at) > time.Second {
		t.Errorf("waiting for a guest ended after %v with %v", time.Since(at), err)
	}
	second := make(chan error, 1)
	go func() { second <- rt.Prepare(context.Background(), "javascript") }()
	cancelFirst()
	if err := <-results; err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("the first: %v", err)
	}
	if err := <-second; err != nil {
		t.Errorf("the second: %v", err)
	}
}

func TestPackagePreparationCancelled(t *testing.T) {
	rt := sharedRuntime(t)
	text := strings.Builder{}
	fmt.Fprintf(&text, "x = %d\n", time.Now().UnixNano()) // in no cache
	for i := range 20_000 {
		fmt.Fprintf(&text, "def f%d(a): return a + %d\n", i, i)
	}
	p := runtime.Package{Name: "big", Dir: fstest.MapFS{"big.py": {Data: []byte(text.String())}}}
	m, _, err := compiler.Compile(context.Background(), compiler.Source{Name: "main.py", Text: []byte("import big\nbig.f1(1)\n")})
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Millisecond)
	defer cancel()
	for i := range 6 {
		wait.Add(1)
		go func() {
			defer wait.Done()
			if i%2 == 0 {
				rt.Run(ctx, m, runtime.Options{Packages: []runtime.Package{p}})
				return
			}
			r, err := rt.Run(context.Background(), m, runtime.Options{Packages: []runtime.Package{p}})
			if err != nil || r.Status != runtime.Completed {
				t.Errorf("not cancelled, and still: %v %v", err, r)
			}
		}()
	}
	wait.Wait()
}

func TestPackagesOfAnyShape(t *testing.T) {
	t.Parallel()
	m, _, err := compiler.Compile(context.Background(), compiler.Source{Name: "main.py", Text: []byte("1\n")})
	if err != nil {
		t.Fatal(err)
	}
	archive := func(names func(yield func(string))) []byte {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		names(func(name string) { z.CreateHeader(&zip.FileHeader{Name: name}) })
		z.Close()
		return b.Bytes()
	}
	for name, p := range map[string]runtime.Package{
		"folders in folders": {Name: "a", Data: archive(func(yield func(string)) {
			for i := range 100 {
				yield(fmt.Sprint(i) + strings.Repeat("/a", 30_000))
			}
		})},
		"very many folders": {Name: "a", Data: archive(func(yield func(string)) {
			for i := range 100_000 {
				yield(fmt.Sprint(i) + "/")
			}
		})},
		"a package without a name": {Name: "..", Dir: fstest.MapFS{"__init__.py": {}}},
		"twice the same":           {Name: "a", Data: archive(func(yield func(string)) { yield("a.py"); yield("a.py") })},
		"nothing":                  {Name: "a"},
	} {
		var before, after goruntime.MemStats
		goruntime.ReadMemStats(&before)
		_, err := sharedRuntime(t).Run(context.Background(), m, runtime.Options{Packages: []runtime.Package{p}})
		goruntime.ReadMemStats(&after)
		if !errors.Is(err, runtime.ErrBadPackage) || after.TotalAlloc-before.TotalAlloc > 256<<20 {
			t.Errorf("%s: %v, %d MiB", name, err, (after.TotalAlloc-before.TotalAlloc)>>20)
		}
	}
}
