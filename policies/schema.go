package policies

import (
	_ "embed"
	"encoding/json"
	"reflect"
	"strings"

	"wand/policies/units"
)

//go:embed policy.schema.json
var schemaText []byte

// Schema returns the JSON Schema (2020-12) of the document, for editors. It says form, not meaning: Parse says both.
func Schema() []byte { return append([]byte(nil), schemaText...) }

// makeSchema derives the schema from the types that the decoder reads. A test keeps policy.schema.json equal to it.
func makeSchema() []byte {
	root := schemaOf(reflect.TypeFor[Policy]())
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["$id"] = "https://wand.invalid/policy.schema.json"
	root["title"] = "wand policy"
	text, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		panic(err) // maps of texts always marshal
	}
	return append(text, '\n')
}

func schemaOf(t reflect.Type) map[string]any {
	quantity := func(examples ...any) map[string]any {
		return map[string]any{"type": []string{"string", "number"}, "examples": examples}
	}
	switch reflect.New(t).Elem().Interface().(type) {
	case units.Bytes:
		return quantity("64MiB", 65536)
	case units.Count:
		return quantity("20G", 1000)
	case units.Duration:
		return quantity("5s", "500ms", 30)
	case units.Rate:
		return map[string]any{"type": "string", "pattern": "/", "examples": []any{"10/1m"}}
	case EnvironmentGrant:
		return map[string]any{"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*(=.*)?$"}
	case PackageGrant:
		return map[string]any{"type": "string", "minLength": 1, "examples": []any{"sympy", "networkx>=3"}}
	case CedarFile:
		return map[string]any{"type": "string", "minLength": 1}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return schemaOf(t.Elem())
	case reflect.Struct:
		properties, required := map[string]any{}, []string{}
		for _, f := range reflect.VisibleFields(t) {
			key := f.Tag.Get("yaml")
			if key == "" || key == "-" {
				continue
			}
			s := schemaOf(f.Type)
			if doc := f.Tag.Get("doc"); doc != "" {
				s["description"] = doc
			}
			if options := f.Tag.Get("enum"); options != "" {
				target := s
				if f.Type.Kind() == reflect.Slice {
					target = s["items"].(map[string]any)
				}
				target["enum"] = strings.Split(options, "|")
			}
			if f.Tag.Get("required") != "" {
				required = append(required, key)
			}
			properties[key] = s
		}
		s := map[string]any{"type": "object", "properties": properties, "additionalProperties": false}
		if len(required) > 0 {
			s["required"] = required
		}
		if t == reflect.TypeFor[Policy]() {
			properties["version"].(map[string]any)["const"] = 1
		}
		return s
	case reflect.Slice:
		return map[string]any{"type": "array", "items": schemaOf(t.Elem())}
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": schemaOf(t.Elem())}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int:
		return map[string]any{"type": "integer"}
	case reflect.Float64:
		return map[string]any{"type": "number"}
	}
	return map[string]any{"type": "string"}
}
