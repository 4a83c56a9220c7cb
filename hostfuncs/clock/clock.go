// Package clock is the tools with which a program tells the time and waits. The runtime hands it the run's own clock, so that they agree with what the
// program's language says the time is, whether the clock is real, frozen or virtual. It imports only hostfuncs.
package clock

import (
	"context"
	"time"

	"wand/hostfuncs"
)

// Source is where time comes from. Every wasi.Clock is one.
type Source interface {
	// Now is the time of day.
	Now() time.Time
	// Sleep returns nil after d, or an error at once when ctx has ended or ends meanwhile.
	Sleep(ctx context.Context, d time.Duration) error
}

type sourceKey struct{}

// With gives the calls under ctx the clock of their run.
func With(ctx context.Context, s Source) context.Context {
	return context.WithValue(ctx, sourceKey{}, s)
}

// Config of the tools. The zero value is usable.
type Config struct {
	// Source is the clock of calls that With gave none. Default: the machine's.
	Source Source
}

// Clock makes the tools.
type Clock struct{ fallback Source }

// New returns the clock of a configuration.
func New(c Config) *Clock {
	if c.Source == nil {
		c.Source = machine{}
	}
	return &Clock{c.Source}
}

// MaxSleep is the longest that one call of clock.sleep waits, if the run's deadline lets it.
const MaxSleep = time.Hour

// Reading is the result of clock.now.
type Reading struct {
	ISO      string  `json:"iso" jsonschema:"ISO 8601 with microseconds, such as 2026-01-31T12:00:00.000000Z"`
	Unix     float64 `json:"unix" jsonschema:"seconds since 1970-01-01T00:00:00Z"`
	Timezone string  `json:"timezone" jsonschema:"always UTC"`
}

// Tools returns clock.now and clock.sleep.
func (c *Clock) Tools() []*hostfuncs.Definition {
	now := hostfuncs.Tool("clock.now", "Tells the time, in UTC.", func(ctx context.Context, _ struct{}) (Reading, error) {
		t := c.source(ctx).Now().UTC()
		return Reading{t.Format("2006-01-02T15:04:05.000000Z"), float64(t.UnixMicro()) / 1e6, "UTC"}, nil
	})
	now.Effect = hostfuncs.ReadOnly

	sleep := hostfuncs.Tool("clock.sleep", "Waits for some seconds. The run's deadline goes on meanwhile.", func(ctx context.Context, in struct {
		Seconds float64 `json:"seconds" jsonschema:"how long to wait, at most 3600" minimum:"0" maximum:"3600"`
	}) (any, error) {
		return nil, c.source(ctx).Sleep(ctx, time.Duration(in.Seconds*float64(time.Second)))
	})
	sleep.Effect = hostfuncs.ReadOnly
	sleep.Timeout = MaxSleep + time.Minute
	return []*hostfuncs.Definition{now, sleep}
}

func (c *Clock) source(ctx context.Context) Source {
	if s, ok := ctx.Value(sourceKey{}).(Source); ok {
		return s
	}
	return c.fallback
}

// machine is the machine's clock.
type machine struct{}

func (machine) Now() time.Time { return time.Now() }

func (machine) Sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return ctx.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}
