package random_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"

	"wand/hostfuncs"
	"wand/hostfuncs/internal/tooltest"
	"wand/hostfuncs/random"
)

func newRun(t *testing.T, source io.Reader) *tooltest.Run {
	return tooltest.New(t, func(ctx context.Context) context.Context {
		if source == nil {
			return ctx
		}
		return random.With(ctx, source)
	}, random.New(random.Config{}).Tools()...)
}

func TestSeededIsTheSameEachTime(t *testing.T) {
	draw := func(seed byte) string {
		run := newRun(t, random.NewSeeded([32]byte{seed}))
		var b strings.Builder
		for _, call := range [][2]string{{"bytes", `[5]`}, {"integer", `[1, 1000000]`}, {"float", `{}`}, {"choice", `[["a", {"b": 1.0}, 9007199254740993]]`}, {"uuid", `{}`}} {
			b.WriteString(run.Call("random."+call[0], call[1]) + " ")
		}
		return b.String()
	}
	if a, b := draw(1), draw(1); a != b {
		t.Errorf("the same seed gave %s and %s", a, b)
	}
	if a, b := draw(1), draw(2); a == b {
		t.Errorf("two seeds gave %s", a)
	}
}

func TestRanges(t *testing.T) {
	run := newRun(t, random.NewSeeded([32]byte{7}))
	seen := map[string]int{}
	for range 600 {
		seen[run.Call("random.integer", `{"min": -1, "max": 1}`)]++
		seen[run.Call("random.choice", `{"items": ["x", "y"]}`)]++
		var f float64
		if err := json.Unmarshal([]byte(run.Call("random.float", `{}`)), &f); err != nil || f < 0 || f >= 1 {
			t.Fatalf("float %v, %v", f, err)
		}
	}
	for v, least := range map[string]int{"-1": 120, "0": 120, "1": 120, `"x"`: 200, `"y"`: 200} {
		if seen[v] < least {
			t.Errorf("%s came %d times of 600", v, seen[v])
		}
		delete(seen, v)
	}
	if len(seen) > 0 {
		t.Errorf("out of range: %v", seen)
	}
	if got := run.Call("random.integer", `[5, 5]`); got != "5" {
		t.Errorf("one value to choose from, and it gave %s", got)
	}
	run.Call("random.integer", `[-9007199254740991, 9007199254740991]`)
}

func TestSecureSource(t *testing.T) {
	run := newRun(t, nil)
	a, b := run.Call("random.bytes", `{"n": 65536}`), run.Call("random.bytes", `{"n": 65536}`)
	if a == b || len(a) < 87384 || !strings.Contains(a, `"$type":"bytes"`) {
		t.Errorf("65536 random bytes: %d of JSON, %.60s", len(a), a)
	}
	uuid := regexp.MustCompile(`^"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"$`)
	if u := run.Call("random.uuid", `{}`); !uuid.MatchString(u) {
		t.Errorf("uuid %s", u)
	}
	if got, want := run.Call("random.bytes", `[0]`), `{"$type":"bytes","value":""}`; got != want {
		t.Errorf("no bytes: %s", got)
	}
}

func TestBadArguments(t *testing.T) {
	run := newRun(t, nil)
	for _, c := range [][2]string{
		{"bytes", `[65537]`}, {"bytes", `[-1]`}, {"bytes", `[1.5]`}, {"bytes", `["1"]`}, {"bytes", `{}`},
		{"integer", `[2, 1]`}, {"integer", `[0, 9007199254740992]`}, {"integer", `[-9223372036854775808, 0]`}, {"integer", `[1e400, 2]`}, {"integer", `[1]`},
		{"choice", `[[]]`}, {"choice", `["abc"]`}, {"choice", `[null]`}, {"choice", `{}`}, {"float", `[1]`}, {"uuid", `{"x": 1}`},
	} {
		if err := run.Fail("random."+c[0], c[1]); err.Type != hostfuncs.ArgumentError {
			t.Errorf("%s(%s): %+v", c[0], c[1], err)
		}
	}
}

func TestFailingSource(t *testing.T) {
	run := newRun(t, iotest.ErrReader(fmt.Errorf("open /dev/random: no such device")))
	for _, name := range []string{"bytes", "uuid", "float", "integer", "choice"} {
		args := map[string]string{"bytes": `[1]`, "integer": `[1, 2]`, "choice": `[[1]]`}[name]
		if args == "" {
			args = `{}`
		}
		if err := run.Fail("random."+name, args); err.Type != hostfuncs.ToolError || strings.Contains(err.Message, "/dev") {
			t.Errorf("%s: %+v", name, err)
		}
	}
}
