package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"wand/compiler"
	"wand/policies"
	"wand/policies/nearest"
	"wand/runtime"
)

// Exit codes, as `wand help` lists them.
const (
	exitCompleted = 0
	exitFailed    = 1
	exitUsage     = 2
	exitInvalid   = 3
	exitExhausted = 4
	exitDenied    = 5
	exitSuspended = 6
	exitFault     = 70
	exitCancelled = 130
)

// app is one invocation of the command.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	// programArgs are the arguments after "--".
	programArgs []string
}

func newApp(stdin io.Reader, stdout, stderr io.Writer) *app {
	return &app{stdin: stdin, stdout: stdout, stderr: stderr}
}

// main runs the command line and returns the exit code.
func (a *app) main(args []string) int {
	c := a.cli()
	arranged, programArgs, err := arrange(c, args)
	if err == nil {
		a.programArgs = programArgs
		err = c.Run(arranged)
	}
	return a.exitCode(err)
}

const description = `wand runs code that a language model wrote. Python, JavaScript and TypeScript, compiled languages and WebAssembly run in a
sandbox that reaches nothing of this machine or the network but what a policy grants; fuel, memory and time are bounded; what happened comes back as
a report that a program, a person and the model can act on.

EXAMPLES:
   wand run main.py
   wand run -c 'print(sum(range(10)))'
   wand run --fuel 500M --timeout 5s --feedback answer.md
   wand run main.c
   wand run --json --input '{"n": 3}' main.ts -- first second
   cat answer.md | wand run -
   wand run --allow fs:./data --allow http:api.example.com main.py
   wand policy check policy.yaml

EXIT CODES of wand run:
   0 completed, 1 failed, 2 usage, 3 invalid (it never started), 4 exhausted (a limit stopped it), 5 denied, 6 suspended,
   70 fault (wand itself failed), 130 cancelled

ENVIRONMENT:
   WAND_ENGINE  what --engine says when it is not given: wazero, wazero-interpreter or wasmtime
   WAND_CACHE   folder of guests and prepared code (default: wand in the user's cache folder)
   WAND_STORE   folder of stored sessions (default: wand/sessions in the user's data folder, XDG_DATA_HOME)
   WAND_PACKAGES  folder of added packages (default: wand/packages in the user's data folder)
   NO_COLOR     no colour, also on a terminal`

func (a *app) cli() *cli.App {
	return &cli.App{
		Name:            "wand",
		Usage:           "run code that a language model wrote, safely",
		UsageText:       "wand COMMAND [options] [arguments]",
		Description:     description,
		HideHelpCommand: false,
		HideVersion:     true,
		Reader:          a.stdin,
		Writer:          a.stdout,
		ErrWriter:       a.stderr,
		// A comma is a legal part of a file name.
		DisableSliceFlagSeparator: true,
		Suggest:                   true,
		ExitErrHandler:            func(*cli.Context, error) {},
		OnUsageError:              onUsageError,
		Action: func(c *cli.Context) error {
			if err := cli.ShowAppHelp(c); err != nil {
				return err
			}
			return exitStatus(exitUsage)
		},
		Commands: []*cli.Command{
			a.runCommand(), a.checkCommand(), a.buildCommand(), a.inspectCommand(), a.replayCommand(), a.resumeCommand(),
			a.sessionCommand(), a.replCommand(),
			a.agentCommand(), a.skillsCommand(), a.packagesCommand(), a.evalCommand(),
			a.policyCommand(), a.toolsCommand(), a.auditCommand(),
			a.guestsCommand(), a.doctorCommand(), a.completionCommand(), a.versionCommand(),
		},
	}
}

func onUsageError(_ *cli.Context, err error, _ bool) error { return usage("%v", err) }

// usageError is a command line that makes no sense.
type usageError struct{ message string }

func (e *usageError) Error() string { return e.message }

func usage(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// exitStatus ends the command with a code; what there is to say has been said.
type exitStatus int

func (e exitStatus) Error() string { return fmt.Sprintf("exit %d", int(e)) }

// exitCode prints an error and turns it into the exit code.
func (a *app) exitCode(err error) int {
	var status exitStatus
	var wrong *usageError
	var limit *runtime.LimitError
	var input *compiler.InputError
	var policy *policies.Error
	var lacking *unmetError
	var refused *runtime.SnapshotError
	var absent *compiler.MissingToolchainError
	switch {
	case err == nil:
		return exitCompleted
	case errors.As(err, &status):
		return int(status)
	case errors.As(err, &wrong):
		fmt.Fprintf(a.stderr, "wand: %s\n", printable(wrong.message))
		return exitUsage
	case errors.As(err, &policy):
		showPolicyFindings(a.stderr, colours(a.stderr), findingsOf(err))
		return exitUsage
	case errors.As(err, &lacking):
		for i := range lacking.findings {
			lacking.findings[i].Severity = compiler.SeverityError
		}
		showPolicyFindings(a.stderr, colours(a.stderr), lacking.findings)
		return exitUsage
	case errors.As(err, &limit):
		fmt.Fprintf(a.stderr, "wand: --%s: %s\n", limitFlag(limit.Name), limitMessage(limit))
		return exitUsage
	case errors.As(err, &refused):
		fmt.Fprintf(a.stderr, "wand: %s\n", printable(err.Error()))
		return exitInvalid
	case errors.As(err, &absent):
		fmt.Fprintf(a.stderr, "wand: %s\n", printable(absent.Error()))
		return exitInvalid
	case errors.As(err, &input):
		fmt.Fprintf(a.stderr, "wand: invalid: %s\n", printable(input.Error()))
		if input.Reason == compiler.ErrUnknownLanguage {
			fmt.Fprintln(a.stderr, "wand: say which it is, for example: --lang python")
		}
		return exitInvalid
	}
	fmt.Fprintf(a.stderr, "wand: %s\n", printable(err.Error()))
	return exitFault
}

// arrange moves the options of a command before its arguments, because people write them anywhere and the flag parser stops at the
// first argument, and takes off what follows "--". It refuses unknown commands and options with a suggestion.
func arrange(c *cli.App, args []string) (arranged, programArgs []string, err error) {
	arranged = append(arranged, args[0])
	rest := args[1:]
	for len(rest) > 0 && isOption(rest[0]) {
		if !isHelp(rest[0]) {
			return nil, nil, usage("unknown option %s: options follow a command, as in: wand run %s main.py", rest[0], rest[0])
		}
		arranged = append(arranged, rest[0])
		rest = rest[1:]
	}
	if len(rest) == 0 {
		return arranged, nil, nil
	}
	help := rest[0] == "help" || rest[0] == "h"
	if help {
		rest = rest[1:]
		if len(rest) == 0 {
			return append(arranged, "help"), nil, nil
		}
	}
	command, name, rest, err := findCommand(c, rest)
	if err != nil {
		return nil, nil, err
	}
	arranged = append(arranged, strings.Fields(name)...)
	if help {
		return append(arranged, "--help"), nil, nil
	}
	options, positional, programArgs, err := sortArguments(command, name, rest)
	switch {
	case errors.Is(err, errHelp):
		return append(arranged, "--help"), nil, nil
	case err != nil:
		return nil, nil, err
	}
	arranged = append(arranged, options...)
	if len(positional) > 0 {
		arranged = append(append(arranged, "--"), positional...)
	}
	return arranged, programArgs, nil
}

// findCommand follows the names of commands, "policy" and "check", and returns what is left of the arguments. A command with subcommands and an action of its
// own takes what names none of them as its argument.
func findCommand(c *cli.App, args []string) (command *cli.Command, name string, rest []string, err error) {
	if command = c.Command(args[0]); command == nil {
		return nil, "", nil, unknownCommand(c, args)
	}
	name, rest = command.Name, args[1:]
	for len(command.Subcommands) > 0 && len(rest) > 0 && !isHelp(rest[0]) {
		if isOption(rest[0]) {
			if actsItself(command) {
				break
			}
			return nil, "", nil, usage("unknown option %s: options follow the whole command, as in: wand %s %s %s", rest[0], name, command.Subcommands[0].Name, rest[0])
		}
		var next *cli.Command
		for _, sub := range command.Subcommands {
			if sub.HasName(rest[0]) {
				next = sub
			}
		}
		if next == nil && actsItself(command) {
			break
		}
		if next == nil {
			return nil, "", nil, usage("unknown command %q of wand %s%s\nwand: wand %s --help lists the commands", rest[0], name, suggestCommand(command.Subcommands, rest[0]), name)
		}
		command, rest = next, rest[1:]
		name += " " + command.Name
	}
	return command, name, rest, nil
}

// actsItself says whether a command with subcommands does something by itself, as wand eval does: it has options then.
func actsItself(command *cli.Command) bool { return len(command.Flags) > 0 }

var errHelp = errors.New("help is asked for")

// sortArguments tells the options of a command from its arguments and from those of the program. errHelp: --help is among them.
func sortArguments(command *cli.Command, name string, args []string) (options, positional, programArgs []string, err error) {
	for ; len(args) > 0; args = args[1:] {
		arg := args[0]
		if arg == "--" {
			return options, positional, append([]string{}, args[1:]...), nil
		}
		if !isOption(arg) {
			positional = append(positional, arg)
			continue
		}
		key, _, assigned := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		flag := findFlag(command.Flags, key)
		switch {
		case flag == nil && isHelp(arg):
			return nil, nil, nil, errHelp
		case flag == nil:
			message := fmt.Sprintf("unknown option %s of wand %s", arg, name)
			if suggestion := cli.SuggestFlag(command.Flags, key, false); suggestion != "" {
				message += "; did you mean " + suggestion + "?"
			}
			return nil, nil, nil, usage("%s\nwand: wand %s --help lists the options", message, name)
		case assigned || isBool(flag):
			options = append(options, arg)
		case len(args) == 1:
			return nil, nil, nil, usage("option %s wants a value; see wand %s --help", arg, name)
		default:
			options = append(options, arg, args[1])
			args = args[1:]
		}
	}
	return options, positional, nil, nil
}

func unknownCommand(c *cli.App, args []string) error {
	name := args[0]
	if _, err := os.Stat(name); err == nil || filepath.Ext(name) != "" || name == "-" {
		return usage("%s is not a command; did you mean: wand run %s", name, name)
	}
	return usage("unknown command %q%s\nwand: wand help lists the commands", name, suggestCommand(c.Commands, name))
}

// suggestCommand is the end of a message: the nearest name, if there is one near.
func suggestCommand(commands []*cli.Command, name string) string {
	var names []string
	for _, command := range visible(commands) {
		names = append(names, command.Name)
	}
	if near := nearest.Name(name, names); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	// The library, which likes names with the same beginning, answers with a sentence: Did you mean "run"?
	if suggestion := cli.SuggestCommand(commands, name); suggestion != "" {
		return "; " + strings.Replace(suggestion, "Did", "did", 1)
	}
	return ""
}

// isOption says whether an argument is an option; a single dash is standard input.
func isOption(arg string) bool { return strings.HasPrefix(arg, "-") && arg != "-" }

func isHelp(arg string) bool { return arg == "-h" || arg == "--help" || arg == "-help" }

func isBool(f cli.Flag) bool {
	_, ok := f.(*cli.BoolFlag)
	return ok
}

func findFlag(flags []cli.Flag, name string) cli.Flag {
	for _, f := range flags {
		for _, n := range f.Names() {
			if n == name {
				return f
			}
		}
	}
	return nil
}

// noArguments refuses arguments where none belong.
func (a *app) noArguments(c *cli.Context) error {
	if c.NArg() > 0 || len(a.programArgs) > 0 {
		return usage("%s takes no arguments, but there is %q", c.Command.HelpName, append(c.Args().Slice(), a.programArgs...)[0])
	}
	return nil
}
