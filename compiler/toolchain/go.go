package toolchain

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"wand/compiler"
	"wand/modules/sdk"
)

// Go programs are compiled without the go command, which would look for modules, run what go:generate says and keep a cache that a hostile compile
// could poison. The packages of the standard library that a program imports are compiled once, by the go command, which sees their names and nothing of any program;
// each program then needs the compiler and the linker alone, which read those packages and cannot write them.

func goDriver() driver { return driver{find: findGo, prepare: prepareGo, plan: planGo, parse: parseGo} }

// minGo is the oldest Go that compiles the SDK's package.
const minGo = 23 // 1.23

const goInstall = "install Go 1.23 or newer, from https://go.dev/dl or the system's packages"

func findGo(ctx context.Context, o *Options) (*tool, error) {
	missing := &compiler.MissingToolchainError{Language: compiler.Go, Want: []string{"go on PATH"}, Install: goInstall}
	command, err := o.LookPath("go")
	if err != nil {
		return nil, missing
	}
	if command, err = filepath.Abs(command); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	said, err := output(ctx, goCommand(ctx, o, command, "env", "GOVERSION", "GOROOT", "GOTOOLDIR"))
	lines := strings.Split(strings.TrimSpace(said), "\n")
	if err != nil || len(lines) != 3 {
		missing.Want = []string{"a go on PATH that works (" + command + " env: " + firstLine(said) + ")"}
		return nil, missing
	}
	version, root, tools := lines[0], lines[1], lines[2]
	if minor := goMinor(version); minor < minGo {
		missing.Want = []string{"go on PATH, 1.23 or newer (" + command + " is " + version + ")"}
		return nil, missing
	}
	compile, link := filepath.Join(tools, "compile"), filepath.Join(tools, "link")
	for _, file := range []string{compile, link} {
		if _, err := os.Stat(file); err != nil {
			missing.Want = []string{"the compiler of " + command + " (" + file + ")"}
			return nil, missing
		}
	}
	t := &tool{name: strings.Replace(version, "go", "go ", 1), path: command, read: append(sharedLibraries(compile, link), compile, link), dirs: map[string]string{"root": root, "compile": compile, "link": link}}
	if t.id, err = identity(compile, link); err != nil {
		return nil, err
	}
	if o.Cache != "" {
		t.dirs["pkg"] = filepath.Join(o.Cache, "toolchain", "go-"+t.id[:12], "pkg")
		t.read = append(t.read, t.dirs["pkg"])
	}
	return t, nil
}

var goVersionText = regexp.MustCompile(`^(?:go|devel go)1\.(\d+)`)

func goMinor(version string) int {
	m := goVersionText.FindStringSubmatch(version)
	if m == nil {
		return 0
	}
	n, _ := strconv.Atoi(m[1])
	return n
}

// noHome is a home folder that nothing can be written to.
var noHome = filepath.Join(os.DevNull, "home")

// goCommand is the go command, on trusted input: it gets no program's text.
func goCommand(ctx context.Context, o *Options, path string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = []string{"PATH=" + o.Getenv("PATH"), "HOME=" + noHome, "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0", "GOENV=off", "GOFLAGS=", "GOWORK=off", "GOTOOLCHAIN=local",
		"GOPROXY=off", "GOSUMDB=off", "GOTELEMETRY=off", "GO111MODULE=on", "LC_ALL=C", "GOPATH=" + noHome}
	if root := o.Getenv("GOROOT"); root != "" {
		cmd.Env = append(cmd.Env, "GOROOT="+root)
	}
	if o.Cache != "" {
		cmd.Env = append(cmd.Env, "GOCACHE="+filepath.Join(o.Cache, "toolchain", "go-cache"))
	} else {
		cmd.Env = append(cmd.Env, "GOCACHE=off")
	}
	return cmd
}

// sdkPackage is the import path of the SDK.
const sdkPackage = "wand"

// prepareGo checks a program's imports and compiles what it imports of the standard library, where that was not done before.
func prepareGo(ctx context.Context, o *Options, t *tool, p *program) ([]compiler.Diagnostic, error) {
	p.source = withoutLineDirectives(p.source)
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, p.file, p.source, parser.ImportsOnly|parser.SkipObjectResolution)
	if file == nil || err != nil {
		return nil, nil // the compiler says what is wrong
	}
	var found []compiler.Diagnostic
	if name := file.Name.Name; name != "main" {
		found = append(found, goFinding(p, files.Position(file.Name.Pos()), len(name), "CompileError", fmt.Sprintf("package %s is not a program", name), "a program is package main, with a func main()"))
	}
	wanted := map[string]bool{"runtime": true}
	for _, imported := range file.Imports {
		found = append(found, t.checkImport(p, files, imported, wanted)...)
	}
	if len(found) > 0 {
		return found, nil
	}
	if wanted[sdkPackage] {
		delete(wanted, sdkPackage)
		for _, name := range sdkGoFiles() {
			parsed, err := parser.ParseFile(token.NewFileSet(), name, sdk.Files("go")[name], parser.ImportsOnly)
			if err != nil {
				return nil, fmt.Errorf("the SDK's %s: %w", name, err)
			}
			for _, imported := range parsed.Imports {
				path, _ := strconv.Unquote(imported.Path.Value)
				wanted[path] = true
			}
		}
	}
	return nil, t.compileLibrary(ctx, o, wanted)
}

// checkImport refuses what is neither of the standard library nor the SDK, and adds the others to wanted.
func (t *tool) checkImport(p *program, files *token.FileSet, imported *ast.ImportSpec, wanted map[string]bool) []compiler.Diagnostic {
	path, err := strconv.Unquote(imported.Path.Value)
	if err != nil {
		return nil
	}
	refuse := func(kind, message, hint string) []compiler.Diagnostic {
		return []compiler.Diagnostic{goFinding(p, files.Position(imported.Path.Pos()), len(imported.Path.Value), kind, message, hint)}
	}
	info, err := os.Stat(filepath.Join(t.dirs["root"], "src", filepath.FromSlash(path)))
	switch {
	case path == "C":
		return refuse("Unsupported", "cgo is not supported", "write it in Go, or the whole program in C")
	case path == "unsafe":
		return nil
	case path == sdkPackage:
	case !fs.ValidPath(path) || err != nil || !info.IsDir() || outsideLibrary(path):
		return refuse("Unsupported", fmt.Sprintf("package %s is not in the standard library", path), `a Go program may import the standard library and "wand"; copy the code that it needs into it`)
	case path == "internal" || strings.HasPrefix(path, "internal/") || strings.Contains(path, "/internal/") || strings.HasSuffix(path, "/internal"):
		return refuse("CompileError", fmt.Sprintf("use of internal package %s not allowed", path), "use the public packages of the standard library")
	}
	wanted[path] = true
	return nil
}

// outsideLibrary says that a folder of Go's sources is not for programs: the tools', what the library vendors, and what its tests read.
func outsideLibrary(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return first == "cmd" || first == "vendor" || slices.Contains(strings.Split(path, "/"), "testdata")
}

func goFinding(p *program, at token.Position, length int, kind, message, hint string) compiler.Diagnostic {
	d := compiler.Diagnostic{Severity: compiler.SeverityError, Type: kind, Message: message, Hint: hint, File: p.name, Line: at.Line}
	text := compiler.LineText(p.source, at.Line)
	d.Column = codePoint(text, at.Column)
	d.EndColumn = codePoint(text, at.Column+length)
	return d
}

// compileLibrary compiles packages of the standard library, and what they import, into the folder that compiler and linker read.
func (t *tool) compileLibrary(ctx context.Context, o *Options, wanted map[string]bool) error {
	dir := t.dirs["pkg"]
	if dir == "" {
		return errors.New("the library of Go has to be compiled once, and there is no cache folder to keep it in; set WAND_CACHE to a folder")
	}
	var absent []string
	for path := range wanted {
		if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(path)+".a.deps")); err != nil {
			absent = append(absent, path)
		}
	}
	if len(absent) == 0 {
		return nil
	}
	slices.Sort(absent)
	o.Progress("compiling what the program imports of Go's standard library (once)")
	empty, err := os.MkdirTemp("", "wand-go-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(empty)
	cmd := goCommand(ctx, o, t.path, append([]string{"list", "-e", "-export", "-deps", "-trimpath", "-f", "{{if .Export}}{{.ImportPath}}\t{{.Export}}{{end}}", "--"}, absent...)...)
	cmd.Dir = empty
	said, err := output(ctx, cmd)
	if err != nil {
		return fmt.Errorf("cannot compile Go's standard library: %w: %s", err, firstLine(said))
	}
	made := map[string]bool{}
	for line := range strings.Lines(said) {
		path, archive, ok := strings.Cut(strings.TrimSpace(line), "\t")
		if !ok || !fs.ValidPath(path) {
			continue
		}
		if err := place(archive, filepath.Join(dir, filepath.FromSlash(path)+".a")); err != nil {
			return err
		}
		made[path] = true
	}
	for _, path := range absent { // all that each needs is there
		if !made[path] {
			continue // a folder that is no package; the compiler says so
		}
		mark := filepath.Join(dir, filepath.FromSlash(path)+".a.deps")
		if err := errors.Join(os.MkdirAll(filepath.Dir(mark), 0o700), os.WriteFile(mark, nil, 0o600)); err != nil {
			return err
		}
	}
	return nil
}

// place puts a file where it is to be in one step, unless it is there.
func place(from, to string) error {
	if _, err := os.Stat(to); err == nil {
		return nil
	}
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return writeWhole(to, text)
}

// sdkGoFiles are the files of the SDK's package that a program for wasip1 is compiled with.
func sdkGoFiles() []string { return []string{"wand/abi_wasip1.go", "wand/wand.go"} }

func planGo(t *tool, p program) plan {
	pkg := t.dirs["pkg"]
	compile := []string{t.dirs["compile"], "-trimpath", p.dir + "=>", "-I", pkg, "-I", ".", "-pack", "-complete"}
	env := []string{"GOOS=wasip1", "GOARCH=wasm"}
	link := step{env: env, argv: []string{t.dirs["link"], "-o", "main.wasm", "-L", pkg, "-L", ".", "-buildmode=exe", "main.a"}}
	program := step{env: env, argv: slices.Concat(compile, []string{"-p", "main", "-o", "main.a", p.file})}
	if !importsSDK(p.source) {
		return plan{steps: []step{program, link}, output: "main.wasm"}
	}
	files := map[string]string{}
	for _, name := range sdkGoFiles() {
		files[name] = sdk.Files("go")[name]
	}
	library := step{env: env, argv: slices.Concat(compile, []string{"-p", sdkPackage, "-o", "wand.a"}, sdkGoFiles())}
	return plan{files: files, steps: []step{library, program, link}, output: "main.wasm"}
}

func importsSDK(source string) bool {
	file, err := parser.ParseFile(token.NewFileSet(), "", source, parser.ImportsOnly)
	return err == nil && slices.ContainsFunc(file.Imports, func(i *ast.ImportSpec) bool {
		return i.Path.Value == strconv.Quote(sdkPackage) || i.Path.Value == "`"+sdkPackage+"`"
	})
}

// withoutLineDirectives makes comments that move positions to other files ordinary ones, of the same length: a report names the lines of this program.
func withoutLineDirectives(source string) string {
	if !strings.Contains(source, "//line ") && !strings.Contains(source, "/*line ") {
		return source
	}
	text := []byte(source)
	files := token.NewFileSet()
	file := files.AddFile("", files.Base(), len(text))
	var s scanner.Scanner
	s.Init(file, bytes.Clone(text), func(token.Position, string) {}, scanner.ScanComments)
	for {
		pos, tok, literal := s.Scan()
		if tok == token.EOF {
			return string(text)
		}
		if tok == token.COMMENT && (strings.HasPrefix(literal, "//line ") || strings.HasPrefix(literal, "/*line ")) {
			text[file.Offset(pos)+len("//")] = 'L'
		}
	}
}

var (
	goMessage = regexp.MustCompile(`^(?:\./)?([^\s:]+):(\d+)(?::(\d+))?: (.*)$`)
	goLinker  = regexp.MustCompile(`^(?:.*/link: |main\.[^:]*: |runtime\.main_main·f: )?(.*)$`)
)

// parseGo reads the messages of Go's compiler, FILE:LINE:COLUMN: text with more lines after a tab, and of its linker.
func parseGo(p program, output string) []compiler.Diagnostic {
	var found []compiler.Diagnostic
	for line := range strings.Lines(output) {
		line = strings.TrimRight(line, "\r\n")
		if more, ok := strings.CutPrefix(line, "\t"); ok && len(found) > 0 {
			last := &found[len(found)-1]
			last.Message += ", " + strings.TrimSpace(more)
			continue
		}
		m := goMessage.FindStringSubmatch(line)
		switch {
		case m != nil && m[1] == p.file:
			number, _ := strconv.Atoi(m[2])
			column, _ := strconv.Atoi(m[3])
			found = append(found, goDiagnostic(p, number, column, m[4]))
		case strings.Contains(line, "function main is undeclared in the main package"):
			found = append(found, compiler.Diagnostic{Severity: compiler.SeverityError, Type: "LinkError", File: p.name, Message: "function main is undeclared in the main package", Hint: "add func main()"})
		case strings.Contains(line, "relocation target") || strings.Contains(line, "undefined:") || strings.Contains(line, "invalid reference to"):
			found = append(found, compiler.Diagnostic{Severity: compiler.SeverityError, Type: "LinkError", File: p.name, Message: goLinker.FindStringSubmatch(line)[1],
				Hint: "define the function in the program; nothing else is linked"})
		}
	}
	return found
}

func goDiagnostic(p program, line, column int, message string) compiler.Diagnostic {
	d := compiler.Diagnostic{Severity: compiler.SeverityError, Type: "CompileError", Message: message, File: p.name, Line: line, LineText: compiler.LineText(p.source, line)}
	if text, ok := strings.CutPrefix(message, "syntax error: "); ok {
		d.Type, d.Message = "SyntaxError", text
	}
	d.Column, d.EndColumn = columns(d.LineText, column)
	switch {
	case strings.Contains(message, "go:embed"):
		d.Type, d.Hint = "Unsupported", "nothing is embedded here: read a file when the program runs, with os.ReadFile"
	case strings.HasPrefix(message, "declared and not used: "):
		name := strings.TrimPrefix(message, "declared and not used: ")
		d.Hint = fmt.Sprintf("use %s, or remove it", name)
	case strings.HasSuffix(message, " imported and not used"):
		d.Hint = "remove the import"
	case strings.HasPrefix(message, "undefined: "):
		if path := usualPackage(strings.TrimPrefix(message, "undefined: ")); path != "" {
			d.Hint = fmt.Sprintf("import %q", path)
		}
	}
	return d
}

// usualPackage is the import path of a package that programs use by its name and forget to import.
func usualPackage(name string) string {
	switch name {
	case "bufio", "bytes", "cmp", "context", "errors", "fmt", "io", "iter", "log", "maps", "math", "os", "reflect", "regexp", "slices", "sort", "strconv", "strings", "sync", "time", "unicode":
		return name
	case "json", "csv", "hex", "base64", "binary", "xml":
		return "encoding/" + name
	case "rand", "big", "bits", "cmplx":
		return "math/" + name
	case "heap", "list", "ring":
		return "container/" + name
	case "filepath":
		return "path/filepath"
	case "utf8":
		return "unicode/utf8"
	case "sha256", "md5", "sha1":
		return "crypto/" + name
	case "atomic":
		return "sync/atomic"
	case sdkPackage:
		return sdkPackage
	}
	return ""
}
