package eval_test

import (
	"context"
	"fmt"
	"strings"

	"wand/runtime"
	"wand/runtime/eval"
)

// Judges three answers to one problem and says what a model should hear of the wrong one.
func Example() {
	ctx := context.Background()
	rt, err := runtime.New(ctx, runtime.Config{})
	if err != nil {
		panic(err)
	}
	defer rt.Close(ctx)
	problems := strings.NewReader(`{"task_id": "double", "test_list": ["assert double(2) == 4", "assert double(4) == 8"]}`)
	samples := strings.NewReader(`{"task_id": "double", "solution": "def double(n): return n + n"}
		{"task_id": "double", "solution": "def double(n): return n ** 2"}
		{"task_id": "double", "solution": "def double(n) return 2 * n"}`)
	var loader eval.Loader
	if err := loader.Problems("problems.jsonl", problems); err != nil {
		panic(err)
	}
	if err := loader.Samples("samples.jsonl", samples); err != nil {
		panic(err)
	}
	set, err := loader.Set()
	if err != nil {
		panic(err)
	}
	judge, err := eval.New(ctx, eval.Config{Runtime: rt})
	if err != nil {
		panic(err)
	}
	results := make([]*eval.Result, len(set.Samples))
	if err := judge.Run(ctx, set, nil, func(r *eval.Result) error { results[r.Index] = r; return nil }); err != nil {
		panic(err)
	}
	for _, r := range results {
		fmt.Println(r.SampleID, r.Outcome, r.Reward)
		for _, f := range r.Tests.Failed {
			fmt.Printf("test %d: %s\n  got:  %s\n  want: %s\n", f.Test, f.Text, f.Got, f.Want)
		}
	}
	rate, _ := eval.Summarise(results).PassAt(1)
	fmt.Printf("pass@1 = %.2f\n", rate)
	// Output:
	// 0 passed 1
	// 1 failed 0.35
	// test 2: assert double(4) == 8
	//   got:  16
	//   want: 8
	// 2 invalid -1
	// pass@1 = 0.33
}
