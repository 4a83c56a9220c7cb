// attack: a function that calls itself
// expect: failed exception RangeError
function f() { return f() + 1; }
f();
