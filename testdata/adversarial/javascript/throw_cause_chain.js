// attack: a chain of 100,000 causes
// expect: failed exception Error
// limits: fuel=4G
let e = new Error('first');
for (let i = 0; i < 100000; i++) { e = { __proto__: Error.prototype, message: `${i}`, stack: 's', cause: e }; }
throw new Error('last', { cause: e });
