package policies

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/jsonschema-go/jsonschema"
)

var update = flag.Bool("update", false, "write policy.schema.json and golden files anew")

func TestSchemaIsTheTypes(t *testing.T) {
	want := makeSchema()
	if *update {
		if err := os.WriteFile("policy.schema.json", want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(Schema(), want) {
		t.Error("policy.schema.json is not what the types say; run: go test ./policies -run Schema -update")
	}
}

func TestSchemaAgreesWithParse(t *testing.T) {
	var s jsonschema.Schema
	if err := json.Unmarshal(makeSchema(), &s); err != nil {
		t.Fatal(err)
	}
	resolved, err := s.Resolve(nil)
	if err != nil {
		t.Fatal(err)
	}
	check := func(doc string) error {
		var v any
		if err := yaml.Unmarshal([]byte(doc), &v); err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		var plain any
		if err := json.Unmarshal(text, &plain); err != nil {
			t.Fatal(err)
		}
		return resolved.Validate(plain)
	}
	if err := check(string(readmeDocument(t))); err != nil {
		t.Errorf("the README's document: %v", err)
	}
	for _, doc := range []string{
		"version: 2", "name: x", "version: 1\nnetwork: [{methods: [GET]}]", "version: 1\nnetwork: [{host: a.b, metods: [GET]}]",
		"version: 1\nfiles: [{host: ./a, access: all}]", "version: 1\nclock: fast", "version: 1\ntools: kv.*", "version: 1\nlimits: {memory: [1]}",
	} {
		if check(doc) == nil {
			t.Errorf("the schema accepts %q", doc)
		}
		if _, err := Parse("x.yaml", []byte(doc)); err == nil {
			t.Errorf("Parse accepts %q", doc)
		}
	}
}
