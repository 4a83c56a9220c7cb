package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	goruntime "runtime"
	"runtime/debug"
	"strings"
	"sync"

	"wand/compiler"
	"wand/runtime"
)

// memory measures what one more live fork costs: the process's proportional set size with one fork suspended in a host call and with
// many more, divided by how many. Natively, the same for interpreters in processes of their own that wait for input.
func (b *bench) memory(ctx context.Context) ([]Row, error) {
	if _, err := pss("self"); errors.Is(err, fs.ErrNotExist) {
		return []Row{skipped("memory per live fork", "this system has no /proc/PID/smaps_rollup")}, nil
	}
	var rows []Row
	for _, k := range []struct {
		name, against string
		language      compiler.Language
		text          string
		native        native
		args          []string
	}{
		{"Python, memory per live fork", "process: python3 after print(1)", compiler.Python, "import tools\nprint(1)\ntools.wait()\n", b.python, []string{"-c", "print(1, flush=True); input()"}},
		{"JavaScript, memory per live fork", "process: node after console.log(1)", compiler.JavaScript, "console.log(1);\nawait tools.wait({});\n", b.node, []string{"-e", "console.log(1); process.stdin.resume()"}},
	} {
		ours, err := b.liveForks(ctx, k.language, k.text)
		if err != nil {
			return rows, err
		}
		var theirs float64
		if k.native.absent != "" {
			k.against = "none: " + k.native.absent
		} else if theirs, err = liveProcesses(ctx, k.native.path, k.args); err != nil {
			return rows, err
		}
		rows = append(rows, figure(k.name, ours/1024, "MiB", theirs/1024, k.against))
	}
	rows[0] = rows[0].noting("proportional set size: the difference between %d live forks and 1, for each; natively between %d processes and 1", 1+moreForks, 1+moreProcesses)
	return rows, nil
}

const (
	moreForks     = 100
	moreProcesses = 8
)

// liveForks returns the KiB of one more fork.
func (b *bench) liveForks(ctx context.Context, language compiler.Language, text string) (float64, error) {
	m, err := b.program(ctx, language, text)
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithCancel(ctx)
	arrived, release := make(chan struct{}), make(chan struct{})
	wait := func(ctx context.Context, _ json.RawMessage) (json.RawMessage, error) {
		arrived <- struct{}{}
		select {
		case <-release:
			return nil, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	var wg sync.WaitGroup
	failures := make(chan error, 1+moreForks)
	start := func() {
		wg.Go(func() {
			if _, err := b.once(ctx, m, runtime.Options{Tools: registry(map[string]toolFunc{"wait": wait}), Policy: everyTool}); err != nil {
				failures <- err
			}
		})
	}
	reach := func(n int) error {
		for range n {
			start()
			select {
			case <-arrived:
			case err := <-failures:
				return err
			}
		}
		return nil
	}
	measure := func() (before, after int64, err error) {
		if err = reach(1); err != nil {
			return
		}
		if before, err = settledPSS(); err != nil {
			return
		}
		if err = reach(moreForks); err != nil {
			return
		}
		after, err = settledPSS()
		return
	}
	before, after, err := measure()
	if err != nil {
		cancel()
	}
	close(release)
	wg.Wait()
	cancel()
	if err != nil {
		return 0, err
	}
	select {
	case err := <-failures:
		return 0, err
	default:
		return float64(after-before) / moreForks, nil
	}
}

// settledPSS is what this process holds once the Go heap has given back what it does not need.
func settledPSS() (int64, error) {
	goruntime.GC()
	debug.FreeOSMemory()
	return pss("self")
}

// liveProcesses returns the KiB of one more process that runs a command which prints a line and waits for input.
func liveProcesses(ctx context.Context, name string, args []string) (float64, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var pids []int
	total := func() (sum int64, err error) {
		for _, pid := range pids {
			kib, err := pss(fmt.Sprint(pid))
			if err != nil {
				return 0, err
			}
			sum += kib
		}
		return sum, nil
	}
	var one int64
	for i := range 1 + moreProcesses {
		cmd := exec.CommandContext(ctx, name, args...)
		stdin, err := cmd.StdinPipe()
		if err != nil {
			return 0, err
		}
		stdout, err := cmd.StdoutPipe()
		if err != nil {
			return 0, err
		}
		if err := cmd.Start(); err != nil {
			return 0, err
		}
		defer func() {
			stdin.Close()
			cancel()
			cmd.Wait()
		}()
		line, err := bufio.NewReader(stdout).ReadString('\n')
		if err == nil && line != "1\n" {
			err = errors.New("it did not print 1")
		}
		if err != nil {
			return 0, fmt.Errorf("%s printed %q: %w", name, line, err)
		}
		pids = append(pids, cmd.Process.Pid)
		if i == 0 {
			if one, err = total(); err != nil {
				return 0, err
			}
		}
	}
	all, err := total()
	if err != nil {
		return 0, err
	}
	return float64(all-one) / moreProcesses, nil
}

// pss is a process's proportional set size in KiB: its own pages, and of those it shares its share.
func pss(pid string) (int64, error) {
	text, err := os.ReadFile("/proc/" + pid + "/smaps_rollup")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		var kib int64
		if n, _ := fmt.Sscanf(line, "Pss: %d kB", &kib); n == 1 {
			return kib, nil
		}
	}
	return 0, errors.New("smaps_rollup has no line Pss")
}
