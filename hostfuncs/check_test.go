package hostfuncs

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/jsonschema-go/jsonschema"
	"pgregory.net/rapid"
)

// said is what is wrong with arguments under a schema, and the hint.
func said(t testing.TB, properties, args string) string {
	t.Helper()
	schema := properties
	if !strings.HasPrefix(schema, "{") {
		schema = `{"type":"object","properties":{` + properties + `}}`
	}
	x, err := compile(*Dynamic("f", "", json.RawMessage(schema), nothing))
	if err != nil {
		t.Fatalf("schema %s: %v", schema, err)
	}
	_, _, problem := x.arguments([]byte(args))
	if problem == nil {
		return ""
	}
	if problem.Type != ArgumentError {
		t.Errorf("type %s", problem.Type)
	}
	for _, jargon := range []string{"validating", "json.", "root", "reflect", "<nil>", "%!", "map[", "Go "} {
		if strings.Contains(problem.Message+problem.Hint, jargon) {
			t.Errorf("message %q has the jargon %q", problem.Message, jargon)
		}
	}
	if strings.HasPrefix(problem.Hint, "the tool is ") {
		return problem.Message
	}
	return problem.Message + " (" + problem.Hint + ")"
}

func TestWhatIsWrongWithArguments(t *testing.T) {
	for _, c := range []struct{ schema, args, want string }{
		{`"a":{"type":"integer"}`, `{"a":"3"}`, `f: argument a must be an integer, but is the string "3" (send 3 without the quotes)`},
		{`"a":{"type":"integer"}`, `{"a":"three"}`, `f: argument a must be an integer, but is the string "three"`},
		{`"a":{"type":"integer"}`, `{"a":3.5}`, `f: argument a must be an integer, but is the number 3.5`},
		{`"a":{"type":"integer"}`, `{"a":3.0}`, ``},
		{`"a":{"type":"integer"}`, `{"a":1e30}`, `f: argument a must be an integer of at most 64 bits, but is 1e30`},
		{`"a":{"type":"integer"}`, `{"a":99999999999999999999}`, `f: the integer 99999999999999999999 has more than 64 bits; send it as text`},
		{`"a":{"type":"string"}`, `{"a":7}`, `f: argument a must be a string, but is the number 7`},
		{`"a":{"type":["string","null"]}`, `{"a":[1]}`, `f: argument a must be a string or null, but is the list [1]`},
		{`"a":{"type":"array","items":{"type":"boolean"}}`, `{"a":[true,1,false,"x"]}`, `f: argument a[1] must be true or false, but is the number 1; argument a[3] must be true or false, but is the string "x"`},
		{`"a":{"type":"array","items":{"type":"object","properties":{"b c":{"type":"string"}},"required":["b c"]}}`, `{"a":[{"b c":1},{}]}`, `f: argument a[0]["b c"] must be a string, but is the number 1; argument a[1] lacks the property b c`},
		{`"unit":{"enum":["celsius","fahrenheit"]}`, `{"unit":"celcius"}`, `f: argument unit must be one of "celsius", "fahrenheit", but is the string "celcius" (did you mean "celsius"?)`},
		{`"unit":{"enum":["celsius","fahrenheit"]}`, `{"unit":"CELSIUS"}`, `f: argument unit must be one of "celsius", "fahrenheit", but is the string "CELSIUS" (did you mean "celsius"?)`},
		{`"n":{"enum":[1,2,3]}`, `{"n":4}`, `f: argument n must be one of 1, 2, 3, but is the number 4`},
		{`"n":{"enum":[1,2,3],"type":"integer"}`, `{"n":4.0}`, `f: argument n must be one of 1, 2, 3, but is the number 4.0`},
		{`"n":{"const":"x"}`, `{"n":"y"}`, `f: argument n must be "x", but is the string "y"`},
		{`"n":{"enum":[{"a":[1,2]}]}`, `{"n":{"a":[1.0,2]}}`, ``},
		{`"n":{"minimum":1,"maximum":50}`, `{"n":0}`, `f: argument n must be at least 1, but is 0`},
		{`"n":{"minimum":1,"maximum":50}`, `{"n":500}`, `f: argument n must be at most 50, but is 500`},
		{`"n":{"exclusiveMinimum":0.5}`, `{"n":0.5}`, `f: argument n must be more than 0.5, but is 0.5`},
		{`"n":{"exclusiveMaximum":2}`, `{"n":2}`, `f: argument n must be less than 2, but is 2`},
		{`"n":{"multipleOf":5}`, `{"n":7}`, `f: argument n must be a multiple of 5, but is 7`},
		{`"n":{"maximum":9007199254740992}`, `{"n":9007199254740993}`, `f: argument n must be at most 9.007199254740992e+15, but is 9007199254740993`},
		{`"s":{"minLength":2}`, `{"s":"é"}`, `f: argument s must have at least 2 characters, but "é" has 1`},
		{`"s":{"maxLength":1}`, `{"s":"éa"}`, `f: argument s must have at most 1 character, but "éa" has 2`},
		{`"s":{"pattern":"^[a-z]+$"}`, `{"s":"A1"}`, `f: argument s must match the pattern ^[a-z]+$, but is "A1"`},
		{`"l":{"minItems":1}`, `{"l":[]}`, `f: argument l must have at least 1 item, but has 0`},
		{`"l":{"maxItems":2}`, `{"l":[1,2,3]}`, `f: argument l must have at most 2 items, but has 3`},
		{`"l":{"uniqueItems":true}`, `{"l":[1,"1",{"a":1,"b":2},{"b":2.0,"a":1}]}`, `f: argument l must not hold a value twice, but items 2 and 3 are both {"b":2.0,"a":1}`},
		{`"l":{"contains":{"type":"string"}}`, `{"l":[1]}`, `f: argument l must have at least 1 item that is a string, but has 0`},
		{`"l":{"contains":{"type":"string"},"maxContains":1}`, `{"l":["a","b"]}`, `f: argument l must have at most 1 item that may be a string, but has 2`},
		{`"l":{"prefixItems":[{"type":"string"}],"items":false}`, `{"l":["a",2]}`, `f: argument l[1] must not be there`},
		{`{"type":"object","properties":{"query":{},"limit":{}},"required":["query"],"additionalProperties":false}`, `{"limt":1}`, `f: has no argument "limt"; lacks the argument query (did you mean limit?)`},
		{`{"type":"object","properties":{"a":{},"b":{}},"required":["a","b"]}`, `{}`, `f: lacks the arguments a, b`},
		{`"o":{"type":"object","properties":{"color":{}},"additionalProperties":false}`, `{"o":{"colour":1}}`, `f: argument o has a property "colour", which it must not; it may have color (did you mean color?)`},
		{`"o":{"additionalProperties":{"type":"integer"}}`, `{"o":{"k":"v"}}`, `f: argument o.k must be an integer, but is the string "v"`},
		{`"o":{"patternProperties":{"^x":{"type":"integer"}},"additionalProperties":false}`, `{"o":{"xa":"v","y":1}}`, `f: argument o.xa must be an integer, but is the string "v"; argument o must be empty, but has a property "y"`},
		{`"o":{"propertyNames":{"pattern":"^[a-z]+$"}}`, `{"o":{"A":1}}`, `f: argument o has a property "A", whose name does not fit the pattern ^[a-z]+$`},
		{`"o":{"minProperties":2}`, `{"o":{"A":1}}`, `f: argument o must have at least 2 properties, but has 1`},
		{`"o":{"maxProperties":1}`, `{"o":{"A":1,"B":1}}`, `f: argument o must have at most 1 property, but has 2`},
		{`"o":{"dependentRequired":{"card":["expiry"]}}`, `{"o":{"card":1}}`, `f: argument o lacks "expiry", which has to be there when "card" is`},
		{`"o":{"dependentSchemas":{"card":{"required":["expiry"]}}}`, `{"o":{"card":1}}`, `f: argument o lacks the property expiry`},
		{`"o":{"allOf":[{"properties":{"a":{}}}],"unevaluatedProperties":false}`, `{"o":{"a":1,"b":2}}`, `f: argument o must be empty, but has a property "b"`},
		{`"x":{"anyOf":[{"type":"string"},{"type":"integer"}]}`, `{"x":[1]}`, `f: argument x must be a string or an integer, but is the list [1]`},
		{`"x":{"anyOf":[{"type":"string","minLength":3},{"type":"null"}]}`, `{"x":"ab"}`, `f: argument x must have at least 3 characters, but "ab" has 2`},
		{`"x":{"oneOf":[{"properties":{"kind":{"const":"a"},"n":{"type":"integer"}},"required":["kind","n"]},{"properties":{"kind":{"const":"b"},"s":{"type":"string"}},"required":["kind","s"]}]}`,
			`{"x":{"kind":"b","s":1}}`, `f: argument x.s must be a string, but is the number 1`},
		{`"x":{"oneOf":[{"type":"integer"},{"type":"number"}]}`, `{"x":1}`, `f: argument x must fit one of its forms only, but fits both an integer and a number`},
		{`"x":{"oneOf":[{"const":"a"},{"const":"b"}]}`, `{"x":"c"}`, `f: argument x must be "a" or "b", but is the string "c"`},
		{`"x":{"not":{"type":"string"}}`, `{"x":"c"}`, `f: argument x must not be a string, but is the string "c"`},
		{`"x":{"if":{"type":"string"},"then":{"minLength":2},"else":{"minimum":3}}`, `{"x":2}`, `f: argument x must be at least 3, but is 2`},
		{`"x":{"contentEncoding":"base64","type":"string"}`, `{"x":3}`, `f: argument x must be bytes, but is the number 3`},
		{`"a":{"type":"string"},"b":{"type":"string"}`, `[1]`, `f: argument a must be a string, but is the number 1`},
		{`"a":{}`, `[1,2]`, `f: takes 1 argument by position, but 2 were given`},
		{`"a":{}`, `{"$args":[1],"a":2}`, `f: got two values for the argument a, by position and by name`},
		{`"a":{}`, `{"a":1,"a":2}`, `f: an object among the arguments has the same name twice`},
		{`"a":{}`, `{"a":1} x`, `f: there is something after the arguments`},
		{`"a":{}`, `3`, `f: the arguments must be an object by parameter name`},
		{`"a":{}`, "{\"a\":\"\xff\"}", `f: the arguments are not UTF-8`},
		{`"a":{}`, `{"a":` + strings.Repeat("[", 300) + strings.Repeat("]", 300) + `}`, `f: the arguments are nested deeper than 200 levels`},
		{`"a":{}`, `{"a":1e999}`, `f: the number 1e999 is too large`},
		{`"a":{}`, `{"a":{"$type":"float","value":"nan"}}`, `f: the number nan cannot be sent: JSON has no such value`},
		{`"a":{}`, `{"a":{"$type":"object","class":"Foo","repr":"<Foo>"}}`, `f: a value of class Foo cannot be sent; send what it is made of`},
		{`"a":{"type":"integer"}`, `{"a":null}`, ``},
		{`{"type":"object","properties":{"a":{"type":"integer"}},"required":["a"]}`, `{"a":null}`, `f: argument a must be an integer, but is null`},
	} {
		if got := said(t, c.schema, c.args); got != c.want {
			t.Errorf("%s %s:\n got %s\nwant %s", c.schema, c.args, got, c.want)
		}
	}
}

func TestManyMistakesAreBounded(t *testing.T) {
	got := said(t, `"l":{"items":{"type":"integer"}}`, `{"l":[`+strings.Repeat(`"a",`, 999)+`"`+strings.Repeat("x", 100_000)+`"]}`)
	if !strings.Contains(got, "and 995 more") || len(got) > 1000 {
		t.Errorf("%d bytes: %s", len(got), got)
	}
	got = said(t, `"a":{"type":"integer"}`, `{"a":"`+strings.Repeat("x", 100_000)+`"}`)
	if len(got) > 300 {
		t.Errorf("%d bytes: %s", len(got), got)
	}
}

func TestSchemasThatCannotBeUsed(t *testing.T) {
	deep := strings.Repeat(`{"items":`, 100) + "{}" + strings.Repeat("}", 100)
	for _, c := range []struct{ schema, want string }{
		{`{"type":"object","properties":{"a":{"pattern":"^(?!x)"}}}`, `at /properties/a: the pattern "^(?!x)" cannot be used (invalid or unsupported Perl syntax: "(?!"); patterns are RE2`},
		{`{"type":"object","properties":{"a":{"type":"float"}}}`, `at /properties/a: there is no type "float"`},
		{`{"type":"object","properties":{"a":{"$ref":"http://example.com/x.json"}}}`, `at /properties/a: $ref "http://example.com/x.json": schemas are not fetched from elsewhere`},
		{`{"type":"object","properties":{"a":{"$ref":"other.json#/x"}}}`, `schemas are not fetched from elsewhere`},
		{`{"type":"object","properties":{"a":{"$ref":"#/$defs/x"}}}`, `leads nowhere in this schema`},
		{`{"type":"object","properties":{"a":{"type":"integer","default":"x"}}}`, `the default of the argument a must be an integer, but is the string "x"`},
		{`{"type":"object","properties":{"a":{"multipleOf":0}}}`, `multipleOf must be more than 0`},
		{`{"type":"array"}`, `must say "type": "object"`},
		{`[]`, `is not a JSON Schema`},
		{`{`, `is not JSON`},
		{`{"type":"object","properties":{"a":` + deep + `}}`, `it nests deeper than 64 levels`},
		{`{"type":"object","description":"` + strings.Repeat("x", 300_000) + `"}`, `at most 262144 are taken`},
	} {
		_, err := NewRegistry(Dynamic("f", "", json.RawMessage(c.schema), nothing))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.100s: %v", c.schema, err)
		}
	}
	loop := &jsonschema.Schema{Type: "object"}
	loop.Properties = map[string]*jsonschema.Schema{"a": loop}
	if _, err := NewRegistry(&Definition{Name: "f", Input: loop, Call: nothing}); err == nil {
		t.Error("a schema that contains itself was taken")
	}
}

func TestLooseSchemasAreTakenAsFarAsTheyGo(t *testing.T) {
	schema := `{"properties":{"a":{"type":"string","pattern":"^(?!x)","minLength":2},"b":{"type":"float"},"c":{"type":"integer","default":"x"},
		"d":{"patternProperties":{"(?<=a)b":{}},"additionalProperties":false}},"$schema":"http://json-schema.org/draft-04/schema#"}`
	d := Dynamic("f", "", json.RawMessage(schema), nothing)
	d.Loose = true
	x, err := compile(*d)
	if err != nil {
		t.Fatal(err)
	}
	for args, want := range map[string]bool{`{"a":"xx","b":1,"c":1,"d":{"ab":1}}`: true, `{"a":"x","c":1}`: false} {
		if _, _, problem := x.arguments([]byte(args)); (problem == nil) != want {
			t.Errorf("%s: %v", args, problem)
		}
	}
}

// Schemas from outside may be made to keep a validator busy, or to overflow its stack.
func TestHostileSchemasEnd(t *testing.T) {
	double := `{"type":"object","properties":{"a":{"$ref":"#/$defs/d0"}},"$defs":{`
	for i := range 60 {
		double += fmt.Sprintf(`"d%d":{"anyOf":[{"$ref":"#/$defs/d%d"},{"$ref":"#/$defs/d%d"}]},`, i, i+1, i+1)
	}
	double += `"d60":{"type":"string"}}}`
	for name, schema := range map[string]string{
		"itself":      `{"type":"object","properties":{"a":{"$ref":"#/properties/a"}}}`,
		"each other":  `{"type":"object","properties":{"a":{"$ref":"#/$defs/x"}},"$defs":{"x":{"allOf":[{"$ref":"#/$defs/y"}]},"y":{"not":{"$ref":"#/$defs/x"}}}}`,
		"doubling":    double,
		"unevaluated": `{"type":"object","properties":{"a":{"$ref":"#/$defs/x"}},"$defs":{"x":{"anyOf":[{"$ref":"#/$defs/x"}],"unevaluatedProperties":false}}}`,
	} {
		began := time.Now()
		if got := said(t, schema, `{"a":{"k":1}}`); !strings.Contains(got, "too large for so complicated a schema") {
			t.Errorf("%s: %s", name, got)
		}
		if spent := time.Since(began); spent > 20*time.Second {
			t.Errorf("%s: took %v", name, spent)
		}
	}
	// A pattern that is expensive for each byte.
	pattern := strings.Repeat(`[a-z]{0,900}`, 10) + "$"
	schema := fmt.Sprintf(`{"type":"object","properties":{"a":{"pattern":%q}}}`, pattern)
	if got := said(t, schema, `{"a":"`+strings.Repeat("a", 1<<20)+`"}`); !strings.Contains(got, "too large") {
		t.Errorf("pattern: %.300s", got)
	}
}

func TestRecursiveSchemas(t *testing.T) {
	schema := `{"type":"object","properties":{"tree":{"$ref":"#/$defs/node"}},"$defs":{"node":{"type":"object","properties":{"v":{"type":"integer"},"children":{"type":"array","items":{"$ref":"#/$defs/node"}}},"required":["v"]}}}`
	if got := said(t, schema, `{"tree":{"v":1,"children":[{"v":2},{"v":3,"children":[{}]}]}}`); got != `f: argument tree.children[1].children[0] lacks the property v` {
		t.Error(got)
	}
	for ref, want := range map[string]string{"#": "", "#/properties/b": "argument a must be", "#named": "argument a must be", "#/%24defs/n~1m": "argument a must be"} {
		schema := `{"type":"object","properties":{"a":{"$ref":"` + ref + `"},"b":{"type":"boolean"}},"$defs":{"x":{"$anchor":"named","type":"boolean"},"n/m":{"type":"boolean"}}}`
		if got := said(t, schema, `{"a":{}}`); want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s: %s", ref, got)
		}
	}
}

// The library that reads schemas has a validator of its own, which its authors hold against the official test suite: both must agree.
func TestAgreesWithTheLibrary(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		schema := drawSchema(t, 3)
		text, _ := json.Marshal(map[string]any{"type": "object", "properties": map[string]any{"v": schema}, "$defs": map[string]any{"d": map[string]any{"type": []string{"integer", "object"}}}})
		s, err := ParseSchema(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		theirs, err := s.Resolve(nil)
		if err != nil {
			t.Skip(err)
		}
		ours, err := compileSchema(s, false)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		value, _ := json.Marshal(map[string]any{"v": drawValue(t, 3)})
		var v any
		json.Unmarshal(value, &v)
		want := theirs.Validate(v)
		c := checker{text: value}
		if got := c.check(ours); got != (want == nil) {
			t.Fatalf("schema %s\nvalue %s\nlibrary: %v\nhere: %v %v", text, value, want, got, c.problems)
		}
		// Said or not, with or without a word, the verdict is the same.
		quiet := checker{text: value, quiet: 1}
		if got := quiet.check(ours); got != (want == nil) {
			t.Fatalf("quiet: schema %s\nvalue %s\nlibrary: %v", text, value, want)
		}
		if want != nil && len(c.problems) == 0 {
			t.Fatalf("no words: schema %s\nvalue %s", text, value)
		}
	})
}

// TestParseIsDecode: what the gate reads arguments with gives what encoding/json does.
func TestParseIsDecode(t *testing.T) {
	same := func(t interface{ Errorf(string, ...any) }, text []byte) {
		want, err := decode(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		} else if got := parse(text); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %#v, not %#v", text, got, want)
		}
	}
	for _, text := range []string{`{}`, ` [ ] `, `""`, `"\""`, `"\\"`, "\t{ \"\" : [ ] ,\n\"a\" : { \"b\" : [ 1 , -2.50e+3 , true , false , null ] } } ", `{"a":1,"a":2}`, `"\ud83d\ude00\ud800\u0000"`, `{"\u0061\"":"é"}`, `-0`, ` null`} {
		same(t, []byte(text))
	}
	rapid.Check(t, func(t *rapid.T) {
		text, err := json.MarshalIndent(drawValue(t, 4), "", rapid.SampledFrom([]string{"", " ", "\t"}).Draw(t, "indent"))
		if err != nil {
			t.Fatal(err)
		}
		same(t, text)
	})
}

func drawValue(t *rapid.T, depth int) any {
	switch k := rapid.IntRange(0, 8).Draw(t, "kind"); {
	case k == 0:
		return nil
	case k == 1:
		return rapid.Bool().Draw(t, "bool")
	case k == 2:
		return rapid.IntRange(-3, 6).Draw(t, "int")
	case k == 3:
		return rapid.SampledFrom([]float64{0.5, 1.5, 2, 1e20, -2.5, 3}).Draw(t, "float")
	case k <= 5 || depth == 0:
		return rapid.SampledFrom([]string{"", "a", "b", "ab", "é\"", "abc", "a\\b"}).Draw(t, "string")
	case k == 6:
		return drawList(t, depth, drawValue)
	default:
		m := map[string]any{}
		for range rapid.IntRange(0, 3).Draw(t, "members") {
			m[drawName(t)] = drawValue(t, depth-1)
		}
		return m
	}
}

func drawName(t *rapid.T) string {
	return rapid.SampledFrom([]string{"a", "b", "c", "ab", "é\"x"}).Draw(t, "name")
}

func drawList(t *rapid.T, depth int, draw func(*rapid.T, int) any) []any {
	list := []any{}
	for range rapid.IntRange(0, 3).Draw(t, "items") {
		list = append(list, draw(t, depth-1))
	}
	return list
}

func drawSchema(t *rapid.T, depth int) any {
	if rapid.IntRange(0, 9).Draw(t, "trivial") == 0 {
		return rapid.Bool().Draw(t, "any or none")
	}
	s := map[string]any{}
	if depth == 0 {
		s["type"] = rapid.SampledFrom([]string{"null", "boolean", "integer", "number", "string", "array", "object"}).Draw(t, "type")
		return s
	}
	sub := func() any { return drawSchema(t, depth-1) }
	subs := func() []any {
		list := []any{sub()}
		if rapid.Bool().Draw(t, "two") {
			list = append(list, sub())
		}
		return list
	}
	named := func() map[string]any {
		m := map[string]any{}
		for range rapid.IntRange(1, 2).Draw(t, "named") {
			m[drawName(t)] = sub()
		}
		return m
	}
	small := func() int { return rapid.IntRange(0, 3).Draw(t, "n") }
	for range rapid.IntRange(1, 3).Draw(t, "keywords") {
		switch rapid.IntRange(0, 32).Draw(t, "keyword") {
		case 0, 1:
			s["type"] = rapid.SampledFrom([]string{"null", "boolean", "integer", "number", "string", "array", "object"}).Draw(t, "type")
		case 2:
			s["type"] = []string{"string", "integer"}
		case 3:
			s["enum"] = drawList(t, 2, drawValue)
		case 4:
			s["const"] = drawValue(t, 1)
		case 5:
			s["minimum"] = small()
		case 6:
			s["maximum"] = small()
		case 7:
			s["exclusiveMinimum"] = small()
		case 8:
			s["exclusiveMaximum"] = small()
		case 9:
			s["multipleOf"] = rapid.SampledFrom([]float64{0.5, 1, 2, 3}).Draw(t, "of")
		case 10:
			s["minLength"] = small()
		case 11:
			s["maxLength"] = small()
		case 12:
			s["pattern"] = rapid.SampledFrom([]string{"a", "^a", "b$", "^$"}).Draw(t, "pattern")
		case 13:
			s["items"] = sub()
		case 14:
			s["prefixItems"] = subs()
		case 15:
			s["minItems"] = small()
		case 16:
			s["maxItems"] = small()
		case 17:
			s["uniqueItems"] = true
		case 18:
			s["contains"] = sub()
			if rapid.Bool().Draw(t, "min") {
				s["minContains"] = small()
			}
			if rapid.Bool().Draw(t, "max") {
				s["maxContains"] = small()
			}
		case 19:
			s["properties"] = named()
		case 20:
			s["patternProperties"] = map[string]any{rapid.SampledFrom([]string{"a", "^b"}).Draw(t, "pattern"): sub()}
		case 21:
			s["additionalProperties"] = sub()
		case 22:
			s["propertyNames"] = map[string]any{"maxLength": 1}
		case 23:
			s["required"] = []string{drawName(t)}
		case 24:
			s["minProperties"], s["maxProperties"] = 1, 2
		case 25:
			s["dependentRequired"] = map[string]any{"a": []string{"b"}}
			s["dependentSchemas"] = named()
		case 26:
			s["allOf"] = subs()
		case 27:
			s["anyOf"] = subs()
		case 28:
			s["oneOf"] = subs()
		case 29:
			s["not"] = sub()
		case 30:
			s["if"], s["then"], s["else"] = sub(), sub(), sub()
		case 31:
			s["$ref"] = "#/$defs/d"
		case 32:
			s[rapid.SampledFrom([]string{"unevaluatedProperties", "unevaluatedItems"}).Draw(t, "rest")] = sub()
		}
	}
	return s
}

func BenchmarkCheckResult(b *testing.B) {
	s, _ := ParseSchema([]byte(`{"type":"array","items":{"type":"object","properties":{"id":{"type":"integer"},"name":{"type":"string"},"tags":{"type":"array","items":{"type":"string"}}},"required":["id","name"]}}`))
	n, err := compileSchema(s, false)
	if err != nil {
		b.Fatal(err)
	}
	text := []byte("[" + strings.Repeat(`{"id":17,"name":"a name of some length","tags":["red","green"]},`, 16_000) + `{"id":1,"name":"x"}]`)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		c := checker{text: text}
		if !c.check(n) {
			b.Fatal(c.problems)
		}
	}
}
