package hostfuncs

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
)

// Registry is a set of tools with unique names. It does not change, and any number of runs share it. The nil Registry is empty.
type Registry struct {
	tools map[string]*tool
	names []string // sorted
}

// NewRegistry checks and prepares tools. The error names every tool that cannot be used, and why.
func NewRegistry(definitions ...*Definition) (*Registry, error) {
	r := &Registry{tools: make(map[string]*tool, len(definitions))}
	var errs []error
	groups := map[string]bool{} // the beginnings of names
	for i, d := range definitions {
		if d == nil {
			errs = append(errs, fmt.Errorf("tool %d of %d is nil", i+1, len(definitions)))
			continue
		}
		if err := r.add(d, groups); err != nil {
			errs = append(errs, fmt.Errorf("tool %s: %w", quote(d.Name), err))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	r.names = slices.Sorted(maps.Keys(r.tools))
	return r, nil
}

func (r *Registry) add(d *Definition, groups map[string]bool) error {
	if err := checkName(d.Name); err != nil {
		return err
	}
	if _, twice := r.tools[d.Name]; twice {
		return errors.New("there are two of that name")
	}
	if groups[d.Name] {
		return fmt.Errorf("other tools begin with %s., and a name is either a tool or the beginning of others", d.Name)
	}
	var beginnings []string
	for i := range len(d.Name) {
		if d.Name[i] != '.' {
			continue
		}
		if r.tools[d.Name[:i]] != nil {
			return fmt.Errorf("%s is a tool too, and a name is either a tool or the beginning of others", d.Name[:i])
		}
		beginnings = append(beginnings, d.Name[:i])
	}
	t, err := compile(*d)
	if err != nil {
		return err
	}
	for _, name := range beginnings {
		groups[name] = true
	}
	r.tools[d.Name] = t
	return nil
}

// maxName is the longest name of a tool, in bytes.
const maxName = 128

// checkName refuses names that are no attribute in one of the guests' languages.
func checkName(name string) error {
	if len(name) > maxName {
		return fmt.Errorf("a name has at most %d bytes", maxName)
	}
	for part := range strings.SplitSeq(name, ".") {
		for i := range len(part) {
			c := part[i]
			letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
			if !letter && (i == 0 || c < '0' || c > '9') {
				return fmt.Errorf("%q cannot stand in a name: letters, digits and _ in parts separated by dots", c)
			}
		}
		if part == "" || strings.HasPrefix(part, "__") {
			return errors.New("a part of the name is empty or begins with two underscores")
		}
	}
	return nil
}

// With returns a registry that has the tools of others too. Names must not meet.
func (r *Registry) With(others ...*Registry) (*Registry, error) {
	var all []*Definition
	for _, x := range append([]*Registry{r}, others...) {
		for d := range x.All() {
			all = append(all, d)
		}
	}
	return NewRegistry(all...)
}

// All gives the tools in the order of their names. They must not be changed.
func (r *Registry) All() iter.Seq[*Definition] {
	return func(yield func(*Definition) bool) {
		if r == nil {
			return
		}
		for _, name := range r.names {
			if !yield(&r.tools[name].Definition) {
				return
			}
		}
	}
}

// Names returns the names, sorted.
func (r *Registry) Names() []string {
	if r == nil {
		return nil
	}
	return slices.Clone(r.names)
}

func (r *Registry) lookup(name string) *tool {
	if r == nil {
		return nil
	}
	return r.tools[name]
}
