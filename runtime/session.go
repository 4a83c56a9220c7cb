package runtime

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"wand/compiler"
	"wand/hostfuncs"
	"wand/hostfuncs/builtin"
	"wand/hostfuncs/vfs"
	"wand/hostfuncs/wasi"
	"wand/policies"
	"wand/runtime/engine"
)

// ErrSessionClosed is returned by calls on a Session after Close.
var ErrSessionClosed = errors.New("the session is closed")

// SessionOptions are the inputs of a session. The zero value is an empty Python session that is granted nothing.
type SessionOptions struct {
	// Language is that of the turns: Python (the default), JavaScript or TypeScript.
	Language compiler.Language
	// Guest is what the turns fork, as in Options. Default: of a Python session ScienceGuest, where it is built and Limits.Memory leaves it room (128 MiB), because
	// what a later turn imports is not known and a session cannot move.
	Guest string
	// Limits of each turn; fields that are zero take the Runtime's.
	Limits Limits
	// Budget bounds all turns together. Fields that are zero: DefaultTurns times the limit of one turn.
	Budget Budget
	// The following are as in Options, and hold for every turn. Files are there when the session begins. Clock is for tests; a policy's virtual clock
	// goes on from turn to turn.
	Policy    *policies.Policy
	Principal string
	Tools     *hostfuncs.Registry
	Approve   hostfuncs.Approver
	Record    func(hostfuncs.Call) error
	Observe   func(policies.Request, policies.Decision)
	DryRun    bool
	Env       map[string]string
	Files     []File
	Packages  []Package
	Clock     wasi.Clock
	Seed      *[32]byte
	// granted says that Packages has what the policy lists.
	granted bool
	// revived says that the session began elsewhere, so that its guest is given.
	revived bool
	// recorded says that Packages are those of a recording, which vouches for them: what a snapshot says of their digests holds for the content that is with it.
	recorded bool
}

// Budget is what a session may use, or has used, in all its turns, failed ones included.
type Budget struct {
	Fuel      int64 `json:"fuel"`
	HostCalls int64 `json:"host_calls"`
	// Storage, in bytes, is by how much files have grown: of each turn, the most that its files took less what they took when it began. What is removed
	// again was used all the same. A session that has used it up still computes, but its files cannot grow.
	Storage int64 `json:"storage_bytes"`
	Turns   int64 `json:"turns"`
}

// DefaultTurns is how many turns a session may take when its Budget does not say.
const DefaultTurns = 1000

// TurnOptions are the inputs of one turn. The zero value is what most turns need.
type TurnOptions struct {
	Args           []string        // sys.argv and process.argv, the name excluded
	Input          json.RawMessage // the global INPUT; absent: what it was
	Stdin          io.Reader       // default: empty
	Stdout, Stderr io.Writer       // as in Options
	// Files are put in before the turn, as in Options; they replace what is there. A turn that is taken back takes them with it.
	Files []File
	// Limits of this turn; fields that are zero take the session's. Memory is the session's in any case.
	Limits Limits
	// KeepFailed keeps what a turn did that ended with an exception or an exit code other than 0. What a limit, a policy or the caller stopped is
	// always taken back.
	KeepFailed bool
	KeepOutput int    // as in Options
	SpillDir   string // as in Options
	// The following are as in Options. A turn that is suspended leaves the session as it was before; ResumeTurn continues it, also in another process, from a
	// copy of the session in the state.
	Recording   io.Writer
	RecordLimit int64
	SuspendDir  string
	SuspendNote json.RawMessage
	SuspendHold func(token string)
	// Trace, TraceEvents and Coverage are as in Options, of this turn alone: of what it calls, only what it defined itself.
	Trace       io.Writer
	TraceEvents int64
	Coverage    bool
}

// Session is a program that goes on: each turn finds the variables, imports, functions and files of those before it. A turn that fails, is denied,
// exhausted or cancelled leaves everything as it was before. It is safe for concurrent use; turns of one session wait for each other.
//
// What a session costs while it waits is what its turns have changed: the pages of memory that differ from the interpreter's as it starts, and its files.
// Open files of mounted folders, calls under way and timers end with their turn.
type Session struct {
	rt      *Runtime
	options SessionOptions
	guest   string
	limits  Limits
	turn    turn // one at a time
	// mounted are the packages as a recording names them, of a session that it went on with; nil: as they are.
	mounted []snapshotPackage
	vouched int // how many of the packages the header of its snapshot has named

	mu     sync.Mutex
	closed bool
	state  *sessionState
	spent  Budget
	live   engine.Instance // whose memory is that of state; nil when there is none
	ready  *program        // of live
	stored stored
}

// sessionState is where a session stands after a turn. It does not change, and forks share it.
type sessionState struct {
	turns int64
	delta *engine.Delta
	host  *wasi.State // files and descriptors
	kit   *builtin.Run
	tally *hostfuncs.Gate // what the policy's rules have counted
	clock time.Duration   // that passed of a virtual clock
	seed  [32]byte
	bytes int64 // that the files take on the host
	files int64 // storage of the files, in bytes
}

// keep takes over what a turn or a snapshot has of files and descriptors.
func (state *sessionState) keep(host *wasi.State) {
	u := host.FS.Usage()
	state.host, state.bytes, state.files = host, u.MemoryBytes, u.StorageBytes
}

// SessionUsage is what a session has used and what it holds; part of the reports of its turns.
type SessionUsage struct {
	Turn   int64  `json:"turn" jsonschema:"which turn this was, from 1; failed ones count"`
	Kept   bool   `json:"kept" jsonschema:"whether what the turn did was kept"`
	Spent  Budget `json:"spent" jsonschema:"what all turns have used"`
	Budget Budget `json:"budget" jsonschema:"what they may use"`
	// StateBytes is the memory that the session's state takes on the host, beside what it shares with the interpreter's image.
	StateBytes int64 `json:"state_bytes" jsonschema:"memory on the host that the session's state takes"`
}

// NewSession begins a session. Nothing of a program runs yet, but the guest is made ready and what the policy grants is opened, so that what is missing
// shows here.
func (rt *Runtime) NewSession(ctx context.Context, o SessionOptions) (*Session, error) {
	if err := rt.enter(); err != nil {
		return nil, err
	}
	defer rt.leave()
	ctx, end := rt.until(ctx)
	defer end()
	s := &Session{rt: rt, options: o, turn: newTurn()}
	switch o.Language {
	case "", compiler.Python:
		s.guest = "python"
	case compiler.JavaScript, compiler.TypeScript:
		s.guest = "javascript"
	default:
		return nil, fmt.Errorf("%w: a session cannot be in %s; Python, JavaScript and TypeScript can go on from turn to turn", ErrBadOption, o.Language)
	}
	if err := o.Limits.check(); err != nil {
		return nil, err
	}
	a, release, err := rt.authority(ctx, o.Policy)
	if err != nil {
		return nil, err
	}
	release()
	if !o.granted {
		granted, err := rt.grantedPackages(ctx, a, s.guest, o.Principal, o.Observe)
		if err != nil {
			return nil, err
		}
		s.options.Packages = withPackages(o.Packages, granted)
	}
	s.limits = a.bound(o.Limits.or(rt.config.Limits))
	s.options.Budget = o.Budget.or(Budget{Fuel: DefaultTurns * s.limits.Fuel, HostCalls: DefaultTurns * s.limits.HostCalls, Storage: DefaultTurns * s.limits.Storage, Turns: DefaultTurns})
	if o.Guest == "" && !o.revived {
		s.options.Guest = rt.pickForSession(s.guest, s.limits)
	}
	if _, done, err := rt.fork(ctx, &compiler.Module{Guest: s.guest}, s.options.Guest); err != nil {
		return nil, err
	} else {
		done()
	}
	s.state = &sessionState{tally: hostfuncs.NewGate(hostfuncs.GateOptions{})}
	return s, nil
}

// Guest is the guest that the turns fork, as Options.Guest names it; empty: the interpreter of the session's language.
func (s *Session) Guest() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.options.Guest
}

// less is what is left of a budget.
func (b Budget) less(spent Budget) Budget {
	return Budget{Fuel: b.Fuel - spent.Fuel, HostCalls: b.HostCalls - spent.HostCalls, Storage: b.Storage - spent.Storage, Turns: b.Turns - spent.Turns}
}

// or fills the fields that are zero from d.
func (b Budget) or(d Budget) Budget {
	for _, f := range []struct{ v, d *int64 }{{&b.Fuel, &d.Fuel}, {&b.HostCalls, &d.HostCalls}, {&b.Storage, &d.Storage}, {&b.Turns, &d.Turns}} {
		if *f.v <= 0 {
			*f.v = *f.d
		}
	}
	return b
}

// Source is the text of the next turn as what Compile takes: in the session's language, under a name of its own, so that a traceback through functions of
// earlier turns names the right one.
func (s *Session) Source(text string) compiler.Source {
	s.mu.Lock()
	defer s.mu.Unlock()
	language := s.options.Language
	if language == "" {
		language = compiler.Python
	}
	return compiler.Source{Name: fmt.Sprintf("turn %d", s.spent.Turns+1), Language: language, Text: []byte(text)}
}

// Run takes a turn. The error is as that of Runtime.Run, or ErrSessionClosed; after one the session is what it was before.
func (s *Session) Run(ctx context.Context, m *compiler.Module, o TurnOptions) (*Report, error) {
	so := &s.options
	return s.take(ctx, m, Options{
		Limits: o.Limits, Guest: so.Guest, Args: o.Args, Env: so.Env, Input: o.Input, Stdin: o.Stdin, Stdout: o.Stdout, Stderr: o.Stderr, Files: o.Files, Packages: so.Packages,
		Policy: so.Policy, Principal: so.Principal, Tools: so.Tools, Approve: so.Approve, Record: so.Record, Observe: so.Observe, DryRun: so.DryRun,
		Clock: so.Clock, Seed: so.Seed, KeepOutput: o.KeepOutput, SpillDir: o.SpillDir,
		Recording: o.Recording, RecordLimit: o.RecordLimit, SuspendDir: o.SuspendDir, SuspendNote: o.SuspendNote, SuspendHold: o.SuspendHold,
		Trace: o.Trace, TraceEvents: o.TraceEvents, Coverage: o.Coverage,
	}, o.KeepFailed)
}

// take takes a turn with these options, of which the session decides the limits.
func (s *Session) take(ctx context.Context, m *compiler.Module, o Options, keepFailed bool) (*Report, error) {
	if m.Guest != s.guest {
		return nil, fmt.Errorf("%w: the session is a %s one, and the program is %s", ErrBadOption, s.guest, m.Language)
	}
	if err := s.turn.take(ctx); err != nil {
		return nil, err
	}
	defer s.turn.give()
	// Until the turn is settled, not only while it runs: the state is captured from the guest's image, which Close frees.
	if err := s.rt.enter(); err != nil {
		return nil, err
	}
	defer s.rt.leave()
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil, ErrSessionClosed
	}
	t := &sessionTurn{base: s.state, live: s.live, program: s.ready, number: s.spent.Turns + 1}
	if s.options.Guest == "" && !t.later() && o.script == nil {
		s.options.Guest = s.rt.pick(m) // by its first turn
	}
	o.Guest = s.options.Guest
	s.live = nil // it is the turn's
	spent := s.spent
	s.mu.Unlock()
	s.rt.noteLive(s, false)

	limits := o.Limits.or(s.limits)
	limits.Memory = s.limits.Memory
	left := s.options.Budget.less(spent)
	if err := limits.check(); err != nil || left.Fuel <= 0 || left.HostCalls <= 0 || left.Turns <= 0 {
		s.settle(t, false, Usage{})
		if err != nil {
			return nil, err
		}
		return s.usedUp(m, left), nil
	}
	limits.Fuel, limits.HostCalls = min(limits.Fuel, left.Fuel), min(limits.HostCalls, left.HostCalls)
	limits.Storage = min(limits.Storage, max(t.base.files+max(left.Storage, 0), 1))
	if !t.later() && o.script == nil {
		o.Files = slices.Concat(s.options.Files, o.Files)
	}
	o.Limits, o.turn = limits, t
	if o.Recording != nil || o.SuspendDir != "" {
		var err error
		if t.snapshot, err = s.Snapshot(); err != nil {
			s.settle(t, false, Usage{})
			return nil, err
		}
		t.budget, t.keepFailed = s.options.Budget, keepFailed
	}
	report, err := s.rt.execute(ctx, m, o, "run")
	if report == nil {
		s.settle(t, false, Usage{})
		return nil, err
	}
	kept := err == nil && t.left != nil && (report.Status == Completed || keepFailed && report.Status == Failed)
	if kept {
		watch := startWatch(ctx)
		if problem := t.commit(); problem != nil {
			kept, err = false, fmt.Errorf("the turn's state cannot be kept: %w", problem)
		}
		watch.lap(PhaseCapture)
	}
	s.settle(t, kept, report.Usage)
	spentNow := s.Usage()
	spentNow.Turn, spentNow.Kept = t.number, kept
	report.Session = &spentNow
	return report, err
}

// usedUp reports a turn for which the session has no budget left.
func (s *Session) usedUp(m *compiler.Module, left Budget) *Report {
	b := s.options.Budget
	e := &Error{Hint: "begin a new session, or give this one a larger budget"}
	switch {
	case left.Turns <= 0:
		e.Kind, e.Limit, e.Message = KindHostCalls, b.Turns, fmt.Sprintf("the session has taken all of its %d turns", b.Turns)
	case left.HostCalls <= 0:
		e.Kind, e.Limit, e.Message = KindHostCalls, b.HostCalls, fmt.Sprintf("the session has used up its %d host calls", b.HostCalls)
	default:
		e.Kind, e.Limit, e.Message = KindFuel, b.Fuel, fmt.Sprintf("the session has used up its fuel of %d units", b.Fuel)
	}
	spent := s.Usage()
	return &Report{
		Schema: ReportSchema, ID: newID(), Status: Exhausted, Error: e, Usage: usage(s.limits), Session: &spent,
		Module: ModuleInfo{Language: string(m.Language), Digest: m.Digest, Toolchain: m.Toolchain, Engine: s.rt.config.Engine.Name()},
		Replay: Replay{Seed: hex.EncodeToString(s.state.seed[:]), Clock: "real"},
	}
}

// settle ends a turn: the session stands where the turn did, or where it stood before.
func (s *Session) settle(t *sessionTurn, kept bool, u Usage) {
	s.mu.Lock()
	if u != (Usage{}) {
		s.spent.Fuel += u.Fuel.Used
		s.spent.HostCalls += u.HostCalls.Used
		s.spent.Storage += max(u.Storage-t.base.files, 0)
		s.spent.Turns++
	}
	if kept {
		s.state = t.next
	}
	if t.host != nil {
		t.host.FS.Close() // what was kept is a clone of it
	}
	instance := t.left
	if instance == nil {
		instance = t.live // the turn never began
	}
	switch {
	case instance == nil:
	case s.closed || t.left != nil && !kept:
		t.drop(instance)
	default:
		s.live, s.ready = instance, t.program
	}
	live := s.live != nil
	s.mu.Unlock()
	s.rt.noteLive(s, live)
}

// Fork returns a session that stands where this one does and goes its own way from there. It shares what neither changes. It costs a few microseconds;
// a turn under way does not count. Generators of random numbers are copied as they stand, so forks that do the same draw the same numbers, which makes a
// branch repeatable; random.seed() begins anew. What the host gives (os.urandom, secrets, uuid4, crypto) is each fork's own.
func (s *Session) Fork() (*Session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, ErrSessionClosed
	}
	return &Session{rt: s.rt, options: s.options, guest: s.guest, limits: s.limits, mounted: s.mounted, turn: newTurn(), state: s.state, spent: s.spent, stored: s.stored}, nil
}

// Reset takes the session back to its beginning. What was spent stays spent.
func (s *Session) Reset(ctx context.Context) error {
	s.mu.Lock()
	tally := s.state.tally
	s.mu.Unlock()
	return s.move(ctx, &sessionState{tally: tally})
}

// move has the session stand somewhere else.
func (s *Session) move(ctx context.Context, to *sessionState) error {
	if err := s.turn.take(ctx); err != nil {
		return err
	}
	defer s.turn.give()
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return ErrSessionClosed
	}
	s.park()
	s.state = to
	s.mu.Unlock()
	s.rt.noteLive(s, false)
	return nil
}

// Return takes the session to where another one stands: a fork of it, or one that it is a fork of. What was spent stays spent.
func (s *Session) Return(ctx context.Context, to *Session) error {
	if to.rt != s.rt || to.guest != s.guest {
		return fmt.Errorf("%w: the sessions have no past in common", ErrBadOption)
	}
	to.mu.Lock()
	state, closed := to.state, to.closed
	to.mu.Unlock()
	if closed {
		return ErrSessionClosed
	}
	return s.move(ctx, state)
}

// Park gives back what makes the session's next turn fast, an instance of its own, and keeps its state. A Runtime does that by itself to sessions
// that wait when there are many.
func (s *Session) Park() {
	s.mu.Lock()
	s.park()
	s.mu.Unlock()
	s.rt.noteLive(s, false)
}

// park is called with mu.
func (s *Session) park() {
	if s.live != nil {
		s.ready.done(context.Background(), s.live, &run{limits: s.limits}, true)
		s.live = nil
	}
}

// Close ends the session. Its state is gone unless forks have it.
func (s *Session) Close() error {
	s.mu.Lock()
	s.closed = true
	s.park()
	s.mu.Unlock()
	s.rt.noteLive(s, false)
	return nil
}

// Usage is what the session has used, and what its state takes.
func (s *Session) Usage() SessionUsage {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := SessionUsage{Turn: s.spent.Turns, Spent: s.spent, Budget: s.options.Budget, StateBytes: s.state.bytes}
	if s.state.delta != nil {
		u.StateBytes += s.state.delta.Bytes()
	}
	return u
}

// sessionTurn is a turn under way.
type sessionTurn struct {
	base   *sessionState
	live   engine.Instance // holds base, until the turn takes it
	number int64

	program *program
	left    engine.Instance // after the run, when it ended in order
	host    *wasi.State     // of the turn
	job     *job
	next    *sessionState

	// For a turn that is recorded: the session before it.
	snapshot   []byte
	budget     Budget
	keepFailed bool
}

// later says whether it is a turn of a session that has had one before.
func (t *sessionTurn) later() bool { return t != nil && t.base.turns > 0 }

// instance returns the instance for the turn, with the session's memory in it.
func (t *sessionTurn) instance(ctx context.Context, p *program, r *run) (engine.Instance, error) {
	t.program = p
	instance := t.live
	if t.live = nil; instance != nil {
		p.connect(instance, r)
		return instance, nil
	}
	instance, err := p.instance(ctx, r)
	if err != nil || t.base.delta == nil {
		return instance, err
	}
	if err := t.base.delta.Apply(instance); err != nil {
		instance.Close(context.WithoutCancel(ctx))
		return nil, fmt.Errorf("the session's memory: %w", err)
	}
	p.connect(instance, r)
	return instance, nil
}

// commit makes the state that the turn has reached the next one.
func (t *sessionTurn) commit() error {
	delta, err := engine.Capture(t.left, t.base.delta)
	if err != nil {
		return err
	}
	// A clone that is charged to nobody and has no folder of the host open.
	host, err := t.host.Clone(vfs.Options{MaxBytes: t.job.run.limits.Storage})
	if err != nil {
		return err
	}
	t.next = &sessionState{turns: t.base.turns + 1, delta: delta, kit: t.job.kit, tally: t.base.tally, seed: *t.job.options.Seed}
	t.next.keep(host)
	if c, ok := t.job.options.Clock.(*wasi.VirtualClock); ok {
		t.next.clock = c.Passed()
	}
	return nil
}

// end throws away all that a turn has, of one that no session keeps.
func (t *sessionTurn) end() {
	if t.host != nil {
		t.host.FS.Close()
	}
	if t.left != nil {
		t.drop(t.left)
	}
}

// drop throws away what a turn has left behind.
func (t *sessionTurn) drop(instance engine.Instance) {
	t.program.done(context.Background(), instance, &run{limits: Limits{Memory: t.memory()}}, true)
}

func (t *sessionTurn) memory() int64 {
	if t.job == nil {
		return 0
	}
	return t.job.run.limits.Memory
}

// maxLive is how many sessions keep an instance of their own while they wait, the ones that took a turn last.
const maxLive = 32

// noteLive notes whether a session has an instance of its own, and parks the one that has waited longest when there are too many.
func (rt *Runtime) noteLive(s *Session, live bool) {
	var oldest *Session
	rt.mu.Lock()
	if at, ok := rt.liveAt[s]; ok {
		rt.liveOrder.Remove(at)
		delete(rt.liveAt, s)
	}
	if live {
		rt.liveAt[s] = rt.liveOrder.PushBack(s)
		if rt.liveOrder.Len() > maxLive {
			oldest = rt.liveOrder.Front().Value.(*Session)
		}
	}
	rt.mu.Unlock()
	if oldest != nil {
		oldest.Park()
	}
}
