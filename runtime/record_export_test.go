package runtime

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"testing"
)

// What tests of recordings change behind the seal, which nobody without the key can.

func resealed(t testing.TB, rt *Runtime, in []byte, change func(*recording)) []byte {
	t.Helper()
	key, err := rt.recordingKey()
	if err != nil {
		t.Fatal(err)
	}
	r, err := openRecording(in, key)
	if err != nil {
		t.Fatal(err)
	}
	change(r)
	var b bytes.Buffer
	w, err := newRecorder(&b, key, 0, &r.header)
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	for rest := r.events; len(rest) > 0; {
		n := min(len(rest), frameBytes)
		w.frame(frameEvents, rest[:n])
		rest = rest[n:]
	}
	if err := w.finish(r.end); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// ReadRecording is what Replay does before anything runs.
func ReadRecording(rt *Runtime, in []byte) error {
	key, err := rt.recordingKey()
	if err != nil {
		return err
	}
	r, err := openRecording(in, key)
	if err != nil {
		return err
	}
	if _, err = r.script(false); err != nil {
		return err
	}
	_, err = r.options()
	return err
}

// WithProgram is a recording of another program.
func WithProgram(t testing.TB, rt *Runtime, in []byte, program string) []byte {
	return resealed(t, rt, in, func(r *recording) {
		sum := sha256.New()
		io.WriteString(sum, program)
		r.header.Module.Program, r.header.Module.Source, r.header.Module.Digest = program, program, hex.EncodeToString(sum.Sum(nil))
	})
}

// WithInput is a recording of a run with another input.
func WithInput(t testing.TB, rt *Runtime, in []byte, input string) []byte {
	return resealed(t, rt, in, func(r *recording) { r.header.Input = json.RawMessage(input) })
}

// WithEvents is a recording with other events.
func WithEvents(t testing.TB, rt *Runtime, in, events []byte) []byte {
	return resealed(t, rt, in, func(r *recording) { r.events = events })
}

// EventsOf are the events of a recording, whole and in parts.
func EventsOf(t testing.TB, rt *Runtime, in []byte) [][]byte {
	var all []byte
	resealed(t, rt, in, func(r *recording) { all = bytes.Clone(r.events) })
	return [][]byte{all, all[:len(all)/2], all[:1], nil}
}
