package engine

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// The binary form of a delta, little-endian, numbers without a size being uvarints: version (u32), size of the memory (u64), number of globals
// and for each its name's length, its name and its value (u64), number of pages and for each what it is after the one before it less one and
// the length of its difference, then the differences. It is a function of the state and the image alone: two deltas of one state have one form,
// whatever they share.
const deltaVersion = 1

// ErrBadDelta says that a binary form is none that AppendBinary has made for this image.
var ErrBadDelta = errors.New("the state is damaged or of another kind")

// AppendBinary appends the binary form, which DecodeDelta reads. It is neither compressed nor authenticated: that is for whoever stores it.
func (d *Delta) AppendBinary(out []byte) []byte {
	out = binary.LittleEndian.AppendUint32(out, deltaVersion)
	out = d.appendHead(out)
	out = binary.AppendUvarint(out, uint64(len(d.pages)))
	next, total := uint32(0), 0
	for _, p := range d.pages {
		out = binary.AppendUvarint(out, uint64(p.page-next))
		out = binary.AppendUvarint(out, uint64(p.length))
		next = p.page + 1
		total += int(p.length)
	}
	out = slices.Grow(out, total)
	for _, p := range d.pages {
		out = append(out, d.diff(p)...)
	}
	return out
}

// appendHead appends the size of the memory and the globals.
func (d *Delta) appendHead(out []byte) []byte {
	le := binary.LittleEndian
	out = le.AppendUint64(out, d.size)
	out = binary.AppendUvarint(out, uint64(len(d.globals)))
	for i, name := range d.image.names {
		out = binary.AppendUvarint(out, uint64(len(name)))
		out = append(out, name...)
		out = le.AppendUint64(out, d.globals[i])
	}
	return out
}

// DecodeDelta reads what AppendBinary has written, for the same image; the result does not refer to in. Whatever in holds, the result is a
// delta that can be applied or an error that wraps ErrBadDelta, and what is allocated is a small multiple of len(in).
func DecodeDelta(in []byte, image *Image) (*Delta, error) {
	r := deltaReader{in: in}
	if v := r.u32(); v != deltaVersion {
		return nil, fmt.Errorf("%w: version %d, expected %d", ErrBadDelta, v, deltaVersion)
	}
	d, err := r.head(image)
	if err != nil {
		return nil, err
	}
	count := r.uvarint()
	if count > uint64(len(r.in))/2 || count > d.size/DeltaPage {
		return nil, fmt.Errorf("%w: a count of %d pages", ErrBadDelta, count)
	}
	d.pages = make([]pageDiff, count)
	next, total := uint64(0), uint64(0)
	for i := range d.pages {
		skip, length := r.uvarint(), r.uvarint()
		if length > DeltaPage || skip >= d.size/DeltaPage-next {
			return nil, fmt.Errorf("%w: page %d of %d", ErrBadDelta, i, count)
		}
		d.pages[i] = pageDiff{page: uint32(next + skip), offset: uint32(total), length: uint16(length)}
		if length == 0 {
			d.pages[i].offset = 0
		}
		next += skip + 1
		total += length
	}
	if r.bad || total != uint64(len(r.in)) {
		return nil, fmt.Errorf("%w: %d bytes where its pages have %d", ErrBadDelta, len(r.in), total)
	}
	if total > 0 {
		piece := make([]byte, total)
		copy(piece, r.in)
		d.pieces = [][]byte{piece}
	}
	for i, p := range d.pages {
		if p.length < DeltaPage && !checkDiff(d.diff(p)) {
			return nil, fmt.Errorf("%w: the difference of page %d of %d", ErrBadDelta, i, count)
		}
	}
	d.own = d.Bytes()
	return d, nil
}

// head reads what appendHead has written.
func (r *deltaReader) head(image *Image) (*Delta, error) {
	d := &Delta{image: image, size: r.u64()}
	if d.size%PageSize != 0 || d.size < image.size || d.size > MaxMemory {
		return nil, fmt.Errorf("%w: a memory of %d bytes, for an image of %d", ErrBadDelta, d.size, image.size)
	}
	if n := r.uvarint(); n != uint64(len(image.names)) {
		return nil, fmt.Errorf("%w: %d globals, the image has %d", ErrBadDelta, n, len(image.names))
	}
	d.globals = make([]uint64, len(image.names))
	for i, want := range image.names {
		if name := r.take(r.uvarint()); string(name) != want {
			return nil, fmt.Errorf("%w: its globals are not those of the image", ErrBadDelta)
		}
		d.globals[i] = r.u64()
	}
	return d, nil
}

type deltaReader struct {
	in  []byte
	bad bool
}

func (r *deltaReader) fail() {
	r.bad, r.in = true, nil
}

func (r *deltaReader) take(n uint64) []byte {
	if n > uint64(len(r.in)) {
		r.fail()
		return nil
	}
	b := r.in[:n]
	r.in = r.in[n:]
	return b
}

func (r *deltaReader) u32() uint32 {
	if b := r.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (r *deltaReader) u64() uint64 {
	if b := r.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

func (r *deltaReader) uvarint() uint64 {
	v, n := binary.Uvarint(r.in)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.in = r.in[n:]
	return v
}
