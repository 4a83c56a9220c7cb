package wasm

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"wand/compiler/wasm/spectest"
)

// realModules returns what compilers produced, by name.
func realModules(t testing.TB) map[string][]byte {
	return readModules(t, "imports/wasi_snapshot_preview1/testdata/*/*.wasm", "imports/wasi_snapshot_preview1/example/testdata/*/*.wasm", "examples/*/testdata/*.wasm",
		"internal/testing/dwarftestdata/testdata/*/*.wasm")
}

func readModules(t testing.TB, patterns ...string) map[string][]byte {
	modules := map[string][]byte{}
	for _, p := range patterns {
		files, err := filepath.Glob(filepath.Join(spectest.WazeroDir(t), filepath.FromSlash(p)))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			modules[filepath.Base(filepath.Dir(f))+"/"+filepath.Base(f)] = b
		}
	}
	if len(modules) == 0 {
		t.Fatal("no modules found")
	}
	return modules
}

func TestRoundTrip(t *testing.T) {
	modules := readModules(t, "internal/integration_test/spectest/v2/testdata/*.wasm", "internal/integration_test/spectest/tail-call/testdata/*.wasm")
	for name, b := range realModules(t) {
		modules[name] = b
	}
	accepted := 0
	for name, b := range modules {
		if m, err := Decode(b, Limits{}); err == nil {
			accepted++
			roundTrip(t, name, m)
		}
	}
	if accepted < 1000 {
		t.Errorf("only %d of %d modules were accepted", accepted, len(modules))
	}
}

// roundTrip checks that encoding and decoding a module gives the same module.
func roundTrip(t *testing.T, name string, m *Module) {
	t.Helper()
	encoded := m.Encode()
	again, err := Decode(encoded, Limits{})
	if err != nil {
		t.Errorf("%s: decoding what Encode wrote: %v", name, err)
		return
	}
	if !bytes.Equal(again.Encode(), encoded) {
		t.Errorf("%s: the second encoding differs", name)
	}
	if a, b := summary(m), summary(again); a != b {
		t.Errorf("%s: %s, again %s", name, a, b)
	}
	for i := range m.Codes {
		if !bytes.Equal(m.Codes[i].Body, again.Codes[i].Body) || !slices.Equal(m.Codes[i].Locals, again.Codes[i].Locals) || m.Codes[i].MaxStack != again.Codes[i].MaxStack {
			t.Errorf("%s: function %d differs", name, i)
			return
		}
	}
}

func summary(m *Module) string {
	var s strings.Builder
	fmt.Fprint(&s, m.Types, m.Imports, m.Functions, m.Tables, m.Memories, m.Globals, m.Exports, m.Start != nil, m.Elements, m.HasDataCount, len(m.Codes), m.Customs)
	for _, d := range m.Data {
		fmt.Fprint(&s, d.Mode, d.Offset, len(d.Init))
	}
	return s.String()
}

func TestRealModulesAreAccepted(t *testing.T) {
	for name, b := range realModules(t) {
		if _, err := Decode(b, Limits{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCustomSectionsKeepTheirPlace(t *testing.T) {
	b := join(header, section(0, "\x01a-first"), section(1, "\x00"), section(0, "\x01b-after types"), section(3, "\x00"),
		section(5, "\x01\x00\x01"), section(0, "\x01c-after memory"))
	m, err := Decode(b, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if want := join(header, section(0, "\x01a-first"), section(0, "\x01b-after types"), section(5, "\x01\x00\x01"), section(0, "\x01c-after memory")); !bytes.Equal(m.Encode(), want) {
		t.Errorf("%q, want %q", m.Encode(), want)
	}
	m.Customs = nil
	if !bytes.Equal(m.Encode(), join(header, section(5, "\x01\x00\x01"))) {
		t.Errorf("%q", m.Encode())
	}
}

const header = "\x00asm\x01\x00\x00\x00"

func join(parts ...string) []byte { return []byte(strings.Join(parts, "")) }

func section(id byte, body string) string {
	return string(id) + string(AppendU32(nil, uint32(len(body)))) + body
}

// withBody is a module of one function () -> () with the given instructions, a memory, a table and a mutable i32 global.
func withBody(body string) []byte {
	code := "\x00" + body + "\x0b"
	return join(header, section(1, "\x01\x60\x00\x00"), section(3, "\x01\x00"), section(4, "\x01\x70\x00\x01"), section(5, "\x01\x00\x01"),
		section(6, "\x01\x7f\x01\x41\x00\x0b"), section(10, "\x01"+string(AppendU32(nil, uint32(len(code))))+code))
}

func TestRefusesByFeatureAndOffset(t *testing.T) {
	const body = 0x2a // offset of the first instruction of withBody
	for _, c := range []struct {
		name    string
		bin     []byte
		feature string
		offset  int
	}{
		{"shared memory", join(header, section(5, "\x01\x03\x01\x01")), "threads", 11},
		{"atomic", withBody("\xfe\x10\x02\x00"), "threads", body},
		{"tag section", join(header, section(13, "\x01\x00\x00")), "exception-handling", 10},
		{"try", withBody("\x06\x40\x0b"), "exception-handling", body},
		{"try_table", withBody("\x1f\x40\x00\x0b"), "exception-handling", body},
		{"throw", withBody("\x08\x00"), "exception-handling", body},
		{"import of a tag", join(header, section(2, "\x01\x01a\x01b\x04\x00\x00")), "exception-handling", 15},
		{"struct type", join(header, section(1, "\x01\x5f\x00\x00")), "gc", 11},
		{"rec group", join(header, section(1, "\x01\x4e\x00\x00")), "gc", 11},
		{"ref.i31", withBody("\xfb\x1c"), "gc", body},
		{"anyref", join(header, section(1, "\x01\x60\x01\x6e\x00")), "gc", 13},
		{"call_ref", withBody("\x14\x00"), "typed-function-references", body},
		{"(ref null func)", join(header, section(1, "\x01\x60\x01\x63\x70\x00")), "typed-function-references", 13},
		{"table with a value", join(header, section(4, "\x01\x40\x00\x70\x00\x00")), "typed-function-references", 11},
		{"memory64", join(header, section(5, "\x01\x04\x01")), "memory64", 11},
		{"table64", join(header, section(4, "\x01\x70\x04\x01")), "memory64", 12},
		{"two memories", join(header, section(5, "\x02\x00\x01\x00\x01")), "multi-memory", 13},
		{"load from memory 1", withBody("\x41\x00\x28\x42\x01\x00\x1a"), "multi-memory", body + 3},
		{"memory.size 1", withBody("\x3f\x01\x1a"), "multi-memory", body + 1},
		{"data for memory 1", join(header, section(5, "\x01\x00\x01"), section(11, "\x01\x02\x01\x41\x00\x0b\x00")), "multi-memory", 16},
		{"page size", join(header, section(5, "\x01\x08\x01\x00")), "custom-page-sizes", 11},
		{"relaxed madd", withBody("\xfd\x85\x02"), "relaxed-simd", body},
		{"i64.add128", withBody("\xfc\x13"), "wide-arithmetic", body},
		{"cont.new", withBody("\xe0\x00"), "stack-switching", body},
		{"component", []byte("\x00asm\x0d\x00\x01\x00"), "component-model", 4},
	} {
		_, err := Decode(c.bin, Limits{})
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%s: %v, want an *Error", c.name, err)
			continue
		}
		if e.Feature != c.feature || e.Offset != c.offset {
			t.Errorf("%s: feature %q at %#x, want %q at %#x (%v)", c.name, e.Feature, e.Offset, c.feature, c.offset, err)
		}
	}
}

// TestIndicesOutOfRange checks what a rewrite that appends functions, locals and globals relies on.
func TestIndicesOutOfRange(t *testing.T) {
	for name, body := range map[string]string{
		"local.get":     "\x20\x00\x1a",
		"local.set":     "\x41\x00\x21\x00",
		"global.get":    "\x23\x01\x1a",
		"global.set":    "\x41\x00\x24\x01",
		"call":          "\x10\x01",
		"ref.func":      "\xd2\x01\x1a",
		"type":          "\x41\x00\x11\x01\x00",
		"table":         "\x41\x00\x11\x00\x01",
		"label":         "\x0c\x02",
		"block type":    "\x02\x01\x0b",
		"segment":       "\x41\x00\x41\x00\x41\x00\xfc\x0c\x00\x00",
		"huge function": "\x10\xff\xff\xff\xff\x0f",
		"huge local":    "\x20\xff\xff\xff\xff\x0f\x1a",
		"in dead code":  "\x00\x10\x01",
	} {
		if _, err := Decode(withBody(body), Limits{}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := Decode(withBody("\x23\x00\x1a\x10\x00"), Limits{}); err != nil {
		t.Errorf("indices in range: %v", err)
	}
}

func TestLimits(t *testing.T) {
	repeat := func(s string, n int) string { return strings.Repeat(s, n) }
	u32 := func(n int) string { return string(AppendU32(nil, uint32(n))) }
	for _, c := range []struct {
		name string
		bin  []byte
		lim  Limits
	}{
		{"module", withBody(repeat("\x01", 100)), Limits{ModuleBytes: 100}},
		{"types", join(header, section(1, "\x03"+repeat("\x60\x00\x00", 3))), Limits{Types: 2}},
		{"params", join(header, section(1, "\x01\x60"+u32(1001)+repeat("\x7f", 1001)+"\x00")), Limits{}},
		{"results", join(header, section(1, "\x01\x60\x00"+u32(1001)+repeat("\x7f", 1001))), Limits{}},
		{"locals of a function", join(header, section(1, "\x01\x60\x00\x00"), section(3, "\x01\x00"), section(10, "\x01\x06\x01"+u32(50_001)+"\x7f\x0b")), Limits{}},
		{"locals of all functions", join(header, section(1, "\x01\x60\x00\x00"), section(3, "\x02\x00\x00"), section(10, "\x02"+repeat("\x06\x01"+u32(50_000)+"\x7f\x0b", 2))), Limits{Locals: 99_999}},
		{"nesting", withBody(repeat("\x02\x40", 10_001) + repeat("\x0b", 10_001)), Limits{}},
		{"branch targets", withBody("\x41\x00\x0e" + u32(65_521) + repeat("\x00", 65_522)), Limits{}},
		{"function", withBody(repeat("\x01", 1000)), Limits{FunctionBytes: 1000}},
		{"table", join(header, section(4, "\x01\x70\x00"+u32(10_000_001))), Limits{}},
		{"tables", join(header, section(4, u32(101)+repeat("\x70\x00\x00", 101))), Limits{}},
		{"name", join(header, section(0, u32(100_001)+repeat("a", 100_001))), Limits{}},
		{"customs", join(header, repeat(section(0, "\x00"), 1001)), Limits{}},
	} {
		_, err := Decode(c.bin, c.lim)
		var e *Error
		if !errors.As(err, &e) || e.Feature != FeatureLimit {
			t.Errorf("%s: %v, want a limit", c.name, err)
		}
	}
	if _, err := Decode(withBody(repeat("\x02\x40", 9_000)+repeat("\x0b", 9_000)), Limits{}); err != nil {
		t.Errorf("below the limit of nesting: %v", err)
	}
}

// TestHostileInput feeds modules that were made to be expensive: each must end quickly and allocate at most a multiple of its size.
func TestHostileInput(t *testing.T) {
	repeat := strings.Repeat
	u32 := func(n int) string { return string(AppendU32(nil, uint32(n))) }
	const huge = "\xff\xff\xff\xff\x0f"
	function := func(types, locals, body string, copies int) []byte {
		code := locals + body + "\x0b"
		code = u32(len(code)) + code
		return join(header, section(1, types), section(3, u32(copies)+repeat("\x00", copies)), section(10, u32(copies)+repeat(code, copies)))
	}
	wide := "\x02\x60\x00\x00\x60" + u32(1000) + repeat("\x7f", 1000) + u32(1000) + repeat("\x7f", 1000)
	cases := map[string][]byte{
		"empty":                        {},
		"count of types":               join(header, section(1, huge)),
		"count of imports":             join(header, section(2, huge)),
		"count of functions":           join(header, section(3, huge)),
		"count of tables":              join(header, section(4, huge)),
		"count of memories":            join(header, section(5, huge)),
		"count of globals":             join(header, section(6, huge)),
		"count of exports":             join(header, section(7, huge)),
		"count of elements":            join(header, section(9, huge)),
		"count of items":               join(header, section(4, "\x01\x70\x00\x01"), section(9, "\x01\x00\x41\x00\x0b"+huge)),
		"count of bodies":              join(header, section(10, huge)),
		"count of data":                join(header, section(11, huge)),
		"data count":                   join(header, section(12, huge)),
		"length of a section":          join(header, "\x01"+huge),
		"length of a name":             join(header, section(0, huge)),
		"length of a body":             join(header, section(1, "\x01\x60\x00\x00"), section(3, "\x01\x00"), section(10, "\x01"+huge)),
		"length of data":               join(header, section(5, "\x01\x00\x01"), section(11, "\x01\x01"+huge)),
		"locals of one group":          function("\x01\x60\x00\x00", "\x01"+huge+"\x7f", "", 1),
		"locals that overflow":         function("\x01\x60\x00\x00", "\x02"+huge+"\x7f"+huge+"\x7f", "", 1),
		"many functions with locals":   function("\x01\x60\x00\x00", "\x01"+u32(50_000)+"\x7f", "", 100_000),
		"many functions with groups":   function("\x01\x60\x00\x00", u32(1000)+repeat("\x00\x7f", 1000), "", 1000),
		"many empty functions":         function("\x01\x60\x00\x00", "\x00", "", 100_000),
		"blocks of a wide type":        function(wide, "\x00", "\x00"+repeat("\x02\x01\x0b", 100_000), 1),
		"calls in dead code":           function(wide, "\x00", "\x00"+repeat("\x02\x01\x00\x0b\x00", 100_000), 1),
		"branches of a wide type":      function(wide, "\x00", "\x00\x02\x01"+repeat("\x0d\x00", 100_000)+"\x00\x0b\x00", 1),
		"tables of a wide type":        function(wide, "\x00", "\x00\x02\x01"+repeat("\x0e"+u32(1000)+repeat("\x00\x01", 500)+"\x00", 100)+"\x0b\x00", 1),
		"nesting and branches":         function("\x01\x60\x00\x00", "\x00", repeat("\x02\x40", 9_000)+repeat("\x41\x00\x0e\x02\xa7\x46\x00\xa7\x46", 50_000)+repeat("\x0b", 9_000), 1),
		"a table of many targets":      function("\x01\x60\x00\x00", "\x00", repeat("\x41\x00\x0e"+u32(65_520)+repeat("\x00", 65_521), 50), 1),
		"many operands":                function("\x01\x60\x00\x00", "\x00", repeat("\x41\x00", 1_000_000)+"\x00", 1),
		"many types":                   join(header, section(1, u32(100_000)+repeat("\x60\x00\x00", 100_000))),
		"many types with a parameter":  join(header, section(1, u32(100_000)+repeat("\x60\x01\x7f\x00", 100_000))),
		"many imports":                 join(header, section(1, "\x01\x60\x00\x00"), section(2, u32(10_000)+repeat("\x00\x00\x00\x00", 10_000))),
		"many exports of one name":     join(header, section(5, "\x01\x00\x01"), section(7, u32(100_000)+repeat("\x00\x02\x00", 100_000))),
		"many globals":                 join(header, section(6, u32(100_000)+repeat("\x7f\x00\x41\x00\x0b", 100_000))),
		"a long constant expression":   join(header, section(6, "\x01\x7f\x00\x41\x00"+repeat("\x41\x00\x6a", 1_000_000)+"\x0b")),
		"many elements":                join(header, section(4, "\x01\x70\x00\x01"), section(9, u32(100_000)+repeat("\x01\x00\x00", 100_000))),
		"many items":                   join(header, section(4, "\x01\x70\x00\x01"), section(9, "\x01\x05\x70"+u32(1_000_000)+repeat("\xd0\x70\x0b", 1_000_000))),
		"many data segments":           join(header, section(5, "\x01\x00\x01"), section(11, u32(100_000)+repeat("\x01\x00", 100_000))),
		"a long integer":               withBody("\x41" + repeat("\x80", 100_000) + "\x00\x1a"),
		"else without if":              withBody("\x05"),
		"too many ends":                withBody("\x0b\x0b\x0b"),
		"instructions after the end":   withBody("\x0b\x01"),
		"an unknown reference in else": withBody("\x41\x00\x04\x40\x05\x05\x0b"),
	}
	for name, bin := range cases {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			m, err := Decode(bin, Limits{})
			took := time.Since(start)
			runtime.ReadMemStats(&after)
			if took > 5*time.Second {
				t.Errorf("took %v for %d bytes", took, len(bin))
			}
			// Growing slices allocate in sum about five times what they end with, and an import or export has 100 bytes for 3 or 4.
			if got, most := after.TotalAlloc-before.TotalAlloc, uint64(160*len(bin)+1<<20); got > most {
				t.Errorf("allocated %d bytes for %d, at most %d expected", got, len(bin), most)
			}
			if err == nil {
				roundTrip(t, name, m)
			}
		})
	}
}

// TestTruncatedAndDamaged cuts a real module at every byte and damages every byte: nothing may panic, and no prefix but one that
// ends between sections is a module.
func TestTruncatedAndDamaged(t *testing.T) {
	modules := realModules(t)
	names := make([]string, 0, len(modules))
	for name := range modules {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return len(modules[a]) - len(modules[b]) })
	for _, name := range names[:min(3, len(names))] {
		b := modules[name]
		step := max(1, len(b)/2000)
		for i := 0; i < len(b); i += step {
			Decode(b[:i:i], Limits{})
			damaged := slices.Clone(b)
			for _, x := range []byte{0x00, 0xff, b[i] ^ 0x01, b[i] ^ 0x80} {
				damaged[i] = x
				if m, err := Decode(damaged, Limits{}); err == nil {
					m.Encode()
				}
			}
		}
	}
}

func TestErrorText(t *testing.T) {
	_, err := Decode(withBody("\xfe\x10\x02\x00"), Limits{})
	if want := "wasm: threads is not supported at offset 0x2a: illegal opcode 0xfe 0x10"; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

func BenchmarkDecode(b *testing.B) {
	for name, bin := range benchmarkModules(b) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(bin)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Decode(bin, Limits{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkEncode(b *testing.B) {
	for name, bin := range benchmarkModules(b) {
		b.Run(name, func(b *testing.B) {
			m, err := Decode(bin, Limits{})
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(bin)))
			for b.Loop() {
				m.Encode()
			}
		})
	}
}

// benchmarkModules is the largest of the real modules, and the one that WAND_BENCH_MODULE names.
func benchmarkModules(b *testing.B) map[string][]byte {
	largest := ""
	modules := realModules(b)
	for name, bin := range modules {
		if len(bin) > len(modules[largest]) {
			largest = name
		}
	}
	out := map[string][]byte{"cargo": modules[largest]}
	if path := os.Getenv("WAND_BENCH_MODULE"); path != "" {
		bin, err := os.ReadFile(path)
		if err != nil {
			b.Fatal(err)
		}
		out[filepath.Base(path)] = bin
	}
	return out
}

// FuzzDecode checks that no input panics and that what is accepted survives encoding and decoding.
func FuzzDecode(f *testing.F) {
	for _, b := range realModules(f) {
		if len(b) < 64<<10 {
			f.Add(b)
		}
	}
	n := 0
	for _, b := range readModules(f, "internal/integration_test/spectest/v2/testdata/*.wasm", "internal/integration_test/spectest/tail-call/testdata/*.wasm") {
		if n++; n%8 == 0 && len(b) < 4<<10 {
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, bin []byte) {
		m, err := Decode(bin, Limits{ModuleBytes: 1 << 20})
		if err != nil {
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("not an *Error: %v", err)
			}
			if e.Offset < 0 || e.Offset > len(bin) {
				t.Fatalf("offset %d of %d bytes", e.Offset, len(bin))
			}
			return
		}
		roundTrip(t, "fuzz", m)
	})
}

// FuzzEncode puts modules together of parts that the fuzzer chooses, and writes them: what Decode accepts of that comes back the same.
func FuzzEncode(f *testing.F) {
	for i := range byte(40) {
		f.Add([]byte{i, 3 * i, 200 - i, 7, i, 90, 13 * i, 1, 0, i})
	}
	f.Fuzz(func(t *testing.T, choices []byte) {
		m := assembled(choices)
		text := m.Encode()
		back, err := Decode(text, Limits{})
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Offset < 0 || e.Offset > len(text) {
				t.Fatalf("%v", err)
			}
			return
		}
		roundTrip(t, "fuzz", back)
		if !bytes.Equal(back.Encode(), text) {
			t.Fatal("what was written is not what is read and written again")
		}
		if a, b := parts(m), parts(back); a != b {
			t.Fatalf("%s\nread back as\n%s", a, b)
		}
	})
}

// assembled makes a module, most often a valid one, by choices.
func assembled(choices []byte) *Module {
	pick := func(n int) int {
		if len(choices) == 0 {
			return 0
		}
		c := int(choices[0])
		choices = choices[1:]
		return c % n
	}
	types := []ValType{I32, I64, F32, F64, V128, FuncRef, ExternRef}
	some := func(n int) (list []ValType) {
		for range pick(n) {
			list = append(list, types[pick(len(types))])
		}
		return list
	}
	size := func() Size {
		s := Size{Min: uint32(pick(5)), HasMax: pick(2) == 1}
		if s.HasMax {
			s.Max = s.Min + uint32(pick(300))
		}
		return s
	}
	zero := map[ValType][]byte{I32: {0x41, 0}, I64: {0x42, 0x7f}, F32: {0x43, 0, 0, 0x80, 0x3f}, F64: {0x44, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f},
		V128: append([]byte{0xfd, 0x0c}, make([]byte, 16)...), FuncRef: {0xd0, 0x70}, ExternRef: {0xd0, 0x6f}}
	m := &Module{Types: []FuncType{{}}}
	for range pick(4) {
		m.Types = append(m.Types, FuncType{Params: some(4), Results: some(3)})
	}
	typeIndex := func() uint32 { return uint32(pick(len(m.Types))) }
	for range pick(4) {
		im := Import{Module: strings.Repeat("m", pick(4)), Name: strings.Repeat("é", pick(200)), Kind: ExternKind(pick(4)), Func: typeIndex()}
		im.Table, im.Memory, im.Global = TableType{Elem: types[5+pick(2)], Size: size()}, MemoryType{Size: size()}, GlobalType{Type: types[pick(7)], Mutable: pick(2) == 1}
		m.Imports = append(m.Imports, im)
	}
	for range pick(4) {
		index := typeIndex()
		body := []byte{}
		for range pick(6) {
			body = append(body, [][]byte{{0x01}, {0x41, 5, 0x1a}, {0x02, 0x40, 0x0b}, {0x03, 0x40, 0x0b}, {0x41, 1, 0x04, 0x40, 0x05, 0x0b}, {0x02, 0x40, 0x41, 0, 0x0e, 1, 0, 0, 0x0b}}[pick(6)]...)
		}
		for _, r := range m.Types[index].Results {
			body = append(body, zero[r]...)
		}
		var locals []LocalGroup
		for range pick(3) {
			locals = append(locals, LocalGroup{Count: uint32(pick(300)), Type: types[pick(7)]})
		}
		m.Functions = append(m.Functions, index)
		m.Codes = append(m.Codes, Code{Locals: locals, Body: append(body, 0x0b)})
	}
	for range pick(3) {
		m.Tables = append(m.Tables, TableType{Elem: types[5+pick(2)], Size: size()})
	}
	for range pick(2) {
		m.Memories = append(m.Memories, MemoryType{Size: size()})
	}
	for range pick(3) {
		typ := types[pick(7)]
		m.Globals = append(m.Globals, Global{Type: GlobalType{Type: typ, Mutable: pick(2) == 1}, Init: append(slices.Clone(zero[typ]), 0x0b)})
	}
	for i := range pick(5) {
		m.Exports = append(m.Exports, Export{Name: strings.Repeat("e", i*pick(60)) + fmt.Sprint(i), Kind: ExternKind(pick(4)), Index: uint32(pick(3))})
	}
	for range pick(3) {
		e := Element{Mode: Mode(pick(3)), Type: types[5+pick(2)], Exprs: pick(2) == 1}
		if e.Mode == Active {
			e.Table, e.Offset = uint32(pick(2)), []byte{0x41, byte(pick(64)), 0x0b}
		}
		for range pick(4) {
			if e.Type == ExternRef || e.Exprs && pick(2) == 1 {
				e.Items = append(e.Items, ElementItem{Op: OpRefNull, Index: uint32(e.Type)})
			} else {
				e.Items = append(e.Items, ElementItem{Op: OpRefFunc, Index: uint32(pick(3))})
			}
		}
		m.Elements = append(m.Elements, e)
	}
	for range pick(3) {
		d := Data{Mode: Mode(pick(2)), Init: bytes.Repeat([]byte{byte(pick(256))}, pick(200))}
		if d.Mode == Active {
			d.Offset = []byte{0x41, byte(pick(64)), 0x0b}
		}
		m.Data = append(m.Data, d)
	}
	m.HasDataCount = pick(2) == 1
	for range pick(3) {
		m.Customs = append(m.Customs, Custom{Name: strings.Repeat("c", pick(200)), Bytes: make([]byte, pick(200)), After: SectionID(pick(13))})
	}
	return m
}

// parts is what of a module does not depend on how it is written.
func parts(m *Module) string {
	var s strings.Builder
	for _, im := range m.Imports {
		fmt.Fprintf(&s, "import %q %q %s ", im.Module, im.Name, im.Kind)
		switch im.Kind {
		case ExternFunc:
			fmt.Fprintln(&s, im.Func)
		case ExternTable:
			fmt.Fprintln(&s, im.Table)
		case ExternMemory:
			fmt.Fprintln(&s, im.Memory)
		case ExternGlobal:
			fmt.Fprintln(&s, im.Global)
		}
	}
	for i, c := range m.Codes {
		fmt.Fprintf(&s, "function %d %v %x\n", m.Functions[i], c.Locals, c.Body)
	}
	for _, g := range m.Globals {
		fmt.Fprintf(&s, "global %v %x\n", g.Type, g.Init)
	}
	for _, e := range m.Elements {
		fmt.Fprintf(&s, "element %d %d %x %s", e.Mode, e.Table, e.Offset, e.Type)
		for _, item := range e.Items {
			fmt.Fprint(&s, " ", item.Op == OpRefNull, item.Index)
		}
		fmt.Fprintln(&s)
	}
	for _, d := range m.Data {
		fmt.Fprintf(&s, "data %d %x %x\n", d.Mode, d.Offset, d.Init)
	}
	fmt.Fprintln(&s, m.Types, m.Tables, m.Memories, m.Exports)
	return s.String()
}
