package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/urfave/cli/v2"

	"wand/compiler"
	"wand/hostfuncs"
	"wand/hostfuncs/audit"
	"wand/policies/units"
	"wand/runtime"
	"wand/runtime/agent"
)

const agentDescription = `Has a language model work on a task by writing programs, which run in the sandbox one after the other, until it gives its answer or a budget is used up.
The model is told the task, the tools that the policy grants, the files and the limits; after each program it is told what that printed, its value, or what
went wrong. The answer goes to standard output, what happens meanwhile to standard error.

Any server that speaks OpenAI's chat completions will do: --base-url, --model and the key in OPENAI_API_KEY; local ones want none. With --dir everything is
kept in a folder, and the same command line goes on where the last one stopped: after Ctrl-C, a crash, a server that failed, an approval that was missing. No
answer that came is asked for again, and no call of a tool that ended is made again.

Strategies: self-debug asks the model to explain what failed, reflexion-N begins anew with notes up to N times when --test fails, best-of-N takes the best of
N conversations by --test, vote-N the value on which most of N agree, chain-of-code answers calls of functions that nobody defined.

EXAMPLES:
   wand agent "Which customer spent most in March?" --model gpt-4o-mini --file sales.csv
   wand agent "Sum the column" --base-url http://localhost:11434/v1 --model qwen3 --file data.csv
   wand agent --dir work "Reconcile the two lists" --policy policy.yaml --file ./lists --max-cost 0.50 --price 2.5,10
   wand agent "Write median(v)" --test median_test.py --strategy reflexion-3 --strategy self-debug
   wand agent --strategy vote-5 --json - < task.txt
   wand agent "Clean the addresses" --file list.csv --skills default --allow 'skills.*'
   wand agent --dir work "Invite them" --policy mail.yaml --suspend
   wand agent --dir work --policy mail.yaml --suspend --answer yes
   wand agent replay work
   wand agent show work

` + allowHelp + `

EXIT CODES:
   0 answered, 1 wrong (no answer passed --test) or no sense in the model's messages, 2 usage, 4 exhausted (a budget ended it), 6 suspended, 7 the
   model's server failed, 70 fault (wand itself failed), 130 cancelled

ENVIRONMENT:
   OPENAI_API_KEY, OPENAI_BASE_URL, OPENAI_MODEL   the key, and what --base-url and --model say when they are not given`

const exitModel = 7

// Values of --answers.
const (
	answersFenced = "fenced"
	answersTags   = "tags"
)

func (a *app) agentCommand() *cli.Command {
	limits, budget := &limitFlags{}, &spendFlags{}
	flags := []cli.Flag{
		&cli.StringFlag{Name: "base-url", Category: "model", EnvVars: []string{"OPENAI_BASE_URL"}, DefaultText: "OpenAI's", Usage: "`URL` of the model's server, such as http://localhost:11434/v1"},
		&cli.StringFlag{Name: "model", Category: "model", EnvVars: []string{"OPENAI_MODEL"}, Usage: "`NAME` of the model"},
		&cli.StringFlag{Name: "temperature", Category: "model", DefaultText: "the server's", Usage: "`NUMBER` from 0 to 2"},
		&cli.BoolFlag{Name: "no-functions", Category: "model", DisableDefaultText: true, Usage: "do not offer the model functions to call, only code blocks"},
		&cli.StringFlag{Name: "answers", Category: "model", Value: answersFenced, Usage: "how the model writes programs, `FORM`: fenced (code blocks) or tags (<execute>, <solution>)"},
		&cli.StringFlag{Name: "system", Category: "model", Usage: "`FILE` with what else to tell the model before the task"},
		&cli.StringSliceFlag{Name: "strategy", Usage: "`NAME`: " + strings.Join(agent.Strategies(), ", ") + " (repeatable)"},
		&cli.StringSliceFlag{Name: "test", Usage: "a program, `FILE`, that has to complete before an answer counts; the model does not see it (repeatable)"},
		&cli.BoolFlag{Name: "show-tests", DisableDefaultText: true, Usage: "show the model the first test that fails"},
		&cli.BoolFlag{Name: "keep-failed", DisableDefaultText: true, Usage: "keep what a program did before it raised an exception, as notebooks do"},
		&cli.StringFlag{Name: "dir", Usage: "keep everything in the folder `DIR`, and go on with what is there"},
		&cli.BoolFlag{Name: "suspend", DisableDefaultText: true, Usage: "with --dir: where the policy wants somebody to approve a call, stop there until --answer instead of asking on the terminal"},
		&cli.StringFlag{Name: "answer", Usage: "the answer to the call that waits in --dir: yes, or no, or the reason why not, `TEXT`"},
		guestFlag(),
		&cli.StringFlag{Name: "lang", Aliases: []string{"language"}, Value: "python", Usage: "`LANGUAGE` of the programs: python, javascript or typescript"},
		&cli.StringFlag{Name: "input", Usage: "`JSON` value, or @FILE that holds one; programs see it as INPUT"},
		&cli.StringSliceFlag{Name: "file", Usage: "put a file or folder into the session's filesystem: `SRC[:DST]` (repeatable)"},
		&cli.StringSliceFlag{Name: "package", Usage: "let programs import an added package (wand packages), wheel, zip file or folder: `NAME` or path (repeatable)"},
		skillsFlag(), engineFlag(),
		jsonFlag("the outcome"),
	}
	flags = append(flags, budget.flags()...)
	flags = append(flags, limits.flags()...)
	flags = append(flags, authorityFlags()...)
	return &cli.Command{
		Name: "agent", Usage: "have a model work on a task by writing programs", UsageText: "wand agent [options] TASK|-", Description: agentDescription,
		Flags: flags, HideHelpCommand: true, OnUsageError: onUsageError,
		Action:      func(c *cli.Context) error { return a.agent(c, limits, budget) },
		Subcommands: []*cli.Command{a.agentReplayCommand(), a.agentShowCommand()},
	}
}

// spendFlags are the options that bound a conversation.
type spendFlags struct{ turns, tokens, fuel, time quantity }

func (b *spendFlags) flags() []cli.Flag {
	d := agent.DefaultBudget()
	return []cli.Flag{
		&cli.GenericFlag{Name: "turns", Value: &b.turns, Category: "budget", DefaultText: strconv.FormatInt(d.Turns, 10), Usage: "`N` messages of the model"},
		&cli.GenericFlag{Name: "tokens", Value: &b.tokens, Category: "budget", DefaultText: units.Count(d.Tokens).String(), Usage: "`N` tokens, prompts and answers together: 50k, 1M"},
		&cli.GenericFlag{Name: "total-fuel", Value: &b.fuel, Category: "budget", DefaultText: units.Count(d.Fuel).String(), Usage: "`N` units of computing of all programs together"},
		&cli.GenericFlag{Name: "total-time", Value: &b.time, Category: "budget", DefaultText: units.Duration(d.Wall).String(), Usage: "`TIME` on the clock for all of it"},
		&cli.StringFlag{Name: "max-cost", Category: "budget", DefaultText: "none", Usage: "`DOLLARS` to spend on the model; wants --price"},
		&cli.StringFlag{Name: "price", Category: "budget", Usage: "dollars for a million tokens of prompts and of answers: `P,A`, such as 2.5,10"},
	}
}

func (b *spendFlags) budget(c *cli.Context) (budget agent.Budget, prices agent.Prices, err error) {
	var wall int64
	for _, o := range []struct {
		name  string
		from  *quantity
		to    *int64
		parse func(string) (int64, error)
	}{{"turns", &b.turns, &budget.Turns, countOf}, {"tokens", &b.tokens, &budget.Tokens, countOf}, {"total-fuel", &b.fuel, &budget.Fuel, countOf}, {"total-time", &b.time, &wall, durationOf}} {
		if *o.to, err = o.from.take(o.name, o.parse); err != nil {
			return budget, prices, err
		}
	}
	budget.Wall = time.Duration(wall)
	if text := c.String("price"); text != "" {
		prompt, completion, ok := strings.Cut(text, ",")
		var errs [2]error
		prices.Prompt, errs[0] = strconv.ParseFloat(strings.TrimSpace(prompt), 64)
		prices.Completion, errs[1] = strconv.ParseFloat(strings.TrimSpace(completion), 64)
		if !ok || errors.Join(errs[:]...) != nil || !(prices.Prompt >= 0) || !(prices.Completion >= 0) || prices.Prompt+prices.Completion > 1e6 {
			return budget, prices, usage("--price: %q is not two amounts of dollars for a million tokens, such as 2.5,10", text)
		}
	}
	if text := c.String("max-cost"); text != "" {
		cost, err := strconv.ParseFloat(strings.TrimPrefix(text, "$"), 64)
		switch {
		case err != nil || !(cost > 0) || cost > 1e6:
			return budget, prices, usage("--max-cost: %q is no amount of dollars, such as 0.50", text)
		case prices == (agent.Prices{}):
			return budget, prices, usage("--max-cost needs to know what tokens cost: give --price PROMPT,ANSWER in dollars for a million tokens")
		}
		budget.Cost = agent.Money(cost * float64(agent.Dollar))
	}
	return budget, prices, nil
}

// agent is wand agent.
func (a *app) agent(c *cli.Context, limits *limitFlags, budget *spendFlags) error {
	task, err := a.task(c)
	if err != nil {
		return err
	}
	config, granted, err := a.agentConfig(c, limits, budget)
	if err != nil {
		return err
	}
	ctx, release := interruptible(c.Context)
	defer release()
	view := &agentView{app: a, json: c.Bool("json"), progress: newProgress(a.stderr), steps: map[string]*audit.Run{}, policy: granted.policy.Name, principal: c.String("principal")}
	defer view.progress.end()
	if err := consentOf(c, &config, view); err != nil {
		return err
	}
	if view.trail, err = a.openTrail(c, !view.json); err != nil {
		return err
	}
	defer view.trail.close()
	rt, err := a.newRuntime(ctx, c, granted, view.progress)
	if err != nil {
		return err
	}
	defer rt.Close(context.WithoutCancel(ctx))
	config.Runtime, config.OnEvent = rt, view.event
	if view.trail != nil {
		config.Record = view.record
	}
	if _, err := rt.Stubs(ctx, config.Policy, nil); err != nil && ctx.Err() == nil {
		return usage("%v", err)
	}
	worker, err := agent.New(ctx, config)
	if err != nil {
		return limitUsage(c, guestError(c, err))
	}
	outcome, err := worker.Run(ctx, task)
	view.progress.end()
	if outcome == nil {
		if errors.Is(err, agent.ErrTranscript) || errors.Is(err, agent.ErrBusy) {
			return usage("--dir: %v", err)
		}
		return err
	}
	outcome.Close()
	if shown := view.show(outcome, c.String("dir")); shown != nil {
		return shown
	}
	return agentStatus(ctx, outcome, err)
}

// consentOf says who approves calls: somebody on the terminal, nobody, or somebody later.
func consentOf(c *cli.Context, config *agent.Config, view *agentView) error {
	if (c.Bool("suspend") || c.IsSet("answer")) && config.Dir == "" {
		return usage("--suspend and --answer go with --dir DIR, where the conversation is kept meanwhile")
	}
	if c.IsSet("answer") {
		answer := answerOf(c.String("answer"))
		config.Answer = &runtime.Answered{Approval: &answer}
	}
	if c.Bool("suspend") {
		return nil
	}
	var err error
	config.Approve, err = approver(c.String("approve"), view.progress.end)
	return err
}

// limitUsage turns a limit that cannot be into a mistake of the command line.
func limitUsage(c *cli.Context, err error) error {
	var limit *runtime.LimitError
	if errors.Is(err, agent.ErrConfig) {
		return usage("%v", err)
	}
	if errors.As(err, &limit) && !c.IsSet(limitFlag(limit.Name)) {
		return usage("limits.%s of the policy: %s", limit.Name, limitMessage(limit))
	}
	return err
}

// agentStatus is the exit code of an outcome.
func agentStatus(ctx context.Context, o *agent.Outcome, err error) error {
	var failed *agent.ModelError
	switch {
	case o.Status == agent.Answered:
		return nil
	case ctx.Err() != nil:
		return exitStatus(exitCancelled)
	case errors.As(err, &failed):
		return exitStatus(exitModel)
	case err != nil:
		return exitStatus(exitFault)
	case o.Status == agent.Exhausted:
		return exitStatus(exitExhausted)
	case o.Status == agent.Suspended:
		return exitStatus(exitSuspended)
	}
	return exitStatus(exitFailed)
}

// task reads what to do. With --dir it may be left out: then it is what the folder says.
func (a *app) task(c *cli.Context) (string, error) {
	list := append(c.Args().Slice(), a.programArgs...)
	switch {
	case len(list) > 1:
		return "", usage("unexpected argument %q: the task is one argument, in quotes", list[1])
	case len(list) == 0 && c.String("dir") != "":
		return "", nil
	case len(list) == 0:
		return "", usage(`no task: say what to do, as in: wand agent "Sum the column" --file data.csv`)
	case list[0] == "-":
		text, err := readBounded(a.stdin, "standard input")
		if err != nil {
			return "", err
		}
		return strings.TrimSpace(string(text)), nil
	}
	return list[0], nil
}

// agentConfig reads the options.
func (a *app) agentConfig(c *cli.Context, limits *limitFlags, budget *spendFlags) (config agent.Config, granted *authority, err error) {
	config.Guest = c.String("guest")
	if config.Language, err = compiler.ParseLanguage(c.String("lang")); err != nil || config.Language == compiler.Wasm {
		return config, nil, usage("--lang: %q is none of python, javascript and typescript", c.String("lang"))
	}
	if config.Strategy, err = agent.ParseStrategy(c.StringSlice("strategy")...); err != nil {
		return config, nil, usage("--strategy: %v", err)
	}
	if config.Budget, config.Prices, err = budget.budget(c); err != nil {
		return config, nil, err
	}
	switch form := c.String("answers"); form {
	case answersFenced:
		config.Format = agent.Fenced{}
	case answersTags:
		config.Format = agent.Tags{}
	default:
		return config, nil, usage("--answers: %q is neither %s nor %s", form, answersFenced, answersTags)
	}
	if config.Model, err = modelOf(c); err != nil {
		return config, nil, err
	}
	if config.Check, err = testsOf(c); err != nil {
		return config, nil, err
	}
	if name := c.String("system"); name != "" {
		text, err := readText(name)
		if err != nil {
			return config, nil, err
		}
		config.Extra = text
	}
	asked, err := limits.limits()
	if err != nil {
		return config, nil, err
	}
	if granted, err = a.authority(c, policyName(c)); err != nil {
		return config, nil, err
	}
	if lacking := unmet(granted.engine.Policy()); len(lacking) > 0 {
		return config, nil, &unmetError{lacking}
	}
	config.Limits = limitsOf(granted.engine.Policy().Limits, asked)
	o, err := a.inputs(c, config.Limits)
	if err != nil {
		return config, nil, err
	}
	config.Input, config.Files, config.Packages = o.Input, o.Files, o.Packages
	config.Policy, config.Principal, config.DryRun = granted.policy, c.String("principal"), c.Bool("dry-run")
	if name := c.String("skills"); name != "" {
		if config.Skills, err = skillStore(name); err != nil {
			return config, nil, err
		}
	}
	config.NoFunctions, config.KeepFailed, config.Dir = c.Bool("no-functions"), c.Bool("keep-failed"), c.String("dir")
	return config, granted, nil
}

func modelOf(c *cli.Context) (agent.Model, error) {
	o := agent.OpenAIConfig{BaseURL: c.String("base-url"), Model: c.String("model"), Key: os.Getenv("OPENAI_API_KEY")}
	if o.Model == "" {
		return nil, usage("no model: name one with --model, such as gpt-4o-mini, or qwen3 with --base-url http://localhost:11434/v1")
	}
	if o.BaseURL == "" && o.Key == "" {
		return nil, usage("the environment variable OPENAI_API_KEY is not set; for another server than OpenAI's give --base-url")
	}
	if text := c.String("temperature"); text != "" {
		t, err := strconv.ParseFloat(text, 64)
		if err != nil || !(t >= 0 && t <= 2) {
			return nil, usage("--temperature: %q is no number from 0 to 2", text)
		}
		o.Temperature = &t
	}
	m, err := agent.NewOpenAI(o)
	if err != nil {
		return nil, usage("--base-url: %v", err)
	}
	return m, nil
}

func testsOf(c *cli.Context) (agent.Check, error) {
	var programs []string
	for _, name := range c.StringSlice("test") {
		text, err := readText(name)
		if err != nil {
			return nil, err
		}
		programs = append(programs, text)
	}
	switch {
	case programs == nil && c.Bool("show-tests"):
		return nil, usage("--show-tests goes with --test FILE")
	case programs == nil:
		return nil, nil
	case c.Bool("show-tests"):
		return agent.VisibleTests(programs...), nil
	}
	return agent.HiddenTests(programs...), nil
}

func readText(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", cannotRead(name, err)
	}
	defer f.Close()
	text, err := readBounded(f, name)
	return string(text), err
}

// agentView shows a conversation to whoever asked for it.
type agentView struct {
	app               *app
	json              bool
	progress          *progress
	trail             *trail
	policy, principal string

	mu    sync.Mutex
	steps map[string]*audit.Run // programs under way, by their steps
}

// event hears of what happens. The journal calls it one event at a time.
func (v *agentView) event(e *agent.Event) error {
	if err := v.audit(e); err != nil {
		return err
	}
	if v.json {
		return nil
	}
	w, on := v.app.stderr, colours(v.app.stderr)
	line := func(format string, args ...any) {
		v.progress.end()
		fmt.Fprintf(w, "%s %s\n", colour(on, grey, "wand: "+e.Step+":"), fmt.Sprintf(format, args...))
	}
	switch e.Kind {
	case agent.EventResume:
		fmt.Fprintln(w, "wand: going on where this conversation stopped")
	case agent.EventAsk:
		v.progress = newProgress(w)
		v.progress.begin("waiting for the model")
	case agent.EventAnswer:
		v.progress.end()
	case agent.EventRetry:
		line("%s", oneLine(e.Retry))
	case agent.EventRun:
		line("a program of %d lines", strings.Count(strings.TrimRight(e.Run.Program, "\n"), "\n")+1)
	case agent.EventReport:
		headline, _, _ := strings.Cut(e.Report.Feedback(0), "\n")
		if len(e.Report.Result) > 0 {
			headline += ", result " + clip(oneLine(string(e.Report.Result)), 200)
		}
		line("%s", oneLine(headline))
	case agent.EventVerdict:
		line("the check: passed %v, score %.2f", e.Verdict.Passed, e.Verdict.Score)
	}
	return nil
}

// audit writes programs and their calls to the audit file.
func (v *agentView) audit(e *agent.Event) error {
	if v.trail == nil {
		return nil
	}
	var err error
	switch e.Kind {
	case agent.EventRun:
		var run *audit.Run
		if run, err = v.trail.log.Begin(audit.Info{Language: "agent", Program: programDigest(e.Run.Program), Principal: v.principal, Policy: v.policy}); err == nil {
			v.setStep(e.Step, run)
		}
	case agent.EventReport:
		if run := v.stepRun(e.Step); run != nil {
			err = (&trail{log: v.trail.log, run: run}).end(e.Report, e.Report.Status)
			v.setStep(e.Step, nil)
		}
	}
	if err != nil {
		return fmt.Errorf("--audit: %w", err)
	}
	return nil
}

// record writes a call to the audit file, as one of its program's.
func (v *agentView) record(step string, call hostfuncs.Call) error {
	run := v.stepRun(step)
	if run == nil { // it goes on in this process
		var err error
		if run, err = v.trail.log.Begin(audit.Info{Language: "agent", Program: step, Principal: v.principal, Policy: v.policy}); err != nil {
			return fmt.Errorf("--audit: %w", err)
		}
		v.setStep(step, run)
	}
	return run.Record(call)
}

func (v *agentView) stepRun(step string) *audit.Run {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.steps[step]
}

func (v *agentView) setStep(step string, run *audit.Run) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.steps[step] = run
}

func programDigest(program string) string {
	sum := sha256.Sum256([]byte(program))
	return hex.EncodeToString(sum[:])
}

// show prints how it ended.
func (v *agentView) show(o *agent.Outcome, dir string) error {
	if v.json {
		return writeJSON(v.app.stdout, struct {
			Schema string `json:"schema"`
			*agent.Outcome
		}{"wand.agent/v1", o})
	}
	w, on := v.app.stderr, colours(v.app.stderr)
	if o.Status == agent.Answered {
		if _, err := fmt.Fprintln(v.app.stdout, printable(o.Answer)); err != nil {
			return cannotWrite(err)
		}
	}
	line, code := string(o.Status), yellow
	switch o.Status {
	case agent.Answered:
		code = green
		if o.Votes > 0 {
			line += fmt.Sprintf(", %d of %d agree", o.Votes, len(o.Branches))
		}
	case agent.Wrong, agent.Malformed, agent.Stopped:
		code = red
	}
	line = colour(on, code, line)
	if o.Reason != "" {
		line += ": " + oneLine(o.Reason)
	}
	fmt.Fprintf(w, "wand: %s\n", line)
	if dir != "" && (o.Status == agent.Stopped || o.Status == agent.Suspended || o.Status == agent.Exhausted) {
		fmt.Fprintln(w, "    the same command goes on from here"+map[bool]string{true: ", with a larger budget"}[o.Status == agent.Exhausted])
	}
	if q := o.Suspend; q != nil {
		fmt.Fprintf(w, "    tool       %s\n    arguments  %s\n    preview    %s\n    rule       %s\n    answer it with --answer yes, or --answer 'why not'\n",
			oneLine(q.Tool), clip(unambiguous(string(q.Args)), shownArgs), clip(unambiguous(q.Preview), shownArgs), oneLine(q.Rule))
	}
	s, b := o.Spent, o.Budget
	spent := fmt.Sprintf("turns %d of %d, tokens %s of %s, fuel %s of %s, time %s of %s", s.Turns, b.Turns, units.Count(s.Tokens.Total()), units.Count(b.Tokens),
		units.Count(s.Fuel), units.Count(b.Fuel), units.Duration(s.Wall), units.Duration(b.Wall))
	if s.Cost > 0 {
		spent += ", cost " + s.Cost.String()
	}
	if s.Tokens.Estimated > 0 {
		spent += fmt.Sprintf(" (%s tokens estimated)", units.Count(s.Tokens.Estimated))
	}
	fmt.Fprintf(w, "%s\n", colour(on, grey, "wand: "+spent))
	return nil
}

// inputs reads --input, --file and --package.
func (a *app) inputs(c *cli.Context, limits runtime.Limits) (o runtime.Options, err error) {
	own := a.programArgs
	a.programArgs = nil
	defer func() { a.programArgs = own }()
	return a.options(c, limits)
}

const agentReplayDescription = `Runs every program of a conversation again, without its tools, network and clock, with what they gave then, and compares all that it did. The model is not
asked. The folder is one that wand agent --dir made, on this machine or with the same key.

EXAMPLES:
   wand agent replay work
   wand agent replay work --json

EXIT CODES:
   0 everything was as it was then, 1 something was not, 2 usage`

func (a *app) agentReplayCommand() *cli.Command {
	return &cli.Command{
		Name: "replay", Usage: "run the programs of a conversation again, and compare", UsageText: "wand agent replay [options] DIR", Description: agentReplayDescription,
		Flags: []cli.Flag{engineFlag(), jsonFlag("what came of each program")}, HideHelpCommand: true, OnUsageError: onUsageError, Action: a.agentReplay,
	}
}

func (a *app) agentReplay(c *cli.Context) error {
	names, err := a.arguments(c, 1, 1, "one folder of a conversation")
	if err != nil {
		return err
	}
	ctx, release := interruptible(c.Context)
	defer release()
	p := newProgress(a.stderr)
	defer p.end()
	rt, err := a.newRuntime(ctx, c, nil, p)
	if err != nil {
		return err
	}
	defer rt.Close(context.WithoutCancel(ctx))
	list, err := agent.Replay(ctx, rt, names[0])
	p.end()
	switch {
	case errors.Is(err, agent.ErrTranscript):
		return usage("%s: %v", names[0], err)
	case errors.Is(err, os.ErrNotExist), errors.Is(err, os.ErrPermission):
		return cannotRead(names[0], err)
	case ctx.Err() != nil:
		return exitStatus(exitCancelled)
	case err != nil:
		return err
	}
	same := 0
	for _, r := range list {
		if r.Same {
			same++
		}
	}
	if c.Bool("json") {
		err = writeJSON(a.stdout, struct {
			Schema   string           `json:"schema"`
			Same     bool             `json:"same"`
			Programs []agent.Replayed `json:"programs"`
		}{"wand.agent_replay/v1", same == len(list), append([]agent.Replayed{}, list...)})
	} else {
		err = a.showReplayed(list, same)
	}
	if err == nil && same < len(list) {
		err = exitStatus(exitFailed)
	}
	return err
}

func (a *app) showReplayed(list []agent.Replayed, same int) error {
	on := colours(a.stdout)
	for _, r := range list {
		line := colour(on, green, "as it was")
		switch {
		case r.Skipped:
			line = "did not compile then"
		case r.Divergence != nil:
			line = colour(on, red, "different") + ": " + oneLine(r.Divergence.Error())
		case r.Problem != "":
			line = colour(on, red, "not repeated") + ": " + oneLine(r.Problem)
		}
		if _, err := fmt.Fprintf(a.stdout, "%s: %s\n", r.Step, line); err != nil {
			return cannotWrite(err)
		}
	}
	_, err := fmt.Fprintf(a.stdout, "%d of %d programs as they were\n", same, len(list))
	return err
}

const agentShowDescription = `Prints the conversation in a folder that wand agent --dir made: what the model said, what its programs did, how it ended.

EXAMPLES:
   wand agent show work
   wand agent show work --json`

func (a *app) agentShowCommand() *cli.Command {
	return &cli.Command{
		Name: "show", Usage: "print a conversation", UsageText: "wand agent show [options] DIR", Description: agentShowDescription,
		Flags: []cli.Flag{jsonFlag("the events, one a line,")}, HideHelpCommand: true, OnUsageError: onUsageError, Action: a.agentShow,
	}
}

func (a *app) agentShow(c *cli.Context) error {
	events, err := a.transcript(c)
	if err != nil {
		return err
	}
	if c.Bool("json") {
		encoder := json.NewEncoder(a.stdout)
		encoder.SetEscapeHTML(false)
		for _, e := range events {
			if err := encoder.Encode(e); err != nil {
				return cannotWrite(err)
			}
		}
		return nil
	}
	on := colours(a.stdout)
	head := func(step, what string) { fmt.Fprintf(a.stdout, "%s\n", colour(on, grey, "--- "+step+" "+what)) }
	for _, e := range events {
		switch e.Kind {
		case agent.EventStart:
			head("task", "("+printable(e.Start.Model)+", "+e.Start.Strategy+")")
			fmt.Fprintln(a.stdout, printable(e.Start.Task))
		case agent.EventAnswer:
			head(e.Step, "the model")
			fmt.Fprintln(a.stdout, strings.TrimRight(printable(e.Answer.Content), "\n"))
			for _, call := range e.Answer.Calls {
				fmt.Fprintf(a.stdout, "%s(%s)\n", printable(call.Name), printable(call.Arguments))
			}
		case agent.EventTold:
			head(e.Step, "was told")
			fmt.Fprintln(a.stdout, printable(e.Told))
		case agent.EventRetry:
			head(e.Step, "again: "+oneLine(e.Retry))
		case agent.EventEnd:
			head(string(e.End.Status), oneLine(e.End.Reason))
			fmt.Fprintln(a.stdout, printable(e.End.Answer))
		}
	}
	return nil
}

// transcript reads that of the folder, or the file, that a command line names.
func (a *app) transcript(c *cli.Context) ([]*agent.Event, error) {
	names, err := a.arguments(c, 1, 1, "one folder of a conversation, or its transcript")
	if err != nil {
		return nil, err
	}
	f, err := openTranscript(names[0])
	if err != nil {
		return nil, cannotRead(names[0], err)
	}
	defer f.Close()
	events, err := agent.ReadTranscript(f)
	if err != nil {
		return nil, usage("%s: %v", names[0], err)
	}
	if len(events) == 0 {
		return nil, usage("%s is empty", names[0])
	}
	return events, nil
}

func openTranscript(name string) (io.ReadCloser, error) {
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		return os.Open(agent.TranscriptFile(name))
	}
	return os.Open(name)
}
