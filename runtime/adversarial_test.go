package runtime_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	goruntime "runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"wand/compiler"
	"wand/modules"
	"wand/policies/units"
	"wand/runtime"
)

// The corpus of hostile programs: testdata/adversarial. Each file says in comments at its top what it attacks and how it must end:
//
//	attack: one line
//	expect: STATUS [KIND [TYPE]], more of them after " | " where the language leaves it open
//	because: why it is open
//	limits: fuel=200M memory=64MiB deadline=2s output=64KiB storage=1MiB host_calls=10   (where they differ from attackLimits)
//	result: the JSON of the result value
//	feedback: words that the feedback must have
//	never: words that may not be anywhere in the report
//	expand: NAME COUNT "text": @@NAME@@ stands for COUNT times the text, in which {i} is 0, 1, 2, ... and {i+1} is 1, 2, 3, ...
//
// A status is one of the report's; "refused" stands for a module or text that no run was begun for, with the reason as kind. Files that
// end in .hex are binaries, written in hexadecimal.

// attackLimits are the limits of the corpus: small, so that every attack meets one soon.
var attackLimits = runtime.Limits{
	Fuel: 500_000_000, Memory: 96 << 20, Deadline: 10 * time.Second, Output: 256 << 10, Storage: 8 << 20, HostCalls: 100,
}

// What a run may take of the host beside what its memory limit says.
const (
	// attackOverhead is by how much the process may grow beyond the run's memory limit while a program is compiled and run: the sources
	// of the corpus themselves (10 MB), the native code of modules, the stacks of their calls, garbage that is not collected yet.
	attackOverhead = 64 << 20
	// attackGrace is how much longer than its deadline a run may last: a slice of fuel, a host call, a collection.
	attackGrace = 2 * time.Second
	// attackCompile bounds the time before the deadline begins: decoding and native code.
	attackCompile = 20 * time.Second
)

type attack struct {
	name                    string
	language                compiler.Language
	text                    []byte
	about, because          string
	expect, never, feedback []string
	result                  string
	limits                  runtime.Limits
}

func TestAdversarial(t *testing.T) {
	canary := newCanary(t)
	rt, err := runtime.New(context.Background(), runtime.Config{Limits: attackLimits})
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close(context.Background())
	for _, folder := range []string{"python", "javascript", "wat"} {
		t.Run(folder, func(t *testing.T) {
			rt := rt
			if folder == "wat" {
				noteAssembler(t)
				rt = hostileRuntime(t) // whose cache is empty, so that every module is compiled
			} else {
				needGuests(t)
			}
			attacks := readAttacks(t, folder)
			if len(attacks) < 40 {
				t.Errorf("the corpus has %d programs", len(attacks))
			}
			check := newHealth(t, rt, attacks[0].language)
			for _, a := range attacks {
				t.Run(a.name, func(t *testing.T) {
					a.run(t, rt, canary)
					check.unharmed(t)
				})
			}
		})
	}
	if err := rt.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

// TestAdversarialTogether: hostile programs beside each other and beside normal ones end as they do alone, and the normal ones burn the same fuel.
func TestAdversarialTogether(t *testing.T) {
	needGuests(t)
	rt, err := runtime.New(context.Background(), runtime.Config{Limits: attackLimits})
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close(context.Background())
	attacks := make(chan *attack)
	var hostile, peaceful sync.WaitGroup
	for range 4 {
		hostile.Go(func() {
			for a := range attacks {
				source := compiler.Source{Name: "main" + extension(a.language), Language: a.language, Text: a.text}
				report, refused := attempt(t, rt, source, runtime.Options{Limits: a.limits, SpillDir: t.TempDir()})
				if got := outcome(report, refused); got != a.expect[0] {
					t.Errorf("%s/%s ended as %q, want %q", a.language, a.name, got, a.expect[0])
				}
			}
		})
	}
	done := make(chan struct{})
	for _, language := range []compiler.Language{compiler.Python, compiler.JavaScript} {
		check := newHealth(t, rt, language)
		peaceful.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if got, fuel := check.look(t); got != check.want || fuel != check.fuel {
					t.Errorf("a normal program beside hostile ones: %q with %d units of fuel, before %q with %d", got, fuel, check.want, check.fuel)
					return
				}
			}
		})
	}
	for _, folder := range []string{"python", "javascript"} {
		for _, a := range readAttacks(t, folder) {
			// Those that have one right end, whatever the machine is busy with, and come to it soon.
			if len(a.expect) == 1 && strings.HasPrefix(a.expect[0], "exhausted ") && a.expect[0] != "exhausted deadline" && a.limits.Fuel <= attackLimits.Fuel {
				attacks <- a
			}
		}
	}
	close(attacks)
	hostile.Wait()
	close(done)
	peaceful.Wait()
}

// run lets the attack happen and judges it.
func (a *attack) run(t *testing.T, rt *runtime.Runtime, canary *canary) {
	source := compiler.Source{Name: "main" + extension(a.language), Language: a.language, Text: a.text}
	if a.language == compiler.Wasm && a.text == nil {
		t.Skip("the text format needs wasmtime's assembler, thus a build with cgo")
	}
	spill := t.TempDir()
	usage := measure()
	started := time.Now()
	report, refused := attempt(t, rt, source, runtime.Options{Limits: a.limits, SpillDir: spill})
	took, grown := time.Since(started), usage.grown()

	got := outcome(report, refused)
	apart, peak := rt.LastCompile()
	rt.ForgetCompile()
	t.Logf("%-32s %6.0f ms %6.1f MiB, compiled apart in %5.0f ms %6.1f MiB  %.100s", got, took.Seconds()*1000, float64(grown)/(1<<20),
		apart.Seconds()*1000, float64(peak)/(1<<20), why(report, refused))
	if !slices.ContainsFunc(a.expect, func(want string) bool { return got == want || strings.HasPrefix(got, want+" ") }) {
		t.Errorf("%s\nended as %q\nwant     %s", a.about, got, strings.Join(a.expect, " | "))
		if report != nil {
			t.Logf("%.3000s", report.JSON())
		}
	}
	limits := a.limits
	if limit := limits.Memory + attackOverhead; grown > limit {
		t.Errorf("the process grew by %d MiB; the limit is %d MiB", grown>>20, limit>>20)
	}
	if most := attackCompile + limits.Deadline + attackGrace; took > most {
		t.Errorf("took %v, the most is %v", took, most)
	}
	if report == nil {
		canary.sees(t, "the refusal", fmt.Sprint(refused))
		for _, words := range a.feedback {
			if !strings.Contains(fmt.Sprint(refused), words) {
				t.Errorf("the refusal does not mention %q: %v", words, refused)
			}
		}
		return
	}
	a.judge(t, report, canary, spill)
}

// judge checks what must hold for the report of any program.
func (a *attack) judge(t *testing.T, r *runtime.Report, canary *canary, spill string) {
	u := r.Usage
	exhausted := func(k runtime.ErrorKind) bool { return r.Status == runtime.Exhausted && r.Error.Kind == k }
	if wall := time.Duration(u.WallMS * float64(time.Millisecond)); wall > a.limits.Deadline+attackGrace {
		t.Errorf("ran for %v, with a deadline of %v", wall, a.limits.Deadline)
	}
	if u.Fuel.Used > u.Fuel.Limit && r.Status != runtime.Exhausted || exhausted(runtime.KindFuel) && u.Fuel.Used <= u.Fuel.Limit {
		t.Errorf("used %d of %d units of fuel and is %s", u.Fuel.Used, u.Fuel.Limit, outcome(r, nil))
	}
	if u.Fuel.Limit != a.limits.Fuel || u.Memory.LimitBytes != a.limits.Memory || u.OutputLimit != a.limits.Output || u.StorageCap != a.limits.Storage {
		t.Errorf("the limits in force were others: %+v", u)
	}
	if u.Memory.PeakBytes > u.Memory.LimitBytes || u.OutputBytes > u.OutputLimit || u.Storage > u.StorageCap || u.HostCalls.Used > u.HostCalls.Limit && !exhausted(runtime.KindHostCalls) {
		t.Errorf("used more than a limit: %+v", u)
	}
	if (r.Error == nil) != (r.Status == runtime.Completed) {
		t.Errorf("%s with error %v", r.Status, r.Error)
	}
	if a.result != "" && compactJSON(t, string(r.Result)) != compactJSON(t, a.result) {
		t.Errorf("result %.300s, want %s", r.Result, a.result)
	}

	text := r.JSON()
	if most := 8*a.limits.Output + 1<<20; int64(len(text)) > most {
		t.Errorf("the report has %d bytes, more than %d", len(text), most)
	}
	var back runtime.Report
	if err := json.Unmarshal(text, &back); err != nil || !utf8.Valid(text) || back.Schema != runtime.ReportSchema {
		t.Errorf("the report is no valid JSON: %v", err)
	}
	for _, words := range a.never {
		if bytes.Contains(text, []byte(words)) {
			t.Errorf("the report has %.100q", words)
		}
	}
	feedback := r.Feedback(0)
	if len(feedback) > runtime.DefaultFeedback*4 || !utf8.ValidString(feedback) {
		t.Errorf("feedback of %d bytes", len(feedback))
	}
	for _, words := range append(a.feedback, mentions(r)...) {
		if !strings.Contains(feedback, words) {
			t.Errorf("the feedback does not mention %q:\n%s", words, feedback)
		}
	}
	canary.sees(t, "the feedback", feedback)
	if r.Truncated != nil {
		for _, p := range []string{r.Truncated.StdoutPath, r.Truncated.StderrPath} {
			if p != "" && filepath.Dir(p) != spill {
				t.Errorf("output was spilled to %s", p)
			}
		}
		r.Truncated.StdoutPath, r.Truncated.StderrPath = "", "" // they are the host's, and may be
	}
	canary.sees(t, "the report", string(r.JSON()))
}

// mentions is what the feedback must say about an outcome.
func mentions(r *runtime.Report) []string {
	switch {
	case r.Status == runtime.Completed:
		return []string{"completed"}
	case r.Status == runtime.Exhausted:
		return []string{"stopped: " + strings.ReplaceAll(string(r.Error.Kind), "_", " ") + " limit", "next step: "}
	case r.Error.Kind == runtime.KindException || r.Error.Kind == runtime.KindSyntax:
		return []string{string(r.Status), r.Error.Type[:min(len(r.Error.Type), 40)]}
	case r.Error.Kind == runtime.KindExit:
		return []string{"exit"}
	case r.Error.Kind == runtime.KindTrap:
		return []string{r.Error.Message}
	}
	return []string{string(r.Status)}
}

// attempt compiles and runs; the error is why nothing ran.
func attempt(t *testing.T, rt *runtime.Runtime, source compiler.Source, o runtime.Options) (*runtime.Report, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	m, diagnostics, err := compiler.Compile(ctx, source)
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(diagnostics, func(d compiler.Diagnostic) bool { return d.Severity == compiler.SeverityError }); i >= 0 {
		return nil, &diagnosed{diagnostics[i]}
	}
	return rt.Run(ctx, m, o)
}

// diagnosed is a finding of the compiler as an error.
type diagnosed struct{ compiler.Diagnostic }

func (d *diagnosed) Error() string { return d.Type + ": " + d.Message }

// outcome is how an attempt ended, in the words of the corpus.
func outcome(r *runtime.Report, refused error) string {
	var d *diagnosed
	switch {
	case errors.As(refused, &d):
		return "invalid syntax " + d.Type
	case errors.Is(refused, runtime.ErrUnsupported):
		return "refused unsupported"
	case errors.Is(refused, compiler.ErrBinary):
		return "refused binary"
	case errors.Is(refused, compiler.ErrNotText):
		return "refused not_text"
	case errors.Is(refused, compiler.ErrTooLarge):
		return "refused too_large"
	case refused != nil:
		return "error: " + refused.Error()
	case r.Error == nil:
		return string(r.Status)
	case r.Error.Kind == runtime.KindException || r.Error.Kind == runtime.KindSyntax || r.Error.Kind == runtime.KindAssertion:
		return fmt.Sprintf("%s %s %.60s", r.Status, r.Error.Kind, r.Error.Type)
	}
	return fmt.Sprintf("%s %s", r.Status, r.Error.Kind)
}

// why is the reason of an end.
func why(r *runtime.Report, refused error) string {
	switch {
	case refused != nil:
		return refused.Error()
	case r.Error != nil:
		return r.Error.Message
	}
	return ""
}

func extension(l compiler.Language) string {
	return map[compiler.Language]string{compiler.Python: ".py", compiler.JavaScript: ".js", compiler.Wasm: ".wasm"}[l]
}

func compactJSON(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Compact(&b, []byte(text)); err != nil {
		t.Errorf("%q: %v", text, err)
	}
	return b.String()
}

// health knows what a normal program does on a runtime that nothing has harmed.
type health struct {
	rt         *runtime.Runtime
	source     compiler.Source
	want       string
	fuel       int64
	goroutines int
}

// normal is a program that uses files, output and a result; under one seed its fuel is the same every time.
var normal = map[compiler.Language]string{
	compiler.Python:     "import json\nwith open('a.txt', 'w') as f:\n    f.write('x' * 100)\nprint(json.dumps({'b': [1, 2]}))\nsorted({'c', 'a'})\n",
	compiler.JavaScript: "console.log(JSON.stringify({ b: [1, 2] }));\n[...new Set(['c', 'a'])].sort();\n",
	// a memory of one page, a store and a load, and proc_exit(0) by returning
	compiler.Wasm: "\x00asm\x01\x00\x00\x00\x01\x04\x01\x60\x00\x00\x03\x02\x01\x00\x05\x03\x01\x00\x01\x07\x0a\x01\x06_start\x00\x00" +
		"\x0a\x11\x01\x0f\x00\x41\x08\x41\x07\x36\x02\x00\x41\x08\x28\x02\x00\x1a\x0b",
}

func newHealth(t *testing.T, rt *runtime.Runtime, language compiler.Language) *health {
	t.Helper()
	h := &health{rt: rt, source: compiler.Source{Name: "main" + extension(language), Language: language, Text: []byte(normal[language])}}
	for range 2 { // the second time nothing is prepared any more
		h.want, h.fuel = h.look(t)
	}
	h.goroutines = goruntime.NumGoroutine() + 1 // the subtest's own
	return h
}

func (h *health) look(t *testing.T) (string, int64) {
	t.Helper()
	r, refused := attempt(t, h.rt, h.source, runtime.Options{Seed: new([32]byte), Limits: attackLimits})
	if refused != nil {
		t.Errorf("a normal program: %v", refused)
		return "", 0
	}
	if r.Status != runtime.Completed {
		t.Errorf("a normal program: %s", r.JSON())
	}
	var files []string
	for _, f := range r.Files {
		files = append(files, f.Path+" "+f.SHA256)
	}
	return fmt.Sprintf("%s%s%s%s", r.Stdout, r.Stderr, r.Result, files), r.Usage.Fuel.Used
}

// unharmed checks that a normal program still does what it did, to the unit of fuel, and that nothing was left running.
func (h *health) unharmed(t *testing.T) {
	t.Helper()
	if got, fuel := h.look(t); got != h.want || fuel != h.fuel {
		t.Errorf("the next run: %q with %d units of fuel, before the attack %q with %d", got, fuel, h.want, h.fuel)
	}
	count := 0
	for range 100 {
		if count = goruntime.NumGoroutine(); count <= h.goroutines {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	stacks := make([]byte, 1<<20)
	t.Errorf("%d goroutines, before the attack %d:\n%s", count, h.goroutines, stacks[:goruntime.Stack(stacks, true)])
}

// canary is what must never come out of a sandbox: things that only the host knows.
type canary struct{ secrets []string }

func newCanary(t *testing.T) *canary {
	t.Helper()
	t.Setenv("WAND_TEST_CANARY", "canary-of-the-environment")
	c := &canary{secrets: []string{"canary-of-the-environment", "WAND_TEST_CANARY", "goroutine ", "runtime/job.go", "/pkg/mod/", "wazero.(", t.TempDir()}}
	if dir, err := os.Getwd(); err == nil {
		c.secrets = append(c.secrets, filepath.Dir(dir)+"/", dir)
	}
	if dir, err := modules.CacheDir(); err == nil {
		c.secrets = append(c.secrets, dir)
	}
	if path, err := os.Executable(); err == nil {
		c.secrets = append(c.secrets, filepath.Dir(path), filepath.Base(path))
	}
	if name, err := os.Hostname(); err == nil && len(name) > 5 {
		c.secrets = append(c.secrets, name)
	}
	if path := os.Getenv("PATH"); path != "" {
		c.secrets = append(c.secrets, path)
	}
	return c
}

func (c *canary) sees(t *testing.T, where, text string) {
	t.Helper()
	for _, s := range c.secrets {
		if i := strings.Index(text, s); i >= 0 {
			t.Errorf("%s names the host: %q in %q", where, s, text[max(0, i-100):min(len(text), i+len(s)+100)])
		}
	}
}

// memoryUse measures how far the process grows: the high-water mark of its resident memory since measure, on Linux.
type memoryUse struct{ before int64 }

func measure() memoryUse {
	debug.FreeOSMemory()
	// 5 resets the high-water mark (proc_pid_clear_refs(5)).
	if os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) != nil {
		return memoryUse{-1}
	}
	return memoryUse{processStatus("VmRSS:")}
}

// grown is 0 where it cannot be measured.
func (m memoryUse) grown() int64 {
	if m.before < 0 {
		return 0
	}
	return max(0, processStatus("VmHWM:")-m.before)
}

func processStatus(field string) int64 {
	text, _ := os.ReadFile("/proc/self/status")
	_, rest, _ := strings.Cut(string(text), field)
	kilobytes, _ := strconv.ParseInt(strings.Fields(rest + " 0")[0], 10, 64)
	return kilobytes << 10
}

// readAttacks reads one folder of the corpus.
func readAttacks(t *testing.T, folder string) []*attack {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("..", "testdata", "adversarial", folder, "*"))
	if err != nil || len(paths) == 0 {
		t.Fatal(folder, err)
	}
	var attacks []*attack
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		a, err := parseAttack(filepath.Base(path), text)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		attacks = append(attacks, a)
	}
	return attacks
}

func parseAttack(file string, text []byte) (*attack, error) {
	a := &attack{name: strings.TrimSuffix(file, filepath.Ext(file)), limits: attackLimits}
	expanded, lines, err := expand(string(text))
	if err != nil {
		return nil, err
	}
	for _, line := range lines {
		key, value, _ := strings.Cut(line, ": ")
		switch key {
		case "attack":
			a.about = value
		case "expect":
			a.expect = strings.Split(value, " | ")
		case "because":
			a.because = value
		case "result":
			a.result = value
		case "feedback":
			a.feedback = append(a.feedback, value)
		case "never":
			a.never = append(a.never, value)
		case "limits":
			if err := parseLimits(&a.limits, value); err != nil {
				return nil, err
			}
		case "expand":
		default:
			return nil, fmt.Errorf("unknown %q", line)
		}
	}
	if a.about == "" || len(a.expect) == 0 || (len(a.expect) > 1) != (a.because != "") {
		return nil, fmt.Errorf("attack and expect are needed, and because where several outcomes are")
	}
	a.text = []byte(expanded)
	switch filepath.Ext(file) {
	case ".py":
		a.language = compiler.Python
	case ".js":
		a.language = compiler.JavaScript
	case ".wat":
		a.language = compiler.Wasm
		if assemble != nil {
			a.text, err = assemble(expanded)
		} else {
			a.text = nil
		}
	case ".hex":
		a.language = compiler.Wasm
		a.text, err = parseHex(expanded)
	}
	return a, err
}

// expand replaces the names of a file's expand lines, and returns its directives as well.
func expand(text string) (expanded string, directives []string, err error) {
	var replacements []string
	for line := range strings.SplitSeq(text, "\n") {
		comment := strings.TrimLeft(line, "#/;")
		if comment == line || !strings.HasPrefix(comment, " ") {
			break
		}
		key, value, ok := strings.Cut(comment[1:], ": ")
		if !ok || strings.ContainsAny(key, " -*") {
			continue
		}
		if key == "expand" {
			name, rest, _ := strings.Cut(value, " ")
			count, quoted, _ := strings.Cut(rest, " ")
			n, err := strconv.Atoi(count)
			if err != nil {
				return "", nil, err
			}
			unit, err := strconv.Unquote(quoted)
			if err != nil {
				return "", nil, fmt.Errorf("%s: %w", quoted, err)
			}
			unit = strings.NewReplacer(replacements...).Replace(unit)
			replacements = append(replacements, "@@"+name+"@@", repeat(unit, n))
		}
		directives = append(directives, strings.NewReplacer(replacements...).Replace(comment[1:]))
	}
	return strings.NewReplacer(replacements...).Replace(text), directives, nil
}

func repeat(unit string, n int) string {
	if !strings.Contains(unit, "{i") {
		return strings.Repeat(unit, n)
	}
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.NewReplacer("{i}", strconv.Itoa(i), "{i+1}", strconv.Itoa(i+1)).Replace(unit))
	}
	return b.String()
}

func parseLimits(l *runtime.Limits, text string) error {
	for _, field := range strings.Fields(text) {
		name, value, _ := strings.Cut(field, "=")
		bytes := map[string]*int64{"memory": &l.Memory, "output": &l.Output, "storage": &l.Storage}
		counts := map[string]*int64{"fuel": &l.Fuel, "host_calls": &l.HostCalls, "call_depth": &l.CallDepth}
		switch {
		case bytes[name] != nil:
			n, err := units.ParseBytes(value)
			if err != nil {
				return err
			}
			*bytes[name] = int64(n)
		case counts[name] != nil:
			n, err := units.ParseCount(value)
			if err != nil {
				return err
			}
			*counts[name] = int64(n)
		case name == "deadline":
			d, err := units.ParseDuration(value)
			if err != nil {
				return err
			}
			l.Deadline = time.Duration(d)
		default:
			return fmt.Errorf("no limit is named %q", name)
		}
	}
	return nil
}

func parseHex(text string) ([]byte, error) {
	var digits strings.Builder
	for line := range strings.SplitSeq(text, "\n") {
		if !strings.HasPrefix(line, "#") {
			digits.WriteString(strings.Join(strings.Fields(line), ""))
		}
	}
	return hex.DecodeString(digits.String())
}

// assemble turns the WebAssembly text format into a binary; it is nil where the tests are built without C (assemble_cgo_test.go).
var assemble func(text string) ([]byte, error)

func noteAssembler(t *testing.T) {
	t.Helper()
	if assemble == nil {
		t.Log("the programs in the text format need wasmtime's assembler, thus cgo: only the binaries are run")
	}
}
