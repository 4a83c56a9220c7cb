package runtime

import (
	"bytes"
	"cmp"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"

	"wand/compiler"
	"wand/hostfuncs"
	"wand/hostfuncs/vfs"
	"wand/policies/units"
)

// A recording is
//
//	magic (8 bytes, the version in the last one)
//	frames: kind (1 byte), length and packed length (4 bytes each, little-endian), zstd of the content, HMAC-SHA-256 (32 bytes)
//
// The code of a frame is under the recording key and covers that of the frame before it, so that none can be changed, moved, left out or taken from
// elsewhere; only the end can be missing. The frames h and H hold the header (JSON, recordingHeader; the last one is H), E the events, f and F how the run
// ended (JSON, recordingEnd). A recording without F is one that was cut off: everything before is whole all the same.
const (
	recordingMagic  = "wandrec\x01"
	framePrefix     = 9
	frameBytes      = 256 << 10 // of content; a longer one is tampered
	frameFuller     = 64 << 10  // of events, from which on they are written
	frameAge        = time.Second
	maxRecordingRaw = 1 << 30
	// recordingMemory is what recording takes of the host, which counts for the run.
	recordingMemory = 2 << 20
)

const (
	frameHeaderPart = 'h'
	frameHeader     = 'H'
	frameEvents     = 'E'
	frameEndPart    = 'f'
	frameEnd        = 'F'
)

// DefaultRecordLimit is how large the events of a recording may be when Options does not say, in bytes before compression.
const DefaultRecordLimit = 256 << 20

// RecordingReason says why a recording, or the state of a suspended run, is refused.
type RecordingReason string

// Reasons.
const (
	RecordingForeign   RecordingReason = "foreign"   // it is no recording
	RecordingVersion   RecordingReason = "version"   // another version of wand wrote it
	RecordingTruncated RecordingReason = "truncated" // its beginning is not whole, so that there is nothing to repeat
	RecordingTampered  RecordingReason = "tampered"  // it was changed, or made under another key
	RecordingDamaged   RecordingReason = "damaged"   // its author wrote what cannot be read
	RecordingTooLarge  RecordingReason = "too_large" // it holds more than anything that is recorded may
	RecordingGuest     RecordingReason = "guest"     // it belongs to another build of the interpreter
	RecordingModule    RecordingReason = "module"    // its program comes out differently here
	RecordingPolicy    RecordingReason = "policy"    // a run that is to go on had another policy
	RecordingTools     RecordingReason = "tools"     // a run that is to go on had tools that are not here
)

// RecordingError is why a recording cannot be used. Nothing of it has run.
type RecordingError struct {
	Reason RecordingReason
	Detail string
}

// Error implements error.
func (e *RecordingError) Error() string {
	return fmt.Sprintf("the recording cannot be used (%s): %s", e.Reason, e.Detail)
}

// recordingHeader is what a run had, and what it was.
type recordingHeader struct {
	ID         string            `json:"id"` // random, so that no two recordings begin alike
	Made       time.Time         `json:"made"`
	Engine     string            `json:"engine"`
	Guest      string            `json:"guest,omitempty"` // name and version, for people
	Base       string            `json:"base,omitempty"`  // digest of the guest's module and image
	Baked      string            `json:"baked,omitempty"` // Options.Guest
	Module     recordedModule    `json:"module"`
	Limits     Limits            `json:"limits"`
	Slice      int64             `json:"slice"`
	Args       []string          `json:"args,omitempty"`
	Env        map[string]string `json:"env,omitempty"`
	Input      json.RawMessage   `json:"input,omitempty"`
	Stdin      bool              `json:"stdin,omitempty"` // there is one
	Files      []File            `json:"files,omitempty"`
	Packages   []Package         `json:"packages,omitempty"` // as zip files
	Mounts     []vfs.HostMount   `json:"mounts,omitempty"`
	Seed       string            `json:"seed"`
	FixedSeed  bool              `json:"fixed_seed,omitempty"` // another run would have the same
	Clock      string            `json:"clock"`
	At         time.Time         `json:"at,omitzero"` // of a frozen clock
	Policy     *PolicyInfo       `json:"policy,omitempty"`
	Principal  string            `json:"principal,omitempty"`
	DryRun     bool              `json:"dry_run,omitempty"`
	Tools      []string          `json:"tools,omitempty"`
	KeepOutput int               `json:"keep_output"`
	Traced     int64             `json:"traced,omitempty"` // Options.TraceEvents, when there was a trace
	Coverage   bool              `json:"coverage,omitempty"`
	Session    *recordedSession  `json:"session,omitempty"` // of a turn
	Note       json.RawMessage   `json:"note,omitempty"`
}

// recordedModule is a compiler.Module.
type recordedModule struct {
	Name       string            `json:"name"`
	Language   compiler.Language `json:"language"`
	Guest      string            `json:"guest,omitempty"`
	Program    string            `json:"program,omitempty"`
	Wasm       []byte            `json:"wasm,omitempty"`
	Digest     string            `json:"digest"`
	Source     string            `json:"source,omitempty"`
	LineOffset int               `json:"line_offset,omitempty"`
	Toolchain  string            `json:"toolchain,omitempty"`
	Translated bool              `json:"translated,omitempty"` // Program is made of Source
}

// recordedSession is the session that a turn belongs to, as it stood before.
type recordedSession struct {
	Snapshot   []byte `json:"snapshot"`
	Budget     Budget `json:"budget"`
	KeepFailed bool   `json:"keep_failed,omitempty"`
}

// recordingEnd is how a recorded run ended.
type recordingEnd struct {
	Report json.RawMessage `json:"report"`
	// Stop is what ended the run from outside of the program, at this fuel where the program was computing.
	Stop *hostfuncs.Stop `json:"stop,omitempty"`
	At   int64           `json:"at,omitempty"`
}

// recordingKey authenticates recordings and the states of suspended runs.
func (rt *Runtime) recordingKey() ([]byte, error) {
	key, err := rt.snapshotKey()
	if err != nil {
		return nil, err
	}
	sum := hmac.New(sha256.New, key)
	sum.Write([]byte("wand recordings"))
	return sum.Sum(nil), nil
}

// recorder writes a recording. It is safe for concurrent use.
type recorder struct {
	mu      sync.Mutex
	to      io.Writer
	sync    func() error // makes what was written durable; nil where that is nobody's concern
	key     []byte
	chain   []byte // the code of the last frame
	pack    *zstd.Encoder
	events  []byte
	written time.Time
	size    int64
	limit   int64
	err     error
}

// errRecordingFull says that a recording has reached its limit.
var errRecordingFull = errors.New("the recording is full")

// newRecorder begins a recording with its header, or goes on with one whose frames end with the code chain.
func newRecorder(to io.Writer, key []byte, limit int64, header *recordingHeader) (*recorder, error) {
	w, err := continueRecorder(to, key, limit, 0, beginning(key))
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(header)
	if err != nil {
		return nil, err
	}
	if _, err := io.WriteString(to, recordingMagic); err != nil {
		return nil, fmt.Errorf("the recording cannot be written: %w", err)
	}
	if err := w.frames(frameHeaderPart, frameHeader, text); err != nil {
		return nil, err
	}
	return w, nil
}

func continueRecorder(to io.Writer, key []byte, limit, size int64, chain []byte) (*recorder, error) {
	pack, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(frameBytes))
	if err != nil {
		return nil, err
	}
	if limit <= 0 {
		limit = DefaultRecordLimit
	}
	return &recorder{to: to, key: key, chain: chain, pack: pack, limit: min(limit, maxRecordingRaw/2), size: size, written: time.Now()}, nil
}

// beginning is the code before the first frame.
func beginning(key []byte) []byte {
	sum := hmac.New(sha256.New, key)
	io.WriteString(sum, recordingMagic)
	return sum.Sum(nil)
}

// add takes one event, whose parts are written one after the other.
func (w *recorder) add(parts ...[]byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return w.err
	}
	length := 0
	for _, p := range parts {
		length += len(p)
	}
	if w.size += int64(length) + 4; w.size > w.limit {
		w.err = errRecordingFull
		return w.err
	}
	w.events = binary.AppendUvarint(w.events, uint64(length))
	for _, p := range parts {
		for len(p) > 0 {
			n := min(len(p), frameBytes-len(w.events))
			w.events = append(w.events, p[:n]...)
			p = p[n:]
			if len(w.events) == frameBytes {
				w.write()
			}
		}
	}
	if len(w.events) >= frameFuller || time.Since(w.written) > frameAge {
		w.write()
	}
	return w.err
}

// flush writes what is left. durable makes it survive the machine too, not only the process.
func (w *recorder) flush(durable bool) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.write()
	if durable && w.sync != nil && w.err == nil {
		if err := w.sync(); err != nil {
			w.err = fmt.Errorf("the recording cannot be written: %w", err)
		}
	}
	return w.err
}

// write writes the events so far as a frame. It is called with mu.
func (w *recorder) write() {
	w.written = time.Now()
	if len(w.events) > 0 && w.err == nil {
		w.frame(frameEvents, w.events)
		w.events = w.events[:0]
	}
}

// finish writes how the run ended.
func (w *recorder) finish(end *recordingEnd) error {
	text, err := json.Marshal(end)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if errors.Is(w.err, errRecordingFull) {
		w.err = nil // the end, which says so, has room
	}
	w.write()
	return w.frames(frameEndPart, frameEnd, text)
}

// frames writes a text that may be longer than a frame.
func (w *recorder) frames(part, last byte, text []byte) error {
	for len(text) > frameBytes {
		w.frame(part, text[:frameBytes])
		text = text[frameBytes:]
	}
	w.frame(last, text)
	return w.err
}

// frame writes one.
func (w *recorder) frame(kind byte, content []byte) {
	if w.err != nil {
		return
	}
	out := append(make([]byte, 0, framePrefix+len(content)/2+sha256.Size), kind, 0, 0, 0, 0, 0, 0, 0, 0)
	out = w.pack.EncodeAll(content, out)
	binary.LittleEndian.PutUint32(out[1:], uint32(len(content)))
	binary.LittleEndian.PutUint32(out[5:], uint32(len(out)-framePrefix))
	w.chain = frameCode(w.key, w.chain, out)
	if _, err := w.to.Write(append(out, w.chain...)); err != nil {
		w.err = fmt.Errorf("the recording cannot be written: %w", err)
	}
}

// frameCode is the code of a frame after another one.
func frameCode(key, chain, frame []byte) []byte {
	sum := hmac.New(sha256.New, key)
	sum.Write(chain)
	sum.Write(frame)
	return sum.Sum(nil)
}

func (w *recorder) close() { w.pack.Close() }

// recording is one that was read and verified.
type recording struct {
	header recordingHeader
	events []byte
	end    *recordingEnd // nil when it was cut off
	chain  []byte        // the code of its last frame
	whole  int64         // bytes of the file that are frames; what follows them is a frame that was cut off
}

// openRecording verifies a recording before anything of it is taken apart.
func openRecording(in, key []byte) (*recording, error) {
	refuse := func(reason RecordingReason, format string, args ...any) (*recording, error) {
		return nil, &RecordingError{reason, fmt.Sprintf(format, args...)}
	}
	magic := []byte(recordingMagic)
	switch {
	case len(in) < len(magic) && bytes.HasPrefix(magic, in):
		return refuse(RecordingTruncated, "it has %d bytes", len(in))
	case len(in) < len(magic) || !bytes.Equal(in[:len(magic)-1], magic[:len(magic)-1]):
		return refuse(RecordingForeign, "it does not begin as one")
	case in[len(magic)-1] != magic[len(magic)-1]:
		return refuse(RecordingVersion, "it has version %d; this program reads version %d", in[len(magic)-1], magic[len(magic)-1])
	}
	unpack, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(frameBytes+1))
	if err != nil {
		return nil, err
	}
	defer unpack.Close()
	r := &recording{chain: beginning(key), whole: int64(len(magic))}
	var header, end, content []byte
	headed, ended := false, false
	total := 0
	for rest := in[len(magic):]; len(rest) > 0; {
		if len(rest) < framePrefix {
			break
		}
		kind, size, packed := rest[0], binary.LittleEndian.Uint32(rest[1:]), binary.LittleEndian.Uint32(rest[5:])
		if size > frameBytes || packed > frameBytes+frameBytes/2 {
			return refuse(RecordingTampered, "the frame at byte %d cannot have %d bytes", r.whole, size)
		}
		length := framePrefix + int(packed)
		if len(rest) < length+sha256.Size {
			break
		}
		code := frameCode(key, r.chain, rest[:length])
		if !hmac.Equal(code, rest[length:length+sha256.Size]) {
			return refuse(RecordingTampered, "the code of the frame at byte %d is not that of its bytes under this key: it was changed, or made with another key", r.whole)
		}
		if content, err = unpack.DecodeAll(rest[framePrefix:length], content[:0]); err != nil || len(content) != int(size) {
			return refuse(RecordingDamaged, "the frame at byte %d cannot be decompressed", r.whole)
		}
		if total += len(content); total > maxRecordingRaw {
			return refuse(RecordingTooLarge, "it holds more than %s", units.Bytes(maxRecordingRaw))
		}
		switch {
		case !headed && (kind == frameHeaderPart || kind == frameHeader):
			header = append(header, content...)
			headed = kind == frameHeader
		case headed && !ended && kind == frameEvents && end == nil:
			r.events = append(r.events, content...)
		case headed && !ended && (kind == frameEndPart || kind == frameEnd):
			end = append(end, content...)
			ended = kind == frameEnd
		default:
			return refuse(RecordingDamaged, "the frame at byte %d does not belong there", r.whole)
		}
		rest = rest[length+sha256.Size:]
		r.whole += int64(length) + sha256.Size
		r.chain = code
	}
	switch {
	case !headed:
		return refuse(RecordingTruncated, "it ends before what the run was is told, so there is nothing to repeat")
	case json.Unmarshal(header, &r.header) != nil:
		return refuse(RecordingDamaged, "its header cannot be read")
	case ended && r.whole != int64(len(in)):
		return refuse(RecordingTampered, "it has %d bytes after its end", int64(len(in))-r.whole)
	}
	if ended {
		r.end = &recordingEnd{}
		if json.Unmarshal(end, r.end) != nil {
			return refuse(RecordingDamaged, "its end cannot be read")
		}
	}
	return r, nil
}

// header describes the run of a job for its recording.
func (j *job) header() (*recordingHeader, error) {
	o, m := &j.options, j.module
	h := &recordingHeader{
		ID: newID(), Made: time.Now().UTC().Truncate(time.Second), Engine: j.rt.config.Engine.Name(), Guest: j.program.label, Baked: j.options.Guest,
		Module: recordedModule{Name: m.Name, Language: m.Language, Guest: m.Guest, Program: m.Program, Wasm: m.Wasm, Digest: m.Digest, Source: m.Source,
			LineOffset: m.LineOffset, Toolchain: m.Toolchain, Translated: m.SourceMap != nil},
		Limits: j.run.limits, Slice: j.run.slice, Args: o.Args, Env: o.Env, Input: o.Input, Stdin: o.Stdin != nil, Files: o.Files,
		Seed: hex.EncodeToString(o.Seed[:]), FixedSeed: j.fixedSeed, Clock: j.clockName, Policy: j.authority.info, Principal: o.Principal, DryRun: o.DryRun, KeepOutput: o.KeepOutput,
		Note: o.SuspendNote, Tools: o.Tools.Names(),
	}
	h.Coverage = o.Coverage
	if o.Trace != nil {
		h.Traced = cmp.Or(max(o.TraceEvents, 0), DefaultTraceEvents)
	}
	if m.Guest != "" {
		h.Base = j.program.base()
	}
	if j.clockName == "frozen" {
		h.At = o.Clock.Now()
	}
	for _, p := range o.Packages {
		zipped, err := zipPackage(p)
		if err != nil {
			return nil, err
		}
		h.Packages = append(h.Packages, zipped)
	}
	if t := o.turn; t != nil {
		h.Session = &recordedSession{Snapshot: t.snapshot, Budget: t.budget, KeepFailed: t.keepFailed}
	}
	return h, nil
}

// randomBytes are bytes that nobody can guess.
func randomBytes(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}
