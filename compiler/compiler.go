// Package compiler turns source text that a model wrote into a Module that the runtime can run: it strips a Markdown fence,
// detects the language, translates TypeScript, has compiled languages built by a Builder, and decodes and checks WebAssembly. It imports nothing
// else of ours.
package compiler

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// Language of a source text.
type Language string

// Languages.
const (
	Python     Language = "python"
	JavaScript Language = "javascript"
	TypeScript Language = "typescript"
	Wasm       Language = "wasm"

	// Compiled by a toolchain of this machine, to modules of their own.
	Go             Language = "go"
	C              Language = "c"
	Cpp            Language = "c++"
	Rust           Language = "rust"
	AssemblyScript Language = "assemblyscript"
	WAT            Language = "wat"
)

// Source is a program as it came from a model or a file.
type Source struct {
	// Name is a file name; it helps to detect the language and names positions in errors. Default: main with the language's extension.
	Name string
	// Language, or empty to detect it: fence tag, extension, shebang, content, in that order.
	Language Language
	Text     []byte
}

// Severity of a diagnostic.
type Severity string

// Severities.
const (
	SeverityError   Severity = "error"
	SeverityWarning Severity = "warning"
)

// Diagnostic is one finding about a source text; positions are in the text as the model wrote it.
type Diagnostic struct {
	Severity  Severity `json:"severity"`
	Type      string   `json:"type,omitempty"` // the language's own name for it: SyntaxError, IndentationError
	Message   string   `json:"message"`
	File      string   `json:"file"`
	Line      int      `json:"line"`                 // from 1; 0 when unknown
	Column    int      `json:"column"`               // from 1, in code points; 0 when unknown
	EndColumn int      `json:"end_column,omitempty"` // exclusive
	LineText  string   `json:"line_text,omitempty"`
	Offset    int      `json:"offset,omitempty"` // in bytes, of a WebAssembly module
	Hint      string   `json:"hint,omitempty"`
}

// Module is a compiled program: WebAssembly of its own, or a program for a guest.
type Module struct {
	Name     string   // as Source.Name, or the default
	Language Language // what the model wrote
	// Guest is the name of the interpreter that runs Program ("python", "javascript"); empty when Wasm is set.
	Guest   string
	Program string
	// Wasm is a decoded and checked module, not yet metered: what came as WebAssembly, or what a toolchain made of Source.
	Wasm []byte
	// Toolchain names the compiler that made Wasm of Source, with its version; empty when there was none.
	Toolchain string
	// Digest is the SHA-256 of what will run, in hex.
	Digest string
	// SourceMap maps positions in Program back to Source, when they differ (TypeScript).
	SourceMap *SourceMap
	// LineOffset is how many lines the stripped fence took before the program's first line.
	LineOffset int
	// Source is the program as the model wrote it (fence stripped), for line texts in errors.
	Source string
	// Checked says that a Checker has accepted the syntax. A guest checks before it runs in any case.
	Checked bool
}

// Position turns a position in Program, as a guest reports it, into one in Source, with the text of that line. Lines and columns count from
// 1, columns in code points; column 0 is unknown and stays so. A position that no source text stands behind becomes 0, 0 and no text.
func (m *Module) Position(line, column int) (sourceLine, sourceColumn int, lineText string) {
	if m.SourceMap == nil {
		if line < 1 {
			return 0, 0, ""
		}
		return line, column, LineText(m.Source, line)
	}
	l, c, ok := m.SourceMap.Position(line, column)
	if !ok {
		return 0, 0, ""
	}
	return l, c, LineText(m.Source, l)
}

// Lines returns a function that gives the line of the source for a line of the program that runs, or 0: what Position says of lines, at once for many.
func (m *Module) Lines() func(line int) int {
	if m.SourceMap == nil {
		return func(line int) int { return max(line, 0) }
	}
	lines := m.SourceMap.Lines()
	return func(line int) int {
		if line < 1 || line >= len(lines) {
			return 0
		}
		return lines[line]
	}
}

// Checker checks the syntax of a guest program without running it. The runtime is one. Positions in its findings are in module.Program;
// an error means that the check itself failed.
type Checker interface {
	Check(ctx context.Context, module *Module) ([]Diagnostic, error)
}

// Default limits of a Compiler, in bytes. That for TypeScript is low because the translator's time grows with the square of its input when
// the input has very many errors: some ten seconds at this size.
const (
	DefaultMaxSource     = 16 << 20
	DefaultMaxTypeScript = 256 << 10
	DefaultMaxWasm       = 64 << 20
)

// Compiler compiles source texts. The zero value works and checks no guest program's syntax: the guest does when it runs.
// Safe for concurrent use.
type Compiler struct {
	// Checker, when set, checks Python and JavaScript before Compile returns.
	Checker Checker
	// Toolchains, when set, compile the languages that need a compiler of this machine. Without, they are refused with ErrNoToolchains.
	Toolchains Builder
	// MaxSource, MaxTypeScript and MaxWasm are the largest source texts, in bytes. Defaults: 16 MiB, 256 KiB, 64 MiB.
	MaxSource, MaxTypeScript, MaxWasm int
}

// Compile is Compile of a zero Compiler.
func Compile(ctx context.Context, source Source) (*Module, []Diagnostic, error) {
	var c Compiler
	return c.Compile(ctx, source)
}

// Compile turns a source text into a module. What is wrong with the program comes back as diagnostics of severity error, and then
// there is no module; warnings may come with one. An error is an *InputError for a text that is no program, else a failure of ours.
//
// A program inside a Markdown code block is taken out of it: of several blocks the first in the wanted language, else the first tagged
// with a language that we run, else the first without a tag. Lines count from the program's first line; Module.LineOffset gives the
// line in the whole text.
func (c *Compiler) Compile(ctx context.Context, source Source) (*Module, []Diagnostic, error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	name := cleanName(source.Name)
	want := source.Language
	if want != "" {
		var err error
		if want, err = ParseLanguage(string(want)); err != nil {
			err.(*InputError).Name = name
			return nil, nil, err
		}
	}
	if want == Wasm || want == "" && isWasm(source.Text) {
		return c.wasm(ctx, name, source.Text)
	}
	if isWasm(source.Text) {
		return nil, nil, &InputError{Reason: ErrBinary, Name: name, Line: 1, Detail: fmt.Sprintf("this is a WebAssembly module, not %s", want)}
	}
	if limit := defaulted(c.MaxSource, DefaultMaxSource); len(source.Text) > limit {
		return nil, nil, tooLarge(name, "", len(source.Text), limit)
	}
	text, err := normalise(name, source.Text)
	if err != nil {
		return nil, nil, err
	}
	if strings.TrimSpace(text) == "" {
		return nil, nil, &InputError{Reason: ErrEmpty, Name: name, Detail: "there is no program in it"}
	}
	program := stripFence(text, want)
	if strings.TrimSpace(program.text) == "" {
		return nil, nil, &InputError{Reason: ErrEmpty, Name: name, Line: program.lineOffset + 1, Detail: "the code block holds nothing"}
	}
	m := &Module{Name: name, Language: want, LineOffset: program.lineOffset, Source: program.text, Program: program.text}
	if m.Language == "" {
		if m.Language, err = detect(name, program); err != nil {
			return nil, nil, err
		}
	}
	if m.Language == Wasm {
		return nil, nil, &InputError{Reason: ErrNotText, Name: name, Detail: "a WebAssembly module is binary; it cannot stand in a code block"}
	}
	if m.Name == "" {
		m.Name = defaultName(m.Language, program.tag)
	}
	diagnostics := program.warnings
	for i := range diagnostics {
		diagnostics[i].File = m.Name
	}
	if m.Language.Compiled() {
		return c.build(ctx, m, diagnostics)
	}
	m.Guest = string(m.Language)
	if m.Language == TypeScript {
		m.Guest = string(JavaScript)
		if limit := defaulted(c.MaxTypeScript, DefaultMaxTypeScript); len(m.Source) > limit {
			return nil, nil, tooLarge(name, "TypeScript", len(m.Source), limit)
		}
		var found []Diagnostic
		if m.Program, m.SourceMap, found, err = typescript(ctx, m.Name, m.Source); err != nil {
			return nil, nil, err
		}
		diagnostics = append(diagnostics, found...)
		if failed(diagnostics) {
			return nil, diagnostics, nil
		}
	}
	m.Digest = digest([]byte(m.Program))
	if c.Checker != nil {
		found, err := c.Checker.Check(ctx, m)
		if err != nil {
			return nil, diagnostics, fmt.Errorf("check %s: %w", m.Name, err)
		}
		diagnostics = append(diagnostics, m.mapBack(found)...)
		if failed(diagnostics) {
			return nil, diagnostics, nil
		}
		m.Checked = true
	}
	return m, diagnostics, nil
}

// mapBack moves a checker's findings to where the model wrote what they are about.
func (m *Module) mapBack(found []Diagnostic) []Diagnostic {
	for i := range found {
		d := &found[i]
		if d.File == "" {
			d.File = m.Name
		}
		if m.SourceMap == nil {
			if d.LineText == "" {
				d.LineText = LineText(m.Source, d.Line)
			}
			continue
		}
		if d.Line < 1 {
			continue
		}
		length := d.EndColumn - d.Column
		d.Line, d.Column, d.LineText = m.Position(d.Line, d.Column)
		if d.EndColumn > 0 && d.Column > 0 && length > 0 {
			d.EndColumn = d.Column + length
		} else {
			d.EndColumn = 0
		}
	}
	return found
}

func failed(diagnostics []Diagnostic) bool {
	for _, d := range diagnostics {
		if d.Severity == SeverityError {
			return true
		}
	}
	return false
}

func defaultName(l Language, tag string) string {
	switch {
	case l == TypeScript && tag == "tsx":
		return "main.tsx"
	case l == JavaScript && tag == "mjs":
		return "main.mjs"
	case l == Python:
		return "main.py"
	case l == JavaScript:
		return "main.js"
	case l == TypeScript:
		return "main.ts"
	case l == AssemblyScript:
		return "main.as"
	case l == Cpp:
		return "main.cpp"
	case l == Rust:
		return "main.rs"
	case l.Compiled():
		return "main." + string(l)
	}
	return "main.wasm"
}

func defaulted(n, fallback int) int {
	if n > 0 {
		return n
	}
	return fallback
}

func tooLarge(name, what string, size, limit int) *InputError {
	if what != "" {
		what += " of "
	}
	return &InputError{Reason: ErrTooLarge, Name: name, Size: int64(size), Limit: int64(limit),
		Detail: fmt.Sprintf("%s%d bytes, and the limit is %d; put data into a file and read it", what, size, limit)}
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
