package meter_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/tetratelabs/wazero/api"

	"wand/compiler/meter"
	"wand/compiler/wasm"
)

// bytesSource is a source of randomness that the fuzzer has in its hands: its bytes first, then what a generator makes of the last of them.
type bytesSource struct {
	data []byte
	rest *rand.PCG
}

func newBytesSource(data []byte) *bytesSource {
	var seed uint64
	for _, b := range data {
		seed = seed*31 + uint64(b)
	}
	return &bytesSource{data, rand.NewPCG(seed, 2)}
}

func (s *bytesSource) Uint64() uint64 {
	if len(s.data) == 0 {
		return s.rest.Uint64()
	}
	b := s.data[0]
	s.data = s.data[1:]
	return uint64(b) * 0x0101010101010101
}

// FuzzFuel: a metered program does what the walker does, which runs it one instruction at a time and knows nothing of the rewrite; it is charged no less than the walker
// counts, no more than short conditional stretches explain, and the same whatever the slices are.
func FuzzFuel(f *testing.F) {
	f.Add([]byte{}, int32(7))
	for seed := range byte(60) {
		f.Add([]byte{seed, seed * 37, 255 - seed, seed * 91}, int32(seed)*1_000_003)
	}
	f.Fuzz(func(t *testing.T, data []byte, arg int32) {
		const limit = 20_000
		g := &generator{rand: rand.New(newBytesSource(data))}
		bin := g.program()
		decoded, err := wasm.Decode(bin, wasm.Limits{})
		if err != nil {
			t.Fatalf("the generator made what is not valid: %v", err)
		}
		w := newWalker(decoded, limit)
		want, wantErr := w.call(0, arg)
		var first int64
		for i, slice := range []int64{1_000_000, 97} {
			h := newHost()
			h.slice, h.limit = slice, limit
			got, used, err := run(t, engines()[1], bin, h, "run", uint64(uint32(arg)))
			if i == 0 {
				first = used
			} else if used != first {
				t.Fatalf("fuel %d in slices of %d, %d in one", used, slice, first)
			}
			switch {
			case errors.Is(err, errFuel):
				if used <= limit {
					t.Fatalf("stopped at %d of %d units", used, limit)
				}
			case errors.Is(wantErr, errWalkTrap):
				if err == nil || errors.Is(err, errOverflow) {
					t.Fatalf("%v, want a trap", err)
				}
			case wantErr == nil:
				if err != nil || int32(got[0]) != want[0] {
					t.Fatalf("%v %v, want %d", got, err, want)
				}
				if used < w.count || used > 4*w.count+1000 {
					t.Fatalf("charged %d, executed %d", used, w.count)
				}
			case errors.Is(wantErr, errWalkLimit) && w.count > limit:
				t.Fatalf("executed more than %d and was not stopped: %v", limit, err)
			}
		}
	})
}

// FuzzFork: an instance of the fork variant that begins with the memory and the globals of another goes on as that one does, with the same fuel.
func FuzzFork(f *testing.F) {
	for seed := range byte(40) {
		f.Add([]byte{seed, seed * 53, seed * 7}, int32(seed), int32(-5))
	}
	f.Fuzz(func(t *testing.T, data []byte, before, after int32) {
		g := &generator{rand: rand.New(newBytesSource(data))}
		m := metered(t, g.program(), meter.Options{MaxCallDepth: 500})
		begin := func(text []byte) (*instance, *host) {
			h := newHost()
			h.limit = 50_000
			return instantiate(t, engines()[1], text, h), h
		}
		base, baseHost := begin(m.Base())
		if _, err := base.call("run", uint64(uint32(before))); err != nil {
			return // what trapped or was stopped is no state to go on from
		}
		pages := base.Memory().Size() >> 16
		text, err := m.Fork(pages)
		if err != nil {
			t.Fatal(err)
		}
		fork, forkHost := begin(text)
		memory, _ := base.Memory().Read(0, pages<<16)
		fork.Memory().Write(0, memory)
		for _, g := range m.Info.Globals {
			fork.ExportedGlobal(g.Export).(api.MutableGlobal).Set(base.ExportedGlobal(g.Export).Get())
		}
		spent := baseHost.used(base)
		baseHost.limit += spent // for both the same is left
		want, wantErr := base.call("run", uint64(uint32(after)))
		got, err := fork.call("run", uint64(uint32(after)))
		if fmt.Sprint(got) != fmt.Sprint(want) || reason(err) != reason(wantErr) || forkHost.used(fork) != baseHost.used(base)-spent {
			t.Fatalf("the fork: %v, %v with %d units; the original: %v, %v with %d", got, err, forkHost.used(fork), want, wantErr, baseHost.used(base)-spent)
		}
		a, _ := base.Memory().Read(0, base.Memory().Size())
		b, _ := fork.Memory().Read(0, fork.Memory().Size())
		if !bytes.Equal(a, b) {
			t.Fatal("their memories differ")
		}
	})
}
