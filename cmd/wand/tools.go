package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"wand/compiler"
	"wand/hostfuncs"
	"wand/modules/sdk"
)

const toolsDescription = `Prints the tools that a program would have under a policy, as stubs for whoever writes it: for a model's prompt in one line each, as a Python
or TypeScript declaration, as the tools of an OpenAI chat completion, or as JSON. MCP servers of the policy are started to hear of theirs.

With --language it prints what a model needs to write a program in that language: the declarations for Python, JavaScript and TypeScript; for a language that has
to be compiled how a program reads its input, calls tools and gives its value, and then a line for each tool.

EXAMPLES:
   wand tools
   wand tools --policy analyst
   wand tools --policy policy.yaml --format typescript > tools.d.ts
   wand tools --policy analyst --language go
   wand tools --allow http:api.example.com --allow kv --format openai

` + allowHelp

// Values of --format.
const (
	formatPrompt     = "prompt"
	formatPython     = "python"
	formatTypeScript = "typescript"
	formatOpenAI     = "openai"
	formatJSON       = "json"
)

func toolFormats() []string {
	return []string{formatPrompt, formatPython, formatTypeScript, formatOpenAI, formatJSON}
}

// toolInfo is the JSON form of a tool, a stable contract. Parameters is a JSON Schema.
type toolInfo struct {
	Name        string          `json:"name"`
	Description string          `json:"description,omitempty"`
	Parameters  json.RawMessage `json:"parameters"`
}

func (a *app) toolsCommand() *cli.Command {
	return &cli.Command{
		Name: "tools", Usage: "print the tools that a program would have", UsageText: "wand tools [options]", Description: toolsDescription,
		Flags: []cli.Flag{
			policyFlag(), overlayFlag(), allowFlag(),
			&cli.StringFlag{Name: "format", Value: formatPrompt, Usage: "`FORMAT`: " + strings.Join(toolFormats(), ", ")},
			&cli.StringFlag{Name: "language", Usage: "what a program in `LANGUAGE` needs to know, instead of --format"},
		},
		HideHelpCommand: true, OnUsageError: onUsageError,
		Action: a.tools,
	}
}

// tools is wand tools.
func (a *app) tools(c *cli.Context) error {
	if err := a.noArguments(c); err != nil {
		return err
	}
	format := c.String("format")
	if !slices.Contains(toolFormats(), format) {
		return usage("--format: %q is none of %s", format, strings.Join(toolFormats(), ", "))
	}
	language, err := writtenIn(c)
	if err != nil {
		return err
	}
	granted, err := a.authority(c, policyName(c))
	if err != nil {
		return err
	}
	ctx, release := interruptible(c.Context)
	defer release()
	rt, err := a.newRuntime(ctx, c, granted, nil)
	if err != nil {
		return err
	}
	defer rt.Close(context.WithoutCancel(ctx))
	stubs, err := rt.Stubs(ctx, granted.policy, nil)
	if err != nil {
		return usage("%v", err) // the policy names something that is not there
	}
	var text string
	if language != "" {
		text = languageText(stubs, language)
	} else {
		text, err = stubText(stubs, format)
	}
	if err != nil {
		return err
	}
	if _, err := fmt.Fprint(a.stdout, text); err != nil {
		return cannotWrite(err)
	}
	return nil
}

// writtenIn is the language of --language, empty without.
func writtenIn(c *cli.Context) (compiler.Language, error) {
	if !c.IsSet("language") {
		return "", nil
	}
	if c.IsSet("format") {
		return "", usage("--language and --format exclude each other: a language has a form of its own")
	}
	language, err := compiler.ParseLanguage(c.String("language"))
	if err != nil {
		return "", usage("--language: %v", err)
	}
	if language == compiler.Wasm {
		return "", usage("--language: nobody writes %s; ask for wat", language.Title())
	}
	return language, nil
}

// languageText is what somebody has to know who writes a program in a language.
func languageText(s *hostfuncs.Stubs, language compiler.Language) string {
	switch language {
	case compiler.Python:
		return printable(s.Python())
	case compiler.JavaScript, compiler.TypeScript:
		return printable(s.TypeScript())
	}
	text := sdk.Guide(string(language)) + "\nA tool's result and its arguments, which go by name, are JSON. "
	if lines := s.Prompt(); lines != "" {
		return text + "The tools:\n\n" + printable(lines)
	}
	return text + "There are no tools.\n"
}

// stubText writes stubs in a format. Names and descriptions may be an MCP server's, so nothing in them may drive a terminal.
func stubText(s *hostfuncs.Stubs, format string) (string, error) {
	switch format {
	case formatPython:
		return printable(s.Python()), nil
	case formatTypeScript:
		return printable(s.TypeScript()), nil
	case formatPrompt:
		return printable(s.Prompt()), nil
	}
	list, names := s.OpenAI()
	var v any = list
	if format == formatJSON {
		var tools []struct {
			Function struct {
				Name, Description string
				Parameters        json.RawMessage
			}
		}
		if err := json.Unmarshal(list, &tools); err != nil {
			return "", err
		}
		infos := []toolInfo{}
		for _, t := range tools {
			infos = append(infos, toolInfo{names[t.Function.Name], t.Function.Description, t.Function.Parameters})
		}
		v = struct {
			Schema string     `json:"schema"`
			Tools  []toolInfo `json:"tools"`
		}{"wand.tools/v1", infos}
	}
	var b strings.Builder
	err := writeJSON(&b, v)
	return b.String(), err
}
