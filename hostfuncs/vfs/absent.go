package vfs

// What a recording of a run needs to know of host folders, and what stands in their place when it is replayed.

// HostMount is a folder or file of the host in a guest's tree.
type HostMount struct {
	Path string `json:"path"`           // in the guest's tree
	File bool   `json:"file,omitempty"` // it is a single file
}

// HostMounts lists the mounts in the order in which they were made, without those inside another one.
func (f *FS) HostMounts() []HostMount {
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []HostMount
	for _, m := range f.mounts {
		inner := false
		for _, other := range f.mounts {
			inner = inner || other != m && within(other.guest, m.guest)
		}
		if !inner {
			list = append(list, HostMount{m.guest, m.single != ""})
		}
	}
	return list
}

// MountAbsent shows that something of the host was mounted, with nothing in it: everything below is EBADF.
func (f *FS) MountAbsent(m HostMount) error {
	absent := &mount{access: AccessRead | AccessWrite | AccessAppend, pending: map[string]*pending{}, over: map[string]*node{}, written: map[string]bool{}}
	if m.File {
		absent.single = "file"
	}
	return f.mountAt(m.Path, absent)
}

// UsedHost says whether a mount was used since the last time it was asked.
func (f *FS) UsedHost() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	used := f.usedHost
	f.usedHost = false
	return used
}

// SetEffort puts steps back that Effort returned.
func (f *FS) SetEffort(steps int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.effort = steps
}

// Generation grows with every change of what the FS itself holds.
func (f *FS) Generation() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.generation
}

// AbsentFile is an open file of a mount that is not there: everything but closing it is EBADF.
func (f *FS) AbsentFile() *File { return &File{fs: f, host: &handle{}} }

// OnHost says whether the file is in a mount.
func (h *File) OnHost() bool { return h.host != nil }
