package bake

import (
	"fmt"
	"slices"
	"strings"

	"wand/compiler/wasm"
)

// What a module imports: that of wand is answered here, that of WASI is there in every runtime.
const (
	wandModule = "wand"
	wasiModule = "wasi_snapshot_preview1"
)

var (
	i32 = []wasm.ValType{wasm.I32}
	i64 = []wasm.ValType{wasm.I64}
)

// wasiNames are the functions of WASI preview 1.
var wasiNames = strings.Fields(`args_get args_sizes_get environ_get environ_sizes_get clock_res_get clock_time_get fd_advise fd_allocate fd_close fd_datasync
	fd_fdstat_get fd_fdstat_set_flags fd_fdstat_set_rights fd_filestat_get fd_filestat_set_size fd_filestat_set_times fd_pread fd_prestat_get fd_prestat_dir_name
	fd_pwrite fd_read fd_readdir fd_renumber fd_seek fd_sync fd_tell fd_write path_create_directory path_filestat_get path_filestat_set_times path_link path_open
	path_readlink path_remove_directory path_rename path_symlink path_unlink_file poll_oneoff proc_exit proc_raise sched_yield random_get sock_accept sock_recv
	sock_send sock_shutdown`)

// checkImports refuses a module that no other runtime could start.
func checkImports(m *wasm.Module) error {
	for i := range m.Imports {
		im := &m.Imports[i]
		known := false
		switch im.Module {
		case wasiModule:
			known = slices.Contains(wasiNames, im.Name)
		case wandModule:
			known = wandTypes(im.Name) != nil
		}
		if !known || im.Kind != wasm.ExternFunc {
			return fmt.Errorf("%w: it imports %q from %q, which is neither WASI preview 1 nor wand's, so no WASI runtime has it", ErrUnsupported, im.Name, im.Module)
		}
	}
	return nil
}

// wandTypes is the type of a function of wand, nil when there is none of that name. modules/ABI.md says what they do.
func wandTypes(name string) *wasm.FuncType {
	several := func(n int) []wasm.ValType { return slices.Repeat(i32, n) }
	switch name {
	case "respond", "cover":
		return &wasm.FuncType{Params: several(2)}
	case "call", "start":
		return &wasm.FuncType{Params: several(4), Results: i32}
	case "take", "describe", "trace":
		return &wasm.FuncType{Params: several(2), Results: i32}
	case "wait":
		return &wasm.FuncType{Params: i64, Results: i64}
	case "input":
		return &wasm.FuncType{Results: i32}
	}
	return nil
}

// What calls of tools, and questions about them, are answered with.
const (
	noTool  = `{"error": {"type": "ToolError", "message": "there are no tools here: this program runs by itself, as a file that wand build made", "hint": "Run it with wand run and a policy that grants the tool."}}`
	noTools = `{"tools": []}`
)

// answer puts functions of ours in place of those of wand and returns the names of those that the module imports. Tools are not there, which a program hears as it would of any other
// failure of a call; what it responds or tells has nobody to hear it.
func (l *linker) answer() ([]string, error) {
	var names []string
	a := &answers{l: l}
	for i, index := 0, uint32(0); i < len(l.m.Imports); i++ {
		im := &l.m.Imports[i]
		if im.Kind != wasm.ExternFunc {
			continue
		}
		if im.Module == wandModule {
			want := wandTypes(im.Name)
			if have := l.m.Types[im.Func]; !slices.Equal(have.Params, want.Params) || !slices.Equal(have.Results, want.Results) {
				return nil, fmt.Errorf("%w: it imports %s.%s with a type of its own; modules/ABI.md has the right one", ErrUnsupported, wandModule, im.Name)
			}
			if len(l.m.Memories) == 0 {
				return nil, fmt.Errorf("%w: it imports %s.%s but has no memory", ErrUnsupported, wandModule, im.Name)
			}
			if !slices.Contains(names, im.Name) {
				names = append(names, im.Name)
			}
			l.redirect[index] = l.add(want.Params, want.Results, a.body(im.Name))
		}
		index++
	}
	slices.Sort(names)
	return names, nil
}

// answers are the globals and texts behind the answers, made when the first one needs them.
type answers struct {
	l                   *linker
	ready               bool
	kept                uint32 // global: what take gives: 0 nothing, 1 noTool, 2 noTools
	started, ended      uint32 // globals: numbers of calls
	textNone, textError uint32 // segments
}

func (a *answers) prepare() {
	if a.ready {
		return
	}
	a.ready = true
	a.kept, a.started, a.ended = a.l.global(wasm.I32, 0), a.l.global(wasm.I32, 0), a.l.global(wasm.I32, 0)
	a.textError, a.textNone = a.l.text(noTool), a.l.text(noTools)
}

// Opcodes that nobody else names.
const (
	i32Eq        wasm.Opcode = 0x46
	i32GeU       wasm.Opcode = 0x4f
	i64ExtendI32 wasm.Opcode = 0xad
	i64Or        wasm.Opcode = 0x84
	i64Shl       wasm.Opcode = 0x86
)

func (a *answers) body(name string) (c code) {
	a.prepare()
	keep := func(what, length int32) {
		c.i32(what)
		c.index(wasm.OpGlobalSet, a.kept)
		c.i32(length)
	}
	next := func(counter uint32) {
		c.index(wasm.OpGlobalGet, counter)
		c.i32(1)
		c.op(wasm.OpI32Add)
		c.index(wasm.OpGlobalSet, counter)
		c.index(wasm.OpGlobalGet, counter)
	}
	switch name {
	case "call":
		keep(1, int32(len(noTool)))
	case "describe":
		keep(2, int32(len(noTools)))
	case "start":
		next(a.started)
	case "wait":
		// The calls end in the order in which they began, at once; without one under way it is -1.
		c.index(wasm.OpGlobalGet, a.ended)
		c.index(wasm.OpGlobalGet, a.started)
		c.op(i32Eq)
		c.when()
		c.i64(-1)
		c.op(wasm.OpReturn, wasm.OpEnd)
		next(a.ended)
		c.op(i64ExtendI32)
		c.i64(32)
		c.op(i64Shl)
		keep(1, int32(len(noTool)))
		c.op(i64ExtendI32, i64Or)
	case "take":
		for _, text := range []struct {
			what    int32
			segment uint32
			length  int32
		}{{1, a.textError, int32(len(noTool))}, {2, a.textNone, int32(len(noTools))}} {
			c.index(wasm.OpGlobalGet, a.kept)
			c.i32(text.what)
			c.op(i32Eq)
			c.when()
			c.i32(0)
			c.index(wasm.OpGlobalSet, a.kept)
			// No more than there is: the room becomes the length.
			c.index(wasm.OpLocalGet, 1)
			c.i32(text.length)
			c.op(i32GeU)
			c.when()
			c.i32(text.length)
			c.index(wasm.OpLocalSet, 1)
			c.op(wasm.OpEnd)
			c.index(wasm.OpLocalGet, 0)
			c.i32(0)
			c.index(wasm.OpLocalGet, 1)
			c.init(text.segment)
			c.index(wasm.OpLocalGet, 1)
			c.op(wasm.OpReturn, wasm.OpEnd)
		}
		c.i32(0)
	case "trace", "input":
		c.i32(0)
	}
	return c
}
