package mcp_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wand/hostfuncs/mcp"
)

func TestParse(t *testing.T) {
	c, err := mcp.Parse([]byte(`{
		"globalShortcut": "Ctrl+Space",
		"mcpServers": {
			"git-hub": {"command": "npx", "args": ["-y", "server"], "env": {"TOKEN": "${GITHUB_TOKEN}"}, "alwaysAllow": ["search"], "timeout": 60, "disabled": false},
			"local": {"type": "stdio", "command": "./server", "cwd": "sub"},
			"web": {"url": "https://example.com/mcp", "headers": {"Authorization": "Bearer ${KEY:-none}"}},
			"old": {"type": "sse", "url": "https://example.com/sse", "enabled": false},
			"gemini": {"httpUrl": "https://${HOST}/mcp"},
			"streamed": {"type": "streamable-http", "url": "http://localhost:1/"}
		}
	}`))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]mcp.Server{
		"git-hub":  {Type: "stdio", Command: "npx", Args: []string{"-y", "server"}, Env: map[string]string{"TOKEN": "${GITHUB_TOKEN}"}},
		"local":    {Type: "stdio", Command: "./server", Cwd: "sub"},
		"web":      {Type: "http", URL: "https://example.com/mcp", Headers: map[string]string{"Authorization": "Bearer ${KEY:-none}"}},
		"old":      {Type: "sse", URL: "https://example.com/sse", Disabled: true},
		"gemini":   {Type: "http", URL: "https://${HOST}/mcp"},
		"streamed": {Type: "http", URL: "http://localhost:1/"},
	}
	if diff := cmp.Diff(want, c.Servers); diff != "" {
		t.Error(diff)
	}
}

func TestParseRefuses(t *testing.T) {
	for text, want := range map[string]string{
		``:                     "line 1: not JSON",
		"{\n\n\"mcpServers\":": "line 3: not JSON",
		`[]`:                   "it must be a JSON object",
		`{"mcpServer": {}}`:    `the key "mcpServers" is missing`,
		`{"mcpServers": 1}`:    "it must be a JSON object",
		`{"mcpServers": {"a": {"command": "x"}, "a": {"command": "y"}}}`:       `the key "a" stands there twice`,
		`{"mcpServers": {"a-b": {"command": "x"}, "a_b": {"command": "y"}}}`:   `as those of server "a-b"; rename one`,
		`{"mcpServers": {"": {"command": "x"}}}`:                               "a server needs a name",
		`{"mcpServers": {"a": {}}}`:                                            `server "a": it needs a "command" or a "url"`,
		`{"mcpServers": {"a": {"command": "x", "url": "https://a"}}}`:          "it can have one of them",
		`{"mcpServers": {"a": {"comand": "x"}}}`:                               `unknown key "comand"; did you mean "command"?`,
		`{"mcpServers": {"a": {"command": "x", "envFile": ".env"}}}`:           `"envFile" is not supported`,
		`{"mcpServers": {"a": {"command": ["x"]}}}`:                            "command is a array; it must be a string",
		`{"mcpServers": {"a": {"type": "ws", "url": "https://a"}}}`:            `type "ws" is unknown`,
		`{"mcpServers": {"a": {"type": "http", "command": "x"}}}`:              "type http does not go with what it has",
		`{"mcpServers": {"a": {"url": "file:///etc"}}}`:                        "its url must be an http:// or https:// address",
		`{"mcpServers": {"a": {"command": "x", "headers": {"a": "b"}}}}`:       `"headers" go with a "url"`,
		`{"mcpServers": {"a": {"url": "https://a", "env": {"a": "b"}}}}`:       `go with a "command"`,
		`{"mcpServers": {"a": {"command": "x", "env": {"A=B": "b"}}}}`:         `env: "A=B" cannot be a variable`,
		`{"mcpServers": {}} {}`:                                                "after the end",
		`{"mcpServers": {"a": {"url": "https://a", "httpUrl": "https://b"}}}`:  "it has two URLs",
		strings.Repeat(" ", 1<<20+1):                                           "the file is larger",
		`{"mcpServers": {` + strings.Repeat(`"a":{},`, 50000) + `"b":{}}}`:     "stands there twice",
		strings.Repeat(`{"mcpServers":`, 50_000) + strings.Repeat(`}`, 50_000): "JSON",
	} {
		_, err := mcp.Parse([]byte(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.80s: %v\nwant %q in it", text, err, want)
		}
	}
}

func TestPlaceholders(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"${MISSING}":   "it needs the variable MISSING, which has no value here",
		"${input:key}": "${input:key} is not understood",
		"${OPEN":       "a ${ has no closing }",
		"${BROKEN}":    "the value of BROKEN has a line break or a NUL in it",
	} {
		c := one(mcp.Server{Command: testServer, Env: map[string]string{"A": value}})
		c.Lookup = func(name string) (string, bool) { return "secret\nvalue", name == "BROKEN" }
		client, err := mcp.Open(t.Context(), c)
		client.Close()
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "MCP server test: ") || strings.Contains(err.Error(), "secret\n") {
			t.Errorf("%s: %v\nwant %q in it", value, err, want)
		}
	}
}

func TestName(t *testing.T) {
	for original, want := range map[string]string{
		"search-books": "search_books", "search_books": "search_books", "a.b/c": "a_b_c", "greet (structured)": "greet_structured", "2fast": "_2fast", "import": "import_",
		"__init__": "_init__", "日本": "_", "": "", "-x": "_x", "a--b": "a_b", "a-_b": "a_b", "delete": "delete", "-1": "_1", "-import": "_import",
	} {
		if got := mcp.Name(original); got != want {
			t.Errorf("Name(%q) = %q; want %q", original, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"mcpServers": {"a": {"command": "x", "args": ["y"], "env": {"A": "${B}"}}, "b": {"url": "https://a/b", "headers": {"C": "d"}}}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := mcp.Parse(text)
		if err != nil {
			return
		}
		for name, s := range c.Servers {
			if (s.Command == "") == (s.URL == "") || mcp.Name(name) == "" {
				t.Errorf("server %q is neither a command nor a URL: %+v", name, s)
			}
		}
	})
}
