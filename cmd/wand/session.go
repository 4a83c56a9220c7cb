package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	goruntime "runtime"
	"slices"
	"time"

	"github.com/urfave/cli/v2"

	"wand/compiler"
	"wand/policies"
	"wand/policies/units"
	"wand/runtime"
	"wand/runtime/store"
)

const sessionDescription = `Keeps sessions: programs that go on from turn to turn. Variables, imports, functions and files are there in the next turn, in another process,
after a crash too. A turn that fails, is denied, exhausted or interrupted leaves the session as it was before. What a session stores is what its
turns have changed; forks share what neither changes.

Sessions are in a folder of the user's data: wand/sessions in XDG_DATA_HOME (~/.local/share), another one with --store DIR or WAND_STORE. Only this
user can read it. Secrets that a policy grants are never in it, nor are folders of this machine.

EXAMPLES:
   wand session new notes --policy analyst.yaml
   wand session run notes -c 'import json; seen = []'
   wand session run notes step2.py --feedback
   wand session fork notes idea
   wand session show notes
   wand session export notes -o notes.wand --key shared.key
   wand session rm notes idea`

func (a *app) sessionCommand() *cli.Command {
	return &cli.Command{
		Name: "session", Usage: "keep programs that go on from turn to turn", UsageText: "wand session COMMAND [options] [arguments]", Description: sessionDescription,
		HideHelpCommand: true, OnUsageError: onUsageError,
		Action: func(c *cli.Context) error {
			if err := cli.ShowSubcommandHelp(c); err != nil {
				return err
			}
			return exitStatus(exitUsage)
		},
		Subcommands: []*cli.Command{
			a.sessionNewCommand(), a.sessionRunCommand(), a.sessionForkCommand(), a.sessionListCommand(), a.sessionShowCommand(), a.sessionRemoveCommand(),
			a.sessionExportCommand(), a.sessionImportCommand(),
		},
	}
}

func storeFlag() cli.Flag {
	return &cli.StringFlag{Name: "store", EnvVars: []string{"WAND_STORE"}, Usage: "keep the sessions in `DIR`"}
}

// sessions is the store of a command line.
type sessions struct {
	*store.Dir
	key []byte
}

func openSessions(c *cli.Context) (*sessions, error) {
	dir := c.String("store")
	if dir == "" {
		var err error
		if dir, err = dataDir(); err != nil {
			return nil, err
		}
		dir = filepath.Join(dir, "wand", "sessions")
	}
	d, err := store.OpenDir(dir)
	if err != nil {
		return nil, usage("--store: %v", err)
	}
	key, err := d.Key()
	if err != nil {
		return nil, usage("--store: %v", err)
	}
	return &sessions{d, key}, nil
}

// dataDir is the user's folder for data that programs keep.
func dataDir() (string, error) {
	if dir := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return dir, nil
	}
	if dir := os.Getenv("LocalAppData"); goruntime.GOOS == "windows" && dir != "" {
		return dir, nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", usage("there is no folder for the user's data (%v); name one with --store DIR", err)
	}
	if goruntime.GOOS == "darwin" {
		return filepath.Join(home, "Library", "Application Support"), nil
	}
	return filepath.Join(home, ".local", "share"), nil
}

// wrong turns what is the command line's fault into an error that says so.
func (s *sessions) wrong(err error) error {
	switch {
	case errors.Is(err, store.ErrNotFound):
		return usage("%v; wand session list shows what there is in %s", err, s.Path())
	case errors.Is(err, store.ErrBadName), errors.Is(err, store.ErrChanged):
		return usage("%v", err)
	}
	return err
}

// sessionNote is what the command keeps with a session. It is authenticated as the session is.
type sessionNote struct {
	Policy    string     `json:"policy"` // file or preset
	Digest    string     `json:"policy_digest"`
	Allow     []string   `json:"allow,omitempty"`
	Overlays  []string   `json:"overlays,omitempty"`
	Principal string     `json:"principal,omitempty"`
	Packages  []string   `json:"packages,omitempty"`
	History   []turnNote `json:"history,omitempty"` // the last turns
}

// turnNote is one turn of a session.
type turnNote struct {
	Turn      int64          `json:"turn"`
	At        time.Time      `json:"at"`
	Status    runtime.Status `json:"status"`
	Kept      bool           `json:"kept"`
	Fuel      int64          `json:"fuel"`
	HostCalls int64          `json:"host_calls,omitempty"`
	Code      string         `json:"code"` // its first line
}

// keptTurns is how many turns a note remembers.
const keptTurns = 200

func (n *sessionNote) add(text []byte, r *runtime.Report) {
	if r.Session == nil || len(n.History) > 0 && n.History[len(n.History)-1].Turn == r.Session.Turn {
		return // it never began
	}
	t := turnNote{
		Turn: r.Session.Turn, At: time.Now().UTC().Truncate(time.Second), Status: r.Status, Kept: r.Session.Kept, Fuel: r.Usage.Fuel.Used, HostCalls: r.Usage.HostCalls.Used,
		Code: clip(oneLine(string(text[:min(len(text), 400)])), 80),
	}
	n.History = append(n.History, t)
	n.History = n.History[max(0, len(n.History)-keptTurns):]
}

func (n *sessionNote) text() json.RawMessage {
	text, err := json.Marshal(n)
	if err != nil {
		panic(err) // it has nothing that JSON has not
	}
	return text
}

// read returns what is stored of a session and what the command has noted of it.
func (s *sessions) read(ctx context.Context, name string) (info runtime.SnapshotInfo, note sessionNote, err error) {
	record, err := s.Read(ctx, name)
	if err != nil {
		return info, note, s.wrong(err)
	}
	if info, err = runtime.InspectSnapshot(record.Data, s.key); err != nil {
		return info, note, fmt.Errorf("session %s: %w", name, err)
	}
	if len(info.Note) > 0 {
		err = json.Unmarshal(info.Note, &note)
	}
	return info, note, err
}

// granted is what a command line grants a session: what it names, else what the session began under, which must be what it was.
func (n *sessionNote) granted(c *cli.Context) (*authority, error) {
	allow, overlays := c.StringSlice("allow"), c.StringSlice("overlay")
	if !c.IsSet("policy") && n.Policy != "" {
		w, err := grant(n.Policy, n.Allow, n.Overlays)
		if err != nil {
			return nil, fmt.Errorf("the policy of the session: %w", err)
		}
		if now := runtime.PolicyDigest(w.engine); now != n.Digest {
			return nil, usage("the policy %s grants something else than when the session had its last turn; read it and give it again: --policy %s", n.Policy, n.Policy)
		}
		if len(allow)+len(overlays) == 0 {
			return w, n.holds(w)
		}
		n.Allow = append(n.Allow, allow...)
	} else {
		n.Policy, n.Allow = policyName(c), allow
		if file, err := filepath.Abs(n.Policy); err == nil && !slices.Contains(policies.Presets(), n.Policy) {
			n.Policy = file
		}
	}
	// What an organisation forbids stays forbidden.
	for _, o := range overlays {
		if file, err := filepath.Abs(o); err == nil {
			o = file
		}
		if !slices.Contains(n.Overlays, o) {
			n.Overlays = append(n.Overlays, o)
		}
	}
	w, err := grant(n.Policy, n.Allow, n.Overlays)
	if err != nil {
		return nil, err
	}
	n.Digest = runtime.PolicyDigest(w.engine)
	return w, n.holds(w)
}

// holds says what a policy needs that is not there.
func (n *sessionNote) holds(w *authority) error {
	if lacking := unmet(w.engine.Policy()); len(lacking) > 0 {
		return &unmetError{lacking}
	}
	return nil
}

// nameArgs takes the name of a session from the arguments, and of others as many as are wanted at most.
func (a *app) nameArgs(c *cli.Context, least, most int, example string) ([]string, error) {
	args := c.Args().Slice()
	switch {
	case len(a.programArgs) > 0:
		return nil, usage("wand session %s takes no arguments for a program", c.Command.Name)
	case len(args) < least:
		return nil, usage("wand session %s wants a name, as in: %s", c.Command.Name, example)
	case len(args) > most:
		return nil, usage("unexpected argument %q, as in: %s", args[most], example)
	}
	for _, name := range args {
		if err := store.CheckName(name); err != nil {
			return nil, usage("%v", err)
		}
	}
	return args, nil
}

// budgetFlags bound all turns of a session together.
type budgetFlags struct{ fuel, calls, storage, turns quantity }

func (b *budgetFlags) flags() []cli.Flag {
	const category = "budget of all turns"
	return []cli.Flag{
		&cli.GenericFlag{Name: "total-fuel", Value: &b.fuel, Category: category, DefaultText: "1,000 times that of a turn", Usage: "`N` units of computing in all turns together"},
		&cli.GenericFlag{Name: "total-calls", Value: &b.calls, Category: category, DefaultText: "1,000 times those of a turn", Usage: "`N` calls of tools in all turns together"},
		&cli.GenericFlag{Name: "total-storage", Value: &b.storage, Category: category, DefaultText: "1,000 times that of a turn", Usage: "`SIZE` by which files may grow in all turns together"},
		&cli.GenericFlag{Name: "turns", Value: &b.turns, Category: category, DefaultText: fmt.Sprint(runtime.DefaultTurns), Usage: "`N` turns, failed ones included"},
	}
}

func (b *budgetFlags) budget() (budget runtime.Budget, err error) {
	for _, o := range []struct {
		name  string
		from  *quantity
		to    *int64
		parse func(string) (int64, error)
	}{
		{"total-fuel", &b.fuel, &budget.Fuel, countOf}, {"total-calls", &b.calls, &budget.HostCalls, countOf}, {"total-storage", &b.storage, &budget.Storage, bytesOf},
		{"turns", &b.turns, &budget.Turns, countOf},
	} {
		if *o.to, err = o.from.take(o.name, o.parse); err != nil {
			return budget, err
		}
	}
	return budget, nil
}

const sessionNewDescription = `Makes a session and prints its name: NAME, or one that is made up. Limits are those of each turn. The policy is remembered by its file and digest:
later turns run under it without naming it, and are refused when it says something else by then.

EXAMPLES:
   wand session new
   wand session new notes --lang js
   wand session new notes --policy analyst.yaml --fuel 2G --total-fuel 100G --turns 50`

func (a *app) sessionNewCommand() *cli.Command {
	limits, budget := &limitFlags{}, &budgetFlags{}
	flags := append([]cli.Flag{
		storeFlag(), jsonFlag("what there is to say of it"), langFlag(), engineFlag(),
		guestFlag(),
		&cli.StringSliceFlag{Name: "package", Usage: "let the programs import an added package (wand packages), wheel, zip file or folder: `NAME` or path (repeatable)"},
		&cli.StringFlag{Name: "principal", Category: "authority", DefaultText: "run", Usage: "`NAME` of the program or agent, for policies that tell them apart"},
		policyFlag(), overlayFlag(), allowFlag(),
	}, limits.flags()...)
	return &cli.Command{
		Name: "new", Usage: "make a session", UsageText: "wand session new [options] [NAME]", Description: sessionNewDescription,
		Flags: append(flags, budget.flags()...), HideHelpCommand: true, OnUsageError: onUsageError,
		Action: func(c *cli.Context) error { return a.sessionNew(c, limits, budget) },
	}
}

func langFlag() cli.Flag {
	return &cli.StringFlag{Name: "lang", Aliases: []string{"language"}, DefaultText: "python", Usage: "`LANGUAGE` of the turns: python, javascript or typescript"}
}

func languageOf(c *cli.Context) (compiler.Language, error) {
	if !c.IsSet("lang") {
		return compiler.Python, nil
	}
	language, err := compiler.ParseLanguage(c.String("lang"))
	if err == nil && language == compiler.Wasm {
		err = errors.New("a session is in python, javascript or typescript")
	}
	if err != nil {
		return "", usage("--lang: %v", err)
	}
	return language, nil
}

// sessionNew is wand session new.
func (a *app) sessionNew(c *cli.Context, limitFlags *limitFlags, budgetFlags *budgetFlags) error {
	args, err := a.nameArgs(c, 0, 1, "wand session new notes")
	if err != nil {
		return err
	}
	name := "s" + randomHex(4)
	if len(args) > 0 {
		name = args[0]
	}
	o := runtime.SessionOptions{Guest: c.String("guest"), Principal: c.String("principal")}
	if o.Language, err = languageOf(c); err != nil {
		return err
	}
	if o.Limits, err = limitFlags.limits(); err != nil {
		return err
	}
	if o.Budget, err = budgetFlags.budget(); err != nil {
		return err
	}
	note := sessionNote{Principal: o.Principal}
	granted, err := note.granted(c)
	if err != nil {
		return err
	}
	o.Policy = granted.policy
	if note.Packages, err = absolute(c.StringSlice("package")); err != nil {
		return err
	}
	if o.Packages, err = readPackages(note.Packages); err != nil {
		return err
	}
	st, err := openSessions(c)
	if err != nil {
		return err
	}
	ctx, release := interruptible(c.Context)
	defer release()
	progress := newProgress(a.stderr)
	defer progress.end()
	rt, err := a.newRuntime(ctx, c, granted, progress)
	if err != nil {
		return err
	}
	defer rt.Close(context.WithoutCancel(ctx))
	s, err := rt.NewSession(ctx, o)
	if err != nil {
		return guestError(c, err)
	}
	if err := s.Save(ctx, st, name, runtime.SaveOptions{Key: st.key, Note: note.text()}); err != nil {
		return st.wrong(err)
	}
	progress.end()
	if c.Bool("json") {
		return a.showSession(c, st, name)
	}
	if _, err := fmt.Fprintln(a.stdout, name); err != nil {
		return cannotWrite(err)
	}
	return nil
}

func absolute(files []string) (list []string, err error) {
	for _, f := range files {
		if isPackageName(f) {
			list = append(list, f)
			continue
		}
		if f, err = filepath.Abs(f); err != nil {
			return nil, err
		}
		list = append(list, f)
	}
	return list, nil
}

const sessionForkDescription = `Copies a session under another name: both go their own ways from here, and share what neither changes.
Generators of random numbers are copied as they stand: both draw the same numbers until one is seeded again.

EXAMPLES:
   wand session fork notes idea`

func (a *app) sessionForkCommand() *cli.Command {
	return &cli.Command{
		Name: "fork", Usage: "copy a session under another name", UsageText: "wand session fork [options] NAME NEW", Description: sessionForkDescription,
		Flags: []cli.Flag{storeFlag()}, HideHelpCommand: true, OnUsageError: onUsageError, Action: a.sessionFork,
	}
}

// sessionFork is wand session fork. A record says all that there is to a session, whoever's it is.
func (a *app) sessionFork(c *cli.Context) error {
	args, err := a.nameArgs(c, 2, 2, "wand session fork notes idea")
	if err != nil {
		return err
	}
	st, err := openSessions(c)
	if err != nil {
		return err
	}
	if _, _, err := st.read(c.Context, args[0]); err != nil {
		return err
	}
	return st.wrong(st.Copy(c.Context, args[0], args[1]))
}

const sessionRemoveDescription = `Removes sessions, and from the disk what no other session shares with them. It waits for turns that are under way.

EXAMPLES:
   wand session rm notes idea`

func (a *app) sessionRemoveCommand() *cli.Command {
	return &cli.Command{
		Name: "rm", Usage: "remove sessions", UsageText: "wand session rm [options] NAME...", Description: sessionRemoveDescription,
		Flags: []cli.Flag{storeFlag()}, HideHelpCommand: true, OnUsageError: onUsageError,
		Action: func(c *cli.Context) error {
			names, err := a.nameArgs(c, 1, 1<<20, "wand session rm notes")
			if err != nil {
				return err
			}
			st, err := openSessions(c)
			if err != nil {
				return err
			}
			var errs []error
			for _, name := range names {
				errs = append(errs, st.wrong(st.remove(c.Context, name)))
			}
			return errors.Join(errs...)
		},
	}
}

func (s *sessions) remove(ctx context.Context, name string) error {
	if _, err := s.Read(ctx, name); errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrBadName) {
		return err
	}
	unlock, err := s.Lock(ctx, name)
	if err != nil {
		return err
	}
	return errors.Join(s.Remove(ctx, name), unlock())
}

// budgetLines are what a session has used beside what it may, for people.
func budgetLines(spent, budget runtime.Budget) []string {
	return []string{
		fmt.Sprintf("turns %d of %d", spent.Turns, budget.Turns),
		fmt.Sprintf("fuel %s of %s", units.Count(spent.Fuel), units.Count(budget.Fuel)),
		fmt.Sprintf("calls %d of %d", spent.HostCalls, budget.HostCalls),
		fmt.Sprintf("storage %s of %s", units.Bytes(spent.Storage), units.Bytes(budget.Storage)),
	}
}
