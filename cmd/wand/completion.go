package main

import (
	"fmt"
	"sort"
	"strings"

	"github.com/urfave/cli/v2"

	"wand/compiler"
	"wand/policies"
	"wand/runtime/agent"
	"wand/runtime/eval"
)

const completionDescription = `Prints a script that completes commands, options and file names in a shell.

EXAMPLES:
   source <(wand completion bash)                                  in ~/.bashrc
   source <(wand completion zsh)                                   in ~/.zshrc, after compinit
   wand completion fish > ~/.config/fish/completions/wand.fish`

func (a *app) completionCommand() *cli.Command {
	return &cli.Command{
		Name: "completion", Usage: "print a completion script for a shell", UsageText: "wand completion bash|zsh|fish", Description: completionDescription,
		HideHelpCommand: true, OnUsageError: onUsageError,
		Action: func(c *cli.Context) error {
			if c.NArg() != 1 {
				return usage("wand completion wants one shell: bash, zsh or fish")
			}
			var script string
			switch shell := c.Args().First(); shell {
			case "bash":
				script = bashCompletion(c.App)
			case "zsh":
				script = zshCompletion(c.App)
			case "fish":
				script = fishCompletion(c.App)
			default:
				return usage("no completion for %q: the shells are bash, zsh and fish", shell)
			}
			_, err := fmt.Fprint(a.stdout, script)
			return err
		},
	}
}

// values lists what an option accepts, where it is one of a few words. open says that other texts do as well, such as files.
func values(option string) (words []string, open bool) {
	switch option {
	case "lang", "language":
		for _, l := range compiler.Languages() {
			words = append(words, string(l))
		}
		return words, false
	case "policy":
		return policies.Presets(), true
	case "engine":
		return builtEngines(), false
	case "optimize":
		return []string{"size"}, false
	case "approve":
		return []string{approveAsk, approveNever}, false
	case "format":
		words = toolFormats()
		for _, f := range eval.Formats() {
			words = append(words, string(f))
		}
		return words, false
	case "tests":
		return []string{string(eval.DetailFailing), string(eval.DetailAll), string(eval.DetailNone)}, false
	case "strategy":
		return agent.Strategies(), true
	case "answers":
		return []string{answersFenced, answersTags}, false
	}
	return nil, false
}

// option is one option of a command, for a script.
type option struct {
	names     []string // with their dashes
	usage     string
	takes     bool // a value
	takesFile bool
	words     []string // values that it takes
}

func optionsOf(command *cli.Command) []option {
	var list []option
	for _, f := range command.Flags {
		o := option{takes: !isBool(f)}
		for _, n := range f.Names() {
			if len(n) == 1 {
				o.names = append(o.names, "-"+n)
			} else {
				o.names = append(o.names, "--"+n)
			}
		}
		if d, ok := f.(cli.DocGenerationFlag); ok {
			o.usage = strings.ReplaceAll(d.GetUsage(), "`", "")
		}
		switch f.Names()[0] {
		case "file", "out", "package", "requirements", "lock", "input", "args", "overlay", "audit", "audit-key", "key", "store", "history", "o", "problems", "html", "dir", "test", "system", "trace", "record", "suspend-dir":
			o.takesFile = true
		}
		var open bool
		if o.words, open = values(f.Names()[0]); open {
			o.takesFile = true
		}
		list = append(list, o)
	}
	if findFlag(command.Flags, "help") == nil {
		list = append(list, option{names: []string{"--help", "-h"}, usage: "show help"})
	}
	return list
}

// operandsOf lists the words that a command takes as its argument, beside files.
func operandsOf(l leaf) []string {
	switch name := l.name; {
	case len(l.command.Subcommands) > 0:
		return strings.Fields(namesOf(l.command.Subcommands))
	case name == "completion":
		return []string{"bash", "zsh", "fish"}
	case strings.HasPrefix(name, "policy ") && name != "policy learn":
		return policies.Presets()
	}
	return nil
}

func visible(commands []*cli.Command) []*cli.Command {
	var list []*cli.Command
	for _, command := range commands {
		if !command.Hidden && command.Name != "help" {
			list = append(list, command)
		}
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Name < list[j].Name })
	return list
}

// leaf is a command that does something, by its whole name: "policy check".
type leaf struct {
	name    string
	command *cli.Command
}

func leaves(c *cli.App) []leaf {
	var list []leaf
	for _, command := range visible(c.Commands) {
		for _, sub := range visible(command.Subcommands) {
			list = append(list, leaf{command.Name + " " + sub.Name, sub})
		}
		if len(command.Subcommands) == 0 || actsItself(command) {
			list = append(list, leaf{command.Name, command})
		}
	}
	return list
}

func namesOf(commands []*cli.Command) string {
	var names []string
	for _, command := range visible(commands) {
		names = append(names, command.Name)
	}
	return strings.Join(names, " ")
}

func bashCompletion(c *cli.App) string {
	var b strings.Builder
	b.WriteString("# bash completion for wand\n_wand() {\n")
	b.WriteString("    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]} options= operands=\n    COMPREPLY=()\n")
	fmt.Fprintf(&b, "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        COMPREPLY=($(compgen -W \"%s help\" -- \"$cur\"))\n        return\n    fi\n", namesOf(c.Commands))
	for _, command := range visible(c.Commands) {
		switch {
		case actsItself(command) && len(command.Subcommands) > 0:
			fmt.Fprintf(&b, "    if [ \"$command\" = %s ]; then\n        case ${COMP_WORDS[2]} in\n        %s)\n            if [ \"$COMP_CWORD\" -gt 2 ]; then command+=\" ${COMP_WORDS[2]}\"; fi ;;\n        esac\n    fi\n",
				command.Name, strings.ReplaceAll(namesOf(command.Subcommands), " ", "|"))
		case len(command.Subcommands) > 0:
			fmt.Fprintf(&b, "    if [ \"$command\" = %s ]; then\n        if [ \"$COMP_CWORD\" -eq 2 ]; then\n            COMPREPLY=($(compgen -W \"%s\" -- \"$cur\"))\n            return\n        fi\n        command+=\" ${COMP_WORDS[2]}\"\n    fi\n",
				command.Name, namesOf(command.Subcommands))
		}
	}
	b.WriteString("    case $prev in\n")
	seen := map[string]bool{}
	for _, l := range leaves(c) {
		for _, o := range optionsOf(l.command) {
			if len(o.words) == 0 || seen[o.names[0]] {
				continue
			}
			seen[o.names[0]] = true
			files := ""
			if o.takesFile {
				files = " -f"
			}
			fmt.Fprintf(&b, "    %s) COMPREPLY=($(compgen%s -W \"%s\" -- \"$cur\")); return ;;\n", strings.Join(o.names, "|"), files, strings.Join(o.words, " "))
		}
	}
	b.WriteString("    esac\n    case $command in\n")
	for _, l := range leaves(c) {
		var options []string
		for _, o := range optionsOf(l.command) {
			options = append(options, o.names...)
		}
		fmt.Fprintf(&b, "    \"%s\") options=\"%s\" operands=\"%s\" ;;\n", l.name, strings.Join(options, " "), strings.Join(operandsOf(l), " "))
	}
	b.WriteString("    esac\n    if [[ $cur == -* ]]; then\n        COMPREPLY=($(compgen -W \"$options\" -- \"$cur\"))\n")
	b.WriteString("    elif [ \"$command\" = completion ]; then\n        COMPREPLY=($(compgen -W \"$operands\" -- \"$cur\"))\n")
	b.WriteString("    else\n        COMPREPLY=($(compgen -f -W \"$operands\" -- \"$cur\"))\n    fi\n}\ncomplete -o filenames -F _wand wand\n")
	return b.String()
}

func zshCompletion(c *cli.App) string {
	var b strings.Builder
	quote := func(s string) string {
		return strings.NewReplacer("'", "'\\''", "[", "\\[", "]", "\\]", ":", "\\:").Replace(s)
	}
	describe := func(indent string, at int, commands []*cli.Command) {
		fmt.Fprintf(&b, "%sif (( CURRENT == %d )); then\n%s    commands=(\n", indent, at, indent)
		for _, command := range visible(commands) {
			fmt.Fprintf(&b, "%s        '%s:%s'\n", indent, command.Name, quote(command.Usage))
		}
		fmt.Fprintf(&b, "%s    )\n%s    _describe command commands\n%s    return\n%sfi\n", indent, indent, indent, indent)
	}
	b.WriteString("#compdef wand\n# zsh completion for wand\n_wand() {\n    local -a commands\n    local command=${words[2]}\n")
	describe("    ", 2, c.Commands)
	for _, command := range visible(c.Commands) {
		switch {
		case actsItself(command) && len(command.Subcommands) > 0:
			fmt.Fprintf(&b, "    if [[ $command == %s ]] && (( CURRENT > 3 )); then\n        case ${words[3]} in\n        %s) command+=\" ${words[3]}\" ;;\n        esac\n    fi\n",
				command.Name, strings.ReplaceAll(namesOf(command.Subcommands), " ", "|"))
		case len(command.Subcommands) > 0:
			fmt.Fprintf(&b, "    if [[ $command == %s ]]; then\n", command.Name)
			describe("        ", 3, command.Subcommands)
			b.WriteString("        command+=\" ${words[3]}\"\n    fi\n")
		}
	}
	b.WriteString("    case $command in\n")
	for _, l := range leaves(c) {
		fmt.Fprintf(&b, "    '%s')\n        _arguments -S", l.name)
		for _, o := range optionsOf(l.command) {
			for _, n := range o.names {
				value := ""
				switch {
				case len(o.words) > 0 && o.takesFile:
					value = fmt.Sprintf(":value:{ compadd %s; _files }", strings.Join(o.words, " "))
				case len(o.words) > 0:
					value = ":value:(" + strings.Join(o.words, " ") + ")"
				case o.takesFile:
					value = ":file:_files"
				case o.takes:
					value = ":value: "
				}
				fmt.Fprintf(&b, " \\\n            '*%s[%s]%s'", n, quote(o.usage), value)
			}
		}
		switch words := operandsOf(l); {
		case l.name == "completion":
			fmt.Fprintf(&b, " \\\n            ':shell:(%s)'\n        ;;\n", strings.Join(words, " "))
		case len(words) > 0:
			fmt.Fprintf(&b, " \\\n            '*:file:{ compadd %s; _files }'\n        ;;\n", strings.Join(words, " "))
		default:
			b.WriteString(" \\\n            '*:file:_files'\n        ;;\n")
		}
	}
	b.WriteString("    esac\n}\nif [ \"${funcstack[1]}\" = _wand ]; then\n    _wand \"$@\"\nelse\n    compdef _wand wand\nfi\n")
	return b.String()
}

func fishCompletion(c *cli.App) string {
	var b strings.Builder
	quote := func(s string) string { return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'" }
	b.WriteString("# fish completion for wand\n")
	b.WriteString("function __wand_at\n    set -l words (commandline -opc)\n    test (count $words) -gt (count $argv); and test \"$words[2..(math (count $argv) + 1)]\" = \"$argv\"\nend\n")
	b.WriteString("function __wand_needs_subcommand\n    set -l words (commandline -opc)\n    test (count $words) -eq 2; and test \"$words[2]\" = $argv[1]\nend\n")
	for _, command := range visible(c.Commands) {
		fmt.Fprintf(&b, "complete -c wand -f -n __fish_use_subcommand -a %s -d %s\n", command.Name, quote(command.Usage))
		noFiles := " -f"
		if actsItself(command) {
			noFiles = ""
		}
		for _, sub := range visible(command.Subcommands) {
			fmt.Fprintf(&b, "complete -c wand%s -n %s -a %s -d %s\n", noFiles, quote("__wand_needs_subcommand "+command.Name), sub.Name, quote(sub.Usage))
		}
	}
	for _, l := range leaves(c) {
		at := quote("__wand_at " + l.name)
		if words := operandsOf(l); len(words) > 0 {
			only := ""
			if l.name == "completion" {
				only = " -f"
			}
			fmt.Fprintf(&b, "complete -c wand%s -n %s -a %s\n", only, at, quote(strings.Join(words, " ")))
		}
		for _, o := range optionsOf(l.command) {
			fmt.Fprintf(&b, "complete -c wand -n %s", at)
			for _, n := range o.names {
				if strings.HasPrefix(n, "--") {
					fmt.Fprintf(&b, " -l %s", n[2:])
				} else {
					fmt.Fprintf(&b, " -s %s", n[1:])
				}
			}
			switch {
			case len(o.words) > 0 && !o.takesFile:
				fmt.Fprintf(&b, " -x -a %s", quote(strings.Join(o.words, " ")))
			case len(o.words) > 0:
				fmt.Fprintf(&b, " -r -a %s", quote(strings.Join(o.words, " ")))
			case o.takes:
				b.WriteString(" -r")
			}
			fmt.Fprintf(&b, " -d %s\n", quote(o.usage))
		}
	}
	return b.String()
}
