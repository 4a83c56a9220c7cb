package runtime_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"wand/compiler"
	"wand/runtime"
)

// Programs that need neither numpy nor pandas end in the science guest as they do in the plain one: the same value, output and error.
func TestScienceHumanEvalAsInThePlainGuest(t *testing.T) {
	rows := dataset(t, "humaneval/HumanEval.jsonl.gz")
	completed := alikeInBothGuests(t, rows, humanEvalProgram)
	if completed != len(rows) {
		t.Errorf("%d of %d canonical solutions pass", completed, len(rows))
	}
}

func TestScienceGSMHardAsInThePlainGuest(t *testing.T) {
	rows := dataset(t, "gsmhard/gsmhardv2.jsonl.gz")
	completed := alikeInBothGuests(t, rows, func(row map[string]any) string { return row["code"].(string) })
	if completed < len(rows)*99/100 {
		t.Errorf("%d of %d programs complete: with so few this test says little", completed, len(rows))
	}
}

// alikeInBothGuests runs each row's program in both Python guests, compares what came of it, and returns how many completed.
func alikeInBothGuests(t *testing.T, rows []map[string]any, program func(row map[string]any) string) int {
	t.Helper()
	rt := science(t)
	var completed, plainFuel, scienceFuel atomic.Int64
	alike := each(t, rows, func(_ int, row map[string]any) error {
		m, diagnostics, err := compiler.Compile(t.Context(), compiler.Source{Language: compiler.Python, Text: []byte(program(row))})
		if err != nil || m == nil {
			return fmt.Errorf("compile: %v %v", err, diagnostics)
		}
		plain, err := rt.Run(t.Context(), m, runtime.Options{Guest: "python"})
		if err != nil {
			return err
		}
		in, err := rt.Run(t.Context(), m, runtime.Options{Guest: runtime.ScienceGuest})
		if err != nil {
			return err
		}
		if a, b := told(plain), told(in); a != b {
			return fmt.Errorf("%v\nin the plain guest: %s\nin the science guest: %s", row["task_id"], a, b)
		}
		if in.Status == runtime.Completed {
			completed.Add(1)
		}
		plainFuel.Add(plain.Usage.Fuel.Used)
		scienceFuel.Add(in.Usage.Fuel.Used)
		return nil
	})
	t.Logf("%d of %d programs end alike, %d completed; %d units of fuel in the plain guest, %d in the science guest", alike, len(rows), completed.Load(), plainFuel.Load(), scienceFuel.Load())
	return int(completed.Load())
}

// told is what a program's user sees of a run.
func told(r *runtime.Report) string {
	text := fmt.Sprintf("%s %s %q %q", r.Status, r.Result, r.Stdout, r.Stderr)
	if e := r.Error; e != nil {
		text += fmt.Sprintf(" %s %s %q line %d", e.Kind, e.Type, e.Message, lineOf(e))
	}
	return text
}

func lineOf(e *runtime.Error) int {
	if e.Location == nil {
		return 0
	}
	return e.Location.Line
}
