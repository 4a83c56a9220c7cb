package audit

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

// Kind is what is wrong with an audit file.
type Kind string

// Kinds of damage.
const (
	Edited    Kind = "edited"    // a line is not as it was written
	Removed   Kind = "removed"   // lines before this one are missing
	Inserted  Kind = "inserted"  // a line was not there
	Reordered Kind = "reordered" // lines changed places
	Truncated Kind = "truncated" // the end of the file is missing
	KeyNeeded Kind = "key"       // the file has a key and none was given, or the other way round
)

// Error says where an audit file is not as it was written.
type Error struct {
	Line   int64 // from 1
	Kind   Kind
	Detail string
}

// Error implements error.
func (e *Error) Error() string { return fmt.Sprintf("line %d: %s: %s", e.Line, e.Kind, e.Detail) }

// Summary is what stands in an audit file, up to its end or the first line that is wrong.
type Summary struct {
	Lines, Runs, Calls, Denied int64
	// Interrupted are runs without an end that a killed process left behind, as the next process noted. At most 1,000 are listed.
	Interrupted []string
	First, Last time.Time
	// Head is the hash of the last line: compare it with one that was kept elsewhere.
	Head string
}

// VerifyOptions say what to verify against. The zero value is for a file without a key whose head nobody kept.
type VerifyOptions struct {
	Key []byte
	// Head is the hash of a line that must stand in the file, such as the head that was kept when the last run ended.
	Head string
}

// maxOpen is how many runs may be under way at once in a file.
const maxOpen = 100_000

// Verify reads an audit file and checks every line. The error is an *Error, or one of reading. Memory is bounded, whatever the file holds.
func Verify(r io.Reader, o VerifyOptions) (Summary, error) {
	v := verifier{options: o, reader: bufio.NewReaderSize(r, 64<<10), head: zeros, before: zeros, open: map[string]int64{}, headSeen: o.Head == ""}
	err := v.all()
	v.summary.Head = v.head
	return v.summary, err
}

type verifier struct {
	options  VerifyOptions
	reader   *bufio.Reader
	summary  Summary
	head     string // hash of the last line
	before   string // and of the one before it
	open     map[string]int64
	headSeen bool
}

func (v *verifier) all() error {
	for {
		at := v.summary.Lines + 1
		text, err := readLine(v.reader)
		switch {
		case err == io.EOF && len(text) == 0:
			return v.finish(at)
		case err == io.EOF:
			return &Error{at, Truncated, fmt.Sprintf("the line is incomplete after %d bytes", len(text))}
		case err == errLong:
			return &Error{at, Edited, fmt.Sprintf("the line is longer than %d bytes, which nobody writes here", maxLine)}
		case err != nil:
			return fmt.Errorf("line %d: %w", at, err)
		}
		l, err := parse(text, v.options.Key)
		if err != nil {
			if errors.Is(err, errKey) {
				return &Error{at, KeyNeeded, err.Error()}
			}
			return &Error{at, Edited, err.Error()}
		}
		if err := v.follows(l, at); err != nil {
			return err
		}
		if err := v.count(l, at); err != nil {
			return err
		}
		v.before, v.head = v.head, l.sum
		v.headSeen = v.headSeen || l.sum == v.options.Head
		v.summary.Lines = at
	}
}

// follows checks that a line, which is whole in itself, stands where it was written.
func (v *verifier) follows(l *line, at int64) error {
	switch {
	case l.Seq == at && l.Prev == v.head:
		return nil
	case l.Seq == at && at == 1:
		return &Error{at, Edited, "the first line refers to one before it"}
	case l.Seq == at:
		return &Error{at - 1, Edited, "the line was changed together with its hash: the next line was written after another one"}
	case l.sum == v.head:
		return &Error{at, Inserted, fmt.Sprintf("line %d stands here again", at-1)}
	case l.Seq == at-1 && at > 1 && l.Prev == v.before:
		return &Error{at - 1, Inserted, fmt.Sprintf("the line was not there: the next one is number %d as well, and was written after the line before", l.Seq)}
	case l.Seq < at:
		return &Error{at, Inserted, fmt.Sprintf("line %d stands here again", l.Seq)}
	}
	missing := fmt.Sprintf("number %d", at)
	if l.Seq > at+1 {
		missing = fmt.Sprintf("numbers %d to %d", at, l.Seq-1)
	}
	// Whether they are elsewhere only the rest of the file can tell.
	for {
		text, err := readLine(v.reader)
		if err != nil && err != errLong {
			return &Error{at, Removed, fmt.Sprintf("this is line number %d; %s before it is missing", l.Seq, missing)}
		}
		if other, err := parse(text, v.options.Key); err == nil && other.Seq == at {
			return &Error{at, Reordered, fmt.Sprintf("this is line number %d; number %d stands further down", l.Seq, at)}
		}
	}
}

// count keeps the summary, and the runs that have not ended.
func (v *verifier) count(l *line, at int64) error {
	s := &v.summary
	if s.First.IsZero() {
		s.First = l.Time
	}
	s.Last = l.Time
	began, under := v.open[l.Run]
	switch l.Event {
	case "begin":
		if under {
			return &Error{at, Edited, fmt.Sprintf("run %q begins, and began at line %d already", clip(l.Run, 200), began)}
		}
		if len(v.open) >= maxOpen {
			return &Error{at, Edited, fmt.Sprintf("more than %d runs are under way", maxOpen)}
		}
		v.open[l.Run] = at
		s.Runs++
		return nil
	case "reopen":
		for _, run := range v.runs() {
			if len(s.Interrupted) < 1000 {
				s.Interrupted = append(s.Interrupted, run)
			}
		}
		clear(v.open)
		return nil
	}
	if !under {
		return &Error{at, Edited, fmt.Sprintf("the line belongs to run %q, which is not under way", clip(l.Run, 200))}
	}
	switch l.Event {
	case "call":
		s.Calls++
		if l.Call.Decision != "allowed" && l.Call.Decision != "dry_run" {
			s.Denied++
		}
	case "end":
		delete(v.open, l.Run)
	}
	return nil
}

// runs are those under way, in the order in which they began.
func (v *verifier) runs() []string {
	list := make([]string, 0, len(v.open))
	for run := range v.open {
		list = append(list, run)
	}
	slices.SortFunc(list, func(a, b string) int { return int(v.open[a] - v.open[b]) })
	return list
}

func (v *verifier) finish(at int64) error {
	if runs := v.runs(); len(runs) > 0 {
		return &Error{at, Truncated, fmt.Sprintf("the end of run %q, which began at line %d, is missing; the file was cut off, or the run is still under way, or its process was killed", clip(runs[0], 200), v.open[runs[0]])}
	}
	if !v.headSeen {
		return &Error{at, Truncated, fmt.Sprintf("no line has the hash %s that was kept: the file was cut off, or written anew", clip(v.options.Head, 100))}
	}
	return nil
}

// line is an event as it was read, as much of it as is checked.
type line struct {
	Seq   int64     `json:"seq"`
	Time  time.Time `json:"time"`
	Run   string    `json:"run"`
	Event string    `json:"event"`
	Prev  string    `json:"prev"`
	Call  struct {
		Decision string `json:"decision"`
	} `json:"call"`
	End struct {
		Open int `json:"open"`
	} `json:"end"`

	sum string
}

var errKey = errors.New("the key does not go with the file")

// parse checks a line against its own hash. What it decodes is what the hash covers: a duplicate member cannot be there unless whoever wrote the line put it there.
func parse(text, key []byte) (*line, error) {
	const sums = 64
	tail := len(`,"hash":""}`) + sums
	if len(text) < tail+2 || !bytes.HasSuffix(text, []byte(`"}`)) {
		return nil, errors.New("this is no line of an audit file")
	}
	body, mark, sum := text[:len(text)-tail], text[len(text)-tail:len(text)-2-sums], text[len(text)-2-sums:len(text)-2]
	want := `,"hash":"`
	if len(key) > 0 {
		want = `,"hmac":"`
	}
	switch {
	case string(mark) == want:
	case string(mark) == `,"hmac":"`:
		return nil, fmt.Errorf("%w: it was written with a key; give it, to see whether the file is as it was written", errKey)
	case string(mark) == `,"hash":"`:
		return nil, fmt.Errorf("%w: it was written without a key, or by somebody who does not have it", errKey)
	default:
		return nil, errors.New("it does not end with its hash")
	}
	whole := append(bytes.Clone(body), '}')
	is := digest(whole, key)
	if !hmac.Equal([]byte(is), sum) {
		return nil, errors.New("its content does not have the hash that it says")
	}
	l := &line{sum: is}
	if err := json.Unmarshal(whole, l); err != nil {
		return nil, errors.New("it has a hash, and is no event")
	}
	if !slices.Contains([]string{"begin", "call", "access", "end", "reopen"}, l.Event) {
		return nil, fmt.Errorf("it has a hash, and an unknown event %q", clip(l.Event, 60))
	}
	return l, nil
}

var errLong = errors.New("line too long")

// readLine returns the next line without its end; at the end of the file what is left, with io.EOF. A line that is too long is read over, with errLong.
func readLine(r *bufio.Reader) ([]byte, error) {
	var text []byte
	long := false
	for {
		part, err := r.ReadSlice('\n')
		if long = long || len(text)+len(part) > maxLine; long {
			text = nil
		} else {
			text = append(text, part...)
		}
		switch {
		case err == bufio.ErrBufferFull:
		case long:
			return nil, errLong
		case err != nil:
			return text, err
		default:
			return text[:len(text)-1], nil
		}
	}
}
