package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"wand/modules"
)

// conversation is a prompt on a pseudo-terminal.
type conversation struct {
	*terminal
	t       *testing.T
	command *exec.Cmd
	seen    int // bytes that an earlier expectation has looked at
}

func converse(t *testing.T, env []string, args ...string) *conversation {
	t.Helper()
	if _, err := modules.Find("python"); err != nil {
		t.Skip("the Python guest is not built")
	}
	cache, err := modules.CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	p := newTerminal(t)
	if err := unix.IoctlSetWinsize(int(p.screen.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 40, Col: 120}); err != nil {
		t.Fatal(err)
	}
	wand, err := exec.LookPath("wand")
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(wand, append([]string{"repl"}, args...)...)
	c.Env = append(append(os.Environ(), "WAND_CACHE="+cache, "TERM=xterm", "NO_COLOR=1"), env...)
	c.Stdin, c.Stdout, c.Stderr = p.screen, p.screen, p.screen
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 0}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Process.Kill(); c.Wait() })
	return &conversation{terminal: p, t: t, command: c}
}

// expect waits until something is shown after what was looked at before.
func (c *conversation) expect(text string) {
	c.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		c.mu.Lock()
		shown := plain(c.shown.String())
		c.mu.Unlock()
		if c.seen <= len(shown) {
			if at := strings.Index(shown[c.seen:], text); at >= 0 {
				c.seen += at + len(text)
				return
			}
		}
		if time.Now().After(deadline) {
			c.t.Fatalf("no %q in %q, after %q", text, shown[min(c.seen, len(shown)):], shown[max(0, min(c.seen, len(shown))-400):min(c.seen, len(shown))])
		}
	}
}

// plain leaves out what an editor does to the terminal beside showing text.
func plain(s string) string {
	return regexp.MustCompile("\x1b\\[[0-9;?]*[a-zA-Z]").ReplaceAllString(s, "")
}

// say types something, once the prompt is there, and waits for what it says.
func (c *conversation) say(prompt, text string, answers ...string) {
	c.t.Helper()
	c.expect(prompt)
	c.keyboard.WriteString(text)
	for _, answer := range answers {
		c.expect(answer)
	}
}

func (c *conversation) ends(code int) {
	c.t.Helper()
	done := make(chan error, 1)
	go func() { done <- c.command.Wait() }()
	select {
	case <-done:
		if got := c.command.ProcessState.ExitCode(); got != code {
			c.t.Errorf("exit code %d, want %d", got, code)
		}
	case <-time.After(30 * time.Second):
		c.t.Fatal("it does not end")
	}
}

// TestReplOnATerminal: prompt, values, several lines, history, Ctrl-C at the prompt and in the middle of a turn, commands.
func TestReplOnATerminal(t *testing.T) {
	dir := t.TempDir()
	env := []string{"XDG_DATA_HOME=" + dir, "WAND_STORE="}
	c := converse(t, env)
	c.say(">>> ", "x = 40\r")
	c.say(">>> ", "x + 2\r", "\r\n42\r\n")
	c.say(">>> ", "def double(n):\r", "... ")
	c.keyboard.WriteString("    return 2 * n\r")
	c.say("... ", "\r")
	c.say(">>> ", "double('ab')\r", "\r\n'abab'\r\n")
	c.say(">>> ", "print('no line end', end='')\r", "no line end\r\n")
	c.say(">>> ", "[1,\r", "... ")
	c.keyboard.WriteString("2]\r")
	c.expect("\r\n[1, 2]\r\n")
	// What was typed is thrown away at the prompt; a turn is stopped in the middle, and the session goes on.
	c.say(">>> ", "x = (", "x = (")
	c.keyboard.WriteString("\x03")
	c.say(">>> ", "if x:\r", "... ")
	c.keyboard.WriteString("\x03")
	c.say(">>> ", "print('busy', flush=True); x = 0\r", "busy\r\n")
	c.say(">>> ", ":back\r")
	c.say(">>> ", "while True: x = 1\r", "... ")
	c.keyboard.WriteString("\r")
	time.Sleep(300 * time.Millisecond)
	c.keyboard.WriteString("\x03")
	c.expect("interrupted; the session is as it was before")
	c.say(">>> ", "x\r", "\r\n40\r\n")
	c.say(">>> ", "import time; time.sleep(60)\r", "sleep(60)\r\n")
	time.Sleep(300 * time.Millisecond)
	c.keyboard.WriteString("\x03")
	c.expect("interrupted")
	c.say(">>> ", "1/0\r", "ZeroDivisionError: division by zero\r\n")
	// History: up, up is the line before the last one.
	c.say(">>> ", "\x1b[A\x1b[A\x1b[A\r", "\r\n40\r\n")
	c.say(">>> ", ":fork keep\r")
	c.say(">>> ", "x = 'changed'\r")
	c.say(">>> ", ":back keep\r")
	c.say(">>> ", "x\r", "\r\n40\r\n")
	c.say(">>> ", ":save notes\r", "saved as notes")
	c.say(">>> ", ":usage\r", "turns ", "fuel ", "storage ")
	c.say(">>> ", ":help\r", ":back [N|NAME]")
	c.say(">>> ", ":reset\r")
	c.say(">>> ", "'x' in globals()\r", "\r\nFalse\r\n")
	c.say(">>> ", ":back 2\r")
	c.say(">>> ", "x\r", "\r\n40\r\n")
	c.say(">>> ", "\x04")
	c.ends(0)

	// The stored session, and the history of the prompt before.
	c = converse(t, env, "notes")
	c.say(">>> ", "\x1b[A\x1b[A\x1b[A\r", "\r\nTrue\r\n") // after 'x' in globals() came :back 2 and x
	c.say(">>> ", "double(x)\r", "\r\n80\r\n")
	c.say(">>> ", ":quit\r")
	c.ends(0)
	if info, err := os.Stat(filepath.Join(dir, "wand", "history-python")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}

	c = converse(t, env, "--lang", "js", "--history", "")
	c.say("> ", "function f(a) {\r", "... ")
	c.keyboard.WriteString("return a + '!'\r")
	c.say("... ", "}\r")
	c.say("> ", "f('hey')\r", "\r\n'hey!'\r\n")
	c.say("> ", "for (;;);\r", "for (;;);\r\n")
	time.Sleep(300 * time.Millisecond)
	c.keyboard.WriteString("\x03")
	c.expect("interrupted")
	c.say("> ", "({a: [1, 2]})\r", "\r\n{ a: [ 1, 2 ] }\r\n")
	c.say("> ", "\x04")
	c.ends(0)
}

// TestReplAsks: a question of the policy is asked and answered on the terminal of the prompt.
func TestReplAsks(t *testing.T) {
	policy := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(policy, []byte("version: 1\nkv: {}\ntools:\n  - {name: kv.set, approve: true}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := converse(t, []string{"XDG_DATA_HOME=" + t.TempDir()}, "--policy", policy)
	c.say(">>> ", "import tools; tools.kv.set(key='a', value=1)\r", "Allow it?")
	c.keyboard.WriteString("y\n")
	c.say(">>> ", "tools.kv.get(key='a')\r", "\r\n1\r\n")
	c.say(">>> ", "tools.kv.set(key='a', value=2)\r", "Allow it?")
	c.keyboard.WriteString("not today\n")
	c.expect("not today")
	c.say(">>> ", "tools.kv.get(key='a')\r", "\r\n1\r\n")
	c.say(">>> ", "\x04")
	c.ends(0)
}
