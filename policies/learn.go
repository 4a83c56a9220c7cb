package policies

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/cedar-policy/cedar-go/types"
)

// Learned is a policy that was made from requests, for a person to review.
type Learned struct {
	Policy *Policy
	// Skipped are requests that no policy could allow, with the reason.
	Skipped []string
	// comments say which requests an entry is for, by its place in the document.
	comments map[string]string
}

// YAML writes the document, with a comment for each entry that says which calls needed it.
func (l *Learned) YAML() []byte {
	var b bytes.Buffer
	b.WriteString("# Learned from a run. Read it before you use it: it allows what the program did, not what it should do.\n")
	for _, s := range l.Skipped {
		fmt.Fprintf(&b, "# left out: %s\n", strings.Map(printable, s))
	}
	w := yamlWriter{&b}
	w.object(reflect.ValueOf(l.Policy).Elem(), 0, l.comments)
	return b.Bytes()
}

// Bounds of what Learn spells out before it uses a pattern.
const (
	maxExactPaths = 16 // paths of one host and method, keys, files
	maxArgSets    = 8  // combinations of arguments of one tool
	maxStable     = 120
)

// Learn makes the smallest policy that lets these requests through and nothing beside them. base, which may be nil, is the policy the run had:
// it knows which host folder a guest path shows and what databases, commands, models and servers are behind the names. A folder that base does
// not know is written as ./NAME, to be corrected. Queries and bodies of http requests, long texts and lists among arguments are not bound.
func Learn(requests []Request, base *Policy) *Learned {
	if base == nil {
		base = &Policy{}
	}
	l := &learner{
		Learned: Learned{Policy: &Policy{Version: 1, Name: "learned", Clock: base.Clock, Random: base.Random}, comments: map[string]string{}},
		base:    base.clone(), calls: map[string]*learnedCall{},
	}
	for _, r := range requests {
		q, problem := ask(r)
		if problem != "" {
			l.Skipped = append(l.Skipped, r.What()+": "+problem)
			continue
		}
		l.add(q.asRequest())
	}
	l.files()
	l.network()
	l.variables()
	l.named()
	l.tools()
	return &l.Learned
}

type learnedCall struct {
	request Request
	count   int
}

type learner struct {
	Learned
	base  *Policy
	calls map[string]*learnedCall
	order []*learnedCall
}

// add counts a request once for each way it differs in what a policy can bind.
func (l *learner) add(r Request) {
	stable, _ := json.Marshal(stableArgs(r))
	key := fmt.Sprintf("%s\x00%s\x00%s\x00%v\x00%s", r.Action, r.Resource.Type, r.What(), r.Context["private"], stable)
	c := l.calls[key]
	if c == nil {
		c = &learnedCall{request: r}
		l.calls[key] = c
		l.order = append(l.order, c)
	}
	c.count++
}

// of lists the calls of an action, or of those for which is says so, in the order they were first made.
func (l *learner) of(is func(Request) bool) []*learnedCall {
	var list []*learnedCall
	for _, c := range l.order {
		if is(c.request) {
			list = append(list, c)
		}
	}
	return list
}

func (l *learner) comment(at string, calls []*learnedCall) {
	var b strings.Builder
	for i, c := range calls {
		if i == 8 {
			fmt.Fprintf(&b, "and %d more\n", len(calls)-i)
			break
		}
		b.WriteString(shorten(strings.Map(printable, c.request.What()+argsText(c.request)), 120))
		if c.count > 1 {
			fmt.Fprintf(&b, ", %d times", c.count)
		}
		b.WriteByte('\n')
	}
	l.comments[at] += b.String()
}

func isFile(r Request) bool {
	return r.Action == ActionFileRead || r.Action == ActionFileWrite || r.Action == ActionFileAppend
}

// files mounts what was used and narrows each action to the paths that it was used on.
func (l *learner) files() {
	calls := l.of(isFile)
	type mount struct {
		grant   FileGrant
		calls   []*learnedCall
		actions set[string]
	}
	var mounts []*mount
	for _, c := range calls {
		id := c.request.Resource.ID
		if id == "/" {
			l.Skipped = append(l.Skipped, c.request.What()+": the root of the guest's filesystem is no folder of the host's")
			continue
		}
		i := slices.IndexFunc(mounts, func(m *mount) bool { return within(id, m.grant.Guest) })
		if i < 0 {
			i = len(mounts)
			mounts = append(mounts, &mount{grant: l.mountOf(id), actions: set[string]{}})
		}
		mounts[i].calls = append(mounts[i].calls, c)
		mounts[i].actions.add(c.request.Action)
	}
	for i, m := range mounts {
		_, reads := m.actions[ActionFileRead]
		_, appends := m.actions[ActionFileAppend]
		switch {
		case reads && len(m.actions) == 1:
			m.grant.Access, m.grant.Quota = AccessRead, 0
		case appends && len(m.actions) == 1:
			m.grant.Access = AccessAppend
		default:
			m.grant.Access = AccessWrite
		}
		l.Policy.Files = append(l.Policy.Files, m.grant)
		l.comment(fmt.Sprintf("files[%d]", i), m.calls)
	}
	for _, action := range []Action{ActionFileRead, ActionFileWrite, ActionFileAppend} {
		if !slices.ContainsFunc(l.Policy.Files, func(g FileGrant) bool { return slices.Contains(g.Actions(), action) }) {
			continue
		}
		l.narrowIDs(action, l.of(func(r Request) bool { return r.Action == action && r.Resource.ID != "/" }))
	}
}

// mountOf is the base's grant for a path, or a guess.
func (l *learner) mountOf(id string) FileGrant {
	for _, g := range l.base.Files {
		if g.Guest == "" {
			g.Guest = "/" + filepath.Base(g.Host)
		}
		if within(id, g.Guest) {
			g.Origin = Origin{}
			return g
		}
	}
	top, _, _ := strings.Cut(strings.TrimPrefix(id, "/"), "/")
	return FileGrant{Host: "./" + top, Guest: "/" + top}
}

// narrowIDs adds a tools entry that holds an action to the resources that it was used on.
func (l *learner) narrowIDs(action Action, calls []*learnedCall) {
	ids := set[string]{}
	for _, c := range calls {
		ids.add(c.request.Resource.ID)
	}
	l.entry(ToolGrant{Name: action, When: oneOfIDs(sortedKeys(ids))}, calls)
}

func (l *learner) entry(t ToolGrant, calls []*learnedCall) {
	l.comment(fmt.Sprintf("tools[%d]", len(l.Policy.Tools)), calls)
	l.Policy.Tools = append(l.Policy.Tools, t)
}

// oneOfIDs is an expression that holds for these resources: each of them, or what they have in common when they are many.
func oneOfIDs(ids []string) string {
	switch {
	case len(ids) == 0:
		return "false"
	case len(ids) == 1:
		return "resource.id == " + cedarText(ids[0])
	case len(ids) <= maxExactPaths:
		quoted := make([]string, len(ids))
		for i, id := range ids {
			quoted[i] = cedarText(id)
		}
		if list := "[" + strings.Join(quoted, ", ") + "].contains(resource.id)"; len(list) <= maxExpression {
			return list
		}
	}
	// Folders in common, one like for each, as long as that is short.
	var likes []string
	for _, group := range commonFolders(ids) {
		likes = append(likes, "resource.id like "+string(likePattern(escapeStars(group)+"*").MarshalCedar()))
	}
	if text := strings.Join(likes, " || "); len(text) <= maxExpression {
		return text
	}
	return "resource.id like " + string(likePattern(escapeStars(commonPrefix(ids))+"*").MarshalCedar())
}

// commonFolders groups sorted texts by the folder they lie in, up to the last slash.
func commonFolders(ids []string) []string {
	groups := set[string]{}
	for _, id := range ids {
		if i := strings.LastIndexByte(id, '/'); i > 0 {
			groups.add(id[:i+1])
		} else {
			return []string{commonPrefix(ids)}
		}
	}
	list := sortedKeys(groups)
	if len(list) > maxExactPaths {
		return []string{commonPrefix(ids)}
	}
	return list
}

func commonPrefix(ids []string) string {
	prefix := ids[0]
	for _, id := range ids {
		for !strings.HasPrefix(id, prefix) {
			prefix = prefix[:len(prefix)-1]
		}
	}
	return strings.ToValidUTF8(prefix, "")
}

func cedarText(s string) string { return string(types.String(s).MarshalCedar()) }

// network makes one grant for the methods of a host that were used on the same paths.
func (l *learner) network() {
	type place struct {
		host, scheme string
		port         int
		private      bool
	}
	type use struct {
		methods map[string]set[string] // the paths of each
		calls   []*learnedCall
	}
	var order []place
	uses := map[place]*use{}
	for _, c := range l.of(func(r Request) bool { return r.Action == ActionHTTP }) {
		r := c.request
		at := place{host: r.Resource.ID}
		at.scheme, _ = r.Context["scheme"].(string)
		at.port = intOf(r.Context["port"])
		at.private = r.Context["private"] == true
		method, _ := r.Context["method"].(string)
		p, _ := r.Context["path"].(string)
		if r.Resource.Type != ResourceHost || at.port < 1 || at.port > 65535 || !methodName(method) || p == "" || at.scheme != "https" && at.scheme != "http" {
			l.Skipped = append(l.Skipped, r.What()+": the request does not say host, method, scheme, port and path")
			continue
		}
		if uses[at] == nil {
			uses[at] = &use{methods: map[string]set[string]{}}
			order = append(order, at)
		}
		u := uses[at]
		if u.methods[method] == nil {
			u.methods[method] = set[string]{}
		}
		u.methods[method].add(p)
		u.calls = append(u.calls, c)
	}
	for _, at := range order {
		u := uses[at]
		var grants []NetworkGrant
		for _, method := range sortedKeys(u.methods) {
			paths := narrowPaths(sortedKeys(u.methods[method]))
			if i := slices.IndexFunc(grants, func(g NetworkGrant) bool { return slices.Equal(g.Paths, paths) }); i >= 0 {
				grants[i].Methods = append(grants[i].Methods, method)
				continue
			}
			host := at.host
			if at.port != map[string]int{"http": 80, "https": 443}[at.scheme] {
				if strings.Contains(host, ":") {
					host = "[" + host + "]"
				}
				host += ":" + strconv.Itoa(at.port)
			}
			grants = append(grants, NetworkGrant{Host: host, Methods: []string{method}, Paths: paths, Schemes: []string{at.scheme}, Private: at.private})
		}
		for _, g := range grants {
			l.withSecrets(&g)
			var calls []*learnedCall
			for _, c := range u.calls {
				if m, _ := c.request.Context["method"].(string); slices.Contains(g.Methods, m) {
					calls = append(calls, c)
				}
			}
			l.comment(fmt.Sprintf("network[%d]", len(l.Policy.Network)), calls)
			l.Policy.Network = append(l.Policy.Network, g)
		}
	}
}

// withSecrets carries over headers and secrets that base grants for the same host.
func (l *learner) withSecrets(g *NetworkGrant) {
	for _, b := range l.base.Network {
		h, _, err := parseHost(b.Host)
		if want, _, _ := parseHost(g.Host); err != nil || h.name != want.name || h.name == "" {
			continue
		}
		g.Headers, g.Secrets = b.Headers, b.Secrets
		for _, template := range b.Secrets {
			names, _ := SecretNames(template)
			for _, name := range names {
				l.secret(name)
			}
		}
		return
	}
}

func (l *learner) secret(name string) {
	if s, ok := l.base.Secrets[name]; ok {
		if l.Policy.Secrets == nil {
			l.Policy.Secrets = map[string]Secret{}
		}
		s.Origin = Origin{}
		l.Policy.Secrets[name] = s
	}
}

// narrowPaths spells paths out, or says their folders when they are many.
func narrowPaths(paths []string) []string {
	if len(paths) <= maxExactPaths {
		return paths
	}
	groups := set[string]{}
	for _, p := range paths {
		groups.add(strings.TrimSuffix(path.Dir(p), "/") + "/*")
	}
	if len(groups) > maxExactPaths {
		prefix := commonPrefix(paths)
		return []string{prefix[:strings.LastIndexByte(prefix, '/')+1] + "*"}
	}
	return sortedKeys(groups)
}

func intOf(v any) int {
	switch v := v.(type) {
	case int:
		return v
	case int64:
		return int(v)
	case float64:
		return int(v)
	case json.Number:
		n, _ := strconv.Atoi(string(v))
		return n
	}
	return 0
}

func (l *learner) variables() {
	for _, c := range l.of(func(r Request) bool { return r.Action == ActionEnv }) {
		name := c.request.Resource.ID
		if !variableName(name) || c.request.Resource.Type != ResourceVariable {
			l.Skipped = append(l.Skipped, c.request.What()+": it is no name of a variable")
			continue
		}
		if slices.ContainsFunc(l.Policy.Environment, func(g EnvironmentGrant) bool { return g.Name == name }) {
			continue
		}
		g := EnvironmentGrant{Name: name}
		for _, b := range l.base.Environment {
			if b.Name == name {
				g = b
				g.Origin = Origin{}
			}
		}
		l.comment(fmt.Sprintf("environment[%d]", len(l.Policy.Environment)), []*learnedCall{c})
		l.Policy.Environment = append(l.Policy.Environment, g)
	}
}

// named adds the sections of what has a name behind it.
func (l *learner) named() {
	is := func(actions ...Action) []*learnedCall {
		return l.of(func(r Request) bool { return slices.Contains(actions, r.Action) })
	}
	for _, c := range is(ActionQuery) {
		name := c.request.Resource.ID
		if !plainName(name) {
			l.Skipped = append(l.Skipped, c.request.What()+": it is no name of a database")
			continue
		}
		if slices.ContainsFunc(l.Policy.Databases, func(d Database) bool { return d.Name == name }) {
			continue
		}
		d := Database{Name: name, File: "./" + name + ".db"}
		for _, b := range l.base.Databases {
			if b.Name == name {
				d = b
				d.Origin = Origin{}
			}
		}
		l.comment(fmt.Sprintf("databases[%d]", len(l.Policy.Databases)), []*learnedCall{c})
		l.Policy.Databases = append(l.Policy.Databases, d)
	}
	if calls := is(ActionKVGet, ActionKVSet); len(calls) > 0 {
		l.Policy.KV = &KV{Namespace: "learned"}
		if l.base.KV != nil {
			*l.Policy.KV = *l.base.KV
		}
		l.Policy.KV.Origin = Origin{}
		l.comment("kv", calls)
		l.narrowIDs(ActionKVGet, is(ActionKVGet))
		l.narrowIDs(ActionKVSet, is(ActionKVSet))
	}
	for _, c := range is(ActionPackage) {
		g := PackageGrant{}
		if err := g.UnmarshalText([]byte(c.request.Resource.ID)); err != nil || g.Versions != "" {
			l.Skipped = append(l.Skipped, c.request.What()+": it is no name of a package")
			continue
		}
		if slices.ContainsFunc(l.Policy.Packages, func(p PackageGrant) bool { return p.Name == g.Name }) {
			continue
		}
		for _, b := range l.base.Packages {
			if NormalPackage(b.Name) == g.Name {
				g.Versions = b.Versions
			}
		}
		l.comment(fmt.Sprintf("packages[%d]", len(l.Policy.Packages)), []*learnedCall{c})
		l.Policy.Packages = append(l.Policy.Packages, g)
	}
	if calls := is(ActionLLM); len(calls) > 0 {
		l.Policy.LLM = &LLM{Model: calls[0].request.Resource.ID}
		if l.base.LLM != nil {
			*l.Policy.LLM = *l.base.LLM
			l.secret(l.base.LLM.Key)
		}
		l.Policy.LLM.Origin = Origin{}
		l.comment("llm", calls)
	}
	if calls := is(ActionRun); len(calls) > 0 {
		l.Policy.Run = &Run{MaxDepth: 1}
		if l.base.Run != nil {
			*l.Policy.Run = *l.base.Run
		}
		l.Policy.Run.Origin = Origin{}
		l.comment("run", calls)
		l.narrowIDs(ActionRun, calls)
	}
}

// tools grants every other tool by its name, bound to the arguments that look like names of things.
func (l *learner) tools() {
	var names []string
	byName := map[string][]*learnedCall{}
	for _, c := range l.of(func(r Request) bool { return !slices.Contains(builtinActions(), r.Action) }) {
		name := c.request.Action
		if strings.ContainsAny(name, "*") || newPattern(name).stars() {
			l.Skipped = append(l.Skipped, c.request.What()+": it is no name of a tool")
			continue
		}
		if byName[name] == nil {
			names = append(names, name)
		}
		byName[name] = append(byName[name], c)
	}
	for _, name := range names {
		calls := byName[name]
		for _, cmd := range l.base.Commands {
			if cmd.Name == name {
				cmd.Origin = Origin{}
				l.Policy.Commands = append(l.Policy.Commands, cmd)
			}
		}
		if l.base.MCP != nil && strings.Contains(name, ".") {
			l.Policy.MCP = &MCP{Servers: l.base.MCP.Servers}
		}
		l.entry(ToolGrant{Name: name, When: stableCondition(calls)}, calls)
	}
}

// stableArgs are the arguments that a condition can be made of: short texts, whole numbers and truth values.
func stableArgs(r Request) map[string]any {
	stable := map[string]any{}
	args, _ := r.Context["args"].(map[string]any)
	if slices.Contains(builtinActions(), r.Action) {
		return stable
	}
	for name, v := range args {
		switch v := v.(type) {
		case string:
			if len(v) <= maxStable && !strings.ContainsAny(v, "\n\x00") {
				stable[name] = v
			}
		default:
			value, err := (&budget{maxValues, maxValueBytes}).convert(v, 0)
			if err != nil {
				continue
			}
			switch value := value.(type) {
			case types.Long:
				stable[name] = int64(value)
			case types.Boolean:
				stable[name] = bool(value)
			}
		}
	}
	return stable
}

// stableCondition holds for the arguments of these calls. When a tool was called with many, only the arguments that hardly varied are bound.
func stableCondition(calls []*learnedCall) string {
	sets := map[string]map[string]any{}
	values := map[string]set[string]{}
	always := map[string]int{}
	for _, c := range calls {
		stable := stableArgs(c.request)
		text, _ := json.Marshal(stable)
		sets[string(text)] = stable
		for name, v := range stable {
			if values[name] == nil {
				values[name] = set[string]{}
			}
			values[name].add(cedarLiteral(v))
			always[name]++
		}
	}
	if len(sets) <= maxArgSets {
		var either []string
		for _, key := range sortedKeys(sets) {
			var parts []string
			for _, name := range sortedKeys(sets[key]) {
				attribute := cedarAttribute(name)
				parts = append(parts, fmt.Sprintf("context.args has %s && context.args%s == %s", cedarText(name), attribute, cedarLiteral(sets[key][name])))
			}
			if len(parts) == 0 {
				return ""
			}
			either = append(either, strings.Join(parts, " && "))
		}
		if text := strings.Join(either, " || "); len(text) <= maxExpression {
			return text
		}
	}
	var parts []string
	for _, name := range sortedKeys(values) {
		if always[name] == len(calls) && len(values[name]) <= maxArgSets {
			parts = append(parts, fmt.Sprintf("[%s].contains(context.args%s)", strings.Join(sortedKeys(values[name]), ", "), cedarAttribute(name)))
		}
	}
	if text := strings.Join(parts, " && "); len(text) <= maxExpression {
		return text
	}
	return ""
}

func cedarLiteral(v any) string {
	if s, ok := v.(string); ok {
		return cedarText(s)
	}
	return fmt.Sprint(v)
}

func cedarAttribute(name string) string {
	if secretName(name) {
		switch name {
		case "true", "false", "if", "then", "else", "in", "is", "like", "has", "__cedar":
		default:
			return "." + name
		}
	}
	return "[" + cedarText(name) + "]"
}
