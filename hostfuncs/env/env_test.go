package env_test

import (
	"slices"
	"testing"

	"wand/hostfuncs"
	"wand/hostfuncs/env"
	"wand/hostfuncs/internal/tooltest"
)

func TestEnv(t *testing.T) {
	t.Setenv("WAND_ENV_TEST", "the host's own")
	run := tooltest.New(t, nil, env.New(env.Config{Variables: map[string]string{"LANG": "C.UTF-8", "EMPTY": "", "MODE": "<a & b>"}}).Tools()...)
	for _, c := range []struct{ tool, args, want string }{
		{"env.get", `["LANG"]`, `"C.UTF-8"`},
		{"env.get", `{"name": "EMPTY", "default": 1}`, `""`},
		{"env.get", `["lang"]`, `null`},
		{"env.get", `["WAND_ENV_TEST"]`, `null`},
		{"env.get", `["X", "other"]`, `"other"`},
		{"env.get", `{"name": "X", "default": {"a": [1.0]}}`, `{"a": [1.0]}`},
		{"env.list", `{}`, `["EMPTY","LANG","MODE"]`},
	} {
		if got := run.Call(c.tool, c.args); got != c.want {
			t.Errorf("%s(%s) = %s, want %s", c.tool, c.args, got, c.want)
		}
	}
	run.Asked()
	run.Call("env.get", `["A B"]`)
	run.Call("env.list", `{}`)
	if got, want := run.Asked(), []string{"env.get Variable A B", "env.get Variable EMPTY", "env.get Variable LANG", "env.get Variable MODE"}; !slices.Equal(got, want) {
		t.Errorf("asked %q, want %q", got, want)
	}
	for _, args := range []string{`{}`, `[1]`, `[null]`, `["a", "b", "c"]`, `{"name": "a", "x": 1}`} {
		if err := run.Fail("env.get", args); err.Type != hostfuncs.ArgumentError {
			t.Errorf("env.get(%s): %+v", args, err)
		}
	}
}

func TestNoVariables(t *testing.T) {
	run := tooltest.New(t, nil, env.New(env.Config{}).Tools()...)
	if got := run.Call("env.list", `{}`); got != "[]" {
		t.Errorf("list: %s", got)
	}
	if got, want := run.Asked(), []string{"env.list Tool env.list"}; !slices.Equal(got, want) {
		t.Errorf("asked %q, want %q", got, want)
	}
}
