const assert = require('assert');
const found = { a: [1, 2], b: 'x' };
assert.deepStrictEqual(found, { a: [1, 3], b: 'x' });
