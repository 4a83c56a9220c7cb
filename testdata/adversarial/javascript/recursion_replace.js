// attack: recursion through callbacks of C functions, which use more stack each
// expect: failed exception RangeError
const f = () => 'a'.replace(/a/, () => [1].map(() => Reflect.apply(f, null, []))[0]);
f();
