// Package loop_test holds one example for each thing that execution gives a model. They run as tests. Where there is a model, it is a script of ours
// (modeltest): replace BaseURL and Model with those of a real server, and the rest stays as it is.
package loop_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "modernc.org/sqlite"

	"wand/compiler"
	"wand/hostfuncs"
	"wand/modules"
	"wand/policies"
	"wand/runtime"
	"wand/runtime/agent"
	"wand/runtime/agent/modeltest"
	"wand/runtime/skills"
)

var (
	ctx = context.Background()
	rt  *runtime.Runtime
)

func TestMain(m *testing.M) {
	_, missing := modules.Find("python")
	if errors.Is(missing, modules.ErrNoGuest) && os.Getenv("CI") == "" {
		fmt.Println("skipped:", missing)
		return
	}
	rt = must(runtime.New(ctx, runtime.Config{}))
	code := m.Run()
	rt.Close(ctx)
	os.Exit(code)
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// scripted is a model that says what it is told to, turn by turn.
func scripted(turns ...string) (agent.Model, func()) {
	var list []modeltest.Turn
	for _, text := range turns {
		list = append(list, modeltest.Turn{Text: text})
	}
	server := modeltest.New(modeltest.ByTurn(list...))
	return must(agent.NewOpenAI(agent.OpenAIConfig{BaseURL: server.BaseURL(), Model: "scripted"})), server.Close
}

func program(text string) string { return "```python\n" + text + "\n```" }

// show prints how a program ended.
func show(r *runtime.Report) {
	fmt.Println(strings.TrimSpace(string(r.Status) + " " + string(r.Result)))
}

// solve has an agent work on a task, and prints how it ended.
func solve(c agent.Config, task string) *agent.Outcome {
	c.Runtime = rt
	outcome := must(must(agent.New(ctx, c)).Run(ctx, task))
	fmt.Println(outcome.Status, outcome.Answer)
	return outcome
}

// Program of thought: the model writes the computation down and leaves the computing to the sandbox.
func Example_programOfThought() {
	model, end := scripted(
		program("rate, years, paid = 0.035, 12, 1500\ntotal = sum(paid * (1 + rate) ** (years - n) for n in range(years))\nround(total, 2)"),
		"ANSWER: 22669.55",
	)
	defer end()
	outcome := solve(agent.Config{Model: model}, "1500 are paid in at the start of each of 12 years, at 3.5% interest. What is there in the end?")
	defer outcome.Close()
	fmt.Println("computed:", string(outcome.Value))
	// Output:
	// answered 22669.55
	// computed: 22669.55
}

// Self-debugging: a test fails, the feedback shows both sides, the model explains and repairs.
func Example_selfDebug() {
	model, end := scripted(
		program("def roman(n):\n    out = ''\n    for value, sign in [(10, 'X'), (5, 'V'), (1, 'I')]:\n        while n >= value:\n            out, n = out + sign, n - value\n    return out\nassert roman(4) == 'IV'"),
		"The loop only ever adds signs: four becomes IIII. Pairs that subtract are missing.\n"+
			program("def roman(n):\n    out = ''\n    for value, sign in [(10, 'X'), (9, 'IX'), (5, 'V'), (4, 'IV'), (1, 'I')]:\n        while n >= value:\n            out, n = out + sign, n - value\n    return out\nassert roman(4) == 'IV'"),
		"ANSWER: roman",
	)
	defer end()
	outcome := solve(agent.Config{
		Model: model, Strategy: agent.Strategy{Explain: true}, Check: agent.HiddenTests("assert roman(19) == 'XIX'", "assert roman(8) == 'VIII'"),
		OnEvent: func(e *agent.Event) error {
			if e.Kind == agent.EventTold {
				headline, _, _ := strings.Cut(e.Told, "\n")
				fmt.Println(strings.Split(headline, " (")[0])
			}
			return nil
		},
	}, "Write roman(n) for n up to 39.")
	defer outcome.Close()
	fmt.Println("passed:", outcome.Verdict.Passed)
	// Output:
	// failed: AssertionError
	// completed
	// answered roman
	// passed: true
}

// A tool program: one program calls tools in a loop, side by side, and does with their results what would have taken many messages.
func Example_toolProgram() {
	prices := map[string]float64{"bolt": 1.25, "nut": 0.5, "washer": 0.25}
	price := hostfuncs.Tool("price", "The price of a part.", func(_ context.Context, in struct {
		Part string `json:"part"`
	}) (float64, error) {
		return prices[in.Part], nil
	})
	price.Effect = hostfuncs.ReadOnly
	model, end := scripted(
		program("import asyncio, tools\nparts = {'bolt': 8, 'nut': 8, 'washer': 16}\nasync def cost(part, n):\n    return n * await tools.aio.price(part)\n"+
			"async def total():\n    return sum(await asyncio.gather(*(cost(p, n) for p, n in parts.items())))\nasyncio.run(total())"),
		"ANSWER: 18.00",
	)
	defer end()
	outcome := solve(agent.Config{Model: model, Tools: must(hostfuncs.NewRegistry(price)), Policy: must(policies.Allow("price"))}, "What do 8 bolts, 8 nuts and 16 washers cost?")
	defer outcome.Close()
	fmt.Println(string(outcome.Value), "with", outcome.Spent.HostCalls, "calls in", outcome.Turns, "turns")
	// Output:
	// answered 18.00
	// 18.0 with 3 calls in 2 turns
}

// arm is a robot that can hold one thing. Each primitive checks its precondition and says what would establish it.
type arm struct{ at, holding string }

func (r *arm) tools() *hostfuncs.Registry {
	type thing struct {
		Thing string `json:"thing"`
	}
	refuse := func(message, hint string) (string, error) {
		return "", &hostfuncs.Error{Type: hostfuncs.ToolError, Message: message, Hint: hint}
	}
	return must(hostfuncs.NewRegistry(
		hostfuncs.Tool("arm.move", "Moves the arm to a thing.", func(_ context.Context, in thing) (string, error) {
			r.at = in.Thing
			return "at " + in.Thing, nil
		}),
		hostfuncs.Tool("arm.grasp", "Grasps a thing. The arm has to be there, and empty.", func(_ context.Context, in thing) (string, error) {
			switch {
			case r.at != in.Thing:
				return refuse("the arm is not at "+in.Thing, "call arm.move first")
			case r.holding != "":
				return refuse("the arm holds "+r.holding, "call arm.release first")
			}
			r.holding = in.Thing
			return "holding " + in.Thing, nil
		}),
		hostfuncs.Tool("arm.release", "Puts down what the arm holds.", func(context.Context, struct{}) (string, error) {
			if r.holding == "" {
				return refuse("the arm holds nothing", "call arm.grasp first")
			}
			held := r.holding
			r.holding = ""
			return "put down " + held + " at " + r.at, nil
		}),
	))
}

// Robot primitives: preconditions are checked where the arm is, the policy says what must never be touched, and the model hears of both.
func Example_robotPrimitives() {
	policy := must(policies.Parse("robot.yaml", []byte(`
version: 1
tools: [{name: arm.*}]
forbid: [{name: arm.grasp, when: 'context.args.thing == "knife"', reason: "sharp things are for people"}]
`)))
	model, end := scripted(
		program("from tools import arm\narm.grasp('cup')"),
		program("from tools import arm\narm.move('cup')\narm.grasp('cup')\narm.move('shelf')\narm.release()"),
		program("from tools import arm\narm.move('knife')\narm.grasp('knife')"),
		"ANSWER: the cup is on the shelf; the knife is for people",
	)
	defer end()
	robot := &arm{}
	outcome := solve(agent.Config{Model: model, Tools: robot.tools(), Policy: policy, OnEvent: func(e *agent.Event) error {
		if e.Kind == agent.EventReport {
			if f := e.Report.Error; f != nil {
				fmt.Println(e.Report.Status, f.Message)
			} else {
				show(e.Report)
			}
		}
		return nil
	}}, "Put cup and knife on the shelf.")
	defer outcome.Close()
	// Output:
	// failed the arm is not at cup
	// completed "put down cup at shelf"
	// denied not allowed: sharp things are for people (rule forbid[0])
	// answered the cup is on the shelf; the knife is for people
}

// Skill reuse: one agent proposes a function, which is admitted because its test passes; another one, later, is told of it and imports it.
func Example_skillReuse() {
	dir := must(os.MkdirTemp("", "skills"))
	defer os.RemoveAll(dir)
	store := must(skills.Open(dir))
	policy := must(policies.Allow("skills.*"))
	first, end := scripted(
		program("import tools\nsource = '''def slug(title):\n    \"\"\"A title as part of an address.\"\"\"\n    return \"-\".join(title.lower().split())\n'''\n"+
			"test = 'from skills import slug\\nassert slug(\"Hello  World\") == \"hello-world\"'\ntools.skills.propose(source=source, test=test)['version']"),
		"ANSWER: added",
	)
	defer end()
	solve(agent.Config{Model: first, Skills: store, Policy: policy}, "Write a function that makes addresses of titles, and keep it.").Close()

	second, end := scripted(program("from skills import slug\nslug('The Quick Fox')"), "ANSWER: the-quick-fox")
	defer end()
	outcome := solve(agent.Config{Model: second, Skills: store, Policy: policy, OnEvent: func(e *agent.Event) error {
		if e.Kind == agent.EventStart {
			fmt.Println("told of it:", strings.Contains(e.Start.System, "slug(title)  # A title as part of an address."))
		}
		return nil
	}}, "Which address has the title The Quick Fox?")
	defer outcome.Close()
	fmt.Println(string(outcome.Value))
	// Output:
	// answered added
	// told of it: true
	// answered the-quick-fox
	// "the-quick-fox"
}

// An interactive session: state goes on from turn to turn, a failed turn leaves none, and a fork tries something else.
func Example_interactiveSession() {
	turn := func(s *runtime.Session, text string) {
		module, _, err := rt.Compile(ctx, s.Source(text))
		if err != nil {
			panic(err)
		}
		report := must(s.Run(ctx, module, runtime.TurnOptions{}))
		show(report)
	}
	session := must(rt.NewSession(ctx, runtime.SessionOptions{Language: compiler.Python}))
	defer session.Close()
	turn(session, "stock = {'bolt': 10}\nstock")
	turn(session, "stock['bolt'] -= 3\nstock['nut'] -= 1")
	turn(session, "stock")
	fork := must(session.Fork())
	defer fork.Close()
	turn(fork, "stock['bolt'] = 0\nstock")
	turn(session, "stock")
	// Output:
	// completed {"bolt": 10}
	// failed
	// completed {"bolt": 10}
	// completed {"bolt": 0}
	// completed {"bolt": 10}
}

// SQL: a database is granted to read; the program asks it and computes with the rows. What would change it is refused.
func Example_sql() {
	dir := must(os.MkdirTemp("", "sales"))
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "sales.db")
	db := must(sql.Open("sqlite", file))
	must(db.Exec("CREATE TABLE orders (customer TEXT, amount REAL); INSERT INTO orders VALUES ('Ada', 120), ('Grace', 80), ('Ada', 40), ('Alan', 150)"))
	db.Close()
	model, end := scripted(
		program("import tools\ntools.sql.query('sales', \"DELETE FROM orders WHERE customer = 'Alan'\")"),
		program("import tools\nrows = tools.sql.query('sales', 'SELECT customer, SUM(amount) AS total FROM orders GROUP BY customer ORDER BY total DESC')\nrows"),
		"ANSWER: Ada",
	)
	defer end()
	policy := must(policies.Allow("sql:" + file))
	outcome := solve(agent.Config{Model: model, Policy: policy, OnEvent: func(e *agent.Event) error {
		if e.Kind == agent.EventReport {
			show(e.Report)
		}
		return nil
	}}, "Who bought most?")
	defer outcome.Close()
	// Output:
	// denied
	// completed {"columns": ["customer", "total"], "rows": [["Ada", 160.0], ["Alan", 150.0], ["Grace", 80.0]], "truncated": false}
	// answered Ada
}

// Hand-over: one agent gathers, another one with other tools goes on with its variables; both are paid from one account.
func Example_handOver() {
	read := hostfuncs.Tool("inbox.read", "Reads the orders.", func(context.Context, struct{}) ([]int, error) { return []int{3, 4, 5}, nil })
	send := hostfuncs.Tool("mail.send", "Sends a mail.", func(_ context.Context, in struct {
		Text string `json:"text"`
	}) (string, error) {
		return "sent: " + in.Text, nil
	})
	tools := must(hostfuncs.NewRegistry(read, send))
	account := agent.NewAccount(agent.Budget{Turns: 6}, agent.Prices{Prompt: 1, Completion: 2})

	gatherer, end := scripted(program("import tools\norders = tools.inbox.read()"), "ANSWER: they are in the variable orders")
	defer end()
	gathered := solve(agent.Config{Model: gatherer, Tools: tools, Policy: must(policies.Allow("inbox.read")), Account: account.Share(agent.Budget{Turns: 3})}, "Read the orders.")
	defer gathered.Close()

	sender, end := scripted(
		program("import tools\ntools.inbox.read()"),
		program("import tools\ntools.mail.send(f'{len(orders)} orders, {sum(orders)} pieces')"),
		"ANSWER: sent",
	)
	defer end()
	sent := solve(agent.Config{Model: sender, Tools: tools, Policy: must(policies.Allow("mail.send")), Account: account, From: gathered.Session, OnEvent: func(e *agent.Event) error {
		if e.Kind == agent.EventReport {
			show(e.Report)
		}
		return nil
	}}, "Mail a summary. "+gathered.Answer)
	defer sent.Close()
	fmt.Println(account.Spent().Turns, "of", account.Budget().Turns, "turns")
	// Output:
	// answered they are in the variable orders
	// denied
	// completed "sent: 3 orders, 12 pieces"
	// answered sent
	// 5 of 6 turns
}
