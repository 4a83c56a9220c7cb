package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	goruntime "runtime"
	"runtime/debug"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"wand/compiler/meter"
	"wand/compiler/wasm"
	"wand/modules"
)

// kernel is a C program of testdata/kernels: its argument, sized for some tens of milliseconds, and what a native compiler's build
// of it returns.
type kernel struct {
	name string
	n    uint64
	want int64
}

func kernels() []kernel {
	return []kernel{
		{"fib", 34, 5702887},
		{"sha256", 60_000, 659712631},
		{"matmul", 256, 6335192757140084457},
		{"quicksort", 250_000, 3426645948294148274},
		{"json", 10_000, 7286222710692310026},
	}
}

var errNoToolchain = errors.New("the C toolchain is not in the cache (make guests puts it there)")

// metering compares each kernel metered, unmetered, and stopped by wazero's own means, all in wazero's compiler. It counts the time that the thread
// runs: on a busy machine the time of day says more about the others.
func (b *bench) metering(ctx context.Context) ([]Row, error) {
	const rounds, slowRounds = 15, 3
	goruntime.LockOSThread()
	defer goruntime.UnlockOSThread()
	var rows []Row
	var metered, closing []float64
	for _, k := range kernels() {
		bin, err := compileKernel(ctx, filepath.Join(b.kernels, k.name+".c"))
		if errors.Is(err, errNoToolchain) {
			return []Row{skipped("metering, five kernels", err.Error())}, nil
		}
		if err != nil {
			return rows, err
		}
		v, err := variants(ctx, bin)
		if err != nil {
			return rows, fmt.Errorf("kernel %s: %w", k.name, err)
		}
		var took [3]samples
		for round := range 1 + rounds {
			for i, call := range v.calls {
				if i == closeOnDone && round > slowRounds {
					continue
				}
				start := threadTime()
				got, err := call(ctx, k.n)
				spent := threadTime() - start
				if err == nil && got != k.want {
					err = fmt.Errorf("it returned %d, not %d", got, k.want)
				}
				if err != nil {
					v.close(ctx)
					return rows, fmt.Errorf("kernel %s: %w", k.name, err)
				}
				if round > 0 { // the first warms up
					took[i] = append(took[i], spent)
				}
			}
		}
		v.close(ctx)
		base := took[plain].fastest()
		m := row("kernel "+k.name+", metered", took[withMeter].fastest(), "ms", base, "unmetered, wazero")
		c := row("kernel "+k.name+", close-on-context-done", took[closeOnDone].fastest(), "ms", base, "unmetered, wazero")
		metered, closing = append(metered, m.Ratio), append(closing, c.Ratio)
		rows = append(rows, m, c)
	}
	return append(rows,
		figure("metering, geometric mean of the kernels", geometricMean(metered), "x", 1, "unmetered, wazero").atMost(1.15).noting("time of the thread, fastest of %d rounds by turns", rounds),
		figure("close-on-context-done, geometric mean", geometricMean(closing), "x", 1, "unmetered, wazero").noting("fastest of %d rounds; wand never uses it", slowRounds),
	), nil
}

// The variants of a kernel.
const (
	plain = iota
	withMeter
	closeOnDone
)

type variantSet struct {
	calls    [3]func(ctx context.Context, n uint64) (int64, error)
	runtimes []wazero.Runtime
}

func (v *variantSet) close(ctx context.Context) {
	for _, r := range v.runtimes {
		r.Close(ctx)
	}
}

// variants makes an instance of each variant of a module.
func variants(ctx context.Context, bin []byte) (v *variantSet, err error) {
	v = &variantSet{}
	defer func() {
		if err != nil {
			v.close(ctx)
		}
	}()
	decoded, err := wasm.Decode(bin, wasm.Limits{})
	if err != nil {
		return nil, err
	}
	metered, err := meter.Rewrite(decoded, meter.Options{})
	if err != nil {
		return nil, err
	}
	for i, text := range [][]byte{plain: bin, withMeter: metered.Base(), closeOnDone: bin} {
		config := wazero.NewRuntimeConfigCompiler().WithCloseOnContextDone(i == closeOnDone).
			WithCoreFeatures(api.CoreFeaturesV2 | experimental.CoreFeaturesTailCall | experimental.CoreFeaturesExtendedConst)
		r := wazero.NewRuntimeWithConfig(ctx, config)
		v.runtimes = append(v.runtimes, r)
		if i == withMeter {
			if err := provideMeter(ctx, r); err != nil {
				return nil, err
			}
		}
		m, err := r.InstantiateWithConfig(ctx, text, wazero.NewModuleConfig())
		if err != nil {
			return nil, err
		}
		f := m.ExportedFunction("kernel")
		if f == nil {
			return nil, errors.New("it exports no function kernel")
		}
		v.calls[i] = func(ctx context.Context, n uint64) (int64, error) {
			// A context that can end is what makes close-on-context-done watch; the meter looks at it in refill.
			ctx, cancel := context.WithTimeout(ctx, time.Minute)
			defer cancel()
			stack := []uint64{n}
			err := f.CallWithStack(ctx, stack)
			return int64(stack[0]), err
		}
	}
	return v, nil
}

// provideMeter gives a metered module what the runtime gives it: a slice at a time, with a look at the context and at other goroutines.
func provideMeter(ctx context.Context, r wazero.Runtime) error {
	const slice = 1_000_000 // runtime's default
	i32, i64 := api.ValueTypeI32, api.ValueTypeI64
	refill := api.GoFunc(func(ctx context.Context, stack []uint64) {
		if ctx.Err() != nil {
			panic(ctx.Err())
		}
		goruntime.Gosched()
		stack[0] = slice
	})
	grow := api.GoFunc(func(context.Context, []uint64) {})
	overflow := api.GoFunc(func(context.Context, []uint64) { panic(errors.New("calls nested too deep")) })
	_, err := r.NewHostModuleBuilder(meter.Module).
		NewFunctionBuilder().WithGoFunction(refill, []api.ValueType{i64}, []api.ValueType{i64}).Export(meter.ImportRefill).
		NewFunctionBuilder().WithGoFunction(grow, []api.ValueType{i32}, []api.ValueType{i32}).Export(meter.ImportGrow).
		NewFunctionBuilder().WithGoFunction(overflow, nil, nil).Export(meter.ImportOverflow).
		Instantiate(ctx)
	return err
}

// compileKernel compiles a C file as the guests are compiled (modules/lib/toolchain.sh): zig, a reactor, optimised.
func compileKernel(ctx context.Context, source string) ([]byte, error) {
	if _, err := os.Stat(source); err != nil {
		return nil, fmt.Errorf("%w; run this in the project's folder, or say -kernels", err)
	}
	zig, cache, err := findZig()
	if err != nil {
		return nil, err
	}
	scratch, err := os.MkdirTemp("", "wand-kernel-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(scratch)
	out := filepath.Join(scratch, "kernel.wasm")
	cmd := exec.CommandContext(ctx, zig, "cc", "-target", "wasm32-wasi", "-mcpu=generic+bulk_memory+sign_ext+nontrapping_fptoint+mutable_globals",
		"-mexec-model=reactor", "-fno-sanitize=undefined", "-O2", "-Wl,--strip-all", "-o", out, source)
	cmd.Env = append(os.Environ(), "ZIG_GLOBAL_CACHE_DIR="+filepath.Join(cache, "toolchain", "zig-cache"), "ZIG_LOCAL_CACHE_DIR="+scratch)
	if text, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%s: %w: %s", filepath.Base(source), err, text)
	}
	return os.ReadFile(out)
}

// findZig finds the C compiler that made the guests, and the user's cache.
func findZig() (zig, cache string, err error) {
	if cache, err = modules.CacheDir(); err != nil {
		return "", "", err
	}
	if zig = os.Getenv("WAND_ZIG"); zig != "" {
		return zig, cache, nil
	}
	found, _ := filepath.Glob(filepath.Join(cache, "toolchain", "zig-*", "ziglang", "zig*"))
	for _, f := range found {
		if base := filepath.Base(f); base == "zig" || base == "zig.exe" {
			zig = f
		}
	}
	if zig == "" {
		return "", "", errNoToolchain
	}
	return zig, cache, nil
}

// wazeroVersion is the version that was linked.
func wazeroVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			if m.Path == "github.com/tetratelabs/wazero" {
				return m.Version
			}
		}
	}
	return "of unknown version"
}
