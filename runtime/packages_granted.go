package runtime

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"wand/compiler"
	"wand/policies"
)

// PackageStore is where runs find the packages that their policies list. *packagestore.Store is one. It is safe for concurrent use.
type PackageStore interface {
	// Find returns an added package by its normal name (policies.NormalPackage), and after it those that it needs. ErrNoPackage says that it was not added.
	Find(name string) ([]StoredPackage, error)
	// Providing returns the added package that has a top-level module of this name.
	Providing(module string) (StoredPackage, bool)
}

// StoredPackage is one package of a store.
type StoredPackage struct {
	Name    string // in normal form
	Version string
	Package Package
}

// ErrNoPackage says that a package is not in the store.
var ErrNoPackage = errors.New("no such package")

// PackageError is a package that a policy lists and a run cannot have: it was not added, or not in a version that the policy wants.
type PackageError struct {
	Requirement string // as the policy lists it
	Position    string // where the policy does
	Reason      string // what is in the way
	Hint        string // what to do
}

func (e *PackageError) Error() string {
	text := fmt.Sprintf("the policy lists the package %s, and %s; %s", e.Requirement, e.Reason, e.Hint)
	if e.Position != "" {
		text = e.Position + ": " + text
	}
	return text
}

// grantedPackages are the packages that a policy lists, with what they need, as far as nothing forbids them.
func (rt *Runtime) grantedPackages(ctx context.Context, a *authority, guest, principal string, observe func(policies.Request, policies.Decision)) ([]Package, error) {
	grants := a.engine.Policy().Packages
	if len(grants) == 0 || guest != "python" {
		return nil, nil
	}
	if rt.config.Packages == nil {
		g := grants[0]
		return nil, &PackageError{g.String(), g.Origin.String(), "this Runtime has no store of packages", "set Config.Packages"}
	}
	var list []Package
	have := map[string]bool{}
	for _, g := range grants {
		found, err := rt.config.Packages.Find(policies.NormalPackage(g.Name))
		if errors.Is(err, ErrNoPackage) {
			return nil, &PackageError{g.String(), g.Origin.String(), "it was not added", fmt.Sprintf("add it: wand packages add %s", shellWord(g.String()))}
		}
		if err != nil {
			return nil, err
		}
		if !g.Meets(found[0].Version) {
			return nil, &PackageError{g.String(), g.Origin.String(), "what was added is " + found[0].Version, fmt.Sprintf("add another version: wand packages add %s", shellWord(g.String()))}
		}
		if refusal(a, principal, found, observe) != nil {
			continue // who imports it is told
		}
		for _, p := range found {
			if !have[p.Name] {
				have[p.Name] = true
				list = append(list, p.Package)
			}
		}
	}
	return list, ctx.Err()
}

// refusal is why a run may not import a package, the first of those found; nil when it may. What a listed package needs is there with it and needs no grant
// of its own, but nothing may forbid it.
func refusal(a *authority, principal string, found []StoredPackage, observe func(policies.Request, policies.Decision)) *policies.Decision {
	for i, p := range found {
		q := packageRequest(principal, p)
		d := a.engine.Decide(q)
		if i == 0 && observe != nil {
			observe(q, d)
		}
		if !d.Allowed && (i == 0 || d.Rule != policies.RuleDefault) {
			return &d
		}
	}
	return nil
}

func packageRequest(principal string, p StoredPackage) policies.Request {
	return policies.Request{
		Principal: principal, Action: policies.ActionPackage, Resource: policies.Resource{Type: policies.ResourcePackage, ID: p.Name},
		Context: map[string]any{"version": p.Version, "args": map[string]any{"name": p.Name, "version": p.Version}},
	}
}

// shellWord writes a requirement so that a shell takes it for one word.
func shellWord(s string) string {
	if strings.ContainsAny(s, "<>=!~,") {
		return "'" + s + "'"
	}
	return s
}

var noModule = regexp.MustCompile(`^No module named '([^'.]+)`)

// refusedImport recognises a program that ended because it imported a package that was added and that nothing lets it import. As with files, the language
// says what is missing, and the policy why.
func (r *Report) refusedImport(j *job) {
	e := r.Error
	store := j.rt.config.Packages
	if store == nil || r.Status != Failed || e == nil || e.Type != "ModuleNotFoundError" || j.run.tape.replaying() {
		return
	}
	m := noModule.FindStringSubmatch(e.Message)
	if m == nil {
		return
	}
	p, ok := store.Providing(m[1])
	if !ok {
		return
	}
	found, err := store.Find(p.Name)
	if err != nil {
		return
	}
	d := refusal(j.authority, j.options.Principal, found, nil)
	if d == nil {
		return
	}
	r.Status, e.Kind = Denied, KindPolicy
	e.Message = fmt.Sprintf("No module named '%s': the package %s %s was added, and this run may not import it: %s", m[1], p.Name, p.Version, strings.TrimPrefix(d.Reason, "not allowed: "))
	e.Hint = d.Hint
	if d.Rule == policies.RuleDefault {
		e.Hint = fmt.Sprintf("do without %s, or ask whoever runs this for the line packages: [%s] in the policy", m[1], p.Name)
	}
}

// sameRefusal says of a replayed run what was said of the recorded one: the store of packages is no part of a recording.
func sameRefusal(was, is *Report) {
	if was.Status != Denied || is.Status != Failed || was.Error == nil || is.Error == nil || was.Error.Type != "ModuleNotFoundError" || is.Error.Type != was.Error.Type {
		return
	}
	a, b := noModule.FindStringSubmatch(was.Error.Message), noModule.FindStringSubmatch(is.Error.Message)
	if a != nil && b != nil && a[1] == b[1] {
		is.Status, is.Error.Kind, is.Error.Message, is.Error.Hint = was.Status, was.Error.Kind, was.Error.Message, was.Error.Hint
	}
}

// PreparePackages does ahead of runs what the first of them would wait for: the packages are compiled to bytecode, in the sandbox, and kept.
func (rt *Runtime) PreparePackages(ctx context.Context, packages ...Package) error {
	if err := rt.enter(); err != nil {
		return err
	}
	defer rt.leave()
	ctx, end := rt.until(ctx)
	defer end()
	for _, p := range packages {
		if _, err := rt.packageTree(ctx, string(compiler.Python), p); err != nil {
			return err
		}
	}
	return nil
}
