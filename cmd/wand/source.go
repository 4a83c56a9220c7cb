package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/urfave/cli/v2"

	"wand/compiler"
)

// sourceFlags say what the program is and in which language.
func sourceFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "c", Aliases: []string{"code"}, Usage: "the program itself, as `CODE`"},
		&cli.StringFlag{Name: "lang", Aliases: []string{"language"}, Usage: "`LANGUAGE`: python, javascript, typescript, go, c, c++, rust, assemblyscript, wat or wasm (default: told from code block, name and content)"},
		toolchainFlag(),
	}
}

// source reads the program that a command line names: FILE, - or -c CODE.
func (a *app) source(c *cli.Context) (compiler.Source, error) { return a.sourceOf(c, c.Args().Slice()) }

// sourceOf is source where only some of the arguments are about the program.
func (a *app) sourceOf(c *cli.Context, args []string) (compiler.Source, error) {
	var s compiler.Source
	if lang := c.String("lang"); c.IsSet("lang") {
		var err error
		if s.Language, err = compiler.ParseLanguage(lang); err != nil {
			return s, usage("--lang: %v", err)
		}
	}
	switch {
	case c.IsSet("c") && len(args) > 0:
		return s, usage("both -c and the file %q name a program; arguments for it go after --", args[0])
	case c.IsSet("c"):
		s.Text = []byte(c.String("c"))
		return s, nil
	case len(args) == 0 && len(a.programArgs) > 0:
		return s, usage("no program: what follows -- is for the program; it is named before, as in: wand %s main.py -- %s", c.Command.Name, a.programArgs[0])
	case len(args) == 0 && findFlag(c.Command.Flags, "c") == nil:
		return s, usage("nothing to look at: give a file, or - for standard input, as in: wand %s x.wasm", c.Command.Name)
	case len(args) == 0:
		return s, usage("no program: give a file, - for standard input, or -c CODE, as in: wand %s main.py", c.Command.Name)
	case len(args) > 1:
		return s, usage("unexpected argument %q; arguments for the program go after --, as in: wand run %s -- %s", args[1], args[0], args[1])
	}
	name := args[0]
	if name == "-" {
		text, err := readBounded(a.stdin, "standard input")
		s.Text = text
		return s, err
	}
	s.Name = filepath.Base(name)
	f, err := os.Open(name)
	if err != nil {
		return s, cannotRead(name, err)
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return s, usage("cannot read %s: it is a folder; name the program's file", name)
	}
	s.Text, err = readBounded(f, name)
	return s, err
}

// readBounded reads what the compiler could accept and one byte more, so that it refuses the rest: /dev/zero has no end.
func readBounded(r io.Reader, name string) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, compiler.DefaultMaxWasm+1))
	if err != nil {
		return nil, cannotRead(name, err)
	}
	return text, nil
}

// cannotRead says why in words.
func cannotRead(name string, err error) error {
	reason := err.Error()
	var path *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		reason = "no such file"
	case errors.Is(err, fs.ErrPermission):
		reason = "permission denied"
	case errors.Is(err, syscall.EISDIR):
		reason = "it is a folder"
	case errors.As(err, &path):
		reason = path.Err.Error()
	}
	return usage("cannot read %s: %s", name, reason)
}

// showDiagnostics prints findings as compilers do: position, message, the line, a caret.
func showDiagnostics(w io.Writer, colourful bool, list []compiler.Diagnostic) {
	for _, d := range list {
		position := d.File
		if d.Line > 0 {
			position = fmt.Sprintf("%s:%d", position, d.Line)
			if d.Column > 0 {
				position = fmt.Sprintf("%s:%d", position, d.Column)
			}
		}
		kind, code := "error", red
		if d.Severity == compiler.SeverityWarning {
			kind, code = "warning", yellow
		}
		message := d.Message
		if d.Type != "" {
			message = d.Type + ": " + message
		}
		fmt.Fprintf(w, "%s: %s: %s\n", printable(position), colour(colourful, code, kind), printable(message))
		if d.LineText != "" {
			text, column := compiler.ClipLine(d.LineText, d.Column, 120)
			fmt.Fprintf(w, "    %s\n", printable(text))
			if column > 0 {
				fmt.Fprintf(w, "    %s%s\n", padding(text, column-1), colour(colourful, code, carets(text, d, column)))
			}
		}
		if d.Hint != "" {
			fmt.Fprintf(w, "    hint: %s\n", printable(d.Hint))
		}
	}
}

// padding is as wide as the first n characters of a line; its tabs stay tabs.
func padding(text string, n int) string {
	pad := make([]rune, 0, n)
	for _, r := range text {
		if len(pad) == n {
			return string(pad)
		}
		if r == '\t' {
			pad = append(pad, '\t')
		} else {
			pad = append(pad, ' ')
		}
	}
	for len(pad) < n {
		pad = append(pad, ' ')
	}
	return string(pad)
}

func carets(text string, d compiler.Diagnostic, column int) string {
	n := min(max(d.EndColumn-d.Column, 1), max(len([]rune(text))-column+1, 1))
	out := make([]byte, n)
	for i := range out {
		out[i] = '^'
	}
	return string(out)
}
