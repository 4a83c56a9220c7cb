package policies

import (
	"fmt"
	"math"
	"net/netip"
	"net/url"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"wand/policies/nearest"
)

// checker looks at what a policy says, beyond its form. It serves documents (where gives every place) and policies built in Go (it does not).
type checker struct {
	*findings
	where map[string]Origin
}

// at returns the closest known place of a path, with fallback for a policy that has no text.
func (c *checker) at(path string, fallback Origin) Origin {
	if o, ok := c.where[path]; ok {
		return o
	}
	if fallback.Line > 0 && c.where == nil {
		return fallback
	}
	for p := path; p != ""; {
		if o, ok := c.where[p]; ok {
			o.Path = path
			return o
		}
		i := strings.LastIndexAny(p, ".[")
		if i < 0 {
			break
		}
		p = p[:i]
	}
	o := c.where[""]
	if c.where == nil {
		o = fallback
	}
	o.Path = path
	return o
}

// check looks at every entry on its own.
func (c *checker) check(p *Policy) {
	bad := func(o Origin, path, hint, format string, args ...any) {
		c.addf(c.at(path, o), hint, format, args...)
	}
	if _, given := c.where["version"]; p.Version != 1 && (given || c.where == nil) {
		bad(p.Origin, "version", "write version: 1", "version %d is not known here", p.Version)
	}
	for i, e := range p.Extends {
		if strings.TrimSpace(e) == "" {
			bad(p.Origin, fmt.Sprintf("extends[%d]", i), "", "the name is empty")
		}
	}
	for i := range p.Files {
		g, at := &p.Files[i], fmt.Sprintf("files[%d]", i)
		if g.Host == "" || strings.ContainsRune(g.Host, 0) {
			bad(g.Origin, at+".host", "", "the host path is empty")
		}
		if g.Guest == "" {
			if name := filepath.Base(filepath.Clean(g.Host)); name != "." && name != ".." && name != string(filepath.Separator) {
				g.Guest = "/" + name
				if problem, _ := guestPath(g.Guest); problem != "" {
					bad(g.Origin, at, "add guest: /data, or another place", "the guest path is missing, and %q, the last part of %q, %s", g.Guest, shorten(g.Host, 60), problem)
				}
			} else {
				bad(g.Origin, at, "add guest: /NAME", "the guest path is missing, and %q has no last part to name it after", shorten(g.Host, 60))
			}
		} else if problem, hint := guestPath(g.Guest); problem != "" {
			bad(g.Origin, at+".guest", hint, "%q %s", shorten(g.Guest, 60), problem)
		}
		if g.Access == "" {
			g.Access = AccessRead
		}
		if !slices.Contains([]string{AccessRead, AccessAppend, AccessWrite}, g.Access) {
			bad(g.Origin, at+".access", "", "%q is not one of read, append, write", shorten(g.Access, 40))
		}
		if g.Quota > 0 && g.Access == AccessRead {
			bad(g.Origin, at+".quota", "drop quota, or set access: write", "a quota bounds what is written, and access is read")
		}
		if g.Quota < 0 {
			bad(g.Origin, at+".quota", "", "the quota is negative")
		}
	}
	for i := range p.Network {
		c.network(p, &p.Network[i], fmt.Sprintf("network[%d]", i))
	}
	for _, name := range sortedKeys(p.Secrets) {
		s, at := p.Secrets[name], "secrets."+name
		if !secretName(name) {
			bad(s.Origin, at, "letters, digits and _, not beginning with a digit", "%q is no name for a secret", shorten(name, 40))
		}
		switch {
		case s.Env == "" && s.File == "":
			bad(s.Origin, at, "write {env: NAME} or {file: PATH}", "it says neither env nor file")
		case s.Env != "" && s.File != "":
			bad(s.Origin, at, "keep one of them", "it says both env and file")
		}
	}
	secretOf := secretVariables(p)
	for i, v := range p.Environment {
		at := fmt.Sprintf("environment[%d]", i)
		c.variable(v, at)
		if v.Set {
			continue
		}
		if name, ok := secretOf[v.Name]; ok {
			bad(v.Origin, at, "drop it here; a program needs no secret, the host sets it at egress", "the variable %s is the source of the secret %s, and the program would see it", v.Name, name)
		}
	}
	oneOf := func(path, value string, options ...string) {
		if value != "" && !slices.Contains(options, value) {
			bad(p.Origin, path, "", "%q is not one of %s", shorten(value, 40), strings.Join(options, ", "))
		}
	}
	oneOf("clock", p.Clock, "real", "frozen", "virtual")
	oneOf("random", p.Random, "secure", "seeded")
	for i, t := range p.Tools {
		at := fmt.Sprintf("tools[%d]", i)
		c.toolPattern(t.Name, t.Origin, at)
		c.when(t.When, t.Origin, at)
		if t.MaxCalls < 0 || t.Timeout < 0 || t.Rate.Count < 0 {
			bad(t.Origin, at, "", "a bound is negative")
		}
	}
	for i, f := range p.Forbid {
		at := fmt.Sprintf("forbid[%d]", i)
		c.toolPattern(f.Name, f.Origin, at)
		c.when(f.When, f.Origin, at)
	}
	for i, d := range p.Databases {
		at := fmt.Sprintf("databases[%d]", i)
		if !plainName(d.Name) {
			bad(d.Origin, at+".name", "letters, digits, _ and -", "%q is no name for a database", shorten(d.Name, 40))
		}
		if d.File == "" {
			bad(d.Origin, at+".file", "", "the file is missing")
		}
	}
	for i, g := range p.Packages {
		at := fmt.Sprintf("packages[%d]", i)
		if c.where != nil && g.Name == "" {
			continue // the decoder has said what is wrong with it
		}
		if err := (&PackageGrant{}).UnmarshalText([]byte(g.String())); err != nil {
			bad(g.Origin, at, "", "%v", err)
		}
	}
	if m := p.LLM; m != nil {
		if m.Model == "" {
			bad(m.Origin, "llm.model", "", "the model is missing")
		}
		if u, err := url.Parse(m.BaseURL); m.BaseURL != "" && (err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http") {
			bad(m.Origin, "llm.base_url", "write it like https://api.openai.com/v1", "%q is no address", shorten(m.BaseURL, 60))
		}
		if m.Key != "" && !secretName(m.Key) {
			bad(m.Origin, "llm.key", "name a secret, not its value", "the key is not the name of a secret")
		}
	}
	if m := p.MCP; m != nil && m.Servers == "" {
		bad(m.Origin, "mcp.servers", "", "the file is missing")
	}
	for i := range p.Commands {
		c.command(&p.Commands[i], fmt.Sprintf("commands[%d]", i))
	}
	if r := p.Run; r != nil {
		if r.MaxDepth < 0 || r.MaxDepth > 16 {
			bad(r.Origin, "run.max_depth", "1 to 16", "%d is out of range", r.MaxDepth)
		}
		if math.IsNaN(r.Share) || r.Share < 0 || r.Share > 1 {
			bad(r.Origin, "run.share", "above 0 up to 1", "%v is out of range", r.Share)
		}
	}
	for i, f := range p.Cedar {
		if f.Path == "" {
			bad(f.Origin, fmt.Sprintf("cedar[%d]", i), "", "the file name is empty")
		}
	}
}

func (c *checker) network(p *Policy, g *NetworkGrant, at string) {
	bad := func(part, hint, format string, args ...any) {
		c.addf(c.at(at+part, g.Origin), hint, format, args...)
	}
	h, hint, err := parseHost(g.Host)
	switch {
	case g.Host == "":
		if c.where == nil {
			bad("", "add host: NAME", "the rule names no host")
		}
	case err != nil:
		bad(".host", hint, "%s", err.Error())
	case !g.Private && notPublicHost(h):
		bad(".host", "add private: true if the program may reach it", "%s is not a public address, so the rule would never apply", h.String())
	}
	for i, m := range g.Methods {
		if !methodName(strings.ToUpper(m)) {
			bad(fmt.Sprintf(".methods[%d]", i), "write it like GET", "%q is no HTTP method", shorten(m, 40))
		}
	}
	for i, pattern := range g.Paths {
		if _, err := normalPattern(pattern); err != nil {
			bad(fmt.Sprintf(".paths[%d]", i), "write it like /v1/*", "%q is no path pattern: %s", shorten(pattern, 60), err)
		}
	}
	for i, s := range g.Schemes {
		if c.where == nil && s != "https" && s != "http" {
			bad(fmt.Sprintf(".schemes[%d]", i), "", "%q is not one of https, http", shorten(s, 40))
		}
	}
	for i, name := range g.Headers {
		if !headerName(name) {
			bad(fmt.Sprintf(".headers[%d]", i), "write it like X-Request-Id", "%q is no header name", shorten(name, 40))
		}
	}
	for _, name := range sortedKeys(g.Secrets) {
		part := ".secrets." + name
		if !headerName(name) {
			bad(part, "write it like Authorization", "%q is no header name", shorten(name, 40))
		}
		if slices.ContainsFunc(g.Headers, func(h string) bool { return strings.EqualFold(h, name) }) {
			bad(part, "drop it from headers", "the program may set the header %s itself, and a secret would replace it", name)
		}
		switch names, err := SecretNames(g.Secrets[name]); {
		case err != nil:
			bad(part, `write it like "Bearer ${API_TOKEN}"`, "%s", err.Error())
		case len(names) == 0:
			bad(part, `write it like "Bearer ${API_TOKEN}", with the secret's name in the braces`, "the text names no secret")
		}
	}
	if g.MaxRequest < 0 || g.MaxResponse < 0 || g.Timeout < 0 || g.MaxCalls < 0 {
		bad("", "", "a bound is negative")
	}
}

// notPublicHost reports whether no request to h could reach a public address.
func notPublicHost(h hostPattern) bool {
	if h.block.IsValid() {
		return !PublicAddress(h.block.Addr()) && h.block.Bits() >= 8
	}
	a, err := netip.ParseAddr(h.name)
	return err == nil && !PublicAddress(a)
}

func (c *checker) variable(v EnvironmentGrant, at string) {
	if !variableName(v.Name) {
		c.addf(c.at(at, v.Origin), "write NAME, or NAME=VALUE", "%q is no name of a variable", shorten(v.Name, 40))
	}
	if strings.ContainsRune(v.Value, 0) {
		c.addf(c.at(at, v.Origin), "", "the value has a NUL byte")
	}
}

func (c *checker) toolPattern(name string, o Origin, at string) {
	if name == "" {
		if c.where == nil {
			c.addf(c.at(at, o), "add name: TOOL", "the entry names no tool")
		}
		return
	}
	for i := range len(name) {
		if b := name[i]; b <= ' ' || b >= 0x7f || b == '"' || b == '\\' {
			c.addf(c.at(at+".name", o), "write it like mail.send or kv.*", "%q is no name of a tool", shorten(name, 40))
			return
		}
	}
	if len(name) > maxName {
		c.addf(c.at(at+".name", o), "", "the name is longer than %d characters", maxName)
		return
	}
	space, _, below := strings.Cut(name, ".")
	match := newPattern(name)
	if !below || !slices.Contains(builtinSpaces(), space) || slices.ContainsFunc(append(builtinActions(), actionEnvList), match.match) {
		return
	}
	// Such an entry would never apply, and somebody may rely on what it forbids.
	if action := decidedAs(name); action != "" {
		c.addf(c.at(at+".name", o), "name "+action, "calls of %s are decided as %s, so an entry for %s would never apply", name, action, name)
		return
	}
	hint := "built-in tools are " + strings.Join(builtinActions(), ", ")
	if best := nearest.Name(name, builtinActions()); best != "" {
		hint = "did you mean " + best + "?"
	}
	c.addf(c.at(at+".name", o), hint, "there is no tool %s, so an entry for it would never apply", shorten(name, 60))
}

// builtinSpaces are the first parts of names that only built-in tools have whose actions are fixed.
func builtinSpaces() []string {
	return []string{"fs", "kv", "sql", "env", "llm", "http", "run", "packages"}
}

// decidedAs is the action that a built-in tool asks about when it is not its own name.
func decidedAs(tool string) Action {
	switch tool {
	case "fs.list", "fs.stat":
		return ActionFileRead
	case "fs.remove", "fs.mkdir", "fs.rename":
		return ActionFileWrite
	case "kv.list":
		return ActionKVGet
	case "kv.delete", "kv.increment":
		return ActionKVSet
	case "sql.tables":
		return ActionQuery
	}
	return ""
}

// when checks a Cedar expression and reports at its place within the value where that is known.
func (c *checker) when(expr string, o Origin, at string) {
	place, given := c.where[at+".when"]
	if expr == "" {
		if given {
			c.addf(place, "leave the key out to let it always hold", "the expression is empty")
		}
		return
	}
	_, err := parseExpression(expr)
	if err == nil {
		return
	}
	if !given {
		place = c.at(at+".when", o)
	}
	message := err.message
	if err.line > 0 {
		if column, ok := exactColumn(place, expr); ok && err.line == 1 {
			place.Column = column + err.column - 1
		} else {
			message = fmt.Sprintf("%s (line %d, column %d of the expression)", message, err.line, err.column)
		}
	}
	c.addf(place, "", "the Cedar expression cannot be read: %s", message)
}

// exactColumn says in which column of its line an expression's text begins, if it stands there letter by letter.
func exactColumn(o Origin, expr string) (int, bool) {
	line := []rune(o.Text)
	if o.Column < 1 || o.Column > len(line) || strings.Contains(expr, "\n") {
		return 0, false
	}
	i := strings.Index(string(line[o.Column-1:]), expr)
	if i < 0 || i > 1 {
		return 0, false
	}
	return o.Column + i, true
}

var placeholder = regexp.MustCompile(`\{\{|\}\}|\{([^{}]*)\}|[{}]`)

func (c *checker) command(cmd *Command, at string) {
	bad := func(part, hint, format string, args ...any) {
		c.addf(c.at(at+part, cmd.Origin), hint, format, args...)
	}
	if cmd.Name != "" && !toolName(cmd.Name) {
		bad(".name", "letters, digits, _ and dots", "%q is no name for a tool", shorten(cmd.Name, 40))
	}
	if slices.Contains(builtinActions(), cmd.Name) {
		bad(".name", "choose another name", "%s is a built-in tool", cmd.Name)
	}
	switch {
	case len(cmd.Command) == 0:
		bad(".command", "write [/usr/bin/PROGRAM, ARGUMENT, ...]", "there is no program")
	case !filepath.IsAbs(cmd.Command[0]) && !strings.HasPrefix(cmd.Command[0], "/"):
		bad(".command[0]", "write its absolute path; PATH is not searched", "the program %q is not an absolute path", shorten(cmd.Command[0], 60))
	case strings.ContainsAny(cmd.Command[0], "{}"):
		bad(".command[0]", "name one program", "the program may not depend on an argument")
	}
	used := map[string]bool{}
	template := func(text, part string) {
		for _, m := range placeholder.FindAllStringSubmatch(text, -1) {
			switch name := m[1]; {
			case m[0] == "{{" || m[0] == "}}":
			case m[0] == "{" || m[0] == "}":
				bad(part, "write {{ or }} for a brace", "%q has a brace that closes or opens nothing", shorten(text, 60))
			default:
				used[name] = true
				if _, ok := cmd.Arguments[name]; !ok {
					bad(part, didYouMean(name, sortedKeys(cmd.Arguments)), "{%s} is not among the arguments", shorten(name, 40))
				}
			}
		}
		if strings.ContainsRune(text, 0) {
			bad(part, "", "it has a NUL byte")
		}
	}
	for i := 1; i < len(cmd.Command); i++ {
		template(cmd.Command[i], fmt.Sprintf(".command[%d]", i))
	}
	template(cmd.Stdin, ".stdin")
	for _, name := range sortedKeys(cmd.Arguments) {
		a, part := cmd.Arguments[name], ".arguments."+name
		if !variableName(name) {
			bad(part, "letters, digits and _", "%q is no name for an argument", shorten(name, 40))
		}
		if !used[name] {
			bad(part, "use {"+name+"} in command or stdin, or drop it", "the argument is used nowhere")
		}
		if _, err := regexp.Compile(a.Pattern); err != nil {
			bad(part+".pattern", "", "the pattern cannot be read: %s", err.Error())
		}
		if a.Type != "string" && (a.Pattern != "" || len(a.Enum) > 0 || a.MaxLength != 0) {
			bad(part, "drop pattern, enum and max_length", "pattern, enum and max_length are for strings, not %s", shorten(a.Type, 20))
		}
		if a.Type != "integer" && a.Type != "number" && (a.Minimum != nil || a.Maximum != nil) {
			bad(part, "drop minimum and maximum", "minimum and maximum are for numbers, not %s", shorten(a.Type, 20))
		}
		if a.Minimum != nil && a.Maximum != nil && *a.Minimum > *a.Maximum {
			bad(part, "", "the minimum is above the maximum")
		}
		if a.MaxLength < 0 {
			bad(part+".max_length", "", "it is negative")
		}
	}
	for i, v := range cmd.Environment {
		c.variable(v, fmt.Sprintf("%s.environment[%d]", at, i))
	}
}

// conflicts looks at entries together. It runs on a document alone and again on what documents add up to.
func (f *findings) conflicts(p *Policy) {
	clash := func(o, first Origin, hint, format string, args ...any) {
		if first.Line > 0 {
			hint = strings.TrimPrefix(hint+"; the other is at "+first.String(), "; ")
		}
		f.addf(o, hint, format, args...)
	}
	guests := map[string]Origin{}
	for _, g := range p.Files {
		if first, ok := guests[g.Guest]; ok && g.Guest != "" {
			clash(g.Origin, first, "give one of them another guest path", "two grants show something at %s", g.Guest)
		}
		guests[g.Guest] = g.Origin
	}
	for _, g := range p.Files {
		for i := len(g.Guest) - 1; i > 0; i-- {
			if g.Guest[i] != '/' {
				continue
			}
			if outer, ok := guests[g.Guest[:i]]; ok {
				clash(g.Origin, outer, "put them beside each other", "the guest path %s lies within %s, which another grant shows", g.Guest, g.Guest[:i])
				break
			}
		}
	}
	names := map[string]Origin{}
	for _, v := range p.Environment {
		if first, ok := names[v.Name]; ok && v.Name != "" {
			clash(v.Origin, first, "keep one of them", "the variable %s is there twice", v.Name)
		}
		names[v.Name] = v.Origin
	}
	names = map[string]Origin{}
	for _, d := range p.Databases {
		if first, ok := names[d.Name]; ok && d.Name != "" {
			clash(d.Origin, first, "rename one of them", "two databases are named %s", d.Name)
		}
		names[d.Name] = d.Origin
	}
	names = map[string]Origin{}
	for _, g := range p.Packages {
		name := NormalPackage(g.Name)
		if first, ok := names[name]; ok && g.Name != "" {
			clash(g.Origin, first, "keep one of them", "the package %s is there twice", name)
		}
		names[name] = g.Origin
	}
	names = map[string]Origin{}
	for _, cmd := range p.Commands {
		if first, ok := names[cmd.Name]; ok && cmd.Name != "" {
			clash(cmd.Origin, first, "rename one of them", "two commands are named %s", cmd.Name)
		}
		names[cmd.Name] = cmd.Origin
	}
	names = map[string]Origin{}
	for _, t := range p.Tools {
		id := t.Name + "\x00" + t.When
		if first, ok := names[id]; ok && t.Name != "" {
			clash(t.Origin, first, "make one entry of them", "two entries for %s have the same condition", t.Name)
		}
		names[id] = t.Origin
	}
}

// secretVariables maps each variable of the host that a secret's value comes from to the secret.
func secretVariables(p *Policy) map[string]string {
	secretOf := map[string]string{}
	use := func(name string) {
		if s, ok := p.Secrets[name]; !ok {
			secretOf[name] = name
		} else if s.Env != "" {
			secretOf[s.Env] = name
		}
	}
	for i := range p.Network {
		for _, template := range p.Network[i].Secrets {
			names, _ := SecretNames(template)
			for _, name := range names {
				use(name)
			}
		}
	}
	if p.LLM != nil && p.LLM.Key != "" {
		use(p.LLM.Key)
	}
	for name := range p.Secrets {
		use(name)
	}
	return secretOf
}

// SecretNames lists the secrets that a header's text names as ${NAME}, in order.
func SecretNames(template string) ([]string, error) {
	var names []string
	_, err := ExpandSecrets(template, func(name string) (string, error) {
		names = append(names, name)
		return "", nil
	})
	return names, err
}

// ExpandSecrets replaces each ${NAME} of a header's text by the secret's value. Errors never carry a value.
func ExpandSecrets(template string, value func(name string) (string, error)) (string, error) {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(template, "${")
		b.WriteString(before)
		if !ok {
			break
		}
		name, after, ok := strings.Cut(rest, "}")
		if !ok {
			return "", fmt.Errorf("a ${ is not closed")
		}
		if !secretName(name) {
			return "", fmt.Errorf("%q is no name for a secret", shorten(name, 40))
		}
		v, err := value(name)
		if err != nil {
			return "", err
		}
		b.WriteString(v)
		template = after
	}
	text := b.String()
	if strings.ContainsAny(text, "\r\n\x00") {
		return "", fmt.Errorf("a header may not have a line break or a NUL byte")
	}
	return text, nil
}

// guestPath says what is wrong with a path in the guest, and what to write.
func guestPath(p string) (problem, hint string) {
	switch {
	case len(p) > 4096:
		return "is too long", ""
	case !strings.HasPrefix(p, "/"):
		return "is not absolute", "write /" + strings.TrimPrefix(shorten(p, 60), "./")
	case strings.ContainsRune(p, 0):
		return "has a NUL byte", ""
	case p == "/":
		return "is the root of the guest's filesystem", "choose a folder, such as /data"
	case path.Clean(p) != p:
		return "is not in its shortest form", "write " + shorten(path.Clean(p), 60)
	case Reserved(p):
		return "is the sandbox's own", "choose another place, such as /data or /work/data"
	}
	return "", ""
}

// Reserved says whether a path in the guest's filesystem, absolute and clean, is the sandbox's own: nothing that is given to a program can take its place.
func Reserved(guest string) bool {
	return slices.Contains([]string{"/", "/work", "/tmp", "/dev", "/dev/null", "/packages", "/usr", "/usr/lib"}, guest) ||
		strings.HasPrefix(guest, "/usr/lib/python") || strings.HasPrefix(guest, "/dev/null/")
}

// within reports whether the clean path p is root or below it.
func within(p, root string) bool {
	return p == root || strings.HasPrefix(p, root) && (root == "/" || p[len(root)] == '/')
}

// maxName bounds names of tools, and so of actions.
const maxName = 256

func builtinActions() []string {
	return []string{ActionHTTP, ActionFileRead, ActionFileWrite, ActionFileAppend, ActionEnv, ActionQuery, ActionKVGet, ActionKVSet, ActionLLM, ActionRun, ActionPackage}
}

func nameOfBytes(s string, longest int, ok func(i int, b byte) bool) bool {
	if s == "" || len(s) > longest {
		return false
	}
	for i := range len(s) {
		if !ok(i, s[i]) {
			return false
		}
	}
	return true
}

func letter(b byte) bool { return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b == '_' }
func digit(b byte) bool  { return b >= '0' && b <= '9' }

func secretName(s string) bool {
	return nameOfBytes(s, 128, func(i int, b byte) bool { return letter(b) || i > 0 && digit(b) })
}

func variableName(s string) bool { return secretName(s) }

func toolName(s string) bool {
	return nameOfBytes(s, 64, func(i int, b byte) bool { return letter(b) || i > 0 && (digit(b) || b == '.') }) && !strings.HasSuffix(s, ".")
}

func plainName(s string) bool {
	return nameOfBytes(s, 64, func(_ int, b byte) bool { return letter(b) || digit(b) || b == '-' })
}

func methodName(s string) bool {
	return nameOfBytes(s, 20, func(_ int, b byte) bool { return b >= 'A' && b <= 'Z' || b == '-' || b == '_' })
}

func headerName(s string) bool {
	return nameOfBytes(s, 128, func(_ int, b byte) bool { return letter(b) || digit(b) || strings.IndexByte("!#$%&'*+-.^`|~", b) >= 0 })
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
