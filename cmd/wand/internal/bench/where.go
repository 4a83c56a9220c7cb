package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	goruntime "runtime"
	"slices"
	"text/tabwriter"
	"time"

	"wand/compiler"
	"wand/runtime"
)

// Breakdown says where the time of one kind of run goes. Its times are means, which add up as medians do not, of the faster half of the runs, in which less
// else happened on the machine.
type Breakdown struct {
	Name   string      `json:"name"`
	Runs   int         `json:"runs"`
	WallUS float64     `json:"wall_us"` // as the caller sees it
	Phases []PhaseTime `json:"phases"`  // in order; what they leave of the whole is between them
	// Per run, of all of them: page faults of the process, its processor time in user and system mode, fuel, and allocations of the host.
	PageFaults float64 `json:"page_faults"`
	UserUS     float64 `json:"user_us"`
	SystemUS   float64 `json:"system_us"`
	Fuel       int64   `json:"fuel"`
	Allocs     float64 `json:"allocs"`
	AllocBytes float64 `json:"alloc_bytes"`
}

// PhaseTime is one phase of a run.
type PhaseTime struct {
	Name string  `json:"name"`
	US   float64 `json:"us"`
}

// where finds out where the time of runs goes.
func (b *bench) where(ctx context.Context) ([]Row, error) {
	const runs = 400
	python, err := b.program(ctx, compiler.Python, pythonOne)
	if err != nil {
		return nil, err
	}
	javascript, err := b.program(ctx, compiler.JavaScript, javascriptOne)
	if err != nil {
		return nil, err
	}
	fork := func(m *compiler.Module, limits func(i int) runtime.Limits) func(context.Context, int) (*runtime.Report, error) {
		return func(ctx context.Context, i int) (*runtime.Report, error) {
			return b.once(ctx, m, runtime.Options{Limits: limits(i)})
		}
	}
	same := func(int) runtime.Limits { return runtime.Limits{} }
	// An instance is made for a bound of memory: with a bound of its own, no run finds one that another has left.
	own := func(i int) runtime.Limits { return runtime.Limits{Memory: 200<<20 + int64(i)} }
	turns := func(language compiler.Language) (func(context.Context, int) (*runtime.Report, error), error) {
		s, err := b.rt.NewSession(ctx, sessionIn(language))
		if err != nil {
			return nil, err
		}
		return func(ctx context.Context, i int) (*runtime.Report, error) {
			if i == runs {
				defer s.Close()
			}
			m, _, err := compiler.Compile(ctx, s.Source(fmt.Sprintf("x = %d", i)))
			if err != nil {
				return nil, err
			}
			return s.Run(ctx, m, runtime.TurnOptions{})
		}, nil
	}
	turnPython, err := turns(compiler.Python)
	if err != nil {
		return nil, err
	}
	turnJavaScript, err := turns(compiler.JavaScript)
	if err != nil {
		return nil, err
	}
	for _, k := range []struct {
		name string
		run  func(context.Context, int) (*runtime.Report, error)
	}{
		{"Python fork", fork(python, same)}, {"new instance", fork(python, own)}, {"session turn", turnPython},
		{"JavaScript fork", fork(javascript, same)}, {"new instance", fork(javascript, own)}, {"session turn", turnJavaScript},
	} {
		found, err := breakdown(ctx, k.name, runs, k.run)
		if err != nil {
			return nil, err
		}
		b.breakdowns = append(b.breakdowns, found)
	}
	return nil, nil
}

// breakdown measures runs one after the other. run gets the number of the run, from 0 to runs, the first of which does not count.
func breakdown(ctx context.Context, name string, runs int, run func(context.Context, int) (*runtime.Report, error)) (Breakdown, error) {
	found := Breakdown{Name: name, Runs: runs}
	type took struct {
		wall   time.Duration
		timing runtime.Timing
	}
	var all []took
	var before, after resources
	var memory, memoryAfter goruntime.MemStats
	for i := range runs + 1 {
		if i == 1 {
			goruntime.ReadMemStats(&memory)
			before = usedResources()
		}
		var one took
		start := time.Now()
		report, err := run(runtime.WithTiming(ctx, &one.timing), i)
		if err != nil {
			return found, err
		}
		if one.wall = time.Since(start); i > 0 {
			all = append(all, one)
		}
		if report.Status != runtime.Completed {
			return found, fmt.Errorf("%s did not complete: %s", name, report.Feedback(0))
		}
		found.Fuel = report.Usage.Fuel.Used
	}
	after = usedResources()
	goruntime.ReadMemStats(&memoryAfter)
	slices.SortFunc(all, func(a, b took) int { return cmp.Compare(a.wall, b.wall) })
	fast := all[:(len(all)+1)/2]
	for p := range runtime.Phases {
		found.Phases = append(found.Phases, PhaseTime{Name: p.String()})
	}
	for _, one := range fast {
		found.WallUS += in("us", one.wall) / float64(len(fast))
		for p, took := range one.timing {
			found.Phases[p].US += in("us", took) / float64(len(fast))
		}
	}
	n := float64(runs)
	found.PageFaults = float64(after.faults-before.faults) / n
	found.UserUS, found.SystemUS = in("us", after.user-before.user)/n, in("us", after.system-before.system)/n
	found.Allocs, found.AllocBytes = float64(memoryAfter.Mallocs-memory.Mallocs)/n, float64(memoryAfter.TotalAlloc-memory.TotalAlloc)/n
	return found, nil
}

// resources is what this process has used.
type resources struct {
	faults       int64
	user, system time.Duration
}

// cpu is the time on a processor.
func (r resources) cpu() time.Duration { return r.user + r.system }

// writeBreakdowns prints one column for each kind of run.
func writeBreakdowns(w io.Writer, list []Breakdown) error {
	if len(list) == 0 {
		return nil
	}
	fmt.Fprintf(w, "\nwhere a run's time goes, in us: means of the faster half of %d runs, one after the other\n\n", list[0].Runs)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(name string, value func(Breakdown) string) {
		fmt.Fprint(t, name)
		for _, b := range list {
			fmt.Fprint(t, "\t", value(b))
		}
		fmt.Fprintln(t)
	}
	line("phase", func(b Breakdown) string { return b.Name })
	for i, p := range list[0].Phases {
		line(p.Name, func(b Breakdown) string {
			if b.Phases[i].US == 0 {
				return "-"
			}
			return fmt.Sprintf("%.1f", b.Phases[i].US)
		})
	}
	line("between the phases", func(b Breakdown) string {
		rest := b.WallUS
		for _, p := range b.Phases {
			rest -= p.US
		}
		return fmt.Sprintf("%.1f", rest)
	})
	line("the whole run", func(b Breakdown) string { return fmt.Sprintf("%.1f", b.WallUS) })
	line("processor: user + system", func(b Breakdown) string { return fmt.Sprintf("%.0f + %.0f", b.UserUS, b.SystemUS) })
	line("page faults", func(b Breakdown) string { return fmt.Sprintf("%.1f", b.PageFaults) })
	line("fuel", func(b Breakdown) string { return fmt.Sprint(b.Fuel) })
	line("allocations of the host, KiB", func(b Breakdown) string { return fmt.Sprintf("%.0f, %.1f", b.Allocs, b.AllocBytes/1024) })
	return t.Flush()
}
