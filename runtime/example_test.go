package runtime_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"wand/compiler"
	"wand/hostfuncs"
	"wand/policies"
	"wand/runtime"
)

// TestReadmeExample is the example of README's "As a library", as a whole.
func TestReadmeExample(t *testing.T) {
	needGuests(t)
	type book struct {
		Title string `json:"title"`
		Year  int    `json:"year"`
	}
	lookup := hostfuncs.Tool("lookup", "Finds books by the beginning of their titles.", func(_ context.Context, in struct {
		Title string `json:"title" jsonschema:"the beginning of the title"`
		Limit int    `json:"limit" default:"10" maximum:"50"`
	}) ([]book, error) {
		var found []book
		for _, b := range []book{{"A Philosophy of Software Design", 2018}, {"The Go Programming Language", 2015}} {
			if strings.HasPrefix(b.Title, in.Title) && len(found) < in.Limit {
				found = append(found, b)
			}
		}
		return found, nil
	})
	lookup.Effect = hostfuncs.ReadOnly
	tools, err := hostfuncs.NewRegistry(lookup)
	if err != nil {
		t.Fatal(err)
	}
	policy, err := policies.Allow("lookup")
	if err != nil {
		t.Fatal(err)
	}

	ctx := context.Background()
	rt, err := runtime.New(ctx, runtime.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close(ctx)
	answer := "Here is the program:\n```python\nimport tools\nprint(tools.lookup('A P')[0]['title'])\n```\n"
	module, diagnostics, err := rt.Compile(ctx, compiler.Source{Text: []byte(answer)})
	if err != nil || module == nil {
		t.Fatal(err, diagnostics)
	}
	report, err := rt.Run(ctx, module, runtime.Options{
		Policy: policy,
		Tools:  tools,
		Limits: runtime.Limits{Fuel: 2_000_000_000, Deadline: 20 * time.Second},
	})
	if err != nil {
		t.Fatal(err)
	}
	if report.Status != runtime.Completed || report.Stdout != "A Philosophy of Software Design\n" {
		t.Errorf("%s", report.JSON())
	}
}
