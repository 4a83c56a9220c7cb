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

// HumanEval's JavaScript is TypeScript too: it must translate to itself, in number of lines and in what it evaluates.
func TestTranslateHumanEval(t *testing.T) {
	var row struct {
		Prompt   string `json:"prompt"`
		Solution string `json:"canonical_solution"`
		Test     string `json:"test"`
	}
	testData(t, "humaneval/humaneval_js.jsonl.gz", &row, func() {
		text := row.Prompt + row.Solution + row.Test
		m, diagnostics, err := Compile(context.Background(), Source{Language: TypeScript, Text: []byte(text)})
		if err != nil || m == nil {
			t.Errorf("%v %+v for\n%s", err, diagnostics, text)
			return
		}
		for _, name := range []string{"console.assert", "return"} {
			from, to := strings.Count(m.Program[:strings.Index(m.Program, name)], "\n")+1, strings.Count(text[:strings.Index(text, name)], "\n")+1
			_ = to
			line, _, lineText := m.Position(from, 0)
			if !strings.Contains(lineText, name) && !strings.Contains(text[:strings.Index(text, name)], "/*") {
				t.Errorf("line %d is mapped to %d: %s", from, line, lineText)
			}
		}
	})
}
