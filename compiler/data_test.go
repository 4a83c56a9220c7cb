package compiler

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/evanw/esbuild/pkg/api"
)

// testData opens a data set that is not part of the project. WAND_TESTDATA names the folder; by default it is ../shared/data beside
// the repository.
func testData(t *testing.T, file string, row any, each func()) {
	t.Helper()
	folder := os.Getenv("WAND_TESTDATA")
	if folder == "" {
		folder = filepath.Join("..", "..", "shared", "data")
	}
	f, err := os.Open(filepath.Join(folder, file))
	if err != nil {
		t.Skipf("needs the data set %s in WAND_TESTDATA: %v", file, err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 16<<20)
	n := 0
	for lines.Scan() {
		if err := json.Unmarshal(lines.Bytes(), row); err != nil {
			t.Fatal(err)
		}
		each()
		n++
	}
	if lines.Err() != nil || n == 0 {
		t.Fatalf("%d rows: %v", n, lines.Err())
	}
}

func wantLanguage(t *testing.T, want Language, text string) bool {
	t.Helper()
	m, diagnostics, err := Compile(context.Background(), Source{Text: []byte(text)})
	if err != nil || m == nil {
		_, e := byContent(text)
		t.Errorf("%v %+v %+v for\n%s", err, diagnostics, e, text)
		return false
	}
	if m.Language != want {
		_, e := byContent(m.Source)
		t.Errorf("%s instead of %s (%+v) for\n%s", m.Language, want, e, m.Source)
		return false
	}
	return true
}

func TestDetectHumanEval(t *testing.T) {
	var row struct {
		Prompt   string `json:"prompt"`
		Solution string `json:"canonical_solution"`
		Test     string `json:"test"`
		Entry    string `json:"entry_point"`
	}
	testData(t, "humaneval/HumanEval.jsonl.gz", &row, func() {
		wantLanguage(t, Python, row.Prompt+row.Solution)
		wantLanguage(t, Python, row.Prompt+row.Solution+row.Test+"\ncheck("+row.Entry+")\n")
		wantLanguage(t, Python, row.Test)
		wantLanguage(t, Python, "Sure! Here it is:\n\n```\n"+row.Prompt+row.Solution+"```\nHope that helps.")
	})
	testData(t, "humaneval/humaneval_js.jsonl.gz", &row, func() {
		wantLanguage(t, JavaScript, row.Prompt+row.Solution)
		wantLanguage(t, JavaScript, row.Prompt+row.Solution+row.Test)
		wantLanguage(t, JavaScript, "Sure! Here it is:\n\n```\n"+row.Prompt+row.Solution+"```\nHope that helps.")
	})
}

func TestDetectGSM(t *testing.T) {
	var row struct{ Code string }
	testData(t, "gsmhard/gsmhardv2.jsonl.gz", &row, func() {
		wantLanguage(t, Python, row.Code)
	})
}

func TestDetectRedCode(t *testing.T) {
	var row struct{ Code string }
	testData(t, "redcode-exec/redcode_exec_python.jsonl.gz", &row, func() {
		wantLanguage(t, Python, row.Code)
	})
}

func TestDetectMINT(t *testing.T) {
	execute := regexp.MustCompile(`(?s)<(?:execute|solution)>(.*?)</(?:execute|solution)>`)
	var row struct {
		History []struct{ Role, Content string }
	}
	n, wrong := 0, 0
	for _, file := range []string{"mint/gpt4_gsm8k.jsonl.gz", "mint/gpt4_mbpp.jsonl.gz"} {
		testData(t, file, &row, func() {
			for _, turn := range row.History {
				if turn.Role != "assistant" {
					continue
				}
				for _, m := range execute.FindAllStringSubmatch(turn.Content, -1) {
					if len(strings.TrimSpace(m[1])) < 20 {
						continue // "3 mph" is an answer, no program
					}
					n++
					if _, ok := byContentLanguage(m[1]); !ok {
						wrong++
						t.Logf("not Python:\n%s", m[1])
					}
				}
			}
		})
	}
	t.Logf("%d of %d told right", n-wrong, n)
	if wrong*50 > n {
		t.Errorf("%d of %d wrong", wrong, n)
	}
}

func byContentLanguage(text string) (evidence, bool) {
	l, e := byContent(text)
	return e, l == Python
}

// HumanEval's JavaScript is TypeScript too: the translation must mean the same, and its lines must be the model's.
func TestTranslateHumanEval(t *testing.T) {
	var row struct {
		Prompt   string `json:"prompt"`
		Solution string `json:"canonical_solution"`
		Test     string `json:"test"`
	}
	all, right := 0, 0
	testData(t, "humaneval/humaneval_js.jsonl.gz", &row, func() {
		text := row.Prompt + row.Solution + row.Test
		m, diagnostics, err := Compile(context.Background(), Source{Language: TypeScript, Text: []byte(text)})
		if err != nil || m == nil {
			t.Errorf("%v %+v for\n%s", err, diagnostics, text)
			return
		}
		sameMeaning(t, transformed(m), m.Program)
		for _, p := range m.SourceMap.mappings {
			if p.column == 0 && p.originalColumn > 0 {
				continue // a line without a token of its own, such as a lone brace
			}
			all++
			if p.line == p.originalLine {
				right++
			}
		}
	})
	t.Logf("%d of %d positions are on the model's own line", right, all)
	if right*100 < all*92 { // the rest: an expression over several lines stays on its first
		t.Errorf("only %d of %d positions are on the model's own line", right, all)
	}
}

// sameMeaning compares programs as the translator writes them when it may leave out all space.
func sameMeaning(t *testing.T, text, program string) {
	t.Helper()
	small := func(s string) string {
		r := api.Transform(s, api.TransformOptions{Loader: api.LoaderJS, Target: api.ES2023, TreeShaking: api.TreeShakingFalse, MinifyWhitespace: true, LegalComments: api.LegalCommentsNone, TsconfigRaw: "{}"})
		if len(r.Errors) > 0 {
			t.Fatalf("%+v in\n%s", r.Errors[0], s)
		}
		return string(r.Code)
	}
	if want, got := small(text), small(program); want != got {
		t.Errorf("%s\nbecame\n%s", want, got)
	}
}
