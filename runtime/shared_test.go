package runtime_test

import (
	"context"
	"errors"
	"os"
	"sync"
	"testing"

	"wand/modules"
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
