package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/rogpeppe/go-internal/testscript"

	"wand/runtime"
)

// published is the schema that is published for what a command prints: a file of this folder.
type published string

const (
	builtSchema   published = "build.schema.json"
	sessionSchema published = "session.schema.json"
	reportSchema  published = "../../runtime/report.schema.json"
)

func TestBuildSchema(t *testing.T)   { matches[buildInfo](t, builtSchema, runtime.BuildSchema) }
func TestSessionSchema(t *testing.T) { matches[sessionList](t, sessionSchema, sessionsSchema) }

// matches keeps a published schema and the Go type T one.
func matches[T any](t *testing.T, file published, title string) {
	t.Helper()
	schema, err := jsonschema.For[T](&jsonschema.ForOptions{TypeSchemas: map[reflect.Type]*jsonschema.Schema{}})
	if err != nil {
		t.Fatal(err)
	}
	schema.Schema, schema.Title = "https://json-schema.org/draft/2020-12/schema", title
	got, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	if *update {
		if err := os.WriteFile(string(file), got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(string(file)); err != nil || string(got) != string(want) {
		t.Errorf("%v: %s is not what the types say; if the change is meant: go test ./cmd/wand -run %s -update", err, file, t.Name())
	}
}

// command is a script's command that checks a file against the schema. Scripts run in folders of their own.
func (p published) command() func(*testscript.TestScript, bool, []string) {
	path, err := filepath.Abs(string(p))
	if err != nil {
		panic(err)
	}
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) != 1 {
			ts.Fatalf("it wants one FILE, to check against %s", p)
		}
		text, err := os.ReadFile(path)
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
}
