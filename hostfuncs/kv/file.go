package kv

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"
	bbolterrors "go.etcd.io/bbolt/errors"

	"wand/hostfuncs"
	"wand/hostfuncs/durable"
)

// file is a namespace, a bucket, of a bbolt file. The file is open during a transaction only: opening costs much less than writing does, and other
// processes get their turn.
type file struct {
	path    string
	bucket  []byte
	wait    time.Duration
	turn    chan struct{} // of the calls of this process
	damaged atomic.Bool
}

func newFile(path, namespace string, wait time.Duration) *file {
	return &file{path: path, bucket: []byte(namespace), wait: wait, turn: make(chan struct{}, 1)}
}

// check says what is wrong with the file, for its owner. There need be none yet.
func (f *file) check() error {
	info, err := os.Stat(f.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if _, err := os.Stat(filepath.Dir(f.path)); err != nil {
			return fmt.Errorf("its folder cannot be used: %w", err)
		}
		return nil
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return errors.New("not a regular file")
	}
	return f.transact(context.Background(), false, func(e entries) error {
		e.from("", func(string, []byte) bool { return true })
		return nil
	})
}

func (f *file) view(ctx context.Context, do func(entries) error) error {
	return forProgram(f.transact(ctx, false, do))
}

func (f *file) update(ctx context.Context, do func(entries) error) error {
	return forProgram(f.transact(ctx, true, do))
}

// transact opens the file, runs one transaction, and closes it.
func (f *file) transact(ctx context.Context, write bool, do func(entries) error) (err error) {
	select {
	case f.turn <- struct{}{}:
		defer func() { <-f.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if f.damaged.Load() {
		return ErrDamaged
	}
	info, err := os.Stat(f.path)
	fresh := errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0
	if fresh && !write {
		return do((*none)(nil))
	}

	wait := f.wait
	if deadline, ok := ctx.Deadline(); ok {
		wait = min(wait, time.Until(deadline))
	}
	if wait <= 0 {
		return context.DeadlineExceeded
	}
	var handle *os.File
	options := &bbolt.Options{
		Timeout: wait, ReadOnly: !write, NoStatistics: true,
		OpenFile: func(name string, flag int, mode os.FileMode) (_ *os.File, err error) {
			handle, err = os.OpenFile(name, flag, mode)
			return handle, err
		},
	}

	// bbolt asserts and reads its file through a memory map: of a file that is not what it was, it panics or faults.
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if recover() != nil {
			// Its locks are in an unknown state, so it cannot be closed; closing the file gives up the lock that others wait for. The map stays, and
			// there will be no second one.
			f.damaged.Store(true)
			handle.Close()
			err = ErrDamaged
		}
	}()
	db, err := bbolt.Open(f.path, 0o600, options)
	if err != nil {
		return openError(err)
	}
	in := func(tx *bbolt.Tx) error {
		if err := whole(tx, handle); err != nil {
			return err
		}
		return f.within(tx, do)
	}
	if write {
		err = db.Update(in)
	} else {
		err = db.View(in)
	}
	err = errors.Join(err, db.Close())
	if err == nil && fresh {
		_ = durable.SyncFolder(filepath.Dir(f.path)) // what was written is in the file all the same
	}
	return err
}

// whole compares a file's length with what it says of itself.
func whole(tx *bbolt.Tx, handle *os.File) error {
	info, err := handle.Stat()
	if err == nil && info.Size() < tx.Size() {
		return ErrDamaged
	}
	return err
}

func (f *file) within(tx *bbolt.Tx, do func(entries) error) error {
	b := tx.Bucket(f.bucket)
	if b == nil && !tx.Writable() {
		return do((*none)(nil))
	}
	if b == nil {
		var err error
		if b, err = tx.CreateBucket(f.bucket); err != nil {
			return err
		}
	}
	return do(bucket{b})
}

// bucket is a namespace within a transaction. Its sequence number is the bytes that count against the quota.
type bucket struct{ *bbolt.Bucket }

func (b bucket) get(key string) []byte { return b.Get([]byte(key)) }

func (b bucket) put(key string, r []byte) error { return b.Put([]byte(key), r) }

func (b bucket) delete(key string) error { return b.Delete([]byte(key)) }

func (b bucket) from(start string, yield func(string, []byte) bool) {
	c := b.Cursor()
	for k, r := c.Seek([]byte(start)); k != nil; k, r = c.Next() {
		if !yield(string(k), r) {
			return
		}
	}
}

func (b bucket) used() int64 { return int64(b.Sequence()) }

func (b bucket) setUsed(bytes int64) error { return b.SetSequence(uint64(bytes)) }

// none is a namespace that nothing was written to yet. It is only read.
type none struct{}

func (*none) get(string) []byte                      { return nil }
func (*none) put(string, []byte) error               { return fs.ErrPermission }
func (*none) delete(string) error                    { return fs.ErrPermission }
func (*none) from(string, func(string, []byte) bool) {}
func (*none) used() int64                            { return 0 }
func (*none) setUsed(int64) error                    { return fs.ErrPermission }

func openError(err error) error {
	switch {
	case errors.Is(err, bbolterrors.ErrTimeout):
		return ErrBusy
	case errors.Is(err, bbolterrors.ErrInvalid), errors.Is(err, bbolterrors.ErrChecksum), errors.Is(err, bbolterrors.ErrVersionMismatch):
		return fmt.Errorf("%w, or it is not a key-value store: %w", ErrDamaged, err)
	}
	return err
}

// forProgram is an error that names nothing of the host.
func forProgram(err error) error {
	var known *hostfuncs.Error
	switch {
	case err == nil, errors.As(err, &known), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, ErrBusy):
		return &hostfuncs.Error{Type: hostfuncs.ToolError, Message: "the key-value store is in use by another process of the host", Hint: "try again in a moment"}
	case errors.Is(err, ErrDamaged):
		return &hostfuncs.Error{Type: hostfuncs.ToolError, Message: "the key-value store's file is damaged", Hint: "go on without it; only the host's owner can repair it"}
	}
	return &hostfuncs.Error{Type: hostfuncs.ToolError, Message: "the key-value store could not be read or written on the host; nothing was changed", Hint: "go on without it; only the host's owner can see to it"}
}
