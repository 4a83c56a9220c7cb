package eval

import (
	"regexp"
	"strings"
)

// scanTests finds the tests in a Python test that defines check(candidate), as the planner finds them, without running anything: most candidates of most data sets
// pass, and then the number of tests is all that is wanted of them. ok is false where the text has something in it that this does not know for sure.
func scanTests(text string) (tests []plannedTest, ok bool) {
	at := definesCheck.FindAllStringIndex(text, -1)
	if len(at) != 1 || strings.ContainsAny(text, "\t\f\r") {
		return nil, false
	}
	s := &pythonLines{text: text, at: at[0][0], line: strings.Count(text[:at[0][0]], "\n")}
	if _, more := s.next(); !more || s.unsure {
		return nil, false
	}
	body := -1
	var groups [][]pythonLine
	for {
		l, more := s.next()
		if s.unsure {
			return nil, false
		}
		if body < 0 {
			body = l.indent
		}
		if !more || l.indent < body {
			break
		}
		if len(groups) == 0 || l.indent == body && !continues.MatchString(l.text) {
			groups = append(groups, nil)
		}
		groups[len(groups)-1] = append(groups[len(groups)-1], l)
	}
	for _, g := range groups {
		if !definition.MatchString(g[0].text) && groupAsserts(g) && !trivialAssert.MatchString(g[0].text) {
			last := g[len(g)-1]
			lines := strings.Split(text, "\n")[g[0].first-1 : last.last]
			tests = append(tests, plannedTest{Line: g[0].first, End: last.last, Indent: body, Text: short(strings.TrimSpace(strings.Join(lines, "\n")), 1000)})
		}
	}
	return tests, true
}

var (
	continues     = regexp.MustCompile(`^(?:else|elif|except|finally|case)\b`)
	trivialAssert = regexp.MustCompile(`^assert\s+(?:True|[1-9][0-9]*)\s*(?:,|$)`)
	asserting     = regexp.MustCompile(`^assert\b|:\s*assert\b|\.assert\w*\s*\(`)
)

func groupAsserts(g []pythonLine) bool {
	for _, l := range g {
		if asserting.MatchString(l.text) {
			return true
		}
	}
	return false
}

// pythonLine is a logical line: it may go over several lines of the text.
type pythonLine struct {
	first, last int // from 1
	indent      int
	text        string // without comments, and with what is in strings left out
}

// pythonLines steps through the logical lines of a program that are not blank.
type pythonLines struct {
	text   string
	at     int
	line   int // lines before at
	unsure bool
}

func (s *pythonLines) next() (l pythonLine, more bool) {
	var b strings.Builder
	depth, start := 0, s.at
	for s.at < len(s.text) {
		c := s.text[s.at]
		if b.Len() == 0 && c != '\n' && c != ' ' && c != '#' {
			l.first, l.indent = s.line+1, s.at-start
		}
		switch {
		case c == '\n':
			s.at++
			s.line++
			if depth > 0 {
				b.WriteByte(' ')
				continue
			}
			if b.Len() > 0 {
				l.last, l.text = s.line, strings.TrimSpace(b.String())
				return l, true
			}
			start = s.at
		case c == '#':
			if end := strings.IndexByte(s.text[s.at:], '\n'); end >= 0 {
				s.at += end
			} else {
				s.at = len(s.text)
			}
		case c == '"' || c == '\'':
			prefix := s.text[:s.at]
			if letters := len(prefix) - len(strings.TrimRight(prefix, "fFtTrRbBuU")); strings.ContainsAny(prefix[len(prefix)-letters:], "fFtT") {
				s.unsure = true // strings with programs in them
			}
			b.WriteString(`""`)
			s.quoted(c)
		case c == '\\' || c == ';' && depth == 0:
			s.unsure = true
			s.at++
		case c == ' ' && b.Len() == 0:
			s.at++
		default:
			switch c {
			case '(', '[', '{':
				depth++
			case ')', ']', '}':
				depth--
			}
			b.WriteByte(c)
			s.at++
		}
	}
	if b.Len() == 0 {
		return l, false
	}
	l.last, l.text = s.line+1, strings.TrimSpace(b.String())
	return l, true
}

func (s *pythonLines) quoted(quote byte) {
	end := string(quote)
	if strings.HasPrefix(s.text[s.at:], strings.Repeat(end, 3)) {
		end = strings.Repeat(end, 3)
	}
	for s.at += len(end); s.at < len(s.text) && !strings.HasPrefix(s.text[s.at:], end); s.at++ {
		switch s.text[s.at] {
		case '\\':
			s.at++
			if s.at < len(s.text) && s.text[s.at] == '\n' {
				s.line++
			}
		case '\n':
			s.line++
			s.unsure = s.unsure || len(end) == 1
		}
	}
	s.at = min(s.at+len(end), len(s.text))
}
