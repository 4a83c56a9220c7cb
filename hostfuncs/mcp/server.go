package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"wand/hostfuncs"
)

// server is one configured server: its session, while there is one, and its tools.
type server struct {
	client       *Client
	name, prefix string
	config       Server
	dir          string

	mu       sync.Mutex
	hidden   *strings.Replacer // values of variables, for messages
	current  *session
	starting *start
	starts   []time.Time // restarts of the last restartSpan
	everUp   bool
	closed   bool
	tools    []*hostfuncs.Definition
	stale    bool
	listed   time.Time
}

// session is a connection to a server that is up.
type session struct {
	client  *mcp.ClientSession
	wire    *wire
	process *process // nil over HTTP
	remote  *remote  // nil for a process
	gone    atomic.Bool
	over    chan struct{} // closed when it is gone, and nothing is left of it
}

// start is an attempt that several callers wait for.
type start struct {
	done    chan struct{}
	session *session
	err     error
}

// A server that ended is started again when it is called: at once, then after 0.2 s, 0.4 s and so on, at most 5 times in any 5 minutes.
const (
	maxRestarts  = 5
	restartSpan  = 5 * time.Minute
	restartPause = 200 * time.Millisecond
)

// session returns the session of a server, and starts it when there is none. The start goes on when ctx ends: others may wait for it.
func (s *server) session(ctx context.Context) (*session, error) {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil, s.problem(errors.New("it was closed"))
	}
	previous := s.current
	if previous != nil && !previous.gone.Load() {
		s.mu.Unlock()
		return previous, nil
	}
	a := s.starting
	if a == nil {
		pause, err := s.restart(time.Now())
		if err != nil {
			s.mu.Unlock()
			return nil, s.problem(err)
		}
		a = &start{done: make(chan struct{})}
		s.starting = a
		go s.run(a, previous, pause)
	}
	s.mu.Unlock()
	select {
	case <-a.done:
		return a.session, a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// restart says how long to wait before another start, or that there have been too many.
func (s *server) restart(now time.Time) (time.Duration, error) {
	if !s.everUp && len(s.starts) == 0 {
		s.starts = append(s.starts, now)
		return 0, nil
	}
	for len(s.starts) > 0 && now.Sub(s.starts[0]) > restartSpan {
		s.starts = s.starts[1:]
	}
	n := len(s.starts)
	if n > maxRestarts {
		return 0, fmt.Errorf("it ended %d times within %v; it is started again in %v at the earliest", n, restartSpan, (restartSpan - now.Sub(s.starts[0])).Round(time.Second))
	}
	s.starts = append(s.starts, now)
	if n <= 1 {
		return 0, nil
	}
	return restartPause << (n - 2), nil
}

func (s *server) run(a *start, previous *session, pause time.Duration) {
	ctx := s.client.lifetime
	if previous != nil {
		<-previous.over // two of them might want the same file
	}
	select {
	case <-time.After(pause):
		ctx, cancel := context.WithTimeout(ctx, s.client.config.StartTimeout)
		a.session, a.err = s.open(ctx)
		cancel()
	case <-ctx.Done():
		a.err = s.problem(errors.New("it was closed"))
	}
	s.mu.Lock()
	s.starting = nil
	late := a.err == nil && s.closed
	if a.err == nil && !late {
		s.current, s.stale = a.session, s.everUp
		s.everUp = true
	}
	s.mu.Unlock()
	if late {
		a.session.close()
		<-a.session.over
		a.session, a.err = nil, s.problem(errors.New("it was closed"))
	}
	close(a.done)
}

// open connects to a server and shakes hands.
func (s *server) open(ctx context.Context) (*session, error) {
	config, values, err := s.client.config.resolved(s.config)
	if err != nil {
		return nil, s.problem(err)
	}
	s.mu.Lock()
	s.hidden = strings.NewReplacer(longEnough(values)...)
	s.mu.Unlock()
	n := &session{over: make(chan struct{})}
	n.wire = newWire(func() {
		s.mu.Lock()
		s.stale = true
		s.mu.Unlock()
	})
	options := &mcp.ClientOptions{Capabilities: &mcp.ClientCapabilities{}, MultiRoundTrip: &mcp.MultiRoundTripOptions{Disabled: true}}
	var t mcp.Transport
	if config.Type == "stdio" {
		if n.process, err = startProcess(config, s.dir, s.client.config.MaxMessage); err != nil {
			return nil, s.problem(fmt.Errorf("it cannot be started: %w", err))
		}
		t = n.process
		// Newer servers tell of changes only when they are asked to.
		options.ToolListChangedHandler = func(context.Context, *mcp.ToolListChangedRequest) {}
	} else if t, n.remote, err = newRemote(config, &n.wire.version, s.client.config.MaxMessage); err != nil {
		return nil, s.problem(err)
	}
	n.client, err = mcp.NewClient(&mcp.Implementation{Name: "wand", Version: version()}, options).Connect(ctx, n.wire.through(t, s.client.lifetime), nil)
	if err != nil {
		if n.process != nil {
			n.process.group.Kill()
			n.process.Close()
		}
		if ctx.Err() == context.DeadlineExceeded {
			err = fmt.Errorf("it did not answer within %v", s.client.config.StartTimeout)
		} else if n.process != nil && isEnd(err) {
			_, outcome := n.process.group.Outcome()
			err = fmt.Errorf("it ended before it answered (%s)", outcomeText(outcome))
		} else {
			err = fmt.Errorf("it cannot be reached: %w", bare(err))
		}
		return nil, s.failed(n, err)
	}
	go func() {
		_ = n.client.Wait()
		n.close()
		if s.client.lifetime.Err() == nil {
			s.tell(s.failed(n, errors.New("the connection ended")))
		}
		close(n.over)
	}()
	return n, nil
}

// relist asks for the tools and keeps them.
func (s *server) relist(ctx context.Context, n *session) []error {
	ctx, cancel := context.WithTimeout(ctx, s.client.config.StartTimeout)
	defer cancel()
	s.mu.Lock()
	s.stale = false // a change from here on is another one
	s.mu.Unlock()
	tools, fresh, err := n.list(ctx)
	if err != nil {
		s.mu.Lock()
		s.stale = true
		s.mu.Unlock()
		return []error{s.failed(n, bare(err))}
	}
	var definitions []*hostfuncs.Definition
	var errs []error
	if fresh {
		definitions, errs = s.definitions(tools)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listed = time.Now()
	if fresh {
		s.tools = definitions
	}
	return errs
}

// call calls a tool. Its errors are for programs: they name the server and nothing else of the host.
func (s *server) call(ctx context.Context, original, name string, args json.RawMessage) (json.RawMessage, error) {
	for attempt := 0; ; attempt++ {
		n, err := s.session(ctx)
		if err != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			s.tell(err)
			return nil, toolError(fmt.Sprintf("%s: the server %s is not available", name, s.prefix))
		}
		slot := &slot{replace: json.RawMessage(`{"content":[]}`)}
		_, err = n.client.CallTool(context.WithValue(ctx, slotKey{}, slot), &mcp.CallToolParams{Name: original, Arguments: args})
		raw := n.wire.result(slot)
		if attempt == 0 && (errors.Is(err, mcp.ErrSessionMissing) || errors.Is(err, mcp.ErrConnectionClosed)) {
			// It ended before, or forgot us, and did nothing.
			n.gone.Store(true)
			go n.close()
			continue
		}
		if err != nil {
			return nil, s.callError(ctx, n, name, err)
		}
		return convert(raw, name)
	}
}

func (s *server) callError(ctx context.Context, n *session, name string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var large *tooLarge
	var wire *jsonrpc.Error
	switch {
	case errors.As(err, &large) || n.remote != nil && (n.remote.large.Swap(false) || strings.Contains(err.Error(), "SSE event exceeded")):
		return &hostfuncs.Error{Type: hostfuncs.ToolError, Message: fmt.Sprintf("%s: the answer is larger than %d bytes", name, s.client.config.MaxMessage), Hint: "ask for less at a time"}
	case n.process != nil && isEnd(err):
		n.gone.Store(true)
		return &hostfuncs.Error{Type: hostfuncs.ToolError, Message: fmt.Sprintf("%s: the server %s ended during the call", name, s.prefix), Hint: "it is started again with the next call; what it kept in memory is lost"}
	case errors.As(err, &wire) && wire.Code == jsonrpc.CodeInvalidParams:
		return &hostfuncs.Error{Type: hostfuncs.ArgumentError, Message: name + ": the server does not take this: " + clean(wire.Message, maxErrorText)}
	case errors.As(err, &wire) && wire.Code == jsonrpc.CodeMethodNotFound:
		return toolError(name + ": the server has no such tool any more")
	case errors.As(err, &wire):
		return toolError(name + ": the server failed: " + clean(wire.Message, maxErrorText))
	}
	s.tell(s.failed(n, bare(err)))
	return toolError(fmt.Sprintf("%s: the connection to the server %s broke during the call", name, s.prefix))
}

func (s *server) close() {
	s.mu.Lock()
	s.closed = true
	n, a := s.current, s.starting
	s.mu.Unlock()
	if n != nil {
		n.close()
		<-n.over
	}
	if a != nil {
		<-a.done // its context has ended
	}
}

// close ends the connection first: the SDK would wait for calls to end.
func (n *session) close() {
	n.gone.Store(true)
	_ = n.wire.Close()
	_ = n.client.Close()
}

// problem is an error about this server, without values of variables.
func (s *server) problem(err error) error {
	return &ServerError{Server: s.name, Err: s.hide(err)}
}

func (s *server) failed(n *session, err error) error {
	e := &ServerError{Server: s.name, Err: s.hide(err)}
	if n.process != nil {
		e.Stderr = s.hide(errors.New(n.process.stderr.String())).Error()
	}
	return e
}

func (s *server) hide(err error) error {
	s.mu.Lock()
	r := s.hidden
	s.mu.Unlock()
	if text := err.Error(); r.Replace(text) != text {
		return errors.New(r.Replace(text))
	}
	return err
}

func (s *server) tell(err error) {
	if s.client.config.Problem != nil && err != nil {
		s.client.config.Problem(err)
	}
}

// longEnough leaves out values that would be found in everything.
func longEnough(pairs []string) []string {
	var list []string
	for i := 0; i < len(pairs); i += 2 {
		if len(pairs[i]) >= 4 {
			list = append(list, pairs[i], pairs[i+1])
		}
	}
	return list
}

// bare is an error of HTTP without the URL, which may hold a key.
func bare(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// isEnd says that an error of the SDK means a connection that is gone.
func isEnd(err error) bool {
	var wire *jsonrpc.Error
	if errors.As(err, &wire) {
		return false
	}
	text := err.Error()
	return errors.Is(err, mcp.ErrConnectionClosed) || strings.HasSuffix(text, "EOF") || strings.Contains(text, "closed")
}

func outcomeText(err error) string {
	if err == nil {
		return "exit code 0"
	}
	return err.Error()
}

func version() string {
	if b, ok := debug.ReadBuildInfo(); ok && b.Main.Version != "" {
		return b.Main.Version
	}
	return "unknown"
}
