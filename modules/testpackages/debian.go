// Package testpackages gets real software for tests and benchmarks: libraries that were never made for a sandbox, from the machine's own package source.
// Nothing is installed; they are unpacked below the user's cache, once. It imports nothing of ours.
package testpackages

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// ErrUnavailable says that this machine has not the tools to get packages with.
var ErrUnavailable = errors.New("packages cannot be had here")

// Debian downloads Debian's packages with a private state of apt, unpacks them below the folder cache and returns where. The error wraps ErrUnavailable on
// a machine that is no Debian.
func Debian(cache string, names ...string) (string, error) {
	dir := filepath.Join(cache, "test-packages", strings.Join(names, "+"))
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	for _, tool := range []string{"apt-get", "dpkg-deb"} {
		if _, err := exec.LookPath(tool); err != nil {
			return "", fmt.Errorf("%w: no %s on this machine", ErrUnavailable, tool)
		}
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return "", err
	}
	work, err := os.MkdirTemp(filepath.Dir(dir), ".new-*")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(work)
	for _, d := range []string{"lists/partial", "cache/archives/partial"} {
		if err := os.MkdirAll(filepath.Join(work, d), 0o755); err != nil {
			return "", err
		}
	}
	apt := func(args ...string) error {
		options := []string{"-qq", "-o", "Dir::State::lists=" + work + "/lists", "-o", "Dir::Cache=" + work + "/cache", "-o", "APT::Sandbox::User=root",
			"-o", "Acquire::Languages=none"}
		c := exec.Command("apt-get", append(options, args...)...)
		c.Dir = work
		if out, err := c.CombinedOutput(); err != nil {
			return fmt.Errorf("apt-get %s: %w\n%s", strings.Join(args, " "), err, out)
		}
		return nil
	}
	if err := errors.Join(apt("update"), apt(append([]string{"download"}, names...)...)); err != nil {
		return "", err
	}
	debs, err := filepath.Glob(filepath.Join(work, "*.deb"))
	if err != nil || len(debs) != len(names) {
		return "", fmt.Errorf("apt-get downloaded %v for %v", debs, names)
	}
	unpacked := filepath.Join(work, "unpacked")
	for _, deb := range debs {
		if out, err := exec.Command("dpkg-deb", "-x", deb, unpacked).CombinedOutput(); err != nil {
			return "", fmt.Errorf("dpkg-deb: %w\n%s", err, out)
		}
	}
	if err := os.Rename(unpacked, dir); err != nil {
		if _, exists := os.Stat(dir); exists != nil { // another process was first
			return "", err
		}
	}
	return dir, nil
}
