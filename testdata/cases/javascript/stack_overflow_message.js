// error: RangeError: Maximum call stack size exceeded
// hint: base case

function f() { return f() + 1; }
f();
