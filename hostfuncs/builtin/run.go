package builtin

import (
	"context"
	"fmt"
	"io"
	"slices"

	"wand/hostfuncs/clock"
	"wand/hostfuncs/fs"
	"wand/hostfuncs/http"
	"wand/hostfuncs/kv"
	"wand/hostfuncs/llm"
	"wand/hostfuncs/log"
	"wand/hostfuncs/random"
	"wand/hostfuncs/vfs"
	"wand/hostfuncs/wasi"
	"wand/policies"
)

// Run is what one run, and the runs that it starts, have of a Kit for themselves.
type Run struct {
	// Log holds what the program logged.
	Log log.Collector

	kit    *Kit
	web    *http.Session
	clock  wasi.Clock
	random io.Reader
	store  *kv.Store   // in memory, when the policy names no file
	budget *llm.Budget // nil when the policy names no model
}

// Begin starts a run with its clock and its source of randomness, which must be safe for concurrent use.
func (k *Kit) Begin(clock wasi.Clock, random io.Reader) *Run {
	r := &Run{kit: k, web: new(http.Session), clock: clock, random: random}
	r.Log.Now = clock.Now
	if p := k.policy.KV; p == nil || p.File == "" {
		c := kv.Config{Now: clock.Now}
		if p != nil {
			c.Quota = int64(p.Quota)
		}
		r.store, _ = kv.Open(c) // the same configuration has opened before
	}
	if m := k.policy.LLM; m != nil {
		r.budget = llm.NewBudget(int(m.MaxTokens))
	}
	return r
}

// Next is what the next turn of a session has, or a branch of it: a store in memory is copied, so that what the turn does to it can be taken back; tokens
// that were spent stay spent, and a server's cookies can be returned to it.
func (r *Run) Next(clock wasi.Clock, random io.Reader) *Run {
	n := &Run{kit: r.kit, web: r.web, clock: clock, random: random, budget: r.budget}
	n.Log.Now = clock.Now
	if r.store != nil {
		n.store = r.store.Clone(clock.Now)
	}
	return n
}

// Values puts into the context of a call what the built-in tools work on. files is the run's filesystem.
func (r *Run) Values(ctx context.Context, files *vfs.FS) context.Context {
	ctx = fs.With(ctx, files)
	ctx = clock.With(ctx, r.clock)
	ctx = random.With(ctx, r.random)
	ctx = log.With(ctx, &r.Log)
	ctx = http.With(ctx, r.web)
	if r.store != nil {
		ctx = kv.With(ctx, r.store)
	}
	if r.budget != nil {
		ctx = llm.WithBudget(ctx, r.budget)
	}
	return ctx
}

// InMemory says whether the key-value store is the run's own.
func (r *Run) InMemory() bool { return r.store != nil }

// Tokens is how many tokens the run's calls of models have used; RestoreTokens notes that so many were used before it went on.
func (r *Run) Tokens() int {
	if r.budget == nil {
		return 0
	}
	used, _ := r.budget.Used()
	return used
}

// RestoreTokens is the counterpart of Tokens.
func (r *Run) RestoreTokens(used int) {
	if r.budget != nil {
		r.budget.Restore(used)
	}
}

// Mount shows the granted files and folders in a run's filesystem. permit is asked before each thing that the program does there.
func (r *Run) Mount(files *vfs.FS, permit func(policies.Request) error) error {
	outerFirst := slices.Clone(r.kit.policy.Files)
	slices.SortStableFunc(outerFirst, func(a, b policies.FileGrant) int { return len(a.Guest) - len(b.Guest) })
	for _, g := range outerFirst {
		var access vfs.Access
		switch g.Access {
		case policies.AccessWrite:
			access = vfs.AccessRead | vfs.AccessWrite | vfs.AccessAppend
		case policies.AccessAppend:
			access = vfs.AccessAppend
		default:
			access = vfs.AccessRead
		}
		err := files.MountHost(g.Guest, vfs.Mount{
			Host: g.Host, Access: access, Quota: int64(g.Quota),
			Authorize: func(need vfs.Access, path string) error {
				return permit(policies.Request{Action: actions[need], Resource: policies.Resource{Type: policies.ResourcePath, ID: path}})
			},
		})
		if err != nil {
			return fmt.Errorf("%s: the grant of %s cannot be used: %w", g.Origin, g.Host, err)
		}
	}
	return nil
}

var actions = map[vfs.Access]policies.Action{
	vfs.AccessRead: policies.ActionFileRead, vfs.AccessWrite: policies.ActionFileWrite, vfs.AccessAppend: policies.ActionFileAppend,
}

// Close forgets what the run kept.
func (r *Run) Close() {
	if r.store != nil {
		r.store.Close()
	}
}
