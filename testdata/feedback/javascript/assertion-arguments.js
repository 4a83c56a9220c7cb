const assert = require('assert');

function area(width, height) {
  return width * height;
}

assert.strictEqual(area(3), 6);
