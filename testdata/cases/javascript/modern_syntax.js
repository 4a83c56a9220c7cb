// stdout: 13 [ 1, 2, 3 ] 2 { a: 1 } a+b+c
// stdout: { b: 2, c: 3 } 5 undefined 1000 1024 3 1,2
// stdout: 1 1
// stdout: 2 1
// stdout: got v

class Counter { static #n = 0; static { Counter.start = 10; } #v = Counter.start; inc() { this.#v += ++Counter.#n; return this; } get v() { return this.#v; } }
console.log(new Counter().inc().inc().v, [3, 1, 2].toSorted(), [1, 2, 3].findLast((x) => x < 3), Object.fromEntries(new Map([['a', 1]])), 'a-b-c'.replaceAll('-', '+'));
const { a, ...rest } = { a: 1, b: 2, c: 3 };
let u = null;
u ??= { deep: { er: 5 } };
console.log(rest, u?.deep?.er, u?.nope?.er, 1_000, 2 ** 10, [..."héé"].length, `${[1, 2]}`);
label: for (const i of [1, 2]) for (const j of [1, 2]) { if (j === 2) continue label; console.log(i, j); }
function* g() { const x = yield 1; console.log('got', x); } const it = g(); it.next(); it.next('v');
