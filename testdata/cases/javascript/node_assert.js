// stdout: AssertionError ERR_ASSERTION strictEqual
// stdout: Expected values to be strictly equal:
// stdout:
// stdout: 1 !== 2
// stdout:
// stdout: AssertionError ERR_ASSERTION deepStrictEqual
// stdout: Expected values to be strictly deep-equal:
// stdout: + actual - expected
// stdout:
// stdout:   {
// stdout:     a: 1,
// stdout:     b: [
// stdout:       1,
// stdout: +     2
// stdout: -     3
// stdout:     ]
// stdout:   }
// stdout: AssertionError ERR_ASSERTION throws
// stdout: Missing expected exception.
// stdout: AssertionError ERR_ASSERTION ==
// stdout: 1 == '2'
// stdout: rejected as expected

const assert = require('assert');
assert.deepStrictEqual({ a: [1, new Set([2])] }, { a: [1, new Set([2])] });
assert.throws(() => { throw new TypeError('bad thing'); }, { name: 'TypeError', message: /bad/ });
for (const f of [() => assert.strictEqual(1, 2), () => assert.deepStrictEqual({ a: 1, b: [1, 2] }, { a: 1, b: [1, 3] }), () => assert.throws(() => {}), () => assert.equal(1, '2')]) {
  try { f(); } catch (e) { console.log(e.name, e.code, e.operator); console.log(e.message); }
}
assert.rejects(Promise.reject(new Error('r')), /r/).then(() => console.log('rejected as expected'));
