package enginetest

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var updateSpec = flag.Bool("update-spec", false, "rewrite enginetest/testdata/spec.golden")

// CompareSpec compares the counts of a report with those that every engine has: folder is that of this package.
func CompareSpec(t *testing.T, folder string, r *SpecReport) {
	t.Helper()
	var table strings.Builder
	for _, s := range r.Suites {
		table.WriteString(s.String())
	}
	t.Log("\n" + table.String())
	golden := filepath.Join(folder, "testdata", "spec.golden")
	if *updateSpec {
		if err := os.MkdirAll(filepath.Dir(golden), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, []byte(table.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if table.String() != string(want) {
		t.Errorf("the counts differ from %s (-update-spec rewrites it):\n%s", golden, want)
	}
}
