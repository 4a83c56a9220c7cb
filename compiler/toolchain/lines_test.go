package toolchain

import (
	"debug/dwarf"
	"fmt"
	"strings"
	"testing"

	"wand/compiler"
	"wand/compiler/wasm"
)

// tiny has two functions: unreachable; and i32.const 1, drop.
var tiny = []byte("\x00asm\x01\x00\x00\x00\x01\x04\x01\x60\x00\x00\x03\x03\x02\x00\x00\x0a\x0b\x02\x03\x00\x00\x0b\x05\x00\x41\x01\x1a\x0b")

// The lines that a module is given are those that a reader of DWARF finds, each function for itself.
func TestWithLines(t *testing.T) {
	code, ok := codeSection(tiny)
	m, err := wasm.Decode(tiny, wasm.Limits{})
	if err != nil || !ok {
		t.Fatal(err, ok)
	}
	first, second := m.Codes[0].Offset, m.Codes[1].Offset
	with := withLines(tiny, []sourceRow{{second + 2, "~lib/a/x.ts", 300, 0}, {first, "main.as", 7, 3}, {second, "main.as", 2, 1}})
	m, err = wasm.Decode(with, wasm.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	sections := map[string][]byte{}
	for _, c := range m.Customs {
		sections[c.Name] = c.Bytes
	}
	data, err := dwarf.New(sections[".debug_abbrev"], nil, nil, sections[".debug_info"], sections[".debug_line"], nil, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	unit, err := data.Reader().Next()
	if err != nil {
		t.Fatal(err)
	}
	lines, err := data.LineReader(unit)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for {
		var e dwarf.LineEntry
		if lines.Next(&e) != nil {
			break
		}
		if e.EndSequence {
			got = append(got, fmt.Sprintf("%d end", int(e.Address)+code))
		} else {
			got = append(got, fmt.Sprintf("%d %s:%d:%d", int(e.Address)+code, e.File.Name, e.Line, e.Column))
		}
	}
	want := []string{fmt.Sprintf("%d main.as:7:3", first), fmt.Sprintf("%d end", first+2), fmt.Sprintf("%d main.as:2:1", second), fmt.Sprintf("%d ~lib/a/x.ts:300:0", second+2),
		fmt.Sprintf("%d end", second+4)}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if end, _ := unit.Val(dwarf.AttrHighpc).(int64); int(end) != second+4-first {
		t.Errorf("the unit ends at %v", unit.Val(dwarf.AttrHighpc))
	}
	for _, broken := range [][]byte{nil, tiny[:8], tiny[:30], []byte("\x00asm\x01\x00\x00\x00\x0a\xff\xff\xff\xff\x0f")} {
		if got := withLines(broken, []sourceRow{{1, "x", 1, 1}}); string(got) != string(broken) {
			t.Errorf("%q became %q", broken, got)
		}
	}
}

// Instructions come in the order of the binary format, wherever their text has them.
func TestWatBodies(t *testing.T) {
	for text, want := range map[string]string{
		"(module (func))": "",
		"(func nop)(func $b (param i32) nop unreachable)": "nop | nop unreachable",
		`(module $m (import "a" "b" (func $x)) (func (import "a" "c")) (func (export "d(") (result i32) (i32.add (i32.const 1) (i32.const 0x2))))`: "i32.const i32.const i32.add",
		"(func (if (i32.eqz (local.get 0)) (then nop) (else unreachable)))":                                                                        "local.get i32.eqz if nop unreachable",
		"(func block $a (result i32) i32.const 1 if nop else nop end end drop)":                                                                    "block i32.const if nop nop drop",
		"(func (block $a (loop (br_if $a (i32.const 1)) br 0)))":                                                                                   "block loop i32.const br_if br",
		"(func (i32.store8 offset=4 align=1 (i32.const 1) (i32.const 2)) f64.const nan:0x1 f32.const -inf)":                                        "i32.const i32.const i32.store8 f64.const f32.const",
		"(func ref.null func drop (call_indirect $t (type 0) (param i32) (i32.const 1)) br_table 0 1 2)":                                           "ref.null drop i32.const call_indirect br_table",
		"(; (func nop) (; ;) ;) (func ;; nop\n nop) (data (i32.const 0) \"(func\\\"\")":                                                            "nop",
		"(func v128.const i32x4 1 2 3 4 (select (result i32) (i32.const 1)) end)":                                                                  "v128.const i32.const select",
		"(func (@name \"x\") nop)": "nop",
	} {
		bodies, ok := watBodies(text)
		var got []string
		for _, body := range bodies {
			var words []string
			for _, token := range body {
				words = append(words, token.text)
			}
			got = append(got, strings.Join(words, " "))
		}
		if !ok || strings.Join(got, " | ") != want {
			t.Errorf("%s: %q %v, want %q", text, strings.Join(got, " | "), ok, want)
		}
	}
	if bodies, ok := watBodies("(module\n  (func\n    é (nop)\n\tnop))"); ok {
		t.Errorf("a word that is no instruction: %v", bodies)
	}
	bodies, ok := watBodies("(module\n  (func (;é;) nop\n\tunreachable))")
	if !ok || bodies[0][0] != (watToken{"nop", 2, 16}) || bodies[0][1] != (watToken{"unreachable", 3, 2}) {
		t.Errorf("places %v", bodies)
	}
	for _, broken := range []string{"(", ")", "(func", "(func (", "(func (if", "(;", "(module (func (nop)", "\"", strings.Repeat("(func (block ", 100_000), "(func " + strings.Repeat("(block ", 5000) + strings.Repeat(")", 5001)} {
		if _, ok := watBodies(broken); ok && broken != ")" && broken != "(;" && broken != "\"" {
			t.Errorf("%.20s is taken for a module", broken)
		}
	}
}

// FuzzWatBodies: no text makes the walk panic or hang.
func FuzzWatBodies(f *testing.F) {
	f.Add("(module (func (if (i32.eqz (local.get 0)) (then nop) (else unreachable))))")
	f.Add("(func (; x ;) block end (@a) \"\\\"\" ;; y\n)")
	f.Fuzz(func(t *testing.T, source string) { watBodies(source) })
}

// FuzzFindings: whatever a compiler prints, and a program can make it print much, becomes findings or nothing.
func FuzzFindings(f *testing.F) {
	f.Add(`{"$message_type":"diagnostic","message":"m","level":"error","spans":[{"file_name":"main.rs","line_start":1,"is_primary":true,"expansion":{"span":{}}}]}`)
	f.Add("ERROR TS2322: m\n   :\n 1 │ let x\n   │     ~~~\n   └─ in main.rs(3,14)\n")
	f.Add("main.rs:4:6: error: unexpected\n   ^^^^\nerror: x\n --> main.rs:1:2\n")
	f.Add("RangeError: x")
	p := program{name: "main", file: "main.rs", source: "ä\n\nx"}
	f.Fuzz(func(t *testing.T, output string) {
		for _, parse := range []func(program, string) []compiler.Diagnostic{parseRust, parseAssemblyScript, parseWAT} {
			for _, d := range parse(p, output) {
				if d.Severity == "" || d.File == "" || len(d.Message) > 2000 {
					t.Errorf("%+v", d)
				}
			}
		}
	})
}
