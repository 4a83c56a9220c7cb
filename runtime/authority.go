package runtime

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"wand/hostfuncs"
	"wand/hostfuncs/builtin"
	"wand/hostfuncs/fs"
	toolrandom "wand/hostfuncs/random"
	"wand/hostfuncs/wasi"
	"wand/policies"
)

// authority is a policy as runs use it: compiled, with what it grants opened. Runs under the same policy share it.
type authority struct {
	engine *policies.Engine
	kit    *builtin.Kit
	info   *PolicyInfo
	limits Limits

	uses     int // runs at work
	lastUsed int64
}

// authoritySlot makes sure that a policy is opened once, by whoever comes first.
type authoritySlot struct {
	turn  turn
	ready *authority
	waits int
}

// maxAuthorities is how many policies stay open while nobody uses them.
const maxAuthorities = 32

// nobody is the policy of a run that has none. It grants nothing.
var nobody = &policies.Policy{Version: 1}

// authority opens a policy, or finds it open. release gives it back.
func (rt *Runtime) authority(ctx context.Context, p *policies.Policy) (_ *authority, release func(), err error) {
	named := p != nil
	if p == nil {
		p = nobody
	}
	rt.mu.Lock()
	slot := rt.authorities[p]
	if slot == nil {
		slot = &authoritySlot{turn: newTurn()}
		rt.authorities[p] = slot
	}
	slot.waits++
	rt.mu.Unlock()
	defer func() {
		rt.mu.Lock()
		defer rt.mu.Unlock()
		slot.waits--
		if slot.ready == nil && slot.waits == 0 {
			delete(rt.authorities, p)
		}
	}()
	if err := slot.turn.take(ctx); err != nil {
		return nil, nil, err
	}
	defer slot.turn.give()
	if slot.ready == nil {
		a, err := rt.openAuthority(ctx, p, named)
		if err != nil {
			return nil, nil, err
		}
		rt.mu.Lock()
		slot.ready = a
		rt.mu.Unlock()
	}
	a := slot.ready
	rt.mu.Lock()
	defer rt.mu.Unlock()
	rt.used++
	a.uses++
	a.lastUsed = rt.used
	return a, func() {
		rt.mu.Lock()
		a.uses--
		idle := rt.idleAuthorities()
		rt.mu.Unlock()
		for _, a := range idle {
			a.kit.Close()
		}
	}, nil
}

// idleAuthorities takes out those beyond maxAuthorities that nobody has used for longest. The caller holds the lock, and closes them without it.
func (rt *Runtime) idleAuthorities() (idle []*authority) {
	for len(rt.authorities) > maxAuthorities {
		var oldest *policies.Policy
		for p, s := range rt.authorities {
			if s.ready != nil && s.ready.uses == 0 && s.waits == 0 && (oldest == nil || s.ready.lastUsed < rt.authorities[oldest].ready.lastUsed) {
				oldest = p
			}
		}
		if oldest == nil {
			break
		}
		idle = append(idle, rt.authorities[oldest].ready)
		delete(rt.authorities, oldest)
	}
	return idle
}

func (rt *Runtime) openAuthority(ctx context.Context, p *policies.Policy, named bool) (*authority, error) {
	engine, err := policies.Compile(p, rt.config.Overlays...)
	if err != nil {
		return nil, err
	}
	kit, err := builtin.Open(ctx, builtin.Config{Engine: engine, LookupEnv: rt.config.LookupEnv, Problem: rt.config.Problem})
	if err != nil {
		return nil, fmt.Errorf("the policy cannot be used: %w", err)
	}
	l := engine.Policy().Limits
	a := &authority{engine: engine, kit: kit, limits: Limits{
		Fuel: int64(l.Fuel), Memory: int64(l.Memory), Deadline: time.Duration(l.Deadline), Output: int64(l.Output), Storage: int64(l.Storage),
		HostCalls: int64(l.HostCalls), CallDepth: int64(l.CallDepth),
	}}
	if named {
		a.info = &PolicyInfo{Name: engine.Policy().Name, Digest: digestOf(engine)}
	}
	return a, nil
}

// PolicyDigest identifies what a compiled policy decides and grants, wherever it was read from. It is what reports call the digest of their policy.
func PolicyDigest(e *policies.Engine) string { return digestOf(e) }

// digestOf identifies what an engine decides and grants, wherever it was read from.
func digestOf(e *policies.Engine) string {
	sum := sha256.New()
	sum.Write(e.Policy().YAML())
	for line := range strings.Lines(e.Cedar()) {
		if !strings.HasPrefix(line, "//") { // comments say where rules stand
			io.WriteString(sum, line)
		}
	}
	return "sha256:" + hex.EncodeToString(sum.Sum(nil))
}

// bound is the smaller of each limit and the policy's.
func (a *authority) bound(l Limits) Limits {
	least := func(v *int64, most int64) {
		if most > 0 {
			*v = min(*v, most)
		}
	}
	m := a.limits
	least(&l.Fuel, m.Fuel)
	least(&l.Memory, m.Memory)
	least((*int64)(&l.Deadline), int64(m.Deadline))
	least(&l.Output, m.Output)
	least(&l.Storage, m.Storage)
	least(&l.HostCalls, m.HostCalls)
	least(&l.CallDepth, m.CallDepth)
	return l
}

// childGrant is what the policy says about children; nothing said is one level and half of what is left.
func (a *authority) childGrant() policies.Run {
	g := policies.Run{MaxDepth: 1, Share: 0.5}
	if r := a.engine.Policy().Run; r != nil {
		g = *r
	}
	return g
}

// settings are the inputs of a run that its policy has a say in.
func (j *job) settings() {
	o, p := &j.options, j.authority.engine.Policy()
	j.clockName = "real"
	if o.Clock == nil {
		switch p.Clock {
		case "frozen":
			o.Clock, j.clockName = wasi.NewFrozenClock(time.Now()), "frozen"
		case "virtual":
			var passed time.Duration
			if o.turn != nil {
				passed = o.turn.base.clock
			}
			o.Clock, j.clockName = wasi.ResumeVirtualClock(wasi.VirtualEpoch, passed), "virtual"
		default:
			o.Clock = wasi.NewRealClock()
		}
	}
	j.random = rand.Reader
	seeded := p.Random == "seeded"
	if o.turn.later() {
		o.Seed = &o.turn.base.seed // its generators go on from where they are
	}
	j.fixedSeed = seeded || o.Seed != nil
	if o.Seed == nil {
		o.Seed = new([32]byte)
		if seeded {
			*o.Seed = sha256.Sum256([]byte("wand seed\x00" + j.module.Digest))
		} else {
			rand.Read(o.Seed[:])
		}
	}
	if seeded {
		label := "wand host randomness"
		if o.turn != nil {
			label += fmt.Sprintf(" of turn %d", o.turn.base.turns)
		}
		j.random = toolrandom.NewSeeded(sha256.Sum256(append(slices.Clone(o.Seed[:]), label...)))
	}
	if child := o.child; len(j.authority.kit.Environment) > 0 && child.lets(policies.ActionEnv) {
		env := map[string]string{}
		for _, from := range []map[string]string{j.authority.kit.Environment, o.Env} {
			for k, v := range from {
				env[k] = v
			}
		}
		o.Env = env
	}
}

// openGate makes the gate of a run.
func (j *job) openGate() error {
	o := &j.options
	tools, err := j.rt.tools(j.authority.kit.Tools, o.Tools)
	if err != nil {
		return err
	}
	decider := fs.WithScratch(j.authority.engine)
	approve := o.Approve
	var stages hostfuncs.Stages
	if t := j.run.tape; t != nil {
		stages = t
		if t.durable {
			approve = t.approver(approve)
		}
	}
	var parent *hostfuncs.Gate
	if o.child != nil {
		parent = o.child.parent.run.gate
		for c := o.child; c != nil; c = c.parent.options.child { // each of them narrows what those below it may
			decider = &narrowed{decider, c.tools}
		}
	}
	if o.turn != nil {
		parent = o.turn.base.tally
	}
	if o.Observe != nil {
		decider = &observed{decider, o.Observe}
	}
	switch {
	case o.child != nil:
		j.kit = o.child.parent.kit
	case o.turn.later() && o.turn.base.kit != nil: // a restored session has none yet
		j.kit = o.turn.base.kit.Next(o.Clock, j.random)
	default:
		j.kit = j.authority.kit.Begin(o.Clock, j.random)
	}
	j.run.gate = hostfuncs.NewGate(hostfuncs.GateOptions{
		Tools: tools, Policy: decider, Principal: o.Principal, Secrets: j.authority.kit.Secrets, Approve: approve, Record: o.Record, DryRun: o.DryRun,
		Stages: stages, Suspend: j.run.tape != nil && j.run.tape.durable, Reserve: j.run.reserve, Parent: parent,
		Values: func(ctx context.Context) context.Context {
			return context.WithValue(j.kit.Values(ctx, j.fs), jobKey{}, j)
		},
	})
	return nil
}

// tools joins the built-in tools, run among them, with an embedder's. The same two registries come again and again.
func (rt *Runtime) tools(builtin, own *hostfuncs.Registry) (*hostfuncs.Registry, error) {
	key := [2]*hostfuncs.Registry{builtin, own}
	rt.mu.Lock()
	defer rt.mu.Unlock()
	if r := rt.joined[key]; r != nil {
		return r, nil
	}
	run, err := hostfuncs.NewRegistry(childTool())
	if err != nil {
		return nil, err
	}
	r, err := builtin.With(run, own)
	if err != nil {
		return nil, fmt.Errorf("%w: Tools: %w", ErrBadOption, err)
	}
	if len(rt.joined) > 4*maxAuthorities {
		clear(rt.joined)
	}
	rt.joined[key] = r
	return r, nil
}

// observed tells somebody of every decision.
type observed struct {
	policies.Decider
	tell func(policies.Request, policies.Decision)
}

// Decide implements policies.Decider.
func (o *observed) Decide(q policies.Request) policies.Decision {
	d := o.Decider.Decide(q)
	o.tell(q, d)
	return d
}

// MayAllow is the same question in general; see hostfuncs.Stubs.
func (o *observed) MayAllow(action string) bool { return mayAllow(o.Decider, action) }

func mayAllow(d policies.Decider, action string) bool {
	may, tells := d.(interface{ MayAllow(action string) bool })
	return !tells || may.MayAllow(action)
}

// narrowed is what a child may do: what its parent may, as far as the parent lets it.
type narrowed struct {
	policies.Decider
	patterns []string
}

// Decide implements policies.Decider.
func (n *narrowed) Decide(q policies.Request) policies.Decision {
	if !n.lets(q.Action) {
		return policies.Decision{
			Rule: "run", Reason: "the program that started this one did not let it use " + q.Action,
			Hint: "name it in the argument tools of the call of run",
		}
	}
	return n.Decider.Decide(q)
}

// lets says whether all that a child is nested in let it use something. A run that is no child is nested in nothing.
func (c *child) lets(action string) bool {
	for ; c != nil; c = c.parent.options.child {
		if !(&narrowed{patterns: c.tools}).lets(action) {
			return false
		}
	}
	return true
}

func (n *narrowed) lets(action string) bool {
	return slices.ContainsFunc(n.patterns, func(p string) bool { return matches(p, action) })
}

// MayAllow is the same question in general.
func (n *narrowed) MayAllow(action string) bool { return n.lets(action) && mayAllow(n.Decider, action) }

// matches says whether a name is the pattern, or begins with what stands before its final *.
func matches(pattern, name string) bool {
	if head, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(name, head)
	}
	return pattern == name
}

// takeCalls takes over the journal, and recognises a program that ended because it was refused something or because a tool failed it.
func (r *Report) takeCalls(g *hostfuncs.Gate) {
	r.Calls, r.CallsOmitted = g.Calls(), g.Omitted()
	r.Accesses, r.AccessesOmitted = g.Accesses()
	if r.Status != Failed || r.Error.Kind != KindException {
		return
	}
	for _, a := range slices.Backward(r.Accesses) {
		// Languages name the path and the kind of error; what was refused and why, the policy knows.
		if _, path, _ := strings.Cut(a.Resource, " "); a.Decision != hostfuncs.DecisionAllowed && refused(r.Error) && mentions(r.Error, path) {
			r.Status, r.Error.Kind = Denied, KindPolicy
			r.Error.Message += ": " + a.Reason
			if a.Hint != "" {
				r.Error.Hint = a.Hint
			}
			return
		}
	}
	for _, c := range slices.Backward(r.Calls) {
		if c.Error == "" || !mentions(r.Error, c.Error) {
			continue
		}
		switch c.Decision {
		case hostfuncs.DecisionDenied:
			r.Status, r.Error.Kind = Denied, KindPolicy
		case hostfuncs.DecisionAllowed, hostfuncs.DecisionUnknown:
			r.Error.Kind = KindTool
		}
		return
	}
}

// refused says whether an error is one by which languages report EACCES.
func refused(e *Error) bool {
	return e.Type == "PermissionError" || strings.Contains(e.Message, "EACCES")
}

// mentions says whether an error of the program, or one that it was raised from, is about a failed call.
func mentions(e *Error, call string) bool {
	call = call[:min(len(call), 200)]
	for ; e != nil; e = e.Cause {
		if strings.Contains(e.Message, call) {
			return true
		}
	}
	return false
}
