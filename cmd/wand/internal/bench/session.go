package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"wand/compiler"
	"wand/runtime"
)

// session measures turns, forks and snapshots of sessions.
func (b *bench) session(ctx context.Context) ([]Row, error) {
	var rows []Row
	for _, k := range []struct {
		name            string
		language        compiler.Language
		begin, turn     string
		touch           string // about 1 MB of state
		ten             func(i int) string
		aimTurn, aimTen float64
	}{
		{"Python", compiler.Python, "x = 0", "x += 1", "data = bytearray(range(256)) * 4096", func(i int) string {
			return fmt.Sprintf("v%d = [i * %d for i in range(100)]\nprint(sum(v%d))", i, i, i)
		}, 0, 3},
		{"JavaScript", compiler.JavaScript, "let x = 0", "x += 1", "let data = new Uint8Array(1 << 20).map((_, i) => i)", func(i int) string {
			return fmt.Sprintf("let v%d = Array.from({length: 100}, (_, i) => i * %d); console.log(v%d.reduce((a, b) => a + b))", i, i, i)
		}, 0, 0},
	} {
		s, err := b.rt.NewSession(ctx, runtime.SessionOptions{Language: k.language})
		if err != nil {
			return rows, err
		}
		defer s.Close()
		if err := takeTurn(ctx, s, k.begin); err != nil {
			return rows, err
		}
		var turns, forks, first, tens samples
		for range 200 {
			start := time.Now()
			if err := takeTurn(ctx, s, k.turn); err != nil {
				return rows, err
			}
			turns = append(turns, time.Since(start))
		}
		for range 200 {
			start := time.Now()
			f, err := s.Fork()
			if err != nil {
				return rows, err
			}
			forks = append(forks, time.Since(start))
			start = time.Now()
			if err := takeTurn(ctx, f, k.turn); err != nil {
				return rows, err
			}
			first = append(first, time.Since(start))
			f.Close()
		}
		for range 20 {
			start := time.Now()
			t, err := b.rt.NewSession(ctx, runtime.SessionOptions{Language: k.language})
			if err != nil {
				return rows, err
			}
			for i := range 10 {
				if err := takeTurn(ctx, t, k.ten(i)); err != nil {
					return rows, err
				}
			}
			t.Close()
			tens = append(tens, time.Since(start))
		}
		ten := row(k.name+", session of ten turns", tens.median(), "ms", 0, "")
		if k.aimTen > 0 {
			ten = ten.atMost(k.aimTen)
		}
		rows = append(rows,
			row(k.name+", turn of a session", turns.median(), "ms", 0, ""),
			row(k.name+", fork of a session", forks.median(), "us", 0, "").atMost(100).noting("the fork itself, which copies nothing; its first turn brings the memory, next row"),
			row(k.name+", first turn of a fork", first.median(), "ms", 0, ""),
			ten.noting("begin, ten small programs compiled and run, end; median of 20"),
		)
		if err := takeTurn(ctx, s, k.touch); err != nil {
			return rows, err
		}
		var snapshots, restores samples
		var size int
		for range 20 {
			start := time.Now()
			text, err := s.Snapshot()
			if err != nil {
				return rows, err
			}
			snapshots, size = append(snapshots, time.Since(start)), len(text)
			start = time.Now()
			r, err := b.rt.Restore(ctx, text, runtime.SessionOptions{})
			if err != nil {
				return rows, err
			}
			if err := takeTurn(ctx, r, k.turn); err != nil {
				return rows, err
			}
			restores = append(restores, time.Since(start))
			r.Close()
		}
		rows = append(rows,
			row(k.name+", snapshot of a session", snapshots.median(), "ms", 0, "").atMost(5).noting("that touched 1 MB: %d KiB, compressed and authenticated, in memory", size>>10),
			row(k.name+", restore and first turn", restores.median(), "ms", 0, "").atMost(5),
		)
	}
	idle, err := b.idleSessions(ctx)
	return append(rows, idle...), err
}

// idleSessions measures what sessions cost that wait for their next turn.
func (b *bench) idleSessions(ctx context.Context) ([]Row, error) {
	if _, err := pss("self"); errors.Is(err, fs.ErrNotExist) {
		return []Row{skipped("memory per idle session", "this system has no /proc/PID/smaps_rollup")}, nil
	}
	var rows []Row
	for _, k := range []struct {
		count int
		aim   float64
	}{{1000, 600}, {10_000, 200}} {
		before, err := settledPSS()
		if err != nil {
			return rows, err
		}
		sessions := make([]*runtime.Session, k.count)
		for i := range sessions {
			if sessions[i], err = b.rt.NewSession(ctx, runtime.SessionOptions{}); err != nil {
				return rows, err
			}
			if err := takeTurn(ctx, sessions[i], fmt.Sprintf("import json\nx = list(range(%d, %d))\ndef f(n): return x[n]", i, i+100)); err != nil {
				return rows, err
			}
		}
		after, err := settledPSS()
		if err != nil {
			return rows, err
		}
		for _, s := range sessions {
			s.Close()
		}
		rows = append(rows, figure(fmt.Sprintf("Python, memory per idle session of %d", k.count), float64(after-before)/float64(k.count), "KiB", 0, "").atMost(k.aim))
	}
	return rows, nil
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
