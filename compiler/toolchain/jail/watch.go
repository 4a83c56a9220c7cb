package jail

import (
	"context"
	"io/fs"
	"path/filepath"
	"sync"
	"time"
)

// watcher ends a command that goes beyond a limit. The kernel bounds what it can by itself; what it cannot (memory of several processes together, a
// folder's size, wall clock) is looked at every few milliseconds, so a command may exceed it by what it does in that time.
type watcher struct {
	done    chan struct{}
	tree    *tree
	stopped Stop
	peak    int64 // of memory
	over    sync.WaitGroup
}

const (
	watchEvery = 20 * time.Millisecond
	// The folder is walked less often: it takes system calls for each file.
	diskEvery = 5
)

// watch looks at the command whose processes are a tree until end is called. kill ends it with everything that it started.
func watch(ctx context.Context, c Command, t *tree, out *outputs, kill func()) *watcher {
	w := &watcher{done: make(chan struct{}), tree: t}
	w.over.Go(func() {
		deadline := time.NewTimer(c.Limits.Time)
		defer deadline.Stop()
		tick := time.NewTicker(watchEvery)
		defer tick.Stop()
		for n := 0; ; n++ {
			select {
			case <-w.done:
				return
			case <-ctx.Done():
				kill()
				return
			case <-deadline.C:
				w.stopped = StopTime
			case <-tick.C:
				w.stopped = w.look(c, out, n%diskEvery == 0)
			}
			if w.stopped != StopNone {
				kill()
				return
			}
		}
	})
	return w
}

// end stops watching and says which limit was exceeded.
func (w *watcher) end() Stop {
	close(w.done)
	w.over.Wait()
	return w.stopped
}

func (w *watcher) look(c Command, out *outputs, disk bool) Stop {
	processes, memory := w.tree.usage(c.Limits.Processes)
	w.peak = max(w.peak, memory)
	switch {
	case out.exceeded():
		return StopOutput
	case memory > c.Limits.Memory:
		return StopMemory
	case processes > c.Limits.Processes:
		return StopProcesses
	}
	if disk {
		if files, bytes := sizeOf(c.Dir, c.Limits.Files); files > c.Limits.Files || bytes > c.Limits.Disk {
			return StopDisk
		}
	}
	return StopNone
}

// sizeOf is how many files and folders are in a folder and how many bytes they hold. It stops counting beyond most.
func sizeOf(dir string, most int) (files int, bytes int64) {
	filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil // it goes away while it is looked at
		}
		if files++; files > most {
			return fs.SkipAll
		}
		if info, err := d.Info(); err == nil && info.Mode().IsRegular() {
			bytes += info.Size()
		}
		return nil
	})
	return files, bytes
}
