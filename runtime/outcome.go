package runtime

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"wand/compiler"
	"wand/hostfuncs"
	"wand/policies/units"
	"wand/runtime/engine"
)

// response is what a guest says about a run: the response of modules/ABI.md. Everything in it comes from the guest and is only ever
// copied into the report.
type response struct {
	Status   Status
	Result   *struct{ Value json.RawMessage }
	ExitCode int `json:"exit_code"`
	Error    json.RawMessage
	Warnings json.RawMessage
}

// What is decoded of a response: as a structure it takes up to fifty times its size as text.
const (
	maxErrorBytes   = 512 << 10
	maxWarningBytes = 64 << 10
	maxCauses       = 64 // errors in a chain
)

// noReason is the message of an error that is none.
const noReason = "the interpreter gave no reason"

// decode returns the error of a failed run and its warnings. What is not as it should be is left out or replaced: a program may have had
// a hand in it.
func (s *response) decode() (e *Error, warnings []Warning) {
	if len(s.Warnings) <= maxWarningBytes {
		_ = json.Unmarshal(s.Warnings, &warnings) // absent is fine
	}
	switch {
	case s.Status == Completed:
		return nil, warnings
	case len(s.Error) > maxErrorBytes:
		return &Error{Kind: KindException, Message: fmt.Sprintf("the error was too large to report: %s", units.Bytes(len(s.Error)))}, warnings
	}
	if err := json.Unmarshal(s.Error, &e); err != nil || e == nil {
		return &Error{Kind: KindInternal, Message: noReason}, warnings
	}
	causes := 0
	for c := e; c != nil; c = c.Cause {
		c.Kind = guestKind(c.Kind)
		if causes++; causes == maxCauses {
			c.Cause = nil
		}
	}
	return e, warnings
}

// settle fills in how the run ended: err is what the engine returned, text what the guest responded.
func (r *Report) settle(m *compiler.Module, err error, text []byte) error {
	var stop *hostfuncs.Stop
	var trap *engine.Trap
	switch {
	case errors.As(err, &stop):
		r.stopped(stop)
	case errors.As(err, &trap) && trap.Reason == engine.TrapStack:
		r.stopped(&hostfuncs.Stop{Kind: hostfuncs.KindCallDepth, Limit: MaxCallDepth, Used: MaxCallDepth})
	case errors.As(err, &trap):
		r.Status = Failed
		r.Error = &Error{Kind: KindTrap, Type: "trap", Message: trap.Reason, Hint: trapHint(trap, m)}
	case err != nil:
		r.Status = Fault
		r.Error = &Error{Kind: KindInternal, Message: "the sandbox failed; this is not the program's doing"}
		return err
	case m.Guest == "":
		r.Status = Completed // what more a module of its own has to say of itself, answered takes over
	default:
		return r.responded(m, text)
	}
	return nil
}

// stopped records a limit or an exit.
func (r *Report) stopped(s *hostfuncs.Stop) {
	switch s.Kind {
	case hostfuncs.KindExit:
		r.exited(int(s.ExitCode))
		return
	case hostfuncs.KindCancelled:
		r.Status = Cancelled
		r.Error = &Error{Kind: KindCancelled, Message: "the run was cancelled"}
		return
	case hostfuncs.KindSuspended:
		r.Status = Suspended
		r.Error = &Error{Kind: KindTool, Message: s.Suspension.Why, Hint: "the run goes on when there is an answer"}
		if s.Suspension.Waits == hostfuncs.WaitsForApproval {
			r.Error.Kind = KindPolicy
		}
		return
	case hostfuncs.KindInternal:
		r.Status = Fault
		r.Error = &Error{Kind: KindInternal, Message: s.Detail}
		return
	}
	r.Status = Exhausted
	e := &Error{Kind: ErrorKind(s.Kind), Limit: s.Limit, Used: s.Used}
	detail := ""
	if s.Detail != "" {
		detail = " (" + s.Detail + ")"
	}
	switch s.Kind {
	case hostfuncs.KindFuel:
		e.Message = "the program used up its fuel of " + units.Count(s.Limit).String() + " units"
		e.Hint = "look for a loop that does not end or for an algorithm whose work grows too fast; a closed formula, memoisation or smaller steps need less"
	case hostfuncs.KindMemory:
		e.Message = fmt.Sprintf("the program needed %s of memory; its limit is %s%s", units.Bytes(s.Used), units.Bytes(s.Limit), detail)
		e.Hint = "hold less at a time: use generators, work in chunks, or a smaller data structure"
	case hostfuncs.KindDeadline:
		e.Message = "the program was still running at its deadline of " + units.Duration(s.Limit).String()
		e.Hint = "look for a wait that is too long or work that can be cut down"
	case hostfuncs.KindOutput:
		e.Message = fmt.Sprintf("the program wrote more than its output limit of %s%s", units.Bytes(s.Limit), detail)
		e.Hint = "print a summary instead of every item"
	case hostfuncs.KindStorage:
		if s.Detail == recordingDetail {
			e.Message = fmt.Sprintf("what the program got from outside is more than its recording may hold, %s", units.Bytes(s.Limit))
			e.Hint = "read less, or record with a larger limit"
			break
		}
		e.Message = fmt.Sprintf("the program's files would take %s; the storage limit is %s%s", units.Bytes(s.Used), units.Bytes(s.Limit), detail)
		e.Hint = "write fewer or smaller files, or delete those that are no longer needed"
	case hostfuncs.KindHostCalls:
		e.Message = fmt.Sprintf("the program made more than its %s host calls%s", units.Count(s.Limit), detail)
		e.Hint = "call tools fewer times: batch the requests, or stop retrying"
	case hostfuncs.KindCallDepth:
		e.Message = "calls nested too deep"
		e.Hint = "look for a recursion that does not end, or use a loop"
	default:
		e.Message = s.Error()
	}
	r.Error = e
}

// stoppedAt adds where a limit found the program: the innermost of its own frames is the location.
func (r *Report) stoppedAt(m *compiler.Module, stack []Frame) {
	if r.Error == nil || len(stack) == 0 || len(stack) > 64 {
		return
	}
	r.Error.Frames = stack
	for i := range stack {
		f := &stack[i]
		f.Library = f.File != m.Name
		if !f.Library {
			f.LineText = compiler.LineText(m.Program, f.Line)
			location := f.Location
			r.Error.Location = &location
		}
		if len(f.Values) > 0 && len(f.Values) <= maxStoppedValues {
			r.Error.Values = f.Values
		}
		f.Values = nil
	}
}

// maxStoppedValues is how many variables a guest may tell of a run that a limit stopped.
const maxStoppedValues = 16

func (r *Report) exited(code int) {
	if code == 0 {
		r.Status = Completed
		return
	}
	r.Status = Failed
	r.Error = &Error{Kind: KindExit, ExitCode: code, Message: fmt.Sprintf("the program exited with code %d", code)}
}

// responded takes over what the guest said.
func (r *Report) responded(m *compiler.Module, text []byte) error {
	var said response
	if err := json.Unmarshal(text, &said); err != nil {
		r.Status = Fault
		r.Error = &Error{Kind: KindInternal, Message: "the interpreter ended without a valid answer"}
		return nil
	}
	e, warnings := said.decode()
	r.Warnings = warnings
	switch said.Status {
	case Completed:
		r.Status = Completed
		if said.Result != nil && len(said.Result.Value) > 0 {
			r.Result = shownJSON(said.Result.Value)
		}
		return nil
	case Failed, Invalid:
		r.Status = said.Status
	default:
		r.Status = Fault
		r.Error = &Error{Kind: KindInternal, Message: "the interpreter answered with an unknown status"}
		return nil
	}
	if said.ExitCode != 0 && e.Kind == KindExit {
		e.ExitCode = said.ExitCode
	}
	r.Error = e
	switch {
	case said.Status == Invalid && e.Hint == "" && (e.Type == "MemoryError" || e.Type == "RecursionError"):
		e.Hint = "the source is nested too deeply for the compiler: break the expression up, or build the data in a loop"
	case said.Status == Failed && ranOutOfMemory(e):
		// The request was larger than any WebAssembly memory, so the interpreter refused it before the limit could.
		r.Status = Exhausted
		e.Kind, e.Limit = KindMemory, r.Usage.Memory.LimitBytes
		e.Hint = fmt.Sprintf("a single object was larger than memory can ever be (the limit is %s): compute it in pieces or avoid building it", units.Bytes(e.Limit))
	case e.Hint == "":
		e.Hint = nextStep(e)
	}
	return nil
}

// nextStep is what to do about an error of which the guest knows nothing better.
func nextStep(e *Error) string {
	switch e.Kind {
	case KindAssertion:
		if _, sides := e.Values["right"]; sides {
			return "left and right differ: decide which one is right, then fix what computes the other"
		}
		return "the asserted condition is false: print what it is made of, then fix what computes it"
	case KindSyntax:
		return "nothing ran: correct the marked place first"
	}
	return ""
}

// mapPositions turns positions in the program that ran into positions in the source that the model wrote.
func (r *Report) mapPositions(m *compiler.Module) {
	for e := r.Error; e != nil; e = e.Cause {
		if e.Location != nil && e.Location.File == m.Name {
			e.Location.mapBack(m)
		}
		for i := range e.Frames {
			if f := &e.Frames[i]; f.File == m.Name {
				f.mapBack(m)
			}
		}
	}
	for i := range r.Warnings {
		r.Warnings[i].Line, _, _ = m.Position(r.Warnings[i].Line, 0)
	}
}

func (l *Location) mapBack(m *compiler.Module) {
	line, column, text := m.Position(l.Line, l.Column)
	if m.SourceMap != nil {
		// The translator maps where things begin; where they end is not known.
		l.EndLine, l.EndColumn = 0, 0
	}
	l.Line, l.Column, l.LineText = line, column, text
}

// guestKind is a kind of error as a guest may name it. A program that got hold of its interpreter's voice could say anything: what is
// the host's to say (a limit, a trap, a policy) it cannot.
func guestKind(k ErrorKind) ErrorKind {
	switch k {
	case KindSyntax, KindException, KindAssertion, KindExit, KindUnsupported, KindInternal:
		return k
	}
	return KindException
}

// ranOutOfMemory recognises the exceptions by which interpreters say that one object is larger than memory.
func ranOutOfMemory(e *Error) bool {
	switch e.Type {
	case "MemoryError":
		return true
	case "OverflowError":
		for _, words := range []string{"index-sized integer", "too large to convert to C ssize_t", "too long for a Python string", "too large to concat", "too many digits in integer"} {
			if strings.Contains(e.Message, words) {
				return true
			}
		}
	case "InternalError", "RangeError":
		return strings.Contains(e.Message, "out of memory") || strings.Contains(e.Message, "string too long")
	}
	return false
}
