package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"wand/compiler"
	"wand/runtime"
)

// The programs time their own work, both in the sandbox and natively, and print the seconds: starting up is no part of the figure.
const (
	pythonFib = `import time

def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)

start = time.perf_counter()
value = fib(27)
seconds = time.perf_counter() - start
assert value == 196418
print(seconds)
`
	pythonModuleLoop = `import time

start = time.perf_counter()
total = 0
for i in range(3_000_000):
    total += i
seconds = time.perf_counter() - start
assert total == 4499998500000
print(seconds)
`
	pythonFunctionLoop = `import time

def work():
    total = 0
    for i in range(3_000_000):
        total += i
    return total

start = time.perf_counter()
total = work()
seconds = time.perf_counter() - start
assert total == 4499998500000
print(seconds)
`
	javascriptFib = `const clock = globalThis.performance ? () => performance.now() : () => Date.now();
function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
const start = clock();
const value = fib(27);
const seconds = (clock() - start) / 1000;
if (value !== 196418) throw new Error('wrong result');
console.log(seconds);
`
)

// cpuRounds is how often each program runs.
const cpuRounds = 9

func (b *bench) cpuPython(ctx context.Context) ([]Row, error) {
	var rows []Row
	for _, k := range []struct{ name, text string }{
		{"Python fib(27)", pythonFib},
		{"Python loop of 3 million, at module level", pythonModuleLoop},
		{"Python loop of 3 million, in a function", pythonFunctionLoop},
	} {
		r, err := b.cpu(ctx, k.name, compiler.Python, k.text, b.python, "python3", "-c", k.text)
		if err != nil {
			return rows, err
		}
		rows = append(rows, r.ratioAtMost(2.5))
	}
	rows[0] = rows[0].noting("metered; time inside the program (time.perf_counter, in the sandbox as natively), fastest of %d by turns, every run in a fresh fork or process", cpuRounds)
	return rows, nil
}

func (b *bench) cpuJavaScript(ctx context.Context) ([]Row, error) {
	jit, err := b.cpu(ctx, "JavaScript fib(27)", compiler.JavaScript, javascriptFib, b.node, "node, which compiles to native code", "-e", javascriptFib)
	if err != nil {
		return nil, err
	}
	interpreted, err := b.cpu(ctx, "JavaScript fib(27)", compiler.JavaScript, javascriptFib, b.node, "node --jitless, which interprets", "--jitless", "-e", javascriptFib)
	if err != nil {
		return []Row{jit}, err
	}
	return []Row{jit, interpreted}, nil
}

// cpu runs a program that prints how many seconds its work took, in fresh forks and in native processes, by turns.
func (b *bench) cpu(ctx context.Context, name string, language compiler.Language, text string, n native, against string, args ...string) (Row, error) {
	const rounds = cpuRounds
	m, err := b.program(ctx, language, text)
	if err != nil {
		return Row{}, err
	}
	var ours, theirs samples
	for range rounds {
		report, err := b.once(ctx, m, runtime.Options{})
		if err != nil {
			return Row{}, err
		}
		took, err := seconds(report.Stdout)
		if err != nil {
			return Row{}, fmt.Errorf("%s: %w", name, err)
		}
		// The sandbox's clock is cross-checked with the host's: work that takes this long is nearly all of the run.
		wall := time.Duration(report.Usage.WallMS * float64(time.Millisecond))
		if took > wall {
			return Row{}, fmt.Errorf("%s: the program says its work took %v of a run of %v", name, took, wall)
		}
		if took < wall/2 {
			b.say("%s: a run of %v in which the work took %v does not count: the machine is busy", name, wall, took)
			continue
		}
		ours = append(ours, took)
		if n.absent != "" {
			continue
		}
		printed, err := output(ctx, nil, n.path, args...)
		if err != nil {
			return Row{}, err
		}
		if took, err = seconds(printed); err != nil {
			return Row{}, fmt.Errorf("%s, native: %w", name, err)
		}
		theirs = append(theirs, took)
	}
	if len(ours) == 0 {
		return skipped(name, "the machine was too busy to time it"), nil
	}
	if n.absent != "" {
		against = "none: " + n.absent
	}
	return row(name, ours.fastest(), "ms", theirs.fastest(), against), nil
}

// seconds reads what a program printed.
func seconds(text string) (time.Duration, error) {
	v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || !(v > 0 && v < 3600) {
		return 0, fmt.Errorf("it printed %q, not how many seconds it took", text)
	}
	return time.Duration(v * float64(time.Second)), nil
}
