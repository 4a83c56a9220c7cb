package runtime

import (
	"encoding/json"
	"fmt"
	"maps"
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
// length (0: DefaultFeedback), counted as four bytes a token, the usual estimate for English and code. What does not fit is dropped by its use, the
// least useful first: other variables, outer calls and output before both sides of a failed comparison, and those before the failing line, the
// next step and the verdict. Nothing in it names the host.
func (r *Report) Feedback(tokens int) string {
	if tokens <= 0 {
		tokens = DefaultFeedback
	}
	w := &feedback{}
	w.line(rankVerdict, r.headline())
	if e := r.Error; e != nil {
		w.error(e, 0)
		if hottest := r.hottest(); hottest != "" {
			w.line(rankCaller, hottest)
		}
		depth := 0
		for cause := e.Cause; cause != nil; cause = cause.Cause {
			depth++
			w.line(rankCause, "caused by "+title(cause))
			w.error(cause, depth)
		}
		if e.Hint != "" {
			w.line(rankStep, "next step: "+e.Hint)
		}
	}
	for _, warning := range r.Warnings {
		rank := rankWarning
		if warning.Kind == WarnNondeterministic {
			rank = rankLeast
		}
		if warning.Line > 0 {
			w.line(rank, fmt.Sprintf("warning, line %d: %s", warning.Line, warning.Message))
		} else {
			w.line(rank, "warning: "+warning.Message)
		}
	}
	if len(r.Result) > 0 {
		w.line(rankResult, "result: "+compact(r.Result))
	}
	for i, f := range r.Files {
		if i == 20 {
			w.line(rankFiles, fmt.Sprintf("... and %d more files", len(r.Files)-i+r.FilesOmitted))
			break
		}
		w.line(rankFiles, fmt.Sprintf("wrote %s (%s)", f.Path, units.Bytes(f.Size)))
	}
	output, stderr := rankOutput, r.Stderr
	if r.Error == nil {
		output = rankResult
	} else if raised(r.Error.Kind) {
		stderr = "" // it ends in the traceback, which stands above in a better form
	}
	room := min(tokens, 1<<28) * 4
	most := room
	if r.Error != nil {
		most = room / 4 // its end tells how far the program came; more would only hide what stands above
	}
	w.stream(output, "stdout", r.Stdout, r.Truncated.stdout(), most)
	w.stream(max(output, rankOutput), "stderr", stderr, r.Truncated.stderr(), most)
	return w.text(room)
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

// Ranks of the parts of a feedback, the most useful first.
const (
	rankVerdict = iota
	rankPlace   // the failing line with its caret
	rankStep    // what to do next
	rankSides   // both sides of a failed comparison
	rankResult  // the value, and what a run that completed printed
	rankCause   // the error below, and where it is
	rankCaller  // the call that led to the failing line
	rankWarning
	rankValues // variables
	rankCallers
	rankOutput // what a run that failed had printed
	rankFiles
	rankLeast
	ranks
)

// feedback is text under construction: lines in the order in which they are read, each with its rank.
type feedback struct {
	lines []ranked
}

type ranked struct {
	rank int
	text string
	rest bool // belongs to the line before: without that it says nothing
}

func (w *feedback) line(rank int, s string) { w.lines = append(w.lines, ranked{rank: rank, text: s}) }

// below adds a line that only stands beside the one before it.
func (w *feedback) below(rank int, s string) {
	w.lines = append(w.lines, ranked{rank: rank, text: s, rest: true})
}

// text writes what has room. Rank by rank each line gets what it needs or, when that is more than is left, as much of it as is worth having.
func (w *feedback) text(room int) string {
	const worth = 40 // bytes of a line that is cut
	kept := make([]int, len(w.lines))
	for rank := range ranks {
		whole := true
		for i, l := range w.lines {
			if l.rank != rank || l.rest && kept[i-1] == 0 {
				continue
			}
			need := len(l.text) + 1
			share := room
			switch rank {
			case rankVerdict:
				share = max(room/3, worth) // an endless message leaves room for the place
			case rankPlace, rankStep, rankResult:
				share = max(room/2, worth)
			}
			switch {
			case need <= min(share, room):
			case min(share, room) > worth && !l.rest:
				need = min(share, room)
			default:
				need, whole = 0, false
			}
			kept[i] = need
			room -= need
		}
		if !whole && rank >= rankValues {
			break // what is less useful does not get in because it is shorter
		}
	}
	var b strings.Builder
	for i, l := range w.lines {
		switch {
		case kept[i] == 0:
		case len(l.text) < kept[i]:
			b.WriteString(l.text)
			b.WriteByte('\n')
		default:
			b.WriteString(clipLines(l.text, kept[i]-1))
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// error writes where an error was raised, how the program came there and with which values. depth is how many errors it is below the one
// that ended the run.
func (w *feedback) error(e *Error, depth int) {
	later := 0
	if depth > 0 {
		later = rankCause - rankPlace
	}
	w.location(rankPlace+later, e.Location)
	if depth == 0 {
		w.calls(e.Frames)
	}
	w.values(e.Values)
}

// calls tells how the program came to the failing line, nearest first. The innermost frame is the location itself.
func (w *feedback) calls(frames []Frame) {
	const most = 4
	own := slices.DeleteFunc(slices.Clone(frames), func(f Frame) bool { return f.Library })
	if inner := len(own) - 1; inner >= 0 && own[inner].Line == 0 && own[inner].Function != "" {
		w.line(rankPlace, "in function "+own[inner].Function) // a module has names, but no lines
	}
	for i := len(own) - 2; i >= 0; i-- {
		f := own[i]
		nth := len(own) - 1 - i
		if nth > most {
			w.line(rankCallers, fmt.Sprintf("  ... and %d more calls", i+1))
			break
		}
		where, rank := "", rankCallers
		if f.Function != "" {
			where = " in " + f.Function
		}
		if f.Line == 0 {
			w.line(rankCallers, "  called from "+f.Function)
			continue
		}
		if nth == 1 {
			rank = rankCaller
		}
		text := strings.TrimSpace(f.LineText)
		if text != "" {
			text = ": " + text
		}
		w.line(rank, fmt.Sprintf("  called from line %d%s%s", f.Line, where, text))
	}
}

// values writes both sides of what was compared, then the variables in the order of their names.
func (w *feedback) values(values map[string]string) {
	if len(values) == 0 {
		return
	}
	names := slices.Sorted(maps.Keys(values))
	sides := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !isSide(name) || values["right"] == "" && name == "left" })
	rest := slices.DeleteFunc(names, func(name string) bool { return slices.Contains(sides, name) })
	rank := rankSides
	if len(sides) == 0 {
		rank = rankValues
	}
	w.line(rank, "values:")
	for _, name := range sides {
		w.below(rankSides, "  "+name+" = "+clip(values[name], 400))
	}
	for i, name := range rest {
		if i == 12 {
			w.line(rankValues, fmt.Sprintf("  ... and %d more", len(rest)-i))
			break
		}
		w.line(rankValues, "  "+name+" = "+clip(values[name], 200))
	}
}

// isSide says whether a value is part of what was asserted, rather than a variable.
func isSide(name string) bool { return name == "left" || name == "right" || name == "value" }

// location writes the line and a caret under the part that failed.
func (w *feedback) location(rank int, l *Location) {
	if l == nil || l.Line == 0 {
		return
	}
	if l.LineText == "" {
		w.line(rank, fmt.Sprintf("at %s line %d", l.File, l.Line))
		return
	}
	w.line(rank, fmt.Sprintf("at %s line %d:", l.File, l.Line))
	text, column, width := window(l)
	w.line(rank, "  "+text)
	if column > 0 {
		w.below(rank, "  "+strings.Repeat(" ", column-1)+strings.Repeat("^", width))
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

// stream adds a stream's head and tail, in most bytes.
func (w *feedback) stream(rank int, name, text string, missing int64, most int) {
	text = strings.TrimRight(text, "\n")
	if text == "" {
		return
	}
	head := name + ":"
	if missing > 0 {
		head = fmt.Sprintf("%s (%s left out):", name, units.Bytes(missing))
	}
	w.line(rank, head+"\n"+clipLines(text, most))
}

// clipLines cuts whole lines out of the middle of a text where that is enough to make it at most n bytes.
func clipLines(text string, n int) string {
	const mark = "[...]\n"
	if len(text) <= n {
		return text
	}
	head := strings.LastIndexByte(text[:max(0, n/3)], '\n') + 1
	from := len(text) - max(0, n-head-len(mark))
	next := -1
	if from < len(text) {
		next = strings.IndexByte(text[from:], '\n')
	}
	if head == 0 || next < 0 || from+next+1 >= len(text) {
		return clip(text, n)
	}
	return text[:head] + mark + text[from+next+1:]
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
