package runtime_test

import (
	"context"
	"testing"

	"wand/compiler"
	"wand/hostfuncs"
	"wand/runtime"
	"wand/runtime/engine"
	"wand/runtime/engine/wazero"
)

// sampled is an engine that hands over each instance that a run has left in order, before it is reset.
type sampled struct {
	engine.Engine
	sample func(engine.Code, engine.Instance)
}

func (s sampled) Compile(ctx context.Context, wasm []byte, host []hostfuncs.Func, cacheDir string) (engine.Code, error) {
	c, err := s.Engine.Compile(ctx, wasm, host, cacheDir)
	return sampledCode{c, s.sample}, err
}

type sampledCode struct {
	engine.Code
	sample func(engine.Code, engine.Instance)
}

func (s sampledCode) Instantiate(ctx context.Context, config engine.InstanceConfig) (engine.Instance, error) {
	i, err := s.Code.Instantiate(ctx, config)
	return sampledInstance{i, s}, err
}

type sampledInstance struct {
	engine.Instance
	code sampledCode
}

func (s sampledInstance) Reset() bool {
	s.code.sample(s.code.Code, s.Instance)
	return s.Instance.Reset()
}

// BenchmarkDelta measures what a session pays beside its turn: the state is what a program leaves in a real guest.
func BenchmarkDelta(b *testing.B) {
	for _, c := range []struct {
		name     string
		language compiler.Language
		text     string
	}{
		{"PythonPrint", compiler.Python, "print(1)\n"},
		{"PythonImports", compiler.Python, "import json, re, collections\nd = {i: [str(i)] * 3 for i in range(2000)}\nm = re.findall('[0-9]+', json.dumps(d))\nprint(1)\n"},
		{"JavaScriptPrint", compiler.JavaScript, "console.log(1)\n"},
	} {
		b.Run(c.name, func(b *testing.B) {
			benchRuntime(b, c.language, c.text) // skips without a guest
			var sample func(engine.Code, engine.Instance)
			rt, err := runtime.New(context.Background(), runtime.Config{Engine: sampled{wazero.New(), func(code engine.Code, i engine.Instance) {
				if sample != nil {
					sample(code, i)
				}
			}}})
			if err != nil {
				b.Fatal(err)
			}
			defer rt.Close(context.Background())
			m, _, err := rt.Compile(context.Background(), compiler.Source{Language: c.language, Text: []byte(c.text)})
			if err != nil {
				b.Fatal(err)
			}
			sample = func(code engine.Code, i engine.Instance) { benchmarkDelta(b, code, i) }
			mustComplete(b, rt, m, runtime.Options{}, "1\n")
		})
	}
}

func benchmarkDelta(b *testing.B, code engine.Code, i engine.Instance) {
	ctx := context.Background()
	must := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	delta, err := engine.Capture(i, nil)
	must(err)
	b.Run("capture", func(b *testing.B) {
		for b.Loop() {
			_, err := engine.Capture(i, nil)
			must(err)
		}
		b.ReportMetric(float64(delta.Pages()), "pages")
		b.ReportMetric(float64(delta.Bytes()), "delta-bytes")
	})
	b.Run("capture-same", func(b *testing.B) {
		for b.Loop() {
			_, err := engine.Capture(i, delta)
			must(err)
		}
	})
	b.Run("reset+apply", func(b *testing.B) {
		for b.Loop() {
			if !i.Reset() {
				b.Skip("this system has no reset")
			}
			must(delta.Apply(i))
		}
	})
	b.Run("instantiate+apply", func(b *testing.B) {
		for b.Loop() {
			fresh, err := code.Instantiate(ctx, engine.InstanceConfig{Image: i.Image(), MaxMemory: 256 << 20})
			must(err)
			must(delta.Apply(fresh))
			fresh.Close(ctx)
		}
	})
	b.Run("instantiate", func(b *testing.B) {
		for b.Loop() {
			fresh, err := code.Instantiate(ctx, engine.InstanceConfig{Image: i.Image(), MaxMemory: 256 << 20})
			must(err)
			fresh.Close(ctx)
		}
	})
	b.Run("binary", func(b *testing.B) {
		var out []byte
		for b.Loop() {
			out = delta.AppendBinary(out[:0])
			_, err := engine.DecodeDelta(out, i.Image())
			must(err)
		}
		b.ReportMetric(float64(len(out)), "binary-bytes")
	})
}
