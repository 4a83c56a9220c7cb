package runtime

import (
	"context"
	"time"

	"wand/compiler/toolchain/jail"
)

// LastCompile says of the process that compiled last how long it took and how much memory it had resident, in bytes; zeros when there was none.
func (rt *Runtime) LastCompile() (wall time.Duration, peak int64) {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	if rt.compiled == nil {
		return 0, 0
	}
	return rt.compiled.wall, rt.compiled.peak
}

// ForgetCompile makes LastCompile say nothing.
func (rt *Runtime) ForgetCompile() {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	rt.compiled = nil
}

// IsSmall says whether a module is compiled in this process.
func IsSmall(bin []byte) bool { return isSmall(bin) }

// CompilesAgain says whether a process that ended like this is followed by one that is not confined.
func CompilesAgain(ctx context.Context, begun bool, result *jail.Result) bool {
	return (&compiling{begun: begun, result: result}).failedBefore(ctx)
}
