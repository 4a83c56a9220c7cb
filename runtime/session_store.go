package runtime

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"wand/hostfuncs/vfs"
	"wand/runtime/engine"
	"wand/runtime/store"
)

// A session in a store is a record, which is a snapshot whose body is the index of the memory (engine.Delta.AppendIndex), and chunks: the pieces of the
// memory, which turns and forks share, and the host's part (wasi.State) in parts that depend on their content, so that what a turn leaves as it was is not
// stored again. A chunk is compressed, and named by the digest of what is stored; the record, which is authenticated, names its chunks.

// SaveOptions say how a session is stored.
type SaveOptions struct {
	// Key authenticates the session, 16 bytes or more. Default: as for snapshots.
	Key []byte
	// Note is kept with the session; see SnapshotInfo.
	Note json.RawMessage
	// Replace has it take the place of whatever has the name. Without it, a name that is taken is store.ErrChanged, unless the session was opened or saved
	// under it and nobody has written there since.
	Replace bool
}

// stored is where a session was opened or saved last.
type stored struct {
	in            store.Store
	name, version string
	pieces        map[*byte]string // digests of what in has of the memory
}

// Save puts the session, as it stands, into a store under a name. It costs what has changed since a session that shares its past was saved there. After an
// error the store has what it had before.
func (s *Session) Save(ctx context.Context, to store.Store, name string, o SaveOptions) error {
	if err := s.rt.enter(); err != nil {
		return err
	}
	defer s.rt.leave()
	key, err := s.rt.keyOr(o.Key)
	if err != nil {
		return err
	}
	state, header, err := s.standing(o.Note)
	if err != nil {
		return err
	}
	s.mu.Lock()
	last := s.stored
	s.mu.Unlock()
	now := stored{in: to, name: name, pieces: map[*byte]string{}}
	var index []byte
	var chunks []store.Chunk
	if state.turns > 0 {
		index = state.delta.AppendIndex(nil)
		for _, piece := range state.delta.Pieces() {
			digest, known := last.pieces[&piece[0]]
			if known = known && last.in == to; known {
				chunks = append(chunks, store.Chunk{Digest: digest, Bytes: func() []byte { return pack(piece) }})
			} else {
				digest = addChunk(&chunks, piece)
			}
			now.pieces[&piece[0]] = digest
			header.Memory = append(header.Memory, digest)
		}
		host, err := state.host.AppendBinary(nil)
		if err != nil {
			return err
		}
		for part := range parts(host) {
			header.Host = append(header.Host, addChunk(&chunks, part))
		}
	}
	record, err := sealSnapshot(header, index, key)
	if err != nil {
		return err
	}
	after := ""
	if last.in == to && last.name == name {
		after = last.version
	}
	if o.Replace {
		switch old, err := to.Read(ctx, name); {
		case err == nil:
			after = old.Version
		case errors.Is(err, store.ErrNotFound):
			after = ""
		default:
			return err
		}
	}
	if now.version, err = to.Write(ctx, name, store.Write{After: after, Data: record, Chunks: chunks}); err != nil {
		return fmt.Errorf("saving the session: %w", err)
	}
	s.mu.Lock()
	s.stored = now
	s.mu.Unlock()
	return nil
}

// pack is what a chunk is stored as.
func pack(part []byte) []byte {
	packed, err := compress(part)
	if err != nil {
		panic(err) // its options are constants
	}
	return packed
}

func addChunk(chunks *[]store.Chunk, part []byte) (digest string) {
	packed := pack(part)
	digest = store.Digest(packed)
	*chunks = append(*chunks, store.Chunk{Digest: digest, Bytes: func() []byte { return packed }})
	return digest
}

func (rt *Runtime) keyOr(key []byte) ([]byte, error) {
	if key == nil {
		return rt.snapshotKey()
	}
	return key, checkKey(key)
}

// Open continues a session of a store. o is as for Restore. key is that of Save; nil: as for snapshots. The error is a *SnapshotError when what is stored
// cannot be used, and wraps store.ErrNotFound when there is no such session.
func (rt *Runtime) Open(ctx context.Context, from store.Store, name string, key []byte, o SessionOptions) (*Session, error) {
	key, err := rt.keyOr(key)
	if err != nil {
		return nil, err
	}
	for {
		record, err := from.Read(ctx, name)
		if err != nil {
			return nil, err
		}
		s, err := rt.open(ctx, from, record, key, o)
		if errors.Is(err, store.ErrNotFound) {
			// Another process may have replaced the record, and its chunks with it, since it was read.
			if now, again := from.Read(ctx, name); again != nil || now.Version != record.Version {
				continue
			}
			return nil, &SnapshotError{SnapshotTruncated, err.Error()}
		}
		if err != nil {
			return nil, err
		}
		s.stored.name = name
		return s, nil
	}
}

func (rt *Runtime) open(ctx context.Context, from store.Store, record store.Record, key []byte, o SessionOptions) (*Session, error) {
	header, compressed, err := openSnapshot(record.Data, key)
	if err != nil {
		return nil, err
	}
	now := stored{in: from, version: record.Version, pieces: map[*byte]string{}}
	s, err := rt.revive(ctx, header, o, func(s *Session, p *program, state *sessionState) error {
		index, err := decompress(compressed, maxSnapshot)
		if err != nil {
			return &SnapshotError{SnapshotDamaged, "its index cannot be decompressed"}
		}
		lengths, err := engine.PieceLengths(index, p.image)
		if err == nil && len(lengths) != len(header.Memory) {
			err = fmt.Errorf("%d pieces of memory, and %d chunks", len(lengths), len(header.Memory))
		}
		if err != nil {
			return &SnapshotError{SnapshotDamaged, err.Error()}
		}
		pieces := make([][]byte, len(lengths))
		for i, digest := range header.Memory {
			if pieces[i], err = fetch(ctx, from, digest, uint64(lengths[i])); err != nil {
				return err
			}
			if len(pieces[i]) > 0 {
				now.pieces[&pieces[i][0]] = digest
			}
		}
		if state.delta, err = engine.DecodePieces(index, pieces, p.image); err != nil {
			return &SnapshotError{SnapshotDamaged, err.Error()}
		}
		var host []byte
		for _, digest := range header.Host {
			part, err := fetch(ctx, from, digest, maxPart)
			if err != nil {
				return err
			}
			if host = append(host, part...); len(host) > maxSnapshot {
				return &SnapshotError{SnapshotDamaged, "its files are larger than can be restored"}
			}
		}
		return s.decodeHost(ctx, p, state, host)
	})
	if err != nil {
		return nil, err
	}
	s.stored = now
	return s, nil
}

// fetch returns a part of a session. What the store has is verified before it is taken apart.
func fetch(ctx context.Context, from store.Store, digest string, most uint64) ([]byte, error) {
	packed, err := from.Chunk(ctx, digest)
	switch {
	case errors.Is(err, store.ErrDamaged):
		return nil, &SnapshotError{SnapshotTampered, err.Error()}
	case err != nil:
		return nil, err
	case store.Digest(packed) != digest:
		return nil, &SnapshotError{SnapshotTampered, fmt.Sprintf("chunk %.12s… is not what its digest says", digest)}
	}
	// The library counts the frame's window too, which is no smaller than this.
	part, err := decompress(packed, max(most, 1<<20))
	if err != nil || uint64(len(part)) > most {
		return nil, &SnapshotError{SnapshotDamaged, fmt.Sprintf("chunk %.12s… cannot be decompressed", digest)}
	}
	return part, nil
}

// Content-defined parts: a part ends where the last bytes have a pattern that one place in 64 KiB has by chance, so that the parts after a change are the
// ones from before it.
const (
	minPart  = 16 << 10
	meanPart = 64 << 10
	maxPart  = 512 << 10
)

// parts cuts bytes into content-defined parts.
func parts(b []byte) func(yield func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for len(b) > 0 {
			n := cut(b)
			if !yield(b[:n]) {
				return
			}
			b = b[n:]
		}
	}
}

// cut is where the first part ends: a multiplicative hash of the last bytes, whose upper bits every byte of the last 64 has an influence on.
func cut(b []byte) int {
	if len(b) <= minPart {
		return len(b)
	}
	var hash uint64
	for i := minPart - 64; i < min(len(b), maxPart); i++ {
		hash = hash<<1 + (uint64(b[i])+1)*0x9e3779b97f4a7c15
		if i >= minPart && hash>>48 < (1<<16)/meanPart {
			return i + 1
		}
	}
	return min(len(b), maxPart)
}

// Inspect says what a store has of a session, without opening it. key is as for Open.
func (rt *Runtime) Inspect(ctx context.Context, from store.Store, name string, key []byte) (SnapshotInfo, error) {
	key, err := rt.keyOr(key)
	if err != nil {
		return SnapshotInfo{}, err
	}
	record, err := from.Read(ctx, name)
	if err != nil {
		return SnapshotInfo{}, err
	}
	return InspectSnapshot(record.Data, key)
}

// SessionFile is a file, folder or link that a session has.
type SessionFile struct {
	Path string
	Size int64 // bytes, of a file
	Kind vfs.Kind
}

// Files lists what the session has beside what is mounted, in the order of creation.
func (s *Session) Files() []SessionFile {
	s.mu.Lock()
	state := s.state
	s.mu.Unlock()
	var files []SessionFile
	if state.host != nil {
		for e := range state.host.FS.Walk() {
			files = append(files, SessionFile{Path: e.Path, Size: e.Size, Kind: e.Kind})
		}
	}
	return files
}
