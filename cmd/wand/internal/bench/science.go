package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"wand/compiler"
	"wand/modules"
	"wand/runtime"
)

// science measures forks of the guest that has numpy and pandas linked in, beside the same import in a native process.
func (b *bench) science(ctx context.Context) ([]Row, error) {
	if _, err := modules.Find(runtime.ScienceGuest); err != nil {
		return []Row{skipped("science fork, import numpy, import pandas", "the science guest is not built: make guests SCIENCE=1")}, nil
	}
	var rows []Row
	for _, k := range []struct {
		name, text, prints string
		aim                float64 // in ms
	}{
		{"import numpy, a sum", "import numpy as np\nprint(int(np.arange(10).sum()))\n", "45\n", 2},
		{"import pandas, a group-by", "import pandas as pd\nprint(int(pd.DataFrame({'k': [1, 1, 2], 'v': [1, 2, 3]}).groupby('k')['v'].sum()[1]))\n", "3\n", 5},
	} {
		m, err := b.program(ctx, compiler.Python, k.text)
		if err != nil {
			return rows, err
		}
		once := func() error {
			report, err := b.once(ctx, m, runtime.Options{})
			if err == nil && report.Stdout != k.prints {
				err = fmt.Errorf("the program printed %q: %s", report.Stdout, report.Stderr)
			}
			return err
		}
		process := func() error { return prints(ctx, k.prints, os.Environ(), b.python.path, "-c", k.text) }
		var forks, processes samples
		if err := repeat(20, once); err != nil {
			return rows, err
		}
		native := b.python.absent == "" && process() == nil
		for range 3 {
			if err := repeat(60, func() error { return forks.time(once) }); err != nil {
				return rows, err
			}
			if native {
				if err := repeat(3, func() error { return processes.time(process) }); err != nil {
					return rows, err
				}
			}
		}
		against := "process: python3 -c '" + k.name + "'"
		if !native {
			against = "none: the native Python has no such library"
		}
		live, err := b.liveForks(ctx, compiler.Python, k.text+"import tools\ntools.wait()\n")
		if err != nil && !errors.Is(err, os.ErrNotExist) { // no /proc/PID/smaps_rollup
			return rows, err
		}
		rows = append(rows, row("science fork, "+k.name, forks.median(), "ms", processes.median(), against).atMost(k.aim).
			noting("p50 of %d; %.1f MiB for one more live fork, shared pages counted once", len(forks), live/1024))
	}
	return rows, nil
}
