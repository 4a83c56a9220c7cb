package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/sashabaranov/go-openai"

	"wand/hostfuncs/llm"
)

// Defaults of an OpenAI client.
const (
	DefaultAttempts  = 5
	DefaultBackoff   = 500 * time.Millisecond
	DefaultIdle      = time.Minute
	DefaultTimeout   = 5 * time.Minute
	DefaultMaxAnswer = 1 << 20

	longestWait = time.Minute // between attempts; a server that asks for more is not waited for
)

// OpenAIConfig names a server that speaks OpenAI's chat completions, and a model there. Model is required.
type OpenAIConfig struct {
	// BaseURL of the API, such as http://localhost:11434/v1. Default llm.DefaultBaseURL.
	BaseURL string
	Model   string
	// Key is the API key; empty for servers that want none.
	Key string
	// Temperature of requests that name none; nil: the server's own.
	Temperature *float64
	// Whole asks for answers in one piece instead of streams.
	Whole bool
	// Attempts is how often one request is sent as long as the server is busy, fails or breaks off. Default 5.
	Attempts int
	// Backoff is the wait before the second attempt; it doubles, up to a fifth longer or shorter. What the server asks for goes first. Default 500 ms.
	Backoff time.Duration
	// Timeout ends one attempt, Idle one that says nothing for so long. Default 5 minutes and 1 minute.
	Timeout, Idle time.Duration
	// MaxAnswer is the most text of one answer, in bytes. Default 1 MiB.
	MaxAnswer int
	// Transport carries the requests. Default: http.DefaultTransport.
	Transport http.RoundTripper
}

// OpenAI is a Model behind an OpenAI-compatible server. It is safe for concurrent use.
type OpenAI struct {
	config OpenAIConfig
	client *openai.Client
	scrub  *strings.Replacer
}

var _ Model = (*OpenAI)(nil)

// NewOpenAI returns the client of a server. It sends nothing.
func NewOpenAI(c OpenAIConfig) (*OpenAI, error) {
	if c.Model == "" {
		return nil, errors.New("a model must be named")
	}
	if c.BaseURL == "" {
		c.BaseURL = llm.DefaultBaseURL
	}
	if u, err := url.Parse(c.BaseURL); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return nil, fmt.Errorf("%q is no address of a model's server: it looks like %s or http://localhost:11434/v1", c.BaseURL, llm.DefaultBaseURL)
	}
	for _, d := range []struct {
		v *time.Duration
		d time.Duration
	}{{&c.Backoff, DefaultBackoff}, {&c.Timeout, DefaultTimeout}, {&c.Idle, DefaultIdle}} {
		if *d.v <= 0 {
			*d.v = d.d
		}
	}
	if c.Attempts <= 0 {
		c.Attempts = DefaultAttempts
	}
	if c.MaxAnswer <= 0 {
		c.MaxAnswer = DefaultMaxAnswer
	}
	m := &OpenAI{config: c, scrub: strings.NewReplacer()}
	if c.Key != "" {
		m.scrub = strings.NewReplacer(c.Key, "the key")
	}
	config := openai.DefaultConfig(c.Key)
	config.BaseURL = strings.TrimRight(c.BaseURL, "/")
	config.HTTPClient = &doer{
		client: &http.Client{
			Transport: c.Transport,
			CheckRedirect: func(*http.Request, []*http.Request) error {
				return errors.New("redirects are not followed: the key is for one server")
			},
		},
		// JSON and events around each piece of text take more than the text.
		most: 64*int64(c.MaxAnswer) + 1<<20, idle: c.Idle,
	}
	m.client = openai.NewClientWithConfig(config)
	return m, nil
}

// Name implements Model.
func (m *OpenAI) Name() string { return m.config.Model }

// Answer implements Model.
func (m *OpenAI) Answer(ctx context.Context, q *Request) (*Answer, error) {
	request := m.request(q)
	wait := m.config.Backoff
	var spent TokenUsage
	for attempt := 1; ; attempt++ {
		try := &attempted{}
		a, err := m.once(context.WithValue(ctx, attemptKey{}, try), request, q)
		if err == nil {
			a.Attempts = attempt
			a.Usage.add(spent)
			return a, nil
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		failed := m.explain(err, try)
		spent.add(failed.Spent)
		failed.Attempts, failed.Spent = attempt, spent
		pause := time.Duration(float64(wait) * (0.8 + 0.4*rand.Float64()))
		if try.asked {
			pause = try.pause
		}
		wait = min(2*wait, longestWait)
		if !worthRetrying(failed.Reason) || attempt >= m.config.Attempts || pause > longestWait {
			return nil, failed
		}
		if q.OnRetry != nil {
			q.OnRetry(attempt, failed)
		}
		if err := sleep(ctx, pause); err != nil {
			return nil, err
		}
	}
}

// worthRetrying says whether the same request may succeed later. An endless answer was endless once; asking again costs as much again, so it is tried
// like any other failure, but within the attempts.
func worthRetrying(reason error) bool {
	return reason != ErrModelRefused && reason != ErrModelKey && reason != ErrModelUnknown
}

// request is a Request in the API's words.
func (m *OpenAI) request(q *Request) openai.ChatCompletionRequest {
	r := openai.ChatCompletionRequest{Model: m.config.Model}
	for _, message := range q.Messages {
		out := openai.ChatCompletionMessage{Role: message.Role, Content: message.Content, ToolCallID: message.CallID}
		for _, c := range message.Calls {
			out.ToolCalls = append(out.ToolCalls, openai.ToolCall{ID: c.ID, Type: openai.ToolTypeFunction, Function: openai.FunctionCall{Name: c.Name, Arguments: c.Arguments}})
		}
		r.Messages = append(r.Messages, out)
	}
	if q.Tools {
		r.Tools = functions
	}
	temperature := m.config.Temperature
	if q.Temperature != nil {
		temperature = q.Temperature
	}
	if temperature != nil {
		// The client leaves out a zero, which would be the server's default.
		r.Temperature = max(float32(*temperature), math.SmallestNonzeroFloat32)
	}
	//lint:ignore SA1019 servers that are not OpenAI's know only this field
	r.MaxTokens = q.MaxTokens
	validator := openai.NewReasoningValidator()
	if errors.Is(validator.Validate(r), openai.ErrReasoningModelMaxTokensDeprecated) {
		r.MaxCompletionTokens = q.MaxTokens
		//lint:ignore SA1019 models that think refuse it
		r.MaxTokens = 0
	}
	if !m.config.Whole {
		r.StreamOptions = &openai.StreamOptions{IncludeUsage: true}
	}
	return r
}

// The functions that a model may call instead of writing a fenced block.
const (
	functionRun    = "run_code"
	functionAnswer = "final_answer"
)

var functions = []openai.Tool{
	{Type: openai.ToolTypeFunction, Function: &openai.FunctionDefinition{
		Name: functionRun, Description: "Runs a program in the sandbox and returns what happened.",
		Parameters: json.RawMessage(`{"type": "object", "properties": {"code": {"type": "string", "description": "the whole program"}}, "required": ["code"], "additionalProperties": false}`),
	}},
	{Type: openai.ToolTypeFunction, Function: &openai.FunctionDefinition{
		Name: functionAnswer, Description: "Gives the final answer to the task and ends the conversation.",
		Parameters: json.RawMessage(`{"type": "object", "properties": {"answer": {"type": "string", "description": "the answer, as the task wants it"}}, "required": ["answer"], "additionalProperties": false}`),
	}},
}

// once sends a request once.
func (m *OpenAI) once(ctx context.Context, r openai.ChatCompletionRequest, q *Request) (*Answer, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, m.config.Timeout, errLate)
	defer cancel()
	if m.config.Whole {
		return m.whole(ctx, r, q)
	}
	stream, err := m.client.CreateChatCompletionStream(ctx, r)
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	g := gathered{most: m.config.MaxAnswer}
	for {
		part, err := stream.Recv()
		switch {
		case errors.Is(err, io.EOF) && g.finish != "":
			return g.answer(q), nil
		case errors.Is(err, io.EOF):
			return nil, &brokenOff{ErrModelCut, g.usage(q)}
		case err != nil:
			return nil, g.broken(ctx, q, err)
		}
		if err := g.take(&part, q.OnText); err != nil {
			return nil, &brokenOff{err, g.usage(q)}
		}
	}
}

func (m *OpenAI) whole(ctx context.Context, r openai.ChatCompletionRequest, q *Request) (*Answer, error) {
	response, err := m.client.CreateChatCompletion(ctx, r)
	g := gathered{most: m.config.MaxAnswer}
	if err != nil {
		return nil, g.broken(ctx, q, err)
	}
	g.counted = &response.Usage
	if len(response.Choices) > 0 {
		c := response.Choices[0]
		g.text.WriteString(c.Message.Content + c.Message.Refusal)
		g.finish = string(c.FinishReason)
		for _, call := range c.Message.ToolCalls {
			g.calls = append(g.calls, ToolCall{call.ID, call.Function.Name, call.Function.Arguments})
		}
		if q.OnText != nil {
			q.OnText(g.text.String())
		}
	}
	if g.size() > g.most {
		return nil, &brokenOff{ErrModelEndless, g.usage(q)}
	}
	return g.answer(q), nil
}

// gathered is an answer as it comes.
type gathered struct {
	most    int
	text    strings.Builder
	calls   []ToolCall
	bytes   int
	finish  string
	counted *openai.Usage
}

// maxCalls is how many calls one answer may have; the first is all that counts.
const maxCalls = 32

func (g *gathered) take(part *openai.ChatCompletionStreamResponse, onText func(string)) error {
	if part.Usage != nil && part.Usage.TotalTokens+part.Usage.PromptTokens > 0 {
		g.counted = part.Usage
	}
	if len(part.Choices) == 0 {
		return nil
	}
	c := part.Choices[0]
	if c.FinishReason != "" {
		g.finish = string(c.FinishReason)
	}
	text := c.Delta.Content + c.Delta.Refusal
	g.text.WriteString(text)
	g.bytes += len(text) + len(c.Delta.ReasoningContent)
	if text != "" && onText != nil {
		onText(text)
	}
	for _, call := range c.Delta.ToolCalls {
		at := len(g.calls) - 1
		switch {
		case call.Index != nil:
			at = *call.Index
		case call.ID != "" || at < 0: // servers that leave the index out begin each call with its id
			at = len(g.calls)
		}
		if at < 0 || at >= maxCalls {
			return ErrModelGarbled
		}
		for len(g.calls) <= at {
			g.calls = append(g.calls, ToolCall{})
		}
		to := &g.calls[at]
		to.ID, to.Name, to.Arguments = to.ID+call.ID, to.Name+call.Function.Name, to.Arguments+call.Function.Arguments
		g.bytes += len(call.Function.Arguments) + len(call.Function.Name) + len(call.ID)
	}
	if g.bytes > g.most {
		return ErrModelEndless
	}
	return nil
}

func (g *gathered) size() int {
	n := g.text.Len()
	for _, c := range g.calls {
		n += len(c.Arguments)
	}
	return n
}

func (g *gathered) answer(q *Request) *Answer {
	a := &Answer{Content: g.text.String(), Cut: g.finish == string(openai.FinishReasonLength), Usage: g.usage(q)}
	for i, c := range g.calls {
		if c.ID == "" { // some servers give none, and want one back
			c.ID = fmt.Sprintf("call_%d", i)
		}
		a.Calls = append(a.Calls, c)
	}
	return a
}

// usage is what the server counted, or an estimate.
func (g *gathered) usage(q *Request) TokenUsage {
	if c := g.counted; c != nil && c.PromptTokens+c.CompletionTokens > 0 {
		return TokenUsage{Prompt: int64(c.PromptTokens), Completion: int64(c.CompletionTokens)}
	}
	u := TokenUsage{Prompt: estimate(messageBytes(q.Messages)), Completion: estimate(max(g.size(), g.bytes))}
	u.Estimated = u.Total()
	return u
}

// estimate is how many tokens a text of so many bytes has, about: four bytes are one, the usual figure for English and code.
func estimate(bytes int) int64 { return int64(bytes+3) / 4 }

func messageBytes(messages []Message) int {
	n := 0
	for _, m := range messages {
		n += 16 + len(m.Content)
		for _, c := range m.Calls {
			n += len(c.Name) + len(c.Arguments)
		}
	}
	return n
}

// brokenOff is an answer that began.
type brokenOff struct {
	reason error
	spent  TokenUsage
}

func (b *brokenOff) Error() string { return b.reason.Error() }
func (b *brokenOff) Unwrap() error { return b.reason }

// broken is what an error in the middle of an answer means. Before anything was said it is told by explain.
func (g *gathered) broken(ctx context.Context, q *Request, err error) error {
	var api *openai.APIError
	var raw *openai.RequestError
	if errors.As(err, &api) || errors.As(err, &raw) {
		return err
	}
	reason := ErrModelCut
	var syntax *json.SyntaxError
	var field *json.UnmarshalTypeError
	switch {
	case errors.Is(context.Cause(ctx), errLate):
		reason = ErrModelEndless
	case errors.Is(err, errIdle):
		reason = ErrModelSilent
	case errors.Is(err, errTooLarge):
		reason = ErrModelEndless
	case errors.Is(err, io.ErrUnexpectedEOF):
	case errors.As(err, &syntax), errors.As(err, &field), errors.Is(err, openai.ErrTooManyEmptyStreamMessages):
		reason = ErrModelGarbled
	case g.size() == 0 && !strings.Contains(err.Error(), "EOF"):
		reason = ErrModelUnreachable
	}
	if try, _ := ctx.Value(attemptKey{}).(*attempted); try != nil && try.status.Load() == 0 && reason == ErrModelCut {
		reason = ErrModelUnreachable
	}
	return &brokenOff{reason, g.usage(q)}
}

// explain says what an error of one attempt means.
func (m *OpenAI) explain(err error, try *attempted) *ModelError {
	var off *brokenOff
	if errors.As(err, &off) {
		spent := off.spent
		if try.status.Load() != http.StatusOK { // the server never began to answer
			spent = TokenUsage{}
		}
		return &ModelError{Reason: off.reason, Spent: spent}
	}
	status, message := int(try.status.Load()), ""
	var api *openai.APIError
	var raw *openai.RequestError
	switch {
	case errors.As(err, &api):
		status, message = api.HTTPStatusCode, api.Message
	case errors.As(err, &raw):
		status = raw.HTTPStatusCode
	}
	e := &ModelError{Detail: clip(m.scrub.Replace(message), 300)}
	switch {
	case errors.Is(err, errIdle), errors.Is(err, errLate), errors.Is(err, context.DeadlineExceeded):
		e.Reason = ErrModelSilent
	case status == 0:
		e.Reason, e.Detail = ErrModelUnreachable, clip(m.scrub.Replace(rootCause(err)), 300)
	case status == http.StatusTooManyRequests:
		e.Reason = ErrModelBusy
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		e.Reason = ErrModelKey
	case status == http.StatusNotFound:
		e.Reason = ErrModelUnknown
	case status >= 500 || status == http.StatusRequestTimeout:
		e.Reason = ErrModelFailed
	case status >= 400:
		e.Reason = ErrModelRefused
	case status >= 300:
		e.Reason, e.Detail = ErrModelRefused, "it redirects to another address"
	default:
		e.Reason = ErrModelGarbled
	}
	if e.Detail == "" && status >= 400 {
		e.Detail = fmt.Sprintf("HTTP %d", status)
	}
	return e
}

func rootCause(err error) string {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err.Error()
	}
	return err.Error()
}

// Why an attempt ended early.
var (
	errLate     = errors.New("the answer took too long")
	errIdle     = errors.New("nothing came for too long")
	errTooLarge = errors.New("the response is too large")
)

type attemptKey struct{}

// attempted is what the transport learnt of one attempt.
type attempted struct {
	status atomic.Int64
	pause  time.Duration // that the server asks for
	asked  bool
}

// doer sends requests, and ends those that say nothing or too much.
type doer struct {
	client *http.Client
	most   int64
	idle   time.Duration
}

// Do implements openai.HTTPDoer.
func (d *doer) Do(request *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(request.Context())
	watch := time.AfterFunc(d.idle, func() { cancel(errIdle) })
	response, err := d.client.Do(request.WithContext(ctx))
	if err != nil {
		watch.Stop()
		cancel(nil)
		if context.Cause(ctx) == errIdle {
			return nil, errIdle
		}
		return nil, err
	}
	if try, _ := request.Context().Value(attemptKey{}).(*attempted); try != nil {
		try.status.Store(int64(response.StatusCode))
		if response.StatusCode >= 400 {
			try.pause, try.asked = llm.RetryAfter(response)
		}
	}
	response.Body = &watched{ReadCloser: response.Body, ctx: ctx, cancel: cancel, watch: watch, idle: d.idle, left: d.most}
	return response, nil
}

// watched is a body that must go on, and end.
type watched struct {
	io.ReadCloser
	ctx    context.Context
	cancel context.CancelCauseFunc
	watch  *time.Timer
	idle   time.Duration
	left   int64
}

func (w *watched) Read(p []byte) (int, error) {
	if w.left <= 0 {
		return 0, errTooLarge
	}
	n, err := w.ReadCloser.Read(p[:min(int64(len(p)), w.left)])
	w.left -= int64(n)
	if n > 0 {
		w.watch.Reset(w.idle)
	}
	if err != nil && err != io.EOF && context.Cause(w.ctx) == errIdle {
		err = errIdle
	}
	return n, err
}

func (w *watched) Close() error {
	w.watch.Stop()
	w.cancel(nil)
	return w.ReadCloser.Close()
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}
