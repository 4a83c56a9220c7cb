package policies

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/cedar-policy/cedar-go"
	xast "github.com/cedar-policy/cedar-go/x/exp/ast"

	"wand/policies/units"
)

// Bounds of Cedar text, for a parser that recurses.
const (
	MaxCedarFile    = 256 << 10 // bytes of a .cedar file
	maxExpression   = 4 << 10   // bytes of one when
	maxCedarNesting = 64
	maxCedarChain   = 32 // attributes in one a.b.c
)

// cedarError is where and why Cedar text cannot be read. Line and column count from 1 within the text; 0 is unknown.
type cedarError struct {
	line, column int
	message      string
}

func (e *cedarError) Error() string { return e.message }

// parseExpression reads one Cedar expression. The text stands for nothing but itself: it cannot close the condition it is put into.
func parseExpression(text string) (xast.IsNode, *cedarError) {
	if len(text) > maxExpression {
		return nil, &cedarError{0, 0, fmt.Sprintf("the expression is longer than %s", units.Bytes(maxExpression))}
	}
	if strings.TrimSpace(text) == "" {
		return nil, &cedarError{0, 0, "the expression is empty"}
	}
	if err := tameCedar(text); err != nil {
		return nil, err
	}
	const before = "permit(principal,action,resource) when {\n"
	// The line break ends a comment at the end of the text.
	list, err := cedar.NewPolicyListFromBytes("", []byte(before+text+"\n};"))
	if err != nil {
		e := readCedarError(err, before+text+"\n};")
		if e.line--; e.line < 1 || e.line > 1+strings.Count(text, "\n") {
			e.line, e.column = 0, 0
		}
		// What closes the condition is ours.
		e.message = strings.NewReplacer("where } was", "where the end was", `before ";"`, "at the end", `before "}"`, "at the end").Replace(e.message)
		return nil, e
	}
	var p *xast.Policy
	if len(list) == 1 {
		p = (*xast.Policy)(list[0].AST())
	}
	if p == nil || len(p.Conditions) != 1 {
		return nil, &cedarError{0, 0, "it is more than one expression; a brace or a semicolon closes it too early"}
	}
	return p.Conditions[0].Body, nil
}

// parseCedarFile reads a file of policies.
func parseCedarFile(name string, text []byte) (cedar.PolicyList, error) {
	var f findings
	src := newSource(name, text)
	var bad *cedarError
	switch {
	case len(text) > MaxCedarFile:
		bad = &cedarError{0, 0, fmt.Sprintf("the file is longer than %s", units.Bytes(MaxCedarFile))}
	case !utf8.Valid(text):
		bad = &cedarError{0, 0, "the file is not valid UTF-8"}
	default:
		bad = tameCedar(string(text))
	}
	if bad == nil {
		list, err := cedar.NewPolicyListFromBytes(name, text)
		if err == nil {
			return list, nil
		}
		bad = readCedarError(err, string(text))
	}
	f.addf(src.at(bad.line, bad.column, ""), "", "the Cedar cannot be read: %s", bad.message)
	return nil, f.err()
}

var cedarPosition = regexp.MustCompile(`(?s)^(?:parser error: )?(?:parse error at )?(?:[^\s:]*:)?(\d+):(\d+):?\s*(.*)$`)

var (
	cedarExpected = regexp.MustCompile(`(?s)^"(?:[^"\\]|\\.)*": exact got (.*) want (.*)$`)
	cedarPrimary  = regexp.MustCompile(`(?s)^("(?:[^"\\]|\\.)*"): invalid primary$`)
)

// readCedarError takes the position out of one of cedar-go's messages, and says it in words.
func readCedarError(err error, text string) *cedarError {
	m := cedarPosition.FindStringSubmatch(err.Error())
	if m == nil {
		return &cedarError{0, 0, shorten(err.Error(), 200)}
	}
	e := &cedarError{message: shorten(m[3], 200)}
	e.line, _ = strconv.Atoi(m[1])
	e.column, _ = strconv.Atoi(m[2])
	if m := cedarExpected.FindStringSubmatch(e.message); m != nil {
		e.message = fmt.Sprintf("found %s where %s was expected", m[1], m[2])
		if m[1] == "=" {
			e.message += "; a comparison is written =="
		}
		// The position is that of the sign after the one that was found.
		lines := strings.Split(text, "\n")
		if e.line <= len(lines) && e.column-1 <= len(lines[e.line-1]) && e.column > 0 {
			if i := strings.LastIndex(lines[e.line-1][:e.column-1], m[1]); i >= 0 && m[1] != "" {
				e.column = i + 1
			}
		}
	} else if m := cedarPrimary.FindStringSubmatch(e.message); m != nil {
		e.message = fmt.Sprintf("a value is missing before %s", m[1])
	}
	return e
}

// tameCedar bounds nesting and chains outside strings and comments, before a parser that recurses and expands "has a.b.c".
func tameCedar(text string) *cedarError {
	depth, chain, line, column := 0, 0, 1, 0
	inString, inComment, ifs := false, false, 0
	for i := 0; i < len(text); i++ {
		c := text[i]
		column++
		if c == '\n' {
			line, column, inComment = line+1, 0, false
			continue
		}
		switch {
		case inComment:
		case inString:
			if c == '\\' {
				i++
				column++
			} else if c == '"' {
				inString = false
			}
		case c == '"':
			inString, chain = true, 0
		case c == '/' && i+1 < len(text) && text[i+1] == '/':
			inComment = true
		case c == '(' || c == '[' || c == '{':
			depth++
			chain = 0
		case c == ')' || c == ']' || c == '}':
			depth--
			chain = 0
		case c == '.':
			chain++
		case c == ';':
			ifs, chain = 0, 0
		case c == 'i' && strings.HasPrefix(text[i:], "if") && (i == 0 || !wordByte(text[i-1])) && (i+2 == len(text) || !wordByte(text[i+2])):
			ifs++
		case wordByte(c) || c == ' ' || c == '\t' || c == '\r':
		default:
			chain = 0
		}
		if depth+ifs > maxCedarNesting {
			return &cedarError{line, column, fmt.Sprintf("it nests deeper than %d levels", maxCedarNesting)}
		}
		if chain > maxCedarChain {
			return &cedarError{line, column, fmt.Sprintf("more than %d names are joined by dots", maxCedarChain)}
		}
	}
	return nil
}

func wordByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// needs is what a rule reads of the context, so that a decision converts no more than rules look at.
type needs struct {
	all  bool     // the whole context
	keys []string // its attributes
	// args are the arguments, where "args" itself is not among keys.
	args []string
}

// needsOf finds what conditions read. Where context is used other than by an attribute's name, all of it is needed.
func needsOf(bodies ...xast.IsNode) needs {
	var n needs
	add := func(list []string, s string) []string {
		for _, have := range list {
			if have == s {
				return list
			}
		}
		return append(list, s)
	}
	visit := func(node xast.IsNode) bool {
		var chain []string
		at := node
		for {
			switch t := at.(type) {
			case xast.NodeTypeAccess:
				chain = append(chain, string(t.Value))
				at = t.Arg
				continue
			case xast.NodeTypeHas:
				chain = append(chain, string(t.Value))
				at = t.Arg
				continue
			case xast.NodeTypeVariable:
				if t.Name != "context" {
					return true
				}
				switch last := len(chain) - 1; {
				case last < 0:
					n.all = true
				case chain[last] == "args" && last > 0:
					n.args = add(n.args, chain[last-1])
				default:
					n.keys = add(n.keys, chain[last])
				}
				return false
			}
			return true
		}
	}
	for _, body := range bodies {
		xast.Inspect(xast.NewNode(body), visit)
	}
	return n
}
