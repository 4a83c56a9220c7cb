package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"wand/policies"
	"wand/policies/units"
	"wand/runtime"
)

// maxInput bounds a JSON value of the command line, in bytes.
const maxInput = 64 << 20

// readJSON reads the value of an option: JSON, or @FILE.
func readJSON(option, value string) (json.RawMessage, error) {
	text := []byte(value)
	from := "--" + option
	if name, ok := strings.CutPrefix(value, "@"); ok {
		f, err := os.Open(name)
		if err != nil {
			return nil, cannotRead(name, err)
		}
		defer f.Close()
		// Not by its size: a pipe and a device have none.
		if text, err = io.ReadAll(io.LimitReader(f, maxInput+1)); err != nil {
			return nil, cannotRead(name, err)
		}
		if len(text) > maxInput {
			return nil, usage("%s: %s has more than %s; give it as --file and let the program read it", from, name, units.Bytes(maxInput))
		}
		from += ": " + name
	}
	var v json.RawMessage
	if err := json.Unmarshal(text, &v); err != nil {
		where := ""
		if s, ok := err.(*json.SyntaxError); ok {
			where = fmt.Sprintf(" (byte %d)", s.Offset)
		}
		return nil, usage("%s is not JSON: %v%s; a text needs quotes of its own, as in: --%s '\"text\"'", from, err, where, option)
	}
	return v, nil
}

// readFiles reads what the options --file SRC[:DST] name; a folder brings all regular files in it. Together they may take limit bytes,
// which is the storage that the run has for them.
func readFiles(options []string, limit int64) ([]runtime.File, error) {
	var files []runtime.File
	var total int64
	add := func(source, target string) error {
		info, err := os.Stat(source)
		if err != nil {
			return cannotRead(source, err)
		}
		if !info.Mode().IsRegular() {
			return usage("--file: %s is not a regular file", source)
		}
		if total += info.Size(); total > limit {
			return usage("--file: the files are larger than the storage of the run, %s; raise it with --storage", units.Bytes(limit))
		}
		data, err := os.ReadFile(source)
		if err != nil {
			return cannotRead(source, err)
		}
		files = append(files, runtime.File{Path: target, Data: data})
		return nil
	}
	for _, option := range options {
		source, target := splitFile(option)
		info, err := os.Stat(source)
		if err != nil {
			return nil, cannotRead(source, err)
		}
		if !info.IsDir() {
			if strings.HasSuffix(target, "/") {
				target += filepath.Base(source)
			}
			if err := add(source, target); err != nil {
				return nil, err
			}
			continue
		}
		err = filepath.WalkDir(source, func(name string, entry fs.DirEntry, err error) error {
			if err != nil {
				return cannotRead(name, err)
			}
			if !entry.Type().IsRegular() {
				return nil // folders come with their files; links could lead out
			}
			below, err := filepath.Rel(source, name)
			if err != nil {
				return err
			}
			return add(name, path.Join(target, filepath.ToSlash(below)))
		})
		if err != nil {
			return nil, err
		}
	}
	return files, placeable(files)
}

// placeable refuses files that cannot lie where they are to lie: the run would only fail.
func placeable(files []runtime.File) error {
	places := map[string]bool{}
	place := func(f runtime.File) string {
		if path.IsAbs(f.Path) {
			return path.Clean(f.Path)
		}
		return path.Join("/work", f.Path)
	}
	for _, f := range files {
		at := place(f)
		switch {
		case policies.Reserved(at):
			return usage("--file: %s cannot become the file %s: that is the sandbox's own", f.Path, at)
		case len(path.Base(at)) > 255:
			return usage("--file: the name %.60s… has %d bytes, and the most is 255", path.Base(at), len(path.Base(at)))
		}
		places[at] = true
	}
	for _, f := range files {
		for folder := path.Dir(place(f)); folder != "/"; folder = path.Dir(folder) {
			if places[folder] {
				return usage("--file: %s would be a file and a folder", folder)
			}
		}
	}
	return nil
}

// splitFile splits SRC[:DST]. A name that exists as it stands is a source without target, so that colons in names work.
func splitFile(option string) (source, target string) {
	if _, err := os.Stat(option); err == nil {
		return option, filepath.Base(option)
	}
	i := strings.LastIndexByte(option, ':')
	if i <= 0 || i == len(option)-1 || i == 1 && filepath.VolumeName(option) != "" {
		return strings.TrimSuffix(option, ":"), filepath.Base(strings.TrimSuffix(option, ":"))
	}
	return option[:i], option[i+1:]
}

// maxPackage bounds one package file, in bytes.
const maxPackage = 512 << 20

// readAtMost reads a file whole, by what is in it: a pipe and a device have no size, and a file may grow.
func readAtMost(name string, most int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, cannotRead(name, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, cannotRead(name, err)
	}
	b := bytes.NewBuffer(make([]byte, 0, min(max(info.Size(), 0), most)+bytes.MinRead))
	if _, err := b.ReadFrom(io.LimitReader(f, most+1)); err != nil {
		return nil, cannotRead(name, err)
	}
	if int64(b.Len()) > most {
		return nil, usage("%s has more than %s, which is the most that is read", name, units.Bytes(most))
	}
	return b.Bytes(), nil
}

// readPackages opens what the options --package name: an added package, a wheel, a zip file or a folder.
func readPackages(options []string) ([]runtime.Package, error) {
	var packages []runtime.Package
	for _, option := range options {
		added, ok, err := addedPackages(option)
		if err != nil {
			return nil, err
		}
		if ok {
			packages = append(packages, added...)
			continue
		}
		info, err := os.Stat(option)
		if err != nil {
			return nil, cannotRead(option, err)
		}
		p := runtime.Package{Name: filepath.Base(option)}
		switch {
		case info.IsDir():
			p.Dir = os.DirFS(option)
		default:
			if p.Data, err = readAtMost(option, maxPackage); err != nil {
				return nil, err
			}
			if !strings.HasPrefix(string(p.Data[:min(4, len(p.Data))]), "PK") {
				return nil, usage("--package: %s is neither a folder nor a zip file or wheel", option)
			}
		}
		packages = append(packages, p)
	}
	return packages, nil
}

// outside is the folder below --out for files that the program wrote outside its working directory.
const outside = "_root"

// writeOut stores the files of a run below dir: /work/a/b becomes dir/a/b, /tmp/c becomes dir/_root/tmp/c. The names are the program's,
// so everything goes through os.Root, which no name and no link leads out of.
func writeOut(dir string, files []runtime.FileChange) (int, error) {
	if len(files) == 0 {
		return 0, nil
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return 0, fmt.Errorf("--out: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return 0, fmt.Errorf("--out: %w", err)
	}
	defer root.Close()
	for i, f := range files {
		name := path.Clean("/" + f.Path)
		if below, ok := strings.CutPrefix(name, "/work/"); ok {
			name = below
		} else {
			name = outside + name
		}
		if err := root.MkdirAll(filepath.FromSlash(path.Dir(name)), 0o777); err != nil {
			return i, fmt.Errorf("--out: %w", err)
		}
		if err := root.WriteFile(filepath.FromSlash(name), f.Content(), 0o666); err != nil {
			return i, fmt.Errorf("--out: %w", err)
		}
	}
	return len(files), nil
}
