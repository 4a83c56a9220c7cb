package eval_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	goruntime "runtime"
	"strings"
	"testing"

	"wand/runtime/eval"
)

const (
	goodProblem = `{"task_id": "T/0", "prompt": "def f(x):\n", "entry_point": "f", "test": "def check(candidate):\n    assert candidate(1) == 2\n"}` + "\n"
	goodSample  = `{"task_id": "T/0", "completion": "    return x + 1\n"}` + "\n"
)

func load(problems, samples string) (*eval.Set, error) {
	var l eval.Loader
	if err := l.Problems("p.jsonl", strings.NewReader(problems)); err != nil {
		return nil, err
	}
	if err := l.Samples("s.jsonl", strings.NewReader(samples)); err != nil {
		return nil, err
	}
	return l.Set()
}

// Whatever is wrong with a line is said with its number, and nothing else of the file is lost on the way.
func TestBadLines(t *testing.T) {
	for name, c := range map[string]struct{ problems, samples, want string }{
		"not JSON":         {goodProblem, goodSample + "\n{\"task_id\": \"T/0\", \"completion\": \"x\"\n", "s.jsonl line 3: it is not JSON"},
		"not an object":    {goodProblem, "[1]\n", "s.jsonl line 1: it is not a JSON object but a array"},
		"wrong type":       {goodProblem, `{"task_id": "T/0", "completion": 3}`, "s.jsonl line 1: completion is a number; it has to be a string"},
		"no task":          {goodProblem, `{"completion": "x"}`, "s.jsonl line 1: it has no task_id"},
		"no completion":    {goodProblem, `{"task_id": "T/0"}`, "s.jsonl line 1: it has neither completion nor solution"},
		"no such problem":  {goodProblem, `{"task_id": "t/0", "completion": "x"}`, `line 1: there is no problem "t/0" in the problems; did you mean T/0?`},
		"duplicate sample": {goodProblem, `{"task_id": "T/0", "id": 7, "completion": "x"}` + "\n" + `{"task_id": "T/0", "id": "7", "completion": "y"}`, "s.jsonl line 2: sample 7 of T/0 is there already, on line 1"},
		"duplicate task":   {goodProblem + goodProblem, goodSample, "p.jsonl line 2: problem T/0 is there already, on line 1"},
		"missing tests":    {`{"task_id": "T/0", "prompt": "x"}`, goodSample, "p.jsonl line 1: problem T/0 has no test"},
		"empty test":       {`{"task_id": "T/0", "prompt": "x", "test": " \n"}`, goodSample, "p.jsonl line 1: problem T/0 has no test"},
		"check of nothing": {`{"task_id": "T/0", "prompt": "x", "test": "def check(candidate): pass"}`, goodSample, "it has no entry_point"},
		"bad entry point":  {`{"task_id": "T/0", "entry_point": "f();g", "test": "x"}`, goodSample, `entry_point "f();g" is not the name of a function`},
		"bad language":     {`{"task_id": "T/0", "language": "cobol", "test": "x"}`, goodSample, "none of python, javascript and typescript"},
		"empty":            {goodProblem, "\n\n", "s.jsonl: there is nothing in it"},
		"too deep":         {goodProblem, strings.Repeat("[", 100_000), "s.jsonl line 1: it nests deeper"},
		"bad gzip":         {goodProblem, "\x1f\x8bno", "s.jsonl: it looks like gzip"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := load(c.problems, c.samples); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v\nwant: %s", err, c.want)
			}
		})
	}
}

// A line of a gigabyte costs a buffer, not a gigabyte, and is told of by its number.
func TestEndlessLine(t *testing.T) {
	if testing.Short() {
		t.Skip("a gigabyte takes a while")
	}
	endless := io.MultiReader(strings.NewReader(goodSample+`{"task_id": "`), io.LimitReader(letters{}, 1<<30), strings.NewReader("\n"+goodSample))
	var l eval.Loader
	if err := l.Problems("p", strings.NewReader(goodProblem)); err != nil {
		t.Fatal(err)
	}
	var before, after goruntime.MemStats
	goruntime.ReadMemStats(&before)
	err := l.Samples("s.jsonl", endless)
	goruntime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 128<<20 {
		t.Errorf("%d MiB were allocated for it", grown>>20)
	}
	var line *eval.LineError
	if !errors.As(err, &line) || line.Line != 2 || !strings.Contains(line.Reason, "more than 16 MiB") {
		t.Error(err)
	}
}

type letters struct{}

func (letters) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

// With a thousand bad lines twenty are told of, and SkipBad judges the others.
func TestManyBadLines(t *testing.T) {
	samples := goodSample + strings.Repeat("nonsense\n", 1000) + goodSample
	if _, err := load(goodProblem, samples); err == nil || strings.Count(err.Error(), "\n") != 20 || !strings.Contains(err.Error(), "and 980 lines more") {
		t.Errorf("%v", err)
	}
	l := eval.Loader{LoadOptions: eval.LoadOptions{SkipBad: true}}
	if err := errors.Join(l.Problems("p", strings.NewReader(goodProblem)), l.Samples("s", strings.NewReader(samples))); err != nil {
		t.Fatal(err)
	}
	set, err := l.Set()
	if err != nil || len(set.Samples) != 2 || len(l.Skipped) != 21 {
		t.Errorf("%v, %d samples, %d lines left out", err, len(set.Samples), len(l.Skipped))
	}
}

// The forms of the data sets, gzip and plain.
func TestFormats(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	io.WriteString(z, `{"task_id": 11, "text": "Write f.", "code": "def f(x): return x", "test_list": ["assert f(1) == 1", "assert f(2) == 2"], "test_setup_code": "import math"}`)
	z.Close()
	var l eval.Loader
	if err := l.Problems("mbpp", &packed); err != nil {
		t.Fatal(err)
	}
	if err := l.Canonical("mbpp"); err != nil {
		t.Fatal(err)
	}
	if err := l.Samples("s", strings.NewReader(`{"task_id": "11", "solution": "def f(x): return 1"}`)); err != nil {
		t.Fatal(err)
	}
	set, err := l.Set()
	if err != nil {
		t.Fatal(err)
	}
	p := set.Problem("11")
	if p == nil || len(p.Tests) != 2 || p.Setup != "import math" || p.Prompt != "" || p.Text != "Write f." || len(set.Samples) != 2 || set.Samples[0].Solution == "" {
		t.Fatalf("%+v, %d samples", p, len(set.Samples))
	}
	results := judge(t, evaluator(t, eval.Config{}), set)
	if !results[0].Passed || results[1].Outcome != eval.Failed || results[1].Tests.Matrix != ".F" {
		t.Errorf("%+v %+v", results[0], results[1].Tests)
	}
	if f := results[1].Tests.Failed[0]; f.Text != "assert f(2) == 2" || f.Got != "1" || f.Want != "2" {
		t.Errorf("%+v", f)
	}
}
