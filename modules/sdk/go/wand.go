// Package wand is for programs that run inside wand: their input, their tools, their value. It imports only the standard library, and works in a program
// that was compiled for GOOS=wasip1; elsewhere every call is an error.
//
//	var in struct{ N int }
//	wand.Input(&in)
//	sum, err := wand.Call[int]("add", map[string]int{"a": in.N, "b": 2})
//	wand.Result(sum)
package wand

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
)

// Error is how a tool failed, or how the policy refused the call.
type Error struct {
	Type    string `json:"type"`           // PermissionError, ArgumentError, TimeoutError, ToolError
	Message string `json:"message"`        // what was wrong
	Hint    string `json:"hint,omitempty"` // what to do
}

// Error implements error: the message, which the report recognises.
func (e *Error) Error() string { return e.Message }

// Input puts the run's input, which is any JSON value, into v, as json.Unmarshal does. Without an input v stays as it is.
func Input(v any) error {
	text, err := input()
	if err != nil || len(text) == 0 {
		return err
	}
	return json.Unmarshal(text, v)
}

// Call calls a tool and waits for its result. Arguments are a struct or a map by parameter name, or nil. A tool that fails, or that the policy refuses, is an *Error.
func Call[Out any](name string, args any) (Out, error) {
	var out Out
	text, err := arguments(args)
	if err != nil {
		return out, err
	}
	answer, err := call(name, text)
	if err != nil {
		return out, err
	}
	return outcome[Out](answer)
}

// Must is the value of a call that has to succeed: when it did not, the program ends with its error.
//
//	sum := wand.Must(wand.Call[int]("add", args))
func Must[Out any](out Out, err error) Out {
	if err != nil {
		fail(err, 2)
	}
	return out
}

// Pending is a call that is under way beside the program.
type Pending[Out any] struct {
	number int32
	err    error
}

// Start begins a call and returns at once, so that several take as long as the slowest of them.
func Start[Out any](name string, args any) *Pending[Out] {
	text, err := arguments(args)
	if err != nil {
		return &Pending[Out]{err: err}
	}
	number, err := start(name, text)
	return &Pending[Out]{number, err}
}

// Wait waits until the call has ended and returns what came of it.
func (p *Pending[Out]) Wait() (Out, error) {
	var out Out
	if p.err != nil {
		return out, p.err
	}
	for {
		if answer, ok := ended[p.number]; ok {
			return outcome[Out](answer)
		}
		number, answer, err := wait()
		if err == nil && number == 0 {
			err = errors.New("wand: no call is under way")
		}
		if err != nil {
			return out, err
		}
		ended[number] = answer
	}
}

// ended holds the answers of started calls that have ended. A program is one thread.
var ended = map[int32][]byte{}

// Result gives the value of the program: anything that encoding/json can write. The last one counts.
func Result(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("the result: %w", err)
	}
	return respond(response{Status: "completed", Result: &result{text}})
}

// Fail ends the program with an error, which becomes the report's, at the line of the call.
func Fail(err error) { fail(err, 2) }

func fail(err error, depth int) {
	said := &failure{Kind: "exception", Type: fmt.Sprintf("%T", err), Message: err.Error()}
	var tool *Error
	if errors.As(err, &tool) {
		said.Type, said.Hint = tool.Type, tool.Hint
	}
	if _, file, line, ok := runtime.Caller(depth); ok {
		said.Location = &location{base(file), line}
		fmt.Fprintf(os.Stderr, "%s:%d: ", base(file), line)
	}
	fmt.Fprintf(os.Stderr, "%s: %s\n", said.Type, said.Message)
	respond(response{Status: "failed", Error: said})
	os.Exit(1)
}

// base is the last part of a path.
func base(path string) string {
	for i := len(path) - 1; i >= 0; i-- {
		if path[i] == '/' {
			return path[i+1:]
		}
	}
	return path
}

// What the import respond takes.
type (
	response struct {
		Status string   `json:"status"`
		Result *result  `json:"result,omitempty"`
		Error  *failure `json:"error,omitempty"`
	}
	result struct {
		Value json.RawMessage `json:"value"`
	}
	failure struct {
		Kind     string    `json:"kind"`
		Type     string    `json:"type"`
		Message  string    `json:"message"`
		Hint     string    `json:"hint,omitempty"`
		Location *location `json:"location,omitempty"`
	}
	location struct {
		File string `json:"file"`
		Line int    `json:"line"`
	}
)

func respond(r response) error {
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return deliver(text)
}

func arguments(args any) ([]byte, error) {
	if args == nil {
		return []byte("{}"), nil
	}
	text, err := json.Marshal(args)
	if err != nil {
		return nil, fmt.Errorf("the arguments: %w", err)
	}
	return text, nil
}

// outcome is what came of a call.
func outcome[Out any](answer []byte) (Out, error) {
	var out Out
	var a struct {
		OK    json.RawMessage `json:"ok"`
		Error *Error          `json:"error"`
	}
	if err := json.Unmarshal(answer, &a); err != nil {
		return out, fmt.Errorf("the answer of the tool: %w", err)
	}
	if a.Error != nil {
		return out, a.Error
	}
	if err := json.Unmarshal(a.OK, &out); err != nil {
		return out, fmt.Errorf("the result of the tool is no %T: %w", out, err)
	}
	return out, nil
}
