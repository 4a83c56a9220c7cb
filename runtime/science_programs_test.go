package runtime_test

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"wand/compiler"
	"wand/modules"
	"wand/runtime"
)

// TestSciencePrograms runs the data programs of testdata/science in the science guest. Each prints what it prints under native numpy and pandas of the same
// versions: text to the letter, and values (lines that begin with "= ") to twelve digits, because mathematical functions of two C libraries differ in the last
// ones. testdata/science/golden.py writes what is expected, and says with what.
func TestSciencePrograms(t *testing.T) {
	if _, err := modules.Find("science"); err != nil {
		t.Skip("the science guest is not built: make guests SCIENCE=1")
	}
	dir := filepath.Join("..", "testdata", "science")
	setup, err := os.ReadFile(filepath.Join(dir, "setup.py"))
	if err != nil {
		t.Fatal(err)
	}
	frames, err := os.ReadFile(filepath.Join(dir, "setup_pandas.py"))
	if err != nil {
		t.Fatal(err)
	}
	goldens, err := filepath.Glob(filepath.Join(dir, "*.golden"))
	if err != nil {
		t.Fatal(err)
	}
	rt, err := runtime.New(t.Context(), runtime.Config{Guest: func(name string) (*modules.Guest, error) {
		if name == "python" {
			name = "science"
		}
		return modules.Find(name)
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close(t.Context())
	run := func(t *testing.T, program string) *runtime.Report {
		m, diagnostics, err := compiler.Compile(t.Context(), compiler.Source{Name: "main.py", Text: []byte(program)})
		if err != nil || m == nil {
			t.Fatal(err, diagnostics)
		}
		r, err := rt.Run(t.Context(), m, runtime.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	pandas := run(t, "import pandas\nprint(pandas.__version__)\n").Status == runtime.Completed
	programs, values := 0, 0
	for _, golden := range goldens {
		expected, err := txtar.ParseFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(strings.TrimSuffix(golden, ".golden") + ".py")
		if err != nil {
			t.Fatal(err)
		}
		cells := strings.Split(string(text), "#%% ")[1:]
		if len(cells) != len(expected.Files) {
			t.Fatalf("%s has %d programs, and what they print is there for %d: run golden.py", golden, len(cells), len(expected.Files))
		}
		for i, cell := range cells {
			name, program, _ := strings.Cut(cell, "\n")
			programs++
			want := string(expected.Files[i].Data)
			values += strings.Count("\n"+want, "\n= ")
			t.Run(strings.TrimSuffix(filepath.Base(golden), ".golden")+"/"+name, func(t *testing.T) {
				if usesPandas.MatchString(program) {
					if !pandas {
						t.Skip("this science guest has no pandas")
					}
					program = string(frames) + program
				}
				r := run(t, string(setup)+program)
				if r.Status != runtime.Completed || expected.Files[i].Name != name {
					t.Fatalf("%s\n%s", r.Feedback(0), r.Stderr)
				}
				comparePrinted(t, want, r.Stdout)
			})
		}
	}
	t.Logf("%d programs, %d values", programs, values)
	if programs < 200 {
		t.Errorf("there are only %d programs", programs)
	}
}

// usesPandas finds the programs that begin with setup_pandas.py too, as golden.py does.
var usesPandas = regexp.MustCompile(`\b(pd|sales|people)\b`)

// comparePrinted compares two outputs line by line.
func comparePrinted(t *testing.T, want, got string) {
	t.Helper()
	expected, printed := strings.Split(strings.TrimSuffix(want, "\n"), "\n"), strings.Split(strings.TrimSuffix(got, "\n"), "\n")
	for i := range max(len(expected), len(printed)) {
		var a, b string
		if i < len(expected) {
			a = expected[i]
		}
		if i < len(printed) {
			b = printed[i]
		}
		if a == b {
			continue
		}
		var x, y any
		isValue := strings.HasPrefix(a, "= ") && strings.HasPrefix(b, "= ")
		if !isValue || json.Unmarshal([]byte(a[2:]), &x) != nil || json.Unmarshal([]byte(b[2:]), &y) != nil || !alike(x, y) {
			t.Errorf("line %d is\n%s\nand natively\n%s", i+1, b, a)
		}
	}
}

// alike says whether two JSON values are the same, numbers to twelve digits.
func alike(a, b any) bool {
	switch a := a.(type) {
	case float64:
		b, ok := b.(float64)
		return ok && math.Abs(a-b) <= 1e-12*max(math.Abs(a), math.Abs(b), 1e-3)
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for i := range a {
			if !alike(a[i], b[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for k := range a {
			if v, ok := b[k]; !ok || !alike(a[k], v) {
				return false
			}
		}
		return true
	}
	return a == b
}
