package policies

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestPresets(t *testing.T) {
	for _, name := range Presets() {
		p, err := Preset(name)
		if err != nil {
			t.Fatal(err)
		}
		e, err := Compile(p)
		if err != nil {
			t.Fatal(name, err)
		}
		for r, want := range map[*Request]string{
			{Action: "clock.now", Resource: Resource{ResourceTool, "clock.now"}}:   "compute analyst web-reader",
			{Action: ActionFileRead, Resource: Resource{ResourcePath, "/data/x"}}:  "analyst",
			{Action: ActionFileWrite, Resource: Resource{ResourcePath, "/data/x"}}: "",
			{Action: ActionKVSet, Resource: Resource{ResourceKey, "x"}}:            "analyst",
			{Action: ActionEnv, Resource: Resource{ResourceVariable, "HOME"}}:      "",
			{Action: "mail.send", Resource: Resource{ResourceTool, "mail.send"}}:   "",
			ptr(httpRequest("GET", "example.com", "/")):                            "web-reader",
			ptr(httpRequest("POST", "example.com", "/")):                           "",
			ptr(httpRequest("GET", "169.254.169.254", "/latest/meta-data/")):       "",
		} {
			if got := e.Decide(*r).Allowed; got != strings.Contains(" "+want+" ", " "+name+" ") {
				t.Errorf("%s: %s: %v", name, r.What(), got)
			}
		}
	}
	if _, err := Preset("analist"); err == nil || !strings.Contains(err.Error(), `did you mean "analyst"?`) {
		t.Error(err)
	}
}

func ptr[T any](v T) *T { return &v }

func TestLoadExtends(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("base/base.yaml", "version: 1\nname: base\nlimits: {fuel: 1G, memory: 1GiB}\nfiles: [{host: data, guest: /data}]\nclock: frozen\ncedar: [rules.cedar]\n")
	write("base/rules.cedar", "@id(\"no-x\")\nforbid(principal, action, resource) when { context.tool == \"x\" };")
	main := write("main.yaml", "version: 1\nextends: [compute, base/base.yaml]\nlimits: {fuel: 2G}\nfiles: [{host: out, guest: /out, access: write}]\ntools: [{name: x}, {name: y}]\n")
	p, err := Load(main)
	if err != nil {
		t.Fatal(err)
	}
	e, err := Compile(p)
	if err != nil {
		t.Fatal(err)
	}
	if p.Name != "base" || p.Clock != "frozen" || p.Random != "secure" || p.Limits.Fuel != 1e9 || p.Limits.Memory != 1<<30 || len(p.Extends) != 0 || len(p.Sources) != 3 {
		t.Errorf("%+v", p)
	}
	if p.Files[0].Host != filepath.Join(dir, "base", "data") || p.Files[1].Host != filepath.Join(dir, "out") {
		t.Errorf("%+v", p.Files)
	}
	if d := e.Decide(call("x", nil)); d.Allowed || d.Rule != "no-x" || !strings.Contains(d.Position, "rules.cedar:1:1") {
		t.Errorf("%+v", d)
	}
	if d := e.Decide(call("y", nil)); !d.Allowed || !strings.HasSuffix(d.Position, "main.yaml:5:20") {
		t.Errorf("%+v", d)
	}
	clash := write("clash.yaml", "version: 1\nextends: [main.yaml]\nfiles: [{host: other, guest: /data}]\n")
	if _, err := Load(clash); err == nil || !strings.Contains(err.Error(), "two grants show something at /data") || !strings.Contains(err.Error(), "base.yaml:4:9") {
		t.Error(err)
	}
	if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Error(err)
	}
}

func TestAllow(t *testing.T) {
	wd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	p, err := Allow("http:api.example.com", "http:https://b.example/v1/*", "http:POST,PUT http://c.example:8080", "http:127.0.0.1:9", "http:localhost:80",
		"fs:./data", "fs:./out:write", "fs:./log:/logs:append", "env:LANG", "env:MODE=test", "sql:./sales.db", "sql:s=./x.db", "kv", "llm:small", "run", "mail.send", "github.*", "clock")
	if err != nil {
		t.Fatal(err)
	}
	e, err := Compile(p)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		url, method string
		allowed     bool
	}{
		{"https://api.example.com/x", "GET", true}, {"http://api.example.com/x", "GET", false}, {"https://api.example.com/x", "POST", false},
		{"https://b.example/v1/x", "GET", true}, {"https://b.example/v2", "GET", false}, {"http://c.example:8080/", "POST", true}, {"http://c.example:8080/", "GET", false},
		{"http://127.0.0.1:9/", "GET", true}, {"http://127.0.0.1:10/", "GET", false}, {"http://localhost/", "GET", true},
	} {
		r, err := HTTPRequest(c.method, c.url)
		if err != nil {
			t.Fatal(err)
		}
		if d := e.Decide(r); d.Allowed != c.allowed {
			t.Errorf("%s %s: %+v", c.method, c.url, d)
		}
	}
	want := []FileGrant{{Host: filepath.Join(wd, "data"), Guest: "/data", Access: "read"}, {Host: filepath.Join(wd, "out"), Guest: "/out", Access: "write"}, {Host: filepath.Join(wd, "log"), Guest: "/logs", Access: "append"}}
	if !reflect.DeepEqual(p.Files, want) {
		t.Errorf("%+v", p.Files)
	}
	for _, spec := range []string{"fs", "fs:", "env", "llm", "sql", "mail.send:x", "http:a b c", "http:https://u:p@h/", "http:ftp://h/", "fs:./a:execute", "", "bad name", "http:h/p", "env:1=2"} {
		if _, err := Allow(spec); err == nil || !strings.Contains(err.Error(), "--allow") && spec != "bad name" && spec != "" && spec != "env:1=2" {
			t.Errorf("%q: %v", spec, err)
		}
	}
}

func TestExplain(t *testing.T) {
	e := mustCompile(t, string(`
version: 1
network:
  - {host: api.example.com, paths: [/v1/*]}
  - {host: other.example.com}
tools:
  - {name: mail.send, when: 'context.args.to like "*@example.com"', approve: true}
forbid:
  - {name: http, when: 'context.path like "/v1/admin*"', reason: for people}
`))
	for _, c := range []struct {
		r    Request
		want []string
	}{
		{httpRequest("GET", "api.example.com", "/v1/x"), []string{"allowed: GET https://api.example.com/v1/x", "by network[0] (policy.yaml:4:5)", "permit network[0]"}},
		{httpRequest("POST", "api.example.com", "/v2"), []string{"denied: POST", "by default", "method has to be GET or HEAD, is POST", "path has to be /v1/*, is /v2", "add network: [{host: api.example.com, methods: [POST], paths: [/v2]}]"}},
		{httpRequest("GET", "api.example.com", "/v1/admin"), []string{"by forbid[0] (policy.yaml:9:5)", "for people", "forbid forbid[0] (policy.yaml:9:5) applies", "change or remove forbid[0]"}},
		{httpRequest("GET", "new.org", "/"), []string{"host has to be api.example.com, is new.org", `add network: [{host: new.org, paths: [/]}]`}},
		{call("mail.send", map[string]any{"to": "x@y.z"}), []string{`context.args.to like "*@example.com" does not hold`, "add tools: [{name: mail.send}]"}},
		{call("mail.send", map[string]any{"to": "x@example.com"}), []string{"somebody has to agree"}},
		{httpRequest("GET", "api.example.com", "/../x"), []string{"correct the request"}},
	} {
		got := Explain(e, c.r).String()
		for _, want := range c.want {
			if !strings.Contains(got, want) {
				t.Errorf("%s lacks %q", got, want)
			}
		}
	}
}

func TestCases(t *testing.T) {
	e := mustCompile(t, "version: 1\nnetwork: [{host: api.example.com}]\ntools: [{name: mail.send, when: 'context.args.n <= 3', approve: true}, {name: x}]\n")
	cases, err := ParseCases("cases.yaml", []byte(`
cases:
  - {name: reads, tool: http, args: {url: "https://api.example.com/"}, expect: allow, rule: "network[0]"}
  - {name: not inside, tool: http, args: {url: "https://api.example.com/"}, context: {private: true}, expect: deny}
  - {tool: mail.send, args: {n: 3, list: [1, a, null, {b: true}]}, expect: approve}
  - {tool: mail.send, args: {n: 4}, expect: deny, rule: default}
  - {name: wrong, tool: x, expect: deny}
  - {name: wrong rule, tool: x, expect: allow, rule: "tools[0]"}
  - {name: no url, tool: http, expect: deny}
`))
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range Test(e, cases) {
		if r.OK != (i < 4) || !r.OK && r.Message == "" {
			t.Errorf("%d: %+v", i, r)
		}
	}
	for _, bad := range []string{"", "cases: [{tool: x}]", "cases: [{tool: x, expect: perhaps}]", "case: []", "cases: [{tool: x, expect: deny, args: {a: .inf}}]"} {
		if _, err := ParseCases("cases.yaml", []byte(bad)); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
	if _, err := LoadCases("nowhere.yaml"); err == nil {
		t.Error("a missing file is accepted")
	}
}

func TestDiff(t *testing.T) {
	a := mustCompile(t, "version: 1\nlimits: {fuel: 1G}\nnetwork: [{host: api.example.com, paths: [/v1/*]}]\ntools: [{name: mail.send, approve: true, max_calls: 2}]\n")
	b := mustCompile(t, "version: 1\nlimits: {fuel: 2G}\nnetwork: [{host: \"*.example.com\", methods: [GET, HEAD, POST]}]\ntools: [{name: mail.send, max_calls: 2}]\n")
	kinds := map[string]int{}
	var text strings.Builder
	for _, d := range Diff(a, b) {
		kinds[d.Kind]++
		text.WriteString(d.String())
	}
	if kinds["grant"] != 1 || kinds["terms"] != 1 || kinds["limit"] != 1 {
		t.Errorf("%v\n%s", kinds, text.String())
	}
	if d := Diff(a, a); len(d) != 0 {
		t.Error(d)
	}
	if d := Diff(b, a); len(d) != 0 {
		t.Error(d)
	}
}

// Three programs' requests: the learned policy lets each through, and no neighbour.
func TestLearn(t *testing.T) {
	base, err := Parse("base.yaml", []byte(`
version: 1
files: [{host: ./in, guest: /data}, {host: ./results, guest: /out, access: write, quota: 1MiB}]
secrets: {TOKEN: {env: T}}
network: [{host: api.example.com, secrets: {Authorization: "Bearer ${TOKEN}"}}]
databases: [{name: sales, file: ./sales.db}]
`))
	if err != nil {
		t.Fatal(err)
	}
	file := func(action, path string) Request {
		return Request{Action: action, Resource: Resource{ResourcePath, path}}
	}
	var manyPages []Request
	for i := range 40 {
		manyPages = append(manyPages, httpRequest("GET", "api.example.com", fmt.Sprintf("/v1/items/%d", i)))
	}
	for name, c := range map[string]struct{ made, beside []Request }{
		"reads, asks and writes": {
			[]Request{file(ActionFileRead, "/data/a.csv"), httpRequest("GET", "api.example.com", "/v1/rates"), httpRequest("POST", "api.example.com", "/v1/report"), file(ActionFileWrite, "/out/r.txt")},
			[]Request{file(ActionFileRead, "/data/b.csv"), file(ActionFileWrite, "/out/s.txt"), file(ActionFileAppend, "/out/r.txt"), httpRequest("POST", "api.example.com", "/v1/rates"), httpRequest("GET", "api.example.com", "/v1/rates2"), httpRequest("GET", "www.example.com", "/v1/rates")},
		},
		"pages": {manyPages, []Request{httpRequest("GET", "api.example.com", "/v1/users/1"), httpRequest("PUT", "api.example.com", "/v1/items/1")}},
		"mails": {
			[]Request{call("mail.send", map[string]any{"to": "a@example.com", "body": strings.Repeat("long ", 100)}), call("mail.send", map[string]any{"to": "b@example.com", "body": strings.Repeat("text ", 100)}),
				{Action: ActionEnv, Resource: Resource{ResourceVariable, "LANG"}}, {Action: ActionQuery, Resource: Resource{ResourceDatabase, "sales"}}, {Action: ActionKVSet, Resource: Resource{ResourceKey, "seen"}}},
			[]Request{call("mail.send", map[string]any{"to": "c@example.com"}), call("mail.delete", nil), {Action: ActionEnv, Resource: Resource{ResourceVariable, "HOME"}},
				{Action: ActionQuery, Resource: Resource{ResourceDatabase, "staff"}}, {Action: ActionKVSet, Resource: Resource{ResourceKey, "other"}}, {Action: ActionKVGet, Resource: Resource{ResourceKey, "seen"}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := Learn(c.made, base)
			p, err := Parse("learned.yaml", l.YAML())
			if err != nil {
				t.Fatalf("%v\n%s", err, l.YAML())
			}
			e, err := Compile(p)
			if err != nil {
				t.Fatalf("%v\n%s", err, l.YAML())
			}
			for _, r := range c.made {
				if d := e.Decide(r); !d.Allowed {
					t.Errorf("%s: %+v", r.What(), d)
				}
			}
			for _, r := range c.beside {
				if d := e.Decide(r); d.Allowed {
					t.Errorf("%s is allowed by %s", r.What(), d.Rule)
				}
			}
			if t.Failed() || testing.Verbose() {
				t.Logf("%s", l.YAML())
			}
		})
	}
}
