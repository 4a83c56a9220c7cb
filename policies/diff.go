package policies

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/cedar-policy/cedar-go/types"
	xast "github.com/cedar-policy/cedar-go/x/exp/ast"

	"wand/policies/units"
)

// Difference is one thing that a policy allows and another does not.
type Difference struct {
	// Kind is "grant" (a request is allowed), "terms" (it is allowed on easier terms) or "limit" (a limit is higher).
	Kind string
	// Rule and Position name what allows it, in the policy that does; Says is the rule in words.
	Rule, Position, Says string
	// Examples are requests that show it, at most three; Count is how many were found among those that were tried.
	Examples []Request
	Count    int
	// Before is what the other policy answers to the first example, or its limit.
	Before string
}

// String writes a difference on a few lines.
func (d Difference) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", d.Kind, d.Rule)
	if d.Position != "" {
		fmt.Fprintf(&b, " (%s)", d.Position)
	}
	fmt.Fprintf(&b, ": %s\n", d.Says)
	for _, r := range d.Examples {
		fmt.Fprintf(&b, "  + %s%s\n", r.What(), argsText(r))
	}
	fmt.Fprintf(&b, "  before: %s\n", d.Before)
	return b.String()
}

// Diff lists what b allows that a does not. It asks both about requests that the two documents give rise to (Probes), so it finds what their
// grants, patterns, conditions and forbids distinguish.
func Diff(a, b *Engine) []Difference {
	var list []Difference
	byRule := map[string]int{}
	for _, r := range Probes(a, b) {
		// Only what differs is worth the words of a denial.
		now := b.decide(r, wordless)
		if !now.Allowed {
			continue
		}
		before := a.decide(r, wordless)
		kind, said := "grant", ""
		if before.Allowed {
			easier := easierTerms(before.Terms, now.Terms)
			if easier == "" {
				continue
			}
			kind, said = "terms", easier
		}
		key := kind + "\x00" + now.Rule + "\x00" + now.Position
		i, ok := byRule[key]
		if !ok {
			i = len(list)
			byRule[key] = i
			says := now.Rule
			for _, rule := range b.rules {
				if rule.name == now.Rule && rule.origin.String() == now.Position && !rule.forbid {
					says = rule.says()
				}
			}
			if said == "" {
				said = a.Decide(r).Reason
			}
			list = append(list, Difference{Kind: kind, Rule: now.Rule, Position: now.Position, Says: says, Before: said})
		}
		if list[i].Count++; len(list[i].Examples) < 3 {
			list[i].Examples = append(list[i].Examples, r)
		}
	}
	return append(list, limitsDiff(a.policy.Limits, b.policy.Limits)...)
}

func wordless(*question) Decision { return Decision{} }

// easierTerms says which condition of before is gone or wider in now; "" is none.
func easierTerms(before, now []Terms) string {
	approve := func(list []Terms) bool { return slices.ContainsFunc(list, func(t Terms) bool { return t.Approve }) }
	calls := func(list []Terms) int {
		n := 0
		for _, t := range list {
			if t.MaxCalls > 0 && (n == 0 || t.MaxCalls < n) {
				n = t.MaxCalls
			}
		}
		return n
	}
	perSecond := func(list []Terms) float64 {
		least := 0.0
		for _, t := range list {
			if t.Rate.Calls > 0 {
				if r := float64(t.Rate.Calls) / t.Rate.Per.Seconds(); least == 0 || r < least {
					least = r
				}
			}
		}
		return least
	}
	switch {
	case approve(before) && !approve(now):
		return "somebody has to agree to each call"
	case calls(before) > 0 && (calls(now) == 0 || calls(now) > calls(before)):
		return fmt.Sprintf("at most %d calls", calls(before))
	case perSecond(before) > 0 && (perSecond(now) == 0 || perSecond(now) > perSecond(before)):
		return "a lower rate of calls"
	}
	return ""
}

func limitsDiff(a, b Limits) []Difference {
	var list []Difference
	add := func(name string, before, now int64, text func(int64) string) {
		if before == 0 || now != 0 && now <= before {
			return
		}
		says := "no limit of the policy's own"
		if now != 0 {
			says = text(now)
		}
		list = append(list, Difference{Kind: "limit", Rule: "limits." + name, Says: says, Before: text(before), Count: 1})
	}
	size := func(n int64) string { return units.Bytes(n).String() }
	count := func(n int64) string { return units.Count(n).String() }
	add("fuel", int64(a.Fuel), int64(b.Fuel), count)
	add("memory", int64(a.Memory), int64(b.Memory), size)
	add("deadline", int64(a.Deadline), int64(b.Deadline), func(n int64) string { return units.Duration(n).String() })
	add("output", int64(a.Output), int64(b.Output), size)
	add("host_calls", int64(a.HostCalls), int64(b.HostCalls), count)
	add("storage", int64(a.Storage), int64(b.Storage), size)
	add("call_depth", int64(a.CallDepth), int64(b.CallDepth), count)
	return list
}

func argsText(r Request) string {
	args, _ := r.Context["args"].(map[string]any)
	if len(args) == 0 || r.Action == ActionHTTP {
		return ""
	}
	var parts []string
	for _, k := range sortedKeys(args) {
		parts = append(parts, fmt.Sprintf("%s: %v", k, args[k]))
	}
	return shorten(" {"+strings.Join(parts, ", ")+"}", 160)
}

// maxProbes bounds how many requests Probes makes.
const maxProbes = 50_000

// Probes makes requests that tell policies apart: for every name, pattern, method, path, port and literal that the rules of the engines mention,
// ones at it, within it and beside it. The same engines give the same requests, in the same order.
func Probes(engines ...*Engine) []Request {
	p := &prober{
		hosts: set[string]{}, paths: set[string]{}, ports: set[int]{}, files: set[string]{}, tools: set[string]{}, ids: set[string]{},
		methods: set[string]{"GET": {}}, variables: set[string]{"OTHER": {}}, databases: set[string]{"other": {}}, packages: map[string]set[string]{"other": {"1": {}}}, models: set[string]{"other": {}},
		args: map[string]map[string]any{}, queries: set[string]{"": {}}, principals: set[string]{"": {}},
	}
	p.paths.add("/other")
	p.hosts.add("other.example", "192.0.2.1")
	p.files.add("/other/file")
	p.tools.add("other")
	p.ids.add("", "other")
	for _, e := range engines {
		for _, r := range e.rules {
			p.rule(r)
		}
	}
	return p.requests()
}

type set[T comparable] map[T]struct{}

func (s set[T]) add(list ...T) {
	for _, v := range list {
		s[v] = struct{}{}
	}
}

// prober gathers what requests are made of.
type prober struct {
	hosts, paths, methods, files, tools, ids, variables, databases, models, queries, principals set[string]
	ports                                                                                       set[int]
	network                                                                                     []*NetworkGrant
	// packages are the versions to try of each package.
	packages map[string]set[string]
	// readers are the rules that look at arguments.
	readers []*rule
	// args are the values to try for each argument, by a text that tells them apart.
	args map[string]map[string]any
}

func (p *prober) rule(r *rule) {
	p.tools.add(r.actions...)
	if t := r.tools.text; t != "" {
		p.tools.add(instances(t)...)
	}
	switch g := r.grant.(type) {
	case *FileGrant:
		p.files.add(g.Guest, g.Guest+"/x", g.Guest+"/x/y.csv", g.Guest+"-beside")
	case *NetworkGrant:
		h, _, _ := parseHost(g.Host)
		switch {
		case h.suffix != "":
			p.hosts.add(h.suffix, "a."+h.suffix, "a.b."+h.suffix, "x"+h.suffix)
		case h.block.IsValid():
			p.hosts.add(h.block.Addr().String(), lastOf(h.block).String())
			if next := lastOf(h.block).Next(); next.IsValid() {
				p.hosts.add(next.String())
			}
		case !h.any:
			p.hosts.add(h.name)
			if _, err := netip.ParseAddr(h.name); err != nil {
				p.hosts.add("sub."+h.name, "x"+h.name)
			}
		}
		p.network = append(p.network, g)
	case *EnvironmentGrant:
		p.variables.add(g.Name)
	case *Database:
		p.databases.add(g.Name)
	case *LLM:
		p.models.add(g.Model)
	case *PackageGrant:
		if p.packages[g.Name] == nil {
			p.packages[g.Name] = set[string]{}
		}
		p.packages[g.Name].add(versionsBeside(g.Versions)...)
	}
	if len(r.needs.args) > 0 || r.needs.all {
		p.readers = append(p.readers, r)
	}
	for _, c := range r.clauses {
		if c.name == "when" || c.name == "unless" {
			p.expression(c.node)
		}
	}
}

// concerns reports whether a rule can match an action.
func (r *rule) concerns(action Action) bool {
	switch {
	case len(r.actions) > 0:
		return slices.Contains(r.actions, action)
	case r.tools.text != "":
		return r.tools.match(action)
	}
	return true
}

// expression gathers the literals that an expression compares with. They are tried for every argument that it reads.
func (p *prober) expression(n xast.Node) {
	literals, ofResource := map[string]any{}, false
	add := func(v any) { literals[fmt.Sprintf("%T %v", v, v)] = v }
	value := func(v types.Value) {
		switch v := v.(type) {
		case types.String:
			add(string(v))
			add(string(v) + "x")
		case types.Long:
			add(int64(v))
			add(int64(v) + 1)
			add(int64(v) - 1)
		case types.Boolean:
			add(true)
			add(false)
		}
	}
	xast.Inspect(n, func(node xast.IsNode) bool {
		switch t := node.(type) {
		case xast.NodeValue:
			value(t.Value)
			if s, ok := t.Value.(types.Set); ok {
				for item := range s.All() {
					value(item)
				}
			}
			if uid, ok := t.Value.(types.EntityUID); ok && uid.Type == typeAgent {
				p.principals.add(string(uid.ID))
			} else if ok {
				add(string(uid.ID))
			}
		case xast.NodeTypeVariable:
			switch t.Name {
			case "principal":
				p.principals.add("somebody")
			case "resource":
				ofResource = true
			}
		case xast.NodeTypeLike:
			for _, s := range cedarInstances(t.Value) {
				add(s)
			}
		}
		return true
	})
	read := needsOf(n.AsIsNode())
	for _, name := range read.args {
		if p.args[name] == nil {
			p.args[name] = map[string]any{"": "other", "true": true, "false": false, "zero": 0}
		}
		maps.Copy(p.args[name], literals)
	}
	reads := func(key string) bool { return read.all || slices.Contains(read.keys, key) }
	for _, v := range literals {
		s, ok := v.(string)
		if n, isNumber := v.(int64); isNumber && n > 0 && n < 65536 && reads("port") {
			p.ports[int(n)] = struct{}{}
		}
		if !ok {
			continue
		}
		if ofResource {
			p.ids.add(s)
			if problem, _ := guestPath(s); problem == "" {
				p.files.add(s)
			}
			if host, err := NormalHost(s); err == nil && strings.Contains(s, ".") {
				p.hosts.add(host)
			}
			if variableName(s) {
				p.variables.add(s)
				p.databases.add(s)
			}
			p.models.add(s)
		}
		if reads("path") && strings.HasPrefix(s, "/") {
			p.paths.add(s)
		}
		if reads("method") && methodName(s) {
			p.methods.add(s)
		}
		if reads("query") {
			p.queries.add(s)
		}
		if reads("tool") && s != "" && len(s) < maxName {
			p.tools.add(s)
		}
	}
}

// instances are texts that a pattern matches, and one that it does not.
func instances(pattern string) []string {
	if !strings.Contains(pattern, "*") {
		return []string{pattern, pattern + "x"}
	}
	return []string{strings.ReplaceAll(pattern, "*", "x"), strings.ReplaceAll(pattern, "*", ""), strings.ReplaceAll(pattern, "*", "x/y"), "x" + strings.ReplaceAll(pattern, "*", "x")}
}

func cedarInstances(pattern types.Pattern) []string {
	// The pattern's own text, with the quotes taken off; escapes in it are rare and only make a probe less apt.
	text := strings.Trim(string(pattern.MarshalCedar()), `"`)
	return instances(strings.ReplaceAll(text, `\*`, "\x00"))
}

func lastOf(p netip.Prefix) netip.Addr {
	b := p.Masked().Addr().AsSlice()
	for i := p.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 1 << (7 - i%8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

func (p *prober) requests() []Request {
	var list []Request
	add := func(r Request) bool {
		for _, name := range sortedKeys(p.principals) {
			r.Principal = name
			list = append(list, r)
		}
		return len(list) < maxProbes
	}
	every := p.argumentSets()
	// Where no rule looks at arguments, none are varied.
	argsFor := func(action Action) []map[string]any {
		if slices.ContainsFunc(p.readers, func(r *rule) bool { return r.concerns(action) }) {
			return every
		}
		return every[:1]
	}
	for _, tool := range sortedKeys(p.tools) {
		if slices.Contains(builtinActions(), tool) {
			continue
		}
		for _, a := range argsFor(tool) {
			add(Request{Action: tool, Resource: Resource{ResourceTool, tool}, Context: map[string]any{"args": a}})
		}
	}
	named := func(action Action, t ResourceType, ids set[string]) {
		for _, id := range sortedKeys(ids) {
			for _, a := range argsFor(action) {
				if !add(Request{Action: action, Resource: Resource{t, id}, Context: map[string]any{"args": a}}) {
					return
				}
			}
		}
	}
	for _, action := range []Action{ActionFileRead, ActionFileWrite, ActionFileAppend} {
		named(action, ResourcePath, p.files)
	}
	named(ActionEnv, ResourceVariable, p.variables)
	named(ActionQuery, ResourceDatabase, p.databases)
	named(ActionKVGet, ResourceKey, p.ids)
	named(ActionKVSet, ResourceKey, p.ids)
	named(ActionLLM, ResourceModel, p.models)
	named(ActionRun, ResourceProgram, set[string]{"python": {}, "javascript": {}})
	for _, name := range sortedKeys(p.packages) {
		for _, version := range sortedKeys(p.packages[name]) {
			for _, a := range argsFor(ActionPackage) {
				if !add(Request{Action: ActionPackage, Resource: Resource{ResourcePackage, name}, Context: map[string]any{"version": version, "args": a}}) {
					return list
				}
			}
		}
	}
	httpArgs := argsFor(ActionHTTP)
	httpArgs = httpArgs[:min(len(httpArgs), 12)]
	for _, host := range sortedKeys(p.hosts) {
		methods, paths, ways := p.usesOf(host)
		for _, private := range []bool{false, true} {
			for _, method := range methods {
				for _, path := range paths {
					for _, w := range ways {
						for _, query := range sortedKeys(p.queries) {
							for _, a := range httpArgs {
								if !add(Request{Action: ActionHTTP, Resource: Resource{ResourceHost, host}, Context: map[string]any{
									"method": method, "scheme": w.scheme, "port": w.port, "path": path, "query": query, "private": private, "redirect": false, "args": a,
								}}) {
									return list
								}
							}
						}
					}
				}
			}
		}
	}
	return list
}

// way is how a host is reached.
type way struct {
	scheme string
	port   int
}

// usesOf lists the methods, paths and ways to try for a host: those of the grants that match it, what conditions mention, and one beside each.
func (p *prober) usesOf(host string) (methods, paths []string, ways []way) {
	m, where, at := maps.Clone(p.methods), maps.Clone(p.paths), set[way]{}
	addr, err := netip.ParseAddr(host)
	for _, g := range p.network {
		h, _, _ := parseHost(g.Host)
		if !h.any && h.name != host && (h.suffix == "" || !strings.HasSuffix(host, "."+h.suffix)) && (err != nil || !h.block.Contains(addr)) {
			continue
		}
		m.add(g.Methods...)
		for _, pattern := range g.Paths {
			where.add(instances(pattern)...)
		}
		for _, scheme := range g.Schemes {
			port := g.Port
			if port == 0 {
				port = map[string]int{"http": 80, "https": 443}[scheme]
			}
			at.add(way{scheme, port})
			for other := range p.ports {
				at.add(way{scheme, other})
			}
		}
	}
	at.add(way{"https", 443}, way{"http", 80})
	ways = slices.SortedFunc(maps.Keys(at), func(a, b way) int {
		return cmp.Or(cmp.Compare(a.scheme, b.scheme), cmp.Compare(a.port, b.port))
	})
	return sortedKeys(m), sortedKeys(where), ways
}

// argumentSets are the arguments to try: none, each value of one argument beside the first of the others, and all pairs while they are few.
func (p *prober) argumentSets() []map[string]any {
	sets := []map[string]any{{}}
	names := sortedKeys(p.args)
	if len(names) > 20 {
		names = names[:20]
	}
	base := map[string]any{}
	for _, name := range names {
		base[name] = p.args[name][sortedKeys(p.args[name])[0]]
	}
	for i, name := range names {
		for _, key := range sortedKeys(p.args[name]) {
			one := maps.Clone(base)
			one[name] = p.args[name][key]
			sets = append(sets, one, map[string]any{name: p.args[name][key]})
			if len(names) <= 4 {
				for _, other := range names[i+1:] {
					for _, k := range sortedKeys(p.args[other]) {
						two := maps.Clone(one)
						two[other] = p.args[other][k]
						sets = append(sets, two)
					}
				}
			}
			if len(sets) > 400 {
				return sets
			}
		}
	}
	return sets
}
