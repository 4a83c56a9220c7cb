// attack: delete every global and every method of Object and Reflect, then succeed
// expect: completed | failed exception InternalError
// because: a guest whose own library is written in the language may fail as the program's doing, never as the host's
const names = Object.getOwnPropertyNames;
for (const o of [Object, Reflect, JSON, Number, Array, String, Symbol, globalThis])
  for (const k of names(o)) try { delete o[k]; } catch { /* fixed */ }
42;
