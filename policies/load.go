package policies

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"wand/policies/nearest"
	"wand/policies/units"
)

// Parse reads a document. name is for messages. The error is an *Error that lists what is wrong, to the end of the document. Parse opens no
// file: extends, host paths and Cedar files stay as they are written. Compile resolves presets among extends; Load does the rest.
func Parse(name string, text []byte) (*Policy, error) {
	if len(text) > MaxDocument {
		return nil, &Error{Findings: []Finding{{File: name, Message: fmt.Sprintf("the document has %s, more than %s", units.Bytes(len(text)), units.Bytes(MaxDocument)), Hint: "split it with extends"}}}
	}
	d := &decoder{src: newSource(name, text), where: map[string]Origin{}}
	root := d.readTree(text)
	if root == nil {
		return nil, d.err()
	}
	p := &Policy{}
	d.decode(root, reflect.ValueOf(p).Elem(), "")
	for i := range p.Extends {
		p.ExtendsAt = append(p.ExtendsAt, d.where[fmt.Sprintf("extends[%d]", i)])
	}
	// What a value means is only looked at where its form is right, so that one mistake is one finding.
	var meaning findings
	c := &checker{findings: &meaning, where: d.where}
	c.check(p)
	c.conflicts(p)
	form := len(d.list)
	for _, found := range meaning.list {
		if !slices.ContainsFunc(d.list[:form], func(f Finding) bool {
			return f.Path != "" && (covers(f.Path, found.Path) || covers(found.Path, f.Path))
		}) {
			d.add(found)
		}
	}
	d.more += meaning.more
	if err := d.err(); err != nil {
		return nil, err
	}
	p.Sources = []string{name}
	return p, nil
}

// covers reports whether the place inner is outer or a part of it.
func covers(outer, inner string) bool {
	rest, ok := strings.CutPrefix(inner, outer)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// Load reads a document and what it extends, and returns what they add up to. Host paths count from the folder of the file that names them,
// and come back absolute.
func Load(path string) (*Policy, error) {
	l := &loader{}
	return l.load(path, Origin{})
}

// Bounds of extends.
const (
	maxExtendsDepth = 16
	maxExtendsFiles = 64
)

// loader follows extends. chain is the files from the first to the one that is being read.
type loader struct {
	chain []string
	files int
}

func (l *loader) load(path string, from Origin) (*Policy, error) {
	fail := func(hint, format string, args ...any) (*Policy, error) {
		var f findings
		f.addf(from, hint, format, args...)
		return nil, f.err()
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return fail("", "%s: %v", path, err)
	}
	if real, err := filepath.EvalSymlinks(abs); err == nil && slices.Contains(l.chain, real) {
		cycle := append(slices.Clone(l.chain[slices.Index(l.chain, real):]), real)
		for i := range cycle {
			cycle[i] = filepath.Base(cycle[i])
		}
		return fail("break the circle", "the document extends itself: %s", strings.Join(cycle, " extends "))
	} else if err == nil {
		l.chain = append(l.chain, real)
		defer func() { l.chain = l.chain[:len(l.chain)-1] }()
	}
	if l.files++; l.files > maxExtendsFiles || len(l.chain) > maxExtendsDepth {
		return fail("", "extends leads to more than %d files or deeper than %d", maxExtendsFiles, maxExtendsDepth)
	}
	text, err := readFile(abs, MaxDocument)
	if err != nil {
		hint := "name an existing file, or a preset: " + strings.Join(Presets(), ", ")
		if n := nearest.Name(filepath.Base(path), Presets()); n != "" {
			hint = fmt.Sprintf("did you mean the preset %q?", n)
		}
		return fail(hint, "the policy %s cannot be read: %v", path, err)
	}
	p, err := Parse(path, text)
	if err != nil {
		return nil, err
	}
	dir := filepath.Dir(abs)
	p.relativeTo(dir)
	for i := range p.Cedar {
		f := &p.Cedar[i]
		if f.Text, err = readFile(f.Path, MaxCedarFile); err != nil {
			from = f.Origin
			return fail("", "the Cedar file cannot be read: %v", err)
		}
	}
	return p.extend(func(name string, at Origin) (*Policy, error) {
		if slices.Contains(Presets(), name) {
			return Preset(name)
		}
		return l.load(filepath.Join(filepath.Dir(path), filepath.FromSlash(name)), at)
	})
}

// extend merges what p.Extends names, as open finds it, and then p itself.
func (p *Policy) extend(open func(name string, at Origin) (*Policy, error)) (*Policy, error) {
	if len(p.Extends) == 0 {
		return p, nil
	}
	own := p.clone()
	own.Extends, own.ExtendsAt = nil, nil
	var bases []*Policy
	for i, name := range p.Extends {
		at := p.Origin
		if i < len(p.ExtendsAt) {
			at = p.ExtendsAt[i]
		}
		base, err := open(name, at)
		if err != nil {
			return nil, err
		}
		bases = append(bases, base)
	}
	return Merge(append(bases, own)...)
}

// relativeTo makes the host paths of a document absolute.
func (p *Policy) relativeTo(dir string) {
	abs := func(path *string) {
		if *path != "" && !filepath.IsAbs(*path) {
			*path = filepath.Join(dir, filepath.FromSlash(*path))
		}
	}
	for i := range p.Files {
		abs(&p.Files[i].Host)
	}
	for name, s := range p.Secrets {
		abs(&s.File)
		p.Secrets[name] = s
	}
	for i := range p.Databases {
		abs(&p.Databases[i].File)
	}
	for i := range p.Commands {
		abs(&p.Commands[i].Directory)
	}
	for i := range p.Cedar {
		abs(&p.Cedar[i].Path)
	}
	if p.KV != nil {
		abs(&p.KV.File)
	}
	if p.MCP != nil {
		abs(&p.MCP.Servers)
	}
}

// readFile reads a regular file of bounded size. Its errors do not repeat the path.
func readFile(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		return nil, errors.New("it is not a regular file")
	}
	var file *os.File
	if err == nil {
		file, err = os.Open(path)
	}
	if err != nil {
		var pathError *fs.PathError
		if errors.As(err, &pathError) {
			err = pathError.Err
		}
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err == nil && int64(len(text)) > limit {
		return nil, fmt.Errorf("it is larger than %s", units.Bytes(limit))
	}
	return text, err
}

//go:embed presets/*.yaml
var presetFiles embed.FS

// Presets lists the names of the documents that come with wand.
func Presets() []string { return []string{"locked", "compute", "analyst", "web-reader"} }

// Preset returns one of them. Its relative host paths count from the working folder.
func Preset(name string) (*Policy, error) {
	if !slices.Contains(Presets(), name) {
		var f findings
		f.addf(Origin{}, didYouMean(name, Presets()), "there is no preset %q", shorten(name, 40))
		return nil, f.err()
	}
	text, err := presetFiles.ReadFile("presets/" + name + ".yaml")
	if err != nil {
		return nil, err
	}
	p, err := Parse("preset "+name, text)
	if err != nil {
		return nil, err
	}
	dir, err := os.Getwd()
	if err != nil {
		return nil, fmt.Errorf("preset %s: %w", name, err)
	}
	p.relativeTo(dir)
	return p.extend(func(name string, _ Origin) (*Policy, error) { return Preset(name) })
}

// Merge adds policies up, first to last: grants and forbids of all, the minimum of each limit, the last clock, random, kv, llm, mcp, run, name and
// description that is given, and the last source of each secret. An entry that is there twice, word by word, counts once. Entries that contradict
// each other are an *Error. The policies stay as they are.
func Merge(list ...*Policy) (*Policy, error) {
	m := &Policy{Version: 1}
	for _, p := range list {
		if p == nil {
			continue
		}
		p = p.clone()
		m.Limits = m.Limits.Min(p.Limits)
		m.Extends = append(m.Extends, p.Extends...)
		m.ExtendsAt = append(m.ExtendsAt, p.ExtendsAt...)
		m.Files = addUp(m.Files, p.Files)
		m.Network = addUp(m.Network, p.Network)
		m.Environment = addUp(m.Environment, p.Environment)
		m.Tools = addUp(m.Tools, p.Tools)
		m.Forbid = addUp(m.Forbid, p.Forbid)
		m.Databases = addUp(m.Databases, p.Databases)
		m.Commands = addUp(m.Commands, p.Commands)
		m.Packages = addUp(m.Packages, p.Packages)
		m.Cedar = addUp(m.Cedar, p.Cedar)
		for name, s := range p.Secrets {
			if m.Secrets == nil {
				m.Secrets = map[string]Secret{}
			}
			m.Secrets[name] = s
		}
		last(&m.Name, p.Name)
		last(&m.Description, p.Description)
		last(&m.Clock, p.Clock)
		last(&m.Random, p.Random)
		last(&m.KV, p.KV)
		last(&m.LLM, p.LLM)
		last(&m.MCP, p.MCP)
		last(&m.Run, p.Run)
		for _, s := range p.Sources {
			if !slices.Contains(m.Sources, s) {
				m.Sources = append(m.Sources, s)
			}
		}
		m.Origin = p.Origin
	}
	var f findings
	f.conflicts(m)
	if err := f.err(); err != nil {
		return nil, err
	}
	return m, nil
}

func last[T comparable](to *T, from T) {
	var zero T
	if from != zero {
		*to = from
	}
}

// addUp appends the entries that are not there yet, apart from where they stand.
func addUp[T any](to, from []T) []T {
	id := func(v T) string {
		if f := reflect.ValueOf(&v).Elem().FieldByName("Origin"); f.IsValid() {
			f.SetZero()
		}
		text, err := json.Marshal(v)
		if err != nil {
			return ""
		}
		return string(text)
	}
	have := map[string]bool{}
	for _, v := range to {
		have[id(v)] = true
	}
	for _, v := range from {
		if key := id(v); key == "" || !have[key] {
			have[key] = true
			to = append(to, v)
		}
	}
	return to
}

// clone copies a policy so deep that changing one does not change the other.
func (p *Policy) clone() *Policy {
	return deepCopy(reflect.ValueOf(p)).Interface().(*Policy)
}

func deepCopy(v reflect.Value) reflect.Value {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return v
		}
		c := reflect.New(v.Type().Elem())
		c.Elem().Set(deepCopy(v.Elem()))
		return c
	case reflect.Struct:
		c := reflect.New(v.Type()).Elem()
		for i := range v.NumField() {
			c.Field(i).Set(deepCopy(v.Field(i)))
		}
		return c
	case reflect.Slice:
		if v.IsNil() {
			return v
		}
		c := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			c.Index(i).Set(deepCopy(v.Index(i)))
		}
		return c
	case reflect.Map:
		if v.IsNil() {
			return v
		}
		c := reflect.MakeMapWithSize(v.Type(), v.Len())
		for _, k := range v.MapKeys() {
			c.SetMapIndex(k, deepCopy(v.MapIndex(k)))
		}
		return c
	}
	return v
}
