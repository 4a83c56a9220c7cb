package wasi

import (
	"encoding/binary"

	"wand/hostfuncs/vfs"
)

var le = binary.LittleEndian

func (c call) i32(i int) uint32 { return uint32(c.arg[i]) }

// bytes is the memory that a pointer and a length name.
func (c call) bytes(ptr, length uint32) ([]byte, vfs.Errno) {
	b, e := c.at(ptr, length)
	if e == vfs.OK {
		c.s.watch.region(ptr, length, false)
	}
	return b, e
}

// at is bytes for what a call only reads.
func (c call) at(ptr, length uint32) ([]byte, vfs.Errno) {
	end := uint64(ptr) + uint64(length)
	if end > uint64(len(c.mem)) {
		return nil, vfs.EFAULT
	}
	return c.mem[ptr:end:end], vfs.OK
}

// array is bytes for count elements of a size below 2^32.
func (c call) array(ptr, count uint32, size uint64) ([]byte, vfs.Errno) {
	end := uint64(ptr) + uint64(count)*size
	if end > uint64(len(c.mem)) {
		return nil, vfs.EFAULT
	}
	if end > uint64(ptr) {
		c.s.watch.region(ptr, uint32(end-uint64(ptr)), false)
	}
	return c.mem[ptr:end:end], vfs.OK
}

// path copies a path out, since the guest's memory is only lent.
func (c call) path(ptr, length uint32) (string, vfs.Errno) {
	b, e := c.at(ptr, length)
	if e != vfs.OK {
		return "", e
	}
	if length > vfs.PathBytes {
		return "", vfs.ENAMETOOLONG
	}
	return string(b), vfs.OK
}

// vectors is the list of buffers of a read or write.
type vectors struct {
	c    call
	list []byte
}

// vectors checks a list and all its buffers, and adds up their lengths.
func (c call) vectors(ptr, count uint32) (v vectors, total uint64, e vfs.Errno) {
	if count > maxVectors {
		return v, 0, vfs.EINVAL
	}
	c.s.charge(int64(count) * vectorFuel)
	list, e := c.array(ptr, count, 8)
	if e != vfs.OK {
		return v, 0, e
	}
	for i := 0; i < len(list); i += 8 {
		b, e := c.at(le.Uint32(list[i:]), le.Uint32(list[i+4:]))
		if e != vfs.OK {
			return v, 0, e
		}
		total += uint64(len(b))
	}
	return vectors{c, list}, min(total, maxTransfer), vfs.OK
}

// next takes the next buffer that is not empty; nil after the last. It checks again, because a read may have overwritten the list.
func (v *vectors) next() []byte {
	for len(v.list) > 0 {
		ptr, length := le.Uint32(v.list), le.Uint32(v.list[4:])
		b, e := v.c.at(ptr, length)
		v.list = v.list[8:]
		if e == vfs.OK && len(b) > 0 {
			v.c.s.watch.region(ptr, length, true)
			return b
		}
	}
	return nil
}
