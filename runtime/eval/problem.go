package eval

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"

	"wand/compiler"
	"wand/hostfuncs"
	"wand/policies/units"
)

// Problem is one task of a data set: what a model is asked, and the tests that its answer has to pass.
type Problem struct {
	TaskID   string
	Language compiler.Language // Python, JavaScript or TypeScript
	// Prompt is code that a completion goes on with; empty where the model is asked in words.
	Prompt string
	// Text is what a model is asked, for training data: the prompt, or the words.
	Text string
	// EntryPoint is the function under test, where the data set says.
	EntryPoint string
	// Test is a program that follows the candidate. With a function check(candidate) in it, as HumanEval has it, that is called with the entry point.
	Test string
	// Setup runs before each of Tests.
	Setup string
	// Tests are statements, each a test of its own, as MBPP has them.
	Tests []string
	// Expected is the value that the candidate as a program has to give, in the JSON of a report's result; nil where tests decide.
	Expected json.RawMessage
	// Canonical is the data set's own solution, a completion of Prompt or a program. It is only used where it is asked for.
	Canonical string
	// Line is where the problem stands in its file; 0 when it comes from elsewhere.
	Line int

	found      atomic.Pointer[plan] // the tests, once an Evaluator has looked for them
	describing sync.Mutex
}

// Tested says whether anything decides about a candidate. One that nothing decides about can only be voted on.
func (p *Problem) Tested() bool { return p.Test != "" || len(p.Tests) > 0 || len(p.Expected) > 0 }

// Sample is one candidate: a model's answer to a problem.
type Sample struct {
	TaskID string
	// ID tells the samples of a task apart. Default: their number in the order of the file, from 0.
	ID string
	// Completion goes on with the problem's prompt, Solution is a whole program. One of them is used, a Markdown fence around it is taken off.
	Completion string
	Solution   string
	// Line is where the sample stands in its file; 0 when it comes from elsewhere.
	Line int
}

// row is every field of the data sets' formats that is looked at.
type row struct {
	TaskID            json.RawMessage `json:"task_id"`
	ID                json.RawMessage `json:"id"`
	SampleID          json.RawMessage `json:"sample_id"`
	Language          string          `json:"language"`
	Prompt            *string         `json:"prompt"`
	Text              string          `json:"text"`
	Input             string          `json:"input"`
	EntryPoint        string          `json:"entry_point"`
	Test              *string         `json:"test"`
	TestList          []string        `json:"test_list"`
	TestSetupCode     string          `json:"test_setup_code"`
	TestImports       []string        `json:"test_imports"`
	CanonicalSolution string          `json:"canonical_solution"`
	Code              string          `json:"code"`
	Declaration       string          `json:"declaration"`
	Target            json.RawMessage `json:"target"`
	Expected          json.RawMessage `json:"expected"`
	Completion        *string         `json:"completion"`
	Solution          *string         `json:"solution"`
}

// decodeRow reads one line. What is wrong with it is said without repeating more than a little of it.
func decodeRow(text []byte) (*row, error) {
	if text == nil {
		return nil, errors.New(tooLong())
	}
	if hostfuncs.JSONDepth(text) > maxDepth {
		return nil, fmt.Errorf("it nests deeper than %d levels", maxDepth)
	}
	var r row
	if err := json.Unmarshal(text, &r); err != nil {
		var syntax *json.SyntaxError
		var kind *json.UnmarshalTypeError
		switch {
		case errors.As(err, &syntax):
			return nil, fmt.Errorf("it is not JSON: %v (byte %d of the line)", err, syntax.Offset)
		case errors.As(err, &kind) && kind.Field == "":
			return nil, fmt.Errorf("it is not a JSON object but a %s", kind.Value)
		case errors.As(err, &kind):
			return nil, fmt.Errorf("%s is a %s; it has to be a %s", kind.Field, kind.Value, jsonName(kind.Type.String()))
		}
		return nil, err
	}
	return &r, nil
}

const maxDepth = 1000

func jsonName(goType string) string {
	if strings.HasPrefix(goType, "[]") {
		return "list of strings"
	}
	return "string"
}

// name is an identifier as text: data sets have strings and numbers.
func name(field string, raw json.RawMessage) (string, error) {
	var s string
	var n json.Number
	switch {
	case len(raw) == 0 || string(raw) == "null":
		return "", nil
	case json.Unmarshal(raw, &s) == nil:
	case json.Unmarshal(raw, &n) == nil:
		s = n.String()
	default:
		return "", fmt.Errorf("%s is neither a string nor a number", field)
	}
	if len(s) > 256 {
		return "", fmt.Errorf("%s has %s; the most is 256 bytes", field, units.Bytes(len(s)))
	}
	return s, nil
}

// problem turns a row into a problem. Which data set it is, its fields tell.
func (r *row) problem(language compiler.Language) (*Problem, error) {
	id, err := name("task_id", r.TaskID)
	if err != nil {
		return nil, err
	}
	if id == "" {
		return nil, errors.New("it has no task_id")
	}
	p := &Problem{TaskID: id, Language: language, EntryPoint: r.EntryPoint, Text: r.Text, Expected: r.Expected}
	if len(p.Expected) == 0 {
		p.Expected = r.Target // as GSM-Hard calls it
	}
	if string(p.Expected) == "null" {
		p.Expected = nil
	}
	if p.EntryPoint != "" && !identifier.MatchString(p.EntryPoint) {
		return nil, fmt.Errorf("entry_point %.60q is not the name of a function", p.EntryPoint)
	}
	if p.Language == "" {
		if p.Language, err = r.language(id); err != nil {
			return nil, err
		}
	}
	prompt := ""
	if r.Prompt != nil {
		prompt = *r.Prompt
	}
	if len(r.TestList) > 0 {
		p.Tests, p.Setup, p.Canonical = r.TestList, strings.Join(append(r.TestImports, r.TestSetupCode), "\n"), r.Code
		if p.Text == "" {
			p.Text = prompt // of MBPP, words
		}
		if p.EntryPoint != "" {
			p.Prompt = prompt
		}
		p.Setup = strings.Trim(p.Setup, "\n")
	} else {
		p.Prompt, p.Canonical = prompt, r.CanonicalSolution
		if p.Canonical == "" {
			p.Canonical = r.Code
		}
		if p.Text == "" {
			p.Text = prompt
		}
		if len(p.Expected) > 0 {
			p.Prompt = "" // the answer is a program of its own
		}
	}
	if p.Text == "" {
		p.Text = r.Input
	}
	if r.Test != nil && strings.TrimSpace(*r.Test) != "" && len(r.TestList) == 0 {
		p.Test = *r.Test
		if p.Language == compiler.Python && p.EntryPoint == "" && definesCheck.MatchString(p.Test) {
			return nil, errors.New("its test defines check(candidate), but it has no entry_point to call it with")
		}
	}
	if p.EntryPoint == "" && r.Declaration != "" { // HumanEval-X's JavaScript has no other place for it
		if m := declared.FindStringSubmatch(r.Declaration); m != nil {
			p.EntryPoint = m[1]
		}
	}
	return p, nil
}

var (
	identifier   = regexp.MustCompile(`^[\pL_$][\pL\pN_$]*$`)
	definesCheck = regexp.MustCompile(`(?m)^def check\(`)
	declared     = regexp.MustCompile(`(?:const|let|var|function)\s+([\pL_$][\pL\pN_$]*)`)
)

// language is what a row says, or its identifier: HumanEval-X calls its tasks JavaScript/0.
func (r *row) language(id string) (compiler.Language, error) {
	says := r.Language
	if says == "" {
		says, _, _ = strings.Cut(id, "/")
		if l, err := compiler.ParseLanguage(says); err == nil && l != compiler.Wasm {
			return l, nil
		}
		return compiler.Python, nil
	}
	l, err := compiler.ParseLanguage(says)
	if err != nil || l == compiler.Wasm {
		return "", fmt.Errorf("language %.40q is none of python, javascript and typescript", says)
	}
	return l, nil
}

// Set is problems with the samples that answer them.
type Set struct {
	Problems []*Problem
	Samples  []*Sample
	byID     map[string]*Problem
}

// NewSet puts problems and samples together. It gives each sample without an ID one, and refuses what it cannot tell apart.
func NewSet(problems []*Problem, samples []*Sample) (*Set, error) {
	s := &Set{Problems: problems, byID: make(map[string]*Problem, len(problems))}
	for _, p := range problems {
		if p.TaskID == "" || s.byID[p.TaskID] != nil {
			return nil, fmt.Errorf("%w: problem %q", ErrDuplicate, p.TaskID)
		}
		s.byID[p.TaskID] = p
	}
	count := map[string]int{}
	seen := map[[2]string]bool{}
	for _, sample := range samples {
		if s.byID[sample.TaskID] == nil {
			return nil, fmt.Errorf("%w: sample of %q", ErrNoProblem, sample.TaskID)
		}
		if sample.ID == "" {
			sample.ID = fmt.Sprint(count[sample.TaskID])
		}
		count[sample.TaskID]++
		if key := [2]string{sample.TaskID, sample.ID}; seen[key] {
			return nil, fmt.Errorf("%w: sample %q of %q", ErrDuplicate, sample.ID, sample.TaskID)
		} else {
			seen[key] = true
		}
	}
	s.Samples = samples
	return s, nil
}

// Problem returns the problem with an identifier, or nil.
func (s *Set) Problem(taskID string) *Problem { return s.byID[taskID] }

// Errors of a Set.
var (
	ErrDuplicate = errors.New("it is there twice")
	ErrNoProblem = errors.New("there is no such problem")
	ErrNoTests   = errors.New("nothing decides about an answer")
	ErrTests     = errors.New("unusable tests")
)

// LoadOptions say how files are read.
type LoadOptions struct {
	// Language of all problems; empty: as each says, else Python.
	Language compiler.Language
	// Untested lets problems through that have no tests, whose answers can only be voted on.
	Untested bool
	// SkipBad leaves bad lines out instead of failing; Skipped of the loader has them.
	SkipBad bool
}

// Loader reads problems and samples from JSON lines, plain or gzip.
type Loader struct {
	LoadOptions
	// Skipped are the lines that were left out.
	Skipped []error

	problems []*Problem
	samples  []*Sample
	byID     map[string]*Problem
	given    map[[2]string]int // line of each sample that has an ID of its own
	count    map[string]int
}

// Problems reads a file of problems. The error lists bad lines, the first twenty of them, each a *LineError.
func (l *Loader) Problems(file string, r io.Reader) error {
	return l.each(file, r, func(line int, in *row) error { return l.addProblem(file, line, in) })
}

// Samples reads a file of samples. Where no problems were read before, each line has to bring its problem along.
func (l *Loader) Samples(file string, r io.Reader) error {
	alone := len(l.problems) == 0
	return l.each(file, r, func(line int, in *row) error {
		if alone {
			id, err := name("task_id", in.TaskID)
			if err != nil {
				return err
			}
			if l.byID[id] == nil {
				if in.Test == nil && len(in.TestList) == 0 && len(in.Expected)+len(in.Target) == 0 && !l.Untested {
					return errors.New("it has no test, test_list or expected value; name the file that has them with --problems")
				}
				if err := l.addProblem(file, line, in); err != nil {
					return err
				}
			}
		}
		return l.addSample(file, line, in)
	})
}

// Canonical makes the problems' own solutions the samples, which is how a data set is checked. Those without one are an error.
func (l *Loader) Canonical(file string) error {
	var bad lineErrors
	for _, p := range l.problems {
		if p.Canonical == "" {
			bad.add(file, p.Line, "problem %s has no canonical_solution", p.TaskID)
			continue
		}
		s := &Sample{TaskID: p.TaskID, ID: "canonical", Line: p.Line}
		if p.Prompt != "" {
			s.Completion = p.Canonical
		} else {
			s.Solution = p.Canonical
		}
		l.samples = append(l.samples, s)
	}
	return l.verdict(&bad)
}

// Set is what was read.
func (l *Loader) Set() (*Set, error) { return NewSet(l.problems, l.samples) }

func (l *Loader) each(file string, r io.Reader, take func(line int, in *row) error) error {
	if l.byID == nil {
		l.byID, l.given, l.count = map[string]*Problem{}, map[[2]string]int{}, map[string]int{}
	}
	var bad lineErrors
	lines := 0
	err := readLines(file, r, func(line int, text []byte) error {
		lines++
		in, err := decodeRow(text)
		if err == nil {
			err = take(line, in)
		}
		if err != nil {
			bad.add(file, line, "%v", err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if lines == 0 {
		return fmt.Errorf("%s: there is nothing in it", file)
	}
	return l.verdict(&bad)
}

func (l *Loader) verdict(bad *lineErrors) error {
	err := bad.err()
	if err != nil && l.SkipBad {
		l.Skipped = append(l.Skipped, bad.list...)
		if bad.omitted > 0 {
			l.Skipped = append(l.Skipped, fmt.Errorf("and %d lines more", bad.omitted))
		}
		return nil
	}
	return err
}

func (l *Loader) addProblem(file string, line int, in *row) error {
	p, err := in.problem(l.Language)
	if err != nil {
		return err
	}
	p.Line = line
	if first := l.byID[p.TaskID]; first != nil {
		return fmt.Errorf("problem %s is there already, on line %d", p.TaskID, first.Line)
	}
	if !p.Tested() && !l.Untested {
		return fmt.Errorf("problem %s has no test, test_list or expected value: %w; --vote compares answers without tests", p.TaskID, ErrNoTests)
	}
	l.byID[p.TaskID] = p
	l.problems = append(l.problems, p)
	return nil
}

func (l *Loader) addSample(file string, line int, in *row) error {
	id, err := name("task_id", in.TaskID)
	if err != nil {
		return err
	}
	p := l.byID[id]
	switch {
	case id == "":
		return errors.New("it has no task_id")
	case p == nil:
		return fmt.Errorf("there is no problem %.60q in the problems%s", id, l.nearest(id))
	}
	s := &Sample{TaskID: id, Line: line}
	switch {
	case in.Solution != nil:
		s.Solution = *in.Solution
	case in.Completion != nil:
		s.Completion = *in.Completion
	case in.Code != "" && p.Prompt == "":
		s.Solution = in.Code
	default:
		return errors.New("it has neither completion nor solution")
	}
	if s.ID, err = name("sample_id", in.SampleID); err != nil {
		return err
	}
	if s.ID == "" {
		if s.ID, err = name("id", in.ID); err != nil {
			return err
		}
	}
	if s.ID == "" {
		s.ID = fmt.Sprint(l.count[id])
	}
	if first := l.given[[2]string{id, s.ID}]; first > 0 {
		return fmt.Errorf("sample %s of %s is there already, on line %d", s.ID, id, first)
	}
	l.given[[2]string{id, s.ID}] = line
	l.count[id]++
	l.samples = append(l.samples, s)
	return nil
}

// nearest is the end of a message about an identifier that differs in its case or its prefix only.
func (l *Loader) nearest(id string) string {
	_, number, _ := strings.Cut(id, "/")
	for _, p := range l.problems {
		_, other, found := strings.Cut(p.TaskID, "/")
		if strings.EqualFold(id, p.TaskID) || found && number != "" && number == other || p.TaskID == number || other == id {
			return fmt.Sprintf("; did you mean %s?", p.TaskID)
		}
	}
	return ""
}

// compactJSON is a value in the form in which values are compared.
func compactJSON(raw json.RawMessage) string {
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return string(raw)
	}
	return b.String()
}
