package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"wand/modules"
	"wand/policies/units"
	"wand/runtime"
)

const guestsDescription = `Lists the interpreters that programs run in: what is built, which version, what is in it and under which licence. A guest comes
embedded in the command or from the cache; "make guests" builds those that are missing, "make guests SCIENCE=1" the science guest too: Python with numpy
and pandas. After them come the guests that were baked here: an interpreter that has modules loaded.

EXAMPLES:
   wand guests
   wand guests bake --name sympy --import sympy --package sympy-1.14.0-py3-none-any.whl --package mpmath-1.3.0-py3-none-any.whl
   wand guests rm sympy
   wand guests --json
   wand guests --licence python`

// knownGuests are the interpreters that the project has recipes for.
var knownGuests = [...]string{"javascript", "python", runtime.ScienceGuest}

// guestInfo is the JSON form of one guest, a stable contract.
type guestInfo struct {
	Name       string              `json:"name"`
	Built      bool                `json:"built"`
	Version    string              `json:"version,omitempty"`
	Languages  []string            `json:"languages,omitempty"`
	ABI        int                 `json:"abi,omitempty"`
	Size       int64               `json:"size_bytes,omitempty"`
	Digest     string              `json:"digest,omitempty"`
	Origin     string              `json:"origin,omitempty"`
	Files      []modules.FileInfo  `json:"files,omitempty"`
	Components []modules.Component `json:"components,omitempty"`
	Error      string              `json:"error,omitempty"`
	err        error               // that Error is the text of
}

func (a *app) guestsCommand() *cli.Command {
	return &cli.Command{
		Name: "guests", Usage: "list the interpreters and their licences; bake guests that have modules loaded", UsageText: "wand guests [options] | bake | rm", Description: guestsDescription,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "json", DisableDefaultText: true, Usage: "print the list as JSON"},
			&cli.StringFlag{Name: "licence", Aliases: []string{"license"}, Usage: "print the licence texts of `GUEST`"},
		},
		HideHelpCommand: true, OnUsageError: onUsageError,
		Subcommands: []*cli.Command{a.bakeCommand(), a.removeBakedCommand()},
		Action:      a.guests,
	}
}

// guests is wand guests.
func (a *app) guests(c *cli.Context) error {
	if err := a.noArguments(c); err != nil {
		return err
	}
	if name := c.String("licence"); name != "" {
		return a.licences(name)
	}
	list := listGuests()
	baked, err := a.listBaked(c)
	if err != nil {
		return err
	}
	if c.Bool("json") {
		return writeJSON(a.stdout, struct {
			Schema string      `json:"schema"`
			Guests []guestInfo `json:"guests"`
			Baked  []bakedInfo `json:"baked"`
		}{"wand.guests/v1", list, baked})
	}
	if err := showGuests(a.stdout, list); err != nil {
		return err
	}
	return showBaked(a.stdout, baked)
}

// listGuests describes every guest that is built or could be.
func listGuests() []guestInfo {
	names := append(modules.Names(), knownGuests[:]...)
	slices.Sort(names)
	var list []guestInfo
	for _, name := range slices.Compact(names) {
		info := guestInfo{Name: name}
		g, err := modules.Find(name)
		if err == nil {
			err = g.Check()
		}
		if err != nil {
			info.Error, info.err = err.Error(), err
			list = append(list, info)
			continue
		}
		m := g.Manifest
		info.Built, info.Version, info.Languages, info.ABI = true, m.Version, m.Languages, m.ABI
		info.Digest, info.Origin, info.Files, info.Components = g.Digest, g.Origin, m.Files, m.Components
		for _, f := range m.Files {
			info.Size += f.Size
		}
		list = append(list, info)
	}
	return list
}

// libraries are what a guest has beside its interpreter that programs ask for by name.
func (g *guestInfo) libraries() string {
	var with []string
	for _, component := range g.Components {
		if component.Name == "numpy" || component.Name == "pandas" {
			with = append(with, component.Name+" "+component.Version)
		}
	}
	return strings.Join(with, ", ")
}

func showGuests(w io.Writer, list []guestInfo) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "GUEST\tVERSION\tLANGUAGES\tSIZE\tDIGEST\tFROM")
	for _, g := range list {
		if !g.Built {
			fmt.Fprintf(table, "%s\t-\t-\t-\t-\t%s\n", g.Name, printable(g.Error))
			continue
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", printable(g.Name), printable(g.Version), printable(strings.Join(g.Languages, ", ")), units.Bytes(g.Size), g.Digest[:12], printable(g.Origin))
	}
	fmt.Fprintln(table)
	fmt.Fprintln(table, "GUEST\tCOMPONENT\tVERSION\tLICENCE")
	for _, g := range list {
		for _, component := range g.Components {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", printable(g.Name), printable(component.Name), printable(component.Version), printable(component.Licence))
		}
	}
	if err := table.Flush(); err != nil {
		return cannotWrite(err)
	}
	return nil
}

// licences prints the licence text of every component of a guest.
func (a *app) licences(name string) error {
	g, err := modules.Find(name)
	if errors.Is(err, modules.ErrNoGuest) && !slices.Contains(knownGuests[:], name) {
		return usage("--licence: there is no guest %q; there are %s", name, strings.Join(knownGuests[:], ", "))
	}
	if err != nil {
		return err
	}
	for _, component := range g.Manifest.Components {
		text, err := g.File(component.LicenceFile)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(a.stdout, "==== %s %s (%s)\n\n%s\n", component.Name, component.Version, component.Licence, text); err != nil {
			return cannotWrite(err)
		}
	}
	return nil
}
