package runtime_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"wand/compiler"
	"wand/modules"
	"wand/runtime"
)

// The benchmarks measure what an embedder pays for a run. `make bench` prints the same beside native processes.

// benchRuntime returns a Runtime with the guest ready, and the program compiled. It skips where the guest is not built.
func benchRuntime(b *testing.B, language compiler.Language, text string) (*runtime.Runtime, *compiler.Module) {
	b.Helper()
	if _, err := modules.Find(string(language)); errors.Is(err, modules.ErrNoGuest) {
		b.Skip(err)
	}
	ctx := context.Background()
	rt, err := runtime.New(ctx, runtime.Config{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { rt.Close(ctx) })
	m, diagnostics, err := rt.Compile(ctx, compiler.Source{Language: language, Text: []byte(text)})
	if err != nil || m == nil {
		b.Fatal(err, diagnostics)
	}
	mustComplete(b, rt, m, runtime.Options{}, "1\n")
	return rt, m
}

func mustComplete(b *testing.B, rt *runtime.Runtime, m *compiler.Module, o runtime.Options, stdout string) *runtime.Report {
	report, err := rt.Run(context.Background(), m, o)
	if err != nil {
		b.Fatal(err)
	}
	if report.Status != runtime.Completed || report.Stdout != stdout {
		b.Fatalf("status %s, stdout %q: %s", report.Status, report.Stdout, report.Feedback(0))
	}
	return report
}

func benchmarkRun(b *testing.B, language compiler.Language, text string) {
	rt, m := benchRuntime(b, language, text)
	b.ReportAllocs()
	var fuel, startup int64
	for b.Loop() {
		report := mustComplete(b, rt, m, runtime.Options{}, "1\n")
		fuel, startup = report.Usage.Fuel.Used, startup+report.Usage.StartupUS
	}
	b.ReportMetric(float64(fuel), "fuel/op")
	b.ReportMetric(float64(startup)/float64(b.N), "startup-us/op")
}

func BenchmarkRunPython(b *testing.B)     { benchmarkRun(b, compiler.Python, "print(1)\n") }
func BenchmarkRunJavaScript(b *testing.B) { benchmarkRun(b, compiler.JavaScript, "console.log(1)\n") }

func benchmarkParallel(b *testing.B, language compiler.Language, text string) {
	rt, m := benchRuntime(b, language, text)
	started := time.Now()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			report, err := rt.Run(context.Background(), m, runtime.Options{})
			if err != nil || report.Status != runtime.Completed {
				b.Errorf("%v, %+v", err, report)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/time.Since(started).Seconds(), "runs/s")
}

func BenchmarkParallelPython(b *testing.B) { benchmarkParallel(b, compiler.Python, "print(1)\n") }
func BenchmarkParallelJavaScript(b *testing.B) {
	benchmarkParallel(b, compiler.JavaScript, "console.log(1)\n")
}

// benchmarkHostCall makes b.N host calls in runs of at most 1,000, which is the default limit, and takes off what the same runs
// cost without a call.
func benchmarkHostCall(b *testing.B, language compiler.Language, text string) {
	rt, m := benchRuntime(b, language, text)
	echo := func(_ context.Context, args json.RawMessage) (json.RawMessage, error) { return args, nil }
	run := func(n int) time.Duration {
		input, err := json.Marshal(n)
		if err != nil {
			b.Fatal(err)
		}
		start := time.Now()
		report := mustComplete(b, rt, m, runtime.Options{Input: input, Tools: registry(b, map[string]toolFunc{"echo": echo}), Policy: everyTool}, "1\n")
		took := time.Since(start)
		if got := report.Usage.HostCalls.Used; got != int64(n) {
			b.Fatalf("%d host calls, not %d", got, n)
		}
		return took
	}
	var with, without time.Duration
	b.ResetTimer()
	for left := b.N; left > 0; left -= 1000 {
		with += run(min(left, 1000))
		without += run(0)
	}
	b.ReportMetric(float64((with-without).Nanoseconds())/float64(b.N), "ns/call")
	b.ReportMetric(0, "ns/op") // it would count the runs without a call too
}

func BenchmarkHostCallPython(b *testing.B) {
	benchmarkHostCall(b, compiler.Python, "try:\n    count = INPUT\nexcept NameError:\n    count = 0\nfor i in range(count):\n    import tools\n    tools.echo(x=i)\nprint(1)\n")
}

func BenchmarkHostCallJavaScript(b *testing.B) {
	benchmarkHostCall(b, compiler.JavaScript, "const count = globalThis.INPUT ?? 0;\nfor (let i = 0; i < count; i++) await tools.echo({x: i});\nconsole.log(1);\n")
}
