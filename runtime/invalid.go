package runtime

import (
	"encoding/hex"

	"wand/compiler"
)

// Limits are those of each turn, with the policy's among them.
func (s *Session) Limits() Limits { return s.limits }

// InvalidReport is the report of a program that never reached the sandbox, because it does not compile: the first error among the findings becomes the
// report's. m may be nil, limits are those that it would have had.
func InvalidReport(m *compiler.Module, limits Limits, findings []compiler.Diagnostic) *Report {
	r := &Report{
		Schema: ReportSchema, ID: newID(), Status: Invalid, Usage: usage(limits), Module: ModuleInfo{Engine: "none"},
		Replay: Replay{Seed: hex.EncodeToString(make([]byte, 32)), Clock: "real"},
	}
	if m != nil {
		r.Module.Language, r.Module.Digest, r.Module.Toolchain = string(m.Language), m.Digest, m.Toolchain
	}
	for _, d := range findings {
		switch {
		case d.Severity == compiler.SeverityWarning:
			r.Warnings = append(r.Warnings, Warning{Message: d.Message, Line: d.Line})
		case r.Error == nil:
			r.Error = &Error{Kind: KindSyntax, Type: d.Type, Message: d.Message, Hint: d.Hint}
			if d.Type == "" || d.Type == "Unsupported" {
				r.Error.Kind = KindUnsupported
			}
			if d.Line > 0 {
				r.Error.Location = &Location{File: d.File, Line: d.Line, Column: d.Column, EndColumn: d.EndColumn, LineText: d.LineText}
			}
		}
	}
	if r.Error == nil {
		r.Error = &Error{Kind: KindInternal, Message: "the program was refused without a reason"}
	}
	return r
}
