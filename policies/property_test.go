package policies

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/cedar-policy/cedar-go"
	"pgregory.net/rapid"
)

// condition is a Cedar expression and what it means, said again in Go. err is that it cannot be evaluated.
type condition struct {
	text    string
	meaning func(r Request) (holds, err bool)
}

func argument[T any](r Request, name string) (T, bool) {
	args, _ := r.Context["args"].(map[string]any)
	v, ok := args[name].(T)
	return v, ok
}

// has reports whether the argument is there, null included.
func has(r Request, name string) bool {
	args, _ := r.Context["args"].(map[string]any)
	_, ok := args[name]
	return ok
}

var conditions = []condition{
	{"", func(Request) (bool, bool) { return true, false }},
	{"true", func(Request) (bool, bool) { return true, false }},
	{"false", func(Request) (bool, bool) { return false, false }},
	{`context.args.to like "*@example.com"`, func(r Request) (bool, bool) {
		to, ok := argument[string](r, "to")
		return strings.HasSuffix(to, "@example.com"), !ok
	}},
	{`context.args has to && context.args.to == "a@example.com"`, func(r Request) (bool, bool) {
		to, ok := argument[string](r, "to")
		return ok && to == "a@example.com", false
	}},
	{`context.args.n < 10`, func(r Request) (bool, bool) {
		n, ok := argument[int](r, "n")
		return n < 10, !ok
	}},
	{`context.args has n`, func(r Request) (bool, bool) { return has(r, "n"), false }},
	{`!(context.args has n) || context.args.n == 3`, func(r Request) (bool, bool) {
		n, ok := argument[int](r, "n")
		return !has(r, "n") || ok && n == 3, false
	}},
	{`resource.id like "/data/*" || resource.id == "kv.get"`, func(r Request) (bool, bool) {
		return strings.HasPrefix(r.Resource.ID, "/data/") || r.Resource.ID == "kv.get", false
	}},
	{`principal == Wand::Agent::"run"`, func(r Request) (bool, bool) { return r.Principal == "" || r.Principal == "run", false }},
	{`context.path like "/v1/admin*"`, func(r Request) (bool, bool) {
		p, ok := r.Context["path"].(string)
		return strings.HasPrefix(p, "/v1/admin"), !ok
	}},
	{`resource in Wand::Path::"/data"`, func(r Request) (bool, bool) {
		return r.Resource.Type == ResourcePath && (r.Resource.ID == "/data" || strings.HasPrefix(r.Resource.ID, "/data/")), false
	}},
	{`context.tool like "kv.*"`, func(r Request) (bool, bool) { return strings.HasPrefix(r.Action, "kv."), false }},
	{`context.args.n`, func(r Request) (bool, bool) {
		v, ok := argument[bool](r, "n")
		return v, !ok
	}},
}

func conditionGen() *rapid.Generator[string] {
	texts := make([]string, len(conditions))
	for i, c := range conditions {
		texts[i] = c.text
	}
	return rapid.SampledFrom(texts)
}

var (
	toolNames   = []string{"*", "kv.*", "kv.get", "kv.set", "http", "fs.*", "fs.read", "fs.write", "mail.send", "mail.*", "env.get", "*.get", "sql.query", "convert", "llm.ask", "run"}
	hostTexts   = []string{"api.example.com", "*.example.com", "example.com", "*", "93.184.216.34", "93.184.0.0/16", "api.example.com:8443", "127.0.0.1", "10.0.0.0/8", "XN--BCHER-KVA.example", "bücher.example", "2606:2800::/32", "[2606:2800::1]:8443"}
	hostAsked   = []string{"api.example.com", "API.Example.COM.", "a.b.example.com", "example.com", "93.184.216.34", "93.185.1.1", "127.0.0.1", "10.1.2.3", "bücher.example", "xn--bcher-kva.example", "other.org", "2606:2800::1", "[2606:2800::1]", "::ffff:127.0.0.1"}
	pathTexts   = []string{"/*", "/v1/*", "/v1/items", "/a*b", "/%61bc"}
	pathAsked   = []string{"/", "/v1/items", "/v1/%69tems", "/v1/admin", "/ab", "/axb", "/abc", "/v2"}
	guestPaths  = []string{"/data", "/out", "/log", "/a*b"}
	filesAsked  = []string{"/data", "/data/a.csv", "/database", "/out/x/y", "/log/l", "/a*b/c", "/axb/c", "/"}
	methodsUsed = []string{"GET", "HEAD", "POST", "DELETE"}
)

func sample[T any](t *rapid.T, label string, list []T) T {
	return rapid.SampledFrom(list).Draw(t, label)
}

func few[T any](t *rapid.T, label string, most int, make func() T) []T {
	list := []T{}
	for range rapid.IntRange(0, most).Draw(t, label) {
		list = append(list, make())
	}
	return list
}

// someOf draws different items of a list.
func someOf[T comparable](t *rapid.T, label string, list []T) []T {
	return slices.Compact(rapid.SliceOfNDistinct(rapid.SampledFrom(list), 0, min(3, len(list)), func(v T) T { return v }).Draw(t, label))
}

// drawPolicy makes a document without contradictions.
func drawPolicy(t *rapid.T) *Policy {
	when := conditionGen()
	p := &Policy{Version: 1, Name: "random"}
	for _, guest := range someOf(t, "files", guestPaths) {
		p.Files = append(p.Files, FileGrant{Host: "./x", Guest: guest, Access: sample(t, "access", []string{"", AccessRead, AccessAppend, AccessWrite})})
	}
	p.Network = few(t, "network", 4, func() NetworkGrant {
		g := NetworkGrant{
			Host: sample(t, "host", hostTexts), Methods: someOf(t, "methods", methodsUsed), Paths: someOf(t, "paths", pathTexts),
			Schemes: someOf(t, "schemes", []string{"https", "http"}), Private: rapid.Bool().Draw(t, "private"),
		}
		if g.Host == "127.0.0.1" || g.Host == "10.0.0.0/8" {
			g.Private = true
		}
		return g
	})
	for _, name := range someOf(t, "environment", []string{"LANG", "HOME"}) {
		p.Environment = append(p.Environment, EnvironmentGrant{Name: name})
	}
	seen := map[string]bool{}
	for _, g := range few(t, "tools", 4, func() ToolGrant {
		return ToolGrant{Name: sample(t, "tool", toolNames), When: when.Draw(t, "when"), Approve: rapid.Bool().Draw(t, "approve")}
	}) {
		if seen[g.Name+g.When] {
			continue
		}
		seen[g.Name+g.When] = true
		c := &checker{findings: &findings{}}
		try := *p
		try.Tools = []ToolGrant{g}
		if c.inert(&try); c.err() == nil {
			p.Tools = append(p.Tools, g)
		}
	}
	p.Forbid = few(t, "forbid", 2, func() Forbid {
		return Forbid{Name: sample(t, "forbidden", toolNames), When: when.Draw(t, "when")}
	})
	if rapid.Bool().Draw(t, "kv") {
		p.KV = &KV{}
	}
	if rapid.Bool().Draw(t, "databases") {
		p.Databases = []Database{{Name: "sales", File: "x"}}
	}
	if rapid.Bool().Draw(t, "llm") {
		p.LLM = &LLM{Model: "small"}
	}
	if rapid.Bool().Draw(t, "run") {
		p.Run = &Run{}
	}
	for _, name := range someOf(t, "packages", []string{"sympy", "networkx", "attrs"}) {
		p.Packages = append(p.Packages, PackageGrant{Name: name, Versions: sample(t, "versions", []string{"", ">=2", "==1.4.*", ">=1,<2"})})
	}
	if rapid.Bool().Draw(t, "commands") {
		p.Commands = []Command{{Name: "convert", Command: []string{"/bin/true"}}}
	}
	return p
}

func drawRequest(t *rapid.T) Request {
	args := map[string]any{}
	if rapid.Bool().Draw(t, "has to") {
		args["to"] = sample(t, "to", []any{"a@example.com", "b@example.com", "a@evil.com", nil, 3})
	}
	if rapid.Bool().Draw(t, "has n") {
		args["n"] = sample(t, "n", []any{3, 9, 10, true, false, "3", nil})
	}
	r := Request{Principal: sample(t, "principal", []string{"", "run", "other"}), Context: map[string]any{"args": args}}
	r.Action = sample(t, "action", []string{ActionHTTP, ActionHTTP, ActionFileRead, ActionFileWrite, ActionFileAppend, ActionEnv, ActionQuery, ActionKVGet, ActionKVSet, ActionLLM, ActionRun, ActionPackage, "mail.send", "convert", "other"})
	switch r.Action {
	case ActionHTTP:
		r.Resource = Resource{ResourceHost, sample(t, "host", hostAsked)}
		for name, v := range map[string]any{
			"method": sample(t, "method", []string{"GET", "get", "POST", "DELETE"}), "scheme": sample(t, "scheme", []string{"https", "HTTP"}),
			"port": sample(t, "port", []int{443, 80, 8443}), "path": sample(t, "path", pathAsked), "query": "", "private": rapid.Bool().Draw(t, "private"),
		} {
			r.Context[name] = v
		}
	case ActionFileRead, ActionFileWrite, ActionFileAppend:
		r.Resource = Resource{ResourcePath, sample(t, "file", filesAsked)}
	case ActionEnv:
		r.Resource = Resource{ResourceVariable, sample(t, "variable", []string{"LANG", "HOME", "PATH"})}
	case ActionQuery:
		r.Resource = Resource{ResourceDatabase, sample(t, "database", []string{"sales", "other"})}
	case ActionKVGet, ActionKVSet:
		r.Resource = Resource{ResourceKey, sample(t, "key", []string{"a", "kv.get"})}
	case ActionLLM:
		r.Resource = Resource{ResourceModel, sample(t, "model", []string{"small", "large"})}
	case ActionRun:
		r.Resource = Resource{ResourceProgram, "python"}
	case ActionPackage:
		r.Resource = Resource{ResourcePackage, sample(t, "package", []string{"sympy", "SymPy", "networkx", "other"})}
		r.Context["version"] = sample(t, "version", []any{"1.4.2", "2.0", "3rc1", "no version", 3, nil})
	default:
		r.Resource = Resource{ResourceTool, r.Action}
	}
	return r
}

// reference says what a document means, straight from README and without Cedar: whether a request is allowed, and whether somebody has to agree.
func reference(p *Policy, r Request) (allowed, approve bool) {
	meaning := func(text string) (bool, bool) {
		i := slices.IndexFunc(conditions, func(c condition) bool { return c.text == text })
		normal := r
		normal.Context = map[string]any{}
		for k, v := range r.Context {
			normal.Context[k] = v
		}
		if path, ok := normal.Context["path"].(string); ok {
			normal.Context["path"] = strings.NewReplacer("%61", "a", "%69", "i").Replace(path)
		}
		return conditions[i].meaning(normal)
	}
	matches := func(pattern, text string) bool {
		return regexp.MustCompile("^(?s:" + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, ".*") + ")$").MatchString(text)
	}
	for _, f := range p.Forbid {
		if matches(f.Name, r.Action) {
			if holds, failed := meaning(f.When); holds || failed {
				return false, false
			}
		}
	}
	section := slices.Contains([]string{ActionHTTP, ActionFileRead, ActionFileWrite, ActionFileAppend, ActionEnv, ActionQuery, ActionPackage}, r.Action) ||
		p.KV != nil && strings.HasPrefix(r.Action, "kv.") || p.LLM != nil && r.Action == ActionLLM || p.Run != nil && r.Action == ActionRun ||
		len(p.Commands) > 0 && r.Action == "convert"
	for _, tool := range p.Tools {
		if !matches(tool.Name, r.Action) {
			continue
		}
		holds, failed := meaning(tool.When)
		switch {
		case section && (!holds || failed):
			return false, false
		case !section && holds && !failed:
			allowed = true
		default:
			if !section {
				continue
			}
		}
		approve = approve || tool.Approve
	}
	if !section {
		return allowed, allowed && approve
	}
	allowed = referenceSection(p, r, matches)
	return allowed, allowed && approve
}

func referenceSection(p *Policy, r Request, matches func(pattern, text string) bool) bool {
	switch r.Action {
	case ActionHTTP:
		return slices.ContainsFunc(p.Network, func(g NetworkGrant) bool { return referenceHTTP(g, r, matches) })
	case ActionFileRead, ActionFileWrite, ActionFileAppend:
		for _, g := range p.Files {
			below := r.Resource.ID == g.Guest || strings.HasPrefix(r.Resource.ID, g.Guest+"/")
			may := map[string]string{AccessRead: "r", "": "r", AccessAppend: "a", AccessWrite: "rwa"}[g.Access]
			letter := map[string]string{ActionFileRead: "r", ActionFileWrite: "w", ActionFileAppend: "a"}[r.Action]
			if below && strings.Contains(may, letter) {
				return true
			}
		}
		return false
	case ActionEnv:
		return slices.ContainsFunc(p.Environment, func(g EnvironmentGrant) bool { return g.Name == r.Resource.ID })
	case ActionQuery:
		return slices.ContainsFunc(p.Databases, func(d Database) bool { return d.Name == r.Resource.ID })
	case ActionLLM:
		return p.LLM.Model == r.Resource.ID
	case ActionPackage:
		return slices.ContainsFunc(p.Packages, func(g PackageGrant) bool {
			met := map[string]string{"": "any", ">=2": "2.0 3rc1", "==1.4.*": "1.4.2", ">=1,<2": "1.4.2"}[g.Versions]
			version, _ := r.Context["version"].(string)
			return g.Name == strings.ToLower(r.Resource.ID) && (met == "any" || version != "" && slices.Contains(strings.Fields(met), version))
		})
	}
	return true
}

func referenceHTTP(g NetworkGrant, r Request, matches func(pattern, text string) bool) bool {
	canonical := func(h string) string {
		h = strings.TrimSuffix(strings.ToLower(strings.Trim(h, "[]")), ".")
		return strings.ReplaceAll(h, "bücher", "xn--bcher-kva")
	}
	asked, want, port := canonical(r.Resource.ID), g.Host, 0
	if rest, ok := strings.CutSuffix(want, ":8443"); ok {
		want, port = rest, 8443
	}
	want = canonical(want)
	addr, addrErr := netip.ParseAddr(asked)
	addr = addr.Unmap()
	switch prefix, err := netip.ParsePrefix(want); {
	case want == "*":
	case err == nil:
		if addrErr != nil || !prefix.Contains(addr) {
			return false
		}
	case strings.HasPrefix(want, "*."):
		if !strings.HasSuffix(asked, want[1:]) {
			return false
		}
	default:
		if asked != want && (addrErr != nil || addr.String() != want) {
			return false
		}
	}
	private := r.Context["private"] == true || addrErr == nil && (addr.IsLoopback() || addr.IsPrivate())
	if private && !g.Private {
		return false
	}
	orDefault := func(list []string, values ...string) []string {
		if len(list) == 0 {
			return values
		}
		return list
	}
	scheme := strings.ToLower(r.Context["scheme"].(string))
	if port == 0 {
		port = map[string]int{"https": 443, "http": 80}[scheme]
	}
	path := strings.NewReplacer("%61", "a", "%69", "i").Replace(r.Context["path"].(string))
	return slices.Contains(orDefault(g.Schemes, "https"), scheme) && r.Context["port"] == port &&
		slices.Contains(orDefault(g.Methods, "GET", "HEAD"), strings.ToUpper(r.Context["method"].(string))) &&
		slices.ContainsFunc(orDefault(g.Paths, "/*"), func(p string) bool { return matches(strings.ReplaceAll(p, "%61", "a"), path) })
}

func compileRandom(t *rapid.T, p *Policy) *Engine {
	e, err := Compile(p)
	if err != nil {
		t.Fatalf("%v\n%s", err, p.YAML())
	}
	return e
}

func mustAgree(d Decision) bool {
	return slices.ContainsFunc(d.Terms, func(t Terms) bool { return t.Approve })
}

// The meaning of a document and the Cedar it compiles to agree, through its YAML text too.
func TestDocumentAndCedarAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPolicy(t)
		if again, err := Parse("random.yaml", p.YAML()); err != nil {
			t.Fatalf("%v\n%s", err, p.YAML())
		} else if rapid.Bool().Draw(t, "by text") {
			p = again
		}
		e := compileRandom(t, p)
		for range 20 {
			r := drawRequest(t)
			d := e.Decide(r)
			allowed, approve := reference(p, r)
			if d.Allowed != allowed || mustAgree(d) != approve {
				t.Fatalf("%+v\nengine: %+v\nreference: %v, approve %v\n%s\n%s", r, d, allowed, approve, p.YAML(), e.Cedar())
			}
			if !d.Allowed && (d.Reason == "" || d.Hint == "" || d.Rule == "") {
				t.Fatalf("%+v: a denial without reason, hint or rule: %+v", r, d)
			}
		}
	})
}

// Asking only the rules that the index finds, with only the arguments that they read, gives what asking all of them with everything gives.
func TestIndexChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := compileRandom(t, drawPolicy(t))
		for range 20 {
			r := drawRequest(t)
			q, problem := ask(r)
			if problem != "" {
				t.Fatal(problem)
			}
			some := e.candidates(q)
			request, err := q.request(some)
			if err != nil {
				t.Fatal(err)
			}
			everything := needs{all: true} // and what is only there for the rule that asks: whether a version meets its specifiers
			for _, r := range e.rules {
				everything.keys = append(everything.keys, r.needs.keys...)
			}
			whole, err := q.request([]*rule{{needs: everything}})
			if err != nil {
				t.Fatal(err)
			}
			indexed, all := e.judge(some, q, request), e.judge(e.rules, q, whole)
			if indexed.forbid != all.forbid || indexed.failure != all.failure || !slices.Equal(indexed.permits, all.permits) {
				t.Fatalf("%+v\nindexed %+v\nall %+v\n%s", r, indexed, all, e.Cedar())
			}
			// What Show prints decides the same.
			set, err := cedar.NewPolicySetFromBytes("", []byte(e.Cedar()))
			if err != nil {
				t.Fatal(err)
			}
			decision, diagnostic := cedar.Authorize(set, q, whole)
			failed := slices.ContainsFunc(diagnostic.Errors, func(d cedar.DiagnosticError) bool { return set.Get(d.PolicyID).Effect() == cedar.Forbid })
			if got := decision == cedar.Allow && !failed; got != e.Decide(r).Allowed {
				t.Fatalf("%+v: the printed Cedar says %v\n%s", r, got, e.Cedar())
			}
		}
	})
}

// Adding a forbid, in the document or by an overlay, never allows what was denied.
func TestForbidNeverAllowsMore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPolicy(t)
		more := Forbid{Name: sample(t, "forbidden", toolNames), When: conditionGen().Draw(t, "when")}
		forbidding := p.clone()
		forbidding.Forbid = append(forbidding.Forbid, more)
		a, b := compileRandom(t, p), compileRandom(t, forbidding)
		c, err := Compile(p, &Overlay{Policy: &Policy{Version: 1, Forbid: []Forbid{more}}})
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			r := drawRequest(t)
			before, after, laid := a.Decide(r), b.Decide(r), c.Decide(r)
			if after.Allowed && !before.Allowed || after.Allowed != laid.Allowed {
				t.Fatalf("%+v: %v, with forbid %v, with overlay %v\n%s", r, before, after, laid, forbidding.YAML())
			}
		}
	})
}

// A difference is found exactly when decisions differ, on the probes and on requests that were drawn without looking at Probes.
func TestDiffIsWhatDecisionsSay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPolicy(t)
		changed := p.clone()
		switch rapid.IntRange(0, 3).Draw(t, "change") {
		case 0:
			changed = drawPolicy(t)
		case 1:
			changed.Forbid = nil
		case 2:
			if other := drawPolicy(t).Network; len(other) > 0 {
				changed.Network = other
			}
		}
		a, b := compileRandom(t, p), compileRandom(t, changed)
		diff := Diff(a, b)
		differ := func(r Request) bool {
			before, after := a.decide(r, wordless), b.decide(r, wordless)
			return after.Allowed && (!before.Allowed || mustAgree(before) && !mustAgree(after))
		}
		if found := slices.ContainsFunc(Probes(a, b), differ); found != (len(diff) > 0) {
			t.Fatalf("decisions differ: %v, differences %v", found, diff)
		}
		for _, d := range diff {
			for _, r := range d.Examples {
				if !differ(r) {
					t.Fatalf("the example %+v of %v is none", r, d)
				}
			}
		}
		if len(diff) == 0 {
			for range 20 {
				if r := drawRequest(t); differ(r) {
					t.Fatalf("no difference, but %+v:\n%v\n%v\n%s\n---\n%s", r, a.Decide(r), b.Decide(r), p.YAML(), changed.YAML())
				}
			}
		}
	})
}

// A learned policy is a document that allows what it was learned from.
func TestLearnRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var requests []Request
		for range rapid.IntRange(1, 12).Draw(t, "requests") {
			r := drawRequest(t)
			r.Principal = ""
			requests = append(requests, r)
		}
		l := Learn(requests, nil)
		p, err := Parse("learned.yaml", l.YAML())
		if err != nil {
			t.Fatalf("%v\n%s", err, l.YAML())
		}
		e := compileRandom(t, p)
		models := map[string]bool{}
		for _, r := range requests {
			if r.Resource.ID == "/" {
				continue
			}
			if r.Action == ActionLLM {
				// One document has one model: the first.
				models[r.Resource.ID] = true
				if len(models) > 1 {
					continue
				}
			}
			if d := e.Decide(r); !d.Allowed {
				t.Fatalf("%+v: %+v\n%s", r, d, l.YAML())
			}
		}
		// What was not asked for is not allowed: same kind of request, told apart by what a policy binds.
		bound := func(r Request) string {
			q, _ := ask(r)
			return fmt.Sprint(q.action, q.resource, q.method, q.scheme, r.Context["port"], q.path, stableArgs(r))
		}
		known := map[string]bool{}
		for _, r := range requests {
			known[bound(r)] = true
		}
		for range 20 {
			r := drawRequest(t)
			r.Principal = ""
			if len(stableArgs(r)) == 0 && !slices.Contains(builtinActions(), r.Action) {
				continue
			}
			if !known[bound(r)] && e.Decide(r).Allowed {
				// A tool that was once called without anything to bind is granted as a whole.
				if slices.ContainsFunc(requests, func(k Request) bool {
					return k.Action == r.Action && len(stableArgs(k)) == 0 && k.Resource.Type == ResourceTool
				}) {
					continue
				}
				// A combination that only adds an argument to one that was seen.
				if r.Resource.Type == ResourceTool {
					continue
				}
				t.Fatalf("%+v is allowed\n%s", r, l.YAML())
			}
		}
	})
}
