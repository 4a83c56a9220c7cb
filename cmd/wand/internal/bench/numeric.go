package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	goruntime "runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"wand/compiler"
	"wand/modules"
	"wand/runtime"
)

// numericKernels are twelve things that programs do with arrays. Each line that the program prints is a kernel's name, the fastest of its rounds in seconds, and a number
// of its result: the same text runs in the sandbox, natively and in wazero as it comes, and must get the same there.
const numericKernels = `import time
import numpy as np
import pandas as pd

def kernel(name, work, check):
    fastest = 1e9
    for _ in range(5):
        start = time.perf_counter()
        value = work()
        fastest = min(fastest, time.perf_counter() - start)
    print(name, fastest, "%.6g" % check(value), sep="\t")

r = np.random.default_rng(7)
x, y = r.random(1_000_000), r.random(1_000_000)
a, b, v = r.random((200, 200)), r.random((200, 200)), r.random(200)
signal = r.random(1 << 16)
frame = pd.DataFrame({"k": r.integers(0, 1000, 100_000), "v": r.random(100_000)})
kernel("add, 1e6", lambda: x + y, np.sum)
kernel("exp, 1e6", lambda: np.exp(x), np.sum)
kernel("sin, 1e6", lambda: np.sin(x), np.sum)
kernel("sum, 1e6", lambda: x.sum(), float)
kernel("cumsum, 1e6", lambda: x.cumsum(), lambda c: c[-1])
kernel("sort, 1e6", lambda: np.sort(x), lambda s: s[1000])
kernel("boolean mask, 1e6", lambda: x[x > 0.5], np.sum)
kernel("matmul, 200x200", lambda: a @ b, np.sum)
kernel("solve, 200x200", lambda: np.linalg.solve(a, v), lambda s: np.abs(a @ s).sum())
kernel("FFT, 2^16", lambda: np.fft.fft(signal), lambda f: np.abs(f).sum())
kernel("pandas group-by sum, 1e5", lambda: frame.groupby("k")["v"].sum(), lambda s: s.sum())
kernel("pandas rolling mean, 1e5", lambda: frame["v"].rolling(20).mean(), lambda s: s.sum())
`

// numericCount is how many kernels there are.
const numericCount = 12

// kernelTime is what a program said of a kernel: the fastest of its rounds, and the number that must be the same everywhere.
type kernelTime struct {
	took  time.Duration
	check string
}

// kernelTimes reads what numericKernels prints; the names come in their order.
func kernelTimes(text string) (names []string, times map[string]kernelTime, err error) {
	times = map[string]kernelTime{}
	for line := range strings.Lines(text) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) != 3 {
			return nil, nil, fmt.Errorf("the kernels printed %q", line)
		}
		took, err := seconds(f[1])
		if err != nil {
			return nil, nil, err
		}
		names, times[f[0]] = append(names, f[0]), kernelTime{took, f[2]}
	}
	if len(names) != numericCount || len(times) != numericCount {
		return nil, nil, fmt.Errorf("%d kernels printed their time, not %d", len(names), numericCount)
	}
	return names, times, nil
}

// numeric compares the kernels in the sandbox with native numpy and pandas of the same versions, and with the same guest unmetered, in wazero as it comes.
func (b *bench) numeric(ctx context.Context) ([]Row, error) {
	const rounds, unmeteredRounds = 5, 3
	guest, err := modules.Find(runtime.ScienceGuest)
	if err != nil {
		return []Row{skipped("twelve numeric kernels", "the science guest is not built: make guests SCIENCE=1")}, nil
	}
	m, err := b.program(ctx, compiler.Python, numericKernels)
	if err != nil {
		return nil, err
	}
	native := b.findNumpy(ctx, guest)
	unmetered, err := b.unmetered(ctx, guest)
	if err != nil {
		return nil, err
	}
	defer unmetered.close(ctx)

	var names []string
	ours, theirs, plain := map[string]samples{}, map[string]samples{}, map[string]samples{}
	checks := map[string]string{}
	keep := func(into map[string]samples, where, text string) error {
		order, times, err := kernelTimes(text)
		if err != nil {
			return fmt.Errorf("%s: %w", where, err)
		}
		names = order
		for name, t := range times {
			if want, ok := checks[name]; ok && want != t.check {
				return fmt.Errorf("kernel %s, %s: the result is %s, not %s", name, where, t.check, want)
			}
			checks[name], into[name] = t.check, append(into[name], t.took)
		}
		return nil
	}
	for round := range rounds {
		report, err := b.once(ctx, m, runtime.Options{})
		if err != nil {
			return nil, err
		}
		if err := keep(ours, "in the sandbox", report.Stdout); err != nil {
			return nil, err
		}
		if native.absent == "" {
			text, err := output(ctx, append(os.Environ(), "OPENBLAS_NUM_THREADS=1"), native.path, "-c", numericKernels)
			if err != nil {
				return nil, err
			}
			if err := keep(theirs, "native", text); err != nil {
				return nil, err
			}
		}
		if round < unmeteredRounds {
			text, err := unmetered.run(ctx)
			if err != nil {
				return nil, err
			}
			if err := keep(plain, "unmetered", text); err != nil {
				return nil, err
			}
		}
	}

	against := native.version
	if native.absent != "" {
		against = "none: " + native.absent
	}
	var rows []Row
	var toNative, toPlain []float64
	for _, name := range names {
		r := row("numeric "+name, ours[name].fastest(), "ms", theirs[name].fastest(), against)
		toNative, toPlain = append(toNative, r.Ratio), append(toPlain, in("ms", ours[name].fastest())/in("ms", plain[name].fastest()))
		rows = append(rows, r)
	}
	if native.absent == "" {
		rows = append(rows, figure("numeric, geometric mean of the twelve", geometricMean(toNative), "x", 1, against).atMost(3).
			noting("metered; time inside the program (time.perf_counter), fastest of %d by turns, each the fastest of 5; native numpy has one thread (OPENBLAS_NUM_THREADS=1) and may use all vectors that the processor has", rounds))
	}
	return append(rows, figure("numeric, metering, geometric mean", geometricMean(toPlain), "x", 1, "the same guest unmetered, wazero").
		noting("fastest of %d rounds in the sandbox, of %d unmetered", rounds, unmeteredRounds)), nil
}

// unmetered is the guest as it was linked, in wazero as it comes, which runs the kernels.
func (b *bench) unmetered(ctx context.Context, guest *modules.Guest) (*unmeteredGuest, error) {
	wasm, err := guest.Wasm()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "wand-bench-*")
	if err != nil {
		return nil, err
	}
	u := &unmeteredGuest{stockProgram{wasm: wasm, root: filepath.Join(dir, "root"), source: numericKernels}, dir}
	b.say("numeric: compiling the guest unmetered")
	if err := errors.Join(unpackLibrary(guest, u.root), u.open(ctx, filepath.Join(dir, "native"))); err != nil {
		u.close(ctx)
		return nil, err
	}
	return u, nil
}

type unmeteredGuest struct {
	stockProgram
	dir string
}

func (u *unmeteredGuest) close(ctx context.Context) {
	if u.rt != nil {
		u.stockProgram.close(ctx)
	}
	os.RemoveAll(u.dir)
}

// findNumpy finds a Python that has numpy and pandas of the guest's versions: the one of -numpy, that of -python, or one in the user's cache, which is made there once.
func (b *bench) findNumpy(ctx context.Context, guest *modules.Guest) native {
	var wanted []string
	for _, c := range guest.Manifest.Components {
		if requirement := c.Name + "==" + c.Version; (c.Name == "numpy" || c.Name == "pandas") && !slices.Contains(wanted, requirement) {
			wanted = append(wanted, requirement)
		}
	}
	want := strings.Join(wanted, " ")
	if b.numpy != "" {
		if n := numpyOf(ctx, b.numpy, want); n.absent == "" {
			return n
		}
		return native{absent: b.numpy + " has not " + want}
	}
	if b.python.absent != "" {
		return b.python
	}
	if n := numpyOf(ctx, b.python.path, want); n.absent == "" {
		return n
	}
	cache, err := modules.CacheDir()
	if err != nil {
		return native{absent: err.Error()}
	}
	dir := filepath.Join(cache, "bench-"+strings.Join(wanted, "-"))
	path := filepath.Join(dir, "bin", "python3")
	if goruntime.GOOS == "windows" {
		path = filepath.Join(dir, "Scripts", "python.exe")
	}
	if n := numpyOf(ctx, path, want); n.absent == "" {
		return n
	}
	b.say("numeric: pip installs %s into %s (once)", want, dir)
	_, err = output(ctx, os.Environ(), b.python.path, "-m", "venv", "--clear", dir)
	if err == nil {
		_, err = output(ctx, os.Environ(), path, append([]string{"-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary=:all:"}, wanted...)...)
	}
	if err != nil {
		b.say("numeric: %v", err)
		return native{absent: "pip could not install " + want + "; name a Python that has them with -numpy"}
	}
	return numpyOf(ctx, path, want)
}

// numpyOf says which Python path is, if it has what is wanted.
func numpyOf(ctx context.Context, path, want string) native {
	const ask = "import sys, numpy, pandas\nprint('numpy==' + numpy.__version__, 'pandas==' + pandas.__version__)\nprint(sys.version.split()[0])"
	out, err := exec.CommandContext(ctx, path, "-c", ask).Output()
	has, python, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	has, python = strings.TrimSpace(has), strings.TrimSpace(python)
	if err != nil || has != want {
		return native{absent: strconv.Quote(path) + " has not " + want}
	}
	return native{path: path, version: "native " + strings.ReplaceAll(has, "==", " ") + ", Python " + python}
}
