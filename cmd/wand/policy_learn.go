package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/urfave/cli/v2"

	"wand/policies"
	"wand/runtime"
)

const policyLearnDescription = `Runs a program and prints the smallest policy under which it does the same again, for a person to review. While it runs, what it asks for is
allowed as far as that can be: every tool that --policy and --allow bring with them, and requests to public hosts with the methods of
--learn-network, and the added packages that it imports. Files, variables, databases, models, other ports and private addresses have to be given with --policy or --allow, since only
you know which. What is forbidden stays forbidden, and what needs somebody's approval still does. With --dry-run nothing is changed meanwhile.

The program's output goes to standard error, unless -o takes the policy.

EXAMPLES:
   wand policy learn main.py > policy.yaml
   wand policy learn main.py -o policy.yaml --allow fs:./data --allow fs:./out:write
   wand policy learn --policy draft.yaml --learn-network GET,POST main.py
   wand policy learn --dry-run --allow kv -c 'import tools; tools.kv.set(key="a", value=1)'

` + allowHelp + `

EXIT CODES:
   those of wand run; the policy is printed whenever the program ran`

// learned is the JSON form of what was learned, a stable contract.
type learned struct {
	Schema  string         `json:"schema"`
	Status  runtime.Status `json:"status"`  // of the program
	Asked   int            `json:"asked"`   // decisions that were allowed, and from which the policy was made
	Refused []refused      `json:"refused"` // each kind once; the policy does not allow them
	Skipped []string       `json:"skipped"` // what no policy could allow
	YAML    string         `json:"yaml"`
}

type refused struct {
	What   string `json:"what"`
	Reason string `json:"reason"`
	Hint   string `json:"hint,omitempty"`
}

func (a *app) policyLearnCommand() *cli.Command {
	limits := &limitFlags{}
	return &cli.Command{
		Name: "learn", Usage: "run a program and print the policy that it needs", UsageText: "wand policy learn [options] FILE|-|-c CODE [-- ARGUMENTS]", Description: policyLearnDescription,
		Flags: append(runFlags(limits),
			&cli.StringFlag{Name: "learn-network", Value: "GET,HEAD", Usage: "HTTP `METHODS`, with commas, that may be sent to any public host; none for no host"},
			&cli.StringFlag{Name: "o", Aliases: []string{"output"}, Usage: "write the policy to `FILE`"},
			jsonFlag("the policy, and what it leaves out,"),
		),
		HideHelpCommand: true, OnUsageError: onUsageError,
		Action: func(c *cli.Context) error { return a.policyLearn(c, limits) },
	}
}

// policyLearn is wand policy learn.
func (a *app) policyLearn(c *cli.Context, flags *limitFlags) error {
	view := &verdict{app: a, options: c, json: c.Bool("json")}
	if c.String("o") == "" {
		view.out = a.stderr
	}
	pupil := &pupil{}
	report, err := a.perform(c, flags, view, func(granted *authority, o *runtime.Options) error {
		wide, err := policies.Merge(granted.policy, everything(c.String("learn-network")), importedPackages(view.program, granted.policy))
		if err != nil {
			return err
		}
		pupil.base, o.Policy = granted.engine.Policy(), wide // with all defaults, such as the namespace of the store
		o.Observe = pupil.observe
		return nil
	})
	if err != nil {
		return err
	}
	lesson := policies.Learn(pupil.asked, pupil.base)
	text := lesson.YAML()
	if view.human() {
		for _, r := range pupil.refused {
			fmt.Fprintf(a.stderr, "wand: refused, and not in the policy: %s\n", clip(oneLine(r.Reason), 300))
			if r.Hint != "" {
				fmt.Fprintf(a.stderr, "    hint: %s\n", printable(r.Hint))
			}
		}
		if pupil.omitted > 0 {
			fmt.Fprintf(a.stderr, "wand: %d requests more than could be remembered; the policy may lack what they need\n", pupil.omitted)
		}
		view.lines(report)
	}
	if file := c.String("o"); file != "" {
		if err := os.WriteFile(file, text, 0o666); err != nil {
			return usage("-o: %v", err)
		}
	}
	switch {
	case c.Bool("json"):
		result := learned{"wand.learned_policy/v1", report.Status, len(pupil.asked), append([]refused{}, pupil.refused...), append([]string{}, lesson.Skipped...), string(text)}
		if err := writeJSON(a.stdout, result); err != nil {
			return err
		}
	case c.String("o") == "":
		if _, err := a.stdout.Write(text); err != nil {
			return cannotWrite(err)
		}
	}
	return status(report)
}

// everything is what a program may do while it is watched, beyond its policy.
func everything(methods string) *policies.Policy {
	p := &policies.Policy{Version: 1, Tools: []policies.ToolGrant{{Name: "*"}}, Sources: []string{"wand policy learn"}}
	if list := slices.DeleteFunc(strings.Split(methods, ","), func(s string) bool { return strings.TrimSpace(s) == "" }); len(list) > 0 && methods != "none" {
		for i := range list {
			list[i] = strings.TrimSpace(list[i])
		}
		p.Network = []policies.NetworkGrant{{Host: "*", Methods: list, Schemes: []string{"https", "http"}, Origin: policies.Origin{Path: "--learn-network"}}}
	}
	return p
}

// maxAsked bounds what is remembered of a program's requests, in bytes.
const maxAsked = 64 << 20

// pupil remembers what a program asked for.
type pupil struct {
	base *policies.Policy

	mu      sync.Mutex
	asked   []policies.Request
	bytes   int
	omitted int // that did not fit
	refused []refused
	known   map[refused]bool
}

func (p *pupil) observe(r policies.Request, d policies.Decision) {
	if d.Allowed && d.Rule == "scratch" {
		return // the program's own folders, which no policy has to grant
	}
	r, size := remembered(r)
	p.mu.Lock()
	defer p.mu.Unlock()
	if d.Allowed {
		if p.bytes+size > maxAsked {
			p.omitted++
			return
		}
		p.bytes += size
		p.asked = append(p.asked, r)
		return
	}
	one := refused{clip(r.What(), 300), clip(d.Reason, 1000), clip(d.Hint, 1000)}
	if p.known == nil {
		p.known = map[refused]bool{}
	}
	if !p.known[one] && len(p.known) < maxRefused {
		p.known[one] = true
		p.refused = append(p.refused, one)
	}
}

// maxRefused bounds how many kinds of refusal are told.
const maxRefused = 1000

// What is remembered of one request, in bytes of one text and in arguments.
const (
	rememberedText = 8 << 10
	rememberedArg  = 200
	rememberedArgs = 64
)

// remembered is a request without what would fill the memory and no rule that is learned could bind: bodies, long texts, lists. It says how many
// bytes are left of it, about.
func remembered(r policies.Request) (policies.Request, int) {
	size := 500
	short := func(s string, n int) string {
		s = strings.ToValidUTF8(strings.Clone(s[:min(len(s), n)]), "")
		size += len(s)
		return s
	}
	r.Resource.ID = short(r.Resource.ID, rememberedText)
	context := map[string]any{}
	for name, value := range r.Context {
		switch value := value.(type) {
		case string:
			context[name] = short(value, rememberedText)
		case map[string]any:
			args := map[string]any{}
			for arg, v := range value {
				if len(args) >= rememberedArgs || len(arg) > rememberedArg {
					continue
				}
				switch v := v.(type) {
				case string:
					args[arg] = short(v, rememberedArg)
				case bool, int, int64, float64, json.Number:
					args[arg] = v
				default:
					continue
				}
				size += 50 + len(arg)
			}
			context[name] = args
		case bool, int, int64, float64, json.Number:
			context[name] = value
		}
	}
	r.Context = context
	return r, size
}
