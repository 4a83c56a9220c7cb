package policies

import (
	"fmt"
	"maps"
	"reflect"
)

// Case is one request with the answer that a policy should give: an entry of a cases file.
type Case struct {
	Name    string         `yaml:"name" doc:"What the case shows."`
	Tool    string         `yaml:"tool" required:"true" doc:"Name of the tool: http, fs.read, mail.send."`
	Args    map[string]any `yaml:"args" doc:"Arguments of the call."`
	Context map[string]any `yaml:"context" doc:"What the tool would add to the context: {private: true}."`
	Agent   string         `yaml:"agent" doc:"Who asks. Default run."`
	Expect  string         `yaml:"expect" required:"true" enum:"allow|deny|approve" doc:"The answer: allow, deny, or approve (allowed once somebody agrees)."`
	Rule    string         `yaml:"rule" doc:"The rule that has to decide; anything by default."`
	Origin  Origin         `yaml:"-"`
}

type caseFile struct {
	Cases []Case `yaml:"cases" required:"true" doc:"The cases."`
}

// CaseResult is what a policy answered to a case.
type CaseResult struct {
	Case     Case
	Request  Request
	Decision Decision
	// OK says that the answer was the expected one; Message, otherwise, what was different.
	OK      bool
	Message string
}

// ParseCases reads a cases file. name is for messages. The error is an *Error.
func ParseCases(name string, text []byte) ([]Case, error) {
	if len(text) > MaxDocument {
		return nil, &Error{Findings: []Finding{{File: name, Message: "the file is larger than 1 MiB"}}}
	}
	d := &decoder{src: newSource(name, text), where: map[string]Origin{}}
	var file caseFile
	if root := d.readTree(text); root != nil {
		d.decode(root, reflect.ValueOf(&file).Elem(), "")
	}
	return file.Cases, d.err()
}

// LoadCases reads a cases file from the host.
func LoadCases(path string) ([]Case, error) {
	text, err := readFile(path, MaxDocument)
	if err != nil {
		return nil, &Error{Findings: []Finding{{File: path, Message: "the cases cannot be read: " + err.Error()}}}
	}
	return ParseCases(path, text)
}

// Test asks the engine every case.
func Test(e *Engine, cases []Case) []CaseResult {
	results := make([]CaseResult, len(cases))
	for i, c := range cases {
		result := CaseResult{Case: c}
		r, err := NewRequest(c.Tool, c.Args)
		if err != nil {
			result.Message = "the request cannot be made: " + err.Error()
			results[i] = result
			continue
		}
		r.Principal = c.Agent
		maps.Copy(r.Context, c.Context)
		d := e.Decide(r)
		result.Request, result.Decision = r, d
		got := "deny"
		if d.Allowed {
			got = "allow"
			for _, t := range d.Terms {
				if t.Approve {
					got = "approve"
				}
			}
		}
		switch {
		case got != c.Expect:
			result.Message = fmt.Sprintf("expected %s, is %s by %s: %s", c.Expect, got, d.Rule, d.Reason)
		case c.Rule != "" && c.Rule != d.Rule:
			result.Message = fmt.Sprintf("expected the rule %s, is %s", c.Rule, d.Rule)
		default:
			result.OK = true
		}
		results[i] = result
	}
	return results
}
