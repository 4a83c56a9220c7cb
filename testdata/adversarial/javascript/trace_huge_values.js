// attack: a trace shows values that are large, deep, cyclic, or have names of a megabyte
// expect: completed
// limits: fuel=4G
// result: 3
let text = 'x'.repeat(10_000_000), rope = '';
for (let i = 0; i < 2000; i++) rope += 'ab';
let left = 'é'.repeat(300);
for (let i = 0; i < 500; i++) left = left + '\u{1f600}' + i;
let right = 'r'.repeat(300);
for (let i = 0; i < 500; i++) right = i + right;
let number = 2n ** 100000n;
let deep = [];
for (let i = 0; i < 2000; i++) deep = [deep];
const cycle = { list: [] };
cycle.self = cycle;
cycle.list.push(cycle, cycle.list);
const map = new Map();
map.set(map, map);
const wide = {};
for (let i = 0; i < 2000; i++) wide['k'.repeat(10) + i] = text;
const named = { ['n'.repeat(1_000_000)]: 1, '\ud800 "quoted" \\ \n': '\ud800\0\x1f"\\' };
const sparse = [];
sparse[4294967290] = 1;
const odd = [NaN, -0, 1e300, 5e-324, undefined, null, Symbol('s'), /r/, new Date(NaN), new Uint8Array(1e6), new WeakMap(), Promise.resolve(), function () {}, class {}];
function many(a, b, c, ...rest) { return arguments.length + rest.length; }
let total = many(...odd);
try { throw number; } catch {}
while (deep.length) deep = deep[0];
1 + 2
