package runtime

import (
	"bytes"
	"encoding/json"
	"io"

	"wand/hostfuncs"
	"wand/hostfuncs/log"
	"wand/hostfuncs/vfs"
)

// ReportSchema is the value of Report.Schema.
const ReportSchema = "wand.report/v1"

// Status is how a run ended.
type Status string

// Statuses of a run.
const (
	Completed Status = "completed" // the program ran to its end
	Failed    Status = "failed"    // it raised, exited with a code other than 0, or trapped
	Invalid   Status = "invalid"   // it never started: its source has errors
	Exhausted Status = "exhausted" // a limit stopped it
	Denied    Status = "denied"    // a policy refused what it asked for
	Suspended Status = "suspended" // it waits for an answer
	Cancelled Status = "cancelled" // the caller stopped it
	Fault     Status = "fault"     // the sandbox itself failed; not the program's doing
)

// ErrorKind says what ended a run that did not complete.
type ErrorKind string

// Kinds of error.
const (
	KindSyntax      ErrorKind = "syntax"
	KindType        ErrorKind = "type"
	KindUnsupported ErrorKind = "unsupported"
	KindException   ErrorKind = "exception"
	KindAssertion   ErrorKind = "assertion"
	KindExit        ErrorKind = "exit"
	KindTrap        ErrorKind = "trap"
	KindFuel        ErrorKind = "fuel"
	KindMemory      ErrorKind = "memory"
	KindDeadline    ErrorKind = "deadline"
	KindOutput      ErrorKind = "output"
	KindHostCalls   ErrorKind = "host_calls"
	KindStorage     ErrorKind = "storage"
	KindCallDepth   ErrorKind = "call_depth"
	KindPolicy      ErrorKind = "policy"
	KindTool        ErrorKind = "tool"
	KindCancelled   ErrorKind = "cancelled"
	KindInternal    ErrorKind = "internal"
)

// Report is what happened in one run. Its JSON form is a published contract (report.schema.json); nothing in it names anything of
// the host, but for the paths of spilled output.
type Report struct {
	Schema    string          `json:"schema" jsonschema:"always wand.report/v1"`
	ID        string          `json:"id" jsonschema:"unique per run, random"`
	Status    Status          `json:"status" jsonschema:"completed, failed, invalid, exhausted, denied, suspended, cancelled or fault"`
	Result    json.RawMessage `json:"result,omitempty" jsonschema:"the program's value; what JSON has no type for is an object with the key $type"`
	Stdout    string          `json:"stdout" jsonschema:"head and tail of what the program printed"`
	Stderr    string          `json:"stderr" jsonschema:"head and tail of its standard error"`
	Truncated *Truncated      `json:"truncated,omitempty" jsonschema:"present when output was left out above"`
	Error     *Error          `json:"error,omitempty" jsonschema:"present unless the run completed"`
	Profile   []ProfileLine   `json:"profile,omitempty" jsonschema:"of a run that its fuel limit or deadline stopped: the lines that the fuel went to, hottest first"`
	Trace     *TraceInfo      `json:"trace,omitempty" jsonschema:"of a run that was traced"`
	Coverage  *Coverage       `json:"coverage,omitempty" jsonschema:"which lines ran, when that was asked for"`
	Warnings  []Warning       `json:"warnings,omitempty" jsonschema:"what a model should know although it did not stop the program"`
	Usage     Usage           `json:"usage" jsonschema:"what the run used, beside its limits"`
	// Suspension is what a suspended run waits for.
	Suspension *Suspension `json:"suspension,omitempty" jsonschema:"what a suspended run waits for, and the token that continues it"`
	Calls      []Call      `json:"calls,omitempty" jsonschema:"the host calls, in order"`
	// CallsOmitted is how many more there were than Calls lists, which are the first 50,000.
	CallsOmitted int      `json:"calls_omitted,omitempty" jsonschema:"how many more host calls there were than are listed"`
	Accesses     []Access `json:"accesses,omitempty" jsonschema:"what the policy decided about mounted files, each kind once"`
	// AccessesOmitted is how many more kinds there were than the 1,000 that Accesses lists.
	AccessesOmitted int         `json:"accesses_omitted,omitempty" jsonschema:"how many more kinds of access there were than are listed"`
	Log             []log.Entry `json:"log,omitempty" jsonschema:"what the program told the log tools"`
	// LogDropped is how many entries there was no room for.
	LogDropped int           `json:"log_dropped,omitempty" jsonschema:"how many more entries there were than are listed"`
	Files      []FileChange  `json:"files,omitempty" jsonschema:"what the run created or changed in its filesystem"`
	Written    []MountedFile `json:"written,omitempty" jsonschema:"files of the host's that the run created or changed, below the folders that the policy mounts for writing"`
	// FilesOmitted is how many more there were than the 1,000 that Files lists.
	FilesOmitted int           `json:"files_omitted,omitempty" jsonschema:"how many more files there were than are listed"`
	Session      *SessionUsage `json:"session,omitempty" jsonschema:"of a turn of a session: what all of its turns have used"`
	Module       ModuleInfo    `json:"module" jsonschema:"what ran"`
	Policy       *PolicyInfo   `json:"policy,omitempty" jsonschema:"what it ran under; absent when there was none, which grants nothing"`
	Replay       Replay        `json:"replay" jsonschema:"what is needed to run it again with the same outcome"`
}

// Truncated says how much output the report leaves out and where all of it is.
type Truncated struct {
	StdoutBytes int64  `json:"stdout_bytes,omitempty" jsonschema:"bytes left out of stdout"`
	StdoutPath  string `json:"stdout_path,omitempty" jsonschema:"file on the host that holds all of stdout"`
	StderrBytes int64  `json:"stderr_bytes,omitempty" jsonschema:"bytes left out of stderr"`
	StderrPath  string `json:"stderr_path,omitempty" jsonschema:"file on the host that holds all of stderr"`
	Lost        string `json:"lost,omitempty" jsonschema:"why the spill file is incomplete, when it is"`
}

// Error is what ended a run.
type Error struct {
	Kind     ErrorKind         `json:"kind" jsonschema:"syntax, type, unsupported, exception, assertion, exit, trap, fuel, memory, deadline, output, host_calls, storage, call_depth, policy, tool, cancelled or internal"`
	Type     string            `json:"type,omitempty" jsonschema:"the language's own name for it, such as ValueError"`
	Message  string            `json:"message" jsonschema:"one sentence"`
	Location *Location         `json:"location,omitempty" jsonschema:"where in the program"`
	Frames   []Frame           `json:"frames,omitempty" jsonschema:"the program's call chain, outermost first"`
	Values   map[string]string `json:"values,omitempty" jsonschema:"values that matter: both sides of a failed assertion, or locals of the failing frame"`
	Hint     string            `json:"hint,omitempty" jsonschema:"one next step"`
	ExitCode int               `json:"exit_code,omitempty" jsonschema:"the program's own, for kind exit"`
	Limit    int64             `json:"limit,omitempty" jsonschema:"the limit that was reached, in its own unit"`
	Used     int64             `json:"used,omitempty" jsonschema:"what the run had used or asked for"`
	Cause    *Error            `json:"cause,omitempty" jsonschema:"the error that this one was raised from"`
}

// Location is a place in the program as the model wrote it. Lines and columns count from 1, columns in Unicode code points.
type Location struct {
	File      string `json:"file"`
	Line      int    `json:"line"`
	Column    int    `json:"column,omitempty"`
	EndLine   int    `json:"end_line,omitempty"`
	EndColumn int    `json:"end_column,omitempty" jsonschema:"exclusive"`
	LineText  string `json:"line_text,omitempty"`
}

// Frame is one call of the chain.
type Frame struct {
	Location
	Function string `json:"function,omitempty"`
	Library  bool   `json:"library,omitempty" jsonschema:"a frame of the language's library, not of the program"`
	// Values are variables of the frame; a guest gives them of the innermost one when a limit has stopped the run, and the report has them in Error.
	Values map[string]string `json:"values,omitempty" jsonschema:"variables of the frame"`
}

// Warning is something that a model should know of the program although it did not stop it.
type Warning struct {
	Kind    WarningKind `json:"kind,omitempty" jsonschema:"what it is about: truncated, no_value, swallowed, nondeterministic, unused_import, test_failed or assert_failed; absent when the language itself warned"`
	Message string      `json:"message"`
	Line    int         `json:"line,omitempty"`
}

// WarningKind says what a warning is about.
type WarningKind string

// Kinds of warning.
const (
	WarnTruncated        WarningKind = "truncated"        // the report leaves output out
	WarnNoValue          WarningKind = "no_value"         // the program gave no value and printed nothing
	WarnSwallowed        WarningKind = "swallowed"        // a handler that does nothing took an exception
	WarnNondeterministic WarningKind = "nondeterministic" // it read a clock or a random number
	WarnUnusedImport     WarningKind = "unused_import"    // a module that it imports and never uses does not exist
	WarnTestFailed       WarningKind = "test_failed"      // a test of a test framework failed, and the program went on
	WarnAssertFailed     WarningKind = "assert_failed"    // console.assert, which goes on
)

// Usage is what a run used beside its limits.
type Usage struct {
	Fuel        FuelUsage   `json:"fuel"`
	Memory      MemoryUsage `json:"memory"`
	WallMS      float64     `json:"wall_ms"`
	DeadlineMS  float64     `json:"deadline_ms"`
	HostCalls   CountUsage  `json:"host_calls"`
	OutputBytes int64       `json:"output_bytes"`
	OutputLimit int64       `json:"output_limit_bytes"`
	Storage     int64       `json:"storage_bytes"`
	StorageCap  int64       `json:"storage_limit_bytes"`
	StartupUS   int64       `json:"startup_us" jsonschema:"time to fork a ready instance, part of wall_ms"`
}

// FuelUsage is in fuel units.
type FuelUsage struct {
	Used  int64 `json:"used"`
	Limit int64 `json:"limit"`
}

// MemoryUsage is in bytes: linear memory plus what the host held for the run.
type MemoryUsage struct {
	PeakBytes  int64 `json:"peak_bytes"`
	LimitBytes int64 `json:"limit_bytes"`
}

// CountUsage is a number of times.
type CountUsage struct {
	Used  int64 `json:"used"`
	Limit int64 `json:"limit"`
}

// Call is one host call of the program, Access a decision about something that it did without one, such as opening a mounted file.
type (
	Call   = hostfuncs.Call
	Access = hostfuncs.Access
)

// FileChange is a file that the run created or changed.
type FileChange struct {
	Path   string `json:"path" jsonschema:"in the guest's filesystem"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
	entry  vfs.Entry
}

// WriteTo writes what the file held when the run ended. It implements io.WriterTo.
func (f FileChange) WriteTo(w io.Writer) (int64, error) { return f.entry.WriteTo(w) }

// Content returns what the file held when the run ended.
func (f FileChange) Content() []byte {
	var b bytes.Buffer
	f.WriteTo(&b)
	return b.Bytes()
}

// MountedFile is a file of a mounted folder that the run created or changed.
type MountedFile struct {
	Path   string `json:"path" jsonschema:"in the guest's filesystem"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256,omitempty" jsonschema:"absent when the file is larger than the storage limit"`
}

// ModuleInfo names what ran.
type ModuleInfo struct {
	Language string `json:"language"`
	Digest   string `json:"digest" jsonschema:"sha256 of the program, or of the module that it was compiled to"`
	Guest    string `json:"guest,omitempty" jsonschema:"interpreter and version"`
	// Toolchain is what compiled a program of a language that becomes a module of its own.
	Toolchain string `json:"toolchain,omitempty" jsonschema:"compiler and version, of a compiled language"`
	Engine    string `json:"engine"`
}

// PolicyInfo names the policy of a run.
type PolicyInfo struct {
	Name   string `json:"name,omitempty"`
	Digest string `json:"digest" jsonschema:"sha256 of the effective policy"`
}

// Replay holds the inputs of a run that are not in the program.
type Replay struct {
	Seed  string `json:"seed" jsonschema:"64 hex digits that seeded the interpreter's generators"`
	Clock string `json:"clock" jsonschema:"real, frozen or virtual"`
}

// unrecorded says that the run could not be recorded, so that nobody takes it for one that was.
func (r *Report) unrecorded() {
	r.Status, r.Result = Fault, nil
	r.Error = &Error{Kind: KindInternal, Message: "the run could not be recorded to its end; this is not the program's doing"}
}

// JSON returns the report as JSON with a final newline, indented as far as its own structure goes: what the program nested below
// that stands on one line.
func (r *Report) JSON() []byte {
	b, err := json.Marshal(r)
	if err != nil {
		// Only a Result or a Call that is not JSON can do that, and Run never stores one.
		panic("wand: report is not JSON: " + err.Error())
	}
	return append(indent(b), '\n')
}

// indent is json.Indent down to a fixed depth. Every level of a value would otherwise cost an indentation for each line in it, so that a program
// could make a report of gigabytes from a result of ten thousand levels.
func indent(compact []byte) []byte {
	const deepest = 5
	var out bytes.Buffer
	out.Grow(2 * len(compact))
	depth, quoted := 0, false
	line := func() {
		out.WriteByte('\n')
		for range depth {
			out.WriteString("  ")
		}
	}
	for i := 0; i < len(compact); i++ {
		c := compact[i]
		switch {
		case quoted:
			out.WriteByte(c)
			if c == '\\' {
				i++
				out.WriteByte(compact[i])
			}
			quoted = c != '"'
		case c == '"':
			quoted = true
			out.WriteByte(c)
		case (c == '{' || c == '[') && i+1 < len(compact) && compact[i+1] == c+2: // empty: } and ] are two after { and [
			out.WriteByte(c)
			out.WriteByte(c + 2)
			i++
		case c == '{' || c == '[':
			out.WriteByte(c)
			if depth++; depth <= deepest {
				line()
			}
		case c == '}' || c == ']':
			if depth--; depth < deepest {
				line()
			}
			out.WriteByte(c)
		case c == ',':
			out.WriteByte(c)
			if depth <= deepest {
				line()
			}
		case c == ':':
			out.WriteByte(c)
			if depth <= deepest {
				out.WriteByte(' ')
			}
		default:
			out.WriteByte(c)
		}
	}
	return out.Bytes()
}
