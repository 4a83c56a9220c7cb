package hostfuncs

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/jsonschema-go/jsonschema"
)

// Formats that mean something to this package.
const (
	formatHandle = "handle"
	formatTime   = "date-time" // of arguments that become a time.Time
)

// schemaOf infers a schema from a Go type, and reads the tags that Tool names.
func schemaOf[T any]() (*jsonschema.Schema, error) {
	special := map[reflect.Type]*jsonschema.Schema{
		reflect.TypeFor[[]byte]():          {Type: "string", ContentEncoding: "base64"},
		reflect.TypeFor[Bytes]():           {Types: []string{"string", "object"}, Format: formatBytes, Description: "text, or bytes"},
		reflect.TypeFor[Handle]():          {Type: "object", Format: formatHandle, Description: "an opaque handle: pass it on as it is"},
		reflect.TypeFor[json.RawMessage](): {},
		reflect.TypeFor[json.Number]():     {Type: "number"},
		reflect.TypeFor[time.Time]():       {Type: "string", Format: formatTime},
		reflect.TypeFor[time.Duration]():   {Type: "integer", Description: "in nanoseconds"},
	}
	t := reflect.TypeFor[T]()
	if err := typesOf(t, special, map[reflect.Type]bool{}); err != nil {
		return nil, err
	}
	s, err := jsonschema.ForType(t, &jsonschema.ForOptions{TypeSchemas: special})
	if err != nil {
		return nil, err
	}
	if err := readTags(t, s, map[reflect.Type]bool{}); err != nil {
		return nil, err
	}
	plainLists(s)
	return s, nil
}

// typesOf looks at every type that a value is made of: what encoding/json writes in a way that inference does not know goes into special, and what it
// writes in a way that no schema says is an error.
func typesOf(t reflect.Type, special map[reflect.Type]*jsonschema.Schema, open map[reflect.Type]bool) error {
	if _, known := special[t]; known {
		return nil
	}
	if open[t] {
		return fmt.Errorf("type %v contains itself, which cannot be inferred: make the tool with Dynamic and a schema that says it with $ref", t)
	}
	open[t] = true
	defer delete(open, t)
	if t.Kind() != reflect.Pointer && t.Kind() != reflect.Interface && !strings.HasPrefix(t.PkgPath(), "math/big") && t.PkgPath() != "log/slog" {
		// A method of its own decides, on the value or on its address.
		switch p := reflect.PointerTo(t); {
		case p.Implements(reflect.TypeFor[json.Marshaler]()) || p.Implements(reflect.TypeFor[json.Unmarshaler]()):
			special[t] = &jsonschema.Schema{}
			return nil
		case p.Implements(reflect.TypeFor[encoding.TextMarshaler]()) || p.Implements(reflect.TypeFor[encoding.TextUnmarshaler]()):
			special[t] = &jsonschema.Schema{Type: "string"}
			return nil
		case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8:
			special[t] = &jsonschema.Schema{Type: "string", ContentEncoding: "base64"}
			return nil
		}
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return typesOf(t.Elem(), special, open)
	case reflect.Struct:
		if t.PkgPath() == "math/big" {
			return nil
		}
		for i := range t.NumField() {
			f := t.Field(i)
			name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
			switch {
			case name == "-" && options == "" || !f.IsExported() && !f.Anonymous:
				continue
			case f.Anonymous && name != "":
				return fmt.Errorf("field %s of %v: an embedded struct cannot have a name of its own; make it a field", f.Name, t)
			case slices.Contains(strings.Split(options, ","), "string"):
				return fmt.Errorf("field %s of %v: the option string of its json tag is not supported", f.Name, t)
			}
			if err := typesOf(f.Type, special, open); err != nil {
				return fmt.Errorf("field %s: %w", f.Name, err)
			}
		}
	}
	return nil
}

// plainLists takes back that a list may be null, which inference says of every slice: programs send lists, and a nil slice goes out as an empty one.
func plainLists(s *jsonschema.Schema) {
	if slices.Equal(s.Types, []string{"null", "array"}) {
		s.Type, s.Types = "array", nil
	}
	if slices.Equal(s.Types, []string{"null"}) {
		s.Types = nil // what inference makes of a pointer to something that may be anything
	}
	for child := range children(s) {
		plainLists(child)
	}
}

// readTags adds what struct tags say to the schema of a type, at every depth.
func readTags(t reflect.Type, s *jsonschema.Schema, seen map[reflect.Type]bool) error {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case s == nil || seen[t]:
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
	single := p // what enum and pattern are about: of a list, each item
	if p.Items != nil {
		single = p.Items
	}
	if list, ok := tag.Lookup("enum"); ok {
		for item := range strings.SplitSeq(list, ",") {
			v, err := tagValue(strings.TrimSpace(item), single)
			if err != nil {
				return err
			}
			single.Enum = append(single.Enum, v)
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
	for name, at := range map[string]**int{"minLength": &p.MinLength, "maxLength": &p.MaxLength, "minItems": &p.MinItems, "maxItems": &p.MaxItems} {
		if text, ok := tag.Lookup(name); ok {
			v, err := strconv.Atoi(text)
			if err != nil || v < 0 {
				return fmt.Errorf("%s:%q is not a count", name, text)
			}
			*at = &v
		}
	}
	if text, ok := tag.Lookup("pattern"); ok {
		single.Pattern = text
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
	input, output *node
	defaults      bool            // the schema of the arguments has some
	optional      map[string]bool // arguments for which null is the same as nothing
	tagged        bool            // an argument is text or bytes, so bytes keep their tag
}

// compile checks a definition and prepares it.
func compile(d Definition) (*tool, error) {
	if d.err != nil {
		return nil, d.err
	}
	if d.Call == nil {
		return nil, errors.New("it has no function to call")
	}
	if d.Rate.Calls < 0 || d.Rate.Calls > 0 && d.Rate.Per <= 0 {
		return nil, fmt.Errorf("a rate of %d calls in %v makes no sense", d.Rate.Calls, d.Rate.Per)
	}
	if d.Input == nil {
		d.Input = &jsonschema.Schema{Type: "object"}
	}
	if d.Input.Type == "" && d.Input.Types == nil && d.Loose {
		d.Input.Type = "object"
	}
	if d.Input.Type != "object" {
		return nil, errors.New(`the schema of its arguments must say "type": "object"`)
	}
	t := &tool{Definition: d}
	var err error
	if t.input, err = compileSchema(d.Input, d.Loose); err != nil {
		return nil, fmt.Errorf("the schema of its arguments, %w", err)
	}
	if d.Output != nil {
		if t.output, err = compileSchema(d.Output, d.Loose); err != nil {
			return nil, fmt.Errorf("the schema of its result, %w", err)
		}
	}
	// Only now that it has been walked is it known not to contain itself.
	for _, s := range []*jsonschema.Schema{d.Input, d.Output} {
		if text, err := encode(s); err != nil || len(text) > maxSchema {
			return nil, fmt.Errorf("the schema of its arguments or of its result is unusable or larger than %d bytes", maxSchema)
		}
	}
	t.parameters = slices.Clone(d.Input.PropertyOrder)
	t.optional = map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(d.Input.Properties)) {
		if !slices.Contains(t.parameters, name) {
			t.parameters = append(t.parameters, name)
		}
		p := t.input.properties[name]
		null := checker{text: []byte("null"), quiet: 1}
		t.optional[name] = !null.check(p) && (!slices.Contains(d.Input.Required, name) || p.source.Default != nil)
		t.tagged = t.tagged || p.format == formatBytes
	}
	// What is required comes first, since nobody can leave it out to give what follows by position.
	if d.Input.PropertyOrder == nil {
		slices.SortStableFunc(t.parameters, func(a, b string) int {
			return bool01(t.optionalArgument(a)) - bool01(t.optionalArgument(b))
		})
	}
	if t.defaults, err = t.checkDefaults(t.input, "", 0); err != nil {
		return nil, err
	}
	return t, nil
}

func bool01(b bool) int {
	if b {
		return 1
	}
	return 0
}

// optionalArgument says that a call can leave an argument out.
func (t *tool) optionalArgument(name string) bool {
	p := t.Input.Properties[name]
	return !slices.Contains(t.Input.Required, name) || p != nil && p.Default != nil
}

// checkDefaults says whether arguments have defaults, and refuses those that do not fit.
func (t *tool) checkDefaults(n *node, at string, depth int) (some bool, err error) {
	if n == nil || depth > maxSchemaDepth {
		return false, nil
	}
	if text := n.source.Default; text != nil && at != "" {
		c := checker{text: text, args: true}
		if !json.Valid(text) || JSONDepth(text) > maxDepth || !c.check(n) && !t.Loose {
			return false, fmt.Errorf("the default of the argument %s %s", at, strings.Replace(c.message(), "it ", "", 1))
		}
		some = true
	}
	for _, name := range slices.Sorted(maps.Keys(n.properties)) {
		inner, err := t.checkDefaults(n.properties[name], strings.TrimPrefix(at+"."+name, "."), depth+1)
		if err != nil {
			return false, err
		}
		some = some || inner
	}
	return some, nil
}

// fill puts defaults where arguments are missing.
func fill(n *node, v map[string]any, depth int) (changed bool) {
	for name, p := range n.properties {
		given, has := v[name]
		switch {
		case !has && p.source.Default != nil:
			if value, err := decode(p.source.Default); err == nil {
				v[name] = numbers(value)
				changed = true
			}
		case has && depth < maxSchemaDepth && p.properties != nil:
			if inner, ok := given.(map[string]any); ok {
				changed = fill(p, inner, depth+1) || changed
			}
		}
	}
	return changed
}

// maxDepth is how deep arguments and results may nest.
const maxDepth = 200

// arguments checks the text of a call's arguments and returns them as the tool takes them: an object by name, tags replaced by plain JSON, defaults
// filled in; decoded too, for rules to look at. Both say the same: what a rule allowed is what the tool gets.
func (t *tool) arguments(text []byte) (json.RawMessage, map[string]any, *Error) {
	deep, colons := shape(text)
	if deep > maxDepth {
		return nil, nil, t.wrong(fmt.Sprintf("the arguments are nested deeper than %d levels", maxDepth), "")
	}
	if !utf8.Valid(text) {
		return nil, nil, t.wrong("the arguments are not UTF-8", "")
	}
	if !json.Valid(text) {
		if _, err := decode(text); err != nil {
			return nil, nil, t.wrong("the arguments are not JSON", "")
		}
		return nil, nil, t.wrong("there is something after the arguments", "")
	}
	v := parse(text)
	if members(v) != colons {
		// Which of the two counts is not the same everywhere, and the policy would look at one and the tool at the other.
		return nil, nil, t.wrong("an object among the arguments has the same name twice", "")
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
	for name, value := range args {
		if value == nil && t.optional[name] {
			delete(args, name)
			changed = true
		}
	}
	if t.defaults {
		changed = fill(t.input, args, 0) || changed
	}
	if changed || c.changed {
		var err error
		if text, err = encode(args); err != nil {
			return nil, nil, t.wrong("the arguments cannot be passed on", "")
		}
	}
	check := checker{text: text, args: true, typed: t.typed}
	if !check.check(t.input) {
		return nil, nil, t.wrong(check.message(), check.hint)
	}
	if len(check.edits) > 0 {
		var err error
		if text, err = check.edited(math.MaxInt64); err != nil {
			return nil, nil, t.wrong("the arguments cannot be passed on", "")
		}
		if v, err = decode(text); err != nil {
			return nil, nil, t.wrong("the arguments cannot be passed on", "")
		}
		args, _ = numbers(v).(map[string]any)
		return text, args, nil
	}
	if changed || c.changed {
		return text, args, nil
	}
	return bytes.Clone(text), args, nil
}

// members counts the members of all objects of a decoded value.
func members(v any) int {
	count := 0
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			count += members(x)
		}
	case map[string]any:
		count = len(v)
		for _, x := range v {
			count += members(x)
		}
	}
	return count
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
		return nil, false, t.wrong(fmt.Sprintf("takes %s by position, but %d were given", many(len(t.parameters), "argument"), len(positional)), "")
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

// wrong is an error about arguments. The hint is how the tool is called, unless there is a better one.
func (t *tool) wrong(message, hint string) *Error {
	if hint == "" {
		hint = "the tool is " + t.signature()
	}
	return &Error{Type: ArgumentError, Message: t.Name + ": " + message, Hint: hint}
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

// result checks what a tool returned, and marks what stands for bytes. text has passed valid.
func (t *tool) result(text json.RawMessage, most int64) (json.RawMessage, error) {
	if t.output == nil {
		return text, nil
	}
	c := checker{text: text, typed: t.typed}
	if !c.check(t.output) {
		return nil, fmt.Errorf("its result is not what its schema says: %s", c.message())
	}
	return c.edited(most)
}

// valid is the text that a tool returned as JSON in UTF-8 of bounded depth.
func valid(text json.RawMessage) (json.RawMessage, error) {
	if len(text) == 0 {
		return json.RawMessage("null"), nil
	}
	if !json.Valid(text) {
		return nil, errors.New("it returned something that is not JSON")
	}
	if JSONDepth(text) > maxDepth {
		return nil, fmt.Errorf("its result is nested deeper than %d levels", maxDepth)
	}
	if !utf8.Valid(text) {
		text = bytes.ToValidUTF8(text, []byte("\uFFFD"))
	}
	return text, nil
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

// JSONDepth is how deep a JSON text nests.
func JSONDepth(text []byte) int {
	deep, _ := shape(text)
	return deep
}

// shape is how deep a JSON text nests, and how many members its objects have.
func shape(text []byte) (deep, members int) {
	d, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			d++
			deep = max(deep, d)
		case c == '}' || c == ']':
			d--
		case c == ':':
			members++
		}
	}
	return deep, members
}

func clip(s string, n int) string {
	if len(s) > n {
		return strings.ToValidUTF8(s[:n], "") + "…"
	}
	return s
}

func quote(s string) string { return strconv.Quote(clip(s, 100)) }
