package vfs

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

func TestMountLinks(t *testing.T) {
	outside := hostFolder(t, map[string]string{"passwd": "outside"})
	dir := hostFolder(t, map[string]string{"a": "inside", "sub/b": "deep"})
	for link, to := range map[string]string{
		"in": "a", "sub/up": "../a", "folder": "sub", "chain": "folder/up", "loop": "loop",
		"abs": filepath.Join(outside, "passwd"), "absin": filepath.Join(dir, "a"), "far": "../../../../etc/passwd", "out": "..", "sub/out": "../..",
		"neighbour": "../" + filepath.Base(outside) + "/passwd", "sneaky": "folder/../../a", "sub/chain": "../out/x", "proc": "/proc/self/root/etc/passwd",
		"dangling": "none", "dot": ".",
	} {
		must(t, os.Symlink(to, filepath.Join(dir, link)))
	}
	f := mounted(t, dir, Mount{Access: AccessWrite})
	wantText(t, f, "/data/in", "inside")
	wantText(t, f, "/data/sub/up", "inside")
	wantText(t, f, "/data/folder/b", "deep")
	wantText(t, f, "/data/chain", "inside")
	wantText(t, f, "/data/folder/../a", "inside")
	wantText(t, f, "/data/dot/dot/../data/in", "inside")
	if to, e := f.ReadLink(nil, "/data/sub/up"); to != "../a" || e != OK {
		t.Errorf("%q, %v", to, e)
	}
	for _, path := range []string{"abs", "absin", "far", "out", "out/x", "sub/out", "neighbour", "sneaky", "sub/chain", "proc", "folder/out"} {
		for _, flags := range []Flags{Read, Write, Write | Create | Truncate, Write | Append | Create, Read | Directory} {
			_, e := f.Open(nil, "/data/"+path, flags)
			want(t, fmt.Sprint("open ", path, flags), e, EACCES)
		}
		_, e := f.Stat(nil, "/data/"+path, true)
		want(t, "stat "+path, e, EACCES)
	}
	for _, path := range []string{"abs", "absin", "far", "out", "neighbour", "proc"} {
		to, e := f.ReadLink(nil, "/data/"+path)
		if to != "" || e != EACCES {
			t.Errorf("the link says %q, %v", to, e)
		}
		if st, e := f.Stat(nil, "/data/"+path, false); e != OK || st.Kind != KindLink || st.Size != 0 {
			t.Errorf("%+v, %v", st, e)
		}
	}
	_, e := f.Stat(nil, "/data/loop", true)
	want(t, "loop", e, ELOOP)
	// A new content goes where the link leads, and the link stays.
	put(t, f, "/data/in", "new")
	if got := onHost(t, dir, "a"); got != "new" {
		t.Errorf("%q", got)
	}
	put(t, f, "/data/dangling", "made")
	if got := onHost(t, dir, "none"); got != "made" {
		t.Errorf("%q", got)
	}
	want(t, "unlink", f.Unlink(nil, "/data/abs"), OK)
	if got := onHost(t, outside, "passwd"); got != "outside" {
		t.Errorf("%q", got)
	}
	// A link of the guest's own leads into a mount as any path does, and a mount's link leads nowhere but below it.
	want(t, "symlink", f.Symlink("/data", nil, "/work/l"), OK)
	wantText(t, f, "/work/l/in", "new")
	wantText(t, f, "/work/l/../data/in", "new")
}

// TestMountLinkClimbs: a link whose target looks as if it stayed inside, but goes through another link to a folder higher up.
func TestMountLinkClimbs(t *testing.T) {
	dir := hostFolder(t, map[string]string{"d1/d2/x": "", "high/y": "y"})
	must(t, os.Symlink("../../high", filepath.Join(dir, "d1/d2/s")))
	must(t, os.Symlink("s/../../work/f", filepath.Join(dir, "d1/d2/climbs")))
	f := mounted(t, dir, Mount{Access: AccessWrite})
	put(t, f, "/work/f", "the guest's own")
	wantText(t, f, "/data/d1/d2/s/y", "y")
	_, e := get(t, f, "/data/d1/d2/climbs")
	want(t, "open", e, EACCES)
}

// TestMountChecksWhatItOpened plays the races that TestMountRaces waits for: each check finds what has changed since the walk looked.
func TestMountChecksWhatItOpened(t *testing.T) {
	dir := hostFolder(t, map[string]string{"f": "one", "g": "two", "d/f": "deep"})
	must(t, syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o666))
	must(t, os.Symlink("f", filepath.Join(dir, "link")))
	must(t, os.Symlink("d", filepath.Join(dir, "folder")))
	f := mounted(t, dir, Mount{Access: AccessWrite})
	m := f.mounts[0]
	f.mu.Lock()
	defer f.unlock()
	for rel, e := range map[string]Errno{"d": OK, "folder": EACCES, "link": EACCES, "f": ENOTDIR, "pipe": ENOTDIR, "none": ENOENT} {
		_, got := f.folder(m, rel)
		want(t, "folder "+rel, got, e)
	}
	other, err := m.root.Lstat("g")
	must(t, err)
	if file, info, e := sameFile(m.root, "f", os.O_RDONLY, other); e != OK || os.SameFile(info, other) {
		t.Errorf("a file that was replaced: %v, %v", info, e)
	} else {
		file.Close()
	}
	_, _, e := sameFile(m.root, "link", os.O_RDONLY, other)
	want(t, "a link in its place", e, EACCES)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _, e := sameFile(m.root, "pipe", os.O_RDONLY, other)
		want(t, "a pipe in its place", e, EACCES)
		_, _, e = sameFile(m.root, "pipe", os.O_WRONLY, other)
		want(t, "a pipe in its place", e, EACCES)
		if file, e := openFile(m.root, "pipe", os.O_RDONLY, 0); e == OK {
			_, e = regular(file)
			want(t, "a pipe that was opened", e, EACCES)
			file.Close()
		}
		if r, err := m.root.OpenRoot("pipe/."); err == nil {
			r.Close()
			t.Error("a pipe was opened as a folder")
		}
	}()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Fatal("opening a pipe blocks")
	}
}

// TestMountSpecialFiles opens what would block or act on the machine.
func TestMountSpecialFiles(t *testing.T) {
	dir := hostFolder(t, map[string]string{"a": "x"})
	must(t, syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o666))
	special := []string{"pipe", "socket"}
	l, err := net.Listen("unix", filepath.Join(dir, "socket"))
	must(t, err)
	defer l.Close()
	if syscall.Mknod(filepath.Join(dir, "null"), syscall.S_IFCHR|0o666, 1<<8|3) == nil {
		special = append(special, "null")
	}
	if os.Symlink("pipe", filepath.Join(dir, "link")) == nil {
		special = append(special, "link")
	}
	f := mounted(t, dir, Mount{Access: AccessWrite})
	for _, name := range special {
		for _, flags := range []Flags{Read, Write, Read | Write, Write | Create | Truncate, Write | Append, Read | Directory} {
			_, e := f.Open(nil, "/data/"+name, flags)
			want(t, fmt.Sprint("open ", name, flags), e, EACCES)
		}
		_, e := f.Stat(nil, "/data/"+name, true)
		want(t, "stat "+name, e, EACCES)
		if name == "link" {
			continue
		}
		want(t, "rename", f.Rename(nil, "/data/"+name, nil, "/data/x"), EACCES)
		want(t, "rename over", f.Rename(nil, "/data/a", nil, "/data/"+name), EACCES)
		want(t, "unlink", f.Unlink(nil, "/data/"+name), EACCES)
	}
	if got := names(t, f, "/data"); len(got) != 2 {
		t.Errorf("listed %v", got)
	}
}

func TestMountModes(t *testing.T) {
	old := syscall.Umask(0o022)
	defer syscall.Umask(old)
	dir := hostFolder(t, map[string]string{"private": "x", "script": "x"})
	must(t, os.Chmod(filepath.Join(dir, "private"), 0o600))
	must(t, os.Chmod(filepath.Join(dir, "script"), 0o755|os.ModeSetuid))
	f := mounted(t, dir, Mount{Access: AccessWrite})
	for _, name := range []string{"private", "script", "new"} {
		put(t, f, "/data/"+name, "y")
	}
	want(t, "mkdir", f.Mkdir(nil, "/data/d"), OK)
	for name, mode := range map[string]os.FileMode{"private": 0o600, "script": 0o644, "new": 0o644, "d": os.ModeDir | 0o755} {
		info, err := os.Stat(filepath.Join(dir, name))
		must(t, err)
		if info.Mode() != mode {
			t.Errorf("%s has mode %v, want %v", name, info.Mode(), mode)
		}
	}
	st, _ := f.Stat(nil, "/data/new", true)
	info, err := os.Stat(filepath.Join(dir, "new"))
	must(t, err)
	if st.Ino == info.Sys().(*syscall.Stat_t).Ino {
		t.Error("the guest sees the host's inode number")
	}
}

// TestMountHardLinks: those that exist are the owner's. A new content leaves the other name alone, a change in place does not.
func TestMountHardLinks(t *testing.T) {
	outside := hostFolder(t, map[string]string{"f": "one"})
	dir := t.TempDir()
	if err := os.Link(filepath.Join(outside, "f"), filepath.Join(dir, "f")); err != nil {
		t.Skip(err)
	}
	f := mounted(t, dir, Mount{Access: AccessWrite})
	put(t, f, "/data/f", "two")
	if got := onHost(t, outside, "f"); got != "one" {
		t.Errorf("the other name has %q", got)
	}
}

// swap exchanges two names in a folder again and again, until the function that it returns is called.
func swap(t *testing.T, dir, a, b string) (stop func()) {
	t.Helper()
	var done atomic.Bool
	finished := make(chan struct{})
	one, two, third := filepath.Join(dir, a), filepath.Join(dir, b), filepath.Join(dir, "swapping")
	go func() {
		defer close(finished)
		for !done.Load() {
			os.Rename(one, third)
			os.Rename(two, one)
			os.Rename(third, two)
		}
	}()
	return func() { done.Store(true); <-finished }
}

// TestMountRaces lets the host put links, pipes and other folders in the place of what the guest is using. Whatever the guest does lands inside.
func TestMountRaces(t *testing.T) {
	const rounds = 1500
	for _, kind := range []string{"link", "relative link", "pipe", "file link"} {
		t.Run(kind, func(t *testing.T) {
			outside := hostFolder(t, map[string]string{"f": "outside", "sub/f": "outside"})
			dir := hostFolder(t, map[string]string{"d/f": "inside", "d/sub/f": "inside"})
			place, a, b := dir, "d", "other"
			switch kind {
			case "link":
				must(t, os.Symlink(outside, filepath.Join(dir, "other")))
			case "relative link":
				rel, err := filepath.Rel(dir, outside)
				must(t, err)
				must(t, os.Symlink(rel, filepath.Join(dir, "other")))
			case "pipe":
				must(t, syscall.Mkfifo(filepath.Join(dir, "other"), 0o666))
			case "file link":
				place, a, b = filepath.Join(dir, "d"), "f", "other"
				must(t, os.Symlink(filepath.Join(outside, "f"), filepath.Join(place, "other")))
			}
			f := mounted(t, dir, Mount{Access: AccessWrite})
			stop := swap(t, place, a, b)
			deadline := time.Now().Add(20 * time.Second)
			reached := 0
			for i := 0; i < rounds || reached == 0; i++ { // a busy machine may leave the folder away for all of the rounds
				if time.Now().After(deadline) {
					break // a slow machine: fewer rounds
				}
				path := "/data/d/f"
				if i%3 == 0 {
					path = "/data/d/sub/f"
				}
				h, e := f.Open(nil, path, Read)
				if e == OK {
					b := make([]byte, 100)
					n, _ := h.Read(b)
					if string(b[:n]) == "outside" {
						t.Fatal("the guest has read a file outside its grant")
					}
					reached++
					h.Close()
				}
				switch i % 8 {
				case 0:
					if h, e := f.Open(nil, fmt.Sprint("/data/d/new", i), Write|Create); e == OK {
						h.Write([]byte("x"))
						h.Close()
					}
				case 1:
					if h, e := f.Open(nil, "/data/d/log", Write|Append|Create); e == OK {
						h.Write([]byte("x"))
						h.Close()
					}
				case 2:
					f.Mkdir(nil, fmt.Sprint("/data/d/made", i))
				case 3:
					f.Unlink(nil, fmt.Sprint("/data/d/new", i-3))
				case 4:
					f.Rename(nil, "/data/d/log", nil, "/data/d/log2")
				case 5:
					f.Rename(nil, "/data/d/log2", nil, "/data/moved")
				case 6:
					if h, e := f.Open(nil, "/data/d", Read|Directory); e == OK {
						h.ReadDir(0, func(d DirEntry) bool { return true })
						h.Close()
					}
				case 7:
					f.Rmdir(nil, fmt.Sprint("/data/d/made", i-5))
				}
			}
			stop()
			if got := onHost(t, outside, "f") + onHost(t, outside, "sub/f"); got != "outsideoutside" {
				t.Errorf("files outside hold %q", got)
			}
			list, err := os.ReadDir(outside)
			must(t, err)
			if len(list) != 2 {
				t.Errorf("the folder outside has %v", list)
			}
			if reached == 0 {
				t.Error("the file inside was never read: the test shows nothing")
			}
		})
	}
}

func openHostFiles(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip(err)
	}
	return len(list)
}

// TestMountDescriptors counts the process's own descriptors.
func TestMountDescriptors(t *testing.T) {
	dir := hostFolder(t, map[string]string{strings.Repeat("d/", 40) + "f": "x"})
	before := openHostFiles(t)
	f := New(Options{})
	for i := range MaxMounts {
		must(t, f.MountHost(fmt.Sprint("/m", i), Mount{Host: dir, Access: AccessWrite}))
	}
	for i := range 2000 {
		f.Open(nil, fmt.Sprint("/m", i%MaxMounts, "/", strings.Repeat("d/", 40), "f"), Read)
	}
	if n := openHostFiles(t) - before; n > 256 {
		t.Errorf("%d descriptors are open", n)
	}
	f.Close()
	if n := openHostFiles(t) - before; n > 0 {
		t.Errorf("%d descriptors are open after Close", n)
	}
}
