package policies

import (
	"errors"
	"strings"
	"testing"
)

func packageRequest(name, version string) Request {
	return Request{Action: ActionPackage, Resource: Resource{ResourcePackage, name}, Context: map[string]any{"version": version, "args": map[string]any{}}}
}

func TestPackagesAreGrantedByNameAndVersion(t *testing.T) {
	e := mustCompile(t, `
version: 1
packages: [SymPy, networkx>=3, "attrs >=23, <26", python_dateutil==2.*]
forbid: [{name: packages.import, when: 'context.version == "23.2.0"', reason: that one is broken}]
`)
	for _, c := range []struct {
		name, version string
		rule          string // "" is denied
		says          string
	}{
		{"sympy", "1.13.3", "packages[0]", ""},
		{"Sym.Py", "1.13.3", "", "no rule grants importing the package sym-py 1.13.3"},
		{"networkx", "3.0", "packages[1]", ""},
		{"networkx", "3.7rc1", "packages[1]", ""},
		{"networkx", "2.8.8", "", "by packages[1] version has to be >=3, is 2.8.8"},
		{"networkx", "latest", "", "version has to be >=3, is latest"},
		{"attrs", "25.1.0", "packages[2]", ""},
		{"attrs", "26.1.0", "", "version has to be >=23,<26, is 26.1.0"},
		{"attrs", "23.2.0", "", "that one is broken"},
		{"python-dateutil", "2.9.0.post0", "packages[3]", ""},
		{"python.dateutil", "4.0.0", "", "version has to be ==2.*"},
		{"mpmath", "1.3.0", "", "no rule grants importing the package mpmath"},
	} {
		d := e.Decide(packageRequest(c.name, c.version))
		if d.Allowed != (c.rule != "") || d.Allowed && d.Rule != c.rule || !strings.Contains(d.Reason, c.says) {
			t.Errorf("%s %s: %+v; want %q %q", c.name, c.version, d, c.rule, c.says)
		}
	}
	if d := e.Decide(packageRequest("mpmath", "1.3.0")); !strings.Contains(d.Hint, "allowed is importing the package") {
		t.Errorf("the hint is %q", d.Hint)
	}
	if d := mustCompile(t, "version: 1").Decide(packageRequest("sympy", "1.13")); d.Allowed || d.Hint != "the policy would need packages: [sympy]" {
		t.Errorf("%+v", d)
	}
	again, err := Parse("again", e.Policy().YAML())
	if err != nil || len(again.Packages) != 4 || again.Packages[2].String() != "attrs>=23,<26" {
		t.Errorf("%v %+v from\n%s", err, again, e.Policy().YAML())
	}
}

func TestPackagesThatAreNoRequirements(t *testing.T) {
	for doc, want := range map[string]string{
		"packages: [\"sympy>>1\"]":                      `p.yaml:2:12: packages[0]: "sympy>>1" is no requirement: ">>1" says no versions`,
		"packages:\n  - sympy\n  - git+https://x.y/z":   `p.yaml:4:5: packages[1]: "git+https://x.y/z" is no requirement`,
		"packages: [\"six @ https://x.y/six.whl\"]":     "an address has no place here",
		"packages: [\"pydantic[email]\"]":               "extras are said when a package is added",
		"packages: [../evil]":                           `"../evil" is no requirement`,
		"packages: [\"\"]":                              `"" is no requirement`,
		"packages: sympy":                               "put it in brackets: [sympy]",
		"packages: [sympy, Sym_Py, sym.py]":             "the package sym-py is there twice",
		"packages: [\"six==1.16; python_version>'3'\"]": "says no versions",
		"tools: [{name: packages.import}]":              "packages.import is granted by the section packages, which is not there",
		"tools: [{name: packages.add}]":                 "there is no tool packages.add",
	} {
		p, err := Parse("p.yaml", []byte("version: 1\n"+doc+"\n"))
		if err == nil {
			_, err = Compile(p)
		}
		var e *Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %s", doc, err, want)
		}
	}
	if _, err := Compile(&Policy{Version: 1, Packages: []PackageGrant{{Name: "a b"}}}); err == nil {
		t.Error("a Go value that is no requirement passes")
	}
}

func TestPackagesInDiffLearnAllowAndOverlay(t *testing.T) {
	old, wide := mustCompile(t, "version: 1\npackages: [sympy, networkx>=3]"), mustCompile(t, "version: 1\npackages: [sympy, networkx, attrs]")
	var rules []string
	for _, d := range Diff(old, wide) {
		rules = append(rules, d.Rule)
	}
	if strings.Join(rules, " ") != "packages[2] packages[1]" {
		t.Errorf("a wider list of packages differs in %q", rules)
	}
	if d := Diff(wide, old); len(d) != 0 {
		t.Errorf("a narrower one differs: %v", d)
	}
	l := Learn([]Request{packageRequest("networkx", "3.7"), packageRequest("Tabulate", "0.9.0"), packageRequest("networkx", "3.7")}, old.Policy())
	if text := string(l.YAML()); !strings.Contains(text, "packages:\n  # importing the package networkx 3.7, 2 times\n  - \"networkx>=3\"\n  # importing the package tabulate 0.9.0\n  - tabulate\n") {
		t.Errorf("learned:\n%s", text)
	}
	p, err := Allow("package:networkx>=3")
	if err != nil || len(p.Packages) != 1 || p.Packages[0].Versions != ">=3" {
		t.Errorf("%+v, %v", p, err)
	}
	if _, err := Allow("package:../x"); err == nil {
		t.Error("--allow takes a path for a package")
	}
	if _, err := Compile(p, &Overlay{Policy: p}); err == nil || !strings.Contains(err.Error(), "grants nothing") {
		t.Errorf("an overlay grants a package: %v", err)
	}
	e := mustCompile(t, "version: 1\npackages: [sympy]", &Overlay{Policy: &Policy{Version: 1, Forbid: []Forbid{{Name: "packages.import", When: `resource.id like "sym*"`}}}})
	if d := e.Decide(packageRequest("sympy", "1.13")); d.Allowed {
		t.Errorf("an overlay's forbid does not count: %+v", d)
	}
}
