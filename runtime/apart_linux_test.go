package runtime_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	goruntime "runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"wand/compiler"
	"wand/compiler/toolchain/jail"
	"wand/compiler/wasm"
	"wand/runtime"
)

// costly makes a module that keeps the compiler busy: one function of so many additions, whose sum it stores. A million takes seconds.
func costly(additions int, seed byte) *compiler.Module {
	body := []byte{0x41, 0, 0x41, seed}
	for range additions {
		body = append(body, 0x41, 7, 0x6a) // i32.const 7, i32.add
	}
	body = append(body, 0x36, 2, 0, 0x0b) // i32.store
	m := &wasm.Module{
		Types: []wasm.FuncType{{}}, Functions: []uint32{0}, Codes: []wasm.Code{{Body: body}},
		Memories: []wasm.MemoryType{{Size: wasm.Size{Min: 1}}},
		Exports:  []wasm.Export{{Name: "_start"}, {Name: "memory", Kind: wasm.ExternMemory}},
	}
	return &compiler.Module{Name: "costly.wasm", Language: compiler.Wasm, Wasm: m.Encode(), Digest: fmt.Sprint(additions, seed)}
}

func apartRuntime(t *testing.T, c runtime.Config) (*runtime.Runtime, string) {
	t.Helper()
	dir := c.CacheDir
	if dir == "" {
		dir = t.TempDir()
	}
	if !c.NoCache {
		c.CacheDir = dir
	}
	rt, err := runtime.New(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { rt.Close(context.Background()) })
	return rt, dir
}

// processesOf lists the processes that a process has started.
func processesOf(t *testing.T, pid int) (list []int) {
	t.Helper()
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, task := range tasks {
		text, _ := os.ReadFile(task)
		for _, word := range strings.Fields(string(text)) {
			n, err := strconv.Atoi(word)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, n)
		}
	}
	return list
}

// childOf waits for a process that compiles.
func childOf(t *testing.T, pid int) int {
	t.Helper()
	for range 1000 {
		for _, child := range processesOf(t, pid) {
			line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", child))
			if bytes.HasPrefix(line, []byte("wand-compiles-a-module\x00")) {
				return child
			}
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("nothing compiles")
	return 0
}

// started says whether the process that compiles into a vault is at work.
func started(dir string) bool {
	found, _ := filepath.Glob(filepath.Join(dir, ".new-*", "started"))
	return len(found) > 0
}

func gone(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return true
	}
	_, after, _ := strings.Cut(string(text), ") ")
	return strings.HasPrefix(after, "Z")
}

// unfinished are folders of the vault that nobody finished.
func unfinished(t *testing.T, dir string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, ".new-*"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestModuleIsCompiledApart: once, by another process; what it made is authenticated, and made again when it was changed.
func TestModuleIsCompiledApart(t *testing.T) {
	rt, dir := apartRuntime(t, runtime.Config{})
	m := costly(20_000, 1)
	if runtime.IsSmall(m.Wasm) {
		t.Fatal("the module is too small for this test")
	}
	ctx := context.Background()
	run := func() bool {
		t.Helper()
		rt.ForgetCompile()
		r, err := rt.Run(ctx, m, runtime.Options{})
		if err != nil || r.Status != runtime.Completed || r.Usage.Fuel.Used < 40_000 {
			t.Fatal(err, r)
		}
		wall, peak := rt.LastCompile()
		if wall > 0 && peak < 1<<20 {
			t.Errorf("a process with %d bytes", peak)
		}
		return wall > 0
	}
	if !run() {
		t.Error("it was compiled in this process")
	}
	if run() {
		t.Error("it was compiled a second time")
	}
	entries, _ := filepath.Glob(filepath.Join(dir, "module-*"))
	if len(entries) != 1 || len(unfinished(t, dir)) > 0 {
		t.Fatal("the vault has ", entries, unfinished(t, dir))
	}
	files := 0
	err := filepath.WalkDir(entries[0], func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		changed := bytes.Clone(text)
		changed[len(changed)/2] ^= 1
		if err := os.WriteFile(path, changed, 0o600); err != nil {
			return err
		}
		if !run() {
			t.Errorf("%s was changed and used", path)
		}
		return nil
	})
	if err != nil || files < 4 {
		t.Error(files, err)
	}
}

// TestCompilingApartEnds: each limit ends it with its reason, and neither a process nor a folder is left.
func TestCompilingApartEnds(t *testing.T) {
	slow := costly(2_000_000, 2)
	for _, c := range []struct {
		name   string
		limits runtime.CompileLimits
		want   string
	}{
		{"time", runtime.CompileLimits{Time: 100 * time.Millisecond}, "compiling it takes too long, more than 100 ms"},
		{"memory", runtime.CompileLimits{Memory: 120 << 20}, "compiling it takes too much memory, more than 120 MiB"},
		{"output", runtime.CompileLimits{Output: 64 << 10}, "its native code is larger than a module's may be"},
	} {
		t.Run(c.name, func(t *testing.T) {
			rt, dir := apartRuntime(t, runtime.Config{CompileLimits: c.limits})
			m := slow
			if c.name == "output" {
				m = costly(50_000, 3)
			}
			started := time.Now()
			r, err := rt.Run(context.Background(), m, runtime.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if r.Status != runtime.Invalid || r.Error.Kind != runtime.KindUnsupported || !strings.Contains(r.Error.Message, c.want) {
				t.Errorf("%s", r.JSON())
			}
			wall, peak := rt.LastCompile()
			t.Logf("%v, compiled for %v with %d MiB: %s", time.Since(started), wall, peak>>20, r.Error.Message)
			if c.limits.Memory > 0 && peak > c.limits.Memory+256<<20 {
				t.Errorf("it had %d MiB", peak>>20)
			}
			if left := unfinished(t, dir); len(left) > 0 {
				t.Error("left behind: ", left)
			}
			if left := processesOf(t, os.Getpid()); len(left) > 0 {
				t.Error("left running: ", left)
			}
		})
	}
}

// TestCompileBombs: modules of tens of megabytes that no estimate refuses beforehand, because each of their functions is ordinary but for its size. Under the default limits they end
// after ten seconds to a minute; under these sooner. This process notices nothing.
func TestCompileBombs(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes some ten seconds")
	}
	limits := runtime.CompileLimits{Time: 5 * time.Second, Memory: 400 << 20}
	repeated := func(n int, code ...byte) []byte { return append(bytes.Repeat(code, n), 0x0b) }
	var locals []byte // set and stored one by one
	for i := range uint32(40_000) {
		locals = wasm.AppendU32(append(locals, 0x41, 1, 0x21), i)
	}
	for i := range uint32(40_000) {
		locals = append(wasm.AppendU32(append(locals, 0x41, 0, 0x20), i), 0x36, 2, 0)
	}
	for _, c := range []struct {
		name      string
		body      []byte
		locals    uint32
		functions int
	}{
		{"additions", append(append([]byte{0x41, 0, 0x41, 1}, bytes.Repeat([]byte{0x41, 7, 0x6a}, 2_600_000)...), 0x36, 2, 0, 0x0b), 0, 7},
		{"stores", repeated(1_000_000, 0x41, 0, 0x41, 7, 0x36, 2, 0), 0, 8},
		{"locals", append(locals, 0x0b), 40_000, 100},
		{"calls", repeated(2_000_000, 0x10, 0), 0, 8},
	} {
		t.Run(c.name, func(t *testing.T) {
			rt, dir := apartRuntime(t, runtime.Config{CompileLimits: limits})
			m := &wasm.Module{Types: []wasm.FuncType{{}}, Memories: []wasm.MemoryType{{Size: wasm.Size{Min: 1}}}, Exports: []wasm.Export{{Name: "_start"}}}
			for range c.functions {
				m.Functions = append(m.Functions, 0)
				m.Codes = append(m.Codes, wasm.Code{Locals: []wasm.LocalGroup{{Count: c.locals, Type: wasm.I32}}, Body: c.body})
			}
			bin := m.Encode()
			usage, started := measure(), time.Now()
			r, err := rt.Run(context.Background(), &compiler.Module{Name: "bomb.wasm", Language: compiler.Wasm, Wasm: bin}, runtime.Options{})
			took, grown := time.Since(started), usage.grown()
			wall, peak := rt.LastCompile()
			t.Logf("%.1f MB: %s after %v, this process grew by %d MiB, the other had %d MiB in %v: %s", float64(len(bin))/1e6, outcome(r, err), took, grown>>20, peak>>20, wall, why(r, err))
			if outcome(r, err) != "invalid unsupported" || !strings.Contains(why(r, err), "compiling it takes too ") {
				t.Errorf("%s: %s", outcome(r, err), why(r, err))
			}
			if took > limits.Time+10*time.Second || peak > limits.Memory+256<<20 || grown > 64<<20 || len(unfinished(t, dir)) > 0 {
				t.Error("beyond its bounds")
			}
		})
	}
}

// TestCompilingApartIsCancelled: the context of the run ends it.
func TestCompilingApartIsCancelled(t *testing.T) {
	rt, dir := apartRuntime(t, runtime.Config{})
	ctx, cancel := context.WithCancel(context.Background())
	before := goruntime.NumGoroutine()
	done := make(chan error, 1)
	go func() {
		_, err := rt.Run(ctx, costly(2_000_000, 4), runtime.Options{})
		done <- err
	}()
	child := childOf(t, os.Getpid())
	for i := 0; i < 1000 && !started(dir); i++ {
		time.Sleep(time.Millisecond)
	}
	environment, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", child))
	if err != nil || !bytes.HasPrefix(environment, []byte("WAND_COMPILES_A_MODULE=")) || bytes.Count(environment, []byte("\x00")) != 1 {
		t.Errorf("the environment of the process is %q, %v", environment, err)
	}
	if group, err := syscall.Getpgid(child); err != nil || group != child {
		t.Errorf("the process is in group %d, %v: Ctrl-C would end it before anybody was asked", group, err)
	}
	if score, err := os.ReadFile(fmt.Sprintf("/proc/%d/oom_score_adj", child)); err == nil && started(dir) && strings.TrimSpace(string(score)) != "1000" {
		t.Errorf("oom_score_adj is %s", score)
	}
	if status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", child)); jail.Supported() == nil &&
		(err != nil || !bytes.Contains(status, []byte("\nNoNewPrivs:\t1\n")) || !bytes.Contains(status, []byte("\nSeccomp:\t2\n")) || !bytes.Contains(status, []byte("\nCapEff:\t0000000000000000\n"))) {
		t.Errorf("the process is not confined: %v, %s", err, status)
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if !gone(child) || len(unfinished(t, dir)) > 0 {
		t.Error("left behind: ", unfinished(t, dir))
	}
	for i := 0; goruntime.NumGoroutine() > before; i++ {
		if i == 100 {
			t.Errorf("%d goroutines, before %d", goruntime.NumGoroutine(), before)
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// TestCompilingApartIsKilled: a process that somebody else kills, as the system does when memory runs out, is an answer like any other.
func TestCompilingApartIsKilled(t *testing.T) {
	rt, dir := apartRuntime(t, runtime.Config{})
	type end struct {
		r   *runtime.Report
		err error
	}
	done := make(chan end, 1)
	go func() {
		r, err := rt.Run(context.Background(), costly(2_000_000, 5), runtime.Options{})
		done <- end{r, err}
	}()
	child := childOf(t, os.Getpid())
	for i := 0; i < 1000 && !started(dir); i++ {
		time.Sleep(time.Millisecond)
	}
	if err := syscall.Kill(child, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	e := <-done
	if e.err != nil || e.r.Status != runtime.Invalid || !strings.Contains(e.r.Error.Message, "did not survive") {
		t.Error(e.err, e.r)
	}
	if len(unfinished(t, dir)) > 0 {
		t.Error("left behind: ", unfinished(t, dir))
	}
	// The runtime goes on.
	if r, err := rt.Run(context.Background(), costly(20_000, 5), runtime.Options{}); err != nil || r.Status != runtime.Completed {
		t.Error(err, r)
	}
}

// TestCompilingApartWithoutCache: the folder is the system's for temporary files, and goes.
func TestCompilingApartWithoutCache(t *testing.T) {
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	rt, _ := apartRuntime(t, runtime.Config{NoCache: true})
	if r, err := rt.Run(context.Background(), costly(20_000, 6), runtime.Options{SpillDir: t.TempDir()}); err != nil || r.Status != runtime.Completed {
		t.Fatal(err, r)
	}
	if wall, _ := rt.LastCompile(); wall == 0 {
		t.Error("it was compiled in this process")
	}
	if left, _ := os.ReadDir(temporary); len(left) > 0 {
		t.Error("left behind: ", left)
	}
}

// TestCompilingApartUnconfined: where the kernel confines nothing, as in a jail that is one itself, a module is compiled all the same.
func TestCompilingApartUnconfined(t *testing.T) {
	if err := jail.Supported(); err != nil {
		t.Skip(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	r, err := jail.Run(t.Context(), jail.Command{
		Argv: []string{self, "-test.run=^TestCompilingApartWithoutCache$", "-test.v"}, Env: []string{"TMPDIR=" + dir, "HOME=" + dir}, Dir: dir,
		Read: []string{"/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache", "/proc"}, Limits: jail.Limits{AddressSpace: 1 << 46},
	})
	if err != nil || !r.OK() || !strings.Contains(r.Stdout, "--- PASS: TestCompilingApartWithoutCache") {
		t.Errorf("%v, %+v", err, r)
	}
}

// TestCompilingApartIsTriedAgain: with less around it only when it ended by itself before it had seen the module.
func TestCompilingApartIsTriedAgain(t *testing.T) {
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	for _, c := range []struct {
		ctx    context.Context
		begun  bool
		result *jail.Result
		want   bool
	}{
		{context.Background(), false, nil, true}, // it never ran
		{context.Background(), false, &jail.Result{ExitCode: 127}, true},
		{context.Background(), false, &jail.Result{Stopped: jail.StopTime}, false},
		{context.Background(), false, &jail.Result{Stopped: jail.StopMemory}, false},
		{context.Background(), true, &jail.Result{ExitCode: 2}, false},
		{context.Background(), true, nil, false},
		{cancelled, false, nil, false},
	} {
		if got := runtime.CompilesAgain(c.ctx, c.begun, c.result); got != c.want {
			t.Errorf("%v, %+v: %t", c.begun, c.result, got)
		}
	}
}

func TestCompilingInProcess(t *testing.T) {
	rt, _ := apartRuntime(t, runtime.Config{CompileInProcess: true})
	if r, err := rt.Run(context.Background(), costly(20_000, 7), runtime.Options{}); err != nil || r.Status != runtime.Completed {
		t.Fatal(err, r)
	}
	if wall, _ := rt.LastCompile(); wall > 0 {
		t.Error("it was compiled apart")
	}
}

// TestCompilerIsNotMistakenFor: the variable alone, or the name alone, is a program like any other.
func TestCompilerIsNotMistakenFor(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ args, env []string }{
		{[]string{self, "-test.run=^$"}, []string{"WAND_COMPILES_A_MODULE=x"}},
		{[]string{self, "-test.run=^$"}, []string{"WAND_COMPILES_A_MODULE=-test.run=^$"}},
		{[]string{"wand-compiles-a-module", "-test.run=^$"}, nil},
		{[]string{"wand-compiles-a-module", "-test.run=^$"}, []string{"WAND_COMPILES_A_MODULE="}},
	} {
		cmd := exec.Command(self)
		cmd.Args, cmd.Env = c.args, append(os.Environ(), c.env...)
		if out, err := cmd.CombinedOutput(); err != nil || !bytes.Contains(out, []byte("PASS")) {
			t.Errorf("%v %v: %v: %s", c.args, c.env, err, out)
		}
	}
}

// TestCompilerDiesWithItsParent: a process that nobody waits for any more ends by itself.
func TestCompilerDiesWithItsParent(t *testing.T) {
	if os.Getenv("WAND_TEST_PARENT") != "" {
		rt, err := runtime.New(context.Background(), runtime.Config{CacheDir: os.Getenv("WAND_TEST_PARENT")})
		if err != nil {
			t.Fatal(err)
		}
		_, _ = rt.Run(context.Background(), costly(2_000_000, 8), runtime.Options{})
		return
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "-test.run=^TestCompilerDiesWithItsParent$")
	cmd.Env = append(os.Environ(), "WAND_TEST_PARENT="+t.TempDir())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	child := childOf(t, cmd.Process.Pid)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	for range 500 {
		if gone(child) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("the process %d goes on", child)
	_ = syscall.Kill(child, syscall.SIGKILL)
}

// BenchmarkCompileHere and BenchmarkCompileApart say where a module is small: what starting a process costs, and what compiling does.
func BenchmarkCompileHere(b *testing.B) {
	benchmarkCompile(b, runtime.Config{NoCache: true, CompileInProcess: true})
}
func BenchmarkCompileApart(b *testing.B) { benchmarkCompile(b, runtime.Config{NoCache: true}) }

func benchmarkCompile(b *testing.B, c runtime.Config) {
	rt, err := runtime.New(context.Background(), c)
	if err != nil {
		b.Fatal(err)
	}
	defer rt.Close(context.Background())
	for _, size := range []int{300, 1000, 3000, 11_000, 30_000, 100_000} {
		m := costly(size, 9)
		b.Run(fmt.Sprintf("%dKiB", len(m.Wasm)>>10), func(b *testing.B) {
			b.SetBytes(int64(len(m.Wasm)))
			for b.Loop() {
				if r, err := rt.Run(context.Background(), m, runtime.Options{}); err != nil || r.Status != runtime.Completed {
					b.Fatal(err, r)
				}
			}
		})
	}
}
