package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"wand/compiler"
	"wand/policies"
	"wand/policies/units"
	"wand/runtime"
	"wand/runtime/eval"
)

const evalDescription = `Runs many candidates against the tests of their problems, each in a sandbox of its own, on all cores, and tells which pass.

SAMPLES and the problems are JSON lines, plain or gzip; - is standard input. The formats are those of HumanEval, HumanEval-X and MBPP:
   problems   task_id, prompt, test, entry_point         the test defines check(candidate), or runs by itself
              task_id, text, test_list, test_setup_code  each entry is a test
              task_id, target                            the value that the program has to give
   samples    task_id, completion                        goes on with the prompt
              task_id, solution                          a whole program
Without --problems each line of SAMPLES brings its problem along. A Markdown fence around a program is taken off.

A candidate passes when its program runs to the end with all tests behind it. For one that does not, the tests run one by one. The clock is virtual and
the randomness seeded, unless a policy says otherwise, so that the same candidate gets the same result.

Results go to a file as they come, one line each (wand.eval/v1); the same command goes on where it was stopped. wand eval show prints them again, wand
eval export makes training data of them, wand eval verify runs them once more and compares.

REWARDS grow from invalid (no program, -1) over error (it raised or a limit stopped it, -0.6) and failed (wrong answers, -0.3) to passed (1); between two
steps with the fraction of the tests that pass.

EXAMPLES:
   wand eval samples.jsonl --problems HumanEval.jsonl.gz
   wand eval --canonical --problems HumanEval.jsonl.gz
   wand eval samples.jsonl --problems mbpp.jsonl --fuel 2G --timeout 10s --jobs 4
   wand eval answers.jsonl --problems gsm.jsonl --vote
   wand eval show samples.results.jsonl --html report.html
   wand eval export samples.results.jsonl --format preference

EXIT CODES:
   0 every sample was judged, 2 usage or unusable input, 70 fault (wand itself failed), 130 stopped: the same command goes on`

func (a *app) evalCommand() *cli.Command {
	limits := &limitFlags{}
	return &cli.Command{
		Name: "eval", Usage: "judge many candidates by tests", UsageText: "wand eval [options] SAMPLES.jsonl|-\n   wand eval show|export|verify [options] RESULTS.jsonl", Description: evalDescription,
		Flags: append(evalFlags(limits),
			&cli.StringFlag{Name: "out", Usage: "write results to `FILE`, or go on with it; - is standard output (default: NAME.results.jsonl in this folder)"},
			&cli.BoolFlag{Name: "restart", DisableDefaultText: true, Usage: "write the results anew, whatever the file holds"},
			&cli.StringFlag{Name: "k", Value: "1,10,100", Usage: "estimate pass@k for these `NUMBERS`, as far as there are samples"},
			&cli.BoolFlag{Name: "json", DisableDefaultText: true, Usage: "print the summary as JSON"},
		),
		HideHelpCommand: true, OnUsageError: onUsageError,
		Subcommands: []*cli.Command{a.evalShowCommand(), a.evalExportCommand(), a.evalVerifyCommand()},
		Action:      func(c *cli.Context) error { return a.eval(c, limits) },
	}
}

// evalFlags are the options of every command that judges.
func evalFlags(limits *limitFlags) []cli.Flag {
	flags := []cli.Flag{
		&cli.StringFlag{Name: "problems", Usage: "`FILE` of the problems (default: the samples bring them along)"},
		&cli.BoolFlag{Name: "canonical", DisableDefaultText: true, Usage: "judge the problems' own solutions instead of samples"},
		&cli.StringFlag{Name: "lang", Aliases: []string{"language"}, Usage: "`LANGUAGE` of all problems: python, javascript or typescript (default: as each says, else python)"},
		&cli.BoolFlag{Name: "vote", DisableDefaultText: true, Usage: "take problems without tests too; their answers are compared with each other"},
		&cli.BoolFlag{Name: "skip-bad", DisableDefaultText: true, Usage: "leave out lines that cannot be used instead of stopping"},
		&cli.StringFlag{Name: "tests", Value: string(eval.DetailFailing), Usage: "whose tests run one by one, `WHICH`: failing, all or none"},
		&cli.BoolFlag{Name: "coverage", Value: true, Usage: "count which lines the tests of a failing candidate run, and tell the suspicious ones; --coverage=false does not"},
		&cli.StringFlag{Name: "rewards", DefaultText: "-1,-0.6,-0.3,1", Usage: "`NUMBERS` for invalid, error, failed and passed"},
		&cli.IntFlag{Name: "feedback-tokens", Value: 400, Usage: "most tokens, `N`, of a result's feedback; 0: none"},
		&cli.IntFlag{Name: "jobs", DefaultText: "one per core", Usage: "run `N` programs side by side"},
	}
	flags = append(flags, limits.flags()...)
	return append(flags, engineFlag(), policyFlag(), overlayFlag(), allowFlag(),
		&cli.StringFlag{Name: "principal", Category: "authority", DefaultText: "run", Usage: "`NAME` of the program or agent, for policies that tell them apart"})
}

// eval is wand eval.
func (a *app) eval(c *cli.Context, flags *limitFlags) error {
	ks, err := numbers("k", c.String("k"))
	if err != nil {
		return err
	}
	samples, err := a.samplesName(c)
	if err != nil {
		return err
	}
	out := c.String("out")
	if out == "" {
		if out = resultsName(samples); out == "" {
			return usage("the samples come from standard input: name the file of the results with --out, or --out - for standard output")
		}
	}
	set, err := a.evalSet(c, samples)
	if err != nil {
		return err
	}
	ctx, release := interruptible(c.Context)
	defer release()
	judge, err := a.newJudge(ctx, c, flags, nil)
	if err != nil {
		return err
	}
	defer judge.close()
	settings, err := judge.Settings(set)
	if err != nil {
		return err
	}
	header := eval.Header{Settings: settings, Samples: samples, Problems: c.String("problems"), Total: len(set.Samples)}
	sink, err := a.openResults(c, out, header, set)
	if err != nil {
		return err
	}
	results, err := judge.run(ctx, set, sink)
	if closed := sink.close(); err == nil {
		err = closed
	}
	if ctx.Err() != nil {
		fmt.Fprintf(a.stderr, "wand: stopped after %d of %d samples%s\n", len(results), len(set.Samples), sink.resumable())
		return exitStatus(exitCancelled)
	}
	if errors.Is(err, eval.ErrTests) {
		return usage("%v", err)
	}
	if err != nil {
		fmt.Fprintf(a.stderr, "wand: stopped after %d of %d samples%s\n", len(results), len(set.Samples), sink.resumable())
		return err
	}
	to := a.stdout
	if out == "-" {
		to = a.stderr
	}
	if err := showSummary(to, colours(to), eval.Summarise(results), ks, c.Bool("json"), false); err != nil {
		return err
	}
	if out != "-" && !c.Bool("json") {
		fmt.Fprintf(to, "\nresults: %s (wand eval show %s --html report.html draws them)\n", printable(out), printable(out))
	}
	return nil
}

// samplesName is the file that the command line names; of --canonical, the problems.
func (a *app) samplesName(c *cli.Context) (string, error) {
	switch {
	case len(a.programArgs) > 0:
		return "", usage("wand eval runs no program with arguments; what is %q?", a.programArgs[0])
	case c.Bool("canonical") && c.String("problems") == "":
		return "", usage("--canonical judges the solutions of the problems: name them with --problems")
	case c.Bool("canonical") && c.NArg() > 0:
		return "", usage("--canonical judges the problems' own solutions; what is %q?", c.Args().First())
	case c.Bool("canonical"):
		return c.String("problems"), nil
	case c.NArg() == 0:
		return "", usage("no samples: name a file of JSON lines, or - for standard input, as in: wand eval samples.jsonl --problems HumanEval.jsonl.gz")
	case c.NArg() > 1:
		return "", usage("unexpected argument %q; one file of samples at a time", c.Args().Get(1))
	case c.Args().First() == "-" && c.String("problems") == "-":
		return "", usage("samples and problems cannot both come from standard input")
	}
	return c.Args().First(), nil
}

// resultsName is where results go when nobody says; empty for standard input.
func resultsName(samples string) string {
	if samples == "-" {
		return ""
	}
	name := strings.TrimSuffix(filepath.Base(samples), ".gz")
	return strings.TrimSuffix(strings.TrimSuffix(name, ".jsonl"), ".json") + ".results.jsonl"
}

// evalSet reads problems and samples.
func (a *app) evalSet(c *cli.Context, samples string) (*eval.Set, error) {
	l := &eval.Loader{LoadOptions: eval.LoadOptions{Untested: c.Bool("vote"), SkipBad: c.Bool("skip-bad")}}
	if lang := c.String("lang"); lang != "" {
		var err error
		if l.Language, err = compiler.ParseLanguage(lang); err != nil || l.Language == compiler.Wasm {
			return nil, usage("--lang: %q is none of python, javascript and typescript", lang)
		}
	}
	read := func(name string, take func(string, io.Reader) error) error {
		if name == "-" {
			return badInput(take("standard input", a.stdin))
		}
		f, err := os.Open(name)
		if err != nil {
			return cannotRead(name, err)
		}
		defer f.Close()
		return badInput(take(name, f))
	}
	if problems := c.String("problems"); problems != "" {
		if err := read(problems, l.Problems); err != nil {
			return nil, err
		}
	}
	if c.Bool("canonical") {
		if err := badInput(l.Canonical(samples)); err != nil {
			return nil, err
		}
	} else if err := read(samples, l.Samples); err != nil {
		return nil, err
	}
	for _, skipped := range l.Skipped {
		fmt.Fprintf(a.stderr, "wand: left out: %s\n", printable(skipped.Error()))
	}
	set, err := l.Set()
	if err != nil {
		return nil, usage("%v", err)
	}
	if len(set.Samples) == 0 {
		return nil, usage("%s: there is no sample in it that can be used", samples)
	}
	return set, nil
}

// badInput says every line that is wrong, and what can be done.
func badInput(err error) error {
	if err == nil {
		return nil
	}
	var line *eval.LineError
	if errors.As(err, &line) {
		return usage("%v\nwand: nothing was judged; correct these lines, or leave them out with --skip-bad", err)
	}
	return usage("%v", err)
}

// numbers reads a list of positive numbers.
func numbers(option, text string) ([]int, error) {
	var list []int
	for part := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(part))
		if err != nil || n < 1 {
			return nil, usage("--%s: %q is no list of numbers from 1, such as 1,10,100", option, text)
		}
		list = append(list, n)
	}
	return list, nil
}

// rewards reads --rewards.
func rewards(text string) (eval.Scale, error) {
	if text == "" {
		return eval.DefaultScale(), nil
	}
	var n [4]float64
	parts := strings.Split(text, ",")
	if len(parts) != len(n) {
		return eval.Scale{}, usage("--rewards: %q are not four numbers: for invalid, error, failed and passed, as in -1,-0.6,-0.3,1", text)
	}
	for i, part := range parts {
		var err error
		if n[i], err = strconv.ParseFloat(strings.TrimSpace(part), 64); err != nil {
			return eval.Scale{}, usage("--rewards: %q is not a number", part)
		}
	}
	s := eval.Scale{Invalid: n[0], Error: n[1], Failed: n[2], Passed: n[3]}
	if err := s.Check(); err != nil {
		return s, usage("--rewards: %v", err)
	}
	return s, nil
}

// evalJudge is an evaluator as the options want it.
type evalJudge struct {
	*eval.Evaluator
	app      *app
	rt       *runtime.Runtime
	progress *progress
}

// newJudge makes an evaluator. adapt, which may be nil, has the last word about how it is configured.
func (a *app) newJudge(ctx context.Context, c *cli.Context, flags *limitFlags, adapt func(*eval.Config)) (*evalJudge, error) {
	limits, err := flags.limits()
	if err != nil {
		return nil, err
	}
	scale, err := rewards(c.String("rewards"))
	if err != nil {
		return nil, err
	}
	config := eval.Config{Jobs: c.Int("jobs"), Detail: eval.Detail(c.String("tests")), Coverage: c.Bool("coverage"), Scale: scale, FeedbackTokens: c.Int("feedback-tokens")}
	switch {
	case c.Int("jobs") < 0 || c.IsSet("jobs") && c.Int("jobs") == 0:
		return nil, usage("--jobs: %d is no number of programs to run side by side", c.Int("jobs"))
	case config.Detail != eval.DetailFailing && config.Detail != eval.DetailAll && config.Detail != eval.DetailNone:
		return nil, usage("--tests: %q is none of failing, all and none", c.String("tests"))
	case config.FeedbackTokens < 0:
		return nil, usage("--feedback-tokens: %d is too few; 0 is none", config.FeedbackTokens)
	case config.FeedbackTokens == 0:
		config.FeedbackTokens = -1
	}
	granted, err := a.authority(c, policyName(c))
	if err != nil {
		return nil, err
	}
	if lacking := unmet(granted.engine.Policy()); len(lacking) > 0 {
		return nil, &unmetError{lacking}
	}
	if c.String("policy") == "" { // the same candidate is to get the same result
		p := *granted.policy
		p.Clock, p.Random = "virtual", "seeded"
		if granted.engine, err = policies.Compile(&p, granted.overlays...); err != nil {
			return nil, err
		}
		granted.policy = &p
	}
	config.Options = runtime.Options{Policy: granted.policy, Principal: c.String("principal"), Limits: limitsOf(granted.engine.Policy().Limits, limits)}
	config.Overlays = granted.overlays
	j := &evalJudge{app: a, progress: newProgress(a.stderr)}
	if j.rt, err = a.newRuntime(ctx, c, granted, j.progress); err != nil {
		return nil, err
	}
	config.Runtime = j.rt
	if adapt != nil {
		adapt(&config)
	}
	if j.Evaluator, err = eval.New(ctx, config); err != nil {
		j.close()
		return nil, err
	}
	return j, nil
}

func (j *evalJudge) close() {
	j.progress.end()
	j.rt.Close(context.Background())
}

// run judges what the results do not have yet, and returns all results.
func (j *evalJudge) run(ctx context.Context, set *eval.Set, sink *resultSink) ([]*eval.Result, error) {
	results := sink.done()
	bar := newBar(j.app.stderr, len(set.Samples), len(results))
	defer bar.end()
	for _, p := range set.Problems { // before the clock of the bar starts
		guest := string(compiler.Python)
		if p.Language != compiler.Python {
			guest = string(compiler.JavaScript)
		}
		if err := j.rt.Prepare(ctx, guest); err != nil {
			return results, err
		}
	}
	j.progress.end()
	bar.begin()
	err := j.Run(ctx, set, sink.known, func(r *eval.Result) error {
		if err := sink.add(r); err != nil {
			return err
		}
		results = append(results, r)
		bar.step(r.Passed)
		return nil
	})
	return results, err
}

// resultSink is where results go.
type resultSink struct {
	file   *eval.File // nil: to writer
	path   string
	writer io.Writer
}

func (a *app) openResults(c *cli.Context, out string, h eval.Header, set *eval.Set) (*resultSink, error) {
	if out == "-" {
		return &resultSink{writer: a.stdout}, eval.WriteHeader(a.stdout, h)
	}
	if c.Bool("restart") {
		if err := os.Remove(out); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, cannotWriteFile(out, err)
		}
	}
	f, err := eval.OpenFile(out, h, eval.Keys(h.Settings, set))
	var line *eval.LineError
	switch {
	case errors.Is(err, eval.ErrSettings), errors.Is(err, eval.ErrForeign):
		return nil, usage("%v\nwand: write them elsewhere with --out, or anew with --restart", err)
	case errors.Is(err, eval.ErrNotResults), errors.Is(err, eval.ErrInUse), errors.As(err, &line):
		return nil, usage("%v", err)
	case err != nil:
		return nil, cannotWriteFile(out, err)
	}
	if f.Torn > 0 {
		fmt.Fprintf(a.stderr, "wand: %s: an unfinished last line was taken off (%s)\n", printable(out), units.Bytes(f.Torn))
	}
	if n := len(f.Done); n > 0 {
		fmt.Fprintf(a.stderr, "wand: going on with %s, which has %d of %d results\n", printable(out), n, len(set.Samples))
	}
	return &resultSink{file: f, path: out}, nil
}

func cannotWriteFile(name string, err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return usage("cannot write %s: %v", name, err)
}

func (s *resultSink) known(key string) bool { return s.file != nil && s.file.Known(key) }

func (s *resultSink) done() []*eval.Result {
	if s.file == nil {
		return nil
	}
	return append([]*eval.Result(nil), s.file.Done...)
}

func (s *resultSink) add(r *eval.Result) error {
	if s.file != nil {
		return s.file.Add(r)
	}
	return eval.WriteResult(s.writer, r)
}

func (s *resultSink) close() error {
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}

// resumable is the end of a message about an evaluation that was stopped.
func (s *resultSink) resumable() string {
	if s.file == nil {
		return ""
	}
	return "; the same command goes on with " + printable(s.path)
}

// bar tells how far an evaluation is: a bar with rate and time left on a terminal, else a line now and then.
type bar struct {
	to       io.Writer
	terminal bool
	total    int
	before   int // done when it began
	done     int
	passed   int
	started  time.Time
	shown    time.Time
	open     bool
}

// barEvery is how often a line is written where there is no terminal.
const barEvery = 10 * time.Second

func newBar(to io.Writer, total, done int) *bar {
	return &bar{to: to, terminal: isTerminal(to), total: total, before: done, done: done}
}

func (b *bar) begin() { b.started, b.shown = time.Now(), time.Now() }

// step counts one more result. Calls come one at a time.
func (b *bar) step(passed bool) {
	b.done++
	if passed {
		b.passed++
	}
	every := barEvery
	if b.terminal {
		every = 100 * time.Millisecond
	}
	if time.Since(b.shown) < every || b.terminal && time.Since(b.started) < progressAfter/4 {
		return
	}
	b.shown = time.Now()
	if b.terminal {
		fmt.Fprintf(b.to, "\r\x1b[K%s", b.line(time.Since(b.started)))
		b.open = true
	} else {
		fmt.Fprintf(b.to, "wand: %s\n", b.line(time.Since(b.started)))
	}
}

// line is the state in one line.
func (b *bar) line(elapsed time.Duration) string {
	judged := b.done - b.before
	rate := float64(judged) / max(elapsed.Seconds(), 1e-3)
	left := "?"
	if judged > 0 {
		left = units.Duration(time.Duration(float64(b.total-b.done) / rate * float64(time.Second)).Round(time.Second)).String()
	}
	state := fmt.Sprintf("%d of %d samples, %d of %d passed, %.1f a second, %s left", b.done, b.total, b.passed, judged, rate, left)
	if !b.terminal {
		return state
	}
	const width = 24
	full := width * b.done / max(b.total, 1)
	return "[" + strings.Repeat("#", full) + strings.Repeat(".", width-full) + "] " + state
}

// end takes the bar off the terminal.
func (b *bar) end() {
	if b.open {
		fmt.Fprint(b.to, "\r\x1b[K")
	}
}
