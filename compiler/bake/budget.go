package bake

import (
	"fmt"
	"strconv"

	"wand/compiler/meter"
	"wand/compiler/wasm"
)

// budget puts functions of ours in place of those that the meter imports: all of the fuel is there from the beginning, and when it is used up the module says so on standard
// error and exits. The program learns nothing of it.
func (l *linker) budget(o Options) error {
	fuel, ok := l.exportedGlobal(meter.GlobalFuel)
	if !ok {
		return fmt.Errorf("the metered module has no %s", meter.GlobalFuel)
	}
	var c code
	c.i64(o.Fuel)
	c.op(wasm.OpEnd)
	l.out.Globals[fuel].Init = c.out

	limit := o.Limit
	if limit == "" {
		limit = strconv.FormatInt(o.Fuel, 10)
	}
	write, err := l.wasi("fd_write", []wasm.ValType{wasm.I32, wasm.I32, wasm.I32, wasm.I32}, i32)
	if err != nil {
		return err
	}
	exit, err := l.wasi("proc_exit", i32, nil)
	if err != nil {
		return err
	}
	exhausted := l.stop(write, exit, "stopped: fuel limit: the program used up its fuel of "+limit+" units\n")
	overflow := l.stop(write, exit, "stopped: call depth: the program nested too many calls\n")

	refill := code{}
	refill.index(wasm.OpCall, exhausted)
	refill.op(wasm.OpUnreachable)
	grow := code{}
	grow.index(wasm.OpLocalGet, 0)
	for name, to := range map[string]uint32{
		meter.ImportRefill: l.add(i64, i64, refill), meter.ImportGrow: l.add(i32, i32, grow), meter.ImportOverflow: overflow,
	} {
		index, ok := l.imports(meter.Module, name)
		if !ok {
			return fmt.Errorf("the metered module does not import %s", name)
		}
		l.redirect[index] = to
	}

	// A program that ends after its last check has exhausted its fuel all the same when it used more than there was.
	settle := func(c *code) {
		c.index(wasm.OpGlobalGet, fuel)
		c.i64(0)
		c.op(wasm.OpI64LtS)
		c.when()
		c.index(wasm.OpCall, exhausted)
		c.op(wasm.OpEnd)
	}
	entry, err := entryOf(l.m, "_start")
	if err != nil {
		return err
	}
	var start code
	start.index(wasm.OpCall, entry)
	settle(&start)
	l.exports(l.add(nil, nil, start))
	if index, ok := l.imports(wasiModule, "proc_exit"); ok {
		var end code
		settle(&end)
		end.index(wasm.OpLocalGet, 0)
		end.index(wasm.OpCall, exit)
		l.redirect[index] = l.add(i32, nil, end)
	}
	for _, e := range l.m.Exports {
		if e.Kind == wasm.ExternFunc && e.Name == meter.Start {
			index := e.Index
			l.out.Start = &index
		}
	}
	return nil
}

func (l *linker) exportedGlobal(name string) (uint32, bool) {
	for _, e := range l.m.Exports {
		if e.Kind == wasm.ExternGlobal && e.Name == name {
			return e.Index, true
		}
	}
	return 0, false
}

// stop adds a function that ends the program with a line on standard error and returns its index. The program's memory is no longer needed, so its first bytes hold what is
// written; a module without memory says nothing.
func (l *linker) stop(write, exit uint32, line string) uint32 {
	const vector, text = 0, 16
	var c code
	if len(l.m.Memories) > 0 {
		segment := l.text(line)
		c.raw(byte(wasm.OpMemorySize), 0)
		c.when()
		c.store(vector, text)
		c.store(vector+4, int32(len(line)))
		c.i32(text)
		c.load(segment, int32(len(line)))
		c.i32(2)
		c.i32(vector)
		c.i32(1)
		c.i32(vector + 8)
		c.index(wasm.OpCall, write)
		c.op(wasm.OpDrop, wasm.OpEnd)
	}
	c.i32(ExitExhausted)
	c.index(wasm.OpCall, exit)
	c.op(wasm.OpUnreachable)
	return l.add(nil, nil, c)
}
