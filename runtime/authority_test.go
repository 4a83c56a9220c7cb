package runtime_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"wand/compiler"
	"wand/hostfuncs"
	"wand/policies"
	"wand/runtime"
)

// policyOf parses a policy that a test writes down.
func policyOf(t testing.TB, text string) *policies.Policy {
	t.Helper()
	p, err := policies.Parse("test.yaml", []byte("version: 1\n"+text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestNothingIsGrantedByDefault: without a policy not even an embedder's own tool can be called.
func TestNothingIsGrantedByDefault(t *testing.T) {
	called := false
	tools := registry(t, map[string]toolFunc{"mine": func(context.Context, json.RawMessage) (json.RawMessage, error) { called = true; return nil, nil }})
	for _, name := range []string{"mine", "clock.now", "random.bytes", "log.info", "env.list", "http", "kv.list", "sql.tables", "run"} {
		program := fmt.Sprintf("import tools\ntools.call(%q)\n", name)
		r := start(t, sharedRuntime(t), compiler.Python, program, runtime.Options{Tools: tools})
		if r.Status == runtime.Completed || len(r.Calls) != 1 || r.Calls[0].Decision == hostfuncs.DecisionAllowed {
			// tools.call has no arguments here: what lacks one is refused before anybody is asked.
			t.Errorf("%s: %s %+v", name, r.Status, r.Calls)
		}
	}
	if called {
		t.Error("the tool was called")
	}
}

// TestDeniedRun: a program that ends because it was refused says so, with the rule and what would help.
func TestDeniedRun(t *testing.T) {
	policy := policyOf(t, "name: careful\ntools: [{name: mail.send, when: 'context.args.to like \"*@example.com\"'}]\n")
	var sent []string
	tools, err := hostfuncs.NewRegistry(hostfuncs.Tool("mail.send", "Sends a mail.", func(_ context.Context, in struct {
		To string `json:"to"`
	}) (string, error) {
		sent = append(sent, in.To)
		return "sent", nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	program := "import tools\ntools.mail.send(to='a@example.com')\ntools.mail.send(to='b@evil.example')\n"
	r := start(t, sharedRuntime(t), compiler.Python, program, runtime.Options{Tools: tools, Policy: policy})
	if r.Status != runtime.Denied || r.Error.Kind != runtime.KindPolicy || r.Error.Location == nil || r.Error.Location.Line != 3 || r.Error.Hint == "" {
		t.Errorf("%s", r.JSON())
	}
	if len(sent) != 1 || sent[0] != "a@example.com" {
		t.Errorf("sent to %q", sent)
	}
	if len(r.Calls) != 2 || r.Calls[0].Decision != hostfuncs.DecisionAllowed || r.Calls[1].Decision != hostfuncs.DecisionDenied || !strings.Contains(r.Calls[0].Policy, "test.yaml:3") {
		t.Errorf("%+v", r.Calls)
	}
	if r.Policy == nil || r.Policy.Name != "careful" || !strings.HasPrefix(r.Policy.Digest, "sha256:") {
		t.Errorf("%+v", r.Policy)
	}
	if feedback := r.Feedback(0); !strings.Contains(feedback, "denied") || !strings.Contains(feedback, "next step") {
		t.Error(feedback)
	}
	// One that deals with the refusal goes on.
	program = "import tools\ntry:\n    tools.mail.send(to='b@evil.example')\nexcept PermissionError as e:\n    print('refused')\n"
	if r := start(t, sharedRuntime(t), compiler.Python, program, runtime.Options{Tools: tools, Policy: policy}); r.Status != runtime.Completed || r.Stdout != "refused\n" {
		t.Errorf("%s", r.JSON())
	}
}

func TestMountedFiles(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"data/in.txt": "hello", "secret.txt": "not yours"} {
		os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	os.Mkdir(filepath.Join(dir, "out"), 0o755)
	policy := policyOf(t, fmt.Sprintf("files:\n  - {host: %q, guest: /data}\n  - {host: %q, guest: /out, access: write}\nforbid: [{name: fs.read, when: 'resource.id like \"*.key\"', reason: keys are private}]\n",
		filepath.Join(dir, "data"), filepath.Join(dir, "out")))
	os.WriteFile(filepath.Join(dir, "data", "a.key"), []byte("private"), 0o644)
	programs := map[compiler.Language]string{
		compiler.Python: `import tools
text = open('/data/in.txt').read()
open('/out/py.txt', 'w').write(text.upper())
assert tools.fs.read(path='/data/in.txt') == 'hello'
for bad, mode in ('/data/a.key', 'r'), ('/data/in.txt', 'w'), ('/data/../secret.txt', 'r'), ('/out/../data/x', 'w'):
    try:
        open(bad, mode)
        raise SystemExit(f'{bad} was opened')
    except OSError as e:
        print(type(e).__name__)
`,
		compiler.JavaScript: `const fs = require('fs');
fs.writeFileSync('/out/js.txt', fs.readFileSync('/data/in.txt', 'utf8').toUpperCase());
for (const f of [() => fs.readFileSync('/data/a.key'), () => fs.writeFileSync('/data/in.txt', '')]) {
  try { f(); console.log('opened'); } catch (e) { console.log(e.code); }
}
`,
	}
	for language, program := range programs {
		r := start(t, sharedRuntime(t), language, program, runtime.Options{Policy: policy})
		want := map[compiler.Language]string{compiler.Python: "PermissionError\nPermissionError\nFileNotFoundError\nPermissionError\n", compiler.JavaScript: "EACCES\nEACCES\n"}[language]
		if r.Status != runtime.Completed || r.Stdout != want {
			t.Errorf("%s: %s", language, r.JSON())
		}
		denied := 0
		for _, a := range r.Accesses {
			if a.Decision == hostfuncs.DecisionDenied {
				denied++
			}
		}
		if denied == 0 {
			t.Errorf("%s: no refusal among %+v", language, r.Accesses)
		}
	}
	for _, name := range []string{"py.txt", "js.txt"} {
		if text, err := os.ReadFile(filepath.Join(dir, "out", name)); err != nil || string(text) != "HELLO" {
			t.Errorf("%s: %q %v", name, text, err)
		}
	}
	r := start(t, sharedRuntime(t), compiler.Python, "open('/data/a.key')\n", runtime.Options{Policy: policy})
	if r.Status != runtime.Denied || !strings.Contains(r.Feedback(0), "keys are private") {
		t.Errorf("%s", r.Feedback(0))
	}
}

// TestChildren: a program runs another one with part of its own authority and budget, never more.
func TestChildren(t *testing.T) {
	rt := sharedRuntime(t)
	var secretCalls atomic.Int64
	tools := registry(t, map[string]toolFunc{
		"a": func(_ context.Context, args json.RawMessage) (json.RawMessage, error) { return args, nil },
		"b": func(context.Context, json.RawMessage) (json.RawMessage, error) { secretCalls.Add(1); return nil, nil },
	})
	policy := policyOf(t, "tools: [{name: a, max_calls: 2}, {name: b}]\nrun: {max_depth: 1, share: 0.5}\nenvironment: [MODE=test]\n")
	run := func(program string, limits runtime.Limits) *runtime.Report {
		return start(t, rt, compiler.Python, program, runtime.Options{Tools: tools, Policy: policy, Limits: limits})
	}
	r := run(`import tools
r = tools.run(source="import tools\nprint('hi', INPUT)\ntools.a(x=1)['x'] + INPUT", input=41, tools=["a"])
assert r["status"] == "completed" and r["result"] == 42 and r["stdout"] == "hi 41\n", r
r = tools.run(source="import tools\ntools.b()", tools=["a"])
assert r["status"] == "denied", r
r = tools.run(source="import tools\ntools.a()\ntools.a()", tools=["a"])
assert r["status"] == "denied" and "2 calls" in r["error"]["message"], r   # the parent's two are shared
r = tools.run(source="import tools\ntools.run(source='1')", tools=["*"])
assert r["status"] == "denied" and "nest" in r["error"]["message"], r
r = tools.run(source="1 +", language="python")
assert r["status"] == "invalid" and r["error"]["line"] == 1, r
r = tools.run(source="import os; os.environ.get('MODE')")
assert "result" not in r, r
r = tools.run(source="import os; os.environ.get('MODE')", tools=["env.get"])
assert r["result"] == "test", r
r = tools.run(source="let a: number = 6; a * 7", language="typescript")
assert r["result"] == 42, r
for source, language in ("package main\nfunc main() {}", "go"), ("(module)", "wat"):
    try:
        said = tools.run(source=source, language=language)
    except Exception as e:
        said = str(e)
    assert "only Python, JavaScript and TypeScript programs can be run from within one" in said, said
`, runtime.Limits{})
	wants(t, r, "completed")
	if secretCalls.Load() != 0 {
		t.Error("a child called what its parent did not let it")
	}
	if used := r.Usage.HostCalls.Used; used < 10 {
		t.Errorf("%d host calls: those of the children are missing", used)
	}
	// A grandchild has no more than the child that started it, whatever that lets it have.
	deep := policyOf(t, "tools: [{name: a}, {name: b}]\nrun: {max_depth: 3, share: 0.5}\nenvironment: [MODE=test]\n")
	wants(t, start(t, rt, compiler.Python, `import tools
inner = "import tools, os\ntry:\n    tools.b()\n    print('called')\nexcept PermissionError as e:\n    print(e, os.environ.get('MODE'))"
outer = "import tools\nprint(tools.run(source=INPUT, tools=['*'])['stdout'])"
r = tools.run(source=outer, input=inner, tools=["run", "a"])
assert "did not let it use b None" in r["stdout"], r
`, runtime.Options{Tools: tools, Policy: deep}), "completed")
	if secretCalls.Load() != 0 {
		t.Error("a grandchild called what its parent could not")
	}
	// Fuel: what a child burns is gone for its parent, and a child cannot burn more than its share.
	r = run(`import tools
r = tools.run(source="while True: pass")
assert r["status"] == "exhausted" and r["error"]["kind"] == "fuel", r
print(r["fuel"])
`, runtime.Limits{Fuel: 2_000_000_000})
	wants(t, r, "completed")
	var burnt int64
	fmt.Sscan(r.Stdout, &burnt)
	if burnt < 900_000_000 || burnt > 1_001_000_000 || r.Usage.Fuel.Used < burnt {
		t.Errorf("the child burnt %d, the run %d in all", burnt, r.Usage.Fuel.Used)
	}
	wants(t, run("import tools\nwhile True:\n    tools.run(source='while True: pass')\n", runtime.Limits{Fuel: 2_000_000_000}), "exhausted fuel")
	// Memory.
	r = run(`import tools
r = tools.run(source="b = bytes(1 << 30)")
assert r["status"] == "exhausted" and r["error"]["kind"] == "memory", r
`, runtime.Limits{})
	wants(t, r, "completed")
	// A child does not outlive the parent's deadline.
	began := time.Now()
	wants(t, run("import tools\ntools.run(source='import time; time.sleep(60)')\n", runtime.Limits{Deadline: 300 * time.Millisecond}), "exhausted deadline")
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
}

func TestPolicySettings(t *testing.T) {
	rt, err := runtime.New(context.Background(), runtime.Config{LookupEnv: func(name string) (string, bool) {
		v, ok := map[string]string{"LANG": "de_AT"}[name]
		return v, ok
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close(context.Background())
	needGuests(t)
	policy := policyOf(t, "environment: [LANG, MODE=test, MISSING]\nclock: virtual\nrandom: seeded\ntools: [{name: random.*}, {name: clock.*}, {name: log.*}]\nlimits: {fuel: 1G, host_calls: 5}\n")
	program := `import os, time, random, tools, uuid, secrets
print(sorted((k, v) for k, v in os.environ.items() if k in ("LANG", "MODE", "MISSING")))
start = time.time(); time.sleep(3600); print(time.time() - start >= 3600)
print(random.random(), uuid.uuid4(), secrets.token_hex(8), tools.random.integer(1, 10**6), tools.clock.now()["iso"])
tools.log.info("step", n=1)
`
	one := start(t, rt, compiler.Python, program, runtime.Options{Policy: policy})
	two := start(t, rt, compiler.Python, program, runtime.Options{Policy: policy})
	wants(t, one, "completed")
	if one.Stdout != two.Stdout || one.Usage.Fuel != two.Usage.Fuel {
		t.Errorf("two runs differ:\n%s%s%v %v", one.Stdout, two.Stdout, one.Usage.Fuel, two.Usage.Fuel)
	}
	if !strings.Contains(one.Stdout, "[('LANG', 'de_AT'), ('MODE', 'test')]\nTrue\n") || one.Usage.Fuel.Limit != 1e9 || one.Usage.HostCalls.Limit != 5 {
		t.Errorf("%s %+v", one.Stdout, one.Usage)
	}
	if len(one.Log) != 1 || one.Log[0].Message != "step" || one.Replay.Clock != "virtual" {
		t.Errorf("%s", one.JSON())
	}
	// Options can only lower a limit.
	if r := start(t, rt, compiler.Python, "1", runtime.Options{Policy: policy, Limits: runtime.Limits{Fuel: 1e12, HostCalls: 2}}); r.Usage.Fuel.Limit != 1e9 || r.Usage.HostCalls.Limit != 2 {
		t.Errorf("%+v", r.Usage)
	}
}

// TestPolicyThatCannotBeOpened: what is missing is an error of Run, which names it and where it stands.
func TestPolicyThatCannotBeOpened(t *testing.T) {
	for text, want := range map[string]string{
		"network: [{host: example.com, secrets: {Authorization: 'Bearer ${NO_SUCH_TOKEN}'}}]\n": "NO_SUCH_TOKEN",
		"files: [{host: /no/such/folder, guest: /data}]\n":                                      "/no/such/folder",
		"databases: [{name: d, file: /no/such.db}]\n":                                           "/no/such.db",
		"mcp: {servers: /no/such.json}\ntools: [{name: x.y}]\n":                                 "/no/such.json",
	} {
		_, err := attempt(t, sharedRuntime(t), compiler.Source{Language: compiler.Python, Text: []byte("1")}, runtime.Options{Policy: policyOf(t, text)})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "test.yaml:2") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestRecord: what cannot be recorded ends the run.
func TestRecord(t *testing.T) {
	tools := registry(t, map[string]toolFunc{"t": func(_ context.Context, args json.RawMessage) (json.RawMessage, error) { return args, nil }})
	var calls []hostfuncs.Call
	o := runtime.Options{Tools: tools, Policy: everyTool, Record: func(c hostfuncs.Call) error { calls = append(calls, c); return nil }}
	r := start(t, sharedRuntime(t), compiler.Python, "import tools\ntools.t(x=1)\ntools.t(x=2)\n", o)
	if wants(t, r, "completed"); len(calls) != 2 || strings.ReplaceAll(string(calls[1].Args), " ", "") != `{"x":2}` || calls[1].Decision != hostfuncs.DecisionAllowed {
		t.Errorf("%+v", calls)
	}
	full := errors.New("no space left")
	o.Record = func(hostfuncs.Call) error { return full }
	r, err := attempt(t, sharedRuntime(t), compiler.Source{Language: compiler.Python, Text: []byte("import tools\ntools.t()\nprint('went on')\n")}, o)
	if !errors.Is(err, full) || r == nil || r.Status != runtime.Fault || strings.Contains(r.Stdout, "went on") {
		t.Errorf("%v %v", err, r)
	}
}

// TestFilesLeftOpen: what a program wrote and did not close is there when it ended by itself, and what was there before is when it was stopped.
func TestFilesLeftOpen(t *testing.T) {
	dir := t.TempDir()
	policy := policyOf(t, fmt.Sprintf("files: [{host: %q, guest: /out, access: write}]\n", dir))
	read := func() string {
		text, err := os.ReadFile(filepath.Join(dir, "a.txt"))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	program := "f = open('/out/a.txt', 'w')\nf.write('%s')\n%s\n"
	r := start(t, sharedRuntime(t), compiler.Python, fmt.Sprintf(program, "first", ""), runtime.Options{Policy: policy})
	if wants(t, r, "completed"); read() != "first" || len(r.Written) != 1 || r.Written[0].Path != "/out/a.txt" || r.Written[0].Size != 5 {
		t.Errorf("%q %+v %+v", read(), r.Written, r.Warnings)
	}
	if r := start(t, sharedRuntime(t), compiler.Python, fmt.Sprintf(program, "second", "1/0"), runtime.Options{Policy: policy}); read() != "second" {
		t.Errorf("after an exception: %q %s", read(), r.JSON())
	}
	r = start(t, sharedRuntime(t), compiler.Python, fmt.Sprintf(program, "third", "f.flush()\nwhile True: pass"), runtime.Options{Policy: policy, Limits: runtime.Limits{Fuel: 200_000_000}})
	if wants(t, r, "exhausted fuel"); read() != "second" {
		t.Errorf("after a stop: %q", read())
	}
	r = start(t, sharedRuntime(t), compiler.Python, fmt.Sprintf(program, "fourth", ""), runtime.Options{Policy: policy, DryRun: true})
	if wants(t, r, "denied policy"); read() != "second" {
		t.Errorf("after a dry run: %q", read())
	}
}

// TestApprovalOfFiles: an entry that wants approval holds for open() as for the tool.
func TestApprovalOfFiles(t *testing.T) {
	dir := t.TempDir()
	os.WriteFile(filepath.Join(dir, "a.txt"), []byte("text"), 0o600)
	policy := policyOf(t, fmt.Sprintf("files: [{host: %q, guest: /data}]\ntools: [{name: fs.read, approve: true}]\n", dir))
	program := "for i in range(3):\n    print(open('/data/a.txt').read())\n"
	wants(t, start(t, sharedRuntime(t), compiler.Python, program, runtime.Options{Policy: policy}), "denied policy")
	asked := 0
	r := start(t, sharedRuntime(t), compiler.Python, program, runtime.Options{Policy: policy, Approve: func(_ context.Context, q hostfuncs.Approval) (hostfuncs.Answer, error) {
		asked++
		return hostfuncs.Answer{Allowed: strings.Contains(q.Preview, "/data/a.txt")}, nil
	}})
	if wants(t, r, "completed"); asked != 1 {
		t.Errorf("asked %d times", asked)
	}
	narrow := policyOf(t, fmt.Sprintf("files: [{host: %q, guest: /data}]\ntools: [{name: fs.read, max_calls: 2}]\n", dir))
	for _, program := range []string{program, "import tools\nfor i in range(3):\n    print(tools.fs.read(path='/data/a.txt'))\n"} {
		r := start(t, sharedRuntime(t), compiler.Python, program, runtime.Options{Policy: narrow})
		if r.Status != runtime.Denied || r.Stdout != "text\ntext\n" {
			t.Errorf("%s", r.JSON())
		}
	}
}

// TestPlacesOfFolders: a folder of the host is shown where the policy says, or the policy does not compile; it is never a fault of the sandbox.
func TestPlacesOfFolders(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a"), []byte("there"), 0o600); err != nil {
		t.Fatal(err)
	}
	refused := 0
	for _, place := range []string{"/", "/work", "/work/data", "/tmp", "/tmp/x", "/dev", "/dev/null", "/dev/null/x", "/dev/shm", "/usr", "/usr/lib", "/usr/lib/x", "/usr/lib/python313.zip",
		"/usr/lib/python313.zip/x", "/usr/share", "/packages", "/packages/0", "/packages/9", "/etc", "/a/b/c"} {
		p, err := policies.Parse("test.yaml", fmt.Appendf(nil, "version: 1\nfiles:\n  - {host: %q, guest: %q}\n", dir, place))
		if err != nil {
			refused++
			continue
		}
		for language, program := range map[compiler.Language]string{
			compiler.Python: fmt.Sprintf("print(open(%q).read())", place+"/a"), compiler.JavaScript: fmt.Sprintf("console.log(require('fs').readFileSync(%q, 'utf8'))", place+"/a"),
		} {
			if r := start(t, sharedRuntime(t), language, program, runtime.Options{Policy: p}); r.Status != runtime.Completed || r.Stdout != "there\n" {
				t.Errorf("%s in %s: %s", place, language, r.JSON())
			}
		}
	}
	if refused != 11 {
		t.Errorf("%d places were refused, want 11", refused)
	}
}
