// Command files uses every part of package os that a file system has, and prints what it sees. The test of package wasi runs it
// natively and as wasip1, and the output must not differ. Go's wasip1 resolves dots in paths itself, so those are not here. Its first argument is a folder to work in.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

func main() {
	root := os.Args[1]
	check("chdir", os.Chdir(root))
	basics()
	opening()
	folders()
	moving()
	links()
	sizes()
	times()
	positions()
	unlinked()
	deep()
	many()
	listing()
	streams()
}

// check prints what an operation did, without what differs between systems.
func check(what string, err error) {
	if err == nil {
		fmt.Println(what, "ok")
		return
	}
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		fmt.Println(what, err)
		return
	}
	names := map[syscall.Errno]string{
		syscall.ENOENT: "ENOENT", syscall.EEXIST: "EEXIST", syscall.ENOTDIR: "ENOTDIR", syscall.EISDIR: "EISDIR",
		syscall.ENOTEMPTY: "ENOTEMPTY", syscall.EINVAL: "EINVAL", syscall.ELOOP: "ELOOP", syscall.EBADF: "EBADF",
		syscall.ENAMETOOLONG: "ENAMETOOLONG", syscall.EPERM: "EPERM", syscall.EBUSY: "EBUSY", syscall.EACCES: "EACCES",
		syscall.EXDEV: "EXDEV", syscall.EROFS: "EROFS",
	}
	if names[errno] == "" {
		fmt.Println(what, "errno", int(errno), err)
		return
	}
	fmt.Println(what, names[errno])
}

func write(name, text string) { check("write "+name, os.WriteFile(name, []byte(text), 0o600)) }

func show(name string) {
	data, err := os.ReadFile(name)
	check("read "+name, err)
	if err == nil {
		fmt.Printf("  %d %.40q\n", len(data), data)
	}
}

func basics() {
	write("a.txt", "hello")
	show("a.txt")
	write("a.txt", "bye")
	show("a.txt")
	write("empty", "")
	show("empty")
	show("missing")
	show("a.txt/x")
	show(".")
	write("missing/x", "y")
	write("naïve-日本.txt", "unicode")
	show("naïve-日本.txt")
	write(strings.Repeat("n", 255), "longest")
	write(strings.Repeat("n", 256), "too long")
	info, err := os.Stat("a.txt")
	check("stat", err)
	fmt.Println(info.Name(), info.Size(), info.Mode().IsRegular(), info.IsDir())
	info, err = os.Stat(".")
	check("stat .", err)
	fmt.Println(info.IsDir())
	check("remove", os.Remove("a.txt"))
	check("remove again", os.Remove("a.txt"))
	check("remove long", os.Remove(strings.Repeat("n", 255)))
}

func opening() {
	try := func(what, name string, flags int) *os.File {
		f, err := os.OpenFile(name, flags, 0o600)
		check("open "+what, err)
		return f
	}
	close := func(f *os.File) { check("close", f.Close()) }
	close(try("create excl", "o", os.O_CREATE|os.O_EXCL|os.O_WRONLY))
	try("excl again", "o", os.O_CREATE|os.O_EXCL|os.O_WRONLY)
	f := try("rw", "o", os.O_RDWR)
	_, err := f.WriteString("0123456789")
	check("write", err)
	close(f)
	check("close twice", errIs(f.Close(), os.ErrClosed))
	f = try("append", "o", os.O_APPEND|os.O_WRONLY)
	_, err = f.WriteString("abc")
	check("append", err)
	_, err = f.Read(make([]byte, 1))
	check("read of write-only", err)
	close(f)
	show("o")
	f = try("read-only", "o", os.O_RDONLY)
	_, err = f.WriteString("no")
	check("write of read-only", err)
	check("truncate of read-only", errNil(f.Truncate(1)))
	close(f)
	f = try("trunc", "o", os.O_TRUNC|os.O_WRONLY)
	close(f)
	show("o")
	try("missing", "nothing", os.O_RDWR)
	try("folder for writing", ".", os.O_WRONLY)
	check("mkdir", os.Mkdir("od", 0o700))
	try("slash", "o/", os.O_RDONLY)
	try("create slash", "new/", os.O_CREATE|os.O_WRONLY)
	close(try("folder slash", "od/", os.O_RDONLY))
	f = try("folder", "od", os.O_RDONLY)
	_, err = f.Read(make([]byte, 1))
	check("read of folder", err)
	close(f)
	check("rmdir", os.Remove("od"))
	check("remove", os.Remove("o"))
}

func errIs(err, target error) error {
	if errors.Is(err, target) {
		return nil
	}
	return fmt.Errorf("got %v", err)
}

func errNil(err error) error {
	if err != nil {
		return nil
	}
	return errors.New("no error")
}

func folders() {
	check("mkdir", os.Mkdir("d", 0o700))
	check("mkdir again", os.Mkdir("d", 0o700))
	check("mkdir slash", os.Mkdir("d2/", 0o700))
	check("mkdir below nothing", os.Mkdir("x/y", 0o700))
	check("mkdirall", os.MkdirAll("d/1/2/3", 0o700))
	write("d/f", "x")
	check("mkdir below file", os.Mkdir("d/f/g", 0o700))
	check("rmdir full", syscall.Rmdir("d"))
	check("rmdir file", syscall.Rmdir("d/f"))
	check("unlink file slash", syscall.Unlink("d/f/"))
	check("rmdir", syscall.Rmdir("d/1/2/3"))
	show("d/../d/./f")
	check("stat dots", stat("d/1/../../d/f"))
	check("stat above root", stat("../../../../../../../../../../../../../../../.."))
	check("removeall", os.RemoveAll("d"))
	check("removeall again", os.RemoveAll("d"))
	check("stat", stat("d"))
	check("rmdir d2", syscall.Rmdir("d2"))
}

func stat(name string) error { _, err := os.Stat(name); return err }

func moving() {
	write("m1", "one")
	write("m2", "two")
	check("rename over", os.Rename("m1", "m2"))
	show("m2")
	check("stat", stat("m1"))
	check("rename missing", os.Rename("m1", "m3"))
	check("mkdir", os.MkdirAll("md/sub", 0o700))
	check("file over folder", syscall.Rename("m2", "md"))
	check("folder over file", syscall.Rename("md", "m2"))
	check("into itself", syscall.Rename("md", "md/sub/x"))
	check("over parent", syscall.Rename("md/sub", "md"))
	check("same", os.Rename("m2", "m2"))
	check("into folder", os.Rename("m2", "md/sub/m"))
	check("folder", os.Rename("md", "me"))
	show("me/sub/m")
	check("mkdir", os.Mkdir("mf", 0o700))
	check("over empty folder", syscall.Rename("me", "mf"))
	show("mf/sub/m")
	check("mkdir", os.Mkdir("mg", 0o700))
	check("over full folder", syscall.Rename("mg", "mf"))
	check("file to slash", syscall.Rename("mf/sub/m", "mx/"))
	check("folder to slash", syscall.Rename("mg", "mh/"))
	check("up", os.Rename("mf/sub/m", "mf/sub/../../m"))
	show("m")
	check("removeall", errors.Join(os.RemoveAll("mf"), os.RemoveAll("mh"), os.Remove("m")))
}

func links() {
	write("target", "content")
	check("symlink", os.Symlink("target", "link"))
	check("symlink again", os.Symlink("target", "link"))
	show("link")
	to, err := os.Readlink("link")
	check("readlink "+to, err)
	_, err = os.Readlink("target")
	check("readlink of file", err)
	info, err := os.Lstat("link")
	check("lstat", err)
	fmt.Println(info.Mode()&fs.ModeSymlink != 0)
	info, err = os.Stat("link")
	check("stat", err)
	fmt.Println(info.Size(), info.Mode().IsRegular())
	check("dangling", os.Symlink("nowhere", "dangling"))
	show("dangling")
	check("lstat", lstat("dangling"))
	check("mkdir on dangling", os.Mkdir("dangling", 0o700))
	_, err = os.OpenFile("dangling", os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	check("excl on dangling", err)
	write("dangling", "made through a link")
	show("nowhere")
	check("loop", os.Symlink("loop", "loop"))
	show("loop")
	check("pair", errors.Join(os.Symlink("pair2", "pair1"), os.Symlink("pair1", "pair2")))
	show("pair1")
	check("mkdir", os.MkdirAll("ld/e", 0o700))
	write("ld/e/f", "deep")
	check("folder link", os.Symlink("ld/e", "lf"))
	show("lf/f")
	check("stat slash", stat("lf/"))
	check("lstat slash", lstat("lf/"))
	check("file slash", stat("link/"))
	check("rmdir of link", syscall.Rmdir("lf"))
	check("rmdir of link slash", syscall.Rmdir("lf/"))
	check("unlink of link slash", errNil(syscall.Unlink("lf/")))
	check("link in folder", os.Symlink("../target", "ld/up"))
	show("ld/up")
	chain := "target"
	for i := range 30 {
		name := fmt.Sprint("chain", i)
		check("chain", os.Symlink(chain, name))
		chain = name
	}
	show(chain)
	check("rename link", os.Rename("lf", "lf2"))
	show("lf2/f")
	check("hard link", os.Link("target", "hard"))
	write("hard", "changed through a hard link")
	show("target")
	a, _ := os.Stat("target")
	b, _ := os.Stat("hard")
	c, _ := os.Stat("nowhere")
	fmt.Println(os.SameFile(a, b), os.SameFile(a, c))
	check("hard link of folder", os.Link("ld", "hard2"))
	check("hard link over", os.Link("target", "hard"))
	check("rename to same inode", os.Rename("target", "hard"))
	check("both there", errors.Join(stat("target"), stat("hard")))
	check("remove one", os.Remove("target"))
	show("hard")
	check("chtimes through link", os.Chtimes("link", time.Unix(1, 0), time.Unix(2, 0)))
	check("empty target", errNil(os.Symlink("", "e")))
	all, _ := os.ReadDir(".")
	for _, e := range all {
		check("removeall "+e.Name(), os.RemoveAll(e.Name()))
	}
}

func lstat(name string) error { _, err := os.Lstat(name); return err }

func sizes() {
	f, err := os.Create("s")
	check("create", err)
	check("extend", f.Truncate(100_000))
	size := func() {
		info, err := f.Stat()
		check("stat", err)
		fmt.Println(info.Size())
	}
	size()
	_, err = f.WriteAt([]byte("tail"), 99_998)
	check("writeat", err)
	size()
	check("shrink", f.Truncate(70_000))
	_, err = f.WriteAt([]byte("x"), 69_000)
	check("writeat", err)
	check("shrink", f.Truncate(68_999))
	check("grow", f.Truncate(70_000))
	data, err := os.ReadFile("s")
	check("read", err)
	fmt.Println(len(data), strings.Trim(string(data), "\x00") == "")
	_, err = f.Seek(200_000, io.SeekStart)
	check("seek", err)
	_, err = f.WriteString("hole")
	check("write", err)
	size()
	check("zero", f.Truncate(0))
	_, err = f.WriteString("beyond")
	check("write", err)
	size()
	check("negative", errNil(f.Truncate(-1)))
	check("truncate path", os.Truncate("s", 7))
	show("s")
	check("truncate missing", os.Truncate("none", 7))
	check("truncate folder", errNil(os.Truncate(".", 7)))
	check("close", f.Close())
	big := strings.Repeat("0123456789abcdef", 1<<16)
	write("big", big)
	data, err = os.ReadFile("big")
	check("read", err)
	fmt.Println(string(data) == big)
	check("sync", func() error {
		f, _ := os.OpenFile("big", os.O_RDWR, 0)
		defer f.Close()
		return f.Sync()
	}())
	check("remove", errors.Join(os.Remove("s"), os.Remove("big")))
}

func times() {
	write("t", "x")
	when := time.Unix(1_600_000_000, 123_456_789)
	check("chtimes", os.Chtimes("t", when, when))
	info, err := os.Stat("t")
	check("stat", err)
	fmt.Println(info.ModTime().UnixNano())
	write("t", "y")
	info, _ = os.Stat("t")
	fmt.Println(time.Since(info.ModTime()) < time.Minute)
	check("chtimes missing", os.Chtimes("none", when, when))
	check("mkdir", os.Mkdir("td", 0o700))
	check("chtimes folder", os.Chtimes("td", when, when))
	write("td/x", "")
	info, _ = os.Stat("td")
	fmt.Println(info.ModTime().After(when))
	check("removeall", errors.Join(os.RemoveAll("td"), os.Remove("t")))
}

func positions() {
	write("p", "0123456789")
	f, err := os.OpenFile("p", os.O_RDWR, 0)
	check("open", err)
	seek := func(off int64, whence int) {
		pos, err := f.Seek(off, whence)
		check("seek", err)
		fmt.Println(" at", pos)
	}
	read := func(n int) {
		b := make([]byte, n)
		got, err := f.Read(b)
		fmt.Printf("read %q %v\n", b[:got], err)
	}
	read(3)
	seek(0, io.SeekCurrent)
	seek(-2, io.SeekEnd)
	read(5)
	read(5)
	seek(-100, io.SeekCurrent)
	seek(100, io.SeekStart)
	read(1)
	seek(0, 9)
	b := make([]byte, 4)
	n, err := f.ReadAt(b, 8)
	fmt.Println(n, err)
	n, err = f.WriteAt([]byte("ab"), 1)
	fmt.Println(n, err)
	seek(0, io.SeekStart)
	read(20)
	check("close", f.Close())
	check("remove", os.Remove("p"))
}

func unlinked() {
	write("u", "still here")
	f, err := os.OpenFile("u", os.O_RDWR, 0)
	check("open", err)
	check("remove", os.Remove("u"))
	check("stat", stat("u"))
	data, err := io.ReadAll(f)
	fmt.Printf("%q %v\n", data, err)
	_, err = f.WriteString(" and grows")
	check("write", err)
	write("u", "another")
	_, err = f.Seek(0, io.SeekStart)
	check("seek", err)
	data, _ = io.ReadAll(f)
	fmt.Printf("%q\n", data)
	check("close", f.Close())
	show("u")
	check("remove", os.Remove("u"))
	check("mkdir", os.Mkdir("ud", 0o700))
	f, err = os.Open("ud")
	check("open", err)
	check("rmdir", os.Remove("ud"))
	names, err := f.Readdirnames(-1)
	check(fmt.Sprint("list ", names), err)
	check("close", f.Close())
}

func deep() {
	path := "deep"
	for i := range 60 {
		path = filepath.Join(path, fmt.Sprintf("level-%d", i))
	}
	check("mkdirall", os.MkdirAll(path, 0o700))
	write(path+"/leaf", "found")
	show(path + "/leaf")
	depth := 0
	check("walk", filepath.WalkDir("deep", func(p string, d fs.DirEntry, err error) error {
		depth++
		return err
	}))
	fmt.Println(depth)
	check("too long", stat(strings.Repeat("d/", 3000)))
	check("removeall", os.RemoveAll("deep"))
}

func many() {
	check("mkdir", os.Mkdir("many", 0o700))
	for i := range 3000 {
		if err := os.WriteFile(fmt.Sprintf("many/%d", i), []byte{byte(i)}, 0o600); err != nil {
			check("write", err)
		}
	}
	all, err := os.ReadDir("many")
	check("readdir", err)
	fmt.Println(len(all))
	// Removing while listing must neither skip nor repeat.
	f, err := os.Open("many")
	check("open", err)
	seen := map[string]bool{}
	for {
		names, err := f.Readdirnames(7)
		for _, name := range names {
			seen[name] = true
			if err := os.Remove("many/" + name); err != nil {
				check("remove", err)
			}
		}
		if err != nil {
			fmt.Println(err)
			break
		}
	}
	fmt.Println(len(seen))
	check("rmdir", errors.Join(f.Close(), os.Remove("many")))
}

func listing() {
	check("mkdir", os.MkdirAll("l/sub", 0o700))
	write("l/file", "12345")
	check("symlink", os.Symlink("file", "l/link"))
	all, err := os.ReadDir("l")
	check("readdir", err)
	for _, e := range all {
		info, err := e.Info()
		fmt.Println(e.Name(), e.IsDir(), e.Type()&fs.ModeSymlink != 0, info.IsDir(), err)
	}
	_, err = os.ReadDir("l/file")
	check("readdir of file", err)
	_, err = os.ReadDir("l/none")
	check("readdir of nothing", err)
	matches, err := filepath.Glob("l/*i*")
	fmt.Println(matches, err)
	data, err := fs.ReadFile(os.DirFS("l"), "file")
	fmt.Println(string(data), err)
	temp, err := os.CreateTemp(".", "x-*")
	check("temp", err)
	check("remove", errors.Join(temp.Close(), os.Remove(temp.Name()), os.RemoveAll("l")))
}

func streams() {
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		fmt.Println("line", in.Text())
	}
	fmt.Println(os.Args[2:], os.Getenv("WAND_TEST"))
	fmt.Fprintln(os.Stderr, "to stderr")
	start := time.Now()
	time.Sleep(20 * time.Millisecond)
	fmt.Println(time.Since(start) >= 20*time.Millisecond)
	os.Exit(7)
}
