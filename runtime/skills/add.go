package skills

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"wand/compiler"
	"wand/hostfuncs"
	"wand/policies"
	"wand/policies/nearest"
	"wand/runtime"
)

// Candidate is a function that wants to be a skill.
type Candidate struct {
	// Name of the function. Default: the only one of the source whose name does not begin with an underscore.
	Name string
	// Language is Python (the default) or JavaScript.
	Language compiler.Language
	Source   string
	// Test is a program that imports it from skills and fails when it does not do what it should.
	Test string
	// Tools are names or patterns of the tools that it may use.
	Tools []string
	// Requires are skills that it uses. In Python they are found by its imports too.
	Requires []string
	// By says who adds it.
	By string
}

// AddOptions are what its test may reach.
type AddOptions struct {
	Policy *policies.Policy
	Tools  *hostfuncs.Registry
	// Limits of the test. Fields that are zero: 2G fuel and 20 seconds, for the others the Runtime's.
	Limits runtime.Limits
}

// TestError is why a candidate was not admitted: its test did not pass.
type TestError struct {
	Name   string
	Report *runtime.Report
}

// Error implements error.
func (e *TestError) Error() string {
	return fmt.Sprintf("%s: its test does not pass:\n%s", e.Name, strings.TrimSpace(e.Report.Feedback(300)))
}

// Unwrap implements errors.Is.
func (e *TestError) Unwrap() error { return ErrBadSkill }

// Add admits a function when its test passes in the sandbox, as the next version of its name. The error is a *TestError when that does not pass, else ErrBadSkill
// or ErrCycle with what is wrong with it.
func (s *Store) Add(ctx context.Context, rt *runtime.Runtime, c Candidate, o AddOptions) (*Skill, error) {
	k, err := s.examine(ctx, rt, c)
	if err != nil {
		return nil, err
	}
	if err := s.acyclic(k); err != nil {
		return nil, err
	}
	if err := s.try(ctx, rt, k, o); err != nil {
		return nil, err
	}
	return k, s.write(k)
}

// examine finds out what there is to know of a candidate.
func (s *Store) examine(ctx context.Context, rt *runtime.Runtime, c Candidate) (*Skill, error) {
	k := &Skill{
		Schema: Schema, Name: c.Name, Language: c.Language, Source: c.Source, Test: c.Test, Tools: slices.Compact(slices.Sorted(slices.Values(c.Tools))),
		Requires: c.Requires, By: clip(c.By, 100), Added: time.Now().UTC().Truncate(time.Second),
	}
	if k.Language == "" {
		k.Language = compiler.Python
	}
	switch {
	case k.Language != compiler.Python && k.Language != compiler.JavaScript:
		return nil, fmt.Errorf("%w: a skill is Python or JavaScript, not %s", ErrBadSkill, k.Language)
	case strings.TrimSpace(k.Source) == "":
		return nil, fmt.Errorf("%w: there is no source", ErrBadSkill)
	case strings.TrimSpace(k.Test) == "":
		return nil, fmt.Errorf("%w: there is no test, and without one that passes nothing is admitted", ErrBadSkill)
	case len(k.Source) > MaxSource || len(k.Test) > MaxSource:
		return nil, fmt.Errorf("%w: source and test have at most %d bytes each", ErrBadSkill, MaxSource)
	case len(k.Tools) > MaxTools:
		return nil, fmt.Errorf("%w: it declares %d tools; at most %d are possible", ErrBadSkill, len(k.Tools), MaxTools)
	}
	for _, pattern := range k.Tools {
		if !validPattern.MatchString(pattern) || strings.HasPrefix(pattern, "skills.") || pattern == "*" {
			return nil, fmt.Errorf("%w: %q is no tool that a skill can declare: a name such as kv.get, or the beginning of names such as kv.*", ErrBadSkill, clip(pattern, 80))
		}
	}
	functions, err := inspect(ctx, rt, k)
	if err != nil {
		return nil, err
	}
	if err := k.take(functions); err != nil {
		return nil, err
	}
	if len(k.Requires) > MaxRequires {
		return nil, fmt.Errorf("%w: it requires %d skills; at most %d are possible", ErrBadSkill, len(k.Requires), MaxRequires)
	}
	return k, checkName(k.Name)
}

var validPattern = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*(\.?\*)?$`)

// function is what inspection found.
type function struct{ Name, Signature, Doc string }

type inspected struct {
	Functions []function
	Requires  []string
}

// take fills in what was found.
func (k *Skill) take(found *inspected) error {
	var public []string
	for _, f := range found.Functions {
		if !strings.HasPrefix(f.Name, "_") {
			public = append(public, f.Name)
		}
	}
	switch {
	case k.Name == "" && len(public) == 1:
		k.Name = public[0]
	case k.Name == "" && len(public) == 0:
		return fmt.Errorf("%w: the source defines no function", ErrBadSkill)
	case k.Name == "":
		return fmt.Errorf("%w: the source defines %s: say which of them is the skill", ErrBadSkill, strings.Join(public, ", "))
	}
	for _, f := range found.Functions {
		if f.Name == k.Name {
			k.Signature, k.Doc = clip(f.Signature, 1000), clip(strings.TrimSpace(f.Doc), 4000)
			for _, name := range found.Requires {
				if !slices.Contains(k.Requires, name) {
					k.Requires = append(k.Requires, name)
				}
			}
			slices.Sort(k.Requires)
			return nil
		}
	}
	hint := ""
	if near := nearest.Name(k.Name, public); near != "" {
		hint = "; did you mean " + near + "?"
	}
	return fmt.Errorf("%w: the source defines no function %s%s", ErrBadSkill, clip(k.Name, 80), hint)
}

// inspector looks at a source without running it.
const inspector = `
import ast
found, requires = [], []
tree = ast.parse(INPUT)
for n in tree.body:
    if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef)):
        returns = " -> " + ast.unparse(n.returns) if n.returns else ""
        found.append({"Name": n.name, "Signature": "(" + ast.unparse(n.args) + ")" + returns, "Doc": ast.get_docstring(n) or ""})
for n in ast.walk(tree):
    if isinstance(n, ast.ImportFrom) and n.module == "skills" and not n.level:
        requires += [a.name for a in n.names]
{"Functions": found, "Requires": requires}
`

var scriptFunction = regexp.MustCompile(`(?m)^(?:/\*\*\s*((?:[^*]|\*[^/])*?)\s*\*/\s*)?(?:async\s+)?function\s*\*?\s*([A-Za-z_$][\w$]*)\s*(\([^)]*\))`)

// inspect lists the functions of a source. What it says serves people and models; what a skill may do does not rest on it.
func inspect(ctx context.Context, rt *runtime.Runtime, k *Skill) (*inspected, error) {
	if k.Language == compiler.JavaScript {
		found := &inspected{}
		for _, m := range scriptFunction.FindAllStringSubmatch(k.Source, -1) {
			found.Functions = append(found.Functions, function{m[2], m[3], strings.ReplaceAll(m[1], "\n * ", "\n")})
		}
		return found, nil
	}
	m, _, err := compiler.Compile(ctx, compiler.Source{Language: compiler.Python, Text: []byte(inspector)})
	if err != nil {
		return nil, err
	}
	input, err := json.Marshal(k.Source)
	if err != nil {
		return nil, err
	}
	report, err := rt.Run(ctx, m, runtime.Options{Input: input, Limits: testLimits})
	if err != nil {
		return nil, err
	}
	found := &inspected{}
	if report.Status != runtime.Completed || json.Unmarshal(report.Result, found) != nil {
		why := "it cannot be looked at"
		if e := report.Error; e != nil {
			why = strings.TrimPrefix(e.Type+": "+e.Message, ": ")
		}
		return nil, fmt.Errorf("%w: its source: %s", ErrBadSkill, why)
	}
	return found, nil
}

// acyclic refuses a skill that requires what is not there, or what requires it.
func (s *Store) acyclic(k *Skill) error {
	var visit func(name string, path []string) error
	visit = func(name string, path []string) error {
		path = append(path, name)
		if name == k.Name {
			return fmt.Errorf("%w: %s", ErrCycle, strings.Join(path, " requires "))
		}
		if len(path) > maxDepth {
			return fmt.Errorf("%w: %s is more than %d deep", ErrBadSkill, strings.Join(path, " requires "), maxDepth)
		}
		required, err := s.Get(name, 0)
		if err != nil {
			return fmt.Errorf("%w: %s: %w", ErrBadSkill, strings.Join(path, " requires "), err)
		}
		for _, next := range required.Requires {
			if err := visit(next, path); err != nil {
				return err
			}
		}
		return nil
	}
	for _, name := range k.Requires {
		if err := visit(name, []string{k.Name}); err != nil {
			return err
		}
	}
	return nil
}

var testLimits = runtime.Limits{Fuel: 2_000_000_000, Deadline: 20 * time.Second}

// try runs the test with the candidate among the skills, and with nothing granted that the candidate would not have anyway: what the test itself calls it
// calls under the same policy.
func (s *Store) try(ctx context.Context, rt *runtime.Runtime, k *Skill, o AddOptions) error {
	l := s.Library(rt)
	l.extra = map[string]*Skill{k.Name: k}
	tools, err := l.Tools()
	if err != nil {
		return err
	}
	if o.Tools != nil {
		if tools, err = o.Tools.With(tools); err != nil {
			return err
		}
	}
	policy, err := policies.Allow("skills.*")
	if err != nil {
		return err
	}
	if o.Policy != nil {
		policy.Name = ""
		if policy, err = policies.Merge(o.Policy, policy); err != nil {
			return err
		}
	}
	m, diagnostics, err := rt.Compile(ctx, compiler.Source{Name: "test", Language: k.testLanguage(), Text: []byte(k.Test)})
	var input *compiler.InputError
	if errors.As(err, &input) {
		return fmt.Errorf("%w: its test: %w", ErrBadSkill, err)
	}
	if err != nil {
		return err
	}
	if m == nil {
		return &TestError{k.Name, runtime.InvalidReport(nil, testLimits, diagnostics)}
	}
	options := runtime.Options{Policy: policy, Tools: tools, Limits: o.Limits}
	if options.Limits.Fuel == 0 {
		options.Limits.Fuel = testLimits.Fuel
	}
	if options.Limits.Deadline == 0 {
		options.Limits.Deadline = testLimits.Deadline
	}
	if m.Guest == "python" {
		options.Packages = l.Packages()
	}
	report, err := rt.Run(ctx, m, options)
	switch {
	case err != nil:
		return err
	case report.Status != runtime.Completed:
		return &TestError{k.Name, report}
	case !called(report, k.Name):
		return fmt.Errorf("%w: its test passes without calling %s, so it tests nothing", ErrBadSkill, k.Name)
	}
	return nil
}

// testLanguage is that of the test, which is told by its text where it is not the skill's.
func (k *Skill) testLanguage() compiler.Language { return k.Language }

// called says whether a program has called a skill.
func called(r *runtime.Report, name string) bool {
	for _, c := range r.Calls {
		var in nameInput
		if c.Tool == "skills.call" && json.Unmarshal(c.Args, &in) == nil && in.Name == name {
			return true
		}
	}
	return false
}
