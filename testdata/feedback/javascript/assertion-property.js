const assert = require('assert');
const items = [{ price: 2 }, { price: 3 }];
let sum = 0;
for (const item of items) {
  sum += item.prise;
}
assert.strictEqual(sum, 5);
