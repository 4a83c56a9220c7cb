package eval

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"wand/runtime"
)

// What the scan finds is what Python's own parser finds, for every test of HumanEval.
func TestScanEqualsPlanner(t *testing.T) {
	dir := os.Getenv("WAND_TESTDATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "data")
	}
	f, err := os.Open(filepath.Join(dir, "humaneval", "HumanEval.jsonl.gz"))
	if err != nil {
		t.Skipf("no data set: %v (set WAND_TESTDATA to the folder that has it)", err)
	}
	defer f.Close()
	var l Loader
	if err := l.Problems("HumanEval", f); err != nil {
		t.Fatal(err)
	}
	rt, err := runtime.New(context.Background(), runtime.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close(context.Background())
	e, err := New(context.Background(), Config{Runtime: rt})
	if err != nil {
		t.Fatal(err)
	}
	if err := rt.Prepare(context.Background(), "python"); err != nil {
		t.Skip(err)
	}
	if err := e.describeAll(context.Background(), l.problems); err != nil {
		t.Fatal(err)
	}
	scanned, tests := 0, 0
	for _, p := range l.problems {
		found, ok := scanTests(p.Test)
		if !ok {
			t.Logf("%s: left to the planner", p.TaskID)
			continue
		}
		scanned++
		tests += len(found)
		want := p.planned()
		if len(found) != len(want) {
			t.Errorf("%s: %d tests, the planner finds %d", p.TaskID, len(found), len(want))
			continue
		}
		for i := range found {
			if found[i].Line != want[i].Line || found[i].End != want[i].End || found[i].Indent != want[i].Indent {
				t.Errorf("%s test %d: %+v, the planner finds %+v", p.TaskID, i+1, found[i], want[i])
			}
		}
	}
	if scanned < len(l.problems)*8/10 {
		t.Errorf("only %d of %d could be scanned", scanned, len(l.problems))
	}
	t.Logf("%d tests of %d problems", tests, scanned)
}
