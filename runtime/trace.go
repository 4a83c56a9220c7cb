package runtime

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"io"
	"maps"
	"slices"

	"wand/compiler"
	"wand/hostfuncs"
)

// TraceSchema names the form of a trace: JSON lines, each of them a TraceLine (trace.schema.json). The first is a TraceHeader, the last a TraceEnd, and
// those between are TraceEvents in the order in which things happened.
const TraceSchema = "wand.trace/v1"

// TraceHeader is the first line of a trace.
type TraceHeader struct {
	Schema   string `json:"schema" jsonschema:"always wand.trace/v1"`
	File     string `json:"file" jsonschema:"the program's name, which line numbers belong to"`
	Language string `json:"language"`
}

// TraceEvent is a step of the program in its own code; what its libraries do is not shown.
type TraceEvent struct {
	Seq   int64  `json:"seq" jsonschema:"from 1"`
	Event string `json:"event" jsonschema:"line (it is about to run), call (a function begins), return (it ends), exception (one is raised in the function or passes through it)"`
	Line  int    `json:"line" jsonschema:"in the program as it was written; 0 where that is not known"`
	// Function is as the language names it; that of the program itself is <module> in Python and <main> in JavaScript.
	Function string `json:"function"`
	Depth    int    `json:"depth" jsonschema:"how many of the program's functions are under way, from 1"`
	// Changed are the variables of the function that have another value than at the function's event before, in short form.
	Changed map[string]string `json:"changed,omitempty" jsonschema:"variables that have changed since the function's event before, as short texts"`
	After   int               `json:"after,omitempty" jsonschema:"the line of the function that ran before, to which the changes belong"`
	More    int               `json:"more,omitempty" jsonschema:"how many more variables have changed"`
	Value   *string           `json:"value,omitempty" jsonschema:"of a return: the value, as a short text"`
	// Suspended and Resumed are of generators and coroutines.
	Suspended bool   `json:"suspended,omitempty" jsonschema:"of a return: the function only waits, and goes on later"`
	Resumed   bool   `json:"resumed,omitempty" jsonschema:"of a call: the function goes on"`
	Type      string `json:"type,omitempty" jsonschema:"of an exception"`
	Message   string `json:"message,omitempty" jsonschema:"of an exception, where it can be had without running the program's code"`
}

// TraceEnd is the last line of a trace.
type TraceEnd struct {
	Events  int64  `json:"events" jsonschema:"how many there are in the trace"`
	Dropped int64  `json:"dropped" jsonschema:"how many more there were"`
	Status  Status `json:"status" jsonschema:"as in the report"`
}

// TraceInfo is what a report says of a trace.
type TraceInfo struct {
	Events  int64  `json:"events" jsonschema:"how many were written"`
	Dropped int64  `json:"dropped" jsonschema:"how many more there were"`
	Lost    string `json:"lost,omitempty" jsonschema:"why the trace is incomplete, when writing it failed"`
}

// LineCount is how often a line was executed.
type LineCount struct {
	Line  int   `json:"line"`
	Count int64 `json:"count"`
}

// Bounds of a trace.
const (
	// DefaultTraceEvents is how many events a trace has at most when Options.TraceEvents does not say.
	DefaultTraceEvents = 100_000
	// MaxTraceBytes is how large a trace gets at most, in bytes.
	MaxTraceBytes = 64 << 20

	traceEventBytes = 16 << 10 // of one event as the guest gives it
	traceName       = 256      // bytes of a name, traceText of a value
	traceText       = 1024
	traceCost       = 20_000 // fuel of one event, beside its size; traceDropCost of one that is only counted
	traceDropCost   = 500
	maxCoverLines   = 1 << 22
)

// tracer writes the trace of one run. All that it is told is the guest's word: it bounds it, and takes nothing for what it is not.
type tracer struct {
	line   func(int) int // in the source
	to     io.Writer
	most   int64
	info   TraceInfo
	seq    int64 // of the last event
	bytes  int64
	failed error
}

func newTracer(m *compiler.Module, o *Options) *tracer {
	if o.Trace == nil || m.Guest == "" {
		return nil
	}
	t := &tracer{line: m.Lines(), to: o.Trace, most: o.TraceEvents}
	if t.most <= 0 {
		t.most = DefaultTraceEvents
	}
	t.write(TraceHeader{Schema: TraceSchema, File: m.Name, Language: string(m.Language)})
	return t
}

// traceTo has the trace of a run that is repeated go to w. Whether there is one is the recording's to say: it costs fuel.
func (o *Options) traceTo(w io.Writer) {
	if o.Trace != nil && w != nil {
		o.Trace = w
	}
}

// write writes one line. A writer that fails gets no more.
func (t *tracer) write(line any) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(line)
	t.bytes += int64(text.Len())
	if t.failed != nil {
		return
	}
	if err == nil {
		_, err = t.to.Write(text.Bytes())
	}
	if err != nil {
		t.failed = err
		t.info.Lost = err.Error()
	}
}

// open says whether there is room for another event. A writer that failed is not the program's to see: it would not go the same way when it is repeated.
func (t *tracer) open() bool {
	return t.seq < t.most && t.bytes+traceEventBytes < MaxTraceBytes
}

// event takes an event from the guest, in positions of what ran, and says whether it wants more.
func (t *tracer) event(text []byte) bool {
	var e TraceEvent
	if len(text) == 0 || !t.open() || len(text) > traceEventBytes || json.Unmarshal(text, &e) != nil || !e.bound() {
		t.info.Dropped++
		return t.open()
	}
	t.seq++
	e.Seq = t.seq
	e.Line, e.After = t.line(e.Line), t.line(e.After)
	if len(e.Changed)+e.More == 0 {
		e.After = 0 // it says where the changes come from
	}
	if t.write(e); t.failed != nil {
		t.info.Dropped++
	} else {
		t.info.Events++
	}
	return t.open()
}

// bound cuts what is too long, and refuses what is no event.
func (e *TraceEvent) bound() bool {
	switch e.Event {
	case "line", "call", "return", "exception":
	default:
		return false
	}
	e.Depth, e.More = max(e.Depth, 0), max(e.More, 0)
	e.Function, e.Type, e.Message = validPrefix(e.Function, traceName), validPrefix(e.Type, traceName), validPrefix(e.Message, traceText)
	if e.Value != nil {
		*e.Value = validPrefix(*e.Value, traceText)
	}
	for _, name := range slices.Collect(maps.Keys(e.Changed)) {
		if len(name) > traceName {
			delete(e.Changed, name)
			e.More++
			continue
		}
		e.Changed[name] = validPrefix(e.Changed[name], traceText)
	}
	return true
}

// end writes the last line.
func (t *tracer) end(s Status) *TraceInfo {
	if t == nil {
		return nil
	}
	t.write(TraceEnd{Events: t.info.Events, Dropped: t.info.Dropped, Status: s})
	return &t.info
}

// cover is where in its memory the guest counts lines: an array of u32, by line; coverNone says that a line has no code.
type cover struct {
	at, lines uint32
}

const coverNone = 1<<32 - 1

// Coverage is which lines of the program ran.
type Coverage struct {
	Lines  []LineCount `json:"lines" jsonschema:"the lines that ran and how often, by line"`
	Missed []int       `json:"missed" jsonschema:"lines with code that did not run"`
}

// take reads the counts from the memory of an instance, however its run ended.
func (c cover) take(memory []byte, m *compiler.Module) *Coverage {
	cov := &Coverage{Lines: []LineCount{}, Missed: []int{}}
	end := uint64(c.at) + 4*uint64(c.lines)
	if c.lines == 0 || c.lines > maxCoverLines || end > uint64(len(memory)) {
		return cov
	}
	counts, source := map[int]int64{}, m.Lines()
	array := memory[c.at:end]
	for line := 1; line < int(c.lines); line++ {
		count := binary.LittleEndian.Uint32(array[4*line:])
		if count == coverNone {
			continue
		}
		if number := source(line); number > 0 {
			// Where several lines that ran stand for one that was written, the one that ran most often says it.
			counts[number] = max(counts[number], int64(count))
		}
	}
	for _, line := range slices.Sorted(maps.Keys(counts)) {
		if counts[line] > 0 {
			cov.Lines = append(cov.Lines, LineCount{line, counts[line]})
		} else {
			cov.Missed = append(cov.Missed, line)
		}
	}
	return cov
}

// traceFuncs are the imports by which a guest says what the program does (modules/ABI.md).
func traceFuncs() []hostfuncs.Func {
	i32 := hostfuncs.I32
	return []hostfuncs.Func{
		{Module: "wand", Name: "trace", Params: []hostfuncs.ValueType{i32, i32}, Results: []hostfuncs.ValueType{i32},
			Call: func(ctx context.Context, memory []byte, stack []uint64) {
				r := runOf(ctx)
				text := view(memory, uint32(stack[0]), uint32(stack[1]))
				stack[0] = 0
				if len(text) == 0 || r.trace == nil {
					r.burn(traceDropCost)
				} else {
					r.burn(traceCost + int64(len(text)))
				}
				if r.trace != nil && r.trace.event(text) {
					stack[0] = 1
				}
			}},
		{Module: "wand", Name: "cover", Params: []hostfuncs.ValueType{i32, i32},
			Call: func(ctx context.Context, _ []byte, stack []uint64) {
				r := runOf(ctx)
				r.burn(callCost)
				r.cover = cover{at: uint32(stack[0]), lines: uint32(stack[1])}
			}},
	}
}
