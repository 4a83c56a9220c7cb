// kind: assertion
// value: left = 3
// value: right = 4

const assert = require('assert');
assert.strictEqual(1 + 2, 4, 'sum'); // error: AssertionError: sum
