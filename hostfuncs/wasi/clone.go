package wasi

import "wand/hostfuncs/vfs"

// Clone returns a State with the same descriptors over a clone of FS (see vfs.FS.Clone, which also says what the errors are): numbers, flags,
// rights, positions, the preopened folder, streams that are closed or were moved to other numbers. Both may be used independently afterwards, also at the same
// time. Terminal and MaxOpenFiles are those of the original. All other fields are to be set for the next turn, before With.
//
// A descriptor of a file in a folder of the host is closed in the clone (EBADF), since that folder is not in its FS.
func (s *State) Clone(o vfs.Options) (*State, error) {
	c := &State{Terminal: s.Terminal, MaxOpenFiles: s.MaxOpenFiles, opened: s.opened}
	var files []*vfs.File
	if s.FS != nil {
		var err error
		if c.FS, files, err = s.FS.Clone(o, s.files()); err != nil {
			return nil, err
		}
	}
	c.table = c.small[:0]
	if len(s.table) > len(c.small) {
		c.table = make([]descriptor, 0, len(s.table))
	}
	for _, d := range s.table {
		if d.kind == fileKind {
			d.file, files = files[0], files[1:]
			if d.file == nil {
				d = descriptor{}
			}
		}
		c.table = append(c.table, d)
	}
	return c, nil
}

// OpenFiles is how many files and folders the program has open, beside what it was given.
func (s *State) OpenFiles() int {
	n := 0
	for _, d := range s.table {
		if d.kind == fileKind && !d.preopen {
			n++
		}
	}
	return n
}

// files are those of the table, in its order.
func (s *State) files() []*vfs.File {
	out := make([]*vfs.File, 0, len(s.table))
	for _, d := range s.table {
		if d.kind == fileKind {
			out = append(out, d.file)
		}
	}
	return out
}
