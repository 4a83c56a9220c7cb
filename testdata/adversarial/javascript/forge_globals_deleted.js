// attack: delete every global and every method of Object and Reflect, then succeed
// expect: completed
// result: 42
const names = Object.getOwnPropertyNames;
for (const o of [Object, Reflect, JSON, Number, Array, String, Symbol, globalThis])
  for (const k of names(o)) try { delete o[k]; } catch { /* fixed */ }
42;
