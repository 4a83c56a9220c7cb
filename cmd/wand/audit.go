package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"wand/compiler"
	"wand/hostfuncs"
	"wand/hostfuncs/audit"
	"wand/policies/units"
	"wand/runtime"
)

const auditDescription = `Works on audit files, which wand run --audit writes: every call and decision of a program, one JSON line each, in a chain of hashes.

EXAMPLES:
   wand run --audit calls.jsonl main.py
   wand audit verify calls.jsonl`

func (a *app) auditCommand() *cli.Command {
	return &cli.Command{
		Name: "audit", Usage: "check audit files", UsageText: "wand audit COMMAND [options] [arguments]", Description: auditDescription,
		HideHelpCommand: true, OnUsageError: onUsageError, Action: needsSubcommand,
		Subcommands: []*cli.Command{a.auditVerifyCommand()},
	}
}

const auditVerifyDescription = `Checks that an audit file is as it was written, and says which line is not: one that was edited, removed, inserted or moved, or an end that is
missing. Whoever can write the file could write all of it anew, or cut whole runs off its end; that shows when the head, which this command
prints, was kept elsewhere and is given with --head, or when the file was written with --audit-key.

EXAMPLES:
   wand audit verify calls.jsonl
   wand audit verify calls.jsonl --head 9f2c...
   wand audit verify calls.jsonl --key audit.key --json

EXIT CODES:
   0 as it was written, 1 it is not, 2 usage`

// auditVerdict is the JSON form of a check, a stable contract. The numbers go up to the end of the file, or to the line that is wrong.
type auditVerdict struct {
	Schema      string      `json:"schema"`
	OK          bool        `json:"ok"`
	File        string      `json:"file"`
	Lines       int64       `json:"lines"`
	Runs        int64       `json:"runs"`
	Calls       int64       `json:"calls"`
	Denied      int64       `json:"denied"`
	Interrupted []string    `json:"interrupted"` // runs whose process was killed
	First       *time.Time  `json:"first,omitempty"`
	Last        *time.Time  `json:"last,omitempty"`
	Head        string      `json:"head"`
	Error       *auditError `json:"error,omitempty"`
}

type auditError struct {
	Line   int64      `json:"line"`
	Kind   audit.Kind `json:"kind"` // edited, removed, inserted, reordered, truncated or key
	Detail string     `json:"detail"`
}

func (a *app) auditVerifyCommand() *cli.Command {
	return &cli.Command{
		Name: "verify", Usage: "check that an audit file is as it was written", UsageText: "wand audit verify [options] FILE", Description: auditVerifyDescription,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "head", Usage: "`HASH` of a line that has to be in the file, such as the head that was kept"},
			&cli.StringFlag{Name: "key", Usage: "`FILE` with the key that the file was written with"},
			jsonFlag("the verdict"),
		},
		HideHelpCommand: true, OnUsageError: onUsageError,
		Action: a.auditVerify,
	}
}

// auditVerify is wand audit verify.
func (a *app) auditVerify(c *cli.Context) error {
	names, err := a.arguments(c, 1, 1, "one audit file, as in: wand audit verify calls.jsonl")
	if err != nil {
		return err
	}
	name := names[0]
	o := audit.VerifyOptions{Head: strings.ToLower(c.String("head"))}
	if sum, err := hex.DecodeString(o.Head); err != nil || len(sum) != 32 && c.IsSet("head") {
		return usage("--head: %q is no hash: it has 64 hex digits, as wand audit verify prints it", c.String("head"))
	}
	if o.Key, err = readKey("key", c.String("key")); err != nil {
		return err
	}
	f, err := os.Open(name)
	if err != nil {
		return cannotRead(name, err)
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return usage("cannot read %s: it is not a regular file", name)
	}
	summary, err := audit.Verify(f, o)
	v := auditVerdict{
		Schema: "wand.audit_verification/v1", OK: err == nil, File: name, Lines: summary.Lines, Runs: summary.Runs, Calls: summary.Calls, Denied: summary.Denied,
		Interrupted: append([]string{}, summary.Interrupted...), Head: summary.Head,
	}
	if !summary.First.IsZero() {
		v.First, v.Last = &summary.First, &summary.Last
	}
	var wrong *audit.Error
	switch {
	case errors.As(err, &wrong):
		v.Error = &auditError{wrong.Line, wrong.Kind, wrong.Detail}
	case err != nil:
		return cannotRead(name, err)
	}
	if c.Bool("json") {
		if err := writeJSON(a.stdout, v); err != nil {
			return err
		}
	} else if err := a.showAudit(v); err != nil {
		return err
	}
	if !v.OK {
		return exitStatus(exitFailed)
	}
	return nil
}

func (a *app) showAudit(v auditVerdict) error {
	on := colours(a.stdout)
	line := fmt.Sprintf("%s: %s", printable(v.File), colour(on, green, "as it was written"))
	if e := v.Error; e != nil {
		line = fmt.Sprintf("%s:%d: %s: %s", printable(v.File), e.Line, colour(on, red, string(e.Kind)), printable(e.Detail))
	}
	until := ""
	if !v.OK {
		until = " up to there"
	}
	_, err := fmt.Fprintf(a.stdout, "%s\n%d lines, %d runs, %d calls (%d denied)%s\nhead %s\n", line, v.Lines, v.Runs, v.Calls, v.Denied, until, v.Head)
	if len(v.Interrupted) > 0 && err == nil {
		_, err = fmt.Fprintf(a.stdout, "%d runs were interrupted, because their process was killed: %s\n", len(v.Interrupted), clip(oneLine(strings.Join(v.Interrupted, ", ")), 300))
	}
	if err != nil {
		return cannotWrite(err)
	}
	return nil
}

// maxKey bounds a file with a key, in bytes.
const maxKey = 4 << 10

// readKey reads the key that an option names a file of; nil when it names none.
func readKey(option, name string) ([]byte, error) {
	if name == "" {
		return nil, nil
	}
	info, err := os.Stat(name)
	if err != nil {
		return nil, cannotRead(name, err)
	}
	if !info.Mode().IsRegular() || info.Size() > maxKey {
		return nil, usage("--%s: %s is no key: it has to be a regular file of at most %s", option, name, units.Bytes(maxKey))
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, cannotRead(name, err)
	}
	key := []byte(strings.TrimRight(string(text), "\r\n"))
	if len(key) == 0 {
		return nil, usage("--%s: %s is empty; head -c 32 /dev/urandom | base64 makes a key", option, name)
	}
	return key, nil
}

// auditWait is how long a run waits for another that writes the same audit file.
const auditWait = 10 * time.Second

// trail is the audit file of one run.
type trail struct {
	log *audit.Log
	run *audit.Run
}

// openTrail opens the file of --audit; nil without that option.
func (a *app) openTrail(c *cli.Context, human bool) (*trail, error) {
	name := c.String("audit")
	if name == "" {
		if c.String("audit-key") != "" {
			return nil, usage("--audit-key goes with --audit FILE")
		}
		return nil, nil
	}
	key, err := readKey("audit-key", c.String("audit-key"))
	if err != nil {
		return nil, err
	}
	log, err := audit.Open(name, audit.Options{Key: key, Wait: auditWait})
	if err != nil {
		return nil, usage("--audit: %v", err)
	}
	if note := log.Recovered(); note != "" && human {
		fmt.Fprintf(a.stderr, "wand: %s: %s\n", printable(name), printable(note))
	}
	return &trail{log: log}, nil
}

// begin writes that a program is about to run, and has its calls written.
func (t *trail) begin(m *compiler.Module, o *runtime.Options) error {
	if t == nil {
		return nil
	}
	info := audit.Info{Language: string(m.Language), Program: m.Digest, Principal: o.Principal}
	if o.Policy != nil {
		info.Policy = o.Policy.Name
	}
	run, err := t.log.Begin(info)
	if err != nil {
		return fmt.Errorf("--audit: %w", err)
	}
	t.run, o.Record = run, run.Record
	return nil
}

// end writes what the journal has beside the calls, and how the run ended.
func (t *trail) end(r *runtime.Report, status runtime.Status) error {
	if t == nil || t.run == nil {
		return nil
	}
	var err error
	if r != nil {
		status = r.Status
		for _, access := range r.Accesses {
			err = errors.Join(err, t.run.Access(hostfuncs.Access(access)))
		}
	}
	if err = errors.Join(err, t.run.End(string(status))); err != nil {
		return fmt.Errorf("--audit: %w", err)
	}
	return nil
}

func (t *trail) close() {
	if t != nil {
		t.log.Close()
	}
}
