package agent

import (
	"encoding/json"
	"time"

	"wand/compiler"
	"wand/runtime"
)

// TranscriptSchema is what Start.Schema says. The JSON Schema of the events is transcript.schema.json, a published contract.
const TranscriptSchema = "wand.transcript/v1"

// Kind is what an Event tells.
type Kind string

// Kinds of events. Of what takes effect there are two, one before and one after.
const (
	EventStart   Kind = "start"   // the first line
	EventResume  Kind = "resume"  // another process goes on
	EventAsk     Kind = "ask"     // before the model is asked
	EventRetry   Kind = "retry"   // an attempt to ask it failed
	EventAnswer  Kind = "answer"  // after it answered
	EventRun     Kind = "run"     // before a program runs
	EventReport  Kind = "report"  // after the program ended
	EventTold    Kind = "told"    // what the model was told in reply
	EventVerdict Kind = "verdict" // what the check said of an answer
	EventSuspend Kind = "suspend" // the conversation waits for somebody
	EventEnd     Kind = "end"     // the outcome
)

// Event is one line of a transcript. Which of the fields there are depends on Kind.
type Event struct {
	Seq  int64     `json:"seq" jsonschema:"from 1"`
	At   time.Time `json:"at"`
	Kind Kind      `json:"event" jsonschema:"start, resume, ask, retry, answer, run, report, told, verdict, suspend or end"`
	// Step is where in the conversation: branch, turn and, for what a program asked, the number of its call, such as 1.3 or 2.1.4.
	Step string `json:"step,omitempty"`

	Start    *Start          `json:"start,omitempty"`
	Ask      *Ask            `json:"ask,omitempty"`
	Retry    string          `json:"retry,omitempty" jsonschema:"why the attempt failed"`
	Answer   *Answer         `json:"answer,omitempty"`
	Run      *Run            `json:"run,omitempty"`
	Report   *runtime.Report `json:"report,omitempty"`
	Snapshot string          `json:"snapshot,omitempty" jsonschema:"file beside the transcript that holds the session after the program"`
	// Recording is a file beside the transcript that repeats the program, its calls and all (runtime.Replay).
	Recording string              `json:"recording,omitempty"`
	Told      string              `json:"told,omitempty"`
	Verdict   *Verdict            `json:"verdict,omitempty"`
	Suspend   *runtime.Suspension `json:"suspend,omitempty"`
	End       *Outcome            `json:"end,omitempty"`
	// WallMS is how long the conversation has taken so far, waiting for people excluded.
	WallMS float64 `json:"wall_ms,omitempty"`
}

// Start is what a conversation began with.
type Start struct {
	Schema   string            `json:"schema" jsonschema:"always wand.transcript/v1"`
	ID       string            `json:"id" jsonschema:"unique, random"`
	Task     string            `json:"task"`
	System   string            `json:"system" jsonschema:"the system prompt"`
	Model    string            `json:"model"`
	Language compiler.Language `json:"language"`
	Strategy string            `json:"strategy"`
	Format   string            `json:"format"`
	Policy   string            `json:"policy,omitempty" jsonschema:"its name and digest"`
	Seed     string            `json:"seed" jsonschema:"64 hex digits, from which those of the sessions come"`
	Limits   runtime.Limits    `json:"limits" jsonschema:"of each program"`
	Budget   Budget            `json:"budget"`
	Prices   Prices            `json:"prices"`
	Keep     bool              `json:"keep_failed,omitempty"`
	Files    []FileInfo        `json:"files,omitempty"`
	Input    json.RawMessage   `json:"input,omitempty"`
}

// FileInfo names an input file.
type FileInfo struct {
	Path   string `json:"path"`
	Size   int    `json:"size"`
	SHA256 string `json:"sha256"`
}

// Ask is a request to the model. Its messages follow from the events before it; Digest is that of what was sent.
type Ask struct {
	Messages    int      `json:"messages"`
	Bytes       int      `json:"bytes"`
	Digest      string   `json:"digest" jsonschema:"sha256 of the messages as JSON"`
	MaxTokens   int      `json:"max_tokens,omitempty"`
	Temperature *float64 `json:"temperature,omitempty"`
}

// Run is a program about to run.
type Run struct {
	Program string `json:"program"`
	Fuel    int64  `json:"fuel_limit"`
}
