package agent

import (
	"context"
	"errors"
	"fmt"
)

// Model answers conversations. OpenAI is one; a test may bring another. It is used from several goroutines.
type Model interface {
	// Answer asks once, with whatever retries are worth making. The error is a *ModelError when it is the server's doing or the model's.
	Answer(ctx context.Context, q *Request) (*Answer, error)
	// Name is what the transcript calls it.
	Name() string
}

// Roles of messages.
const (
	RoleSystem    = "system"
	RoleUser      = "user"
	RoleAssistant = "assistant"
	RoleTool      = "tool"
)

// Message is one message of a conversation.
type Message struct {
	Role    string `json:"role" jsonschema:"system, user, assistant or tool"`
	Content string `json:"content"`
	// Calls are what an assistant wants called, CallID is whose answer a tool's message is.
	Calls  []ToolCall `json:"calls,omitempty"`
	CallID string     `json:"call_id,omitempty"`
}

// ToolCall is a function that the model calls by name. Arguments is what it sent, JSON or not.
type ToolCall struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Arguments string `json:"arguments"`
}

// Request is what a model is asked.
type Request struct {
	Messages []Message
	// Tools offers run_code and final_answer as functions that can be called.
	Tools bool
	// MaxTokens is the most that the answer may have; 0: what the server thinks.
	MaxTokens int
	// Temperature is that of this request; nil: the model's own setting.
	Temperature *float64
	// OnText hears the answer's text as it comes. It must not block. After a retry the text comes again.
	OnText func(delta string)
	// OnRetry hears why an attempt failed, before the wait for the next one.
	OnRetry func(attempt int, err error)
}

// Answer is what a model said.
type Answer struct {
	Content string     `json:"content"`
	Calls   []ToolCall `json:"calls,omitempty"`
	// Cut says that the answer ended because it was too long.
	Cut      bool       `json:"cut,omitempty"`
	Attempts int        `json:"attempts" jsonschema:"how often the request was sent"`
	Usage    TokenUsage `json:"usage"`
}

// TokenUsage counts tokens.
type TokenUsage struct {
	Prompt     int64 `json:"prompt_tokens"`
	Completion int64 `json:"completion_tokens"`
	// Estimated is the part of the two that nobody counted: of answers that broke off, or of a server that says no usage.
	Estimated int64 `json:"estimated_tokens,omitempty"`
}

// Total is prompt and completion.
func (u TokenUsage) Total() int64 { return u.Prompt + u.Completion }

func (u *TokenUsage) add(o TokenUsage) {
	u.Prompt += o.Prompt
	u.Completion += o.Completion
	u.Estimated += o.Estimated
}

// Reasons of a ModelError, for errors.Is.
var (
	ErrModelBusy        = errors.New("the model's server takes no more requests")
	ErrModelFailed      = errors.New("the model's server failed")
	ErrModelUnreachable = errors.New("the model's server cannot be reached")
	ErrModelCut         = errors.New("the model's answer broke off")
	ErrModelEndless     = errors.New("the model's answer does not end")
	ErrModelSilent      = errors.New("the model's server says nothing")
	ErrModelGarbled     = errors.New("the model's server sent what cannot be read")
	ErrModelRefused     = errors.New("the model's server refused the request")
	ErrModelKey         = errors.New("the model's server does not accept the key")
	ErrModelUnknown     = errors.New("the model's server does not know the model")
)

// ModelError is why there is no answer, after all attempts.
type ModelError struct {
	Reason   error // one of the above
	Detail   string
	Attempts int
	// Spent are tokens of attempts that broke off, as far as they can be told.
	Spent TokenUsage
}

// Error implements error.
func (e *ModelError) Error() string {
	s := e.Reason.Error()
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	if e.Attempts > 1 {
		s += fmt.Sprintf(" (asked %d times)", e.Attempts)
	}
	return s
}

// Unwrap implements errors.Is.
func (e *ModelError) Unwrap() error { return e.Reason }
