package main

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"wand/runtime/packagestore"
)

var (
	//go:embed driver.py
	driverText string
	//go:embed packages.lock
	lockText []byte
)

// suite is the tests of one package.
type suite struct {
	name, version string
	root          string   // folder that is mounted
	files         []string // test files, sorted, such as numpy/fft/tests/test_helper.py
	leftOut       []folder
	config        string   // pytest's configuration, the package's own, in its source
	options       []string // of pytest
	env           map[string]string
}

// folder is one whose tests are not run.
type folder struct {
	path, reason string
	files        int
}

// Files of data that pandas' source archive leaves out are a reason to skip what reads them. The marks are those with which the packages' own developers run their tests by default. Their options for output are left out.
func knownSuites() []*suite {
	const compiles = "tests of compiling C and Fortran extensions; a guest has no compiler, and the package is not in it"
	return []*suite{
		{
			name: "numpy", config: "pytest.ini", options: []string{"-o", "addopts=", "-m", "not slow"},
			// Tests that say how much memory they want are left out above this.
			env:     map[string]string{"NPY_AVAILABLE_MEM": "1 GB"},
			leftOut: []folder{{path: "numpy/distutils", reason: compiles}, {path: "numpy/f2py", reason: compiles}, {path: "numpy/_pyinstaller", reason: "tests of packing programs with pyinstaller; it is not there"}},
		},
		{
			name: "pandas", config: "pyproject.toml",
			leftOut: []folder{{path: "pandas/tests/plotting", reason: "tests of what is drawn by matplotlib, for which there is a stand-in here"}},
			options: []string{"-o", "addopts=--strict-markers --strict-config --no-strict-data-files", "-m", "not slow and not network and not db and not single_cpu"},
		},
	}
}

// openSuites unpacks the tests from the pinned archives, where that was not done before.
func openSuites(science, sources, work string) ([]*suite, error) {
	name := filepath.Join(science, "sources.txt")
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	pins, err := packagestore.ParseRequirements(name, text)
	if err != nil {
		return nil, err
	}
	list := knownSuites()
	for _, s := range list {
		i := slices.IndexFunc(pins, func(r packagestore.FileRequirement) bool { return r.Name == s.name })
		if i < 0 {
			return nil, fmt.Errorf("%s does not pin %s", name, s.name)
		}
		s.version = strings.TrimPrefix(pins[i].Versions, "==")
		archive, digest, err := findArchive(sources, fmt.Sprintf("%s-%s.tar.gz", s.name, s.version), pins[i].Hashes)
		if err != nil {
			return nil, err
		}
		s.root = filepath.Join(work, fmt.Sprintf("%s-%s-%s", s.name, s.version, digest[:12]))
		if _, err := os.Stat(s.root); errors.Is(err, fs.ErrNotExist) {
			err = s.unpack(archive)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", archive, err)
			}
		}
		if err := s.list(); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// findArchive returns the archive of that name which has one of the hashes.
func findArchive(sources, name string, hashes []string) (file, digest string, err error) {
	found, err := filepath.Glob(filepath.Join(sources, "science-*", name))
	if err != nil {
		return "", "", err
	}
	for _, file := range found {
		text, err := os.ReadFile(file)
		if err != nil {
			return "", "", err
		}
		sum := sha256.Sum256(text)
		if digest := hex.EncodeToString(sum[:]); slices.Contains(hashes, "--hash=sha256:"+digest) {
			return file, digest, nil
		}
	}
	return "", "", fmt.Errorf("there is no %s with the hash of sources.txt below %s; a build of the guest brings it: make guests SCIENCE=1", name, sources)
}

// unpack writes the tests and what configures them below s.root, whole or not at all.
func (s *suite) unpack(archive string) (err error) {
	f, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer f.Close()
	packed, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(s.root), 0o755); err != nil {
		return err
	}
	work, err := os.MkdirTemp(filepath.Dir(s.root), ".new-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	to, err := os.OpenRoot(work)
	if err != nil {
		return err
	}
	defer to.Close()
	for archive := tar.NewReader(packed); ; {
		header, err := archive.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		_, name, _ := strings.Cut(header.Name, "/")
		if header.Typeflag != tar.TypeReg || !s.wants(name) {
			continue
		}
		text, err := io.ReadAll(archive)
		if err != nil {
			return err
		}
		if err := to.MkdirAll(path.Dir(name), 0o755); err != nil {
			return err
		}
		if err := to.WriteFile(name, text, 0o644); err != nil {
			return err
		}
	}
	if err := s.addPackages(to); err != nil {
		return err
	}
	return os.Rename(work, s.root)
}

// wants says whether a file of the source is part of the tests.
func (s *suite) wants(name string) bool {
	if name == s.config || name == s.name+"/conftest.py" {
		return true
	}
	return strings.HasPrefix(name, s.name+"/") && strings.Contains(name, "/tests/") && !strings.Contains(name, "/src/")
}

// addPackages makes a package of each folder that has none of its own file for it, by which pytest finds out what a test module is called.
func (s *suite) addPackages(to *os.Root) error {
	return fs.WalkDir(to.FS(), s.name, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		init := name + "/__init__.py"
		if _, err := to.Stat(init); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return to.WriteFile(init, nil, 0o644)
	})
}

// list fills in files and leftOut.
func (s *suite) list() error {
	return fs.WalkDir(os.DirFS(s.root), s.name, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasPrefix(d.Name(), "test_") || path.Ext(name) != ".py" {
			return err
		}
		for i := range s.leftOut {
			if strings.HasPrefix(name, s.leftOut[i].path+"/") {
				s.leftOut[i].files++
				return nil
			}
		}
		s.files = append(s.files, name)
		return nil
	})
}
