package wasi_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
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
