package wasi

import (
	"crypto/sha256"
	"strings"

	"wand/hostfuncs"
	"wand/hostfuncs/vfs"
)

// Tap stands between a guest and the folders of the host that it uses, so that a run can be recorded and repeated without them. Everything else that a
// guest learns from outside comes through fields of State, which its owner can wrap. Its methods may panic with a *hostfuncs.Stop.
type Tap interface {
	// Enter is asked before each call. What it returns is what the call does, in the place of doing it; nil lets it be done.
	Enter(name string) *Touch
	// Asked is told which function the guest called, with which arguments and inputs, when Enter has returned a Touch, before anything happens.
	Asked(t *Touch, name string, args []uint64, input []byte)
	// Leave is told what a call did that used a folder of the host, and nothing when it used none. It is not told of a call that ended the run.
	Leave(*Touch)
}

// Touch is one call that used a folder of the host: what it was asked, and all it did to the guest.
type Touch struct {
	Name    string
	Args    []uint64
	Input   []byte // SHA-256 of the paths and of the data that it was given; empty when there were none
	Errno   uint16
	Fuel    int64 // charged beside what every call costs
	Regions []Region
}

// Region is memory of the guest as the call left it.
type Region struct {
	At   uint32
	Data []byte
}

// watch is what a call under a Tap is observed by.
type watch struct {
	on      bool
	fuel    int64
	regions []span
}

// span is a part of the guest's memory that a call was given. data is one that vectors name: it is filled from the front.
type span struct {
	at, length uint32
	data       bool
}

func (w *watch) region(ptr, length uint32, data bool) {
	if w.on && length > 0 {
		w.regions = append(w.regions, span{ptr, length, data})
	}
}

// tapped is a call under a Tap.
func (s *State) tapped(f *hostfuncs.Func, do func(call) vfs.Errno, c call) vfs.Errno {
	name := f.Name
	args := make([]uint64, len(f.Params))
	for i, p := range f.Params {
		if args[i] = c.arg[i]; p == hostfuncs.I32 {
			args[i] = uint64(uint32(args[i])) // the upper half can be anything
		}
	}
	touch := s.Tap.Enter(name)
	if touch != nil {
		s.Tap.Asked(touch, name, args, s.inputs(name, c))
		return s.repeat(touch, c)
	}
	s.watch = watch{on: true, regions: s.watch.regions[:0]}
	var generation uint64
	if s.FS != nil {
		s.FS.UsedHost()
		generation = s.FS.Generation()
	}
	used := s.onHost(name, args)
	e := do(c)
	s.chargeEffort()
	s.watch.on = false
	used = s.FS != nil && s.FS.UsedHost() || used
	// A path can lead through a folder of the host and end in the guest's own files. Those are repeated by doing it again.
	if used && s.FS.Generation() == generation && !(name == "path_open" && e == vfs.OK && !s.opensHost(c)) {
		touch = s.watch.touch(name, args, e, c)
		touch.Input = s.inputs(name, c)
	}
	s.Tap.Leave(touch)
	return e
}

// onHost says whether a call is about a descriptor of a folder of the host.
func (s *State) onHost(name string, args []uint64) bool {
	of := func(i int) bool {
		d, e := s.get(uint32(args[i]))
		return e == vfs.OK && d.file != nil && d.file.OnHost()
	}
	return strings.HasPrefix(name, "fd_") && len(args) > 0 && (of(0) || name == "fd_renumber" && of(1))
}

// opensHost says whether the descriptor that path_open returned is on the host.
func (s *State) opensHost(c call) bool {
	result, e := c.bytes(c.i32(8), 4)
	if e != vfs.OK {
		return false
	}
	d, e := s.get(le.Uint32(result))
	return e == vfs.OK && d.file != nil && d.file.OnHost()
}

// touch describes the call that was observed.
func (w *watch) touch(name string, args []uint64, e vfs.Errno, c call) *Touch {
	t := &Touch{Name: name, Args: args, Errno: uint16(e), Fuel: w.fuel}
	written := name == "fd_write" || name == "fd_pwrite"
	left := uint32(0)
	if (name == "fd_read" || name == "fd_pread") && e == vfs.OK && len(w.regions) > 0 {
		left = le.Uint32(c.mem[w.regions[0].at:]) // the first is where the count goes
	}
	for _, r := range w.regions {
		memory := c.mem[r.at : r.at+r.length]
		switch {
		case r.data && written:
		case r.data:
			n := min(r.length, left)
			left -= n
			if n > 0 {
				t.Regions = append(t.Regions, Region{r.at, memory[:n]})
			}
		default:
			t.Regions = append(t.Regions, Region{r.at, memory})
		}
	}
	return t
}

// repeat does to the guest what a call did when it was recorded.
func (s *State) repeat(t *Touch, c call) vfs.Errno {
	s.charge(t.Fuel)
	e := vfs.Errno(t.Errno)
	for _, r := range t.Regions {
		if uint64(r.At)+uint64(len(r.Data)) > uint64(len(c.mem)) {
			return vfs.EFAULT
		}
		copy(c.mem[r.At:], r.Data)
	}
	if e != vfs.OK {
		return e
	}
	switch t.Name {
	case "path_open":
		if result, bad := c.bytes(c.i32(8), 4); bad == vfs.OK && le.Uint32(result) < uint32(s.MaxOpenFiles) {
			s.put(le.Uint32(result), descriptor{kind: fileKind, file: s.FS.AbsentFile()})
		}
	case "fd_close", "fd_renumber":
		do := fdClose
		if t.Name == "fd_renumber" {
			do = fdRenumber
		}
		do(c) // of the table; there is nothing behind it
	}
	return e
}

// inputs digests what a call is given to read: its paths, and the data to write. It charges nothing.
func (s *State) inputs(name string, c call) []byte {
	sum := sha256.New()
	read := func(b []byte) {
		var size [8]byte
		le.PutUint64(size[:], uint64(len(b)))
		sum.Write(size[:])
		sum.Write(b)
	}
	paths := pathArguments(name)
	for _, i := range paths {
		b, e := c.at(c.i32(i), c.i32(i+1))
		if e != vfs.OK {
			break
		}
		read(b)
	}
	if name == "fd_write" || name == "fd_pwrite" {
		if list, e := c.array(c.i32(1), min(c.i32(2), maxVectors), 8); e == vfs.OK {
			v := vectors{c, list}
			for p := v.next(); p != nil; p = v.next() {
				read(p)
			}
		}
	} else if len(paths) == 0 {
		return nil
	}
	return sum.Sum(nil)
}

// pathArguments are the positions of pointers to paths, whose lengths follow them.
func pathArguments(name string) []int {
	switch name {
	case "path_create_directory", "path_remove_directory", "path_unlink_file", "path_readlink":
		return []int{1}
	case "path_filestat_get", "path_filestat_set_times", "path_open":
		return []int{2}
	case "path_link":
		return []int{2, 5}
	case "path_rename":
		return []int{1, 4}
	case "path_symlink":
		return []int{0, 3}
	}
	return nil
}
