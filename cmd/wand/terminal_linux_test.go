package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"wand/hostfuncs"
	"wand/modules"
)

// terminal is a pseudo-terminal: what is written to it is typed, what processes print on it is collected.
type terminal struct {
	keyboard, screen *os.File

	mu    sync.Mutex
	shown bytes.Buffer
}

func newTerminal(t *testing.T) *terminal {
	t.Helper()
	keyboard, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("no pseudo-terminals here: ", err)
	}
	t.Cleanup(func() { keyboard.Close() })
	var number int
	raw, err := keyboard.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	raw.Control(func(fd uintptr) {
		if err = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0); err == nil {
			number, err = unix.IoctlGetInt(int(fd), unix.TIOCGPTN)
		}
	})
	if err != nil {
		t.Skip("no pseudo-terminals here: ", err)
	}
	screen, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("no pseudo-terminals here: ", err)
	}
	t.Cleanup(func() { screen.Close() })
	p := &terminal{keyboard: keyboard, screen: screen}
	go func() {
		buffer := make([]byte, 4096)
		for {
			n, err := keyboard.Read(buffer)
			p.mu.Lock()
			p.shown.Write(buffer[:n])
			p.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return p
}

// await waits until a text has been shown count times, and says whether it was.
func (p *terminal) await(text string, count int) bool {
	for range 600 {
		p.mu.Lock()
		n := strings.Count(p.shown.String(), text)
		p.mu.Unlock()
		if n >= count {
			return true
		}
		time.Sleep(50 * time.Millisecond)
	}
	return false
}

// Questions appear on the terminal of the process, wherever its standard streams lead, and only what is typed there after a question answers it.
func TestApproveOnTerminal(t *testing.T) {
	if _, err := modules.Find("python"); err != nil {
		t.Skip("the Python guest is not built")
	}
	cache, err := modules.CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	policy := filepath.Join(dir, "policy.yaml")
	if err := os.WriteFile(policy, []byte("version: 1\nkv: {}\ntools:\n  - {name: kv.set, approve: true}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const twice = "import sys, tools\nsys.stdin.read()\ntools.kv.set(key='a\u202e', value='\x1b[2J')\ntools.kv.set(key='b', value=2)\n"
	for _, test := range []struct {
		name, ahead string
		answers     []string
		code        int
		says        string
	}{
		{"yes", "", []string{"y\n", "Y\n"}, exitCompleted, "completed"},
		{"always", "", []string{"a\n"}, exitCompleted, "calls 2"},
		{"no", "", []string{"\n"}, exitDenied, "somebody was asked and refused"},
		{"reason", "", []string{"not on Mondays\n"}, exitDenied, "not on Mondays"},
		{"second", "", []string{"y\n", "n\n"}, exitDenied, "calls 2 (1 denied)"},
		{"typed before the question", "y\ny\n", []string{"n\n"}, exitDenied, "refused"},
		{"Ctrl-C", "", []string{"\x03"}, exitCancelled, "cancelled"},
		{"Ctrl-D", "", []string{"\x04"}, exitDenied, "closed before an answer"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newTerminal(t)
			wand, err := exec.LookPath("wand")
			if err != nil {
				t.Fatal(err)
			}
			c := exec.Command(wand, "run", "--policy", policy, "-c", twice)
			c.Env = append(os.Environ(), "WAND_CACHE="+cache)
			var stderr bytes.Buffer
			c.Stdin, c.Stderr = strings.NewReader("y\ny\ny\n"), &stderr
			c.ExtraFiles = []*os.File{p.screen}
			c.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 3}
			if test.ahead != "" {
				p.keyboard.WriteString(test.ahead)
			}
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			for i, answer := range test.answers {
				if !p.await("Allow it?", i+1) {
					c.Process.Kill()
					c.Wait()
					t.Fatalf("question %d did not appear; stderr: %s", i+1, stderr.String())
				}
				p.keyboard.WriteString(answer)
			}
			err = c.Wait()
			if code := c.ProcessState.ExitCode(); code != test.code {
				t.Errorf("exit code %d (%v), want %d", code, err, test.code)
			}
			if !strings.Contains(stderr.String(), test.says) {
				t.Errorf("stderr has no %q: %s", test.says, stderr.String())
			}
			p.mu.Lock()
			defer p.mu.Unlock()
			if shown := p.shown.String(); !strings.Contains(shown, `"a\u202e"`) || strings.Contains(shown, "\x1b[2J") || !strings.Contains(shown, "kv.set") {
				t.Errorf("the question was %q", shown)
			}
		})
	}
}

// Findings have colours on a terminal, and none where somebody asked for none.
func TestColours(t *testing.T) {
	for _, test := range []struct {
		env  string
		want bool
	}{{"NO_COLOR=", true}, {"NO_COLOR=1", false}} {
		p := newTerminal(t)
		wand, err := exec.LookPath("wand")
		if err != nil {
			t.Fatal(err)
		}
		c := exec.Command(wand, "policy", "check", "--", "nope.yaml")
		c.Dir = t.TempDir()
		c.Env = append(os.Environ(), "TERM=xterm", test.env)
		c.Stderr = p.screen
		c.Run()
		if !p.await("nope.yaml", 1) || !p.await("error", 1) {
			t.Fatalf("%s: nothing was shown", test.env)
		}
		p.mu.Lock()
		shown := p.shown.String()
		p.mu.Unlock()
		if got := strings.Contains(shown, "\x1b[31merror"); got != test.want {
			t.Errorf("%s: colours %v, want %v: %q", test.env, got, test.want, shown)
		}
	}
}

func TestAnswerOf(t *testing.T) {
	for line, want := range map[string]hostfuncs.Answer{
		"y\n": {Allowed: true}, "YES\n": {Allowed: true}, "a\r\n": {Allowed: true, Always: true}, "\n": {}, "n\n": {}, "No\n": {},
		"yes please\n": {Reason: "yes please"}, "too late\n": {Reason: "too late"},
	} {
		if got := answerOf(line); got != want {
			t.Errorf("%q: %+v, want %+v", line, got, want)
		}
	}
}
