package runtime

import (
	"bytes"
	"maps"
	"testing"

	"wand/runtime/engine"
)

func frozen() []byte {
	memory := make([]byte, 3*engine.PageSize)
	copy(memory[5000:], "five thousand")
	memory[len(memory)-1] = 1
	return encodeSnapshot(uint64(len(memory)), 100, engine.Extents(memory), map[string]uint64{"g0": 7, "wand_meter.g1": 1 << 63})
}

func TestSnapshotRoundTrip(t *testing.T) {
	image, maxPages, err := decodeSnapshot(frozen())
	if err != nil {
		t.Fatal(err)
	}
	defer image.Close()
	if maxPages != 100 || image.Size() != 3*engine.PageSize || image.Globals["g0"] != 7 || image.Globals["wand_meter.g1"] != 1<<63 {
		t.Errorf("%d %d %v", maxPages, image.Size(), image.Globals)
	}
	a, err := engine.NewMemory(10*engine.PageSize, image)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Free()
	if !bytes.Equal(a.Bytes()[5000:5013], []byte("five thousand")) || a.Bytes()[3*engine.PageSize-1] != 1 {
		t.Error("the memory differs")
	}
	copy(a.Bytes()[5000:], "mine")
	b, err := engine.NewMemory(10*engine.PageSize, image)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Free()
	if !bytes.Equal(b.Bytes()[5000:5013], []byte("five thousand")) {
		t.Error("a fork sees what another one wrote")
	}
	if a.Resize(11*engine.PageSize) != nil {
		t.Error("grown beyond what was reserved")
	}
	if grown := a.Resize(10 * engine.PageSize); len(grown) != 10*engine.PageSize || grown[len(grown)-1] != 0 {
		t.Error("did not grow in place")
	}
}

// FuzzDecodeSnapshot: no damage makes the decoder panic or allocate without bound.
func FuzzDecodeSnapshot(f *testing.F) {
	whole := frozen()
	f.Add(whole)
	f.Add(whole[:len(whole)-1])
	f.Add(whole[:40])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, in []byte) {
		image, _, err := decodeSnapshot(in)
		if err == nil {
			image.Close()
		}
	})
}

// FuzzEncodeSnapshot: memory and globals come back as they were, whatever they hold.
func FuzzEncodeSnapshot(f *testing.F) {
	f.Add([]byte("five thousand"), uint32(5000), uint8(3), uint64(7))
	f.Add([]byte{}, uint32(0), uint8(1), uint64(1)<<63)
	f.Add(bytes.Repeat([]byte{1, 0}, 5000), uint32(1<<16-3), uint8(2), uint64(0))
	f.Fuzz(func(t *testing.T, content []byte, at uint32, pages uint8, global uint64) {
		memory := make([]byte, int(pages%8)*engine.PageSize)
		if len(memory) > 0 {
			copy(memory[int(at)%len(memory):], content)
		}
		globals := map[string]uint64{"wand_meter.g0": global, string(content[:min(len(content), 40)]): ^global}
		text := encodeSnapshot(uint64(len(memory)), uint32(pages), engine.Extents(memory), globals)
		image, maxPages, err := decodeSnapshot(text)
		if err != nil {
			t.Fatal(err)
		}
		defer image.Close()
		if maxPages != uint32(pages) || image.Size() != uint64(len(memory)) || !maps.Equal(image.Globals, globals) {
			t.Fatalf("%d pages, %d bytes, %v", maxPages, image.Size(), image.Globals)
		}
		back, err := engine.NewMemory(16*engine.PageSize, image)
		if err != nil {
			t.Fatal(err)
		}
		defer back.Free()
		if !bytes.Equal(back.Bytes(), memory) {
			t.Fatal("the memory is another one")
		}
		for _, cut := range []int{len(text) / 3, len(text) - 1} {
			if image, _, err := decodeSnapshot(text[:cut]); err == nil {
				image.Close()
				t.Fatalf("the first %d of %d bytes were taken", cut, len(text))
			}
		}
	})
}
