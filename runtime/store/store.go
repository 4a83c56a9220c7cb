// Package store keeps sessions between processes. A Store holds a record for each session, which is replaced as a whole, and chunks: bytes that records
// refer to by their digest, so that what two records have in common is there once. What is in them is the runtime's to say (runtime.Session.Save), which
// also authenticates it; a store keeps bytes. Dir is the store in a folder. The runtime and the command use this package; it imports durable only.
package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
)

// Errors of stores.
var (
	// ErrNotFound says that there is no such session, or no such chunk.
	ErrNotFound = errors.New("not in the store")
	// ErrChanged says that a session is not any more what the writer thinks it is: another process has written it meanwhile.
	ErrChanged = errors.New("the session was changed meanwhile")
	// ErrDamaged says that the bytes in the store are not those that were put there.
	ErrDamaged = errors.New("the store is damaged")
	// ErrBadName says that a name is none that a session can have.
	ErrBadName = errors.New("not a name of a session")
)

// Store is where sessions are kept. All methods are safe for concurrent use, by several processes too.
type Store interface {
	// Read returns the record of a session, or ErrNotFound.
	Read(ctx context.Context, name string) (Record, error)
	// Chunk returns the bytes with a digest, or ErrNotFound: also when the record that named them has been replaced meanwhile.
	Chunk(ctx context.Context, digest string) ([]byte, error)
	// Write makes data the record of a session and its chunks available, all or nothing, and returns the new version. When it returns without an error
	// both outlive a crash. After ErrChanged, a full disk or a crash the session is what it was before.
	Write(ctx context.Context, name string, w Write) (version string, err error)
	// Remove takes a session out. What only it referred to goes with it, sooner or later.
	Remove(ctx context.Context, name string) error
	// List returns the names of all sessions, sorted.
	List(ctx context.Context) ([]string, error)
	// Lock keeps other users of Lock away from a session until unlock is called or the process ends: whoever takes a turn holds it from reading to
	// writing. It waits as long as ctx lasts.
	Lock(ctx context.Context, name string) (unlock func() error, err error)
}

// Record is what a store has of a session.
type Record struct {
	Version string // another one after every change; never empty
	Data    []byte
}

// Write is a new record.
type Write struct {
	// After is the version that is replaced; empty: there must be no session of this name yet.
	After string
	Data  []byte
	// Chunks are all that Data refers to.
	Chunks []Chunk
}

// Chunk is one part of a session.
type Chunk struct {
	Digest string
	// Bytes gives what has the digest. A store that has it does not ask; nil: the store must have it, or Write fails with ErrNotFound.
	Bytes func() []byte
}

// Digest is the name of a chunk: the SHA-256 of its bytes in hexadecimal digits.
func Digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// MaxName is how long the name of a session may be, in bytes.
const MaxName = 64

// CheckName returns an error that wraps ErrBadName unless a session can have this name: letters and digits of ASCII, and after the first one also dots,
// dashes and underscores.
func CheckName(name string) error {
	if name == "" || len(name) > MaxName {
		return fmt.Errorf("%w: %.80q has %d characters; it needs 1 to %d", ErrBadName, name, len(name), MaxName)
	}
	for i, c := range []byte(name) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		case i > 0 && (c == '.' || c == '-' || c == '_'):
		default:
			return fmt.Errorf("%w: %q: a name has letters, digits, and after the first of them . - and _", ErrBadName, name)
		}
	}
	return nil
}
