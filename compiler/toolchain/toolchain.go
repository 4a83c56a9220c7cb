// Package toolchain compiles programs that nobody has read, with the compilers of this machine: one file for each language says where its compiler is, how it
// is called and what its messages mean. Compilers run in a jail (package jail). The runtime hands a Set to package compiler as its Builder.
package toolchain

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"sync"

	"wand/compiler"
	"wand/compiler/toolchain/jail"
)

// Options of a Set. The zero value compiles in a jail and keeps nothing.
type Options struct {
	// Cache is wand's folder in the user's cache. What make guests fetched is looked for there, and what is built is kept there. Default: nothing is.
	Cache string
	// NoCache builds every program anew. The compiler in Cache is used all the same.
	NoCache bool
	// Trust runs compilers with this user's own rights instead of in a jail, for source text that is trusted. The limits hold all the same.
	Trust bool
	// Limits of one run of a compiler. Fields that are zero: jail.DefaultLimits.
	Limits jail.Limits
	// Progress hears of work that takes long, such as preparing a standard library. Default: nobody does.
	Progress func(message string)
	// LookPath and Getenv find compilers. Default: those of this process.
	LookPath func(file string) (string, error)
	Getenv   func(name string) string
}

// Set is the compilers of this machine. It is safe for concurrent use; each compiler is looked for once, when it is first needed.
type Set struct {
	options Options
	mu      sync.Mutex
	found   map[compiler.Language]*search
}

var _ compiler.Builder = (*Set)(nil)

// search is a compiler that was looked for.
type search struct {
	once sync.Once
	tool *tool
	err  error
}

// New returns the compilers of this machine.
func New(o Options) *Set {
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	if o.LookPath == nil {
		o.LookPath = exec.LookPath
	}
	if o.Getenv == nil {
		o.Getenv = os.Getenv
	}
	return &Set{options: o, found: map[compiler.Language]*search{}}
}

// Languages lists what a Set compiles, where the compilers are there.
func Languages() []compiler.Language {
	return []compiler.Language{compiler.Go, compiler.C, compiler.Cpp, compiler.Rust, compiler.AssemblyScript, compiler.WAT}
}

// driver is how one language is compiled.
type driver struct {
	// find looks for the compiler. The error is a *compiler.MissingToolchainError where it is not there.
	find func(ctx context.Context, o *Options) (*tool, error)
	// prepare, where it is set, checks the program's text for what the compiler would not refuse well, may change it without moving a line or column, and makes
	// what the compiler reads of the language's library, from trusted input alone. It runs outside of the jail.
	prepare func(ctx context.Context, o *Options, t *tool, p *program) ([]compiler.Diagnostic, error)
	// plan says how one program is compiled.
	plan func(t *tool, p program) plan
	// parse reads what the compiler printed, on either stream, into findings about the program.
	parse func(p program, output string) []compiler.Diagnostic
	// finish, where it is set, adds to the module what the compiler says elsewhere. The private folder is still there.
	finish func(p program, module []byte) []byte
}

// drivers is the table of languages.
func drivers() map[compiler.Language]driver {
	return map[compiler.Language]driver{
		compiler.Go:             goDriver(),
		compiler.C:              clangDriver(compiler.C),
		compiler.Cpp:            clangDriver(compiler.Cpp),
		compiler.Rust:           rustDriver(),
		compiler.AssemblyScript: assemblyScriptDriver(),
		compiler.WAT:            watDriver(),
	}
}

// tool is a compiler that was found.
type tool struct {
	name string   // for people and reports: "clang 20.1.2 (zig 0.15.2)"
	path string   // the program
	id   string   // changes when the compiler or its libraries do: part of what a build is kept under
	read []string // files and folders that it reads and executes, besides the system's shared libraries
	dirs map[string]string
}

// program is what is to be compiled.
type program struct {
	language compiler.Language
	name     string // as diagnostics show it
	source   string
	file     string // the source's file name in dir: name where that is harmless, else main and the extension
	dir      string // the private folder
}

// plan is how one program is compiled, in its private folder.
type plan struct {
	files  map[string]string // what lies beside the program, by slash-separated path below the folder
	steps  []step            // one after the other, until one fails
	output string            // the module's path below the folder
}

// step is one command. In env TMPDIR and HOME are set already: folders within the private one.
type step struct {
	argv   []string
	env    []string
	limits jail.Limits // what differs from the set's
}

// Find looks for a language's compiler and returns its name with version, and its path. The error is a *compiler.MissingToolchainError where there is none.
func (s *Set) Find(ctx context.Context, language compiler.Language) (name, path string, err error) {
	t, err := s.tool(ctx, language)
	if err != nil {
		return "", "", err
	}
	return t.name, t.path, nil
}

func (s *Set) tool(ctx context.Context, language compiler.Language) (*tool, error) {
	d, ok := drivers()[language]
	if !ok {
		return nil, &compiler.MissingToolchainError{Language: language, Want: []string{"a driver"}, Install: "this version of wand does not compile " + language.Title()}
	}
	s.mu.Lock()
	f := s.found[language]
	if f == nil {
		f = &search{}
		s.found[language] = f
	}
	s.mu.Unlock()
	f.once.Do(func() { f.tool, f.err = d.find(context.WithoutCancel(ctx), &s.options) })
	return f.tool, f.err
}

// Build implements compiler.Builder.
func (s *Set) Build(ctx context.Context, language compiler.Language, name, source string) (compiler.Build, error) {
	t, err := s.tool(ctx, language)
	if err != nil {
		return compiler.Build{}, err
	}
	return s.compile(ctx, drivers()[language], t, program{language: language, name: name, source: source})
}

// errNoModule says that a compiler was content and made nothing.
var errNoModule = fmt.Errorf("the compiler reported success and left no module")
