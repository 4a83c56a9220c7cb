package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"wand/compiler"
	"wand/hostfuncs"
	"wand/runtime"
	"wand/runtime/skills"
)

const skillsDescription = `Keeps functions that have earned their place. One is admitted when its test passes in the sandbox; programs then import it (Python: from skills import NAME,
JavaScript: await tools.skills.call({name: "NAME", args: [...]})). A skill runs in a sandbox of its own, with those of the run's tools that it declared.
A run has them with --skills DIR, and may use what its policy grants by name: {name: skills.NAME}, or --allow 'skills.*'; skills.search and skills.propose let
programs look for skills and add them.

They are in a folder of the user's data: wand/skills in XDG_DATA_HOME (~/.local/share), another one with --store DIR or WAND_SKILLS.

EXAMPLES:
   wand skills add median.py --test median_test.py
   wand skills add convert.py --test convert_test.py --tool rates.get --policy policy.yaml
   wand skills list
   wand skills search "average of a column"
   wand skills show median
   wand skills rm median --version 1
   wand run --skills default --allow 'skills.*' main.py`

// defaultSkills names the user's own store.
const defaultSkills = "default"

func (a *app) skillsCommand() *cli.Command {
	return &cli.Command{
		Name: "skills", Usage: "keep functions that passed their tests", UsageText: "wand skills COMMAND [options] [arguments]", Description: skillsDescription,
		HideHelpCommand: true, OnUsageError: onUsageError, Action: needsSubcommand,
		Subcommands: []*cli.Command{a.skillsAddCommand(), a.skillsListCommand(), a.skillsSearchCommand(), a.skillsShowCommand(), a.skillsRemoveCommand()},
	}
}

func skillStoreFlag() cli.Flag {
	return &cli.StringFlag{Name: "store", EnvVars: []string{"WAND_SKILLS"}, DefaultText: "the user's", Usage: "folder of the skills, `DIR`"}
}

// skillStore opens the store in a folder; the user's own when it is empty or says default.
func skillStore(dir string) (*skills.Store, error) {
	if dir == "" || dir == defaultSkills {
		data, err := dataDir()
		if err != nil {
			return nil, err
		}
		dir = filepath.Join(data, "wand", "skills")
	}
	s, err := skills.Open(dir)
	if err != nil {
		return nil, usage("--store: %v", err)
	}
	return s, nil
}

// skillsFlag gives a run the skills of a store.
func skillsFlag() cli.Flag {
	return &cli.StringFlag{Name: "skills", Usage: "let programs use the skills in the folder `DIR`, or the user's own: default (see wand skills)"}
}

// useSkills adds what --skills names to tools and packages.
func useSkills(c *cli.Context, rt *runtime.Runtime, tools *hostfuncs.Registry, python bool) (*hostfuncs.Registry, []runtime.Package, error) {
	if c.String("skills") == "" {
		return tools, nil, nil
	}
	s, err := skillStore(c.String("skills"))
	if err != nil {
		return nil, nil, err
	}
	l := s.Library(rt)
	own, err := l.Tools()
	if err == nil && tools != nil {
		own, err = tools.With(own)
	}
	if err != nil || !python {
		return own, nil, err
	}
	return own, l.Packages(), nil
}

const skillsAddDescription = `Runs the test in the sandbox, and admits the function when it passes, as the next version of its name. The test imports the function from skills and
asserts what it does. It runs under --policy; what the skill may use of it, it declares with --tool.

EXAMPLES:
   wand skills add median.py --test median_test.py
   wand skills add convert.py --name convert --test convert_test.py --tool rates.get --tool 'kv.*' --policy policy.yaml

EXIT CODES:
   0 admitted, 1 not admitted, 2 usage, 70 fault (wand itself failed)`

func (a *app) skillsAddCommand() *cli.Command {
	return &cli.Command{
		Name: "add", Usage: "admit a function whose test passes", UsageText: "wand skills add [options] FILE --test FILE", Description: skillsAddDescription,
		Flags: []cli.Flag{
			skillStoreFlag(),
			&cli.StringFlag{Name: "test", Usage: "the program that tests it, `FILE`"},
			&cli.StringFlag{Name: "name", Usage: "`NAME` of the function (default: the only one in the file)"},
			&cli.StringSliceFlag{Name: "tool", Usage: "a tool that it may use, `NAME` or the beginning of names, such as kv.* (repeatable)"},
			policyFlag(), overlayFlag(), allowFlag(), engineFlag(), jsonFlag("the skill"),
		},
		HideHelpCommand: true, OnUsageError: onUsageError, Action: a.skillsAdd,
	}
}

func (a *app) skillsAdd(c *cli.Context) error {
	names, err := a.arguments(c, 1, 1, "one file with a function, as in: wand skills add median.py --test median_test.py")
	if err != nil {
		return err
	}
	if c.String("test") == "" {
		return usage("no test: nothing is admitted without one that passes; give --test FILE")
	}
	candidate := skills.Candidate{Name: c.String("name"), Tools: c.StringSlice("tool"), Language: compiler.Python, By: "user"}
	if ext := filepath.Ext(names[0]); ext == ".js" || ext == ".mjs" {
		candidate.Language = compiler.JavaScript
	}
	if candidate.Source, err = readText(names[0]); err != nil {
		return err
	}
	if candidate.Test, err = readText(c.String("test")); err != nil {
		return err
	}
	s, err := skillStore(c.String("store"))
	if err != nil {
		return err
	}
	granted, err := a.authority(c, policyName(c))
	if err != nil {
		return err
	}
	ctx, release := interruptible(c.Context)
	defer release()
	p := newProgress(a.stderr)
	defer p.end()
	rt, err := a.newRuntime(ctx, c, granted, p)
	if err != nil {
		return err
	}
	defer rt.Close(context.WithoutCancel(ctx))
	k, err := s.Add(ctx, rt, candidate, skills.AddOptions{Policy: granted.policy})
	p.end()
	switch {
	case errors.Is(err, skills.ErrBadSkill) || errors.Is(err, skills.ErrCycle):
		fmt.Fprintf(a.stderr, "wand: %s: %s\n", colour(colours(a.stderr), red, "not admitted"), printable(err.Error()))
		return exitStatus(exitFailed)
	case err != nil:
		return err
	}
	if c.Bool("json") {
		return writeJSON(a.stdout, k)
	}
	_, err = fmt.Fprintf(a.stdout, "%s version %d\n", k.Name, k.Version)
	return err
}

const skillsListDescription = `Lists the skills, the latest version of each.

EXAMPLES:
   wand skills list
   wand skills list --json`

func (a *app) skillsListCommand() *cli.Command {
	return &cli.Command{
		Name: "list", Usage: "list the skills", UsageText: "wand skills list [options]", Description: skillsListDescription,
		Flags: []cli.Flag{skillStoreFlag(), jsonFlag("the list")}, HideHelpCommand: true, OnUsageError: onUsageError,
		Action: func(c *cli.Context) error {
			if err := a.noArguments(c); err != nil {
				return err
			}
			s, err := skillStore(c.String("store"))
			if err != nil {
				return err
			}
			all, err := s.List()
			if err != nil {
				return skillError(err)
			}
			return a.showSkills(c, all)
		},
	}
}

const skillsSearchDescription = `Lists the skills whose names, parameters and descriptions have most of the words of a query, the best first.

EXAMPLES:
   wand skills search "average of a column"
   wand skills search csv --most 3 --json`

func (a *app) skillsSearchCommand() *cli.Command {
	return &cli.Command{
		Name: "search", Usage: "find skills by what they do", UsageText: "wand skills search [options] QUERY", Description: skillsSearchDescription,
		Flags: []cli.Flag{skillStoreFlag(), &cli.IntFlag{Name: "most", Value: 10, Usage: "list at most `N`"}, jsonFlag("the list")}, HideHelpCommand: true, OnUsageError: onUsageError,
		Action: func(c *cli.Context) error {
			query, err := a.arguments(c, 1, -1, "the words to look for")
			if err != nil {
				return err
			}
			s, err := skillStore(c.String("store"))
			if err != nil {
				return err
			}
			found, err := s.Search(strings.Join(query, " "), c.Int("most"))
			if err != nil {
				return skillError(err)
			}
			list := make([]*skills.Skill, len(found))
			for i, m := range found {
				list[i] = m.Skill
			}
			return a.showSkills(c, list)
		},
	}
}

func (a *app) showSkills(c *cli.Context, list []*skills.Skill) error {
	if c.Bool("json") {
		return writeJSON(a.stdout, struct {
			Schema string          `json:"schema"`
			Skills []*skills.Skill `json:"skills"`
		}{"wand.skills/v1", append([]*skills.Skill{}, list...)})
	}
	for _, k := range list {
		doc, _, _ := strings.Cut(k.Doc, "\n")
		line := fmt.Sprintf("%s%s  version %d", k.Name, k.Signature, k.Version)
		if len(k.Tools) > 0 {
			line += ", uses " + strings.Join(k.Tools, ", ")
		}
		if doc != "" {
			line += "\n    " + doc
		}
		if _, err := fmt.Fprintln(a.stdout, printable(line)); err != nil {
			return cannotWrite(err)
		}
	}
	return nil
}

const skillsShowDescription = `Prints a skill: what it is, its source and its test.

EXAMPLES:
   wand skills show median
   wand skills show median --version 1 --json`

func versionFlag(what string) cli.Flag {
	return &cli.IntFlag{Name: "version", DefaultText: what, Usage: "the version, `N`"}
}

func (a *app) skillsShowCommand() *cli.Command {
	return &cli.Command{
		Name: "show", Usage: "print a skill", UsageText: "wand skills show [options] NAME", Description: skillsShowDescription,
		Flags: []cli.Flag{skillStoreFlag(), versionFlag("the latest"), jsonFlag("all of it")}, HideHelpCommand: true, OnUsageError: onUsageError,
		Action: func(c *cli.Context) error {
			s, name, err := a.oneSkill(c)
			if err != nil {
				return err
			}
			k, err := s.Get(name, c.Int("version"))
			if err != nil {
				return skillError(err)
			}
			if c.Bool("json") {
				return writeJSON(a.stdout, struct {
					*skills.Skill
					Source string `json:"source"`
					Test   string `json:"test"`
				}{k, k.Source, k.Test})
			}
			if err := a.showSkills(c, []*skills.Skill{k}); err != nil {
				return err
			}
			_, err = fmt.Fprintf(a.stdout, "\n%s\n\n--- test\n%s\n", strings.TrimRight(printable(k.Source), "\n"), strings.TrimRight(printable(k.Test), "\n"))
			return err
		},
	}
}

const skillsRemoveDescription = `Removes a skill, or one version of it. One that another skill imports stays.

EXAMPLES:
   wand skills rm median
   wand skills rm median --version 1`

func (a *app) skillsRemoveCommand() *cli.Command {
	return &cli.Command{
		Name: "rm", Usage: "remove a skill", UsageText: "wand skills rm [options] NAME", Description: skillsRemoveDescription,
		Flags: []cli.Flag{skillStoreFlag(), versionFlag("all of them")}, HideHelpCommand: true, OnUsageError: onUsageError,
		Action: func(c *cli.Context) error {
			s, name, err := a.oneSkill(c)
			if err != nil {
				return err
			}
			return skillError(s.Remove(name, c.Int("version")))
		},
	}
}

func (a *app) oneSkill(c *cli.Context) (*skills.Store, string, error) {
	names, err := a.arguments(c, 1, 1, "the name of one skill")
	if err != nil {
		return nil, "", err
	}
	if c.IsSet("version") && c.Int("version") < 1 {
		return nil, "", usage("--version: %s is no version; they count from 1", strconv.Itoa(c.Int("version")))
	}
	s, err := skillStore(c.String("store"))
	return s, names[0], err
}

// skillError turns what is the command line's fault into an error that says so.
func skillError(err error) error {
	if errors.Is(err, skills.ErrNotFound) || errors.Is(err, skills.ErrBadSkill) || errors.Is(err, os.ErrPermission) {
		return usage("%v", err)
	}
	return err
}
