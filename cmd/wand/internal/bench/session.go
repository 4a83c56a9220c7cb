package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"wand/compiler"
	"wand/runtime"
)

// sessionKind is one language of the section session.
type sessionKind struct {
	name        string
	language    compiler.Language
	begin, turn string
	touch       string // about 1 MB of state
	ten         func(i int) string
	native      native
	shell       string // a native program that reads one JSON string a line, runs it, and prints a line when it is done
	aimTen      float64
}

func (b *bench) sessionKinds() []sessionKind {
	return []sessionKind{
		{"Python", compiler.Python, "x = 0", "x += 1", "data = bytearray(range(256)) * 4096", func(i int) string {
			return fmt.Sprintf("v%d = [i * %d for i in range(100)]\nprint(sum(v%d))", i, i, i)
		}, b.python, "import sys, json\nnames = {}\nfor line in sys.stdin:\n    exec(json.loads(line), names)\n    print('done', flush=True)\n", 3},
		{"JavaScript", compiler.JavaScript, "let x = 0", "x += 1", "let data = new Uint8Array(1 << 20).map((_, i) => i)", func(i int) string {
			return fmt.Sprintf("let v%d = Array.from({length: 100}, (_, i) => i * %d); console.log(v%d.reduce((a, b) => a + b))", i, i, i)
		}, b.node, "require('readline').createInterface({input: process.stdin}).on('line', (line) => { require('vm').runInThisContext(JSON.parse(line)); console.log('done') })", 0},
	}
}

// session measures turns, forks and snapshots of sessions, beside an interpreter in a process of its own that is sent the same turns.
func (b *bench) session(ctx context.Context) ([]Row, error) {
	var rows []Row
	for _, k := range b.sessionKinds() {
		found, err := b.turns(ctx, k)
		rows = append(rows, found...)
		if err != nil {
			return rows, err
		}
		if found, err = b.snapshots(ctx, k); err != nil {
			return rows, err
		}
		rows = append(rows, found...)
	}
	idle, err := b.idleSessions(ctx)
	return append(rows, idle...), err
}

// turns measures turns and forks.
func (b *bench) turns(ctx context.Context, k sessionKind) ([]Row, error) {
	s, err := b.rt.NewSession(ctx, sessionIn(k.language))
	if err != nil {
		return nil, err
	}
	defer s.Close()
	if err := takeTurn(ctx, s, k.begin); err != nil {
		return nil, err
	}
	against := "the same turn in a process that lives on"
	theirs, err := startShell(ctx, k.native, k.shell)
	if err != nil {
		return nil, err
	}
	if theirs == nil {
		against = "none: " + k.native.absent
	}
	defer theirs.stop()
	if err := theirs.turn(k.begin); err != nil {
		return nil, err
	}
	var turns, nativeTurns, forks, first, tens, nativeTens samples
	for range 10 { // by turns
		ours := func() error { return takeTurn(ctx, s, k.turn) }
		if err := repeat(20, func() error { return turns.time(ours) }); err != nil {
			return nil, err
		}
		native := func() error { return theirs.turn(k.turn) }
		if err := repeat(20, func() error { return nativeTurns.time(native) }); err != nil {
			return nil, err
		}
	}
	for range 200 {
		start := time.Now()
		f, err := s.Fork()
		if err != nil {
			return nil, err
		}
		forks = append(forks, time.Since(start))
		err = first.time(func() error { return takeTurn(ctx, f, k.turn) })
		f.Close()
		if err != nil {
			return nil, err
		}
	}
	ten := func() error {
		t, err := b.rt.NewSession(ctx, sessionIn(k.language))
		if err != nil {
			return err
		}
		defer t.Close()
		for i := range 10 {
			if err := takeTurn(ctx, t, k.ten(i)); err != nil {
				return err
			}
		}
		return nil
	}
	nativeTen := func() error {
		shell, err := startShell(ctx, k.native, k.shell)
		if err != nil {
			return err
		}
		defer shell.stop()
		for i := range 10 {
			if err := shell.turn(k.ten(i)); err != nil {
				return err
			}
		}
		return nil
	}
	for range 20 {
		if err := tens.time(ten); err != nil {
			return nil, err
		}
		if theirs != nil && len(nativeTens) < 10 {
			if err := nativeTens.time(nativeTen); err != nil {
				return nil, err
			}
		}
	}
	if theirs == nil {
		nativeTurns = nil
	}
	tenth := row(k.name+", session of ten turns", tens.median(), "ms", nativeTens.median(), strings.Replace(against, "the same turn in a process that lives on", "a process that is sent the ten turns", 1))
	if k.aimTen > 0 {
		tenth = tenth.atMost(k.aimTen)
	}
	return []Row{
		row(k.name+", turn of a session", turns.median(), "ms", nativeTurns.median(), against).noting("p50 of %d by turns; p99 %s", len(turns), withUnit(in("ms", turns.percentile(99)), "ms")),
		row(k.name+", fork of a session", forks.median(), "us", 0, "").atMost(100).noting("the fork itself, which copies nothing; its first turn brings the memory, next row"),
		row(k.name+", first turn of a fork", first.median(), "ms", 0, ""),
		tenth.noting("begin, ten small programs compiled and run, end; median of %d", len(tens)),
	}, nil
}

// snapshots measures how a session goes to disk and comes back.
func (b *bench) snapshots(ctx context.Context, k sessionKind) ([]Row, error) {
	s, err := b.rt.NewSession(ctx, sessionIn(k.language))
	if err != nil {
		return nil, err
	}
	defer s.Close()
	if err := errors.Join(takeTurn(ctx, s, k.begin), takeTurn(ctx, s, k.touch)); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "wand-bench-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	name := filepath.Join(dir, "snapshot")
	var snapshots, restores samples
	var size int
	for range 30 {
		err := snapshots.time(func() error {
			text, err := s.Snapshot()
			if err != nil {
				return err
			}
			size = len(text)
			return os.WriteFile(name, text, 0o600)
		})
		if err != nil {
			return nil, err
		}
		err = restores.time(func() error {
			text, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			r, err := b.rt.Restore(ctx, text, runtime.SessionOptions{})
			if err != nil {
				return err
			}
			defer r.Close()
			return takeTurn(ctx, r, k.turn)
		})
		if err != nil {
			return nil, err
		}
	}
	return []Row{
		row(k.name+", snapshot of a session to disk", snapshots.median(), "ms", 0, "").atMost(5).noting("that touched 1 MB: %d KiB, compressed and authenticated; written, not synced", size>>10),
		row(k.name+", restore from disk and first turn", restores.median(), "ms", 0, "").atMost(5),
	}, nil
}

// idleSessions measures what sessions cost that wait for their next turn: those that keep an instance, which are the 32 that took a turn last, and parked
// ones.
func (b *bench) idleSessions(ctx context.Context) ([]Row, error) {
	if _, err := pss("self"); errors.Is(err, fs.ErrNotExist) {
		return []Row{skipped("memory per idle session", "this system has no /proc/PID/smaps_rollup")}, nil
	}
	var rows []Row
	for _, k := range []struct {
		count int
		live  bool
		aim   float64
	}{{32, true, 600}, {1000, false, 600}, {10_000, false, 200}} {
		kib, err := b.idle(ctx, k.count, k.live)
		if err != nil {
			return rows, err
		}
		kind := "parked"
		if k.live {
			kind = "live"
		}
		rows = append(rows, figure(fmt.Sprintf("Python, memory per idle session of %d, %s", k.count, kind), kib, "KiB", 0, "").atMost(k.aim))
	}
	rows[0] = rows[0].noting("proportional set size, per session, each after a turn that imports a module, makes a list and defines a function; a live session has an instance ready, and a Runtime parks all but the last 32")
	return rows, nil
}

// idle returns the KiB of one idle session of so many.
func (b *bench) idle(ctx context.Context, count int, live bool) (float64, error) {
	// Instances that wait for a run would be taken first, and are counted already.
	warm, err := b.rt.NewSession(ctx, sessionIn(compiler.Python))
	if err != nil {
		return 0, err
	}
	defer warm.Close()
	if err := takeTurn(ctx, warm, "x = 1"); err != nil {
		return 0, err
	}
	before, err := settledPSS()
	if err != nil {
		return 0, err
	}
	sessions := make([]*runtime.Session, count)
	defer func() {
		for _, s := range sessions {
			if s != nil {
				s.Close()
			}
		}
	}()
	for i := range sessions {
		if sessions[i], err = b.rt.NewSession(ctx, sessionIn(compiler.Python)); err != nil {
			return 0, err
		}
		if err := takeTurn(ctx, sessions[i], fmt.Sprintf("import json\nx = list(range(%d, %d))\ndef f(n): return x[n]", i, i+100)); err != nil {
			return 0, err
		}
		if !live {
			sessions[i].Park()
		}
	}
	after, err := settledPSS()
	return float64(after-before) / float64(count), err
}

// takeTurn compiles and runs one turn, which has to complete.
func takeTurn(ctx context.Context, s *runtime.Session, text string) error {
	m, diagnostics, err := compiler.Compile(ctx, s.Source(text))
	if err != nil || m == nil {
		return fmt.Errorf("the turn does not compile: %v %w", diagnostics, err)
	}
	report, err := s.Run(ctx, m, runtime.TurnOptions{})
	if err != nil {
		return err
	}
	if report.Status != runtime.Completed {
		return fmt.Errorf("the turn did not complete: %s", report.Feedback(0))
	}
	return nil
}

// shell is a native interpreter that is sent turns. A nil one takes them and does nothing.
type shell struct {
	command *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
}

// startShell returns nil where there is no native interpreter.
func startShell(ctx context.Context, n native, text string) (*shell, error) {
	if n.absent != "" {
		return nil, nil
	}
	flag := "-c"
	if strings.HasPrefix(n.version, "Node") {
		flag = "-e"
	}
	s := &shell{command: exec.CommandContext(ctx, n.path, flag, text)}
	var err error
	if s.in, err = s.command.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := s.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	s.out = bufio.NewReader(out)
	return s, s.command.Start()
}

// turn has the interpreter run a text and waits until it has.
func (s *shell) turn(text string) error {
	if s == nil {
		return nil
	}
	line, err := json.Marshal(text)
	if err != nil {
		return err
	}
	if _, err := s.in.Write(append(line, '\n')); err != nil {
		return err
	}
	for {
		said, err := s.out.ReadString('\n')
		if err != nil {
			return fmt.Errorf("the native interpreter ended: %w", err)
		}
		if said == "done\n" {
			return nil
		}
	}
}

func (s *shell) stop() {
	if s != nil {
		s.in.Close()
		s.command.Wait()
	}
}

// sessionIn begins a session in the language's own guest, whether or not the science guest is built.
func sessionIn(language compiler.Language) runtime.SessionOptions {
	o := runtime.SessionOptions{Language: language}
	if language == compiler.Python {
		o.Guest = string(language)
	}
	return o
}
