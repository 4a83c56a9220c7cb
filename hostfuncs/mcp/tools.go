package mcp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"wand/hostfuncs"
)

// Bounds of what a server may say about its tools.
const (
	maxTools  = 1000
	maxPages  = 100
	maxDoc    = 8 << 10
	maxSchema = 256 << 10 // bytes of one schema
	maxTool   = 128       // bytes of a tool's full name
)

// listed is one entry of tools/list.
type listed struct {
	Name         string          `json:"name"`
	Title        string          `json:"title"`
	Description  string          `json:"description"`
	InputSchema  json.RawMessage `json:"inputSchema"`
	OutputSchema json.RawMessage `json:"outputSchema"`
	Annotations  struct {
		ReadOnlyHint    bool  `json:"readOnlyHint"`
		DestructiveHint *bool `json:"destructiveHint"`
		IdempotentHint  bool  `json:"idempotentHint"`
	} `json:"annotations"`
}

// list asks a server for its tools. ok is false when the SDK knows from the server that the last answer still holds.
func (n *session) list(ctx context.Context) (tools []listed, ok bool, err error) {
	cursor := ""
	for page := 0; ; page++ {
		if page == maxPages {
			return nil, false, fmt.Errorf("it lists its tools on more than %d pages", maxPages)
		}
		s := &slot{}
		answer, err := n.client.ListTools(context.WithValue(ctx, slotKey{}, s), &mcp.ListToolsParams{Cursor: cursor})
		raw := n.wire.result(s)
		if err != nil {
			return nil, false, fmt.Errorf("it does not list its tools: %w", err)
		}
		if raw == nil {
			return nil, false, nil
		}
		var r struct {
			Tools []listed `json:"tools"`
		}
		if err := json.Unmarshal(raw, &r); err != nil {
			return nil, false, fmt.Errorf("its list of tools is not what the protocol says: %w", err)
		}
		tools = append(tools, r.Tools...)
		if len(tools) > maxTools {
			return nil, false, fmt.Errorf("it has more than %d tools", maxTools)
		}
		if cursor = answer.NextCursor; cursor == "" {
			return tools, true, nil
		}
	}
}

// definitions makes tools of what a server listed. The errors name those that cannot be used.
func (s *server) definitions(tools []listed) ([]*hostfuncs.Definition, []error) {
	var errs []error
	taken := map[string][]string{}
	for _, t := range tools {
		taken[Name(t.Name)] = append(taken[Name(t.Name)], t.Name)
	}
	var list []*hostfuncs.Definition
	for _, t := range tools {
		name := Name(t.Name)
		if same := taken[name]; len(same) > 1 {
			if same[0] == t.Name {
				errs = append(errs, s.problem(fmt.Errorf("the tools %q and %q would both be called %s.%s; neither can be used", clip(same[0], 100), clip(same[1], 100), s.prefix, clip(name, 100))))
			}
			continue
		}
		d, err := s.definition(t)
		if err != nil {
			errs = append(errs, s.problem(fmt.Errorf("the tool %q cannot be used: %w", clip(t.Name, 100), err)))
			continue
		}
		list = append(list, d)
	}
	return list, errs
}

func (s *server) definition(t listed) (*hostfuncs.Definition, error) {
	d := &hostfuncs.Definition{Name: s.prefix + "." + Name(t.Name)}
	if t.Name == "" || len(d.Name) > maxTool {
		return nil, fmt.Errorf("its name is empty or longer than %d bytes", maxTool)
	}
	if d.Doc = clean(t.Description, maxDoc); d.Doc == "" {
		if d.Doc = clean(t.Title, maxDoc); d.Doc == "" {
			d.Doc = clean(t.Name, 200) + " of the server " + clean(s.name, 200)
		}
	}
	var err error
	if d.Input, err = schema(t.InputSchema); err != nil {
		return nil, fmt.Errorf("the schema of its arguments: %w", err)
	}
	if d.Input.Type != "object" {
		return nil, errors.New(`the schema of its arguments does not say "type": "object"`)
	}
	// A schema of the result that cannot be used checks nothing, and takes nothing away.
	if len(t.OutputSchema) > 0 && string(t.OutputSchema) != "null" {
		d.Output, _ = schema(t.OutputSchema)
	}
	switch {
	case t.Annotations.ReadOnlyHint:
		d.Effect = hostfuncs.ReadOnly
	case t.Annotations.IdempotentHint && t.Annotations.DestructiveHint != nil && !*t.Annotations.DestructiveHint:
		d.Effect = hostfuncs.Idempotent
	}
	original, name := t.Name, d.Name
	d.Call = func(ctx context.Context, args json.RawMessage) (json.RawMessage, error) {
		return s.call(ctx, original, name, args)
	}
	return d, nil
}

// schema reads a server's schema and takes out what could hurt whoever checks values by it: recursion without end, alternatives that multiply, patterns of
// any size, references to elsewhere. What is taken out is still checked, by the server.
func schema(text json.RawMessage) (*jsonschema.Schema, error) {
	if len(text) > maxSchema {
		return nil, fmt.Errorf("it is larger than %d bytes", maxSchema)
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, errors.New("it is missing")
	}
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		return nil, errors.New("it is not JSON")
	}
	root, ok := v.(map[string]any)
	if !ok {
		return nil, errors.New("it is not an object")
	}
	s := &sanitizer{root: root, cost: map[string]int{}, open: map[string]bool{}}
	total, err := s.schema(root, 0)
	if err != nil {
		return nil, err
	}
	if total > maxCost {
		return nil, errors.New("its alternatives multiply beyond measure")
	}
	safe, err := json.Marshal(root)
	if err != nil {
		return nil, errors.New("it cannot be written again")
	}
	var out jsonschema.Schema
	if err := json.Unmarshal(safe, &out); err != nil {
		return nil, errors.New(clean(err.Error(), 300))
	}
	if _, err := out.Resolve(nil); err != nil {
		return nil, errors.New(clean(err.Error(), 300))
	}
	out.PropertyOrder = propertyOrder(text)
	return &out, nil
}

// propertyOrder is the order in which the text lists the properties: that of arguments by position.
func propertyOrder(schema json.RawMessage) []string {
	var outer struct {
		Properties json.RawMessage `json:"properties"`
	}
	if json.Unmarshal(schema, &outer) != nil || len(outer.Properties) == 0 {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(outer.Properties))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil
	}
	var names []string
	for d.More() {
		name, err := d.Token()
		var skip json.RawMessage
		if err != nil || d.Decode(&skip) != nil {
			return nil
		}
		if !slices.Contains(names, name.(string)) {
			names = append(names, name.(string))
		}
	}
	return names
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
