package mcp_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wand/hostfuncs/mcp"
)

// The version of the servers on npm that the test was written with.
const npmVersion = "2026.8.31"

// npmServers returns the folder of servers from npm, and installs them into the user's cache when they are not there.
func npmServers(t *testing.T) string {
	t.Helper()
	for _, program := range []string{"npm", "node"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not installed", program)
		}
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Skip(err)
	}
	dir := filepath.Join(cache, "wand", "test-mcp-"+npmVersion)
	modules := filepath.Join(dir, "node_modules", "@modelcontextprotocol")
	if _, err := os.Stat(dir); err == nil {
		return modules
	}
	if testing.Short() {
		t.Skip("servers from npm are not in the cache, and -short installs none")
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		t.Skip(err)
	}
	fresh, err := os.MkdirTemp(filepath.Dir(dir), "test-mcp-*")
	if err != nil {
		t.Skip(err)
	}
	defer os.RemoveAll(fresh)
	args := []string{"install", "--prefix", fresh, "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"}
	for _, name := range []string{"everything", "memory", "filesystem"} {
		args = append(args, "@modelcontextprotocol/server-"+name+"@"+npmVersion)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "npm", args...)
	cmd.WaitDelay = time.Second
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("npm cannot install the servers: %v\n%s", err, out)
	}
	if err := os.Rename(fresh, dir); err != nil {
		if _, there := os.Stat(dir); there != nil { // another test was faster
			t.Fatal(err)
		}
	}
	return modules
}

func TestServersFromNPM(t *testing.T) {
	t.Parallel()
	modules := npmServers(t)
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "a.txt"), []byte("written by the test"), 0o600); err != nil {
		t.Fatal(err)
	}
	server := func(name string, args ...string) map[string]any {
		return map[string]any{"command": "node", "args": append([]string{filepath.Join(modules, "server-"+name, "dist", "index.js")}, args...)}
	}
	memory := server("memory")
	memory["env"] = map[string]string{"MEMORY_FILE_PATH": filepath.Join(folder, "memory.jsonl")}
	text, err := json.Marshal(map[string]any{"mcpServers": map[string]any{"everything": server("everything"), "memory": memory, "file-system": server("filesystem", folder)}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "mcp.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := mcp.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	client := open(t, c)
	g := gate(t, client)
	path, _ := json.Marshal(map[string]string{"path": filepath.Join(folder, "a.txt")})
	for _, test := range []struct{ name, args, has string }{
		{"everything.echo", `{"message":"hello"}`, "hello"},
		{"everything.echo", `{}`, "ArgumentError"},
		{"everything.get_sum", `{"a":2,"b":3}`, "5"},
		{"everything.get_structured_content", `{"location":"New York"}`, `"temperature":`},
		{"everything.get_tiny_image", `{}`, `"data":{"$type":"bytes"`},
		{"memory.create_entities", `{"entities":[{"name":"Ada","entityType":"person","observations":["wrote a program"]}]}`, `"name":"Ada"`},
		{"memory.create_entities", `{"entities":[{"name":1}]}`, "ArgumentError"},
		{"memory.search_nodes", `{"query":"program"}`, `"entityType":"person"`},
		{"file_system.read_text_file", string(path), "written by the test"},
		{"file_system.read_text_file", `{"path":"/etc/passwd"}`, "Access denied"},
	} {
		if got := call(t.Context(), g, test.name, test.args); !strings.Contains(got, test.has) {
			t.Errorf("%s(%s) = %s\nwant %q in it", test.name, test.args, clip(got), test.has)
		}
	}
}
