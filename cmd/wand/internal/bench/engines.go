package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	goruntime "runtime"
	"time"

	"wand/compiler"
	"wand/compiler/meter"
	"wand/compiler/wasm"
	"wand/hostfuncs"
	"wand/modules"
	"wand/runtime"
	"wand/runtime/engine"
	"wand/runtime/engine/wazero"
)

// engines compares what WebAssembly runs in: the kernels on each engine, metered, beside the same C compiled to native code; what metering costs on wasmtime, beside
// wasmtime's own fuel; and how fast each compiles. The rows of wasmtime need a bench that was built with it (make bench does, where there is a C compiler).
func (b *bench) engines(ctx context.Context) ([]Row, error) {
	rows, err := b.kernelsOnEngines(ctx)
	if err != nil {
		return rows, err
	}
	speeds, err := b.compileSpeed(ctx)
	rows = append(rows, speeds...)
	if err != nil {
		return rows, err
	}
	guests, err := b.guestsOnEngines(ctx)
	return append(rows, guests...), err
}

// kernelRun runs a kernel once.
type kernelRun func(ctx context.Context, n uint64) (int64, error)

// kernelsOnEngines measures the processor time of this process: wasmtime runs guests on threads of its own.
func (b *bench) kernelsOnEngines(ctx context.Context) ([]Row, error) {
	const rounds = 9
	engines := []engine.Engine{wazero.New()}
	other, err := newWasmtime()
	switch {
	case err == nil:
		engines = append(engines, other)
	case !errors.Is(err, errNoWasmtime):
		return nil, err
	}
	defer func() {
		for _, e := range engines {
			e.Close(context.WithoutCancel(ctx))
		}
	}()
	var rows []Row
	ratios, native := map[string][]float64{}, ""
	for _, k := range kernels() {
		bin, err := compileKernel(ctx, filepath.Join(b.kernels, k.name+".c"))
		if errors.Is(err, errNoToolchain) {
			return []Row{skipped("engines, five kernels", err.Error())}, nil
		}
		if err != nil {
			return rows, err
		}
		names, runs, done, err := kernelVariants(ctx, engines, bin)
		if err != nil {
			return rows, fmt.Errorf("kernel %s: %w", k.name, err)
		}
		took := map[string]samples{}
		for round := range 1 + rounds {
			for i, run := range runs {
				start := usedResources().cpu()
				got, err := run(ctx, k.n)
				spent := usedResources().cpu() - start
				if err == nil && got != k.want {
					err = fmt.Errorf("it returned %d, not %d", got, k.want)
				}
				if err != nil {
					done()
					return rows, fmt.Errorf("kernel %s, %s: %w", k.name, names[i], err)
				}
				if round > 0 { // the first warms up
					took[names[i]] = append(took[names[i]], spent)
				}
			}
		}
		done()
		base, with, err := nativeKernel(ctx, filepath.Join(b.kernels, k.name+".c"), k, rounds)
		if err != nil {
			return rows, fmt.Errorf("kernel %s, native: %w", k.name, err)
		}
		native = with
		for _, e := range engines {
			r := row(fmt.Sprintf("kernel %s, %s, metered", k.name, e.Name()), took[e.Name()].fastest(), "ms", base, "native code: "+with)
			rows = append(rows, r)
			ratios[e.Name()] = append(ratios[e.Name()], r.Ratio)
		}
		if plain := took["wasmtime, unmetered"].fastest(); plain > 0 {
			for _, name := range []string{"wasmtime", "wasmtime, its own fuel"} {
				ratios[name+" / unmetered"] = append(ratios[name+" / unmetered"], float64(took[name].fastest())/float64(plain))
			}
		}
	}
	for _, e := range engines {
		rows = append(rows, figure("kernels on "+e.Name()+", metered, geometric mean", geometricMean(ratios[e.Name()]), "x", 1, "native code: "+native).
			noting("processor time, fastest of %d rounds by turns", rounds))
	}
	if len(engines) == 1 {
		return append(rows, skipped("kernels on wasmtime", errNoWasmtime.Error())), nil
	}
	return append(rows,
		figure("metering on wasmtime, geometric mean", geometricMean(ratios["wasmtime / unmetered"]), "x", 1, "unmetered, wasmtime"),
		figure("wasmtime's own fuel, geometric mean", geometricMean(ratios["wasmtime, its own fuel / unmetered"]), "x", 1, "unmetered, wasmtime").noting("wand never uses it"),
	), nil
}

// kernelVariants are a kernel on each engine, metered, and what wasmtime does with it by itself.
func kernelVariants(ctx context.Context, engines []engine.Engine, bin []byte) (names []string, runs []kernelRun, done func(), err error) {
	var closers []func()
	done = func() {
		for _, c := range closers {
			c()
		}
	}
	defer func() {
		if err != nil {
			done()
		}
	}()
	decoded, err := wasm.Decode(bin, wasm.Limits{})
	if err != nil {
		return nil, nil, nil, err
	}
	metered, err := meter.Rewrite(decoded, meter.Options{})
	if err != nil {
		return nil, nil, nil, err
	}
	for _, e := range engines {
		code, err := e.Compile(ctx, metered.Base(), meterHost(), "")
		if err != nil {
			return nil, nil, nil, err
		}
		closers = append(closers, func() { code.Close(context.WithoutCancel(ctx)) })
		instance, err := code.Instantiate(ctx, engine.InstanceConfig{MaxMemory: 64 << 20})
		if err != nil {
			return nil, nil, nil, err
		}
		closers = append([]func(){func() { instance.Close(context.WithoutCancel(ctx)) }}, closers...)
		if instance.HasFunction("_initialize") {
			if err := instance.Call(ctx, "_initialize", nil); err != nil {
				return nil, nil, nil, err
			}
		}
		names = append(names, e.Name())
		runs = append(runs, func(ctx context.Context, n uint64) (int64, error) {
			stack := []uint64{n}
			err := instance.Call(ctx, "kernel", stack)
			return int64(stack[0]), err
		})
	}
	if len(engines) > 1 {
		for _, fuel := range []bool{false, true} {
			run, stop, err := wasmtimeByItself(bin, fuel)
			if err != nil {
				return nil, nil, nil, err
			}
			closers = append(closers, stop)
			names = append(names, map[bool]string{false: "wasmtime, unmetered", true: "wasmtime, its own fuel"}[fuel])
			runs = append(runs, run)
		}
	}
	return names, runs, done, nil
}

// meterHost is what the runtime gives a metered module: a slice at a time, with a look at the context and at other goroutines.
func meterHost() []hostfuncs.Func {
	const slice = 1_000_000 // runtime's default
	i32, i64 := []hostfuncs.ValueType{hostfuncs.I32}, []hostfuncs.ValueType{hostfuncs.I64}
	return []hostfuncs.Func{
		{Module: meter.Module, Name: meter.ImportRefill, Params: i64, Results: i64, Call: func(ctx context.Context, _ []byte, stack []uint64) {
			if ctx.Err() != nil {
				panic(&hostfuncs.Stop{Kind: hostfuncs.KindCancelled})
			}
			goruntime.Gosched()
			stack[0] = slice
		}},
		{Module: meter.Module, Name: meter.ImportGrow, Params: i32, Results: i32, Call: func(context.Context, []byte, []uint64) {}},
		{Module: meter.Module, Name: meter.ImportOverflow, Call: func(context.Context, []byte, []uint64) { panic(&hostfuncs.Stop{Kind: hostfuncs.KindCallDepth}) }},
	}
}

// nativeMain times a kernel by itself and prints the fastest run in seconds.
const nativeMain = `#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
int64_t kernel(int n);
static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}
int main(int argc, char **argv) {
  volatile int n = atoi(argv[1]);
  double best = 1e9;
  for (int i = atoi(argv[2]); i >= 0; i--) {
    double start = now();
    int64_t got = kernel(n);
    double took = now() - start;
    if (got != strtoll(argv[3], 0, 10)) return 1;
    if (took < best) best = took;
  }
  printf("%.9f\n", best);
}
`

// nativeKernel compiles a kernel with the same compiler for this machine, at the same level, and runs it.
func nativeKernel(ctx context.Context, source string, k kernel, rounds int) (best time.Duration, with string, err error) {
	zig, cache, err := findZig()
	if err != nil {
		return 0, "", err
	}
	scratch, err := os.MkdirTemp("", "wand-native-")
	if err != nil {
		return 0, "", err
	}
	defer os.RemoveAll(scratch)
	main, program := filepath.Join(scratch, "main.c"), filepath.Join(scratch, "kernel")
	if err := os.WriteFile(main, []byte(nativeMain), 0o600); err != nil {
		return 0, "", err
	}
	cmd := exec.CommandContext(ctx, zig, "cc", "-O2", "-mcpu=baseline", "-fno-sanitize=undefined", "-Wno-unknown-attributes", "-Wno-ignored-attributes", "-o", program, source, main)
	cmd.Env = append(os.Environ(), "ZIG_GLOBAL_CACHE_DIR="+filepath.Join(cache, "toolchain", "zig-cache"), "ZIG_LOCAL_CACHE_DIR="+scratch)
	if text, err := cmd.CombinedOutput(); err != nil {
		return 0, "", fmt.Errorf("%s: %w: %s", filepath.Base(source), err, text)
	}
	printed, err := output(ctx, nil, program, fmt.Sprint(k.n), fmt.Sprint(rounds), fmt.Sprint(k.want))
	if err != nil {
		return 0, "", err
	}
	best, err = seconds(printed)
	return best, "zig cc -O2", err
}

// compileSpeed is how fast modules get ready: JavaScript's guest, which has about a megabyte, decoded and metered, and compiled by each engine.
func (b *bench) compileSpeed(ctx context.Context) ([]Row, error) {
	const rounds = 3
	g, err := modules.Find("javascript")
	if err != nil {
		return nil, err
	}
	bin, err := g.Wasm()
	if err != nil {
		return nil, err
	}
	host := importsOf(bin)
	megabytes := float64(len(bin)) / 1e6
	speed := func(f func() error) (float64, error) {
		var took samples
		for range rounds {
			start := usedResources().cpu()
			if err := f(); err != nil {
				return 0, err
			}
			took = append(took, usedResources().cpu()-start)
		}
		return megabytes / took.fastest().Seconds(), nil
	}
	var metered []byte
	rewriting, err := speed(func() error {
		m, err := wasm.Decode(bin, wasm.Limits{})
		if err != nil {
			return err
		}
		r, err := meter.Rewrite(m, meter.Options{})
		if err == nil {
			metered = r.Base()
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	rows := []Row{figure("decoding, validating and metering", rewriting, "MB/s", 0, "none").
		noting("of JavaScript's guest, %.1f MB; processor time of all threads, fastest of %d; MB of what comes in, which metering makes %.1f times as large",
			megabytes, rounds, float64(len(metered))/float64(len(bin)))}
	engines := []engine.Engine{wazero.New()}
	other, err := newWasmtime()
	switch {
	case err == nil:
		engines = append(engines, other)
	case !errors.Is(err, errNoWasmtime):
		return rows, err
	}
	for _, e := range engines {
		defer e.Close(context.WithoutCancel(ctx))
		compile := func(text []byte) func() error {
			return func() error {
				code, err := e.Compile(ctx, text, host, "")
				if err != nil {
					return err
				}
				return code.Close(ctx)
			}
		}
		with, err := speed(compile(metered))
		if err != nil {
			return rows, err
		}
		without, err := speed(compile(bin))
		if err != nil {
			return rows, err
		}
		rows = append(rows, figure("compiling to native code, "+e.Name()+", metered", with, "MB/s", without, "the same module, unmetered"))
	}
	if len(engines) == 1 {
		rows = append(rows, skipped("compiling to native code, wasmtime", errNoWasmtime.Error()))
	}
	return rows, nil
}

// importsOf provides a module with what it imports, and with the meter's functions. None is called.
func importsOf(bin []byte) []hostfuncs.Func {
	list := meterHost()
	m, err := wasm.Decode(bin, wasm.Limits{})
	if err != nil {
		return list
	}
	for _, im := range m.Imports {
		f := hostfuncs.Func{Module: im.Module, Name: im.Name, Call: func(context.Context, []byte, []uint64) {}}
		for _, p := range m.Types[im.Func].Params {
			f.Params = append(f.Params, hostfuncs.ValueType(p))
		}
		for _, r := range m.Types[im.Func].Results {
			f.Results = append(f.Results, hostfuncs.ValueType(r))
		}
		list = append(list, f)
	}
	return list
}

// guestsOnEngines runs Python on wasmtime in turns with wazero.
func (b *bench) guestsOnEngines(ctx context.Context) ([]Row, error) {
	other, err := newWasmtime()
	if errors.Is(err, errNoWasmtime) {
		return []Row{skipped("Python on wasmtime", err.Error())}, nil
	}
	if err != nil {
		return nil, err
	}
	rt, err := runtime.New(ctx, runtime.Config{Engine: other, Progress: func(m string) { b.say("%s", m) }})
	if err != nil {
		return nil, err
	}
	defer rt.Close(context.WithoutCancel(ctx))
	second := *b
	second.rt = rt
	if err := rt.Prepare(ctx, "python"); err != nil {
		return nil, err
	}
	var rows []Row
	m, err := b.program(ctx, compiler.Python, pythonOne)
	if err != nil {
		return nil, err
	}
	var onWazero, onWasmtime samples
	here, there := b.one(ctx, m), second.one(ctx, m)
	for range 5 {
		err := errors.Join(repeat(100, func() error { return onWasmtime.time(there) }), repeat(100, func() error { return onWazero.time(here) }))
		if err != nil {
			return nil, err
		}
	}
	rows = append(rows, row("Python on wasmtime, fresh fork, print(1), p50", onWasmtime.median(), "ms", onWazero.median(), "on wazero").noting("of %d by turns", len(onWasmtime)))
	for _, k := range []struct{ name, text string }{
		{"Python on wasmtime, fib(27)", pythonFib}, {"Python on wasmtime, loop of 3 million, in a function", pythonFunctionLoop},
	} {
		m, err := b.program(ctx, compiler.Python, k.text)
		if err != nil {
			return rows, err
		}
		var onWazero, onWasmtime samples
		for range cpuRounds {
			for _, s := range []struct {
				b    *bench
				took *samples
			}{{b, &onWazero}, {&second, &onWasmtime}} {
				report, err := s.b.once(ctx, m, runtime.Options{})
				if err != nil {
					return rows, err
				}
				took, err := seconds(report.Stdout)
				if err != nil {
					return rows, err
				}
				*s.took = append(*s.took, took)
			}
		}
		rows = append(rows, row(k.name, onWasmtime.fastest(), "ms", onWazero.fastest(), "on wazero"))
	}
	return rows, nil
}
