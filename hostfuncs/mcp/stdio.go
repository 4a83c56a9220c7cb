package mcp

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"wand/hostfuncs/internal/group"
)

// inherited are the variables of the host that a server process gets beside its own: what a program needs to find others, its caches and a place for
// temporary files, and nothing that holds a key.
func inherited() []string {
	if runtime.GOOS == "windows" {
		return []string{"PATH", "PATHEXT", "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "TEMP", "TMP", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "PROGRAMDATA", "PROGRAMFILES"}
	}
	return []string{"PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR"}
}

// Bounds of what the host holds for one server process.
const (
	maxStderr  = 64 << 10 // of what it wrote to its standard error, the end
	maxOutbox  = 256      // messages to it that it has not read
	maxDiscard = 1 << 30  // bytes of one message that is too large, before its server is given up
	closeGrace = 2 * time.Second
)

// process is a server's process as the SDK's transport: one JSON message a line on its standard input and output. The SDK's own would let a server
// that does not read block whoever calls it, and break off at a line that is no message.
type process struct {
	group  *group.Group
	stdin  *os.File
	stdout *os.File
	stderr *tail
	lines  *lines

	outbox chan []byte
	queue  []jsonrpc.Message
	closed chan struct{}
	once   sync.Once
}

var (
	_ mcp.Transport  = (*process)(nil)
	_ mcp.Connection = (*process)(nil)
)

// startProcess starts a server. dir is what relative paths count from.
func startProcess(s Server, dir string, maxMessage int64) (*process, error) {
	name := s.Command
	if strings.ContainsAny(name, `/\`) && !filepath.IsAbs(name) {
		name = filepath.Join(dir, name)
	}
	cmd := exec.Command(name, s.Args...)
	if cmd.Err != nil {
		return nil, cmd.Err
	}
	cmd.Dir = dir
	if filepath.IsAbs(s.Cwd) {
		cmd.Dir = s.Cwd
	} else if s.Cwd != "" {
		cmd.Dir = filepath.Join(dir, s.Cwd)
	}
	cmd.Env = []string{}
	for _, k := range inherited() {
		if v, ok := os.LookupEnv(k); ok {
			cmd.Env = append(cmd.Env, k+"="+v)
		}
	}
	for k, v := range s.Env {
		cmd.Env = append(cmd.Env, k+"="+v) // the last of two counts
	}
	theirIn, stdin, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	stdout, theirOut, err := os.Pipe()
	if err != nil {
		theirIn.Close()
		stdin.Close()
		return nil, err
	}
	p := &process{stdin: stdin, stdout: stdout, stderr: &tail{}, outbox: make(chan []byte, maxOutbox), closed: make(chan struct{})}
	p.lines = &lines{r: bufio.NewReaderSize(stdout, 64<<10), most: maxMessage}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = theirIn, theirOut, p.stderr
	p.group, err = group.Start(cmd, group.Limits{})
	theirIn.Close()
	theirOut.Close()
	if err != nil {
		stdin.Close()
		stdout.Close()
		return nil, err
	}
	go p.send()
	go func() {
		// A process that left the group may hold the pipe: nothing it says counts any more.
		<-p.group.Done()
		time.AfterFunc(closeGrace, func() { stdout.Close() })
	}()
	return p, nil
}

// Connect implements mcp.Transport.
func (p *process) Connect(context.Context) (mcp.Connection, error) { return p, nil }

// SessionID implements mcp.Connection.
func (p *process) SessionID() string { return "" }

// send writes what is in the outbox. A server that does not read stops it, and nobody else.
func (p *process) send() {
	for {
		select {
		case line := <-p.outbox:
			if _, err := p.stdin.Write(line); err != nil {
				return
			}
		case <-p.closed:
			return
		}
	}
}

// Write implements mcp.Connection.
func (p *process) Write(ctx context.Context, m jsonrpc.Message) error {
	line, err := jsonrpc.EncodeMessage(m)
	if err != nil {
		return err
	}
	select {
	case p.outbox <- append(line, '\n'):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-p.closed:
		return io.ErrClosedPipe
	case <-p.group.Done():
		return io.ErrClosedPipe
	}
}

// Read implements mcp.Connection. Lines that are no messages are kept with what the server wrote to its standard error: many servers print there.
func (p *process) Read(ctx context.Context) (jsonrpc.Message, error) {
	for {
		if len(p.queue) > 0 {
			m := p.queue[0]
			p.queue = p.queue[1:]
			return m, nil
		}
		line, err := p.lines.next()
		var large *tooLarge
		switch {
		case errors.As(err, &large) && large.id != nil:
			id, _ := jsonrpc.MakeID(float64(*large.id))
			return &jsonrpc.Response{ID: id, Error: large}, nil
		case err != nil:
			return nil, err
		}
		texts := []json.RawMessage{line}
		if line[0] == '[' { // a batch, as the protocol had it for some months of 2025
			texts = nil
			_ = json.Unmarshal(line, &texts)
		}
		for _, text := range texts {
			if m, err := jsonrpc.DecodeMessage(text); err == nil {
				p.queue = append(p.queue, m)
			} else {
				fmt.Fprintf(p.stderr, "[no message: %s]\n", clip(string(text), 200))
			}
		}
	}
}

// Close implements mcp.Connection: the server's input ends; when it goes on, it is asked to end, then killed with all that it started.
func (p *process) Close() error {
	p.once.Do(func() {
		close(p.closed)
		p.stdin.Close()
		p.group.End(closeGrace)
		p.stdout.Close()
	})
	return nil
}

// lines reads lines of a bounded length; it never holds more than one.
type lines struct {
	r    *bufio.Reader
	most int64
}

// tooLarge is a message beyond the bound. id is that of the call that it answers, where the message shows it.
type tooLarge struct {
	most int64
	id   *int64
}

func (e *tooLarge) Error() string {
	return fmt.Sprintf("the answer is larger than %d bytes", e.most)
}

// next returns the next line that is not empty. It may be changed by the next call.
func (l *lines) next() ([]byte, error) {
	var line []byte
	for {
		part, err := l.r.ReadSlice('\n')
		if int64(len(line)+len(part)) > l.most {
			return nil, l.discard(line, part, err)
		}
		line = append(line, part...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case err != nil:
			return nil, err // a line without an end is not complete
		default:
			if line = bytes.TrimSpace(line); len(line) > 0 {
				return line, nil
			}
			line = nil
		}
	}
}

// discard reads the rest of a line that is too large. The error says whose answer it was, as far as its beginning or its end tells.
func (l *lines) discard(line, part []byte, err error) error {
	const keep = 128
	e := &tooLarge{most: l.most}
	head := slices.Concat(line[:min(len(line), keep)], part[:min(len(part), keep)])
	end := slices.Concat(line[max(0, len(line)-keep):], part[max(0, len(part)-keep):])
	size := int64(len(line) + len(part))
	for errors.Is(err, bufio.ErrBufferFull) && size < l.most+maxDiscard {
		part, err = l.r.ReadSlice('\n')
		size += int64(len(part))
		end = slices.Concat(end[max(0, len(end)-keep):], part[max(0, len(part)-keep):])
	}
	if err != nil {
		return e // it did not end: without an id this ends the connection
	}
	m := idFirst.FindSubmatch(head[:min(len(head), keep)])
	if m == nil {
		m = idLast.FindSubmatch(bytes.TrimSpace(end))
	}
	if m != nil {
		if id, err := strconv.ParseInt(string(m[1]), 10, 64); err == nil {
			e.id = &id
		}
	}
	return e
}

// Where SDKs put the id of an answer: before the result (Go, Python) or after it (TypeScript).
var (
	idFirst = regexp.MustCompile(`^\s*\{\s*(?:"jsonrpc"\s*:\s*"2\.0"\s*,\s*)?"id"\s*:\s*(\d{1,18})\s*,`)
	idLast  = regexp.MustCompile(`\}\s*,\s*(?:"jsonrpc"\s*:\s*"2\.0"\s*,\s*)?"id"\s*:\s*(\d{1,18})\s*\}$`)
)

// tail keeps the end of what is written to it.
type tail struct {
	mu   sync.Mutex
	text []byte
}

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p[max(0, len(p)-maxStderr):]...)
	if len(t.text) > 2*maxStderr {
		t.text = append(t.text[:0], t.text[len(t.text)-maxStderr:]...)
	}
	return len(p), nil
}

// String returns the end of the text, at most 64 KiB.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.ToValidUTF8(string(t.text[max(0, len(t.text)-maxStderr):]), "")
}
