package hostfuncs

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"

	"wand/policies/nearest"
)

// schemaOf infers a schema from a Go type, and reads the tags that Tool names.
func schemaOf[T any]() (*jsonschema.Schema, error) {
	special := map[reflect.Type]*jsonschema.Schema{
		reflect.TypeFor[[]byte](): {Type: "string", ContentEncoding: "base64"},
		reflect.TypeFor[Bytes]():  {Types: []string{"string", "object"}, Format: formatBytes, Description: "text, or bytes"},
		reflect.TypeFor[Handle](): {Type: "object", Description: "an opaque handle: pass it on as it is"},
	}
	t := reflect.TypeFor[T]()
	s, err := jsonschema.ForType(t, &jsonschema.ForOptions{TypeSchemas: special})
	if err != nil {
		return nil, err
	}
	return s, readTags(t, s, map[reflect.Type]bool{})
}

// readTags adds what struct tags say to the schema of a type, at every depth.
func readTags(t reflect.Type, s *jsonschema.Schema, seen map[reflect.Type]bool) error {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case s == nil || seen[t] || t == reflect.TypeFor[[]byte]():
		return nil
	case (t.Kind() == reflect.Slice || t.Kind() == reflect.Array) && s.Items != nil:
		return readTags(t.Elem(), s.Items, seen)
	case t.Kind() == reflect.Map && s.AdditionalProperties != nil:
		return readTags(t.Elem(), s.AdditionalProperties, seen)
	case t.Kind() != reflect.Struct:
		return nil
	}
	seen[t] = true
	defer delete(seen, t)
	for _, f := range reflect.VisibleFields(t) {
		if !f.IsExported() || f.Anonymous {
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" {
			name = f.Name
		}
		p := s.Properties[name]
		if p == nil {
			continue
		}
		if err := readTag(f.Tag, p); err != nil {
			return fmt.Errorf("field %s: %w", f.Name, err)
		}
		if p.Default != nil {
			s.Required = slices.DeleteFunc(s.Required, func(r string) bool { return r == name })
		}
		if err := readTags(f.Type, p, seen); err != nil {
			return err
		}
	}
	return nil
}

func readTag(tag reflect.StructTag, p *jsonschema.Schema) error {
	if list, ok := tag.Lookup("enum"); ok {
		for item := range strings.SplitSeq(list, ",") {
			v, err := tagValue(item, p)
			if err != nil {
				return err
			}
			p.Enum = append(p.Enum, v)
		}
	}
	if text, ok := tag.Lookup("default"); ok {
		v, err := tagValue(text, p)
		if err != nil {
			return err
		}
		if p.Default, err = json.Marshal(v); err != nil {
			return err
		}
	}
	for name, at := range map[string]**float64{"minimum": &p.Minimum, "maximum": &p.Maximum} {
		if text, ok := tag.Lookup(name); ok {
			v, err := strconv.ParseFloat(text, 64)
			if err != nil {
				return fmt.Errorf("%s:%q is not a number", name, text)
			}
			*at = &v
		}
	}
	return nil
}

// tagValue is the text of a tag as a value of the schema's type: a bare word for a string, JSON for anything else.
func tagValue(text string, p *jsonschema.Schema) (v any, err error) {
	if p.Type == "string" || slices.Contains(p.Types, "string") {
		return text, nil
	}
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		return nil, fmt.Errorf("%q is not JSON: %w", text, err)
	}
	return v, nil
}

// propertyOrder is the order in which a schema's text lists its properties, which decoding does not keep.
func propertyOrder(schema json.RawMessage) []string {
	var outer struct {
		Properties json.RawMessage `json:"properties"`
	}
	if json.Unmarshal(schema, &outer) != nil || len(outer.Properties) == 0 {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(outer.Properties))
	var names []string
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil
		}
		names = append(names, name.(string))
		var skip json.RawMessage
		if d.Decode(&skip) != nil {
			return nil
		}
	}
	return names
}

// tool is a registered definition with what is worked out once.
type tool struct {
	Definition
	parameters    []string // by position
	input, output *jsonschema.Resolved
	bytes         bool // the result has strings that stand for bytes
	tagged        bool // an argument is text or bytes, so bytes keep their tag
	defaults      bool
}

// maxSchema bounds the JSON of a schema from outside (an MCP server), in bytes.
const maxSchema = 256 << 10

// compile checks a definition and prepares it.
func compile(d Definition) (*tool, error) {
	if d.err != nil {
		return nil, d.err
	}
	if d.Call == nil {
		return nil, errors.New("it has no function to call")
	}
	if d.Input == nil {
		d.Input = &jsonschema.Schema{Type: "object"}
	}
	if d.Input.Type != "object" {
		return nil, errors.New(`the schema of its arguments must say "type": "object"`)
	}
	if text, err := json.Marshal(d.Input); err != nil || len(text) > maxSchema {
		return nil, fmt.Errorf("the schema of its arguments is unusable or larger than %d bytes", maxSchema)
	}
	t := &tool{Definition: d}
	var err error
	if t.input, err = d.Input.Resolve(&jsonschema.ResolveOptions{}); err != nil {
		return nil, fmt.Errorf("the schema of its arguments: %w", err)
	}
	if d.Output != nil {
		if t.output, err = d.Output.Resolve(&jsonschema.ResolveOptions{}); err != nil {
			return nil, fmt.Errorf("the schema of its result: %w", err)
		}
		t.bytes = hasBytes(d.Output)
	}
	for _, p := range d.Input.Properties {
		t.tagged = t.tagged || p.Format == formatBytes
	}
	t.parameters = slices.Clone(d.Input.PropertyOrder)
	for _, name := range slices.Sorted(maps.Keys(d.Input.Properties)) {
		if !slices.Contains(t.parameters, name) {
			t.parameters = append(t.parameters, name)
		}
		t.defaults = t.defaults || d.Input.Properties[name].Default != nil
	}
	return t, nil
}

func hasBytes(s *jsonschema.Schema) bool {
	if s == nil {
		return false
	}
	if s.ContentEncoding == "base64" || hasBytes(s.Items) || hasBytes(s.AdditionalProperties) {
		return true
	}
	for _, p := range s.Properties {
		if hasBytes(p) {
			return true
		}
	}
	return false
}

// maxDepth is how deep arguments and results may nest.
const maxDepth = 200

// arguments checks the text of a call's arguments and returns them as the tool takes them: an object by name, tags replaced by plain JSON, defaults
// filled in; decoded too, for rules to look at.
func (t *tool) arguments(text []byte) (json.RawMessage, map[string]any, *Error) {
	if depth(text) > maxDepth {
		return nil, nil, t.wrong(fmt.Sprintf("the arguments are nested deeper than %d levels", maxDepth), "")
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, nil, t.wrong("the arguments are not JSON", "")
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, nil, t.wrong("there is something after the arguments", "")
	}
	c := plainer{tagged: t.tagged}
	v = c.plain(v)
	if c.err != nil {
		return nil, nil, t.wrong(c.err.Error(), "")
	}
	args, changed, problem := t.bind(v)
	if problem != nil {
		return nil, nil, problem
	}
	if problem := t.check(args); problem != nil {
		return nil, nil, problem
	}
	if t.defaults {
		for name, p := range t.Input.Properties {
			if _, given := args[name]; p.Default == nil || given {
				continue
			}
			var value any
			if json.Unmarshal(p.Default, &value) == nil {
				args[name] = value
				changed = true
			}
		}
	}
	if err := t.input.Validate(args); err != nil {
		return nil, nil, t.wrong(explain(err), "")
	}
	if !changed && !c.changed {
		return bytes.Clone(text), args, nil
	}
	encoded, err := encode(args)
	if err != nil {
		return nil, nil, t.wrong("the arguments cannot be passed on", "")
	}
	return encoded, args, nil
}

// bind turns arguments by position into arguments by name.
func (t *tool) bind(v any) (args map[string]any, changed bool, problem *Error) {
	var positional []any
	switch v := v.(type) {
	case map[string]any:
		args = v
		list, ok := v["$args"]
		if !ok {
			return args, false, nil
		}
		delete(args, "$args")
		if positional, ok = list.([]any); !ok {
			return nil, false, t.wrong("the arguments by position are not a list", "")
		}
	case []any:
		args, positional = map[string]any{}, v
	case nil:
		args = map[string]any{}
	default:
		return nil, false, t.wrong("the arguments must be an object by parameter name", "")
	}
	if len(positional) > len(t.parameters) {
		return nil, false, t.wrong(fmt.Sprintf("takes %d arguments by position, but %d were given", len(t.parameters), len(positional)), "")
	}
	for i, value := range positional {
		name := t.parameters[i]
		if _, twice := args[name]; twice {
			return nil, false, t.wrong(fmt.Sprintf("got two values for the argument %s, by position and by name", name), "")
		}
		args[name] = value
	}
	return args, true, nil
}

// check finds the mistakes that programs make most often, in words better than a validator's.
func (t *tool) check(args map[string]any) *Error {
	s := t.Input
	if closed(s) {
		for _, name := range slices.Sorted(maps.Keys(args)) {
			if _, known := s.Properties[name]; !known {
				hint := ""
				if best := nearest.Name(name, slices.Clone(t.parameters)); best != "" {
					hint = "did you mean " + best + "?"
				}
				return t.wrong(fmt.Sprintf("has no argument %s", quote(name)), hint)
			}
		}
	}
	var missing []string
	for _, name := range s.Required {
		if _, given := args[name]; !given {
			missing = append(missing, name)
		}
	}
	switch len(missing) {
	case 0:
		return nil
	case 1:
		return t.wrong("lacks the argument "+missing[0], "")
	}
	return t.wrong("lacks the arguments "+strings.Join(missing, ", "), "")
}

// closed says that a schema takes no properties but those it lists.
func closed(s *jsonschema.Schema) bool {
	a := s.AdditionalProperties
	return a != nil && a.Not != nil && len(s.PatternProperties) == 0
}

// wrong is an error about arguments. The hint is how the tool is called, unless there is a better one.
func (t *tool) wrong(message, hint string) *Error {
	if hint == "" {
		hint = "the tool is " + t.signature()
	}
	return &Error{Type: ArgumentError, Message: t.Name + ": " + message, Hint: hint}
}

// explain makes a sentence for a model of what the validator says: `validating root: validating /properties/limit: type: x has type "string", want "integer"`.
func explain(err error) string {
	text := err.Error()
	where := ""
	for {
		rest, ok := strings.CutPrefix(text, "validating ")
		if !ok {
			break
		}
		at, message, ok := strings.Cut(rest, ": ")
		if !ok {
			break
		}
		if at != "root" {
			where = at
		}
		text = message
	}
	var path []string
	parts := strings.Split(strings.TrimPrefix(where, "/"), "/")
	for i := 0; i < len(parts); i++ {
		switch parts[i] {
		case "properties":
			if i+1 < len(parts) {
				i++
				path = append(path, parts[i])
			}
		case "items":
			path = append(path, "each item")
		}
	}
	if len(text) > 300 {
		text = text[:300] + "…"
	}
	if len(path) == 0 {
		return text
	}
	return "argument " + strings.Join(path, ", ") + ": " + text
}

// plainer replaces the ABI's tagged values (modules/ABI.md) by plain JSON, and numbers by int64 or float64.
type plainer struct {
	changed bool
	tagged  bool // leave bytes tagged
	err     error
}

func (c *plainer) plain(v any) any {
	switch v := v.(type) {
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return i
		}
		f, err := v.Float64()
		if err != nil {
			c.err = fmt.Errorf("the number %s is too large", clip(v.String(), 40))
		}
		if f == math.Trunc(f) && math.Abs(f) >= 1<<63 && !strings.ContainsAny(v.String(), ".eE") {
			c.err = fmt.Errorf("the integer %s has more than 64 bits; send it as text", clip(v.String(), 40))
		}
		return f
	case []any:
		for i := range v {
			v[i] = c.plain(v[i])
		}
	case map[string]any:
		if tag, ok := v["$type"].(string); ok {
			c.changed = true
			return c.untag(tag, v)
		}
		for k := range v {
			v[k] = c.plain(v[k])
		}
	}
	return v
}

func (c *plainer) untag(tag string, v map[string]any) any {
	switch tag {
	case "int":
		text, _ := v["value"].(string)
		i, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			c.err = fmt.Errorf("the integer %s has more than 64 bits; send it as text", clip(text, 40))
		}
		return i
	case "float":
		if v["value"] == "-0" {
			return 0.0
		}
		c.err = fmt.Errorf("the number %s cannot be sent: JSON has no such value", clip(fmt.Sprint(v["value"]), 40))
	case "bytes":
		if c.tagged {
			return v
		}
		return v["value"]
	case "datetime", "date", "time", "decimal", "fraction":
		return v["value"]
	case "tuple", "set":
		return c.plain(v["items"])
	case "timedelta":
		return c.plain(v["seconds"])
	case "undefined":
		return nil
	case "handle":
		return v
	case "map":
		// A dict that has the key $type itself, or keys that are no strings.
		items, _ := v["items"].([]any)
		m := make(map[string]any, len(items))
		for _, item := range items {
			pair, _ := item.([]any)
			if len(pair) != 2 {
				continue
			}
			key, ok := pair[0].(string)
			if !ok {
				c.err = errors.New("a dictionary whose keys are no strings cannot be sent")
				return nil
			}
			m[key] = c.plain(pair[1])
		}
		return m
	case "object":
		if fields, ok := v["fields"]; ok {
			return c.plain(fields)
		}
		c.err = fmt.Errorf("a value of class %s cannot be sent; send what it is made of", clip(fmt.Sprint(v["class"]), 60))
	default:
		c.err = fmt.Errorf("a value of type %s cannot be sent", clip(tag, 40))
	}
	return nil
}

// result checks what a tool returned, and tags what stands for bytes.
func (t *tool) result(text json.RawMessage) (json.RawMessage, error) {
	if len(text) == 0 {
		text = json.RawMessage("null")
	}
	if !json.Valid(text) {
		return nil, errors.New("it returned something that is not JSON")
	}
	if depth(text) > maxDepth {
		return nil, fmt.Errorf("its result is nested deeper than %d levels", maxDepth)
	}
	if t.output == nil {
		return text, nil
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, errors.New("it returned something that is not JSON")
	}
	v = numbers(v)
	if err := t.output.Validate(v); err != nil {
		return nil, fmt.Errorf("its result is not what its schema says: %s", explain(err))
	}
	if !t.bytes {
		return text, nil
	}
	return encode(tagBytes(v, t.Output))
}

// numbers is a decoded value with Go numbers; what is beyond them is only ever looked at by a validator.
func numbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return i
		}
		f, _ := v.Float64()
		return f
	case []any:
		for i := range v {
			v[i] = numbers(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = numbers(v[k])
		}
	}
	return v
}

// tagBytes marks the strings that a schema calls base64 as bytes, so that the guest gets bytes.
func tagBytes(v any, s *jsonschema.Schema) any {
	if s == nil {
		return v
	}
	switch v := v.(type) {
	case string:
		if s.ContentEncoding == "base64" {
			if _, err := base64.StdEncoding.DecodeString(v); err == nil {
				return map[string]any{"$type": "bytes", "value": v}
			}
		}
	case []any:
		for i := range v {
			v[i] = tagBytes(v[i], s.Items)
		}
	case map[string]any:
		for k := range v {
			p := s.Properties[k]
			if p == nil {
				p = s.AdditionalProperties
			}
			v[k] = tagBytes(v[k], p)
		}
	}
	return v
}

// depth is how deep a JSON text nests.
func depth(text []byte) int {
	d, most, quoted := 0, 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			d++
			most = max(most, d)
		case c == '}' || c == ']':
			d--
		}
	}
	return most
}

func clip(s string, n int) string {
	if len(s) > n {
		return strings.ToValidUTF8(s[:n], "") + "…"
	}
	return s
}

func quote(s string) string { return strconv.Quote(clip(s, 100)) }
