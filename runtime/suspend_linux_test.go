package runtime_test

import (
	"context"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"wand/compiler"
	"wand/runtime"
)

// TestSuspendOnAFullDisk runs in a process whose files cannot grow: the run ends and says so, no tool is called of which nothing could be written down,
// and when there is room again the run goes on without doing anything twice.
func TestSuspendOnAFullDisk(t *testing.T) {
	if os.Getenv("WAND_TEST_FULL") == "" {
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		child := exec.Command(self, "-test.run=^TestSuspendOnAFullDisk$", "-test.v")
		child.Env = append(os.Environ(), "WAND_TEST_FULL=1")
		if out, err := child.CombinedOutput(); err != nil || !strings.Contains(string(out), "PASS: TestSuspendOnAFullDisk") {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	s := newSuspending(t)
	if _, err := s.rt.Run(context.Background(), compiled(t, compiler.Python, "1"), runtime.Options{}); err != nil {
		t.Fatal(err)
	}
	signal.Ignore(syscall.SIGXFSZ)
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Skip(err)
	}
	full := before
	full.Cur = 60_000
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &full); err != nil {
		t.Skip(err)
	}
	m := compiled(t, compiler.Python, "import tools, os\nprint(tools.pay('a'))\nx = os.urandom(100_000)\nprint(tools.pay('b'))")
	r, err := s.rt.Run(context.Background(), m, s.o)
	if err == nil || r == nil || r.Status != runtime.Fault || !strings.Contains(err.Error(), "cannot be written") {
		t.Errorf("%v %v", err, r)
	}
	if got := lines(t, s.book); got != "pay:a" {
		t.Errorf("the tools did %s", got)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	list, err := s.rt.Waiting(s.dir)
	if err != nil || len(list) != 1 || list[0].State != "interrupted" {
		t.Fatalf("%+v %v", list, err)
	}
	s.ends(s.resume(list[0].Token, nil), "pay to a\npay to b\n", "", "pay:a pay:b")
}
