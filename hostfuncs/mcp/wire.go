package mcp

import (
	"context"
	"encoding/json"
	"sync"
	"sync/atomic"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// wire stands between the SDK and a connection. The SDK sees answers only: what the server asks of its own accord is answered here with a refusal, what
// it tells is dropped, so that no flood of either is queued. And it keeps the text of answers as it came, with its large integers and the order of keys,
// for calls that carry a slot in their context.
type wire struct {
	mcp.Connection
	changed func() // the server says that its tools are others now
	version atomic.Pointer[string]
	replies chan *jsonrpc.Response
	stop    context.CancelFunc

	mu         sync.Mutex
	slots      map[jsonrpc.ID]*slot
	handshakes map[jsonrpc.ID]bool
}

// slot is where the text of one answer is kept.
type slot struct {
	replace json.RawMessage // what the SDK gets to see instead; nil: the same
	raw     json.RawMessage
	id      jsonrpc.ID
}

type slotKey struct{}

// maxReplies is how many refusals wait to be sent to a server; beyond that its requests stay without answer.
const maxReplies = 16

func newWire(changed func()) *wire {
	return &wire{changed: changed, replies: make(chan *jsonrpc.Response, maxReplies), slots: map[jsonrpc.ID]*slot{}, handshakes: map[jsonrpc.ID]bool{}}
}

// through returns a transport whose connections this wire stands in.
func (w *wire) through(t mcp.Transport, lifetime context.Context) mcp.Transport {
	return transport(func(ctx context.Context) (mcp.Connection, error) {
		// The connection lasts longer than the context of its beginning.
		long, stop := context.WithCancel(lifetime)
		given := context.AfterFunc(ctx, stop)
		defer given()
		c, err := t.Connect(long)
		if err != nil {
			stop()
			return nil, err
		}
		w.Connection, w.stop = c, stop
		go func() {
			for {
				select {
				case r := <-w.replies:
					_ = c.Write(long, r) // a server that does not hear refusals has to do without
				case <-long.Done():
					return
				}
			}
		}()
		return w, nil
	})
}

type transport func(context.Context) (mcp.Connection, error)

// Connect implements mcp.Transport.
func (t transport) Connect(ctx context.Context) (mcp.Connection, error) { return t(ctx) }

// Write implements mcp.Connection.
func (w *wire) Write(ctx context.Context, m jsonrpc.Message) error {
	if r, ok := m.(*jsonrpc.Request); ok && r.IsCall() {
		s, _ := ctx.Value(slotKey{}).(*slot)
		w.mu.Lock()
		if r.Method == "initialize" {
			w.handshakes[r.ID] = true
		}
		if s != nil {
			s.id = r.ID
			w.slots[r.ID] = s
		}
		w.mu.Unlock()
	}
	return w.Connection.Write(ctx, m)
}

// Read implements mcp.Connection.
func (w *wire) Read(ctx context.Context) (jsonrpc.Message, error) {
	for {
		m, err := w.Connection.Read(ctx)
		if err != nil {
			return nil, err
		}
		switch m := m.(type) {
		case *jsonrpc.Response:
			w.take(m)
			return m, nil
		case *jsonrpc.Request:
			w.refuse(m)
		}
	}
}

func (w *wire) take(m *jsonrpc.Response) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.handshakes[m.ID] {
		delete(w.handshakes, m.ID)
		var r struct {
			ProtocolVersion string `json:"protocolVersion"`
		}
		if json.Unmarshal(m.Result, &r) == nil {
			w.version.Store(&r.ProtocolVersion)
		}
	}
	if s := w.slots[m.ID]; s != nil && m.Error == nil {
		s.raw = m.Result
		if s.replace != nil {
			m.Result = s.replace
		}
	}
	delete(w.slots, m.ID)
}

func (w *wire) refuse(m *jsonrpc.Request) {
	if m.Method == "notifications/tools/list_changed" {
		w.changed()
	}
	if !m.IsCall() {
		return
	}
	r := &jsonrpc.Response{ID: m.ID, Error: &jsonrpc.Error{Code: jsonrpc.CodeMethodNotFound, Message: "this client offers no " + clip(m.Method, 60)}}
	if m.Method == "ping" {
		r = &jsonrpc.Response{ID: m.ID, Result: json.RawMessage("{}")}
	}
	select {
	case w.replies <- r:
	default:
	}
}

// result returns the text that a slot got, and forgets the slot.
func (w *wire) result(s *slot) json.RawMessage {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.slots[s.id] == s {
		delete(w.slots, s.id)
	}
	return s.raw
}

// Close implements mcp.Connection.
func (w *wire) Close() error {
	err := w.Connection.Close()
	w.stop()
	return err
}
