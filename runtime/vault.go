package runtime

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"wand/compiler/private"
)

// vault is the private part of the user's cache: prepared guests and native code. What is in it runs with the host's authority, and
// wazero guards its files by a checksum only, so every file carries a message authentication code under a key that only this
// user can read. An entry that does not verify is deleted and made again. Losing the vault costs time, nothing else.
//
// The code is GMAC (AES-256-GCM without plaintext, NIST SP 800-38D) with a random nonce per file: at several GB/s it is the cheapest
// sound one on today's processors, and an entry holds tens of megabytes that every start of the command verifies.
type vault struct {
	dir string
	key []byte
}

const (
	vaultTags = "tags.json"
	newEntry  = ".new-" // entries in the making
)

// openVault opens or creates the vault in dir.
func openVault(dir string) (*vault, error) {
	key, err := private.Key(dir)
	if err != nil {
		return nil, err
	}
	return &vault{dir: dir, key: key}, nil
}

// entry is the folder of a key, which may not exist.
func (v *vault) entry(key string) string { return filepath.Join(v.dir, key) }

// verified returns the entry's folder if every file in it is what seal saw. Anything else is removed.
func (v *vault) verified(key string) (string, bool) {
	dir := v.entry(key)
	if v.check(dir, key) != nil {
		os.RemoveAll(dir)
		return "", false
	}
	return dir, true
}

func (v *vault) check(dir, key string) error {
	text, err := os.ReadFile(filepath.Join(dir, vaultTags))
	if err != nil {
		return err
	}
	var tags map[string][]byte
	if err := json.Unmarshal(text, &tags); err != nil {
		return err
	}
	files, err := filesBelow(dir)
	if err != nil {
		return err
	}
	if len(files) != len(tags) {
		return fmt.Errorf("%d files, %d tags", len(files), len(tags))
	}
	buffer := make([]byte, vaultChunk)
	for _, name := range files {
		tag := tags[name]
		if len(tag) < 8 {
			return fmt.Errorf("no tag for %s", name)
		}
		if got, err := v.tag(key, dir, name, tag[:8], buffer); err != nil {
			return err
		} else if !hmac.Equal(got, tag) {
			return fmt.Errorf("%s was changed", name)
		}
	}
	return nil
}

// create makes a fresh folder for an entry in the making; publish seals it and puts it in its place.
func (v *vault) create() (string, error) { return os.MkdirTemp(v.dir, newEntry+"*") }

func (v *vault) publish(dir, key string) error {
	files, err := filesBelow(dir)
	if err != nil {
		return err
	}
	tags := map[string][]byte{}
	buffer := make([]byte, vaultChunk)
	for _, name := range files {
		nonce := make([]byte, 8)
		rand.Read(nonce)
		if tags[name], err = v.tag(key, dir, name, nonce, buffer); err != nil {
			return err
		}
	}
	text, err := json.Marshal(tags)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, vaultTags), text, 0o600); err != nil {
		return err
	}
	now := time.Now()
	if err := errors.Join(os.Chtimes(dir, now, now), os.Rename(dir, v.entry(key))); err != nil {
		if _, exists := os.Stat(v.entry(key)); exists == nil {
			return os.RemoveAll(dir) // another process was first
		}
		return err
	}
	return nil
}

// replace is publish for an entry that may be there already, which goes.
func (v *vault) replace(dir, key string) error {
	old := dir + ".old" // has the prefix of entries in the making: what a crash leaves of it, prune removes
	if err := os.Rename(v.entry(key), old); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	defer os.RemoveAll(old)
	return v.publish(dir, key)
}

// How many entries with one name stay: of a guest those of this version, and of what else this user runs side by side; of packages, which all
// have one name, what programs of some weeks may want.
const (
	keptEntries        = 4
	keptPackageEntries = 100
)

// prune removes all but the kept entries with the given name that were used last; a guest that is rebuilt leaves one behind every time. What is
// left of preparations that a crash cut short goes too. An entry that another process is reading may be among them: it then prepares anew.
func (v *vault) prune(name string, kept int) {
	old := v.entriesOf(name)
	for _, path := range old[min(len(old), kept):] {
		os.RemoveAll(path)
	}
}

// pruneBytes removes the entries with the given name that were used longest ago, until the rest takes no more than so many bytes.
func (v *vault) pruneBytes(name string, most int64) {
	sum := int64(0)
	for _, path := range v.entriesOf(name) {
		files, err := filesBelow(path)
		if err != nil {
			continue
		}
		for _, f := range files {
			if info, err := os.Stat(filepath.Join(path, filepath.FromSlash(f))); err == nil {
				sum += info.Size()
			}
		}
		if sum > most {
			os.RemoveAll(path)
		}
	}
}

// entriesOf lists the folders of the entries with a name, those that were used last first, and removes what a crash has left unfinished.
func (v *vault) entriesOf(name string) (paths []string) {
	entries, err := os.ReadDir(v.dir)
	if err != nil {
		return nil
	}
	type aged struct {
		path string
		used time.Time
	}
	var old []aged
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !e.IsDir() {
			continue
		}
		path := filepath.Join(v.dir, e.Name())
		switch {
		case strings.HasPrefix(e.Name(), newEntry) && time.Since(info.ModTime()) > 24*time.Hour:
			os.RemoveAll(path)
		case isEntryOf(e.Name(), name):
			old = append(old, aged{path, info.ModTime()})
		}
	}
	slices.SortFunc(old, func(a, b aged) int { return b.used.Compare(a.used) })
	for _, e := range old {
		paths = append(paths, e.path)
	}
	return paths
}

// isEntryOf says whether an entry is a name and a digest; "python-science-1f" is none of python's.
func isEntryOf(entry, name string) bool {
	digest, ok := strings.CutPrefix(entry, name+"-")
	return ok && !strings.Contains(digest, "-")
}

// touch notes that an entry is in use, for prune.
func (v *vault) touch(key string) {
	now := time.Now()
	_ = os.Chtimes(v.entry(key), now, now)
}

// vaultChunk is how much of a file is in memory at a time: reading tens of megabytes at once would cost a page fault for every 4 KiB.
const vaultChunk = 256 << 10

// tag returns a file's nonce (8 bytes) and code. Every chunk has a code under the nonce and the chunk's number, from 1; the file's is
// the code of all of these under the nonce and 0.
func (v *vault) tag(key, dir, name string, nonce, buffer []byte) ([]byte, error) {
	f, err := os.Open(filepath.Join(dir, filepath.FromSlash(name)))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	mac := v.mac(key, name)
	numbered := func(n uint32) []byte { return binary.BigEndian.AppendUint32(bytes.Clone(nonce), n) }
	var codes []byte
	for n := uint32(1); ; n++ {
		length, err := io.ReadFull(f, buffer)
		if length > 0 {
			codes = mac.Seal(codes, numbered(n), nil, buffer[:length])
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return mac.Seal(bytes.Clone(nonce), numbered(0), nil, codes), nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// mac is bound to the entry and the file's name, so that files cannot be swapped.
func (v *vault) mac(key, name string) cipher.AEAD {
	h := hmac.New(sha256.New, v.key)
	h.Write([]byte(key + "\x00" + name))
	block, err := aes.NewCipher(h.Sum(nil))
	if err != nil {
		panic(err) // the key has 32 bytes
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err) // AES has 16-byte blocks
	}
	return aead
}

// filesBelow lists the regular files of an entry, slash-separated; anything but files and folders is an error.
func filesBelow(dir string) ([]string, error) {
	var names []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if !d.Type().IsRegular() {
			return fmt.Errorf("%s is not a file", path)
		}
		name, err := filepath.Rel(dir, path)
		if err == nil && name != vaultTags {
			names = append(names, filepath.ToSlash(name))
		}
		return err
	})
	return names, err
}
