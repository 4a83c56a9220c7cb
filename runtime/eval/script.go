package eval

import (
	"strings"

	"wand/runtime"
)

// planScript finds the calls of console.assert in a test in JavaScript that stand as statements on lines of their own. Where it is not sure of every one of
// them, the test is taken as a whole.
func planScript(p *Problem) *plan {
	if len(p.Tests) > 0 {
		tests := make([]plannedTest, len(p.Tests))
		for i, text := range p.Tests {
			tests[i] = plannedTest{Text: text}
			if alone := planScript(&Problem{Test: text}).tests; len(alone) == 1 && strings.TrimRight(strings.TrimSpace(text), ";") == alone[0].Text {
				tests[i] = alone[0]
				tests[i].Line = 0
			}
		}
		return &plan{tests, true}
	}
	var tests []plannedTest
	text := p.Test
	s := &scanner{text: text}
	for s.next() {
		if !strings.HasPrefix(text[s.at:], consoleAssert) {
			continue
		}
		start := s.at
		lineStart := strings.LastIndexByte(text[:start], '\n') + 1
		if strings.TrimSpace(text[lineStart:start]) != "" || s.depth > 1 {
			return &plan{described: true} // inside something else, such as a loop
		}
		s.at += len(consoleAssert) - 1
		if !s.skipBrackets() {
			return &plan{described: true}
		}
		end := s.at
		rest, _, _ := strings.Cut(text[end:], "\n")
		if strings.Trim(rest, "; \t\r") != "" {
			return &plan{described: true}
		}
		t := plannedTest{Line: 1 + strings.Count(text[:start], "\n"), End: 1 + strings.Count(text[:end], "\n"), Indent: start - lineStart, Text: text[start:end]}
		t.compare(text[start+len(consoleAssert) : end-1])
		tests = append(tests, t)
	}
	return &plan{tests, true}
}

const consoleAssert = "console.assert("

// compare takes apart the condition of an assertion that compares two values, so that both can be told. Of one that does more it tells nothing.
func (t *plannedTest) compare(condition string) {
	operator, width, end := -1, 0, len(condition)
	s := &scanner{text: condition}
	for end == len(condition) && s.next() {
		if s.depth != 0 {
			continue
		}
		rest := condition[s.at:]
		switch {
		case rest[0] == ',':
			end = s.at
		case strings.HasPrefix(rest, "==") && operator < 0:
			operator, width = s.at, len(rest)-len(strings.TrimLeft(rest, "="))
			s.at += width - 1
		case strings.ContainsRune("=<>&|?!", rune(rest[0])):
			return
		}
	}
	if operator < 0 {
		return
	}
	method := map[int]string{2: ".alike(", 3: ".same("}[width]
	t.Want, t.Left = oneLine(condition[operator+width:end]), true
	t.rewritten = strings.TrimSuffix(consoleAssert, "(") + method + condition[:operator] + "," + condition[operator+width:] + ")"
}

// restore makes an error of a test that was rewritten show the lines that the data set has.
func (p *Problem) restore(i int, one program, e *runtime.Error) {
	if e == nil || p.test(i).rewritten == "" {
		return
	}
	lines := strings.Split(p.Test, "\n")
	if len(p.Tests) > 0 {
		lines = strings.Split(p.Tests[i], "\n")
		one.tests += strings.Count(p.Setup, "\n")
		if p.Setup != "" {
			one.tests++
		}
	}
	show := func(l *runtime.Location) {
		if at := l.Line - one.tests; at >= 0 && at < len(lines) && strings.HasPrefix(strings.TrimSpace(l.LineText), strings.TrimSuffix(consoleAssert, "(")+".") {
			l.LineText, l.Column, l.EndColumn = lines[at], 0, 0
		}
	}
	if e.Location != nil {
		show(e.Location)
	}
	for k := range e.Frames {
		show(&e.Frames[k].Location)
	}
}

// scanner steps through JavaScript, past strings, templates and comments. Regular expressions it does not know: one that holds a quote or a bracket
// makes it lose count, which its users notice.
type scanner struct {
	text    string
	at      int
	depth   int
	started bool
}

// next moves to the next character that is code.
func (s *scanner) next() bool {
	if s.started {
		s.leave()
	}
	s.started = true
	for s.at < len(s.text) {
		rest := s.text[s.at:]
		switch {
		case strings.HasPrefix(rest, "//"):
			s.to(strings.IndexByte(rest, '\n'))
		case strings.HasPrefix(rest, "/*"):
			if end := strings.Index(rest[2:], "*/"); end >= 0 {
				s.at += end + 4
			} else {
				s.at = len(s.text)
			}
		case rest[0] == '"' || rest[0] == '\'' || rest[0] == '`':
			s.quoted(rest[0])
		default:
			return true
		}
	}
	return false
}

func (s *scanner) leave() {
	if s.at >= len(s.text) {
		return
	}
	switch s.text[s.at] {
	case '(', '[', '{':
		s.depth++
	case ')', ']', '}':
		s.depth--
	}
	s.at++
}

func (s *scanner) to(offset int) {
	if offset < 0 {
		s.at = len(s.text)
	} else {
		s.at += offset
	}
}

func (s *scanner) quoted(quote byte) {
	for s.at++; s.at < len(s.text) && s.text[s.at] != quote; s.at++ {
		if s.text[s.at] == '\\' {
			s.at++
		}
	}
	s.at = min(s.at+1, len(s.text))
}

// skipBrackets moves behind the bracket that closes the one at the current place.
func (s *scanner) skipBrackets() bool {
	outside := s.depth
	s.started = false
	for s.next() {
		last := s.at
		if c := s.text[last]; (c == ')' || c == ']' || c == '}') && s.depth == outside+1 {
			s.leave()
			s.started = false
			return true
		}
	}
	return false
}
