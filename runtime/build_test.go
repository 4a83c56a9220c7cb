package runtime_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
	"github.com/tetratelabs/wazero/sys"

	"wand/compiler"
	"wand/compiler/wasm"
	"wand/runtime"
)

// ending is what whoever starts a program sees of it.
type ending struct {
	stdout, stderr string
	code           int
}

// stock starts built files in a WASI runtime that knows nothing of wand. name is how a subtest calls it.
type stock interface {
	name() string
	// prepare compiles a file; what it returns starts it. dir is a folder that is granted as /, "" for none.
	prepare(t *testing.T, file []byte) func(t *testing.T, args, env []string, stdin, dir string) ending
}

// stocks are the runtimes that are here: wazero as it comes always, others as the machine and the build have them.
func stocks() []stock {
	if tagged := stockTagged(); len(tagged) > 0 { // the others' turn is without the tag
		return tagged
	}
	list := []stock{stockWazero{}}
	if _, err := exec.LookPath("node"); err == nil {
		list = append(list, stockNode{})
	}
	return list
}

type stockWazero struct{}

func (stockWazero) name() string { return "wazero" }

func (stockWazero) prepare(t *testing.T, file []byte) func(*testing.T, []string, []string, string, string) ending {
	ctx := context.Background()
	rt := wazero.NewRuntime(ctx)
	t.Cleanup(func() { rt.Close(ctx) })
	wasi_snapshot_preview1.MustInstantiate(ctx, rt)
	compiled, err := rt.CompileModule(ctx, file)
	if err != nil {
		t.Fatal(err)
	}
	return func(t *testing.T, args, env []string, stdin, dir string) ending {
		var stdout, stderr bytes.Buffer
		config := wazero.NewModuleConfig().WithName("").WithArgs(args...).WithStdin(strings.NewReader(stdin)).WithStdout(&stdout).WithStderr(&stderr).WithSysWalltime().WithSysNanotime().
			WithSysNanosleep().WithRandSource(&random{})
		for _, e := range env {
			key, value, _ := strings.Cut(e, "=")
			config = config.WithEnv(key, value)
		}
		if dir != "" {
			config = config.WithFSConfig(wazero.NewFSConfig().WithDirMount(dir, "/"))
		}
		m, err := rt.InstantiateModule(ctx, compiled, config)
		if m != nil {
			defer m.Close(ctx)
		}
		var exit *sys.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatalf("%v\n%s", err, stderr.String())
		}
		e := ending{stdout: stdout.String(), stderr: stderr.String()}
		if exit != nil {
			e.code = int(exit.ExitCode())
		}
		return e
	}
}

// random is another sequence for each runtime's instance, as a real source would be.
type random struct{ n byte }

var randomStart struct {
	sync.Mutex
	n byte
}

func (r *random) Read(p []byte) (int, error) {
	if r.n == 0 {
		randomStart.Lock()
		randomStart.n += 7
		r.n = randomStart.n
		randomStart.Unlock()
	}
	for i := range p {
		r.n = r.n*5 + 3
		p[i] = r.n
	}
	return len(p), nil
}

type stockNode struct{}

func (stockNode) name() string { return "node" }

const nodeRunner = `import { WASI } from 'node:wasi';
import { readFileSync } from 'node:fs';
const [, , file, dir, ...args] = process.argv;
const env = { ...process.env };
const wasi = new WASI({ version: 'preview1', args, env, preopens: dir ? { '/': dir } : {}, returnOnExit: true });
const instance = await WebAssembly.instantiate(await WebAssembly.compile(readFileSync(file)), wasi.getImportObject());
process.exitCode = wasi.start(instance);
`

func (stockNode) prepare(t *testing.T, file []byte) func(*testing.T, []string, []string, string, string) ending {
	here := t.TempDir()
	script, module := filepath.Join(here, "run.mjs"), filepath.Join(here, "out.wasm")
	for name, text := range map[string][]byte{script: []byte(nodeRunner), module: file} {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return func(t *testing.T, args, env []string, stdin, dir string) ending {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, "node", append([]string{"--no-warnings", script, module, dir}, args...)...)
		cmd.Env = append([]string{"PATH=" + os.Getenv("PATH")}, env...)
		cmd.Stdin = strings.NewReader(stdin)
		var stdout, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		err := cmd.Run()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		return ending{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
	}
}

// sandboxed is the same of wand run.
func sandboxed(t *testing.T, rt *runtime.Runtime, m *compiler.Module, args []string, stdin string) ending {
	t.Helper()
	report, err := rt.Run(context.Background(), m, runtime.Options{Args: args, Stdin: strings.NewReader(stdin), KeepOutput: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	e := ending{stdout: report.Stdout, stderr: report.Stderr}
	if report.Status != runtime.Completed {
		e.code = 1
		if report.Error.Kind == runtime.KindExit {
			e.code = report.Error.ExitCode
		}
	}
	return e
}

// built compiles and builds a program of testdata/standalone.
func built(t *testing.T, rt *runtime.Runtime, name string, o runtime.BuildOptions) (*compiler.Module, *runtime.Built) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../testdata/standalone", name))
	if err != nil {
		t.Fatal(err)
	}
	return builtText(t, rt, name, string(text), o)
}

func builtText(t *testing.T, rt *runtime.Runtime, name, text string, o runtime.BuildOptions) (*compiler.Module, *runtime.Built) {
	t.Helper()
	ctx := context.Background()
	m, diagnostics, err := rt.Compile(ctx, compiler.Source{Name: name, Text: []byte(text)})
	if err != nil || m == nil {
		t.Fatal(err, diagnostics)
	}
	b, err := rt.Build(ctx, m, o)
	if err != nil {
		t.Fatal(err)
	}
	checkStandalone(t, b)
	return m, b
}

// checkStandalone: a file imports WASI only and exports what a command does.
func checkStandalone(t *testing.T, b *runtime.Built) {
	t.Helper()
	m, err := wasm.Decode(b.Wasm, wasm.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for _, im := range m.Imports {
		if im.Module != "wasi_snapshot_preview1" {
			t.Errorf("it imports %s.%s", im.Module, im.Name)
		}
	}
	if len(m.Exports) != 2 || len(m.Customs) != 0 {
		t.Errorf("exports %v, %d custom sections", m.Exports, len(m.Customs))
	}
}

const prices = "name,price\nwasher,0.5\nbolt,1.25\n"

// TestBuiltPrograms: a built file does in runtimes that know nothing of wand what the program does under wand run.
func TestBuiltPrograms(t *testing.T) {
	rt := sharedRuntime(t)
	for _, c := range []struct {
		file  string
		names []string
	}{
		{"python.py", []string{"values", "arguments", "standard_input", "later", "absent", "uncaught", "in_library", "chained", "exit_code", "exit_message", "much", "at_the_end", "tasks", "zones", "no_files", "deep"}},
		{"javascript.js", []string{"values", "arguments", "standard_input", "later", "absent", "uncaught", "rejected", "chained", "exit_code", "exit_property", "much", "no_files", "replaced"}},
	} {
		t.Run(c.file, func(t *testing.T) {
			m, b := built(t, rt, c.file, runtime.BuildOptions{})
			t.Logf("%d bytes, code %d, data %d, %d functions dropped", b.Bytes, b.CodeBytes, b.DataBytes, b.Dropped)
			for _, s := range stocks() {
				start := s.prepare(t, b.Wasm)
				for _, name := range c.names {
					t.Run(s.name()+"/"+name, func(t *testing.T) {
						args := []string{name, "second", "ü"}
						want := sandboxed(t, rt, m, args, prices)
						// The program is named as the file that it came from, so that both agree on it.
						got := start(t, append([]string{c.file}, args...), nil, prices, "")
						if got != want {
							t.Errorf("as a file:\n%s\nunder wand run:\n%s", endingText(got), endingText(want))
						}
					})
				}
			}
		})
	}
}

func endingText(e ending) string {
	clip := func(s string) string { return s[:min(len(s), 1500)] }
	return fmt.Sprintf("exit code %d\n--- stdout\n%s--- stderr\n%s", e.code, clip(e.stdout), clip(e.stderr))
}

// TestBuiltSurroundings: time, randomness, environment and files are those of the runtime that starts the file, not of the snapshot.
func TestBuiltSurroundings(t *testing.T) {
	rt := sharedRuntime(t)
	for file, tool := range map[string]string{"python.py": "Exception", "javascript.js": "true"} {
		for _, s := range stocks() {
			t.Run(file+"/"+s.name(), func(t *testing.T) {
				_, b := built(t, rt, file, runtime.BuildOptions{})
				start := s.prepare(t, b.Wasm)
				once, again := start(t, []string{"x", "fresh"}, nil, "", ""), start(t, []string{"x", "fresh"}, nil, "", "")
				if once.code != 0 || once.stdout == again.stdout || !strings.Contains(strings.ToLower(once.stdout), "true") {
					t.Errorf("two runs:\n%s\n%s", endingText(once), endingText(again))
				}
				if e := start(t, []string{"x", "environment"}, []string{"GREETING=hello"}, "", ""); e.stdout != "hello /\n" {
					t.Errorf("environment: %s", endingText(e))
				}
				dir := t.TempDir()
				if e := start(t, []string{"x", "files"}, nil, "", dir); e.stdout != "kept\n" {
					t.Errorf("files: %s", endingText(e))
				}
				if text, err := os.ReadFile(filepath.Join(dir, "note.txt")); err != nil || string(text) != "kept\n" {
					t.Errorf("the file has %q, %v", text, err)
				}
				if e := start(t, []string{"x", "tools"}, nil, "", ""); !strings.Contains(e.stdout, tool) {
					t.Errorf("tools: %s", endingText(e))
				}
			})
		}
	}
}

// TestBuiltTypeScript: an error names the lines of the source.
func TestBuiltTypeScript(t *testing.T) {
	rt := sharedRuntime(t)
	_, b := built(t, rt, "typescript.ts", runtime.BuildOptions{})
	for _, s := range stocks() {
		start := s.prepare(t, b.Wasm)
		if e := start(t, []string{"x"}, nil, "input", ""); e != (ending{"bolt red 5\n", "", 0}) {
			t.Errorf("%s: %s", s.name(), endingText(e))
		}
		e := start(t, []string{"x", "uncaught"}, nil, "", "")
		if e.code != 1 || !strings.HasPrefix(e.stderr, "typescript.ts:24\n  console.log(found!.length);\n\nTypeError: ") || !strings.Contains(e.stderr, "at typescript.ts:24\n") {
			t.Errorf("%s: %s", s.name(), endingText(e))
		}
	}
}

// TestBuiltMetered: the budget ends a program wherever it runs, and a program within it notices nothing.
func TestBuiltMetered(t *testing.T) {
	rt := sharedRuntime(t)
	_, endless := builtText(t, rt, "main.js", "console.log('begin'); try { for (;;); } finally { console.log('never') }", runtime.BuildOptions{Fuel: 50_000_000})
	_, short := builtText(t, rt, "main.js", "console.log('begin'); process.exit(7)", runtime.BuildOptions{Fuel: 50_000_000})
	_, large := builtText(t, rt, "main.js", "const a = []; try { for (;;) a.push(new Uint8Array(1 << 20)); } catch (e) { console.log(a.length < 32, e.name) }", runtime.BuildOptions{Memory: 32 << 20})
	for _, s := range stocks() {
		if e := s.prepare(t, endless.Wasm)(t, []string{"x"}, nil, "", ""); e != (ending{"begin\n", "stopped: fuel limit: the program used up its fuel of 50M units\n", 4}) {
			t.Errorf("%s: endless: %s", s.name(), endingText(e))
		}
		if e := s.prepare(t, short.Wasm)(t, []string{"x"}, nil, "", ""); e != (ending{"begin\n", "", 7}) {
			t.Errorf("%s: short: %s", s.name(), endingText(e))
		}
		if e := s.prepare(t, large.Wasm)(t, []string{"x"}, nil, "", ""); e.code != 0 || !strings.HasPrefix(e.stdout, "true ") {
			t.Errorf("%s: large: %s", s.name(), endingText(e))
		}
	}
}

// TestBuiltModules: what a Python program can import in a file of its own, and what it hears of the rest.
func TestBuiltModules(t *testing.T) {
	rt := sharedRuntime(t)
	const text = `import importlib, sys
for name in sys.argv[1:]:
    try:
        print(name, importlib.import_module(name).__name__)
    except ImportError as error:
        print(name, error)
`
	m, b := builtText(t, rt, "main.py", text+"import helpers.words as words\nprint(words.upper('x'), words.data())\nimport absent_package", runtime.BuildOptions{
		Include: []string{"wsgiref.util"}, Packages: []runtime.Package{helpers(t)}})
	if len(b.Missing) != 1 || b.Missing[0] != "absent_package" || len(b.Warnings) != 1 {
		t.Errorf("missing %v, warnings %q", b.Missing, b.Warnings)
	}
	start := stocks()[0].prepare(t, b.Wasm)
	e := start(t, []string{"x", "json", "wsgiref.util", "wsgiref.handlers", "helpers.later"}, nil, "", "")
	want := "json json\nwsgiref.util wsgiref.util\nwsgiref.handlers No module named 'wsgiref.handlers'; it was left out of this file: build it in with: wand build --include wsgiref.handlers\n" +
		"helpers.later helpers.later\nX data of the package\n"
	if e.stdout != want || e.code != 1 || !strings.Contains(e.stderr, "No module named 'absent_package'; this file has only the modules that were built into it") {
		t.Errorf("%s\nwant %s", endingText(e), want)
	}

	for _, c := range []struct {
		name string
		o    runtime.BuildOptions
		want string
	}{
		{"an unknown module", runtime.BuildOptions{Include: []string{"no.such"}}, "no.such"},
		{"no name", runtime.BuildOptions{Include: []string{"a b"}}, "no name of a module"},
	} {
		if _, err := rt.Build(context.Background(), m, c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	js, _, err := rt.Compile(context.Background(), compiler.Source{Name: "a.js", Text: []byte("1")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rt.Build(context.Background(), js, runtime.BuildOptions{Include: []string{"json"}}); !errors.Is(err, runtime.ErrBadOption) {
		t.Errorf("modules of JavaScript: %v", err)
	}
}

// TestBuiltAgain: the same input gives the same bytes, in another Runtime too, and the file runs under wand as well.
func TestBuiltAgain(t *testing.T) {
	rt := sharedRuntime(t)
	ctx := context.Background()
	other, err := runtime.New(ctx, runtime.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close(ctx)
	for name, text := range map[string]string{"main.py": "import xml.dom\nprint('hello', 6 * 7)", "main.js": "console.log('hello', 6 * 7)"} {
		_, one := builtText(t, rt, name, text, runtime.BuildOptions{})
		_, two := builtText(t, other, name, text, runtime.BuildOptions{})
		if !bytes.Equal(one.Wasm, two.Wasm) {
			t.Errorf("%s: two builds differ: %s and %s", name, one.Digest, two.Digest)
		}
		m, _, err := rt.Compile(ctx, compiler.Source{Name: "out.wasm", Text: one.Wasm})
		if err != nil {
			t.Fatal(err)
		}
		report, err := rt.Run(ctx, m, runtime.Options{})
		if err != nil || report.Status != runtime.Completed || report.Stdout != "hello 42\n" {
			t.Errorf("%s under wand: %v, %+v", name, err, report)
		}
	}
}

// TestBuiltCompiled: a compiled program is its module, without what it does not need.
func TestBuiltCompiled(t *testing.T) {
	rt := sharedRuntime(t)
	_, js := builtText(t, rt, "main.js", "console.log('again')", runtime.BuildOptions{})
	m, _, err := rt.Compile(context.Background(), compiler.Source{Name: "again.wasm", Text: js.Wasm})
	if err != nil {
		t.Fatal(err)
	}
	b, err := rt.Build(context.Background(), m, runtime.BuildOptions{Fuel: 1_000_000_000})
	if err != nil {
		t.Fatal(err)
	}
	if e := stocks()[0].prepare(t, b.Wasm)(t, []string{"x"}, nil, "", ""); e != (ending{"again\n", "", 0}) {
		t.Error(endingText(e))
	}
}

// TestBuiltC: what a compiler of this machine makes, with a budget inside; a tool of wand is answered in the file.
func TestBuiltC(t *testing.T) {
	rt := sharedRuntime(t)
	const text = `#include <stdio.h>
#include <string.h>
#include <wand.h>
int main(int argc, char **argv) {
    char line[100];
    if (argc == 1)
        for (volatile int i = 0;; i++) {}
    if (fgets(line, sizeof line, stdin))
        printf("%s got %d\n", argv[argc - 1], (int)strlen(line));
    return 5;
}
`
	m, diagnostics, err := rt.Compile(context.Background(), compiler.Source{Name: "main.c", Text: []byte(text)})
	var missing *compiler.MissingToolchainError
	if errors.As(err, &missing) {
		t.Skip(err)
	}
	if err != nil || m == nil {
		t.Fatal(err, diagnostics)
	}
	b, err := rt.Build(context.Background(), m, runtime.BuildOptions{Fuel: 20_000_000})
	if err != nil {
		t.Fatal(err)
	}
	checkStandalone(t, b)
	for _, s := range stocks() {
		start := s.prepare(t, b.Wasm)
		if e := start(t, []string{"x", "last"}, nil, "hello\n", ""); e != (ending{"last got 6\n", "", 5}) {
			t.Errorf("%s: %s", s.name(), endingText(e))
		}
		if e := start(t, []string{"x"}, nil, "", ""); e != (ending{"", "stopped: fuel limit: the program used up its fuel of 20M units\n", 4}) {
			t.Errorf("%s: %s", s.name(), endingText(e))
		}
	}
}

// helpers is a package with a module that is imported, one that is not, and a file of data.
func helpers(t *testing.T) runtime.Package {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"helpers/__init__.py": "",
		"helpers/words.py": `import pkgutil
from importlib import resources

def upper(s):
    return s.upper()

def data():
    folder = resources.files('helpers')
    with (folder / 'data.txt').open(encoding='utf-8') as file:
        text = file.read()
    assert text == pkgutil.get_data('helpers', 'data.txt').decode() == resources.read_text('helpers', 'data.txt')
    assert [each.name for each in folder.iterdir() if each.name.endswith('.txt')] == ['data.txt'] and folder.is_dir()
    return text
`,
		"helpers/later.py": "import colorsys\n",
		"helpers/data.txt": "data of the package",
	} {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return runtime.Package{Name: "helpers", Dir: os.DirFS(dir)}
}
