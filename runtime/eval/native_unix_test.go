//go:build unix

package eval_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"wand/compiler"
	"wand/runtime"
	"wand/runtime/eval"
)

// mutants breaks the solutions of HumanEval, count times each, with our own mutator in the sandbox.
func mutants(t *testing.T, problems []*eval.Problem, seed, count int) []*eval.Sample {
	t.Helper()
	type item struct {
		Source string `json:"source"`
		Entry  string `json:"entry"`
		Seed   int    `json:"seed"`
		Count  int    `json:"count"`
	}
	var items []item
	for i, p := range problems {
		items = append(items, item{p.Prompt + p.Canonical, p.EntryPoint, seed + i, count})
	}
	input, err := json.Marshal(items)
	if err != nil {
		t.Fatal(err)
	}
	m, _, err := compiler.Compile(context.Background(), compiler.Source{Language: compiler.Python, Text: testFile(t, "mutate.py")})
	if err != nil {
		t.Fatal(err)
	}
	report, err := sharedRuntime(t).Run(context.Background(), m, runtime.Options{Input: input, Limits: runtime.Limits{Output: 16 << 20, Fuel: 100_000_000_000}})
	if err != nil {
		t.Fatal(err)
	}
	var made [][]string
	if err := json.Unmarshal(report.Result, &made); err != nil || len(made) != len(problems) {
		t.Fatalf("%v: %s", err, report.Feedback(0))
	}
	var samples []*eval.Sample
	for i, list := range made {
		for k, text := range list {
			samples = append(samples, &eval.Sample{TaskID: problems[i].TaskID, ID: fmt.Sprint(k), Solution: text})
		}
	}
	return samples
}

// native runs a program in a CPython process of its own, bounded in time and memory, and says whether it ended well.
func native(ctx context.Context, python, program string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, 60*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", `ulimit -t 10 -v 2000000; exec "$0" -I -S -`, python)
	cmd.Stdin = strings.NewReader(program)
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return false, err
	}
	return err == nil, nil
}

// Programs that our own mutator made of HumanEval's solutions pass exactly where native CPython lets them pass.
func TestMutantsEqualNative(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3 on this machine to compare with")
	}
	if out, err := exec.Command(python, "-c", "import sys; print(sys.executable)").Output(); err == nil {
		python = strings.TrimSpace(string(out)) // behind wrappers such as pyenv's, which cost more than Python does
	}
	const name = "humaneval/HumanEval.jsonl.gz"
	var l eval.Loader
	if err := l.Problems(name, dataset(t, name)); err != nil {
		t.Fatal(err)
	}
	base, err := l.Set()
	if err != nil {
		t.Fatal(err)
	}
	samples := mutants(t, base.Problems, 2026, 3)
	set, err := eval.NewSet(base.Problems, samples)
	if err != nil {
		t.Fatal(err)
	}
	// What native gets ten seconds for, the sandbox gets fuel for.
	results := judge(t, evaluator(t, eval.Config{Options: runtime.Options{Limits: runtime.Limits{Fuel: 8_000_000_000, Deadline: 5 * time.Minute}}}), set)
	var mu sync.Mutex
	counts := map[string]int{}
	group, ctx := errgroup.WithContext(context.Background())
	group.SetLimit(2)
	for i, r := range results {
		group.Go(func() error {
			p, s := set.Problem(r.TaskID), samples[i]
			passed, err := native(ctx, python, s.Solution+"\n"+p.Test+"\ncheck("+p.EntryPoint+")\n")
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			counts[string(r.Outcome)]++
			if passed != r.Passed {
				t.Errorf("%s, mutant %s: native passes: %v, here it is %s: %v\n%s", r.TaskID, r.SampleID, passed, r.Outcome, r.Error, s.Solution)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	if counts["failed"] < len(results)/4 || counts["error"] < len(results)/10 {
		t.Errorf("the mutator breaks too little: %v", counts)
	}
	t.Logf("%d mutants of %d problems: %v", len(results), len(base.Problems), counts)
}
