package kv_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"wand/hostfuncs/internal/tooltest"
	"wand/hostfuncs/kv"
)

// TestFullDisk runs in a process whose files cannot grow.
func TestFullDisk(t *testing.T) {
	if os.Getenv("WAND_KV_TEST_FULL") == "" {
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		child := exec.Command(self, "-test.run=^TestFullDisk$", "-test.v")
		child.Env = append(os.Environ(), "WAND_KV_TEST_FULL=1")
		if out, err := child.CombinedOutput(); err != nil || !strings.Contains(string(out), "PASS: TestFullDisk") {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	path := filepath.Join(t.TempDir(), "agent.db")
	s := open(t, kv.Config{File: path})
	run := tooltest.New(t, nil, s.Tools()...)
	run.Call("kv.set", `["a", "old"]`)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	signal.Ignore(syscall.SIGXFSZ)
	limit := syscall.Rlimit{Cur: uint64(info.Size()), Max: uint64(info.Size())}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Skip(err)
	}
	big, _ := json.Marshal([]string{"a", strings.Repeat("v", 500<<10)})
	if err := run.Fail("kv.set", string(big)); !strings.Contains(err.Message, "nothing was changed") || strings.Contains(err.Message, path) {
		t.Errorf("%+v", err)
	}
	if got := run.Call("kv.get", `["a"]`); got != `"old"` {
		t.Errorf("after a write that failed: %s", got)
	}
	if used, err := s.Used(t.Context()); used != 6 || err != nil {
		t.Errorf("used %d, %v", used, err)
	}
}
