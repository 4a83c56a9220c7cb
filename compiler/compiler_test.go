package compiler

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestCompile(t *testing.T) {
	const fenced = "Here is the program:\n\n```python\nprint(1)\n```\n\nIt prints 1.\n"
	tests := map[string]struct {
		source   Source
		language Language
		name     string
		program  string
		offset   int
		warnings int
	}{
		"plain":           {Source{Text: []byte("print(1)\n")}, Python, "main.py", "print(1)\n", 0, 0},
		"fence":           {Source{Text: []byte(fenced)}, Python, "main.py", "print(1)\n", 3, 0},
		"tilde":           {Source{Text: []byte("~~~ js\nlet x = 1\n~~~")}, JavaScript, "main.js", "let x = 1\n", 1, 0},
		"long fence":      {Source{Text: []byte("````py\ns = '''\n```\n'''\n````\n")}, Python, "main.py", "s = '''\n```\n'''\n", 1, 0},
		"unclosed":        {Source{Text: []byte("```python\nprint(1)\nprint(2)")}, Python, "main.py", "print(1)\nprint(2)", 1, 1},
		"indented":        {Source{Text: []byte("1. Do:\n\n   ```python\n   if 1:\n       print(1)\n   ```\n")}, Python, "main.py", "if 1:\n    print(1)\n", 3, 0},
		"attributes":      {Source{Text: []byte("```{.python .numberLines}\nx = 1\n```")}, Python, "main.py", "x = 1\n", 1, 0},
		"file in tag":     {Source{Text: []byte("```Python:main.py\nx = 1\n```")}, Python, "main.py", "x = 1\n", 1, 0},
		"one line":        {Source{Text: []byte("```python print(1)```")}, Python, "main.py", "print(1)", 0, 0},
		"one line no tag": {Source{Text: []byte(" ```print(1)``` ")}, Python, "main.py", "print(1)", 0, 0},
		"bom crlf":        {Source{Text: []byte("\ufeff```py\r\nx = 1\r\ny = 2\r\n```\r\n")}, Python, "main.py", "x = 1\ny = 2\n", 1, 0},
		"wrapped twice":   {Source{Text: []byte("````markdown\nSo:\n```js\nlet a = 1\n```\n````\n")}, JavaScript, "main.js", "let a = 1\n", 3, 0},
		"shell before":    {Source{Text: []byte("```bash\npip install x\n```\nthen\n```python\nx = 1\n```\nprints\n```\n1\n```\n")}, Python, "main.py", "x = 1\n", 5, 0},
		"two of them":     {Source{Text: []byte("```python\nx = 1\n```\nor\n```python\nx = 2\n```\n")}, Python, "main.py", "x = 1\n", 1, 1},
		"wanted language": {Source{Language: JavaScript, Text: []byte("```python\nx = 1\n```\nor\n```js\nlet x = 2\n```\n")}, JavaScript, "main.js", "let x = 2\n", 5, 0},
		"tag over ext":    {Source{Name: "answer.js", Text: []byte("```python\nx = 1\n```\n")}, Python, "answer.js", "x = 1\n", 1, 0},
		"docstring stays": {Source{Text: []byte("def f():\n    \"\"\"Use:\n\n    ```python\n    f()\n    ```\n    \"\"\"\n    return 1\n")}, Python, "main.py",
			"def f():\n    \"\"\"Use:\n\n    ```python\n    f()\n    ```\n    \"\"\"\n    return 1\n", 0, 0},
		"docstring in fence": {Source{Text: []byte("```python\ndef f():\n    \"\"\"\n    ```\n    f()\n    ```\n    \"\"\"\n```\ntext")}, Python, "main.py",
			"def f():\n    \"\"\"\n    ```\n    f()\n    ```\n    \"\"\"\n", 1, 0},
		"js comment stays": {Source{Text: []byte("/* Use:\n```js\nf()\n```\n*/\nconst f = () => 1;\n")}, JavaScript, "main.js", "/* Use:\n```js\nf()\n```\n*/\nconst f = () => 1;\n", 0, 0},
		"extension":        {Source{Name: "a.mjs", Text: []byte("x")}, JavaScript, "a.mjs", "x", 0, 0},
		"host path":        {Source{Name: "/home/me/secret/a.py", Text: []byte("x")}, Python, "a.py", "x", 0, 0},
		"shebang":          {Source{Text: []byte("#!/usr/bin/env -S python3.13 -u\nx")}, Python, "main.py", "#!/usr/bin/env -S python3.13 -u\nx", 0, 0},
		"shebang node":     {Source{Text: []byte("#!/usr/bin/node\nx")}, JavaScript, "main.js", "#!/usr/bin/node\nx", 0, 0},
		"alias":            {Source{Language: "py3", Text: []byte("x")}, Python, "main.py", "x", 0, 0},
		"formula":          {Source{Text: []byte("1 + 1")}, Python, "main.py", "1 + 1", 0, 0},
		"plain tag":        {Source{Text: []byte("```text\nconst a = 1;\n```")}, JavaScript, "main.js", "const a = 1;\n", 1, 0},
		"parsed as ts": {Source{Text: []byte("class Basket {\n  add(item: Item) {\n    this.items.push(item);\n  }\n}\n")}, TypeScript, "main.ts",
			"class Basket {\n  add(item) {\n    this.items.push(item);\n  }\n}\n", 0, 0},
		"typescript": {Source{Text: []byte("```ts\nconst a: number = 1;\n```")}, TypeScript, "main.ts", "const a = 1;\n", 1, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			m, diagnostics, err := Compile(context.Background(), test.source)
			if err != nil || m == nil {
				t.Fatalf("Compile: %v, %v", diagnostics, err)
			}
			if m.Language != test.language || m.Name != test.name || m.LineOffset != test.offset {
				t.Errorf("got %s %s offset %d, want %s %s offset %d", m.Language, m.Name, m.LineOffset, test.language, test.name, test.offset)
			}
			if d := cmp.Diff(test.program, m.Program); d != "" {
				t.Error(d)
			}
			if len(diagnostics) != test.warnings {
				t.Errorf("diagnostics: %+v", diagnostics)
			}
			if len(m.Digest) != 64 {
				t.Errorf("digest %q", m.Digest)
			}
		})
	}
}

func TestUnusable(t *testing.T) {
	tests := map[string]struct {
		source Source
		reason error
		says   string
		line   int
	}{
		"empty":            {Source{}, ErrEmpty, "no program", 0},
		"blank":            {Source{Text: []byte(" \r\n\t")}, ErrEmpty, "no program", 0},
		"empty fence":      {Source{Text: []byte("```python\n```")}, ErrEmpty, "code block", 2},
		"prose":            {Source{Text: []byte("I am sorry, but I cannot help you with that request today.")}, ErrUnknownLanguage, "no code block tag, no file extension", 0},
		"foreign tag":      {Source{Text: []byte("```ruby\nputs 1\n```")}, ErrUnknownLanguage, `tagged "ruby"`, 0},
		"foreign ext":      {Source{Name: "x.java", Text: []byte("class X {}")}, ErrUnknownLanguage, "means Java", 0},
		"compiled":         {Source{Name: "x.go", Text: []byte("package main")}, ErrNoToolchains, "Go has to be compiled", 0},
		"foreign language": {Source{Language: "cobol", Text: []byte("x")}, ErrUnknownLanguage, `"cobol"; languages: python, javascript`, 0},
		"foreign shebang":  {Source{Text: []byte("#!/bin/sh\necho")}, ErrUnknownLanguage, `"sh"`, 0},
		"java":             {Source{Text: []byte("class X {\n  public static void main(String[] a) {\n  }\n}\n")}, ErrUnknownLanguage, "name the language", 0},
		"latin-1":          {Source{Text: []byte("x = 1\r\ny = 'caf\xe9'\r\n")}, ErrNotText, "byte 0xe9 at byte 15, line 2", 2},
		"utf-16":           {Source{Text: []byte("\xff\xfex\x00")}, ErrNotText, "UTF-16", 1},
		"elf":              {Source{Text: []byte("\x7fELF\x02\x01")}, ErrBinary, "ELF", 1},
		"zero byte":        {Source{Text: []byte("x = 1\n\x00")}, ErrBinary, "byte 6, line 2", 2},
		"garbage":          {Source{Text: []byte("\x01\x02\x03\xff\xfe\x05\x06")}, ErrBinary, "control characters", 1},
		"wasm as python":   {Source{Language: Python, Text: []byte("\x00asm\x01\x00\x00\x00")}, ErrBinary, "WebAssembly", 1},
		"text as .wasm":    {Source{Name: "a.wasm", Text: []byte("(module)")}, ErrUnknownLanguage, "magic number", 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			m, diagnostics, err := Compile(context.Background(), test.source)
			if m != nil || len(diagnostics) > 0 {
				t.Fatalf("got %+v, %+v", m, diagnostics)
			}
			var input *InputError
			if !errors.Is(err, test.reason) || !errors.As(err, &input) {
				t.Fatalf("error %v, want %v", err, test.reason)
			}
			if !strings.Contains(err.Error(), test.says) || input.Line != test.line {
				t.Errorf("line %d: %v", input.Line, err)
			}
		})
	}
	c := Compiler{MaxSource: 10}
	_, _, err := c.Compile(context.Background(), Source{Language: Python, Text: make([]byte, 11)})
	var input *InputError
	if !errors.As(err, &input) || input.Reason != ErrTooLarge || input.Limit != 10 || input.Size != 11 {
		t.Errorf("too large: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := Compile(ctx, Source{Text: []byte("print(1)")}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestWasm(t *testing.T) {
	m, diagnostics, err := Compile(context.Background(), Source{Text: []byte("\x00asm\x01\x00\x00\x00")})
	if err != nil || m == nil || m.Language != Wasm || m.Guest != "" || m.Name != "main.wasm" {
		t.Fatalf("%+v %+v %v", m, diagnostics, err)
	}
	for name, text := range map[string]string{
		"magic only": "\x00asm", "version": "\x00asm\x09\x00\x00\x00", "component": "\x00asm\x0d\x00\x01\x00",
		"threads": "\x00asm\x01\x00\x00\x00\x05\x04\x01\x03\x01\x01", "cut off": "\x00asm\x01\x00\x00\x00\x01\x7f",
	} {
		m, diagnostics, err := Compile(context.Background(), Source{Text: []byte(text)})
		if err != nil || m != nil || len(diagnostics) != 1 || !strings.Contains(diagnostics[0].Message, "offset") {
			t.Errorf("%s: %+v %+v %v", name, m, diagnostics, err)
		}
	}
	_, diagnostics, err = Compile(context.Background(), Source{Language: Wasm, Text: []byte("(module)")})
	if err != nil || len(diagnostics) != 1 || diagnostics[0].Severity != SeverityError {
		t.Errorf("text as wasm: %+v %v", diagnostics, err)
	}
}

// checkerFunc is the guest's side of Compile, seen from here.
type checkerFunc func(m *Module) ([]Diagnostic, error)

func (f checkerFunc) Check(_ context.Context, m *Module) ([]Diagnostic, error) { return f(m) }

func TestChecker(t *testing.T) {
	source := Source{Language: TypeScript, Text: []byte("interface A {}\n\nconst größe: string = '🙂'; nope\n")}
	var c Compiler
	c.Checker = checkerFunc(func(m *Module) ([]Diagnostic, error) {
		before := m.Program[:strings.Index(m.Program, "nope")]
		line, column := 1+strings.Count(before, "\n"), byteColumn(before[strings.LastIndexByte(before, '\n')+1:], len(before))
		return []Diagnostic{{Severity: SeverityError, Type: "SyntaxError", Message: "no", Line: line, Column: column, EndColumn: column + 4}}, nil
	})
	m, diagnostics, err := c.Compile(context.Background(), source)
	want := []Diagnostic{{Severity: SeverityError, Type: "SyntaxError", Message: "no", File: "main.ts", Line: 3, Column: 28, EndColumn: 32,
		LineText: "const größe: string = '🙂'; nope"}}
	if err != nil || m != nil || !cmp.Equal(want, diagnostics) {
		t.Errorf("%v\n%s", err, cmp.Diff(want, diagnostics))
	}
	broken := errors.New("broken")
	c.Checker = checkerFunc(func(*Module) ([]Diagnostic, error) { return nil, broken })
	if _, _, err := c.Compile(context.Background(), source); !errors.Is(err, broken) {
		t.Errorf("checker's failure: %v", err)
	}
	c.Checker = checkerFunc(func(*Module) ([]Diagnostic, error) { return nil, nil })
	if m, _, err := c.Compile(context.Background(), source); err != nil || !m.Checked {
		t.Errorf("accepted: %+v %v", m, err)
	}
}

// Hostile and huge sources must neither take long nor take the process along.
func TestHostile(t *testing.T) {
	const mb = 1 << 20
	sources := map[string]Source{
		"10 MB line":         {Text: []byte("x = '" + strings.Repeat("a", 10*mb) + "'\nprint(len(x))\n")},
		"10 MB of brackets":  {Text: []byte("x = " + strings.Repeat("(", 10*mb))},
		"10 MB of fences":    {Text: []byte(strings.Repeat("```\n/*\n```\n", mb))},
		"10 MB of hashes":    {Text: []byte("```\n" + strings.Repeat("#", 10*mb) + `"""`)},
		"10 MB of quotes":    {Text: []byte("```\n" + strings.Repeat(`"\`, 5*mb))},
		"10 MB of newlines":  {Text: []byte("x=1" + strings.Repeat("\n", 10*mb) + "```")},
		"nested fences":      {Text: []byte(nestedFences(1000))},
		"ts one line":        {Language: TypeScript, Text: []byte("const x: string = '" + strings.Repeat("a", mb) + "'")},
		"ts parens":          {Language: TypeScript, Text: []byte(strings.Repeat("(", mb))},
		"ts braces":          {Language: TypeScript, Text: []byte(strings.Repeat("{", mb))},
		"ts arrows":          {Language: TypeScript, Text: []byte(strings.Repeat("a=>", mb/3))},
		"ts arrows in lines": {Language: TypeScript, Text: []byte(strings.Repeat("a=>\n", mb/4))},
		"ts ifs":             {Language: TypeScript, Text: []byte(strings.Repeat("if(a)\n", mb/6))},
		"ts elses":           {Language: TypeScript, Text: []byte(strings.Repeat("if(a);else ", mb/11))},
		"ts not":             {Language: TypeScript, Text: []byte(strings.Repeat("!", mb))},
		"ts commas":          {Language: TypeScript, Text: []byte(strings.Repeat("1,", mb/2) + "1")},
		"ts generics":        {Language: TypeScript, Text: []byte(strings.Repeat("a<(", mb/3))},
		"ts namespaces":      {Language: TypeScript, Text: []byte("namespace a" + strings.Repeat(".a", mb/2) + "{let x = 1}")},
		"ts templates":       {Language: TypeScript, Text: []byte(strings.Repeat("`${", mb/3))},
		"ts hidden by regex": {Language: TypeScript, Text: []byte("if (a) /`/.test(b);" + strings.Repeat("(", mb) + "`")},
		"ts hidden by html":  {Language: TypeScript, Text: []byte("<!-- `\n" + strings.Repeat("(", mb) + "`")},
		"ts many arrows":     {Language: TypeScript, Text: []byte(strings.Repeat(strings.Repeat("a=>", 300)+"a;", 1000))},
		"ts labels":          {Language: TypeScript, Text: []byte(strings.Repeat("a:", mb/2))},
		"ts types":           {Language: TypeScript, Text: []byte("let x: " + strings.Repeat("A<", mb/2))},
		"ts dots":            {Language: TypeScript, Text: []byte("a" + strings.Repeat(".a", mb/2))},
		"ts calls":           {Language: TypeScript, Text: []byte("a" + strings.Repeat("()", mb/2))},
		"ts as":              {Language: TypeScript, Text: []byte("a" + strings.Repeat(" as b", mb/5))},
		"ts plus":            {Language: TypeScript, Text: []byte("a" + strings.Repeat("+a", mb/2))},
		"ts errors":          {Language: TypeScript, Text: []byte(strings.Repeat("let x\n", 1<<13))},
		"ts slashes":         {Language: TypeScript, Text: []byte("f()" + strings.Repeat(`/\`, mb/2))},
		"ts increments":      {Language: TypeScript, Text: []byte("a" + strings.Repeat("++", mb/2))},
		"ts interface":       {Language: TypeScript, Text: []byte("~" + strings.Repeat("interface <", mb/11))},
		"ts extends":         {Language: TypeScript, Text: []byte(strings.Repeat("class A extends ", mb/16))},
	}
	for name, source := range sources {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			c := Compiler{MaxTypeScript: 2 << 20}
			_, diagnostics, err := c.Compile(context.Background(), source)
			took := time.Since(start)
			t.Logf("%v, %d diagnostics, %v", took, len(diagnostics), err)
			if took > time.Minute { // some take a few seconds, and others' tests run meanwhile
				t.Errorf("took %v", took)
			}
			for _, d := range diagnostics {
				if len(d.LineText) > maxLineText || len(d.Message) > 1000 {
					t.Errorf("a diagnostic of %d+%d bytes", len(d.LineText), len(d.Message))
				}
			}
		})
	}
}

func nestedFences(n int) string {
	var b strings.Builder
	for i := n; i >= 3; i-- {
		b.WriteString(strings.Repeat("`", i) + "\n")
	}
	b.WriteString("print(1)\n")
	return b.String()
}

func FuzzCompile(f *testing.F) {
	for _, s := range []string{"print(1)", "```python\nprint(1)\n```", "~~~\nlet x = 1\n", "  ```js\n  x\n  ```", "````\n```\n```\n````", "\"\"\"\n```\n\"\"\"\n```\n",
		"const a: number = b! / `${c}`; // x", "\x00asm\x01\x00\x00\x00\x01\x04\x01\x60\x00\x00", "#!/usr/bin/env node\n", "\ufeffx\r\ny\r", "```a`b`\n", "enum A { B = `x` }", "x = /[/`]/g"} {
		f.Add(s, "")
		f.Add(s, "main.ts")
	}
	f.Fuzz(func(t *testing.T, text, name string) {
		if len(text) > 4096 {
			return
		}
		defer time.AfterFunc(5*time.Second, func() { panic("too slow: " + strconv.Quote(text)) }).Stop()
		m, diagnostics, err := Compile(context.Background(), Source{Name: name, Text: []byte(text)})
		if err != nil && (m != nil || !errors.As(err, new(*InputError))) {
			t.Fatalf("%+v %v", m, err)
		}
		if err == nil && m == nil && !failed(diagnostics) {
			t.Fatal("no module and no reason")
		}
		if m == nil || m.Language == Wasm {
			return
		}
		again := stripFence(m.Source, "")
		if again.found && strings.Count(text, "```")+strings.Count(text, "~~~") <= maxNestedFences {
			t.Fatalf("stripping again changes %q to %q", m.Source, again.text)
		}
		for l := range 5 {
			for c := range 5 {
				m.Position(l, c)
			}
		}
	})
}
