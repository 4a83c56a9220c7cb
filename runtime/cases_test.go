package runtime_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"wand/compiler"
	"wand/runtime"
)

// expectation is what the comments of a case say; testdata/cases/README.md describes them.
type expectation struct {
	stdout, stderr, hints, warnings, wrote []string
	hasStdout                              bool
	result                                 string
	status                                 string
	kind                                   string
	errorType, errorMessage                string
	errorLine                              int
	hasError                               bool
	values                                 map[string]string
	exit                                   int
	options                                runtime.Options
}

func parseCase(t *testing.T, text, comment string) *expectation {
	t.Helper()
	e := &expectation{values: map[string]string{}, options: runtime.Options{Env: map[string]string{}}}
	var stdin strings.Builder
	for n, line := range strings.Split(text, "\n") {
		at := strings.LastIndex(line, comment+" ")
		if strings.HasPrefix(line, comment+" ") {
			at = 0
		}
		if at < 0 {
			continue
		}
		key, rest, ok := strings.Cut(line[at+len(comment)+1:], ":")
		if !ok {
			continue
		}
		value := strings.TrimPrefix(rest, " ")
		if at > 0 && key != "error" {
			continue
		}
		switch key {
		case "stdout":
			e.hasStdout = true
			e.stdout = append(e.stdout, value)
		case "stderr":
			e.stderr = append(e.stderr, value)
		case "result":
			e.result = value
		case "status":
			e.status = value
		case "kind":
			e.kind = value
		case "error":
			e.hasError = true
			e.errorType, e.errorMessage, _ = strings.Cut(value, ": ")
			if at > 0 {
				e.errorLine = n + 1
			}
		case "value":
			name, repr, _ := strings.Cut(value, " = ")
			e.values[name] = repr
		case "hint":
			e.hints = append(e.hints, value)
		case "exit":
			e.exit, _ = strconv.Atoi(value)
		case "warning":
			e.warnings = append(e.warnings, value)
		case "stdin":
			stdin.WriteString(value + "\n")
		case "args":
			e.options.Args = strings.Fields(value)
		case "input":
			e.options.Input = json.RawMessage(value)
		case "env":
			name, v, _ := strings.Cut(value, "=")
			e.options.Env[name] = v
		case "file":
			name, content, _ := strings.Cut(value, ": ")
			e.options.Files = append(e.options.Files, runtime.File{Path: name, Data: []byte(content + "\n")})
		case "wrote":
			e.wrote = append(e.wrote, value)
		}
	}
	e.options.Stdin = strings.NewReader(stdin.String())
	if e.status == "" {
		e.status = "completed"
		if e.hasError || e.exit != 0 {
			e.status = "failed"
		}
	}
	return e
}

func (e *expectation) compare(r *runtime.Report) []string {
	var wrong []string
	complain := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	if string(r.Status) != e.status {
		complain("status %s, expected %s", r.Status, e.status)
	}
	if want := strings.Join(e.stdout, "\n") + "\n"; e.hasStdout && r.Stdout != want {
		complain("stdout:\n%s\nexpected:\n%s", r.Stdout, want)
	}
	for _, s := range e.stderr {
		if !strings.Contains(r.Stderr, s) {
			complain("stderr does not contain %q:\n%s", s, r.Stderr)
		}
	}
	switch {
	case e.result == "none" && len(r.Result) > 0:
		complain("result %s, expected none", r.Result)
	case e.result != "" && e.result != "none" && !sameJSON(string(r.Result), e.result):
		complain("result %s, expected %s", r.Result, e.result)
	}
	err := r.Error
	if err == nil {
		err = &runtime.Error{}
	}
	if e.hasError {
		message, isPrefix := strings.CutSuffix(e.errorMessage, "...")
		if err.Type != e.errorType {
			complain("error type %q (%s), expected %q", err.Type, err.Message, e.errorType)
		}
		if e.errorMessage != "" && err.Message != message && !(isPrefix && strings.HasPrefix(err.Message, message)) {
			complain("error message %q, expected %q", err.Message, e.errorMessage)
		}
		if e.errorLine > 0 && (err.Location == nil || err.Location.Line != e.errorLine) {
			complain("error at %+v, expected line %d", err.Location, e.errorLine)
		}
	}
	if e.kind != "" && string(err.Kind) != e.kind {
		complain("kind %q, expected %q", err.Kind, e.kind)
	}
	for name, want := range e.values {
		if got, ok := err.Values[name]; !ok || got != want {
			complain("value %s is %q, expected %q (all: %v)", name, got, want, err.Values)
		}
	}
	for _, s := range e.hints {
		if !strings.Contains(err.Hint, s) {
			complain("hint %q does not contain %q", err.Hint, s)
		}
	}
	if err.ExitCode != e.exit {
		complain("exit code %d, expected %d", err.ExitCode, e.exit)
	}
	for _, s := range e.warnings {
		found := false
		for _, w := range r.Warnings {
			found = found || strings.Contains(w.Message, s)
		}
		if !found {
			complain("no warning contains %q: %v", s, r.Warnings)
		}
	}
	for _, name := range e.wrote {
		found := false
		for _, f := range r.Files {
			found = found || f.Path == name
		}
		if !found {
			complain("%s is not among the files: %v", name, r.Files)
		}
	}
	return wrong
}

// sameJSON compares values; numbers by their text, so that 1 and 1.0 differ and no digit is lost.
func sameJSON(a, b string) bool {
	decode := func(s string) (v any, err error) {
		d := json.NewDecoder(strings.NewReader(s))
		d.UseNumber()
		err = d.Decode(&v)
		return v, err
	}
	x, err1 := decode(a)
	y, err2 := decode(b)
	return err1 == nil && err2 == nil && reflect.DeepEqual(x, y)
}

func TestCases(t *testing.T) {
	rt := sharedRuntime(t)
	files, err := filepath.Glob("../testdata/cases/*/*.*")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	for _, file := range files {
		comment := map[string]string{".py": "#", ".js": "//", ".mjs": "//", ".ts": "//", ".tsx": "//"}[filepath.Ext(file)]
		if comment == "" {
			continue
		}
		t.Run(filepath.Base(filepath.Dir(file))+"/"+filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			e := parseCase(t, string(text), comment)
			ctx := context.Background()
			m, diagnostics, err := compiler.Compile(ctx, compiler.Source{Name: filepath.Base(file), Text: text})
			if err != nil || m == nil {
				t.Fatal(err, diagnostics)
			}
			r, err := rt.Run(ctx, m, e.options)
			if err != nil {
				t.Fatal(err)
			}
			checkSchemaOf(t, r)
			if wrong := e.compare(r); wrong != nil {
				t.Errorf("%s\n%s", strings.Join(wrong, "\n"), r.Feedback(0))
			}
		})
	}
}
