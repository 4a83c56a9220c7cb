package runtime

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"wand/hostfuncs/wasi"
	"wand/policies/units"
)

// reads counts what makes another run of the same program come out differently.
type reads struct {
	clock, random atomic.Int64
}

// countedClock is a run's clock; reading the time of day counts.
type countedClock struct {
	wasi.Clock
	reads *reads
}

// Now implements wasi.Clock.
func (c countedClock) Now() time.Time {
	c.reads.clock.Add(1)
	return c.Clock.Now()
}

// countedRandom is a run's randomness.
type countedRandom struct {
	io.Reader
	reads *reads
}

// Read implements io.Reader.
func (c countedRandom) Read(p []byte) (int, error) {
	c.reads.random.Add(1)
	return c.Reader.Read(p)
}

// asserting programs say that all is well by saying nothing.
var asserting = regexp.MustCompile(`\bassert|\bunittest\b|node:test`)

// warn adds what a model should know of a run, beside what the guest said.
func (j *job) warn(r *Report) {
	add := func(kind WarningKind, format string, args ...any) {
		r.Warnings = append(r.Warnings, Warning{Kind: kind, Message: fmt.Sprintf(format, args...)})
	}
	if t := r.Truncated; t != nil && t.StdoutBytes+t.StderrBytes > 0 {
		add(WarnTruncated, "%s of output are left out here, in its middle: print less, or only what is needed", units.Bytes(t.StdoutBytes+t.StderrBytes))
	}
	if j.silent(r) {
		add(WarnNoValue, "the program printed nothing and has no value: end it with the expression that is asked for, or print it")
	}
	r.Warnings = slices.DeleteFunc(r.Warnings, func(w Warning) bool { return w.Kind == WarnNondeterministic && j.fixedSeed })
	if r.Status != Completed || j.module.Guest == "" {
		return
	}
	if j.clockName == "real" && j.reads.clock.Load() > clockReadsAtStart[j.module.Guest] {
		add(WarnNondeterministic, "the program used the clock: another run may end differently")
	}
	if !j.fixedSeed && j.reads.random.Load() > 0 {
		add(WarnNondeterministic, "the program used random numbers of the system: another run may end differently")
	}
}

// clockReadsAtStart is how often a guest reads the time of day by itself in each run.
var clockReadsAtStart = map[string]int64{"python": 1}

// silent says that a program for an interpreter ran to its end without anything to show for it.
func (j *job) silent(r *Report) bool {
	if r.Status != Completed || j.op != "run" || j.module.Guest == "" || j.options.turn != nil || len(r.Result) > 0 {
		return false
	}
	did := len(r.Stdout) + len(r.Stderr) + len(r.Files) + r.FilesOmitted + len(r.Written) + len(r.Calls) + len(r.Log) + len(r.Warnings)
	return did == 0 && !asserting.MatchString(j.module.Source) && strings.TrimSpace(j.module.Source) != ""
}
