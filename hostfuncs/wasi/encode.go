package wasi

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"wand/hostfuncs/vfs"
)

// The form of a State in bytes: magic, version, terminals, number of descriptors; of each its kind, and of an open one its flags and
// whether it is preopened; at the end whether there is an FS, and the FS with the open files in the order of their descriptors. Numbers are varints.
const (
	encodedMagic   = "wand wasi"
	encodedVersion = 1
)

// ErrEncoding is wrapped by errors of DecodeState that come from the bytes, beside vfs.ErrEncoding for those of the files.
var ErrEncoding = errors.New("not the encoding of a table of descriptors")

// AppendBinary appends to b what Clone would copy: the files (see vfs.FS.AppendBinary), the descriptors and Terminal. Equal states give equal bytes. The
// State must not be in use.
func (s *State) AppendBinary(b []byte) ([]byte, error) {
	b = append(b, encodedMagic...)
	b = binary.AppendUvarint(b, encodedVersion)
	var terminals byte
	for i, on := range s.Terminal {
		if on {
			terminals |= 1 << i
		}
	}
	table := s.table
	for len(table) > 0 && !table[len(table)-1].carried() {
		table = table[:len(table)-1]
	}
	opened := byte(0)
	if s.opened {
		opened = 1
	}
	b = append(b, terminals, opened)
	b = binary.AppendUvarint(b, uint64(len(table)))
	var files []*vfs.File
	for i := range table {
		d := &table[i]
		if !d.carried() {
			b = append(b, byte(closedKind))
			continue
		}
		preopen := byte(0)
		if d.preopen {
			preopen = 1
		}
		b = append(b, byte(d.kind), preopen)
		b = binary.AppendUvarint(b, uint64(d.flags))
		if d.kind == fileKind {
			files = append(files, d.file)
		}
	}
	if s.FS == nil {
		return append(b, 0), nil
	}
	return s.FS.AppendBinary(append(b, 1), files)
}

// carried says whether a descriptor is open in a clone.
func (d *descriptor) carried() bool {
	return d.kind != closedKind && (d.kind != fileKind || d.file.Carried())
}

// DecodeState returns the State that AppendBinary wrote, for the next turn to complete as after Clone. maxOpenFiles becomes its MaxOpenFiles; 0 is the
// default. o and find are those of vfs.DecodeFS, which also says what the errors are. Bytes that nobody has authenticated do no harm.
func DecodeState(data []byte, maxOpenFiles int, o vfs.Options, find func(vfs.Mounted) (vfs.Content, error)) (*State, error) {
	if maxOpenFiles <= 0 {
		maxOpenFiles = DefaultOpenFiles
	}
	rest, ok := strings.CutPrefix(string(data[:min(len(data), len(encodedMagic))]), encodedMagic)
	if !ok || rest != "" {
		return nil, fmt.Errorf("%w: it does not begin with %q", ErrEncoding, encodedMagic)
	}
	d := decoder{rest: data[len(encodedMagic):], size: len(data)}
	if v := d.uint(1<<32, "version"); d.err == nil && v != encodedVersion {
		return nil, fmt.Errorf("%w: it has version %d, this program reads %d", ErrEncoding, v, encodedVersion)
	}
	s := &State{MaxOpenFiles: maxOpenFiles}
	terminals := d.uint(7, "terminals")
	for i := range s.Terminal {
		s.Terminal[i] = terminals>>i&1 != 0
	}
	s.opened = d.uint(1, "state of the table") == 1
	count := d.uint(uint64(maxOpenFiles), "number of descriptors")
	s.table = s.small[:0]
	files := 0
	for ; count > 0 && d.err == nil; count-- {
		next := descriptor{kind: descriptorKind(d.uint(uint64(fileKind), "kind of a descriptor"))}
		if next.kind != closedKind {
			next.preopen = d.uint(1, "preopened") == 1
			next.flags = uint16(d.uint(allFlags, "flags of a descriptor"))
		}
		if next.kind == fileKind {
			files++
		} else if next.preopen {
			d.fail("a stream is preopened")
		}
		s.table = append(s.table, next)
	}
	hasFS := d.uint(1, "whether there are files") == 1
	switch {
	case d.err != nil:
	case !s.opened && len(s.table) > 0:
		d.fail("a table that was never filled has %d descriptors", len(s.table))
	case !hasFS && files > 0:
		d.fail("%d files are open, but there are none", files)
	case !hasFS && len(d.rest) > 0:
		d.fail("something follows")
	}
	if d.err != nil || !hasFS {
		return s.decoded(d.err)
	}
	fs, opened, err := vfs.DecodeFS(d.rest, o, find)
	if err != nil {
		return nil, err
	}
	if s.FS = fs; len(opened) != files {
		d.fail("%d files are open, but descriptors of %d", len(opened), files)
		return s.decoded(d.err)
	}
	for i := range s.table {
		next := &s.table[i]
		if next.kind != fileKind {
			continue
		}
		next.file, opened = opened[0], opened[1:]
		switch {
		case next.file == nil:
			d.fail("descriptor %d is of no file", i)
		case next.preopen && next.file.Kind() != vfs.KindDirectory:
			d.fail("descriptor %d is preopened, and no folder", i)
		case (next.flags&flagAppend != 0) != (next.file.Flags()&vfs.Append != 0):
			d.fail("descriptor %d has flags %#x, its file %#x", i, next.flags, next.file.Flags())
		}
	}
	return s.decoded(d.err)
}

// decoded returns the State or the error, with which nothing stays charged.
func (s *State) decoded(err error) (*State, error) {
	if err == nil {
		return s, nil
	}
	if s.FS != nil {
		s.FS.Discard()
	}
	return nil, err
}

type decoder struct {
	rest []byte
	size int
	err  error
}

func (d *decoder) fail(format string, args ...any) {
	if d.err == nil {
		d.err = fmt.Errorf("%w: %s (near byte %d of %d)", ErrEncoding, fmt.Sprintf(format, args...), d.size-len(d.rest), d.size)
	}
}

func (d *decoder) uint(limit uint64, what string) uint64 {
	v, n := binary.Uvarint(d.rest)
	switch {
	case d.err != nil:
		return 0
	case n <= 0:
		d.fail("there is no %s", what)
		return 0
	case v > limit:
		d.fail("%s is %d, the limit is %d", what, v, limit)
		return 0
	}
	d.rest = d.rest[n:]
	return v
}
