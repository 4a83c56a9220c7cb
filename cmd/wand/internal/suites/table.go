package main

import (
	"bytes"
	"cmp"
	_ "embed"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
)

//go:embed classes.yaml
var classesText []byte

// class is a reason for which tests fail. A failure belongs to the first one that it matches.
type class struct {
	Class  string `yaml:"class"`
	Reason string `yaml:"reason"`
	ID     string `yaml:"id"`   // regular expression of the test's name
	Text   string `yaml:"text"` // regular expression of what it failed with, its kind first

	id, text *regexp.Regexp
}

// unexplained is the class of failures that no other one matches.
const unexplained = "not explained"

func parseClasses(text []byte) (list []*class, err error) {
	if err := yaml.UnmarshalWithOptions(text, &list, yaml.Strict()); err != nil {
		return nil, err
	}
	for _, c := range list {
		if c.Class == "" || c.Reason == "" || c.ID == "" && c.Text == "" {
			return nil, fmt.Errorf("class %q needs a class, a reason, and an id or a text to match", c.Class)
		}
		if c.id, err = regexp.Compile(c.ID); err != nil {
			return nil, err
		}
		if c.text, err = regexp.Compile("(?s)" + c.Text); err != nil {
			return nil, err
		}
	}
	return append(list, &class{Class: unexplained, Reason: "nobody has looked at these", id: regexp.MustCompile(""), text: regexp.MustCompile("")}), nil
}

func (c *class) has(f failure) bool {
	return c.id.MatchString(f.ID) && c.text.MatchString(strings.TrimPrefix(f.Kind+": "+f.Text, ": "))
}

// tableName is the table below the folder of the science guest.
const tableName = "SUITES.md"

// judge writes the table, or compares with it. It says whether a file passes less than it should.
func (o *options) judge(suites []*suite, stdout io.Writer, say func(string, ...any)) (failed bool, err error) {
	classes, err := parseClasses(classesText)
	if err != nil {
		return false, err
	}
	t := newTable(classes)
	for _, s := range suites {
		if err := t.add(s, o.results); err != nil {
			return false, err
		}
	}
	name := filepath.Join(o.science, tableName)
	t.summary(stdout)
	for _, f := range t.unexplained() {
		say("not explained: %s: %s", f.ID, strings.TrimPrefix(f.Kind+": "+firstLine(f.Text), ": "))
	}
	if o.write {
		var text bytes.Buffer
		t.markdown(&text)
		say("writing %s", name)
		return len(t.unexplained()) > 0, os.WriteFile(name, text.Bytes(), 0o644)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return false, fmt.Errorf("%w; -write makes it", err)
	}
	for _, line := range regressions(parseTable(text), t.results, o.chosen) {
		failed = true
		say("%s", line)
	}
	if !failed {
		say("no file passes fewer tests than %s says", name)
	}
	return failed, nil
}

// regressions compares what passed with the table's rows, of the files that were asked for.
func regressions(want map[string]int, results map[string]*result, chosen func(string) bool) (lines []string) {
	for _, file := range slices.Sorted(maps.Keys(want)) {
		if !chosen(file) {
			continue
		}
		switch r := results[file]; {
		case r == nil:
			lines = append(lines, fmt.Sprintf("%s is in the table, with %d tests that pass, and was not run", file, want[file]))
		case r.Passed < want[file]:
			lines = append(lines, fmt.Sprintf("%s: %d tests pass, and the table says %d", file, r.Passed, want[file]))
		}
	}
	return lines
}

var tableRow = regexp.MustCompile(`(?m)^\| ([a-z]\S*/test_\S*\.py) \| (\d+) \|`)

// parseTable reads how many tests of each file passed.
func parseTable(text []byte) map[string]int {
	rows := map[string]int{}
	for _, m := range tableRow.FindAllSubmatch(text, -1) {
		rows[string(m[1])], _ = strconv.Atoi(string(m[2])) // digits
	}
	return rows
}

// table is what there is to say.
type table struct {
	suites  []*suite
	results map[string]*result
	classes []*class
	found   map[string]map[string][]failure // by suite and class
	notRun  map[string][]string             // files by suite
}

func newTable(classes []*class) *table {
	return &table{classes: classes, results: map[string]*result{}, found: map[string]map[string][]failure{}, notRun: map[string][]string{}}
}

// add reads the results of a suite.
func (t *table) add(s *suite, dir string) error {
	t.suites = append(t.suites, s)
	t.found[s.name] = map[string][]failure{}
	for _, file := range s.files {
		r, err := readResult(dir, file)
		if os.IsNotExist(err) {
			t.notRun[s.name] = append(t.notRun[s.name], file)
			continue
		}
		if err != nil {
			return err
		}
		t.results[file] = r
		for _, f := range r.Failures {
			t.count(s, f)
		}
		if r.Uncollected != "" {
			t.count(s, failure{ID: file, Text: r.Uncollected})
		}
	}
	return nil
}

func (t *table) count(s *suite, f failure) {
	c := t.classes[slices.IndexFunc(t.classes, func(c *class) bool { return c.has(f) })]
	t.found[s.name][c.Class] = append(t.found[s.name][c.Class], f)
}

func (t *table) unexplained() (list []failure) {
	for _, s := range t.suites {
		list = append(list, t.found[s.name][unexplained]...)
	}
	return list
}

// total adds up a suite.
func (t *table) total(s *suite) (sum result, files, uncollected int) {
	for _, file := range s.files {
		r := t.results[file]
		if r == nil {
			continue
		}
		files++
		sum.Passed += r.Passed
		sum.Failed += r.Failed
		sum.Expected += r.Expected
		sum.Skipped += r.Skipped
		sum.Deselected += r.Deselected
		sum.Seconds += r.Seconds
		sum.Forks += r.Forks
		for _, f := range r.Failures {
			if f.Kind != "" {
				sum.Failures = append(sum.Failures, f)
			}
		}
		if r.Uncollected != "" {
			uncollected++
		}
	}
	return sum, files, uncollected
}

// share is how many of the tests that ran and should pass did.
func share(r result) string {
	if r.Passed+r.Failed == 0 {
		return "-"
	}
	// Rounded down: 99.5 is not said of less.
	return fmt.Sprintf("%.2f%%", float64(int(1e4*float64(r.Passed)/float64(r.Passed+r.Failed)))/100)
}

func (t *table) summary(w io.Writer) {
	for _, s := range t.suites {
		r, files, uncollected := t.total(s)
		fmt.Fprintf(w, "%s %s: %d of %d files; %d passed, %d failed (%d of them ended their fork), %d expected failures, %d skipped, %d deselected, %d files not collected; %s of what ran passes\n",
			s.name, s.version, files, len(s.files), r.Passed, r.Failed, len(r.Failures), r.Expected, r.Skipped, r.Deselected, uncollected, share(r))
	}
}

// markdown writes the table as it is committed.
func (t *table) markdown(w io.Writer) {
	fmt.Fprintf(w, `# numpy's and pandas' own tests in the sandbox

`+"`make science-suites`"+` runs them in the science guest, each file in a fork of its own, metered, and fails when a file passes fewer tests than this table
says; `+"`make science-suites WRITE=1`"+` writes the table. The tests are those of the source archives that the guest was built of; what is deselected are the marks
that both projects leave out by default or for want of a service (slow, network, db, single_cpu).

Seconds are wall-clock time beside other work. The digests of the guests, and how many files each ran: %s.

| suite | files run | passed | failed | of them traps and limits | expected failures | skipped | deselected | files not collected | passed of passed and failed |
|---|---|---|---|---|---|---|---|---|---|
`, t.guests())
	for _, s := range t.suites {
		r, files, uncollected := t.total(s)
		fmt.Fprintf(w, "| %s %s | %d of %d | %d | %d | %d | %d | %d | %d | %d | %s |\n", s.name, s.version, files, len(s.files), r.Passed, r.Failed, len(r.Failures), r.Expected, r.Skipped,
			r.Deselected, uncollected, share(r))
	}
	t.classesMarkdown(w)
	t.endedMarkdown(w)
	t.skipsMarkdown(w)
	t.notRunMarkdown(w)
	fmt.Fprint(w, "\n## Files\n\n| file | passed | failed | expected failures | skipped | deselected | seconds |\n|---|---|---|---|---|---|---|\n")
	for _, s := range t.suites {
		for _, file := range s.files {
			if r := t.results[file]; r != nil {
				note := ""
				if r.Uncollected != "" {
					note = " not collected,"
				}
				fmt.Fprintf(w, "| %s | %d | %d |%s %d | %d | %d | %.1f |\n", file, r.Passed, r.Failed, note, r.Expected, r.Skipped, r.Deselected, r.Seconds)
			}
		}
	}
}

// guests counts files by the guest that ran them.
func (t *table) guests() string {
	files := map[string]int{}
	for _, r := range t.results {
		files[r.Guest]++
	}
	var list []string
	for _, digest := range slices.Sorted(maps.Keys(files)) {
		list = append(list, fmt.Sprintf("%.12s %d", digest, files[digest]))
	}
	return strings.Join(list, ", ")
}

func (t *table) classesMarkdown(w io.Writer) {
	fmt.Fprint(w, "\n## Why tests fail\n\n| suite | class | tests | reason | for instance |\n|---|---|---|---|---|\n")
	for _, s := range t.suites {
		said := map[string]bool{}
		for _, c := range t.classes {
			if found := t.found[s.name][c.Class]; len(found) > 0 && !said[c.Class] {
				said[c.Class] = true
				fmt.Fprintf(w, "| %s | %s | %d | %s | `%s` |\n", s.name, c.Class, len(found), c.Reason, cell(shortID(found[0].ID)))
			}
		}
	}
}

// endedMarkdown lists the tests that ended their fork.
func (t *table) endedMarkdown(w io.Writer) {
	fmt.Fprint(w, "\n## Tests that a trap or a limit ended\n\n| test | kind | what the report says |\n|---|---|---|\n")
	for _, s := range t.suites {
		r, _, _ := t.total(s)
		for _, f := range r.Failures {
			fmt.Fprintf(w, "| `%s` | %s | %s |\n", cell(f.ID), f.Kind, cell(firstLine(f.Text)))
		}
	}
}

func (t *table) skipsMarkdown(w io.Writer) {
	fmt.Fprint(w, "\n## Why tests are skipped\n\nThe reasons are the tests' own. A file that is skipped whole counts once. numpy takes the guest for any WebAssembly, which it is: no threads, no processes, no\nfloating-point exceptions. Only asyncio, which two of its tests miss, does work here.\n\n| suite | tests | reason |\n|---|---|---|\n")
	for _, s := range t.suites {
		reasons := map[string]int{}
		for _, file := range s.files {
			if r := t.results[file]; r != nil {
				for text, n := range r.Skips {
					reasons[cell(strings.TrimPrefix(firstLine(text), "Skipped: "))] += n
				}
			}
		}
		list := slices.SortedFunc(maps.Keys(reasons), func(a, b string) int { return cmp.Or(cmp.Compare(reasons[b], reasons[a]), cmp.Compare(a, b)) })
		const most = 40
		for i, text := range list {
			if i == most {
				rest := 0
				for _, text := range list[most:] {
					rest += reasons[text]
				}
				fmt.Fprintf(w, "| %s | %d | %d more reasons |\n", s.name, rest, len(list)-most)
				break
			}
			fmt.Fprintf(w, "| %s | %d | %s |\n", s.name, reasons[text], text)
		}
	}
}

func (t *table) notRunMarkdown(w io.Writer) {
	fmt.Fprint(w, "\n## Not run\n\n| folder | files | reason |\n|---|---|---|\n")
	for _, s := range t.suites {
		for _, f := range s.leftOut {
			fmt.Fprintf(w, "| %s | %d | %s |\n", f.path, f.files, f.reason)
		}
		folders := map[string]int{}
		for _, file := range t.notRun[s.name] {
			folders[file[:strings.LastIndex(file, "/")]]++
		}
		for _, folder := range slices.Sorted(maps.Keys(folders)) {
			fmt.Fprintf(w, "| %s | %d | not yet |\n", folder, folders[folder])
		}
	}
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}

// cell makes text fit into a cell of a table.
func cell(text string) string {
	text = strings.NewReplacer("|", "\\|", "`", "'").Replace(text)
	if r := []rune(text); len(r) > 160 {
		text = string(r[:160]) + "..."
	}
	return text
}

// shortID leaves the folder out.
func shortID(id string) string {
	file, test, ok := strings.Cut(id, "::")
	file = file[strings.LastIndex(file, "/")+1:]
	if !ok {
		return file
	}
	return file + "::" + test
}
