package runtime_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"wand/compiler"
	"wand/runtime"
)

// propertyTime bounds TestSessionsAreWhatTheirTurnsMake, of each language; a few sequences are always looked at.
const propertyTime = 15 * time.Second

// sequencePrelude is the first turn of everything that begins.
var sequencePrelude = map[compiler.Language]string{
	compiler.Python:     "import random, os\nrandom.seed(12345)",
	compiler.JavaScript: "const fs = require('fs')",
}

// sequenceTurns are turns in which {n} and {m} are numbers and {i} is a small one. Each prints what depends on those before it.
var sequenceTurns = map[compiler.Language][]string{
	compiler.Python: {
		"v{i} = {n}\nprint(v{i})",
		"v{i} = [{m}] * ({n} % 7)\nprint(v{i})",
		"counter = globals().get('counter', 0) + {n}\nprint(counter)",
		"log = globals().get('log', [])\nlog.append({n})\nprint(log)",
		"def f{i}(x, seen=[]):\n    seen.append(x)\n    return len(seen) * {n}",
		"print(f{i}({m}) if 'f{i}' in globals() else None)",
		"print(round(random.random(), 9), random.randrange(1000))",
		"with open('f{i}', 'a') as f: f.write('{n}|')\nprint(open('f{i}').read())",
		"if os.path.exists('f{i}'): os.remove('f{i}')\nprint(sorted(os.listdir('.')))",
		"h = open('h', 'w+')\nh.write('{n}')",
		"if 'h' in globals(): h.write('{m}'); h.seek(0); print(h.read())",
		"g = (i * {n} for i in range(1000))",
		"print(next(g) if 'g' in globals() else None)",
		"class C:\n    k = C.k + 1 if 'C' in globals() else {n}\n    def m(self): return self.k\nprint(C().m())",
		"os.environ['E{i}'] = '{n}'",
		"print(os.environ.get('E{i}'))",
		"d = globals().get('d') or {}\nd[{n}] = len(d)\nprint(list(d.items()))",
		"os.makedirs('s{i}/t', exist_ok=True); open('s{i}/t/x', 'w').write('{n}')\nprint(sorted(os.listdir('s{i}')))",
		"pad = bytearray({n} * 100)\npad[-1:] = b'x'\nprint(len(pad))",
		"print(sum(len(v) for v in list(globals().values()) if isinstance(v, (list, bytearray))))",
	},
	compiler.JavaScript: {
		"var v{i} = {n}; console.log(v{i})",
		"var v{i} = new Array({n} % 7).fill({m}); console.log(JSON.stringify(v{i}))",
		"globalThis.counter = (globalThis.counter || 0) + {n}; console.log(counter)",
		"globalThis.log = globalThis.log || []; log.push({n}); console.log(JSON.stringify(log))",
		"function f{i}(x) { f{i}.n = (f{i}.n || 0) + x; return f{i}.n * {n} }",
		"console.log(typeof f{i} === 'function' ? f{i}({m}) : null)",
		"fs.appendFileSync('f{i}', '{n}|'); console.log(fs.readFileSync('f{i}', 'utf8'))",
		"if (fs.existsSync('f{i}')) fs.unlinkSync('f{i}'); console.log(fs.readdirSync('.').sort().join())",
		"var g = (function* () { for (let i = 0; ; i++) yield i * {n} })()",
		"console.log(typeof g === 'object' ? g.next().value : null)",
		"var m = typeof m === 'object' ? m : new Map(); m.set({n}, m.size); console.log(JSON.stringify([...m]))",
		"var K = class { static k = typeof K === 'function' ? {n} : {m}; get v() { return K.k } }; console.log(typeof new K().v)",
		"var closure = (() => { let n = {n}; return () => n++ })()",
		"console.log(typeof closure === 'function' ? closure() : null)",
		"fs.mkdirSync('s{i}/t', { recursive: true }); fs.writeFileSync('s{i}/t/x', '{n}'); console.log(fs.readdirSync('s{i}').join())",
		"var pad = new Uint8Array({n} * 100); pad[{n}] = 1; console.log(pad.length)",
	},
}

// sequenceFailures end a turn that has done what precedes them.
var sequenceFailures = map[compiler.Language][]string{
	compiler.Python:     {"\n1/0", "\nraise SystemExit(3)", "\nwhile True: pass", "\nopen('lost', 'w').write('x'); bytes(1 << 40)"},
	compiler.JavaScript: {"\nnull.x", "\nprocess.exit(3)", "\nfor (;;);"},
}

// sequenceState prints all that a program can see of what it has made.
var sequenceState = map[compiler.Language]string{
	compiler.Python: "print(sorted((k, repr(v)) for k, v in list(globals().items()) if k[0] != '_' and isinstance(v, (int, str, list, dict))))\n" +
		"print(sorted((r, sorted(n)) for r, d, n in os.walk('.')), sorted(k for k in os.environ if k[0] == 'E' and k[1:].isdigit()))\n" +
		"print(random.random() if 'random' in globals() else None)",
	compiler.JavaScript: "console.log(JSON.stringify(['v0', 'v1', 'v2', 'f0', 'f1', 'f2', 'counter', 'log', 'm'].map((k) => [k, typeof globalThis[k], globalThis[k] instanceof Map ? [...globalThis[k]] : typeof globalThis[k] === 'function' ? globalThis[k].n : globalThis[k]])))\n" +
		"console.log(fs.readdirSync('.').sort().join())",
}

// lineage is a session under test, with the turns that it must be the result of and what they printed.
type lineage struct {
	s     *runtime.Session
	turns []string
	said  []string
}

// TestSessionsAreWhatTheirTurnsMake: after random sequences of turns, turns that fail, forks, resets, snapshots, restores and moves to another process by way
// of a store, what a session shows is what python3 or node shows that took the turns which survived, and no others.
func TestSessionsAreWhatTheirTurnsMake(t *testing.T) {
	needGuests(t)
	ctx := context.Background()
	var runtimes [2]*runtime.Runtime // as of two processes
	for i := range runtimes {
		rt, err := runtime.New(ctx, runtime.Config{SnapshotKey: storeKey})
		if err != nil {
			t.Fatal(err)
		}
		defer rt.Close(ctx)
		runtimes[i] = rt
	}
	for language, native := range sequenceNatives {
		t.Run(string(language), func(t *testing.T) {
			if _, err := exec.LookPath(native[0]); err != nil {
				t.Skip(err)
			}
			started, turns, branches := time.Now(), 0, 0
			seed := uint64(1)
			for ; seed <= 3 || seed <= 40 && time.Since(started) < propertyTime; seed++ {
				q := &sequence{t: t, language: language, random: rand.New(rand.NewPCG(seed, 1)), runtimes: runtimes}
				lines := q.play(30)
				said := nativeSays(t, native, lines)
				for i, l := range lines {
					branches++
					for j, turn := range l.turns {
						turns++
						if said[i][j] != l.said[j] {
							t.Fatalf("seed %d, %s: turn %d of a session is\n%s\nand says %q; %s says %q\nhistory:\n%s", seed, language, j+1, turn, l.said[j], native[0], said[i][j], strings.Join(q.log, "\n"))
						}
					}
					l.s.Close()
				}
			}
			t.Logf("%d sequences, %d sessions at their ends, %d turns compared", seed-1, branches, turns)
		})
	}
}

type sequence struct {
	t        *testing.T
	language compiler.Language
	random   *rand.Rand
	runtimes [2]*runtime.Runtime
	lines    []*lineage
	at       map[*runtime.Session]int // in which runtime it lives
	log      []string
}

// play takes so many random steps and returns the sessions that there are at the end.
func (q *sequence) play(steps int) []*lineage {
	ctx := context.Background()
	q.at = map[*runtime.Session]int{}
	disk := storeDir(q.t)
	s, err := q.runtimes[0].NewSession(ctx, runtime.SessionOptions{Language: q.language})
	if err != nil {
		q.t.Fatal(err)
	}
	q.lines = []*lineage{{s: s}}
	q.take(q.lines[0], sequencePrelude[q.language])
	for step := range steps {
		i := q.random.IntN(len(q.lines))
		l := q.lines[i]
		choice := q.random.IntN(20)
		q.log = append(q.log, fmt.Sprintf("step %d, session %d, choice %d", step, i, choice))
		switch choice {
		case 0, 1:
			if len(q.lines) == 6 {
				continue
			}
			fork, err := l.s.Fork()
			q.must(err)
			q.at[fork] = q.at[l.s]
			q.lines = append(q.lines, &lineage{fork, append([]string{}, l.turns...), append([]string{}, l.said...)})
		case 2:
			q.must(l.s.Reset(ctx))
			l.turns, l.said = nil, nil
			q.take(l, sequencePrelude[q.language])
		case 3, 4: // a snapshot, restored in the other process or in this one
			snapshot, err := l.s.Snapshot()
			q.must(err)
			to := q.random.IntN(2)
			restored, err := q.runtimes[to].Restore(ctx, snapshot, runtime.SessionOptions{})
			q.must(err)
			q.move(l, restored, to)
		case 5, 6: // the process is killed after it has stored the session and taken one more turn
			name := fmt.Sprintf("s%d", i)
			q.must(l.s.Save(ctx, disk, name, runtime.SaveOptions{Replace: true}))
			lost := &lineage{s: l.s}
			q.take(lost, q.turn())
			to := 1 - q.at[l.s]
			reopened, err := q.runtimes[to].Open(ctx, disk, name, nil, runtime.SessionOptions{})
			q.must(err)
			q.move(l, reopened, to)
		case 7, 8, 9:
			failures := sequenceFailures[q.language]
			text := q.turn() + failures[q.random.IntN(len(failures))]
			if r := q.run(l.s, text); r.Status == runtime.Completed || r.Session.Kept {
				q.t.Fatalf("%s\n%s", text, r.JSON())
			}
		case 10:
			l.s.Park()
		default:
			q.take(l, q.turn())
		}
	}
	for _, l := range q.lines {
		q.take(l, sequenceState[q.language])
	}
	return q.lines
}

func (q *sequence) must(err error) {
	q.t.Helper()
	if err != nil {
		q.t.Fatal(err)
	}
}

func (q *sequence) move(l *lineage, to *runtime.Session, at int) {
	q.must(l.s.Close())
	l.s = to
	q.at[to] = at
}

func (q *sequence) turn() string {
	turns := sequenceTurns[q.language]
	number := func(n int) string { return fmt.Sprint(q.random.IntN(n)) }
	return strings.NewReplacer("{n}", number(500), "{m}", number(500), "{i}", number(3)).Replace(turns[q.random.IntN(len(turns))])
}

func (q *sequence) run(s *runtime.Session, text string) *runtime.Report {
	q.t.Helper()
	m, diagnostics, err := compiler.Compile(context.Background(), s.Source(text))
	if err != nil || m == nil {
		q.t.Fatal(err, diagnostics)
	}
	r, err := s.Run(context.Background(), m, runtime.TurnOptions{Limits: runtime.Limits{Fuel: 100_000_000}})
	q.must(err)
	return r
}

// take takes a turn that has to complete.
func (q *sequence) take(l *lineage, text string) {
	q.t.Helper()
	r := q.run(l.s, text)
	if r.Status != runtime.Completed {
		q.t.Fatalf("%s\n%s\nhistory:\n%s", text, r.Feedback(0), strings.Join(q.log, "\n"))
	}
	q.log = append(q.log, text)
	l.turns, l.said = append(l.turns, text), append(l.said, r.Stdout)
}

// sequenceNatives take [[turn, ...], ...] from standard input and print [[what the turn printed, ...], ...], each list of turns in a process and a folder of
// its own.
var sequenceNatives = map[compiler.Language][]string{
	compiler.Python: {"python3", "-c", `
import io, json, os, sys, tempfile, types
said = []
for turns in json.load(sys.stdin):
    read, write = os.pipe()
    if os.fork() == 0:
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            main = sys.modules["__main__"] = types.ModuleType("__main__")
            for name in [n for n in os.environ if n[0] == "E" and n[1:].isdigit()]:
                del os.environ[name]
            printed = []
            for turn in turns:
                sys.stdout = out = io.StringIO()
                exec(compile(turn, "turn", "exec"), main.__dict__)
                printed.append(out.getvalue())
            with os.fdopen(write, "wb") as pipe:
                pipe.write(json.dumps(printed).encode())
            os.chdir("/")
        os._exit(0)
    os.close(write)
    said.append(json.loads(os.fdopen(read, "rb").read()))
    os.wait()
json.dump(said, sys.__stdout__)
`},
	compiler.JavaScript: {"node", "-e", `
const vm = require('vm'), util = require('util'), fs = require('fs'), os = require('os'), path = require('path');
const said = JSON.parse(fs.readFileSync(0, 'utf8')).map((turns) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'turns-'));
  process.chdir(folder);
  let out;
  const context = vm.createContext({ console: { log: (...args) => { out += util.format(...args) + '\n'; } }, require });
  const printed = turns.map((turn) => {
    out = '';
    vm.runInContext(turn, context);
    return out;
  });
  process.chdir('/');
  fs.rmSync(folder, { recursive: true });
  return printed;
});
console.log(JSON.stringify(said));
`},
}

func nativeSays(t *testing.T, command []string, lines []*lineage) (said [][]string) {
	t.Helper()
	var turns [][]string
	for _, l := range lines {
		turns = append(turns, l.turns)
	}
	in, err := json.Marshal(turns)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(in), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out, &said); err != nil || len(said) != len(lines) {
		t.Fatalf("%v: %.300s", err, out)
	}
	return said
}
