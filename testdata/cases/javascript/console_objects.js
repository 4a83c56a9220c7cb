// stdout: { a: 1, b: 'two', c: [ 1, 2, 3 ], d: { e: { f: [Object] } } }
// stdout: [ undefined, null, NaN, -0, 1n, Symbol(s) ] Map(1) { 'k' => { v: 1 } } Set(2) { 1, 'a' }
// stdout: [ [ 1, 2 ], [ 3, [ 4, [Array] ] ] ] { f: [Function: f], g: [Function: g], C: [class C] }

console.log({ a: 1, b: 'two', c: [1, 2, 3], d: { e: { f: { g: 1 } } } });
console.log([undefined, null, NaN, -0, 1n, Symbol('s')], new Map([['k', { v: 1 }]]), new Set([1, 'a']));
console.log([[1, 2], [3, [4, [5, [6]]]]], { f() {}, g: () => 1, C: class C {} });
