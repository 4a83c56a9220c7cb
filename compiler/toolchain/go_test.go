package toolchain_test

import (
	"strings"
	"testing"

	"wand/compiler"
)

func TestGo(t *testing.T) {
	set := newSet(t, compiler.Go)
	built := build(t, set, compiler.Go, "sum.go", `package main

import (
	"encoding/json"
	"fmt"
	"os"
)

func main() {
	json.NewEncoder(os.Stdout).Encode(map[string]int{"sum": 1 + 2})
	fmt.Println("é", os.Args)
}
`)
	if len(built.Wasm) == 0 || !strings.HasPrefix(built.Toolchain, "go 1.") || built.Cached {
		t.Fatalf("%d bytes, %+v", len(built.Wasm), built.Diagnostics)
	}
	noHostPaths(t, built)
}

func TestGoDiagnostics(t *testing.T) {
	set := newSet(t, compiler.Go)
	for name, test := range map[string]finding{
		"unused":   {"package main\n\nfunc main() {\n\té := 1\n}\n", "declared and not used: é", "CompileError", 4, 2, 3, "use é, or remove it"},
		"type":     {"package main\n\nfunc main() {\n\tvar x int = \"a\"\n\t_ = x\n}\n", "cannot use \"a\" (untyped string constant) as int value in variable declaration", "CompileError", 4, 14, 15, ""},
		"columns":  {"package main\n\nfunc main() {\n\t_ = \"ééé\" + undefined1\n}\n", "undefined: undefined1", "CompileError", 4, 14, 24, ""},
		"syntax":   {"package main\n\nfunc main() {\n\tx := := 1\n}\n", "unexpected :=, expected expression", "SyntaxError", 4, 7, 8, ""},
		"import":   {"package main\n\nfunc main() {\n\tfmt.Println(1)\n}\n", "undefined: fmt", "CompileError", 4, 2, 5, `import "fmt"`},
		"foreign":  {"package main\n\nimport \"github.com/x/y\"\n\nfunc main() { y.Z() }\n", "package github.com/x/y is not in the standard library", "Unsupported", 3, 8, 24, "standard library"},
		"internal": {"package main\n\nimport \"internal/abi\"\n\nfunc main() {}\n", "use of internal package internal/abi not allowed", "CompileError", 3, 8, 22, ""},
		"folder":   {"package main\n\nimport \"archive\"\n\nfunc main() { archive.X() }\n", "could not import archive", "CompileError", 3, 8, 9, ""},
		"testdata": {"package main\n\nimport _ \"go/doc/testdata\"\n\nfunc main() {}\n", "not in the standard library", "Unsupported", 3, 10, 27, ""},
		"no main":  {"package main\n\nfunc Main() {}\n", "function main is undeclared in the main package", "LinkError", 0, 0, 0, "add func main()"},
		"package":  {"package lib\n\nfunc main() {}\n", "package lib is not a program", "CompileError", 1, 9, 12, "package main"},
		"no body":  {"package main\n\nfunc f()\n\nfunc main() { f() }\n", "missing function body", "CompileError", 3, 6, 7, ""},
	} {
		t.Run(name, func(t *testing.T) { test.check(t, set, compiler.Go, "x.go") })
	}
}

func TestGoSDK(t *testing.T) {
	set := newSet(t, compiler.Go)
	built := build(t, set, compiler.Go, "tool.go", "package main\n\nimport \"wand\"\n\nfunc main() {\n\tvar n int\n\twand.Input(&n)\n}\n")
	if len(built.Wasm) == 0 {
		t.Fatalf("%+v", built.Diagnostics)
	}
	noHostPaths(t, built)
}
