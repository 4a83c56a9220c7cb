package mcp

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// clean is text that a server wrote, for a model or a person to read: valid UTF-8 without control and format characters (escape sequences, changes of
// direction, letters that nobody sees), at most so many bytes.
func clean(text string, most int) string {
	cut := len(text) > most
	if cut {
		text = text[:most]
	}
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r == utf8.RuneError || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co):
			return -1
		}
		return r
	}, text)
	text = strings.TrimSpace(text)
	if cut {
		text += "…"
	}
	return text
}

func clip(s string, n int) string {
	if len(s) > n {
		return strings.ToValidUTF8(s[:n], "") + "…"
	}
	return s
}

// Name is how a name of a server or a tool is written in the name of a tool: what is no letter, digit or _ becomes one _, or nothing at the end; underscores
// at the beginning become one; before a digit comes one, and one comes after a keyword of Python. search-books becomes search_books.
func Name(original string) string {
	if original == "" {
		return ""
	}
	var b []byte
	gap := false
	for i := range len(original) {
		c := original[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' {
			if gap && c != '_' && (len(b) == 0 || b[len(b)-1] != '_') {
				b = append(b, '_')
			}
			gap = false
			b = append(b, c)
		} else {
			gap = true
		}
	}
	for len(b) > 1 && b[0] == '_' && b[1] == '_' {
		b = b[1:]
	}
	if len(b) == 0 || b[0] >= '0' && b[0] <= '9' {
		b = append([]byte{'_'}, b...)
	}
	if _, is := slices.BinarySearch(keywords, string(b)); is {
		b = append(b, '_')
	}
	return string(b)
}

// keywords of Python, sorted. JavaScript takes its own as the name of a property.
var keywords = []string{
	"False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del", "elif", "else", "except", "finally", "for", "from", "global",
	"if", "import", "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
}
