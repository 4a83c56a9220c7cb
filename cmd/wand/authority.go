package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"wand/policies"
	"wand/policies/units"
	"wand/runtime"
)

// defaultPolicy is the preset of a run for which nobody names a policy.
const defaultPolicy = "compute"

// overlayFlag and allowFlag come with every command that takes a policy.
func overlayFlag() cli.Flag {
	return &cli.StringSliceFlag{Name: "overlay", Category: "authority", Usage: "an organisation's policy or .cedar `FILE`, whose forbids and limits hold whatever the policy says (repeatable)"}
}

func allowFlag() cli.Flag {
	return &cli.StringSliceFlag{Name: "allow", Category: "authority", Usage: "grant one thing more: `TOOL[:RESOURCE]`, such as http:api.example.com, fs:./out:write, env:LANG or mail.send (repeatable; see ALLOW in wand run --help)"}
}

func policyFlag() cli.Flag {
	return &cli.StringFlag{Name: "policy", Category: "authority", DefaultText: defaultPolicy, Usage: "what the program may do: a policy `FILE`, or a preset: " + strings.Join(policies.Presets(), ", ")}
}

// authorityFlags say what a program may reach, and who hears of it.
func authorityFlags() []cli.Flag {
	return []cli.Flag{
		policyFlag(), overlayFlag(), allowFlag(),
		&cli.StringFlag{Name: "audit", Category: "authority", Usage: "append every call and decision to `FILE`, as JSON lines in a hash chain (see wand audit)"},
		&cli.StringFlag{Name: "audit-key", Category: "authority", Usage: "`FILE` with a key, without which nobody can write the audit file anew"},
		&cli.BoolFlag{Name: "dry-run", Category: "authority", DisableDefaultText: true, Usage: "do not call tools that change something; say what they would have done"},
		&cli.StringFlag{Name: "principal", Category: "authority", DefaultText: "run", Usage: "`NAME` of the program or agent, for policies that tell them apart"},
		&cli.StringFlag{Name: "approve", Category: "authority", DefaultText: approveAsk, Usage: "who approves calls where the policy wants that, `MODE`: ask on the terminal, or never"},
	}
}

// authority is what the options say about what a program may reach.
type authority struct {
	policy   *policies.Policy // with what --allow adds
	overlays []*policies.Overlay
	engine   *policies.Engine
}

// authority reads the policy of a command line. name is a file or a preset.
func (a *app) authority(c *cli.Context, name string) (*authority, error) {
	return grant(name, c.StringSlice("allow"), c.StringSlice("overlay"))
}

// grant is what a policy grants with what --allow adds, under overlays.
func grant(name string, allowed, overlays []string) (*authority, error) {
	p, err := loadPolicy(name)
	if err != nil {
		return nil, err
	}
	w := &authority{policy: p}
	if len(allowed) > 0 {
		if w.policy, err = widened(p, allowed); err != nil {
			return nil, err
		}
	}
	for _, file := range overlays {
		o, err := policies.LoadOverlay(file)
		if err != nil {
			return nil, err
		}
		w.overlays = append(w.overlays, o)
	}
	w.engine, err = policies.Compile(w.policy, w.overlays...)
	return w, err
}

// widened adds to a policy what --allow says. Each entry names its option as the place where it stands.
func widened(p *policies.Policy, allowed []string) (*policies.Policy, error) {
	list := []*policies.Policy{p}
	for _, spec := range allowed {
		more, err := policies.Allow(spec)
		if err != nil {
			return nil, err
		}
		more.Name = ""
		at := policies.Origin{File: "--allow " + spec}
		for i := range more.Files {
			more.Files[i].Origin = at
		}
		for i := range more.Network {
			more.Network[i].Origin = at
		}
		for i := range more.Environment {
			more.Environment[i].Origin = at
		}
		for i := range more.Tools {
			more.Tools[i].Origin = at
		}
		for i := range more.Databases {
			more.Databases[i].Origin = at
		}
		for i := range more.Packages {
			more.Packages[i].Origin = at
		}
		if more.KV != nil {
			more.KV.Origin = at
		}
		if more.LLM != nil {
			more.LLM.Origin = at
		}
		if more.Run != nil {
			more.Run.Origin = at
		}
		list = append(list, more)
	}
	return policies.Merge(list...)
}

// policyName is what --policy says.
func policyName(c *cli.Context) string {
	if name := c.String("policy"); name != "" {
		return name
	}
	return defaultPolicy
}

// problem tells a person of something that went wrong beside the run, such as an MCP server that ended.
func (a *app) problem(err error) { fmt.Fprintf(a.stderr, "wand: %s\n", printable(err.Error())) }

// loadPolicy reads a policy file, or takes a preset. A preset is meant where both are there; ./NAME is the file.
func loadPolicy(name string) (*policies.Policy, error) {
	if slices.Contains(policies.Presets(), name) {
		return policies.Preset(name)
	}
	return policies.Load(name)
}

// allowHelp says how --allow is written; it stands in the help of commands that have the option.
const allowHelp = `ALLOW, which may be given often:
   http:api.example.com                    GET and HEAD over https to the host; http alone: to any public host
   http:https://api.example.com/v1/*       only these paths; http:// and a port as in a URL
   'http:POST,GET https://api.example.com' other methods
   fs:./data  fs:./out:write  fs:./log:append  fs:./data:/input:read      a file or folder; the guest sees /data, /out, /log, /input
   env:LANG  env:MODE=test                 a variable of this machine, or one with a value
   sql:./sales.db  kv  kv:./agent.db  llm:MODEL  run                      a database, the key-value store, a model, child programs
   package:sympy  package:networkx>=3      a Python package of the store (wand packages)
   mail.send  'github.*'                   any other tool by its name`

// limitsOf is the smaller of each limit that the command line and the policy say; 0 where neither does.
func limitsOf(p policies.Limits, l runtime.Limits) runtime.Limits {
	m := p.Min(policies.Limits{
		Fuel: units.Count(l.Fuel), Memory: units.Bytes(l.Memory), Deadline: units.Duration(l.Deadline), Output: units.Bytes(l.Output),
		HostCalls: units.Count(l.HostCalls), Storage: units.Bytes(l.Storage), CallDepth: units.Count(l.CallDepth),
	})
	return runtime.Limits{
		Fuel: int64(m.Fuel), Memory: int64(m.Memory), Deadline: time.Duration(m.Deadline), Output: int64(m.Output), HostCalls: int64(m.HostCalls),
		Storage: int64(m.Storage), CallDepth: int64(m.CallDepth),
	}
}

// limitNotes says which limits of the command line the policy undercuts.
func limitNotes(flags *limitFlags, p policies.Limits) []string {
	var notes []string
	for _, l := range []struct {
		name   string
		asked  *quantity
		parse  func(string) (int64, error)
		policy int64
		shown  string
	}{
		{"fuel", &flags.fuel, countOf, int64(p.Fuel), p.Fuel.String()},
		{"memory", &flags.memory, bytesOf, int64(p.Memory), p.Memory.String()},
		{"timeout", &flags.timeout, durationOf, int64(p.Deadline), p.Deadline.String()},
		{"max-output", &flags.output, bytesOf, int64(p.Output), p.Output.String()},
		{"storage", &flags.storage, bytesOf, int64(p.Storage), p.Storage.String()},
	} {
		if n, err := l.parse(l.asked.text); l.asked.isSet && err == nil && l.policy > 0 && n > l.policy {
			notes = append(notes, fmt.Sprintf("--%s %s is more than the policy allows: %s holds", l.name, l.asked.text, l.shown))
		}
	}
	return notes
}
