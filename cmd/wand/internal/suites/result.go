package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"wand/runtime"
)

const resultSchema = "wand.suites/v1"

// result is what became of one test file. As a writer it takes what the driver tells.
type result struct {
	Schema string `json:"schema"`
	File   string `json:"file"`
	Guest  string `json:"guest"` // digest
	// Tests by outcome. Failed are those with a failure or an error at any stage, and those that ended their fork. Expected are failures that the suite's own
	// marks expect (xfail). Skipped counts a file that is skipped whole as one. Deselected are left out by their marks, such as slow.
	Passed     int `json:"passed"`
	Failed     int `json:"failed"`
	Expected   int `json:"expected"`
	Skipped    int `json:"skipped"`
	Deselected int `json:"deselected"`
	// Uncollected says why the file could not be imported.
	Uncollected string         `json:"uncollected,omitempty"`
	Failures    []failure      `json:"failures,omitempty"`
	Skips       map[string]int `json:"skips,omitempty"` // by reason
	Seconds     float64        `json:"seconds"`
	Fuel        int64          `json:"fuel"`
	Memory      int64          `json:"memory_bytes"` // of the fork that took most
	Forks       int            `json:"forks"`

	seen    map[string]bool // tests that have ended
	running string          // a test that has not
	current outcome         // its, so far
	last    event           // more, done or nothing
	rest    []byte          // an unfinished line
	err     error
}

// failure is one test that failed. Kind is empty for an exception; else what ended the fork: trap, memory, deadline, ...
type failure struct {
	ID   string `json:"id"`
	Kind string `json:"kind,omitempty"`
	Text string `json:"text"`
}

// outcome is what is known of a running test. The worst stage counts.
type outcome struct{ outcome, text string }

// event is a line of the driver.
type event struct {
	Event   string `json:"event"`
	ID      string `json:"id"`
	Outcome string `json:"outcome"`
	When    string `json:"when"`
	Text    string `json:"text"`
	Count   int    `json:"count"`
	Code    int    `json:"code"`
}

func newResult(file string) *result {
	return &result{Schema: resultSchema, File: file, Skips: map[string]int{}, seen: map[string]bool{}}
}

// Write takes the guest's standard error: events between lines of the tests' own.
func (r *result) Write(text []byte) (int, error) {
	r.rest = append(r.rest, text...)
	for {
		line, rest, ok := bytes.Cut(r.rest, []byte("\n"))
		if !ok {
			break
		}
		r.rest = rest
		// What a test wrote may be on the same line.
		_, line, ok = bytes.Cut(line, []byte("\x1e"))
		if !ok {
			continue
		}
		var e event
		if err := json.Unmarshal(line, &e); err != nil {
			r.err = fmt.Errorf("the driver wrote %.200q: %w", line, err)
			continue
		}
		r.take(e)
	}
	r.rest = bytes.Clone(r.rest)
	return len(text), nil
}

func (r *result) take(e event) {
	switch e.Event {
	case "deselected":
		r.Deselected += e.Count
	case "skipped":
		r.Skipped++
		r.Skips[e.Text]++
	case "uncollected":
		r.Uncollected = e.Text
	case "start":
		r.running, r.current = e.ID, outcome{}
	case "outcome":
		if r.current.outcome == "" || e.Outcome == "failed" {
			r.current = outcome{e.Outcome, e.Text}
		}
	case "finish":
		r.finish()
	case "more":
		r.last = e
	case "done":
		// pytest ends after it was stopped too.
		if r.last.Event != "more" {
			r.last = e
		}
	}
}

// finish counts the running test.
func (r *result) finish() {
	switch r.current.outcome {
	case "passed":
		r.Passed++
	case "xfailed":
		r.Expected++
	case "skipped":
		r.Skipped++
		r.Skips[r.current.text]++
	default:
		r.Failed++
		r.Failures = append(r.Failures, failure{ID: r.running, Text: r.current.text})
	}
	r.seen[r.running] = true
	r.running = ""
}

// used adds what a fork used.
func (r *result) used(report *runtime.Report) {
	r.Forks++
	r.Fuel += report.Usage.Fuel.Used
	r.Memory = max(r.Memory, report.Usage.Memory.PeakBytes)
}

// ended says whether the file is done with the fork that has ended, which progressed when tests ended in it. What ended a fork is the outcome of the test that was
// running.
func (r *result) ended(report *runtime.Report, progressed bool) bool {
	last, running := r.last, r.running
	r.last, r.running, r.rest = event{}, "", nil
	kind, message := "exit", "the fork ended without a word"
	if report.Error != nil {
		kind, message = string(report.Error.Kind), strings.TrimSpace(report.Error.Type+" "+report.Error.Message)
	}
	switch {
	case running != "":
		r.Failed++
		r.Failures = append(r.Failures, failure{ID: running, Kind: kind, Text: message})
		r.seen[running] = true
		return false
	case last.Event == "more":
		return !progressed
	case last.Event == "done":
		// 2 to 4: pytest could not even begin.
		if last.Code >= 2 && last.Code <= 4 && r.Uncollected == "" {
			r.Uncollected = last.Text
		}
		return true
	case progressed:
		return false
	}
	r.Uncollected = kind + ": " + message
	return true
}

// seenList is what a next fork leaves out.
func (r *result) seenList() []string { return slices.AppendSeq([]string{}, maps.Keys(r.seen)) }

// line says it to who watches.
func (r *result) line() string {
	text := fmt.Sprintf("%s: %d passed, %d failed, %d skipped (%.1f s)", r.File, r.Passed, r.Failed, r.Skipped, r.Seconds)
	if r.Uncollected != "" {
		text += ", not collected"
	}
	for _, f := range r.Failures {
		if f.Kind != "" {
			text += fmt.Sprintf(", %s in %s", f.Kind, f.ID)
		}
	}
	return text
}

func resultPath(dir, file string) string {
	return filepath.Join(dir, strings.ReplaceAll(file, "/", "+")+".json")
}

// write keeps the result, whole or not at all.
func (r *result) write(dir string) error {
	text, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	name := resultPath(dir, r.File)
	if err := os.WriteFile(name+".new", append(text, '\n'), 0o644); err != nil {
		return err
	}
	return os.Rename(name+".new", name)
}

func readResult(dir, file string) (*result, error) {
	name := resultPath(dir, file)
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	r := newResult(file)
	if err := json.Unmarshal(text, r); err != nil || r.Schema != resultSchema || r.File != file {
		return nil, fmt.Errorf("%s is no result of %s; remove it and run again (%v)", name, file, err)
	}
	return r, nil
}
