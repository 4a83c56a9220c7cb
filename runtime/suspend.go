package runtime

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"wand/compiler"
	"wand/hostfuncs"
	"wand/hostfuncs/durable"
)

// A run with Options.SuspendDir keeps a file there, a recording without an end, for as long as it is not over. What calls do is in it before it is done:
// that a tool is about to be called, and how that ended. A run goes on by being repeated up to the last event in the file, in any process.

// Suspension is what a suspended run waits for.
type Suspension struct {
	// Token is what Resume takes. It is good for one answer.
	Token string `json:"token" jsonschema:"what continues the run; good for one answer"`
	hostfuncs.Suspension
	// Others is how many more calls wait. They are asked about again when the run goes on.
	Others int `json:"others,omitempty" jsonschema:"how many more calls wait; they are asked about again when the run goes on"`
}

// Answered is the answer to a Suspension: Approval for a call that waits for one, Result or Error for a tool that has no answer yet.
type Answered struct {
	Approval *hostfuncs.Answer `json:"approval,omitempty"`
	Result   json.RawMessage   `json:"result,omitempty"` // JSON
	Error    *hostfuncs.Error  `json:"error,omitempty"`
}

// answered is an Answered as the state keeps it.
type answered struct {
	Answered
	Seq   int             `json:"seq,omitempty"`
	Rule  string          `json:"rule,omitempty"`
	Tool  string          `json:"tool,omitempty"`
	Args  json.RawMessage `json:"args,omitempty"`
	taken bool
}

// suspendedEvent is evSuspend.
type suspendedEvent struct {
	Waits  hostfuncs.Suspension `json:"waits"`
	Others int                  `json:"others,omitempty"`
	Report json.RawMessage      `json:"report,omitempty"`
}

// TokenReason says why a token is refused.
type TokenReason string

// Reasons.
const (
	TokenMalformed TokenReason = "malformed" // it is no token
	TokenTampered  TokenReason = "tampered"  // it was changed, or made under another key
	TokenUnknown   TokenReason = "unknown"   // its run is over, or of another folder
	TokenAnswered  TokenReason = "answered"  // its run has gone on since
	TokenRunning   TokenReason = "running"   // its run is going on, in this process or another one
	TokenAnswer    TokenReason = "answer"    // the answer does not fit what its run waits for
)

// TokenError is why a suspended run cannot go on. Nothing of it has run.
type TokenError struct {
	Reason TokenReason
	Detail string
}

// Error implements error.
func (e *TokenError) Error() string {
	return fmt.Sprintf("the run cannot go on (%s): %s", e.Reason, e.Detail)
}

const (
	tokenPrefix   = "wand_"
	tokenIDBytes  = 12
	tokenSumBytes = 12
	stateSuffix   = ".wandrun"
)

// token names a state and how many times it was suspended.
func token(key []byte, id string, times int) string {
	body := fmt.Sprintf("%s%04x", id, times)
	return tokenPrefix + body + hex.EncodeToString(tokenSum(key, body))
}

func tokenSum(key []byte, body string) []byte {
	sum := hmac.New(sha256.New, key)
	io.WriteString(sum, "token\x00"+body)
	return sum.Sum(nil)[:tokenSumBytes]
}

// parseToken is the counterpart of token.
func parseToken(key []byte, s string) (id string, times int, err error) {
	text, ok := strings.CutPrefix(strings.TrimSpace(s), tokenPrefix)
	body := 2*tokenIDBytes + 4
	if !ok || len(text) != body+2*tokenSumBytes {
		return "", 0, &TokenError{TokenMalformed, fmt.Sprintf("a token begins with %s and has %d characters", tokenPrefix, len(tokenPrefix)+body+2*tokenSumBytes)}
	}
	sum, err := hex.DecodeString(text[body:])
	number, wrong := hex.DecodeString(text[:body])
	if err != nil || wrong != nil || strings.ToLower(text) != text {
		return "", 0, &TokenError{TokenMalformed, "after its beginning a token has hexadecimal digits in lower case"}
	}
	if !hmac.Equal(sum, tokenSum(key, text[:body])) {
		return "", 0, &TokenError{TokenTampered, "it was changed, or made under another key"}
	}
	return text[:2*tokenIDBytes], int(number[tokenIDBytes])<<8 | int(number[tokenIDBytes+1]), nil
}

// stateFile is the state of a run on disk, locked by the process that has it.
type stateFile struct {
	id   string
	path string
	file *os.File
	dir  string
}

// createState makes the file of a run that begins. It has no name that anybody looks for until settle.
func createState(dir string) (*stateFile, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("the folder for suspended runs: %w", err)
	}
	id := hex.EncodeToString(randomBytes(tokenIDBytes))
	path := filepath.Join(dir, id+stateSuffix)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("the state of the run: %w", err)
	}
	if err := durable.Lock(f); err != nil {
		f.Close()
		return nil, fmt.Errorf("the state of the run: %w", err)
	}
	return &stateFile{id: id, path: path, file: f, dir: dir}, nil
}

// settle makes the name durable.
func (s *stateFile) settle() error { return durable.SyncFolder(s.dir) }

// close gives the file up, and removes it unless the run may go on.
func (s *stateFile) close(keep bool) error {
	var err error
	if !keep {
		err = os.Remove(s.path)
	}
	return errors.Join(err, s.file.Close())
}

// copyTo writes all of the file.
func (s *stateFile) copyTo(w io.Writer) error {
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err := io.Copy(w, s.file)
	return err
}

// park leaves the state for whoever has an answer.
func (t *tape) park(rep *Report, stop *hostfuncs.Stop) error {
	key, err := t.job.rt.recordingKey()
	if err != nil {
		return err
	}
	t.suspensions++
	e := suspendedEvent{Waits: *stop.Suspension, Others: max(len(t.paused)-1, 0)}
	rep.Suspension = &Suspension{Token: token(key, t.file.id, t.suspensions), Suspension: e.Waits, Others: e.Others}
	if err := t.tell(evSuspend, e); err != nil {
		return errors.Join(err, t.file.close(true))
	}
	if w := t.job.options.Recording; w != nil {
		// What there is so far is a recording too.
		if err := t.copySoFar(w, key, rep, stop); err != nil {
			return errors.Join(err, t.file.close(true))
		}
	}
	return t.file.close(true)
}

// copySoFar writes a recording that ends where the run waits.
func (t *tape) copySoFar(w io.Writer, key []byte, rep *Report, stop *hostfuncs.Stop) error {
	if err := t.file.copyTo(w); err != nil {
		return fmt.Errorf("the recording cannot be written: %w", err)
	}
	text, err := json.Marshal(rep)
	if err != nil {
		return err
	}
	copied, err := continueRecorder(w, key, t.out.limit, 0, t.out.chain)
	if err != nil {
		return err
	}
	defer copied.close()
	return copied.finish(&recordingEnd{Report: text, Stop: stop})
}

// state is the state of a run that is to go on.
type state struct {
	file   *stateFile
	script *script
	key    []byte
}

// openState opens, locks and verifies the state that a token names.
func (rt *Runtime) openState(dir, tok string) (*state, error) {
	key, err := rt.recordingKey()
	if err != nil {
		return nil, err
	}
	id, times, err := parseToken(key, tok)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, id+stateSuffix)
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, &TokenError{TokenUnknown, "there is no such run in the folder: it is over, or it is kept in another one"}
	case err != nil:
		return nil, fmt.Errorf("the state of the run: %w", err)
	}
	s := &state{file: &stateFile{id: id, path: path, file: f, dir: dir}, key: key}
	if err := durable.Lock(f); err != nil {
		f.Close()
		if errors.Is(err, durable.ErrLocked) {
			return nil, &TokenError{TokenRunning, "it is going on right now"}
		}
		return nil, fmt.Errorf("the state of the run: %w", err)
	}
	if err := s.read(times); err != nil {
		s.file.close(true)
		return nil, err
	}
	return s, nil
}

func (s *state) read(times int) error {
	text, err := io.ReadAll(io.LimitReader(s.file.file, maxRecordingRaw+1))
	if err != nil {
		return fmt.Errorf("the state of the run: %w", err)
	}
	r, err := openRecording(text, s.key)
	if err != nil {
		return err
	}
	if s.script, err = r.script(true); err != nil {
		return err
	}
	switch {
	case r.end != nil:
		return &TokenError{TokenUnknown, "its run is over"}
	case times != s.script.suspended:
		return &TokenError{TokenAnswered, "its run has gone on since"}
	}
	return nil
}

// accept checks an answer against what the run waits for.
func (s *state) accept(a *Answered, asks bool) (*answered, error) {
	refuse := func(detail string) (*answered, error) { return nil, &TokenError{TokenAnswer, detail} }
	w := s.script.waits
	if w == nil {
		if a != nil {
			return refuse("its process ended while it ran, and nothing waits for an answer: let it go on without one")
		}
		return nil, nil
	}
	q := w.Waits
	switch {
	case a == nil && q.Waits == hostfuncs.WaitsForApproval && asks:
		return &answered{}, nil
	case a == nil || a.Approval == nil && a.Result == nil && a.Error == nil:
		return refuse(fmt.Sprintf("%s: it needs an answer, which is %s", q.Why, map[string]string{hostfuncs.WaitsForApproval: "an approval", hostfuncs.WaitsForResult: "a result or an error"}[q.Waits]))
	case q.Waits == hostfuncs.WaitsForApproval && (a.Approval == nil || a.Result != nil || a.Error != nil):
		return refuse(q.Tool + " waits for an approval, not for a result")
	case q.Waits == hostfuncs.WaitsForResult && (a.Approval != nil || a.Result != nil && a.Error != nil):
		return refuse(q.Tool + " waits for one result or one error, not for an approval")
	case a.Result != nil && !json.Valid(a.Result):
		return refuse("the result is not JSON")
	}
	return &answered{Answered: *a, Seq: q.Seq, Rule: q.Rule, Tool: q.Tool, Args: q.Args}, nil
}

// Resume continues a run that was suspended, or whose process ended while it ran, from its state in a folder. It is repeated up to where it stood, with what
// its calls returned, and goes on from there: no call that ended is made again; one that was under way when the process ended is reported to the program as of
// unknown outcome, unless its tool is marked idempotent or read-only. answer is what a suspended run waits for; nil has Options.Approve asked, and continues a
// run that was interrupted.
//
// Program, arguments, files, limits and what calls gave are in the state. Of Options it takes Policy, which must be the same, Tools, Approve, Record, Observe,
// Clock, Stdin (what the program has not read yet), Stdout and Stderr (which get all of the output again), SpillDir, Recording, RecordLimit, SuspendHold, and Trace of a run
// that was traced from its beginning. The deadline counts
// anew. A file of a mounted folder that the program had open is closed. Handles that tools gave out are gone.
//
// The error is a *TokenError or a *RecordingError when the run cannot go on; then the state is as it was.
func (rt *Runtime) Resume(ctx context.Context, dir, token string, answer *Answered, o Options) (*Report, error) {
	s, err := rt.openState(dir, token)
	if err != nil {
		return nil, err
	}
	if s.script.recording.header.Session != nil {
		s.file.close(true)
		return nil, &TokenError{TokenAnswer, "it is a turn of a session: ResumeTurn continues it"}
	}
	m, options, err := s.options(ctx, answer, o)
	if err != nil {
		s.file.close(true)
		return nil, err
	}
	report, err := rt.execute(ctx, m, options, "run")
	s.release()
	return report, err
}

// release gives up a state that no run has taken.
func (s *state) release() {
	if s.file.file.Fd() != ^uintptr(0) {
		s.file.close(true)
	}
}

// ResumeTurn continues a turn of a session likewise: the session is restored as it stood before the turn, and stands behind it when it completes. Of the
// options of the session and of the turn it takes what Resume takes; the budget is in the state.
func (rt *Runtime) ResumeTurn(ctx context.Context, dir, token string, answer *Answered, so SessionOptions, o TurnOptions) (*Session, *Report, error) {
	st, err := rt.openState(dir, token)
	if err != nil {
		return nil, nil, err
	}
	defer st.release()
	h := &st.script.recording.header
	if h.Session == nil {
		return nil, nil, &TokenError{TokenAnswer, "it is no turn of a session: Resume continues it"}
	}
	m, options, err := st.options(ctx, answer, Options{
		Policy: so.Policy, Tools: so.Tools, Approve: so.Approve, Record: so.Record, Observe: so.Observe, Clock: so.Clock, Stdin: o.Stdin, Stdout: o.Stdout, Stderr: o.Stderr,
		SpillDir: o.SpillDir, Recording: o.Recording, RecordLimit: o.RecordLimit, SuspendHold: o.SuspendHold, Trace: o.Trace,
	})
	if err != nil {
		return nil, nil, err
	}
	so.granted, so.recorded = true, true // what the policy lists is among the packages of the recording
	so.Language, so.Budget, so.Packages, so.Files, so.Env, so.Principal, so.DryRun = m.Language, h.Session.Budget, h.Packages, nil, h.Env, h.Principal, h.DryRun
	if so.Limits == (Limits{}) {
		so.Limits = h.Limits
	}
	so.Limits.Memory = h.Limits.Memory
	s, err := rt.Restore(ctx, h.Session.Snapshot, so)
	if err != nil {
		return nil, nil, err
	}
	report, err := s.take(ctx, m, options, h.Session.KeepFailed)
	if report == nil {
		s.Close()
		return nil, nil, err
	}
	return s, report, err
}

// options are those with which a run goes on.
func (s *state) options(ctx context.Context, answer *Answered, given Options) (*compiler.Module, Options, error) {
	r := s.script.recording
	o, err := r.options()
	if err != nil {
		return nil, o, err
	}
	m, err := r.header.Module.module(ctx)
	if err != nil {
		return nil, o, err
	}
	a, err := s.accept(answer, given.Approve != nil)
	if err != nil {
		return nil, o, err
	}
	have := given.Tools.Names()
	for _, name := range r.header.Tools {
		if !slices.Contains(have, name) {
			return nil, o, &RecordingError{RecordingTools, "the run had the tool " + name + ", which is not among Tools"}
		}
	}
	o.Policy, o.Tools, o.Approve, o.Record, o.Observe, o.Clock = given.Policy, given.Tools, given.Approve, given.Record, given.Observe, given.Clock
	o.Stdin, o.Stdout, o.Stderr, o.SpillDir, o.Recording, o.RecordLimit = given.Stdin, given.Stdout, given.Stderr, given.SpillDir, given.Recording, given.RecordLimit
	o.SuspendHold = given.SuspendHold
	o.traceTo(given.Trace)
	o.script, o.state, o.answer = s.script, s, a
	return m, o, nil
}

// take checks that a run that is repeated is the one that was recorded. Of one that is to go on it takes the state, and makes the answer durable.
func (t *tape) take() error {
	o := &t.job.options
	h := &t.in.recording.header
	if t.job.module.Guest != "" && h.Base != t.job.program.base() {
		return &RecordingError{RecordingGuest, fmt.Sprintf("it was made with %s of the base %.20s…; here is %s with %.20s…", h.Guest, h.Base, t.job.program.label, t.job.program.base())}
	}
	if !t.in.resume {
		return nil
	}
	was, is := PolicyInfo{Digest: "none"}, PolicyInfo{Digest: "none"}
	if h.Policy != nil {
		was = *h.Policy
	}
	if t.job.authority.info != nil {
		is = *t.job.authority.info
	}
	if was.Digest != is.Digest {
		return &RecordingError{RecordingPolicy, fmt.Sprintf("the run has the policy %s (%.20s…), and this one is %s (%.20s…)", named(was), was.Digest, named(is), is.Digest)}
	}
	s := o.state
	f := s.file.file
	if err := f.Truncate(t.in.recording.whole); err != nil {
		return fmt.Errorf("the state of the run: %w", err)
	}
	if _, err := f.Seek(t.in.recording.whole, io.SeekStart); err != nil {
		return fmt.Errorf("the state of the run: %w", err)
	}
	out, err := continueRecorder(f, s.key, o.RecordLimit, int64(len(t.in.recording.events)), t.in.recording.chain)
	if err != nil {
		return err
	}
	out.sync = f.Sync
	t.suspensions = t.in.suspended
	t.out, t.file = out, s.file
	if o.answer != nil {
		secrets := t.job.authority.kit.Secrets
		if text := secrets.Redact(o.answer.Result); json.Valid(text) {
			o.answer.Result = text
		}
		if e := o.answer.Error; e != nil {
			o.answer.Error = &hostfuncs.Error{Type: e.Type, Message: secrets.RedactString(e.Message), Hint: secrets.RedactString(e.Hint)}
		}
		if err := t.tell(evResume, *o.answer); err != nil {
			return err
		}
		t.answers = append(t.answers, *o.answer)
	}
	return nil
}

func named(p PolicyInfo) string {
	if p.Name == "" {
		return "without a name"
	}
	return p.Name
}

// approver asks for the answers that are there first, and says that others come later where nobody is there to ask.
func (t *tape) approver(next hostfuncs.Approver) hostfuncs.Approver {
	return func(ctx context.Context, q hostfuncs.Approval) (hostfuncs.Answer, error) {
		t.childMu.Lock()
		for i := range t.answers {
			a := &t.answers[i]
			if !a.taken && a.Approval != nil && a.Seq == q.Seq && a.Rule == q.Rule && a.Tool == q.Tool && (q.Seq > 0 || sameJSON(string(a.Args), string(q.Args))) {
				a.taken = true
				t.childMu.Unlock()
				return *a.Approval, nil
			}
		}
		t.childMu.Unlock()
		if next == nil {
			return hostfuncs.Answer{}, hostfuncs.ErrSuspend
		}
		return next(ctx, q)
	}
}

// WaitingRun is a run of a folder of suspended ones.
type WaitingRun struct {
	Token string
	// State is suspended, interrupted (its process ended while it ran), running, or unreadable.
	State string
	// Suspension is what a suspended one waits for.
	Suspension *Suspension
	Since      time.Time // when it was last written
	Program    string    // its name
	Policy     *PolicyInfo
	Session    bool            // it is a turn of one
	Note       json.RawMessage // Options.SuspendNote
	Err        error           // why it is unreadable
}

// Waiting lists the runs in a folder that are not over, by when they were last written.
func (rt *Runtime) Waiting(dir string) ([]WaitingRun, error) {
	key, err := rt.recordingKey()
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var list []WaitingRun
	for _, e := range entries {
		id, ok := strings.CutSuffix(e.Name(), stateSuffix)
		if number, err := hex.DecodeString(id); !ok || err != nil || len(number) != tokenIDBytes || !e.Type().IsRegular() {
			continue
		}
		if w, there := waitingRun(filepath.Join(dir, e.Name()), id, key); there {
			list = append(list, w)
		}
	}
	slices.SortFunc(list, func(a, b WaitingRun) int { return a.Since.Compare(b.Since) })
	return list, nil
}

// waitingRun describes one; not there: it has just ended.
func waitingRun(path, id string, key []byte) (w WaitingRun, there bool) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return w, !errors.Is(err, os.ErrNotExist)
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil {
		w.Since = info.ModTime()
	}
	w.State = "running"
	if durable.Lock(f) == nil {
		w.State = "interrupted"
	}
	text, err := io.ReadAll(io.LimitReader(f, maxRecordingRaw+1))
	var r *recording
	var s *script
	if err == nil {
		r, err = openRecording(text, key)
	}
	if err == nil {
		s, err = r.script(true)
	}
	if err != nil {
		if w.State != "running" {
			w.State, w.Err = "unreadable", err
		}
		return w, true
	}
	if r.end != nil {
		return w, false
	}
	h := &r.header
	w.Token, w.Program, w.Policy, w.Session, w.Note = token(key, id, s.suspended), h.Module.Name, h.Policy, h.Session != nil, h.Note
	if s.waits != nil && w.State == "interrupted" {
		w.State = "suspended"
		w.Suspension = &Suspension{Token: w.Token, Suspension: s.waits.Waits, Others: s.waits.Others}
	}
	return w, true
}

// Forget removes a run that is not to go on.
func (rt *Runtime) Forget(dir, token string) error {
	key, err := rt.recordingKey()
	if err != nil {
		return err
	}
	id, _, err := parseToken(key, token)
	if err != nil {
		return err
	}
	path := filepath.Join(dir, id+stateSuffix)
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, os.ErrNotExist) {
		return &TokenError{TokenUnknown, "there is no such run in the folder"}
	}
	if err != nil {
		return err
	}
	defer f.Close()
	if err := durable.Lock(f); errors.Is(err, durable.ErrLocked) {
		return &TokenError{TokenRunning, "it is going on right now"}
	} else if err != nil {
		return err
	}
	return os.Remove(path)
}
