// Package compiler turns source text that a model wrote into a Module that the runtime can run: it strips a Markdown fence,
// detects the language, translates TypeScript, and decodes, checks and meters WebAssembly. It imports nothing else of ours.
package compiler

import "context"

// Language of a source text.
type Language string

// Languages.
const (
	Python     Language = "python"
	JavaScript Language = "javascript"
	TypeScript Language = "typescript"
	Wasm       Language = "wasm"
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
	Hint      string   `json:"hint,omitempty"`
}

// Module is a compiled program: WebAssembly of its own, or a program for a guest.
type Module struct {
	Name     string   // as Source.Name, or the default
	Language Language // what the model wrote
	// Guest is the name of the interpreter that runs Program ("python", "javascript"); empty when Wasm is set.
	Guest   string
	Program string
	// Wasm is a decoded and checked module, not yet metered.
	Wasm []byte
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

// Checker checks the syntax of a guest program without running it. The runtime is one.
type Checker interface {
	Check(ctx context.Context, module *Module) ([]Diagnostic, error)
}
