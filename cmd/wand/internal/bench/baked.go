package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"wand/compiler"
	"wand/modules"
	"wand/modules/testpackages"
	"wand/runtime"
)

// baked measures a fork of a guest that has a real library loaded, beside the same import without it and in a native process.
func (b *bench) baked(ctx context.Context) ([]Row, error) {
	const name = "baked fork, import sympy"
	cache, err := modules.CacheDir()
	if err != nil {
		return nil, err
	}
	dir, err := testpackages.Debian(cache, "python3-sympy", "python3-mpmath")
	if err != nil {
		return []Row{skipped(name, err.Error())}, nil // no network is no fault of ours
	}
	dir = filepath.Join(dir, "usr/lib/python3/dist-packages")
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	p := runtime.Package{Name: "dist-packages", Dir: root.FS()}
	const guest = "bench-sympy"
	start := time.Now()
	made, err := b.rt.Bake(ctx, runtime.BakeOptions{Name: guest, Imports: []string{"sympy"}, Packages: []runtime.Package{p}})
	if err != nil {
		return nil, err
	}
	defer b.rt.RemoveBaked(guest)
	baking := time.Since(start)

	const text = "import sympy\nprint(sympy.factorint(2021))\n"
	const prints43 = "{43: 1, 47: 1}\n"
	m, err := b.program(ctx, compiler.Python, text)
	if err != nil {
		return nil, err
	}
	once := func(o runtime.Options) func() error {
		return func() error {
			report, err := b.once(ctx, m, o)
			if err == nil && report.Stdout != prints43 {
				err = fmt.Errorf("the program with sympy printed %q", report.Stdout)
			}
			return err
		}
	}
	forked, cold := once(runtime.Options{Guest: guest}), once(runtime.Options{Packages: []runtime.Package{p}})
	var forks, colds, processes samples
	native := b.python.absent == ""
	if err := errors.Join(repeat(20, forked), cold()); err != nil {
		return nil, err
	}
	for range 3 {
		if err := errors.Join(repeat(60, func() error { return forks.time(forked) }), colds.time(cold)); err != nil {
			return nil, err
		}
		if native {
			err := processes.time(func() error {
				return prints(ctx, prints43, append(os.Environ(), "PYTHONPATH="+dir), b.python.path, "-c", text)
			})
			if err != nil {
				b.say("native sympy: %v", err) // another version of Python may not take Debian's
				native = false
			}
		}
	}
	against := "process: python3 -c 'import sympy; ...'"
	if len(processes) == 0 {
		against = "none: the native Python does not take this sympy"
	}
	return []Row{
		row("Python, "+name+", factorint(2021)", forks.median(), "ms", processes.median(), against).atMost(3).
			noting("p50 of %d; without baking %s, with --package; baking took %s, the image has %d MiB, %d MiB on disk", len(forks), withUnit(in("ms", colds.median()), "ms"),
				withUnit(in("s", baking), "s"), made.MemoryBytes>>20, made.DiskBytes>>20),
	}, nil
}
