package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"wand/modules"
)

// evalData writes a problem with many candidates of which each takes some milliseconds: right, wrong, endless and no program.
func evalData(t *testing.T, dir string, count int) (problems, samples string) {
	t.Helper()
	problems, samples = filepath.Join(dir, "problems.jsonl"), filepath.Join(dir, "samples.jsonl")
	test := "def check(candidate):\n    assert candidate(10) == 45\n    assert candidate(20000) == 199990000\n    assert candidate(1) == 0\n"
	problem, err := json.Marshal(map[string]any{"task_id": "K/0", "prompt": "def f(n):\n", "entry_point": "f", "test": test})
	if err != nil {
		t.Fatal(err)
	}
	var lines bytes.Buffer
	for i := range count {
		body := fmt.Sprintf("    total = %d - %d\n    for i in range(n):\n        total += i\n    return total\n", i, i)
		switch i % 8 {
		case 3:
			body = fmt.Sprintf("    return sum(range(n)) + (n == %d)\n", i%2+9)
		case 5:
			body = fmt.Sprintf("    return [%d][n]\n", i)
		case 6:
			body = fmt.Sprintf("    return (%d\n", i)
		case 7:
			body = fmt.Sprintf("    while n > 1: x = %d\n    return 0\n", i)
		}
		line, err := json.Marshal(map[string]any{"task_id": "K/0", "completion": body})
		if err != nil {
			t.Fatal(err)
		}
		lines.Write(append(line, '\n'))
	}
	for name, text := range map[string][]byte{problems: problem, samples: lines.Bytes()} {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return problems, samples
}

// timeless are the lines of a results file, in an order of their own, without what a clock says. whole says that the last line is not cut off.
func timeless(t *testing.T, file string) (lines []string, whole bool) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var row map[string]any
		if !strings.HasSuffix(line, "\n") || json.Unmarshal([]byte(line), &row) != nil {
			return lines, false
		}
		delete(row, "wall_ms")
		plain, err := json.Marshal(row)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, string(plain))
	}
	slices.Sort(lines)
	return lines, true
}

// An evaluation that is killed at random times and begun again comes to what an undisturbed one comes to, and judges nothing twice.
func TestEvalSurvivesKills(t *testing.T) {
	if _, err := modules.Find("python"); err != nil {
		t.Skip(err)
	}
	const count, kills = 96, 5
	dir := t.TempDir()
	problems, samples := evalData(t, dir, count)
	command := func(out string) *exec.Cmd {
		cmd := exec.Command("wand", "eval", samples, "--problems", problems, "--out", out, "--fuel", "300M", "--jobs", "2")
		cmd.Dir = dir
		return cmd
	}
	undisturbed, killed := filepath.Join(dir, "undisturbed.jsonl"), filepath.Join(dir, "killed.jsonl")
	if out, err := command(undisturbed).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	want, _ := timeless(t, undisturbed)
	if len(want) != 1+count {
		t.Fatalf("%d lines of %d samples", len(want), count)
	}
	chance := rand.New(rand.NewPCG(5, 17))
	done := 0
	for kill := range kills {
		cmd := command(killed)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		// Not before it has come further than the one before, and then at any moment.
		deadline := time.Now().Add(time.Minute)
		for goal := done + 1 + chance.IntN(14); linesOf(killed) < goal && time.Now().Before(deadline); {
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Duration(chance.IntN(20_000)) * time.Microsecond)
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		cmd.Wait()
		lines, _ := timeless(t, killed)
		if linesOf(killed) <= done {
			t.Fatalf("kill %d came before anything was done", kill+1)
		}
		done = linesOf(killed)
		if len(lines) == 1+count {
			t.Fatalf("after %d kills everything was done; this test says nothing", kill)
		}
		t.Logf("kill %d: %d of %d results", kill+1, max(0, len(lines)-1), count)
	}
	out, err := command(killed).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	got, whole := timeless(t, killed)
	if !whole || !slices.Equal(got, want) {
		t.Errorf("%d lines after %d kills, %d without; they differ from line %d", len(got), kills, len(want), differsAt(got, want))
	}
}

// Ctrl-C ends an evaluation in order: it says how far it came and how to go on, and what was judged is kept.
func TestEvalInterrupted(t *testing.T) {
	if _, err := modules.Find("python"); err != nil {
		t.Skip(err)
	}
	if runtime.GOOS == "windows" {
		t.Skip("a process cannot be interrupted by another one here")
	}
	const count = 64
	dir := t.TempDir()
	problems, samples := evalData(t, dir, count)
	out := filepath.Join(dir, "out.jsonl")
	var said bytes.Buffer
	cmd := exec.Command("wand", "eval", samples, "--problems", problems, "--out", out, "--fuel", "300M", "--jobs", "2")
	cmd.Dir, cmd.Stderr = dir, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); linesOf(out) < 5 && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	err := cmd.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != exitCancelled {
		t.Errorf("it ended with %v", err)
	}
	lines, whole := timeless(t, out)
	if !whole || len(lines) < 5 || len(lines) > count {
		t.Errorf("%d lines are left", len(lines))
	}
	want := fmt.Sprintf("wand: stopped after %d of %d samples; the same command goes on with %s\n", len(lines)-1, count, out)
	if !strings.HasSuffix(said.String(), want) {
		t.Errorf("it said %q, want %q", said.String(), want)
	}
}

// linesOf counts the whole lines of a file that may not be there yet.
func linesOf(file string) int {
	text, _ := os.ReadFile(file)
	return bytes.Count(text, []byte("\n"))
}

func differsAt(a, b []string) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

// What the bar says, on a terminal and elsewhere.
func TestEvalBar(t *testing.T) {
	b := &bar{total: 200, before: 50, done: 100, passed: 20}
	want := "100 of 200 samples, 20 of 50 passed, 25.0 a second, 4 s left"
	if got := b.line(2 * time.Second); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	b.terminal = true
	if got := b.line(2 * time.Second); got != "[############............] "+want {
		t.Errorf("%q", got)
	}
	none := &bar{total: 3}
	if got := none.line(0); got != "0 of 3 samples, 0 of 0 passed, 0.0 a second, ? left" {
		t.Errorf("%q", got)
	}
}
