package runtime_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"wand/compiler"
	"wand/runtime"
)

// Programs that are not ours, with their known outcome. They are read from the folder in WAND_TESTDATA, or from shared/data beside the
// repository; where that is absent the tests skip.

func dataset(t *testing.T, name string) []map[string]any {
	t.Helper()
	dir := os.Getenv("WAND_TESTDATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "data")
	}
	f, err := os.Open(filepath.Join(dir, filepath.FromSlash(name)))
	if err != nil {
		t.Skipf("no data set %s: %v (set WAND_TESTDATA to the folder that has it)", name, err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]any
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var row map[string]any
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return rows
}

// each runs f for every row on all cores and returns how many returned nil.
func each(t *testing.T, rows []map[string]any, f func(i int, row map[string]any) error) (passed int) {
	t.Helper()
	var mu sync.Mutex
	var wait sync.WaitGroup
	gate := make(chan struct{}, 4)
	for i, row := range rows {
		wait.Add(1)
		gate <- struct{}{}
		go func() {
			defer func() { <-gate; wait.Done() }()
			err := f(i, row)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Errorf("row %d: %v", i, err)
			} else {
				passed++
			}
		}()
	}
	wait.Wait()
	return passed
}

func runProgram(t *testing.T, language compiler.Language, text string) (*runtime.Report, error) {
	ctx := context.Background()
	m, diagnostics, err := compiler.Compile(ctx, compiler.Source{Language: language, Text: []byte(text)})
	if err != nil || m == nil {
		return nil, fmt.Errorf("compile: %v %v", err, diagnostics)
	}
	return sharedRuntime(t).Run(ctx, m, runtime.Options{})
}

func TestHumanEvalPython(t *testing.T) {
	rows := dataset(t, "humaneval/HumanEval.jsonl.gz")
	var mu sync.Mutex
	var fuel int64
	passed := each(t, rows, func(_ int, row map[string]any) error {
		r, err := runProgram(t, compiler.Python, humanEvalProgram(row))
		if err != nil {
			return err
		}
		if r.Status != runtime.Completed {
			return fmt.Errorf("%s: %s", row["task_id"], r.Feedback(0))
		}
		mu.Lock()
		fuel += r.Usage.Fuel.Used
		mu.Unlock()
		return nil
	})
	t.Logf("%d of %d canonical solutions pass, %d units of fuel", passed, len(rows), fuel)
}

// humanEvalProgram is a problem's canonical solution and its tests.
func humanEvalProgram(row map[string]any) string {
	return fmt.Sprintf("%s%s\n%s\ncheck(%s)\n", row["prompt"], row["canonical_solution"], row["test"], row["entry_point"])
}

func TestHumanEvalJavaScript(t *testing.T) {
	rows := dataset(t, "humaneval/humaneval_js.jsonl.gz")
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("no node on this machine to compare with")
	}
	var mu sync.Mutex
	nodePassed := 0
	passed := each(t, rows, func(_ int, row map[string]any) error {
		text := fmt.Sprintf("%s%s\n%s", row["prompt"], row["canonical_solution"], row["test"])
		native := exec.Command(node, "-")
		native.Stdin = strings.NewReader(text)
		var stderr bytes.Buffer
		native.Stderr = &stderr
		if native.Run() != nil || stderr.Len() > 0 {
			return nil // node does not pass it either
		}
		mu.Lock()
		nodePassed++
		mu.Unlock()
		r, err := runProgram(t, compiler.JavaScript, text)
		if err != nil {
			return err
		}
		if r.Status != runtime.Completed || r.Stderr != "" {
			return fmt.Errorf("%s: %s %s", row["task_id"], r.Feedback(0), r.Stderr)
		}
		return nil
	})
	if nodePassed < len(rows)*9/10 {
		t.Errorf("node passes only %d of %d: with such a baseline this test says nothing", nodePassed, len(rows))
	}
	t.Logf("node passes %d of %d; %d of those pass here", nodePassed, len(rows), passed-(len(rows)-nodePassed))
}

// nativeValues runs every program in one native CPython and returns the JSON of each value.
const nativeValues = `
import json, sys
for line in sys.stdin:
    names = {"__name__": "__main__"}
    try:
        exec(json.loads(line), names)
        value = names["solution"]()
        print(json.dumps({"type": type(value).__name__, "value": value if type(value) in (int, float, bool, str, type(None)) else repr(value)}))
    except Exception as e:
        print(json.dumps({"error": type(e).__name__}))
`

func TestGSMHardEqualsNative(t *testing.T) {
	rows := dataset(t, "gsmhard/gsmhardv2.jsonl.gz")
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3 on this machine to compare with")
	}
	var programs bytes.Buffer
	for _, row := range rows {
		line, _ := json.Marshal(row["code"])
		programs.Write(append(line, '\n'))
	}
	native := exec.Command(python, "-I", "-S", "-c", nativeValues)
	native.Stdin = &programs
	out, err := native.Output()
	if err != nil {
		t.Fatal(err)
	}
	want := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	if len(want) != len(rows) {
		t.Fatalf("%d programs, %d native values", len(rows), len(want))
	}
	if failed := bytes.Count(out, []byte(`{"error"`)); failed > len(rows)/100 {
		t.Fatalf("%d programs fail natively: with such a baseline this test says nothing", failed)
	}
	passed := each(t, rows, func(i int, row map[string]any) error {
		var expected struct {
			Type  string
			Value json.RawMessage
			Error string
		}
		if err := json.Unmarshal(want[i], &expected); err != nil {
			return err
		}
		r, err := runProgram(t, compiler.Python, row["code"].(string))
		if err != nil {
			return err
		}
		if expected.Error != "" {
			if r.Error == nil || r.Error.Type != expected.Error {
				return fmt.Errorf("native raises %s, here: %s", expected.Error, r.Feedback(0))
			}
			return nil
		}
		if r.Status != runtime.Completed {
			return fmt.Errorf("%s", r.Feedback(0))
		}
		if got := plainValue(r.Result); got != string(expected.Value) {
			return fmt.Errorf("%s here, %s native (%s)", got, expected.Value, expected.Type)
		}
		return nil
	})
	t.Logf("%d of %d values equal native CPython's", passed, len(rows))
}

// plainValue undoes the tags that JSON has a form for in Python's own json module.
func plainValue(result json.RawMessage) string {
	var tagged struct {
		Type  string `json:"$type"`
		Value string
	}
	if json.Unmarshal(result, &tagged) == nil {
		switch {
		case tagged.Type == "int":
			return tagged.Value
		case tagged.Type == "float" && tagged.Value == "inf":
			return "Infinity"
		case tagged.Type == "float" && tagged.Value == "-inf":
			return "-Infinity"
		case tagged.Type == "float" && tagged.Value == "nan":
			return "NaN"
		}
	}
	if len(result) == 0 {
		return "null"
	}
	return string(result)
}
