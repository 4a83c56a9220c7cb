package toolchain

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"wand/compiler"
	"wand/modules/sdk"
)

// C and C++ are compiled by zig's clang, which make guests puts into the cache, or by a clang of the system that has a wasi-libc. zig would compile its C library
// when a program first needs it, into a cache that a hostile compile could poison; so that is done once, with an empty program, and each program then needs the
// bare clang and linker that are in zig, which read the library and cannot write it.

func clangDriver(language compiler.Language) driver {
	return driver{
		find:    func(ctx context.Context, o *Options) (*tool, error) { return findClang(ctx, o, language) },
		prepare: prepareClang, plan: planClang, parse: parseClang,
	}
}

const (
	minClang     = 16
	maxClang     = 30
	clangInstall = "run make guests, which fetches one, or install clang 16 or newer with wasi-libc (Debian: apt install clang lld wasi-libc libclang-rt-dev-wasm32, and libc++-dev-wasm32 for C++)"
)

func findClang(ctx context.Context, o *Options, language compiler.Language) (*tool, error) {
	var want []string
	for _, path := range zigs(o) {
		t, err := zigTool(ctx, o, path)
		if err == nil {
			return t, nil
		}
		want = append(want, fmt.Sprintf("a zig that works (%s: %v)", path, err))
	}
	if len(want) == 0 {
		want = append(want, "the clang of make guests in wand's cache")
	}
	for _, name := range clangNames() {
		path, err := o.LookPath(name)
		if err != nil {
			continue
		}
		t, err := clangTool(ctx, o, path, language)
		if err == nil {
			return t, nil
		}
		want = append(want, fmt.Sprintf("a wasi-libc for %s (%v)", path, err))
	}
	if len(want) == 1 {
		want = append(want, "clang, clang-16 and newer on PATH")
	}
	return nil, &compiler.MissingToolchainError{Language: language, Want: want, Install: clangInstall}
}

// zigs lists where a zig may be: WAND_ZIG alone, when it is set, as for make guests; else what make guests fetched, the latest first.
func zigs(o *Options) []string {
	if path := o.Getenv("WAND_ZIG"); path != "" {
		return []string{path}
	}
	if o.Cache == "" {
		return nil
	}
	list, _ := filepath.Glob(filepath.Join(o.Cache, "toolchain", "zig-*", "ziglang", "zig"))
	changed := func(path string) time.Time {
		info, err := os.Stat(path)
		if err != nil {
			return time.Time{}
		}
		return info.ModTime()
	}
	slices.SortFunc(list, func(a, b string) int { return changed(b).Compare(changed(a)) })
	return list
}

func clangNames() []string {
	names := []string{"clang"}
	for n := maxClang; n >= minClang; n-- {
		names = append(names, fmt.Sprintf("clang-%d", n))
	}
	return names
}

var clangVersion = regexp.MustCompile(`clang version (\d+)(\.\d+)*`)

func zigTool(ctx context.Context, o *Options, path string) (*tool, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	bare := func(args ...string) (string, error) {
		cmd := exec.CommandContext(ctx, path, args...)
		cmd.Env = []string{"PATH=", "HOME=" + os.TempDir(), "LC_ALL=C"}
		return output(ctx, cmd)
	}
	zig, err := bare("version")
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, firstLine(zig))
	}
	clang, err := bare("clang", "--version")
	m := clangVersion.FindString(clang)
	if err != nil || m == "" {
		return nil, fmt.Errorf("its clang does not answer: %s", firstLine(clang))
	}
	lib := filepath.Join(filepath.Dir(path), "lib")
	if _, err := os.Stat(filepath.Join(lib, "libc", "include", "wasm-wasi-musl")); err != nil {
		return nil, errors.New("it has no wasi-libc beside it")
	}
	t := &tool{path: path, name: fmt.Sprintf("clang %s (zig %s)", strings.TrimPrefix(m, "clang version "), strings.TrimSpace(zig)), read: append(sharedLibraries(path), path, lib), dirs: map[string]string{"lib": lib}}
	if t.id, err = identity(path); err != nil {
		return nil, err
	}
	if o.Cache != "" {
		t.dirs["sysroot"] = filepath.Join(o.Cache, "toolchain", "wasi-"+t.id[:12])
		t.read = append(t.read, t.dirs["sysroot"])
	}
	return t, nil
}

// wasmFeatures are what the runtime's decoder accepts, and what guests are built with.
const wasmFeatures = "generic+bulk_memory+sign_ext+nontrapping_fptoint+mutable_globals"

// sysroot is zig's C and C++ library as the bare clang and linker take it.
type sysroot struct {
	include, defines []string // options for the compiler
	libraries        []string // files in the order in which the linker wants them, the program's object behind the first
}

// prepareClang makes zig's libraries, where that was not done before.
func prepareClang(ctx context.Context, o *Options, t *tool, _ *program) ([]compiler.Diagnostic, error) {
	dir := t.dirs["sysroot"]
	if t.dirs["clang"] != "" {
		return nil, nil
	}
	if dir == "" {
		return nil, errors.New("the C library has to be compiled once, and there is no cache folder to keep it in; set WAND_CACHE to a folder")
	}
	if isFile(filepath.Join(dir, sysrootFlags)) {
		return nil, nil
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return nil, err
	}
	lock := flock.New(dir + ".lock")
	if _, err := lock.TryLockContext(ctx, 200*time.Millisecond); err != nil {
		return nil, fmt.Errorf("waiting for another process that compiles the C library: %w", err)
	}
	defer lock.Unlock()
	if isFile(filepath.Join(dir, sysrootFlags)) { // the other process was done
		return nil, nil
	}
	o.Progress("compiling the C and C++ libraries (once)")
	made, err := os.MkdirTemp(filepath.Dir(dir), ".new-wasi-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(made)
	if err := compileSysroot(ctx, o, t, made); err != nil {
		return nil, fmt.Errorf("cannot compile the C library: %w", err)
	}
	os.RemoveAll(dir) // what an interrupted removal left
	return nil, os.Rename(made, dir)
}

// sysrootFlags is a file with the options that go with the libraries beside it, written last: I and a folder below zig's lib, D and a macro, L and a library.
const sysrootFlags = "flags"

const emptyProgram = "#include <iostream>\n#include <cmath>\nint main() { std::cout << std::endl; return 0; }\n"

// compileSysroot has zig compile an empty program and takes over what it used for that: libraries, without debug information (-s), and options.
func compileSysroot(ctx context.Context, o *Options, t *tool, dir string) error {
	work := filepath.Join(dir, "work")
	if err := os.Mkdir(work, 0o700); err != nil {
		return err
	}
	defer os.RemoveAll(work)
	if err := os.WriteFile(filepath.Join(work, "main.cpp"), []byte(emptyProgram), 0o600); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, t.path, "c++", "-target", "wasm32-wasi", "-mcpu="+wasmFeatures, "-fno-sanitize=undefined", "-fno-exceptions", "-O2", "-s", "-v", "-o", "main.wasm", "main.cpp")
	cmd.Dir = work
	cmd.Env = []string{"PATH=", "HOME=" + work, "TMPDIR=" + work, "LC_ALL=C", "ZIG_LOCAL_CACHE_DIR=" + filepath.Join(work, "local"), "ZIG_GLOBAL_CACHE_DIR=" + filepath.Join(o.Cache, "toolchain", "zig-cache")}
	var said strings.Builder
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &said, &said, time.Second
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%w: %s", err, firstLine(said.String()))
	}
	root, err := readZig(said.String(), work)
	if err != nil {
		return err
	}
	var flags []string
	for _, include := range root.include {
		below, err := filepath.Rel(t.dirs["lib"], include)
		if err != nil || !filepath.IsLocal(below) {
			continue
		}
		if _, err := os.Stat(include); err == nil {
			flags = append(flags, "I"+below)
		}
	}
	for _, define := range root.defines {
		flags = append(flags, "D"+define)
	}
	for _, library := range root.libraries {
		name := filepath.Base(library)
		if err := place(library, filepath.Join(dir, name)); err != nil {
			return err
		}
		flags = append(flags, "L"+name)
	}
	return os.WriteFile(filepath.Join(dir, sysrootFlags), []byte(strings.Join(flags, "\n")+"\n"), 0o600)
}

// readZig finds the options of the compiler and the arguments of the linker in what zig prints about them.
func readZig(said, dir string) (sysroot, error) {
	var root sysroot
	for line := range strings.Lines(said) {
		words := strings.Fields(line)
		switch {
		case slices.Contains(words, "-cc1") && root.include == nil:
			for i, word := range words[:max(len(words)-1, 0)] {
				next := strings.Trim(words[i+1], `"`)
				switch {
				case word == "-isystem":
					root.include = append(root.include, next)
				case word == "-D" && next != "NDEBUG":
					root.defines = append(root.defines, next)
				}
			}
		case len(words) > 0 && words[0] == "wasm-ld":
			for _, word := range words[1:] {
				if (strings.HasSuffix(word, ".a") || strings.HasSuffix(word, ".o")) && !strings.HasSuffix(word, "main.o") {
					if !filepath.IsAbs(word) {
						word = filepath.Join(dir, word)
					}
					root.libraries = append(root.libraries, word)
				}
			}
		}
	}
	if len(root.include) == 0 || len(root.libraries) < 3 {
		return root, fmt.Errorf("zig did not say how it compiles: %s", firstLine(said))
	}
	return root, nil
}

// clangTool is a clang of the system, tried out on an empty program.
func clangTool(ctx context.Context, o *Options, path string, language compiler.Language) (*tool, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	said, err := output(ctx, exec.CommandContext(ctx, path, "--version"))
	m := clangVersion.FindStringSubmatch(said)
	if err != nil || m == nil {
		return nil, fmt.Errorf("it does not say its version: %s", firstLine(said))
	}
	if major, _ := strconv.Atoi(m[1]); major < minClang {
		return nil, fmt.Errorf("it is version %s, and %d is needed", m[1], minClang)
	}
	dir, err := os.MkdirTemp("", "wand-clang-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	name, program := "main.c", "#include <stdio.h>\nint main(void) { return puts(\"\") < 0; }\n"
	if language == compiler.Cpp {
		name, program = "main.cpp", emptyProgram
	}
	if err := os.WriteFile(filepath.Join(dir, name), []byte(program), 0o600); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, path, append(clangOptions(language), "-O0", "-o", "main.wasm", name)...)
	cmd.Dir = dir
	if said, err := output(ctx, cmd); err != nil {
		return nil, fmt.Errorf("it cannot compile for wasm32-wasi: %s", firstLine(said))
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil, err
	}
	t := &tool{path: path, name: "clang " + strings.TrimPrefix(m[0], "clang version "), read: append(systemRead(), path, real), dirs: map[string]string{"clang": path}}
	if resource, err := output(ctx, exec.CommandContext(ctx, path, "-print-resource-dir")); err == nil {
		t.read = append(t.read, strings.TrimSpace(resource))
	}
	// A clang that brings its libraries along, as the WASI SDK does, or to whose folder the system's lead, as Debian's do.
	prefix := filepath.Dir(filepath.Dir(real))
	t.read = append(t.read, filepath.Join(prefix, "share", "wasi-sysroot"), filepath.Join(prefix, "lib", "clang"), filepath.Join(prefix, "include"), filepath.Join(prefix, "lib", "wasm32-wasi"))
	// In the jail there is no PATH to find it on.
	for _, linker := range []string{"wasm-ld-" + m[1], "wasm-ld"} {
		if found, err := o.LookPath(linker); err == nil {
			t.dirs["linker"] = found
			t.read = append(t.read, found)
			break
		}
	}
	t.read = append(t.read, sharedLibraries(real, t.dirs["linker"])...)
	t.id, err = identity(real)
	return t, err
}

// systemRead is where systems keep a wasi-libc.
func systemRead() []string {
	return []string{"/usr/include/wasm32-wasi", "/usr/lib/wasm32-wasi", "/usr/share/wasi-sysroot"}
}

// clangOptions are those of a clang of the system for a whole compile.
func clangOptions(language compiler.Language) []string {
	options := []string{"--target=wasm32-wasi", "--no-default-config", "-O2", "-g", "-Wall", "-Wl,--stack-first", "-Wl,-z,stack-size=" + strconv.Itoa(cStack)}
	if language == compiler.Cpp {
		options = append(options, "--driver-mode=g++", "-std=c++20", "-fno-exceptions")
	}
	return options
}

// cStack is the stack of a C program, in bytes: what Linux gives one.
const cStack = 8 << 20

// diagnosticOptions make messages one line each, without colour and quotations of the source.
var diagnosticOptions = []string{"-fno-color-diagnostics", "-fno-caret-diagnostics", "-ferror-limit=20"}

// visible is a file that tells clang which folders there are. The jail keeps the content of all others from it, but not whether they exist, which __has_include
// would tell a program.
const visible = ".visible.json"

func visibleFiles(dirs ...string) string {
	type root struct {
		Type     string `json:"type"`
		Name     string `json:"name"`
		Contents string `json:"external-contents"`
	}
	list := []root{}
	for _, dir := range dirs {
		list = append(list, root{"directory-remap", dir, dir})
	}
	text, err := json.Marshal(map[string]any{"version": 0, "case-sensitive": true, "redirecting-with": "redirect-only", "roots": list})
	if err != nil {
		panic(err) // strings can always be written
	}
	return string(text)
}

func planClang(t *tool, p program) plan {
	files := sdk.Files(string(p.language))
	if t.dirs["clang"] != "" {
		argv := append([]string{t.path}, clangOptions(p.language)...)
		argv = append(argv, diagnosticOptions...)
		if linker := t.dirs["linker"]; linker != "" {
			argv = append(argv, "-fuse-ld="+linker)
		}
		argv = append(argv, "-ffile-prefix-map="+p.dir+"=.", "-I.", "-o", "main.wasm", p.file)
		return plan{files: files, steps: []step{{argv: argv}}, output: "main.wasm"}
	}
	files[visible] = visibleFiles(p.dir, t.dirs["lib"])
	root := t.dirs["sysroot"]
	flags, _ := os.ReadFile(filepath.Join(root, sysrootFlags))
	cpp := p.language == compiler.Cpp
	compile := []string{t.path, "clang", "--target=wasm32-wasi", "--no-default-config", "-ivfsoverlay", visible, "-c", "-O2", "-g", "-gdwarf-4", "-Wall", "-nostdlibinc", "-nobuiltininc", "-fvisibility=hidden",
		"-mbulk-memory", "-msign-ext", "-mnontrapping-fptoint", "-mmutable-globals", "-mno-multivalue", "-mno-reference-types", "-fdebug-compilation-dir=.", "-ffile-prefix-map=" + p.dir + "=.",
		"-ffile-prefix-map=" + t.dirs["lib"] + "=/toolchain"}
	compile = append(compile, diagnosticOptions...)
	if cpp {
		compile = append(compile, "--driver-mode=g++", "-std=c++20", "-fno-exceptions")
	}
	var before, after []string
	for _, flag := range strings.Fields(string(flags)) {
		kind, value := flag[0], flag[1:]
		switch {
		case kind == 'I' && (cpp || !strings.HasPrefix(value, "libcxx")):
			compile = append(compile, "-isystem", filepath.Join(t.dirs["lib"], value))
		case kind == 'D' && cpp:
			compile = append(compile, "-D"+value)
		case kind == 'L' && strings.HasPrefix(value, "crt1"):
			before = append(before, filepath.Join(root, value))
		case kind == 'L' && (cpp || !strings.HasPrefix(value, "libc++")):
			after = append(after, filepath.Join(root, value))
		}
	}
	compile = append(compile, "-I.", "-o", "main.o", p.file)
	link := slices.Concat([]string{t.path, "wasm-ld", "--error-limit=20", "--stack-first", "--entry", "_start", "-z", "stack-size=" + strconv.Itoa(cStack), "--export-memory", "-o", "main.wasm"}, before, []string{"main.o"}, after)
	return plan{files: files, steps: []step{{argv: compile}, {argv: link}}, output: "main.wasm"}
}

var (
	clangMessage = regexp.MustCompile(`^(?:\./)?([^:]+):(\d+):(\d+): (fatal error|error|warning|note): (.*)$`)
	clangOther   = regexp.MustCompile(`^(?:clang(?:\+\+)?|zig)?:? ?(fatal error|error): (.*)$`)
	linkMessage  = regexp.MustCompile(`^(?:.*wasm-ld(?:-\d+)?: )?(error|warning): (?:(.+?): )?(.*)$`)
)

// parseClang reads the messages of clang, FILE:LINE:COLUMN: error: text, and of its linker.
func parseClang(p program, output string) []compiler.Diagnostic {
	var found []compiler.Diagnostic
	for line := range strings.Lines(output) {
		line = strings.TrimRight(line, "\r\n")
		if m := clangMessage.FindStringSubmatch(line); m != nil {
			found = addClang(found, p, m)
		} else if m := linkMessage.FindStringSubmatch(line); m != nil && (strings.Contains(line, "wasm-ld") || strings.HasSuffix(m[2], ".o") || strings.Contains(line, "undefined symbol")) {
			found = append(found, linkDiagnostic(p, m[1], m[3]))
		} else if m := clangOther.FindStringSubmatch(line); m != nil && !strings.Contains(line, "linker command failed") {
			found = append(found, compiler.Diagnostic{Severity: compiler.SeverityError, Type: "CompileError", File: p.name, Message: m[2]})
		}
	}
	return found
}

// unreadable is what clang says of a file that is there and that the jail keeps from it.
var unreadable = regexp.MustCompile(`^cannot open file '(.*)': Permission denied$`)

func addClang(found []compiler.Diagnostic, p program, m []string) []compiler.Diagnostic {
	line, _ := strconv.Atoi(m[2])
	column, _ := strconv.Atoi(m[3])
	kind, message := m[4], m[5]
	own := filepath.Base(m[1]) == p.file && !strings.Contains(m[1], "<toolchain>") && !filepath.IsAbs(m[1])
	if kind == "note" {
		// Where it matters most: what a name was declared as, and which use of a header's template is to blame.
		if len(found) > 0 && own {
			last := &found[len(found)-1]
			if last.Line == 0 {
				last.Line, last.LineText = line, compiler.LineText(p.source, line)
				last.Column, last.EndColumn = columns(last.LineText, column)
			}
			if last.Hint == "" && !strings.HasPrefix(message, "in instantiation") && !strings.HasPrefix(message, "expanded from") {
				last.Hint = message
			}
		}
		return found
	}
	if m := unreadable.FindStringSubmatch(message); m != nil {
		message = fmt.Sprintf("'%s' file not found", strings.TrimPrefix(m[1], "./")) // for a program there is no difference
	}
	d := compiler.Diagnostic{Severity: compiler.SeverityError, Type: "CompileError", File: p.name, Message: message}
	if kind == "warning" {
		d.Severity = compiler.SeverityWarning
		d.Type = "Warning"
	}
	if own {
		d.Line, d.LineText = line, compiler.LineText(p.source, line)
		d.Column, d.EndColumn = columns(d.LineText, column)
	} else {
		d.Message = fmt.Sprintf("%s (%s, line %d)", message, filepath.Base(m[1]), line)
	}
	d.Hint = clangHint(message)
	return append(found, d)
}

func clangHint(message string) string {
	switch {
	case strings.Contains(message, "with exceptions disabled"):
		return "there are no exceptions: return an error value or std::optional, or call std::abort"
	case strings.Contains(message, "file not found"):
		return `the headers of the C and C++ standard library are there, and "wand.h"`
	case strings.Contains(message, "undeclared function 'printf'"), strings.Contains(message, "undeclared library function 'printf'"):
		return "#include <stdio.h>"
	}
	return ""
}

var undefinedSymbol = regexp.MustCompile(`undefined symbol: (.*)$`)

// linkDiagnostic is a finding of the linker's, with the line that first uses a symbol that nothing defines.
func linkDiagnostic(p program, kind, message string) compiler.Diagnostic {
	d := compiler.Diagnostic{Severity: compiler.SeverityError, Type: "LinkError", File: p.name, Message: message}
	if kind == "warning" {
		d.Severity, d.Type = compiler.SeverityWarning, "Warning"
	}
	m := undefinedSymbol.FindStringSubmatch(message)
	if m == nil {
		return d
	}
	name := strings.Trim(m[1], "'")
	d.Message = "undefined symbol: " + name
	switch d.Hint = fmt.Sprintf("define %s in the program, or call something else: only the standard library is linked", name); {
	case name == "main" || name == "__main_void" || name == "__original_main" || name == "__main_argc_argv":
		d.Message, d.Hint = "undefined symbol: main", "add int main(void)"
	case strings.HasPrefix(name, "__cxa_") && strings.Contains(name, "throw"):
		d.Hint = "there are no exceptions: return an error value instead"
	case name == "fork" || name == "system" || name == "popen" || strings.HasPrefix(name, "exec") || strings.HasPrefix(name, "pthread_"):
		d.Hint = "there are no processes and no threads"
	case name == "socket" || name == "connect" || name == "gethostbyname" || name == "getaddrinfo":
		d.Hint = `there is no network; a policy may grant requests as a tool: #include "wand.h"`
	case name == "setjmp" || name == "longjmp" || name == "raise" || name == "signal":
		d.Hint = "there are no signals and no jumps between functions: return an error value instead"
	}
	word := regexp.MustCompile(`\b` + regexp.QuoteMeta(firstIdentifier(name)) + `\b`)
	number := 0
	for text := range strings.Lines(p.source) {
		number++
		if at := word.FindStringIndex(text); at != nil && d.Message != "undefined symbol: main" {
			d.Line, d.LineText = number, compiler.LineText(p.source, number)
			d.Column, d.EndColumn = columns(d.LineText, at[0]+1)
			break
		}
	}
	return d
}

// firstIdentifier is the name of a function in a symbol, which C++ shows with its arguments.
func firstIdentifier(symbol string) string {
	name, _, _ := strings.Cut(symbol, "(")
	if i := strings.LastIndex(name, "::"); i >= 0 {
		name = name[i+2:]
	}
	return name
}
