package meter_test

import (
	"strconv"
	"strings"

	"wand/compiler/wasm"
)

// Instructions that tests write as text, with the number of immediates: n index or number, b block type, m memory access (offset).
var mnemonics = map[string]struct {
	op  wasm.Opcode
	imm string
}{
	"unreachable": {0x00, ""}, "nop": {0x01, ""}, "block": {0x02, "b"}, "loop": {0x03, "b"}, "if": {0x04, "b"}, "else": {0x05, ""}, "end": {0x0b, ""},
	"br": {0x0c, "n"}, "br_if": {0x0d, "n"}, "br_table": {0x0e, "t"}, "return": {0x0f, ""}, "call": {0x10, "n"}, "call_indirect": {0x11, "nn"},
	"return_call": {0x12, "n"}, "return_call_indirect": {0x13, "nn"}, "drop": {0x1a, ""}, "select": {0x1b, ""},
	"local.get": {0x20, "n"}, "local.set": {0x21, "n"}, "local.tee": {0x22, "n"}, "global.get": {0x23, "n"}, "global.set": {0x24, "n"},
	"table.get": {0x25, "n"}, "table.set": {0x26, "n"},
	"i32.load": {0x28, "m2"}, "i64.load": {0x29, "m3"}, "f64.load": {0x2b, "m3"}, "i32.load8_u": {0x2d, "m0"}, "i32.store": {0x36, "m2"}, "i64.store": {0x37, "m3"},
	"f64.store": {0x39, "m3"}, "i32.store8": {0x3a, "m0"}, "memory.size": {0x3f, "z"}, "memory.grow": {0x40, "z"},
	"i32.const": {0x41, "s"}, "i64.const": {0x42, "s"}, "i32.eqz": {0x45, ""}, "i32.eq": {0x46, ""}, "i32.ne": {0x47, ""}, "i32.lt_s": {0x48, ""}, "i32.lt_u": {0x49, ""},
	"i32.gt_s": {0x4a, ""}, "i32.ge_s": {0x4e, ""}, "i32.ge_u": {0x4f, ""}, "i64.eqz": {0x50, ""}, "i64.lt_s": {0x53, ""}, "i32.add": {0x6a, ""}, "i32.sub": {0x6b, ""}, "i32.mul": {0x6c, ""},
	"i32.div_s": {0x6d, ""}, "i32.rem_u": {0x70, ""}, "i32.and": {0x71, ""}, "i32.or": {0x72, ""}, "i32.xor": {0x73, ""}, "i32.shl": {0x74, ""}, "i32.shr_u": {0x76, ""},
	"i64.add": {0x7c, ""}, "i64.sub": {0x7d, ""}, "i64.mul": {0x7e, ""}, "f64.add": {0xa0, ""}, "f64.mul": {0xa2, ""}, "i64.extend_i32_u": {0xad, ""},
	"ref.null": {0xd0, "n"}, "ref.func": {0xd2, "n"},
	"memory.init": {0xfc08, "nz"}, "data.drop": {0xfc09, "n"}, "memory.copy": {0xfc0a, "zz"}, "memory.fill": {0xfc0b, "z"}, "table.init": {0xfc0c, "nn"}, "elem.drop": {0xfc0d, "n"},
	"table.copy": {0xfc0e, "nn"}, "table.grow": {0xfc0f, "n"}, "table.size": {0xfc10, "n"}, "table.fill": {0xfc11, "n"},
}

// asm assembles instructions separated by white space, without the final end.
func asm(text string) []byte {
	var out []byte
	words := strings.Fields(text)
	take := func() string {
		w := words[0]
		words = words[1:]
		return w
	}
	number := func() int64 {
		n, err := strconv.ParseInt(take(), 0, 64)
		if err != nil {
			panic(err)
		}
		return n
	}
	types := map[string]byte{"i32": 0x7f, "i64": 0x7e, "f64": 0x7c}
	for len(words) > 0 {
		name := take()
		m, ok := mnemonics[name]
		if !ok {
			panic("unknown instruction " + name)
		}
		if m.op > 0xff {
			out = append(out, byte(m.op>>8))
		}
		out = append(out, byte(m.op))
		for _, imm := range m.imm {
			switch imm {
			case 'n':
				out = wasm.AppendU32(out, uint32(number()))
			case 's':
				out = wasm.AppendS64(out, number())
			case 'z':
				out = append(out, 0)
			case 'b':
				t := byte(0x40)
				if len(words) > 0 {
					if v, ok := types[words[0]]; ok {
						t = v
						take()
					} else if n, err := strconv.Atoi(words[0]); err == nil {
						t = byte(n) // a type index
						take()
					}
				}
				out = append(out, t)
			case 't':
				n := number()
				out = wasm.AppendU32(out, uint32(n))
				for range n + 1 {
					out = wasm.AppendU32(out, uint32(number()))
				}
			case 'm':
				out = append(out, m.imm[1]-'0', 0)
			}
			if imm == 'm' {
				break
			}
		}
	}
	return append(out, byte(wasm.OpEnd))
}

// fn is a function of a test module.
type fn struct {
	export  string
	params  string // types, separated by spaces
	results string
	locals  string
	body    string
}

func valTypes(text string) []wasm.ValType {
	var types []wasm.ValType
	for _, w := range strings.Fields(text) {
		types = append(types, map[string]wasm.ValType{"i32": wasm.I32, "i64": wasm.I64, "f64": wasm.F64, "funcref": wasm.FuncRef, "v128": wasm.V128}[w])
	}
	return types
}

// module makes a module of functions, the first of which has type 0, and so on; change completes it.
func module(functions []fn, change ...func(*wasm.Module)) []byte {
	m := &wasm.Module{}
	for i, f := range functions {
		m.Types = append(m.Types, wasm.FuncType{Params: valTypes(f.params), Results: valTypes(f.results)})
		m.Functions = append(m.Functions, uint32(i))
		var locals []wasm.LocalGroup
		for _, t := range valTypes(f.locals) {
			locals = append(locals, wasm.LocalGroup{Count: 1, Type: t})
		}
		m.Codes = append(m.Codes, wasm.Code{Locals: locals, Body: asm(f.body)})
		if f.export != "" {
			m.Exports = append(m.Exports, wasm.Export{Name: f.export, Kind: wasm.ExternFunc, Index: uint32(i)})
		}
	}
	for _, c := range change {
		c(m)
	}
	return m.Encode()
}

// withMemory gives a test module a memory.
func withMemory(min, max uint32) func(*wasm.Module) {
	return func(m *wasm.Module) {
		m.Memories = []wasm.MemoryType{{Size: wasm.Size{Min: min, Max: max, HasMax: true}}}
		m.Exports = append(m.Exports, wasm.Export{Name: "memory", Kind: wasm.ExternMemory})
	}
}
