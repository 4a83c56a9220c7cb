package meter

import "wand/compiler/wasm"

// The cost of instructions in units of fuel. It is a count of instructions rather than an estimate of time: the same program
// must cost the same everywhere, and readers should be able to check it by hand.
//
//	block, loop, else, end, nop, drop, unreachable       0
//	every other instruction                              1
//	a frame's locals, when it is entered                 1 for every 8, rounded down
//	memory.fill, memory.copy, memory.init                1 for every 16 bytes, rounded up, and the instruction's own 1
//	table.fill, table.copy, table.init, table.grow       1 for every entry, and the instruction's own 1
//	memory.grow                                          4096 for every page (the zeroing of 64 KiB, as above) when there is room
//	                                                     for it in the address space, and the instruction's own 1
//
// Conditional code that is short is charged with the code before it, whether it runs or not; how short is below.
const (
	localsPerUnit = 8
	bytesPerUnit  = 16 // a power of two: 1 << bytesShift
	bytesShift    = 4
	unitsPerPage  = 64 << 10 / bytesPerUnit

	// speculate is the cost of a conditional stretch that is charged in advance, speculateAll what one charge may take over so.
	speculate    = 8
	speculateAll = 16
	// speculateExit is the cost of the code between a loop's exit and its end that is charged with the code before the exit: it is charged
	// in excess only once for every time the loop is left.
	speculateExit = 256
	// silentCost is the most that a function may cost, all of it, to be charged by its callers as if all of it ran.
	silentCost = 32
	// boundedCost and boundedWeight are the most that a function and all that it calls may cost and weigh to do without a check of its own.
	boundedCost   = 10_000
	boundedWeight = 64
	// callsPerFreeLoop is how many calls in loops a function may have for each of its loops without calls to keep the counter in a local.
	callsPerFreeLoop = 4
	// constBytes is the largest constant size of a bulk operation that is charged like an instruction.
	constBytes = 1 << 16
)

func cost(op wasm.Opcode) int64 {
	switch op {
	case wasm.OpUnreachable, wasm.OpNop, wasm.OpBlock, wasm.OpLoop, wasm.OpElse, wasm.OpEnd, wasm.OpDrop:
		return 0
	}
	return 1
}

// weight is what a frame counts towards the call depth: 1 for small ones. Engines keep what lives across calls in the frame: at most
// the locals and operands, but compilers that give every spilled value a place of its own need room in proportion to the code.
func weight(params, locals, stack, body int) int64 {
	return 1 + int64(params+locals+stack)/16 + int64(body)/1024
}
