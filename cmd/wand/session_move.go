package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"wand/policies/units"
	"wand/runtime"
)

const sessionKeys = `The file carries a code, without which nobody could tell it from one that somebody has changed. The code is made and verified with the key in --key FILE,
which both sides need: export makes the file when it is not there, and it goes to the other machine by a way that you trust (scp, a password
manager). Whoever has the key can make sessions that import accepts; it decrypts nothing: what the session holds can be read without it. Without --key
it is the store's own key, and only this store can read the file again.`

const sessionExportDescription = `Writes a session into one file that has all of it, to keep or to take it to another machine with the same guest (wand guests shows the digests).
What the policy grants is not in it.

` + sessionKeys + `

EXAMPLES:
   wand session export notes
   wand session export notes -o notes.wand --key shared.key
   wand session export notes -o - --key shared.key | ssh host wand session import - notes --key shared.key`

func (a *app) sessionExportCommand() *cli.Command {
	return &cli.Command{
		Name: "export", Usage: "write a session into one file", UsageText: "wand session export [options] NAME", Description: sessionExportDescription,
		Flags: []cli.Flag{
			storeFlag(), &cli.StringFlag{Name: "o", DefaultText: "NAME.wand", Usage: "`FILE` to write, - for standard output"},
			&cli.StringFlag{Name: "key", Usage: "`FILE` with the key for the other side; it is made when it is not there"},
		},
		HideHelpCommand: true, OnUsageError: onUsageError, Action: a.sessionExport,
	}
}

// sessionExport is wand session export.
func (a *app) sessionExport(c *cli.Context) error {
	args, err := a.nameArgs(c, 1, 1, "wand session export notes")
	if err != nil {
		return err
	}
	name := args[0]
	st, err := openSessions(c)
	if err != nil {
		return err
	}
	ctx, release := interruptible(c.Context)
	defer release()
	_, note, err := st.read(ctx, name)
	if err != nil {
		return err
	}
	s, done, err := a.openStored(ctx, c, st, name, note)
	if err != nil {
		return err
	}
	defer done()
	key := st.key
	if file := c.String("key"); file != "" {
		if key, err = a.sharedKey(file); err != nil {
			return err
		}
	}
	out, err := s.Export(key, note.text())
	if err != nil {
		return err
	}
	file := c.String("o")
	if file == "" {
		file = name + ".wand"
	}
	if file == "-" {
		if _, err := a.stdout.Write(out); err != nil {
			return cannotWrite(err)
		}
		return nil
	}
	if err := writeWhole(file, out, 0o600); err != nil {
		return fmt.Errorf("cannot write %s: %w", file, err)
	}
	fmt.Fprintf(a.stderr, "wand: %s, %s\n", printable(file), units.Bytes(len(out)))
	return nil
}

// sharedKey reads a key that two machines share, or makes one.
func (a *app) sharedKey(file string) ([]byte, error) {
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		secret := make([]byte, 32)
		rand.Read(secret)
		f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return nil, usage("--key: %v", err)
		}
		_, err = f.WriteString(base64.StdEncoding.EncodeToString(secret) + "\n")
		if err := errors.Join(err, f.Close()); err != nil {
			return nil, fmt.Errorf("--key: %w", err)
		}
		fmt.Fprintf(a.stderr, "wand: made the key %s; import needs it too\n", printable(file))
	}
	return goodKey(file)
}

func goodKey(file string) ([]byte, error) {
	key, err := readKey("key", file)
	if err == nil && len(key) < 16 {
		return nil, usage("--key: %s has %d bytes; a key needs at least 16; head -c 32 /dev/urandom | base64 makes one", file, len(key))
	}
	return key, err
}

// writeWhole writes a file beside its place and renames it, so that there is never half of it. mode is what the user's umask takes from.
func writeWhole(file string, data []byte, mode fs.FileMode) error {
	base := filepath.Base(file)
	beside := filepath.Join(filepath.Dir(file), "."+base[:min(len(base), 100)]+"-"+rand.Text())
	f, err := os.OpenFile(beside, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), file)
}

const sessionImportDescription = `Reads a session from a file that export has written, as NAME or under the file's name. The policy is not taken over with it: the session may do here what --policy and
--allow say, else compute only.

` + sessionKeys + `

EXAMPLES:
   wand session import notes.wand --key shared.key
   wand session import notes.wand copy --key shared.key --policy analyst.yaml
   wand session import - notes --key shared.key < notes.wand`

func (a *app) sessionImportCommand() *cli.Command {
	return &cli.Command{
		Name: "import", Usage: "read a session from a file", UsageText: "wand session import [options] FILE|- [NAME]", Description: sessionImportDescription,
		Flags: []cli.Flag{
			storeFlag(), &cli.StringFlag{Name: "key", Usage: "`FILE` with the key of the other side"}, policyFlag(), overlayFlag(), allowFlag(),
			&cli.StringSliceFlag{Name: "package", Usage: "a package that the session was made with: `PATH` (repeatable, in the same order)"},
		},
		HideHelpCommand: true, OnUsageError: onUsageError, Action: a.sessionImport,
	}
}

// maxImport bounds a file that is imported, in bytes.
const maxImport = 2 << 30

// sessionImport is wand session import.
func (a *app) sessionImport(c *cli.Context) error {
	if c.NArg() < 1 || c.NArg() > 2 {
		return usage("wand session import wants a file and may have a name, as in: wand session import notes.wand notes")
	}
	file, name := c.Args().Get(0), c.Args().Get(1)
	if name == "" {
		name = strings.TrimSuffix(filepath.Base(file), ".wand")
		if file == "-" {
			return usage("a session from standard input needs a name, as in: wand session import - notes")
		}
	}
	in, err := a.readImport(file)
	if err != nil {
		return err
	}
	st, err := openSessions(c)
	if err != nil {
		return err
	}
	key := st.key
	if file := c.String("key"); file != "" {
		if key, err = goodKey(file); err != nil {
			return err
		}
	}
	note := sessionNote{}
	granted, err := note.granted(c)
	if err != nil {
		return err
	}
	if note.Packages, err = absolute(c.StringSlice("package")); err != nil {
		return err
	}
	packages, err := readPackages(note.Packages)
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
	s, err := rt.Import(ctx, in, key, runtime.SessionOptions{Policy: granted.policy, Packages: packages})
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if err := s.Save(ctx, st, name, runtime.SaveOptions{Key: st.key, Note: note.text()}); err != nil {
		return st.wrong(err)
	}
	progress.end()
	if _, err := fmt.Fprintln(a.stdout, name); err != nil {
		return cannotWrite(err)
	}
	return nil
}

func (a *app) readImport(file string) ([]byte, error) {
	from := a.stdin
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, cannotRead(file, err)
		}
		defer f.Close()
		from = f
	}
	in, err := io.ReadAll(io.LimitReader(from, maxImport+1))
	if err != nil {
		return nil, cannotRead(file, err)
	}
	if len(in) > maxImport {
		return nil, usage("%s has more than %s, which no session has", file, units.Bytes(maxImport))
	}
	return in, nil
}
