package vfs

import "math/bits"

// content is the bytes of a file: in chunks, so that growing copies nothing and a hole takes no memory, or one slice that
// belongs to somebody else and is only read. A chunk may be absent or short; what is missing reads as zeros.
type content struct {
	size   int64
	chunks []chunk
	shared bool // a record has the same array, up to its capacity: it is copied before it is written
	fixed  *Data
}

// chunk is a piece of a file. A shared one is in a record as well: it is copied before it is written.
type chunk struct {
	data   []byte
	shared bool
}

const (
	chunkBytes    = 64 << 10
	smallestChunk = 512
	// slotBytes is what a place in content.chunks takes.
	slotBytes = 32
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
		return copy(p, c.fixed.bytes[off:])
	}
	total := len(p)
	for len(p) > 0 {
		f.effort++
		i, from := off/chunkBytes, int(off%chunkBytes)
		part := p[:min(len(p), chunkBytes-from)]
		var data []byte
		if i < int64(len(c.chunks)) {
			data = c.chunks[i].data
		}
		copied := 0
		if from < len(data) {
			copied = copy(part, data[from:])
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
		copy(f.writable(c, int(i), from+len(part))[from:], part)
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
	if keep == 0 {
		f.empty(c)
	} else if keep <= len(c.chunks) {
		f.unshare(c)
		for i := keep; i < len(c.chunks); i++ {
			f.letGo(int64(len(c.chunks[i].data)), c.chunks[i].shared)
			c.chunks[i] = chunk{}
		}
		c.chunks = c.chunks[:keep]
		// Otherwise growing again would show the old bytes.
		if from := int(size - int64(keep-1)*chunkBytes); from < len(c.chunks[keep-1].data) {
			clear(f.writable(c, keep-1, from)[from:])
		}
	}
	f.take(size-c.size, dir, name)
	c.size = size
}

// memory is what the content takes of the host's.
func (c *content) memory() int64 {
	n := int64(cap(c.chunks)) * slotBytes
	for i := range c.chunks {
		n += int64(len(c.chunks[i].data))
	}
	return n
}

// empty gives back all chunks.
func (f *FS) empty(c *content) {
	for i := range c.chunks {
		f.letGo(int64(len(c.chunks[i].data)), c.chunks[i].shared)
	}
	f.letGo(int64(cap(c.chunks))*slotBytes, c.shared)
	c.chunks, c.shared = nil, false
}

// unshare makes the array of chunks this FS's own.
func (f *FS) unshare(c *content) {
	if c.shared {
		f.reslot(c, cap(c.chunks))
	}
}

// reslot moves the chunks to a new array.
func (f *FS) reslot(c *content, room int) {
	if c.shared {
		f.store(int64(room) * slotBytes)
		f.letGo(int64(cap(c.chunks))*slotBytes, true)
	} else {
		f.store(int64(room-cap(c.chunks)) * slotBytes)
	}
	moved := make([]chunk, len(c.chunks), room)
	copy(moved, c.chunks)
	c.chunks, c.shared = moved, false
}

// slots makes room for at least count chunks, in an array of this FS's own.
func (f *FS) slots(c *content, count int) {
	if count > cap(c.chunks) {
		f.reslot(c, max(count, min(2*cap(c.chunks), cap(c.chunks)+1024)))
	}
	f.unshare(c)
	if count > len(c.chunks) {
		c.chunks = c.chunks[:count]
	}
}

// writable returns chunk i, at least length bytes long and this FS's own. It grows in powers of two so that many short writes stay linear.
func (f *FS) writable(c *content, i, length int) []byte {
	old := &c.chunks[i]
	room := len(old.data)
	if length > room {
		room = max(smallestChunk, 1<<bits.Len(uint(length-1)))
	} else if !old.shared {
		return old.data
	}
	if old.shared {
		f.store(int64(room))
		f.letGo(int64(len(old.data)), true)
	} else {
		f.store(int64(room - len(old.data)))
	}
	grown := make([]byte, room)
	copy(grown, old.data)
	*old = chunk{data: grown}
	return grown
}
