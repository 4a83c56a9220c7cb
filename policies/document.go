package policies

import (
	"strings"
	"time"

	"wand/policies/units"
)

// Policy is one document. Make it with Load, Parse, Preset, Allow, Learn or as a Go value; Compile turns it into an Engine. A zero field says
// nothing. The decoder and the JSON Schema read the tags: yaml is the key, required and enum bind, doc is the description.
type Policy struct {
	Version     int                `yaml:"version" required:"true" doc:"Version of the format: 1."`
	Name        string             `yaml:"name" doc:"Name in reports."`
	Description string             `yaml:"description" doc:"What the policy is for."`
	Extends     []string           `yaml:"extends" doc:"Presets or files that this document adds to, first to last. File names count from this file's folder."`
	Limits      Limits             `yaml:"limits" doc:"Upper bounds of one run. What is not said takes the runtime's default."`
	Files       []FileGrant        `yaml:"files" doc:"Host files and folders that the guest sees."`
	Network     []NetworkGrant     `yaml:"network" doc:"Hosts that the http tool may reach."`
	Secrets     map[string]Secret  `yaml:"secrets" doc:"Where the values of secrets come from. Default: the environment variable of the same name."`
	Environment []EnvironmentGrant `yaml:"environment" doc:"Variables that the program sees: NAME takes the host's value, NAME=VALUE sets one."`
	Clock       string             `yaml:"clock" enum:"real|frozen|virtual" doc:"What time it is for the program. Default real."`
	Random      string             `yaml:"random" enum:"secure|seeded" doc:"Where randomness comes from. Default secure."`
	Tools       []ToolGrant        `yaml:"tools" doc:"Tools that may be called, and what narrows those that a section grants."`
	Forbid      []Forbid           `yaml:"forbid" doc:"What is never allowed. Wins over everything that permits."`
	KV          *KV                `yaml:"kv" doc:"The key-value store of tools.kv."`
	Databases   []Database         `yaml:"databases" doc:"SQLite files that tools.sql may read."`
	LLM         *LLM               `yaml:"llm" doc:"The language model of tools.llm."`
	MCP         *MCP               `yaml:"mcp" doc:"MCP servers. Their tools are granted by name under tools."`
	Commands    []Command          `yaml:"commands" doc:"Host commands as tools: no shell, each argument one template."`
	Run         *Run               `yaml:"run" doc:"Child runs through tools.run."`
	Packages    []PackageGrant     `yaml:"packages" doc:"Python packages of the store that programs may import, with what those need: sympy, networkx>=3."`
	Cedar       []CedarFile        `yaml:"cedar" doc:"Further Cedar policies. Only their forbids count."`

	// Sources names the files and presets this policy was merged from, in order. Load and Preset set it.
	Sources []string `yaml:"-"`
	// ExtendsAt says where the entries of Extends stand.
	ExtendsAt []Origin `yaml:"-"`
	Origin    Origin   `yaml:"-"`
}

// Limits are upper bounds of one run. Zero is not said.
type Limits struct {
	Fuel      units.Count    `yaml:"fuel" doc:"Fuel units, about one per WebAssembly instruction: 20G."`
	Memory    units.Bytes    `yaml:"memory" doc:"Memory of the run: 256MiB."`
	Deadline  units.Duration `yaml:"deadline" doc:"Wall-clock time of the run: 30s."`
	Output    units.Bytes    `yaml:"output" doc:"Standard output, standard error and the result: 1MiB."`
	HostCalls units.Count    `yaml:"host_calls" doc:"How many tool calls the program may make: 1000."`
	Storage   units.Bytes    `yaml:"storage" doc:"In-memory files of the run: 64MiB."`
	CallDepth units.Count    `yaml:"call_depth" doc:"How deep calls may nest: 200000."`
}

// Min returns the smaller of each limit; one that only one side says is that side's.
func (l Limits) Min(o Limits) Limits {
	return Limits{
		Fuel: least(l.Fuel, o.Fuel), Memory: least(l.Memory, o.Memory), Deadline: least(l.Deadline, o.Deadline), Output: least(l.Output, o.Output),
		HostCalls: least(l.HostCalls, o.HostCalls), Storage: least(l.Storage, o.Storage), CallDepth: least(l.CallDepth, o.CallDepth),
	}
}

// least is the smaller of two where zero is not said.
func least[T ~int64](a, b T) T {
	switch {
	case a == 0:
		return b
	case b == 0:
		return a
	}
	return min(a, b)
}

// Access of a FileGrant.
const (
	AccessRead   = "read"   // fs.read
	AccessAppend = "append" // fs.append
	AccessWrite  = "write"  // fs.read, fs.write and fs.append
)

// FileGrant shows a host file or folder in the guest's filesystem.
type FileGrant struct {
	Host   string      `yaml:"host" required:"true" doc:"File or folder of the host. A relative path counts from the document's folder."`
	Guest  string      `yaml:"guest" doc:"Absolute path in the guest. Default: / and the last part of host."`
	Access string      `yaml:"access" enum:"read|append|write" doc:"read (default), append (only that), or write (reads and appends too)."`
	Quota  units.Bytes `yaml:"quota" doc:"How many bytes the program may add below it."`
	Origin Origin      `yaml:"-"`
}

// Actions that the grant allows below Guest.
func (g *FileGrant) Actions() []Action {
	switch g.Access {
	case AccessWrite:
		return []Action{ActionFileRead, ActionFileWrite, ActionFileAppend}
	case AccessAppend:
		return []Action{ActionFileAppend}
	}
	return []Action{ActionFileRead}
}

// NetworkGrant lets the http tool reach a host. After Compile all defaults are filled in, Host is in normal form and carries no port.
type NetworkGrant struct {
	Host        string            `yaml:"host" required:"true" doc:"A name, *.example.com (any name below, not itself), * (any), an address or a CIDR block, with :PORT where it is not the scheme's own."`
	Methods     []string          `yaml:"methods" doc:"HTTP methods. Default GET and HEAD."`
	Paths       []string          `yaml:"paths" doc:"Path patterns: * matches any characters, / too. Default /*."`
	Schemes     []string          `yaml:"schemes" enum:"https|http" doc:"Default https."`
	Headers     []string          `yaml:"headers" doc:"Request headers that the program may set beside the harmless ones."`
	Secrets     map[string]string `yaml:"secrets" doc:"Headers that are set at egress: a text with ${NAME} for each secret."`
	Private     bool              `yaml:"private" doc:"May the host be, or resolve to, an address that is not public? Default no."`
	MaxRequest  units.Bytes       `yaml:"max_request" doc:"Largest request body. Default 1MiB."`
	MaxResponse units.Bytes       `yaml:"max_response" doc:"Largest response body, after decompression. Default 10MiB."`
	Timeout     units.Duration    `yaml:"timeout" doc:"Time of one request. Default 10s."`
	MaxCalls    units.Count       `yaml:"max_calls" doc:"How many requests one run may make under this grant."`
	// Port is the port that Host named, 0 for the scheme's own. Compile sets it.
	Port   int    `yaml:"-"`
	Origin Origin `yaml:"-"`
}

// Defaults of a NetworkGrant.
const (
	DefaultMaxRequest  units.Bytes    = 1 << 20
	DefaultMaxResponse units.Bytes    = 10 << 20
	DefaultTimeout     units.Duration = units.Duration(10 * time.Second)
)

// Secret says where a value comes from: exactly one of the two.
type Secret struct {
	Env    string `yaml:"env" doc:"Environment variable of the host."`
	File   string `yaml:"file" doc:"File of the host; a line break at its end is dropped."`
	Origin Origin `yaml:"-"`
}

// EnvironmentGrant is one variable: NAME, or NAME=VALUE.
type EnvironmentGrant struct {
	Name string
	// Value is what the program sees when Set; otherwise the host's value is.
	Value  string
	Set    bool
	Origin Origin
}

// UnmarshalText reads NAME or NAME=VALUE.
func (g *EnvironmentGrant) UnmarshalText(text []byte) error {
	g.Name, g.Value, g.Set = strings.Cut(string(text), "=")
	return nil
}

// ToolGrant grants tools by name, or narrows what a section grants. See README, "What tools entries mean".
type ToolGrant struct {
	Name     string         `yaml:"name" required:"true" doc:"Name of a tool; * matches any characters: kv.*"`
	When     string         `yaml:"when" doc:"Cedar expression over principal, resource and context that has to hold."`
	MaxCalls units.Count    `yaml:"max_calls" doc:"How many calls one run may make under this entry."`
	Rate     units.Rate     `yaml:"rate" doc:"How many calls in any window: 10/1m."`
	Timeout  units.Duration `yaml:"timeout" doc:"Time of one call."`
	Approve  bool           `yaml:"approve" doc:"A person is asked before each call."`
	Origin   Origin         `yaml:"-"`
}

// Forbid is never allowed, whatever permits it.
type Forbid struct {
	Name   string `yaml:"name" required:"true" doc:"Name of a tool; * matches any characters."`
	When   string `yaml:"when" doc:"Cedar expression; without it every call is forbidden. One that cannot be evaluated forbids."`
	Reason string `yaml:"reason" doc:"Why, for whoever wrote the program."`
	Origin Origin `yaml:"-"`
}

// KV is the store of tools.kv.
type KV struct {
	File      string      `yaml:"file" doc:"File of the store. Default: in memory, gone after the run."`
	Namespace string      `yaml:"namespace" doc:"Name that keeps agents apart. Default: the policy's name."`
	Quota     units.Bytes `yaml:"quota" doc:"Most that the namespace may hold. Default 1MiB."`
	Origin    Origin      `yaml:"-"`
}

// Database is a SQLite file that tools.sql.query may read.
type Database struct {
	Name    string         `yaml:"name" required:"true" doc:"Name that the program uses."`
	File    string         `yaml:"file" required:"true" doc:"SQLite file. It is never written."`
	MaxRows units.Count    `yaml:"max_rows" doc:"Most rows of one result. Default 10000."`
	Timeout units.Duration `yaml:"timeout" doc:"Time of one query. Default 2s."`
	Origin  Origin         `yaml:"-"`
}

// LLM is the model of tools.llm.ask.
type LLM struct {
	BaseURL   string      `yaml:"base_url" doc:"Address of an OpenAI-compatible API. Default https://api.openai.com/v1."`
	Model     string      `yaml:"model" required:"true" doc:"Name of the model."`
	Key       string      `yaml:"key" doc:"Name of the secret that is the API key."`
	MaxTokens units.Count `yaml:"max_tokens" doc:"Tokens that one run may use, both ways together. Default 20000."`
	Origin    Origin      `yaml:"-"`
}

// MCP names the servers whose tools are there to be granted.
type MCP struct {
	Servers string `yaml:"servers" required:"true" doc:"A standard mcpServers file."`
	Origin  Origin `yaml:"-"`
}

// Command is a host command as a tool.
type Command struct {
	Name        string              `yaml:"name" required:"true" doc:"Name of the tool."`
	Description string              `yaml:"description" doc:"What it does, for whoever writes programs."`
	Command     []string            `yaml:"command" required:"true" doc:"Absolute path of the program and its arguments; {NAME} stands for an argument of the tool, {{ and }} for braces."`
	Arguments   map[string]Argument `yaml:"arguments" doc:"Arguments of the tool."`
	Directory   string              `yaml:"directory" doc:"Working folder. Default: an empty one."`
	Environment []EnvironmentGrant  `yaml:"environment" doc:"Its environment. Default: nothing."`
	Stdin       string              `yaml:"stdin" doc:"Template of what it reads."`
	Timeout     units.Duration      `yaml:"timeout" doc:"Default 10s."`
	MaxOutput   units.Bytes         `yaml:"max_output" doc:"Default 1MiB."`
	Origin      Origin              `yaml:"-"`
}

// Argument is one argument of a Command.
type Argument struct {
	Type        string   `yaml:"type" required:"true" enum:"string|integer|number|boolean" doc:"JSON type."`
	Description string   `yaml:"description" doc:"What it means."`
	Pattern     string   `yaml:"pattern" doc:"Regular expression (RE2) that a string has to match as a whole."`
	Enum        []string `yaml:"enum" doc:"Strings that are allowed."`
	MaxLength   int      `yaml:"max_length" doc:"Most characters of a string."`
	Minimum     *float64 `yaml:"minimum" doc:"Least number."`
	Maximum     *float64 `yaml:"maximum" doc:"Greatest number."`
	Optional    bool     `yaml:"optional" doc:"May it be left out? Arguments of the command that use it are left out with it."`
}

// Run allows child runs.
type Run struct {
	MaxDepth int     `yaml:"max_depth" doc:"How deep children may nest. Default 1."`
	Share    float64 `yaml:"share" doc:"Part of what is left of each limit that a child may use, above 0 up to 1. Default 0.5."`
	Origin   Origin  `yaml:"-"`
}

// CedarFile is a file of Cedar policies. Load reads Text; a document that was parsed from text alone has none.
type CedarFile struct {
	Path   string
	Text   []byte
	Origin Origin
}

// UnmarshalText takes the path.
func (c *CedarFile) UnmarshalText(text []byte) error {
	c.Path = string(text)
	return nil
}
