package runtime_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"wand/compiler"
	"wand/modules"
	"wand/runtime"
)

// shelf is a store of packages, by name.
type shelf map[string]runtime.StoredPackage

func (s shelf) Find(name string) ([]runtime.StoredPackage, error) {
	p, ok := s[name]
	if !ok {
		return nil, fmt.Errorf("%w: %s", runtime.ErrNoPackage, name)
	}
	found := []runtime.StoredPackage{p}
	if units, ok := s["units"]; ok && name == "shapes" {
		found = append(found, units)
	}
	return found, nil
}

func (s shelf) Providing(module string) (runtime.StoredPackage, bool) {
	p, ok := s[module]
	return p, ok
}

func stored(name, version, digest, body string) runtime.StoredPackage {
	files := fstest.MapFS{
		name + "/__init__.py": {Data: []byte(body)},
		name + "/later.py":    {Data: []byte("WHEN = 'later'\n")},
	}
	return runtime.StoredPackage{Name: name, Version: version, Package: runtime.Package{Name: name + " " + version, Dir: files, Digest: "sha256:" + digest}}
}

// withShelf is a Runtime as another process would have, with these packages.
func withShelf(t *testing.T, packages shelf) *runtime.Runtime {
	t.Helper()
	rt, err := runtime.New(t.Context(), runtime.Config{Packages: packages})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { rt.Close(context.Background()) })
	return rt
}

const packagesPolicy = ledgerPolicy + "packages: [shapes]\n"

// Runs and sessions under a policy with packages go on in another Runtime, in the plain guest and in the science guest. What is suspended has its packages with it; of a
// session that is kept, one that is gone or changed is named.
func TestSuspendWithPackages(t *testing.T) {
	shapes, units := stored("shapes", "1.0", "a1", "def area(r): return 3 * r * r\n"), stored("units", "2.0", "b1", "METRE = 'm'\n")
	had := shelf{"shapes": shapes, "units": units}
	for guest, use := range map[string]string{"python": "total = sum", runtime.ScienceGuest: "import numpy as np\ntotal = lambda v: int(np.array(v).sum())"} {
		t.Run(guest, func(t *testing.T) {
			if _, err := modules.Find(guest); err != nil {
				t.Skip(err)
			}
			first := withShelf(t, had)
			s := &suspending{t: t, rt: first, dir: filepath.Join(t.TempDir(), "waiting"), book: filepath.Join(t.TempDir(), "book")}
			s.o = runtime.Options{Policy: allowing(t, packagesPolicy), Tools: ledger(t, s.book), SuspendDir: s.dir, Guest: guest}
			program := "import shapes, tools\n" + use + "\ny = tools.send('b')\nimport units, shapes.later\nprint(y, total([shapes.area(2), 1]), units.METRE, shapes.later.WHEN)"
			token := s.waits(s.run(compiler.Python, program), "send")
			s.rt = withShelf(t, shelf{}) // neither package is there any more
			if r := s.resume(token, yes()); r.Status != runtime.Completed || r.Stdout != "send to b 13 m later\n" {
				t.Fatal(r.JSON())
			}

			so := runtime.SessionOptions{Policy: s.o.Policy, Tools: s.o.Tools, Guest: guest}
			session, err := first.NewSession(t.Context(), so)
			if err != nil {
				t.Fatal(err)
			}
			defer session.Close()
			turn := func(session *runtime.Session, text string, o runtime.TurnOptions) *runtime.Report {
				t.Helper()
				r, err := session.Run(t.Context(), compiled(t, compiler.Python, text), o)
				if err != nil {
					t.Fatal(err)
				}
				return r
			}
			var recording bytes.Buffer
			if r := turn(session, "import shapes\n"+use+"\nx = total([shapes.area(1), 1])", runtime.TurnOptions{}); r.Status != runtime.Completed {
				t.Fatal(r.Feedback(0))
			}
			kept, err := session.Snapshot()
			if err != nil {
				t.Fatal(err)
			}
			if r := turn(session, "import shapes.later\n[x, shapes.later.WHEN]", runtime.TurnOptions{Recording: &recording}); string(r.Result) != `[4, "later"]` {
				t.Fatal(r.Feedback(0))
			}
			replayed, err := s.rt.Replay(t.Context(), &recording, runtime.ReplayOptions{})
			if err != nil || string(replayed.Report.Result) != `[4, "later"]` {
				t.Errorf("replayed without the package: %v %+v", err, replayed)
			}
			token = s.waits(turn(session, "import tools\ny = tools.send('c')\nimport units\nx += total([shapes.area(1)])", runtime.TurnOptions{SuspendDir: s.dir}), "send")
			resumed, r, err := s.rt.ResumeTurn(t.Context(), s.dir, token, yes(), so, runtime.TurnOptions{})
			if err != nil {
				t.Fatal(err)
			}
			defer resumed.Close()
			if r.Status != runtime.Completed || !r.Session.Kept {
				t.Fatal(r.Feedback(0))
			}
			if r := turn(resumed, "import shapes.later\n[x, y, units.METRE]", runtime.TurnOptions{}); string(r.Result) != `[7, "send to c", "m"]` {
				t.Error(r.Feedback(0))
			}
			after, err := resumed.Snapshot()
			if err != nil {
				t.Fatal(err)
			}

			for name, c := range map[string]struct {
				snapshot []byte
				store    shelf
				says     []string
			}{
				"the same":                  {kept, had, nil},
				"the same, after a resume":  {after, had, nil},
				"gone":                      {kept, shelf{}, []string{"the policy lists the package shapes, and it was not added", "wand packages add shapes"}},
				"changed":                   {kept, shelf{"shapes": stored("shapes", "1.1", "a2", "def area(r): return 4 * r * r\n"), "units": units}, []string{"(package)", "shapes 1.0", "shapes 1.1", "begin a new session"}},
				"what it needs is changed":  {kept, shelf{"shapes": shapes, "units": stored("units", "2.0", "b2", "METRE = 'M'\n")}, []string{"(package)", "units 2.0"}},
				"what it needs is gone":     {kept, shelf{"shapes": shapes}, []string{"(package)", "units 2.0", "not given now"}},
				"changed, after the resume": {after, shelf{"shapes": shapes, "units": stored("units", "3.0", "b3", "")}, []string{"(package)", "units 2.0", "units 3.0"}},
			} {
				again, err := withShelf(t, c.store).Restore(t.Context(), c.snapshot, so)
				if c.says == nil {
					if err != nil {
						t.Errorf("%s: %v", name, err)
						continue
					}
					if r := turn(again, "import shapes.later, units\n[shapes.area(2), units.METRE]", runtime.TurnOptions{}); string(r.Result) != `[12, "m"]` {
						t.Errorf("%s: %s", name, r.Feedback(0))
					}
					again.Close()
					continue
				}
				if err == nil {
					t.Errorf("%s: it is restored", name)
					again.Close()
					continue
				}
				for _, text := range c.says {
					if !strings.Contains(err.Error(), text) {
						t.Errorf("%s: %v, want %q", name, err, text)
					}
				}
				var listed *runtime.PackageError
				var snapshot *runtime.SnapshotError
				if !errors.As(err, &listed) && !errors.As(err, &snapshot) {
					t.Errorf("%s: %T", name, err)
				}
			}
		})
	}
}
