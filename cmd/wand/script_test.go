package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/urfave/cli/v2"
	_ "modernc.org/sqlite"

	"wand/compiler"
	"wand/compiler/toolchain"
	"wand/compiler/toolchain/jail"
	"wand/modules"
	"wand/policies"
)

var update = flag.Bool("update", false, "write the expected files of the scripts anew")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"wand": main})
}

// TestScript runs testdata/script/*.txtar. Beside the commands of testscript they have
//
//	exits CODE COMMAND ARGUMENTS...   run a command that must end with that exit code
//	json FILE|stdout                  check that it is one JSON value
//	report stdout                     check it against the report's schema
//	built stdout                      check it against the schema of wand build
//	sessions stdout                   check it against the schema of wand session list and show
//	model FILE                        start a model's server at $MODEL_URL that says what the file tells
//
// and the conditions [guest:NAME], [engine:NAME], [compiler:LANGUAGE] and [pip]. $SERVER is the address of an HTTP server on this machine, shop.db a SQLite database with a table of items.
func TestScript(t *testing.T) {
	cache, err := modules.CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	examples, err := filepath.Abs("../../examples")
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"method": %q, "path": %q, "price": 42}`, r.Method, r.URL.Path)
	}))
	t.Cleanup(server.Close)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		UpdateScripts:       *update,
		Setup: func(e *testscript.Env) error {
			e.Setenv("WAND_CACHE", cache)
			e.Setenv("CI", os.Getenv("CI"))
			e.Setenv("EXAMPLES", examples)
			e.Setenv("GUESTS", filepath.Join(cache, "guests"))
			e.Setenv("SERVER", server.URL)
			return makeDatabase(filepath.Join(e.WorkDir, "shop.db"))
		},
		Condition: func(condition string) (bool, error) {
			if name, ok := strings.CutPrefix(condition, "engine:"); ok {
				return slices.Contains(builtEngines(), name), nil
			}
			if condition == "pip" {
				return exec.Command("python3", "-m", "pip", "--version").Run() == nil, nil
			}
			if language, ok := strings.CutPrefix(condition, "compiler:"); ok {
				_, _, err := toolchain.New(toolchain.Options{Cache: cache}).Find(t.Context(), compiler.Language(language))
				return err == nil && jail.Supported() == nil, nil
			}
			name, ok := strings.CutPrefix(condition, "guest:")
			if !ok {
				return false, errors.New("unknown condition " + condition)
			}
			_, err := modules.Find(name)
			if err != nil && os.Getenv("CI") != "" && name != "science" { // that one takes a quarter of an hour to build: make test-science
				return false, err
			}
			return err == nil, nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":  exits,
			"json":   isJSON,
			"report": reportSchema.command(),
			"token":  takeToken,

			"sessions": sessionSchema.command(),
			"built":    builtSchema.command(),
			"model":    serveModel,
		},
	})
}

func makeDatabase(file string) error {
	db, err := sql.Open("sqlite", file)
	if err != nil {
		return err
	}
	_, err = db.Exec("CREATE TABLE items (name TEXT, price REAL); INSERT INTO items VALUES ('washer', 0.5), ('bolt', 1.25)")
	return errors.Join(err, db.Close())
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND ARGUMENTS...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var ended *exec.ExitError
	if errors.As(err, &ended) {
		got = ended.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

func isJSON(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: json FILE")
	}
	if text := ts.ReadFile(args[0]); !json.Valid([]byte(text)) {
		ts.Fatalf("not JSON:\n%s", text)
	}
}

// takeToken sets TOKEN to the first token in a file.
func takeToken(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: token FILE")
	}
	token, _, _ := strings.Cut(ts.ReadFile(args[0]), " ")
	ts.Setenv("TOKEN", token)
}

func TestArrange(t *testing.T) {
	c := newApp(nil, nil, nil).cli()
	for _, test := range []struct{ in, want, program string }{
		{"run x.py --fuel 3", "run --fuel 3 -- x.py", ""},
		{"run x.py --fuel=3 --json", "run --fuel=3 --json -- x.py", ""},
		{"run - --json -- --fuel -- x", "run --json -- -", "--fuel -- x"},
		{"run -c -1 --json", "run -c -1 --json", ""},
		{"run --file a --file b x.py", "run --file a --file b -- x.py", ""},
		{"--help", "--help", ""},
		{"check x --help", "check --help", ""},
		{"help run", "run --help", ""},
		{"help policy check", "policy check --help", ""},
		{"policy check a.yaml --json b.yaml", "policy check --json -- a.yaml b.yaml", ""},
		{"policy explain p.yaml --tool http --args {}", "policy explain --tool http --args {} -- p.yaml", ""},
		{"policy check x --help", "policy check --help", ""},
		{"policy --help", "policy --help", ""},
		{"policy", "policy", ""},
	} {
		got, program, err := arrange(c, append([]string{"wand"}, strings.Fields(test.in)...))
		if err != nil || strings.Join(got[1:], " ") != test.want || strings.Join(program, " ") != test.program {
			t.Errorf("%s: %q, %q, %v", test.in, got, program, err)
		}
	}
}

// Every example in a help text is a command line that is understood: commands, options and where they stand.
func TestHelpExamples(t *testing.T) {
	c := newApp(nil, nil, nil).cli()
	var check func(name string, commands []*cli.Command)
	check = func(name string, commands []*cli.Command) {
		for _, command := range commands {
			_, examples, found := strings.Cut(command.Description, "EXAMPLES:\n")
			if !found {
				t.Errorf("wand %s%s has no examples", name, command.Name)
			}
			examples, _, _ = strings.Cut(examples, "\n\n")
			for line := range strings.Lines(examples) {
				for _, args := range shellWords(line) {
					if args[0] != "wand" {
						continue
					}
					if _, _, err := arrange(c, args); err != nil {
						t.Errorf("%s: %v", strings.TrimSpace(line), err)
					}
				}
			}
			check(name+command.Name+" ", command.Subcommands)
		}
	}
	check("", c.Commands)
}

// shellWords splits a command line into commands and words, as far as the examples need it: quotes, pipes, redirections.
func shellWords(line string) (commands [][]string) {
	var words []string
	var word strings.Builder
	var quote rune
	inWord, skip := false, false
	end := func() {
		if inWord && !skip {
			words = append(words, word.String())
		}
		if inWord {
			skip = false
		}
		word.Reset()
		inWord = false
	}
	flush := func() {
		end()
		if len(words) > 0 {
			commands = append(commands, words)
		}
		words, skip = nil, false
	}
	for _, r := range line {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '\'' || r == '"':
			quote, inWord = r, true
		case r == ' ' || r == '\n':
			end()
		case r == '|' || r == '(' || r == ')':
			flush()
		case r == '<' || r == '>':
			end()
			skip = true
		default:
			word.WriteRune(r)
			inWord = true
		}
	}
	flush()
	return commands
}

// A program cannot fill the memory of whoever watches it: bodies and lists are not remembered, and what is has a bound.
func TestPupilIsBounded(t *testing.T) {
	p := &pupil{}
	body := strings.Repeat("x", 1<<20)
	request := policies.Request{Action: "upload", Resource: policies.Resource{Type: policies.ResourceTool, ID: "upload"}, Context: map[string]any{
		"args": map[string]any{"name": "a", "n": json.Number("7"), "body": body, "list": []any{body}}, "query": body,
	}}
	for range 20_000 {
		p.observe(request, policies.Decision{Allowed: true})
	}
	if p.omitted == 0 || p.bytes > maxAsked || len(p.asked) == 0 {
		t.Errorf("%d requests of %d bytes are remembered, %d are not", len(p.asked), p.bytes, p.omitted)
	}
	args := p.asked[0].Context["args"].(map[string]any)
	if args["name"] != "a" || args["n"] != json.Number("7") || args["list"] != nil || len(args["body"].(string)) != rememberedArg {
		t.Errorf("remembered arguments: %v", args)
	}
	learned := policies.Learn(p.asked[:1], nil).Policy
	if when := learned.Tools[0].When; !strings.Contains(when, `"a"`) || strings.Contains(when, "xxx") {
		t.Errorf("a text that was cut is bound: %s", when)
	}
	for i := range 2 * maxRefused {
		p.observe(request, policies.Decision{Reason: strconv.Itoa(i)})
	}
	if len(p.refused) != maxRefused {
		t.Errorf("%d refusals are remembered", len(p.refused))
	}
	v := &verdict{}
	for i := range 1000 {
		v.observe(request, policies.Decision{Reason: strconv.Itoa(i)})
	}
	if len(v.denied) > 2*maxDenied+1 {
		t.Errorf("%d denials are remembered", len(v.denied))
	}
}

// What a program prints cannot drive a terminal.
func TestLiveFiltersEscapes(t *testing.T) {
	for in, want := range map[string]string{
		"plain\n\ttext\r\n":                      "plain\n\ttext\r\n",
		"\x1b[31mred\x1b[0m":                     "\x1b[31mred\x1b[0m",
		"\x1b[38;5;1mx":                          "\x1b[38;5;1mx",
		"\x1b]52;c;aGk=\x07":                     "^[]52;c;aGk=^G",
		"\x1b[2J\x1b[H":                          "^[[2J^[[H",
		"\x1b[" + strings.Repeat("1;", 40) + "m": "^[[" + strings.Repeat("1;", 40) + "m",
		"größe 🙂":                                "größe 🙂",
		"\u009b31m":                              "\ufffd31m",
		"\xff\x00\x7f":                           "\ufffd^@^?",
	} {
		for size := 1; size <= len(in); size++ {
			var out bytes.Buffer
			w := &live{to: &out, terminal: true}
			for rest := []byte(in); len(rest) > 0; {
				n := min(size, len(rest))
				if _, err := w.Write(rest[:n]); err != nil {
					t.Fatal(err)
				}
				rest = rest[n:]
			}
			if out.String() != want {
				t.Errorf("%q in pieces of %d became %q, want %q", in, size, out.String(), want)
			}
		}
	}
}

func TestSplitFile(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.WriteFile("a:b", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for option, want := range map[string][2]string{"x.csv": {"x.csv", "x.csv"}, "d/x.csv": {"d/x.csv", "x.csv"}, "x:/data/y": {"x", "/data/y"}, "a:b": {"a:b", "a:b"}, "a:b:c": {"a:b", "c"}, "x:": {"x", "x"}} {
		if s, d := splitFile(option); s != want[0] || d != want[1] {
			t.Errorf("%s: %s, %s", option, s, d)
		}
	}
}
