package hostfuncs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"wand/policies"
)

func gateOf(t testing.TB, o GateOptions, tools ...*Definition) *Gate {
	t.Helper()
	o.Tools = must(NewRegistry(tools...))
	if o.Policy == nil {
		o.Policy = allow{}
	}
	g := NewGate(o)
	t.Cleanup(g.Close)
	return g
}

func tool1(name string, call func(ctx context.Context) (json.RawMessage, error)) *Definition {
	return &Definition{Name: name, Call: func(ctx context.Context, _ json.RawMessage) (json.RawMessage, error) { return call(ctx) }}
}

// text is what a call ended with.
func text(g *Gate, name, args string) string {
	result, problem, fatal := g.Call(context.Background(), name, []byte(args))
	switch {
	case fatal != nil:
		return "fatal: " + fatal.Error()
	case problem != nil:
		return problem.Type + ": " + problem.Message
	}
	return string(result)
}

func TestDenyByDefault(t *testing.T) {
	d := &Definition{Name: "f", Call: func(context.Context, json.RawMessage) (json.RawMessage, error) {
		t.Error("it was called")
		return nil, nil
	}}
	r := must(NewRegistry(d))
	for name, g := range map[string]*Gate{
		"no tools":  NewGate(GateOptions{Policy: allow{}}),
		"no policy": NewGate(GateOptions{Tools: r}),
	} {
		if got := text(g, "f", "{}"); !strings.HasPrefix(got, PermissionError) {
			t.Errorf("%s: %s", name, got)
		}
		if c := g.Calls(); len(c) != 1 || c[0].Decision == DecisionAllowed || c[0].Error == "" {
			t.Errorf("%s: %+v", name, c)
		}
		g.Close()
	}
	asksNothing := &Definition{Name: "f", Call: d.Call, Requests: func(json.RawMessage) ([]policies.Request, error) { return nil, nil }}
	if got := text(gateOf(t, GateOptions{}, asksNothing), "f", "{}"); !strings.Contains(got, "nothing allows it") {
		t.Error(got)
	}
}

func TestUnknownTools(t *testing.T) {
	g := gateOf(t, GateOptions{}, &Definition{Name: "kv.get", Call: nothing}, &Definition{Name: "kv.set", Call: nothing})
	for name, want := range map[string]string{
		"kv.gte": "no tool named kv.gte (did you mean kv.get?)", "kv": "no tool named kv (the tools of that beginning are kv.get, kv.set)",
		"\x1b[31m\n\xff": `no tool named "\x1b[31m\n\xff" ()`, strings.Repeat("x", 1<<20): `no tool named "` + strings.Repeat("x", 100) + `…" ()`,
	} {
		_, problem, _ := g.Call(context.Background(), name, nil)
		if got := problem.Message + " (" + problem.Hint + ")"; got != want {
			t.Errorf("got %s\nwant %s", got, want)
		}
	}
	for _, c := range g.Calls() {
		if c.Decision != DecisionUnknown || strings.ContainsAny(c.Tool, "\x1b\n") || len(c.Tool) > 200 {
			t.Errorf("%+v", c)
		}
	}
}

func TestMaxCallsIsExact(t *testing.T) {
	var done atomic.Int64
	d := tool1("f", func(context.Context) (json.RawMessage, error) { done.Add(1); return nil, nil })
	d.MaxCalls = 37
	g := gateOf(t, GateOptions{}, d)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 25 {
				g.Call(context.Background(), "f", []byte("{}"))
			}
		})
	}
	wg.Wait()
	if n := done.Load(); n != 37 {
		t.Errorf("%d calls", n)
	}
	denied := 0
	for i, c := range g.Calls() {
		if c.Seq != i+1 {
			t.Fatalf("entry %d has the number %d", i, c.Seq)
		}
		if c.Decision == DecisionDenied {
			denied++
		}
	}
	if denied != 200-37 {
		t.Errorf("%d denied", denied)
	}
}

// A window of time slides: whenever one looks back, no more calls were allowed within it than the rate says, and none was refused without need.
func TestRateIsASlidingWindow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := time.Unix(1000, 0)
		rate := policies.Rate{Calls: rapid.IntRange(1, 4).Draw(t, "calls"), Per: time.Duration(rapid.IntRange(1, 20).Draw(t, "per")) * time.Second}
		d := &Definition{Name: "f", Call: nothing, Rate: rate}
		g := NewGate(GateOptions{Tools: must(NewRegistry(d)), Policy: allow{}, Now: func() time.Time { return now }})
		defer g.Close()
		var allowed []time.Time
		for range 40 {
			now = now.Add(time.Duration(rapid.IntRange(0, 5000).Draw(t, "ms")) * time.Millisecond)
			within := 0
			for _, x := range allowed {
				if now.Sub(x) < rate.Per {
					within++
				}
			}
			_, problem, _ := g.Call(context.Background(), "f", []byte("{}"))
			if (problem == nil) != (within < rate.Calls) {
				t.Fatalf("%d calls within %v of %v, and the answer is %v", within, rate.Per, rate, problem)
			}
			if problem == nil {
				allowed = append(allowed, now)
				continue
			}
			// What the message promises holds.
			_, after, _ := strings.Cut(problem.Message, "possible in ")
			wait, err := time.ParseDuration(after)
			if err != nil || wait <= 0 {
				t.Fatal(problem.Message)
			}
			now = now.Add(wait)
			if _, problem, _ := g.Call(context.Background(), "f", []byte("{}")); problem != nil {
				t.Fatalf("after %v: %v", wait, problem)
			}
			allowed = append(allowed, now)
		}
	})
}

func TestRefusedCallsAreNotCounted(t *testing.T) {
	fine := true
	policy := deciders(func(q policies.Request) policies.Decision {
		return policies.Decision{Allowed: q.Context["args"].(map[string]any)["x"] != "denied", Rule: "r", Terms: []policies.Terms{{Rule: "r", MaxCalls: 2, Rate: policies.Rate{Calls: 2, Per: time.Hour}, Approve: true}}}
	})
	d := Dynamic("f", "", json.RawMessage(`{"type":"object","properties":{"x":{"type":"string"}}}`), nothing)
	g := gateOf(t, GateOptions{Policy: policy, Approve: func(context.Context, Approval) (Answer, error) { return Answer{Allowed: fine, Reason: "no"}, nil }}, d)
	for range 5 {
		text(g, "f", `{"x":1}`)
		text(g, "f", `{"x":"denied"}`)
		fine = false
		if got := text(g, "f", `{}`); got != "PermissionError: f: somebody was asked and refused this call: no" {
			t.Error(got)
		}
		fine = true
	}
	for i, want := range []string{"null", "null", "PermissionError: f: all 2 calls that this run may make are used up"} {
		if got := text(g, "f", `{}`); got != want {
			t.Errorf("%d: %s", i, got)
		}
	}
}

type deciders func(policies.Request) policies.Decision

func (f deciders) Decide(q policies.Request) policies.Decision { return f(q) }

func TestApprovals(t *testing.T) {
	terms := allow{[]policies.Terms{{Rule: "a", Approve: true}}}
	if got := text(gateOf(t, GateOptions{Policy: terms}, &Definition{Name: "f", Call: nothing}), "f", "{}"); !strings.Contains(got, "nobody is there to ask") {
		t.Error(got)
	}
	for _, c := range []struct {
		answer Answer
		err    error
		want   string
		asked  int64
	}{
		{Answer{Allowed: true}, nil, "null", 20},
		{Answer{Allowed: true, Always: true}, nil, "null", 1},
		{Answer{Always: true}, nil, "PermissionError: f: somebody was asked and refused this call", 20},
		{Answer{}, ErrSuspend, "PermissionError: f: somebody was asked to approve this call, and has not answered yet", 20},
		{Answer{}, errors.New("/dev/tty: no such device"), "PermissionError: f: somebody has to approve this call, and could not be asked", 20},
	} {
		var asked, atOnce atomic.Int64
		g := gateOf(t, GateOptions{Policy: terms, Approve: func(_ context.Context, q Approval) (Answer, error) {
			if atOnce.Add(1) > 1 {
				t.Error("two questions at a time")
			}
			defer atOnce.Add(-1)
			asked.Add(1)
			if q.Tool != "f" || q.Rule != "a" || q.Preview == "" {
				t.Errorf("%+v", q)
			}
			return c.answer, c.err
		}}, &Definition{Name: "f", Call: nothing})
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				if got := text(g, "f", "{}"); got != c.want {
					t.Error(got)
				}
			})
		}
		wg.Wait()
		if asked.Load() != c.asked {
			t.Errorf("%+v: asked %d times", c.answer, asked.Load())
		}
	}
}

func TestDryRun(t *testing.T) {
	var called []string
	make := func(name string, e Effect) *Definition {
		d := tool1(name, func(context.Context) (json.RawMessage, error) { called = append(called, name); return nil, nil })
		d.Effect = e
		return d
	}
	byArgs := make("depends", Destructive)
	byArgs.EffectOf = func(json.RawMessage) Effect { return ReadOnly }
	byArgs.Preview = func(json.RawMessage) string { return "never said" }
	g := gateOf(t, GateOptions{DryRun: true}, make("get", ReadOnly), make("put", Idempotent), make("drop", Destructive), byArgs)
	for _, name := range []string{"get", "put", "drop", "depends"} {
		if got := text(g, name, "{}"); got != "null" {
			t.Error(got)
		}
	}
	if fmt.Sprint(called) != "[get depends]" {
		t.Error(called)
	}
	for _, c := range g.Calls() {
		if (c.Decision == DecisionDryRun) != (c.Would != "") || (c.Tool == "drop") && c.Would != "would call drop with {}" {
			t.Errorf("%+v", c)
		}
	}
}

func TestToolsThatBreakDown(t *testing.T) {
	stop := &Stop{Kind: KindStorage}
	g := gateOf(t, GateOptions{},
		tool1("panics", func(context.Context) (json.RawMessage, error) { panic("boom") }),
		tool1("exits", func(context.Context) (json.RawMessage, error) { runtime.Goexit(); return nil, nil }),
		tool1("stops", func(context.Context) (json.RawMessage, error) { panic(stop) }),
		tool1("fails", func(context.Context) (json.RawMessage, error) {
			return nil, fmt.Errorf("x: %w", &Error{Message: "m", Hint: "h"})
		}),
		tool1("late", func(context.Context) (json.RawMessage, error) { return nil, context.DeadlineExceeded }),
		&Definition{Name: "undecided", Call: nothing, Requests: func(json.RawMessage) ([]policies.Request, error) { panic("boom") }})
	for name, want := range map[string]string{
		"panics": "fatal: tool panics panicked: boom", "exits": "ToolError: exits: the tool ended without an answer", "fails": "ToolError: m",
		"late": "TimeoutError: context deadline exceeded", "undecided": "fatal: deciding about a call of undecided: panic: boom",
	} {
		if got, _, _ := strings.Cut(text(g, name, "{}"), "\n"); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
	func() {
		defer func() {
			if recover() != any(stop) {
				t.Error("the run was not stopped")
			}
		}()
		text(g, "stops", "{}")
	}()
	for _, c := range g.Calls() {
		if c.Error == "" || strings.Contains(c.Error, "boom") {
			t.Errorf("%+v", c)
		}
	}
}

func TestTimeouts(t *testing.T) {
	block := make(chan struct{})
	defer close(block)
	listens := tool1("listens", func(ctx context.Context) (json.RawMessage, error) { <-ctx.Done(); return nil, ctx.Err() })
	deaf := tool1("deaf", func(context.Context) (json.RawMessage, error) { <-block; return nil, nil })
	listens.Timeout, deaf.Timeout = 10*time.Millisecond, time.Hour
	g := gateOf(t, GateOptions{Policy: allow{[]policies.Terms{{Rule: "r", Timeout: 20 * time.Millisecond}}}}, listens, deaf)
	if got := text(g, "listens", "{}"); got != "TimeoutError: listens: no answer within 10ms" {
		t.Error(got)
	}
	if got := text(g, "deaf", "{}"); got != "TimeoutError: deaf: no answer within 20ms" {
		t.Error(got)
	}
	ctx, cancel := context.WithCancel(context.Background())
	p := g.Start(ctx, "deaf", []byte("{}"))
	cancel()
	<-p.Done()
	if _, problem, _ := p.Outcome(); problem.Message != "deaf: the run ended before the call did" {
		t.Error(problem)
	}
}

// A tool that does not listen keeps its slot, so that a program cannot pile up more of them than there are slots.
func TestDeafToolsKeepTheirSlots(t *testing.T) {
	block := make(chan struct{})
	var working atomic.Int64
	deaf := tool1("deaf", func(context.Context) (json.RawMessage, error) { working.Add(1); <-block; return nil, nil })
	deaf.Timeout = time.Millisecond
	g := gateOf(t, GateOptions{}, deaf)
	var list []*Pending
	for range parallel + 30 {
		list = append(list, g.Start(context.Background(), "deaf", []byte("{}")))
	}
	full := 0
	for _, p := range list {
		<-p.Done()
		if _, problem, _ := p.Outcome(); strings.Contains(problem.Message, "64 other calls are at work") {
			full++
		}
	}
	if n := working.Load(); n != parallel || full != 30 {
		t.Errorf("%d work, %d had no turn", n, full)
	}
	close(block)
}

func TestCallsUnderWayAreBounded(t *testing.T) {
	block := make(chan struct{})
	d := tool1("f", func(ctx context.Context) (json.RawMessage, error) {
		select {
		case <-block:
		case <-ctx.Done():
		}
		return nil, nil
	})
	g := gateOf(t, GateOptions{}, d)
	for range underWay {
		g.Start(context.Background(), "f", []byte("{}"))
	}
	if got := text(g, "f", "{}"); got != "ToolError: f: 4096 calls are under way, which is the most" {
		t.Error(got)
	}
	close(block)
}

// ledger is a run's memory.
type ledger struct {
	mu         sync.Mutex
	used, most int64
	limit      int64
}

func (l *ledger) reserve(n int64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n > 0 && l.used+n > l.limit {
		return false
	}
	l.used += n
	l.most = max(l.most, l.used)
	return true
}

func TestMemoryOfTheRun(t *testing.T) {
	big := json.RawMessage(`"` + strings.Repeat("x", 999_998) + `"`)
	d := tool1("f", func(context.Context) (json.RawMessage, error) { return big, nil })
	d.Input = must(ParseSchema([]byte(`{"type":"object"}`)))
	l := &ledger{limit: 3_500_000}
	g := gateOf(t, GateOptions{Reserve: l.reserve}, d)
	var list []*Pending
	full := 0
	for range 5 {
		p := g.Start(context.Background(), "f", []byte("{}"))
		<-p.Done()
		if _, problem, _ := p.Outcome(); problem != nil {
			if full++; problem.Message != "f: the result has 1000000 bytes, for which the run has no memory left" {
				t.Error(problem)
			}
		}
		list = append(list, p)
	}
	if full != 2 {
		t.Errorf("%d had no room, %d bytes are held", full, l.used)
	}
	list[0].Release()
	list[0].Release()
	if got := text(g, "f", "{}"); len(got) != 1_000_000 {
		t.Errorf("%.80s", got)
	}
	if got := text(g, "f", `{"a":"`+strings.Repeat("y", 1_000_000)+`"}`); got != "ToolError: f: the result has 1000000 bytes, for which the run has no memory left" && !strings.Contains(got, "the arguments have") {
		t.Errorf("%.80s", got)
	}
	g.Close()
	if l.used != 0 {
		t.Errorf("%d bytes are still reserved", l.used)
	}
	list[1].Release()
	if l.used != 0 {
		t.Errorf("%d bytes after a late release", l.used)
	}
}

func TestReservationsBalance(t *testing.T) {
	l := &ledger{limit: 300}
	slow := tool1("f", func(ctx context.Context) (json.RawMessage, error) {
		runtime.Gosched()
		return json.RawMessage(`"0123456789012345678901234567890123456789"`), nil
	})
	g := gateOf(t, GateOptions{Reserve: l.reserve}, slow)
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			p := g.Start(context.Background(), "f", []byte(`{"some":"arguments"}`))
			if i%3 > 0 {
				<-p.Done()
				p.Release()
			}
		})
	}
	wg.Wait()
	g.Close()
	if l.used != 0 || l.most > 300 {
		t.Errorf("%d left, at most %d", l.used, l.most)
	}
}

// A result that is too large is turned down before anything looks at it.
func TestHugeResults(t *testing.T) {
	huge := make([]byte, 256<<20)
	d := tool1("f", func(context.Context) (json.RawMessage, error) { return huge, nil })
	g := gateOf(t, GateOptions{}, d)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if got := text(g, "f", "{}"); got != "ToolError: f: the result has 268435456 bytes; at most 16777216 are passed on" {
		t.Error(got)
	}
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 1<<20 {
		t.Errorf("%d bytes were allocated", grown)
	}
	typed := Tool("g", "", func(context.Context, struct{}) (string, error) { return strings.Repeat("x", 20<<20), nil })
	if got := text(gateOf(t, GateOptions{}, typed), "g", "{}"); got != "ToolError: the result has 20971522 bytes; at most 16777216 are passed on" {
		t.Error(got)
	}
}

func TestCloseEndsCalls(t *testing.T) {
	block := make(chan struct{})
	defer close(block)
	started := make(chan struct{}, 2)
	var recorded []string
	r := must(NewRegistry(
		tool1("deaf", func(context.Context) (json.RawMessage, error) { started <- struct{}{}; <-block; return nil, nil }),
		tool1("listens", func(ctx context.Context) (json.RawMessage, error) {
			started <- struct{}{}
			<-ctx.Done()
			return nil, ctx.Err()
		})))
	g := NewGate(GateOptions{Tools: r, Policy: allow{}, Record: func(c Call) error { recorded = append(recorded, c.Tool+": "+c.Error); return nil }})
	a, b := g.Start(context.Background(), "deaf", []byte("{}")), g.Start(context.Background(), "listens", []byte("{}"))
	<-started
	<-started
	g.Close()
	g.Close()
	for _, p := range []*Pending{a, b} {
		select {
		case <-p.Done():
		default:
			t.Error("a call goes on")
		}
	}
	if got := strings.Join(recorded, "; "); got != "listens: listens: the run ended before the call did; deaf: deaf: the run ended before the call did" {
		t.Error(got)
	}
	if got := text(g, "listens", "{}"); got != "TimeoutError: listens: the run ended before the call did" {
		t.Error(got)
	}
}

func TestWhatCannotBeRecordedEndsTheRun(t *testing.T) {
	full := errors.New("disk full")
	g := gateOf(t, GateOptions{Record: func(Call) error { return full }}, &Definition{Name: "f", Call: nothing})
	for _, name := range []string{"f", "unknown"} {
		if _, _, fatal := g.Call(context.Background(), name, []byte("{}")); !errors.Is(fatal, full) {
			t.Errorf("%s: %v", name, fatal)
		}
	}
}

func TestTheJournalIsBounded(t *testing.T) {
	g := gateOf(t, GateOptions{}, tool1("f", func(context.Context) (json.RawMessage, error) {
		return json.RawMessage(`"` + strings.Repeat("r", 8000) + `"`), nil
	}))
	args := []byte(`{"a":"` + strings.Repeat("a", 8000) + `"}`)
	for range 1500 {
		g.Call(context.Background(), "f", args)
	}
	size, short := 0, 0
	for _, c := range g.Calls() {
		size += len(c.Args) + len(c.Result)
		if !json.Valid(c.Args) || !json.Valid(c.Result) {
			t.Fatalf("%s %s", c.Args, c.Result)
		}
		if len(c.Result) < 1000 {
			short++
		}
	}
	if size > journalBytes+1500*2*300 || short == 0 {
		t.Errorf("%d bytes, %d short", size, short)
	}
	if got := text(g, "f", `{"a":"`+strings.Repeat("é", 8000)+`"}`); !strings.HasPrefix(got, `"r`) {
		t.Error(got)
	}
	for range journalCalls {
		g.Call(context.Background(), "none", nil)
	}
	if n := len(g.Calls()); n != journalCalls || g.Omitted() != 1501 {
		t.Errorf("%d entries, %d left out", n, g.Omitted())
	}
}

func TestAuthorizeAfterTheCall(t *testing.T) {
	var kept context.Context
	g := gateOf(t, GateOptions{}, tool1("f", func(ctx context.Context) (json.RawMessage, error) {
		kept = ctx
		for i := range 40 {
			if _, err := Authorize(ctx, policies.Request{Action: "f", Resource: policies.Resource{Type: policies.ResourceHost, ID: fmt.Sprint(i)}}); err != nil {
				t.Error(err)
			}
		}
		return nil, nil
	}))
	text(g, "f", "{}")
	if d, err := Authorize(kept, policies.Request{Action: "f"}); err == nil || d.Allowed {
		t.Error("a call that is over was given authority")
	}
	if c := g.Calls()[0]; len(c.Checks) != maxChecks {
		t.Errorf("%d checks", len(c.Checks))
	}
}

type closer struct{ closed *atomic.Int64 }

func (c closer) Close() error { c.closed.Add(1); return nil }

func TestHandles(t *testing.T) {
	var closed atomic.Int64
	open := Tool("open", "", func(ctx context.Context, in struct{}) (Handle, error) { return Keep(ctx, "image", closer{&closed}) })
	use := Tool("use", "", func(ctx context.Context, in struct {
		It Handle `json:"it"`
	}) (string, error) {
		_, err := Value[closer](ctx, in.It)
		return "used", err
	})
	other := Tool("other", "", func(ctx context.Context, in struct {
		It Handle `json:"it"`
	}) (string, error) {
		_, err := Value[string](ctx, in.It)
		return "used", err
	})
	drop := Tool("drop", "", func(ctx context.Context, in struct {
		It Handle `json:"it"`
	}) (string, error) {
		Release(ctx, in.It)
		return "dropped", nil
	})
	tools := []*Definition{open, use, other, drop}
	g, second := gateOf(t, GateOptions{}, tools...), gateOf(t, GateOptions{}, tools...)
	h := text(g, "open", "{}")
	var v map[string]string
	if json.Unmarshal([]byte(h), &v) != nil || v["$type"] != "handle" || v["kind"] != "image" || len(v["id"]) < 26 {
		t.Fatal(h)
	}
	for _, c := range []struct {
		g                *Gate
		name, args, want string
	}{
		{g, "use", `{"it":` + h + `}`, `"used"`},
		{g, "use", `[` + h + `]`, `"used"`},
		{g, "other", `{"it":` + h + `}`, "ArgumentError: this handle stands for a value of the kind image, which this tool does not take"},
		{second, "use", `{"it":` + h + `}`, "ArgumentError: there is no such handle in this run"},
		{g, "use", `{"it":{"$type":"handle","kind":"image","id":""}}`, "ArgumentError: there is no such handle in this run"},
		{g, "use", `{"it":{"$type":"handle","kind":"image","id":"` + strings.Repeat("A", 26) + `"}}`, "ArgumentError: there is no such handle in this run"},
		{g, "use", `{"it":"` + v["id"] + `"}`, `ArgumentError: use: argument it must be a handle that a tool returned, but is the string "` + v["id"] + `"`},
		{g, "use", `{"it":{}}`, "ArgumentError: use: argument it must be a handle that a tool returned, but is the object {}"},
		{second, "drop", `{"it":` + h + `}`, `"dropped"`},
		{g, "use", `{"it":` + h + `}`, `"used"`},
		{g, "drop", `{"it":` + h + `}`, `"dropped"`},
		{g, "drop", `{"it":` + h + `}`, `"dropped"`},
		{g, "use", `{"it":` + h + `}`, "ArgumentError: there is no such handle in this run"},
	} {
		if got := text(c.g, c.name, c.args); got != c.want {
			t.Errorf("%s %s: %s", c.name, c.args, got)
		}
	}
	if closed.Load() != 1 {
		t.Errorf("closed %d times", closed.Load())
	}
	for range maxHandles {
		text(g, "open", "{}")
	}
	if got := text(g, "open", "{}"); !strings.Contains(got, "keeps 1000 values already") {
		t.Error(got)
	}
	g.Close()
	g.Close()
	if closed.Load() != 1+maxHandles {
		t.Errorf("closed %d times", closed.Load())
	}
	if _, err := Keep(context.Background(), "x", 1); err == nil {
		t.Error("kept outside of a call")
	}
}

// BenchmarkGateCall is a call of a typed tool with one small argument, under a policy that allows everything.
func BenchmarkGateCall(b *testing.B) {
	get := Tool("kv.get", "", func(_ context.Context, in struct {
		Key string `json:"key"`
	}) (string, error) {
		return "v", nil
	})
	dynamic := Dynamic("kv.dynamic", "", json.RawMessage(`{"type":"object","properties":{"key":{"type":"string"}},"required":["key"]}`), func(context.Context, json.RawMessage) (json.RawMessage, error) {
		return json.RawMessage(`"v"`), nil
	})
	args := []byte(`{"key": "a"}`)
	for _, name := range []string{"kv.get", "kv.dynamic"} {
		b.Run(name, func(b *testing.B) {
			g := gateOf(b, GateOptions{}, get, dynamic)
			ctx := context.Background()
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				p := g.Start(ctx, name, args)
				<-p.Done()
				if _, problem, _ := p.Outcome(); problem != nil {
					b.Fatal(problem)
				}
				if n++; n%10_000 == 0 {
					// A run has a thousand calls or so: a new one keeps the journal short.
					b.StopTimer()
					g.Close()
					g = gateOf(b, GateOptions{}, get, dynamic)
					b.StartTimer()
				}
			}
		})
	}
}
