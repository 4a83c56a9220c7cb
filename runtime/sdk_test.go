package runtime_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"wand/compiler"
	"wand/modules/sdk"
	"wand/policies"
	"wand/runtime"
)

// sdkLanguages are those that modules/sdk has something for.
var sdkLanguages = []compiler.Language{compiler.Go, compiler.C, compiler.Cpp, compiler.Rust, compiler.AssemblyScript}

// compileProgram compiles a program, which has to compile.
func compileProgram(t *testing.T, language compiler.Language, name, text string) *compiler.Module {
	t.Helper()
	set := toolchains(t)
	needToolchain(t, set, language)
	m, diagnostics, err := (&compiler.Compiler{Toolchains: set}).Compile(t.Context(), compiler.Source{Name: name, Language: language, Text: []byte(text)})
	if err != nil || m == nil {
		t.Fatalf("%v %+v", err, diagnostics)
	}
	for _, d := range diagnostics {
		t.Errorf("%s:%d: %s", d.File, d.Line, d.Message)
	}
	return m
}

// The examples of modules/sdk: calls side by side, and an error that the program deals with.
func TestSDKExamples(t *testing.T) {
	rt := sharedRuntime(t)
	weather := map[string]string{"Oslo": "4.5", "Rome": "21.25", "Lima": "18"}
	tools := registry(t, map[string]toolFunc{"weather": func(ctx context.Context, args json.RawMessage) (json.RawMessage, error) {
		var in struct{ Town string }
		if err := json.Unmarshal(args, &in); err != nil {
			return nil, err
		}
		select { // the slower the first is answered, the less the order of the answers is that of the calls
		case <-time.After(time.Duration(40/len(in.Town)) * time.Millisecond):
		case <-ctx.Done():
		}
		degrees, ok := weather[in.Town]
		if !ok {
			return nil, fmt.Errorf("no weather in \"%s\"\n", in.Town)
		}
		return json.RawMessage(`{"degrees": ` + degrees + `, "sky": "clear \u2600"}`), nil
	}})
	policy := &policies.Policy{Version: 1, Tools: []policies.ToolGrant{{Name: "weather"}}}
	for _, language := range sdkLanguages {
		t.Run(string(language), func(t *testing.T) {
			folder := strings.TrimSuffix(string(language), "++")
			files, err := filepath.Glob(filepath.Join("..", "modules", "sdk", folder, "example", "*"))
			if err != nil || len(files) != 1 {
				t.Fatal(err, files)
			}
			text, err := os.ReadFile(files[0])
			if err != nil {
				t.Fatal(err)
			}
			name := filepath.Base(files[0])
			if language == compiler.Cpp {
				name += "pp"
			}
			m := compileProgram(t, language, name, string(text))
			r, err := rt.Run(t.Context(), m, runtime.Options{Tools: tools, Policy: policy, Input: json.RawMessage(`{"towns": ["Oslo", "Atlantis\\", "Rome", "Lima"]}`)})
			if err != nil {
				t.Fatal(err)
			}
			var got struct {
				Warmest string
				Degrees float64
			}
			if err := json.Unmarshal(r.Result, &got); err != nil || r.Status != runtime.Completed || got.Warmest != "Rome" || got.Degrees != 21.25 || len(r.Calls) != 4 {
				t.Errorf("%v %s", err, r.JSON())
			}
			if !strings.Contains(r.Stderr, `Atlantis\: no weather in "Atlantis\"`) {
				t.Errorf("stderr %q", r.Stderr)
			}
		})
	}
}

// The program in the guide of each language, taken as it stands: it compiles without a word, and reads its input, calls a tool, and gives a value.
func TestSDKGuides(t *testing.T) {
	rt := sharedRuntime(t)
	tools := registry(t, map[string]toolFunc{"weather": func(_ context.Context, args json.RawMessage) (json.RawMessage, error) {
		switch string(args) {
		case `{"town":"Oslo"}`, `{"town": "Oslo"}`:
			return json.RawMessage(`{"degrees": 4.5}`), nil
		case `{"town":"Rome"}`, `{"town": "Rome"}`:
			return json.RawMessage(`{"degrees": 21.25}`), nil
		}
		return nil, errors.New("no such town")
	}})
	policy := &policies.Policy{Version: 1, Tools: []policies.ToolGrant{{Name: "weather"}}}
	for _, language := range append(slices.Clone(sdkLanguages), compiler.WAT) {
		t.Run(string(language), func(t *testing.T) {
			guide := sdk.Guide(string(language))
			if len(guide) > 4<<10 {
				t.Errorf("%d bytes", len(guide))
			}
			blocks := compiler.Blocks(guide)
			if len(blocks) != 1 || blocks[0].Language != language {
				t.Fatalf("%+v", blocks)
			}
			input, want := `{"towns": ["Oslo", "Atlantis", "Rome"]}`, `{"total":25.75}`
			if language == compiler.WAT {
				input, want = `"Oslo"`, `{"ok":{"degrees": 4.5}}`
			}
			r, err := rt.Run(t.Context(), compileProgram(t, language, "main", blocks[0].Text), runtime.Options{Tools: tools, Policy: policy, Input: json.RawMessage(input)})
			if err != nil {
				t.Fatal(err)
			}
			var got, expected any
			if err := errors.Join(json.Unmarshal(r.Result, &got), json.Unmarshal([]byte(want), &expected)); err != nil || r.Status != runtime.Completed || !reflect.DeepEqual(got, expected) {
				t.Errorf("%v %s", err, r.JSON())
			}
			if language != compiler.WAT && (!strings.Contains(r.Stdout, "Atlantis") || !strings.Contains(r.Stdout, "no such town")) {
				t.Errorf("it printed %q", r.Stdout)
			}
		})
	}
	if sdk.Guide("python") != "" || sdk.Guide("../c/wand.h") != "" {
		t.Error("a guide to a language that has none")
	}
}

// echoes gives the run's input as the program's value, read and written again by what the SDK has for it.
var echoes = map[compiler.Language]string{
	compiler.Go: "package main\n\nimport \"wand\"\n\nfunc main() {\n\tvar v any\n\tif err := wand.Input(&v); err != nil {\n\t\twand.Fail(err)\n\t}\n\twand.Result(v)\n}\n",
	compiler.C: `#include "wand.h"

static char *again(const char *v) {
    char *list = wand_json("");
    if (*v == '{') return wand_copy(v);
    if (*v == '[') {
        for (int i = 0; i < wand_length(v); i++) {
            char *longer = malloc(strlen(list) + 100000);
            sprintf(longer, "%s%s%s", list, i ? "," : "", again(wand_at(v, i)));
            list = longer;
        }
        char *all = malloc(strlen(list) + 3);
        sprintf(all, "[%s]", list);
        return all;
    }
    if (*v == '"') return wand_json("%s", wand_string(v));
    if (*v == '-' || (*v >= '0' && *v <= '9')) return strpbrk(wand_copy(v), ".eE") ? wand_json("%g", wand_number(v)) : wand_json("%lld", wand_int(v));
    return wand_json("%j", v);
}

int main(void) { wand_result(again(wand_input())); }
`,
	compiler.Rust:           "mod wand;\nfn main() {\n    wand::result(wand::input());\n}\n",
	compiler.AssemblyScript: "import * as wand from \"./wand\";\nwand.result(wand.input());\n",
}

// What JSON can say goes into a program and comes out again.
func TestSDKValues(t *testing.T) {
	rt := sharedRuntime(t)
	values := []string{
		`null`, `true`, `[]`, `{}`, `""`, `0`, `-7`, `9007199254740991`, `0.1`, `-2.5e-7`, `1e300`, `[1, [2, [3, []]], {"a": {"b": null}}]`,
		`"\"\\\/\b\f\n\r\t\u0001\u00e4\u2600\ud83d\ude00 ä ☀ 😀"`, `{"": 1, "a\"b": [true, false, null], "ä": "\\"}`, ` [ 1 , "x" , { "k" : [ ] } ] `, `{"ok": {"error": "no"}}`,
		`"` + strings.Repeat("long ", 20000) + `"`, `[` + strings.Repeat("0,", 2000) + `0]`, strings.Repeat("[", 100) + strings.Repeat("]", 100),
	}
	for language, text := range echoes {
		t.Run(string(language), func(t *testing.T) {
			m := compileProgram(t, language, "main", text)
			for _, value := range values {
				r, err := rt.Run(t.Context(), m, runtime.Options{Input: json.RawMessage(value)})
				if err != nil {
					t.Fatal(err)
				}
				var want, got any
				if err := errors.Join(json.Unmarshal([]byte(value), &want), json.Unmarshal(r.Result, &got)); err != nil || r.Status != runtime.Completed || !reflect.DeepEqual(got, want) {
					t.Errorf("%.100s became %.100s: %v, %s %v", value, r.Result, err, r.Status, r.Warnings)
				}
			}
			r, err := rt.Run(t.Context(), m, runtime.Options{})
			if err != nil || r.Status != runtime.Completed || string(r.Result) != "null" {
				t.Errorf("without an input: %v %s", err, r.JSON())
			}
		})
	}
}
