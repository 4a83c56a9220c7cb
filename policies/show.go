package policies

import (
	"bytes"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"wand/policies/units"
)

// Cedar returns what the engine decides by, as the text of one Cedar file: every rule with the place it comes from.
func (e *Engine) Cedar() string {
	var b bytes.Buffer
	b.WriteString("// What wand decides by. context.tool is the action's name; resource.id is the resource's.\n// A forbid that cannot be evaluated denies.\n")
	for _, r := range e.rules {
		b.WriteByte('\n')
		if place := r.origin.String(); place != "" {
			fmt.Fprintf(&b, "// %s\n", strings.Map(printable, place))
		}
		b.Write(r.policy.MarshalCedar())
		b.WriteByte('\n')
	}
	return b.String()
}

func printable(r rune) rune {
	if r < ' ' || r == 0x7f {
		return '?'
	}
	return r
}

// YAML returns the policy as a document that Parse reads back.
func (p *Policy) YAML() []byte {
	var b bytes.Buffer
	w := yamlWriter{&b}
	w.object(reflect.ValueOf(p).Elem(), 0, nil)
	return b.Bytes()
}

// yamlWriter writes what the decoder reads: the same structs by the same tags. Values of their zero are not said.
type yamlWriter struct{ b *bytes.Buffer }

// object writes the fields of a struct, one a line; entries of a list that are structs are written in flow form on one line.
func (w yamlWriter) object(v reflect.Value, indent int, comments map[string]string) {
	for _, f := range reflect.VisibleFields(v.Type()) {
		key, value := f.Tag.Get("yaml"), v.FieldByIndex(f.Index)
		if key == "" || key == "-" || unsaid(value) {
			continue
		}
		pad := strings.Repeat("  ", indent)
		if value.Kind() == reflect.Slice && value.Type().Elem().Kind() == reflect.Struct {
			fmt.Fprintf(w.b, "%s%s:\n", pad, key)
			for i := range value.Len() {
				for line := range strings.Lines(comments[fmt.Sprintf("%s[%d]", key, i)]) {
					fmt.Fprintf(w.b, "%s  # %s\n", pad, strings.Map(printable, strings.TrimSuffix(line, "\n")))
				}
				fmt.Fprintf(w.b, "%s  - %s\n", pad, flow(value.Index(i)))
			}
			continue
		}
		for line := range strings.Lines(comments[key]) {
			fmt.Fprintf(w.b, "%s# %s\n", pad, strings.Map(printable, strings.TrimSuffix(line, "\n")))
		}
		fmt.Fprintf(w.b, "%s%s: %s\n", pad, key, flow(value))
	}
}

// unsaid reports whether a value is what a document that leaves it out gets.
func unsaid(v reflect.Value) bool {
	return v.IsZero() || (v.Kind() == reflect.Slice || v.Kind() == reflect.Map) && v.Len() == 0
}

// flow writes a value on one line.
func flow(v reflect.Value) string {
	switch t := v.Interface().(type) {
	case units.Bytes:
		return exactUnit(int64(t), []unit{{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}})
	case units.Count:
		return exactUnit(int64(t), []unit{{"T", 1e12}, {"G", 1e9}, {"M", 1e6}, {"K", 1e3}})
	case units.Duration:
		return time.Duration(t).String()
	case units.Rate:
		return t.String()
	case EnvironmentGrant:
		if t.Set {
			return yamlText(t.Name + "=" + t.Value)
		}
		return yamlText(t.Name)
	case PackageGrant:
		return yamlText(t.String())
	case CedarFile:
		return yamlText(t.Path)
	}
	switch v.Kind() {
	case reflect.Pointer:
		return flow(v.Elem())
	case reflect.String:
		return yamlText(v.String())
	case reflect.Bool:
		return strconv.FormatBool(v.Bool())
	case reflect.Int:
		return strconv.FormatInt(v.Int(), 10)
	case reflect.Float64:
		return strconv.FormatFloat(v.Float(), 'f', -1, 64)
	case reflect.Slice:
		parts := make([]string, v.Len())
		for i := range parts {
			parts[i] = flow(v.Index(i))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case reflect.Map:
		var parts []string
		for _, key := range sortedMapKeys(v) {
			parts = append(parts, yamlText(key)+": "+flow(v.MapIndex(reflect.ValueOf(key))))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case reflect.Struct:
		var parts []string
		for _, f := range reflect.VisibleFields(v.Type()) {
			key, value := f.Tag.Get("yaml"), v.FieldByIndex(f.Index)
			if key != "" && key != "-" && !unsaid(value) {
				parts = append(parts, key+": "+flow(value))
			}
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return "null"
}

func sortedMapKeys(v reflect.Value) []string {
	m := map[string]bool{}
	for _, k := range v.MapKeys() {
		m[k.String()] = true
	}
	return sortedKeys(m)
}

type unit struct {
	name string
	size int64
}

// exactUnit writes a number in the largest unit that divides it.
func exactUnit(n int64, list []unit) string {
	for _, u := range list {
		if n != 0 && n%u.size == 0 {
			return strconv.FormatInt(n/u.size, 10) + u.name
		}
	}
	return strconv.FormatInt(n, 10)
}

// yamlText writes a text so that YAML reads the same text: bare where nothing can be mistaken, else in double quotes.
func yamlText(s string) string {
	bare := s != "" && letter(s[0]) || strings.HasPrefix(s, "/") || strings.HasPrefix(s, "./")
	for i := range len(s) {
		c := s[i]
		bare = bare && (letter(c) || digit(c) || strings.IndexByte("./-", c) >= 0)
	}
	switch strings.ToLower(s) {
	case "true", "false", "yes", "no", "on", "off", "null", "y", "n":
		bare = false
	}
	if bare {
		return s
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range strings.ToValidUTF8(s, "\uFFFD") {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r == 0xfeff || r == 0x2028 || r == 0x2029:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
