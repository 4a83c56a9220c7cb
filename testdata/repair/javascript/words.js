const assert = require('assert');
const util = require('util');

function tokens(text) {
  return text.toLowerCase().split(' ');
}

function frequency(words) {
  const counter = {};
  for (const word of words) {
    counter[word] = (counter[word] || 0) + 1;
  }
  return counter;
}

function compress(text) {
  const parts = [];
  let cursor = 0;
  while (cursor < text.length) {
    let count = 1;
    while (text[cursor + count] === text[cursor]) {
      count += 1;
    }
    parts.push(text[cursor] + count);
    cursor += count;
  }
  return parts.join('');
}

function capitalise(words, minimum) {
  return words.filter((word) => word.length >= minimum).map((word) => word[0].toUpperCase() + word.slice(1));
}

const sentence = 'The cat and the dog and the bird';
const words = tokens(sentence);
const counts = frequency(words);
const endings = [];
for (let number = 0; number < words.length; number++) {
  endings.push(words[number].slice(-1));
}
const shown = util.format('%d words', words.length);
assert.strictEqual(counts.the, 3);
assert.strictEqual(compress('aaabcc'), 'a3b1c2');
assert.strictEqual(capitalise(words, 4).join(' '), 'Bird');
assert.strictEqual(shown, '8 words');
console.log(endings.join(''));
