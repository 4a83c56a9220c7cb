package engine

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// bare is an instance that has a memory and globals, and no code.
type bare struct {
	memory  *Memory
	globals map[string]*bareGlobal
	hides   bool // Written says nothing, as where the system has no page map
}

type bareGlobal uint64

func (g *bareGlobal) Get() uint64  { return uint64(*g) }
func (g *bareGlobal) Set(v uint64) { *g = bareGlobal(v) }

// fatal is what *testing.T and *rapid.T have in common.
type fatal interface {
	Helper()
	Fatal(...any)
}

func newBare(t fatal, image *Image, max uint64) *bare {
	t.Helper()
	m, err := NewMemory(max, image)
	if err != nil {
		t.Fatal(err)
	}
	b := &bare{memory: m, globals: map[string]*bareGlobal{}}
	for name, value := range image.Globals {
		b.globals[name] = new(bareGlobal)
		b.globals[name].Set(value)
	}
	return b
}

func (b *bare) Call(context.Context, string, []uint64) error { return errors.New("no code") }
func (b *bare) HasFunction(string) bool                      { return false }
func (b *bare) Memory() []byte                               { return b.memory.Bytes() }
func (b *bare) Image() *Image                                { return b.memory.image }
func (b *bare) Grow(size uint64) bool                        { return b.memory.Resize(size) != nil }
func (b *bare) Close(context.Context) error                  { b.memory.Free(); return nil }

func (b *bare) Global(name string) Global {
	if g := b.globals[name]; g != nil {
		return g
	}
	return nil
}

func (b *bare) Written(spans []Span) []Span {
	if b.hides {
		return append(spans, Span{0, len(b.Memory())})
	}
	return b.memory.Written(spans)
}

func (b *bare) Reset() bool {
	if !b.memory.Reset() {
		return false
	}
	for name, value := range b.memory.image.Globals {
		b.globals[name].Set(value)
	}
	return true
}

// pristine resets an instance or, where there is no reset, replaces it.
func (b *bare) pristine(t fatal, max uint64) *bare {
	if b.Reset() {
		return b
	}
	fresh := newBare(t, b.memory.image, max)
	fresh.hides = b.hides
	b.Close(context.Background())
	return fresh
}

func deltaImage(t testing.TB, pages int) (*Image, []byte) {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	content := make([]byte, pages*PageSize)
	for at := 0; at < len(content); at += DeltaPage {
		switch r.IntN(3) {
		case 0: // zeros
		case 1:
			content[at+r.IntN(DeltaPage)] = byte(1 + r.IntN(255))
		case 2:
			for i := range DeltaPage {
				content[at+i] = byte(r.Uint32())
			}
		}
	}
	image, err := NewImage(uint64(len(content)), Extents(content), map[string]uint64{"a": 1, "b": 1 << 63})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { image.Close() })
	return image, content
}

// TestDeltaIsTheState: for any sequence of writes, growth, captures, forks and wake-ups, on instances that are used again and again, the memory is
// that of a model that copies everything; with the page map, without it, and through the binary form.
func TestDeltaIsTheState(t *testing.T) {
	const imagePages, maxPages = 4, 8
	image, content := deltaImage(t, imagePages)
	type state struct {
		delta   *Delta
		memory  []byte
		globals [2]uint64
	}
	rapid.Check(t, func(t *rapid.T) {
		max := uint64(maxPages * PageSize)
		live := newBare(t, image, max)
		twin := newBare(t, image, max) // looks at all of its memory
		twin.hides = true
		defer func() { live.memory.Free(); twin.memory.Free() }()
		states := []state{{nil, content, [2]uint64{1, 1 << 63}}}
		now := states[0]
		now.memory = bytes.Clone(content)
		t.Repeat(map[string]func(*rapid.T){
			"write": func(t *rapid.T) {
				at := rapid.IntRange(0, len(now.memory)-1).Draw(t, "at")
				n := rapid.SampledFrom([]int{1, 3, 8, 100, DeltaPage, 3 * DeltaPage}).Draw(t, "n")
				seed := rapid.Uint64().Draw(t, "seed")
				step := rapid.SampledFrom([]int{1, 2, 5, 9}).Draw(t, "step")
				r := rand.New(rand.NewPCG(seed, 0))
				for i := at; i < min(at+n, len(now.memory)); i += step {
					v := byte(r.Uint32())
					now.memory[i], live.Memory()[i], twin.Memory()[i] = v, v, v
				}
			},
			"clear": func(t *rapid.T) {
				at := rapid.IntRange(0, len(now.memory)/DeltaPage-1).Draw(t, "page") * DeltaPage
				clear(now.memory[at : at+DeltaPage])
				clear(live.Memory()[at : at+DeltaPage])
				clear(twin.Memory()[at : at+DeltaPage])
			},
			"grow": func(t *rapid.T) {
				size := len(now.memory) + PageSize
				if size > maxPages*PageSize {
					return
				}
				now.memory = append(now.memory, make([]byte, PageSize)...)
				if !live.Grow(uint64(size)) || !twin.Grow(uint64(size)) {
					t.Fatal("no growth")
				}
			},
			"global": func(t *rapid.T) {
				i := rapid.IntRange(0, 1).Draw(t, "which")
				v := rapid.Uint64().Draw(t, "value")
				now.globals[i] = v
				name := []string{"a", "b"}[i]
				live.Global(name).Set(v)
				twin.Global(name).Set(v)
			},
			"capture": func(t *rapid.T) {
				delta, err := Capture(live, now.delta)
				if err != nil {
					t.Fatal(err)
				}
				other, err := Capture(twin, now.delta)
				if err != nil {
					t.Fatal(err)
				}
				binary := delta.AppendBinary(nil)
				if !bytes.Equal(binary, other.AppendBinary(nil)) {
					t.Fatal("the page map and the comparison of everything do not agree")
				}
				if alone, err := Capture(live, nil); err != nil || !bytes.Equal(binary, alone.AppendBinary(nil)) {
					t.Fatalf("a parent changes more than what is shared: %v", err)
				}
				if need := Footprint(delta) - delta.index(); need > 2*int64(len(binary))+DeltaPage || len(delta.pieces) > maxPieces {
					t.Fatalf("%d bytes in %d pieces are kept for a state of %d", need, len(delta.pieces), len(binary))
				}
				now.delta = delta
				saved := now
				saved.memory = bytes.Clone(now.memory)
				states = append(states, saved)
			},
			"wake": func(t *rapid.T) {
				s := states[rapid.IntRange(0, len(states)-1).Draw(t, "state")]
				live, twin = live.pristine(t, max), twin.pristine(t, max)
				if s.delta != nil {
					decoded, err := DecodeDelta(s.delta.AppendBinary(nil), image)
					if err != nil {
						t.Fatal(err)
					}
					if err := errors.Join(s.delta.Apply(live), decoded.Apply(twin)); err != nil {
						t.Fatal(err)
					}
					if same, err := Capture(live, s.delta); err != nil || same != s.delta {
						t.Fatalf("the state changes by being looked at: %v", err)
					}
				}
				now = s
				now.memory = bytes.Clone(s.memory)
			},
			"": func(t *rapid.T) {
				for _, b := range []*bare{live, twin} {
					if !bytes.Equal(b.Memory(), now.memory) || b.Global("a").Get() != now.globals[0] || b.Global("b").Get() != now.globals[1] {
						t.Fatal("not the model's state")
					}
				}
			},
		})
	})
}

// TestNothingOfADeltaIsLeft: an instance that had somebody's state and was reset holds nothing of it, not in the memory that it shows and not in
// what it shows when it grows again: whether few pages were copied back or many dropped.
func TestNothingOfADeltaIsLeft(t *testing.T) {
	image, content := deltaImage(t, 128)
	const max = 256 * PageSize
	secret := []byte("tok/4f9a+Zebra=77")
	for _, pages := range []int{3, 500, 200 * PageSize / DeltaPage} {
		source := newBare(t, image, max)
		defer source.Close(context.Background())
		if !source.Grow(200 * PageSize) {
			t.Fatal("no growth")
		}
		r := rand.New(rand.NewPCG(uint64(pages), 1))
		for page := range pages {
			if pages < len(source.Memory())/DeltaPage {
				page = r.IntN(len(source.Memory()) / DeltaPage)
			}
			copy(source.Memory()[page*DeltaPage+r.IntN(DeltaPage-len(secret)):], secret)
		}
		copy(source.Memory()[200*PageSize-len(secret):], secret)
		source.Global("a").Set(77)
		delta, err := Capture(source, nil)
		if err != nil {
			t.Fatal(err)
		}
		used := newBare(t, image, max)
		defer used.Close(context.Background())
		for range 3 {
			if err := delta.Apply(used); err != nil {
				t.Fatal(err)
			}
			if bytes.Count(used.Memory(), secret) < 2 {
				t.Fatal("the secret is not where it should be")
			}
			if !used.Reset() {
				t.Skip("this system has no reset")
			}
			if !bytes.Equal(used.Memory(), content) || used.Global("a").Get() != 1 {
				t.Fatalf("%d pages: not the image", pages)
			}
			if at := bytes.Index(used.memory.reserved, secret); at >= 0 {
				t.Fatalf("%d pages: the secret is still at %d", pages, at)
			}
			if !used.Grow(max) || !isZero(used.Memory()[len(content):]) {
				t.Fatalf("%d pages: what grows is not zero", pages)
			}
			if !used.Reset() {
				t.Fatal("no reset")
			}
		}
	}
}

func TestDeltaRefusesWhatDoesNotFit(t *testing.T) {
	image, _ := deltaImage(t, 2)
	other, _ := deltaImage(t, 2)
	const max = 4 * PageSize
	fresh := func(image *Image, max uint64) *bare {
		i := newBare(t, image, max)
		t.Cleanup(func() { i.Close(context.Background()) })
		return i
	}
	grown := fresh(image, max)
	grown.Grow(3 * PageSize)
	grown.Memory()[5] ^= 1
	delta, err := Capture(grown, nil)
	if err != nil {
		t.Fatal(err)
	}
	small := fresh(image, 2*PageSize)
	nameless := fresh(image, max)
	delete(nameless.globals, "b")
	none := &bare{memory: &Memory{}}
	for name, c := range map[string]struct {
		got  error
		want error // nil: any
	}{
		"apply without an image":        {delta.Apply(none), ErrNoImage},
		"apply to another image":        {delta.Apply(fresh(other, max)), ErrOtherImage},
		"apply to what has grown":       {delta.Apply(grown), ErrNotPristine},
		"apply beyond the memory bound": {delta.Apply(small), ErrDeltaMemory},
		"apply without a global":        {delta.Apply(nameless), nil},
		"capture without an image":      {second(Capture(none, nil)), ErrNoImage},
		"capture with a strange parent": {second(Capture(fresh(other, max), delta)), ErrOtherImage},
		"capture without a global":      {second(Capture(nameless, nil)), nil},
	} {
		if c.got == nil || c.want != nil && !errors.Is(c.got, c.want) {
			t.Errorf("%s: %v", name, c.got)
		}
	}
	if want := fresh(image, max); !bytes.Equal(small.Memory(), want.Memory()) || small.Global("a").Get() != 1 {
		t.Error("a delta that did not fit was applied in part")
	}
}

func second[T any](_ T, err error) error { return err }

// TestTreeOfDeltasCostsWhatItTouches: forks share what they have in common, a long line of turns does not keep what it has overwritten, and the
// accounts say so.
func TestTreeOfDeltasCostsWhatItTouches(t *testing.T) {
	image, _ := deltaImage(t, 64)
	const max = 64 * PageSize
	i := newBare(t, image, max)
	t.Cleanup(func() { i.Close(context.Background()) })
	capture := func(parent *Delta) *Delta {
		t.Helper()
		d, err := Capture(i, parent)
		if err != nil {
			t.Fatal(err)
		}
		if d.Own()+d.Shared() != d.Bytes() || d.Own() < 0 || d.Shared() < 0 || Footprint(d, d, nil) != d.Bytes() {
			t.Errorf("%d own and %d shared of %d bytes", d.Own(), d.Shared(), d.Bytes())
		}
		return d
	}
	fill := func(page int, seed uint64) {
		r := rand.New(rand.NewPCG(seed, uint64(page)))
		for j := range DeltaPage {
			i.Memory()[page*DeltaPage+j] = byte(r.Uint32())
		}
	}
	for page := range 100 {
		fill(page, 1)
	}
	trunk := capture(nil)
	if trunk.Pages() != 100 || trunk.Own() != trunk.Bytes() || trunk.Bytes() < 100*DeltaPage {
		t.Errorf("%d pages, %d bytes, %d own", trunk.Pages(), trunk.Bytes(), trunk.Own())
	}
	all := []*Delta{trunk}
	for fork := range 20 {
		if i = i.pristine(t, max); true {
			if err := trunk.Apply(i); err != nil {
				t.Fatal(err)
			}
		}
		fill(200+fork, 2)
		all = append(all, capture(trunk))
		if own := all[fork+1].Own(); own > 3*DeltaPage {
			t.Errorf("fork %d has %d bytes of its own for one page", fork, own)
		}
	}
	if together := Footprint(all...); together > trunk.Bytes()+20*3*DeltaPage {
		t.Errorf("a trunk of %d bytes and 20 pages take %d", trunk.Bytes(), together)
	}
	// Each turn writes eight pages, of which three are always the same.
	last := all[20]
	for turn := range 300 {
		for j := range 8 {
			page := j
			if j >= 3 {
				page = (turn*5 + j) % 400
			}
			fill(page, uint64(turn))
		}
		last = capture(last)
		if need := int64(last.Pages()) * (DeltaPage + pageDiffBytes); last.Bytes() > 2*need+DeltaPage || len(last.pieces) > maxPieces {
			t.Fatalf("turn %d keeps %d bytes in %d pieces alive for %d pages", turn, last.Bytes(), len(last.pieces), last.Pages())
		}
	}
}
