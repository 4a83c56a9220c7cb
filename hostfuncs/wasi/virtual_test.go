package wasi_test

import (
	"context"
	"math"
	"testing"
	"time"

	"wand/hostfuncs/wasi"
)

func TestVirtualTimePassesOnlyWhenLookedAt(t *testing.T) {
	c := wasi.NewVirtualClock(wasi.VirtualEpoch)
	if a, b := c.Now(), c.Now(); b.Sub(a) != time.Microsecond {
		t.Errorf("%v passed between two looks", b.Sub(a))
	}
	before, began := c.Monotonic(), time.Now()
	if err := c.Sleep(context.Background(), 1000*time.Hour); err != nil {
		t.Fatal(err)
	}
	if passed := c.Monotonic() - before; passed != 1000*time.Hour+time.Microsecond {
		t.Errorf("a sleep of 1000 hours took %v", passed)
	}
	if time.Since(began) > time.Minute {
		t.Error("a virtual sleep waited")
	}
	c.Sleep(context.Background(), math.MaxInt64)
	c.Sleep(context.Background(), math.MaxInt64)
	if c.Monotonic() < before {
		t.Error("time went back")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if c.Sleep(ctx, 1) == nil || wasi.NewFrozenClock(time.Now()).Sleep(ctx, 1) == nil {
		t.Error("a sleep did not notice that the run had ended")
	}
}

func TestFrozenTimeStands(t *testing.T) {
	at := time.Unix(1e9, 0)
	c := wasi.NewFrozenClock(at)
	before := c.Monotonic()
	if c.Sleep(context.Background(), time.Hour) != nil || !c.Now().Equal(at) || c.Monotonic() != before {
		t.Error("frozen time moved")
	}
}
