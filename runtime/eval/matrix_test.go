package eval_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"wand/compiler"
	"wand/runtime"
	"wand/runtime/eval"
)

// matrixSet is one problem with many tests, some of them wrong, and many candidates: right ones, ones that are wrong here or there, that raise, or never end for some
// arguments.
func matrixSet(t testing.TB, candidates, tests int) *eval.Set {
	t.Helper()
	p := &eval.Problem{TaskID: "matrix", Language: compiler.Python, EntryPoint: "f"}
	for i := range tests {
		want := i*i + 1
		if i%9 == 4 {
			want++ // as a model's test may be
		}
		p.Tests = append(p.Tests, fmt.Sprintf("assert f(%d) == %d", i, want))
	}
	var samples []*eval.Sample
	for i := range candidates {
		body := fmt.Sprintf("return n * n + 1 + %d * 0", i)
		switch {
		case i%5 == 1:
			body = fmt.Sprintf("return n * n + 1 if n %% %d else n * n + 2", i+2)
		case i%5 == 2:
			body = fmt.Sprintf("return [k * k + 1 for k in range(%d)][n]", i)
		case i%5 == 3:
			body = fmt.Sprintf("return {0: 1, %d: 7}.get(n, n ** 2 + 1 if n < %d else None)", i, i)
		case i%25 == 4:
			body = fmt.Sprintf("return {}[n] if n > %d else n * n + 1", i)
		}
		samples = append(samples, &eval.Sample{TaskID: "matrix", Solution: "def f(n):\n    " + body + "\n"})
	}
	set, err := eval.NewSet([]*eval.Problem{p}, samples)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// serial does the same in one program, one after the other, without any of ours.
const serial = `
rows = []
for candidate in INPUT["candidates"]:
    row = ""
    for test in INPUT["tests"]:
        names = {}
        try:
            exec(candidate, names)
            exec(test, names)
            row += "."
        except AssertionError:
            row += "F"
        except Exception:
            row += "E"
    rows.append(row)
rows
`

// A hundred candidates by a hundred tests, each pair in a fork of its own, is what a serial computation finds.
func TestMatrix(t *testing.T) {
	const n = 100
	set := matrixSet(t, n, n)
	results := judge(t, evaluator(t, eval.Config{Detail: eval.DetailAll, FeedbackTokens: -1}), set)

	var input struct {
		Candidates []string `json:"candidates"`
		Tests      []string `json:"tests"`
	}
	input.Tests = set.Problems[0].Tests
	for _, s := range set.Samples {
		input.Candidates = append(input.Candidates, s.Solution)
	}
	text, err := json.Marshal(input)
	if err != nil {
		t.Fatal(err)
	}
	m, _, err := compiler.Compile(context.Background(), compiler.Source{Language: compiler.Python, Text: []byte(serial)})
	if err != nil {
		t.Fatal(err)
	}
	report, err := sharedRuntime(t).Run(context.Background(), m, runtime.Options{Input: text})
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	if err := json.Unmarshal(report.Result, &want); err != nil || len(want) != n {
		t.Fatalf("%v: %s", err, report.Feedback(0))
	}
	letters := map[rune]int{}
	for i, r := range results {
		if r.Tests.Matrix != want[i] {
			t.Errorf("candidate %d:\n%s, one by one\n%s", i, r.Tests.Matrix, want[i])
		}
		for _, c := range r.Tests.Matrix {
			letters[c]++
		}
		if r.Passed != (strings.Trim(r.Tests.Matrix, ".") == "") {
			t.Errorf("candidate %d is %s with %s", i, r.Outcome, r.Tests.Matrix)
		}
	}
	if letters['.'] < 1000 || letters['F'] < 500 || letters['E'] < 500 {
		t.Errorf("the candidates are too alike for this to say anything: %v", letters)
	}
	task := eval.Summarise(results).Tasks[0]
	best := task.Clusters[0].Best()
	if !strings.Contains(best.Solution, "n * n + 1") || best.Tests.Passed != n-n/9 {
		t.Errorf("chosen: %s with %d tests", best.Solution, best.Tests.Passed)
	}
	t.Logf("%v, %d groups, chosen by %d that agree", letters, len(task.Clusters), len(task.Clusters[0].Members))
}
