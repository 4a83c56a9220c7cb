package eval

import (
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"wand/policies/units"
)

//go:embed page.html
var pageText string

// Bounds of a page, so that it opens whatever was judged.
const (
	pageTasks    = 1000
	pageFailures = 200
	pageErrors   = 10
	pageBins     = 24
)

// WritePage writes results as one HTML file that needs no other: figures, plots, tasks, and what the failing samples were told. It holds no script, and what
// programs said is text in it and nothing else.
func WritePage(w io.Writer, h *Header, results []*Result) error {
	t, err := template.New("page").Parse(pageText)
	if err != nil {
		return err
	}
	return t.Execute(w, newPage(h, results))
}

// page is what the template draws.
type page struct {
	Title, Note             string
	Figures                 []figure
	Grid                    grid
	Outcomes                []segment
	Errors                  []errorBar
	ErrorsHeight            int
	Histograms              []histogram
	Tasks                   []taskRow
	Failures                []failureRow
	MoreTasks, MoreFailures int
}

type (
	figure struct{ Name, Value string }
	grid   struct {
		Width, Height float64
		Cells         []cell
	}
	cell struct {
		Title, Class            string
		X, Y, Size, Fill, FillY float64
	}
	segment struct {
		Name, Class string
		Count       int
		X, Width    float64
	}
	errorBar struct {
		Name, Short     string
		Count, Y, TextY int
		Width, CountX   float64
	}
	histogram struct {
		Title, Note string
		Bars        []histogramBar
		Ticks       []tick
	}
	histogramBar struct {
		Title               string
		X, Y, Width, Height float64
	}
	tick struct {
		X     float64
		Label string
	}
	taskRow struct {
		Name, Rate, Vote        string
		Samples, Passed, Groups int
	}
	failureRow struct{ Name, What, Feedback string }
)

func newPage(h *Header, results []*Result) *page {
	s := Summarise(results)
	p := &page{Title: "Evaluation", Note: note(h, len(results))}
	if h.Samples != "" {
		p.Title = "Evaluation of " + base(h.Samples)
	}
	for _, k := range []int{1, 10, 100} {
		if rate, ok := s.PassAt(k); ok {
			p.Figures = append(p.Figures, figure{fmt.Sprintf("pass@%d", k), percent(rate)})
		}
	}
	p.Figures = append(p.Figures, figure{"tasks", fmt.Sprint(len(s.Tasks))}, figure{"samples", fmt.Sprint(s.Results)}, figure{"passed", fmt.Sprint(s.Passed)},
		figure{"mean reward", fmt.Sprintf("%.3f", s.Reward)}, figure{"fuel", units.Count(s.Fuel).String()})
	p.Grid = newGrid(s.Tasks)
	p.Outcomes = segments(s)
	p.Errors = errorBars(s)
	p.ErrorsHeight = 22 * len(p.Errors)
	var fuel, wall []float64
	for _, r := range results {
		fuel, wall = append(fuel, float64(r.Fuel)), append(wall, r.WallMS)
	}
	p.Histograms = []histogram{
		newHistogram("Fuel", fuel, func(v float64) string { return units.Count(v).String() }),
		newHistogram("Latency", wall, func(v float64) string { return units.Duration(v * float64(time.Millisecond)).String() }),
	}
	p.rows(s)
	return p
}

// note says what was judged, and how.
func note(h *Header, n int) string {
	l := h.Settings.Limits
	text := fmt.Sprintf("%d of %d samples", n, max(h.Total, n))
	if h.Problems != "" {
		text += ", problems of " + base(h.Problems)
	}
	text += fmt.Sprintf("; limits of each run: %s fuel, %s memory, %s", units.Count(l.Fuel), units.Bytes(l.Memory), units.Duration(l.Deadline))
	return text
}

func base(path string) string { return path[strings.LastIndexAny(path, `/\`)+1:] }

func percent(v float64) string { return fmt.Sprintf("%.1f%%", 100*v) }

// newGrid lays out one square for each task.
func newGrid(tasks []Task) grid {
	const width = 1000.0
	columns := min(max(len(tasks), 20), 50)
	pitch := width / float64(columns)
	g := grid{Width: width, Height: pitch * math.Ceil(float64(max(len(tasks), 1))/float64(columns))}
	for i, t := range tasks {
		rate := float64(t.Passed) / float64(len(t.Results))
		size := round(pitch - 3)
		c := cell{
			Title: fmt.Sprintf("%s: %d of %d pass", t.TaskID, t.Passed, len(t.Results)), Class: "passed",
			X: round(float64(i%columns) * pitch), Y: round(float64(i/columns) * pitch), Size: size, Fill: round(size * rate),
		}
		if t.Passed == 0 {
			c.Class, c.Fill = worst(t), size
		}
		c.FillY = round(c.Y + size - c.Fill)
		g.Cells = append(g.Cells, c)
	}
	return g
}

// worst is the outcome that most samples of a task have of which none passed.
func worst(t Task) string {
	count := map[Outcome]int{}
	for _, r := range t.Results {
		count[r.Outcome]++
	}
	most := t.Results[0].Outcome
	for _, o := range Outcomes() {
		if count[o] > count[most] {
			most = o
		}
	}
	return class(most)
}

// class is the CSS class of an outcome; results come from files, and a file may say anything.
func class(o Outcome) string {
	if slices.Contains(Outcomes(), o) {
		return string(o)
	}
	return "none"
}

func segments(s *Summary) []segment {
	var list []segment
	at := 0.0
	for _, o := range Outcomes() {
		n := s.Outcomes[o]
		if n == 0 {
			continue
		}
		width := 480 * float64(n) / float64(s.Results)
		list = append(list, segment{string(o), class(o), n, round(at), round(width)})
		at += width
	}
	return list
}

func errorBars(s *Summary) []errorBar {
	names := slices.SortedFunc(maps.Keys(s.Errors), func(a, b string) int { return cmp.Or(cmp.Compare(s.Errors[b], s.Errors[a]), cmp.Compare(a, b)) })
	rest := 0
	for _, name := range names[min(len(names), pageErrors):] {
		rest += s.Errors[name]
	}
	names = names[:min(len(names), pageErrors)]
	counts := map[string]int{}
	for _, name := range names {
		counts[name] = s.Errors[name]
	}
	if rest > 0 {
		names = append(names, "others")
		counts["others"] = rest
	}
	most := 1
	for _, n := range counts {
		most = max(most, n)
	}
	var list []errorBar
	for i, name := range names {
		n := counts[name]
		width := round(260 * float64(n) / float64(most))
		list = append(list, errorBar{Name: name, Short: shortName(name), Count: n, Y: 22*i + 3, TextY: 22*i + 14, Width: width, CountX: 170 + width + 6})
	}
	return list
}

func shortName(s string) string {
	if runes := []rune(s); len(runes) > 26 {
		return string(runes[:25]) + "…"
	}
	return s
}

// newHistogram counts values in bins whose width grows with the value, since both fuel and time go over decades.
func newHistogram(title string, values []float64, show func(float64) string) histogram {
	h := histogram{Title: title}
	if len(values) == 0 {
		return h
	}
	sorted := slices.Sorted(slices.Values(values))
	low, high := math.Log10(max(sorted[0], 1e-3)), math.Log10(max(sorted[len(sorted)-1], 1e-3))
	if high-low < 0.1 {
		low, high = low-0.05, high+0.05
	}
	bins := make([]int, pageBins)
	edge := func(i float64) float64 { return math.Pow(10, low+(high-low)*i/pageBins) }
	for _, v := range sorted {
		i := int((math.Log10(max(v, 1e-3)) - low) / (high - low) * pageBins)
		bins[min(max(i, 0), pageBins-1)]++
	}
	most := slices.Max(bins)
	const pitch = 480.0 / pageBins
	for i, n := range bins {
		if n == 0 {
			continue
		}
		height := max(2, 130*float64(n)/float64(most))
		h.Bars = append(h.Bars, histogramBar{fmt.Sprintf("%s to %s: %d", show(edge(float64(i))), show(edge(float64(i+1))), n), round(float64(i)*pitch + 1), round(140 - height), round(pitch - 2), round(height)})
	}
	for _, i := range []float64{2, 8, 14, 20} {
		h.Ticks = append(h.Ticks, tick{round(i * pitch), show(edge(i))})
	}
	at := func(p float64) string { return show(sorted[min(int(p*float64(len(sorted))), len(sorted)-1)]) }
	h.Note = fmt.Sprintf("half within %s, 90%% within %s, all within %s; the scale is logarithmic", at(0.5), at(0.9), show(sorted[len(sorted)-1]))
	return h
}

func (p *page) rows(s *Summary) {
	failures := 0
	for _, t := range s.Tasks {
		if len(p.Tasks) < pageTasks {
			row := taskRow{Name: t.TaskID, Samples: len(t.Results), Passed: t.Passed, Groups: len(t.Clusters), Rate: percent(float64(t.Passed) / float64(len(t.Results)))}
			if t.Vote != nil {
				row.Vote = fmt.Sprintf("%s (%d)", short(t.Vote.Behaviour, 60), len(t.Vote.Members))
			}
			p.Tasks = append(p.Tasks, row)
		}
		for _, r := range t.Results {
			if r.Passed || r.Outcome == Untested {
				continue
			}
			if failures++; failures <= pageFailures {
				p.Failures = append(p.Failures, failureRow{fmt.Sprintf("%s, sample %s", r.TaskID, r.SampleID), what(r), cmp.Or(r.Feedback, r.Error.text(), "no feedback was kept")})
			}
		}
	}
	p.MoreTasks, p.MoreFailures = len(s.Tasks)-len(p.Tasks), failures-len(p.Failures)
}

// what is a result in a few words.
func what(r *Result) string {
	text := string(r.Outcome)
	if r.Tests != nil && r.Tests.Total > 1 {
		text += fmt.Sprintf(", %d of %d tests", r.Tests.Passed, r.Tests.Total)
	}
	if r.Error != nil && r.Error.Type != "" {
		text += ", " + r.Error.Type
	}
	return text
}

func round(v float64) float64 { return math.Round(v*100) / 100 }
