// Package policies says what a program may do. One document grants files, hosts, variables and tools, and sets limits; it is compiled to
// Cedar policies, and every use of something outside the program's own memory is one Cedar request that the same engine decides. The
// command, the library and every server read the same document and ask the same engine. Nothing is allowed that no rule allows, and a rule
// that forbids wins over every one that permits.
//
// The package imports nothing of ours but policies/units. hostfuncs asks it at each call; runtime takes limits, clock and randomness from it.
package policies

import "time"

// Action is what a run wants to do: the name of the tool, such as "http", "kv.get" or "mail.send". Opening a mounted file is one of the fs
// actions too, whichever way the program opens it.
type Action = string

// Actions of the built-in tools.
const (
	ActionHTTP      Action = "http"
	ActionFileRead  Action = "fs.read"  // open for reading, list, stat, follow a link
	ActionFileWrite Action = "fs.write" // create, overwrite, truncate, rename, remove, make a folder
	// ActionFileAppend is opening an existing or a new file for writing at its end only.
	ActionFileAppend Action = "fs.append"
	ActionEnv        Action = "env.get"
	ActionQuery      Action = "sql.query"
	ActionKVGet      Action = "kv.get" // kv.list too
	ActionKVSet      Action = "kv.set" // kv.delete too
	ActionLLM        Action = "llm.ask"
	ActionRun        Action = "run"
	// ActionPackage is importing a package of the store: asked once for each package that the policy lists, before the program begins.
	ActionPackage Action = "packages.import"
)

// ResourceType is the Cedar entity type of a resource, within the namespace Wand.
type ResourceType string

// Types of resource, and what their ID is.
const (
	ResourceTool     ResourceType = "Tool"     // the tool's name; the default for tools of an embedder, an MCP server or a command
	ResourceHost     ResourceType = "Host"     // host name or address in lower case, without port
	ResourcePath     ResourceType = "Path"     // clean absolute path in the guest's filesystem
	ResourceVariable ResourceType = "Variable" // name of an environment variable
	ResourceDatabase ResourceType = "Database" // name that the policy gave a database
	ResourceKey      ResourceType = "Key"      // key in the run's key-value namespace
	ResourceModel    ResourceType = "Model"    // name of a language model
	ResourceProgram  ResourceType = "Program"  // language of a child run
	ResourcePackage  ResourceType = "Package"  // normal name of a Python package
)

// Request asks whether a run may do one thing: one Cedar request.
type Request struct {
	// Principal names the agent or program that asks. Default "run".
	Principal string
	Action    Action
	Resource  Resource
	// Context is what rules can look at: "args", the call's arguments as decoded JSON, beside what the tool knows (for http: method, scheme, port,
	// path, query, private, redirect). Values are those of encoding/json with UseNumber allowed: nil, bool, float64, json.Number, int, int64,
	// string, []any, map[string]any.
	Context map[string]any
}

// Resource is what a request is about.
type Resource struct {
	Type ResourceType
	ID   string
}

// Decision is the answer to a Request.
type Decision struct {
	Allowed bool
	// Rule names the rule that decided: its own name where it has one, else its place in the document ("network[0]"), or the @id of a Cedar
	// policy. When nothing allowed the request it is "default".
	Rule string
	// Position is where that rule stands: "policy.yaml:12:5". Empty for "default".
	Position string
	// Reason is one sentence for whoever wrote the program; Hint is one next step: what is allowed that comes nearest, or which grant is missing.
	Reason, Hint string
	// Grant is the deciding entry of the document when the request was allowed by one: *NetworkGrant, *FileGrant, *ToolGrant, ...; nil otherwise.
	Grant any
	// Terms are the conditions of an allowed request, from every entry that applies: the strictest of each. Counting is the caller's.
	Terms []Terms
}

// Terms are conditions under which one rule allows calls.
type Terms struct {
	Rule     string        // whose conditions these are, and what calls are counted by: all calls that the same rule allowed in a run
	MaxCalls int           // per run; 0: no limit of its own
	Rate     Rate          // zero: no limit of its own
	Timeout  time.Duration // of one call; 0: the tool's own
	Approve  bool          // somebody has to agree to each call
}

// Rate is so many calls in any span of that length, "10/1m". The zero value is no limit.
type Rate struct {
	Calls int
	Per   time.Duration
}

// Decider decides. *Engine is the one there is; tests have others.
type Decider interface {
	Decide(Request) Decision
}
