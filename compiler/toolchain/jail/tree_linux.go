package jail

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
)

// tree is a process with everything that it started. What outlives its parent stays in it: a process is remembered with the time at which it started.
type tree struct {
	mu   sync.Mutex
	root int
	seen map[int]string
}

func newTree(root int) *tree { return &tree{root: root, seen: map[int]string{}} }

// usage is how many processes there are and how many bytes they have in memory together. What they share counts for each. It counts to one more than most.
func (t *tree) usage(most int) (processes int, memory int64) {
	for _, pid := range t.processes(most + 1) {
		processes++
		memory += resident(pid)
	}
	return processes, memory
}

// count is how many processes and threads there are. It counts to one process more than most.
func (t *tree) count(most int) (processes, threads int) {
	for _, pid := range t.processes(most + 1) {
		processes++
		if fields := statOf(pid); fields != nil {
			n, _ := strconv.Atoi(string(fields[17]))
			threads += n
		}
	}
	return processes, threads
}

// remember keeps the process of a thread in sight.
func (t *tree) remember(thread int) {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", thread))
	_, rest, _ := bytes.Cut(text, []byte("\nTgid:"))
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	pid, err := strconv.Atoi(string(bytes.TrimSpace(line)))
	if err != nil {
		return // it has ended
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if started := startTime(pid); started != "" {
		t.seen[pid] = started
	}
}

// processes lists the tree, as it is now, or the first most of it: a tree may grow faster than it can be walked.
func (t *tree) processes(most int) []int {
	t.mu.Lock()
	defer t.mu.Unlock()
	var list []int
	visited := map[int]bool{}
	queue := []int{t.root}
	for pid := range t.seen {
		queue = append(queue, pid)
	}
	for len(queue) > 0 && len(list) < most {
		pid := queue[0]
		queue = queue[1:]
		if visited[pid] {
			continue
		}
		visited[pid] = true
		started := startTime(pid)
		if before, known := t.seen[pid]; started == "" || known && before != started {
			delete(t.seen, pid) // it ended, and its number may be somebody else's
			continue
		}
		t.seen[pid] = started
		list = append(list, pid)
		queue = append(queue, children(pid)...)
	}
	return list
}

// children are the processes that the threads of a process started and that have not been waited for.
func children(pid int) []int {
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	var out []int
	for _, list := range lists {
		text, _ := os.ReadFile(list)
		for _, field := range bytes.Fields(text) {
			if child, err := strconv.Atoi(string(field)); err == nil {
				out = append(out, child)
			}
		}
	}
	return out
}

// startTime is when a process started, in ticks since the machine did; empty when there is none.
func startTime(pid int) string {
	fields := statOf(pid)
	if fields == nil {
		return ""
	}
	return string(fields[19])
}

// statOf are the first twenty fields or more of what the kernel says of a process, from its state on; nil when there is none.
func statOf(pid int) [][]byte {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil
	}
	// The name, in parentheses, may hold anything.
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(fields) < 20 {
		return nil
	}
	return fields
}

// resident is how many bytes of a process are in memory.
func resident(pid int) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0
	}
	fields := bytes.Fields(text)
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(string(fields[1]), 10, 64)
	return pages * int64(os.Getpagesize())
}
