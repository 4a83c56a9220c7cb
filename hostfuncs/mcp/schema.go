package mcp

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
)

// Bounds of a schema that is used for checking.
const (
	maxCost        = 20_000 // subschemas that one value is held against, references followed
	maxSchemaDepth = 100
	maxVisits      = 100_000
	maxPattern     = 1000 // bytes of a regular expression
)

// sanitizer goes through a schema as decoded JSON, changes it in place, and counts what checking a value would cost.
type sanitizer struct {
	root map[string]any
	cost map[string]int  // of what a reference leads to
	open map[string]bool // references that are being followed

	visits int
}

// Keywords whose values are schemas, lists of schemas and schemas by name. What no list here has is no schema: it is taken out, or is data.
var (
	oneSchema   = []string{"additionalItems", "additionalProperties", "contains", "contentSchema", "else", "if", "not", "propertyNames", "then", "unevaluatedItems", "unevaluatedProperties"}
	schemaList  = []string{"allOf", "anyOf", "oneOf", "prefixItems"}
	schemaTable = []string{"dependentSchemas", "patternProperties", "properties"}
	definitions = []string{"$defs", "definitions"}
	texts       = []string{"$comment", "description", "title"}
	removed     = []string{"$anchor", "$dynamicAnchor", "$dynamicRef", "$recursiveAnchor", "$recursiveRef", "$vocabulary", "$id", "id"}
	structure   = slices.Concat(oneSchema, schemaList, schemaTable, definitions, removed, []string{"$ref", "$schema", "dependencies", "items", "pattern"})
)

// schema cleans one schema and returns how many schemas a value is held against, itself included.
func (s *sanitizer) schema(v any, depth int) (int, error) {
	m, ok := v.(map[string]any)
	if !ok {
		if _, ok := v.(bool); ok {
			return 1, nil
		}
		return 0, errors.New("a part of it is neither an object nor true or false")
	}
	if depth > maxSchemaDepth {
		return 0, fmt.Errorf("it is nested deeper than %d levels", maxSchemaDepth)
	}
	if s.visits++; s.visits > maxVisits {
		return 0, errors.New("its references are tangled beyond measure")
	}
	for k := range m {
		// To encoding/json "$reF" is "$ref", to JSON Schema it is nothing.
		if slices.ContainsFunc(structure, func(known string) bool { return k != known && strings.EqualFold(k, known) }) {
			delete(m, k)
		}
	}
	for _, k := range removed {
		delete(m, k)
	}
	for _, k := range texts {
		if text, ok := m[k].(string); ok {
			m[k] = clean(text, maxDoc)
		}
	}
	if version, ok := m["$schema"].(string); ok && (depth > 0 || !strings.Contains(version, "draft-07") && !strings.Contains(version, "2020-12")) {
		delete(m, "$schema") // the validator refuses what it does not know
	}
	if pattern, ok := m["pattern"].(string); ok && !usable(pattern) {
		delete(m, "pattern")
	}
	total := 1
	add := func(v any) error {
		c, err := s.schema(v, depth+1)
		total = plus(total, c)
		return err
	}
	for _, k := range oneSchema {
		if sub, ok := m[k]; ok {
			if err := add(sub); err != nil {
				return 0, err
			}
		}
	}
	lists := schemaList
	if sub, ok := m["items"]; ok {
		if _, ok := sub.([]any); ok {
			lists = append([]string{"items"}, schemaList...)
		} else if err := add(sub); err != nil {
			return 0, err
		}
	}
	for _, k := range lists {
		list, _ := m[k].([]any)
		for _, sub := range list {
			if err := add(sub); err != nil {
				return 0, err
			}
		}
	}
	for _, k := range append([]string{"dependencies"}, schemaTable...) {
		table, _ := m[k].(map[string]any)
		for _, name := range sortedKeys(table) {
			if _, list := table[name].([]any); list && k == "dependencies" {
				continue // names, not schemas
			}
			if k == "patternProperties" && !usable(name) {
				delete(table, name)
				// What it would have matched must not count as unknown.
				delete(m, "additionalProperties")
				delete(m, "unevaluatedProperties")
				continue
			}
			if err := add(table[name]); err != nil {
				return 0, err
			}
		}
	}
	// Definitions cost nothing where they stand, but each must be harmless.
	for _, k := range definitions {
		table, _ := m[k].(map[string]any)
		for _, name := range sortedKeys(table) {
			if _, err := s.schema(table[name], depth+1); err != nil {
				return 0, err
			}
		}
	}
	if ref, has := m["$ref"]; has {
		c, keep, err := s.reference(ref, depth)
		if err != nil {
			return 0, err
		}
		if !keep {
			delete(m, "$ref")
		}
		total = plus(total, c)
	}
	return total, nil
}

// reference follows a $ref. One that leads back to where it came from, however far around, is not kept: its values are not looked into.
func (s *sanitizer) reference(v any, depth int) (cost int, keep bool, err error) {
	ref, _ := v.(string)
	pointer, ok := strings.CutPrefix(ref, "#")
	if !ok || pointer != "" && pointer[0] != '/' {
		return 0, false, nil
	}
	if s.open[pointer] || pointer == "" {
		return 0, false, nil
	}
	if c, known := s.cost[pointer]; known {
		return c, true, nil
	}
	var at any = s.root
	for _, step := range strings.Split(pointer, "/")[1:] {
		step = strings.NewReplacer("~1", "/", "~0", "~").Replace(step)
		m, ok := at.(map[string]any)
		if !ok || strings.Contains(step, "%") {
			return 0, false, nil // into a list, or percent-encoded: rare, and not worth a mistake
		}
		if at, ok = m[step]; !ok {
			return 0, false, nil
		}
	}
	s.open[pointer] = true
	c, err := s.schema(at, depth+1)
	delete(s.open, pointer)
	s.cost[pointer] = c
	return c, true, err
}

func usable(pattern string) bool {
	if len(pattern) > maxPattern {
		return false
	}
	_, err := regexp.Compile(pattern)
	return err == nil
}

func plus(a, b int) int {
	if a > math.MaxInt32-b {
		return math.MaxInt32
	}
	return a + b
}
