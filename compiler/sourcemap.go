package compiler

import (
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/go-sourcemap/sourcemap"
)

// SourceMap maps positions in a translated program back to the text that the model wrote. It reads its mappings when the first position
// is asked for, because most programs have no error. Safe for concurrent use.
type SourceMap struct {
	generated, original string
	raw                 []byte

	once     sync.Once
	consumer *sourcemap.Consumer
}

// newSourceMap takes a version 3 source map.
func newSourceMap(generated, original string, raw []byte) *SourceMap {
	return &SourceMap{generated: generated, original: original, raw: raw}
}

// Position maps a position in the translated program. Lines and columns count from 1, columns in code points; column 0 means unknown, and
// stays so in the result. ok is false for a position that no original text stands behind.
func (m *SourceMap) Position(line, column int) (originalLine, originalColumn int, ok bool) {
	if m == nil || line < 1 {
		return 0, 0, false
	}
	m.once.Do(func() {
		// A program of types alone has no mappings, which the parser calls an error; then no position has an original.
		m.consumer, _ = sourcemap.Parse("", m.raw)
		m.raw = nil
	})
	if m.consumer == nil {
		return 0, 0, false
	}
	text, _ := lineOf(m.generated, line)
	unit := utf16Column(text, column)
	if column < 1 {
		// The first mapping of a line stands at its first token.
		unit = len(text) - len(strings.TrimLeft(text, " \t"))
	}
	_, _, l, c, ok := m.consumer.Source(line, unit)
	if !ok || l < 1 {
		return 0, 0, false
	}
	if column < 1 {
		return l, 0, true
	}
	original, _ := lineOf(m.original, l)
	return l, codePointColumn(original, c), true
}

// LineText is line n of the original text, cut to 4 KiB.
func (m *SourceMap) LineText(n int) string { return LineText(m.original, n) }

// utf16Column turns a column (from 1, code points) into an offset in UTF-16 units, as source maps count.
func utf16Column(line string, column int) int {
	units := 0
	for _, r := range line {
		if column--; column < 1 {
			break
		}
		units++
		if r > 0xffff {
			units++
		}
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
		units--
		if r > 0xffff {
			units--
		}
		column++
	}
	return column
}

// byteColumn turns a byte offset in a line into a column from 1, in code points.
func byteColumn(line string, offset int) int {
	return 1 + utf8.RuneCountInString(line[:min(max(offset, 0), len(line))])
}
