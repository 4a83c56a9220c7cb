package meter_test

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"wand/compiler/wasm"
)

// generator writes random valid programs over i32: loops, branches of all kinds, calls, memory. They may run forever.
type generator struct {
	rand   *rand.Rand
	text   strings.Builder
	params []int // of all functions
	locals int   // of the current function, with parameters
	labels []int // enclosing blocks: 'b' block, 'l' loop, 'v' block with a value
	budget int
}

// generate makes a module whose function 0 is exported as "run" and takes one parameter.
func generate(seed uint64) []byte {
	return (&generator{rand: rand.New(rand.NewPCG(seed, 1))}).program()
}

func (g *generator) program() []byte {
	g.params = []int{1}
	for range g.rand.IntN(5) {
		g.params = append(g.params, g.rand.IntN(4))
	}
	var functions []fn
	for i, params := range g.params {
		g.text.Reset()
		g.labels = nil
		extra := 1 + g.rand.IntN(12)
		g.locals = params + extra
		g.budget = 10 + g.rand.IntN(120)
		for g.budget > 0 {
			g.statement(0)
		}
		g.expression(0)
		f := fn{params: strings.Repeat("i32 ", params), results: "i32", locals: strings.Repeat("i32 ", extra), body: g.text.String()}
		if i == 0 {
			f.export = "run"
		}
		functions = append(functions, f)
	}
	return module(functions, withMemory(1, 2), func(m *wasm.Module) {
		m.Tables = []wasm.TableType{{Elem: wasm.FuncRef, Size: wasm.Size{Min: 4}}}
		items := []wasm.ElementItem{}
		for range 4 {
			items = append(items, wasm.ElementItem{Op: wasm.OpRefFunc, Index: uint32(g.rand.IntN(len(g.params)))})
		}
		m.Elements = []wasm.Element{{Type: wasm.FuncRef, Offset: asm("i32.const 0"), Items: items}}
	})
}

func (g *generator) emit(format string, args ...any) {
	fmt.Fprintf(&g.text, format+" ", args...)
	g.budget--
}

func (g *generator) local() int { return g.rand.IntN(g.locals) }

// plainLabel picks an enclosing label that carries no value; ok is false when there is none.
func (g *generator) plainLabel() (depth int, ok bool) {
	var depths []int
	for i, kind := range g.labels {
		if kind != 'v' {
			depths = append(depths, len(g.labels)-1-i)
		}
	}
	if len(depths) == 0 {
		return 0, false
	}
	return depths[g.rand.IntN(len(depths))], true
}

func (g *generator) statements(depth int) {
	for range g.rand.IntN(4) {
		g.statement(depth + 1)
	}
}

func (g *generator) block(kind int, open string, depth int) {
	g.emit("%s", open)
	g.labels = append(g.labels, kind)
	g.statements(depth)
	if kind == 'v' {
		g.expression(depth + 1)
	}
}

func (g *generator) end() {
	g.labels = g.labels[:len(g.labels)-1]
	g.emit("end")
}

func (g *generator) statement(depth int) {
	if depth > 6 || g.budget < 0 {
		g.emit("nop")
		return
	}
	switch g.rand.IntN(14) {
	case 0, 1, 2:
		g.expression(depth)
		g.emit("local.set %d", g.local())
	case 3:
		g.expression(depth)
		g.emit("drop")
	case 4:
		g.block('b', "block", depth)
		g.end()
	case 5, 6:
		// A loop that counts down, among whatever else it does.
		counter := g.local()
		g.emit("i32.const %d local.set %d", g.rand.IntN(9), counter)
		g.block('l', "loop", depth)
		g.emit("local.get %d i32.const 1 i32.sub local.tee %d i32.const 0 i32.ge_s", counter, counter)
		if g.rand.IntN(2) == 0 {
			g.emit("br_if 0")
		} else {
			g.emit("if br 1 end")
		}
		g.end()
	case 7:
		g.expression(depth)
		g.block('b', "if", depth)
		if g.rand.IntN(2) == 0 {
			g.emit("else")
			g.statements(depth)
		}
		g.end()
	case 8, 9:
		if d, ok := g.plainLabel(); ok {
			g.expression(depth)
			g.emit("br_if %d", d)
		}
	case 10:
		if d, ok := g.plainLabel(); ok && g.rand.IntN(3) == 0 {
			g.emit("br %d", d)
		}
	case 11:
		if a, ok := g.plainLabel(); ok {
			b, _ := g.plainLabel()
			c, _ := g.plainLabel()
			g.block('b', "block", depth)
			g.expression(depth)
			g.emit("br_table 2 %d %d %d", a+1, b+1, c+1)
			g.end()
		} else if g.rand.IntN(4) == 0 {
			g.expression(depth)
			g.emit("return")
		}
	case 12:
		g.expression(depth)
		g.emit("i32.const 0xffff i32.and")
		g.expression(depth)
		g.emit("i32.store8")
	case 13:
		g.emit("i32.const %d local.get %d", g.rand.IntN(1000), g.local())
		if g.rand.IntN(2) == 0 {
			g.emit("i32.const %d", g.rand.IntN(500))
		} else {
			g.emit("local.get %d i32.const 1023 i32.and", g.local())
		}
		g.emit("memory.fill")
	}
}

func (g *generator) expression(depth int) {
	if depth > 6 || g.budget < 0 {
		g.emit("i32.const %d", g.rand.IntN(100))
		return
	}
	switch g.rand.IntN(12) {
	case 0, 1:
		g.emit("i32.const %d", g.rand.IntN(1000)-500)
	case 2, 3, 4:
		g.emit("local.get %d", g.local())
	case 5, 6, 7:
		g.expression(depth + 1)
		g.expression(depth + 1)
		ops := []string{"i32.add", "i32.sub", "i32.mul", "i32.xor", "i32.and", "i32.lt_s", "i32.eq", "i32.lt_u", "i32.rem_u"}
		g.emit("%s", ops[g.rand.IntN(len(ops))])
	case 8:
		f := g.rand.IntN(len(g.params))
		for range g.params[f] {
			g.expression(depth + 1)
		}
		if g.rand.IntN(3) == 0 {
			g.emit("i32.const %d call_indirect %d 0", g.rand.IntN(4), f)
		} else {
			g.emit("call %d", f)
		}
	case 9:
		g.block('v', "block i32", depth)
		if g.rand.IntN(2) == 0 {
			g.expression(depth + 1)
			g.emit("br_if 0")
		}
		g.end()
	case 10:
		g.expression(depth + 1)
		g.block('v', "if i32", depth)
		g.emit("else")
		g.statements(depth)
		g.expression(depth + 1)
		g.end()
	case 11:
		g.expression(depth + 1)
		g.emit("i32.const 0xffff i32.and i32.load8_u")
	}
}
