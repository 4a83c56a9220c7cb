package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/peterh/liner"
	"github.com/urfave/cli/v2"

	"wand/compiler"
	"wand/runtime"
)

// errAborted says that somebody has thrown away what was typed.
var errAborted = errors.New("what was typed was thrown away")

// lineReader is where a prompt reads from.
type lineReader interface {
	line(prompt string) (string, error) // io.EOF at the end, errAborted after Ctrl-C
	remember(text string)
	terminal() bool
	// during makes the terminal what programs and questions expect, until the function that it returns is called.
	during() func()
	close()
}

// newLineReader returns an editor where there is a terminal on both sides, and otherwise plain lines.
func (a *app) newLineReader(c *cli.Context, language compiler.Language) (lineReader, error) {
	if !isTerminal(a.stdin) || !isTerminal(a.stdout) || a.stdin != io.Reader(os.Stdin) {
		lines := bufio.NewReaderSize(a.stdin, 64<<10)
		return &plainLines{lines}, nil
	}
	calm, err := liner.TerminalMode()
	if err != nil {
		return nil, err
	}
	e := &editor{state: liner.NewLiner(), calm: calm}
	if e.raw, err = liner.TerminalMode(); err != nil {
		e.state.Close()
		return nil, err
	}
	e.state.SetCtrlCAborts(true)
	e.state.SetMultiLineMode(true)
	e.state.SetBeep(false)
	e.state.SetCompleter(func(line string) (found []string) {
		for _, name := range []string{":back", ":files", ":fork", ":help", ":quit", ":reset", ":save", ":usage"} {
			if line != "" && strings.HasPrefix(name, line) {
				found = append(found, name)
			}
		}
		if len(found) == 0 && strings.TrimSpace(line) == "" { // indentation
			found = append(found, line+"    ")
		}
		return found
	})
	if e.file = c.String("history"); !c.IsSet("history") {
		if dir, err := dataDir(); err == nil {
			e.file = filepath.Join(dir, "wand", "history-"+string(language))
		}
	}
	if f, err := os.Open(e.file); err == nil {
		e.state.ReadHistory(f)
		f.Close()
	}
	return e, nil
}

// plainLines is input without a terminal.
type plainLines struct{ from *bufio.Reader }

func (p *plainLines) line(string) (string, error) {
	text, err := p.from.ReadString('\n')
	if err == io.EOF && text != "" {
		err = nil
	}
	return strings.TrimRight(text, "\r\n"), err
}

func (p *plainLines) remember(string) {}
func (p *plainLines) terminal() bool  { return false }
func (p *plainLines) during() func()  { return func() {} }
func (p *plainLines) close()          {}

// editor is a terminal.
type editor struct {
	state     *liner.State
	calm, raw liner.ModeApplier
	file      string // of the history
}

func (e *editor) line(prompt string) (string, error) {
	text, err := e.state.Prompt(prompt)
	if errors.Is(err, liner.ErrPromptAborted) {
		return "", errAborted
	}
	if err == io.EOF {
		fmt.Println()
	}
	return text, err
}

func (e *editor) remember(text string) {
	for line := range strings.SplitSeq(text, "\n") {
		if strings.TrimSpace(line) != "" {
			e.state.AppendHistory(line)
		}
	}
}

func (e *editor) terminal() bool { return true }

func (e *editor) during() func() {
	e.calm.ApplyMode()
	return func() { e.raw.ApplyMode() }
}

// close gives the terminal back. A history that cannot be kept is no reason to complain at the end.
func (e *editor) close() {
	e.state.Close()
	if e.file == "" {
		return
	}
	if err := os.MkdirAll(filepath.Dir(e.file), 0o700); err != nil {
		return
	}
	var text strings.Builder
	if _, err := e.state.WriteHistory(&text); err == nil {
		writeWhole(e.file, []byte(text.String()), 0o600)
	}
}

// state says what is to be done with what has been typed.
type state string

const (
	stateRun   state = "run"   // it is whole
	stateMore  state = "more"  // more has to follow
	stateError state = "error" // it never becomes whole; running it says why
)

// read reads one input: lines, as many as it takes.
func (r *repl) read() (string, error) {
	first, next := ">>> ", "... "
	if r.language() != compiler.Python {
		first = "> "
	}
	var text string
	line, pending := r.takePending()
	for {
		if !pending {
			prompt := first
			if text != "" {
				prompt = next
			}
			var err error
			if line, err = r.input.line(prompt); err != nil {
				if errors.Is(err, errAborted) {
					return "", err
				}
				return text, err // at the end, what there is
			}
		}
		pending = false
		if text == "" && strings.TrimSpace(line) == "" {
			continue
		}
		if text == "" && strings.HasPrefix(line, ":") {
			r.input.remember(line)
			return line, nil
		}
		whole, done := r.joined(text, line)
		if done {
			r.input.remember(whole)
			return whole, nil
		}
		text = whole
	}
}

// takePending returns the line that has ended the input before.
func (r *repl) takePending() (string, bool) {
	line := r.pending
	r.pending = nil
	if line == nil {
		return "", false
	}
	return *line, true
}

// joined adds a line to what has been typed, and says whether it is to be run now.
func (r *repl) joined(text, line string) (whole string, done bool) {
	if text == "" {
		return line, r.state(line) != stateMore
	}
	whole = text + "\n" + line
	python, blank := r.language() == compiler.Python, strings.TrimSpace(line) == ""
	if python && !r.input.terminal() && (blank || line[0] == ' ' || line[0] == '\t') {
		return whole, false // a file has empty lines within functions; the next line that is not indented tells
	}
	s := r.state(whole)
	if python && !blank && s == stateError && line[0] != ' ' && line[0] != '\t' && r.state(text+"\n") == stateRun {
		// A block that is complete, and a statement after it.
		r.pending = &line
		return text, true
	}
	return whole, s != stateMore
}

// state asks the guest whether an input is whole.
func (r *repl) state(text string) state {
	ctx, release := stoppable(r.options.Context)
	defer release()
	if r.language() == compiler.Python {
		var said struct{ State state }
		if r.ask(ctx, pythonState, text, &said) && said.State != "" {
			return said.State
		}
		return stateRun
	}
	return r.scriptState(ctx, text)
}

// pythonState has Python say what its own prompt would.
const pythonState = `
import codeop, warnings
warnings.simplefilter("ignore")
try:
    state = "more" if codeop.compile_command(INPUT, "<input>", "single") is None else "run"
except (SyntaxError, ValueError, OverflowError):
    state = "error"
{"State": state}
`

// pythonShows has Python say whether an input ends with an expression.
const pythonShows = `
import ast
body = ast.parse(INPUT).body
{"Shows": bool(body) and isinstance(body[-1], ast.Expr)}
`

// ask runs a program of ours, with no authority, apart from the session.
func (r *repl) ask(ctx context.Context, program, text string, answer any) bool {
	input, err := json.Marshal(text)
	if err != nil {
		return false
	}
	m, _, err := compiler.Compile(ctx, compiler.Source{Language: compiler.Python, Text: []byte(program)})
	if err != nil || m == nil {
		return false
	}
	report, err := r.rt.Run(ctx, m, runtime.Options{Input: input})
	return err == nil && report.Status == runtime.Completed && json.Unmarshal(report.Result, answer) == nil
}

// scriptState goes by where the error is: at the end, something is missing. What the guest's message does not tell, the compiler of TypeScript does, which knows
// every script.
func (r *repl) scriptState(ctx context.Context, text string) state {
	_, found, err := r.rt.Compile(ctx, compiler.Source{Language: r.language(), Text: []byte(text)})
	wrong := firstError(found)
	if err != nil || wrong == nil {
		return stateRun
	}
	if r.language() == compiler.JavaScript {
		if wrong.Message == "unexpected end of comment" {
			return stateMore
		}
		_, found, err := compiler.Compile(ctx, compiler.Source{Language: compiler.TypeScript, Text: []byte(text)})
		if wrong = firstError(found); err != nil || wrong == nil {
			return stateError
		}
	}
	switch message := wrong.Message; {
	case strings.Contains(message, "end of file"), strings.HasPrefix(message, `Expected "*/"`):
		return stateMore
	case message == "Unterminated string literal" && strings.Count(text, "`")%2 == 1:
		return stateMore
	}
	return stateError
}

func firstError(found []compiler.Diagnostic) *compiler.Diagnostic {
	for i := range found {
		if found[i].Severity == compiler.SeverityError {
			return &found[i]
		}
	}
	return nil
}

// show prints the value of an input as the language's own prompt does. A fork of the session prints it, so that printing changes nothing: _ is the value there.
func (r *repl) show(ctx context.Context, text string, report *runtime.Report) {
	program := "__import__('sys').stdout.write(repr(__import__('builtins')._) + '\\n') and None"
	if r.language() == compiler.Python {
		var said struct{ Shows bool }
		if len(report.Result) == 0 || string(report.Result) == "null" || !r.ask(ctx, pythonShows, text, &said) || !said.Shows {
			return
		}
	} else {
		program = "console.log(require('util').inspect(_))"
		if len(report.Result) == 0 {
			return
		}
	}
	fork, err := r.session.Fork()
	if err != nil {
		return
	}
	defer fork.Close()
	m, _, err := compiler.Compile(ctx, fork.Source(program))
	if err != nil || m == nil {
		return
	}
	out := &live{to: r.app.stdout, terminal: isTerminal(r.app.stdout)}
	errs := &live{to: r.app.stderr, terminal: isTerminal(r.app.stderr)}
	if shown, err := fork.Run(ctx, m, runtime.TurnOptions{Stdout: out, Stderr: errs}); err == nil && shown.Status != runtime.Completed && shown.Status != runtime.Failed && shown.Error != nil {
		fmt.Fprintf(r.app.stderr, "wand: the value cannot be shown: %s\n", oneLine(shown.Error.Message))
	}
}
