package compiler

import (
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// typescript translates a program to JavaScript: types go, everything else stays as it is written, top-level await, imports and exports
// included. Enums, namespaces, parameter properties and decorators become what ES2023 has. Names need no help, because nothing is
// renamed; nothing is dropped as unused except imports of types, so that the value of the last expression survives.
//
// The lines of the translation are those of the original (see align). An error is a failure of ours, or ctx's: the translator cannot be
// cancelled, so it then goes on for a while with nobody waiting. What it may cost is bounded by tooDeep and by MaxTypeScript.
func typescript(ctx context.Context, name, text string) (program string, m *SourceMap, diagnostics []Diagnostic, err error) {
	if d := tooDeep(name, text); d != nil {
		return "", nil, []Diagnostic{*d}, nil
	}
	loader := api.LoaderTS
	if ext := strings.ToLower(path.Ext(name)); ext == ".tsx" || ext == ".jsx" {
		loader = api.LoaderTSX
	}
	ready := make(chan api.TransformResult, 1)
	go func() { ready <- transform(name, text, loader, api.SourceMapExternal) }()
	var result api.TransformResult
	select {
	case result = <-ready:
	case <-ctx.Done():
		return "", nil, nil, ctx.Err()
	}
	diagnostics = append(messages(SeverityError, name, text, result.Errors), messages(SeverityWarning, name, text, result.Warnings)...)
	if len(result.Errors) > 0 {
		return "", nil, diagnostics, nil
	}
	mappings, err := readMappings(result.Map)
	if err != nil {
		return "", nil, diagnostics, fmt.Errorf("translate %s: %w", name, err)
	}
	program, mappings = align(string(result.Code), mappings)
	return program, &SourceMap{generated: program, original: text, mappings: mappings}, diagnostics, nil
}

func transform(name, text string, loader api.Loader, sourcemap api.SourceMap) api.TransformResult {
	return api.Transform(text, api.TransformOptions{
		Loader:         loader,
		Sourcefile:     name,
		Target:         api.ES2023,
		Charset:        api.CharsetUTF8,
		Sourcemap:      sourcemap,
		SourcesContent: api.SourcesContentExclude,
		TreeShaking:    api.TreeShakingFalse,
		// A comment could swallow what align puts behind it.
		LegalComments: api.LegalCommentsNone,
		LogLevel:      api.LogLevelSilent,
		LogLimit:      20,
		// An empty configuration: none of the host's tsconfig.json files is looked for.
		TsconfigRaw: "{}",
	})
}

// maxMessages bounds the findings of one severity: the first few say what is wrong, and each costs a search for its line.
const maxMessages = 10

// messages turns esbuild's findings into ours.
func messages(severity Severity, name, text string, list []api.Message) []Diagnostic {
	var out []Diagnostic
	for _, m := range list[:min(len(list), maxMessages)] {
		d := Diagnostic{Severity: severity, Message: m.Text, File: name}
		if severity == SeverityError {
			d.Type = "SyntaxError"
		}
		if l := m.Location; l != nil {
			whole, _ := lineOf(text, l.Line)
			d.Line, d.Column = l.Line, byteColumn(whole, l.Column)
			d.LineText = LineText(text, l.Line)
			if l.Length > 0 {
				d.EndColumn = byteColumn(whole, l.Column+l.Length)
			}
			if l.Suggestion != "" {
				d.Hint = fmt.Sprintf("use %s instead", l.Suggestion)
			}
		}
		for _, n := range m.Notes {
			if d.Hint == "" && n.Text != "" {
				d.Hint = n.Text
			}
		}
		out = append(out, d)
	}
	return out
}
