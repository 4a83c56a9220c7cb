// attack: an array that only grows
// expect: exhausted memory
const a = [];
for (;;) a.push(a.slice(0, 100));
