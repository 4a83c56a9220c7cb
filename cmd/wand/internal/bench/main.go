// Command bench measures wand and prints two tables. The first: what a run costs beside the same work in a native process, what metering costs
// beside unmetered WebAssembly, and which of the project's aims that meets. Every baseline is measured in the same run, in turns
// with what stands beside it. The second: where a run's time goes, phase by phase. `make bench` calls it.
//
//	go run ./cmd/wand/internal/bench -wand bin/wand [-json] [-only REGEXP] [-python PATH]
//
// The tables go to standard output, progress to standard error. The exit code is 0 when everything was measured, whether or not
// the aims are met, 1 when a measurement failed and 2 when it could not start.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"regexp"
	"time"

	"wand/modules"
	"wand/runtime"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// section is one group of measurements.
type section struct {
	name    string
	measure func(*bench, context.Context) ([]Row, error)
}

// The cheap and quiet ones come first: what compiles with all cores (cold) comes last, so that it warms nothing else up.
func sections() []section {
	return []section{
		{"fork python", (*bench).forkPython},
		{"fork javascript", (*bench).forkJavaScript},
		{"where", (*bench).where},
		{"throughput", (*bench).throughput},
		{"process", (*bench).process},
		{"metering", (*bench).metering},
		{"cpu python", (*bench).cpuPython},
		{"cpu javascript", (*bench).cpuJavaScript},
		{"memory", (*bench).memory},
		{"session", (*bench).session},
		{"baked", (*bench).baked},
		{"science", (*bench).science},
		{"numeric", (*bench).numeric},
		{"standalone", (*bench).standalone},
		{"hostcall", (*bench).hostCall},
		{"parallel", (*bench).parallelTools},
		{"policy", (*bench).decision},
		{"journal", (*bench).journal},
		{"eval", (*bench).evaluate},
		{"engines", (*bench).engines}, // wasmtime changes what stacks new threads of the process have
		{"cold", (*bench).cold},
	}
}

func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	wand := flags.String("wand", "bin/wand", "the command to measure, built with its guests inside (make build)")
	asJSON := flags.Bool("json", false, "print JSON instead of the table")
	only := flags.String("only", "", "measure only the sections whose name matches this regular expression: fork, where, throughput, process, metering, cpu, memory, session, baked, science, numeric, standalone, hostcall, parallel, policy, journal, eval, engines, cold")
	python := flags.String("python", "python3", "the native Python to compare with")
	numpy := flags.String("numpy", "", "a Python that has numpy and pandas of the science guest's versions, for the section numeric (default: that of -python if it has them, else one that is made in the user's cache)")
	node := flags.String("node", "node", "the native JavaScript to compare with")
	kernelDir := flags.String("kernels", "testdata/kernels", "folder of the C programs for the section metering")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	wanted, err := regexp.Compile(*only)
	if err != nil {
		fmt.Fprintf(stderr, "bench: -only: %v\n", err)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	b, err := open(ctx, *wand, *python, *node, *kernelDir, stderr)
	if err != nil {
		fmt.Fprintf(stderr, "bench: %v\n", err)
		return 2
	}
	b.numpy = *numpy
	defer b.rt.Close(context.WithoutCancel(ctx))

	started, failed := time.Now(), false
	report := Report{Schema: "wand.bench/v1", Host: b.host()}
	for _, s := range sections() {
		if !wanted.MatchString(s.name) {
			continue
		}
		b.say("%s", s.name)
		rows, err := s.measure(b, ctx)
		report.Rows = append(report.Rows, rows...)
		if ctx.Err() != nil {
			fmt.Fprintln(stderr, "bench: interrupted")
			return 130
		}
		if err != nil {
			failed = true
			report.Rows = append(report.Rows, Row{Name: s.name, Note: "FAILED: " + err.Error()})
		}
	}
	report.Seconds, report.Where = time.Since(started).Seconds(), b.breakdowns
	if *asJSON {
		err = report.writeJSON(stdout)
	} else {
		err = report.writeTable(stdout)
	}
	if err != nil {
		fmt.Fprintf(stderr, "bench: %v\n", err)
		return 1
	}
	if failed {
		return 1
	}
	return 0
}

// bench holds what the sections share.
type bench struct {
	wand    string // path of the command
	kernels string // folder
	python  native
	numpy   string // path of a Python that has numpy; empty: look for one
	node    native
	rt      *runtime.Runtime
	stderr  io.Writer
	began   time.Time

	breakdowns []Breakdown
}

// open checks that everything that must be there is, and prepares the guests.
func open(ctx context.Context, wand, python, node, kernels string, stderr io.Writer) (*bench, error) {
	if info, err := os.Stat(wand); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is not there: build it with: make build", wand)
	} else if err != nil {
		return nil, err
	} else if info.IsDir() {
		return nil, fmt.Errorf("%s is a folder, not the wand command", wand)
	}
	for _, guest := range []string{"python", "javascript"} {
		if _, err := modules.Find(guest); err != nil {
			return nil, err
		}
	}
	b := &bench{wand: wand, kernels: kernels, stderr: stderr, began: time.Now()}
	b.python = findPython(ctx, python)
	b.node = findNode(ctx, node)
	if load, ok := loadAverage(); ok && load > 0.5 {
		b.say("the machine is busy (load %.2f): the figures will be worse than they could be", load)
	}
	rt, err := runtime.New(ctx, runtime.Config{Progress: func(m string) { b.say("%s", m) }})
	if err != nil {
		return nil, err
	}
	b.rt = rt
	for _, guest := range []string{"python", "javascript"} {
		if err := rt.Prepare(ctx, guest); err != nil {
			rt.Close(context.WithoutCancel(ctx))
			return nil, err
		}
	}
	return b, nil
}

func (b *bench) say(format string, args ...any) {
	fmt.Fprintf(b.stderr, "%4.0fs  %s\n", time.Since(b.began).Seconds(), fmt.Sprintf(format, args...))
}
