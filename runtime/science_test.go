package runtime_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"wand/compiler"
	"wand/modules"
	"wand/runtime"
)

// science skips a test where the science guest is not built.
func science(t *testing.T) *runtime.Runtime {
	t.Helper()
	if _, err := modules.Find(runtime.ScienceGuest); err != nil {
		t.Skip("the science guest is not built: make guests SCIENCE=1")
	}
	rt, err := runtime.New(t.Context(), runtime.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { rt.Close(t.Context()) })
	return rt
}

func runScience(t *testing.T, rt *runtime.Runtime, program string, o runtime.Options) *runtime.Report {
	t.Helper()
	m, diagnostics, err := compiler.Compile(t.Context(), compiler.Source{Name: "main.py", Text: []byte(program)})
	if err != nil || m == nil {
		t.Fatal(err, diagnostics)
	}
	report, err := rt.Run(t.Context(), m, o)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestScienceIsPickedByImports(t *testing.T) {
	rt := science(t)
	for program, want := range map[string]string{
		"import numpy\nnumpy.__name__":                                      "numpy",
		"def f():\n    import os, numpy as np\n    return np.__name__\nf()": "numpy",
		"from pandas.tseries import offsets\noffsets.__name__":              "pandas.tseries.offsets",
		"try: import dateutil\nexcept ImportError: pass\ndateutil.__name__": "dateutil",
	} {
		var got string
		if report := runScience(t, rt, program, runtime.Options{}); report.Status != runtime.Completed || json.Unmarshal(report.Result, &got) != nil || got != want {
			t.Errorf("%q: %s, %s, %v", program, report.Status, report.Result, report.Error)
		}
	}
	// Who names the plain interpreter gets it.
	if report := runScience(t, rt, "import numpy", runtime.Options{Guest: "python", Strict: true}); report.Status != runtime.Failed || !strings.Contains(report.Error.Message, "run it with --guest science") ||
		!strings.Contains(report.Error.Hint, "run it with --guest science") || strings.Contains(report.Feedback(0), "SCIENCE=1") {
		t.Errorf("in the plain guest: %s, %v", report.Status, report.Error)
	}
}

// A program that does not import numpy may not use it, although it is loaded.
func TestScienceNamesAreNotThere(t *testing.T) {
	report := runScience(t, science(t), "np.arange(3)", runtime.Options{Guest: runtime.ScienceGuest})
	if report.Status != runtime.Failed || report.Error.Type != "NameError" {
		t.Errorf("%s, %v", report.Status, report.Error)
	}
}

func TestScienceIntegersAreThoseOf64Bits(t *testing.T) {
	const program = `
import numpy as np
a = np.arange(1, 21)
result = [str(a.dtype), str(a.prod()), repr(np.argsort([3, 1, 2])), str(np.bincount([1, 1]).dtype), str(np.intp(0).dtype), str(np.unique([2], return_counts=True)[1].dtype),
          int(np.int64(2**40) // 2**38), str(np.random.RandomState(1).poisson(3, 2).dtype)]
`
	const want = `["int64", "2432902008176640000", "array([1, 2, 0])", "int64", "int64", "int64", 4, "int64"]`
	report := runScience(t, science(t), program, runtime.Options{})
	if string(report.Result) != want {
		t.Errorf("%s: %s, want %s; %v", report.Status, report.Result, want, report.Error)
	}
}

func TestScienceValues(t *testing.T) {
	rt := science(t)
	for program, want := range map[string]string{
		"import numpy as np\nnp.int64(7)":                                    "7",
		"import numpy as np\nnp.float32(0.5)":                                "0.5",
		"import numpy as np\nnp.bool_(True)":                                 "true",
		"import numpy as np\nnp.array([[1, 2], [3, 4]])":                     `{"$type": "array", "dtype": "int64", "items": [[1, 2], [3, 4]]}`,
		"import pandas as pd\n{'mean': pd.Series([1, 2, 3]).mean()}":         `{"mean": 2.0}`,
		"import pandas as pd\nlist(pd.Series([1, 2]).groupby([0, 0]).sum())": "[3]",
	} {
		if report := runScience(t, rt, program, runtime.Options{}); string(report.Result) != want {
			t.Errorf("%q: %s, %s, want %s; %v", program, report.Status, report.Result, want, report.Error)
		}
	}
}

// TestScienceRepairs has what numpy's and pandas' own tests found wrong: functions that were called with arguments they do not declare, which ended the
// program, and sizes that were taken for those of a pointer.
func TestScienceRepairs(t *testing.T) {
	const program = `
import mmap
import numpy as np
import pandas as pd
from numpy._core import _multiarray_umath as umath

converter = umath._array_converter(1.0, [2.0])
cast = umath._get_castingimpl(type(np.dtype("d")), type(np.dtype("f")))
scaled = umath._get_sfloat_dtype()(2.0)
np.save("a.npy", np.arange(4))
mapped = np.load("a.npy", mmap_mode="r+")
mapped[1] = 7
del mapped
with open("a.npy", "r+b") as f, mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ) as m:
    magic = m[1:6].decode()
with open("b.csv", "w") as f:
    f.write("a,b\n1,2\n")
result = [list(converter.scalar_input), cast._supports_unaligned, list(scaled.__reduce__()[1]), memoryview(np.str_("ab")).format, umath.__name__, np.load("a.npy").tolist(), magic,
          int(pd.read_csv("b.csv", memory_map=True)["b"][0]), str(pd.Series([None], dtype="Int8").to_frame().sum(skipna=False).dtype),
          pd.Period("2020-01", freq="M").strftime("%Y\u5e74")]
`
	const want = `[[true, false], true, [2.0], "2w", "numpy._core._multiarray_umath", [0, 7, 2, 3], "NUMPY", 2, "Int64", "2020年"]`
	report := runScience(t, science(t), program, runtime.Options{})
	if string(report.Result) != want {
		t.Errorf("%s: %s, want %s; %v", report.Status, report.Result, want, report.Error)
	}
}

// TestScienceLinearSystems: systems on both sides of the sizes at which blas.cpp halves them, of both precisions, with pivots that must be looked for, and singular ones.
func TestScienceLinearSystems(t *testing.T) {
	const program = `
import numpy as np

generator = np.random.default_rng(7)
worst = {}
for kind, least in ((np.float64, 1e-9), (np.float32, 2e-2)):
    for n in (1, 2, 15, 16, 17, 31, 33, 64, 100, 257):
        a = generator.standard_normal((n, n)).astype(kind)
        a[np.arange(n), np.arange(n)] = 0  # no pivot is where it would be without exchanges
        a[np.arange(n), (np.arange(n) + n // 2) % n] += n
        x = generator.standard_normal((n, 5)).astype(kind)
        spd = a @ a.T + n * np.eye(n, dtype=kind)
        l = np.linalg.cholesky(spd)
        sign, logarithm = np.linalg.slogdet(a)
        turned, other = np.linalg.slogdet(a.T)
        errors = [abs(np.linalg.solve(a, a @ x) - x).max(), abs(np.linalg.solve(a, a @ x[:, 0]) - x[:, 0]).max(), abs(np.linalg.inv(a) @ a - np.eye(n)).max(),
                  abs(l @ l.T - spd).max() / abs(spd).max(), abs(logarithm - other), abs(sign - turned), abs(np.triu(l, 1)).max()]
        if not max(errors) < least:
            worst[f"{kind.__name__} {n}"] = [float(e) for e in errors]
singular = 0
for n in (2, 16, 17, 90):
    a = generator.standard_normal((n, n))
    a[:, n // 2] = 0
    try:
        np.linalg.inv(a)
    except np.linalg.LinAlgError:
        singular += np.linalg.det(a) == 0
result = [worst, int(singular)]
`
	report := runScience(t, science(t), program, runtime.Options{})
	if string(report.Result) != "[{}, 4]" {
		t.Errorf("%s: %s; %v", report.Status, report.Result, report.Error)
	}
}

// TestScienceSaysWhatThereIsInstead of a dependency that pandas does without.
func TestScienceSaysWhatThereIsInstead(t *testing.T) {
	report := runScience(t, science(t), "import pandas as pd\npd.DataFrame({'a': [1]}).to_markdown()", runtime.Options{})
	if report.Error == nil || report.Error.Type != "ImportError" || !strings.Contains(report.Error.Message, "In this sandbox use str.ljust and format, or a data frame's to_string") {
		t.Errorf("%s", report.JSON())
	}
}

// What was drawn before the interpreter was copied is not what every run begins with.
func TestScienceRandomnessIsTheRuns(t *testing.T) {
	rt := science(t)
	const program = "import numpy as np\n[int(np.random.randint(2**62)), int(np.random.default_rng().integers(2**62))]"
	first, second := runScience(t, rt, program, runtime.Options{}), runScience(t, rt, program, runtime.Options{})
	if first.Status != runtime.Completed || string(first.Result) == string(second.Result) {
		t.Errorf("%s and %s; %v", first.Result, second.Result, first.Error)
	}
	var seed [32]byte
	const legacy = "import numpy as np\nint(np.random.randint(2**62))"
	first, second = runScience(t, rt, legacy, runtime.Options{Seed: &seed}), runScience(t, rt, legacy, runtime.Options{Seed: &seed})
	if string(first.Result) != string(second.Result) {
		t.Errorf("with one seed: %s and %s", first.Result, second.Result)
	}
}

// Limits hold within one operation in C, and the next run is none the worse for it.
func TestScienceLimitsHoldInLoopsInC(t *testing.T) {
	rt := science(t)
	// A thousand million elements that take no memory: they are one, over and over.
	const long = "import numpy as np\nx = np.broadcast_to(np.ones(1), (10**9,))\nprint(x.sum())"
	for name, c := range map[string]struct {
		program string
		limits  runtime.Limits
		want    runtime.ErrorKind
	}{
		"fuel":     {long, runtime.Limits{Fuel: 500_000_000}, runtime.KindFuel},
		"deadline": {long, runtime.Limits{Fuel: 1 << 50, Deadline: 300 * time.Millisecond}, runtime.KindDeadline},
		"sort":     {"import numpy as np\nnp.sort(np.arange(10**6) * 7919 % 1000003)", runtime.Limits{Fuel: 50_000_000}, runtime.KindFuel},
	} {
		report := runScience(t, rt, c.program, runtime.Options{Limits: c.limits})
		if report.Status != runtime.Exhausted || report.Error == nil || report.Error.Kind != c.want {
			t.Errorf("%s: %s, %v", name, report.Status, report.Error)
		}
	}
	for _, program := range []string{"np.zeros(10**12)", "np.ones((2**20, 2**20), dtype='int8')", "np.arange(10**9)", "np.broadcast_to(np.ones(1), (10**10,)).copy()"} {
		report := runScience(t, rt, "import numpy as np\ntry:\n    "+program+"\nexcept MemoryError as e:\n    print('MemoryError', e)\n", runtime.Options{})
		if report.Status == runtime.Completed && !strings.HasPrefix(report.Stdout, "MemoryError") || report.Status != runtime.Completed && (report.Error == nil || report.Error.Kind != runtime.KindMemory) {
			t.Errorf("%s: %s, %q, %v", program, report.Status, report.Stdout, report.Error)
		}
	}
	if report := runScience(t, rt, "import numpy as np\nint(np.zeros(10).sum())", runtime.Options{}); string(report.Result) != "0" {
		t.Errorf("afterwards: %s, %s, %v", report.Status, report.Result, report.Error)
	}
}

// A session begins in the science guest, so that any turn can import numpy, its forks and snapshots go on in it, and who says otherwise gets it otherwise.
func TestScienceSessionOfAnyTurn(t *testing.T) {
	rt := science(t)
	turn := func(s *runtime.Session, text string) *runtime.Report {
		t.Helper()
		m, _, err := compiler.Compile(t.Context(), s.Source(text))
		if err != nil {
			t.Fatal(err)
		}
		report, err := s.Run(t.Context(), m, runtime.TurnOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return report
	}
	s, err := rt.NewSession(t.Context(), runtime.SessionOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if r := turn(s, "x = [1, 2, 3]"); r.Status != runtime.Completed || s.Guest() != runtime.ScienceGuest {
		t.Fatalf("%s in the guest %q", r.Feedback(0), s.Guest())
	}
	snapshot, err := s.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	fork, err := s.Fork()
	if err != nil {
		t.Fatal(err)
	}
	defer fork.Close()
	restored, err := rt.Restore(t.Context(), snapshot, runtime.SessionOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer restored.Close()
	for name, s := range map[string]*runtime.Session{"itself": s, "a fork": fork, "restored": restored} {
		if r := turn(s, "import numpy as np\nint(np.array(x).sum())"); string(r.Result) != "6" {
			t.Errorf("%s: %s", name, r.Feedback(0))
		}
	}
	for name, o := range map[string]runtime.SessionOptions{"asked for the plain guest": {Guest: "python"}, "without room for the other": {Limits: runtime.Limits{Memory: 64 << 20}}} {
		s, err := rt.NewSession(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		turn(s, "x = 1")
		r := turn(s, "import numpy as np\nnp.ones(x)")
		if r.Status != runtime.Failed || !strings.Contains(r.Feedback(0), "begin a session with --guest science") {
			t.Errorf("%s: %s", name, r.Feedback(0))
		}
		kept, err := s.Snapshot()
		if err != nil {
			t.Fatal(err)
		}
		again, err := rt.Restore(t.Context(), kept, runtime.SessionOptions{})
		if err != nil {
			t.Fatalf("%s, restored: %v", name, err)
		}
		defer again.Close()
		if r := turn(again, "x"); string(r.Result) != "1" {
			t.Errorf("%s, restored: %s", name, r.Feedback(0))
		}
	}
	// A small session of numpy's is in that guest from its first turn on.
	small, err := rt.NewSession(t.Context(), runtime.SessionOptions{Limits: runtime.Limits{Memory: 64 << 20}})
	if err != nil {
		t.Fatal(err)
	}
	defer small.Close()
	if r := turn(small, "import numpy as np\nint(np.ones(3).sum())"); string(r.Result) != "3" {
		t.Errorf("a small session: %s", r.Feedback(0))
	}
}

// What a session of that guest has been through is there in its next turn.
func TestScienceSession(t *testing.T) {
	rt := science(t)
	s, err := rt.NewSession(t.Context(), runtime.SessionOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, turn := range []struct{ text, want string }{{"import numpy as np\nx = np.arange(3)", ""}, {"(x * 2).tolist()", "[0, 2, 4]"}} {
		m, _, err := compiler.Compile(t.Context(), s.Source(turn.text))
		if err != nil {
			t.Fatal(err)
		}
		report, err := s.Run(t.Context(), m, runtime.TurnOptions{})
		if err != nil || report.Status != runtime.Completed || string(report.Result) != turn.want {
			t.Errorf("%q: %v, %s, %v", turn.text, err, report.Result, report.Error)
		}
	}
}

func TestNoScience(t *testing.T) {
	rt, err := runtime.New(t.Context(), runtime.Config{Guest: func(name string) (*modules.Guest, error) {
		if name == runtime.ScienceGuest {
			return modules.Open(t.TempDir())
		}
		return modules.Find(name)
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close(t.Context())
	m, _, err := compiler.Compile(t.Context(), compiler.Source{Name: "main.py", Text: []byte("import numpy\nnumpy.ones(3)")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rt.Run(t.Context(), m, runtime.Options{Guest: runtime.ScienceGuest}); !errors.Is(err, modules.ErrNoGuest) {
		t.Errorf("the science guest that is not built: %v", err)
	}
}
