package eval_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"

	"wand/runtime/eval"
)

var update = flag.Bool("update", false, "write the schema instead of comparing with it")

const schemaFile = "result.schema.json"

// lineSchema is the schema of one line of a results file: a header or a result.
func lineSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	options := &jsonschema.ForOptions{TypeSchemas: map[reflect.Type]*jsonschema.Schema{
		reflect.TypeFor[json.RawMessage](): {Description: "any JSON value, as in a report's result"},
	}}
	header, err := jsonschema.For[eval.Header](options)
	if err != nil {
		t.Fatal(err)
	}
	result, err := jsonschema.For[eval.Result](options)
	if err != nil {
		t.Fatal(err)
	}
	neverNull(header)
	neverNull(result)
	return &jsonschema.Schema{Schema: "https://json-schema.org/draft/2020-12/schema", Title: eval.Schema, Description: "one line of a results file: the header, which is the first, or a result",
		OneOf: []*jsonschema.Schema{{Ref: "#/$defs/header"}, {Ref: "#/$defs/result"}}, Defs: map[string]*jsonschema.Schema{"header": header, "result": result}}
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

// TestSchema keeps result.schema.json, the published contract, and the Go types one.
func TestSchema(t *testing.T) {
	got, err := json.MarshalIndent(lineSchema(t), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	if *update {
		if err := os.WriteFile(schemaFile, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what the types say; if the change is meant: go test ./runtime/eval -run Schema -update", schemaFile)
	}
}

// checkLines validates every line of a results file.
func checkLines(t *testing.T, text []byte) {
	t.Helper()
	published, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	var schema jsonschema.Schema
	if err := json.Unmarshal(published, &schema); err != nil {
		t.Fatal(err)
	}
	resolved, err := schema.Resolve(nil)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(text) {
		var value any
		if err := json.Unmarshal(line, &value); err != nil {
			t.Fatal(err)
		}
		if err := resolved.Validate(value); err != nil {
			t.Errorf("%v\n%s", err, line)
		}
	}
}

func header() eval.Header {
	return eval.Header{Settings: eval.Settings{Format: "1", Guests: map[string]string{}}, Total: 3}
}

func written(key string) *eval.Result {
	return &eval.Result{Schema: eval.Schema, Key: key, TaskID: "t", SampleID: key, Outcome: eval.Passed, Passed: true}
}

// A file that was cut off at any byte goes on where it was cut off: what is whole stays, the rest is written again.
func TestTornFile(t *testing.T) {
	dir := t.TempDir()
	whole := filepath.Join(dir, "whole")
	f, err := eval.OpenFile(whole, header(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"a", "b", "c"} {
		if err := f.Add(written(key)); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	checkLines(t, text)
	for cut := 0; cut <= len(text); cut++ {
		if cut%13 != 0 && !bytes.Contains(text[max(0, cut-2):min(len(text), cut+2)], []byte("\n")) {
			continue // each cut costs two syncs; those around the line breaks are the ones that matter
		}
		name := filepath.Join(dir, "torn")
		if err := os.WriteFile(name, text[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := eval.OpenFile(name, header(), map[string]bool{"a": true, "b": true, "c": true})
		if err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		if want := max(0, bytes.Count(text[:cut], []byte("\n"))-1); len(f.Done) != want {
			t.Fatalf("cut at %d: %d results are left of %d", cut, len(f.Done), want)
		}
		for _, key := range []string{"a", "b", "c"} {
			if !f.Known(key) {
				if err := f.Add(written(key)); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		if again, _ := os.ReadFile(name); !bytes.Equal(again, text) {
			t.Fatalf("cut at %d the file became\n%s", cut, again)
		}
	}
}

func TestFileRefuses(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "r.jsonl")
	f, err := eval.OpenFile(name, header(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := eval.OpenFile(name, header(), nil); !errors.Is(err, eval.ErrInUse) {
		t.Errorf("two write one file: %v", err)
	}
	if err := errors.Join(f.Add(written("a")), f.Close()); err != nil {
		t.Fatal(err)
	}
	other := header()
	other.Settings.Limits.Fuel = 7
	if _, err := eval.OpenFile(name, other, nil); !errors.Is(err, eval.ErrSettings) || !strings.Contains(err.Error(), "fuel is 0 there and 7 here") {
		t.Errorf("other settings: %v", err)
	}
	if _, err := eval.OpenFile(name, header(), map[string]bool{"b": true}); !errors.Is(err, eval.ErrForeign) || !strings.Contains(err.Error(), "sample a") {
		t.Errorf("other samples: %v", err)
	}
	for text, want := range map[string]error{"hello\n": eval.ErrNotResults, "no line break": eval.ErrNotResults, `{"task_id": "x"}` + "\n": eval.ErrNotResults} {
		foreign := filepath.Join(dir, "foreign")
		if err := os.WriteFile(foreign, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := eval.OpenFile(foreign, header(), nil); !errors.Is(err, want) {
			t.Errorf("%q: %v", text, err)
		}
		if left, _ := os.ReadFile(foreign); string(left) != text {
			t.Errorf("a file that is none of ours was changed to %q", left)
		}
	}
	text, _ := os.ReadFile(name)
	broken := filepath.Join(dir, "broken")
	if err := os.WriteFile(broken, []byte(strings.Replace(string(text), `{"schema":"wand.eval/v1","key"`, `{"schema":`, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	var line *eval.LineError
	if _, err := eval.OpenFile(broken, header(), nil); !errors.As(err, &line) || line.Line != 2 {
		t.Errorf("a broken line: %v", err)
	}
	if _, err := eval.OpenFile(os.DevNull, header(), nil); !errors.Is(err, eval.ErrNotResults) {
		t.Errorf("a device: %v", err)
	}
}
