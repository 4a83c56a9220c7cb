package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"wand/compiler"
	"wand/hostfuncs"
	"wand/hostfuncs/builtin"
	"wand/hostfuncs/fs"
	"wand/policies"
)

const policyDescription = `Works on policies, the documents that say what a program may reach. Where a command wants a FILE, the name of a preset does as well.

EXAMPLES:
   wand policy check policy.yaml
   wand policy explain policy.yaml --tool http --args '{"url": "https://api.example.com/v1/items"}'
   wand policy diff old.yaml new.yaml
   wand policy learn main.py > policy.yaml`

func (a *app) policyCommand() *cli.Command {
	return &cli.Command{
		Name: "policy", Usage: "check, explain, test and write policies", UsageText: "wand policy COMMAND [options] [arguments]", Description: policyDescription,
		HideHelpCommand: true, OnUsageError: onUsageError,
		Action: needsSubcommand,
		Subcommands: []*cli.Command{
			a.policyCheckCommand(), a.policyExplainCommand(), a.policyTestCommand(), a.policyShowCommand(), a.policyDiffCommand(), a.policyLearnCommand(),
			a.policyPresetsCommand(), a.policySchemaCommand(),
		},
	}
}

// needsSubcommand answers a command that is only the beginning of others.
func needsSubcommand(c *cli.Context) error {
	if err := cli.ShowSubcommandHelp(c); err != nil {
		return err
	}
	return exitStatus(exitUsage)
}

func jsonFlag(what string) cli.Flag {
	return &cli.BoolFlag{Name: "json", DisableDefaultText: true, Usage: "print " + what + " as JSON on standard output"}
}

const policyCheckDescription = `Reads policies as a run would, and says everything that is wrong with them as FILE:LINE:COLUMN. What a policy names and this machine has
not got, such as the value of a secret or a folder, is a warning: the document may be meant for another one. A .cedar file is checked as an
organisation's overlay, which may forbid and not permit.

EXAMPLES:
   wand policy check policy.yaml
   wand policy check policy.yaml --overlay organisation.cedar
   wand policy check --json policies/*.yaml

EXIT CODES:
   0 no errors, 2 usage, 3 errors`

// policyCheck is the JSON form of a check, a stable contract.
type policyCheck struct {
	Schema string          `json:"schema"`
	OK     bool            `json:"ok"`
	Files  []policyVerdict `json:"files"`
}

type policyVerdict struct {
	File     string          `json:"file"`
	OK       bool            `json:"ok"`
	Name     string          `json:"name,omitempty"`
	Findings []policyFinding `json:"findings"`
}

func (a *app) policyCheckCommand() *cli.Command {
	return &cli.Command{
		Name: "check", Usage: "say what is wrong with policies", UsageText: "wand policy check [options] FILE...", Description: policyCheckDescription,
		Flags: []cli.Flag{overlayFlag(), jsonFlag("the findings")}, HideHelpCommand: true, OnUsageError: onUsageError,
		Action: a.policyCheck,
	}
}

// policyCheck is wand policy check.
func (a *app) policyCheck(c *cli.Context) error {
	names, err := a.arguments(c, 1, -1, "a policy file, as in: wand policy check policy.yaml")
	if err != nil {
		return err
	}
	result := policyCheck{Schema: "wand.policy_check/v1", OK: true, Files: []policyVerdict{}}
	on := colours(a.stderr)
	for _, name := range names {
		v := a.checkPolicy(c, name)
		result.OK = result.OK && v.OK
		result.Files = append(result.Files, v)
		if c.Bool("json") {
			continue
		}
		showPolicyFindings(a.stderr, on, v.Findings)
		if v.OK {
			called := ""
			if v.Name != "" {
				called = printable(v.Name) + ", "
			}
			fmt.Fprintf(a.stderr, "wand: %s: %sno errors\n", colour(on, green, printable(name)), called)
		}
	}
	if c.Bool("json") {
		if err := writeJSON(a.stdout, result); err != nil {
			return err
		}
	}
	if !result.OK {
		return exitStatus(exitInvalid)
	}
	return nil
}

func (a *app) checkPolicy(c *cli.Context, name string) policyVerdict {
	v := policyVerdict{File: name, Findings: []policyFinding{}}
	fail := func(err error) policyVerdict {
		found := findingsOf(err)
		if found == nil {
			found = []policyFinding{{Severity: compiler.SeverityError, File: name, Message: err.Error()}}
		}
		v.Findings = append(v.Findings, found...)
		return v
	}
	var granted *authority
	var err error
	if strings.HasSuffix(name, ".cedar") {
		granted = &authority{policy: &policies.Policy{Version: 1}}
		var o *policies.Overlay
		if o, err = policies.LoadOverlay(name); err == nil {
			granted.engine, err = policies.Compile(granted.policy, o)
		}
	} else {
		granted, err = a.authority(c, name)
	}
	if err != nil {
		return fail(err)
	}
	v.OK, v.Name = true, granted.policy.Name
	v.Findings = append(v.Findings, policyFindings(compiler.SeverityWarning, granted.engine.Warnings())...)
	v.Findings = append(v.Findings, unmet(granted.engine.Policy())...)
	return v
}

// arguments returns the arguments of a command that wants between least and most of them; most -1 is any number.
func (a *app) arguments(c *cli.Context, least, most int, what string) ([]string, error) {
	list := append(c.Args().Slice(), a.programArgs...)
	switch {
	case len(list) < least:
		return nil, usage("%s wants %s", commandName(c), what)
	case most >= 0 && len(list) > most:
		return nil, usage("unexpected argument %q: %s wants %s", list[most], commandName(c), what)
	}
	return list, nil
}

// commandName is the whole command: wand policy check.
func commandName(c *cli.Context) string { return c.Command.HelpName }

const policyExplainDescription = `Says what a policy answers to one call of a tool: allowed or denied, by which rule and where it stands, how near other rules came, and what
would change the answer. Nothing is called.

EXAMPLES:
   wand policy explain policy.yaml --tool http --args '{"url": "https://api.example.com/v1/items"}'
   wand policy explain policy.yaml --tool fs.write --args '{"path": "/out/a.txt"}'
   wand policy explain policy.yaml --tool mail.send --args @mail.json --json
   wand policy explain compute --tool kv.get --args '{"key": "a"}'

EXIT CODES:
   0 allowed, 2 usage, 5 denied`

// policyExplanation is the JSON form of an explanation, a stable contract. A call that asks the policy several things, as renaming a file does, has
// one answer for each.
type policyExplanation struct {
	Schema  string         `json:"schema"`
	Allowed bool           `json:"allowed"`
	Tool    string         `json:"tool"`
	Answers []policyAnswer `json:"answers"`
}

type policyAnswer struct {
	What     string        `json:"what"`
	Action   string        `json:"action"`
	Resource string        `json:"resource"`
	Allowed  bool          `json:"allowed"`
	Rule     string        `json:"rule"`
	Position string        `json:"position,omitempty"`
	Reason   string        `json:"reason"`
	Hint     string        `json:"hint,omitempty"`
	Terms    []policyTerms `json:"terms,omitempty"`
	Rules    []policyRule  `json:"rules"`
	Change   []string      `json:"change"`
}

type policyTerms struct {
	Rule      string  `json:"rule"`
	MaxCalls  int     `json:"max_calls,omitempty"`
	Rate      string  `json:"rate,omitempty"`
	TimeoutMS float64 `json:"timeout_ms,omitempty"`
	Approve   bool    `json:"approve,omitempty"`
}

type policyRule struct {
	Rule       string            `json:"rule"`
	Position   string            `json:"position,omitempty"`
	Effect     string            `json:"effect"`
	Says       string            `json:"says"`
	Applies    bool              `json:"applies"`
	Failure    string            `json:"failure,omitempty"`
	Conditions []policyCondition `json:"conditions"`
	Cedar      string            `json:"cedar"`
}

type policyCondition struct {
	Name    string `json:"name"`
	Wants   string `json:"wants"`
	Got     string `json:"got,omitempty"`
	Holds   bool   `json:"holds"`
	Failure string `json:"failure,omitempty"`
}

func (a *app) policyExplainCommand() *cli.Command {
	return &cli.Command{
		Name: "explain", Usage: "say what a policy answers to a call, and why", UsageText: "wand policy explain [options] FILE --tool NAME [--args JSON]", Description: policyExplainDescription,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "tool", Usage: "`NAME` of the tool that is called"},
			&cli.StringFlag{Name: "args", Usage: "the call's arguments: a `JSON` object, or @FILE that holds one"},
			overlayFlag(), allowFlag(), jsonFlag("the explanation"),
		},
		HideHelpCommand: true, OnUsageError: onUsageError,
		Action: a.policyExplain,
	}
}

// policyExplain is wand policy explain.
func (a *app) policyExplain(c *cli.Context) error {
	names, err := a.arguments(c, 1, 1, "one policy file, as in: wand policy explain policy.yaml --tool http --args '{\"url\": \"https://api.example.com/\"}'")
	if err != nil {
		return err
	}
	tool := c.String("tool")
	if tool == "" {
		return usage("%s wants --tool NAME, such as http, fs.read or kv.get", commandName(c))
	}
	args := json.RawMessage("{}")
	if c.IsSet("args") {
		if args, err = readJSON("args", c.String("args")); err != nil {
			return err
		}
	}
	granted, err := a.authority(c, names[0])
	if err != nil {
		return err
	}
	list, err := requests(c.Context, granted.engine.Policy(), tool, args)
	if err != nil {
		return err
	}
	result := policyExplanation{Schema: "wand.policy_explanation/v1", Allowed: true, Tool: tool}
	for _, request := range list {
		x := explained(granted.engine, request)
		result.Allowed = result.Allowed && x.Decision.Allowed
		result.Answers = append(result.Answers, answer(x))
		if !c.Bool("json") {
			if _, err := fmt.Fprint(a.stdout, printable(x.String())); err != nil {
				return cannotWrite(err)
			}
		}
	}
	if c.Bool("json") {
		if err := writeJSON(a.stdout, result); err != nil {
			return err
		}
	}
	if !result.Allowed {
		return exitStatus(exitDenied)
	}
	return nil
}

// explained is what a run answers. Beyond what the policy says that is the program's own folders, which it may use as it likes.
func explained(e *policies.Engine, r policies.Request) policies.Explanation {
	x := policies.Explain(e, r)
	if d := fs.WithScratch(e).Decide(r); d.Allowed && !x.Decision.Allowed {
		d.Reason = "/work and /tmp are the program's own, and gone after the run"
		x.Decision, x.Rules = d, nil
		x.Change = []string{"to deny it: forbid: [{name: " + r.Action + "}]"}
	}
	return x
}

// requests is what a call asks of a policy: what the tool itself asks where it is one that comes with wand. Nothing that the policy names is opened.
func requests(ctx context.Context, p *policies.Policy, tool string, args json.RawMessage) ([]policies.Request, error) {
	var decoded map[string]any
	decoder := json.NewDecoder(bytes.NewReader(args))
	decoder.UseNumber()
	if err := decoder.Decode(&decoded); err != nil || decoded == nil {
		return nil, usage("--args: the arguments of a tool are a JSON object by name, such as {\"key\": \"a\"}, not %s", clip(oneLine(string(args)), 60))
	}
	list, known, err := ownRequests(ctx, p, tool, args)
	if err != nil {
		return nil, err
	}
	if !known {
		r, err := policies.NewRequest(tool, withDefaults(p, tool, decoded))
		if err != nil {
			return nil, usage("--args: %v", err)
		}
		r.Context["args"] = decoded
		list = []policies.Request{r}
	}
	for i := range list {
		q := &list[i]
		q.Context = maps.Clone(q.Context)
		if q.Context == nil {
			q.Context = map[string]any{}
		}
		if _, has := q.Context["args"]; !has {
			q.Context["args"] = decoded
		}
	}
	return list, nil
}

// withDefaults says what a call is about that its arguments leave to the policy: the model, and a child program's language.
func withDefaults(p *policies.Policy, tool string, args map[string]any) map[string]any {
	args = maps.Clone(args)
	switch {
	case tool == policies.ActionLLM && p.LLM != nil:
		args["model"] = p.LLM.Model
	case tool == policies.ActionLLM && args["model"] == nil:
		args["model"] = "any"
	case tool == policies.ActionRun && args["language"] == nil:
		args["language"] = "any"
	}
	return args
}

// ownRequests is what a tool that comes with wand says that a call asks. known is false for another tool.
func ownRequests(ctx context.Context, p *policies.Policy, tool string, args json.RawMessage) (list []policies.Request, known bool, err error) {
	// Of the policy only the variables matter to what the tools ask, and none of them is read.
	plain, err := policies.Compile(&policies.Policy{Version: 1, Environment: p.Environment})
	if err != nil {
		return nil, false, err
	}
	nothing, err := policies.Compile(&policies.Policy{Version: 1})
	if err != nil {
		return nil, false, err
	}
	kit, err := builtin.Open(ctx, builtin.Config{Engine: plain, LookupEnv: func(string) (string, bool) { return "", true }})
	if err != nil {
		return nil, false, err
	}
	defer kit.Close()
	for d := range kit.Tools.All() {
		if d.Name != tool {
			continue
		}
		// A gate that denies everything checks the arguments and goes no further.
		gate := hostfuncs.NewGate(hostfuncs.GateOptions{Tools: kit.Tools, Policy: nothing})
		defer gate.Close()
		if _, refused, _ := gate.Call(ctx, tool, args); refused != nil && refused.Type == hostfuncs.ArgumentError {
			message := refused.Message
			if refused.Hint != "" {
				message += "; " + refused.Hint
			}
			return nil, true, usage("--args: %s", message)
		}
		if d.Requests == nil {
			return []policies.Request{{Action: tool, Resource: policies.Resource{Type: policies.ResourceTool, ID: tool}}}, true, nil
		}
		if list, err = d.Requests(args); err != nil {
			return nil, true, usage("--args: %v", err)
		}
		return list, true, nil
	}
	return nil, false, nil
}

func answer(x policies.Explanation) policyAnswer {
	d := x.Decision
	a := policyAnswer{
		What: x.What, Action: x.Request.Action, Resource: string(x.Request.Resource.Type) + " " + x.Request.Resource.ID, Allowed: d.Allowed, Rule: d.Rule,
		Position: d.Position, Reason: d.Reason, Hint: d.Hint, Rules: []policyRule{}, Change: append([]string{}, x.Change...),
	}
	for _, t := range d.Terms {
		terms := policyTerms{Rule: t.Rule, MaxCalls: t.MaxCalls, TimeoutMS: float64(t.Timeout.Microseconds()) / 1000, Approve: t.Approve}
		if t.Rate.Calls > 0 {
			terms.Rate = fmt.Sprintf("%d/%v", t.Rate.Calls, t.Rate.Per)
		}
		a.Terms = append(a.Terms, terms)
	}
	for _, r := range x.Rules {
		rule := policyRule{r.Rule, r.Position, r.Effect, r.Says, r.Applies, r.Failure, []policyCondition{}, r.Cedar}
		for _, c := range r.Conditions {
			rule.Conditions = append(rule.Conditions, policyCondition(c))
		}
		a.Rules = append(a.Rules, rule)
	}
	return a
}

const policyShowDescription = `Prints what a policy amounts to: with all that it extends merged, all defaults filled in and the overlays' limits applied; or, with --cedar, the
Cedar policies that every call is decided by.

EXAMPLES:
   wand policy show policy.yaml
   wand policy show analyst --allow http:api.example.com
   wand policy show policy.yaml --cedar --overlay organisation.cedar`

func (a *app) policyShowCommand() *cli.Command {
	return &cli.Command{
		Name: "show", Usage: "print what a policy amounts to", UsageText: "wand policy show [options] FILE", Description: policyShowDescription,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "cedar", DisableDefaultText: true, Usage: "print the Cedar policies that it is compiled to"}, overlayFlag(), allowFlag(), jsonFlag("both"),
		},
		HideHelpCommand: true, OnUsageError: onUsageError,
		Action: a.policyShow,
	}
}

// policyShow is wand policy show.
func (a *app) policyShow(c *cli.Context) error {
	names, err := a.arguments(c, 1, 1, "one policy file, as in: wand policy show policy.yaml")
	if err != nil {
		return err
	}
	granted, err := a.authority(c, names[0])
	if err != nil {
		return err
	}
	text := string(granted.engine.Policy().YAML())
	if c.Bool("json") {
		return writeJSON(a.stdout, struct {
			Schema  string   `json:"schema"`
			Name    string   `json:"name,omitempty"`
			Sources []string `json:"sources"`
			YAML    string   `json:"yaml"`
			Cedar   string   `json:"cedar"`
		}{"wand.policy/v1", granted.policy.Name, append([]string{}, granted.policy.Sources...), text, granted.engine.Cedar()})
	}
	if c.Bool("cedar") {
		text = granted.engine.Cedar()
	}
	if _, err := fmt.Fprint(a.stdout, printable(text)); err != nil {
		return cannotWrite(err)
	}
	return nil
}

const policyPresetsDescription = `Lists the policies that come with wand. Their names do wherever a policy file is wanted, and under extends.

EXAMPLES:
   wand policy presets
   wand policy show web-reader`

func (a *app) policyPresetsCommand() *cli.Command {
	return &cli.Command{
		Name: "presets", Usage: "list the policies that come with wand", UsageText: "wand policy presets [--json]", Description: policyPresetsDescription,
		Flags: []cli.Flag{jsonFlag("them")}, HideHelpCommand: true, OnUsageError: onUsageError,
		Action: a.policyPresets,
	}
}

// policyPresets is wand policy presets.
func (a *app) policyPresets(c *cli.Context) error {
	if err := a.noArguments(c); err != nil {
		return err
	}
	type preset struct {
		Name        string `json:"name"`
		Description string `json:"description"`
		Default     bool   `json:"default,omitempty"`
	}
	list := []preset{}
	for _, name := range policies.Presets() {
		p, err := policies.Preset(name)
		if err != nil {
			return err
		}
		list = append(list, preset{name, p.Description, name == defaultPolicy})
	}
	if c.Bool("json") {
		return writeJSON(a.stdout, struct {
			Schema  string   `json:"schema"`
			Presets []preset `json:"presets"`
		}{"wand.policy_presets/v1", list})
	}
	table := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	for _, p := range list {
		fmt.Fprintf(table, "%s\t%s\n", p.Name, p.Description)
	}
	if err := table.Flush(); err != nil {
		return cannotWrite(err)
	}
	return nil
}

const policySchemaDescription = `Prints the JSON Schema of the policy document, which editors use to complete and check it. It says form; wand policy check says meaning too.

EXAMPLES:
   wand policy schema > policy.schema.json`

func (a *app) policySchemaCommand() *cli.Command {
	return &cli.Command{
		Name: "schema", Usage: "print the JSON Schema of the document", UsageText: "wand policy schema", Description: policySchemaDescription,
		HideHelpCommand: true, OnUsageError: onUsageError,
		Action: func(c *cli.Context) error {
			if err := a.noArguments(c); err != nil {
				return err
			}
			if _, err := a.stdout.Write(policies.Schema()); err != nil {
				return cannotWrite(err)
			}
			return nil
		},
	}
}
