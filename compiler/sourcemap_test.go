package compiler

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/evanw/esbuild/pkg/api"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Each testdata/typescript/*.ts is translated to the *.js beside it. A comment //= NAME on a line says that NAME in the translation is
// mapped to that line and to where NAME stands in it.
func TestTypeScript(t *testing.T) {
	files, err := filepath.Glob("testdata/typescript/*.ts*")
	if err != nil || len(files) == 0 {
		t.Fatal("no test programs", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			m, diagnostics, err := Compile(context.Background(), Source{Name: filepath.Base(file), Text: text})
			if err != nil {
				t.Fatal(err)
			}
			golden := strings.TrimSuffix(file, filepath.Ext(file)) + ".out"
			var got strings.Builder
			for _, d := range diagnostics {
				got.WriteString(caret(d))
			}
			if m != nil {
				got.WriteString(m.Program)
			}
			if *update {
				if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got.String() != string(want) {
				t.Errorf("got:\n%s\nwant:\n%s", got.String(), want)
			}
			if m != nil {
				positions(t, m)
			}
		})
	}
}

// caret prints a diagnostic as people know it.
func caret(d Diagnostic) string {
	return d.File + ":" + string(d.Severity) + ": " + d.Message + "\n" + d.LineText + "\n" + strings.Repeat(" ", max(d.Column-1, 0)) +
		strings.Repeat("^", max(d.EndColumn-d.Column, 1)) + "\n"
}

func positions(t *testing.T, m *Module) {
	t.Helper()
	for i, l := range strings.Split(m.Source, "\n") {
		code, name, ok := strings.Cut(l, "//= ")
		if !ok {
			continue
		}
		for j, generated := range strings.Split(m.Program, "\n") {
			at := strings.Index(generated, name)
			if at < 0 || strings.Contains(generated, "//= "+name) {
				continue
			}
			line, column, text := m.Position(j+1, byteColumn(generated, at))
			if line != i+1 || column != byteColumn(code, strings.Index(code, name)) || text != l {
				t.Errorf("%s at %d:%d is mapped to %d:%d %q, want %d:%d", name, j+1, byteColumn(generated, at), line, column, text,
					i+1, byteColumn(code, strings.Index(code, name)))
			}
			if line, _, _ := m.Position(j+1, 0); line == 0 {
				t.Errorf("line %d is mapped nowhere", j+1)
			}
		}
	}
}

// Laying the translation out anew must not change what it means.
func FuzzAlign(f *testing.F) {
	for _, s := range []string{"let a: number = 1\nlet b = `x\n${a}\ny`\nenum E { A,\nB }", "class A { constructor(private x: number) {}\n get = 1\n static y\n *z() {} }",
		"return\n1", "a\n++b", "if (a)\n  b\nelse c // x\nd", "import(/* a\n// b */ 'x')", "x = a\n/b/g", "namespace N { export const a = `\n\n` }", "@d class A { @e f() {} }\ng()"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 2000 || !utf8.ValidString(text) {
			return
		}
		text = strings.ReplaceAll(text, "\r", "\n")
		defer time.AfterFunc(5*time.Second, func() { panic("too slow: " + strconv.Quote(text)) }).Stop()
		m, _, err := Compile(context.Background(), Source{Language: TypeScript, Text: []byte(text)})
		if err != nil || m == nil {
			return
		}
		sameMeaning(t, transformed(m), m.Program)
		if lines, most := strings.Count(m.Program, "\n"), strings.Count(m.Source, "\n")+strings.Count(transformed(m), "\n")+1; lines > most {
			t.Errorf("%d lines of %d", lines, most)
		}
	})
}

func transformed(m *Module) string {
	return string(transform(m.Name, m.Source, api.LoaderTS, api.SourceMapNone).Code)
}

// Whatever is repeated how often: the translator must not take the process along or run for ever on what tooDeep accepts.
func FuzzTranslatorCost(f *testing.F) {
	for _, s := range []string{"a=>", "(", "`${", "interface <", "++", "/\\", "let x\n", "if(a)\n", "a?b:", "<T>", "class A extends ", ".a", "async(", "\n`x`", "!", "namespace a.", "{a:"} {
		f.Add("", s, "", uint16(3000))
		f.Add("x = ", s, "a", uint16(20000))
	}
	f.Fuzz(func(t *testing.T, before, middle, after string, n uint16) {
		text := before + strings.Repeat(middle, int(n)) + after
		if len(text) > DefaultMaxTypeScript/2 {
			return
		}
		defer time.AfterFunc(30*time.Second, func() {
			panic("too slow: " + strconv.Quote(before) + " " + strconv.Quote(middle) + " " + strconv.Quote(after) + " " + strconv.Itoa(int(n)))
		}).Stop()
		if _, _, err := Compile(context.Background(), Source{Language: TypeScript, Text: []byte(text)}); err != nil && !errors.As(err, new(*InputError)) {
			t.Fatal(err)
		}
	})
}
