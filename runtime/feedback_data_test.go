package runtime_test

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"

	"wand/compiler"
	"wand/runtime"
)

// probe finds out by itself what fails in a program with asserts: it rewrites each assert of a comparison into a call that gets both sides, and
// prints the first that does not hold. It has nothing in common with what the report does.
const probe = `
import ast, json, sys

tree = ast.parse(INPUT["program"])

class Rewrite(ast.NodeTransformer):
    def visit_Assert(self, node):
        test = node.test
        if isinstance(test, ast.Compare) and len(test.ops) == 1:
            call = ast.Call(ast.Name("__pair", ast.Load()), [ast.Constant(node.lineno), test.left, test.comparators[0],
                            ast.Lambda(ast.arguments([], [ast.arg("a"), ast.arg("b")], None, [], [], None, []),
                                       ast.Compare(ast.Name("a", ast.Load()), test.ops, [ast.Name("b", ast.Load())]))], [])
        else:
            call = ast.Call(ast.Name("__single", ast.Load()), [ast.Constant(node.lineno), test], [])
        return [ast.Expr(ast.Call(ast.Name("__at", ast.Load()), [ast.Constant(node.lineno)], [])), ast.Expr(call)]

found = {}
def __at(line): found["line"] = line
def __pair(line, a, b, compare):
    if not compare(a, b):
        found.update(left=repr(a), right=repr(b))
        raise SystemExit
def __single(line, value):
    if not value:
        found.update(value=repr(value))
        raise SystemExit

try:
    exec(compile(ast.fix_missing_locations(Rewrite().visit(tree)), "probed.py", "exec"), {"__name__": "__main__", "__at": __at, "__pair": __pair, "__single": __single})
    found = {}
except SystemExit:
    pass
except BaseException as error:
    found["raised"] = type(error).__name__
found
`

// TestFeedbackNamesTheFailingTest: of every program of the data set that fails, the feedback names the test that does, with the values on both sides of it. A
// program that raises never had a left side; there it is the exception and the test that led to it.
func TestFeedbackNamesTheFailingTest(t *testing.T) {
	rows := dataset(t, "self-debug/humaneval_codellama_seed.jsonl.gz")
	rt := sharedRuntime(t)
	var mu sync.Mutex
	compared, raised, stopped, passing := 0, 0, 0, 0
	each(t, rows, func(_ int, row map[string]any) error {
		program := fmt.Sprintf("%s\n%s\ncheck(%s)\n", row["solution"], row["test"], row["entry_point"])
		limits := runtime.Limits{Fuel: 2_000_000_000}
		report, err := runFor(rt, program, runtime.Options{Limits: limits})
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		if report.Status == runtime.Completed {
			passing++
			return nil
		}
		input, _ := json.Marshal(map[string]string{"program": program})
		truth, err := runFor(rt, probe, runtime.Options{Input: input, Limits: runtime.Limits{Fuel: 3_000_000_000}})
		if err != nil {
			return err
		}
		feedback := report.Feedback(0)
		if report.Status == runtime.Exhausted {
			stopped++
			if !regexp.MustCompile(`called from line \d+ in check: `).MatchString(feedback) {
				return fmt.Errorf("%s was stopped; the feedback does not name the test\n%s", row["task_id"], feedback)
			}
			return nil
		}
		if report.Status == runtime.Invalid {
			return nil // it never started: there is no test
		}
		var found struct {
			Line                int
			Left, Right, Raised string
			Value               string
		}
		if err := json.Unmarshal(truth.Result, &found); err != nil {
			return fmt.Errorf("%s: %w\n%s", row["task_id"], err, truth.Feedback(0))
		}
		if found.Line > 0 && !strings.Contains(feedback, fmt.Sprintf("line %d", found.Line)) {
			return fmt.Errorf("%s: the feedback does not name the test at line %d\n%s", row["task_id"], found.Line, feedback)
		}
		switch {
		case found.Raised != "":
			raised++
			if !strings.Contains(feedback, found.Raised) {
				return fmt.Errorf("%s: no word of %s\n%s", row["task_id"], found.Raised, feedback)
			}
		case found.Left != "":
			compared++
			for name, value := range map[string]string{"left": found.Left, "right": found.Right} {
				if !strings.Contains(feedback, name+" = "+beginning(value)) {
					return fmt.Errorf("%s: %s is %s\n%s", row["task_id"], name, value, feedback)
				}
			}
		case found.Value != "" && found.Value != "False" && found.Value != "True":
			if !strings.Contains(feedback, "value = "+beginning(found.Value)) {
				return fmt.Errorf("%s: the value is %s\n%s", row["task_id"], found.Value, feedback)
			}
		}
		return nil
	})
	t.Logf("%d pass; of %d the feedback has the failing test and both sides, of %d that raise the test and the exception, of %d that never end the test", passing, compared, raised, stopped)
	if compared == 0 || raised == 0 {
		t.Error("nothing was compared")
	}
}

// beginning is the part of a value that is always shown.
func beginning(value string) string {
	if len(value) > 40 {
		value = value[:40]
	}
	return value
}

func runFor(rt *runtime.Runtime, text string, o runtime.Options) (*runtime.Report, error) {
	ctx := context.Background()
	m, diagnostics, err := compiler.Compile(ctx, compiler.Source{Name: "main.py", Language: compiler.Python, Text: []byte(text)})
	if err != nil || m == nil {
		return nil, fmt.Errorf("compile: %v %v", err, diagnostics)
	}
	return rt.Run(ctx, m, o)
}
