package agent_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"wand/compiler"
	"wand/hostfuncs"
	"wand/modules"
	"wand/policies"
	"wand/runtime"
	"wand/runtime/agent"
	"wand/runtime/agent/modeltest"
)

var shared struct {
	once sync.Once
	rt   *runtime.Runtime
	err  error
}

// sharedRuntime is one for all tests that need no other.
func sharedRuntime(t testing.TB) *runtime.Runtime {
	t.Helper()
	for _, name := range []string{"python", "javascript"} {
		if _, err := modules.Find(name); errors.Is(err, modules.ErrNoGuest) && os.Getenv("CI") == "" {
			t.Skip(err)
		} else if err != nil {
			t.Fatal(err)
		}
	}
	shared.once.Do(func() { shared.rt, shared.err = runtime.New(context.Background(), runtime.Config{}) })
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.rt
}

// serve starts a server that answers from a script.
func serve(t testing.TB, answer func(*modeltest.Request) modeltest.Turn) *modeltest.Server {
	s := modeltest.New(answer)
	t.Cleanup(s.Close)
	return s
}

func client(t testing.TB, s *modeltest.Server, change func(*agent.OpenAIConfig)) *agent.OpenAI {
	t.Helper()
	c := agent.OpenAIConfig{BaseURL: s.BaseURL(), Model: "scripted", Key: "sk-test-0123456789", Backoff: time.Millisecond}
	if change != nil {
		change(&c)
	}
	m, err := agent.NewOpenAI(c)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func newAgent(t testing.TB, s *modeltest.Server, c agent.Config) *agent.Agent {
	t.Helper()
	c.Runtime = sharedRuntime(t)
	if c.Model == nil {
		c.Model = client(t, s, nil)
	}
	a, err := agent.New(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func solve(t testing.TB, a *agent.Agent, task string) *agent.Outcome {
	t.Helper()
	o, err := a.Run(context.Background(), task)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { o.Close() })
	return o
}

func fenced(program string) modeltest.Turn {
	return modeltest.Turn{Text: "Let me see.\n```python\n" + program + "\n```\n"}
}

func says(text string) modeltest.Turn { return modeltest.Turn{Text: text} }

// told is what the server was sent as the last message of a request, from 0.
func told(t testing.TB, s *modeltest.Server, request int) string {
	t.Helper()
	all := s.Requests()
	if request >= len(all) {
		t.Fatalf("there were only %d requests", len(all))
	}
	return all[request].Last()
}

func wants(t testing.TB, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("%q is missing in\n%s", p, text)
		}
	}
}

// library is a tool with state, which counts its calls.
type library struct {
	mu    sync.Mutex
	calls []string
}

func (l *library) tools(t testing.TB) *hostfuncs.Registry {
	t.Helper()
	note := func(call string) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.calls = append(l.calls, call)
	}
	r, err := hostfuncs.NewRegistry(
		hostfuncs.Tool("search", "Finds books by a word of their titles.", func(_ context.Context, in struct {
			Word string `json:"word"`
		}) ([]int, error) {
			note("search " + in.Word)
			return map[string][]int{"go": {3, 5}, "art": {5, 8}}[in.Word], nil
		}),
		hostfuncs.Tool("price", "The price of a book in cents.", func(_ context.Context, in struct {
			Book int `json:"book"`
		}) (int, error) {
			note("price")
			return in.Book * 100, nil
		}),
		hostfuncs.Tool("order", "Orders a book.", func(_ context.Context, in struct {
			Book int `json:"book"`
		}) (string, error) {
			note("order")
			return "ordered", nil
		}),
	)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func policy(t testing.TB, text string) *policies.Policy {
	t.Helper()
	p, err := policies.Parse("test.yaml", []byte("version: 1\nname: test\n"+text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestFiveTurns: a task that takes five turns and tools, over variables that stay.
func TestFiveTurns(t *testing.T) {
	for _, whole := range []bool{false, true} {
		s := serve(t, modeltest.ByTurn(
			fenced("import tools\ngo = tools.search('go')\ngo"),
			modeltest.Turn{Code: "art = tools.search(word='art')\nboth = [b for b in go if b in art]\nprint(both)"},
			fenced("prices = {b: tools.price(b) for b in both}"),
			fenced("prices"),
			modeltest.Turn{Function: "final_answer", Arguments: `{"answer": "book 5 costs 5.00"}`},
		))
		l := &library{}
		m := client(t, s, func(c *agent.OpenAIConfig) { c.Whole = whole })
		a := newAgent(t, s, agent.Config{Model: m, Tools: l.tools(t), Policy: policy(t, "tools: [{name: search}, {name: price}]\n"), Prices: agent.Prices{Prompt: 2.5, Completion: 10}})
		o := solve(t, a, "What does the book on the art of Go cost?")
		if o.Status != agent.Answered || o.Answer != "book 5 costs 5.00" || o.Turns != 5 || strings.Join(l.calls, ", ") != "search go, search art, price" {
			t.Errorf("%+v, calls %v", o, l.calls)
		}
		if string(o.Value) != `{"$type": "map", "items": [[5, 500]]}` {
			t.Errorf("value %s", o.Value)
		}
		wants(t, s.Requests()[0].Messages[0].Content, "def search(word: str)", "def price(book: int)", "20G fuel units", "20 messages")
		if strings.Contains(s.Requests()[0].Messages[0].Content, "def order") {
			t.Error("the model is told of a tool that the policy does not grant")
		}
		wants(t, told(t, s, 1), "completed", "result: [3,5]")
		wants(t, told(t, s, 2), "[5]")
		billed := s.Billed()
		if u := o.Spent.Tokens; u.Prompt != int64(billed.Prompt) || u.Completion != int64(billed.Completion) || u.Estimated != 0 {
			t.Errorf("spent %+v, the server counts %+v", u, billed)
		}
		if want := agent.Money(int64(billed.Prompt)*2500 + int64(billed.Completion)*10000); o.Spent.Cost != want || o.Spent.Turns != 5 || o.Spent.Fuel == 0 || o.Spent.HostCalls != 3 {
			t.Errorf("spent %+v, cost should be %s", o.Spent, want)
		}
	}
}

// TestRecovers: whatever goes wrong comes back as something to act on, and the conversation goes on.
func TestRecovers(t *testing.T) {
	s := serve(t, modeltest.ByTurn(
		fenced("x = [1, 2\nprint(x)"),                              // a syntax error
		fenced("import tools\nx = 1\ntools.order(5)"),              // a denied tool
		fenced("y = 1\nwhile True: pass"),                          // no end
		modeltest.Turn{Arguments: `{"code": "print(1`},             // garbled
		says("I think that it is done."),                           // no program, no answer
		fenced("print('x' in globals(), 'y' in globals())"),        // what failed has not happened
		says("Two:\n```python\na = 1\n```\n```python\nb = 2\n```"), // two programs
		fenced("print(a, 'b' in globals())\n7"),
		says("```python\n8\n```\nANSWER: 9"), // an answer before its program ran
		says("ANSWER: 8"),
	))
	l := &library{}
	a := newAgent(t, s, agent.Config{Tools: l.tools(t), Policy: policy(t, "tools: [{name: search}]\n"), Limits: runtime.Limits{Fuel: 300_000_000}})
	o := solve(t, a, "Find out.")
	if o.Status != agent.Answered || o.Answer != "8" || len(l.calls) != 0 {
		t.Fatalf("%+v", o)
	}
	for i, parts := range [][]string{
		{"SyntaxError", "line 1"}, {"denied", "order"}, {"stopped: fuel limit", "300M"}, {"run_code are not the JSON"}, {"neither a program", "```python"},
		{"False False"}, {"held 2 programs; only the first one ran"}, {"1 False", "result: 7"}, {"result: 8", "was not taken"},
	} {
		wants(t, told(t, s, i+1), parts...)
	}
	if u, billed := o.Spent.Tokens, s.Billed(); u.Total() != int64(billed.Total) {
		t.Errorf("spent %+v, the server counts %+v", u, billed)
	}
}

// TestFaults: a server that misbehaves is asked again within bounds; then the conversation stops, and goes on later where it was.
func TestFaults(t *testing.T) {
	s := serve(t, modeltest.ByTurn(
		modeltest.Turn{Text: fenced("x = 20").Text, Faults: []modeltest.Fault{modeltest.TooMany, modeltest.ServerDown, modeltest.Cut}},
		modeltest.Turn{Text: fenced("x += 1\nx").Text, Faults: []modeltest.Fault{modeltest.Endless, modeltest.Garbled, modeltest.Hang}},
		says("ANSWER: 21"),
	))
	m := client(t, s, func(c *agent.OpenAIConfig) { c.MaxAnswer, c.Idle = 20_000, 200*time.Millisecond })
	a := newAgent(t, s, agent.Config{Model: m})
	o := solve(t, a, "Count.")
	if o.Status != agent.Answered || o.Answer != "21" {
		t.Fatalf("%+v", o)
	}
	// What the server counted, and what broke off beside it, which nobody counted.
	if u, billed := o.Spent.Tokens, s.Billed(); u.Total()-u.Estimated != int64(billed.Total) || u.Estimated == 0 {
		t.Errorf("spent %+v, the server counts %+v", u, billed)
	}

	for fault, reason := range map[modeltest.Fault]error{
		modeltest.TooMany: agent.ErrModelBusy, modeltest.ServerDown: agent.ErrModelFailed, modeltest.Cut: agent.ErrModelCut, modeltest.Endless: agent.ErrModelEndless,
		modeltest.Garbled: agent.ErrModelGarbled, modeltest.Hang: agent.ErrModelSilent, modeltest.BadKey: agent.ErrModelKey, modeltest.NoModel: agent.ErrModelUnknown,
	} {
		for _, whole := range []bool{false, true} {
			faults := []modeltest.Fault{fault, fault}
			once := fault == modeltest.BadKey || fault == modeltest.NoModel
			if once {
				faults = faults[:1]
			}
			s := serve(t, modeltest.ByTurn(fenced("x = 20\nx"), modeltest.Turn{Text: fenced("x += 1\nx").Text, Faults: faults}, says("ANSWER: 21")))
			m := client(t, s, func(c *agent.OpenAIConfig) {
				c.MaxAnswer, c.Idle, c.Attempts, c.Whole = 20_000, 200*time.Millisecond, 2, whole
			})
			dir := filepath.Join(t.TempDir(), "agent")
			a := newAgent(t, s, agent.Config{Model: m, Dir: dir})
			o, err := a.Run(context.Background(), "Count.")
			var failed *agent.ModelError
			if !errors.Is(err, reason) || !errors.As(err, &failed) || o == nil || o.Status != agent.Stopped || !once && failed.Attempts != 2 {
				t.Errorf("%s, whole %v: %v, %+v", fault, whole, err, o)
				continue
			}
			if strings.Contains(err.Error(), "sk-test") {
				t.Errorf("%v names the key", err)
			}
			if o = solve(t, a, "Count."); o.Status != agent.Answered || o.Answer != "21" || string(o.Value) != "21" {
				t.Errorf("%s: after it came back: %+v", fault, o)
			}
			began := fault == modeltest.Cut || fault == modeltest.Endless || fault == modeltest.Garbled
			if u, billed := o.Spent.Tokens, s.Billed(); u.Total()-u.Estimated != int64(billed.Total) || began != (u.Estimated > 0) {
				t.Errorf("%s, whole %v: spent %+v, the server counts %+v", fault, whole, u, billed)
			}
		}
	}
	if _, err := newAgent(t, s, agent.Config{Model: client(t, s, func(c *agent.OpenAIConfig) { c.BaseURL, c.Attempts = "http://127.0.0.1:1/v1", 2 })}).Run(context.Background(), "x"); !errors.Is(err, agent.ErrModelUnreachable) {
		t.Error(err)
	}
}

// TestSaysNothing: a model that returns nothing is told so, a few times.
func TestSaysNothing(t *testing.T) {
	s := serve(t, modeltest.ByTurn())
	o := solve(t, newAgent(t, s, agent.Config{}), "Say something.")
	if o.Status != agent.Malformed || len(s.Requests()) != 4 || !strings.Contains(o.Reason, "empty") {
		t.Errorf("%+v, %d requests", o, len(s.Requests()))
	}
}

// TestBudgets: each of them ends the conversation, and says which it was.
func TestBudgets(t *testing.T) {
	endless := func(*modeltest.Request) modeltest.Turn { return fenced("sum(range(10**6))") }
	silent := func(*modeltest.Request) modeltest.Turn {
		return modeltest.Turn{Faults: []modeltest.Fault{modeltest.Hang}}
	}
	for _, test := range []struct {
		budget agent.Budget
		model  func(*modeltest.Request) modeltest.Turn
		reason string
	}{
		{agent.Budget{Turns: 3}, endless, "3 turns"},
		{agent.Budget{Tokens: 4000}, endless, "tokens"},
		{agent.Budget{Fuel: 100_000_000}, endless, "fuel of 100M"},
		{agent.Budget{Cost: agent.Dollar / 100}, endless, "$0.01"},
		{agent.Budget{Wall: 300 * time.Millisecond}, endless, "time of 300ms"},
		{agent.Budget{Wall: 300 * time.Millisecond}, silent, "time of 300ms"},
	} {
		s := serve(t, test.model)
		a := newAgent(t, s, agent.Config{Budget: test.budget, Prices: agent.Prices{Prompt: 1, Completion: 2}})
		o := solve(t, a, "Compute.")
		if o.Status != agent.Exhausted || !strings.Contains(strings.ReplaceAll(o.Reason, " ms", "ms"), test.reason) && test.reason != "$0.01" {
			t.Errorf("%+v: %s: %s", test.budget, o.Status, o.Reason)
		}
		u := o.Spent
		if test.budget.Turns > 0 && u.Turns != 3 || test.budget.Tokens > 0 && u.Tokens.Total() > 4000 || test.budget.Cost > 0 && u.Cost > test.budget.Cost || test.budget.Fuel > 0 && u.Fuel > 101_000_000 {
			t.Errorf("%+v: spent %+v", test.budget, u)
		}
	}
}

// TestLongOutput: output that no report has room for is kept in the conversation's folder, or not at all.
func TestLongOutput(t *testing.T) {
	spill := t.TempDir()
	t.Setenv("TMPDIR", spill)
	for _, dir := range []string{"", t.TempDir()} {
		s := serve(t, modeltest.ByTurn(fenced("print('x' * 300_000)"), says("ANSWER: long")))
		var report *runtime.Report
		a := newAgent(t, s, agent.Config{Dir: dir, OnEvent: func(e *agent.Event) error {
			if e.Kind == agent.EventReport {
				report = e.Report
			}
			return nil
		}})
		solve(t, a, "Print.")
		if left, err := os.ReadDir(spill); err != nil || len(left) > 0 {
			t.Errorf("%v is left in the folder for temporary files (%v)", left, err)
		}
		path := report.Truncated.StdoutPath
		if info, err := os.Stat(path); dir == "" && path != "" || dir != "" && (err != nil || info.Size() != 300_001 || !strings.HasPrefix(path, dir)) {
			t.Errorf("%q: %v", path, err)
		}
	}
}

// TestSystemPrompt: the model is told what there is, and nothing of the host.
func TestSystemPrompt(t *testing.T) {
	folder := t.TempDir()
	p := policy(t, "files: [{host: "+folder+", guest: /data, access: read}]\nnetwork: [{host: api.example.com, methods: [POST], paths: [/v1/*]}]\n")
	for language, parts := range map[compiler.Language][]string{
		compiler.Python:     {"Python 3.13", "```python", "import tools", "def read(path: str", "/work/in.csv (3 bytes)", "INPUT holds the task's input: {\"n\":1}", "Be brief."},
		compiler.JavaScript: {"JavaScript", "```javascript", "the global tools", "declare const tools"},
	} {
		a := newAgent(t, serve(t, modeltest.ByTurn()), agent.Config{
			Language: language, Policy: p, Files: []runtime.File{{Path: "in.csv", Data: []byte("a,b")}}, Input: []byte(`{"n":1}`), Extra: "Be brief.",
		})
		text, err := a.SystemPrompt("a task")
		if err != nil {
			t.Fatal(err)
		}
		wants(t, text, append(parts, "/data (folder or file, to read)", "HTTP to api.example.com: POST /v1/*", "30 s")...)
		if strings.Contains(text, folder) {
			t.Errorf("the prompt names a folder of the host:\n%s", text)
		}
	}
}

// TestJavaScript: the same in the other languages; TypeScript takes JavaScript too.
func TestJavaScript(t *testing.T) {
	for _, language := range []compiler.Language{compiler.JavaScript, compiler.TypeScript} {
		s := serve(t, modeltest.ByTurn(
			says("```"+string(language)+"\nconst found = await tools.search({word: 'go'});\nfound.map(x => x * 2)\n```"),
			says("```js\nnull.x\n```"),
			modeltest.Turn{Code: "let sum = 0; for (const b of found) sum += await tools.price(b); sum"},
			says("ANSWER: 800"),
		))
		l := &library{}
		o := solve(t, newAgent(t, s, agent.Config{Language: language, Dir: t.TempDir(), Tools: l.tools(t), Policy: policy(t, "tools: [{name: search}, {name: price}]\n")}), "Add up.")
		if o.Status != agent.Answered || string(o.Value) != "800" {
			t.Errorf("%s: %+v", language, o)
		}
		wants(t, told(t, s, 1), "[6,10]")
		wants(t, told(t, s, 2), "TypeError")
	}
}
