package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"wand/compiler"
	"wand/policies/units"
	"wand/runtime"
)

const buildDescription = `Makes one WebAssembly file of a program. It starts by itself, without wand, in any runtime that has WASI preview 1: wasmtime out.wasm, wazero run out.wasm, node with
node:wasi. It reads its arguments, environment, standard input and the folders that the runtime grants, and exits as the program does.

A Python, JavaScript or TypeScript program has its interpreter in the file, in the state just before the program runs: what it imports is loaded already. Modules of Python's library
that it may import later are inside too, as far as they can be seen in it; --include adds others. A compiled program is its module, checked and without what it does not need. There
are no tools in such a file (a call of one fails as when it is not there), no INPUT, and no limits but those of its runtime, except with --metered: the file then counts its own
fuel, says so on standard error when it is used up, and exits with code 4.

The same program, packages and interpreter give the same bytes.

EXAMPLES:
   wand build prog.py -o out.wasm
   wand build prog.py -o out.wasm && wasmtime out.wasm first second
   wand build report.ts -o report.wasm --metered --fuel 1G --memory 128MiB
   wand build main.py -o main.wasm --include xml.etree.ElementTree --package six-1.17.0-py2.py3-none-any.whl
   wand build main.go -o main.wasm
   wand build - -o - < prog.js | node run.mjs

EXIT CODES:
   0 built, 1 what the program imports failed, 2 usage, 3 invalid, 4 a limit stopped the imports, 70 fault (wand itself failed), 130 cancelled`

func (a *app) buildCommand() *cli.Command {
	fuel, memory := &quantity{}, &quantity{}
	return &cli.Command{
		Name: "build", Usage: "make one WebAssembly file of a program, which runs without wand", UsageText: "wand build [options] FILE|-|-c CODE -o OUT.wasm", Description: buildDescription,
		Flags: append(sourceFlags(),
			&cli.StringFlag{Name: "o", Aliases: []string{"output"}, Usage: "write the module to `FILE`, or to standard output with -; default: the program's name with .wasm"},
			&cli.BoolFlag{Name: "metered", DisableDefaultText: true, Usage: "build a fuel budget in"},
			&cli.GenericFlag{Name: "fuel", Value: fuel, DefaultText: units.Count(runtime.DefaultLimits().Fuel).String(), Usage: "the budget, `N` units, about one per WebAssembly instruction: 500M, 2G; with --metered"},
			&cli.GenericFlag{Name: "memory", Value: memory, DefaultText: "the runtime's limit", Usage: "`SIZE` of memory that the program may have: 64MiB, 1GB"},
			&cli.StringSliceFlag{Name: "include", Usage: "put `MODULE` of Python's library or of a package in, loaded (repeatable)"},
			&cli.StringSliceFlag{Name: "package", Usage: "put a wheel, zip file or folder in, for the program to import: `PATH` (repeatable)"},
			&cli.StringFlag{Name: "optimize", Usage: "for `WHAT`: size leaves out the lines of Python's library that tracebacks show"},
			jsonFlag("what was built"), engineFlag(),
		),
		HideHelpCommand: true, OnUsageError: onUsageError,
		Action: func(c *cli.Context) error { return a.build(c, fuel, memory) },
	}
}

// buildInfo is the JSON form of what was built, a stable contract: build.schema.json.
type buildInfo struct {
	runtime.Built
	File string `json:"file"` // - for standard output
}

// build is wand build.
func (a *app) build(c *cli.Context, fuel, memory *quantity) error {
	o, err := a.buildOptions(c, fuel, memory)
	if err != nil {
		return err
	}
	source, err := a.source(c)
	if err != nil {
		return err
	}
	out, err := a.product(c, source)
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
	var built *runtime.Built
	if err == nil && module != nil {
		built, err = rt.Build(ctx, module, o)
	}
	progress.end()
	showDiagnostics(a.stderr, colours(a.stderr), diagnostics)
	if err != nil {
		return a.notBuilt(ctx, err)
	}
	if module == nil {
		return exitStatus(exitInvalid)
	}
	if err := a.deliver(out, built.Wasm); err != nil {
		return err
	}
	a.showBuilt(out, built)
	if c.Bool("json") {
		return writeJSON(a.stdout, buildInfo{*built, out})
	}
	return nil
}

func (a *app) buildOptions(c *cli.Context, fuel, memory *quantity) (o runtime.BuildOptions, err error) {
	if len(a.programArgs) > 0 {
		return o, usage("wand build runs nothing, so it takes no arguments for a program: they are given when the file is run")
	}
	if fuel.isSet && !c.Bool("metered") {
		return o, usage("--fuel is the budget that --metered builds in; give both")
	}
	if o.Fuel, err = fuel.take("fuel", countOf); err != nil {
		return o, err
	}
	if o.Memory, err = memory.take("memory", bytesOf); err != nil {
		return o, err
	}
	if c.Bool("metered") && o.Fuel == 0 {
		o.Fuel = runtime.DefaultLimits().Fuel
	}
	switch what := c.String("optimize"); what {
	case "":
	case "size":
		o.Small = true
	default:
		return o, usage("--optimize: %q is nothing to optimize for; there is size", what)
	}
	o.Include = c.StringSlice("include")
	o.Packages, err = readPackages(c.StringSlice("package"))
	return o, err
}

// product is the file that the module goes to; - for standard output.
func (a *app) product(c *cli.Context, source compiler.Source) (string, error) {
	out := c.String("o")
	switch {
	case out == "-" && c.Bool("json"):
		return "", usage("-o - and --json both want standard output")
	case out == "-" && isTerminal(a.stdout):
		return "", usage("-o -: standard output is a terminal, and a module is no text; name a file, as in: -o out.wasm")
	case out != "":
		return out, a.mayReplace(c, out)
	}
	name := source.Name
	if name == "" {
		name = "main"
	}
	out = strings.TrimSuffix(name, filepath.Ext(name)) + ".wasm"
	if out == source.Name {
		return "", usage("%s would be replaced by what is made of it; name another file with -o", out)
	}
	return out, a.mayReplace(c, out)
}

// mayReplace says before the work what is wrong with the place that a module is to go to.
func (a *app) mayReplace(c *cli.Context, out string) error {
	if out == "-" {
		return nil
	}
	info, err := os.Stat(out)
	switch {
	case err == nil && info.IsDir():
		return usage("cannot write %s: it is a folder", out)
	case err == nil && c.Args().Present():
		if source, err := os.Stat(c.Args().First()); err == nil && os.SameFile(source, info) {
			return usage("%s is the program itself, and would be replaced by what is made of it; name another file with -o", out)
		}
	case errors.Is(err, fs.ErrNotExist):
		if _, err := os.Stat(filepath.Dir(out)); errors.Is(err, fs.ErrNotExist) {
			return usage("cannot write %s: there is no folder %s", out, filepath.Dir(out))
		}
	}
	return nil
}

// deliver writes the module: all of it, or nothing.
func (a *app) deliver(out string, module []byte) error {
	if out == "-" {
		if _, err := a.stdout.Write(module); err != nil {
			return cannotWrite(err)
		}
		return nil
	}
	if info, err := os.Stat(out); err == nil && !info.Mode().IsRegular() {
		if err := os.WriteFile(out, module, 0o666); err != nil { // a pipe or a device
			return usage("cannot write %s: %v", out, withoutPath(err))
		}
		return nil
	}
	// It is a product like a compiler's: who may read it, the user's umask says.
	if err := writeWhole(out, module, 0o666); err != nil {
		return usage("cannot write %s: %v", out, withoutPath(err))
	}
	return nil
}

// withoutPath is what the system says, without the name of a temporary file.
func withoutPath(err error) error {
	var path *os.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		return path.Err
	case errors.As(err, &link):
		return link.Err
	}
	return err
}

// notBuilt tells why there is no module.
func (a *app) notBuilt(ctx context.Context, err error) error {
	var failed *runtime.BuildError
	switch {
	case ctx.Err() != nil:
		fmt.Fprintln(a.stderr, "wand: cancelled")
		return exitStatus(exitCancelled)
	case errors.As(err, &failed):
		fmt.Fprintf(a.stderr, "wand: %s\n", printable(oneLine(failed.Error())))
		if text := strings.TrimSpace(failed.Report.Stderr); text != "" {
			fmt.Fprintln(a.stderr, printable(text))
		}
		return status(failed.Report)
	case errors.Is(err, runtime.ErrCannotBuild):
		fmt.Fprintf(a.stderr, "wand: %s\n", printable(oneLine(err.Error())))
		return exitStatus(exitInvalid)
	case errors.Is(err, runtime.ErrBadOption), errors.Is(err, runtime.ErrBadPackage):
		return usage("%v", err)
	}
	return err
}

// showBuilt says on standard error what is in the file.
func (a *app) showBuilt(out string, b *runtime.Built) {
	w := tabwriter.NewWriter(a.stderr, 0, 0, 2, ' ', 0)
	name := out
	if out == "-" {
		name = "standard output"
	}
	size := func(n int64) string { return units.Bytes(n).String() }
	fmt.Fprintf(w, "wand: built %s\t%s: code %s, data %s\n", printable(name), size(b.Bytes), size(b.CodeBytes), size(b.DataBytes))
	inside := string(b.Language)
	if b.Guest != "" {
		inside = b.Guest
	}
	fmt.Fprintf(w, "wand: inside\t%s, %d functions (%d that nothing calls were left out), %s of memory\n", printable(inside), b.Functions, b.Dropped, size(b.MemoryBytes))
	if len(b.Loaded)+len(b.Kept) > 0 {
		fmt.Fprintf(w, "wand: modules\t%d loaded, %d to load when the program asks for them\n", len(b.Loaded), len(b.Kept))
	}
	if b.Fuel > 0 {
		fmt.Fprintf(w, "wand: metered\t%s units of fuel, then it exits with %d\n", units.Count(b.Fuel), exitExhausted)
	}
	w.Flush()
	for _, text := range b.Warnings {
		fmt.Fprintf(a.stderr, "wand: %s %s\n", colour(colours(a.stderr), yellow, "warning:"), printable(oneLine(text)))
	}
}
