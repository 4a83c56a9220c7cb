package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wand/modules"
	"wand/runtime"
)

// tell feeds a result with lines as the driver writes them, in pieces.
func tell(t *testing.T, r *result, lines ...string) {
	t.Helper()
	text := []byte(strings.Join(lines, "\n") + "\n")
	for piece := range slices.Chunk(text, 7) {
		if n, err := r.Write(piece); n != len(piece) || err != nil {
			t.Fatal(n, err)
		}
	}
	if r.err != nil {
		t.Fatal(r.err)
	}
}

func died(kind runtime.ErrorKind) *runtime.Report {
	return &runtime.Report{Status: runtime.Failed, Error: &runtime.Error{Kind: kind, Message: "unreachable"}}
}

func TestResultCountsWhatTheDriverTells(t *testing.T) {
	r := newResult("numpy/tests/test_a.py")
	tell(t, r,
		"\x1e"+`{"event": "deselected", "count": 2}`,
		"\x1e"+`{"event": "start", "id": "a"}`, "\x1e"+`{"event": "outcome", "outcome": "passed", "when": "call"}`, "\x1e"+`{"event": "finish", "id": "a"}`,
		// A test whose teardown fails has failed; what it wrote stands before the event.
		"\x1e"+`{"event": "start", "id": "b"}`, "its own \x1e"+`{"event": "outcome", "outcome": "passed", "when": "call"}`,
		"\x1e"+`{"event": "outcome", "outcome": "failed", "when": "teardown", "text": "x"}`, "\x1e"+`{"event": "finish", "id": "b"}`,
		"noise", "\x1e"+`{"event": "start", "id": "c"}`, "\x1e"+`{"event": "outcome", "outcome": "skipped", "when": "setup", "text": "no"}`, "\x1e"+`{"event": "finish", "id": "c"}`,
		"\x1e"+`{"event": "start", "id": "d"}`, "\x1e"+`{"event": "outcome", "outcome": "xfailed", "when": "call"}`, "\x1e"+`{"event": "finish", "id": "d"}`,
		"\x1e"+`{"event": "done", "code": 1}`)
	if !r.ended(&runtime.Report{Status: runtime.Completed}, true) {
		t.Error("a file that is done is to go on")
	}
	if r.Passed != 1 || r.Failed != 1 || r.Skipped != 1 || r.Expected != 1 || r.Deselected != 2 || r.Skips["no"] != 1 || len(r.Failures) != 1 || r.Failures[0] != (failure{ID: "b", Text: "x"}) {
		t.Errorf("counted %+v", r)
	}
}

func TestResultGoesOnAfterATrap(t *testing.T) {
	r := newResult("numpy/tests/test_a.py")
	tell(t, r, "\x1e"+`{"event": "start", "id": "a"}`, "\x1e"+`{"event": "outcome", "outcome": "passed", "when": "call"}`, "\x1e"+`{"event": "finish", "id": "a"}`, "\x1e"+`{"event": "start", "id": "b"}`)
	if r.ended(died(runtime.KindTrap), true) {
		t.Fatal("the rest of the file is left out")
	}
	if want := []string{"a", "b"}; !slices.Equal(slices.Sorted(slices.Values(r.seenList())), want) {
		t.Errorf("the next fork leaves out %q, not %q", r.seenList(), want)
	}
	if r.Passed != 1 || r.Failed != 1 || r.Failures[0].ID != "b" || r.Failures[0].Kind != "trap" {
		t.Errorf("counted %+v", r)
	}
	// A file that ends its fork before any test began is told, and not tried forever.
	if r = newResult("numpy/tests/test_b.py"); !r.ended(died(runtime.KindMemory), false) || !strings.HasPrefix(r.Uncollected, "memory: ") {
		t.Errorf("a file that cannot be imported: %+v", r)
	}
	// One whose fork stopped by itself goes on, if it got anywhere.
	r = newResult("numpy/tests/test_c.py")
	tell(t, r, "\x1e"+`{"event": "more"}`, "\x1e"+`{"event": "done", "code": 0}`)
	if r.ended(&runtime.Report{Status: runtime.Completed}, true) {
		t.Error("a file with more tests is done")
	}
}

func TestTableComparesWithWhatItWrote(t *testing.T) {
	classes, err := parseClasses([]byte("- {class: threads, reason: there are none, text: new thread}\n"))
	if err != nil {
		t.Fatal(err)
	}
	s := &suite{name: "numpy", version: "1", files: []string{"numpy/fft/tests/test_a.py", "numpy/fft/tests/test_b.py", "numpy/lib/tests/test_c.py"}}
	dir := t.TempDir()
	a, b := newResult(s.files[0]), newResult(s.files[1])
	a.Passed, a.Failed, a.Failures = 999, 2, []failure{{ID: "numpy/fft/tests/test_a.py::x", Text: "can't start new thread"}, {ID: "numpy/fft/tests/test_a.py::y|z", Kind: "trap", Text: "unreachable"}}
	a.Guest, b.Guest, b.Passed = "0123456789abcdef", "0123456789abcdef", 7
	for _, r := range []*result{a, b} {
		if err := r.write(dir); err != nil {
			t.Fatal(err)
		}
	}
	table := newTable(classes)
	if err := table.add(s, dir); err != nil {
		t.Fatal(err)
	}
	if list := table.unexplained(); len(list) != 1 || list[0].Kind != "trap" {
		t.Errorf("not explained: %v", list)
	}
	var text bytes.Buffer
	table.markdown(&text)
	for _, want := range []string{"| numpy | threads | 1 | there are none | `test_a.py::x` |", `| trap | unreachable |`, "| numpy/lib/tests | 1 | not yet |", "| 99.80% |", ": 0123456789ab 2."} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the table has no %q:\n%s", want, &text)
		}
	}
	rows := parseTable(text.Bytes())
	if len(rows) != 2 || rows[s.files[0]] != 999 || rows[s.files[1]] != 7 {
		t.Fatalf("the table's rows are %v", rows)
	}
	all := func(string) bool { return true }
	if lines := regressions(rows, table.results, all); lines != nil {
		t.Errorf("the same results are worse: %q", lines)
	}
	table.results[s.files[0]].Passed--
	delete(table.results, s.files[1])
	if lines := regressions(rows, table.results, all); len(lines) != 2 || !strings.Contains(lines[0], "998 tests pass, and the table says 999") {
		t.Errorf("a test less and a file less: %q", lines)
	}
	if lines := regressions(rows, table.results, func(f string) bool { return f == "other" }); lines != nil {
		t.Errorf("files that nobody asked for: %q", lines)
	}
}

// TestCommittedTable keeps the committed table readable for the comparison, and explained.
func TestCommittedTable(t *testing.T) {
	if _, err := parseClasses(classesText); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("../../../../modules/science/SUITES.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := parseTable(text)
	if n := rows["numpy/lib/tests/test_arraypad.py"]; n < 600 {
		t.Errorf("the table says that %d tests of test_arraypad.py pass", n)
	}
	if bytes.Contains(text, []byte(unexplained)) {
		t.Error("the table has failures that nobody explained")
	}
}

// miniature is a source archive like numpy's, whose tests pass, fail, are skipped, and end their fork.
var miniature = map[string]string{
	"numpy/conftest.py":        "",
	"pytest.ini":               "[pytest]\n",
	"numpy/fft/helper.py":      "no test",
	"numpy/fft/tests/data.txt": "3",
	"numpy/fft/tests/test_a.py": `
import os, pytest
import numpy as np

def test_passes():
    assert open(os.path.join(os.path.dirname(__file__), "data.txt")).read() == "3"

def test_ends_its_fork():
    os._exit(3)

@pytest.mark.parametrize("n", [1, 2])
def test_goes_on(n):
    assert n == 1

def test_is_skipped():
    pytest.skip("on purpose")

@pytest.mark.xfail
def test_should_fail():
    assert False
`,
	"numpy/fft/tests/test_b.py": "import nothing_of_the_kind\n",
}

func writeArchive(t *testing.T, name, top string, files map[string]string) (digest string) {
	t.Helper()
	var text bytes.Buffer
	packed := gzip.NewWriter(&text)
	archive := tar.NewWriter(packed)
	for file, content := range files {
		if err := archive.WriteHeader(&tar.Header{Name: top + "/" + file, Mode: 0o644, Size: int64(len(content)), Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if archive.Close() != nil || packed.Close() != nil || os.MkdirAll(filepath.Dir(name), 0o755) != nil || os.WriteFile(name, text.Bytes(), 0o644) != nil {
		t.Fatal("the archive cannot be written")
	}
	return fmt.Sprintf("%x", sha256.Sum256(text.Bytes()))
}

// miniatureSuites makes a folder like modules/science and one of sources for it.
func miniatureSuites(t *testing.T) (science, sources string) {
	t.Helper()
	dir := t.TempDir()
	science, sources = filepath.Join(dir, "science"), filepath.Join(dir, "sources")
	pins := ""
	for name, files := range map[string]map[string]string{"numpy": miniature, "pandas": {"pandas/conftest.py": "", "pyproject.toml": "", "pandas/tests/test_x.py": ""}} {
		pins += fmt.Sprintf("%s==9.9 \\\n    --hash=sha256:%s\n", name, writeArchive(t, filepath.Join(sources, "science-1", name+"-9.9.tar.gz"), name+"-9.9", files))
	}
	if os.MkdirAll(science, 0o755) != nil || os.WriteFile(filepath.Join(science, "sources.txt"), []byte(pins), 0o644) != nil {
		t.Fatal("the pins cannot be written")
	}
	return science, sources
}

func TestSuitesComeFromPinnedArchives(t *testing.T) {
	science, sources := miniatureSuites(t)
	suites, err := openSuites(science, sources, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"numpy/fft/tests/test_a.py", "numpy/fft/tests/test_b.py"}; !slices.Equal(suites[0].files, want) || suites[0].version != "9.9" {
		t.Errorf("the tests are %q of %s", suites[0].files, suites[0].version)
	}
	if _, err := os.Stat(filepath.Join(suites[0].root, "numpy/fft/helper.py")); err == nil {
		t.Error("the package itself was unpacked: it would be imported in place of the guest's")
	}
	writeArchive(t, filepath.Join(sources, "science-1", "numpy-9.9.tar.gz"), "numpy-9.9", nil)
	if _, err := openSuites(science, sources, t.TempDir()); err == nil || !strings.Contains(err.Error(), "SCIENCE=1") {
		t.Errorf("an archive with another hash: %v", err)
	}
}

// TestFilesRunInForks runs the miniature in the science guest.
func TestFilesRunInForks(t *testing.T) {
	if testing.Short() {
		t.Skip("it downloads pytest and hypothesis")
	}
	if _, err := modules.Find(runtime.ScienceGuest); err != nil {
		t.Skip("the science guest is not built: make guests SCIENCE=1")
	}
	science, sources := miniatureSuites(t)
	suites, err := openSuites(science, sources, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	store, err := openPackages(t.Context(), t.TempDir(), t.Logf)
	if err != nil && os.Getenv("CI") == "" {
		t.Skipf("the packages cannot be had here: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	rt, err := runtime.New(t.Context(), runtime.Config{Packages: store})
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close(context.Background())
	r, err := newRunner(t.Context(), rt, "", suites[0])
	if err != nil {
		t.Fatal(err)
	}
	defer r.close()
	a, err := r.file(t.Context(), suites[0].files[0])
	if err != nil {
		t.Fatal(err)
	}
	if a.Passed != 2 || a.Failed != 2 || a.Skipped != 1 || a.Expected != 1 || a.Forks != 2 || a.Failures[0].Kind != "exit" {
		t.Errorf("test_a.py: %+v", a)
	}
	b, err := r.file(t.Context(), suites[0].files[1])
	if err != nil || !strings.Contains(b.Uncollected, "nothing_of_the_kind") {
		t.Errorf("test_b.py: %+v, %v", b, err)
	}
}
