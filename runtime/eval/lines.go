package eval

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"slices"

	"wand/policies/units"
)

// Bounds of what is read, in bytes: of one line, and of a whole file when it is unpacked.
const (
	maxLine = 16 << 20
	maxFile = 8 << 30
)

// LineError is one line of an input that cannot be used.
type LineError struct {
	File   string
	Line   int // from 1
	Reason string
}

// Error implements error.
func (e *LineError) Error() string { return fmt.Sprintf("%s line %d: %s", e.File, e.Line, e.Reason) }

// maxLineErrors is how many bad lines are told of one by one.
const maxLineErrors = 20

// lineErrors collects the bad lines of a file, the first ones in full.
type lineErrors struct {
	list    []error
	omitted int
}

func (e *lineErrors) add(file string, line int, format string, args ...any) {
	if len(e.list) == maxLineErrors {
		e.omitted++
		return
	}
	e.list = append(e.list, &LineError{File: file, Line: line, Reason: fmt.Sprintf(format, args...)})
}

func (e *lineErrors) err() error {
	list := e.list
	if e.omitted > 0 {
		list = append(slices.Clip(list), fmt.Errorf("and %d lines more", e.omitted))
	}
	return errors.Join(list...)
}

// readLines calls take for every line of r that is not blank, unpacked if it is gzip; text is only valid during the call. A line that is too long is
// not held in memory: it comes as text nil.
func readLines(name string, r io.Reader, take func(line int, text []byte) error) error {
	in := bufio.NewReaderSize(r, 64<<10)
	if magic, _ := in.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(in)
		if err != nil {
			return fmt.Errorf("%s: it looks like gzip, but: %w", name, err)
		}
		in = bufio.NewReaderSize(z, 64<<10)
	}
	var whole []byte
	total := int64(0)
	for line := 1; ; line++ {
		whole = whole[:0]
		tooLong := false
		var err error
		for {
			var part []byte
			part, err = in.ReadSlice('\n')
			if total += int64(len(part)); total > maxFile {
				return fmt.Errorf("%s: it has more than %s; split it", name, units.Bytes(maxFile))
			}
			if tooLong = tooLong || len(whole)+len(part) > maxLine; !tooLong {
				whole = append(whole, part...)
			}
			if !errors.Is(err, bufio.ErrBufferFull) {
				break
			}
		}
		if err != nil && err != io.EOF {
			return fmt.Errorf("%s line %d: %w", name, line, err)
		}
		switch text := bytes.TrimSpace(whole); {
		case tooLong:
			if e := take(line, nil); e != nil {
				return e
			}
		case len(text) > 0:
			if e := take(line, text); e != nil {
				return e
			}
		}
		if err == io.EOF {
			return nil
		}
	}
}

func tooLong() string {
	return fmt.Sprintf("it has more than %s, which no line may have", units.Bytes(maxLine))
}
