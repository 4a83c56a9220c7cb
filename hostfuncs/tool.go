package hostfuncs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/google/jsonschema-go/jsonschema"

	"wand/policies"
)

// Definition is one tool: a function of the host that a program may call by name when a policy allows it. Tool makes one from a typed Go
// function, Dynamic from a schema; the fields can be changed until it is registered.
type Definition struct {
	// Name is what programs and policies call it: letters, digits and _, in parts separated by dots, such as kv.get.
	Name string
	// Doc says what the tool does, for the model that reads it. The first line is its summary.
	Doc string
	// Input is the schema of the arguments, an object whose PropertyOrder is the order of arguments by position. Output is that of the result;
	// nil takes anything.
	Input, Output *jsonschema.Schema
	// Effect is what a call does to the world. The zero value is the most careful one.
	Effect Effect
	// EffectOf says it of one call, where that depends on the arguments. Default: Effect.
	EffectOf func(args json.RawMessage) Effect
	// Starts says that a call runs a program, whose own calls are decided and take effect by themselves: Effect is not theirs.
	Starts bool
	// Timeout ends a call that takes too long. Default 30 s. A run's deadline ends it in any case.
	Timeout time.Duration
	// MaxArgs and MaxResult bound the JSON of the arguments and of the result, in bytes. Default 1 MiB and 16 MiB.
	MaxArgs, MaxResult int64
	// MaxCalls is how many calls one run may make. Default 0: as many as its limits allow.
	MaxCalls int
	// Rate is how many calls one run may make in a span of time. Zero: as many as it likes.
	Rate policies.Rate
	// Requests says what a call asks of the policy; all requests must be allowed. args are valid. Default: the tool's name as action on the
	// resource Tool of that name, with the arguments as context.args. An error refuses the call.
	Requests func(args json.RawMessage) ([]policies.Request, error)
	// Actions are those that Requests asks about, so that a program hears of the tool when its policy can grant one of them. Default: the tool's name;
	// a tool with Requests and without Actions is always heard of. What a call may do, Requests alone decides.
	Actions []policies.Action
	// Loose takes a schema from outside (an MCP server) as it is: what cannot be checked, such as a pattern that is no RE2, is left to the tool.
	// Without it such a schema is an error of NewRegistry.
	Loose bool
	// Preview says in one sentence what a call would do, for dry runs and for who is asked to approve it. Default: the call itself.
	Preview func(args json.RawMessage) string
	// Call does it. args are valid for Input, with defaults filled in. It must return when ctx is done; who waits does not wait longer. The
	// error's text is for the model: it names nothing of the host. An *Error carries a type and a hint too.
	Call func(ctx context.Context, args json.RawMessage) (json.RawMessage, error)

	typed bool  // made by Tool
	err   error // why Tool or Dynamic could not make it
}

// Effect is what calling a tool does to the world outside the run.
type Effect uint8

// Effects.
const (
	Destructive Effect = iota // changes something; a dry run does not call it
	Idempotent                // changes something, twice is the same as once; a dry run does not call it
	ReadOnly                  // changes nothing
)

// String returns destructive, idempotent or read-only.
func (e Effect) String() string {
	switch e {
	case ReadOnly:
		return "read-only"
	case Idempotent:
		return "idempotent"
	}
	return "destructive"
}

// Tool makes a tool of a Go function. In must be a struct: its fields are the arguments, by their json names and in their order. What can be
// said of an argument stands in tags: jsonschema:"its description", enum:"a,b,c", default:"10" (JSON, or a bare word for strings), minimum:"1", maximum:"5",
// pattern:"^[a-z]+$", minLength:"1", maxLength:"80"; omitempty and a default make it optional. What is wrong with the types is an error of NewRegistry.
// A nil slice or map in Out is an empty one for the program.
//
//	hostfuncs.Tool("search", "Searches the catalogue.", func(ctx context.Context, in struct {
//		Query string `json:"query" jsonschema:"words to look for"`
//		Limit int    `json:"limit" default:"10" maximum:"50"`
//	}) ([]Book, error) { ... })
func Tool[In, Out any](name, doc string, fn func(ctx context.Context, in In) (Out, error)) *Definition {
	d := &Definition{Name: name, Doc: doc, typed: true}
	var errs [2]error
	d.Input, errs[0] = schemaOf[In]()
	d.Output, errs[1] = schemaOf[Out]()
	if errs[0] == nil && d.Input.Type != "object" {
		errs[0] = errors.New("it must be a struct")
	}
	for i, what := range []string{"the type of its arguments", "the type of its result"} {
		if errs[i] != nil {
			errs[i] = fmt.Errorf("%s: %w", what, errs[i])
		}
	}
	d.err = errors.Join(errs[:]...)
	d.Call = func(ctx context.Context, args json.RawMessage) (json.RawMessage, error) {
		var in In
		if err := json.Unmarshal(args, &in); err != nil {
			return nil, unfit(err)
		}
		out, err := fn(ctx, in)
		if err != nil {
			return nil, err
		}
		most := int64(defaultResult)
		if c := callOf(ctx); c != nil {
			most = c.tool.maxResult()
		}
		return encodeAtMost(out, most)
	}
	return d
}

// unfit says in words which argument does not go into its Go type, which a schema cannot always say.
func unfit(err error) *Error {
	var e *Error
	var wrongType *json.UnmarshalTypeError
	switch {
	case errors.As(err, &e):
		return e
	case errors.As(err, &wrongType) && wrongType.Field != "":
		return &Error{Type: ArgumentError, Message: "argument " + wrongType.Field + " cannot be " + describeKind(wrongType.Value)}
	}
	return &Error{Type: ArgumentError, Message: "the arguments do not fit: " + err.Error()}
}

// describeKind is what encoding/json calls a value, as a program's author would.
func describeKind(value string) string {
	if number, ok := strings.CutPrefix(value, "number "); ok {
		return clip(number, 40) + ": it is out of range"
	}
	return map[string]string{"string": "a string", "bool": "true or false", "array": "a list", "object": "an object", "number": "that number"}[value]
}

// Dynamic makes a tool of a JSON Schema for its arguments and a function. The function gets the arguments as the program sent them, which may be more than the
// schema lists unless it says "additionalProperties": false.
func Dynamic(name, doc string, schema json.RawMessage, call func(ctx context.Context, args json.RawMessage) (json.RawMessage, error)) *Definition {
	d := &Definition{Name: name, Doc: doc, Call: call}
	if d.Input, d.err = ParseSchema(schema); d.err != nil {
		d.err = fmt.Errorf("the schema of its arguments %w", d.err)
	}
	return d
}

// ParseSchema reads a JSON Schema, of drafts 7 or 2020-12, and keeps the order of its properties. It does not trust the text.
func ParseSchema(text json.RawMessage) (*jsonschema.Schema, error) {
	switch {
	case len(text) > maxSchema:
		return nil, fmt.Errorf("has %d bytes; at most %d are taken", len(text), maxSchema)
	case !json.Valid(text):
		return nil, errors.New("is not JSON")
	case JSONDepth(text) > 3*maxSchemaDepth:
		return nil, fmt.Errorf("nests deeper than %d levels", 3*maxSchemaDepth)
	}
	s := &jsonschema.Schema{}
	if err := json.Unmarshal(text, s); err != nil {
		return nil, fmt.Errorf("is not a JSON Schema: %w", err)
	}
	s.PropertyOrder = propertyOrder(text)
	return s, nil
}

// encode is a value as JSON, without escapes that only HTML needs.
func encode(v any) (json.RawMessage, error) { return encodeAtMost(v, math.MaxInt64) }

// encodeAtMost is encode for a result, which is not copied when it is too large.
func encodeAtMost(v any, most int64) (json.RawMessage, error) {
	w := boundedWriter{most: most}
	e := json.NewEncoder(&w)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		var tooLarge *Error
		if errors.As(err, &tooLarge) {
			return nil, tooLarge
		}
		var odd *json.UnsupportedValueError
		if errors.As(err, &odd) {
			return nil, fmt.Errorf("the result holds %s, which JSON has no value for", odd.Str)
		}
		var inner *json.MarshalerError
		if errors.As(err, &inner) {
			err = inner.Err
		}
		return nil, fmt.Errorf("the result cannot be written as JSON: %w", err)
	}
	return w.text, nil
}

// boundedWriter keeps what an encoder writes, which is everything at once, unless it is too much.
type boundedWriter struct {
	most int64
	text []byte
}

func (w *boundedWriter) Write(p []byte) (int, error) {
	text := bytes.TrimSuffix(p, []byte("\n"))
	if int64(len(text)) > w.most {
		return 0, tooLarge(int64(len(text)), w.most)
	}
	w.text = bytes.Clone(text)
	return len(p), nil
}

// tooLarge is the error of a call whose result is.
func tooLarge(size, most int64) *Error {
	return &Error{Type: ToolError, Message: fmt.Sprintf("the result has %d bytes; at most %d are passed on", size, most), Hint: "ask for less at a time"}
}

// maxArgs and maxResult are the bounds that hold.
func (t *tool) maxArgs() int64 {
	if t.MaxArgs > 0 {
		return t.MaxArgs
	}
	return defaultArgs
}

func (t *tool) maxResult() int64 {
	if t.MaxResult > 0 {
		return t.MaxResult
	}
	return defaultResult
}

// Types of error as a program sees them. Guests turn each into an exception of their language (modules/ABI.md).
const (
	PermissionError = "PermissionError" // a policy or a person refused
	ArgumentError   = "ArgumentError"   // no such argument, wrong type, too large
	TimeoutError    = "TimeoutError"    // the tool took longer than it may
	ToolError       = "ToolError"       // anything else that went wrong
)

// Error is a failed call as the program sees it.
type Error struct {
	Type    string `json:"type"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

// Error implements error.
func (e *Error) Error() string { return e.Message }

// ErrSuspend is what a tool or an Approver returns when the answer is not there yet.
var ErrSuspend = errors.New("the answer is not there yet")

// failure is any error of a tool as an Error.
func failure(err error) *Error {
	var e *Error
	switch {
	case errors.As(err, &e) && e != nil:
		if e.Type == "" {
			return &Error{Type: ToolError, Message: e.Message, Hint: e.Hint}
		}
		return e
	case errors.Is(err, context.DeadlineExceeded):
		return &Error{Type: TimeoutError, Message: err.Error()}
	}
	return &Error{Type: ToolError, Message: err.Error()}
}
