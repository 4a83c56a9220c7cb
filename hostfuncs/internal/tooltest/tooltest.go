// Package tooltest calls built-in tools in tests the way a program does: through a gate, with its checks of arguments and results.
package tooltest

import (
	"context"
	"sync"
	"testing"

	"wand/hostfuncs"
	"wand/policies"
)

// Run is a run with some tools, all of which it may use.
type Run struct {
	t    testing.TB
	gate *hostfuncs.Gate

	mu       sync.Mutex
	requests []policies.Request
}

// New returns a run. values is GateOptions.Values and may be nil.
func New(t testing.TB, values func(context.Context) context.Context, tools ...*hostfuncs.Definition) *Run {
	t.Helper()
	registry, err := hostfuncs.NewRegistry(tools...)
	if err != nil {
		t.Fatal(err)
	}
	r := &Run{t: t}
	r.gate = hostfuncs.NewGate(hostfuncs.GateOptions{Tools: registry, Policy: r, Values: values})
	t.Cleanup(r.gate.Close)
	return r
}

// Decide allows everything and remembers what it was asked.
func (r *Run) Decide(q policies.Request) policies.Decision {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests = append(r.requests, q)
	return policies.Decision{Allowed: true, Rule: "test"}
}

// Asked returns the action and the resource of each request since the last call, as "kv.get Key a".
func (r *Run) Asked() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []string
	for _, q := range r.requests {
		list = append(list, q.Action+" "+string(q.Resource.Type)+" "+q.Resource.ID)
	}
	r.requests = nil
	return list
}

// Try calls a tool under ctx. It is safe for concurrent use.
func (r *Run) Try(ctx context.Context, name, args string) (string, *hostfuncs.Error) {
	r.t.Helper()
	p := r.gate.Start(ctx, name, []byte(args))
	<-p.Done()
	result, err, fatal := p.Outcome()
	if fatal != nil {
		r.t.Errorf("%s(%.200s): %v", name, args, fatal)
	}
	return string(result), err
}

// Call calls a tool that must succeed.
func (r *Run) Call(name, args string) string {
	r.t.Helper()
	result, err := r.Try(context.Background(), name, args)
	if err != nil {
		r.t.Fatalf("%s(%.200s): %s: %s (%s)", name, args, err.Type, err.Message, err.Hint)
	}
	return result
}

// Fail calls a tool that must fail.
func (r *Run) Fail(name, args string) *hostfuncs.Error {
	r.t.Helper()
	result, err := r.Try(context.Background(), name, args)
	if err == nil {
		r.t.Fatalf("%s(%.200s) returned %.200s, want an error", name, args, result)
	}
	return err
}
