// attack: exponential recursion without a loop, never deep
// expect: exhausted fuel
function f(n) { return n ? f(n - 1) + f(n - 1) : 1; }
f(200);
