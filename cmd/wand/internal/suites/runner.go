package main

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"wand/policies"
	"wand/runtime"
)

// limits of one fork. It stops by itself between two tests before its time is up.
const (
	deadline = 10 * time.Minute
	slice    = 5 * time.Minute
)

func forkLimits() runtime.Limits {
	return runtime.Limits{Fuel: 20_000_000_000_000, Memory: 2 << 30, Deadline: deadline, Output: 1 << 30, Storage: 512 << 20, HostCalls: 1 << 40}
}

// runner runs the files of one suite, in forks of a session that has pytest loaded.
type runner struct {
	guest   string // digest
	suite   *suite
	rt      *runtime.Runtime
	session *runtime.Session
}

func newRunner(ctx context.Context, rt *runtime.Runtime, guest string, s *suite) (*runner, error) {
	root, err := filepath.Abs(s.root)
	if err != nil {
		return nil, err
	}
	policy := &policies.Policy{
		Version: 1, Name: "suites", Files: []policies.FileGrant{{Host: root, Guest: "/suite", Access: policies.AccessRead}},
		Packages: []policies.PackageGrant{{Name: "pytest"}, {Name: "hypothesis"}},
	}
	l := forkLimits()
	session, err := rt.NewSession(ctx, runtime.SessionOptions{
		Guest: runtime.ScienceGuest, Policy: policy, Limits: l, Seed: new([32]byte),
		Budget: runtime.Budget{Fuel: 1 << 62, HostCalls: 1 << 62, Storage: 1 << 62, Turns: 1 << 30},
	})
	if err != nil {
		return nil, err
	}
	r := &runner{guest: guest, suite: s, rt: rt, session: session}
	input, err := json.Marshal(map[string]any{"suite": s.name, "env": s.env})
	if err != nil {
		return nil, err
	}
	report, err := r.turn(ctx, session, driverText, runtime.TurnOptions{Input: input})
	if err == nil && report.Status != runtime.Completed {
		err = fmt.Errorf("the tests of %s cannot be loaded: %s", s.name, report.Feedback(600))
	}
	if err != nil {
		session.Close()
		return nil, err
	}
	return r, nil
}

func (r *runner) close() { r.session.Close() }

func (r *runner) turn(ctx context.Context, s *runtime.Session, text string, o runtime.TurnOptions) (*runtime.Report, error) {
	m, findings, err := r.rt.Compile(ctx, s.Source(text))
	if err == nil && m == nil {
		err = fmt.Errorf("the driver does not compile: %v", findings)
	}
	if err != nil {
		return nil, err
	}
	return s.Run(ctx, m, o)
}

// file runs the tests of one file, in as many forks as it takes. The error is one of the sandbox.
func (r *runner) file(ctx context.Context, name string) (*result, error) {
	began := time.Now()
	all := newResult(name)
	all.Guest = r.guest
	for {
		known := len(all.seen)
		report, err := r.fork(ctx, all)
		if err != nil {
			return nil, err
		}
		all.used(report)
		if all.ended(report, len(all.seen) > known) {
			all.Seconds = time.Since(began).Seconds()
			return all, ctx.Err()
		}
	}
}

// fork runs what has not been run of a file in a fork of its own.
func (r *runner) fork(ctx context.Context, all *result) (*runtime.Report, error) {
	s, err := r.session.Fork()
	if err != nil {
		return nil, err
	}
	defer s.Close()
	input, err := json.Marshal(map[string]any{
		"file": all.File, "seconds": slice.Seconds(), "seen": all.seenList(),
		"options": slices.Concat([]string{"-c", "/suite/" + r.suite.config}, r.suite.options),
	})
	if err != nil {
		return nil, err
	}
	report, err := r.turn(ctx, s, `run(INPUT["file"], INPUT["options"], INPUT["seen"], INPUT["seconds"])`, runtime.TurnOptions{Input: input, Stderr: all, KeepOutput: 4 << 10})
	if err == nil {
		err = all.err
	}
	return report, err
}
