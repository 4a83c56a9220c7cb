package runtime_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"wand/compiler"
	"wand/hostfuncs"
	"wand/runtime"
)

// ledger is a set of tools that leave a line in a file with every call.
func ledger(t testing.TB, path string) *hostfuncs.Registry {
	t.Helper()
	note := func(line string) error {
		f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = fmt.Fprintln(f, line)
		return err
	}
	type in struct {
		To string `json:"to"`
		MS int    `json:"ms" default:"0"`
	}
	tool := func(name string, effect hostfuncs.Effect, err error) *hostfuncs.Definition {
		d := hostfuncs.Tool(name, "Does something.", func(ctx context.Context, in in) (string, error) {
			if problem := note(name + " " + in.To); problem != nil {
				return "", problem
			}
			time.Sleep(time.Duration(in.MS) * time.Millisecond)
			return name + " to " + in.To, err
		})
		d.Effect = effect
		return d
	}
	tools, err := hostfuncs.NewRegistry(
		tool("pay", hostfuncs.Destructive, nil), tool("send", hostfuncs.Destructive, nil), tool("find", hostfuncs.ReadOnly, nil), tool("set", hostfuncs.Idempotent, nil),
		tool("ask", hostfuncs.Destructive, hostfuncs.ErrSuspend),
	)
	if err != nil {
		t.Fatal(err)
	}
	return tools
}

func lines(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return strings.Join(strings.Fields(strings.ReplaceAll(string(b), " ", ":")), " ")
}

const ledgerPolicy = `
version: 1
name: ledger
tools: [{name: pay}, {name: send, approve: true}, {name: find}, {name: set}, {name: ask}, {name: kv.*}, {name: log.*}]
kv: {namespace: a}
`

func yes() *runtime.Answered { return &runtime.Answered{Approval: &hostfuncs.Answer{Allowed: true}} }

// suspending is a run that may be suspended, and its folder and ledger.
type suspending struct {
	t    testing.TB
	rt   *runtime.Runtime
	dir  string
	book string
	o    runtime.Options
}

func newSuspending(t testing.TB) *suspending {
	dir := t.TempDir()
	s := &suspending{t: t, rt: sharedRuntime(t), dir: filepath.Join(dir, "waiting"), book: filepath.Join(dir, "book")}
	s.o = runtime.Options{Policy: allowing(t, ledgerPolicy), Tools: ledger(t, s.book), SuspendDir: s.dir}
	return s
}

func (s *suspending) run(language compiler.Language, program string) *runtime.Report {
	s.t.Helper()
	r, err := s.rt.Run(context.Background(), compiled(s.t, language, program), s.o)
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

func (s *suspending) resume(token string, a *runtime.Answered) *runtime.Report {
	s.t.Helper()
	o := s.o
	o.SuspendDir = ""
	r, err := s.rt.Resume(context.Background(), s.dir, token, a, o)
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

// waits checks that a run is suspended and returns its token.
func (s *suspending) waits(r *runtime.Report, tool string) string {
	s.t.Helper()
	if r.Status != runtime.Suspended || r.Suspension == nil || r.Suspension.Tool != tool || r.Suspension.Token == "" {
		s.t.Fatalf("want a run that waits for %s, got\n%s", tool, r.JSON())
	}
	return r.Suspension.Token
}

func (s *suspending) ends(r *runtime.Report, stdout, result, book string) {
	s.t.Helper()
	if r.Status != runtime.Completed || r.Stdout != stdout || string(r.Result) != result {
		s.t.Errorf("want %q and %s, got\n%s", stdout, result, r.JSON())
	}
	if got := lines(s.t, s.book); got != book {
		s.t.Errorf("the tools did %q, want %q", got, book)
	}
	if left, err := s.rt.Waiting(s.dir); err != nil || len(left) != 0 {
		s.t.Errorf("left behind: %v %v", left, err)
	}
}

func TestSuspendForApproval(t *testing.T) {
	for language, program := range map[compiler.Language]string{
		compiler.Python: `
import random, time, tools
a, t = random.random(), time.time()
print(tools.pay("a"))
tools.kv.set("k", [1]); tools.log.info("before"); tools.fs.write("x.txt", "kept")
print(tools.send("b"))
print(a == a and time.time() >= t, tools.kv.get("k"), open("x.txt").read())
tools.pay("c")
`,
		compiler.JavaScript: `
const a = Math.random(), t = Date.now()
console.log(await tools.pay({to: 'a'}))
await tools.kv.set({key: 'k', value: [1]}); await tools.log.info({message: 'before'}); await tools.fs.write({path: 'x.txt', content: 'kept'})
console.log(await tools.send({to: 'b'}))
console.log(String(Date.now() >= t).replace('t', 'T'), JSON.stringify(await tools.kv.get({key: 'k'})), require('fs').readFileSync('x.txt', 'utf8'))
await tools.pay({to: 'c'})
`,
	} {
		t.Run(string(language), func(t *testing.T) {
			s := newSuspending(t)
			first := s.run(language, program)
			token := s.waits(first, "send")
			if w := first.Suspension; w.Waits != hostfuncs.WaitsForApproval || w.Rule == "" || w.Preview == "" || !strings.Contains(string(w.Args), "b") {
				t.Errorf("%+v", w)
			}
			if got := lines(t, s.book); got != "pay:a" {
				t.Errorf("before the answer: %s", got)
			}
			list, err := s.rt.Waiting(s.dir)
			if err != nil || len(list) != 1 || list[0].Token != token || list[0].State != "suspended" || list[0].Suspension.Tool != "send" {
				t.Fatalf("%+v %v", list, err)
			}
			report := s.resume(token, yes())
			s.ends(report, "pay to a\nsend to b\nTrue [1] kept\n", `"pay to c"`, "pay:a send:b pay:c")
			if len(report.Calls) != 7 || len(report.Log) != 1 {
				t.Errorf("%d calls, log %v", len(report.Calls), report.Log)
			}
			if _, err := s.rt.Resume(context.Background(), s.dir, token, yes(), s.o); !refusedBy(err, runtime.TokenUnknown) {
				t.Errorf("the token works again: %v", err)
			}
		})
	}
}

func refusedBy(err error, reason runtime.TokenReason) bool {
	var e *runtime.TokenError
	return errors.As(err, &e) && e.Reason == reason
}

func TestSuspendDenied(t *testing.T) {
	s := newSuspending(t)
	token := s.waits(s.run(compiler.Python, `
import tools
tools.pay("a")
try:
    tools.send("b")
except PermissionError as e:
    print(e)
tools.pay("c")
`), "send")
	s.ends(s.resume(token, &runtime.Answered{Approval: &hostfuncs.Answer{Reason: "not today"}}), "send: somebody was asked and refused this call: not today\n", `"pay to c"`, "pay:a pay:c")
}

func TestSuspendForAResult(t *testing.T) {
	s := newSuspending(t)
	program := "import tools\ntry:\n    print(tools.ask('somebody'))\nexcept Exception as e:\n    print(type(e).__name__, e)\ntools.pay('x')"
	token := s.waits(s.run(compiler.Python, program), "ask")
	for _, wrong := range []*runtime.Answered{nil, yes(), {}, {Result: json.RawMessage("{")}, {Result: json.RawMessage("1"), Error: &hostfuncs.Error{}}} {
		if _, err := s.rt.Resume(context.Background(), s.dir, token, wrong, s.o); !refusedBy(err, runtime.TokenAnswer) {
			t.Errorf("%+v: %v", wrong, err)
		}
	}
	s.ends(s.resume(token, &runtime.Answered{Result: json.RawMessage(`"it is 42"`)}), "it is 42\n", `"pay to x"`, "ask:somebody pay:x")

	s = newSuspending(t)
	token = s.waits(s.run(compiler.Python, program), "ask")
	s.ends(s.resume(token, &runtime.Answered{Error: &hostfuncs.Error{Type: hostfuncs.ToolError, Message: "nobody knows"}}), "ToolError nobody knows\n", `"pay to x"`, "ask:somebody pay:x")
}

// TestSuspendBesideOthers has calls side by side of which some wait: the others end first, and are kept.
func TestSuspendBesideOthers(t *testing.T) {
	for language, program := range map[compiler.Language]string{
		compiler.Python: `
import asyncio, tools
async def main():
    return await asyncio.gather(tools.aio.pay("a", 30), tools.aio.send("b"), tools.aio.pay("c", 5), tools.aio.send("d"))
print(*asyncio.run(main()), sep=", ")
1
`,
		compiler.JavaScript: `
console.log((await Promise.all([tools.pay({to: 'a', ms: 30}), tools.send({to: 'b'}), tools.pay({to: 'c', ms: 5}), tools.send({to: 'd'})])).join(', '));
1
`,
	} {
		t.Run(string(language), func(t *testing.T) {
			s := newSuspending(t)
			first := s.run(language, program)
			token := s.waits(first, "send")
			if first.Suspension.Others != 1 {
				t.Errorf("%d others", first.Suspension.Others)
			}
			if got := lines(t, s.book); !strings.Contains(got, "pay:a") || !strings.Contains(got, "pay:c") || strings.Contains(got, "send") {
				t.Errorf("before the answer: %s", got)
			}
			second := s.resume(token, yes())
			next := s.waits(second, "send")
			if next == token {
				t.Error("the token is the same after an answer")
			}
			if _, err := s.rt.Resume(context.Background(), s.dir, token, yes(), s.o); !refusedBy(err, runtime.TokenAnswered) {
				t.Errorf("the first token works again: %v", err)
			}
			last := s.resume(next, yes())
			if got := lines(t, s.book); strings.Count(got, "pay:a") != 1 || strings.Count(got, "pay:c") != 1 || strings.Count(got, "send:b") != 1 || strings.Count(got, "send:d") != 1 {
				t.Errorf("the tools did %s", got)
			}
			s.ends(last, "pay to a, send to b, pay to c, send to d\n", "1", lines(t, s.book))
		})
	}
}

// TestSuspendMounted has the opening of a mounted file wait.
func TestSuspendMounted(t *testing.T) {
	s := newSuspending(t)
	folder := t.TempDir()
	s.o.Policy = allowing(t, fmt.Sprintf("version: 1\nfiles: [{host: %s, guest: /data, access: write}]\ntools: [{name: pay}, {name: fs.write, approve: true}]\n", folder))
	token := s.waits(s.run(compiler.Python, "import tools\ntools.pay('a')\nwith open('/data/x', 'w') as f:\n    f.write('hello')\ntools.pay('b')"), "fs.write")
	for {
		r := s.resume(token, yes())
		if r.Status != runtime.Suspended {
			s.ends(r, "", `"pay to b"`, "pay:a pay:b")
			break
		}
		token = r.Suspension.Token
	}
	if b, err := os.ReadFile(filepath.Join(folder, "x")); err != nil || string(b) != "hello" {
		t.Errorf("%q %v", b, err)
	}
}

// TestResumeWithAnOpenMountedFile: what was open of the host's is not any more, and nothing is lost in silence.
func TestResumeWithAnOpenMountedFile(t *testing.T) {
	s := newSuspending(t)
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "in"), []byte(strings.Repeat("line\n", 10_000)), 0o600); err != nil {
		t.Fatal(err)
	}
	s.o.Policy = allowing(t, fmt.Sprintf("version: 1\nfiles: [{host: %s, guest: /data, access: write}]\ntools: [{name: send, approve: true}]\n", folder))
	token := s.waits(s.run(compiler.Python, `
import tools
f = open("/data/in")
g = open("/data/out", "w")
g.write("x" * 20_000); g.flush()
print(f.readline())
tools.send("a")
for what in (lambda: len(f.read()), lambda: (g.write("y"), g.flush())):
    try:
        print(what())
    except OSError as e:
        print(type(e).__name__, e.errno)
print(len(open("/data/in").read()))
g = f = None
`), "send")
	r := s.resume(token, yes())
	if r.Status != runtime.Completed || strings.Count(r.Stdout, "OSError 9") != 2 || !strings.Contains(r.Stdout, "50000") {
		t.Errorf("%s", r.JSON())
	}
	if _, err := os.Stat(filepath.Join(folder, "out")); err == nil {
		t.Error("half of a file was put in its place")
	}
}

// TestResumeIsRefusedByName has everything that a run cannot go on with.
func TestResumeIsRefusedByName(t *testing.T) {
	s := newSuspending(t)
	token := s.waits(s.run(compiler.Python, "import tools\ntools.send('b')"), "send")
	path := filepath.Join(s.dir, token[5:29]+".wandrun")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	refuse := func(want string, token string, o runtime.Options) {
		t.Helper()
		_, err := s.rt.Resume(context.Background(), s.dir, token, yes(), o)
		var a *runtime.TokenError
		var b *runtime.RecordingError
		if got := ""; errors.As(err, &a) {
			if got = string(a.Reason); got != want {
				t.Errorf("refused as %s, want %s: %v", got, want, err)
			}
		} else if !errors.As(err, &b) || string(b.Reason) != want {
			t.Errorf("want %s: %v", want, err)
		}
		if left, _ := os.ReadFile(path); !bytes.Equal(left, whole) {
			t.Errorf("%s: the state was changed", want)
		}
	}
	other := s.o
	other.Policy = allowing(t, strings.Replace(ledgerPolicy, "{name: pay}, ", "", 1))
	refuse("policy", token, other)
	other = s.o
	other.Policy = nil
	refuse("policy", token, other)
	other = s.o
	other.Tools = nil
	refuse("tools", token, other)
	refuse("malformed", "", s.o)
	refuse("malformed", token[:len(token)-1], s.o)
	refuse("malformed", strings.ToUpper(token), s.o)
	refuse("tampered", token[:8]+flip(token[8:9])+token[9:], s.o)
	refuse("unknown", forged(t, s), s.o)
	key := append([]byte(nil), whole...)
	key[len(key)-1] ^= 1
	write := func(b []byte) {
		t.Helper()
		whole = b
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	good := whole
	write(key)
	refuse("tampered", token, s.o)
	write(good[:20])
	refuse("truncated", token, s.o)
	write([]byte("#!/bin/sh\n"))
	refuse("foreign", token, s.o)
	write(good)
	s.o.SuspendDir = ""
	s.ends(s.resume(token, yes()), "", `"send to b"`, "send:b")
}

func flip(digit string) string {
	if digit == "0" {
		return "1"
	}
	return "0"
}

// forged is the token of another run that is over.
func forged(t *testing.T, s *suspending) string {
	t.Helper()
	other := newSuspending(t)
	token := other.waits(other.run(compiler.Python, "import tools\ntools.send('b')"), "send")
	return token
}

// TestResumeAfterSIGKILL is the promise of the journal: the first process is killed, and a new one goes on.
func TestResumeAfterSIGKILL(t *testing.T) {
	if dir := os.Getenv("WAND_TEST_SUSPEND"); dir != "" {
		killedChild(t, dir)
		return
	}
	for name, x := range map[string]struct {
		program string
		when    string // the line of the ledger at which it is killed; empty when it is suspended
		answer  *runtime.Answered
		stdout  string
		result  string
		book    string
	}{
		"suspended": {
			"import tools\nprint(tools.pay('a'))\nprint(tools.send('b'))\ntools.pay('c')", "", yes(), "pay to a\nsend to b\n", `"pay to c"`, "pay:a send:b pay:c",
		},
		"again after the answer": {
			"import tools, time\nprint(tools.pay('a'))\nprint(tools.send('b'))\ntools.pay('c')\nfor i in range(100): time.sleep(0.02)\ntools.pay('d')", "pay:c", nil, "pay to a\nsend to b\n", `"pay to d"`, "pay:a send:b pay:c pay:d",
		},
		"computing after a call": {
			"import tools, time\nprint(tools.pay('a'))\ntools.find('now')\nfor i in range(100): time.sleep(0.02)\ntools.pay('c')", "find:now", nil, "pay to a\n", `"pay to c"`, "pay:a find:now pay:c",
		},
		"in the middle of a call": {
			"import tools\nprint(tools.pay('a'))\ntry:\n    tools.pay('b', 3000)\nexcept Exception as e:\n    print('not known' in str(e))\ntools.pay('c')", "pay:b", nil, "pay to a\nTrue\n", `"pay to c"`, "pay:a pay:b pay:c",
		},
		"in the middle of a call that may be repeated": {
			"import tools\nprint(tools.pay('a'))\nprint(tools.set('b', 1500))\ntools.pay('c')", "set:b", nil, "pay to a\nset to b\n", `"pay to c"`, "pay:a set:b set:b pay:c",
		},
		"among calls side by side": {
			"import asyncio, tools\nasync def main():\n    return await asyncio.gather(tools.aio.pay('a'), tools.aio.find('b', 2000), tools.aio.pay('c', 2000), return_exceptions=True)\nx = asyncio.run(main())\nprint(x[0], x[1], 'not known' in str(x[2]))\ntools.pay('d')",
			"pay:c", nil, "pay to a find to b True\n", `"pay to d"`, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "program.py"), []byte(x.program), 0o600); err != nil {
				t.Fatal(err)
			}
			self, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			child := exec.Command(self, "-test.run=^TestResumeAfterSIGKILL$")
			child.Env = append(os.Environ(), "WAND_TEST_SUSPEND="+dir)
			if strings.Contains(x.program, "send") && x.when != "" {
				// The first process is killed while the run waits, the second when it has gone on with the answer.
				if err := child.Start(); err != nil {
					t.Fatal(err)
				}
				for start := time.Now(); time.Since(start) < 60*time.Second; time.Sleep(5 * time.Millisecond) {
					if _, err := os.Stat(filepath.Join(dir, "suspended")); err == nil {
						break
					}
				}
				child.Process.Kill()
				child.Wait()
				child = exec.Command(self, "-test.run=^TestResumeAfterSIGKILL$")
				child.Env = append(os.Environ(), "WAND_TEST_SUSPEND="+dir, "WAND_TEST_RESUME=1", "WAND_TEST_ANSWER=1")
			}
			var said bytes.Buffer
			child.Stdout, child.Stderr = &said, &said
			if err := child.Start(); err != nil {
				t.Fatal(err)
			}
			book, waiting := filepath.Join(dir, "book"), filepath.Join(dir, "suspended")
			deadline := time.Now().Add(60 * time.Second)
			for {
				if x.when == "" {
					if _, err := os.Stat(waiting); err == nil {
						break
					}
				} else if strings.Contains(lines(t, book), x.when) {
					time.Sleep(150 * time.Millisecond) // so that quick calls have ended
					break
				}
				if time.Now().After(deadline) {
					child.Process.Kill()
					t.Fatal("the child did not get there: ", said.String())
				}
				time.Sleep(5 * time.Millisecond)
			}
			child.Process.Kill()
			child.Wait()
			again := exec.Command(self, "-test.run=^TestResumeAfterSIGKILL$")
			again.Env = append(os.Environ(), "WAND_TEST_SUSPEND="+dir, "WAND_TEST_RESUME=1")
			if x.answer != nil {
				again.Env = append(again.Env, "WAND_TEST_ANSWER=1")
			}
			out, err := again.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			text, err := os.ReadFile(filepath.Join(dir, "report"))
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			var r runtime.Report
			if err := json.Unmarshal(text, &r); err != nil {
				t.Fatal(err)
			}
			if r.Status != runtime.Completed || r.Stdout != x.stdout || string(r.Result) != x.result {
				t.Errorf("%s", text)
			}
			got := lines(t, book)
			if x.book != "" && got != x.book {
				t.Errorf("the tools did %q, want %q", got, x.book)
			}
			for _, call := range strings.Fields(got) {
				if strings.HasPrefix(call, "pay:") && strings.Count(got+" ", call+" ") != 1 {
					t.Errorf("%s happened more than once: %s", call, got)
				}
			}
		})
	}
}

// killedChild is the process that is killed, or the one that goes on after it.
func killedChild(t *testing.T, dir string) {
	ctx := context.Background()
	rt, err := runtime.New(ctx, runtime.Config{})
	if err != nil {
		t.Fatal(err)
	}
	o := runtime.Options{Policy: allowing(t, ledgerPolicy), Tools: ledger(t, filepath.Join(dir, "book"))}
	waiting := filepath.Join(dir, "waiting")
	if os.Getenv("WAND_TEST_RESUME") == "" {
		text, err := os.ReadFile(filepath.Join(dir, "program.py"))
		if err != nil {
			t.Fatal(err)
		}
		o.SuspendDir = waiting
		r, err := rt.Run(ctx, compiled(t, compiler.Python, string(text)), o)
		if err != nil || r.Status != runtime.Suspended {
			t.Fatal(err, r)
		}
		os.WriteFile(filepath.Join(dir, "suspended"), nil, 0o600)
		select {} // until it is killed
	}
	list, err := rt.Waiting(waiting)
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	var a *runtime.Answered
	if os.Getenv("WAND_TEST_ANSWER") != "" {
		a = yes()
	}
	r, err := rt.Resume(ctx, waiting, list[0].Token, a, o)
	if err != nil {
		t.Fatal(err)
	}
	os.WriteFile(filepath.Join(dir, "report"), r.JSON(), 0o600)
}

// TestResumeKeepsWhatWasCounted: a run cannot have more of what its policy counts by being suspended.
func TestResumeKeepsWhatWasCounted(t *testing.T) {
	s := newSuspending(t)
	s.o.Policy = allowing(t, "version: 1\ntools: [{name: pay, max_calls: 2}, {name: send, approve: true}]\n")
	token := s.waits(s.run(compiler.Python, `
import tools
tools.pay("a"); tools.pay("b")
tools.send("x")
try:
    tools.pay("c")
except PermissionError as e:
    print("refused")
`), "send")
	s.ends(s.resume(token, yes()), "refused\n", "", "pay:a pay:b send:x")
}

// TestSuspendWithoutAFolder is as it was before there were suspensions: the program is refused.
func TestSuspendWithoutAFolder(t *testing.T) {
	var asked atomic.Int64
	o := runtime.Options{Policy: allowing(t, ledgerPolicy), Tools: ledger(t, filepath.Join(t.TempDir(), "book")), Approve: func(context.Context, hostfuncs.Approval) (hostfuncs.Answer, error) {
		asked.Add(1)
		return hostfuncs.Answer{}, hostfuncs.ErrSuspend
	}}
	r, err := sharedRuntime(t).Run(context.Background(), compiled(t, compiler.Python, "import tools\ntools.send('a')"), o)
	if err != nil || r.Status != runtime.Denied || asked.Load() != 1 {
		t.Errorf("%v %s", err, r.JSON())
	}
}

// TestSuspendedTurn continues a turn of a session in another session.
func TestSuspendedTurn(t *testing.T) {
	s := newSuspending(t)
	ctx := context.Background()
	so := runtime.SessionOptions{Policy: s.o.Policy, Tools: s.o.Tools}
	session, err := s.rt.NewSession(ctx, so)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	turn := func(text string) *runtime.Report {
		t.Helper()
		m, _, err := s.rt.Compile(ctx, session.Source(text))
		if err != nil {
			t.Fatal(err)
		}
		r, err := session.Run(ctx, m, runtime.TurnOptions{SuspendDir: s.dir})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if r := turn("import tools\nx = 40\nopen('f', 'w').write('file')"); r.Status != runtime.Completed {
		t.Fatal(r.Feedback(0))
	}
	token := s.waits(turn("tools.pay('a')\nx += 1\ny = tools.send('b')\nx += 1"), "send")
	if r := turn("x"); string(r.Result) != "40" {
		t.Errorf("the session was changed: %s", r.Result)
	}
	if _, err := s.rt.Resume(ctx, s.dir, token, yes(), s.o); !refusedBy(err, runtime.TokenAnswer) {
		t.Error(err)
	}
	resumed, r, err := s.rt.ResumeTurn(ctx, s.dir, token, yes(), so, runtime.TurnOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer resumed.Close()
	if r.Status != runtime.Completed || !r.Session.Kept {
		t.Fatal(r.Feedback(0))
	}
	session = resumed
	if r := turn("[x, y, open('f').read()]"); string(r.Result) != `[42,"send to b","file"]` && string(r.Result) != `[42, "send to b", "file"]` {
		t.Errorf("%s %s", r.Result, r.Feedback(0))
	}
	if got := lines(t, s.book); got != "pay:a send:b" {
		t.Error(got)
	}
}
