package hostfuncs_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"wand/hostfuncs"
	"wand/policies"
)

// deciderFunc is a Decider for tests.
type deciderFunc func(policies.Request) policies.Decision

func (f deciderFunc) Decide(q policies.Request) policies.Decision { return f(q) }

func callOne(t *testing.T, o hostfuncs.GateOptions, d *hostfuncs.Definition, args string) (json.RawMessage, *hostfuncs.Error, *hostfuncs.Gate) {
	t.Helper()
	r, err := hostfuncs.NewRegistry(d)
	if err != nil {
		t.Fatal(err)
	}
	o.Tools = r
	g := hostfuncs.NewGate(o)
	t.Cleanup(g.Close)
	p := g.Start(context.Background(), d.Name, []byte(args))
	<-p.Done()
	result, problem, fatal := p.Outcome()
	if fatal != nil {
		t.Fatal(fatal)
	}
	return result, problem, g
}

func TestAuthorizeCountsAndAsks(t *testing.T) {
	policy := deciderFunc(func(q policies.Request) policies.Decision {
		rule := "rule " + q.Resource.ID
		k := policies.Terms{Rule: rule}
		switch q.Resource.ID {
		case "once":
			k.MaxCalls = 1
		case "asked":
			k.Approve = true
		}
		return policies.Decision{Allowed: true, Rule: rule, Terms: []policies.Terms{k}}
	})
	d := hostfuncs.Tool("hop", "Goes on to another place.", func(ctx context.Context, in struct {
		To []string `json:"to"`
	}) (int, error) {
		for i, to := range in.To {
			if _, err := hostfuncs.Authorize(ctx, policies.Request{Action: "hop", Resource: policies.Resource{Type: policies.ResourceTool, ID: to}}); err != nil {
				return i, err
			}
		}
		return len(in.To), nil
	})
	if _, err, _ := callOne(t, hostfuncs.GateOptions{Policy: policy}, d, `{"to":["once","once"]}`); err != nil {
		t.Errorf("one call under one rule is one call, however often it asks: %v", err)
	}
	_, err, g := callOne(t, hostfuncs.GateOptions{Policy: policy}, d, `{"to":["asked"]}`)
	if err == nil || err.Type != hostfuncs.PermissionError || !strings.Contains(err.Message, "approve") {
		t.Errorf("nobody was there to approve, and the call went on: %v", err)
	}
	if calls := g.Calls(); calls[0].Decision != hostfuncs.DecisionDenied {
		t.Errorf("the journal says %s", calls[0].Decision)
	}
	asked := 0
	approve := func(context.Context, hostfuncs.Approval) (hostfuncs.Answer, error) {
		asked++
		return hostfuncs.Answer{Allowed: true}, nil
	}
	if _, err, _ := callOne(t, hostfuncs.GateOptions{Policy: policy, Approve: approve}, d, `{"to":["asked","asked"]}`); err != nil || asked != 1 {
		t.Errorf("asked %d times: %v", asked, err)
	}

	r, _ := hostfuncs.NewRegistry(d)
	g = hostfuncs.NewGate(hostfuncs.GateOptions{Policy: policy, Tools: r})
	defer g.Close()
	for i := range 2 {
		p := g.Start(context.Background(), "hop", []byte(`{"to":["once"]}`))
		<-p.Done()
		if _, err, _ := p.Outcome(); (err != nil) != (i == 1) {
			t.Errorf("call %d: %v", i+1, err)
		}
	}
}

func TestEffectOfACall(t *testing.T) {
	d := hostfuncs.Tool("do", "Does it.", func(_ context.Context, in struct {
		Read bool `json:"read"`
	}) (string, error) {
		return "done", nil
	})
	d.EffectOf = func(args json.RawMessage) hostfuncs.Effect {
		if strings.Contains(string(args), "true") {
			return hostfuncs.ReadOnly
		}
		return hostfuncs.Destructive
	}
	all := deciderFunc(func(policies.Request) policies.Decision { return policies.Decision{Allowed: true} })
	for args, want := range map[string]string{`{"read":true}`: `"done"`, `{"read":false}`: "null"} {
		if got, err, _ := callOne(t, hostfuncs.GateOptions{Policy: all, DryRun: true}, d, args); err != nil || string(got) != want {
			t.Errorf("%s: %s, %v", args, got, err)
		}
	}
}

func TestBytesOrText(t *testing.T) {
	d := hostfuncs.Tool("send", "Sends.", func(_ context.Context, in struct {
		Body hostfuncs.Bytes `json:"body"`
	}) (hostfuncs.Bytes, error) {
		if in.Body == nil {
			return nil, errors.New("nothing")
		}
		return append(in.Body, '!'), nil
	})
	all := deciderFunc(func(policies.Request) policies.Decision { return policies.Decision{Allowed: true} })
	for args, want := range map[string]string{
		`{"body":"é"}`: `{"$type":"bytes","value":"w6kh"}`,
		`{"body":{"$type":"bytes","value":"AP8="}}`:       `{"$type":"bytes","value":"AP8h"}`,
		`{"body":{"$type":"bytes","value":"not base64"}}`: "",
		`{"body":{"a":1}}`: "",
		`{"body":3}`:       "",
	} {
		got, err, _ := callOne(t, hostfuncs.GateOptions{Policy: all}, d, args)
		if string(got) != want || (err == nil) != (want != "") {
			t.Errorf("%s: %s, %v", args, got, err)
		}
		if err != nil && err.Type != hostfuncs.ArgumentError {
			t.Errorf("%s: %s is not the mistake of the program: %s", args, err.Type, err.Message)
		}
	}
}
