// The same kind of question in JavaScript: what has to be ordered again?
const stock = [
  { item: 'bolt', count: 12, minimum: 50 },
  { item: 'nut', count: 300, minimum: 50 },
  { item: 'washer', count: 7, minimum: 40 },
];

const missing = stock
  .filter(({ count, minimum }) => count < minimum)
  .map(({ item, count, minimum }) => ({ item, order: minimum - count }));

console.log(missing);
await new Promise((done) => setTimeout(done, 20));
missing.reduce((sum, { order }) => sum + order, 0);
