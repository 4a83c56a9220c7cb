package hostfuncs

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"net/url"
	"slices"
	"strings"
	"unicode/utf16"
)

// Secrets are values that tools use and programs never see. Whatever goes back to a program or into a record passes Redact. It does not change,
// and any number of runs share it. The nil Secrets has none.
type Secrets struct {
	values   map[string]string
	replacer *strings.Replacer
	probes   [][]byte
}

// shortestSecret is the least length of a secret, in bytes: a shorter one would be found in everything.
const shortestSecret = 6

// NewSecrets holds values by name. A value shorter than 6 bytes is refused: it could not be told from ordinary text.
func NewSecrets(values map[string]string) (*Secrets, error) {
	s := &Secrets{values: maps.Clone(values)}
	type form struct{ text, name string }
	var forms []form
	for _, name := range slices.Sorted(maps.Keys(values)) {
		value := values[name]
		if len(value) < shortestSecret {
			return nil, fmt.Errorf("secret %s has %d bytes; it needs at least %d, since a shorter one could not be kept out of what the program sees", name, len(value), shortestSecret)
		}
		for _, text := range spellings(value) {
			forms = append(forms, form{text, name})
		}
		// A value from a file often ends in a newline that is not sent.
		if core := strings.TrimSpace(value); core != value && len(core) >= shortestSecret {
			for _, text := range spellings(core) {
				forms = append(forms, form{text, name})
			}
		}
	}
	// The longest first: one secret may contain another.
	slices.SortStableFunc(forms, func(a, b form) int { return len(b.text) - len(a.text) })
	var pairs []string
	seen := map[string]bool{}
	for _, f := range forms {
		if seen[f.text] {
			continue
		}
		seen[f.text] = true
		pairs = append(pairs, f.text, "[secret "+f.name+"]")
		s.probes = append(s.probes, []byte(f.text))
	}
	s.replacer = strings.NewReplacer(pairs...)
	return s, nil
}

// spellings are the ways in which a value can stand in a text: as it is, as JSON and HTML write it, percent-encoded, in base64 at each of the three
// offsets that it can have within something longer, and in hex.
func spellings(value string) []string {
	inJSON, _ := json.Marshal(value)
	plain, _ := encode(value)
	list := []string{value, unquoted(string(inJSON)), unquoted(string(plain)), ascii(unquoted(string(plain))), html.EscapeString(value),
		hex.EncodeToString([]byte(value)), strings.ToUpper(hex.EncodeToString([]byte(value)))}
	var every strings.Builder
	for i := range len(value) {
		fmt.Fprintf(&every, "%%%02X", value[i])
	}
	for _, text := range []string{url.QueryEscape(value), url.PathEscape(value), strings.ReplaceAll(url.QueryEscape(value), "+", "%20"), every.String()} {
		list = append(list, text, lowerPercent(text))
	}
	for offset := range 3 {
		// Only the letters that come from the value alone are the same wherever it stands.
		padded := append(make([]byte, offset), value...)
		from, to := (8*offset+5)/6, 8*len(padded)/6
		for _, e := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			list = append(list, e.EncodeToString(padded)[from:to])
		}
	}
	// JSON within JSON.
	for _, text := range []string{list[1], list[2], list[3]} {
		twice, _ := encode(text)
		list = append(list, unquoted(string(twice)))
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func unquoted(s string) string { return s[1 : len(s)-1] }

// ascii is the inside of a JSON string with \u escapes for whatever is not ASCII, as Python writes it.
func ascii(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r < 0x80:
			b.WriteRune(r)
		case r < 0x10000:
			fmt.Fprintf(&b, "\\u%04x", r)
		default:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, "\\u%04x\\u%04x", high, low)
		}
	}
	return b.String()
}

// lowerPercent writes %2F as %2f.
func lowerPercent(text string) string {
	b := []byte(text)
	for i := 0; i+2 < len(b); i++ {
		if b[i] == '%' {
			copy(b[i:], bytes.ToLower(b[i:i+3]))
			i += 2
		}
	}
	return string(b)
}

// Reveal returns the value of a secret, for a tool that sends it where the policy granted it.
func (s *Secrets) Reveal(name string) (string, bool) {
	if s == nil {
		return "", false
	}
	v, ok := s.values[name]
	return v, ok
}

// Redact returns text with every secret replaced by its name. text itself when there is none in it. JSON may not be valid afterwards: what goes back to
// a program or into the journal is redacted string by string.
func (s *Secrets) Redact(text []byte) []byte {
	if !s.in(text) {
		return text
	}
	return []byte(s.replacer.Replace(string(text)))
}

// in says that a spelling of a secret stands in a text.
func (s *Secrets) in(text []byte) bool {
	return s != nil && slices.ContainsFunc(s.probes, func(p []byte) bool { return bytes.Contains(text, p) })
}

// redactJSON is Redact for valid JSON, which stays valid: it looks into each string and number, however that is escaped. A number in which a secret
// stands becomes a string.
func (s *Secrets) redactJSON(text []byte) []byte {
	if s == nil || len(s.probes) == 0 || bytes.IndexByte(text, '\\') < 0 && !s.in(text) {
		return text
	}
	var out []byte // nil until something changes
	at := 0        // what of text is in out
	put := func(from, to int, clean string) {
		quoted, _ := encode(clean)
		out = append(append(out, text[at:from]...), quoted...)
		at = to
	}
	c := checker{text: text}
	for i := 0; i < len(text); {
		switch b := text[i]; {
		case b == '"':
			end := c.stringEnd(i)
			raw := text[i+1 : end-1]
			if bytes.IndexByte(raw, '\\') >= 0 {
				raw = unquote(text[i:end])
			}
			if s.in(raw) {
				put(i, end, s.replacer.Replace(string(raw)))
			}
			i = end
		case b == '-' || b >= '0' && b <= '9':
			end := c.scalarEnd(i)
			if s.in(text[i:end]) {
				put(i, end, s.replacer.Replace(string(text[i:end])))
			}
			i = end
		default:
			i++
		}
	}
	if out == nil {
		return text
	}
	return append(out, text[at:]...)
}

// RedactString is Redact for a string.
func (s *Secrets) RedactString(text string) string {
	if s == nil || s.replacer == nil {
		return text
	}
	return s.replacer.Replace(text)
}

// SecretsOf returns the secrets of the run that a call belongs to; nil when it has none.
func SecretsOf(ctx context.Context) *Secrets {
	if c := callOf(ctx); c != nil {
		return c.gate.options.Secrets
	}
	return nil
}
