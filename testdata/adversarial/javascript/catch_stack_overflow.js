// attack: swallow the overflow and recurse again: exponential work at the edge of the stack
// expect: exhausted fuel
function f() { try { f(); } catch { f(); } }
f();
