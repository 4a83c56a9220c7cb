// Package skills is a store of functions that have earned their place: each is admitted when its tests pass in the sandbox, has versions, and says which
// tools it needs. Programs import them (from skills import median). A skill runs in a sandbox of its own, as a child of the run that calls it, with those
// of the run's tools that it declared and no others: the gate decides that at each call, whatever the skill's source does. Embedders, the agent and the
// command call it; it imports the runtime and what that imports.
package skills

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"wand/compiler"
	"wand/policies/nearest"
)

// Schema is the value of Skill.Schema.
const Schema = "wand.skill/v1"

// Limits of one skill.
const (
	MaxSource   = 256 << 10 // bytes, of the source and of the tests
	MaxTools    = 100
	MaxRequires = 50
)

// Errors, for errors.Is.
var (
	ErrNotFound = errors.New("no such skill")
	ErrBadSkill = errors.New("unusable skill")
	ErrCycle    = errors.New("skills that require each other")
	ErrDamaged  = errors.New("a skill of the store was changed")
)

// Skill is one version of a function.
type Skill struct {
	Schema    string            `json:"schema"`
	Name      string            `json:"name"`
	Version   int               `json:"version" jsonschema:"from 1"`
	Language  compiler.Language `json:"language" jsonschema:"python or javascript"`
	Signature string            `json:"signature" jsonschema:"the parameters, as the source has them"`
	Doc       string            `json:"doc,omitempty"`
	Tools     []string          `json:"tools,omitempty" jsonschema:"names or patterns of the tools that it may use, where the run may"`
	Requires  []string          `json:"requires,omitempty" jsonschema:"other skills that it imports"`
	By        string            `json:"by,omitempty" jsonschema:"who added it: a person, or the principal of an agent"`
	Added     time.Time         `json:"added"`
	Digest    string            `json:"digest" jsonschema:"sha256 of source and tests"`
	Source    string            `json:"-"`
	Test      string            `json:"-"`
}

// Files of a skill in its folder.
const (
	fileAbout  = "skill.json"
	fileSource = "source"
	fileTest   = "test"
)

// Store is a folder of skills: NAME/VERSION/. It is safe for concurrent use, by several processes too: what is there does not change, and a version appears
// whole.
type Store struct{ dir string }

// Open opens the store in a folder, which is made when the first skill is added.
func Open(dir string) (*Store, error) {
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return nil, fmt.Errorf("%s is not a folder", dir)
	}
	return &Store{dir}, nil
}

// Path is the store's folder.
func (s *Store) Path() string { return s.dir }

var validName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)

// reserved are the names of the tools beside which skills stand in a policy: skills.NAME.
var reserved = []string{"call", "describe", "search", "propose"}

// checkName refuses names that cannot be imported or stand for something else.
func checkName(name string) error {
	switch {
	case !validName.MatchString(name):
		return fmt.Errorf("%w: %q is no name: small letters, digits and _, at most 64, a letter first", ErrBadSkill, clip(name, 80))
	case slices.Contains(reserved, name):
		return fmt.Errorf("%w: the name %s is taken: skills.%s is a tool", ErrBadSkill, name, name)
	}
	return nil
}

// versions lists those of a skill, ascending.
func (s *Store) versions(name string) ([]int, error) {
	if checkName(name) != nil {
		return nil, nil
	}
	entries, err := os.ReadDir(filepath.Join(s.dir, name))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	var list []int
	for _, e := range entries {
		if n, err := strconv.Atoi(e.Name()); err == nil && n > 0 && e.IsDir() {
			list = append(list, n)
		}
	}
	slices.Sort(list)
	return list, nil
}

// Get returns a version of a skill; 0 is the latest.
func (s *Store) Get(name string, version int) (*Skill, error) {
	list, err := s.versions(name)
	if err != nil {
		return nil, err
	}
	if version == 0 && len(list) > 0 {
		version = list[len(list)-1]
	}
	if !slices.Contains(list, version) {
		return nil, s.missing(name, version, list)
	}
	return s.load(name, version)
}

func (s *Store) missing(name string, version int, list []int) error {
	if len(list) > 0 {
		return fmt.Errorf("%w: %s has no version %d; there are %v", ErrNotFound, name, version, list)
	}
	hint := ""
	if all, err := s.names(); err == nil {
		if near := nearest.Name(name, all); near != "" {
			hint = "; did you mean " + near + "?"
		}
	}
	return fmt.Errorf("%w: %s%s", ErrNotFound, clip(name, 80), hint)
}

func (s *Store) load(name string, version int) (*Skill, error) {
	dir := filepath.Join(s.dir, name, strconv.Itoa(version))
	k := &Skill{}
	var texts [3]string
	for i, file := range []string{fileAbout, fileSource, fileTest} {
		text, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			return nil, fmt.Errorf("%w: %s version %d: %w", ErrDamaged, name, version, err)
		}
		texts[i] = string(text)
	}
	if err := json.Unmarshal([]byte(texts[0]), k); err != nil {
		return nil, fmt.Errorf("%w: %s version %d: its %s cannot be read: %w", ErrDamaged, name, version, fileAbout, err)
	}
	k.Source, k.Test = texts[1], texts[2]
	if k.Schema != Schema || k.Name != name || k.Version != version || k.Digest != k.digest() {
		return nil, fmt.Errorf("%w: %s version %d is not what was added", ErrDamaged, name, version)
	}
	return k, nil
}

// digest covers what the skill may do and does.
func (k *Skill) digest() string {
	sum := sha256.New()
	for _, part := range []string{k.Name, strconv.Itoa(k.Version), string(k.Language), strings.Join(k.Tools, "\n"), strings.Join(k.Requires, "\n"), k.Source, k.Test} {
		fmt.Fprintf(sum, "%d %s", len(part), part)
	}
	return "sha256:" + hex.EncodeToString(sum.Sum(nil))
}

func (s *Store) names() ([]string, error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	var list []string
	for _, e := range entries {
		if e.IsDir() && checkName(e.Name()) == nil {
			list = append(list, e.Name())
		}
	}
	return list, nil
}

// List returns the latest version of every skill, by name.
func (s *Store) List() ([]*Skill, error) {
	names, err := s.names()
	if err != nil {
		return nil, err
	}
	var list []*Skill
	for _, name := range names {
		versions, err := s.versions(name)
		if err != nil {
			return nil, err
		}
		if len(versions) == 0 {
			continue
		}
		k, err := s.load(name, versions[len(versions)-1])
		if err != nil {
			return nil, err
		}
		list = append(list, k)
	}
	slices.SortFunc(list, func(a, b *Skill) int { return cmp.Compare(a.Name, b.Name) })
	return list, nil
}

// Remove removes a version of a skill; 0 is all of them. What other skills require stays.
func (s *Store) Remove(name string, version int) error {
	versions, err := s.versions(name)
	if err != nil {
		return err
	}
	if len(versions) == 0 || version != 0 && !slices.Contains(versions, version) {
		return s.missing(name, version, versions)
	}
	if version == 0 || len(versions) == 1 {
		all, err := s.List()
		if err != nil {
			return err
		}
		for _, k := range all {
			if slices.Contains(k.Requires, name) {
				return fmt.Errorf("%w: %s is required by %s; remove that first", ErrBadSkill, name, k.Name)
			}
		}
		return os.RemoveAll(filepath.Join(s.dir, name))
	}
	return os.RemoveAll(filepath.Join(s.dir, name, strconv.Itoa(version)))
}

// write puts a new version into the store: whole, and under a number that nobody has.
func (s *Store) write(k *Skill) error {
	base := filepath.Join(s.dir, k.Name)
	if err := os.MkdirAll(base, 0o700); err != nil {
		return err
	}
	for {
		versions, err := s.versions(k.Name)
		if err != nil {
			return err
		}
		k.Version = 1
		if len(versions) > 0 {
			k.Version = versions[len(versions)-1] + 1
		}
		k.Digest = k.digest()
		about, err := json.MarshalIndent(k, "", "  ")
		if err != nil {
			return err
		}
		work, err := os.MkdirTemp(base, ".new-*")
		if err != nil {
			return err
		}
		for file, text := range map[string]string{fileAbout: string(about) + "\n", fileSource: k.Source, fileTest: k.Test} {
			err = errors.Join(err, writeFile(filepath.Join(work, file), text))
		}
		if err == nil {
			err = os.Rename(work, filepath.Join(base, strconv.Itoa(k.Version)))
		}
		if err == nil {
			return nil
		}
		os.RemoveAll(work)
		if _, taken := os.Stat(filepath.Join(base, strconv.Itoa(k.Version))); taken != nil {
			return err
		}
		// Somebody else has taken the number meanwhile.
	}
}

func writeFile(name, text string) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Sync(), f.Close())
}

func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}
