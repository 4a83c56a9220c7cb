package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"wand/compiler"
	"wand/policies/units"
	"wand/runtime"
)

const inspectDescription = `Looks at a WebAssembly module without running it: its imports and whether the sandbox provides them, its exports, its memory, the features
that it uses, the size of its sections, and what the rewrite that bounds it would refuse.

EXAMPLES:
   wand inspect x.wasm
   wand inspect --json - < x.wasm

EXIT CODES:
   0 it would run here, 2 usage, 3 it would be refused`

func (a *app) inspectCommand() *cli.Command {
	return &cli.Command{
		Name: "inspect", Usage: "say what is in a WebAssembly module", UsageText: "wand inspect [--json] FILE|-", Description: inspectDescription,
		Flags:           []cli.Flag{&cli.BoolFlag{Name: "json", DisableDefaultText: true, Usage: "print the findings as JSON (schema wand.inspect/v1)"}},
		HideHelpCommand: true, OnUsageError: onUsageError, Action: a.inspect,
	}
}

// inspect is wand inspect.
func (a *app) inspect(c *cli.Context) error {
	if len(a.programArgs) > 0 {
		return usage("wand inspect runs nothing, so it takes no arguments for a program")
	}
	source, err := a.source(c)
	if err != nil {
		return err
	}
	// The compiler says best what is wrong with a module.
	source.Language = compiler.Wasm
	_, diagnostics, err := compiler.Compile(c.Context, source)
	if err != nil {
		return err
	}
	if len(diagnostics) > 0 {
		if c.Bool("json") {
			if err := writeJSON(a.stdout, checkResult{Schema: "wand.check/v1", File: source.Name, Language: compiler.Wasm, Diagnostics: diagnostics}); err != nil {
				return err
			}
		} else {
			showDiagnostics(a.stderr, colours(a.stderr), diagnostics)
		}
		return exitStatus(exitInvalid)
	}
	found, err := runtime.Inspect(source.Text)
	if err != nil {
		return err
	}
	if c.Bool("json") {
		err = writeJSON(a.stdout, found)
	} else {
		err = a.showInspection(source.Name, found)
	}
	if err == nil && len(found.Refused) > 0 {
		err = exitStatus(exitInvalid)
	}
	return err
}

func (a *app) showInspection(name string, i *runtime.Inspection) error {
	on := colours(a.stdout)
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', tabwriter.StripEscape)
	row := func(what, format string, args ...any) {
		// A name in the module is one line and one cell, whatever is in it.
		fmt.Fprintf(w, "%s\t%s\n", what, oneLine(fmt.Sprintf(format, args...)))
	}
	size := func(n int64) string { return units.Bytes(n).String() }
	row("module", "%s, a %s of %s", name, i.Kind, size(int64(i.Bytes)))
	for _, f := range i.Features {
		row("feature", "%s", f)
	}
	row("contents", "%d functions, %d globals, %d table entries, %s of data", i.Functions, i.Globals, i.TableEntries, size(int64(i.DataBytes)))
	if m := i.Memory; m != nil {
		row("memory", "%s at the start, at most %s", size(m.MinBytes), size(m.MaxBytes))
	}
	for _, s := range i.Sections {
		row("section", "%s: %s", s.Name, size(int64(s.Bytes)))
	}
	for _, im := range i.Imports {
		mark := ""
		if !im.Provided {
			mark = ", not provided"
		}
		row("import", "%s.%s %s%s", im.Module, im.Name, im.Type, mark)
	}
	for _, e := range i.Exports {
		row("export", "%s %s", e.Name, e.Type)
	}
	if m := i.Metered; m != nil {
		row("metered", "%s; %d functions check when they are entered, %d places charge, %d loops check", size(int64(m.Bytes)), m.Tracked, m.Charges, m.Loops)
		if m.Snapshot != "" {
			row("snapshot", "none: %s", m.Snapshot)
		}
	}
	if err := w.Flush(); err != nil {
		return cannotWrite(err)
	}
	for _, reason := range i.Refused {
		fmt.Fprintf(a.stdout, "%s %s\n", colour(on, red, "refused:"), oneLine(reason))
	}
	return nil
}
