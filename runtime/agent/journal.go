package agent

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"wand/hostfuncs/durable"
)

// transcriptName is the transcript within the folder of a conversation.
const transcriptName = "transcript.jsonl"

// TranscriptFile is the transcript of the conversation in a folder.
func TranscriptFile(dir string) string { return filepath.Join(dir, transcriptName) }

// maxEvent bounds a line of a transcript that is read, in bytes.
const maxEvent = 256 << 20

// ErrTranscript says that a transcript cannot be used; the message says where and why.
var ErrTranscript = errors.New("unusable transcript")

// ErrBusy says that another process is at work on the same conversation.
var ErrBusy = errors.New("another process is at work on this conversation")

// journal is a transcript under way: what has happened is in it before anything that follows from it does. What an earlier process wrote it gives back, step
// by step, so that nothing is done twice.
type journal struct {
	dir     string // empty: only in memory
	file    *os.File
	observe func(*Event) error
	wall    func() float64

	mu     sync.Mutex
	seq    int64
	events []*Event
	done   map[string]*Event // of earlier processes, by kind and step
	err    error             // why it cannot be written any more
}

func key(kind Kind, step string) string { return string(kind) + " " + step }

// openJournal begins a transcript in a folder, or goes on with the one that is there.
func openJournal(dir string, observe func(*Event) error) (*journal, error) {
	j := &journal{dir: dir, observe: observe, done: map[string]*Event{}, wall: func() float64 { return 0 }}
	if dir == "" {
		return j, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	name := filepath.Join(dir, transcriptName)
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	j.file = f
	if err := j.load(); err != nil {
		f.Close()
		return nil, err
	}
	return j, nil
}

// load reads what is there. A last line that is not whole was being written when its process ended, and is cut off.
func (j *journal) load() error {
	if err := durable.Lock(j.file); errors.Is(err, durable.ErrLocked) {
		return ErrBusy
	} else if err != nil {
		return err
	}
	events, whole, err := readEvents(j.file, true)
	if err != nil {
		return fmt.Errorf("%s: %w", j.file.Name(), err)
	}
	if err := j.file.Truncate(whole); err != nil {
		return err
	}
	if _, err := j.file.Seek(whole, io.SeekStart); err != nil {
		return err
	}
	for _, e := range events {
		j.seq = e.Seq
		j.events = append(j.events, e)
		j.done[key(e.Kind, e.Step)] = e
	}
	return nil
}

// ReadTranscript reads a transcript. The error is an ErrTranscript that names the line.
func ReadTranscript(r io.Reader) ([]*Event, error) {
	events, _, err := readEvents(r, true)
	return events, err
}

// readEvents also says how many bytes hold whole lines. torn allows a last line without its end.
func readEvents(r io.Reader, torn bool) (events []*Event, whole int64, err error) {
	lines := bufio.NewReaderSize(r, 64<<10)
	for number := 1; ; number++ {
		line, err := readLine(lines)
		if err == io.EOF && len(bytes.TrimSpace(line)) == 0 {
			return events, whole, nil
		}
		if err == io.EOF && torn {
			return events, whole, nil
		}
		if err != nil {
			return nil, 0, fmt.Errorf("%w: line %d: %w", ErrTranscript, number, err)
		}
		whole += int64(len(line))
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		e := &Event{}
		if err := json.Unmarshal(line, e); err != nil {
			return nil, 0, fmt.Errorf("%w: line %d is not an event: %w", ErrTranscript, number, err)
		}
		switch {
		case len(events) == 0 && (e.Kind != EventStart || e.Start == nil):
			return nil, 0, fmt.Errorf("%w: line %d: a transcript begins with the event start, and this is %q", ErrTranscript, number, clip(string(e.Kind), 40))
		case len(events) == 0 && e.Start.Schema != TranscriptSchema:
			return nil, 0, fmt.Errorf("%w: line %d: its schema is %q; this program reads %s", ErrTranscript, number, clip(e.Start.Schema, 40), TranscriptSchema)
		case e.Seq != int64(len(events)+1):
			return nil, 0, fmt.Errorf("%w: line %d has the number %d instead of %d: a line is missing, or there are two transcripts in one", ErrTranscript, number, e.Seq, len(events)+1)
		}
		events = append(events, e)
	}
}

func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		if len(line) > maxEvent {
			return nil, fmt.Errorf("it has more than %d bytes", maxEvent)
		}
		if err != bufio.ErrBufferFull {
			return line, err
		}
	}
}

// add writes an event down. When it returns nil the event is on the disk.
func (j *journal) add(e *Event) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.err != nil {
		return j.err
	}
	j.seq++
	e.Seq, e.At, e.WallMS = j.seq, time.Now().UTC(), j.wall()
	j.events = append(j.events, e)
	if j.file != nil {
		line, err := json.Marshal(e)
		if err == nil {
			if _, err = j.file.Write(append(line, '\n')); err == nil {
				err = j.file.Sync()
			}
		}
		if err != nil {
			j.err = fmt.Errorf("the transcript cannot be written: %w", err)
			return j.err
		}
	}
	if j.observe != nil {
		return j.observe(e)
	}
	return nil
}

// recorded is what an earlier process wrote of a step, once: whoever comes to the same step again does it anew.
func (j *journal) recorded(kind Kind, step string) *Event {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.done[key(kind, step)]
}

// start is the first event, nil when the transcript is new.
func (j *journal) start() *Start {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.events) == 0 {
		return nil
	}
	return j.events[0].Start
}

// ended is the outcome that an earlier process has written, if it came that far.
func (j *journal) ended() *Outcome {
	j.mu.Lock()
	defer j.mu.Unlock()
	if n := len(j.events); n > 0 && j.events[n-1].Kind == EventEnd {
		return j.events[n-1].End
	}
	return nil
}

// lost are tokens of requests that never came to an answer.
func (j *journal) lost() (u TokenUsage) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, e := range j.events {
		if e.Kind == EventRetry && e.Answer != nil {
			u.add(e.Answer.Usage)
		}
	}
	return u
}

// lastWall is the time that the conversation had taken when the last event was written.
func (j *journal) lastWall() time.Duration {
	j.mu.Lock()
	defer j.mu.Unlock()
	if n := len(j.events); n > 0 {
		return time.Duration(j.events[n-1].WallMS * float64(time.Millisecond))
	}
	return 0
}

// keep writes a file beside the transcript, whole or not at all.
func (j *journal) keep(name string, data []byte) error {
	f, err := os.CreateTemp(j.dir, name+".*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(j.dir, name))
	}
	if err != nil {
		os.Remove(f.Name())
		return err
	}
	return durable.SyncFolder(j.dir)
}

// kept reads a file beside the transcript. The name comes from the transcript.
func (j *journal) kept(name string) ([]byte, error) {
	if name != filepath.Base(name) || !strings.HasPrefix(name, "session-") {
		return nil, fmt.Errorf("%w: %q is no file of a session", ErrTranscript, clip(name, 100))
	}
	return os.ReadFile(filepath.Join(j.dir, name))
}

// drop removes a file that is not needed any more.
func (j *journal) drop(name string) {
	if name != "" && name == filepath.Base(name) {
		os.Remove(filepath.Join(j.dir, name))
	}
}

func (j *journal) close() error {
	if j.file == nil {
		return nil
	}
	return j.file.Close()
}
