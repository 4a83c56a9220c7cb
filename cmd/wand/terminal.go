package main

import (
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"
)

// isTerminal says whether a stream is one that a person looks at.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// colours for a stream: none unless it is a terminal and nobody asked for none (https://no-color.org).
func colours(stream any) bool {
	return isTerminal(stream) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

const (
	red    = "31"
	green  = "32"
	yellow = "33"
	grey   = "90"
)

func colour(on bool, code, s string) string {
	if !on {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

// printable makes text that came from a program or a file safe to show: control characters but newline and tab become visible, and so do those that show text in
// another order than it has, or end a line where a line does not end.
func printable(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\n' || r == '\t':
			b.WriteRune(r)
		case r < ' ':
			b.WriteByte('^')
			b.WriteRune(r + '@')
		case r == 0x7f:
			b.WriteString("^?")
		case r >= 0x80 && r < 0xa0, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r == 0x2028, r == 0x2029:
			b.WriteRune(utf8.RuneError)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// live passes a program's output on as it comes. Towards a terminal it lets only text and colours through: an escape sequence of a
// hostile program could write to the clipboard, retitle the window or answer on the user's behalf.
type live struct {
	to       io.Writer
	terminal bool
	before   func() // called before the first byte
	escape   []byte // a sequence, or a character, that is not complete yet
	open     bool   // the last line is not ended
	written  bool
}

// Write implements io.Writer.
func (l *live) Write(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if !l.written && l.before != nil {
		l.before()
	}
	l.written = true
	l.open = p[len(p)-1] != '\n'
	if !l.terminal {
		return l.to.Write(p)
	}
	if _, err := l.to.Write(l.filter(p)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// maxEscape is longer than any colour sequence in use.
const maxEscape = 32

func (l *live) filter(p []byte) []byte {
	in := append(l.escape, p...)
	l.escape = nil
	out := make([]byte, 0, len(in)+16)
	for i := 0; i < len(in); {
		switch c := in[i]; {
		case c == 0x1b:
			n, complete := colourSequence(in[i:])
			switch {
			case !complete && len(in)-i < maxEscape:
				l.escape = append([]byte(nil), in[i:]...)
				return out
			case n == 0:
				out = append(out, "^["...)
				i++
			default:
				out = append(out, in[i:i+n]...)
				i += n
			}
		case c == '\n' || c == '\t' || c == '\r' || c == '\b':
			out = append(out, c)
			i++
		case c < ' ':
			out = append(out, '^', c+'@')
			i++
		case c == 0x7f:
			out = append(out, "^?"...)
			i++
		case c < utf8.RuneSelf:
			out = append(out, c)
			i++
		default:
			if !utf8.FullRune(in[i:]) {
				l.escape = append([]byte(nil), in[i:]...)
				return out
			}
			r, n := utf8.DecodeRune(in[i:])
			if r < 0xa0 { // C1 controls, some of which start sequences
				r = utf8.RuneError
			}
			out = utf8.AppendRune(out, r)
			i += n
		}
	}
	return out
}

// colourSequence measures a sequence ESC [ digits and semicolons m; 0 when it is another. complete is false when more bytes may follow.
func colourSequence(p []byte) (n int, complete bool) {
	for i := 1; i < len(p); i++ {
		switch c := p[i]; {
		case i == 1 && c == '[':
		case i > 1 && (c >= '0' && c <= '9' || c == ';' || c == ':'):
		case i > 1 && c == 'm':
			return i + 1, true
		default:
			return 0, true
		}
		if i >= maxEscape {
			return 0, true
		}
	}
	return 0, false
}
