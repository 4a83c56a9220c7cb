package hostfuncs

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"wand/policies"
)

func nothing(context.Context, json.RawMessage) (json.RawMessage, error) { return nil, nil }

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// allow allows everything, with terms.
type allow struct{ terms []policies.Terms }

func (a allow) Decide(policies.Request) policies.Decision {
	return policies.Decision{Allowed: true, Rule: "all", Terms: a.terms}
}

// once makes one call of a tool that may do everything.
func once(t testing.TB, d *Definition, args string) (string, *Error) {
	t.Helper()
	r, err := NewRegistry(d)
	if err != nil {
		t.Fatal(err)
	}
	g := NewGate(GateOptions{Tools: r, Policy: allow{}})
	defer g.Close()
	result, problem, fatal := g.Call(context.Background(), d.Name, []byte(args))
	if fatal != nil {
		t.Fatal(fatal)
	}
	return string(result), problem
}

func ExampleTool() {
	type book struct {
		Title string `json:"title"`
		Year  int    `json:"year"`
	}
	search := Tool("search", "Searches the catalogue.", func(ctx context.Context, in struct {
		Query string `json:"query" jsonschema:"words to look for"`
		Limit int    `json:"limit" default:"10" maximum:"50"`
	}) ([]book, error) {
		return []book{{"About " + in.Query, 1990 + in.Limit}}, nil
	})
	registry, err := NewRegistry(search)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(registry.Stubs(nil).Prompt())

	gate := NewGate(GateOptions{Tools: registry, Policy: allow{}}) // a *policies.Engine outside of tests
	defer gate.Close()
	result, _, _ := gate.Call(context.Background(), "search", []byte(`["foxes"]`))
	fmt.Println(string(result))
	_, problem, _ := gate.Call(context.Background(), "search", []byte(`{"query": "foxes", "limit": 500}`))
	fmt.Println(problem)
	// Output:
	// search(query: str, limit: int = 10) -> list[{"title": str, "year": int}]  # Searches the catalogue.
	// [{"title":"About foxes","year":2000}]
	// search: argument limit must be at most 50, but is 500
}

func ExampleDynamic() {
	schema := json.RawMessage(`{"type": "object", "properties": {"city": {"type": "string", "minLength": 1}}, "required": ["city"], "additionalProperties": false}`)
	weather := Dynamic("weather", "Tells the weather.", schema, func(ctx context.Context, args json.RawMessage) (json.RawMessage, error) {
		return json.RawMessage(`{"sky": "clear"}`), nil
	})
	weather.Effect = ReadOnly
	registry, err := NewRegistry(weather)
	if err != nil {
		fmt.Println(err)
		return
	}
	gate := NewGate(GateOptions{Tools: registry, Policy: allow{}})
	defer gate.Close()
	result, _, _ := gate.Call(context.Background(), "weather", []byte(`{"city": "Oslo"}`))
	fmt.Println(string(result))
	_, problem, _ := gate.Call(context.Background(), "weather", []byte(`{"town": "Oslo"}`))
	fmt.Println(problem)
	// Output:
	// {"sky": "clear"}
	// weather: has no argument "town"; lacks the argument city
}

func TestArgumentsBecomeGoValues(t *testing.T) {
	type in struct {
		Int    int8            `json:"int,omitempty"`
		Big    uint64          `json:"big,omitempty"`
		Single float32         `json:"single,omitempty"`
		Text   string          `json:"text" default:"d"`
		Data   []byte          `json:"data,omitempty"`
		Either Bytes           `json:"either,omitempty"`
		When   time.Time       `json:"when,omitzero"`
		For    time.Duration   `json:"for,omitempty"`
		Raw    json.RawMessage `json:"raw,omitempty"`
		Any    any             `json:"any,omitempty"`
		Opt    *int            `json:"opt,omitempty"`
		Names  []string        `json:"names,omitempty" enum:"a,b"`
		Map    map[string]int  `json:"map,omitempty"`
		Inner  struct {
			N int `json:"n" default:"7"`
		} `json:"inner,omitzero"`
	}
	d := Tool("f", "", func(_ context.Context, v in) (string, error) {
		opt := "nil"
		if v.Opt != nil {
			opt = fmt.Sprint(*v.Opt)
		}
		return fmt.Sprintf("%d %d %g %s %s %s %v %v %s %v %s %v %v %d", v.Int, v.Big, v.Single, v.Text, v.Data, v.Either, v.When.Unix(), v.For, v.Raw, v.Any, opt, v.Names, v.Map, v.Inner.N), nil
	})
	zero := "0 0 0 d   -62135596800 0s  <nil> nil [] map[] 0"
	for args, want := range map[string]string{
		`{}`:   zero,
		`null`: zero,
		`{"int":null,"text":null,"names":null,"map":null}`: zero,
		`{"int":3.0}`:                         strings.Replace(zero, "0", "3", 1),
		`{"int":1e2}`:                         strings.Replace(zero, "0", "100", 1),
		`{"int":{"$type":"int","value":"3"}}`: strings.Replace(zero, "0", "3", 1),
		`{"int":200}`:                         "f: argument int must be at most 127, but is 200",
		`{"big":-1}`:                          "f: argument big must be at least 0, but is -1",
		`{"single":1e300}`:                    "argument single cannot be 1e+300: it is out of range",
		`{"inner":{}}`:                        strings.TrimSuffix(zero, "0") + "7",
		`{"inner":{"n":"x"}}`:                 `f: argument inner.n must be an integer, but is the string "x"`,
		`{"inner":{"N":1}}`:                   `f: argument inner has a property "N", which it must not; it may have n`,
		`{"data":{"$type":"bytes","value":"aGk="}}`:                    strings.Replace(zero, "d  ", "d hi ", 1),
		`{"data":"hello"}`:                                             `f: argument data must be bytes, but is the string "hello"`,
		`{"either":{"$type":"bytes","value":"aGk="}}`:                  strings.Replace(zero, "d   ", "d  hi ", 1),
		`{"either":"hi"}`:                                              strings.Replace(zero, "d   ", "d  hi ", 1),
		`{"either":{}}`:                                                `f: argument either must be a string or bytes, but is the object {}`,
		`{"text":{"$type":"bytes","value":"aGk="}}`:                    strings.Replace(zero, "d", "aGk=", 1),
		`{"when":"yesterday"}`:                                         `f: argument when must be a date and time such as 2006-01-02T15:04:05Z, but is "yesterday"`,
		`{"when":{"$type":"datetime","value":"1970-01-01T00:00:01Z"}}`: strings.Replace(zero, "-62135596800", "1", 1),
		`{"for":1000000000}`:                                           strings.Replace(zero, "0s", "1s", 1),
		`{"raw":[1, 2],"any":{"$type":"tuple","items":[1]}}`:           strings.Replace(zero, " <nil>", "[1,2] [1]", 1),
		`{"opt":4}`:           strings.Replace(zero, "nil []", "4 []", 1),
		`{"names":["a","c"]}`: `f: argument names[1] must be one of "a", "b", but is the string "c"`,
		`{"map":{"k":1.5}}`:   `f: argument map.k must be an integer, but is the number 1.5`,
	} {
		got, problem := once(t, d, args)
		if problem != nil {
			got = problem.Message
		} else {
			json.Unmarshal([]byte(got), &got)
		}
		if got != want {
			t.Errorf("%s:\n got %s\nwant %s", args, got, want)
		}
	}
}

type treeType struct2

type struct2 struct {
	Children []*struct2 `json:"children"`
}

type blob []byte

type upper string

func (u upper) MarshalText() ([]byte, error) { return []byte(strings.ToUpper(string(u))), nil }

func TestResultsOfGoTypes(t *testing.T) {
	type out struct {
		List  []string       `json:"list"`
		Map   map[string]int `json:"map"`
		Inner []struct {
			L []int `json:"l"`
		} `json:"inner"`
		Ptr  *int   `json:"ptr"`
		Data []byte `json:"data"`
		Blob blob   `json:"blob,omitempty"`
		Up   upper  `json:"up"`
		Any  any    `json:"any"`
	}
	make := func(v out) *Definition {
		return Tool("f", "", func(context.Context, struct{}) (out, error) { return v, nil })
	}
	for _, c := range []struct {
		d    *Definition
		want string
	}{
		{make(out{}), `{"list":[],"map":{},"inner":[],"ptr":null,"data":{"$type":"bytes","value":""},"up":"","any":null}`},
		{make(out{Data: []byte("hi"), Blob: blob("ho"), Up: "x<y", Any: map[string]any{"a": []byte("z")}}), `{"list":[],"map":{},"inner":[],"ptr":null,"data":{"$type":"bytes","value":"aGk="},"blob":{"$type":"bytes","value":"aG8="},"up":"X<Y","any":{"a":"eg=="}}`},
		{Tool("f", "", func(context.Context, struct{}) ([]int, error) { return nil, nil }), `[]`},
		{Tool("f", "", func(context.Context, struct{}) (any, error) { return nil, nil }), `null`},
		{Tool("f", "", func(context.Context, struct{}) (*out, error) { return nil, nil }), `null`},
		{Tool("f", "", func(context.Context, struct{}) (json.RawMessage, error) { return json.RawMessage(`[1]`), nil }), `[1]`},
		{Tool("f", "", func(context.Context, struct{}) ([]float64, error) { return []float64{1, math.NaN()}, nil }), `the result holds NaN, which JSON has no value for`},
		{Tool("f", "", func(context.Context, struct{}) (json.RawMessage, error) { return json.RawMessage(`{`), nil }), `the result cannot be written as JSON: unexpected end of JSON input`},
	} {
		got, problem := once(t, c.d, `{}`)
		if problem != nil {
			got = problem.Message
		}
		if got != c.want {
			t.Errorf("got %s\nwant %s", got, c.want)
		}
	}
}

func TestResultsAreChecked(t *testing.T) {
	for result, want := range map[string]string{
		``:        "f: its result is not what its schema says: it must be an object, but is null",
		`{"n":1}`: `{"n":1}`, `{"n":2.0}`: `{"n":2.0}`,
		`{"n":"x"}`: `f: its result is not what its schema says: n must be an integer, but is the string "x"`,
		`{"n":1`:    `f: it returned something that is not JSON`,
		`NaN`:       `f: it returned something that is not JSON`,
		`{"n":1,"x":` + strings.Repeat("[", 300) + strings.Repeat("]", 300) + `}`: `f: its result is nested deeper than 200 levels`,
		"{\"n\":1,\"s\":\"\xff\"}": "{\"n\":1,\"s\":\"\uFFFD\"}",
	} {
		d := &Definition{Name: "f", Call: func(context.Context, json.RawMessage) (json.RawMessage, error) { return json.RawMessage(result), nil }}
		d.Output = must(ParseSchema([]byte(`{"type":"object","properties":{"n":{"type":"integer"}},"required":["n"]}`)))
		got, problem := once(t, d, `{}`)
		if problem != nil {
			got = problem.Message
		}
		if got != want {
			t.Errorf("%.50s:\n got %s\nwant %s", result, got, want)
		}
	}
}

func TestTypesThatCannotBeTools(t *testing.T) {
	type embedded struct {
		A int `json:"a"`
	}
	for want, d := range map[string]*Definition{
		"contains itself, which cannot be inferred": Tool("f", "", func(context.Context, struct{ T struct2 }) (int, error) { return 0, nil }),
		"the type of its result: ":                  Tool("f", "", func(context.Context, struct{}) (treeType, error) { return treeType{}, nil }),
		"it must be a struct":                       Tool("f", "", func(context.Context, int) (int, error) { return 0, nil }),
		"chan int":                                  Tool("f", "", func(context.Context, struct{ C chan int }) (int, error) { return 0, nil }),
		"cannot have a name of its own": Tool("f", "", func(context.Context, struct {
			embedded `json:"e"`
		}) (int, error) {
			return 0, nil
		}),
		"the option string of its json tag": Tool("f", "", func(context.Context, struct {
			N int `json:"n,string"`
		}) (int, error) {
			return 0, nil
		}),
		`"x" is not JSON`: Tool("f", "", func(context.Context, struct {
			N int `json:"n" default:"x"`
		}) (int, error) {
			return 0, nil
		}),
		"the default of the argument n must be at most 5, but is 9": Tool("f", "", func(context.Context, struct {
			N int `json:"n" default:"9" maximum:"5"`
		}) (int, error) {
			return 0, nil
		}),
		"two of that name":       {Name: "dup", Call: nothing},
		"begin with g., and":     {Name: "g", Call: nothing},
		"h is a tool too":        {Name: "h.x.y", Call: nothing},
		"no function":            {Name: "f"},
		"cannot stand in a name": {Name: "a b", Call: nothing},
		"two underscores":        {Name: "a.__class__", Call: nothing},
		"empty or begins":        {Name: "a..b", Call: nothing},
		"at most 128 bytes":      {Name: strings.Repeat("a", 129), Call: nothing},
		"makes no sense":         {Name: "f", Call: nothing, Rate: policies.Rate{Calls: 1}},
		"tool 4 of 4 is nil":     nil,
	} {
		_, err := NewRegistry(&Definition{Name: "dup", Call: nothing}, &Definition{Name: "g.a", Call: nothing}, &Definition{Name: "h", Call: nothing}, d)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %s: %v", want, err)
		}
	}
}
