package runtime

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"wand/hostfuncs"
	"wand/hostfuncs/wasi"
)

// Events of a recording. Each is its kind and, when the guest caused it, the fuel burnt since the guest's last one; then what it tells. Numbers are varints,
// texts have their length before them.
const (
	evNow      = 'n' // the time of day: nanoseconds since the last reading
	evMono     = 'm' // the other clock, likewise
	evSleep    = 's' // nanoseconds asked for; it took place
	evRandom   = 'r' // bytes
	evStdin    = 'i' // bytes asked for, error code, bytes
	evOut      = 'o' // stream, length, half of a SHA-256 of what was written
	evCall     = 'c' // a call begins and the guest waits: name, SHA-256 of the arguments, their beginning
	evStart    = 't' // a call begins
	evFiles    = 'f' // a call of a tool of the run's files ended: steps of effort, accesses (JSON)
	evWait     = 'w' // number of the call that ended, or 0
	evDescribe = 'd' // beginning of names, text
	evTouch    = 'h' // a call of WASI used a folder of the host: which one of all, what it did, accesses (JSON)

	// These are told while the guest does something else, or nothing.
	evBegan   = 'B' // a tool is about to be called: number, whether once more does no harm
	evEnded   = 'D' // a call ended: endedEvent (JSON), result
	evPaused  = 'P' // a call waits: hostfuncs.Suspension (JSON)
	evAgreed  = 'G' // somebody agreed: key
	evSuspend = 'S' // the run was suspended: suspendedEvent (JSON)
	evResume  = 'R' // it goes on: Resumption (JSON)
)

// eventNames are what reports of a divergence call them.
var eventNames = map[byte]string{
	evNow: "reading the time of day", evMono: "reading the clock", evSleep: "sleeping", evRandom: "drawing random bytes", evStdin: "reading standard input",
	evOut: "writing output", evCall: "calling a tool", evStart: "starting a call", evFiles: "a call of a file tool", evWait: "waiting for a call",
	evDescribe: "asking for tools", evTouch: "using a folder of the host",
}

// endedEvent is evEnded, without the result.
type endedEvent struct {
	hostfuncs.EndedCall
	HasResult  bool  `json:"has_result,omitempty"`
	ChildFuel  int64 `json:"child_fuel,omitempty"` // what a child run used
	ChildCalls int64 `json:"child_calls,omitempty"`
	Tokens     int   `json:"tokens,omitempty"` // that the run's calls of models have used in all
}

// tape stands between a guest and everything outside that could be different another time. While there is something to repeat it repeats it; then, or from
// the beginning, it lets the guest have the real thing and records it. Only the guest's own goroutine uses it, and a tool of files while the guest waits for it.
type tape struct {
	job *job
	out *recorder // nil when nothing is recorded
	in  *script   // what is left to repeat; nil when the run is live
	// durable: what calls do is on disk before it is done, for the run is to survive its process.
	durable bool
	file    *stateFile // that the recorder writes to, when it is one of a folder of suspended runs
	over    bool       // the guest has ended

	fuel, wall, mono int64 // of the guest's last event; what both clocks showed
	passed           time.Duration
	clock            *tapeClock
	want, kind       byte          // kinds of event that the guest wants, and got last
	offset           time.Duration // of the monotonic clock, in a run that goes on
	inner            [][]byte      // events of the present call of WASI, or of a tool of files
	held             bool          // events go to inner
	saved            [3]int64
	wasiCalls        uint64
	begun            int                    // calls so far
	calls            map[int]*taped         // those without an outcome yet, by their numbers
	paused           []hostfuncs.Suspension // calls that wait and that the guest waits for
	waiting          map[int64]bool         // started calls that are paused
	stoppedAt        int64
	childMu          sync.Mutex
	childUsed        map[int][2]int64 // fuel and host calls, by the number of the call
	scratch          *hostfuncs.Gate  // has the tools that are called again to repeat what they did to the run itself
	answers          []answered
	suspensions      int   // how many times the run was suspended
	err              error // why the tape cannot go on
}

// taped is a call that has begun.
type taped struct {
	name    string
	args    []byte
	number  int64 // of a started one
	pending *hostfuncs.Pending
}

// fail ends the run because of the tape.
func (t *tape) fail(err error) {
	if t.err == nil {
		t.err = err
	}
	panic(&hostfuncs.Stop{Kind: hostfuncs.KindInternal, Detail: err.Error()})
}

// emit records an event of the guest's.
func (t *tape) emit(kind byte, parts ...[]byte) {
	if t.in != nil || t.over {
		return
	}
	fuel := t.job.run.used()
	head := binary.AppendUvarint([]byte{kind}, uint64(fuel-t.fuel))
	t.fuel = fuel
	if t.out == nil && !t.held {
		return
	}
	if t.held {
		t.inner = append(t.inner, slices.Concat(append([][]byte{head}, parts...)...))
		return
	}
	if err := t.out.add(append([][]byte{head}, parts...)...); err != nil {
		t.failed(err)
	}
}

// failed ends the run because something could not be recorded.
func (t *tape) failed(err error) {
	if errors.Is(err, errRecordingFull) {
		panic(t.out.full())
	}
	t.fail(err)
}

// full is how a run ends whose recording has reached its limit.
func (w *recorder) full() *hostfuncs.Stop {
	return &hostfuncs.Stop{Kind: hostfuncs.KindStorage, Used: w.limit + 1, Limit: w.limit, Detail: recordingDetail}
}

// recordingDetail tells the limit of a recording from that of files.
const recordingDetail = "the recording of the run"

// hold keeps events back; keep records them, drop forgets them.
func (t *tape) hold() {
	t.held, t.inner, t.saved = true, t.inner[:0], [3]int64{t.fuel, t.wall, t.mono}
}

func (t *tape) keep() {
	if err := t.settle(); err != nil {
		t.failed(err)
	}
}

// settle is keep where nothing can be ended any more.
func (t *tape) settle() error {
	t.held = false
	var err error
	for _, e := range t.inner {
		if t.out != nil && err == nil {
			err = t.out.add(e)
		}
	}
	t.inner = t.inner[:0]
	return err
}

func (t *tape) drop() {
	t.held, t.inner = false, t.inner[:0]
	t.fuel, t.wall, t.mono = t.saved[0], t.saved[1], t.saved[2]
}

func uvarint(n uint64) []byte { return binary.AppendUvarint(nil, n) }
func varint(n int64) []byte   { return binary.AppendVarint(nil, n) }

// text is a text with its length before it.
func text[T ~string | ~[]byte](s T) []byte { return append(uvarint(uint64(len(s))), s...) }

// Now implements wasi.Clock.
func (t *tapeClock) Now() time.Time {
	if e, ok := t.tape.next(evNow); ok {
		t.tape.wall += e.varint()
		if t.tape.job.clockName == "virtual" {
			t.tape.passed = time.Unix(0, t.tape.wall).Sub(wasi.VirtualEpoch)
		}
		return time.Unix(0, t.tape.wall)
	}
	now := t.clock.Now()
	ns := now.UnixNano()
	t.tape.emit(evNow, varint(ns-t.tape.wall))
	t.tape.wall = ns
	return now
}

// tapeClock is the clock as the guest sees it.
type tapeClock struct {
	tape  *tape
	clock wasi.Clock
}

// Monotonic implements wasi.Clock.
func (t *tapeClock) Monotonic() time.Duration {
	if e, ok := t.tape.next(evMono); ok {
		t.tape.mono += e.varint()
		t.tape.passed = time.Duration(t.tape.mono)
		return time.Duration(t.tape.mono)
	}
	now := int64(t.clock.Monotonic() + t.tape.offset)
	t.tape.emit(evMono, varint(now-t.tape.mono))
	t.tape.mono = now
	return time.Duration(now)
}

// Sleep implements wasi.Clock.
func (t *tapeClock) Sleep(ctx context.Context, d time.Duration) error {
	if e, ok := t.tape.next(evSleep); ok {
		if asked := time.Duration(e.varint()); asked != d {
			t.tape.diverge(asked.String(), d.String())
		}
		t.tape.passed += max(d, 0)
		return ctx.Err()
	}
	if err := t.clock.Sleep(ctx, d); err != nil || ctx.Err() != nil {
		return errors.Join(err, ctx.Err())
	}
	t.tape.emit(evSleep, varint(int64(d)))
	return nil
}

var _ wasi.Clock = (*tapeClock)(nil)

// tapeRandom is randomness as the guest sees it.
type tapeRandom struct {
	tape *tape
	from io.Reader
}

// Read implements io.Reader.
func (t *tapeRandom) Read(p []byte) (int, error) {
	if e, ok := t.tape.next(evRandom); ok {
		if len(e.body) != len(p) {
			t.tape.diverge(fmt.Sprintf("%d bytes", len(e.body)), fmt.Sprintf("%d bytes", len(p)))
		}
		if t.from != nil {
			io.ReadFull(t.from, p) // a seeded source has to be where it was
		}
		return copy(p, e.body), nil
	}
	if _, err := io.ReadFull(t.from, p); err != nil {
		return 0, err
	}
	t.tape.emit(evRandom, p)
	return len(p), nil
}

// tapeStdin is standard input as the guest sees it.
type tapeStdin struct {
	tape *tape
	from wasi.ContextReader
}

// Codes of what a read of standard input returned.
const (
	stdinMore = iota
	stdinEnd
	stdinError
)

// newTapeStdin reads what a run was given. There need be nothing when everything is repeated.
func newTapeStdin(t *tape, r io.Reader) *tapeStdin {
	s := &tapeStdin{tape: t}
	switch r := r.(type) {
	case nil:
		s.from = plainReader{bytes.NewReader(nil)}
	case wasi.ContextReader:
		s.from = r
	case *bytes.Reader, *bytes.Buffer, *strings.Reader:
		s.from = plainReader{r}
	default:
		s.from = wasi.NewInput(r)
	}
	return s
}

// plainReader is a reader that never waits.
type plainReader struct{ io.Reader }

// ReadContext implements wasi.ContextReader.
func (r plainReader) ReadContext(_ context.Context, p []byte) (int, error) { return r.Read(p) }

// Read implements io.Reader.
func (s *tapeStdin) Read(p []byte) (int, error) { return s.ReadContext(context.Background(), p) }

// ReadContext implements wasi.ContextReader.
func (s *tapeStdin) ReadContext(ctx context.Context, p []byte) (int, error) {
	if e, ok := s.tape.next(evStdin); ok {
		if asked := e.uvarint(); asked != uint64(len(p)) {
			s.tape.diverge(fmt.Sprintf("%d bytes", asked), fmt.Sprintf("%d bytes", len(p)))
		}
		code := e.byte()
		n := copy(p, e.body)
		return n, []error{nil, io.EOF, io.ErrUnexpectedEOF}[min(code, stdinError)]
	}
	n, err := s.from.ReadContext(ctx, p)
	n = min(max(n, 0), len(p))
	if n == 0 && ctx.Err() != nil {
		return 0, err
	}
	code := byte(stdinMore)
	switch {
	case err == io.EOF:
		code = stdinEnd
	case err != nil:
		code = stdinError
	}
	s.tape.emit(evStdin, uvarint(uint64(len(p))), []byte{code}, p[:n])
	return n, err
}

// tapeOut is where a guest's output goes. It is not repeated but compared.
type tapeOut struct {
	tape   *tape
	stream byte
	to     io.Writer
}

// Write implements io.Writer.
func (o *tapeOut) Write(p []byte) (int, error) {
	if !o.tape.over {
		sum := sha256.Sum256(p)
		if e, ok := o.tape.next(evOut); ok {
			if stream := e.byte(); stream != o.stream {
				o.tape.diverge(streamName(stream), streamName(o.stream))
			}
			if length := e.uvarint(); length != uint64(len(p)) {
				o.tape.diverge(fmt.Sprintf("%d bytes to %s", length, streamName(o.stream)), fmt.Sprintf("%d bytes: %s", len(p), excerpt(p)))
			}
			if !bytes.Equal(e.body, sum[:16]) {
				o.tape.diverge(fmt.Sprintf("%d other bytes to %s", len(p), streamName(o.stream)), excerpt(p))
			}
		} else {
			o.tape.emit(evOut, []byte{o.stream}, uvarint(uint64(len(p))), sum[:16])
		}
	}
	return o.to.Write(p)
}

func streamName(stream byte) string {
	if stream == 2 {
		return "stderr"
	}
	return "stdout"
}

// excerpt is the beginning of what a program wrote or sent, as a report can show it.
func excerpt(p []byte) string { return fmt.Sprintf("%q", p[:min(len(p), 80)]) }

// Enter implements wasi.Tap.
func (t *tape) Enter(string) *wasi.Touch {
	if t.over {
		return nil
	}
	t.wasiCalls++
	if t.in != nil {
		e := t.in.peek()
		if e != nil && e.kind == evTouch && e.at == t.wasiCalls {
			return t.touched()
		}
		if e != nil || !t.in.resume {
			return nil
		}
		t.exhausted() // before the call, so that all of it is recorded
	}
	t.hold()
	return nil
}

// touched takes the next event, which is an evTouch.
func (t *tape) touched() *wasi.Touch {
	e, _ := t.in.take()
	t.fuel += int64(e.fuel)
	t.kind = evTouch
	touch := &wasi.Touch{Name: string(e.text())}
	for n := e.uvarint(); n > 0 && !e.bad; n-- {
		touch.Args = append(touch.Args, e.uvarint())
	}
	touch.Input, touch.Errno, touch.Fuel = e.text(), uint16(e.uvarint()), int64(e.uvarint())
	for n := e.uvarint(); n > 0 && !e.bad; n-- {
		touch.Regions = append(touch.Regions, wasi.Region{At: uint32(e.uvarint()), Data: e.text()})
	}
	t.restoreAccesses(e)
	t.check(e)
	return touch
}

// Asked implements wasi.Tap.
func (t *tape) Asked(touch *wasi.Touch, name string, args []uint64, input []byte) {
	switch {
	case touch.Name != name:
		t.diverge(touch.Name+" of a folder of the host", name)
	case !slices.Equal(touch.Args, args):
		t.diverge(fmt.Sprintf("%s%v", name, touch.Args), fmt.Sprintf("%s%v", name, args))
	case !bytes.Equal(touch.Input, input):
		t.diverge(name+" of a folder of the host", name+" with another path or other data")
	}
}

// Leave implements wasi.Tap.
func (t *tape) Leave(touch *wasi.Touch) {
	if t.over {
		return
	}
	if t.in != nil {
		if touch != nil {
			t.diverge("nothing of the host", touch.Name+" of a folder of the host")
		}
		return
	}
	if !t.held { // it went live in between
		return
	}
	if touch == nil {
		t.keep()
		return
	}
	t.drop()
	args := uvarint(uint64(len(touch.Args)))
	for _, a := range touch.Args {
		args = binary.AppendUvarint(args, a)
	}
	parts := [][]byte{uvarint(t.wasiCalls), text(touch.Name), args, text(touch.Input), uvarint(uint64(touch.Errno)), uvarint(uint64(touch.Fuel)), uvarint(uint64(len(touch.Regions)))}
	for _, r := range touch.Regions {
		parts = append(parts, uvarint(uint64(r.At)), uvarint(uint64(len(r.Data))), r.Data)
	}
	t.emit(evTouch, append(parts, t.accesses())...)
}

// accesses are what the policy decided since the last time, with their length before them.
func (t *tape) accesses() []byte {
	list := t.job.run.gate.TakeAccesses()
	if len(list) == 0 {
		return text("")
	}
	b, _ := json.Marshal(list)
	return text(b)
}

func (t *tape) restoreAccesses(e *event) {
	b := e.text()
	if len(b) == 0 {
		return
	}
	var list []hostfuncs.NotedAccess
	if json.Unmarshal(b, &list) != nil {
		e.bad = true
	}
	for _, a := range list {
		t.job.run.gate.RestoreAccess(a)
	}
}

// begin counts a call, as run.begin does, and says which one it is.
func (t *tape) begin(ctx context.Context, kind byte, name, args []byte) int {
	t.job.run.count(ctx, name, args)
	sum := sha256.Sum256(args)
	if e, ok := t.next(kind); ok {
		if was := e.text(); !bytes.Equal(was, name) {
			t.diverge("a call of "+string(was), "a call of "+excerpt(name))
		}
		if !bytes.Equal(e.bytes(len(sum)), sum[:]) {
			t.diverge(fmt.Sprintf("%s with %s", name, e.body), fmt.Sprintf("%s with %s", name, excerpt(args)))
		}
	} else {
		// Redacted before it is cut: half a secret would not be found.
		shown := t.job.authority.kit.Secrets.Redact(args[:min(len(args), callText)])
		t.emit(kind, text(name), sum[:], shown[:min(len(shown), callShown)])
	}
	t.begun++
	return t.begun
}

// call runs one host function for the guest.
func (t *tape) call(ctx context.Context, name, args []byte) []byte {
	r := &t.job.run
	seq := t.begin(ctx, evCall, name, args)
	p := t.launch(ctx, seq, 0, name, args)
	for p == nil { // it is to be repeated, and its end is not there
		t.exhausted()
		p = t.calls[seq].pending
	}
	delete(t.calls, seq)
	select {
	case <-p.Done():
	case <-ctx.Done():
		panic(stopOf(ctx))
	}
	if s := p.Suspended(); s != nil {
		t.paused = append(t.paused, *s)
		t.othersEnd(ctx)
		t.suspend()
	}
	t.settleChild(seq)
	return r.answer(ctx, p)
}

// start begins a call beside the guest and returns its number.
func (t *tape) start(ctx context.Context, name, args []byte) int64 {
	r := &t.job.run
	seq := t.begin(ctx, evStart, name, args)
	if r.underway == nil {
		r.underway, r.ended = map[int64]*hostfuncs.Pending{}, make(chan int64)
	}
	r.started++
	number := r.started
	p := t.launch(ctx, seq, number, name, args)
	r.underway[number] = p // nil while it is to be repeated and its end is not there
	if p != nil {
		delete(t.calls, seq)
		r.fresh = append(r.fresh, number)
	}
	return number
}

// launch has a call done, or takes how it ended from what is repeated: nil when that does not say.
func (t *tape) launch(ctx context.Context, seq int, number int64, name, args []byte) *hostfuncs.Pending {
	if t.in == nil {
		return t.live(ctx, seq, name, args, func() *hostfuncs.Pending { return t.job.run.gate.Start(ctx, string(name), args) })
	}
	if p := t.repeated(ctx, seq, name, args); p != nil {
		return p
	}
	if t.calls == nil {
		t.calls = map[int]*taped{}
	}
	t.calls[seq] = &taped{name: string(name), args: bytes.Clone(args), number: number}
	return nil
}

// live does a call. A tool that works on the run's own files is waited for, so that what it does has its place among what the guest does.
func (t *tape) live(ctx context.Context, seq int, name, args []byte, start func() *hostfuncs.Pending) *hostfuncs.Pending {
	if !strings.HasPrefix(string(name), "fs.") {
		return start()
	}
	t.hold()
	t.job.fs.UsedHost()
	p := start()
	select {
	case <-p.Done():
	case <-ctx.Done():
		t.keep()
		panic(stopOf(ctx))
	}
	if !t.held {
		return p
	}
	if t.job.fs.UsedHost() {
		t.drop()
	} else {
		t.keep()
	}
	steps := t.job.fs.Effort()
	t.job.fs.SetEffort(steps)
	t.emit(evFiles, uvarint(uint64(steps)), t.accesses())
	return p
}

// repeated is a call as it ended when it was recorded; nil when it is not recorded how.
func (t *tape) repeated(ctx context.Context, seq int, name, args []byte) *hostfuncs.Pending {
	d, ok := t.in.ended[seq]
	if !ok {
		return nil
	}
	r := &t.job.run
	r.gate.Restore(d.EndedCall)
	if _, ran := t.in.began[seq]; ran && t.repeats(string(name)) {
		steps := t.job.fs.Effort()
		// What it says is known; this is for what it does to the run's own files and stores.
		p := t.scratch.Start(ctx, string(name), args)
		<-p.Done()
		p.Release()
		if _, _, fatal := p.Outcome(); fatal != nil {
			t.fail(fatal)
		}
		if strings.HasPrefix(string(name), "fs.") {
			t.job.fs.SetEffort(steps)
		}
	}
	if strings.HasPrefix(string(name), "fs.") {
		if e, ok := t.next(evFiles); ok {
			t.job.fs.SetEffort(int64(e.uvarint()))
			t.restoreAccesses(e)
			t.check(e)
		}
	}
	return hostfuncs.Ended(seq, d.Result, d.Err)
}

// repeats says whether a tool is called again when a run is repeated: it changes only what is the run's own.
func (t *tape) repeats(name string) bool {
	room, _, _ := strings.Cut(name, ".")
	switch room {
	case "fs":
		return true
	case "log", "random":
		return t.in.resume
	case "kv":
		return t.in.resume && t.job.kit.InMemory()
	}
	return false
}

// settleChild takes what a child run used from the run's budget, as it was when it was recorded.
func (t *tape) settleChild(seq int) {
	if t.in == nil {
		return
	}
	if d, ok := t.in.ended[seq]; ok {
		t.job.run.lent.fuel.Add(d.ChildFuel)
		t.job.run.lent.calls.Add(d.ChildCalls)
	}
}

// wait waits until a started call ends, at most so long where limit is not negative.
func (t *tape) wait(ctx context.Context, limit time.Duration) int64 {
	r := &t.job.run
	r.waits()
	if len(r.underway) == 0 {
		return -1
	}
	if e, ok := t.next(evWait); ok {
		number := int64(e.uvarint())
		if number == 0 {
			return 0
		}
		p := r.underway[number]
		if p == nil {
			t.diverge(fmt.Sprintf("call %d ended", number), "it has no recorded end")
		}
		t.settleChild(p.Seq())
		r.fresh = slices.DeleteFunc(r.fresh, func(n int64) bool { return n == number })
		return r.settle(ctx, number)
	}
	for {
		if len(t.waiting) == len(r.underway) {
			if limit == 0 {
				t.emit(evWait, uvarint(0))
				return 0
			}
			t.suspend()
		}
		number := r.next(ctx, limit, t.waiting)
		if number != 0 {
			if s := r.underway[number].Suspended(); s != nil {
				if t.waiting == nil {
					t.waiting = map[int64]bool{}
				}
				t.waiting[number] = true
				t.paused = append(t.paused, *s)
				continue
			}
		}
		t.emit(evWait, uvarint(uint64(number)))
		if number == 0 {
			return 0
		}
		return r.settle(ctx, number)
	}
}

// othersEnd waits for the calls under way, so that what they did is kept.
func (t *tape) othersEnd(ctx context.Context) {
	for number, p := range t.job.run.underway {
		if t.waiting[number] {
			continue
		}
		select {
		case <-p.Done():
		case <-ctx.Done():
			panic(stopOf(ctx))
		}
		if s := p.Suspended(); s != nil {
			t.paused = append(t.paused, *s)
		}
	}
}

// suspend ends the run until somebody answers.
func (t *tape) suspend() {
	slices.SortFunc(t.paused, func(a, b hostfuncs.Suspension) int { return a.Seq - b.Seq })
	first := t.paused[0]
	panic(&hostfuncs.Stop{Kind: hostfuncs.KindSuspended, Suspension: &first})
}

// describe is what there is to say about tools.
func (t *tape) describe(prefix string) []byte {
	if e, ok := t.next(evDescribe); ok {
		if was := e.text(); string(was) != prefix {
			t.diverge(fmt.Sprintf("for %q", was), fmt.Sprintf("for %q", prefix))
		}
		return e.body
	}
	said := t.job.run.gate.Describe(prefix, t.job.run.language)
	t.emit(evDescribe, text(prefix), said)
	return said
}

// Began implements hostfuncs.Stages.
func (t *tape) Began(seq int, _ string, repeatable bool) error {
	again := byte(0)
	if repeatable {
		again = 1
	}
	if t.out == nil {
		return nil
	}
	if err := t.out.add([]byte{evBegan}, uvarint(uint64(seq)), []byte{again}); err != nil {
		return t.unrecorded(err)
	}
	if !t.durable {
		return nil
	}
	return t.unrecorded(t.out.flush(!repeatable))
}

// Ended implements hostfuncs.Stages.
func (t *tape) Ended(c hostfuncs.EndedCall) error {
	if t.out == nil {
		return nil
	}
	d := endedEvent{EndedCall: c, HasResult: c.Result != nil, Tokens: t.job.kit.Tokens()}
	t.childMu.Lock()
	if used, ok := t.childUsed[c.Call.Seq]; ok {
		d.ChildFuel, d.ChildCalls = used[0], used[1]
	}
	t.childMu.Unlock()
	result := d.Result
	d.Result = nil
	b, err := json.Marshal(d)
	if err != nil {
		return err
	}
	if err := t.out.add([]byte{evEnded}, text(b), result); err != nil {
		return t.unrecorded(err)
	}
	if !t.durable {
		return nil
	}
	return t.unrecorded(t.out.flush(c.Call.Decision == hostfuncs.DecisionAllowed))
}

// Paused implements hostfuncs.Stages.
func (t *tape) Paused(s hostfuncs.Suspension) error { return t.tell(evPaused, s) }

// Agreed implements hostfuncs.Stages.
func (t *tape) Agreed(key string) error { return t.tell(evAgreed, key) }

// tell records an event that is told in JSON.
func (t *tape) tell(kind byte, v any) error {
	if t.out == nil {
		return nil
	}
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if err := t.out.add([]byte{kind}, b); err != nil || !t.durable {
		return t.unrecorded(err)
	}
	return t.unrecorded(t.out.flush(true))
}

// unrecorded is an error of the recording for the gate.
func (t *tape) unrecorded(err error) error {
	if errors.Is(err, errRecordingFull) {
		return t.out.full()
	}
	return err
}

var (
	_ hostfuncs.Stages = (*tape)(nil)
	_ wasi.Tap         = (*tape)(nil)
	_ io.Reader        = (*tapeRandom)(nil)
)
