package runtime

import (
	"context"
	"time"
)

// Phase is a part of a run, in the order in which they come.
type Phase int

// Phases of a run.
const (
	PhaseSettings Phase = iota // policy, limits, clock, the gate
	PhaseFiles                 // the filesystem: mounts, packages, input files
	PhaseFork                  // an instance that is what the image is, or a session's state
	PhaseRequest               // the program and its inputs as JSON, into the guest's memory
	PhaseGuest                 // the guest: reading the request, compiling, running, the response
	PhaseReset                 // making the instance the image again
	PhaseReport                // the report
	PhaseCapture               // of a session's turn: what it has changed

	// Phases is how many there are.
	Phases
)

// String is what the phase is about, in a few words.
func (p Phase) String() string {
	return [...]string{
		"settings: policy, clock, gate", "files: mounts, packages, inputs", "fork: an instance as the image is", "request: JSON into the guest",
		"guest: compile, run, respond", "reset: pages written, copied back", "report", "capture: what a turn changed",
	}[p]
}

// Timing is how long each phase of a run took.
type Timing [Phases]time.Duration

type timingKey struct{}

// WithTiming has the runs under a context add to t how long their phases took. It is for benchmarks: one run at a time.
func WithTiming(ctx context.Context, t *Timing) context.Context {
	return context.WithValue(ctx, timingKey{}, t)
}

// stopwatch notes when phases end; without a Timing it does nothing.
type stopwatch struct {
	timing *Timing
	last   time.Time
}

func startWatch(ctx context.Context) stopwatch {
	t, _ := ctx.Value(timingKey{}).(*Timing)
	if t == nil {
		return stopwatch{}
	}
	return stopwatch{t, time.Now()}
}

// lap ends a phase.
func (w *stopwatch) lap(p Phase) {
	if w.timing == nil {
		return
	}
	now := time.Now()
	w.timing[p] += now.Sub(w.last)
	w.last = now
}
