package vfs

import "math/bits"

// content is the bytes of a file: in chunks, so that growing copies nothing and a hole takes no memory, or one slice that
// belongs to somebody else and is only read. A chunk may be absent or short; what is missing reads as zeros.
type content struct {
	size   int64
	chunks [][]byte
	fixed  []byte
}

const (
	chunkBytes    = 64 << 10
	smallestChunk = 512
	// slotBytes is what a place in content.chunks takes.
	slotBytes = 24
)

// read copies from an offset and returns how much there was.
func (f *FS) read(n *node, p []byte, off int64) int {
	c := &n.data
	if off >= c.size {
		return 0
	}
	if int64(len(p)) > c.size-off {
		p = p[:c.size-off]
	}
	if c.fixed != nil {
		return copy(p, c.fixed[off:])
	}
	total := len(p)
	for len(p) > 0 {
		f.effort++
		i, from := off/chunkBytes, int(off%chunkBytes)
		part := p[:min(len(p), chunkBytes-from)]
		var chunk []byte
		if i < int64(len(c.chunks)) {
			chunk = c.chunks[i]
		}
		copied := 0
		if from < len(chunk) {
			copied = copy(part, chunk[from:])
		}
		clear(part[copied:])
		p = p[len(part):]
		off += int64(len(part))
	}
	return total
}

// write stores p at an offset; dir and name are for the message when there is no room. off+len(p) does not overflow.
func (f *FS) write(n *node, p []byte, off int64, dir *node, name string) {
	if len(p) == 0 {
		return
	}
	c := &n.data
	end := off + int64(len(p))
	if end > c.size {
		f.take(end-c.size, dir, name)
	}
	f.slots(c, int((end+chunkBytes-1)/chunkBytes))
	at := off
	for rest := p; len(rest) > 0; {
		f.effort++
		i, from := at/chunkBytes, int(at%chunkBytes)
		part := rest[:min(len(rest), chunkBytes-from)]
		f.widen(c, int(i), from+len(part))
		copy(c.chunks[i][from:], part)
		rest = rest[len(part):]
		at += int64(len(part))
	}
	if end > c.size {
		c.size = end
	}
	f.touch(n)
}

// truncate sets a file's length; what is new reads as zeros and takes no memory.
func (f *FS) truncate(n *node, size int64, dir *node, name string) {
	c := &n.data
	if c.fixed != nil {
		return
	}
	if size >= c.size {
		f.take(size-c.size, dir, name)
		c.size = size
		return
	}
	keep := int((size + chunkBytes - 1) / chunkBytes)
	var freed int64
	if keep < len(c.chunks) {
		for i := keep; i < len(c.chunks); i++ {
			freed += int64(len(c.chunks[i]))
			c.chunks[i] = nil
		}
		c.chunks = c.chunks[:keep]
	}
	if keep == 0 {
		freed += int64(cap(c.chunks)) * slotBytes
		c.chunks = nil
	} else if keep <= len(c.chunks) {
		// Otherwise growing again would show the old bytes.
		if last, from := c.chunks[keep-1], int(size-int64(keep-1)*chunkBytes); from < len(last) {
			clear(last[from:])
		}
	}
	f.take(size-c.size, dir, name)
	f.hold(-freed)
	c.size = size
}

// slots makes room for at least count chunks.
func (f *FS) slots(c *content, count int) {
	if count <= len(c.chunks) {
		return
	}
	if count > cap(c.chunks) {
		room := max(count, min(2*cap(c.chunks), cap(c.chunks)+1024))
		f.hold(int64(room-cap(c.chunks)) * slotBytes)
		grown := make([][]byte, len(c.chunks), room)
		copy(grown, c.chunks)
		c.chunks = grown
	}
	c.chunks = c.chunks[:count]
}

// widen makes chunk i at least length bytes long, in powers of two so that many short writes stay linear.
func (f *FS) widen(c *content, i, length int) {
	old := c.chunks[i]
	if length <= len(old) {
		return
	}
	room := max(smallestChunk, 1<<bits.Len(uint(length-1)))
	f.hold(int64(room - len(old)))
	grown := make([]byte, room)
	copy(grown, old)
	c.chunks[i] = grown
}
