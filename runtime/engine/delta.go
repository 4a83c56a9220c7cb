package engine

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"slices"
)

// DeltaPage is the step in which a Delta tells what has changed, in bytes: a page of the host, not one of WebAssembly.
const DeltaPage = 4096

// Errors of deltas.
var (
	// ErrNoImage says that an instance was made from no image: there is nothing that its state could be a difference to.
	ErrNoImage = errors.New("the instance was not made from an image")
	// ErrOtherImage says that a delta and an instance belong to different images.
	ErrOtherImage = errors.New("the delta belongs to another image")
	// ErrNotPristine says that a delta would be applied to an instance that has run since it was made or reset.
	ErrNotPristine = errors.New("the instance is not what its image is")
	// ErrDeltaMemory says that an instance may not have as much memory as a delta holds.
	ErrDeltaMemory = errors.New("the delta needs more memory than the instance may have")
)

// Delta is the state of an instance as its difference to the image that the instance was made from: the pages of its memory that differ,
// each as what differs within it, the size of its memory and its globals. It is immutable and safe for concurrent use.
//
// A delta that was captured with a parent shares what is the same with it. It does so in pieces that may also hold what it does not
// share; a piece of which it needs less than half is not shared but copied, so that what a delta keeps alive is at most twice what it
// needs, whatever becomes of the others.
type Delta struct {
	image   *Image
	size    uint64     // of the memory, in bytes
	globals []uint64   // in the order of image.names
	pages   []pageDiff // in the order of the pages
	pieces  [][]byte   // what pages refer to
	own     int64
}

// pageDiff is how one page differs from the image's, or from zeros beyond the end of the image. It holds no pointer: the index of a session is
// nothing that the garbage collector looks into.
type pageDiff struct {
	page   uint32
	offset uint32 // in the piece
	// length tells the form: 0 is a page of zeros, DeltaPage is the page itself, anything between is runs: see diffPage.
	length uint16
	piece  uint16
}

const pageDiffBytes = 12

// deltaBytes is what a Delta takes beside what its slices hold.
const deltaBytes = 128

// maxPieces is how many pieces a delta refers to at the most. It bounds what one page costs to find, and the cost of each capture.
const maxPieces = 16

// Capture returns the state of an instance, none of whose functions may be running. parent, which may be nil, is what the instance was before
// the run that is to be captured; when nothing has changed since, the result is the parent itself. Only an instance none of whose calls
// returned an error has a state worth keeping.
//
// The cost is that of comparing the pages that were written since the instance was made, where the engine and the system can tell which those
// are; elsewhere it is that of comparing all of the memory.
func Capture(instance Instance, parent *Delta) (*Delta, error) {
	image := instance.Image()
	if image == nil {
		return nil, ErrNoImage
	}
	if parent != nil && parent.image != image {
		return nil, ErrOtherImage
	}
	memory := instance.Memory()
	if uint64(len(memory)) < image.size {
		return nil, fmt.Errorf("the memory has %d bytes, fewer than the %d of its image", len(memory), image.size)
	}
	globals, err := captureGlobals(instance, image)
	if err != nil {
		return nil, err
	}
	c := image.capture(parent)
	defer image.captures.Put(c)
	c.spans = instance.Written(c.spans[:0])
	base := image.pages.bytes()
	var zero [DeltaPage]byte
	for _, s := range c.spans {
		for at := s.Start; at < s.End; at += DeltaPage {
			before := zero[:]
			if page := at / DeltaPage; page < len(image.filled) && image.filled[page] {
				before = base[at : at+DeltaPage]
			}
			c.compare(at, memory[at:at+DeltaPage], before)
		}
	}
	return c.finish(image, uint64(len(memory)), globals), nil
}

func captureGlobals(instance Instance, image *Image) ([]uint64, error) {
	globals := make([]uint64, len(image.names))
	for i, name := range image.names {
		g := instance.Global(name)
		if g == nil {
			return nil, fmt.Errorf("the instance has no mutable global %q, which its image has", name)
		}
		globals[i] = g.Get()
	}
	return globals, nil
}

// capture is the working memory of Capture; the image keeps it for the next one.
type capture struct {
	parent *Delta
	spans  []Span
	pages  []pageDiff
	fresh  []byte   // what differs from the parent: the new piece
	live   []uint32 // how much of each of the parent's pieces is shared
	next   int      // the parent's page that is looked at next
}

// freshPiece marks a page whose difference is in the new piece, before the pieces are numbered.
const freshPiece = 1<<16 - 1

func (i *Image) capture(parent *Delta) *capture {
	c, _ := i.captures.Get().(*capture)
	if c == nil {
		c = &capture{}
	}
	c.parent, c.next = parent, 0
	c.pages, c.fresh, c.live = c.pages[:0], c.fresh[:0], c.live[:0]
	if parent != nil {
		c.live = append(c.live, make([]uint32, len(parent.pieces))...)
	}
	return c
}

// compare takes up one page of the memory, whose image is base. Pages come in order.
func (c *capture) compare(at int, page, base []byte) {
	if c.parent != nil {
		for c.next < len(c.parent.pages) && int(c.parent.pages[c.next].page)*DeltaPage < at {
			c.next++
		}
	}
	number := uint32(at / DeltaPage)
	if c.parent != nil && c.next < len(c.parent.pages) && c.parent.pages[c.next].page == number {
		// Most pages that a turn writes to are then what they were before: looking costs a tenth of making the difference anew.
		if p := c.parent.pages[c.next]; isPatched(page, base, c.parent.diff(p)) {
			if p.length > 0 {
				c.live[p.piece] += uint32(p.length)
			}
			c.pages = append(c.pages, p)
			return
		}
	}
	before := len(c.fresh)
	fresh, same := diffPage(c.fresh, page, base)
	if same {
		return
	}
	diff := fresh[before:]
	c.pages = append(c.pages, pageDiff{page: number, offset: uint32(before), length: uint16(len(diff)), piece: freshPiece})
	c.fresh = fresh
}

// finish decides which of the parent's pieces are shared and numbers the pieces.
func (c *capture) finish(image *Image, size uint64, globals []uint64) *Delta {
	defer c.release()
	d := &Delta{image: image, size: size, globals: globals}
	if c.parent != nil {
		if len(c.fresh) == 0 && size == c.parent.size && slices.Equal(globals, c.parent.globals) && slices.Equal(c.pages, c.parent.pages) {
			return c.parent
		}
		c.fold()
		number := make([]uint16, len(c.parent.pieces))
		for i, live := range c.live {
			if live > 0 {
				number[i] = uint16(len(d.pieces))
				d.pieces = append(d.pieces, c.parent.pieces[i])
			}
		}
		for i := range c.pages {
			if p := &c.pages[i]; p.piece != freshPiece && p.length > 0 {
				p.piece = number[p.piece]
			}
		}
	}
	fresh := uint16(len(d.pieces))
	for i := range c.pages {
		switch p := &c.pages[i]; {
		case p.length == 0:
			p.piece, p.offset = 0, 0
		case p.piece == freshPiece:
			p.piece = fresh
		}
	}
	if len(c.fresh) > 0 {
		fresh := c.fresh // in these words the compiler knows that what is allocated need not be cleared
		piece := make([]byte, len(fresh))
		copy(piece, fresh)
		d.pieces = append(d.pieces, piece)
	}
	d.pages = slices.Clone(c.pages)
	d.own = d.index() + int64(len(c.fresh))
	return d
}

// release lets go of what a capture must not keep from the garbage collector.
func (c *capture) release() {
	c.parent = nil
	if cap(c.fresh) > 4<<20 {
		c.fresh = nil
	}
}

// fold copies what is needed of the parent's pieces that are not worth sharing into the new piece: those of which less than half is needed
// and, when there are too many, the smaller ones.
func (c *capture) fold() {
	shared := make([]int, 0, len(c.live))
	folded := make([]bool, len(c.live))
	for i, live := range c.live {
		if folded[i] = int(live)*2 < len(c.parent.pieces[i]); !folded[i] && live > 0 {
			shared = append(shared, i)
		}
	}
	if len(shared) >= maxPieces {
		slices.SortFunc(shared, func(a, b int) int { return cmp.Compare(c.live[b], c.live[a]) })
		for _, i := range shared[maxPieces/2:] {
			folded[i] = true
		}
	}
	for i := range c.pages {
		if p := &c.pages[i]; p.piece != freshPiece && p.length > 0 && folded[p.piece] {
			diff := c.parent.diff(*p)
			p.piece, p.offset = freshPiece, uint32(len(c.fresh))
			c.fresh = append(c.fresh, diff...)
		}
	}
	for i := range c.live {
		if folded[i] {
			c.live[i] = 0
		}
	}
}

func (d *Delta) diff(p pageDiff) []byte {
	if p.length == 0 {
		return nil
	}
	return d.pieces[p.piece][p.offset:][:p.length]
}

// Apply gives an instance the state that was captured. The instance must be made from the same image and be as it was made, or reset. After an
// error that wraps ErrNoImage, ErrOtherImage, ErrNotPristine or ErrDeltaMemory nothing of it was changed but, at the most, its size.
func (d *Delta) Apply(instance Instance) error {
	switch image := instance.Image(); {
	case image == nil:
		return ErrNoImage
	case image != d.image:
		return ErrOtherImage
	}
	if n := uint64(len(instance.Memory())); n != d.image.size {
		return fmt.Errorf("%w: its memory has %d bytes, that of the image %d", ErrNotPristine, n, d.image.size)
	}
	handles := make([]Global, len(d.globals))
	for i, name := range d.image.names {
		if handles[i] = instance.Global(name); handles[i] == nil {
			return fmt.Errorf("the instance has no mutable global %q, which its image has", name)
		}
	}
	if d.size != d.image.size && !instance.Grow(d.size) {
		return fmt.Errorf("%w: %d bytes", ErrDeltaMemory, d.size)
	}
	memory := instance.Memory()
	for _, p := range d.pages {
		at := int(p.page) * DeltaPage
		patchPage(memory[at:at+DeltaPage:at+DeltaPage], d.diff(p))
	}
	for i, g := range handles {
		g.Set(d.globals[i])
	}
	return nil
}

// Size is the size of the memory of an instance that has this state, in bytes: what a run that begins with it must be charged for.
func (d *Delta) Size() uint64 { return d.size }

// Pages is the number of pages, of DeltaPage bytes each, that differ from the image.
func (d *Delta) Pages() int { return len(d.pages) }

// Bytes is the host memory that the delta keeps alive, in bytes, shared or not.
func (d *Delta) Bytes() int64 {
	n := d.index()
	for _, p := range d.pieces {
		n += int64(len(p))
	}
	return n
}

// Own is the part of Bytes that was new when the delta was captured: what it does not share with its parent.
func (d *Delta) Own() int64 { return d.own }

// Shared is the part of Bytes that the delta has in common with its parent, or had when it was captured.
func (d *Delta) Shared() int64 { return d.Bytes() - d.own }

// index is what a delta holds beside its pieces, which it shares with nobody.
func (d *Delta) index() int64 {
	return deltaBytes + int64(len(d.pages))*pageDiffBytes + int64(len(d.globals)+3*len(d.pieces))*8
}

// Footprint is the host memory that the deltas keep alive together, in bytes: what they share counts once. Nil deltas count nothing.
func Footprint(deltas ...*Delta) int64 {
	var n int64
	seen := map[*byte]struct{}{}
	once := map[*Delta]struct{}{}
	for _, d := range deltas {
		if _, ok := once[d]; ok || d == nil {
			continue
		}
		once[d] = struct{}{}
		n += d.index()
		for _, p := range d.pieces {
			if _, ok := seen[&p[0]]; !ok {
				seen[&p[0]] = struct{}{}
				n += int64(len(p))
			}
		}
	}
	return n
}

// maxGap is how many equal bytes two differences may have between them and still be one run: the head of a run is two bytes or more.
const maxGap = 3

// diffPage appends to out how a page differs from its base: nothing when all of it is zero; the page when that is not longer; otherwise runs,
// each of which is the number of equal bytes before it, its length (both as uvarints) and its bytes. same is true when there is no difference.
func diffPage(out, page, base []byte) (_ []byte, same bool) {
	before := len(out)
	page, base = page[:DeltaPage], base[:DeltaPage]
	if string(page) == string(base) {
		return out, true
	}
	const block = 128
	begin, end := -1, 0 // the run that is not written yet
	done := 0           // up to here it is
	for at := 0; at < DeltaPage; at += block {
		a, b := (*[block]byte)(page[at:]), (*[block]byte)(base[at:])
		if *a == *b {
			continue
		}
		for word := 0; word < block; word += 8 {
			x := binary.LittleEndian.Uint64(a[word:word+8]) ^ binary.LittleEndian.Uint64(b[word:word+8])
			if x == 0 {
				continue
			}
			first, last := at+word+bits.TrailingZeros64(x)/8, at+word+8-bits.LeadingZeros64(x)/8
			if begin >= 0 && first-end <= maxGap {
				end = last
				continue
			}
			if begin >= 0 {
				if len(out)-before+4+end-begin >= DeltaPage {
					return wholePage(out[:before], page), false
				}
				out = appendRun(out, begin-done, page[begin:end])
				done = end
			}
			begin, end = first, last
		}
	}
	if len(out)-before+4+end-begin >= DeltaPage {
		return wholePage(out[:before], page), false
	}
	out = appendRun(out, begin-done, page[begin:end])
	if len(out)-before > 64 && isZero(page) {
		return out[:before], false
	}
	return out, false
}

func wholePage(out, page []byte) []byte {
	if isZero(page) {
		return out
	}
	return append(out, page...)
}

func appendRun(out []byte, gap int, run []byte) []byte {
	out = appendSmall(appendSmall(out, gap), len(run))
	return append(out, run...)
}

// appendSmall appends a number below 1<<14 as a uvarint.
func appendSmall(out []byte, n int) []byte {
	if n < 0x80 {
		return append(out, byte(n))
	}
	return append(out, byte(n)|0x80, byte(n>>7))
}

func small(in []byte) (n int, rest []byte) {
	if in[0] < 0x80 {
		return int(in[0]), in[1:]
	}
	return int(in[0]&0x7f) | int(in[1])<<7, in[2:]
}

// patchPage applies what diffPage has made, or checkDiff has checked.
func patchPage(page, diff []byte) {
	switch len(diff) {
	case 0:
		clear(page)
		return
	case DeltaPage:
		copy(page, diff)
		return
	}
	var gap, n int
	for len(diff) > 0 {
		gap, diff = small(diff)
		n, diff = small(diff)
		page = page[gap:]
		copy(page[:n], diff[:n])
		page, diff = page[n:], diff[n:]
	}
}

// isPatched says whether a page is what patchPage would make of its base.
func isPatched(page, base, diff []byte) bool {
	switch len(diff) {
	case 0:
		return isZero(page)
	case DeltaPage:
		return bytes.Equal(page, diff)
	}
	var gap, n int
	for len(diff) > 0 {
		gap, diff = small(diff)
		n, diff = small(diff)
		if !bytes.Equal(page[:gap], base[:gap]) || !bytes.Equal(page[gap:gap+n], diff[:n]) {
			return false
		}
		page, base, diff = page[gap+n:], base[gap+n:], diff[n:]
	}
	return bytes.Equal(page, base)
}

// checkDiff reports whether runs, which come from outside, are what patchPage can read and stay inside a page.
func checkDiff(diff []byte) bool {
	at := 0
	number := func() (n int, ok bool) {
		if len(diff) == 0 || diff[0] >= 0x80 && (len(diff) < 2 || diff[1] >= 0x80) {
			return 0, false
		}
		n, diff = small(diff)
		return n, true
	}
	for len(diff) > 0 {
		gap, ok := number()
		n, also := number()
		if !ok || !also || n == 0 || n > len(diff) || at+gap+n > DeltaPage {
			return false
		}
		diff = diff[n:]
		at += gap + n
	}
	return true
}
