package wasi

import (
	"context"
	"math"
	"time"

	"wand/hostfuncs/vfs"
)

// Clock is where a run's time comes from.
type Clock interface {
	// Now is the time of day.
	Now() time.Time
	// Monotonic is the time since some moment before the run began; it never goes back. The CPU-time clocks read it too.
	Monotonic() time.Duration
	// Sleep returns nil after d, or an error at once when ctx has ended or ends meanwhile. It burns no fuel.
	Sleep(ctx context.Context, d time.Duration) error
}

// RealClock is the machine's clock.
type RealClock struct{ start time.Time }

// NewRealClock returns a clock whose monotonic time begins now.
func NewRealClock() *RealClock { return &RealClock{time.Now()} }

// Now implements Clock.
func (c *RealClock) Now() time.Time { return time.Now() }

// Monotonic implements Clock. It counts from one nanosecond, since some programs take zero for no time at all.
func (c *RealClock) Monotonic() time.Duration { return time.Since(c.start) + 1 }

// Sleep implements Clock.
func (c *RealClock) Sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 || ctx.Err() != nil {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

var _ Clock = (*RealClock)(nil)

// WASI's clocks.
const (
	clockRealtime = iota
	clockMonotonic
	clockProcess
	clockThread
	clockCount
)

// resolution in nanoseconds, whatever the clock.
const resolution = 1000

// read returns a clock's time in nanoseconds.
func (s *State) read(clock uint32) int64 {
	if clock == clockRealtime {
		return max(s.Clock.Now().UnixNano(), 0)
	}
	return max(int64(s.Clock.Monotonic()), 0)
}

func clockResGet(c call) vfs.Errno {
	out, e := c.bytes(c.i32(1), 8)
	if e != vfs.OK {
		return e
	}
	if c.i32(0) >= clockCount {
		return vfs.EINVAL
	}
	le.PutUint64(out, resolution)
	return vfs.OK
}

func clockTimeGet(c call) vfs.Errno {
	out, e := c.bytes(c.i32(2), 8)
	if e != vfs.OK {
		return e
	}
	if c.i32(0) >= clockCount {
		return vfs.EINVAL
	}
	le.PutUint64(out, uint64(c.s.read(c.i32(0))))
	return vfs.OK
}

// What a poll subscribes to.
const (
	eventClock = iota
	eventRead
	eventWrite
)

const (
	subscriptionBytes = 48
	eventBytes        = 32
)

// pollOneoff is how guests sleep. Files and streams are always ready; a read that has to wait waits in fd_read.
func pollOneoff(c call) vfs.Errno {
	count := c.i32(2)
	if count == 0 || count > maxSubscriptions {
		return vfs.EINVAL
	}
	in, e := c.array(c.i32(0), count, subscriptionBytes)
	if e != vfs.OK {
		return e
	}
	out, e := c.array(c.i32(1), count, eventBytes)
	if e != vfs.OK {
		return e
	}
	result, e := c.bytes(c.i32(3), 4)
	if e != vfs.OK {
		return e
	}
	c.s.charge(int64(count) * effortFuel)

	wait := int64(math.MaxInt64)
	for i := 0; i < len(in); i += subscriptionBytes {
		sub := in[i : i+subscriptionBytes]
		switch sub[8] {
		case eventClock:
			left, e := c.s.timeout(sub)
			if e != vfs.OK {
				left = 0
			}
			wait = min(wait, left)
		case eventRead, eventWrite:
			wait = 0
		default:
			return vfs.EINVAL
		}
	}
	// The guest may have put the events over the subscriptions, so what is due is decided before anything is written.
	due := make([]event, 0, 8)
	for i := 0; i < len(in); i += subscriptionBytes {
		sub := in[i : i+subscriptionBytes]
		ev := event{user: le.Uint64(sub), kind: sub[8]}
		if ev.kind == eventClock {
			left, e := c.s.timeout(sub)
			if ev.errno = e; e == vfs.OK && left > wait {
				continue
			}
		} else {
			ev.bytes, ev.errno = c.s.readiness(le.Uint32(sub[16:]), ev.kind)
		}
		due = append(due, ev)
	}
	if err := c.s.Clock.Sleep(c.ctx, time.Duration(wait)); err != nil || c.ctx.Err() != nil {
		panic(stopFor(c.ctx, err))
	}
	for i, ev := range due {
		ev.put(out[i*eventBytes:][:eventBytes])
	}
	le.PutUint32(result, uint32(len(due)))
	return vfs.OK
}

type event struct {
	user  uint64
	errno vfs.Errno
	kind  byte
	bytes uint64
}

func (ev event) put(out []byte) {
	clear(out)
	le.PutUint64(out[0:], ev.user)
	le.PutUint16(out[8:], uint16(ev.errno))
	out[10] = ev.kind
	le.PutUint64(out[16:], ev.bytes)
}

// timeout is how long a clock subscription has to wait from now, in nanoseconds, not below zero.
func (s *State) timeout(sub []byte) (int64, vfs.Errno) {
	clock, when, flags := le.Uint32(sub[16:]), le.Uint64(sub[24:]), le.Uint16(sub[40:])
	if clock >= clockCount || flags&^1 != 0 {
		return 0, vfs.EINVAL
	}
	left := int64(min(when, math.MaxInt64))
	if flags&1 != 0 {
		left = max(left-s.read(clock), 0)
	}
	return left, vfs.OK
}

// readiness says how many bytes a descriptor has to read.
func (s *State) readiness(fd uint32, kind byte) (uint64, vfs.Errno) {
	d, e := s.get(fd)
	if e != vfs.OK || d.kind != fileKind || kind == eventWrite || d.file.Kind() != vfs.KindFile {
		return 1, e
	}
	st, e := d.file.Stat()
	if e != vfs.OK {
		return 0, e
	}
	pos, e := d.file.SeekTo(0, vfs.FromCurrent)
	return uint64(max(st.Size-pos, 0)), e
}
