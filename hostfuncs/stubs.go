package hostfuncs

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/google/jsonschema-go/jsonschema"
)

// Stubs is a set of tools as a model is told of them. Names, descriptions and schemas may come from outside (an MCP server): whatever they hold, they stay
// within their comment or literal.
type Stubs struct{ tools []*tool }

// Stubs returns the tools that granted names, in the order of their names; nil grants all.
func (r *Registry) Stubs(granted func(name string) bool) *Stubs {
	s := &Stubs{}
	if r == nil {
		return s
	}
	for _, name := range r.names {
		if granted == nil || granted(name) {
			s.tools = append(s.tools, r.tools[name])
		}
	}
	return s
}

// Stubs returns the tools that the run's policy can grant at all.
func (g *Gate) Stubs() *Stubs { return &Stubs{g.visible()} }

// What a stub says of one tool, in bytes.
const (
	maxDoc       = 4 << 10
	maxParameter = 500
	maxLiteral   = 200
	maxChoices   = 20 // of an enumeration
	maxTypeDepth = 6
)

// language writes types.
type language struct {
	any, text, bytes, integer, number, boolean, null, handle string
	literal                                                  func(v any) (string, bool) // of one value, when there is one
	literals                                                 func(list []string) string
	list                                                     func(item string) string
	mapping                                                  func(value string) string
	object                                                   func(fields []field) string
}

// field is one property of an object.
type field struct {
	name, typ string
	optional  bool
}

// python writes what Python's own annotations can say. shapes writes objects as what they hold instead, for a reader. typescript says both. None changes.
var (
	python = language{any: "Any", text: "str", bytes: "bytes", integer: "int", number: "float", boolean: "bool", null: "None", handle: "Handle",
		literal: func(v any) (string, bool) {
			switch v := v.(type) {
			case nil:
				return "None", true
			case string, bool, int64:
				return pythonValue(v), true
			}
			return "", false
		},
		literals: func(list []string) string { return "Literal[" + strings.Join(list, ", ") + "]" },
		list:     func(item string) string { return "list[" + item + "]" },
		mapping:  func(value string) string { return "dict[str, " + value + "]" },
		object:   func([]field) string { return "dict[str, Any]" },
	}
	shapes = language{any: "Any", text: "str", bytes: "bytes", integer: "int", number: "float", boolean: "bool", null: "None", handle: "Handle",
		literal:  func(v any) (string, bool) { return pythonValue(v), true },
		literals: func(list []string) string { return strings.Join(list, " | ") },
		list:     python.list, mapping: python.mapping,
		object: func(fields []field) string {
			var parts []string
			for _, f := range fields {
				name := jsonString(f.name)
				if f.optional {
					name += "?"
				}
				parts = append(parts, name+": "+f.typ)
			}
			return "{" + strings.Join(parts, ", ") + "}"
		},
	}
	typescript = language{any: "any", text: "string", bytes: "Uint8Array", integer: "number", number: "number", boolean: "boolean", null: "null", handle: "Handle",
		literal: func(v any) (string, bool) {
			switch v := v.(type) {
			case string:
				return jsonString(v), true
			case nil, bool, int64, float64:
				text, err := encode(v)
				return string(text), err == nil
			}
			return "", false
		},
		literals: func(list []string) string { return strings.Join(list, " | ") },
		list: func(item string) string {
			if strings.ContainsAny(item, "|&") {
				return "(" + item + ")[]"
			}
			return item + "[]"
		},
		mapping: func(value string) string { return "Record<string, " + value + ">" },
		object: func(fields []field) string {
			var parts []string
			for _, f := range fields {
				name := scriptName(f.name)
				if f.optional {
					name += "?"
				}
				parts = append(parts, name+": "+f.typ)
			}
			return "{ " + strings.Join(parts, "; ") + " }"
		},
	}
)

// typeOf writes the type of a schema.
func (l *language) typeOf(n *node, depth int) string {
	switch {
	case n == nil || n.empty || depth > maxTypeDepth:
		return l.any
	case n.ref != nil:
		return l.typeOf(n.ref, depth+1)
	case n.format == formatHandle:
		return l.handle
	case n.format == formatBytes:
		return l.text + " | " + l.bytes
	case len(n.enum) > 0 && len(n.enum) <= maxChoices:
		if text := l.choices(n.enum); text != "" {
			return text
		}
	case n.any != nil:
		return l.union(n.any, depth)
	case n.one != nil:
		return l.union(n.one, depth)
	case n.types == 0 && n.all != nil:
		for _, x := range n.all {
			if text := l.typeOf(x, depth+1); text != l.any {
				return text
			}
		}
	}
	k := n.kinds(0)
	if n.types == 0 && n.enum == nil {
		switch {
		case n.properties != nil:
			k = isObject
		case n.items != nil:
			k = isArray
		default:
			return l.any
		}
	}
	var parts []string
	add := func(mask kinds, text func() string) {
		if k&mask != 0 {
			if s := text(); !slices.Contains(parts, s) {
				parts = append(parts, s)
			}
		}
	}
	is := func(text string) func() string { return func() string { return text } }
	if n.base64 {
		add(isString, is(l.bytes))
	}
	if !n.base64 {
		add(isString, is(l.text))
	}
	if k&isNumber != 0 {
		add(isNumber, is(l.number))
	} else {
		add(isInteger, is(l.integer))
	}
	add(isBoolean, is(l.boolean))
	add(isArray, func() string {
		item := n.items
		if item == nil && len(n.prefix) > 0 {
			return l.list(l.union(n.prefix, depth+1))
		}
		return l.list(l.typeOf(item, depth+1))
	})
	add(isObject, func() string { return l.objectOf(n, depth) })
	add(isNull, is(l.null))
	return strings.Join(parts, " | ")
}

func (l *language) objectOf(n *node, depth int) string {
	if len(n.properties) == 0 {
		return l.mapping(l.typeOf(n.additional, depth+1))
	}
	var fields []field
	for i, name := range ordered(n) {
		if i == 50 {
			break
		}
		p := n.properties[name]
		optional := !slices.Contains(n.required, name) || p.source.Default != nil
		fields = append(fields, field{name, l.typeOf(p, depth+1), optional})
	}
	return l.object(fields)
}

// ordered are the names of an object's properties, as its schema lists them.
func ordered(n *node) []string {
	var names []string
	for _, name := range n.source.PropertyOrder {
		if n.properties[name] != nil {
			names = append(names, name)
		}
	}
	var rest []string
	for name := range n.properties {
		if !slices.Contains(names, name) {
			rest = append(rest, name)
		}
	}
	slices.Sort(rest)
	return append(names, rest...)
}

func (l *language) union(list []*node, depth int) string {
	var parts []string
	for i, x := range list {
		if i == maxChoices {
			return l.any
		}
		switch part := l.typeOf(x, depth+1); {
		case part == l.any:
			return l.any
		case !slices.Contains(parts, part):
			parts = append(parts, part)
		}
	}
	if len(parts) == 0 {
		return l.any
	}
	return strings.Join(parts, " | ")
}

// choices is an enumeration as a type; "" when it has values that no type says, or long ones.
func (l *language) choices(values []any) string {
	var parts []string
	size := 0
	for _, v := range values {
		text, ok := l.literal(v)
		if size += len(text); !ok || size > 4*maxLiteral {
			return ""
		}
		parts = append(parts, text)
	}
	return l.literals(parts)
}

// jsonString is a text as a string literal of JSON, Python and JavaScript, without characters that do not show.
func jsonString(s string) string {
	text, _ := encode(strings.ToValidUTF8(s, "\uFFFD"))
	var b strings.Builder
	for _, r := range string(text) {
		if r == ' ' || unicode.IsPrint(r) {
			b.WriteRune(r)
		} else if r < 0x10000 {
			fmt.Fprintf(&b, "\\u%04x", r)
		}
	}
	return b.String()
}

// pythonValue is a decoded JSON value as Python writes it.
func pythonValue(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		if v {
			return "True"
		}
		return "False"
	case string:
		return jsonString(v)
	case []any:
		var parts []string
		for _, x := range v {
			parts = append(parts, pythonValue(x))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case map[string]any:
		var parts []string
		for _, k := range slices.Sorted(keys(v)) {
			parts = append(parts, jsonString(k)+": "+pythonValue(v[k]))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	text, _ := encode(v)
	return string(text)
}

func keys(m map[string]any) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// prose is a text from outside as it can stand in a stub: lines of characters that show.
func prose(s string, most int) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(clip(s, most), ""), "\r\n", "\n")
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == ' ' || unicode.IsPrint(r):
			return r
		case r == '\r' || r == '\u2028' || r == '\u2029':
			return '\n'
		case unicode.IsSpace(r):
			return ' '
		}
		return -1
	}, s)
	return strings.TrimSpace(s)
}

// oneLine is prose without line breaks.
func oneLine(s string, most int) string { return strings.Join(strings.Fields(prose(s, most)), " ") }

// summary is the first line of what a tool says of itself.
func (t *tool) summary(most int) string {
	line, _, _ := strings.Cut(prose(t.Doc, maxDoc), "\n")
	return clip(strings.TrimSpace(line), most)
}

// last is the part of a tool's name after the last dot.
func (t *tool) last() string { return t.Name[strings.LastIndexByte(t.Name, '.')+1:] }

// pythonWords cannot be names.
var pythonWords = strings.Fields("False None True and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield")

// identifier says that a name is one in Python and JavaScript.
func identifier(name string) bool {
	for i := range len(name) {
		c := name[i]
		if !(c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || i > 0 && c >= '0' && c <= '9') {
			return false
		}
	}
	return name != "" && len(name) <= 100
}

func scriptName(name string) string {
	if identifier(name) && name != "new" {
		return name
	}
	return jsonString(name)
}

// pythonSignature is name(query: str, limit: int = 10) -> list[str], and the parameters that no Python parameter can be named after.
func (t *tool) pythonSignature(name string, l *language) (text string, odd []string) {
	var parts []string
	optional, only := false, false
	for _, p := range t.parameters {
		n := t.input.properties[p]
		if !identifier(p) || slices.Contains(pythonWords, p) {
			odd = append(odd, p)
			continue
		}
		if n == nil {
			n = &node{source: &jsonschema.Schema{}, empty: true}
		}
		part := p + ": " + l.typeOf(n, 0)
		if t.optionalArgument(p) {
			optional = true
			value := "None"
			if v, err := decode(n.source.Default); n.source.Default != nil && err == nil {
				if value = pythonValue(numbers(v)); len(value) > maxLiteral {
					value = "..."
				}
			}
			if value == "None" && l.typeOf(n, 0) != l.any && !strings.HasSuffix(part, "None") {
				part += " | None"
			}
			part += " = " + value
		} else if optional && !only {
			only = true
			parts = append(parts, "*")
		}
		parts = append(parts, part)
	}
	if odd != nil || !closed(t.input) && len(t.parameters) == 0 {
		parts = append(parts, "**others: Any")
	}
	return name + "(" + strings.Join(parts, ", ") + ") -> " + l.typeOf(t.output, 0), odd
}

// closed says that a schema takes no properties but those it lists.
func closed(n *node) bool { return n.additional != nil && n.additional.never && n.patterns == nil }

// signature is how a tool is called, for error messages: search(query: str, limit: int = 10).
func (t *tool) signature() string {
	text, _ := t.pythonSignature(t.Name, &shapes)
	if i := strings.LastIndex(text, ") -> "); i >= 0 {
		text = text[:i+1]
	}
	return clip(text, 500)
}

// scriptSignature is name(args: { query: string; limit?: number }): Promise<string[]>.
func (t *tool) scriptSignature(name string) string {
	args := "args: " + typescript.objectOf(t.input, 0)
	if !slices.ContainsFunc(t.parameters, func(p string) bool { return !t.optionalArgument(p) }) {
		args = "args?" + args[len("args"):]
	}
	if len(t.parameters) == 0 && closed(t.input) {
		args = ""
	}
	return name + "(" + args + "): Promise<" + typescript.typeOf(t.output, 0) + ">"
}

// rules says in a few words what the type of a schema does not.
func (n *node) rules() string {
	var parts []string
	say := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	switch {
	case n.minimum != nil && n.maximum != nil:
		say("%s to %s", decimal(*n.minimum), decimal(*n.maximum))
	case n.minimum != nil:
		say("at least %s", decimal(*n.minimum))
	case n.maximum != nil:
		say("at most %s", decimal(*n.maximum))
	}
	if n.above != nil {
		say("more than %s", decimal(*n.above))
	}
	if n.below != nil {
		say("less than %s", decimal(*n.below))
	}
	if n.multiple != nil {
		say("a multiple of %s", decimal(*n.multiple))
	}
	if n.minLength != nil {
		say("at least %s", many(*n.minLength, "character"))
	}
	if n.maxLength != nil {
		say("at most %s", many(*n.maxLength, "character"))
	}
	if n.pattern != nil {
		say("matches %s", clip(n.pattern.String(), 100))
	}
	if n.minItems != nil {
		say("at least %s", many(*n.minItems, "item"))
	}
	if n.maxItems != nil {
		say("at most %s", many(*n.maxItems, "item"))
	}
	if f := n.source.Format; f != "" && f != formatHandle && f != formatBytes {
		say("%s", oneLine(f, 40))
	}
	if len(n.enum) > maxChoices {
		say("%s", choices(n))
	}
	return strings.Join(parts, ", ")
}

// about is what is to be said of a parameter: its description and its rules.
func about(n *node) string {
	if n == nil {
		return ""
	}
	text, rules := oneLine(n.source.Description, maxParameter), oneLine(n.rules(), maxParameter)
	switch {
	case rules == "":
		return text
	case text == "":
		return rules
	}
	return text + " (" + rules + ")"
}

// explained is the whole doc of a tool, with a line for each parameter of which there is something to say, in the words of a language.
func (t *tool) explained(shape *language) string {
	lines := []string{prose(t.Doc, maxDoc)}
	if lines[0] == "" {
		lines[0] = "No description."
	}
	var more []string
	_, odd := t.pythonSignature("", &python)
	for _, p := range t.parameters {
		n := t.input.properties[p]
		text := about(n)
		name := p
		if slices.Contains(odd, p) {
			name = jsonString(p)
		}
		if shape != nil {
			form := shape.typeOf(n, 0)
			if plain := python.typeOf(n, 0); form != plain && strings.Contains(form, "{") || slices.Contains(odd, p) {
				text = strings.TrimSuffix(form+" - "+text, " - ")
			}
		}
		if text != "" {
			more = append(more, name+": "+text)
		}
	}
	if t.output != nil && shape != nil {
		if form := shape.typeOf(t.output, 0); strings.Contains(form, "{") {
			more = append(more, "Returns "+form)
		}
	}
	if more != nil {
		lines = append(append(lines, ""), more...)
	}
	return clip(strings.Join(lines, "\n"), 4*maxDoc)
}

// branch is the tools whose names begin alike.
type branch struct {
	name  string
	tool  *tool
	below []*branch
}

// tree arranges tools by the parts of their names.
func tree(tools []*tool) *branch {
	root := &branch{}
	for _, t := range tools {
		at := root
		for part := range strings.SplitSeq(t.Name, ".") {
			i := slices.IndexFunc(at.below, func(b *branch) bool { return b.name == part })
			if i < 0 {
				i = len(at.below)
				at.below = append(at.below, &branch{name: part})
			}
			at = at.below[i]
		}
		at.tool = t
	}
	return root
}

// Python returns a stub of the module tools: a def with types and docstring for each, classes for names with dots.
func (s *Stubs) Python() string {
	var b strings.Builder
	b.WriteString("\"\"\"The tools that this program may call: from tools import NAME.\"\"\"\n\nfrom typing import Any, Literal\n\n")
	b.WriteString("\nclass Handle:\n    \"\"\"Stands for a value that stays with the host; pass it on as it is.\"\"\"\n")
	var write func(at *branch, indent string)
	write = func(at *branch, indent string) {
		for _, x := range at.below {
			name := x.name
			b.WriteString("\n")
			if slices.Contains(pythonWords, name) {
				fmt.Fprintf(&b, "%s# its name is %s: reach it with getattr\n", indent, name)
				name += "_"
			}
			if x.tool == nil {
				fmt.Fprintf(&b, "%sclass %s:\n", indent, name)
				write(x, indent+"    ")
				continue
			}
			if indent != "" {
				b.WriteString(indent + "@staticmethod\n")
			}
			signature, _ := x.tool.pythonSignature(name, &python)
			fmt.Fprintf(&b, "%sdef %s:\n%s\n", indent, signature, docstring(x.tool.explained(&shapes), indent+"    "))
		}
	}
	write(tree(s.tools), "")
	return b.String()
}

// docstring is a text as a docstring at an indent.
func docstring(text, indent string) string {
	text = strings.ReplaceAll(text, `\`, `\\`)
	text = strings.ReplaceAll(text, `"""`, `\"\"\"`)
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
		if i > 0 && lines[i] != "" {
			lines[i] = indent + lines[i]
		}
	}
	text = strings.Join(lines, "\n")
	if len(lines) > 1 {
		return indent + `"""` + text + "\n" + indent + `"""`
	}
	if strings.HasSuffix(text, `"`) {
		text += " "
	}
	return indent + `"""` + text + `"""`
}

// TypeScript returns a declaration of the global tools, with a JSDoc comment for each.
func (s *Stubs) TypeScript() string {
	var b strings.Builder
	b.WriteString("/** Stands for a value that stays with the host; pass it on as it is. */\ninterface Handle { readonly $type: \"handle\" }\n\n")
	b.WriteString("/** The tools that this program may call. */\ndeclare const tools: {\n")
	var write func(at *branch, indent string)
	write = func(at *branch, indent string) {
		for _, x := range at.below {
			if x.tool == nil {
				fmt.Fprintf(&b, "%s%s: {\n", indent, scriptName(x.name))
				write(x, indent+"  ")
				fmt.Fprintf(&b, "%s};\n", indent)
				continue
			}
			fmt.Fprintf(&b, "%s\n%s%s;\n", comment(x.tool.explained(nil), indent), indent, x.tool.scriptSignature(scriptName(x.name)))
		}
	}
	write(tree(s.tools), "  ")
	b.WriteString("};\n")
	return b.String()
}

// comment is a text as a JSDoc comment at an indent.
func comment(text, indent string) string {
	text = strings.ReplaceAll(text, "*/", "*\\/")
	lines := strings.Split(text, "\n")
	if len(lines) == 1 {
		return indent + "/** " + text + " */"
	}
	for i := range lines {
		lines[i] = strings.TrimRight(indent+" * "+lines[i], " ")
	}
	return indent + "/**\n" + strings.Join(lines, "\n") + "\n" + indent + " */"
}

// Prompt returns one line for each tool: how it is called, in Python's words, and its summary.
func (s *Stubs) Prompt() string {
	var b strings.Builder
	for _, t := range s.tools {
		signature, odd := t.pythonSignature(t.Name, &shapes)
		b.WriteString(clip(signature, 1000))
		if summary := t.summary(200); summary != "" {
			b.WriteString("  # " + summary)
		}
		for _, p := range odd {
			b.WriteString("; others: " + clip(jsonString(p), 100) + ": " + clip(shapes.typeOf(t.input.properties[p], 0), 200))
		}
		b.WriteString("\n")
	}
	return b.String()
}

// OpenAI returns the tools of a chat completion, as JSON, and what the names in it stand for: a name there has at most 64 letters, digits, - and _, so kv.get is
// kv__get.
func (s *Stubs) OpenAI() (tools json.RawMessage, names map[string]string) {
	type function struct {
		Name        string          `json:"name"`
		Description string          `json:"description,omitempty"`
		Parameters  json.RawMessage `json:"parameters"`
	}
	type entry struct {
		Type     string   `json:"type"`
		Function function `json:"function"`
	}
	list := []entry{}
	names = map[string]string{}
	for _, t := range s.tools {
		name := strings.ReplaceAll(t.Name, ".", "__")
		if _, taken := names[name]; taken || len(name) > 64 {
			sum := sha256.Sum256([]byte(t.Name))
			name = name[:min(len(name), 55)] + "_" + hex.EncodeToString(sum[:4])
		}
		names[name] = t.Name
		list = append(list, entry{"function", function{name, prose(t.Doc, 1024), t.parameterSchema()}})
	}
	tools, _ = encode(list)
	return tools, names
}

// parameterSchema is the schema of the arguments as JSON; it always lists properties, which some readers insist on.
func (t *tool) parameterSchema() json.RawMessage {
	text, err := encode(t.Input)
	if err != nil {
		return json.RawMessage(`{"type":"object","properties":{}}`)
	}
	if len(t.Input.Properties) == 0 && bytes.HasPrefix(text, []byte("{")) && !bytes.Contains(text, []byte(`"properties"`)) {
		text = append([]byte(`{"properties":{},`), text[1:]...)
	}
	return text
}

// view is what a run hears of its tools, worked out when it asks.
type view struct {
	once  sync.Once
	tools []*tool

	mu     sync.Mutex
	answer map[string][]byte
}

// visible are the tools that the run's policy can grant at all, in the order of their names. A policy that cannot tell (MayAllow) hides none.
func (g *Gate) visible() []*tool {
	g.view.once.Do(func() {
		if g.options.Policy == nil {
			return
		}
		may, tells := g.options.Policy.(interface{ MayAllow(action string) bool })
		for _, t := range g.options.Tools.Stubs(nil).tools {
			if !tells || t.Requests != nil && len(t.Actions) == 0 || slices.ContainsFunc(t.actions(), may.MayAllow) {
				g.view.tools = append(g.view.tools, t)
			}
		}
	})
	return g.view.tools
}

// actions are what a call may ask the policy about.
func (t *tool) actions() []string {
	if len(t.Actions) > 0 {
		return t.Actions
	}
	return []string{t.Name}
}

// What a description may be, in bytes, and how many are kept.
const (
	maxDescription  = 1 << 20
	maxDescriptions = 32
)

// Describe is what a guest hears of the tool of a name, of the tools whose names begin with it and a dot, or of all when it is empty: the JSON of modules/ABI.md.
// language is python or javascript. It lists what the run's policy can grant at all, and leaves out schemas and then docs when all that is more than 1 MiB.
func (g *Gate) Describe(prefix, language string) []byte {
	var tools []*tool
	for _, t := range g.visible() {
		if prefix == "" || t.Name == prefix || strings.HasPrefix(t.Name, prefix+".") {
			tools = append(tools, t)
		}
	}
	if len(tools) == 0 {
		return []byte(`{"tools":[]}`)
	}
	key := language + " " + prefix
	g.view.mu.Lock()
	defer g.view.mu.Unlock()
	if text, done := g.view.answer[key]; done {
		return text
	}
	text := describeTools(tools, language)
	if g.view.answer == nil || len(g.view.answer) >= maxDescriptions {
		g.view.answer = map[string][]byte{}
	}
	g.view.answer[key] = text
	return text
}

func describeTools(tools []*tool, language string) []byte {
	type entry struct {
		Name       string          `json:"name"`
		Doc        string          `json:"doc,omitempty"`
		Signature  string          `json:"signature,omitempty"`
		Parameters []string        `json:"parameters"`
		Schema     json.RawMessage `json:"schema,omitempty"`
	}
	var list struct {
		Tools []entry `json:"tools"`
	}
	for _, t := range tools {
		e := entry{Name: t.Name, Parameters: t.parameters, Schema: t.parameterSchema()}
		if e.Parameters == nil {
			e.Parameters = []string{}
		}
		if language == "python" {
			e.Signature, _ = t.pythonSignature(t.last(), &python)
			e.Doc = t.explained(&shapes)
		} else {
			e.Signature, e.Doc = t.scriptSignature(t.last()), t.explained(nil)
		}
		list.Tools = append(list.Tools, e)
	}
	text, _ := encode(list)
	for _, shorten := range []func(*entry){
		func(e *entry) { e.Schema = nil },
		func(e *entry) { e.Doc, e.Signature = clip(e.Doc, 100), clip(e.Signature, 200) },
		func(e *entry) { e.Doc, e.Signature, e.Parameters = "", "", []string{} },
	} {
		if len(text) <= maxDescription {
			return text
		}
		for i := range list.Tools {
			shorten(&list.Tools[i])
		}
		text, _ = encode(list)
	}
	for len(text) > maxDescription {
		list.Tools = list.Tools[:len(list.Tools)/2]
		text, _ = encode(list)
	}
	return text
}
