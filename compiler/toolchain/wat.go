package toolchain

import (
	"context"
	"errors"
	"path/filepath"
	"regexp"
	"strings"

	"wand/compiler"
)

// watDriver assembles WebAssembly text: with wasm-tools or wabt's wat2wasm from PATH, else with wabt from npm.
func watDriver() driver {
	return driver{find: findWAT, plan: planWAT, parse: parseWAT, finish: finishWAT}
}

func findWAT(ctx context.Context, o *Options) (*tool, error) {
	// wasm-tools first: it writes debug information, so that a trap has a line.
	for _, name := range []string{"wasm-tools", "wat2wasm"} {
		path, err := o.LookPath(name)
		if err != nil {
			continue
		}
		version, err := ask(ctx, path, "--version")
		if err != nil {
			continue
		}
		version = strings.TrimPrefix(strings.TrimSpace(version), name+" ")
		if path, err = filepath.EvalSymlinks(path); err != nil {
			continue
		}
		return &tool{name: name + " " + version, path: path, id: version, read: sharedLibraries(path), dirs: map[string]string{"kind": name}}, nil
	}
	node, modules, err := nodePackages(ctx, o, compiler.WAT)
	var missing *compiler.MissingToolchainError
	if errors.As(err, &missing) {
		missing.Want = append([]string{"wasm-tools or wat2wasm on PATH"}, missing.Want...)
		missing.Install = strings.Replace(missing.Install, "install Node.js", "install wabt (Debian: apt install wabt), or Node.js", 1)
	}
	if err != nil {
		return nil, err
	}
	version, err := packageVersion(modules, "wabt")
	if err != nil {
		return nil, &compiler.MissingToolchainError{Language: compiler.WAT, Want: []string{"wabt in wand's cache"}, Install: "run: make toolchains --force"}
	}
	return &tool{name: "wat2wasm " + version + " (npm)", path: node, id: filepath.Base(filepath.Dir(modules)), read: append(sharedLibraries(node), modules),
		dirs: map[string]string{"kind": "npm", "script": filepath.Join(modules, "wabt", "bin", "wat2wasm")}}, nil
}

func planWAT(t *tool, p program) plan {
	s := step{}
	switch t.dirs["kind"] {
	case "wasm-tools":
		s.argv = []string{t.path, "parse", "--generate-dwarf", "lines", p.file, "-o", "main.wasm"}
	case "wat2wasm":
		s.argv = []string{t.path, "--debug-names", p.file, "-o", "main.wasm"}
	default:
		s.argv = append(nodeArgv(t.path, t.dirs["script"]), "--debug-names", p.file, "-o", "main.wasm")
		s.env, s.limits = nodeEnv(), nodeLimits()
	}
	return plan{steps: []step{s}, output: "main.wasm"}
}

var (
	// main.wat:4:6: error: unexpected token "i32.ad", expected an instr.
	wabtLine = regexp.MustCompile(`^(.+?):(\d+):(\d+): (error|warning): (.*)$`)
	// --> main.wat:4:6, below what is wrong
	wasmToolsPlace = regexp.MustCompile(`^\s*--> (.+?):(\d+):(\d+)$`)
	watMark        = regexp.MustCompile(`^[ |0-9]*(\^+)`)
)

func parseWAT(p program, output string) []compiler.Diagnostic {
	var found []compiler.Diagnostic
	said := ""
	for line := range strings.Lines(colour.ReplaceAllString(output, "")) {
		line = strings.TrimRight(line, "\r\n")
		if m := wabtLine.FindStringSubmatch(line); m != nil && m[1] == p.file {
			d := compiler.Diagnostic{Severity: compiler.SeverityError, Type: "SyntaxError", Message: clipped(m[5]), File: p.name, Line: atoi(m[2])}
			if m[4] == "warning" {
				d.Severity = compiler.SeverityWarning
			}
			d.Column = columnOfBytes(compiler.LineText(p.source, d.Line), atoi(m[3]))
			found = append(found, d)
		} else if m := wasmToolsPlace.FindStringSubmatch(line); m != nil && said != "" {
			d := compiler.Diagnostic{Severity: compiler.SeverityError, Type: "SyntaxError", Message: clipped(said), File: p.name, Line: atoi(m[2])}
			d.Column = columnOfBytes(compiler.LineText(p.source, d.Line), atoi(m[3]))
			found, said = append(found, d), ""
		} else if rest, ok := strings.CutPrefix(line, "error: "); ok {
			said = rest
		} else if m := watMark.FindStringSubmatch(line); m != nil && len(found) > 0 {
			if d := &found[len(found)-1]; d.EndColumn == 0 {
				d.EndColumn = d.Column + len(m[1])
			}
		}
	}
	if len(found) == 0 {
		return gaveUp(p, output)
	}
	return found
}

// columnOfBytes turns a column that counts bytes into one that counts code points.
func columnOfBytes(line string, column int) int {
	if column < 1 || column > len(line)+1 {
		return column
	}
	return len([]rune(line[:column-1])) + 1
}
