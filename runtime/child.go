package runtime

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"wand/compiler"
	"wand/hostfuncs"
	"wand/policies"
)

// lent is what of a run's budget its children have: while they run all that they may use, afterwards what they did use. Memory and storage come
// back when a child ends, fuel and host calls do not.
type lent struct {
	fuel, memory, calls, storage atomic.Int64
}

// take takes n from what is left of a limit, or nothing.
func take(from *atomic.Int64, n int64, used func() int64, limit int64) bool {
	for {
		now := from.Load()
		if used()+now+n > limit || n <= 0 {
			return false
		}
		if from.CompareAndSwap(now, now+n) {
			return true
		}
	}
}

// child is a run that a program started.
type child struct {
	parent *job
	depth  int
	tools  []string // patterns; only what they match may be called, of what the parent may call
}

// childInput are the arguments of the tool run.
type childInput struct {
	Source   string            `json:"source" jsonschema:"the program"`
	Language string            `json:"language,omitempty" jsonschema:"python, javascript or typescript; default: as the source looks"`
	Input    json.RawMessage   `json:"input,omitempty" jsonschema:"any value; the program sees it as INPUT"`
	Args     []string          `json:"args,omitempty" jsonschema:"the program's arguments"`
	Files    map[string]string `json:"files,omitempty" jsonschema:"texts by file name, put below /work"`
	Tools    []string          `json:"tools,omitempty" jsonschema:"which of your own tools it may call, such as kv.*; default none"`
	Fuel     int64             `json:"fuel,omitempty" jsonschema:"fuel units; default and most: the share of what is left that the policy allows" minimum:"1"`
	Memory   int64             `json:"memory,omitempty" jsonschema:"bytes; default and most: the same share" minimum:"1"`
	Seconds  float64           `json:"seconds,omitempty" jsonschema:"deadline; default and most: what is left of yours" minimum:"0.001"`
}

// childResult is what the tool run returns.
type childResult struct {
	Status Status          `json:"status" jsonschema:"completed, failed, invalid, exhausted or denied"`
	Result json.RawMessage `json:"result,omitempty"`
	Stdout string          `json:"stdout"`
	Stderr string          `json:"stderr"`
	Error  *childError     `json:"error,omitempty"`
	Fuel   int64           `json:"fuel" jsonschema:"fuel units that it used, which are taken from yours"`
}

type childError struct {
	Kind    ErrorKind `json:"kind"`
	Type    string    `json:"type,omitempty"`
	Message string    `json:"message"`
	Line    int       `json:"line,omitempty"`
	Hint    string    `json:"hint,omitempty"`
}

// childTool lets a program run another one, within its own authority and budget.
func childTool() *hostfuncs.Definition {
	d := hostfuncs.Tool("run", "Runs another program in a sandbox of its own, with part of what you may use and do.\n"+
		"It sees nothing of yours but what you pass on. What it uses is taken from your own limits.", runChild)
	d.Effect = hostfuncs.ReadOnly // what its own tools do is decided when it calls them
	d.Starts = true
	d.Timeout = 24 * time.Hour // the deadlines of both runs hold
	d.Actions = []policies.Action{policies.ActionRun}
	d.Requests = func(args json.RawMessage) ([]policies.Request, error) {
		var in childInput
		if err := json.Unmarshal(args, &in); err != nil {
			return nil, err
		}
		language := strings.ToLower(in.Language)
		if language == "" {
			language = "any"
		}
		return []policies.Request{{Action: policies.ActionRun, Resource: policies.Resource{Type: policies.ResourceProgram, ID: language}}}, nil
	}
	return d
}

type jobKey struct{}

func otherLanguage() error {
	return &hostfuncs.Error{Type: hostfuncs.ArgumentError, Message: "only Python, JavaScript and TypeScript programs can be run from within one"}
}

// runChild is the tool run.
func runChild(ctx context.Context, in childInput) (*childResult, error) {
	j, _ := ctx.Value(jobKey{}).(*job)
	if j == nil {
		return nil, fmt.Errorf("run can only be called by a program")
	}
	grant := j.authority.childGrant()
	depth, err := j.nested(grant.MaxDepth)
	if err != nil {
		return nil, err
	}
	limits, back, err := j.run.lend(ctx, grant.Share, &in, j.fs.Usage().StorageBytes)
	if err != nil {
		return nil, err
	}
	used := &Report{Usage: Usage{Fuel: FuelUsage{Used: 0}}}
	defer func() { back(used.Usage) }()

	name := "child.py"
	if in.Language != "" {
		name = "child"
	}
	source := compiler.Source{Name: name, Text: []byte(in.Source), Language: compiler.Language(strings.ToLower(in.Language))}
	module, diagnostics, err := compiler.Compile(ctx, source)
	switch {
	case errors.Is(err, compiler.ErrNoToolchains):
		return nil, otherLanguage()
	case err != nil:
		return nil, &hostfuncs.Error{Type: hostfuncs.ArgumentError, Message: err.Error()}
	}
	if module == nil {
		out := &childResult{Status: Invalid, Error: &childError{Kind: KindSyntax, Message: "the program has errors"}}
		for _, d := range diagnostics {
			if d.Severity == compiler.SeverityError {
				out.Error = &childError{Kind: KindSyntax, Type: d.Type, Message: d.Message, Line: d.Line, Hint: d.Hint}
				break
			}
		}
		return out, nil
	}
	if module.Guest == "" {
		return nil, otherLanguage()
	}
	report, err := j.startChild(ctx, module, &in, limits, depth)
	if report != nil {
		used = report
		j.run.tape.childEnded(hostfuncs.SeqOf(ctx), limits, report.Usage)
	}
	if err != nil {
		return nil, err
	}
	out := &childResult{Status: report.Status, Result: report.Result, Stdout: report.Stdout, Stderr: report.Stderr, Fuel: report.Usage.Fuel.Used}
	if e := report.Error; e != nil {
		out.Error = &childError{Kind: e.Kind, Type: e.Type, Message: e.Message, Hint: e.Hint}
		if e.Location != nil {
			out.Error.Line = e.Location.Line
		}
	}
	return out, nil
}

// startChild runs a child within limits that were lent to it.
func (j *job) startChild(ctx context.Context, module *compiler.Module, in *childInput, limits Limits, depth int, packages ...Package) (*Report, error) {
	o := Options{
		Packages: packages,
		Limits:   limits, Args: in.Args, Input: in.Input, Policy: j.options.Policy, Tools: j.options.Tools, Approve: j.options.Approve, Record: j.options.Record,
		Observe: j.options.Observe, DryRun: j.options.DryRun, Principal: j.options.Principal, Clock: j.options.Clock, KeepOutput: int(limits.Output) + 2, // so that nothing is spilled
		child: &child{parent: j, depth: depth, tools: in.Tools},
	}
	if module.Guest == j.module.Guest {
		o.Guest = j.options.Guest
	}
	for _, path := range slices.Sorted(maps.Keys(in.Files)) {
		o.Files = append(o.Files, File{Path: path, Data: []byte(in.Files[path])})
	}
	return j.rt.execute(ctx, module, o, "run")
}

// nested is how deep a child of this run would be.
func (j *job) nested(most int) (depth int, err error) {
	depth = 1
	if j.options.child != nil {
		depth = j.options.child.depth + 1
	}
	if depth > most {
		return 0, &hostfuncs.Error{Type: hostfuncs.PermissionError, Message: fmt.Sprintf("programs may nest %d deep, and this one would be one more", most), Hint: "do it in this program"}
	}
	return depth, nil
}

// Child is a program that a tool runs for the one that called it, in a sandbox of its own.
type Child struct {
	Module *compiler.Module // of a guest
	Input  json.RawMessage  // the global INPUT
	// Tools are patterns of names: of what the caller may use, the child may use what matches one of them.
	Tools []string
	// Packages can be imported by it, when it is Python.
	Packages []Package
	// MaxDepth is how deep such children may nest. Default: as the policy says of run.
	MaxDepth int
}

// RunChild is for tools: ctx is that of a call. The child has part of the caller's authority, whose rules count the calls of both, and of its budget the
// share that the policy lets each child have. The error is one that the tool can return.
func RunChild(ctx context.Context, c Child) (*Report, error) {
	j, _ := ctx.Value(jobKey{}).(*job)
	if j == nil {
		return nil, fmt.Errorf("only a tool that a program has called can run another one for it")
	}
	grant := j.authority.childGrant()
	depth, err := j.nested(cmp.Or(c.MaxDepth, grant.MaxDepth))
	if err != nil {
		return nil, err
	}
	in := childInput{Input: c.Input, Tools: c.Tools}
	limits, back, err := j.run.lend(ctx, grant.Share, &in, j.fs.Usage().StorageBytes)
	if err != nil {
		return nil, err
	}
	report, err := j.startChild(ctx, c.Module, &in, limits, depth, c.Packages...)
	used := Usage{}
	if report != nil {
		used = report.Usage
		j.run.tape.childEnded(hostfuncs.SeqOf(ctx), limits, used)
	}
	back(used)
	return report, err
}

// lend sets aside a share of what is left of a run's budget; back returns what was not used.
func (r *run) lend(ctx context.Context, share float64, in *childInput, stored int64) (l Limits, back func(Usage), err error) {
	part := func(left, asked int64) int64 {
		most := int64(float64(max(left, 0)) * share)
		if asked > 0 {
			return min(asked, most)
		}
		return most
	}
	l.Fuel = part(r.limits.Fuel-r.granted.Load()-r.lent.fuel.Load(), in.Fuel)
	l.Memory = part(r.limits.Memory-r.memory(), in.Memory)
	l.HostCalls = part(r.limits.HostCalls-r.callCount.Load()-r.lent.calls.Load(), 0)
	l.Storage = part(r.limits.Storage-stored-r.lent.storage.Load(), 0)
	l.Output = part(r.limits.Output, 0)
	l.CallDepth = r.limits.CallDepth
	if deadline, ok := ctx.Deadline(); ok {
		l.Deadline = time.Until(deadline)
	}
	if asked := time.Duration(in.Seconds * float64(time.Second)); asked > 0 {
		l.Deadline = min(l.Deadline, asked)
	}
	taken := []func(){}
	release := func() {
		for _, f := range taken {
			f()
		}
	}
	for _, t := range []struct {
		name  string
		from  *atomic.Int64
		n     int64
		used  func() int64
		limit int64
	}{
		{"fuel", &r.lent.fuel, l.Fuel, r.granted.Load, r.limits.Fuel},
		{"memory", &r.lent.memory, l.Memory, func() int64 { return r.linear.Load() + r.held.Load() + r.reserved.Load() }, r.limits.Memory},
		{"host calls", &r.lent.calls, l.HostCalls, r.callCount.Load, r.limits.HostCalls},
		{"storage", &r.lent.storage, l.Storage, func() int64 { return stored }, r.limits.Storage},
	} {
		if !take(t.from, t.n, t.used, t.limit) {
			release()
			return l, nil, &hostfuncs.Error{Type: hostfuncs.ToolError, Message: "too little " + t.name + " is left for another program", Hint: "do it in this program, or wait until the others have ended"}
		}
		taken = append(taken, func() { t.from.Add(-t.n) })
	}
	if l.Deadline <= 0 || l.Output <= 0 {
		release()
		return l, nil, &hostfuncs.Error{Type: hostfuncs.TimeoutError, Message: "no time is left for another program"}
	}
	return l, func(u Usage) {
		release()
		r.lent.fuel.Add(min(u.Fuel.Used, l.Fuel))
		r.lent.calls.Add(min(u.HostCalls.Used, l.HostCalls))
	}, nil
}
