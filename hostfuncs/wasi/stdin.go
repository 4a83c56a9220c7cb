package wasi

import (
	"bytes"
	"context"
	"io"
	"reflect"
	"strings"

	"wand/hostfuncs/vfs"
)

// ContextReader is a stdin that stops waiting when the run ends.
type ContextReader interface {
	ReadContext(ctx context.Context, p []byte) (int, error)
}

// Input makes the reads of a reader that may block, such as a terminal, end with their context. It reads ahead only what a
// guest asked for, into memory of its own, so that a read that comes back after its run touches nothing of it: what it brings goes to whoever
// reads next. A goroutine lives only as long as the reader blocks. Use one Input for all the runs that share a reader.
type Input struct {
	r       io.Reader
	turn    chan struct{} // holds a token while someone reads
	arrived chan arrival
	buffer  []byte
	reading bool
	rest    []byte
	err     error
}

type arrival struct {
	n     int
	err   error
	panic any
}

// NewInput returns an Input over r.
func NewInput(r io.Reader) *Input {
	return &Input{r: r, turn: make(chan struct{}, 1), arrived: make(chan arrival, 1)}
}

// Read implements io.Reader, without an end.
func (in *Input) Read(p []byte) (int, error) { return in.ReadContext(context.Background(), p) }

// ReadContext implements ContextReader.
func (in *Input) ReadContext(ctx context.Context, p []byte) (int, error) {
	select {
	case in.turn <- struct{}{}:
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	defer func() { <-in.turn }()
	for empty := 0; len(in.rest) == 0 && in.err == nil && len(p) > 0; empty++ {
		if empty == 100 {
			return 0, io.ErrNoProgress
		}
		if !in.reading {
			if in.buffer == nil {
				in.buffer = make([]byte, 16<<10)
			}
			in.reading = true
			go in.fetch()
		}
		select {
		case a := <-in.arrived:
			in.reading = false
			if a.panic != nil {
				panic(a.panic)
			}
			in.rest, in.err = in.buffer[:min(max(a.n, 0), len(in.buffer))], a.err
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
	n := copy(p, in.rest)
	in.rest = in.rest[n:]
	if n > 0 || len(p) == 0 {
		return n, nil
	}
	err := in.err
	if err != io.EOF {
		in.err = nil // it may pass; the end of a file too, but a guest asks often
	}
	return 0, err
}

func (in *Input) fetch() {
	var a arrival
	defer func() {
		a.panic = recover()
		in.arrived <- a
	}()
	a.n, a.err = in.r.Read(in.buffer)
}

// readStdin reads what there is, waiting for the first byte. 0 is the end.
func (c call) readStdin(p []byte) (int, vfs.Errno) {
	var n int
	var err error
	switch r := c.s.Stdin.(type) {
	case nil:
		return 0, vfs.OK
	case *bytes.Reader, *bytes.Buffer, *strings.Reader:
		n, err = r.Read(p)
	default:
		if c.s.input == nil {
			c.s.inputOf = r
			if own, ok := r.(ContextReader); ok {
				c.s.input = own
			} else {
				c.s.input = NewInput(r)
			}
		}
		n, err = c.s.input.ReadContext(c.ctx, p)
	}
	if n > 0 {
		return min(n, len(p)), vfs.OK
	}
	if c.ctx.Err() != nil {
		panic(stopFor(c.ctx, err))
	}
	if err != nil && err != io.EOF {
		return 0, vfs.EIO
	}
	return 0, vfs.OK
}

// sameReader says whether two readers are known to be the same one.
func sameReader(a, b io.Reader) bool {
	v := reflect.ValueOf(a)
	return a != nil && b != nil && v.Type() == reflect.TypeOf(b) && v.Comparable() && a == b
}

func readFull(s *State, p []byte) vfs.Errno {
	if _, err := io.ReadFull(s.Random, p); err != nil {
		return vfs.EIO
	}
	return vfs.OK
}
