package engine

import (
	"context"
	"math/rand/v2"
	"testing"
)

// turn writes what a turn of a small program writes: some 400 pages here and there, most of them in a few places.
func turn(memory []byte, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 1))
	pages := len(memory) / DeltaPage
	for i := range 400 {
		at := r.IntN(pages) * DeltaPage
		if i%20 == 0 { // a page of new data
			for j := range DeltaPage {
				memory[at+j] = byte(r.Uint32())
			}
			continue
		}
		for range 16 {
			memory[at+r.IntN(DeltaPage)]++
		}
	}
}

// BenchmarkDelta measures what a turn of a session pays on an image of 16 MiB, beside what a turn that touches nothing of it does.
func BenchmarkDelta(b *testing.B) {
	image, _ := deltaImage(b, 256)
	const max = 512 * PageSize
	for _, c := range []struct {
		name string
		turn func([]byte)
	}{{"400pages", func(m []byte) { turn(m, 7) }}, {"nothing", func([]byte) {}}} {
		i := newBare(b, image, max)
		c.turn(i.Memory())
		parent, err := Capture(i, nil)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(c.name+"/capture", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Capture(i, nil); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(parent.Pages()), "pages")
			b.ReportMetric(float64(parent.Bytes()), "delta-bytes")
		})
		b.Run(c.name+"/capture-same", func(b *testing.B) {
			for b.Loop() {
				if same, err := Capture(i, parent); err != nil || same != parent {
					b.Fatal(err)
				}
			}
		})
		b.Run(c.name+"/written", func(b *testing.B) {
			var spans []Span
			for b.Loop() {
				spans = i.Written(spans[:0])
			}
			b.ReportMetric(float64(len(spans)), "spans")
		})
		b.Run(c.name+"/reset", func(b *testing.B) {
			for b.Loop() {
				if !i.Reset() {
					b.Skip("this system has no reset")
				}
			}
		})
		b.Run(c.name+"/apply", func(b *testing.B) { // to an instance that was used before: its pages are there
			i = i.pristine(b, max)
			for b.Loop() {
				if err := parent.Apply(i); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(c.name+"/apply-new", func(b *testing.B) { // to one that was not, whose pages are copied as they are written
			for b.Loop() {
				b.StopTimer()
				fresh := newBare(b, image, max)
				b.StartTimer()
				if err := parent.Apply(fresh); err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				fresh.Close(context.Background())
				b.StartTimer()
			}
		})
		i.Close(context.Background())
	}
}
