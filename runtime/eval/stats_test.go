package eval_test

import (
	"encoding/json"
	"math"
	"math/big"
	"strings"
	"testing"

	"wand/runtime/eval"
)

// The estimate is the definition, computed with exact binomials.
func TestPassAtK(t *testing.T) {
	for n := 1; n <= 40; n++ {
		for c := 0; c <= n; c++ {
			for k := 1; k <= n; k++ {
				all := new(big.Int).Binomial(int64(n), int64(k))
				miss := new(big.Int)
				if n-c >= k {
					miss.Binomial(int64(n-c), int64(k))
				}
				want, _ := new(big.Rat).Sub(big.NewRat(1, 1), new(big.Rat).SetFrac(miss, all)).Float64()
				if got, ok := eval.PassAtK(n, c, k); !ok || math.Abs(got-want) > 1e-12 {
					t.Fatalf("pass@%d of %d with %d right: %v, %v; want %v", k, n, c, got, ok, want)
				}
			}
		}
	}
	// Far beyond what binomials fit into.
	if got, ok := eval.PassAtK(100_000, 1, 50_000); !ok || math.Abs(got-0.5) > 1e-9 {
		t.Errorf("half of 100,000 draws find the one right sample with %v", got)
	}
	for _, bad := range [][3]int{{0, 0, 1}, {3, 1, 4}, {3, 1, 0}, {3, 4, 1}, {3, -1, 1}} {
		if got, ok := eval.PassAtK(bad[0], bad[1], bad[2]); ok || got != 0 {
			t.Errorf("there is no estimate for %v, but %v", bad, got)
		}
	}
}

func TestRewardsKeepTheirOrder(t *testing.T) {
	s := eval.DefaultScale()
	for total := 1; total <= 300; total++ {
		last := s.Reward(eval.Invalid, 0, total)
		for _, o := range []eval.Outcome{eval.Errored, eval.Failed} {
			for passed := 0; passed <= total; passed++ {
				got := s.Reward(o, passed, total)
				if got <= last && !(passed == 0 && got > last) {
					t.Fatalf("%s with %d of %d is worth %v, what is worse %v", o, passed, total, got, last)
				}
				last = got
			}
		}
		if s.Reward(eval.Passed, total, total) <= last {
			t.Fatalf("passing all %d tests is worth no more than failing", total)
		}
	}
	for _, o := range []eval.Outcome{eval.Exhausted, eval.Denied} {
		if s.Reward(o, 1, 3) != s.Reward(eval.Errored, 1, 3) {
			t.Errorf("%s is not worth what an error is", o)
		}
	}
	if err := (eval.Scale{Invalid: 0, Error: 0, Failed: 1, Passed: 2}).Check(); err == nil {
		t.Error("a scale that does not grow is taken")
	}
}

func result(task, id string, index int, matrix string, fuel int64) *eval.Result {
	passed := strings.Count(matrix, ".")
	r := &eval.Result{TaskID: task, SampleID: id, Index: index, Outcome: eval.Failed, Fuel: fuel, Tests: &eval.Tests{Total: len(matrix), Passed: passed, Matrix: matrix}}
	if passed == len(matrix) {
		r.Outcome, r.Passed = eval.Passed, true
	}
	return r
}

// CodeT's point: with tests that may be wrong, the samples that agree with each other and with most tests win over the one that passes more by chance.
func TestClusters(t *testing.T) {
	s := eval.Summarise([]*eval.Result{
		result("t", "a", 0, "...F.F", 9), result("t", "b", 1, "...F.F", 5), result("t", "c", 2, "...F.F", 7), // 3 x 4
		result("t", "d", 3, "FF....", 1), result("t", "e", 4, ".....F", 1), // 1 x 4, 1 x 5
		result("u", "a", 5, "......", 3),
	})
	if len(s.Tasks) != 2 || s.Tasks[0].TaskID != "t" || s.Passed != 1 || s.Results != 6 {
		t.Fatalf("%+v", s)
	}
	best := s.Tasks[0].Clusters[0]
	if best.Score != 12 || best.Best().SampleID != "b" || len(s.Tasks[0].Clusters) != 3 {
		t.Errorf("chosen %s with %d, of %d groups", best.Best().SampleID, best.Score, len(s.Tasks[0].Clusters))
	}
	if rate, ok := s.PassAt(1); !ok || rate != 0.5 {
		t.Errorf("pass@1 is %v", rate)
	}
	if _, ok := s.PassAt(2); ok {
		t.Error("pass@2 of a task with one sample")
	}
}

// Values vote by what they are, not by how they are written.
func TestVote(t *testing.T) {
	var results []*eval.Result
	for i, v := range []string{`{"a": 1, "b": [2.50]}`, `3`, `{"b":[2.5],"a":1.0}`, `4`} {
		results = append(results, &eval.Result{TaskID: "t", SampleID: v, Index: i, Outcome: eval.Untested, Value: json.RawMessage(v)})
	}
	results = append(results, &eval.Result{TaskID: "t", Index: 9, Outcome: eval.Invalid}) // has no vote
	vote := eval.Summarise(results).Tasks[0].Vote
	if vote == nil || len(vote.Members) != 2 || vote.Behaviour != `{"a":1,"b":[2.5]}` {
		t.Errorf("%+v", vote)
	}
}
