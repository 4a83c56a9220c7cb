package toolchain_test

import (
	"bytes"
	"strings"
	"testing"

	"wand/compiler"
)

func TestC(t *testing.T) {
	set := newSet(t, compiler.C)
	built := build(t, set, compiler.C, "sum.c", `#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <math.h>
#include <assert.h>

int main(int argc, char **argv) {
	char *text = malloc(100);
	snprintf(text, 100, "%s %.3f %d", "é", sqrt(2.0), argc);
	assert(strlen(text) > 3);
	puts(text);
	free(text);
	return 0;
}
`)
	if len(built.Wasm) == 0 || !strings.HasPrefix(built.Toolchain, "clang ") || len(built.Diagnostics) > 0 {
		t.Fatalf("%d bytes, %+v", len(built.Wasm), built)
	}
	if !bytes.Contains(built.Wasm, []byte("sum.c")) || !bytes.Contains(built.Wasm, []byte(".debug_line")) {
		t.Error("no debug information for sum.c")
	}
	noHostPaths(t, built)
}

func TestCpp(t *testing.T) {
	set := newSet(t, compiler.Cpp)
	built := build(t, set, compiler.Cpp, "sum.cc", `#include <algorithm>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

struct Shape { virtual double area() const = 0; virtual ~Shape() = default; };
struct Square : Shape { double side; explicit Square(double s) : side(s) {} double area() const override { return side * side; } };

int main() {
	std::map<std::string, std::vector<int>> m;
	m["a"].push_back(1);
	std::unique_ptr<Shape> s = std::make_unique<Square>(3);
	std::ostringstream out;
	out << m["a"][0] << s->area() << std::endl;
	std::cout << out.str();
	return dynamic_cast<Square *>(s.get()) == nullptr;
}
`)
	if len(built.Wasm) == 0 || len(built.Diagnostics) > 0 {
		t.Fatalf("%d bytes, %+v", len(built.Wasm), built)
	}
	noHostPaths(t, built)
}

func TestCDiagnostics(t *testing.T) {
	set := newSet(t, compiler.C)
	for name, test := range map[string]finding{
		"syntax":     {"int main(void) {\n\treturn 0\n}\n", "expected ';' after return statement", "CompileError", 2, 10, 11, ""},
		"undeclared": {"int main(void) {\n\treturn x1 + 2;\n}\n", "use of undeclared identifier 'x1'", "CompileError", 2, 9, 11, ""},
		"columns":    {"#include <stdio.h>\nint main(void) {\n\tputs(\"ééé\"); return nope;\n}\n", "use of undeclared identifier 'nope'", "CompileError", 3, 22, 26, ""},
		"type":       {"int main(void) {\n\tchar *p = 3.5;\n\treturn p != 0;\n}\n", "initializing 'char *' with an expression of incompatible type 'double'", "CompileError", 2, 8, 9, ""},
		"header":     {"#include \"nothing.h\"\nint main(void) { return 0; }\n", "'nothing.h' file not found", "CompileError", 1, 10, 11, "wand.h"},
		"symbol":     {"int missing(int);\nint main(void) {\n\treturn missing(1);\n}\n", "undefined symbol: missing", "LinkError", 1, 5, 12, "define missing"},
		"no main":    {"int f(void) { return 1; }\n", "undefined symbol: main", "LinkError", 0, 0, 0, "add int main"},
		"declared":   {"int main(void) {\n\tint a = 1;\n\tdouble a = 2;\n\treturn a;\n}\n", "redefinition of 'a'", "CompileError", 3, 9, 10, "previous definition is here"},
		"fork":       {"#include <stdio.h>\nint fork(void);\nint main(void) {\n\treturn fork();\n}\n", "undefined symbol: fork", "LinkError", 2, 5, 9, "no processes"},
	} {
		t.Run(name, func(t *testing.T) { test.check(t, set, compiler.C, "x.c") })
	}
}

func TestCppDiagnostics(t *testing.T) {
	set := newSet(t, compiler.Cpp)
	for name, test := range map[string]finding{
		"throw":    {"int main() {\n\tthrow 1;\n}\n", "cannot use 'throw' with exceptions disabled", "CompileError", 2, 2, 7, "std::optional"},
		"template": {"#include <vector>\n#include <algorithm>\nstruct A {};\nint main() {\n\tstd::vector<A> v(2);\n\tstd::sort(v.begin(), v.end());\n}\n", "invalid operands to binary expression", "CompileError", 6, 7, 11, ""},
		"symbol":   {"namespace n { int missing(int); }\nint main() {\n\treturn n::missing(1);\n}\n", "undefined symbol: n::missing(int)", "LinkError", 1, 19, 26, "define n::missing"},
	} {
		t.Run(name, func(t *testing.T) { test.check(t, set, compiler.Cpp, "x.cpp") })
	}
}

func TestCWarnings(t *testing.T) {
	set := newSet(t, compiler.C)
	built := build(t, set, compiler.C, "x.c", "int main(void) {\n\tint unused1 = 1;\n\treturn 0;\n}\n")
	if len(built.Wasm) == 0 || len(built.Diagnostics) != 1 || built.Diagnostics[0].Severity != compiler.SeverityWarning || built.Diagnostics[0].Line != 2 {
		t.Errorf("%d bytes, %+v", len(built.Wasm), built.Diagnostics)
	}
}
