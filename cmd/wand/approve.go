package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	goruntime "runtime"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"

	"wand/hostfuncs"
)

// Values of --approve.
const (
	approveAsk   = "ask"
	approveNever = "never"
)

// approver returns who agrees to calls for which the policy wants that.
func approver(mode string, before func()) (hostfuncs.Approver, error) {
	switch mode {
	case "", approveAsk:
		return (&consent{before: before}).ask, nil
	case approveNever:
		return func(_ context.Context, q hostfuncs.Approval) (hostfuncs.Answer, error) {
			return hostfuncs.Answer{}, unasked(q, "calls that somebody has to approve are refused in this run")
		}, nil
	}
	return nil, usage("--approve: %q is neither %s nor %s", mode, approveAsk, approveNever)
}

// consent asks on the terminal of the process, whatever its standard streams are: a program must not be able to answer by what it is given to
// read, nor to hide the question.
type consent struct {
	before func() // called before the first question

	mu     sync.Mutex
	always map[string]bool // rules that need no more questions
}

const noTerminal = "there is no terminal on which somebody could be asked"

// errUnasked says that nobody could be asked.
var errUnasked = errors.New("nobody could be asked")

// unasked is a call that was refused without an answer, for the program, and with its error for the person.
func unasked(q hostfuncs.Approval, reason string) error {
	return fmt.Errorf("%w: %w", errUnasked, &hostfuncs.Error{
		Type: hostfuncs.PermissionError, Message: q.Tool + ": somebody has to approve this call: " + reason,
		Hint: "do without it, or have the program run where somebody can be asked",
	})
}

// ask implements hostfuncs.Approver.
func (c *consent) ask(ctx context.Context, q hostfuncs.Approval) (hostfuncs.Answer, error) {
	c.mu.Lock() // one question at a time
	defer c.mu.Unlock()
	if ctx.Err() != nil {
		return hostfuncs.Answer{}, ctx.Err()
	}
	if c.always[q.Rule] {
		return hostfuncs.Answer{Allowed: true, Always: true}, nil
	}
	in, out, err := openTerminal()
	if err != nil {
		return hostfuncs.Answer{}, unasked(q, noTerminal)
	}
	defer in.Close()
	defer out.Close()
	if c.before != nil {
		c.before()
	}
	// What was typed before the question is no answer to it.
	discardInput(in)
	if _, err := fmt.Fprint(out, question(q)); err != nil {
		return hostfuncs.Answer{}, unasked(q, noTerminal)
	}
	line, err := readLine(ctx, in)
	switch {
	case ctx.Err() != nil:
		fmt.Fprintln(out)
		return hostfuncs.Answer{}, ctx.Err()
	case err != nil:
		fmt.Fprintln(out)
		return hostfuncs.Answer{}, unasked(q, "the terminal was closed before an answer")
	}
	answer := answerOf(line)
	if answer.Always {
		if c.always == nil {
			c.always = map[string]bool{}
		}
		c.always[q.Rule] = true
	}
	return answer, nil
}

// answerOf reads what somebody typed. Only a clear yes allows.
func answerOf(line string) hostfuncs.Answer {
	line = strings.TrimSpace(line)
	switch strings.ToLower(line) {
	case "y", "yes":
		return hostfuncs.Answer{Allowed: true}
	case "a", "always":
		return hostfuncs.Answer{Allowed: true, Always: true}
	case "", "n", "no":
		return hostfuncs.Answer{}
	}
	return hostfuncs.Answer{Reason: line}
}

// shownArgs is how many characters of the arguments a question shows.
const shownArgs = 4000

func question(q hostfuncs.Approval) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\nwand: the program asks for a call that somebody has to approve\n")
	fmt.Fprintf(&b, "  tool       %s\n", unambiguous(q.Tool))
	args := []rune(unambiguous(string(q.Args)))
	if len(args) > shownArgs {
		fmt.Fprintf(&b, "  arguments  %s\n             ... and %d characters more, NOT SHOWN\n", string(args[:shownArgs]), len(args)-shownArgs)
	} else {
		fmt.Fprintf(&b, "  arguments  %s\n", string(args))
	}
	fmt.Fprintf(&b, "  preview    %s\n", clip(unambiguous(q.Preview), shownArgs))
	fmt.Fprintf(&b, "  rule       %s\n", unambiguous(q.Rule))
	b.WriteString("Allow it? y: yes, a: always under this rule in this run, N: no, or the reason why not: ")
	return b.String()
}

// unambiguous shows a text in one line as it is: control characters, and signs that cannot be seen or that turn the direction of writing, as
// escapes.
func unambiguous(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r == ' ' || unicode.IsGraphic(r) && !unicode.IsSpace(r) && !unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r) {
			b.WriteRune(r)
			continue
		}
		quoted := strconv.QuoteRuneToASCII(r)
		b.WriteString(quoted[1 : len(quoted)-1])
	}
	return b.String()
}

// openTerminal opens the terminal that controls the process.
func openTerminal() (in, out *os.File, err error) {
	input, output := "/dev/tty", "/dev/tty"
	if goruntime.GOOS == "windows" {
		input, output = "CONIN$", "CONOUT$"
	}
	if in, err = os.OpenFile(input, os.O_RDWR, 0); err != nil {
		return nil, nil, err
	}
	if out, err = os.OpenFile(output, os.O_RDWR, 0); err != nil {
		in.Close()
		return nil, nil, err
	}
	return in, out, nil
}

// readLine reads one line, or returns when ctx is done.
func readLine(ctx context.Context, f *os.File) (string, error) {
	type input struct {
		line string
		err  error
	}
	read := make(chan input, 1)
	go func() {
		line, err := bufio.NewReader(f).ReadString('\n')
		read <- input{line, err}
	}()
	// Where a terminal can be polled this ends the read; elsewhere it ends with the process.
	stop := context.AfterFunc(ctx, func() { f.SetReadDeadline(time.Now()) })
	defer stop()
	select {
	case i := <-read:
		return i.line, i.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}
