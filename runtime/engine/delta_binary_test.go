package engine

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"testing"
)

// deltaForms are the binary forms of a few states of one image.
func deltaForms(t testing.TB, image *Image, max uint64) [][]byte {
	i := newBare(t, image, max)
	defer func() { i.Close(context.Background()) }()
	var forms [][]byte
	for _, change := range []func([]byte){
		func([]byte) {},
		func(m []byte) { m[3]++; m[2*PageSize-1]++; m[PageSize+2000]++ },
		func(m []byte) { clear(m[:PageSize]) },
		func(m []byte) { turn(m, 3) },
		func(m []byte) { i.Grow(3 * PageSize); i.Memory()[3*PageSize-1] = 1 },
	} {
		change(i.Memory())
		d, err := Capture(i, nil)
		if err != nil {
			t.Fatal(err)
		}
		forms = append(forms, d.AppendBinary(nil))
	}
	return forms
}

// TestDamagedDeltaIsRefused: each form that is cut short, and what no capture has written, is refused.
func TestDamagedDeltaIsRefused(t *testing.T) {
	image, _ := deltaImage(t, 2)
	forms := deltaForms(t, image, 4*PageSize)
	for n, form := range forms {
		if _, err := DecodeDelta(form, image); err != nil {
			t.Fatalf("form %d: %v", n, err)
		}
		if _, err := DecodeDelta(append(bytes.Clone(form), 0), image); !errors.Is(err, ErrBadDelta) {
			t.Errorf("form %d with a byte too many: %v", n, err)
		}
		step := max(1, len(form)/500)
		for cut := 0; cut < len(form); cut += step {
			if _, err := DecodeDelta(form[:cut], image); !errors.Is(err, ErrBadDelta) {
				t.Fatalf("form %d cut to %d of %d bytes: %v", n, cut, len(form), err)
			}
		}
	}
	le := binary.LittleEndian
	head := func(version uint32, size uint64) []byte {
		out := le.AppendUint64(le.AppendUint32(nil, version), size)
		out = append(out, 2, 1, 'a')
		out = append(le.AppendUint64(out, 1), 1, 'b')
		return le.AppendUint64(out, 2)
	}
	with := func(size uint64, b ...byte) []byte { return append(head(1, size), b...) }
	if _, err := DecodeDelta(with(2*PageSize, 2, 0, 0, 3, 5, 0, 2, 'x', 'y', 0x80), image); !errors.Is(err, ErrBadDelta) {
		t.Error("a run with half a head was accepted")
	}
	if _, err := DecodeDelta(with(2*PageSize, 2, 0, 0, 3, 7, 0, 2, 'x', 'y', 1, 1, 'z'), image); err != nil {
		t.Fatal(err) // what the following are made from
	}
	for name, in := range map[string][]byte{
		"another version":           append(head(2, 2*PageSize), 0),
		"half a page of memory":     with(2*PageSize+1, 0),
		"less memory than image":    with(PageSize, 0),
		"more memory than there is": with(MaxMemory+PageSize, 0),
		"a count that is wild":      with(2*PageSize, binary.AppendUvarint(nil, 1<<60)...),
		"more pages than there are": with(2*PageSize, append([]byte{33}, make([]byte, 66)...)...),
		"a page outside":            with(2*PageSize, 1, 32, 0),
		"a skip that wraps":         with(2*PageSize, append(append([]byte{2, 3, 0}, binary.AppendUvarint(nil, 1<<64-3)...), 0)...),
		"a length over a page":      with(2*PageSize, 1, 0, 0x81, 0x20),
		"no length":                 with(2*PageSize, 1, 0),
		"a run of nothing":          with(2*PageSize, 1, 0, 2, 5, 0),
		"a run without its bytes":   with(2*PageSize, 1, 0, 3, 5, 2, 'x'),
		"a run over the end":        with(2*PageSize, 1, 0, 5, 0xff, 0x1f, 2, 'x', 'y'),
		"a gap over the end":        with(2*PageSize, 1, 0, 4, 0x80, 0x20, 1, 'x'),
		"a number of three bytes":   with(2*PageSize, 1, 0, 5, 0x80, 0x80, 0x01, 1, 'x'),
		"globals of another image":  bytes.Replace(with(2*PageSize, 0), []byte{1, 'b'}, []byte{1, 'c'}, 1),
	} {
		if _, err := DecodeDelta(in, image); !errors.Is(err, ErrBadDelta) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzDelta: whatever the bytes, they are refused or are a state that can be applied, captured and written again as the same state.
func FuzzDelta(f *testing.F) {
	image, _ := deltaImage(f, 2)
	const bound = 4 * PageSize
	for _, form := range deltaForms(f, image, bound) {
		f.Add(form)
	}
	i := newBare(f, image, bound)
	f.Fuzz(func(t *testing.T, in []byte) {
		d, err := DecodeDelta(in, image)
		if err != nil {
			if d != nil || !errors.Is(err, ErrBadDelta) {
				t.Fatalf("%v, %v", d, err)
			}
			return
		}
		if d.Bytes() > 16*int64(len(in))+4096 {
			t.Fatalf("%d bytes became %d", len(in), d.Bytes())
		}
		i = i.pristine(t, bound)
		if err := d.Apply(i); err != nil {
			if d.Size() <= bound || !errors.Is(err, ErrDeltaMemory) {
				t.Fatal(err)
			}
			return
		}
		state := bytes.Clone(i.Memory())
		again, err := Capture(i, d)
		if err != nil {
			t.Fatal(err)
		}
		decoded, err := DecodeDelta(again.AppendBinary(nil), image)
		if err != nil {
			t.Fatal(err)
		}
		i = i.pristine(t, bound)
		if err := decoded.Apply(i); err != nil || !bytes.Equal(i.Memory(), state) {
			t.Fatalf("another state: %v", err)
		}
	})
}

// TestPieces: a delta comes back from its index and its pieces, and the next one shares them with it.
func TestPieces(t *testing.T) {
	image, _ := deltaImage(t, 2)
	i := newBare(t, image, 4*PageSize)
	var last *Delta
	known := map[*byte]bool{}
	for n, change := range []func([]byte){
		func(m []byte) { turn(m, 1) },
		func(m []byte) { m[3]++; m[2*PageSize-1]++ },
		func(m []byte) { clear(m[:PageSize]) },
		func(m []byte) { i.Grow(3 * PageSize); i.Memory()[3*PageSize-1] = 1 },
		func([]byte) {},
	} {
		change(i.Memory())
		d, err := Capture(i, last)
		if err != nil {
			t.Fatal(err)
		}
		fresh := 0
		for _, p := range d.Pieces() {
			if !known[&p[0]] {
				fresh++
			}
			known[&p[0]] = true
		}
		if fresh > 1 {
			t.Errorf("change %d: %d new pieces", n, fresh)
		}
		index := d.AppendIndex(nil)
		lengths, err := PieceLengths(index, image)
		if err != nil || len(lengths) != len(d.Pieces()) {
			t.Fatal(lengths, err)
		}
		back, err := DecodePieces(index, d.Pieces(), image)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(back.AppendBinary(nil), d.AppendBinary(nil)) {
			t.Errorf("change %d: another state came back", n)
		}
		last = back
	}
}

// FuzzDecodePieces: whatever the index and a piece are, the result is an error or a delta that can be applied.
func FuzzDecodePieces(f *testing.F) {
	image, _ := deltaImage(f, 2)
	i := newBare(f, image, 4*PageSize)
	turn(i.Memory(), 1)
	d, err := Capture(i, nil)
	if err != nil {
		f.Fatal(err)
	}
	index, piece := d.AppendIndex(nil), d.Pieces()[0]
	f.Add(index, piece)
	f.Add(index[:len(index)-1], piece)
	f.Add(index, piece[:len(piece)-1])
	f.Add([]byte{}, []byte{})
	f.Fuzz(func(t *testing.T, index, piece []byte) {
		d, err := DecodePieces(index, [][]byte{piece}, image)
		if err != nil {
			if !errors.Is(err, ErrBadDelta) {
				t.Error(err)
			}
			return
		}
		i = i.pristine(t, 4*PageSize)
		if err := d.Apply(i); err != nil && !errors.Is(err, ErrDeltaMemory) {
			t.Error(err)
		}
	})
}
