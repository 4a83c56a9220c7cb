package compiler

import (
	"context"
	"errors"
	"fmt"

	"wand/compiler/wasm"
)

// wasm accepts a WebAssembly binary: it is decoded and validated whole, and refused by feature and offset when it needs something that
// is not on the list.
func (c *Compiler) wasm(ctx context.Context, name string, text []byte) (*Module, []Diagnostic, error) {
	limit := defaulted(c.MaxWasm, DefaultMaxWasm)
	switch {
	case len(text) == 0:
		return nil, nil, &InputError{Reason: ErrEmpty, Name: name, Detail: "there is no module in it"}
	case len(text) > limit:
		return nil, nil, tooLarge(name, "WebAssembly", len(text), limit)
	}
	if name == "" {
		name = defaultName(Wasm, "")
	}
	if !isWasm(text) {
		hint := "compile the program to a .wasm file first"
		return nil, []Diagnostic{{Severity: SeverityError, Type: "CompileError", File: name, Hint: hint,
			Message: `this is no WebAssembly binary: it does not start with the magic number \0asm`}}, nil
	}
	if _, err := wasm.Decode(text, wasm.Limits{ModuleBytes: limit}); err != nil {
		var refused *wasm.Error
		if !errors.As(err, &refused) {
			return nil, nil, fmt.Errorf("decode %s: %w", name, err)
		}
		return nil, []Diagnostic{refusal(name, refused)}, nil
	}
	// The decoder may be slow for the largest modules; do not go on for a caller who has left.
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	return &Module{Name: name, Language: Wasm, Wasm: text, Digest: digest(text)}, nil, nil
}

func refusal(name string, e *wasm.Error) Diagnostic {
	d := Diagnostic{Severity: SeverityError, Type: "CompileError", File: name, Offset: e.Offset,
		Message: fmt.Sprintf("%s (offset %#x)", e.Message, e.Offset)}
	switch e.Feature {
	case "":
		d.Hint = "the module is malformed; build it again"
	case wasm.FeatureLimit:
		d.Hint = "the module is larger than a program needs to be"
	default:
		d.Type = "Unsupported"
		d.Message = fmt.Sprintf("%s is not supported: %s", e.Feature, d.Message)
		d.Hint = "build the module without " + e.Feature
	}
	return d
}
