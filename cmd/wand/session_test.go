package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/rogpeppe/go-internal/testscript"
)

// sessionsFile is absolute because scripts run in folders of their own.
var sessionsFile = func() string {
	name, err := filepath.Abs("session.schema.json")
	if err != nil {
		panic(err)
	}
	return name
}()

// TestSessionSchema keeps session.schema.json, the published contract, and the Go types one.
func TestSessionSchema(t *testing.T) {
	schema, err := jsonschema.For[sessionList](&jsonschema.ForOptions{TypeSchemas: map[reflect.Type]*jsonschema.Schema{}})
	if err != nil {
		t.Fatal(err)
	}
	schema.Schema, schema.Title = "https://json-schema.org/draft/2020-12/schema", sessionsSchema
	got, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	if *update {
		if err := os.WriteFile(sessionsFile, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(sessionsFile); err != nil || string(got) != string(want) {
		t.Errorf("%v: session.schema.json is not what the types say; if the change is meant: go test ./cmd/wand -run SessionSchema -update", err)
	}
}

// isSessions checks a file against session.schema.json.
func isSessions(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: sessions FILE")
	}
	text, err := os.ReadFile(sessionsFile)
	ts.Check(err)
	var schema jsonschema.Schema
	ts.Check(json.Unmarshal(text, &schema))
	resolved, err := schema.Resolve(nil)
	ts.Check(err)
	var value any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &value))
	if err := resolved.Validate(value); err != nil {
		ts.Fatalf("%v", err)
	}
}
