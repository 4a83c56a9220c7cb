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

// decision measures one answer of the policy engine, with few rules and with many.
func (b *bench) decision(ctx context.Context) ([]Row, error) {
	var rows []Row
	for _, c := range []struct {
		rules int
		aim   float64
	}{{50, 5}, {1000, 20}} {
		engine, request, err := manyRules(c.rules)
		if err != nil {
			return nil, err
		}
		const rounds, each = 21, 1000
		var times samples
		for range rounds {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			start := time.Now()
			for range each {
				if !engine.Decide(request).Allowed {
					return nil, fmt.Errorf("the request was denied: %+v", engine.Decide(request))
				}
			}
			times = append(times, time.Since(start)/each)
		}
		rows = append(rows, figure(fmt.Sprintf("policy decision, %d rules", c.rules), in("us", times.median()), "us", 0, "").
			atMost(c.aim).noting("one http request: host, method, path, 5 forbids that look at it; median of %d rounds", rounds))
	}
	return rows, nil
}

// manyRules is a policy of so many rules and a request that one in the middle allows.
func manyRules(n int) (*policies.Engine, policies.Request, error) {
	p := &policies.Policy{Version: 1}
	for i := range n / 2 {
		p.Network = append(p.Network, policies.NetworkGrant{Host: fmt.Sprintf("api%d.example.com", i), Paths: []string{"/v1/*", "/v2/*"}})
	}
	for i := range 5 {
		p.Forbid = append(p.Forbid, policies.Forbid{Name: "http", When: fmt.Sprintf(`context.path like "/admin%d/*"`, i)})
	}
	for i := range n - n/2 - 5 {
		p.Tools = append(p.Tools, policies.ToolGrant{Name: fmt.Sprintf("tool%d", i), When: `context.args.to like "*@example.com"`})
	}
	engine, err := policies.Compile(p)
	host := fmt.Sprintf("api%d.example.com", n/4)
	return engine, policies.Request{
		Action: policies.ActionHTTP, Resource: policies.Resource{Type: policies.ResourceHost, ID: host},
		Context: map[string]any{
			"method": "GET", "scheme": "https", "port": 443, "path": "/v1/items", "query": "", "private": false, "redirect": false,
			"args": map[string]any{"url": "https://" + host + "/v1/items"},
		},
	}, err
}

// parallelTools measures ten tools of 50 ms that a program starts side by side.
func (b *bench) parallelTools(ctx context.Context) ([]Row, error) {
	const wait, count, rounds = 50 * time.Millisecond, 10, 7
	slow := func(ctx context.Context, _ json.RawMessage) (json.RawMessage, error) {
		select {
		case <-time.After(wait):
			return json.RawMessage("1"), nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	var rows []Row
	for _, k := range []struct {
		name     string
		language compiler.Language
		text     string
	}{
		{"10 parallel 50 ms tools, Python", compiler.Python, fmt.Sprintf(`import asyncio, time, tools
async def main():
    start = time.perf_counter()
    assert sum(await asyncio.gather(*(tools.aio.slow(i=i) for i in range(%d)))) == %d
    print(time.perf_counter() - start)
asyncio.run(main())
`, count, count)},
		{"10 parallel 50 ms tools, JavaScript", compiler.JavaScript, fmt.Sprintf(`const start = performance.now();
const all = await Promise.all(Array.from({length: %d}, (_, i) => tools.slow({i})));
if (all.length !== %d) throw new Error('wrong result');
console.log((performance.now() - start) / 1000);
`, count, count)},
	} {
		m, err := b.program(ctx, k.language, k.text)
		if err != nil {
			return rows, err
		}
		var ours, one samples
		for range rounds {
			report, err := b.once(ctx, m, runtime.Options{Tools: registry(map[string]toolFunc{"slow": slow}), Policy: everyTool})
			if err != nil {
				return rows, err
			}
			took, err := seconds(report.Stdout)
			if err != nil {
				return rows, fmt.Errorf("%s: %w", k.name, err)
			}
			start := time.Now()
			if _, err := slow(ctx, nil); err != nil {
				return rows, err
			}
			ours, one = append(ours, took), append(one, time.Since(start))
		}
		rows = append(rows, row(k.name, ours.median(), "ms", one.median(), "one such tool, called from Go").atMost(60).noting("median of %d runs", rounds))
	}
	return rows, nil
}

// journal measures the gate on its own, with what it writes down and with an audit that hears of each call.
func (b *bench) journal(ctx context.Context) ([]Row, error) {
	const rounds, each = 11, 2000
	gate := func(record func(hostfuncs.Call) error) (time.Duration, error) {
		g := hostfuncs.NewGate(hostfuncs.GateOptions{Tools: registry(map[string]toolFunc{"echo": echo}), Policy: anything{}, Record: record})
		defer g.Close()
		start := time.Now()
		for range each {
			if _, failed, fatal := g.Call(ctx, "echo", []byte(`{"x": 1}`)); failed != nil || fatal != nil {
				return 0, fmt.Errorf("the call failed: %v %w", failed, fatal)
			}
		}
		return time.Since(start) / each, nil
	}
	var plain, audited, bare samples
	for range rounds {
		a, err := gate(nil)
		if err != nil {
			return nil, err
		}
		var written int
		c, err := gate(func(c hostfuncs.Call) error {
			line, err := json.Marshal(c)
			written += len(line)
			return err
		})
		if err != nil {
			return nil, err
		}
		start := time.Now()
		for range each {
			var v any
			if json.Unmarshal([]byte(`{"x": 1}`), &v) != nil {
				return nil, fmt.Errorf("no JSON")
			}
			if out, err := echo(ctx, json.RawMessage(`{"x": 1}`)); err != nil || len(out) == 0 {
				return nil, fmt.Errorf("echo failed: %w", err)
			}
		}
		plain, audited, bare = append(plain, a), append(audited, c), append(bare, time.Since(start)/each)
	}
	return []Row{
		row("gate, call with journal", plain.median(), "us", bare.median(), "the same function and one JSON decoding, from Go").noting("no guest: find, check, decide, count, call, check, write down; %d calls, median of %d rounds", each, rounds),
		row("gate, call with journal and record", audited.median(), "us", plain.median(), "without the record"),
	}, nil
}

// anything allows everything.
type anything struct{}

func (anything) Decide(policies.Request) policies.Decision {
	return policies.Decision{Allowed: true, Rule: "bench"}
}
