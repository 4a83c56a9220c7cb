// stdout: a=1 true true
// stdout: Money<1> [ Money<2> ] { a: [Object] } [32m'x'[39m
// stdout: 42

const util = require('util');
console.log(util.format('%s=%d', 'a', 1), util.isDeepStrictEqual([1, { a: 2 }], [1, { a: 2 }]), util.types.isRegExp(/x/));
class Money { constructor(n) { this.n = n; } [util.inspect.custom]() { return `Money<${this.n}>`; } }
console.log(new Money(1), [new Money(2)], util.inspect({ a: { b: {} } }, { depth: 0 }), util.inspect('x', { colors: true }));
util.promisify((x, done) => done(null, x * 2))(21).then((v) => console.log(v));
