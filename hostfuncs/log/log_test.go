package log_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"wand/hostfuncs"
	"wand/hostfuncs/internal/tooltest"
	"wand/hostfuncs/log"
)

func newRun(t *testing.T) (*tooltest.Run, *log.Collector) {
	c := &log.Collector{Now: func() time.Time { return time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC) }}
	return tooltest.New(t, func(ctx context.Context) context.Context { return log.With(ctx, c) }, log.New(log.Config{}).Tools()...), c
}

func TestEntries(t *testing.T) {
	run, c := newRun(t)
	run.Call("log.info", `["started"]`)
	run.Call("log.warn", `{"$args": ["slow"], "took": 1.0, "level": "mine", "of": {"$type": "tuple", "items": [1, 2]}}`)
	run.Call("log.debug", `{"message": ""}`)
	run.Call("log.error", `{"message": "failed"}`)
	got, err := json.Marshal(c.Entries())
	want := `[{"time":"2026-01-31T12:00:00Z","level":"info","message":"started"},` +
		`{"time":"2026-01-31T12:00:00Z","level":"warn","message":"slow","fields":{"level":"mine","of":[1,2],"took":1}},` +
		`{"time":"2026-01-31T12:00:00Z","level":"debug","message":""},` +
		`{"time":"2026-01-31T12:00:00Z","level":"error","message":"failed"}]`
	if err != nil || string(got) != want {
		t.Errorf("entries\n%s, want\n%s (%v)", got, want, err)
	}
}

func TestEntryIsCut(t *testing.T) {
	run, c := newRun(t)
	run.Call("log.info", fmt.Sprintf(`{"message": %q, "a": 1}`, strings.Repeat("é", log.MaxEntryBytes)))
	run.Call("log.info", fmt.Sprintf(`{"message": "short", "a": 1, "b": %q, "c": 2}`, strings.Repeat("x", log.MaxEntryBytes)))
	e := c.Entries()
	if len(e) != 2 || !e[0].Truncated || len(e[0].Message) != log.MaxEntryBytes || e[0].Fields != nil {
		t.Errorf("a long message: %d entries, %d bytes, %v", len(e), len(e[0].Message), e[0].Fields)
	}
	if !e[1].Truncated || len(e[1].Fields) != 2 || string(e[1].Fields["c"]) != "2" {
		t.Errorf("a long field: %+v", e[1])
	}
}

func TestFullLogCountsWhatItDrops(t *testing.T) {
	run, c := newRun(t)
	for range log.MaxEntries + 5 {
		run.Call("log.info", `["x"]`)
	}
	if len(c.Entries()) != log.MaxEntries || c.Dropped() != 5 {
		t.Errorf("%d entries, %d dropped", len(c.Entries()), c.Dropped())
	}

	run, c = newRun(t)
	args := fmt.Sprintf(`["%s"]`, strings.Repeat("x", log.MaxEntryBytes))
	for range 40 {
		run.Call("log.info", args)
	}
	if len(c.Entries()) != log.MaxBytes/log.MaxEntryBytes || c.Dropped() != 8 {
		t.Errorf("%d entries of %d bytes, %d dropped", len(c.Entries()), log.MaxEntryBytes, c.Dropped())
	}
}

func TestSideBySide(t *testing.T) {
	run, c := newRun(t)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() { run.Try(context.Background(), "log.info", `{"message": "x", "a": 1}`) })
	}
	wg.Wait()
	if len(c.Entries()) != 50 {
		t.Errorf("%d entries of 50", len(c.Entries()))
	}
}

func TestBadCalls(t *testing.T) {
	run, c := newRun(t)
	for _, args := range []string{`{}`, `[1]`, `{"message": null}`, `["a", "b"]`, `{"level": "x"}`} {
		if err := run.Fail("log.info", args); err.Type != hostfuncs.ArgumentError {
			t.Errorf("log.info(%s): %+v", args, err)
		}
	}
	if len(c.Entries()) != 0 {
		t.Errorf("kept %v", c.Entries())
	}
	without := tooltest.New(t, nil, log.New(log.Config{}).Tools()...)
	if err := without.Fail("log.info", `["x"]`); err.Message != "this run keeps no log" {
		t.Errorf("without a collector: %+v", err)
	}
}
