const assert = require('assert');

function collatz(start) {
  let steps = 0;
  while (start !== 1) {
    start = start % 2 === 0 ? start / 2 : 3 * start + 1;
    steps += 1;
  }
  return steps;
}

function digits(number) {
  const found = [];
  while (number > 0) {
    found.unshift(number % 10);
    number = Math.floor(number / 10);
  }
  return found;
}

function average(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function scale(values, factor) {
  return values.map((value) => value * factor);
}

const samples = [7, 3, 12, 9];
const lengths = [];
for (let position = 0; position < samples.length; position++) {
  lengths.push(collatz(samples[position]).toFixed(0));
}
const scaled = scale(samples, 2);
const sorted = samples.slice().sort((first, second) => first - second);
assert.deepStrictEqual(lengths, ['16', '7', '9', '19']);
assert.strictEqual(digits(4711).join(''), '4711');
assert.strictEqual(average(samples), 7.75);
assert.strictEqual(scaled.length, 4);
console.log(sorted.join(','));
