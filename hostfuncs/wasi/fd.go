package wasi

import (
	"errors"
	"io"
	"math"
	"syscall"

	"wand/hostfuncs/vfs"
)

func fdRead(c call) vfs.Errno {
	result, e := c.bytes(c.i32(3), 4)
	if e != vfs.OK {
		return e
	}
	d, e := c.s.get(c.i32(0))
	if e != vfs.OK {
		return e
	}
	v, total, e := c.vectors(c.i32(1), c.i32(2))
	if e != vfs.OK {
		return e
	}
	var got int
	switch d.kind {
	case fileKind:
		got, e = readVectors(v, total, d.file.Read)
	case stdinKind:
		// A stream gives what it has: one read, so that no second one waits.
		if p := v.next(); p != nil {
			got, e = c.readStdin(p)
		}
	default:
		e = vfs.EBADF
	}
	c.s.chargeBytes(got)
	if e != vfs.OK {
		return e
	}
	le.PutUint32(result, uint32(got))
	return vfs.OK
}

func fdPread(c call) vfs.Errno {
	result, e := c.bytes(c.i32(4), 4)
	if e != vfs.OK {
		return e
	}
	f, e := c.s.file(c.i32(0), vfs.ESPIPE)
	if e != vfs.OK {
		return e
	}
	v, total, e := c.vectors(c.i32(1), c.i32(2))
	if e != vfs.OK {
		return e
	}
	off := c.arg[3]
	if off > math.MaxInt64 {
		return vfs.EINVAL
	}
	at := int64(off)
	got, e := readVectors(v, total, func(p []byte) (int, vfs.Errno) {
		n, e := f.ReadAt(p, at)
		at += int64(n)
		return n, e
	})
	c.s.chargeBytes(got)
	if e != vfs.OK {
		return e
	}
	le.PutUint32(result, uint32(got))
	return vfs.OK
}

// readVectors fills buffers until one stays short. An error after the first bytes waits for the next call.
func readVectors(v vectors, total uint64, read func([]byte) (int, vfs.Errno)) (int, vfs.Errno) {
	got := 0
	for left := total; ; {
		p := v.next()
		if uint64(len(p)) > left {
			p = p[:left]
		}
		if len(p) == 0 && got > 0 {
			return got, vfs.OK
		}
		// When nothing is asked for, the descriptor may still be of the wrong kind.
		n, e := read(p)
		if e != vfs.OK && got == 0 {
			return 0, e
		}
		got += n
		left -= uint64(n)
		if e != vfs.OK || n < len(p) || len(p) == 0 {
			return got, vfs.OK
		}
	}
}

func fdWrite(c call) vfs.Errno {
	result, e := c.bytes(c.i32(3), 4)
	if e != vfs.OK {
		return e
	}
	d, e := c.s.get(c.i32(0))
	if e != vfs.OK {
		return e
	}
	v, total, e := c.vectors(c.i32(1), c.i32(2))
	if e != vfs.OK {
		return e
	}
	c.s.chargeBytes(int(total))
	var put int
	switch d.kind {
	case fileKind:
		put, e = writeVectors(v, total, d.file.Write)
	case stdoutKind:
		put, e = c.writeStream(v, total, c.s.Stdout)
	case stderrKind:
		put, e = c.writeStream(v, total, c.s.Stderr)
	default:
		e = vfs.EBADF
	}
	if e != vfs.OK {
		return e
	}
	le.PutUint32(result, uint32(put))
	return vfs.OK
}

func fdPwrite(c call) vfs.Errno {
	result, e := c.bytes(c.i32(4), 4)
	if e != vfs.OK {
		return e
	}
	f, e := c.s.file(c.i32(0), vfs.ESPIPE)
	if e != vfs.OK {
		return e
	}
	v, total, e := c.vectors(c.i32(1), c.i32(2))
	if e != vfs.OK {
		return e
	}
	off := c.arg[3]
	if off > math.MaxInt64 {
		return vfs.EINVAL
	}
	c.s.chargeBytes(int(total))
	at := int64(off)
	put, e := writeVectors(v, total, func(p []byte) (int, vfs.Errno) {
		n, e := f.WriteAt(p, at)
		at += int64(n)
		return n, e
	})
	if e != vfs.OK {
		return e
	}
	le.PutUint32(result, uint32(put))
	return vfs.OK
}

func writeVectors(v vectors, total uint64, write func([]byte) (int, vfs.Errno)) (int, vfs.Errno) {
	put := 0
	for left := total; ; {
		p := v.next()
		if uint64(len(p)) > left {
			p = p[:left]
		}
		if len(p) == 0 && put > 0 {
			return put, vfs.OK
		}
		n, e := write(p)
		if e != vfs.OK && put == 0 {
			return 0, e
		}
		put += n
		left -= uint64(n)
		if e != vfs.OK || len(p) == 0 {
			return put, vfs.OK
		}
	}
}

// gatherBytes is how much is put together for one Write of a stream.
const gatherBytes = 8 << 10

func (c call) writeStream(v vectors, total uint64, w io.Writer) (int, vfs.Errno) {
	if w == nil {
		return int(total), vfs.OK
	}
	if len(v.list) > 8 && total <= gatherBytes {
		if c.s.scratch == nil {
			c.s.scratch = make([]byte, 0, gatherBytes)
		}
		line := c.s.scratch[:0]
		for p := v.next(); p != nil; p = v.next() {
			line = append(line, p...)
		}
		return writeTo(w, line)
	}
	put := 0
	for left := total; left > 0; {
		p := v.next()
		if uint64(len(p)) > left {
			p = p[:left]
		}
		n, e := writeTo(w, p)
		put += n
		if e != vfs.OK {
			if put > 0 {
				return put, vfs.OK
			}
			return 0, e
		}
		left -= uint64(n)
	}
	return put, vfs.OK
}

func writeTo(w io.Writer, p []byte) (int, vfs.Errno) {
	if len(p) == 0 {
		return 0, vfs.OK
	}
	n, err := w.Write(p)
	n = min(max(n, 0), len(p))
	switch {
	case n == len(p) && err == nil:
		return n, vfs.OK
	case errors.Is(err, syscall.EPIPE), errors.Is(err, io.ErrClosedPipe):
		return n, vfs.EPIPE
	}
	return n, vfs.EIO
}

func fdSeek(c call) vfs.Errno {
	result, e := c.bytes(c.i32(3), 8)
	if e != vfs.OK {
		return e
	}
	f, e := c.s.file(c.i32(0), vfs.ESPIPE)
	if e != vfs.OK {
		return e
	}
	whence := c.i32(2)
	if whence > uint32(vfs.FromEnd) {
		return vfs.EINVAL
	}
	pos, e := f.SeekTo(int64(c.arg[1]), vfs.Whence(whence))
	if e != vfs.OK {
		return e
	}
	le.PutUint64(result, uint64(pos))
	return vfs.OK
}

func fdTell(c call) vfs.Errno {
	result, e := c.bytes(c.i32(1), 8)
	if e != vfs.OK {
		return e
	}
	f, e := c.s.file(c.i32(0), vfs.ESPIPE)
	if e != vfs.OK {
		return e
	}
	pos, e := f.SeekTo(0, vfs.FromCurrent)
	if e != vfs.OK {
		return e
	}
	le.PutUint64(result, uint64(pos))
	return vfs.OK
}

func fdClose(c call) vfs.Errno {
	d, e := c.s.get(c.i32(0))
	if e != vfs.OK {
		return e
	}
	f := d.file
	*d = descriptor{}
	if f != nil {
		return f.Close()
	}
	return vfs.OK
}

// fdRenumber moves a descriptor over another, as dup2 and close do. The preopened folder stays where it is.
func fdRenumber(c call) vfs.Errno {
	from, to := c.i32(0), c.i32(1)
	d, e := c.s.get(from)
	if e != vfs.OK {
		return e
	}
	if uint64(to) >= uint64(c.s.MaxOpenFiles) {
		return vfs.EBADF
	}
	if from == to {
		return vfs.OK
	}
	if d.preopen {
		return vfs.ENOTSUP
	}
	moved := *d
	if over, e := c.s.get(to); e == vfs.OK {
		if over.preopen {
			return vfs.ENOTSUP
		}
		if over.file != nil {
			over.file.Close()
		}
	}
	c.s.put(to, moved)
	c.s.table[from] = descriptor{}
	return vfs.OK
}

func fdSync(c call) vfs.Errno {
	d, e := c.s.get(c.i32(0))
	if e != vfs.OK || d.file == nil {
		return e
	}
	return d.file.Sync()
}

func fdAdvise(c call) vfs.Errno {
	f, e := c.s.file(c.i32(0), vfs.ESPIPE)
	switch {
	case e != vfs.OK:
		return e
	case f.Kind() == vfs.KindDirectory:
		return vfs.EBADF
	case c.i32(3) > 5, c.arg[1] > math.MaxInt64, c.arg[2] > math.MaxInt64:
		return vfs.EINVAL
	}
	return vfs.OK
}

func fdAllocate(c call) vfs.Errno {
	f, e := c.s.file(c.i32(0), vfs.ESPIPE)
	if e != vfs.OK {
		return e
	}
	off, length := c.arg[1], c.arg[2]
	if off > math.MaxInt64 || length > math.MaxInt64 {
		return vfs.EINVAL
	}
	return f.Allocate(int64(off), int64(length))
}

func fdFdstatGet(c call) vfs.Errno {
	out, e := c.bytes(c.i32(1), 24)
	if e != vfs.OK {
		return e
	}
	d, e := c.s.get(c.i32(0))
	if e != vfs.OK {
		return e
	}
	clear(out)
	out[0] = c.s.fileType(d)
	le.PutUint16(out[2:], d.flags)
	base, inheriting := d.rights()
	le.PutUint64(out[8:], base)
	le.PutUint64(out[16:], inheriting)
	return vfs.OK
}

func fdFdstatSetFlags(c call) vfs.Errno {
	d, e := c.s.get(c.i32(0))
	if e != vfs.OK {
		return e
	}
	flags := c.i32(1)
	if flags&^allFlags != 0 {
		return vfs.EINVAL
	}
	if d.file != nil {
		if e := d.file.SetAppend(flags&flagAppend != 0); e != vfs.OK {
			return e
		}
	}
	d.flags = uint16(flags)
	return vfs.OK
}

// fdFdstatSetRights can only take away; reading and writing are what is then refused.
func fdFdstatSetRights(c call) vfs.Errno {
	d, e := c.s.get(c.i32(0))
	if e != vfs.OK {
		return e
	}
	base, inheriting := d.rights()
	if c.arg[1]&^base != 0 || c.arg[2]&^inheriting != 0 {
		return vfs.ENOTCAPABLE
	}
	if d.file != nil && d.file.Kind() != vfs.KindDirectory {
		if c.arg[1]&rightRead == 0 {
			d.file.Forbid(vfs.Read)
		}
		if c.arg[1]&rightWrite == 0 {
			d.file.Forbid(vfs.Write)
		}
	}
	return vfs.OK
}

func fdFilestatGet(c call) vfs.Errno {
	out, e := c.bytes(c.i32(1), 64)
	if e != vfs.OK {
		return e
	}
	d, e := c.s.get(c.i32(0))
	if e != vfs.OK {
		return e
	}
	if d.kind != fileKind {
		clear(out)
		out[16] = c.s.fileType(d)
		le.PutUint64(out[24:], 1)
		return vfs.OK
	}
	st, e := d.file.Stat()
	if e != vfs.OK {
		return e
	}
	putFilestat(out, st)
	return vfs.OK
}

func putFilestat(out []byte, st vfs.Stat) {
	clear(out)
	le.PutUint64(out[0:], 1) // the only device
	le.PutUint64(out[8:], st.Ino)
	out[16] = byte(st.Kind)
	le.PutUint64(out[24:], st.Links)
	le.PutUint64(out[32:], uint64(st.Size))
	le.PutUint64(out[40:], uint64(max(st.Atime, 0)))
	le.PutUint64(out[48:], uint64(max(st.Mtime, 0)))
	le.PutUint64(out[56:], uint64(max(st.Ctime, 0)))
}

func fdFilestatSetSize(c call) vfs.Errno {
	f, e := c.s.file(c.i32(0), vfs.EINVAL)
	if e != vfs.OK {
		return e
	}
	if c.arg[1] > math.MaxInt64 {
		return vfs.EINVAL
	}
	return f.SetSize(int64(c.arg[1]))
}

func fdFilestatSetTimes(c call) vfs.Errno {
	f, e := c.s.file(c.i32(0), vfs.EINVAL)
	if e != vfs.OK {
		return e
	}
	atime, mtime, e := c.times(c.arg[1], c.arg[2], c.i32(3))
	if e != vfs.OK {
		return e
	}
	return f.SetTimes(atime, mtime)
}

// times turns WASI's times and flags into nanoseconds, nil for what is to stay.
func (c call) times(atim, mtim uint64, flags uint32) (atime, mtime *int64, e vfs.Errno) {
	const setAtime, atimeNow, setMtime, mtimeNow = 1, 2, 4, 8
	if flags&^15 != 0 || flags&(setAtime|atimeNow) == setAtime|atimeNow || flags&(setMtime|mtimeNow) == setMtime|mtimeNow {
		return nil, nil, vfs.EINVAL
	}
	pick := func(set, now bool, value uint64) *int64 {
		t := int64(value)
		switch {
		case now:
			t = c.s.Clock.Now().UnixNano()
		case !set:
			return nil
		case value > math.MaxInt64:
			e = vfs.EINVAL
		}
		return &t
	}
	atime = pick(flags&setAtime != 0, flags&atimeNow != 0, atim)
	mtime = pick(flags&setMtime != 0, flags&mtimeNow != 0, mtim)
	return atime, mtime, e
}

// fdReaddir writes entries until the buffer is full, cutting the last one short: that tells the guest that there are more.
func fdReaddir(c call) vfs.Errno {
	result, e := c.bytes(c.i32(4), 4)
	if e != vfs.OK {
		return e
	}
	buffer, e := c.bytes(c.i32(1), c.i32(2))
	if e != vfs.OK {
		return e
	}
	f, e := c.s.file(c.i32(0), vfs.ENOTDIR)
	if e != vfs.OK {
		return e
	}
	used := 0
	var header [24]byte
	e = f.ReadDir(c.arg[3], func(entry vfs.DirEntry) bool {
		le.PutUint64(header[0:], entry.Next)
		le.PutUint64(header[8:], entry.Ino)
		le.PutUint32(header[16:], uint32(len(entry.Name)))
		header[20] = byte(entry.Kind)
		used += copy(buffer[used:], header[:])
		used += copy(buffer[used:], entry.Name)
		return used < len(buffer)
	})
	c.s.chargeBytes(used)
	if e != vfs.OK {
		return e
	}
	le.PutUint32(result, uint32(used))
	return vfs.OK
}

const preopenName = "/"

// fdPrestatGet says EBADF for all but the preopened folder, which is where wasi-libc stops looking.
func fdPrestatGet(c call) vfs.Errno {
	d, e := c.s.get(c.i32(0))
	if e != vfs.OK || !d.preopen {
		return vfs.EBADF
	}
	out, e := c.bytes(c.i32(1), 8)
	if e != vfs.OK {
		return e
	}
	clear(out)
	le.PutUint32(out[4:], uint32(len(preopenName)))
	return vfs.OK
}

func fdPrestatDirName(c call) vfs.Errno {
	d, e := c.s.get(c.i32(0))
	if e != vfs.OK || !d.preopen {
		return vfs.EBADF
	}
	if c.i32(2) < uint32(len(preopenName)) {
		return vfs.ENAMETOOLONG
	}
	out, e := c.bytes(c.i32(1), uint32(len(preopenName)))
	if e != vfs.OK {
		return e
	}
	copy(out, preopenName)
	return vfs.OK
}

func noSocket(c call) vfs.Errno {
	if _, e := c.s.get(c.i32(0)); e != vfs.OK {
		return e
	}
	return vfs.ENOTSOCK
}
