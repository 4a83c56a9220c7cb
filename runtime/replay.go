package runtime

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"wand/compiler"
	"wand/hostfuncs"
	"wand/hostfuncs/fs"
	"wand/hostfuncs/wasi"
	"wand/policies"
)

// ReplayOptions say what becomes of a replay. The zero value is usable.
type ReplayOptions struct {
	// Stdout and Stderr get the program's output as it is written. Default: nobody does.
	Stdout, Stderr io.Writer
	// SpillDir is where output goes that the report has no room for. Default: the system's folder for temporary files.
	SpillDir string
	// Trace gets the steps of a run that was traced when it was recorded, as in Options; of another there are none. Default: nobody does.
	Trace io.Writer
}

// Replayed is what came of a replay.
type Replayed struct {
	// Report is what happened this time. Calls, accesses and what was logged are as they were recorded.
	Report *Report
	// Recorded is the report of the recorded run; nil when the recording was cut off.
	Recorded *Report
	// Divergence is the first thing that went differently; nil when everything was as recorded.
	Divergence *Divergence
	// Cut says that the recording ends before the run did, as one does whose process was killed. All that is in it was repeated.
	Cut bool
	// Events is how many events were repeated.
	Events int
}

// Divergence is where a replay first did something else than what was recorded.
type Divergence struct {
	Event    int    `json:"event" jsonschema:"number of the event, from 1; one more than there are when it is the outcome that differs"`
	Fuel     int64  `json:"fuel" jsonschema:"how much fuel the program had burnt"`
	What     string `json:"what" jsonschema:"what was recorded there, or which part of the outcome"`
	Recorded string `json:"recorded"`
	Instead  string `json:"instead" jsonschema:"what happened this time"`
}

// Error implements error.
func (d *Divergence) Error() string {
	return fmt.Sprintf("event %d, at %d units of fuel: %s: recorded was %s, and this time it was %s", d.Event, d.Fuel, d.What, d.Recorded, d.Instead)
}

// errCut ends the replay of a recording that was cut off.
var errCut = errors.New("the recording ends here")

// Replay runs a recorded program again: without its tools, folders, network and clock, with what they gave when it was recorded. The error is a *RecordingError
// when the recording cannot be used, and then nothing has run.
func (rt *Runtime) Replay(ctx context.Context, recording io.Reader, o ReplayOptions) (*Replayed, error) {
	key, err := rt.recordingKey()
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(recording, maxRecordingRaw+1))
	if err != nil {
		return nil, fmt.Errorf("reading the recording: %w", err)
	}
	if len(text) > maxRecordingRaw {
		return nil, &RecordingError{RecordingTooLarge, "it has more than a gibibyte"}
	}
	r, err := openRecording(text, key)
	if err != nil {
		return nil, err
	}
	s, err := r.script(false)
	if err != nil {
		return nil, err
	}
	options, err := r.options()
	if err != nil {
		return nil, err
	}
	m, err := r.header.Module.module(ctx)
	if err != nil {
		return nil, err
	}
	options.Stdout, options.Stderr, options.SpillDir, options.script = o.Stdout, o.Stderr, o.SpillDir, s
	options.traceTo(o.Trace)
	if h := r.header.Session; h != nil {
		session, err := rt.Restore(ctx, h.Snapshot, SessionOptions{Limits: r.header.Limits, Budget: h.Budget, Packages: r.header.Packages, recorded: true})
		if err != nil {
			return nil, err
		}
		defer session.Close()
		options.turn = &sessionTurn{base: session.state}
		defer func() { options.turn.end() }()
	}
	report, err := rt.execute(ctx, m, options, "run")
	if err != nil && report == nil {
		return nil, err
	}
	out := &Replayed{Report: report, Events: s.count}
	if r.end != nil {
		out.Recorded = &Report{}
		if err := json.Unmarshal(r.end.Report, out.Recorded); err != nil {
			return nil, &RecordingError{RecordingDamaged, "the report in it cannot be read"}
		}
	}
	switch {
	case errors.As(err, &out.Divergence):
	case errors.Is(err, errCut):
		out.Cut = true
	case err != nil:
		return nil, err
	case out.Recorded != nil:
		report.Policy = r.header.Policy
		report.Log, report.LogDropped, report.Written, report.Suspension = out.Recorded.Log, out.Recorded.LogDropped, out.Recorded.Written, out.Recorded.Suspension
		sameRefusal(out.Recorded, report)
		out.Divergence = s.differs(out.Recorded, report)
	}
	return out, nil
}

// differs is what first differs of two outcomes.
func (s *script) differs(was, is *Report) *Divergence {
	value := func(v any) string {
		b, _ := json.Marshal(v)
		return string(b)
	}
	failure := func(e *Error) string {
		if e == nil {
			return "none"
		}
		return string(e.Kind) + " " + strings.TrimPrefix(e.Type+": "+e.Message, ": ")
	}
	for _, part := range []struct{ what, was, is string }{
		{"the status", string(was.Status), string(is.Status)},
		{"the result", string(was.Result), string(is.Result)},
		{"the error", failure(was.Error), failure(is.Error)},
		{"standard output", was.Stdout, is.Stdout},
		{"standard error", was.Stderr, is.Stderr},
		{"the files", value(was.Files), value(is.Files)},
		{"the fuel", fmt.Sprint(was.Usage.Fuel.Used), fmt.Sprint(is.Usage.Fuel.Used)},
	} {
		if part.was != part.is && !sameJSON(part.was, part.is) {
			return &Divergence{Event: s.count + 1, Fuel: is.Usage.Fuel.Used, What: part.what, Recorded: clipped(part.was), Instead: clipped(part.is)}
		}
	}
	return nil
}

// sameJSON says whether two texts are the same value in other spaces, as a report that was stored may have it.
func sameJSON(a, b string) bool {
	var x, y bytes.Buffer
	return json.Compact(&x, []byte(a)) == nil && json.Compact(&y, []byte(b)) == nil && x.String() == y.String()
}

func clipped(s string) string {
	if len(s) > callShown {
		s = s[:callShown] + "…"
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// module is the program of a recording. What a translator made is made again, for positions.
func (r *recordedModule) module(ctx context.Context) (*compiler.Module, error) {
	m := &compiler.Module{Name: r.Name, Language: r.Language, Guest: r.Guest, Program: r.Program, Wasm: r.Wasm, Digest: r.Digest, Source: r.Source, LineOffset: r.LineOffset, Toolchain: r.Toolchain}
	if !r.Translated {
		return m, nil
	}
	again, _, err := compiler.Compile(ctx, compiler.Source{Name: r.Name, Language: r.Language, Text: []byte(r.Source)})
	switch {
	case err != nil:
		return nil, err
	case again == nil || again.Digest != r.Digest:
		return nil, &RecordingError{RecordingModule, fmt.Sprintf("this version of wand translates %s into another program than the one that was recorded", r.Name)}
	}
	again.LineOffset = r.LineOffset
	return again, nil
}

// options are the inputs that are in a recording.
func (r *recording) options() (Options, error) {
	h := &r.header
	o := Options{Limits: h.Limits, Guest: cmp.Or(h.Baked, h.Module.Guest), Args: h.Args, Env: h.Env, Input: h.Input, Files: h.Files, Packages: h.Packages, Principal: h.Principal, DryRun: h.DryRun, KeepOutput: h.KeepOutput, Seed: new([32]byte)}
	o.Coverage, o.TraceEvents = h.Coverage, h.Traced
	if h.Traced > 0 {
		o.Trace = io.Discard // a traced program burns more fuel
	}
	seed, err := hex.DecodeString(h.Seed)
	if err != nil || copy(o.Seed[:], seed) != len(o.Seed) {
		return o, &RecordingError{RecordingDamaged, "its seed cannot be read"}
	}
	if h.Slice < 1 || h.Limits.check() != nil || h.Limits != h.Limits.or(DefaultLimits()) {
		return o, &RecordingError{RecordingDamaged, "its limits cannot be"}
	}
	return o, nil
}

// script is what is left of a recording to repeat.
type script struct {
	recording *recording
	resume    bool // afterwards the run goes on
	rest      []byte
	count     int    // events of the guest that were taken
	ahead     *event // the next one

	// What is told beside the guest's doing, by the number of the call.
	ended   map[int]*endedEvent
	began   map[int]bool // whether once more does no harm
	paused  map[int]hostfuncs.Suspension
	agreed  []string
	answers []answered
	tokens  int

	// How many times it was suspended; what it waited for when it was, unless it has gone on since.
	suspended int
	waits     *suspendedEvent
}

// event is one event of the guest's, or another one.
type event struct {
	kind byte
	fuel uint64
	at   uint64 // which call of WASI it was, of an evTouch
	body []byte
	bad  bool // it could not be read as what it is
}

func (e *event) uvarint() uint64 {
	n, size := binary.Uvarint(e.body)
	if size <= 0 {
		e.bad, e.body = true, nil
		return 0
	}
	e.body = e.body[size:]
	return n
}

func (e *event) varint() int64 {
	n, size := binary.Varint(e.body)
	if size <= 0 {
		e.bad, e.body = true, nil
		return 0
	}
	e.body = e.body[size:]
	return n
}

func (e *event) bytes(n int) []byte {
	if n < 0 || n > len(e.body) {
		e.bad, e.body = true, nil
		return nil
	}
	b := e.body[:n]
	e.body = e.body[n:]
	return b
}

func (e *event) byte() byte {
	if b := e.bytes(1); b != nil {
		return b[0]
	}
	return 0
}

func (e *event) text() []byte { return e.bytes(int(min(e.uvarint(), uint64(len(e.body)+1)))) }

// split takes an event off a stream of them; nil when it is not whole.
func split(stream []byte) (e *event, rest []byte) {
	length, size := binary.Uvarint(stream)
	if size <= 0 || length == 0 || length > uint64(len(stream)-size) {
		return nil, nil
	}
	body := stream[size : size+int(length)]
	return &event{kind: body[0], body: body[1:]}, stream[size+int(length):]
}

// script reads what is told beside the guest's doing. The error is a *RecordingError.
func (r *recording) script(resume bool) (*script, error) {
	s := &script{recording: r, resume: resume, rest: r.events, ended: map[int]*endedEvent{}, began: map[int]bool{}, paused: map[int]hostfuncs.Suspension{}}
	for rest := r.events; ; {
		var e *event
		if e, rest = split(rest); e == nil {
			break
		}
		if !s.aside(e) || e.bad {
			return nil, &RecordingError{RecordingDamaged, fmt.Sprintf("an event of the kind %q in it cannot be read", e.kind)}
		}
	}
	return s, nil
}

// aside takes an event that is no guest's.
func (s *script) aside(e *event) bool {
	switch e.kind {
	case evBegan:
		seq := int(e.uvarint())
		s.began[seq] = e.byte() == 1
	case evEnded:
		d := &endedEvent{}
		if json.Unmarshal(e.text(), d) != nil || d.Call.Seq < 1 {
			return false
		}
		if d.HasResult {
			d.Result = slices.Clone(e.body)
			if !json.Valid(d.Result) {
				return false
			}
		}
		s.ended[d.Call.Seq] = d
		s.tokens = max(s.tokens, d.Tokens)
	case evPaused:
		var p hostfuncs.Suspension
		if json.Unmarshal(e.body, &p) != nil {
			return false
		}
		s.paused[p.Seq] = p
	case evAgreed:
		var key string
		if json.Unmarshal(e.body, &key) != nil {
			return false
		}
		s.agreed = append(s.agreed, key)
	case evSuspend:
		s.suspended++
		s.waits = &suspendedEvent{}
		return json.Unmarshal(e.body, s.waits) == nil
	case evResume:
		s.waits = nil
		var a answered
		if json.Unmarshal(e.body, &a) != nil {
			return false
		}
		s.answers = append(s.answers, a)
	default:
		_, known := eventNames[e.kind]
		return known
	}
	return true
}

// peek is the guest's next event; nil when there is none.
func (s *script) peek() *event {
	for s.ahead == nil {
		e, rest := split(s.rest)
		if e == nil {
			return nil
		}
		s.rest = rest
		if eventNames[e.kind] == "" {
			continue
		}
		e.fuel = e.uvarint()
		if e.kind == evTouch {
			e.at = e.uvarint()
		}
		s.ahead = e
	}
	return s.ahead
}

func (s *script) take() (*event, bool) {
	e := s.peek()
	s.ahead = nil
	if e != nil {
		s.count++
	}
	return e, e != nil
}

// next takes the guest's next event, which has to be of this kind. It returns false when the run is live.
func (t *tape) next(kind byte) (*event, bool) {
	if t.in == nil || t.over {
		return nil, false
	}
	e := t.in.peek()
	if e == nil {
		t.want = kind
		t.exhausted()
		return nil, false
	}
	t.in.take()
	if e.kind != kind {
		t.divergeAt(eventNames[e.kind], eventNames[e.kind], eventNames[kind])
	}
	t.fuel += int64(e.fuel)
	if used := t.job.run.used(); used != t.fuel {
		t.divergeAt(eventNames[kind], fmt.Sprintf("at %d units of fuel", t.fuel), fmt.Sprintf("at %d", used))
	}
	t.kind = kind
	return e, true
}

// check refuses an event that could not be read.
func (t *tape) check(e *event) {
	if e.bad {
		t.fail(&RecordingError{RecordingDamaged, fmt.Sprintf("event %d cannot be read", t.in.count)})
	}
}

// diverge ends a replay in which the guest did something else than what was recorded.
func (t *tape) diverge(recorded, instead string) {
	t.divergeAt(eventNames[t.kind], recorded, instead)
}

func (t *tape) divergeAt(what, recorded, instead string) {
	t.fail(&Divergence{Event: t.in.count, Fuel: t.job.run.used(), What: what, Recorded: clipped(recorded), Instead: clipped(instead)})
}

// exhausted is what happens when the guest wants something and nothing is left to repeat: the run goes on, or ends as it did.
func (t *tape) exhausted() {
	end := t.in.recording.end
	switch {
	case t.in.resume:
		t.goLive()
	case end == nil:
		t.fail(errCut)
	case end.Stop != nil && end.At == 0:
		panic(end.Stop)
	default:
		t.in.count++
		t.divergeAt("the end", "nothing more", eventNames[t.want])
	}
}

// refill ends a replay where the recorded run was stopped while it computed.
func (t *tape) refill(charged int64) {
	if t.in == nil {
		if t.job.run.ctx.Err() != nil {
			t.stoppedAt = charged
		}
		return
	}
	if end := t.in.recording.end; end != nil && end.Stop != nil && end.At > 0 && charged >= end.At && t.in.peek() == nil {
		panic(end.Stop)
	}
}

// goLive ends the repetition: from here on the guest has the real thing.
func (t *tape) goLive() {
	s := t.in
	t.in = nil
	r := &t.job.run
	switch clock := t.clock.clock.(type) {
	case *wasi.VirtualClock:
		clock.Resume(t.passed)
	default:
		if t.mono > 0 {
			t.offset = time.Duration(t.mono) - clock.Monotonic()
		}
	}
	t.job.kit.RestoreTokens(s.tokens)
	for _, p := range r.underway {
		if p != nil {
			if d := s.ended[p.Seq()]; d != nil {
				r.lent.fuel.Add(d.ChildFuel)
				r.lent.calls.Add(d.ChildCalls)
			}
		}
	}
	for _, seq := range slices.Sorted(maps.Keys(t.calls)) {
		c := t.calls[seq]
		p, err := t.relaunch(s, seq, c)
		if err != nil {
			t.fail(err)
		}
		if c.pending = p; c.number > 0 {
			r.underway[c.number] = p
			r.fresh = append(r.fresh, c.number)
			delete(t.calls, seq)
		}
	}
	slices.Sort(r.fresh)
}

// relaunch goes on with a call that had begun and has no outcome.
func (t *tape) relaunch(s *script, seq int, c *taped) (*hostfuncs.Pending, error) {
	gate, ctx := t.job.run.gate, t.job.run.ctx
	again := func() *hostfuncs.Pending {
		return t.live(ctx, seq, []byte(c.name), c.args, func() *hostfuncs.Pending { return gate.Again(ctx, seq, c.name, c.args) })
	}
	repeatable, began := s.began[seq]
	if p, waits := s.paused[seq]; waits {
		for _, a := range t.answers {
			if p.Waits == hostfuncs.WaitsForResult && a.Seq == seq {
				return gate.Conclude(hostfuncs.EndedCall{Call: callOf(p), Result: a.Result, Err: a.Error})
			}
		}
		if p.Waits == hostfuncs.WaitsForApproval || repeatable {
			return again(), nil
		}
		// Another call was answered, and this one still waits.
		return gate.StillPaused(p), nil
	}
	if !began || repeatable {
		return again(), nil
	}
	return gate.Conclude(hostfuncs.EndedCall{Call: hostfuncs.Call{Seq: seq, Tool: c.name, Decision: hostfuncs.DecisionAllowed, Started: time.Now()}, Err: &hostfuncs.Error{
		Type: hostfuncs.ToolError, Message: c.name + ": the process that ran this program ended while the call was under way, and it is not known whether the call took effect",
		Hint: "find out with another call whether it did, before doing it again",
	}})
}

// callOf is a call that waited, as the journal has it.
func callOf(p hostfuncs.Suspension) hostfuncs.Call {
	return hostfuncs.Call{Seq: p.Seq, Tool: p.Tool, Args: p.Args, Decision: hostfuncs.DecisionAllowed, Policy: p.Rule, Started: time.Now()}
}

// newTape makes the tape of a job that is recorded or repeated.
func (j *job) newTape() *tape {
	o := &j.options
	t := &tape{job: j, in: o.script, durable: o.SuspendDir != "" || o.state != nil, childUsed: map[int][2]int64{}}
	if s := o.script; s != nil {
		h := &s.recording.header
		j.clockName, j.fixedSeed, j.run.slice = h.Clock, h.FixedSeed, h.Slice
		if !h.At.IsZero() {
			o.Clock = wasi.NewFrozenClock(h.At)
		}
		t.answers = s.answers
	}
	t.clock = &tapeClock{tape: t, clock: o.Clock}
	if t.in == nil {
		t.hold() // until the header is written
	}
	return t
}

// maxReplay is how long a replay may take.
const maxReplay = 24 * time.Hour

// replaying says that nothing of the run will be live.
func (t *tape) replaying() bool { return t != nil && t.in != nil && !t.in.resume }

// guestEnded says that what happens from here on is none of the guest's doing.
func (t *tape) guestEnded() {
	if t != nil {
		t.over = true
	}
}

// childEnded notes what a child run used, for the call that started it.
func (t *tape) childEnded(seq int, limits Limits, u Usage) {
	if t == nil {
		return
	}
	t.childMu.Lock()
	defer t.childMu.Unlock()
	t.childUsed[seq] = [2]int64{min(u.Fuel.Used, limits.Fuel), min(u.HostCalls.Used, limits.HostCalls)}
}

// connect puts the tape between a guest and what it is given.
func (t *tape) connect(s *wasi.State) {
	stdin := s.Stdin != nil
	if o := &t.job.options; o.script != nil {
		stdin = o.script.recording.header.Stdin
	}
	if stdin {
		s.Stdin = newTapeStdin(t, s.Stdin)
	} else {
		s.Stdin = nil
	}
	random := s.Random
	if t.job.options.script != nil && !t.job.options.script.resume {
		random = nil
	}
	s.Clock, s.Random, s.Tap = t.clock, &tapeRandom{t, random}, t
	s.Stdout, s.Stderr = &tapeOut{t, 1, s.Stdout}, &tapeOut{t, 2, s.Stderr}
}

// mount shows where folders of the host were in a run that is only repeated.
func (t *tape) mount() (there bool, err error) {
	if !t.replaying() {
		return false, nil
	}
	for _, m := range t.in.recording.header.Mounts {
		if err := t.job.fs.MountAbsent(m); err != nil {
			return true, err
		}
	}
	return true, nil
}

// permit lets nothing of the host be used while a run is repeated: that is known already.
func (t *tape) permit(next func(policies.Request) error) func(policies.Request) error {
	return func(q policies.Request) error {
		if t.in != nil {
			return errors.New("the run is being repeated")
		}
		return next(q)
	}
}

// prepare checks that a run that is repeated is the one that was recorded, and makes what it needs in the place of tools.
func (t *tape) prepare() error {
	j := t.job
	if t.in == nil {
		return nil
	}
	if err := t.take(); err != nil {
		return err
	}
	tools := j.authority.kit.Tools
	if !t.in.resume {
		var err error
		if tools, err = hostfuncs.NewRegistry(fs.Tools()...); err != nil {
			return err
		}
	}
	t.scratch = hostfuncs.NewGate(hostfuncs.GateOptions{Tools: tools, Policy: anything{}, Secrets: j.authority.kit.Secrets, Values: func(ctx context.Context) context.Context { return j.kit.Values(ctx, j.fs) }})
	for _, key := range t.in.agreed {
		j.run.gate.RestoreAgreed(key)
	}
	return nil
}

// anything allows what a policy has allowed before.
type anything struct{}

// Decide implements policies.Decider.
func (anything) Decide(policies.Request) policies.Decision { return policies.Decision{Allowed: true} }

// open begins the recording, when it is known what is in it.
func (t *tape) open() error {
	j := t.job
	o := &j.options
	if t.in != nil || o.Recording == nil && o.SuspendDir == "" {
		return nil
	}
	key, err := j.rt.recordingKey()
	if err != nil {
		return err
	}
	h, err := j.header()
	if err != nil {
		return err
	}
	h.Mounts = j.fs.HostMounts()
	var to io.Writer = o.Recording
	if o.SuspendDir != "" {
		if t.file, err = createState(o.SuspendDir); err != nil {
			return err
		}
		to = t.file.file
	}
	if t.out, err = newRecorder(to, key, o.RecordLimit, h); err != nil {
		return err
	}
	if t.file != nil {
		t.out.sync = t.file.file.Sync
		if err := errors.Join(t.out.flush(true), t.file.settle()); err != nil {
			return err
		}
	}
	t.keep()
	return nil
}

// finish ends the recording of a run before its report is made: what it says of how the run ended has to be true.
func (t *tape) finish(ended error) error {
	t.over = true
	if t.scratch != nil {
		t.scratch.Close()
	}
	if t.in != nil && t.err == nil {
		var stop *hostfuncs.Stop
		if e := t.in.peek(); e != nil && !t.in.resume && !errors.As(ended, &stop) {
			t.err = &Divergence{Event: t.in.count + 1, Fuel: t.job.run.charged, What: eventNames[e.kind], Recorded: eventNames[e.kind], Instead: "the end of the program"}
		}
	}
	if t.err != nil {
		return t.err
	}
	if t.out != nil {
		if err := t.settle(); err != nil && !errors.Is(err, errRecordingFull) {
			return err
		}
		if err := t.out.flush(false); err != nil && !errors.Is(err, errRecordingFull) {
			return err
		}
	}
	return ended
}

// close writes the end of the recording, which is the report, and settles what becomes of the state of a run that can go on.
func (t *tape) close(rep *Report, ended error) error {
	if t.out == nil {
		if t.file != nil {
			return t.file.close(false)
		}
		return nil
	}
	defer t.out.close()
	o := &t.job.options
	var stop *hostfuncs.Stop
	if errors.As(ended, &stop) && stop.Kind == hostfuncs.KindSuspended && t.file != nil {
		return t.park(rep, stop)
	}
	if stop != nil && !external(stop) {
		stop = nil
	}
	text, err := json.Marshal(rep)
	if err != nil {
		return err
	}
	end := &recordingEnd{Report: text, Stop: stop}
	if stop != nil {
		end.At = t.stoppedAt
	}
	var whole int64 // of the state without its end
	if t.file != nil && o.SuspendHold != nil {
		if whole, err = t.file.file.Seek(0, io.SeekCurrent); err != nil {
			return errors.Join(err, t.file.close(true))
		}
	}
	if err := t.out.finish(end); err != nil && !errors.Is(err, errRecordingFull) {
		return errors.Join(err, t.discard())
	}
	if t.file == nil {
		return nil
	}
	if o.Recording != nil {
		if err := t.file.copyTo(o.Recording); err != nil {
			return errors.Join(fmt.Errorf("the recording cannot be written: %w", err), t.file.close(true))
		}
	}
	if o.SuspendHold != nil {
		return t.heldBack(whole)
	}
	return t.file.close(false)
}

// heldBack leaves the state of a run that has ended, as that of one whose process ended just before.
func (t *tape) heldBack(whole int64) error {
	key, err := t.job.rt.recordingKey()
	if err == nil {
		err = t.file.file.Truncate(whole)
	}
	if err = errors.Join(err, t.file.close(true)); err != nil {
		return err
	}
	t.job.options.SuspendHold(token(key, t.file.id, t.suspensions))
	return nil
}

// discard gives up the state of a run that could not be recorded to its end. What is on disk is whole, so that it can go on from there when there is room.
func (t *tape) discard() error {
	if t.file == nil {
		return nil
	}
	return t.file.close(true)
}

// external says whether a program was stopped by something that is not in the program, so that a replay has to be told where.
func external(s *hostfuncs.Stop) bool {
	switch s.Kind {
	case hostfuncs.KindDeadline, hostfuncs.KindCancelled, hostfuncs.KindSuspended:
		return true
	}
	return s.Detail == recordingDetail
}
