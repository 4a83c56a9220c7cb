package packagestore_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"wand/compiler"
	"wand/modules"
	"wand/policies"
	"wand/runtime"
	"wand/runtime/packagestore"
)

// TestRealPackages adds packages that were never made for a sandbox from the index that pip is configured with, and runs a program with each under a policy
// that lists it alone.
func TestRealPackages(t *testing.T) {
	if testing.Short() {
		t.Skip("it downloads 10 MB")
	}
	if _, err := modules.Find("python"); err != nil {
		t.Skip(err)
	}
	s, err := packagestore.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	requirements, err := packagestore.ParseRequirements("test", []byte("sympy\nnetworkx>=3\nattrs\npyyaml\njinja2\ntabulate\npydantic<2\npython-dateutil\n"))
	if err != nil {
		t.Fatal(err)
	}
	added, err := s.Add(t.Context(), requirements, nil, packagestore.AddOptions{Timeout: 5 * time.Minute})
	if os.Getenv("CI") == "" && (errors.Is(err, packagestore.ErrOffline) || errors.Is(err, packagestore.ErrNoPip) || errors.As(err, new(*packagestore.ResolveError)) || errors.Is(err, context.DeadlineExceeded)) {
		t.Skipf("the packages cannot be had here: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range added.New {
		t.Logf("%s %s, %d bytes, sha256 %s, left out %q", p.Name, p.Version, p.Bytes, p.SHA256, p.LeftOut)
	}
	rt, err := runtime.New(t.Context(), runtime.Config{Packages: s, CacheDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close(context.Background())
	for _, c := range []struct{ requirement, program, stdout string }{
		{"sympy", `
from sympy import symbols, integrate, solve, sin, Rational, Matrix
x = symbols("x")
print(integrate(x**2 * sin(x), x), solve(x**2 - 5*x + 6, x), Matrix([[2, 1], [1, 3]]).det(), Rational(1, 3) + 1)
`, "-x**2*cos(x) + 2*x*sin(x) + 2*cos(x) [2, 3] 5 4/3\n"},
		{"networkx>=3", `
import networkx as nx
g = nx.Graph()
g.add_weighted_edges_from([("a", "b", 4), ("b", "c", 1), ("a", "c", 7)])
print(nx.shortest_path(g, "a", "c", weight="weight"), nx.number_connected_components(g), sorted(nx.minimum_spanning_tree(g).edges))
`, "['a', 'b', 'c'] 1 [('a', 'b'), ('b', 'c')]\n"},
		{"attrs", `
import attrs
@attrs.define
class P:
    x: int = attrs.field(validator=attrs.validators.instance_of(int))
print(P(3), attrs.asdict(P(4)))
try:
    P("a")
except TypeError as e:
    print("refused")
`, "P(x=3) {'x': 4}\nrefused\n"},
		{"pyyaml", `
import yaml
print(yaml.safe_load("a: [1, 2.5]\nb: {c: on}"), yaml.dump({"k": [1, "two"]}, default_flow_style=True).strip(), yaml.__with_libyaml__)
`, "{'a': [1, 2.5], 'b': {'c': True}} {k: [1, two]} False\n"},
		{"jinja2", `
import jinja2
t = jinja2.Environment(autoescape=True).from_string("{% for x in xs %}<{{ x }}>{% endfor %}")
print(t.render(xs=["a", "<b>", jinja2.utils.markupsafe.Markup("<c>")]))
`, "<a><&lt;b&gt;><<c>>\n"},
		{"tabulate", `
from tabulate import tabulate
print(tabulate([["a", 1], ["b", 22.5]], headers=["x", "y"]))
`, "x       y\n---  ----\na     1\nb    22.5\n"},
		{"pydantic<2", `
from pydantic import BaseModel, ValidationError
class M(BaseModel):
    a: int
    b: list[str] = []
print(M(a="3", b=["x"]).dict())
try:
    M(a="x")
except ValidationError as e:
    print(e.errors()[0]["loc"])
`, "{'a': 3, 'b': ['x']}\n('a',)\n"},
		{"python-dateutil", `
from dateutil import parser, relativedelta, rrule
import datetime
print(parser.parse("3 Mar 2021 10:00").isoformat(), datetime.date(2024, 1, 31) + relativedelta.relativedelta(months=1))
print([d.day for d in rrule.rrule(rrule.WEEKLY, count=3, dtstart=datetime.datetime(2024, 1, 1))])
`, "2021-03-03T10:00:00 2024-02-29\n[1, 8, 15]\n"},
	} {
		t.Run(c.requirement, func(t *testing.T) {
			var g policies.PackageGrant
			if err := g.UnmarshalText([]byte(c.requirement)); err != nil {
				t.Fatal(err)
			}
			m, diagnostics, err := compiler.Compile(t.Context(), compiler.Source{Name: "main.py", Text: []byte(c.program)})
			if err != nil || m == nil {
				t.Fatal(err, diagnostics)
			}
			for round := range 2 { // compiled in the sandbox, then from the cache
				r, err := rt.Run(t.Context(), m, runtime.Options{Guest: "python", Policy: &policies.Policy{Version: 1, Packages: []policies.PackageGrant{g}}})
				if err != nil {
					t.Fatal(err)
				}
				if r.Status != runtime.Completed || r.Stdout != c.stdout {
					t.Fatalf("round %d: %q\n%s", round, r.Stdout, r.Feedback(0))
				}
			}
			r, err := rt.Run(t.Context(), m, runtime.Options{Guest: "python"})
			if err != nil || r.Status != runtime.Denied {
				t.Errorf("without a policy that lists it: %v\n%s", err, r.Feedback(0))
			}
		})
	}
}
