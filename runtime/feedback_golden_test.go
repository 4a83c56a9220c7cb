package runtime_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"wand/compiler"
	"wand/hostfuncs"
	"wand/policies"
	"wand/policies/units"
	"wand/runtime"
)

// What a model is told, for every language and kind of error: testdata/feedback holds a program each, NAME.txt beside it the text and NAME.json the
// report. A program's first lines say with what it runs; testdata/feedback/README.md lists that. go test -run TestFeedbackGoldens -update writes them anew.
func TestFeedbackGoldens(t *testing.T) {
	rt := sharedRuntime(t)
	files, err := filepath.Glob("../testdata/feedback/*/*")
	if err != nil {
		t.Fatal(err)
	}
	programs := 0
	for _, file := range files {
		language, ok := map[string]compiler.Language{".py": compiler.Python, ".js": compiler.JavaScript, ".ts": compiler.TypeScript, ".wat": compiler.Wasm}[filepath.Ext(file)]
		if !ok {
			continue
		}
		programs++
		t.Run(filepath.Base(filepath.Dir(file))+"/"+filepath.Base(file), func(t *testing.T) {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			report := runFeedbackCase(t, rt, language, filepath.Base(file), string(content))
			checkSchemaOf(t, report)
			kind, _, _ := strings.Cut(strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)), "-")
			if got := "none"; report.Error != nil {
				got = string(report.Error.Kind)
				if got != kind {
					t.Errorf("ended with kind %s", got)
				}
			} else if kind != "completed" {
				t.Errorf("ended without an error")
			}
			stem := strings.TrimSuffix(file, filepath.Ext(file))
			checkGolden(t, stem+".txt", []byte(steady(report.Feedback(0))))
			checkGolden(t, stem+".json", steadyJSON(t, report))
			for _, tokens := range []int{20, 60, 150} {
				if text := report.Feedback(tokens); len(text) > 4*tokens {
					t.Errorf("%d bytes for %d tokens", len(text), tokens)
				}
			}
			if small := report.Feedback(120); report.Error != nil && report.Error.Location != nil && report.Error.Location.Line > 0 {
				if !strings.Contains(small, "line ") || report.Error.Hint != "" && !strings.Contains(small, "next step: ") {
					t.Errorf("in 120 tokens the place or the next step is missing:\n%s", small)
				}
			}
			if report.Error != nil && report.Error.Hint == "" {
				t.Errorf("no next step")
			}
		})
	}
	if programs < 50 {
		t.Errorf("%d programs are not every kind of every language", programs)
	}
}

func checkGolden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err, "; write it with -update")
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is\n%s\nexpected\n%s", filepath.Base(file), got, want)
	}
}

// steady leaves out of a text what differs from run to run or from build to build.
func steady(text string) string {
	text = regexp.MustCompile(`\((?:used )?[\d.]+[KMG]? fuel, [\d.]+ \w+ memory, [^)]*\)`).ReplaceAllString(text, "(...)")
	text = regexp.MustCompile(`took [\d.]+ s of that`).ReplaceAllString(text, "took ... s of that")
	if strings.HasPrefix(text, "stopped: fuel") || strings.HasPrefix(text, "stopped: memory") || strings.HasPrefix(text, "stopped: deadline") {
		// How far it came depends on the build, or on the machine.
		text = regexp.MustCompile(`(?m)^ +\^+\n`).ReplaceAllString(text, "")
		text = regexp.MustCompile(`(?m)^  (\w+) = .*$`).ReplaceAllString(text, "  $1 = ...")
		text = regexp.MustCompile(`(?m)^most fuel went to: .*$`).ReplaceAllString(text, "most fuel went to: ...")
	}
	text = regexp.MustCompile(`tests? in [\d.]+s`).ReplaceAllString(text, "tests in ...")
	return regexp.MustCompile(`needed [\d.]+ \w+ of memory`).ReplaceAllString(text, "needed ... of memory")
}

// steadyJSON is a report without what differs from run to run or from build to build.
func steadyJSON(t *testing.T, r *runtime.Report) []byte {
	t.Helper()
	var value map[string]any
	d := json.NewDecoder(bytes.NewReader(r.JSON()))
	d.UseNumber()
	if err := d.Decode(&value); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"id", "usage", "replay", "module", "policy", "profile", "stderr"} {
		delete(value, name)
	}
	if calls, ok := value["calls"].([]any); ok {
		for _, c := range calls {
			delete(c.(map[string]any), "duration_ms")
			delete(c.(map[string]any), "policy")
		}
	}
	if e, ok := value["error"].(map[string]any); ok && slices.Contains([]any{"memory", "fuel", "storage", "deadline"}, e["kind"]) {
		delete(e, "used")
		places, _ := e["frames"].([]any)
		for _, place := range append(places, e["location"]) {
			if place, ok := place.(map[string]any); ok {
				delete(place, "column")
				delete(place, "end_column")
			}
		}
		if e["kind"] != "storage" {
			delete(e, "values") // how far it came depends on the build
		}
		if e["kind"] == "memory" {
			delete(e, "message")
		}
	}
	if truncated, ok := value["truncated"].(map[string]any); ok {
		delete(truncated, "stdout_path")
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(value); err != nil {
		t.Fatal(err)
	}
	return []byte(steady(b.String()))
}

func runFeedbackCase(t *testing.T, rt *runtime.Runtime, language compiler.Language, name, text string) *runtime.Report {
	t.Helper()
	options := runtime.Options{Policy: &policies.Policy{Version: 1}, Seed: &[32]byte{1}}
	granted, cancel := false, false
	var source any = text
	for line := range strings.SplitSeq(text, "\n") {
		key, value, ok := strings.Cut(strings.TrimLeft(line, "#/; "), ": ")
		if !ok || strings.TrimLeft(line, "#/;") == line {
			continue
		}
		switch key {
		case "fuel":
			n, err := units.ParseCount(value)
			if err != nil {
				t.Fatal(err)
			}
			options.Limits.Fuel = int64(n)
		case "memory", "output", "storage":
			n, err := units.ParseBytes(value)
			if err != nil {
				t.Fatal(err)
			}
			*map[string]*int64{"memory": &options.Limits.Memory, "output": &options.Limits.Output, "storage": &options.Limits.Storage}[key] = int64(n)
		case "deadline":
			d, err := time.ParseDuration(value)
			if err != nil {
				t.Fatal(err)
			}
			options.Limits.Deadline = d
		case "host_calls":
			options.Limits.HostCalls = 3
		case "tools":
			granted = value == "granted"
		case "cancel":
			cancel = true
		case "strict":
			options.Strict = true
		case "keep":
			options.KeepOutput = 400
		}
	}
	if granted {
		options.Policy = &policies.Policy{Version: 1, Tools: []policies.ToolGrant{{Name: "weather.*"}, {Name: "slow"}, {Name: "broken"}}}
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	options.Tools = feedbackTools(t, func() {
		if cancel {
			stop()
		}
	})
	if language == compiler.Wasm {
		source = wat(t, text)
		name = strings.TrimSuffix(name, ".wat") + ".wasm"
	}
	m, diagnostics, err := compiler.Compile(context.Background(), compiler.Source{Name: "main" + filepath.Ext(name), Language: language, Text: []byte(source.(string))})
	if err != nil || m == nil {
		t.Fatal(err, diagnostics)
	}
	report, err := rt.Run(ctx, m, options)
	if report == nil || err != nil && report.Status != runtime.Fault {
		t.Fatal(err)
	}
	return report
}

func feedbackTools(t *testing.T, called func()) *hostfuncs.Registry {
	t.Helper()
	type place struct {
		City string `json:"city"`
		Days int    `json:"days" default:"1"`
	}
	forecast := hostfuncs.Tool("weather.forecast", "Tells the weather.", func(ctx context.Context, in place) (map[string]any, error) {
		if in.City == "Atlantis" {
			return nil, errors.New("no such city: Atlantis")
		}
		return map[string]any{"city": in.City, "celsius": 21}, nil
	})
	slow := hostfuncs.Tool("slow", "Takes its time.", func(ctx context.Context, _ struct{}) (int, error) {
		called()
		<-ctx.Done()
		return 0, ctx.Err()
	})
	broken := hostfuncs.Tool("broken", "Breaks the host.", func(context.Context, struct{}) (int, error) { panic("broken") })
	r, err := hostfuncs.NewRegistry(forecast, slow, broken)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Every kind of error has its golden in each language that can end so.
func TestFeedbackGoldensCoverEveryKind(t *testing.T) {
	kinds := []runtime.ErrorKind{
		runtime.KindSyntax, runtime.KindException, runtime.KindAssertion, runtime.KindExit, runtime.KindFuel, runtime.KindMemory, runtime.KindDeadline,
		runtime.KindOutput, runtime.KindHostCalls, runtime.KindStorage, runtime.KindPolicy, runtime.KindTool, runtime.KindCancelled, runtime.KindInternal,
	}
	wanted := map[string][]runtime.ErrorKind{
		"python": kinds, "javascript": kinds,
		"typescript":  {runtime.KindException, runtime.KindAssertion, runtime.KindExit, runtime.KindFuel, runtime.KindPolicy, runtime.KindTool},
		"webassembly": {runtime.KindUnsupported, runtime.KindExit, runtime.KindTrap, runtime.KindFuel, runtime.KindMemory, runtime.KindDeadline, runtime.KindOutput, runtime.KindCallDepth},
	}
	for _, language := range slices.Sorted(maps.Keys(wanted)) {
		for _, kind := range wanted[language] {
			found, _ := filepath.Glob("../testdata/feedback/" + language + "/" + string(kind) + "*.json")
			if len(found) == 0 {
				t.Errorf("%s: no case of %s", language, kind)
			}
		}
	}
}
