// Package kv is a small key-value store for programs: what one run writes, later runs of the same agent read. Keys are text, values are JSON. A store is one
// bbolt file that any number of agents share, each in a namespace of its own with a quota; or it is in memory and gone after the run. The runtime opens one
// for a policy's kv section. It imports only hostfuncs, durable and policies.
//
// Every call is one transaction: it has happened as a whole and is on the disk when it returns, or it has not happened, whether the disk is full or the
// power fails. The file is open, and locked, only during a call, so that several processes can share it.
package kv

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"wand/hostfuncs"
	"wand/policies"
)

// Limits.
const (
	DefaultQuota  = 1 << 20 // bytes of keys and values in one namespace
	MaxKeyBytes   = 1 << 10
	MaxValueBytes = 1 << 20 // of JSON without white space
	MaxList       = 1000    // keys in one answer
	maxTTL        = 10 * 365 * 24 * time.Hour
	maxInteger    = 1<<53 - 1 // what every language counts exactly
)

// Errors of Open.
var (
	ErrBusy    = errors.New("another process uses the store")
	ErrDamaged = errors.New("the store's file is damaged")
)

// Config of a store. The zero value is an empty one in memory.
type Config struct {
	// File is the store's file; it is made when something is written first. Default: in memory.
	File string
	// Namespace keeps agents apart: a store sees only the keys of its own. Default "default".
	Namespace string
	// Quota is the most that the namespace may hold, in bytes of keys and values. Default DefaultQuota.
	Quota int64
	// Wait is how long a call waits for other processes that use the file. Default 5 s.
	Wait time.Duration
	// Now is the clock of times to live. Default time.Now.
	Now func() time.Time
}

// Store is a namespace of a key-value store. It is safe for concurrent use.
type Store struct {
	backend backend
	quota   int64
	now     func() time.Time
}

// backend runs one transaction at a time. What do wrote is undone when it returns an error, and in memory it writes only after nothing can go wrong.
type backend interface {
	view(ctx context.Context, do func(entries) error) error
	update(ctx context.Context, do func(entries) error) error
}

// entries are a namespace's keys within a transaction.
type entries interface {
	get(key string) (record []byte) // nil when there is none; valid during the transaction
	put(key string, record []byte) error
	delete(key string) error
	// from calls yield with each key that is not less than start, in order, until it returns false.
	from(start string, yield func(key string, record []byte) bool)
	used() int64
	setUsed(bytes int64) error
}

// Open returns a store. A file that exists is read, so that one that is damaged or in use shows at once: the error is ErrDamaged or ErrBusy then.
func Open(c Config) (*Store, error) {
	if c.Namespace == "" {
		c.Namespace = "default"
	}
	if len(c.Namespace) > MaxKeyBytes {
		return nil, fmt.Errorf("the store's namespace has %d bytes; at most %d are possible", len(c.Namespace), MaxKeyBytes)
	}
	if c.Quota == 0 {
		c.Quota = DefaultQuota
	}
	if c.Quota < 0 {
		return nil, fmt.Errorf("the store's quota is %d bytes; it cannot be negative", c.Quota)
	}
	if c.Wait <= 0 {
		c.Wait = 5 * time.Second
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	s := &Store{quota: c.Quota, now: c.Now}
	if c.File == "" {
		s.backend = newMemory()
		return s, nil
	}
	f := newFile(c.File, c.Namespace, c.Wait)
	if err := f.check(); err != nil {
		return nil, fmt.Errorf("key-value store %s: %w", c.File, err)
	}
	s.backend = f
	return s, nil
}

// Close forgets a store in memory. A file is closed after each call anyway.
func (s *Store) Close() error {
	if m, ok := s.backend.(*memory); ok {
		m.close()
	}
	return nil
}

type storeKey struct{}

// With gives the calls under ctx the store of their run, when it is not the one whose Tools they call: one in memory, for instance.
func With(ctx context.Context, s *Store) context.Context {
	return context.WithValue(ctx, storeKey{}, s)
}

func (s *Store) of(ctx context.Context) *Store {
	if own, ok := ctx.Value(storeKey{}).(*Store); ok {
		return own
	}
	return s
}

// Used returns how many bytes of keys and values the namespace holds, those included whose time is over and that nothing has swept away yet.
func (s *Store) Used(ctx context.Context) (used int64, err error) {
	err = s.backend.view(ctx, func(e entries) error {
		used = e.used()
		return nil
	})
	return used, err
}

// Get returns the value of a key as JSON, nil when there is none.
func (s *Store) Get(ctx context.Context, key string) (value json.RawMessage, err error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	err = s.backend.view(ctx, func(e entries) error {
		value = bytes.Clone(s.live(e.get(key)))
		return nil
	})
	return value, err
}

// Set gives a key a value. After ttl it is gone; 0 keeps it.
func (s *Store) Set(ctx context.Context, key string, value json.RawMessage, ttl time.Duration) error {
	if err := checkKey(key); err != nil {
		return err
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, value); err != nil {
		return argument("the value is not JSON", "")
	}
	if compact.Len() > MaxValueBytes {
		return argument(fmt.Sprintf("the value has %d bytes as JSON; at most %d are kept", compact.Len(), MaxValueBytes), "keep it in parts, under several keys")
	}
	return s.backend.update(ctx, func(e entries) error {
		return s.put(e, key, record(s.expiry(ttl), compact.Bytes()))
	})
}

// Delete removes a key and says whether it was there.
func (s *Store) Delete(ctx context.Context, key string) (found bool, err error) {
	if err := checkKey(key); err != nil {
		return false, err
	}
	err = s.backend.update(ctx, func(e entries) error {
		r := e.get(key)
		if r == nil {
			return nil
		}
		found = s.live(r) != nil
		return s.remove(e, key, r)
	})
	return found, err
}

// List returns the keys that begin with prefix and are greater than after, in the order of their bytes, and whether there are more than limit of them.
func (s *Store) List(ctx context.Context, prefix string, limit int, after string) (keys []string, more bool, err error) {
	limit = min(max(limit, 1), MaxList)
	keys = []string{}
	err = s.backend.view(ctx, func(e entries) error {
		e.from(max(prefix, after), func(key string, r []byte) bool {
			switch {
			case !strings.HasPrefix(key, prefix):
				return false
			case key <= after && after != "", s.live(r) == nil:
				return ctx.Err() == nil
			case len(keys) == limit:
				more = true
				return false
			}
			keys = append(keys, strings.Clone(key))
			return ctx.Err() == nil
		})
		return ctx.Err()
	})
	return keys, more, err
}

// Increment adds to the integer under a key, 0 when there is none, and returns the sum. The key keeps its time to live.
func (s *Store) Increment(ctx context.Context, key string, by int64) (sum int64, err error) {
	if err := checkKey(key); err != nil {
		return 0, err
	}
	err = s.backend.update(ctx, func(e entries) error {
		old, expires := e.get(key), int64(0)
		value := s.live(old)
		if value != nil {
			n, err := strconv.ParseInt(string(value), 10, 64)
			if err != nil {
				return argument("the value of the key is not an integer", "set it to one first")
			}
			sum, expires = n, expiryOf(old)
		}
		sum += by // both are within 54 bits
		if sum > maxInteger || sum < -maxInteger {
			return argument(fmt.Sprintf("the sum %d is beyond the integers that every language counts exactly (%d)", sum, int64(maxInteger)), "")
		}
		return s.put(e, key, record(expires, strconv.AppendInt(nil, sum, 10)))
	})
	return sum, err
}

// put writes a record if the quota has room for it.
func (s *Store) put(e entries, key string, r []byte) error {
	used := func() int64 { return e.used() - weight(key, e.get(key)) + weight(key, r) }
	if used() > s.quota {
		if err := s.sweep(e); err != nil {
			return err
		}
	}
	after := used()
	if after > s.quota {
		return &hostfuncs.Error{
			Type:    hostfuncs.ToolError,
			Message: fmt.Sprintf("the store is full: with this value it would hold %d bytes of %d; nothing was changed", after, s.quota),
			Hint:    "delete keys that are not needed (kv.list shows them), or store less",
		}
	}
	if err := e.put(key, r); err != nil {
		return err
	}
	return e.setUsed(after)
}

func (s *Store) remove(e entries, key string, r []byte) error {
	after := e.used() - weight(key, r)
	if err := e.delete(key); err != nil {
		return err
	}
	return e.setUsed(after)
}

// sweep removes what has lived its time.
func (s *Store) sweep(e entries) error {
	var dead []string
	e.from("", func(key string, r []byte) bool {
		if s.live(r) == nil {
			dead = append(dead, strings.Clone(key))
		}
		return true
	})
	for _, key := range dead {
		if err := s.remove(e, key, e.get(key)); err != nil {
			return err
		}
	}
	return nil
}

// live is the value of a record, nil when there is none or its time is over.
func (s *Store) live(r []byte) []byte {
	if len(r) < recordHeader {
		return nil
	}
	if at := expiryOf(r); at != 0 && s.now().UnixMilli() >= at {
		return nil
	}
	return r[recordHeader:]
}

func (s *Store) expiry(ttl time.Duration) int64 {
	if ttl <= 0 {
		return 0
	}
	return s.now().Add(ttl).UnixMilli()
}

func checkKey(key string) error {
	switch {
	case key == "":
		return argument("the key is empty", "use a key such as user/42")
	case len(key) > MaxKeyBytes:
		return argument(fmt.Sprintf("the key has %d bytes; at most %d are possible", len(key), MaxKeyBytes), "shorten it, for instance to a hash of it")
	}
	return nil
}

func argument(message, hint string) error {
	return &hostfuncs.Error{Type: hostfuncs.ArgumentError, Message: "kv: " + message, Hint: hint}
}

func keyRequest(tool string, action policies.Action, key string) []policies.Request {
	return []policies.Request{{
		Action:   action,
		Resource: policies.Resource{Type: policies.ResourceKey, ID: key},
		Context:  map[string]any{"tool": tool},
	}}
}
