package toolchain

import (
	"context"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"wand/compiler"
	"wand/modules/sdk"
)

// assemblyScriptDriver compiles AssemblyScript: asc, a program for Node.js.
func assemblyScriptDriver() driver {
	return driver{find: findAssemblyScript, plan: planAssemblyScript, parse: parseAssemblyScript, finish: finishAssemblyScript}
}

func findAssemblyScript(ctx context.Context, o *Options) (*tool, error) {
	node, modules, err := nodePackages(ctx, o, compiler.AssemblyScript)
	if err != nil {
		return nil, err
	}
	version, err := packageVersion(modules, "assemblyscript")
	if err != nil {
		return nil, &compiler.MissingToolchainError{Language: compiler.AssemblyScript, Want: []string{"its compiler in wand's cache"}, Install: "run: make toolchains --force"}
	}
	return &tool{name: "asc " + version, path: node, id: filepath.Base(filepath.Dir(modules)), read: append(sharedLibraries(node), modules),
		dirs: map[string]string{"script": filepath.Join(modules, "assemblyscript", "bin", "asc.js")}}, nil
}

// planAssemblyScript gives asc what the language expects of its host, and has it write a source map, of which the runtime makes lines.
func planAssemblyScript(t *tool, p program) plan {
	files := sdk.Files("assemblyscript")
	host := files["lib/wand_host.ts"]
	host = strings.ReplaceAll(host, "WAND_FILE", p.file)
	files["lib/wand_host.ts"] = strings.ReplaceAll(host, "WAND_NAME", jsString(p.name))
	files[ascTransform] = ascTransformText
	argv := append(nodeArgv(t.path, t.dirs["script"]), p.file, "--lib", "./lib", "--outFile", "main.wasm", "--sourceMap", "--debug", "--optimizeLevel", "0", "--exportStart", "_start",
		"--noColors", "--transform", "./"+ascTransform, "--use", "abort=wand_abort", "--use", "trace=wand_trace", "--use", "seed=wand_seed", "--use", "console=wand_console", "--use", "process=wand_process")
	return plan{files: files, steps: []step{{argv: argv, env: nodeEnv(), limits: nodeLimits()}}, output: "main.wasm"}
}

// ascTransform is what is done to a module between compiling and writing it. The compiler loses the lines of statements outside of functions on the way, so they are
// set again. And it is optimised here and not by the compiler, which would put functions into those that call them: source maps cannot say that, and a trap in
// the library would be nobody's line. Only what is as small as its call goes into its caller. The price is a quarter more fuel in a loop over an array.
const (
	ascTransform     = "wand_transform.mjs"
	ascTransformText = `export default class {
  afterCompile(module) {
    for (const { startFunction } of this.program.filesByName.values()) {
      const ref = module.getFunction(startFunction.internalName);
      if (!ref) continue;
      for (const [expression, range] of startFunction.debugLocations) {
        const source = range.source;
        module.setDebugLocation(ref, expression, source.debugInfoIndex, source.lineAt(range.start), source.columnAt() - 1);
      }
    }
    this.binaryen.setAlwaysInlineMaxSize(2);
    this.binaryen.setOneCallerInlineMaxSize(0);
    this.binaryen.setFlexibleInlineMaxSize(0);
    module.runPasses([
      "remove-unused-module-elements", "dce", "remove-unused-brs", "remove-unused-names", "optimize-instructions", "pick-load-signs", "precompute-propagate",
      "code-pushing", "simplify-locals-nostructure", "vacuum", "reorder-locals", "coalesce-locals", "simplify-locals", "vacuum", "reorder-locals", "merge-blocks",
      "remove-unused-brs", "optimize-instructions", "precompute", "vacuum", "inlining-optimizing", "remove-unused-module-elements",
    ]);
  }
}
`
)

// jsString is a text as it can stand between double quotes.
func jsString(s string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", " ", "\r", " ").Replace(s)
}

var (
	// ERROR TS2322: Type 'f64' is not assignable to type 'i32'.
	ascHead = regexp.MustCompile(`^(ERROR|WARNING|PEDANTIC)(?: ([A-Z]+\d+))?: (.*)$`)
	// └─ in main.ts(3,14)
	ascPlace = regexp.MustCompile(`^\s*[└╰]─ in (.+)\((\d+),(\d+)\)$`)
	// │             ~~~
	ascMark = regexp.MustCompile(`^\s*│ *(~+|\^)\s*$`)
)

func parseAssemblyScript(p program, output string) []compiler.Diagnostic {
	var found []compiler.Diagnostic
	var d *compiler.Diagnostic // the finding whose lines these are, until its place is known
	marked := 0
	for line := range strings.Lines(colour.ReplaceAllString(output, "")) {
		line = strings.TrimRight(line, "\r\n")
		if m := ascHead.FindStringSubmatch(line); m != nil {
			found = append(found, compiler.Diagnostic{Severity: compiler.SeverityError, Type: m[2], Message: clipped(m[3]), File: p.name})
			d, marked = &found[len(found)-1], 0
			if d.Type == "" {
				d.Type = "CompileError"
			}
			if m[1] != "ERROR" {
				d.Severity = compiler.SeverityWarning
			}
		} else if m := ascMark.FindStringSubmatch(line); m != nil && marked == 0 {
			marked = len(m[1])
		} else if m := ascPlace.FindStringSubmatch(line); m != nil && d != nil && d.Line == 0 {
			d.Line, d.Column = atoi(m[2]), atoi(m[3])
			if m[1] != p.file {
				d.File = m[1]
			} else {
				d.Column = columnOfUnits(compiler.LineText(p.source, d.Line), d.Column)
				if marked > 0 {
					d.EndColumn = d.Column + marked
				}
			}
			d = nil
		}
	}
	if len(found) == 0 {
		return gaveUp(p, output)
	}
	return found
}

// finishAssemblyScript makes line information of the source map.
func finishAssemblyScript(p program, module []byte) []byte {
	raw, err := readModule(filepath.Join(p.dir, "main.wasm.map"))
	if err != nil {
		return module
	}
	mappings, err := compiler.ReadCodeMap(raw)
	if err != nil {
		return module
	}
	lines := strings.Split(p.source, "\n")
	rows := make([]sourceRow, 0, len(mappings))
	for _, m := range mappings {
		row := sourceRow{offset: m.Offset, file: m.Source, line: m.Line}
		if m.Source == p.file && m.Line <= len(lines) {
			row.file, row.column = path.Base(p.name), bytesOfUnits(lines[m.Line-1], m.Column)
		}
		rows = append(rows, row)
	}
	return withLines(module, rows)
}

// bytesOfUnits turns a column that counts UTF-16 units into one that counts bytes.
func bytesOfUnits(line string, column int) int {
	for at, r := range line {
		if column--; column < 1 {
			return at + 1
		}
		if r > 0xffff {
			column--
		}
	}
	return len(line) + 1
}

// columnOfUnits turns a column that counts UTF-16 units into one that counts code points.
func columnOfUnits(line string, column int) int {
	units, points := 1, 1
	for _, r := range line {
		if units >= column {
			break
		}
		units++
		if r > 0xffff {
			units++
		}
		points++
	}
	return points + max(column-units, 0)
}
