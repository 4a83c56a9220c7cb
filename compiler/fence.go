package compiler

import (
	"fmt"
	"strings"
)

// maxBlocks bounds how many blocks of one text are looked at; finding the end of each may read to the end of the text.
const maxBlocks = 64

// maxNestedFences bounds how often a block is unpacked from a block (a model that wraps its whole answer in ```markdown).
const maxNestedFences = 4

// block is one fenced code block of a Markdown text.
type block struct {
	tag      string // language tag in lower case
	text     string // content, dedented by the fence's own indentation
	line     int    // lines before the content
	closed   bool
	language Language // as the tag says; empty when it says nothing
}

// unfenced is the program found in a text.
type unfenced struct {
	text       string
	tag        string // of the block that was taken; empty when there was no fence or no tag
	language   Language
	found      bool
	lineOffset int
	warnings   []Diagnostic
}

// stripFence takes the program out of an answer that holds it in a Markdown code block. Of several blocks it takes the first in the
// wanted language, else the first whose tag names a language that we run, else the first without a foreign tag, else the first. What is
// not an answer stays as it is: a fence inside a string or comment of a program is part of the program.
func stripFence(text string, want Language) unfenced {
	out := unfenced{text: text}
	for range maxNestedFences {
		blocks := findBlocks(out.text)
		if len(blocks) == 0 {
			return out
		}
		b, candidates := choose(blocks, want)
		out.text, out.found = b.text, true
		out.lineOffset += b.line
		if b.tag != "" {
			out.tag, out.language = b.tag, b.language
		}
		if candidates > 1 {
			out.warnings = append(out.warnings, Diagnostic{Severity: SeverityWarning,
				Message: fmt.Sprintf("the text holds %d code blocks; only the one that starts on line %d was taken", len(blocks), b.line+1),
				Hint:    "put the whole program into one code block"})
		}
		if !b.closed {
			out.warnings = append(out.warnings, Diagnostic{Severity: SeverityWarning,
				Message: "the code block is not closed; the program may be cut off",
				Hint:    "end the code block with ``` on a line of its own"})
		}
	}
	return out
}

// choose picks a block and says how many could have been meant.
func choose(blocks []block, want Language) (chosen block, candidates int) {
	runnable := func(b block) bool { return strings.TrimSpace(b.text) != "" }
	for _, accept := range []func(block) bool{
		func(b block) bool { return want != "" && b.language == want && runnable(b) },
		func(b block) bool { return want == "" && b.language != "" && runnable(b) },
		func(b block) bool { return b.language == "" && neutralTag(b.tag) && runnable(b) },
		runnable,
	} {
		n := 0
		for _, b := range blocks {
			if accept(b) {
				if n == 0 {
					chosen = b
				}
				n++
			}
		}
		if n > 0 {
			return chosen, n
		}
	}
	return blocks[0], 1
}

// findBlocks lists the fenced code blocks of an answer, none when the text is a program itself.
func findBlocks(text string) []block {
	if !strings.Contains(text, "```") && !strings.Contains(text, "~~~") {
		return nil
	}
	if b, ok := inlineBlock(text); ok {
		return []block{b}
	}
	var blocks []block
	number := 0
	for pos := 0; pos < len(text) && len(blocks) < maxBlocks; {
		l, next := lineFrom(text, pos)
		number++
		f, ok := openFence(l)
		if !ok {
			pos = next
			continue
		}
		if len(blocks) == 0 && insideProgram(text[:pos]) {
			return nil
		}
		content, after, closed := closeFence(text, next, f)
		if len(blocks) == 0 && !closed && strings.TrimSpace(content) == "" && strings.TrimSpace(text[:pos]) != "" {
			// Only the end of a block: the answer begins with the program.
			return []block{{text: text[:pos], closed: true}}
		}
		blocks = append(blocks, block{tag: f.tag, language: tagLanguage(f.tag), line: number, closed: closed, text: dedent(content, f.indent)})
		number += strings.Count(text[next:after], "\n")
		pos = after
	}
	return blocks
}

// lineFrom reads the line that starts at pos and says where the next one starts.
func lineFrom(text string, pos int) (l string, next int) {
	if end := strings.IndexByte(text[pos:], '\n'); end >= 0 {
		return text[pos : pos+end], pos + end + 1
	}
	return text[pos:], len(text)
}

type fence struct {
	char   byte
	length int
	indent string
	tag    string
}

// openFence recognises the first line of a block. CommonMark allows three spaces before it; models also indent a block below a list
// item, so any indentation counts.
func openFence(s string) (fence, bool) {
	body := strings.TrimLeft(s, " \t")
	f := fence{indent: s[:len(s)-len(body)]}
	if len(body) < 3 || body[0] != '`' && body[0] != '~' {
		return f, false
	}
	f.char = body[0]
	for f.length < len(body) && body[f.length] == f.char {
		f.length++
	}
	info := strings.TrimSpace(body[f.length:])
	if f.length < 3 || f.char == '`' && strings.IndexByte(info, '`') >= 0 {
		return f, false
	}
	f.tag = infoTag(info)
	return f, true
}

func (f fence) closes(s string) bool {
	body := strings.TrimSpace(s)
	return len(body) >= f.length && strings.Count(body, string(f.char)) == len(body)
}

// closeFence finds the end of the block whose content starts at pos: the content, and where the text goes on. Without a closing line, the
// block runs to the end of the text. A fence inside a multi-line string or comment of the program does not end it, unless that would
// leave the block open.
func closeFence(text string, pos int, f fence) (content string, after int, closed bool) {
	start, first, firstAfter := pos, -1, 0
	var inside literalState
	for pos < len(text) {
		l, next := lineFrom(text, pos)
		switch {
		case !f.closes(l):
			inside.scan(l)
		case !inside.open():
			return text[start:pos], next, true
		case first < 0:
			first, firstAfter = pos, next
		}
		pos = next
	}
	if first >= 0 {
		return text[start:first], firstAfter, true
	}
	return text[start:], len(text), false
}

// dedent takes the indentation of the fence off each line.
func dedent(content, indent string) string {
	if indent == "" {
		return content
	}
	var b strings.Builder
	for l := range strings.Lines(content) {
		n := 0
		for n < len(indent) && n < len(l) && (l[n] == ' ' || l[n] == '\t') {
			n++
		}
		b.WriteString(l[n:])
	}
	return b.String()
}

// inlineBlock recognises a whole answer on one line: ```print(1)``` or ```python print(1)```.
func inlineBlock(text string) (block, bool) {
	s := strings.TrimSpace(text)
	if len(s) < 7 || !strings.HasPrefix(s, "```") || !strings.HasSuffix(s, "```") || strings.ContainsRune(s, '\n') {
		return block{}, false
	}
	s = s[3 : len(s)-3]
	if strings.Contains(s, "```") || strings.HasPrefix(s, "`") || strings.TrimSpace(s) == "" {
		return block{}, false
	}
	b := block{text: s, closed: true}
	if tag, rest, ok := strings.Cut(s, " "); ok && tagLanguage(strings.ToLower(tag)) != "" {
		b.tag, b.text = strings.ToLower(tag), rest
		b.language = tagLanguage(b.tag)
	}
	return b, true
}

// insideProgram says whether what stands before a fence is a program with an open string or comment, so that the fence belongs to it.
// Outside of those, three backquotes at the start of a line are no program text in any language that we run.
func insideProgram(before string) bool {
	var s literalState
	for l := range strings.Lines(before) {
		s.scan(l)
	}
	return s.open()
}

// literalState follows the multi-line literals of Python and JavaScript through a text line by line, roughly: it knows triple quotes,
// block comments and template literals, and ignores what one-line strings and comments hold.
type literalState struct{ closer string }

func (s *literalState) open() bool { return s.closer != "" }

func (s *literalState) scan(l string) {
	for len(l) > 0 {
		if s.closer != "" {
			i := strings.Index(l, s.closer)
			if i < 0 {
				return
			}
			// An escaped closer does not close.
			if s.closer != "*/" && i > 0 && l[i-1] == '\\' && (i < 2 || l[i-2] != '\\') {
				l = l[i+1:]
				continue
			}
			l = l[i+len(s.closer):]
			s.closer = ""
			continue
		}
		i := strings.IndexAny(l, "\"'`/#")
		if i < 0 {
			return
		}
		rest := l[i:]
		switch {
		case strings.HasPrefix(rest, `"""`), strings.HasPrefix(rest, `'''`):
			s.closer = rest[:3]
			l = rest[3:]
		case strings.HasPrefix(rest, "/*"):
			s.closer = "*/"
			l = rest[2:]
		case strings.HasPrefix(rest, "//"), rest[0] == '#':
			return
		case rest[0] == '`':
			// A template literal that spans lines starts after an operator or a bracket; a lone backquote in prose does not.
			end := strings.IndexByte(rest[1:], '`')
			if end < 0 {
				before := strings.TrimRight(l[:i], " \t")
				if before != "" && strings.IndexByte("=(,+[:?{&|>", before[len(before)-1]) >= 0 || strings.HasSuffix(before, "return") {
					s.closer = "`"
				}
				return
			}
			l = rest[end+2:]
		case rest[0] == '"' || rest[0] == '\'':
			l = rest[oneLineString(rest):]
		default:
			l = rest[1:]
		}
	}
}

// oneLineString is the length of the string literal at the start of s; one that is not closed (an apostrophe) takes the rest of the line,
// which keeps the scan linear.
func oneLineString(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case s[0]:
			return i + 1
		}
	}
	return len(s)
}

// infoTag takes the language out of an info string: "python", "Python 3", "{.python .numberLines}", "python:main.py", "js,run".
func infoTag(info string) string {
	info = strings.TrimLeft(info, "{. \t")
	if i := strings.IndexAny(info, " \t,:;{}=[("); i >= 0 {
		info = info[:i]
	}
	info = strings.ToLower(info)
	if len(info) > 32 {
		info = info[:32]
	}
	return info
}

// neutralTag says that a tag tells nothing about the language, so that the content decides.
func neutralTag(tag string) bool {
	switch tag {
	case "", "code", "text", "txt", "plain", "plaintext", "source", "src", "tool_code", "execute", "run", "program", "script", "md", "markdown", "none":
		return true
	}
	return false
}
