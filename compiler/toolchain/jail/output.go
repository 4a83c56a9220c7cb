package jail

import (
	"fmt"
	"strings"
	"sync"
)

// keptHead and keptTail are how much of each stream a result keeps, in bytes.
const (
	keptHead = 192 << 10
	keptTail = 64 << 10
)

// outputs collects both streams of a command and notices when they are too much together.
type outputs struct {
	mu      sync.Mutex
	limit   int64
	total   int64
	streams [2]stream
}

func newOutputs(limit int64) *outputs {
	o := &outputs{limit: limit}
	for i := range o.streams {
		o.streams[i].all = o
	}
	return o
}

func (o *outputs) stream(n int) *stream { return &o.streams[n] }

func (o *outputs) exceeded() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.total > o.limit
}

// text is what a stream held: all of it, or head and tail with a line between them.
func (o *outputs) text(n int) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	s := &o.streams[n]
	text := string(s.head)
	if s.left > 0 {
		text += fmt.Sprintf("\n[... %d bytes left out ...]\n", s.left)
	}
	return strings.ToValidUTF8(text+string(s.tail), "\ufffd")
}

// stream keeps head and tail of what is written to it.
type stream struct {
	all        *outputs
	head, tail []byte
	left       int64 // bytes between them
}

// Write implements io.Writer. It never fails: a command that blocks on its output would only be stopped later.
func (s *stream) Write(p []byte) (int, error) {
	s.all.mu.Lock()
	defer s.all.mu.Unlock()
	n := len(p)
	s.all.total += int64(n)
	if room := keptHead - len(s.head); room > 0 {
		take := min(room, len(p))
		s.head, p = append(s.head, p[:take]...), p[take:]
	}
	s.tail = append(s.tail, p...)
	if over := len(s.tail) - keptTail; over > 0 {
		s.left += int64(over)
		s.tail = append(s.tail[:0], s.tail[over:]...)
	}
	return n, nil
}
