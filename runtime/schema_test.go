package runtime_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"slices"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"

	"wand/runtime"
)

var update = flag.Bool("update", false, "write golden files instead of comparing with them")

func reportSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	anything := &jsonschema.Schema{Description: "any JSON value"}
	schema, err := jsonschema.For[runtime.Report](&jsonschema.ForOptions{TypeSchemas: map[reflect.Type]*jsonschema.Schema{
		reflect.TypeFor[json.RawMessage](): anything,
		reflect.TypeFor[runtime.Error]():   {Ref: "#/$defs/error"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	type fields runtime.Error // the same, but not a cycle to the generator
	failure, err := jsonschema.For[fields](&jsonschema.ForOptions{TypeSchemas: map[reflect.Type]*jsonschema.Schema{
		reflect.TypeFor[runtime.Error](): {Ref: "#/$defs/error"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	neverNull(schema)
	neverNull(failure)
	schema.Schema = "https://json-schema.org/draft/2020-12/schema"
	schema.Title = runtime.ReportSchema
	schema.Defs = map[string]*jsonschema.Schema{"error": failure}
	return schema
}

// neverNull corrects what the generator thinks of pointers and slices: ours are left out when they are empty.
func neverNull(s *jsonschema.Schema) {
	if s == nil {
		return
	}
	s.Types = slices.DeleteFunc(s.Types, func(t string) bool { return t == "null" })
	if len(s.Types) == 1 {
		s.Type, s.Types = s.Types[0], nil
	}
	if len(s.Types) == 0 {
		s.Types = nil
	}
	neverNull(s.Items)
	neverNull(s.AdditionalProperties)
	for _, p := range s.Properties {
		neverNull(p)
	}
}

// TestReportSchema keeps report.schema.json, the published contract, and the Go types one.
func TestReportSchema(t *testing.T) {
	got, err := json.MarshalIndent(reportSchema(t), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	if *update {
		if err := os.WriteFile("report.schema.json", got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("report.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("report.schema.json is not what the types say; if the change is meant: go test ./runtime -run ReportSchema -update")
	}
}

func checkSchemaOf(t *testing.T, r *runtime.Report) { t.Helper(); checkSchema(t, r.JSON()) }

// checkSchema validates a report against the published schema.
func checkSchema(t *testing.T, report []byte) {
	t.Helper()
	text, err := os.ReadFile("report.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var schema jsonschema.Schema
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	resolved, err := schema.Resolve(nil)
	if err != nil {
		t.Fatal(err)
	}
	var value any
	if err := json.Unmarshal(report, &value); err != nil {
		t.Fatal(err)
	}
	if err := resolved.Validate(value); err != nil {
		t.Errorf("the report does not follow its schema: %v\n%s", err, report)
	}
}

func TestReportFollowsItsSchema(t *testing.T) {
	reports := map[string]*runtime.Report{
		"bare": {Schema: runtime.ReportSchema, ID: "run_1", Status: runtime.Completed},
		"full": {Schema: runtime.ReportSchema, ID: "run_2", Status: runtime.Failed, Result: json.RawMessage(`{"$type":"int","value":"1"}`),
			Error: &runtime.Error{Kind: runtime.KindException, Type: "ValueError", Message: "m", Location: &runtime.Location{File: "main.py", Line: 1},
				Frames: []runtime.Frame{{Location: runtime.Location{File: "main.py", Line: 1}, Function: "f"}}, Values: map[string]string{"a": "1"},
				Cause: &runtime.Error{Kind: runtime.KindException, Message: "c"}},
			Truncated: &runtime.Truncated{StdoutBytes: 1}, Warnings: []runtime.Warning{{Message: "w"}}, Calls: []runtime.Call{{Seq: 1, Tool: "t", Args: json.RawMessage(`{}`)}},
			Files: []runtime.FileChange{{Path: "/work/a", Size: 1, SHA256: "00"}}},
	}
	for name, r := range reports {
		t.Run(name, func(t *testing.T) { checkSchema(t, r.JSON()) })
	}
}
