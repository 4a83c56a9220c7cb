package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v2"

	"wand/policies"
	"wand/policies/units"
	"wand/runtime"
	"wand/runtime/packagestore"
)

const packagesDescription = `Keeps Python packages that programs may import. They are pure-Python wheels from the index that pip is configured with, or files; pip, which has to be on this
machine with python3, resolves what they need and downloads it. No code of a package runs on this machine: nothing is built, and what is imported runs in the sandbox.
A wheel with native code is refused.

A program imports what its policy lists, packages: [sympy, networkx>=3], or what the command line gives it: --package NAME. What a package needs is there with it.
Nothing else is, added or not.

They are in a folder of the user's data: wand/packages in XDG_DATA_HOME (~/.local/share), another one with --store DIR or WAND_PACKAGES.

EXAMPLES:
   wand packages add sympy 'networkx>=3'
   wand packages add ./internal-1.0-py3-none-any.whl
   wand packages add -r requirements.txt
   wand packages list
   wand packages rm networkx
   wand packages lock > wand.lock
   wand packages add --lock wand.lock
   wand run --package sympy -c 'import sympy; sympy.factorint(2021)'`

func (a *app) packagesCommand() *cli.Command {
	return &cli.Command{
		Name: "packages", Usage: "add Python packages for programs to import", UsageText: "wand packages COMMAND [options] [arguments]", Description: packagesDescription,
		HideHelpCommand: true, OnUsageError: onUsageError, Action: needsSubcommand,
		Subcommands: []*cli.Command{a.packagesAddCommand(), a.packagesListCommand(), a.packagesRemoveCommand(), a.packagesLockCommand()},
	}
}

func packageStoreFlag() cli.Flag {
	return &cli.StringFlag{Name: "store", EnvVars: []string{"WAND_PACKAGES"}, DefaultText: "the user's", Usage: "folder of the packages, `DIR`"}
}

// packageStore opens the store in a folder; the user's own when it is empty.
func packageStore(dir string) (*packagestore.Store, error) {
	if dir == "" {
		data, err := dataDir()
		if err != nil {
			return nil, err
		}
		dir = filepath.Join(data, "wand", "packages")
	}
	s, err := packagestore.Open(dir)
	if err != nil {
		return nil, usage("--store: %v", err)
	}
	return s, nil
}

// runPackages is the store that runs import from; nil where there can be none.
func runPackages() runtime.PackageStore {
	s, err := packageStore(os.Getenv("WAND_PACKAGES"))
	if err != nil {
		return nil
	}
	return s
}

// packageName tells the name of an added package, perhaps with versions, from a file that is not there.
var packageName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*\s*([~=!<>].*)?$`)

// isPackageName says whether an option --package is meant as the name of an added package: it looks like one, and no file or folder has it.
func isPackageName(option string) bool {
	_, err := os.Stat(option)
	ext := filepath.Ext(option)
	return err != nil && packageName.MatchString(option) && ext != ".whl" && ext != ".zip"
}

// addedPackages returns what --package NAME gives; ok is false where the option is meant as a path.
func addedPackages(option string) (list []runtime.Package, ok bool, err error) {
	if !isPackageName(option) {
		return nil, false, nil
	}
	s, err := packageStore(os.Getenv("WAND_PACKAGES"))
	if err != nil {
		return nil, true, err
	}
	list, err = s.Select(option)
	if errors.Is(err, runtime.ErrNoPackage) {
		return nil, true, usage("--package: %v; or name a wheel, zip file or folder that is there", err)
	}
	return list, true, err
}

const packagesAddDescription = `Resolves what is asked for together with what was added before, downloads what is not there, checks each wheel (its names, its digests, that it has no native
code), keeps it, and compiles it to bytecode in the sandbox. All of it is added, or nothing. Two at once wait for each other.

A few packages have native code that is only there to be faster (markupsafe, which jinja2 needs, and pyyaml): it is left out, and they work without.

A requirements file may have requirements and hashes, a line each; everything else in it is refused with its line.

EXAMPLES:
   wand packages add sympy 'networkx>=3' 'pydantic<2'
   wand packages add ./internal-1.0-py3-none-any.whl
   wand packages add -r requirements.txt
   wand packages add --lock wand.lock

EXIT CODES:
   0 added, 1 not added, 2 usage, 70 fault (wand itself failed), 130 cancelled`

func (a *app) packagesAddCommand() *cli.Command {
	return &cli.Command{
		Name: "add", Usage: "add packages, with what they need", UsageText: "wand packages add [options] NAME[==VERSION]|FILE.whl...", Description: packagesAddDescription,
		Flags: []cli.Flag{
			packageStoreFlag(),
			&cli.StringSliceFlag{Name: "requirements", Aliases: []string{"r"}, Usage: "add what a requirements `FILE` lists; - is standard input (repeatable)"},
			&cli.StringFlag{Name: "lock", Usage: "have exactly what a lock `FILE` says, by digest, and nothing else"},
			&cli.StringFlag{Name: "python", DefaultText: "python3", Usage: "the interpreter whose pip resolves and downloads, `NAME` or path"},
			&cli.StringFlag{Name: "timeout", Value: "10m", Usage: "how long it may take, `TIME`"},
			engineFlag(), jsonFlag("what was added"),
		},
		HideHelpCommand: true, OnUsageError: onUsageError, Action: a.packagesAdd,
	}
}

// packagesAdded is the JSON form of an add, a stable contract.
type packagesAdded struct {
	Schema string `json:"schema"`
	*packagestore.Added
}

func (a *app) packagesAdd(c *cli.Context) error {
	if len(a.programArgs) > 0 {
		return usage("wand packages add has no arguments for a program, but there is %q", a.programArgs[0])
	}
	timeout, err := units.ParseDuration(c.String("timeout"))
	if err != nil || timeout <= 0 {
		return usage("--timeout: %q is no time; write it like 30s or 10m", c.String("timeout"))
	}
	s, err := packageStore(c.String("store"))
	if err != nil {
		return err
	}
	requirements, wheels, err := a.wantedPackages(c)
	if err != nil {
		return err
	}
	var lock *packagestore.Lock
	if name := c.String("lock"); name != "" {
		if len(requirements)+len(wheels) > 0 {
			return usage("--lock says all that is to be there; add other packages afterwards")
		}
		text, err := readText(name)
		if err != nil {
			return err
		}
		if lock, err = packagestore.ParseLock([]byte(text)); err != nil {
			return usage("--lock: %s: %v", name, err)
		}
	} else if len(requirements)+len(wheels) == 0 {
		return usage("nothing to add; name a package, a wheel or a requirements file, as in: wand packages add sympy")
	}
	ctx, release := interruptible(c.Context)
	defer release()
	p := newProgress(a.stderr)
	defer p.end()
	o := packagestore.AddOptions{Python: c.String("python"), Timeout: time.Duration(timeout), Progress: p.begin}
	var added *packagestore.Added
	if lock != nil {
		added, err = s.Restore(ctx, lock, o)
	} else {
		added, err = s.Add(ctx, requirements, wheels, o)
	}
	p.end()
	if err != nil {
		return a.notAdded(ctx, err)
	}
	unready := a.preparePackages(ctx, c, s, added.New, p)
	p.end()
	if c.Bool("json") {
		if err := writeJSON(a.stdout, packagesAdded{"wand.packages_added/v1", added}); err != nil {
			return err
		}
	} else if err := a.showAdded(added); err != nil {
		return err
	}
	if unready != nil {
		fmt.Fprintf(a.stderr, "wand: added, but not compiled, so that the first run with them takes longer: %s\n", printable(unready.Error()))
	}
	return nil
}

// wantedPackages reads the arguments: requirements, wheels and requirements files.
func (a *app) wantedPackages(c *cli.Context) (requirements []packagestore.FileRequirement, wheels []packagestore.Wheel, err error) {
	for _, arg := range c.Args().Slice() {
		if arg == "-" {
			return nil, nil, usage("- names no package; a requirements file on standard input is: -r -")
		}
		if strings.HasSuffix(arg, ".whl") {
			data, err := readAtMost(arg, maxPackage)
			if err != nil {
				return nil, nil, err
			}
			wheels = append(wheels, packagestore.Wheel{Name: filepath.Base(arg), Data: data})
			continue
		}
		if info, err := os.Stat(arg); err == nil && (info.IsDir() || strings.ContainsAny(arg, `/\`) || filepath.Ext(arg) == ".gz") {
			return nil, nil, usage("%s is no wheel, and building one would run its code on this machine; build it where you trust it, and add the .whl file", arg)
		}
		list, err := packagestore.ParseRequirements("argument", []byte(strings.ReplaceAll(arg, "\n", " ")))
		if err != nil || len(list) != 1 {
			if err == nil {
				err = fmt.Errorf("%q names no package", arg)
			}
			return nil, nil, usage("%s", strings.TrimPrefix(err.Error(), "argument:1: "))
		}
		requirements = append(requirements, list...)
	}
	for _, name := range c.StringSlice("requirements") {
		const most = 2 << 20 // more than ParseRequirements takes
		var text []byte
		if name == "-" {
			if text, err = io.ReadAll(io.LimitReader(a.stdin, most)); err != nil {
				err = cannotRead(name, err)
			}
		} else {
			text, err = readAtMost(name, most)
		}
		if err != nil {
			return nil, nil, err
		}
		list, err := packagestore.ParseRequirements(name, text)
		if err != nil {
			return nil, nil, usage("%v", err)
		}
		requirements = append(requirements, list...)
	}
	return requirements, wheels, nil
}

// notAdded tells why packages were not added.
func (a *app) notAdded(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		fmt.Fprintln(a.stderr, "wand: cancelled; what was added before is untouched")
		return exitStatus(exitCancelled)
	}
	fmt.Fprintf(a.stderr, "wand: %s: %s\n", colour(colours(a.stderr), red, "not added"), printable(err.Error()))
	return exitStatus(exitFailed)
}

// preparePackages compiles what was added, so that no run waits for it. Without a guest that is left to the first run.
func (a *app) preparePackages(ctx context.Context, c *cli.Context, s *packagestore.Store, added []packagestore.Locked, p *progress) error {
	if len(added) == 0 {
		return nil
	}
	rt, err := a.newRuntime(ctx, c, nil, p)
	if err != nil {
		return err
	}
	defer rt.Close(context.WithoutCancel(ctx))
	for _, locked := range added {
		list, err := s.Select(locked.Name)
		if err == nil {
			err = rt.PreparePackages(ctx, list[:1]...)
		}
		if err != nil {
			return err
		}
	}
	return rt.CacheError()
}

func (a *app) showAdded(added *packagestore.Added) error {
	var err error
	line := func(sign string, p packagestore.Locked, note string) {
		if err == nil {
			_, err = fmt.Fprintf(a.stdout, "%s %s %s%s\n", sign, p.Name, p.Version, note)
		}
	}
	replaced := map[string]bool{}
	for _, p := range added.New {
		note := ""
		if len(p.LeftOut) > 0 {
			note = " (without its native code, which it does not need)"
		}
		for _, old := range added.Removed {
			if old.Name == p.Name {
				replaced[p.Name] = true
				note += " (was " + old.Version + ")"
			}
		}
		line("+", p, note)
	}
	for _, p := range added.Removed {
		if !replaced[p.Name] {
			line("-", p, "")
		}
	}
	if len(added.New)+len(added.Removed) == 0 && err == nil {
		_, err = fmt.Fprintln(a.stdout, "everything was there already")
	}
	return err
}

const packagesListDescription = `Lists the packages, those that somebody asked for first with what they need below.

EXAMPLES:
   wand packages list
   wand packages list --json`

func (a *app) packagesListCommand() *cli.Command {
	return &cli.Command{
		Name: "list", Usage: "list the packages", UsageText: "wand packages list [options]", Description: packagesListDescription,
		Flags: []cli.Flag{packageStoreFlag(), jsonFlag("the packages (the lock file)")}, HideHelpCommand: true, OnUsageError: onUsageError, Action: a.packagesList,
	}
}

func (a *app) packagesList(c *cli.Context) error {
	if err := a.noArguments(c); err != nil {
		return err
	}
	s, err := packageStore(c.String("store"))
	if err != nil {
		return err
	}
	l, err := s.Lock()
	if err != nil {
		return err
	}
	if c.Bool("json") {
		_, err := a.stdout.Write(l.Text())
		return cannotWriteIf(err)
	}
	if len(l.Packages) == 0 {
		fmt.Fprintln(a.stderr, "wand: no packages; add some, as in: wand packages add sympy")
		return nil
	}
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "PACKAGE\tVERSION\tSIZE\tIMPORT\tWHY")
	l.Text() // sorted
	for _, p := range l.Packages {
		why := "needed"
		if p.Requested != "" {
			why = "added: " + p.Requested
		}
		if len(p.LeftOut) > 0 {
			why += ", without its native code"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", p.Name, p.Version, units.Bytes(p.Bytes), printable(strings.Join(p.Modules, ", ")), printable(why))
	}
	return cannotWriteIf(w.Flush())
}

func cannotWriteIf(err error) error {
	if err != nil {
		return cannotWrite(err)
	}
	return nil
}

const packagesRemoveDescription = `Takes packages out, and what nothing needs any more. A package that another one needs stays; the message says for which.

EXAMPLES:
   wand packages rm networkx`

func (a *app) packagesRemoveCommand() *cli.Command {
	return &cli.Command{
		Name: "rm", Usage: "take packages out", UsageText: "wand packages rm [options] NAME...", Description: packagesRemoveDescription,
		Flags: []cli.Flag{packageStoreFlag()}, HideHelpCommand: true, OnUsageError: onUsageError, Action: a.packagesRemove,
	}
}

func (a *app) packagesRemove(c *cli.Context) error {
	names, err := a.arguments(c, 1, -1, "a package, as in: wand packages rm sympy")
	if err != nil {
		return err
	}
	s, err := packageStore(c.String("store"))
	if err != nil {
		return err
	}
	ctx, release := interruptible(c.Context)
	defer release()
	removed, err := s.Remove(ctx, names...)
	if err != nil {
		if errors.Is(err, packagestore.ErrDamaged) {
			return err
		}
		return usage("%v", err)
	}
	for _, p := range removed {
		fmt.Fprintf(a.stdout, "- %s %s\n", p.Name, p.Version)
	}
	return nil
}

const packagesLockDescription = `Prints the lock file of the packages: which there are, in which versions, with the SHA-256 of each wheel (schema wand.packages/v1, runtime/packagestore/lock.schema.json). The same packages are the same
text. wand packages add --lock FILE has another machine have exactly these.

EXAMPLES:
   wand packages lock > wand.lock
   wand packages lock -o wand.lock
   wand packages add --lock wand.lock`

func (a *app) packagesLockCommand() *cli.Command {
	return &cli.Command{
		Name: "lock", Usage: "print a lock file of the packages", UsageText: "wand packages lock [options]", Description: packagesLockDescription,
		Flags:           []cli.Flag{packageStoreFlag(), &cli.StringFlag{Name: "o", Usage: "write it to `FILE`; - is standard output"}},
		HideHelpCommand: true, OnUsageError: onUsageError, Action: a.packagesLock,
	}
}

func (a *app) packagesLock(c *cli.Context) error {
	if err := a.noArguments(c); err != nil {
		return err
	}
	s, err := packageStore(c.String("store"))
	if err != nil {
		return err
	}
	l, err := s.Lock()
	if err != nil {
		return err
	}
	if file := c.String("o"); file != "" && file != "-" {
		return a.deliver(file, l.Text())
	}
	_, err = a.stdout.Write(l.Text())
	return cannotWriteIf(err)
}

var importedName = regexp.MustCompile(`(?m)^\s*(?:import|from)\s+([A-Za-z_]\w*)`)

// importedPackages grants the added packages that a program's text imports and its policy does not list.
func importedPackages(text string, base *policies.Policy) *policies.Policy {
	p := &policies.Policy{Version: 1}
	s, err := packageStore(os.Getenv("WAND_PACKAGES"))
	if err != nil {
		return p
	}
	listed := map[string]bool{}
	for _, g := range base.Packages {
		listed[policies.NormalPackage(g.Name)] = true
	}
	for _, m := range importedName.FindAllStringSubmatch(text, -1) {
		if found, ok := s.Providing(m[1]); ok && !listed[found.Name] {
			listed[found.Name] = true
			p.Packages = append(p.Packages, policies.PackageGrant{Name: found.Name})
		}
	}
	return p
}

// unmetPackages lists the packages that a policy lists and the store has not got.
func unmetPackages(p *policies.Policy, add func(o policies.Origin, path, hint, format string, args ...any)) {
	if len(p.Packages) == 0 {
		return
	}
	s, err := packageStore(os.Getenv("WAND_PACKAGES"))
	for i, g := range p.Packages {
		if err == nil {
			_, err := s.Select(g.String())
			if err == nil {
				continue
			}
			reason, hint, _ := strings.Cut(strings.TrimPrefix(err.Error(), runtime.ErrNoPackage.Error()+": "), "; ")
			add(g.Origin, fmt.Sprintf("packages[%d]", i), hint, "the package %s: %s", g, reason)
		}
	}
}
