// attack: a function that is to be put into itself
// expect: error | module | stopped

@inline function f(n: i32): i32 { return n > 0 ? f(n - 1) + f(n - 2) : 1; }
console.log(f(40).toString());
