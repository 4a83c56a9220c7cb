package main

import (
	"context"
	"fmt"
	"os"
	"time"
)

// process measures the whole command, from exec to exit, with the caches that the user has.
func (b *bench) process(ctx context.Context) ([]Row, error) {
	const rounds, each = 5, 5
	kinds := []struct {
		name, against string
		args          []string
		native        native
		nativeArgs    []string
		aim           float64
	}{
		{"wand run -c 'print(1)', warm cache", "process: python3 -c 'print(1)'", []string{"run", "-c", "print(1)"}, b.python, []string{"-c", "print(1)"}, 150},
		{"wand run -c 'console.log(1)', warm cache", "process: node -e 'console.log(1)'", []string{"run", "--lang", "javascript", "-c", "console.log(1)"}, b.node, []string{"-e", "console.log(1)"}, 0},
	}
	var rows []Row
	for _, k := range kinds {
		ours := func() error { return prints(ctx, "1\n", nil, b.wand, k.args...) }
		theirs := func() error { return prints(ctx, "1\n", nil, k.native.path, k.nativeArgs...) }
		if err := repeat(2, ours); err != nil {
			return rows, err
		}
		var wand, native samples
		for range rounds {
			if err := repeat(each, func() error { return wand.time(ours) }); err != nil {
				return rows, err
			}
			if k.native.absent != "" {
				continue
			}
			if err := repeat(each, func() error { return native.time(theirs) }); err != nil {
				return rows, err
			}
		}
		r := row(k.name, wand.median(), "ms", native.median(), k.against)
		if k.native.absent != "" {
			r.Against = "none: " + k.native.absent
		}
		if k.aim > 0 {
			r = r.atMost(k.aim)
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// cold measures the command's first run with an empty cache, which compiles the guest to native code, beside later ones.
func (b *bench) cold(ctx context.Context) ([]Row, error) {
	const warmRuns = 5
	var rows []Row
	for _, k := range []struct {
		name string
		args []string
	}{
		{"Python", []string{"run", "-c", "print(1)"}},
		{"JavaScript", []string{"run", "--lang", "javascript", "-c", "console.log(1)"}},
	} {
		r, err := b.coldOne(ctx, k.name, k.args, warmRuns)
		if err != nil {
			return rows, err
		}
		rows = append(rows, r)
	}
	return rows, nil
}

func (b *bench) coldOne(ctx context.Context, name string, args []string, warmRuns int) (Row, error) {
	dir, err := os.MkdirTemp("", "wand-bench-")
	if err != nil {
		return Row{}, err
	}
	defer os.RemoveAll(dir)
	env := append(os.Environ(), "WAND_CACHE="+dir)
	run := func() error { return prints(ctx, "1\n", env, b.wand, args...) }
	var first, later samples
	if err := first.time(run); err != nil {
		return Row{}, fmt.Errorf("with an empty cache (is %s built with its guests inside? make build): %w", b.wand, err)
	}
	if err := repeat(warmRuns, func() error { return later.time(run) }); err != nil {
		return Row{}, err
	}
	if later.median() > first.median()/2 && first.median() > 2*time.Second {
		return Row{}, fmt.Errorf("the %s guest's cache is not used: %v, then %v", name, first.median(), later.median())
	}
	return row(name+", first run ever (empty cache)", first.median(), "s", later.median(), "the same command, cache warm").noting("one first run, %d later ones", warmRuns), nil
}
