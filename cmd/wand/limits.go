package main

import (
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"wand/policies/units"
	"wand/runtime"
)

// quantity is the value of an option with a unit. A wrong text is reported by take, not by the flag parser, which would bury the message.
type quantity struct {
	text  string
	isSet bool
}

// Set implements flag.Value.
func (q *quantity) Set(s string) error {
	q.text, q.isSet = s, true
	return nil
}

// String implements flag.Value.
func (q *quantity) String() string { return q.text }

// take reads the option; 0 when it is not given.
func (q *quantity) take(option string, parse func(string) (int64, error)) (int64, error) {
	if !q.isSet {
		return 0, nil
	}
	n, err := parse(q.text)
	if err != nil {
		return 0, usage("--%s: %v", option, err)
	}
	if n == 0 {
		return 0, usage("--%s: %q is nothing, and no program runs with nothing; give a larger one or leave the option out for the default", option, q.text)
	}
	return n, nil
}

func bytesOf(s string) (int64, error) {
	n, err := units.ParseBytes(s)
	return int64(n), err
}

func countOf(s string) (int64, error) {
	n, err := units.ParseCount(s)
	return int64(n), err
}

func durationOf(s string) (int64, error) {
	n, err := units.ParseDuration(s)
	return int64(n), err
}

// limitFlags are the options that bound a run.
type limitFlags struct{ fuel, memory, timeout, output, storage quantity }

func (l *limitFlags) flags() []cli.Flag {
	d := runtime.DefaultLimits()
	return []cli.Flag{
		&cli.GenericFlag{Name: "fuel", Value: &l.fuel, Category: "limits", DefaultText: units.Count(d.Fuel).String(), Usage: "`N` units of computing, about one per WebAssembly instruction: 500M, 2G"},
		&cli.GenericFlag{Name: "memory", Value: &l.memory, Category: "limits", DefaultText: units.Bytes(d.Memory).String(), Usage: "`SIZE` of memory, with all that is held for the run: 64MiB, 1GB"},
		&cli.GenericFlag{Name: "timeout", Aliases: []string{"deadline"}, Value: &l.timeout, Category: "limits", DefaultText: units.Duration(d.Deadline).String(), Usage: "`TIME` on the clock, waiting included: 5s, 500ms, 1m30s"},
		&cli.GenericFlag{Name: "max-output", Value: &l.output, Category: "limits", DefaultText: units.Bytes(d.Output).String(), Usage: "`SIZE` of standard output and error together"},
		&cli.GenericFlag{Name: "storage", Value: &l.storage, Category: "limits", DefaultText: units.Bytes(d.Storage).String(), Usage: "`SIZE` of the files of the run"},
	}
}

func (l *limitFlags) limits() (limits runtime.Limits, err error) {
	var deadline int64
	for _, o := range []struct {
		name  string
		from  *quantity
		to    *int64
		parse func(string) (int64, error)
	}{
		{"fuel", &l.fuel, &limits.Fuel, countOf}, {"memory", &l.memory, &limits.Memory, bytesOf}, {"timeout", &l.timeout, &deadline, durationOf},
		{"max-output", &l.output, &limits.Output, bytesOf}, {"storage", &l.storage, &limits.Storage, bytesOf},
	} {
		if *o.to, err = o.from.take(o.name, o.parse); err != nil {
			return limits, err
		}
	}
	limits.Deadline = time.Duration(deadline)
	return limits, nil
}

// limitFlag is the option that sets a limit.
func limitFlag(name string) string {
	switch name {
	case "deadline":
		return "timeout"
	case "output":
		return "max-output"
	}
	return name
}

func limitMessage(e *runtime.LimitError) string {
	value := fmt.Sprint(e.Value)
	switch e.Name {
	case "memory", "output", "storage":
		value = units.Bytes(e.Value).String()
	case "deadline":
		value = units.Duration(e.Value).String()
	}
	return value + " " + e.Reason
}
