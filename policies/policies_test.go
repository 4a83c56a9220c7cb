package policies

import (
	"os"
	"strings"
	"testing"
)

// readmeDocument is the document that README explains.
func readmeDocument(t testing.TB) []byte {
	t.Helper()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(text), "```yaml\n")
	doc, _, closed := strings.Cut(rest, "```")
	if !ok || !closed {
		t.Fatal("README has no yaml block")
	}
	return []byte(doc)
}

func TestReadmeDocument(t *testing.T) {
	p, err := Parse("policy.yaml", readmeDocument(t))
	if err != nil {
		t.Fatal(err)
	}
	p.Extends = nil
	p.Cedar[0].Text = []byte(`forbid(principal, action == Wand::Action::"kv.set", resource) when { resource.id like "secret*" };`)
	e, err := Compile(p)
	if err != nil {
		t.Fatal(err)
	}
	get := func(method, host, path string) Request {
		return Request{Action: ActionHTTP, Resource: Resource{ResourceHost, host}, Context: map[string]any{
			"method": method, "scheme": "https", "port": 443, "path": path, "query": "", "private": false, "args": map[string]any{}}}
	}
	tool := func(name string, args map[string]any) Request {
		return Request{Action: name, Resource: Resource{ResourceTool, name}, Context: map[string]any{"args": args}}
	}
	file := func(action, path string) Request {
		return Request{Action: action, Resource: Resource{ResourcePath, path}}
	}
	for _, c := range []struct {
		r    Request
		rule string
	}{
		{get("GET", "api.example.com", "/v1/x"), "network[0]"},
		{get("get", "API.example.com.", "/v1/%78"), "network[0]"},
		{get("POST", "api.example.com", "/v1/x"), ""},
		{get("GET", "api.example.com", "/v2/x"), ""},
		{get("GET", "api.example.com", "/v1/admin"), ""},
		{get("GET", "api.example.com", "/v1/%61dmin"), ""},
		{get("GET", "api.example.com", "/v1//admin"), ""},
		{get("GET", "api.example.com", "/v1%2Fadmin"), ""},
		{get("GET", "evil.example.com", "/v1/x"), ""},
		{file(ActionFileRead, "/data/a.csv"), "files[0]"},
		{file(ActionFileRead, "/data"), "files[0]"},
		{file(ActionFileRead, "/database"), ""},
		{file(ActionFileWrite, "/data/a.csv"), ""},
		{file(ActionFileAppend, "/out/a.csv"), "files[1]"},
		{Request{Action: ActionEnv, Resource: Resource{ResourceVariable, "LANG"}}, "environment[0]"},
		{Request{Action: ActionEnv, Resource: Resource{ResourceVariable, "HOME"}}, ""},
		{Request{Action: ActionQuery, Resource: Resource{ResourceDatabase, "sales"}}, "databases[0]"},
		{Request{Action: ActionKVSet, Resource: Resource{ResourceKey, "a"}}, "kv"},
		{Request{Action: ActionKVSet, Resource: Resource{ResourceKey, "secret/a"}}, ""},
		{Request{Action: ActionLLM, Resource: Resource{ResourceModel, "gpt-4o-mini"}}, "llm"},
		{tool("mail.send", map[string]any{"to": "a@example.com"}), "tools[1]"},
		{tool("mail.send", map[string]any{"to": "a@evil.com"}), ""},
		{tool("mail.send", map[string]any{}), ""},
		{tool("thumbnail", nil), "commands[0]"},
		{tool("other", nil), ""},
	} {
		d := e.Decide(c.r)
		if d.Allowed != (c.rule != "") || d.Allowed && d.Rule != c.rule {
			t.Errorf("%v: %+v; want %q", c.r, d, c.rule)
		}
	}
}
