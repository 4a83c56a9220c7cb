package main

import (
	"context"
	"fmt"
	goruntime "runtime"
	"sync"
	"sync/atomic"
	"time"

	"wand/compiler"
	"wand/runtime"
)

const (
	pythonOne     = "print(1)\n"
	javascriptOne = "console.log(1)\n"
)

// program compiles a source text once; running it is what is measured.
func (b *bench) program(ctx context.Context, language compiler.Language, text string) (*compiler.Module, error) {
	m, diagnostics, err := b.rt.Compile(ctx, compiler.Source{Language: language, Text: []byte(text)})
	if err == nil && m == nil {
		err = fmt.Errorf("the %s program does not compile: %v", language, diagnostics)
	}
	return m, err
}

// once runs a program in a fresh fork and checks that it completed.
func (b *bench) once(ctx context.Context, m *compiler.Module, o runtime.Options) (*runtime.Report, error) {
	report, err := b.rt.Run(ctx, m, o)
	if err != nil {
		return nil, err
	}
	if report.Status != runtime.Completed {
		return nil, fmt.Errorf("the %s program did not complete: %s", m.Language, report.Feedback(0))
	}
	return report, nil
}

// one runs a program in a fresh fork that must print 1.
func (b *bench) one(ctx context.Context, m *compiler.Module) func() error {
	return func() error {
		report, err := b.once(ctx, m, runtime.Options{})
		if err == nil && report.Stdout != "1\n" {
			err = fmt.Errorf("the %s program printed %q, not 1", m.Language, report.Stdout)
		}
		return err
	}
}

func (b *bench) forkPython(ctx context.Context) ([]Row, error) {
	m, err := b.program(ctx, compiler.Python, pythonOne)
	if err != nil {
		return nil, err
	}
	return b.fork(ctx, m, "Python, fresh fork, print(1)", b.python, "process: python3 -c 'print(1)'", []string{"-c", "print(1)"}, 0.4, 2)
}

func (b *bench) forkJavaScript(ctx context.Context) ([]Row, error) {
	m, err := b.program(ctx, compiler.JavaScript, javascriptOne)
	if err != nil {
		return nil, err
	}
	return b.fork(ctx, m, "JavaScript, fresh fork, console.log(1)", b.node, "process: node -e 'console.log(1)'", []string{"-e", "console.log(1)"}, 0.15, 0)
}

// fork measures fresh forks, one after the other, in turns with native processes. aim50 and aim99 are milliseconds; 0 is no aim.
func (b *bench) fork(ctx context.Context, m *compiler.Module, name string, n native, against string, args []string, aim50, aim99 float64) ([]Row, error) {
	const rounds, forks, processes = 5, 400, 25
	ours := b.one(ctx, m)
	theirs := func() error { return prints(ctx, "1\n", nil, n.path, args...) }
	if n.absent != "" {
		theirs = nil
	}
	var forked, native samples
	if err := repeat(50, ours); err != nil {
		return nil, err
	}
	if theirs != nil {
		if err := repeat(5, theirs); err != nil {
			return nil, err
		}
	}
	for range rounds {
		if err := repeat(forks, func() error { return forked.time(ours) }); err != nil {
			return nil, err
		}
		if theirs == nil {
			continue
		}
		if err := repeat(processes, func() error { return native.time(theirs) }); err != nil {
			return nil, err
		}
	}
	p50 := row(name+", p50", forked.percentile(50), "ms", native.percentile(50), against).atMost(aim50)
	p99 := row(name+", p99", forked.percentile(99), "ms", native.percentile(99), against)
	if aim99 > 0 {
		p99 = p99.atMost(aim99)
	}
	p99 = p99.noting("of %d forks and %d processes, in %d rounds by turns", len(forked), len(native), rounds)
	if n.absent != "" {
		p50.Against, p99.Against = "none: "+n.absent, "none: "+n.absent
	}
	return []Row{p50, p99}, nil
}

// throughput keeps every core busy with runs, in turns with native processes.
func (b *bench) throughput(ctx context.Context) ([]Row, error) {
	const rounds, span = 3, 1200 * time.Millisecond
	measure := func(f func() error) (float64, error) {
		var wg sync.WaitGroup
		var count atomic.Int64
		errs := make(chan error, goruntime.GOMAXPROCS(0))
		start := time.Now()
		for range goruntime.GOMAXPROCS(0) {
			wg.Go(func() {
				for time.Since(start) < span {
					if err := f(); err != nil {
						errs <- err
						return
					}
					count.Add(1)
				}
			})
		}
		wg.Wait()
		elapsed := time.Since(start)
		select {
		case err := <-errs:
			return 0, err
		default:
			return float64(count.Load()) / elapsed.Seconds(), nil
		}
	}
	kinds := []struct {
		name, against string
		language      compiler.Language
		text          string
		native        native
		args          []string
	}{
		{"Python runs, all cores", "processes: python3 -c 'print(1)'", compiler.Python, pythonOne, b.python, []string{"-c", "print(1)"}},
		{"JavaScript runs, all cores", "processes: node -e 'console.log(1)'", compiler.JavaScript, javascriptOne, b.node, []string{"-e", "console.log(1)"}},
	}
	var rows []Row
	for _, k := range kinds {
		m, err := b.program(ctx, k.language, k.text)
		if err != nil {
			return rows, err
		}
		var ours, theirs []float64
		for range rounds {
			rate, err := measure(b.one(ctx, m))
			if err != nil {
				return rows, err
			}
			ours = append(ours, rate)
			if k.native.absent != "" {
				continue
			}
			rate, err = measure(func() error { return prints(ctx, "1\n", nil, k.native.path, k.args...) })
			if err != nil {
				return rows, err
			}
			theirs = append(theirs, rate)
		}
		r := figure(k.name, medianOf(ours), "/s", medianOf(theirs), k.against)
		if k.native.absent != "" {
			r.Against = "none: " + k.native.absent
		}
		rows = append(rows, r)
	}
	return rows, nil
}
