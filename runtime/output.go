package runtime

import (
	"io"
	"os"
	"path/filepath"
	"unicode/utf8"

	"wand/hostfuncs"
	"wand/policies/units"
)

// output captures the program's standard streams: the head and the tail of each are kept for the report, all of it is passed on
// live, and once something falls between head and tail, everything goes to a spill file so that nothing is lost.
type output struct {
	limit, used int64 // bytes of both streams together
	keep        int   // bytes kept of each stream, half of them head
	charge      func(delta int64)
	spillDir    string
	stdout      stream
	stderr      stream
}

// stream is one of the two.
type stream struct {
	out   *output
	name  string
	live  io.Writer // may be nil
	head  []byte
	tail  []byte // a ring once full
	next  int    // where the ring continues
	total int64
	spill *os.File
	path  string
	err   error // the first failure to spill or to pass on
}

func newOutput(limit int64, keep int, spillDir string, stdout, stderr io.Writer, charge func(int64)) *output {
	// Head and tail are halves: an odd byte would belong to neither, and be lost before the spill begins.
	o := &output{limit: limit, keep: keep &^ 1, charge: charge, spillDir: spillDir}
	o.stdout = stream{out: o, name: "stdout", live: stdout}
	o.stderr = stream{out: o, name: "stderr", live: stderr}
	return o
}

// Write takes what fits under the limit and stops the run if that is not all of p.
func (s *stream) Write(p []byte) (int, error) {
	room := s.out.limit - s.out.used
	fits := p
	if int64(len(p)) > room {
		fits = p[:room]
	}
	s.out.used += int64(len(fits))
	s.accept(fits)
	if len(fits) < len(p) {
		panic(&hostfuncs.Stop{Kind: hostfuncs.KindOutput, Used: s.out.used + int64(len(p)-len(fits)), Limit: s.out.limit, Detail: "writing to " + s.name})
	}
	return len(p), nil
}

func (s *stream) accept(p []byte) {
	if s.live != nil {
		if _, err := s.live.Write(p); err != nil && s.err == nil {
			s.err = err
			s.live = nil // a closed pipe: the program goes on, as the report still has its output
		}
	}
	s.total += int64(len(p))
	if s.spill == nil && s.total > int64(s.out.keep) && s.err == nil {
		s.startSpill()
	}
	if s.spill != nil {
		if _, err := s.spill.Write(p); err != nil && s.err == nil {
			s.err = err
		}
	}
	half := s.out.keep / 2
	if room := half - len(s.head); room > 0 {
		n := min(room, len(p))
		s.out.charge(int64(n))
		s.head = append(s.head, p[:n]...)
		p = p[n:]
	}
	if len(p) > half {
		p = p[len(p)-half:]
	}
	if room := half - len(s.tail); room > 0 {
		n := min(room, len(p))
		s.out.charge(int64(n))
		s.tail = append(s.tail, p[:n]...)
		p = p[n:]
	}
	for len(p) > 0 {
		n := copy(s.tail[s.next:], p)
		s.next = (s.next + n) % half
		p = p[n:]
	}
}

// startSpill opens the file and writes what was kept so far (all there is at that moment is in head and tail, in order).
func (s *stream) startSpill() {
	s.spill, s.err = os.CreateTemp(s.out.spillDir, "wand-"+s.name+"-*.txt")
	if s.err != nil {
		return
	}
	s.path, _ = filepath.Abs(s.spill.Name())
	_, s.err = s.spill.Write(append(append([]byte(nil), s.head...), s.tail...))
}

// text returns what was kept, with a mark where something is left out, and how many bytes that is.
func (s *stream) text() (string, int64) {
	tail := append(append([]byte(nil), s.tail[s.next:]...), s.tail[:s.next]...)
	missing := s.total - int64(len(s.head)) - int64(len(tail))
	if missing == 0 {
		return toText(append(append([]byte(nil), s.head...), tail...)), 0
	}
	head := s.head
	for len(head) > 0 && !utf8.Valid(head[max(0, len(head)-4):]) && !utf8.RuneStart(head[len(head)-1]) {
		head, missing = head[:len(head)-1], missing+1 // do not cut a character in two
	}
	for len(tail) > 0 && !utf8.RuneStart(tail[0]) {
		tail, missing = tail[1:], missing+1
	}
	return toText(head) + "\n[... " + units.Bytes(missing).String() + " left out ...]\n" + toText(tail), missing
}

// toText makes the program's bytes a valid string: JSON can carry nothing else.
func toText(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	var out []rune
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		out, b = append(out, r), b[n:]
	}
	return string(out)
}

func (s *stream) close() {
	if s.spill == nil {
		return
	}
	if err := s.spill.Close(); err != nil && s.err == nil {
		s.err = err
	}
}
