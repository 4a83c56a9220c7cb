package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"wand/compiler"
	"wand/modules"
	"wand/runtime"
)

// standalone measures a built file in a runtime that knows nothing of wand (wazero as it comes) beside the interpreter that starts from nothing there and then runs the same
// program: once with the module compiled already, once with what a command does, which takes the native code from its cache.
func (b *bench) standalone(ctx context.Context) ([]Row, error) {
	var rows []Row
	for _, c := range []struct {
		language compiler.Language
		text     string
		rounds   int
	}{{compiler.Python, "import json\nprint(json.dumps(1))\n", 9}, {compiler.JavaScript, "console.log(JSON.stringify(1))\n", 25}} {
		measured, err := b.standaloneOf(ctx, c.language, c.text, c.rounds)
		if err != nil {
			return rows, fmt.Errorf("%s: %w", c.language, err)
		}
		rows = append(rows, measured...)
	}
	return rows, nil
}

func (b *bench) standaloneOf(ctx context.Context, language compiler.Language, text string, rounds int) ([]Row, error) {
	m, err := b.program(ctx, language, text)
	if err != nil {
		return nil, err
	}
	var builds samples
	var built *runtime.Built
	if err := builds.time(func() (err error) { built, err = b.rt.Build(ctx, m, runtime.BuildOptions{}); return err }); err != nil {
		return nil, err
	}
	guest, err := modules.Find(string(language))
	if err != nil {
		return nil, err
	}
	wasm, err := guest.Wasm()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "wand-bench-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	root, cache := filepath.Join(dir, "root"), filepath.Join(dir, "native")
	if err := unpackLibrary(guest, root); err != nil {
		return nil, err
	}
	file := &stockProgram{wasm: built.Wasm}
	interpreter := &stockProgram{wasm: wasm, root: root, source: text}
	var started, fromNothing, cold, coldFromNothing samples
	for _, p := range []*stockProgram{file, interpreter} {
		if err := p.open(ctx, cache); err != nil {
			return nil, err
		}
		defer p.close(ctx)
	}
	// The first start of each warms the machine up.
	if err := errors.Join(file.start(ctx), interpreter.start(ctx)); err != nil {
		return nil, err
	}
	for range rounds {
		err := errors.Join(
			started.time(func() error { return file.start(ctx) }), fromNothing.time(func() error { return interpreter.start(ctx) }),
			cold.time(func() error { return file.whole(ctx, cache) }), coldFromNothing.time(func() error { return interpreter.whole(ctx, cache) }))
		if err != nil {
			return nil, err
		}
	}
	const fifth = 0.2
	name := fmt.Sprintf("%s as a file of its own, print in plain wazero", language)
	return []Row{
		row(name, started.median(), "ms", fromNothing.median(), "the same interpreter from _initialize and wand_init").ratioAtMost(fifth).
			noting("p50 of %d, the module compiled before; wand_init also loads what programs use most; the file has %.2f MiB: code %.2f, data %.2f; wand build took %s", rounds, mib(built.Bytes), mib(built.CodeBytes), mib(built.DataBytes),
				withUnit(in("s", builds.median()), "s")),
		row(name+", with loading", cold.median(), "ms", coldFromNothing.median(), "the same, with native code from wazero's cache, too").
			noting("p50 of %d: a new runtime each time, which takes the module's native code from a cache on disk, as wazero run -cachedir does", rounds),
	}, nil
}

func mib(n int64) float64 { return float64(n) / (1 << 20) }

// unpackLibrary makes the folder that an interpreter has for its root: what is beside its module, and an empty working folder.
func unpackLibrary(g *modules.Guest, root string) error {
	dir := filepath.Join(root, "usr/lib")
	if err := errors.Join(os.MkdirAll(dir, 0o700), os.Mkdir(filepath.Join(root, "work"), 0o700)); err != nil {
		return err
	}
	for _, f := range g.Manifest.Files {
		if filepath.Ext(f.Name) != ".zip" {
			continue
		}
		content, err := g.File(f.Name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, f.Name), content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// stockProgram is a module in wazero as it comes: a built file, or an interpreter with its root folder and a source text to run.
type stockProgram struct {
	wasm         []byte
	root, source string
	rt           wazero.Runtime
	compiled     wazero.CompiledModule
}

func (p *stockProgram) open(ctx context.Context, cache string) error {
	native, err := wazero.NewCompilationCacheWithDir(cache)
	if err != nil {
		return err
	}
	p.rt = wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().WithCompilationCache(native))
	if _, err := wasi_snapshot_preview1.Instantiate(ctx, p.rt); err != nil {
		return err
	}
	if p.source != "" {
		if err := nobody(ctx, p.rt); err != nil {
			return err
		}
	}
	p.compiled, err = p.rt.CompileModule(ctx, p.wasm)
	return err
}

func (p *stockProgram) close(ctx context.Context) error { return p.rt.Close(ctx) }

// whole is a start in a runtime of its own.
func (p *stockProgram) whole(ctx context.Context, cache string) error {
	again := &stockProgram{wasm: p.wasm, root: p.root, source: p.source}
	if err := again.open(ctx, cache); err != nil {
		return err
	}
	return errors.Join(again.start(ctx), again.close(ctx))
}

// start runs the program to its end and checks what it prints.
func (p *stockProgram) start(ctx context.Context) error {
	printed, err := p.run(ctx)
	if err == nil && printed != "1\n" {
		err = fmt.Errorf("it printed %q, not 1", printed)
	}
	return err
}

// run runs the program to its end and returns what it prints.
func (p *stockProgram) run(ctx context.Context) (string, error) {
	var stdout, stderr bytes.Buffer
	config := wazero.NewModuleConfig().WithName("").WithArgs("main").WithStdout(&stdout).WithStderr(&stderr).WithSysWalltime().WithSysNanotime()
	if p.source != "" {
		config = config.WithStartFunctions("_initialize").WithFSConfig(wazero.NewFSConfig().WithDirMount(p.root, "/"))
	}
	m, err := p.rt.InstantiateModule(ctx, p.compiled, config)
	if err != nil {
		return "", fmt.Errorf("%w %s", err, stderr.String())
	}
	defer m.Close(ctx)
	if p.source != "" {
		if err := interpret(ctx, m, p.source); err != nil {
			return "", fmt.Errorf("%w %s", err, stderr.String())
		}
	}
	return stdout.String(), nil
}

// interpret starts an interpreter and has it run a program, as modules/ABI.md says.
func interpret(ctx context.Context, m api.Module, source string) error {
	if status, err := m.ExportedFunction("wand_init").Call(ctx); err != nil || status[0] != 0 {
		return fmt.Errorf("wand_init: %v %w", status, err)
	}
	request, err := json.Marshal(map[string]any{"op": "run", "source": source, "argv": []string{"main"}, "seed": fmt.Sprintf("%064d", 1), "path": []string{}, "filename": "main"})
	if err != nil {
		return err
	}
	at, err := m.ExportedFunction("wand_alloc").Call(ctx, uint64(len(request)))
	if err != nil {
		return err
	}
	if !m.Memory().Write(uint32(at[0]), request) {
		return errors.New("the request does not fit")
	}
	status, err := m.ExportedFunction("wand_run").Call(ctx, at[0], uint64(len(request)))
	if err == nil && status[0] != 0 {
		err = fmt.Errorf("wand_run returned %d", status[0])
	}
	return err
}

// nobody provides what an interpreter imports of wand, and does nothing.
func nobody(ctx context.Context, rt wazero.Runtime) error {
	i32, i64 := api.ValueTypeI32, api.ValueTypeI64
	types := map[string][2][]api.ValueType{
		"respond": {{i32, i32}, nil}, "cover": {{i32, i32}, nil}, "take": {{i32, i32}, {i32}}, "describe": {{i32, i32}, {i32}}, "trace": {{i32, i32}, {i32}},
		"call": {{i32, i32, i32, i32}, {i32}}, "start": {{i32, i32, i32, i32}, {i32}}, "wait": {{i64}, {i64}},
	}
	builder := rt.NewHostModuleBuilder("wand")
	for name, t := range types {
		nothing := api.GoFunc(func(_ context.Context, stack []uint64) {
			if len(stack) > 0 {
				stack[0] = 0
			}
		})
		builder = builder.NewFunctionBuilder().WithGoFunction(nothing, t[0], t[1]).Export(name)
	}
	_, err := builder.Instantiate(ctx)
	return err
}
