// attack: functions of ever larger types
// expect: error | stopped

class B<T> { x: T | null = null; }
function f<T>(n: i32): i32 { return n > 0 ? f<B<T>>(n - 1) : 0; }
console.log(f<string>(3).toString());
