package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/urfave/cli/v2"

	"wand/compiler"
)

const checkDescription = `Checks a program without running it: finds its language, translates TypeScript, has the interpreter parse it, compiles Go, C, C++, Rust,
AssemblyScript and WebAssembly text, validates WebAssembly.
Findings go to standard error as FILE:LINE:COLUMN; lines count from the program's first, also in a Markdown code block.

EXAMPLES:
   wand check main.py
   wand check --json answer.md
   wand check main.c
   wand check -c 'print('

EXIT CODES:
   0 no errors, 2 usage, 3 errors, 70 fault (wand itself failed), 130 cancelled`

// checkResult is the JSON form of a check, a stable contract.
type checkResult struct {
	Schema      string                `json:"schema"`
	OK          bool                  `json:"ok"`
	File        string                `json:"file"`
	Language    compiler.Language     `json:"language,omitempty"`
	LineOffset  int                   `json:"line_offset,omitempty"` // lines before the program, in a code block
	Diagnostics []compiler.Diagnostic `json:"diagnostics"`
}

func (a *app) checkCommand() *cli.Command {
	return &cli.Command{
		Name: "check", Usage: "check a program without running it", UsageText: "wand check [options] FILE|-|-c CODE", Description: checkDescription,
		Flags:           append(sourceFlags(), engineFlag(), &cli.BoolFlag{Name: "json", DisableDefaultText: true, Usage: "print the findings as JSON on standard output"}),
		HideHelpCommand: true, OnUsageError: onUsageError,
		Action: a.check,
	}
}

// check is wand check.
func (a *app) check(c *cli.Context) error {
	if len(a.programArgs) > 0 {
		return usage("wand check takes no arguments for the program")
	}
	source, err := a.source(c)
	if err != nil {
		return err
	}
	ctx, release := interruptible(c.Context)
	defer release()
	progress := newProgress(a.stderr)
	defer progress.end()
	rt, err := a.newRuntime(ctx, c, nil, progress)
	if err != nil {
		return err
	}
	defer rt.Close(context.WithoutCancel(ctx))
	module, diagnostics, err := rt.Compile(ctx, source)
	progress.end()
	var input *compiler.InputError
	switch {
	case err != nil && ctx.Err() != nil:
		fmt.Fprintln(a.stderr, "wand: cancelled")
		return exitStatus(exitCancelled)
	case errors.As(err, &input) && c.Bool("json"):
		diagnostics = append(diagnostics, compiler.Diagnostic{Severity: compiler.SeverityError, Message: input.Reason.Error() + ": " + input.Detail, File: source.Name, Line: input.Line})
	case err != nil:
		return err
	}
	result := checkResult{Schema: "wand.check/v1", OK: module != nil, File: source.Name, Diagnostics: append([]compiler.Diagnostic{}, diagnostics...)}
	switch {
	case module != nil:
		result.File, result.Language, result.LineOffset = module.Name, module.Language, module.LineOffset
	case len(diagnostics) > 0:
		result.File = diagnostics[0].File
	}
	if c.Bool("json") {
		if err := writeJSON(a.stdout, result); err != nil {
			return err
		}
	} else {
		on := colours(a.stderr)
		showDiagnostics(a.stderr, on, diagnostics)
		if module != nil {
			fmt.Fprintf(a.stderr, "wand: %s: %s, no errors\n", colour(on, green, printable(module.Name)), module.Language)
		}
	}
	if module == nil {
		return exitStatus(exitInvalid)
	}
	return nil
}

// writeJSON prints a value as people and programs read it.
func writeJSON(w io.Writer, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	if _, err := w.Write(append(text, '\n')); err != nil {
		return cannotWrite(err)
	}
	return nil
}

func cannotWrite(err error) error { return fmt.Errorf("cannot write to standard output: %w", err) }
