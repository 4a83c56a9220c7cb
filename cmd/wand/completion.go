package main

import (
	"fmt"
	"sort"
	"strings"

	"github.com/urfave/cli/v2"
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

// values lists what an option accepts, where it is one of a few words.
func values(option string) []string {
	if option == "lang" || option == "language" {
		return []string{"python", "javascript", "typescript", "wasm"}
	}
	return nil
}

// option is one option of a command, for a script.
type option struct {
	names     []string // with their dashes
	usage     string
	takes     bool // a value
	takesFile bool
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
		case "file", "out", "package", "input":
			o.takesFile = true
		}
		list = append(list, o)
	}
	if findFlag(command.Flags, "help") == nil {
		list = append(list, option{names: []string{"--help", "-h"}, usage: "show help"})
	}
	return list
}

func visible(c *cli.App) []*cli.Command {
	var list []*cli.Command
	for _, command := range c.Commands {
		if !command.Hidden && command.Name != "help" {
			list = append(list, command)
		}
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Name < list[j].Name })
	return list
}

func bashCompletion(c *cli.App) string {
	var b strings.Builder
	var names []string
	for _, command := range visible(c) {
		names = append(names, command.Name)
	}
	b.WriteString("# bash completion for wand\n_wand() {\n")
	b.WriteString("    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} options=\n    COMPREPLY=()\n")
	fmt.Fprintf(&b, "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        COMPREPLY=($(compgen -W \"%s help\" -- \"$cur\"))\n        return\n    fi\n", strings.Join(names, " "))
	fmt.Fprintf(&b, "    case $prev in\n    --lang|--language) COMPREPLY=($(compgen -W \"%s\" -- \"$cur\")); return ;;\n    esac\n", strings.Join(values("lang"), " "))
	b.WriteString("    case ${COMP_WORDS[1]} in\n")
	for _, command := range visible(c) {
		var options []string
		for _, o := range optionsOf(command) {
			options = append(options, o.names...)
		}
		if command.Name == "completion" {
			options = append([]string{"bash", "zsh", "fish"}, options...)
		}
		fmt.Fprintf(&b, "    %s) options=\"%s\" ;;\n", command.Name, strings.Join(options, " "))
	}
	b.WriteString("    esac\n    if [[ $cur == -* || ${COMP_WORDS[1]} == completion ]]; then\n        COMPREPLY=($(compgen -W \"$options\" -- \"$cur\"))\n")
	b.WriteString("    else\n        COMPREPLY=($(compgen -f -- \"$cur\"))\n    fi\n}\ncomplete -o filenames -F _wand wand\n")
	return b.String()
}

func zshCompletion(c *cli.App) string {
	var b strings.Builder
	quote := func(s string) string {
		return strings.NewReplacer("'", "'\\''", "[", "\\[", "]", "\\]", ":", "\\:").Replace(s)
	}
	b.WriteString("#compdef wand\n# zsh completion for wand\n_wand() {\n    local -a commands\n    commands=(\n")
	for _, command := range visible(c) {
		fmt.Fprintf(&b, "        '%s:%s'\n", command.Name, quote(command.Usage))
	}
	b.WriteString("    )\n    if (( CURRENT == 2 )); then\n        _describe command commands\n        return\n    fi\n    case ${words[2]} in\n")
	for _, command := range visible(c) {
		fmt.Fprintf(&b, "    %s)\n        _arguments -S", command.Name)
		for _, o := range optionsOf(command) {
			for _, n := range o.names {
				value := ""
				switch {
				case len(values(strings.TrimLeft(n, "-"))) > 0:
					value = ":value:(" + strings.Join(values(strings.TrimLeft(n, "-")), " ") + ")"
				case o.takesFile:
					value = ":file:_files"
				case o.takes:
					value = ":value: "
				}
				fmt.Fprintf(&b, " \\\n            '*%s[%s]%s'", n, quote(o.usage), value)
			}
		}
		if command.Name == "completion" {
			b.WriteString(" \\\n            ':shell:(bash zsh fish)'\n        ;;\n")
		} else {
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
	for _, command := range visible(c) {
		fmt.Fprintf(&b, "complete -c wand -f -n __fish_use_subcommand -a %s -d %s\n", command.Name, quote(command.Usage))
	}
	for _, command := range visible(c) {
		seen := quote("__fish_seen_subcommand_from " + command.Name)
		if command.Name == "completion" {
			fmt.Fprintf(&b, "complete -c wand -f -n %s -a 'bash zsh fish'\n", seen)
		}
		for _, o := range optionsOf(command) {
			fmt.Fprintf(&b, "complete -c wand -n %s", seen)
			for _, n := range o.names {
				if strings.HasPrefix(n, "--") {
					fmt.Fprintf(&b, " -l %s", n[2:])
				} else {
					fmt.Fprintf(&b, " -s %s", n[1:])
				}
			}
			if v := values(strings.TrimLeft(o.names[0], "-")); len(v) > 0 {
				fmt.Fprintf(&b, " -x -a %s", quote(strings.Join(v, " ")))
			} else if o.takes {
				b.WriteString(" -r")
			}
			fmt.Fprintf(&b, " -d %s\n", quote(o.usage))
		}
	}
	return b.String()
}
