package runtime

import (
	"context"

	"wand/hostfuncs"
	"wand/hostfuncs/fs"
	"wand/policies"
)

// Stubs returns the tools that a program under a policy could call, as a model is told of them. own are an embedder's, as Options.Tools.
// What the policy grants is opened for it, MCP servers among it.
func (rt *Runtime) Stubs(ctx context.Context, p *policies.Policy, own *hostfuncs.Registry) (*hostfuncs.Stubs, error) {
	a, release, err := rt.authority(ctx, p)
	if err != nil {
		return nil, err
	}
	defer release()
	tools, err := rt.tools(a.kit.Tools, own)
	if err != nil {
		return nil, err
	}
	gate := hostfuncs.NewGate(hostfuncs.GateOptions{Tools: tools, Policy: fs.WithScratch(a.engine)})
	defer gate.Close()
	return gate.Stubs(), nil
}
