package vfs

import (
	"strings"
	"unicode/utf8"
)

// spot is where a path leads: node, which is nil when there is nothing, is name in dir. A path that ends in ".", ".." or "/"
// has that as its name, which is no entry's.
type spot struct {
	dir   *node
	name  string
	node  *node
	slash bool // the path ends in a slash, so it has to be a folder
}

func (s *spot) nameless() bool { return s.name == "/" || s.name == "." || s.name == ".." }

// What walk does with a symbolic link at the end of a path.
type lastLink int

const (
	followLast lastLink = iota
	// keepLast stops at the link, unless a slash follows.
	keepLast
	// entryLast stops at the entry whatever it is, and leaves the meaning of a slash after it to the caller.
	entryLast
)

// walk resolves a path from a folder. ".." is the real parent, and "/" is its own: nothing is above it.
// Inside mounts of the host the owner is asked for need before anything is looked up; 0 is the host's own use, for which nobody is asked.
func (f *FS) walk(start *node, path string, last lastLink, need Access) (spot, Errno) {
	if e := checkPath(path); e != OK {
		return spot{}, e
	}
	f.effort += 1 + int64(len(path)>>4)
	cur := start
	if path[0] == '/' {
		cur = f.root
	}
	// What remains of the paths in which links were met, innermost last: a path without the slash before it, or one slash.
	var pending [MaxLinks]detour
	waiting, links := 0, 0
	rest := path
	confined := false   // rest is the target of a link in a mount, which must not leave it
	var asked *hostNode // the folder, or another of its mount, below which the owner was asked for the rest; nil: nobody yet
	dots := false       // there is a ".." in the rest that was asked for
	final := spot{dir: cur, name: ".", node: cur}
	if strings.Trim(path, "/") == "" {
		final.name = "/"
	}
	for {
		rest = strings.TrimLeft(rest, "/")
		if rest == "" {
			if waiting == 0 {
				if cur.host != nil && need != 0 && (asked == nil || asked.m != cur.host.m) {
					return final, f.ask(cur.host.m, need, cur.host.path)
				}
				return final, OK
			}
			waiting--
			rest, confined = pending[waiting].rest, pending[waiting].confined
			continue
		}
		f.effort++
		if cur.kind != KindDirectory {
			return spot{}, ENOTDIR
		}
		name := rest
		if i := strings.IndexByte(rest, '/'); i >= 0 {
			name = rest[:i]
		}
		rest = rest[len(name):]
		switch name {
		case ".":
			final = spot{dir: cur, name: ".", node: cur}
			continue
		case "..":
			if confined && cur.host != nil && cur.mount {
				return spot{}, EACCES
			}
			cur = cur.dir.parent
			final = spot{dir: cur, name: "..", node: cur}
			continue
		}
		if len(name) > NameBytes {
			return spot{}, ENAMETOOLONG
		}
		isLast, slash := onlySlashes(rest, pending[:waiting])
		if cur.host == nil {
			asked = nil
		} else if need != 0 {
			if asked == nil || asked.m != cur.host.m {
				var e Errno
				if dots, e = f.askRest(cur, name+rest, pending[:waiting], need); e != OK {
					return spot{}, e
				}
				asked = cur.host
			}
			if below := join(cur.host.path, name); dots && !cur.host.m.inOther(below) {
				// A path that goes back tells whether what it goes through is there.
				if e := f.ask(cur.host.m, AccessRead, below); e != OK {
					return spot{}, e
				}
			}
		}
		child, e := f.lookup(cur, name)
		if e != OK {
			return spot{}, e
		}
		if child == nil {
			if isLast {
				return spot{cur, name, nil, slash}, OK
			}
			return spot{}, ENOENT
		}
		if child.kind == KindLink && (!isLast || last == followLast || last == keepLast && slash) {
			if links++; links > MaxLinks {
				return spot{}, ELOOP
			}
			if child.target == "" {
				if child.host != nil {
					return spot{}, EACCES
				}
				return spot{}, ENOENT
			}
			if rest != "" {
				if rest = strings.TrimLeft(rest, "/"); rest == "" {
					rest = "/"
				}
				pending[waiting] = detour{rest, confined}
				waiting++
			}
			rest, confined, asked = child.target, child.host != nil, nil
			f.effort += int64(len(rest) >> 4)
			if rest[0] == '/' {
				cur = f.root
			}
			final = spot{dir: cur, name: ".", node: cur}
			continue
		}
		if isLast {
			if slash && child.kind != KindDirectory && last != entryLast {
				return spot{}, ENOTDIR
			}
			if child.host != nil && child.mount && child.kind == KindFile && need != 0 {
				return spot{cur, name, child, slash}, f.ask(child.host.m, need, child.host.path)
			}
			return spot{cur, name, child, slash}, OK
		}
		if child.kind != KindDirectory {
			return spot{}, ENOTDIR
		}
		cur = child
		final = spot{dir: cur, name: ".", node: cur}
	}
}

// detour is what remains of a path in which a link was met.
type detour struct {
	rest     string
	confined bool
}

// checkPath refuses what no path can be.
func checkPath(path string) Errno {
	switch {
	case path == "":
		return ENOENT
	case len(path) > PathBytes:
		return ENAMETOOLONG
	case strings.IndexByte(path, 0) >= 0:
		return EINVAL
	case !utf8.ValidString(path):
		return EILSEQ
	}
	return OK
}

// onlySlashes says whether no component remains, and whether a slash does.
func onlySlashes(rest string, pending []detour) (last, slash bool) {
	if strings.TrimLeft(rest, "/") != "" {
		return false, false
	}
	slash = rest != ""
	for _, p := range pending {
		if p.rest != "/" {
			return false, false
		}
		slash = true
	}
	return true, slash
}

// lookup returns the node of a name in a folder, or nil.
func (f *FS) lookup(dir *node, name string) (*node, Errno) {
	if dir.host != nil {
		return f.lookupHost(dir, name)
	}
	if e := dir.dir.byName[name]; e != nil {
		return f.child(dir, e), OK
	}
	if dir.tree != nil {
		return f.lookupTree(dir, name)
	}
	return nil, OK
}
