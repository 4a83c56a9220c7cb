package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v2"

	"wand/compiler"
	"wand/policies/units"
	"wand/runtime"
)

const bakeDescription = `Makes a guest that has modules loaded: a program that runs in it (wand run --guest NAME) imports them at next to no cost. Everything else is as ever: a
program that uses a module without importing it fails, and no run sees anything of another.

The modules are imported once, here, in the sandbox: metered, bounded and without access to anything. What importing draws at random or reads of the time
is then the same in every run. A package that the imports need is given with --package and is there for every program of the guest. Only Python can be baked:
a JavaScript program brings its modules as files of its own.

Imports of numpy or pandas are baked into the science guest, where it is built (make guests SCIENCE=1), which has both loaded already; --guest science bakes
others into it, so that programs find those beside numpy.

EXAMPLES:
   wand guests bake --import unittest --import xml.etree.ElementTree --name tests
   wand guests bake --name charts --import pandas --import matplotlib.pyplot
   wand guests bake --name data --guest science --import tabulate --package tabulate
   wand guests bake --import sympy --package sympy-1.14.0-py3-none-any.whl --package mpmath-1.3.0-py3-none-any.whl
   wand run --guest sympy -c 'import sympy; sympy.factorint(2**67 - 1)'`

func (a *app) bakeCommand() *cli.Command {
	limits := &limitFlags{}
	return &cli.Command{
		Name: "bake", Usage: "make a guest that has modules loaded", UsageText: "wand guests bake --import MODULE [options]", Description: bakeDescription,
		Flags: append([]cli.Flag{
			&cli.StringSliceFlag{Name: "import", Usage: "load `MODULE` (repeatable)"},
			&cli.StringSliceFlag{Name: "package", Usage: "let the guest import an added package (wand packages), wheel, zip file or folder: `NAME` or path (repeatable)"},
			&cli.StringFlag{Name: "name", Usage: "`NAME` of the guest; default: that of the first module"},
			&cli.StringFlag{Name: "guest", Usage: "load the modules into the interpreter `GUEST`: python or science (default: science for numpy and pandas, else python)"},
			&cli.StringFlag{Name: "lang", Value: string(compiler.Python), Usage: "`LANGUAGE` of the guest: python"},
			jsonFlag("what was baked"),
		}, limits.flags()...),
		HideHelpCommand: true, OnUsageError: onUsageError,
		Action: func(c *cli.Context) error { return a.bake(c, limits) },
	}
}

// bake is wand guests bake.
func (a *app) bake(c *cli.Context, flags *limitFlags) error {
	if err := a.noArguments(c); err != nil {
		return err
	}
	o := runtime.BakeOptions{Name: c.String("name"), Guest: c.String("guest"), Imports: c.StringSlice("import")}
	if len(o.Imports) == 0 {
		return usage("wand guests bake wants --import MODULE, the module that the guest is to have loaded")
	}
	if o.Name == "" {
		o.Name = strings.ToLower(o.Imports[0])
	}
	switch language := strings.ToLower(c.String("lang")); language {
	case "python", "py":
	case "javascript", "js":
		o.Language = compiler.JavaScript
	case "typescript", "ts":
		o.Language = compiler.TypeScript
	default:
		o.Language = compiler.Language(language)
	}
	var err error
	if o.Limits, err = flags.limits(); err != nil {
		return err
	}
	if o.Packages, err = readPackages(c.StringSlice("package")); err != nil {
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
	if err := rt.CacheError(); err != nil {
		return fmt.Errorf("the cache, which baked guests are kept in, cannot be used: %w", err)
	}
	baked, err := rt.Bake(ctx, o)
	progress.end()
	var failed *runtime.BakeError
	switch {
	case errors.As(err, &failed) && ctx.Err() != nil:
		return exitStatus(exitCancelled)
	case errors.As(err, &failed):
		fmt.Fprintf(a.stderr, "wand: %s\n", printable(oneLine(failed.Error())))
		if text := strings.TrimSpace(failed.Report.Stderr); text != "" {
			fmt.Fprintln(a.stderr, printable(text))
		}
		return status(failed.Report)
	case errors.Is(err, runtime.ErrBadOption), errors.Is(err, runtime.ErrBadPackage):
		return usage("%v", err)
	case err != nil:
		return err
	}
	if c.Bool("json") {
		return writeJSON(a.stdout, baked)
	}
	_, err = fmt.Fprintf(a.stdout, "baked %s: %s with %s, %s of memory, %s on disk, %s\nwand: use it with: wand run --guest %s main.py\n", baked.Name, baked.Guest, strings.Join(baked.Imports, ", "),
		units.Bytes(baked.MemoryBytes), units.Bytes(baked.DiskBytes), shortDigest(baked.Digest), baked.Name)
	if err != nil {
		return cannotWrite(err)
	}
	return nil
}

func (a *app) removeBakedCommand() *cli.Command {
	return &cli.Command{
		Name: "rm", Usage: "remove baked guests", UsageText: "wand guests rm NAME...",
		Description:     "Removes guests that wand guests bake made. Runs that are under way go on.\n\nEXAMPLES:\n   wand guests rm sympy",
		HideHelpCommand: true, OnUsageError: onUsageError,
		Action: a.removeBaked,
	}
}

// removeBaked is wand guests rm.
func (a *app) removeBaked(c *cli.Context) error {
	names, err := a.arguments(c, 1, -1, "the names of baked guests; wand guests lists them")
	if err != nil {
		return err
	}
	rt, err := a.newRuntime(c.Context, c, nil, nil)
	if err != nil {
		return err
	}
	defer rt.Close(context.WithoutCancel(c.Context))
	for _, name := range names {
		if err := rt.RemoveBaked(name); errors.Is(err, runtime.ErrNoBaked) {
			return usage("%v", err)
		} else if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(a.stdout, "removed %s\n", name); err != nil {
			return cannotWrite(err)
		}
	}
	return nil
}

// bakedInfo is the JSON form of one baked guest in the list, a stable contract.
type bakedInfo struct {
	runtime.Baked
	Stale string `json:"stale,omitempty"` // why it cannot be used
}

func (a *app) listBaked(c *cli.Context) ([]bakedInfo, error) {
	rt, err := a.newRuntime(c.Context, c, nil, nil)
	if err != nil {
		return nil, err
	}
	defer rt.Close(context.WithoutCancel(c.Context))
	found, err := rt.BakedGuests()
	if err != nil {
		return []bakedInfo{}, nil // without a cache there are none
	}
	list := make([]bakedInfo, len(found))
	for i := range found {
		list[i].Baked = found[i]
		if err := rt.Stale(&found[i]); err != nil {
			list[i].Stale = err.Error()
		}
	}
	return list, nil
}

func showBaked(w io.Writer, list []bakedInfo) error {
	if len(list) == 0 {
		return nil
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\nBAKED\tFROM\tIMPORTS\tPACKAGES\tMEMORY\tON DISK\tDIGEST\tMADE")
	for _, b := range list {
		var packages []string
		for _, p := range b.Packages {
			packages = append(packages, p.Name)
		}
		from := b.Guest
		if b.Stale != "" {
			from += " (out of date)"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", printable(b.Name), printable(from), printable(strings.Join(b.Imports, ", ")), printable(strings.Join(packages, ", ")),
			units.Bytes(b.MemoryBytes), units.Bytes(b.DiskBytes), shortDigest(b.Digest), b.Made.Local().Format(time.DateTime))
	}
	if err := table.Flush(); err != nil {
		return cannotWrite(err)
	}
	return nil
}

// shortDigest is the beginning of a digest.
func shortDigest(digest string) string {
	_, hex, _ := strings.Cut(digest, ":")
	return printable(hex[:min(len(hex), 12)])
}
