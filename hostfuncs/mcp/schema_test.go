package mcp

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

// FuzzSchema holds values against whatever schema gets through: it must come to an end, and not overflow the stack.
func FuzzSchema(f *testing.F) {
	for _, s := range []string{
		`{"type":"object","$ref":"#"}`,
		`{"type":"object","properties":{"a":{"$ref":"#/properties/a"}}}`,
		`{"type":"object","$defs":{"a":{"$ref":"#/$defs/b"},"b":{"not":{"$ref":"#/$defs/a"}}},"allOf":[{"$ref":"#/$defs/a"},{"$ref":"#/$defs/b"}]}`,
		`{"type":"object","$defs":{"a":{"$ref":"#/$defs/b"},"b":{"not":{"$reF":"#/$defs/a"}}},"allOf":[{"$ref":"#/$defs/a"},{"$ref":"#/$defs/b"}]}`,
		`{"type":"object","itemſ":{"$ref":"#"},"AllOf":[{"$REF":"#"}]}`,
		`{"type":"object","items":{"$ref":"#"},"properties":{"a":{"anyOf":[{"items":{"$ref":"#"}},{"items":{"$ref":"#/properties"}}]}}}`,
		`{"type":"object","$dynamicRef":"#a","$dynamicAnchor":"a","$id":"http://a/","properties":{"b":{"$ref":"http://a/"}}}`,
		`{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","definitions":{"x":{"dependencies":{"a":["b"],"c":{"$ref":"#/definitions/x"}}}},"if":{"$ref":"#/definitions/x"},"then":false}`,
		`{"type":"object","patternProperties":{"(?=a)":{"type":"string"},"^b":true},"additionalProperties":false,"properties":{"c":{"pattern":"["}}}`,
		`{"type":"object","$defs":{"a/b":{"$ref":"#/$defs/a~1b"}},"unevaluatedProperties":{"$ref":"#/$defs/a~1b"},"properties":{"x":{"enum":[1,{"$ref":"#"}],"const":{"$ref":"#"}}}}`,
	} {
		f.Add([]byte(s), []byte(`{"a":{"a":[[[[{}]]]],"b":1},"c":"x"}`))
	}
	f.Fuzz(func(t *testing.T, text, value []byte) {
		s, err := schema(text)
		if err != nil {
			return
		}
		r, err := s.Resolve(nil)
		if err != nil {
			t.Fatalf("it does not resolve a second time: %v", err)
		}
		var v any
		if len(value) < 4096 && json.Unmarshal(value, &v) == nil {
			_ = r.Validate(v)
		}
	})
}

func TestLines(t *testing.T) {
	long := strings.Repeat("x", 200_000)
	for _, test := range []struct{ text, want string }{
		{"a\n\n  b  \nc", "a|b|EOF"},
		{`{"jsonrpc":"2.0","id":5,"result":"` + long + "\"}\nb\n", "large 5|b|EOF"},
		{`{"id":6,"jsonrpc":"2.0","result":"` + long + "\"}\nb\n", "large 6|b|EOF"},
		{`{"result":{"a":"` + long + `"},"jsonrpc":"2.0","id":7}` + "\r\nb\n", "large 7|b|EOF"},
		{`{"result":{"a":"` + long + `"},"id":8}` + "\nb\n", "large 8|b|EOF"},
		{`{"result":{"a":"` + long + `\"},\"id\":9}"}}` + "\nb\n", "large|b|EOF"}, // a text that looks like it
		{`{"result":{"id":10,"a":"` + long + `"}}` + "\nb\n", "large|b|EOF"},
		{`{"jsonrpc":"2.0","id":11,"result":"` + long, "large|EOF"}, // it did not end
	} {
		l := &lines{r: bufio.NewReaderSize(strings.NewReader(test.text), 4096), most: 100_000}
		var got []string
		for {
			line, err := l.next()
			var large *tooLarge
			switch {
			case errors.As(err, &large) && large.id != nil:
				got = append(got, fmt.Sprint("large ", *large.id))
				continue
			case errors.As(err, &large):
				got = append(got, "large")
				continue
			case err == io.EOF:
				got = append(got, "EOF")
			case err == nil:
				got = append(got, string(line))
				continue
			}
			break
		}
		if strings.Join(got, "|") != test.want {
			t.Errorf("%.40s…: %v; want %s", test.text, got, test.want)
		}
	}
}

func TestTailIsBounded(t *testing.T) {
	var s tail
	for range 100 {
		fmt.Fprint(&s, strings.Repeat("a", 10_000))
	}
	fmt.Fprint(&s, strings.Repeat("b", 1<<20)+"end")
	if text := s.String(); len(text) != maxStderr || !strings.HasSuffix(text, "bend") || cap(s.text) > 8*maxStderr {
		t.Errorf("%d bytes in a buffer of %d", len(text), cap(s.text))
	}
}

func TestClean(t *testing.T) {
	for text, want := range map[string]string{
		" a\x00b\x1b[1mc\td\ne\x7f ":               "ab[1mc\td\ne",
		"admin\u202etxt.\u200b\U000E0041\ufeffexe": "admintxt.exe",
		"\xff\xfeok": "ok",
		"aé日":        "aé日",
	} {
		if got := clean(text, 100); got != want {
			t.Errorf("clean(%q) = %q; want %q", text, got, want)
		}
	}
	if got := clean(strings.Repeat("é", 10), 5); got != "éé…" {
		t.Errorf("cut within a letter: %q", got)
	}
}
