package llm_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"wand/hostfuncs"
	"wand/hostfuncs/internal/tooltest"
	"wand/hostfuncs/llm"
)

const key = "sk-test-0123456789abcdef"

// server speaks as much of the OpenAI API as there is to it here.
type server struct {
	*httptest.Server
	mu       sync.Mutex
	requests []map[string]any
	answer   func(w http.ResponseWriter, request map[string]any)
}

func newServer(t *testing.T, answer func(http.ResponseWriter, map[string]any)) *server {
	s := &server{answer: answer}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var request map[string]any
		text, _ := io.ReadAll(r.Body)
		if err := json.Unmarshal(text, &request); err != nil || r.URL.Path != "/v1/chat/completions" || r.Header.Get("Authorization") != "Bearer "+key {
			t.Errorf("%s %s %v: %s", r.Method, r.URL, r.Header, text)
		}
		s.mu.Lock()
		s.requests = append(s.requests, request)
		answer := s.answer
		s.mu.Unlock()
		answer(w, request)
	}))
	t.Cleanup(s.Close)
	return s
}

// set changes how the server answers from now on.
func (s *server) set(answer func(http.ResponseWriter, map[string]any)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = answer
}

// say answers with a text and the tokens that it cost.
func say(w io.Writer, text string, prompt, completion int) {
	finish(w, text, "stop", prompt, completion)
}

func finish(w io.Writer, text, reason string, prompt, completion int) {
	content, _ := json.Marshal(text)
	fmt.Fprintf(w, `{"id": "1", "object": "chat.completion", "choices": [{"index": 0, "message": {"role": "assistant", "content": %s}, "finish_reason": %q}],
		"usage": {"prompt_tokens": %d, "completion_tokens": %d, "total_tokens": %d}}`, content, reason, prompt, completion, prompt+completion)
}

func newRun(t *testing.T, s *server, b *llm.Budget) *tooltest.Run {
	t.Helper()
	l, err := llm.New(llm.Config{BaseURL: s.URL + "/v1", Model: "small", Key: key, CallTokens: 2000, Backoff: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	return tooltest.New(t, func(ctx context.Context) context.Context {
		if b == nil {
			return ctx
		}
		return llm.WithBudget(ctx, b)
	}, l.Tools()...)
}

func TestAsk(t *testing.T) {
	s := newServer(t, func(w http.ResponseWriter, r map[string]any) { say(w, "an <answer> & \"more\"", 7, 5) })
	b := llm.NewBudget(0)
	run := newRun(t, s, b)
	if got := run.Call("llm.ask", `["what?"]`); got != `"an <answer> & \"more\""` {
		t.Errorf("answer %s", got)
	}
	run.Call("llm.ask", `{"prompt": "what?", "system": "be brief", "model": "big", "max_tokens": 9, "temperature": 0}`)
	run.Call("llm.ask", `{"prompt": "what?", "model": "o3-mini", "max_tokens": 9}`)
	if got, want := run.Asked(), []string{"llm.ask Model small", "llm.ask Model big", "llm.ask Model o3-mini"}; !slices.Equal(got, want) {
		t.Errorf("asked %q, want %q", got, want)
	}
	for i, want := range []string{
		`{"max_tokens":1024,"messages":[{"content":"what?","role":"user"}],"model":"small","stream":false}`,
		`{"max_tokens":9,"messages":[{"content":"be brief","role":"system"},{"content":"what?","role":"user"}],"model":"big","stream":false,"temperature":1e-45}`,
		`{"max_completion_tokens":9,"messages":[{"content":"what?","role":"user"}],"model":"o3-mini","stream":false}`,
	} {
		if got, _ := json.Marshal(s.requests[i]); string(got) != want {
			t.Errorf("the server got\n%s, want\n%s", got, want)
		}
	}
	if used, limit := b.Used(); used != 36 || limit != llm.DefaultBudget {
		t.Errorf("used %d of %d tokens, want 36", used, limit)
	}
}

func TestJSONSchema(t *testing.T) {
	answers := []string{`{"n": 1.0}`, "```json\n{\"n\": 2}\n```", `{"n": "x"}`, `sure: {"n": 1}`}
	s := newServer(t, func(w http.ResponseWriter, r map[string]any) {
		say(w, answers[0], 1, 1)
		answers = answers[1:]
	})
	run := newRun(t, s, llm.NewBudget(0))
	args := `{"prompt": "n?", "json_schema": {"type": "object", "properties": {"n": {"type": "number"}}, "required": ["n"]}}`
	if got := run.Call("llm.ask", args) + run.Call("llm.ask", args); got != `{"n": 1.0}{"n": 2}` {
		t.Errorf("answers %s", got)
	}
	format, _ := json.Marshal(s.requests[0]["response_format"])
	if want := `{"json_schema":{"name":"answer","schema":{"properties":{"n":{"type":"number"}},"required":["n"],"type":"object"},"strict":false},"type":"json_schema"}`; string(format) != want {
		t.Errorf("format %s", format)
	}
	if err := run.Fail("llm.ask", args); !strings.Contains(err.Message, "not what json_schema says") {
		t.Errorf("%+v", err)
	}
	if err := run.Fail("llm.ask", args); !strings.Contains(err.Message, "is not JSON: sure") {
		t.Errorf("%+v", err)
	}
}

func TestBadArguments(t *testing.T) {
	s := newServer(t, func(w http.ResponseWriter, r map[string]any) { say(w, "{}", 1, 1) })
	b := llm.NewBudget(0)
	run := newRun(t, s, b)
	for _, args := range []string{
		`{}`, `[1]`, `["a", "b", "c", 2001]`, `["a", "b", "c", 0]`, `["a", "b", "c", 1, 2.1]`, `["a", "b", "c", 1, -1]`, `{"prompt": "a", "temprature": 1}`,
		`{"prompt": "a", "json_schema": []}`, `{"prompt": "a", "json_schema": {"type": 5}}`, `{"prompt": "a", "json_schema": {"type": "nothing", "pattern": "("}}`,
		`{"prompt": "a", "json_schema": {"$ref": "#"}}`, `{"prompt": "a", "json_schema": {"properties": {"x": {"items": [{"$dynamicRef": "#"}]}}}}`,
		`{"prompt": "a", "json_schema": {"anyOf": [{"$ref": "http://127.0.0.1/x"}]}}`,
		`{"prompt": "a", "json_schema": {"title": "` + strings.Repeat("x", 65<<10) + `"}}`,
		`{"prompt": "a", "model": "o1", "temperature": 0.5}`, `{"prompt": "a", "model": "` + strings.Repeat("m", 201) + `"}`,
	} {
		if err := run.Fail("llm.ask", args); err.Type != hostfuncs.ArgumentError {
			t.Errorf("%.100s: %+v", args, err)
		}
	}
	if used, _ := b.Used(); used != 0 || len(s.requests) != 0 {
		t.Errorf("%d requests were sent, %d tokens used", len(s.requests), used)
	}
}

func TestBudget(t *testing.T) {
	s := newServer(t, func(w http.ResponseWriter, r map[string]any) { say(w, "ok", 10, 90) })
	b := llm.NewBudget(1000)
	run := newRun(t, s, b)
	ask := `{"prompt": "12345678901234567890", "max_tokens": 216}` // 300 at most
	for i := range 8 {
		if _, err := run.Try(t.Context(), "llm.ask", ask); err != nil {
			t.Fatalf("call %d: %+v", i, err)
		}
	}
	err := run.Fail("llm.ask", ask)
	if !strings.Contains(err.Message, "200 of 1000 tokens left, and this call may need 300") {
		t.Errorf("%+v", err)
	}
	run.Call("llm.ask", `{"prompt": "1", "max_tokens": 135}`) // 200 at most
	if used, _ := b.Used(); used != 900 || len(s.requests) != 9 {
		t.Errorf("used %d in %d requests", used, len(s.requests))
	}
	if err := newRun(t, s, nil).Fail("llm.ask", `["x"]`); !strings.Contains(err.Message, "no tokens") {
		t.Errorf("without a budget: %+v", err)
	}
	if len(s.requests) != 9 {
		t.Errorf("a refused call was sent")
	}
}

// TestBudgetSideBySide has servers that use all that they may.
func TestBudgetSideBySide(t *testing.T) {
	var inside, most atomic.Int64
	s := newServer(t, func(w http.ResponseWriter, r map[string]any) {
		n := inside.Add(1)
		for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
		}
		time.Sleep(5 * time.Millisecond)
		inside.Add(-1)
		say(w, "ok", 74, 226)
	})
	b := llm.NewBudget(1000)
	run := newRun(t, s, b)
	var wg sync.WaitGroup
	var good atomic.Int64
	for range 20 {
		wg.Go(func() {
			if _, err := run.Try(context.Background(), "llm.ask", `{"prompt": "1234567890", "max_tokens": 226}`); err == nil {
				good.Add(1)
			}
		})
	}
	wg.Wait()
	if used, _ := b.Used(); used != 900 || good.Load() != 3 || most.Load() > 3 {
		t.Errorf("used %d of 1000 in %d calls, %d at a time", used, good.Load(), most.Load())
	}
}

func TestUnknownCostCountsInFull(t *testing.T) {
	s := newServer(t, nil)
	for name, answer := range map[string]func(http.ResponseWriter, map[string]any){
		"no usage": func(w http.ResponseWriter, r map[string]any) { say(w, "ok", 0, 0) },
		"garbage":  func(w http.ResponseWriter, r map[string]any) { io.WriteString(w, "<html>") },
		"cut off":  func(w http.ResponseWriter, r map[string]any) { panic(http.ErrAbortHandler) },
	} {
		s.set(answer)
		b := llm.NewBudget(1000)
		newRun(t, s, b).Try(t.Context(), "llm.ask", `{"prompt": "123456", "max_tokens": 30}`)
		if used, _ := b.Used(); used != 100 {
			t.Errorf("%s: %d tokens, want 100", name, used)
		}
	}
}

func TestRetry(t *testing.T) {
	var status atomic.Int64
	var times atomic.Int64
	s := newServer(t, func(w http.ResponseWriter, r map[string]any) {
		if times.Add(1) < 3 {
			w.Header().Set("Retry-After", "0.001")
			w.WriteHeader(int(status.Load()))
			return
		}
		say(w, "ok", 1, 1)
	})
	for _, code := range []int64{429, 500, 502, 503, 529} {
		status.Store(code)
		times.Store(0)
		b := llm.NewBudget(0)
		if got := newRun(t, s, b).Call("llm.ask", `["again"]`); got != `"ok"` || times.Load() != 3 {
			t.Errorf("%d: %s after %d attempts", code, got, times.Load())
		}
		if used, _ := b.Used(); used != 2 {
			t.Errorf("%d: used %d", code, used)
		}
	}
	for _, r := range s.requests {
		if fmt.Sprint(r["messages"]) != "[map[content:again role:user]]" {
			t.Fatalf("an attempt sent %v", r)
		}
	}
}

func TestRetryGivesUp(t *testing.T) {
	var times atomic.Int64
	s := newServer(t, nil)
	b := llm.NewBudget(0)
	run := newRun(t, s, b)
	s.set(func(w http.ResponseWriter, r map[string]any) { times.Add(1); w.WriteHeader(503) })
	if err := run.Fail("llm.ask", `["x"]`); !strings.Contains(err.Message, "HTTP 503") || times.Load() != 4 {
		t.Errorf("%+v after %d attempts", err, times.Load())
	}
	times.Store(0)
	s.set(func(w http.ResponseWriter, r map[string]any) {
		times.Add(1)
		w.Header().Set("Retry-After", "3600")
		w.WriteHeader(429)
	})
	if err := run.Fail("llm.ask", `["x"]`); !strings.Contains(err.Message, "no more requests") || times.Load() != 1 {
		t.Errorf("%+v after %d attempts", err, times.Load())
	}
	times.Store(0)
	ctx, cancel := context.WithCancel(context.Background())
	s.set(func(w http.ResponseWriter, r map[string]any) {
		times.Add(1)
		w.Header().Set("Retry-After", "50")
		w.WriteHeader(429)
		time.AfterFunc(10*time.Millisecond, cancel)
	})
	if _, err := run.Try(ctx, "llm.ask", `["x"]`); err == nil || times.Load() != 1 {
		t.Errorf("a wait went on after the end of the run: %+v, %d", err, times.Load())
	}
}

// TestErrorsNameNothing has a server that tells all it knows.
func TestErrorsNameNothing(t *testing.T) {
	s := newServer(t, nil)
	run := newRun(t, s, llm.NewBudget(10_000_000))
	address := strings.TrimPrefix(s.URL, "http://")
	gossip := fmt.Sprintf(`{"error": {"message": "bad key %s for %s/v1 at %s", "type": "x", "code": "y"}}`, key, s.URL, address)
	for name, c := range map[string]struct {
		answer func(http.ResponseWriter, map[string]any)
		want   string
	}{
		"400":          {func(w http.ResponseWriter, r map[string]any) { w.WriteHeader(400); io.WriteString(w, gossip) }, "bad key the key for the server"},
		"401":          {func(w http.ResponseWriter, r map[string]any) { w.WriteHeader(401); io.WriteString(w, gossip) }, "does not accept the host's key"},
		"404":          {func(w http.ResponseWriter, r map[string]any) { w.WriteHeader(404); io.WriteString(w, gossip) }, `knows no model "small"`},
		"429":          {func(w http.ResponseWriter, r map[string]any) { w.WriteHeader(429); io.WriteString(w, gossip) }, "no more requests"},
		"418, no JSON": {func(w http.ResponseWriter, r map[string]any) { w.WriteHeader(418); io.WriteString(w, key) }, "no reason given"},
		"redirect": {func(w http.ResponseWriter, r map[string]any) {
			w.Header().Set("Location", "http://127.0.0.1:1/"+key)
			w.WriteHeader(307)
		}, "could not be reached"},
		"garbage":        {func(w http.ResponseWriter, r map[string]any) { io.WriteString(w, key) }, "could not be reached"},
		"empty":          {func(w http.ResponseWriter, r map[string]any) { io.WriteString(w, "{}") }, "no answer"},
		"too large":      {func(w http.ResponseWriter, r map[string]any) { say(w, strings.Repeat("x", 5<<20), 1, 1) }, "could not be read"},
		"cut at length":  {func(w http.ResponseWriter, r map[string]any) { finish(w, "once upon", "length", 1, 1) }, "begins: once upon"},
		"content filter": {func(w http.ResponseWriter, r map[string]any) { finish(w, "", "content_filter", 1, 1) }, "withheld"},
		"connection":     {func(w http.ResponseWriter, r map[string]any) { panic(http.ErrAbortHandler) }, "could not be reached"},
	} {
		s.set(c.answer)
		err := run.Fail("llm.ask", `["x"]`)
		shown := err.Message + err.Hint
		if err.Type != hostfuncs.ToolError || !strings.Contains(err.Message, c.want) || strings.Contains(shown, key) || strings.Contains(shown, address) || strings.Contains(shown, "127.0.0.1") {
			t.Errorf("%s: %+v, want %s", name, err, c.want)
		}
	}
	s.Close()
	if err := run.Fail("llm.ask", `["x"]`); !strings.Contains(err.Message, "could not be reached") {
		t.Errorf("no server: %+v", err)
	}
}

func TestNewRefuses(t *testing.T) {
	for _, c := range []llm.Config{{}, {Model: "m", BaseURL: "ftp://x"}, {Model: "m", BaseURL: "nowhere"}, {Model: "m", BaseURL: "http://"}} {
		if _, err := llm.New(c); err == nil {
			t.Errorf("%+v was accepted", c)
		}
	}
}
