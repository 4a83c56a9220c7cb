package wasi

import (
	"context"
	goruntime "runtime"

	"wand/hostfuncs"
	"wand/hostfuncs/vfs"
)

func argsGet(c call) vfs.Errno         { return c.strings(c.s.Args) }
func argsSizesGet(c call) vfs.Errno    { return c.stringSizes(c.s.Args) }
func environGet(c call) vfs.Errno      { return c.strings(c.s.Env) }
func environSizesGet(c call) vfs.Errno { return c.stringSizes(c.s.Env) }

// strings writes pointers at the first argument and NUL-terminated strings at the second.
func (c call) strings(list []string) vfs.Errno {
	size := stringBytes(list)
	if size > uint64(len(c.mem)) || uint64(len(list)) > uint64(len(c.mem)) {
		return vfs.EFAULT
	}
	pointers, e := c.array(c.i32(0), uint32(len(list)), 4)
	if e != vfs.OK {
		return e
	}
	text, e := c.array(c.i32(1), 1, size)
	if e != vfs.OK {
		return e
	}
	c.s.chargeBytes(len(text))
	at := c.i32(1)
	for i, s := range list {
		le.PutUint32(pointers[4*i:], at)
		n := copy(text, s)
		text[n] = 0
		text = text[n+1:]
		at += uint32(n + 1)
	}
	return vfs.OK
}

func (c call) stringSizes(list []string) vfs.Errno {
	count, e := c.bytes(c.i32(0), 4)
	if e != vfs.OK {
		return e
	}
	size, e := c.bytes(c.i32(1), 4)
	if e != vfs.OK {
		return e
	}
	total := stringBytes(list)
	if total > 1<<31 {
		return vfs.EOVERFLOW
	}
	le.PutUint32(count, uint32(len(list)))
	le.PutUint32(size, uint32(total))
	return vfs.OK
}

// stringBytes is the size of the strings with their NULs.
func stringBytes(list []string) uint64 {
	var n uint64
	for _, s := range list {
		n += uint64(len(s)) + 1
	}
	return n
}

func procExit(ctx context.Context, _ []byte, stack []uint64) {
	panic(&hostfuncs.Stop{Kind: hostfuncs.KindExit, ExitCode: uint32(stack[0])})
}

// procRaise ends the run as the signal would end a process: with 128 and its number. Signals that do nothing by default do nothing.
func procRaise(c call) vfs.Errno {
	const chld, cont, stop, tstp, ttin, ttou, urg, winch, last = 16, 17, 18, 19, 20, 21, 22, 27, 30
	switch signal := c.i32(0); signal {
	case 0, chld, cont, urg, winch:
		return vfs.OK
	case stop, tstp, ttin, ttou:
		return vfs.ENOTSUP
	default:
		if signal > last {
			return vfs.EINVAL
		}
		panic(&hostfuncs.Stop{Kind: hostfuncs.KindExit, ExitCode: 128 + signal})
	}
}

func schedYield(call) vfs.Errno {
	goruntime.Gosched()
	return vfs.OK
}

// randomGet fills in pieces, so that a run can end in the middle of a large request.
func randomGet(c call) vfs.Errno {
	out, e := c.bytes(c.i32(0), c.i32(1))
	if e != vfs.OK {
		return e
	}
	// Randomness costs about what its bytes would to compute in the guest.
	c.s.charge(int64(len(out)))
	const piece = 1 << 20
	for len(out) > 0 {
		if c.ctx.Err() != nil {
			panic(stopFor(c.ctx, nil))
		}
		p := out[:min(len(out), piece)]
		if e := readFull(c.s, p); e != vfs.OK {
			return e
		}
		out = out[len(p):]
	}
	return vfs.OK
}
