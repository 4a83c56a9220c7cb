package runtime

import (
	"encoding/binary"
	"errors"
	"slices"

	"wand/runtime/engine"
)

// The form of a prepared guest's snapshot in the vault, little-endian: version, module's maximum of pages, memory size, the globals
// (name and value), the extents (offset, length), then their bytes. The vault has authenticated it before it is decoded; it is
// checked all the same, because a decoder that trusts its input is a bug that waits.
const snapshotVersion = 1

var errBadSnapshot = errors.New("the snapshot is damaged")

func encodeSnapshot(size uint64, maxPages uint32, extents []engine.Extent, globals map[string]uint64) []byte {
	le := binary.LittleEndian
	out := le.AppendUint32(nil, snapshotVersion)
	out = le.AppendUint32(out, maxPages)
	out = le.AppendUint64(out, size)
	names := make([]string, 0, len(globals))
	for name := range globals {
		names = append(names, name)
	}
	slices.Sort(names)
	out = le.AppendUint32(out, uint32(len(names)))
	for _, name := range names {
		out = le.AppendUint32(out, uint32(len(name)))
		out = append(out, name...)
		out = le.AppendUint64(out, globals[name])
	}
	out = le.AppendUint32(out, uint32(len(extents)))
	total := 0
	for _, e := range extents {
		out = le.AppendUint64(out, e.Offset)
		out = le.AppendUint64(out, uint64(len(e.Data)))
		total += len(e.Data)
	}
	out = slices.Grow(out, total)
	for _, e := range extents {
		out = append(out, e.Data...)
	}
	return out
}

func decodeSnapshot(in []byte) (*engine.Image, uint32, error) {
	r := snapshotReader{in: in}
	if r.u32() != snapshotVersion {
		return nil, 0, errBadSnapshot
	}
	maxPages, size := r.u32(), r.u64()
	globals := map[string]uint64{}
	for n := r.count(12); n > 0; n-- {
		name := string(r.take(uint64(r.u32())))
		globals[name] = r.u64()
	}
	extents := make([]engine.Extent, r.count(16))
	lengths := make([]uint64, len(extents))
	for i := range extents {
		extents[i].Offset, lengths[i] = r.u64(), r.u64()
	}
	for i := range extents {
		extents[i].Data = r.take(lengths[i])
	}
	if r.bad || len(r.in) != 0 {
		return nil, 0, errBadSnapshot
	}
	image, err := engine.NewImage(size, extents, globals)
	return image, maxPages, err
}

type snapshotReader struct {
	in  []byte
	bad bool
}

func (r *snapshotReader) take(n uint64) []byte {
	if n > uint64(len(r.in)) {
		r.bad, r.in = true, nil
		return nil
	}
	b := r.in[:n]
	r.in = r.in[n:]
	return b
}

func (r *snapshotReader) u32() uint32 {
	if b := r.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (r *snapshotReader) u64() uint64 {
	if b := r.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// count reads a number of things that take at least each bytes, so that a wild number cannot allocate.
func (r *snapshotReader) count(each int) int {
	n := int(r.u32())
	if n > len(r.in)/each {
		r.bad, r.in = true, nil
		return 0
	}
	return n
}
