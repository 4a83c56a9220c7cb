package modules_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Where there is neither rustc nor Node.js, make toolchains says so and goes on: nothing of wand needs them.
func TestToolchainsWithout(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip(err)
	}
	tools, cache := t.TempDir(), filepath.Join(t.TempDir(), "cache")
	for _, name := range []string{"cat", "chmod", "cp", "cut", "date", "dirname", "env", "ls", "mkdir", "mv", "printf", "rm", "sed", "sha256sum", "shasum", "tail", "uname"} {
		if path, err := exec.LookPath(name); err == nil {
			if err := os.Symlink(path, filepath.Join(tools, name)); err != nil {
				t.Skip(err)
			}
		}
	}
	run := func(args ...string) (string, error) {
		c := exec.Command(sh, append([]string{"toolchains.sh"}, args...)...)
		c.Env = []string{"PATH=" + tools, "WAND_CACHE=" + cache}
		out, err := c.CombinedOutput()
		return string(out), err
	}
	out, err := run()
	if err != nil || !strings.Contains(out, "Rust is left out: there is no rustc") || !strings.Contains(out, "AssemblyScript and WAT are left out: there is no node") {
		t.Errorf("%v %s", err, out)
	}
	// A rustc that answers and that nothing can be fetched for.
	script := "#!" + sh + "\ncase $1 in -vV) echo 'release: 1.0.0'; echo 'host: x' ;; *) echo /nowhere ;; esac\n"
	if err := os.WriteFile(filepath.Join(tools, "rustc"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	if out, err := run("--force"); err != nil || !strings.Contains(out, "rustc 1.0.0 has no standard library for wasm32-wasip1") {
		t.Errorf("%v %s", err, out)
	}
	if left, err := filepath.Glob(filepath.Join(cache, "toolchain", "*")); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
	if left, _ := filepath.Glob(filepath.Join(cache, "toolchain", ".new.*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	if out, err := run("--nonsense"); err == nil || !strings.Contains(out, "modules/toolchains.sh [--force]") {
		t.Errorf("%v %s", err, out)
	}
}
