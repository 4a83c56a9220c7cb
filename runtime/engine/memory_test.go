package engine

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

func sample(t *testing.T, pages int) (*Image, []byte) {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	content := make([]byte, pages*PageSize)
	for i := 0; i < len(content); i += 4096 {
		if r.IntN(3) > 0 {
			content[i+r.IntN(4096)] = byte(1 + r.IntN(255))
		}
	}
	image, err := NewImage(uint64(len(content)), Extents(content), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { image.Close() })
	return image, content
}

// TestResetLeavesNothing: after any pattern of reads and writes, a reset memory is its image to the byte, and stays so when it is used again.
func TestResetLeavesNothing(t *testing.T) {
	image, content := sample(t, 128)
	m, err := NewMemory(256*PageSize, image)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Free()
	r := rand.New(rand.NewPCG(3, 4))
	for round := range 60 {
		b := m.Bytes()
		var sum byte
		for range r.IntN(2000) {
			sum += b[r.IntN(len(b))]
		}
		writes := []int{0, 1, 50, 900, 3000}[r.IntN(5)] // the last two are more pages than are copied back
		for range writes {
			b[r.IntN(len(b))] += sum | 1
		}
		if !m.Reset() {
			t.Skip("this system has no reset")
		}
		if !bytes.Equal(m.Bytes(), content) {
			t.Fatalf("round %d: %d writes left a trace", round, writes)
		}
	}
}

func TestImageRefusesWhatDoesNotFit(t *testing.T) {
	for name, f := range map[string]func() (*Image, error){
		"a size that is no page": func() (*Image, error) { return NewImage(5, nil, nil) },
		"a size over the most":   func() (*Image, error) { return NewImage(MaxMemory+PageSize, nil, nil) },
		"an extent outside":      func() (*Image, error) { return NewImage(PageSize, []Extent{{PageSize - 1, []byte("ab")}}, nil) },
		"an offset that wraps":   func() (*Image, error) { return NewImage(PageSize, []Extent{{^uint64(0), []byte("ab")}}, nil) },
	} {
		if i, err := f(); err == nil {
			i.Close()
			t.Errorf("%s was accepted", name)
		}
	}
}

// BenchmarkReset beside the baseline: a new memory for every run. Each round writes the pages that a small program writes.
func BenchmarkReset(b *testing.B) {
	content := make([]byte, 128*PageSize)
	for i := range content {
		content[i] = byte(i)
	}
	image, err := NewImage(uint64(len(content)), Extents(content), nil)
	if err != nil {
		b.Fatal(err)
	}
	defer image.Close()
	touch := func(m *Memory) {
		for i := range 200 {
			m.Bytes()[i*37*1024]++
		}
	}
	b.Run("new", func(b *testing.B) {
		for b.Loop() {
			m, err := NewMemory(256*PageSize, image)
			if err != nil {
				b.Fatal(err)
			}
			touch(m)
			m.Free()
		}
	})
	b.Run("reset", func(b *testing.B) {
		m, err := NewMemory(256*PageSize, image)
		if err != nil {
			b.Fatal(err)
		}
		defer m.Free()
		for b.Loop() {
			touch(m)
			if !m.Reset() {
				b.Skip("this system has no reset")
			}
		}
	})
}
