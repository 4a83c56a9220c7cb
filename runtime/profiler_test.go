package runtime

import (
	"context"
	"errors"
	"testing"

	"wand/compiler"
	"wand/compiler/meter"
	"wand/runtime/engine"
)

// odd is a guest that does what it likes when it is asked for its line.
type odd struct {
	engine.Instance
	image   *engine.Image
	globals map[string]*cell
	answer  func(stack []uint64) error
	asked   int
}

type cell struct{ value uint64 }

func (c *cell) Get() uint64  { return c.value }
func (c *cell) Set(v uint64) { c.value = v }

func (o *odd) Image() *engine.Image             { return o.image }
func (o *odd) HasFunction(name string) bool     { return name == lineExport }
func (o *odd) Global(name string) engine.Global { return o.globals[name] }
func (o *odd) Call(_ context.Context, _ string, stack []uint64) error {
	o.asked++
	for _, g := range o.globals {
		g.value += 12345
	}
	return o.answer(stack)
}

func newOdd(answer func(stack []uint64) error) *odd {
	return &odd{image: &engine.Image{Globals: map[string]uint64{"stack": 0}}, answer: answer,
		globals: map[string]*cell{meter.GlobalFuel: {7}, meter.GlobalDepth: {8}, "stack": {9}}}
}

func line(n int32) func([]uint64) error {
	return func(stack []uint64) error { stack[0] = uint64(uint32(n)); return nil }
}

// TestProfilerLeavesTheGuestAsItWas: whatever the guest does with its globals while it is asked, they are put back; and one that fails is not asked again.
func TestProfilerLeavesTheGuestAsItWas(t *testing.T) {
	for name, c := range map[string]struct {
		answer func([]uint64) error
		asked  int
	}{
		"answers":    {line(3), 3},
		"nonsense":   {line(-5), 3},
		"traps":      {func([]uint64) error { return &engine.Trap{Reason: engine.TrapMemory} }, 1},
		"runs long":  {func([]uint64) error { return errors.New("stopped") }, 1},
		"cannot say": {nil, 0},
	} {
		o := newOdd(c.answer)
		if c.answer == nil {
			o.image = nil
		}
		r := &run{limits: Limits{Fuel: 1 << 40}, slice: 1_000_000, ctx: t.Context(), fuel: o.globals[meter.GlobalFuel]}
		r.profile = newProfiler(o, r.limits.Fuel)
		var left int64
		for r.granted.Load() < 4*profileFirst {
			r.refill(left)
			left = -1 // each slice is used up, and a unit more
			for at, want := range map[string]uint64{meter.GlobalFuel: 7, meter.GlobalDepth: 8, "stack": 9} {
				if got := o.globals[at].value; got != want {
					t.Fatalf("%s: %s is %d after a question, was %d", name, at, got, want)
				}
			}
		}
		if o.asked != c.asked {
			t.Errorf("%s: asked %d times, want %d", name, o.asked, c.asked)
		}
	}
}

// TestProfilerDistances: a run of any length is asked a few hundred times, at distances that do not depend on its slices.
func TestProfilerDistances(t *testing.T) {
	for _, limit := range []int64{10_000_000, 1_000_000_000, 20_000_000_000, 10_000_000_000_000} {
		var want []int64
		for _, slice := range []int64{1_000_000, 1_234_567} {
			o := newOdd(line(1))
			p := newProfiler(o, limit)
			var at []int64
			var charged int64
			for charged < limit {
				step := slice
				if p.next-charged < step {
					step = p.next - charged
				}
				if charged += step; charged >= p.next {
					charged++
					p.sample(charged)
					at = append(at, charged)
				}
				if len(at) > 2000 {
					break
				}
			}
			if len(at) > 1600 || len(at) < 10 {
				t.Errorf("with a limit of %d: %d questions", limit, len(at))
			}
			if want == nil {
				want = at
			} else if len(at) != len(want) || at[len(at)-1] != want[len(want)-1] {
				t.Errorf("with a limit of %d and slices of %d: %d questions, want %d", limit, slice, len(at), len(want))
			}
		}
	}
}

// TestProfileOfAnswers: shares are of all fuel that was looked at; lines of no source, and those that hardly count, are left out.
func TestProfileOfAnswers(t *testing.T) {
	m := &compiler.Module{Source: "a\nb\nc\n"}
	p := newProfiler(newOdd(nil), 1)
	if p.profile(m) != nil {
		t.Error("a profile of nothing")
	}
	p.lines, p.fuel = map[int32]int64{1: 600, 3: 300, 2: 1}, 1000
	got := p.profile(m)
	if len(got) != 2 || got[0] != (ProfileLine{Line: 1, Share: 0.6, LineText: "a"}) || got[1] != (ProfileLine{Line: 3, Share: 0.3, LineText: "c"}) {
		t.Errorf("%+v", got)
	}
	r := &Report{Profile: got}
	if want := "most fuel went to: line 1 (60%), line 3 (30%)"; r.hottest() != want {
		t.Errorf("%q, want %q", r.hottest(), want)
	}
}
