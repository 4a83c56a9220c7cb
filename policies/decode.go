package policies

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"wand/policies/nearest"
	"wand/policies/units"
)

// Bounds of a document. They are far above what a person writes and keep a hostile one cheap.
const (
	MaxDocument = 1 << 20 // bytes of one file
	maxNesting  = 32      // lists and maps within each other
	maxTokens   = 200_000
	maxText     = 16 << 10 // bytes of one value
)

// source is one file of text: it turns positions into origins with their lines.
type source struct {
	name  string
	lines []string
}

func newSource(name string, text []byte) *source {
	return &source{name: name, lines: strings.Split(string(text), "\n")}
}

// at returns the origin of a place. Columns count characters.
func (s *source) at(line, column int, path string) Origin {
	o := Origin{File: s.name, Line: line, Column: column, Path: path}
	if line >= 1 && line <= len(s.lines) {
		o.Text = shorten(strings.TrimRight(strings.ReplaceAll(s.lines[line-1], "\t", " "), "\r "), 160)
	}
	return o
}

// decoder reads a document's tree into Go values and reports everything that does not fit.
type decoder struct {
	findings
	src *source
	// where is the place of every value, by its path, for the checks that come after.
	where map[string]Origin
}

// readTree turns text into the one tree of a document, refusing what is not plain YAML. Bounds come first, because the parser recurses.
func (d *decoder) readTree(text []byte) (root ast.Node) {
	name := d.src.name
	if i := bytes.IndexByte(text, 0); i >= 0 {
		line := 1 + bytes.Count(text[:i], []byte("\n"))
		d.addf(Origin{File: name, Line: line, Column: 1}, "a policy is text; is this the right file?", "there is a NUL byte in the document")
		return nil
	}
	if !utf8.Valid(text) {
		for i, line := range d.src.lines {
			if !utf8.ValidString(line) {
				d.addf(Origin{File: name, Line: i + 1, Column: 1}, "save the file as UTF-8", "the line is not valid UTF-8")
				return nil
			}
		}
	}
	defer func() {
		// The YAML parser is not ours: whatever it cannot cope with is a document that cannot be read.
		if r := recover(); r != nil {
			root = nil
			d.addf(Origin{File: name}, "simplify the document", "the YAML cannot be read: %s", shorten(fmt.Sprint(r), 100))
		}
	}()
	if !d.tame(string(text)) {
		return nil
	}
	tokens := lexer.Tokenize(string(text))
	if !d.plain(tokens) {
		return nil
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		message, at := shorten(err.Error(), 200), Origin{File: name}
		var e yaml.Error
		if errors.As(err, &e) {
			message = e.GetMessage()
			if t := e.GetToken(); t != nil && t.Position != nil {
				at = d.src.at(t.Position.Line, t.Position.Column, "")
			}
		}
		d.addf(at, "", "the YAML cannot be read: %s", message)
		return nil
	}
	for _, doc := range file.Docs {
		if doc == nil || doc.Body == nil {
			continue
		}
		if root != nil {
			d.addf(d.position(doc.Body, ""), "one file is one policy; use extends to add up several", "there is a second document in the file")
			return nil
		}
		root = doc.Body
	}
	if root == nil {
		d.addf(Origin{File: name, Line: 1, Column: 1}, "the least that a policy says is: version: 1", "the document is empty")
	}
	return root
}

// tame bounds what would make reading slow before any YAML code sees it.
func (d *decoder) tame(text string) bool {
	depth := 0
	for i, line := range d.src.lines {
		if len(line) > maxText {
			d.addf(Origin{File: d.src.name, Line: i + 1, Column: 1}, "break it up", "the line is longer than %s", units.Bytes(maxText))
			return false
		}
		// Indicators that open a level on the same line: "- - - -", "? ? ?", and brackets. Brackets inside quotes count too: no document
		// that means well has dozens on a line.
		indicators := 0
		for _, field := range strings.Fields(line) {
			if field == "-" || field == "?" {
				indicators++
			}
		}
		depth = max(depth, indicators)
	}
	if depth > maxNesting {
		d.addf(Origin{File: d.src.name}, "", "lists nest deeper than %d levels", maxNesting)
		return false
	}
	return true
}

// plain refuses what policies have no use for and hostile documents do: anchors and aliases, tags, merges, directives, deep nesting.
func (d *decoder) plain(tokens token.Tokens) bool {
	if len(tokens) > maxTokens {
		d.addf(Origin{File: d.src.name}, "split it with extends", "the document has more than %d words and signs", maxTokens)
		return false
	}
	depth, indents := 0, []int{}
	for _, t := range tokens {
		what := ""
		switch t.Type {
		case token.AnchorType:
			what = "anchors (&name) are"
		case token.AliasType:
			what = "aliases (*name) are"
		case token.TagType:
			what = "tags (!name) are"
		case token.MergeKeyType:
			what = "merge keys (<<) are"
		case token.DirectiveType:
			what = "directives (%) are"
		case token.MappingKeyType:
			what = "keys with ? are"
		case token.SequenceStartType, token.MappingStartType:
			depth++
		case token.SequenceEndType, token.MappingEndType:
			depth--
		case token.MappingValueType, token.SequenceEntryType:
			// Block levels: the columns that are open. In flow they add at most what brackets count already.
			column := t.Position.Column
			if t.Type == token.MappingValueType && t.Prev != nil {
				column = t.Prev.Position.Column
			}
			for len(indents) > 0 && indents[len(indents)-1] >= column {
				indents = indents[:len(indents)-1]
			}
			if depth == 0 {
				indents = append(indents, column)
			}
		}
		at := d.src.at(t.Position.Line, t.Position.Column, "")
		if what != "" {
			hint := "write the value out"
			if t.Type == token.AliasType {
				hint = `write the value out; a text that begins with * needs quotes: "*.example.com"`
			}
			d.addf(at, hint, "%s not part of the policy format", what)
			return false
		}
		if depth > maxNesting || len(indents) > maxNesting {
			d.addf(at, "", "lists and maps nest deeper than %d levels", maxNesting)
			return false
		}
	}
	return true
}

func (d *decoder) position(n ast.Node, path string) Origin {
	t := n.GetToken()
	switch n := n.(type) {
	case *ast.MappingNode:
		if !n.IsFlowStyle && len(n.Values) > 0 {
			t = n.Values[0].Key.GetToken()
		}
	case *ast.MappingValueNode:
		t = n.Key.GetToken()
	}
	if t == nil || t.Position == nil {
		return Origin{File: d.src.name, Path: path}
	}
	return d.src.at(t.Position.Line, t.Position.Column, path)
}

var (
	textType   = reflect.TypeFor[encoding.TextUnmarshaler]()
	originType = reflect.TypeFor[Origin]()
)

// decode reads n into v, which is settable. It goes on after an error, so that a document is read to its end.
func (d *decoder) decode(n ast.Node, v reflect.Value, path string) {
	o := d.position(n, path)
	d.where[path] = o
	if v.Kind() == reflect.Interface {
		if value := d.anyValue(n, path); value != nil {
			v.Set(reflect.ValueOf(value))
		}
		return
	}
	if _, isNull := n.(*ast.NullNode); isNull {
		d.addf(o, "leave the key out or give it a value", "there is no value")
		return
	}
	if reflect.PointerTo(v.Type()).Implements(textType) {
		d.scalar(n, v, o)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.decode(n, v.Elem(), path)
	case reflect.Struct:
		d.object(n, v, o)
	case reflect.Slice:
		list, ok := n.(*ast.SequenceNode)
		if !ok {
			d.addf(o, listHint(n), "should be a list, is %s", kindOf(n))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), len(list.Values), len(list.Values)))
		for i, item := range list.Values {
			d.decode(item, v.Index(i), fmt.Sprintf("%s[%d]", path, i))
		}
	case reflect.Map:
		pairs, ok := d.pairs(n, o, "should be a map of names")
		if !ok {
			return
		}
		v.Set(reflect.MakeMapWithSize(v.Type(), len(pairs)))
		for _, p := range pairs {
			item := reflect.New(v.Type().Elem()).Elem()
			d.decode(p.value, item, join(path, p.key))
			v.SetMapIndex(reflect.ValueOf(p.key), item)
		}
	default:
		d.scalar(n, v, o)
	}
}

// anyValue reads arguments of a call: what encoding/json would give with UseNumber.
func (d *decoder) anyValue(n ast.Node, path string) any {
	switch n := n.(type) {
	case *ast.NullNode:
		return nil
	case *ast.BoolNode:
		return n.Value
	case *ast.IntegerNode, *ast.FloatNode:
		number := json.Number(strings.ReplaceAll(n.GetToken().Value, "_", ""))
		if !json.Valid([]byte(number)) {
			d.addf(d.position(n, path), "write it in decimal", "%q is no JSON number", shorten(string(number), 40))
		}
		return number
	case *ast.SequenceNode:
		list := make([]any, len(n.Values))
		for i, item := range n.Values {
			list[i] = d.anyValue(item, fmt.Sprintf("%s[%d]", path, i))
		}
		return list
	case *ast.MappingNode, *ast.MappingValueNode:
		m := map[string]any{}
		pairs, _ := d.pairs(n, d.position(n, path), "should be a map")
		for _, p := range pairs {
			m[p.key] = d.anyValue(p.value, join(path, p.key))
		}
		return m
	}
	text, ok := scalarText(n)
	switch n.(type) {
	case *ast.InfinityNode, *ast.NanNode:
		ok = false
	}
	if !ok {
		d.addf(d.position(n, path), "", "should be a JSON value, is %s %s", kindOf(n), shorten(text, 20))
	}
	return text
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

type pair struct {
	key    string
	origin Origin
	value  ast.Node
}

// pairs lists the entries of a map in order, without the ones whose key was there before.
func (d *decoder) pairs(n ast.Node, o Origin, should string) ([]pair, bool) {
	var values []*ast.MappingValueNode
	switch n := n.(type) {
	case *ast.MappingNode:
		values = n.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{n}
	default:
		d.addf(o, "", "%s, is %s", should, kindOf(n))
		return nil, false
	}
	first := map[string]Origin{}
	var list []pair
	for _, kv := range values {
		at := d.position(kv, o.Path)
		key, ok := scalarText(kv.Key)
		if !ok {
			d.addf(at, "", "a key has to be a plain word")
			continue
		}
		if before, ok := first[key]; ok {
			d.addf(at, fmt.Sprintf("keep one of them; the first is at line %d", before.Line), "the key %q is there twice", shorten(key, 40))
			continue
		}
		first[key] = at
		value := kv.Value
		if value == nil {
			value = ast.Null(kv.Key.GetToken())
		}
		list = append(list, pair{key, at, value})
	}
	return list, true
}

// object reads a map into a struct by its yaml tags.
func (d *decoder) object(n ast.Node, v reflect.Value, o Origin) {
	pairs, ok := d.pairs(n, o, "should be a map of "+strings.Join(keysOf(v.Type()), ", "))
	if !ok {
		return
	}
	if f := v.FieldByName("Origin"); f.IsValid() && f.Type() == originType {
		f.Set(reflect.ValueOf(o))
	}
	given := map[string]bool{}
	for _, p := range pairs {
		field, ok := fieldOf(v.Type(), p.key)
		if !ok {
			d.addf(p.origin, didYouMean(p.key, keysOf(v.Type())), "unknown key %q", shorten(p.key, 40))
			continue
		}
		given[p.key] = true
		path := join(o.Path, p.key)
		before := len(d.list) + d.more
		d.decode(p.value, v.FieldByIndex(field.Index), path)
		if options := field.Tag.Get("enum"); options != "" && before == len(d.list)+d.more {
			d.oneOf(v.FieldByIndex(field.Index), strings.Split(options, "|"), path)
		}
	}
	for _, field := range reflect.VisibleFields(v.Type()) {
		key := field.Tag.Get("yaml")
		if field.Tag.Get("required") != "" && !given[key] {
			d.addf(o, "add "+key+": "+field.Tag.Get("doc"), "the key %q is missing", key)
		}
	}
}

// oneOf checks a string, or each string of a list, against what is allowed.
func (d *decoder) oneOf(v reflect.Value, options []string, path string) {
	if v.Kind() == reflect.Slice {
		for i := range v.Len() {
			d.oneOf(v.Index(i), options, fmt.Sprintf("%s[%d]", path, i))
		}
		return
	}
	if !slices.Contains(options, v.String()) {
		hint := ""
		if n := nearest.Name(v.String(), options); n != "" {
			hint = fmt.Sprintf("did you mean %q?", n)
		}
		d.addf(d.where[path], hint, "%q is not one of %s", shorten(v.String(), 40), strings.Join(options, ", "))
	}
}

// scalar reads one value. Texts, numbers and truth values are not mixed up: a number where a text belongs needs quotes.
func (d *decoder) scalar(n ast.Node, v reflect.Value, o Origin) {
	text, ok := scalarText(n)
	if !ok {
		d.addf(o, "", "should be %s, is %s", nameOf(v.Type()), kindOf(n))
		return
	}
	if len(text) > maxText {
		d.addf(o, "", "the value is longer than %s", units.Bytes(maxText))
		return
	}
	_, isText := n.(*ast.StringNode)
	_, isBlock := n.(*ast.LiteralNode)
	isText = isText || isBlock
	if u, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		if err := u.UnmarshalText([]byte(text)); err != nil {
			d.addf(o, "", "%s", err.Error())
			return
		}
		if f := v; f.Kind() == reflect.Struct {
			if f := f.FieldByName("Origin"); f.IsValid() && f.Type() == originType {
				f.Set(reflect.ValueOf(o))
			}
		} else if f.Kind() == reflect.Int64 && f.Int() == 0 {
			d.addf(o, "leave the key out for the default", "zero is no bound that a run could live with")
		}
		return
	}
	switch v.Kind() {
	case reflect.String:
		if !isText {
			d.addf(o, fmt.Sprintf("put it in quotes: %q", shorten(text, 40)), "should be a text, is %s", kindOf(n))
			return
		}
		v.SetString(text)
	case reflect.Bool:
		if b, ok := n.(*ast.BoolNode); ok {
			v.SetBool(b.Value)
			return
		}
		d.addf(o, "write true or false, without quotes", "should be true or false, is %s", kindOf(n))
	case reflect.Int:
		i, err := strconv.ParseInt(strings.ReplaceAll(text, "_", ""), 10, 32)
		if isText || err != nil {
			d.addf(o, "", "should be a whole number, is %s %q", kindOf(n), shorten(text, 40))
			return
		}
		v.SetInt(i)
	case reflect.Float64:
		f, err := strconv.ParseFloat(text, 64)
		if isText || err != nil || f != f || f > 1e300 || f < -1e300 {
			d.addf(o, "", "should be a number, is %s %q", kindOf(n), shorten(text, 40))
			return
		}
		v.SetFloat(f)
	}
}

// scalarText returns the text of a value that is neither a list nor a map.
func scalarText(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	}
	return "", false
}

func kindOf(n ast.Node) string {
	switch n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a map"
	case *ast.SequenceNode:
		return "a list"
	case *ast.StringNode, *ast.LiteralNode:
		return "a text"
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return "a number"
	case *ast.BoolNode:
		return "true or false"
	case *ast.NullNode:
		return "nothing"
	}
	return "something else"
}

func listHint(n ast.Node) string {
	if text, ok := scalarText(n); ok {
		return fmt.Sprintf("put it in brackets: [%s]", shorten(text, 40))
	}
	return "begin each entry with a dash"
}

// nameOf says in words what a Go type takes.
func nameOf(t reflect.Type) string {
	switch reflect.New(t).Interface().(type) {
	case *units.Bytes:
		return "a size such as 64MiB"
	case *units.Count:
		return "a count such as 20G or 1000"
	case *units.Duration:
		return "a duration such as 30s"
	case *units.Rate:
		return "a rate such as 10/1m"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int:
		return "a whole number"
	case reflect.Float64:
		return "a number"
	}
	return "a text"
}

// fieldOf finds the field of a struct with a yaml key.
func fieldOf(t reflect.Type, key string) (reflect.StructField, bool) {
	for _, f := range reflect.VisibleFields(t) {
		if k := f.Tag.Get("yaml"); k == key && k != "" && k != "-" {
			return f, true
		}
	}
	return reflect.StructField{}, false
}

// keysOf lists the yaml keys of a struct in order.
func keysOf(t reflect.Type) []string {
	var keys []string
	for _, f := range reflect.VisibleFields(t) {
		if k := f.Tag.Get("yaml"); k != "" && k != "-" {
			keys = append(keys, k)
		}
	}
	return keys
}
