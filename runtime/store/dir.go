package store

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"wand/hostfuncs/durable"
)

// Dir is a store in a folder, for any number of processes of one user at a time:
//
//	format          which version of this layout it is
//	key             32 bytes that authenticate what the sessions hold; see Key
//	lock            shared by writers, exclusive for who removes chunks
//	sessions/NAME   the record, after the digests of the chunks that it needs
//	chunks/DIGEST   the chunks
//	locks/NAME      of Lock
//	new/            what is being written
//
// Everything is written beside its place, forced to the disk and renamed, chunks before the record that needs them: at every moment the folder holds the
// last state of each session that was written whole. Locks are the system's (flock, LockFileEx), which end with the process that holds them; a network
// filesystem must implement them.
type Dir struct {
	path string
	step func(what, path string) error // a test's, called before everything that changes the folder
}

var _ Store = (*Dir)(nil)

const (
	formatText    = "wand sessions, version 1\n"
	recordMagic   = "wandrec\x01"
	digestBytes   = 32
	maxRecord     = 256 << 20
	keyBytes      = 32
	collectEvery  = time.Minute
	lockInterval  = 10 * time.Millisecond
	collectedFile = "collected" // its time is that of the last collection
)

// OpenDir opens the store in a folder, which is made when it is not there. Only this user may read it.
func OpenDir(path string) (*Dir, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	d := &Dir{path: path}
	text, err := os.ReadFile(d.at("format"))
	switch {
	case err == nil && string(text) == formatText:
		return d, nil
	case err == nil:
		return nil, fmt.Errorf("%s is a store of another version of wand: %.60q", path, strings.TrimSpace(string(text)))
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	if entries, err := os.ReadDir(path); err == nil && len(entries) > 0 && !isYoung(entries) {
		return nil, fmt.Errorf("%s is a folder with something else in it; a store needs one of its own", path)
	}
	for _, name := range []string{"sessions", "chunks", "locks", "new"} {
		if err := os.MkdirAll(d.at(name), 0o700); err != nil {
			return nil, err
		}
	}
	if err := d.put(d.at("format"), []byte(formatText), os.Rename); err != nil {
		return nil, err
	}
	return d, nil
}

// isYoung says whether a folder without a format is a store that another process is making just now, or that a crash left half made.
func isYoung(entries []fs.DirEntry) bool {
	return !slices.ContainsFunc(entries, func(e fs.DirEntry) bool {
		return !slices.Contains([]string{"sessions", "chunks", "locks", "new", "key", "lock"}, e.Name())
	})
}

func (d *Dir) at(elements ...string) string {
	return filepath.Join(append([]string{d.path}, elements...)...)
}

// Path is the folder.
func (d *Dir) Path() string { return d.path }

// Key is the secret of the store, made when there is none. Whoever can read it can write sessions that this store's owner takes for his own. Unlike what
// is in a cache it must not be lost: without it no session of the store can be opened any more.
func (d *Dir) Key() ([]byte, error) {
	for range 2 {
		key, err := os.ReadFile(d.at("key"))
		if err == nil && len(key) != keyBytes {
			return nil, fmt.Errorf("%w: %s has %d bytes instead of %d", ErrDamaged, d.at("key"), len(key), keyBytes)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return key, err
		}
		key = make([]byte, keyBytes)
		rand.Read(key)
		// Linking, unlike renaming, fails when another process was first.
		if err := d.put(d.at("key"), key, os.Link); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
	}
	return os.ReadFile(d.at("key"))
}

// Read implements Store.
func (d *Dir) Read(_ context.Context, name string) (Record, error) {
	if err := CheckName(name); err != nil {
		return Record{}, err
	}
	data, _, err := d.record(name)
	if err != nil {
		return Record{}, err
	}
	return Record{Version: Digest(data), Data: data}, nil
}

// record reads a record and the digests of its chunks.
func (d *Dir) record(name string) (data []byte, chunks []string, err error) {
	file := d.at("sessions", name)
	info, err := os.Stat(file)
	if err == nil && info.Size() > maxRecord {
		return nil, nil, fmt.Errorf("%w: the record of %s has %d bytes", ErrDamaged, name, info.Size())
	}
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("session %s: %w", name, ErrNotFound)
	}
	if err != nil {
		return nil, nil, err
	}
	rest, ok := bytes.CutPrefix(text, []byte(recordMagic))
	if !ok || len(rest) < 4 {
		return nil, nil, fmt.Errorf("%w: the record of %s does not begin as one", ErrDamaged, name)
	}
	n := int(rest[0]) | int(rest[1])<<8 | int(rest[2])<<16 | int(rest[3])<<24
	if rest = rest[4:]; n > len(rest)/digestBytes {
		return nil, nil, fmt.Errorf("%w: the record of %s ends too early", ErrDamaged, name)
	}
	for ; n > 0; n-- {
		chunks = append(chunks, hex.EncodeToString(rest[:digestBytes]))
		rest = rest[digestBytes:]
	}
	return rest, chunks, nil
}

func encodeRecord(data []byte, chunks []Chunk) ([]byte, error) {
	n := len(chunks)
	out := append([]byte(recordMagic), byte(n), byte(n>>8), byte(n>>16), byte(n>>24))
	for _, c := range chunks {
		sum, err := hex.DecodeString(c.Digest)
		if err != nil || len(sum) != digestBytes {
			return nil, fmt.Errorf("%q is not the digest of a chunk", c.Digest)
		}
		out = append(out, sum...)
	}
	return append(out, data...), nil
}

// Chunk implements Store.
func (d *Dir) Chunk(_ context.Context, digest string) ([]byte, error) {
	file, err := d.chunk(digest)
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("chunk %.12s…: %w", digest, ErrNotFound)
	}
	if err != nil {
		return nil, err
	}
	if Digest(data) != digest {
		return nil, fmt.Errorf("%w: chunk %.12s… was changed or cut short", ErrDamaged, digest)
	}
	return data, nil
}

// chunk is the place of a chunk.
func (d *Dir) chunk(digest string) (string, error) {
	if sum, err := hex.DecodeString(digest); err != nil || len(sum) != digestBytes || hex.EncodeToString(sum) != digest {
		return "", fmt.Errorf("%q is not the digest of a chunk", digest)
	}
	return d.at("chunks", digest), nil
}

// Write implements Store.
func (d *Dir) Write(ctx context.Context, name string, w Write) (string, error) {
	if err := CheckName(name); err != nil {
		return "", err
	}
	text, err := encodeRecord(w.Data, w.Chunks)
	if err != nil {
		return "", err
	}
	if len(text) > maxRecord {
		return "", fmt.Errorf("the record of %s has %d bytes; the most is %d", name, len(text), maxRecord)
	}
	// While somebody writes nobody removes chunks: those that are there already, and those that no record names yet.
	shared := flock.New(d.at("lock"), flock.SetPermissions(0o600))
	if _, err := shared.TryRLockContext(ctx, lockInterval); err != nil {
		return "", fmt.Errorf("waiting for the store: %w", err)
	}
	defer shared.Close()
	for _, c := range w.Chunks {
		if err := d.putChunk(c); err != nil {
			return "", err
		}
	}
	if len(w.Chunks) > 0 { // also names that another process has put there just now
		if err := d.sync(d.at("chunks")); err != nil {
			return "", err
		}
	}
	dropped, err := d.replace(ctx, name, w, text)
	if err != nil {
		return "", err
	}
	if dropped && d.collectionDue() {
		shared.Close()
		d.collect() // what cannot be removed now is removed later
	}
	return Digest(w.Data), nil
}

// replace puts a record into its place if the one that is there is the one that it is to replace. dropped says whether that named chunks which this one does
// not.
func (d *Dir) replace(ctx context.Context, name string, w Write, text []byte) (dropped bool, err error) {
	// One at a time between looking and renaming; not Lock, which the caller may hold.
	one := flock.New(d.at("locks", ".write"), flock.SetPermissions(0o600))
	if _, err := one.TryLockContext(ctx, lockInterval); err != nil {
		return false, fmt.Errorf("waiting for the store: %w", err)
	}
	defer one.Close()
	version := ""
	old, chunks, err := d.record(name)
	switch {
	case err == nil:
		version = Digest(old)
	case !errors.Is(err, ErrNotFound):
		return false, err
	}
	switch {
	case version != w.After && w.After == "":
		return false, fmt.Errorf("session %s exists already: %w", name, ErrChanged)
	case version != w.After:
		return false, fmt.Errorf("session %s: %w", name, ErrChanged)
	}
	if err := d.put(d.at("sessions", name), text, os.Rename); err != nil {
		return false, err
	}
	for _, c := range chunks {
		if !slices.ContainsFunc(w.Chunks, func(n Chunk) bool { return n.Digest == c }) {
			return true, nil
		}
	}
	return false, nil
}

// putChunk puts a chunk there unless it is. Its name is forced to the disk with those of the others.
func (d *Dir) putChunk(c Chunk) error {
	file, err := d.chunk(c.Digest)
	if err != nil {
		return err
	}
	if _, err := os.Stat(file); err == nil {
		return nil
	}
	if c.Bytes == nil {
		return fmt.Errorf("chunk %.12s…: %w", c.Digest, ErrNotFound)
	}
	data := c.Bytes()
	if Digest(data) != c.Digest {
		return fmt.Errorf("chunk %.12s… is not what its digest says", c.Digest)
	}
	return d.place(file, data, os.Rename)
}

// put is place, with the name forced to the disk as well.
func (d *Dir) put(file string, data []byte, move func(from, to string) error) error {
	if err := d.place(file, data, move); err != nil {
		return err
	}
	return d.sync(filepath.Dir(file))
}

// place writes a file beside its place, forces it to the disk and moves it there.
func (d *Dir) place(file string, data []byte, move func(from, to string) error) (err error) {
	if err := d.before("create", file); err != nil {
		return err
	}
	f, err := os.CreateTemp(d.at("new"), "*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // gone already when it was renamed
	err = d.before("write", file)
	if err == nil {
		_, err = f.Write(data)
	}
	if err == nil {
		err = d.before("sync", file)
	}
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := d.before("move", file); err != nil {
		return err
	}
	return move(f.Name(), file)
}

// sync forces the names in a folder to the disk.
func (d *Dir) sync(folder string) error {
	if err := d.before("sync folder", folder); err != nil {
		return err
	}
	return durable.SyncFolder(folder)
}

func (d *Dir) before(what, path string) error {
	if d.step == nil {
		return nil
	}
	return d.step(what, path)
}

// Remove implements Store.
func (d *Dir) Remove(_ context.Context, name string) error {
	if err := CheckName(name); err != nil {
		return err
	}
	err := os.Remove(d.at("sessions", name))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("session %s: %w", name, ErrNotFound)
	}
	if err != nil {
		return err
	}
	os.Remove(d.at("locks", name))
	if err := d.sync(d.at("sessions")); err != nil {
		return err
	}
	d.collect()
	return nil
}

// List implements Store.
func (d *Dir) List(context.Context) ([]string, error) {
	entries, err := os.ReadDir(d.at("sessions"))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if CheckName(e.Name()) == nil && e.Type().IsRegular() {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// Lock implements Store.
func (d *Dir) Lock(ctx context.Context, name string) (func() error, error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	for {
		l := flock.New(d.at("locks", name), flock.SetPermissions(0o600))
		if _, err := l.TryLockContext(ctx, lockInterval); err != nil {
			l.Close()
			return nil, fmt.Errorf("session %s is in use: %w", name, err)
		}
		// Remove may have taken the file away between opening and locking it: then others lock another one.
		if held, err := l.Stat(); err == nil {
			if there, err := os.Stat(d.at("locks", name)); err == nil && os.SameFile(held, there) {
				return l.Close, nil
			}
		}
		l.Close()
	}
}

// collectionDue says whether chunks were last removed long enough ago, so that who takes many turns does not look at all sessions after each.
func (d *Dir) collectionDue() bool {
	info, err := os.Stat(d.at(collectedFile))
	return err != nil || time.Since(info.ModTime()) > collectEvery || time.Until(info.ModTime()) > collectEvery
}

// collect removes chunks that no record names, and what writers that are gone have left. It does nothing while somebody writes, or when a record cannot be
// read: what cannot be told to be waste stays.
func (d *Dir) collect() error {
	all := flock.New(d.at("lock"), flock.SetPermissions(0o600))
	defer all.Close()
	if ok, err := all.TryLock(); err != nil || !ok {
		return err
	}
	names, err := d.List(context.Background())
	if err != nil {
		return err
	}
	needed := map[string]bool{}
	for _, name := range names {
		_, chunks, err := d.record(name)
		if errors.Is(err, ErrNotFound) {
			continue // removed just now
		}
		if err != nil {
			return err
		}
		for _, c := range chunks {
			needed[c] = true
		}
	}
	err = filepath.WalkDir(d.at("chunks"), func(file string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || needed[e.Name()] {
			return err
		}
		return os.Remove(file)
	})
	if err != nil {
		return err
	}
	left, err := os.ReadDir(d.at("new"))
	for _, e := range left {
		// Who makes a store or its key holds no lock.
		if info, gone := e.Info(); gone == nil && time.Since(info.ModTime()) > time.Hour {
			err = errors.Join(err, os.Remove(d.at("new", e.Name())))
		}
	}
	return errors.Join(err, os.WriteFile(d.at(collectedFile), nil, 0o600))
}

// Copy puts a session into the store a second time, under a name that is not taken.
func (d *Dir) Copy(ctx context.Context, from, to string) error {
	for {
		if err := CheckName(from); err != nil {
			return err
		}
		data, digests, err := d.record(from)
		if err != nil {
			return err
		}
		w := Write{Data: data}
		for _, digest := range digests {
			w.Chunks = append(w.Chunks, Chunk{Digest: digest})
		}
		_, err = d.Write(ctx, to, w)
		if errors.Is(err, ErrNotFound) {
			// A chunk went with the record that needed it, unless it is the store that is damaged.
			if now, _, again := d.record(from); again == nil && bytes.Equal(now, data) {
				return fmt.Errorf("%w: %s: %v", ErrDamaged, from, err)
			}
			continue
		}
		return err
	}
}
