package policies

import (
	"encoding/json"
	"math"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cedar-policy/cedar-go/types"
)

// The files of the decision path, engine.go, values.go and normal.go, are covered in every branch:
//
//	go test ./policies -coverprofile=/tmp/c.out && go tool cover -func=/tmp/c.out | grep -E 'policies/(engine|values|normal).go'
//
// says 100.0% on each line.

func mustCompile(t testing.TB, doc string, overlays ...*Overlay) *Engine {
	t.Helper()
	p, err := Parse("policy.yaml", []byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	e, err := Compile(p, overlays...)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func call(tool string, args map[string]any) Request {
	return Request{Action: tool, Resource: Resource{ResourceTool, tool}, Context: map[string]any{"args": args}}
}

func TestDenialsHaveReasons(t *testing.T) {
	e := mustCompile(t, `
version: 1
network:
  - {host: api.example.com, methods: [GET], paths: [/v1/*]}
files:
  - {host: ./data, guest: /data}
environment: [LANG]
tools:
  - {name: mail.send, when: 'context.args.to like "*@example.com"'}
  - {name: http, when: 'context.args.size < 10'}
  - {name: deep, when: 'context.args.x == context.args.y'}
  - {name: whole, when: 'context == {}'}
forbid:
  - {name: mail.*, when: 'context.args.subject == "spam"', reason: no spam}
  - {name: shell, }
`)
	get := func(method, host, path string, context map[string]any) Request {
		r := httpRequest(method, host, path)
		r.Context["args"] = map[string]any{"size": 1}
		for k, v := range context {
			r.Context[k] = v
		}
		return r
	}
	deep := any("x")
	for range 40 {
		deep = []any{deep}
	}
	many := make([]any, maxValues+1)
	for _, c := range []struct {
		name   string
		r      Request
		rule   string
		reason string
		hint   string
	}{
		{"other method", get("POST", "api.example.com", "/v1/x", nil), "default", "method has to be GET, is POST", "GET https://api.example.com, path /v1/*"},
		{"other path", get("GET", "api.example.com", "/v2/x", nil), "default", "path has to be /v1/*, is /v2/x", "GET https"},
		{"other host", get("GET", "evil.com", "/v1/x", nil), "default", "no rule grants GET https://evil.com/v1/x", "api.example.com"},
		{"other port", get("GET", "api.example.com", "/v1/x", map[string]any{"port": 8443}), "default", "port has to be 443, is 8443", "https"},
		{"other scheme", get("GET", "api.example.com", "/v1/x", map[string]any{"scheme": "HTTP", "port": 80}), "default", "scheme has to be https, is http", "https"},
		{"private", get("GET", "api.example.com", "/v1/x", map[string]any{"private": true}), "default", "not public", "GET"},
		{"private is no bool", get("GET", "api.example.com", "/v1/x", map[string]any{"private": "no"}), "default", "not public", "GET"},
		{"no port", Request{Action: ActionHTTP, Resource: Resource{ResourceHost, "api.example.com"}, Context: map[string]any{"method": "GET", "scheme": "https", "path": "/v1/x", "args": map[string]any{"size": 1}}}, "default", "443 cannot be evaluated", ""},
		{"types of http", get("GET", "api.example.com", "/v1/x", map[string]any{"method": 1, "scheme": 2, "path": 3}), "default", "scheme", ""},
		{"dots", get("GET", "api.example.com", "/v1/../v2", nil), "default", `the path "/v1/../v2" is not accepted`, "correct"},
		{"no host", get("GET", "a b", "/", nil), "default", "is no host", "correct"},
		{"narrowed", get("GET", "api.example.com", "/v1/x", map[string]any{"args": map[string]any{"size": 10}}), "tools[1]", "context.args.size < 10", "condition"},
		{"narrowing fails", get("GET", "api.example.com", "/v1/x", map[string]any{"args": map[string]any{}}), "tools[1]", "cannot be evaluated", "arguments"},
		{"args are no map", get("GET", "api.example.com", "/v1/x", map[string]any{"args": []any{1}}), "tools[1]", "cannot be evaluated", "arguments"},
		{"args cannot be converted", get("GET", "api.example.com", "/v1/x", map[string]any{"args": []any{struct{}{}}}), "default", "no JSON", "simpler"},
		{"forbidden", call("mail.send", map[string]any{"to": "a@example.com", "subject": "spam"}), "forbid[0]", "no spam", "no grant"},
		{"forbid fails", call("mail.send", map[string]any{"to": "a@example.com"}), "forbid[0]", "cannot be evaluated", "arguments"},
		{"forbidden without reason", call("shell", nil), "forbid[1]", "forbid[1] forbids it", "no grant"},
		{"permit fails", call("mail.send", map[string]any{"subject": "x"}), "default", "cannot be evaluated", "mail.send"},
		{"deep", call("deep", map[string]any{"x": deep, "y": deep}), "default", "nests deeper than 32", "simpler"},
		{"many", call("deep", map[string]any{"x": many, "y": 1}), "default", "more than 4096 values", "simpler"},
		{"large", call("deep", map[string]any{"x": strings.Repeat("x", maxValueBytes+1), "y": 1}), "default", "larger than 1 MiB", "simpler"},
		{"large key", call("deep", map[string]any{"x": map[string]any{strings.Repeat("x", maxValueBytes+1): 1}, "y": 1}), "default", "larger than 1 MiB", "simpler"},
		{"large number", call("deep", map[string]any{"x": json.Number(strings.Repeat("1", maxValueBytes+1)), "y": 1}), "default", "larger than 1 MiB", "simpler"},
		{"map of strange", call("deep", map[string]any{"x": map[string]any{"a": struct{}{}}, "y": 1}), "default", "no JSON", "simpler"},
		{"whole context", Request{Action: "whole", Resource: Resource{ResourceTool, "whole"}, Context: map[string]any{"args": struct{}{}}}, "default", "args cannot be checked", "simpler"},
		{"whole context, fine", call("whole", nil), "default", "context == {} does not hold", "whole"},
		{"no tool", Request{}, "default", "names no tool", "correct"},
		{"long tool", call(strings.Repeat("x", maxName+1), nil), "default", "longer than 256", "correct"},
		{"long resource", Request{Action: "x", Resource: Resource{ResourceTool, strings.Repeat("x", maxID+1)}}, "default", "too long", "correct"},
		{"unknown tool", call("calendar.add", nil), "default", "no rule grants the tool calendar.add", "tools: [{name: calendar.add}]"},
		{"file elsewhere", Request{Action: ActionFileRead, Resource: Resource{ResourcePath, "/etc/passwd"}}, "default", "reading /etc/passwd", "/data"},
		{"file unclean", Request{Action: ActionFileRead, Resource: Resource{ResourcePath, "/data/../etc"}}, "default", "not in its shortest form", "correct"},
		{"file write", Request{Action: ActionFileWrite, Resource: Resource{ResourcePath, "/data/a"}}, "default", "no rule grants writing /data/a", "files"},
		{"no args", Request{Action: "deep", Resource: Resource{ResourceTool, "deep"}}, "default", "cannot be evaluated", "deep"},
		{"variable", Request{Action: ActionEnv, Resource: Resource{ResourceVariable, "HOME"}}, "default", "no rule grants the variable HOME", "LANG"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := e.Decide(c.r)
			if d.Allowed || d.Rule != c.rule || !strings.Contains(d.Reason, c.reason) || !strings.Contains(d.Hint, c.hint) || d.Hint == "" {
				t.Errorf("%+v\nwant rule %q, reason with %q, hint with %q", d, c.rule, c.reason, c.hint)
			}
			if (d.Position == "") != (c.rule == "default") {
				t.Errorf("the position is %q", d.Position)
			}
		})
	}
}

// What no rule looks at is neither converted nor bounded: a large body passes.
func TestOnlyWhatRulesReadIsBounded(t *testing.T) {
	e := mustCompile(t, "version: 1\ntools: [{name: put, when: 'context.args.name == \"a\"'}]")
	if d := e.Decide(call("put", map[string]any{"name": "a", "body": strings.Repeat("x", 4*maxValueBytes), "odd": struct{}{}})); !d.Allowed {
		t.Error(d)
	}
}

func TestTerms(t *testing.T) {
	e := mustCompile(t, `
version: 1
network: [{host: api.example.com, max_calls: 7}]
tools:
  - {name: mail.send, max_calls: 3, rate: 10/1m, timeout: 5s}
  - {name: "*", approve: true}
  - {name: mail.*, when: 'context.args has vip', max_calls: 1}
  - {name: http, timeout: 2s}
  - {name: plain}
`)
	rules := func(d Decision) string {
		var names []string
		for _, t := range d.Terms {
			names = append(names, t.String())
		}
		return strings.Join(names, "; ")
	}
	for _, c := range []struct {
		r    Request
		want string
	}{
		{call("mail.send", nil), "tools[0]: at most 3 calls, 10 in any 1m0s, 5s each; tools[1]: somebody has to agree to each"},
		{call("mail.send", map[string]any{"vip": true}), "tools[0]: at most 3 calls, 10 in any 1m0s, 5s each; tools[1]: somebody has to agree to each; tools[2]: at most 1 calls"},
		{httpRequest("GET", "api.example.com", "/"), "network[0]: at most 7 calls; tools[1]: somebody has to agree to each; tools[3]: 2s each"},
		{call("plain", nil), "tools[1]: somebody has to agree to each"},
	} {
		d := e.Decide(c.r)
		if !d.Allowed || rules(d) != c.want {
			t.Errorf("%s: %v, %s; want %s", c.r.What(), d.Allowed, rules(d), c.want)
		}
	}
}

// A forbid holds for each way a server may read a path, and so does the bound on what it costs.
func TestForbidHoldsForEveryReading(t *testing.T) {
	e := mustCompile(t, `
version: 1
network: [{host: api.example.com}]
forbid:
  - {name: http, when: 'context.path like "/admin*"'}
  - {name: http, when: 'context.path like "/fail/*" && context.args.x'}
`)
	for path, allowed := range map[string]bool{
		"/ok": true, "/ü": true, "/ok//fine": true, "/o%2Fk": true, "/a%2fb": true,
		"/admin": false, "//admin": false, "/%61dmin": false, "/%2Fadmin": false, "/%5cadmin": false, "\\admin": false, "/%252fadmin": false,
		"/fail//x": false, "/fail%2Fx": false,
		"/x/..%2fadmin": false, "/x/%2e%2e/admin": false, "/x/..;a/admin": false, "/%00": false, "/%zz": false, "/a?b": false, "a": false, "": true,
	} {
		if d := e.Decide(httpRequest("GET", "api.example.com", path)); d.Allowed != allowed {
			t.Errorf("%q: %+v; want %v", path, d, allowed)
		}
	}
}

func TestNormalHost(t *testing.T) {
	for in, want := range map[string]string{
		"API.Example.COM": "api.example.com", "example.com.": "example.com", "bücher.example": "xn--bcher-kva.example", "[::1]": "::1", "::ffff:10.0.0.1": "10.0.0.1",
		"0:0::1": "::1", "a_b.example": "a_b.example", "localhost": "localhost",
		"": "", ".": "", "a..b": "", "a b": "", "127.1": "", "0x7f.1": "", "2130706433": "", "0x7f000001": "", "fe80::1%eth0": "", "a.b:80": "", "-\x00": "", "bü cher": "",
		"1.2.3.4.5": "", "99999999999999999999999": "", strings.Repeat("a", 64) + ".com": "", strings.Repeat("a.", 200): "", strings.Repeat("a", 600): "", "*.example.com": "",
	} {
		got, err := NormalHost(in)
		if got != want || (err != nil) != (want == "") {
			t.Errorf("NormalHost(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
}

func TestPublicAddress(t *testing.T) {
	for text, want := range map[string]bool{
		"93.184.216.34": true, "2606:2800::1": true, "8.8.8.8": true, "64:ff9b::808:808": true, "2002:808:808::1": true,
		"127.0.0.1": false, "10.0.0.1": false, "192.168.1.1": false, "172.16.0.1": false, "169.254.169.254": false, "100.64.0.1": false, "0.0.0.0": false, "::": false, "::1": false,
		"fc00::1": false, "fe80::1": false, "ff02::1": false, "224.0.0.1": false, "255.255.255.255": false, "::ffff:127.0.0.1": false, "64:ff9b::7f00:1": false,
		"2002:7f00:1::1": false, "::7f00:1": false, "2001:db8::1": false, "198.18.0.1": false, "192.0.2.1": false, "240.0.0.1": false, "fe80::1%eth0": false, "fec0::1": false,
	} {
		if got := PublicAddress(netip.MustParseAddr(text)); got != want {
			t.Errorf("PublicAddress(%s) = %v", text, got)
		}
	}
	if PublicAddress(netip.Addr{}) {
		t.Error("no address is public")
	}
}

func TestParseHost(t *testing.T) {
	for in, want := range map[string]string{
		"*": "*", "*:8080": "*", "*.Example.com": "*.example.com", "10.0.0.0/8": "10.0.0.0/8", "[::1]:80": "::1", "::1": "::1", "a.b:1": "a.b",
		"*.10.0.0.1": "", "*.": "", "a:0": "", "a:99999": "", "a:b": "", "::ffff:10.0.0.0/104": "", "*a.com": "", "10.0.0.0/99": "",
	} {
		h, _, err := parseHost(in)
		if (err != nil) != (want == "") || err == nil && h.String() != want {
			t.Errorf("parseHost(%q) = %q, %v; want %q", in, h, err, want)
		}
	}
	if _, err := normalPattern("*"); err != nil {
		t.Error(err)
	}
}

func TestConversion(t *testing.T) {
	decimal := func(s string) types.Value {
		d, err := types.ParseDecimal(s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for _, c := range []struct {
		in   any
		want types.Value
	}{
		{nil, null}, {true, types.Boolean(true)}, {"x", types.String("x")}, {5, types.Long(5)}, {int64(-5), types.Long(-5)},
		{5.0, types.Long(5)}, {math.Copysign(0, -1), types.Long(0)}, {1.5, decimal("1.5")}, {0.00001, types.String("0.00001")}, {1e300, types.String("1" + strings.Repeat("0", 300))},
		{math.Inf(1), types.String("+Inf")}, {math.NaN(), types.String("NaN")}, {float64(1 << 63), types.String("9223372036854776000")}, {json.Number("1.00001e10"), types.Long(10000100000)}, {json.Number("1.000010e-3"), types.String("1.000010e-3")},
		{json.Number("12"), types.Long(12)}, {json.Number("12.0"), types.Long(12)}, {json.Number("1.2e1"), types.Long(12)}, {json.Number("12.50000"), decimal("12.5")},
		{json.Number("9223372036854775807"), types.Long(math.MaxInt64)}, {json.Number("9223372036854775808"), types.String("9223372036854775808")},
		{json.Number("1.00000000000000000001"), types.String("1.00000000000000000001")}, {json.Number("1.00000000000000000001e0"), types.String("1.00000000000000000001e0")},
		{json.Number("1e3"), types.Long(1000)}, {json.Number("0e5"), types.Long(0)}, {json.Number("bogus"), types.String("bogus")}, {json.Number("-1.5"), decimal("-1.5")},
		{json.Number("-0.00001"), types.String("-0.00001")}, {json.Number("1E400"), types.String("1E400")},
		{[]any{1, 1.0, "a"}, types.NewSet(types.Long(1), types.String("a"))},
		{map[string]any{"a": nil}, types.NewRecord(types.RecordMap{"a": null})},
	} {
		got, err := (&budget{maxValues, maxValueBytes}).convert(c.in, 0)
		if err != nil || !got.Equal(c.want) {
			t.Errorf("%v (%T) becomes %v, %v; want %v", c.in, c.in, got, err, c.want)
		}
	}
}

// Cedar's groups: a path lies in its folders, a host in its domains, an action in its first part.
func TestGroups(t *testing.T) {
	e := mustCompile(t, `
version: 1
tools: [{name: "*"}]
network: [{host: "*"}, {host: 93.184.0.0/16, methods: [PUT]}]
files: [{host: ./d, guest: /data, access: write}]
forbid:
  - {name: "*", when: 'resource in Wand::Path::"/data/secret"'}
  - {name: "*", when: 'resource in Wand::Host::"evil.com"'}
  - {name: "*", when: 'action in Wand::Action::"github"'}
  - {name: "*", when: 'principal.id == "mallory" || principal in Wand::Agent::"mallory"'}
`)
	file := func(path string) Request {
		return Request{Action: ActionFileRead, Resource: Resource{ResourcePath, path}}
	}
	mallory := call("x", nil)
	mallory.Principal = "mallory"
	for _, c := range []struct {
		r       Request
		allowed bool
	}{
		{file("/data/x"), true}, {file("/data/secret"), false}, {file("/data/secret/a/b"), false}, {file("/data/secrets"), true}, {file("/"), false},
		{httpRequest("GET", "good.com", "/"), true}, {httpRequest("GET", "evil.com", "/"), false}, {httpRequest("GET", "a.b.evil.com", "/"), false}, {httpRequest("GET", "notevil.com", "/"), true},
		{httpRequest("GET", "93.184.216.34", "/"), true}, {httpRequest("PUT", "93.184.216.34", "/"), true}, {httpRequest("PUT", "93.185.216.34", "/"), false}, {httpRequest("PUT", "a.com", "/"), false},
		{httpRequest("GET", "127.0.0.1", "/"), false},
		{call("github.search", nil), false}, {call("github", nil), false}, {call("githubx", nil), true}, {mallory, false},
	} {
		if d := e.Decide(c.r); d.Allowed != c.allowed {
			t.Errorf("%s: %+v; want %v", c.r.What(), d, c.allowed)
		}
	}
}

func TestEngineTellsWhatItIs(t *testing.T) {
	p := &Policy{Version: 1, Limits: Limits{Fuel: 5}, Cedar: []CedarFile{{Path: "x.cedar", Text: []byte("permit(principal, action, resource);")}}}
	e, err := Compile(p, &Overlay{Policy: &Policy{Version: 1, Limits: Limits{Fuel: 3, Memory: 9}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if l := e.Policy().Limits; l.Fuel != 3 || l.Memory != 9 || p.Limits.Fuel != 5 {
		t.Error(l, p.Limits)
	}
	if w := e.Warnings(); len(w) != 1 || w[0].Line != 1 || e.Decide(call("x", nil)).Allowed {
		t.Error(w)
	}
	for range (selection(mixedEngine(t, 50).rules)).All() {
		break
	}
}

// One engine, many goroutines: run with -race.
func TestDecideConcurrently(t *testing.T) {
	e := mixedEngine(t, 100)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				if !e.Decide(httpRequest("GET", "api1.example.com", "/v1/x")).Allowed || e.Decide(httpRequest("PUT", "api1.example.com", "/v1/x")).Allowed {
					t.Error("a decision changed")
				}
				Explain(e, httpRequest("PUT", "api1.example.com", "/v1/x"))
			}
		})
	}
	wg.Wait()
}

// A set whose elements collide, and texts that a pattern matches late, cost no more than the bounds allow.
func TestHostileArguments(t *testing.T) {
	e := mustCompile(t, "version: 1\ntools: [{name: t, when: 'context.args.x.contains(context.args.y) || context.args.z like \"*a*a*a*a*b\"'}]")
	list := make([]any, maxValues-200)
	for i := range list {
		list[i] = []any{i, len(list) - i} // sets of the same sum have the same hash
	}
	list = list[:(maxValues-200)/3]
	start := time.Now()
	d := e.Decide(call("t", map[string]any{"x": list, "y": []any{1}, "z": strings.Repeat("a", maxValueBytes-4096)}))
	if d.Allowed {
		t.Error(d)
	}
	t.Logf("%v", time.Since(start))
}
