//go:build wasmtime

package runtime_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bytecodealliance/wasmtime-go/v39"
)

func stockTagged() []stock { return []stock{stockWasmtime{}} }

// stockWasmtime is wasmtime as it comes, with its own WASI.
type stockWasmtime struct{}

func (stockWasmtime) name() string { return "wasmtime" }

func (stockWasmtime) prepare(t *testing.T, file []byte) func(*testing.T, []string, []string, string, string) ending {
	engine := wasmtime.NewEngine()
	module, err := wasmtime.NewModule(engine, file)
	if err != nil {
		t.Fatal(err)
	}
	linker := wasmtime.NewLinker(engine)
	if err := linker.DefineWasi(); err != nil {
		t.Fatal(err)
	}
	return func(t *testing.T, args, env []string, stdin, dir string) ending {
		here := t.TempDir()
		in, out, errs := filepath.Join(here, "in"), filepath.Join(here, "out"), filepath.Join(here, "err")
		if err := os.WriteFile(in, []byte(stdin), 0o600); err != nil {
			t.Fatal(err)
		}
		config := wasmtime.NewWasiConfig()
		config.SetArgv(args)
		var keys, values []string
		for _, e := range env {
			key, value, _ := strings.Cut(e, "=")
			keys, values = append(keys, key), append(values, value)
		}
		config.SetEnv(keys, values)
		problem := errors.Join(config.SetStdinFile(in), config.SetStdoutFile(out), config.SetStderrFile(errs))
		if dir != "" {
			problem = errors.Join(problem, config.PreopenDir(dir, "/", wasmtime.DIR_READ|wasmtime.DIR_WRITE, wasmtime.FILE_READ|wasmtime.FILE_WRITE))
		}
		if problem != nil {
			t.Fatal(problem)
		}
		store := wasmtime.NewStore(engine)
		store.SetWasi(config)
		instance, err := linker.Instantiate(store, module)
		if err != nil {
			t.Fatal(err)
		}
		var e ending
		if _, err := instance.GetFunc(store, "_start").Call(store); err != nil {
			var stopped *wasmtime.Error
			code, exited := int32(0), false
			if errors.As(err, &stopped) {
				code, exited = stopped.ExitStatus()
			}
			if !exited {
				t.Fatal(err)
			}
			e.code = int(code)
		}
		store.Close() // writes what is under way
		for file, to := range map[string]*string{out: &e.stdout, errs: &e.stderr} {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			*to = string(text)
		}
		return e
	}
}
