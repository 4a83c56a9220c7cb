// attack: generators that are never finished, each with a stack of its own
// expect: exhausted memory
// limits: memory=64MiB fuel=4G
function* g() { const big = new Array(100).fill(0); yield big; }
const held = [];
for (;;) { const it = g(); it.next(); held.push(it); }
