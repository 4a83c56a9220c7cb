package toolchain

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"wand/compiler"
	"wand/modules/sdk"
)

// rustDriver compiles Rust: one file, edition 2021, with the standard library.
func rustDriver() driver { return driver{find: findRust, plan: planRust, parse: parseRust} }

// rustTargets are the names of WASI preview 1, today's first.
var rustTargets = []string{"wasm32-wasip1", "wasm32-wasi"}

// findRust looks for rustc, and for a standard library for WebAssembly: its own, or the one that make toolchains has put beside the guests.
func findRust(ctx context.Context, o *Options) (*tool, error) {
	missing := &compiler.MissingToolchainError{Language: compiler.Rust, Want: []string{"rustc on PATH"}, Install: "install Rust (https://rustup.rs), then run: make toolchains"}
	path, err := o.LookPath("rustc")
	if err != nil {
		return nil, missing
	}
	said, err := ask(ctx, path, "-vV")
	if err != nil {
		missing.Want = []string{"a rustc that answers; " + path + " says: " + err.Error()}
		missing.Install = "choose a toolchain (rustup default stable), then run: make toolchains"
		return nil, missing
	}
	release, host := field(said, "release: "), field(said, "host: ")
	sysroot, err := ask(ctx, path, "--print", "sysroot")
	if err != nil {
		return nil, fmt.Errorf("rustc --print sysroot: %w", err)
	}
	sysroot = strings.TrimSpace(sysroot)
	t := &tool{name: "rustc " + release, path: path, read: []string{sysroot}, dirs: map[string]string{}}
	if real := filepath.Join(sysroot, "bin", "rustc"); isFile(real) {
		t.path = real // what is on PATH may be rustup's, which looks at more than it may in a jail
	}
	if linker := filepath.Join(sysroot, "lib", "rustlib", host, "bin", "rust-lld"); isFile(linker) {
		t.dirs["linker"] = linker
	}
	t.read = append(t.read, sharedLibraries(t.path, t.dirs["linker"])...)
	homes := []string{sysroot}
	if o.Cache != "" {
		homes = append(homes, filepath.Join(o.Cache, "toolchain", "rust-"+release+"-"+host))
	}
	for _, home := range homes {
		for _, target := range rustTargets {
			std, _ := filepath.Glob(filepath.Join(home, "lib", "rustlib", target, "lib", "libstd-*.rlib"))
			if len(std) == 0 {
				continue
			}
			t.dirs["sysroot"], t.dirs["target"] = home, target
			if home != sysroot {
				t.read = append(t.read, home)
			}
			t.id = said + filepath.Base(std[0]) // the name of the library has its hash
			return t, nil
		}
	}
	missing.Want = []string{"the standard library of rustc " + release + " for wasm32-wasip1"}
	missing.Install = "run: make toolchains"
	if !isFile(filepath.Join(sysroot, "lib", "rustlib", "multirust-channel-manifest.toml")) { // not rustup's: nothing there to fetch it with
		missing.Install = "install it as rustc was installed (Debian: apt install libstd-rust-dev-wasm32)"
	}
	return nil, missing
}

// planRust fixes on the command line what a program could otherwise choose in its source: what kind of crate it is, its name, its target, its linker.
func planRust(t *tool, p program) plan {
	argv := []string{
		t.path, "--edition=2021", "--crate-type=bin", "--crate-name=main", "--target=" + t.dirs["target"], "--sysroot=" + t.dirs["sysroot"],
		"-Copt-level=2", "-Cdebuginfo=1", "-Cpanic=abort", "-Coverflow-checks=on", "-Ccodegen-units=1", "-Cembed-bitcode=no",
		"--remap-path-prefix=" + p.dir + "=.", "--error-format=json", "-o", "main.wasm",
	}
	if linker := t.dirs["linker"]; linker != "" {
		argv = append(argv, "-Clinker="+linker)
	}
	return plan{
		files:  sdk.Files("rust"),
		steps:  []step{{argv: append(argv, p.file), env: rustEnv()}},
		output: "main.wasm",
	}
}

// rustEnv is all that env! can read. It names no folder of this machine, and has a nightly compiler refuse what a stable one does.
func rustEnv() []string {
	return []string{"HOME=.home", "TMPDIR=.tmp", "TMP=.tmp", "TEMP=.tmp", "RUSTC_BOOTSTRAP=-1", "RUST_BACKTRACE=0"}
}

// rustMessage is a line of rustc --error-format=json.
type rustMessage struct {
	Message  string
	Level    string
	Code     *struct{ Code string }
	Spans    []rustSpan
	Children []rustMessage
}

type rustSpan struct {
	FileName    string `json:"file_name"`
	LineStart   int    `json:"line_start"`
	LineEnd     int    `json:"line_end"`
	ColumnStart int    `json:"column_start"`
	ColumnEnd   int    `json:"column_end"`
	IsPrimary   bool   `json:"is_primary"`
	Label       string
	Expansion   *struct{ Span rustSpan }
}

func parseRust(p program, output string) []compiler.Diagnostic {
	var found []compiler.Diagnostic
	for line := range strings.Lines(output) {
		var m rustMessage
		if !strings.HasPrefix(line, "{") || json.Unmarshal([]byte(line), &m) != nil && !m.readBroken(line) {
			continue
		}
		if d, ok := m.diagnostic(p); ok {
			found = append(found, d)
		}
	}
	return found
}

// readBroken reads of a message that was too long to be kept whole what it begins with.
func (m *rustMessage) readBroken(line string) bool {
	text, ok := strings.CutPrefix(line, `{"$message_type":"diagnostic","message":"`)
	if !ok {
		return false
	}
	text = text[:min(len(text), 1000)]
	for end := len(text); end > 0; end-- { // an escape may have been cut
		if json.Unmarshal([]byte(`"`+text[:end]+`"`), &m.Message) == nil {
			m.Level = "error"
			return true
		}
	}
	return false
}

func (m *rustMessage) diagnostic(p program) (compiler.Diagnostic, bool) {
	d := compiler.Diagnostic{Severity: compiler.SeverityError, Type: "error", Message: m.Message, File: p.name}
	switch {
	case strings.HasPrefix(m.Level, "error") && !strings.HasPrefix(m.Message, "aborting due to "):
	case m.Level == "warning" && len(m.Spans) > 0: // else it counts the others
		d.Severity, d.Type = compiler.SeverityWarning, "warning"
	default:
		return d, false
	}
	if m.Code != nil && m.Code.Code != "" {
		d.Type = m.Code.Code
	}
	for _, span := range m.Spans {
		if span.IsPrimary {
			span.place(&d, p)
			if span.Label != "" && !strings.Contains(d.Message, span.Label) {
				d.Message += ": " + span.Label
			}
			break
		}
	}
	for _, child := range m.Children {
		if child.Level == "help" && d.Hint == "" {
			d.Hint = clipped(child.Message)
		}
		// What the linker said stands in a note, behind how it was called.
		if _, said, ok := strings.Cut(child.Message, "error: "); ok && strings.HasPrefix(d.Message, "linking with ") {
			d.Type = "LinkError"
			d.Message, _, _ = strings.Cut(said, "\n")
		}
	}
	d.Message = clipped(d.Message)
	return d, true
}

// place puts a finding where the program has what it is about: of a macro's expansion, where the program used the macro.
func (s *rustSpan) place(d *compiler.Diagnostic, p program) {
	for at := s; ; at = &at.Expansion.Span {
		if at.FileName == p.file {
			d.Line, d.Column = at.LineStart, at.ColumnStart
			if at.LineEnd == at.LineStart {
				d.EndColumn = at.ColumnEnd
			}
			return
		}
		if at.Expansion == nil {
			break
		}
	}
	if s.FileName != p.file {
		d.File, d.Line, d.Column = filepath.Base(s.FileName), s.LineStart, s.ColumnStart
	}
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// field is the rest of the line that begins with name.
func field(text, name string) string {
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, name); ok {
			return strings.TrimSpace(rest)
		}
	}
	return ""
}
