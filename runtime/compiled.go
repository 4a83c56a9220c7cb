package runtime

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"wand/compiler"
	"wand/hostfuncs"
)

// A compiled program is a module of its own. It has the imports that an interpreter has, and one more, which gives it what an interpreter finds in
// its request (modules/ABI.md, Compiled programs).

// inputFunc is the import by which a program gets its input.
func inputFunc() hostfuncs.Func {
	return hostfuncs.Func{Module: "wand", Name: "input", Results: []hostfuncs.ValueType{hostfuncs.I32},
		Call: func(ctx context.Context, _ []byte, stack []uint64) {
			r := runOf(ctx)
			stack[0] = uint64(uint32(len(r.takeInput())))
		}}
}

// takeInput keeps the run's input for take.
func (r *run) takeInput() []byte {
	r.burn(callCost + int64(len(r.input))/16)
	r.hold(int64(len(r.input)) - int64(len(r.pending)))
	r.pending = slices.Clone(r.input) // whoever started the run may have lent it
	return r.pending
}

// answered takes over what a module of its own said of its run: the value of one that completed, or why it failed. What a limit, a policy or the
// caller ended, it has no say in.
func (r *Report) answered(m *compiler.Module, text []byte) {
	if m.Guest != "" || len(text) == 0 || r.Status != Completed && r.Status != Failed {
		return
	}
	var said response
	if err := json.Unmarshal(text, &said); err != nil || said.Status != Completed && said.Status != Failed {
		r.Warnings = append(r.Warnings, Warning{Kind: WarnNoValue,
			Message: `the program has no value: what it gave to wand.respond is not {"status": "completed", "result": {"value": VALUE}}, nor one of status failed with an error`})
		return
	}
	e, warnings := said.decode()
	r.Warnings = append(r.Warnings, warnings...)
	switch {
	case said.Status == Failed:
		r.failedBy(e)
	case r.Status == Completed && said.Result != nil && len(said.Result.Value) > 0:
		r.Result = shownJSON(said.Result.Value)
	}
}

// failedBy has the program's own word for why it failed take the place of how it ended, which is the trap or exit that followed.
func (r *Report) failedBy(e *Error) {
	if how := r.Error; how != nil {
		if e.Location == nil {
			e.Location = how.Location
		}
		if len(e.Frames) == 0 {
			e.Frames = how.Frames
		}
	}
	if e.Kind == KindInternal { // which is the sandbox's to say
		e.Kind = KindException
		if e.Message == noReason {
			e.Message = "the program failed and gave no reason"
		}
	}
	switch e.Type {
	case "PermissionError", "ArgumentError", "TimeoutError", "ToolError": // there is better advice about calls
	default:
		e.Hint = cmp.Or(e.Hint, nextStep(e), "find out from the message why this line gave up, then change it or what it is given")
	}
	if e.Message == "" {
		e.Message = fmt.Sprintf("the program failed with %s and no message", e.Type)
	}
	r.Status, r.Error = Failed, e
}
