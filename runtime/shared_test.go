package runtime_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"sync"
	"testing"

	"wand/hostfuncs"
	"wand/modules"
	"wand/policies"
	"wand/runtime"
)

// One runtime serves all tests that need no other: preparing a guest costs seconds without a cache.
var shared struct {
	once sync.Once
	rt   *runtime.Runtime
	err  error
}

func sharedRuntime(t testing.TB) *runtime.Runtime {
	t.Helper()
	needGuests(t)
	shared.once.Do(func() { shared.rt, shared.err = runtime.New(context.Background(), runtime.Config{}) })
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.rt
}

// needGuests skips a test where the guests are not built; in CI that is a failure.
func needGuests(t testing.TB) {
	t.Helper()
	for _, name := range []string{"python", "javascript"} {
		if _, err := modules.Find(name); errors.Is(err, modules.ErrNoGuest) && os.Getenv("CI") == "" {
			t.Skip(err)
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// toolFunc is a tool in its simplest form.
type toolFunc = func(ctx context.Context, args json.RawMessage) (json.RawMessage, error)

// registry holds tools that take whatever they are given.
func registry(t testing.TB, tools map[string]toolFunc) *hostfuncs.Registry {
	t.Helper()
	var definitions []*hostfuncs.Definition
	for name, f := range tools {
		definitions = append(definitions, hostfuncs.Dynamic(name, "A tool of a test.", json.RawMessage(`{"type": "object"}`), f))
	}
	r, err := hostfuncs.NewRegistry(definitions...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// everyTool grants every tool there is.
var everyTool = &policies.Policy{Version: 1, Tools: []policies.ToolGrant{{Name: "*"}}}
