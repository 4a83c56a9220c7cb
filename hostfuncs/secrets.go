package hostfuncs

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
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
	s := &Secrets{values: values}
	type form struct{ text, name string }
	var forms []form
	for name, value := range values {
		if len(value) < shortestSecret {
			return nil, fmt.Errorf("secret %s has %d bytes; it needs at least %d, since a shorter one could not be kept out of what the program sees", name, len(value), shortestSecret)
		}
		for _, text := range spellings(value) {
			forms = append(forms, form{text, name})
		}
	}
	// The longest first: one secret may contain another.
	slices.SortFunc(forms, func(a, b form) int { return len(b.text) - len(a.text) })
	var pairs []string
	for _, f := range forms {
		pairs = append(pairs, f.text, "[secret "+f.name+"]")
		s.probes = append(s.probes, []byte(f.text))
	}
	s.replacer = strings.NewReplacer(pairs...)
	return s, nil
}

// spellings are the ways in which a value can stand in a text: as it is, as JSON writes it, percent-encoded, in base64 at each of the three offsets
// that it can have within something longer, and in hex.
func spellings(value string) []string {
	inJSON, _ := json.Marshal(value)
	escaped := strings.Trim(string(inJSON), `"`)
	plain, _ := encode(value)
	list := []string{value, escaped, strings.Trim(string(plain), `"`), url.QueryEscape(value), url.PathEscape(value), hex.EncodeToString([]byte(value)), strings.ToUpper(hex.EncodeToString([]byte(value)))}
	for offset := range 3 {
		padded := append(make([]byte, offset), value...)
		// Only whole groups of the value itself are the same wherever it stands.
		from := (offset*4 + 2) / 3
		to := len(padded) / 3 * 4
		for _, e := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
			if text := e.EncodeToString(padded); to-from >= 8 {
				list = append(list, text[from:to])
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// Reveal returns the value of a secret, for a tool that sends it where the policy granted it.
func (s *Secrets) Reveal(name string) (string, bool) {
	if s == nil {
		return "", false
	}
	v, ok := s.values[name]
	return v, ok
}

// Redact returns text with every secret replaced by its name. text itself when there is none in it.
func (s *Secrets) Redact(text []byte) []byte {
	if s == nil || !slices.ContainsFunc(s.probes, func(p []byte) bool { return bytes.Contains(text, p) }) {
		return text
	}
	return []byte(s.replacer.Replace(string(text)))
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
