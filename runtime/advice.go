package runtime

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"wand/compiler"
	"wand/policies/units"
	"wand/runtime/engine"
)

// advise makes the next step of an error as concrete as the host can: what the guest said of it stays, and of a limit it is the loop, the recursion,
// the tool or the file that the run was busy with.
func (r *Report) advise(m *compiler.Module) {
	e := r.Error
	if e == nil {
		return
	}
	switch e.Kind {
	case KindFuel, KindDeadline, KindOutput, KindMemory:
		r.adviseLoop(m)
	case KindCallDepth:
		if f := repeated(e.Frames); f != "" {
			e.Hint = f + " calls itself without an end: check the case that should stop it, and that each call comes nearer to it"
		}
	case KindTrap:
		// The stack of C, C++ and Rust lies below the data, so that using it up is an access below zero.
		if f := repeated(e.Frames); f != "" && e.Message == engine.TrapMemory {
			e.Hint = f + " calls itself without an end, until the stack was full: check the case that should stop it, and that each call comes nearer to it"
		}
	case KindHostCalls:
		if tool, n := r.busiest(); n > 1 {
			e.Hint = fmt.Sprintf("%s was called %d times: ask for several things in one call, keep what it returned, or stop retrying", tool, n)
		}
	case KindStorage:
		if f := r.largest(); f != nil {
			e.Hint = fmt.Sprintf("%s alone has %s: write less, or delete files that are no longer needed", f.Path, units.Bytes(f.Size))
		}
	case KindCancelled:
		e.Hint = "whoever started the run stopped it; the program itself gave no reason: run it again as it is"
	case KindInternal:
		e.Hint = "run it again as it is; when that ends the same way, report it as a bug of the sandbox"
	case KindExit:
		if e.Hint == "" {
			e.Hint = fmt.Sprintf("the program chose to end with code %d: correct what made it do so, or let it end without one", e.ExitCode)
		}
	case KindTool:
		if e.Hint == "" {
			e.Hint = "the tool failed, not the program: change the arguments, catch the error and go on without the result, or try another tool"
		}
	case KindPolicy:
		if e.Hint == "" {
			e.Hint = "do it without what was refused, or ask whoever runs this for a policy that grants it"
		}
	case KindUnsupported:
		if e.Hint == "" {
			e.Hint = unsupportedHint
		}
	case KindException:
		if e.Hint == "" && e.Location != nil && e.Location.Line > 0 {
			e.Hint = fmt.Sprintf("find out from the values why line %d raised this, then change that line or what it is given", e.Location.Line)
		}
	}
}

const unsupportedHint = "use what the sandbox has: a WASI preview 1 command that imports wasi_snapshot_preview1 only, or Python, JavaScript or TypeScript"

// adviseLoop names the loops that a limit found the program in.
func (r *Report) adviseLoop(m *compiler.Module) {
	e := r.Error
	if e.Kind == KindDeadline {
		if tool, n, ms := r.waited(); ms*2 > r.Usage.DeadlineMS {
			e.Hint = fmt.Sprintf("%s took %.1f s of that in %d calls: make fewer calls, or make them side by side", tool, ms/1000, n)
			return
		}
	}
	if e.Kind == KindDeadline && m.Guest != "" && e.Location == nil && e.Frames == nil {
		e.Hint = "nothing of the program was at work, it was waiting: shorten the sleep or timer, or make sure that what it waits for happens"
		return
	}
	loops := loopsAround(m, e)
	if len(loops) == 0 {
		return
	}
	inner := loops[0]
	outer := ""
	if len(loops) > 1 {
		outer = fmt.Sprintf(", inside line %d (%s)", loops[1].line, loops[1].text)
	}
	where := fmt.Sprintf("the loop at line %d (%s)%s", inner.line, inner.text, outer)
	switch e.Kind {
	case KindFuel, KindDeadline:
		endless := "check that each pass comes nearer to its end"
		if names := inner.tested(); names != "" {
			endless = "check that each pass changes " + names + " so that the condition gets false"
		}
		e.Hint = where + " was still running: " + endless + ", or do less work (a better algorithm, a smaller range)"
	case KindOutput:
		e.Hint = where + " printed all that: print a summary or the first items instead"
	case KindMemory:
		e.Hint = where + " was collecting: check that it ends, and hold less at a time (generators, chunks)"
	}
}

// loop is the head of a loop in the program's text.
type loop struct {
	line int
	text string
}

var (
	loopHead  = regexp.MustCompile(`^\s*(?:\}\s*)?(?:[\w$]+:\s*)?(?:async\s+)?(for|while|do)\b`)
	loopTest  = regexp.MustCompile(`\bwhile\b\s*(.*?)[:{]?\s*$|\bfor\s*\([^;]*;([^;]*);`)
	loopName  = regexp.MustCompile(`[\pL_$][\pL\pN_$]*`)
	loopWords = []string{"and", "or", "not", "in", "is", "True", "False", "None", "true", "false", "null", "undefined", "len", "length", "while", "abs", "min", "max", "if"}
)

// tested lists the names in a loop's condition.
func (l loop) tested() string {
	m := loopTest.FindStringSubmatch(l.text)
	if m == nil {
		return ""
	}
	var names []string
	for _, name := range loopName.FindAllString(m[1]+" "+m[2], -1) {
		if !slices.Contains(names, name) && !slices.Contains(loopWords, name) && len(names) < 4 {
			names = append(names, name)
		}
	}
	return strings.Join(names, " or ")
}

// loopsAround finds the loops around the line that a run was stopped at, the innermost first, then those around the calls that led there. It goes
// by indentation, which programs have in every language here.
func loopsAround(m *compiler.Module, e *Error) []loop {
	const most = 3
	lines := strings.Split(m.Source, "\n")
	var found []loop
	own := slices.DeleteFunc(slices.Clone(e.Frames), func(f Frame) bool { return f.Library })
	if len(own) == 0 && e.Location != nil {
		own = []Frame{{Location: *e.Location}}
	}
	for _, f := range slices.Backward(own) {
		if f.Line < 1 || f.Line > len(lines) {
			continue
		}
		depth := indentation(lines[f.Line-1])
		if loopHead.MatchString(lines[f.Line-1]) {
			depth++ // it is the head itself that was at work
		}
		for n := f.Line; n >= 1 && n > f.Line-2000; n-- {
			text := lines[n-1]
			if strings.TrimSpace(text) == "" || indentation(text) >= depth {
				continue
			}
			depth = indentation(text)
			if loopHead.MatchString(text) {
				l := loop{n, clip(strings.TrimSpace(text), 100)}
				if !slices.Contains(found, l) {
					found = append(found, l)
				}
				if len(found) == most {
					return found
				}
			}
			if depth == 0 {
				break
			}
		}
	}
	return found
}

func indentation(line string) int {
	n := 0
	for _, c := range line {
		switch c {
		case ' ':
			n++
		case '\t':
			n += 8
		default:
			return n
		}
	}
	return n
}

// repeated is the function that a stack is full of, or "".
func repeated(frames []Frame) string {
	count := map[string]int{}
	for _, f := range frames {
		if !f.Library && f.Function != "" {
			count[f.Function]++
		}
	}
	for _, name := range slices.Sorted(maps.Keys(count)) {
		if count[name] > 3 && count[name]*3 > len(frames) {
			return name
		}
	}
	return ""
}

// busiest is the tool that was called most often.
func (r *Report) busiest() (tool string, calls int) {
	count := map[string]int{}
	for _, c := range r.Calls {
		count[c.Tool]++
	}
	for _, name := range slices.Sorted(maps.Keys(count)) {
		if count[name] > calls {
			tool, calls = name, count[name]
		}
	}
	return tool, calls
}

// waited is the tool that the run spent most time in, with its calls and milliseconds.
func (r *Report) waited() (tool string, calls int, ms float64) {
	spent, count := map[string]float64{}, map[string]int{}
	for _, c := range r.Calls {
		spent[c.Tool] += c.DurationMS
		count[c.Tool]++
	}
	for _, name := range slices.Sorted(maps.Keys(spent)) {
		if spent[name] > ms {
			tool, calls, ms = name, count[name], spent[name]
		}
	}
	return tool, calls, ms
}

func (r *Report) largest() *FileChange {
	var found *FileChange
	for i := range r.Files {
		if f := &r.Files[i]; found == nil || f.Size > found.Size {
			found = f
		}
	}
	return found
}

func trapHint(t *engine.Trap, m *compiler.Module) string {
	if m.Guest != "" {
		return "the interpreter itself trapped: most often too deep a recursion in native code; simplify the data or the nesting"
	}
	switch t.Reason {
	case engine.TrapUnreachable:
		return "the program aborted: look at what it printed last for the panic, failed assertion or abort that led here"
	case engine.TrapMemory:
		return "a load or store was outside the program's memory: check pointers, indices and lengths"
	case engine.TrapTable, engine.TrapIndirectNull:
		return "a function pointer was null or outside the table: check that it is set before it is called"
	case engine.TrapIndirectType:
		return "a function was called through a pointer of another type: make the declared and the called signature the same"
	case engine.TrapIntegerOverflow:
		return "the smallest integer was divided by -1, which has no result: test for that before dividing"
	case engine.TrapDivideByZero:
		return "an integer was divided by 0: test the divisor before dividing"
	case engine.TrapConversion:
		return "a float that is NaN or too large was converted to an integer: test its range first, or use the saturating conversion"
	}
	return ""
}
