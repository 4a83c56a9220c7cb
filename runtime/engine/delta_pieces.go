package engine

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// A delta in pieces: its pieces, which it shares with the deltas before and after it, apart from an index of what in them is whose. Whoever stores
// the pieces by their content stores of a session, turn by turn, what the turn touched.
//
// The index, numbers without a size being uvarints: version (u32), size of the memory (u64), the globals as in the binary form, the number of pieces
// and the length of each, the number of pages and for each what it is after the one before it less one, the length of its difference, and unless that
// is 0 its piece and its place there, less the end of the page before it in the same piece (zigzag).
const piecesVersion = 1

// Pieces are what the delta refers to. Nobody may change them; a delta that was captured with a parent has those that both need in common with it.
func (d *Delta) Pieces() [][]byte { return slices.Clone(d.pieces) }

// AppendIndex appends what DecodePieces needs beside the pieces.
func (d *Delta) AppendIndex(out []byte) []byte {
	out = binary.LittleEndian.AppendUint32(out, piecesVersion)
	out = d.appendHead(out)
	out = binary.AppendUvarint(out, uint64(len(d.pieces)))
	for _, p := range d.pieces {
		out = binary.AppendUvarint(out, uint64(len(p)))
	}
	out = binary.AppendUvarint(out, uint64(len(d.pages)))
	next, ends := uint32(0), make([]int64, len(d.pieces))
	for _, p := range d.pages {
		out = binary.AppendUvarint(out, uint64(p.page-next))
		out = binary.AppendUvarint(out, uint64(p.length))
		next = p.page + 1
		if p.length > 0 {
			out = binary.AppendUvarint(out, uint64(p.piece))
			out = binary.AppendVarint(out, int64(p.offset)-ends[p.piece])
			ends[p.piece] = int64(p.offset) + int64(p.length)
		}
	}
	return out
}

// PieceLengths reads from an index how long the pieces are that belong to it.
func PieceLengths(index []byte, image *Image) ([]int, error) {
	r := deltaReader{in: index}
	_, lengths, err := r.pieces(image)
	return lengths, err
}

// DecodePieces makes a delta of an index and its pieces, which it keeps: nobody may change them afterwards. Whatever they hold, the result is a delta
// that can be applied or an error that wraps ErrBadDelta.
func DecodePieces(index []byte, pieces [][]byte, image *Image) (*Delta, error) {
	r := deltaReader{in: index}
	d, lengths, err := r.pieces(image)
	if err != nil {
		return nil, err
	}
	if len(pieces) != len(lengths) {
		return nil, fmt.Errorf("%w: %d pieces instead of %d", ErrBadDelta, len(pieces), len(lengths))
	}
	for i, p := range pieces {
		if len(p) != lengths[i] {
			return nil, fmt.Errorf("%w: piece %d has %d bytes instead of %d", ErrBadDelta, i, len(p), lengths[i])
		}
	}
	d.pieces = slices.Clone(pieces)
	count := r.uvarint()
	if count > uint64(len(r.in))/2 || count > d.size/DeltaPage {
		return nil, fmt.Errorf("%w: a count of %d pages", ErrBadDelta, count)
	}
	d.pages = make([]pageDiff, count)
	next, ends := uint64(0), make([]int64, len(pieces))
	for i := range d.pages {
		skip, length := r.uvarint(), r.uvarint()
		if length > DeltaPage || skip >= d.size/DeltaPage-next {
			return nil, fmt.Errorf("%w: page %d of %d", ErrBadDelta, i, count)
		}
		p := pageDiff{page: uint32(next + skip), length: uint16(length)}
		if length > 0 {
			piece, move := r.uvarint(), r.varint()
			if piece >= uint64(len(pieces)) {
				return nil, fmt.Errorf("%w: page %d of %d is in no piece", ErrBadDelta, i, count)
			}
			room := int64(len(pieces[piece])) - int64(length)
			if move < -ends[piece] || move > room-ends[piece] {
				return nil, fmt.Errorf("%w: page %d of %d is outside its piece", ErrBadDelta, i, count)
			}
			at := ends[piece] + move
			p.piece, p.offset = uint16(piece), uint32(at)
			ends[piece] = at + int64(length)
			if length < DeltaPage && !checkDiff(d.diff(p)) {
				return nil, fmt.Errorf("%w: the difference of page %d of %d", ErrBadDelta, i, count)
			}
		}
		d.pages[i] = p
		next += skip + 1
	}
	if r.bad || len(r.in) > 0 {
		return nil, fmt.Errorf("%w: the index does not end where its pages do", ErrBadDelta)
	}
	d.own = d.Bytes()
	return d, nil
}

// pieces reads an index up to its pages.
func (r *deltaReader) pieces(image *Image) (d *Delta, lengths []int, err error) {
	if v := r.u32(); v != piecesVersion {
		return nil, nil, fmt.Errorf("%w: version %d of the index, expected %d", ErrBadDelta, v, piecesVersion)
	}
	if d, err = r.head(image); err != nil {
		return nil, nil, err
	}
	n := r.uvarint()
	if n > maxPieces+1 || r.bad {
		return nil, nil, fmt.Errorf("%w: %d pieces", ErrBadDelta, n)
	}
	for range n {
		length := r.uvarint()
		if length == 0 || length > 2*MaxMemory {
			return nil, nil, fmt.Errorf("%w: a piece of %d bytes", ErrBadDelta, length)
		}
		lengths = append(lengths, int(length))
	}
	return d, lengths, nil
}

func (r *deltaReader) varint() int64 {
	v, n := binary.Varint(r.in)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.in = r.in[n:]
	return v
}
