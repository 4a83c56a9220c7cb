package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// Report is what one run of the benchmark found.
type Report struct {
	Schema  string  `json:"schema"`
	Host    Host    `json:"host"`
	Seconds float64 `json:"seconds"` // how long measuring took
	Rows    []Row   `json:"rows"`
	// Where says of some kinds of runs where their time goes.
	Where []Breakdown `json:"where,omitempty"`
}

// Host is the machine.
type Host struct {
	OS     string  `json:"os"`
	Arch   string  `json:"arch"`
	Cores  int     `json:"cores"`
	Go     string  `json:"go"`
	Engine string  `json:"engine"`
	Python string  `json:"python,omitempty"` // the native one that baselines use
	Node   string  `json:"node,omitempty"`
	Load   float64 `json:"load,omitempty"` // load average when measuring began
}

// Row is one figure beside its baseline.
type Row struct {
	Name string `json:"name"`
	// Value is wand's figure, in Unit; a negative value says that nothing was measured, and Note says why.
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
	// Baseline is what Against took, in the same unit and the same run; 0 when there is none.
	Baseline float64 `json:"baseline,omitempty"`
	Against  string  `json:"against,omitempty"`
	// Ratio is Value / Baseline.
	Ratio float64 `json:"ratio,omitempty"`
	// Aim is what the project promises, in words; Met whether this run keeps it, nil where nothing is promised.
	Aim  string `json:"aim,omitempty"`
	Met  *bool  `json:"met,omitempty"`
	Note string `json:"note,omitempty"`
}

// row puts a duration beside its baseline.
func row(name string, value time.Duration, unit string, baseline time.Duration, against string) Row {
	return figure(name, in(unit, value), unit, in(unit, baseline), against)
}

// figure puts a figure beside its baseline; 0 is no baseline.
func figure(name string, value float64, unit string, baseline float64, against string) Row {
	r := Row{Name: name, Value: value, Unit: unit, Baseline: baseline, Against: against}
	if baseline > 0 {
		r.Ratio = value / baseline
	}
	return r
}

// skipped is a row that could not be measured here, which is no failure.
func skipped(name, reason string) Row { return Row{Name: name, Value: -1, Note: "skipped: " + reason} }

// atMost sets the aim for the value.
func (r Row) atMost(aim float64) Row {
	r.Aim = fmt.Sprintf("<= %s", withUnit(aim, r.Unit))
	met := r.Value <= aim
	r.Met = &met
	return r
}

// ratioAtMost sets the aim for the ratio; without a baseline there is nothing to say.
func (r Row) ratioAtMost(aim float64) Row {
	r.Aim = fmt.Sprintf("<= %gx", aim)
	if r.Baseline > 0 {
		met := r.Ratio <= aim
		r.Met = &met
	}
	return r
}

// ratioAtLeast sets the aim for a ratio of rates, where more is better.
func (r Row) ratioAtLeast(aim float64) Row {
	r.Aim = fmt.Sprintf(">= %gx", aim)
	if r.Baseline > 0 {
		met := r.Ratio >= aim
		r.Met = &met
	}
	return r
}

func (r Row) noting(format string, args ...any) Row {
	r.Note = fmt.Sprintf(format, args...)
	return r
}

func in(unit string, d time.Duration) float64 {
	switch unit {
	case "s":
		return d.Seconds()
	case "ms":
		return d.Seconds() * 1e3
	case "us":
		return d.Seconds() * 1e6
	case "ns":
		return float64(d.Nanoseconds())
	}
	panic("bench: no unit of time: " + unit)
}

func withUnit(v float64, unit string) string {
	digits := 0
	switch {
	case v > 0 && v < 0.095:
		digits = 4
	case v < 10:
		digits = 2
	case v < 100:
		digits = 1
	}
	if unit == "x" {
		return fmt.Sprintf("%.*fx", digits, v)
	}
	return fmt.Sprintf("%.*f %s", digits, v, unit)
}

func (r *Report) writeJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

func (r *Report) writeTable(w io.Writer) error {
	h := r.Host
	fmt.Fprintf(w, "%s/%s, %d cores, %s, %s", h.OS, h.Arch, h.Cores, h.Go, h.Engine)
	for _, s := range []string{h.Python, h.Node} {
		if s != "" {
			fmt.Fprintf(w, "; native %s", s)
		}
	}
	fmt.Fprintf(w, "; load %.2f; measured in %.0f s. ratio = wand / baseline.\n\n", h.Load, r.Seconds)

	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "what\twand\tbaseline\tratio\taim\tmet\tbaseline is")
	var notes []string
	for _, row := range r.Rows {
		name, value, baseline, ratio, met := row.Name, "-", "-", "-", ""
		if row.Note != "" {
			notes = append(notes, row.Note)
			name += fmt.Sprintf(" [%d]", len(notes))
		}
		if row.Unit != "" && row.Value >= 0 {
			value = withUnit(row.Value, row.Unit)
		}
		if row.Baseline > 0 {
			baseline, ratio = withUnit(row.Baseline, row.Unit), withUnit(row.Ratio, "x")
		}
		if row.Met != nil {
			met = map[bool]string{true: "yes", false: "NO"}[*row.Met]
		}
		fmt.Fprintln(t, strings.Join([]string{name, value, baseline, ratio, row.Aim, met, row.Against}, "\t"))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if len(notes) > 0 {
		fmt.Fprintln(w)
	}
	for i, n := range notes {
		fmt.Fprintf(w, "[%d] %s\n", i+1, n)
	}
	return writeBreakdowns(w, r.Where)
}
