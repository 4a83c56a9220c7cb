package compiler

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"
)

// SourceMap maps positions in a translated program back to the text that the model wrote. Safe for concurrent use.
type SourceMap struct {
	generated, original string
	mappings            []mapping // by position in generated
}

// mapping says where a token of the translation comes from. All count from 0; columns are UTF-16 units, as in the file format.
type mapping struct{ line, column, source, originalLine, originalColumn int32 }

// Position maps a position in the translated program. Lines and columns count from 1, columns in code points; column 0 means unknown, and
// stays so in the result. ok is false for a position that no original text stands behind.
func (m *SourceMap) Position(line, column int) (originalLine, originalColumn int, ok bool) {
	if m == nil || line < 1 {
		return 0, 0, false
	}
	text, _ := lineOf(m.generated, line)
	unit := utf16Column(text, column)
	if column < 1 {
		// The first mapping of a line stands at its first token.
		unit = len(text) - len(strings.TrimLeft(text, " \t"))
	}
	at := mapping{line: int32(line - 1), column: int32(unit)}
	i, exact := slices.BinarySearchFunc(m.mappings, at, func(a, b mapping) int {
		if a.line != b.line {
			return int(a.line) - int(b.line)
		}
		return int(a.column) - int(b.column)
	})
	if !exact {
		i-- // the token that the position is in
	}
	if i < 0 || m.mappings[i].line != at.line {
		// Nothing before it on its line: the first token after it, if there is one.
		if i++; i >= len(m.mappings) || m.mappings[i].line != at.line {
			return 0, 0, false
		}
	}
	found := m.mappings[i]
	originalLine = int(found.originalLine) + 1
	if column < 1 {
		return originalLine, 0, true
	}
	original, _ := lineOf(m.original, originalLine)
	return originalLine, codePointColumn(original, int(found.originalColumn)), true
}

// Lines returns for every line of the translated program the line of the original that its first token comes from, 0 where there is none. Index 0
// stands for no line.
func (m *SourceMap) Lines() []int {
	lines, next := []int{0}, 0
	for text := range strings.SplitSeq(m.generated, "\n") {
		number, found := int32(len(lines)-1), 0
		first := int32(len(text) - len(strings.TrimLeft(text, " \t")))
		for ; next < len(m.mappings) && m.mappings[next].line <= number; next++ {
			if at := m.mappings[next]; at.line == number && (found == 0 || at.column <= first) {
				found = int(at.originalLine) + 1
			}
		}
		lines = append(lines, found)
	}
	return lines
}

// LineText is line n of the original text, cut to 4 KiB.
func (m *SourceMap) LineText(n int) string { return LineText(m.original, n) }

// align lays a translation out so that its lines are those of the original, as far as the translator kept the order: then positions that
// nobody maps back, such as those in a traceback on standard error, name the right line as well. It only touches line ends that stand
// before a token of the program: it adds more of them, or turns one into a space, which changes nothing because the translator ends every
// statement with a semicolon. The mappings move along.
func align(generated string, mappings []mapping) (string, []mapping) {
	inside, ok := linesInsideLiterals(generated)
	if !ok {
		return generated, mappings
	}
	lines := strings.Split(strings.TrimSuffix(generated, "\n"), "\n")
	target := targets(lines, mappings)
	var b strings.Builder
	b.Grow(len(generated) + 64)
	moved := make([]mapping, 0, len(mappings))
	line, width, next := 0, 0, 0
	comment := false // the line may end in a comment, which nothing can follow
	for i, text := range lines {
		want, cut, shift := target[i], 0, 0
		switch {
		case i > 0 && want <= line && !inside[i] && !comment:
			cut = indentation(text)
			b.WriteByte(' ')
			text = text[cut:]
			shift = width + 1 - cut
			width++
		default:
			if inside[i] {
				want = 0
			}
			for n := max(want-line, min(i, 1)); n > 0; n-- {
				b.WriteByte('\n')
				line++
			}
			width = 0
		}
		b.WriteString(text)
		width += utf16Length(text)
		comment = strings.Contains(text, "//") || comment && shift != 0
		for ; next < len(mappings) && int(mappings[next].line) == i; next++ {
			m := mappings[next]
			m.line, m.column = int32(line), max(m.column, int32(cut))+int32(shift)
			moved = append(moved, m)
		}
	}
	b.WriteByte('\n')
	return b.String(), moved
}

// targets gives the original line of each generated line that starts with a token of the program, else -1. Where the translator changed
// the order, it is the smallest of those that follow, so that a line that was moved up drags nothing along.
func targets(lines []string, mappings []mapping) []int {
	target := make([]int, len(lines))
	for i := range target {
		target[i] = -1
	}
	for _, m := range mappings {
		// A statement is mapped from before its indentation, an expression from behind it, and what has no original from before it, too:
		// to where the line before ended.
		if l := int(m.line); l < len(lines) && int(m.column) <= indentation(lines[l]) {
			target[l] = int(m.originalLine)
		}
	}
	least := int(^uint(0) >> 1)
	for i := len(target) - 1; i >= 0; i-- {
		if target[i] >= 0 {
			least = min(least, target[i])
			target[i] = least
		}
	}
	return target
}

// linesInsideLiterals says which lines, from 0, start inside a template literal or a comment. ok is false when that is not certain.
func linesInsideLiterals(text string) (inside map[int]bool, ok bool) {
	n := newNesting(text)
	n.inside = map[int]bool{}
	n.measure()
	return n.inside, n.reason == "" && !n.pessimistic
}

func indentation(s string) int { return len(s) - len(strings.TrimLeft(s, " ")) }

var errMappings = errors.New("malformed source map")

// CodeMapping is where the code at an offset of a WebAssembly module comes from. Lines and columns count from 1, columns in UTF-16 units.
type CodeMapping struct {
	Offset       int
	Source       string
	Line, Column int
}

// ReadCodeMap reads the source map of a WebAssembly module, whose columns are offsets into it.
func ReadCodeMap(raw []byte) ([]CodeMapping, error) {
	var file struct{ Sources []string }
	if err := json.Unmarshal(raw, &file); err != nil {
		return nil, err
	}
	mappings, err := readMappings(raw)
	if err != nil {
		return nil, err
	}
	list := make([]CodeMapping, 0, len(mappings))
	for _, m := range mappings {
		if m.source < 0 || int(m.source) >= len(file.Sources) || m.line != 0 || m.column < 0 || m.originalLine < 0 || m.originalColumn < 0 {
			return nil, errMappings
		}
		list = append(list, CodeMapping{int(m.column), file.Sources[m.source], int(m.originalLine) + 1, int(m.originalColumn) + 1})
	}
	return list, nil
}

// readMappings decodes the mappings of a source map, version 3.
func readMappings(raw []byte) ([]mapping, error) {
	var file struct{ Mappings string }
	if err := json.Unmarshal(raw, &file); err != nil {
		return nil, err
	}
	var list []mapping
	var at mapping
	s := file.Mappings
	for len(s) > 0 {
		switch s[0] {
		case ';':
			at.line++
			at.column = 0
			s = s[1:]
			continue
		case ',':
			s = s[1:]
			continue
		}
		// Generated column, source, original line, original column, and a name that nobody needs.
		var fields [5]int32
		n := 0
		for len(s) > 0 && s[0] != ',' && s[0] != ';' {
			if n == len(fields) {
				return nil, errMappings
			}
			var ok bool
			if fields[n], s, ok = readVLQ(s); !ok {
				return nil, errMappings
			}
			n++
		}
		at.column += fields[0]
		at.source += fields[1]
		at.originalLine += fields[2]
		at.originalColumn += fields[3]
		if n >= 4 {
			list = append(list, at)
		}
	}
	return list, nil
}

const base64Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// readVLQ reads one number: five bits a digit, the sixth says that more follow, the lowest bit of all is the sign.
func readVLQ(s string) (value int32, rest string, ok bool) {
	var v uint32
	for i := 0; i < len(s) && i < 7; i++ {
		digit := strings.IndexByte(base64Digits, s[i])
		if digit < 0 {
			return 0, s, false
		}
		v |= uint32(digit&31) << (5 * i)
		if digit&32 == 0 {
			value = int32(v >> 1)
			if v&1 != 0 {
				value = -value
			}
			return value, s[i+1:], true
		}
	}
	return 0, s, false
}

// utf16Column turns a column (from 1, code points) into an offset in UTF-16 units, as source maps count.
func utf16Column(line string, column int) int {
	units := 0
	for _, r := range line {
		if column--; column < 1 {
			break
		}
		units += utf16Units(r)
	}
	return units
}

// codePointColumn is the inverse of utf16Column.
func codePointColumn(line string, units int) int {
	column := 1
	for _, r := range line {
		if units < 1 {
			break
		}
		units -= utf16Units(r)
		column++
	}
	return column
}

func utf16Units(r rune) int {
	if r > 0xffff {
		return 2
	}
	return 1
}

func utf16Length(s string) (units int) {
	for _, r := range s {
		units += utf16Units(r)
	}
	return units
}

// byteColumn turns a byte offset in a line into a column from 1, in code points.
func byteColumn(line string, offset int) int {
	return 1 + utf8.RuneCountInString(line[:min(max(offset, 0), len(line))])
}
