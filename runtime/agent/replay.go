package agent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"wand/runtime"
)

// Replayed is what came of one program of a conversation that was run again.
type Replayed struct {
	Step string `json:"step"`
	// Same says that everything went as it did then: the calls with their arguments, the output, the value, the error, the fuel.
	Same bool `json:"same"`
	// Divergence is the first thing that went differently.
	Divergence *runtime.Divergence `json:"divergence,omitempty"`
	// Problem is why the program could not be run again.
	Problem string `json:"problem,omitempty"`
	Events  int    `json:"events" jsonschema:"how many things from outside were repeated: calls, clocks, random bytes"`
	// Skipped says that the program never reached the sandbox, so that there is nothing to repeat.
	Skipped bool `json:"skipped,omitempty"`
}

// Replay runs every program of the conversation in a folder again, without its tools, network and clock, with what they gave then, and compares: with the
// recording, and that with the transcript. The model is not asked. The error is ErrTranscript when the transcript cannot be read.
func Replay(ctx context.Context, rt *runtime.Runtime, dir string) ([]Replayed, error) {
	f, err := os.Open(TranscriptFile(dir))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	events, err := ReadTranscript(f)
	if err != nil {
		return nil, err
	}
	var list []Replayed
	for _, e := range events {
		if e.Kind != EventReport {
			continue
		}
		r, err := replay(ctx, rt, dir, e)
		if err != nil {
			return list, err
		}
		list = append(list, r)
	}
	return list, nil
}

// replay repeats one program. The error is that of a cancellation.
func replay(ctx context.Context, rt *runtime.Runtime, dir string, e *Event) (Replayed, error) {
	out := Replayed{Step: e.Step}
	if e.Recording == "" {
		out.Skipped = e.Report.Status == runtime.Invalid
		out.Same = out.Skipped
		if !out.Skipped {
			out.Problem = "there is no recording of it"
		}
		return out, nil
	}
	if e.Recording != filepath.Base(e.Recording) || !strings.HasSuffix(e.Recording, recordingTail) {
		out.Problem = fmt.Sprintf("%q is no recording", clip(e.Recording, 100))
		return out, nil
	}
	f, err := os.Open(filepath.Join(dir, e.Recording))
	if err != nil {
		out.Problem = "its recording cannot be read: " + errors.Unwrap(err).Error()
		return out, nil
	}
	defer f.Close()
	again, err := rt.Replay(ctx, f, runtime.ReplayOptions{})
	switch {
	case ctx.Err() != nil:
		return out, context.Cause(ctx)
	case err != nil:
		out.Problem = err.Error()
		return out, nil
	case again.Cut || again.Recorded == nil:
		out.Problem = "its recording ends before the program did"
		return out, nil
	}
	out.Events, out.Divergence = again.Events, again.Divergence
	if what := disagree(e.Report, again.Recorded); out.Divergence == nil && what != "" {
		out.Problem = "the transcript tells something else than the recording: " + what
	}
	out.Same = out.Divergence == nil && out.Problem == ""
	return out, nil
}

// disagree names the part in which two reports of the same run differ.
func disagree(a, b *runtime.Report) string {
	message := func(r *runtime.Report) string {
		if r.Error == nil {
			return ""
		}
		return r.Error.Type + ": " + r.Error.Message
	}
	switch {
	case a.ID != b.ID:
		return "it is of another run"
	case a.Status != b.Status:
		return "the status"
	case a.Stdout != b.Stdout || a.Stderr != b.Stderr:
		return "the output"
	case !sameValue(a.Result, b.Result):
		return "the value"
	case message(a) != message(b):
		return "the error"
	case a.Usage.Fuel.Used != b.Usage.Fuel.Used:
		return "the fuel"
	}
	return ""
}

func sameValue(a, b []byte) bool {
	if len(a) == 0 || len(b) == 0 {
		return len(a) == len(b)
	}
	x, err := canonical(a)
	y, other := canonical(b)
	return err == nil && other == nil && x == y
}
