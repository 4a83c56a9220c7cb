// Package modeltest is a server that speaks OpenAI's chat completions and answers from a script, so that a loop with a model can be tested without one:
// streaming or not, with tool calls, usage, and faults on demand. What it says is ours or was recorded of a real model; it never makes anything up. Tests
// of agents use it; it imports nothing else of ours.
package modeltest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"
)

// Request is what a client asked.
type Request struct {
	Model    string    `json:"model"`
	Messages []Message `json:"messages"`
	Stream   bool      `json:"stream"`
	// MaxTokens is of either field that says it.
	MaxTokens           int               `json:"max_tokens"`
	MaxCompletionTokens int               `json:"max_completion_tokens"`
	Tools               []json.RawMessage `json:"tools"`
	Temperature         float64           `json:"temperature"`
	StreamOptions       struct {
		IncludeUsage bool `json:"include_usage"`
	} `json:"stream_options"`
}

// Message is one message of a conversation.
type Message struct {
	Role       string     `json:"role"`
	Content    string     `json:"content"`
	ToolCallID string     `json:"tool_call_id,omitempty"`
	ToolCalls  []ToolCall `json:"tool_calls,omitempty"`
}

// ToolCall is a call that the model wants made.
type ToolCall struct {
	Index    *int   `json:"index,omitempty"`
	ID       string `json:"id"`
	Type     string `json:"type"`
	Function struct {
		Name      string `json:"name"`
		Arguments string `json:"arguments"`
	} `json:"function"`
}

// Last is the content of the last message: what the client has to say now.
func (r *Request) Last() string {
	if len(r.Messages) == 0 {
		return ""
	}
	return r.Messages[len(r.Messages)-1].Content
}

// Turns is how many answers of the model the conversation already holds.
func (r *Request) Turns() int {
	n := 0
	for _, m := range r.Messages {
		if m.Role == "assistant" {
			n++
		}
	}
	return n
}

// Fault is what goes wrong with an answer.
type Fault string

// Faults.
const (
	TooMany    Fault = "429"     // refused, with the header Retry-After: 0
	ServerDown Fault = "500"     // failed
	Cut        Fault = "cut"     // the connection ends in the middle of the answer, without a usage
	Endless    Fault = "endless" // the answer goes on until the client hangs up
	Hang       Fault = "hang"    // nothing comes until the client hangs up
	Garbled    Fault = "garbled" // what comes is not JSON
	BadKey     Fault = "401"     // the key is not accepted
	NoModel    Fault = "404"     // there is no such model
)

// Turn is one answer.
type Turn struct {
	Text string
	// Code, where it is not empty, is a call of the tool run_code with that program. Arguments, where they are not empty, are what is sent in its place, JSON
	// or not.
	Code, Arguments string
	// Function is the tool that is called. Default run_code.
	Function string
	// Faults happen in place of the answer: with ByTurn and InOrder one after the other, one for each request, and then the answer comes. A function of
	// one's own gets its first one.
	Faults []Fault
}

// Usage is what the server counts.
type Usage struct {
	Prompt     int `json:"prompt_tokens"`
	Completion int `json:"completion_tokens"`
	Total      int `json:"total_tokens"`
}

// Server answers at URL + "/v1".
type Server struct {
	*httptest.Server
	answer func(*Request) Turn

	mu       sync.Mutex
	requests []*Request
	billed   Usage
	counts   map[Fault]int
}

// New starts a server. answer may be called from several goroutines. Close it when it is not needed any more.
func New(answer func(*Request) Turn) *Server {
	s := &Server{answer: answer, counts: map[Fault]int{}}
	s.Server = httptest.NewServer(s)
	return s
}

// ByTurn answers with the turn whose number is that of the answers which the conversation already holds, so that whoever asks again hears the same again.
// Beyond the last one it says nothing.
func ByTurn(turns ...Turn) func(*Request) Turn {
	left := newScript(turns)
	return func(r *Request) Turn {
		t, _ := left.take(r.Turns())
		return t
	}
}

// InOrder answers with one turn after the other, whatever is asked. Beyond the last one it says nothing.
func InOrder(turns ...Turn) func(*Request) Turn {
	left := newScript(turns)
	var mu sync.Mutex
	next := 0
	return func(*Request) Turn {
		mu.Lock()
		defer mu.Unlock()
		t, said := left.take(next)
		if said {
			next++
		}
		return t
	}
}

// script is turns with the faults that have not happened yet.
type script struct {
	mu    sync.Mutex
	turns []Turn
}

func newScript(turns []Turn) *script { return &script{turns: append([]Turn(nil), turns...)} }

// take returns a turn with the fault that happens now, and whether none does.
func (s *script) take(n int) (t Turn, said bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n >= len(s.turns) {
		return Turn{}, true
	}
	t = s.turns[n]
	if len(t.Faults) == 0 {
		return t, true
	}
	s.turns[n].Faults = t.Faults[1:]
	return t, false
}

// BaseURL is what a client is configured with.
func (s *Server) BaseURL() string { return s.URL + "/v1" }

// Requests are those that came, in order.
func (s *Server) Requests() []*Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*Request(nil), s.requests...)
}

// Billed is what the server has counted for answers that it sent in full: its own account, beside which a client's can be put.
func (s *Server) Billed() Usage {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.billed
}

// Faults is how often a fault has happened.
func (s *Server) Faults(f Fault) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts[f]
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost || r.URL.Path != "/v1/chat/completions" {
		refuse(w, http.StatusNotFound, "no such path: "+r.Method+" "+r.URL.Path)
		return
	}
	var q Request
	if err := json.NewDecoder(io.LimitReader(r.Body, 64<<20)).Decode(&q); err != nil {
		refuse(w, http.StatusBadRequest, "the request is not JSON: "+err.Error())
		return
	}
	if problem := q.check(); problem != "" {
		refuse(w, http.StatusBadRequest, problem)
		return
	}
	turn := s.answer(&q)
	s.mu.Lock()
	s.requests = append(s.requests, &q)
	number := len(s.requests)
	var fault Fault
	if len(turn.Faults) > 0 {
		fault = turn.Faults[0]
		s.counts[fault]++
	}
	s.mu.Unlock()
	switch fault {
	case TooMany:
		w.Header().Set("Retry-After", "0")
		refuse(w, http.StatusTooManyRequests, "too many requests")
		return
	case ServerDown:
		refuse(w, http.StatusInternalServerError, "the server has a problem")
		return
	case BadKey:
		refuse(w, http.StatusUnauthorized, "the key is not valid")
		return
	case NoModel:
		refuse(w, http.StatusNotFound, "there is no model "+q.Model)
		return
	case Hang:
		wait(r, time.Hour)
		return
	}
	a := q.reply(turn, number)
	if q.Stream {
		s.stream(w, r, a, fault, q.StreamOptions.IncludeUsage)
		return
	}
	s.whole(w, r, a, fault)
}

// check refuses what a real server would.
func (r *Request) check() string {
	if r.Model == "" {
		return "you must provide a model parameter"
	}
	if len(r.Messages) == 0 {
		return "messages is empty"
	}
	open := map[string]bool{}
	for i, m := range r.Messages {
		switch m.Role {
		case "tool":
			if !open[m.ToolCallID] {
				return fmt.Sprintf("messages[%d]: a tool message must answer a tool call before it", i)
			}
			delete(open, m.ToolCallID)
			continue
		case "system", "user", "assistant":
		default:
			return fmt.Sprintf("messages[%d]: %q is no role", i, m.Role)
		}
		if len(open) > 0 {
			return fmt.Sprintf("messages[%d]: the tool calls before it have no answers", i)
		}
		for _, c := range m.ToolCalls {
			if !json.Valid([]byte(c.Function.Arguments)) {
				return fmt.Sprintf("messages[%d]: the arguments of a tool call are not JSON", i)
			}
			open[c.ID] = true
		}
	}
	if len(open) > 0 {
		return "the last tool calls have no answers"
	}
	return ""
}

func refuse(w http.ResponseWriter, code int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{"message": message, "type": "error", "code": fmt.Sprint(code)}})
}

// reply is an answer with what it costs.
type reply struct {
	id, model, text string
	call            *ToolCall
	usage           Usage
}

func (r *Request) reply(t Turn, number int) reply {
	a := reply{id: fmt.Sprintf("chatcmpl-%d", number), model: r.Model, text: t.Text}
	said := t.Text
	if t.Code != "" || t.Arguments != "" || t.Function != "" {
		arguments := t.Arguments
		if arguments == "" {
			text, _ := json.Marshal(map[string]string{"code": t.Code})
			arguments = string(text)
		}
		a.call = &ToolCall{ID: fmt.Sprintf("call_%d", number), Type: "function"}
		a.call.Function.Name, a.call.Function.Arguments = "run_code", arguments
		if t.Function != "" {
			a.call.Function.Name = t.Function
		}
		said += arguments
	}
	for _, m := range r.Messages {
		a.usage.Prompt += 4 + Tokens(m.Content)
		for _, c := range m.ToolCalls {
			a.usage.Prompt += Tokens(c.Function.Arguments)
		}
	}
	for _, t := range r.Tools {
		a.usage.Prompt += Tokens(string(t))
	}
	a.usage.Completion = Tokens(said)
	a.usage.Total = a.usage.Prompt + a.usage.Completion
	return a
}

// Tokens is how the server counts a text: four bytes are a token.
func Tokens(text string) int { return (len(text) + 3) / 4 }

func (a *reply) finish() string {
	if a.call != nil {
		return "tool_calls"
	}
	return "stop"
}

func (s *Server) bill(u Usage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.billed.Prompt += u.Prompt
	s.billed.Completion += u.Completion
	s.billed.Total += u.Total
}

// whole sends an answer in one piece.
func (s *Server) whole(w http.ResponseWriter, r *http.Request, a reply, fault Fault) {
	w.Header().Set("Content-Type", "application/json")
	message := map[string]any{"role": "assistant", "content": a.text}
	if a.call != nil {
		message["tool_calls"] = []any{a.call}
	}
	text, _ := json.Marshal(map[string]any{
		"id": a.id, "object": "chat.completion", "model": a.model, "usage": a.usage,
		"choices": []any{map[string]any{"index": 0, "message": message, "finish_reason": a.finish()}},
	})
	switch fault {
	case Cut:
		w.Header().Set("Content-Length", fmt.Sprint(len(text)))
		w.Write(text[:len(text)/2])
		return
	case Endless:
		io.WriteString(w, `{"choices": [{"index": 0, "message": {"role": "assistant", "content": "`)
		for r.Context().Err() == nil {
			if _, err := io.WriteString(w, strings.Repeat("and so on, ", 100)); err != nil {
				return
			}
		}
		return
	case Garbled:
		io.WriteString(w, "<html>busy</html>")
		return
	}
	s.bill(a.usage)
	w.Write(text)
}

// stream sends an answer as server-sent events, a few bytes each.
func (s *Server) stream(w http.ResponseWriter, r *http.Request, a reply, fault Fault, usage bool) {
	w.Header().Set("Content-Type", "text/event-stream")
	send := func(choices []any, u *Usage) bool {
		text, _ := json.Marshal(map[string]any{"id": a.id, "object": "chat.completion.chunk", "model": a.model, "choices": choices, "usage": u})
		_, err := fmt.Fprintf(w, "data: %s\n\n", text)
		w.(http.Flusher).Flush()
		return err == nil && r.Context().Err() == nil
	}
	delta := func(d map[string]any) bool {
		return send([]any{map[string]any{"index": 0, "delta": d, "finish_reason": nil}}, nil)
	}
	delta(map[string]any{"role": "assistant", "content": ""})
	const step = 17 // no divisor of anything: runes and escapes are cut anywhere but inside a rune
	pieces := split(a.text, step)
	for i, piece := range pieces {
		if fault == Cut && i >= len(pieces)/2 {
			panic(http.ErrAbortHandler)
		}
		delta(map[string]any{"content": piece})
	}
	if a.call != nil {
		zero := 0
		head := *a.call
		head.Index, head.Function.Arguments = &zero, ""
		delta(map[string]any{"tool_calls": []any{head}})
		for i, piece := range split(a.call.Function.Arguments, step) {
			if fault == Cut && i > 0 {
				panic(http.ErrAbortHandler)
			}
			delta(map[string]any{"tool_calls": []any{map[string]any{"index": 0, "function": map[string]any{"arguments": piece}}}})
		}
	}
	switch fault {
	case Cut:
		panic(http.ErrAbortHandler)
	case Garbled:
		io.WriteString(w, "data: {\"choices\": [\n\n")
		return
	case Endless:
		for delta(map[string]any{"content": " and so on"}) {
		}
		return
	}
	send([]any{map[string]any{"index": 0, "delta": map[string]any{}, "finish_reason": a.finish()}}, nil)
	s.bill(a.usage)
	if usage {
		send([]any{}, &a.usage)
	}
	io.WriteString(w, "data: [DONE]\n\n")
}

func split(text string, n int) (pieces []string) {
	runes := []rune(text)
	for len(runes) > n {
		pieces = append(pieces, string(runes[:n]))
		runes = runes[n:]
	}
	if len(runes) > 0 {
		pieces = append(pieces, string(runes))
	}
	return pieces
}

func wait(r *http.Request, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-r.Context().Done():
	case <-t.C:
	}
}
