package wasi

import "wand/hostfuncs/vfs"

type descriptorKind uint8

const (
	closedKind descriptorKind = iota
	stdinKind
	stdoutKind
	stderrKind
	fileKind
)

// descriptor is a place in a run's table.
type descriptor struct {
	kind    descriptorKind
	preopen bool
	flags   uint16 // WASI's fdflags; append is kept by the file as well
	file    *vfs.File
}

// Flags of descriptors, as WASI numbers them.
const (
	flagAppend   = 1 << 0
	flagDsync    = 1 << 1
	flagNonblock = 1 << 2
	flagRsync    = 1 << 3
	flagSync     = 1 << 4
	allFlags     = flagAppend | flagDsync | flagNonblock | flagRsync | flagSync
)

// Rights, as WASI numbers them. They are reported, for wasi-libc computes what it asks for from them; only reading and writing are
// enforced, by the file.
const (
	rightRead         = 1 << 1
	rightSeek         = 1 << 2
	rightTell         = 1 << 5
	rightWrite        = 1 << 6
	rightAllocate     = 1 << 8
	rightReaddir      = 1 << 14
	rightSetSize      = 1 << 22
	allRights         = 1<<30 - 1
	pathRights        = 1<<9 | 1<<10 | 1<<11 | 1<<12 | 1<<13 | rightReaddir | 1<<15 | 1<<16 | 1<<17 | 1<<18 | 1<<19 | 1<<20 | 1<<24 | 1<<25 | 1<<26
	socketRights      = 1<<28 | 1<<29
	fileRights        = allRights &^ pathRights &^ socketRights
	folderRights      = allRights &^ socketRights &^ rightSeek &^ rightTell &^ rightWrite &^ rightRead &^ rightAllocate &^ rightSetSize
	streamRights      = 1<<0 | 1<<3 | 1<<4 | 1<<21 | 1<<27
	writingFileRights = rightWrite | rightAllocate | rightSetSize
)

// get returns an open descriptor; it is good until the table changes.
func (s *State) get(fd uint32) (*descriptor, vfs.Errno) {
	if uint64(fd) >= uint64(len(s.table)) || s.table[fd].kind == closedKind {
		return nil, vfs.EBADF
	}
	return &s.table[fd], vfs.OK
}

// file returns an open file or folder; for a stream it is stream.
func (s *State) file(fd uint32, stream vfs.Errno) (*vfs.File, vfs.Errno) {
	d, e := s.get(fd)
	if e != vfs.OK {
		return nil, e
	}
	if d.kind != fileKind {
		return nil, stream
	}
	return d.file, vfs.OK
}

// folder returns what paths are relative to.
func (s *State) folder(fd uint32) (*vfs.File, vfs.Errno) {
	f, e := s.file(fd, vfs.ENOTDIR)
	if e == vfs.OK && f.Kind() != vfs.KindDirectory {
		e = vfs.ENOTDIR
	}
	return f, e
}

// free finds the lowest number that is not in use, without taking it.
func (s *State) free() (uint32, vfs.Errno) {
	for i := range s.table {
		if s.table[i].kind == closedKind {
			return uint32(i), vfs.OK
		}
	}
	if len(s.table) >= s.MaxOpenFiles {
		return 0, vfs.EMFILE
	}
	return uint32(len(s.table)), vfs.OK
}

// put takes a number below MaxOpenFiles.
func (s *State) put(fd uint32, d descriptor) {
	for uint64(fd) >= uint64(len(s.table)) {
		s.table = append(s.table, descriptor{})
	}
	s.table[fd] = d
}

func (d *descriptor) rights() (base, inheriting uint64) {
	switch d.kind {
	case stdinKind:
		return streamRights | rightRead, 0
	case stdoutKind, stderrKind:
		return streamRights | rightWrite, 0
	}
	if d.file.Kind() == vfs.KindDirectory {
		return folderRights, allRights
	}
	base = fileRights
	if d.file.Flags()&vfs.Read == 0 {
		base &^= rightRead
	}
	if d.file.Flags()&vfs.Write == 0 {
		base &^= writingFileRights
	}
	return base, 0
}

// fileType is WASI's, 2 being a character device.
func (s *State) fileType(d *descriptor) byte {
	if d.kind == fileKind {
		return byte(d.file.Kind())
	}
	if s.Terminal[d.kind-stdinKind] {
		return 2
	}
	return 0
}
