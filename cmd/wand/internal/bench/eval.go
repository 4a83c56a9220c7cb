package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	goruntime "runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"wand/compiler"
	"wand/runtime/eval"
)

// evaluate measures what wand eval does: HumanEval's own solutions with their tests, on one core and on all, beside native Python with a process for each
// program; and many candidates by many tests.
func (b *bench) evaluate(ctx context.Context) ([]Row, error) {
	rows, err := b.humanEval(ctx)
	if err != nil {
		return rows, err
	}
	matrix, err := b.matrix(ctx)
	return append(rows, matrix...), err
}

// humanEvalFile is where the data set is: in the folder of WAND_TESTDATA, or in shared/data beside the repository.
func humanEvalFile() string {
	dir := os.Getenv("WAND_TESTDATA")
	if dir == "" {
		dir = filepath.Join("..", "shared", "data")
	}
	return filepath.Join(dir, "humaneval", "HumanEval.jsonl.gz")
}

func (b *bench) humanEval(ctx context.Context) ([]Row, error) {
	const rounds = 3
	file, err := os.Open(humanEvalFile())
	if errors.Is(err, fs.ErrNotExist) {
		return []Row{skipped("HumanEval", "the data set is not there: WAND_TESTDATA names the folder that has humaneval/HumanEval.jsonl.gz")}, nil
	} else if err != nil {
		return nil, err
	}
	defer file.Close()
	var l eval.Loader
	if err := errors.Join(l.Problems("HumanEval", file), l.Canonical("HumanEval")); err != nil {
		return nil, err
	}
	set, err := l.Set()
	if err != nil {
		return nil, err
	}
	if b.python.absent != "" {
		return []Row{skipped("HumanEval", b.python.absent)}, nil
	}
	cores := goruntime.GOMAXPROCS(0)
	one, all := make([][2]time.Duration, rounds), make([][2]time.Duration, rounds)
	each := make([][2]samples, len(set.Samples)) // of every program, one core
	for r := range rounds {
		for i, s := range set.Samples {
			p := set.Problem(s.TaskID)
			alone, err := eval.NewSet([]*eval.Problem{p}, []*eval.Sample{s})
			if err != nil {
				return nil, err
			}
			if err := each[i][0].time(func() error { return b.judgeAll(ctx, alone, 1) }); err != nil {
				return nil, err
			}
			if err := each[i][1].time(func() error { return b.nativeProgram(ctx, p, s) }); err != nil {
				return nil, fmt.Errorf("natively %s: %w", s.TaskID, err)
			}
		}
		for _, k := range []struct {
			jobs int
			to   *[2]time.Duration
		}{{1, &one[r]}, {cores, &all[r]}} {
			start := time.Now()
			if err := b.judgeAll(ctx, set, k.jobs); err != nil {
				return nil, err
			}
			k.to[0] = time.Since(start)
			start = time.Now()
			if err := b.nativeAll(ctx, set, k.jobs); err != nil {
				return nil, err
			}
			k.to[1] = time.Since(start)
		}
	}
	rows := humanEvalRows(set, one, all, each, cores)
	used, err := b.processorTime(ctx, set, heaviest(each), rounds)
	return append(rows, used...), err
}

// processorTime is what a program costs on a processor, which other work on the machine changes less than it changes how long it takes: with all programs, and
// without one that computes for most of the time.
func (b *bench) processorTime(ctx context.Context, set *eval.Set, without, rounds int) ([]Row, error) {
	if usedResources().cpu() == 0 {
		return nil, nil // this system does not say
	}
	name := set.Samples[without].TaskID
	var problems []*eval.Problem
	var list []*eval.Sample
	for i, s := range set.Samples {
		if i != without {
			problems, list = append(problems, set.Problem(s.TaskID)), append(list, s)
		}
	}
	light, err := eval.NewSet(problems, list)
	if err != nil {
		return nil, err
	}
	var rows []Row
	for _, k := range []struct {
		name string
		set  *eval.Set
	}{{"HumanEval, processor time of a program, mean", set}, {"HumanEval, the same without " + name, light}} {
		var ours, theirs samples
		for range rounds {
			own := usedResources().cpu()
			if err := b.judgeAll(ctx, k.set, 1); err != nil {
				return nil, err
			}
			own = usedResources().cpu() - own
			children := childResources().cpu()
			if err := b.nativeAll(ctx, k.set, 1); err != nil {
				return nil, err
			}
			ours, theirs = append(ours, own), append(theirs, childResources().cpu()-children)
		}
		n := time.Duration(len(k.set.Samples))
		rows = append(rows, row(k.name, ours.fastest()/n, "ms", theirs.fastest()/n, "processes: python3 -I -S, one a program").ratioAtMost(0.33))
	}
	return rows, nil
}

// heaviest is the program that takes longest here.
func heaviest(each [][2]samples) int {
	most := 0
	for i, e := range each {
		if e[0].fastest() > each[most][0].fastest() {
			most = i
		}
	}
	return most
}

// humanEvalRows are the figures: each the best of its rounds, since what else runs on the machine only ever adds.
func humanEvalRows(set *eval.Set, one, all [][2]time.Duration, each [][2]samples, cores int) []Row {
	const against = "processes: python3 -I -S, one a program"
	rate := func(rounds [][2]time.Duration, side int) float64 {
		var s samples
		for _, r := range rounds {
			s = append(s, r[side])
		}
		return float64(len(set.Samples)) / s.fastest().Seconds()
	}
	var ours, theirs samples
	var ratios []float64
	heaviest, sum := heaviest(each), time.Duration(0)
	for _, e := range each {
		ours, theirs = append(ours, e[0].fastest()), append(theirs, e[1].fastest())
		ratios = append(ratios, e[1].fastest().Seconds()/e[0].fastest().Seconds())
		sum += e[0].fastest()
	}
	rest := func(side int) float64 { // programs a second without the heaviest
		var total time.Duration
		for i, e := range each {
			if i != heaviest {
				total += e[side].fastest()
			}
		}
		return float64(len(each)-1) / total.Seconds()
	}
	name := set.Samples[heaviest].TaskID
	return []Row{
		figure("HumanEval, programs a second, one core", rate(one, 0), "/s", rate(one, 1), against).ratioAtLeast(3).
			noting("wand eval on the 164 canonical solutions, planning the tests included; %s alone takes %.0f%% of it: its solution computes for %.0f ms, natively %.0f ms",
				name, 100*each[heaviest][0].fastest().Seconds()/sum.Seconds(), each[heaviest][0].fastest().Seconds()*1e3, each[heaviest][1].fastest().Seconds()*1e3),
		figure("HumanEval, the same without "+name, rest(0), "/s", rest(1), against).ratioAtLeast(3).noting("the sum of the programs' own times, each the best of the rounds"),
		figure("HumanEval, geometric mean of the speed-ups", geometricMean(ratios), "x", 0, "").noting("each program's native time over its time here, one core"),
		row("HumanEval, median program, one core", ours.median(), "ms", theirs.median(), against),
		figure(fmt.Sprintf("HumanEval, programs a second, all %d cores", cores), rate(all, 0), "/s", rate(all, 1), against),
	}
}

// judgeAll judges a set, all of which has to pass. Each time the problems are new, so that finding their tests is part of it.
func (b *bench) judgeAll(ctx context.Context, set *eval.Set, jobs int) error {
	e, err := eval.New(ctx, eval.Config{Runtime: b.rt, Jobs: jobs})
	if err != nil {
		return err
	}
	problems := make([]*eval.Problem, len(set.Problems))
	for i, p := range set.Problems {
		problems[i] = &eval.Problem{TaskID: p.TaskID, Language: p.Language, Prompt: p.Prompt, EntryPoint: p.EntryPoint, Test: p.Test}
	}
	fresh, err := eval.NewSet(problems, set.Samples)
	if err != nil {
		return err
	}
	return e.Run(ctx, fresh, nil, func(r *eval.Result) error {
		if !r.Passed {
			return fmt.Errorf("%s does not pass: %s", r.TaskID, r.Feedback)
		}
		return nil
	})
}

func (b *bench) nativeAll(ctx context.Context, set *eval.Set, jobs int) error {
	var next atomic.Int64
	var wg sync.WaitGroup
	errs := make(chan error, jobs)
	for range jobs {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(set.Samples)); i = next.Add(1) - 1 {
				s := set.Samples[i]
				if err := b.nativeProgram(ctx, set.Problem(s.TaskID), s); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	wg.Wait()
	select {
	case err := <-errs:
		return err
	default:
		return nil
	}
}

// nativeProgram runs one of HumanEval's own solutions with its tests in a process.
func (b *bench) nativeProgram(ctx context.Context, p *eval.Problem, s *eval.Sample) error {
	cmd := exec.CommandContext(ctx, b.python.path, "-I", "-S", "-")
	cmd.Stdin = strings.NewReader(p.Prompt + s.Completion + "\n" + p.Test + "\ncheck(" + p.EntryPoint + ")\n")
	return cmd.Run()
}

// matrix measures a hundred candidates by a hundred tests of one problem, each pair in a fork of its own.
func (b *bench) matrix(ctx context.Context) ([]Row, error) {
	const n = 100
	p := &eval.Problem{TaskID: "matrix", Language: compiler.Python}
	var list []*eval.Sample
	for i := range n {
		p.Tests = append(p.Tests, fmt.Sprintf("assert f(%d) == %d", i, i*i+1))
		list = append(list, &eval.Sample{TaskID: "matrix", ID: fmt.Sprint(i), Solution: fmt.Sprintf("def f(n):\n    return n * n + 1 if n < %d else None\n", i)})
	}
	set, err := eval.NewSet([]*eval.Problem{p}, list)
	if err != nil {
		return nil, err
	}
	e, err := eval.New(ctx, eval.Config{Runtime: b.rt, Detail: eval.DetailAll, FeedbackTokens: -1})
	if err != nil {
		return nil, err
	}
	before, err := settledPSS()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var peak atomic.Int64
	stop, watched := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(watched)
		for {
			select {
			case <-stop:
				return
			case <-time.After(50 * time.Millisecond):
				if now, err := pss("self"); err == nil {
					peak.Store(max(peak.Load(), now))
				}
			}
		}
	}()
	results := map[string]string{}
	start := time.Now()
	err = e.Run(ctx, set, nil, func(r *eval.Result) error {
		results[r.SampleID] = r.Tests.Matrix
		return nil
	})
	took := time.Since(start)
	close(stop)
	<-watched
	if err != nil {
		return nil, err
	}
	for i := range n {
		if want := strings.Repeat(".", i) + strings.Repeat("F", n-i); results[fmt.Sprint(i)] != want {
			return nil, fmt.Errorf("candidate %d has the tests %s", i, results[fmt.Sprint(i)])
		}
	}
	rows := []Row{row("100 x 100 candidates and tests", took, "s", 0, "").noting("each pair in a fork of its own, on all cores: %.0f forks a second", n*n/took.Seconds())}
	if top := peak.Load(); top > 0 {
		rows = append(rows, figure("100 x 100, memory above that of an idle runtime", float64(top-before)/1024, "MiB", 0, "").noting("the most of the process's proportional set size, looked at every 50 ms"))
	}
	return rows, nil
}
