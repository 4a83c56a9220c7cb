package command_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"wand/hostfuncs"
	"wand/hostfuncs/command"
	"wand/policies"
)

// TestMain is the program that the tests call, when it is told what to do.
func TestMain(m *testing.M) {
	switch os.Getenv("COMMAND_TEST") {
	case "":
		os.Exit(m.Run())
	case "show":
		in, _ := io.ReadAll(os.Stdin)
		dir, _ := os.Getwd()
		entries, _ := os.ReadDir(".")
		var files []string
		fds, _ := os.ReadDir("/proc/self/fd")
		for _, f := range fds {
			link, _ := os.Readlink("/proc/self/fd/" + f.Name())
			files = append(files, link)
		}
		_ = json.NewEncoder(os.Stdout).Encode(map[string]any{"args": os.Args[1:], "env": os.Environ(), "stdin": string(in), "dir": dir, "entries": len(entries), "files": files})
	case "fail":
		fmt.Fprintln(os.Stderr, "no such picture")
		os.Exit(3)
	case "binary":
		os.Stdout.Write([]byte{0xff, 0xfe, 0})
	case "large":
		for range 4 << 20 / 3 {
			os.Stdout.WriteString("日")
		}
		os.Stderr.WriteString("done")
	case "hang":
		c := exec.Command(os.Args[0])
		c.Env = []string{"COMMAND_TEST=sleep"}
		c.Stdout = os.Stdout
		if err := c.Start(); err != nil {
			panic(err)
		}
		if len(os.Args) > 1 {
			_ = os.WriteFile(os.Args[1], []byte(strconv.Itoa(c.Process.Pid)), 0o600)
		}
		if len(os.Args) > 2 {
			os.Exit(0) // and leave the other behind
		}
		time.Sleep(time.Hour)
	case "sleep":
		time.Sleep(time.Hour)
	case "limits":
		f, err := os.Open("/proc/self/limits")
		if err != nil {
			panic(err)
		}
		s := bufio.NewScanner(f)
		for s.Scan() {
			for _, name := range []string{"Max cpu time", "Max file size", "Max core file size", "Max open files", "Max address space"} {
				if rest, ok := strings.CutPrefix(s.Text(), name); ok {
					fmt.Println(name, strings.Fields(rest)[0], strings.Fields(rest)[1])
				}
			}
		}
		f.Close()
		f, err = os.Create("large")
		for i := 0; err == nil && i < 100; i++ {
			_, err = f.Write(make([]byte, 1<<16))
		}
		fmt.Println(err)
	case "kill":
		p, _ := os.FindProcess(os.Getpid())
		_ = p.Kill()
		select {}
	}
}

type allow struct{}

func (allow) Decide(policies.Request) policies.Decision { return policies.Decision{Allowed: true} }

// self is this test's binary, in a mode, as a command.
func self(t *testing.T, mode string, c command.Command) command.Command {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c.Name = "test"
	c.Command = append([]string{program}, c.Command...)
	c.Environment = append(c.Environment, "COMMAND_TEST="+mode)
	return c
}

func gate(t *testing.T, c command.Command) *hostfuncs.Gate {
	t.Helper()
	d, err := command.New(c)
	if err != nil {
		t.Fatal(err)
	}
	r, err := hostfuncs.NewRegistry(d)
	if err != nil {
		t.Fatal(err)
	}
	g := hostfuncs.NewGate(hostfuncs.GateOptions{Tools: r, Policy: allow{}})
	t.Cleanup(g.Close)
	return g
}

func call(ctx context.Context, g *hostfuncs.Gate, args any) string {
	text, err := json.Marshal(args)
	if err != nil {
		panic(err)
	}
	p := g.Start(ctx, "test", text)
	<-p.Done()
	result, e, fatal := p.Outcome()
	switch {
	case fatal != nil:
		return "fatal: " + fatal.Error()
	case e != nil:
		return e.Type + ": " + e.Message
	}
	return string(result)
}

type shown struct {
	Args, Env  []string
	Stdin, Dir string
	Entries    int
	Files      []string
}

// show is what the program saw.
func show(t *testing.T, result string) (s shown) {
	t.Helper()
	var r struct {
		ExitCode int    `json:"exit_code"`
		Stdout   string `json:"stdout"`
	}
	if err := json.Unmarshal([]byte(result), &r); err != nil || r.ExitCode != 0 || json.Unmarshal([]byte(r.Stdout), &s) != nil {
		t.Fatalf("%s (%v)", result, err)
	}
	return s
}

func TestValuesAreWhole(t *testing.T) {
	t.Parallel()
	secret, err := os.Create(filepath.Join(t.TempDir(), "secret"))
	if err != nil {
		t.Fatal(err)
	}
	defer secret.Close()
	inherit(t, secret)
	g := gate(t, self(t, "show", command.Command{
		Command:     []string{"fixed", "{text}", "--size={width}x{{}}", "{flag}", "{ratio}", "{extra}", "-w{extra}"},
		Stdin:       "read {text} and {{this}}",
		Environment: []string{"LANG=C"},
		Arguments: []command.Argument{
			{Name: "text", Type: "string"}, {Name: "width", Type: "integer"}, {Name: "flag", Type: "boolean"}, {Name: "ratio", Type: "number"}, {Name: "extra", Type: "string", Optional: true},
		},
	}))
	for _, text := range []string{"plain", "a b\tc\nd", "$(touch x) `id` ; rm -rf / | cat && true > y", `"quoted" 'too' \`, "*?[a]{b}", "{width}", "%PATH%", "日本", "a=b", "~", "a\u202eb"} {
		s := show(t, call(t.Context(), g, map[string]any{"text": text, "width": 1e3, "flag": true, "ratio": 0.5}))
		want := []string{"fixed", text, "--size=1000x{}", "true", "0.5"}
		if fmt.Sprintf("%q", s.Args) != fmt.Sprintf("%q", want) {
			t.Errorf("the program saw %q; want %q", s.Args, want)
		}
		if s.Stdin != "read "+text+" and {this}" {
			t.Errorf("the program read %q", s.Stdin)
		}
		if s.Entries != 0 {
			t.Errorf("its folder has %d entries", s.Entries)
		}
		if _, err := os.Stat(s.Dir); err == nil {
			t.Errorf("its folder is still there: %s", s.Dir)
		}
		for _, v := range s.Env {
			if name, _, _ := strings.Cut(v, "="); name != "LANG" && name != "COMMAND_TEST" && runtime.GOOS != "windows" {
				t.Errorf("its environment has %s", v)
			}
		}
		if slices.Contains(s.Files, secret.Name()) {
			t.Errorf("it has a file of the host's process: %q", s.Files)
		}
	}
	s := show(t, call(t.Context(), g, map[string]any{"$args": []any{"t", 2, false, 1, "e"}}))
	if want := `["fixed" "t" "--size=2x{}" "false" "1" "e" "-we"]`; fmt.Sprintf("%q", s.Args) != want {
		t.Errorf("the program saw %q; want %s", s.Args, want)
	}
}

func TestRefusedValues(t *testing.T) {
	t.Parallel()
	five, minus := 5.0, -5.0
	g := gate(t, self(t, "show", command.Command{
		Command: []string{"{name}", "{free}", "x{after}", "{low}", "{high}", "{maybe}{next}", "{mode}", "{signed}", "--", "{last}"},
		Arguments: []command.Argument{
			{Name: "name", Type: "string", Pattern: `^[a-z-]+\.png$`, Optional: true},
			{Name: "free", Type: "string", MaxLength: 10, Optional: true},
			{Name: "after", Type: "string", Optional: true},
			{Name: "low", Type: "integer", Minimum: &minus, Maximum: &five, Optional: true},
			{Name: "high", Type: "number", Optional: true},
			{Name: "maybe", Type: "string", Pattern: ".*", Optional: true}, {Name: "next", Type: "string", Optional: true},
			{Name: "mode", Type: "string", Enum: []string{"-fast", "slow"}, Optional: true},
			{Name: "signed", Type: "string", Pattern: `^-?[0-9]+$`, Optional: true},
			{Name: "last", Type: "string", Optional: true},
		},
	}))
	for _, test := range []struct {
		args map[string]any
		want string
	}{
		{map[string]any{"name": "a.png"}, ""},
		{map[string]any{"name": "-a.png"}, "the argument name begins with -"},
		{map[string]any{"name": "a.png\n"}, "ArgumentError"},
		{map[string]any{"name": "../a.png"}, "ArgumentError"},
		{map[string]any{"free": "-rf"}, "the argument free begins with -"},
		{map[string]any{"free": "--"}, "the argument free begins with -"},
		{map[string]any{"free": ""}, "ArgumentError"},
		{map[string]any{"free": "longer than it may be"}, "ArgumentError"},
		{map[string]any{"free": "a\x00b"}, "a value has a NUL character"},
		{map[string]any{"free": 1}, "ArgumentError"},
		{map[string]any{"after": "-rf"}, ""},
		{map[string]any{"after": strings.Repeat("x", 5000)}, "ArgumentError"},
		{map[string]any{"low": -5}, ""},
		{map[string]any{"low": -6}, "ArgumentError"},
		{map[string]any{"low": 1.5}, "ArgumentError"},
		{map[string]any{"high": 1.5}, ""},
		{map[string]any{"high": -1}, "the argument high begins with -"},
		{map[string]any{"high": "1"}, "ArgumentError"},
		{map[string]any{"maybe": "", "next": "-rf"}, "the argument next begins with -"},
		{map[string]any{"maybe": "x", "next": "-rf"}, ""},
		{map[string]any{"mode": "-fast"}, ""},
		{map[string]any{"mode": "-slow"}, "ArgumentError"},
		{map[string]any{"signed": "-12"}, ""},
		{map[string]any{"last": "-rf"}, ""},
		{map[string]any{"other": 1}, "ArgumentError"},
	} {
		got := call(t.Context(), g, test.args)
		if test.want == "" && !strings.HasPrefix(got, `{"exit_code":0`) || !strings.Contains(got, test.want) {
			t.Errorf("%v: %.200s; want %q", test.args, got, test.want)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	text := []command.Argument{{Name: "x", Type: "string"}}
	for _, test := range []struct {
		c    command.Command
		want string
	}{
		{command.Command{}, "it has no program"},
		{command.Command{Command: []string{"./go"}}, "is a relative path; write the absolute one"},
		{command.Command{Command: []string{"no-such-program-anywhere"}}, "its program cannot be used"},
		{command.Command{Command: []string{"/no/such/program"}}, "its program cannot be used"},
		{command.Command{Command: []string{"go", "{x}"}}, `element 1 of the command line: there is no argument "x"; the arguments are none`},
		{command.Command{Command: []string{"go", "{x"}, Arguments: text}, "without a name and a }"},
		{command.Command{Command: []string{"go", "{}"}}, "without a name and a }"},
		{command.Command{Command: []string{"go", "x}"}}, "a } has no {"},
		{command.Command{Command: []string{"go", "a\x00"}}, "element 1 has a NUL"},
		{command.Command{Command: []string{"go"}, Arguments: text}, "the argument x is used nowhere"},
		{command.Command{Command: []string{"go", "{x}"}, Arguments: append(text, text...)}, "the argument x stands there twice"},
		{command.Command{Command: []string{"go", "{x}"}, Arguments: []command.Argument{{Name: "x", Type: "text"}}}, `its type "text" is not`},
		{command.Command{Command: []string{"go", "{x}"}, Arguments: []command.Argument{{Name: "x", Type: "string", Pattern: "("}}}, "its pattern"},
		{command.Command{Command: []string{"go", "{x}"}, Arguments: []command.Argument{{Name: "x", Type: "integer", Pattern: "a"}}}, "are for strings"},
		{command.Command{Command: []string{"go"}, Arguments: []command.Argument{{Name: "a-b", Type: "string"}}}, "a name has letters"},
		{command.Command{Command: []string{"go"}, Directory: "sub"}, "is not an absolute path"},
		{command.Command{Command: []string{"go"}, Environment: []string{"LANG"}}, "which is not NAME=value"},
		{command.Command{Command: []string{"go"}, Timeout: -1}, "a limit is negative"},
	} {
		_, err := command.New(test.c)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: %v; want %q", test.c.Command, err, test.want)
		}
	}
}

func TestNoCode(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"sh", "bash", "python3.12", "perl", "node", "cmd.exe", "run.bat", "convert"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/true\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		argv    []string
		refused bool
	}{
		{[]string{"sh", "-c", "echo {x}"}, true},
		{[]string{"bash", "-lc", "{x}"}, true},
		{[]string{"bash", "-c{x}"}, true},
		{[]string{"sh", "-c", `echo "$1"`, "sh", "{x}"}, false},
		{[]string{"python3.12", "-c", "print('{x}')"}, true},
		{[]string{"python3.12", "script.py", "{x}"}, false},
		{[]string{"perl", "-ne", "{x}"}, true},
		{[]string{"node", "--eval={x}"}, true},
		{[]string{"cmd.exe", "/c", "{x}"}, true},
		{[]string{"run.bat", "{x}"}, true},
		{[]string{"convert", "-c", "{x}"}, false},
	} {
		if runtime.GOOS == "windows" && filepath.Ext(test.argv[0]) == "" {
			continue
		}
		argv := append([]string{filepath.Join(dir, test.argv[0])}, test.argv[1:]...)
		_, err := command.New(command.Command{Name: "test", Command: argv, Arguments: []command.Argument{{Name: "x", Type: "string"}}})
		if (err != nil) != test.refused {
			t.Errorf("%q: %v", test.argv, err)
		}
	}
}

func TestOutcomes(t *testing.T) {
	t.Parallel()
	for mode, want := range map[string]string{
		"fail":   `{"exit_code":3,"stderr":"no such picture\n","stdout":"","truncated":false}`,
		"binary": `{"exit_code":0,"stderr":"","stdout":{"$type":"bytes","value":"//4A"},"truncated":false}`,
		"large":  `{"exit_code":0,"stderr":"done","stdout":"` + strings.Repeat("日", 1000/3) + `","truncated":true}`,
		"kill":   `{"exit_code":-1,"signal":"killed","stderr":"","stdout":"","truncated":false}`,
	} {
		if mode == "kill" && runtime.GOOS == "windows" {
			continue
		}
		if got := call(t.Context(), gate(t, self(t, mode, command.Command{MaxOutput: 1000})), nil); got != want {
			t.Errorf("%s: %.300s\nwant %.300s", mode, got, want)
		}
	}
}

func TestNothingSurvives(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("the test asks for processes as Unix does")
	}
	for _, leave := range []bool{false, true} {
		note := filepath.Join(t.TempDir(), "pid")
		c := self(t, "hang", command.Command{Command: []string{note}, Timeout: 300 * time.Millisecond})
		if leave {
			c.Command, c.Timeout = append(c.Command, "leave"), time.Minute
		}
		got := call(t.Context(), gate(t, c), nil)
		if !leave && !strings.HasPrefix(got, "TimeoutError") || leave && !strings.HasPrefix(got, `{"exit_code":0`) {
			t.Error(got)
		}
		text, err := os.ReadFile(note)
		if err != nil {
			t.Skipf("the program did not come so far: %v", err)
		}
		pid, err := strconv.Atoi(string(text))
		if err != nil {
			t.Fatal(err)
		}
		for deadline := time.Now().Add(10 * time.Second); alive(pid); time.Sleep(5 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("process %d is still there", pid)
			}
		}
	}
}

// alive says that a process runs; one that is dead and waits to be collected does not.
func alive(pid int) bool {
	if stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err == nil {
		state := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))[0]
		return state != "Z" && state != "X"
	}
	p, err := os.FindProcess(pid)
	return err == nil && p.Signal(syscall.Signal(0)) == nil
}

func TestLimits(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("limits of processes are for Linux")
	}
	got := call(t.Context(), gate(t, self(t, "limits", command.Command{Timeout: 7 * time.Second, FileSize: 1 << 20, OpenFiles: 99, Memory: 64 << 30})), nil)
	for _, want := range []string{"Max cpu time 8 8", "Max file size 1048576 1048576", "Max core file size 0 0", "Max open files 99 99", "Max address space 68719476736 68719476736", "file too large"} {
		if !strings.Contains(got, want) {
			t.Errorf("%s\nlacks %q", got, want)
		}
	}
}

func TestCannotBeRun(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "program.exe")
	if err := os.WriteFile(program, []byte("#!/no/such/interpreter\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	var heard error
	g := gate(t, command.Command{Name: "test", Command: []string{program}, Problem: func(err error) { heard = err }})
	if got := call(t.Context(), g, nil); !strings.HasPrefix(got, "ToolError: test: the command could not be run") || strings.Contains(got, program) {
		t.Error(got)
	}
	if heard == nil || !strings.Contains(heard.Error(), program) {
		t.Errorf("the owner hears %v", heard)
	}
}

func TestPreview(t *testing.T) {
	d, err := command.New(command.Command{Name: "test", Command: []string{"go", "{x}", "y z"}, Stdin: "abc", Arguments: []command.Argument{{Name: "x", Type: "string"}}})
	if err != nil {
		t.Fatal(err)
	}
	for args, want := range map[string]string{
		`{"x":"a"}`:          `would run go a "y z", with 3 bytes on its standard input`,
		`{"x":"a; rm -rf"}`:  `would run go "a; rm -rf" "y z", with 3 bytes on its standard input`,
		`{"x":"\u001b[2Jb"}`: `would run go "\x1b[2Jb" "y z", with 3 bytes on its standard input`,
		`{"x":"-rf"}`:        "would refuse: the argument x begins with -, so that the program could take it for an option",
	} {
		if got := d.Preview(json.RawMessage(args)); got != want {
			t.Errorf("%s: %s\nwant %s", args, got, want)
		}
	}
	if d.Effect != hostfuncs.Destructive {
		t.Errorf("a command is %v", d.Effect)
	}
}

func FuzzTemplate(f *testing.F) {
	f.Add("{x}", "value")
	f.Add("--a={x}{{}}", "-v")
	f.Add("{x", "")
	program, err := os.Executable()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, element, value string) {
		d, err := command.New(command.Command{Name: "test", Command: []string{program, element}, Arguments: []command.Argument{{Name: "x", Type: "string"}}})
		if err != nil {
			return
		}
		args, _ := json.Marshal(map[string]string{"x": value})
		if text := d.Preview(args); strings.HasPrefix(element, "{x}") && strings.HasPrefix(value, "-") && !strings.HasPrefix(text, "would refuse") {
			t.Errorf("%q with %q: %s", element, value, text)
		}
	})
}

func BenchmarkCall(b *testing.B) {
	program, err := exec.LookPath("true")
	if err != nil {
		b.Skip(err)
	}
	d, err := command.New(command.Command{Name: "test", Command: []string{program}})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := d.Call(b.Context(), json.RawMessage(`{}`)); err != nil {
			b.Fatal(err)
		}
	}
}
