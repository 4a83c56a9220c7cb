package runtime

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	goruntime "runtime"
	"slices"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"wand/compiler/meter"
	"wand/hostfuncs"
	"wand/runtime/engine"
)

// run is the state of one run while its instance lives: the accounts behind the limits, and what the guest said.
// Host functions find it in the context.
type run struct {
	limits Limits
	ctx    context.Context

	// Fuel. The guest counts down a slice in a global of its own and asks for more when it is below zero.
	slice   int64
	granted atomic.Int64 // sum of the slices handed out
	charged int64        // fuel used in all, known when the guest has ended
	fuel    engine.Global
	profile *profiler // nil when nobody asks where the fuel goes

	trace *tracer // nil when nobody asks for the steps
	cover cover

	// Memory, in bytes: what the guest sees, what the host holds for it, the most there was of both. Tools at work beside the guest look at them.
	linear, held, peak atomic.Int64
	reserved           atomic.Int64 // what tools at work hold, beside held
	maxPages           uint32       // the module's own maximum

	lent lent // what children have of the run's budget

	out       *output
	gate      *hostfuncs.Gate
	tape      *tape  // when the run is recorded or repeated
	inOrder   bool   // wait returns calls in the order in which they began, so that two runs do the same
	language  string // of the guest, for Describe
	callCount atomic.Int64
	underway  map[int64]*hostfuncs.Pending // started calls by number, until wait says that they ended
	started   int64                        // the number of the last one
	fresh     []int64                      // those that wait has not looked at yet, in order
	ended     chan int64                   // the others say here that they ended
	input     []byte                       // for a program that is no guest's, whose request would have it
	pending   []byte                       // result of the last host call, until the guest takes it
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
	charged := r.granted.Load() - left
	limit := r.limits.Fuel - r.lent.fuel.Load()
	if charged > limit {
		panic(&hostfuncs.Stop{Kind: hostfuncs.KindFuel, Used: r.limits.Fuel - limit + charged, Limit: r.limits.Fuel})
	}
	if r.tape != nil {
		r.tape.refill(charged)
	}
	if r.ctx.Err() != nil {
		panic(stopOf(r.ctx))
	}
	goruntime.Gosched()
	next := min(r.slice, limit-charged)
	if p := r.profile; p != nil {
		if charged > p.next {
			p.sample(charged)
		}
		next = min(next, p.next-charged)
	}
	r.granted.Store(charged + next)
	return next
}

// used is the fuel charged so far; valid while the guest is not running.
func (r *run) used() int64 {
	if r.fuel == nil {
		return 0
	}
	return r.granted.Load() - int64(r.fuel.Get())
}

// burn charges the guest for work that the host did for it. The guest notices at its next check.
func (r *run) burn(fuel int64) { r.fuel.Set(r.fuel.Get() - uint64(fuel)) }

// grow decides about a memory.grow before it happens: what the module's own maximum forbids fails in the ordinary way, what only the
// run's limit forbids ends the run.
func (r *run) grow(size int, pages uint32) {
	if uint64(size)/engine.PageSize+uint64(pages) > uint64(r.maxPages) {
		return
	}
	r.linear.Store(int64(size) + int64(pages)*engine.PageSize)
	r.account("growing the program's memory")
}

// hold changes what the host holds for the run.
func (r *run) hold(delta int64) {
	r.held.Add(delta)
	if delta > 0 {
		r.account("")
	}
}

func (r *run) account(detail string) {
	reserved := r.reserved.Load()
	sum := r.linear.Load() + r.held.Load() + reserved + r.lent.memory.Load()
	if sum > r.limits.Memory {
		panic(&hostfuncs.Stop{Kind: hostfuncs.KindMemory, Used: sum, Limit: r.limits.Memory, Detail: detail})
	}
	if r.inOrder {
		sum -= reserved // how many calls are done at a time is no matter of virtual time
	}
	for {
		peak := r.peak.Load()
		if sum <= peak || r.peak.CompareAndSwap(peak, sum) {
			return
		}
	}
}

// reserve is hold for tools that work beside the guest: what does not fit is refused rather than the end of the run.
func (r *run) reserve(delta int64) bool {
	for {
		reserved := r.reserved.Load()
		if delta > 0 && r.linear.Load()+r.held.Load()+reserved+delta+r.lent.memory.Load() > r.limits.Memory {
			return false
		}
		if r.reserved.CompareAndSwap(reserved, reserved+delta) {
			return true
		}
	}
}

// memory is what counts against the run's limit at this moment.
func (r *run) memory() int64 {
	return r.linear.Load() + r.held.Load() + r.reserved.Load() + r.lent.memory.Load()
}

// stopOf says why a context is done: the runtime's own Stop (deadline) where there is one, else a cancellation by the caller.
func stopOf(ctx context.Context) *hostfuncs.Stop {
	var stop *hostfuncs.Stop
	if errors.As(context.Cause(ctx), &stop) {
		return stop
	}
	return &hostfuncs.Stop{Kind: hostfuncs.KindCancelled, Detail: "the caller cancelled the run"}
}

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

// What the journal takes for a call beside its texts and at most for one of those, and how much of a name messages show, in bytes.
const (
	callBytes = 256
	callText  = 8 << 10
	callShown = 200
)

// call runs one host function for the guest and keeps its result for take. Name and arguments are in the guest's memory.
func (r *run) call(ctx context.Context, name, args []byte) []byte {
	if r.tape != nil {
		return r.tape.call(ctx, name, args)
	}
	p := r.begin(ctx, name, args)
	select {
	case <-p.Done():
	case <-ctx.Done():
		panic(stopOf(ctx))
	}
	return r.answer(ctx, p)
}

// begin begins a call.
func (r *run) begin(ctx context.Context, name, args []byte) *hostfuncs.Pending {
	r.count(ctx, name, args)
	return r.gate.Start(ctx, string(name), args)
}

// count counts a call and charges for it, before anything happens.
func (r *run) count(ctx context.Context, name, args []byte) {
	if count := r.callCount.Add(1) + r.lent.calls.Load(); count > r.limits.HostCalls {
		shown := strings.ToValidUTF8(string(name[:min(len(name), callShown)]), "\uFFFD")
		panic(&hostfuncs.Stop{Kind: hostfuncs.KindHostCalls, Used: count, Limit: r.limits.HostCalls, Detail: "calling " + shown})
	}
	if ctx.Err() != nil {
		panic(stopOf(ctx))
	}
	r.burn(callCost + int64(len(args))/16)
	r.hold(journaled(len(args)) + journaled(len(name)) + callBytes - int64(len(r.pending)))
	r.pending = nil
}

// answer keeps for take how a call ended.
func (r *run) answer(ctx context.Context, p *hostfuncs.Pending) []byte {
	result, failure, fatal := p.Outcome()
	if ctx.Err() != nil {
		panic(stopOf(ctx))
	}
	if fatal != nil {
		panic(fatal)
	}
	shown := len(result)
	if failure != nil {
		shown = len(failure.Message)
		r.pending, _ = json.Marshal(map[string]any{"error": failure})
	} else {
		r.pending = slices.Concat([]byte(`{"ok":`), result, []byte("}"))
	}
	p.Release()
	r.hold(int64(len(r.pending)) + journaled(shown))
	return r.pending
}

// journaled is what the journal keeps of a text, in bytes.
func journaled(length int) int64 { return int64(min(length, callText)) }

// start begins a call beside the guest and returns its number. It ends with the run at the latest.
func (r *run) start(ctx context.Context, name, args []byte) int64 {
	if r.tape != nil {
		return r.tape.start(ctx, name, args)
	}
	p := r.begin(ctx, name, args)
	if r.underway == nil {
		r.underway, r.ended = map[int64]*hostfuncs.Pending{}, make(chan int64)
	}
	r.started++
	r.underway[r.started] = p
	r.fresh = append(r.fresh, r.started)
	return r.started
}

// attend has a call say by itself that it ended.
func (r *run) attend(ctx context.Context, number int64) {
	p, ended := r.underway[number], r.ended
	go func() {
		<-p.Done()
		select {
		case ended <- number:
		case <-ctx.Done():
		}
	}()
}

// quick is how long wait gives a call that it has not looked at yet, so that one which ends at once costs neither a goroutine nor another wait.
const quick = 10 * time.Microsecond

// hasEnded says whether a call has ended, or does within a moment.
func hasEnded(p *hostfuncs.Pending) bool {
	var start time.Time
	for {
		select {
		case <-p.Done():
			return true
		default:
		}
		if now := time.Now(); start.IsZero() {
			start = now
		} else if now.Sub(start) > quick {
			return false
		}
		goruntime.Gosched()
	}
}

// wait waits until a started call ends, at most so long where limit is not negative.
func (r *run) wait(ctx context.Context, limit time.Duration) int64 {
	if r.tape != nil {
		return r.tape.wait(ctx, limit)
	}
	r.waits()
	if len(r.underway) == 0 {
		return -1
	}
	number := r.next(ctx, limit, nil)
	if number == 0 {
		return 0
	}
	return r.settle(ctx, number)
}

// waits charges for a wait, and forgets what was not taken.
func (r *run) waits() {
	r.burn(callCost)
	r.hold(-int64(len(r.pending)))
	r.pending = nil
}

// next is the number of a call that has ended, one that has not been settled; 0 when none does in time. except are not waited for.
func (r *run) next(ctx context.Context, limit time.Duration, except map[int64]bool) int64 {
	if r.inOrder {
		return r.lowest(ctx, except)
	}
	select {
	case number := <-r.ended:
		return number
	default:
	}
	for len(r.fresh) > 0 {
		number := r.fresh[0]
		r.fresh = r.fresh[1:]
		if hasEnded(r.underway[number]) {
			return number
		}
		r.attend(ctx, number)
	}
	if ctx.Err() != nil {
		panic(stopOf(ctx))
	}
	if limit == 0 {
		return 0
	}
	var elapsed <-chan time.Time
	if limit > 0 {
		timer := time.NewTimer(limit)
		defer timer.Stop()
		elapsed = timer.C
	}
	select {
	case number := <-r.ended:
		return number
	case <-ctx.Done():
		panic(stopOf(ctx))
	case <-elapsed:
		return 0
	}
}

// lowest waits for the call that began first. In virtual time calls take none, so no limit is too short for one.
func (r *run) lowest(ctx context.Context, except map[int64]bool) int64 {
	r.fresh = r.fresh[:0]
	number := int64(0)
	for n := range r.underway {
		if !except[n] && (number == 0 || n < number) {
			number = n
		}
	}
	if number == 0 {
		return 0
	}
	select {
	case <-r.underway[number].Done():
		return number
	case <-ctx.Done():
		panic(stopOf(ctx))
	}
}

// settle keeps for take how a started call ended, and returns what wait says of it.
func (r *run) settle(ctx context.Context, number int64) int64 {
	p := r.underway[number]
	delete(r.underway, number)
	return number<<32 | int64(len(r.answer(ctx, p)))
}

// describe keeps for take what there is to say about tools.
func (r *run) describe(prefix string) []byte {
	var text []byte
	if r.tape != nil {
		text = r.tape.describe(prefix)
	} else {
		text = r.gate.Describe(prefix, r.language)
	}
	r.burn(callCost + int64(len(text))/16)
	r.hold(int64(len(text)) - int64(len(r.pending)))
	r.pending = text
	return text
}

// shownJSON is a text as a report can hold it, which has to be JSON in UTF-8 of a depth that every parser takes: text itself, or the beginning
// of it as a string.
func shownJSON(text []byte) json.RawMessage {
	switch {
	case !json.Valid(text) || hostfuncs.JSONDepth(text) > shownDepth:
		text, _ = json.Marshal(string(text[:min(len(text), callShown)]))
	case !utf8.Valid(text):
		text = bytes.ToValidUTF8(text, []byte("\uFFFD")) // it can only be in a string
	}
	return text
}

// shownDepth is how deep a value in a report may nest, so that whoever reads reports can: parsers give up at some depth.
const shownDepth = 1000

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
