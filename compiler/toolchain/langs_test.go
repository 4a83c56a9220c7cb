package toolchain_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"wand/compiler"
	"wand/compiler/toolchain"
	"wand/compiler/toolchain/jail"
	"wand/modules"
)

// builder is the compilers of this machine: in the jail, or, where the kernel has none, without, for these programs are our own. A test whose compiler is missing is skipped with what to install, in CI too where a machine cannot have it.
func builder(t testing.TB, language compiler.Language) *toolchain.Set {
	t.Helper()
	cache, err := modules.CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	set := toolchain.New(toolchain.Options{Cache: cache, NoCache: true, Trust: jail.Supported() != nil})
	var missing *compiler.MissingToolchainError
	if _, _, err := set.Find(context.Background(), language); errors.As(err, &missing) {
		t.Skip(err)
	} else if err != nil {
		t.Fatal(err)
	}
	return set
}

// What is wrong with a program is found where it is, in the compiler's words.
func TestDiagnostics(t *testing.T) {
	for name, c := range map[string]struct {
		language compiler.Language
		source   string
		want     []compiler.Diagnostic // Message is a part of the one found
	}{
		"rust type": {compiler.Rust, "fn main() {\n    let é: i32 = \"a\"; let _ = é;\n}\n", []compiler.Diagnostic{
			{Type: "E0308", Line: 2, Column: 18, EndColumn: 21, Message: "mismatched types: expected `i32`, found `&str`"}}},
		"rust syntax": {compiler.Rust, "fn main() {\n    let x = ;\n}\n", []compiler.Diagnostic{{Type: "error", Line: 2, Column: 13, EndColumn: 14, Message: "expected expression"}}},
		"rust macro": {compiler.Rust, "mod wand;\nuse wand::json;\nfn main() {\n    wand::result(json!({\"a\": nope}));\n}\n", []compiler.Diagnostic{
			{Type: "E0425", Line: 4, Column: 30, EndColumn: 34, Message: "cannot find value `nope`"}}},
		"rust two": {compiler.Rust, "fn main() {\n    one();\n    two();\n}\n", []compiler.Diagnostic{
			{Type: "E0425", Line: 2, Column: 5, EndColumn: 8, Message: "`one`"}, {Type: "E0425", Line: 3, Column: 5, EndColumn: 8, Message: "`two`"}}},
		"assemblyscript type": {compiler.AssemblyScript, "let n = 1;\n/* 𝄞 */ let s: i32 = \"a\";\n", []compiler.Diagnostic{
			{Type: "TS2322", Line: 2, Column: 22, EndColumn: 25, Message: "is not assignable to type 'i32'"}}},
		"assemblyscript syntax": {compiler.AssemblyScript, "let n = 1;\nlet = 2\n", []compiler.Diagnostic{{Type: "TS1003", Line: 2, Column: 1, EndColumn: 4, Message: "Identifier expected"}}},
		"wat type":              {compiler.WAT, "(module\n  (func (result i32)\n    (i64.const 1)))\n", []compiler.Diagnostic{{Type: "SyntaxError", Line: 3, Message: "type mismatch"}}},
		"wat word":              {compiler.WAT, "(module\n  (func (; é ;) (i32.ad)))\n", []compiler.Diagnostic{{Type: "SyntaxError", Line: 2, Column: 18, EndColumn: 24, Message: `"i32.ad"`}}},
	} {
		t.Run(name, func(t *testing.T) {
			set := builder(t, c.language)
			built, err := set.Build(context.Background(), c.language, "main", c.source)
			if err != nil {
				t.Fatal(err)
			}
			if built.Wasm != nil || len(built.Diagnostics) < len(c.want) {
				t.Fatalf("%d bytes, %+v", len(built.Wasm), built.Diagnostics)
			}
			for i, want := range c.want {
				got := built.Diagnostics[i]
				if got.Severity != compiler.SeverityError || got.File != "main" || got.Type != want.Type || got.Line != want.Line || !strings.Contains(got.Message, want.Message) {
					t.Errorf("%+v, want %+v", got, want)
				}
				if want.Column > 0 && got.Column != want.Column || want.EndColumn > 0 && got.EndColumn != want.EndColumn {
					t.Errorf("columns %d to %d, want %d to %d", got.Column, got.EndColumn, want.Column, want.EndColumn)
				}
			}
		})
	}
}

// A program without a fault, whatever it is called, becomes a module, and the compiler has a name and a version.
func TestBuilds(t *testing.T) {
	for language, source := range map[compiler.Language]string{
		compiler.Rust:           "mod wand;\nfn main() {\n    wand::result(wand::input());\n}\n",
		compiler.AssemblyScript: "import * as wand from \"./wand\";\nwand.result(wand.input());\n",
		compiler.WAT:            "(module (memory (export \"memory\") 1) (func (export \"_start\")))\n",
	} {
		t.Run(string(language), func(t *testing.T) {
			for _, name := range []string{"main", "../../we\"ird ${x}\\\n.as"} {
				built, err := builder(t, language).Build(context.Background(), language, name, source)
				if err != nil || len(built.Wasm) < 8 || len(built.Diagnostics) != 0 || !strings.ContainsAny(built.Toolchain, "0123456789") {
					t.Fatalf("%q: %v %+v", name, err, built.Diagnostics)
				}
			}
		})
	}
}
