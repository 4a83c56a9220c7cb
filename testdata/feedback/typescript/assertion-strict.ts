import assert from 'assert';

function add(a: number, b: number): number {
  return a - b;
}

assert.strictEqual(add(2, 3), 5);
