package runtime_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wand/compiler"
	"wand/compiler/toolchain"
	"wand/compiler/toolchain/jail"
	"wand/hostfuncs"
	"wand/modules"
	"wand/policies"
	"wand/runtime"
)

// toolchains are the compilers of this machine: in the jail, or, where the kernel has none, without, for the programs of these tests are our own.
func toolchains(t testing.TB) *toolchain.Set {
	t.Helper()
	cache, err := modules.CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	return toolchain.New(toolchain.Options{Cache: cache, Trust: jail.Supported() != nil})
}

// languages are the folders of testdata/languages.
var languages = []compiler.Language{compiler.Python, compiler.JavaScript, compiler.TypeScript, compiler.Go, compiler.C, compiler.Cpp, compiler.Rust, compiler.AssemblyScript, compiler.WAT}

// languageTools are what the task of testdata/languages may call, and what it may not.
func languageTools(t *testing.T) (*hostfuncs.Registry, *policies.Policy) {
	tools := registry(t, map[string]toolFunc{
		"rate": func(_ context.Context, args json.RawMessage) (json.RawMessage, error) {
			var in struct{ Currency string }
			if err := json.Unmarshal(args, &in); err != nil || in.Currency != "EUR" {
				return nil, errors.New("no such currency")
			}
			return json.RawMessage("2"), nil
		},
		"convert": func(_ context.Context, args json.RawMessage) (json.RawMessage, error) {
			var in struct {
				Amounts []float64
				Rate    float64
			}
			if err := json.Unmarshal(args, &in); err != nil {
				return nil, err
			}
			sum := 0.0
			for _, a := range in.Amounts {
				sum += a * in.Rate
			}
			return json.Marshal(map[string]float64{"total": sum})
		},
		"wipe": func(context.Context, json.RawMessage) (json.RawMessage, error) { return json.RawMessage("true"), nil },
	})
	return tools, &policies.Policy{Version: 1, Tools: []policies.ToolGrant{{Name: "rate"}, {Name: "convert"}}}
}

// The same small task in nine languages: one policy, the same fields in the report. So are a program that does not compile, one that fails at its marked line, one
// that never ends, and one that asks for what nobody granted.
func TestLanguages(t *testing.T) {
	rt := sharedRuntime(t)
	set := toolchains(t)
	tools, policy := languageTools(t)
	input := json.RawMessage(`{"amounts": [1, 2, 3], "currency": "EUR"}`)
	for _, language := range languages {
		t.Run(string(language), func(t *testing.T) {
			if language.Compiled() {
				needToolchain(t, set, language)
			}
			programs, err := filepath.Glob(filepath.Join("..", "testdata", "languages", string(language), "*.*"))
			if err != nil || len(programs) != 5 {
				t.Fatal(err, programs)
			}
			for _, file := range programs {
				what, _, _ := strings.Cut(filepath.Base(file), ".")
				t.Run(what, func(t *testing.T) {
					text, err := os.ReadFile(file)
					if err != nil {
						t.Fatal(err)
					}
					c := compiler.Compiler{Checker: rt, Toolchains: set}
					m, diagnostics, err := c.Compile(t.Context(), compiler.Source{Name: filepath.Base(file), Text: text, Language: language})
					if err != nil {
						t.Fatal(err)
					}
					if what == "compile_error" {
						findsLine(t, text, diagnostics, m)
						return
					}
					if m == nil {
						t.Fatalf("it does not compile: %+v", diagnostics)
					}
					for _, d := range diagnostics {
						t.Errorf("%s:%d: %s", d.File, d.Line, d.Message)
					}
					o := runtime.Options{Input: input, Tools: tools, Policy: policy}
					if what == "fuel" {
						o.Limits.Fuel = 100_000_000
					}
					r, err := rt.Run(t.Context(), m, o)
					if err != nil {
						t.Fatal(err)
					}
					languageReport(t, language, what, string(text), r)
				})
			}
		})
	}
}

// needToolchain skips a test where the compiler is missing; in CI that is a failure unless it cannot be there.
func needToolchain(t *testing.T, set *toolchain.Set, language compiler.Language) {
	t.Helper()
	var missing *compiler.MissingToolchainError
	switch _, _, err := set.Find(t.Context(), language); {
	case errors.As(err, &missing) && (os.Getenv("CI") == "" || strings.HasPrefix(missing.Install, "install ")):
		t.Skip(err)
	case err != nil:
		t.Fatal(err)
	}
}

// marked is the line of a program that bears the mark ERROR, or 0.
func marked(text string) int {
	for i, line := range strings.Split(text, "\n") {
		if strings.Contains(line, " ERROR") {
			return i + 1
		}
	}
	return 0
}

func findsLine(t *testing.T, text []byte, diagnostics []compiler.Diagnostic, m *compiler.Module) {
	t.Helper()
	if m != nil || len(diagnostics) == 0 {
		t.Fatalf("it compiles: %v", diagnostics)
	}
	i := slices.IndexFunc(diagnostics, func(d compiler.Diagnostic) bool { return d.Severity == compiler.SeverityError })
	if i < 0 || diagnostics[i].Line != marked(string(text)) || diagnostics[i].Message == "" || !strings.Contains(diagnostics[i].LineText, "ERROR") {
		t.Errorf("want an error in line %d: %+v", marked(string(text)), diagnostics)
	}
}

func languageReport(t *testing.T, language compiler.Language, what, text string, r *runtime.Report) {
	t.Helper()
	want := struct {
		status runtime.Status
		stdout string
		calls  []string
	}{runtime.Completed, "converting 3 amounts\n", []string{"rate", "convert"}}
	switch what {
	case "runtime_error":
		want.status, want.stdout, want.calls = runtime.Failed, "picking\n", nil
	case "denied":
		want.status, want.stdout, want.calls = runtime.Denied, "wiping\n", []string{"wipe"}
	case "fuel":
		want.status, want.stdout, want.calls = runtime.Exhausted, "", nil
	}
	var calls []string
	for _, c := range r.Calls {
		calls = append(calls, c.Tool)
	}
	if r.Status != want.status || r.Stdout != want.stdout || !slices.Equal(calls, want.calls) {
		t.Errorf("%s %q %v, want %s %q %v\n%s", r.Status, r.Stdout, calls, want.status, want.stdout, want.calls, r.JSON())
	}
	if r.Module.Language != string(language) || r.Module.Digest == "" || r.Usage.Fuel.Used <= 0 || what == "task" && r.Usage.Memory.PeakBytes <= 0 || r.Module.Toolchain == "" == language.Compiled() {
		t.Errorf("module %+v, usage %+v", r.Module, r.Usage)
	}
	switch what {
	case "task":
		var result struct {
			Currency string
			Total    float64
		}
		if err := json.Unmarshal(r.Result, &result); err != nil || result.Currency != "EUR" || result.Total != 12 || r.Error != nil {
			t.Errorf("result %s, %v", r.Result, err)
		}
	case "fuel":
		if r.Error.Kind != runtime.KindFuel || r.Error.Limit != 100_000_000 || r.Error.Used <= r.Error.Limit || r.Error.Hint == "" {
			t.Errorf("error %+v", r.Error)
		}
		// Go writes no line information into modules for WebAssembly; a panic's lines it tells itself.
		if l := r.Error.Location; language != compiler.Go && (l == nil || l.Line < 2 || l.LineText == "") {
			t.Errorf("location %+v", l)
		}
	case "denied":
		if r.Error.Kind != runtime.KindPolicy || !strings.Contains(r.Error.Message, "wipe") || r.Result != nil {
			t.Errorf("error %+v", r.Error)
		}
		fallthrough
	case "runtime_error":
		if l := r.Error.Location; l == nil || l.Line != marked(text) || !strings.Contains(l.LineText, "ERROR") {
			t.Errorf("location %+v, want line %d; frames %+v", l, marked(text), r.Error.Frames)
		}
		if r.Error.Message == "" || r.Error.Hint == "" {
			t.Errorf("error %+v", r.Error)
		}
	}
}
