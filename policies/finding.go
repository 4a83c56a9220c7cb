package policies

import (
	"fmt"
	"strconv"
	"strings"

	"wand/policies/nearest"
)

// MaxFindings bounds how many findings one Error lists.
const MaxFindings = 20

// Error says everything that is wrong with a document, an overlay or a Cedar file.
type Error struct {
	Findings []Finding
	// More is how many further findings were left out.
	More int
}

// Finding is one thing that is wrong, and where.
type Finding struct {
	// File, Line and Column say where; Line and Column count from 1, in characters. Line is 0 where there is no text: a policy that was built in Go.
	File         string
	Line, Column int
	// Path is the place in the document: "network[0].methods". It may be empty.
	Path string
	// Message says what is wrong and with what value; Hint, which may be empty, what to do.
	Message, Hint string
	// Text is the offending line, shortened. It may be empty.
	Text string
}

// Error implements error: all findings, each with its line.
func (e *Error) Error() string {
	var b strings.Builder
	for i, f := range e.Findings {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(f.String())
	}
	if e.More > 0 {
		fmt.Fprintf(&b, "\nand %d more", e.More)
	}
	return b.String()
}

// String writes "file:line:column: message", the line with a caret below the column, and the hint.
func (f Finding) String() string {
	var b strings.Builder
	if place := (Origin{File: f.File, Line: f.Line, Column: f.Column}).String(); place != "" {
		b.WriteString(place + ": ")
	}
	if f.Path != "" {
		b.WriteString(f.Path + ": ")
	}
	b.WriteString(f.Message)
	if f.Text != "" && f.Line > 0 {
		gutter := strconv.Itoa(f.Line)
		fmt.Fprintf(&b, "\n  %s | %s", gutter, f.Text)
		if f.Column > 0 && f.Column <= len([]rune(f.Text)) {
			fmt.Fprintf(&b, "\n  %s | %s^", strings.Repeat(" ", len(gutter)), strings.Repeat(" ", f.Column-1))
		}
	}
	if f.Hint != "" {
		b.WriteString("\n  hint: " + f.Hint)
	}
	return b.String()
}

// Origin says where a part of a document stands. It is empty for a policy that was built in Go.
type Origin struct {
	File string
	// Line and Column count from 1.
	Line, Column int
	// Path is the place within its own document: "network[0]".
	Path string
	// Text is the line, shortened.
	Text string
}

// String writes "policy.yaml:12:5", as far as it is known.
func (o Origin) String() string {
	switch {
	case o.Line > 0 && o.File != "":
		return fmt.Sprintf("%s:%d:%d", o.File, o.Line, o.Column)
	case o.Line > 0:
		return fmt.Sprintf("line %d:%d", o.Line, o.Column)
	}
	return o.File
}

func (o Origin) finding(format string, args ...any) Finding {
	return Finding{File: o.File, Line: o.Line, Column: o.Column, Path: o.Path, Text: o.Text, Message: fmt.Sprintf(format, args...)}
}

// findings collects what is wrong. It keeps MaxFindings and counts the rest.
type findings struct {
	list []Finding
	more int
}

func (f *findings) add(found Finding) {
	if len(f.list) == MaxFindings {
		f.more++
		return
	}
	f.list = append(f.list, found)
}

// addf reports at a place and gives the finding back for a hint.
func (f *findings) addf(o Origin, hint, format string, args ...any) {
	found := o.finding(format, args...)
	found.Hint = hint
	f.add(found)
}

// err returns what was collected as an error, or nil.
func (f *findings) err() error {
	if len(f.list) == 0 {
		return nil
	}
	return &Error{Findings: f.list, More: f.more}
}

// shorten keeps a value readable in a message.
func shorten(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n]) + "…"
	}
	return s
}

func didYouMean(name string, candidates []string) string {
	if n := nearest.Name(name, candidates); n != "" {
		return fmt.Sprintf("did you mean %q?", n)
	}
	if len(candidates) > 0 && len(candidates) <= 24 {
		return "known here: " + strings.Join(candidates, ", ")
	}
	return ""
}
