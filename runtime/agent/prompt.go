package agent

import (
	"cmp"
	"fmt"
	"path"
	"strings"

	"wand/compiler"
	"wand/hostfuncs"
	"wand/policies"
	"wand/policies/units"
	"wand/runtime"
)

// maxStubs is how long the stubs of tools may be before one line each has to do, in bytes.
const maxStubs = 16 << 10

// systemPrompt tells a model what it has to know: how to answer, what is there, and what bounds it.
func systemPrompt(c *Config, limits runtime.Limits, science bool, stubs *hostfuncs.Stubs, budget Budget) string {
	var b strings.Builder
	name := map[compiler.Language]string{compiler.Python: "Python 3.13", compiler.JavaScript: "JavaScript", compiler.TypeScript: "TypeScript"}[c.Language]
	fmt.Fprintf(&b, "You solve a task by writing %s programs. Each one runs in a sandbox, and you are told what it printed, its value, or what went wrong.\n\n", name)
	b.WriteString(c.Format.Instructions(c.Language) + "\n\n")
	kept := "A program that fails leaves all of them as they were before it."
	if c.KeepFailed {
		kept = "What a program did before it raised an exception stays done."
	}
	fmt.Fprintf(&b, "Variables, imports, functions and files stay from one program to the next. %s The value of the last expression is shown; print what else you need to see.\n", kept)
	fmt.Fprintf(&b, "\nLimits: %s fuel units (about one per WebAssembly instruction), %s memory, %s and %s of output for each program; %d messages and %s tokens in all.\n",
		units.Count(limits.Fuel), units.Bytes(limits.Memory), units.Duration(limits.Deadline), units.Bytes(limits.Output), budget.Turns, units.Count(budget.Tokens))
	if science {
		b.WriteString("numpy and pandas can be imported; matplotlib.pyplot and df.plot draw simple charts, as SVG files.\n")
	}
	b.WriteString("Network, processes and files of the host do not exist, but for what is named here.\n")
	b.WriteString(grantText(c.Policy, c.Language))
	if len(c.Files) > 0 {
		b.WriteString("\nFiles:\n")
		for i, f := range c.Files {
			if i == 100 {
				fmt.Fprintf(&b, "... and %d more\n", len(c.Files)-i)
				break
			}
			at := f.Path
			if !path.IsAbs(at) {
				at = path.Join("/work", at)
			}
			fmt.Fprintf(&b, "%s (%s)\n", at, units.Bytes(len(f.Data)))
		}
	}
	if c.Input != nil {
		fmt.Fprintf(&b, "\nThe variable INPUT holds the task's input: %s\n", clip(string(c.Input), 500))
	}
	b.WriteString(toolText(c.Language, stubs))
	if c.Extra != "" {
		b.WriteString("\n" + strings.TrimSpace(c.Extra) + "\n")
	}
	return b.String()
}

// maxGrants is how many folders and hosts a prompt names.
const maxGrants = 50

// grantText names the folders, hosts and packages that a policy grants. Which calls they allow the policy decides, and its refusals say what would be allowed.
func grantText(p *policies.Policy, language compiler.Language) string {
	if p == nil {
		return ""
	}
	var lines []string
	for _, g := range p.Files {
		lines = append(lines, fmt.Sprintf("%s (folder or file, to %s)", g.Guest, cmp.Or(string(g.Access), "read")))
	}
	for _, g := range p.Network {
		methods := strings.Join(g.Methods, ", ")
		lines = append(lines, fmt.Sprintf("HTTP to %s: %s %s", g.Host, cmp.Or(methods, "GET, HEAD"), strings.Join(g.Paths, ", ")))
	}
	for _, d := range p.Databases {
		lines = append(lines, fmt.Sprintf("the database %s, to read with tools.sql", d.Name))
	}
	if language == compiler.Python && len(p.Packages) > 0 {
		names := make([]string, len(p.Packages))
		for i, g := range p.Packages {
			names[i] = g.String()
		}
		lines = append([]string{"to import, beside the standard library: " + strings.Join(names[:min(len(names), maxGrants)], ", ")}, lines...)
	}
	if len(lines) == 0 {
		return ""
	}
	if len(lines) > maxGrants {
		lines = append(lines[:maxGrants], "and more")
	}
	return "\nGranted:\n" + strings.Join(lines, "\n") + "\n"
}

func toolText(language compiler.Language, stubs *hostfuncs.Stubs) string {
	brief := stubs.Prompt()
	if brief == "" {
		return "\nThere are no tools.\n"
	}
	how, text := "import tools", stubs.Python()
	if language != compiler.Python {
		how, text = "the global tools; every call returns a promise", stubs.TypeScript()
	}
	if len(text) > maxStubs {
		text = brief
	}
	if len(text) > maxStubs {
		text = strings.ToValidUTF8(text[:maxStubs], "") + "\n... and more"
	}
	return fmt.Sprintf("\nTools that programs can call (%s). A call that the policy does not allow raises an exception which says what would be allowed:\n```\n%s\n```\n", how, strings.TrimSpace(text))
}
