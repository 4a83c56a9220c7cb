package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"

	"wand/compiler"
	"wand/policies"
)

// policyFinding is what is wrong with a policy, a stable contract in JSON. Lines and columns count from 1 and are absent where there is no text.
type policyFinding struct {
	Severity compiler.Severity `json:"severity"`
	File     string            `json:"file,omitempty"`
	Line     int               `json:"line,omitempty"`
	Column   int               `json:"column,omitempty"`
	Path     string            `json:"path,omitempty"` // place in the document: network[0].methods
	Message  string            `json:"message"`
	Hint     string            `json:"hint,omitempty"`
	Text     string            `json:"text,omitempty"` // the line
}

func policyFindings(severity compiler.Severity, list []policies.Finding) []policyFinding {
	found := make([]policyFinding, 0, len(list))
	for _, f := range list {
		found = append(found, policyFinding{severity, f.File, f.Line, f.Column, f.Path, f.Message, f.Hint, f.Text})
	}
	return found
}

// findingsOf takes an error of the package policies apart. It returns nil for any other error.
func findingsOf(err error) []policyFinding {
	var wrong *policies.Error
	if !errors.As(err, &wrong) {
		return nil
	}
	found := policyFindings(compiler.SeverityError, wrong.Findings)
	if wrong.More > 0 {
		found = append(found, policyFinding{Severity: compiler.SeverityError, Message: fmt.Sprintf("and %d more", wrong.More)})
	}
	return found
}

// showPolicyFindings prints findings as showDiagnostics does.
func showPolicyFindings(w io.Writer, colourful bool, list []policyFinding) {
	diagnostics := make([]compiler.Diagnostic, 0, len(list))
	for _, f := range list {
		d := compiler.Diagnostic{Severity: f.Severity, Message: f.Message, File: f.File, Line: f.Line, Column: f.Column, Hint: f.Hint}
		if f.Path != "" {
			d.Message = f.Path + ": " + d.Message
		}
		if d.File == "" {
			d.File = "wand"
		}
		// A line that was shortened before its place has nothing to show a caret below.
		if f.Line > 0 && f.Column <= len([]rune(f.Text)) {
			d.LineText = f.Text
		}
		diagnostics = append(diagnostics, d)
	}
	showDiagnostics(w, colourful, diagnostics)
}

// unmet lists what a policy names and this machine has not got: secrets, files, programs. It is no error of the document, which may be meant for
// another machine; but a run under it fails.
func unmet(p *policies.Policy) []policyFinding {
	var list []policyFinding
	add := func(o policies.Origin, path, hint, format string, args ...any) {
		if o.Path != "" {
			path = o.Path
		}
		list = append(list, policyFinding{compiler.SeverityWarning, o.File, o.Line, o.Column, path, fmt.Sprintf(format, args...), hint, o.Text})
	}
	exists := func(o policies.Origin, path, hint, what, name string) {
		if name == "" {
			return
		}
		if _, err := os.Stat(name); err != nil {
			add(o, path, hint, "%s %s is not there", what, name)
		}
	}
	named := namedSecrets(p)
	for _, name := range slices.Sorted(maps.Keys(named)) {
		at := named[name]
		s, said := p.Secrets[name]
		if said {
			at = s.Origin
		}
		path := "secrets." + name
		if s.File != "" {
			exists(at, path, "", "the file of the secret,", s.File)
			continue
		}
		variable := s.Env
		if variable == "" {
			variable = name
		}
		if _, ok := os.LookupEnv(variable); !ok {
			add(at, path, "export "+variable+"=..., or name its place under secrets", "the secret %s has no value: the environment variable %s is not set", name, variable)
		}
	}
	for i, g := range p.Files {
		exists(g.Origin, fmt.Sprintf("files[%d]", i), "make it first; only what is there can be granted", "the host path", g.Host)
	}
	for i, d := range p.Databases {
		exists(d.Origin, fmt.Sprintf("databases[%d]", i), "", "the database file", d.File)
	}
	for i, c := range p.Commands {
		if len(c.Command) > 0 {
			exists(c.Origin, fmt.Sprintf("commands[%d]", i), "", "the program", c.Command[0])
		}
	}
	unmetPackages(p, add)
	if p.MCP != nil {
		exists(p.MCP.Origin, "mcp", "", "the servers file", p.MCP.Servers)
	}
	return list
}

// namedSecrets lists the secrets that grants use, with a place where each is named.
func namedSecrets(p *policies.Policy) map[string]policies.Origin {
	secrets := map[string]policies.Origin{}
	for i := range p.Network {
		for _, template := range p.Network[i].Secrets {
			names, err := policies.SecretNames(template)
			if err != nil {
				continue // Load has said so
			}
			for _, name := range names {
				secrets[name] = p.Network[i].Origin
			}
		}
	}
	if p.LLM != nil && p.LLM.Key != "" {
		secrets[p.LLM.Key] = p.LLM.Origin
	}
	return secrets
}

// unmetError is a run that cannot begin because this machine has not got what its policy names.
type unmetError struct{ findings []policyFinding }

func (e *unmetError) Error() string { return e.findings[0].Message }
