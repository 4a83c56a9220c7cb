package agent_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"wand/hostfuncs"
	"wand/policies"
	"wand/runtime"
	"wand/runtime/agent"
	"wand/runtime/agent/modeltest"
)

// The tests below run an agent in a process of its own, which is this test binary with childVariable set.
const childVariable = "WAND_TEST_AGENT"

func TestMain(m *testing.M) {
	if text := os.Getenv(childVariable); text != "" {
		var c childTask
		err := json.Unmarshal([]byte(text), &c)
		if err == nil {
			err = c.run()
		}
		if err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// childTask is what a child process is to do.
type childTask struct {
	URL, Dir, Log string
	// PauseAt is the number of the event after which the child waits to be killed, PauseIn of the call in whose middle it does, KillAfter of the call after
	// which it is killed while its program sleeps. -1: never.
	PauseAt, PauseIn, KillAfter int
	Policy                      string
	Approval                    *bool
	Strategy                    []string
}

// run does the task, and prints the outcome.
func (c *childTask) run() error {
	ctx := context.Background()
	rt, err := runtime.New(ctx, runtime.Config{})
	if err != nil {
		return err
	}
	defer rt.Close(ctx)
	model, err := agent.NewOpenAI(agent.OpenAIConfig{BaseURL: c.URL, Model: "scripted", Backoff: time.Millisecond})
	if err != nil {
		return err
	}
	tools, err := c.tools()
	if err != nil {
		return err
	}
	policy, err := policies.Parse("test.yaml", []byte("version: 1\nname: test\n"+c.Policy))
	if err != nil {
		return err
	}
	strategy, err := agent.ParseStrategy(c.Strategy...)
	if err != nil {
		return err
	}
	config := agent.Config{Runtime: rt, Model: model, Dir: c.Dir, Tools: tools, Policy: policy, Strategy: strategy, OnEvent: func(e *agent.Event) error {
		fmt.Println("event", e.Kind, e.Step)
		if c.PauseAt--; c.PauseAt == 0 {
			pause()
		}
		return nil
	}}
	if c.Approval != nil {
		config.Answer = &runtime.Answered{Approval: &hostfuncs.Answer{Allowed: *c.Approval}}
	}
	a, err := agent.New(ctx, config)
	if err != nil {
		return err
	}
	o, err := a.Run(ctx, "Write the words down.")
	if err != nil {
		return err
	}
	defer o.Close()
	text, err := json.Marshal(o)
	fmt.Println("outcome", string(text))
	return err
}

// pause says that now is the moment, and waits for it.
func pause() {
	fmt.Println("kill me")
	time.Sleep(time.Minute)
}

// tools has one tool that changes something outside: it appends a word to a file, twice in two pieces, and pauses between them when it is told to.
func (c *childTask) tools() (*hostfuncs.Registry, error) {
	return hostfuncs.NewRegistry(hostfuncs.Tool("write", "Writes a word down.", func(_ context.Context, in struct {
		Word string `json:"word"`
	}) (int, error) {
		f, err := os.OpenFile(c.Log, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
		if err != nil {
			return 0, err
		}
		defer f.Close()
		if _, err = fmt.Fprintln(f, in.Word); err != nil {
			return 0, err
		}
		if c.PauseIn--; c.PauseIn == 0 {
			pause()
		}
		if c.KillAfter--; c.KillAfter == 0 {
			time.AfterFunc(40*time.Millisecond, func() { fmt.Println("kill me") })
			return 100 + len(in.Word), f.Sync() // the program sleeps now
		}
		return len(in.Word), f.Sync()
	}))
}

// spawn runs a child process, and kills it with SIGKILL when it says that it is the moment. The outcome is nil then.
func spawn(t *testing.T, c childTask) (o *agent.Outcome, events []string) {
	t.Helper()
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), childVariable+"="+string(text))
	command.Stderr = os.Stderr
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 16<<20)
	killed := false
	for lines.Scan() {
		switch line := lines.Text(); {
		case line == "kill me":
			killed = true
			command.Process.Kill()
		case strings.HasPrefix(line, "event "):
			events = append(events, strings.TrimPrefix(line, "event "))
		case strings.HasPrefix(line, "outcome "):
			o = &agent.Outcome{}
			if err := json.Unmarshal([]byte(strings.TrimPrefix(line, "outcome ")), o); err != nil {
				t.Fatal(err)
			}
		default:
			t.Error(line)
		}
	}
	err = command.Wait()
	var status *exec.ExitError
	if killed != (errors.As(err, &status) && status.ExitCode() == -1) || !killed && err != nil {
		t.Fatalf("the child ended with %v", err)
	}
	return o, events
}

// words is a conversation whose programs write words down, one by one.
func words() *modeltest.Server {
	return modeltest.New(modeltest.ByTurn(
		fenced("import time, tools\ndef write(word):\n    n = tools.write(word)\n    time.sleep(1.5 if n > 100 else 0)\n    return n % 100\nlengths = [write('one')]\nkept = 'a'"),
		modeltest.Turn{Code: "for word in ['two', 'three', 'four']:\n    lengths.append(write(word))\nprint(lengths)"},
		fenced("raise ValueError(kept + str(write('five')))"),
		fenced("lengths.append(write('six'))\nlengths"),
		says("ANSWER: written"),
	))
}

const allWords = "one\ntwo\nthree\nfour\nfive\nsix\n"

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return string(text)
}

// TestKill: a process that is killed with SIGKILL after any of its events, or in the middle of any of its calls, loses nothing: the next one goes on, no answer
// is asked for twice that was received, and no call that ended is made twice.
func TestKill(t *testing.T) {
	sharedRuntime(t)
	const grant = "tools: [{name: write}]\n"
	s := words()
	defer s.Close()
	dir := t.TempDir()
	whole, events := spawn(t, childTask{URL: s.BaseURL(), Dir: filepath.Join(dir, "whole"), Log: filepath.Join(dir, "log"), Policy: grant})
	if whole == nil || whole.Status != agent.Answered || read(t, filepath.Join(dir, "log")) != allWords || string(whole.Value) != "[3,3,5,4,3]" {
		t.Fatalf("%+v, written %q", whole, read(t, filepath.Join(dir, "log")))
	}
	asked := len(s.Requests())
	step := 1
	if testing.Short() {
		step = 5
	}
	check := func(t *testing.T, c childTask) {
		s := words()
		defer s.Close()
		c.URL, c.Dir, c.Log, c.Policy = s.BaseURL(), filepath.Join(t.TempDir(), "agent"), filepath.Join(t.TempDir(), "log"), grant
		o, before := spawn(t, c)
		if o != nil {
			t.Fatalf("the child was to be killed, and came to %+v", o)
		}
		inCall := c.PauseIn > 0
		c.PauseAt, c.PauseIn, c.KillAfter = -1, -1, -1
		o, _ = spawn(t, c)
		written := read(t, c.Log)
		if inCall {
			// Nobody knows of that call what it did: the program hears so, and the model goes on from there.
			for word := range strings.Lines(allWords) {
				if strings.Count("\n"+written, "\n"+word) > 1 {
					t.Errorf("%q was written twice: %q", word, written)
				}
			}
			return
		}
		last := before[len(before)-1]
		if o == nil || o.Status != agent.Answered || string(o.Value) != string(whole.Value) || o.Spent.Turns != whole.Spent.Turns || o.Spent.HostCalls != whole.Spent.HostCalls {
			t.Errorf("killed after %s: %+v\nundisturbed: %+v", last, o, whole)
			return
		}
		if billed := s.Billed(); o.Spent.Tokens.Prompt != int64(billed.Prompt) || o.Spent.Tokens.Completion != int64(billed.Completion) {
			t.Errorf("killed after %s: spent %+v, the server counts %+v", last, o.Spent.Tokens, billed)
		}
		if written != allWords {
			t.Errorf("killed after %s: written %q", last, written)
		}
		if n := len(s.Requests()); n != asked {
			t.Errorf("killed after %s: the model was asked %d times, undisturbed %d", last, n, asked)
		}
	}
	for at := 1; at < len(events); at += step {
		t.Run(fmt.Sprintf("after event %d, %s", at, events[at-1]), func(t *testing.T) {
			t.Parallel()
			check(t, childTask{PauseAt: at})
		})
	}
	for after := 1; after <= 6; after += step {
		t.Run("between the calls, after "+strconv.Itoa(after), func(t *testing.T) {
			t.Parallel()
			check(t, childTask{KillAfter: after})
		})
	}
	for in := 1; in <= 6; in += step {
		t.Run("in the middle of call "+strconv.Itoa(in), func(t *testing.T) {
			t.Parallel()
			check(t, childTask{PauseIn: in})
		})
	}
}

// TestKillSamples: conversations side by side, and attempts one after the other, go on as well.
func TestKillSamples(t *testing.T) {
	sharedRuntime(t)
	for _, strategy := range []string{"vote-3", "best-of-2"} {
		for _, at := range []int{4, 9, 14} {
			t.Run(fmt.Sprintf("%s, after event %d", strategy, at), func(t *testing.T) {
				t.Parallel()
				s := serve(t, modeltest.ByTurn(fenced("import tools\nn = tools.write('one')"), fenced("n + tools.write('four')"), says("ANSWER: 7")))
				c := childTask{URL: s.BaseURL(), Dir: filepath.Join(t.TempDir(), "agent"), Log: filepath.Join(t.TempDir(), "log"), Policy: "tools: [{name: write}]\n", Strategy: []string{strategy}, PauseAt: at}
				if o, _ := spawn(t, c); o != nil {
					t.Fatalf("%+v", o)
				}
				c.PauseAt = -1
				o, _ := spawn(t, c)
				// One of them may have been in the middle of a call, of which nobody knows what it did.
				if o == nil || o.Status != agent.Answered || strategy == "vote-3" && (string(o.Value) != "7" || o.Votes < 2) {
					t.Fatalf("%+v", o)
				}
				samples := len(o.Branches)
				for _, word := range []string{"one\n", "four\n"} {
					if n := strings.Count(read(t, c.Log), word); n > samples {
						t.Errorf("%q was written %d times by %d conversations", word, n, samples)
					}
				}
			})
		}
	}
}

// TestSuspend: a call waits for somebody's approval; the process ends; another one goes on with the answer. What was done before is not done again.
func TestSuspend(t *testing.T) {
	sharedRuntime(t)
	dir := t.TempDir()
	s := serve(t, modeltest.ByTurn(
		fenced("import tools\ntools.write('one')\nprint('asking')\nn = tools.write('secret')\nprint('got', n)"),
		fenced("n"),
		says("ANSWER: written"),
	))
	c := childTask{URL: s.BaseURL(), Dir: filepath.Join(dir, "agent"), Log: filepath.Join(dir, "log"),
		Policy: "tools: [{name: write, when: 'context.args.word == \"secret\"', approve: true}, {name: write, when: 'context.args.word != \"secret\"'}]\n"}
	for range 2 { // nobody answers the second time either
		o, _ := spawn(t, c)
		if o == nil || o.Status != agent.Suspended || o.Suspend == nil || o.Suspend.Tool != "write" || string(o.Suspend.Args) != `{"word":"secret"}` || read(t, c.Log) != "one\n" {
			t.Fatalf("%+v, written %q", o, read(t, c.Log))
		}
	}
	yes := true
	c.Approval = &yes
	o, _ := spawn(t, c)
	if o == nil || o.Status != agent.Answered || string(o.Value) != "6" || read(t, c.Log) != "one\nsecret\n" || len(s.Requests()) != 3 {
		t.Fatalf("%+v, written %q", o, read(t, c.Log))
	}
	wants(t, told(t, s, 1), "asking\ngot 6")

	no := false
	c.Dir, c.Log, c.Approval = filepath.Join(dir, "refused"), filepath.Join(dir, "log2"), nil
	s2 := serve(t, modeltest.ByTurn(fenced("import tools\nx = tools.write('secret')"), says("ANSWER: not allowed")))
	c.URL = s2.BaseURL()
	spawn(t, c)
	c.Approval = &no
	if o, _ = spawn(t, c); o == nil || o.Answer != "not allowed" || read(t, c.Log) != "" {
		t.Fatalf("%+v, written %q", o, read(t, c.Log))
	}
	wants(t, told(t, s2, 1), "denied", "refused this call")
}

// TestTwoProcesses: a conversation is one process's at a time.
func TestTwoProcesses(t *testing.T) {
	dir := t.TempDir()
	entered, leave := make(chan struct{}), make(chan struct{})
	s := serve(t, func(*modeltest.Request) modeltest.Turn {
		close(entered)
		<-leave
		return says("ANSWER: 1")
	})
	a := newAgent(t, s, agent.Config{Dir: dir})
	done := make(chan error)
	go func() {
		_, err := a.Run(context.Background(), "Wait.")
		done <- err
	}()
	<-entered
	if _, err := newAgent(t, s, agent.Config{Dir: dir}).Run(context.Background(), "Wait."); !errors.Is(err, agent.ErrBusy) {
		t.Error(err)
	}
	close(leave)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestTranscriptDamaged: what is wrong with a transcript is named, with its line; a last line that was cut off is nothing wrong.
func TestTranscriptDamaged(t *testing.T) {
	dir := t.TempDir()
	s := serve(t, modeltest.ByTurn(fenced("1"), says("ANSWER: 1")))
	solve(t, newAgent(t, s, agent.Config{Dir: dir}), "Count.")
	name := agent.TranscriptFile(dir)
	good := read(t, name)
	lines := strings.SplitAfter(good, "\n")
	for want, text := range map[string]string{
		"line 3 is not an event":           strings.Join(slices.Concat(lines[:2], []string{"{garbage\n"}, lines[3:]), ""),
		"line 3 has the number 4":          strings.Join(slices.Delete(slices.Clone(lines), 2, 3), ""),
		"begins with the event start":      strings.Join(lines[1:], ""),
		"its schema is \"wand.future/v9\"": strings.Replace(good, agent.TranscriptSchema, "wand.future/v9", 1),
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := newAgent(t, s, agent.Config{Dir: dir}).Run(context.Background(), "Count."); !errors.Is(err, agent.ErrTranscript) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	for cut := range 40 { // the end of the last lines
		if err := os.WriteFile(name, []byte(good[:len(good)-1-cut*29]), 0o600); err != nil {
			t.Fatal(err)
		}
		if o, err := newAgent(t, s, agent.Config{Dir: dir}).Run(context.Background(), "Count."); err != nil || o.Answer != "1" {
			t.Errorf("%d bytes cut off: %v %+v", 1+cut*29, err, o)
		}
	}
}
