package wasi

import "wand/hostfuncs/vfs"

// followFlag is the only lookup flag.
const followFlag = 1

func pathOpen(c call) vfs.Errno {
	const creat, directory, excl, trunc = 1, 2, 4, 8
	result, e := c.bytes(c.i32(8), 4)
	if e != vfs.OK {
		return e
	}
	at, path, e := c.pathAt(0, 2)
	if e != vfs.OK {
		return e
	}
	oflags, rights, fdflags := c.i32(4), c.arg[5], c.i32(7)
	if oflags&^15 != 0 || fdflags&^allFlags != 0 || c.i32(1)&^followFlag != 0 {
		return vfs.EINVAL
	}
	var flags vfs.Flags
	if rights&(rightRead|rightReaddir) != 0 {
		flags |= vfs.Read
	}
	// Go asks for the right to set the size of what it only reads, so that one does not count as writing.
	if rights&rightWrite != 0 && oflags&directory == 0 {
		flags |= vfs.Write
	}
	if oflags&creat != 0 {
		flags |= vfs.Create
	}
	if oflags&excl != 0 {
		flags |= vfs.Exclusive
	}
	if oflags&trunc != 0 {
		flags |= vfs.Truncate
	}
	if oflags&directory != 0 {
		flags |= vfs.Directory
	}
	if fdflags&flagAppend != 0 {
		flags |= vfs.Append
	}
	if c.i32(1)&followFlag == 0 {
		flags |= vfs.NoFollow
	}
	// Room first: a file that cannot be opened must not have been created or emptied.
	fd, e := c.s.free()
	if e != vfs.OK {
		return e
	}
	f, e := c.s.FS.Open(at, path, flags)
	if e != vfs.OK {
		return e
	}
	c.s.put(fd, descriptor{kind: fileKind, flags: uint16(fdflags), file: f})
	le.PutUint32(result, fd)
	return vfs.OK
}

func pathCreateDirectory(c call) vfs.Errno {
	at, path, e := c.pathAt(0, 1)
	if e != vfs.OK {
		return e
	}
	return c.s.FS.Mkdir(at, path)
}

func pathRemoveDirectory(c call) vfs.Errno {
	at, path, e := c.pathAt(0, 1)
	if e != vfs.OK {
		return e
	}
	return c.s.FS.Rmdir(at, path)
}

func pathUnlinkFile(c call) vfs.Errno {
	at, path, e := c.pathAt(0, 1)
	if e != vfs.OK {
		return e
	}
	return c.s.FS.Unlink(at, path)
}

func pathFilestatGet(c call) vfs.Errno {
	out, e := c.bytes(c.i32(4), 64)
	if e != vfs.OK {
		return e
	}
	at, path, e := c.pathAt(0, 2)
	if e != vfs.OK {
		return e
	}
	st, e := c.s.FS.Stat(at, path, c.i32(1)&followFlag != 0)
	if e != vfs.OK {
		return e
	}
	putFilestat(out, st)
	return vfs.OK
}

func pathFilestatSetTimes(c call) vfs.Errno {
	at, path, e := c.pathAt(0, 2)
	if e != vfs.OK {
		return e
	}
	atime, mtime, e := c.times(c.arg[4], c.arg[5], c.i32(6))
	if e != vfs.OK {
		return e
	}
	return c.s.FS.SetTimes(at, path, c.i32(1)&followFlag != 0, atime, mtime)
}

func pathLink(c call) vfs.Errno {
	oldAt, oldPath, e := c.pathAt(0, 2)
	if e != vfs.OK {
		return e
	}
	newAt, newPath, e := c.pathAt(4, 5)
	if e != vfs.OK {
		return e
	}
	return c.s.FS.Link(oldAt, oldPath, c.i32(1)&followFlag != 0, newAt, newPath)
}

func pathRename(c call) vfs.Errno {
	oldAt, oldPath, e := c.pathAt(0, 1)
	if e != vfs.OK {
		return e
	}
	newAt, newPath, e := c.pathAt(3, 4)
	if e != vfs.OK {
		return e
	}
	return c.s.FS.Rename(oldAt, oldPath, newAt, newPath)
}

func pathSymlink(c call) vfs.Errno {
	target, e := c.path(c.i32(0), c.i32(1))
	if e != vfs.OK {
		return e
	}
	at, path, e := c.pathAt(2, 3)
	if e != vfs.OK {
		return e
	}
	return c.s.FS.Symlink(target, at, path)
}

// pathReadlink cuts a target that does not fit, as readlink does.
func pathReadlink(c call) vfs.Errno {
	result, e := c.bytes(c.i32(5), 4)
	if e != vfs.OK {
		return e
	}
	buffer, e := c.bytes(c.i32(3), c.i32(4))
	if e != vfs.OK {
		return e
	}
	at, path, e := c.pathAt(0, 1)
	if e != vfs.OK {
		return e
	}
	target, e := c.s.FS.ReadLink(at, path)
	if e != vfs.OK {
		return e
	}
	n := copy(buffer, target)
	c.s.chargeBytes(n)
	le.PutUint32(result, uint32(n))
	return vfs.OK
}

// pathAt takes a folder and a path from the arguments at fd, and at path and path+1.
func (c call) pathAt(fd, path int) (*vfs.File, string, vfs.Errno) {
	at, e := c.s.folder(c.i32(fd))
	if e != vfs.OK {
		return nil, "", e
	}
	p, e := c.path(c.i32(path), c.i32(path+1))
	return at, p, e
}
