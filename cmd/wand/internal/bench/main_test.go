package main

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestPercentile(t *testing.T) {
	var s samples
	for i := 100; i >= 1; i-- {
		s = append(s, time.Duration(i))
	}
	for p, want := range map[float64]time.Duration{0: 1, 50: 50, 99: 99, 100: 100} {
		if got := s.percentile(p); got != want {
			t.Errorf("percentile %g of 1..100 is %d, not %d", p, got, want)
		}
	}
	if got := (samples{}).median(); got != 0 {
		t.Errorf("the median of nothing is %d", got)
	}
	if got := geometricMean([]float64{1, 4}); got != 2 {
		t.Errorf("the geometric mean of 1 and 4 is %g", got)
	}
}

func TestTableAndJSON(t *testing.T) {
	r := Report{Rows: []Row{
		row("fast", time.Millisecond, "ms", 10*time.Millisecond, "a process").atMost(1),
		row("slow", 30*time.Millisecond, "ms", 10*time.Millisecond, "a process").ratioAtMost(2.5),
		row("alone", time.Millisecond, "ms", 0, "none").ratioAtMost(2.5),
		row("tiny", time.Millisecond, "ms", 160*time.Millisecond, "a process"),
		skipped("gone", "there is no node"),
	}}
	var table, text bytes.Buffer
	if err := r.writeTable(&table); err != nil {
		t.Fatal(err)
	}
	lines := map[string][]string{}
	for line := range strings.Lines(table.String()) {
		if f := strings.Fields(line); len(f) > 0 {
			lines[f[0]] = f
		}
	}
	for name, want := range map[string]string{
		"fast":  "fast 1.00 ms 10.0 ms 0.10x <= 1.00 ms yes a process",
		"slow":  "slow 30.0 ms 10.0 ms 3.00x <= 2.5x NO a process",
		"alone": "alone 1.00 ms - - <= 2.5x none",
		"tiny":  "tiny 1.00 ms 160 ms 0.0063x a process",
		"gone":  "gone [1] - - -",
		"[1]":   "[1] skipped: there is no node",
	} {
		if got := strings.Join(lines[name], " "); got != want {
			t.Errorf("the table says %q, not %q", got, want)
		}
	}
	if err := r.writeJSON(&text); err != nil {
		t.Fatal(err)
	}
	var back Report
	if err := json.Unmarshal(text.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	if got := back.Rows[1]; got.Ratio != 3 || got.Met == nil || *got.Met {
		t.Errorf("the JSON says %+v", got)
	}
}

func TestWhatIsMissing(t *testing.T) {
	t.Setenv("WAND_CACHE", t.TempDir())
	present := "main.go" // any file: it is never run
	for _, c := range []struct{ wand, want string }{
		{filepath.Join(t.TempDir(), "wand"), "make build"},
		{t.TempDir(), "is a folder"},
		{present, "make guests"},
	} {
		var stdout, stderr bytes.Buffer
		if code := run([]string{"-wand", c.wand}, &stdout, &stderr); code != 2 {
			t.Errorf("-wand %s: exit code %d, not 2", c.wand, code)
		}
		if !strings.Contains(stderr.String(), c.want) || stdout.Len() > 0 {
			t.Errorf("-wand %s: %q, which does not say %q", c.wand, stderr.String(), c.want)
		}
	}
}
