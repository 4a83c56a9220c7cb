package runtime_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"wand/compiler"
	"wand/hostfuncs"
	"wand/policies"
	"wand/runtime"
)

// Repair by rule stands in for a model: faults are planted in programs of ours by a seed, and what has to be known to repair each is written down when it
// is planted, so that the feedback is measured against something that it has no part in. For every fault the text is asked for two things: the line, and
// the fact. The same is asked of the raw standard error, which for Python and JavaScript is what the languages' own commands print, under the same
// budget of tokens. Then the simplest repairer there is applies what "did you mean" and the like say, and the program runs again.

const (
	repairSeed   = 20241128 // WAND_REPAIR_SEED is another
	repairTokens = 300
)

// fault is a program with one thing wrong in it.
type fault struct {
	language compiler.Language
	base     string
	kind     string
	text     string   // of the program
	lines    []int    // where it can be put right: any of them
	facts    []string // what has to be known: all of them, as whole words
	right    string   // of the line that was changed, as it was
	wrong    string   // as it is
}

func TestRepairByRule(t *testing.T) {
	rt := sharedRuntime(t)
	seed := uint64(repairSeed)
	if text := os.Getenv("WAND_REPAIR_SEED"); text != "" {
		seed = uint64(number(text))
	}
	faults := plantAll(t, rt, seed)
	if len(faults) < 200 {
		t.Errorf("%d faults are too few to say anything", len(faults))
	}
	type count struct{ all, ours, raw, repaired int }
	table := map[string]*count{}
	for _, f := range faults {
		report, err := f.run(rt)
		if err != nil {
			t.Fatal(err)
		}
		c := table[string(f.language)+" "+f.kind]
		if c == nil {
			c = &count{}
			table[string(f.language)+" "+f.kind] = c
		}
		c.all++
		feedback := report.Feedback(repairTokens)
		if f.answeredBy(feedback) {
			c.ours++
		} else if testing.Verbose() {
			t.Logf("not said: %s %s %s, lines %v, facts %q\n%s", f.language, f.base, f.kind, f.lines, f.facts, feedback)
		}
		if f.answeredBy(raw(f.language, report.Stderr)) {
			c.raw++
		}
		if repaired, ok := repair(f.text, feedback); ok {
			f := *f
			f.text = repaired
			if report, err := f.run(rt); err == nil && report.Status == runtime.Completed {
				c.repaired++
			}
		}
	}
	var sum count
	kinds := make([]string, 0, len(table))
	for kind := range table {
		kinds = append(kinds, kind)
	}
	slices.Sort(kinds)
	var b strings.Builder
	fmt.Fprintf(&b, "%-28s %7s %9s %11s %9s\n", "fault", "planted", "feedback", "raw stderr", "repaired")
	for _, kind := range kinds {
		c := table[kind]
		fmt.Fprintf(&b, "%-28s %7d %9d %11d %9d\n", kind, c.all, c.ours, c.raw, c.repaired)
		sum = count{sum.all + c.all, sum.ours + c.ours, sum.raw + c.raw, sum.repaired + c.repaired}
	}
	percent := func(n int) float64 { return 100 * float64(n) / float64(sum.all) }
	fmt.Fprintf(&b, "%-28s %7d %8.1f%% %10.1f%% %8.1f%%\n", fmt.Sprint("all, seed ", seed), sum.all, percent(sum.ours), percent(sum.raw), percent(sum.repaired))
	t.Logf("line and fact within %d tokens; repaired by a rule that applies the text, a stand-in for a model:\n%s", repairTokens, b.String())
	if percent(sum.ours) < 90 {
		t.Errorf("the feedback says what is needed of %.1f%% of the faults", percent(sum.ours))
	}
	if sum.ours <= sum.raw {
		t.Error("the feedback is no better than raw standard error")
	}
}

// raw is what of standard error has room: a traceback of Python's ends with what matters, one of JavaScript's begins with it.
func raw(language compiler.Language, stderr string) string {
	const most = 4 * repairTokens
	if len(stderr) <= most {
		return stderr
	}
	if language == compiler.Python {
		return stderr[len(stderr)-most:]
	}
	return stderr[:most]
}

// answeredBy says whether a text has the line and the facts.
func (f *fault) answeredBy(text string) bool {
	located := false
	for _, line := range f.lines {
		located = located || regexp.MustCompile(fmt.Sprintf(`(?:line |\.js:)%d\b`, line)).MatchString(text)
	}
	for _, fact := range f.facts {
		quoted := regexp.QuoteMeta(fact)
		if !regexp.MustCompile(`(?:^|[^\pL\pN_])` + quoted + `(?:$|[^\pL\pN_])`).MatchString(text) {
			return false
		}
	}
	return located
}

func (f *fault) run(rt *runtime.Runtime) (*runtime.Report, error) {
	name := "main.py"
	if f.language == compiler.JavaScript {
		name = "main.js"
	}
	ctx := context.Background()
	m, diagnostics, err := compiler.Compile(ctx, compiler.Source{Name: name, Language: f.language, Text: []byte(f.text)})
	if err != nil || m == nil {
		return nil, fmt.Errorf("compile: %v %v", err, diagnostics)
	}
	lookup := hostfuncs.Tool("lookup", "Finds a book by its title.", func(_ context.Context, in struct {
		Title string `json:"title" jsonschema:"the title, or the beginning of it"`
		Limit int    `json:"limit" jsonschema:"how many at most"`
	}) (map[string]any, error) {
		return map[string]any{"books": slices.Repeat([]string{in.Title}, in.Limit)}, nil
	})
	tools, err := hostfuncs.NewRegistry(lookup)
	if err != nil {
		return nil, err
	}
	return rt.Run(ctx, m, runtime.Options{Tools: tools, Policy: &policies.Policy{Version: 1, Tools: []policies.ToolGrant{{Name: "*"}}}, Limits: runtime.Limits{Fuel: 400_000_000}, Seed: &[32]byte{1}})
}

// ---- planting ----

// plantAll makes the faults: of each kind at most perKind in each program, and only such as the program shows by failing.
func plantAll(t *testing.T, rt *runtime.Runtime, seed uint64) []*fault {
	const perKind = 3
	var faults []*fault
	random := rand.New(rand.NewPCG(seed, 1))
	files, err := filepath.Glob("../testdata/repair/*/*.*")
	if err != nil || len(files) == 0 {
		t.Fatal("no programs", err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		language := compiler.Python
		if filepath.Ext(file) == ".js" {
			language = compiler.JavaScript
		}
		base := &fault{language: language, base: filepath.Base(file), text: string(content)}
		if r, err := base.run(rt); err != nil || r.Status != runtime.Completed {
			t.Fatalf("%s does not run: %v\n%s", file, err, r.Feedback(0))
		}
		for _, p := range planters {
			found := p.plant(base, rt)
			random.Shuffle(len(found), func(i, j int) { found[i], found[j] = found[j], found[i] })
			kept := 0
			for _, f := range found {
				if kept == perKind {
					break
				}
				r, err := f.run(rt)
				if err != nil {
					t.Fatal(err)
				}
				if r.Status == runtime.Completed {
					continue // this fault does not show
				}
				kept++
				f.kind = p.kind
				faults = append(faults, f)
			}
		}
	}
	return faults
}

// planters change one thing at every place where it can be.
var planters = []struct {
	kind  string
	plant func(base *fault, rt *runtime.Runtime) []*fault
}{
	{"misspelt name", plantName},
	{"misspelt attribute", plantAttribute},
	{"misspelt key", plantKey},
	{"misspelt import", plantImport},
	{"wrong number of arguments", plantCount},
	{"wrong type of argument", plantType},
	{"index off by one", plantIndex},
	{"wrong constant in assert", plantConstant},
	{"endless loop", plantLoop},
	{"missing return", plantReturn},
	{"division by zero", plantZero},
	{"wrong tool argument", plantTool},
	{"syntax slip", plantSyntax},
}

// change returns base with one line changed.
func (f *fault) change(line int, from, to int, with string, facts ...string) *fault {
	lines := strings.Split(f.text, "\n")
	right := lines[line]
	wrong := right[:from] + with + right[to:]
	lines[line] = wrong
	return &fault{language: f.language, base: f.base, text: strings.Join(lines, "\n"), lines: []int{line + 1}, facts: facts, right: right, wrong: wrong}
}

// misspell changes a word as a slip of the hand does; the place depends on the word alone.
func misspell(word string) string {
	at := 1 + len(word)/2
	switch len(word) % 3 {
	case 0:
		return word[:at-1] + word[at:] // a letter left out
	case 1:
		if at < len(word) && word[at-1] != word[at] {
			return word[:at-1] + word[at:at+1] + word[at-1:at] + word[at+1:] // two swapped
		}
		return word + word[len(word)-1:]
	default:
		return word[:at] + word[at-1:] // one doubled
	}
}

// everywhere misspells the first group of a pattern wherever it matches a line that keep takes.
func (f *fault) everywhere(pattern string, keep func(line string, word string) bool) []*fault {
	re := regexp.MustCompile(pattern)
	var found []*fault
	for n, line := range strings.Split(f.text, "\n") {
		for _, m := range re.FindAllStringSubmatchIndex(line, -1) {
			word := line[m[2]:m[3]]
			if wrong := misspell(word); len(word) >= 4 && wrong != word && keep(line, word) && !regexp.MustCompile(`\b`+wrong+`\b`).MatchString(f.text) {
				found = append(found, f.change(n, m[2], m[3], wrong, word))
			}
		}
	}
	return found
}

func isImport(line string) bool {
	return strings.HasPrefix(line, "import ") || strings.HasPrefix(line, "from ") || strings.Contains(line, "require(")
}

func plantName(f *fault, _ *runtime.Runtime) []*fault {
	defined := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^\s*(?:const |let |def |class |function |async function )?(\w+)(?: = |\()`).FindAllStringSubmatch(f.text, -1) {
		defined[m[1]] = true
	}
	return f.everywhere(`(?:^|[^\w."'])([a-zA-Z_]{4,})\b`, func(line, word string) bool {
		definition := regexp.MustCompile(`^\s*(?:const |let |def |class |function |async function )?` + word + `(?: = |: )|(?:def|class|function) ` + word + `\b`).MatchString(line)
		return defined[word] && !definition && !isImport(line) && !regexp.MustCompile(word+`\s*[:=]|["'`+"`"+`][^"']*`+word).MatchString(line)
	})
}

func plantAttribute(f *fault, _ *runtime.Runtime) []*fault {
	return f.everywhere(`\.([a-zA-Z_]{4,})\b`, func(line, word string) bool {
		return !isImport(line) && !strings.Contains(line, "tools.") && !regexp.MustCompile(`\.`+word+`(?:\[[^\]]*\])? = `).MatchString(line)
	})
}

func plantKey(f *fault, _ *runtime.Runtime) []*fault {
	if f.language == compiler.Python {
		return f.everywhere(`\["([a-z]{4,})"\]`, func(string, string) bool { return true })
	}
	return f.everywhere(`(?:config|record|summary|answer|found|counts|limits|colours|owner|visits)\.([a-z]{4,})\b`, func(line, _ string) bool { return !strings.Contains(line, "this.") })
}

func plantImport(f *fault, _ *runtime.Runtime) []*fault {
	return append(f.everywhere(`^import ([a-z]+)`, func(string, string) bool { return true }),
		append(append(f.everywhere(`^from ([a-z]+) import`, func(string, string) bool { return true }),
			f.everywhere(`^from [a-z]+ import (\w+)`, func(string, string) bool { return true })...),
			f.everywhere(`require\('([a-z]+)'\)`, func(string, string) bool { return true })...)...)
}

// functions are the program's own functions and their parameters.
func functions(f *fault) map[string]string {
	found := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^(?:async )?(?:def|function) (\w+)\(([^)]+)\)`).FindAllStringSubmatch(f.text, -1) {
		found[m[1]] = m[2]
	}
	return found
}

// calls finds the calls of a function with its arguments in the text, outside of its definition.
func (f *fault) calls(name string, each func(line int, from, to int, arguments string)) {
	re := regexp.MustCompile(`\b` + name + `\(([^()\[\]{}]*)\)`)
	for n, line := range strings.Split(f.text, "\n") {
		if regexp.MustCompile(`(?:def|function) ` + name).MatchString(line) {
			continue
		}
		if m := re.FindStringSubmatchIndex(line); m != nil {
			each(n, m[2], m[3], line[m[2]:m[3]])
		}
	}
}

func sortedKeys(m map[string]string) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// plantCount leaves the last argument out: what has to be known is which parameter lacks one.
func plantCount(f *fault, _ *runtime.Runtime) (found []*fault) {
	all := functions(f)
	for _, name := range sortedKeys(all) {
		parameters := strings.Split(all[name], ", ")
		f.calls(name, func(line, from, to int, arguments string) {
			given := strings.Split(arguments, ", ")
			if len(given) == len(parameters) && arguments != "" {
				with := strings.Join(given[:len(given)-1], ", ")
				found = append(found, f.change(line, from, to, with, name, strings.TrimSpace(parameters[len(parameters)-1])))
			}
		})
	}
	return found
}

// plantType passes a number as text: what has to be known is that it is one.
func plantType(f *fault, _ *runtime.Runtime) (found []*fault) {
	if f.language != compiler.Python {
		return nil // JavaScript converts it
	}
	for n, line := range strings.Split(f.text, "\n") {
		for _, m := range regexp.MustCompile(`[a-z_]+\((?:[^()]*, )?(\d+)(?:, [^()]*)?\)`).FindAllStringSubmatchIndex(line, -1) {
			if strings.HasPrefix(strings.TrimSpace(line), "def ") || strings.Contains(line, "tools.") {
				continue
			}
			found = append(found, f.change(n, m[2], m[3], `"`+line[m[2]:m[3]]+`"`, "str"))
		}
	}
	return found
}

// plantIndex goes one too far: what has to be known is how many there are, which a run of the program itself tells.
func plantIndex(f *fault, rt *runtime.Runtime) (found []*fault) {
	re, probe := regexp.MustCompile(`range\(len\((.*?)\)()\):`), "%sprint('PROBE', len(%s))"
	if f.language == compiler.JavaScript {
		re, probe = regexp.MustCompile(`\w+ (<) ([\w.]+)\.length; \w+\+\+`), "%sconsole.log('PROBE', %s.length);"
	}
	lines := strings.Split(f.text, "\n")
	for n, line := range lines {
		m := re.FindStringSubmatchIndex(line)
		if m == nil {
			continue
		}
		sequence := line[m[2]:m[3]]
		if f.language == compiler.JavaScript {
			sequence = line[m[4]:m[5]]
		}
		indent := line[:len(line)-len(strings.TrimLeft(line, " "))]
		probed := *f
		probed.text = strings.Join(slices.Insert(slices.Clone(lines), n, fmt.Sprintf(probe, indent, sequence)), "\n")
		r, err := probed.run(rt)
		if err != nil {
			continue
		}
		length := regexp.MustCompile(`PROBE (\d+)`).FindStringSubmatch(r.Stdout)
		if length == nil {
			continue
		}
		planted := f.change(n, m[4], m[5], " + 1", sequence, length[1])
		if f.language == compiler.JavaScript {
			planted = f.change(n, m[2], m[3], "<=", sequence, length[1])
		}
		// The place where it shows is as good: from there the loop is in sight.
		planted.lines = append(planted.lines, n+2, n+3)
		found = append(found, planted)
	}
	return found
}

// plantConstant asserts something else: what has to be known is the value that there is.
func plantConstant(f *fault, _ *runtime.Runtime) (found []*fault) {
	re := regexp.MustCompile(`^\s*assert (?:.*) == (\d+(?:\.\d+)?)$|^assert\.strictEqual\(.*, (\d+(?:\.\d+)?)\);$`)
	for n, line := range strings.Split(f.text, "\n") {
		if m := re.FindStringSubmatchIndex(line); m != nil {
			from, to := max(m[2], m[4]), max(m[3], m[5])
			found = append(found, f.change(n, from, to, "1"+line[from:to], line[from:to]))
		}
	}
	return found
}

// plantLoop takes the step out of a loop: what has to be known is which loop and what its condition is about.
func plantLoop(f *fault, _ *runtime.Runtime) (found []*fault) {
	lines := strings.Split(f.text, "\n")
	head := regexp.MustCompile(`^(\s*)while \(?(.*?)\)?(?:\) \{|:| \{)$`)
	for n, line := range lines {
		m := head.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		for k := n + 1; k < len(lines) && (lines[k] == "" || strings.HasPrefix(lines[k], m[1]+" ")); k++ {
			for _, name := range regexp.MustCompile(`[a-z]\w*`).FindAllString(m[2], -1) {
				step := regexp.MustCompile(`^\s*(?:(?:const \w+|[\w, ]+) = )?(?:` + name + ` (?:\+=|-=|=) .*|(?:heapq\.heappop\()?` + name + `(?:\.(?:pop|shift)\(\);?|\)))$`)
				if loc := step.FindStringIndex(lines[k]); loc != nil && !strings.Contains(lines[k], "const ") && !strings.Contains(lines[k], "heap") {
					indent := len(lines[k]) - len(strings.TrimLeft(lines[k], " "))
					nothing := "pass"
					if f.language == compiler.JavaScript {
						nothing = ";"
					}
					planted := f.change(k, indent, len(lines[k]), nothing, name)
					planted.lines = []int{n + 1}
					found = append(found, planted)
				}
			}
		}
	}
	return found
}

// plantReturn computes a result and keeps it: what has to be known is the function and that a return is missing.
func plantReturn(f *fault, _ *runtime.Runtime) (found []*fault) {
	lines := strings.Split(f.text, "\n")
	function := regexp.MustCompile(`^\s*(?:async )?(?:def |function )?(\w+)\(.*\)(?::| \{)$`)
	at, name := 0, ""
	for n, line := range lines {
		if m := function.FindStringSubmatch(line); m != nil && m[1] != "if" && m[1] != "for" && m[1] != "while" {
			at, name = n, m[1]
		}
		trimmed := strings.TrimLeft(line, " ")
		if !strings.HasPrefix(trimmed, "return ") || name == "" {
			continue
		}
		indent := len(line) - len(trimmed)
		planted := f.change(n, indent, indent+len("return "), "", name, "return")
		planted.lines = append(planted.lines, at+1)
		found = append(found, planted)
	}
	return found
}

// plantZero sets a divisor to 0: what has to be known is which.
func plantZero(f *fault, _ *runtime.Runtime) (found []*fault) {
	if f.language != compiler.Python {
		return nil // there it is no error
	}
	lines := strings.Split(f.text, "\n")
	for n, line := range lines {
		m := regexp.MustCompile(`^(\w+) = (\d+)$`).FindStringSubmatchIndex(line)
		if m == nil {
			continue
		}
		name := line[m[2]:m[3]]
		for k, other := range lines {
			if regexp.MustCompile(`/ ` + name + `\b`).MatchString(other) {
				planted := f.change(n, m[4], m[5], "0", name)
				planted.lines = append(planted.lines, k+1)
				found = append(found, planted)
			}
		}
	}
	return found
}

// plantTool misspells an argument of a tool, or gives it the wrong type: what has to be known is the name, or the type.
func plantTool(f *fault, _ *runtime.Runtime) (found []*fault) {
	for n, line := range strings.Split(f.text, "\n") {
		if !strings.Contains(line, "tools.lookup(") {
			continue
		}
		for _, m := range regexp.MustCompile(`(title|limit)(=|: )(\w+)`).FindAllStringSubmatchIndex(line, -1) {
			name := line[m[2]:m[3]]
			found = append(found, f.change(n, m[2], m[3], misspell(name), name))
			if name == "limit" {
				found = append(found, f.change(n, m[6], m[7], `"`+line[m[6]:m[7]]+`"`, "limit", "integer"))
			}
		}
	}
	return found
}

// plantSyntax leaves a character out: what has to be known is which.
func plantSyntax(f *fault, _ *runtime.Runtime) (found []*fault) {
	for n, line := range strings.Split(f.text, "\n") {
		if f.language == compiler.Python {
			if strings.HasSuffix(line, ":") {
				found = append(found, f.change(n, len(line)-1, len(line), "", ":"))
			}
			if strings.HasSuffix(line, ")") && strings.Count(line, "(") == strings.Count(line, ")") {
				found = append(found, f.change(n, len(line)-1, len(line), "", "("))
			}
		} else if i := strings.LastIndex(line, ");"); i >= 0 && strings.Count(line, "(") == strings.Count(line, ")") && !strings.Contains(line, "{") {
			found = append(found, f.change(n, i, i+1, "", ")"))
		}
	}
	return found
}

// ---- repairing ----

// repair applies what a feedback says to the program, by the simplest rules: a nearest name takes the place of the wrong one on the line that is named, a
// return goes where one is missing, a bound comes down by one, an asserted constant becomes the value that there is.
func repair(text, feedback string) (string, bool) {
	place := regexp.MustCompile(`(?m)^at \S+ line (\d+):`).FindStringSubmatch(feedback)
	if place == nil {
		return "", false
	}
	lines := strings.Split(text, "\n")
	at := number(place[1]) - 1
	if at < 0 || at >= len(lines) {
		return "", false
	}
	done := func() (string, bool) { return strings.Join(lines, "\n"), true }
	step := ""
	if m := regexp.MustCompile(`(?m)^next step: (.*)$`).FindStringSubmatch(feedback); m != nil {
		step = m[1]
	}
	if m := regexp.MustCompile(`(?i)did you mean [^\w]*([\w.]+)`).FindStringSubmatch(step); m != nil {
		// What on the line is most like it, and is not it, was meant to be it.
		best, least := "", len(m[1])
		for _, word := range regexp.MustCompile(`\w+`).FindAllString(lines[at], -1) {
			if d := apart(word, m[1]); d > 0 && d < least {
				best, least = word, d
			}
		}
		if best == "" {
			return "", false
		}
		lines[at] = regexp.MustCompile(`\b`+best+`\b`).ReplaceAllString(lines[at], m[1])
		return done()
	}
	if m := regexp.MustCompile(`add return .*\(line (\d+)\)|can reach its end \(line (\d+)\)`).FindStringSubmatch(step); m != nil {
		last := max(number(m[1]), number(m[2])) - 1
		if last > 0 && strings.TrimSpace(lines[last]) == "}" {
			last--
		}
		indent := len(lines[last]) - len(strings.TrimLeft(lines[last], " "))
		lines[last] = lines[last][:indent] + "return " + lines[last][indent:]
		return done()
	}
	if strings.Contains(step, "indices end at") {
		for n := at; n >= max(0, at-4); n-- {
			for _, bound := range [][2]string{{") + 1)", "))"}, {"<= ", "< "}} {
				if strings.Contains(lines[n], bound[0]) {
					lines[n] = strings.Replace(lines[n], bound[0], bound[1], 1)
					return done()
				}
			}
		}
	}
	sides := regexp.MustCompile(`(?m)^  (left|right) = (.*)$`).FindAllStringSubmatch(feedback, 2)
	if len(sides) == 2 && strings.Contains(step, "left and right differ") && strings.Contains(lines[at], sides[1][2]) {
		i := strings.LastIndex(lines[at], sides[1][2])
		lines[at] = lines[at][:i] + sides[0][2] + lines[at][i+len(sides[1][2]):]
		return done()
	}
	if m := regexp.MustCompile(`expected '(.)'`).FindStringSubmatch(feedback); m != nil {
		lines[at] += m[1]
		return done()
	}
	if m := regexp.MustCompile(`is not closed on this line: add (.) where`).FindStringSubmatch(step); m != nil {
		lines[at] = strings.TrimSuffix(lines[at], ";") + m[1] + ";"
		return done()
	}
	if strings.Contains(feedback, "'(' was never closed") {
		lines[at] += ")"
		return done()
	}
	return "", false
}

func number(text string) int {
	n := 0
	_ = json.Unmarshal([]byte(text), &n)
	return n
}

// apart is in how many letters two words differ.
func apart(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		before := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := before
			if a[i-1] != b[j-1] {
				cost++
			}
			before = row[j]
			row[j] = min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}
