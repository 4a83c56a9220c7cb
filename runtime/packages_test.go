package runtime_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"wand/compiler"
	"wand/modules"
	"wand/modules/testpackages"
	"wand/runtime"
)

func runWith(t *testing.T, text string, packages ...runtime.Package) *runtime.Report {
	t.Helper()
	ctx := context.Background()
	m, diagnostics, err := compiler.Compile(ctx, compiler.Source{Name: "main.py", Text: []byte(text)})
	if err != nil || m == nil {
		t.Fatal(err, diagnostics)
	}
	r, err := sharedRuntime(t).Run(ctx, m, runtime.Options{Packages: packages})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

var shapes = map[string]string{
	"shapes/__init__.py":        "from .circle import area\nfrom . import data\n",
	"shapes/circle.py":          "import math\ndef area(r):\n    return math.pi * r * r\n",
	"shapes/data/__init__.py":   "from importlib import resources\ndef unit():\n    return resources.files(__name__).joinpath('unit.txt').read_text().strip()\n",
	"shapes/data/unit.txt":      "metre\n",
	"shapes/broken.py":          "def f(:\n",
	"shapes-1.0.dist-info/NAME": "shapes\n",
}

const useShapes = "import shapes\nassert shapes.data.unit() == 'metre'\nshapes.area(1)\n"

func TestPackageFromFolderWheelAndPackageFolder(t *testing.T) {
	folder, inner := fstest.MapFS{}, fstest.MapFS{}
	var wheel bytes.Buffer
	z := zip.NewWriter(&wheel)
	for name, text := range shapes {
		folder[name] = &fstest.MapFile{Data: []byte(text)}
		if rest, ok := strings.CutPrefix(name, "shapes/"); ok {
			inner[rest] = &fstest.MapFile{Data: []byte(text)}
		}
		w, _ := z.Create(name)
		w.Write([]byte(text))
	}
	z.Create("__init__.py") // that some wheels have beside their packages
	z.Close()
	for name, p := range map[string]runtime.Package{
		"a folder of packages": {Name: "site", Dir: folder},
		"the package's folder": {Name: "somewhere/shapes", Dir: inner},
		"a wheel":              {Name: "shapes-1.0-py3-none-any.whl", Data: wheel.Bytes()},
	} {
		t.Run(name, func(t *testing.T) {
			for range 2 { // fresh, then from the cache
				r := runWith(t, useShapes, p)
				if r.Status != runtime.Completed || !strings.HasPrefix(string(r.Result), "3.14159") {
					t.Fatalf("%s", r.JSON())
				}
			}
			r := runWith(t, "import shapes, os\nopen(os.path.join(os.path.dirname(shapes.__file__), 'x'), 'w')\n", p)
			if r.Status != runtime.Failed || r.Error.Type != "OSError" && r.Error.Type != "PermissionError" {
				t.Errorf("a package can be written to: %s", r.JSON())
			}
		})
	}
}

func TestPackageThatCannotBeUsed(t *testing.T) {
	native := fstest.MapFS{"fast/__init__.py": {}, "fast/_speed.cpython-313-x86_64-linux-gnu.so": {Data: []byte("\x7fELF")}}
	m, _, err := compiler.Compile(context.Background(), compiler.Source{Name: "main.py", Text: []byte("import fast")})
	if err != nil {
		t.Fatal(err)
	}
	for name, p := range map[string]runtime.Package{
		"native code":  {Name: "fast", Dir: native},
		"not a zip":    {Name: "x.whl", Data: []byte("hello")},
		"cut in half":  {Name: "x.whl", Data: []byte("PK\x03\x04")},
		"not readable": {Name: "x", Dir: brokenFS{}},
	} {
		_, err := sharedRuntime(t).Run(context.Background(), m, runtime.Options{Packages: []runtime.Package{p}})
		if !errors.Is(err, runtime.ErrBadPackage) || !strings.Contains(err.Error(), p.Name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

type brokenFS struct{}

func (brokenFS) Open(string) (fs.File, error) { return nil, errors.New("input/output error") }

// TestSympy runs a real library that was never made for a sandbox: Debian's python3-sympy on python3-mpmath, unpacked into the
// cache and installed nowhere.
func TestSympy(t *testing.T) {
	dir := debianPackages(t, "python3-sympy", "python3-mpmath")
	root, err := os.OpenRoot(filepath.Join(dir, "usr/lib/python3/dist-packages"))
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	r := runWith(t, `
from sympy import symbols, integrate, solve, sin, oo, factor, Rational, Sum
from mpmath import mp
x, n = symbols("x n")
print(integrate(x**2 * sin(x), x))
print(solve(x**3 - 6*x**2 + 11*x - 6, x))
print(factor(x**4 - 1))
mp.dps = 30
print(mp.pi)
str(Sum(1/n**2, (n, 1, oo)).doit())
`, runtime.Package{Name: "dist-packages", Dir: root.FS()})
	want := "-x**2*cos(x) + 2*x*sin(x) + 2*cos(x)\n[1, 2, 3]\n(x - 1)*(x + 1)*(x**2 + 1)\n3.14159265358979323846264338328\n"
	if r.Status != runtime.Completed || r.Stdout != want || string(r.Result) != `"pi**2/6"` {
		t.Errorf("%s", r.JSON())
	}
	t.Logf("%d units of fuel, %.0f ms", r.Usage.Fuel.Used, r.Usage.WallMS)
}

// debianPackages downloads packages and unpacks them below the user's cache, once.
func debianPackages(t *testing.T, names ...string) string {
	t.Helper()
	cache, err := modules.CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := testpackages.Debian(cache, names...)
	if errors.Is(err, testpackages.ErrUnavailable) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestPackageThatBeginsEmpty: the first module of a package holds nothing, as many an __init__.py.
func TestPackageThatBeginsEmpty(t *testing.T) {
	rt := sharedRuntime(t)
	m := &compiler.Module{Name: "main.py", Language: compiler.Python, Guest: "python", Program: "import empty.one\nprint(empty.one.X)"}
	files := fstest.MapFS{"empty/__init__.py": {}, "empty/one.py": {Data: []byte("X = 1\n")}}
	report, err := rt.Run(context.Background(), m, runtime.Options{Packages: []runtime.Package{{Name: "empty", Dir: files}}})
	if err != nil || report.Stdout != "1\n" {
		t.Errorf("%v, %+v", err, report)
	}
}
