package eval_test

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"wand/modules"
	"wand/runtime"
	"wand/runtime/eval"
)

// TestMain leaves the examples out where the guests are not built; tests skip by themselves.
func TestMain(m *testing.M) {
	flag.Parse()
	if _, err := modules.Find("python"); errors.Is(err, modules.ErrNoGuest) && os.Getenv("CI") == "" {
		flag.Set("test.skip", "^Example")
	}
	os.Exit(m.Run())
}

// shared is one runtime for all tests: preparing a guest costs seconds without a cache.
var shared struct {
	once sync.Once
	rt   *runtime.Runtime
	err  error
}

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

func evaluator(t testing.TB, c eval.Config) *eval.Evaluator {
	t.Helper()
	c.Runtime = sharedRuntime(t)
	e, err := eval.New(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// dataset opens a data set that is not ours: from the folder in WAND_TESTDATA, or shared/data beside the repository. Where it is absent the test skips.
func dataset(t testing.TB, name string) *os.File {
	t.Helper()
	dir := os.Getenv("WAND_TESTDATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "data")
	}
	f, err := os.Open(filepath.Join(dir, filepath.FromSlash(name)))
	if err != nil {
		t.Skipf("no data set %s: %v (set WAND_TESTDATA to the folder that has it)", name, err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// judge runs all samples of a set and returns the results in the order of the samples.
func judge(t testing.TB, e *eval.Evaluator, set *eval.Set) []*eval.Result {
	t.Helper()
	results := make([]*eval.Result, len(set.Samples))
	err := e.Run(context.Background(), set, nil, func(r *eval.Result) error {
		results[r.Index] = r
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return results
}

func testFile(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}
