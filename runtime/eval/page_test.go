package eval_test

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"wand/runtime/eval"
)

// What programs and files say is text in the page, whatever they say; the page has no script and asks for nothing from elsewhere.
func TestPage(t *testing.T) {
	const hostile = `</pre></svg><script>alert(1)</script><img src="https://x.example/a" onerror=x>`
	var results []*eval.Result
	for i := range 300 {
		r := result(fmt.Sprintf("T/%d", i/3), fmt.Sprint(i), i, []string{"...", ".F.", "EEE"}[i%3], int64(i+1)*1_000_003)
		r.WallMS = float64(i)
		results = append(results, r)
	}
	bad := result(hostile, hostile, 300, hostile, 0)
	bad.Outcome, bad.Feedback, bad.Error = eval.Outcome(hostile), hostile, &eval.Failure{Kind: hostile, Type: hostile, Message: hostile}
	h := header()
	h.Samples, h.Problems = "a/"+hostile, hostile
	var page bytes.Buffer
	if err := eval.WritePage(&page, &h, append(results, bad)); err != nil {
		t.Fatal(err)
	}
	text := page.String()
	if found := regexp.MustCompile(`(?i)<script|<img|<link|<iframe|@import|url\(|\son\w+\s*=\s*["']`).FindString(text); found != "" {
		t.Errorf("the page has %q in it", found)
	}
	if n := strings.Count(text, "&lt;script&gt;"); n < 4 {
		t.Errorf("what was said is told %d times", n)
	}
	for _, want := range []string{"pass@1", "Pass rate by task", "Outcomes", "Error kinds", "Fuel", "Latency", "T/99", "prefers-color-scheme: dark", "and 1 samples more"} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %q in the page", want)
		}
	}
	// Of one result, and of none.
	for _, list := range [][]*eval.Result{nil, results[:1]} {
		if err := eval.WritePage(&page, &h, list); err != nil || strings.Contains(page.String(), "NaN") {
			t.Errorf("%d results: %v", len(list), err)
		}
	}
}
