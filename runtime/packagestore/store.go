// Package packagestore keeps the Python packages that somebody has added to this machine: wheels, each once, under the digest of its content, and a lock file
// that says what they are. Packages come from the index that pip is configured with, or as files; pip resolves and downloads, and nothing of a package runs.
// Runs import what their policy lists, or what they are given; a Store is the runtime.PackageStore for that. The command and embedders call it; it imports
// the runtime and what that imports.
package packagestore

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"wand/hostfuncs/durable"
	"wand/policies"
	"wand/policies/nearest"
	"wand/runtime"
)

// Schema is the value of Lock.Schema.
const Schema = "wand.packages/v1"

// Lock says what is in a store: the format of the store's own file and of wand.lock. Packages are sorted by name, so that the same packages are the same text.
type Lock struct {
	Schema   string   `json:"schema"`
	Python   string   `json:"python" jsonschema:"the version of Python that the packages were resolved for"`
	Packages []Locked `json:"packages"`
}

// Locked is one package.
type Locked struct {
	Name      string   `json:"name" jsonschema:"in normal form (PEP 503)"`
	Version   string   `json:"version"`
	Wheel     string   `json:"wheel" jsonschema:"name of the file that was downloaded"`
	SHA256    string   `json:"sha256" jsonschema:"of that file, hexadecimal"`
	Bytes     int64    `json:"bytes"`
	Requested string   `json:"requested,omitempty" jsonschema:"the requirement that somebody asked for; without it the package is there because another one needs it"`
	Requires  []string `json:"requires,omitempty" jsonschema:"what it needs, as its metadata says"`
	Modules   []string `json:"modules" jsonschema:"top-level modules that it provides"`
	LeftOut   []string `json:"left_out,omitempty" jsonschema:"files with native code that the package does without"`
}

// Store is a folder of packages. It is safe for concurrent use, by several processes too: a wheel does not change once it is there, and the lock file is
// replaced whole.
type Store struct {
	dir string

	mu     sync.Mutex
	stamp  stamp // of the lock file that was read
	lock   *Lock
	opened map[string]*wheelFS // by digest
}

type stamp struct {
	size     int64
	modified time.Time
}

var _ runtime.PackageStore = (*Store)(nil)

// Names in the store's folder.
const (
	lockName   = "packages.json"
	wheelsName = "wheels"
	busyName   = "busy" // who changes the store holds it
	workPrefix = ".wand-add-"
)

// ErrDamaged says that a file of the store is not what was put there.
var ErrDamaged = errors.New("the store of packages is damaged")

// Open opens the store in a folder, which is made when the first package is added.
func Open(dir string) (*Store, error) {
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return nil, fmt.Errorf("%s is not a folder", dir)
	}
	return &Store{dir: dir, opened: map[string]*wheelFS{}}, nil
}

// Path is the store's folder.
func (s *Store) Path() string { return s.dir }

// Lock returns what is in the store.
func (s *Store) Lock() (*Lock, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.current()
}

// current reads the lock file when it changed. The caller holds mu, and changes nothing of what it gets.
func (s *Store) current() (*Lock, error) {
	file := filepath.Join(s.dir, lockName)
	info, err := os.Stat(file)
	if errors.Is(err, fs.ErrNotExist) {
		s.lock, s.stamp = nil, stamp{}
		return newLock(), nil
	}
	if err != nil {
		return nil, err
	}
	now := stamp{info.Size(), info.ModTime()}
	if s.lock != nil && now == s.stamp {
		return s.lock, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	l, err := ParseLock(text)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w; move that file away, and add the packages again", ErrDamaged, file, err)
	}
	s.lock, s.stamp = l, now
	return l, nil
}

func newLock() *Lock { return &Lock{Schema: Schema, Python: pythonVersion, Packages: []Locked{}} }

// maxLock bounds a lock file, in bytes.
const maxLock = 16 << 20

// ParseLock reads a lock file and checks that it can be one.
func ParseLock(text []byte) (*Lock, error) {
	if len(text) > maxLock {
		return nil, fmt.Errorf("the lock file is larger than %d bytes", maxLock)
	}
	var head struct {
		Schema string `json:"schema"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return nil, fmt.Errorf("it is no lock file: %w", err)
	}
	if head.Schema != Schema {
		return nil, fmt.Errorf("it says schema %q, and this version of wand reads %q", head.Schema, Schema)
	}
	l := newLock()
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(l); err != nil {
		return nil, fmt.Errorf("it is no lock file: %w", err)
	}
	seen := map[string]bool{}
	for _, p := range l.Packages {
		switch {
		case !isName(p.Name):
			return nil, fmt.Errorf("%q is no name of a package", p.Name)
		case seen[p.Name]:
			return nil, fmt.Errorf("the package %s is there twice", p.Name)
		case !isDigest(p.SHA256):
			return nil, fmt.Errorf("the package %s has no SHA-256", p.Name)
		case !policies.PackageGrant{Name: p.Name}.Meets(p.Version):
			return nil, fmt.Errorf("the package %s has the version %q, which is none", p.Name, p.Version)
		case !wheelName.MatchString(p.Wheel):
			return nil, fmt.Errorf("%q is no name of a wheel", p.Wheel)
		}
		// pip reads it later.
		if asked, err := ParseRequirements("requested", []byte(p.Requested)); err != nil || p.Requested != "" && (len(asked) != 1 || policies.NormalPackage(asked[0].Name) != p.Name || strings.Contains(p.Requested, "\n")) {
			return nil, fmt.Errorf("the package %s says that %.60q was asked for, which is no requirement of it", p.Name, p.Requested)
		}
		seen[p.Name] = true
	}
	return l, nil
}

// isName says whether a text is the name of a package in normal form.
func isName(s string) bool {
	var g policies.PackageGrant
	return g.UnmarshalText([]byte(s)) == nil && g.Versions == "" && g.Name == s
}

func isDigest(s string) bool {
	return len(s) == 64 && strings.Trim(s, "0123456789abcdef") == ""
}

// Text is the lock file: JSON, the same for the same packages.
func (l *Lock) Text() []byte {
	slices.SortFunc(l.Packages, func(a, b Locked) int { return strings.Compare(a.Name, b.Name) })
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(l); err != nil {
		panic(err) // texts and numbers always encode
	}
	return b.Bytes()
}

// Package returns a package by its name, in any spelling.
func (l *Lock) Package(name string) (Locked, bool) {
	name = policies.NormalPackage(name)
	for _, p := range l.Packages {
		if p.Name == name {
			return p, true
		}
	}
	return Locked{}, false
}

// needs lists a package and what it needs, as far as it is there: what pip left out, a marker excluded. extras are those of the first.
func (l *Lock) needs(name string, extras []string) []Locked {
	var list []Locked
	have := map[string]bool{}
	type want struct {
		name   string
		extras []string
	}
	asked := map[string]bool{}
	todo := []want{{name, extras}}
	for len(todo) > 0 {
		w := todo[0]
		todo = todo[1:]
		p, ok := l.Package(w.name)
		if !ok {
			continue
		}
		if !have[p.Name] {
			have[p.Name] = true
			list = append(list, p)
			w.extras = append(w.extras, "")
		}
		if r, err := parseRequirement(p.Requested); err == nil {
			w.extras = append(w.extras, r.Extras...)
		}
		for _, extra := range w.extras {
			if key := p.Name + "\x00" + extra; asked[key] {
				continue
			} else {
				asked[key] = true
			}
			for _, text := range p.Requires {
				r, err := parseRequirement(text)
				if err == nil && r.extra() == extra {
					todo = append(todo, want{policies.NormalPackage(r.Name), r.Extras})
				}
			}
		}
	}
	return list
}

// Find implements runtime.PackageStore.
func (s *Store) Find(name string) ([]runtime.StoredPackage, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, err := s.current()
	if err != nil {
		return nil, err
	}
	found := l.needs(name, nil)
	if len(found) == 0 {
		return nil, fmt.Errorf("%w: %s", runtime.ErrNoPackage, name)
	}
	list := make([]runtime.StoredPackage, len(found))
	for i, p := range found {
		list[i] = s.stored(p)
	}
	return list, nil
}

// Providing implements runtime.PackageStore.
func (s *Store) Providing(module string) (runtime.StoredPackage, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, err := s.current()
	if err != nil {
		return runtime.StoredPackage{}, false
	}
	for _, p := range l.Packages {
		if slices.Contains(p.Modules, module) {
			return s.stored(p), true
		}
	}
	return runtime.StoredPackage{}, false
}

// Select returns the packages that requirements such as sympy or networkx>=3 name, with what they need, for runtime.Options.Packages.
func (s *Store) Select(requirements ...string) ([]runtime.Package, error) {
	var list []runtime.Package
	have := map[string]bool{}
	for _, text := range requirements {
		var g policies.PackageGrant
		if err := g.UnmarshalText([]byte(text)); err != nil {
			return nil, err
		}
		found, err := s.Find(g.Name)
		if errors.Is(err, runtime.ErrNoPackage) {
			return nil, fmt.Errorf("%w: %s was not added%s; add it: wand packages add %s", runtime.ErrNoPackage, g.Name, s.near(g.Name), quoted(text))
		}
		if err != nil {
			return nil, err
		}
		if !g.Meets(found[0].Version) {
			return nil, fmt.Errorf("%w: what was added is %s %s; add another version: wand packages add %s", runtime.ErrNoPackage, g.Name, found[0].Version, quoted(text))
		}
		for _, p := range found {
			if !have[p.Name] {
				have[p.Name] = true
				list = append(list, p.Package)
			}
		}
	}
	return list, nil
}

// near is the part of a message that names a package with a similar name.
func (s *Store) near(name string) string {
	l, err := s.Lock()
	if err != nil {
		return ""
	}
	var names []string
	for _, p := range l.Packages {
		names = append(names, p.Name)
	}
	if best := nearest.Name(name, names); best != "" {
		return fmt.Sprintf(" (did you mean %s?)", best)
	}
	return ""
}

// stored is a package as runs mount it. The caller holds mu.
func (s *Store) stored(p Locked) runtime.StoredPackage {
	w := s.opened[p.SHA256]
	if w == nil {
		w = &wheelFS{path: s.wheelPath(p.SHA256), locked: p}
		s.opened[p.SHA256] = w
	}
	return runtime.StoredPackage{Name: p.Name, Version: p.Version, Package: runtime.Package{Name: p.Name + " " + p.Version, Dir: w, Digest: "sha256:" + p.SHA256}}
}

// intact says whether the wheel of a package is there and what it was.
func (s *Store) intact(p Locked) bool {
	text, err := os.ReadFile(s.wheelPath(p.SHA256))
	sum := sha256.Sum256(text)
	return err == nil && hex.EncodeToString(sum[:]) == p.SHA256
}

func (s *Store) wheelPath(digest string) string {
	return filepath.Join(s.dir, wheelsName, digest+".whl")
}

// Remove takes packages out that somebody asked for, and what nothing needs any more. The error names who needs a package that cannot go.
func (s *Store) Remove(ctx context.Context, names ...string) (removed []Locked, err error) {
	err = s.change(ctx, nil, func(l *Lock) (*Lock, error) {
		next := *l
		next.Packages = slices.Clone(l.Packages)
		for _, name := range names {
			p, ok := l.Package(name)
			if !ok {
				return nil, fmt.Errorf("%w: %s was not added%s", runtime.ErrNoPackage, name, s.near(policies.NormalPackage(name)))
			}
			for i := range next.Packages {
				if next.Packages[i].Name == p.Name {
					next.Packages[i].Requested = ""
				}
			}
		}
		kept := next.needed()
		for _, name := range names {
			if p, ok := kept.Package(name); ok {
				return nil, fmt.Errorf("%s is needed by %s: remove that first", p.Name, strings.Join(kept.dependents(p.Name), ", "))
			}
		}
		for _, p := range l.Packages {
			if _, stays := kept.Package(p.Name); !stays {
				removed = append(removed, p)
			}
		}
		return kept, nil
	})
	return removed, err
}

// needed is what of a lock somebody asked for, with what that needs.
func (l *Lock) needed() *Lock {
	kept := newLock()
	for _, p := range l.Packages {
		if p.Requested == "" {
			continue
		}
		for _, q := range l.needs(p.Name, nil) {
			if _, have := kept.Package(q.Name); !have {
				kept.Packages = append(kept.Packages, q)
			}
		}
	}
	return kept
}

func (l *Lock) dependents(name string) []string {
	var list []string
	for _, p := range l.Packages {
		if p.Name != name && slices.ContainsFunc(l.needs(p.Name, nil), func(q Locked) bool { return q.Name == name }) {
			list = append(list, p.Name)
		}
	}
	slices.Sort(list)
	return list
}

// change replaces the lock file by what make says, while no other process changes the store. waiting, which may be nil, is told when there is one.
func (s *Store) change(ctx context.Context, waiting func(), make func(*Lock) (*Lock, error)) error {
	if err := os.MkdirAll(filepath.Join(s.dir, wheelsName), 0o700); err != nil {
		return s.failed(err)
	}
	busy, err := os.OpenFile(filepath.Join(s.dir, busyName), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return s.failed(err)
	}
	defer busy.Close()
	for told := false; ; told = true {
		err := durable.Lock(busy)
		if err == nil {
			break
		}
		if !errors.Is(err, durable.ErrLocked) {
			return s.failed(err)
		}
		if !told && waiting != nil {
			waiting()
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("another process changes the packages: %w", ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
	s.tidy(nil) // nobody else is at work: what a process that was killed has left can go
	s.mu.Lock()
	l, err := s.current()
	s.mu.Unlock()
	if err != nil {
		return err
	}
	next, err := make(l)
	if err != nil || next == nil {
		return s.failed(err)
	}
	if err := s.write(next); err != nil {
		return s.failed(err)
	}
	s.tidy(next)
	return nil
}

// write puts a new lock file in the place of the old one. The wheels that it names are there. One that could not be read again is not written: what is in it
// comes from packages, and the store would be lost.
func (s *Store) write(l *Lock) error {
	text := l.Text()
	if _, err := ParseLock(text); err != nil {
		return fmt.Errorf("it cannot be added: %w; what was added before is untouched", err)
	}
	f, err := os.CreateTemp(s.dir, workPrefix+"lock-")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), filepath.Join(s.dir, lockName)); err != nil {
		return err
	}
	s.mu.Lock()
	s.lock, s.stamp = nil, stamp{} // two lock files of one size can be made within one tick of the filesystem's clock
	s.mu.Unlock()
	return durable.SyncFolder(s.dir)
}

// tidy removes what an interrupted change has left, and the wheels that a lock does not name. Nothing depends on it. The folder may be one that holds more than
// packages: only what has a name as the store gives it goes.
func (s *Store) tidy(l *Lock) {
	if left, err := filepath.Glob(filepath.Join(s.dir, workPrefix+"*")); err == nil && l == nil {
		for _, path := range left {
			os.RemoveAll(path)
		}
	}
	if l == nil {
		return
	}
	wheels, err := os.ReadDir(filepath.Join(s.dir, wheelsName))
	if err != nil {
		return
	}
	for _, e := range wheels {
		digest, isWheel := strings.CutSuffix(e.Name(), ".whl")
		if isWheel && isDigest(digest) && !slices.ContainsFunc(l.Packages, func(p Locked) bool { return p.SHA256 == digest }) {
			os.Remove(filepath.Join(s.dir, wheelsName, e.Name()))
		}
	}
}

// failed says what to do about an error of the store's folder.
func (s *Store) failed(err error) error {
	if errors.Is(err, syscall.ENOSPC) {
		return fmt.Errorf("there is no room left for packages: free some below %s, or name another folder; what was added before is untouched: %w", s.dir, err)
	}
	return err
}
