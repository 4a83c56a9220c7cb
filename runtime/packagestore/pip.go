package packagestore

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// pythonVersion is that of the guest.
const pythonVersion = "3.13"

// Errors of pip, for errors.Is.
var (
	ErrNoPip   = errors.New("pip is not there")
	ErrOffline = errors.New("the package index cannot be reached")
)

// ResolveError is a set of requirements for which there are no packages.
type ResolveError struct {
	Reason string // what pip said, or what was found out about it
	Hint   string // what to do
}

func (e *ResolveError) Error() string {
	if e.Hint != "" {
		return e.Reason + "; " + e.Hint
	}
	return e.Reason
}

// bootstrap starts pip in a Python that can start no other program and loads nothing from the working folder. pip resolves and downloads in its own process;
// what would build a package, which is the only way in which code of one could run, needs another.
//
//go:embed bootstrap.py
var bootstrap string

// pip runs pip as a child.
type pip struct {
	python string   // path of the interpreter
	env    []string // all of its environment
	// stop, where it is not nil, is what pip says when to end it: there is something to do that it cannot know of.
	stop *regexp.Regexp
}

// findPip looks for an interpreter; named, which may be empty, is the one to take. work is a folder for temporary files.
func findPip(named, work string) (*pip, error) {
	names := []string{"python3", "python"}
	if named != "" {
		names = []string{named}
	}
	for _, name := range names {
		if python, err := exec.LookPath(name); err == nil {
			return &pip{python: python, env: pipEnvironment(work)}, nil
		}
	}
	return nil, fmt.Errorf("%w: it takes %s with pip on the PATH to resolve and download packages (on Debian: apt install python3-pip)", ErrNoPip, names[0])
}

// ours are settings of pip that say what it has to do; here that is the caller's business.
var ours = []string{
	"TARGET", "PREFIX", "ROOT", "USER", "REQUIREMENT", "CONSTRAINT", "EDITABLE", "DEST", "SRC", "LOG", "PYTHON", "PYTHON_VERSION", "PLATFORM", "IMPLEMENTATION", "ABI",
	"ONLY_BINARY", "NO_BINARY", "NO_DEPS", "REPORT", "DRY_RUN", "VERBOSE", "QUIET", "REQUIRE_VIRTUALENV", "REQUIRE_HASHES",
}

// pipEnvironment is what of this process's environment pip sees: where its configuration is, and how the network is reached.
func pipEnvironment(work string) []string {
	kept := []string{
		"HOME", "XDG_CONFIG_HOME", "XDG_CONFIG_DIRS", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "PROGRAMDATA", "SYSTEMROOT", "PATH", "NETRC", "VIRTUAL_ENV",
		"SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "LANG", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY",
	}
	var env []string
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		setting, isPip := strings.CutPrefix(name, "PIP_")
		if isPip && !slices.Contains(ours, setting) || slices.Contains(kept, strings.ToUpper(name)) {
			env = append(env, entry)
		}
	}
	return append(env, "PYTHONDONTWRITEBYTECODE=1", "PYTHONIOENCODING=utf-8", "PIP_DISABLE_PIP_VERSION_CHECK=1", "PIP_NO_INPUT=1", "PIP_NO_COLOR=1",
		"TMPDIR="+work, "TEMP="+work, "TMP="+work)
}

// run runs pip and returns what it printed on both outputs together, and whether it failed. err is that it could not run, or not to its end.
func (p *pip) run(ctx context.Context, arguments ...string) (output string, failed bool, err error) {
	running, end := context.WithCancel(ctx)
	defer end()
	cmd := exec.CommandContext(running, p.python, append([]string{"-c", bootstrap}, arguments...)...)
	cmd.Env = p.env
	cmd.WaitDelay = 5 * time.Second
	out := &tail{stop: p.stop, end: end}
	cmd.Stdout, cmd.Stderr = out, out
	err = runTied(cmd)
	text := out.text()
	if p.stop != nil && out.seen {
		return text, true, nil
	}
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return text, true, ctx.Err()
	case err == nil:
		return text, false, nil
	case !errors.As(err, &exit):
		return text, true, fmt.Errorf("%w: %s cannot be started: %w", ErrNoPip, p.python, err)
	case strings.Contains(text, "No module named pip") || strings.Contains(text, "No module named 'pip'"):
		return text, true, fmt.Errorf("%w: %s has none (on Debian: apt install python3-pip; elsewhere: %s -m ensurepip)", ErrNoPip, p.python, filepath.Base(p.python))
	}
	return text, true, nil
}

// pureTarget are the arguments of pip that say for which machine: none, where only Python counts.
func pureTarget() []string {
	return []string{"--only-binary=:all:", "--python-version", pythonVersion, "--implementation", "py", "--abi", "none", "--platform", "any"}
}

// nativeTarget is a machine for which nearly every package has wheels. Nothing of what is native in them is ever used.
func nativeTarget() []string {
	return []string{
		"--only-binary=:all:", "--python-version", pythonVersion, "--implementation", "cp", "--abi", "cp313", "--abi", "abi3", "--abi", "none",
		"--platform", "manylinux2014_x86_64", "--platform", "manylinux_2_17_x86_64", "--platform", "manylinux_2_28_x86_64", "--platform", "manylinux1_x86_64",
	}
}

var (
	// unreachable is what pip and what it is made of say when there is no network.
	unreachable = regexp.MustCompile(`(?i)failed to establish a new connection|name or service not known|temporary failure in name resolution|getaddrinfo failed|` +
		`network is unreachable|connection refused|connection timed out|read timed out|proxyerror|nodename nor servname|sslerror|certificate_verify_failed`)
	notFound  = regexp.MustCompile(`No matching distribution found for ([A-Za-z0-9._-]+)([^\s(;]*)`)
	dependsOn = regexp.MustCompile(`(?m)^\s*(\S+ \S+) depends on ([A-Za-z0-9._-]+)`)
	indexLine = regexp.MustCompile(`(?m)^\S+ \(([^)]+)\)`)
)

// explain turns what pip said into an error that says what to do.
func (p *pip) explain(ctx context.Context, output, work string) error {
	if found := unreachable.FindString(output); found != "" {
		return fmt.Errorf("%w (%s): check the network and what pip is configured with (pip config list), or add wheels as files: wand packages add FILE.whl", ErrOffline, found)
	}
	if strings.Contains(output, "No space left on device") {
		return errors.New("there is no room left on the disk while pip was downloading; what was added before is untouched")
	}
	if strings.Contains(output, "wand lets pip start no other program") {
		return &ResolveError{"one of the packages would have to be built, and that would run its code on this machine", "only wheels are used: choose another package or version"}
	}
	if m := notFound.FindStringSubmatch(output); m != nil {
		return p.missing(ctx, m[1], m[2], work)
	}
	// Where pip has tried version after version, it names what each of them needs and nothing has.
	for _, m := range dependsOn.FindAllStringSubmatch(output, 1) {
		if err := p.missing(ctx, m[2], "", work); errors.As(err, new(*NativeError)) {
			return fmt.Errorf("%s needs %s: %w", m[1], m[2], err)
		}
	}
	return &ResolveError{"pip found no packages for this: " + errorLines(output), ""}
}

// missing says why there is no wheel of a package that could be used. work is a folder for what has to be downloaded to find out.
func (p *pip) missing(ctx context.Context, name, versions, work string) error {
	if versions != "" {
		// pip lists versions whatever machine their wheels are for; what it would take, it only says by taking it.
		dir := filepath.Join(work, "newest")
		if _, failed, err := p.download(ctx, dir, pureTarget(), "--no-deps", name); err == nil && !failed {
			if names, err := wheelsIn(dir); err == nil && len(names) == 1 && strings.Count(names[0], "-") > 1 {
				version := strings.Split(names[0], "-")[1]
				return &ResolveError{fmt.Sprintf("no version of %s meets %s", name, versions), fmt.Sprintf("the newest that can run here is %s", version)}
			}
		}
	}
	index := func(target ...string) (version string, ok bool) {
		output, failed, err := p.run(ctx, append([]string{"index", "versions", name}, target...)...)
		if m := indexLine.FindStringSubmatch(output); m != nil && !failed && err == nil {
			return m[1], true
		}
		return "", false
	}
	if version, ok := index(nativeTarget()...); ok {
		return &NativeError{Name: name, Version: version, Hint: nativeHint(name)}
	}
	return &ResolveError{fmt.Sprintf("the index that pip is configured with has no package %s", name), "check the spelling: the name to install can differ from the name to import"}
}

// nativeHint says what there is in the place of a package with native code.
func nativeHint(name string) string {
	switch strings.ToLower(name) {
	case "numpy", "pandas":
		return "the science guest has it: make guests SCIENCE=1"
	case "matplotlib":
		return "the guest has a stand-in that draws simple charts as SVG through matplotlib.pyplot"
	case "scipy", "scikit-learn", "statsmodels", "seaborn":
		return "numpy and pandas are in the science guest (make guests SCIENCE=1); what to use in its place, a program is told when it imports it"
	}
	return "look for a package in pure Python that does the same, or give its wheel as a file where you can build one without native code"
}

// errorLines are pip's own words, shortened.
func errorLines(output string) string {
	var list []string
	for line := range strings.Lines(output) {
		if text, ok := strings.CutPrefix(strings.TrimSpace(line), "ERROR: "); ok && len(list) < 4 && !strings.HasPrefix(text, "ResolutionImpossible") && text != "Exception:" {
			list = append(list, text[:min(len(text), 300)])
		}
	}
	if len(list) == 0 {
		lines := strings.Split(strings.TrimSpace(output), "\n")
		return lines[len(lines)-1]
	}
	return strings.ToValidUTF8(strings.Join(list, "; "), "")
}

// tail keeps the end of what is written to it.
type tail struct {
	b    []byte
	stop *regexp.Regexp // what calls end
	end  func()
	seen bool
}

const maxTail = 256 << 10

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	t.b = append(t.b, p...)
	if len(t.b) > 2*maxTail {
		t.b = bytes.Clone(t.b[len(t.b)-maxTail:])
	}
	if t.stop != nil && !t.seen && t.stop.Match(t.b) {
		t.seen = true
		t.end()
	}
	return len(p), nil
}

func (t *tail) text() string { return strings.ToValidUTF8(string(t.b), "\uFFFD") }
