package agent_test

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"wand/compiler"
	"wand/modules"
	"wand/runtime"
	"wand/runtime/agent"
	"wand/runtime/agent/modeltest"
)

// recorded is a conversation of a real model with a real IPython, as MINT's authors recorded it.
type recorded struct {
	Task struct {
		Name      string `json:"task_name"`
		ID        int    `json:"task_id"`
		Prompt    string `json:"prompt"`
		Reference any    `json:"reference"`
	} `json:"task"`
	History []struct{ Role, Content string } `json:"history"`
	Success bool                             `json:"success"`
}

func (r *recorded) name() string { return fmt.Sprintf("%s %d", r.Task.Name, r.Task.ID) }

// mint reads the recorded conversations from the folder in WAND_TESTDATA, or from shared/data beside the repository.
func mint(t *testing.T) (all []*recorded) {
	t.Helper()
	dir := os.Getenv("WAND_TESTDATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "data")
	}
	for _, name := range []string{"gpt4_gsm8k", "gpt4_mbpp"} {
		f, err := os.Open(filepath.Join(dir, "mint", name+".jsonl.gz"))
		if err != nil {
			t.Skipf("no recorded conversations: %v (set WAND_TESTDATA to the folder that has them)", err)
		}
		defer f.Close()
		z, err := gzip.NewReader(f)
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(z)
		lines.Buffer(nil, 16<<20)
		for lines.Scan() {
			r := &recorded{}
			if err := json.Unmarshal(lines.Bytes(), r); err != nil {
				t.Fatal(err)
			}
			all = append(all, r)
		}
		if err := lines.Err(); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// answers are what the model said, in order.
func (r *recorded) answers() (turns []modeltest.Turn) {
	for _, m := range r.History {
		if m.Role == "assistant" {
			turns = append(turns, modeltest.Turn{Text: m.Content})
		}
	}
	return turns
}

// observations are what it was told of each answer, the counters that MINT adds left out. The last answer has none.
func (r *recorded) observations() (list []string) {
	for i, m := range r.History {
		if m.Role != "user" || i == 0 {
			continue
		}
		text := strings.TrimPrefix(m.Content, "Observation:\n")
		if at := strings.LastIndex(text, "\nYou have "); at >= 0 {
			text = text[:at]
		}
		list = append(list, text)
	}
	return list
}

// judge is MINT's own check: the number, or the tests of which the model saw one.
func (r *recorded) judge(ctx context.Context, c *agent.Candidate) (*agent.Verdict, error) {
	if r.Task.Name == "reasoning" { // MINT takes numbers within 5%: 38 passed where 40 was right
		got, err := strconv.ParseFloat(strings.ReplaceAll(c.Answer, ",", ""), 64)
		want, err2 := strconv.ParseFloat(fmt.Sprint(r.Task.Reference), 64)
		if err2 != nil {
			return nil, err2
		}
		return &agent.Verdict{Passed: err == nil && math.Abs(got-want) <= 0.05*math.Abs(want)}, nil
	}
	m, _, err := compiler.Compile(ctx, compiler.Source{Language: compiler.Python, Text: []byte(c.Answer + "\n" + r.Task.Reference.(string))})
	if err != nil || m == nil {
		return &agent.Verdict{}, nil
	}
	report, err := c.Runtime.Run(ctx, m, runtime.Options{})
	if err != nil {
		return nil, err
	}
	return &agent.Verdict{Passed: report.Status == runtime.Completed}, nil
}

var failedLine = regexp.MustCompile(`(?m)^-+> ?(\d+) `)

// differs says how what a program did here differs from what IPython showed; empty: not at all.
func differs(report *runtime.Report, shown string) string {
	output, traceback, failed := shown, "", false
	if at := strings.Index(shown, strings.Repeat("-", 75)); at >= 0 {
		output, traceback, failed = shown[:at], shown[at:], true
	}
	if output == "[Executed Successfully with No Output]" {
		output = ""
	}
	if at := strings.LastIndex("\n"+output, "\nOut["); at >= 0 {
		var value string
		output, value = output[:max(at-1, 0)], output[at:]
		_, value, _ = strings.Cut(value, "]: ")
		if got := asPython(report.Result); got != value {
			return fmt.Sprintf("value %s, and it was %s", got, value)
		}
	}
	if got, want := strings.TrimRight(report.Stdout, "\n"), strings.TrimRight(output, "\n"); got != want {
		return fmt.Sprintf("output %q, and it was %q", got, want)
	}
	e := report.Error
	switch {
	case !failed && e == nil:
		return ""
	case !failed:
		return fmt.Sprintf("%s with %s: %s, and it had completed", report.Status, e.Type, e.Message)
	case e == nil:
		return "completed, and it had failed"
	}
	lines := strings.Split(strings.TrimRight(traceback, "\n"), "\n")
	title, last := strings.TrimSpace(e.Type+": "+e.Message), strings.TrimSpace(lines[len(lines)-1])
	if title != last {
		return fmt.Sprintf("%q, and it was %q", title, last)
	}
	if at := failedLine.FindAllStringSubmatch(traceback, -1); at != nil && e.Location != nil {
		if want := at[len(at)-1][1]; want != strconv.Itoa(e.Location.Line) {
			return fmt.Sprintf("at line %d, and it was line %s", e.Location.Line, want)
		}
	}
	return ""
}

// asPython is a value as Python writes it, as far as the recorded ones go.
func asPython(value json.RawMessage) string {
	switch s := string(value); s {
	case "true":
		return "True"
	case "false":
		return "False"
	default:
		return s
	}
}

// explained are observations that may differ, and why.
var explained = map[string]string{
	"reasoning 25 turn 1": needsSympy,
	"reasoning 34 turn 1": needsSympy,
}

const needsSympy = "the program imports sympy, which is no part of the guest: it is equal where the package is given (TestSympy of wand/runtime fetches it)"

// sympy is the library that two of the programs import, where the tests of the runtime have fetched it.
func sympy(t *testing.T) []runtime.Package {
	t.Helper()
	cache, err := modules.CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(filepath.Join(cache, "test-packages", "python3-sympy+python3-mpmath", "usr", "lib", "python3", "dist-packages"))
	if err != nil {
		return nil
	}
	t.Cleanup(func() { root.Close() })
	return []runtime.Package{{Name: "dist-packages", Dir: root.FS()}}
}

// TestRecordedConversations runs what gpt-4 said in 139 recorded conversations through the agent, the server answering with its words turn by turn. Each
// observation is compared with the one that IPython gave then: the output, the value, the exception's type and message and the line; each verdict with the
// recorded one.
func TestRecordedConversations(t *testing.T) {
	sharedRuntime(t)
	all := mint(t)
	packages := sympy(t)
	var mu sync.Mutex
	var programs, equal, verdicts, listed int
	t.Run("all", func(t *testing.T) {
		for _, r := range all {
			t.Run(r.name(), func(t *testing.T) {
				t.Parallel()
				s := serve(t, modeltest.ByTurn(r.answers()...))
				var library []runtime.Package
				if explained[r.name()+" turn 1"] == needsSympy {
					library = packages
				}
				var reports, verdictsHere []*agent.Event
				a := newAgent(t, s, agent.Config{
					Format: agent.Tags{}, NoFunctions: true, Packages: library, KeepFailed: true, Check: r.judge, Proposals: 2, Budget: agent.Budget{Turns: int64(len(r.answers()))},
					OnEvent: func(e *agent.Event) error {
						switch e.Kind {
						case agent.EventReport:
							reports = append(reports, e)
						case agent.EventVerdict:
							verdictsHere = append(verdictsHere, e)
						}
						return nil
					},
				})
				o := solve(t, a, r.Task.Prompt)
				if want := r.Success; (o.Status == agent.Answered) != want {
					t.Errorf("%s (%s), and the recorded conversation ended with success %v", o.Status, o.Reason, want)
				}
				if o.Turns < len(r.answers())-1 {
					t.Errorf("only %d of %d answers were asked for: %s", o.Turns, len(r.answers()), o.Reason)
				}
				observations := r.observations()
				for _, e := range append(reports, verdictsHere...) {
					_, number, _ := strings.Cut(e.Step, ".")
					n, _ := strconv.Atoi(number)
					if n > len(observations) {
						continue // nobody recorded what the last answer led to
					}
					shown, problem := observations[n-1], ""
					if e.Verdict != nil {
						if wrong := strings.HasPrefix(shown, "Your answer is wrong"); wrong == e.Verdict.Passed {
							problem = fmt.Sprintf("passed %v, and it was told %q", e.Verdict.Passed, shown)
						}
					} else {
						problem = differs(e.Report, shown)
					}
					mu.Lock()
					if e.Verdict != nil {
						verdicts++
					} else {
						programs++
					}
					why := explained[fmt.Sprintf("%s turn %d", r.name(), n)]
					switch {
					case problem == "":
						equal++
					case why != "":
						listed++
						t.Logf("turn %d: %s: %s", n, problem, why)
					default:
						t.Errorf("turn %d: %s", n, problem)
					}
					mu.Unlock()
				}
			})
		}
	})
	if len(all) != 139 {
		t.Errorf("%d conversations", len(all))
	}
	t.Logf("%d conversations: %d programs and %d verdicts, of which %d equal and %d listed", len(all), programs, verdicts, equal, listed)
}
