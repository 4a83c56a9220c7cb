package policies

import (
	"fmt"
	"net/netip"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/ast"
	"github.com/cedar-policy/cedar-go/types"
	xast "github.com/cedar-policy/cedar-go/x/exp/ast"
)

// Names of Cedar entity types.
const (
	namespace  = "Wand::"
	typeAgent  = types.EntityType(namespace + "Agent")
	typeAction = types.EntityType(namespace + "Action")
)

// actionEnvList is listing the names of the variables that are granted.
const actionEnvList Action = "env.list"

// Compile turns a policy into an engine. Overlays bind it: their forbids and their limits hold whatever the policy says, and they grant nothing.
// Extends may name presets; a policy that extends files comes from Load. The error is an *Error. The engine keeps copies.
func Compile(p *Policy, overlays ...*Overlay) (*Engine, error) {
	var f findings
	p = p.clone()
	if len(p.Extends) > 0 {
		merged, err := p.extend(func(name string, at Origin) (*Policy, error) {
			if slices.Contains(Presets(), name) {
				return Preset(name)
			}
			f.addf(at, "use Load, or extend presets: "+strings.Join(Presets(), ", "), "the policy extends %q, and a policy that was given as text cannot extend files", shorten(name, 60))
			return nil, f.err()
		})
		if err != nil {
			return nil, err
		}
		p = merged
	}
	c := &checker{findings: &f}
	c.check(p)
	c.conflicts(p)
	c.inert(p)
	if err := f.err(); err != nil {
		return nil, err
	}
	p.defaults()
	b := &builder{findings: &f, engine: &Engine{policy: p, byID: map[cedar.PolicyID]*rule{}}, ids: map[string]int{}, terms: map[string]int{}}
	b.policy(p)
	for _, o := range overlays {
		b.overlay(o)
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	b.engine.index()
	return b.engine, nil
}

// inert reports tools entries that could only grant through a section that is not there.
func (c *checker) inert(p *Policy) {
	sections := map[string]struct {
		name  string
		there bool
		add   string
	}{
		ActionHTTP:       {"network", len(p.Network) > 0, "network: [{host: api.example.com}]"},
		ActionFileRead:   {"files", len(p.Files) > 0, "files: [{host: ./data, guest: /data}]"},
		ActionFileWrite:  {"files", len(p.Files) > 0, "files: [{host: ./out, guest: /out, access: write}]"},
		ActionFileAppend: {"files", len(p.Files) > 0, "files: [{host: ./log, guest: /log, access: append}]"},
		ActionEnv:        {"environment", len(p.Environment) > 0, "environment: [LANG]"},
		ActionQuery:      {"databases", len(p.Databases) > 0, "databases: [{name: sales, file: ./sales.db}]"},
		ActionPackage:    {"packages", len(p.Packages) > 0, "packages: [sympy]"},
	}
	for i, t := range p.Tools {
		if s, ok := sections[t.Name]; ok && !s.there {
			c.addf(c.at(fmt.Sprintf("tools[%d]", i), t.Origin), "add "+s.add, "%s is granted by the section %s, which is not there; this entry alone grants nothing", t.Name, s.name)
		}
	}
}

// defaults fills in what a grant leaves unsaid, in normal form. The policy has been checked.
func (p *Policy) defaults() {
	for i := range p.Network {
		g := &p.Network[i]
		h, _, _ := parseHost(g.Host)
		g.Host, g.Port = h.String(), h.port
		if len(g.Methods) == 0 {
			g.Methods = []string{"GET", "HEAD"}
		}
		for i, m := range g.Methods {
			g.Methods[i] = strings.ToUpper(m)
		}
		if len(g.Paths) == 0 {
			g.Paths = []string{"/*"}
		}
		for i, pattern := range g.Paths {
			g.Paths[i], _ = normalPattern(pattern)
		}
		if len(g.Schemes) == 0 {
			g.Schemes = []string{"https"}
		}
		if g.MaxRequest == 0 {
			g.MaxRequest = DefaultMaxRequest
		}
		if g.MaxResponse == 0 {
			g.MaxResponse = DefaultMaxResponse
		}
		if g.Timeout == 0 {
			g.Timeout = DefaultTimeout
		}
	}
	for i := range p.Packages {
		g := &p.Packages[i]
		g.Name = NormalPackage(g.Name)
		g.Versions, _ = normalVersions(g.Versions)
	}
	for i := range p.Databases {
		d := &p.Databases[i]
		if d.MaxRows == 0 {
			d.MaxRows = 10_000
		}
		if d.Timeout == 0 {
			d.Timeout = DefaultTimeout / 5
		}
	}
	for i := range p.Commands {
		c := &p.Commands[i]
		if c.Timeout == 0 {
			c.Timeout = DefaultTimeout
		}
		if c.MaxOutput == 0 {
			c.MaxOutput = DefaultMaxRequest
		}
	}
	if k := p.KV; k != nil {
		if k.Namespace == "" {
			k.Namespace = p.Name
		}
		if k.Quota == 0 {
			k.Quota = DefaultMaxRequest
		}
	}
	if m := p.LLM; m != nil {
		if m.BaseURL == "" {
			m.BaseURL = "https://api.openai.com/v1"
		}
		if m.MaxTokens == 0 {
			m.MaxTokens = 20_000
		}
	}
	if r := p.Run; r != nil {
		if r.MaxDepth == 0 {
			r.MaxDepth = 1
		}
		if r.Share == 0 {
			r.Share = 0.5
		}
	}
}

// Overlay is what an organisation lays over every policy: forbids and limits that bind whatever a document says. It grants nothing.
type Overlay struct {
	// Policy says limits, forbids and Cedar files; nothing else may be there. It may be nil.
	Policy *Policy
	// Cedar are files of forbids. A permit in one is an error.
	Cedar []CedarFile
}

// LoadOverlay reads an overlay from a .cedar file or a policy document.
func LoadOverlay(path string) (*Overlay, error) {
	if filepath.Ext(path) != ".cedar" {
		p, err := Load(path)
		if err != nil {
			return nil, err
		}
		return &Overlay{Policy: p}, nil
	}
	text, err := readFile(path, MaxCedarFile)
	if err != nil {
		return nil, &Error{Findings: []Finding{{File: path, Message: "the overlay cannot be read: " + err.Error()}}}
	}
	return &Overlay{Cedar: []CedarFile{{Path: path, Text: text}}}, nil
}

// rule is one Cedar policy and what is known about it beyond Cedar.
type rule struct {
	id     cedar.PolicyID
	name   string
	origin Origin
	policy *cedar.Policy
	forbid bool
	// narrows says that the forbid is a tools entry's "unless when": where it applies, the entry's condition did not hold.
	narrows bool
	overlay bool
	grant   any
	reason  string
	clauses []*clause
	needs   needs
	order   int

	// What the index knows about the requests that the rule can match. Empty is any.
	actions []string
	tools   pattern // of the action's name
	// resource is an exact "Type::id"; suffix the part of a host name below which the rule holds; prefix a guest path at or below which it does.
	resource, suffix, prefix string
}

// builder makes rules.
type builder struct {
	*findings
	engine *Engine
	// ids and terms are the names that are taken, of rules and of what calls are counted by.
	ids, terms map[string]int
}

func (b *builder) add(r *rule, p *xast.Policy) {
	if r.name == "" {
		r.name = r.origin.Path
	}
	name := r.name
	if r.narrows {
		name += " narrows"
	}
	id := unique(b.ids, name, r.origin)
	if p.Annotations == nil || !slices.ContainsFunc(p.Annotations, func(a xast.AnnotationType) bool { return a.Key == "id" }) {
		p.Annotations = append([]xast.AnnotationType{{Key: "id", Value: types.String(id)}}, p.Annotations...)
	}
	if r.reason != "" && r.forbid && !r.narrows {
		p.Annotations = append(p.Annotations, xast.AnnotationType{Key: "reason", Value: types.String(r.reason)})
	}
	r.id, r.order = cedar.PolicyID(id), len(b.engine.rules)
	r.forbid = p.Effect == xast.EffectForbid
	bodies := make([]xast.IsNode, len(p.Conditions))
	for i, c := range p.Conditions {
		bodies[i] = c.Body
	}
	r.needs = needsOf(bodies...)
	r.policy = cedar.NewPolicyFromAST((*ast.Policy)(p))
	b.engine.rules = append(b.engine.rules, r)
	b.engine.byID[r.id] = r
}

// unique makes a name that is not taken: two documents may both have a network[0].
func unique(taken map[string]int, name string, o Origin) string {
	if file := filepath.Base(o.File); taken[name] > 0 && file != "." {
		name += " (" + file + ")"
	}
	unique := name
	for n := 2; taken[unique] > 0; n++ {
		unique = fmt.Sprintf("%s #%d", name, n)
	}
	taken[unique]++
	return unique
}

// permit adds a grant: the scope's parts in order, then its clauses.
func (b *builder) permit(r *rule, resource *types.EntityUID) {
	p := xast.Permit()
	scopeActions(p, r.actions)
	if resource != nil {
		p.ResourceEq(*resource)
		r.resource = resourceKey(string(resource.Type), string(resource.ID))
	}
	for _, c := range r.clauses {
		p.When(c.node)
	}
	if resource != nil {
		// Explain treats what the scope says about the resource as one more condition.
		name := "resource"
		if resource.Type == types.EntityType(namespace+ResourceHost) {
			name = "host"
		}
		is := newClause(xast.Resource().Equal(xast.Value(*resource)), name, string(resource.ID))
		r.clauses = append([]*clause{is}, r.clauses...)
	}
	b.add(r, p)
}

func newClause(node xast.Node, name, wants string) *clause {
	return &clause{node: node, name: name, wants: wants}
}

func scopeActions(p *xast.Policy, actions []string) {
	switch len(actions) {
	case 0:
	case 1:
		p.ActionEq(actionUID(actions[0]))
	default:
		list := make([]types.EntityUID, len(actions))
		for i, a := range actions {
			list[i] = actionUID(a)
		}
		p.ActionInSet(list...)
	}
}

func actionUID(name string) types.EntityUID {
	return types.NewEntityUID(typeAction, types.String(name))
}

func resourceUID(t ResourceType, id string) *types.EntityUID {
	uid := types.NewEntityUID(types.EntityType(namespace+string(t)), types.String(id))
	return &uid
}

func resourceKey(cedarType, id string) string { return cedarType + "::" + id }

// policy adds the rules of a document, in the order of README.
func (b *builder) policy(p *Policy) {
	name := func(o Origin, section string, i int) string {
		if o.Path != "" {
			return o.Path
		}
		if i < 0 {
			return section
		}
		return fmt.Sprintf("%s[%d]", section, i)
	}
	for i := range p.Files {
		g := &p.Files[i]
		in := resourceID().Equal(xast.String(g.Guest)).Or(resourceID().Like(likePattern(escapeStars(g.Guest) + "/*")))
		is := xast.Resource().Is(types.EntityType(namespace + ResourcePath))
		b.permit(&rule{name: name(g.Origin, "files", i), origin: g.Origin, grant: g, actions: g.Actions(), prefix: g.Guest,
			clauses: []*clause{{node: is.And(in), name: "path", wants: "something at or below " + g.Guest}}}, nil)
	}
	for i := range p.Network {
		b.network(&p.Network[i], name(p.Network[i].Origin, "network", i))
	}
	for i := range p.Environment {
		v := &p.Environment[i]
		b.permit(&rule{name: name(v.Origin, "environment", i), origin: v.Origin, grant: v, actions: []string{ActionEnv}}, resourceUID(ResourceVariable, v.Name))
	}
	if len(p.Environment) > 0 {
		g := &p.Environment[0]
		b.permit(&rule{name: "environment", origin: g.Origin, grant: g, actions: []string{actionEnvList}}, nil)
	}
	for i := range p.Tools {
		b.tool(p, &p.Tools[i], name(p.Tools[i].Origin, "tools", i))
	}
	if k := p.KV; k != nil {
		b.permit(&rule{name: name(k.Origin, "kv", -1), origin: k.Origin, grant: k, actions: []string{ActionKVGet, ActionKVSet}}, nil)
	}
	for i := range p.Databases {
		d := &p.Databases[i]
		b.permit(&rule{name: name(d.Origin, "databases", i), origin: d.Origin, grant: d, actions: []string{ActionQuery}}, resourceUID(ResourceDatabase, d.Name))
	}
	if m := p.LLM; m != nil {
		b.permit(&rule{name: name(m.Origin, "llm", -1), origin: m.Origin, grant: m, actions: []string{ActionLLM}}, resourceUID(ResourceModel, m.Model))
	}
	for i := range p.Commands {
		c := &p.Commands[i]
		b.permit(&rule{name: name(c.Origin, "commands", i), origin: c.Origin, grant: c, actions: []string{c.Name}}, resourceUID(ResourceTool, c.Name))
	}
	if r := p.Run; r != nil {
		b.permit(&rule{name: name(r.Origin, "run", -1), origin: r.Origin, grant: r, actions: []string{ActionRun}}, nil)
	}
	for i := range p.Packages {
		g := &p.Packages[i]
		r := &rule{name: name(g.Origin, "packages", i), origin: g.Origin, grant: g, actions: []string{ActionPackage}}
		if g.Versions != "" {
			attribute := types.String(meetsPrefix + g.Versions)
			r.clauses = append(r.clauses, newClause(xast.Context().Has(attribute).And(xast.Context().Access(attribute)), "version", g.Versions))
		}
		b.permit(r, resourceUID(ResourcePackage, g.Name))
	}
	for i := range p.Forbid {
		b.forbidEntry(&p.Forbid[i], name(p.Forbid[i].Origin, "forbid", i), false)
	}
	for _, file := range p.Cedar {
		b.cedarFile(file, false)
	}
}

func resourceID() xast.Node { return xast.Resource().Access("id") }

// contextTool is the action's name as a text, for patterns.
func contextTool() xast.Node { return xast.Context().Access("tool") }

func (b *builder) network(g *NetworkGrant, name string) {
	h, _, _ := parseHost(g.Host)
	r := &rule{name: name, origin: g.Origin, grant: g, actions: []string{ActionHTTP}}
	var resource *types.EntityUID
	is := xast.Resource().Is(types.EntityType(namespace + ResourceHost))
	switch {
	case h.any:
		r.clauses = append(r.clauses, newClause(is, "host", "any host"))
	case h.suffix != "":
		r.suffix = h.suffix
		r.clauses = append(r.clauses, newClause(is.And(resourceID().Like(likePattern("*."+h.suffix))), "host", "a name below "+h.suffix))
	case h.block.IsValid():
		in := xast.Resource().Has("address").And(xast.Resource().Access("address").IsInRange(xast.IPAddr(h.block)))
		r.clauses = append(r.clauses, newClause(is.And(in), "host", "an address in "+h.block.String()))
	default:
		resource = resourceUID(ResourceHost, h.name)
	}
	context := xast.Context()
	if !g.Private {
		r.clauses = append(r.clauses, newClause(xast.Not(context.Has("private")).Or(context.Access("private").Equal(xast.False())), "private", "a public address; the grant does not say private: true"))
	}
	r.clauses = append(r.clauses, oneOfClause("scheme", g.Schemes))
	port := func(n int) xast.Node { return context.Access("port").Equal(xast.Long(n)) }
	scheme := func(s string) xast.Node { return context.Access("scheme").Equal(xast.String(s)) }
	switch {
	case g.Port != 0:
		r.clauses = append(r.clauses, newClause(port(g.Port), "port", fmt.Sprint(g.Port)))
	case len(g.Schemes) == 1 && g.Schemes[0] == "https":
		r.clauses = append(r.clauses, newClause(port(443), "port", "443"))
	case len(g.Schemes) == 1:
		r.clauses = append(r.clauses, newClause(port(80), "port", "80"))
	default:
		own := scheme("https").And(port(443)).Or(scheme("http").And(port(80)))
		r.clauses = append(r.clauses, newClause(own, "port", "the scheme's own port"))
	}
	r.clauses = append(r.clauses, oneOfClause("method", g.Methods))
	if !slices.Contains(g.Paths, "/*") {
		var any xast.Node
		for i, pattern := range g.Paths {
			like := context.Access("path").Like(likePattern(pattern))
			if i == 0 {
				any = like
			} else {
				any = any.Or(like)
			}
		}
		r.clauses = append(r.clauses, newClause(any, "path", strings.Join(g.Paths, " or ")))
	} else {
		// Also a rule for any path asks for one that could be normalised.
		r.clauses = append(r.clauses, newClause(context.Access("path").Like(likePattern("/*")), "path", "any path"))
	}
	b.permit(r, resource)
}

// oneOfClause asks that an attribute of the context is one of a few texts.
func oneOfClause(attribute string, texts []string) *clause {
	is := xast.Context().Access(types.String(attribute))
	if len(texts) == 1 {
		return newClause(is.Equal(xast.String(texts[0])), attribute, texts[0])
	}
	set := make([]types.Value, len(texts))
	for i, t := range texts {
		set[i] = types.String(t)
	}
	return newClause(xast.Value(types.NewSet(set...)).Contains(is), attribute, strings.Join(texts, " or "))
}

// governed lists the actions that sections of a policy grant: there a tools entry narrows. The first seven are never granted by a tools entry,
// because a host, a path, a variable, a database or a package has to be named.
//
// Names of variables are no secret from a program that is granted some: env.list goes with them.
func governed(p *Policy) []string {
	list := []string{ActionHTTP, ActionFileRead, ActionFileWrite, ActionFileAppend, ActionEnv, ActionQuery, ActionPackage}
	if len(p.Environment) > 0 {
		list = append(list, actionEnvList)
	}
	if p.KV != nil {
		list = append(list, ActionKVGet, ActionKVSet)
	}
	if p.LLM != nil {
		list = append(list, ActionLLM)
	}
	if p.Run != nil {
		list = append(list, ActionRun)
	}
	for i := range p.Commands {
		list = append(list, p.Commands[i].Name)
	}
	return list
}

// tool adds what a tools entry means: a permit for the tools that no section grants, and a forbid unless its condition holds for those that
// a section does.
func (b *builder) tool(p *Policy, t *ToolGrant, name string) {
	var when xast.IsNode
	if t.When != "" {
		var err *cedarError
		if when, err = parseExpression(t.When); err != nil {
			b.addf(t.Origin, "", "the Cedar expression cannot be read: %s", err.message)
			return
		}
	}
	match := newPattern(t.Name)
	var narrowed []string
	for _, a := range governed(p) {
		if match.match(a) {
			narrowed = append(narrowed, a)
		}
	}
	grants := match.stars() || len(narrowed) == 0
	terms := Terms{
		Rule: unique(b.terms, name, t.Origin), MaxCalls: int(t.MaxCalls), Rate: Rate{int(t.Rate.Count), time.Duration(t.Rate.Per)}, Timeout: time.Duration(t.Timeout), Approve: t.Approve,
	}
	b.engine.entries = append(b.engine.entries, entry{terms, match, narrowed, ""})
	if grants {
		r := &rule{name: name, origin: t.Origin, grant: t}
		if match.stars() {
			r.tools = match
			like := contextTool().Like(likePattern(t.Name))
			if len(narrowed) > 0 {
				like = like.And(xast.Not(xast.Value(stringSet(narrowed)).Contains(contextTool())))
			}
			r.clauses = append(r.clauses, newClause(like, "tool", "a tool named "+t.Name))
		} else {
			r.actions = []string{t.Name}
		}
		if when != nil {
			r.clauses = append(r.clauses, newClause(xast.NewNode(when), "when", t.When))
		}
		b.permit(r, nil)
		b.engine.entries[len(b.engine.entries)-1].permit = r.id
	}
	if when != nil && len(narrowed) > 0 {
		f := xast.Forbid()
		scopeActions(f, narrowed)
		f.Unless(xast.NewNode(when))
		b.add(&rule{name: name, origin: t.Origin, narrows: true, actions: narrowed, reason: t.When, clauses: []*clause{newClause(xast.NewNode(when), "when", t.When)}}, f)
	}
}

func stringSet(list []string) types.Set {
	values := make([]types.Value, len(list))
	for i, s := range list {
		values[i] = types.String(s)
	}
	return types.NewSet(values...)
}

func (b *builder) forbidEntry(f *Forbid, name string, overlay bool) {
	r := &rule{name: name, origin: f.Origin, forbid: true, overlay: overlay, reason: f.Reason}
	p := xast.Forbid()
	if match := newPattern(f.Name); match.stars() {
		r.tools = match
		if f.Name != "*" {
			like := contextTool().Like(likePattern(f.Name))
			r.clauses = append(r.clauses, newClause(like, "tool", "a tool named "+f.Name))
			p.When(like)
		}
	} else {
		r.actions = []string{f.Name}
		p.ActionEq(actionUID(f.Name))
	}
	if f.When != "" {
		when, err := parseExpression(f.When)
		if err != nil {
			b.addf(f.Origin, "", "the Cedar expression cannot be read: %s", err.message)
			return
		}
		node := xast.NewNode(when)
		r.clauses = append(r.clauses, newClause(node, "when", f.When))
		p.When(node)
	}
	b.add(r, p)
}

// cedarFile adds the forbids of a file. A permit is an error in an overlay, which cannot grant, and a warning in a document, which grants in
// its own words only.
func (b *builder) cedarFile(file CedarFile, overlay bool) {
	if file.Text == nil {
		b.addf(file.Origin, "use Load, which reads it", "the Cedar file %s has not been read", filepath.Base(file.Path))
		return
	}
	shown := showPath(file.Path)
	list, err := parseCedarFile(shown, file.Text)
	if err != nil {
		for _, found := range err.(*Error).Findings {
			b.findings.add(found)
		}
		return
	}
	src := newSource(shown, file.Text)
	for i, p := range list {
		at := src.at(p.Position().Line, p.Position().Column, "")
		if p.Effect() == cedar.Permit {
			if overlay {
				b.addf(at, "write forbid, or move the grant to the policy document", "an overlay grants nothing, and this is a permit")
				continue
			}
			found := at.finding("this permit counts for nothing: grants are made in the policy document")
			b.engine.warnings = append(b.engine.warnings, found)
			continue
		}
		annotations := p.Annotations()
		name := string(annotations["id"])
		if name == "" {
			name = fmt.Sprintf("%s[%d]", filepath.Base(file.Path), i)
		}
		tree := (*xast.Policy)(p.AST())
		r := &rule{name: shorten(name, 80), origin: at, overlay: overlay, reason: shorten(string(annotations["reason"]), 300)}
		switch scope := tree.Action.(type) {
		case xast.ScopeTypeEq:
			r.actions = []string{actionOf(scope.Entity)}
		}
		for _, cond := range tree.Conditions {
			word, node := "when", xast.NewNode(cond.Body)
			if cond.Condition == xast.ConditionUnless {
				word, node = "unless", xast.Not(node)
			}
			r.clauses = append(r.clauses, newClause(node, word, "the condition of "+r.name))
		}
		b.add(r, tree)
	}
}

// actionOf is the name of an action; one of another type can never be asked for.
func actionOf(uid types.EntityUID) string {
	if uid.Type != typeAction {
		return "\x00"
	}
	return string(uid.ID)
}

// showPath is how a file is named in messages: from the working folder where it lies below that.
func showPath(p string) string {
	if dir, err := os.Getwd(); err == nil && filepath.IsAbs(p) {
		if rel, err := filepath.Rel(dir, p); err == nil && filepath.IsLocal(rel) {
			return rel
		}
	}
	return p
}

// overlay adds an organisation's forbids and limits.
func (b *builder) overlay(o *Overlay) {
	if o == nil {
		return
	}
	if p := o.Policy; p != nil {
		p = p.clone()
		c := &checker{findings: b.findings}
		c.check(p)
		sections := map[string]bool{
			"files": len(p.Files) > 0, "network": len(p.Network) > 0, "environment": len(p.Environment) > 0, "tools": len(p.Tools) > 0, "kv": p.KV != nil,
			"databases": len(p.Databases) > 0, "llm": p.LLM != nil, "mcp": p.MCP != nil, "commands": len(p.Commands) > 0, "run": p.Run != nil,
			"packages": len(p.Packages) > 0, "secrets": len(p.Secrets) > 0, "clock": p.Clock != "", "random": p.Random != "", "extends": len(p.Extends) > 0,
		}
		for _, section := range sortedKeys(sections) {
			if sections[section] {
				b.addf(Origin{File: p.Origin.File, Path: section}, "an overlay says limits, forbid and cedar; move the rest to the policy document", "an overlay grants nothing")
			}
		}
		b.engine.policy.Limits = b.engine.policy.Limits.Min(p.Limits)
		for i := range p.Forbid {
			b.forbidEntry(&p.Forbid[i], fmt.Sprintf("overlay forbid[%d]", i), true)
		}
		for _, file := range p.Cedar {
			b.cedarFile(file, true)
		}
	}
	for _, file := range o.Cedar {
		b.cedarFile(file, true)
	}
}

// likePattern reads a pattern of a document, where * is the only sign, into Cedar's. "\x00" stands for a star that is meant literally.
func likePattern(text string) types.Pattern {
	var parts []any
	for i, literal := range strings.Split(text, "*") {
		if i > 0 {
			parts = append(parts, types.Wildcard{})
		}
		if literal != "" {
			parts = append(parts, strings.ReplaceAll(literal, "\x00", "*"))
		}
	}
	return types.NewPattern(parts...)
}

// escapeStars keeps the stars of a text that is no pattern.
func escapeStars(s string) string { return strings.ReplaceAll(s, "*", "\x00") }

// pattern is a name with stars, for the index: it says which rules are worth asking, as Cedar's like would.
type pattern struct {
	text string
	like types.Pattern
}

func newPattern(text string) pattern { return pattern{text, likePattern(text)} }

func (p pattern) stars() bool { return strings.Contains(p.text, "*") }

func (p pattern) match(name string) bool {
	if !p.stars() {
		return p.text == name
	}
	return p.like.Match(types.String(name))
}

// parentsOf is the group that an entity lies in: the folder of a path, the domain of a host name, the first part of an action's name.
func parentsOf(uid types.EntityUID) (types.EntityUID, bool) {
	id := string(uid.ID)
	up := ""
	switch uid.Type {
	case typeAction:
		if i := strings.LastIndexByte(id, '.'); i > 0 {
			up = id[:i]
		}
	case types.EntityType(namespace + ResourcePath):
		if strings.HasPrefix(id, "/") && id != "/" {
			up = path.Dir(id)
		}
	case types.EntityType(namespace + ResourceHost):
		if _, err := netip.ParseAddr(id); err != nil {
			_, up, _ = strings.Cut(id, ".")
		}
	}
	if up == "" {
		return types.EntityUID{}, false
	}
	return types.NewEntityUID(uid.Type, types.String(up)), true
}
