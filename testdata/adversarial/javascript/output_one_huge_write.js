// attack: a single write larger than the limit
// expect: exhausted output
// limits: fuel=4G
console.log('x'.repeat(1e7));
