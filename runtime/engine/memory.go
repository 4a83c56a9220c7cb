package engine

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
)

// ErrNoMemory says that the operating system would not give the address space or memory for an instance or an image.
var ErrNoMemory = errors.New("the operating system refused memory")

// Image is a frozen instance: its linear memory and its mutable globals at a moment when none of its functions was running.
// Instances made from one image share its pages until they write to them. It is safe for concurrent use; Close it when no
// instance will be made from it, reset or captured any more (instances that exist can still run).
type Image struct {
	// Globals holds the values of the exported mutable globals, by export name.
	Globals map[string]uint64
	size    uint64
	pages   backing

	names    []string  // of the globals, sorted
	filled   []bool    // by page of DeltaPage bytes: whether an extent reaches into it; the others are zeros
	captures sync.Pool // of *capture
}

// Span is a part of a memory, from Start up to End, in bytes.
type Span struct{ Start, End int }

// Extent is a part of a memory that is not all zeros.
type Extent struct {
	Offset uint64
	Data   []byte
}

// Extents returns the parts of a memory that are not zero, in steps of 4 KiB. The data is not copied.
func Extents(memory []byte) []Extent {
	const step = 4096
	var found []Extent
	start := -1
	for off := 0; off < len(memory); off += step {
		if isZero(memory[off:min(off+step, len(memory))]) {
			if start >= 0 {
				found = append(found, Extent{uint64(start), memory[start:off]})
				start = -1
			}
		} else if start < 0 {
			start = off
		}
	}
	if start >= 0 {
		found = append(found, Extent{uint64(start), memory[start:]})
	}
	return found
}

func isZero(b []byte) bool {
	for ; len(b) >= 8; b = b[8:] {
		if binary.NativeEndian.Uint64(b) != 0 {
			return false
		}
	}
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// NewImage freezes a memory of size bytes (a multiple of PageSize, at most MaxMemory) that holds the extents, which are copied, and
// zeros elsewhere.
func NewImage(size uint64, extents []Extent, globals map[string]uint64) (*Image, error) {
	if size%PageSize != 0 || size > MaxMemory {
		return nil, fmt.Errorf("an image cannot have %d bytes", size)
	}
	for _, e := range extents {
		if e.Offset > size || uint64(len(e.Data)) > size-e.Offset {
			return nil, fmt.Errorf("an extent at %d of %d bytes is outside the image of %d", e.Offset, len(e.Data), size)
		}
	}
	b, err := newBacking(size, extents)
	if err != nil {
		return nil, err
	}
	filled := make([]bool, size/DeltaPage)
	for _, e := range extents {
		for at := e.Offset / DeltaPage; at*DeltaPage < e.Offset+uint64(len(e.Data)); at++ {
			filled[at] = true
		}
	}
	return &Image{Globals: globals, size: size, pages: b, names: slices.Sorted(maps.Keys(globals)), filled: filled}, nil
}

// Size is the length of the image's memory in bytes.
func (i *Image) Size() uint64 { return i.size }

// Close frees the image.
func (i *Image) Close() error { return i.pages.close() }

// Memory is a linear memory: address space for its maximum is reserved at once, so that growing neither moves nor copies, and pages
// cost host memory only when they are touched.
type Memory struct {
	reserved []byte // all of the address space
	size     uint64 // how much of it the guest sees
	image    *Image
}

// NewMemory reserves max bytes (at least the image's size, when there is an image). The content is the image's, then zeros.
func NewMemory(max uint64, image *Image) (*Memory, error) {
	var size uint64
	if image != nil {
		size = image.size
	}
	if max < size {
		max = size
	}
	if max > MaxMemory {
		max = MaxMemory
	}
	var pages backing
	if image != nil {
		pages = image.pages
	}
	reserved, err := reserve(max, size, pages)
	if err != nil {
		return nil, err
	}
	return &Memory{reserved: reserved, size: size, image: image}, nil
}

// Bytes is the memory that the guest sees.
func (m *Memory) Bytes() []byte { return m.reserved[:m.size] }

// Resize makes the guest-visible size at least size bytes and returns the memory, or nil when that is more than was reserved.
func (m *Memory) Resize(size uint64) []byte {
	if size > uint64(len(m.reserved)) {
		return nil
	}
	m.size = max(m.size, size)
	return m.reserved[:m.size]
}

// Written appends the parts of the memory outside which it is still its image, and zeros beyond the image's end: all of it, where there is no
// image or the system does not tell.
func (m *Memory) Written(spans []Span) []Span {
	if m.size == 0 {
		return spans
	}
	if m.image != nil {
		if found, ok := m.image.pages.written(spans, m.reserved[:m.size], 0); ok {
			return found
		}
	}
	return append(spans, Span{0, int(m.size)})
}

// Reset makes the memory its image again, in size too. It returns false when it cannot: there is no image, or the system has no way to do it
// that is cheaper than a new memory.
func (m *Memory) Reset() bool {
	if m.image == nil {
		return false
	}
	image := m.image.size
	if !m.image.pages.restore(m.reserved[:image]) || !m.image.pages.zero(m.reserved[image:m.size]) {
		return false
	}
	m.size = image
	return true
}

// Free gives the address space back. The memory must not be used afterwards.
func (m *Memory) Free() {
	if m.reserved != nil {
		release(m.reserved)
		m.reserved, m.size = nil, 0
	}
}
