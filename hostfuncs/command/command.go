// Package command makes tools of host programs: what the policy document declares under commands. A program runs with fixed arguments, some of which have
// places for values; it never passes through a shell, and a value never becomes more than a part of one argument. The command and embedders call New for each;
// it imports hostfuncs.
//
// # What a value can do
//
// A value is checked against its Argument and then stands in one element of the command line, whole and unsplit, whatever it contains. What remains is what the
// program itself makes of it:
//
//   - Options. A value that begins with - where the element begins with the value could turn into an option (-rf, --output=...). It is refused, unless the
//     owner shows that he means it: a value that stands in Enum; a Pattern that begins with - (^-?[0-9]+$); a Minimum below zero for a number; or an element --
//     before it, after which programs take nothing as an option. A pattern that merely admits it, such as [a-z-]+, does not count: that is how it is overlooked.
//   - Paths. Nothing here knows which values are paths. Give those a Pattern without / and .., and a Directory.
//   - Emptiness. A string without a Pattern and an Enum has at least one character, so that "{folder}/" is never "/".
//   - Code. A place within the code of an interpreter (sh -c, python -c, perl -e) is refused; hand the value over as an argument after the code.
//   - A program's own language, such as that of awk or ImageMagick, is for the owner to know.
//
// # What the program gets
//
// The environment that is declared and nothing else, no open files but the three standard ones, and the declared folder, or an empty one that is removed after the
// call. It runs with the rights of the owner: only its arguments are confined, not what it does. On Linux it has limits of processor time, address space, size of
// files and open files, in force before its first instruction (hostfuncs/internal/group). It is killed with everything that it started when the call is over, by its
// end, by its time or by the end of the run.
package command

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"

	"github.com/google/jsonschema-go/jsonschema"

	"wand/hostfuncs"
	"wand/hostfuncs/internal/group"
)

// Command is a host program as a tool.
type Command struct {
	Name, Description string
	// Command is the program and its arguments. The program is an absolute path, or a name that New looks up in PATH, once. In arguments {NAME} stands for an
	// argument of the tool, {{ and }} for braces. An element that uses an argument which a call leaves out is left out too.
	Command []string
	// Arguments of the tool, in the order in which they can be given by position.
	Arguments []Argument
	// Directory is the working folder, an absolute path. Default: for each call an empty one.
	Directory string
	// Environment is all that the program finds there: NAME=value.
	Environment []string
	// Stdin is a template of what it reads. Default: nothing.
	Stdin string
	// Effect is what a call does to the world. Default: hostfuncs.Destructive.
	Effect hostfuncs.Effect
	// Timeout ends a call. Default 10 s.
	Timeout time.Duration
	// MaxOutput bounds standard output and standard error, each, in bytes. What is beyond is dropped. Default 1 MiB.
	MaxOutput int64
	// Memory bounds the address space of each process, in bytes; many runtimes reserve gigabytes that they never use. Default 0: no bound. Linux only.
	Memory int64
	// FileSize bounds each file that it writes, in bytes. Default 1 GiB. Linux only.
	FileSize int64
	// OpenFiles bounds the open files of each process. Default 256. Linux only.
	OpenFiles int
	// Problem hears why a program could not be started, in the owner's words. Default: nobody is told.
	Problem func(error)
}

// Argument is one argument of the tool.
type Argument struct {
	Name, Description string
	// Type is string, integer, number or boolean.
	Type string
	// Pattern is a regular expression that a string has to match as a whole.
	Pattern string
	// Enum are the strings that are allowed. Default: all.
	Enum []string
	// MaxLength is the most characters of a string. Default 4,096 where it stands in the command line, else 1 Mi.
	MaxLength int
	// Minimum and Maximum bound a number.
	Minimum, Maximum *float64
	Optional         bool
}

// Defaults and bounds.
const (
	defaultTimeout   = 10 * time.Second
	defaultOutput    = 1 << 20
	defaultFileSize  = 1 << 30
	defaultOpenFiles = 256
	defaultLength    = 4096
	defaultStdin     = 1 << 20
	maxElement       = 100 << 10 // bytes of one element of the command line; Linux takes 128 KiB
	maxElements      = 512 << 10 // and of all
)

// tool is a Command that was checked.
type tool struct {
	Command
	program string
	argv    []template // without the program
	stdin   template
	byName  map[string]*Argument
}

// New checks a command and makes a tool of it. The error says everything that is wrong.
func New(c Command) (*hostfuncs.Definition, error) {
	t := &tool{Command: c, byName: map[string]*Argument{}}
	if err := t.prepare(); err != nil {
		return nil, fmt.Errorf("command %s: %w", strconv.Quote(c.Name), err)
	}
	output := resultSchema()
	return &hostfuncs.Definition{
		Name: c.Name, Doc: t.doc(), Input: t.schema(), Output: output, Effect: c.Effect, Timeout: t.Timeout,
		// Text can take six bytes for one, as JSON.
		MaxResult: 12*t.MaxOutput + 4096,
		Preview:   t.preview, Call: t.call,
	}, nil
}

func (t *tool) doc() string {
	if t.Description != "" {
		return t.Description
	}
	return "Runs " + filepath.Base(t.program) + " on the host."
}

func (t *tool) prepare() error {
	if len(t.Command.Command) == 0 || t.Command.Command[0] == "" {
		return errors.New("it has no program; write its absolute path as the first element")
	}
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	var err error
	if t.program, err = find(t.Command.Command[0]); err != nil {
		errs = append(errs, err)
	}
	for i := range t.Arguments {
		a := &t.Arguments[i]
		if t.byName[a.Name] != nil {
			fail("the argument %s stands there twice", a.Name)
		}
		if err := a.check(); err != nil {
			fail("argument %s: %w", strconv.Quote(a.Name), err)
		}
		t.byName[a.Name] = a
	}
	used := map[string]bool{}
	parse := func(text, where string) template {
		parts, err := parseTemplate(text)
		if err != nil {
			fail("%s: %w", where, err)
		}
		for _, p := range parts {
			if p.name != "" && t.byName[p.name] == nil {
				fail("%s: there is no argument %s; the arguments are %s", where, strconv.Quote(p.name), t.names())
			}
			used[p.name] = true
		}
		return parts
	}
	for i, text := range t.Command.Command[1:] {
		if strings.Contains(text, "\x00") {
			fail("element %d has a NUL", i+1)
		}
		t.argv = append(t.argv, parse(text, fmt.Sprintf("element %d of the command line", i+1)))
	}
	for name := range used {
		if a := t.byName[name]; a != nil && a.MaxLength == 0 {
			a.MaxLength = defaultLength
		}
	}
	t.stdin = parse(t.Stdin, "stdin")
	for i := range t.Arguments {
		a := &t.Arguments[i]
		if !used[a.Name] {
			fail("the argument %s is used nowhere; write {%s} in the command line or in stdin", a.Name, a.Name)
		}
		if a.MaxLength == 0 {
			a.MaxLength = defaultStdin
		}
	}
	if err := t.checkCode(); err != nil {
		errs = append(errs, err)
	}
	if t.Directory != "" {
		if info, err := os.Stat(t.Directory); !filepath.IsAbs(t.Directory) {
			fail("its directory %s is not an absolute path", strconv.Quote(t.Directory))
		} else if err != nil {
			fail("its directory: %w", err)
		} else if !info.IsDir() {
			fail("its directory %s is not a folder", strconv.Quote(t.Directory))
		}
	}
	for _, v := range t.Environment {
		if name, _, ok := strings.Cut(v, "="); !ok || name == "" || strings.Contains(v, "\x00") {
			fail("its environment has %s, which is not NAME=value", strconv.Quote(name))
		}
	}
	if t.Timeout < 0 || t.MaxOutput < 0 || t.Memory < 0 || t.FileSize < 0 || t.OpenFiles < 0 {
		fail("a limit is negative")
	}
	t.defaults()
	return errors.Join(errs...)
}

func (t *tool) defaults() {
	if t.Timeout == 0 {
		t.Timeout = defaultTimeout
	}
	if t.MaxOutput == 0 {
		t.MaxOutput = defaultOutput
	}
	if t.FileSize == 0 {
		t.FileSize = defaultFileSize
	}
	if t.OpenFiles == 0 {
		t.OpenFiles = defaultOpenFiles
	}
}

// find returns the absolute path of a program.
func find(name string) (string, error) {
	if !filepath.IsAbs(name) && strings.ContainsAny(name, `/\`) {
		return "", fmt.Errorf("its program %s is a relative path; write the absolute one", strconv.Quote(name))
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("its program cannot be used: %w", err)
	}
	return filepath.Abs(path)
}

func (t *tool) names() string {
	if len(t.Arguments) == 0 {
		return "none"
	}
	names := make([]string, len(t.Arguments))
	for i, a := range t.Arguments {
		names[i] = a.Name
	}
	return strings.Join(names, ", ")
}

// Interpreters and the options after which they take code.
var interpreters = []struct {
	name *regexp.Regexp
	code []string
}{
	{regexp.MustCompile(`^(ba|da|z|k|mk|a|fi|c|tc)?sh$|^busybox$`), []string{"-c"}},
	{regexp.MustCompile(`^python[0-9.]*$|^pypy[0-9.]*$`), []string{"-c"}},
	{regexp.MustCompile(`^(perl|ruby|lua|Rscript)[0-9.]*$`), []string{"-e", "-E"}},
	{regexp.MustCompile(`^(node|nodejs|bun|deno)$`), []string{"-e", "-p", "--eval", "--print", "eval"}},
	{regexp.MustCompile(`^php[0-9.]*$`), []string{"-r", "-B", "-R", "-E"}},
	{regexp.MustCompile(`(?i)^(cmd)$`), []string{"/c", "/C", "/k", "/K"}},
	{regexp.MustCompile(`(?i)^(powershell|pwsh)$`), []string{"-c", "-Command", "-command", "-EncodedCommand"}},
}

// checkCode refuses places in what an interpreter takes for code.
func (t *tool) checkCode() error {
	base := filepath.Base(t.program)
	name := strings.TrimSuffix(strings.TrimSuffix(base, ".exe"), ".EXE")
	batch := slices.Contains([]string{".bat", ".cmd"}, strings.ToLower(filepath.Ext(base)))
	for i, element := range t.argv {
		if !element.open() {
			continue
		}
		if batch {
			return fmt.Errorf("%s is a batch file, whose arguments Windows reads as commands; run a program, or leave out {%s}", base, element.first())
		}
		for _, p := range interpreters {
			if !p.name.MatchString(name) {
				continue
			}
			before := t.Command.Command[1 : i+1]
			glued := slices.ContainsFunc(p.code, func(o string) bool {
				return len(element) > 0 && element[0].name == "" && strings.HasPrefix(element[0].text, o)
			})
			if glued || len(before) > 0 && codeOption(before[len(before)-1], p.code) {
				return fmt.Errorf("element %d of the command line is code for %s, and {%s} in it would let whoever calls write that code; hand it over as an argument after the code, such as [sh, -c, 'echo \"$1\"', sh, \"{%s}\"]", i+1, base, element.first(), element.first())
			}
		}
	}
	return nil
}

// codeOption says that the next element is code: -c, and -xc as shells take it.
func codeOption(text string, options []string) bool {
	if slices.Contains(options, text) {
		return true
	}
	short := len(text) > 2 && text[0] == '-' && text[1] != '-'
	return short && slices.ContainsFunc(options, func(o string) bool { return len(o) == 2 && strings.HasSuffix(text, o[1:]) })
}

func (a *Argument) check() error {
	for i, r := range a.Name {
		if letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '_'; !letter && (i == 0 || r < '0' || r > '9') {
			return errors.New("a name has letters, digits and _")
		}
	}
	if a.Name == "" {
		return errors.New("it has no name")
	}
	if !slices.Contains([]string{"string", "integer", "number", "boolean"}, a.Type) {
		return fmt.Errorf("its type %s is not string, integer, number or boolean", strconv.Quote(a.Type))
	}
	if a.Type != "string" && (a.Pattern != "" || len(a.Enum) > 0 || a.MaxLength != 0) {
		return errors.New("a pattern, an enum and a length are for strings")
	}
	if a.Type != "integer" && a.Type != "number" && (a.Minimum != nil || a.Maximum != nil) {
		return errors.New("a minimum and a maximum are for numbers")
	}
	if a.MaxLength < 0 {
		return errors.New("its length is negative")
	}
	if _, err := regexp.Compile(a.Pattern); err != nil {
		return fmt.Errorf("its pattern: %w", err)
	}
	return nil
}

// schema is that of the tool's arguments.
func (t *tool) schema() *jsonschema.Schema {
	s := &jsonschema.Schema{Type: "object", Properties: map[string]*jsonschema.Schema{}, AdditionalProperties: &jsonschema.Schema{Not: &jsonschema.Schema{}}}
	for i := range t.Arguments {
		a := &t.Arguments[i]
		p := &jsonschema.Schema{Type: a.Type, Description: a.Description, Minimum: a.Minimum, Maximum: a.Maximum}
		if a.Type == "string" {
			p.MaxLength = &a.MaxLength
			if a.Pattern != "" {
				p.Pattern = "^(?:" + a.Pattern + ")$"
			}
			for _, v := range a.Enum {
				p.Enum = append(p.Enum, v)
			}
			if a.Pattern == "" && len(a.Enum) == 0 {
				p.MinLength = jsonschema.Ptr(1)
			}
		}
		s.Properties[a.Name] = p
		s.PropertyOrder = append(s.PropertyOrder, a.Name)
		if !a.Optional {
			s.Required = append(s.Required, a.Name)
		}
	}
	return s
}

func resultSchema() *jsonschema.Schema {
	text := func(what string) *jsonschema.Schema {
		return &jsonschema.Schema{Types: []string{"string", "object"}, Description: what + ", as text, or as bytes when it is not UTF-8"}
	}
	return &jsonschema.Schema{
		Type: "object",
		Properties: map[string]*jsonschema.Schema{
			"exit_code": {Type: "integer", Description: "0 means success; -1 that a signal ended it"},
			"stdout":    text("what it wrote to standard output"),
			"stderr":    text("what it wrote to standard error"),
			"truncated": {Type: "boolean", Description: "whether the end of either is missing"},
			"signal":    {Type: "string", Description: "the signal that ended it"},
		},
		PropertyOrder: []string{"exit_code", "stdout", "stderr", "truncated", "signal"},
		Required:      []string{"exit_code", "stdout", "stderr", "truncated"},
	}
}

// fill makes the command line and the input of one call.
func (t *tool) fill(args json.RawMessage) (argv []string, stdin string, err error) {
	var raw map[string]any
	d := json.NewDecoder(bytes.NewReader(args))
	d.UseNumber()
	if err := d.Decode(&raw); err != nil {
		return nil, "", wrong("the arguments are not an object")
	}
	values := map[string]string{}
	for name, v := range raw {
		if a := t.byName[name]; a != nil && v != nil {
			if values[name], err = a.text(v); err != nil {
				return nil, "", err
			}
		}
	}
	size, literal := 0, false
	for _, element := range t.argv {
		text, first, ok := element.fill(values)
		if !ok {
			continue
		}
		if strings.Contains(text, "\x00") {
			return nil, "", wrong("a value has a NUL character, which no command line can hold")
		}
		if first != "" && strings.HasPrefix(text, "-") && !literal && !t.byName[first].dash(values[first]) {
			return nil, "", wrong(fmt.Sprintf("the argument %s begins with -, so that the program could take it for an option", first))
		}
		if size += len(text); len(text) > maxElement || size > maxElements {
			return nil, "", wrong(fmt.Sprintf("the command line would be too long; a value has at most %d bytes", maxElement))
		}
		literal = literal || text == "--" && first == ""
		argv = append(argv, text)
	}
	stdin, _, _ = t.stdin.fill(values)
	return argv, stdin, nil
}

// text is a value as it stands in the command line.
func (a *Argument) text(v any) (string, error) {
	switch v := v.(type) {
	case string:
		if a.Type == "string" {
			return v, nil
		}
	case bool:
		if a.Type == "boolean" {
			return strconv.FormatBool(v), nil
		}
	case json.Number:
		if a.Type == "number" {
			return v.String(), nil
		}
		if i, err := v.Int64(); a.Type == "integer" && err == nil {
			return strconv.FormatInt(i, 10), nil
		}
		if f, err := v.Float64(); a.Type == "integer" && err == nil && f == math.Trunc(f) && math.Abs(f) < 1<<62 {
			return strconv.FormatInt(int64(f), 10), nil // 1e3
		}
	}
	return "", wrong(fmt.Sprintf("the argument %s is not a usable %s", a.Name, a.Type))
}

// dash says that the owner means values that begin with -.
func (a *Argument) dash(value string) bool {
	switch a.Type {
	case "string":
		pattern := strings.TrimLeft(strings.TrimPrefix(strings.TrimPrefix(a.Pattern, `\A`), "^"), "(?:")
		return slices.Contains(a.Enum, value) || strings.HasPrefix(strings.TrimPrefix(pattern, `\`), "-")
	case "integer", "number":
		return a.Minimum != nil && *a.Minimum < 0
	}
	return true
}

func (t *tool) preview(args json.RawMessage) string {
	argv, stdin, err := t.fill(args)
	if err != nil {
		return "would refuse: " + err.Error()
	}
	var b strings.Builder
	b.WriteString("would run " + filepath.Base(t.program))
	for _, a := range argv {
		if strings.ContainsFunc(a, func(r rune) bool { return !strconv.IsPrint(r) || strings.ContainsRune(" \"'`$\\;&|<>(){}*?", r) }) || a == "" {
			a = strconv.Quote(a)
		}
		b.WriteString(" " + a)
	}
	if stdin != "" {
		fmt.Fprintf(&b, ", with %d bytes on its standard input", len(stdin))
	}
	return b.String()
}

// call runs the program once.
func (t *tool) call(ctx context.Context, args json.RawMessage) (json.RawMessage, error) {
	argv, stdin, err := t.fill(args)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	directory := t.Directory
	if directory == "" {
		if directory, err = os.MkdirTemp("", "wand-command-*"); err != nil {
			return nil, t.broken(err)
		}
		defer os.RemoveAll(directory)
	}
	stdout, stderr := &output{most: t.MaxOutput}, &output{most: t.MaxOutput}
	cmd := &exec.Cmd{Path: t.program, Args: append([]string{t.program}, argv...), Env: append([]string{}, t.Environment...), Dir: directory, Stdout: stdout, Stderr: stderr}
	if stdin != "" {
		cmd.Stdin = strings.NewReader(stdin)
	}
	g, err := group.Start(cmd, group.Limits{CPU: t.Timeout + time.Second, AddressSpace: t.Memory, FileSize: t.FileSize, OpenFiles: t.OpenFiles})
	if err != nil {
		return nil, t.broken(err)
	}
	select {
	case <-g.Done():
	case <-ctx.Done():
		g.Kill()
		<-g.Done()
		return nil, context.Cause(ctx)
	}
	state, err := g.Outcome()
	if state == nil {
		return nil, t.broken(err)
	}
	r := map[string]any{"exit_code": state.ExitCode(), "stdout": stdout.value(), "stderr": stderr.value(), "truncated": stdout.cut || stderr.cut}
	if signal, ok := strings.CutPrefix(state.String(), "signal: "); ok {
		r["signal"] = signal
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(r); err != nil {
		return nil, t.broken(err)
	}
	return bytes.TrimSpace(b.Bytes()), nil
}

// broken is the host's failure to run the program, for whoever called: without paths.
func (t *tool) broken(err error) error {
	if t.Problem != nil {
		t.Problem(fmt.Errorf("command %s: %w", strconv.Quote(t.Name), err))
	}
	message := t.Name + ": the command could not be run"
	var number syscall.Errno
	if errors.As(err, &number) {
		message += ": " + number.Error()
	}
	return &hostfuncs.Error{Type: hostfuncs.ToolError, Message: message}
}

func wrong(message string) error {
	return &hostfuncs.Error{Type: hostfuncs.ArgumentError, Message: message}
}

// output keeps the beginning of what is written, and takes the rest.
type output struct {
	text []byte
	most int64
	cut  bool
}

var _ io.Writer = (*output)(nil)

// Write implements io.Writer.
func (o *output) Write(p []byte) (int, error) {
	room := min(o.most-int64(len(o.text)), int64(len(p)))
	o.text = append(o.text, p[:room]...)
	o.cut = o.cut || room < int64(len(p))
	return len(p), nil
}

// value is the output as JSON: text, or bytes as modules/ABI.md tags them.
func (o *output) value() any {
	text := o.text
	if o.cut { // perhaps within a letter
		for n := 1; n < utf8.UTFMax && n <= len(text); n++ {
			if c := text[len(text)-n]; utf8.RuneStart(c) {
				if !utf8.FullRune(text[len(text)-n:]) {
					text = text[:len(text)-n]
				}
				break
			}
		}
	}
	if utf8.Valid(text) {
		return string(text)
	}
	return map[string]any{"$type": "bytes", "value": o.text}
}
