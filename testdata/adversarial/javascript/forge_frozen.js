// attack: freeze everything that a helper library might want to write to
// expect: completed
// result: 42
for (const o of [Object.prototype, Array.prototype, Function.prototype, Error.prototype, globalThis, process, console, Promise.prototype])
  try { Object.freeze(o); } catch { /* has elements */ }
42;
