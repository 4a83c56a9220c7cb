package toolchain

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"wand/compiler"
	"wand/compiler/toolchain/jail"
)

// buildVersion changes when builds of an older version of this package must not be used again.
const buildVersion = "1"

// maxModule is the largest module that is read back, in bytes; the compiler package has a limit of its own.
const maxModule = 256 << 20

// compile builds one program in a fresh folder, or finds it built.
func (s *Set) compile(ctx context.Context, d driver, t *tool, p program) (compiler.Build, error) {
	dir, err := os.MkdirTemp("", "wand-build-")
	if err != nil {
		return compiler.Build{}, fmt.Errorf("no folder to build in: %w", err)
	}
	defer remove(dir)
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return compiler.Build{}, err
	}
	source := p.source
	p.dir, p.source = dir, withoutShebang(p.language, p.source)
	p.file = fileName(p.name, p.language)
	built := compiler.Build{Toolchain: t.name}
	if d.prepare != nil {
		built.Diagnostics, err = d.prepare(ctx, &s.options, t, &p)
		settle(built.Diagnostics, source)
		if err != nil || hasError(built.Diagnostics) {
			return built, err
		}
	}
	todo := d.plan(t, p)
	if _, taken := todo.files[p.file]; taken {
		p.file = defaultFile(p.language)
		todo = d.plan(t, p)
	}
	key := buildKey(t, p, todo)
	if kept, ok := s.kept(key); ok {
		kept.Toolchain, kept.Cached = t.name, true
		return kept, nil
	}
	if err := layOut(dir, p, todo.files); err != nil {
		return compiler.Build{}, err
	}
	for _, step := range todo.steps {
		r, err := s.step(ctx, t, p, step)
		if err != nil {
			return compiler.Build{}, err
		}
		found := d.parse(p, hidden(t, p, r.Stderr+r.Stdout))
		if len(found) > maxDiagnostics {
			found = found[:maxDiagnostics]
		}
		built.Diagnostics = append(built.Diagnostics, found...)
		settle(built.Diagnostics, source)
		if r.OK() {
			continue
		}
		if stopped, ok := stopDiagnostic(p, t, r); ok {
			built.Diagnostics = append([]compiler.Diagnostic{stopped}, built.Diagnostics...)
		} else if !hasError(built.Diagnostics) {
			built.Diagnostics = append(built.Diagnostics, unexplained(p, t, r))
		}
		return built, nil
	}
	if hasError(built.Diagnostics) { // a compiler that complains and goes on all the same
		return built, nil
	}
	if built.Wasm, err = readModule(filepath.Join(dir, filepath.FromSlash(todo.output))); err != nil {
		return compiler.Build{}, fmt.Errorf("%s: %w", t.name, err)
	}
	if d.finish != nil {
		built.Wasm = d.finish(p, built.Wasm)
	}
	s.keep(key, built)
	return built, nil
}

// maxMessage is how much of a message is kept, in code points. The program decides how long one is.
const maxMessage = 500

// settle makes findings fit to be shown: their lines are those of the source as the model wrote it, and none is endless.
func settle(found []compiler.Diagnostic, source string) {
	lines := strings.Count(source, "\n") + 1
	for i := range found {
		d := &found[i]
		if d.Line < 1 || d.Line > lines { // a program can give its lines other numbers
			d.Line, d.Column, d.EndColumn, d.LineText = 0, 0, 0, ""
		} else {
			d.LineText = compiler.LineText(source, d.Line)
		}
		d.Message, d.Hint = clip(d.Message, maxMessage), clip(d.Hint, maxMessage)
	}
}

func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	if runes := []rune(s); len(runes) > n {
		return string(runes[:n]) + "…"
	}
	return s
}

// maxDiagnostics is how many findings of one step are kept, the first: what follows them is mostly their consequence.
const maxDiagnostics = 50

// niceness is the priority of a compiler: behind this process, which has to see what it does and stop it; of no consequence when nobody else wants the processor.
const niceness = 5

// step runs one command of a plan.
func (s *Set) step(ctx context.Context, t *tool, p program, st step) (*jail.Result, error) {
	limits := s.options.Limits
	if st.limits != (jail.Limits{}) {
		limits = limited(limits, st.limits)
	}
	temp, home := filepath.Join(p.dir, ".tmp"), filepath.Join(p.dir, ".home")
	env := []string{"PATH=", "LC_ALL=C", "TZ=UTC", "SOURCE_DATE_EPOCH=1735689600", "HOME=" + home, "TMPDIR=" + temp, "TMP=" + temp, "TEMP=" + temp}
	r, err := jail.Run(ctx, jail.Command{Argv: st.argv, Env: overridden(env, st.env), Dir: p.dir, Read: t.read, Nice: niceness, Limits: limits, Trust: s.options.Trust})
	var unsupported *jail.UnsupportedError
	switch {
	case errors.As(err, &unsupported):
		return nil, &compiler.InputError{Reason: err, Name: p.name}
	case err != nil:
		return nil, fmt.Errorf("%s: %w", t.name, err)
	}
	return r, nil
}

// overridden is an environment with the variables of a step in it, each of them once: programs do not agree on which of two counts.
func overridden(env, own []string) []string {
	env = slices.DeleteFunc(env, func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return slices.ContainsFunc(own, func(o string) bool { return strings.HasPrefix(o, name+"=") })
	})
	return append(env, own...)
}

// limited are limits with those of a step where the owner of the set said nothing.
func limited(own, step jail.Limits) jail.Limits {
	for _, f := range []struct {
		own  *int64
		step int64
	}{{(*int64)(&own.Time), int64(step.Time)}, {&own.Memory, step.Memory}, {&own.Disk, step.Disk}, {&own.Output, step.Output}} {
		if *f.own == 0 {
			*f.own = f.step
		}
	}
	// A compiler that reserves much and uses little would not even start within less; what it uses, the limit of memory bounds.
	own.AddressSpace = max(own.AddressSpace, step.AddressSpace)
	if own.Files == 0 {
		own.Files = step.Files
	}
	if own.Processes == 0 {
		own.Processes = step.Processes
	}
	return own
}

// layOut writes the program and what belongs beside it into the private folder.
func layOut(dir string, p program, files map[string]string) error {
	for _, name := range []string{".tmp", ".home"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			return err
		}
	}
	files = maps.Clone(files)
	if files == nil {
		files = map[string]string{}
	}
	files[p.file] = p.source
	for name, text := range files {
		target := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(target), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(target, []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// remove removes a private folder, also where the compiler took away the right to.
func remove(dir string) {
	if os.RemoveAll(dir) == nil {
		return
	}
	filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if d != nil && d.IsDir() {
			os.Chmod(path, 0o700)
		}
		return nil
	})
	os.RemoveAll(dir)
}

// fileName is the name that the compiler sees, and that debug information and assertions show: the program's own where that is harmless.
func fileName(name string, language compiler.Language) string {
	base := path.Base(strings.ReplaceAll(name, `\`, "/"))
	fallback := defaultFile(language)
	if path.Ext(base) != path.Ext(fallback) || len(base) > 100 || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "-") {
		return fallback
	}
	for _, r := range base {
		if !(r == '.' || r == '_' || r == '-' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') {
			return fallback
		}
	}
	return base
}

// defaultFile is a file name that every compiler of the language accepts.
func defaultFile(language compiler.Language) string {
	return map[compiler.Language]string{compiler.Go: "main.go", compiler.C: "main.c", compiler.Cpp: "main.cpp", compiler.Rust: "main.rs",
		compiler.AssemblyScript: "main.ts", compiler.WAT: "main.wat"}[language]
}

// withoutShebang makes a first line for the shell a comment of the same length, where the language has no word for it.
func withoutShebang(language compiler.Language, source string) string {
	if strings.HasPrefix(source, "#!") && language != compiler.Rust {
		comment := "//"
		if language == compiler.WAT {
			comment = ";;"
		}
		return comment + source[2:]
	}
	return source
}

// buildKey names a build by everything that decides what it is.
func buildKey(t *tool, p program, todo plan) string {
	type command struct{ Argv, Env []string }
	var steps []command
	for _, st := range todo.steps {
		steps = append(steps, command{relative(p.dir, st.argv), relative(p.dir, st.env)})
	}
	files := map[string]string{}
	for name, text := range todo.files {
		files[name] = strings.ReplaceAll(text, p.dir, ".")
	}
	text, err := json.Marshal(struct {
		Version, Tool, ID string
		Language          compiler.Language
		Name, File        string
		Source, Output    string
		Files             map[string]string
		Steps             []command
	}{buildVersion, t.name, t.id, p.language, p.name, p.file, p.source, todo.output, files, steps})
	if err != nil {
		panic(err) // strings can always be written
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// relative takes the private folder, which has another name each time, out of arguments.
func relative(dir string, list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = strings.ReplaceAll(s, dir, ".")
	}
	return out
}

// hidden takes the folders of this machine out of what a compiler said.
func hidden(t *tool, p program, output string) string {
	output = strings.ReplaceAll(output, p.dir+"/", "")
	output = strings.ReplaceAll(output, p.dir, ".")
	for _, dir := range append([]string{filepath.Dir(t.path)}, t.read...) {
		if len(dir) > 1 {
			output = strings.ReplaceAll(output, dir, "<toolchain>")
		}
	}
	return output
}

// readModule reads what the compiler made: a file of its own, not a link that a hostile one laid.
func readModule(file string) ([]byte, error) {
	info, err := os.Lstat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errNoModule
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("the compiler left %s in place of a module", info.Mode().Type())
	case info.Size() > maxModule:
		return nil, fmt.Errorf("the compiler left a module of %d bytes; at most %d are read", info.Size(), maxModule)
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxModule))
}

func hasError(list []compiler.Diagnostic) bool {
	for _, d := range list {
		if d.Severity == compiler.SeverityError {
			return true
		}
	}
	return false
}

// stopDiagnostic says which limit ended a compiler. Its type is Unsupported, as of everything that is wrong with a program only here.
func stopDiagnostic(p program, t *tool, r *jail.Result) (compiler.Diagnostic, bool) {
	d := compiler.Diagnostic{Severity: compiler.SeverityError, Type: "Unsupported", File: p.name}
	switch r.Stopped {
	case jail.StopNone:
		if r.Signal == 0 {
			return d, false
		}
		d.Message = fmt.Sprintf("%s died of %s while it compiled the program", t.name, r.Signal)
		d.Hint = "simplify what is unusual about the program: very deep nesting, very large types or constants"
		return d, true
	case jail.StopTime:
		d.Message = fmt.Sprintf("%s was stopped: compiling took longer than the limit", t.name)
		d.Hint = "compute less while compiling: fewer or shallower templates, macros and constant expressions"
	case jail.StopMemory:
		d.Message = fmt.Sprintf("%s was stopped: compiling took more memory than the limit", t.name)
		d.Hint = "make arrays, types and constant expressions smaller; allocate large data when the program runs"
	case jail.StopDisk:
		d.Message = fmt.Sprintf("%s was stopped: compiling wrote more to disk than the limit", t.name)
		d.Hint = "make the program's static data smaller"
	case jail.StopOutput:
		d.Message = fmt.Sprintf("%s was stopped: it printed more messages than the limit", t.name)
		d.Hint = "repair the first error; the others may follow from it"
	default:
		d.Message = fmt.Sprintf("%s was stopped: it started more processes than the limit", t.name)
	}
	return d, true
}

// unexplained is for a compiler that failed and said nothing that could be read as a finding.
func unexplained(p program, t *tool, r *jail.Result) compiler.Diagnostic {
	said := hidden(t, p, r.Stderr)
	if strings.TrimSpace(said) == "" {
		said = hidden(t, p, r.Stdout)
	}
	line, _, _ := strings.Cut(strings.TrimSpace(said), "\n")
	if line == "" {
		line = fmt.Sprintf("it ended with exit code %d and said nothing", r.ExitCode)
	}
	return compiler.Diagnostic{Severity: compiler.SeverityError, Type: "CompileError", File: p.name, Message: fmt.Sprintf("%s: %s", t.name, clip(line, maxMessage))}
}
