package eval

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"wand/hostfuncs/durable"
)

// Header is the first line of a results file.
type Header struct {
	Schema   string   `json:"schema" jsonschema:"always wand.eval/v1"`
	Kind     string   `json:"kind" jsonschema:"always header"`
	Settings Settings `json:"settings" jsonschema:"what every result in the file was made with"`
	Samples  string   `json:"samples,omitempty" jsonschema:"the file of the samples, as it was named"`
	Problems string   `json:"problems,omitempty" jsonschema:"the file of the problems, as it was named"`
	Total    int      `json:"total" jsonschema:"how many samples there were when the file was begun"`
}

// Errors of a results file.
var (
	// ErrSettings says that a file holds results of other settings.
	ErrSettings = errors.New("the file holds results of other settings")
	// ErrForeign says that a file holds results of samples or problems that are not there any more.
	ErrForeign = errors.New("the file holds results of other samples or problems")
	// ErrNotResults says that a file is none that was written here.
	ErrNotResults = errors.New("it is no file of results")
	// ErrInUse says that another process writes the file.
	ErrInUse = errors.New("another process is writing it")
)

// syncEvery is how long a result may be in the system's memory only. A killed process loses nothing that was written; a machine that loses its power, no more
// than this.
const syncEvery = time.Second

// File is a results file that is open for writing: a header and a line for each result, in the order in which they ended. Each line is written at once and the
// file is synced every second and when it is closed. What a crash left of a line is taken off when the file is opened again.
type File struct {
	// Done are the results that the file held when it was opened.
	Done []*Result
	// Torn is how many bytes of an unfinished line were taken off.
	Torn int

	f     *os.File
	known map[string]bool

	mu     sync.Mutex
	synced time.Time
	err    error
}

// OpenFile opens a results file to go on with it, or makes one. The results in it have to be of the same settings and, if keys is not nil, among those keys.
func OpenFile(path string, h Header, keys map[string]bool) (*File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	w := &File{f: f, known: map[string]bool{}, synced: time.Now()}
	if err := w.begin(path, h, keys); err != nil {
		f.Close()
		return nil, err
	}
	return w, nil
}

func (w *File) begin(path string, h Header, keys map[string]bool) error {
	if info, err := w.f.Stat(); err != nil {
		return err
	} else if !info.Mode().IsRegular() {
		return fmt.Errorf("%s: %w: it is no regular file", path, ErrNotResults)
	}
	err := durable.Lock(w.f)
	if errors.Is(err, durable.ErrLocked) {
		err = ErrInUse
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	old, results, whole, err := scan(path, w.f)
	if err != nil {
		return err
	}
	end, err := w.f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if w.Torn = int(end - whole); w.Torn > 0 {
		if old == nil && !begun(w.f) {
			return fmt.Errorf("%s: %w", path, ErrNotResults)
		}
		if err := w.f.Truncate(whole); err != nil {
			return err
		}
		if _, err := w.f.Seek(whole, io.SeekStart); err != nil {
			return err
		}
	}
	h.Schema, h.Kind = Schema, "header"
	if old == nil {
		return w.write(h)
	}
	if old.Settings.Digest() != h.Settings.Digest() {
		return fmt.Errorf("%s: %w: %s", path, ErrSettings, old.Settings.differs(h.Settings))
	}
	for _, r := range results {
		if keys != nil && !keys[r.Key] {
			return fmt.Errorf("%s: %w, such as %s, sample %s", path, ErrForeign, r.TaskID, r.SampleID)
		}
		if !w.known[r.Key] {
			w.known[r.Key] = true
			w.Done = append(w.Done, r)
		}
	}
	return nil
}

// begun says whether a file without a whole line is one whose header was being written.
func begun(f *os.File) bool {
	const first = `{"schema":"` + Schema + `","kind":"header"`
	text := make([]byte, len(first))
	n, _ := f.ReadAt(text, 0)
	return strings.HasPrefix(first, string(text[:n]))
}

// Known says whether the file has the result of a key already.
func (w *File) Known(key string) bool { return w.known[key] }

// Add writes a result. An error means that it is not in the file; it stays and every later call returns it.
func (w *File) Add(r *Result) error { return w.write(r) }

func (w *File) write(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return w.err
	}
	if _, w.err = w.f.Write(append(text, '\n')); w.err == nil && time.Since(w.synced) > syncEvery {
		w.err = w.f.Sync()
		w.synced = time.Now()
	}
	return w.err
}

// Close syncs the file and closes it.
func (w *File) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return errors.Join(w.f.Sync(), w.f.Close())
}

// ReadFile reads a results file. A last line that was cut off is left out.
func ReadFile(path string) (*Header, []*Result, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	h, results, _, err := scan(path, f)
	if err == nil && h == nil {
		err = fmt.Errorf("%s: %w: there is nothing in it", path, ErrNotResults)
	}
	return h, results, err
}

// Read reads results from a stream, as ReadFile does.
func Read(name string, r io.Reader) (*Header, []*Result, error) {
	h, results, _, err := scan(name, r)
	if err == nil && h == nil {
		err = fmt.Errorf("%s: %w: there is nothing in it", name, ErrNotResults)
	}
	return h, results, err
}

// scan reads what is whole of a file: up to whole bytes of it. The header is nil when the file is empty or has no whole line.
func scan(file string, in io.Reader) (h *Header, results []*Result, whole int64, err error) {
	lines := &countedLines{in: in}
	for number := 1; ; number++ {
		text, complete, err := lines.next()
		if err != nil {
			return nil, nil, 0, fmt.Errorf("%s: %w", file, err)
		}
		if len(text) == 0 && !complete || !complete {
			return h, results, whole, nil
		}
		if number == 1 {
			h = &Header{}
			if json.Unmarshal(text, h) != nil || h.Schema != Schema || h.Kind != "header" {
				return nil, nil, 0, fmt.Errorf("%s: %w: its first line is not a header of %s", file, ErrNotResults, Schema)
			}
		} else if len(bytes.TrimSpace(text)) > 0 {
			r := &Result{}
			if err := json.Unmarshal(text, r); err != nil || r.Schema != Schema || r.Key == "" {
				reason := "it is no result of " + Schema
				if err != nil {
					reason = err.Error()
				}
				return nil, nil, 0, &LineError{File: file, Line: number, Reason: reason + "; take the line out, and what it told of is judged again"}
			}
			results = append(results, r)
		}
		whole = lines.at
	}
}

// countedLines reads lines and knows how far it has come.
type countedLines struct {
	in  io.Reader
	at  int64 // after the last line
	buf []byte
	end bool
}

// maxResult bounds a line of a results file: a sample, escaped, and what is said of it.
const maxResult = 4*maxLine + 1<<20

func (l *countedLines) next() (line []byte, complete bool, err error) {
	looked := 0
	for {
		if i := bytes.IndexByte(l.buf[looked:], '\n'); i >= 0 {
			n := looked + i
			line, l.buf = l.buf[:n], l.buf[n+1:]
			l.at += int64(n) + 1
			return line, true, nil
		}
		if l.end {
			return l.buf, false, nil
		}
		if looked = len(l.buf); looked > maxResult {
			return nil, false, errors.New(tooLong())
		}
		l.buf = slices.Grow(l.buf, max(64<<10, looked)) // doubled, so that a long line is not copied for each piece
		n, err := l.in.Read(l.buf[looked:cap(l.buf)])
		l.buf = l.buf[:looked+n]
		if err == io.EOF {
			l.end = true
		} else if err != nil {
			return nil, false, err
		}
	}
}

// differs names the first settings that are not the same.
func (s Settings) differs(now Settings) string {
	var list []string
	add := func(name string, a, b any) {
		x, y := fmt.Sprint(a), fmt.Sprint(b)
		if x != y {
			list = append(list, fmt.Sprintf("%s is %s there and %s here", name, short(x, 60), short(y, 60)))
		}
	}
	a, b := s.Limits, now.Limits
	add("fuel", a.Fuel, b.Fuel)
	add("memory", a.Memory, b.Memory)
	add("deadline", a.Deadline, b.Deadline)
	add("output", a.Output, b.Output)
	add("storage", a.Storage, b.Storage)
	add("host calls", a.HostCalls, b.HostCalls)
	add("call depth", a.CallDepth, b.CallDepth)
	add("policy", short(s.Policy, 15), short(now.Policy, 15))
	add("inputs", short(s.Inputs, 15), short(now.Inputs, 15))
	add("clock", s.Clock, now.Clock)
	add("detail", s.Detail, now.Detail)
	add("coverage", s.Coverage, now.Coverage)
	add("scale", s.Scale, now.Scale)
	add("feedback", s.Feedback, now.Feedback)
	add("guests", s.Guests, now.Guests)
	add("format", s.Format, now.Format)
	return strings.Join(list, "; ")
}

// Keys are the keys of the results of a set under settings.
func Keys(settings Settings, set *Set) map[string]bool {
	digest := settings.Digest()
	keys := make(map[string]bool, len(set.Samples))
	for _, s := range set.Samples {
		keys[key(digest, set.Problem(s.TaskID), s)] = true
	}
	return keys
}

// WriteHeader writes the first line of a stream of results.
func WriteHeader(w io.Writer, h Header) error {
	h.Schema, h.Kind = Schema, "header"
	return writeLine(w, h)
}

// WriteResult writes a result as one line.
func WriteResult(w io.Writer, r *Result) error { return writeLine(w, r) }

func writeLine(w io.Writer, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = w.Write(append(text, '\n'))
	return err
}
