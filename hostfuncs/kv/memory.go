package kv

import (
	"context"
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"
)

// recordHeader is what stands before a value: the Unix time in milliseconds at which it is gone, 0 for never.
const recordHeader = 8

func record(expires int64, value []byte) []byte {
	r := make([]byte, recordHeader, recordHeader+len(value))
	binary.BigEndian.PutUint64(r, uint64(expires))
	return append(r, value...)
}

func expiryOf(r []byte) int64 { return int64(binary.BigEndian.Uint64(r)) }

// weight is what an entry counts against the quota, in bytes.
func weight(key string, r []byte) int64 {
	if r == nil {
		return 0
	}
	return int64(len(key) + max(len(r)-recordHeader, 0))
}

// memory is a store that is gone with the run.
type memory struct {
	mu      sync.Mutex
	records map[string][]byte
	bytes   int64
}

func newMemory() *memory { return &memory{records: map[string][]byte{}} }

func (m *memory) view(ctx context.Context, do func(entries) error) error { return m.update(ctx, do) }

func (m *memory) update(ctx context.Context, do func(entries) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.records == nil {
		return errors.New("the store is closed: the run is over")
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return do((*memoryEntries)(m))
}

func (m *memory) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.records = nil
}

// memoryEntries are those of a locked memory.
type memoryEntries memory

func (m *memoryEntries) get(key string) []byte { return m.records[key] }

func (m *memoryEntries) put(key string, r []byte) error {
	m.records[key] = r
	return nil
}

func (m *memoryEntries) delete(key string) error {
	delete(m.records, key)
	return nil
}

func (m *memoryEntries) from(start string, yield func(string, []byte) bool) {
	keys := slices.Sorted(maps.Keys(m.records))
	at, _ := slices.BinarySearch(keys, start)
	for _, key := range keys[at:] {
		if !yield(key, m.records[key]) {
			return
		}
	}
}

func (m *memoryEntries) used() int64 { return m.bytes }

func (m *memoryEntries) setUsed(bytes int64) error {
	m.bytes = bytes
	return nil
}

// Clone returns a store in memory that holds what this one does and is independent of it from now on: a session's, for a branch of it. now is
// its clock. A store in a file is what every branch shares, and is returned itself.
func (s *Store) Clone(now func() time.Time) *Store {
	m, ok := s.backend.(*memory)
	if !ok {
		return s
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	c := *s
	c.now = now
	c.backend = &memory{records: maps.Clone(m.records), bytes: m.bytes} // records are replaced, never changed
	return &c
}
