package runtime_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"wand/compiler"
	"wand/runtime"
)

// TestMCPServersFromPrograms drives real MCP servers, the official SDK's example and the one that hostfuncs/mcp is tested with, from programs as models
// write them.
func TestMCPServersFromPrograms(t *testing.T) {
	rt := sharedRuntime(t)
	dir := t.TempDir()
	servers := map[string]any{}
	for name, source := range map[string]string{
		"memory": "github.com/modelcontextprotocol/go-sdk/examples/server/memory", "test": "wand/hostfuncs/mcp/testdata/server",
	} {
		path := filepath.Join(dir, name+".exe")
		if out, err := exec.Command("go", "build", "-o", path, source).CombinedOutput(); err != nil {
			t.Fatalf("the server cannot be built: %v\n%s", err, out)
		}
		servers[name] = map[string]any{"command": path}
	}
	text, err := json.Marshal(map[string]any{"mcpServers": servers})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "mcp.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	policy := policyOf(t, "mcp: {servers: "+file+"}\ntools:\n"+
		"  - {name: 'memory.*'}\n  - {name: test.search_books}\n  - {name: test.crash}\n  - {name: test.hang, timeout: 200ms}\n  - {name: test.count}\n")
	for language, program := range map[compiler.Language]string{
		compiler.Python: `
from tools import memory, test

memory.create_entities(entities=[{"name": "Ada", "entityType": "person", "observations": ["wrote a program"]}])
graph = memory.open_nodes(names=["Ada"])
print(graph["entities"][0]["observations"][0])

print(test.search_books(query="wand", limit=3)["titles"])
for bad in ({"qeury": "wand"}, {"query": 7}, {}):
    try:
        test.search_books(**bad)
    except TypeError as e:
        print("TypeError")
for f in (test.crash, test.hang, test.huge):
    try:
        f()
    except Exception as e:
        print(type(e).__mro__[1].__name__ if type(e).__name__.startswith("Tool") else type(e).__name__)
print(test.count() != "")
`,
		compiler.JavaScript: `
const { memory, test } = tools;
await memory.create_entities({ entities: [{ name: 'Grace', entityType: 'person', observations: ['found a bug'] }] });
const graph = await memory.open_nodes({ names: ['Grace'] });
console.log(graph.entities[0].observations[0]);

console.log((await test.search_books({ query: 'wand', limit: 3 })).titles);
for (const bad of [{ qeury: 'wand' }, { query: 7 }, {}]) {
  try { await test.search_books(bad); } catch (e) { console.log(e instanceof TypeError || e.name); }
}
for (const f of [test.crash, test.hang, test.huge]) {
  try { await f(); } catch (e) { console.log(e.name); }
}
console.log(await test.count() !== '');
`,
	} {
		r := start(t, rt, language, program, runtime.Options{Policy: policy})
		wants(t, r, "completed")
		var outcome []string
		for _, c := range r.Calls {
			outcome = append(outcome, c.Tool+" "+string(c.Decision)+" "+c.Error)
		}
		journal := strings.Join(outcome, "\n")
		for _, want := range []string{
			"test.search_books invalid ", "has no argument \"qeury\"", "test.crash allowed test.crash: the server test ended during the call",
			"test.hang allowed test.hang: no answer within 200ms", "test.huge denied ", "test.count allowed",
		} {
			if !strings.Contains(journal, want) {
				t.Errorf("%s: the journal lacks %q:\n%s", language, want, journal)
			}
		}
		if strings.Contains(string(r.JSON()), dir) {
			t.Error("a path of the host is in the report")
		}
	}
}
