package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"wand/compiler"
	"wand/hostfuncs"
	"wand/policies"
	"wand/runtime"
)

// answerTool is the tool by which a program asks the model of its own conversation. Stubs of undefined functions call it.
const answerTool = "agent.answer"

// question is what a stub asks.
type question struct {
	Function string          `json:"function" jsonschema:"the function that is called"`
	Args     json.RawMessage `json:"args"`
	Kwargs   json.RawMessage `json:"kwargs"`
	Line     string          `json:"line" jsonschema:"the line of the program that calls it"`
}

// addTools adds the agent's own tools and grants them.
func (a *Agent) addTools() error {
	c := &a.config
	if c.Skills != nil {
		library := c.Skills.Library(c.Runtime)
		own, err := library.Tools()
		if err == nil && c.Tools != nil {
			own, err = c.Tools.With(own)
		}
		if err != nil {
			return err
		}
		c.Tools = own
		if c.Language == compiler.Python {
			c.Packages = append(library.Packages(), c.Packages...) // first, so that no package stands before the skills
		}
	}
	if !c.Strategy.Undefined {
		return nil
	}
	answer := hostfuncs.Tool(answerTool, "Answers a call of a function that is not defined.", func(ctx context.Context, in question) (json.RawMessage, error) {
		conversation, _ := ctx.Value(conversationKey{}).(*conversation)
		if conversation == nil {
			return nil, errors.New("there is no conversation to ask")
		}
		return conversation.simulate(ctx, in)
	})
	answer.Effect = hostfuncs.Idempotent // it changes nothing, but costs
	answer.Timeout = DefaultTimeout
	own, err := hostfuncs.NewRegistry(answer)
	if err != nil {
		return err
	}
	if c.Tools != nil {
		if own, err = c.Tools.With(own); err != nil {
			return err
		}
	}
	grant, err := policies.Allow(answerTool)
	if err != nil {
		return err
	}
	policy := grant
	if c.Policy != nil {
		grant.Name = ""
		if policy, err = policies.Merge(c.Policy, grant); err != nil {
			return err
		}
	}
	c.Tools, c.Policy = own, policy
	c.Extra = strings.TrimSpace(c.Extra + "\nWhere a step needs judgement rather than computation, call a function that says by its name and arguments what you want to know, such as " +
		"is_sarcastic(text), and do not define it: a language model answers the call.")
	return nil
}

// scan lists the functions that a program calls and nobody has defined, with the line of their first call. It runs in a fork of the session.
const scan = `
def __wand_scan(source):
    import ast, builtins
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    bound, called = set(), {}
    for n in ast.walk(tree):
        if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            bound.add(n.name)
        elif isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load):
            bound.add(n.id)
        elif isinstance(n, ast.arg):
            bound.add(n.arg)
        elif isinstance(n, (ast.Import, ast.ImportFrom)):
            for a in n.names:
                if a.name == '*':
                    return []
                bound.add((a.asname or a.name).split('.')[0])
        elif isinstance(n, ast.ExceptHandler) and n.name:
            bound.add(n.name)
        elif isinstance(n, (ast.MatchAs, ast.MatchStar)) and n.name:
            bound.add(n.name)
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Name):
            called.setdefault(n.func.id, n.lineno)
    lines = source.splitlines()
    return [[name, lines[at - 1].strip()[:200]] for name, at in called.items() if name not in bound and name not in globals() and not hasattr(builtins, name)]
__wand_scan(%s)
`

// provided makes stubs of functions, as builtins, so that they are nobody's variables.
const provided = `
def __wand_provide(functions):
    import builtins, json, tools
    def stub(name, line):
        def call(*args, **kwargs):
            return tools.agent.answer(function=name, args=list(args), kwargs=kwargs, line=line)
        call.__name__ = call.__qualname__ = name
        return call
    for name, line in json.loads(functions):
        setattr(builtins, name, stub(name, line))
__wand_provide(%s)
del __wand_provide
`

// provide defines what a program calls and nobody has defined.
func (c *conversation) provide(ctx context.Context, s *runtime.Session, program string) error {
	if !c.agent.config.Strategy.Undefined {
		return nil
	}
	fork, err := s.Fork()
	if err != nil {
		return err
	}
	defer fork.Close()
	found, err := helper(ctx, fork, scan, program)
	if err != nil || found.Status != runtime.Completed || string(found.Result) == "[]" {
		return err // a program that cannot be looked at says by itself what is wrong
	}
	done, err := helper(ctx, s, provided, string(found.Result))
	if err == nil {
		c.spend(done)
	}
	if err == nil && done.Status != runtime.Completed {
		err = fmt.Errorf("functions cannot be provided: %s", done.Feedback(100))
	}
	return err
}

// helper runs a program of ours in a session, with a text in it. The text is not given as INPUT, which is the task's.
func helper(ctx context.Context, s *runtime.Session, program, text string) (*runtime.Report, error) {
	m, diagnostics, err := compiler.Compile(ctx, s.Source(fmt.Sprintf(program, quoted(text)))) // what JSON escapes Python reads the same way
	if err != nil || m == nil {
		return nil, fmt.Errorf("a program of our own: %v %w", diagnostics, err)
	}
	return s.Run(ctx, m, runtime.TurnOptions{})
}

const simulateText = `You stand in for a function that a program calls and nobody has defined. Say what it returns, judging by its name, its arguments and the line that calls it.
Answer with the value as JSON on one line, and nothing else: no explanation, no code block.`

// simulate has the model answer a call.
func (c *conversation) simulate(ctx context.Context, q question) (json.RawMessage, error) {
	c.stepMu.Lock()
	step := c.step + "." + strconv.Itoa(hostfuncs.SeqOf(ctx))
	c.stepMu.Unlock()
	if why := c.account.over(); why != "" {
		return nil, &hostfuncs.Error{Type: hostfuncs.ToolError, Message: q.Function + " cannot be answered: " + why, Hint: "define it, or go on without it"}
	}
	call := fmt.Sprintf("function: %s\narguments: %s\nkeyword arguments: %s\nline: %s", q.Function, q.Args, q.Kwargs, q.Line)
	answer, err := c.ask(ctx, step, []Message{{Role: RoleSystem, Content: simulateText}, {Role: RoleUser, Content: call}}, false)
	if err != nil {
		return nil, &hostfuncs.Error{Type: hostfuncs.ToolError, Message: q.Function + " cannot be answered: " + err.Error(), Hint: "define it, or go on without it"}
	}
	return valueOf(answer.Content), nil
}

// valueOf is the JSON value that a text is, however it was wrapped; a text that is none is itself.
func valueOf(text string) json.RawMessage {
	text = strings.TrimSpace(text)
	if blocks := compiler.Blocks(text); len(blocks) > 0 {
		text = strings.TrimSpace(blocks[0].Text)
	}
	switch text {
	case "True":
		return json.RawMessage("true")
	case "False":
		return json.RawMessage("false")
	case "None":
		return json.RawMessage("null")
	}
	if json.Valid([]byte(text)) {
		return json.RawMessage(text)
	}
	return quoted(text)
}
