package runtime_test

import (
	"strings"
	"testing"

	"wand/compiler"
	"wand/runtime"
)

// runPlain runs a program in the Python guest itself, also where the science guest is built.
func runPlain(t *testing.T, text string) *runtime.Report {
	t.Helper()
	m, diagnostics, err := compiler.Compile(t.Context(), compiler.Source{Name: "main.py", Text: []byte(text)})
	if err != nil || m == nil {
		t.Fatal(err, diagnostics)
	}
	r, err := sharedRuntime(t).Run(t.Context(), m, runtime.Options{Guest: "python"})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A program that imports what is not there is told, in one line, what there is in its place.
func TestAbsenceSaysWhatToUse(t *testing.T) {
	for module, instead := range map[string]string{
		"torch": "lists, math and statistics", "tensorflow": "lists, math and statistics", "sklearn.linear_model": "statistics.linear_regression", "scipy.stats": "NormalDist",
		"cv2": "SVG", "PIL": "SVG", "numpy": "lists with math", "pandas": "csv, sqlite3", "polars": "csv, sqlite3", "httpx": "requests", "aiohttp": "requests",
		"psycopg2": "sqlite3", "lxml.etree": "xml.etree.ElementTree", "orjson": "json", "nltk": "collections.Counter", "selenium": "html.parser", "flask": "call the functions directly",
		"cryptography": "hashlib", "openai": "tools.llm.ask", "boto3": "requests", "IPython": "last expression", "numba": "in Python", "seaborn": "matplotlib.pyplot", "plotly.express": "matplotlib.pyplot", "regex": "use re",
		"yaml": "wand packages add pyyaml", "bs4": "wand packages add beautifulsoup4", "dateutil": "wand packages add python-dateutil", "pydantic": "wand packages add 'pydantic<2'",
		"sympy": "wand packages add sympy", "networkx": "heapq", "tabulate": "str.ljust",
	} {
		head, _, _ := strings.Cut(module, ".")
		r := runPlain(t, "import "+module+" as x\nprint(x.y)\n")
		if r.Status != runtime.Failed || r.Error.Type != "ModuleNotFoundError" {
			t.Errorf("%s: %s", module, r.Feedback(0))
			continue
		}
		if !strings.Contains(r.Error.Message, instead) || !strings.HasPrefix(r.Error.Hint, "leave "+head+" out: ") || !strings.Contains(r.Error.Hint, instead) || strings.Contains(r.Error.Hint, "\n") || len(r.Error.Hint) > 220 {
			t.Errorf("%s: message %q, hint %q; want %q", module, r.Error.Message, r.Error.Hint, instead)
		}
		if !strings.Contains(r.Feedback(300), "next step: "+r.Error.Hint) {
			t.Errorf("%s: the model is not told:\n%s", module, r.Feedback(300))
		}
	}
	if r := runPlain(t, "import nosuchthing\nnosuchthing.x\n"); !strings.Contains(r.Error.Hint, "do without nosuchthing") {
		t.Errorf("a module nobody knows: %q", r.Error.Hint)
	}
	// What a program finds out for itself, it is not disturbed in.
	if r := runPlain(t, "try:\n    import scipy\nexcept ImportError:\n    scipy = None\nscipy is None\n"); r.Status != runtime.Completed || string(r.Result) != "true" {
		t.Errorf("%s", r.Feedback(0))
	}
}
