package hostfuncs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
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
	// Preview says in one sentence what a call would do, for dry runs and for who is asked to approve it. Default: the call itself.
	Preview func(args json.RawMessage) string
	// Call does it. args are valid for Input, with defaults filled in. It must return when ctx is done; who waits does not wait longer. The
	// error's text is for the model: it names nothing of the host. An *Error carries a type and a hint too.
	Call func(ctx context.Context, args json.RawMessage) (json.RawMessage, error)

	err error // why Tool or Dynamic could not make it
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
// said of an argument stands in tags: jsonschema:"its description", enum:"a,b,c", default:"10" (JSON, or a bare word for strings), minimum:"1", maximum:"5";
// omitempty and a default make it optional. What is wrong with the types is an error of NewRegistry.
//
//	hostfuncs.Tool("search", "Searches the catalogue.", func(ctx context.Context, in struct {
//		Query string `json:"query" jsonschema:"words to look for"`
//		Limit int    `json:"limit" default:"10" maximum:"50"`
//	}) ([]Book, error) { ... })
func Tool[In, Out any](name, doc string, fn func(ctx context.Context, in In) (Out, error)) *Definition {
	d := &Definition{Name: name, Doc: doc}
	var errs [2]error
	d.Input, errs[0] = schemaOf[In]()
	d.Output, errs[1] = schemaOf[Out]()
	if errs[0] == nil && d.Input.Type != "object" {
		errs[0] = fmt.Errorf("its arguments must be a struct")
	}
	d.err = errors.Join(errs[0], errs[1])
	d.Call = func(ctx context.Context, args json.RawMessage) (json.RawMessage, error) {
		var in In
		decoder := json.NewDecoder(bytes.NewReader(args))
		if err := decoder.Decode(&in); err != nil {
			return nil, &Error{Type: ArgumentError, Message: "the arguments do not fit: " + err.Error()}
		}
		out, err := fn(ctx, in)
		if err != nil {
			return nil, err
		}
		return encode(out)
	}
	return d
}

// Dynamic makes a tool of a JSON Schema for its arguments and a function.
func Dynamic(name, doc string, schema json.RawMessage, call func(ctx context.Context, args json.RawMessage) (json.RawMessage, error)) *Definition {
	d := &Definition{Name: name, Doc: doc, Call: call, Input: &jsonschema.Schema{}}
	d.err = json.Unmarshal(schema, d.Input)
	if d.err == nil {
		d.Input.PropertyOrder = propertyOrder(schema)
	}
	return d
}

// encode is a result as JSON, without escapes that only HTML needs.
func encode(v any) (json.RawMessage, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("the tool's result cannot be written as JSON: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
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
	case errors.As(err, &e):
		return e
	case errors.Is(err, context.DeadlineExceeded):
		return &Error{Type: TimeoutError, Message: err.Error()}
	}
	return &Error{Type: ToolError, Message: err.Error()}
}
