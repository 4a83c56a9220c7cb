package runtime

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/klauspost/compress/zstd"

	"wand/compiler"
	"wand/hostfuncs"
	"wand/hostfuncs/vfs"
	"wand/hostfuncs/wasi"
	"wand/runtime/engine"
)

// A snapshot is
//
//	magic (8 bytes, the version in the last one), length of the header, length of the body (8 bytes each, little-endian)
//	header: JSON, snapshotHeader
//	body: zstd of the length of the memory's part (8 bytes), that part (engine.Delta) and the host's (wasi.State)
//	HMAC-SHA-256 of all of that under the snapshot key (32 bytes)
//
// The code is verified before anything is taken apart, and the guest compared before the body is.
const (
	snapshotMagic  = "wandsnp\x01"
	snapshotPrefix = len(snapshotMagic) + 16
	maxSnapshot    = 1 << 30
	maxHeader      = 1 << 20
)

// SnapshotReason says why a snapshot is refused.
type SnapshotReason string

// Reasons.
const (
	SnapshotForeign   SnapshotReason = "foreign"   // it is no snapshot
	SnapshotVersion   SnapshotReason = "version"   // another version of wand wrote it
	SnapshotTruncated SnapshotReason = "truncated" // a part is missing
	SnapshotTampered  SnapshotReason = "tampered"  // it was changed, or made under another key
	SnapshotGuest     SnapshotReason = "guest"     // it belongs to another build of the interpreter
	SnapshotLimits    SnapshotReason = "limits"    // its state is larger than the session may be
	SnapshotDamaged   SnapshotReason = "damaged"   // its author wrote what cannot be read
)

// SnapshotError is why a snapshot cannot be restored. Nothing of it has been used.
type SnapshotError struct {
	Reason SnapshotReason
	Detail string
}

// Error implements error.
func (e *SnapshotError) Error() string {
	return fmt.Sprintf("the snapshot cannot be restored (%s): %s", e.Reason, e.Detail)
}

// snapshotHeader is what a snapshot says of itself.
type snapshotHeader struct {
	Guest    string            `json:"guest"`    // name and version, for people
	Language compiler.Language `json:"language"` // of the session
	Base     string            `json:"base"`     // digest of the guest's module and image
	Turns    int64             `json:"turns"`
	Spent    Budget            `json:"spent"`
	Clock    time.Duration     `json:"clock_ns"`
	Seed     string            `json:"seed"`
	Memory   int64             `json:"memory_limit"`
	Made     time.Time         `json:"made"`
}

// snapshotKey authenticates snapshots.
func (rt *Runtime) snapshotKey() ([]byte, error) {
	switch {
	case len(rt.config.SnapshotKey) >= 16:
		return rt.config.SnapshotKey, nil
	case len(rt.config.SnapshotKey) > 0:
		return nil, fmt.Errorf("%w: SnapshotKey has %d bytes; it needs at least 16", ErrBadOption, len(rt.config.SnapshotKey))
	case rt.vault != nil:
		sum := hmac.New(sha256.New, rt.vault.key)
		sum.Write([]byte("wand session snapshots"))
		return sum.Sum(nil), nil
	}
	return nil, fmt.Errorf("%w: without a cache there is no key for snapshots; set Config.SnapshotKey", ErrBadOption)
}

// base identifies what a session's memory is a difference to.
func (p *program) base() string {
	p.baseOnce.Do(func() {
		sum := sha256.New()
		io.WriteString(sum, p.digest)
		p.image.WriteTo(sum)
		p.baseSum = "sha256:" + hex.EncodeToString(sum.Sum(nil))
	})
	return p.baseSum
}

// Snapshot returns the session as it stands, for Restore: in this process or another, on this machine or one with the same guest and snapshot key. What the
// policy granted is not in it (secrets, mounted folders, stores), nor is what is mounted of the host: Restore opens those anew. A key-value store in memory is
// not carried over.
func (s *Session) Snapshot() ([]byte, error) {
	if err := s.rt.enter(); err != nil {
		return nil, err
	}
	defer s.rt.leave()
	s.mu.Lock()
	state, spent, closed := s.state, s.spent, s.closed
	s.mu.Unlock()
	if closed {
		return nil, ErrSessionClosed
	}
	key, err := s.rt.snapshotKey()
	if err != nil {
		return nil, err
	}
	p, release, err := s.rt.program(context.Background(), &compiler.Module{Guest: s.guest})
	if err != nil {
		return nil, err
	}
	defer release()
	language := s.options.Language
	if language == "" {
		language = compiler.Python
	}
	header, err := json.Marshal(snapshotHeader{
		Guest: p.label, Language: language, Base: p.base(), Turns: state.turns, Spent: spent, Clock: state.clock, Seed: hex.EncodeToString(state.seed[:]),
		Memory: s.limits.Memory, Made: time.Now().UTC().Truncate(time.Second),
	})
	if err != nil {
		return nil, err
	}
	var body []byte
	if state.turns > 0 {
		body = state.delta.AppendBinary(make([]byte, 8))
		binary.LittleEndian.PutUint64(body, uint64(len(body)-8))
		if body, err = state.host.AppendBinary(body); err != nil {
			return nil, err
		}
	}
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		return nil, err
	}
	defer encoder.Close()
	compressed := encoder.EncodeAll(body, nil)
	out := append([]byte(snapshotMagic), make([]byte, 16)...)
	binary.LittleEndian.PutUint64(out[len(snapshotMagic):], uint64(len(header)))
	binary.LittleEndian.PutUint64(out[len(snapshotMagic)+8:], uint64(len(compressed)))
	out = append(append(out, header...), compressed...)
	sum := hmac.New(sha256.New, key)
	sum.Write(out)
	return sum.Sum(out), nil
}

// Restore continues a session from its snapshot. o is as for NewSession; its Language must be the snapshot's, and its files are not put in again. The error
// is a *SnapshotError when it is the snapshot's fault.
func (rt *Runtime) Restore(ctx context.Context, snapshot []byte, o SessionOptions) (*Session, error) {
	if err := rt.enter(); err != nil {
		return nil, err
	}
	defer rt.leave()
	key, err := rt.snapshotKey()
	if err != nil {
		return nil, err
	}
	header, body, err := openSnapshot(snapshot, key)
	if err != nil {
		return nil, err
	}
	if o.Language == "" {
		o.Language = header.Language
	}
	s, err := rt.NewSession(ctx, o)
	if err != nil {
		return nil, err
	}
	state, err := s.decode(ctx, header, body)
	if err != nil {
		s.Close()
		return nil, err
	}
	s.state, s.spent = state, header.Spent
	return s, nil
}

// openSnapshot verifies a snapshot and returns its parts.
func openSnapshot(in, key []byte) (h snapshotHeader, body []byte, err error) {
	refuse := func(reason SnapshotReason, format string, args ...any) (snapshotHeader, []byte, error) {
		return h, nil, &SnapshotError{reason, fmt.Sprintf(format, args...)}
	}
	magic := []byte(snapshotMagic)
	switch {
	case len(in) < len(magic) && bytes.HasPrefix(magic, in):
		return refuse(SnapshotTruncated, "it has %d bytes", len(in))
	case len(in) < len(magic) || !bytes.Equal(in[:len(magic)-1], magic[:len(magic)-1]):
		return refuse(SnapshotForeign, "it does not begin as one")
	case in[len(magic)-1] != magic[len(magic)-1]:
		return refuse(SnapshotVersion, "it has version %d; this program reads version %d", in[len(magic)-1], magic[len(magic)-1])
	case len(in) < snapshotPrefix:
		return refuse(SnapshotTruncated, "it has %d bytes", len(in))
	}
	headerBytes, bodyBytes := binary.LittleEndian.Uint64(in[len(magic):]), binary.LittleEndian.Uint64(in[len(magic)+8:])
	if headerBytes > maxHeader || bodyBytes > maxSnapshot {
		return refuse(SnapshotTampered, "its parts cannot have %d and %d bytes", headerBytes, bodyBytes)
	}
	whole := uint64(snapshotPrefix) + headerBytes + bodyBytes + sha256.Size
	switch {
	case uint64(len(in)) < whole:
		return refuse(SnapshotTruncated, "it has %d of %d bytes", len(in), whole)
	case uint64(len(in)) > whole:
		return refuse(SnapshotTampered, "it has %d bytes instead of %d", len(in), whole)
	}
	signed := in[:whole-sha256.Size]
	sum := hmac.New(sha256.New, key)
	sum.Write(signed)
	if !hmac.Equal(sum.Sum(nil), in[len(signed):]) {
		return refuse(SnapshotTampered, "its code is not that of its bytes under this key: it was changed, or made with another key")
	}
	if err := json.Unmarshal(signed[snapshotPrefix:uint64(snapshotPrefix)+headerBytes], &h); err != nil {
		return refuse(SnapshotDamaged, "its header cannot be read")
	}
	return h, signed[uint64(snapshotPrefix)+headerBytes:], nil
}

// decode makes a state of the body of a snapshot.
func (s *Session) decode(ctx context.Context, h snapshotHeader, compressed []byte) (*sessionState, error) {
	p, release, err := s.rt.program(ctx, &compiler.Module{Guest: s.guest})
	if err != nil {
		return nil, err
	}
	defer release()
	if base := p.base(); h.Base != base {
		return nil, &SnapshotError{SnapshotGuest, fmt.Sprintf("it was made by %s with the base %.20s…; here is %s with %.20s…", h.Guest, h.Base, p.label, base)}
	}
	state := &sessionState{turns: h.Turns, clock: h.Clock, tally: hostfuncs.NewGate(hostfuncs.GateOptions{})}
	if seed, err := hex.DecodeString(h.Seed); err != nil || copy(state.seed[:], seed) != len(state.seed) {
		return nil, &SnapshotError{SnapshotDamaged, "its seed cannot be read"}
	}
	if h.Turns == 0 {
		return state, nil
	}
	decoder, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxSnapshot))
	if err != nil {
		return nil, err
	}
	defer decoder.Close()
	body, err := decoder.DecodeAll(compressed, nil)
	if err != nil || len(body) < 8 || binary.LittleEndian.Uint64(body) > uint64(len(body)-8) {
		return nil, &SnapshotError{SnapshotDamaged, "its body cannot be decompressed"}
	}
	size := binary.LittleEndian.Uint64(body)
	if state.delta, err = engine.DecodeDelta(body[8:8+size], p.image); err != nil {
		return nil, &SnapshotError{SnapshotDamaged, err.Error()}
	}
	if int64(state.delta.Size()) > s.limits.Memory {
		return nil, &SnapshotError{SnapshotLimits, fmt.Sprintf("its memory has %d bytes, and the session may have %d", state.delta.Size(), s.limits.Memory)}
	}
	packages, err := s.packages(ctx)
	if err != nil {
		return nil, err
	}
	find := func(m vfs.Mounted) (vfs.Content, error) {
		for _, l := range p.library {
			if !m.Tree && l.path == m.Path {
				return vfs.Content{Data: l.data}, nil
			}
		}
		if tree := packages[m.Path]; m.Tree && tree != nil {
			return vfs.Content{Tree: tree}, nil
		}
		return vfs.Content{}, fmt.Errorf("%s was mounted, and is not given to this session", m.Path)
	}
	host, err := wasi.DecodeState(body[8+size:], 0, vfs.Options{MaxBytes: s.limits.Storage}, find)
	var stop *hostfuncs.Stop
	switch {
	case errors.As(err, &stop):
		return nil, &SnapshotError{SnapshotLimits, stop.Error()}
	case err != nil:
		return nil, &SnapshotError{SnapshotDamaged, err.Error()}
	}
	state.host, state.bytes = host, host.FS.Usage().MemoryBytes
	return state, nil
}

// packages are the trees of the session's packages, by where they are mounted.
func (s *Session) packages(ctx context.Context) (map[string]*vfs.Tree, error) {
	trees := map[string]*vfs.Tree{}
	for i, p := range s.options.Packages {
		tree, err := s.rt.packageTree(ctx, s.guest, p)
		if err != nil {
			return nil, err
		}
		trees[packagePath(i)] = tree
	}
	return trees, nil
}
