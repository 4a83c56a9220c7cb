package runtime

import (
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"wand/compiler"
)

// complaint takes over what a compiled program wrote to standard error when it gave up: the languages that compile say there, and nowhere else, what went wrong.
// It is the program's own word, as the error of an interpreter is.
func (r *Report) complaint(m *compiler.Module) {
	e := r.Error
	if m.Guest != "" || r.Status != Failed || e.Kind != KindTrap && e.Kind != KindExit {
		return
	}
	for _, read := range []func(*Error, *compiler.Module, string) bool{goPanic, rustPanic, cAssertion, cppTermination, assemblyScriptAbort} {
		if read(e, m, r.Stderr) {
			return
		}
	}
}

var (
	goGoroutine  = regexp.MustCompile(`(?m)^goroutine \d+ .*\[.*\]:$`)
	goFirst      = regexp.MustCompile(`(?m)^(panic|fatal error): (.*)$`)
	goPlace      = regexp.MustCompile(`^\t(.+):(\d+)(?: \+0x[0-9a-f]+)?$`)
	rustPanicked = regexp.MustCompile(`(?m)^thread '.*'(?: \(\d+\))? panicked at (.+):(\d+):(\d+):\n((?s:.*))`)
	rustSides    = regexp.MustCompile(`(?m)^ *(left|right): (.*)$`)
	cAsserted    = regexp.MustCompile(`(?m)^Assertion failed: (.*) \((.+): (.+): (\d+)\)$`)
	cppType      = regexp.MustCompile(`(?m)^libc\+\+abi: terminating due to (?:uncaught exception|unexpected exception) of type (.+?)(?:: (.*))?$`)
	cppOther     = regexp.MustCompile(`(?m)^libc\+\+abi: (terminating.*|Pure virtual function called!)$`)
	asAborted    = regexp.MustCompile(`(?m)^abort: (.*) in (.+?)\((\d+):(\d+)\)`)
)

// goPanic reads how a Go program ends that panics: the message, and the stack of the goroutine, innermost first, each call on two lines.
func goPanic(e *Error, m *compiler.Module, text string) bool {
	first := goFirst.FindStringSubmatchIndex(text)
	if first == nil {
		return false
	}
	head := goGoroutine.FindStringIndex(text[first[1]:])
	if head == nil {
		return false
	}
	e.Kind, e.ExitCode, e.Type, e.Message = KindException, 0, text[first[2]:first[3]], text[first[4]:first[5]]
	if message, ok := strings.CutPrefix(e.Message, "runtime error: "); ok {
		e.Type, e.Message = "runtime error", message
	}
	e.Message = clip(printable(e.Message), 4<<10)
	e.Frames, e.Location = nil, nil
	lines := strings.Split(strings.TrimPrefix(text[first[1]+head[1]:], "\n"), "\n")
	for i := 0; i+1 < len(lines) && len(e.Frames) < maxPlaced && lines[i] != ""; i += 2 {
		at := goPlace.FindStringSubmatch(lines[i+1])
		function := lines[i]
		if at == nil || strings.HasPrefix(function, "created by ") {
			break
		}
		if end := strings.LastIndexByte(function, '('); end > 0 {
			function = function[:end]
		}
		own := strings.HasPrefix(function, "main.") && (m.Source == "" || path.Base(at[1]) == path.Base(m.Name))
		e.Frames = append(e.Frames, said(m, function, at[1], at[2], "", own))
	}
	slices.Reverse(e.Frames)
	e.locate()
	e.Hint = goHint(e)
	return true
}

// said is a frame as a program told of it.
func said(m *compiler.Module, function, file, line, column string, own bool) Frame {
	f := Frame{Function: foreignName(function, 200), Library: !own}
	f.File = foreignName(path.Base(file), 200)
	f.Line, _ = strconv.Atoi(line)
	f.Column, _ = strconv.Atoi(column)
	if own && m.Source != "" {
		f.File, f.LineText = m.Name, compiler.LineText(m.Source, f.Line)
	}
	return f
}

// locate makes the innermost frame of the program's own the error's location.
func (e *Error) locate() {
	for _, f := range slices.Backward(e.Frames) {
		if !f.Library && f.Line > 0 {
			location := f.Location
			e.Location = &location
			return
		}
	}
}

func goHint(e *Error) string {
	switch {
	case strings.HasPrefix(e.Message, "index out of range"), strings.HasPrefix(e.Message, "slice bounds out of range"):
		return "the index is beyond the length that the message names: check how the index is computed and that the slice is not empty"
	case strings.HasPrefix(e.Message, "invalid memory address or nil pointer"):
		return "a pointer, interface or function on this line is nil: set it before, or test it"
	case strings.HasPrefix(e.Message, "integer divide by zero"):
		return "an integer was divided by 0: test the divisor before dividing"
	case strings.HasPrefix(e.Message, "assignment to entry in nil map"):
		return "the map is nil: make it before the first assignment"
	case strings.HasPrefix(e.Message, "interface conversion"):
		return "the value has another type than the assertion says: use the form v, ok := x.(T), or a type switch"
	case strings.HasPrefix(e.Message, "all goroutines are asleep"):
		return "every goroutine waits for another: check that each channel has a sender and a receiver, and that it is closed when all is sent"
	case strings.HasPrefix(e.Message, "stack overflow"), strings.Contains(e.Message, "stack exceeds"):
		return "a function calls itself without an end: check the case that should stop it"
	}
	return "find out from the message why this line gave up, then change it or what it is given"
}

// rustPanic reads the message of a Rust panic, which begins with its place. What trapped afterwards is the library's.
func rustPanic(e *Error, m *compiler.Module, text string) bool {
	found := rustPanicked.FindStringSubmatch(text)
	if found == nil {
		return false
	}
	message := found[4]
	for _, end := range []string{"\nnote: ", "\nstack backtrace:", "\nthread '"} {
		message, _, _ = strings.Cut(message, end)
	}
	message = strings.TrimRight(message, "\n")
	e.Kind, e.Type, e.ExitCode = KindException, "panic", 0
	e.Hint = "find out from the message why this line gave up: return a Result or handle the None instead of unwrapping, or correct the value"
	if strings.HasPrefix(message, "assertion") {
		e.Kind, e.Hint = KindAssertion, ""
		for _, side := range rustSides.FindAllStringSubmatch(message, 2) {
			if e.Values == nil {
				e.Values = map[string]string{}
			}
			e.Values[side[1]] = clip(printable(side[2]), 400)
		}
		message, _, _ = strings.Cut(message, "\n")
		e.Hint = nextStep(e)
	}
	if strings.HasPrefix(message, "index out of bounds") {
		e.Hint = "the index is beyond the length that the message names: check how the index is computed and that the slice is not empty"
	}
	if strings.HasPrefix(message, "attempt to ") {
		e.Hint = "the arithmetic has no result in this type: use a larger type, or the checked_, wrapping_ or saturating_ form"
	}
	e.Message = clip(strings.Map(lineOrPrintable, message), 4<<10)
	own := isOwn(m, found[1])
	if own || e.Location == nil {
		at := said(m, "", found[1], found[2], found[3], own).Location
		e.Location = &at
	}
	return true
}

func lineOrPrintable(r rune) rune {
	if r == '\n' {
		return r
	}
	return []rune(printable(string(r)))[0]
}

// isOwn says whether a file that a program names is its own source.
func isOwn(m *compiler.Module, file string) bool {
	if m.Source == "" {
		return !isLibrary(path.Split(file))
	}
	return path.Base(file) == path.Base(m.Name)
}

// cAssertion reads what assert of C writes.
func cAssertion(e *Error, m *compiler.Module, text string) bool {
	found := cAsserted.FindStringSubmatch(text)
	if found == nil {
		return false
	}
	e.Kind, e.Type, e.ExitCode, e.Message = KindAssertion, "assert", 0, clip(printable(found[1]), 4<<10)
	if own := isOwn(m, found[2]); own && e.Location == nil {
		at := said(m, found[3], found[2], found[4], "", own).Location
		e.Location = &at
	}
	e.Hint = nextStep(e)
	return true
}

// cppTermination reads what the C++ library writes before it aborts.
func cppTermination(e *Error, _ *compiler.Module, text string) bool {
	const hint = "nothing caught this: catch it where the program can go on, or test the condition before"
	if found := cppType.FindStringSubmatch(text); found != nil {
		e.Kind, e.Type, e.Message, e.Hint, e.ExitCode = KindException, clip(printable(found[1]), 200), clip(printable(found[2]), 4<<10), hint, 0
		return true
	}
	if found := cppOther.FindStringSubmatch(text); found != nil {
		e.Kind, e.Type, e.Message, e.Hint, e.ExitCode = KindException, "terminate", clip(printable(found[1]), 4<<10), hint, 0
		return true
	}
	return false
}

// assemblyScriptAbort reads what AssemblyScript writes of an error that was thrown, a failed assertion included.
func assemblyScriptAbort(e *Error, m *compiler.Module, text string) bool {
	found := asAborted.FindStringSubmatch(text)
	if found == nil {
		return false
	}
	own := isOwn(m, found[2])
	e.Kind, e.Type, e.ExitCode, e.Message = KindException, "abort", 0, clip(printable(found[1]), 4<<10)
	at := said(m, "", found[2], found[3], found[4], own).Location
	e.Location = &at
	e.Hint = "find out from the message why this line gave up, then change it or what it is given"
	return true
}
