package hostfuncs

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"html"
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// writings are the ways in which tests spell a secret, on its own or within something longer.
var writings = map[string]func(t *rapid.T, s string) string{
	"plain":             func(_ *rapid.T, s string) string { return s },
	"json":              func(_ *rapid.T, s string) string { return string(must(json.Marshal(s))) },
	"json without html": func(_ *rapid.T, s string) string { return string(must(encode(s))) },
	"json in json": func(_ *rapid.T, s string) string {
		return string(must(encode(string(must(encode(map[string]string{"k": s}))))))
	},
	"query":         func(_ *rapid.T, s string) string { return url.QueryEscape(s) },
	"path":          func(_ *rapid.T, s string) string { return url.PathEscape(s) },
	"lower percent": func(_ *rapid.T, s string) string { return lowerPercent(url.QueryEscape(s)) },
	"html":          func(_ *rapid.T, s string) string { return html.EscapeString(s) },
	"hex":           func(_ *rapid.T, s string) string { return hex.EncodeToString([]byte(s)) },
	"HEX":           func(_ *rapid.T, s string) string { return strings.ToUpper(hex.EncodeToString([]byte(s))) },
	"base64": func(t *rapid.T, s string) string {
		whole := around(t) + s + around(t)
		return rapid.SampledFrom([]*base64.Encoding{base64.StdEncoding, base64.URLEncoding, base64.RawStdEncoding, base64.RawURLEncoding}).Draw(t, "alphabet").EncodeToString([]byte(whole))
	},
}

func around(t *rapid.T) string { return rapid.StringMatching(`[a-z:]{0,7}`).Draw(t, "around") }

func secretValue() *rapid.Generator[string] {
	return rapid.OneOf(rapid.StringMatching(`[A-Za-z0-9+/=_-]{6,40}`), rapid.StringMatching(`[!-~é\\"<&%]{6,20}`), rapid.Just("pa ss\nwo\\rd\"é\U0001F600"), rapid.Just("12345678"))
}

// Whatever way a secret is written, nothing of more than a letter at its edges is left of it.
func TestRedactLeavesNoSpelling(t *testing.T) {
	for name, write := range writings {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				value := secretValue().Draw(t, "secret")
				if strings.Contains("[secret TOKEN]", value) {
					t.Skip("the replacement has it in itself")
				}
				s := must(NewSecrets(map[string]string{"TOKEN": value}))
				text := around(t) + write(t, value) + around(t)
				got := s.Redact([]byte(text))
				if !bytes.Contains(got, []byte("[secret TOKEN]")) || s.in(got) {
					t.Fatalf("%q in %q: %q", value, text, got)
				}
				if string(got) != s.RedactString(text) {
					t.Fatal("RedactString differs")
				}
				// The same within JSON stays JSON, and no string of it has the secret.
				within := must(json.Marshal(map[string]any{"a": []any{text, 1, "x"}, text: nil}))
				clean := s.redactJSON(within)
				var v map[string]any
				if err := json.Unmarshal(clean, &v); err != nil {
					t.Fatalf("%s: %v", clean, err)
				}
				if len(v) != 2 || s.in([]byte(v["a"].([]any)[0].(string))) || strings.Contains(string(clean), value) {
					t.Fatalf("%q in %s: %s", value, within, clean)
				}
				for k := range v {
					if s.in([]byte(k)) {
						t.Fatalf("%q: %s", value, clean)
					}
				}
			})
		})
	}
}

func TestRedactJSONStaysJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		// Secrets made of what JSON is made of.
		value := rapid.StringOfN(rapid.SampledFrom([]rune(`",:{}[]\u01ab `)), 6, 8, -1).Draw(t, "secret")
		s := must(NewSecrets(map[string]string{"TOKEN": value}))
		text := must(json.Marshal(drawJSON(t, 3)))
		clean := s.redactJSON(text)
		if !json.Valid(clean) {
			t.Fatalf("%q in %s: %s", value, text, clean)
		}
	})
}

func drawJSON(t *rapid.T, depth int) any {
	if depth == 0 || rapid.Bool().Draw(t, "leaf") {
		return rapid.OneOf(rapid.StringOf(rapid.SampledFrom([]rune(`",:{}[]\u01ab `))).AsAny(), rapid.IntRange(0, 1<<40).AsAny()).Draw(t, "leaf")
	}
	return map[string]any{"a": []any{drawJSON(t, depth-1), drawJSON(t, depth-1)}, `",b`: drawJSON(t, depth-1)}
}

func TestSecretsAreKeptFromProgramsAndTheJournal(t *testing.T) {
	s := must(NewSecrets(map[string]string{"TOKEN": "hunter2hunter2", "PIN": "12345678", "FILE": "from-a-file\n", "LONG": "hunter2hunter2-and-more"}))
	token := "hunter2hunter2"
	d := &Definition{Name: "f", Call: func(_ context.Context, args json.RawMessage) (json.RawMessage, error) {
		if bytes.Contains(args, []byte("fail")) {
			return nil, &Error{Message: "401 for " + token, Hint: "is " + base64.StdEncoding.EncodeToString([]byte("user:"+token)) + " right?"}
		}
		return json.RawMessage(`{"echo":"\u0068unter2hunter2","n":12345678,"f":"from-a-file","l":"hunter2hunter2-and-more!","` + token + `":[]}`), nil
	}}
	g := gateOf(t, GateOptions{Secrets: s}, d)
	if got := text(g, "f", `{}`); got != `{"echo":"[secret TOKEN]","n":"[secret PIN]","f":"[secret FILE]","l":"[secret LONG]!","[secret TOKEN]":[]}` {
		t.Error(got)
	}
	_, problem, _ := g.Call(context.Background(), "f", []byte(`{"fail":"`+token+`"}`))
	if problem.Message != "401 for [secret TOKEN]" || strings.Contains(problem.Hint, "aHVudGVyMmh1bnRlcj") {
		t.Error(problem, problem.Hint)
	}
	text(g, token, `{"a": "`+token+`"`)
	journal := string(must(json.Marshal(g.Calls())))
	for _, form := range spellings(token) {
		if strings.Contains(journal, form) {
			t.Errorf("the journal has %s: %s", form, journal)
		}
	}
	if v, ok := s.Reveal("TOKEN"); !ok || v != token {
		t.Error(v)
	}
}

func TestSecretsThatAreTooShort(t *testing.T) {
	if _, err := NewSecrets(map[string]string{"A": "12345"}); err == nil || !strings.Contains(err.Error(), "secret A has 5 bytes; it needs at least 6") {
		t.Error(err)
	}
	var none *Secrets
	if got := none.RedactString("x") + string(none.Redact([]byte("y"))) + string(none.redactJSON([]byte("1"))); got != "xy1" {
		t.Error(got)
	}
}

func BenchmarkRedactJSON(b *testing.B) {
	s := must(NewSecrets(map[string]string{"A": "hunter2hunter2", "B": "another secret of some length"}))
	text := []byte(`{"a":"` + strings.Repeat("some text that is \\\"quoted\\\" ", 40_000) + `"}`)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		s.redactJSON(text)
	}
}
