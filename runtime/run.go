package runtime

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	goruntime "runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"wand/compiler/meter"
	"wand/hostfuncs"
	"wand/policies/nearest"
	"wand/runtime/engine"
)

// run is the state of one run while its instance lives: the accounts behind the limits, and what the guest said.
// Host functions find it in the context.
type run struct {
	limits Limits
	ctx    context.Context

	// Fuel. The guest counts down a slice in a global of its own and asks for more when it is below zero.
	slice   int64
	granted int64 // sum of the slices handed out
	charged int64 // fuel used in all, known when the guest has ended
	fuel    engine.Global

	// Memory, in bytes: what the guest sees, what the host holds for it, the most there was of both.
	linear, held, peak int64
	maxPages           uint32 // the module's own maximum

	out       *output
	tools     map[string]ToolFunc
	calls     []Call
	callCount int64
	underway  map[int64]*Call // started calls by number, until wait says that they ended
	started   int64           // the number of the last one
	ended     chan startedCall
	pending   []byte // result of the last host call, until the guest takes it
	response  []byte
}

// defaultSlice is how much fuel a guest burns between two looks at its deadline: some 0.15 ms of computing, so that a stop, a
// garbage collection and other goroutines never wait long. Any slice gives the same total.
const defaultSlice = 1_000_000

type runKey struct{}

// runContext carries the run to host functions; a lookup is one comparison.
type runContext struct {
	context.Context
	run *run
}

func (c *runContext) Value(key any) any {
	if _, ok := key.(runKey); ok {
		return c.run
	}
	return c.Context.Value(key)
}

func runOf(ctx context.Context) *run { return ctx.Value(runKey{}).(*run) }

// meterFuncs are the imports that the rewrite appended to the module.
func meterFuncs() []hostfuncs.Func {
	return []hostfuncs.Func{
		{Module: meter.Module, Name: meter.ImportRefill, Params: []hostfuncs.ValueType{hostfuncs.I64}, Results: []hostfuncs.ValueType{hostfuncs.I64},
			Call: func(ctx context.Context, _ []byte, stack []uint64) {
				stack[0] = uint64(runOf(ctx).refill(int64(stack[0])))
			}},
		{Module: meter.Module, Name: meter.ImportGrow, Params: []hostfuncs.ValueType{hostfuncs.I32}, Results: []hostfuncs.ValueType{hostfuncs.I32},
			Call: func(ctx context.Context, memory []byte, stack []uint64) {
				runOf(ctx).grow(len(memory), uint32(stack[0]))
			}},
		{Module: meter.Module, Name: meter.ImportOverflow,
			Call: func(ctx context.Context, _ []byte, _ []uint64) {
				limit := runOf(ctx).limits.CallDepth
				panic(&hostfuncs.Stop{Kind: hostfuncs.KindCallDepth, Used: limit + 1, Limit: limit})
			}},
	}
}

// refill is where a busy guest meets the outside world: it accounts for the slice that is used up, stops the run if it must, lets
// other goroutines have the processor (native code is never preempted), and hands out the next slice.
func (r *run) refill(left int64) int64 {
	charged := r.granted - left
	if charged > r.limits.Fuel {
		panic(&hostfuncs.Stop{Kind: hostfuncs.KindFuel, Used: charged, Limit: r.limits.Fuel})
	}
	if r.ctx.Err() != nil {
		panic(stopOf(r.ctx))
	}
	goruntime.Gosched()
	next := min(r.slice, r.limits.Fuel-charged)
	r.granted = charged + next
	return next
}

// used is the fuel charged so far; valid while the guest is not running.
func (r *run) used() int64 {
	if r.fuel == nil {
		return 0
	}
	return r.granted - int64(r.fuel.Get())
}

// burn charges the guest for work that the host did for it. The guest notices at its next check.
func (r *run) burn(fuel int64) { r.fuel.Set(r.fuel.Get() - uint64(fuel)) }

// grow decides about a memory.grow before it happens: what the module's own maximum forbids fails in the ordinary way, what only the
// run's limit forbids ends the run.
func (r *run) grow(size int, pages uint32) {
	if uint64(size)/engine.PageSize+uint64(pages) > uint64(r.maxPages) {
		return
	}
	r.linear = int64(size) + int64(pages)*engine.PageSize
	r.account("growing the program's memory")
}

// hold changes what the host holds for the run.
func (r *run) hold(delta int64) {
	r.held += delta
	if delta > 0 {
		r.account("")
	}
}

func (r *run) account(detail string) {
	sum := r.linear + r.held
	if sum > r.limits.Memory {
		panic(&hostfuncs.Stop{Kind: hostfuncs.KindMemory, Used: sum, Limit: r.limits.Memory, Detail: detail})
	}
	r.peak = max(r.peak, sum)
}

// stopOf says why a context is done: the runtime's own Stop (deadline) where there is one, else a cancellation by the caller.
func stopOf(ctx context.Context) *hostfuncs.Stop {
	var stop *hostfuncs.Stop
	if errors.As(context.Cause(ctx), &stop) {
		return stop
	}
	return &hostfuncs.Stop{Kind: hostfuncs.KindCancelled, Detail: "the caller cancelled the run"}
}

// ToolFunc is a host function that a program may call by name: JSON in, JSON out. An error becomes an exception of the program's
// language with the error's text. It must return when ctx is done; a run does not wait for one that does not, and its answer is lost. One
// that panics fails the run with an error of Run.
type ToolFunc func(ctx context.Context, args json.RawMessage) (json.RawMessage, error)

// wandFuncs are the imports of the guest ABI (modules/ABI.md).
func wandFuncs() []hostfuncs.Func {
	i32 := hostfuncs.I32
	return []hostfuncs.Func{
		{Module: "wand", Name: "respond", Params: []hostfuncs.ValueType{i32, i32},
			Call: func(ctx context.Context, memory []byte, stack []uint64) {
				r := runOf(ctx)
				text := view(memory, uint32(stack[0]), uint32(stack[1]))
				r.burn(callCost + int64(len(text))/16)
				if most := resultBytes(r.limits) + responseRoom; int64(len(text)) > most {
					panic(&hostfuncs.Stop{Kind: hostfuncs.KindOutput, Used: int64(len(text)), Limit: r.limits.Output, Detail: "the result"})
				}
				r.hold(int64(len(text)) - int64(len(r.response)))
				// The same room again: a flood of responses must not outrun the garbage collector.
				r.response = append(r.response[:0], text...)
			}},
		{Module: "wand", Name: "call", Params: []hostfuncs.ValueType{i32, i32, i32, i32}, Results: []hostfuncs.ValueType{i32},
			Call: func(ctx context.Context, memory []byte, stack []uint64) {
				r := runOf(ctx)
				name := view(memory, uint32(stack[0]), uint32(stack[1]))
				args := view(memory, uint32(stack[2]), uint32(stack[3]))
				stack[0] = uint64(uint32(len(r.call(ctx, name, args))))
			}},
		{Module: "wand", Name: "take", Params: []hostfuncs.ValueType{i32, i32}, Results: []hostfuncs.ValueType{i32},
			Call: func(ctx context.Context, memory []byte, stack []uint64) {
				r := runOf(ctx)
				n := copy(view(memory, uint32(stack[0]), uint32(stack[1])), r.pending)
				r.burn(callCost + int64(n)/16)
				r.hold(-int64(len(r.pending)))
				r.pending = nil
				stack[0] = uint64(n)
			}},
		{Module: "wand", Name: "start", Params: []hostfuncs.ValueType{i32, i32, i32, i32}, Results: []hostfuncs.ValueType{i32},
			Call: func(ctx context.Context, memory []byte, stack []uint64) {
				r := runOf(ctx)
				name := view(memory, uint32(stack[0]), uint32(stack[1]))
				args := view(memory, uint32(stack[2]), uint32(stack[3]))
				stack[0] = uint64(uint32(r.start(ctx, name, args)))
			}},
		{Module: "wand", Name: "wait", Params: []hostfuncs.ValueType{hostfuncs.I64}, Results: []hostfuncs.ValueType{hostfuncs.I64},
			Call: func(ctx context.Context, _ []byte, stack []uint64) {
				stack[0] = uint64(runOf(ctx).wait(ctx, time.Duration(stack[0])))
			}},
		{Module: "wand", Name: "describe", Params: []hostfuncs.ValueType{i32, i32}, Results: []hostfuncs.ValueType{i32},
			Call: func(ctx context.Context, memory []byte, stack []uint64) {
				r := runOf(ctx)
				name := view(memory, uint32(stack[0]), uint32(stack[1]))
				stack[0] = uint64(uint32(len(r.describe(string(name)))))
			}},
	}
}

// resultBytes is how large the JSON of a result may be.
func resultBytes(l Limits) int64 { return min(l.Output, 16<<20) }

// responseRoom is what a response may have beside the result: the error, the warnings. Far more than a guest ever says; a program that
// speaks with its guest's voice must not make the host take apart a hundred megabytes.
const responseRoom = 2 << 20

// view is memory[offset:offset+length], checked. A guest that passes what it does not have has a bug of the same kind as a wild store.
func view(memory []byte, offset, length uint32) []byte {
	if uint64(offset)+uint64(length) > uint64(len(memory)) {
		panic(&engine.Trap{Reason: engine.TrapMemory})
	}
	return memory[offset : offset+length]
}

// callCost is the fuel of one host call, beside its size: about what the host's work costs.
const callCost = 2000

// What the journal takes for a call beside its texts, and how much of a name or of arguments that are no JSON it and messages show, in bytes.
const (
	callBytes = 256
	callShown = 200
)

// call runs one host function for the guest and keeps its result for take. Name and arguments are in the guest's memory.
func (r *run) call(ctx context.Context, guestName, guestArgs []byte) []byte {
	name, args, record := r.admit(ctx, guestName, guestArgs)
	start := time.Now()
	result, failure := r.invoke(ctx, name, record.Tool, args)
	record.DurationMS = milliseconds(time.Since(start))
	if ctx.Err() != nil {
		panic(stopOf(ctx))
	}
	envelope := r.answer(&record, result, failure)
	r.calls = append(r.calls, record)
	return envelope
}

// admit counts a call and charges for it, before anything happens.
func (r *run) admit(ctx context.Context, guestName, guestArgs []byte) (name string, args []byte, record Call) {
	shown := strings.ToValidUTF8(string(guestName[:min(len(guestName), callShown)]), "\uFFFD")
	r.callCount++
	if r.callCount > r.limits.HostCalls {
		panic(&hostfuncs.Stop{Kind: hostfuncs.KindHostCalls, Used: r.callCount, Limit: r.limits.HostCalls, Detail: "calling " + shown})
	}
	if ctx.Err() != nil {
		panic(stopOf(ctx))
	}
	r.burn(callCost + int64(len(guestArgs))/16)
	r.hold(int64(len(guestArgs)) + int64(len(guestName)) + callBytes - int64(len(r.pending)))
	r.pending = nil
	name, args = string(guestName), bytes.Clone(guestArgs)
	return name, args, Call{Seq: int(r.callCount), Tool: shown, Args: shownJSON(args)}
}

// answer notes how a call ended and keeps for take what the guest gets.
func (r *run) answer(record *Call, result json.RawMessage, failure *callFailure) []byte {
	var envelope []byte
	if failure != nil {
		r.hold(2 * int64(len(failure.Message)))
		record.Error = failure.Message
		envelope, _ = json.Marshal(map[string]any{"error": failure})
		r.hold(int64(len(envelope) - len(failure.Message)))
	} else {
		r.hold(2*int64(len(result)) + int64(len(`{"ok":}`)))
		record.Result = shownJSON(result)
		envelope = slices.Concat([]byte(`{"ok":`), result, []byte("}"))
	}
	r.pending = envelope
	return envelope
}

// startedCall is how a call that the guest started ended.
type startedCall struct {
	number  int64
	result  json.RawMessage
	failure *callFailure
	took    time.Duration
	panic   any
}

// start begins a call beside the guest and returns its number. It ends with the run at the latest.
func (r *run) start(ctx context.Context, guestName, guestArgs []byte) int64 {
	name, args, record := r.admit(ctx, guestName, guestArgs)
	if r.underway == nil {
		r.underway, r.ended = map[int64]*Call{}, make(chan startedCall)
	}
	r.started++
	r.underway[r.started] = &record
	number, ended := r.started, r.ended
	go func() {
		begun := time.Now()
		done := startedCall{number: number}
		func() {
			defer func() { done.panic = recover() }()
			done.result, done.failure = r.invoke(ctx, name, record.Tool, args)
		}()
		done.took = time.Since(begun)
		select {
		case ended <- done:
		case <-ctx.Done():
		}
	}()
	return number
}

// wait waits until a started call ends, at most so long where limit is not negative.
func (r *run) wait(ctx context.Context, limit time.Duration) int64 {
	r.burn(callCost)
	r.hold(-int64(len(r.pending)))
	r.pending = nil
	if len(r.underway) == 0 {
		return -1
	}
	var elapsed <-chan time.Time
	if limit >= 0 {
		timer := time.NewTimer(limit)
		defer timer.Stop()
		elapsed = timer.C
	}
	var done startedCall
	select {
	case done = <-r.ended:
	case <-ctx.Done():
		panic(stopOf(ctx))
	case <-elapsed:
		return 0
	}
	if done.panic != nil {
		panic(done.panic)
	}
	record := r.underway[done.number]
	delete(r.underway, done.number)
	record.DurationMS = milliseconds(done.took)
	envelope := r.answer(record, done.result, done.failure)
	r.calls = append(r.calls, *record)
	return done.number<<32 | int64(len(envelope))
}

// describe keeps for take what there is to say about tools.
func (r *run) describe(name string) []byte {
	type tool struct {
		Name string `json:"name"`
	}
	tools := []tool{}
	for n := range r.tools {
		if name == "" || n == name || strings.HasPrefix(n, name+".") {
			tools = append(tools, tool{n})
		}
	}
	slices.SortFunc(tools, func(a, b tool) int { return strings.Compare(a.Name, b.Name) })
	text, _ := json.Marshal(map[string]any{"tools": tools})
	r.burn(callCost + int64(len(text))/16)
	r.hold(int64(len(text)) - int64(len(r.pending)))
	r.pending = text
	return text
}

// shownJSON is a text as a report can hold it, which has to be JSON in UTF-8 of a depth that every parser takes: text itself, or the beginning
// of it as a string.
func shownJSON(text []byte) json.RawMessage {
	switch {
	case !json.Valid(text) || depthOf(text) > shownDepth:
		text, _ = json.Marshal(string(text[:min(len(text), callShown)]))
	case !utf8.Valid(text):
		text = bytes.ToValidUTF8(text, []byte("\uFFFD")) // it can only be in a string
	}
	return text
}

// shownDepth is how deep a value in a report may nest, so that whoever reads reports can: parsers give up at some depth.
const shownDepth = 1000

// depthOf is how deep a JSON text nests.
func depthOf(text []byte) int {
	depth, most, quoted := 0, 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
			most = max(most, depth)
		case c == '}' || c == ']':
			depth--
		}
	}
	return most
}

// callFailure is the error form of a host call's result.
type callFailure struct {
	Type    string `json:"type"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

func (r *run) invoke(ctx context.Context, name, shown string, args []byte) (json.RawMessage, *callFailure) {
	if !json.Valid(args) {
		return nil, &callFailure{Type: "ArgumentError", Message: "the arguments are not JSON"}
	}
	tool, ok := r.tools[name]
	if !ok {
		return nil, r.unknownTool(name, shown)
	}
	result, err := callTool(ctx, name, tool, args)
	if err != nil {
		return nil, &callFailure{Type: "ToolError", Message: err.Error()}
	}
	if len(result) == 0 {
		result = json.RawMessage("null")
	}
	if !json.Valid(result) {
		return nil, &callFailure{Type: "ToolError", Message: shown + " returned something that is not JSON"}
	}
	return result, nil
}

// toolGrace is how long a run that is over waits for a tool that does not listen to its context, before it leaves it to itself.
const toolGrace = time.Second

// callTool calls a tool beside the guest, so that one that never returns cannot hold the run beyond its deadline.
func callTool(ctx context.Context, name string, tool ToolFunc, args []byte) (json.RawMessage, error) {
	type answer struct {
		result json.RawMessage
		err    error
		panic  any
	}
	answers := make(chan answer, 1)
	go func() {
		a := answer{err: errors.New("the tool ended without an answer")} // runtime.Goexit
		defer func() {
			if a.panic = recover(); a.panic != nil {
				if _, ok := a.panic.(*hostfuncs.Stop); !ok {
					a.panic = fmt.Errorf("tool %s panicked: %v\n%s", name, a.panic, debug.Stack())
				}
			}
			answers <- a
		}()
		a.result, a.err = tool(ctx, args)
	}()
	var a answer
	select {
	case a = <-answers:
	case <-ctx.Done():
		select {
		case a = <-answers:
		case <-time.After(toolGrace):
			panic(stopOf(ctx))
		}
	}
	if a.panic != nil {
		panic(a.panic)
	}
	return a.result, a.err
}

func (r *run) unknownTool(name, shown string) *callFailure {
	if len(r.tools) == 0 {
		return &callFailure{Type: "PermissionError", Message: "no tool named " + shown + ": this run has no tools"}
	}
	names := make([]string, 0, len(r.tools))
	for n := range r.tools {
		names = append(names, n)
	}
	f := &callFailure{Type: "PermissionError", Message: "no tool named " + shown}
	if best := nearest.Name(name, names); best != "" {
		f.Hint = "did you mean " + best + "?"
	}
	return f
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
