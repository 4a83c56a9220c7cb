package agent_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"wand/compiler"
	"wand/runtime/agent"
)

// FuzzReadTranscript: whatever a transcript holds, it is read or refused with its reason.
func FuzzReadTranscript(f *testing.F) {
	var lines []string
	for i, e := range []agent.Event{
		{Kind: agent.EventStart, Start: &agent.Start{Schema: agent.TranscriptSchema, ID: "agent_1", Task: "Count."}},
		{Kind: agent.EventAsk, Step: "1.1", Ask: &agent.Ask{Messages: 2}},
		{Kind: agent.EventAnswer, Step: "1.1", Answer: &agent.Answer{Content: "ANSWER: 1", Usage: agent.TokenUsage{Prompt: 1}}},
		{Kind: agent.EventEnd, End: &agent.Outcome{Status: agent.Answered, Answer: "1"}},
	} {
		e.Seq = int64(i + 1)
		line, err := json.Marshal(e)
		if err != nil {
			f.Fatal(err)
		}
		lines = append(lines, string(line)+"\n")
	}
	text := strings.Join(lines, "")
	f.Add(text)
	f.Add(text[:len(text)/2])
	f.Add(strings.ReplaceAll(text, `"seq":2`, `"seq":-2`))
	f.Add("{}\n")
	f.Add("{\"seq\":1,\"event\":\"start\"}\n")
	f.Fuzz(func(t *testing.T, text string) {
		events, err := agent.ReadTranscript(strings.NewReader(text))
		if err != nil && !errors.Is(err, agent.ErrTranscript) {
			t.Errorf("%v", err)
		}
		for i, e := range events {
			if err == nil && (e.Seq != int64(i+1) || events[0].Start == nil) {
				t.Errorf("event %d: %+v", i, e)
			}
		}
	})
}

// FuzzParse: an answer of a model is a program, a final answer or a problem to tell it of, whatever it holds.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"", "hello", "ANSWER: 42", "**Final answer:** 42", "```python\nprint(1)\n```", "```\nx\n```\nANSWER: y", "```text\nx\n```", "```python\nx", "<execute>1</execute>",
		"<solution> 2 </solution>", "<execute> 1", "```python\n```", "ANSWER:", "````\n```python\n1\n```\n````",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, format := range []agent.Format{agent.Fenced{}, agent.Tags{}} {
			a := format.Parse(text, compiler.Python)
			kinds := 0
			for _, is := range []bool{a.Program != "", a.Done, a.Problem != ""} {
				if is {
					kinds++
				}
			}
			if kinds != 1 {
				t.Errorf("%T: %q is %+v", format, text, a)
			}
		}
	})
}
