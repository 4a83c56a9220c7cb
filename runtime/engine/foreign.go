package engine

import "fmt"

// What an engine needs that makes its memories itself: an image in a memory of somebody else's.

// Lay makes a memory show the image, copy-on-write where the system can. The memory has at least the image's size, begins at a page of the system, is
// mapped, private and writable, and stays where it is. Nothing may be using it.
func (i *Image) Lay(memory []byte) error {
	if uint64(len(memory)) < i.size {
		return fmt.Errorf("an image of %d bytes does not fit a memory of %d", i.size, len(memory))
	}
	return i.pages.lay(memory[:i.size])
}

// Written appends the parts of such a memory outside which it is still the image, and zeros beyond the image's end; false when the system does not tell.
func (i *Image) Written(spans []Span, memory []byte) ([]Span, bool) {
	return i.pages.written(spans, memory, 0)
}

// Restore makes such a memory, of the image's size, the image again. It returns false when the system has no way to do it.
func (i *Image) Restore(memory []byte) bool { return i.pages.restore(memory) }
