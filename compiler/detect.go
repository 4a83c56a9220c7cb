package compiler

import (
	"bytes"
	"fmt"
	"path"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// Languages lists what Compile accepts.
func Languages() []Language {
	return []Language{Python, JavaScript, TypeScript, Go, C, Cpp, Rust, AssemblyScript, WAT, Wasm}
}

// ParseLanguage reads a language's name, or a usual short form of it (py, python3, js, node, ts, golang, cpp, rs, as, ...), in any case.
// The error is an *InputError with ErrUnknownLanguage.
func ParseLanguage(s string) (Language, error) {
	if l := tagLanguage(strings.ToLower(strings.TrimSpace(s))); l != "" {
		return l, nil
	}
	return "", unknownLanguage("", "%q", s)
}

// Detect tells the language of a source text as Compile does; empty when it cannot be told.
func Detect(source Source) Language {
	if source.Language != "" {
		l, _ := ParseLanguage(string(source.Language))
		return l
	}
	if isWasm(source.Text) {
		return Wasm
	}
	name := cleanName(source.Name)
	text, err := normalise(name, source.Text)
	if err != nil {
		return ""
	}
	l, _ := detect(name, stripFence(text, ""))
	return l
}

// tagLanguage reads a fence tag or a short form, in lower case.
func tagLanguage(tag string) Language {
	if v, ok := strings.CutPrefix(tag, "python"); ok && strings.Trim(v, "0123456789.") == "" {
		return Python
	}
	switch tag {
	case "py", "py3", "python-3", "ipython", "ipython3", "pyw", "cpython", "pyi":
		return Python
	case "js", "mjs", "cjs", "node", "nodejs", "javascript", "ecmascript", "es6", "esm", "jsx", "quickjs", "qjs":
		return JavaScript
	case "ts", "mts", "cts", "tsx", "typescript", "deno", "bun":
		return TypeScript
	case "wasm", "webassembly":
		return Wasm
	case "go", "golang":
		return Go
	case "c", "c89", "c99", "c11", "c17", "c23", "ansi-c":
		return C
	case "c++", "cpp", "cc", "cxx", "cplusplus", "c++11", "c++14", "c++17", "c++20", "c++23":
		return Cpp
	case "rust", "rs":
		return Rust
	case "assemblyscript", "as", "asc":
		return AssemblyScript
	case "wat", "wast", "webassembly-text":
		return WAT
	}
	return ""
}

// extension reads a file name's extension. foreign is set for one that names a language that we do not run.
func extension(name string) (lang Language, ext string, foreign string) {
	ext = strings.ToLower(path.Ext(name))
	if strings.HasSuffix(strings.ToLower(name), ".as.ts") {
		return AssemblyScript, ".as.ts", ""
	}
	switch ext {
	case ".py", ".pyw", ".pyi", ".py3":
		return Python, ext, ""
	case ".js", ".mjs", ".cjs", ".jsx":
		return JavaScript, ext, ""
	case ".ts", ".mts", ".cts", ".tsx":
		return TypeScript, ext, ""
	case ".wasm":
		return Wasm, ext, ""
	case ".go":
		return Go, ext, ""
	case ".c":
		return C, ext, ""
	case ".cc", ".cpp", ".cxx", ".c++":
		return Cpp, ext, ""
	case ".rs":
		return Rust, ext, ""
	case ".as":
		return AssemblyScript, ext, ""
	case ".wat", ".wast":
		return WAT, ext, ""
	}
	foreign = map[string]string{
		".h": "a header of C", ".hpp": "a header of C++", ".s": "assembly", ".java": "Java",
		".rb": "Ruby", ".php": "PHP", ".pl": "Perl", ".lua": "Lua", ".sh": "shell", ".bash": "shell", ".zsh": "shell", ".ps1": "PowerShell",
		".cs": "C#", ".kt": "Kotlin", ".swift": "Swift", ".scala": "Scala", ".hs": "Haskell", ".ml": "OCaml", ".ex": "Elixir", ".jl": "Julia",
		".r": "R", ".sql": "SQL", ".html": "HTML", ".css": "CSS", ".json": "JSON", ".yaml": "YAML", ".yml": "YAML", ".toml": "TOML",
		".xml": "XML", ".csv": "CSV", ".ipynb": "a Jupyter notebook",
	}[ext]
	return "", ext, foreign
}

// shebang reads the interpreter off the first line: "#!/usr/bin/env -S python3.13 -u" gives python3.13.
func shebang(text string) (lang Language, interpreter string) {
	if !strings.HasPrefix(text, "#!") {
		return "", ""
	}
	first, _, _ := strings.Cut(text[2:min(len(text), 258)], "\n")
	for _, word := range strings.Fields(first) {
		base := path.Base(word)
		if base == "env" || strings.HasPrefix(word, "-") || strings.Contains(word, "=") {
			continue
		}
		if base == "ts-node" || base == "tsx" {
			return TypeScript, base
		}
		return tagLanguage(strings.ToLower(base)), base
	}
	return "", ""
}

// detect finds the language of a program whose fence, if any, is gone. The order is fence tag, extension, shebang, content.
func detect(name string, program unfenced) (Language, error) {
	if program.language != "" {
		return program.language, nil
	}
	lang, ext, foreign := extension(name)
	if lang != "" && lang != Wasm {
		return lang, nil
	}
	if lang == Wasm {
		return "", unknownLanguage(name, "the extension is %s but the content does not start with the WebAssembly magic number", ext)
	}
	if foreign != "" && !program.found {
		return "", unknownLanguage(name, "the extension %s means %s", ext, foreign)
	}
	if program.tag != "" && !neutralTag(program.tag) {
		return "", unknownLanguage(name, "the code block is tagged %q", program.tag)
	}
	lang, interpreter := shebang(program.text)
	if lang != "" && lang != Wasm {
		return lang, nil
	}
	if interpreter != "" {
		return "", unknownLanguage(name, "the first line asks for %q", interpreter)
	}
	if lang := compiledProgram(program.text); lang != "" {
		return lang, nil
	}
	if lang, _ := byContent(program.text); lang != "" {
		if lang == JavaScript && onlyTypeScript(program.text) {
			lang = TypeScript
		}
		return lang, nil
	}
	looked := []string{"no code block tag"}
	if ext == "" {
		looked = append(looked, "no file extension")
	} else {
		looked = append(looked, fmt.Sprintf("extension %q says nothing", ext))
	}
	looked = append(looked, "no #! line", "the content is like none of them")
	return "", unknownLanguage(name, "%s; name the language", strings.Join(looked, ", "))
}

// onlyTypeScript settles what looks like JavaScript by parsing it: TypeScript has syntax that no single line gives away.
func onlyTypeScript(text string) bool {
	if len(text) > sample || tooDeep("", text) != nil {
		return false
	}
	if len(transform("", text, api.LoaderJS, api.SourceMapNone).Errors) == 0 {
		return false
	}
	return len(transform("", text, api.LoaderTS, api.SourceMapNone).Errors) == 0
}

// isWasm says whether the input is a WebAssembly binary.
func isWasm(text []byte) bool { return bytes.HasPrefix(text, []byte("\x00asm")) }

// sample is how much of a program byContent reads; the rest rarely changes the answer.
const sample = 64 << 10

// evidence for each language, in points.
type evidence struct{ python, javascript, typescript, prose int }

// byContent tells Python, JavaScript and TypeScript apart by how their lines look. It gives no language for prose and for languages
// that we do not run; what is valid in all of them, such as 1 + 1, counts as Python.
func byContent(text string) (Language, evidence) {
	if len(text) > sample {
		text = text[:sample]
	}
	var e evidence
	var lit literalState
	code := 0
	for raw := range strings.SplitSeq(text, "\n") {
		if lit.open() {
			lit.scan(raw)
			continue
		}
		before := lit
		lit.scan(raw)
		if lit.open() && !before.open() {
			switch lit.closer {
			case `"""`, `'''`:
				e.python += 3
			case "*/", "`":
				e.javascript += 2
			}
		}
		if !lit.open() && (strings.Contains(raw, `"""`) || strings.Contains(raw, "'''")) {
			e.python += 3
		}
		l := strings.TrimSpace(mask(raw))
		if l == "" {
			continue
		}
		code++
		e.line(l)
	}
	switch {
	case foreignProgram(text):
		return "", e
	case e.python == 0 && e.javascript == 0 && e.typescript == 0:
		if code > 0 && e.prose == 0 && expressionOnly(text) {
			return Python, e
		}
		return "", e
	case e.prose > 2 && e.prose > max(e.python, e.javascript+e.typescript):
		return "", e
	case e.python >= e.javascript+e.typescript:
		return Python, e
	case e.typescript > 0:
		return TypeScript, e
	}
	return JavaScript, e
}

// line adds what one line of code says. The strings in it are masked.
func (e *evidence) line(l string) {
	first := firstWord(l)
	last := l[len(l)-1]
	has := func(s string) bool { return strings.Contains(l, s) }

	// Comments: # is Python's, // and /* are JavaScript's. Neither their words nor their marks count as code.
	switch {
	case strings.HasPrefix(l, "//"), strings.HasPrefix(l, "/*"), strings.HasPrefix(l, "* "), strings.HasPrefix(l, "*/"):
		e.javascript += 2
		return
	case strings.HasPrefix(l, "# "), strings.HasPrefix(l, "#") && !identifierStart(l[1:]):
		e.python++
		return
	}
	if i := strings.Index(l, " # "); i >= 0 {
		e.python++
		l = l[:i]
	}

	// Python.
	if last == ':' {
		switch first {
		case "def", "class", "if", "elif", "else", "for", "while", "try", "except", "finally", "with", "async", "match", "case":
			e.python += 3
		}
	}
	switch first {
	case "if", "while", "for", "with", "try", "class", "def", "else":
		// while True: pass
		if head, _, ok := strings.Cut(l, ": "); ok && !strings.HasSuffix(head, " ") && !strings.ContainsAny(head, "?{;") {
			e.python += 3
		}
	}
	switch first {
	case "def", "elif", "pass", "except", "nonlocal", "global", "del", "raise", "assert", "lambda":
		if !has("{") && last != ';' {
			e.python += 2
		}
	}
	// These may stand behind a semicolon: import sys; sys.exit(3).
	for statement := range strings.SplitSeq(l, ";") {
		statement = strings.TrimSpace(statement)
		switch {
		case strings.HasPrefix(statement, "import ") && !strings.ContainsAny(statement, "\"'{*(") && importLine(statement):
			e.python += 5
		case strings.HasPrefix(statement, "from ") && strings.Contains(statement, " import "):
			e.python += 5
		case strings.HasPrefix(statement, "print("), strings.HasPrefix(statement, "print '"), strings.HasPrefix(statement, "print \""):
			e.python += 2
		case strings.HasPrefix(statement, "const "), strings.HasPrefix(statement, "let "), strings.HasPrefix(statement, "var "):
			e.javascript += 3
		}
	}
	if strings.HasPrefix(l, "@") && !has("{") && last != ';' {
		e.python++
	}
	for _, s := range [...]string{" not in ", " is not ", " is None", "self.", "__name__", " in range(", "True", "False", "None", " and ", " or ", "not ", "len(", ":=", "**", " lambda ", "str(", "int("} {
		if has(s) && !looksProse(l) {
			e.python++
		}
	}
	if has(" for ") && has(" in ") && (last == ']' || last == ')' || last == '}') {
		e.python += 2
	}
	if name, rest, ok := strings.Cut(l, "="); ok && isTarget(strings.TrimSpace(strings.TrimRight(name, "+-*/%|&^"))) && !strings.HasPrefix(rest, "=") && !strings.HasPrefix(rest, ">") && last != ';' && last != '{' {
		e.python++
	}

	// JavaScript.
	switch first {
	case "function":
		e.javascript += 3
	case "export":
		e.javascript += 3
	case "import":
		if strings.ContainsAny(l, "\"'{*;") {
			e.javascript += 3
		}
	case "switch", "do", "catch", "new", "throw", "typeof", "void":
		e.javascript += 2
	case "async":
		if has("function") || has("=>") {
			e.javascript += 3
		}
	case "if", "for", "while":
		if strings.IndexByte(strings.TrimLeft(l[len(first):], " "), '(') == 0 && last != ':' {
			e.javascript += 2
		}
	}
	for _, s := range [...]string{"===", "!==", "=>", "&&", "||", "console.", "process.", "null", "undefined", "typeof ", "new ", "++", ".length", "require(", "} else", "function(", "function (", "Math.", "JSON.", "Promise.", "...", "?.", "??", "this.", "`"} {
		if has(s) {
			switch s {
			case "console.", "process.", "===", "!==", "=>", "} else", "undefined":
				e.javascript += 3
			case "...", "new ", "null":
				if !looksProse(l) {
					e.javascript++
				}
			default:
				e.javascript++
			}
		}
	}
	if last == ';' {
		e.javascript += 2
	}
	switch {
	case strings.HasSuffix(l, "= {") && isTarget(strings.TrimSpace(strings.TrimSuffix(l, "= {"))):
		e.python++
	case last == '{' && !has("({") && !has("[{") && !has(": {"), strings.HasPrefix(l, "})"), strings.HasPrefix(l, "};"):
		e.javascript += 2
	case last == '{', l == "}":
		e.javascript++
	}
	e.typescript += typeMarks(l, first)
	if looksProse(l) {
		e.prose++
	}
}

// typeMarks finds what TypeScript adds to JavaScript.
func typeMarks(l, first string) int {
	has := func(s string) bool { return strings.Contains(l, s) }
	words := strings.Fields(l)
	switch first {
	case "interface", "enum", "namespace", "declare", "abstract":
		if len(words) >= 2 && (has("{") || first == "declare" || first == "abstract") && identifierStart(words[1]) {
			return 4
		}
	case "type":
		if len(words) >= 3 && identifierStart(words[1]) && has("=") && !has("==") {
			return 4
		}
	case "private", "public", "protected", "readonly":
		if len(words) >= 2 && identifierStart(words[1]) {
			return 3
		}
	case "export":
		if len(words) >= 3 {
			switch words[1] {
			case "type", "interface", "enum", "declare", "abstract", "namespace":
				return 4
			}
		}
	case "import":
		if len(words) >= 2 && words[1] == "type" {
			return 4
		}
	case "const":
		if len(words) >= 3 && words[1] == "enum" {
			return 4
		}
	}
	n := 0
	for _, s := range [...]string{" as const", " as any", " as unknown", " as string", " as number", " as keyof", " satisfies ", ": number", ": string", ": boolean", ": any", ": void", ": unknown", ": never",
		"Array<", "Record<", "Map<", "Set<", "Promise<", "Partial<", "Readonly<", "<T>", "<T,", "<T extends", "<K,", "<string>", "<number>", "(): ", "implements ", "keyof ", "private ", "readonly ", "[]): ", "!."} {
		i := strings.Index(l, s)
		// A colon after a space is that of a conditional expression.
		if i > 0 && (s[0] != ':' || l[i-1] != ' ') {
			n++
		}
	}
	if n > 0 && pythonLine(l, first) {
		return 0
	}
	if n > 0 {
		return n
	}
	switch first {
	case "const", "let", "var":
		// const x: T = ...
		if len(words) >= 3 && strings.HasSuffix(words[1], ":") {
			return 3
		}
	case "function", "async", "export", "constructor":
		// function f(a: T, b?: U): V {
		open, end := strings.IndexByte(l, '('), strings.LastIndexByte(l, ')')
		if open >= 0 && end > open {
			inside := l[open:end]
			if colon := strings.IndexByte(inside, ':'); colon > 0 && !strings.ContainsAny(inside[:colon], "{=?") || strings.Contains(inside, "?:") {
				return 3
			}
			if strings.HasPrefix(strings.TrimSpace(l[end+1:]), ":") && strings.HasSuffix(l, "{") {
				return 3
			}
		}
	}
	return 0
}

// pythonLine says that a line with a colon type is Python's: def f(x: string), or a block header.
func pythonLine(l, first string) bool {
	switch first {
	case "def", "class", "elif", "lambda":
		return strings.HasSuffix(l, ":") || strings.Contains(l, "->")
	}
	return false
}

// mask replaces what one-line strings hold by nothing, so that words in them do not count, and cuts a trailing // comment.
func mask(l string) string {
	if !strings.ContainsAny(l, "\"'/") {
		return l
	}
	var b strings.Builder
	for i := 0; i < len(l); {
		switch c := l[i]; {
		case c == '"' || c == '\'':
			n := oneLineString(l[i:])
			if n == len(l)-i && (n == 1 || l[i+n-1] != c) {
				// An apostrophe: the rest of the line is plain text.
				b.WriteString(l[i+1:])
				return b.String()
			}
			b.WriteByte(c)
			b.WriteByte(c)
			i += n
		case c == '/' && i > 0 && strings.HasPrefix(l[i:], "// ") && strings.TrimSpace(l[:i]) != "" && !bytes.ContainsAny([]byte{l[i-1]}, "0123456789)]"):
			return b.String()
		default:
			b.WriteByte(c)
			i++
		}
	}
	return b.String()
}

func firstWord(l string) string {
	i := 0
	for i < len(l) && (l[i] == '_' || l[i] >= 'a' && l[i] <= 'z' || l[i] >= 'A' && l[i] <= 'Z' || l[i] >= '0' && l[i] <= '9') {
		i++
	}
	if i == 0 {
		return l[:1]
	}
	return l[:i]
}

func identifierStart(s string) bool {
	return s != "" && (s[0] == '_' || s[0] == '$' || s[0] >= 'a' && s[0] <= 'z' || s[0] >= 'A' && s[0] <= 'Z')
}

// importLine accepts "import a", "import a.b as c, d".
func importLine(l string) bool {
	rest := strings.TrimSpace(strings.TrimPrefix(l, "import"))
	for part := range strings.SplitSeq(rest, ",") {
		f := strings.Fields(part)
		if len(f) != 1 && !(len(f) == 3 && f[1] == "as") {
			return false
		}
	}
	return true
}

// isTarget accepts what Python assigns to without a keyword: x, x.y, x[i], "a, b", "x: int".
func isTarget(s string) bool {
	if !identifierStart(s) {
		return false
	}
	if name, typ, ok := strings.Cut(s, ": "); ok && strings.IndexByte(name, ' ') < 0 {
		return identifierStart(typ)
	}
	return !strings.ContainsAny(s, "(){};!?<>'\"") && (!strings.Contains(s, " ") || strings.Contains(s, ", "))
}

// looksProse says that a line reads like a sentence: several plain words in a row, no code marks.
func looksProse(l string) bool {
	if strings.ContainsAny(l, "=(){}[];") && !strings.HasSuffix(l, ".") {
		return false
	}
	run := 0
	for _, w := range strings.Fields(l) {
		w = strings.TrimRight(w, ".,:!?")
		if w == "" || strings.Trim(w, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'-") != "" {
			run = 0
			continue
		}
		switch w {
		case "import", "as", "from", "in", "is", "not", "and", "or", "if", "else", "for", "return", "lambda", "async", "await", "def", "class":
			run = 0
			continue
		}
		if run++; run >= 3 {
			return true
		}
	}
	return false
}

// expressionOnly accepts what could be a formula or a single name: no two plain words side by side.
func expressionOnly(text string) bool {
	if name := strings.TrimSpace(text); identifierStart(name) && len(firstWord(name)) == len(name) {
		return true
	}
	for l := range strings.SplitSeq(text, "\n") {
		previous := false
		for _, w := range strings.Fields(l) {
			word := strings.Trim(w, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_.,!?;:'") == ""
			if word && previous {
				return false
			}
			previous = word
		}
		if strings.ContainsAny(l, "<>$\\?!;") {
			return false
		}
	}
	return strings.ContainsAny(text, "0123456789+-*/()[]%\"'")
}

// compiledProgram recognises Go, C, C++, Rust and WebAssembly text by what their programs cannot do without, and the others never have.
// AssemblyScript looks like TypeScript and has to be named.
func compiledProgram(text string) Language {
	if len(text) > sample {
		text = text[:sample]
	}
	head := pastComments(text)
	word := firstWord(head + " ")
	switch {
	case word == "package" && strings.Contains(text, "\nfunc "):
		return Go
	case strings.HasPrefix(head, "(module"):
		return WAT
	case strings.HasPrefix(head, "#!["), strings.HasPrefix(head, "use std::"), strings.HasPrefix(head, "extern crate"), strings.Contains("\n"+text, "\nfn main()"),
		strings.Contains("\n"+text, "\npub fn "), strings.Contains("\n"+text, "\npub extern \"C\" fn "):
		return Rust
	case strings.HasPrefix(head, "#include"), strings.HasPrefix(head, "#pragma once"), strings.HasPrefix(head, "#define "),
		strings.Contains("\n"+text, "\nint main("), strings.Contains("\n"+text, "\nvoid main("):
		if cpp(text) {
			return Cpp
		}
		return C
	}
	return ""
}

// cpp tells C++ from C by a header without .h, or by what C has no word for.
func cpp(text string) bool {
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimSpace(line)
		header, ok := strings.CutPrefix(line, "#include")
		switch header = strings.TrimSpace(header); {
		case ok && strings.HasPrefix(header, "<") && !strings.Contains(header, "."):
			return true
		case strings.HasPrefix(line, "using "), strings.HasPrefix(line, "namespace "), strings.HasPrefix(line, "class "),
			strings.HasPrefix(line, "template<"), strings.HasPrefix(line, "template <"), !strings.HasPrefix(line, "//") && strings.Contains(line, "std::"):
			return true
		}
	}
	return false
}

// pastComments is the text behind its first blank lines and comments of // and /* */, and of ;; as WebAssembly text has them.
func pastComments(text string) string {
	for {
		text = strings.TrimSpace(text)
		end := ""
		switch {
		case strings.HasPrefix(text, "//"), strings.HasPrefix(text, ";;"):
			end = "\n"
		case strings.HasPrefix(text, "/*"):
			end = "*/"
		default:
			return text
		}
		_, after, found := strings.Cut(text, end)
		if !found {
			return ""
		}
		text = after
	}
}

// foreignProgram recognises a few languages that models answer with and that share marks with ours.
func foreignProgram(text string) bool {
	if compiledProgram(text) != "" {
		return true
	}
	head := strings.TrimSpace(text)
	for _, p := range [...]string{"public class ", "using System", "<?php", "<!DOCTYPE", "<html", "<?xml", "SELECT ", "FROM ", "set -e", "#lang", "import java.", "---\n"} {
		if strings.HasPrefix(head, p) {
			return true
		}
	}
	return strings.Contains(text, "public static void main(")
}
