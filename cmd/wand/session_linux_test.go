package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"wand/modules"
)

// wandIn runs the command over a store of its own and returns its exit code and output.
func wandIn(t *testing.T, store string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	return run(t, store, "", append([]string{"wand"}, args...)...)
}

func run(t *testing.T, store, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	if _, err := modules.Find("python"); err != nil {
		t.Skip("the Python guest is not built")
	}
	cache, err := modules.CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(args[0], args[1:]...)
	c.Env = append(os.Environ(), "WAND_CACHE="+cache, "WAND_STORE="+store)
	var out, errs bytes.Buffer
	c.Stdin, c.Stdout, c.Stderr = strings.NewReader(stdin), &out, &errs
	if err := c.Run(); err != nil && c.ProcessState == nil {
		t.Fatal(err)
	}
	return c.ProcessState.ExitCode(), out.String(), errs.String()
}

// TestSessionsSideBySide: processes that take turns of one session at the same time lose none of them.
func TestSessionsSideBySide(t *testing.T) {
	store := t.TempDir() + "/store"
	if code, _, stderr := wandIn(t, store, "session", "new", "s"); code != 0 {
		t.Fatal(stderr)
	}
	if code, _, stderr := wandIn(t, store, "session", "run", "s", "-c", "log = []"); code != 0 {
		t.Fatal(stderr)
	}
	const processes, each = 4, 6
	var all sync.WaitGroup
	for p := range processes {
		all.Go(func() {
			for i := range each {
				if code, _, stderr := wandIn(t, store, "session", "run", "s", "-c", fmt.Sprintf("log.append('%d.%d')", p, i)); code != 0 {
					t.Error(stderr)
				}
				fork := fmt.Sprintf("f%d", p)
				if code, _, stderr := wandIn(t, store, "session", "fork", "s", fork); code != 0 {
					t.Error(stderr)
				}
				if code, _, stderr := wandIn(t, store, "session", "rm", fork); code != 0 {
					t.Error(stderr)
				}
			}
		})
	}
	all.Wait()
	if code, stdout, stderr := wandIn(t, store, "session", "run", "s", "-c", "print(len(log), len(set(log)))"); code != 0 || stdout != fmt.Sprintf("%d %[1]d\n", processes*each) {
		t.Error(stdout, stderr)
	}
}

// TestSessionOnAFullDisk: the turn is told, its state is not stored, and the one before it is. The disk is a small one of the process's own.
func TestSessionOnAFullDisk(t *testing.T) {
	dir := t.TempDir()
	probe := exec.Command("unshare", "-rm", "mount", "-t", "tmpfs", "-o", "size=4m", "none", dir)
	if out, err := probe.CombinedOutput(); err != nil {
		t.Skipf("no small disk can be made here: %v %s", err, out)
	}
	script := filepath.Join(t.TempDir(), "script")
	text := `set -e
mount -t tmpfs -o size=4m none "$1"
export WAND_STORE="$1/store"
wand session new s
wand session run s -c 'x = 1'
if wand session run s -c 'x = 2; import random; blob = random.randbytes(8 << 20); print("done")'; then exit 9; else echo "exit $?"; fi
ls "$WAND_STORE/new"
wand session run s -c 'print("x is", x, "blob" in globals())'
wand session list
`
	if err := os.WriteFile(script, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := run(t, "", "", "unshare", "-rm", "sh", script, dir)
	if code != 0 || !strings.Contains(stdout, "done\nexit 70\nx is 1 False\n") || !strings.Contains(stderr, "session s is as it was before this turn") || !strings.Contains(stderr, "no space left") {
		t.Errorf("exit %d\n%s\n%s", code, stdout, stderr)
	}
}

// TestSessionKilled: a process that is killed while it takes turns leaves a session that goes on from a turn that was whole.
func TestSessionKilled(t *testing.T) {
	store := t.TempDir() + "/store"
	if code, _, stderr := wandIn(t, store, "session", "new", "s"); code != 0 {
		t.Fatal(stderr)
	}
	if code, _, stderr := wandIn(t, store, "session", "run", "s", "-c", "n = 0; pages = [bytearray(4096) for _ in range(500)]"); code != 0 {
		t.Fatal(stderr)
	}
	for i := range 12 {
		// Some are killed before the turn, some in it, some while it is stored.
		code, _, stderr := run(t, store, "", "timeout", "-s", "KILL", fmt.Sprintf("0.%03d", 60+i*60), "wand", "session", "run", "s", "-c", "n += 1\nfor p in pages: p[:8] = n.to_bytes(8)")
		t.Logf("exit %d %s", code, strings.TrimSpace(stderr))
		if code, stdout, stderr := wandIn(t, store, "session", "run", "s", "-c", "print(all(int.from_bytes(p[:8]) == n for p in pages))"); code != 0 || stdout != "True\n" {
			t.Fatal(stdout, stderr)
		}
	}
}
