//go:build !linux

package engine

// backing is a plain copy: the portable twin of the sealed memory file. A fork then costs a copy of the image, and memory is
// allocated as it grows within the capacity that the Go allocator hands out lazily.
type backing struct{ memory []byte }

func newBacking(size uint64, extents []Extent) (backing, error) {
	memory := make([]byte, size)
	for _, e := range extents {
		copy(memory[e.Offset:], e.Data)
	}
	return backing{memory}, nil
}

func (backing) close() error { return nil }

func reserve(length, imageSize uint64, pages backing) ([]byte, error) {
	reserved := make([]byte, length)
	copy(reserved, pages.memory[:imageSize])
	return reserved, nil
}

// bytes is the content.
func (b backing) bytes() []byte { return b.memory }

func (b backing) lay(memory []byte) error {
	copy(memory, b.memory)
	return nil
}

func (backing) restore([]byte) bool { return false }
func (backing) zero([]byte) bool    { return false }

func (backing) written([]Span, []byte, int) ([]Span, bool) { return nil, false }

func release([]byte) {}
