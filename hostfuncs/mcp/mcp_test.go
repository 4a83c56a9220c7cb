package mcp_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wand/hostfuncs"
	"wand/hostfuncs/mcp"
	"wand/policies"
)

// testServer is the program of testdata/server.
var testServer string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "mcp")
	if err != nil {
		panic(err)
	}
	testServer = filepath.Join(dir, "server.exe")
	out, err := exec.Command("go", "build", "-o", testServer, "./testdata/server").CombinedOutput()
	if err != nil {
		fmt.Fprintf(os.Stderr, "the test server cannot be built: %v\n%s", err, out)
		os.Exit(1)
	}
	os.Setenv("WAND_TEST_SECRET", "never seen")
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// problems collects what Config.Problem hears.
type problems struct {
	mu   sync.Mutex
	list []error
}

func (p *problems) add(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.list = append(p.list, err)
}

func (p *problems) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return fmt.Sprint(p.list)
}

func stdio(args ...string) mcp.Server { return mcp.Server{Command: testServer, Args: args} }

func one(s mcp.Server) mcp.Config { return mcp.Config{Servers: map[string]mcp.Server{"test": s}} }

func open(t *testing.T, c mcp.Config) *mcp.Client {
	t.Helper()
	client, err := mcp.Open(t.Context(), c)
	t.Cleanup(func() { client.Close() })
	if err != nil {
		t.Fatal(err)
	}
	return client
}

type allow struct{}

func (allow) Decide(policies.Request) policies.Decision { return policies.Decision{Allowed: true} }

// gate is a run that may call everything.
func gate(t *testing.T, c *mcp.Client) *hostfuncs.Gate {
	t.Helper()
	r, err := hostfuncs.NewRegistry(c.Definitions()...)
	if err != nil {
		t.Fatal(err)
	}
	g := hostfuncs.NewGate(hostfuncs.GateOptions{Tools: r, Policy: allow{}})
	t.Cleanup(g.Close)
	return g
}

// call is a call through the gate, as a run makes it: its result, or the error's type and message.
func call(ctx context.Context, g *hostfuncs.Gate, name, args string) string {
	p := g.Start(ctx, name, []byte(args))
	<-p.Done()
	result, err, fatal := p.Outcome()
	switch {
	case fatal != nil:
		return "fatal: " + fatal.Error()
	case err != nil:
		return err.Type + ": " + err.Message
	}
	return string(result)
}

func definition(t *testing.T, c *mcp.Client, name string) *hostfuncs.Definition {
	t.Helper()
	for _, d := range c.Definitions() {
		if d.Name == name {
			return d
		}
	}
	t.Fatalf("there is no tool %s", name)
	return nil
}

func TestTools(t *testing.T) {
	t.Parallel()
	c := open(t, one(stdio()))
	g := gate(t, c)
	d := definition(t, c, "test.search_books")
	if d.Doc != "Searches[31m the catalogue." {
		t.Errorf("the description is %q", d.Doc)
	}
	if diff := cmp.Diff([]string{"query", "limit"}, d.Input.PropertyOrder); diff != "" {
		t.Error(diff)
	}
	for name, want := range map[string]hostfuncs.Effect{"test.search_books": hostfuncs.ReadOnly, "test.count": hostfuncs.Idempotent, "test.crash": hostfuncs.Destructive} {
		if got := definition(t, c, name).Effect; got != want {
			t.Errorf("%s is %v; want %v", name, got, want)
		}
	}
	for _, test := range []struct{ name, args, want string }{
		{"test.search_books", `{"query":"Go"}`, `{"id":7,"titles":["Go I"]}`},
		{"test.search_books", `{"$args":["Go",3]}`, `{"id":7,"titles":["Go I"]}`},
		{"test.search_books", `{"query":""}`, "ToolError: the query is empty"},
		{"test.search_books", `{"query":1}`, `ArgumentError: test.search_books: argument query…`},
		{"test.json", `{}`, `"{\"a\": 1}"`},
		{"test.import_", `{}`, `"keyword"`},
		{"test.ask", `{}`, `"true true"`},
		{"test.picture", `{}`, `["a picture",{"data":{"$type":"bytes","value":"AQID"},"mime_type":"image/png"},` +
			`{"mime_type":"text/plain","text":"inside","uri":"test://a"},{"description":"","mime_type":"","name":"b","title":"","uri":"test://b"}]`},
	} {
		if got := call(t.Context(), g, test.name, test.args); !matches(got, test.want) {
			t.Errorf("%s(%s) = %s\nwant %s", test.name, test.args, got, test.want)
		}
	}
}

func TestEnvironmentAndDirectory(t *testing.T) {
	t.Parallel()
	s := stdio()
	s.Env = map[string]string{"GIVEN": "${GIVEN_TOKEN}", "PLAIN": "$5"}
	s.Cwd = "sub"
	c := one(s)
	c.Dir = t.TempDir()
	if err := os.Mkdir(filepath.Join(c.Dir, "sub"), 0o700); err != nil {
		t.Fatal(err)
	}
	c.Lookup = func(name string) (string, bool) { return "value of " + name, name == "GIVEN_TOKEN" }
	g := gate(t, open(t, c))
	got := call(t.Context(), g, "test.environment", `{}`)
	if !strings.Contains(got, "GIVEN=value of GIVEN_TOKEN") || !strings.Contains(got, "PLAIN=$5") || !strings.Contains(got, "PATH=") || strings.Contains(got, "never seen") {
		t.Errorf("the server's environment is %s", got)
	}
	if got := call(t.Context(), g, "test.directory", `{}`); !strings.HasSuffix(got, `sub"`) {
		t.Errorf("the server's directory is %s", got)
	}
}

func TestCrash(t *testing.T) {
	t.Parallel()
	var heard problems
	s := stdio()
	s.Env = map[string]string{"TEST_KEY": "${KEY}"}
	c := one(s)
	c.Lookup = func(string) (string, bool) { return "s3cret-key", true }
	c.Problem = heard.add
	g := gate(t, open(t, c))
	if got := call(t.Context(), g, "test.count", `{}`); got != `"1"` {
		t.Fatal(got)
	}
	waiting := g.Start(t.Context(), "test.hang", []byte(`{}`))
	for tries := 0; len(call(t.Context(), g, "test.count", `{}`)) < len(`"1000"`); tries++ { // the server counts a call that hangs as a thousand
		if tries == 1000 {
			t.Fatal("the call that is to hang has not arrived")
		}
		time.Sleep(time.Millisecond)
	}
	if got := call(t.Context(), g, "test.crash", `{}`); got != "ToolError: test.crash: the server test ended during the call" {
		t.Error(got)
	}
	<-waiting.Done()
	if _, err, _ := waiting.Outcome(); err == nil || err.Message != "test.hang: the server test ended during the call" {
		t.Error(err)
	}
	if got := call(t.Context(), g, "test.count", `{}`); got != `"1"` {
		t.Errorf("after the restart: %s", got)
	}
	if text := heard.text(); !strings.Contains(text, "about to crash with ${KEY}") || strings.Contains(text, "s3cret") {
		t.Errorf("the owner hears %s", text)
	}
	for range 10 { // a program that crashes it again and again
		call(t.Context(), g, "test.crash", `{}`)
	}
	if got := call(t.Context(), g, "test.count", `{}`); got != "ToolError: test.count: the server test is not available" {
		t.Error(got)
	}
	if text := heard.text(); !strings.Contains(text, "it ended 6 times within 5m0s") {
		t.Errorf("the owner hears %s", text)
	}
}

func TestHang(t *testing.T) {
	t.Parallel()
	g := gate(t, open(t, one(stdio())))
	for _, name := range []string{"test.hang", "test.stubborn"} {
		ctx, cancel := context.WithCancel(t.Context())
		p := g.Start(ctx, name, []byte(`{}`))
		if got := call(t.Context(), g, "test.json", `{}`); got != `"{\"a\": 1}"` {
			t.Errorf("beside %s: %s", name, got)
		}
		// What the server has not begun, it need not be told to end. It counts a call that hangs as a thousand.
		for name == "test.hang" && len(call(t.Context(), g, "test.count", `{}`)) < len(`"1000"`) {
		}
		cancel()
		<-p.Done()
		if _, err, _ := p.Outcome(); err == nil {
			t.Errorf("%s has a result", name)
		}
	}
	// The server of test.hang hears that nobody waits, and counts.
	for deadline := time.Now().Add(10 * time.Second); ; {
		if got := call(t.Context(), g, "test.count", `{}`); len(got) >= len(`"1000000"`) {
			break
		} else if time.Now().After(deadline) {
			t.Fatalf("the server was not told that the call is over: %s", got)
		}
	}
}

func TestDeafServer(t *testing.T) {
	t.Parallel()
	g := gate(t, open(t, one(stdio("-raw", "deaf"))))
	ctx, cancel := context.WithCancel(t.Context())
	args := `{"text":"` + strings.Repeat("x", 200<<10) + `"}` // more than a pipe holds
	var pending []*hostfuncs.Pending
	for range 10 {
		pending = append(pending, g.Start(ctx, "test.fine", []byte(args)))
	}
	cancel()
	for _, p := range pending {
		<-p.Done()
	}
}

func TestFloodOfRequests(t *testing.T) {
	g := gate(t, open(t, one(stdio("-raw", "flood"))))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 20 {
		if got := call(t.Context(), g, "test.fine", `{}`); got != `"ok"` {
			t.Fatal(got)
		}
	}
	// The flood goes on meanwhile: what is kept of it does not grow, what is just being read comes and goes.
	least := int64(math.MaxInt64)
	for range 10 {
		runtime.GC()
		runtime.ReadMemStats(&after)
		least = min(least, int64(after.HeapAlloc)-int64(before.HeapAlloc))
		time.Sleep(10 * time.Millisecond)
	}
	if least > 32<<20 {
		t.Errorf("the heap has grown by %d bytes", least)
	}
}

func TestHugeResult(t *testing.T) {
	c := one(stdio())
	c.MaxMessage = 1 << 20
	g := gate(t, open(t, c))
	if got, want := call(t.Context(), g, "test.huge", `{}`), "ToolError: test.huge: the answer is larger than 1048576 bytes"; got != want {
		t.Errorf("%s\nwant %s", clip(got), want)
	}
	if got := call(t.Context(), g, "test.count", `{}`); got != `"1"` {
		t.Errorf("afterwards: %s", got)
	}
	raw := one(stdio("-raw", "plain"))
	raw.MaxMessage = 1 << 20
	g = gate(t, open(t, raw))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if got, want := call(t.Context(), g, "test.endless", `{}`), "ToolError: test.endless: the answer is larger than 1048576 bytes"; got != want {
		t.Errorf("%s\nwant %s", clip(got), want)
	}
	runtime.ReadMemStats(&after)
	if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 64<<20 {
		t.Errorf("300 MiB in one line cost %d bytes of allocation", allocated)
	}
	if got := call(t.Context(), g, "test.fine", `{}`); got != `"ok"` {
		t.Errorf("afterwards: %s", got)
	}
}

func TestAnswersByHand(t *testing.T) {
	t.Parallel()
	g := gate(t, open(t, one(stdio("-raw", "plain"))))
	for name, want := range map[string]string{
		"test.refuse":  "ArgumentError: test.refuse: the server does not take this: limit must be[2J below 5",
		"test.wrong":   "ToolError: test.wrong: the server's answer is not what the protocol says",
		"test.precise": `{"id":9007199254740993}`,
		"test.typed":   `{"$type":"map","items":[["$type","handle"],["id",1]]}`,
	} {
		if got := call(t.Context(), g, name, `{}`); got != want {
			t.Errorf("%s: %s\nwant %s", name, got, want)
		}
	}
}

func TestHostileSchemas(t *testing.T) {
	t.Parallel()
	c, err := mcp.Open(t.Context(), one(stdio("-raw", "evil")))
	t.Cleanup(func() { c.Close() })
	for _, want := range []string{
		`the tools "same-name" and "same_name" would both be called test.same_name`,
		`the tool "bomb" cannot be used: the schema of its arguments: its alternatives multiply beyond measure`,
		`the tool "list" cannot be used`, `the tool "nothing" cannot be used`, `the tool "deep" cannot be used`, `the tool "large" cannot be used`,
		`its name is empty or longer than 128 bytes`,
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error lacks %q:\n%v", want, err)
		}
	}
	g := gate(t, c)
	for _, test := range []struct{ name, args, want string }{
		{"test.loop", `{"a":1}`, `"ok"`},
		{"test.circle", `{"a":1}`, `"ok"`},
		{"test.tree", `{"left":{"left":{"value":1}},"value":2}`, `"ok"`},
		{"test.tree", `{"value":"x"}`, `ArgumentError: test.tree: argument value…`},
		{"test.elsewhere", `{"a":1}`, `"ok"`},
		{"test.lookahead", `{"a":"b"}`, `"ok"`},
		{"test.lookahead", `{"a":1}`, `ArgumentError: test.lookahead: argument a…`},
	} {
		if got := call(t.Context(), g, test.name, test.args); !matches(got, test.want) {
			t.Errorf("%s(%s) = %s\nwant %s", test.name, test.args, got, test.want)
		}
	}
}

func TestServersThatDoNotStart(t *testing.T) {
	t.Parallel()
	silent := one(stdio("-raw", "silent"))
	silent.StartTimeout = 200 * time.Millisecond
	if client, err := mcp.Open(t.Context(), silent); err == nil || !strings.Contains(err.Error(), "MCP server test: it did not answer within 200ms") {
		t.Error(err)
	} else {
		client.Close()
	}
	c := mcp.Config{Servers: map[string]mcp.Server{
		"absent": {Command: "no-such-program-anywhere"},
		"exits":  stdio("-raw", "exit"),
		"fine":   stdio(),
		"keyed":  {Command: testServer, Env: map[string]string{"A": "${MISSING}"}},
		"off":    {Command: "no-such-program-anywhere", Disabled: true},
		"web":    {URL: "http://127.0.0.1:1/mcp?key=s3cret"},
		"spare":  {Command: "no-such-program-anywhere"},
	}}
	c.Wanted = func(prefix string) bool { return prefix != "spare" }
	client, err := mcp.Open(t.Context(), c)
	t.Cleanup(func() { client.Close() })
	if err == nil {
		t.Fatal("there is no error")
	}
	for _, want := range []string{
		`MCP server absent: it cannot be started: exec: "no-such-program-anywhere"`,
		"MCP server exits: it ended before it answered (exit status 2); its last words: the configuration is missing",
		"MCP server keyed: it needs the variable MISSING, which has no value here",
		"MCP server web: it cannot be reached: ",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error lacks %q:\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "s3cret") {
		t.Errorf("the error tells the key: %v", err)
	}
	var e *mcp.ServerError
	if !errors.As(err, &e) {
		t.Errorf("%T has no *ServerError in it", err)
	}
	if got := call(t.Context(), gate(t, client), "fine.count", `{}`); got != `"1"` {
		t.Error(got)
	}
}

// web starts the test server over HTTP.
func web(t *testing.T, env string, args ...string) (url string, stop func()) {
	t.Helper()
	cmd := exec.Command(testServer, args...)
	cmd.Env = append(os.Environ(), env)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stop = sync.OnceFunc(func() { stdin.Close(); cmd.Wait() })
	t.Cleanup(stop)
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	go io.Copy(io.Discard, stdout)
	return "http://" + strings.TrimSpace(line) + "/mcp", stop
}

func TestHTTP(t *testing.T) {
	t.Parallel()
	for _, kind := range [][]string{{"-http"}, {"-http", "-json"}, {"-sse"}} {
		t.Run(strings.Join(kind, " "), func(t *testing.T) {
			url, stop := web(t, "TEST_KEY=k3y", kind...)
			s := mcp.Server{URL: url, Headers: map[string]string{"Authorization": "Bearer ${KEY}"}}
			if kind[0] == "-sse" {
				s.Type = "sse"
			}
			c := one(s)
			c.MaxMessage = 1 << 20
			c.Lookup = func(string) (string, bool) { return "k3y", true }
			client := open(t, c)
			g := gate(t, client)
			for _, test := range []struct{ name, args, want string }{
				{"test.search_books", `{"query":"Go"}`, `{"id":7,"titles":["Go I"]}`},
				{"test.ask", `{}`, `"true true"`},
				{"test.huge", `{}`, "ToolError: test.huge: the answer is larger than 1048576 bytes"},
				{"test.json", `{}`, `"{\"a\": 1}"`},
			} {
				if kind[0] == "-sse" && test.name == "test.huge" {
					test.want = "ToolError: test.huge: the connection to the server test broke during the call"
				}
				if got := call(t.Context(), g, test.name, test.args); !matches(got, test.want) {
					t.Errorf("%s(%s) = %s\nwant %s", test.name, test.args, clip(got), test.want)
				}
			}
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			if got := call(ctx, g, "test.hang", `{}`); !strings.Contains(got, "Error: ") {
				t.Error(got)
			}
			if got := call(t.Context(), g, "test.json", `{}`); got != `"{\"a\": 1}"` {
				t.Error(got)
			}
			stop()
			if got := call(t.Context(), g, "test.json", `{}`); !strings.HasPrefix(got, "ToolError: test.json: the ") || strings.Contains(got, "127.0.0.1") {
				t.Error(got)
			}
		})
	}
	t.Run("server starts anew", func(t *testing.T) {
		url, stop := web(t, "", "-http")
		g := gate(t, open(t, one(mcp.Server{URL: url})))
		for range 2 {
			if got := call(t.Context(), g, "test.count", `{}`); len(got) != 3 {
				t.Fatal(got)
			}
		}
		stop()
		if got := call(t.Context(), g, "test.count", `{}`); !strings.HasPrefix(got, "ToolError: test.count: the ") || strings.Contains(got, "127.0.0.1") {
			t.Error(got)
		}
		web(t, "", "-http", "-addr", strings.TrimSuffix(strings.TrimPrefix(url, "http://"), "/mcp"))
		if got := call(t.Context(), g, "test.count", `{}`); got != `"1"` {
			t.Errorf("after the server was started again: %s", got)
		}
	})
	t.Run("wrong key", func(t *testing.T) {
		url, _ := web(t, "TEST_KEY=k3y", "-http")
		client, err := mcp.Open(t.Context(), one(mcp.Server{URL: url}))
		client.Close()
		if err == nil || !strings.Contains(err.Error(), "Unauthorized") {
			t.Error(err)
		}
	})
	t.Run("redirect to another host", func(t *testing.T) {
		url, _ := web(t, "", "-http")
		client, err := mcp.Open(t.Context(), one(mcp.Server{URL: strings.Replace(url, "/mcp", "/away", 1)}))
		client.Close()
		if err == nil || !strings.Contains(err.Error(), "it points to another host") {
			t.Error(err)
		}
	})
}

func TestServersOfTheSDK(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	config := mcp.Config{Servers: map[string]mcp.Server{}}
	for _, name := range []string{"everything", "memory"} {
		path := filepath.Join(dir, name+".exe")
		if out, err := exec.Command("go", "build", "-o", path, "github.com/modelcontextprotocol/go-sdk/examples/server/"+name).CombinedOutput(); err != nil {
			t.Skipf("the SDK's example cannot be built: %v\n%s", err, out)
		}
		config.Servers[name] = mcp.Server{Command: path}
	}
	g := gate(t, open(t, config))
	for _, test := range []struct{ name, args, want string }{
		{"everything.greet", `{"name":"Ada"}`, `"Hi Ada"`},
		{"everything.greet", `{"Name":"Ada"}`, "ArgumentError: …"},
		{"everything.greet_structured", `{"name":"Ada"}`, `{"message":"Hi Ada"}`},
		{"everything.roots", `{}`, "ToolError: …"},
		{"everything.sample", `{}`, "ToolError: …"},
		{"memory.create_entities", `{"entities":[{"name":"Ada","entityType":"person","observations":["wrote a program"]}]}`, `{"entities":[{…`},
		{"memory.open_nodes", `{"names":["Ada"]}`, `{"entities":[{"entityType":"person","name":"Ada",…`},
	} {
		if got := call(t.Context(), g, test.name, test.args); !matches(got, test.want) {
			t.Errorf("%s(%s) = %s\nwant %s", test.name, test.args, clip(got), test.want)
		}
	}
}

func TestNothingSurvives(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("the test asks for processes as Unix does")
	}
	var heard problems
	c := one(stdio("-child"))
	c.Problem = heard.add
	client := open(t, c)
	g := gate(t, client)
	call(t.Context(), g, "test.crash", `{}`) // the child of the first server goes with it
	call(t.Context(), g, "test.count", `{}`)
	call(t.Context(), g, "test.crash", `{}`)
	call(t.Context(), g, "test.count", `{}`)
	client.Close()
	var pids []int
	for _, m := range regexp.MustCompile(`child (\d+)`).FindAllStringSubmatch(heard.text(), -1) {
		pid, _ := strconv.Atoi(m[1])
		pids = append(pids, pid)
	}
	if len(pids) == 0 {
		t.Fatalf("no child was seen: %s", heard.text())
	}
	for _, pid := range pids {
		for deadline := time.Now().Add(10 * time.Second); alive(pid); {
			if time.Now().After(deadline) {
				t.Fatalf("process %d is still there", pid)
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	if got := call(t.Context(), g, "test.count", `{}`); got != "ToolError: test.count: the server test is not available" {
		t.Error(got)
	}
}

// alive says that a process runs; one that is dead and waits to be collected does not.
func alive(pid int) bool {
	if stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err == nil {
		fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
		return fields[0] != "Z" && fields[0] != "X"
	}
	p, err := os.FindProcess(pid)
	return err == nil && p.Signal(syscall.Signal(0)) == nil
}

func TestCloseDuringStart(t *testing.T) {
	t.Parallel()
	for i := range 10 {
		opened := make(chan *mcp.Client)
		c := one(stdio())
		c.Problem = func(error) {}
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			client, _ := mcp.Open(ctx, c)
			opened <- client
		}()
		time.Sleep(time.Duration(i) * time.Millisecond)
		cancel() // the start goes on without who asked for it, until Close
		(<-opened).Close()
	}
}

func TestRefresh(t *testing.T) {
	t.Parallel()
	client := open(t, one(stdio()))
	g := gate(t, client)
	before := len(client.Definitions())
	call(t.Context(), g, "test.grow", `{}`)
	for deadline := time.Now().Add(10 * time.Second); len(client.Definitions()) != before+1; {
		if err := client.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		if time.Now().After(deadline) {
			t.Fatal("the new tool does not appear")
		}
	}
	if got := call(t.Context(), gate(t, client), "test.grown", `{}`); got != `"new"` {
		t.Error(got)
	}
	if got := call(t.Context(), g, "test.grown", `{}`); !strings.Contains(got, "PermissionError") {
		t.Errorf("a run that began before sees the tool: %s", got)
	}
}

func TestManyCallsAtOnce(t *testing.T) {
	t.Parallel()
	g := gate(t, open(t, one(stdio())))
	var all []*hostfuncs.Pending
	for i := range 200 {
		all = append(all, g.Start(t.Context(), "test.search_books", fmt.Appendf(nil, `{"query":"q%d"}`, i)))
	}
	for i, p := range all {
		<-p.Done()
		result, err, fatal := p.Outcome()
		var v struct{ Titles []string }
		if err != nil || fatal != nil || json.Unmarshal(result, &v) != nil || !slices.Equal(v.Titles, []string{fmt.Sprintf("q%d I", i)}) {
			t.Fatalf("call %d: %s %v %v", i, result, err, fatal)
		}
	}
}

// matches compares, up to a … in what is wanted.
func matches(got, want string) bool {
	begin, more := strings.CutSuffix(want, "…")
	return got == want || more && strings.HasPrefix(got, begin)
}

func clip(s string) string { return s[:min(len(s), 300)] }

func BenchmarkCall(b *testing.B) {
	client, err := mcp.Open(b.Context(), one(stdio()))
	if err != nil {
		b.Fatal(err)
	}
	defer client.Close()
	for _, d := range client.Definitions() {
		if d.Name != "test.count" {
			continue
		}
		for b.Loop() {
			if _, err := d.Call(b.Context(), json.RawMessage(`{}`)); err != nil {
				b.Fatal(err)
			}
		}
	}
}
