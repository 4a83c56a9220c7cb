package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"wand/compiler"
	"wand/hostfuncs"
	"wand/policies"
	"wand/runtime"
)

// calls is how many host calls one program makes; it divides what they took together.
const calls = 10_000

var _ toolFunc = echo

// echo is the cheapest tool there is: what is left is the way there and back.
func echo(_ context.Context, args json.RawMessage) (json.RawMessage, error) { return args, nil }

func (b *bench) hostCall(ctx context.Context) ([]Row, error) {
	const rounds = 5
	var rows []Row
	for _, k := range []struct {
		name     string
		language compiler.Language
		text     string
	}{
		{"host call from Python", compiler.Python, fmt.Sprintf(`import time
import tools

assert tools.echo(x=1) == {"x": 1}
start = time.perf_counter()
for i in range(%d):
    tools.echo(x=i)
print(time.perf_counter() - start)
`, calls)},
		{"host call from JavaScript", compiler.JavaScript, fmt.Sprintf(`const clock = globalThis.performance ? () => performance.now() : () => Date.now();
if ((await tools.echo({x: 1})).x !== 1) throw new Error('wrong result');
const start = clock();
for (let i = 0; i < %d; i++) await tools.echo({x: i});
console.log((clock() - start) / 1000);
`, calls)},
	} {
		m, err := b.program(ctx, k.language, k.text)
		if err != nil {
			return rows, err
		}
		var ours, direct samples
		for range rounds {
			report, err := b.once(ctx, m, runtime.Options{
				Tools: registry(map[string]toolFunc{"echo": echo}), Policy: everyTool,
				Limits: runtime.Limits{HostCalls: calls + 1, Fuel: 6e9}, // a call costs some 100,000 units
			})
			if err != nil {
				return rows, err
			}
			if got := report.Usage.HostCalls.Used; got != calls+1 {
				return rows, fmt.Errorf("%s: %d calls arrived, not %d", k.name, got, calls+1)
			}
			took, err := seconds(report.Stdout)
			if err != nil {
				return rows, fmt.Errorf("%s: %w", k.name, err)
			}
			ours = append(ours, took/calls)
			direct = append(direct, directCall(ctx))
		}
		rows = append(rows, row(k.name, ours.median(), "us", direct.median(), "the same function, JSON both ways, called from Go").atMost(20))
	}
	rows[0] = rows[0].noting("round trip, arguments and result as JSON and the journal's entry included; %d calls in one run, medians of %d runs", calls, rounds)
	return rows, nil
}

// directCall does what a host call does without the sandbox: encode the arguments, call, decode the result.
func directCall(ctx context.Context) time.Duration {
	var tool toolFunc = echo
	start := time.Now()
	for i := range calls {
		args, err := json.Marshal(map[string]int{"x": i})
		if err != nil {
			panic(err) // numbers are JSON
		}
		result, _ := tool(ctx, args)
		var back map[string]int
		if err := json.Unmarshal(result, &back); err != nil || back["x"] != i {
			panic("bench: the echo is wrong")
		}
	}
	return time.Since(start) / calls
}

// toolFunc is a tool in its simplest form.
type toolFunc = func(ctx context.Context, args json.RawMessage) (json.RawMessage, error)

// everyTool grants every tool there is.
var everyTool = &policies.Policy{Version: 1, Tools: []policies.ToolGrant{{Name: "*"}}}

// registry holds tools that take whatever they are given.
func registry(tools map[string]toolFunc) *hostfuncs.Registry {
	var definitions []*hostfuncs.Definition
	for name, f := range tools {
		definitions = append(definitions, hostfuncs.Dynamic(name, "A tool of the benchmark.", json.RawMessage(`{"type": "object"}`), f))
	}
	r, err := hostfuncs.NewRegistry(definitions...)
	if err != nil {
		panic(err) // the names are written above
	}
	return r
}
