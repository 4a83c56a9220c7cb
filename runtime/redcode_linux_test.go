package runtime_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"wand/compiler"
	"wand/policies"
	"wand/runtime"
)

// TestRedCode runs programs that are meant to do harm (RedCode-Exec, https://github.com/AI-secure/RedCode) under the preset compute and watches the
// outside: files changed in the folders that they go for, processes, sockets, connections to the address that they send to, and whether anything of this
// host turns up in what they printed.
func TestRedCode(t *testing.T) {
	rows := dataset(t, "redcode-exec/redcode_exec_python.jsonl.gz")
	rt := sharedRuntime(t)
	policy, err := policies.Preset("compute")
	if err != nil {
		t.Fatal(err)
	}
	canary := "canary-" + rand20()
	t.Setenv("WAND_CANARY", canary)
	file := filepath.Join(t.TempDir(), "canary.txt")
	if err := os.WriteFile(file, []byte(canary), 0o600); err != nil {
		t.Fatal(err)
	}
	outside := watchOutside(t)
	data := append(hostData(t), canary)

	type counts map[string]int
	table := map[int]counts{}
	var mu sync.Mutex
	passed := each(t, rows, func(_ int, row map[string]any) error {
		index, code := row["Index"].(string), row["Code"].(string)
		m, _, err := compiler.Compile(context.Background(), compiler.Source{Language: compiler.Python, Text: []byte(code)})
		outcome := "invalid"
		if err == nil && m != nil {
			report, err := rt.Run(context.Background(), m, runtime.Options{
				Policy: policy, SpillDir: t.TempDir(), Limits: runtime.Limits{Deadline: 5 * time.Second, Fuel: 3e9},
			})
			if err != nil {
				return fmt.Errorf("%s: %w", index, err)
			}
			outcome = string(report.Status)
			if e := report.Error; e != nil && report.Status == runtime.Failed {
				outcome += " " + e.Type
			}
			text := string(report.JSON())
			for _, d := range data {
				if strings.Contains(text, d) && !strings.Contains(code, d) {
					return fmt.Errorf("%s: %q of the host is in its report", index, d)
				}
			}
		}
		category, _, _ := strings.Cut(index, "_")
		n, err := strconv.Atoi(category)
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		if table[n] == nil {
			table[n] = counts{}
		}
		table[n][outcome]++
		return nil
	})
	for _, effect := range outside() {
		t.Error("outside: " + effect)
	}
	t.Logf("%d of %d programs ran without an effect or a datum of the host", passed, len(rows))
	for _, n := range slices.Sorted(maps.Keys(table)) {
		var parts []string
		for _, outcome := range slices.Sorted(maps.Keys(table[n])) {
			parts = append(parts, fmt.Sprintf("%s %d", outcome, table[n][outcome]))
		}
		t.Logf("category %2d: %s", n, strings.Join(parts, ", "))
	}
}

// TestTheOutsideIsWatched does each thing that TestRedCode must see.
func TestTheOutsideIsWatched(t *testing.T) {
	outside := watchOutside(t)
	if err := os.WriteFile("effect.tmp", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	os.Remove("effect.tmp")
	if c, err := net.Dial("tcp", "127.0.0.1:5758"); err != nil {
		t.Error(err)
	} else {
		defer c.Close()
	}
	process := exec.Command("sleep", "0.2")
	if err := process.Run(); err != nil {
		t.Error(err)
	}
	found := strings.Join(outside(), "\n")
	for _, want := range []string{"effect.tmp changed", "a connection from", "a process was started", "sockets were open"} {
		if !strings.Contains(found, want) {
			t.Errorf("%q was not seen: %s", want, found)
		}
	}
}

// hostData are texts that only this host has.
func hostData(t *testing.T) []string {
	t.Helper()
	var data []string
	for _, name := range []string{"/etc/passwd", "/etc/shadow", "/etc/group", "/etc/hosts", "/etc/os-release", "/etc/hostname", "/root/.bashrc", "/proc/version", "/proc/cpuinfo", "/etc/machine-id"} {
		text, err := os.ReadFile(name)
		if err != nil {
			continue // it is not there for anybody
		}
		for line := range strings.Lines(string(text)) {
			if line = strings.TrimSpace(line); len(line) >= 16 {
				data = append(data, line)
			}
		}
	}
	if host, err := os.Hostname(); err == nil && len(host) >= 8 {
		data = append(data, host)
	}
	if len(data) < 20 {
		t.Fatalf("only %d lines of this host were found: with so few the test says little", len(data))
	}
	return data
}

// watchOutside watches until the function that it returns is called, which returns what happened.
func watchOutside(t *testing.T) func() []string {
	t.Helper()
	var mu sync.Mutex
	seen := map[string]bool{}
	note := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		seen[fmt.Sprintf(format, args...)] = true
	}
	// The programs send what they find to this address.
	listener, err := net.Listen("tcp", "127.0.0.1:5758")
	if err != nil {
		t.Fatalf("the address that the programs send to cannot be watched: %v", err)
	}
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			note("a connection from %v", c.RemoteAddr())
			c.Close()
		}
	}()
	fd, err := unix.InotifyInit1(unix.IN_NONBLOCK | unix.IN_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	names := map[int]string{}
	const changes = unix.IN_MODIFY | unix.IN_ATTRIB | unix.IN_CREATE | unix.IN_DELETE | unix.IN_MOVED_FROM | unix.IN_MOVED_TO | unix.IN_ONLYDIR
	home, _ := os.UserHomeDir()
	for _, dir := range []string{"/", "/etc", "/etc/cron.d", "/etc/ssh", "/etc/init.d", "/root", "/root/.ssh", home, "/home", "/opt", "/srv", "/mnt", "/app", "/usr", "/usr/bin", "/usr/sbin", "/usr/local", "/usr/local/bin", "/usr/lib", "/var", "/var/log", "/var/spool", "/boot", "."} {
		w, err := unix.InotifyAddWatch(fd, dir, changes)
		if err == nil {
			names[w] = dir
		}
	}
	if len(names) < 10 {
		t.Fatalf("only %d folders can be watched", len(names))
	}
	sockets, own := countSockets(t), children(t) // an earlier test's MCP servers may still wait for a next run
	var stop atomic.Bool
	done := make(chan struct{})
	drain := func() {
		buffer := make([]byte, 64<<10)
		for {
			n, err := unix.Read(fd, buffer)
			if n <= 0 || err != nil {
				return
			}
			for b := buffer[:n]; len(b) >= unix.SizeofInotifyEvent; {
				w := int(int32(binary.NativeEndian.Uint32(b)))
				length := binary.NativeEndian.Uint32(b[12:])
				name := string(bytes.TrimRight(b[unix.SizeofInotifyEvent:unix.SizeofInotifyEvent+length], "\x00"))
				note("%s changed (event %#x)", filepath.Join(names[w], name), binary.NativeEndian.Uint32(b[4:]))
				b = b[unix.SizeofInotifyEvent+length:]
			}
		}
	}
	go func() {
		defer close(done)
		for !stop.Load() {
			for _, child := range children(t) {
				if !slices.Contains(own, child) {
					note("a process was started")
				}
			}
			if now := countSockets(t); now > sockets {
				note("%d sockets were open, %d before", now, sockets)
			}
			drain()
			time.Sleep(2 * time.Millisecond)
		}
	}()
	return func() []string {
		stop.Store(true)
		<-done
		listener.Close()
		drain()
		unix.Close(fd)
		return slices.Sorted(maps.Keys(seen))
	}
}

// children are the processes that this one has started and not yet seen end.
func children(t *testing.T) []string {
	lists, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil || len(lists) == 0 {
		t.Errorf("the process table cannot be read: %v", err)
	}
	var all []string
	for _, name := range lists {
		text, _ := os.ReadFile(name) // the thread may be gone
		all = append(all, strings.Fields(string(text))...)
	}
	return all
}

func countSockets(t *testing.T) int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Error(err)
	}
	n := 0
	for _, e := range entries {
		if to, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil && strings.HasPrefix(to, "socket:") {
			n++
		}
	}
	return n
}

func rand20() string { return strconv.FormatInt(time.Now().UnixNano(), 36) + strconv.Itoa(os.Getpid()) }
