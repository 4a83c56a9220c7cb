package compiler

import (
	"os"
	"path/filepath"
	"testing"
)

func TestByContent(t *testing.T) {
	tests := map[Language][]string{
		Python: {
			"INPUT", "INPUT[\"n\"] ** 2", "print(1)", "print('hello; world')", "import sys; sys.exit(3)", "import time; time.sleep(1); print(1)", "x = 1; y = 2; print(x + y)", "from math import pi; print(pi)",
			"import os;print(os.getcwd())", "input()", "open('x').read()", "sorted([3, 1])", "raise SystemExit", "del x", "exit(3)", "print 'x'", "x = input(); print(x)",
			"import sys; print('\\n'.join(sys.argv))", "a = [1]; a.append(2); a", "import asyncio; asyncio.run(main())", "x=1;y=2", "if 1: print(2)", "def f(): return 1",
			"import os; os.system('ls'); print('a => b; c === d')", "f = lambda x: x; f(1)", "import json, sys; json.dump({}, sys.stdout)", "print(1); print(2);", "x = 5\ny = x + 1\nx * y", "import os", "import os, sys as s\n", "from math import sqrt\nsqrt(2)",
			"for i in range(3):\n    print(i)", "while True:\n    pass", "[x**2 for x in range(10)]", "sum(range(10**12))", "1 + 1", "2**10", "len('abc')",
			"def f(x: int) -> str:\n    return str(x)", "class A:\n    x: int = 1\n", "# add\na = 1", "'a' * 3", "x: number = 5",
			"try:\n    x = 1\nexcept BaseException:\n    pass\n", "@dataclass\nclass P:\n    x: float\n", "lambda x: x", "async def main():\n    await f()\n",
			"import json\nprint(json.dumps({'a': [1, 2]}))", "'''doc'''\nx = {\n  'a': 1,\n}\n", "assert 1 == 2", "raise ValueError('x')",
			"with open('f') as f:\n    f.read()", "print(f\"{x:>10}\")", "while True: x = 1", "while True: pass", "for x in y: x", "if a: b", "try: x\nexcept: pass", "result = 9**9**9", "def f(): return f()\nf()",
			"data = '''\nconst x = 1;\nlet y = 2;\nfunction f() { return 1; }\n'''\nprint(data)", "print(\"\"\"function() {};\n const x = 1;\n\"\"\")",
			"if x == 1: print('one')\nelif x: print('two')", "a, b = 1, 2", "s = 'x' * 10**10", "d = {}\nd['a'] = 1\nd", "import numpy as np\nnp.zeros((3, 3))",
		},
		JavaScript: {
			"console.log(1)", "console.log(1); console.log(2)", "let a = 1; let b = 2; a + b", "import x from 'y'; x()", "var a = 1; a", "const {a} = b; a", "process.exit(3)", "require('fs').readFileSync(0)", "throw 1", "a = 1; a === 2", "const a = 1", "let x = 1; x + 1", "var y = [1, 2].map(v => v * 2)", "function f() { return 1 }\nf()", "for (let i = 0; i < 3; i++) console.log(i)",
			"while (true) {}", "(() => 1)()", "const { a, b: c } = require('x')", "import fs from 'fs';", "import { a } from \"b\"", "export default 1;", "async function f() { await g(); }",
			"new Map([[1, 2]])", "if (a === b) { c() } else { d() }", "class A { constructor(x) { this.x = x; } }", "throw new Error('x')", "[1,2,3].reduce((a, b) => a + b, 0);",
			"// add\nconst a = 1", "/* Check if in given list, are any two closer */\nconst f = (a) => {\n  return a;\n}", "x = `a ${b}`;", "JSON.stringify({a: 1})", "Math.max(1, 2)",
			"const s = \"def f(x):\\n    return None\";\nconsole.log(s);", "try { f() } catch (e) { console.error(e) }", "const o = { name: 'x', size: 3 };", "switch (x) { case 1: break; }",
			"a ? b : c;", "const f = function () {\n  return null\n}", "const text = `\nimport os\nprint(1)\ndef f():\n  pass\n`;\nconsole.log(text)",
			"const m = { string: 1, number: 2 }\nconsole.log(m.string)", "let x = a ? b : string;", "setTimeout(() => {}, 10)", "undefined", "await Promise.all([f(), g()])",
		},
		TypeScript: {
			"const a: number = 1", "interface A { x: string }", "type A = string | number;\nconst x: A = 1;", "enum E { A, B }", "function f(a: number, b?: string): void {}",
			"const f = (a: string): number => a.length;", "class A { private x = 1; }", "import type { A } from './a';", "let x = y as unknown as string;", "const m = new Map<string, number>();",
			"function id<T>(x: T): T { return x; }", "abstract class S { abstract area(): number; }", "declare const x: string;", "const c = { a: 1 } as const;", "export interface P { x: number }",
			"const xs: Array<number> = [];", "let v!: string;\nv!.length;", "class A implements B { readonly x: number = 1 }", "const p: Promise<void> = f();", "async function f(): Promise<string> {\n  return 'x';\n}",
		},
		"": {
			"", "Hello, how are you today?", "Sorry, I cannot do that for you.", "#include <stdio.h>\nint main(void) { return 0; }", "package main\n\nimport \"fmt\"\n\nfunc main() {\n\tfmt.Println(1)\n}",
			"fn main() {\n    println!(\"x\");\n}", "public class A {\n  public static void main(String[] a) {}\n}", "<html><body></body></html>", "SELECT * FROM t;", "<?php echo 1;",
			"The answer is 42 because it is the sum of both numbers.\nIt can be shown as well that nothing else is right.",
		},
	}
	for want, programs := range tests {
		for _, p := range programs {
			if got, e := byContent(p); got != want {
				t.Errorf("%q instead of %q (%+v) for:\n%s", got, want, e, p)
			}
		}
	}
}

// Real programs of some size: the interpreter's own library, where the machine has one.
func TestByContentLibrary(t *testing.T) {
	files, _ := filepath.Glob("/usr/lib/python3*/[a-m]*.py")
	if len(files) < 20 {
		t.Skip("needs a Python library in /usr/lib")
	}
	wrong := 0
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil || len(text) < 300 {
			continue
		}
		if got, e := byContent(string(text)); got != Python {
			wrong++
			t.Logf("%s: %q %+v", f, got, e)
		}
	}
	if wrong*100 > len(files) {
		t.Errorf("%d of %d wrong", wrong, len(files))
	}
}

func TestCompiledProgram(t *testing.T) {
	tests := map[Language][]string{
		Go: {"package main\n\nimport \"fmt\"\n\nfunc main() {\n\tfmt.Println(1)\n}", "// main.go\n\n/* adds */\npackage main\n\nfunc main() {}\n"},
		C: {"#include <stdio.h>\nint main(void) { return 0; }", "int main() { return 1; }", "/* adds */\n#include <stdio.h>\n// no std:: here\nint f(int x);\n",
			"static int add(int a, int b) { return a + b; }\n\nint main(void)\n{\n}\n"},
		Cpp:  {"#include <iostream>\nint main() { std::cout << 1; }", "#include <stdio.h>\nusing namespace std;\nint main() {}", "#include \"wand.h\"\ntemplate <class T> T id(T x) { return x; }\n"},
		Rust: {"fn main() {\n    println!(\"x\");\n}", "use std::io;\n\nfn main() {}", "#![no_main]\n", "pub fn add(a: i32) -> i32 { a }"},
		WAT:  {"(module\n  (func (export \"_start\")))", ";; nothing\n(module)"},
		"": {"", "package = 3\nprint(package)", "print('int main(')", "const a = 1;", "The function int main( is where C begins.", "# include this\nx = 1",
			"import os\ns = 'fn main()'", "package main is what Go programs begin with."},
	}
	for want, programs := range tests {
		for _, p := range programs {
			if got := compiledProgram(p); got != want {
				t.Errorf("%q instead of %q for:\n%s", got, want, p)
			}
		}
	}
}

// Every name that the help and the tags of code blocks use leads to its language.
func TestCompiledLanguageNames(t *testing.T) {
	for name, want := range map[string]Language{
		"go": Go, "Golang": Go, "c": C, "C99": C, "c++": Cpp, "cpp": Cpp, "cc": Cpp, "cxx": Cpp, "rust": Rust, "rs": Rust,
		"as": AssemblyScript, "AssemblyScript": AssemblyScript, "wat": WAT, "wast": WAT,
	} {
		if got, err := ParseLanguage(name); got != want || err != nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		text := "Here it is:\n\n```" + name + "\nx\n```\n"
		if got := stripFence(text, ""); got.language != want || got.text != "x\n" {
			t.Errorf("a block tagged %s: %q, %q", name, got.language, got.text)
		}
	}
	for name, want := range map[string]Language{"x.go": Go, "x.C": C, "x.cpp": Cpp, "x.cc": Cpp, "x.cxx": Cpp, "x.rs": Rust, "x.as": AssemblyScript, "a.as.ts": AssemblyScript, "x.wat": WAT, "x.ts": TypeScript} {
		if got, err := detect(name, unfenced{text: "?"}); got != want || err != nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}
