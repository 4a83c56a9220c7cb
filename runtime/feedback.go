package runtime

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"wand/policies/units"
)

// DefaultFeedback is the token budget of Feedback where nothing is said.
const DefaultFeedback = 600

// Feedback is the report as text for a model: what happened, the failing line with a caret, the calls that led there, the values
// that matter, what a limit allowed beside what was used, one next step, and as much of the output as fits. tokens bounds its
// length (0: DefaultFeedback), counted as four bytes a token, the usual estimate for English and code; the most useful parts come first and
// are the last to be cut. Nothing in it names the host.
func (r *Report) Feedback(tokens int) string {
	if tokens <= 0 {
		tokens = DefaultFeedback
	}
	w := &feedback{room: min(tokens, 1<<28) * 4}
	w.line(r.headline())
	if e := r.Error; e != nil {
		w.error(e)
		for cause := e.Cause; cause != nil; cause = cause.Cause {
			w.line("caused by " + title(cause))
			w.location(cause.Location)
		}
		if e.Hint != "" {
			w.line("next step: " + e.Hint)
		}
	}
	for _, warning := range r.Warnings {
		if warning.Line > 0 {
			w.line(fmt.Sprintf("warning, line %d: %s", warning.Line, warning.Message))
		} else {
			w.line("warning: " + warning.Message)
		}
	}
	if len(r.Result) > 0 {
		w.line("result: " + clip(compact(r.Result), w.room/2))
	}
	for _, f := range r.Files {
		w.line(fmt.Sprintf("wrote %s (%s)", f.Path, units.Bytes(f.Size)))
	}
	stderr := r.Stderr
	if r.Error != nil && raised(r.Error.Kind) {
		stderr = "" // it ends in the traceback, which stands above in a better form
	}
	w.stream("stdout", r.Stdout, r.Truncated.stdout())
	w.stream("stderr", stderr, r.Truncated.stderr())
	return w.text.String()
}

// raised says whether an error is one that the language raised.
func raised(k ErrorKind) bool {
	switch k {
	case KindException, KindAssertion, KindSyntax, KindTool, KindPolicy:
		return true
	}
	return false
}

func (t *Truncated) stdout() int64 {
	if t == nil {
		return 0
	}
	return t.StdoutBytes
}

func (t *Truncated) stderr() int64 {
	if t == nil {
		return 0
	}
	return t.StderrBytes
}

// headline is the verdict in one line.
func (r *Report) headline() string {
	u := r.Usage
	spent := fmt.Sprintf("%s fuel, %s memory, %s", units.Count(u.Fuel.Used), units.Bytes(u.Memory.PeakBytes), units.Duration(time.Duration(u.WallMS*float64(time.Millisecond))))
	switch r.Status {
	case Completed:
		return "completed (" + spent + ")"
	case Exhausted:
		return fmt.Sprintf("stopped: %s limit: %s (used %s)", strings.ReplaceAll(string(r.Error.Kind), "_", " "), r.Error.Message, spent)
	}
	return string(r.Status) + ": " + title(r.Error)
}

func title(e *Error) string {
	if e == nil {
		return ""
	}
	if e.Type == "" || e.Kind == KindTrap {
		return e.Message
	}
	if e.Message == "" {
		return e.Type
	}
	return e.Type + ": " + e.Message
}

// feedback is text under construction with what may still be added.
type feedback struct {
	text strings.Builder
	room int
}

// line adds a line if all of it fits, or what fits when that is worth having.
func (w *feedback) line(s string) {
	if len(s)+1 > w.room {
		if w.room < 40 {
			return
		}
		s = clip(s, w.room-1)
	}
	w.text.WriteString(s)
	w.text.WriteByte('\n')
	w.room -= len(s) + 1
}

func (w *feedback) error(e *Error) {
	own := slices.DeleteFunc(slices.Clone(e.Frames), func(f Frame) bool { return f.Library })
	w.location(e.Location)
	// The innermost frame is the location itself; the others tell how the program came there, nearest first.
	for i := len(own) - 2; i >= 0; i-- {
		f := own[i]
		if len(own)-1-i > 4 {
			w.line(fmt.Sprintf("  ... and %d more calls", i+1))
			break
		}
		where := ""
		if f.Function != "" {
			where = " in " + f.Function
		}
		w.line(fmt.Sprintf("  called from line %d%s: %s", f.Line, where, strings.TrimSpace(f.LineText)))
	}
	names := make([]string, 0, len(e.Values))
	for name := range e.Values {
		names = append(names, name)
	}
	slices.Sort(names)
	if len(names) > 0 {
		w.line("values:")
	}
	for i, name := range names {
		if i == 12 {
			w.line(fmt.Sprintf("  ... and %d more", len(names)-i))
			break
		}
		w.line("  " + name + " = " + clip(e.Values[name], 200))
	}
}

// location writes the line and a caret under the part that failed.
func (w *feedback) location(l *Location) {
	if l == nil || l.Line == 0 {
		return
	}
	w.line(fmt.Sprintf("at %s line %d:", l.File, l.Line))
	if l.LineText == "" {
		return
	}
	text, column, width := window(l)
	w.line("  " + text)
	if column > 0 {
		w.line("  " + strings.Repeat(" ", column-1) + strings.Repeat("^", width))
	}
}

// traceback is an error as a program's language prints it, for programs whose guest cannot: the one that ran is a translation.
func traceback(e *Error) string {
	var b strings.Builder
	if l := e.Location; l != nil && l.Line > 0 {
		fmt.Fprintf(&b, "%s:%d\n%s\n", l.File, l.Line, l.LineText)
		if l.Column > 0 && l.Column <= len(l.LineText)+1 {
			b.WriteString(strings.Repeat(" ", l.Column-1) + "^\n")
		}
		b.WriteByte('\n')
	}
	b.WriteString(title(e) + "\n")
	for _, f := range slices.Backward(e.Frames) {
		at := fmt.Sprintf("%s:%d:%d", f.File, f.Line, f.Column)
		if f.Function == "" || f.Function == "<main>" {
			fmt.Fprintf(&b, "    at %s\n", at)
		} else {
			fmt.Fprintf(&b, "    at %s (%s)\n", f.Function, at)
		}
	}
	return b.String()
}

// window cuts a long line to the part around the column, and returns it with the caret's place and width in it. Positions are a guest's
// word and may be any numbers.
func window(l *Location) (text string, column, width int) {
	const most = 160
	line := []rune(strings.ReplaceAll(strings.TrimRight(l.LineText, "\r\n"), "\t", " "))
	column, width = l.Column, 1
	if column < 0 || column > len(line)+1 {
		column = 0
	}
	if (l.EndLine == 0 || l.EndLine == l.Line) && l.EndColumn > column {
		width = l.EndColumn - column
	}
	start := 0
	if len(line) > most {
		start = min(max(0, column-most/2), len(line)-most)
		line = line[start : start+most]
	}
	for start == 0 && len(line) > 0 && line[0] == ' ' && column != 1 {
		line = line[1:]
		if column > 0 {
			column--
		}
	}
	column = max(0, column-start)
	return string(line), column, max(1, min(width, len(line)-column+1))
}

// stream adds a stream's head and tail in the room that is left.
func (w *feedback) stream(name, text string, missing int64) {
	text = strings.TrimRight(text, "\n")
	if text == "" || w.room < 80 {
		return
	}
	head := name + ":"
	if missing > 0 {
		head = fmt.Sprintf("%s (%s left out):", name, units.Bytes(missing))
	}
	w.line(head)
	w.line(clip(text, w.room-1))
}

// clip cuts the middle out of s so that it has at most n bytes.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	mark := " [...] "
	if n < len(mark)+8 {
		return validPrefix(s, max(0, n))
	}
	keep := n - len(mark)
	tail := s[len(s)-keep/3:]
	for len(tail) > 0 && !utf8.RuneStart(tail[0]) {
		tail = tail[1:]
	}
	return validPrefix(s, keep-keep/3) + mark + tail
}

func validPrefix(s string, n int) string {
	for n > 0 && n < len(s) && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:min(n, len(s))]
}

func compact(raw json.RawMessage) string {
	b, err := json.Marshal(raw)
	if err != nil {
		return ""
	}
	return string(b)
}
