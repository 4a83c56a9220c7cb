package wasi_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"wand/hostfuncs"
	"wand/hostfuncs/vfs"
	"wand/hostfuncs/wasi"
)

// register puts the functions behind a plain wazero runtime.
func register(t testing.TB, ctx context.Context, r wazero.Runtime) {
	t.Helper()
	builder := r.NewHostModuleBuilder(wasi.Module)
	types := func(list []hostfuncs.ValueType) []api.ValueType {
		out := make([]api.ValueType, len(list))
		for i, v := range list {
			out[i] = api.ValueType(v)
		}
		return out
	}
	for _, f := range wasi.Funcs() {
		builder.NewFunctionBuilder().WithGoModuleFunction(api.GoModuleFunc(func(ctx context.Context, m api.Module, stack []uint64) {
			memory, _ := m.Memory().Read(0, m.Memory().Size())
			f.Call(ctx, memory, stack)
		}), types(f.Params), types(f.Results)).Export(f.Name)
	}
	if _, err := builder.Instantiate(ctx); err != nil {
		t.Fatal(err)
	}
}

// runGuest runs a command's _start and returns how it ended.
func runGuest(t testing.TB, code []byte, s *wasi.State) *hostfuncs.Stop {
	t.Helper()
	ctx := t.Context()
	r := wazero.NewRuntime(ctx)
	defer r.Close(context.Background())
	register(t, ctx, r)
	compiled, err := r.CompileModule(ctx, code)
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.InstantiateModule(wasi.With(ctx, s), compiled, wazero.NewModuleConfig().WithName(""))
	var stop *hostfuncs.Stop
	if err != nil && !errors.As(err, &stop) {
		t.Fatal(err)
	}
	return stop
}

func build(t testing.TB, dir, system string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "program-"+system)
	cmd := exec.Command("go", "build", "-o", out, "./"+dir)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if system == "wasip1" {
		cmd.Env = append(cmd.Env, "GOOS=wasip1", "GOARCH=wasm")
	}
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return out
}

// TestGoProgram runs one program natively and as a guest: everything that package os does must look the same.
func TestGoProgram(t *testing.T) {
	if testing.Short() {
		t.Skip("builds two programs")
	}
	const input = "first\nsecond"
	native := exec.Command(build(t, "testdata/files", "native"), t.TempDir(), "x", "y z")
	native.Env = []string{"WAND_TEST=yes"}
	native.Stdin = strings.NewReader(input)
	want, err := native.Output()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 7 {
		t.Fatalf("native: %v\n%s", err, want)
	}

	code, err := os.ReadFile(build(t, "testdata/files", "wasip1"))
	if err != nil {
		t.Fatal(err)
	}
	files := vfs.New(vfs.Options{})
	var stdout, stderr bytes.Buffer
	stop := runGuest(t, code, &wasi.State{
		FS: files, Args: []string{"files", "/work", "x", "y z"}, Env: []string{"PWD=/", "WAND_TEST=yes"},
		Stdin: strings.NewReader(input), Stdout: &stdout, Stderr: &stderr,
	})
	if stop == nil || stop.Kind != hostfuncs.KindExit || stop.ExitCode != 7 {
		t.Errorf("ended with %v", stop)
	}
	if stderr.String() != "to stderr\n" {
		t.Errorf("stderr: %s", stderr.String())
	}
	wantLines, gotLines := strings.Split(string(want), "\n"), strings.Split(stdout.String(), "\n")
	for i := range max(len(wantLines), len(gotLines)) {
		var w, g string
		if i < len(wantLines) {
			w = wantLines[i]
		}
		if i < len(gotLines) {
			g = gotLines[i]
		}
		if w != g {
			before := strings.Join(gotLines[max(0, i-4):min(i, len(gotLines))], "\n")
			t.Errorf("line %d, after\n%s\nnative: %s\nguest:  %s", i+1, before, w, g)
			if t.Failed() && i > 0 && len(wantLines) != len(gotLines) {
				break
			}
		}
	}
	if u := files.Usage(); u.StorageBytes != 0 || u.Files != 0 || u.MemoryBytes != 0 {
		t.Errorf("the program removed everything, but %+v is left", u)
	}
}

// TestForeignPrograms runs the WASI test programs that wazero brings: C and Rust over wasi-libc, Zig, and TinyGo; on files in memory and on a mounted
// folder of the host.
func TestForeignPrograms(t *testing.T) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/tetratelabs/wazero").Output()
	if err != nil {
		t.Skip("no module cache: ", err)
	}
	for name, path := range map[string]string{"c": "zig-cc", "rust": "cargo-wasi", "zig": "zig", "tinygo": "tinygo"} {
		t.Run(name, func(t *testing.T) {
			code, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(out)), "imports/wasi_snapshot_preview1/testdata", path, "wasi.wasm"))
			if err != nil {
				t.Skip(err)
			}
			for _, c := range []struct {
				args, want string
				only       []string
			}{
				{"ls /work", "./dir\n./file\n", []string{"c", "rust", "zig", "tinygo"}},
				{"ls /work repeat", "./dir\n./file\n./dir\n./file\n", []string{"c"}},
				{"ls /work/file", "ENOTDIR\n", []string{"c", "rust", "zig"}},
				{"stat", "stdin isatty: false\nstdout isatty: true\nstderr isatty: false\n/ isatty: false\n", []string{"c", "rust"}},
				{"poll", "STDIN\n", []string{"c"}},
				{"sleepmillis 5", "OK\n", []string{"c"}},
				{"nonblock /work/file", "\ncontent\n", []string{"c"}},
			} {
				if !slices.Contains(c.only, name) {
					continue
				}
				text := append([]byte("content"), make([]byte, 25)...)
				memory, mounted, folder := vfs.New(vfs.Options{}), vfs.New(vfs.Options{}), t.TempDir()
				if err := errors.Join(memory.MkdirAll("dir"), memory.WriteFile("file", text),
					os.Mkdir(filepath.Join(folder, "dir"), 0o755), os.WriteFile(filepath.Join(folder, "file"), text, 0o644),
					mounted.MountHost("/host", vfs.Mount{Host: folder, Access: vfs.AccessRead})); err != nil {
					t.Fatal(err)
				}
				for at, files := range map[string]*vfs.FS{"/work": memory, "/host": mounted} {
					args := strings.ReplaceAll(c.args, "/work", at)
					var stdout, stderr bytes.Buffer
					stop := runGuest(t, code, &wasi.State{
						FS: files, Args: append([]string{"wasi"}, strings.Fields(args)...), Terminal: [3]bool{false, true, false},
						Stdin: strings.NewReader("x"), Stdout: &stdout, Stderr: &stderr,
					})
					got := strings.NewReplacer("./.\n", "", "./..\n", "", at+"/", "./").Replace(stdout.String())
					// The host lists in an order of its own.
					if strings.HasPrefix(c.args, "ls") {
						got, c.want = sortedLines(got), sortedLines(c.want)
					}
					if stop != nil && stop.ExitCode != 0 || got != c.want || stderr.Len() > 0 {
						t.Errorf("%s: %v\n%s%s", args, stop, got, stderr.String())
					}
					files.Close()
				}
			}
		})
	}
}

func sortedLines(text string) string {
	lines := strings.SplitAfter(text, "\n")
	slices.Sort(lines)
	return strings.Join(lines, "")
}
