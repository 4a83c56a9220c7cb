package clock_test

import (
	"context"
	"testing"
	"time"

	"wand/hostfuncs"
	"wand/hostfuncs/clock"
	"wand/hostfuncs/internal/tooltest"
	"wand/hostfuncs/wasi"
)

var _ clock.Source = wasi.Clock(nil)

// virtual is a clock on which sleeping is the only thing that takes time.
type virtual struct{ now time.Time }

func (v *virtual) Now() time.Time { return v.now }

func (v *virtual) Sleep(ctx context.Context, d time.Duration) error {
	v.now = v.now.Add(d)
	return ctx.Err()
}

func TestVirtualClock(t *testing.T) {
	v := &virtual{time.Date(2026, 1, 31, 12, 0, 0, 0, time.FixedZone("", 3600))}
	run := tooltest.New(t, func(ctx context.Context) context.Context { return clock.With(ctx, v) }, clock.New(clock.Config{}).Tools()...)
	if got, want := run.Call("clock.now", `{}`), `{"iso":"2026-01-31T11:00:00.000000Z","unix":1769857200,"timezone":"UTC"}`; got != want {
		t.Errorf("now: %s, want %s", got, want)
	}
	run.Call("clock.sleep", `[90.25]`)
	if got, want := run.Call("clock.now", `{}`), `{"iso":"2026-01-31T11:01:30.250000Z","unix":1769857290.25,"timezone":"UTC"}`; got != want {
		t.Errorf("now, after sleeping: %s, want %s", got, want)
	}
}

func TestSleepEndsWithTheRun(t *testing.T) {
	run := tooltest.New(t, nil, clock.New(clock.Config{}).Tools()...)
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, err := run.Try(ctx, "clock.sleep", `{"seconds": 3600}`); err == nil {
		t.Error("a sleep of an hour went on although the run had ended")
	}
	run.Call("clock.sleep", `{"seconds": 0.001}`)
}

func TestBadSleep(t *testing.T) {
	run := tooltest.New(t, nil, clock.New(clock.Config{}).Tools()...)
	for _, args := range []string{`{"seconds": -1}`, `{"seconds": 3601}`, `{"seconds": 1e300}`, `{"seconds": "1"}`, `{"seconds": null}`, `{}`, `{"seconds": {"$type": "float", "value": "nan"}}`} {
		if err := run.Fail("clock.sleep", args); err.Type != hostfuncs.ArgumentError {
			t.Errorf("sleep(%s): %+v", args, err)
		}
	}
}
