package policies

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// FuzzParse reads hostile documents: no panic, no hang, bounded memory, an *Error or a policy; a policy that parses compiles or says why not,
// decides, and is written as a document that means the same.
func FuzzParse(f *testing.F) {
	f.Add(readmeDocument(f))
	for _, pattern := range []string{"testdata/errors/*.yaml", "presets/*.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			f.Fatal(pattern, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := Parse("fuzz.yaml", text)
		if err != nil {
			var typed *Error
			if !errors.As(err, &typed) || len(typed.Findings) == 0 || len(typed.Findings) > MaxFindings {
				t.Fatalf("%T %v", err, err)
			}
			return
		}
		again, err := Parse("again.yaml", p.YAML())
		if err != nil {
			t.Fatalf("%v\n%s", err, p.YAML())
		}
		if string(again.YAML()) != string(p.YAML()) {
			t.Fatalf("written twice:\n%s\n%s", p.YAML(), again.YAML())
		}
		p.Extends, p.Cedar = nil, nil
		e, err := Compile(p)
		if err != nil {
			var typed *Error
			if !errors.As(err, &typed) {
				t.Fatalf("%T %v", err, err)
			}
			return
		}
		e.Decide(httpRequest("GET", "api.example.com", "/v1/items"))
	})
}

// Documents that are made to be slow or large to read are refused, or read, in bounded time and memory.
func TestHostileDocuments(t *testing.T) {
	repeat := func(s string) []byte { return []byte("version: 1\n" + strings.Repeat(s, (MaxDocument-100)/len(s))) }
	for name, text := range map[string][]byte{
		"too large":      []byte(strings.Repeat("a", MaxDocument+1)),
		"brackets":       repeat("["),
		"braces":         repeat("{a: "),
		"dashes":         repeat("- "),
		"questions":      repeat("? "),
		"anchors":        repeat("a: &a [*a,*a]\n"),
		"keys":           repeat("a: 1\n"),
		"lists":          []byte("version: 1\nextends: [" + strings.Repeat("a,\n", 300_000) + "]"),
		"tools":          []byte("version: 1\ntools:\n" + strings.Repeat("  - {name: a}\n", 70_000)),
		"files":          []byte("version: 1\nfiles:\n" + strings.Repeat("  - {host: /a, guest: /b}\n", 38_000)),
		"comments":       repeat("# x\n"),
		"quotes":         repeat("\"\n"),
		"single quotes":  repeat("'\n"),
		"block text":     append([]byte("version: 1\nname: |\n"), repeat("  x\n")[11:]...),
		"folded":         append([]byte("version: 1\nname: >\n"), repeat("  x\n\n")[11:]...),
		"plain lines":    append([]byte("version: 1\nname: x\n"), repeat("  x\n")[11:]...),
		"colons":         repeat(":\n"),
		"tabs":           repeat("\t\n"),
		"returns":        repeat("\r"),
		"steps":          []byte("version: 1\n" + stairs(1400)),
		"bangs":          repeat("!a "),
		"documents":      repeat("---\n"),
		"percent":        repeat("%a\n"),
		"nested when":    []byte("version: 1\ntools: [{name: a, when: '" + strings.Repeat("(", 4000) + "'}]"),
		"chained when":   []byte("version: 1\ntools: [{name: a, when: 'context has a" + strings.Repeat(".a", 1900) + "'}]"),
		"nots":           []byte("version: 1\ntools: [{name: a, when: '" + strings.Repeat("!", 4000) + "true'}]"),
		"byte order":     append([]byte("\xef\xbb\xbf"), repeat("a: 1\n")...),
		"unicode spaces": repeat("\u00a0\u2028"),
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			_, err := Parse("hostile.yaml", text)
			took := time.Since(start)
			runtime.ReadMemStats(&after)
			if err != nil && len(err.Error()) > 64<<10 {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
			if made := after.TotalAlloc - before.TotalAlloc; made > 2<<30 {
				t.Errorf("%d MiB were allocated in all", made>>20)
			}
			t.Logf("%v, %d MiB", took, (after.TotalAlloc-before.TotalAlloc)>>20)
		})
	}
}

// stairs is a document of n levels.
func stairs(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}
