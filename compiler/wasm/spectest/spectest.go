// Package spectest reads the specification's test suite, which the sources of wazero carry, as wast2json writes it. Tests of the compiler and of the engines call
// it; what they make of a command is theirs. It imports nothing of ours.
package spectest

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// WazeroDir is where the module cache has the sources of wazero, with real modules among them. Without them the test is skipped.
func WazeroDir(t testing.TB) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/tetratelabs/wazero").Output()
	if err != nil || len(out) == 0 {
		t.Skipf("the sources of wazero are not here: %v", err)
	}
	return strings.TrimSpace(string(out))
}

// Root is the folder of the suites.
func Root(t testing.TB) string {
	t.Helper()
	return filepath.Join(WazeroDir(t), "internal", "integration_test", "spectest")
}

// Suite is a part of the test suite: a version of the specification, or a proposal.
type Suite struct {
	Name    string
	Scripts []string // files
}

// Suites are those that are run. v1 is left out: v2 repeats it, except for a dozen assertions that later versions reversed.
func Suites(t testing.TB) (list []Suite) {
	t.Helper()
	for _, name := range []string{"v2", "extended-const", "tail-call", "exception-handling", "threads", "typed-function-references"} {
		scripts, err := filepath.Glob(filepath.Join(Root(t), name, "testdata", "*.json"))
		if err != nil || len(scripts) == 0 {
			t.Fatalf("%s: no scripts: %v", name, err)
		}
		list = append(list, Suite{name, scripts})
	}
	return list
}

// Command is a command of a script.
type Command struct {
	Type       string  `json:"type"`
	Line       int     `json:"line"`
	Name       string  `json:"name"`
	Filename   string  `json:"filename"`
	As         string  `json:"as"`
	Text       string  `json:"text"`
	ModuleType string  `json:"module_type"`
	Action     Action  `json:"action"`
	Expected   []Value `json:"expected"`
}

// Action is a call of a function, or a look at a global.
type Action struct {
	Type   string  `json:"type"`
	Module string  `json:"module"`
	Field  string  `json:"field"`
	Args   []Value `json:"args"`
}

// Value is a value, or a pattern of values such as nan:canonical.
type Value struct {
	Type     string          `json:"type"`
	LaneType string          `json:"lane_type"`
	Value    json.RawMessage `json:"value"`
}

// Lanes are the numbers of a value, as text: one, or those of a vector. A pattern that takes any value has none.
func (v Value) Lanes() []string {
	if len(v.Value) == 0 {
		return nil
	}
	var one string
	if json.Unmarshal(v.Value, &one) == nil {
		return []string{one}
	}
	var all []string
	if err := json.Unmarshal(v.Value, &all); err != nil {
		return []string{"unreadable " + string(v.Value)}
	}
	return all
}

// Commands are the commands of a script, without those about modules in the text format, which are an assembler's matter.
func Commands(t testing.TB, file string) (list []Command) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var script struct{ Commands []Command }
	if err := json.Unmarshal(text, &script); err != nil {
		t.Fatal(err)
	}
	for _, c := range script.Commands {
		if c.ModuleType != "text" {
			list = append(list, c)
		}
	}
	return list
}

// Module is the file that a command of a script names.
func (c *Command) Module(t testing.TB, script string) []byte {
	t.Helper()
	bin, err := os.ReadFile(filepath.Join(filepath.Dir(script), c.Filename))
	if err != nil {
		t.Fatal(err)
	}
	return bin
}
