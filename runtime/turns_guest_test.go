package runtime_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"wand/compiler"
	"wand/runtime"
)

// turnScript is a file of testdata/turns; its README says how one is written.
type turnScript struct {
	name     string
	language compiler.Language
	comment  string
	turns    []string
	native   bool
}

func turnScripts(t *testing.T) []turnScript {
	t.Helper()
	files, err := filepath.Glob("../testdata/turns/*/*.txt")
	if err != nil || len(files) < 40 {
		t.Fatalf("%d scripts of turns, %v", len(files), err)
	}
	var scripts []turnScript
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		s := turnScript{language: compiler.Language(filepath.Base(filepath.Dir(file))), comment: "#"}
		if s.language == compiler.JavaScript {
			s.comment = "//"
		}
		s.name = string(s.language) + "/" + strings.TrimSuffix(filepath.Base(file), ".txt")
		s.turns = strings.Split(string(text), s.comment+" ----\n")
		s.native = !strings.Contains(string(text), s.comment+" native: no\n")
		scripts = append(scripts, s)
	}
	return scripts
}

// TestTurns: what one turn leaves the next one finds, in each guest.
func TestTurns(t *testing.T) {
	for _, script := range turnScripts(t) {
		t.Run(script.name, func(t *testing.T) {
			t.Parallel()
			s := session(t, runtime.SessionOptions{Language: script.language, Env: parseCase(t, script.turns[0], script.comment).options.Env})
			for i, text := range script.turns {
				e := parseCase(t, text, script.comment)
				r := take(t, s, text, runtime.TurnOptions{Args: e.options.Args, Input: e.options.Input, Stdin: e.options.Stdin, KeepFailed: true})
				if wrong := e.compare(r); wrong != nil {
					t.Errorf("turn %d: %s\n%s", i+1, strings.Join(wrong, "\n"), r.Feedback(0))
				}
				if !e.hasStdout && r.Stdout != "" {
					t.Errorf("turn %d says %q, which is not expected", i+1, r.Stdout)
				}
			}
		})
	}
}

// Each takes {name: [turn, ...]} from standard input and prints {name: [what the turn printed, ...]}.
var turnNatives = map[compiler.Language][]string{
	compiler.Python: {"python3", "-c", `
import io, json, sys, types
said, real = {}, sys.stdout
for name, turns in json.load(sys.stdin).items():
    main = sys.modules["__main__"] = types.ModuleType("__main__")
    said[name] = []
    sys.stdout = sys.__stdout__ = out = io.StringIO()
    for turn in turns:
        at = len(out.getvalue())
        try:
            exec(compile(turn, "turn", "exec"), main.__dict__)
        except BaseException:
            pass
        said[name].append(out.getvalue()[at:])
sys.stdout = real
json.dump(said, sys.stdout)
`},
	compiler.JavaScript: {"node", "-e", `
const vm = require('vm'), util = require('util'), said = {};
for (const [name, turns] of Object.entries(JSON.parse(require('fs').readFileSync(0, 'utf8')))) {
  let out;
  const context = vm.createContext({ console: { log: (...args) => { out += util.format(...args) + '\n'; } } });
  said[name] = turns.map((turn) => {
    out = '';
    try { vm.runInContext(turn, context); } catch {}
    return out;
  });
}
console.log(JSON.stringify(said));
`},
}

// TestTurnsNatively: python3 and node, fed the same turns, print what the scripts expect of the guests.
func TestTurnsNatively(t *testing.T) {
	scripts := turnScripts(t)
	for language, command := range turnNatives {
		t.Run(string(language), func(t *testing.T) {
			if _, err := exec.LookPath(command[0]); err != nil {
				t.Skip(err)
			}
			turns := map[string][]string{}
			for _, s := range scripts {
				if s.language == language && s.native {
					turns[s.name] = s.turns
				}
			}
			in, _ := json.Marshal(turns)
			cmd := exec.CommandContext(context.Background(), command[0], command[1:]...)
			cmd.Stdin, cmd.Stderr = bytes.NewReader(in), os.Stderr
			out, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			var said map[string][]string
			if err := json.Unmarshal(out, &said); err != nil || len(said) < 10 {
				t.Fatalf("%v: %.200s", err, out)
			}
			for _, s := range scripts {
				for i, got := range said[s.name] {
					want := parseCase(t, s.turns[i], s.comment).stdout
					if strings.TrimSuffix(got, "\n") != strings.Join(want, "\n") {
						t.Errorf("%s, turn %d: %s says %q, the script %q", s.name, i+1, command[0], got, want)
					}
				}
			}
		})
	}
}

// TestTurnsQuoteTheRightLine: an error in a function of an earlier turn is reported with that turn's name and text.
func TestTurnsQuoteTheRightLine(t *testing.T) {
	for language, texts := range map[compiler.Language][2]string{
		compiler.Python:     {"def f(n):\n    return 1 // n\n", "pass\nf(0)\n"},
		compiler.JavaScript: {"function f(n) {\n    return n.a.b;\n}\n", "\nf({});\n"},
	} {
		s := session(t, runtime.SessionOptions{Language: language})
		take(t, s, texts[0], runtime.TurnOptions{})
		r := take(t, s, texts[1], runtime.TurnOptions{})
		if r.Error == nil || r.Error.Location == nil || len(r.Error.Frames) != 2 {
			t.Fatalf("%s: %s", language, r.JSON())
		}
		at, outer := r.Error.Location, r.Error.Frames[0]
		if at.File != "turn 1" || at.Line != 2 || !strings.HasPrefix(at.LineText, "    return") || outer.File != "turn 2" || outer.Line != 2 || !strings.HasPrefix(outer.LineText, "f(") {
			t.Errorf("%s: %+v called from %+v", language, at, outer)
		}
	}
}

// TestTurnsEndTheirCalls: a host call that nobody waited for ends with its turn, and the next turn's calls are its own.
func TestTurnsEndTheirCalls(t *testing.T) {
	tools := registry(t, map[string]toolFunc{
		"never": func(ctx context.Context, _ json.RawMessage) (json.RawMessage, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		},
		"same": func(_ context.Context, args json.RawMessage) (json.RawMessage, error) { return args, nil },
	})
	for language, texts := range map[compiler.Language][][2]string{
		compiler.Python: {
			{"import asyncio, tools\nlost = tools.aio.never()\nwaiting = [tools.aio.same(n=1)]", ""},
			{"async def both():\n    return await asyncio.gather(lost, tools.aio.same(n=2), return_exceptions=True)\nprint(*asyncio.run(both()))", "the call ended with the turn that made it; wait for its result in the same turn {'n': 2}\n"},
			{"print(tools.same(n=3))", "{'n': 3}\n"},
		},
		compiler.JavaScript: {
			{"let lost, kept = tools.same({ n: 1 }); try { lost = tools.never(); throw new Error('x') } catch {}; process.exit(0)", ""},
			{"console.log(await Promise.race([lost, tools.same({ n: 2 })]))", "{ n: 2 }\n"},
			{"console.log(await tools.same({ n: 3 }))", "{ n: 3 }\n"},
		},
	} {
		s := session(t, runtime.SessionOptions{Language: language, Policy: everyTool, Tools: tools})
		for _, turn := range texts {
			says(t, s, turn[0], turn[1])
		}
	}
}
