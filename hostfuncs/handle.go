package hostfuncs

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Handle stands for a value that stays on the host, such as an image, a connection or a big table: a program can only pass it on. A tool makes
// one with Keep and finds the value again with Value. It has a random name that no program can guess, means nothing in another run, and is dead when
// the run is over.
type Handle struct {
	id, kind string
}

type handleJSON struct {
	Type string `json:"$type"`
	Kind string `json:"kind"`
	ID   string `json:"id"`
}

// MarshalJSON implements json.Marshaler.
func (h Handle) MarshalJSON() ([]byte, error) {
	return json.Marshal(handleJSON{Type: "handle", Kind: h.kind, ID: h.id})
}

// UnmarshalJSON implements json.Unmarshaler.
func (h *Handle) UnmarshalJSON(text []byte) error {
	var v handleJSON
	if err := json.Unmarshal(text, &v); err != nil || v.Type != "handle" {
		return errors.New("not a handle: pass on what the tool returned, as it is")
	}
	h.id, h.kind = v.ID, v.Kind
	return nil
}

// maxHandles is how many values tools can keep for one run.
const maxHandles = 1000

// Keep keeps a value for the rest of the run and returns its handle. kind is what the program and error messages call it, such as "image". A value
// that is an io.Closer is closed when the run is over. It fails outside of a call and beyond 1,000 values in a run.
func Keep(ctx context.Context, kind string, value any) (Handle, error) {
	c := callOf(ctx)
	if c == nil {
		return Handle{}, errors.New("a handle can only be made within a call")
	}
	g := c.gate
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.closed:
		return Handle{}, errors.New("the run is over")
	case len(g.handles) >= maxHandles:
		return Handle{}, fmt.Errorf("the run keeps %d values already; release some, or keep fewer", maxHandles)
	}
	h := Handle{id: rand.Text(), kind: kind}
	if g.handles == nil {
		g.handles = map[string]kept{}
	}
	g.handles[h.id] = kept{kind: kind, value: value}
	return h, nil
}

// Value returns what a handle of this run stands for. It is an *Error that the program can read when there is no such handle or it stands for
// something else.
func Value[T any](ctx context.Context, h Handle) (T, error) {
	var none T
	c := callOf(ctx)
	if c == nil {
		return none, errors.New("a handle can only be used within a call")
	}
	c.gate.mu.Lock()
	k, ok := c.gate.handles[h.id]
	c.gate.mu.Unlock()
	if !ok {
		return none, &Error{Type: ArgumentError, Message: "there is no such handle in this run", Hint: "pass on the handle that a tool returned in this run, as it is"}
	}
	v, ok := k.value.(T)
	if !ok {
		return none, &Error{Type: ArgumentError, Message: fmt.Sprintf("this handle stands for a value of the kind %s, which this tool does not take", clip(k.kind, 60))}
	}
	return v, nil
}

// Release forgets a handle before the run is over, and closes its value. Releasing one that is dead does nothing.
func Release(ctx context.Context, h Handle) {
	c := callOf(ctx)
	if c == nil {
		return
	}
	c.gate.mu.Lock()
	k, ok := c.gate.handles[h.id]
	delete(c.gate.handles, h.id)
	c.gate.mu.Unlock()
	if ok {
		k.close()
	}
}

// kept is what a handle stands for.
type kept struct {
	kind  string
	value any
}

func (k kept) close() {
	if c, ok := k.value.(io.Closer); ok {
		c.Close()
	}
}
