package main

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v2"

	"wand/compiler"
	"wand/hostfuncs/vfs"
	"wand/policies/units"
	"wand/runtime"
)

// sessionInfo is the JSON form of one session, a stable contract: session.schema.json.
type sessionInfo struct {
	Name     string            `json:"name" jsonschema:"the session's name in the store"`
	Language compiler.Language `json:"language,omitempty" jsonschema:"python, javascript or typescript"`
	Guest    string            `json:"guest,omitempty" jsonschema:"name and version of the interpreter that it belongs to"`
	Turns    int64             `json:"turns" jsonschema:"how many turns its state has come through; those that were taken back do not count"`
	Changed  *time.Time        `json:"changed,omitempty" jsonschema:"when it was stored last"`
	Spent    *runtime.Budget   `json:"spent,omitempty" jsonschema:"what all turns have used, those taken back too"`
	Budget   *runtime.Budget   `json:"budget,omitempty" jsonschema:"what they may use"`
	Limits   *runtime.Limits   `json:"limits,omitempty" jsonschema:"limits of each turn"`
	Policy   *sessionPolicy    `json:"policy,omitempty" jsonschema:"what it runs under"`
	History  []turnNote        `json:"history,omitempty" jsonschema:"its last turns, oldest first; only of wand session show"`
	Files    []sessionFile     `json:"files,omitempty" jsonschema:"its files; only of wand session show"`
	Error    string            `json:"error,omitempty" jsonschema:"why it cannot be used, when that is so"`
}

type sessionPolicy struct {
	Name     string   `json:"name" jsonschema:"file or preset"`
	Digest   string   `json:"digest" jsonschema:"of what it grants, with what was allowed beside"`
	Allow    []string `json:"allow,omitempty" jsonschema:"what --allow has added"`
	Overlays []string `json:"overlays,omitempty" jsonschema:"an organisation's policies above it"`
}

type sessionFile struct {
	Path string `json:"path"`
	Size int64  `json:"size" jsonschema:"bytes"`
}

// sessionList is what wand session list --json and show --json print.
type sessionList struct {
	Schema   string        `json:"schema" jsonschema:"always wand.sessions/v1"`
	Sessions []sessionInfo `json:"sessions" jsonschema:"in the order of their names"`
}

const sessionsSchema = "wand.sessions/v1"

func infoOf(name string, info runtime.SnapshotInfo, note sessionNote, err error) sessionInfo {
	if err != nil {
		return sessionInfo{Name: name, Error: err.Error()}
	}
	return sessionInfo{
		Name: name, Language: info.Language, Guest: info.Guest, Turns: info.Turns, Changed: &info.Made, Spent: &info.Spent, Budget: &info.Budget, Limits: &info.Limits,
		Policy: &sessionPolicy{note.Policy, note.Digest, note.Allow, note.Overlays},
	}
}

const sessionListDescription = `Lists the sessions of the store.

EXAMPLES:
   wand session list
   wand session list --json`

func (a *app) sessionListCommand() *cli.Command {
	return &cli.Command{
		Name: "list", Usage: "list the sessions", UsageText: "wand session list [options]", Description: sessionListDescription,
		Flags: []cli.Flag{storeFlag(), jsonFlag("the sessions")}, HideHelpCommand: true, OnUsageError: onUsageError, Action: a.sessionList,
	}
}

// sessionList is wand session list.
func (a *app) sessionList(c *cli.Context) error {
	if err := a.noArguments(c); err != nil {
		return err
	}
	st, err := openSessions(c)
	if err != nil {
		return err
	}
	names, err := st.List(c.Context)
	if err != nil {
		return err
	}
	list := sessionList{Schema: sessionsSchema, Sessions: []sessionInfo{}}
	for _, name := range names {
		info, note, err := st.read(c.Context, name)
		list.Sessions = append(list.Sessions, infoOf(name, info, note, err))
	}
	if c.Bool("json") {
		return writeJSON(a.stdout, list)
	}
	table := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NAME\tLANGUAGE\tTURNS\tFUEL\tCHANGED\tPOLICY")
	for _, s := range list.Sessions {
		if s.Error != "" {
			fmt.Fprintf(table, "%s\t-\t-\t-\t-\t%s\n", s.Name, oneLine(s.Error))
			continue
		}
		fmt.Fprintf(table, "%s\t%s\t%d\t%s\t%s\t%s\n", s.Name, s.Language, s.Turns, units.Count(s.Spent.Fuel), s.Changed.Local().Format(time.DateTime), printable(s.Policy.Name))
	}
	if err := table.Flush(); err != nil {
		return cannotWrite(err)
	}
	return nil
}

const sessionShowDescription = `Says what a session has used of its budgets, under which policy it runs, which files it has and what its last turns were.

EXAMPLES:
   wand session show notes
   wand session show notes --json`

func (a *app) sessionShowCommand() *cli.Command {
	return &cli.Command{
		Name: "show", Usage: "show usage, budgets, files and turns of a session", UsageText: "wand session show [options] NAME", Description: sessionShowDescription,
		Flags: []cli.Flag{storeFlag(), jsonFlag("the sessions")}, HideHelpCommand: true, OnUsageError: onUsageError,
		Action: func(c *cli.Context) error {
			args, err := a.nameArgs(c, 1, 1, "wand session show notes")
			if err != nil {
				return err
			}
			st, err := openSessions(c)
			if err != nil {
				return err
			}
			return a.showSession(c, st, args[0])
		},
	}
}

func (a *app) showSession(c *cli.Context, st *sessions, name string) error {
	info, note, err := st.read(c.Context, name)
	if err != nil {
		return err
	}
	shown := infoOf(name, info, note, nil)
	shown.History = note.History
	if shown.Files, err = a.filesOf(c, st, name, info, note); err != nil {
		shown.Error = err.Error()
	}
	if c.Bool("json") {
		return writeJSON(a.stdout, sessionList{sessionsSchema, []sessionInfo{shown}})
	}
	var b strings.Builder
	fmt.Fprintf(&b, "session  %s, %s, %d turns, changed %s\n", name, shown.Guest, shown.Turns, shown.Changed.Local().Format(time.DateTime))
	fmt.Fprintf(&b, "used     %s\n", strings.Join(budgetLines(info.Spent, info.Budget), ", "))
	l := info.Limits
	fmt.Fprintf(&b, "a turn   fuel %s, memory %s, time %s, output %s, storage %s, calls %d\n",
		units.Count(l.Fuel), units.Bytes(l.Memory), units.Duration(l.Deadline), units.Bytes(l.Output), units.Bytes(l.Storage), l.HostCalls)
	fmt.Fprintf(&b, "policy   %s\n", printable(strings.Join(append([]string{note.Policy}, note.Allow...), ", ")))
	if len(note.Overlays) > 0 {
		fmt.Fprintf(&b, "overlays %s\n", printable(strings.Join(note.Overlays, ", ")))
	}
	if shown.Error != "" {
		fmt.Fprintf(&b, "problem  %s\n", oneLine(shown.Error))
	}
	b.WriteString(filesText(shown.Files))
	for _, t := range note.History {
		kept := ""
		if !t.Kept {
			kept = ", taken back"
		}
		fmt.Fprintf(&b, "turn %-3d %s, %s%s, fuel %s: %s\n", t.Turn, t.At.Local().Format(time.DateTime), t.Status, kept, units.Count(t.Fuel), printable(t.Code))
	}
	if _, err := fmt.Fprint(a.stdout, b.String()); err != nil {
		return cannotWrite(err)
	}
	return nil
}

// filesOf lists the files of a stored session. Nothing of it runs, so it needs no authority.
func (a *app) filesOf(c *cli.Context, st *sessions, name string, info runtime.SnapshotInfo, note sessionNote) ([]sessionFile, error) {
	if info.Turns == 0 {
		return nil, nil
	}
	s, done, err := a.openStored(c.Context, c, st, name, note)
	if err != nil {
		return nil, err
	}
	defer done()
	return listFiles(s), nil
}

// openStored opens a session to look at it or to copy it, with no authority.
func (a *app) openStored(ctx context.Context, c *cli.Context, st *sessions, name string, note sessionNote) (*runtime.Session, func(), error) {
	packages, err := readPackages(note.Packages)
	if err != nil {
		return nil, nil, err
	}
	progress := newProgress(a.stderr)
	rt, err := a.newRuntime(ctx, c, nil, progress)
	if err != nil {
		return nil, nil, err
	}
	done := func() {
		rt.Close(context.WithoutCancel(ctx))
		progress.end()
	}
	s, err := rt.Open(ctx, st, name, st.key, runtime.SessionOptions{Packages: packages})
	if err != nil {
		done()
		return nil, nil, st.wrong(err)
	}
	return s, done, nil
}

func listFiles(s *runtime.Session) (list []sessionFile) {
	for _, f := range s.Files() {
		if f.Kind == vfs.KindFile {
			list = append(list, sessionFile{f.Path, f.Size})
		}
	}
	return list
}

func filesText(files []sessionFile) string {
	var b strings.Builder
	for _, f := range files {
		fmt.Fprintf(&b, "file     %s, %s\n", oneLine(f.Path), units.Bytes(f.Size))
	}
	return b.String()
}
