package hostfuncs

import (
	"context"
	"encoding/json"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/evanw/esbuild/pkg/api"
	"pgregory.net/rapid"

	"wand/policies"
)

// catalogue is a registry with one of everything that stubs have to say.
func catalogue(t testing.TB) *Registry {
	type book struct {
		Title string   `json:"title"`
		Tags  []string `json:"tags,omitempty"`
	}
	search := Tool("search", "Searches the catalogue.\nOnly titles.", func(context.Context, struct {
		Query string `json:"query" jsonschema:"words to look for"`
		Limit int    `json:"limit" default:"10" minimum:"1" maximum:"50"`
		Sort  string `json:"sort" enum:"title,year" default:"title"`
		Near  *struct {
			Lat float64 `json:"lat"`
		} `json:"near,omitempty"`
	}) ([]book, error) {
		return nil, nil
	})
	image := Tool("image.blur", "Blurs.", func(context.Context, struct {
		Image Handle `json:"image"`
		Mask  []byte `json:"mask,omitempty"`
		Text  Bytes  `json:"text,omitempty"`
	}) (map[string]float64, error) {
		return nil, nil
	})
	odd := Dynamic("mcp.import", "", json.RawMessage(`{"type":"object","properties":{"max-results":{"type":["integer","null"]},"from":{"anyOf":[{"type":"string"},{"type":"array","items":{"$ref":"#/properties/from"}}]},"x":{"type":"boolean"}},"required":["x","from"]}`), nothing)
	r, err := NewRegistry(search, image, odd, Dynamic("new", "", json.RawMessage(`{"type":"object","additionalProperties":false}`), nothing))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestStubs(t *testing.T) {
	s := catalogue(t).Stubs(func(name string) bool { return name != "new" })
	for _, c := range []struct{ what, got, want string }{
		{"python", s.Python(), `"""The tools that this program may call: from tools import NAME."""

from typing import Any, Literal


class Handle:
    """Stands for a value that stays with the host; pass it on as it is."""

class image:

    @staticmethod
    def blur(image: Handle, mask: bytes | None = None, text: str | bytes | None = None) -> dict[str, float]:
        """Blurs.

        image: an opaque handle: pass it on as it is
        text: text, or bytes
        """

class mcp:

    # its name is import: reach it with getattr
    @staticmethod
    def import_(x: bool, **others: Any) -> Any:
        """No description.

        "max-results": int | None
        "from": str | list[str | list[Any]]
        """

def search(query: str, limit: int = 10, sort: Literal["title", "year"] = "title", near: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """Searches the catalogue.
    Only titles.

    query: words to look for
    limit: 1 to 50
    near: {"lat": float} | None
    Returns list[{"title": str, "tags"?: list[str]}]
    """
`},
		{"typescript", s.TypeScript(), `/** Stands for a value that stays with the host; pass it on as it is. */
interface Handle { readonly $type: "handle" }

/** The tools that this program may call. */
declare const tools: {
  image: {
    /**
     * Blurs.
     *
     * image: an opaque handle: pass it on as it is
     * text: text, or bytes
     */
    blur(args: { image: Handle; mask?: Uint8Array; text?: string | Uint8Array }): Promise<Record<string, number>>;
  };
  mcp: {
    /** No description. */
    import(args: { "max-results"?: number | null; from: string | (string | any[])[]; x: boolean }): Promise<any>;
  };
  /**
   * Searches the catalogue.
   * Only titles.
   *
   * query: words to look for
   * limit: 1 to 50
   */
  search(args: { query: string; limit?: number; sort?: "title" | "year"; near?: { lat: number } | null }): Promise<{ title: string; tags?: string[] }[]>;
};
`},
		{"prompt", s.Prompt(), `image.blur(image: Handle, mask: bytes | None = None, text: str | bytes | None = None) -> dict[str, float]  # Blurs.
mcp.import(x: bool, **others: Any) -> Any; others: "max-results": int | None; others: "from": str | list[str | list[Any]]
search(query: str, limit: int = 10, sort: "title" | "year" = "title", near: {"lat": float} | None = None) -> list[{"title": str, "tags"?: list[str]}]  # Searches the catalogue.
`},
	} {
		if c.got != c.want {
			t.Errorf("%s:\n%s", c.what, c.got)
		}
	}
}

func TestOpenAITools(t *testing.T) {
	long := strings.Repeat("abcdefghi.", 9) + "end"
	r, err := NewRegistry(&Definition{Name: "kv.get", Call: nothing}, &Definition{Name: "kv__get", Call: nothing}, &Definition{Name: long, Call: nothing}, &Definition{Name: long + "s", Call: nothing})
	if err != nil {
		t.Fatal(err)
	}
	text, names := r.Stubs(nil).OpenAI()
	var list []struct {
		Type     string
		Function struct {
			Name       string
			Parameters map[string]any
		}
	}
	if err := json.Unmarshal(text, &list); err != nil || len(list) != 4 || len(names) != 4 {
		t.Fatal(err, len(list), names)
	}
	allowed := regexp.MustCompile(`^[a-zA-Z0-9_-]{1,64}$`)
	for i, want := range []string{long, long + "s", "kv.get", "kv__get"} {
		f := list[i].Function
		if !allowed.MatchString(f.Name) || names[f.Name] != want || f.Parameters["properties"] == nil {
			t.Errorf("%s is %s: %v", f.Name, names[f.Name], f.Parameters)
		}
	}
}

// hostile draws texts that are made to break out of comments and literals.
func hostile() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.StringOf(rapid.SampledFrom([]rune("\"'`\\*/ \n\r\t\x00\x1b\u2028\u202e\ufeff{}[]|#aé\U0001F600\\"))),
		rapid.StringOfN(rapid.SampledFrom([]rune{'"', '\\', '\n', 'x'}), 0, 12, -1),
		rapid.SampledFrom([]string{`"""` + "\nimport os\n" + `"""`, "*/ evil(); /*", "`${x}`", `\`, `\"""`, `""""`, "'''", "\\N{BULLET}", "\\u", "# x\ny", "</script>"}),
	)
}

func hostileTool(t *rapid.T, name string) *Definition {
	param := hostile().Draw(t, "name of a parameter")
	schema, _ := json.Marshal(map[string]any{
		"type": "object", "description": hostile().Draw(t, "description"),
		"properties": map[string]any{
			param: map[string]any{"type": "string", "description": hostile().Draw(t, "about"), "default": hostile().Draw(t, "default")},
			"e":   map[string]any{"enum": []any{hostile().Draw(t, "choice"), hostile().Draw(t, "choice"), 1.5, nil, true}},
			"o":   map[string]any{"type": "object", "properties": map[string]any{hostile().Draw(t, "inner"): map[string]any{"const": hostile().Draw(t, "const"), "format": hostile().Draw(t, "format")}}},
		},
		"required": []string{param},
	})
	d := Dynamic(name, hostile().Draw(t, "doc"), schema, nothing)
	d.Loose = true
	d.Output = d.Input
	return d
}

// Whatever a tool from outside calls itself, its stub declares that tool and nothing else.
func TestHostileStubs(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Log("no python3: its stubs are not parsed")
	}
	var stubs []string
	rapid.Check(t, func(t *rapid.T) {
		r, err := NewRegistry(hostileTool(t, "f"), hostileTool(t, "m.g"))
		if err != nil {
			t.Fatal(err)
		}
		s := r.Stubs(nil)
		stubs = append(stubs, s.Python())
		script := s.TypeScript()
		result := api.Transform("const before = 1;\n"+script+"const after = 2;\n", api.TransformOptions{Loader: api.LoaderTS, LogLevel: api.LogLevelSilent})
		if len(result.Errors) > 0 || string(result.Code) != "const before = 1;\nconst after = 2;\n" {
			t.Fatalf("%v\n%s\nbecame\n%s", result.Errors, script, result.Code)
		}
		if lines := strings.Count(s.Prompt(), "\n"); lines != 2 {
			t.Fatalf("%d lines:\n%s", lines, s.Prompt())
		}
	})
	if python == "" {
		return
	}
	text, _ := json.Marshal(stubs)
	c := exec.Command(python, "-I", "-S", "-W", "error", "-c", `
import ast, json, sys
for text in json.load(sys.stdin):
    try:
        body = ast.parse(text).body
        shape = [type(x).__name__ + ":" + getattr(x, "name", "") for x in body]
        assert shape == ["Expr:", "ImportFrom:", "ClassDef:Handle", "FunctionDef:f", "ClassDef:m"], shape
        for f in (body[3], body[4].body[0]):
            assert [type(x).__name__ for x in f.body] == ["Expr"], ast.dump(f)
            for n in ast.walk(f):
                assert not isinstance(n, (ast.Call, ast.Import, ast.Await, ast.JoinedStr)), ast.dump(n)
    except Exception as e:
        print(repr(e)); print(text); sys.exit(1)
`)
	c.Stdin = strings.NewReader(string(text))
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

type mayPolicy struct{ allow }

func (mayPolicy) MayAllow(action string) bool {
	return strings.HasPrefix(action, "image") || action == "granted"
}

func TestDescribe(t *testing.T) {
	r, err := catalogue(t).With(must(NewRegistry(
		&Definition{Name: "a.hidden", Call: nothing, Actions: []policies.Action{"other"}},
		&Definition{Name: "a.shown", Call: nothing, Actions: []policies.Action{"other", "granted"}})))
	if err != nil {
		t.Fatal(err)
	}
	g := NewGate(GateOptions{Tools: r, Policy: mayPolicy{}})
	defer g.Close()
	for _, c := range []struct{ prefix, language, want string }{
		{"a", "python", `{"tools":[{"name":"a.shown","doc":"No description.","signature":"shown(**others: Any) -> Any","parameters":[],"schema":{"properties":{},"type":"object"}}]}`},
		{"search", "python", `{"tools":[]}`},
		{"imag", "python", `{"tools":[]}`},
		{"image.blur", "javascript", `{"tools":[{"name":"image.blur","doc":"Blurs.\n\nimage: an opaque handle: pass it on as it is\ntext: text, or bytes","signature":"blur(args: { image: Handle; mask?: Uint8Array; text?: string | Uint8Array }): Promise<Record<string, number>>","parameters":["image","mask","text"],"schema":`},
	} {
		for range 2 {
			if got := string(g.Describe(c.prefix, c.language)); !strings.HasPrefix(got, c.want) || !json.Valid([]byte(got)) {
				t.Errorf("%s: %s", c.prefix, got)
			}
		}
	}
	if got := string(NewGate(GateOptions{Tools: r}).Describe("", "python")); got != `{"tools":[]}` {
		t.Errorf("no policy: %s", got)
	}
	var all struct{ Tools []struct{ Name string } }
	if err := json.Unmarshal(g.Describe("", "python"), &all); err != nil || len(all.Tools) != 2 {
		t.Errorf("%v %v", all, err)
	}
}

func TestDescriptionsAreBounded(t *testing.T) {
	var list []*Definition
	for i := range 400 {
		d := Dynamic("t.x"+strings.Repeat("y", i%50)+string(rune('a'+i/50))+"z", strings.Repeat("word ", 3000), json.RawMessage(`{"type":"object","description":"`+strings.Repeat("x", 20_000)+`"}`), nothing)
		list = append(list, d)
	}
	g := NewGate(GateOptions{Tools: must(NewRegistry(list...)), Policy: allow{}})
	defer g.Close()
	text := g.Describe("", "python")
	if len(text) > maxDescription || strings.Count(string(text), `"name"`) != 400 {
		t.Errorf("%d bytes, %d tools", len(text), strings.Count(string(text), `"name"`))
	}
	for i := range 1000 {
		g.Describe("t.x"+strings.Repeat("y", i%50)+string(rune('a'+i/50))+"z", strings.Repeat("l", i))
	}
	if n := len(g.view.answer); n > maxDescriptions {
		t.Errorf("%d kept", n)
	}
}
