package eval_test

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"wand/runtime/eval"
)

// The data sets' own solutions pass, and each test of them is found. Of the JavaScript ones node fails three, and they fail here.
func TestCanonicalSolutions(t *testing.T) {
	for name, wrong := range map[string]string{
		"humaneval/HumanEval.jsonl.gz":    "",
		"humaneval/humaneval_js.jsonl.gz": "JavaScript/112 failed, JavaScript/155 failed, JavaScript/162 error",
	} {
		t.Run(name, func(t *testing.T) {
			var l eval.Loader
			if err := errors.Join(l.Problems(name, dataset(t, name)), l.Canonical(name)); err != nil {
				t.Fatal(err)
			}
			set, err := l.Set()
			if err != nil {
				t.Fatal(err)
			}
			results := judge(t, evaluator(t, eval.Config{}), set)
			tests := 0
			var failed []string
			for _, r := range results {
				tests += r.Tests.Total
				if !r.Passed {
					failed = append(failed, fmt.Sprintf("%s %s", r.TaskID, r.Outcome))
				}
			}
			rate, _ := eval.Summarise(results).PassAt(1)
			t.Logf("pass@1 = %.4f, %d tests of %d problems", rate, tests, len(set.Problems))
			if got := strings.Join(failed, ", "); got != wrong {
				t.Errorf("these fail: %s; want: %s", got, wrong)
			}
			if single := tests / len(set.Problems); single < 6 {
				t.Errorf("%d tests of %d problems: the tests are not told apart", tests, len(set.Problems))
			}
		})
	}
}

// A real model's attempts: each has the outcome that was recorded, or the one that native CPython gives it, and every one that fails is told which test it
// fails, what it gave and what was wanted.
func TestSelfDebug(t *testing.T) {
	const name = "self-debug/humaneval_codellama_seed.jsonl.gz"
	recorded := map[string]bool{}
	f := dataset(t, name)
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var row struct {
			TaskID   string `json:"task_id"`
			IsSolved bool   `json:"is_solved"`
		}
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		recorded[row.TaskID] = row.IsSolved
	}
	var l eval.Loader
	if err := l.Samples(name, dataset(t, name)); err != nil {
		t.Fatal(err)
	}
	set, err := l.Set()
	if err != nil {
		t.Fatal(err)
	}
	results := judge(t, evaluator(t, eval.Config{Coverage: true}), set)
	equal, told, failed := 0, 0, 0
	for _, r := range results {
		if r.Passed == recorded[r.TaskID] {
			equal++
		} else {
			t.Errorf("%s: recorded solved=%v, here %s: %v", r.TaskID, recorded[r.TaskID], r.Outcome, r.Error)
		}
		if r.Passed {
			continue
		}
		failed++
		if r.Tests == nil || len(r.Tests.Failed) == 0 {
			t.Errorf("%s is %s, and no test is named:\n%s", r.TaskID, r.Outcome, r.Feedback)
			continue
		}
		first := r.Tests.Failed[0]
		if first.Text == "" || first.Got == "" || first.Want == "" || !strings.Contains(r.Feedback, first.Got) || !strings.Contains(r.Feedback, first.Want) {
			t.Errorf("%s: the feedback does not name the failing test and both values:\n%+v\n%s", r.TaskID, first, r.Feedback)
			continue
		}
		told++
	}
	if failed < len(results)/4 {
		t.Errorf("only %d of %d fail: this test says nothing", failed, len(results))
	}
	t.Logf("%d of %d are as recorded; %d fail, %d of them are told test and values", equal, len(results), failed, told)
}
