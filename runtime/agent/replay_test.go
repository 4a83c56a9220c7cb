package agent_test

import (
	"context"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"

	"wand/runtime"
	"wand/runtime/agent"
	"wand/runtime/agent/modeltest"
)

var update = flag.Bool("update", false, "write golden files instead of comparing with them")

// TestReplay: what a conversation did is done again without its tools, and compared.
func TestReplay(t *testing.T) {
	s := serve(t, modeltest.ByTurn(
		fenced("import random, time, tools\nfound = tools.search('go')\nprint(found, random.random(), time.time())"),
		fenced("1 +"),
		fenced("tools.order(found[0])"),
		fenced("def f(n): return f(n + 1)\nf(0)"),
		fenced("sum(tools.price(b) for b in found)"),
		says("ANSWER: 800"),
	))
	l := &library{}
	dir := t.TempDir()
	o := solve(t, newAgent(t, s, agent.Config{Dir: dir, Tools: l.tools(t), Policy: policy(t, "tools: [{name: search}, {name: price}]\n")}), "Add prices.")
	if o.Status != agent.Answered || string(o.Value) != "800" {
		t.Fatalf("%+v", o)
	}
	calls := len(l.calls)
	list, err := agent.Replay(context.Background(), sharedRuntime(t), dir)
	if err != nil || len(list) != 5 || len(l.calls) != calls {
		t.Fatalf("%+v %v, %d calls of tools", list, err, len(l.calls)-calls)
	}
	for i, r := range list {
		if !r.Same || r.Events == 0 && i != 3 {
			t.Errorf("%+v", r)
		}
	}
	// What was changed shows.
	name := agent.TranscriptFile(dir)
	if err := os.WriteFile(name, []byte(strings.Replace(read(t, name), `"result":800`, `"result":801`, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if list, err = agent.Replay(context.Background(), sharedRuntime(t), dir); err != nil || list[4].Same || !strings.Contains(list[4].Problem, "the value") {
		t.Errorf("%+v %v", list, err)
	}
	recordings, _ := filepath.Glob(filepath.Join(dir, "*.wandrec"))
	text := []byte(read(t, recordings[0]))
	text[len(text)/2] ^= 1
	if err := os.WriteFile(recordings[0], text, 0o600); err != nil {
		t.Fatal(err)
	}
	if list, err = agent.Replay(context.Background(), sharedRuntime(t), dir); err != nil || list[0].Same || list[0].Problem == "" {
		t.Errorf("%+v %v", list, err)
	}
}

// transcriptSchema is the schema of one event, a published contract.
func transcriptSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	anything := func(what string) *jsonschema.Schema { return &jsonschema.Schema{Description: what} }
	s, err := jsonschema.For[agent.Event](&jsonschema.ForOptions{TypeSchemas: map[reflect.Type]*jsonschema.Schema{
		reflect.TypeFor[json.RawMessage](): anything("any JSON value"),
		reflect.TypeFor[runtime.Error]():   anything("an error: see report.schema.json"),
	}})
	if err != nil {
		t.Fatal(err)
	}
	s.Schema = "https://json-schema.org/draft/2020-12/schema"
	s.Title = agent.TranscriptSchema
	s.Properties["report"] = anything("a report: see report.schema.json")
	return s
}

// TestTranscriptSchema: the schema is that of the types, and real transcripts are valid.
func TestTranscriptSchema(t *testing.T) {
	schema := transcriptSchema(t)
	text, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	text = append(text, '\n')
	const golden = "transcript.schema.json"
	if *update {
		if err := os.WriteFile(golden, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if read(t, golden) != string(text) {
		t.Errorf("%s is not that of the types; go test -run %s -update writes it anew", golden, t.Name())
	}
	resolved, err := schema.Resolve(nil)
	if err != nil {
		t.Fatal(err)
	}
	s := serve(t, modeltest.ByTurn(
		modeltest.Turn{Text: fenced("1 / 0").Text, Faults: []modeltest.Fault{modeltest.ServerDown}}, modeltest.Turn{Arguments: "{"}, modeltest.Turn{Code: "[INPUT]"}, says("ANSWER: no"), says("ANSWER: 1"),
	))
	dir := t.TempDir()
	a := newAgent(t, s, agent.Config{Dir: dir, Input: []byte("7"), Files: []runtime.File{{Path: "a", Data: []byte("x")}}, Policy: policy(t, ""), Check: func(_ context.Context, c *agent.Candidate) (*agent.Verdict, error) {
		return &agent.Verdict{Passed: c.Answer == "1"}, nil
	}})
	if o := solve(t, a, "Count."); o.Answer != "1" {
		t.Fatalf("%+v", o)
	}
	for line := range strings.Lines(read(t, agent.TranscriptFile(dir))) {
		var v any
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatal(err)
		}
		if err := resolved.Validate(v); err != nil {
			t.Errorf("%v\n%s", err, line)
		}
	}
}
