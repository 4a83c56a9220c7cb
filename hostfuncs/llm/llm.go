// Package llm is the tool with which a program asks a language model a sub-question. The model, its server and its key are the owner's; the program sees none
// of the latter two. A run has a budget of tokens, which calls side by side cannot exceed together. It imports only hostfuncs and policies.
package llm

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/sashabaranov/go-openai"

	"wand/hostfuncs"
	"wand/policies"
)

// Limits.
const (
	DefaultBaseURL    = "https://api.openai.com/v1"
	DefaultCallTokens = 4096     // most tokens of one answer
	defaultMaxTokens  = 1024     // tokens of an answer when the program does not say
	maxSchemaBytes    = 64 << 10 // of json_schema
	callTimeout       = 2 * time.Minute
)

// Config of the tool.
type Config struct {
	// BaseURL is an OpenAI-compatible API. Default DefaultBaseURL.
	BaseURL string
	// Model answers when the program names none. Required.
	Model string
	// Key is the API key; empty for servers that want none.
	Key string
	// CallTokens is the most that a program may ask for as one answer, in tokens. Default DefaultCallTokens.
	CallTokens int
	// Backoff is the wait before the second attempt after the server failed or was busy; it doubles, and what the server asks for goes first. Default 500 ms.
	Backoff time.Duration
	// Transport carries the requests. Default: one like http.DefaultTransport.
	Transport http.RoundTripper
}

// LLM makes the tool. It is safe for concurrent use; what belongs to a run is its Budget.
type LLM struct {
	client     *openai.Client
	model      string
	callTokens int
	scrub      *strings.Replacer
}

// New returns the tool of a configuration. It sends nothing.
func New(c Config) (*LLM, error) {
	if c.Model == "" {
		return nil, errors.New("llm: a model must be named")
	}
	if c.BaseURL == "" {
		c.BaseURL = DefaultBaseURL
	}
	u, err := url.Parse(c.BaseURL)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return nil, errors.New("llm: base_url must be such as " + DefaultBaseURL)
	}
	if c.CallTokens <= 0 {
		c.CallTokens = DefaultCallTokens
	}
	hidden := []string{c.BaseURL, "the server", u.Host, "the server", u.Hostname(), "the server"}
	if c.Key != "" {
		hidden = append([]string{c.Key, "the key"}, hidden...)
	}
	config := openai.DefaultConfig(c.Key)
	config.BaseURL = strings.TrimRight(c.BaseURL, "/")
	config.HTTPClient = newPatient(c.Transport, c.Backoff)
	return &LLM{openai.NewClientWithConfig(config), c.Model, c.CallTokens, strings.NewReplacer(hidden...)}, nil
}

const schema = `{"type": "object", "properties": {
	"prompt": {"type": "string", "description": "the question, with everything that is needed to answer it"},
	"system": {"type": "string", "description": "how to answer"},
	"model": {"type": "string", "maxLength": 200, "description": "another model than the usual one"},
	"max_tokens": {"type": "integer", "minimum": 1, "description": "most tokens of the answer; 1024 if left out"},
	"temperature": {"type": "number", "minimum": 0, "maximum": 2},
	"json_schema": {"type": "object", "description": "JSON Schema of the answer, without $ref; the result is then the parsed answer"}
}, "required": ["prompt"], "additionalProperties": false}`

type question struct {
	Prompt, System, Model string
	MaxTokens             int             `json:"max_tokens"`
	Temperature           *float32        `json:"temperature"`
	Schema                json.RawMessage `json:"json_schema"`
}

// Tools returns llm.ask. It asks the policy for the action llm.ask on the model.
func (l *LLM) Tools() []*hostfuncs.Definition {
	ask := hostfuncs.Dynamic("llm.ask", "Asks a language model and returns its answer: text, or a value when json_schema is given.", json.RawMessage(schema), func(ctx context.Context, args json.RawMessage) (json.RawMessage, error) {
		var q question
		if err := json.Unmarshal(args, &q); err != nil {
			return nil, err
		}
		return l.ask(ctx, q)
	})
	// It changes nothing, but it costs: a dry run leaves it out.
	ask.Effect = hostfuncs.Idempotent
	ask.Timeout = callTimeout
	ask.Actions = []policies.Action{policies.ActionLLM}
	ask.Requests = func(args json.RawMessage) ([]policies.Request, error) {
		var q question
		err := json.Unmarshal(args, &q)
		return []policies.Request{{Action: policies.ActionLLM, Resource: policies.Resource{Type: policies.ResourceModel, ID: l.name(q)}}}, err
	}
	return []*hostfuncs.Definition{ask}
}

func (l *LLM) name(q question) string {
	if q.Model != "" {
		return q.Model
	}
	return l.model
}

func (l *LLM) ask(ctx context.Context, q question) (json.RawMessage, error) {
	request, answer, err := l.request(q)
	if err != nil {
		return nil, err
	}
	budget, ok := ctx.Value(budgetKey{}).(*Budget)
	if !ok {
		return nil, failure("this run has no tokens for language models", "go on without it")
	}
	// A token stands for at least a byte of text, so this is the most that the call can use.
	most := len(q.System) + len(q.Prompt) + len(q.Schema) + overhead + l.tokens(q)
	if err := budget.reserve(ctx, most); err != nil {
		return nil, err
	}
	response, err := l.client.CreateChatCompletion(ctx, request)
	budget.settle(most, cost(response, err, most))
	if err != nil {
		return nil, l.explain(ctx, request.Model, err)
	}
	return read(response, answer)
}

// overhead is more than what a server adds to two messages, in tokens.
const overhead = 64

func (l *LLM) tokens(q question) int {
	if q.MaxTokens > 0 {
		return q.MaxTokens
	}
	return min(defaultMaxTokens, l.callTokens)
}

// request is what the server is asked. answer is nil when any text will do.
func (l *LLM) request(q question) (request openai.ChatCompletionRequest, answer *jsonschema.Resolved, err error) {
	if q.MaxTokens > l.callTokens {
		return request, nil, argument(fmt.Sprintf("max_tokens is %d; at most %d are possible in one call", q.MaxTokens, l.callTokens), "ask for less at a time")
	}
	request = openai.ChatCompletionRequest{Model: l.name(q)}
	//lint:ignore SA1019 servers that are not OpenAI's know only this field
	request.MaxTokens = l.tokens(q)
	if q.System != "" {
		request.Messages = append(request.Messages, openai.ChatCompletionMessage{Role: openai.ChatMessageRoleSystem, Content: q.System})
	}
	request.Messages = append(request.Messages, openai.ChatCompletionMessage{Role: openai.ChatMessageRoleUser, Content: q.Prompt})
	if q.Temperature != nil {
		// The client leaves out a zero, which would be the server's default.
		request.Temperature = max(*q.Temperature, math.SmallestNonzeroFloat32)
	}
	if q.Schema != nil {
		if answer, err = resolve(q.Schema); err != nil {
			return request, nil, err
		}
		request.ResponseFormat = &openai.ChatCompletionResponseFormat{
			Type:       openai.ChatCompletionResponseFormatTypeJSONSchema,
			JSONSchema: &openai.ChatCompletionResponseFormatJSONSchema{Name: "answer", Schema: q.Schema},
		}
	}
	validator := openai.NewReasoningValidator()
	err = validator.Validate(request)
	if errors.Is(err, openai.ErrReasoningModelMaxTokensDeprecated) {
		request.MaxCompletionTokens = l.tokens(q)
		//lint:ignore SA1019 models that think refuse it
		request.MaxTokens = 0
		err = validator.Validate(request)
	}
	if err != nil {
		return request, nil, argument(err.Error(), "leave that argument out")
	}
	return request, answer, nil
}

// resolve prepares a program's schema. References could go in circles, which a validator would follow without end.
func resolve(text json.RawMessage) (*jsonschema.Resolved, error) {
	if len(text) > maxSchemaBytes {
		return nil, argument(fmt.Sprintf("json_schema has %d bytes; at most %d are taken", len(text), maxSchemaBytes), "simplify it")
	}
	var tree any
	var s jsonschema.Schema
	if json.Unmarshal(text, &tree) == nil && refers(tree) {
		return nil, argument("json_schema has a $ref, which is not taken", "write out what it refers to")
	}
	err := json.Unmarshal(text, &s)
	if err == nil {
		var r *jsonschema.Resolved
		if r, err = s.Resolve(nil); err == nil {
			return r, nil
		}
	}
	return nil, argument("json_schema is not a JSON Schema: "+clip(err.Error()), "")
}

func refers(v any) bool {
	switch v := v.(type) {
	case []any:
		return slices.ContainsFunc(v, refers)
	case map[string]any:
		for key, value := range v {
			if strings.HasSuffix(strings.ToLower(key), "ref") && strings.HasPrefix(key, "$") || refers(value) {
				return true
			}
		}
	}
	return false
}

// read takes the answer out of a response.
func read(response openai.ChatCompletionResponse, answer *jsonschema.Resolved) (json.RawMessage, error) {
	if len(response.Choices) == 0 {
		return nil, failure("the model's server sent no answer", "ask again")
	}
	choice := response.Choices[0]
	text := choice.Message.Content
	switch {
	case choice.Message.Refusal != "":
		return nil, failure("the model refused to answer: "+clip(choice.Message.Refusal), "ask in another way")
	case choice.FinishReason == openai.FinishReasonContentFilter:
		return nil, failure("the model's server withheld the answer (content filter)", "ask in another way")
	case choice.FinishReason == openai.FinishReasonLength:
		return nil, failure("the answer was cut off at max_tokens; it begins: "+clip(text), "ask for a shorter answer, or raise max_tokens")
	case answer == nil:
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		err := e.Encode(text)
		return bytes.TrimSpace(b.Bytes()), err
	}
	value := json.RawMessage(unfence(text))
	var v any
	if err := json.Unmarshal(value, &v); err != nil {
		return nil, failure("the model's answer is not JSON: "+clip(text), "ask again, or with a simpler json_schema")
	}
	if err := answer.Validate(v); err != nil {
		return nil, failure("the model's answer is not what json_schema says: "+clip(err.Error()), "ask again, or with a simpler json_schema")
	}
	return value, nil
}

// unfence removes the Markdown fence that models without structured answers put around JSON.
func unfence(text string) string {
	text = strings.TrimSpace(text)
	if rest, ok := strings.CutPrefix(text, "```"); ok {
		if _, body, ok := strings.Cut(rest, "\n"); ok {
			return strings.TrimSpace(strings.TrimSuffix(body, "```"))
		}
	}
	return text
}

// explain is an error that a program can act on, and that names neither the server nor the key.
func (l *LLM) explain(ctx context.Context, model string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	status, message := statusOf(err)
	switch {
	case status == 0:
		return failure("the model's server could not be reached, or its answer could not be read", "try again later, or go on without it")
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return failure("the model's server does not accept the host's key", "go on without it; only the host's owner can see to it")
	case status == http.StatusNotFound:
		return failure(fmt.Sprintf("the model's server knows no model %q", clip(model)), "leave the argument model out")
	case status == http.StatusTooManyRequests:
		return failure("the model's server takes no more requests for now", "try again later, with fewer calls side by side")
	case status >= 500:
		return failure(fmt.Sprintf("the model's server failed (HTTP %d), and did so again when it was asked again", status), "try again later, or go on without it")
	}
	return failure(fmt.Sprintf("the model's server refused the request (HTTP %d): %s", status, clip(l.scrub.Replace(message))), "change the arguments as it says")
}

func statusOf(err error) (int, string) {
	var api *openai.APIError
	var raw *openai.RequestError
	switch {
	case errors.As(err, &api):
		return api.HTTPStatusCode, api.Message
	case errors.As(err, &raw):
		return raw.HTTPStatusCode, "no reason given"
	}
	return 0, ""
}

// cost is what a call used, in tokens: nothing when the server said that it failed, all that was reserved when nobody knows.
func cost(response openai.ChatCompletionResponse, err error, most int) int {
	status, _ := statusOf(err)
	switch {
	case err != nil && status >= 400:
		return 0
	case err != nil || response.Usage.TotalTokens <= 0:
		return most
	}
	return max(response.Usage.TotalTokens, response.Usage.PromptTokens+response.Usage.CompletionTokens)
}

func failure(message, hint string) error {
	return &hostfuncs.Error{Type: hostfuncs.ToolError, Message: "llm.ask: " + message, Hint: hint}
}

func argument(message, hint string) error {
	return &hostfuncs.Error{Type: hostfuncs.ArgumentError, Message: "llm.ask: " + message, Hint: hint}
}

func clip(s string) string {
	const most = 500
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}
