package runtime_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"wand/compiler"
	"wand/runtime"
)

// Two lines of which the first does nine tenths of the work.
const (
	profiledPython = `
def heavy(n):
    return sum(range(n))
def light(n):
    return sum(range(n))
while True:
    heavy(9000)
    light(1000)
`
	profiledJavaScript = `
const text = 'x'.repeat(1000);
function heavy() { for (let i = 0; i < 90; i++) text.split(''); }
function light() { for (let i = 0; i < 10; i++) text.split(''); }
while (true) {
  heavy();
  light();
}
`
	profiledTypeScript = `
interface A {
  x: number
}
const text: string = 'x'.repeat(1000);
function heavy(): void {
  for (let i = 0; i < 90; i++) text.split('');
}
function light(): void {
  for (let i = 0; i < 10; i++) text.split('');
}
while (true) {
  heavy();
  light();
}
`
)

// TestProfile: a run that its fuel or its deadline stops says which lines took it, in lines of the source.
func TestProfile(t *testing.T) {
	t.Parallel()
	rt := sharedRuntime(t)
	for _, c := range []struct {
		language     compiler.Language
		text         string
		heavy, light int
	}{{compiler.Python, profiledPython, 3, 5}, {compiler.JavaScript, profiledJavaScript, 3, 4}, {compiler.TypeScript, profiledTypeScript, 7, 10}} {
		for _, limits := range []runtime.Limits{{Fuel: 400_000_000}, {Deadline: 700 * time.Millisecond}} {
			r := start(t, rt, c.language, c.text, runtime.Options{Limits: limits})
			if r.Status != runtime.Exhausted || len(r.Profile) == 0 {
				t.Fatalf("%s: %s with profile %+v", c.language, r.Status, r.Profile)
			}
			first := r.Profile[0]
			if first.Line != c.heavy || first.Share < 0.75 || first.Share > 0.98 {
				t.Errorf("%s: the hottest line is %+v, want line %d with about 0.9 of the fuel", c.language, first, c.heavy)
			}
			if len(r.Profile) > 1 && r.Profile[1].Line != c.light {
				t.Errorf("%s: the second line is %+v, want %d", c.language, r.Profile[1], c.light)
			}
			if want := fmt.Sprintf("most fuel went to: line %d (", c.heavy); !strings.Contains(r.Feedback(0), want) {
				t.Errorf("%s: the feedback lacks %q:\n%s", c.language, want, r.Feedback(0))
			}
		}
		if r := start(t, rt, c.language, "1", runtime.Options{}); r.Profile != nil {
			t.Errorf("%s: a run that ended by itself has a profile", c.language)
		}
	}
}

// TestProfileChangesNothing: what a program burns, prints and computes is the same with any slice, thus with any number of looks at the clock between the
// questions; and the profile is the same as well.
func TestProfileChangesNothing(t *testing.T) {
	t.Parallel()
	needGuests(t)
	programs := map[compiler.Language]string{
		compiler.Python:     "x = [i * i for i in range(200_000)]\nd = {str(i): i for i in x[:50_000]}\nprint(sum(x), len(d))\nwhile True:\n    x.sort(key=lambda v: -v)\n",
		compiler.JavaScript: "const x = Array.from({length: 50000}, (_, i) => i * i);\nconst m = new Map(x.map((v) => [`${v}`, v]));\nconsole.log(x.length, m.size);\nwhile (true) x.sort((a, b) => b - a);\n",
	}
	for language, text := range programs {
		var want *runtime.Report
		for _, slice := range []int64{0, 17_777, 333_333, 50_000_000} {
			rt, err := runtime.New(context.Background(), runtime.Config{FuelSlice: slice})
			if err != nil {
				t.Fatal(err)
			}
			r := start(t, rt, language, text, runtime.Options{Limits: runtime.Limits{Fuel: 300_000_000}, Seed: new([32]byte)})
			if want == nil {
				want = r
			}
			got := fmt.Sprint(r.Usage.Fuel.Used, r.Usage.Memory.PeakBytes, r.Stdout, r.Profile, r.Error.Location)
			if expected := fmt.Sprint(want.Usage.Fuel.Used, want.Usage.Memory.PeakBytes, want.Stdout, want.Profile, want.Error.Location); got != expected || len(r.Profile) == 0 {
				t.Errorf("%s with slices of %d: %s, want %s", language, slice, got, expected)
			}
			rt.Close(context.Background())
		}
	}
}

// TestProfileOfHostileState: a program that breaks what the guest's frames are made of, as far as it can, ends as it would anyway.
func TestProfileOfHostileState(t *testing.T) {
	t.Parallel()
	rt := sharedRuntime(t)
	for _, text := range []string{
		"import sys\ndef f():\n    g = f.__code__.replace(co_linetable=b'\\xff' * 1000)\n    exec(g)\n    while True: pass\nf.__code__ = f.__code__.replace(co_linetable=b'', co_filename='x' * 100000)\nf()\n",
		"exec(compile('while True: pass', 'main.py', 'exec'))\n",
		"def g():\n    while True:\n        yield from g2()\ndef g2():\n    while True:\n        yield 1\nfor _ in g(): pass\n",
	} {
		r := start(t, rt, compiler.Python, text, runtime.Options{Limits: runtime.Limits{Fuel: 200_000_000}})
		wants(t, r, "exhausted fuel")
	}
	var out bytes.Buffer
	r := start(t, rt, compiler.Python, "import asyncio\nasync def f():\n    while True:\n        await asyncio.sleep(0)\nasyncio.run(f())\n", runtime.Options{Limits: runtime.Limits{Fuel: 200_000_000}, Stdout: &out})
	wants(t, r, "exhausted fuel")
	if len(r.Profile) == 0 {
		t.Error("no profile of asyncio")
	}
}
