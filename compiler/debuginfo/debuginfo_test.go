package debuginfo_test

import (
	"debug/dwarf"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"wand/compiler/debuginfo"
	"wand/compiler/debuginfo/dwarftest"
	"wand/compiler/wasm"
)

func decode(t testing.TB, bin []byte) *wasm.Module {
	t.Helper()
	m, err := wasm.Decode(bin, wasm.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestFrames(t *testing.T) {
	m := decode(t, dwarftest.Module(""))
	const dir, file = "/home/somebody/secret", "main.c"
	got := debuginfo.Open(m).Frames([]int{dwarftest.Call, dwarftest.Division, 1 << 30, -5, 0})
	want := [][]debuginfo.Frame{
		{{Function: "_start", Dir: dir, File: file, Line: 12, Column: 3}},
		{{Function: "divide", Dir: dir, File: file, Line: 2, Column: 12}, {Function: "crash", Dir: dir, File: file, Line: 7, Column: 10}},
		nil, nil, nil,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestNone(t *testing.T) {
	m := &wasm.Module{}
	if i := debuginfo.Open(m); i != nil || i.Frames([]int{1})[0] != nil {
		t.Error("a module without debugging information has some")
	}
}

// compiled is a program compiled by the clang that make guests has fetched, with debugging information of a version.
func compiled(t *testing.T, version string) []byte {
	t.Helper()
	home, _ := os.UserCacheDir()
	found, _ := filepath.Glob(filepath.Join(home, "wand/toolchain/zig-*/ziglang/zig"))
	if len(found) == 0 {
		t.Skip("make guests has fetched no compiler")
	}
	dir := t.TempDir()
	const program = `
#include <stdio.h>
#include <stdlib.h>
struct node { int value; struct node *next; };
static inline int twice(int x) { return x * 2 + rand(); }
static int sum(struct node *n) { int s = 0; for (; n; n = n->next) s += twice(n->value); return s; }
int main(int argc, char **argv) {
  struct node *list = 0;
  for (int i = 0; i < argc; i++) {
    struct node *n = malloc(sizeof *n);
    n->value = i; n->next = list; list = n;
  }
  printf("%d\n", sum(list));
}
`
	if err := os.WriteFile(filepath.Join(dir, "main.c"), []byte(program), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "main.wasm")
	c := exec.Command(found[len(found)-1], "cc", "-target", "wasm32-wasi", "-O1", "-g", "-g"+version, "-o", out, filepath.Join(dir, "main.c"))
	if text, err := c.CombinedOutput(); err != nil {
		t.Skipf("the compiler does not work here: %v\n%s", err, text)
	}
	bin, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return bin
}

// TestAsTheStandardLibrary compares lines and functions with what debug/dwarf makes of real debugging information, at every instruction.
func TestAsTheStandardLibrary(t *testing.T) {
	for _, version := range []string{"dwarf-4", "dwarf-5"} {
		t.Run(version, func(t *testing.T) {
			m := decode(t, compiled(t, version))
			var offsets []int
			for i := range m.Codes {
				var in wasm.Instr
				for it := wasm.NewIterator(m.Codes[i].Body, 0); it.Next(&in); {
					offsets = append(offsets, m.Codes[i].Offset-m.CodeOffset+in.Start)
				}
			}
			want := standard(t, m, offsets)
			got := debuginfo.Open(m).Frames(offsets)
			compared, inlined := 0, 0
			for n, at := range offsets {
				var f debuginfo.Frame
				if len(got[n]) > 0 {
					f = got[n][0]
				}
				w := want[n]
				if w.line == 0 {
					continue // ours is then the line before
				}
				compared++
				if len(got[n]) > 1 {
					inlined++
				}
				if f.Line != w.line || f.Column != w.column || f.File != path.Base(w.file) || f.Function != w.function {
					t.Fatalf("at %#x: %+v, the standard library says %+v", at, f, w)
				}
			}
			if compared < 500 || inlined < 20 {
				t.Errorf("only %d instructions with a line were compared, %d of them inlined", compared, inlined)
			}
		})
	}
}

type plain struct {
	file, function string
	line, column   int
}

// standard is the same by debug/dwarf: the row of each address, and the innermost function around it.
func standard(t *testing.T, m *wasm.Module, offsets []int) []plain {
	t.Helper()
	sections := map[string][]byte{}
	for _, c := range m.Customs {
		sections[c.Name] = c.Bytes
	}
	d, err := dwarf.New(sections[".debug_abbrev"], nil, nil, sections[".debug_info"], sections[".debug_line"], nil, sections[".debug_ranges"], sections[".debug_str"])
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{".debug_addr", ".debug_line_str", ".debug_str_offsets", ".debug_rnglists"} {
		if b := sections[name]; b != nil {
			if err := d.AddSection(name, b); err != nil {
				t.Fatal(err)
			}
		}
	}
	found := make([]plain, len(offsets))
	each := func(low, high uint64, f func(*plain)) {
		for n, at := range offsets {
			if low > 0 && low <= uint64(at) && uint64(at) < high {
				f(&found[n])
			}
		}
	}
	named := func(e *dwarf.Entry) string {
		for range 5 {
			if s, ok := e.Val(dwarf.AttrLinkageName).(string); ok {
				return s
			}
			next, ok := e.Val(dwarf.AttrAbstractOrigin).(dwarf.Offset)
			if !ok {
				if next, ok = e.Val(dwarf.AttrSpecification).(dwarf.Offset); !ok {
					break
				}
			}
			r := d.Reader()
			r.Seek(next)
			if e, err = r.Next(); err != nil {
				t.Fatal(err)
			}
		}
		s, _ := e.Val(dwarf.AttrName).(string)
		return s
	}
	r := d.Reader()
	for {
		e, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if e == nil {
			return found
		}
		switch e.Tag {
		case dwarf.TagSubprogram, dwarf.TagInlinedSubroutine:
			ranges, err := d.Ranges(e)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range ranges {
				each(r[0], r[1], func(p *plain) { p.function = named(e) })
			}
		case dwarf.TagCompileUnit:
			lines, err := d.LineReader(e)
			if err != nil {
				t.Fatal(err)
			}
			var last, row dwarf.LineEntry
			begun, dead := false, false
			for {
				if err := lines.Next(&row); errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					t.Fatal(err)
				}
				if !begun {
					dead = row.Address == 0
				} else if !dead {
					each(last.Address, row.Address, func(p *plain) {
						p.file, p.line, p.column = last.File.Name, last.Line, last.Column
					})
				}
				last, begun = row, !row.EndSequence
			}
		}
	}
}

// hostile changes a section of the module.
func hostile(t testing.TB, change func(map[string][]byte)) *wasm.Module {
	m := decode(t, dwarftest.Module(""))
	sections := map[string][]byte{}
	for _, c := range m.Customs {
		sections[c.Name] = c.Bytes
	}
	change(sections)
	for i := range m.Customs {
		m.Customs[i].Bytes = sections[m.Customs[i].Name]
	}
	return m
}

// TestHostile: what a program was compiled to may lie in any way that is dear to read.
func TestHostile(t *testing.T) {
	unit := func(body []byte) []byte { return binary.LittleEndian.AppendUint32(nil, uint32(len(body))) }
	for name, change := range map[string]func(map[string][]byte){
		// debug/dwarf makes a list of 2^60 files of this, or tries to.
		"files without a format": func(s map[string][]byte) {
			line := s[".debug_line"]
			header := append(append([]byte{}, line[:30]...), 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f)
			s[".debug_line"] = append(header, make([]byte, 100)...)
		},
		"very deep entries": func(s map[string][]byte) {
			b := append([]byte{}, s[".debug_info"]...)
			b = append(b[:len(b)-1], []byte(strings.Repeat("\x06", 8<<20))...)
			s[".debug_abbrev"] = append(s[".debug_abbrev"][:len(s[".debug_abbrev"])-1], 6, 0x0b, 1, 0, 0, 0)
			copy(b, unit(b[4:]))
			s[".debug_info"] = b
		},
		"entries of a thousand flags": func(s map[string][]byte) {
			b := append([]byte{}, s[".debug_info"]...)
			b = append(b[:len(b)-1], []byte(strings.Repeat("\x06", 8<<20))...)
			a := append(s[".debug_abbrev"][:len(s[".debug_abbrev"])-1], 6, 0x0b, 0)
			for range 1000 {
				a = append(a, 0x3f, 0x19)
			}
			s[".debug_abbrev"] = append(a, 0, 0, 0)
			copy(b, unit(b[4:]))
			s[".debug_info"] = b
		},
		"a million units with tables of their own": func(s map[string][]byte) {
			var b []byte
			for i := range 1 << 20 {
				b = append(b, 8, 0, 0, 0, 4, 0, byte(i), byte(i>>8), byte(i>>16), 0, 4, 1)
			}
			s[".debug_info"], s[".debug_abbrev"] = b, []byte(strings.Repeat("\x01\x11\x01\x00\x00", 1<<20))
		},
		"functions whose range lists are the whole section": func(s map[string][]byte) {
			b := append([]byte{}, s[".debug_info"]...)
			b = b[:len(b)-1]
			for range 1 << 19 {
				b = append(b, 6, 12, 0, 0, 0)
			}
			s[".debug_abbrev"] = append(s[".debug_abbrev"][:len(s[".debug_abbrev"])-1], 6, 0x2e, 0, 0x55, 0x17, 0, 0, 0)
			copy(b, unit(b[4:]))
			s[".debug_info"] = b
			s[".debug_rnglists"] = append(s[".debug_rnglists"][:len(s[".debug_rnglists"])-1], []byte(strings.Repeat("\x07\x01\x00\x00\x00\x01", 1<<20))...)
		},
		"a function that is its own origin": func(s map[string][]byte) {
			b := append([]byte{}, s[".debug_info"]...)
			for i := range len(b) - 5 {
				if b[i] == 4 { // the inlined call's origin becomes itself
					binary.LittleEndian.PutUint32(b[i+1:], uint32(i))
					break
				}
			}
			s[".debug_info"] = b
		},
		"a line program that advances for ever": func(s map[string][]byte) {
			b := append(append([]byte{}, s[".debug_line"]...), []byte(strings.Repeat("\xff", 32<<20))...)
			copy(b, unit(b[4:]))
			s[".debug_line"] = b
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := hostile(t, change)
			started := time.Now()
			debuginfo.Open(m).Frames([]int{dwarftest.Division, dwarftest.Call})
			if d := time.Since(started); d > 20*time.Second { // a second or so; machines are busy
				t.Errorf("it took %s", d)
			}
		})
	}
}

// FuzzFrames: no section makes the lookup panic or hang, whatever is in it.
func FuzzFrames(f *testing.F) {
	m := decode(f, dwarftest.Module(""))
	names := []string{".debug_info", ".debug_abbrev", ".debug_line", ".debug_line_str", ".debug_str", ".debug_str_offsets", ".debug_addr", ".debug_rnglists", ".debug_ranges"}
	seed := make([][]byte, len(names))
	for _, c := range m.Customs {
		for i, n := range names {
			if c.Name == n {
				seed[i] = c.Bytes
			}
		}
	}
	f.Add(seed[0], seed[1], seed[2], seed[3], seed[4], seed[5], seed[6], seed[7], seed[8])
	f.Fuzz(func(t *testing.T, info, abbrev, line, lineStr, str, strOffsets, addr, rnglists, ranges []byte) {
		var m wasm.Module
		for i, b := range [][]byte{info, abbrev, line, lineStr, str, strOffsets, addr, rnglists, ranges} {
			m.Customs = append(m.Customs, wasm.Custom{Name: names[i], Bytes: b})
		}
		for _, frames := range debuginfo.Open(&m).Frames([]int{dwarftest.Division, dwarftest.Call, 1, 1 << 20}) {
			for _, f := range frames {
				if f.Line < 0 || len(f.File) > 8192 || len(f.Function) > 4096 {
					t.Fatalf("%+v", f)
				}
			}
		}
	})
}
