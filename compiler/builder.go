package compiler

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"wand/compiler/wasm"
)

// Builder compiles the languages that become WebAssembly of their own. The implementation is wand/compiler/toolchain. It is safe for concurrent use.
type Builder interface {
	// Build compiles one source text to WebAssembly. What is wrong with the program comes back as diagnostics of severity error, and then Build.Wasm is nil;
	// the error is a *MissingToolchainError where this machine lacks the compiler, an *InputError where it has no way to compile the program safely, else a failure
	// of ours. name is the file name that diagnostics carry.
	Build(ctx context.Context, language Language, name, source string) (Build, error)
}

// Build is what a Builder made.
type Build struct {
	// Wasm is the module, with debug information where the compiler makes any; nil when Diagnostics has an error.
	Wasm []byte
	// Diagnostics are positioned in the source text; warnings come with a module as well.
	Diagnostics []Diagnostic
	// Toolchain names the compiler and its version: "clang 20.1.2 (zig 0.15.2)".
	Toolchain string
	// Cached says that the module was built before.
	Cached bool
}

// MissingToolchainError says that a language cannot be compiled on this machine, and what to do about it.
type MissingToolchainError struct {
	Language Language
	// Want is what was looked for, without success: "go on PATH".
	Want []string
	// Install is the one next step.
	Install string
}

// Error implements error.
func (e *MissingToolchainError) Error() string {
	return fmt.Sprintf("no %s compiler: looked for %s; %s", e.Language.Title(), strings.Join(e.Want, ", "), e.Install)
}

// Title is the language's name as people write it: C++, AssemblyScript.
func (l Language) Title() string {
	switch l {
	case Python:
		return "Python"
	case JavaScript:
		return "JavaScript"
	case TypeScript:
		return "TypeScript"
	case Go:
		return "Go"
	case C:
		return "C"
	case Cpp:
		return "C++"
	case Rust:
		return "Rust"
	case AssemblyScript:
		return "AssemblyScript"
	case WAT:
		return "WebAssembly text"
	case Wasm:
		return "WebAssembly"
	}
	return string(l)
}

// Compiled says whether programs of the language become modules of their own, by a compiler of this machine.
func (l Language) Compiled() bool {
	switch l {
	case Go, C, Cpp, Rust, AssemblyScript, WAT:
		return true
	}
	return false
}

// build has the toolchain compile a program and checks what comes out as it would check a module from outside.
func (c *Compiler) build(ctx context.Context, m *Module, diagnostics []Diagnostic) (*Module, []Diagnostic, error) {
	if c.Toolchains == nil {
		return nil, nil, &InputError{Reason: ErrNoToolchains, Name: m.Name, Detail: m.Language.Title() + " has to be compiled, and nothing here does that; Python, JavaScript and TypeScript run as they are"}
	}
	built, err := c.Toolchains.Build(ctx, m.Language, m.Name, m.Source)
	var missing *MissingToolchainError
	var unable *InputError
	switch {
	case errors.As(err, &missing):
		return nil, nil, &InputError{Reason: missing, Name: m.Name}
	case errors.As(err, &unable):
		return nil, nil, unable
	case err != nil:
		return nil, nil, fmt.Errorf("compile %s: %w", m.Name, err)
	}
	m.Toolchain = built.Toolchain
	diagnostics = append(diagnostics, built.Diagnostics...)
	for i := range diagnostics {
		d := &diagnostics[i]
		if d.LineText == "" && d.File == m.Name {
			d.LineText = LineText(m.Source, d.Line)
		}
	}
	if failed(diagnostics) {
		return nil, diagnostics, nil
	}
	limit := defaulted(c.MaxWasm, DefaultMaxWasm)
	if len(built.Wasm) > limit {
		return nil, append(diagnostics, Diagnostic{Severity: SeverityError, Type: "Unsupported", File: m.Name, Hint: "put large data into a file and read it",
			Message: fmt.Sprintf("the compiled module has %d bytes, and the limit is %d", len(built.Wasm), limit)}), nil
	}
	if _, err := wasm.Decode(built.Wasm, wasm.Limits{ModuleBytes: limit}); err != nil {
		var refused *wasm.Error
		if !errors.As(err, &refused) {
			return nil, nil, fmt.Errorf("decode what %s made of %s: %w", built.Toolchain, m.Name, err)
		}
		return nil, append(diagnostics, refusal(m.Name, refused)), nil
	}
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	m.Guest, m.Program, m.Wasm, m.Digest = "", "", built.Wasm, digest(built.Wasm)
	return m, diagnostics, nil
}
