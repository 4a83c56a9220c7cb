package command

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// template is a text with places: parts that are either text or the name of an argument.
type template []part

type part struct{ text, name string }

// parseTemplate reads {NAME}, {{ and }}.
func parseTemplate(text string) (template, error) {
	var t template
	var plain strings.Builder
	flush := func() {
		if plain.Len() > 0 {
			t = append(t, part{text: plain.String()})
			plain.Reset()
		}
	}
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c != '{' && c != '}':
			plain.WriteByte(c)
		case i+1 < len(text) && text[i+1] == c:
			plain.WriteByte(c)
			i++
		case c == '}':
			return nil, errors.New("a } has no {; write }} for the character itself")
		default:
			length := strings.IndexAny(text[i+1:], "{}")
			if length <= 0 || text[i+1+length] != '}' {
				return nil, fmt.Errorf("%s has a { without a name and a }; write {{ for the character itself", strconv.Quote(text))
			}
			flush()
			t = append(t, part{name: text[i+1 : i+1+length]})
			i += length + 1
		}
	}
	flush()
	return t, nil
}

// open says that the template has a place.
func (t template) open() bool { return t.first() != "" }

// first is the name at the first place.
func (t template) first() string {
	for _, p := range t {
		if p.name != "" {
			return p.name
		}
	}
	return ""
}

// fill puts values into their places. begins is the argument whose value the text begins with, if any. ok is false when a value is missing.
func (t template) fill(values map[string]string) (text, begins string, ok bool) {
	var b strings.Builder
	for _, p := range t {
		s := p.text
		if p.name != "" {
			if s, ok = values[p.name]; !ok {
				return "", "", false
			}
			if b.Len() == 0 && s != "" {
				begins = p.name
			}
		}
		b.WriteString(s)
	}
	return b.String(), begins, true
}
