package compiler

import (
	"bytes"
	"fmt"
	"path"
	"strings"
	"unicode/utf8"
)

// maxLineText bounds the line text in a diagnostic, in bytes. A program of one very long line must not travel whole with each finding.
const maxLineText = 4096

// normalise turns input bytes into program text: without byte order mark, every line ended by \n alone. Python and JavaScript both
// read \r\n and \r as a line end, also inside multi-line strings, so nothing changes its meaning. It refuses what is not UTF-8 text.
func normalise(name string, text []byte) (string, error) {
	if err := checkText(name, text); err != nil {
		return "", err
	}
	s := strings.TrimPrefix(string(text), "\ufeff")
	if strings.IndexByte(s, '\r') >= 0 {
		s = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s)
	}
	return s, nil
}

// checkText refuses binary data and text in another encoding than UTF-8.
func checkText(name string, text []byte) error {
	if kind := magic(text); kind != "" {
		return &InputError{Reason: ErrBinary, Name: name, Line: 1, Detail: "this looks like " + kind + ", not a program"}
	}
	nul := bytes.IndexByte(text, 0)
	bad := firstInvalid(text)
	if bad < 0 && nul < 0 {
		return nil
	}
	if bytes.HasPrefix(text, []byte{0xff, 0xfe}) || bytes.HasPrefix(text, []byte{0xfe, 0xff}) {
		return &InputError{Reason: ErrNotText, Name: name, Line: 1, Detail: "it starts with a UTF-16 byte order mark; save it as UTF-8"}
	}
	if nul >= 0 {
		line := lineAt(text, nul)
		return &InputError{Reason: ErrBinary, Name: name, Offset: nul, Line: line,
			Detail: fmt.Sprintf("a zero byte at byte %d, line %d: programs hold none", nul, line)}
	}
	line := lineAt(text, bad)
	if n := controls(text); n > 0 && n > len(text)/20 {
		return &InputError{Reason: ErrBinary, Name: name, Offset: bad, Line: line,
			Detail: fmt.Sprintf("%d of %d bytes are control characters and byte %d is not UTF-8", n, len(text), bad)}
	}
	return &InputError{Reason: ErrNotText, Name: name, Offset: bad, Line: line,
		Detail: fmt.Sprintf("byte 0x%02x at byte %d, line %d, is not UTF-8; save the file as UTF-8", text[bad], bad, line)}
}

func firstInvalid(text []byte) int {
	if utf8.Valid(text) {
		return -1
	}
	for i := 0; i < len(text); {
		if text[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, n := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}

func controls(text []byte) int {
	n := 0
	for _, c := range text {
		if c < ' ' && c != '\n' && c != '\r' && c != '\t' && c != '\f' && c != 0x1b {
			n++
		}
	}
	return n
}

func lineAt(text []byte, offset int) int {
	before := text[:offset]
	// A \r\n pair is one line end, and so is a lone \r.
	return 1 + bytes.Count(before, []byte{'\n'}) + bytes.Count(before, []byte{'\r'}) - bytes.Count(before, []byte("\r\n"))
}

// magic names well-known binary formats, so that the message can say more than "binary".
func magic(text []byte) string {
	for _, m := range [...]struct{ prefix, kind string }{
		{"\x7fELF", "an ELF executable"},
		{"MZ\x90\x00", "a Windows executable"},
		{"\xcf\xfa\xed\xfe", "a macOS executable"},
		{"\xca\xfe\xba\xbe", "a Java class or a macOS executable"},
		{"PK\x03\x04", "a zip archive"},
		{"\x1f\x8b", "a gzip file"},
		{"BZh", "a bzip2 file"},
		{"\xfd7zXZ\x00", "an xz file"},
		{"\x28\xb5\x2f\xfd", "a zstd file"},
		{"\x89PNG\r\n\x1a\n", "a PNG image"},
		{"\xff\xd8\xff", "a JPEG image"},
		{"GIF8", "a GIF image"},
		{"%PDF-", "a PDF file"},
		{"SQLite format 3\x00", "an SQLite database"},
	} {
		if bytes.HasPrefix(text, []byte(m.prefix)) && (m.prefix != "BZh" || !utf8.Valid(text)) && (m.prefix != "GIF8" || !utf8.Valid(text)) {
			return m.kind
		}
	}
	// CPython writes \r\n as the second half of the magic number of a .pyc.
	if len(text) >= 16 && text[2] == '\r' && text[3] == '\n' && text[1] == 0x0d && !utf8.Valid(text) {
		return "Python bytecode"
	}
	return ""
}

// cleanName makes a source's name fit to appear in messages: an absolute path loses its directories, because the layout of the host is
// nobody's business, and control characters go.
func cleanName(name string) string {
	name = strings.ToValidUTF8(name, "\ufffd")
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, name)
	slashed := strings.ReplaceAll(name, `\`, "/")
	if strings.HasPrefix(slashed, "/") || len(slashed) > 2 && slashed[1] == ':' && slashed[2] == '/' || len(name) > 255 {
		name = path.Base(slashed)
		if len(name) > 255 {
			name = strings.ToValidUTF8(name[len(name)-255:], "")
		}
		if name == "/" || name == "." {
			name = ""
		}
	}
	return name
}

// LineText is line number n (from 1) of text, without its end, cut to 4 KiB; empty when there is no such line.
func LineText(text string, n int) string {
	line, _ := lineOf(text, n)
	if len(line) > maxLineText {
		line = strings.ToValidUTF8(line[:maxLineText], "")
	}
	return line
}

// ClipLine shortens a long line for display: at most width code points around column (from 1, in code points), with "…" where something
// was left out, and the column in the result. Column 0 shows the head.
func ClipLine(line string, column, width int) (clipped string, newColumn int) {
	runes := []rune(line)
	if len(runes) <= width || width < 3 {
		return line, column
	}
	start := 0
	if column > width*2/3 {
		start = min(column-width*2/3, len(runes)-width)
		start = max(start, 0)
	}
	end := min(start+width, len(runes))
	view := append([]rune(nil), runes[start:end]...)
	if start > 0 {
		view[0] = '…'
	}
	if end < len(runes) {
		view[len(view)-1] = '…'
	}
	if column > 0 {
		column = min(column-start, len(view)+1)
	}
	return string(view), column
}

// lineOf finds a whole line and the offset at which it starts.
func lineOf(text string, n int) (line string, start int) {
	if n < 1 {
		return "", 0
	}
	for ; n > 1; n-- {
		i := strings.IndexByte(text[start:], '\n')
		if i < 0 {
			return "", len(text)
		}
		start += i + 1
	}
	line = text[start:]
	if i := strings.IndexByte(line, '\n'); i >= 0 {
		line = line[:i]
	}
	return line, start
}
