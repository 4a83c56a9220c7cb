package engine

import (
	"bytes"
	"context"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestWaysToFindWrittenPagesAgree: the kernel's search, reading the page map, and neither of them, give the same captures and resets.
func TestWaysToFindWrittenPagesAgree(t *testing.T) {
	image, content := deltaImage(t, 32)
	if image.pages.pagemap < 0 {
		t.Skip("this system has no page map")
	}
	t.Logf("the kernel searches itself: %v", image.pages.searches != nil)
	const max = 64 * PageSize
	ways := map[string]func(*backing){
		"as found": func(*backing) {},
		"reading":  func(b *backing) { b.searches = nil },
		"neither":  func(b *backing) { b.searches, b.pagemap = nil, -1 },
	}
	found := image.pages
	defer func() { image.pages = found }()
	i := newBare(t, image, max)
	defer i.Close(context.Background())
	for _, n := range []int{0, 1, 30, 600, 3000} {
		r := rand.New(rand.NewPCG(uint64(n), 5))
		write := func() {
			i.Grow(48 * PageSize)
			for range n {
				i.Memory()[r.IntN(48*PageSize)]++
			}
		}
		write()
		searched := i.Written(nil)
		image.pages.searches = nil
		if read := i.Written(nil); !slices.Equal(searched, read) {
			t.Errorf("%d writes: %v and %v", n, searched, read)
		}
		var forms [][]byte
		for name, way := range ways {
			image.pages = found
			way(&image.pages)
			d, err := Capture(i, nil)
			if err != nil {
				t.Fatal(err)
			}
			forms = append(forms, d.AppendBinary(nil))
			if !bytes.Equal(forms[0], forms[len(forms)-1]) {
				t.Errorf("%d writes: %s gives another state", n, name)
			}
		}
		for name, way := range ways {
			image.pages = found
			way(&image.pages)
			if !i.Reset() || !bytes.Equal(i.Memory(), content) {
				t.Fatalf("%d writes: not reset by %s", n, name)
			}
			if !i.Grow(max) || !isZero(i.Memory()[len(content):]) {
				t.Fatalf("%d writes: what grows after a reset by %s is not zero", n, name)
			}
			write()
		}
		if !i.Reset() {
			t.Fatal("no reset")
		}
	}
}
