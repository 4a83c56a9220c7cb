package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"wand/policies/units"
	"wand/runtime"
)

// traceFlags are the options that show what a program did, step by step.
func traceFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "trace", Usage: "write each step of the program (lines, calls, changed variables) to `FILE` as JSON lines"},
		&cli.Int64Flag{Name: "trace-events", Value: runtime.DefaultTraceEvents, DefaultText: "100000", Usage: "most events, `N`, that --trace writes; the rest is counted"},
		&cli.BoolFlag{Name: "coverage", DisableDefaultText: true, Usage: "say which lines ran, and which did not"},
	}
}

// traceFile is where a trace goes.
type traceFile struct {
	name string
	file *os.File
	text *bufio.Writer
}

// openTrace opens what --trace names, which is made anew.
func (a *app) openTrace(c *cli.Context, o *runtime.Options) (*traceFile, error) {
	if n := c.Int64("trace-events"); n < 1 {
		return nil, usage("--trace-events: %d is too few; the default is %d", n, runtime.DefaultTraceEvents)
	}
	o.Coverage, o.TraceEvents = c.Bool("coverage"), c.Int64("trace-events")
	name := c.String("trace")
	if name == "" {
		if c.IsSet("trace-events") {
			return nil, usage("--trace-events bounds --trace, which is not there")
		}
		return nil, nil
	}
	if name == "-" {
		return nil, usage("--trace: standard output is the program's; give a file")
	}
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, usage("--trace: %v", err)
	}
	t := &traceFile{name: name, file: file, text: bufio.NewWriterSize(file, 64<<10)}
	o.Trace = t.text
	return t, nil
}

// close writes what is left. The error is that of the first write that failed.
func (t *traceFile) close() error {
	if t == nil {
		return nil
	}
	if err := errors.Join(t.text.Flush(), t.file.Close()); err != nil {
		return fmt.Errorf("the trace is incomplete: %w", err)
	}
	return nil
}

// notes are what a person should know of what was asked for beside the run.
func (t *traceFile) notes(r *runtime.Report) []string {
	var list []string
	switch info := r.Trace; {
	case t == nil:
	case info == nil && r.Status != runtime.Invalid:
		list = append(list, "nothing was traced: only Python, JavaScript and TypeScript programs can be")
	case info != nil && info.Dropped > 0:
		list = append(list, fmt.Sprintf("the trace has %s events; %s more were dropped (--trace-events)", units.Count(info.Events), units.Count(info.Dropped)))
	}
	if c := r.Coverage; c != nil && len(c.Lines)+len(c.Missed) > 0 {
		line := fmt.Sprintf("coverage: %d of %d lines ran", len(c.Lines), len(c.Lines)+len(c.Missed))
		if len(c.Missed) > 0 {
			line += ", not " + ranges(c.Missed, 20)
		}
		list = append(list, line)
	}
	return list
}

// ranges writes ascending numbers as "3, 5-7", at most so many of them.
func ranges(numbers []int, most int) string {
	var parts []string
	for i := 0; i < len(numbers); {
		j := i
		for j+1 < len(numbers) && numbers[j+1] == numbers[j]+1 {
			j++
		}
		if len(parts) == most {
			return strings.Join(parts, ", ") + fmt.Sprintf(" and %d more", len(numbers)-i)
		}
		part := strconv.Itoa(numbers[i])
		if j > i {
			part += "-" + strconv.Itoa(numbers[j])
		}
		parts = append(parts, part)
		i = j + 1
	}
	return strings.Join(parts, ", ")
}
