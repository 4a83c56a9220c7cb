// Package audit writes what runs did to a file in which changes show. Each event is one line of JSON that carries the hash of the line before, so that
// a line that was edited, removed, inserted or moved breaks the chain at a place that Verify names. The command opens one Log and hands Run.Record to
// the gate; Verify needs nothing but the file. It imports hostfuncs and durable.
//
//	{"seq":2,"time":"2026-11-23T05:00:00.1Z","run":"R","event":"call","call":{...},"prev":"<hash of line 1>","hash":"<SHA-256 of this line>"}
//
// The hash is taken over the bytes of the line up to the comma before "hash", and a closing brace. The first line's prev is 64 zeros. Events are begin, call,
// access and end, each with a member of that name, and reopen: where a process found the file as one that was killed had left it.
//
// # What shows, and what does not
//
// Without a key anybody who can write the file can also write it anew, hashes and all, and can cut whole runs off its end. Against that: keep the head (the last
// line's hash, Log.Head) elsewhere and give it to Verify, or use a key (Options.Key), with which hashes are HMAC-SHA-256 that only its owner can make; the member
// is called hmac then. A key does not help against cutting off the end; a kept head does. Within a run the cut shows in any case: its end is missing.
//
// Lines reach the disk at the end of each run. A line that could not be written whole is taken back, so the file can be verified up to there.
package audit

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"wand/hostfuncs"
	"wand/hostfuncs/durable"
)

// Options of a Log.
type Options struct {
	// Key makes the hashes ones that only its owner can compute, and check. At least 16 bytes. Default: no key.
	Key []byte
	// Wait is how long to wait for another process that has the file open. Default: not at all.
	Wait time.Duration
}

// Errors of Open.
var (
	ErrLocked = errors.New("another process is writing this audit file")
	ErrBroken = errors.New("the audit file does not end as one that was written here")
)

// ReadKey reads a key from a file of 16 to 4,096 bytes; a line break at its end does not count.
func ReadKey(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	key, err := io.ReadAll(io.LimitReader(f, 4097))
	if err != nil {
		return nil, err
	}
	if key = bytes.TrimRight(key, "\r\n"); len(key) < shortestKey || len(key) > 4096 {
		return nil, fmt.Errorf("%s: a key has %d to 4096 bytes; make one with: openssl rand -hex 32 > %s", path, shortestKey, path)
	}
	return key, nil
}

// maxLine bounds a line, its end included, in bytes.
const maxLine = 1 << 20

// shortestKey is the least length of a key, in bytes.
const shortestKey = 16

var zeros = strings.Repeat("0", 2*sha256.Size)

// Log is an audit file that is open for writing. It is safe for concurrent use; any number of runs write into it side by side.
type Log struct {
	key       []byte
	recovered string

	mu     sync.Mutex
	file   file
	size   int64
	seq    int64
	head   string
	open   int // runs that have not ended
	broken error
	now    func() time.Time
}

// file is what a Log needs of an os.File.
type file interface {
	io.WriterAt
	io.Closer
	Stat() (os.FileInfo, error)
	Sync() error
	Truncate(size int64) error
}

// Open opens an audit file, or makes one that only its owner can read, and locks it until Close. It goes on where the file ends, after it checked the last line. The
// rest of a line that a crash left is moved to PATH.partial; Recovered tells of it.
func Open(path string, o Options) (*Log, error) {
	if len(o.Key) > 0 && len(o.Key) < shortestKey {
		return nil, fmt.Errorf("the key of the audit file has %d bytes; it needs at least %d", len(o.Key), shortestKey)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	l, err := start(f, path, o)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return l, nil
}

func start(f *os.File, path string, o Options) (*Log, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is not a regular file")
	}
	if err := lockWithin(f, o.Wait); err != nil {
		return nil, err
	}
	if info, err = f.Stat(); err != nil { // as it is now that nobody else writes
		return nil, err
	}
	l := &Log{key: bytes.Clone(o.Key), file: f, size: info.Size(), head: zeros, now: time.Now}
	if l.size == 0 {
		return l, durable.SyncFolder(filepath.Dir(path))
	}
	tail := make([]byte, min(l.size, 2*maxLine))
	if _, err := f.ReadAt(tail, l.size-int64(len(tail))); err != nil {
		return nil, err
	}
	end := bytes.LastIndexByte(tail, '\n') + 1
	if end == 0 && int64(len(tail)) < l.size {
		return nil, fmt.Errorf("%w: its last line is longer than %d bytes", ErrBroken, maxLine)
	}
	reopened := reopen{}
	if partial := tail[end:]; len(partial) > 0 {
		aside := path + ".partial"
		if err := keepAside(aside, partial); err != nil {
			return nil, fmt.Errorf("the incomplete last line cannot be kept aside: %w", err)
		}
		l.size -= int64(len(partial))
		if err := f.Truncate(l.size); err != nil {
			return nil, err
		}
		reopened.Partial = len(partial)
		l.recovered = fmt.Sprintf("the last line was incomplete, as after a crash; its %d bytes are in %s", len(partial), aside)
	}
	if end == 0 {
		return l, nil // there was only that
	}
	last := bytes.TrimSuffix(tail[:end], []byte("\n"))
	last = last[bytes.LastIndexByte(last, '\n')+1:]
	line, err := parse(last, l.key)
	if err != nil {
		return nil, fmt.Errorf("%w: its last line is not what was written (%v); see what `wand audit verify` says, and write to another file", ErrBroken, err)
	}
	l.seq, l.head = line.Seq, line.sum
	if line.Event != "end" || line.End.Open > 0 || reopened.Partial > 0 {
		if err := l.append(event{Event: "reopen", Reopen: &reopened}); err != nil {
			return nil, err
		}
	}
	return l, nil
}

func lockWithin(f *os.File, wait time.Duration) error {
	for deadline := time.Now().Add(wait); ; time.Sleep(min(20*time.Millisecond, wait)) {
		if err := durable.Lock(f); !errors.Is(err, durable.ErrLocked) {
			return err
		}
		if !time.Now().Before(deadline) {
			return ErrLocked
		}
	}
}

func keepAside(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(bytes.Clone(text), '\n'))
	return errors.Join(err, f.Sync(), f.Close())
}

// Recovered says what was found incomplete at Open; it is empty when nothing was.
func (l *Log) Recovered() string { return l.recovered }

// Head returns the number of lines and the hash of the last: what to keep elsewhere.
func (l *Log) Head() (seq int64, sum string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.seq, l.head
}

// Close closes the file and gives its lock free. Runs that have not ended stay without an end.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.broken == nil {
		l.broken = errors.New("the audit file is closed")
	}
	return errors.Join(l.file.Sync(), l.file.Close())
}

// Info is what the begin of a run says of it. Everything is optional.
type Info struct {
	// ID names the run in its lines. Default: a random one.
	ID        string            `json:"-"`
	Language  string            `json:"language,omitempty"`
	Program   string            `json:"program,omitempty"` // its SHA-256, in hex
	Principal string            `json:"principal,omitempty"`
	Policy    string            `json:"policy,omitempty"` // its name, or the SHA-256 of the document
	Labels    map[string]string `json:"labels,omitempty"`
}

// Run writes the events of one run. It is safe for concurrent use.
type Run struct {
	log *Log
	id  string

	mu    sync.Mutex
	calls int64
	err   error // after which the record has a hole
	ended bool
}

// Begin writes that a run begins.
func (l *Log) Begin(info Info) (*Run, error) {
	if info.ID == "" {
		info.ID = rand.Text()
	}
	if len(info.ID) > 200 {
		return nil, errors.New("the ID of a run has at most 200 bytes")
	}
	if err := l.append(event{Run: info.ID, Event: "begin", Begin: &info}); err != nil {
		return nil, err
	}
	return &Run{log: l, id: info.ID}, nil
}

// ID returns the name of the run in its lines.
func (r *Run) ID() string { return r.id }

// Record writes one call: it is what GateOptions.Record takes. After an error each further call has the same error.
func (r *Run) Record(c hostfuncs.Call) error {
	return r.write(event{Event: "call", Call: &c}, 1)
}

// Access writes one decision about what a program did without calling a tool.
func (r *Run) Access(a hostfuncs.Access) error {
	return r.write(event{Event: "access", Access: &a}, 0)
}

func (r *Run) write(e event, calls int64) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil && r.ended {
		return errors.New("the run has ended")
	}
	if r.err == nil {
		e.Run = r.id
		r.err = r.log.append(e)
		r.calls += calls
	}
	return r.err
}

// End writes that the run has ended, and how ("ok", "error", the kind of a limit), and waits until everything is on the disk. It does nothing the second
// time. A run whose record has a hole has no end.
func (r *Run) End(status string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended || r.err != nil {
		return r.err
	}
	r.ended = true
	return r.log.append(event{Run: r.id, Event: "end", End: &end{Status: clip(status, 1000), Calls: r.calls}})
}

// event is a line without its hash.
type event struct {
	Seq    int64             `json:"seq"`
	Time   time.Time         `json:"time"`
	Run    string            `json:"run,omitempty"`
	Event  string            `json:"event"`
	Begin  *Info             `json:"begin,omitempty"`
	Call   *hostfuncs.Call   `json:"call,omitempty"`
	Access *hostfuncs.Access `json:"access,omitempty"`
	End    *end              `json:"end,omitempty"`
	Reopen *reopen           `json:"reopen,omitempty"`
	Prev   string            `json:"prev"`
}

type end struct {
	Status string `json:"status"`
	Calls  int64  `json:"calls"`
	// Open is how many other runs of the same process had not ended.
	Open int `json:"open"`
}

type reopen struct {
	Partial int `json:"partial_bytes"`
}

// append writes one event; a begin and an end are counted, an end is made durable.
func (l *Log) append(e event) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.broken != nil {
		return l.broken
	}
	open := l.open
	switch e.Event {
	case "begin":
		open++
	case "end":
		open--
		e.End.Open = open
	}
	e.Seq, e.Time, e.Prev = l.seq+1, l.now().UTC(), l.head
	line, sum, err := l.line(e)
	if err != nil {
		return err
	}
	if info, err := l.file.Stat(); err != nil {
		return err
	} else if info.Size() != l.size {
		l.broken = fmt.Errorf("the audit file has %d bytes where %d were written: something else changed it", info.Size(), l.size)
		return l.broken
	}
	if _, err := l.file.WriteAt(line, l.size); err != nil {
		err = fmt.Errorf("the audit file cannot be written: %w", err)
		if back := l.file.Truncate(l.size); back != nil {
			l.broken = errors.Join(err, back)
		}
		return err
	}
	l.size += int64(len(line))
	l.seq, l.head, l.open = e.Seq, sum, open
	if e.Event == "end" {
		if err := l.file.Sync(); err != nil {
			// What a failed sync leaves on the disk is unknown, and a second one may say nothing of it.
			l.broken = fmt.Errorf("the audit file did not reach the disk: %w", err)
			return l.broken
		}
	}
	return nil
}

// line is an event as it stands in the file, and its hash.
func (l *Log) line(e event) ([]byte, string, error) {
	body, err := json.Marshal(e)
	if err == nil && len(body) > maxLine-256 && e.Call != nil {
		c := *e.Call
		note, _ := json.Marshal(fmt.Sprintf("(left out: the line would have %d bytes)", len(body)))
		c.Args, c.Result, c.Checks = note, nil, nil
		c.Tool, c.Resource, c.Error, c.Would, c.Policy = clip(c.Tool, 10_000), clip(c.Resource, 10_000), clip(c.Error, 10_000), clip(c.Would, 10_000), clip(c.Policy, 10_000)
		e.Call = &c
		body, err = json.Marshal(e)
	}
	if err != nil {
		return nil, "", fmt.Errorf("the event cannot be written as JSON: %w", err)
	}
	if len(body) > maxLine-256 {
		return nil, "", fmt.Errorf("the event has %d bytes; at most %d are written", len(body), maxLine-256)
	}
	sum := digest(body, l.key)
	name := "hash"
	if len(l.key) > 0 {
		name = "hmac"
	}
	return fmt.Appendf(body[:len(body)-1], `,"%s":"%s"}`+"\n", name, sum), sum, nil
}

// digest is the hash of a line's bytes.
func digest(body, key []byte) string {
	var h hash.Hash
	if len(key) > 0 {
		h = hmac.New(sha256.New, key)
	} else {
		h = sha256.New()
	}
	h.Write(body)
	return hex.EncodeToString(h.Sum(nil))
}

func clip(s string, n int) string {
	if len(s) > n {
		return strings.ToValidUTF8(s[:n], "") + "…"
	}
	return s
}
