package eval

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"

	"wand/runtime"
)

// Bounds of what a result says of lines.
const (
	maxSuspicious = 5   // suspicious lines
	maxCovered    = 200 // tests whose coverage is told
)

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

// localise notes which lines of a candidate each test ran, and which of them are suspicious.
func (r *Result) localise(p *Problem, candidate string, tests []spectrum) {
	if len(tests) <= maxCovered {
		for _, t := range tests {
			r.Tests.Coverage = append(r.Tests.Coverage, ranges(t.lines))
		}
	}
	if r.Tests.Passed == r.Tests.Total {
		return
	}
	text := strings.Split(candidate, "\n")
	for _, s := range ochiai(tests) {
		if s.Line > len(text) || definition.MatchString(text[s.Line-1]) {
			continue // every test runs it, whatever becomes of the test
		}
		s.Text = short(strings.TrimSpace(text[s.Line-1]), 160)
		if r.Suspicious = append(r.Suspicious, s); len(r.Suspicious) == maxSuspicious {
			return
		}
	}
}

// definition is the first line of a definition at the top of a program.
var definition = regexp.MustCompile(`^(?:def|async|class|import|from|@|function|const|let|var|export|"|'|/\*|})`)

// newSpectrum is what a test ran of the candidate, whose lines are those before the tests'.
func newSpectrum(report *runtime.Report, tests int, passed bool) spectrum {
	s := spectrum{lines: map[int]bool{}, passed: passed}
	if report.Coverage != nil {
		for _, l := range report.Coverage.Lines {
			if l.Line < tests {
				s.lines[l.Line] = true
			}
		}
	}
	return s
}

// ranges is a set of lines as text: 1-3,7.
func ranges(lines map[int]bool) string {
	var b strings.Builder
	list := slices.Sorted(maps.Keys(lines))
	for i := 0; i < len(list); {
		first, last := list[i], list[i]
		for i++; i < len(list) && list[i] == last+1; i++ {
			last = list[i]
		}
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		fmt.Fprint(&b, first)
		if last > first {
			fmt.Fprintf(&b, "-%d", last)
		}
	}
	return b.String()
}
