package toolchain

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"time"
)

// askTime is how long a compiler may take to say what it is.
const askTime = 20 * time.Second

// ask runs a compiler of this machine to learn about it, with no program in sight, and returns what it prints on standard output. It runs at the root, so
// that no file of the current folder decides which compiler answers, and may fetch nothing.
func ask(ctx context.Context, path string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	c := exec.CommandContext(ctx, path, args...)
	c.Dir = string(os.PathSeparator)
	c.Env = append(os.Environ(), "RUSTUP_AUTO_INSTALL=0", "NODE_OPTIONS=", "LC_ALL=C")
	c.WaitDelay = time.Second
	out, err := c.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		if line, _, _ := strings.Cut(strings.TrimSpace(string(exit.Stderr)), "\n"); line != "" {
			err = errors.New(line)
		}
	}
	return string(out), err
}
