package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	goruntime "runtime"
	"strings"
)

// native is an interpreter of this machine that baselines run in processes of their own.
type native struct {
	path    string
	version string
	absent  string // why there is none; empty when there is one
}

// findPython looks behind wrappers such as pyenv's, which take longer to start than Python does: a baseline must not be slow by that.
func findPython(ctx context.Context, name string) native {
	path, err := exec.LookPath(name)
	if err != nil {
		return native{absent: "there is no native " + name}
	}
	out, err := exec.CommandContext(ctx, path, "-c", "import sys; print(sys.executable); print('Python', sys.version.split()[0])").Output()
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if err != nil || len(lines) != 2 {
		return native{absent: name + " does not work"}
	}
	return native{path: lines[0], version: lines[1]}
}

func findNode(ctx context.Context, name string) native {
	path, err := exec.LookPath(name)
	if err != nil {
		return native{absent: "there is no native " + name}
	}
	out, err := exec.CommandContext(ctx, path, "--version").Output()
	if err != nil {
		return native{absent: name + " does not work"}
	}
	return native{path: path, version: "Node " + strings.TrimSpace(string(out))}
}

// prints runs a command as a process of its own and checks that it prints what it must: a run that did not work is no figure.
func prints(ctx context.Context, want string, env []string, name string, args ...string) error {
	got, err := output(ctx, env, name, args...)
	if err == nil && got != want {
		err = fmt.Errorf("%s printed %q, not %q", name, got, want)
	}
	return err
}

func output(ctx context.Context, env []string, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = env
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s: %w: %s", name, err, bytes.TrimSpace(stderr.Bytes()))
	}
	return stdout.String(), nil
}

func (b *bench) host() Host {
	load, _ := loadAverage()
	return Host{
		OS: goruntime.GOOS, Arch: goruntime.GOARCH, Cores: goruntime.GOMAXPROCS(0), Go: goruntime.Version(),
		Engine: "wazero " + wazeroVersion(), Python: b.python.version, Node: b.node.version, Load: load,
	}
}

// loadAverage is the system's over the last minute, where it has one that a file tells.
func loadAverage() (float64, bool) {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0, false
	}
	var load float64
	_, err = fmt.Sscan(string(text), &load)
	return load, err == nil
}
