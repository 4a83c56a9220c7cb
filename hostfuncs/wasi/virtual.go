package wasi

import (
	"context"
	"math"
	"sync/atomic"
	"time"
)

// VirtualEpoch is when a virtual clock begins: the same moment for every run, so that two runs are the same.
var VirtualEpoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// FrozenClock shows one moment for ever. Sleeping takes no time.
type FrozenClock struct{ at time.Time }

// NewFrozenClock returns a clock that stands still.
func NewFrozenClock(at time.Time) *FrozenClock { return &FrozenClock{at} }

// Now implements Clock.
func (c *FrozenClock) Now() time.Time { return c.at }

// Monotonic implements Clock.
func (c *FrozenClock) Monotonic() time.Duration { return 1 }

// Sleep implements Clock.
func (c *FrozenClock) Sleep(ctx context.Context, _ time.Duration) error { return ctx.Err() }

// VirtualClock shows time that passes only as the program sees it: a microsecond with each look, and as long as it sleeps with each sleep, which
// takes no time on the host. What a program does is then the same in every run.
type VirtualClock struct {
	start  time.Time
	passed atomic.Int64
}

// NewVirtualClock returns a clock that begins at start.
func NewVirtualClock(start time.Time) *VirtualClock { return &VirtualClock{start: start} }

// ResumeVirtualClock returns a clock that began at start and goes on after so much has passed.
func ResumeVirtualClock(start time.Time, passed time.Duration) *VirtualClock {
	c := NewVirtualClock(start)
	c.passed.Store(int64(passed))
	return c
}

// Passed is how much has passed since the clock began. Looking does not move it.
func (c *VirtualClock) Passed() time.Duration { return time.Duration(c.passed.Load()) }

// Resume has the clock go on after so much has passed.
func (c *VirtualClock) Resume(passed time.Duration) { c.passed.Store(int64(passed)) }

// Now implements Clock.
func (c *VirtualClock) Now() time.Time { return c.start.Add(c.Monotonic()) }

// Monotonic implements Clock.
func (c *VirtualClock) Monotonic() time.Duration { return c.advance(time.Microsecond) }

// Sleep implements Clock.
func (c *VirtualClock) Sleep(ctx context.Context, d time.Duration) error {
	c.advance(max(d, 0))
	return ctx.Err()
}

// advance stops at the end of time rather than to begin anew.
func (c *VirtualClock) advance(d time.Duration) time.Duration {
	for {
		now := c.passed.Load()
		next := now + int64(d)
		if next < now {
			next = math.MaxInt64
		}
		if c.passed.CompareAndSwap(now, next) {
			return time.Duration(next)
		}
	}
}

var (
	_ Clock = (*FrozenClock)(nil)
	_ Clock = (*VirtualClock)(nil)
)
