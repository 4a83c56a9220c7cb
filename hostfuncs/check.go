package hostfuncs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/url"
	"reflect"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/jsonschema-go/jsonschema"

	"wand/policies/nearest"
)

// A schema is checked here and not by the library that reads it, for three reasons: schemas come from MCP servers, and one of a few lines can keep a
// validator busy for years or overflow its stack, so there is a budget; a value is checked as text, so that a result of 16 MiB costs 16 MiB; and what
// is wrong is said to a model in words it can act on. The library's verdict is what tests hold this one against.

// What a schema may be.
const (
	maxSchema      = 256 << 10 // bytes of JSON
	maxSchemaDepth = 64
	maxSchemaNodes = 20_000
	maxPattern     = 2000 // bytes of a regular expression
)

// node is one schema, prepared.
type node struct {
	source *jsonschema.Schema
	never  bool // the schema false
	empty  bool // says nothing about a value
	types  kinds
	ref    *node
	enum   []any
	shown  []string // the enum as JSON
	format string

	minimum, maximum, above, below, multiple *float64
	minLength, maxLength                     *int
	pattern                                  *regexp.Regexp
	patternCost                              int64 // instructions
	base64                                   bool

	prefix                   []*node
	items, contains          *node
	minItems, maxItems       *int
	minContains, maxContains *int
	unique                   bool
	restItems                *node // unevaluatedItems

	properties                   map[string]*node
	patterns                     []patternNode
	additional, names            *node
	restProperties               *node // unevaluatedProperties
	required                     []string
	minProperties, maxProperties *int
	dependentRequired            map[string][]string
	dependent                    map[string]*node

	all, any, one          []*node
	not, cond, then, other *node

	scalar, array, object bool // has keywords for values of that kind
}

type patternNode struct {
	re   *regexp.Regexp
	cost int64
	node *node
}

// kinds is a set of JSON types.
type kinds uint8

const (
	isNull kinds = 1 << iota
	isBoolean
	isInteger
	isNumber // one that is no integer
	isString
	isArray
	isObject
)

var kindOf = map[string]kinds{"null": isNull, "boolean": isBoolean, "integer": isInteger, "number": isInteger | isNumber, "string": isString, "array": isArray, "object": isObject}

// words names the kinds, as a sentence that begins with "must be" goes on.
func (k kinds) words() string {
	var list []string
	add := func(mask kinds, word string) {
		if k&mask == mask {
			list = append(list, word)
			k &^= mask
		}
	}
	add(isInteger|isNumber, "a number")
	add(isInteger, "an integer")
	add(isString, "a string")
	add(isBoolean, "true or false")
	add(isArray, "a list")
	add(isObject, "an object")
	add(isNull, "null")
	return strings.Join(list, " or ")
}

// compiler makes nodes of schemas.
type compiler struct {
	root  *jsonschema.Schema
	loose bool
	nodes map[*jsonschema.Schema]*node
}

// compileSchema prepares a schema. loose leaves out what cannot be checked (patterns that are no RE2, unknown types, broken defaults) instead of
// refusing the schema. The error says where the schema is wrong.
func compileSchema(s *jsonschema.Schema, loose bool) (*node, error) {
	if err := bounded(s, 0, new(int)); err != nil {
		return nil, err
	}
	c := &compiler{root: s, loose: loose, nodes: map[*jsonschema.Schema]*node{}}
	return c.node(s, "")
}

// bounded refuses schemas that are too large to walk, among them those that contain themselves by pointer.
func bounded(s *jsonschema.Schema, depth int, count *int) error {
	if *count++; depth > maxSchemaDepth || *count > maxSchemaNodes {
		return fmt.Errorf("it nests deeper than %d levels or has more than %d parts; say recursion with $ref", maxSchemaDepth, maxSchemaNodes)
	}
	for child := range children(s) {
		if err := bounded(child, depth+1, count); err != nil {
			return err
		}
	}
	return nil
}

// children are the schemas right inside a schema.
func children(s *jsonschema.Schema) func(yield func(*jsonschema.Schema) bool) {
	return func(yield func(*jsonschema.Schema) bool) {
		if s == nil {
			return
		}
		for _, x := range []*jsonschema.Schema{s.Items, s.AdditionalItems, s.Contains, s.UnevaluatedItems, s.AdditionalProperties, s.PropertyNames, s.UnevaluatedProperties, s.Not, s.If, s.Then, s.Else, s.ContentSchema} {
			if x != nil && !yield(x) {
				return
			}
		}
		for _, list := range [][]*jsonschema.Schema{s.PrefixItems, s.ItemsArray, s.AllOf, s.AnyOf, s.OneOf} {
			for _, x := range list {
				if x != nil && !yield(x) {
					return
				}
			}
		}
		for _, m := range []map[string]*jsonschema.Schema{s.Defs, s.Definitions, s.Properties, s.PatternProperties, s.DependentSchemas, s.DependencySchemas} {
			for _, x := range m {
				if x != nil && !yield(x) {
					return
				}
			}
		}
	}
}

// isFalse says that a schema is false, which the library writes as {"not": {}}.
func isFalse(s *jsonschema.Schema) bool {
	return s != nil && s.Not != nil && reflect.DeepEqual(s, &jsonschema.Schema{Not: &jsonschema.Schema{}})
}

func (c *compiler) node(s *jsonschema.Schema, at string) (*node, error) {
	if s == nil {
		return nil, nil
	}
	if n, done := c.nodes[s]; done {
		return n, nil
	}
	n := &node{source: s}
	c.nodes[s] = n
	if isFalse(s) {
		n.never = true
		return n, nil
	}
	if s.DynamicRef != "" && !c.loose {
		return nil, fmt.Errorf("%s: $dynamicRef is not supported; use $ref", where(at))
	}
	if s.Ref != "" {
		target, err := c.resolve(s.Ref)
		if err != nil {
			if !c.loose || errors.Is(err, errRemote) {
				return nil, fmt.Errorf("%s: %w", where(at), err)
			}
		} else if n.ref, err = c.node(target, s.Ref); err != nil {
			return nil, err
		}
		if strings.Contains(c.root.Schema, "draft-07") {
			return n, nil // whatever else it says is to be ignored, draft 7 has it
		}
	}
	if err := c.scalars(n, s, at); err != nil {
		return nil, err
	}
	if err := c.parts(n, s, at); err != nil {
		return nil, err
	}
	n.scalar = n.minimum != nil || n.maximum != nil || n.above != nil || n.below != nil || n.multiple != nil || n.minLength != nil || n.maxLength != nil ||
		n.pattern != nil || n.base64 || n.format != ""
	n.array = n.prefix != nil || n.items != nil || n.contains != nil || n.minItems != nil || n.maxItems != nil || n.unique || n.restItems != nil
	n.object = n.properties != nil || n.patterns != nil || n.additional != nil || n.names != nil || n.restProperties != nil || n.required != nil ||
		n.minProperties != nil || n.maxProperties != nil || n.dependentRequired != nil || n.dependent != nil
	n.empty = n.ref == nil && n.types == 0 && n.enum == nil && !n.scalar && !n.array && !n.object &&
		n.all == nil && n.any == nil && n.one == nil && n.not == nil && n.cond == nil
	return n, nil
}

func where(at string) string {
	if at == "" {
		return "at its top"
	}
	return "at " + clip(at, 200)
}

// scalars prepares the keywords that hold no schemas.
func (c *compiler) scalars(n *node, s *jsonschema.Schema, at string) error {
	names := s.Types
	if s.Type != "" {
		if s.Types != nil {
			return fmt.Errorf("%s: it has both Type and Types", where(at))
		}
		names = []string{s.Type}
	}
	for _, name := range names {
		k, known := kindOf[name]
		if !known {
			if c.loose {
				n.types = 0
				break
			}
			return fmt.Errorf("%s: there is no type %s; the types are array, boolean, integer, null, number, object, string", where(at), quote(name))
		}
		n.types |= k
	}
	enum := s.Enum
	if s.Const != nil {
		enum = []any{*s.Const}
	}
	if enum != nil {
		n.enum = []any{}
	}
	for _, v := range enum {
		text, err := encode(v)
		if err != nil {
			return fmt.Errorf("%s: a value of the enumeration is no JSON", where(at))
		}
		if v, err = decode(text); err != nil {
			return fmt.Errorf("%s: a value of the enumeration is no JSON", where(at))
		}
		v = numbers(v)
		// Both keywords hold where both are given.
		if s.Const != nil && s.Enum != nil && !slices.ContainsFunc(s.Enum, func(e any) bool { return same(e, v) }) {
			continue
		}
		n.enum, n.shown = append(n.enum, v), append(n.shown, string(text))
	}
	n.minimum, n.maximum, n.above, n.below, n.multiple = s.Minimum, s.Maximum, s.ExclusiveMinimum, s.ExclusiveMaximum, s.MultipleOf
	if n.multiple != nil && !(*n.multiple > 0) {
		if !c.loose {
			return fmt.Errorf("%s: multipleOf must be more than 0", where(at))
		}
		n.multiple = nil
	}
	n.minLength, n.maxLength = s.MinLength, s.MaxLength
	if s.Pattern != "" {
		re, cost, err := c.pattern(s.Pattern)
		if err != nil {
			return fmt.Errorf("%s: %w", where(at), err)
		}
		n.pattern, n.patternCost = re, cost
	}
	n.base64 = s.ContentEncoding == "base64"
	switch s.Format {
	case formatBytes, formatHandle, formatTime:
		n.format = s.Format
	}
	n.minItems, n.maxItems, n.unique = s.MinItems, s.MaxItems, s.UniqueItems
	n.minContains, n.maxContains = s.MinContains, s.MaxContains
	n.minProperties, n.maxProperties = s.MinProperties, s.MaxProperties
	n.required = s.Required
	n.dependentRequired = s.DependentRequired
	if s.DependencyStrings != nil {
		n.dependentRequired = maps.Clone(s.DependencyStrings)
		maps.Copy(n.dependentRequired, s.DependentRequired)
	}
	return nil
}

// pattern compiles a regular expression; nil when it is none that Go has, and the schema is a loose one.
func (c *compiler) pattern(text string) (*regexp.Regexp, int64, error) {
	re, err := regexp.Compile(text)
	if err == nil && len(text) > maxPattern {
		err = fmt.Errorf("it has more than %d bytes", maxPattern)
	}
	if err != nil {
		if c.loose {
			return nil, 0, nil
		}
		var syntaxError *syntax.Error
		if errors.As(err, &syntaxError) {
			err = fmt.Errorf("%s: %q", syntaxError.Code, syntaxError.Expr)
		}
		return nil, 0, fmt.Errorf("the pattern %s cannot be used (%w); patterns are RE2, which has no lookahead and no back references", quote(text), err)
	}
	cost := int64(len(text))
	if tree, err := syntax.Parse(text, syntax.Perl); err == nil {
		if program, err := syntax.Compile(tree.Simplify()); err == nil {
			cost = int64(len(program.Inst))
		}
	}
	return re, cost, nil
}

// parts prepares the keywords that hold schemas.
func (c *compiler) parts(n *node, s *jsonschema.Schema, at string) error {
	var errs []error
	one := func(x *jsonschema.Schema, name string) *node {
		child, err := c.node(x, at+"/"+name)
		errs = append(errs, err)
		return child
	}
	list := func(xs []*jsonschema.Schema, name string) []*node {
		var nodes []*node
		for i, x := range xs {
			if child := one(x, name+"/"+strconv.Itoa(i)); child != nil {
				nodes = append(nodes, child)
			}
		}
		return nodes
	}
	named := func(xs map[string]*jsonschema.Schema, name string) map[string]*node {
		var nodes map[string]*node
		for _, key := range slices.Sorted(maps.Keys(xs)) {
			if nodes == nil {
				nodes = make(map[string]*node, len(xs))
			}
			if nodes[key] = one(xs[key], name+"/"+key); nodes[key] == nil {
				nodes[key] = &node{source: &jsonschema.Schema{}, empty: true}
			}
		}
		return nodes
	}
	n.all, n.any, n.one = list(s.AllOf, "allOf"), list(s.AnyOf, "anyOf"), list(s.OneOf, "oneOf")
	n.not, n.cond, n.then, n.other = one(s.Not, "not"), one(s.If, "if"), one(s.Then, "then"), one(s.Else, "else")
	if n.prefix = list(s.PrefixItems, "prefixItems"); s.ItemsArray != nil {
		n.prefix = list(s.ItemsArray, "items")
		n.items = one(s.AdditionalItems, "additionalItems")
	} else {
		n.items = one(s.Items, "items")
	}
	n.contains, n.restItems = one(s.Contains, "contains"), one(s.UnevaluatedItems, "unevaluatedItems")
	n.properties = named(s.Properties, "properties")
	n.additional, n.names = one(s.AdditionalProperties, "additionalProperties"), one(s.PropertyNames, "propertyNames")
	n.restProperties = one(s.UnevaluatedProperties, "unevaluatedProperties")
	n.dependent = named(s.DependentSchemas, "dependentSchemas")
	for key, child := range named(s.DependencySchemas, "dependencies") {
		if n.dependent == nil {
			n.dependent = map[string]*node{}
		}
		n.dependent[key] = child
	}
	for _, key := range slices.Sorted(maps.Keys(s.PatternProperties)) {
		re, cost, err := c.pattern(key)
		if errs = append(errs, err); err != nil {
			continue
		}
		child := one(s.PatternProperties[key], "patternProperties/"+key)
		if re == nil {
			// Which properties it means is not known, so none may be refused for being another.
			n.additional, n.restProperties = nil, nil
			continue
		}
		n.patterns = append(n.patterns, patternNode{re, cost, child})
	}
	return errors.Join(errs...)
}

var errRemote = errors.New("schemas are not fetched from elsewhere: put the definition under $defs and refer to #/$defs/NAME")

// resolve finds what a $ref means: a JSON pointer or an anchor within the same schema.
func (c *compiler) resolve(ref string) (*jsonschema.Schema, error) {
	base, fragment, _ := strings.Cut(ref, "#")
	if base != "" && base != c.root.ID && base != strings.TrimSuffix(c.root.ID, "#") {
		return nil, fmt.Errorf("$ref %s: %w", quote(ref), errRemote)
	}
	missing := fmt.Errorf("$ref %s leads nowhere in this schema", quote(ref))
	fragment, err := url.PathUnescape(fragment)
	if err != nil {
		return nil, missing
	}
	if fragment == "" {
		return c.root, nil
	}
	if !strings.HasPrefix(fragment, "/") {
		if s := anchored(c.root, fragment); s != nil {
			return s, nil
		}
		return nil, missing
	}
	s := c.root
	parts := strings.Split(fragment[1:], "/")
	unescape := strings.NewReplacer("~1", "/", "~0", "~")
	for i := 0; i < len(parts); i++ {
		next := ""
		if i+1 < len(parts) {
			next = unescape.Replace(parts[i+1])
		}
		var child *jsonschema.Schema
		deep := true // the keyword holds several schemas, and the next part says which
		pick := func(list []*jsonschema.Schema) {
			if at, err := strconv.Atoi(next); err == nil && at >= 0 && at < len(list) {
				child = list[at]
			}
		}
		switch parts[i] {
		case "$defs":
			child = s.Defs[next]
		case "definitions":
			child = s.Definitions[next]
		case "properties":
			child = s.Properties[next]
		case "patternProperties":
			child = s.PatternProperties[next]
		case "dependentSchemas":
			child = s.DependentSchemas[next]
		case "dependencies":
			child = s.DependencySchemas[next]
		case "allOf":
			pick(s.AllOf)
		case "anyOf":
			pick(s.AnyOf)
		case "oneOf":
			pick(s.OneOf)
		case "prefixItems":
			pick(s.PrefixItems)
		case "items":
			if child = s.Items; child == nil {
				pick(s.ItemsArray)
			} else {
				deep = false
			}
		default:
			child, deep = map[string]*jsonschema.Schema{"additionalItems": s.AdditionalItems, "contains": s.Contains, "unevaluatedItems": s.UnevaluatedItems,
				"additionalProperties": s.AdditionalProperties, "propertyNames": s.PropertyNames, "unevaluatedProperties": s.UnevaluatedProperties,
				"not": s.Not, "if": s.If, "then": s.Then, "else": s.Else}[parts[i]], false
		}
		if child == nil {
			return nil, missing
		}
		if deep {
			i++
		}
		s = child
	}
	return s, nil
}

func anchored(s *jsonschema.Schema, name string) *jsonschema.Schema {
	if s.Anchor == name || s.DynamicAnchor == name {
		return s
	}
	for child := range children(s) {
		if found := anchored(child, name); found != nil {
			return found
		}
	}
	return nil
}

// checker holds one JSON text against a schema. The text is valid JSON and nests at most maxDepth levels.
type checker struct {
	text  []byte
	args  bool // the text is a call's arguments, and problems are said so
	typed bool // the text comes from or goes to a Go type of ours: formats hold, and null is an empty list

	steps    int64
	level    int
	path     []step
	quiet    int // more than 0: only whether it fits
	problems []string
	more     int
	hint     string
	edits    []edit
}

// step is one level of the path to a value.
type step struct {
	key   []byte // as it stands in the text
	index int    // of an item, when there is no key
}

// edit replaces a part of the text.
type edit struct {
	from, to int
	by       string
}

// maxProblems is how many mistakes one error names.
const maxProblems = 5

// budget is how much work it is to check a text: several looks at each value, and something to begin with.
func budget(text []byte) int64 { return 200_000 + 64*int64(len(text)) }

// check holds the text against a schema. When it fits, edits make of it what the other side takes.
func (c *checker) check(n *node) (fits bool) {
	defer func() {
		switch v := recover(); v {
		case nil:
		case errBudget:
			c.problems, c.more = []string{"could not be checked: the value is too large for so complicated a schema"}, 0
			fits = false
		default:
			panic(v)
		}
	}()
	c.steps = budget(c.text)
	_, fits = c.value(n, c.space(0))
	return fits
}

// errBudget is what a check gives up with that takes too long.
var errBudget = errors.New("the budget of a check is spent")

func (c *checker) spend(steps int) {
	if c.steps -= int64(steps); c.steps < 0 {
		panic(errBudget)
	}
}

// deeper is one schema within another, at the same value or a part of it.
func (c *checker) deeper() {
	c.spend(1)
	if c.level++; c.level > maxLevel {
		panic(errBudget) // it refers to itself and gets nowhere
	}
}

// edited is the text with all edits made; the text itself when there is none.
func (c *checker) edited(most int64) ([]byte, error) {
	if len(c.edits) == 0 {
		return c.text, nil
	}
	slices.SortStableFunc(c.edits, func(a, b edit) int {
		if a.from != b.from {
			return a.from - b.from
		}
		return a.to - b.to
	})
	edits := slices.Compact(c.edits)
	size := int64(len(c.text))
	for _, e := range edits {
		size += int64(len(e.by) - (e.to - e.from))
	}
	if size > most {
		return nil, fmt.Errorf("the result has %d bytes with its bytes marked as such; at most %d are passed on", size, most)
	}
	out := make([]byte, 0, size)
	at := 0
	for _, e := range edits {
		if e.from < at {
			continue // two branches edit the same value; the first one stands
		}
		out = append(append(out, c.text[at:e.from]...), e.by...)
		at = e.to
	}
	return append(out, c.text[at:]...), nil
}

// fail notes what is wrong with the value at the path.
func (c *checker) fail(format string, args ...any) bool {
	if c.quiet > 0 {
		return false
	}
	if len(c.problems) >= maxProblems {
		c.more++
		return false
	}
	problem := fmt.Sprintf(format, args...)
	if at := c.subject(); at != "" {
		problem = at + " " + problem
	} else if !c.args {
		problem = "it " + problem
	}
	if !slices.Contains(c.problems, problem) {
		c.problems = append(c.problems, problem)
	}
	return false
}

// message is all that is wrong, in one line.
func (c *checker) message() string {
	text := strings.Join(c.problems, "; ")
	if c.more > 0 {
		text += fmt.Sprintf("; and %d more", c.more)
	}
	return text
}

// subject names the value at the path.
func (c *checker) subject() string {
	if len(c.path) == 0 {
		return ""
	}
	var b strings.Builder
	if c.args {
		b.WriteString("argument ")
	}
	for i, s := range c.path {
		switch name := string(unquote(s.key)); {
		case s.key == nil:
			fmt.Fprintf(&b, "[%d]", s.index)
		case !plainName(name):
			fmt.Fprintf(&b, "[%s]", quote(name))
		default:
			if i > 0 {
				b.WriteByte('.')
			}
			b.WriteString(name)
		}
		if b.Len() > 300 {
			b.WriteString("…")
			break
		}
	}
	return b.String()
}

func plainName(name string) bool {
	for i := range len(name) {
		c := name[i]
		if !(c == '_' || c == '-' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9') {
			return false
		}
	}
	return name != "" && len(name) <= 100
}

// maxLevel bounds how deep schemas lead into each other at a value of the greatest depth.
const maxLevel = 5 * maxDepth

// value checks the value that begins at an offset and returns where it ends.
func (c *checker) value(n *node, at int) (end int, fits bool) {
	if n == nil || n.empty {
		return c.skip(at), true
	}
	if n.never {
		return c.skip(at), c.fail("must not be there")
	}
	c.deeper()
	defer func() { c.level-- }()
	fits, end = true, -1
	if n.ref != nil {
		end, fits = c.value(n.ref, at)
	}
	kind := c.kind(at)
	if n.types != 0 && n.types&kind == 0 {
		stop, ok, done := c.mismatch(n, at, kind)
		if done {
			return stop, ok && fits
		}
	}
	if kind&(isInteger|isNumber|isString) != 0 && n.scalar {
		if end < 0 {
			end = c.skip(at)
		}
		if kind == isString {
			fits = c.stringValue(n, at, end) && fits
		} else {
			fits = c.number(n, at, end) && fits
		}
	}
	if n.enum != nil {
		if end < 0 {
			end = c.skip(at)
		}
		fits = c.enumeration(n, at, end) && fits
	}
	if n.all != nil || n.any != nil || n.one != nil || n.not != nil || n.cond != nil {
		stop, ok := c.branches(n, at)
		end, fits = stop, ok && fits
	}
	if kind == isObject && (n.object || n.format != "") {
		stop, ok := c.objectValue(n, at)
		end, fits = stop, ok && fits
	}
	if kind == isArray && n.array {
		stop, ok := c.arrayValue(n, at)
		end, fits = stop, ok && fits
	}
	if end < 0 {
		end = c.skip(at)
	}
	return end, fits
}

// mismatch deals with a value of the wrong type: some are what is wanted, written differently. done: there is nothing else to check.
func (c *checker) mismatch(n *node, at int, kind kinds) (end int, fits, done bool) {
	end = c.skip(at)
	raw := c.text[at:end]
	switch {
	case c.typed && !c.args && kind == isNull && n.types == isArray:
		c.edits = append(c.edits, edit{at, end, "[]"}) // a nil slice
		return end, true, true
	case c.typed && !c.args && kind == isNull && n.types == isString && n.base64:
		c.edits = append(c.edits, edit{at, end, `{"$type":"bytes","value":""}`}) // a nil []byte
		return end, true, true
	case c.typed && !c.args && kind == isNull && n.types == isObject && n.format == "":
		c.edits = append(c.edits, edit{at, end, "{}"}) // a nil map
		return end, true, true
	case kind == isNumber && n.types&isInteger != 0 && whole(raw):
		// 3.0 is an integer to JSON Schema, but not to every function.
		if !c.args {
			return end, true, false
		}
		if f, _ := strconv.ParseFloat(string(raw), 64); math.Abs(f) < 1<<63 {
			c.edits = append(c.edits, edit{at, end, strconv.FormatInt(int64(f), 10)})
			return end, true, false
		}
		return end, c.fail("must be an integer of at most 64 bits, but is %s", shortly(raw)), true
	case c.args && kind == isObject && n.types&isString != 0 && tagOf(raw) == "bytes":
		// Another argument of the tool takes both bytes and text, this one only text.
		var v bytesJSON
		if json.Unmarshal(raw, &v) == nil {
			text, _ := encode(v.Value)
			c.edits = append(c.edits, edit{at, end, string(text)})
			return end, true, true
		}
	}
	if kind == isString && n.types&(isInteger|isNumber) != 0 && c.hint == "" && c.quiet == 0 && len(raw) < 40 {
		if inner := raw[1 : len(raw)-1]; json.Valid(inner) {
			c.hint = "send " + string(inner) + " without the quotes"
		}
	}
	return end, c.fail("must be %s, but is %s", expected(n), describe(raw)), true
}

// expected is what a schema wants, after "must be".
func expected(n *node) string {
	if len(n.enum) > 0 {
		return choices(n)
	}
	switch {
	case n.format == formatHandle:
		return "a handle that a tool returned"
	case n.format == formatBytes:
		return "a string or bytes"
	case n.base64:
		return "bytes"
	case n.never:
		return "absent"
	case n.types != 0:
		return n.types.words()
	case n.ref != nil:
		return n.ref.kindWords()
	}
	return "something else"
}

// kindWords is expected for a schema that others lead to; recursion ends after a few levels.
func (n *node) kindWords() string {
	for range 8 {
		if n.ref == nil || n.types != 0 || n.enum != nil {
			break
		}
		n = n.ref
	}
	if n.ref != nil && n.types == 0 {
		return "what its schema says"
	}
	return expected(n)
}

// choices lists what an enumeration allows.
func choices(n *node) string {
	const most = 20
	shown := n.shown[:min(len(n.shown), most)]
	text := clip(strings.Join(shown, ", "), 500)
	if len(n.shown) > most {
		text += fmt.Sprintf(" and %d more", len(n.shown)-most)
	}
	if len(n.shown) == 1 {
		return text
	}
	return "one of " + text
}

// describe is a value in a few words, for "but is".
func describe(raw []byte) string {
	switch raw[0] {
	case '"':
		return "the string " + shortly(raw)
	case '{':
		switch tag := tagOf(raw); tag {
		case "":
		case "bytes", "handle":
			return "a " + tag + " value"
		default:
			return "a value of type " + clip(tag, 40)
		}
		if len(raw) <= 60 {
			return "the object " + string(raw)
		}
		return "an object"
	case '[':
		if len(raw) <= 60 {
			return "the list " + string(raw)
		}
		return "a list"
	case 't', 'f', 'n':
		return string(raw)
	}
	return "the number " + shortly(raw)
}

// shortly is the text of a value, or its beginning.
func shortly(raw []byte) string {
	const most = 80
	if len(raw) <= most {
		return string(raw)
	}
	text := strings.ToValidUTF8(string(raw[:most]), "") + "…"
	if raw[0] == '"' {
		text += `"`
	}
	return text
}

// tagOf is the $type of an object that has it as its first member, as the guests write it, or "".
func tagOf(raw []byte) string {
	var v struct {
		Type string `json:"$type"`
	}
	if len(raw) > 1<<20 || !bytes.Contains(raw[:min(len(raw), 64)], []byte(`"$type"`)) || json.Unmarshal(raw, &v) != nil {
		return ""
	}
	return v.Type
}

func (c *checker) number(n *node, at, end int) bool {
	raw := c.text[at:end]
	if plainInteger(raw) {
		if i, err := strconv.ParseInt(string(raw), 10, 64); err == nil && (i > 1<<53 || i < -1<<53) {
			return c.bigInteger(n, raw, i)
		}
	}
	f, _ := strconv.ParseFloat(string(raw), 64)
	return c.numberIs(n, raw, func(x float64) int {
		switch {
		case f < x:
			return -1
		case f > x:
			return 1
		}
		return 0
	}, func(x float64) bool {
		_, fraction := math.Modf(f / x)
		return fraction == 0
	})
}

// bigInteger compares an integer that a float64 does not hold.
func (c *checker) bigInteger(n *node, raw []byte, i int64) bool {
	return c.numberIs(n, raw, func(x float64) int {
		switch {
		case x >= 1<<63:
			return -1
		case x < -1<<63:
			return 1
		}
		// x has at most 53 significant bits: its integer part is exact.
		whole := int64(math.Floor(x))
		switch {
		case i < whole || i == whole && float64(whole) < x:
			return -1
		case i > whole:
			return 1
		}
		return 0
	}, func(x float64) bool {
		if x == math.Trunc(x) && x < 1<<63 {
			return i%int64(x) == 0
		}
		_, fraction := math.Modf(float64(i) / x)
		return fraction == 0
	})
}

func (c *checker) numberIs(n *node, raw []byte, compare func(float64) int, divides func(float64) bool) bool {
	fits := true
	bound := func(limit *float64, ok func(int) bool, words string) {
		if limit != nil && !ok(compare(*limit)) {
			fits = c.fail("must be %s %s, but is %s", words, decimal(*limit), shortly(raw))
		}
	}
	bound(n.minimum, func(o int) bool { return o >= 0 }, "at least")
	bound(n.maximum, func(o int) bool { return o <= 0 }, "at most")
	bound(n.above, func(o int) bool { return o > 0 }, "more than")
	bound(n.below, func(o int) bool { return o < 0 }, "less than")
	if n.multiple != nil && !divides(*n.multiple) {
		fits = c.fail("must be a multiple of %s, but is %s", decimal(*n.multiple), shortly(raw))
	}
	return fits
}

func decimal(f float64) string {
	if f == math.Trunc(f) && math.Abs(f) < 1e15 {
		return strconv.FormatInt(int64(f), 10)
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}

// plainInteger says that a number is written without point and exponent.
func plainInteger(raw []byte) bool { return !bytes.ContainsAny(raw, ".eE") }

// whole says that a number is an integer, however it is written.
func whole(raw []byte) bool {
	if plainInteger(raw) {
		return true
	}
	f, err := strconv.ParseFloat(string(raw), 64)
	return err == nil && f == math.Trunc(f)
}

func (c *checker) stringValue(n *node, at, end int) bool {
	fits := true
	raw := c.text[at:end]
	if n.minLength != nil || n.maxLength != nil || n.pattern != nil {
		text := unquote(raw)
		length := utf8.RuneCount(text)
		if n.minLength != nil && length < *n.minLength {
			fits = c.fail("must have at least %s, but %s has %d", many(*n.minLength, "character"), shortly(raw), length)
		}
		if n.maxLength != nil && length > *n.maxLength {
			fits = c.fail("must have at most %s, but %s has %d", many(*n.maxLength, "character"), shortly(raw), length)
		}
		if n.pattern != nil && !c.matches(n.pattern, n.patternCost, text) {
			fits = c.fail("must match the pattern %s, but is %s", clip(n.pattern.String(), 200), shortly(raw))
		}
	}
	if n.base64 {
		switch {
		case !isBase64(raw[1 : len(raw)-1]):
			if c.args && c.typed {
				fits = c.fail("must be bytes, but is the string %s", shortly(raw))
			}
		case !c.args:
			c.edits = append(c.edits, edit{at, at, `{"$type":"bytes","value":`}, edit{end, end, "}"})
		}
	}
	if n.format == formatTime && c.args && c.typed {
		if _, err := time.Parse(time.RFC3339, string(unquote(raw))); err != nil {
			fits = c.fail("must be a date and time such as 2006-01-02T15:04:05Z, but is %s", shortly(raw))
		}
	}
	return fits
}

// matches is a match that costs what it does.
func (c *checker) matches(re *regexp.Regexp, cost int64, text []byte) bool {
	c.spend(int(int64(len(text)) * cost / 64))
	return re.Match(text)
}

func (c *checker) enumeration(n *node, at, end int) bool {
	raw := c.text[at:end]
	c.spend(len(n.enum) + len(raw)/16)
	if raw[0] == '"' && bytes.IndexByte(raw, '\\') < 0 {
		for _, v := range n.enum {
			if s, ok := v.(string); ok && s == string(raw[1:len(raw)-1]) {
				return true
			}
		}
	} else if v, err := decode(raw); err == nil {
		v = numbers(v)
		for _, e := range n.enum {
			if same(e, v) {
				return true
			}
		}
	}
	if c.quiet == 0 && raw[0] == '"' && c.hint == "" {
		var names []string
		for _, v := range n.enum {
			if s, ok := v.(string); ok && len(names) < 1000 {
				names = append(names, s)
			}
		}
		given := string(unquote(raw[:min(len(raw), 200)]))
		at := slices.IndexFunc(names, func(s string) bool { return strings.EqualFold(s, given) })
		if at >= 0 {
			c.hint = "did you mean " + quote(names[at]) + "?"
		} else if best := nearest.Name(given, names); best != "" {
			c.hint = "did you mean " + quote(best) + "?"
		}
	}
	if len(n.enum) == 0 {
		return c.fail("has a schema that no value fits")
	}
	return c.fail("must be %s, but is %s", choices(n), describe(raw))
}

// same compares decoded values with Go numbers.
func same(a, b any) bool {
	switch a := a.(type) {
	case int64:
		if f, ok := b.(float64); ok {
			return float64(a) == f && f < 1<<63
		}
	case float64:
		if i, ok := b.(int64); ok {
			return float64(i) == a && a < 1<<63
		}
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, same)
	case map[string]any:
		b, ok := b.(map[string]any)
		return ok && maps.EqualFunc(a, b, same)
	}
	return reflect.DeepEqual(a, b)
}

// branches checks the keywords that combine schemas.
func (c *checker) branches(n *node, at int) (end int, fits bool) {
	fits, end = true, -1
	for _, x := range n.all {
		stop, ok := c.value(x, at)
		end, fits = stop, ok && fits
	}
	if n.any != nil {
		found := false
		for _, x := range n.any {
			// All of them, since each that fits may have bytes to mark.
			stop, ok := c.try(x, at)
			end, found = stop, found || ok
		}
		if !found {
			fits = c.none(n.any, at)
		}
	}
	if n.one != nil {
		var first *node
		for _, x := range n.one {
			kept := len(c.edits)
			stop, ok := c.try(x, at)
			end = stop
			switch {
			case ok && first == nil:
				first = x
			case ok:
				c.edits = c.edits[:kept]
				fits = c.fail("must fit one of its forms only, but fits both %s and %s", expected(first), expected(x))
			}
		}
		if first == nil {
			fits = c.none(n.one, at)
		}
	}
	if n.not != nil {
		kept := len(c.edits)
		stop, ok := c.try(n.not, at)
		if c.edits, end = c.edits[:kept], stop; ok {
			words := "what its schema excludes"
			if w := expected(n.not); w != "something else" {
				words = w
			}
			fits = c.fail("must not be %s, but is %s", words, describe(c.text[at:end]))
		}
	}
	if n.cond != nil {
		stop, ok := c.try(n.cond, at)
		end = stop
		next := n.other
		if ok {
			next = n.then
		}
		if next != nil {
			stop, ok := c.value(next, at)
			end, fits = stop, ok && fits
		}
	}
	return end, fits
}

// try checks without a word.
func (c *checker) try(n *node, at int) (end int, fits bool) {
	kept := len(c.edits)
	c.quiet++
	end, fits = c.value(n, at)
	c.quiet--
	if !fits {
		c.edits = c.edits[:kept]
	}
	return end, fits
}

// none says why a value fits none of several schemas: of the one that comes nearest, or what all of them want.
func (c *checker) none(list []*node, at int) bool {
	if c.quiet > 0 {
		return false
	}
	raw := c.text[at:c.skip(at)]
	kind := c.kind(at)
	problems, more, hint := c.problems, c.more, c.hint
	var best []string
	var bestHint string
	candidates, least := 0, math.MaxInt
	for _, x := range list[:min(len(list), 50)] {
		if x.kinds(0)&kind == 0 {
			continue
		}
		candidates++
		c.problems, c.more, c.hint = nil, 0, ""
		kept := len(c.edits)
		c.value(x, at)
		c.edits = c.edits[:kept]
		if k := len(c.problems) + c.more; k < least {
			least, best, bestHint = k, c.problems, c.hint
		}
	}
	c.problems, c.more, c.hint = problems, more, hint
	if candidates > 0 && kind&(isArray|isObject) != 0 && len(best) > 0 || candidates == 1 && len(best) > 0 {
		if c.hint == "" {
			c.hint = bestHint
		}
		for _, problem := range best {
			if len(c.problems) >= maxProblems {
				c.more++
			} else if !slices.Contains(c.problems, problem) {
				c.problems = append(c.problems, problem)
			}
		}
		return false
	}
	var words []string
	for _, x := range list {
		w := x.kindWords()
		if !slices.Contains(words, w) && len(words) < 10 {
			words = append(words, w)
		}
	}
	return c.fail("must be %s, but is %s", strings.Join(words, " or "), describe(raw))
}

// kinds are the types that a schema takes, as far as it says.
func (n *node) kinds(depth int) kinds {
	every := isNull | isBoolean | isInteger | isNumber | isString | isArray | isObject
	switch {
	case n.never:
		return 0
	case n.types != 0:
		return n.types
	case n.ref != nil && depth < 8:
		return n.ref.kinds(depth + 1)
	case n.enum != nil:
		var k kinds
		for _, v := range n.enum {
			switch v.(type) {
			case nil:
				k |= isNull
			case bool:
				k |= isBoolean
			case string:
				k |= isString
			case int64, float64:
				k |= isInteger | isNumber
			case []any:
				k |= isArray
			default:
				k |= isObject
			}
		}
		return k
	}
	return every
}

func (c *checker) objectValue(n *node, at int) (end int, fits bool) {
	if n.format == formatHandle || n.format == formatBytes {
		end = c.skip(at)
		want := map[string]string{formatHandle: "handle", formatBytes: "bytes"}[n.format]
		if tagOf(c.text[at:end]) != want {
			return end, c.fail("must be %s, but is %s", expected(n), describe(c.text[at:end]))
		}
		return end, true
	}
	fits = true
	var names []string // those that keywords of the whole object look for
	var few [16]bool
	present := few[:]
	if len(n.required) > len(few) {
		present = make([]bool, len(n.required))
	}
	count := 0
	i := c.space(at + 1)
	for c.text[i] != '}' {
		from := i
		i = c.stringEnd(i)
		key := c.text[from:i]
		i = c.space(c.space(i) + 1) // the colon
		count++
		stop, ok := c.member(n, key, from, i, at)
		fits = fits && ok
		if bytes.IndexByte(key, '\\') >= 0 || n.dependent != nil || n.dependentRequired != nil {
			name := string(unquote(key))
			if n.dependent != nil || n.dependentRequired != nil {
				names = append(names, name)
			}
			c.spend(len(n.required))
			if at := slices.Index(n.required, name); at >= 0 {
				present[at] = true
			}
		} else if n.required != nil {
			c.spend(len(n.required) / 8)
			for at, name := range n.required {
				if name == string(key[1:len(key)-1]) {
					present[at] = true
					break
				}
			}
		}
		if i = c.space(stop); c.text[i] == ',' {
			i = c.space(i + 1)
		}
	}
	end = i + 1
	var missing []string
	for at, name := range n.required {
		if !present[at] {
			missing = append(missing, name)
		}
	}
	if missing != nil {
		what := "property"
		if c.args && len(c.path) == 0 {
			what = "argument"
		}
		if len(missing) > 1 {
			what = map[string]string{"property": "properties", "argument": "arguments"}[what]
		}
		fits = c.fail("lacks the %s %s", what, listed(missing))
	}
	if names != nil {
		for _, name := range slices.Sorted(maps.Keys(n.dependentRequired)) {
			for _, other := range n.dependentRequired[name] {
				if slices.Contains(names, name) && !slices.Contains(names, other) {
					fits = c.fail("lacks %s, which has to be there when %s is", quote(other), quote(name))
				}
			}
		}
		for _, name := range slices.Sorted(maps.Keys(n.dependent)) {
			if slices.Contains(names, name) {
				_, ok := c.value(n.dependent[name], at)
				fits = fits && ok
			}
		}
	}
	if n.minProperties != nil && count < *n.minProperties {
		fits = c.fail("must have at least %s, but has %d", many(*n.minProperties, "property"), count)
	}
	if n.maxProperties != nil && count > *n.maxProperties {
		fits = c.fail("must have at most %s, but has %d", many(*n.maxProperties, "property"), count)
	}
	return end, fits
}

// member checks one member of an object: its name, and its value by every schema that is meant for it.
func (c *checker) member(n *node, key []byte, keyAt, at, object int) (end int, fits bool) {
	fits = true
	child, known := n.properties[string(key[1:len(key)-1])]
	name := ""
	if bytes.IndexByte(key, '\\') >= 0 || !known || n.names != nil || n.patterns != nil {
		name = string(unquote(key))
		child, known = n.properties[name]
	}
	if n.names != nil {
		if _, ok := c.try(n.names, keyAt); !ok {
			fits = c.fail("has a property %s, whose name does not fit%s", quote(name), nameRule(n.names))
		}
	}
	c.path = append(c.path, step{key: key})
	defer func() { c.path = c.path[:len(c.path)-1] }()
	end = -1
	if known {
		stop, ok := c.value(child, at)
		end, fits = stop, ok && fits
	}
	for _, p := range n.patterns {
		if c.matches(p.re, p.cost, []byte(name)) {
			known = true
			stop, ok := c.value(p.node, at)
			end, fits = stop, ok && fits
		}
	}
	if !known {
		rest := n.additional
		if rest == nil && n.restProperties != nil && !c.evaluates(n, object, name) {
			rest = n.restProperties
		}
		switch {
		case rest == nil:
		case rest.never:
			c.path = c.path[:len(c.path)-1]
			fits = c.unknown(n, name)
			c.path = append(c.path, step{key: key})
		default:
			stop, ok := c.value(rest, at)
			end, fits = stop, ok && fits
		}
	}
	if end < 0 {
		end = c.skip(at)
	}
	return end, fits
}

func nameRule(n *node) string {
	if n.pattern != nil {
		return " the pattern " + clip(n.pattern.String(), 200)
	}
	if n.enum != nil {
		return ": it must be " + choices(n)
	}
	return ""
}

// unknown says that an object has no property of a name.
func (c *checker) unknown(n *node, name string) bool {
	if c.quiet > 0 {
		return false
	}
	names := slices.Sorted(maps.Keys(n.properties))
	if c.hint == "" {
		if best := nearest.Name(name, slices.Clone(names)); best != "" {
			c.hint = "did you mean " + best + "?"
		}
	}
	if c.args && len(c.path) == 0 {
		return c.fail("has no argument %s", quote(name))
	}
	if len(names) == 0 {
		return c.fail("must be empty, but has a property %s", quote(name))
	}
	return c.fail("has a property %s, which it must not; it may have %s", quote(name), listed(names))
}

func listed(names []string) string {
	const most = 20
	text := clip(strings.Join(names[:min(len(names), most)], ", "), 500)
	if len(names) > most {
		text += fmt.Sprintf(" and %d more", len(names)-most)
	}
	return text
}

// evaluates says that a schema, which the object at an offset fits, says something about a property of it: what unevaluatedProperties goes by.
func (c *checker) evaluates(n *node, at int, name string) bool {
	if n == nil {
		return false
	}
	c.deeper()
	defer func() { c.level-- }()
	if _, ok := n.properties[name]; ok || n.additional != nil {
		return true
	}
	for _, p := range n.patterns {
		if c.matches(p.re, p.cost, []byte(name)) {
			return true
		}
	}
	return c.inPlace(n, at, func(x *node) bool { return x.restProperties != nil || c.evaluates(x, at, name) })
}

// evaluatesItem is evaluates for an item of an array.
func (c *checker) evaluatesItem(n *node, at, index, itemAt int) bool {
	if n == nil {
		return false
	}
	c.deeper()
	defer func() { c.level-- }()
	if n.items != nil || index < len(n.prefix) {
		return true
	}
	if n.contains != nil {
		if _, ok := c.try(n.contains, itemAt); ok {
			return true
		}
	}
	return c.inPlace(n, at, func(x *node) bool { return x.restItems != nil || c.evaluatesItem(x, at, index, itemAt) })
}

// inPlace asks the schemas that apply to the same value, and that it fits, until one says yes.
func (c *checker) inPlace(n *node, at int, yes func(*node) bool) bool {
	kept := len(c.edits)
	defer func() { c.edits = c.edits[:kept] }()
	holds := func(x *node) bool { _, ok := c.try(x, at); return ok }
	if n.ref != nil && yes(n.ref) {
		return true
	}
	if slices.ContainsFunc(n.all, yes) {
		return true
	}
	for _, list := range [][]*node{n.any, n.one} {
		for _, x := range list {
			if holds(x) && yes(x) {
				return true
			}
		}
	}
	if n.cond != nil {
		if holds(n.cond) {
			return yes(n.cond) || n.then != nil && yes(n.then)
		}
		return n.other != nil && yes(n.other)
	}
	return false
}

func (c *checker) arrayValue(n *node, at int) (end int, fits bool) {
	fits = true
	count, contained := 0, 0
	var earlier map[string]int
	i := c.space(at + 1)
	for c.text[i] != ']' {
		c.path = append(c.path, step{index: count})
		var item *node
		switch {
		case count < len(n.prefix):
			item = n.prefix[count]
		case n.items != nil:
			item = n.items
		case n.restItems != nil && !c.evaluatesItem(n, at, count, i):
			item = n.restItems
		}
		stop, ok := c.value(item, i)
		fits = fits && ok
		if n.contains != nil {
			if _, ok := c.try(n.contains, i); ok {
				contained++
			}
		}
		c.path = c.path[:len(c.path)-1]
		if n.unique && stop > i {
			c.spend((stop - i) / 4)
			if earlier == nil {
				earlier = map[string]int{}
			}
			key := canonical(c.text[i:stop])
			if before, twice := earlier[key]; twice {
				fits = c.fail("must not hold a value twice, but items %d and %d are both %s", before, count, shortly(c.text[i:stop]))
			}
			earlier[key] = count
		}
		count++
		i = c.space(stop)
		if c.text[i] == ',' {
			i = c.space(i + 1)
		}
	}
	end = i + 1
	if n.minItems != nil && count < *n.minItems {
		fits = c.fail("must have at least %s, but has %d", many(*n.minItems, "item"), count)
	}
	if n.maxItems != nil && count > *n.maxItems {
		fits = c.fail("must have at most %s, but has %d", many(*n.maxItems, "item"), count)
	}
	if n.contains != nil {
		least := 1
		if n.minContains != nil {
			least = *n.minContains
		}
		if contained < least {
			fits = c.fail("must have at least %s that %s %s, but has %d", many(least, "item"), map[bool]string{true: "is", false: "are"}[least == 1], expected(n.contains), contained)
		}
		if n.maxContains != nil && contained > *n.maxContains {
			fits = c.fail("must have at most %s that may be %s, but has %d", many(*n.maxContains, "item"), expected(n.contains), contained)
		}
	}
	return end, fits
}

// canonical is the same for equal values.
func canonical(raw []byte) string {
	v, err := decode(raw)
	if err != nil {
		return string(raw)
	}
	text, err := encode(settled(numbers(v)))
	if err != nil {
		return string(raw)
	}
	return string(text)
}

// settled writes floats that are integers as integers.
func settled(v any) any {
	switch v := v.(type) {
	case float64:
		if v == math.Trunc(v) && math.Abs(v) < 1<<63 {
			return int64(v)
		}
	case []any:
		for i := range v {
			v[i] = settled(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = settled(v[k])
		}
	}
	return v
}

func many(n int, what string) string {
	switch {
	case n == 1:
		return "1 " + what
	case what == "property":
		return strconv.Itoa(n) + " properties"
	}
	return strconv.Itoa(n) + " " + what + "s"
}

// kind is the type of the value at an offset. An integer is a number that is written as one: 3.0 is dealt with where an integer is wanted.
func (c *checker) kind(at int) kinds {
	switch c.text[at] {
	case '"':
		return isString
	case '{':
		return isObject
	case '[':
		return isArray
	case 't', 'f':
		return isBoolean
	case 'n':
		return isNull
	}
	if plainInteger(c.text[at:c.scalarEnd(at)]) {
		return isInteger
	}
	return isNumber
}

func (c *checker) space(i int) int {
	for i < len(c.text) && (c.text[i] == ' ' || c.text[i] == '\n' || c.text[i] == '\t' || c.text[i] == '\r') {
		i++
	}
	return i
}

func (c *checker) stringEnd(i int) int {
	for i++; c.text[i] != '"'; i++ {
		if c.text[i] == '\\' {
			i++
		}
	}
	return i + 1
}

func (c *checker) scalarEnd(i int) int {
	for i < len(c.text) {
		switch c.text[i] {
		case ',', ']', '}', ' ', '\n', '\t', '\r', ':':
			return i
		}
		i++
	}
	return i
}

// skip is the end of the value at an offset.
func (c *checker) skip(at int) int {
	i := at
	switch c.text[i] {
	case '"':
		i = c.stringEnd(i)
	case '{', '[':
		i = nested(c.text, i)
	default:
		i = c.scalarEnd(i)
	}
	c.spend((i-at)/64 + 1)
	return i
}

// nested is the end of the object or array at an offset of a valid text.
func nested(text []byte, i int) int {
	depth := 0
	for quoted := false; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return i
}

// unquote is the text of a JSON string. It is raw's own memory when there is nothing to decode.
func unquote(raw []byte) []byte {
	if bytes.IndexByte(raw, '\\') < 0 {
		return bytes.Trim(raw, `"`)
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return bytes.Trim(raw, `"`)
	}
	return []byte(s)
}

// isBase64 says that the inside of a JSON string is base64 with padding.
func isBase64(text []byte) bool {
	if len(text)%4 != 0 {
		return false
	}
	body := bytes.TrimRight(text, "=")
	if len(text)-len(body) > 2 {
		return false
	}
	for _, c := range body {
		if !(c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '+' || c == '/') {
			return false
		}
	}
	return true
}

// parse is decode for a text that is known to be JSON in UTF-8, of a depth of at most maxDepth: what a call costs is less than what a Decoder does.
func parse(text []byte) any {
	c := checker{text: text}
	v, _ := c.parse(c.space(0))
	return v
}

func (c *checker) parse(at int) (v any, end int) {
	switch c.text[at] {
	case '{':
		m := map[string]any{}
		for at = c.space(at + 1); c.text[at] != '}'; {
			end = c.stringEnd(at)
			key := string(unquote(c.text[at:end]))
			at = c.space(c.space(end) + 1)
			m[key], at = c.parse(at)
			if at = c.space(at); c.text[at] == ',' {
				at = c.space(at + 1)
			}
		}
		return m, at + 1
	case '[':
		list := []any{}
		for at = c.space(at + 1); c.text[at] != ']'; {
			v, at = c.parse(at)
			list = append(list, v)
			if at = c.space(at); c.text[at] == ',' {
				at = c.space(at + 1)
			}
		}
		return list, at + 1
	case '"':
		end = c.stringEnd(at)
		return string(unquote(c.text[at:end])), end
	case 't':
		return true, at + len("true")
	case 'f':
		return false, at + len("false")
	case 'n':
		return nil, at + len("null")
	}
	end = c.scalarEnd(at)
	return json.Number(c.text[at:end]), end
}

// decode reads one JSON value, with its numbers as they are written.
func decode(text []byte) (v any, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	err = d.Decode(&v)
	return v, err
}
