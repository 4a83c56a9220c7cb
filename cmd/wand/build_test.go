package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/rogpeppe/go-internal/testscript"

	"wand/runtime"
)

// buildFile is absolute because scripts run in folders of their own.
var buildFile = func() string {
	name, err := filepath.Abs("build.schema.json")
	if err != nil {
		panic(err)
	}
	return name
}()

// TestBuildSchema keeps build.schema.json, the published contract, and the Go types one.
func TestBuildSchema(t *testing.T) {
	schema, err := jsonschema.For[buildInfo](nil)
	if err != nil {
		t.Fatal(err)
	}
	schema.Schema, schema.Title = "https://json-schema.org/draft/2020-12/schema", runtime.BuildSchema
	got, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	if *update {
		if err := os.WriteFile(buildFile, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(buildFile); err != nil || string(got) != string(want) {
		t.Errorf("%v: build.schema.json is not what the types say; if the change is meant: go test ./cmd/wand -run BuildSchema -update", err)
	}
}

// isBuilt checks a file against build.schema.json.
func isBuilt(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: built FILE")
	}
	text, err := os.ReadFile(buildFile)
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
