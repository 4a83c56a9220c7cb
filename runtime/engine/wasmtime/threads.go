//go:build wasmtime && cgo

package wasmtime

import (
	"fmt"
	"runtime"
	"sync"
)

// wasmtime runs a guest on the stack of the thread that calls it, and the meter's call depth wants some hundred megabytes of it. Stacks of that size
// cost address space until they are used, but Go makes its threads as the system's default says. So the default is changed, and calls are made on
// threads that were made since.

// stackBytes is the stack of a thread that runs guests, stackRoom what a guest leaves of it to host functions.
const (
	stackBytes = 512 << 20
	stackRoom  = 64 << 20
	guardBytes = 1 << 20 // more than the system takes of a stack for itself
)

// threads are threads with large stacks. One that has nothing to do waits for the next call.
type threads struct {
	usable int // bytes of stack that a guest may use
	jobs   chan func() error
	done   chan struct{}
	once   sync.Once
}

func newThreads() (*threads, error) {
	t := &threads{usable: stackBytes - stackRoom, jobs: make(chan func() error), done: make(chan struct{})}
	if err := setDefaultStack(stackBytes); err != nil {
		return nil, fmt.Errorf("wasmtime: threads with %d MiB of stack: %w", stackBytes>>20, err)
	}
	return t, nil
}

// do runs a function on such a thread.
func (t *threads) do(run func() error) error {
	end := make(chan error, 1)
	work := func() error {
		err := run()
		end <- err
		return err
	}
	select {
	case t.jobs <- work:
	default:
		go t.thread(work, func() {})
	}
	return <-end
}

// thread is the life of a thread. After a call that failed it ends: a guest that has recursed deeply leaves hundreds of megabytes on the stack.
func (t *threads) thread(work func() error, found func()) {
	runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
	if stackOfThread() < stackBytes-guardBytes {
		// One that Go made before. While it is kept busy here the next one is another.
		next := make(chan struct{})
		go t.thread(work, func() { close(next) })
		<-next
		found()
		runtime.UnlockOSThread()
		return
	}
	found()
	for work() == nil {
		select {
		case work = <-t.jobs:
		case <-t.done:
			return
		}
	}
}

func (t *threads) close() { t.once.Do(func() { close(t.done) }) }
