// Package env is the tools with which a program reads the variables that its policy grants. They come from a map, never from the host's own environment.
// It imports only hostfuncs and policies.
package env

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"wand/hostfuncs"
	"wand/policies"
)

// Config of the tools.
type Config struct {
	// Variables are what there is. A program reads those of them that its policy allows.
	Variables map[string]string
}

// Env makes the tools.
type Env struct{ variables map[string]string }

// New returns the tools of a configuration.
func New(c Config) *Env { return &Env{maps.Clone(c.Variables)} }

const getSchema = `{"type": "object", "properties": {
	"name": {"type": "string", "description": "name of the variable"},
	"default": {"description": "result when it is not set; null if left out"}
}, "required": ["name"], "additionalProperties": false}`

// Tools returns env.get and env.list.
func (e *Env) Tools() []*hostfuncs.Definition {
	get := hostfuncs.Dynamic("env.get", "Returns the value of an environment variable.", json.RawMessage(getSchema), func(_ context.Context, args json.RawMessage) (json.RawMessage, error) {
		in, err := parse(args)
		if err != nil {
			return nil, err
		}
		if value, ok := e.variables[in.Name]; ok {
			return json.Marshal(value)
		}
		return in.Default, nil
	})
	get.Effect = hostfuncs.ReadOnly
	get.Actions = []policies.Action{policies.ActionEnv}
	get.Requests = func(args json.RawMessage) ([]policies.Request, error) {
		in, err := parse(args)
		return []policies.Request{variable(in.Name)}, err
	}

	list := hostfuncs.Tool("env.list", "Returns the names of the environment variables that are set.", func(context.Context, struct{}) ([]string, error) {
		return e.names(), nil
	})
	list.Effect = hostfuncs.ReadOnly
	// The names are the program's to know when it may read every one of them.
	list.Actions = []policies.Action{"env.list"}
	list.Requests = func(json.RawMessage) ([]policies.Request, error) {
		requests := []policies.Request{}
		for _, name := range e.names() {
			requests = append(requests, variable(name))
		}
		if len(requests) == 0 {
			return []policies.Request{{Action: "env.list", Resource: policies.Resource{Type: policies.ResourceTool, ID: "env.list"}}}, nil
		}
		return requests, nil
	}
	return []*hostfuncs.Definition{get, list}
}

func variable(name string) policies.Request {
	return policies.Request{Action: policies.ActionEnv, Resource: policies.Resource{Type: policies.ResourceVariable, ID: name}}
}

func (e *Env) names() []string {
	return append([]string{}, slices.Sorted(maps.Keys(e.variables))...)
}

type getArgs struct {
	Name    string
	Default json.RawMessage
}

func parse(args json.RawMessage) (in getArgs, err error) {
	err = json.Unmarshal(args, &in)
	return in, err
}
