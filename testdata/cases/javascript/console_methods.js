// stdout: outer
// stdout:   line
// stdout:   line
// stdout:     { a: 1 }
// stdout: default: 1
// stdout: x: 1
// stdout: default: 2
// stdout: { a: [Object] }
// stdout: ┌─────────┬────┬───────┬───────┐
// stdout: │ (index) │ id │ name  │ extra │
// stdout: ├─────────┼────┼───────┼───────┤
// stdout: │ 0       │ 1  │ 'ann' │       │
// stdout: │ 1       │ 2  │       │ true  │
// stdout: └─────────┴────┴───────┴───────┘
// stdout: ┌─────────┬───┬───┐
// stdout: │ (index) │ 0 │ 1 │
// stdout: ├─────────┼───┼───┤
// stdout: │ 0       │ 1 │ 2 │
// stdout: │ 1       │ 3 │ 4 │
// stdout: └─────────┴───┴───┘

console.group('outer');
console.log('line\nline');
console.group();
console.info({ a: 1 });
console.groupEnd();
console.groupEnd();
console.count();
console.count('x');
console.count();
console.dir({ a: { b: { c: { d: 1 } } } }, { depth: 0 });
console.table([{ id: 1, name: 'ann' }, { id: 2, extra: true }]);
console.table([[1, 2], [3, 4]]);
