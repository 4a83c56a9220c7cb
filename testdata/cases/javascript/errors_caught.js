// stdout: TypeError true TypeError true
// stdout: ReferenceError true ReferenceError true
// stdout: TypeError true TypeError true
// stdout: TypeError true TypeError true
// stdout: RangeError true RangeError true
// stdout: AppError true AppError true
// stdout: TypeError true TypeError true
// stdout: SyntaxError true SyntaxError true
// stdout: inner Error: outer [ 'name', 'code' ]

class AppError extends Error { constructor(m) { super(m); this.name = 'AppError'; this.code = 7; } }
for (const f of [() => null.x, () => missing, () => { const c = 1; c = 2; }, () => (void 0)(), () => new Array(-1), () => { throw new AppError('mine'); }, () => 1n + 1, () => JSON.parse('{')]) {
  try { f(); } catch (e) { console.log(e.name, e instanceof Error, e.constructor.name, e.stack.startsWith(`${e.name}: `)); }
}
const e = new Error('outer', { cause: new TypeError('inner') });
console.log(e.cause.message, String(e), Object.keys(new AppError('k')));
