// attack: a single write larger than the limit
// expect: exhausted output
console.log('x'.repeat(1e7));
