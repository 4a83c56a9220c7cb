package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	goruntime "runtime"

	"github.com/urfave/cli/v2"

	"wand/modules"
	"wand/policies/units"
	"wand/runtime"
)

const doctorDescription = `Looks at what wand finds on this machine: guests, cache, the tools that "make guests" needs, compilers, and what the kernel offers.
Everything is tried out, not looked up, where that can be done.

EXAMPLES:
   wand doctor
   wand doctor --json

EXIT CODES:
   0 everything that wand needs is there, 1 something is missing`

// finding is one line of the doctor's, a stable contract in JSON. Status is ok, missing (wand cannot do its job), degraded (it can, but
// slower or less protected) or info.
type finding struct {
	Area   string `json:"area"`
	Name   string `json:"name"`
	Status string `json:"status"`
	Detail string `json:"detail,omitempty"`
	Hint   string `json:"hint,omitempty"`
}

const (
	ok       = "ok"
	missing  = "missing"
	degraded = "degraded"
	info     = "info"
)

func (a *app) doctorCommand() *cli.Command {
	return &cli.Command{
		Name: "doctor", Usage: "say what is built and what this machine offers", UsageText: "wand doctor [--json]", Description: doctorDescription,
		Flags: []cli.Flag{&cli.BoolFlag{Name: "json", DisableDefaultText: true, Usage: "print the findings as JSON"}}, HideHelpCommand: true, OnUsageError: onUsageError,
		Action: a.doctor,
	}
}

// doctor is wand doctor.
func (a *app) doctor(c *cli.Context) error {
	if err := a.noArguments(c); err != nil {
		return err
	}
	findings := a.examine(c)
	healthy := true
	for _, f := range findings {
		healthy = healthy && f.Status != missing
	}
	if c.Bool("json") {
		err := writeJSON(a.stdout, struct {
			Schema   string    `json:"schema"`
			OK       bool      `json:"ok"`
			Findings []finding `json:"findings"`
		}{"wand.doctor/v1", healthy, findings})
		if err != nil {
			return err
		}
	} else if err := a.showFindings(findings); err != nil {
		return err
	}
	if !healthy {
		return exitStatus(exitFailed)
	}
	return nil
}

func (a *app) showFindings(findings []finding) error {
	on := colours(a.stdout)
	table := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', tabwriter.StripEscape)
	area := ""
	for _, f := range findings {
		if f.Area != area {
			if area != "" {
				fmt.Fprintln(table)
			}
			area = f.Area
			fmt.Fprintln(table, strings.ToUpper(area))
		}
		code := map[string]string{ok: green, missing: red, degraded: yellow, info: grey}[f.Status]
		// The escapes of one width keep the columns straight.
		fmt.Fprintf(table, "  %s\t%s\t%s\n", colour(on, code, fmt.Sprintf("%-8s", f.Status)), f.Name, printable(f.Detail))
		if f.Hint != "" {
			fmt.Fprintf(table, "  %s\t\t%s\n", colour(on, grey, strings.Repeat(" ", 8)), f.Hint)
		}
	}
	if err := table.Flush(); err != nil {
		return cannotWrite(err)
	}
	return nil
}

// examine looks at everything.
func (a *app) examine(c *cli.Context) []finding {
	v := version()
	list := []finding{
		{Area: "wand", Name: "version", Status: info, Detail: fmt.Sprintf("%s, %s, %s, guest ABI %d", v.Version, v.Go, v.runners(), v.ABI)},
		{Area: "wand", Name: "machine", Status: info, Detail: fmt.Sprintf("%s/%s, %d processors", v.OS, v.Arch, goruntime.NumCPU())},
		engineFinding(),
		enginesFinding(),
	}
	list = append(list, guestFindings()...)
	list = append(list, a.cacheFindings(c)...)
	list = append(list, toolchainFindings(c.Context, toolchains(c, nil))...)
	list = append(list, toolFindings(c.Context)...)
	return append(list, kernelFindings(c.Context)...)
}

// engineFinding says whether wazero compiles to native code here.
func engineFinding() finding {
	f := finding{Area: "wand", Name: "engine", Status: ok, Detail: "wazero compiles to native code"}
	if arch := goruntime.GOARCH; arch != "amd64" && arch != "arm64" {
		f.Status, f.Detail, f.Hint = degraded, "wazero interprets on "+arch, "programs run some 10 to 50 times slower than on amd64 or arm64"
	}
	return f
}

// enginesFinding says what --engine can be here.
func enginesFinding() finding {
	f := finding{Area: "wand", Name: "engines", Status: info, Detail: strings.Join(builtEngines(), ", ")}
	if !withWasmtime {
		f.Hint = "one with wasmtime too: make build ENGINE=wasmtime"
	}
	return f
}

func guestFindings() []finding {
	var list []finding
	for _, g := range listGuests() {
		f := finding{Area: "guests", Name: g.Name, Status: ok}
		switch {
		case g.Built:
			version := g.Version
			if with := g.libraries(); with != "" {
				version += " with " + with
			}
			f.Detail = fmt.Sprintf("%s, %s, %s", version, units.Bytes(g.Size), g.Origin)
		case g.Name == runtime.ScienceGuest && errors.Is(g.err, modules.ErrNoGuest):
			f.Status, f.Detail, f.Hint = info, "not built: numpy and pandas are in no guest", "build it with: make guests SCIENCE=1 (a quarter of an hour, once)"
		default:
			f.Status, f.Detail, f.Hint = missing, g.Error, "build it with: make guests"
			if g.Name == runtime.ScienceGuest {
				f.Status, f.Hint = degraded, f.Hint+" SCIENCE=1"
			}
		}
		list = append(list, f)
	}
	return list
}

func (a *app) cacheFindings(c *cli.Context) []finding {
	const area = "cache"
	dir, err := modules.CacheDir()
	if err != nil {
		return []finding{{Area: area, Name: "folder", Status: degraded, Detail: err.Error(), Hint: "every process prepares its guests anew, which takes seconds"}}
	}
	list := []finding{{Area: area, Name: "folder", Status: info, Detail: dir}}
	// A runtime opens its part of the cache as every run does, and heals it.
	f := finding{Area: area, Name: "usable", Status: ok, Detail: "writable, private, authenticated"}
	if rt, err := a.newRuntime(c.Context, c, nil, nil); err != nil {
		f.Status, f.Detail = degraded, err.Error()
	} else {
		if err := rt.CacheError(); err != nil {
			f.Status, f.Detail = degraded, err.Error()
			f.Hint = "every process prepares its guests anew, which takes seconds; set WAND_CACHE to a folder that can be written"
		}
		rt.Close(c.Context)
	}
	list = append(list, f)
	for _, part := range []struct{ name, what string }{{"prepared", "guests as native code, ready to fork"}, {"guests", "interpreters that make guests built"}} {
		files, size := usageOf(filepath.Join(dir, part.name))
		list = append(list, finding{Area: area, Name: part.name, Status: info, Detail: fmt.Sprintf("%s in %d files: %s", units.Bytes(size), files, part.what)})
	}
	if free, err := freeSpace(dir); err == nil {
		f := finding{Area: area, Name: "free space", Status: ok, Detail: units.Bytes(free).String()}
		if free < 1<<30 {
			f.Status, f.Hint = degraded, "make guests needs about 1 GiB"
		}
		list = append(list, f)
	}
	return list
}

func usageOf(dir string) (files int, size int64) {
	filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return nil
		}
		if info, err := entry.Info(); err == nil {
			files++
			size += info.Size()
		}
		return nil
	})
	return files, size
}

// tool is a command that may be on PATH.
type tool struct {
	name, version string // argument that prints the version
	purpose       string
	alternatives  []string
}

func toolFindings(ctx context.Context) []finding {
	list := findTools(ctx, "make guests", degraded, []tool{
		{name: "make", version: "--version", purpose: "runs the targets"},
		{name: "sh", purpose: "runs the recipes"},
		{name: "tar", version: "--version", purpose: "unpacks sources"},
		{name: "python3", version: "--version", purpose: "fetches the C toolchain, builds CPython's library; its pip resolves what wand packages adds"},
		{name: "apt-get", version: "--version", purpose: "fetches Debian's sources (tarballs by path work as well)"},
		{name: "patch", version: "--version", purpose: "patches sources", alternatives: []string{"git"}},
	})
	return append(list, findTools(ctx, "development", info, []tool{
		{name: "go", version: "version", purpose: "builds wand"},
		{name: "node", version: "--version", purpose: "reference for JavaScript in the tests"},
	})...)
}

func findTools(ctx context.Context, area, absent string, tools []tool) []finding {
	var list []finding
	for _, t := range tools {
		f := finding{Area: area, Name: t.name, Status: absent, Detail: "not on PATH: " + t.purpose}
		for _, name := range append([]string{t.name}, t.alternatives...) {
			found, err := exec.LookPath(name)
			if err != nil {
				continue
			}
			f.Name, f.Status, f.Detail = name, ok, found
			if t.version != "" {
				if line := firstLine(ctx, found, t.version); line != "" {
					f.Detail = line + ", " + found
				}
			}
			break
		}
		list = append(list, f)
	}
	return list
}

func firstLine(ctx context.Context, command, argument string) string {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	c := exec.CommandContext(ctx, command, argument)
	c.Env = append(os.Environ(), "LC_ALL=C")
	c.WaitDelay = time.Second
	out, err := c.Output()
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(string(out), "\n")
	return clip(strings.TrimSpace(line), 80)
}
