import test from 'node:test';
import assert from 'node:assert';

const double = (x) => x + 2;

test('two', () => {
  assert.strictEqual(double(2), 4);
});

test('five', () => {
  assert.strictEqual(double(5), 10);
});
