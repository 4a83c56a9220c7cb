package enginetest

import (
	"encoding/binary"
	"math"
	"math/rand/v2"

	"wand/compiler/wasm"
)

// Generate makes a valid module from a seed: a handful of functions over all number types and v128, with loops, branches of every kind, direct, indirect
// and tail calls, several results, globals, tables, memory and bulk memory. It exports memory, its globals and the function run, of type
// (i32 i64 f32 f64) -> (i32 i64 f32 f64). What it computes may trap, recurse and go on forever.
//
// An operation whose result may be a NaN is followed by code that makes every NaN the same one, because WebAssembly leaves their bits to the engine.
func Generate(seed uint64) []byte {
	g := &generator{r: rand.New(rand.NewPCG(seed, 7))}
	all := []wasm.ValType{wasm.I32, wasm.I64, wasm.F32, wasm.F64}
	m := &wasm.Module{Types: []wasm.FuncType{{Params: all, Results: all}}}
	for range 1 + g.r.IntN(6) {
		m.Types = append(m.Types, wasm.FuncType{Params: g.valTypes(4), Results: g.valTypes(3)})
	}
	for i := range m.Types {
		m.Functions = append(m.Functions, uint32(i))
	}
	g.functions = m.Types
	m.Memories = []wasm.MemoryType{{Size: wasm.Size{Min: 1, Max: 3, HasMax: true}}}
	m.Tables = []wasm.TableType{{Elem: wasm.FuncRef, Size: wasm.Size{Min: 6, Max: 6, HasMax: true}}}
	segment := wasm.Element{Type: wasm.FuncRef, Offset: []byte{0x41, 0, 0x0b}}
	for range 5 { // the last entry stays null
		segment.Items = append(segment.Items, wasm.ElementItem{Op: wasm.OpRefFunc, Index: uint32(g.r.IntN(len(m.Functions)))})
	}
	m.Elements = []wasm.Element{segment}
	m.Exports = []wasm.Export{{Name: "run"}, {Name: "memory", Kind: wasm.ExternMemory}}
	for i, t := range []wasm.ValType{wasm.I32, wasm.I64, wasm.F32, wasm.F64, wasm.I32, wasm.I64} {
		g.globals = append(g.globals, t)
		g.body = nil
		g.constant(t)
		m.Globals = append(m.Globals, wasm.Global{Type: wasm.GlobalType{Type: t, Mutable: true}, Init: append(g.body, 0x0b)})
		m.Exports = append(m.Exports, wasm.Export{Name: string(rune('a' + i)), Kind: wasm.ExternGlobal, Index: uint32(i)})
	}
	text := make([]byte, 1+g.r.IntN(200))
	for i := range text {
		text[i] = byte(g.r.Uint32())
	}
	m.Data = []wasm.Data{{Mode: wasm.Active, Offset: []byte{0x41, 8, 0x0b}, Init: text}, {Mode: wasm.Passive, Init: text}}
	m.HasDataCount = true
	for _, t := range m.Types {
		m.Codes = append(m.Codes, g.function(t))
	}
	return m.Encode()
}

// generator holds the state of Generate. Code is made from types: an expression leaves one value of the type that is asked for.
type generator struct {
	r         *rand.Rand
	functions []wasm.FuncType
	globals   []wasm.ValType
	results   []wasm.ValType // of the function at hand
	locals    []wasm.ValType
	labels    []wasm.ValType // what a branch to an enclosing block carries, 0 for nothing
	body      []byte
	budget    int
}

func (g *generator) valType() wasm.ValType {
	return []wasm.ValType{wasm.I32, wasm.I32, wasm.I64, wasm.F32, wasm.F64}[g.r.IntN(5)]
}

func (g *generator) valTypes(most int) []wasm.ValType {
	types := make([]wasm.ValType, g.r.IntN(most))
	for i := range types {
		types[i] = g.valType()
	}
	return types
}

func (g *generator) function(t wasm.FuncType) wasm.Code {
	g.body, g.labels, g.results = nil, nil, t.Results
	g.locals = append([]wasm.ValType(nil), t.Params...)
	var declared []wasm.LocalGroup
	for range 6 + g.r.IntN(6) {
		declared = append(declared, wasm.LocalGroup{Count: 1, Type: g.valType()})
	}
	// One of each type is there in any case; the last two of the floats make NaNs the same.
	for _, v := range []wasm.ValType{wasm.I32, wasm.I64, wasm.V128, wasm.F32, wasm.F64} {
		declared = append(declared, wasm.LocalGroup{Count: 1, Type: v})
	}
	for _, d := range declared {
		g.locals = append(g.locals, d.Type)
	}
	g.budget = 20 + g.r.IntN(150)
	for g.budget > 0 {
		g.statement(0)
	}
	for _, v := range t.Results {
		g.expression(v, 0)
	}
	return wasm.Code{Locals: declared, Body: append(g.body, 0x0b)}
}

func (g *generator) emit(b ...byte) {
	g.body = append(g.body, b...)
	g.budget--
}

func (g *generator) u32(op byte, n int) { g.emit(wasm.AppendU32([]byte{op}, uint32(n))...) }

// simd emits an operation on v128.
func (g *generator) simd(op uint32, immediate ...byte) {
	g.emit(append(wasm.AppendU32([]byte{0xfd}, op), immediate...)...)
}

func (g *generator) constant(t wasm.ValType) {
	interesting := []uint64{0, 1, 2, 7, 31, 64, 255, math.MaxInt32, 1 << 31, math.MaxUint32, 1 << 62, 1 << 63, math.MaxUint64}
	v := interesting[g.r.IntN(len(interesting))]
	if g.r.IntN(2) == 0 {
		v = uint64(g.r.IntN(2000) - 1000)
	}
	floats := []float64{0, math.Copysign(0, -1), 1, -1.5, 0.1, 1e10, -1e-10, math.MaxFloat32, 5e-324, math.Inf(1), math.Inf(-1), math.NaN(), 2147483648, 9.3e18}
	f := floats[g.r.IntN(len(floats))]
	switch t {
	case wasm.I32:
		g.emit(appendS64([]byte{0x41}, int64(int32(v)))...)
	case wasm.I64:
		g.emit(appendS64([]byte{0x42}, int64(v))...)
	case wasm.F32:
		g.emit(binary.LittleEndian.AppendUint32([]byte{0x43}, math.Float32bits(float32(f)))...)
	case wasm.F64:
		g.emit(binary.LittleEndian.AppendUint64([]byte{0x44}, math.Float64bits(f))...)
	case wasm.V128:
		g.simd(0x0c, binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, v), g.r.Uint64())...)
	}
}

func appendS64(b []byte, v int64) []byte {
	for {
		c := byte(v & 0x7f)
		v >>= 7
		if v == 0 && c&0x40 == 0 || v == -1 && c&0x40 != 0 {
			return append(b, c)
		}
		b = append(b, c|0x80)
	}
}

// of picks one of a list's places with a type, or -1.
func (g *generator) of(list []wasm.ValType, t wasm.ValType) int {
	var places []int
	for i, v := range list {
		if v == t {
			places = append(places, i)
		}
	}
	if len(places) == 0 {
		return -1
	}
	return places[g.r.IntN(len(places))]
}

// local picks a local of a type; those kept for NaNs are the last two.
func (g *generator) local(t wasm.ValType) int { return g.of(g.locals[:len(g.locals)-2], t) }

// operation is a numeric instruction: which it is, what it takes and gives, and whether the bits of a NaN would be the engine's choice.
type operation struct {
	code []byte
	in   []wasm.ValType
	out  wasm.ValType
	nan  bool
}

var operations = listOperations()

func listOperations() map[wasm.ValType][]operation {
	list := map[wasm.ValType][]operation{}
	add := func(from, to int, out wasm.ValType, nan bool, in ...wasm.ValType) {
		for op := from; op <= to; op++ {
			list[out] = append(list[out], operation{[]byte{byte(op)}, in, out, nan})
		}
	}
	i32, i64, f32, f64 := wasm.I32, wasm.I64, wasm.F32, wasm.F64
	add(0x45, 0x45, i32, false, i32)
	add(0x46, 0x4f, i32, false, i32, i32)
	add(0x50, 0x50, i32, false, i64)
	add(0x51, 0x5a, i32, false, i64, i64)
	add(0x5b, 0x60, i32, false, f32, f32)
	add(0x61, 0x66, i32, false, f64, f64)
	add(0x67, 0x69, i32, false, i32)
	add(0x6a, 0x78, i32, false, i32, i32)
	add(0x79, 0x7b, i64, false, i64)
	add(0x7c, 0x8a, i64, false, i64, i64)
	add(0x8b, 0x8c, f32, false, f32) // abs, neg
	add(0x8d, 0x91, f32, true, f32)
	add(0x92, 0x97, f32, true, f32, f32)
	add(0x98, 0x98, f32, false, f32, f32) // copysign
	add(0x99, 0x9a, f64, false, f64)
	add(0x9b, 0x9f, f64, true, f64)
	add(0xa0, 0xa5, f64, true, f64, f64)
	add(0xa6, 0xa6, f64, false, f64, f64)
	add(0xa7, 0xa7, i32, false, i64)
	add(0xa8, 0xa9, i32, false, f32)
	add(0xaa, 0xab, i32, false, f64)
	add(0xac, 0xad, i64, false, i32)
	add(0xae, 0xaf, i64, false, f32)
	add(0xb0, 0xb1, i64, false, f64)
	add(0xb2, 0xb3, f32, false, i32)
	add(0xb4, 0xb5, f32, false, i64)
	add(0xb6, 0xb6, f32, true, f64)
	add(0xb7, 0xb8, f64, false, i32)
	add(0xb9, 0xba, f64, false, i64)
	add(0xbb, 0xbb, f64, true, f32)
	add(0xbc, 0xbc, i32, false, f32)
	add(0xbd, 0xbd, i64, false, f64)
	add(0xbe, 0xbe, f32, false, i32)
	add(0xbf, 0xbf, f64, false, i64)
	add(0xc0, 0xc1, i32, false, i32)
	add(0xc2, 0xc4, i64, false, i64)
	for op := range 8 { // saturating conversions: i32 of f32, f32, f64, f64, then i64
		out, in := []wasm.ValType{i32, i64}[op/4], []wasm.ValType{f32, f64}[op/2%2]
		list[out] = append(list[out], operation{[]byte{0xfc, byte(op)}, []wasm.ValType{in}, out, false})
	}
	return list
}

// same makes every NaN of a type the same one.
func (g *generator) same(t wasm.ValType) {
	place := len(g.locals) - 2
	ne := byte(0x5c)
	g.constantNaN(t)
	if t == wasm.F64 {
		place, ne = len(g.locals)-1, 0x62
	}
	g.u32(0x20, place)
	g.u32(0x20, place)
	g.u32(0x20, place)
	g.emit(ne)
	g.emit(0x1b) // select: the NaN where it is not equal to itself
}

func (g *generator) constantNaN(t wasm.ValType) {
	if t == wasm.F32 {
		g.emit(binary.LittleEndian.AppendUint32([]byte{0x43}, 0x7fc00000)...)
		return
	}
	g.emit(binary.LittleEndian.AppendUint64([]byte{0x44}, 0x7ff8000000000000)...)
}

func (g *generator) operation(t wasm.ValType, depth int) {
	o := operations[t][g.r.IntN(len(operations[t]))]
	for _, in := range o.in {
		g.expression(in, depth+1)
	}
	g.emit(o.code...)
	if o.nan {
		place := len(g.locals) - 2
		if t == wasm.F64 {
			place++
		}
		g.u32(0x21, place)
		g.same(t)
	}
}

// address leaves one, mostly within the first page.
func (g *generator) address(depth int) {
	g.expression(wasm.I32, depth+1)
	if g.r.IntN(20) > 0 {
		g.emit(appendS64([]byte{0x41}, 0xfff)...)
		g.emit(0x71)
	}
}

// access is the immediates of a load or store: no alignment, an offset that is mostly small.
func (g *generator) access() []byte {
	offset := uint32(g.r.IntN(100))
	if g.r.IntN(40) == 0 {
		offset = g.r.Uint32()
	}
	return wasm.AppendU32([]byte{0}, offset)
}

var (
	loads = map[wasm.ValType][]byte{
		wasm.I32: {0x28, 0x2c, 0x2d, 0x2e, 0x2f}, wasm.I64: {0x29, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35}, wasm.F32: {0x2a}, wasm.F64: {0x2b},
	}
	stores = map[wasm.ValType][]byte{wasm.I32: {0x36, 0x3a, 0x3b}, wasm.I64: {0x37, 0x3c, 0x3d, 0x3e}, wasm.F32: {0x38}, wasm.F64: {0x39}}
)

func (g *generator) expression(t wasm.ValType, depth int) {
	if t == wasm.V128 {
		g.vector(depth)
		return
	}
	if depth > 6 || g.budget < 0 {
		g.constant(t)
		return
	}
	switch g.r.IntN(16) {
	case 0, 1:
		g.constant(t)
	case 2, 3:
		if l := g.local(t); l >= 0 {
			g.u32(0x20, l)
			return
		}
		g.constant(t)
	case 4:
		g.u32(0x23, g.of(g.globals, t))
	case 5, 6, 7, 8:
		g.operation(t, depth)
	case 9:
		g.address(depth)
		g.emit(append([]byte{loads[t][g.r.IntN(len(loads[t]))]}, g.access()...)...)
	case 10:
		g.expression(t, depth+1)
		g.expression(t, depth+1)
		g.expression(wasm.I32, depth+1)
		g.emit(0x1b)
	case 11:
		g.open(0x02, t)
		g.statements(depth)
		g.expression(t, depth+1)
		if g.r.IntN(2) == 0 {
			g.expression(wasm.I32, depth+1)
			g.u32(0x0d, 0) // br_if
		}
		g.close()
	case 12:
		g.expression(wasm.I32, depth+1)
		g.open(0x04, t)
		g.statements(depth)
		g.expression(t, depth+1)
		g.emit(0x05)
		g.expression(t, depth+1)
		g.close()
	case 13:
		g.callFor(t, depth)
	case 14:
		if l := g.local(t); l >= 0 {
			g.expression(t, depth+1)
			g.u32(0x22, l)
			return
		}
		g.constant(t)
	case 15:
		if t != wasm.I32 {
			g.operation(t, depth)
			return
		}
		switch g.r.IntN(4) {
		case 0:
			g.emit(0x3f, 0) // memory.size
		case 1:
			g.emit(0x41, byte(g.r.IntN(2)), 0x40, 0) // memory.grow
		case 2:
			g.vector(depth + 1)
			g.simd(0x1b, byte(g.r.IntN(4))) // i32x4.extract_lane
		case 3:
			g.vector(depth + 1)
			g.simd(0x53) // v128.any_true
		}
	}
}

// vector leaves a v128. Of its operations those on integers are used.
func (g *generator) vector(depth int) {
	if depth > 6 || g.budget < 0 {
		g.constant(wasm.V128)
		return
	}
	switch g.r.IntN(6) {
	case 0:
		g.constant(wasm.V128)
	case 1:
		g.u32(0x20, g.local(wasm.V128))
	case 2:
		g.expression(wasm.I32, depth+1)
		g.simd(0x11) // i32x4.splat
	case 3:
		g.address(depth)
		g.simd(0x00, g.access()...) // v128.load
	case 4:
		g.vector(depth + 1)
		g.vector(depth + 1)
		// xor, and; add and sub of i8x16, i16x8, i32x4, i64x2; i16x8.mul, i32x4.mul; i8x16.add_sat_s; i8x16.swizzle
		ops := []uint32{0x51, 0x4e, 0x6e, 0x71, 0x8e, 0x91, 0xae, 0xb1, 0xce, 0xd1, 0x95, 0xb5, 0x6f, 0x0e}
		g.simd(ops[g.r.IntN(len(ops))])
	case 5:
		g.vector(depth + 1)
		g.expression(wasm.I32, depth+1)
		// shifts of i8x16, i16x8, i32x4, i64x2
		ops := []uint32{0x6b, 0x6c, 0x6d, 0x8b, 0x8c, 0x8d, 0xab, 0xac, 0xad, 0xcb, 0xcc, 0xcd}
		g.simd(ops[g.r.IntN(len(ops))])
	}
}

// callFor calls a function that gives one value of a type, or does without.
func (g *generator) callFor(t wasm.ValType, depth int) {
	for i, f := range g.functions {
		if len(f.Results) == 1 && f.Results[0] == t {
			g.call(i, depth)
			return
		}
	}
	g.operation(t, depth)
}

func (g *generator) call(f, depth int) {
	for _, p := range g.functions[f].Params {
		g.expression(p, depth+1)
	}
	if g.r.IntN(3) == 0 {
		g.expression(wasm.I32, depth+1)
		g.emit(0x41, 7, 0x71) // and 7: entry 5 is null, 6 and 7 are none
		g.emit(wasm.AppendU32(wasm.AppendU32([]byte{0x11}, uint32(f)), 0)...)
		return
	}
	g.u32(0x10, f)
}

func (g *generator) open(op byte, t wasm.ValType) {
	kind := byte(0x40)
	if t != 0 {
		kind = byte(t)
	}
	g.emit(op, kind)
	if op == 0x03 {
		t = 0 // a branch to a loop carries its parameters
	}
	g.labels = append(g.labels, t)
}

func (g *generator) close() {
	g.labels = g.labels[:len(g.labels)-1]
	g.emit(0x0b)
}

// plain picks an enclosing label that carries nothing, or -1.
func (g *generator) plain() int {
	var found []int
	for i, t := range g.labels {
		if t == 0 {
			found = append(found, len(g.labels)-1-i)
		}
	}
	if len(found) == 0 {
		return -1
	}
	return found[g.r.IntN(len(found))]
}

func (g *generator) statements(depth int) {
	for range g.r.IntN(4) {
		g.statement(depth + 1)
	}
}

func (g *generator) statement(depth int) {
	if depth > 5 || g.budget < 0 {
		g.emit(0x01)
		return
	}
	t := g.valType()
	switch g.r.IntN(17) {
	case 0, 1, 2:
		if g.r.IntN(8) == 0 {
			t = wasm.V128
		}
		if l := g.local(t); l >= 0 {
			g.expression(t, depth)
			g.u32(0x21, l)
		}
	case 3:
		g.expression(t, depth)
		g.u32(0x24, g.of(g.globals, t))
	case 4, 5:
		g.address(depth)
		g.expression(t, depth)
		g.emit(append([]byte{stores[t][g.r.IntN(len(stores[t]))]}, g.access()...)...)
	case 6:
		g.open(0x02, 0)
		g.statements(depth)
		g.close()
	case 7, 8:
		g.loop(depth)
	case 9:
		g.expression(wasm.I32, depth)
		g.open(0x04, 0)
		g.statements(depth)
		if g.r.IntN(2) == 0 {
			g.emit(0x05)
			g.statements(depth)
		}
		g.close()
	case 10:
		if l := g.plain(); l >= 0 {
			g.expression(wasm.I32, depth)
			g.u32(0x0d, l)
		}
	case 11:
		if l := g.plain(); l >= 0 && g.r.IntN(3) == 0 {
			g.u32(0x0c, l)
		}
	case 12:
		if a := g.plain(); a >= 0 {
			g.open(0x02, 0)
			g.expression(wasm.I32, depth)
			b := g.plain()
			g.emit(wasm.AppendU32(wasm.AppendU32(wasm.AppendU32([]byte{0x0e, 2}, uint32(a+1)), uint32(b)), 0)...)
			g.close()
		}
	case 13:
		g.bulk(depth)
	case 14:
		f := g.r.IntN(len(g.functions))
		g.call(f, depth)
		for range g.functions[f].Results {
			g.emit(0x1a)
		}
	case 15:
		g.address(depth)
		g.vector(depth)
		g.simd(0x0b, g.access()...) // v128.store
	case 16:
		g.leave(depth)
	}
}

// loop counts down, among whatever else it does.
func (g *generator) loop(depth int) {
	counter := g.local(wasm.I32)
	g.emit(0x41, byte(g.r.IntN(12)))
	g.u32(0x21, counter)
	g.open(0x03, 0)
	g.statements(depth)
	g.u32(0x20, counter)
	g.emit(0x41, 1, 0x6b)
	g.u32(0x22, counter)
	g.emit(0x41, 0, 0x4a) // gt_s
	g.u32(0x0d, 0)
	g.close()
}

// bulk fills, copies or initialises memory.
func (g *generator) bulk(depth int) {
	g.address(depth)
	switch g.r.IntN(3) {
	case 0:
		g.expression(wasm.I32, depth)
		g.size(depth)
		g.emit(0xfc, 0x0b, 0)
	case 1:
		g.address(depth)
		g.size(depth)
		g.emit(0xfc, 0x0a, 0, 0)
	case 2:
		g.emit(0x41, byte(g.r.IntN(8)))
		g.emit(0x41, byte(g.r.IntN(8)))
		g.emit(0xfc, 0x08, 1, 0)
	}
}

func (g *generator) size(depth int) {
	g.expression(wasm.I32, depth)
	g.emit(appendS64([]byte{0x41}, 0x1ff)...)
	g.emit(0x71)
}

// leave leaves the function in one of the rarer ways.
func (g *generator) leave(depth int) {
	switch g.r.IntN(12) {
	case 0:
		for _, t := range g.results {
			g.expression(t, depth)
		}
		g.emit(0x0f)
	case 1:
		g.emit(0x00)
	case 2:
		for i, f := range g.functions {
			if sameValTypes(f.Results, g.results) {
				for _, p := range f.Params {
					g.expression(p, depth+1)
				}
				g.u32(0x12, i) // return_call
				return
			}
		}
	}
}

func sameValTypes(a, b []wasm.ValType) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
