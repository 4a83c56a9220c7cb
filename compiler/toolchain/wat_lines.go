package toolchain

import (
	"path"
	"regexp"
	"strings"

	"wand/compiler/wasm"
)

// wabt writes no line information. But the text format is the binary format in other words: instructions come in the same order, where a folded one comes
// after its operands. So the instructions of each function's text, in that order, are those of its code, one for one.

// finishWAT gives a module the lines of its text, unless the assembler has. Of a function whose instructions do not match in number none is said.
func finishWAT(p program, module []byte) []byte {
	decoded, err := wasm.Decode(module, wasm.Limits{})
	if err != nil {
		return module
	}
	for _, c := range decoded.Customs {
		if c.Name == ".debug_line" {
			return module
		}
	}
	bodies, ok := watBodies(p.source)
	if !ok || len(bodies) != len(decoded.Codes) {
		return module
	}
	var rows []sourceRow
	for i, c := range decoded.Codes {
		offsets := instructionsOf(c)
		if len(offsets) != len(bodies[i]) {
			continue
		}
		for k, at := range bodies[i] {
			rows = append(rows, sourceRow{offset: offsets[k], file: path.Base(p.name), line: at.line, column: at.column})
		}
	}
	return withLines(module, rows)
}

// instructionsOf are the offsets of a body's instructions, without end and else, which folded text does not have.
func instructionsOf(c wasm.Code) []int {
	var offsets []int
	var in wasm.Instr
	const opElse, opEnd = 0x05, 0x0b
	for it := wasm.NewIterator(c.Body, c.Offset); it.Next(&in); {
		if in.Op != opElse && in.Op != opEnd {
			offsets = append(offsets, c.Offset+in.Start)
		}
	}
	return offsets
}

// watToken is a bracket, a word or a string of the text.
type watToken struct {
	text         string
	line, column int // from 1, the column in bytes
}

// watBodies lists for each function of a text that has a body the places of its instructions, in the order of the binary format.
func watBodies(source string) (bodies [][]watToken, ok bool) {
	w := watWalker{tokens: watTokens(source)}
	if w.opens("module") {
		w.next()
		w.next()
	}
	for w.more() && w.peek() != ")" {
		if !w.opens("func") {
			w.skip()
			continue
		}
		w.next()
		w.next()
		if body, defined := w.function(); defined {
			bodies = append(bodies, body)
		}
	}
	return bodies, !w.bad
}

// watWalker walks over the tokens of a text that the assembler has accepted.
type watWalker struct {
	tokens []watToken
	at     int
	depth  int
	bad    bool // it is something else after all, or nested too deep
	found  []watToken
}

// maxFolded is how deep folded instructions may nest; of deeper ones the lines are not known.
const maxFolded = 2000

func (w *watWalker) more() bool { return !w.bad && w.at < len(w.tokens) }

func (w *watWalker) peek() string {
	if !w.more() {
		return ")"
	}
	return w.tokens[w.at].text
}

func (w *watWalker) next() watToken {
	if !w.more() {
		w.bad = true
		return watToken{}
	}
	w.at++
	return w.tokens[w.at-1]
}

// opens says whether a list with one of these first words is next.
func (w *watWalker) opens(words ...string) bool {
	if w.peek() != "(" || w.at+1 >= len(w.tokens) {
		return false
	}
	for _, word := range words {
		if w.tokens[w.at+1].text == word {
			return true
		}
	}
	return false
}

// skip goes past one word or list.
func (w *watWalker) skip() {
	for depth := 0; ; {
		switch w.next().text {
		case "(":
			depth++
		case ")":
			depth--
		}
		if depth <= 0 || w.bad {
			return
		}
	}
}

// function reads a function to its closing bracket. One that is imported has no body.
func (w *watWalker) function() (body []watToken, defined bool) {
	defined, w.found = true, nil
	for strings.HasPrefix(w.peek(), "$") || w.opens("export", "import", "type", "param", "result", "local") {
		defined = defined && !w.opens("import")
		w.skip()
	}
	w.instructions()
	w.next()
	return w.found, defined
}

// instructions reads instructions up to a closing bracket.
func (w *watWalker) instructions() {
	if w.depth++; w.depth > maxFolded {
		w.bad = true
	}
	for w.more() && w.peek() != ")" {
		if w.peek() == "(" {
			w.folded()
			continue
		}
		t := w.next()
		if !mnemonic(t.text) {
			w.bad = true
			return
		}
		if t.text != "end" && t.text != "else" {
			w.found = append(w.found, t)
		}
		w.immediates()
	}
	w.depth--
}

// immediates goes past what belongs to an instruction.
func (w *watWalker) immediates() {
	for w.more() && w.peek() != ")" && (w.peek() != "(" && !mnemonic(w.peek()) || w.opens("type", "param", "result")) {
		w.skip()
	}
}

// folded reads an instruction in brackets: operands first, but for what opens a block.
func (w *watWalker) folded() {
	w.next()
	t := w.next()
	switch {
	case strings.HasPrefix(t.text, "@"): // an annotation
		for w.more() && w.peek() != ")" {
			w.skip()
		}
	case t.text == "block" || t.text == "loop":
		w.found = append(w.found, t)
		w.immediates()
		w.instructions()
	case t.text == "if":
		w.immediates()
		for w.more() && w.peek() == "(" && !w.opens("then") {
			w.folded()
		}
		w.found = append(w.found, t)
		for w.opens("then", "else") {
			w.next()
			w.next()
			w.instructions()
			w.next()
		}
	case mnemonic(t.text):
		w.immediates()
		w.instructions()
		w.found = append(w.found, t)
	default:
		w.bad = true
	}
	if w.next().text != ")" {
		w.bad = true
	}
}

var watWord = regexp.MustCompile(`^[a-z][a-z0-9]*([._][a-z0-9_]+)*$`)

// mnemonic says whether a word is an instruction, and not what belongs to one.
func mnemonic(word string) bool {
	switch word {
	case "inf", "nan", "func", "extern", "funcref", "externref", "exn", "any", "i8x16", "i16x8", "i32x4", "i64x2", "f32x4", "f64x2", "i32", "i64", "f32", "f64", "v128":
		return false
	}
	return watWord.MatchString(word)
}

// watTokens takes a text apart, without comments.
func watTokens(source string) []watToken {
	var tokens []watToken
	line, start := 1, 0
	for i := 0; i < len(source); {
		switch c := source[i]; {
		case c == '\n':
			line, start = line+1, i+1
			i++
		case c == ' ' || c == '\t' || c == '\r':
			i++
		case strings.HasPrefix(source[i:], ";;"):
			for i < len(source) && source[i] != '\n' {
				i++
			}
		case strings.HasPrefix(source[i:], "(;"):
			depth := 0
			for ; i < len(source); i++ {
				if strings.HasPrefix(source[i:], "(;") {
					depth++
					i++
				} else if strings.HasPrefix(source[i:], ";)") {
					i++
					if depth--; depth == 0 {
						i++
						break
					}
				} else if source[i] == '\n' {
					line, start = line+1, i+1
				}
			}
		default:
			end := i + 1
			if c == '"' {
				for end < len(source) && source[end] != '"' && source[end] != '\n' {
					if source[end] == '\\' {
						end++
					}
					end++
				}
				end = min(end+1, len(source))
			} else if c != '(' && c != ')' {
				for end < len(source) && !strings.ContainsRune(" \t\r\n()\";", rune(source[end])) {
					end++
				}
			}
			tokens = append(tokens, watToken{source[i:end], line, i - start + 1})
			i = end
		}
	}
	return tokens
}
