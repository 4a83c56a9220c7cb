package runtime

import (
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ianlancetaylor/demangle"

	"wand/compiler"
	"wand/compiler/debuginfo"
	"wand/compiler/meter"
	"wand/compiler/wasm"
	"wand/runtime/engine"
)

// maxPlacedCode is how many bytes of code a module has at most whose traps and limits are placed: placing decodes and meters it again, in this process, after
// the run has ended.
const maxPlacedCode = 8 << 20

// meterOptions are how a module is metered. A module of its own that has debugging information is metered so that traces tell positions, which costs it
// 16 bytes for each instruction that can trap or call; a guest's traces are nobody's business.
func meterOptions(m *wasm.Module, guest bool) meter.Options {
	return meter.Options{MaxCallDepth: MaxCallDepth, Positions: !guest && debuginfo.Has(m) && codeBytes(m) <= maxPlacedCode}
}

// codeBytes is the size of all function bodies.
func codeBytes(m *wasm.Module) (n int) {
	for _, c := range m.Codes {
		n += len(c.Body)
	}
	return n
}

// maxPlacedModule is the largest module, in bytes, whose frames are named: its debugging information is several times its code.
const maxPlacedModule = 32 << 20

// maxPlaced is how many calls of the engine's stack are looked at: what every engine tells of, beside the calls of host functions and of what the meter added.
const maxPlaced = 24

// place finds the source lines of a module that trapped or was stopped. Nothing for this is kept or done before: the module is decoded and metered again.
func (r *Report) place(m *compiler.Module, ended error) {
	stack := engine.FramesOf(ended)
	if m.Guest != "" || r.Error == nil || len(stack) == 0 || len(m.Wasm) > maxPlacedModule {
		return
	}
	// Whoever made the module wrote what is read here. It is written not to panic and fuzzed; should it, then the report does without.
	defer func() { _ = recover() }()
	decoded, err := wasm.Decode(m.Wasm, wasm.Limits{})
	if err != nil {
		return
	}
	p := &placer{module: m, decoded: decoded, names: decoded.FunctionNames()}
	if options := meterOptions(decoded, false); options.Positions {
		r.Error.Frames = p.positions(stack, options)
	} else {
		r.Error.Frames = p.named(stack)
	}
	for _, f := range slices.Backward(r.Error.Frames) {
		if !f.Library && f.Line > 0 {
			location := f.Location
			r.Error.Location = &location
			break
		}
	}
}

// placer makes frames of a report.
type placer struct {
	module  *compiler.Module
	decoded *wasm.Module
	names   map[int]string
}

// named makes frames, outermost first, of a stack that has names only.
func (p *placer) named(stack []engine.Frame) []Frame {
	var frames []Frame
	imported := p.decoded.ImportedFuncs()
	isGo := p.isGo()
	for _, f := range stack {
		name := f.Name
		// A function without a name has its index: that of the metered module.
		if index, err := strconv.Atoi(strings.TrimPrefix(name, "$")); err == nil && strings.HasPrefix(name, "$") {
			original, ok := meter.Original(p.decoded, index)
			if !ok {
				continue
			}
			name = "$" + strconv.Itoa(original)
			if original < imported {
				continue
			}
		}
		if len(frames) == maxPlaced {
			break
		}
		frames = append(frames, Frame{Function: plainName(name), Library: isGo && !strings.HasPrefix(name, "main.")})
	}
	slices.Reverse(frames)
	return frames
}

// isGo says whether Go's own compiler made the module: it names all functions, and writes no debugging information for WebAssembly.
func (p *placer) isGo() bool {
	for _, name := range p.names {
		if name == "wasm_pc_f_loop" {
			return true
		}
	}
	return false
}

// positions makes frames, outermost first, of a stack that tells where in the code each call was.
func (p *placer) positions(stack []engine.Frame, options meter.Options) []Frame {
	metered := make([]meter.Position, len(stack))
	for i := range stack {
		metered[i] = stack[i].Position
	}
	found, err := meter.Locate(p.decoded, options, metered)
	if err != nil {
		return nil
	}
	found = slices.DeleteFunc(found, func(at meter.Position) bool { return at.Function < 0 })
	found = found[:min(len(found), maxPlaced)]
	offsets := make([]int, len(found))
	for i := range found {
		offsets[i] = found[i].Offset
	}
	var frames []Frame
	for i, calls := range debuginfo.Open(p.decoded).Frames(offsets) {
		name := p.names[found[i].Function]
		if len(calls) == 0 {
			// What was compiled without debugging information beside a program that has it.
			frames = append(frames, Frame{Function: plainName(name), Library: true})
		}
		for _, c := range calls {
			if c.Function == "" {
				c.Function = name
			}
			frames = append(frames, p.frame(c))
		}
	}
	slices.Reverse(frames)
	return frames[max(0, len(frames)-2*maxPlaced):]
}

// frame is a call in the program's source, or in a library's. The names of folders stay out of it: they are the machine's on which it was compiled.
func (p *placer) frame(c debuginfo.Frame) Frame {
	f := Frame{Function: plainName(c.Function), Location: Location{Line: c.Line, Column: c.Column}}
	f.File = foreignName(c.File, 200)
	f.Library = isLibrary(c.Dir, c.File)
	if p.module.Source != "" {
		f.Library = f.Library || c.File != path.Base(p.module.Name)
		if !f.Library {
			f.File = p.module.Name
			f.LineText = compiler.LineText(p.module.Source, c.Line)
			f.Column = codePoints(f.LineText, c.Column)
		}
	}
	if f.Line == 0 {
		f.Library = true
	}
	return f
}

// codePoints is the column in code points, from 1, of one in bytes.
func codePoints(line string, column int) int {
	if column < 1 || column-1 > len(line) {
		return 0
	}
	return utf8.RuneCountInString(line[:column-1]) + 1
}

// libraryPaths are parts of the names of folders in which the sources of standard libraries lie.
var libraryPaths = []string{"/rustc/", "/library/std/", "/library/core/", "/library/alloc/", "/.cargo/registry/", "/wasi-libc/", "/libc/", "/libcxx", "/libunwind/", "/compiler-rt/", "/compiler_rt",
	"/ziglang/lib/", "/lib/zig/", "/usr/include/", "/usr/lib/", "/emscripten/", "/wasi-sdk/", "/~lib/"}

func isLibrary(dir, file string) bool {
	name := dir + "/" + file
	return slices.ContainsFunc(libraryPaths, func(part string) bool { return strings.Contains(name, part) }) || file == ""
}

// plainName is the name of a function as its source has it, without the types of its parameters.
func plainName(name string) string {
	const longest = 1024
	switch name {
	case "__main_argc_argv", "__original_main", "__main_void": // how clang spells it
		return "main"
	}
	if len(name) <= longest && name != "" {
		name = demangled(name)
	}
	return foreignName(name, 200)
}

func demangled(name string) (plain string) {
	// The library is written not to panic; names come from the module.
	defer func() {
		if recover() != nil {
			plain = name
		}
	}()
	const resultBits = 12 // results of more than 4 KiB are cut
	return demangle.Filter(name, demangle.NoParams, demangle.NoClones, demangle.MaxLength(resultBits))
}

// printable is a text from a module, fit for a line of a report.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '\uFFFD'
		}
		return r
	}, s)
}
