package compiler

import (
	"fmt"
	"strings"
)

// The translator recurses with the nesting of its input (13 KiB of stack a level, measured) and needs time with the cube of it, cannot be
// cancelled, and a Go stack that overflows takes the process along. So a program is measured before it is handed over. Programs that people
// and models write nest some 20 levels deep and cost a few thousand units.
const (
	maxNesting = 500
	// maxPostfix bounds a.b.c(), which nests to the left, on the cheaper side: 20,000 took 0.1 s and 6 KiB of stack each.
	maxPostfix = 5000
	// maxNestingWork bounds the sum of depth² over the tokens; 2e8 took about 2.5 seconds at worst.
	maxNestingWork = 200_000_000
)

// tooDeep refuses a program that the translator would need too long or too much stack for.
func tooDeep(name, text string) *Diagnostic {
	n := newNesting(text)
	n.pessimistic = strings.HasSuffix(strings.ToLower(name), "x") // JSX text follows other rules
	n.measure()
	if n.reason == "" {
		return nil
	}
	return &Diagnostic{Severity: SeverityError, Type: "SyntaxError", Message: n.reason, File: name, Line: n.line,
		LineText: LineText(text, n.line), Hint: "split the expression or the statement into smaller ones"}
}

// nesting is a lexer for JavaScript and TypeScript that only looks at what nests: brackets, and chains of operators and statements that
// nest without brackets (a => a => a, if (a) if (a)). Where it cannot tell a regular expression from a division and that would matter, it
// turns pessimistic: from there on nothing closes, so that its answer is never too small.
type nesting struct {
	text        string
	pos, line   int
	levels      []level
	depth       int // brackets and chains in all levels
	work        int
	previous    token
	word        string // the previous token, if it is a word
	newline     bool   // a line ended since the previous token
	lookahead   int    // bytes read to find the ends of regular expressions
	pessimistic bool
	reason      string
	inside      map[int]bool // if not nil: lines, from 0, that start inside a template literal or comment
}

func newNesting(text string) *nesting {
	return &nesting{text: text, line: 1, previous: operator, levels: []level{{}}}
}

type level struct {
	open    byte
	chain   int
	commas  int
	postfix int  // member accesses, calls, casts on one value
	header  bool // the brackets of if (...), for (...), while (...), with (...)
}

type token int

const (
	operator token = iota // a value follows: a slash starts a regular expression
	value                 // a name, number, string, ]: a slash divides
	closing               // ) } > ! ++ --: a slash may do either
	heading               // ) of a header: a statement follows
)

func (n *nesting) measure() {
	if strings.HasPrefix(n.text, "#!") {
		n.skipLine()
	}
	for n.pos < len(n.text) && n.reason == "" {
		c := n.text[n.pos]
		switch {
		case c == '\n':
			n.line++
			n.newline = true
			n.pos++
		case c == ' ' || c == '\t' || c == '\f' || c == '\v':
			n.pos++
		case n.pessimistic:
			n.countAll(c)
		case c == '/':
			n.slash()
		case c == '"' || c == '\'':
			n.quoted(c)
		case c == '`':
			n.newline = false
			n.statement(value)
			n.postfix()
			n.pos++
			n.template()
		case wordByte(c):
			n.name()
		default:
			n.punctuation(c)
		}
	}
}

// countAll is the pessimistic reading: whatever may nest does, and nothing ends.
func (n *nesting) countAll(c byte) {
	switch {
	case wordByte(c):
		start := n.pos
		for n.pos < len(n.text) && wordByte(n.text[n.pos]) {
			n.pos++
		}
		if chains(n.text[start:n.pos]) {
			n.deeper(1)
		}
	default:
		n.pos++
		if strings.IndexByte("([{<=?!~*", c) >= 0 {
			n.deeper(1)
		}
	}
	n.spend(n.depth)
}

func (n *nesting) top() *level { return &n.levels[len(n.levels)-1] }

func (n *nesting) deeper(by int) {
	n.depth += by
	if n.depth > maxNesting {
		n.reason = fmt.Sprintf("the program nests more than %d levels deep", maxNesting)
		if n.pessimistic {
			n.reason = "the program is too complex to translate: it holds markup or a regular expression that cannot be told from a division"
		}
	}
}

func (n *nesting) spend(depth int) {
	n.work += depth * depth
	if n.work > maxNestingWork && n.reason == "" {
		n.reason = "the program is too large for how deep it nests"
	}
}

func (n *nesting) push(open byte, header bool) {
	n.levels = append(n.levels, level{open: open, header: header})
	n.deeper(1)
}

func (n *nesting) pop() (l level) {
	l = *n.top()
	if len(n.levels) == 1 {
		return level{}
	}
	n.levels = n.levels[:len(n.levels)-1]
	n.depth -= 1 + l.chain
	return l
}

func (n *nesting) reset() {
	l := n.top()
	n.depth -= l.chain
	l.chain, l.commas, l.postfix = 0, 0, 0
}

func (n *nesting) postfix() {
	if l := n.top(); l.postfix < maxPostfix {
		l.postfix++
	} else if n.reason == "" {
		n.reason = fmt.Sprintf("more than %d accesses or calls in one expression", maxPostfix)
	}
}

func (n *nesting) chain() {
	n.top().chain++
	n.deeper(1)
}

// statement ends the chain when a token that starts a value follows a value on another line: JavaScript then inserts a semicolon.
func (n *nesting) statement(t token) {
	if n.newline && (n.previous == value || n.previous == closing) {
		n.reset()
	}
	n.newline = false
	n.previous = t
	n.word = ""
	n.spend(n.depth)
}

func (n *nesting) name() {
	start := n.pos
	for n.pos < len(n.text) && wordByte(n.text[n.pos]) {
		n.pos++
	}
	word := n.text[start:n.pos]
	switch word {
	case "else", "in", "of", "instanceof", "as", "satisfies", "extends", "is":
		n.newline = false
	}
	switch word {
	case "as", "satisfies":
		n.postfix()
	}
	member := start > 0 && n.text[start-1] == '.'
	n.statement(value)
	if member {
		return
	}
	n.word = word
	switch word {
	case "const", "var", "break", "continue", "debugger":
		// Reserved everywhere, unlike let, type or interface, which are names as well.
		n.reset()
	case "return", "throw":
		n.reset()
		n.previous = operator
	case "case", "in", "of", "instanceof", "extends":
		n.previous = operator
	}
	if chains(word) {
		n.chain()
		n.previous = operator
	}
}

// chains says that a word takes an operand or a statement that may start with the same word again.
func chains(word string) bool {
	switch word {
	case "if", "else", "for", "while", "do", "with", "typeof", "void", "delete", "new", "await", "yield", "async", "keyof", "infer", "namespace", "module":
		return true
	}
	return false
}

func (n *nesting) punctuation(c byte) {
	rest := n.text[n.pos:]
	switch c {
	case '(', '[', '{':
		header := false
		if c == '(' {
			switch n.word {
			case "if", "for", "while", "with", "await":
				header = true
			}
		}
		// None of these starts a new statement after a line end: a call, an index or a body goes on.
		n.newline = false
		n.statement(operator)
		n.postfix()
		n.push(c, header)
		n.pos++
		return
	case ')', ']', '}':
		l := n.pop()
		switch {
		case l.open == '`' && c == '}':
			n.pos++
			n.template()
			return
		case l.header:
			n.previous = heading
		case c == ']':
			n.previous = value
		default:
			n.previous = closing
		}
		n.newline, n.word = false, ""
		n.spend(n.depth)
		n.pos++
		return
	case ';':
		n.reset()
	case ',':
		// A long sequence of operands costs with its square; elements of a list do not.
		l := n.top()
		n.depth -= l.chain
		l.chain, l.postfix = 0, 0
		if l.open == '(' || l.open == 0 {
			l.commas++
			n.work += l.commas
		}
	case '<':
		if strings.HasPrefix(rest, "<!--") {
			n.pessimistic = true
			return
		}
		n.chain()
	case '-':
		if strings.HasPrefix(rest, "-->") {
			n.pessimistic = true
			return
		}
		if strings.HasPrefix(rest, "--") {
			n.increment()
			return
		}
		n.chain()
	case '+':
		if strings.HasPrefix(rest, "++") {
			n.increment()
			return
		}
		if n.previous == operator {
			n.chain()
		}
		n.top().postfix = 0
	case '!':
		if n.previous != operator && !strings.HasPrefix(rest, "!=") {
			n.postfix()
			n.previous = closing
			n.pos++
			return
		}
		n.chain()
	case '>':
		n.spend(n.depth)
		n.previous, n.newline, n.word = closing, false, ""
		n.pos++
		return
	case '=', '?', '~', '*', '@', '.':
		if c != '.' || len(rest) > 1 && rest[1] == '.' || n.namespace() {
			n.chain()
		}
		if c == '=' && strings.HasPrefix(rest, "=>") {
			n.pos++
		}
		if c == '.' {
			n.postfix()
		} else {
			n.top().postfix = 0
		}
	case ':':
		if n.previous == value && n.word != "" {
			n.chain()
		}
	}
	n.previous, n.newline, n.word = operator, false, ""
	n.spend(n.depth)
	n.pos++
}

// increment is ++ or --, which nests as a prefix.
func (n *nesting) increment() {
	if n.previous == value && !n.newline {
		n.postfix()
	} else {
		n.chain()
	}
	n.previous, n.newline, n.word = closing, false, ""
	n.spend(n.depth)
	n.pos += 2
}

// namespace says that a dot may belong to namespace a.b.c, which nests.
func (n *nesting) namespace() bool {
	from := strings.LastIndexByte(n.text[max(0, n.pos-64):n.pos], '\n') + 1
	return strings.Contains(n.text[max(0, n.pos-64)+from:n.pos], "namespace ") || n.top().chain > 0 && n.top().open == 0 && !n.newline
}

func (n *nesting) slash() {
	rest := n.text[n.pos:]
	switch {
	case strings.HasPrefix(rest, "//"):
		n.skipLine()
		return
	case strings.HasPrefix(rest, "/*"):
		end := strings.Index(rest[2:], "*/")
		if end < 0 {
			end = len(rest) - 2
		}
		n.skip(min(end+4, len(rest)))
		return
	}
	if certain := n.previous == value && !n.newline; !certain {
		// Each look ahead may read to the end of the line; very many of them would take the square of its length.
		if n.lookahead > 4*len(n.text) {
			n.pessimistic = true
			return
		}
		length, ok := regexLength(rest)
		n.lookahead += length
		switch {
		case n.previous == operator && ok:
			n.statement(value)
			n.pos += length
			return
		case n.previous == operator, ok && !harmless(rest[1:length-1]):
			n.pessimistic = true
			return
		}
	}
	n.previous, n.newline, n.word = operator, false, ""
	n.spend(n.depth)
	n.pos++
}

// regexLength measures the regular expression literal at the start of s, without flags; if there is none, it says how much it read.
func regexLength(s string) (int, bool) {
	class := false
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\n':
			return i, false
		case '\\':
			i++
		case '[':
			class = true
		case ']':
			class = false
		case '/':
			if !class {
				return i + 1, true
			}
		}
	}
	return len(s), false
}

// harmless says that a text reads the same for this lexer whether it is code or the body of a regular expression.
func harmless(s string) bool {
	if strings.ContainsAny(s, "\"'`/[]{}<;,") {
		return false
	}
	depth := 0
	for i := range len(s) {
		switch s[i] {
		case '(':
			depth++
		case ')':
			if depth--; depth < 0 {
				return false
			}
		}
	}
	return depth == 0
}

func (n *nesting) quoted(quote byte) {
	n.statement(value)
	for i := n.pos + 1; i < len(n.text); i++ {
		switch n.text[i] {
		case '\\':
			i++
			if i < len(n.text) && n.text[i] == '\n' {
				n.line++
			}
		case '\n':
			n.pessimistic = true
			return
		case quote:
			n.pos = i + 1
			return
		}
	}
	n.pos = len(n.text)
}

// template reads on after a backquote or the brace that closes a placeholder.
func (n *nesting) template() {
	for n.pos < len(n.text) {
		switch n.text[n.pos] {
		case '\\':
			n.pos++
			if n.pos < len(n.text) && n.text[n.pos] == '\n' {
				n.lineInside()
			}
		case '\n':
			n.lineInside()
		case '`':
			n.pos++
			n.previous, n.newline, n.word = value, false, ""
			return
		case '$':
			if strings.HasPrefix(n.text[n.pos:], "${") {
				n.pos += 2
				n.push('`', false)
				n.previous, n.newline, n.word = operator, false, ""
				return
			}
		}
		n.pos++
	}
	n.pos = min(n.pos, len(n.text))
}

func (n *nesting) lineInside() {
	if n.inside != nil {
		n.inside[n.line] = true
	}
	n.line++
}

func (n *nesting) skipLine() {
	end := strings.IndexByte(n.text[n.pos:], '\n')
	if end < 0 {
		end = len(n.text) - n.pos
	}
	n.pos += end
}

func (n *nesting) skip(length int) {
	for range strings.Count(n.text[n.pos:n.pos+length], "\n") {
		n.lineInside()
		n.newline = true
	}
	n.pos += length
}

func wordByte(c byte) bool {
	return c == '_' || c == '$' || c == '#' || c == '\\' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c >= 0x80
}
