package runtime

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"wand/compiler"
	"wand/compiler/bake"
	"wand/compiler/meter"
	"wand/compiler/wasm"
	"wand/hostfuncs/wasi"
	"wand/policies/units"
	"wand/runtime/engine"
)

// ErrCannotBuild says that a module cannot become a file that starts by itself; the message says why.
var ErrCannotBuild = bake.ErrUnsupported

// BuildSchema names the JSON form of Built.
const BuildSchema = "wand.build/v1"

// BuildOptions say what goes into a file that starts by itself. The zero value is a file without limits of its own.
type BuildOptions struct {
	// Include are modules of Python's library, or of the packages, that the program imports in ways that nobody can see beforehand. Python only.
	Include []string
	// Packages are what the program may import, all of which becomes part of the file. Python only.
	Packages []Package
	// Fuel is a budget that is built in: units, as in Limits. The program then ends with a line on standard error and exit code 4 when it is used up, wherever it runs. What the
	// host does for it is not counted there. Default: none.
	Fuel int64
	// Memory is how much memory the program may have, in bytes: it is told that there is no more. Default: what the module says, 4 GiB at the most.
	Memory int64
	// Small leaves out what only tracebacks show: the lines of the library's own files.
	Small bool
	// Limits of the work that is done here: imports run once, metered, without access to anything. Fields that are zero: DefaultBakeLimits.
	Limits Limits
}

// Built is a program as a file that starts by itself in any WASI preview 1 runtime.
type Built struct {
	Schema   string            `json:"schema"` // wand.build/v1
	Language compiler.Language `json:"language"`
	// Guest is the interpreter inside, name and version; empty for a compiled program.
	Guest string `json:"guest,omitempty"`
	// Wasm is the file. The same input gives the same bytes.
	Wasm   []byte `json:"-"`
	Bytes  int64  `json:"bytes"`
	Digest string `json:"digest"` // SHA-256 of the file
	// CodeBytes and DataBytes are its two large parts, Functions how many functions it has, and Dropped how many were left out because nothing calls them.
	CodeBytes int64 `json:"code_bytes"`
	DataBytes int64 `json:"data_bytes"`
	Functions int   `json:"functions"`
	Dropped   int   `json:"dropped"`
	// MemoryBytes is the memory that it starts with.
	MemoryBytes int64 `json:"memory_bytes"`
	// Fuel is the budget inside; 0 for none.
	Fuel int64 `json:"fuel,omitempty"`
	// Imports are the functions of wasi_snapshot_preview1 that it needs.
	Imports []string `json:"imports"`
	// Loaded are the modules that are imported already, of those that the program can reach; Kept those that it carries, to be imported when it asks for them.
	Loaded []string `json:"loaded,omitempty"`
	Kept   []string `json:"kept,omitempty"`
	// Missing are modules that the program imports and that are nowhere.
	Missing []string `json:"missing,omitempty"`
	// Warnings are for people.
	Warnings []string `json:"warnings,omitempty"`
}

// BuildError says that a program could not be built because of what it is or imports. Report says what happened.
type BuildError struct {
	Name   string
	Report *Report
}

// Error implements error.
func (e *BuildError) Error() string {
	r := e.Report
	if r.Error == nil {
		return fmt.Sprintf("building %s ended as %s", e.Name, r.Status)
	}
	text := strings.TrimPrefix(strings.TrimSuffix(r.Error.Type+": "+r.Error.Message, ": "), ": ")
	if r.Error.Hint != "" {
		text += "; " + r.Error.Hint
	}
	return fmt.Sprintf("building %s: %s", e.Name, text)
}

// Build makes a file of a program that starts by itself, without wand, in any WASI preview 1 runtime: of a program for an interpreter the interpreter's state just before it runs,
// with what it imports loaded; of a compiled one the module. There are no tools in it and no limits but Fuel and Memory: what the program may reach is what that runtime grants. The
// error is a *BuildError when the program is at fault, and wraps ErrCannotBuild when a module cannot be built.
func (rt *Runtime) Build(ctx context.Context, m *compiler.Module, o BuildOptions) (*Built, error) {
	if err := rt.enter(); err != nil {
		return nil, err
	}
	defer rt.leave()
	ctx, end := rt.until(ctx)
	defer end()
	if err := o.check(m); err != nil {
		return nil, err
	}
	b := &Built{Schema: BuildSchema, Language: m.Language, Fuel: o.Fuel}
	options := bake.Options{Fuel: o.Fuel, MaxCallDepth: MaxCallDepth, Limit: units.Count(o.Fuel).String()}
	var module *wasm.Module
	var err error
	if m.Guest == "" {
		module, err = wasm.Decode(m.Wasm, wasm.Limits{})
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrCannotBuild, err)
		}
	} else {
		options.Entry = "wand_alone"
		if module, err = rt.frozen(ctx, m, o, b); err != nil {
			return nil, err
		}
	}
	if err := bound(module, o.Memory); err != nil {
		return nil, err
	}
	rt.config.Progress("building " + m.Name + ": writing the module")
	made, err := bake.Standalone(module, options)
	if err != nil {
		return nil, err
	}
	if n := len(made.Wasm); n > compiler.DefaultMaxWasm {
		return nil, fmt.Errorf("%w: the file would have %s, and the most is %s: leave packages and modules out, or let the program read its data from files", ErrCannotBuild, units.Bytes(n), units.Bytes(compiler.DefaultMaxWasm))
	}
	// What is not valid would only be found out where it is to run.
	if _, err := wasm.Decode(made.Wasm, wasm.Limits{}); err != nil {
		return nil, fmt.Errorf("the module that was built is not accepted: %w", err)
	}
	sum := sha256.Sum256(made.Wasm)
	b.Wasm, b.Bytes, b.Digest = made.Wasm, int64(len(made.Wasm)), "sha256:"+hex.EncodeToString(sum[:])
	b.CodeBytes, b.DataBytes, b.MemoryBytes = int64(made.CodeBytes), int64(made.DataBytes), made.MemoryBytes
	b.Functions, b.Dropped, b.Imports = made.Functions, made.Dropped, append([]string{}, made.Imports...)
	if m.Guest == "" && len(made.Answered) > 0 {
		b.Warnings = append(b.Warnings, fmt.Sprintf("the program asks wand for %s: in a file of its own there are no tools, no input, and nobody takes its value", strings.Join(made.Answered, ", ")))
	}
	return b, nil
}

func (o *BuildOptions) check(m *compiler.Module) error {
	if m.Guest != string(compiler.Python) && len(o.Include)+len(o.Packages) > 0 {
		return fmt.Errorf("%w: only a Python program has modules to include and packages, and this is %s", ErrBadOption, m.Language)
	}
	if len(o.Include) > maxImports {
		return fmt.Errorf("%w: %d modules to include; at most %d", ErrBadOption, len(o.Include), maxImports)
	}
	for _, name := range o.Include {
		if len(name) > 256 || !importName.MatchString(name) {
			return fmt.Errorf("%w: %.100q is no name of a module, such as sqlite3 or xml.etree", ErrBadOption, name)
		}
	}
	if o.Fuel < 0 || o.Memory < 0 {
		return fmt.Errorf("%w: fuel and memory cannot be negative", ErrBadOption)
	}
	if o.Memory > 65536*engine.PageSize {
		return fmt.Errorf("%w: memory of %s is more than the 4 GiB that WebAssembly has", ErrBadOption, units.Bytes(o.Memory))
	}
	return o.Limits.check()
}

// bound bounds the memory of a module.
func bound(m *wasm.Module, memory int64) error {
	if memory == 0 || len(m.Memories) == 0 {
		return nil
	}
	pages := uint64(memory) / engine.PageSize
	size := m.Memories[0].Size
	if pages < uint64(size.Min) {
		return fmt.Errorf("%w: memory of %s is less than the %s that the program starts with", ErrBadOption, units.Bytes(memory), units.Bytes(int64(size.Min)*engine.PageSize))
	}
	if pages > 65536 || size.HasMax && pages > uint64(size.Max) {
		return nil
	}
	m.Memories = []wasm.MemoryType{{Size: wasm.Size{Min: size.Min, Max: uint32(pages), HasMax: true}}}
	return nil
}

// buildRequest is what the guest is told beside the program.
type buildRequest struct {
	include     []string
	sources     bool
	translation *translation
}

// translation is where a program that was translated comes from: the program says its errors itself.
type translation struct {
	Source string `json:"source"`
	Lines  []int  `json:"lines"` // by line of the program; 0 for one that no source stands behind
}

func translationOf(m *compiler.Module) *translation {
	if m.SourceMap == nil {
		return nil
	}
	t := &translation{Source: m.Source, Lines: []int{0}}
	lines := m.Lines()
	for i := range strings.Count(m.Program, "\n") + 1 {
		t.Lines = append(t.Lines, lines(i+1))
	}
	return t
}

// frozen has the guest load a program, and returns the interpreter's module in the state that it is in then.
func (rt *Runtime) frozen(ctx context.Context, m *compiler.Module, o BuildOptions, b *Built) (*wasm.Module, error) {
	g, err := rt.config.Guest(m.Guest)
	if err != nil {
		return nil, err
	}
	b.Guest = label(g)
	text, err := g.Wasm()
	if err != nil {
		return nil, err
	}
	module, err := wasm.Decode(text, wasm.Limits{})
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(module.Exports, func(e wasm.Export) bool { return e.Name == "wand_alone" }) {
		return nil, fmt.Errorf("%w: the %s guest has no wand_alone, so it cannot start by itself; build it anew with: make guests", ErrCannotBuild, g.Manifest.Name)
	}
	// The guest runs metered; the globals of what was rewritten are those of the module, under other names.
	rewritten, err := meter.Rewrite(module, meter.Options{MaxCallDepth: MaxCallDepth})
	if err != nil {
		return nil, err
	}
	state := bake.State{Globals: map[uint32]uint64{}}
	freeze := func(instance engine.Instance, files *wasi.State) error {
		if n := files.OpenFiles(); n > 0 {
			return fmt.Errorf("building %s: what it imports left %d files open; a file belongs to the run that opens it", m.Name, n)
		}
		for _, global := range rewritten.Info.Globals {
			handle := instance.Global(global.Export)
			if handle == nil {
				return fmt.Errorf("the %s guest has no global %s", g.Manifest.Name, global.Export)
			}
			state.Globals[global.Index] = handle.Get()
		}
		state.Memory = slices.Clone(instance.Memory())
		return nil
	}
	var seed [32]byte
	rt.config.Progress("building " + m.Name + ": loading what it imports")
	report, err := rt.execute(ctx, m, Options{
		Limits: o.Limits.or(DefaultBakeLimits()), Packages: o.Packages, Policy: baking, Seed: &seed, freeze: freeze, build: &buildRequest{o.Include, !o.Small, translationOf(m)},
	}, "build")
	switch {
	case err != nil:
		return nil, err
	case report.Status != Completed:
		return nil, &BuildError{m.Name, report}
	case state.Memory == nil:
		return nil, errors.New("the guest was not frozen")
	}
	if len(report.Result) > 0 {
		var found struct{ Loaded, Kept, Missing, Failed []string }
		if err := json.Unmarshal(report.Result, &found); err != nil {
			return nil, fmt.Errorf("what the %s guest says of the build: %w", g.Manifest.Name, err)
		}
		b.Loaded, b.Kept, b.Missing = found.Loaded, found.Kept, found.Missing
		for _, name := range found.Missing {
			b.Warnings = append(b.Warnings, fmt.Sprintf("the program imports %s, which is not here: give it with --package, or the import will fail", name))
		}
		for _, text := range found.Failed {
			b.Warnings = append(b.Warnings, "importing ahead of time failed, so the program will try it itself: "+text)
		}
	}
	return bake.Freeze(module, state)
}
