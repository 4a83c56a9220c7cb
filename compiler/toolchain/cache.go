package toolchain

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"wand/compiler"
	"wand/compiler/private"
)

// Builds that were made are kept in the user's cache, one file each, under everything that decides them (buildKey). A module from there runs in the sandbox
// like any other, so a forged one could do no more than another program; but it would be another program, so each file carries a message authentication code
// under a key that only this user can read. What does not verify is removed and built again. Losing all of it costs time.
//
// It is not runtime's vault, which keeps folders of large files for a few guests; the idea is the same.

const (
	buildsDir = "builds"
	buildFile = ".build"
)

// maxBuilds is how many bytes of builds are kept, those used last.
const maxBuilds = 256 << 20

// buildHeader is what is kept of a build beside its module.
type buildHeader struct {
	Diagnostics []compiler.Diagnostic `json:"diagnostics,omitempty"`
}

// kept finds a build. Its file is a code of 32 bytes, the length of the header, the header, the module.
func (s *Set) kept(key string) (compiler.Build, bool) {
	secret, err := s.secret()
	if err != nil {
		return compiler.Build{}, false
	}
	path := s.buildPath(key)
	content, err := os.ReadFile(path)
	if err != nil {
		return compiler.Build{}, false
	}
	built, ok := openBuild(secret, key, content)
	if !ok {
		os.Remove(path)
		return compiler.Build{}, false
	}
	now := time.Now()
	os.Chtimes(path, now, now) // in use, for prune
	return built, true
}

func openBuild(secret []byte, key string, content []byte) (compiler.Build, bool) {
	if len(content) < sha256.Size+4 || !hmac.Equal(content[:sha256.Size], buildCode(secret, key, content[sha256.Size:])) {
		return compiler.Build{}, false
	}
	content = content[sha256.Size:]
	length := int64(binary.LittleEndian.Uint32(content))
	content = content[4:]
	var header buildHeader
	if length > int64(len(content)) || json.Unmarshal(content[:length], &header) != nil {
		return compiler.Build{}, false
	}
	return compiler.Build{Wasm: content[length:], Diagnostics: header.Diagnostics}, true
}

// keep stores a build. That it cannot is nobody's trouble: it is built again then.
func (s *Set) keep(key string, built compiler.Build) {
	secret, err := s.secret()
	if err != nil {
		return
	}
	header, err := json.Marshal(buildHeader{built.Diagnostics})
	if err != nil || len(built.Wasm) > maxBuilds/8 {
		return
	}
	content := slices.Concat(binary.LittleEndian.AppendUint32(nil, uint32(len(header))), header, built.Wasm)
	content = slices.Concat(buildCode(secret, key, content), content)
	if writeWhole(s.buildPath(key), content) == nil {
		s.prune()
	}
}

// buildCode is bound to the key, so that files cannot be swapped.
func buildCode(secret []byte, key string, content []byte) []byte {
	h := hmac.New(sha256.New, secret)
	h.Write([]byte(key))
	h.Write([]byte{0})
	h.Write(content)
	return h.Sum(nil)
}

func (s *Set) buildPath(key string) string {
	return filepath.Join(s.options.Cache, buildsDir, key+buildFile)
}

var errNotKept = errors.New("builds are not kept")

// secret is the key of this user's builds, made when there is none.
func (s *Set) secret() ([]byte, error) {
	if s.options.Cache == "" || s.options.NoCache {
		return nil, errNotKept
	}
	return private.Key(filepath.Join(s.options.Cache, buildsDir))
}

// prune removes the builds that were used longest ago, beyond maxBuilds, and what a crash left half written.
func (s *Set) prune() {
	dir := filepath.Join(s.options.Cache, buildsDir)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	type aged struct {
		path string
		used time.Time
		size int64
	}
	var builds []aged
	var total int64
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		path := filepath.Join(dir, e.Name())
		switch {
		case strings.HasPrefix(e.Name(), ".") && time.Since(info.ModTime()) > time.Hour:
			os.Remove(path)
		case strings.HasSuffix(e.Name(), buildFile):
			builds = append(builds, aged{path, info.ModTime(), info.Size()})
			total += info.Size()
		}
	}
	slices.SortFunc(builds, func(a, b aged) int { return a.used.Compare(b.used) })
	for _, b := range builds {
		if total <= maxBuilds {
			return
		}
		os.Remove(b.path)
		total -= b.size
	}
}

// writeWhole writes a file in one step: whoever reads it sees all of it or none.
func writeWhole(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	_, err = bytes.NewReader(content).WriteTo(f)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}
