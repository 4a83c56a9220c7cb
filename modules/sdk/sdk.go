// Package sdk holds what a compiled program is given to reach its run: its input, its tools, its value (../ABI.md, Compiled programs). The files lie beside a
// program when it is compiled, so that nothing has to be installed. Package compiler/toolchain calls it; it imports nothing of ours.
//
// The folders have a file or two for each language, and an example, which is a test.
package sdk

import "embed"

//go:embed c/wand.h go/wand.go go/abi_wasip1.go rust/wand.rs assemblyscript/wand.ts assemblyscript/wand_host.ts guide/*.md
var files embed.FS

// Files returns what lies beside a program of a language ("go", "c", "c++", "rust", "assemblyscript"): texts by slash-separated path. For any other there is none.
//
//   - C, C++: wand.h, for #include "wand.h"
//   - Go: the package wand in a module of its own, and the go.mod of a program that imports it
//   - Rust: wand.rs, for mod wand;
//   - AssemblyScript: wand.ts, for import * as wand from "./wand"; and in lib what the language expects of its host, where WAND_FILE and WAND_NAME stand for
//     the name of the program's file as the compiler and as people know it
func Files(language string) map[string]string {
	switch language {
	case "c", "c++":
		return map[string]string{"wand.h": text("c/wand.h")}
	case "go":
		return map[string]string{
			"go.mod":             "module program\n\ngo " + goVersion + "\n\nrequire wand v0.0.0\n\nreplace wand => ./wand\n",
			"wand/go.mod":        "module wand\n\ngo " + goVersion + "\n",
			"wand/wand.go":       text("go/wand.go"),
			"wand/abi_wasip1.go": text("go/abi_wasip1.go"),
		}
	case "rust":
		return map[string]string{"wand.rs": text("rust/wand.rs")}
	case "assemblyscript":
		return map[string]string{"wand.ts": text("assemblyscript/wand.ts"), "lib/wand_host.ts": text("assemblyscript/wand_host.ts")}
	}
	return nil
}

// Guide returns what a model has to know to write a program in a language that has to be compiled ("go", "c", "c++", "rust", "assemblyscript", "wat"): how it
// reads its input, calls tools and gives its value, with a program that compiles. For any other language it is empty.
func Guide(language string) string {
	switch language {
	case "go", "c", "c++", "rust", "assemblyscript", "wat":
		return text("guide/" + language + ".md")
	}
	return ""
}

// goVersion is the language version of Go programs, the least that a compiler must have.
const goVersion = "1.23"

func text(name string) string {
	content, err := files.ReadFile(name)
	if err != nil {
		panic(err) // it is embedded
	}
	return string(content)
}
