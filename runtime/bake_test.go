package runtime_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"wand/compiler"
	"wand/modules"
	"wand/runtime"
)

// counter is a package whose import is noticed: it prints, keeps a value, and draws.
var counter = fstest.MapFS{
	"counter/__init__.py": {Data: []byte("import random\nprint('imported')\nvalue = 1\nkept = []\ndrawn = random.random()\n")},
	"quits.py":            {Data: []byte("raise SystemExit(3)\n")},
	"opens.py":            {Data: []byte("f = open('/tmp/x', 'w')\n")},
	"closes.py":           {Data: []byte("open('/tmp/x', 'w').close()\n")},
	"calls.py":            {Data: []byte("import tools\ntools.kv.set(key='a', value=1)\n")},
	"endless.py":          {Data: []byte("while True: pass\n")},
	"huge.py":             {Data: []byte("x = bytearray(1 << 29)\ny = bytearray(1 << 29)\n")},
	"fails.py":            {Data: []byte("import counter.nothing\n")},
	"finalizer.py":        {Data: []byte("class C:\n    def __del__(self): print('gone')\nc = C()\n")},
}

func counterPackage() runtime.Package { return runtime.Package{Name: "site", Dir: counter} }

// bakeRuntime is a Runtime of the test's own.
func bakeRuntime(t *testing.T, c runtime.Config) *runtime.Runtime {
	t.Helper()
	needGuests(t)
	rt, err := runtime.New(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { rt.Close(context.Background()) })
	return rt
}

func runOn(t *testing.T, rt *runtime.Runtime, text string, o runtime.Options) *runtime.Report {
	t.Helper()
	m, diagnostics, err := compiler.Compile(context.Background(), compiler.Source{Name: "main.py", Language: compiler.Python, Text: []byte(text)})
	if err != nil || m == nil {
		t.Fatal(err, diagnostics)
	}
	r, err := rt.Run(context.Background(), m, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func bake(t *testing.T, rt *runtime.Runtime, name string, packages []runtime.Package, imports ...string) *runtime.Baked {
	t.Helper()
	b, err := rt.Bake(context.Background(), runtime.BakeOptions{Name: name, Imports: imports, Packages: packages})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { rt.RemoveBaked(name) })
	return b
}

func TestBakedGuest(t *testing.T) {
	rt := bakeRuntime(t, runtime.Config{})
	b := bake(t, rt, "test-counter", []runtime.Package{counterPackage()}, "counter", "finalizer")
	if b.Fuel <= 0 || b.MemoryBytes <= 0 || b.DiskBytes <= 0 || !strings.HasPrefix(b.Digest, "sha256:") || len(b.Packages) != 1 {
		t.Errorf("%+v", b)
	}
	o := runtime.Options{Guest: "test-counter"}
	for _, c := range []struct{ what, text, stdout, result string }{
		{"its module is loaded, and its import runs nothing", "import counter\ncounter.value", "", "1"},
		{"what a run changes", "import counter\ncounter.value = 2\ncounter.kept.append(1)\ncounter.value", "", "2"},
		{"no other sees", "import counter\n(counter.value, len(counter.kept))", "", `{"$type": "tuple", "items": [1, 0]}`},
		{"its packages can be imported as well", "import closes\n'closes' in globals()", "", "true"},
		{"nothing of the baking is a global", "sorted(k for k in globals() if not k.startswith('__'))", "", "[]"},
		{"the end of a run destroys nothing that was baked", "open('a', 'w').write('x')\n", "", "1"},
	} {
		r := runOn(t, rt, c.text, o)
		if r.Status != runtime.Completed || r.Stdout != c.stdout || string(r.Result) != c.result {
			t.Errorf("%s: %s", c.what, r.JSON())
		}
	}
	if r := runOn(t, rt, "counter.value", o); r.Status != runtime.Failed || r.Error.Type != "NameError" {
		t.Errorf("a program that forgot its import: %s", r.JSON())
	}
	if r := runOn(t, rt, "import counter\ncounter.value", runtime.Options{}); r.Status != runtime.Failed || r.Error.Type != "ModuleNotFoundError" {
		t.Errorf("the interpreter as it is: %s", r.JSON())
	}
	if r := runOn(t, rt, "1", o); !strings.Contains(r.Module.Guest, "test-counter") {
		t.Errorf("the report does not name the guest: %s", r.JSON())
	}
	var seed [32]byte
	draws := "import random\nrandom.random()"
	if a, b := runOn(t, rt, draws, o), runOn(t, rt, draws, o); string(a.Result) == string(b.Result) {
		t.Error("two runs drew the same")
	}
	o.Seed = &seed
	if a, b := runOn(t, rt, draws, o), runOn(t, rt, draws, runtime.Options{Seed: &seed}); string(a.Result) != string(b.Result) {
		t.Errorf("one seed, two draws: %s, %s", a.Result, b.Result)
	}
	// A recording says which guest it is of.
	var recording bytes.Buffer
	o.Seed, o.Recording = nil, &recording
	first := runOn(t, rt, "import counter\nprint(counter.value)", o)
	o.Recording = nil
	replayed, err := rt.Replay(context.Background(), &recording, runtime.ReplayOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if again := replayed.Report; again.Stdout != first.Stdout || first.Stdout != "1\n" || again.Usage.Fuel.Used != first.Usage.Fuel.Used {
		t.Errorf("replayed: %s, recorded %s", again.JSON(), first.JSON())
	}
	m, _, err := compiler.Compile(context.Background(), compiler.Source{Name: "main.js", Language: compiler.JavaScript, Text: []byte("1")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rt.Run(context.Background(), m, o); !errors.Is(err, runtime.ErrBadOption) {
		t.Errorf("a JavaScript program: %v", err)
	}
}

// TestBakedGuestInAnotherProcess: what is in the cache is the guest, whoever made it; the same ingredients give the same guest.
func TestBakedGuestInAnotherProcess(t *testing.T) {
	first, second := bakeRuntime(t, runtime.Config{}), bakeRuntime(t, runtime.Config{})
	a := bake(t, first, "test-shared", []runtime.Package{counterPackage()}, "counter")
	if r := runOn(t, second, "import counter\ncounter.drawn", runtime.Options{Guest: "test-shared"}); r.Status != runtime.Completed || r.Stdout != "" {
		t.Errorf("%s", r.JSON())
	}
	list, err := second.BakedGuests()
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, b := range list {
		found = found || b.Name == a.Name && b.Digest == a.Digest && second.Stale(&b) == nil
	}
	if !found {
		t.Errorf("%+v is not in %+v", a, list)
	}
	// A session's snapshot says what it is a difference to; the same guest, made again, is the same to the byte.
	ctx := context.Background()
	s, err := first.NewSession(ctx, runtime.SessionOptions{Guest: "test-shared"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	turn := func(s *runtime.Session, text, result string) {
		t.Helper()
		m, diagnostics, err := compiler.Compile(ctx, s.Source(text))
		if err != nil || m == nil {
			t.Fatal(err, diagnostics)
		}
		if r, err := s.Run(ctx, m, runtime.TurnOptions{}); err != nil || r.Status != runtime.Completed || string(r.Result) != result || r.Stdout != "" {
			t.Fatalf("%s: %v %s", text, err, r.JSON())
		}
	}
	turn(s, "import counter\ncounter.value = 5", "")
	snapshot, err := s.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	if err := second.RemoveBaked("test-shared"); err != nil {
		t.Fatal(err)
	}
	third := bakeRuntime(t, runtime.Config{})
	if _, err := third.Restore(ctx, snapshot, runtime.SessionOptions{}); !errors.Is(err, runtime.ErrNoBaked) {
		t.Errorf("restored without its guest: %v", err)
	}
	bake(t, third, "test-shared", []runtime.Package{counterPackage()}, "counter")
	r, err := third.Restore(ctx, snapshot, runtime.SessionOptions{})
	if err != nil {
		t.Fatal(err)
	}
	turn(r, "counter.value", "5")
	r.Close()
	bake(t, third, "test-shared", nil, "json")
	var refused *runtime.SnapshotError
	if _, err := third.Restore(ctx, snapshot, runtime.SessionOptions{}); !errors.As(err, &refused) || refused.Reason != runtime.SnapshotGuest {
		t.Errorf("restored on another guest of that name: %v", err)
	}
}

func TestBakeThatFails(t *testing.T) {
	rt := bakeRuntime(t, runtime.Config{})
	for name, c := range map[string]struct {
		imports []string
		limits  runtime.Limits
		status  runtime.Status
		says    string
	}{
		"a module that is not there":  {imports: []string{"json", "counter.absent"}, status: runtime.Failed, says: "No module named 'counter.absent' (while importing counter.absent)"},
		"one that imports such a one": {imports: []string{"fails"}, status: runtime.Failed, says: "counter.nothing"},
		"one that quits":              {imports: []string{"quits"}, status: runtime.Failed, says: "while importing quits"},
		"one that never ends":         {imports: []string{"endless"}, limits: runtime.Limits{Fuel: 50_000_000}, status: runtime.Exhausted, says: "fuel"},
		"one that waits for ever":     {imports: []string{"endless"}, limits: runtime.Limits{Deadline: 50 * time.Millisecond}, status: runtime.Exhausted, says: "deadline"},
		"one that takes all memory":   {imports: []string{"huge"}, status: runtime.Exhausted, says: "memory"},
		"one that calls tools":        {imports: []string{"calls"}, says: "kv"},
	} {
		_, err := rt.Bake(context.Background(), runtime.BakeOptions{Name: "test-fails", Imports: c.imports, Packages: []runtime.Package{counterPackage()}, Limits: c.limits})
		var failed *runtime.BakeError
		if !errors.As(err, &failed) || c.status != "" && failed.Report.Status != c.status || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, o := range map[string]runtime.BakeOptions{
		"no name":            {Imports: []string{"json"}},
		"a path for a name":  {Name: "../x", Imports: []string{"json"}},
		"a guest's own name": {Name: "python", Imports: []string{"json"}},
		"no imports":         {Name: "x"},
		"a program":          {Name: "x", Imports: []string{"json; print(1)"}},
		"JavaScript":         {Name: "x", Imports: []string{"fs"}, Language: compiler.JavaScript},
		"a limit below zero": {Name: "x", Imports: []string{"json"}, Limits: runtime.Limits{Fuel: -1}},
	} {
		if _, err := rt.Bake(context.Background(), o); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
	if _, err := rt.Bake(context.Background(), runtime.BakeOptions{Name: "test-opens", Imports: []string{"opens"}, Packages: []runtime.Package{counterPackage()}}); err == nil || !strings.Contains(err.Error(), "files open") {
		t.Errorf("an import that leaves a file open: %v", err)
	}
	if b, err := rt.BakedGuests(); err != nil {
		t.Error(err)
	} else {
		for _, b := range b {
			if strings.HasPrefix(b.Name, "test-fails") || strings.HasPrefix(b.Name, "test-opens") {
				t.Errorf("%s is there", b.Name)
			}
		}
	}
}

// TestBakedGuestThatWasChanged: what is on the disk is authenticated, and what was loaded before goes on.
func TestBakedGuestThatWasChanged(t *testing.T) {
	rt := bakeRuntime(t, runtime.Config{})
	bake(t, rt, "test-changed", nil, "json")
	dir, err := modules.CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "prepared", "baked.test-changed", "snapshot")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	text[len(text)/2] ^= 1
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
	other := bakeRuntime(t, runtime.Config{})
	m, _, err := compiler.Compile(context.Background(), compiler.Source{Name: "main.py", Language: compiler.Python, Text: []byte("1")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Run(context.Background(), m, runtime.Options{Guest: "test-changed"}); !errors.Is(err, runtime.ErrNoBaked) || !strings.Contains(err.Error(), "changed") {
		t.Errorf("one bit in the snapshot was flipped: %v", err)
	}
	if r := runOn(t, rt, "1", runtime.Options{Guest: "test-changed"}); r.Status != runtime.Completed {
		t.Errorf("what was loaded before goes on: %s", r.JSON())
	}
}

// TestBakedSympy: a real library, whose import costs hundreds of milliseconds, costs a baked guest nothing, and works.
func TestBakedSympy(t *testing.T) {
	needGuests(t)
	dir := debianPackages(t, "python3-sympy", "python3-mpmath")
	root, err := os.OpenRoot(filepath.Join(dir, "usr/lib/python3/dist-packages"))
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	p := runtime.Package{Name: "dist-packages", Dir: root.FS()}
	rt := bakeRuntime(t, runtime.Config{})
	b := bake(t, rt, "test-sympy", []runtime.Package{p}, "sympy")
	text := "import sympy\n"
	cold, baked, nothing := runOn(t, rt, text, runtime.Options{Packages: []runtime.Package{p}}), runOn(t, rt, text, runtime.Options{Guest: "test-sympy"}), runOn(t, rt, "pass", runtime.Options{})
	if cold.Status != runtime.Completed || baked.Status != runtime.Completed {
		t.Fatalf("%s %s", cold.JSON(), baked.JSON())
	}
	own := baked.Usage.Fuel.Used - nothing.Usage.Fuel.Used
	t.Logf("import sympy: %d units of fuel, baked %d more than an empty program; %s", cold.Usage.Fuel.Used, own, b)
	if own*100 > cold.Usage.Fuel.Used {
		t.Errorf("importing costs %d units of fuel in a baked guest, and %d without", own, cold.Usage.Fuel.Used)
	}
	r := runOn(t, rt, `
from sympy import symbols, integrate, solve, sin
x = symbols("x")
print(integrate(x**2 * sin(x), x))
print(solve(x**3 - 6*x**2 + 11*x - 6, x))
`, runtime.Options{Guest: "test-sympy"})
	if want := "-x**2*cos(x) + 2*x*sin(x) + 2*cos(x)\n[1, 2, 3]\n"; r.Status != runtime.Completed || r.Stdout != want {
		t.Errorf("%s", r.JSON())
	}
}
