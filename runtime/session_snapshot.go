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
	"slices"
	"strings"
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
//	body: zstd; see Export and Save for what is in it
//	HMAC-SHA-256 of all of that under the snapshot key (32 bytes)
//
// The code is verified before anything is taken apart, and the guest compared before the body is.
const (
	snapshotMagic  = "wandsnp\x02"
	snapshotPrefix = len(snapshotMagic) + 16
	maxSnapshot    = 1 << 30
	maxHeader      = 16 << 20
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
	SnapshotPackage   SnapshotReason = "package"   // a package of the session is not there, or is another one now
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
	SnapshotInfo
	Base  string           `json:"base"` // digest of the guest's module and image
	Clock time.Duration    `json:"clock_ns"`
	Seed  string           `json:"seed"`
	Tally hostfuncs.Counts `json:"tally"` // what the policy's rules have counted
	// Packages are those that the session has mounted, in this order; those of a baked guest are not among them.
	Packages []snapshotPackage `json:"packages,omitempty"`
	// Of a record in a store: the digests of its chunks.
	Memory []string `json:"memory,omitempty"`
	Host   []string `json:"host,omitempty"`
}

// snapshotPackage is a package that a session has.
type snapshotPackage struct {
	Name   string `json:"name"`
	Digest string `json:"digest"` // of its tree
}

// SnapshotInfo is what a snapshot says of its session.
type SnapshotInfo struct {
	Guest    string            `json:"guest"`           // name and version, for people
	Language compiler.Language `json:"language"`        // of the session
	Baked    string            `json:"baked,omitempty"` // name of the baked guest that it runs in
	Turns    int64             `json:"turns"`           // that its state has come through; those that were taken back are in Spent only
	Spent    Budget            `json:"spent"`           // by all turns. Its HostCalls is also the position in the journal: how many calls there were before
	Budget   Budget            `json:"budget"`          // that they may spend
	Limits   Limits            `json:"limits"`          // of a turn
	Made     time.Time         `json:"made"`
	// Note is the caller's: what it wants to find again beside the session, such as which policy it runs under.
	Note json.RawMessage `json:"note,omitempty"`
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
// not carried over. What rules of the policy have counted is, and goes on to count.
func (s *Session) Snapshot() ([]byte, error) {
	key, err := s.rt.snapshotKey()
	if err != nil {
		return nil, err
	}
	return s.Export(key, nil)
}

// Export is Snapshot under a key of its own, 16 bytes or more, for Import: whoever has the key can verify the snapshot, and can make others. note is kept
// in it. The body is the length of the memory's part (8 bytes), that part (engine.Delta) and the host's (wasi.State).
func (s *Session) Export(key []byte, note json.RawMessage) ([]byte, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	if err := s.rt.enter(); err != nil {
		return nil, err
	}
	defer s.rt.leave()
	state, header, err := s.standing(note)
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
	return sealSnapshot(header, body, key)
}

func checkKey(key []byte) error {
	if len(key) < 16 {
		return fmt.Errorf("%w: the key of a snapshot has %d bytes; it needs at least 16", ErrBadOption, len(key))
	}
	return nil
}

// standing is where the session stands, and what a snapshot of it says.
func (s *Session) standing(note json.RawMessage) (*sessionState, *snapshotHeader, error) {
	s.mu.Lock()
	state, spent, closed := s.state, s.spent, s.closed
	s.mu.Unlock()
	if closed {
		return nil, nil, ErrSessionClosed
	}
	p, release, err := s.rt.fork(context.Background(), &compiler.Module{Guest: s.guest}, s.options.Guest)
	if err != nil {
		return nil, nil, err
	}
	defer release()
	packages, err := s.mountedPackages(context.Background())
	if err != nil {
		return nil, nil, err
	}
	language := s.options.Language
	if language == "" {
		language = compiler.Python
	}
	return state, &snapshotHeader{
		Packages: packages,
		SnapshotInfo: SnapshotInfo{
			Guest: p.label, Language: language, Baked: s.options.Guest, Turns: state.turns, Spent: spent, Budget: s.options.Budget, Limits: s.limits,
			Made: time.Now().UTC().Truncate(time.Second), Note: note,
		},
		Base: p.base(), Clock: state.clock, Seed: hex.EncodeToString(state.seed[:]), Tally: state.tally.Counts(),
	}, nil
}

// sealSnapshot puts a snapshot together.
func sealSnapshot(h *snapshotHeader, body, key []byte) ([]byte, error) {
	header, err := json.Marshal(h)
	if err != nil {
		return nil, err
	}
	compressed, err := compress(body)
	if err != nil {
		return nil, err
	}
	if len(header) > maxHeader || len(compressed) > maxSnapshot {
		return nil, fmt.Errorf("%w: a snapshot of %d and %d bytes is larger than can be restored", ErrBadOption, len(header), len(compressed))
	}
	out := append([]byte(snapshotMagic), make([]byte, 16)...)
	binary.LittleEndian.PutUint64(out[len(snapshotMagic):], uint64(len(header)))
	binary.LittleEndian.PutUint64(out[len(snapshotMagic)+8:], uint64(len(compressed)))
	out = append(append(out, header...), compressed...)
	sum := hmac.New(sha256.New, key)
	sum.Write(out)
	return sum.Sum(out), nil
}

// compress gives equal bytes for equal ones, whoever does it with this version of the library.
func compress(b []byte) ([]byte, error) {
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		return nil, err
	}
	defer encoder.Close()
	return encoder.EncodeAll(b, nil), nil
}

// decompress refuses what becomes more than most bytes.
func decompress(b []byte, most uint64) ([]byte, error) {
	decoder, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(most))
	if err != nil {
		return nil, err
	}
	defer decoder.Close()
	return decoder.DecodeAll(b, nil)
}

// Restore continues a session from its snapshot. o is as for NewSession; its Language must be the snapshot's, its files are not put in again, and limits and
// budget that it does not say are those of the session. The error is a *SnapshotError when it is the snapshot's fault.
func (rt *Runtime) Restore(ctx context.Context, snapshot []byte, o SessionOptions) (*Session, error) {
	key, err := rt.snapshotKey()
	if err != nil {
		return nil, err
	}
	return rt.Import(ctx, snapshot, key, o)
}

// Import is Restore of what Export has made, under its key.
func (rt *Runtime) Import(ctx context.Context, snapshot, key []byte, o SessionOptions) (*Session, error) {
	header, compressed, err := openSnapshot(snapshot, key)
	if err != nil {
		return nil, err
	}
	return rt.revive(ctx, header, o, func(s *Session, p *program, state *sessionState) error {
		if len(header.Memory) > 0 {
			return &SnapshotError{SnapshotDamaged, "it is a record of a store, which has the rest of it"}
		}
		body, err := decompress(compressed, maxSnapshot)
		if err != nil || len(body) < 8 || binary.LittleEndian.Uint64(body) > uint64(len(body)-8) {
			return &SnapshotError{SnapshotDamaged, "its body cannot be decompressed"}
		}
		size := binary.LittleEndian.Uint64(body)
		if state.delta, err = engine.DecodeDelta(body[8:8+size], p.image); err != nil {
			return &SnapshotError{SnapshotDamaged, err.Error()}
		}
		return s.decodeHost(ctx, p, state, body[8+size:])
	})
}

// InspectSnapshot says what a snapshot says of its session, when it is authentic.
func InspectSnapshot(snapshot, key []byte) (SnapshotInfo, error) {
	header, _, err := openSnapshot(snapshot, key)
	return header.SnapshotInfo, err
}

// revive makes the session that a header describes; decode puts memory and files into its state.
func (rt *Runtime) revive(ctx context.Context, h snapshotHeader, o SessionOptions, decode func(*Session, *program, *sessionState) error) (*Session, error) {
	if err := rt.enter(); err != nil {
		return nil, err
	}
	defer rt.leave()
	if o.Language == "" {
		o.Language = h.Language
	}
	if o.Guest == "" {
		o.Guest = h.Baked
	}
	o.revived = true
	o.Limits, o.Budget = o.Limits.or(h.Limits), o.Budget.or(h.Budget)
	s, err := rt.NewSession(ctx, o)
	if err != nil {
		return nil, err
	}
	state, err := s.decode(ctx, h, decode)
	if err != nil {
		s.Close()
		return nil, err
	}
	s.state, s.spent = state, h.Spent
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

// decode makes the state that a header describes.
func (s *Session) decode(ctx context.Context, h snapshotHeader, decode func(*Session, *program, *sessionState) error) (*sessionState, error) {
	p, release, err := s.rt.fork(ctx, &compiler.Module{Guest: s.guest}, s.options.Guest)
	if err != nil {
		return nil, err
	}
	defer release()
	if base := p.base(); h.Base != base {
		return nil, &SnapshotError{SnapshotGuest, fmt.Sprintf("it was made by %s with the base %.20s…; here is %s with %.20s…", h.Guest, h.Base, p.label, base)}
	}
	state := &sessionState{turns: h.Turns, clock: h.Clock, tally: hostfuncs.NewGate(hostfuncs.GateOptions{})}
	state.tally.GoOn(h.Tally)
	if s.options.recorded {
		s.mounted = h.Packages
	}
	if seed, err := hex.DecodeString(h.Seed); err != nil || copy(state.seed[:], seed) != len(state.seed) {
		return nil, &SnapshotError{SnapshotDamaged, "its seed cannot be read"}
	}
	if h.Turns == 0 {
		return state, nil
	}
	if err := s.samePackages(ctx, h.Packages); err != nil {
		return nil, err
	}
	s.vouched = len(h.Packages)
	if err := decode(s, p, state); err != nil {
		return nil, err
	}
	if int64(state.delta.Size()) > s.limits.Memory {
		return nil, &SnapshotError{SnapshotLimits, fmt.Sprintf("its memory has %d bytes, and the session may have %d", state.delta.Size(), s.limits.Memory)}
	}
	return state, nil
}

// decodeHost reads the files and descriptors of a session.
func (s *Session) decodeHost(ctx context.Context, p *program, state *sessionState, encoded []byte) error {
	packages, err := s.packages(ctx, p)
	if err != nil {
		return err
	}
	vouched := map[string]bool{}
	for i := range s.vouched {
		vouched[packagePath(len(p.packages)+i)] = true
	}
	find := func(m vfs.Mounted) (vfs.Content, error) {
		for _, l := range p.library {
			if !m.Tree && l.path == m.Path {
				return vfs.Content{Data: l.data}, nil
			}
		}
		if tree := packages[m.Path]; m.Tree && tree != nil {
			// The header vouches for the session's own packages, which samePackages has compared. A turn that went on from a recording has mounted the copies in that.
			if vouched[m.Path] && tree.Digest != m.Digest {
				tree = vfs.NewTree(tree.FS())
				tree.Digest = m.Digest
			}
			return vfs.Content{Tree: tree}, nil
		}
		return vfs.Content{}, fmt.Errorf("%s was mounted, and is not given to this session", m.Path)
	}
	host, err := wasi.DecodeState(encoded, 0, vfs.Options{MaxBytes: s.limits.Storage}, find)
	var stop *hostfuncs.Stop
	switch {
	case errors.As(err, &stop):
		return &SnapshotError{SnapshotLimits, stop.Error()}
	case err != nil:
		return &SnapshotError{SnapshotDamaged, err.Error()}
	}
	state.keep(host)
	return nil
}

// mountedPackages are the session's packages, for a snapshot.
func (s *Session) mountedPackages(ctx context.Context) ([]snapshotPackage, error) {
	if s.mounted != nil {
		return s.mounted, nil
	}
	var list []snapshotPackage
	for _, p := range s.options.Packages {
		tree, err := s.rt.packageTree(ctx, s.guest, p)
		if err != nil {
			return nil, err
		}
		list = append(list, snapshotPackage{p.Name, tree.Digest})
	}
	return list, nil
}

// samePackages says which package of a snapshot the session has not, or has otherwise. Its modules may be loaded: another version beside them would be neither.
func (s *Session) samePackages(ctx context.Context, had []snapshotPackage) error {
	have, err := s.mountedPackages(ctx)
	if err != nil {
		return err
	}
	for i, p := range had {
		if i < len(have) && have[i].Digest == p.Digest {
			continue
		}
		if slices.Contains(have, p) {
			return &SnapshotError{SnapshotPackage, fmt.Sprintf("the session has the package %s in another place of the list: give it its packages in the order that they had", p.Name)}
		}
		bare, _, _ := strings.Cut(p.Name, " ")
		for _, q := range have {
			if name, _, _ := strings.Cut(q.Name, " "); name == bare && q.Digest != p.Digest {
				return &SnapshotError{SnapshotPackage, fmt.Sprintf("the session has the package %s (%.12s), and what is there now is %s (%.12s): add the one that it had, or begin a new session", p.Name, p.Digest, q.Name, q.Digest)}
			}
		}
		return &SnapshotError{SnapshotPackage, fmt.Sprintf("the session has the package %s, which it is not given now: add it again and give it to the session as before, or begin a new session", p.Name)}
	}
	return nil
}

// packages are the trees of the session's packages, by where they are mounted.
func (s *Session) packages(ctx context.Context, base *program) (map[string]*vfs.Tree, error) {
	trees := map[string]*vfs.Tree{}
	for i, tree := range base.packages {
		trees[packagePath(i)] = tree
	}
	for i, p := range s.options.Packages {
		tree, err := s.rt.packageTree(ctx, s.guest, p)
		if err != nil {
			return nil, err
		}
		trees[packagePath(len(base.packages)+i)] = tree
	}
	return trees, nil
}
