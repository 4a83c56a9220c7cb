package toolchain

import (
	"debug/elf"
	"os"
	"path/filepath"
	"strings"
)

// maxLibraries is how many shared libraries of one program are looked for.
const maxLibraries = 200

// sharedLibraries lists the files that the loader needs for programs, the loader among them: those files, and not the folders that they lie in with much else.
// What is no ELF file, or is linked statically, needs none. A library that is not found is left out; the loader will say so.
func sharedLibraries(programs ...string) []string {
	s := &librarySearch{seen: map[string]bool{}}
	for _, p := range programs {
		s.needed(p, nil)
	}
	if len(s.found) > 0 {
		s.found = append(s.found, "/etc/ld.so.cache") // where the loader looks first
	}
	return s.found
}

type librarySearch struct {
	seen  map[string]bool
	found []string
}

// needed adds what one ELF file names. inherited are the folders in which those that need it look.
func (s *librarySearch) needed(path string, inherited []string) {
	real, err := filepath.EvalSymlinks(path)
	if err != nil || s.seen[real] || len(s.seen) == maxLibraries {
		return
	}
	s.seen[real] = true
	f, err := elf.Open(real)
	if err != nil {
		return
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type != elf.PT_INTERP || p.Filesz > 4096 {
			continue
		}
		name := make([]byte, p.Filesz)
		if _, err := p.ReadAt(name, 0); err == nil {
			s.add(strings.TrimRight(string(name), "\x00"))
		}
	}
	dirs := inherited
	for _, tag := range []elf.DynTag{elf.DT_RPATH, elf.DT_RUNPATH} {
		paths, _ := f.DynString(tag)
		for _, list := range paths {
			for dir := range strings.SplitSeq(list, ":") {
				dir = strings.NewReplacer("$ORIGIN", filepath.Dir(real), "${ORIGIN}", filepath.Dir(real)).Replace(dir)
				dirs = append(dirs[:len(dirs):len(dirs)], dir)
			}
		}
	}
	libraries, _ := f.ImportedLibraries()
	for _, name := range libraries {
		for _, dir := range append(dirs[:len(dirs):len(dirs)], libraryFolders(f.Machine)...) {
			if file := filepath.Join(dir, name); isFile(file) && s.sameMachine(file, f) {
				s.add(file)
				s.needed(file, dirs)
				break
			}
		}
	}
}

func (s *librarySearch) sameMachine(file string, as *elf.File) bool {
	f, err := elf.Open(file)
	if err != nil {
		return false
	}
	defer f.Close()
	return f.Machine == as.Machine && f.Class == as.Class
}

func (s *librarySearch) add(file string) {
	if _, err := os.Stat(file); err == nil && filepath.IsAbs(file) {
		s.found = append(s.found, file)
	}
}

// libraryFolders are where the loaders of the usual systems look.
func libraryFolders(machine elf.Machine) []string {
	folders := []string{"/lib64", "/usr/lib64", "/lib", "/usr/lib", "/usr/local/lib64", "/usr/local/lib"}
	if arch := map[elf.Machine]string{elf.EM_X86_64: "x86_64", elf.EM_AARCH64: "aarch64"}[machine]; arch != "" {
		folders = append([]string{"/lib/" + arch + "-linux-gnu", "/usr/lib/" + arch + "-linux-gnu", "/usr/local/lib/" + arch + "-linux-gnu"}, folders...)
	}
	return folders
}
